"""A tap for datagrams: each goes on as it is, from a port of its caller's own, and answers go to that caller."""

from __future__ import annotations

import errno
import itertools
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core.address import Address
from core.errors import AddressError, DatagramError, Explanation, ListenError
from core.events import (
    Closed,
    Ending,
    Listening,
    NotSent,
    Onward,
    Opened,
    Received,
    Remark,
    Resolved,
    Resolving,
    Sent,
    SessionOpened,
    SessionRemark,
)
from core.net import udp
from core.net.datagrams import DatagramSocket, DatagramTransport, bound
from core.net.hold import Hold
from core.net.resolver import Outcome, Resolver
from core.net.socket_options import AS_USUAL, SocketOptions
from core.net.sockets import Endpoint, SocketAddress
from core.net.udp_tap import UdpTap
from core.origin import EDITED, PASSED_ON, SCRIPT
from core.roles import Role
from core.settings import DEFAULTS, Limits
from core.wire.faults import BothWays, FaultError, Faults, parse_faults
from tests.support.law import check_law
from tests.support.peers import free_port, stranger
from tests.support.sink import Sink, until
from tests.support.stage import held_up
from tests.support.systems import needs_icmp, needs_ipv6

LARGEST = b"x" * 65_507


class Scene:
    """A target, a tap before it, and those who call it."""

    def __init__(self, tap: UdpTap, sink: Sink, target: socket.socket) -> None:
        self.tap, self.sink, self.target = tap, sink, target

    @contextmanager
    def caller(self) -> Iterator[socket.socket]:
        with stranger(self.tap.addresses[0]) as sock:
            yield sock

    def hears(self) -> tuple[bytes, SocketAddress]:
        """The next datagram at the target, and where it came from."""
        found: tuple[bytes, SocketAddress] = self.target.recvfrom(70_000)
        return found

    def passes(self, caller: socket.socket, data: bytes) -> SocketAddress:
        """Something gets from a caller to the target; where it came from there."""
        caller.send(data)
        heard, source = self.hears()
        assert heard == data
        return source

    def notes(self) -> list[str]:
        return [event.text for event in self.sink.of(Remark)]

    def holds(self, *held: bytes) -> None:
        until(lambda: tuple(one.data for one in self.tap.held) == held, f"{held} to be held")


@contextmanager
def tapping(
    *,
    limits: Limits = DEFAULTS,
    socket_options: SocketOptions = AS_USUAL,
    fault_out: Faults | None = None,
    fault_in: Faults | None = None,
    hold: Hold | None = None,
) -> Iterator[Scene]:
    sink = Sink()
    with stranger() as target:
        place = Address(*target.getsockname()[:2])
        tap = UdpTap(
            "127.0.0.1:0", place, limits=limits, events=sink, socket_options=socket_options,
            fault_out=fault_out, fault_in=fault_in,
        )  # fmt: skip
        tap.set_hold(hold)
        with tap:
            yield Scene(tap, sink, target)
    check_law(sink.events)


def test_what_each_says_the_other_hears_as_it_was() -> None:
    with tapping() as scene, scene.caller() as caller:
        source = scene.passes(caller, b"question")
        scene.target.sendto(b"noitseuq", source)
        assert caller.recv(100) == b"noitseuq"
        for data in (b"", b"\xff\0", LARGEST):
            assert scene.passes(caller, data) == source
            scene.target.sendto(data[::-1], source)
            assert caller.recv(70_000) == data[::-1]

        near, far = scene.sink.of(Opened)
        assert (near.number, far.number, near.peer.port) == (1, -1, caller.getsockname()[1])
        assert (str(far.peer), far.local.port) == (str(scene.tap.onward), source[1])
        sent = scene.sink.wait_for(Sent, 8)
        assert {event.origin for event in sent} == {PASSED_ON}
        assert [event.data for event in scene.sink.of(Received, near.connection)] == [
            b"question",
            b"",
            b"\xff\0",
            LARGEST,
        ]
        assert [event.data for event in scene.sink.of(Sent, far.connection)] == [b"question", b"", b"\xff\0", LARGEST]
        assert [event.data for event in scene.sink.of(Received, far.connection)] == [
            b"noitseuq",
            b"",
            b"\0\xff",
            LARGEST,
        ]
        assert [event.data for event in scene.sink.of(Sent, near.connection)] == [b"noitseuq", b"", b"\0\xff", LARGEST]


