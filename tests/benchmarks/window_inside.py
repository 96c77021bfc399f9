"""What is measured in one fresh interpreter with a display: ``python -m tests.benchmarks.window_inside NAME ...``.

Prints one line of JSON. ``ours`` and ``empty`` print theirs as soon as there is something to see, and
stay until standard input ends.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import random
import sys
import time
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from tkinter import ttk
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.events import Event
    from gui.journals.conversations import OpenConversation
    from gui.views.rows_pane import RowsPane

_SIZE = "920x660+0+0"
_READABLE = 2  # tkinter.READABLE
_WINDOW_EVENTS = 2 | 4  # Tcl's DONT_WAIT and WINDOW_EVENTS: those that are there, and no timers
_SETTLES = 0.2  # seconds
_IDLE = 0.1  # of a core, at most, where the program has nothing to do
_PATIENCE = 600.0  # seconds to count the rows of a journal


def ours(folder: str) -> None:
    """Tincan, as ``python -m gui`` starts it: when its window is painted (``time.monotonic()``)."""
    from gui.app import App, Options

    app = App(Options(folder=Path(folder)))
    _tell_when_painted(app.root, app.leave)
    app.run()


def empty_with_imports() -> None:
    """An empty window after everything was imported that Tincan's is made of."""
    importlib.import_module("gui.app")
    empty()


def empty() -> None:
    """A window of the same size with an empty ``ttk`` frame in it."""
    root = tk.Tk()
    root.geometry(_SIZE)
    ttk.Style(root).theme_use("clam")
    ttk.Frame(root).pack(fill="both", expand=True)
    _tell_when_painted(root, root.destroy)
    root.mainloop()


def _tell_when_painted(root: tk.Tk, leave: Callable[[], None]) -> None:
    """Say when all of the window was on the screen and drawn, and end with standard input."""
    exposed = 0

    def expose(_event: object) -> None:
        nonlocal exposed
        exposed += 1
        if exposed == 1:
            settle()

    def settle() -> None:
        root.after_idle(lambda: root.after_idle(look, exposed))  # Tk draws when it is idle

    def look(known: int) -> None:
        root.winfo_pointerxy()  # the X server answers this after it has drawn
        painted = time.monotonic()
        while root.tk.dooneevent(_WINDOW_EVENTS):
            continue
        if exposed != known:  # there is more to draw by now
            settle()
            return
        root.unbind("<Expose>")
        print(json.dumps({"at": painted}), flush=True)
        root.tk.createfilehandler(sys.stdin.fileno(), _READABLE, end)

    def end(_file: object, _mask: int) -> None:
        root.tk.deletefilehandler(sys.stdin.fileno())
        root.after(1, leave)

    root.bind("<Expose>", expose)


def jumps(path: str, framing: str, times: str) -> None:
    """Open a journal in a transcript, then jump to places all over it: milliseconds."""
    print(json.dumps(_Reader(framing).measure(Path(path), int(times))))


class _Reader:
    """A window with nothing but a conversation in it."""

    def __init__(self, framing: str) -> None:
        from gui.theme.theme import Theme
        from gui.views.conversation.transcript import Transcript

        self._framing = framing
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._root = tk.Tk()
        self._root.geometry(_SIZE)
        self._transcript = Transcript(self._root, Theme(self._root, "light", 0), on_new=lambda _new: None)
        self._transcript.pack(fill="both", expand=True)
        self._root.update()

    def measure(self, path: Path, times: int) -> dict[str, object]:
        """Open, wait until all rows are counted, jump."""
        importlib.import_module("gui.journals.conversations")  # as the program has long before
        began = time.perf_counter()
        conversation = self._open(path)
        while not self._transcript.text.lines:
            self._pump(conversation)
        opened = time.perf_counter() - began
        while conversation.is_counting and time.perf_counter() - began < _PATIENCE:
            self._pump(conversation)
        counted = time.perf_counter() - began
        chance = random.Random(10_000_000)
        took = [self._jump(chance.random()) for _ in range(times)]
        conversation.close()
        return {"opened": opened * 1000, "counted": counted * 1000, "rows": conversation.total, "jumps": took}

    def _open(self, path: Path) -> OpenConversation:
        """The newest session of a journal, as the window opens it."""
        from core.journal.reading.lens import Lens
        from core.journal.reading.reader import JournalReader
        from core.roles import ROLES
        from gui.journals.conversations import OpenConversation, OpenJournal
        from gui.viewmodels.rows import Callbacks

        reader = JournalReader(path)
        session = reader.sessions()[-1]
        calls = Callbacks(post=self._calls.put, changed=lambda: None, trouble=_fail)
        opened = OpenJournal(path, reader)
        conversation = OpenConversation(opened, session.session, ROLES[session.role], Lens(self._framing), calls)
        conversation.reach(session.entries)
        return conversation

    def _pump(self, conversation: OpenConversation) -> None:
        """One turn of the event loop, and what the counting thread has told meanwhile."""
        with contextlib.suppress(Empty):
            self._calls.get(timeout=0.001)()
        self._transcript.show(conversation)
        self._root.update()

    def _jump(self, fraction: float) -> float:
        from tests.benchmarks.window import scrollbar_of

        scrollbar = scrollbar_of(self._transcript)
        began = time.perf_counter()
        scrollbar.tk.call(str(scrollbar.cget("command")), "moveto", str(fraction))
        self._root.update()
        return (time.perf_counter() - began) * 1000


