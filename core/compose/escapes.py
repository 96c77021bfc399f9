r"""Text in which a backslash begins what cannot be typed.

``\r \n \t \0 \\`` are characters, as is ``\u{20ac}`` (1 to 6 hex digits); they go out in the message's encoding.
``\xNN`` is that byte, whatever the encoding. ``\{…}`` is a macro (see ``core.compose.macros``). A backslash at the
end of a line takes the line break away, so that a long message can be typed in several lines. Everything
else is itself, braces included, and a backslash in front of anything else is refused rather than guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.compose.assembly import Part, Typed
from core.compose.encoding import Decoder, Encoding, encode
from core.compose.macros import read_macro
from core.errors import DraftError

MOST_MACROS = 100  # in a message; each checksum looks at all that precedes it

_AT_ONCE = 8_192  # bytes that are written without another thread having its turn: some milliseconds

# A token is so short that another thread never waits long for it to be read.
_TOKEN = re.compile(
    r"""(?P<plain>[^\\]{1,65536})
    | (?P<bytes>(?:\\x[0-9a-fA-F]{2}){1,4096})
    | (?P<characters>(?:\\[rnt0\\]){1,4096})
    | \\u\{(?P<code>[0-9a-fA-F]{1,6})\}
    | \\\{(?P<macro>[^{}\\\n]*)\}
    | (?P<joint>\\\r?\n)
    | (?P<wrong>\\)""",
    re.VERBOSE,
)
_NOT_PLAIN = re.compile(r"[^ -\[\]-~]")  # all but visible ASCII without the backslash
_CHARACTERS = str.maketrans("rnt0", "\r\n\t\0")
_WRITTEN = {"\\": "\\\\", "\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0"}


def read_escapes(text: str, encoding: Encoding) -> list[Part]:
    """The parts of a message. Raises ``DraftError``."""
    parts: list[Part] = []
    fixed = bytearray()
    macros = 0
    for found in _TOKEN.finditer(text):
        part = _part(found, encoding)
        if isinstance(part, bytes):
            fixed += part
            continue
        macros += 1
        if macros > MOST_MACROS:
            raise DraftError(f"There are more than {MOST_MACROS} macros in this message.", part.start, part.stop)
        parts += (bytes(fixed), part)
        fixed.clear()
    return [*parts, bytes(fixed)]


def write_escapes(data: bytes, encoding: Encoding) -> str:
    """Text that reads as exactly these bytes: what can be seen stands there as it is."""
    text = "".join(
        _NOT_PLAIN.sub(lambda found: _written(found.group(), encoding), piece) for piece in _decoded(data, encoding)
    )
    return text if _reads_as(text, encoding, data) else _all_bytes(data, encoding)


def _part(found: re.Match[str], encoding: Encoding) -> Part:
    """The bytes or the macro of one token."""
    kind, typed, place = found.lastgroup, found.group(), found.start()
    if kind == "plain":
        return encode(typed, encoding, place)
    if kind == "bytes":
        return bytes.fromhex(typed.replace("\\x", ""))
    if kind == "characters":
        return typed[1::2].translate(_CHARACTERS).encode(encoding.codec)
    if kind == "code":
        return _numbered(found, encoding)
    if kind == "macro":
        content = found["macro"]
        macro = read_macro(content, found.start("macro"))
        return Typed(macro, content.partition(":")[0], place, found.end())
    if kind == "wrong":
        raise _misfit(found.string, place)
    return b""


def _numbered(found: re.Match[str], encoding: Encoding) -> bytes:
    number = int(found["code"], 16)
    if number > 0x10FFFF:
        raise DraftError("The last character is \\u{10ffff}.", found.start(), found.end())
    try:
        return encode(chr(number), encoding)
    except DraftError as error:
        raise DraftError(str(error), found.start(), found.end()) from None


def _misfit(text: str, place: int) -> DraftError:
    """Why there is no token where a backslash stands."""
    following = text[place + 1 : place + 2]
    sentence = _WRONG.get(following)
    if sentence is None:
        shown = following if following.isprintable() else f"U+{ord(following):04X}"
        sentence = f"\\{shown} means nothing here. A backslash itself is written \\\\."
    return DraftError(sentence, place, min(len(text), place + 2))


_WRONG = {
    "": "A backslash at the end of a message is written \\\\.",
    "x": "After \\x come two hex digits, as in \\x0a.",
    "u": "A character's number stands in braces, 1 to 6 hex digits, as in \\u{20ac}.",
    "{": "A macro ends with a brace in the same line and has none inside, as in \\{counter}.",
}


def _written(character: str, encoding: Encoding) -> str:
    code = ord(character)
    if character in _WRITTEN:
        return _WRITTEN[character]
    if character.isprintable():
        return character
    if 0xDC00 <= code <= 0xDCFF:  # a byte that is not text
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 and encoding.keeps_ascii else f"\\u{{{code:x}}}"


def _pieces(data: bytes) -> Iterator[bytes]:
    return (data[place : place + _AT_ONCE] for place in range(0, len(data), _AT_ONCE))


def _decoded(data: bytes, encoding: Encoding) -> Iterator[str]:
    decoder = Decoder(encoding)
    yield from map(decoder.feed, _pieces(data))
    yield decoder.finish()


def _all_bytes(data: bytes, encoding: Encoding) -> str:
    """For bytes that their own text would not bring back, as those that two characters share."""
    return "".join("".join(_written_byte(byte, encoding) for byte in piece) for piece in _pieces(data))


def _written_byte(byte: int, encoding: Encoding) -> str:
    return _written(chr(byte), encoding) if byte < 0x80 and encoding.keeps_ascii else f"\\x{byte:02x}"


def _reads_as(text: str, encoding: Encoding, data: bytes) -> bool:
    try:
        return b"".join(part for part in read_escapes(text, encoding) if isinstance(part, bytes)) == data
    except DraftError:
        return False
