"""Checksums of bytes.

CRC-32 comes from zlib. CRC-16/Modbus has no place in the standard library (``binascii.crc_hqx`` is the polynomial
of XMODEM, and not reflected); the packages that have it (crccheck, crcmod, fastcrc) bring tens of algorithms, and
the last two compiled code for every platform, for what is a table of ten lines here.
Held against the check values of the catalogue of parametrised CRC algorithms (reveng).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A checksum of ``size`` bytes, and the order in which those usually go out."""

    size: int
    order: Literal["big", "little"]
    work_out: Callable[[bytes], int]


def crc16_modbus(data: bytes) -> int:
    """CRC-16/MODBUS: polynomial 0x8005 reflected, from 0xFFFF. About 0.1 s for a MiB."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC16[(crc ^ byte) & 0xFF]
    return crc


def crc32(data: bytes) -> int:
    """CRC-32/ISO-HDLC: that of Ethernet, zip and PNG."""
    return zlib.crc32(data)


def xor(data: bytes) -> int:
    """All bytes combined by exclusive or, also called LRC or BCC; NMEA 0183 has it."""
    folded, size = int.from_bytes(data, "little"), len(data)
    while size > 1:  # halves on top of each other, which leaves most of the work to big integers
        half = (size + 1) // 2
        folded = (folded >> 8 * half) ^ (folded & (1 << 8 * half) - 1)
        size = half
    return folded


def sum8(data: bytes) -> int:
    """The last 8 bits of the sum of all bytes."""
    return sum(data) & 0xFF


def _crc16_of(byte: int) -> int:
    for _bit in range(8):
        byte = (byte >> 1) ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC16 = tuple(_crc16_of(byte) for byte in range(256))

ALGORITHMS = {
    "crc16": Algorithm(2, "little", crc16_modbus),
    "crc32": Algorithm(4, "big", crc32),
    "xor": Algorithm(1, "big", xor),
    "sum": Algorithm(1, "big", sum8),
}
