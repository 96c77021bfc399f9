"""A server: listens, takes in, turns away, answers by its rule, and stops, whatever its peers do."""

from __future__ import annotations

import errno
import http.client
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from core.address import Address
from core.clock import monotonic
from core.errors import AddressError, Fault, ListenError, SendError, TincanError
from core.events import (
    Closed,
    ConnectionId,
    Ending,
    FramingChanged,
    Listening,
    NotSent,
    Opened,
    PeerFinished,
    Received,
    ReplyChanged,
    Resolving,
    Sent,
    SessionClosed,
    SessionOpened,
    TurnedAway,
)
from core.net import sockets
from core.net.connection import Connection
from core.net.server import FULL, Server
from core.replies import Answer, Reply, Responder
from core.settings import KIB, MIB, Limits
from tests.support.law import check_law
from tests.support.namespaces import FAR, apart, two_hosts
from tests.support.peers import (
    HalfClosesThenReads,
    Host,
    NeverReads,
    Peer,
    Resets,
    SaysNothing,
    crowd,
    free_port,
)
from tests.support.sink import PATIENCE, SOON, Sink, until
from tests.support.stage import held_up, resident_memory, serving
from tests.support.systems import ON_WINDOWS, needs_descriptors, needs_rst, only_linux, only_posix

CYCLES = 1000
NO_DESCRIPTOR = "this program has as many files open as the system allows"


def address_of(server: Server) -> Address:
    return server.addresses[0]


def busy_until(go_on: threading.Event) -> Callable[[], None]:
    """What keeps a server's loop from everything else until the test lets it go on."""

    def busy() -> None:
        go_on.wait(PATIENCE)

    return busy


# Standing.


@pytest.mark.case("C-28")
def test_on_port_0_it_listens_on_a_free_port_and_says_which() -> None:
    with serving("echo", target="0") as (server, sink):
        (listening,) = sink.of(Listening)
        assert listening.addresses == server.addresses
        assert address_of(server).port != 0
        assert "running" in repr(server)
        with Peer.calls(address_of(server)) as peer:
            peer.say(b"hello")
            assert peer.hear(5) == b"hello"


@pytest.mark.case("C-25")
def test_localhost_can_be_reached_at_each_of_its_addresses() -> None:
    with serving("echo", target="localhost:0") as (server, sink):
        assert sink.of(Resolving)[0].host == "localhost"
        for address in server.addresses:
            with Peer.calls(address) as peer:
                peer.say(b"hello")
                assert peer.hear(5) == b"hello"


def test_it_stands_while_serve_forever_blocks_and_ends_when_told() -> None:
    sink = Sink()
    server = Server("127.0.0.1:0", events=sink)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    sink.wait_for(Listening)
    with Peer.calls(address_of(server)) as peer:
        assert peer.hear(16) == b"type the message"
        server.stop()
        assert peer.hear_all() == b""
    thread.join(PATIENCE)
    check_law(sink.events)


@pytest.mark.case("C-21")
def test_a_port_in_use_is_explained_with_what_to_do() -> None:
    with Host() as other:
        server = Server(other.address)
        with pytest.raises(ListenError, match="already in use") as refusal:
            server.serve_forever()
        assert refusal.value.explanation.fault is Fault.PERSON
        assert "another window of this program" in refusal.value.explanation.causes[0]
        with pytest.raises(ListenError), Server(other.address):
            raise AssertionError("it was entered")


