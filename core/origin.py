"""Who spoke: where a message that went out came from."""

from __future__ import annotations

from typing import Self

KINDS = {
    "person": "by hand",
    "reply": "by the reply",
    "greeting": "as the greeting of the reply",
    "rule": "by the rule",
    "program": "by the program",
    "handler": "by the Python file",
    "repeat": "repeated",
    "file": "from the file",
    "connect": "on connect",
    "tap": "passed on",
    "edited": "changed while it was held",
    "flipped": "with flipped bits",
    "tls": "to begin TLS",
    "input": "from standard input",
    "script": "by a script",
}
"""The kinds of origin, as the journal keeps them, each with what is said of it."""

_LONGEST_NAME = 100  # characters


class Origin(str):
    """A kind, one of ``KINDS`` or one that only another version knows, and a name that says which of them, if any does.

    It is a text, ``rule Temperature``, as the journal and the exports have it: the recorder looks at as many of them as
    there are messages.
    """

    __slots__ = ()

    def __new__(cls, kind: str, name: str = "") -> Self:
        """``kind`` is without spaces; of the name, white space and what is longer than 100 characters is not kept."""
        return super().__new__(cls, f"{kind} {' '.join(name.split())[:_LONGEST_NAME]}".rstrip())

    @property
    def kind(self) -> str:
        """What it is: ``rule``."""
        return self.partition(" ")[0]

    @property
    def name(self) -> str:
        """Which of its kind it is; empty where there is but one."""
        return self.partition(" ")[2]

    @property
    def words(self) -> str:
        """For people: ``by the rule Temperature``."""
        return f"{KINDS.get(self.kind, self.kind)} {self.name}".rstrip()

    @property
    def remark(self) -> str:
        """The same beside a message; empty of what a tap passed on, as it does with all but a few."""
        return "" if self.kind == PASSED_ON.kind else self.words


def read_origin(written: str) -> Origin:
    """The origin that is written so."""
    return Origin(*written.split(" ", 1))


PERSON = Origin("person")
REPEAT = Origin("repeat")
PASSED_ON = Origin("tap")
EDITED = Origin("edited")  # of what a tap would have passed on
FLIPPED = Origin("flipped")  # the same
FOR_TLS = Origin("tls")
FROM_INPUT = Origin("input")
SCRIPT = Origin("script")
