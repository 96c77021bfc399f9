"""Reads the calls of a session's entries, a few at a time, wherever they are."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from core.clock import monotonic
from core.events import ConnectionId, SessionId
from core.journal.display_row import SENT, DisplayRow
from core.journal.reading.lens_view import row_of
from core.journal.reading.reader import Entry, JournalReader
from core.journal.reading.socket_calls import KINDS_WITH_DETAIL, CallContext, Earlier, SocketCall, calls_of

LOOKED_BACK = 128  # entries in which what came before on a connection is looked for
_LEARNING = 0.02  # seconds that each reading may take to learn what connections began with
_STEP = 16_384  # ordinals that are looked through at a time
_LASTING = ("opened", "socket-tuned", "tls-begun")  # kinds of entries that say how later calls were made


class EntryCalls(NamedTuple):
    """An entry, and its calls."""

    row: DisplayRow
    calls: list[SocketCall]


class CallReader:
    """The calls of one session. One thread. Raises ``JournalError`` for what cannot be read.

    How much a ``recv`` asked for stands where its connection opened, or was tuned: that is learned piece by piece with
    each reading, so that none takes long; until then it is not known.
    """

    def __init__(self, reader: JournalReader, session: SessionId) -> None:
        self.session = session
        self._reader = reader
        self._learned = 0  # up to before this entry
        self._receive: dict[ConnectionId, tuple[list[int], list[int]]] = {}  # from which entries on, how many bytes
        self._tls: dict[ConnectionId, int] = {}  # since which entry
        parties = reader.parties(session)
        system = reader.ask("SELECT system FROM journal", (), (str,))
        recorded_on = str(system[0][0]) if system else ""
        self._context = CallContext(parties.target, parties.listens, recorded_on, parties.has_datagrams)

    def read(self, first: int, count: int, entries: int) -> list[EntryCalls]:
        """Those of ``count`` of all ``entries`` from ordinal ``first`` on."""
        self._learn(entries)
        begin = max(0, first - LOOKED_BACK)
        known: dict[ConnectionId | None, _Known] = {}
        found: list[EntryCalls] = []
        for entry in self._reader.read(self.session, begin, first + count - begin, preview=0):
            before = known.setdefault(entry.connection, _Known())
            if entry.ordinal >= first:
                row, detail = row_of(entry, entry.ordinal), self._detail(entry)
                found.append(EntryCalls(row, calls_of(row, detail, self._context, self._earlier(before, entry))))
            before.pass_over(entry)
        return found

    def knows(self, entries: int) -> bool:
        """Whether all has been learned of so many entries."""
        return self._learned >= entries

    def _detail(self, entry: Entry) -> dict[str, object]:
        """What an entry keeps besides its words."""
        return self._reader.detail(self.session, entry.ordinal) if entry.kind in KINDS_WITH_DETAIL else {}

    def _earlier(self, before: _Known, entry: Entry) -> Earlier:
        earlier, connection = before.earlier(entry), entry.connection
        if connection is None:
            return earlier
        since, sizes = self._receive.get(connection, ([], []))
        place = bisect_right(since, entry.ordinal) - 1
        is_tls = connection in self._tls and entry.ordinal > self._tls[connection]
        return earlier._replace(receive=sizes[place] if place >= 0 else None, is_tls=is_tls)

    def _learn(self, entries: int) -> None:
        until = monotonic() + _LEARNING
        while self._learned < entries and monotonic() < until:
            stop = min(entries, self._learned + _STEP)
            marks = ", ".join("?" * len(_LASTING))
            sql = f"""SELECT ordinal, connection, kind FROM chunk WHERE session = ? AND ordinal >= ? AND ordinal < ?
                      AND kind IN ({marks}) ORDER BY ordinal"""  # noqa: S608 - question marks
            values = (self.session, self._learned, stop, *_LASTING)
            for ordinal, connection, kind in self._reader.ask(sql, values, (int, (int, type(None)), str)):
                if connection is not None:
                    self._take(ordinal, ConnectionId(connection), kind)
            self._learned = stop

    def _take(self, ordinal: int, connection: ConnectionId, kind: str) -> None:
        detail = self._reader.detail(self.session, ordinal)
        receive = detail.get("receive")
        if isinstance(receive, int):
            since, sizes = self._receive.setdefault(connection, ([], []))
            since.append(ordinal)
            sizes.append(receive)
        if kind == "tls-begun" or detail.get("tls"):
            self._tls.setdefault(connection, ordinal)


class _Known:
    """What was seen of a connection so far."""

    def __init__(self) -> None:
        self._last: Entry | None = None
        self._peer_finished = self._we_finished = False

    def earlier(self, entry: Entry) -> Earlier:
        """What that makes of the next entry."""
        last = self._last
        if last is None:
            return Earlier()
        is_joined = entry.kind == last.kind == SENT and entry.mono_ns == last.mono_ns
        waited = max(0, entry.mono_ns - last.mono_ns)
        return Earlier(waited, None, is_joined, self._peer_finished, self._we_finished)

    def pass_over(self, entry: Entry) -> None:
        """The entry is before what comes now."""
        self._peer_finished |= entry.kind == "peer-finished"
        self._we_finished |= entry.kind == "we-finished"
        self._last = entry
