"""One connection: its bytes, its pauses, its half-closes, and its one ending with the right name."""

from __future__ import annotations

import errno
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.address import Address
from core.clock import monotonic
from core.errors import Explanation, Fault, SendError
from core.events import (
    Closed,
    Ending,
    MessageTooLong,
    NotSent,
    Opened,
    PeerFinished,
    Received,
    Sent,
    SessionClosed,
    WeFinished,
)
from core.net import sockets
from core.net.client import Client
from core.net.connection import Connection
from core.net.endings import ending_of
from core.net.owner import Pause
from core.net.sender import Sender
from core.net.server import Server
from core.net.transport import Tcp
from core.settings import KIB, MIB, Limits
from tests.support.namespaces import FAR, NEAR, pull_the_cable, two_hosts
from tests.support.peers import (
    Dribbles,
    HalfClosesThenReads,
    Host,
    LeavesUnread,
    NeverEndsItsLine,
    NeverReads,
    Peer,
    ReadsAByteASecond,
    Resets,
    SaysNothing,
    StopsListeningThenSends,
    crowd,
)
from tests.support.sink import PATIENCE, SOON, Sink, until
from tests.support.stage import calling, ours, resident_memory, serving, socket_of
from tests.support.systems import examples, needs_rst, only_linux, only_posix

SMALL = Limits(outbox=64 * KIB, receive=16 * KIB)
VANISHING = Limits(keepalive_idle=1, keepalive_interval=1, keepalive_probes=2, unacknowledged=2.0)
FLOOD = int(os.environ.get("TINCAN_FLOOD", 64 * MIB))  # bytes without a newline; 1 GiB by hand


def address_of(server: Server) -> Address:
    return server.addresses[0]


def received(sink: Sink) -> bytes:
    return b"".join(event.data for event in sink.of(Received))


def sent(sink: Sink) -> bytes:
    return b"".join(event.data for event in sink.of(Sent))


def ending(sink: Sink) -> Ending:
    return sink.wait_for(Closed)[0].ending


def fill(connection: Connection, piece: bytes = b"x" * 65536) -> int:
    """Send until the connection takes no more; say how many bytes it took."""
    taken = 0
    while not refusal(connection, piece):
        taken += len(piece)
    assert "does not read" in refusal(connection, piece)
    return taken


def refusal(connection: Connection, message: bytes) -> str:
    """Send, and give back why it was refused; empty if it was not."""
    try:
        connection.send(message)
    except SendError as error:
        return str(error)
    return ""


# Bytes.


def test_every_event_tells_what_the_socket_did() -> None:
    with serving("echo") as (server, sink), Peer.calls(address_of(server)) as peer:
        peer.say(b"hello")
        assert peer.hear(5) == b"hello"
        (opened,) = sink.of(Opened)
        assert (opened.peer.port, opened.local, opened.took) == (peer.port, address_of(server), None)
        assert [event.data for event in sink.of(Received)] == [b"hello"]
        assert [(event.data, event.cuts) for event in sink.wait_for(Sent)] == [(b"hello", ())]
        assert " open, 0 bytes wait" in repr(ours(server))


@pytest.mark.case("C-37")
@pytest.mark.parametrize("framing", ["raw", "line"])
def test_one_byte_at_a_time_is_answered_as_one_big_write_is(framing: str) -> None:
    text = b"one\r\ntwo\n\xc3\xa9\n" * 20
    answers = []
    for kind in (Dribbles, Peer):
        with serving("echo", framing=framing) as (server, sink), kind.calls(address_of(server)) as peer:
            peer.say(text)
            peer.finish()
            answers.append(peer.hear_all())
            assert received(sink) == text
    assert answers[0] == answers[1]


@pytest.mark.case("C-37", "C-38", "C-57")
@given(text=st.text("ab\r\n", max_size=40), cuts=st.lists(st.integers(1, 9), max_size=8))
@settings(max_examples=examples(40), deadline=None)
def test_how_the_stream_is_split_changes_no_line(text: str, cuts: list[int]) -> None:
    answers = []
    with serving("echo", framing="line") as (server, _sink):
        for pieces in ([text.encode()], pieces_of(text.encode(), cuts)):
            with Peer.calls(address_of(server)) as peer:
                for piece in pieces:
                    peer.say(piece)
                peer.finish()
                answers.append(peer.hear_all())
    assert answers[0] == answers[1]


def pieces_of(text: bytes, cuts: list[int]) -> list[bytes]:
    pieces = []
    for cut in cuts:
        pieces.append(text[:cut])
        text = text[cut:]
    return [*pieces, text]


