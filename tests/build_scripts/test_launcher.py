"""The programs for Windows that need no compiler, read as Windows reads them."""

from __future__ import annotations

import struct

from build_scripts.windows.launcher import exported, forwarding_library, launcher

PROGRAM = launcher("python311.dll")
PAGE = 0x1000


def text_at(address: int) -> str:
    """The name at an address of the loaded section."""
    at = address - PAGE + 512
    return PROGRAM[at : PROGRAM.index(b"\0", at)].decode()


def numbers_at(address: int, form: str) -> tuple[int, ...]:
    return struct.unpack_from(form, PROGRAM, address - PAGE + 512)


def functions(lookup: int) -> list[str]:
    """The names that a table of 64-bit addresses leads to; two bytes in front of each are a hint."""
    found = []
    while entry := numbers_at(lookup, "<Q")[0]:
        found.append(text_at(entry + 2))
        lookup += 8
    return found


def test_it_has_the_form_of_a_program_for_64_bit_windows() -> None:
    (headers,) = struct.unpack_from("<I", PROGRAM, 60)
    machine, sections = struct.unpack_from("<HH", PROGRAM, headers + 4)
    (kind,) = struct.unpack_from("<H", PROGRAM, headers + 24)

    assert PROGRAM[:2] == b"MZ"
    assert PROGRAM[headers : headers + 4] == b"PE\0\0"
    assert (machine, sections, kind) == (0x8664, 1, 0x20B)
    assert len(PROGRAM) % 512 == 0


def test_windows_finds_each_function_where_the_code_calls_it() -> None:
    (headers,) = struct.unpack_from("<I", PROGRAM, 60)
    at, size = struct.unpack_from("<II", PROGRAM, headers + 24 + 112 + 8)
    wanted: dict[int, str] = {}
    for row in range(at, at + size - 20, 20):
        lookup, _, _, name, addresses = numbers_at(row, "<5I")
        names = functions(lookup)
        assert functions(addresses) == names
        wanted |= {addresses + 8 * number: f"{text_at(name)} {each}" for number, each in enumerate(names)}
    code, called, place = PROGRAM[512:], [], 0
    while (place := code.find(b"\xff\x15", place)) >= 0 and PAGE + place < at:
        (distance,) = struct.unpack_from("<i", code, place + 2)
        called.append(wanted[PAGE + place + 6 + distance])
        place += 6

    assert called == [
        "KERNEL32.dll GetCommandLineW",
        "SHELL32.dll CommandLineToArgvW",
        "python311.dll Py_Main",
        "KERNEL32.dll ExitProcess",
    ]


def test_a_forwarding_library_has_each_name_in_order_and_says_where_it_is() -> None:
    targets = {"Second": "other.Its", "First": "ADVAPI32.SystemFunction036", "Third": "other.Third"}
    library = forwarding_library("mine.dll", targets)
    (headers,) = struct.unpack_from("<I", library, 60)
    (flags,) = struct.unpack_from("<H", library, headers + 22)
    at, size = struct.unpack_from("<II", library, headers + 24 + 112)
    end = library.index(b"\0", (name := struct.unpack_from("<I", library, at - PAGE + 512 + 12)[0]) - PAGE + 512)
    addresses = struct.unpack_from("<3I", library, at - PAGE + 512 + 40)

    assert flags & 0x2000, "it is no DLL"
    assert library[name - PAGE + 512 : end] == b"mine.dll"
    assert exported(library) == ["First", "Second", "Third"]
    for function, address in zip(sorted(targets), addresses, strict=True):
        place = address - PAGE + 512
        assert at <= address < at + size, "what lies outside the directory is code, and no name"
        assert library[place : library.index(b"\0", place)].decode() == targets[function]
