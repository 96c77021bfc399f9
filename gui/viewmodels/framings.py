"""The ways to tell messages apart that a person can choose from, and what is written for those that need more.
No tkinter. What a framing is, and its written form, is ``core.wire.framing``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import TincanError
from core.words import sentence, with_capital

if TYPE_CHECKING:
    from core.wire.framing import Framing


@dataclass(frozen=True, slots=True)
class Kind:
    """One way, as the chooser and the menu have it. ``usual`` is the written form that it begins with."""

    usual: str
    words: str
    asks: str = ""  # for what, beside the field; empty if nothing more is needed
    hint: str = ""  # what the field says while it is empty
    help: str = ""  # what can be written there, where that is not plain

    @property
    def prefix(self) -> str:
        """What stands in the written form before that which a person writes."""
        return self.usual[: self.usual.find(":") + 1] if self.asks else ""


_CUTS = (
    Kind("raw", "As received"),
    Kind("line", "Lines"),
    Kind("delimiter:0d0a", "Ended by CR LF"),
    Kind("delimiter:00", "Ended by NUL"),
    Kind("delimiter:03", "Ended by…", "Ended by", "Bytes in hex, for example 0d 0a"),
    Kind(
        "between:0b,1c0d",
        "Between start and end…",
        "Start, end",
        "Bytes in hex, for example 02, 03",
        "0b, 1c 0d is MLLP (HL7), 02, 03 is STX and ETX, 24, 0d 0a is NMEA.",
    ),
    Kind(
        "flag:7e",
        "Between flags…",
        "Flag",
        "A byte in hex: 7e or c0",
        "7e is HDLC, c0 is SLIP. What stands for a flag inside a message is shown as it came.",
    ),
    Kind(
        "length:2be",
        "Length in front…",
        "Length in front",
        "For example 2be, or 4le,offset=3",
        "1, 2, 3, 4 or 8 bytes, be or le, varint, or 4digits; then ,offset=3 for bytes in front of it, ,itself or "
        ",whole if it counts itself or all of them, ,add=1 for one that it does not count, ,then=0d for bytes behind.",
    ),
    Kind("netstring", "Netstrings"),
    Kind("content-length", "Content-Length"),
    Kind("fixed:16", "Fixed length…", "Bytes in each", "For example 16"),
    Kind("gap:50", "Ended by silence…", "Milliseconds of silence", "For example 50"),
)
CHECKED = Kind(
    "raw+crc16-modbus",
    "With a checksum…",
    "Framing+checksum",
    "For example line+xor,HEX,after=2a",
    "crc16-modbus, -ccitt, -xmodem, -x25, crc8, crc32, xor, sum, lrc; then ,le ,HEX ,decimal ,skip=1 ,after=2a "
    ",then=01 ,header ,behind ,digits.",
)
KINDS = (*_CUTS, CHECKED)
_PLAIN = {kind.usual: kind for kind in KINDS if not kind.asks}
_ONE = {
    "raw": "piece received",
    "line": "line",
    "delimiter": "message ended by {}",
    "between": "message {}",
    "flag": "message {}",
    "netstring": "netstring",
    "content-length": "message with {}",
    "length": "message with {}",
    "fixed": "message of {}",
    "gap": "message ended by {}",
}
_ASKING = {kind.prefix: kind for kind in _CUTS if kind.asks}


class WrittenError(ValueError):
    """What was written makes no sense; the text says why in words, ``place`` is the character's."""

    def __init__(self, why: str, place: int) -> None:
        super().__init__(why)
        self.place = place


def kind_of(framing: str) -> Kind:
    """The kind that a written form belongs to; that of ``raw`` for what is none."""
    plain = CHECKED if "+" in framing else _PLAIN.get(framing)
    return plain or _ASKING.get(framing[: framing.find(":") + 1], KINDS[0])


def with_checksum(framing: str, checked: str) -> str:
    """The framing with the checksum that another one has, unless it has one."""
    check = checked.partition("+")[2].removesuffix(",behind")  # which only a frame with an end can have
    return framing if "+" in framing else f"{framing}+{check}"


def written(kind: Kind, framing: str) -> str:
    """What stands in the field for a framing of that kind."""
    text = framing.removeprefix(kind.prefix)
    if kind.prefix not in ("delimiter:", "between:"):
        return text
    return ", ".join(" ".join(part[at : at + 2] for at in range(0, len(part), 2)) for part in text.split(","))


def read(kind: Kind, text: str) -> Framing:
    """What was written into the field. Raises ``WrittenError``."""
    from core.wire.framing import FramingError, parse_framing

    places = [place for place, letter in enumerate(text) if not letter.isspace() or _is_for_equals(text, place)]
    if not places:
        raise WrittenError(f"{kind.hint}.", 0)
    try:
        return parse_framing(kind.prefix + "".join("=" if text[place].isspace() else text[place] for place in places))
    except FramingError as error:
        at = error.place - len(kind.prefix)
        raise WrittenError(sentence(error), places[at] if 0 <= at < len(places) else len(text)) from None


def _is_for_equals(text: str, place: int) -> bool:
    """Whether a space stands where an option and its value meet: ``offset 4`` means ``offset=4``."""
    is_named = text[:place].lower().endswith(("offset", "add", "then", "after", "skip"))
    return text[place].isspace() and is_named and text[place:].strip()[:1].isalnum()


def words_of(framing: str) -> str:
    """The framing in words, as the chooser shows it: ``2-byte big-endian length``."""
    kind = kind_of(framing)
    if not kind.asks:
        return kind.words
    from core.wire.framing import parse_framing

    try:
        words = parse_framing(framing).words
    except TincanError:
        return kind.words
    return with_capital(words)


def one_of(framing: str) -> str:
    """One of the messages that the framing tells apart, to stand behind "each": ``message with 2-byte length``."""
    from core.wire.framing import parse_framing

    framing, _plus, check = framing.partition("+")
    if check:
        return f"{one_of(framing)}, {parse_framing(f'{framing}+{check}').words.rpartition(', ')[2]}"
    words = parse_framing(framing).words.removeprefix("delimiter ")
    return _ONE.get(framing.partition(":")[0], "message: {}").format(words.removesuffix(" each"))