@pytest.mark.case("C-40")
def test_empty_lines_are_messages_but_the_end_of_the_stream_is_none() -> None:
    with serving("echo", framing="line") as (server, sink), HalfClosesThenReads.calls(address_of(server)) as peer:
        assert peer.say_and_hear(b"\n\n  \n") == b"\n\n  \n"
        assert ending(sink) is Ending.PEER_FINISHED
    with serving("echo") as (server, sink), HalfClosesThenReads.calls(address_of(server)) as peer:
        assert peer.say_and_hear(b"") == b""
        assert ending(sink) is Ending.PEER_FINISHED
        assert sink.of(Received) == []


@pytest.mark.case("C-40")
def test_nothing_cannot_be_sent_where_it_would_be_no_message() -> None:
    with serving("none") as (server, sink), Peer.calls(address_of(server)):
        with pytest.raises(SendError, match=r"^an empty message has no bytes to send$"):
            ours(server).send(b"")
        assert sink.of(Sent) == []


@pytest.mark.case("C-41")
def test_a_line_without_an_end_costs_no_memory_and_the_next_line_counts_again() -> None:
    limits = Limits(message=64 * KIB)
    counter = _Counter()
    with (
        Server("127.0.0.1:0", reply="echo", framing="line", limits=limits, events=counter) as server,
        NeverEndsItsLine.calls(address_of(server)) as peer,
    ):
        before = resident_memory()
        assert peer.flood(FLOOD) == FLOOD
        peer.say(b"\nhello\n")
        assert peer.hear(6) == b"hello\n"
        grown = resident_memory() - before
    assert grown < 20 * MIB
    assert counter.skipped == [FLOOD]
    assert counter.bytes == FLOOD + len(b"\nhello\n")


