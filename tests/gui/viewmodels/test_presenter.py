"""What the panes show, from states alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.address import Address, LocalAddress
from core.errors import Explanation
from core.events import ConnectionId, SessionId
from core.journal.recording.ledger import ConnectionState, Phase, SessionState
from core.latency import Latency
from core.roles import Role
from gui.viewmodels.presenter import present
from gui.viewmodels.session_rows import MOST_CONNECTION_ROWS, next_session, parse_row_key, row_key
from gui.viewmodels.window_state import WindowState

HERE = Address("127.0.0.1", 5555)


def connection(number: int, *, can_send: bool = True) -> ConnectionState:
    peer = Address("127.0.0.1", 50000 + number)
    return ConnectionState(ConnectionId(number), number, HERE, peer, can_send=can_send)


def server(session: int = 1, *, phase: Phase = Phase.OPEN, at: Address = HERE, connections: int = 0) -> SessionState:
    standing = tuple(connection(number) for number in range(1, connections + 1))
    return SessionState(
        SessionId(session), Role.SERVER, at, "raw", "letter", phase, (at,), standing, accepted=connections, entries=3
    )


def client(session: int = 2, *, phase: Phase = Phase.OPEN, at: Address = HERE, accepted: int = 1) -> SessionState:
    standing = (connection(1),) if phase is Phase.OPEN else ()
    return SessionState(SessionId(session), Role.CLIENT, at, "raw", None, phase, (), standing, accepted=accepted)


def window_state(*states: SessionState, selected: int | None = None, form: Address | None = HERE) -> WindowState:
    chosen = SessionId(selected) if selected is not None else (states[-1].session if states else None)
    return WindowState({state.session: state for state in states}, chosen, form=form)


def next_steps(shown: WindowState) -> tuple[bool, bool, bool]:
    view = present(shown)
    return view.address.server.is_next, view.address.client.is_next, view.composer.is_next


@pytest.mark.parametrize(
    ("states", "server_words", "client_words"),
    [
        ((), "Start server", "Connect"),
        ((server(phase=Phase.STARTING),), "Stop server", "Connect"),
        ((server(),), "Stop server", "Connect"),
        ((server(), client(phase=Phase.STARTING)), "Stop server", "Cancel"),
        ((server(), client()), "Stop server", "Disconnect"),
        ((server(phase=Phase.ENDED), client(phase=Phase.ENDED)), "Start server", "Connect"),
        ((server(at=Address("127.0.0.1", 6666)),), "Start server", "Connect"),
    ],
)
def test_the_buttons_say_what_they_would_do(
    states: tuple[SessionState, ...], server_words: str, client_words: str
) -> None:
    view = present(window_state(*states)).address

    assert (view.server.text, view.client.text) == (server_words, client_words)


@pytest.mark.parametrize(
    ("shown", "steps"),
    [
        (window_state(), (True, False, False)),
        (window_state(server(phase=Phase.STARTING)), (False, False, False)),
        (window_state(server()), (False, True, False)),
        (window_state(server(), client(phase=Phase.STARTING)), (False, False, False)),
        (window_state(server(), client()), (False, False, True)),
        (window_state(server(connections=1)), (False, False, True)),
        (window_state(form=Address("example.com", 80)), (False, True, False)),
        (window_state(form=Address("0.0.0.0", 80)), (True, False, False)),
        (window_state(form=None), (True, False, False)),
    ],
)
def test_one_thing_at_a_time_is_next(shown: WindowState, steps: tuple[bool, bool, bool]) -> None:
    assert next_steps(shown) == steps


def test_a_server_on_any_free_port_is_found_under_the_port_it_got() -> None:
    state = replace(server(at=Address("127.0.0.1", 0)), addresses=(Address("127.0.0.1", 40123),))

    view = present(window_state(state, form=Address("127.0.0.1", 40123)))

    assert view.address.server.text == "Stop server"
    assert view.conversation.title == "Server 127.0.0.1:40123"


def test_the_session_list_waits_for_a_second_thing() -> None:
    assert present(window_state(server())).rows == ()
    assert [row.text for row in present(window_state(server(connections=1))).rows] == [
        "Server 127.0.0.1:5555",
        "#1  :50001",
    ]


def test_a_thousand_connections_take_a_bounded_number_of_rows() -> None:
    rows = present(window_state(server(connections=1000))).rows

    assert len(rows) == MOST_CONNECTION_ROWS + 2
    assert rows[-1].text == "… and 900 more"


def test_a_vain_attempt_leaves_the_list_when_it_is_made_again() -> None:
    vain = client(2, phase=Phase.ENDED, accepted=0)

    assert [row.key for row in present(window_state(server(), vain)).rows] == ["s1", "over", "s2"]
    assert [row.key for row in present(window_state(server(), vain, client(3))).rows] == ["s1", "s3"]


def test_there_is_a_choice_of_receivers_once_there_are_two() -> None:
    assert tuple(present(window_state(server(connections=1))).composer.recipients) == ()

    recipients = present(window_state(server(connections=2))).composer.recipients

    assert [one.label for one in recipients] == ["#1  127.0.0.1:50001", "#2  127.0.0.1:50002"]


def test_the_choice_of_receivers_stays_when_they_are_gone_so_that_nobody_else_gets_the_message() -> None:
    left = present(replace(window_state(server(connections=1)), recipients=frozenset({ConnectionId(99)}))).composer

    assert left.chosen == frozenset({ConnectionId(99)})
    assert len(left.recipients) == 1


@pytest.mark.parametrize(
    ("states", "hint"),
    [
        ((), "F5 starts a server"),
        ((server(),), "F6 connects you"),
        ((client(phase=Phase.STARTING),), "Connecting… F6 cancels it"),
        ((client(phase=Phase.ENDED),), "F6 connects again"),
        ((server(phase=Phase.ENDED),), "F5 starts it again"),
        ((client(),), "Type a message"),
    ],
)
def test_the_message_field_says_what_is_missing(states: tuple[SessionState, ...], hint: str) -> None:
    assert hint in present(window_state(*states)).composer.hint


def test_the_status_says_where_and_how_much() -> None:
    status = present(window_state(replace(server(connections=2), bytes_in=1234, bytes_out=99))).status

    assert status.words == "listening on 127.0.0.1:5555"
    assert status.figures == ("2 connections", "in 1.2 kB", "out 99 B")
    assert status.state == "live"


def test_a_failure_is_said_in_the_status() -> None:
    failed = replace(client(phase=Phase.ENDED, accepted=0), failure=Explanation("nothing answers"))

    status = present(window_state(failed)).status

    assert (status.state, status.words, status.figures) == ("failed", "could not connect to 127.0.0.1:5555", ())


def test_a_connection_that_broke_is_said_so_and_not_that_it_was_never_made() -> None:
    broken = replace(client(phase=Phase.ENDED), failure=Explanation("reset"), bytes_in=7)

    status = present(window_state(broken)).status

    assert (status.words, status.figures) == ("broken off: 127.0.0.1:5555", ("in 7 B", "out 0 B"))


def test_the_status_speaks_of_what_is_shown_however_much_else_goes_on() -> None:
    over = client(session=1, phase=Phase.ENDED, at=Address("127.0.0.1", 16379))

    view = present(window_state(over, server(session=2), client(session=3), selected=1))

    assert view.status.words == "closed: 127.0.0.1:16379"
    assert view.title.startswith("Client 127.0.0.1:16379")


@pytest.mark.case("C-26")
def test_open_to_the_network_is_said_with_the_addresses_for_as_long_as_it_lasts() -> None:
    wide = Address("0.0.0.0", 5555)
    shown = replace(
        window_state(server(at=wide), client()), reachable=(LocalAddress("192.168.1.7"), LocalAddress("fd00::7"))
    )
    both = replace(shown, sessions={SessionId(1): server(at=Address("::", 5555))})

    assert present(both).status.warning == "open to the network: 192.168.1.7:5555, [fd00::7]:5555"
    assert present(shown).status.warning == "open to the network: 192.168.1.7:5555"
    assert present(window_state(server(at=wide, phase=Phase.ENDED))).status.warning == ""
    assert present(window_state(server())).status.warning == ""


def test_hostile_names_reach_no_title() -> None:
    state = client(at=Address("münchen.example", 80))

    assert "\u202e" not in present(window_state(state)).title


def test_going_through_the_sessions_ends_where_it_began() -> None:
    shown = window_state(server(1), client(2), client(3, at=Address("127.0.0.2", 1)), selected=1)

    assert next_session(shown, 1) == 2
    assert next_session(shown, -1) == 3
    assert next_session(window_state(), 1) is None


@pytest.mark.parametrize(("session", "chosen"), [(1, None), (12, 345)])
def test_a_row_key_can_be_read_back(session: int, chosen: int | None) -> None:
    connection_id = ConnectionId(chosen) if chosen is not None else None

    assert parse_row_key(row_key(SessionId(session), connection_id)) == (session, chosen)


def test_the_same_state_gives_the_same_view() -> None:
    shown = window_state(server(connections=3), client())

    assert present(shown) == present(shown)


def test_the_figures_are_those_of_what_is_on_view() -> None:
    came, went = {ConnectionId(1): 10, ConnectionId(2): 20}, {ConnectionId(1): 2, ConnectionId(2): 7}
    state = replace(server(connections=2), bytes_in=30, bytes_out=9, bytes_in_of=came, bytes_out_of=went)
    seen = window_state(state)

    assert present(seen).status.figures == ("2 connections", "in 30 B", "out 9 B")
    alone = replace(seen, connection=state.connections[1])
    assert present(alone).status.figures == ("#2", "in 20 B", "out 7 B")
    assert present(replace(seen, connection=connection(9))).status.figures == ()  # over for so long that nobody knows


def test_a_connect_says_how_long_it_has_left() -> None:
    seen = replace(window_state(client(phase=Phase.STARTING)), seconds_left=7)

    assert present(seen).status.words == "connecting to 127.0.0.1:5555, 7 s left"


@pytest.mark.parametrize(("reply", "is_timed"), [("letter", True), ("echo", True), ("none", False), ("room", False)])
def test_answers_are_timed_where_a_program_answers(reply: str, is_timed: bool) -> None:
    timed = Latency(1, (5_000_000,))
    listening = replace(server(connections=1), reply=reply, answers=timed)
    calling = replace(client(), answers=timed)

    for seen in (window_state(listening), window_state(listening, calling, selected=2)):
        times = present(seen).status.times
        assert (times is not None and times.figure == "answer 5.0 ms") is is_timed
    elsewhere = replace(calling, target=Address("example.com", 80))
    assert present(window_state(listening, elsewhere, selected=2)).status.times is not None  # who knows


@pytest.mark.parametrize(("reply", "shown"), [("echo", "echo"), ("none", "none"), ("of a later version", None)])
def test_a_server_that_is_over_tells_the_reply_that_it_had(reply: str, shown: str | None) -> None:
    old = replace(server(phase=Phase.ENDED), reply=reply)

    head = present(replace(window_state(old), reply="letter")).conversation

    assert (head.reply, head.is_reply_past) == (shown, True)
    assert not present(window_state(server())).conversation.is_reply_past


def test_a_local_socket_has_no_port_and_is_known_by_its_whole_name() -> None:
    at, other = Address("unix:/run/S", 0), Address("unix:/run/s", 0)
    everywhere = server(at=Address("0.0.0.0", 0))
    assert not present(window_state(form=at)).address.has_port
    assert present(window_state(form=HERE)).address.has_port
    assert present(window_state(form=None)).address.has_port
    assert next_steps(window_state(form=at)) == (True, False, False)
    assert present(window_state(server(at=at), form=at)).address.server.text == "Stop server"
    assert present(window_state(server(at=at), form=other)).address.server.text == "Start server"
    assert present(window_state(everywhere, form=at)).address.server.text == "Start server"


def test_of_a_local_socket_the_process_at_the_other_end_is_told() -> None:
    at = Address("unix:/run/s", 0)
    one = ConnectionState(ConnectionId(1), 1, Address("unix:", 0), at, process="process 7 (redis) of user redis")
    calling = replace(client(at=at), connections=(one,))
    assert "process 7 (redis) of user redis" in present(window_state(calling)).conversation.detail
    called = replace(one, local=at, peer=Address("unix:", 0))
    rows = present(window_state(replace(server(at=at), connections=(called,)), calling)).rows
    assert [row.text for row in rows] == [
        "Server unix:/run/s", "#1  process 7 (redis) of user redis", "Client unix:/run/s"
    ]  # fmt: skip
