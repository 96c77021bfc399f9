"""The checksum of the entries that one transaction added to a journal.

It is the CRC-32 of four others, four bytes each, little-endian. These are, in the order of the entries, of
``data``, one behind the other; of ``connection``, eight bytes each, little-endian, 0 where there is none; of ``kind``,
one behind the other; and, each followed by a NUL, of the ``detail`` of an entry with data that has one, and of
``note``, ``detail`` and ``failure`` (0 or 1) of an entry without. Texts are in UTF-8.
Time stamps need none: what ``wall_ns`` has more than ``mono_ns`` is the same in all entries of a transaction.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from struct import pack
from zlib import crc32


class Checksum:
    """Added up portion by portion; how the entries are portioned makes no difference."""

    def __init__(self) -> None:
        self._data = self._connections = self._kinds = self._texts = 0

    def add(
        self, data: Iterable[bytes], connections: Sequence[int], kinds: Iterable[str], texts: Iterable[str] = ()
    ) -> None:
        """Take in the next entries: the data and the texts that they have, a connection and a kind for each."""
        numbers = array("q", connections)
        if sys.byteorder == "big":
            numbers.byteswap()
        self._data = crc32(b"".join(data), self._data)
        self._connections = crc32(numbers, self._connections)
        self._kinds = crc32("".join(kinds).encode("utf-8", "surrogatepass"), self._kinds)
        for text in texts:
            self._texts = crc32(f"{text}\0".encode("utf-8", "surrogatepass"), self._texts)

    @property
    def value(self) -> int:
        """Of all that was taken in."""
        return crc32(pack("<4I", self._data, self._connections, self._kinds, self._texts))