def panes(folder: str, path: str, times: str) -> None:
    """The program with a journal on view, each pane of it opened in turn: milliseconds; then jumps in it."""
    print(json.dumps(_Panes(Path(folder), Path(path)).measure(int(times))))


class _Panes:
    """The program, with the keyboard where whoever opens a pane has it."""

    NAMES = ("socket_calls", "sequence", "figures", "socket_state")

    def __init__(self, folder: Path, path: Path) -> None:
        from gui.app import App, Options

        self._app = App(Options(folder=folder))
        self._app.show()
        self._app.own_journal.open()
        self._main = self._app.main_controller
        self._main.journal_controller.open(path)
        self._until(lambda: self._main.viewing.conversation is not None)
        self._until(lambda: bool(self._app.window.conversation.transcript.text.lines))

    def measure(self, times: int) -> dict[str, dict[str, object]]:
        """Each pane opened for the first time, closed and opened again, and jumps in those that have rows."""
        found: dict[str, dict[str, object]] = {}
        for name in self.NAMES:
            first = self._open(name)
            told: dict[str, object] = {"first": first[0], "first cpu": first[1]}
            if name == "figures":
                began = time.perf_counter()
                self._until(self._has_all_figures)
                told["all"] = (time.perf_counter() - began) * 1000
            self._main.commands[f"toggle_{name}"]()
            self._app.root.update()
            again = self._open(name)
            told |= {"again": again[0], "again cpu": again[1]}
            if pane := self._pane_of_rows(name):
                chance = random.Random(1_000_000)
                took = [self._jump(pane, chance.random()) for _ in range(times)]
                told["jumps"], told["jumps cpu"] = zip(*took, strict=True)
            self._main.commands[f"toggle_{name}"]()
            self._app.root.update()
            found[name] = told
        self._app.leave()
        return found

    def _open(self, name: str) -> tuple[float, float]:
        """From the command until the pane shows what it is for, and what that took of a processor."""
        self._settle()

        def open_it() -> None:
            self._main.commands[f"toggle_{name}"]()
            self._app.root.update()
            self._until(lambda: self._shows(name))

        return self._took(open_it)

    def _settle(self) -> None:
        """Wait until the program has nothing more to do."""
        used = -1.0
        while time.process_time() - used > _IDLE * _SETTLES:
            used, until = time.process_time(), time.monotonic() + _SETTLES
            while time.monotonic() < until:
                self._turn()

    def _took(self, act: Callable[[], object]) -> tuple[float, float]:
        """How long something takes until it is drawn, and how much of that the window's thread is at work."""
        began, used = time.perf_counter(), time.thread_time()
        act()
        self._app.root.winfo_pointerxy()  # the X server answers this after it has drawn
        return (time.perf_counter() - began) * 1000, (time.thread_time() - used) * 1000

    def _shows(self, name: str) -> bool:
        conversation = self._main.conversation
        if name == "figures":
            return conversation.figures.figures is not None
        if name == "sequence":
            return len(conversation.sequence.view.canvas.find_all()) > conversation.sequence.view.page
        if name == "socket_calls":
            return bool(conversation.socket_calls.view.text.tag_ranges("call"))
        return self._main.socket_state.is_open

    def _pane_of_rows(self, name: str) -> RowsPane | None:
        conversation = self._main.conversation
        if name == "socket_calls":
            return conversation.socket_calls.view
        return conversation.sequence.view if name == "sequence" else None

    def _has_all_figures(self) -> bool:
        figures, conversation = self._main.conversation.figures.figures, self._main.viewing.conversation
        return figures is not None and conversation is not None and figures.entries >= conversation.entries

    def _jump(self, pane: RowsPane, fraction: float) -> tuple[float, float]:
        def jump() -> None:
            pane.scrollbar.tk.call(str(pane.scrollbar.cget("command")), "moveto", str(fraction))
            self._app.root.update()

        return self._took(jump)

    def _until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not is_so():
            if time.monotonic() > deadline:
                raise SystemExit("the window does not come so far")
            self._turn()

    def _turn(self) -> None:
        self._app.root.update()
        time.sleep(0.001)


