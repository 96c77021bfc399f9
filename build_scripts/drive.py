"""Drive a built program as a person does: start, connect, talk, with real keys; its journal tells what came of it."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from build_scripts.project import BUILD
from build_scripts.running import SmokeError, end, free_port
from build_scripts.x11 import Display, DisplayError
from build_scripts.xvfb import SCREEN

WINDOW_CLASS = "Tincan"
FAILED = BUILD / "failed.ppm"
_GREETING = b"type the message"
_MESSAGE = b"Hello, can!"
_APPEARS_WITHIN = 30.0  # seconds
_HAPPENS_WITHIN = 20.0  # seconds
_REACTION = 0.3  # seconds between what a person sees and the first key
_ENDS_WITHIN = 2.0  # seconds
_LOOK_EVERY = 0.02  # seconds
_RETRY = 0.002  # seconds between two looks for a window; what is measured by it starts in a tenth of a second

_Rows = list[tuple[str, str, bytes]]  # (role, kind, data) of what was recorded


def drive(command: Sequence[str], display: str, window_class: str = WINDOW_CLASS, reaction: float = _REACTION) -> None:
    """Take the person's three steps on a display that has no window manager, then quit by key.

    The program's window has the class ``window_class``, and the first key comes ``reaction`` seconds after it.
    Raises ``SmokeError`` if one does not do what it should, with a picture of the screen in ``FAILED``.
    """
    with tempfile.TemporaryDirectory() as folder:
        program = subprocess.Popen([*command, "--config", folder], cwd=folder)
        try:
            with Display(display) as keys, pictured(keys):
                window = appeared(program, keys, window_class)
                wait_for("a journal, which is made after the window", lambda: bool(_journals(Path(folder))))
                give_focus(keys, window, reaction)
                _three_steps(keys, Path(folder), free_port())
                code = quit_by_key(keys, program)
        except DisplayError as error:
            raise SmokeError(f"{command[0]} cannot be driven: {error}") from error
        except subprocess.TimeoutExpired:
            raise SmokeError(f"{command[0]} did not end after Ctrl+Q") from None
        finally:
            end(program)
    if code != 0:
        raise SmokeError(f"{command[0]} exited with {code} after Ctrl+Q")


def appeared(program: subprocess.Popen[Any], display: Display, name: str, within: float = _APPEARS_WITHIN) -> int:
    """The window of the class ``name`` that a program opens, as soon as it is on the screen.

    Raises ``SmokeError`` if the program ends, or no window appears within so many seconds.
    """
    deadline = time.monotonic() + within
    while (window := display.window(name)) is None:
        if program.poll() is not None:
            raise SmokeError(f"{program.args!r} exited with {program.returncode} instead of opening a window")
        if time.monotonic() > deadline:
            raise SmokeError(f"{program.args!r} has no window of the class {name} after {within:.0f} s")
        time.sleep(_RETRY)
    return window


@contextmanager
def pictured(screen: Display) -> Iterator[None]:
    """Keep a picture of the screen if what is done in the ``with`` block fails."""
    try:
        yield
    except (SmokeError, subprocess.TimeoutExpired) as error:
        width, height, _depth = SCREEN.split("x")
        with suppress(DisplayError):  # of a smaller screen there is none
            pixels = screen.picture(int(width), int(height))
            FAILED.parent.mkdir(parents=True, exist_ok=True)
            FAILED.write_bytes(f"P6 {width} {height} 255\n".encode() + pixels)
            error.add_note(f"{FAILED} shows the screen at that time.")
        raise


def give_focus(keys: Display, window: int, reaction: float) -> None:
    """Have keys go to a window, and wait until it has kept them for so many seconds. Raises ``SmokeError``.

    Wine hides a window once more while it opens it, which takes the focus away; and it makes it the foreground window
    of its Windows only if it gets the focus while it is shown. So it gets it once more in the end.
    """
    since = time.monotonic()

    def is_kept() -> bool:
        nonlocal since
        if not keys.has_focus(window):
            keys.focus(window)
            since = time.monotonic()
        return time.monotonic() - since > reaction

    wait_for("a window that keeps the focus", is_kept)
    keys.take_focus()
    time.sleep(_REACTION)
    keys.focus(window)
    time.sleep(_REACTION)


def _three_steps(keys: Display, folder: Path, port: int) -> None:
    keys.press("l", control=True)
    keys.press("Tab")
    keys.type(str(port))
    keys.press("F5")
    wait_until_recorded("a server that listens after F5", folder, lambda rows: ("server", "listening", b"") in rows)
    _expect_listener(port)
    keys.press("F6")
    wait_until_recorded(
        "a client that is greeted after F6", folder, lambda rows: ("client", "received", _GREETING) in rows
    )
    keys.type(_MESSAGE.decode())
    keys.press("Return")
    wait_until_recorded(
        "the message at the server after Enter", folder, lambda rows: ("server", "received", _MESSAGE) in rows
    )
    wait_until_recorded("an answer of one letter", folder, _is_answered)
    keys.press("F6")
    keys.press("F5")
    wait_until_recorded("both ends closed", folder, _is_over)


def quit_by_key(keys: Display, program: subprocess.Popen[bytes]) -> int:
    """Quit by key; the exit code. A window that has not heard yet of the last end asks whether to quit all the same:
    that is answered with no, and the key is pressed again. Raises ``TimeoutExpired``.
    """
    deadline = time.monotonic() + _HAPPENS_WITHIN
    while True:
        time.sleep(_REACTION)
        keys.press("q", control=True)
        try:
            return program.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                raise
            keys.press("Escape")


def _expect_listener(port: int) -> None:
    """That the server has the port that was typed: so nobody else can have it."""
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.1", port))
        except OSError:
            return
    raise SmokeError(f"nobody listens on port {port}, which was typed")


def _is_answered(rows: _Rows) -> bool:
    letters = [data for role, kind, data in rows if (role, kind) == ("client", "received") and len(data) == 1]
    return len(letters) == 1 and letters[0].isalpha()


def _is_over(rows: _Rows) -> bool:
    """The end of a client that was connected is told once, by its connection."""
    return {("client", "closed", b""), ("server", "session-closed", b"")} <= set(rows)


def wait_until_recorded(what: str, folder: Path, has_come: Callable[[_Rows], bool]) -> None:
    """Wait until ``has_come`` finds in the journals of a folder what is awaited. Raises ``SmokeError``."""
    wait_for(what, lambda: has_come(recorded(folder)), lambda: f"; recorded is {recorded(folder)}")


def wait_for(what: str, has_come: Callable[[], bool], found: Callable[[], str] = str) -> None:
    """Wait until something has come. Raises ``SmokeError`` if it does not, with what is ``found`` instead."""
    deadline = time.monotonic() + _HAPPENS_WITHIN
    while not has_come():
        if time.monotonic() > deadline:
            raise SmokeError(f"there was no sign of {what} within {_HAPPENS_WITHIN:.0f} s{found()}")
        time.sleep(_LOOK_EVERY)


def recorded(folder: Path) -> _Rows:
    """What the journals in a configuration folder hold: (role, kind, data) in the order of recording."""
    rows: _Rows = []
    for journal in _journals(folder):
        with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as file:
            try:
                rows += file.execute(
                    "SELECT role, kind, coalesce(data, x'') FROM entry JOIN session USING (session) ORDER BY entry"
                ).fetchall()
            except sqlite3.OperationalError:
                continue  # it has no tables yet
    return rows


def _journals(folder: Path) -> list[Path]:
    return sorted((folder / "journals").glob("*.tincan"))
