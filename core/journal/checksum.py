"""The checksum of the entries that one transaction added to a journal.

It is the Adler-32 of four numbers, four bytes each, little-endian. Three are an Adler-32 themselves, in the order of
the entries: of ``data``, one behind the other; of ``connection``, eight bytes each, little-endian, 0 where there is
none; and of texts in UTF-8, each followed by a NUL: the ``detail`` of an entry with data that has one, and ``kind``,
``note``, ``detail`` and ``failure`` (0 or 1) of an entry without. The fourth is how many entries are 'sent'.

Adler-32 finds every
flipped bit as CRC-32 does, and takes a third of its time, which here is the time that recording has.
Time stamps need none: what ``wall_ns`` has more than ``mono_ns`` is the same in all entries of a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from struct import Struct, pack
from zlib import adler32


class Checksum:
    """Added up portion by portion; how the entries are portioned makes no difference."""

    def __init__(self) -> None:
        self._data = self._connections = self._texts = 1
        self._sent = 0

    def add(self, data: Iterable[bytes], connections: Sequence[int], sent: int, texts: Iterable[str] = ()) -> None:
        """Take in the next entries: the data and the texts that they have, a connection for each, how many are sent."""
        self._sent += sent
        self._data = adler32(b"".join(data), self._data)
        self._connections = adler32(_packed(len(connections))(*connections), self._connections)
        for text in texts:
            self._texts = adler32(f"{text}\0".encode("utf-8", "surrogatepass"), self._texts)

    @property
    def value(self) -> int:
        """Of all that was taken in."""
        return adler32(pack("<4I", self._data, self._connections, self._texts, self._sent))


@lru_cache(maxsize=256)
def _packed(count: int) -> Callable[..., bytes]:
    """What packs so many numbers."""
    return Struct(f"<{count}q").pack
