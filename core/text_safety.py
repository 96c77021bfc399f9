r"""What may be shown to a person: every string from outside passes here first.

Tk cuts text at a NUL, raises on lone surrogates, obeys bidi overrides and freezes on very long
lines; a reader is misled by what is invisible. So nothing is dropped: what cannot be shown as it
is stands there as the escape that the composer takes for it (``\r``, ``\0``, ``\xff``, ``\u{202e}``): a mark. Pure
functions of strings; no tkinter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

LONGEST_COMBINING_RUN = 8
MOST_MARKS = 200  # in one message; tags on a line are quadratic in Tk, so beyond it marks look like text
LONGEST_FIELD = 200  # characters of a title, a tree row, a status field

_COMBINING = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u06d6-\u06dc\u0e31\u0e34-\u0e3a"
    "\u0e47-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, without tab and line feed
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f"
    "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"  # the spaces that look like others: all but U+0020
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # fillers and an empty pattern, which are as blank
)
_ASTRAL = "\U00010000-\U0010ffff"
_LONG_RUN = f"[{_COMBINING}]{{{LONGEST_COMBINING_RUN + 1},}}"
_LONG_RUN_ALONE = re.compile(_LONG_RUN)
_LAST_KEPT = 0xFFFF  # character whose look-up is remembered: a peer could send a million others
_DENSE = 16  # characters for each mark; where marks are denser, all characters are looked up instead
_LETTERS = {"\0": "\\0", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x1b": "\\e"}
_DIGITS = tuple("0123456789abcdefABCDEF")
_NUL_AND_DIGIT = re.compile("\0(?=[0-9a-fA-F])")  # elsewhere ``\01`` and ``\0d`` are one character
_FIRST_SAFE_TK = (8, 6, 11)


class Span(NamedTuple):
    """A stretch of text; a mark stands for something that cannot be shown as it is."""

    text: str
    is_mark: bool = False
    characters: int = 1  # that a mark stands for


class TextSafety:
    """Makes text fit for this machine's Tk.

    Tk before 8.6.11 with a colour emoji font lets one emoji end the process with an X error that
    nothing can catch, so there ``astral`` is False and such characters become U+FFFD.
    """

    def __init__(self, *, astral: bool = True) -> None:
        hidden = _HIDDEN if astral else _HIDDEN + _ASTRAL
        self._suspect = re.compile(f"[\t{hidden}]|{_LONG_RUN}")
        self._hidden = re.compile(f"([{hidden}])")  # one class of characters is found four times as fast
        self._table = _table(self._hidden)

    @classmethod
    def for_tk(cls, patchlevel: str) -> TextSafety:
        """The rules for a Tk that calls itself ``patchlevel``, for example ``8.6.13``."""
        numbers = tuple(int(part) for part in re.findall(r"\d+", patchlevel)[:3])
        return cls(astral=numbers >= _FIRST_SAFE_TK)

    def spans(self, text: str) -> Iterator[Span]:
        """Cut a line into stretches that are shown as they are and marks, in order; a tab is a mark here."""
        position = 0
        for found in self._suspect.finditer(text):
            start, stop = found.span()
            if start > position:
                yield Span(text[position:start])
            if stop - start == 1 and text[start] != "\0":  # most are; a generator for each takes as long as the rest
                yield Span(mark_of(text[start]), True)
            else:
                yield from _marks(found)
            position = stop
        if position < len(text):
            yield Span(text[position:])

    def text(self, text: str) -> str:
        """The text with its marks in place, line feeds and tabs kept."""
        if not text.isascii():
            text = _LONG_RUN_ALONE.sub(_shortened, text)
        elif text.isprintable():  # asked eight times as fast as the search below
            return text
        if not self._hidden.search(text):
            return text
        text = _NUL_AND_DIGIT.sub("\\\\x00", text)
        most = len(text) // _DENSE + 1
        parts = self._hidden.split(text, most)  # text and what is hidden, in turn
        if len(parts) > 2 * most:
            parts[-1] = parts[-1].translate(self._table)
        parts[1::2] = [self._table[ord(hidden)] for hidden in parts[1::2]]
        return "".join(parts)

    def exact(self, text: str) -> str:
        r"""The same where no colour tells marks from text: a backslash is ``\\``, and no character is left out.

        Line feeds and tabs are kept; the composer's escapes read the rest as the text that it was.
        """
        if "\\" in text:
            text = text.replace("\\", "\\\\")
        if not text.isascii():
            text = _LONG_RUN_ALONE.sub(_numbered_run, text)
        return self.text(text)

    def field(self, text: str, longest: int = LONGEST_FIELD) -> str:
        """The text on one line of at most ``longest`` characters: for titles, rows and buttons."""
        shown = self.text(text[: longest + 1]).replace("\n", "\\n").replace("\t", "\\t")
        fits = len(text) <= longest and len(shown) <= longest
        return shown if fits else shown[: longest - 1] + "…"


def decode(data: bytes) -> str:
    r"""UTF-8 as text; every byte that is not part of a character becomes a lone surrogate.

    ``TextSafety`` shows those as ``\xNN``, so that no byte is lost on its way to the eye.
    """
    return data.decode("utf-8", "surrogateescape")


def unfinished_tail(data: bytes) -> int:
    """How many bytes at the end (0 to 3) begin a character that the next piece may finish."""
    for size in range(1, min(3, len(data)) + 1):
        byte = data[-size]
        if byte >= 0xC2:
            return size if byte <= 0xF4 and size < _length(byte) else 0
        if byte < 0x80:
            return 0
    return 0


def split_ending(text: str) -> tuple[str, str]:
    """Part a text from the line ending it closes with, if it has one."""
    if not text.endswith("\n"):
        return text, ""
    ending = "\r\n" if text.endswith("\r\n") else "\n"
    return text[: -len(ending)], ending


def ending_mark(ending: str) -> str:
    """How the line ending at the end of a message is shown."""
    return "".join(map(mark_of, ending))


def mark_of(character: str) -> str:
    """A character as the escape that the composer takes for it."""
    return _LETTERS.get(character) or _numbered(ord(character))


def _shortened(run: re.Match[str]) -> str:
    return "".join(span.text for span in _marks(run))


def _numbered_run(run: re.Match[str]) -> str:
    return run.group()[:LONGEST_COMBINING_RUN] + "".join(map(mark_of, run.group()[LONGEST_COMBINING_RUN:]))


class _Table(dict[int, str]):
    """What ``str.translate`` makes of each character: itself, or its mark if it is hidden. Any thread."""

    def __init__(self, hidden: re.Pattern[str]) -> None:
        self._hidden = hidden

    def __missing__(self, code: int) -> str:
        character = chr(code)
        shown = mark_of(character) if self._hidden.match(character) else character
        if code <= _LAST_KEPT:
            self[code] = shown
        return shown


_table = lru_cache(maxsize=None)(_Table)


def _length(lead: int) -> int:
    """How many bytes the UTF-8 character has that starts with this byte."""
    return 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4


def _marks(found: re.Match[str]) -> Iterator[Span]:
    hidden, stop = found.group(), found.end()
    if len(hidden) > 1:
        more = len(hidden) - LONGEST_COMBINING_RUN
        yield Span(hidden[:LONGEST_COMBINING_RUN])
        yield Span(f"<+{more} combining>", is_mark=True, characters=more)
    else:
        is_nul_and_digit = hidden == "\0" and found.string[stop : stop + 1] in _DIGITS
        yield Span("\\x00" if is_nul_and_digit else mark_of(hidden), is_mark=True)


def _numbered(code: int) -> str:
    if code <= 0x7F:
        return f"\\x{code:02x}"
    if 0xDC00 <= code <= 0xDCFF:  # what decoding makes of a byte that is not text
        return f"\\x{code - 0xDC00:02x}"
    if code > 0xFFFF and not 0xE0000 <= code <= 0xE007F:
        return "\ufffd"
    return f"\\u{{{code:x}}}"
