"""Runs programs of Windows under Wine, in a Windows of one's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from build_scripts import commands, machine
from build_scripts.project import ROOT

NEEDS = (
    machine.Need("Wine", lambda: shutil.which("wine") is not None, {"apt-get": "wine"}),
    machine.TK,
    machine.Need("Tcl's and Tk's scripts", Path("/usr/share/tcltk/tk8.6").is_dir, {"apt-get": "libtk8.6"}),
    machine.VIRTUAL_DISPLAY,
)
_QUIET = {"WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml="}  # neither .NET nor a browser is asked for
_SET_UP_WITHIN = 180.0  # seconds
_X11 = "HKCU\\Software\\Wine\\X11 Driver"
# A window that gets the focus is to be Windows' foreground window at once, not only when a window manager says so.
_FOCUS = (_X11, "/v", "UseTakeFocus", "/d", "N", "/f")
# As on Windows, a program that does not ask for each monitor's own resolution is shown enlarged. Wine leaves that out.
_DPI = ("HKCU\\Control Panel\\Desktop", "/v", "DpiScalingVer", "/t", "REG_DWORD", "/d", "4096", "/f")
_SET_UP = (
    ("wineboot", "-i"), ("winecfg", "-v", "win10"), ("reg", "add", *_FOCUS), ("reg", "add", *_DPI),
)  # fmt: skip
_STAMP = "set-up.txt"


class Wine:
    """A Windows whose disk is ``prefix``, on a display; made when it is first used."""

    def __init__(self, prefix: Path, display: str) -> None:
        self._prefix = prefix
        self.environment = {**os.environ, **_QUIET, "WINEPREFIX": str(prefix), "DISPLAY": display, "WINEARCH": "win64"}

    def another(self, name: str, display: str) -> Wine:
        """A Windows with another disk, beside this one's."""
        return Wine(self._prefix.with_name(f"{self._prefix.name}-{name}"), display)

    def set_up(self) -> None:
        """Make the Windows, unless it is there. Raises ``subprocess.SubprocessError``."""
        stamp = self._prefix / _STAMP
        if stamp.exists() and stamp.read_text() == str(_SET_UP):
            return
        self._prefix.mkdir(parents=True, exist_ok=True)
        for words in _SET_UP:
            command = ["wine", *words]
            commands.show(command)
            subprocess.run(
                command, env=self.environment, timeout=_SET_UP_WITHIN, check=True, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        self.wait()
        stamp.write_text(str(_SET_UP))

    def place_windows_itself(self, *, is_so: bool) -> None:
        """Whether Wine places windows and gives them the focus, as Windows does, and leaves it to no window manager.

        Where there is none, Wine waits two seconds for its answer with each window that goes. Then what X11 says of the
        focus must count for nothing: two windows that get it shortly after each other, it gives it in turn for ever.
        """
        for name, value in {"Managed": "NY"[not is_so], "UseTakeFocus": "NY"[is_so]}.items():
            act = ("add", _X11, "/v", name, "/d", value, "/f")
            subprocess.run(
                ["wine", "reg", *act], env=self.environment, timeout=_SET_UP_WITHIN, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip

    def run(
        self,
        command: Sequence[str | Path],
        seconds: float | None = None,
        environment: Mapping[str, str] | None = None,
        show: Callable[[str], None] | None = None,
    ) -> int:
        """Run a program of Windows and show what it writes; see ``run_here``."""
        return self.run_here(["wine", *command], seconds, environment, show)

    def run_here(
        self,
        command: Sequence[str | Path],
        seconds: float | None = None,
        environment: Mapping[str, str] | None = None,
        show: Callable[[str], None] | None = None,
    ) -> int:
        """Run a program and show what it writes; its exit code. Raises ``subprocess.TimeoutExpired``, and ends it.

        Its input and output are pipes, which a Python there needs. The end of the process counts, not that of the
        pipe: Wine's own programs hold the pipe open. Where ``show`` takes the lines, the command is not shown either.
        """
        if show is None:
            commands.show(command)
            show = _print
        with self._started(command, environment) as program:
            reader = threading.Thread(target=_show, args=(program, show), daemon=True)
            reader.start()
            code = program.wait(seconds)
            reader.join(1)
            return code

    @contextmanager
    def _started(
        self, command: Sequence[str | Path], environment: Mapping[str, str] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A program with pipes for input and output, both kinds of output in one; ended at the end."""
        program = subprocess.Popen(
            list(map(str, command)), env={**self.environment, **(environment or {})}, cwd=ROOT,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield program
        finally:
            if program.poll() is None:
                program.kill()
                program.wait()

    def wait(self) -> None:
        """Wait until nothing runs there any more, and what it changed is on the disk."""
        subprocess.run(["wineserver", "--wait"], env=self.environment, timeout=_SET_UP_WITHIN, check=False)

    def end(self) -> None:
        """End whatever still runs there."""
        subprocess.run(["wineserver", "--kill"], env=self.environment, timeout=_SET_UP_WITHIN, check=False)


def _show(program: subprocess.Popen[bytes], show: Callable[[str], None]) -> None:
    assert program.stdout is not None
    for line in program.stdout:
        show(line.decode("utf-8", "replace").rstrip("\r\n"))


def _print(line: str) -> None:
    print(line, flush=True)
