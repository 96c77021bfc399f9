"""Packets in, events out: which conversations a capture has, who called whom, what they said and how they ended.

Each address that was called is a session of its own, and each caller a connection of it, as if that end had kept the
journal. Who called is known by the handshake; where that was not captured, the lower port number is taken for the
called end's.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from typing import NamedTuple

from core.errors import Explanation
from core.events import (
    Closed,
    ConnectionId,
    Ending,
    Event,
    Opened,
    PeerFinished,
    Received,
    Remark,
    Sent,
    SessionClosed,
    SessionId,
    SessionOpened,
    TurnedAway,
    WeFinished,
)
from core.journal.capture.packets import ACK, FIN, RST, SYN, Carried, End, Packet, Unread, carried
from core.roles import Role
from core.words import counted

_LATEST = 1 << 62  # ns since 1970: what a journal can tell, which is the year 2116
_ROUND = 1 << 32  # sequence numbers, which begin anew then (RFC 9293, section 3.4); here they go on for ever
_MOST_WAITING = 8 * 1024 * 1024  # bytes behind a gap; then what fills it is taken for lost
_MOST_SEGMENTS = 4_096  # the same
_SERVER_CLOSED = Explanation("the server closed it (FIN)")
_SERVER_RESET = Explanation("the server reset it (RST)")


class _Pair(NamedTuple):
    """Both ends of a conversation; ``called`` is the one that was called."""

    is_udp: bool
    called: End
    caller: End


class _Session:
    def __init__(self, name: SessionId) -> None:
        self.name = name
        self.connections = 0


class _Conversation:
    """One connection, or the datagrams between two ends. Directions are known by whether the caller speaks."""

    def __init__(self, session: _Session, pair: _Pair) -> None:
        self.session = session
        self.pair = pair
        self.connection: ConnectionId | None = None  # None until it stands
        self.first: int | None = None  # the caller's sequence number in its SYN
        self.is_over = False
        self.directions = {True: Direction(), False: Direction()}


class Conversations:
    """Turns packets into events. ``unread`` counts the packets that are in none, by what they are."""

    def __init__(self) -> None:
        self.unread: Counter[str] = Counter()
        self._connections = 0
        self._at = 0  # of the latest packet; a clock that was set back stands still
        self._sessions: dict[tuple[bool, End], _Session] = {}
        self._known: dict[tuple[bool, End, End], _Conversation] = {}  # by both ends, in either order

    def take(self, packet: Packet) -> Iterator[Event]:
        """What the packet brings."""
        self._at = min(max(self._at, packet.at), _LATEST)
        try:
            found = carried(packet)
        except Unread as why:
            self.unread[str(why)] += 1
            return
        if found.is_udp:
            yield from self._datagram(found)
        else:
            yield from self._segment(found)

    def finish(self) -> Iterator[Event]:
        """The capture is over."""
        for known in dict.fromkeys(self._known.values()):
            yield from self._finish(known)
        for session in self._sessions.values():
            yield SessionClosed(session.name, self._at)

    # Who talks with whom.

    def _find(self, found: Carried) -> _Conversation | None:
        return self._known.get((found.is_udp, found.source, found.target))

    def _begin(self, found: Carried, *, is_caller: bool) -> Generator[Event, None, _Conversation]:
        """A conversation that is new; ``_find`` has it from now on."""
        ends = (found.target, found.source) if is_caller else (found.source, found.target)
        pair = _Pair(found.is_udp, *ends)
        session = self._sessions.get((pair.is_udp, pair.called))
        if session is None:
            session = _Session(SessionId(len(self._sessions) + 1))
            self._sessions[(pair.is_udp, pair.called)] = session
            role = Role.UDP_CAPTURE if pair.is_udp else Role.CAPTURE
            yield SessionOpened(session.name, self._at, role, pair.called.address, "raw")
        known = _Conversation(session, pair)
        self._known[(pair.is_udp, *ends)] = self._known[(pair.is_udp, ends[1], ends[0])] = known
        return known

    def _stands(self, known: _Conversation) -> Iterator[Event]:
        """The connection stands, if it has not before."""
        if known.connection is None:
            self._connections += 1
            known.session.connections += 1
            known.connection = ConnectionId(self._connections)
            called, caller = known.pair.called.address, known.pair.caller.address
            yield Opened(known.session.name, known.connection, self._at, known.session.connections, called, caller)

    # UDP.

    def _datagram(self, found: Carried) -> Iterator[Event]:
        known = self._find(found)
        if known is None:
            is_answer = found.source.port < 1024 <= found.target.port
            known = yield from self._begin(found, is_caller=not is_answer)
        yield from self._stands(known)
        is_caller = found.source == known.pair.caller
        if not found.data and not found.missing:
            yield self._message(known, b"", is_caller=is_caller)
        yield from self._said(known, [Piece(found.data, 0, found.missing)], is_caller=is_caller)
        if found.wrong_length is not None:
            said, there = found.wrong_length
            who = _name(is_caller=is_caller)
            words = f"the UDP header of this datagram from the {who} says {_bytes(said)}, and its packet has {there:,}"
            yield self._remark(known, words)

    # TCP.

    def _segment(self, found: Carried) -> Iterator[Event]:
        known = self._find(found)
        is_first = found.flags & (SYN | ACK | RST) == SYN
        if known is not None and is_first and self._is_another(known, found):
            yield from self._finish(known)
            known = None
        if known is None:
            if found.flags & RST:
                return  # of a connection that was over before the capture began
            known = yield from self._begin(found, is_caller=self._is_from_caller(found))
        if known.is_over:
            return
        is_caller = found.source == known.pair.caller
        if is_first:
            known.first = known.first if known.first is not None else found.sequence
        elif not found.flags & RST and known.connection is None:
            if found.flags & SYN and known.first is None:  # captured before the SYN that it answers, or without it
                known.first = (found.acknowledged - 1) % _ROUND
            yield from self._stands(known)
            if not found.flags & SYN and known.first is None:
                yield self._remark(known, "its beginning was not captured, and who called is a guess by the ports")
        yield from self._carry(known, found, is_caller=is_caller)

    def _is_another(self, known: _Conversation, found: Carried) -> bool:
        """Whether a SYN begins another connection between the same ends, and is not that of the known one again."""
        if known.is_over or known.first is None:
            return True
        return found.source == known.pair.caller and found.sequence != known.first

    def _is_from_caller(self, found: Carried) -> bool:
        if found.flags & SYN:
            return not found.flags & ACK
        return found.source.port >= found.target.port

    def _carry(self, known: _Conversation, found: Carried, *, is_caller: bool) -> Iterator[Event]:
        """Take the segment in; which of both ends speaks is known."""
        own, other = known.directions[is_caller], known.directions[not is_caller]
        sequence = found.sequence
        if found.flags & SYN:
            sequence += 1
            if not own.has_begun:
                own.begin(sequence)
        if found.flags & ACK:
            yield from self._said(known, other.acknowledge(found.acknowledged), is_caller=not is_caller)
        if found.flags & RST:
            yield from self._reset(known, is_caller=is_caller)
            return
        is_last = found.flags & (FIN | SYN) == FIN  # nobody ends what is only beginning
        if found.data or found.missing or is_last:
            was_finished = own.has_finished
            pieces = own.take(sequence, found.data, found.missing, is_last=is_last)
            yield from self._said(known, pieces, is_caller=is_caller)
            if own.has_finished and not was_finished:
                yield from self._finished(known, is_caller=is_caller)

    def _said(self, known: _Conversation, pieces: Iterable[Piece], *, is_caller: bool) -> Iterator[Event]:
        who = _name(is_caller=is_caller)
        for piece in pieces:
            yield from self._stands(known)
            if piece.missing:
                yield self._remark(known, f"{_bytes(piece.missing)} from the {who} are missing here: not captured")
            if piece.data:
                yield self._message(known, piece.data, is_caller=is_caller)
            if piece.cut:
                whole = len(piece.data) + piece.cut
                words = f"the capture kept {len(piece.data):,} of {_bytes(whole)} from the {who} here"
                yield self._remark(known, words)

    def _message(self, known: _Conversation, data: bytes, *, is_caller: bool) -> Received | Sent:
        """Bytes of one side of a connection that stands; which program or person spoke, no capture tells."""
        assert known.connection is not None
        where = (known.session.name, known.connection, self._at)
        return Received(*where, data) if is_caller else Sent(*where, data, origin=None)

    def _finished(self, known: _Conversation, *, is_caller: bool) -> Iterator[Event]:
        assert known.connection is not None
        where = (known.session.name, known.connection, self._at)
        yield PeerFinished(*where) if is_caller else WeFinished(*where)
        if known.directions[not is_caller].has_finished:  # that one was the first
            ended = (Ending.OURS, _SERVER_CLOSED) if is_caller else (Ending.PEER_FINISHED, None)
            yield from self._over(known, *ended)

    def _reset(self, known: _Conversation, *, is_caller: bool) -> Iterator[Event]:
        if known.connection is None:
            known.is_over = True
            peer = known.pair.caller.address
            yield TurnedAway(known.session.name, self._at, peer, "refused (RST)")
            return
        yield from self._rest(known)
        ended = (Ending.PEER_RESET, None) if is_caller else (Ending.OURS_RESET, _SERVER_RESET)
        yield from self._over(known, *ended)

    def _over(self, known: _Conversation, ending: Ending, why: Explanation | None) -> Iterator[Event]:
        assert known.connection is not None
        known.is_over = True
        known.directions.clear()
        yield Closed(known.session.name, known.connection, self._at, ending, why)

    def _rest(self, known: _Conversation) -> Iterator[Event]:
        for is_caller, direction in known.directions.items():
            yield from self._said(known, direction.finish(), is_caller=is_caller)

    def _finish(self, known: _Conversation) -> Iterator[Event]:
        """Nothing more is known of it."""
        if known.is_over or known.pair.is_udp:
            return
        known.is_over = True
        if known.connection is None:
            yield TurnedAway(known.session.name, self._at, known.pair.caller.address, "its SYN got no answer")
            return
        yield from self._rest(known)
        yield self._remark(known, "its end was not captured")

    def _remark(self, known: _Conversation, words: str) -> Remark:
        assert known.connection is not None
        return Remark(known.session.name, known.connection, self._at, words)


def _name(*, is_caller: bool) -> str:
    return "client" if is_caller else "server"


def _bytes(count: int) -> str:
    return counted(count, "byte")


# Reassembly of TCP: segments in any order in, bytes in their order out.


class Piece(NamedTuple):
    """The next bytes of the direction; ``missing`` bytes before them (or, with none, at its end) are not known."""

    data: bytes
    missing: int = 0
    cut: int = 0  # bytes behind them that the capture did not keep


class _Waiting(NamedTuple):
    start: int
    number: int  # so that two that start at the same place are never compared by their bytes
    data: bytes
    cut: int


class Direction:
    """What one end of a TCP connection has said, as far as it was captured. Nothing is handed out twice."""

    def __init__(self) -> None:
        self._next: int | None = None  # the sequence number that is handed out next, without end
        self._acknowledged = 0  # up to there the other end has it
        self._waiting: list[_Waiting] = []
        self._size = self._number = 0
        self._end: int | None = None  # the number of its FIN
        self.has_finished = False

    def begin(self, sequence: int) -> None:
        """The first byte has that number."""
        self._next = sequence

    @property
    def has_begun(self) -> bool:
        """Whether it is known where it goes on."""
        return self._next is not None

    def take(self, sequence: int, data: bytes, cut: int, *, is_last: bool) -> Iterator[Piece]:
        """A segment: what comes of it. ``cut`` bytes at its end were not captured; ``is_last`` is its FIN."""
        if self._next is None:
            self._next = sequence
        start = self._unwrapped(sequence)
        if start == self._next and data and not (cut or is_last or self._waiting):  # nearly always
            self._next += len(data)
            yield Piece(data)
            return
        if is_last:
            self._end = start + len(data) + cut
        if start + len(data) + cut > self._next:
            self._number += 1
            insort(self._waiting, _Waiting(start, self._number, data, cut))
            self._size += len(data)
        yield from self._ready()
        while self._size > _MOST_WAITING or len(self._waiting) > _MOST_SEGMENTS or self._is_lost:
            yield from self._over_gap()

    def acknowledge(self, sequence: int) -> Iterator[Piece]:
        """The other end has everything up to there: what was not captured will not come any more."""
        if self._next is None:
            self._next = sequence
            return
        self._acknowledged = max(self._acknowledged, self._unwrapped(sequence))
        while self._is_lost:
            yield from self._over_gap()

    def finish(self) -> Iterator[Piece]:
        """Nothing more comes: what waits behind gaps, and what the other end is known to have got."""
        while self._waiting:
            yield from self._over_gap()
        end = self._acknowledged - (1 if self._end is not None and self._acknowledged > self._end else 0)
        if self._next is not None and end > self._next:
            yield Piece(b"", end - self._next)
            self._next = end

    @property
    def _is_lost(self) -> bool:
        """Whether what is missing before the next bytes that wait was received by the other end."""
        return bool(self._waiting) and self._acknowledged >= self._waiting[0].start

    def _unwrapped(self, sequence: int) -> int:
        assert self._next is not None
        step = (sequence - self._next) % _ROUND
        return self._next + (step - _ROUND if step >= _ROUND // 2 else step)

    def _ready(self, missing: int = 0) -> Iterator[Piece]:
        """What can be handed out now."""
        assert self._next is not None
        while self._waiting and self._waiting[0].start <= self._next:
            start, _number, data, cut = self._waiting.pop(0)
            self._size -= len(data)
            known = self._next - start  # bytes of it that were handed out
            fresh, cut = data[known:], cut - max(0, known - len(data))
            if fresh or cut > 0:
                self._next = start + len(data) + cut + max(0, known - len(data))
                yield Piece(fresh, missing, cut)
                missing = 0
        if missing:  # before a FIN by itself
            yield Piece(b"", missing)
        if self._end is not None and self._next >= self._end:
            self.has_finished = True

    def _over_gap(self) -> Iterator[Piece]:
        assert self._next is not None
        missing = max(0, self._waiting[0].start - self._next)
        self._next += missing
        yield from self._ready(missing)