def refreshes(folder: str, connections: str, times: str) -> None:
    """A server of so many connections on view, and news of it again and again: milliseconds until it is shown."""
    print(json.dumps(_Crowd(Path(folder), int(connections)).measure(int(times))))


class _Crowd:
    """The program with a server whose connections stand in its account alone; no socket is opened."""

    def __init__(self, folder: Path, connections: int) -> None:
        from core.address import Address
        from core.events import ConnectionId, Listening, Opened, SessionId, SessionOpened
        from core.journal.recording.ledger import Ledger, Recording
        from core.roles import Role
        from gui.app import App, Options

        self._session, self._here = SessionId(1), Address("127.0.0.1", 5555)
        self._ledger, self._last = Ledger(), ConnectionId(connections)
        self._folds: list[float] = []
        self._app = App(Options(folder=folder))
        self._app.show()
        self._app.own_journal.open()
        self._recording = Recording(None)
        self._app.root.update()
        self._deliver(
            [
                SessionOpened(self._session, 0, Role.SERVER, self._here, "raw", "none"),
                Listening(self._session, 0, (self._here,)),
                *(
                    Opened(self._session, ConnectionId(number), 0, number, self._here, Address("127.0.0.1", number))
                    for number in range(1, connections + 1)
                ),
            ]
        )
        self._app.main_controller.select(self._session)
        self._app.root.update()

    def measure(self, times: int) -> dict[str, list[float]]:
        """News of bytes, of one connection that can do less, and of one that closes while another opens."""
        from core.events import Closed, ConnectionId, Ending, Opened, PeerFinished, Received

        found: dict[str, list[float]] = {"bytes": [], "change": [], "turnover": [], "fold": []}
        for number in range(1, times + 1):
            session, oldest, newest = self._session, ConnectionId(number), ConnectionId(self._last + number)
            opened = Opened(session, newest, 0, newest, self._here, self._here)
            found["bytes"].append(self._deliver([Received(session, self._last, number, b"hello")]))
            found["change"].append(self._deliver([PeerFinished(session, oldest, 0)]))
            found["turnover"].append(self._deliver([Closed(session, oldest, 0, Ending.OURS), opened]))
        found["fold"] = self._folds[1:]
        self._app.leave()
        return found

    def _deliver(self, events: list[Event]) -> float:
        began = time.perf_counter()
        (state,) = self._ledger.fold(events, {})
        folded = time.perf_counter()
        self._app.main_controller.deliver({self._session: state}, self._recording)
        shown = time.perf_counter()
        self._app.root.update()
        self._folds.append((folded - began) * 1000)
        return (shown - folded) * 1000


def _fail(why: str) -> None:
    raise SystemExit(why)


_MEASURES: dict[str, Callable[..., None]] = {
    "ours": ours,
    "empty": empty,
    "empty-with-imports": empty_with_imports,
    "jumps": jumps,
    "panes": panes,
    "refreshes": refreshes,
}

if __name__ == "__main__":
    _MEASURES[sys.argv[1]](*sys.argv[2:])
