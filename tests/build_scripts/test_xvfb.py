"""Displays without a screen: each its own, gone afterwards."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from build_scripts.xvfb import VirtualDisplay
from tests.support.sink import PATIENCE
from tests.support.systems import path_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no Xvfb on this system")


def can_open_a_window(display: str) -> bool:
    code = f"import tkinter; tkinter.Tk(screenName={display!r}).destroy()"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def ended(client: socket.socket) -> bool:
    """Whether the server that it is connected to ends."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:  # it ended before it had accepted
        return True


def test_two_displays_at_once_are_two() -> None:
    with VirtualDisplay() as one, VirtualDisplay() as two:
        assert one != two
        assert can_open_a_window(one)
        assert can_open_a_window(two)


def test_a_display_is_gone_afterwards() -> None:
    """Seen from a client of its own: somebody else's display may have the number by then."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        with VirtualDisplay() as display:
            client.connect(f"/tmp/.X11-unix/X{display.removeprefix(':')}")

        assert ended(client)


def test_where_there_is_no_xvfb_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert shutil.which("Xvfb") is None

    with pytest.raises(RuntimeError, match=r"dev\.py test installs it"):
        VirtualDisplay().__enter__()


def test_nor_where_there_is_setpriv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "setpriv").symlink_to(path_of("setpriv"))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RuntimeError, match=r"dev\.py test installs it"):
        VirtualDisplay().__enter__()


def test_a_display_goes_with_a_program_that_is_killed() -> None:
    path_of("setpriv")
    code = """
import os, signal
from build_scripts.xvfb import VirtualDisplay
with VirtualDisplay() as display:
    print(display, flush=True)
    input()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", code]
    with (
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program,
        socket.socket(socket.AF_UNIX) as client,
    ):
        client.settimeout(PATIENCE)
        assert program.stdout is not None
        display = program.stdout.readline().strip()
        client.connect(f"/tmp/.X11-unix/X{display.removeprefix(':')}")

        program.communicate("\n")

        assert ended(client)