def test_what_it_is_is_told_before_anything_else() -> None:
    with tapping() as scene:
        opened, onward, listening = scene.sink.events[:3]

    assert isinstance(opened, SessionOpened)
    assert opened.role is Role.UDP_TAP
    assert isinstance(onward, Onward)
    assert (onward.target, onward.tls, onward.proxy) == (scene.tap.onward, False, "")
    assert isinstance(listening, Listening)
    assert listening.addresses == scene.tap.addresses


def test_each_caller_has_a_port_of_its_own_and_gets_its_own_answers() -> None:
    with tapping() as scene, scene.caller() as one, scene.caller() as other:
        first, second = scene.passes(one, b"1"), scene.passes(other, b"2")
        assert first != second
        scene.target.sendto(b"to 2", second)
        scene.target.sendto(b"to 1", first)
        assert (one.recv(100), other.recv(100)) == (b"to 1", b"to 2")
        assert scene.passes(one, b"again") == first

        assert [event.number for event in scene.sink.of(Opened)] == [1, -1, 2, -2]


def test_many_that_came_together_go_on_in_their_order() -> None:
    said = [b"%d" % number for number in range(110)]  # as many as any system keeps for a socket
    with tapping() as scene, scene.caller() as one, scene.caller() as other:
        scene.passes(one, b"first")
        go_on = held_up(scene.tap)
        for data in said:
            (one if len(data) < 3 else other).send(data)
        go_on.set()
        heard = [scene.hears() for _ in said]

        for source in {source for _data, source in heard}:
            mine = [data for data, whence in heard if whence == source]
            assert mine == [data for data in said if (len(data) < 3) == (len(mine[0]) < 3)]
        assert sorted(data for data, _source in heard) == sorted(said)


def test_whoever_is_not_the_target_is_not_heard_where_its_answers_come() -> None:
    with tapping() as scene, scene.caller() as caller, stranger() as other:
        source = scene.passes(caller, b"hello")
        other.sendto(b"not the target", source)
        scene.target.sendto(b"the target", source)

        assert caller.recv(100) == b"the target"


@needs_icmp
def test_a_target_that_is_not_there_is_told_of_and_heard_once_it_is() -> None:
    sink, port = Sink(), free_port()
    with UdpTap("127.0.0.1:0", f"127.0.0.1:{port}", events=sink) as tap, stranger(tap.addresses[0]) as caller:
        caller.send(b"lost")
        told = sink.wait_for(Remark)[0]
        assert told.is_failure
        assert f"nothing listens at 127.0.0.1:{port}" in told.text
        assert told.connection == tap.connections[1].id
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as target:
            target.settimeout(caller.gettimeout())
            target.bind(("127.0.0.1", port))
            caller.send(b"there")
            assert target.recv(100) == b"there"
    check_law(sink.events)


def test_what_the_system_refuses_is_on_record_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    send = DatagramSocket.send

    def refusing(
        shared: DatagramSocket, data: bytes | memoryview, to: SocketAddress | None, transport: DatagramTransport
    ) -> int:
        if bytes(data) == b"too much":
            raise DatagramError(Explanation("the datagram is larger than the way takes"))
        return send(shared, data, to, transport)

    with tapping() as scene, scene.caller() as caller:
        scene.passes(caller, b"first")
        monkeypatch.setattr(DatagramSocket, "send", refusing)
        go_on = held_up(scene.tap)
        for data in (b"before", b"too much", b"too much", b"behind"):
            caller.send(data)
        go_on.set()
        assert [scene.hears()[0], scene.hears()[0]] == [b"before", b"behind"]

        refused = scene.sink.wait_for(NotSent, 2)
        why = "The datagram is larger than the way takes."
        assert [(event.size, event.why, event.is_told) for event in refused] == [(8, why, False)] * 2
        assert {event.connection for event in refused} == {scene.tap.connections[1].id}