class _Counter(Sink):
    """Counts the bytes of a flood instead of keeping them."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0
        self.skipped: list[int] = []

    def put(self, event: object) -> None:
        if isinstance(event, Received):
            self.bytes += len(event.data)
        elif isinstance(event, MessageTooLong):
            self.skipped.append(event.skipped)


@pytest.mark.case("C-44")
def test_a_hundred_peers_that_drip_hold_up_nobody() -> None:
    with serving("echo", framing="line") as (server, sink), crowd(address_of(server), 100) as dripping:
        for peer in dripping:
            peer.say(b"x")
        sink.wait_for(Received, 100)
        with Peer.calls(address_of(server)) as honest:
            honest.say(b"hello\n")
            assert honest.hear(6) == b"hello\n"
        for peer in dripping:
            peer.say(b"y\n")
        assert [peer.hear(3) for peer in dripping] == [b"xy\n"] * 100


# Slow readers and slow journals.


@pytest.mark.case("C-42")
def test_while_the_journal_is_behind_the_peer_waits_and_nothing_is_lost() -> None:
    with serving("none", limits=SMALL) as (server, sink), Peer.calls(address_of(server)) as peer:
        connection = ours(server)
        sink.congest()
        peer.sock.setblocking(False)
        text = os.urandom(MIB)
        said = 0
        try:
            while said < 64 * MIB:
                said += peer.sock.send(text[said % MIB :])
        except BlockingIOError:
            pass
        sink.wait_for_pause()
        assert received(sink) == b"", "read although the journal was behind"
        sink.relieve()
        sink.wait_until(lambda: sum(len(event.data) for event in sink.of(Received)) == said, "every byte")
        assert received(sink) == (text * (said // MIB + 1))[:said]
        assert connection.is_open


@pytest.mark.case("C-43")
def test_what_a_peer_does_not_read_waits_up_to_the_limit_and_then_is_refused_whole() -> None:
    with serving("none", limits=SMALL) as (server, sink), NeverReads.calls(address_of(server)) as peer:
        connection = ours(server)
        taken = fill(connection)
        assert SMALL.outbox <= connection.waiting < SMALL.outbox + 65536
        text = peer.hear(taken)  # it changes its mind
        assert text == b"x" * taken, "a refused message left some bytes behind"
        sink.wait_until(lambda: len(sent(sink)) == taken, "every byte on record")
        connection.send(b"again")
        assert peer.hear(5) == b"again"
        assert any(event.cuts for event in sink.of(Sent)), "nothing went out in bites"


@pytest.mark.case("C-43")
@needs_rst
def test_a_peer_that_takes_nothing_for_too_long_is_dropped_with_the_reason() -> None:
    limits = Limits(outbox=64 * KIB, stalled=0.2)
    with serving("none", limits=limits) as (server, sink), NeverReads.calls(address_of(server)) as peer:
        taken = fill(ours(server))
        (closed,) = sink.wait_for(Closed)
        assert closed.ending is Ending.STALLED
        assert closed.why is not None
        lost = sum(event.size for event in sink.of(NotSent))
        what = f"127.0.0.1:{peer.port} took none of the {lost:,} bytes that waited for it in 0.2 seconds"
        assert closed.why == Explanation(what, ("its program hangs, or does not read",), fault=Fault.PEER)
        assert len(sent(sink)) + lost == taken, "some bytes are neither sent nor accounted for"
        assert lost > 0
        peer.hear_a_reset()


@pytest.mark.case("C-43")
@only_linux("no other system says what a peer has acknowledged")
def test_a_peer_that_reads_slowly_is_not_dropped() -> None:
    limits = Limits(outbox=64 * KIB, stalled=0.3)
    with serving("none", limits=limits) as (server, sink), ReadsAByteASecond.calls(address_of(server)) as peer:
        taken = fill(ours(server))
        heard, slices = 0, 12
        for _ in range(slices):  # more than four times the patience in all
            heard += len(peer.read_some(3)) + len(peer.hear(taken // slices - 3))
            threading.Event().wait(limits.stalled / 3)
        assert sink.of(Closed) == []
        peer.hear(taken - heard)


def test_a_peer_that_is_slow_again_and_again_leaves_one_timer_in_the_loop() -> None:
    with serving("none", limits=SMALL) as (server, _sink), NeverReads.calls(address_of(server)) as peer:
        connection = ours(server)
        for _ in range(4):
            peer.hear(fill(connection))
            until(lambda: connection.waiting == 0, "an empty outbox")
        assert len(server._loop._timers) <= 1


@pytest.mark.case("C-43", "C-02")
@only_linux("only Linux gives up on a window that stays shut")
def test_a_peer_that_does_not_read_is_not_taken_for_one_that_vanished() -> None:
    """All that waits is with the kernel, which gives up in the words it has for a dead machine."""
    limits = Limits(unacknowledged=2.0, stalled=PATIENCE)
    with serving("none", limits=limits) as (server, sink), NeverReads.calls(address_of(server)):
        connection = ours(server)
        while not connection.waiting:
            connection.send(b"x" * 65536)
        (closed,) = sink.wait_for(Closed)
        assert closed.ending is Ending.STALLED
        assert closed.why is not None
        assert "took none of the" in closed.why.what


@pytest.mark.case("C-42")
def test_two_ends_that_both_have_much_to_say_do_not_wait_for_each_other() -> None:
    """An echo stops reading until its answers are read; a client that did the same would never read them."""
    size = 24 * MIB
    with serving("echo", limits=SMALL) as (server, _sink), calling(address_of(server), limits=SMALL) as (client, here):
        fetcher = threading.Thread(target=lambda: [None for _message in client])
        fetcher.start()
        said, between = 0, threading.Event()
        while said < size:
            if refusal(client.connections[0], b"x" * 65536):
                between.wait(0.001)
            else:
                said += 65536
        here.wait_until(lambda: sum(len(event.data) for event in here.of(Received)) == size, "the whole echo")
        client.stop()
        fetcher.join(PATIENCE)


@pytest.mark.case("C-43")
def test_a_peer_that_asks_and_never_reads_is_not_listened_to_for_ever() -> None:
    """An echo would need memory without end: it stops reading instead, and goes on when there is room."""
    with serving("echo", limits=SMALL) as (server, sink), NeverReads.calls(address_of(server)) as peer:
        peer.sock.setblocking(False)
        said = 0
        try:
            while said < 256 * MIB:
                said += peer.sock.send(b"x" * 65536)
        except BlockingIOError:
            pass
        assert said < 64 * MIB, "the server takes whatever comes"
        connection = ours(server)
        until(lambda: bool(connection._pause), "a server that stops reading")
        assert connection.waiting <= SMALL.outbox + SMALL.receive
        peer.sock.settimeout(PATIENCE)
        assert peer.hear(said) == b"x" * said
        assert sink.of(NotSent) == []


# Half-closes and endings.


@pytest.mark.case("C-04")
def test_a_peer_that_half_closes_can_still_be_answered_by_a_person() -> None:
    with serving("none") as (server, sink), Peer.calls(address_of(server)) as peer:
        peer.say(b"question")
        peer.finish()
        sink.wait_for(PeerFinished)
        connection = ours(server)
        connection.send(b"answer")
        assert peer.hear(6) == b"answer"
        connection.close()
        assert peer.hear_all() == b""
        assert ending(sink) is Ending.OURS


@pytest.mark.case("C-04")
def test_a_peer_that_half_closes_is_not_kept_for_ever() -> None:
    with (
        serving("none", limits=Limits(half_closed=0.05)) as (server, sink),
        HalfClosesThenReads.calls(address_of(server)) as peer,
    ):
        assert peer.say_and_hear(b"question") == b""
        assert ending(sink) is Ending.PEER_FINISHED


@pytest.mark.case("C-04")
@pytest.mark.parametrize("reply", ["echo", "room"])
def test_a_rule_answers_what_was_said_before_a_half_close_and_then_parts(reply: str) -> None:
    with serving(reply, framing="line") as (server, sink), HalfClosesThenReads.calls(address_of(server)) as peer:
        assert peer.say_and_hear(b"one\ntwo") == (b"one\ntwo\n" if reply == "echo" else b"")
        assert ending(sink) is Ending.PEER_FINISHED
        assert sink.of(PeerFinished) == [], "the end of it all is no news beside Closed"


@pytest.mark.case("C-05")
def test_when_we_half_close_the_peer_sees_the_end_and_we_still_hear_it() -> None:
    with serving("none") as (server, sink), Peer.calls(address_of(server)) as peer:
        connection = ours(server)
        connection.send(b"last words")
        connection.finish_sending()
        connection.finish_sending()  # once is enough
        assert peer.hear_all() == b"last words"
        with pytest.raises(SendError, match=r"^you have finished sending on this connection$"):
            connection.send(b"more")
        peer.say(b"I heard you")
        sink.wait_for(Received)
        peer.leave()
        assert ending(sink) is Ending.PEER_FINISHED
        assert len(sink.of(WeFinished)) == 1
        assert received(sink) == b"I heard you"


def test_an_answer_stands_behind_what_it_answers_however_late_that_is_put_on_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The peer answers while the thread that sent is still on its way back from the kernel."""
    waits, early = threading.Event(), list[Received]()
    wait_for_sends = Sender.wait_for_sends

    def waits_for_sends(sender: Sender) -> None:
        waits.set()
        wait_for_sends(sender)

    monkeypatch.setattr(Sender, "wait_for_sends", waits_for_sends)
    with serving("none") as (server, sink), Peer.calls(address_of(server)) as peer:
        connection = ours(server)
        send = connection._transport.send

        def send_and_be_late(data: bytes | memoryview) -> int:
            taken = send(data)
            peer.say(b"answer to " + peer.hear(len(data)))
            assert waits.wait(PATIENCE)
            threading.Event().wait(0.1)  # while which it must not be put on record
            early.extend(sink.of(Received))
            return taken

        monkeypatch.setattr(connection._transport, "send", send_and_be_late)
        connection.send(b"question")
        sink.wait_for(Received)
        assert early == []
        assert [event.data for event in sink.events if isinstance(event, Received | Sent)] == [
            b"question",
            b"answer to question",
        ]


