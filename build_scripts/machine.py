"""What this machine must have installed: what is missing is installed, or named in one line to type.

Everything else of the project lives in its own folder; this is the only module that changes the
machine, and only through its package manager.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from build_scripts import commands

_MAJOR, _MINOR = sys.version_info[:2]
PYTHON = f"{_MAJOR}.{_MINOR}"
_LOCKED_FOR = 120  # seconds: a system that has just started installs its own updates, and nobody else may meanwhile


@dataclass(frozen=True, slots=True)
class PackageManager:
    """A program that installs packages; the steps are command lines, and the packages come behind the last."""

    program: str
    steps: tuple[str, ...]
    needs_root: bool = True


@dataclass(frozen=True, slots=True)
class Need:
    """Something that no virtual environment can bring, and its package by the name of the package manager."""

    what: str
    is_there: Callable[[], bool]
    packages: Mapping[str, str]
    of_python: bool = False  # part of the interpreter: a package serves only the distribution's own


# The first that is on the PATH is taken: Debian has packages of dnf and pacman, Fedora one of zypper.
PACKAGE_MANAGERS = (
    PackageManager("apt-get", ("apt-get update", "apt-get install")),
    PackageManager("dnf", ("dnf install",)),
    PackageManager("zypper", ("zypper install",)),
    PackageManager("pacman", ("pacman -Syu --needed",)),  # Arch supports no new package beside old ones
    PackageManager("apk", ("apk add --update-cache",)),
    PackageManager("brew", ("brew install",), needs_root=False),
)


def _imports(module: str) -> Callable[[], bool]:
    def is_there() -> bool:
        importlib.invalidate_caches()
        try:
            importlib.import_module(module)
        except ImportError:
            return False
        return True

    return is_there


def _on_path(program: str) -> Callable[[], bool]:
    return lambda: shutil.which(program) is not None


def _has_shared_library() -> bool:
    """Whether the interpreter can be packed: a frozen program loads Python from a shared library."""
    if sys.platform != "linux":
        return True
    name = sysconfig.get_config_var("INSTSONAME")
    if not sysconfig.get_config_var("Py_ENABLE_SHARED") or not name:
        return False
    if (Path(sysconfig.get_config_var("LIBDIR")) / name).exists():
        return True
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


TK = Need(
    "Tk for Python (tkinter)",
    _imports("_tkinter"),
    {
        "apt-get": "python3-tk",
        "dnf": "python3-tkinter",
        "zypper": f"python{_MAJOR}{_MINOR}-tk",
        "pacman": "tk",
        "apk": "python3-tkinter",
        "brew": f"python-tk@{PYTHON}",
    },
    of_python=True,
)
VENV = Need(
    "virtual environments for Python (venv, ensurepip)",
    _imports("ensurepip"),
    {
        "apt-get": "python3-venv",
        "dnf": "python3",
        "zypper": f"python{_MAJOR}{_MINOR}",
        "pacman": "python",
        "apk": "python3",
        "brew": f"python@{PYTHON}",
    },
    of_python=True,
)
SHARED_LIBRARY = Need(
    "Python as a shared library",
    _has_shared_library,
    {
        "apt-get": f"libpython{PYTHON}",
        "dnf": "python3-libs",
        "zypper": f"libpython{_MAJOR}_{_MINOR}-1_0",
        "pacman": "python",
        "apk": "python3",
    },
    of_python=True,
)
BINUTILS = Need(
    "objdump, objcopy and strip",
    _on_path("objcopy"),
    dict.fromkeys(("apt-get", "dnf", "zypper", "pacman", "apk"), "binutils"),
)
DPKG = Need(
    "dpkg-deb, which packs the package for Debian",
    _on_path("dpkg-deb"),
    dict.fromkeys(("apt-get", "dnf", "zypper", "pacman", "apk"), "dpkg"),
)
VIRTUAL_DISPLAY = Need(
    "a display without a screen (Xvfb)",
    _on_path("Xvfb"),
    {
        "apt-get": "xvfb",
        "dnf": "xorg-x11-server-Xvfb",
        "zypper": "xorg-x11-server-Xvfb",
        "pacman": "xorg-server-xvfb",
        "apk": "xvfb",
    },
)
FONTS = Need(
    "a font for the window",
    lambda: any(Path("/usr/share/fonts").rglob("*.[to]t[fc]")),
    {
        "apt-get": "fonts-dejavu-core",
        "dnf": "dejavu-sans-fonts",
        "zypper": "dejavu-fonts",
        "pacman": "ttf-dejavu",
        "apk": "font-dejavu",
    },
)
SQLITE_TOOL = Need(
    "the command-line tool of SQLite",
    _on_path("sqlite3"),
    {"apt-get": "sqlite3", "dnf": "sqlite", "zypper": "sqlite3", "pacman": "sqlite", "apk": "sqlite"},
)

_ON_LINUX = sys.platform == "linux"
TO_RUN = (TK,)
TO_TEST = (TK, VENV, VIRTUAL_DISPLAY, FONTS, SQLITE_TOOL) if _ON_LINUX else (TK, VENV)
TO_BUILD = (*TO_TEST, SHARED_LIBRARY, BINUTILS, DPKG) if _ON_LINUX else TO_TEST


def ensure(needs: Iterable[Need], wanted_later: Iterable[Need] = ()) -> None:
    """Install what is missing if this can be done without asking; otherwise say what to type, and end.

    What is ``wanted_later`` is no reason to do so, but comes with the rest: a person types one line, and not one after
    the other.
    """
    if problem := install(needs, wanted_later):
        commands.end(problem)


def install(needs: Iterable[Need], wanted_later: Iterable[Need] = ()) -> str:
    """Install what is missing if this can be done without asking; else what to tell the person, in whole sentences."""
    missing = [need for need in needs if not need.is_there()]
    if not missing:
        return ""
    missing += [need for need in wanted_later if not need.is_there()]
    print("Missing on this machine: " + "; ".join(need.what for need in missing) + ".", flush=True)
    if not is_distribution_python() and any(need.of_python for need in missing):
        others = [need for need in missing if not need.of_python]
        return "\n".join([_other_python(), *([_what_to_type(others)] if others else [])])
    prefix = _root_prefix()
    if platform.system() != "Linux" or not shutil.which("apt-get") or prefix is None:
        return _what_to_type(missing)
    if not _install_with_apt(missing, prefix):
        return (
            "apt-get could not install that; the reason stands above. It needs a network, and a source that has it.\n"
            + _what_to_type(missing)
        )
    still_missing = [need.what for need in missing if not need.is_there()]
    if still_missing:
        return "The packages are installed, but this is still missing: " + "; ".join(still_missing) + "."
    return ""


def is_distribution_python() -> bool:
    """Whether this interpreter came from the system's own packages, which can then complete it."""
    if sys.platform == "linux":
        return sys.base_prefix == "/usr"
    return not any(name in sys.base_prefix for name in (".pyenv", "conda", "/uv/"))


