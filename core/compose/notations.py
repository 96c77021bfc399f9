"""Ways in which bytes are written as text for other programs: a row each. Each says exactly these bytes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import NamedTuple

from core.compose.composing import describe, is_typeable
from core.compose.draft import Format
from core.compose.encoding import Encoding
from core.compose.escapes import write_escapes
from core.compose.hexadecimal import write_hex

_C_ROW, _PYTHON_ROW, _DUMP_ROW = 12, 32, 16  # bytes on a line


class Notation(NamedTuple):
    """``words`` follow "Copy"; ``write`` gets the bytes and the encoding in which they are read as text."""

    name: str
    words: str
    write: Callable[[bytes, Encoding], str]


def _as_python(data: bytes) -> str:
    if len(data) <= _PYTHON_ROW:
        return repr(data)
    rows = (f"    {data[start : start + _PYTHON_ROW]!r}\n" for start in range(0, len(data), _PYTHON_ROW))
    return f"(\n{''.join(rows)})"


def _as_c(data: bytes) -> str:
    rows = (data[start : start + _C_ROW].hex(" ").replace(" ", ", 0x") for start in range(0, len(data), _C_ROW))
    body = ",\n    0x".join(rows)
    return f"const unsigned char data[{len(data)}] = {{\n    0x{body}\n}};"


def _as_dump(data: bytes) -> str:
    """A dump as ``xxd -g 1`` prints it, which ``xxd -r`` and Wireshark read back."""
    return "\n".join(
        f"{start:08x}: {row.hex(' '):{3 * _DUMP_ROW}} {row.translate(_SHOWN).decode('ascii')}"
        for start in range(0, len(data), _DUMP_ROW)
        for row in (data[start : start + _DUMP_ROW],)
    )


_SHOWN = bytes(byte if 0x20 <= byte < 0x7F else ord(".") for byte in range(256))


def write_text(data: bytes, encoding: Encoding) -> str:
    """The bytes as text, or as escapes where the text would not show all of them or not bring them back."""
    text = describe(data, Format.TEXT, encoding)
    return text if text is not None and is_typeable(text) else write_escapes(data, encoding)


NOTATIONS = (
    Notation("text", "as text", write_text),
    Notation("escapes", "as escapes", write_escapes),
    Notation("hex", "as hex", lambda data, _encoding: write_hex(data)),
    Notation("dump", "as a hex dump", lambda data, _encoding: _as_dump(data)),
    Notation("python", "as Python bytes", lambda data, _encoding: _as_python(data)),
    Notation("c", "as a C array", lambda data, _encoding: _as_c(data)),
    Notation("base64", "as base64", lambda data, _encoding: b64encode(data).decode("ascii")),
)


def write_as(name: str, data: bytes, encoding: Encoding = Encoding.UTF_8) -> str:
    """The bytes in the notation of that name."""
    return next(notation.write(data, encoding) for notation in NOTATIONS if notation.name == name)
