"""Writes unforeseen errors to a file and tells each in one line; the window lives on. No tkinter."""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from core import supervision
from core.errors import TincanError, reason
from core.words import sentence

_APPEND = (  # a link is not followed, nor is a pipe waited for
    os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
)
_REPORTED = 5  # faults that a report tells of
_CAUSES = 4  # of one fault, itself included
LARGEST_LOG = 256 * 1024  # bytes; then the log starts anew and the old one is kept as .old


class FaultLog:
    """Catches errors in threads, in finalisers and in Tk callbacks, and under the guard, while it is installed.

    ``tell`` gets one short sentence, on the thread where the error was, so it must only pass it on;
    what there is to know besides is in the file at ``path``.
    """

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self.path = path
        self._tell = tell
        self._lock = threading.Lock()
        self._previous = (threading.excepthook, sys.unraisablehook)
        self.last: deque[str] = deque(maxlen=_REPORTED)  # faults of this run, without their messages

    def install(self) -> None:
        """Catch from now on."""
        supervision.on_fault.append(self._in_guard)
        self._previous = (threading.excepthook, sys.unraisablehook)
        threading.excepthook = self._in_thread
        sys.unraisablehook = self._in_finaliser

    def uninstall(self) -> None:
        """Put back what was there before."""
        threading.excepthook, sys.unraisablehook = self._previous
        if self._in_guard in supervision.on_fault:
            supervision.on_fault.remove(self._in_guard)

    def in_callback(self, _kind: type[BaseException], error: BaseException, _at: TracebackType | None) -> None:
        """For ``Tk.report_callback_exception``."""
        self.note(error, "a callback of the window")

    def note(self, error: BaseException, where: str) -> None:
        """Write an error down and tell of it. Any thread."""
        when = time.strftime("%Y-%m-%d %H:%M:%S")
        self.last.append(f"{when} in {where}\n{_without_messages(error)}")
        self._write(f"{when} in {where}\n{''.join(traceback.format_exception(error))}\n")
        self._tell(f"{sentence(reason(error))}{'' if isinstance(error, TincanError) else ' It goes on.'}")

    def _in_guard(self, name: str, error: BaseException) -> None:
        self.note(error, name)

    def _in_thread(self, what: threading.ExceptHookArgs) -> None:
        if what.exc_value is not None and not isinstance(what.exc_value, SystemExit):
            self.note(what.exc_value, f"the thread {what.thread.name if what.thread else '?'}")

    def _in_finaliser(self, what: sys.UnraisableHookArgs) -> None:
        if what.exc_value is not None:
            self.note(what.exc_value, "a finaliser")

    def _write(self, text: str) -> None:
        with self._lock:
            try:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                if self.path.exists() and self.path.stat().st_size > LARGEST_LOG:
                    self.path.replace(self.path.with_suffix(".old"))
                descriptor = os.open(self.path, _APPEND, 0o600)
                with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
                    file.write(text)
            except OSError:  # nowhere to write: the sentence in the window has to do
                return


def _without_messages(error: BaseException) -> str:
    """What was raised, and where, the cause first: the messages are left out, since bytes of a peer may be in them."""
    lines: list[str] = []
    left: BaseException | None = error
    for _ in range(_CAUSES):
        if left is not None:
            frames = traceback.extract_tb(left.__traceback__)
            at = [f"  {'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}" for frame in frames]
            lines = [f"{type(left).__name__} at", *at, *lines]
            left = left.__cause__ or left.__context__
    return "\n".join(lines)
