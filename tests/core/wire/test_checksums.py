"""Checksums, checked against what others have published and against their definitions."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.wire.checksums import ALGORITHMS, CRCS, Crc, xor


@pytest.mark.parametrize(
    ("name", "data", "published"),
    [
        pytest.param("crc16", bytes.fromhex("00 12 34 ab cd ef"), 0xD4D2, id="CRC-16/MODBUS, modbus-crc"),
        pytest.param("crc16", bytes.fromhex("01 03 00 00 00 0a"), 0xCDC5, id="reading ten registers of unit 1"),
        pytest.param("crc16", b"", 0xFFFF, id="CRC-16 of nothing"),
        pytest.param("xor", b"GPGLL,5300.97914,N,00259.98174,E,125926,A", 0x28, id="an NMEA sentence"),
        pytest.param("xor", b"GPRMC,155123.000,A,4043.8432,N,07359.7653,W,0.15,83.25,200407,,", 0x28, id="another one"),
        pytest.param("sum", b"123456789", 0xDD, id="sum"),
        pytest.param("sum16", b"123456789", 0x01DD, id="sum of 16 bits"),
        pytest.param("lrc", bytes.fromhex("0300300002337a"), 0x1E, id="Intel HEX, a record of Wikipedia's"),
        pytest.param("lrc", bytes.fromhex("010300000001"), 0xFB, id="Modbus ASCII"),
        pytest.param("fletcher16", b"abcde", 0xC8F0, id="Fletcher-16, Wikipedia's"),
        pytest.param("fletcher16", b"abcdefgh", 0x0627, id="Fletcher-16, another one"),
        pytest.param("adler32", b"Wikipedia", 0x11E60398, id="Adler-32, Wikipedia's"),
    ],
)
def test_checksums_are_those_that_others_have_published(name: str, data: bytes, published: int) -> None:
    assert ALGORITHMS[name].work_out(data) == published


@pytest.mark.parametrize("name", CRCS)
def test_each_crc_has_the_check_value_of_the_catalogue(name: str) -> None:
    crc = CRCS[name][1]
    assert crc.work_out(b"123456789") == crc.check


@given(st.sampled_from(sorted(CRCS)), st.binary())
def test_a_crc_by_its_table_or_the_standard_library_is_that_of_the_shift_register(name: str, data: bytes) -> None:
    assert ALGORITHMS[name].work_out(data) == _bit_by_bit(CRCS[name][1], data)


@pytest.mark.parametrize("name", CRCS)
def test_a_crc_of_many_bytes_is_that_of_the_shift_register(name: str) -> None:
    crc = CRCS[name][1]
    for size in (512, 513, 514, 767, 1_024, 1_025, 2_047):
        data = random.Random(size).randbytes(size)
        assert crc.work_out(data) == _bit_by_bit(crc, data)


def test_fletcher_of_many_bytes_is_that_of_two_sums_that_never_pass_254() -> None:
    data, first, second = b"\xff\xfe" * 5_000 + bytes(range(256)), 0, 0
    for byte in data:
        first = (first + byte) % 255
        second = (second + first) % 255

    assert ALGORITHMS["fletcher16"].work_out(data) == second << 8 | first


def _bit_by_bit(crc: Crc, data: bytes) -> int:
    """As the catalogue defines it."""
    value, top = crc.start, 1 << crc.width - 1
    for byte in data:
        for place in range(8):
            bit = byte >> (place if crc.is_reflected else 7 - place) & 1
            is_carried = bool(value & top) ^ bit
            value = value << 1 & 2 * top - 1 ^ (crc.polynomial if is_carried else 0)
    return (int(f"{value:0{crc.width}b}"[::-1], 2) if crc.is_reflected else value) ^ crc.final


@given(st.binary())
def test_xor_by_halves_is_xor_byte_by_byte(data: bytes) -> None:
    slowly = 0
    for byte in data:
        slowly ^= byte

    assert xor(data) == slowly
