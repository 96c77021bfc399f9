r"""Text in which a backslash begins what cannot be typed.

``\r \n \t \0 \e \\`` are characters, as is ``\u{20ac}`` (1 to 6 hex digits); they go out in the message's encoding.
``\xNN`` is that byte, whatever the encoding. ``\{…}`` is a macro (see ``core.compose.macros``). A backslash at the
end of a line takes the line break away, so that a long message can be typed in several lines. Everything
else is itself, braces included, and a backslash in front of anything else is refused rather than guessed at. So is
``\0`` in front of a hex digit: ``\0d`` is one byte elsewhere, and ``\012`` another one in C than in Lua.
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
    | (?P<characters>(?:\\(?:[rnte\\]|0(?![0-9a-fA-F]))){1,4096})
    | \\u\{(?P<code>[0-9a-fA-F]{1,6})\}
    | \\\{(?P<macro>[^{}\\\n]*)\}
    | (?P<joint>\\\r?\n)
    | (?P<wrong>\\)""",
    re.VERBOSE,
)
_NOT_PLAIN = re.compile(r"\0[0-9a-fA-F]|[^ -\[\]-~]")  # all but visible ASCII without the backslash
_CHARACTERS = str.maketrans("rnt0e", "\r\n\t\0\x1b")
_WRITTEN = {"\\": "\\\\", "\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0", "\x1b": "\\e"}


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
            raise too_many_macros(part.start, part.stop)
        parts += (bytes(fixed), part)
        fixed.clear()
    return [*parts, bytes(fixed)]


