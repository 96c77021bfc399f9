"""How the bytes of a conversation are read as text: as UTF-8, or as a person knows them to be. No tkinter.

Only what is shown changes. Every message is decoded for itself, so that a wrong choice spoils nothing behind it.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass

from core import text_safety
from core.compose.encoding import Encoding, decode_as


@dataclass(frozen=True, slots=True)
class Decoding:
    """Reads bytes as text of one encoding."""

    encoding: Encoding = Encoding.UTF_8

    @property
    def codec(self) -> str:
        """What Python calls the encoding."""
        return self.encoding.codec

    def decode(self, data: bytes) -> str:
        r"""Any bytes as text; what is not text becomes lone surrogates, shown as ``\xNN``."""
        return decode_as(data, self.encoding)

    def unfinished_tail(self, data: bytes) -> int:
        """How many bytes at the end (0 to 3) begin a character that the next piece may finish."""
        if self.encoding is Encoding.UTF_8:
            return text_safety.unfinished_tail(data)
        # Where characters have several bytes, only the codec can say.
        decoder = codecs.getincrementaldecoder(self.codec)("replace")
        decoder.decode(data)
        return len(decoder.getstate()[0])

    def ends(self, data: bytes) -> Sequence[int]:
        """For each character of the text that the bytes are, how many bytes there are up to its end."""
        if data.isascii() and self.encoding.keeps_ascii:
            return range(1, len(data) + 1)
        found, at = [], 0
        for character in self.decode(data):
            at += self._length(data, at, character)
            found.append(at)
        return found

    def _length(self, data: bytes, at: int, character: str) -> int:
        """How many bytes of ``data`` at ``at`` are the character; what is no text is a lone surrogate for each byte."""
        if "\udc00" <= character <= "\udcff":
            return 1
        usual = character.encode(self.codec)
        if data.startswith(usual, at):
            return len(usual)
        return next(length for length in range(1, 5) if self.decode(data[at : at + length]) == character)


UTF_8 = Decoding()


def decoding(encoding: str) -> Decoding:
    """That of an encoding, by its name in files; UTF-8 for what is none."""
    try:
        return Decoding(Encoding(encoding))
    except ValueError:
        return UTF_8
