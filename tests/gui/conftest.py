"""A root window with its theme, and a wait that pumps the loop."""

from __future__ import annotations

import gc
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from gui.app import App, Options
from gui.theme.theme import Theme
from tests.support.systems import TRIES_ALL

PATIENCE = 20.0  # seconds; a test that waits so long has failed, if the machine let it run meanwhile:
CHANCES = 400  # so often a window was pumped by then, a tenth of what one that waits for nothing gets
REST = 5  # milliseconds between two looks, unless something comes for the windows
LONGEST = 60.0  # seconds after which it has failed in any case
TURN = 5.0  # seconds after which a window that always has something to do is asked whether the condition holds
WaitUntil = Callable[[Callable[[], bool]], None]


@pytest.fixture(autouse=True)
def collected_on_this_thread() -> Iterator[None]:
    """What a test leaves in cycles goes here and at once, as ``gui.platform.garbage_collection`` has it: a picture
    collected on a thread of a later test would fail that one.
    """
    gc.disable()
    yield
    gc.collect()
    gc.freeze()  # what stays is the test run's own; the next test need not look through it again
    gc.enable()


@pytest.fixture(autouse=True)
def tcl_errors(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What Tcl complained of in any window of the test, such as a command that is gone; a test with any fails."""
    found: list[str] = []
    make = tk.Tk.__init__

    def made(window: tk.Tk, *arguments: object, **options: object) -> None:
        make(window, *arguments, **options)  # type: ignore[arg-type]
        window.tk.createcommand("complain", lambda words, _options: found.append(words))
        window.tk.call("interp", "bgerror", "", "complain")

    monkeypatch.setattr(tk.Tk, "__init__", made)
    yield found
    assert found == []


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tk.Menu]:
    """The menus that were opened at a place of the screen, filled but not posted.

    A posted one holds the mouse, and on Windows the call that posts it returns only when the menu has closed.
    """
    found: list[tk.Menu] = []
    monkeypatch.setattr(tk.Menu, "tk_popup", lambda menu, *_place: found.append(menu))
    return found


@pytest.fixture(autouse=True)
def input_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows ask for none where not everything is tried: there is none, and a tenth of a window's work is to find out.

    Tk asks the display about each widget that an event comes to.
    """
    if not TRIES_ALL:
        monkeypatch.setattr(App, "_use_input_methods", lambda _app: None)


@pytest.fixture(scope="session")
def screen(display: str) -> Iterator[str]:
    """The display, with what Tk keeps open for the rest of the process: its connection and its notifier's pipe.

    Its pointer stands in the far corner. Without a window manager Tk takes the focus where the pointer is, and once
    that has left, Tk up to 8.6.13 goes on holding the window that had it: where such a window is gone, as all of a
    test's are after it, the next ``focus -force`` in the process reads freed memory.

    A picture in a hidden window holds Tk's table of colours, or each test's first picture asks the display for 256.
    """
    window = tk.Tk()
    tk._default_root = None  # type: ignore[attr-defined]  # no widget of a test without a parent is to be in it
    window.update()
    if window.tk.call("tk", "windowingsystem") == "x11":
        corner = window.winfo_screenwidth() - 1, window.winfo_screenheight() - 1
        window.event_generate("<Motion>", warp=True, x=corner[0], y=corner[1])
        window.update()
    window.withdraw()
    picture = tk.PhotoImage(master=window, width=1, height=1)
    tk.Label(window, image=picture)
    window.update()
    yield display
    window.destroy()


@pytest.fixture
def root(screen: str) -> Iterator[tk.Tk]:
    """A window of its own for the test, at 96 dots an inch."""
    window = tk.Tk(className="Tincan")
    found = window.tk.call("tk", "scaling")
    window.tk.call("tk", "scaling", 96 / 72)
    window.tk.call("tk", "useinputmethods", TRIES_ALL)  # as in ``input_methods``
    window.geometry("800x600+0+0")
    yield window
    window.update_idletasks()
    window.tk.call("tk", "scaling", found)  # Tk keeps it for the screen, which later windows share
    for ticket in window.tk.splitlist(window.tk.call("after", "info")):
        window.tk.call("after", "cancel", ticket)  # not after_cancel: another widget may own the command
    window.destroy()


@pytest.fixture
def theme(root: tk.Tk) -> Theme:
    """The light look."""
    return Theme(root, "light")


@pytest.fixture
def wait_until(root: tk.Tk) -> WaitUntil:
    """``wait_until(condition)`` pumps the window's events until the condition is True."""
    return lambda condition: pump_until(condition, root)


def pump_until(condition: Callable[[], bool], *windows: tk.Tk) -> None:
    """Let the windows live until the condition holds; it must be a bool, so that no truthy slip passes."""
    began = time.monotonic()
    for chance in count():
        for window in windows:
            pump(window)
        result = condition()
        assert isinstance(result, bool)
        if result:
            return
        patience = PATIENCE if chance > CHANCES else LONGEST
        assert time.monotonic() < began + patience, "it did not come true"
        rest(windows[0])


def rest(window: tk.Tk) -> None:
    """Wait until something comes for any window of this thread, but not for long."""
    ticket = window.tk.call("after", REST, "")
    window.tk.dooneevent()
    window.tk.call("after", "cancel", ticket)


def pump(window: tk.Tk) -> None:
    """Let the window do what waits to be done, as ``update`` does, which returns only when there is nothing more.

    Where traffic comes faster than a slow machine shows it, there always is something.
    """
    end = time.monotonic() + TURN
    while time.monotonic() < end:
        if not window.tk.dooneevent(tk._tkinter.DONT_WAIT):  # type: ignore[attr-defined]
            window.tk.call("catch", "winfo pointerx .")  # what the display server sent before it answers is here then
            if not window.tk.dooneevent(tk._tkinter.DONT_WAIT):  # type: ignore[attr-defined]
                return


@pytest.fixture
def make_app(screen: str, tmp_path: Path) -> Iterator[Callable[..., App]]:
    """Windows with a folder each, closed at the end as a person would."""
    apps: list[App] = []

    def make(folder: Path | None = None, **options: object) -> App:
        app = App(Options(folder=folder or tmp_path / f"app{len(apps)}", **options))  # type: ignore[arg-type]
        apps.append(app)
        app.show()
        pump_until(lambda: app.own_journal.is_open, app.root)
        return app

    yield make
    while apps:
        app = apps.pop(0)
        if not app._leaving:  # unless the test has closed it
            app.root.update_idletasks()
            app.leave()
