"""Tk's event loop, as the bridge and the collector of garbage want it."""

from __future__ import annotations

import contextlib
import socket
import tkinter as tk
from collections.abc import Callable

from core.supervision import attempt, do_all
from gui.platform import windows
from gui.platform.bridge import Waker

_IDLE_EVENTS = 2 | 32  # Tcl's, with DONT_WAIT
_READABLE = 2  # tkinter.READABLE, which Windows does not have
TICK = 500  # milliseconds between two looks where no descriptor wakes the loop: for Ctrl+C, and a message that was lost


class TkLoop:
    """The event loop of one root window."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._commands: dict[Callable[[], None], str] = {}  # what Tk calls each callback

    def after(self, milliseconds: int, callback: Callable[[], None]) -> str:
        """Call back once, later. Tk knows each callback from then on: there should be few of them.

        That is one call into Tk, which gives the interpreter away, where ``Misc.after`` takes three.
        """
        command = self._commands.get(callback)
        if command is None:
            command = self._commands[callback] = self._root.register(callback)
        return str(self._root.tk.call("after", milliseconds, command))

    def cancel(self, ticket: str) -> None:
        """Do not call back. Without effect once the window is gone, and its tickets with it."""
        with contextlib.suppress(tk.TclError):
            self._root.tk.call("after", "cancel", ticket)

    def draw(self) -> bool:
        """Do what waits until the loop is idle, once; whether there was anything."""
        return bool(self._root.tk.dooneevent(_IDLE_EVENTS))

    def waker(self, callback: Callable[[], None]) -> Waker:
        """A waker that has ``callback`` called; by a message of a window where Tk can watch no descriptor (Windows)."""
        if hasattr(self._root.tk, "createfilehandler"):
            return PipeWaker(self._root, callback)
        return MessageWaker(self._root, callback)


class PipeWaker:
    """Sends a byte through a pair of sockets that Tk watches."""

    def __init__(self, root: tk.Tk, callback: Callable[[], None]) -> None:
        self._root = root
        self._callback = callback
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)
        self._writing.setblocking(False)
        create: Callable[..., None] = getattr(root.tk, "createfilehandler")  # noqa: B009 - not in Windows' stubs
        # What leaves such a call would end the event loop: tkinter guards only callbacks that it makes itself.
        create(self._reading, _READABLE, lambda _file, _mask: attempt("a call that woke the window", self._woken))

    @property
    def descriptor(self) -> int:
        """The end that takes the bytes."""
        return self._writing.fileno()

    def wake(self) -> None:
        """Have it called soon."""
        try:
            self._writing.send(b"!")
        except OSError:  # full: a call is due anyway; closed: nobody is there any more
            return

    def close(self) -> None:
        """Stop watching."""
        do_all(
            [
                ("watching no more", self._unwatch),
                ("closing the reading end", self._reading.close),
                ("closing the writing end", self._writing.close),
            ]
        )

    def _unwatch(self) -> None:
        delete: Callable[..., None] = getattr(self._root.tk, "deletefilehandler")  # noqa: B009
        delete(self._reading)

    def _woken(self) -> None:
        try:
            self._reading.recv(4096)
        except BlockingIOError:
            return
        self._callback()


class MessageWaker:
    """Posts a message to a window of its own that is never shown: that it should close, for which Tk has a callback.

    A message wakes Tk at once, and an idle window costs nothing. One is under way at a time, for a queue holds 10,000.
    """

    descriptor = -1  # Tk could not watch it: a signal is seen at the next tick

    def __init__(
        self, root: tk.Tk, callback: Callable[[], None], post: Callable[[int], bool] = windows.post_close
    ) -> None:
        self._callback = callback
        self._post = post
        self._is_posted = False
        self._window = tk.Toplevel(root)
        self._window.withdraw()
        self._window.protocol("WM_DELETE_WINDOW", self._woken)
        self._handle = self._window.winfo_id()
        self._ticket = self._window.after(TICK, self._tick)

    def wake(self) -> None:
        """Have it called soon."""
        if not self._is_posted:
            self._is_posted = True  # first: it may be answered before the call returns
            if not self._post(self._handle):
                self._is_posted = False

    def close(self) -> None:
        """Take the window away; a message under way is lost."""
        self._is_posted = True  # no more are posted: another window may get the handle
        with contextlib.suppress(tk.TclError):  # it went with the main window, which somebody else has taken away
            self._window.after_cancel(self._ticket)
            self._window.destroy()

    def _woken(self) -> None:
        self._is_posted = False  # first: what comes while it is called wakes again
        self._callback()

    def _tick(self) -> None:
        """Let Python look for a signal, and answer a message that does not come."""
        self._ticket = self._window.after(TICK, self._tick)
        if self._is_posted:
            self._woken()
