"""Bytes as lines of hex with their text beside them. Pure; no tkinter.

A line reads ``00000010  68 65 6c 6c  6f 0d 0a     |hello..     |``: the offset of its first byte, its bytes
in groups of four, and each of them as the ASCII character that it is, or as a dot.
"""

from __future__ import annotations

OFFSET_DIGITS = 8  # at least
_GROUP = 4  # bytes
_TEXT = bytes(code if 0x20 <= code < 0x7F else ord(".") for code in range(256))


def dump(data: bytes, *, width: int = 16, first: int = 0, digits: int = OFFSET_DIGITS) -> list[str]:
    """The lines of ``data``, ``width`` bytes to a line; ``first`` is the offset of its first byte."""
    hex_part = _hex_length(width)
    lines = []
    for start in range(0, len(data), width):
        piece = data[start : start + width]
        groups = "  ".join(piece[at : at + _GROUP].hex(" ") for at in range(0, len(piece), _GROUP))
        text = piece.translate(_TEXT).decode("ascii")
        lines.append(f"{first + start:0{digits}x}  {groups:<{hex_part}}  |{text:<{width}}|")
    return lines


def hex_width(width: int, digits: int = OFFSET_DIGITS) -> int:
    """How many characters a line of ``width`` bytes has."""
    return digits + 2 + _hex_length(width) + 2 + width + 2


def _hex_length(width: int) -> int:
    """Two digits a byte, a space between bytes and one more between groups."""
    return 3 * width - 1 + (width - 1) // _GROUP
