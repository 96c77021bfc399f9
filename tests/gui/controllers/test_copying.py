"""A copied command says what the end that called has said, to the address that it called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.address import Address
from core.compose import Place
from core.errors import DraftError
from core.events import ConnectionId, SessionId
from core.journal.display_row import RECEIVED, SENT, DisplayRow
from core.journal.recording.ledger import ConnectionState, SessionState
from core.tls.facts import Handshake
from gui.controllers.messages import MOST_WRITTEN, said_to
from tests.support.roles import invented

ASKED, HERE, THERE = Address("name.example", 5555), Address("10.0.0.1", 5555), Address("10.0.0.2", 40_000)


def row(kind: str, number: int = 1) -> DisplayRow:
    return DisplayRow(0, SessionId(1), 0, ConnectionId(1), number, kind, 0, 0, b"", 1)


def state(
    *, local: Address = HERE, tls: Handshake | None = None, onward: Address | None = None, **role: bool
) -> SessionState:
    connection = ConnectionState(ConnectionId(1), 1, local, THERE, tls=tls)
    return SessionState(SessionId(1), invented(**role), ASKED, "raw", None, connections=(connection,), onward=onward)


def test_what_a_client_of_a_server_said_goes_to_where_the_server_listened() -> None:
    found = [(row(RECEIVED), b"one "), (row(SENT), b"answer"), (row(RECEIVED), b"two")]

    assert said_to(state(listens=True), found) == (Place(HERE), b"one two")


def test_what_a_client_said_goes_to_the_name_that_it_asked_for() -> None:
    found = [(row(RECEIVED), b"greeting"), (row(SENT), b"hello")]

    assert said_to(state(dials=True), found) == (Place(ASKED), b"hello")


def test_where_only_the_other_end_spoke_the_program_listens() -> None:
    assert said_to(state(listens=True), [(row(SENT), b"hi")]) == (Place(HERE, listens=True), b"hi")
    assert said_to(state(dials=True), [(row(RECEIVED), b"hi")]) == (Place(ASKED, listens=True), b"hi")


def test_a_tap_calls_its_target_on_the_leg_to_it() -> None:
    tap = state(listens=True, dials=True, onward=Address("target.example", 80))

    assert said_to(tap, [(row(RECEIVED), b"a")]) == (Place(HERE), b"a")
    assert said_to(tap, [(row(SENT, -1), b"a")]) == (Place(Address("target.example", 80)), b"a")


def test_a_local_socket_is_an_address_if_it_has_a_name() -> None:
    path, unnamed = Address("unix:/tmp/x", 0), Address("unix:", 0)
    served = replace(state(listens=True, local=path), addresses=(path,))
    asked = replace(state(dials=True), target=path)

    assert said_to(served, [(row(RECEIVED), b"x")]) == (Place(path), b"x")
    assert said_to(asked, [(row(SENT), b"x")]) == (Place(path), b"x")
    with pytest.raises(DraftError, match="does not say at which address"):
        said_to(replace(asked, target=unnamed), [(row(SENT), b"x")])


def test_a_datagram_is_said_as_one_and_several_are_not_joined() -> None:
    udp = state(listens=True, datagrams=True)

    assert said_to(udp, [(row(RECEIVED), b"one")]) == (Place(HERE, datagrams=True), b"one")
    with pytest.raises(DraftError, match="choose one of them"):
        said_to(udp, [(row(RECEIVED), b"one"), (row(RECEIVED), b"two")])


def test_tls_is_spoken_where_it_was() -> None:
    assert said_to(state(listens=True, tls=Handshake(is_server=True, took=0.1)), [(row(RECEIVED), b"x")])[0].tls


@pytest.mark.parametrize(
    ("where", "found", "why"),
    [
        (state(listens=True), [], "Only messages have bytes"),
        (state(listens=True), [(row(RECEIVED), b"x" * (MOST_WRITTEN + 1))], "262,145 bytes are too many"),
    ],
)
def test_what_cannot_be_said_is_a_sentence(
    where: SessionState, found: list[tuple[DisplayRow, bytes]], why: str
) -> None:
    with pytest.raises(DraftError, match=why):
        said_to(where, found)
