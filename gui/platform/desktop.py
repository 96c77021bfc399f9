"""Handing things to the desktop's own programs. No tkinter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from core.supervision import Worker


def open_folder(folder: Path) -> bool:
    """Show a folder in the file program; False if there is none. Does not wait for it."""
    return _open(folder)


def open_file(path: Path) -> bool:
    """Show a text file in the program that the desktop has for it; False if there is none. Does not wait for it.

    Never for a file that somebody else sent: what the desktop opens, it may also run.
    """
    return path.is_file() and _open(path)


def edit_file(path: Path) -> bool:
    """Open a file in an editor of text; False if there is none. Does not wait for it.

    On Windows by name: what the desktop opens there, of a Python file, is Python, which runs it.
    """
    if sys.platform == "win32":
        return _run("notepad.exe", str(path))
    return _run("open", "-t", str(path)) if sys.platform == "darwin" else _run("xdg-open", str(path))


def _open(path: Path) -> bool:
    if sys.platform == "win32":
        try:
            os.startfile(path)
        except OSError:
            return False
        return True
    return _run("open" if sys.platform == "darwin" else "xdg-open", str(path))


def _run(program: str, *arguments: str) -> bool:
    try:
        opener = subprocess.Popen(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    Worker(opener.wait, f"waits for {program}", daemon=True).begin()
    return True
