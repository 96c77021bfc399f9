"""The real window in a process of its own, and how its event loop fares: ``python -m tests.benchmarks.window``.

Run as a program it is Tincan with a pulse: standard input asks, a line of JSON on standard output
answers. ``Program`` is the other end of that, in the benchmark.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import tkinter as tk
import traceback
from array import array
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from build_scripts.xvfb import VirtualDisplay
from core.address import Address
from core.journal.display_row import EVERYTHING, Filter
from gui.app import App, Options
from gui.viewmodels.finding import FindRequest
from gui.views.dialogs.tap_dialog import TapRequest
from tests.benchmarks.load import CannotServe

_BEAT = 5  # milliseconds between two beats
_READABLE = 2  # tkinter.READABLE
_DRAG = 20  # milliseconds between two movements of the scrollbar
_SWEEP = 50  # movements from one end to the other
_LONGEST_TYPED = 60  # characters in the message field before it is emptied
_STANDS = 20.0  # seconds within which the window must be there and listen
_LEAVES = 10.0  # seconds within which it must be gone
_SCREEN = "1280x900x24"

TCP, UDP = "tcp", "udp"


class Program:
    """A window that listens, as the benchmark knows it."""

    def __init__(self, process: subprocess.Popen[str], display: str, complaints: Path) -> None:
        self.pid = process.pid
        self.display = display
        self.port = 0
        self._complaints = complaints
        self._process = process

    def ask(self, *words: str) -> dict[str, Any]:
        """Say something to the window and wait for its answer; see ``_Answers``. Raises ``CannotServe``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(" ".join(words) + "\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise CannotServe(f"the window has ended: {self._complaints.read_text(errors='replace').strip()[-300:]}")
        told: dict[str, Any] = json.loads(answer)
        return told

    def wait_for_port(self) -> None:
        """Until the server of the window listens."""
        deadline = time.monotonic() + _STANDS
        while not self.port:
            if time.monotonic() > deadline:
                raise CannotServe("the window does not listen")
            time.sleep(0.05)
            self.port = self.ask("state")["port"]


@contextlib.contextmanager
def running(folder: Path, *, framing: str, kind: str = TCP, reply: str = "none") -> Iterator[Program]:
    """Start the program on a display of its own; its files are in ``folder``. It is gone afterwards.

    ``kind`` is what listens in it: ``TCP`` and ``UDP`` are servers, and of a tap it is the port of its target.
    """
    settings = {"version": 1, "reply": reply, "theme": "light", "geometry": "920x660+0+0"}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").write_text(json.dumps(settings))
    complaints = folder / "complaints.txt"
    with VirtualDisplay(_SCREEN) as display, complaints.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.window", str(folder), kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "DISPLAY": display},
        )
        with process:
            try:
                program = Program(process, display, complaints)
                program.wait_for_port()
                program.ask("lens", framing)
                yield program
                program.ask("leave")
                process.wait(_LEAVES)
            except subprocess.TimeoutExpired:
                raise CannotServe("the window does not close") from None
            finally:
                process.kill()


def journals(folder: Path) -> list[Path]:
    """The journals that a window left in its folder."""
    return sorted((folder / "journals").glob("*.tincan"))


# The program.


