"""Checksums of bytes, each by the name that a macro or a framing calls it.

CRCs are worked out from the parameters of the catalogue of parametrised CRC algorithms (reveng), with its check
values. Of the packages that have the catalogue, crccheck (pure Python) takes 1.7 s for a MiB where the loop here takes
0.1 s, and anycrc and fastcrc bring compiled code of 0.5 and 1 MB for every platform: too much for a table.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal, NamedTuple


class Crc(NamedTuple):
    """A CRC's parameters; ``is_reflected`` is for bytes and result alike. ``check`` is its value of ``123456789``."""

    width: int  # bits; whole bytes
    polynomial: int
    start: int
    is_reflected: bool
    final: int  # combined with the result by exclusive or
    check: int

    def work_out(self, data: bytes) -> int:
        """The CRC of the data; about 0.1 s for a MiB."""
        crc, table = self.start, _table(self.width, self.polynomial, is_reflected=self.is_reflected)
        if self.is_reflected:  # ``start`` is the same either way round in all that are here
            for byte in data:
                crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
            return crc ^ self.final
        top, mask = self.width - 8, (1 << self.width) - 1
        for byte in data:
            crc = ((crc << 8) & mask) ^ table[(crc >> top) ^ byte]
        return crc ^ self.final


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A checksum of ``size`` bytes, and the order in which those usually go out."""

    words: str
    size: int
    order: Literal["big", "little"]
    work_out: Callable[[bytes], int]

    def width(self, digits: Literal["d", "x", "X"]) -> int:
        """How many digits it has, with zeros in front."""
        return len(format((1 << 8 * self.size) - 1, digits))


class NotHex(ValueError):
    """What a checksum covers should be hex digits, and is not."""


def hex_digits(covered: bytes) -> bytes:
    """The bytes that hex digits stand for. Raises ``NotHex``."""
    try:
        return binascii.unhexlify(covered)
    except binascii.Error:
        raise NotHex("what the checksum covers are not pairs of hex digits") from None


def xor(data: bytes) -> int:
    """All bytes combined by exclusive or, also called BCC; NMEA 0183 has it."""
    folded, size = int.from_bytes(data, "little"), len(data)
    while size > 1:  # halves on top of each other, which leaves most of the work to big integers
        half = (size + 1) // 2
        folded = (folded >> 8 * half) ^ (folded & (1 << 8 * half) - 1)
        size = half
    return folded


def total(data: bytes, size: int) -> int:
    """The last ``size`` bytes of the sum of all bytes."""
    return sum(data) & (1 << 8 * size) - 1


def twos_complement(data: bytes) -> int:
    """What makes the sum of all bytes 0: the LRC of Modbus ASCII, and the checksum of Intel HEX."""
    return -sum(data) & 0xFF


def fletcher16(data: bytes) -> int:
    """Two sums modulo 255, the second of the first's values (RFC 1146, the 8-bit one); 0.1 s for a MiB."""
    first = second = 0
    for byte in data:
        first = (first + byte) % 255
        second = (second + first) % 255
    return second << 8 | first


@lru_cache(maxsize=8)
def _table(width: int, polynomial: int, *, is_reflected: bool) -> tuple[int, ...]:
    """What each byte does to a CRC."""
    if is_reflected:
        polynomial = int(f"{polynomial:0{width}b}"[::-1], 2)
        return tuple(_shifted_down(byte, polynomial) for byte in range(256))
    return tuple(_shifted_up(byte << width - 8, polynomial, 1 << width - 1) for byte in range(256))


def _shifted_down(value: int, polynomial: int) -> int:
    for _bit in range(8):
        value = (value >> 1) ^ (polynomial if value & 1 else 0)
    return value


def _shifted_up(value: int, polynomial: int, top: int) -> int:
    for _bit in range(8):
        value = ((value << 1) & (2 * top - 1)) ^ (polynomial if value & top else 0)
    return value


# By name: what people call it, and its parameters.
CRCS = {
    "crc8": ("CRC-8/SMBUS", Crc(8, 0x07, 0, False, 0, 0xF4)),
    "crc8-itu": ("CRC-8/I-432-1", Crc(8, 0x07, 0, False, 0x55, 0xA1)),
    "crc8-maxim": ("CRC-8/MAXIM-DOW", Crc(8, 0x31, 0, True, 0, 0xA1)),
    "crc8-sae": ("CRC-8/SAE-J1850", Crc(8, 0x1D, 0xFF, False, 0xFF, 0x4B)),
    "crc8-autosar": ("CRC-8/AUTOSAR", Crc(8, 0x2F, 0xFF, False, 0xFF, 0xDF)),
    "crc8-rohc": ("CRC-8/ROHC", Crc(8, 0x07, 0xFF, True, 0, 0xD0)),
    "crc16-arc": ("CRC-16/ARC", Crc(16, 0x8005, 0, True, 0, 0xBB3D)),
    "crc16-ccitt": ("CRC-16/CCITT-FALSE", Crc(16, 0x1021, 0xFFFF, False, 0, 0x29B1)),
    "crc16-kermit": ("CRC-16/KERMIT", Crc(16, 0x1021, 0, True, 0, 0x2189)),
    "crc16-modbus": ("CRC-16/MODBUS", Crc(16, 0x8005, 0xFFFF, True, 0, 0x4B37)),
    "crc16-x25": ("CRC-16/X-25", Crc(16, 0x1021, 0xFFFF, True, 0xFFFF, 0x906E)),
    "crc16-xmodem": ("CRC-16/XMODEM", Crc(16, 0x1021, 0, False, 0, 0x31C3)),
    "crc24q": ("CRC-24Q", Crc(24, 0x864CFB, 0, False, 0, 0xCDE703)),
    "crc32": ("CRC-32", Crc(32, 0x04C11DB7, 0xFFFFFFFF, True, 0xFFFFFFFF, 0xCBF43926)),
    "crc32-mpeg2": ("CRC-32/MPEG-2", Crc(32, 0x04C11DB7, 0xFFFFFFFF, False, 0, 0x0376E6E7)),
    "crc32c": ("CRC-32C", Crc(32, 0x1EDC6F41, 0xFFFFFFFF, True, 0xFFFFFFFF, 0xE3069283)),
}

# Where the standard library has a quick one.
_QUICK: dict[str, Callable[[bytes], int]] = {
    "crc16-ccitt": lambda data: binascii.crc_hqx(data, 0xFFFF),
    "crc16-xmodem": lambda data: binascii.crc_hqx(data, 0),
    "crc32": zlib.crc32,
}
_LOW_BYTE_FIRST = {"crc16-arc", "crc16-kermit", "crc16-modbus", "crc16-x25"}  # as their protocols send them

ALGORITHMS = {
    **{
        name: Algorithm(
            words, crc.width // 8, "little" if name in _LOW_BYTE_FIRST else "big", _QUICK.get(name, crc.work_out)
        )
        for name, (words, crc) in CRCS.items()
    },
    "xor": Algorithm("XOR", 1, "big", xor),
    "sum": Algorithm("sum", 1, "big", partial(total, size=1)),
    "sum16": Algorithm("16-bit sum", 2, "big", partial(total, size=2)),
    "lrc": Algorithm("two’s complement", 1, "big", twos_complement),
    "fletcher16": Algorithm("Fletcher-16", 2, "big", fletcher16),
    "adler32": Algorithm("Adler-32", 4, "big", zlib.adler32),
}
ALGORITHMS["crc16"] = ALGORITHMS["crc16-modbus"]  # as it was called when there was one
