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

_SIZE = "920x660+0+0"
_READABLE = 2  # tkinter.READABLE
_WINDOW_EVENTS = 2 | 4  # Tcl's DONT_WAIT and WINDOW_EVENTS: those that are there, and no timers
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
        from gui.journals.viewing import Calls

        reader = JournalReader(path)
        session = reader.sessions()[-1]
        calls = Calls(post=self._calls.put, changed=lambda: None, trouble=_fail)
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
    "refreshes": refreshes,
}

if __name__ == "__main__":
    _MEASURES[sys.argv[1]](*sys.argv[2:])
