"""Programs of 64-bit Windows without a compiler: a ``python.exe`` that hands its command line to a Python DLL, and a
DLL that hands on the functions of others.

The fields are those of Microsoft's "PE Format" (https://learn.microsoft.com/windows/win32/debug/pe-format). The one
section holds the machine code, if there is any, and behind it a table: of the functions that Windows looks up for the
program, or of those that the DLL has.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

_BASE, _DLL_BASE = 0x1_4000_0000, 0x1_8000_0000  # where Windows loads a program and a DLL
_PAGE = 0x1000  # the section begins a page behind it
_SECTOR = 512  # bytes to whose multiple the file's parts are filled
_STACK = _HEAP = (0x10_0000, 0x1000)  # reserved, and used at once
_HEADERS_AT = 64  # behind the header of MS-DOS
_OPTIONAL_SIZE = 240
_DIRECTORIES = 16
_EXPORTS, _IMPORTS = 0, 1  # the directories that lead to the tables of functions
_AMD64, _RUNS, _LARGE_ADDRESSES, _IS_DLL = 0x8664, 0x0002, 0x0020, 0x2000
_PE32_PLUS, _CONSOLE = 0x20B, 3
_FITS_NX, _FITS_TERMINAL_SERVER = 0x0100, 0x8000
_CODE_READ_WRITE_RUN = 0xE000_0020

# Each step is machine code, or a function that is called. The call leaves its answer in RAX; arguments go in RCX, RDX.
_STEPS: tuple[bytes | str, ...] = (
    b"\x48\x83\xec\x38",  # sub rsp, 56: room for the functions called and for argc at rsp+40, aligned to 16
    "GetCommandLineW",
    b"\x48\x89\xc1\x48\x8d\x54\x24\x28",  # mov rcx, rax; lea rdx, [rsp+40]
    "CommandLineToArgvW",
    b"\x8b\x4c\x24\x28\x48\x89\xc2",  # mov ecx, [rsp+40]; mov rdx, rax
    "Py_Main",
    b"\x89\xc1",  # mov ecx, eax
    "ExitProcess",
)
_CALL = 6  # bytes: FF 15, and how far away the function's address stands


def launcher(python_dll: str) -> bytes:
    """The program, for a DLL of Python that lies beside it, for example ``python311.dll``."""
    functions = {
        "KERNEL32.dll": ("GetCommandLineW", "ExitProcess"),
        "SHELL32.dll": ("CommandLineToArgvW",),
        python_dll: ("Py_Main",),
    }
    code_size = sum(_CALL if isinstance(step, str) else len(step) for step in _STEPS)
    table_at = _PAGE + _filled(code_size, 16)
    table, addresses = _import_table(functions, table_at)
    section = _code(addresses).ljust(table_at - _PAGE, b"\0") + table
    imports = table_at, 20 * (len(functions) + 1)
    return _image(section, _BASE, {_IMPORTS: imports}, entry=_PAGE)


def forwarding_library(name: str, targets: Mapping[str, str]) -> bytes:
    """A DLL whose functions are those of others: for each the other DLL and the name there, ``ADVAPI32.Function``."""
    functions = sorted(targets)  # Windows looks for a name by halving
    count = len(functions)
    tables = [_PAGE + 40 + size * count for size in (0, 4, 8)]  # addresses, names, numbers of the addresses
    strings = bytearray()

    def placed(text: str) -> int:
        return _PAGE + 40 + 10 * count + _added(strings, text.encode() + b"\0")

    directory = struct.pack("<IIHH7I", 0, 0, 0, 0, placed(name), 1, count, count, *tables)
    addresses = [placed(targets[function]) for function in functions]
    names = [placed(function) for function in functions]
    section = directory + struct.pack(f"<{2 * count}I{count}H", *addresses, *names, *range(count)) + strings
    # A function whose address lies within the directory is a forwarded one.
    return _image(section, _DLL_BASE, {_EXPORTS: (_PAGE, len(section))}, kind=_IS_DLL)


def exported(dll: bytes) -> list[str]:
    """The names of the functions and data that a DLL has for others."""
    (headers,) = struct.unpack_from("<I", dll, 60)
    (count,) = struct.unpack_from("<H", dll, headers + 6)
    sections = [struct.unpack_from("<4I", dll, headers + 24 + _OPTIONAL_SIZE + 40 * each + 8) for each in range(count)]

    def in_file(address: int) -> int:
        (move,) = (offset - at for size, at, _, offset in sections if at <= address < at + size)
        return address + int(move)

    (directory,) = struct.unpack_from("<I", dll, headers + 24 + 112)
    named, _, names = struct.unpack_from("<3I", dll, in_file(directory) + 24)
    places = map(in_file, struct.unpack_from(f"<{named}I", dll, in_file(names)))
    return [dll[place : dll.index(b"\0", place)].decode() for place in places]


def _image(
    section: bytes, base: int, directories: Mapping[int, tuple[int, int]], entry: int = 0, kind: int = 0
) -> bytes:
    headers = _headers(len(section), base, directories, entry, kind)
    return headers + section.ljust(_filled(len(section), _SECTOR), b"\0")


def _filled(size: int, unit: int) -> int:
    return -(-size // unit) * unit


def _import_table(functions: Mapping[str, Sequence[str]], at: int) -> tuple[bytes, dict[str, int]]:
    """The table, if it is loaded at ``at``, and where each function's address will stand."""
    names_at = at + 20 * (len(functions) + 1)
    names, rows, slots = bytearray(), bytearray(), dict[str, int]()
    for dll, called in functions.items():
        hints = [_added(names, b"\0\0" + name.encode() + b"\0") for name in called]
        pointers = struct.pack(f"<{len(hints) + 1}Q", *(names_at + hint for hint in hints), 0)
        lookup, address = _added(names, pointers), _added(names, pointers)
        label = _added(names, dll.encode() + b"\0")
        rows += struct.pack("<5I", names_at + lookup, 0, 0, names_at + label, names_at + address)
        slots |= {name: names_at + address + 8 * number for number, name in enumerate(called)}
    return bytes(rows + bytes(20) + names), slots