def test_somebody_else_may_speak_to_either_end() -> None:
    with tapping() as scene, scene.caller() as caller:
        source = scene.passes(caller, b"hello")
        near, far = scene.tap.connections
        near.send(b"to the caller")
        far.send(b"to the target")

        assert caller.recv(100) == b"to the caller"
        assert scene.hears() == (b"to the target", source)
        said = {event.data: event.origin for event in scene.sink.wait_for(Sent, 3)}
        assert said == {b"hello": PASSED_ON, b"to the caller": SCRIPT, b"to the target": SCRIPT}


@pytest.mark.parametrize("place", [0, 1], ids=["the caller", "the target"])
def test_when_one_leg_is_closed_the_other_is_and_who_speaks_again_is_new(place: int) -> None:
    with tapping() as scene, scene.caller() as caller:
        source = scene.passes(caller, b"hello")
        closed, other = scene.tap.connections[place], scene.tap.connections[1 - place]
        closed.close()
        endings = {event.connection: event.ending for event in scene.sink.wait_for(Closed, 2)}
        assert endings == {closed.id: Ending.OURS, other.id: Ending.PASSED_ON}

        assert scene.passes(caller, b"again") != source
        assert [event.number for event in scene.sink.of(Opened)] == [1, -1, 2, -2]


def test_who_is_silent_for_long_is_forgotten_and_its_leg_with_it() -> None:
    with tapping(limits=Limits(silent_peer=0.05)) as scene, scene.caller() as caller:
        scene.passes(caller, b"hello")
        legs = {connection.id for connection in scene.tap.connections}
        endings = {event.connection: event.ending for event in scene.sink.wait_for(Closed, 2)}

        assert set(endings) == legs
        assert sorted(ending.value for ending in endings.values()) == [Ending.FORGOTTEN.value, Ending.PASSED_ON.value]
        assert not scene.tap._onward_sockets
        assert not scene.tap._transports


def test_nobody_is_turned_away_where_there_are_as_many_as_it_takes() -> None:
    with (
        tapping(limits=Limits(connections=2)) as scene,
        scene.caller() as one,
        scene.caller() as two,
        scene.caller() as three,
    ):
        for caller, data in ((one, b"1"), (two, b"2"), (one, b"1"), (three, b"3")):
            scene.passes(caller, data)
        scene.sink.wait_for(Closed, 2)

        assert [each.number for each in scene.tap.connections] == [1, 3, -1, -3]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENETUNREACH])
def test_a_caller_for_whom_there_is_no_socket_is_told_of_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with tapping() as scene, scene.caller() as one, scene.caller() as other:
        with monkeypatch.context() as patch:
            patch.setattr(udp, "bound", failing(OSError(number, os.strerror(number))))
            other.send(b"2")
            closed = scene.sink.wait_for(Closed)[0]
        assert closed.ending is Ending.FAILED
        assert closed.why is not None
        assert closed.why.errno == errno.errorcode[number].removeprefix("WSA")
        scene.passes(one, b"1")
        scene.passes(other, b"2 again")
        assert [event.number for event in scene.sink.of(Opened)] == [1, 2, -2, 3, -3]


def test_where_the_system_has_no_socket_left_the_one_that_was_silent_for_longest_makes_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tapping() as scene, scene.caller() as one, scene.caller() as two, scene.caller() as three:
        for caller, data in ((one, b"1"), (two, b"2"), (one, b"1 again")):
            scene.passes(caller, data)
        monkeypatch.setattr(udp, "bound", failing(OSError(errno.EMFILE, os.strerror(errno.EMFILE)), bound))
        scene.passes(three, b"3")

        assert [each.number for each in scene.tap.connections] == [1, 3, -1, -3]


def failing(
    error: OSError, then: Callable[[Endpoint], socket.socket] | None = None
) -> Callable[[Endpoint], socket.socket]:
    """What makes a socket fails, always or once."""
    calls = itertools.count()

    def fail(endpoint: Endpoint) -> socket.socket:
        if then is not None and next(calls):
            return then(endpoint)
        raise error

    return fail