def _install_with_apt(missing: Sequence[Need], prefix: Sequence[str]) -> bool:
    """Whether the packages are installed afterwards."""
    packages = [need.packages["apt-get"] for need in missing]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    keep = ["env", "DEBIAN_FRONTEND=noninteractive"] if prefix else []
    if commands.run([*prefix, "apt-get", "update"]) != 0:  # a single source that is gone makes it fail
        print("Not every source of packages could be read; the others may do.", flush=True)
    options = ["-y", "--no-install-recommends", "-o", f"DPkg::Lock::Timeout={_LOCKED_FOR}"]
    return commands.run([*prefix, *keep, "apt-get", "install", *options, *packages], quiet) == 0


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _root_prefix() -> list[str] | None:
    """What to put before a command to run it as root; None if a password would be asked for."""
    if _is_root():
        return []
    return ["sudo", "-n"] if commands.succeeds(["sudo", "-n", "true"]) else None


def _what_to_type(missing: Sequence[Need]) -> str:
    """The one line that installs what is missing, for the package manager that is here."""
    if sys.platform == "win32":
        return "Run the installer of python.org again, choose Modify, and tick 'tcl/tk and IDLE' and 'pip'."
    here = (manager for manager in PACKAGE_MANAGERS if shutil.which(manager.program))
    manager = next(here, None)
    if manager is None or any(manager.program not in need.packages for need in missing):
        return "Install it with this system's package manager, then try again."
    packages = dict.fromkeys(need.packages[manager.program] for need in missing)  # two needs may have one package
    who, sudo = "", ""
    if manager.needs_root and not _is_root():
        who, sudo = ("", "sudo ") if shutil.which("sudo") else (" as root", "")
    line = " && ".join(sudo + step for step in manager.steps)
    return f"Type this{who}, then try again:\n  {line} {' '.join(packages)}"


def _other_python() -> str:
    own = Path("/usr/bin/python3")
    use_it = f",\nor use the system's own: {own} {sys.argv[0]}" if sys.platform == "linux" and own.exists() else "."
    return (
        f"{sys.executable} is not this system's own Python, so no package can complete it.\n"
        f"Either install it again with Tcl/Tk and as a shared library"
        f" (with pyenv: PYTHON_CONFIGURE_OPTS=--enable-shared, after installing tk-dev){use_it}"
    )
