"""A display without a screen: an Xvfb of one's own, for tests and for running what was built."""

from __future__ import annotations

import os
import subprocess
from types import TracebackType

SCREEN = "1600x1200x24"
DOTS_PER_INCH = 96
_END_WITHIN = 5.0  # seconds
_BOUND = ["setpriv", "--pdeathsig", "TERM"]  # in front of a command that is to end with the thread that starts it
_NOT_FOUND = 127  # the exit code of setpriv where there is no such command
_LACKING = "There is no Xvfb on this machine: build_scripts/dev.py test installs it."


class VirtualDisplay:
    """An X server for as long as the ``with`` block lasts; entering gives the value for DISPLAY.

    The server chooses the number of its display itself and reports it, so that any number of them
    can start at once. With ``open_to_all``, every user of this machine may open windows on it. It ends with the thread
    that has entered, too, should that be killed: setpriv(1), of util-linux, has the system see to it.
    """

    def __init__(self, screen: str = SCREEN, *, open_to_all: bool = False) -> None:
        self._options = ["-screen", "0", screen, "-dpi", str(DOTS_PER_INCH), "-nolisten", "tcp", "-noreset"]
        if open_to_all:
            self._options.append("-ac")
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> str:
        reading, writing = os.pipe()
        try:
            self._server = self._start(writing)
        except FileNotFoundError:
            os.close(reading)
            raise RuntimeError(_LACKING) from None
        finally:
            os.close(writing)
        with os.fdopen(reading) as report:
            number = report.readline().strip()
        if not number:
            raise RuntimeError(_LACKING if self._stop() == _NOT_FOUND else "Xvfb ended before it had a display.")
        return f":{number}"

    def _start(self, writing: int) -> subprocess.Popen[bytes]:
        command = ["Xvfb", "-displayfd", str(writing), *self._options]
        try:
            return subprocess.Popen([*_BOUND, *command], pass_fds=[writing], stderr=subprocess.DEVNULL)
        except FileNotFoundError:
            return subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def _stop(self) -> int | None:
        """End it, if it has not; its exit code."""
        if self._server is None:
            return None
        self._server.terminate()
        try:
            self._server.wait(_END_WITHIN)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        code, self._server = self._server.returncode, None
        return code
