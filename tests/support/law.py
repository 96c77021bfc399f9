"""What every list of events must be, whatever happened: a legal word.

A session opens first and closes last. Each of its connections opens once, closes once, and says
nothing before, between or after that it should not.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.events import (
    Closed,
    Event,
    HttpRequest,
    Injected,
    Listening,
    MessageTooLong,
    Misframed,
    NotSent,
    Opened,
    Paused,
    PeerFinished,
    Received,
    Sent,
    SessionClosed,
    SessionOpened,
    TlsBegun,
    TlsHandshake,
    TlsRefused,
    WeFinished,
    WentOn,
)

_OF_A_CONNECTION = (
    Opened,
    Paused,
    Received,
    Sent,
    PeerFinished,
    WeFinished,
    MessageTooLong,
    Misframed,
    HttpRequest,
    NotSent,
    Paused,
    WentOn,
    TlsBegun,
    TlsHandshake,
    TlsRefused,
    Injected,
    Closed,
)


def check_law(events: Sequence[Event], *, over: bool = True) -> None:
    """Assert that the events of one session are a legal word; ``over`` says that it must have ended."""
    assert events, "not even a SessionOpened"
    assert len({event.session for event in events}) == 1
    assert isinstance(events[0], SessionOpened)
    assert _count(events, SessionOpened) == 1
    assert _count(events, Listening) <= 1
    assert isinstance(events[-1], SessionClosed) or not over
    assert _count(events[:-1], SessionClosed) == 0
    opened = [event.number for event in events if isinstance(event, Opened)]
    numbers = [number for number in opened if number > 0]
    assert numbers == list(range(1, len(numbers) + 1))
    onward = [number for number in opened if number < 0]  # of a tap: the leg to the target of a caller, one for each
    assert len(set(onward)) == len(onward)
    assert all(opened.index(-number) < opened.index(number) for number in onward)
    stories: dict[int, list[Event]] = {}
    for event in events:
        if isinstance(event, _OF_A_CONNECTION):
            stories.setdefault(event.connection, []).append(event)
    for story in stories.values():
        _check_connection(story, over=over)


def _check_connection(story: Sequence[Event], *, over: bool) -> None:
    assert isinstance(story[0], Opened), f"{story[0]} before Opened"
    assert _count(story, Opened) == 1
    assert _count(story, Closed) == 1 or (not over and _count(story, Closed) == 0)
    assert _count(story[:-1], Closed) == 0, f"after Closed came {story[-1]}"
    if isinstance(story[0], Opened) and story[0].tls and over:
        _check_secured(story)
    for last_word, never_after in ((PeerFinished, Received), (WeFinished, Sent)):
        assert _count(story, last_word) <= 1
        places = [place for place, event in enumerate(story) if isinstance(event, last_word)]
        for place in places:
            assert _count(story[place:], never_after) == 0, f"{never_after.__name__} after {last_word.__name__}"
    for event in story:
        if isinstance(event, Received | Sent):
            assert event.data, f"{event} without a byte"
        if isinstance(event, Sent) and event.cuts:
            assert sum(event.cuts) == len(event.data), "cuts that do not add up"
        assert story[0].at <= event.at


def _check_secured(story: Sequence[Event]) -> None:
    """Nothing passes before the handshake is over, and a handshake that failed is the end."""
    places = [place for place, event in enumerate(story) if isinstance(event, TlsHandshake)]
    if not places:
        return  # a transport that tells of none, or an end before it
    first = story[places[0]]
    before = story[: places[0]]
    assert _count(before, Received) == _count(before, Sent) == 0, "bytes before the handshake was over"
    if isinstance(first, TlsHandshake) and first.handshake.failure:
        assert {type(later) for later in story[places[0] + 1 :]} <= {NotSent, Closed}


def _count(events: Sequence[Event], kind: type[Event]) -> int:
    return sum(isinstance(event, kind) for event in events)