def test_what_is_to_go_out_at_once_goes_out_only_if_nothing_waits_before_it() -> None:
    with serving("none", limits=SMALL) as (server, sink), NeverReads.calls(address_of(server)) as peer:
        connection = ours(server)
        assert connection.send_at_once(b"first")
        taken = fill(connection)
        assert not connection.send_at_once(b"in between")
        connection.finish_sending()
        assert len(peer.hear_all()) == len(b"first") + taken
        sink.wait_for(WeFinished)
        assert not connection.send_at_once(b"too late")
        assert sink.of(NotSent) == [], "who asked is told, and nobody else"


@pytest.mark.case("C-05")
def test_what_waits_goes_out_before_our_half_close() -> None:
    with serving("none", limits=SMALL) as (server, sink), NeverReads.calls(address_of(server)) as peer:
        connection = ours(server)
        taken = fill(connection)
        connection.finish_sending()
        assert sink.of(WeFinished) == []
        assert len(peer.hear_all()) == taken
        sink.wait_for(WeFinished)


@pytest.mark.case("C-04", "C-05")
def test_both_sides_may_finish_in_either_order() -> None:
    with serving("none", limits=SMALL) as (server, sink), NeverReads.calls(address_of(server)) as peer:
        connection = ours(server)
        taken = fill(connection)
        connection.finish_sending()  # which has to wait
        peer.finish()
        sink.wait_for(PeerFinished)
        assert len(peer.hear_all()) == taken
        assert ending(sink) is Ending.PEER_FINISHED


@pytest.mark.case("C-06")
def test_closing_with_bytes_unread_does_not_cost_the_peer_our_last_words() -> None:
    """A close with unread bytes is a reset, which may overtake what was sent before it."""
    with serving("none", limits=SMALL) as (server, sink), Peer.calls(address_of(server)) as peer:
        connection = ours(server)
        sink.congest()
        peer.say(b"x" * 32 * KIB)
        sink.wait_for_pause()
        connection.send(b"last words")
        sink.relieve()
        connection.close()
        assert peer.hear_all() == b"last words"
        peer.leave()
        assert ending(sink) is Ending.OURS


@pytest.mark.case("C-06")
def test_what_came_while_nothing_was_read_is_taken_in_before_a_close() -> None:
    with serving("none", limits=SMALL) as (server, sink), Peer.calls(address_of(server)) as peer:
        connection = ours(server)
        connection.loop.call_soon(lambda: connection.pause(Pause.LOOP))
        peer.say(b"x" * 32 * KIB)
        connection.send(b"last words")
        connection.close()
        assert peer.hear_all() == b"last words"
        peer.leave()
        assert ending(sink) is Ending.OURS
        assert len(received(sink)) == 32 * KIB


