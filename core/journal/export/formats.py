"""The kinds of file that a conversation can be written as, in words for people."""

from __future__ import annotations

from enum import Enum


class Format(Enum):
    """A kind of file. The value is its name on the command line and in a program.

    ``words`` and ``sentence`` say to people what it is; ``ending`` is that of a file name, with its dot.
    """

    words: str
    sentence: str
    ending: str

    TEXT = (
        "text",
        "Text",
        "As one reads it, a line at a time: when, who and what. Nothing in it is obeyed by a terminal.",
        ".txt",
    )
    CSV = (
        "csv",
        "CSV for spreadsheets",
        "A row for each message, with its text and its bytes in hex. Nothing in it is a formula; UTF-8 with a BOM, "
        "so that Excel reads it.",
        ".csv",
    )
    JSONL = (
        "jsonl",
        "JSON Lines for programs",
        "An object on each line with all that is known of a message; the exact bytes are in base64.",
        ".jsonl",
    )
    RAW = (
        "raw",
        "Raw bytes",
        "What was received and what was sent, byte for byte: a file for each direction of each connection.",
        ".bin",
    )

    def __new__(cls, key: str, words: str, sentence: str, ending: str) -> Format:
        """The member is known by its key."""
        made = object.__new__(cls)
        made._value_ = key
        made.words, made.sentence, made.ending = words, sentence, ending
        return made

    @property
    def is_binary(self) -> bool:
        """Whether the file holds the bytes themselves, rather than lines of UTF-8."""
        return self is Format.RAW
