"""What a connection received, as a file: out of the journal, and on as it comes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.clock import monotonic_ns
from core.events import ConnectionId, SessionId
from core.journal.display_row import RECEIVED, Filter
from core.journal.export.files import PartialFile, export_errors, place_for, shown
from core.journal.reading.reader import JournalReader
from core.journal.recording.recorder import Recorder
from core.sending.plan import End, Kept
from core.sending.run import TELL_EVERY_NS, Run, Stopped

_AT_ONCE = 1024  # entries looked at between two looks at whether to stop
_INCOMPLETE = "recording stopped for a time, so some bytes may be missing"


class Keeping(Run):
    """Writes the bytes that one connection received, exactly as they came, beside the target until all is there.

    With ``follow`` all is there when the connection is over or somebody says ``stop``: then the file has what
    came by that time. Without, ``stop`` leaves no file; and ``discard`` never does. What was there is replaced
    at the end, in one step. ``tell`` is called on the run's thread, at most every ``TELL_EVERY`` seconds while
    bytes come, and the last time with an ``end``; it must not block.
    """

    sees_the_end = True

    def __init__(
        self,
        journal: Path,
        session: SessionId,
        connection: ConnectionId,
        target: Path,
        tell: Callable[[Kept], None],
        recorder: Recorder,
        *,
        follow: bool,
    ) -> None:
        super().__init__(f"save to {shown(Path(target.name))}", None)
        self._journal = journal
        self._session = session
        self._connection = connection
        self._only = Filter.of_direction(connection, RECEIVED)
        self._tell = tell
        self._recorder = recorder
        self._follow = follow
        self._discard = False
        self._place = 0  # entries that are done
        self._told_at = 0
        self._latest = Kept(target)

    @property
    def progress(self) -> Kept:
        """How it goes. Any thread."""
        return self._latest

    def discard(self) -> None:
        """End soon and leave no file."""
        self._discard = True
        self.stop()

    # The run's thread.

    def _work(self) -> None:
        target = self._latest.path
        with export_errors(target), contextlib.closing(JournalReader(self._journal)) as reader:
            place = place_for(target)
            file = PartialFile(place.parent)
            try:
                was_stopped = self._follow_to_the_end(reader, file) if self._follow else self._copy(reader, file)
                file.finish()
                self._check()  # a slow disk takes its time for that
                file.keep(place)
            finally:
                file.discard()
        self._latest = replace(self._latest, is_kept=True)
        if was_stopped:
            raise Stopped(End.STOPPED, self._latest.why)

    def _follow_to_the_end(self, reader: JournalReader, file: PartialFile) -> bool:
        """Copy until the connection is over, or until somebody wants the end, which it returns."""
        subscription = self._recorder.subscribe(self.wake)
        try:
            while True:
                journal, is_last, was_stopped = reader.path, self._is_over(reader), self._asked_to_stop
                subscription.drain()
                self._copy(reader, file)
                if is_last or was_stopped:
                    return was_stopped and not is_last
                if reader.path != journal:  # whether it is over stands there since
                    continue
                self._woken.wait()  # not _pause: being stopped is no reason to leave here at once
                self._woken.clear()
        finally:
            subscription.close()

    def _is_over(self, reader: JournalReader) -> bool:
        sql = "SELECT ending FROM connection WHERE connection = ?"
        rows = reader.ask(sql, (self._connection,), ((str, type(None)),))
        return bool(rows) and rows[0][0] is not None

    def _copy(self, reader: JournalReader, file: PartialFile) -> bool:
        """Copy what is recorded by now. Raises ``Stopped`` if nobody wants it."""
        recording = self._recorder.recording
        journal = recording.path
        if journal is not None and journal != reader.path:
            if recording.was_full:  # all that was recorded before is there, and nowhere else
                if recording.moved_from != reader.path:  # one between them was full before anybody looked
                    self._latest = replace(self._latest, why=_INCOMPLETE)
                self._copy_to(reader.count(self._session), reader, file)
                self._place = 0
            reader.follow(journal)
        stop = reader.count(self._session)
        if stop < self._place:  # what was recorded before could not be carried over to the new file
            self._place = 0
        if self._recorder.recording.lost:
            self._latest = replace(self._latest, why=_INCOMPLETE)
        self._check()
        self._copy_to(stop, reader, file)
        return False

    def _copy_to(self, stop: int, reader: JournalReader, file: PartialFile) -> None:
        """Copy up to before that entry."""
        for first in range(self._place, stop, _AT_ONCE):
            last = min(first + _AT_ONCE, stop)
            for row in reader.scan(self._session, first, last, self._only, with_data=True):
                self._check()
                self._write(row[4] or b"", file)
            self._place = last

    def _check(self) -> None:
        if self._discard or (self._asked_to_stop and not self._follow):
            raise Stopped(End.STOPPED, "Cancelled. Nothing was kept.")

    def _write(self, data: bytes, file: PartialFile) -> None:
        file.write(data)
        self._latest = replace(self._latest, size=self._latest.size + len(data))
        now = monotonic_ns()
        if now - self._told_at >= TELL_EVERY_NS:
            self._told_at = now
            self._tell(self._latest)

    def _leave(self, end: End, why: str) -> None:
        self._latest = replace(self._latest, end=end, why=why or self._latest.why)
        self._tell(self._latest)