class TestHolding:
    def test_a_datagram_is_held_forwarded_changed_and_dropped_whole(self) -> None:
        with tapping(hold=Hold(out=True, into=False, framing="line")) as scene, scene.caller() as caller:
            for data in (b"one\nline\n", b"", b"two", b"three", b"four"):
                caller.send(data)
            scene.holds(b"one\nline\n", b"", b"two", b"three", b"four")

            one, empty, two, three, _four = scene.tap.held
            assert scene.tap.forward(one.key)
            assert scene.tap.forward(empty.key)
            assert scene.tap.forward(two.key, b"TWO!")
            assert scene.tap.forward(three.key, b"")
            heard, source = scene.hears()
            assert [heard, scene.hears()[0], scene.hears()[0]] == [b"one\nline\n", b"", b"TWO!"]
            scene.target.sendto(b"not held", source)
            assert caller.recv(100) == b"not held"
            scene.tap.let_go()
            assert scene.hears()[0] == b"four"

            until(lambda: not scene.tap.held, "nothing to be held")
            sent = scene.sink.wait_for(Sent, 4, connection=scene.tap.connections[1].id)
            assert [(event.data, event.origin) for event in sent] == [
                (b"one\nline\n", PASSED_ON), (b"", PASSED_ON), (b"TWO!", EDITED),
                (b"four", PASSED_ON),
            ]  # fmt: skip
            assert scene.notes() == [
                "a held message of 3 bytes goes on changed, with 4",
                "a held message of 5 bytes was dropped",
            ]

    def test_a_single_empty_one_waits_too(self) -> None:
        with tapping(hold=Hold()) as scene, scene.caller() as caller:
            caller.send(b"")
            scene.holds(b"")
            scene.tap.set_hold(None)

            assert scene.hears()[0] == b""

    def test_only_what_fits_is_held_and_what_comes_behind_it_waits(self) -> None:
        with tapping(hold=Hold(out=True, into=False, expression="pay")) as scene, scene.caller() as caller:
            assert scene.passes(caller, b"hello")
            for data in (b"pay 99", b"behind"):
                caller.send(data)
            scene.holds(b"pay 99")
            scene.tap.forward(scene.tap.held[0].key, b"pay 1")

            assert [scene.hears()[0], scene.hears()[0]] == [b"pay 1", b"behind"]

    def test_what_comes_while_too_many_are_held_is_told_to_go_no_further(self) -> None:
        said = [b"%d" % number for number in range(1_010)]
        with tapping(hold=Hold()) as scene, scene.caller() as caller:
            for count, data in enumerate(said, 1):
                caller.send(data)
                if count % 10 == 0:  # the system keeps only so many for us
                    scene.sink.wait_for(Received, count)
            assert len(scene.tap.held) == 1_000
            for key in [one.key for one in scene.tap.held]:
                scene.tap.forward(key)
                heard, _source = scene.hears()
                assert heard == said[key - 1]

            scene.sink.wait_for(Remark, 2)
            assert scene.notes() == [
                "more comes than goes on: what comes until there is room goes no further",
                "10 datagrams went no further",
            ]


def test_faults_are_on_the_ways_to_the_target_and_back() -> None:
    faults = BothWays(parse_faults("duplicate=1"), parse_faults("loss=1"))
    with tapping(fault_out=faults.out, fault_in=faults.into) as scene, scene.caller() as caller:
        source = scene.passes(caller, b"twice")
        assert scene.hears() == (b"twice", source)
        scene.target.sendto(b"lost", source)
        scene.sink.wait_until(lambda: len(scene.notes()) == 4, "all that happened")

        assert scene.notes() == [
            "fault on the way from the target: 100 % of the datagrams lost",
            "fault on the way to the target: 100 % of the datagrams twice",
            "fault on the way to the target: a datagram of 5 bytes goes on twice",
            "fault on the way from the target: a datagram of 4 bytes was lost",
        ]
        scene.tap.set_faults(BothWays())
        scene.sink.wait_until(lambda: len(scene.notes()) == 6, "the end of the faults")
        scene.target.sendto(b"heard", source)
        assert caller.recv(100) == b"heard"


