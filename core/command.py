"""How Tincan starts itself again: its terminal programs, each in a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def command_line() -> list[str]:
    """What stands before ``serve``, ``connect``, ``export`` or ``find`` to run it in another process."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, "-m", "core"]


def environment() -> dict[str, str]:
    """What that process needs to find the same Tincan, wherever it is started."""
    known = dict(os.environ)
    if not getattr(sys, "frozen", False):
        here = str(Path(__file__).resolve().parent.parent)
        known["PYTHONPATH"] = os.pathsep.join(filter(None, [here, known.get("PYTHONPATH")]))
    return known
