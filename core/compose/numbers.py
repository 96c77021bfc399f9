"""How a number goes out: as bytes of a fixed size, or as digits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class NumberForm:
    """``size`` bytes in an order, or digits where ``size`` is 0: decimal or either case of hex."""

    size: int = 0
    order: Literal["big", "little"] = "big"
    digits: Literal["d", "x", "X"] = "d"

    def write(self, value: int, width: int = 0) -> bytes | str:
        """The number; digits with zeros in front up to ``width``. ``OverflowError`` if its bytes are too few."""
        if self.size:
            return value.to_bytes(self.size, self.order)
        return format(value, f"0{width}{self.digits}")

    def wrapped(self, value: int) -> int:
        """What is left of a number in as many bytes: one that counts on begins anew at 0."""
        return value % (1 << 8 * self.size) if self.size else value

    @property
    def longest(self) -> int:
        """The most characters or bytes that a number of 64 bits takes."""
        return self.size or 20


DIGITS = {"decimal": NumberForm(), "hex": NumberForm(digits="x"), "HEX": NumberForm(digits="X")}
BINARY = {
    "1": NumberForm(1),
    "2be": NumberForm(2, "big"),
    "2le": NumberForm(2, "little"),
    "4be": NumberForm(4, "big"),
    "4le": NumberForm(4, "little"),
    "8be": NumberForm(8, "big"),
    "8le": NumberForm(8, "little"),
}
NUMBERS = {**DIGITS, **BINARY}
