"""To one, to several, to everyone: who is meant, who got it, who did not and why."""

from __future__ import annotations

import pytest

from core.errors import NobodyThere, SendError
from core.events import ConnectionId
from core.net.audience import Audience, Delivery
from core.net.server import Server
from tests.support.peers import Peer, crowd
from tests.support.sink import until
from tests.support.stage import serving


def ids(server: Server, count: int) -> list[ConnectionId]:
    until(lambda: len(server.connections) == count, f"{count} connections")
    return [connection.id for connection in server.connections]


def test_several_get_it_and_the_others_do_not() -> None:
    with serving("none") as (server, _sink), crowd(server.addresses[0], 3) as (one, two, three):
        first, _second, third = ids(server, 3)

        assert Audience(server, (third, first, third)).send(b"some ") == Delivery(2)
        assert Audience(server).send(b"all") == Delivery(3)

        assert (one.hear(8), two.hear(3), three.hear(8)) == (b"some all", b"all", b"some all")


def test_who_is_gone_is_named_and_the_rest_get_it() -> None:
    with serving("none") as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        (here,) = ids(server, 1)
        gone = ConnectionId(here + 99)

        assert Audience(server, {here, gone}).send(b"x") == Delivery(1, gone=(gone,))

        assert peer.hear(1) == b"x"


def test_who_refuses_is_named_with_the_reason() -> None:
    with serving("none") as (server, _sink), Peer.calls(server.addresses[0]), Peer.calls(server.addresses[0]):
        ids(server, 2)
        server.connections[1].finish_sending()

        delivery = Audience(server).send(b"x")

        assert delivery.accepted == 1
        ((number, why),) = delivery.refused
        assert (number, "finished sending" in why) == (2, True)
        with pytest.raises(SendError, match="finished sending"):
            Audience(server, server.connections[1].id).send(b"x")


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (None, "nobody is connected"),
        ((), "no connection is chosen"),
        (ConnectionId(7), "that connection is over"),
        ((ConnectionId(7), ConnectionId(8)), "those connections are over"),
    ],
)
def test_nobody_there_is_said_for_what_it_is(to: ConnectionId | tuple[ConnectionId, ...] | None, why: str) -> None:
    with serving("none") as (server, _sink), pytest.raises(NobodyThere, match=why):
        Audience(server, to).send(b"x")


def test_exactly_these_bytes_go_out_whatever_the_framing() -> None:
    with serving("none", framing="line") as (server, _sink), Peer.calls(server.addresses[0]) as peer:
        ids(server, 1)
        Audience(server).send(b"a")
        Audience(server).send(b"b", exact=True)
        Audience(server).send(b"c")

        assert peer.hear(5) == b"a\nbc\n"
