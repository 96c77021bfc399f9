"""The checksum of the entries that one transaction added to a journal.

It covers, in the order of the entries: the bytes of ``data`` of all entries, one behind the other; the
``connection`` of each as eight bytes, little-endian, 0 where there is none; and in UTF-8, each followed by
a NUL, the ``detail`` of an entry with data that has one, and of every other entry its ``kind``, ``note``,
``detail`` and ``failure`` (0 or 1). Each of the three has a CRC-32 of its own; the checksum is the CRC-32 of
these three, four bytes each, little-endian. Time stamps need none: what ``wall_ns`` has more than
``mono_ns`` is the same in all entries of a transaction.
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
        self._data = self._connections = self._texts = 0

    def add(self, data: Iterable[bytes], connections: Sequence[int], texts: Iterable[str] = ()) -> None:
        """Take in the next entries: the data and the texts that they have, and a connection for each."""
        numbers = array("q", connections)
        if sys.byteorder == "big":
            numbers.byteswap()
        self._data = crc32(b"".join(data), self._data)
        self._connections = crc32(numbers, self._connections)
        for text in texts:
            self._texts = crc32(f"{text}\0".encode("utf-8", "surrogatepass"), self._texts)

    @property
    def value(self) -> int:
        """Of all that was taken in."""
        return crc32(pack("<3I", self._data, self._connections, self._texts))
