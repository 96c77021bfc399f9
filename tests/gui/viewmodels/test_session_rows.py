"""What the rows of the list of sessions say, from states alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.address import Address
from core.errors import Explanation
from core.events import Ending, SessionId
from core.journal.recording.ledger import ConnectionState, Phase, Retry
from gui.viewmodels.presenter import present, selected_row
from gui.viewmodels.session_rows import MOST_SESSION_ROWS, next_session, rows_over, session_rows, waiting_words
from tests.gui.viewmodels.test_presenter import client, connection, server, window_state

WIDE = Address("192.0.2.9", 80)


def over(number: int, ending: Ending = Ending.PEER_FINISHED) -> ConnectionState:
    return replace(connection(number), ending=ending, can_send=False, can_receive=False)


def test_what_goes_on_comes_first_and_what_is_over_stands_under_one_row_the_newest_first() -> None:
    states = (
        server(session=1, at=Address("127.0.0.1", 1), phase=Phase.ENDED),
        server(session=2, at=Address("127.0.0.1", 2), connections=1),
        client(session=3, at=WIDE, phase=Phase.ENDED),
        client(session=4, phase=Phase.STARTING),
    )

    rows = session_rows(window_state(*states))

    assert [(row.key, row.parent) for row in rows] == [
        ("s2", ""), ("s2c1", "s2"), ("s4", ""), ("over", ""), ("s3", "over"), ("s1", "over"),
    ]  # fmt: skip
    assert (rows[3].text, rows[3].is_note) == ("2 that are over", True)
    order = [next_session(window_state(*states, selected=session), 1) for session in (2, 4, 3, 1)]
    assert order == [4, 3, 1, 2]


def test_the_list_appears_with_two_things_to_tell_apart() -> None:
    over_alone = server(phase=Phase.ENDED)

    assert session_rows(window_state(over_alone)) == ()
    assert len(session_rows(window_state(over_alone, client(session=3)))) == 3


def test_a_list_that_is_too_long_keeps_what_goes_on() -> None:
    ended = [server(session=number, at=Address("127.0.0.1", number), phase=Phase.ENDED) for number in range(2, 300)]

    keys = [row.key for row in session_rows(window_state(server(session=1), *ended))]

    assert len(keys) == MOST_SESSION_ROWS + 1
    assert keys[:3] == ["s1", "over", "s299"]


def test_everything_that_is_over_is_found_also_below_what_goes_on() -> None:
    state = replace(server(connections=1), over=(over(3), over(4)))
    shown = replace(window_state(state, client(session=2, phase=Phase.ENDED)), removed=frozenset({"s1c3"}))

    assert rows_over(shown) == ("s2", "s1c4")
    assert rows_over(window_state(server(connections=3))) == ()


def test_new_messages_are_counted_behind_the_name_and_on_the_row_that_hides_them() -> None:
    shown = window_state(server(), client(session=2, at=WIDE), client(session=3, phase=Phase.ENDED))
    unread = {SessionId(2): 3, SessionId(3): 1_000}

    rows = {row.key: row for row in session_rows(replace(shown, unread=unread))}

    assert [rows[key].behind for key in ("s1", "s2", "over", "s3")] == ["  nobody", "  (3)", "  (99+)", "  over  (99+)"]
    assert rows["s3"].whole.endswith("  over  1,000 new")


def test_a_name_stands_in_the_place_of_the_address_which_the_whole_row_still_tells() -> None:
    state = replace(server(connections=1), over=(over(3),))
    shown = window_state(state, client(session=2, at=WIDE))
    names = {"s1": "Boiler", "s1c1": "Valve", "s1c3": "Pump\n"}

    rows = {row.key: row for row in session_rows(replace(shown, names=names))}

    assert [rows[key].text for key in ("s1", "s1c1", "s2")] == ["Boiler", "#1  Valve", "Client 192.0.2.9:80"]
    assert "\n" not in rows["s1c3"].text
    assert rows["s1"].whole == "Boiler  ·  Server 127.0.0.1:5555"
    assert rows["s1c1"].whole == "#1  Valve  ·  :50001"
    assert (rows["s1"].name, rows["s1c1"].name, rows["s2"].name) == ("Boiler", "Valve", "Client 192.0.2.9:80")
    view = present(replace(shown, names=names, selected=SessionId(1), connection=state.connections[0]))
    assert view.conversation.title == "Boiler  ·  Server 127.0.0.1:5555"
    assert view.conversation.only == "Only #1 Valve from 127.0.0.1:50001"


def test_a_connection_that_is_over_stays_under_its_server_with_a_word_for_how_it_ended() -> None:
    state = replace(server(connections=2), over=(over(3), over(4, Ending.PEER_RESET)))

    rows = session_rows(window_state(state))

    assert [(row.text, row.state, row.word) for row in rows[1:]] == [
        ("#1  :50001", "live", ""),
        ("#2  :50002", "live", ""),
        ("2 that are over", "note", ""),
        ("#4  :50004", "failed", "reset (RST)"),
        ("#3  :50003", "over", "over (FIN)"),
    ]


def test_a_connection_that_is_over_can_be_looked_at_alone() -> None:
    state = replace(server(connections=1), over=(over(3),))

    view = present(replace(window_state(state), connection=over(3)))

    assert view.selected == "s1c3"
    assert view.conversation.only == "Only #3 from 127.0.0.1:50003, over (FIN)"


def test_one_that_was_over_long_ago_gives_its_place_to_its_server() -> None:
    assert selected_row(replace(window_state(server(connections=1)), connection=over(3))) == "s1"


@pytest.mark.parametrize(
    ("state", "standing", "word"),
    [
        (client(), "live", ""),
        (client(phase=Phase.STARTING), "waiting", "connecting…"),
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

    row = next(row for row in rows if row.key in ("s1", "s2"))
    assert (row.state, row.word) == (standing, word)


@pytest.mark.parametrize("ending", Ending)
def test_every_ending_has_a_word_that_fits_a_row(ending: Ending) -> None:
    rows = session_rows(window_state(replace(server(), over=(over(1, ending),))))

    assert 0 < len(rows[2].word) < 14


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

    assert len(keys) == len(set(keys)) == 1 + 100 + 1 + 1 + 20
    assert keys[101:104] == ["s1more", "s1over", "s1c219"]


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (0, "try 7 in 12 s"),
        (11_000_000_000, "try 7 in 1 s"),
        (11_999_999_999, "try 7 in 1 s"),
        (12_000_000_000, "try 7 now"),
        (20_000_000_000, "try 7 now"),
    ],
)
def test_a_client_that_comes_back_counts_down_to_its_next_try(now: int, words: str) -> None:
    state = client(phase=Phase.STARTING)
    assert waiting_words(state, now) == "connecting…"
    waits = replace(state, retry=Retry(6, 12_000_000_000, "refused"))
    assert waiting_words(waits, now) == words
    seen = present(replace(window_state(waits), now=now))
    assert seen.conversation.detail == f"{words}: refused"
    assert seen.status.words.endswith(f", {words}: refused")
    assert seen.address.client.text == "Disconnect"
