r"""Bytes typed in hex, and bytes written so.

A byte is two digits, in either case. Between bytes (never within one) may stand spaces, line breaks,
``, ; : - _ | .`` and brackets; in front of one ``0x`` or ``\x``, behind one ``h``. After ``0x`` a byte may have a
single digit, as C prints it: ``{0x1, 0x0A}``. Thus ``0d0a``, ``0D 0A``, ``0x0d,0x0a``, ``\x0d\x0a``, ``0Dh 0Ah`` and
``0d:0a`` are the same two bytes.
"""

from __future__ import annotations

import re

from core.errors import DraftError

_AT_ONCE = 2_000  # tokens that are read without another thread having its turn: a millisecond
_DIGIT = "[0-9a-fA-F]"
_TOKEN = rf"{_DIGIT}{{2}}[hH]?|[\s,;:\-_|.()\[\]{{}}]++|0[xX]{_DIGIT}(?!{_DIGIT})|0[xX](?={_DIGIT})|\\[xX](?={_DIGIT})"
# An atomic group, since ``(?:…){1,N}+`` takes half of a token along in Python 3.11.0 to 3.11.4 (CPython gh-106052).
_TYPED = re.compile(rf"(?>(?:{_TOKEN}){{1,{_AT_ONCE}}})")
_LONE_DIGIT = re.compile(rf"0[xX]({_DIGIT})(?!{_DIGIT})")
_NO_DIGITS = re.compile(r"(?:0[xX]|[^0-9a-fA-F])+")


def read_hex(text: str, limit: int) -> bytes:
    """The bytes that were typed; 10 ms for a MiB in plain pairs, a second for one in C's. Raises ``DraftError``."""
    data = _plain_pairs(text)
    if data is None:
        data = _pairs(text)
    if len(data) > limit:
        raise DraftError.too_long(len(data), limit, 0, len(text))
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
        data += bytes.fromhex(_NO_DIGITS.sub("", _LONE_DIGIT.sub(r" 0\1", typed.group())))
        place = typed.end()
    return bytes(data)


def write_hex(data: bytes) -> str:
    """Lower-case pairs with a space between."""
    return data.hex(" ")


def _misfit(text: str, place: int) -> DraftError:
    found = text[place]
    if re.match(_DIGIT, found):
        sentence = f"{found} is half a byte: a byte is two hex digits, as in 0{found}."
    elif found.isprintable():
        sentence = f"{found} is no hex digit. Type bytes as two digits each, from 0 to 9 and a to f, as in 0d 0a."
    else:
        sentence = f"U+{ord(found):04X} is no hex digit. Type bytes as two digits each, as in 0d 0a."
    return DraftError(sentence, place, place + 1)