@pytest.mark.root
@pytest.mark.case("C-27")
def test_a_port_that_needs_rights_is_explained() -> None:
    program = (
        "import os; from core.net.server import Server; import core.errors, core.wire.framing, encodings.idna\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try: Server('127.0.0.1:80').serve_forever()\n"
        "except core.errors.ListenError as error: print(error)"
    )
    command = [*apart("--net"), sys.executable, "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert "ports below 1024 need administrator rights" in run.stdout, run.stderr


@pytest.mark.case("C-27")
def test_a_port_that_the_system_withholds_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def withheld(*_args: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(sockets, "_listener", withheld)
    with pytest.raises(ListenError, match="Choose another port" if ON_WINDOWS else "Choose a port above 1023"):
        Server("127.0.0.1:80").serve_forever()


@pytest.mark.case("C-28", "C-29")
@pytest.mark.parametrize(
    "target", ["", "65536", "-1", "80x", "1.5", "٨٠", "a b:80", "a\0b:80", "[::1", "x" * 64 + ":80"]
)
def test_what_is_no_address_is_refused_before_anything_begins(target: str) -> None:
    with pytest.raises(AddressError):
        Server(target)


@pytest.mark.case("C-29")
@pytest.mark.parametrize("target", ["  127.0.0.1:0  ", "[::ffff:127.0.0.1]:0", "127.0.0.1:00"])
def test_a_target_may_be_written_in_more_than_one_way(target: str) -> None:
    with Server(target) as server:
        assert address_of(server).host == "127.0.0.1"


@pytest.mark.case("C-29")
def test_an_address_of_another_machine_is_explained() -> None:
    with pytest.raises(ListenError, match="not an address of this machine"):
        Server("192.0.2.1:0").serve_forever()


@pytest.mark.parametrize("wrong", [{"reply": "oracle"}, {"framing": "morse"}])
def test_an_unknown_rule_or_framing_is_refused_before_anything_begins(wrong: dict[str, str]) -> None:
    with pytest.raises(TincanError):
        Server("127.0.0.1:0", **wrong)  # type: ignore[arg-type]


@pytest.mark.case("C-12")
@pytest.mark.root
def test_with_a_dead_name_server_stop_does_not_wait_for_the_look_up(tmp_path: object) -> None:
    """In a namespace of its own: the name server is an address from which nothing ever comes back."""
    program = (
        "import subprocess, threading, time, os\n"
        "from core.net.client import Client\n"
        "from core.settings import Limits\n"
        "client = Client('tincan.example:80', limits=Limits(connect=0.5)); began = time.monotonic()\n"
        "try: client.run()\n"
        "except Exception as error: print(error)\n"
        "print(f'{time.monotonic() - began:.1f}')\n"
        "print(*(t.name for t in threading.enumerate() if t.daemon), flush=True); os._exit(0)\n"
    )
    steps = (
        "mount --make-rprivate /",
        "ip link add cable type veth peer name other",
        "ip address add 10.77.0.1/24 dev cable",
        "ip link set cable up",
        "ip link set other up",
        "ip neighbour add 10.77.0.53 lladdr 02:00:00:00:00:53 dev cable nud permanent",
        f"echo nameserver 10.77.0.53 > {tmp_path}/resolv.conf",
        f"mount --bind {tmp_path}/resolv.conf /etc/resolv.conf",
    )
    script = " && ".join(steps) + ' || exit 77\nexec "$@"'
    run = subprocess.run(
        [*apart("--net", "--mount"), "sh", "-c", script, "sh", sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if run.returncode in (1, 77):
        pytest.skip(f"no namespace to be had: {run.stderr.strip()}")
    why, took, left_behind = run.stdout.splitlines()
    assert "o answer from tincan.example" in why
    assert float(took) < SOON
    assert left_behind == "resolver tincan.example"


# Rules.


@pytest.mark.case("C-38", "C-39")
def test_the_tutorials_stop_ends_the_connection_that_said_it_and_no_other() -> None:
    with (
        serving("letter", framing="line") as (server, sink),
        Peer.calls(address_of(server)) as one,
        Peer.calls(address_of(server)) as other,
    ):
        one.say(b"hello\nstop\nnever answered\n")
        text = one.hear_all()
        one.leave()
        assert text.startswith(b"type the message\n")
        assert len(text) == len(b"type the message\nX\n")
        (closed,) = sink.wait_for(Closed)
        assert closed.ending is Ending.REPLY
        other.say(b"stopping STOP\n stop \n")
        assert other.hear(17 + 4)[17:].count(b"\n") == 2


def test_another_rule_holds_from_the_next_message_on() -> None:
    with serving("echo") as (server, sink), Peer.calls(address_of(server)) as peer:
        peer.say(b"hello")
        assert peer.hear(5) == b"hello"
        server.set_reply("letter")
        peer.say(b"hello")
        assert len(peer.hear(1)) == 1
        with pytest.raises(TincanError):
            server.set_reply("oracle")
        (connection,) = server.connections
        assert server.connection(connection.id) is connection
        assert server.connection(ConnectionId(99)) is None
        assert len(sink.wait_for(Sent, 2)) == 2


def test_messages_are_told_apart_in_another_way_from_now_on_wherever_one_is_connected() -> None:
    with serving("echo") as (server, sink), crowd(address_of(server), 2) as (before, other):
        before.say(b"half a li")
        assert before.hear(9) == b"half a li"

        server.set_framing("line")

        (changed,) = sink.wait_for(FramingChanged)
        before.say(b"one\ntwo\nthr")
        assert before.hear(8) == b"one\ntwo\n"
        server.set_framing("length:1")
        sink.wait_for(FramingChanged, 2)
        before.say(b"\x03new")
        assert before.hear(4) == b"\x03new"
        other.say(b"\x01x")
        assert other.hear(2) == b"\x01x"
        with pytest.raises(TincanError, match="no framing called"):
            server.set_framing("morse")
        assert (changed.framing, server.framing) == ("line", "length:1")


def test_what_is_sent_after_the_framing_was_set_is_framed_in_that_way_however_busy_the_server_is() -> None:
    with serving("none") as (server, sink), Peer.calls(address_of(server)) as peer:
        sink.wait_for(Opened)
        until(lambda: bool(server.connections), "the connection")
        go_on = held_up(server)
        server.set_framing("line")
        server.connections[0].send(b"hello")
        assert peer.hear(6) == b"hello\n"
        go_on.set()


def test_what_is_changed_before_it_runs_is_told_as_well() -> None:
    sink = Sink()
    server = Server("127.0.0.1:0", reply="letter", events=sink)

    server.set_framing("line")
    server.set_reply("echo")

    with server:
        (framed,), (replied,) = sink.wait_for(FramingChanged), sink.wait_for(ReplyChanged)
        with Peer.calls(address_of(server)) as peer:
            peer.say(b"hello\n")
            assert peer.hear(6) == b"hello\n"
    assert (framed.framing, replied.reply) == ("line", "echo")
    server.set_framing("raw")
    check_law(sink.events)


def test_in_a_room_everybody_hears_what_the_others_say() -> None:
    with serving("room", framing="line") as (server, sink), crowd(address_of(server), 10) as peers:
        sink.wait_for(Opened, 10)
        for number, peer in enumerate(peers):
            peer.say(f"{number}\n".encode())
        for number, peer in enumerate(peers):
            lines = peer.hear(2 * 9).split()
            assert sorted(lines) == sorted(f"{other}".encode() for other in range(10) if other != number)


@pytest.mark.case("C-43")
def test_one_that_never_reads_costs_the_others_in_its_room_nothing() -> None:
    """And is told nothing but what it has room for: each refusal is on record."""
    limits = Limits(outbox=64 * KIB, stalled=PATIENCE)
    line = b"x" * (16 * KIB - 1) + b"\n"
    with (
        serving("room", framing="line", limits=limits) as (server, sink),
        NeverReads.calls(address_of(server)),
        crowd(address_of(server), 49) as peers,
    ):
        sink.wait_for(Opened, 50)
        speaker, *listeners = peers
        dead = sink.of(Opened)[0].connection
        rounds = 0
        while not sink.of(NotSent):
            assert rounds < 4000, "the dead one takes whatever comes"
            speaker.say(line)
            for listener in listeners:
                assert listener.hear(len(line)) == line
            rounds += 1
        assert {event.connection for event in sink.of(NotSent)} == {dead}
        assert server.connection(dead) is not None, "it was dropped before its time"


def test_a_browser_that_posts_to_our_port_has_power_over_nothing() -> None:
    with serving("letter", framing="line") as (server, sink), Peer.calls(address_of(server)) as standing:
        assert standing.hear(17) == b"type the message\n"
        browser = http.client.HTTPConnection("127.0.0.1", address_of(server).port, timeout=PATIENCE)
        browser.request("POST", "/", body="stop\nstop\n")
        with pytest.raises(http.client.BadStatusLine):
            browser.getresponse()
        browser.close()
        standing.say(b"hello\n")
        assert len(standing.hear(2)) == 2
        assert len(sink.wait_for(Closed)) == 1


# Limits.


MANY = min(450, Limits().connections)  # at once: select of Windows watches fewer
needs_many = needs_descriptors(2 * MANY + 100)


@pytest.mark.case("C-33")
@needs_many
def test_a_flood_of_connections_waits_for_no_retransmit() -> None:
    with serving("none") as (server, sink), ExitStack() as stack, ThreadPoolExecutor(16) as callers:
        peers = list(callers.map(lambda _number: SaysNothing.calls(address_of(server)), range(MANY)))
        for peer in peers:
            stack.enter_context(peer)
        sink.wait_for(Opened, MANY)
        assert [retransmits(peer) for peer in peers] == [0] * MANY


@pytest.mark.case("C-33")
@needs_many
def test_the_backlog_holds_a_burst_that_comes_while_the_server_is_busy() -> None:
    with serving("none") as (server, sink), ExitStack() as stack:
        go_on = threading.Event()
        server._loop.call_soon(busy_until(go_on))
        peers = [stack.enter_context(SaysNothing.calls(address_of(server))) for _ in range(MANY)]
        go_on.set()
        sink.wait_for(Opened, MANY)
        assert [retransmits(peer) for peer in peers] == [0] * MANY


def retransmits(peer: Peer) -> int:
    """How often the kernel sent something of this end again: a SYN that finds the backlog full, after a second."""
    if sys.platform != "linux":
        return 0
    return int.from_bytes(peer.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)[100:], sys.byteorder)


@pytest.mark.case("C-34")
def test_beyond_the_limit_peers_are_told_so_and_counted_and_places_come_free_again() -> None:
    with serving("echo", limits=Limits(connections=3)) as (server, sink):
        with crowd(address_of(server), 3) as standing:
            sink.wait_for(Opened, 3)
            for _ in range(5):
                with Peer.calls(address_of(server)) as surplus:
                    assert surplus.hear_all() == FULL
            for peer in standing:
                peer.say(b"hello")
                assert peer.hear(5) == b"hello"
            (turned_away,) = sink.of(TurnedAway)
            assert "3 connections" in turned_away.why
        sink.wait_for(Closed, 3)
        with Peer.calls(address_of(server)) as newcomer:
            newcomer.say(b"hello")
            assert newcomer.hear(5) == b"hello"
    first, rest = sink.of(TurnedAway)  # the first at once, the others together, at the end at the latest
    assert (first.count, rest.count) == (1, 4)


@pytest.mark.case("C-34", "C-06")
@pytest.mark.parametrize("sentence", [b"hello", b"x" * 40 * KIB], ids=["short", "longer than a recv"])
def test_who_is_turned_away_in_the_middle_of_a_sentence_still_hears_why(sentence: bytes) -> None:
    """Bytes of it that nobody has read would turn the close into a reset."""
    limits = Limits(connections=1, receive=4 * KIB)
    with serving("none", limits=limits) as (server, sink), SaysNothing.calls(address_of(server)):
        sink.wait_for(Opened)
        go_on = threading.Event()
        server._loop.call_soon(busy_until(go_on))
        with Peer.calls(address_of(server)) as surplus:
            surplus.say(sentence)
            go_on.set()
            sink.wait_for(TurnedAway)  # by then it is closed, and a reset would be here
            assert surplus.hear_all() == FULL
            surplus.say(b"goodbye")  # which would fail after a reset


@pytest.mark.case("C-34")
def test_a_crowd_that_is_turned_away_is_reported_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.net.listening._QUIET", 0.1)
    with serving("none", limits=Limits(connections=1)) as (server, sink), SaysNothing.calls(address_of(server)):
        sink.wait_for(Opened)
        for expected in (1, 2):
            for _ in range(3):
                with Peer.calls(address_of(server)) as surplus:
                    assert surplus.hear_all() == FULL
            sink.wait_for(TurnedAway, expected)
    assert sink.of(TurnedAway)[0].why == "the server has 1 connection, as many as it takes"


@pytest.fixture
def loopback_is_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback counts as another network, so that its addresses are sources like any other."""
    monkeypatch.setattr(Address, "is_loopback", property(lambda _self: False))


@pytest.mark.case("C-35")
@pytest.mark.usefixtures("loopback_is_far")
@only_linux("all of 127.0.0.0/8 is loopback on Linux only")
def test_one_address_cannot_take_every_place() -> None:
    with serving("echo", target="127.0.0.1:0", limits=Limits(connections_per_source=2)) as (server, sink):
        greedy = [Peer.calls(address_of(server), source="127.0.0.7") for _ in range(2)]
        sink.wait_for(Opened, 2)
        with Peer.calls(address_of(server), source="127.0.0.7") as surplus:
            assert surplus.hear_all() == FULL
        assert "127.0.0.7 has 2 connections" in sink.wait_for(TurnedAway)[0].why
        with Peer.calls(address_of(server), source="127.0.0.8") as other:
            other.say(b"hello")
            assert other.hear(5) == b"hello"
        greedy.pop().leave()
        sink.wait_for(Closed, 2)
        with Peer.calls(address_of(server), source="127.0.0.7") as again:
            again.say(b"hello")
            assert again.hear(5) == b"hello"
        greedy.pop().leave()


@pytest.mark.case("C-34", "C-42")
@pytest.mark.usefixtures("loopback_is_far")
@pytest.mark.parametrize("leave", [Resets, Peer] if sys.platform == "linux" else [Resets])
@pytest.mark.parametrize("limits", [Limits(connections=5), Limits(connections_per_source=5)])
@needs_rst
def test_who_has_left_while_the_journal_is_behind_takes_no_place(limits: Limits, leave: type[Peer]) -> None:
    """Nothing is read meanwhile; what they had said is on record once the journal has caught up."""
    with serving("echo", limits=limits) as (server, sink), Peer.calls(address_of(server)) as standing:
        sink.wait_for(Opened)
        sink.congest()
        standing.say(b"still here")
        sink.wait_for_pause()
        for count in range(2, 14):
            with leave.calls(address_of(server)) as peer:
                sink.wait_for(Opened, count)
                peer.say(b"my last words")
                sink.wait_for_pause(count)
        with Peer.calls(address_of(server)) as honest:
            sink.wait_for(Opened, 14)
            sink.relieve()
            honest.say(b"hello")
            assert honest.hear(5) == b"hello"
            assert standing.hear(10) == b"still here"
            sink.wait_for(Closed, 12)
        assert [event.data for event in sink.of(Received)].count(b"my last words") == 12
        assert sink.of(TurnedAway) == []
        sink.wait_for(Closed, 13)
        with crowd(address_of(server), 4):
            sink.wait_for(Opened, 18)
            with Peer.calls(address_of(server)) as surplus:
                assert surplus.hear_all() == FULL  # a place that was given up comes free once


@pytest.mark.case("C-35")
def test_on_this_machine_alone_one_address_may_have_them_all() -> None:
    with serving("none", limits=Limits(connections_per_source=2)) as (server, sink), crowd(address_of(server), 5):
        sink.wait_for(Opened, 5)


@pytest.mark.root
@pytest.mark.case("C-35")
def test_another_machine_cannot_take_every_place() -> None:
    sink = Sink()
    with two_hosts() as (near, far):
        server = Server("0.0.0.0:0", reply="none", limits=Limits(connections_per_source=2), events=sink)
        near.run(server.__enter__)
        here = Address("10.77.0.1", server.addresses[0].port)
        peers = [far.run(lambda: Peer.calls(here)) for _ in range(3)]
        assert peers[2].hear_all() == FULL
        assert sink.wait_for(TurnedAway)[0].why.startswith(f"{FAR} has 2 connections")
        for peer in peers:
            peer.leave()
        server.stop()
        assert server.join(PATIENCE)


# Running out.

CROWDED = """
import json, resource, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from core.events import TurnedAway
from core.net.server import Server
from tests.support.sink import Sink

sink = Sink()
with Server("127.0.0.1:0", reply="echo", events=sink) as server:
    print(server.addresses[0].port, flush=True)
    for line in sys.stdin:
        begun, cpu = time.monotonic(), time.process_time()
        if line == "measure\\n":
            time.sleep(1)
        used = (time.process_time() - cpu) / (time.monotonic() - begun)
        print(json.dumps([len(server.connections), used, [event.why for event in sink.of(TurnedAway)]]), flush=True)
"""


@pytest.mark.case("C-31")
@only_posix("Windows has no such limit")
def test_out_of_descriptors_it_keeps_what_it_has_tells_the_others_and_does_not_spin() -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", CROWDED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert program.stdin is not None
    assert program.stdout is not None

    def ask(question: str) -> tuple[int, float, list[str]]:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(question + "\n")
        standing, used, turned_away = json.loads(program.stdout.readline())
        return standing, used, turned_away

    with program, ExitStack() as stack:
        address = Address("127.0.0.1", int(program.stdout.readline()))
        peers = [stack.enter_context(Peer.calls(address)) for _ in range(160)]
        until(lambda: bool(ask("now")[2]), "somebody turned away")
        standing, used, turned_away = ask("measure")
        assert 40 < standing < 64
        until(lambda: len(told(peers)) == 160 - standing, "a word to each of the others")
        surplus = told(peers)
        assert {peer.hear_all() for peer in surplus} == {FULL}
        assert "as many files open" in turned_away[0]
        assert len(turned_away) <= 2
        assert used < 0.01
        for peer in peers:
            if peer not in surplus:
                peer.say(b"still here")
                assert peer.hear(10) == b"still here"
        for peer in peers:
            peer.leave()
        began = monotonic()
        with Peer.calls(address) as newcomer:
            newcomer.say(b"hello")
            assert newcomer.hear(5) == b"hello"
        assert monotonic() - began < SOON
        program.stdin.close()


def told(peers: list[Peer]) -> list[Peer]:
    """Those that the server has told something: an echo says nothing by itself."""
    readable = select.select([peer.sock for peer in peers], [], [], 0)[0]
    return [peer for peer in peers if peer.sock in readable]


def failing_first(failures: list[Exception]) -> Callable[[socket.socket], tuple[socket.socket, object]]:
    """An ``accept`` that fails as the test says, and then works again."""
    accept = socket.socket.accept

    def accept_or_fail(listener: socket.socket) -> tuple[socket.socket, object]:
        if failures:
            raise failures.pop(0)
        return accept(listener)

    return accept_or_fail


@pytest.mark.case("C-31", "C-32", "C-36")
@pytest.mark.parametrize(
    "failures",
    [
        [OSError(errno.EMFILE, "Too many open files"), OSError(errno.ENFILE, "Too many open files in system")],
        [OSError(errno.ENOBUFS, "No buffer space"), BlockingIOError(errno.EAGAIN, "Try again")],
        [MemoryError()],
        [OSError(errno.ECONNABORTED, "Software caused connection abort")],
    ],
)
def test_an_accept_that_fails_costs_nobody_else_anything(
    failures: list[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving("echo") as (server, sink), Peer.calls(address_of(server)) as standing:
        sink.wait_for(Opened)
        monkeypatch.setattr(socket.socket, "accept", failing_first(failures))
        with Peer.calls(address_of(server)) as newcomer:
            newcomer.say(b"hello")
            assert newcomer.hear(5) == b"hello"
        assert failures == []
        standing.say(b"hello")
        assert standing.hear(5) == b"hello"


@pytest.mark.case("C-31")
def test_while_nothing_can_be_accepted_it_rests_between_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[float] = []

    def never(_listener: socket.socket) -> None:
        attempts.append(monotonic())
        raise OSError(errno.EMFILE, "Too many open files")

    with serving("echo") as (server, _sink):
        with monkeypatch.context() as patch:
            patch.setattr(socket.socket, "accept", never)
            waiting = Peer.calls(address_of(server))
            until(lambda: len(attempts) >= 6, "three attempts, each with the spare descriptor after it")
        assert attempts[5] - attempts[0] > 0.15, "it spins"
        with waiting:
            waiting.say(b"hello")
            assert waiting.hear(5) == b"hello"


@pytest.mark.case("C-15")
def test_a_socket_that_comes_without_an_address_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """What macOS accepts of a peer that has gone already."""
    accept = socket.socket.accept
    dead = [True]

    def nameless(listener: socket.socket) -> tuple[socket.socket, object]:
        sock, sockaddr = accept(listener)
        return (sock, None) if dead and dead.pop() else (sock, sockaddr)

    with serving("echo") as (server, sink):
        monkeypatch.setattr(socket.socket, "accept", nameless)
        with Peer.calls(address_of(server)) as gone:
            assert gone.hear_all() == b""
        with Peer.calls(address_of(server)) as peer:
            peer.say(b"hello")
            assert peer.hear(5) == b"hello"
        assert len(sink.of(Opened)) == 1


@pytest.mark.case("C-15", "C-36")
@pytest.mark.parametrize(
    ("failure", "said", "told"),
    [
        (OSError(errno.EINVAL, "Invalid argument"), b"", []),
        (
            OSError(errno.EMFILE, "Too many open files"),
            FULL,
            ["this program has as many files open as the system allows"],
        ),
        (MemoryError(), FULL, ["this machine is out of memory"]),
    ],
)
def test_a_peer_that_cannot_be_welcomed_is_let_go_and_told_if_there_is_no_room(
    failure: Exception, said: bytes, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    make, failures = Server._connection, [failure]

    def fail_once(server: Server, sock: socket.socket, peer: Address) -> Connection:
        if failures:
            raise failures.pop()
        return make(server, sock, peer)

    monkeypatch.setattr(Server, "_connection", fail_once)
    with serving("echo") as (server, sink):
        with Peer.calls(address_of(server)) as gone:
            assert gone.hear_all() == said
        with Peer.calls(address_of(server)) as peer:
            peer.say(b"hello")
            assert peer.hear(5) == b"hello"
        assert len(sink.of(Opened)) == 1
        assert [event.why for event in sink.of(TurnedAway)] == told


@pytest.mark.case("C-31")
def test_a_server_that_could_turn_nobody_away_does_not_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_arguments: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    sink = Sink()
    monkeypatch.setattr("core.net.listening.os.open", none_left)
    with (
        pytest.raises(ListenError, match="as many connections and files open as the system allows"),
        Server("127.0.0.1:0", events=sink),
    ):
        pass
    assert sink.of(Listening) == []
    check_law(sink.events)


@pytest.mark.case("C-15")
def test_peers_that_are_gone_before_they_are_accepted_leave_nothing_behind() -> None:
    with serving("letter") as (server, sink):
        go_on = threading.Event()
        server._loop.call_soon(busy_until(go_on))
        for kind in (Peer, Resets) * 20:
            kind.calls(address_of(server)).leave()
        go_on.set()
        with Peer.calls(address_of(server)) as peer:
            assert peer.hear(16) == b"type the message"
            until(lambda: len(server.connections) == 1, "the others' end")
            assert len(sink.of(Opened)) == len(sink.of(Closed)) + 1


@pytest.mark.case("C-32")
def test_it_needs_no_thread_for_a_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with serving("echo") as (server, _sink):
        monkeypatch.setattr(threading.Thread, "start", no_more)
        with crowd(address_of(server), 20) as peers:
            for peer in peers:
                peer.say(b"hello")
                assert peer.hear(5) == b"hello"


@pytest.mark.case("C-31", "C-32")
@pytest.mark.parametrize("spent", ["thread", "descriptor"])
def test_what_cannot_even_start_says_so(
    spent: str, monkeypatch: pytest.MonkeyPatch, logged_errors: list[object]
) -> None:
    def no_more(*_args: object) -> None:
        raise RuntimeError("can't start new thread")

    def no_descriptor() -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    if spent == "thread":
        monkeypatch.setattr(threading.Thread, "start", no_more)
        with pytest.raises(RuntimeError, match="new thread"):
            Server("127.0.0.1:0").start()
    else:
        monkeypatch.setattr("core.net.loop.Waker", no_descriptor)
        sink = Sink()
        with pytest.raises(ListenError, match="as many connections and files open as the system allows"):
            Server("127.0.0.1:0", events=sink).serve_forever()
        check_law(sink.events)
        logged_errors.clear()


# Stopping.


@pytest.mark.case("C-14")
def test_stopped_with_a_hundred_clients_it_says_goodbye_to_each_and_is_gone_at_once() -> None:
    with serving("echo") as (server, sink), crowd(address_of(server), 100) as peers:
        sink.wait_for(Opened, 100)
        began = monotonic()
        server.stop()
        assert server.join(PATIENCE)
        took = monotonic() - began
        assert [peer.hear_all() for peer in peers] == [b""] * 100
        assert {event.ending for event in sink.of(Closed)} == {Ending.SERVER_STOPPED}
        assert took < SOON


@pytest.mark.case("C-14")
def test_stopped_in_the_middle_of_talk_every_answer_that_was_sent_arrives() -> None:
    with serving("none") as (server, sink), crowd(address_of(server), 50) as peers:
        sink.wait_for(Opened, 50)
        for connection in server.connections:
            connection.send(b"last words")
        server.stop()
        assert [peer.hear_all() for peer in peers] == [b"last words"] * 50


@pytest.mark.case("C-14", "C-43")
def test_a_peer_that_never_reads_does_not_keep_the_server() -> None:
    limits = Limits(outbox=64 * KIB, flush=0.2)
    with serving("none", limits=limits) as (server, sink), NeverReads.calls(address_of(server)):
        sink.wait_for(Opened)
        (connection,) = server.connections
        taken = 0
        while not (refused := _refusal(connection)):
            taken += 65536
        assert "does not read" in refused
        server.stop()
        until(lambda: "stopping" in _refusal(connection), "a server that stops")
        assert server.join(SOON)
        assert sum(len(event.data) for event in sink.of(Sent)) + sum(event.size for event in sink.of(NotSent)) == taken


def _refusal(connection: Connection) -> str:
    try:
        connection.send(b"x" * 65536)
    except SendError as error:
        return str(error)
    return ""


@pytest.mark.case("C-18")
def test_who_was_not_accepted_yet_is_not_left_waiting() -> None:
    with serving("none") as (server, sink), ExitStack() as stack:
        go_on = threading.Event()
        server._loop.call_soon(busy_until(go_on))
        peers = [stack.enter_context(SaysNothing.calls(address_of(server))) for _ in range(10)]
        server.stop()
        go_on.set()
        for peer in peers:
            try:
                assert peer.hear_all() == b""
            except ConnectionResetError:
                continue
        assert server.join(SOON)
        assert len(sink.of(Opened)) == len(sink.of(Closed))


@pytest.mark.case("C-16", "C-22")
def test_started_and_stopped_a_thousand_times_on_one_port_it_leaves_nothing() -> None:
    target = Address("127.0.0.1", free_port())
    warm_up = CYCLES // 10
    before = 0
    for cycle in range(CYCLES):
        if cycle == warm_up:
            before = resident_memory()
        with Server(target, reply="echo") as server:
            if cycle % 10 == 0:
                with Peer.calls(target) as peer:
                    peer.say(b"hello")
                    assert peer.hear(5) == b"hello"
        assert not server.connections
    assert resident_memory() - before < 4 * MIB


@pytest.mark.case("C-17")
def test_stopped_before_it_was_started_it_never_listens() -> None:
    sink = Sink()
    server = Server("127.0.0.1:0", events=sink)
    server.stop()
    server.serve_forever()
    assert [type(event) for event in sink.events] == [SessionOpened, SessionClosed]
    assert sink.of(SessionClosed)[0].cancelled


@pytest.mark.case("C-17")
def test_stopped_while_its_name_is_looked_up_it_never_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    back = threading.Event()

    def hang(_target: Address, *, for_server: bool) -> list[sockets.Endpoint]:
        back.wait(PATIENCE)
        return [sockets.Endpoint(socket.AF_INET, ("127.0.0.1", 0))]

    monkeypatch.setattr(sockets, "resolve", hang)
    sink = Sink()
    server = Server("tincan.test:0", events=sink)
    server.start()
    sink.wait_for(Resolving)
    server.stop()
    assert server.join(SOON)
    back.set()
    assert sink.of(Listening) == []
    check_law(sink.events)


@pytest.mark.case("C-17")
def test_a_server_has_one_life_and_may_be_stopped_any_number_of_times() -> None:
    with serving("echo") as (server, _sink):
        for again in (server.start, server.serve_forever):
            with pytest.raises(RuntimeError, match="run before"):
                again()
        server.stop()
        server.stop()
        assert server.join(PATIENCE)
        server.stop()


@pytest.mark.case("C-17")
def test_stopped_from_within_it_does_not_wait_for_itself() -> None:
    """By its own rule, in the middle of an answer."""
    with serving("echo") as (server, sink), Peer.calls(address_of(server)) as peer:

        class Stops(Reply, has_name=False):
            name = "stops"

            def answer(self, message: bytes) -> Answer:
                server.stop()
                assert server.join()
                return Answer(message)

        server._reply = Stops()
        peer.say(b"hello")
        assert peer.hear_all() == b"hello"
        sink.wait_for(SessionClosed)


class Ends(Responder):
    """Answers nothing, and raises when it is to end."""

    def opened(self) -> None: ...

    def received(self, message: bytes) -> None: ...

    def peer_finished(self, then: Callable[[], None]) -> None:
        then()

    def closed(self) -> None:
        raise RuntimeError("broken")


class EndsBadly(Reply, has_name=False):
    name = "ends"
    has_responders = True

    def responder(self, peer: object) -> Responder:
        return Ends()


@pytest.mark.case("C-67")
def test_who_answers_may_fail_at_the_end_and_the_rest_goes_on(logged_errors: list[object]) -> None:
    with (
        serving(EndsBadly()) as (server, sink),
        Peer.calls(address_of(server)) as peer,
        Peer.calls(address_of(server)) as other,
    ):
        sink.wait_for(Opened, 2)
        peer.sock.close()
        sink.wait_for(Closed)
        server.set_reply("echo")
        other.say(b"still there?")
        assert other.hear(12) == b"still there?"
    assert len(logged_errors) == 2
    logged_errors.clear()


@pytest.mark.case("C-67")
@pytest.mark.parametrize("while_stopping", [False, True])
def test_a_fault_of_our_own_still_ends_every_connection_and_the_session(
    while_stopping: bool, logged_errors: list[object]
) -> None:
    with serving("echo") as (server, sink), crowd(address_of(server), 3) as peers:
        sink.wait_for(Opened, 3)
        loop = server._loop

        def break_down() -> None:
            if while_stopping:
                server.stop()
            loop.call_soon(lambda: [][0])

        loop.call_soon(break_down)
        (closed,) = sink.wait_for(SessionClosed)
        assert closed.failure is not None
        assert len(sink.of(Closed)) == 3
        for peer in peers:
            try:
                assert peer.hear_all() == b""
            except ConnectionResetError:
                continue
    assert len(logged_errors) == 1
    logged_errors.clear()


# Half-closed by people's tools, all at once.


@pytest.mark.case("C-04")
def test_half_closed_peers_get_all_their_answers() -> None:
    with serving("echo") as (server, sink), ThreadPoolExecutor(8) as callers:

        def ask(number: int) -> bool:
            text = os.urandom(1000 + number)
            with HalfClosesThenReads.calls(address_of(server)) as peer:
                return peer.say_and_hear(text) == text

        assert all(callers.map(ask, range(100)))
        sink.wait_for(Closed, 100)
        assert sink.of(PeerFinished) == []


def told_back(peer: Peer, text: bytes) -> bytes:
    peer.say(text)
    return peer.hear(len(text))


def test_what_it_received_is_what_was_sent_whoever_sent_it() -> None:
    with serving("echo") as (server, sink), crowd(address_of(server), 20) as peers:
        texts = [os.urandom(50_000) for _ in peers]
        with ThreadPoolExecutor(20) as callers:
            assert list(callers.map(told_back, peers, texts)) == texts
        ports = {opened.peer.port: opened.connection for opened in sink.of(Opened)}
        for peer, text in zip(peers, texts, strict=True):
            heard = b"".join(event.data for event in sink.of(Received, ports[peer.port]))
            assert heard == text