def write_escapes(data: bytes, encoding: Encoding) -> str:
    """Text that reads as exactly these bytes: what can be seen stands there as it is."""
    text = "".join(
        _NOT_PLAIN.sub(lambda found: _written(found.group(), encoding), piece) for piece in _whole_nuls(data, encoding)
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
        return typed_macro(found)
    if kind == "wrong":
        raise _misfit(found.string, place)
    return b""


def typed_macro(found: re.Match[str]) -> Typed:
    """The macro that was typed; its content is the group ``macro``."""
    content = found["macro"]
    return Typed(read_macro(content, found.start("macro")), content.partition(":")[0], found.start(), found.end())


def too_many_macros(start: int, stop: int) -> DraftError:
    """What is said of the macro after the last one that a message may have."""
    return DraftError(f"There are more than {MOST_MACROS} macros in this message.", start, stop)


def unfinished_macro(place: int) -> DraftError:
    """What is said of a macro's beginning that has no end."""
    return DraftError(_WRONG["{"], place, place + 2)


def _numbered(found: re.Match[str], encoding: Encoding) -> bytes:
    number = int(found["code"], 16)
    if number > 0x10FFFF:
        raise DraftError("The last character is \\u{10ffff}.", found.start(), found.end())
    try:
        return encode(chr(number), encoding)
    except DraftError as error:
        raise DraftError(str(error), found.start(), found.end()) from None


_FOREIGN = re.compile(
    r"""(?P<octal>[0-7]{1,3})
    | x\{(?P<perl>[0-9a-fA-F]{1,2})\} | x(?P<short>[0-9a-fA-F]) | c(?P<control>[@-_a-z])
    | u[dD][89abAB](?P<pair>[0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})
    | (?:u|U[0-9a-fA-F]{4})(?P<code>[0-9a-fA-F]{4}) | (?P<letter>[abfv])""",
    re.VERBOSE,
)
_LETTERS = {"a": 7, "b": 8, "f": 12, "v": 11}


def _misfit(text: str, place: int) -> DraftError:
    """Why there is no token where a backslash stands."""
    following = text[place + 1 : place + 2]
    if re.match("0[a-fA-F89]", text[place + 1 : place + 3]):
        return _nul_or_byte(text, place, int(text[place + 1 : place + 3], 16))
    foreign = _FOREIGN.match(text, place + 1)
    if foreign is not None:
        return _translated(foreign, place)
    if following in _WRONG:
        sentence = _WRONG[following]
    else:
        shown = following if following.isprintable() else f"U+{ord(following):04X}"
        sentence = f"\\{shown} means nothing here. A backslash itself is written \\\\."
    return DraftError(sentence, place, min(len(text), place + 2))


def _translated(foreign: re.Match[str], place: int) -> DraftError:
    """What another notation means by it, and how that is written here."""
    kind, typed = foreign.lastgroup, f"\\{foreign.group()}"
    value = foreign[kind or 0]
    if kind == "octal":
        return _octal(foreign, place)
    if kind in ("pair", "code"):
        number = int(typed[2:].replace("\\u", ""), 16)
        if kind == "pair":
            number = 0x10000 + ((number >> 16 & 0x3FF) << 10) + (number & 0x3FF)
        return DraftError(f"A character's number stands in braces: \\u{{{number:x}}}.", place, place + 2)
    if kind in ("perl", "short"):
        return DraftError(f"After \\x come two hex digits, as in \\x{value.lower():>02}.", place, place + 2)
    if kind == "control":
        sentence = f"{typed} is written \\x{ord(value.upper()) ^ 0x40:02x} here."
    else:
        sentence = (
            f"{typed} is \\x{_LETTERS[value]:02x} in C, and is written so here. A backslash itself is written \\\\."
        )
    return DraftError(sentence, place, foreign.end())


def _octal(foreign: re.Match[str], place: int) -> DraftError:
    digits = foreign["octal"]
    number, decimal = int(digits, 8), int(digits)
    if number > 0xFF:
        sentence = f"\\{digits} is more than a byte: \\377, the last one in C, is written \\xff here."
    elif digits.startswith("0"):
        return _nul_or_byte(foreign.string, place, number)
    elif number == decimal or decimal > 0xFF:
        sentence = f"\\{digits} is written \\x{number:02x} here."
    else:
        sentence = f"\\{digits} is \\x{number:02x} in C and \\x{decimal:02x} in Lua. Write the one that is meant."
    return DraftError(sentence, place, foreign.end())


def _nul_or_byte(text: str, place: int, byte: int) -> DraftError:
    digits = re.compile("0[89a-fA-F]|[0-7]{1,3}").match(text, place + 1)
    assert digits is not None
    behind = digits.group()[1:]
    one = f"\\x{byte:02x} for one byte"
    if behind.isdecimal() and byte != int(behind):  # Lua's are decimal
        one = f"\\x{byte:02x} for C's byte, \\x{int(behind):02x} for Lua's"
    choice = f"Write {one}, or \\x00{behind} for NUL and {behind}."
    return DraftError(f"\\0 is NUL only where no digit follows. {choice}", place, digits.end())


_WRONG = {
    "": "A backslash at the end of a message is written \\\\.",
    "x": "After \\x come two hex digits, as in \\x0a.",
    "u": "A character's number stands in braces, 1 to 6 hex digits, as in \\u{20ac}.",
    "{": "A macro ends with a brace in the same line and has none inside, as in \\{counter}.",
    '"': "A quotation mark has no backslash here. A backslash itself is written \\\\.",
    "'": "An apostrophe has no backslash here. A backslash itself is written \\\\.",
}


def _written(character: str, encoding: Encoding) -> str:
    """One character, or a NUL and the digit behind it."""
    code = ord(character[0])
    if len(character) > 1:
        return _number(code, encoding) + character[1]
    if character in _WRITTEN:
        return _WRITTEN[character]
    if character.isprintable():
        return character
    if 0xDC00 <= code <= 0xDCFF:  # a byte that is not text
        return f"\\x{code - 0xDC00:02x}"
    return _number(code, encoding)


def _number(code: int, encoding: Encoding) -> str:
    return f"\\x{code:02x}" if code < 0x80 and encoding.keeps_ascii else f"\\u{{{code:x}}}"


def _pieces(data: bytes) -> Iterator[bytes]:
    return (data[place : place + _AT_ONCE] for place in range(0, len(data), _AT_ONCE))


def _decoded(data: bytes, encoding: Encoding) -> Iterator[str]:
    decoder = Decoder(encoding)
    yield from map(decoder.feed, _pieces(data))
    yield decoder.finish()


def _whole_nuls(data: bytes, encoding: Encoding) -> Iterator[str]:
    """The text in pieces, of which none but the last ends in a NUL: what follows it decides how that is written."""
    kept = ""
    for piece in _decoded(data, encoding):
        plain = (kept + piece).rstrip("\0")
        yield plain
        kept = (kept + piece)[len(plain) :]
    yield kept


def _all_bytes(data: bytes, encoding: Encoding) -> str:
    """For bytes that their own text would not bring back, as those that two characters share."""
    return "".join("".join(_written_byte(byte, encoding) for byte in piece) for piece in _pieces(data))


def _written_byte(byte: int, encoding: Encoding) -> str:
    return _written(chr(byte), encoding) if 0 < byte < 0x80 and encoding.keeps_ascii else f"\\x{byte:02x}"


def _reads_as(text: str, encoding: Encoding, data: bytes) -> bool:
    try:
        return b"".join(part for part in read_escapes(text, encoding) if isinstance(part, bytes)) == data
    except DraftError:
        return False
