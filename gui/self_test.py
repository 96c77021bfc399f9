"""Proves a build: opens the real window, talks to itself through the real widgets, looks at what is shown."""

from __future__ import annotations

import json
import platform
import string
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from core import __version__
from core.clock import monotonic
from core.journal.recording.ledger import Phase, SessionState
from core.replies.letter import GREETING
from gui.app import App, Options

DEADLINE = 20.0  # seconds for everything
MESSAGES = ("hello", "Grüße: 你好 ✓", "two\nlines")
_LOOK_EVERY = 10  # milliseconds

Step: TypeAlias = tuple[str, Callable[[], bool]]  # what should be so, and whether it is


class _SelfTest:
    """Takes the steps one after the other on the event loop, each as soon as the one before has come true."""

    def __init__(self, app: App, steps: Iterator[Step]) -> None:
        self.done: list[dict[str, object]] = []
        self.failure = ""
        self._app = app
        self._steps = steps
        self._began = monotonic()
        self._step: Step | None = None

    def look(self) -> None:
        """Go on if what was waited for is so."""
        try:
            self._look()
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is the result of the test
            self._end(f"{type(error).__name__}: {error}")

    def _look(self) -> None:
        seconds = monotonic() - self._began
        if self._step is not None and self._step[1]():
            self.done.append({"step": self._step[0], "after": round(seconds, 3)})
            self._step = None
        if self._step is None:
            self._step = next(self._steps, None)
            if self._step is None:
                self._end("")
                return
        if seconds > DEADLINE:
            self._end(f"not so after {DEADLINE:.0f} s: {self._step[0]}. On view: {shown(self._app)!r}")
            return
        self._app.root.after(_LOOK_EVERY, self.look)

    def _end(self, failure: str) -> None:
        self.failure = failure
        self._app.leave()


def run(report: Path | None) -> int:
    """Run the self-test, write the report and give the exit code: 0 if all was as it should be."""
    with tempfile.TemporaryDirectory(prefix="tincan-self-test-") as folder:
        app = App(Options(folder=Path(folder)))
        test = _SelfTest(app, _steps(app))
        app.root.after(0, test.look)
        app.run()
        log = Path(folder) / "errors.log"
        errors = log.read_text(encoding="utf-8") if log.exists() else ""
    failure = test.failure or errors or (f"still running at the end: {app.late}" if app.late else "")
    return _write(report, test, failure)


def shown(app: App) -> str:
    """What the conversation shows."""
    return app.window.conversation.transcript.text.get("1.0", "end-1c")


def _steps(app: App) -> Iterator[Step]:
    window = app.window
    bar, composer = window.address, window.composer
    yield "the window is on the screen", lambda: bool(app.root.winfo_viewable())
    bar.port.set("0")
    bar.server_button.invoke()
    yield "the server listens and its port is shown", lambda: bar.port.get() != "0" and "listening" in shown(app)
    bar.client_button.invoke()
    yield "the client is connected", lambda: any(state.connections for state in _states(app) if state.role.dials)
    yield "the greeting is shown", lambda: GREETING.decode() in shown(app)
    for number, message in enumerate(MESSAGES, 1):
        composer.field.insert("end", message)
        composer.send_button.invoke()
        marked = message.replace("\n", "\\n\n")
        yield f"message {number} is shown", lambda text=marked: text in _plain(shown(app))  # type: ignore[misc]
        yield f"message {number} is answered", lambda count=number: _letters(app) == count  # type: ignore[misc]
        yield "the field is empty again", lambda: not composer.text
    bar.server_button.invoke()
    yield "the end is told", lambda: "closed" in shown(app)
    yield (
        "the server can be started again",
        lambda: all(state.phase is Phase.ENDED for state in _states(app) if state.role.listens),
    )
    lessons, broken = app.main_controller.lessons.read()
    yield f"the lessons that come with it can be read ({len(lessons)})", lambda: bool(lessons) and not broken
    yield "nothing had to be complained of", lambda: not (bar.complaint or composer.complaint or window.banner.sentence)


def _states(app: App) -> list[SessionState]:
    """The sessions of this run, as the window knows them."""
    return list(app.main_controller.sessions.values())


def _plain(text: str) -> str:
    """The text as it was typed: without the room that bubbles need."""
    return text.replace("\u2003", "")


def _letters(app: App) -> int:
    """How many lines are a single letter, as the server's answers are."""
    return sum(len(line) == 1 and line in string.ascii_letters for line in shown(app).split("\n"))


def _write(report: Path | None, test: _SelfTest, failure: str) -> int:
    text = json.dumps(
        {
            "passed": not failure,
            "failure": failure,
            "steps": test.done,
            "tincan": __version__,
            "python": platform.python_version(),
            "system": platform.platform(),
        },
        indent=1,
    )
    if report is not None:
        report.write_text(text + "\n", encoding="utf-8")
    elif sys.stdout is not None:
        sys.stdout.write(text + "\n")
    return 1 if failure else 0
