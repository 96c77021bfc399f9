"""Reads the pieces of a framing's written form, and says what is wrong with one, and where."""

from __future__ import annotations

import re

from core.errors import Fault, TincanError, quoted


class FramingError(TincanError, ValueError):
    """What was written is no framing; the message says why, and ``place`` which character of it is meant."""

    fault = Fault.PERSON

    def __init__(self, why: str, place: int = 0) -> None:
        super().__init__(why)
        self.place = place


class Written:
    """What stands behind the colon, piece by piece, each with its place."""

    def __init__(self, rest: str, place: int) -> None:
        self.first, *options = rest.split(",")
        self.place = place
        self._options: dict[str, tuple[str | None, int]] = {}
        place += len(self.first) + 1
        for option in options:
            name, equals, value = option.partition("=")
            if name in self._options:
                raise FramingError(f"{quoted(name)} is there twice", place)
            self._options[name] = (value if equals else None, place)
            place += len(option) + 1

    def value(self, name: str) -> tuple[str, int] | None:
        """What stands behind ``name=``, and where; None if the option is not there."""
        value, place = self._options.pop(name, ("", -1))
        if place < 0:
            return None
        if not value:
            raise FramingError(f"{name} needs a value: {name}=...", place)
        return value, place + len(name) + 1

    def flag(self, *names: str) -> str:
        """Which of these words is there; empty if none is."""
        for name in names:
            if name in self._options and self._options[name][0] is None:
                del self._options[name]
                return name
        return ""

    def finish(self, known: str) -> None:
        """Nothing more may be there."""
        for name, (_value, place) in self._options.items():
            raise FramingError(f"{quoted(name)} means nothing here: there can be {known}", place)


def number(text: str, place: int, what: str, least: int, most: int) -> int:
    """Read a decimal number from ``least`` to ``most``. Raises ``FramingError``, which calls it ``what``."""
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise FramingError(f"{what} must be a number from {least:,} to {most:,}, not {quoted(text)}", place)
    value = int(text)
    if not least <= value <= most:
        raise FramingError(f"{what} must be from {least:,} to {most:,}, not {value:,}", place)
    return value


def hex_bytes(text: str, place: int, what: str, most: int) -> bytes:
    """Read 1 to ``most`` bytes, two hex digits each. Raises ``FramingError``, which calls them ``what``."""
    wrong = re.search(r"[^0-9a-fA-F]", text)
    if wrong is not None:
        raise FramingError(f"{what} must be hex digits, not {quoted(wrong.group())}", place + wrong.start())
    if len(text) % 2:
        raise FramingError(f"{what} must be two hex digits a byte; one is missing", place + len(text))
    if not 1 <= len(text) // 2 <= most:
        raise FramingError(f"{what} must have 1 to {most} bytes; it has {len(text) // 2:,}", place)
    return bytes.fromhex(text)
