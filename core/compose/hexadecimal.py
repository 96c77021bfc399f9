r"""Bytes typed in hex, and bytes written so.

A byte is two digits, in either case. Between bytes (never within one) may stand spaces, line breaks,
``, ; : - _ | .`` and brackets; in front of one ``0x`` or ``\x``, behind one ``h``. After ``0x`` a byte may have a
single digit, as C prints it: ``{0x1, 0x0A}``. Thus ``0d0a``, ``0D 0A``, ``0x0d,0x0a``, ``\x0d\x0a``, ``0Dh 0Ah`` and
``0d:0a`` are the same two bytes. Dumps (``core.compose.hex_dump``) and arrays (``core.compose.byte_literal``) are read
too, and ``\{…}`` is a macro, whose digits go out as ASCII.
"""

from __future__ import annotations

import re
from string import hexdigits
from typing import NamedTuple

from core.compose.assembly import Part
from core.compose.byte_literal import Literal, read_literal
from core.compose.escapes import MOST_MACROS, too_many_macros, typed_macro, unfinished_macro
from core.compose.hex_dump import Dump, may_be_dump, read_dump
from core.errors import DraftError
from core.settings import DEFAULTS

_MACRO = re.compile(r"\\\{(?P<macro>[^{}\\\n]*)\}")
_AT_ONCE = 2_000  # tokens that are read without another thread having its turn: a millisecond
_DIGIT = "[0-9a-fA-F]"
_BETWEEN = r"[\s,;:\-_|.()\[\]{}]{1,2000}"
_TOKEN = rf"{_DIGIT}{{2}}[hH]?|{_BETWEEN}|0[xX]{_DIGIT}(?!{_DIGIT})|0[xX](?={_DIGIT})|\\[xX](?={_DIGIT})"
# An atomic group, since ``(?:…){1,N}+`` takes half of a token along in Python 3.11.0 to 3.11.4 (CPython gh-106052).
_TYPED = re.compile(rf"(?>(?:{_TOKEN}){{1,{_AT_ONCE}}})")
_MIXED = re.compile(r"0[xX][0-9a-fA-F]{1,2}\s*,\s*(?P<number>[1-9][0-9])(?![0-9a-zA-Z])")
_LONE_DIGIT = re.compile(rf"0[xX]({_DIGIT})(?!{_DIGIT})")
_ANY_PREFIX = re.compile(r"(?:0|\\)[xX]$")  # of a ??
_NO_DIGITS = re.compile(r"(?:0[xX]|[^0-9a-fA-F])+")


class HexParts(NamedTuple):
    """The parts of a message, and what stood beside its bytes, in words (nothing if nothing did)."""

    parts: list[Part]
    left_out: str = ""


def read_hex(text: str, limit: int = DEFAULTS.message) -> HexParts:
    """What was typed or pasted; 10 ms for a MiB in plain pairs, a second for one in a dump or in C's.

    Raises ``DraftError``.
    """
    if _MACRO.search(text) is not None:  # which text beside a dump may look like, too
        try:
            read = read_dump(text, limit) or read_literal(text, limit, read_bytes)
        except DraftError:
            read = None
        if read is None:
            return HexParts(_with_macros(text, limit))
    else:
        read = _read(text, limit)
    if len(read.data) > limit:
        raise DraftError.too_long(len(read.data), limit, 0, len(text))
    return HexParts([read.data], read.left_out)


def read_bytes(text: str, place: int = 0) -> bytes:
    """Bytes and nothing else: no dump, no array, no macro. ``place`` is where the text begins in a longer one."""
    data = _plain_pairs(text)
    if data is not None:
        return data
    try:
        return _pairs(text)
    except DraftError as error:
        raise DraftError(str(error), error.start + place, error.stop + place) from None


def read_hex_pattern(text: str) -> list[bytes]:
    """Bytes with ``??`` for any byte: what stands between those, in order. Without one, as ``read_hex`` has it.

    Raises ``DraftError``.
    """
    pieces = text.split("??")
    found: list[bytes] = []
    place = 0
    try:
        if len(pieces) == 1:
            return [part if isinstance(part, bytes) else _no_macro(part.start) for part in read_hex(text).parts]
        for piece in pieces:
            found.append(read_bytes(_ANY_PREFIX.sub("", piece), place))
            place += len(piece) + 2
    except DraftError as error:
        at = text[error.start : error.start + 1]
        if at == "?" or (len(pieces) > 1 and at in hexdigits):
            sentence = f"“{at}” is half a byte: a byte is two hex digits, or ?? for any byte."
            raise DraftError(sentence, error.start, error.stop) from None
        raise
    return found


def _no_macro(place: int) -> bytes:
    raise DraftError("A macro has no bytes before it is sent.", place, place + 1)


def _read(text: str, limit: int) -> Dump | Literal:
    data = _plain_pairs(text)
    if data is not None and not may_be_dump(text):
        return Dump(data, "")
    read = read_dump(text, limit) or read_literal(text, limit, read_bytes)
    return read or Dump(_pairs(text) if data is None else data, "")


def _with_macros(text: str, limit: int) -> list[Part]:
    parts: list[Part] = []
    place = 0
    for found in _MACRO.finditer(text):
        if len(parts) >= 2 * MOST_MACROS:
            raise too_many_macros(found.start(), found.end())
        parts += (_between(text, place, found.start(), limit), typed_macro(found))
        place = found.end()
    return [*parts, _between(text, place, len(text), limit)]


def _between(text: str, start: int, stop: int, limit: int) -> bytes:
    """The bytes beside a macro. A dump or an array has none."""
    data = read_bytes(text[start:stop], start)
    if len(data) > limit:
        raise DraftError.too_long(len(data), limit, start, stop)
    return data


def _plain_pairs(text: str) -> bytes | None:
    """Pairs with nothing but spaces between, as most hex is; None for what else there is."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


def _pairs(text: str) -> bytes:
    data = bytearray()
    place = 0
    while place < len(text):
        typed = _TYPED.match(text, place)
        if typed is None:
            raise _misfit(text, place)
        if (mixed := _MIXED.search(typed.group())) is not None:
            start, stop = (place + end for end in mixed.span("number"))
            sentence = f"{mixed['number']} could be decimal or hex here. Write 0x{mixed['number']} for hex."
            raise DraftError(sentence, start, stop)
        data += _plain_pairs(typed.group().replace("0x", " ").replace(",", " ")) or _odd_pairs(typed.group())
        place = typed.end()
    return bytes(data)


def _odd_pairs(typed: str) -> bytes:
    return bytes.fromhex(_NO_DIGITS.sub("", _LONE_DIGIT.sub(r" 0\1", typed)))


def write_hex(data: bytes) -> str:
    """Lower-case pairs with a space between."""
    return data.hex(" ")


def _misfit(text: str, place: int) -> DraftError:
    found = text[place]
    if text.startswith("\\{", place):
        return unfinished_macro(place)
    if re.match(_DIGIT, found):
        sentence = f"“{found}” is half a byte: a byte is two hex digits, as in 0{found}."
    elif found.isprintable():
        sentence = f"“{found}” is no hex digit. Type bytes as two digits each, from 0 to 9 and a to f, as in 0d 0a."
    else:
        sentence = f"U+{ord(found):04X} is no hex digit. Type bytes as two digits each, as in 0d 0a."
    return DraftError(sentence, place, place + 1)
