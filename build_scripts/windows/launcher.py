"""A ``python.exe`` without a compiler: a program of 64-bit Windows that hands its command line to a Python DLL.

The fields are those of Microsoft's "PE Format" (https://learn.microsoft.com/windows/win32/debug/pe-format). The one
section holds the machine code and, behind it, the table of the functions that Windows looks up for it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

_BASE = 0x1_4000_0000  # where Windows loads the program
_PAGE = 0x1000  # the section begins a page behind it
_SECTOR = 512  # bytes to whose multiple the file's parts are filled
_STACK = _HEAP = (0x10_0000, 0x1000)  # reserved, and used at once
_HEADERS_AT = 64  # behind the header of MS-DOS
_OPTIONAL_SIZE = 240
_DIRECTORIES = 16
_IMPORTS = 1  # the directory that leads to the table of functions
_AMD64, _RUNS, _LARGE_ADDRESSES = 0x8664, 0x0002, 0x0020
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
    return _headers(len(section), imports) + section.ljust(_filled(len(section), _SECTOR), b"\0")


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


def _headers(section_size: int, imports: tuple[int, int]) -> bytes:
    on_disk, in_memory = _filled(section_size, _SECTOR), _filled(section_size, _PAGE)
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", _HEADERS_AT)
    file = b"PE\0\0" + struct.pack("<HHIIIHH", _AMD64, 1, 0, 0, 0, _OPTIONAL_SIZE, _RUNS | _LARGE_ADDRESSES)
    optional = struct.pack("<HBBIIIII", _PE32_PLUS, 14, 0, on_disk, 0, 0, _PAGE, _PAGE)
    optional += struct.pack("<QIIHHHHHHI", _BASE, _PAGE, _SECTOR, 6, 0, 0, 0, 6, 0, 0)
    optional += struct.pack("<IIIHH", _PAGE + in_memory, _SECTOR, 0, _CONSOLE, _FITS_NX | _FITS_TERMINAL_SERVER)
    optional += struct.pack("<4QII", *_STACK, *_HEAP, 0, _DIRECTORIES)
    directories = [(0, 0)] * _DIRECTORIES
    directories[_IMPORTS] = imports
    optional += b"".join(struct.pack("<II", *each) for each in directories)
    sizes = section_size, _PAGE, on_disk, _SECTOR
    section = struct.pack("<8s4IIIHHI", b".text", *sizes, 0, 0, 0, 0, _CODE_READ_WRITE_RUN)
    return (dos + file + optional + section).ljust(_SECTOR, b"\0")
