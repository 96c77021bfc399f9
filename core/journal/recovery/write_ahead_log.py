"""What a journal's write-ahead log has for the pages of its file, read without SQLite.

The layout is that of https://www.sqlite.org/fileformat2.html#walformat. SQLite reads a log up to the first
checksum that is wrong. Here checksums are left aside: a log is read in this way only when something is
damaged, and then more is better than nothing.
"""

from __future__ import annotations

import contextlib
from functools import cached_property
from pathlib import Path
from struct import iter_unpack
from typing import BinaryIO

from core.journal.schema import PAGE_SIZES

_LOG_HEAD, _FRAME_HEAD = 32, 24  # bytes
_BIG_ENDIAN = 0x377F0683  # how a log begins whose checksums are made of big-endian numbers; 1 less otherwise
_FIRST_FRAMES = 8  # that show which salt the log has, and how large its pages are, where its head does not
_WORD = 0xFFFFFFFF
_LONGEST = 32 * 1024 * 1024  # bytes of a log that is added up, in about a second


class WriteAheadLog:
    """The latest committed content of each page that is in the log. One thread at a time.

    A log that is not there, or that cannot be read, has none.
    """

    def __init__(self, path: Path, beside: int) -> None:
        """``beside`` is the size of the journal's file, bytes."""
        self.pages = 0  # the highest number of a page in the log
        self._places: dict[int, int] = {}  # page number to where its content begins
        self._frames = range(0)  # where they begin
        self._last_commit = -1  # where its frame begins
        self._head = b""
        self._page_size = PAGE_SIZES[0]
        self._size = 0  # bytes
        self._file: BinaryIO | None = None
        with contextlib.suppress(OSError):
            self._file = path.open("rb", buffering=0)
            self._survey(path.stat().st_size, beside)

    @property
    def is_broken(self) -> bool:
        """Whether a checksum is wrong and something was committed behind it, which SQLite does not read any more.

        A wrong one at the end is no damage: that is what a power cut leaves of the last transaction.
        """
        return self._first_wrong < self._last_commit

    @property
    def is_torn(self) -> bool:
        """Whether it does not end with the end of a transaction: a kill, a power cut or a cut file leaves it so.

        Frames of the log as it was before it was begun anew may lie behind the end; they have other salts.
        """
        step, size = _FRAME_HEAD + self._page_size, self._size
        if size and (not self._has_sound_head or (size - _LOG_HEAD) % step):
            return True
        behind = self._last_commit + step if self._last_commit >= 0 else _LOG_HEAD
        salt, found = self._salt(), self._read(behind, _FRAME_HEAD)[8:16]
        goes_on = bool(found) and (found[:4] == salt[:4] or found[4:] == salt[4:])
        return goes_on or self._first_wrong == self._last_commit >= 0

    @property
    def _order(self) -> str:
        """In which order the bytes of the checksums' numbers are."""
        return ">" if int.from_bytes(self._head[:4], "big") == _BIG_ENDIAN else "<"

    @property
    def _has_sound_head(self) -> bool:
        return len(self._head) == _LOG_HEAD and _stored(self._head[24:]) == _added(self._order, self._head[:24], 0, 0)

    @cached_property
    def _first_wrong(self) -> int:
        """Where the first frame begins whose checksum is wrong, up to the last that ends a transaction, or behind it.

        -1 if that of the log's head is wrong. A log that is very long is taken to be right.
        """
        behind = self._last_commit + 1
        if not 0 <= self._last_commit <= _LONGEST:
            return behind
        if not self._has_sound_head:
            return -1
        order, sums = self._order, _stored(self._head[24:32])
        for place in self._frames:
            if place > self._last_commit:
                break
            frame = self._read(place, _FRAME_HEAD + self._page_size)
            sums = _added(order, frame[:8] + frame[_FRAME_HEAD:], *sums)
            if _stored(frame[16:24]) != sums:
                return place
        return behind

    def page(self, number: int, size: int) -> bytes | None:
        """The page's content; None if the log has none for it."""
        place = self._places.get(number)
        return self._read(place, size) if place is not None else None

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _survey(self, size: int, beside: int) -> None:
        """Note where each page is, transaction by transaction; what was not committed does not count."""
        self._size = size
        self._head = self._read(0, _LOG_HEAD)
        told = int.from_bytes(self._head[8:12], "big")
        sizes = [told] if 512 <= told <= 65536 and told & (told - 1) == 0 else []
        if not (sizes and self._has_sound_head):
            sizes = sorted([*sizes, *PAGE_SIZES], key=lambda each: self._fit(each, beside), reverse=True)
        self._page_size = sizes[0]
        self._frames = self._frames_of(self._page_size)
        salt = self._salt()
        waiting: dict[int, int] = {}
        for place in self._frames:
            frame = self._read(place, _FRAME_HEAD)
            if frame[8:16] != salt:
                continue
            waiting[int.from_bytes(frame[:4], "big")] = place + _FRAME_HEAD
            if any(frame[4:8]):  # the last frame of a transaction
                self._last_commit = place
                self._places |= waiting
                waiting.clear()
        most = (beside + size) // self._page_size + 1  # whoever has a higher number is damaged
        self.pages = max((number for number in self._places if number <= most), default=0)

    def _frames_of(self, page_size: int) -> range:
        """Where the frames begin if pages are of that size."""
        step = _FRAME_HEAD + page_size
        return range(_LOG_HEAD, self._size - step + 1, step)

    def _fit(self, page_size: int, beside: int) -> int:
        """How many of the first frames begin with the number of a page that there may be, if pages are of that size."""
        most = (beside + self._size) // page_size + 1
        numbers = [int.from_bytes(self._read(at, 4), "big") for at in self._frames_of(page_size)[:_FIRST_FRAMES]]
        return sum(0 < number <= most for number in numbers)

    def _salt(self) -> bytes:
        """What the frames have in common since the log was begun anew; older ones lie behind them."""
        if self._has_sound_head:
            return self._head[16:24]
        found = [self._read(place, _FRAME_HEAD)[8:16] for place in self._frames[:_FIRST_FRAMES]]
        return max(found, key=found.count, default=b"")

    def _read(self, place: int, size: int) -> bytes:
        """So many bytes from there; fewer if the disk does not give them."""
        if self._file is None:
            return b""
        try:
            self._file.seek(place)
            return self._file.read(size)
        except OSError:
            return b""


def _added(order: str, data: bytes, one: int, two: int) -> tuple[int, int]:
    """The log's running checksum over eight bytes after eight bytes (section 4.2 of the file format)."""
    for first, second in iter_unpack(f"{order}II", data[: len(data) & ~7]):
        one = one + first + two & _WORD
        two = two + second + one & _WORD
    return one, two


def _stored(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")
