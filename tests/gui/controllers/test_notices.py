"""What is said when something goes wrong and the program goes on: what, since when, how many, what to do."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.address import Address
from core.errors import Explanation
from core.events import Closed, Ending, Event, MessageTooLong, Misframed, NotSent, TurnedAway
from core.journal.recording.ledger import Ledger, Recording, SessionState
from core.roles import Role
from gui.controllers.notices import Alarm, recording_notice, session_alarms
from tests.support.story import Story

NOON = time.mktime((2026, 1, 2, 12, 0, 0, 0, 0, -1))
OFFSET = int(NOON * 1e9)  # the machine was started at noon
SECOND = 1_000_000_000
FULL = Explanation("the disk is full", ("other files fill it",), "Free some space: recording goes on by itself")
FINE = Recording(Path("journal"))
STOPPED = Recording(Path("journal"), FULL, since=NOON, lost=1_234)


def told(alarm: Alarm | None) -> Alarm:
    assert alarm is not None
    return alarm


@pytest.mark.case("C-61")
def test_a_recording_that_stopped_says_what_since_when_how_many_and_what_to_do() -> None:
    alarm = told(recording_notice(STOPPED))

    assert alarm.sentence == (
        "Not recorded since 12:00:00: messages still come and go. 1,234 entries are missing so far. "
        "The disk is full. Likely cause: other files fill it. Free some space: recording goes on by itself."
    )
    assert alarm.is_failure
    assert alarm.buttons == (("Open the folder", "open_journals"),)


@pytest.mark.case("C-61")
def test_a_recording_that_goes_on_says_what_is_missing_and_from_when() -> None:
    alarm = told(recording_notice(Recording(Path("journal"), lost=1), STOPPED))

    assert alarm.sentence == (
        "Recording goes on. Nothing was recorded from 12:00:00 until now. 1 entry is missing from this run's journal."
    )
    assert not alarm.is_failure


@pytest.mark.case("C-62")
def test_a_journal_that_was_deleted_is_told_once_with_the_name_of_the_new_one() -> None:
    moved = Recording(Path("journal-2"), lost=7, moved_from=Path("journal"))

    carried = told(recording_notice(moved, replace(FINE, lost=7)))
    assert carried.sentence == (
        "journal was deleted or replaced while it was written. "
        "Recording goes on in journal-2: everything from before is in it, too."
    )
    assert "7 entries are missing from before" in told(recording_notice(moved, FINE)).sentence
    assert told(recording_notice(moved, replace(STOPPED, lost=7))).sentence == carried.sentence
    assert told(recording_notice(moved)).buttons == (("Open the folder", "open_journals"),)
    assert recording_notice(moved, moved) is None


def test_a_journal_that_is_full_is_told_with_the_name_of_the_new_one() -> None:
    alarm = told(recording_notice(Recording(Path("journal-2"), moved_from=Path("journal"), was_full=True), FINE))

    assert alarm.sentence == (
        "journal has reached its limit and stays as it is. "
        "Recording goes on in journal-2: the conversations begin anew there."
    )
    assert not alarm.is_failure


def test_a_recording_that_is_well_and_was_well_says_nothing() -> None:
    assert recording_notice(FINE) is None
    assert recording_notice(FINE, FINE) is None
    assert recording_notice(replace(FINE, lost=7), replace(FINE, lost=7)) is None


def test_the_news_takes_the_place_of_the_failure() -> None:
    assert told(recording_notice(FINE, STOPPED)).topic == told(recording_notice(STOPPED)).topic


class Session:
    """A session whose states are asked for step by step."""

    def __init__(self, number: int = 1, role: Role = Role.SERVER) -> None:
        self.story = Story(number, role)
        self._ledger = Ledger()
        self.after(self.story.begins(), self.story.opens())

    def after(self, *events: Event) -> SessionState:
        (state,) = self._ledger.fold(events, {})
        return state

    def turns_away(self, second: int, why: str) -> TurnedAway:
        return TurnedAway(self.story.session, second * SECOND, Address("192.0.2.1", 9), why)

    def fails_to_send(self, second: int, size: int) -> NotSent:
        return NotSent(self.story.session, self.story.connection, second * SECOND, size, "it does not read.")


def test_a_peer_that_is_turned_away_is_told_with_the_reason_and_a_way_to_the_limits() -> None:
    session = Session()
    state = session.after(session.turns_away(5, "the server has 500 connections, as many as it takes"))

    (alarm,) = session_alarms([state], {}, OFFSET)

    assert alarm.sentence == (
        "Server 127.0.0.1:5555: peers were turned away once at 12:00:05: the server has 500 connections, as many as it "
        "takes. Close connections that nobody needs, or let more in: the settings count for the next server."
    )
    assert alarm.buttons == (("Settings", "show_settings"),)


def test_messages_that_did_not_go_out_are_counted_from_the_first_to_the_last() -> None:
    session = Session(role=Role.CLIENT)
    state = session.after(*(session.fails_to_send(second, 1_000) for second in (1, 2, 61)))

    (alarm,) = session_alarms([state], {}, OFFSET)

    assert alarm.sentence.startswith(
        "Client 127.0.0.1:5555: 3 messages (3,000 bytes) did not go out since 12:00:01, the last at 12:01:01: "
        "it does not read. "
    )


@pytest.mark.case("C-41")
def test_a_message_that_is_too_long_is_told() -> None:
    session = Session()
    state = session.after(MessageTooLong(session.story.session, session.story.connection, 3 * SECOND, 4_096))

    (alarm,) = session_alarms([state], {}, OFFSET)

    assert "a message got no reply at 12:00:03: longer than the limit." in alarm.sentence


def test_what_is_no_message_under_the_framing_is_told_with_the_latest_reason() -> None:
    session = Session()
    whys = (
        Misframed(session.story.session, session.story.connection, second * SECOND, f"{second} of 16 bytes")
        for second in (3, 4)
    )
    state = session.after(*whys)

    (alarm,) = session_alarms([state], {}, OFFSET)

    assert alarm.topic == "misframed 1"
    assert alarm.sentence == (
        "Server 127.0.0.1:5555: bytes that are no message came twice since 12:00:03, the last at 12:00:04: "
        "4 of 16 bytes. They got no reply, and all are in the conversation. "
        "Choose the way in which the peer tells messages apart."
    )


@pytest.mark.case("C-70")
def test_http_that_was_refused_is_told_with_the_way_to_let_it_in() -> None:
    session = Session()
    closes = Closed(session.story.session, session.story.connection, 3 * SECOND, Ending.HTTP)

    (alarm,) = session_alarms([session.after(closes)], {}, OFFSET)

    assert alarm.sentence == (
        "Server 127.0.0.1:5555: HTTP was spoken once, perhaps by a web page in this machine's browser at 12:00:03: "
        "a server that answers by itself refuses HTTP. "
        "The settings can let it in: Refuse HTTP, off. They count for the next server."
    )
    assert alarm.buttons == (("Settings", "show_settings"),)


def test_only_what_has_got_worse_is_news() -> None:
    session, other = Session(1), Session(2)
    before = session.after(session.turns_away(1, "full"))
    same = session.after(session.story.hears(b"hello"))
    worse = session.after(session.fails_to_send(2, 1))
    known = {before.session: before}

    assert session_alarms([same], known, OFFSET) == ()
    assert [alarm.topic for alarm in session_alarms([worse], known, OFFSET)] == ["not sent 1"]
    assert len(session_alarms([worse, other.after(other.fails_to_send(3, 1))], {}, OFFSET)) == 3


def test_each_session_and_each_kind_has_a_topic_of_its_own() -> None:
    one, other = Session(1), Session(2)
    states = [one.after(one.turns_away(1, "full"), one.fails_to_send(2, 1)), other.after(other.turns_away(3, "full"))]

    topics = [alarm.topic for alarm in session_alarms(states, {}, OFFSET)]

    assert topics == ["turned away 1", "not sent 1", "turned away 2"]
