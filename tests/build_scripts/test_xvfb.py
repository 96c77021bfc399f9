"""Displays without a screen: each its own, gone afterwards."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from build_scripts.xvfb import VirtualDisplay

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no Xvfb on this system")


def can_open_a_window(display: str) -> bool:
    code = f"import tkinter; tkinter.Tk(screenName={display!r}).destroy()"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_two_displays_at_once_are_two() -> None:
    with VirtualDisplay() as one, VirtualDisplay() as two:
        assert one != two
        assert can_open_a_window(one)
        assert can_open_a_window(two)
    assert not can_open_a_window(one)


def test_where_there_is_no_xvfb_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert shutil.which("Xvfb") is None

    with pytest.raises(RuntimeError, match=r"dev\.py test installs it"):
        VirtualDisplay().__enter__()
