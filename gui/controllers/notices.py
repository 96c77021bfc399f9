"""The notices in the banner: sentences, alarms that repeat, faults. Lives on the window's thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from core.clock import monotonic, monotonic_ns
from gui.viewmodels.alarms import Alarm, recording_notice, session_alarms
from gui.views.banner import Notice
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from core.events import SessionId
    from core.journal.recording.ledger import Recording, SessionState
    from gui.views.banner import Banner

_PASSING = "passing"
_PASSES_AFTER = 8_000  # milliseconds: time to read two lines
_FAULT_QUIET = 5.0  # seconds that a fault is not told of again after the person has closed the notice
_FAULTS_TOLD = 3  # one below the other


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
