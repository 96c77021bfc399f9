"""The lessons beside the conversation: reads their files, watches what the learner does, and keeps how far they are.

Lives on the window's thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import JournalError, TincanError
from core.files import read_kept
from core.journal.recording.ledger import Phase
from core.words import sentence, with_full_stop
from gui.controllers.view_controller import ViewController
from gui.widgets.clipboard import give
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from core.events import SessionId
    from core.journal.reading.reader import Entry
    from core.journal.recording.ledger import SessionState
    from gui.controllers.main import MainController
    from gui.viewmodels.lessons import Course, Happened, Lesson
    from gui.views.lessons import LessonsPane
    from gui.window import Window

OWN = Path(__file__).parent.parent / "lessons"
"""The folder of the program's own lessons."""
_LARGEST_FILE = 64 * 1024  # bytes of a lesson
_MOST_LESSONS = 200  # that are listed
_MOST_AT_ONCE = 1_000  # entries of a session between two looks; of a flood the latest
_PREVIEW = 200  # bytes of a message that a condition looks at
_SETTLES = 300  # milliseconds without anything, after which all that belongs together has happened


class LessonError(TincanError):
    """A file that is no lesson, and why, in a sentence."""


class LessonsController(ViewController["LessonsPane"]):
    """Opens the pane of lessons. ``folder`` has a teacher's own, beside those of the program."""

    def __init__(self, window: Window, main_controller: MainController, folder: Path) -> None:
        super().__init__(window, window.open_side, window.close_side)
        self._main_controller, self._folder = main_controller, folder
        self._course: Course | None = None
        self._lessons: list[Lesson] = []
        self._read: dict[SessionId, int] = {}  # entries of each session that were looked at
        self._settles = Debounce(window.root, self._settle)

    def read(self) -> tuple[list[Lesson], list[str]]:
        """The program's own lessons and the person's, and a sentence for each file that is none."""
        return read_lessons((OWN, self._folder))

    def show_list(self) -> None:
        """Show all lessons, with those that were done, and a sentence for each file that is none."""
        self._course = None
        self._lessons, broken = self.read()
        done = {lesson.name for lesson in self._lessons if self._reached(lesson) >= len(lesson.steps)}
        self.view.show_list([(lesson.title, lesson.name in done) for lesson in self._lessons], broken)

    def choose(self, place: int) -> None:
        """Begin the lesson at that place of the list, or go on where the learner has come to."""
        from gui.viewmodels.lessons import Course

        lesson = self._lessons[place]
        reached = self._reached(lesson)
        self._course = Course(lesson, reached if reached < len(lesson.steps) else 0)
        self._skip_entries()
        self._course.watch((), self._now())
        self._show_course()
        self.view.focus_lesson()

    def skip(self) -> None:
        """Go on to the next step all the same; past the question there is none."""
        if self._course is not None and self._course.place < len(self._course.lesson.steps) - 1:
            self._course.skip()
            self._keep()
            self._show_course()

    def begin_again(self) -> None:
        """Begin the lesson from its first step."""
        if self._course is not None:
            self._course.begin()
            self._skip_entries()
            self._course.watch((), self._now())
            self._show_course()

    def copy_code(self) -> None:
        """Copy the lesson's code, with the port of the learner's server."""
        if self._course is not None:
            give(self._window.root, self._code(self._course.lesson))

    def watch(self) -> None:
        """Let the lesson see what has happened."""
        if self._course is None or not self.is_open or self._course.step is None:
            return
        entries = list(self._new_entries())
        if entries:
            self._settles.ask(_SETTLES)
        if self._course.watch(entries, self._now()):
            self._keep()
            self._show_course()

    # Private.

    def _settle(self) -> None:
        if self._course is not None and self.is_open and self._course.settle():
            self._keep()
            self._show_course()

    def _reached(self, lesson: Lesson) -> int:
        return int(self._main_controller.preferences.lessons.get(lesson.name) or 0)

    def _keep(self) -> None:
        """Keep how far the learner is; a lesson that was done once stays so."""
        assert self._course is not None
        main, lesson = self._main_controller, self._course.lesson
        if self._reached(lesson) < len(lesson.steps):
            reached = {**main.preferences.lessons, lesson.name: self._course.place}
            main.preferences = replace(main.preferences, lessons=reached)

    def _now(self) -> dict[str, int | str]:
        """How things stand, by the names that lessons have for it."""
        main, own = self._main_controller, self._own_sessions()
        listening = [state for state in own.values() if state.role.listens and state.phase is Phase.OPEN]
        calling = [state for state in own.values() if state.role.dials and not state.role.listens]
        return {
            "servers": len(listening),
            "clients": sum(len(state.connections) for state in calling),
            "connections": max((len(state.connections) for state in listening), default=0),
            "lens": main.viewing.lens.framing,
            "encoding": main.viewing.encoding,
            "reply": (listening[-1].reply or "") if listening else "",
            "on view": main.state.role.name if main.state is not None else "",
        }

    def _own_sessions(self) -> dict[SessionId, SessionState]:
        """The sessions of this run."""
        return {name: state for name, state in self._main_controller.sessions.items() if name > 0}

    def _skip_entries(self) -> None:
        """What has happened so far is no business of the step that begins."""
        self._read = {name: state.entries for name, state in self._own_sessions().items()}

    def _new_entries(self) -> Iterator[Happened]:
        """What was entered since, in the order in which it happened."""
        from gui.viewmodels.lessons import Happened

        journal = self._main_controller.own_reading
        found: list[tuple[str, Entry]] = []
        for name, state in self._own_sessions().items():
            first = self._read.get(name, 0)
            self._read[name] = state.entries
            if state.entries <= first or journal is None:
                continue
            first = max(first, state.entries - _MOST_AT_ONCE)
            try:
                entries = journal.reader.read(name, first, state.entries - first, preview=_PREVIEW)
            except JournalError:  # which the conversation says
                continue
            found += [(state.role.name, entry) for entry in entries]
        for who, entry in sorted(found, key=lambda one: one[1].mono_ns):
            yield Happened(
                f"{who} {entry.kind.replace('-', ' ')}", self._text_of(entry), entry.size, entry.is_failure,
                entry.connection, entry.mono_ns,
            )  # fmt: skip

    def _text_of(self, entry: Entry) -> str:
        """The note, or the message in the encoding in which it is read; what is none in that, in Latin-1."""
        if entry.data is None:
            return entry.note
        encoding = self._main_controller.viewing.encoding
        with suppress(UnicodeDecodeError, LookupError):
            return entry.data.decode(encoding, "replace" if entry.size > len(entry.data) else "strict")
        return entry.data.decode("latin-1")

    def _show_course(self) -> None:
        assert self._course is not None
        self.view.show_lesson(self._course, self._code(self._course.lesson))

    def _code(self, lesson: Lesson) -> str:
        """The code, with the port at which the learner's newest server listens."""
        ports = [state.addresses[0].port for state in self._own_sessions().values() if state.addresses]
        return lesson.code.replace("{port}", str(ports[-1] if ports else 5555))

    def _make(self) -> LessonsPane:
        from gui.views.lessons import LessonsPane

        return LessonsPane(self._window.side_pane, self._window.theme, self)

    def _opened(self) -> None:
        if self._course is None:
            self.show_list()
        else:
            self._skip_entries()
            self._show_course()
            self.view.focus_lesson()


