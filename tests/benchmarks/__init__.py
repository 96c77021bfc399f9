"""How fast Tincan is beside what a user would take instead: ``python -m tests.benchmarks``.

Every number stands beside its peers' of the same run, because a number alone measures the machine.
Contenders take turns (A B C, A B C ...), each in a process of its own that is started anew; medians
are reported; a run in which other processes used more than half a core is repeated or marked.
"""
