"""From request to answer, and from one message to the next: what the ledger makes of the times of events."""

from __future__ import annotations

import pytest

from core.address import Address
from core.events import ConnectionId, Event, Opened, Received, Sent, SessionId, SessionOpened
from core.journal.recording.ledger import Ledger
from core.journal.recording.response_times import _MOST, _SECOND
from core.roles import Role
from tests.support.story import Story


def at(event: Received | Sent, moment: int) -> Received | Sent:
    return event._replace(at=moment)


def test_a_client_s_request_is_answered_by_what_it_receives_next() -> None:
    story = Story(role=Role.CLIENT)
    story.opens()
    ledger = Ledger()
    ledger.fold([story.begins()], {})

    asked = [
        at(story.says(b"a"), 100),
        at(story.hears(b"b"), 130),
        at(story.says(b"c"), 200),
        at(story.hears(b"d"), 290),
    ]
    (state,) = ledger.fold(asked, {})

    assert state.answers.last == (30, 90)
    assert state.between.last == (160,)


def test_a_server_s_answer_is_what_it_sends_next() -> None:
    story = Story(role=Role.SERVER)
    events: list[Event] = [
        story.begins(),
        story.opens(),
        at(story.says(b"hello"), 10),
        at(story.hears(b"a"), 100),
        at(story.says(b"b"), 107),
    ]

    (state,) = Ledger().fold(events, {})

    assert state.answers.last == (7,)  # the greeting answers nothing


def test_of_several_requests_the_last_counts_and_of_several_answers_the_first() -> None:
    story = Story(role=Role.CLIENT)
    events: list[Event] = [story.begins(), story.opens(), at(story.says(b"a"), 100), at(story.says(b"b"), 110)]
    events += [at(story.hears(b"c"), 115), at(story.hears(b"d"), 180)]

    (state,) = Ledger().fold(events, {})

    assert state.answers.last == (5,)
    assert state.between.last == (65,)


def test_each_connection_is_a_conversation_of_its_own() -> None:
    story = Story(role=Role.SERVER)
    events: list[Event] = [story.begins(), story.opens()]
    first, at_first = story.connection, at(story.hears(b"one asks"), 100)
    events += [at_first, story.opens(), at(story.hears(b"two asks"), 150), at(story.says(b"two is told"), 160)]
    story.connection = first
    events += [at(story.says(b"one is told"), 200)]

    (state,) = Ledger().fold(events, {})

    assert state.answers.last == (10, 100)
    assert state.between.count == 0


def test_one_at_a_time_or_all_at_once_makes_no_difference() -> None:
    story = Story(role=Role.SERVER)
    events = story.whole()
    ledger = Ledger()

    *_, (state,) = [ledger.fold([event], {}) for event in events]

    (at_once,) = Ledger().fold(events, {})

    assert (state.answers, state.between) == (at_once.answers, at_once.between)
    assert state.answers.count == 1


def test_a_connection_that_is_over_is_forgotten() -> None:
    story = Story(role=Role.SERVER)
    ledger = Ledger()
    ledger.fold([story.begins(), story.opens(), story.hears(b"x"), story.closes()], {})

    response_times = ledger._sessions[story.session].response_times

    assert (response_times._asked, response_times._heard) == ({}, {})


def test_of_a_flood_the_beginning_of_each_second_is_measured_and_nothing_false() -> None:
    story = Story(role=Role.CLIENT)
    ledger = Ledger()
    ledger.fold([story.begins(), story.opens()], {})
    says, hears = story.says(b"a"), story.hears(b"b")

    def exchange(moment: int, took: int) -> list[Event]:
        return [at(says, moment), at(hears, moment + took)]

    ledger.fold([event for _ in range(_MOST) for event in exchange(_SECOND, 5)], {})
    (full,) = ledger.fold(exchange(_SECOND + 10, 7), {})  # too many: not looked at
    ledger.fold([at(says, _SECOND + 20)], {})
    (next_second,) = ledger.fold([at(hears, 2 * _SECOND + 20), *exchange(2 * _SECOND + 30, 9)], {})

    assert full.answers.count == _MOST
    assert next_second.answers.count == _MOST + 1
    assert next_second.answers.last[-1] == 9


@pytest.mark.parametrize(("role", "took"), [(Role.TAP, 0.1), (Role.UDP_TAP, None)])
def test_of_what_passes_on_the_target_is_timed_once_and_not_the_callers(role: Role, took: float | None) -> None:
    here, caller, target = Address("127.0.0.1", 5556), ConnectionId(1), ConnectionId(2)
    session = SessionId(1)
    events: list[Event] = [
        SessionOpened(session, 0, role, here, "raw"),
        Opened(session, caller, 1, 1, here, here),
        Opened(session, target, 2, -1, here, here, took),
        Received(session, caller, 100, b"question"),
        Sent(session, target, 105, b"question"),
        Received(session, target, 155, b"answer"),
        Sent(session, caller, 160, b"answer"),
        Received(session, caller, 300, b"question"),
        Sent(session, target, 301, b"question"),
        Received(session, target, 331, b"answer"),
    ]

    (state,) = Ledger().fold(events, {})

    assert state.answers.last == (50, 30)
    assert state.between.last == (176,)
