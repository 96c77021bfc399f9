"""Finding the address that answers, with the account of every address that did not."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core.address import Address
from core.clock import monotonic
from core.errors import Explanation, Fault
from core.events import Event, Resolved, Resolving, SessionId, Tried
from core.net import sockets
from core.net.dialer import Dialer
from core.net.loop import Loop
from core.net.resolver import Resolver
from core.net.sockets import Endpoint
from tests.support.namespaces import NOBODY, two_hosts
from tests.support.peers import Host, Peer, black_hole, free_port
from tests.support.sink import PATIENCE, SOON, until
from tests.support.systems import only_linux

on_linux = only_linux("a full backlog swallows packets on Linux only")


class Attempt:
    """One dialling, run to its end on this thread; ``events`` are its account."""

    def __init__(self, target: Address, *, deadline: float = PATIENCE) -> None:
        self.events: list[Event] = []
        self.sock: socket.socket | None = None
        self.peer: Address | None = None
        self.took = -1.0
        self.failure: Explanation | None = None
        self.outcomes = 0
        self.timers = -1  # that were left in the loop when it was over
        self.loop = Loop(gap=5.0)
        self.dialer = Dialer(
            target,
            loop=self.loop,
            session=SessionId(1),
            deadline=deadline,
            emit=self.events.append,
            connected=self._connected,
            failed=self._failed,
        )

    def run(self) -> Attempt:
        self.loop.call_soon(lambda: self.dialer.dial(Resolver(1)))
        self.loop.run()
        self.dialer.cancel()
        if self.sock is not None:
            self.sock.close()
        self.loop.close()
        return self

    def of(self, kind: type[Tried]) -> list[Tried]:
        return [event for event in self.events if isinstance(event, kind)]

    def _connected(self, sock: socket.socket, peer: Address, took: float) -> None:
        self.sock, self.peer, self.took = sock, peer, took
        self._over()

    def _failed(self, why: Explanation) -> None:
        self.failure = why
        self._over()

    def _over(self) -> None:
        self.outcomes += 1
        self.timers = sum(not timer.cancelled for _when, _number, timer in self.loop._timers)
        self.loop.call_later(0.05, self.loop.stop)  # time enough for a second outcome, if there is one


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Address]:
    """Makes a name stand for the addresses that the test says."""

    def name(*addresses: Address) -> Address:
        endpoints = [
            Endpoint(socket.AF_INET6, (address.host, address.port, 0, 0))
            if ":" in address.host
            else Endpoint(socket.AF_INET, (address.host, address.port))
            for address in addresses
        ]
        monkeypatch.setattr(sockets, "resolve", lambda _target, for_server: endpoints)
        return Address("tincan.test", addresses[0].port)

    return name


def test_reaches_an_ip_address_and_says_how_long_it_took() -> None:
    with Host() as host:
        attempt = Attempt(host.address).run()
    assert attempt.peer == host.address
    assert 0 <= attempt.took < PATIENCE
    assert attempt.events == []  # nothing was looked up, nothing failed
    assert (attempt.outcomes, attempt.timers) == (1, 0)


@pytest.mark.case("C-09")
def test_a_refusal_names_the_address_and_what_to_do_and_comes_at_once() -> None:
    nobody = Address("127.0.0.1", free_port())
    attempt = Attempt(nobody).run()
    assert attempt.failure is not None
    assert str(nobody) in attempt.failure.what
    assert attempt.failure.advice
    assert (attempt.outcomes, attempt.timers) == (1, 0)
    assert attempt.events == [], "the failure is all there is to tell of an address that was the only one"


@pytest.mark.case("C-09")
def test_the_account_of_an_address_says_how_long_it_took(named: Callable[..., Address]) -> None:
    nobody = Address("127.0.0.1", free_port())
    (tried,) = Attempt(named(nobody)).run().of(Tried)
    assert tried.address == nobody
    assert 0 <= tried.took < SOON, "a refusal is there in less than a millisecond, if the machine is not busy"
    assert tried.why.advice


@pytest.mark.case("C-13")
def test_a_name_with_several_addresses_is_tried_until_one_answers(named: Callable[..., Address]) -> None:
    """As ``localhost`` is ::1 first, with a server on 127.0.0.1 only."""
    with Host() as host:
        first = Address("127.0.0.1", free_port())
        attempt = Attempt(named(first, host.address)).run()
    assert attempt.peer == host.address
    resolving, resolved, tried = attempt.events
    assert isinstance(resolving, Resolving)
    assert resolving.host == "tincan.test"
    assert isinstance(resolved, Resolved)
    assert resolved.addresses == (first, host.address)
    assert resolved.took >= 0
    assert isinstance(tried, Tried)
    assert tried.address == first
    assert attempt.outcomes == 1


@pytest.mark.case("C-13")
def test_when_no_address_answers_each_has_its_account_and_the_first_tells_why(named: Callable[..., Address]) -> None:
    addresses = [Address("127.0.0.1", free_port()) for _ in range(3)]
    attempt = Attempt(named(*addresses)).run()
    assert [tried.address for tried in attempt.of(Tried)] == addresses
    assert attempt.failure == attempt.of(Tried)[0].why
    assert attempt.outcomes == 1


@on_linux
@pytest.mark.case("C-13")
def test_an_address_that_swallows_packets_does_not_hold_up_the_next(named: Callable[..., Address]) -> None:
    with black_hole() as hole, Host() as host:
        attempt = Attempt(named(hole, host.address)).run()
    assert attempt.peer == host.address
    assert attempt.took < 5
    assert attempt.of(Tried) == []  # it never failed: another was faster


@on_linux
def test_an_address_that_cannot_even_be_begun_is_accounted_for_too(
    named: Callable[..., Address], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, attempts = sockets.start_connect, iter([OSError(97, "Address family not supported by protocol"), None])

    def start_connect(endpoint: Endpoint) -> tuple[socket.socket, int]:
        failure = next(attempts)
        if failure is not None:
            raise failure
        return real(endpoint)

    with Host() as host:
        target = named(Address("::1", host.address.port), host.address)
        monkeypatch.setattr(sockets, "start_connect", start_connect)
        attempt = Attempt(target).run()
    assert attempt.peer == host.address
    assert [tried.address.host for tried in attempt.of(Tried)] == ["::1"]


@pytest.mark.case("C-09")
def test_a_system_that_refuses_at_once_is_understood_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_endpoint: Endpoint) -> tuple[socket.socket, int]:
        return socket.socket(), errno.ENETUNREACH  # it comes from connect() itself

    monkeypatch.setattr(sockets, "start_connect", unreachable)
    attempt = Attempt(Address("192.0.2.1", 80)).run()
    assert attempt.failure is not None
    assert attempt.failure.fault is Fault.NETWORK
    assert attempt.outcomes == 1


@on_linux
@pytest.mark.case("C-10")
def test_a_black_hole_ends_at_the_deadline(named: Callable[..., Address]) -> None:
    with black_hole() as hole, black_hole() as another:
        began = monotonic()
        attempt = Attempt(named(hole, another), deadline=0.6).run()
    assert attempt.failure is not None
    assert attempt.failure.what.startswith("no answer from tincan.test")
    assert [tried.address for tried in attempt.of(Tried)] == [hole, another]
    assert 0 < attempt.of(Tried)[0].took < 0.6 + SOON
    assert monotonic() - began > 0.55
    assert attempt.outcomes == 1


@pytest.mark.case("C-10", "C-12")
def test_a_look_up_that_hangs_counts_towards_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    with hanging_look_up(monkeypatch) as name:
        attempt = Attempt(name, deadline=0.1).run()
    assert attempt.failure is not None
    assert attempt.of(Tried) == []
    assert attempt.outcomes == 1, "the late answer was taken for news"


@pytest.mark.case("C-11")
def test_cancelled_while_a_name_is_looked_up_nothing_more_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    with hanging_look_up(monkeypatch) as name:
        attempt = Attempt(name, deadline=0.1)
        attempt.loop.call_later(0.05, attempt.dialer.cancel)
        attempt.loop.call_later(0.3, attempt.loop.stop)
        attempt.run()
    assert attempt.outcomes == 0


@on_linux
@pytest.mark.case("C-11")
def test_cancelled_while_connecting_its_sockets_are_closed_and_nothing_more_is_heard(
    named: Callable[..., Address],
) -> None:
    with black_hole() as hole, black_hole() as another:
        attempt = Attempt(named(hole, another))

        def give_up_with_two() -> None:
            if len(attempt.dialer._dialling) < 2:
                attempt.loop.call_later(0.01, give_up_with_two)
                return
            attempt.dialer.cancel()
            attempt.dialer._time_out()  # as its timer would, which goes on
            attempt.loop.call_later(0.1, attempt.loop.stop)  # time for what either of them could still say

        give_up_with_two()
        attempt.run()
    assert attempt.outcomes == 0
    assert attempt.of(Tried) == []


@pytest.mark.case("C-12")
def test_a_name_that_is_not_found_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_found(_target: Address, *, for_server: bool) -> list[Endpoint]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(sockets, "resolve", not_found)
    attempt = Attempt(Address("tincan.test", 80)).run()
    assert attempt.failure is not None
    assert attempt.failure.what == "there is no machine called tincan.test"
    assert attempt.outcomes == 1


@pytest.mark.case("C-08")
def test_a_connection_to_oneself_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def to_oneself(endpoint: Endpoint) -> tuple[socket.socket, int]:
        sock = socket.socket()
        sock.bind(endpoint.sockaddr)
        sock.setblocking(False)
        sock.connect_ex(sock.getsockname())
        return sock, 0

    monkeypatch.setattr(sockets, "start_connect", to_oneself)
    attempt = Attempt(Address("127.0.0.1", free_port())).run()
    assert attempt.failure is not None
    assert "refused" in attempt.failure.what


@pytest.mark.root
@pytest.mark.case("C-10")
def test_packets_that_really_vanish_end_at_the_deadline() -> None:
    with two_hosts() as (near, _far):
        attempt = near.run(lambda: Attempt(Address(NOBODY, 80), deadline=1.0).run())
    assert attempt.failure is not None
    assert attempt.failure.what.startswith(f"no answer from {NOBODY}")


@contextmanager
def hanging_look_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[Address]:
    """A name that nobody answers for until the test is over."""
    back = threading.Event()

    def resolve(_target: Address, *, for_server: bool) -> list[Endpoint]:
        back.wait(PATIENCE)
        return []

    monkeypatch.setattr(sockets, "resolve", resolve)
    began = monotonic()
    yield Address("tincan.test", 80)
    assert monotonic() - began < PATIENCE / 2, "somebody waited for the look-up"
    back.set()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("resolver")])


def test_the_late_loser_of_a_race_is_closed(named: Callable[..., Address]) -> None:
    with Host() as one, Host() as other:
        attempt = Attempt(named(one.address, other.address)).run()
        assert attempt.peer == one.address
        with one.accept(Peer) as peer:
            assert peer.hear_all() == b""
