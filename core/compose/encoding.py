r"""Text as bytes and bytes as text, in the encodings that a person can choose.

Encoding is exact or refused: a character that the encoding lacks is named at its place. Decoding refuses
nothing: each byte that is not part of a character becomes a lone surrogate, U+DC00 and the byte's value,
which ``core.text_safety`` shows as ``\xNN``; so no byte is lost on its way to the eye.
"""

from __future__ import annotations

import codecs
from enum import Enum

from core.errors import DraftError


class Encoding(Enum):
    """An encoding; its value is its name in files, ``words`` is its name for people."""

    UTF_8 = "utf-8"
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"
    LATIN_1 = "latin-1"
    CP1252 = "cp1252"
    GB18030 = "gb18030"
    SHIFT_JIS = "shift-jis"
    BIG5 = "big5"

    @property
    def words(self) -> str:
        return _WORDS[self]

    @property
    def keeps_ascii(self) -> bool:
        """Whether an ASCII character is one byte, the same as in ASCII."""
        return self not in (Encoding.UTF_16_LE, Encoding.UTF_16_BE)

    @property
    def codec(self) -> str:
        """What Python calls it."""
        return _CODECS.get(self, self.value)


_WORDS = {
    Encoding.UTF_8: "UTF-8",
    Encoding.UTF_16_LE: "UTF-16 LE",
    Encoding.UTF_16_BE: "UTF-16 BE",
    Encoding.LATIN_1: "Latin-1",
    Encoding.CP1252: "CP1252",
    Encoding.GB18030: "GB18030",
    Encoding.SHIFT_JIS: "Shift-JIS",
    Encoding.BIG5: "Big5",
}
# What is called Shift-JIS and Big5 in practice is what Windows makes of them (the web's Encoding Standard
# says the same of Shift-JIS); Python's codecs of those names know fewer characters.
_CODECS = {Encoding.SHIFT_JIS: "cp932", Encoding.BIG5: "cp950"}
_WITH_ALIASES = (Encoding.GB18030, Encoding.SHIFT_JIS, Encoding.BIG5)  # two characters can share their bytes
_ALWAYS_HIGH = (Encoding.UTF_8, Encoding.CP1252)  # where only bytes above 0x7f can fail to be text
_VISIBLE = "tincan-visible"


def encode(text: str, encoding: Encoding, place: int = 0) -> bytes:
    """The text's bytes; there is no byte order mark in front of UTF-16.

    Raises ``DraftError`` for a character that has no bytes of its own, at ``place`` plus where it stands.
    """
    try:
        data = text.encode(encoding.codec)
    except UnicodeEncodeError as error:
        raise _lacking(text[error.start], encoding, place + error.start) from None
    if encoding in _WITH_ALIASES and data.decode(encoding.codec) != text:
        _refuse_alias(text, encoding, place)
    return data


def decode(data: bytes, encoding: Encoding) -> str:
    r"""All of ``data`` as text; what is not text becomes lone surrogates (see the module)."""
    return data.decode(encoding.codec, _way_on(encoding))


class Decoder:
    """Decodes one stream piece by piece: a character that was cut in two waits for its rest. One thread at a time."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding.codec)(_way_on(encoding))

    def feed(self, data: bytes) -> str:
        """What is complete with this piece; at most 3 bytes are kept back."""
        return self._decoder.decode(data)

    def finish(self) -> str:
        """What was kept back, as the bytes it is; the next piece begins a new stream."""
        kept_back = self._decoder.getstate()[0]  # Python's own end loses bytes: GB18030 gives one of b"\x800"
        self._decoder.reset()
        return decode(kept_back, self._encoding)


def character_words(character: str) -> str:
    """A character for a sentence: itself, if it can be seen, and its number."""
    number = f"U+{ord(character):04X}"
    return f"{character} ({number})" if character.isprintable() and character != " " else number


def _way_on(encoding: Encoding) -> str:
    """What to do with bytes that are not text; Python's own name for it, where it means the same, is far faster."""
    return "surrogateescape" if encoding in _ALWAYS_HIGH else _VISIBLE


def _lacking(character: str, encoding: Encoding, place: int) -> DraftError:
    if "\ud800" <= character <= "\udfff":
        return DraftError(f"{character_words(character)} is half a character and has no bytes.", place, place + 1)
    sentence = f"{encoding.words} has no character {character_words(character)}. Choose another encoding, as UTF-8."
    return DraftError(sentence, place, place + 1)


def _refuse_alias(text: str, encoding: Encoding, place: int) -> None:
    """Raise for the first character that would arrive as another one."""
    for offset, character in enumerate(text):
        if character.encode(encoding.codec).decode(encoding.codec) != character:
            raise _lacking(character, encoding, place + offset)


def _show_bytes(error: UnicodeError) -> tuple[str, int]:
    """The codec's way on behind what is not text: of UTF-16 whole units, else one byte at a time."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stop = error.end if error.encoding.lower().startswith("utf-16") else error.start + 1
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : stop]), stop


codecs.register_error(_VISIBLE, _show_bytes)
