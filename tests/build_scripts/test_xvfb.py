"""Displays without a screen: each its own, gone afterwards."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys

import pytest

from build_scripts.xvfb import VirtualDisplay
from tests.support.sink import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no Xvfb on this system")


def can_open_a_window(display: str) -> bool:
    code = f"import tkinter; tkinter.Tk(screenName={display!r}).destroy()"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


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

        try:
            rest = client.recv(1)
        except ConnectionResetError:
            rest = b""  # it ended before it had accepted
    assert rest == b""


def test_where_there_is_no_xvfb_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert shutil.which("Xvfb") is None

    with pytest.raises(RuntimeError, match=r"dev\.py test installs it"):
        VirtualDisplay().__enter__()
