"""What every test must leave behind: nothing.

A test fails if a thread of it died or goes on, if a descriptor stays open, if something was logged
as an error, if a Tk callback raised, or if something that could only be reported was
(``sys.unraisablehook``). pytest itself sees dead threads and unraisable errors and warns of them;
the configuration makes an error of every warning.

A test that provokes errors on purpose asks for ``logged_errors`` or ``callback_errors``, looks at
them and clears the list.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import pytest

try:
    import tkinter
except ImportError:  # core and its tests do without
    tkinter = None  # type: ignore[assignment]

GRACE = 1.0  # seconds in which what a test has stopped may come to its end
_BETWEEN_LOOKS = 0.005  # seconds
_HUNG = 70  # exit code
_DESCRIPTORS = "/proc/self/fd" if sys.platform == "linux" else None


class _ErrorLog(logging.Handler):
    """Keeps every record of an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """Fail the test if a thread or a descriptor of it outlives it, or if it left a hook in place."""
    threads, descriptors = set(threading.enumerate()), open_descriptors()
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    yield
    deadline = time.monotonic() + GRACE
    left = [f"the thread {thread.name!r} still runs" for thread in _still_running(threads, deadline)]
    left += [f"descriptor {number} is still open: {what}" for number, what in _still_open(descriptors, deadline)]
    if hooks != (sys.excepthook, sys.unraisablehook, threading.excepthook):
        left.append("a hook for exceptions is still in place")
        sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
    if left:
        pytest.fail("\n".join(left), pytrace=False)


@pytest.fixture(autouse=True)
def logged_errors() -> Iterator[list[logging.LogRecord]]:
    """What was logged as an error; whatever is in the list at the end fails the test."""
    handler = _ErrorLog()
    logging.getLogger().addHandler(handler)
    try:
        yield handler.records
    finally:
        logging.getLogger().removeHandler(handler)
    if handler.records:
        lines = [f"{record.name}: {record.getMessage()}" for record in handler.records]
        pytest.fail("logged as an error:\n" + "\n".join(lines), pytrace=False)


@pytest.fixture(autouse=True)
def callback_errors() -> Iterator[list[BaseException]]:
    """What Tk callbacks raised; whatever is in the list at the end fails the test."""
    errors: list[BaseException] = []
    with _reported_to(errors):
        yield errors
    if errors:
        pytest.fail("raised in a Tk callback:\n" + "\n".join(map(_text, errors)), pytrace=False)


@contextmanager
def _reported_to(errors: list[BaseException]) -> Iterator[None]:
    if tkinter is None:
        yield
        return

    def report(_root: object, _kind: type[BaseException], error: BaseException, _at: TracebackType | None) -> None:
        errors.append(error)

    reported = tkinter.Misc._report_exception  # type: ignore[attr-defined]

    def report_or_end(widget: tkinter.Misc) -> None:
        """The test's time is up, and Tk has taken that for an error of one of its callbacks: then the process ends.

        Nothing else leads out of an event loop without rest: Python hears of signals only where it is called back.
        """
        reported(widget)
        if isinstance(sys.exc_info()[1], pytest.fail.Exception):
            test = os.environ.get("PYTEST_CURRENT_TEST", "a test")
            print(f"{test}: its time was up within the event loop of a window", file=sys.__stderr__, flush=True)
            os._exit(_HUNG)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tkinter.Tk, "report_callback_exception", report)
        patch.setattr(tkinter.Misc, "_report_exception", report_or_end)
        yield


def open_descriptors() -> set[tuple[int, str]]:
    """Every descriptor of this process and what it leads to; none where the system does not say."""
    found: set[tuple[int, str]] = set()
    for number in os.listdir(_DESCRIPTORS) if _DESCRIPTORS else ():  # noqa: PTH208 - thrice for each test
        try:
            found.add((int(number), os.readlink(f"{_DESCRIPTORS}/{number}")))  # noqa: PTH115
        except OSError:  # the one that listed the others
            continue
    return found


def _still_running(before: set[threading.Thread], deadline: float) -> list[threading.Thread]:
    new = [thread for thread in threading.enumerate() if thread not in before]
    for thread in new:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [thread for thread in new if thread.is_alive()]


def _still_open(before: set[tuple[int, str]], deadline: float) -> list[tuple[int, str]]:
    """The new descriptors; an object that nobody holds is collected first, and warns of itself."""
    if open_descriptors() <= before:
        return []
    gc.collect()
    while new := open_descriptors() - before:
        if time.monotonic() > deadline:
            break
        threading.Event().wait(_BETWEEN_LOOKS)
    return sorted(new)


def _text(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip()
