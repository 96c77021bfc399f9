"""Many random inputs through each parser of what strangers send; a million of each with TINCAN_FUZZ=1000000."""

from __future__ import annotations

import os
import random
import re

import pytest

from core.address import Address, parse_address
from core.errors import AddressError
from core.text_safety import TextSafety, decode
from core.wire.messages import LineFramer, Message

INPUTS = int(os.environ.get("TINCAN_FUZZ", "10000"))
TELLING = [
    "127.0.0.1",
    "[::1]",
    ":",
    "%",
    ".",
    "[",
    "]",
    "0",
    "65535",
    "65536",
    "٣",
    "a-b",
    "xn--",
    "。",
    "\0",
    "\u202e",
]
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.fixture
def dice() -> random.Random:
    return random.Random(20261123)


@pytest.mark.case("C-28", "C-29")
def test_any_text_is_an_address_that_reads_back_or_a_sentence(dice: random.Random) -> None:
    for _ in range(INPUTS):
        text = "".join(dice.choices(TELLING, k=dice.randrange(6)))
        address = _parsed(text)
        assert address is None or _parsed(str(address)) == address


def _parsed(text: str) -> Address | None:
    """None for what is refused; any other exception is a failure."""
    try:
        return parse_address(text, for_server=True)
    except AddressError:
        return None


@pytest.mark.case("C-37", "C-41", "C-57")
def test_lines_are_the_same_however_the_stream_is_cut(dice: random.Random) -> None:
    for _ in range(INPUTS):
        stream = bytes(dice.choices(b"ab\r\n\0\xff", k=dice.randrange(24)))
        cut = dice.randrange(len(stream) + 1)
        assert _lines(stream[:cut], stream[cut:]) == _lines(stream) == _lines(*(bytes([byte]) for byte in stream))


def _lines(*pieces: bytes) -> list[Message]:
    framer = LineFramer(limit=5)
    return [line for piece in pieces for line in framer.feed(piece)] + framer.finish()


@pytest.mark.case("C-46", "C-48")
def test_nothing_that_a_terminal_or_tk_would_obey_comes_through(dice: random.Random) -> None:
    safety = TextSafety()
    for _ in range(INPUTS):
        shown = safety.text(decode(dice.randbytes(dice.randrange(32))))
        assert not OBEYED.search(shown)
        assert shown.encode("utf-8") or not shown