class _Pulse:
    """How late the event loop is: a timer that is set anew whenever it goes off."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._late = array("d")  # milliseconds
        self._due = 0.0
        self._worked = array("d")  # milliseconds of a processor that this thread took between two beats
        self._used = 0.0

    def begin(self) -> None:
        """Beat from now on."""
        self._used = self._used or time.thread_time()
        self._due = time.perf_counter() + _BEAT / 1000
        self._root.after(_BEAT, self._beat)

    def lap(self) -> dict[str, float]:
        """Lateness and work in milliseconds since the last call, of the beat that is due included.

        Work ``before`` and ``after`` is that of the first and of the second half of the beats.
        """
        late, self._late = sorted([*self._late, max(0.0, self._overdue())]), array("d")
        beats, self._worked = [*self._worked, 0.0], array("d")
        worked, half = sorted(beats), len(beats) // 2
        return {
            "beats": len(late), "p50": _quantile(late, 0.5), "p99": _quantile(late, 0.99), "longest": late[-1],
            "work": sum(worked), "work p50": _quantile(worked, 0.5), "work p99": _quantile(worked, 0.99),
            "work longest": worked[-1], "work before": sum(beats[:half]), "work after": sum(beats[half:]),
        }  # fmt: skip

    def _beat(self) -> None:
        self._late.append(self._overdue())
        used = time.thread_time()
        self._worked.append((used - self._used) * 1000)
        self._used = used
        self.begin()

    def _overdue(self) -> float:
        return (time.perf_counter() - self._due) * 1000


def _quantile(ordered: list[float], q: float) -> float:
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


class _Keys:
    """When typed keys were to be seen: after the redraw that followed each."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._fields: list[tk.Text] = []  # each conversation may have one of its own
        self.seen: list[float] = []  # time.monotonic()

    def watch(self, field: tk.Text) -> None:
        """See what is typed into that field."""
        if field not in self._fields:
            self._fields.append(field)
            field.bind("<KeyPress>", lambda _event: self._typed(field), add=True)

    def _typed(self, field: tk.Text) -> None:
        self._root.after_idle(lambda: self._root.after_idle(self._drawn, field))

    def _drawn(self, field: tk.Text) -> None:
        """The text is in the field, and the idle round in which it was drawn is over."""
        self.seen.append(time.monotonic())
        if len(field.get("1.0", "end-1c")) >= _LONGEST_TYPED:
            field.delete("1.0", "end")


