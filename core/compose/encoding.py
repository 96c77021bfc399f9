r"""Text as bytes and bytes as text, in the encodings that a person can choose.

Encoding is exact or refused: a character that the encoding lacks is named at its place. Decoding refuses
nothing: each byte that is not part of a character becomes a lone surrogate, U+DC00 and the byte's value,
which ``core.text_safety`` shows as ``\xNN``; so no byte is lost on its way to the eye.
"""

from __future__ import annotations

import codecs
import contextlib
from enum import Enum
from functools import cached_property

from core.errors import DraftError

_UNICODE, _EUROPE, _CYRILLIC, _EAST_ASIA, _MAINFRAMES = "Unicode", "Europe", "Cyrillic", "East Asia", "Mainframes"


class Encoding(Enum):
    """An encoding: its value is its name in files, ``words`` its name for people, ``note`` who has used it.

    A new one is one row here, where people look for it: the windows and the terminal programs offer them in this
    order, a ``group`` at a time. ``codec`` is what Python calls it, its own name if nothing stands there.
    """

    UTF_8 = "utf-8", "UTF-8", _UNICODE
    UTF_16_LE = "utf-16-le", "UTF-16 LE", _UNICODE
    UTF_16_BE = "utf-16-be", "UTF-16 BE", _UNICODE
    LATIN_1 = "latin-1", "Latin-1", _EUROPE, "ISO-8859-1, Western Europe"
    CP1252 = "cp1252", "CP1252", _EUROPE, "Windows, Western Europe"
    ISO_8859_15 = "iso-8859-15", "ISO-8859-15", _EUROPE, "Latin-9, Western Europe with €"
    ISO_8859_2 = "iso-8859-2", "ISO-8859-2", _EUROPE, "Latin-2, Central Europe"
    CP437 = "cp437", "CP437", _EUROPE, "DOS, with lines for boxes"
    CP1251 = "cp1251", "CP1251", _CYRILLIC, "Windows, Cyrillic"
    KOI8_R = "koi8-r", "KOI8-R", _CYRILLIC, "Unix, Russian"
    CP866 = "cp866", "CP866", _CYRILLIC, "DOS, Cyrillic"
    GB18030 = "gb18030", "GB18030", _EAST_ASIA, "Chinese, GBK and GB2312 too"
    BIG5 = "big5", "Big5", _EAST_ASIA, "Chinese, Taiwan and Hong Kong", "cp950"
    SHIFT_JIS = "shift-jis", "Shift-JIS", _EAST_ASIA, "Japanese, Windows", "cp932"
    EUC_JP = "euc-jp", "EUC-JP", _EAST_ASIA, "Japanese, Unix"
    EUC_KR = "euc-kr", "EUC-KR", _EAST_ASIA, "Korean", "cp949"
    EBCDIC = "ebcdic", "EBCDIC", _MAINFRAMES, "CP037, IBM mainframes", "cp037"
    # What is called Shift-JIS, Big5 and EUC-KR in practice is what Windows makes of them (the web's Encoding
    # Standard says the same of the first and the last); Python's codecs of those names know fewer characters.

    words: str
    group: str
    note: str
    codec: str

    def __new__(cls, value: str, words: str = "", group: str = "", note: str = "", codec: str = "") -> Encoding:
        """A row of the table, whose name is its value."""
        encoding = object.__new__(cls)
        encoding._value_ = value
        encoding.words, encoding.group, encoding.note, encoding.codec = words, group, note, codec or value
        return encoding

    @property
    def choice(self) -> str:
        """Its name for people who may not know it: ``KOI8-R (Unix, Russian)``."""
        return f"{self.words} ({self.note})" if self.note else self.words

    @cached_property
    def keeps_ascii(self) -> bool:
        """Whether an ASCII character is one byte, the same as in ASCII."""
        return "A".encode(self.codec) == b"A"

    @cached_property
    def unit(self) -> int:
        """Bytes of the shortest character."""
        return len("A".encode(self.codec))


