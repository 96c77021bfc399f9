"""Puts a message together from its parts: fixed bytes, and macros of which some depend on the rest."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

from core.compose.draft import Context, MacroSpan
from core.compose.encoding import Encoding, encode
from core.compose.macros import Checksum, Length, Macro, Noise, Variable, unknown_macro
from core.errors import DraftError
from core.wire.checksums import NotHex
from core.words import sentence

MOST_SUMMED = 4  # times the limit of a message: half a second of CRC-16 at the usual one


class Typed(NamedTuple):
    """A macro, its name, and the characters it was typed as."""

    macro: Macro
    name: str
    start: int
    stop: int


Part: TypeAlias = bytes | Typed


class Assembly:
    """One message on its way from parts to bytes. Raises ``DraftError``.

    Sizes come first, so that a message of more than ``limit`` bytes is refused before there is one. Then
    come lengths, from the end, for each counts what follows it; then checksums, from the front.
    """

    def __init__(self, parts: Sequence[Part], context: Context, encoding: Encoding, limit: int) -> None:
        self._parts = parts
        self._context = context
        self._encoding = encoding
        self._limit = limit
        self.variables: dict[str, str] = {}  # that this message sets
        self._summed = 0  # bytes that checksums have looked at

    @cached_property
    def _noise(self) -> random.Random:
        return random.Random(self._context.seed)  # noqa: S311 - not for keys, and the same in preview and message

    def put_together(self) -> tuple[bytes, tuple[MacroSpan, ...]]:
        """The message, and where its macros are in it."""
        self._check_sizes()
        filled = self._with_lengths([self._filled(part) for part in self._parts])
        body = bytearray()
        spans = []
        for part, data in zip(self._parts, filled, strict=True):
            first = len(body)
            if isinstance(part, bytes):
                body += part
                continue
            body += self._sealed(part, part.macro, body) if isinstance(part.macro, Checksum) else data
            spans.append(MacroSpan(part.name, part.start, part.stop, first, len(body)))
            self._check(len(body), part)
        if len(body) > self._limit:
            raise DraftError.too_long(len(body), self._limit, 0, 0)
        return bytes(body), tuple(spans)

    def _check_sizes(self) -> None:
        size = 0
        for part in self._parts:
            if isinstance(part, bytes):
                size += len(part)
            elif isinstance(part.macro, Noise):
                size += part.macro.size
                self._check(size, part)
        if size > self._limit:
            raise DraftError.too_long(size, self._limit, 0, 0)

    def _check(self, size: int, at: Typed) -> None:
        if size > self._limit:
            raise DraftError.too_long(size, self._limit, at.start, at.stop)

    def _filled(self, part: Part) -> bytes:
        """The part's bytes, or as many as a checksum will take; none yet for a length."""
        if isinstance(part, bytes):
            return part
        macro = part.macro
        if isinstance(macro, Length):
            return b""
        if isinstance(macro, Checksum):
            return self._bytes(macro.blank)
        if isinstance(macro, Variable):
            return self._variable(part, macro)
        try:
            return self._bytes(macro.value(self._context, self._noise))
        except OverflowError:
            raise DraftError("The time does not fit into so few bytes.", part.start, part.stop) from None

    def _variable(self, part: Typed, macro: Variable) -> bytes:
        """The bytes of a variable, which is set if it is set here."""
        if macro.value is not None:
            self.variables[macro.name] = macro.value
        elif macro.name in self._context.captures:
            return self._context.captures[macro.name]
        try:
            value = self.variables[macro.name] if macro.name in self.variables else self._context.variables[macro.name]
        except KeyError:
            raise unknown_macro(macro.name, part.start + 2) from None
        try:
            return encode(value, self._encoding)
        except DraftError as error:
            raise DraftError(str(error), part.start, part.stop) from None

    def _with_lengths(self, filled: list[bytes]) -> list[bytes]:
        following = 0
        for place in range(len(filled) - 1, -1, -1):
            part = self._parts[place]
            if isinstance(part, Typed) and isinstance(part.macro, Length):
                filled[place] = self._length(part, part.macro, following)
            following += len(filled[place])
        return filled

    def _length(self, part: Typed, macro: Length, following: int) -> bytes:
        try:
            return self._bytes(macro.value(following))
        except OverflowError:
            added = f" and {macro.add:+,}" if macro.add else ""
            sentence = f"{following:,} bytes follow{added}, and that length does not fit here. Choose another form."
            raise DraftError(sentence, part.start, part.stop) from None

    def _sealed(self, part: Typed, macro: Checksum, body: bytearray) -> bytes:
        self._summed += len(body)
        if self._summed > MOST_SUMMED * self._limit:
            raise DraftError("There are too many checksums in so long a message.", part.start, part.stop)
        try:
            return self._bytes(macro.value(bytes(body)))
        except NotHex as error:
            raise DraftError(sentence(error), part.start, part.stop) from None

    def _bytes(self, value: bytes | str) -> bytes:
        return value if isinstance(value, bytes) else value.encode(self._encoding.codec)