@pytest.mark.case("C-06")
def test_a_peer_that_goes_on_sending_does_not_keep_a_closing_connection_open() -> None:
    limits = Limits(drain=PATIENCE, drain_bytes=64 * KIB)
    with serving("none", limits=limits) as (server, sink), Peer.calls(address_of(server)) as peer:
        ours(server).close()
        assert peer.hear_all() == b""
        with pytest.raises((ConnectionError, BrokenPipeError)):
            peer.say(b"x" * 64 * MIB)
        assert ending(sink) is Ending.OURS
        assert len(received(sink)) <= 64 * KIB + limits.receive, "it was drained beyond the limit"


@pytest.mark.case("C-06")
def test_a_peer_that_talks_much_while_it_reads_late_gets_all_that_was_sent_before_the_close() -> None:
    """The limit on what is drained counts from our FIN on: before it, bytes for the peer still wait here."""
    limits = Limits(outbox=64 * KIB, drain_bytes=16 * KIB)
    with serving("none", limits=limits) as (server, sink), NeverReads.calls(address_of(server)) as peer:
        connection = ours(server)
        taken = fill(connection)
        connection.close()
        peer.say(b"x" * 256 * KIB)
        sink.wait_until(lambda: len(received(sink)) == 256 * KIB, "everything that the peer said")
        assert len(peer.hear_all()) == taken
        peer.leave()
        assert ending(sink) is Ending.OURS
        assert sink.of(NotSent) == []


@pytest.mark.case("C-06")
def test_a_peer_that_neither_reads_nor_leaves_is_closed_at_the_deadline() -> None:
    limits = Limits(outbox=64 * KIB, flush=0.3, drain=0.05)
    with serving("none", limits=limits) as (server, sink), NeverReads.calls(address_of(server)):
        connection = ours(server)
        taken = fill(connection)
        connection.close()
        until(lambda: "closing (ours)" in repr(connection), "a connection that is closing")
        with pytest.raises(SendError, match="being closed"):
            connection.send(b"more")
        assert ending(sink) is Ending.OURS
        assert len(sent(sink)) + sum(event.size for event in sink.of(NotSent)) == taken
        assert "closed" in repr(connection)
        assert not connection.is_open


@pytest.mark.case("C-06")
def test_who_has_less_patience_does_not_wait_for_one_that_is_closing_already() -> None:
    """A server that is stopped says goodbye to a connection that somebody had begun to close before."""
    limits = Limits(outbox=64 * KIB, flush=PATIENCE, drain=PATIENCE)
    with serving("none", limits=limits) as (server, sink), NeverReads.calls(address_of(server)) as peer:
        connection = ours(server)
        taken = fill(connection)
        connection.close()
        connection.close(Ending.SERVER_STOPPED, drain=0.05)
        begun = monotonic()
        assert len(peer.hear_all()) == taken
        assert ending(sink) is Ending.OURS
        assert monotonic() - begun < SOON


@pytest.mark.case("C-17")
def test_closing_again_and_again_closes_once() -> None:
    with serving("none") as (server, sink), Peer.calls(address_of(server)) as peer:
        connection = ours(server)
        for _ in range(3):
            connection.close()
            connection.finish_sending()
        peer.leave()
        assert ending(sink) is Ending.OURS
        connection.abort()
        connection.close()
        connection.finish_sending()
        with pytest.raises(SendError):
            connection.send(b"hello")


@pytest.mark.case("C-03")
@needs_rst
def test_a_reset_keeps_what_was_received_and_says_what_happened() -> None:
    with serving("none") as (server, sink), Resets.calls(address_of(server)) as peer:
        peer.say(b"x" * 1000)
        sink.wait_for(Received)
        peer.leave()
        (closed,) = sink.wait_for(Closed)
        assert closed.ending is Ending.PEER_RESET
        assert closed.why is not None
        assert "reset the connection" in closed.why.what
        assert received(sink) == b"x" * 1000


@pytest.mark.case("C-03")
@needs_rst
def test_a_peer_that_leaves_with_our_bytes_unread_resets_us() -> None:
    with serving("none") as (server, sink), LeavesUnread.calls(address_of(server)) as peer:
        ours(server).send(b"important")
        peer.say_and_leave(b"last words")
        assert ending(sink) is Ending.PEER_RESET
        assert received(sink) == b"last words"


@pytest.mark.case("C-03")
@needs_rst
def test_our_own_reset_is_seen_as_one_and_what_waited_is_accounted_for() -> None:
    with serving("none", limits=SMALL) as (server, sink), NeverReads.calls(address_of(server)) as peer:
        connection = ours(server)
        taken = fill(connection)
        connection.abort()
        assert refusal(connection, b"more") == "you reset the connection"
        peer.hear_a_reset()
        assert ending(sink) is Ending.OURS_RESET
        assert len(sent(sink)) + sum(event.size for event in sink.of(NotSent)) == taken


