"""The thread that works out the figures of a session from its journal, while that is being written or later."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.clock import monotonic
from core.events import ConnectionId, SessionId
from core.journal.display_row import DATA_KINDS, SENT
from core.journal.reading.figures import Figures, Tally
from core.journal.reading.indexing import Counting
from core.journal.reading.lens import FrameScanner, Lens, Mark
from core.journal.reading.reader import Entry, JournalReader
from core.journal.reading.runs import who_has
from core.supervision import Worker

TELL_EVERY = 0.5  # seconds
_AT_ONCE = 512  # entries
_BYTES_AT_ONCE = 64 * 1024  # about, where messages are cut out of them: 2 ms, in which Tk waits at every call
_REST, _LIVE_REST = 1.0, 9.0  # times as long as the last look took: of what stands still, and of what grows
_LIVE = 1.0  # seconds without more to count after which it stands still
_AT_FIRST = 0.2  # seconds after the first look, in which whoever asked can show what it found


class FigureCounter:
    """Counts a session's messages under a lens, piece by piece, with a reader of its own. One thread."""

    def __init__(self, reader: JournalReader, session: SessionId, lens: Lens, *, dials: bool) -> None:
        self.entries = lens.since  # up to before which is counted
        self._reader, self._session, self._lens = reader, session, lens
        self._scanner = FrameScanner(lens, Mark(lens.since, 0), reader.number_of)
        self._tally = Tally(dials=dials)

    def advance(self, stop: int) -> None:
        """Count on, at most up to before entry ``stop``. Raises ``JournalError``."""
        stop = min(stop, self.entries + _AT_ONCE)
        self.entries = self._add_calls(stop) if self._lens.is_raw else self._add_frames(stop)

    def figures(self) -> Figures:
        """What was counted so far. Raises ``JournalError``."""
        found, number_of = self._tally.figures(self.entries), self._reader.number_of
        named = (one._replace(number=number_of(ConnectionId(one.number)) or 0) for one in found.connections)
        return replace(found, connections=tuple(named))

    def _add_calls(self, stop: int) -> int:
        """Each entry with bytes is a message."""
        add = self._tally.add
        for _ordinal, connection, kind, size, _data, mono_ns in self._reader.scan(
            self._session, self.entries, stop, self._lens.only, with_data=False
        ):
            if kind in DATA_KINDS:
                add(connection, is_sent=kind == SENT, sizes=(size,), mono_ns=mono_ns)
        return stop

    def _add_frames(self, stop: int) -> int:
        """A message is a frame, which may lie in several entries: it counts when the last of them came."""
        for entry in self._some_entries(stop):
            for kind, sizes in self._scanner.sizes(entry):
                self._tally.add(entry.connection, is_sent=kind == SENT, sizes=sizes, mono_ns=entry.mono_ns)
        return self._passed

    def _some_entries(self, stop: int) -> Iterator[Entry]:
        pieces = self._reader.pieces_of(
            self._session, self.entries, stop, self._lens.fetch, count=_AT_ONCE, size=_BYTES_AT_ONCE
        )
        size = 0
        for ordinal, stream, data, mono_ns in zip(*pieces, strict=True):
            connection, kind = who_has(stream)
            size += len(data)
            yield Entry(self._session, ordinal, connection, None, kind, 0, mono_ns, data, len(data), "", False)
        self._passed = pieces.ordinals[-1] + 1 if size > _BYTES_AT_ONCE else stop


class Measurer(Counting):
    """Works figures out as far as it is told to. Every method is for any thread and returns at once.

    ``tell`` gets what is known by now, after the first look, which is short, and then at most every ``TELL_EVERY``
    seconds or so; ``fail`` gets a sentence if the journal cannot be read. Both are called on the measurer's thread. It
    rests between its looks, so that it takes no more than a tenth of a core while the journal grows.
    """

    def __init__(
        self,
        path: Path,
        session: SessionId,
        lens: Lens,
        *,
        dials: bool,
        tell: Callable[[Figures], None],
        fail: Callable[[str], None],
    ) -> None:
        super().__init__(lens.since, fail)
        self._tell = tell
        run = partial(self._run, path, session, lens, dials)
        self._worker = Worker(run, f"figures of session {session}", self._failed, daemon=True).begin()

    def _run(self, path: Path, session: SessionId, lens: Lens, dials: bool) -> None:
        with contextlib.closing(JournalReader(path, lambda: self._closed)) as reader:
            counter, told = FigureCounter(reader, session, lens, dials=dials), 0.0
            known, grew = 0, -_LIVE  # how far there was something to count, and when there was more of it last
            least = _AT_FIRST  # seconds to rest
            while (goal := self._next_goal(counter.entries)) is not None:
                began = monotonic()
                counter.advance(goal)
                took, is_all = monotonic() - began, counter.entries >= goal
                if is_all or monotonic() - told > TELL_EVERY:
                    told = monotonic()
                    self._tell(counter.figures())
                grew, known = began if 0 < known < goal else grew, goal
                least = TELL_EVERY if is_all else least  # what trickles in is counted together
                self._rest(max(least, took * (_LIVE_REST if began - grew < _LIVE else _REST)))
                least = 0.0

    def _rest(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed, seconds)
