"""Faults that were asked for, on connections of every kind, switched on and off while they stand."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeAlias

import pytest

from core.clock import monotonic
from core.errors import SendError
from core.events import Closed, Ending, Event, NotSent, Opened, PeerFinished, Received, Remark, Sent
from core.net.client import Client
from core.net.connection import Connection
from core.net.owner import Pause
from core.net.server import Server
from core.net.session import Session
from core.net.socket_options import SocketOptions
from core.net.transport import Tcp
from core.settings import KIB, MIB, Limits
from core.tls.settings import Tls
from core.wire.faults import SOUND, BothWays, Faults, parse_faults
from tests.support.law import check_law
from tests.support.peers import Host, Peer, Resets
from tests.support.sink import PATIENCE, Sink, until
from tests.support.stage import held_up, tapping
from tests.support.systems import needs_rst
from tests.support.tls_peers import TlsPeer, client_context

STALL = parse_faults("stall=0")
LATE = 0.15  # seconds
FOR_EVER = 3600.0  # seconds: whoever waited for that would never be done in time


class Talk:
    """A session with one connection, and the peer at its other end."""

    def __init__(self, session: Session, sink: Sink, peer: Peer) -> None:
        self.session, self.sink, self.peer = session, sink, peer

    @property
    def connection(self) -> Connection:
        (connection,) = self.session.connections
        return connection

    def heard(self) -> bytes:
        """What has been received by now."""
        return b"".join(event.data for event in self.sink.of(Received))

    def sent(self) -> bytes:
        return b"".join(event.data for event in self.sink.of(Sent))

    def notes(self) -> list[str]:
        return [event.text for event in self.sink.of(Remark)]

    @property
    def on_its_way(self) -> int:
        """Bytes that came and have not come through."""
        faults = self.connection._faults
        return faults.size if faults is not None else 0

    def put(self, *, out: str = "", into: str = "") -> None:
        """Have these faults from now on."""
        self.session.set_faults(BothWays(*(parse_faults(each) if each else None for each in (out, into))))


@contextmanager
def served(*, out: Faults | None = None, into: Faults | None = None, limits: Limits | None = None) -> Iterator[Talk]:
    """A server that a person answers for, and a peer that called."""
    sink = Sink()
    with (
        Server(
            "127.0.0.1:0", reply="none", events=sink, fault_out=out, fault_in=into, limits=limits or Limits()
        ) as own,
        Peer.calls(own.addresses[0]) as peer,
    ):
        sink.wait_for(Opened)
        until(lambda: bool(own.connections), "the connection")
        yield Talk(own, sink, peer)
    check_law(sink.events)


@contextmanager
def called(*, out: Faults | None = None, into: Faults | None = None, limits: Limits | None = None) -> Iterator[Talk]:
    """A client, and the peer that it called."""
    sink = Sink()
    with (
        Host() as host,
        Client(
            host.address, events=sink, fault_out=out, fault_in=into, limits=limits or Limits(), half_open=True
        ) as own,
        host.accept(Peer) as peer,
    ):
        yield Talk(own, sink, peer)
    check_law(sink.events)


Kind: TypeAlias = Callable[..., AbstractContextManager[Talk]]
KINDS = pytest.mark.parametrize("kind", [served, called])


@KINDS
def test_every_byte_arrives_in_order_both_ways_and_is_recorded(kind: Kind) -> None:
    faults = parse_faults("latency=5ms~5,slice=1000,bandwidth=8MB,stall=50kB/50ms")
    there, back = random.Random(1).randbytes(200 * KIB), random.Random(2).randbytes(200 * KIB)

    with kind(out=faults, into=faults) as talk:
        talk.connection.send_exactly(there)
        talk.peer.say(back)
        assert talk.peer.hear(len(there)) == there
        until(lambda: talk.heard() == back, "all of it")

        until(lambda: talk.sent() == there, "the record of what was sent")
        assert f"fault on what is sent: {faults}" in talk.notes()
        assert f"fault on what is received: {faults}" in talk.notes()
        assert "fault on what is sent: stalled after 50,000 bytes for 50 ms" in talk.notes()
        assert "fault on what is received: stalled after 50,000 bytes for 50 ms" in talk.notes()


@KINDS
def test_a_fault_is_of_its_way_alone(kind: Kind) -> None:
    with kind(into=parse_faults("latency=150ms")) as talk:
        talk.connection.send_exactly(b"ping")
        assert talk.peer.hear(4) == b"ping"
        began = monotonic()
        talk.peer.say(b"pong")
        until(lambda: talk.heard() == b"pong", "the answer")

        assert monotonic() - began >= LATE


@KINDS
def test_what_was_held_goes_on_at_once_when_the_faults_are_switched_off(kind: Kind) -> None:
    with kind() as talk:
        talk.put(out="stall=0", into="stall=0")
        until(lambda: len(talk.notes()) == 4, "both to be stalled")
        talk.connection.send_exactly(b"held back")
        talk.peer.say(b"on its way")
        assert talk.connection.waiting == 9
        talk.put()

        assert talk.peer.hear(9) == b"held back"
        until(lambda: talk.heard() == b"on its way", "what came")
        assert talk.notes()[-2:] == ["fault on what is sent: none any more", "fault on what is received: none any more"]
        assert talk.session.faults() == SOUND


def test_other_faults_take_over_what_is_on_its_way() -> None:
    with served(out=STALL, into=STALL) as talk:
        talk.connection.send_exactly(b"held back")
        talk.peer.say(b"on its way")
        talk.peer.finish()
        until(lambda: talk.on_its_way == 10, "what came")
        talk.put(out="slice=2", into="slice=5,latency=1ms")

        assert talk.peer.hear(9) == b"held back"
        talk.sink.wait_for(PeerFinished)
        assert [event.data for event in talk.sink.of(Received)] == [b"on it", b"s way"]
        assert [event.cuts for event in talk.sink.wait_for(Sent)] == [(2, 2, 2, 2, 1)]


@pytest.mark.parametrize("is_out", [True, False], ids=["sent", "received"])
def test_what_is_recorded_of_flipped_bits_is_what_went_over_and_each_is_told(is_out: bool) -> None:
    said = bytes(4 * KIB)
    with served() as talk:
        talk.put(**{"out" if is_out else "into": "flip=0.01,slice=100"})
        until(lambda: len(talk.notes()) == 1, "the fault")
        if is_out:
            talk.connection.send_exactly(said[:1000])
            talk.connection.send_exactly(said[1000:])
            recorded = talk.sent
            heard = talk.peer.hear(len(said))
        else:
            talk.peer.say(said)
            until(lambda: len(talk.heard()) == len(said), "all of it")
            recorded = talk.heard
            heard = recorded()

        until(lambda: len(recorded()) == len(said), "the record")
        flipped = int.from_bytes(recorded()).bit_count()
        assert flipped > 100
        assert heard == recorded()
        assert sum(int(note.split(": ")[1].split()[0]) for note in talk.notes() if "flipped, in" in note) == flipped


@pytest.mark.parametrize(
    ("written", "ending"),
    [("cut=5", Ending.FAULT_CUT), pytest.param("reset=5", Ending.FAULT_RESET, marks=needs_rst)],
)
def test_a_line_that_breaks_on_the_way_out_ends_the_connection(written: str, ending: Ending) -> None:
    with served(out=parse_faults(written)) as talk:
        talk.connection.send_exactly(b"012")
        talk.connection.send_exactly(b"3456789")
        assert talk.peer.hear(5) == b"01234"
        assert talk.peer.hear_all() == b"" if ending is Ending.FAULT_CUT else talk.peer.hear_a_reset() == b""
        talk.peer.leave()
        (closed,) = talk.sink.wait_for(Closed)

        assert closed.ending is ending
        until(lambda: talk.sent() == b"01234", "the record of what was sent")
        assert [event.size for event in talk.sink.of(NotSent)] == [5]
        assert any("after 5 bytes; 5 bytes are lost" in note for note in talk.notes())


@pytest.mark.parametrize(
    ("written", "ending"),
    [("cut=5", Ending.FAULT_CUT), pytest.param("reset=5", Ending.FAULT_RESET, marks=needs_rst)],
)
def test_a_line_that_breaks_on_the_way_in_ends_the_connection(written: str, ending: Ending) -> None:
    with served(into=parse_faults(written)) as talk:
        talk.peer.say(b"0123456789")
        assert talk.peer.hear_all() == b"" if ending is Ending.FAULT_CUT else talk.peer.hear_a_reset() == b""
        talk.peer.leave()
        (closed,) = talk.sink.wait_for(Closed)

        assert closed.ending is ending
        assert talk.heard() == b"01234"
        assert any("after 5 bytes; 5 bytes are lost" in note for note in talk.notes())


def test_a_half_close_on_the_way_out_leaves_the_other_way_open_and_refuses_what_is_written_then() -> None:
    with served(out=parse_faults("finish=3")) as talk:
        talk.connection.send_exactly(b"01234")
        assert talk.peer.hear_all() == b"012"
        talk.peer.say(b"still")
        until(lambda: talk.heard() == b"still", "the other way")

        with pytest.raises(SendError, match="fault"):
            talk.connection.send_exactly(b"more")


def test_a_half_close_on_the_way_in_is_the_end_of_what_the_peer_says() -> None:
    with served(into=parse_faults("finish=30ms")) as talk:
        talk.sink.wait_for(PeerFinished)
        talk.peer.say(b"unheard")
        talk.connection.send_exactly(b"still")

        assert talk.peer.hear(5) == b"still"
        assert talk.heard() == b""


@needs_rst
def test_a_reset_comes_behind_what_came_before_it() -> None:
    with served(into=parse_faults("latency=150ms")) as talk:
        began = monotonic()
        talk.peer.say(b"last words")
        until(lambda: talk.on_its_way == 10, "the last words")
        Resets.leave(talk.peer)  # type: ignore[arg-type]
        (closed,) = talk.sink.wait_for(Closed)

        assert closed.ending is Ending.PEER_RESET
        assert talk.heard() == b"last words"
        assert monotonic() - began >= LATE


@needs_rst
@pytest.mark.parametrize("first", ["caller", "target"])
def test_a_reset_does_not_overtake_on_its_way_through_a_tap_what_came_before_it(first: str) -> None:
    faults = parse_faults("latency=150ms")
    with Host() as host, tapping(host.address, fault_out=faults, fault_in=faults) as (tap, sink):
        with Resets.calls(tap.addresses[0]) as caller, host.accept(Resets) as target:
            sink.wait_for(Opened, 2)
            one, other = (caller, target) if first == "caller" else (target, caller)
            one.say(b"last words")
            sink.wait_for(Received)
            one.leave()

            assert other.hear_a_reset() == b"last words"
        endings = {event.ending for event in sink.wait_for(Closed, 2)}

    assert endings == {Ending.PEER_RESET, Ending.PASSED_RESET}


def test_a_goodbye_does_not_overtake_what_came_before_it() -> None:
    with served(out=parse_faults("latency=100ms~50,slice=3")) as talk:
        talk.connection.send_exactly(b"last words")
        talk.connection.finish_sending()

        assert talk.peer.hear_all() == b"last words"


def test_a_server_that_stops_still_says_what_is_late() -> None:
    with served(out=parse_faults("latency=100ms")) as talk:
        talk.connection.send_exactly(b"last words")
        talk.session.stop()

        assert talk.peer.hear_all() == b"last words"


def test_what_a_fault_holds_is_bounded_both_ways_and_the_reader_of_this_is_told() -> None:
    said = bytes(2 * MIB)
    with served(out=STALL, into=STALL, limits=Limits(outbox=128 * KIB, receive=16 * KIB)) as talk:
        talk.peer.sock.setblocking(False)
        with suppress(BlockingIOError):
            for _ in range(1000):
                talk.peer.sock.send(said)
        until(lambda: Pause.FAULT in talk.connection._pause, "nothing to be read any more")
        assert talk.on_its_way <= 128 * KIB
        talk.connection.send_exactly(bytes(128 * KIB))

        with pytest.raises(SendError, match="the faults of this line hold 131,072 bytes back already"):
            talk.connection.send_exactly(b"more")
        assert talk.connection.is_open


def test_one_connection_may_have_faults_of_its_own() -> None:
    with served() as talk, Peer.calls(talk.session.addresses[0]) as second:  # type: ignore[attr-defined]
        talk.sink.wait_for(Opened, 2)
        until(lambda: len(talk.session.connections) == 2, "both")
        talk.session.set_faults(BothWays(out=STALL), 2)
        until(lambda: len(talk.notes()) == 2, "the stall")
        for connection in talk.session.connections:
            connection.send_exactly(b"hello")
        assert talk.peer.hear(5) == b"hello"

        assert [connection.waiting for connection in talk.session.connections] == [0, 5]
        assert talk.session.faults(1) == SOUND
        assert talk.session.faults(2) == BothWays(out=STALL)
        talk.session.set_faults(SOUND)
        assert second.hear(5) == b"hello"


def test_what_is_sent_after_the_faults_were_set_goes_through_them_however_busy_the_session_is() -> None:
    with served() as talk:
        go_on = held_up(talk.session)
        talk.connection.send_exactly(b"before")
        talk.put(out="cut=4")
        talk.connection.send_exactly(b"hello")
        assert talk.peer.hear(6) == b"before"
        go_on.set()

        assert talk.peer.hear_all() == b"hell"


def test_what_is_sent_after_the_faults_were_taken_away_waits_for_that_alone() -> None:
    with served(out=STALL) as talk:
        talk.connection.send_exactly(b"before")
        go_on = held_up(talk.session)
        talk.session.set_faults(SOUND)
        talk.connection.send_exactly(b" after")
        go_on.set()

        assert talk.peer.hear(12) == b"before after"
        talk.connection.send_exactly(b" at once")
        assert talk.peer.hear(8) == b" at once"


def test_what_a_line_holds_is_not_for_the_peer_to_have_taken() -> None:
    limits = Limits(stalled=0.05)
    with served(out=STALL, limits=limits) as talk:
        talk.connection.send_exactly(b"held for long")
        begun = monotonic()
        until(lambda: monotonic() - begun > 6 * limits.stalled, "more time than a peer has that does not read")
        assert talk.sink.of(Closed) == []

        talk.session.set_faults(SOUND)
        assert talk.peer.hear(13) == b"held for long"


def test_what_is_sent_after_the_sends_were_made_small_is_sent_in_that_way() -> None:
    with served() as talk:
        go_on = held_up(talk.session)
        talk.session.tune(SocketOptions(byte_by_byte=True))
        talk.connection.send_exactly(b"hello")
        go_on.set()

        assert talk.peer.hear(5) == b"hello"
        until(lambda: bool(talk.sink.of(Sent)), "what was sent")
        assert talk.sink.of(Sent)[0].cuts == (1, 1, 1, 1, 1)


def test_faults_that_come_one_after_the_other_let_nothing_out_before_the_last() -> None:
    with served() as talk:
        go_on = held_up(talk.session)
        talk.put(out="latency=1ms")
        talk.put(out="stall=0")
        talk.connection.send_exactly(b"hello")
        go_on.set()
        until(lambda: len(talk.notes()) >= 1, "the faults")

        assert talk.connection.waiting == 5
        talk.session.set_faults(SOUND)
        assert talk.peer.hear(5) == b"hello"


@needs_rst
def test_no_fin_comes_before_a_reset_that_waits_for_what_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tcp, "undelivered", property(lambda _self: 1))
    with served(out=parse_faults("reset=4")) as talk:
        talk.connection.send_exactly(b"hello")
        until(lambda: any("reset after 4 bytes; 1 byte is lost" in note for note in talk.notes()), "the fault")
        talk.connection.finish_sending()

        assert talk.peer.hear_a_reset() == b"hell"
        (closed,) = talk.sink.wait_for(Closed)
        assert closed.ending is Ending.FAULT_RESET


@needs_rst
@pytest.mark.parametrize("end", ["finish=5", "cut=5"])
@KINDS
def test_a_reset_comes_though_the_line_that_holds_it_ends_otherwise(kind: Kind, end: str) -> None:
    with kind(out=parse_faults(f"latency=50ms,{end}"), limits=Limits(drain=FOR_EVER, flush=FOR_EVER)) as talk:
        talk.connection.send_exactly(b"hello, world")
        talk.connection.loop.call_soon(partial(talk.connection.abort_behind, Ending.OURS_RESET))

        assert talk.peer.hear_a_reset() == b"hello"


@KINDS
def test_a_line_that_is_cut_says_goodbye_though_one_was_on_its_way(kind: Kind) -> None:
    with kind(out=parse_faults("stall=0,cut=100ms"), limits=Limits(drain=FOR_EVER, flush=FOR_EVER)) as talk:
        talk.connection.send_exactly(b"never heard")
        talk.connection.close()

        assert talk.peer.hear_all() == b""
        talk.peer.leave()


@KINDS
def test_who_closes_waits_for_the_peer_no_longer_than_to_drain_once_it_has_said_goodbye(kind: Kind) -> None:
    with kind(out=parse_faults("latency=50ms"), limits=Limits(drain=0.01, flush=FOR_EVER)) as talk:
        talk.connection.send_exactly(b"last words")
        talk.connection.close()

        assert talk.peer.hear_all() == b"last words"
        assert talk.sink.wait_for(Closed)[0].ending is Ending.OURS


def test_a_server_that_stops_does_not_wait_for_who_was_closing_before() -> None:
    with served(limits=Limits(drain=FOR_EVER, stop_drain=0.01)) as talk:
        talk.connection.close()
        assert talk.peer.hear_all() == b""
        talk.session.stop()

        assert talk.session.join(PATIENCE)


def test_a_server_reads_again_when_a_fault_has_ended_the_line_on_which_its_answers_wait() -> None:
    sink = Sink()
    with (
        Server("127.0.0.1:0", reply="echo", events=sink, fault_out=STALL, limits=Limits(outbox=64 * KIB)) as server,
        Peer.calls(server.addresses[0]) as peer,
    ):
        peer.say(bytes(48 * KIB))
        until(lambda: bool(server.connections) and Pause.OUTBOX in server.connections[0]._pause, "the pause")
        server.set_faults(BothWays(out=parse_faults("finish=0")))
        assert peer.hear_all() == b""
        peer.say(b"more")

        sink.wait_until(lambda: any(event.data.endswith(b"more") for event in sink.of(Received)), "what came then")


def test_what_is_said_in_the_moment_in_which_a_line_ends_is_refused() -> None:
    class Insists(Sink):
        """Says more when it hears that something was lost."""

        def put(self, event: Event) -> None:
            super().put(event)
            if isinstance(event, NotSent) and not self.refusals:
                self.refusals.append("")
                try:
                    client.connections[0].send_exactly(b"more")
                except SendError as error:
                    self.refusals.append(str(error))

        refusals: ClassVar[list[str]] = []

    sink = Insists()
    with Host() as host:
        client = Client(host.address, events=sink, fault_out=parse_faults("finish=5"))
        with client, host.accept(Peer) as peer:
            client.connections[0].send_exactly(b"hello, world")

            assert peer.hear_all() == b"hello"
            assert sink.refusals == ["", "the fault that was asked for ended the line"]


@pytest.mark.parametrize("later", ["cut=3600s", "finish=3600s", "reset=3600s", "stall=3600s"])
@KINDS
def test_what_is_to_go_on_now_does_not_wait_for_what_happens_later(kind: Kind, later: str) -> None:
    said = random.Random(4).randbytes(1000)
    with kind(out=parse_faults(f"slice=1,{later}")) as talk:
        talk.connection.send_exactly(said)

        assert talk.peer.hear(1000) == said


def test_what_had_not_come_through_at_the_end_is_told() -> None:
    with served(into=STALL) as talk:
        talk.peer.say(b"never heard")
        until(lambda: talk.on_its_way == 11, "what came")
        talk.connection.abort()
        talk.sink.wait_for(Closed)

        assert "fault on what is received: 11 bytes had not come through at the end" in talk.notes()


def test_what_is_said_over_tls_has_the_faults_and_the_handshake_has_none(tmp_path: Path) -> None:
    said = random.Random(3).randbytes(50 * KIB)
    faults = parse_faults("latency=20ms,slice=997")
    with (
        Server("127.0.0.1:0", tls=Tls(authority=tmp_path), reply="echo", fault_out=faults, fault_in=faults) as server,
        TlsPeer.greets(server.addresses[0], client_context()) as peer,
    ):
        peer.say(said)

        assert peer.hear(len(said)) == said
