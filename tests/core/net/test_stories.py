"""Stories that nobody would think of: hypothesis plays a server, a client and hostile peers in any order.

Whatever it does, the events are a legal word, every connection that opened closes once, what was
received is the beginning of what was sent, and no thread and no descriptor is left.
"""

from __future__ import annotations

import threading

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
)

from core.errors import ConnectionEnded, SendError
from core.events import NotSent, Opened, Received, Sent, TurnedAway
from core.net.client import Client
from core.net.connection import Connection
from core.net.server import Server
from core.settings import KIB, Limits
from tests.support.guards import open_descriptors
from tests.support.law import check_law
from tests.support.peers import NeverReads, Peer, Resets
from tests.support.sink import PATIENCE, Sink, until
from tests.support.systems import examples

MOST = 4  # connections that the server takes
LIMITS = Limits(
    connections=MOST,
    outbox=8 * KIB,
    receive=4 * KIB,
    inbox=8 * KIB,
    flush=0.05,
    drain=0.05,
    stop_drain=0.02,
    half_closed=0.1,
)

texts = st.binary(min_size=1, max_size=20_000)


class Line:
    """One connection seen from both ends: a peer of ours or a client of ours, and what each said."""

    def __init__(self, end: Peer | Client, sink: Sink | None = None) -> None:
        self.end = end
        self.sink = sink  # of a client
        self.said = b""  # from this end to the server
        self.heard = b""  # by a peer; a client's events say what it heard
        self.finished = False
        self.port = end.port if isinstance(end, Peer) else self._opened().local.port

    def _opened(self) -> Opened:
        assert self.sink is not None
        return self.sink.of(Opened)[0]

    def close(self) -> None:
        if isinstance(self.end, Peer):
            self.end.leave()
            return
        self.end.stop()
        assert self.end.join(PATIENCE), f"{self.end!r} does not end"


