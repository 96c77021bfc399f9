"""What a journal's write-ahead log has for the pages of its file, read without SQLite.

The layout is that of https://www.sqlite.org/fileformat2.html#walformat. Checksums are left aside: a log is
looked at in this way only when something is damaged, and then more is better than nothing.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import BinaryIO

_LOG_HEAD, _FRAME_HEAD = 32, 24  # bytes


class WriteAheadLog:
    """The latest committed content of each page that is in the log. One thread at a time.

    A log that is not there, or that cannot be read, has none.
    """

    def __init__(self, path: Path, beside: int) -> None:
        """``beside`` is the size of the journal's file, bytes."""
        self.pages = 0  # the highest number of a page in the log
        self._places: dict[int, int] = {}  # page number to where its content begins
        self._file: BinaryIO | None = None
        with contextlib.suppress(OSError):
            self._file = path.open("rb", buffering=0)
            self._survey(path.stat().st_size, beside)

    def page(self, number: int, size: int) -> bytes | None:
        """The page's content; None if the log has none for it."""
        place = self._places.get(number)
        if place is None or self._file is None:
            return None
        try:
            self._file.seek(place)
            return self._file.read(size)
        except OSError:
            return None

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _survey(self, size: int, beside: int) -> None:
        """Note where each page is, transaction by transaction; what was not committed does not count."""
        assert self._file is not None
        head = self._file.read(_LOG_HEAD)
        page_size = int.from_bytes(head[8:12], "big")
        if not 512 <= page_size <= 65536:
            page_size = 4096
        places = range(_LOG_HEAD, size - _FRAME_HEAD - page_size + 1, _FRAME_HEAD + page_size)
        salt = self._salt(head, places[:2])
        waiting: dict[int, int] = {}
        for place in places:
            frame = self._frame(place)
            if frame[8:16] != salt:
                continue
            waiting[int.from_bytes(frame[:4], "big")] = place + _FRAME_HEAD
            if any(frame[4:8]):  # the last frame of a transaction
                self._places |= waiting
                waiting.clear()
        most = (beside + size) // page_size + 1  # whoever has a higher number is damaged
        self.pages = max((number for number in self._places if number <= most), default=0)

    def _frame(self, place: int) -> bytes:
        assert self._file is not None
        self._file.seek(place)
        return self._file.read(_FRAME_HEAD)

    def _salt(self, head: bytes, first: range) -> bytes:
        """What the frames have in common since the log was begun anew; older ones lie behind them."""
        found = [head[16:24], *(self._frame(place)[8:16] for place in first)]
        return max(found, key=found.count)
