"""One session of one journal under one lens, as the transcript shows it. No tkinter.

Rows are read on the window's thread when they come into view; the rows that a lens makes of a long session are
counted on a thread of its own.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue

from core.clock import monotonic
from core.errors import JournalError
from core.events import SessionId
from core.journal.display_row import DisplayRow
from core.journal.reading import recorded
from core.journal.reading.indexing import Indexer
from core.journal.reading.lens import RAW, Lens
from core.journal.reading.lens_view import Growth, LensView
from core.journal.reading.reader import JournalReader
from core.journal.search.hits import Hit
from core.roles import Role
from core.wire.framing import make_splitter
from core.wire.splitting import Envelope
from core.words import sentence
from gui.viewmodels.rows import Callbacks, Spot

MUCH = 10_000  # entries to count
TELL_EVERY = 0.2  # seconds while there is so much
MOST_CALLS = 8_192  # of one message that are looked through for hits: some milliseconds


@dataclass(frozen=True, slots=True)
class OpenJournal:
    """A journal file and the window's own reader of it."""

    path: Path
    reader: JournalReader


class OpenConversation:
    """One session of one journal under one lens: a ``gui.viewmodels.rows.Conversation``. The window's thread."""

    def __init__(self, journal: OpenJournal, session: SessionId, role: Role, lens: Lens, callbacks: Callbacks) -> None:
        self.journal = journal
        self.session = session  # within the journal
        self.role = role
        self.lens = lens
        self.version = 0
        self.is_broken = False  # whether no more of it will be counted, since something went wrong
        self._callbacks = callbacks
        self._lens_view = LensView(journal.reader, session, lens)
        self._goal = lens.since
        self._told = 0.0
        self._is_open = True
        self._grown: SimpleQueue[Growth] = SimpleQueue()  # from the indexer's thread
        self._indexer: Indexer | None = None
        if not lens.is_plain:
            self._indexer = Indexer(
                journal.path,
                session,
                lens,
                tell=self._tell,
                fail=lambda why: callbacks.post(lambda: self._break(why)),
            )

    @property
    def key(self) -> object:
        """The journal, the session and the lens."""
        return self.journal.path, self.session, self.lens

    @property
    def source(self) -> object:
        """The journal and the session."""
        return self.journal.path, self.session

    @property
    def joins_pieces(self) -> bool:
        """Whether each row is what one ``recv`` gave."""
        return self.lens.is_raw

    def framing_of(self, display_row: DisplayRow) -> str:
        """How the direction of a message is cut; empty where each is what one call received or sent."""
        framing = self.lens.framing_of(display_row.kind, display_row.number)
        return framing if framing != RAW else ""

    @property
    def total(self) -> int:
        """The number of rows."""
        return self._lens_view.total

    @property
    def settled(self) -> int:
        """The number of rows, from the first, that will never change."""
        return self._lens_view.settled

    @property
    def entries(self) -> int:
        """Entries of the session that can be read so far."""
        return self._goal

    @property
    def unfiltered(self) -> int | None:
        """The number of rows without the filter; None if they were not counted."""
        if self.joins_pieces:
            return self._goal - self.lens.since
        return self.total if self.lens.only.admits_all else None

    @property
    def is_counting(self) -> bool:
        """Whether there may be rows that are not known yet."""
        return self.uncounted > 0

    @property
    def uncounted(self) -> int:
        """Entries whose rows are not counted yet."""
        return max(0, self._goal - self._lens_view.entries)

    @property
    def counted(self) -> float:
        """How much of the conversation is counted, 0 to 1."""
        return 1 - self.uncounted / max(1, self._goal - self.lens.since)

    def reach(self, entries: int) -> None:
        """Take in that ``entries`` entries can be read by now."""
        if entries <= self._goal:
            return
        self._goal = entries
        if self._indexer is not None:
            self._indexer.reach(entries)
        else:
            self._lens_view.reach(entries)
            self.version += 1

    def read(self, first: int, count: int, preview: int) -> list[DisplayRow]:
        """Rows from place ``first`` on; none if they cannot be read, which is then complained of."""
        self._hurry()
        try:
            return self._lens_view.read(first, count, preview)
        except JournalError as error:
            self._complain(str(error))
            return []

    def whole(self, display_row: DisplayRow, most: int) -> bytes:
        """The first ``most`` bytes of a message."""
        self._hurry()
        pieces = bytearray()
        try:
            for piece in self._lens_view.whole(display_row):
                pieces += piece
                if len(pieces) >= most:
                    break
        except JournalError as error:
            self._complain(str(error))
        return bytes(pieces[:most])

    def recorded(self, display_row: DisplayRow) -> recorded.Recorded:
        """The message's bytes and calls. Raises ``JournalError``."""
        return self._lens_view.recorded(display_row)

    def within(self, display_row: DisplayRow, hits: Iterable[Hit]) -> list[tuple[int, int]]:
        """Where hits that end in its entries lie in a message: first byte and one past the last, from its own first.

        What lies outside the message is left out, and what its first ``MOST_CALLS`` calls did not carry. Raises
        ``JournalError``.
        """
        span, reader = display_row.span, self.journal.reader
        if span is None:
            return []
        framing = self.framing_of(display_row)
        if not framing:  # what one call carried
            here = ((max(0, hit.start), min(hit.stop, display_row.size)) for hit in hits if hit.ordinal == span.first)
            return sorted({(start, stop) for start, stop in here if start < stop})
        rows = reader.calls(self.session, display_row.connection, display_row.kind, span.first, span.last)
        calls = recorded.Calls(islice(rows, MOST_CALLS), span)
        splitter = make_splitter(framing)
        envelope = splitter.envelope(recorded.Recorded(reader, self.session, calls).read(0, splitter.reach), b"")
        found = set()
        for hit in hits:
            ahead = _ahead(calls, hit.ordinal)
            if ahead is not None:
                found.add(
                    tuple(_in_message(byte + ahead, envelope, display_row.size) for byte in (hit.start, hit.stop))
                )
        return sorted((start, stop) for start, stop in found if start < stop)

    def place_of(self, ordinal: int, stop: int) -> int:
        """The row that shows that byte of an entry, or the nearest. Raises ``JournalError``."""
        self._hurry()
        return self._lens_view.place_of(ordinal, stop)

    def row_about(self, ordinal: int) -> float:
        """About which row shows an entry, without reading."""
        return self._lens_view.row_about(ordinal)

    def place_near(self, spot: Spot) -> int | None:
        """The row that shows a byte, or the nearest; None while that is not known yet."""
        if spot.ordinal < self.lens.since:
            return self.total
        if spot.ordinal >= self._lens_view.entries and self.is_counting:
            return None
        try:
            return self.place_of(spot.ordinal, spot.byte + 1)
        except JournalError as error:
            self._complain(str(error))
            return self.total

    def close(self) -> None:
        """Stop counting, and call nobody back any more."""
        self._is_open = False
        if self._indexer is not None:
            self._indexer.close()

    def _hurry(self) -> None:
        """Let the indexer give way: a person waits for what is read here."""
        if self._indexer is not None:
            self._indexer.give_way()

    def _tell(self, growth: Growth) -> None:
        """Post that more is counted. Called on the indexer's thread."""
        self._grown.put(growth)
        self._callbacks.post(self._take)

    def _take(self) -> None:
        """Take in all rows that were counted meanwhile, so that they are shown at once."""
        before = self.version
        with contextlib.suppress(Empty):
            while self._is_open:
                self._lens_view.take(self._grown.get_nowait())
                self.version += 1
        if self.version != before:
            self._show_growth()

    def _show_growth(self) -> None:
        """Call back that the conversation has grown, only now and then while much is still to be counted."""
        now = monotonic()
        if self.uncounted < MUCH or now - self._told > TELL_EVERY:
            self._told = now
            self._hurry()
            self._callbacks.changed()

    def _break(self, why: str) -> None:
        self.is_broken = True
        self._complain(why)

    def _complain(self, why: str) -> None:
        if self._is_open:
            self._callbacks.trouble(sentence(f"This part of the conversation cannot be read: {why}"))


def _ahead(calls: recorded.Calls, ordinal: int) -> int | None:
    """How far into the frame an entry begins (negative if the frame begins within it); None if it has no part in it."""
    place = bisect_left(calls.ordinals, ordinal)
    if place == len(calls.ordinals) or calls.ordinals[place] != ordinal:
        return None
    return calls[place].start - calls[place].offset


def _in_message(byte: int, envelope: Envelope, size: int) -> int:
    """Where a byte of the frame lies in its message of ``size`` bytes, or the nearest that is in it."""
    if byte > envelope.start:
        byte = max(envelope.start, byte - (envelope.stop - envelope.start))
    return max(0, min(byte, size))
