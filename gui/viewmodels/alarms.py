"""What went wrong and goes on by itself, in a person's words: what, since when, how many, what to do.

Pure functions of values; no tkinter. A button goes by the name of its command, as the menus' do.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from core.words import counted, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from core.events import SessionId
    from core.journal.recording.ledger import IncidentCount, Recording, SessionState

QUIET = 60.0  # seconds that an alarm stays away once the person has closed it, however often it repeats

_TO_JOURNALS = (("Open the folder", "open_journals"),)
_TO_SETTINGS = (("Settings", "show_settings"),)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A sentence for the banner. ``buttons`` are words and the names of commands."""

    topic: str  # a later alarm on the same topic takes its place
    sentence: str
    is_failure: bool = False
    buttons: tuple[tuple[str, str], ...] = ()
    quiet: float = QUIET


def recording_notice(recording: Recording, before: Recording | None = None) -> Alarm | None:
    """What there is to say of the journal, now that it is like that and was like ``before``; None if all is well."""
    failure = recording.failure
    if failure is not None:
        missing = f" {_entries(recording.lost)} so far." if recording.lost else ""
        since = "" if recording.since is None else f" since {_clock(recording.since)}"
        news = f"Not recorded{since}: messages still come and go.{missing} {failure}"
        return Alarm("recording", news, is_failure=True, buttons=_TO_JOURNALS)
    if recording.moved_from is not None and (before is None or before.path != recording.path):
        return Alarm("recording", _moved(recording, before), buttons=_TO_JOURNALS, quiet=0.0)
    if before is None or before.failure is None:
        return None
    since = "" if before.since is None else f" Nothing was recorded from {_clock(before.since)} until now."
    missing = f" {_entries(recording.lost)} from this run's journal." if recording.lost else ""
    return Alarm("recording", f"Recording goes on.{since}{missing}", quiet=0.0)


def _moved(recording: Recording, before: Recording | None) -> str:
    """The journal was deleted or replaced, or it is full, and there is another one."""
    assert recording.path is not None
    assert recording.moved_from is not None
    if recording.was_full:
        what = f"{recording.moved_from.name} has reached its limit and stays as it is."
        return f"{what} Recording goes on in {recording.path}: the conversations begin anew there."
    lost = recording.lost - (before.lost if before is not None else 0)
    what = f"{_entries(lost)} from before" if lost else "everything from before is in it, too"
    name = recording.moved_from.name
    return f"{name} was deleted or replaced while it was written. Recording goes on in {recording.path}: {what}."


def session_alarms(
    states: Iterable[SessionState], before: Mapping[SessionId, SessionState], offset_ns: int
) -> tuple[Alarm, ...]:
    """What has got worse in these sessions since they were as ``before``.

    ``offset_ns`` is what to add to a reading of ``core.clock.monotonic_ns()`` to get ``time.time_ns()``.
    """
    return tuple(alarm for state in states for alarm in _worse(state, before.get(state.session), offset_ns))


def _worse(state: SessionState, before: SessionState | None, offset_ns: int) -> Iterator[Alarm]:
    for kind in _KINDS:
        incidents = kind.incidents(state)
        if incidents.count == (kind.incidents(before).count if before is not None else 0):
            continue
        what = kind.what.format(
            times=_times(incidents.count), messages=_messages(incidents.count), size=f"{incidents.size:,}"
        )
        since, last = (_clock((moment + offset_ns) / 1e9) for moment in (incidents.since, incidents.last))
        when = f"at {last}" if incidents.count == 1 else f"since {since}, the last at {last}"
        news = sentence(f"{state.role.title} {state.target}: {what} {when}: {incidents.why}")
        yield Alarm(f"{kind.name} {state.session}", f"{news} {kind.advice}", buttons=kind.buttons)


class _Kind(NamedTuple):
    """What is counted, what to say of it and what to do about it."""

    name: str
    incidents: Callable[[SessionState], IncidentCount]
    what: str
    advice: str
    buttons: tuple[tuple[str, str], ...] = ()


_KINDS = (
    _Kind(
        "turned away",
        lambda state: state.turned_away,
        "peers were turned away {times}",
        "Close connections that nobody needs, or let more in: the settings count for the next server.",
        _TO_SETTINGS,
    ),
    _Kind(
        "not sent",
        lambda state: state.not_sent,
        "{messages} ({size} bytes) did not go out",
        "The conversation says which; send them again once the peer reads.",
    ),
    _Kind(
        "too long",
        lambda state: state.too_long,
        "{messages} got no reply",
        "All the bytes are in the conversation. Choose another way to tell messages apart, or a larger limit.",
        _TO_SETTINGS,
    ),
    _Kind(
        "http refused",
        lambda state: state.http_refused,
        "HTTP was spoken {times}, perhaps by a web page in this machine's browser",
        "The settings can let it in: Refuse HTTP, off. They count for the next server.",
        _TO_SETTINGS,
    ),
    _Kind(
        "paused",
        lambda state: state.paused,
        "two programs may be answering each other, so it was paused {times}",
        "Nothing more is read there until you go on, or say something yourself.",
        (("Go on", "go_on"), *_TO_SETTINGS),
    ),
    _Kind(
        "misframed",
        lambda state: state.misframed,
        "bytes that are no message came {times}",
        "They got no reply, and all are in the conversation. Choose the way in which the peer tells messages apart.",
    ),
)


def _times(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{count:,} times"


def _messages(count: int) -> str:
    return "a message" if count == 1 else f"{count:,} messages"


def _entries(count: int) -> str:
    return counted(count, "entry is missing", "entries are missing")


def _clock(seconds: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(seconds))