@pytest.mark.case("C-07")
def test_to_a_peer_that_has_gone_the_first_send_works_and_the_next_says_why_not() -> None:
    with Host() as host, calling(host.address) as (client, sink):
        peer = host.accept(Resets)
        sink.wait_for(Opened)
        peer.leave()
        until(lambda: not client.connections or bool(refusal(client.connections[0], b"hello")), "a refusal")
        assert ending(sink) is Ending.PEER_RESET


@pytest.mark.case("C-03")
@needs_rst
def test_a_reset_that_a_send_has_met_is_not_taken_for_an_end_in_peace() -> None:
    """The kernel tells the error once, to the send; a read after it finds a plain end of the stream."""
    for _ in range(20):
        with serving("none") as (server, sink):
            with Resets.calls(address_of(server)):
                connection = ours(server)
            while not refusal(connection, b"hello"):
                pass
            assert ending(sink) is Ending.PEER_RESET
            assert sink.of(PeerFinished) == []


@pytest.mark.case("C-04")
def test_a_system_that_has_shut_both_sides_itself_is_not_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """MacOS says ENOTCONN to a shutdown after the peer has closed."""

    def shut_already(_sock: socket.socket, _how: int) -> None:
        raise OSError(errno.ENOTCONN, "Socket is not connected")

    monkeypatch.setattr(socket.socket, "shutdown", shut_already)
    with serving("echo") as (server, sink):
        with Peer.calls(address_of(server)) as peer:
            peer.say(b"hello")
            assert peer.hear(5) == b"hello"
        assert ending(sink) is Ending.PEER_FINISHED


@pytest.mark.case("C-07")
def test_a_send_that_fails_at_once_is_refused_with_the_reason_and_ends_the_connection() -> None:
    """EPIPE comes from send itself; what the peer said before is still ours to have."""
    with serving("none") as (server, sink), Peer.calls(address_of(server)) as peer:
        connection = ours(server)
        sink.congest()  # so that nothing is read before the send fails
        peer.say(b"last words")
        sink.wait_for_pause()
        socket_of(connection).shutdown(socket.SHUT_WR)  # behind its back: the next send is an EPIPE
        with pytest.raises(SendError, match=rf"^127\.0\.0\.1:{peer.port} has closed the connection"):
            connection.send(b"hello")
        (closed,) = sink.wait_for(Closed)
        assert closed.ending is Ending.PEER_RESET
        assert received(sink) == b"last words"
        sink.relieve()


@pytest.mark.case("C-03", "C-07")
def test_what_came_before_a_send_that_fails_is_handed_to_whoever_receives() -> None:
    with Host() as host, calling(host.address) as (client, sink), host.accept(Peer) as peer:
        sink.congest()
        peer.say(b"last words")
        sink.wait_for_pause()
        (connection,) = client.connections
        heard: list[bytes] = []
        connection.add_hearer(lambda data, _at: heard.append(data))
        socket_of(connection).shutdown(socket.SHUT_WR)
        with pytest.raises(SendError):
            client.send(b"hello")
        assert client.receive(PATIENCE) == b"last words"
        assert heard == [b"last words"]
        sink.relieve()


@pytest.mark.case("C-07")
def test_a_message_that_went_out_in_part_is_on_record_with_the_sends_that_carried_it() -> None:
    size = 32 * MIB
    with serving("none") as (server, sink), NeverReads.calls(address_of(server)) as peer:
        connection = ours(server)
        connection.send(b"x" * size)
        for _ in range(2):  # at the least the second time the kernel has taken a part more
            waiting = connection.waiting
            while connection.waiting == waiting:
                peer.hear(64 * KIB)
        connection.abort()
        assert ending(sink) is Ending.OURS_RESET
    (part,), (rest,) = sink.of(Sent), sink.of(NotSent)
    assert len(part.data) + rest.size == size
    assert len(part.cuts) > 1
    assert sum(part.cuts) == len(part.data)


@pytest.mark.case("C-03", "C-04")
def test_a_peer_that_has_finished_and_then_breaks_off_is_noticed_by_what_waits_for_it() -> None:
    """Nothing is read any more by then, so only a send can find out."""
    with serving("none", limits=SMALL) as (server, sink), NeverReads.calls(address_of(server)) as peer:
        connection = ours(server)
        taken = fill(connection)
        peer.finish()
        sink.wait_for(PeerFinished)
        peer.leave()
        assert ending(sink) is Ending.PEER_RESET
        assert len(sent(sink)) + sum(event.size for event in sink.of(NotSent)) == taken


@pytest.mark.case("C-07")
def test_a_connection_that_breaks_while_bytes_wait_accounts_for_them() -> None:
    with serving("none", limits=SMALL) as (server, sink), NeverReads.calls(address_of(server)) as peer:
        connection = ours(server)
        taken = fill(connection)
        peer.leave()
        assert ending(sink) is Ending.PEER_RESET
        assert len(sent(sink)) + sum(event.size for event in sink.of(NotSent)) == taken


