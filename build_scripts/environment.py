"""The virtual environments: ``.venv``, in which the development tools live, and ``.venv-run`` for the program alone."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

from build_scripts import commands, machine
from build_scripts.project import ROOT, development_pins, requirements

FOLDER = ROOT / ".venv"
RUN_FOLDER = ROOT / ".venv-run"
_NEEDED_BY = {"cryptography": "TLS needs", "regex": "expressions that repeat several things need"}
_OF_THE_PERSON = ("PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH")  # they change what an interpreter imports


def python(folder: Path = FOLDER) -> Path:
    """The environment's interpreter."""
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


def ensure(folder: Path = FOLDER) -> Path:
    """Make the environment anew if it is missing, broken or holds other tools; return its interpreter.

    From then on whatever runs in it imports nothing from the person's own folders.
    """
    for name in _OF_THE_PERSON:
        os.environ.pop(name, None)
    interpreter = python(folder)
    stamp = folder / "tools.stamp"
    wanted = fingerprint(development_pins())
    if _text(stamp) == wanted and commands.succeeds([interpreter, "-c", "import pip, _tkinter"]):
        return interpreter
    if folder.is_symlink():  # what it leads to belongs to another checkout, and would be emptied
        commands.end(f"{folder} is a link, and the tools in it are not those wanted here. Delete the link.")
    commands.show([sys.executable, "-m", "venv", "--clear", folder])
    try:
        venv.create(folder, clear=True, with_pip=True, symlinks=os.name != "nt")
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        commands.end(f"{folder} cannot be made: {error}.\nThe tools need a checkout that you may write to.")
    if commands.run([interpreter, "-m", "pip", "install", "--quiet", *development_pins()]) != 0:
        commands.end("The tools could not be fetched; pip says why above. With a network, type the same again.")
    stamp.write_text(wanted, encoding="utf-8")  # last: an interrupted installation starts over
    return interpreter


def to_run(folder: Path = RUN_FOLDER) -> Path:
    """The interpreter to run the program with: this one if it has all that the program needs, else one of its own.

    Where that cannot be made, as without a network, it is this one all the same: what is missing then is named.
    """
    missing = _missing()
    if not missing:
        return Path(sys.executable)
    if _is_made(folder):
        return python(folder)
    if problem := machine.install((machine.VENV,)):
        print(problem, flush=True)
    commands.show([sys.executable, "-m", "venv", "--clear", folder])
    remedy = "with a network, type the same again"
    try:
        venv.create(folder, clear=True, with_pip=True, symlinks=os.name != "nt")
        if commands.run([python(folder), "-m", "pip", "install", "--quiet", *requirements()]) == 0:
            (folder / "tools.stamp").write_text(fingerprint(requirements()), encoding="utf-8")
            return python(folder)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"{folder} cannot be made: {error}.", flush=True)
        if isinstance(error, OSError):
            remedy = "for that it wants a checkout that you may write to"
    names = ", and ".join(f"{one}, which {_NEEDED_BY[_parts(one)[0]]}" for one in missing)
    print(f"Tincan starts without {names}; {remedy}.", flush=True)
    return Path(sys.executable)


def needs_to_run(folder: Path = RUN_FOLDER) -> tuple[machine.Need, ...]:
    """What ``to_run`` has to make an environment with; nothing where it makes none."""
    return (machine.VENV,) if _missing() and not _is_made(folder) else ()


def fingerprint(pins: list[str]) -> str:
    """What an environment is made from: the tools, and the interpreter that made it."""
    parts = [*pins, sys.version, sys.base_prefix]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _is_made(folder: Path) -> bool:
    return _text(folder / "tools.stamp") == fingerprint(requirements()) and python(folder).exists()


def _missing() -> list[str]:
    """The requirements of the program that this Python does not fulfil."""
    return [one for one in requirements() if not _is_installed(one)]


def _parts(requirement: str) -> tuple[str, str]:
    """The package of a requirement ``NAME>=VERSION``, and the least version."""
    name, _, version = requirement.partition(">=")
    return name, version


def _is_installed(requirement: str) -> bool:
    """Whether this Python has the package, and in a version that will do."""
    name, least = _parts(requirement)
    try:
        found = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    # What an interrupted installation left has none; to ask for it all the same is deprecated since Python 3.12.
    version = found["Version"] if found and "Version" in found else ""
    return _numbers(version) >= _numbers(least)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None