_WITHIN = {  # Python's codecs whose text is, in practice, in one of ours
    "gb2312": Encoding.GB18030,
    "gbk": Encoding.GB18030,
    "big5": Encoding.BIG5,
    "shift_jis": Encoding.SHIFT_JIS,
    "euc_kr": Encoding.EUC_KR,
}


def find_encoding(name: str) -> Encoding | None:
    """The encoding that people or programs call so (``KOI8-R``, ``koi8r``, ``l2``, ``gbk``); None if there is none."""
    plain = _plain(name)
    for one in Encoding:
        if plain in (_plain(one.value), _plain(one.codec)):
            return one
    for spelling in (name.strip(), plain):
        with contextlib.suppress(LookupError, ValueError):
            codec = codecs.lookup(spelling).name
            return _WITHIN.get(codec) or next((one for one in Encoding if codecs.lookup(one.codec).name == codec), None)
    return None


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


class LineEnding(Enum):
    """What is put behind each message; a new one is one row.

    Under TEXT and ESCAPES it is in the message's encoding, under HEX one byte for a character.
    """

    NOTHING = "", "nothing"
    LF = "\n", "LF"
    CR = "\r", "CR"
    CRLF = "\r\n", "CR LF"
    NUL = "\0", "NUL"

    words: str

    def __new__(cls, value: str, words: str = "") -> LineEnding:
        """A row of the table, whose characters are its value."""
        ending = object.__new__(cls)
        ending._value_, ending.words = value, words
        return ending

    def wire(self, encoding: Encoding) -> bytes:
        """Its bytes in an encoding."""
        return str(self.value).encode(encoding.codec)


_ALWAYS_HIGH = (Encoding.UTF_8, Encoding.CP1252, Encoding.CP1251)  # where only bytes above 0x7f can fail to be text
_VISIBLE = "tincan-visible"


def encode(text: str, encoding: Encoding, place: int = 0) -> bytes:
    """The text's bytes; there is no byte order mark in front of UTF-16.

    Raises ``DraftError`` for a character that has no bytes of its own, at ``place`` plus where it stands.
    """
    try:
        data = text.encode(encoding.codec)
    except UnicodeEncodeError as error:
        raise _lacking(text[error.start], encoding, place + error.start) from None
    if encoding.group != _UNICODE and data.decode(encoding.codec, _VISIBLE) != text:  # two can share their bytes
        _refuse_alias(text, encoding, place)
    return data


def decode_as(data: bytes, encoding: Encoding) -> str:
    r"""All of ``data`` as text; what is not text becomes lone surrogates (see the module)."""
    return data.decode(encoding.codec, _way_on(encoding))


_ASCII_ENDINGS = {  # framings that end messages where an ASCII text has one of these
    "line": LineEnding.LF,
    "delimiter:0a": LineEnding.LF,
    "delimiter:0d": LineEnding.CR,
    "delimiter:0d0a": LineEnding.CRLF,
    "delimiter:00": LineEnding.NUL,
}


def misread_ending(framing: str, encoding: Encoding, advice: str = "use delimiter:{}") -> str:
    """Why a framing cuts text of that encoding in the wrong places, and what to do; nothing where it does not.

    ``framing`` is a framing's written form, see ``core.wire.framing``; ``advice`` has room for the bytes in hex.
    """
    ending = _ASCII_ENDINGS.get(framing.partition("+")[0], LineEnding.NOTHING)
    taken, right = ending.value.encode("ascii"), ending.wire(encoding)
    if taken == right:
        return ""
    note = ", or lines end with NEL, 15" if encoding is Encoding.EBCDIC else ""
    why = f"in {encoding.words}, {ending.words} is {right.hex(' ')}{note}, but messages end at {taken.hex(' ')} here"
    return f"{why}: {advice.format(right.hex())}"


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
        return decode_as(kept_back, self._encoding)


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
