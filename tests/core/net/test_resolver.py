"""Names are looked up without making anybody wait, and no more than so many hang at once."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Iterator

import pytest

from core.address import Address
from core.errors import TincanError
from core.net import sockets
from core.net.resolver import Outcome, Resolver
from core.net.sockets import Endpoint
from tests.support.sink import PATIENCE, until

NAME = Address("tincan.test", 80)
FOUND = [Endpoint(socket.AF_INET, ("192.0.2.1", 80))]


class DeadNameServer:
    """Look-ups hang until it comes back."""

    def __init__(self) -> None:
        self.back = threading.Event()
        self.asked: list[Address] = []

    def resolve(self, target: Address, *, for_server: bool) -> list[Endpoint]:
        if target.is_literal:
            return FOUND
        self.asked.append(target)
        self.back.wait(PATIENCE)
        return FOUND


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeadNameServer]:
    server = DeadNameServer()
    monkeypatch.setattr(sockets, "resolve", server.resolve)
    yield server
    server.back.set()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("resolver")])


def ask(resolver: Resolver, target: Address) -> queue.SimpleQueue[Outcome]:
    answer: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    resolver.resolve(target, for_server=False, done=answer.put)
    return answer


def test_an_ip_address_is_answered_at_once_and_without_a_thread() -> None:
    outcome = ask(Resolver(threads=1), Address("127.0.0.1", 80)).get_nowait()
    assert isinstance(outcome, list)
    assert outcome[0].sockaddr == ("127.0.0.1", 80)


def test_a_name_is_looked_up_in_a_thread_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def resolve(_target: Address, *, for_server: bool) -> list[Endpoint]:
        names.append(threading.current_thread().name)
        return FOUND

    monkeypatch.setattr(sockets, "resolve", resolve)
    assert ask(Resolver(threads=1), NAME).get(timeout=PATIENCE) == FOUND
    assert names == ["resolver tincan.test"]


def test_a_name_that_is_not_found_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(_target: Address, *, for_server: bool) -> list[Endpoint]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(sockets, "resolve", resolve)
    assert isinstance(ask(Resolver(threads=1), NAME).get(timeout=PATIENCE), socket.gaierror)


def test_whatever_a_look_up_raises_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(_target: Address, *, for_server: bool) -> list[Endpoint]:
        raise ValueError("the system gave an address that is none")

    monkeypatch.setattr(sockets, "resolve", resolve)
    assert isinstance(ask(Resolver(threads=1), NAME).get(timeout=PATIENCE), ValueError)


@pytest.mark.case("C-12")
def test_when_too_many_look_ups_hang_the_next_is_refused_with_the_reason(name_server: DeadNameServer) -> None:
    resolver = Resolver(threads=4)
    answers = [ask(resolver, NAME) for _ in range(4)]
    refusal = ask(resolver, NAME).get_nowait()
    assert isinstance(refusal, TincanError)
    assert "name server does not answer" in str(refusal)
    assert all(answer.empty() for answer in answers)

    assert ask(resolver, Address("192.0.2.1", 80)).get_nowait() == FOUND  # an IP address needs nobody

    name_server.back.set()
    assert [answer.get(timeout=PATIENCE) for answer in answers] == [FOUND] * 4
    assert ask(resolver, NAME).get(timeout=PATIENCE) == FOUND, "the places are not free again"


@pytest.mark.case("C-32")
def test_when_there_are_no_threads_left_that_is_the_answer_and_the_place_is_free_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolver = Resolver(threads=1)
    monkeypatch.setattr(sockets, "resolve", lambda _target, for_server: FOUND)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", _no_more_threads)
        assert isinstance(ask(resolver, NAME).get_nowait(), RuntimeError)
    assert ask(resolver, NAME).get(timeout=PATIENCE) == FOUND


def _no_more_threads(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")
