"""The notices in the banner: sentences, faults, and alarms of what went wrong and goes on by itself.

Lives on the window's thread; the sentences of alarms are pure functions of values. A button goes by the name of its
command, as the menus' do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from core.clock import monotonic, monotonic_ns
from core.words import counted, sentence
from gui.views.banner import Notice
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from core.events import SessionId
    from core.journal.recording.ledger import IncidentCount, Recording, SessionState
    from gui.views.banner import Banner

_PASSING = "passing"
_PASSES_AFTER = 8_000  # milliseconds: time to read two lines
_FAULT_QUIET = 5.0  # seconds that a fault is not told of again after the person has closed the notice
_FAULTS_TOLD = 3  # one below the other
QUIET = 60.0  # seconds that an alarm stays away once the person has closed it, however often it repeats

_TO_JOURNALS = (("Open the folder", "open_journals"),)
_TO_SETTINGS = (("Settings", "show_settings"),)


class Notices:
    """Says everything that the banner says. ``commands`` are the callbacks of the buttons of alarms, by their names."""

    def __init__(self, banner: Banner, commands: Mapping[str, Callable[[], None]]) -> None:
        self._banner = banner
        self._commands = commands
        self._recording: Recording | None = None
        self._faults: dict[str, None] = {}  # told of and not read yet
        self._read: dict[str, float] = {}  # sentences that were read, until when they are not told again
        self._passing = Debounce(banner, lambda: self.take_back(_PASSING))

    def say(self, sentence: str, topic: str = "", *, is_failure: bool = False) -> None:
        """Tell the person something that concerns the whole program, in the place of the last on its topic."""
        self._banner.say(Notice(sentence, is_failure), topic)

    def mention(self, sentence: str, answers: Mapping[str, Callable[[], None]] = MappingProxyType({})) -> None:
        """Say something that matters only now; the banner takes it away after a while."""
        self.offer(sentence, _PASSING, answers)
        self._passing.ask(_PASSES_AFTER)

    def offer(
        self,
        sentence: str,
        topic: str,
        answers: Mapping[str, Callable[[], None]],
        *,
        close_word: str = "Close",
        on_close: Callable[[], None] | None = None,
    ) -> None:
        """Say something with buttons that answer it."""
        self._banner.say(Notice(sentence, False, tuple(answers.items()), close_word, on_close), topic)

    def tells(self, topic: str) -> bool:
        """Whether the banner says something on that topic just now."""
        return topic in self._banner.topics

    def take_back(self, topic: str) -> None:
        """Take away what is said on that topic."""
        self._banner.take_away(topic)

    def fault(self, sentence: str) -> None:
        """Tell of an error in the program itself, below those that are told of and not read yet."""
        if monotonic() < self._read.get(sentence, 0.0):
            return
        self._faults[sentence] = None
        told, more = list(self._faults)[:_FAULTS_TOLD], len(self._faults) - _FAULTS_TOLD
        words = "\n".join((*told, f"And {more:,} more: the log has all of them.") if more > 0 else told)
        buttons = (("Open the log", self._commands["open_log"]), ("Report", self._commands["report_problem"]))
        self._banner.say(Notice(words, is_failure=True, buttons=buttons, on_close=self._faults_read), "fault")

    def _faults_read(self) -> None:
        """The person has closed the notice: what is in it is not told again for a moment, another fault is."""
        self._read = dict.fromkeys(self._faults, monotonic() + _FAULT_QUIET)
        self._faults.clear()

    def watch(
        self, states: Mapping[SessionId, SessionState], before: Mapping[SessionId, SessionState], recording: Recording
    ) -> None:
        """Raise the alarms that the change of the sessions from ``before`` to ``states`` gives rise to."""
        alarm = recording_notice(recording, self._recording)
        if alarm is not None:
            self._raise(alarm)
        self._recording = recording
        for worse in session_alarms(states.values(), before, time.time_ns() - monotonic_ns()):
            self._raise(worse)

    def _raise(self, alarm: Alarm) -> None:
        buttons = tuple((words, self._commands[command]) for words, command in alarm.buttons)
        self._banner.say(Notice(alarm.sentence, alarm.is_failure, buttons, quiet=alarm.quiet), alarm.topic)


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