class Conversation(RuleBasedStateMachine):
    """One server that a person answers for, and whoever connects to it."""

    lines = Bundle("lines")

    @initialize()
    def start(self) -> None:
        self.threads = set(threading.enumerate())
        self.descriptors = open_descriptors()
        self.sink = Sink()
        self.server = Server("127.0.0.1:0", reply="none", limits=LIMITS, events=self.sink)
        self.server.__enter__()
        self.stopped = False
        self.lines_made: list[Line] = []
        self.told: dict[int, bytes] = {}  # by the port of the other end: what the server's sends accepted

    # Connecting.

    @precondition(lambda self: not self.stopped)
    @rule(target=lines, kind=st.sampled_from([Peer, Resets, NeverReads]))
    def a_peer_calls(self, kind: type[Peer]) -> Line:
        return self._taken_in(Line(kind.calls(self.server.addresses[0])))

    @precondition(lambda self: not self.stopped)
    @rule(target=lines)
    def a_client_calls(self) -> Line:
        sink = Sink()
        client = Client(self.server.addresses[0], limits=LIMITS, events=sink)
        client.__enter__()
        sink.wait_for(Opened)
        return self._taken_in(Line(client, sink))

    def _taken_in(self, line: Line) -> Line:
        self.lines_made.append(line)
        self.sink.wait_until(
            lambda: line.port in {event.peer.port for event in self.sink.of(Opened)} or bool(self.sink.of(TurnedAway)),
            "a welcome or a refusal",
        )
        return line

    # Talking.

    @rule(line=lines, text=texts)
    def the_other_end_says(self, line: Line, text: bytes) -> None:
        if line.finished:
            return
        if isinstance(line.end, Peer):
            line.end.sock.setblocking(False)
            try:
                taken = line.end.sock.send(text)
            except OSError:
                return
            line.said += text[:taken]
        else:
            try:
                line.end.send(text)
            except SendError:
                return
            line.said += text

    @rule(line=lines, text=texts)
    def the_server_says(self, line: Line, text: bytes) -> None:
        connection = self._server_end(line)
        if connection is None:
            return
        try:
            connection.send(text)
        except SendError:
            return
        self.told[line.port] = self.told.get(line.port, b"") + text

    @rule(line=lines)
    def the_server_says_all_that_it_may(self, line: Line) -> None:
        """Until the kernels are full, and the outbox too."""
        connection = self._server_end(line)
        if connection is None:
            return
        said: list[bytes] = []
        try:
            while len(said) < 500:
                piece = bytes([len(said) % 251]) * 50_000
                connection.send(piece)
                said.append(piece)
        except SendError:
            pass
        self.told[line.port] = self.told.get(line.port, b"") + b"".join(said)

    @rule(line=lines, count=st.sampled_from([1, 5000, 1_000_000, 100_000_000]))
    def the_other_end_reads(self, line: Line, count: int) -> None:
        if isinstance(line.end, Peer):
            line.end.sock.setblocking(False)
            try:
                while count > 0 and (heard := line.end.sock.recv(min(count, 1 << 20))):
                    line.heard += heard
                    count -= len(heard)
            except OSError:
                return
        else:
            try:
                line.end.receive(0)
            except (TimeoutError, ConnectionEnded):
                return

    # Pausing.

    @rule()
    def the_journal_falls_behind(self) -> None:
        self.sink.congest()

    @rule()
    def the_journal_catches_up(self) -> None:
        self.sink.relieve()

    # Ending.

    @rule(line=lines)
    def the_other_end_half_closes(self, line: Line) -> None:
        line.finished = True
        if isinstance(line.end, Client):
            line.end.finish_sending()
            return
        try:
            line.end.finish()
        except OSError:
            return

    @rule(line=lines, how=st.sampled_from([Connection.finish_sending, Connection.close, Connection.abort]))
    def the_server_ends_it(self, line: Line, how: object) -> None:
        connection = self._server_end(line)
        if connection is not None:
            how(connection)  # type: ignore[operator]

    @rule(line=consumes(lines))
    def the_other_end_goes(self, line: Line) -> None:
        line.finished = True
        line.close()

    @rule(line=lines)
    def a_client_resets(self, line: Line) -> None:
        if isinstance(line.end, Client):
            for connection in line.end.connections:
                connection.abort()

    @rule()
    def the_server_stops(self) -> None:
        self.stopped = True
        self.server.stop()

    # What holds all the time, and at the end.

    @invariant()
    def the_events_so_far_are_the_beginning_of_a_legal_word(self) -> None:
        if hasattr(self, "sink"):
            check_law(self.sink.events, over=False)

    @invariant()
    def no_more_stand_than_may(self) -> None:
        """But for those that are over, which nobody reads while the journal is behind."""
        if hasattr(self, "server"):
            server = self.server
            until(lambda: len(server.connections) - len(server._without_place) <= MOST, "no more than may")

    def teardown(self) -> None:
        if not hasattr(self, "server"):
            return
        self.sink.relieve()
        self.server.stop()
        assert self.server.join(PATIENCE), "the server does not end"
        for line in self.lines_made:
            line.close()
        check_law(self.sink.events)
        for line in self.lines_made:
            if line.sink is not None:
                check_law(line.sink.events)
            self._check_bytes(line)
        until(lambda: set(threading.enumerate()) <= self.threads, "the end of every thread")
        until(lambda: open_descriptors() <= self.descriptors, "the end of every descriptor")

    def _server_end(self, line: Line) -> Connection | None:
        return next((end for end in self.server.connections if end.peer.port == line.port), None)

    def _check_bytes(self, line: Line) -> None:
        identities = [event.connection for event in self.sink.of(Opened) if event.peer.port == line.port]
        for identity in identities[-1:]:
            heard = b"".join(event.data for event in self.sink.of(Received, identity))
            assert line.said.startswith(heard), "the server heard what nobody said"
            sent = b"".join(event.data for event in self.sink.of(Sent, identity))
            lost = sum(event.size for event in self.sink.of(NotSent, identity))
            told = self.told.get(line.port, b"")
            assert told.startswith(sent), "sent what nobody asked for"
            assert len(sent) + lost == len(told), "some bytes are neither sent nor accounted for"
            back = line.heard if line.sink is None else b"".join(event.data for event in line.sink.of(Received))
            assert told.startswith(back), "the other end heard what the server did not say"


Conversation.TestCase.settings = settings(
    max_examples=examples(60), stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestConversation = Conversation.TestCase
