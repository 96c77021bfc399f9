"""How Tincan starts itself again: its terminal programs, each in a process of its own."""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path

_PACKAGE = __name__.rpartition(".")[0]  # "core" in the checkout, "tincan.core" where pip installed it
_ROOT = Path(__file__).resolve().parents[_PACKAGE.count(".") + 1]  # the folder that it is imported from


def program_name() -> str:
    """What a person types before ``serve``, ``connect``, ``export`` or ``find``."""
    return "python -m core" if _PACKAGE == "core" and not _is_frozen() else "tincan"


def command_line() -> list[str]:
    """What stands before ``serve``, ``connect``, ``export`` or ``find`` to run it in another process."""
    if _is_frozen():
        return [sys.executable]
    return [sys.executable, "-P", "-m", _PACKAGE]  # -P: not the ``core`` that may lie in the current folder


def environment() -> dict[str, str]:
    """What that process needs to find the same Tincan, wherever it is started.

    A folder of installed packages is not named in it: Python finds it by itself, behind its own library, which what
    ``PYTHONPATH`` names would hide.
    """
    known = dict(os.environ)
    if _is_frozen():
        return known
    installed = [*site.getsitepackages(), site.getusersitepackages()]
    if str(_ROOT) not in installed:
        known["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_ROOT), known.get("PYTHONPATH")]))
    return known


def _is_frozen() -> bool:
    return getattr(sys, "frozen", False)
