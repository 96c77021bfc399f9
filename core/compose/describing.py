"""From bytes to what a person would have typed for them: to send again, to save, to edit in another format."""

from __future__ import annotations

from core.compose.draft import Draft, Ending, Format
from core.compose.draft_error import DraftError
from core.compose.encoding import Encoding, decode, encode
from core.compose.escapes import write_escapes
from core.compose.hexadecimal import write_hex

_TYPEABLE = str.maketrans("", "", "\n\t")


def describe(data: bytes, format: Format, encoding: Encoding = Encoding.UTF_8) -> str | None:  # noqa: A002 - the field's own word
    """Text that composes to exactly these bytes; None if they are not text where text is asked for."""
    if format is Format.HEX:
        return write_hex(data)
    if format is Format.ESCAPES:
        return write_escapes(data, encoding)
    text = decode(data, encoding)
    try:
        return text if encode(text, encoding) == data else None
    except DraftError:
        return None


def redraft(data: bytes, encoding: Encoding = Encoding.UTF_8) -> Draft:
    """A draft of exactly these bytes in the plainest format: text that shows as it is, escapes, or hex.

    A line ending at the end becomes the draft's ending. Hex is for what is not mostly text.
    """
    body, ending = _part_ending(data, encoding)
    text = describe(body, Format.TEXT, encoding)
    if text is not None and text.translate(_TYPEABLE).isprintable():
        return Draft(text, Format.TEXT, encoding, ending)
    seen = decode(body, encoding)
    if 2 * sum(map(str.isprintable, seen)) >= len(seen):
        return Draft(write_escapes(body, encoding), Format.ESCAPES, encoding, ending)
    return Draft(write_hex(data), Format.HEX, encoding)


def _part_ending(data: bytes, encoding: Encoding) -> tuple[bytes, Ending]:
    for ending in (Ending.CRLF, Ending.LF, Ending.CR):
        wire = ending.value.encode(encoding.codec)
        if data.endswith(wire) and (encoding.keeps_ascii or len(data) % 2 == 0):
            return data[: -len(wire)], ending
    return data, Ending.NOTHING
