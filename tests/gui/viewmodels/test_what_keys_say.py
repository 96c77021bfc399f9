"""Whatever names a key says what that key does just now, and a message is asked for where somebody hears it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import chain, combinations, product
from random import Random

import pytest

from core.address import Address
from core.errors import Explanation
from core.events import Closed, ConnectionId, Ending, Opened, SessionId, SessionOpened
from core.journal.recording.ledger import ConnectionState, Ledger, Phase, SessionState
from core.roles import Role
from gui.viewmodels.presenter import client_here, present, server_here, why_nobody
from gui.viewmodels.session_rows import row_key
from gui.viewmodels.window_state import WindowState
from gui.viewmodels.window_view import WindowView
from tests.support.systems import examples, some

HERE, ELSEWHERE = Address("127.0.0.1", 5555), Address("127.0.0.1", 6666)
CAN = list(product((True, False), repeat=2))  # the peer may still send, we may still send


def connection(number: int, *, can_receive: bool = True, can_send: bool = True) -> ConnectionState:
    peer = Address("127.0.0.1", 50000 + number)
    return ConnectionState(ConnectionId(number), number, HERE, peer, can_receive, can_send)


def session(name: int, role: Role, phase: Phase, *standing: ConnectionState, at: Address = HERE) -> SessionState:
    finished = sum(not one.can_send for one in standing)
    addresses = (at,) if role.listens and phase is Phase.OPEN else ()
    return SessionState(
        SessionId(name), role, at, "raw", None, phase, addresses, standing, finished, accepted=len(standing)
    )


def over(role: Role, ending: Ending | None = None, **known: object) -> SessionState:
    gone = () if ending is None else (replace(connection(1), can_receive=False, can_send=False, ending=ending),)
    state = replace(session(1, role, Phase.ENDED), over=gone, accepted=len(gone))
    return replace(state, **known)  # type: ignore[arg-type]


SELECTED = [
    None,
    *(session(1, role, Phase.STARTING) for role in (Role.SERVER, Role.CLIENT)),
    session(1, Role.SERVER, Phase.OPEN),
    *(
        session(1, role, Phase.OPEN, connection(1, can_receive=receive, can_send=send))
        for role, (receive, send) in product((Role.SERVER, Role.CLIENT), CAN)
    ),
    session(1, Role.SERVER, Phase.OPEN, connection(1, can_send=False), connection(2)),
    session(1, Role.SERVER, Phase.OPEN, connection(1, can_send=False), connection(2, can_send=False)),
    *(over(role, ending) for role, ending in product((Role.SERVER, Role.CLIENT), (None, *Ending))),
    over(Role.CLIENT, failure=Explanation("refused")),
    over(Role.CLIENT, cancelled=True),
]
OTHERS = [
    session(2, Role.SERVER, Phase.STARTING),
    session(3, Role.SERVER, Phase.OPEN, connection(7)),
    session(4, Role.CLIENT, Phase.STARTING),
    session(5, Role.CLIENT, Phase.OPEN, connection(8)),
    session(6, Role.SERVER, Phase.ENDED),
    session(7, Role.CLIENT, Phase.ENDED),
]
AROUND = list(chain.from_iterable(combinations(OTHERS, count) for count in range(3)))
FORMS = [HERE, ELSEWHERE, Address("0.0.0.0", 5555), None]

_SAID = re.compile(r"(?<!\+)(F5|F6) ([a-z]+)")
_STARTS, _STOPS = {"starts", "connects"}, {"stops", "cancels"}


def scenes() -> list[WindowState]:
    found = []
    for selected, around, form in product(SELECTED, AROUND, FORMS):
        states = {state.session: state for state in (*([selected] if selected else []), *around)}
        chosen: list[frozenset[ConnectionId] | None] = [None]
        if selected is not None and selected.role.many_connections:
            chosen += [frozenset({ConnectionId(1)}), frozenset({ConnectionId(99)})]
        for recipients in chosen:
            name = selected.session if selected is not None else None
            found.append(WindowState(states, name, form=form, recipients=recipients))
    return found


@cache
def views() -> list[tuple[WindowState, WindowView]]:
    """Every scene, or a fourth of them all over, and what is seen of it: worked out once for all tests."""
    mixed = Random(0).sample(every := scenes(), len(every))
    return [(scene, present(scene)) for scene in some(mixed)]


def hears(window_state: WindowState) -> bool:
    """Somebody gets what is sent now, worked out from the connections alone."""
    state, chosen = window_state.state, window_state.recipients
    if state is None or state.phase is Phase.ENDED:
        return False
    return any(one.can_send and (chosen is None or one.connection in chosen) for one in state.connections)


def test_a_key_in_the_message_field_does_what_is_said_there() -> None:
    said = 0
    for scene, view in views():
        here = {"F5": server_here(scene), "F6": client_here(scene)}
        for key, verb in _SAID.findall(view.composer.hint):
            said += 1
            running = here[key]
            assert verb in (_STARTS if running is None else _STOPS), (key, verb, scene)
            assert running is None or running is scene.state, scene  # it would stop another one than is on view

    assert said > examples(500)


def test_a_message_is_asked_for_and_send_is_next_where_somebody_hears_it_and_nowhere_else() -> None:
    for scene, view in views():
        composer = view.composer
        is_asked = composer.hint == "Type a message" or "still hears" in composer.hint
        assert (is_asked, composer.is_next) == (hears(scene), hears(scene)), scene
        assert (why_nobody(scene) == "") is hears(scene), scene


def test_the_buttons_and_the_first_page_say_what_the_keys_do() -> None:
    for scene, view in views():
        words = {"F5": view.address.server.text, "F6": view.address.client.text}
        assert (words["F5"] == "Start server") is (server_here(scene) is None)
        assert (words["F6"] == "Connect") is (client_here(scene) is None)
        if scene.selected is None:
            assert dict(view.conversation.empty.keys) == {**words, "Enter": "Send"}


@pytest.mark.parametrize(
    ("scene", "hint"),
    [
        (
            (over(Role.SERVER), session(2, Role.SERVER, Phase.OPEN)),
            "This is over; a newer one runs here: choose it in the list",
        ),
        ((over(Role.CLIENT, Ending.OURS_RESET),), "You aborted this (RST): F6 connects again"),
        (
            (over(Role.CLIENT, Ending.PEER_RESET),),
            "The server reset this (RST): F6 connects again",
        ),
        (
            (over(Role.CLIENT, Ending.PEER_FINISHED),),
            "The server ended this (FIN): F6 connects again",
        ),
        ((over(Role.CLIENT, cancelled=True),), "This was cancelled: F6 connects again"),
        ((over(Role.SERVER),), "This is over: F5 starts it again"),
        ((session(1, Role.CLIENT, Phase.STARTING),), "Connecting… F6 cancels it"),
        ((session(1, Role.SERVER, Phase.STARTING),), "Starting… F5 stops it"),
        ((session(1, Role.SERVER, Phase.OPEN),), "Nobody is here yet: F6 connects you to this server"),
        ((session(1, Role.SERVER, Phase.OPEN), session(2, Role.CLIENT, Phase.STARTING)), "Nobody is here yet"),
        (
            (session(1, Role.CLIENT, Phase.OPEN, connection(1, can_send=False)),),
            "You have finished sending (FIN); the server may still send",
        ),
        (
            (session(1, Role.CLIENT, Phase.OPEN, connection(1, can_receive=False)),),
            "The server has finished sending (FIN), and still hears what you send",
        ),
        (
            (session(1, Role.SERVER, Phase.OPEN, connection(1, can_receive=False)),),
            "#1 has finished sending (FIN), and still hears what you send",
        ),
        (
            (session(1, Role.SERVER, Phase.OPEN, connection(1, can_send=False), connection(2, can_send=False)),),
            "You have finished sending (FIN); the others may still send",
        ),
        ((session(1, Role.CLIENT, Phase.OPEN, connection(1)),), "Type a message"),
    ],
)
def test_the_message_field_says_how_things_stand(scene: tuple[SessionState, ...], hint: str) -> None:
    window_state = WindowState({state.session: state for state in scene}, scene[0].session, form=HERE)

    assert present(window_state).composer.hint == hint


def test_of_a_role_that_no_key_begins_no_key_is_named() -> None:
    window_state = WindowState({SessionId(1): over(Role.TAP)}, SessionId(1), form=HERE)

    assert present(WindowState({}, None, form=HERE)).composer.hint == (
        "Nobody to talk to yet: F5 starts a server, F6 connects"
    )
    assert present(window_state).composer.hint == "This is over"


def test_who_is_shown_alone_and_gone_is_not_written_to() -> None:
    state = session(1, Role.SERVER, Phase.OPEN, connection(2))
    view = present(WindowState({state.session: state}, state.session, recipients=frozenset({ConnectionId(1)})))

    assert view.composer.hint == "Whoever this was for is gone: choose under To who gets it"
    assert not view.composer.is_next


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (session(1, Role.SERVER, Phase.STARTING), ["starting…"]),
        (session(1, Role.CLIENT, Phase.STARTING), ["connecting…"]),
        (session(1, Role.SERVER, Phase.OPEN), ["nobody"]),
        (session(1, Role.SERVER, Phase.OPEN, connection(1)), ["", ""]),
        (session(1, Role.SERVER, Phase.OPEN, connection(1, can_receive=False)), ["", "has finished"]),
        (session(1, Role.SERVER, Phase.OPEN, connection(1, can_send=False)), ["", "you finished"]),
        (session(1, Role.CLIENT, Phase.OPEN, connection(1)), [""]),
        (session(1, Role.CLIENT, Phase.OPEN, connection(1, can_receive=False)), ["has finished"]),
        (session(1, Role.CLIENT, Phase.OPEN, connection(1, can_send=False)), ["you finished"]),
        (over(Role.CLIENT, Ending.OURS_RESET), ["aborted"]),
        (over(Role.CLIENT), ["over"]),
    ],
)
def test_the_list_of_sessions_says_who_cannot_speak(state: SessionState, words: list[str]) -> None:
    other = session(9, Role.SERVER, Phase.OPEN, connection(9), at=ELSEWHERE)
    rows = present(WindowState({state.session: state, other.session: other}, state.session)).rows

    assert [row.word for row in rows if row.key.startswith(row_key(state.session))] == words


def test_between_the_last_connections_end_and_its_own_a_client_is_over() -> None:
    name, ledger = SessionId(1), Ledger()
    opened = Opened(name, ConnectionId(1), 0, 1, HERE, HERE)

    (state,) = ledger.fold(
        [SessionOpened(name, 0, Role.CLIENT, HERE, "raw"), opened, Closed(name, ConnectionId(1), 1, Ending.OURS)], {}
    )

    view = present(WindowState({name: state}, name, form=HERE))
    assert (view.address.client.text, view.composer.hint) == ("Connect", "This is over: F6 connects again")


def test_rows_of_an_old_journal_are_not_dressed_as_live() -> None:
    torn = replace(session(-1, Role.SERVER, Phase.ENDED, connection(1), connection(2)), has_no_end=True)

    view = present(WindowState({torn.session: torn}, torn.session, archived={torn.session: "30 Nov 2026"}))

    rows = view.rows
    assert [(row.state, row.word) for row in rows if row.key == "s-1"] == [("failed", "cut short")]
    assert view.conversation.detail == "cut short"
    assert view.status.words.endswith("which ends before this does: Tincan was not closed properly")
    assert [(row.state, row.word) for row in rows if row.number is not None] == [("over", "over")] * 2