@pytest.mark.case("C-03", "C-07")
def test_a_reset_that_a_flush_meets_is_a_reset_too() -> None:
    """While nothing is read, only what waits to be sent can find out."""
    with serving("none", limits=SMALL) as (server, sink), NeverReads.calls(address_of(server)) as peer:
        connection = ours(server)
        sink.congest()
        peer.say(b"hello")
        sink.wait_for_pause()
        taken = fill(connection)
        peer.leave()  # with our bytes unread, which makes it a reset
        assert ending(sink) is Ending.PEER_RESET
        assert len(sent(sink)) + sum(event.size for event in sink.of(NotSent)) == taken
        sink.relieve()


def test_a_peer_that_stops_listening_can_still_be_heard() -> None:
    with serving("none") as (server, sink), StopsListeningThenSends.calls(address_of(server)) as peer:
        peer.say(b"I only talk")
        sink.wait_until(lambda: received(sink) == b"I only talk")


def test_a_peer_that_says_nothing_is_left_alone_unless_there_is_an_idle_limit() -> None:
    with serving("echo", limits=Limits(idle=0.8)) as (server, sink):
        with SaysNothing.calls(address_of(server)) as silent, Peer.calls(address_of(server)) as talking:
            while not select.select([silent.sock], [], [], 0.05)[0]:
                talking.say(b"hello")
                assert talking.hear(5) == b"hello"
            assert silent.hear_all() == b""
            silent.leave()
            assert ending(sink) is Ending.IDLE
            assert sink.of(Closed)[0].connection == sink.of(Opened)[0].connection
            assert talking.hear_all() == b""  # silent now, too
        closed = sink.wait_for(Closed, 2)[1]
        assert closed.at - sink.of(Received)[-1].at > 0.4e9, "the silence was counted from the last that was said"