def test_groups_are_joined_where_callers_are_heard_and_the_rest_is_of_every_socket() -> None:
    with tapping(socket_options=SocketOptions(ttl=7)) as scene, scene.caller() as caller:
        scene.passes(caller, b"hello")
        (onward,) = scene.tap._onward_sockets
        (heard,) = scene.tap._open_sockets
        assert time_to_live(onward) == time_to_live(heard) == 7
        scene.tap.tune(SocketOptions(ttl=9, groups=("239.1.2.3",), interface="127.0.0.1"))
        until(lambda: time_to_live(onward) == 9, "another time to live")
        assert time_to_live(heard) == 9
        told = [event.text for event in scene.sink.of(SessionRemark)]
        assert told[0] == "has joined the group 239.1.2.3 on the interface 127.0.0.1"
        with scene.caller() as another:
            scene.passes(another, b"hello")
        assert {time_to_live(each) for each in scene.tap._onward_sockets} == {9}


@needs_ipv6
def test_options_that_a_leg_to_the_target_cannot_have_leave_all_as_it_was() -> None:
    sink = Sink()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as target:
        target.bind(("::1", 0))
        tap = UdpTap("127.0.0.1:0", Address("::1", target.getsockname()[1]), events=sink)
        with tap, stranger(tap.addresses[0]) as caller:
            caller.send(b"hello")
            assert target.recv(100) == b"hello"
            (heard,) = tap._open_sockets
            before = time_to_live(heard)
            tap.tune(SocketOptions(ttl=before + 1, interface="127.0.0.1"))  # which names none of IPv6
            told = sink.wait_for(SessionRemark)[0]

            assert told.text.endswith("The socket options stay as they were")
            assert time_to_live(heard) == before
            assert tap.socket_options == tap._in_effect == AS_USUAL


def time_to_live(shared: DatagramSocket) -> int:
    return shared.sock.getsockopt(socket.IPPROTO_IP, socket.IP_TTL)


class Finds(Resolver):
    """Knows one name, and no other."""

    def __init__(self, name: str, place: SocketAddress) -> None:
        super().__init__(1)
        self._name, self._place, self.asked = name, place, 0

    def resolve(self, target: Address, *, for_server: bool, done: Callable[[Outcome], None]) -> None:
        if for_server:
            super().resolve(target, for_server=True, done=done)
            return
        self.asked += 1
        found = [Endpoint(socket.AF_INET, self._place)]
        done(found if target.host == self._name else socket.gaierror(socket.EAI_NONAME, "not known"))


def test_a_name_is_looked_up_once_before_anything_is_heard() -> None:
    sink = Sink()
    with stranger() as target:
        resolver = Finds("target.test", target.getsockname())
        tap = UdpTap("127.0.0.1:0", "target.test:53", events=sink, resolver=resolver)
        with tap, stranger(tap.addresses[0]) as one, stranger(tap.addresses[0]) as other:
            for caller in (one, other):
                caller.send(b"hello")
                assert target.recv(100) == b"hello"

    assert resolver.asked == 1
    assert [type(event) for event in sink.events[1:5]] == [Onward, Resolving, Resolved, Listening]


def test_a_name_that_nobody_knows_is_why_it_does_not_begin() -> None:
    resolver = Finds("target.test", ("127.0.0.1", 1))
    with pytest.raises(ListenError, match="other"), UdpTap("127.0.0.1:0", "other.test:53", resolver=resolver):
        pass


@pytest.mark.parametrize(
    ("listen", "target", "why"),
    [
        ("unix:/tmp/x", "127.0.0.1:1", "UDP goes to a host and a port"),
        ("0", "unix:/tmp/x", "UDP goes to a host and a port"),
        ("tls://0", "127.0.0.1:1", "needs TLS"),
        ("0", "tls://127.0.0.1:1", "needs TLS"),
        ("0", "127.0.0.1:0", "port 0"),
    ],
)
def test_what_it_cannot_stand_between_is_refused(listen: str, target: str, why: str) -> None:
    with pytest.raises(AddressError, match=why):
        UdpTap(listen, target)


def test_faults_of_streams_are_refused() -> None:
    with pytest.raises(FaultError):
        UdpTap("0", "127.0.0.1:1", fault_out=parse_faults("cut=3"))


def test_a_taken_port_is_why_it_does_not_begin() -> None:
    with stranger() as there:
        taken = Address(*there.getsockname()[:2])
        with pytest.raises(ListenError, match="already in use"), UdpTap(taken, "127.0.0.1:1"):
            pass
