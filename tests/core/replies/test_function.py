"""A function of a script answers."""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator

import pytest

from core import Server
from core.events import Closed, Ending
from core.replies.function import FunctionPeer
from tests.support.peers import Peer
from tests.support.stage import serving


def test_a_function_answers_with_bytes_text_several_or_nothing() -> None:
    def answer(peer: FunctionPeer, message: bytes) -> bytes | str | list[str] | None:
        peer.state.count = getattr(peer.state, "count", 0) + 1
        if message == b"c":
            return [str(peer.number), str(peer.state.count)]
        return b"\xff" if message == b"a" else "ä" if message == b"b" else None

    with Server("127.0.0.1:0", reply=answer, framing="line") as server, Peer.calls(server.addresses[0]) as peer:
        peer.say(b"a\nnothing\nb\nc\n")
        assert peer.hear(9) == b"\xff\n" + "ä\n".encode() + b"1\n4\n"


def test_it_may_yield_send_and_close() -> None:
    def answer(peer: FunctionPeer, message: bytes) -> Generator[bytes, None, bytes]:
        yield message
        peer.send(f"{peer.address.host}")
        peer.close()
        return b" bye"

    with serving(answer) as (server, sink), Peer.calls(server.addresses[0]) as peer:  # type: ignore[arg-type]
        peer.say(b"x")
        assert peer.hear_all() == b"x127.0.0.1"
        assert sink.wait_for(Closed)[0].ending is Ending.RULE


@pytest.mark.parametrize("answer", [bytearray(b"ab"), memoryview(b"ab"), [bytearray(b"a"), "b"]])
def test_it_may_answer_with_bytes_that_can_change(answer: object) -> None:
    with serving(lambda _peer, _message: answer) as (server, _sink), Peer.calls(server.addresses[0]) as peer:  # type: ignore[arg-type]
        peer.say(b"x")
        assert peer.hear(2) == b"ab"


@pytest.mark.parametrize("answer", [5, True, [5], [None]])
def test_what_is_no_answer_is_logged_and_sends_nothing(answer: object, logged_errors: list[logging.LogRecord]) -> None:
    with serving(lambda _peer, _message: answer) as (server, sink), Peer.calls(server.addresses[0]) as peer:  # type: ignore[arg-type]
        peer.say(b"x")
        assert peer.hear_all() == b""
        assert sink.wait_for(Closed)[0].ending is Ending.FAILED
    (record,) = logged_errors
    assert record.exc_info is not None
    assert record.exc_info[0] is TypeError
    logged_errors.clear()


@pytest.mark.parametrize(
    "function",
    [lambda message: message, lambda: b"", lambda a, b, c: a, lambda *, peer, message: b"", Generator, str.upper],
)
def test_a_function_that_cannot_be_called_with_a_peer_and_a_message_is_refused(function: object) -> None:
    with pytest.raises(TypeError, match="a peer and a message"):
        Server("127.0.0.1:0", reply=function)  # type: ignore[arg-type]


@pytest.mark.parametrize("function", [lambda *said: said[1], lambda peer, message, times=2: message * times, min])
def test_a_function_that_can_be_called_with_two_is_taken(function: object) -> None:
    Server("127.0.0.1:0", reply=function)  # type: ignore[arg-type]


def test_a_function_that_exits_ends_that_connection_alone(logged_errors: list[object]) -> None:
    def answer(_peer: FunctionPeer, message: bytes) -> bytes:
        return message if message == b"good" else sys.exit("enough")

    with serving(answer) as (server, sink), Peer.calls(server.addresses[0]) as other:  # type: ignore[arg-type]
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(b"bad")
            assert peer.hear_all() == b""
        assert sink.wait_for(Closed)[0].ending is Ending.FAILED
        other.say(b"good")
        assert other.hear(4) == b"good"
    assert len(logged_errors) == 1
    logged_errors.clear()


def test_what_it_raises_ends_that_connection_alone(logged_errors: list[object]) -> None:
    def answer(_peer: FunctionPeer, message: bytes) -> bytes:
        return message if message == b"good" else message[99:100] + bytes([message[99]])

    with serving(answer) as (server, sink):  # type: ignore[arg-type]
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(b"bad")
            peer.hear_all()
            assert sink.wait_for(Closed)[0].ending is Ending.FAILED
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(b"good")
            assert peer.hear(4) == b"good"
    logged_errors.clear()