def read_lessons(folders: Sequence[Path]) -> tuple[list[Lesson], list[str]]:
    """The lessons of the folders by their names, and a sentence for each file that is none. Missing folders are empty.

    A lesson of a later folder takes the place of one that has its name.
    """
    found: dict[str, Lesson] = {}
    broken: list[str] = []
    for folder in folders:
        try:
            paths = sorted(path for path in folder.iterdir() if path.suffix == ".toml")
        except OSError:
            continue
        for path in paths[:_MOST_LESSONS]:
            try:
                found[path.stem] = read_lesson(path)
            except LessonError as error:
                broken.append(str(error))
    return [found[name] for name in sorted(found)], broken


def read_lesson(path: Path) -> Lesson:
    """The lesson in a file. Raises ``LessonError``."""
    from gui.viewmodels.lessons import parse_lesson

    try:
        return parse_lesson(path.stem, read_kept(path, _LARGEST_FILE))
    except OSError as error:
        raise LessonError(with_full_stop(f"{path.name} cannot be read: {error.strerror or error}")) from error
    except (ValueError, RecursionError) as error:
        raise LessonError(f"{path.name} is no lesson: {sentence(_why_none(error))[:300]}") from error


def _why_none(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "it has lists within lists, too many of them"
    return "it has a number that is too long" if "set_int_max_str_digits" in str(error) else str(error)
