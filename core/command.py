"""How Tincan is started: what its standard streams are, and its terminal programs in processes of their own."""

from __future__ import annotations

import gc
import io
import os
import site
import sys
from pathlib import Path
from typing import TextIO

_PACKAGE = __name__.rpartition(".")[0]  # "core" in the checkout, "tincan.core" where pip installed it
_ROOT = Path(__file__).resolve().parents[_PACKAGE.count(".") + 1]  # the folder that it is imported from


def program_name() -> str:
    """What a person types before ``serve``, ``connect``, ``export`` or ``find``."""
    return "python -m core" if _PACKAGE == "core" and not _is_frozen() else "tincan"


def module_name(name: str) -> str:
    """The name by which a module that the checkout has as ``core.…`` or ``gui.…`` is imported here.

    For whoever imports by a text: pip installs them within ``tincan``, and only the names in import statements are
    renamed then. The ``core`` that would be found is somebody else's.
    """
    return f"{_PACKAGE.removesuffix('core')}{name}"


def look_for_garbage_seldom() -> None:
    """Have Python look for garbage after 10,000 new objects instead of 700.

    It looks through all that waits to be recorded each time: a tenth of what an entry costs. For programs of our own;
    what others import leaves that to them.
    """
    gc.set_threshold(10_000)


def command_line() -> list[str]:
    """What stands before ``serve``, ``connect``, ``export`` or ``find`` to run it in another process."""
    if _is_frozen():
        return [sys.executable]
    return [sys.executable, "-P", "-m", _PACKAGE]  # -P: not the ``core`` that may lie in the current folder


def own_process(name: str, module: str) -> list[str]:
    """What runs a program that nobody types: by its ``name`` where Tincan is packed, else its module within ``core``.

    So it loads what it needs, and not all the terminal programs.
    """
    if _is_frozen():
        return [sys.executable, name]
    return [sys.executable, "-P", "-m", f"{_PACKAGE}.{module}"]


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


def words_of(command: str, platform: str = sys.platform) -> list[str]:
    """The words of a command line as one writes it on this system. Raises ``ValueError`` for an open quotation."""
    import shlex

    return _words_for_windows(command) if platform == "win32" else shlex.split(command)


def _words_for_windows(command: str) -> list[str]:
    """A backslash is itself, but for those before a quotation mark, of which it can make one of the word.

    As Microsoft's "Parsing C command-line arguments" has it.
    """
    import re

    words: list[str] = []
    word: str | None = None
    is_quoted = False
    for part in re.findall(r'\\*"|\\+|[ \t]+|[^\\" \t]+', command):
        if part.isspace() and not is_quoted:
            words += [] if word is None else [word]
            word = None
        elif part.endswith('"'):
            backslashes = len(part) - 1
            is_mark = backslashes % 2 == 1
            word = (word or "") + "\\" * (backslashes // 2) + '"' * is_mark
            is_quoted ^= not is_mark
        else:
            word = (word or "") + part
    if is_quoted:
        raise ValueError("No closing quotation")
    return words if word is None else [*words, word]


def use_utf_8_in_pipes() -> None:
    """Read and write the text of pipes and files as UTF-8 on Windows as well, where Python takes the code page.

    Consoles have it already (PEP 528). Before anything was read; what ``PYTHONIOENCODING`` asks for stays.
    """
    if sys.platform != "win32" or os.environ.get("PYTHONIOENCODING"):
        return
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not is_windows_console(stream):
            stream.reconfigure(encoding="utf-8", errors=stream.errors)


def open_closed_streams() -> None:
    """Have standard streams that were closed when the program began lead nowhere.

    Else ``print`` writes what is meant for standard error to standard output, and the next file or socket that is
    opened gets the descriptor of one.
    """
    sys.stdin = sys.stdin or os.fdopen(os.open(os.devnull, os.O_RDONLY), encoding="utf-8")
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def is_windows_console(stream: TextIO) -> bool:
    """Whether Python itself reads or writes it as a console of Windows."""
    return type(raw_file(stream)).__name__ == "_WindowsConsoleIO"


def raw_file(stream: TextIO) -> io.RawIOBase | None:
    """What reads or writes the file itself, below the buffer and the text."""
    return getattr(getattr(stream, "buffer", None), "raw", None)


def _is_frozen() -> bool:
    return getattr(sys, "frozen", False)
