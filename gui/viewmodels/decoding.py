"""How the bytes of a conversation are read as text: as UTF-8, or as a person knows them to be. No tkinter.

Only what is shown changes. Every message is decoded for itself, so that a wrong choice spoils nothing behind it.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from core import text_safety

if TYPE_CHECKING:
    from core.compose import Encoding


@dataclass(frozen=True, slots=True)
class Decoding:
    r"""``decode`` takes any bytes; what is not text becomes lone surrogates, shown as ``\xNN``.

    ``unfinished_tail`` says how many bytes at the end (0 to 3) begin a character that the next piece may finish.
    ``codec`` is what Python calls the encoding.
    """

    decode: Callable[[bytes], str]
    unfinished_tail: Callable[[bytes], int]
    codec: str = "utf-8"


UTF_8 = Decoding(text_safety.decode, text_safety.unfinished_tail)


def decoding(encoding: str) -> Decoding:
    """That of an encoding, by its key in ``gui.viewmodels.drafting.ENCODINGS``; UTF-8 for what is none."""
    if encoding == "utf-8":
        return UTF_8
    from core.compose import Encoding, decode_as

    try:
        chosen = Encoding(encoding)
    except ValueError:
        return UTF_8
    return Decoding(partial(decode_as, encoding=chosen), partial(_unfinished_tail, chosen), chosen.codec)


def _unfinished_tail(encoding: Encoding, data: bytes) -> int:
    """What the codec keeps back for the next piece: where characters have several bytes, only it can say."""
    decoder = codecs.getincrementaldecoder(encoding.codec)("replace")
    decoder.decode(data)
    return len(decoder.getstate()[0])
