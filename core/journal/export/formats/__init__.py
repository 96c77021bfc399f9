"""The kinds of file that a conversation can be written as.

Each is a file in this folder: a class derived from ``Format``, which knows the words that people read of it. Nothing
else has to be told of a new one.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from core.compose.encoding import Encoding
from core.journal.display_row import DisplayRow
from core.journal.export.source import Pieces
from core.journal.reading.parties import Parties
from core.text_safety import TextSafety

NOBODY = Parties("", "", {})

_formats: dict[str, type[Format]] = {}


class Format(ABC):
    """How rows look in a file. One is made for each export; deriving a class from it makes the format known.

    ``encoding`` is that of the text in messages; what is written as text is UTF-8 in any case. ``parties`` says who
    talked with whom.
    """

    name: ClassVar[str]  # on the command line and in a program
    title: ClassVar[str]  # what people call it
    sentence: ClassVar[str]  # what is in such a file, and for whom
    ending: ClassVar[str]  # of the file's name, with the dot
    order: ClassVar[int]  # of the choices, ascending
    is_binary: ClassVar[bool] = False  # rather than lines of UTF-8: a terminal would obey what is in it
    is_split: ClassVar[bool] = False  # into a file for each direction of each connection; notes are in none
    total = 0  # rows that there will be, from before the first is asked for
    has_framing: ClassVar[bool] = False  # whether ``pieces`` are all that went through the socket for a message

    def __init_subclass__(cls, *, has_name: bool = True) -> None:
        super().__init_subclass__()
        if has_name:  # a class that several have in common has none
            _formats[cls.name] = cls

    def __init__(self, encoding: Encoding = Encoding.UTF_8, parties: Parties = NOBODY) -> None:
        self.encoding = encoding
        self.parties = parties
        self.safety = TextSafety()

    def head(self) -> str | bytes:
        """What stands above the rows."""
        return ""

    def tail(self) -> str | bytes:
        """What stands below them."""
        return ""

    @abstractmethod
    def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[str | bytes]:
        """One row, in pieces. Text is written in UTF-8."""


def all_formats() -> list[type[Format]]:
    """Every format, in the order in which they are offered."""
    return sorted(_formats.values(), key=lambda form: form.order)


def find_format(name: str) -> type[Format]:
    """The format of that name. Raises ``KeyError``."""
    return _formats[name]


for _file in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_file.name}")