def _added(data: bytearray, more: bytes) -> int:
    """Put ``more`` at the end, at a place that any of these may have, and say where it is."""
    data += bytes(-len(data) % 8)
    data += more
    return len(data) - len(more)


def _code(addresses: dict[str, int]) -> bytes:
    code = bytearray()
    for step in _STEPS:
        if isinstance(step, bytes):
            code += step
        else:
            code += b"\xff\x15" + struct.pack("<i", addresses[step] - (_PAGE + len(code) + _CALL))
    return bytes(code)


def _headers(section_size: int, base: int, directories: Mapping[int, tuple[int, int]], entry: int, kind: int) -> bytes:
    on_disk, in_memory = _filled(section_size, _SECTOR), _filled(section_size, _PAGE)
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", _HEADERS_AT)
    flags = _RUNS | _LARGE_ADDRESSES | kind
    file = b"PE\0\0" + struct.pack("<HHIIIHH", _AMD64, 1, 0, 0, 0, _OPTIONAL_SIZE, flags)
    optional = struct.pack("<HBBIIIII", _PE32_PLUS, 14, 0, on_disk, 0, 0, entry, _PAGE)
    optional += struct.pack("<QIIHHHHHHI", base, _PAGE, _SECTOR, 6, 0, 0, 0, 6, 0, 0)
    optional += struct.pack("<IIIHH", _PAGE + in_memory, _SECTOR, 0, _CONSOLE, _FITS_NX | _FITS_TERMINAL_SERVER)
    optional += struct.pack("<4QII", *_STACK, *_HEAP, 0, _DIRECTORIES)
    optional += b"".join(struct.pack("<II", *directories.get(each, (0, 0))) for each in range(_DIRECTORIES))
    sizes = section_size, _PAGE, on_disk, _SECTOR
    section = struct.pack("<8s4IIIHHI", b".text", *sizes, 0, 0, 0, 0, _CODE_READ_WRITE_RUN)
    return (dos + file + optional + section).ljust(_SECTOR, b"\0")
