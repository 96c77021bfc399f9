"""The guards themselves: each misdeed fails the test that did it, and says which it was."""

from __future__ import annotations

import re
import sys

import pytest

from build_scripts.project import ROOT
from tests.conftest import pytest_plugins

MISDEEDS = """
import logging
import os
import socket
import threading
import tkinter

import pytest


def test_clean():
    socket.socket().close()


def test_dead_thread():
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()


def test_unraisable():
    class Broken:
        def __del__(self):
            raise ValueError("in a finaliser")

    Broken()


def test_thread_goes_on():
    threading.Thread(target=threading.Event().wait, name="straggler", daemon=True).start()


def test_thread_ends_a_moment_later():
    threading.Timer(0.05, print).start()


def test_descriptor_stays_open():
    os.open("/dev/null", os.O_RDONLY)


def test_socket_in_a_cycle():
    holder = [socket.socket()]
    holder.append(holder)


def test_logged_error():
    logging.getLogger("tincan").error("it went wrong")


def test_logged_error_on_purpose(logged_errors):
    logging.getLogger("tincan").error("it went wrong")
    assert logged_errors.pop().getMessage() == "it went wrong"


def test_callback_error(display):
    root = tkinter.Tk()
    root.after(0, lambda: 1 / 0)
    root.after(10, root.quit)
    root.mainloop()
    root.destroy()


def test_hook_left_in_place():
    threading.excepthook = print


@pytest.mark.root
def test_needs_root():
    pass
"""

EXPECTED = {
    "clean": "passed",
    "dead_thread": "*PytestUnhandledThreadExceptionWarning*",
    "unraisable": "*PytestUnraisableExceptionWarning*",
    "thread_goes_on": "*the thread 'straggler' still runs*",
    "thread_ends_a_moment_later": "passed",
    "descriptor_stays_open": "*descriptor * is still open: /dev/null*",
    "socket_in_a_cycle": "*ResourceWarning: unclosed <socket*",
    "logged_error": "*tincan: it went wrong*",
    "logged_error_on_purpose": "passed",
    "callback_error": "*raised in a Tk callback:*",
    "hook_left_in_place": "*a hook for exceptions is still in place*",
}


def prepare(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Have ``source`` as a test module of its own, under the guards and with every warning an error.

    A process of its own starts in half of the time without the plugins that are installed: ``-p`` names those it needs.
    """
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyprojecttoml("[tool.pytest]\nfilterwarnings = ['error']\nmarkers = ['case(number)', 'root']")
    pytester.makeconftest(f"pytest_plugins = {pytest_plugins}")
    pytester.makepyfile(source)


def test_every_misdeed_fails_the_test_that_did_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, display: str
) -> None:
    prepare(pytester, monkeypatch, MISDEEDS)

    result = pytester.runpytest_subprocess("-v", "-rA", "--capture=sys")

    output = result.stdout.str()
    for name, expected in EXPECTED.items():
        if expected == "passed":
            assert re.search(rf"^PASSED .*::test_{name}$", output, re.MULTILINE)
            assert not re.search(rf"^(FAILED|ERROR) .*::test_{name}\b", output, re.MULTILINE)
        else:
            assert re.search(rf"^(FAILED|ERROR) .*::test_{name}\b", output, re.MULTILINE), name
            result.stdout.fnmatch_lines([expected])


HANGING = """
import time
import tkinter

import pytest


@pytest.mark.timeout(1)
def test_hangs_in_callbacks(display):
    root = tkinter.Tk()

    def turn():
        root.after(1, turn)
        time.sleep(0.05)

    turn()
    try:
        while True:
            root.update()
    finally:
        root.destroy()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows: there the limit ends the whole process")
def test_a_time_limit_that_tk_takes_for_its_callback_s_error_ends_the_test_all_the_same(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, display: str
) -> None:
    prepare(pytester, monkeypatch, HANGING)

    result = pytester.runpytest_subprocess("-rA", "--capture=sys", "-p", "timeout", timeout=60)

    assert result.ret == 70
    result.stderr.fnmatch_lines(
        ["*::test_hangs_in_callbacks (call): its time was up within the event loop of a window"]
    )


def test_a_row_that_is_not_in_the_catalogue_is_refused(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(pytester, monkeypatch, "import pytest\n\n@pytest.mark.case('C-00')\ndef test_it(): pass")

    result = pytester.runpytest_inprocess()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*names C-00, which is not in the fault catalogue*"])
