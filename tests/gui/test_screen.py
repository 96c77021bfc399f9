"""What the tests' own screen must be like, so that no test hangs on where the pointer happens to stand."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

import pytest

import gui

SOURCES = sorted(Path(gui.__file__).parent.rglob("*.py"))


def test_the_pointer_stands_where_no_test_opens_a_window(root: tk.Tk) -> None:
    if root.tk.call("tk", "windowingsystem") != "x11":
        pytest.skip("POSIX: only X gives the focus to what is under the pointer")
    root.update()

    x, y = root.winfo_pointerxy()

    assert x >= root.winfo_screenwidth() - 2
    assert y >= root.winfo_screenheight() - 2


def test_the_window_never_takes_the_focus_by_force() -> None:
    """Under Tk up to 8.6.13 that can end the process, and anywhere it takes the keys from another program."""
    assert SOURCES
    texts = {path.name: path.read_text("utf-8") for path in SOURCES}
    forcing = [name for name, text in texts.items() if "focus_force" in text or '"-force"' in text]

    assert forcing == []
