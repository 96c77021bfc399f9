"""What the rows of the list of sessions say, from states alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.address import Address
from core.errors import Explanation
from core.events import Ending
from core.journal.recording.ledger import ConnectionState, Phase
from gui.viewmodels.presenter import present, selected_row
from gui.viewmodels.session_rows import session_rows
from tests.gui.viewmodels.test_presenter import client, connection, server, window_state

WIDE = Address("192.0.2.9", 80)


def over(number: int, ending: Ending = Ending.PEER_FINISHED) -> ConnectionState:
    return replace(connection(number), ending=ending, can_send=False, can_receive=False)


def test_a_connection_that_is_over_stays_under_its_server_with_a_word_for_how_it_ended() -> None:
    state = replace(server(connections=2), over=(over(3), over(4, Ending.PEER_RESET)))

    rows = session_rows(window_state(state))

    assert [(row.text, row.state, row.word) for row in rows[1:]] == [
        ("#1  :50001", "live", ""),
        ("#2  :50002", "live", ""),
        ("#4  :50004", "failed", "reset (RST)"),
        ("#3  :50003", "over", "over (FIN)"),
    ]


def test_a_connection_that_is_over_can_be_looked_at_alone() -> None:
    state = replace(server(connections=1), over=(over(3),))

    view = present(replace(window_state(state), connection=over(3)))

    assert view.selected == "s1c3"
    assert view.conversation.detail == "only #3 from 127.0.0.1:50003, over (FIN)"


def test_one_that_was_over_long_ago_gives_its_place_to_its_server() -> None:
    assert selected_row(replace(window_state(server(connections=1)), connection=over(3))) == "s1"


@pytest.mark.parametrize(
    ("state", "standing", "word"),
    [
        (client(), "live", ""),
        (client(phase=Phase.STARTING), "waiting", "…"),
        (replace(client(phase=Phase.ENDED), over=(over(1),)), "over", "over (FIN)"),
        (replace(client(phase=Phase.ENDED), over=(over(1, Ending.OURS),)), "over", "closed"),
        (replace(client(phase=Phase.ENDED), over=(over(1, Ending.PEER_RESET),)), "failed", "reset (RST)"),
        (replace(client(phase=Phase.ENDED, accepted=0), failure=Explanation("refused")), "failed", "failed"),
        (replace(client(phase=Phase.ENDED, accepted=0), cancelled=True), "over", "cancelled"),
        (server(phase=Phase.ENDED), "over", "over"),
    ],
)
def test_what_does_not_go_on_is_said_in_a_word_and_not_in_a_colour_alone(
    state: object, standing: str, word: str
) -> None:
    rows = session_rows(window_state(state, server(session=9, at=WIDE)))  # type: ignore[arg-type]

    assert (rows[0].state, rows[0].word) == (standing, word)


@pytest.mark.parametrize("ending", Ending)
def test_every_ending_has_a_word_that_fits_a_row(ending: Ending) -> None:
    rows = session_rows(window_state(replace(server(), over=(over(1, ending),))))

    assert 0 < len(rows[1].word) < 14


def test_clients_of_one_place_are_told_apart_by_their_own_ports() -> None:
    first = client(session=1)
    local = replace(first.connections[0], local=Address("127.0.0.1", 41000))
    states = replace(first, connections=(local,)), client(session=2, phase=Phase.STARTING), client(session=3, at=WIDE)

    assert [row.text for row in session_rows(window_state(*states))] == [
        "Client :41000 → :5555",
        "Client 127.0.0.1:5555",
        "Client 192.0.2.9:80",
    ]


def test_what_was_taken_out_is_in_no_row_and_on_no_way_through_the_sessions() -> None:
    state = replace(server(connections=1), over=(over(3),))
    shown = window_state(state, client(session=2), client(session=3, at=WIDE))

    rows = session_rows(replace(shown, removed=frozenset({"s2", "s1c3"})))

    assert [row.key for row in rows] == ["s1", "s1c1", "s3"]


def test_the_newest_that_are_over_come_first_and_no_row_has_two_keys() -> None:
    state = replace(server(connections=101), over=tuple(over(number) for number in range(200, 220)))

    keys = [row.key for row in session_rows(window_state(state))]

    assert len(keys) == len(set(keys)) == 1 + 100 + 1 + 20
    assert keys[101:103] == ["s1more", "s1c219"]
