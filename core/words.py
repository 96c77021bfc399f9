"""Numbers and errors in words: plurals, sizes, times, sentences."""

from __future__ import annotations

import math
import re

_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*[,;:.!?…)”]*(?!\S)")  # an address has its colon before more
_DECIMAL = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e-?[0-9]{1,3})?")
_MICROSECOND, _MILLISECOND, _SECOND = 1_000, 1_000_000, 1_000_000_000  # in nanoseconds


def connection_name(number: int | None) -> str:
    """What a connection of a session is called: of a tap, -n is the leg to the target of #n. None is unknown."""
    if number is None:
        return "a connection"
    return f"#{number}" if number >= 0 else f"#{-number}→"


def counted(count: int, one: str, several: str = "") -> str:
    """``1 byte``, ``1,204 bytes``, ``2 entries``; ``several`` is the plural where it has no plain ``s``."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def human_bytes(size: int) -> str:
    """A number of bytes as people say it: ``512 B``, ``1.2 kB``, ``3.4 MB``."""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.95 or unit == "TB":
            return f"{amount:.1f} {unit}"
    raise AssertionError


def decimal(text: str) -> float:
    """The number that a person has written in ASCII digits, such as 2, 0.5 or 1e-3; NaN if it is none.

    ``float`` takes more: digits of all scripts, underscores, blanks and words.
    """
    return float(text) if _DECIMAL.fullmatch(text) else math.nan


def duration(ns: int) -> str:
    """A time of so many nanoseconds, to three or four digits."""
    if ns < 0:
        return f"−{duration(-ns)}"
    if ns < _MILLISECOND:
        return f"{ns / _MICROSECOND:.0f} µs"
    if ns < _SECOND:
        return f"{ns / _MILLISECOND:.{1 if ns < 100 * _MILLISECOND else 0}f} ms"
    if ns < 60 * _SECOND:
        return f"{ns / _SECOND:.{2 if ns < 10 * _SECOND else 1}f} s"
    minutes, seconds = divmod(ns // _SECOND, 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def in_seconds(seconds: float) -> str:
    """A time as a note of the journal has it: ``0.4 ms``, ``1.5 s``."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def sentence(words: object) -> str:
    """What an error or a text says, with a capital letter in front and a full stop behind; of nothing, nothing."""
    return with_full_stop(with_capital(str(words)))


def with_capital(text: str) -> str:
    """A text with a capital letter in front, and no other letter changed.

    What has other signs in it than letters is the name of a host, a file or an option, and stays as it is.
    """
    return f"{text[:1].upper()}{text[1:]}" if _WORD.match(text) else text


def with_full_stop(text: str) -> str:
    """A text that begins with a name, whose letters stay as they are, with a full stop behind if it has no end."""
    return f"{text}{'' if not text or text.endswith(('.', '!', '?', '…')) else '.'}"
