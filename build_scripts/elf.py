"""Compiled files of Linux without the folders in which they look for libraries on the machine that built them."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

_SIXTY_FOUR_BITS = b"\x7fELF\2\1"  # and the lowest byte first: every processor that Tincan is built for
_PROGRAM_HEADERS, _THEIR_SIZE = (
    32,
    54,
)  # where the head of a file says where they begin, and how large and many they are
_DYNAMIC = 2  # PT_DYNAMIC: a segment of pairs of a tag and a value
_SEARCH_PATHS = (15, 29)  # DT_RPATH, DT_RUNPATH


def copied_without_search_path(rows: Iterable[tuple[str, str, str]], folder: Path) -> list[tuple[str, str, str]]:
    """PyInstaller's rows of compiled files (destination, source, kind), their sources copied into ``folder``."""
    copied = []
    for destination, source, kind in rows:
        if kind in ("BINARY", "EXTENSION"):
            copy = folder / destination
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(without_search_path(Path(source).read_bytes()))
            source = str(copy)
        copied.append((destination, source, kind))
    return copied


def without_search_path(content: bytes) -> bytes:
    """A compiled file without DT_RPATH and DT_RUNPATH. The size stays; other files come back as they are.

    A packed program finds its libraries by where it lies. A folder of the machine that built it might belong to
    anybody on the machine that runs it.
    """
    if not content.startswith(_SIXTY_FOUR_BITS):
        return content
    (begin,) = struct.unpack_from("<Q", content, _PROGRAM_HEADERS)
    size, count = struct.unpack_from("<HH", content, _THEIR_SIZE)
    for header in range(begin, begin + size * count, size):
        kind, _flags, at, _virtual, _physical, length = struct.unpack_from("<IIQQQQ", content, header)
        if kind == _DYNAMIC:
            pairs = struct.iter_unpack("<qQ", content[at : at + length])
            kept = b"".join(struct.pack("<qQ", tag, value) for tag, value in pairs if tag not in _SEARCH_PATHS)
            return content[:at] + kept.ljust(length, b"\0") + content[at + length :]
    return content