@pytest.mark.case("C-67", "C-36")
@pytest.mark.parametrize("fault", [MemoryError(), ValueError("a fault of ours")])
def test_a_fault_of_our_own_ends_one_connection_and_no_other(
    fault: Exception, logged_errors: list[logging.LogRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        serving("echo") as (server, sink),
        Peer.calls(address_of(server)) as peer,
        Peer.calls(address_of(server)) as other,
    ):
        sink.wait_for(Opened, 2)
        answer = server._reply.answer

        def fail(message: bytes) -> object:
            if message == b"hello":
                raise fault
            return answer(message)

        monkeypatch.setattr(server._reply, "answer", fail)
        peer.say(b"hello")
        (closed,) = sink.wait_for(Closed)
        assert closed.ending is Ending.FAILED
        assert closed.why is not None
        assert f"127.0.0.1:{peer.port}" in closed.why.what
        (logged,) = logged_errors
        assert logged.getMessage() == f"fault in serving 127.0.0.1:{peer.port}"
        assert logged.exc_info is not None
        assert logged.exc_info[1] is fault
        logged_errors.clear()
        other.say(b"still here")
        assert other.hear(10) == b"still here"


@pytest.mark.parametrize(
    ("number", "named"),
    [
        (errno.ECONNRESET, Ending.PEER_RESET),
        (errno.ECONNABORTED, Ending.FAILED),
        (errno.ESHUTDOWN, Ending.PEER_RESET),
        (errno.ENETRESET, Ending.LOST),
        (errno.ENETDOWN, Ending.UNREACHABLE),
        (errno.EHOSTDOWN, Ending.UNREACHABLE),
        (errno.EPIPE, Ending.PEER_RESET),
        (errno.ENOTCONN, Ending.PEER_RESET),
        (errno.ETIMEDOUT, Ending.LOST),
        (errno.EHOSTUNREACH, Ending.UNREACHABLE),
        (errno.ENETUNREACH, Ending.UNREACHABLE),
        (errno.EIO, Ending.FAILED),
    ],
)
@pytest.mark.case("C-03")
def test_every_error_of_a_connection_has_its_ending(number: int, named: Ending) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        found, why = ending_of(OSError(number, os.strerror(number)), Address("192.0.2.1", 80), Tcp(sock), Limits())
    assert found is named
    assert "192.0.2.1:80" in why.what


@pytest.mark.parametrize(
    ("number", "name", "named"),
    [
        (10053, "WSAECONNABORTED", Ending.FAILED),
        (10054, "WSAECONNRESET", Ending.PEER_RESET),
        (10057, "WSAENOTCONN", Ending.PEER_RESET),
        (10060, "WSAETIMEDOUT", Ending.LOST),
        (10052, "WSAENETRESET", Ending.LOST),
        (10065, "WSAEHOSTUNREACH", Ending.UNREACHABLE),
    ],
)
def test_an_error_of_windows_sockets_has_the_ending_of_its_name(
    number: int, name: str, named: Ending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(errno.errorcode, number, name)

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        found, _why = ending_of(OSError(number, "its words"), Address("192.0.2.1", 80), Tcp(sock), Limits())
    assert found is named


@pytest.mark.case("C-02")
def test_a_lost_connection_says_how_much_was_never_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "unconfirmed", lambda _sock, **_keywords: 1234)
    monkeypatch.setattr(sockets, "silence", lambda _sock: None)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        error = OSError(errno.ETIMEDOUT, "timed out")
        _ending, why = ending_of(error, Address("192.0.2.1", 80), Tcp(sock), Limits())
    assert "1,234 bytes that were sent are not confirmed" in why.what


# Peers that vanish, and we who are suspended.


@pytest.mark.root
@pytest.mark.case("C-01")
def test_a_peer_that_vanishes_while_we_only_read_is_lost() -> None:
    sink = Sink()
    with two_hosts() as (near, far):
        server = Server(f"{NEAR}:0", reply="none", limits=VANISHING, events=sink)
        near.run(server.__enter__)
        peer = far.run(lambda: Peer.calls(server.addresses[0]))
        sink.wait_for(Opened)
        pull_the_cable(far)
        (closed,) = sink.wait_for(Closed)
        assert closed.ending is Ending.LOST
        assert closed.why is not None
        assert "no longer answers" in closed.why.what
        server.stop()
        assert server.join(PATIENCE)
        peer.leave()


@pytest.mark.root
@pytest.mark.case("C-02")
def test_a_peer_that_vanishes_while_we_send_is_lost_with_the_bytes_that_are_not_confirmed() -> None:
    sink = Sink()
    with two_hosts() as (near, far):
        host = far.run(lambda: Host(FAR))
        client = Client(host.address, limits=VANISHING, events=sink)
        near.run(client.__enter__)
        peer = host.accept(Peer)
        client.send(b"heard")
        assert peer.hear(5) == b"heard"
        pull_the_cable(far)
        client.send(b"into the void")  # the kernel takes it all the same
        (closed,) = sink.wait_for(Closed)
        assert closed.ending in (Ending.LOST, Ending.UNREACHABLE)
        assert closed.why is not None
        assert "13 bytes that were sent are not confirmed" in closed.why.what
        sink.wait_for(SessionClosed)
        assert client.join(PATIENCE)
        peer.leave()
        far.run(lambda: host.__exit__(None, None, None))


SLEEPER = """
import sys
from core.net.sender import Sender
from core.net.server import Server
from core.net.transport import Tcp
from core.settings import Limits

server = Server("127.0.0.1:0", reply="none", limits=Limits(outbox=65536, stalled=0.5, gap=0.2, half_closed=0.5))
with server:
    print(server.addresses[0].port, flush=True)
    while not server.connections:
        pass
    (connection,) = server.connections
    try:
        while True:
            connection.send(b"x" * 65536)
    except Exception:
        print("full", flush=True)
    sys.stdin.read()
    print("open" if connection.is_open else "closed", flush=True)
"""


@pytest.mark.case("C-19")
@only_posix("Windows has no SIGSTOP")
def test_suspended_for_longer_than_every_limit_nobody_is_dropped_for_it() -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", SLEEPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert program.stdin is not None
    assert program.stdout is not None
    with program, NeverReads.calls(Address("127.0.0.1", int(program.stdout.readline()))) as peer:
        try:
            assert program.stdout.readline() == "full\n"
            program.send_signal(signal.SIGSTOP)
            threading.Event().wait(1.5)
            program.send_signal(signal.SIGCONT)
            peer.hear(65536)  # it was about to
            program.stdin.close()
            assert program.stdout.readline() == "open\n"
        finally:
            program.kill()


@pytest.mark.case("C-19")
@only_posix("Windows has no SIGSTOP")
def test_to_a_peer_that_is_suspended_everything_goes_out_when_it_comes_back() -> None:
    """What it takes while it stands still is what the kernels hold; nothing is lost, nobody is dropped."""
    counter = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\nn = 0\n"
    counter += "print('here', flush=True)\nwhile d := s.recv(65536): n += len(d)\nprint(n)"
    with serving("none", limits=SMALL) as (server, sink):
        port = str(address_of(server).port)
        program = subprocess.Popen([sys.executable, "-c", counter, port], stdout=subprocess.PIPE, text=True)
        assert program.stdout is not None
        with program:
            assert program.stdout.readline() == "here\n"
            connection = ours(server)
            program.send_signal(signal.SIGSTOP)
            taken = fill(connection)
            program.send_signal(signal.SIGCONT)
            until(lambda: connection.waiting == 0, "an empty outbox")
            connection.close()
            assert program.stdout.read() == f"{taken}\n"
        assert ending(sink) is Ending.OURS