class _Answers:
    """Answers what standard input asks, on the event loop.

    ``state``: bytes received and entries so far, whether rows are still uncounted, keys seen since the last
    lap, and the port.
    ``lens FRAMING``: tell messages apart like that. ``pane NAME``: open that pane beside the conversation, or
    close it. ``view end``, ``view middle``, ``view drag``: follow the end, stand in the middle, or drag the
    scrollbar up and down from now on. ``rows HOW``, ``times HOW``, ``encoding NAME``, ``colours NAME``: show the
    conversation like that. ``only received``, ``only connection``, ``only all``: leave the rest out.
    ``find TEXT``: open the find bar and search for that; ``find``: close it. ``clear``: show what comes from now
    on. ``focus``: have the keys go to the message field. ``lap``: the pulse since the last lap, and when keys
    were seen. ``leave``: end.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._pulse = _Pulse(app.root)
        self._keys = _Keys(app.root)
        self._heard = b""
        self._dragged = 0
        self._drags = False

    def begin(self) -> None:
        """Listen, once the window is on the screen."""
        self._app.root.focus_force()  # there is no window manager
        self._focus()
        self._pulse.begin()
        self._app.root.tk.createfilehandler(sys.stdin.fileno(), _READABLE, self._hear)

    def _hear(self, _file: object, _mask: int) -> None:
        *lines, self._heard = (self._heard + os.read(sys.stdin.fileno(), 4096)).split(b"\n")
        asked: Mapping[str, Callable[..., dict[str, Any]]] = {
            "state": self._state,
            "view": self._view,
            "lens": self._lens,
            "pane": self._pane,
            "rows": self._show_by(self._app.main_controller.choose_rows),
            "times": self._show_by(self._app.main_controller.choose_times),
            "encoding": self._show_by(self._app.main_controller.choose_encoding),
            "colours": self._show_by(self._app.main_controller.choose_colours),
            "only": self._only,
            "find": self._find,
            "clear": self._clear,
            "focus": self._focus,
            "lap": self._lap,
            "leave": self._leave,
        }
        for line in lines:
            word, *rest = line.decode().split()
            sys.stdout.write(json.dumps(asked[word](*rest)) + "\n")
            sys.stdout.flush()

    def _state(self) -> dict[str, int]:
        states = list(self._app.main_controller.sessions.values())
        ports = [address.port for state in states for address in state.addresses]
        received, entries = (sum(getattr(state, what) for state in states) for what in ("bytes_in", "entries"))
        conversation = self._app.main_controller.viewing.conversation
        uncounted = int(conversation is not None and conversation.is_counting)
        told = {"bytes": received, "entries": entries, "uncounted": uncounted, "keys": len(self._keys.seen)}
        return {**told, "port": ports[0] if ports else 0}

    def _view(self, how: str) -> dict[str, float]:
        self._drags = how == "drag"
        if how == "end":
            self._app.window.conversation.transcript.to_end()
        elif how == "middle":
            self._scroll_to(0.5)
        else:
            self._drag()
        return {}

    def _lens(self, framing: str) -> dict[str, float]:
        self._app.main_controller.conversation.framing.use(framing)
        return {}

    def _pane(self, name: str) -> dict[str, float]:
        self._app.main_controller.commands[f"toggle_{name}"]()
        return self._focus()

    def _focus(self) -> dict[str, float]:
        self._app.root.update()  # a pane that is still to come would take the focus then
        self._app.window.composer.focus_message()
        self._keys.watch(self._app.window.composer.field)
        return {}

    def _show_by(self, choose: Callable[[str], None]) -> Callable[[str], dict[str, float]]:
        def show(how: str) -> dict[str, float]:
            choose(how)
            return {}

        return show

    def _only(self, what: str) -> dict[str, float]:
        main = self._app.main_controller
        if what == "received":
            main.conversation.filtering.choose(Filter(sent=False, notes=False))
        elif what == "connection":
            (state,) = main.sessions.values()
            main.select(state.session, state.connections[-1].connection)
        else:
            main.select(next(iter(main.sessions)))
            main.conversation.filtering.choose(EVERYTHING)
        return {}

    def _find(self, text: str = "") -> dict[str, float]:
        finding = self._app.main_controller.conversation.finding
        finding.toggle()
        finding.find(FindRequest(text))
        return {}

    def _clear(self) -> dict[str, float]:
        self._app.main_controller.clear_view()
        return {}

    def _lap(self) -> dict[str, object]:
        seen, self._keys.seen = self._keys.seen, []
        return {**self._pulse.lap(), "keys": seen}

    def _leave(self) -> dict[str, float]:
        self._drags = False
        self._app.root.tk.deletefilehandler(sys.stdin.fileno())
        self._app.root.after(1, self._app.leave)
        return {}

    def _drag(self) -> None:
        """Up and down, for as long as that is what is wanted."""
        if self._drags:
            self._dragged += 1
            there = self._dragged / _SWEEP % 2
            self._scroll_to(min(there, 2 - there))
            self._app.root.after(_DRAG, self._drag)

    def _scroll_to(self, fraction: float) -> None:
        """What the scrollbar says when it is dragged."""
        scrollbar = scrollbar_of(self._app.window.conversation.transcript)
        scrollbar.tk.call(str(scrollbar.cget("command")), "moveto", str(fraction))


def scrollbar_of(transcript: tk.Misc) -> tk.Misc:
    """The scrollbar beside a conversation."""
    return next(child for child in transcript.winfo_children() if child.winfo_class() == "TScrollbar")


def main(folder: Path, kind: str) -> int:
    """Run Tincan with what listens on a free port until it is told to leave."""
    is_server, here = kind in (TCP, UDP), Address("127.0.0.1", 0)
    app = App(Options(serve=here if is_server else None, serve_udp=kind == UDP, folder=folder))
    answers = _Answers(app)
    app.root.after(200, answers.begin)
    if not is_server:
        app.root.after(200, lambda: app.main_controller.tap.start(TapRequest(str(here), f"{here.host}:{kind}")))
    try:
        app.run()
    except Exception:  # noqa: BLE001 - the threads of a window that failed would keep the process
        traceback.print_exc()
        os._exit(1)
    return 1 if app.late else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
