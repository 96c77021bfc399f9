"""News of one connection is shown without a look at the others, however many there are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.address import Address
from core.events import Closed, ConnectionId, Ending, Event, Opened, PeerFinished, SessionId, SessionOpened, WeFinished
from core.journal.recording.ledger import Ledger, Phase, SessionState
from core.roles import Role
from core.text_safety import TextSafety
from gui.viewmodels.filtering import ConnectionRow, RecipientRows
from gui.viewmodels.presenter import present
from gui.viewmodels.session_rows import MOST_CONNECTION_ROWS
from gui.viewmodels.window_state import WindowState
from tests.gui.counted import Counted, counted

HERE = Address("127.0.0.1", 5555)
S = SessionId(1)
MANY = 1000
CALM = TextSafety()  # the window has the same one each time


def server(connections: list[Counted]) -> SessionState:
    return SessionState(S, Role.SERVER, HERE, "raw", "none", connections=tuple(connections), accepted=MANY)


def shown(state: SessionState, **known: Any) -> WindowState:  # noqa: ANN401 - what a person has chosen
    return WindowState({S: state}, S, form=HERE, safety=CALM, **known)


def reads_of(window_state: WindowState) -> int:
    before = Counted.reads
    present(window_state)
    return Counted.reads - before


@pytest.mark.parametrize("changed", [0, MOST_CONNECTION_ROWS - 1, MANY - 1])
def test_a_change_of_one_connection_reads_no_other(changed: int) -> None:
    connections = [counted(number) for number in range(1, MANY + 1)]
    present(shown(server(connections)))
    connections[changed] = counted(changed + 1)

    alone = reads_of(shown(server([counted(1)])))

    assert alone > 0
    assert reads_of(shown(server(connections))) <= alone


def test_bytes_that_come_and_go_read_no_connection() -> None:
    state = server([counted(number) for number in range(1, MANY + 1)])
    present(shown(state))

    assert reads_of(shown(replace(state, bytes_in=1, bytes_out=2))) == 0


def test_one_that_is_shown_alone_or_written_to_is_found_without_a_look_at_all() -> None:
    connections = [counted(number) for number in range(1, MANY + 1)]
    state, one = server(connections), ConnectionId(777)
    present(shown(state))

    assert reads_of(shown(state, connection=connections[776], recipients=frozenset({one}))) < 50
    before = Counted.reads
    assert RecipientRows(state.connections, MANY).words(frozenset({one})) == "#777"
    assert Counted.reads - before < 50


def test_who_can_be_written_to_is_worked_out_only_where_it_is_looked_at() -> None:
    state = server([counted(number) for number in range(1, 4)])
    composer = present(shown(state)).composer
    before = Counted.reads

    assert len(composer.recipients) == 3
    assert composer.recipients.words(None) == "everyone (3)"
    assert composer == present(shown(replace(state, bytes_in=1))).composer
    assert Counted.reads == before

    assert list(composer.recipients)[1] == ConnectionRow(ConnectionId(2), 2, "#2  127.0.0.1:20002")


def test_who_has_been_told_that_we_finished_is_no_recipient() -> None:
    first, second, third = (counted(number) for number in (1, 2, 3))
    silent = replace(second, can_send=False)
    state = replace(server([first, third]), connections=(first, silent, third), finished=1)
    recipients = present(shown(state)).composer.recipients

    assert [row.number for row in recipients] == [1, 3]
    assert recipients.words(frozenset({ConnectionId(2), ConnectionId(3)})) == "#3"
    assert recipients.words(frozenset({ConnectionId(2)})) == "No connection"


def opened(number: int) -> Opened:
    return Opened(S, ConnectionId(number), 0, number, HERE, Address("127.0.0.1", 20000 + number))


@pytest.mark.parametrize(
    ("events", "senders"),
    [
        ([], 3),
        ([WeFinished(S, ConnectionId(2), 1)], 2),
        ([WeFinished(S, ConnectionId(2), 1), WeFinished(S, ConnectionId(2), 2)], 2),
        ([PeerFinished(S, ConnectionId(2), 1)], 3),
        ([WeFinished(S, ConnectionId(2), 1), Closed(S, ConnectionId(2), 2, Ending.OURS)], 2),
        ([Closed(S, ConnectionId(1), 2, Ending.OURS)], 2),
        ([WeFinished(S, ConnectionId(9), 1), Closed(S, ConnectionId(9), 2, Ending.OURS)], 3),
    ],
)
def test_the_account_counts_who_can_be_sent_to(events: list[Event], senders: int) -> None:
    begun: list[Event] = [SessionOpened(S, 0, Role.SERVER, HERE, "raw"), *map(opened, (1, 2, 3))]

    (state,) = Ledger().fold([*begun, *events], {})

    assert state.senders == senders == sum(one.can_send for one in state.connections)


def test_a_connection_is_found_by_its_id_while_it_stands_and_after() -> None:
    begun: list[Event] = [SessionOpened(S, 0, Role.SERVER, HERE, "raw"), *map(opened, (3, 5, 9))]

    (state,) = Ledger().fold([*begun, Closed(S, ConnectionId(5), 1, Ending.OURS)], {})

    numbers = {number: state.connection(ConnectionId(number)) for number in (1, 3, 4, 5, 9, 10)}
    assert {number for number, found in numbers.items() if found is not None} == {3, 5, 9}
    assert all(found is None or found.number == number for number, found in numbers.items())


def test_in_a_recovered_journal_a_connection_is_found_in_any_order() -> None:
    (state,) = Ledger().fold([SessionOpened(S, 0, Role.SERVER, HERE, "raw"), *map(opened, (9, 3, 5))], {})
    old = replace(state, phase=Phase.ENDED)

    assert [old.connection(ConnectionId(number)) for number in (9, 3, 5)] == list(state.connections)
