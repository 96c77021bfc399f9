"""The journal: everything that happened on every socket of a run, in one SQLite file.

A limit: SQLite maps the ``-shm`` file that lies beside a journal in use, and the system ends a process that looks
behind the end of a mapped file (SIGBUS). ``locking_mode=EXCLUSIVE`` would do without that file, but then nobody could
read beside the writer, as the window does. So the writer looks at its length before it writes and every two seconds,
and gives it back what was cut off; who reads in between is ended.
"""
