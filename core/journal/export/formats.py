"""The kinds of file that a conversation can be written as, in words for people."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Format(Enum):
    """A kind of file. The value is its name on the command line and in a program."""

    TEXT = "text"
    CSV = "csv"
    JSONL = "jsonl"
    RAW = "raw"

    @property
    def words(self) -> str:
        """What people call it."""
        return _ABOUT[self].words

    @property
    def sentence(self) -> str:
        """What is in such a file, and for whom."""
        return _ABOUT[self].sentence

    @property
    def ending(self) -> str:
        """Of its file name, with the dot."""
        return _ABOUT[self].ending

    @property
    def is_binary(self) -> bool:
        """Whether the file holds the bytes themselves, rather than lines of UTF-8."""
        return self is Format.RAW


class _About(NamedTuple):
    words: str
    sentence: str
    ending: str


_ABOUT = {
    Format.TEXT: _About(
        "Text",
        "As one reads it, a line at a time: when, who and what. Nothing in it is obeyed by a terminal.",
        ".txt",
    ),
    Format.CSV: _About(
        "CSV for spreadsheets",
        "A row for each message, with its text and its bytes in hex. Nothing in it is a formula; UTF-8 with a BOM, "
        "so that Excel reads it.",
        ".csv",
    ),
    Format.JSONL: _About(
        "JSON Lines for programs",
        "An object on each line with all that is known of a message; the exact bytes are in base64.",
        ".jsonl",
    ),
    Format.RAW: _About(
        "Raw bytes",
        "What was received and what was sent, byte for byte: a file for each direction of each connection.",
        ".bin",
    ),
}
