"""The window shows a kind of session that is new in the table with that row's words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.address import Address
from core.errors import Explanation
from core.events import ConnectionId, SessionId
from core.journal.display_row import DisplayRow
from core.journal.reading.recorded import Calls, Trace
from core.journal.recording.ledger import ConnectionState, IncidentCount, Phase, SessionState
from core.latency import Latency
from core.roles import Role
from core.text_safety import TextSafety
from gui.controllers.help import Scene
from gui.controllers.notices import session_alarms
from gui.viewmodels.inspection import Inspected, heading
from gui.viewmodels.presenter import client_here, present, server_here
from gui.viewmodels.ruler import ruled
from gui.viewmodels.typesetting import Typesetter
from gui.viewmodels.window_state import WindowState
from gui.viewmodels.window_view import WindowView, times_of
from gui.viewmodels.wrapping import Metrics
from tests.gui.fake_journal import note, received, sent
from tests.support.roles import invented

HERE = Address("127.0.0.1", 5555)
FIRST, SECOND = (ConnectionState(ConnectionId(n), n, HERE, Address("127.0.0.1", 50000 + n)) for n in (1, 2))


def relay(phase: Phase = Phase.OPEN, *standing: ConnectionState, **known: object) -> SessionState:
    role = invented(**known)
    return SessionState(SessionId(1), role, HERE, "raw", "echo", phase, (), standing, accepted=len(standing))


def shown(state: SessionState) -> WindowView:
    return present(WindowState({state.session: state}, state.session, form=HERE))


@pytest.mark.parametrize(
    ("state", "detail", "status"),
    [
        (relay(Phase.STARTING), "<waiting>", "<starting> 127.0.0.1:5555"),
        (relay(Phase.OPEN, FIRST), "from port 5555", "<standing> 127.0.0.1:5555"),
        (relay(Phase.OPEN, FIRST, many_connections=True), "1 connection", "<standing> 127.0.0.1:5555"),
        (relay(Phase.ENDED), "over", "<stopped> 127.0.0.1:5555"),
        (replace(relay(Phase.ENDED), failure=Explanation("no")), "failed", "<failed> 127.0.0.1:5555"),
    ],
)
def test_how_it_stands_is_told_in_its_words(state: SessionState, detail: str, status: str) -> None:
    view = shown(state)

    assert view.title == "Relay 127.0.0.1:5555 — Tincan"
    assert (view.conversation.detail, view.status.words) == (detail, status)


def test_what_can_be_done_once_it_is_over_is_told_in_its_words() -> None:
    over = relay(Phase.ENDED, dials=True, again="relays again")

    assert shown(over).composer.hint == "This is over: F6 relays again"


@pytest.mark.parametrize("capability", ["listens", "dials"])
def test_its_button_stops_it_by_its_word(capability: str) -> None:
    starting, standing = (relay(phase, **{capability: True}) for phase in (Phase.STARTING, Phase.OPEN))

    words = [(view.server.text, view.client.text) for view in (shown(starting).address, shown(standing).address)]

    if capability == "listens":
        assert words == [("<cancel>", "Connect"), ("<stop>", "Connect")]
    else:
        assert words == [("Start server", "<cancel>"), ("Start server", "<stop>")]


def test_what_neither_listens_nor_dials_has_no_button() -> None:
    state = WindowState({SessionId(1): relay()}, SessionId(1), form=HERE)

    assert (server_here(state), client_here(state)) == (None, None)


@pytest.mark.parametrize("replies", [True, False])
def test_the_head_offers_replies_where_there_are_any(replies: bool) -> None:
    assert shown(relay(replies=replies)).conversation.reply == ("letter" if replies else None)


@pytest.mark.parametrize("many", [True, False])
def test_only_who_has_many_connections_lists_and_counts_them_and_chooses_recipients(many: bool) -> None:
    view = shown(relay(Phase.OPEN, FIRST, SECOND, many_connections=many))

    assert [row.key for row in view.rows] == (["s1", "s1c1", "s1c2"] if many else [])
    assert bool(view.composer.recipients) is many
    assert ("2 connections" in view.status.figures) is many


def test_the_times_speak_of_its_requests_and_answers() -> None:
    times = times_of(replace(relay(), answers=Latency(1, (5,))))

    assert times is not None
    assert "from <request> to <answer>" in times.words


def test_an_alarm_calls_it_by_its_name() -> None:
    (alarm,) = session_alarms([replace(relay(), turned_away=IncidentCount(1, 0, 1, 1, "full"))], {}, 0)

    assert alarm.sentence.startswith("Relay 127.0.0.1:5555: ")


@pytest.mark.parametrize(
    ("many", "display_row", "title", "header"),
    [
        (False, received(0, b"x"), "<peer> → <us>", "<peer> "),
        (False, sent(0, b"x"), "<us> → <peer>", "<us> "),
        (True, received(0, b"x"), "#1 → <us>", "#1 "),
        (True, sent(0, b"x"), "<us> → #1", "<us> → #1 "),
    ],
)
def test_a_message_says_who_speaks_to_whom(many: bool, display_row: DisplayRow, title: str, header: str) -> None:
    role = invented(many_connections=many)
    (row,) = typeset(role, display_row)

    assert heading(Inspected(display_row, role)).title == title
    assert row.lstrip("\u2003").startswith(header)


@pytest.mark.parametrize("many", [True, False])
def test_a_number_is_marked_where_there_are_many(many: bool) -> None:
    role = invented(many_connections=many)
    (row,) = setter(role).set([note(0, "#3 connected", number=3)])

    assert any(run.text == "#3 " for run in row.runs) is many


def test_the_ruler_names_both_ends() -> None:
    trace = Trace(0, 5, Calls(), Calls(), None, None, Calls())

    lanes = ruled(trace, [], is_received=False, role=invented()).lanes

    assert [lane.who for lane in lanes[:2]] == ["relay", "<far_end>"]


@pytest.mark.parametrize("capability", ["listens", "dials"])
def test_the_tour_goes_by_what_it_can_do(capability: str) -> None:
    scene = Scene({SessionId(1): relay(Phase.OPEN, **{capability: True})})

    assert (len(scene.servers), len(scene.clients)) == ((1, 0) if capability == "listens" else (0, 1))


def setter(role: Role) -> Typesetter:
    return Typesetter(role, TextSafety(), Metrics(lambda text: 7 * len(text), widest=400, step=8))


def typeset(role: Role, display_row: DisplayRow) -> list[str]:
    return ["".join(run.text for run in row.runs) for row in setter(role).set([display_row])]
