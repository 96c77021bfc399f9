"""The ledger: what happened, folded into what stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.address import Address
from core.errors import Explanation
from core.events import (
    Closed,
    ConnectionId,
    Ending,
    Event,
    FramingChanged,
    MessageTooLong,
    Misframed,
    NotSent,
    ReplyChanged,
    SessionId,
    TlsBegun,
    TlsHandshake,
    TurnedAway,
)
from core.journal.recording.ledger import MOST_OVER, NONE, IncidentCount, Ledger, Phase, SessionState
from core.roles import Role
from core.tls.facts import Handshake
from tests.support.story import HERE, Story


def state_after(*events: Event) -> SessionState:
    ledger = Ledger()
    *_, state = ledger.fold(events, {})
    return state


def test_a_server_lives_from_starting_to_ended() -> None:
    story, ledger = Story(), Ledger()

    phases = [ledger.fold([event], {})[0].phase for event in (story.begins(), story.listens(), story.ends())]

    assert phases == [Phase.STARTING, Phase.OPEN, Phase.ENDED]


def test_a_client_is_open_once_it_is_connected() -> None:
    story, ledger = Story(role=Role.CLIENT), Ledger()

    assert ledger.fold([story.begins()], {})[0].phase is Phase.STARTING
    assert ledger.fold([story.opens()], {})[0].phase is Phase.OPEN


@pytest.mark.parametrize(("failure", "after"), [("", Phase.OPEN), ("the server said nothing", Phase.STARTING)])
def test_a_client_with_tls_is_open_once_the_handshake_is_over(failure: str, after: Phase) -> None:
    story, ledger = Story(role=Role.CLIENT), Ledger()
    opened = replace(story.opens(), tls=True)
    shaken = Handshake(is_server=False, took=0.1, failure=failure)

    (before,) = ledger.fold([replace(story.begins(), tls=True), opened], {})
    (state,) = ledger.fold([TlsHandshake(opened.session, opened.connection, opened.at, shaken)], {})

    assert before.tls
    assert before.phase is Phase.STARTING
    assert before.connections[0].is_securing
    assert state.phase is after
    assert (state.connections[0].is_securing, state.connections[0].tls) == (False, shaken)


def test_a_connection_that_begins_tls_in_the_middle_is_securing_until_it_is_over() -> None:
    story, ledger = Story(), Ledger()
    opened = story.opens()
    (state,) = ledger.fold([story.begins(), opened, TlsBegun(opened.session, opened.connection, 1, True)], {})

    assert state.phase is Phase.OPEN
    assert state.connections[0].is_securing


def test_what_was_asked_for_is_kept_beside_what_came_of_it() -> None:
    story = Story()
    real = Address("127.0.0.1", 40123)

    state = state_after(story.begins(Address("localhost", 0)), story.listens(real))

    assert state.target == Address("localhost", 0)
    assert state.addresses == (real,)
    assert (state.role, state.framing, state.reply) == (Role.SERVER, "raw", "letter")


def test_bytes_are_counted_in_both_directions() -> None:
    story = Story()

    state = state_after(story.begins(), story.opens(), story.hears(b"abc"), story.says(b"q"), story.hears(b"de"))

    assert (state.bytes_in, state.bytes_out) == (5, 1)


def test_bytes_alone_leave_the_connections_as_they_were() -> None:
    story, ledger = Story(), Ledger()
    (before,) = ledger.fold([story.begins(), story.opens()], {})

    (after,) = ledger.fold([story.hears(b"abc")], {})

    assert after.connections is before.connections
    assert after.bytes_in == 3


def test_connections_come_and_go_but_stay_counted() -> None:
    story, ledger = Story(), Ledger()
    (state,) = ledger.fold([story.begins(), story.opens(1), story.opens(2), story.opens(3), story.closes()], {})

    assert [connection.number for connection in state.connections] == [1, 2]
    assert [connection.peer.port for connection in state.connections] == [1, 2]
    assert state.accepted == 3


def test_half_closing_is_a_state_of_its_own_in_each_direction() -> None:
    story, ledger = Story(), Ledger()
    ledger.fold([story.begins(), story.opens()], {})

    (state,) = ledger.fold([story.peer_finishes()], {})
    assert (state.connections[0].can_receive, state.connections[0].can_send) == (False, True)

    (state,) = ledger.fold([story.we_finish()], {})
    assert (state.connections[0].can_receive, state.connections[0].can_send) == (False, False)


def test_late_news_of_a_connection_that_is_over_changes_nothing() -> None:
    story = Story()

    state = state_after(
        story.begins(), story.opens(), story.closes(), story.peer_finishes(), story.we_finish(), story.closes()
    )

    assert state.connections == ()


def test_a_failure_and_a_cancelling_are_told_apart() -> None:
    why = Explanation("nobody there")
    failed, cancelled = Story(1), Story(2)

    assert state_after(failed.begins(), failed.ends(why)).failure == why
    assert not state_after(failed.begins(), failed.ends(why)).cancelled
    assert state_after(cancelled.begins(), cancelled.ends(cancelled=True)).cancelled


def test_only_the_sessions_that_something_happened_to_are_news() -> None:
    one, two, ledger = Story(1), Story(2), Ledger()
    ledger.fold([one.begins(), two.begins()], {})

    touched = ledger.fold([two.listens()], {two.session: 2})

    assert [state.session for state in touched] == [two.session]
    assert touched[0].entries == 2
    assert [(state.session, state.phase) for state in ledger.states] == [(1, Phase.STARTING), (2, Phase.OPEN)]


def test_an_event_that_changes_no_state_still_brings_the_count_of_entries() -> None:
    story, ledger = Story(), Ledger()
    ledger.fold([story.begins(), story.opens()], {story.session: 2})

    (state,) = ledger.fold(
        [NotSent(story.session, story.connection, story.now(), 7, "it does not read")], {story.session: 3}
    )

    assert state.entries == 3


def test_what_goes_wrong_is_counted_with_its_last_reason_and_the_time_since_when() -> None:
    story, ledger = Story(start_ns=100), Ledger()
    ledger.fold([story.begins(), story.opens()], {})

    (once,) = ledger.fold([NotSent(story.session, story.connection, 200, 7, "it does not read")], {})
    (twice,) = ledger.fold([NotSent(story.session, story.connection, 300, 5, "it has gone")], {})

    assert once.not_sent == IncidentCount(count=1, size=7, since=200, last=200, why="it does not read")
    assert twice.not_sent == IncidentCount(count=2, size=12, since=200, last=300, why="it has gone")


def test_what_was_told_at_once_is_not_counted_for_somebody_to_tell_again() -> None:
    story, ledger = Story(), Ledger()
    ledger.fold([story.begins(), story.opens()], {})

    told = NotSent(story.session, story.connection, story.now(), 7, "it is too large", is_told=True)
    (state,) = ledger.fold([told], {})

    assert state.not_sent == IncidentCount()


def test_each_kind_of_trouble_has_a_count_of_its_own() -> None:
    story = Story()

    state = state_after(
        story.begins(),
        story.opens(),
        TurnedAway(story.session, 10, Address("192.0.2.1", 9), "the server is full"),
        TurnedAway(story.session, 20, None, "no descriptor is left"),
        MessageTooLong(story.session, story.connection, 30, 4096),
        Misframed(story.session, story.connection, 40, "3 of 16 bytes"),
    )

    assert (state.turned_away.count, state.turned_away.why) == (2, "no descriptor is left")
    assert (state.too_long.count, state.too_long.size, state.too_long.since) == (1, 4096, 30)
    assert (state.misframed.count, state.misframed.why) == (1, "3 of 16 bytes")
    assert state.not_sent == NONE


def test_connections_refused_for_http_are_counted_as_such_and_other_ends_are_not() -> None:
    story = Story()

    state = state_after(
        story.begins(), story.opens(), story.closes(Ending.HTTP), story.opens(), story.closes(Ending.PEER_FINISHED)
    )

    assert state.http_refused.count == 1


def test_a_session_that_begins_in_the_middle_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="the first event of session 7 is Listening, not SessionOpened"):
        Ledger().fold([Story(7).listens()], {})


@pytest.mark.parametrize(
    ("hosts", "is_open"),
    [
        (["127.0.0.1"], False),
        (["127.0.0.1", "::1"], False),
        (["0.0.0.0"], True),
        (["::"], True),
        (["127.0.0.1", "192.0.2.1"], True),
    ],
)
def test_a_server_that_others_can_reach_is_known_as_such(hosts: list[str], is_open: bool) -> None:
    story = Story()
    state = state_after(story.begins(), story.listens(*(Address(host, 5555) for host in hosts)))

    assert state.is_open_to_the_network is is_open


def test_neither_a_stopped_server_nor_a_client_is_open_to_the_network() -> None:
    server, client = Story(1), Story(2, Role.CLIENT)
    everywhere = Address("0.0.0.0", 5555)

    assert not state_after(server.begins(), server.listens(everywhere), server.ends()).is_open_to_the_network
    assert not state_after(client.begins(everywhere), client.opens()).is_open_to_the_network


def test_another_rule_is_part_of_the_state() -> None:
    story = Story()

    assert state_after(story.begins(), ReplyChanged(story.session, story.now(), "echo")).reply == "echo"


def test_framings_change() -> None:
    story = Story()
    assert state_after(story.begins(), FramingChanged(story.session, story.now(), "line")).framing == "line"


def test_sessions_do_not_mix() -> None:
    one, two = Story(1), Story(2)
    ledger = Ledger()

    ledger.fold([one.begins(), two.begins(), one.opens(), two.opens(), one.hears(b"abc"), two.says(b"z")], {})

    assert [(s.session, s.bytes_in, s.bytes_out, s.target) for s in ledger.states] == [
        (SessionId(1), 3, 0, HERE),
        (SessionId(2), 0, 1, HERE),
    ]


def test_bytes_are_counted_for_each_connection_and_kept_as_long_as_that_is_told_of() -> None:
    story, ledger = Story(), Ledger()
    opened: list[ConnectionId] = []
    events: list[Event] = [story.begins()]
    for number in range(MOST_OVER + 1):
        events += [story.opens(), story.hears(b"x" * number), story.says(b"y")]
        opened.append(story.connection)

    (state,) = ledger.fold(events, {})
    assert state.bytes_in_of == {connection: number for number, connection in enumerate(opened)}
    assert state.bytes_out_of == dict.fromkeys(opened, 1)

    (state,) = ledger.fold([Closed(story.session, each, story.now(), Ending.OURS) for each in opened], {})
    assert set(state.bytes_in_of) == set(opened[1:]) == {one.connection for one in state.over}
    assert set(state.bytes_out_of) == set(opened[1:])
