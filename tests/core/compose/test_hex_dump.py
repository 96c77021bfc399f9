"""Dumps: what tools print becomes the bytes they printed, or is refused."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.compose import Composed, Context, Draft, Format, Misfit, compose
from core.compose.hexadecimal import read_hex
from tests.support.systems import not_installed

some_data = st.binary(min_size=1, max_size=70) | st.text("0123abef |>.<A\0\r", min_size=1, max_size=70).map(str.encode)


def composed(typed: str) -> tuple[bytes, str]:
    message = compose(Draft(typed, Format.HEX), Context())
    assert isinstance(message, Composed), message
    return message.body, message.left_out


def refused(typed: str) -> Misfit:
    message = compose(Draft(typed, Format.HEX), Context())
    assert isinstance(message, Misfit), message
    return message


def shown(data: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)


def rows(data: bytes, size: int, write: Callable[[int, bytes], str]) -> str:
    return "\n".join(write(place, data[place : place + size]) for place in range(0, len(data), size))


def xxd(data: bytes, group: int = 2, size: int = 16) -> str:
    width = 2 * size + size // group
    return rows(data, size, lambda at, row: f"{at:08x}: {row.hex(' ', -group):<{width}} {shown(row)}")


def hexdump_c(data: bytes) -> str:
    """Rows that repeat are a ``*``."""
    lines: list[str] = []
    last = b""
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        if row == last:
            if lines[-1] != "*":
                lines.append("*")
            continue
        last = row
        pairs = f"{row[:8].hex(' ')}  {row[8:].hex(' ')}"
        lines.append(f"{at:08x}  {pairs:<48}  |{shown(row)}|")
    return "\n".join([*lines, f"{len(data):08x}"])


def od(data: bytes, offset: str, *, has_text: bool) -> str:
    def row(at: int, row: bytes) -> str:
        text = f"  >{shown(row)}<" if has_text else ""
        return f"{at:{offset}} {row.hex(' '):<47}{text}".rstrip() if offset else f" {row.hex(' '):<47}{text}".rstrip()

    return rows(data, 16, row) + (f"\n{len(data):{offset}}\n" if offset else "\n")


def wireshark(data: bytes) -> str:
    return rows(data, 16, lambda at, row: f"{at:04x}   {row.hex(' '):<47}   {shown(row)}")


def wireshark_stream(data: bytes) -> str:
    def row(at: int, row: bytes) -> str:
        pairs = f"{row[:8].hex(' ')}  {row[8:].hex(' ')}"
        text = f"{shown(row[:8])} {shown(row[8:])}" if len(row) > 8 else shown(row)
        return f"{at:08x}  {pairs:<48}   {text}"

    return rows(data, 16, row)


def tcpdump(data: bytes, *, has_text: bool = True) -> str:
    def row(at: int, row: bytes) -> str:
        text = f"  {shown(row).replace(' ', '.')}" if has_text else ""
        return f"\t0x{at:04x}:  {row.hex(' ', -2):<39}{text}".rstrip()

    return "09:30:00.123456 IP 127.0.0.1.5000 > 127.0.0.1.6000: Flags [P.], length 4\n" + rows(data, 16, row)


def gdb(data: bytes) -> str:
    return rows(data, 8, lambda at, row: f"0x{0x4010 + at:x} <b+{at}>:\t" + "\t".join(f"0x{byte:02x}" for byte in row))


BOTH, OFFSETS, TEXT = "offsets and text left out", "offsets left out", "text left out"
WRITERS: dict[str, tuple[Callable[[bytes], str], str]] = {
    "xxd": (xxd, BOTH),
    "xxd -g1": (lambda data: xxd(data, 1), BOTH),
    "xxd -g4": (lambda data: xxd(data, 4), BOTH),
    "xxd -g1 -c 7": (lambda data: xxd(data, 1, 7), BOTH),
    "xxd -u": (lambda data: xxd(data, 16), BOTH),
    "hexdump -C": (hexdump_c, BOTH),
    "od -t x1": (lambda data: od(data, "07o", has_text=False), OFFSETS),
    "od -A x -t x1z": (lambda data: od(data, "06x", has_text=True), BOTH),
    "od -A d -t x1z": (lambda data: od(data, "07d", has_text=True), BOTH),
    "od -A n -t x1z": (lambda data: od(data, "", has_text=True), TEXT),
    "od -A n -t x1": (lambda data: od(data, "", has_text=False), ""),
    "Wireshark": (wireshark, BOTH),
    "Wireshark, a stream": (wireshark_stream, BOTH),
    "tcpdump -X": (tcpdump, f"heading, {BOTH}"),
    "tcpdump -x": (lambda data: tcpdump(data, has_text=False), f"heading, {OFFSETS}"),
    "gdb": (gdb, OFFSETS),
}


@pytest.mark.case("C-95")
@pytest.mark.parametrize("tool", WRITERS)
def test_bytes_come_back_from_a_tool_s_dump(tool: str) -> None:
    write, left_out = WRITERS[tool]

    @given(some_data)
    @example(b"\r\nHello|world 41 42\xff\x80")
    @example(bytes(range(256)))
    def check(data: bytes) -> None:
        message = compose(Draft(write(data), Format.HEX), Context())
        if isinstance(message, Misfit):  # two or three bytes, and a text that could be bytes
            assert "could be bytes, or the bytes before it as text" in message.sentence
            assert len(data) % 16 < 4
            return
        assert message.body == data
        assert message.left_out == left_out or not data.strip(b" ")  # where all text is blank there is none

    check()


GOOD = (
    "xxd", "xxd -a", "xxd -p", "xxd -i", "xxd -u -g1", "xxd -g4", "xxd -g8", "xxd -g0", "xxd -c 5", "xxd -d",
    "xxd -o 64", "hexdump -C", "hexdump -C -v", "od -t x1", "od -A x -t x1z", "od -A d -t x1", "od -A n -v -t x1",
    "od -A n -v -t x1z",
)  # fmt: skip
WORDS = (
    "hexdump",
    "hexdump -x",
    "hexdump -o",
    "hexdump -b",
    "od",
    "od -t x2",
    "od -t x4",
    "od -b",
    "od -c",
    "od -t x1c",
)
SAMPLE = b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n" + bytes(range(60)) + bytes(80) + b"abcde\xff"


def printed(command: str, data: bytes) -> str:
    program, *options = command.split()
    path = shutil.which(program)
    if path is None:
        pytest.skip(not_installed(program))
    return subprocess.run([path, *options], input=data, capture_output=True, check=True, timeout=20).stdout.decode()


@pytest.mark.case("C-95")
@pytest.mark.parametrize("command", GOOD)
def test_bytes_come_back_from_the_tool_itself(command: str) -> None:
    for data in (SAMPLE, SAMPLE[:1], SAMPLE[:37], b"\x80\xff"):
        assert composed(printed(command, data))[0] == data


@pytest.mark.case("C-95")
@pytest.mark.parametrize("command", WORDS)
def test_words_and_characters_of_a_tool_are_refused(command: str) -> None:
    for data in (SAMPLE, SAMPLE[:37], b"\x80\xff"):
        refused(printed(command, data))


@pytest.mark.case("C-95")
@pytest.mark.parametrize(
    ("typed", "data", "left_out"),
    [
        ("0000   41 42", b"AB", OFFSETS),
        ("00000010: 2034 32ff 80                              42..", b" 42\xff\x80", BOTH),
        ("00000000: 4142                                     AB", b"AB", BOTH),
        ("00000000  0d 0a 41 |..A|", b"\r\nA", BOTH),
        ("0000 68 65 6c 6c 6f 2c 20 77 hello, w\n0008 6f 72                   or", b"hello, wor", BOTH),
        ("00: 86 80 00 12\n04: 01", b"\x86\x80\x00\x12\x01", OFFSETS),
        ("0x100003f40: 0d 0a 48 65 6c  ..Hel", b"\r\nHel", BOTH),
        ("0B2F:0100  0D 0A 48 65-6C 6C  ..Hell", b"\r\nHell", BOTH),
        ("00000000  41 42 43 44  ABCD\r\n00000004  45 46        EF\r\n", b"ABCDEF", BOTH),
        ("00000000  00 00  |..|\n*\n00000006  41  |A|\n00000007", bytes(6) + b"A", BOTH),
        ("0d 0a  |..|", b"\r\n", TEXT),
        (r"00000000  5c 7b 72 61 6e 64 6f 6d  3a 39 7d  |\{random:9}|", rb"\{random:9}", BOTH),
        ("0001 0000 0006 01 03 0000 000a", bytes.fromhex("00010000000601030000000a"), ""),
        ("0103 00 00 00 0a", bytes.fromhex("01030000000a"), ""),
        ("aabb  ccdd eeff", bytes.fromhex("aabbccddeeff"), ""),
        ("aabb  ccdd\neeff  0011", bytes.fromhex("aabbccddeeff0011"), ""),
        ("0103 0000\n0106 0001", bytes.fromhex("0103000001060001"), ""),
        ("0000 0002\n0004 0006", bytes.fromhex("0000000200040006"), ""),
    ],
)
def test_a_dump_is_its_bytes_and_hex_is_itself(typed: str, data: bytes, left_out: str) -> None:
    assert composed(typed) == (data, left_out)


@pytest.mark.case("C-95")
@pytest.mark.parametrize(
    ("typed", "marked", "why"),
    [
        ("0000 41 42", "0000", "could be an offset or bytes"),
        ("0010   41 42", "0010", "could be an offset or bytes"),
        ("00: 41 42", "00", "could be an offset or bytes"),
        ("0d0a: 41 42", "0d0a", "could be an offset or bytes"),
        ("0d0a414 42", "4", "half a byte"),
        ("0d0a4  42", "0d0a4", "could be an offset or bytes"),
        ("00000000: 4142  AB", "  AB", "could be bytes, or the bytes before it as text"),
        ("00000000: 4142 43  ABX", "ABX", "not the text"),
        ("0000   41 42\n0003   43", "0003", "2 bytes stand before it"),
        ("0000   41 42\n0000   43", "0000", "Another dump"),
        ("00000000: 4142  AB\n00000002: 43    C\nend", "end", "no row"),
        ("00000000  41 42 |AB|\n*", "*", "says how many"),
        ("00000000  41 42 |AB|\n*\n00000005", "00000005", "not the next offset"),
        ("0000000 00 00\n*\n0000020", "00 00", "hex, decimal or octal"),
        ("41 42\n00000000: 4142", "00000000: ", "A dump begins here"),
        ("0000000 0a0d 6548", "0a0d 6548", "words"),
        ("00000000:     b113                             ..", "b113                             ..", "words"),
        ("0x4010 <b>:\t0x0a0d\t0x6548", "0x0a0d\t0x6548", "words"),
        ("0x4010 <b>:\t13\t10\t72", "13\t10\t72", "not hex"),
        ("0000000  48  49\n0000002", "48  49", "could be decimal"),
        ("0000000  34\n0000001", "34", "could be decimal"),
        ("000010   46\r\n000011", "46", "could be decimal"),
        ("00000000: 10011111 01010110", "10011111 01010110", "could be bits"),
        ("0000000  48  49  32  50  >01 2<\n0000004", "48  49  32  50  >01 2<", "could be decimal"),
        ("00000000: " + "41 " * 700, None, "too long"),
    ],
)
def test_what_is_no_sure_dump_is_refused_at_its_place(typed: str, marked: str | None, why: str) -> None:
    misfit = refused(typed)

    assert why in misfit.sentence
    assert typed[misfit.start : misfit.stop].strip() == (typed if marked is None else marked).strip()


def test_what_a_star_stands_for_is_not_made_beyond_the_limit() -> None:
    misfit = refused("00000000  00 |.|\n*\n7fffffff")

    assert "2,147,483,647 bytes or more" in misfit.sentence


def test_a_mebibyte_of_a_dump_is_its_bytes() -> None:
    data = bytes(range(256)) * 4096

    assert read_hex(hexdump_c(data), len(data)).parts == [data]
