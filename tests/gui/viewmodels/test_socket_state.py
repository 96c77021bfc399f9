"""The state of a socket for people: ways through the diagram, figures, and the gauge."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from core.address import Address
from core.events import ConnectionId, Ending, SessionId
from core.journal.recording.ledger import ConnectionState, Phase, SessionState
from core.roles import ROLES
from core.tcp import SocketFacts, TcpInfo, TcpState
from gui.viewmodels.socket_state import EDGES, PLACES, Gauge, Watched, facts_in_words, inferred, sockets_of, way_to

HERE, THERE = Address("127.0.0.1", 5555), Address("127.0.0.1", 40_000)
ONE = ConnectionState(ConnectionId(7), 1, HERE, THERE)
SERVER = SessionState(SessionId(1), ROLES["server"], HERE, "raw", None, Phase.OPEN, (HERE,), (ONE,))
CLIENT = SessionState(SessionId(2), ROLES["client"], THERE, "raw", None, Phase.OPEN, (), (ONE,))
S = TcpState
MS = 1_000_000


def names(way: tuple[TcpState, ...]) -> str:
    return " ".join(state.value for state in way)


def way_of(state: SessionState, **changes: object) -> str:
    changed = replace(ONE, **changes)  # type: ignore[arg-type]
    standing = () if changed.ending is not None else (changed,)
    over = (changed,) if changed.ending is not None else ()
    watched = Watched(changed.connection, changed.local, changed.peer)
    return names(inferred(replace(state, connections=standing, over=over), watched))


def test_our_own_events_tell_the_way_of_a_connection() -> None:
    assert way_of(SERVER) == "LISTEN SYN-RECEIVED ESTABLISHED"
    assert way_of(CLIENT) == "CLOSED SYN-SENT ESTABLISHED"
    assert way_of(CLIENT, can_receive=False) == "CLOSED SYN-SENT ESTABLISHED CLOSE-WAIT"
    assert way_of(CLIENT, can_send=False) == "CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2"
    assert way_of(SERVER, ending=Ending.PEER_RESET) == "LISTEN SYN-RECEIVED ESTABLISHED CLOSED"
    assert way_of(SERVER, ending=Ending.PEER_FINISHED) == "LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"
    assert way_of(SERVER, ending=Ending.OURS) == "LISTEN SYN-RECEIVED ESTABLISHED FIN-WAIT-1 TIME-WAIT CLOSED"


def test_the_leg_of_a_tap_to_its_target_was_called() -> None:
    tap = replace(SERVER, role=ROLES["tap"])
    assert way_of(tap, number=-1) == "CLOSED SYN-SENT ESTABLISHED"


@pytest.mark.parametrize(
    ("phase", "way"), [(Phase.STARTING, "CLOSED"), (Phase.OPEN, "CLOSED LISTEN"), (Phase.ENDED, "CLOSED LISTEN CLOSED")]
)
def test_a_listener_has_its_own_way(phase: Phase, way: str) -> None:
    assert names(inferred(replace(SERVER, phase=phase), Watched(None, HERE))) == way


def test_a_client_that_dials_is_in_syn_sent() -> None:
    dialling = replace(CLIENT, phase=Phase.STARTING, connections=())
    (only,), chosen = sockets_of(dialling, None)

    assert chosen == only[0]
    assert names(inferred(dialling, only[0])) == "CLOSED SYN-SENT"


@pytest.mark.parametrize("start", TcpState)
@pytest.mark.parametrize("stop", TcpState)
def test_every_way_goes_from_state_to_state_as_the_diagram_has_it(start: TcpState, stop: TcpState) -> None:
    way = way_to((start,), stop)

    assert (way[0], way[-1]) == (start, stop)
    assert all(step in EDGES for step in pairwise(way)) or len(way) == 2


def test_every_state_has_its_place() -> None:
    assert set(PLACES) == set(TcpState)
    assert len(set(PLACES.values())) == len(PLACES)
    assert {state for edge in EDGES for state in edge} == set(TcpState)


def test_the_newest_connection_or_the_one_shown_alone_is_looked_at() -> None:
    two = replace(ONE, connection=ConnectionId(8), number=2)
    state = replace(SERVER, connections=(two,), over=(replace(ONE, ending=Ending.OURS),))

    options, chosen = sockets_of(state, None)
    assert [words for _watched, words in options] == [
        "listens on 127.0.0.1:5555", "#2  127.0.0.1:40000", "#1  127.0.0.1:40000",
    ]  # fmt: skip
    assert chosen is not None
    assert chosen.connection == 8
    _options, alone = sockets_of(state, ONE)
    assert alone is not None
    assert alone.connection == 7


def test_what_was_captured_of_others_has_no_socket_here() -> None:
    for role in (role for role in ROLES.values() if role.is_captured):
        assert sockets_of(replace(SERVER, role=role), None) == ([], None)


def test_figures_that_are_known_are_told() -> None:
    info = TcpInfo(120, 40, 2, 3, 10, 1448, 65_000)

    assert dict(facts_in_words(SocketFacts(812_000, 4_000, info))) == {
        "Waits here": "812.0 kB", "Not acknowledged": "4.0 kB", "Round trip": "120 µs ± 40 µs",
        "Sent again": "2 segments in all", "On their way": "3 segments",
        "Congestion window": "10 segments of 1,448 bytes", "Peer's window": "65.0 kB",
    }  # fmt: skip
    assert facts_in_words(SocketFacts(0)) == (("Waits here", "0 B"),)
    assert facts_in_words(None) == ()


def test_the_gauge_tells_of_a_peer_that_takes_nothing() -> None:
    gauge = Gauge()

    assert gauge.look(812_000, 0) == ""
    assert gauge.look(812_000, 900 * MS) == ""
    assert gauge.look(812_000, 2_100 * MS) == "The peer is not reading: 812.0 kB wait, for 2.10 s."
    assert gauge.look(900_000, 3_000 * MS) == "The peer is not reading: 900.0 kB wait, for 3.00 s."
    assert gauge.look(800_000, 3_500 * MS) == ""  # it took some
    assert gauge.look(800_000, 4_600 * MS) == "The peer is not reading: 800.0 kB wait, for 1.10 s."
    assert gauge.look(0, 9_000 * MS) == ""
    assert gauge.look(5, 9_100 * MS) == ""
