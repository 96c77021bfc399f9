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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from build_scripts import commands

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
CANNOT_GO_ON = 2


@dataclass(frozen=True, slots=True)
class Need:
    """Something that no virtual environment can bring; the names are those of the package managers."""

    what: str
    is_there: Callable[[], bool]
    apt: str = ""
    dnf: str = ""
    brew: str = ""
    of_python: bool = False  # part of the interpreter: a package serves only the distribution's own


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
    apt="python3-tk",
    dnf="python3-tkinter",
    brew=f"python-tk@{PYTHON}",
    of_python=True,
)
VENV = Need(
    "virtual environments for Python (venv, ensurepip)",
    _imports("ensurepip"),
    apt="python3-venv",
    dnf="python3",
    brew=f"python@{PYTHON}",
    of_python=True,
)
SHARED_LIBRARY = Need(
    "Python as a shared library",
    _has_shared_library,
    apt=f"libpython{PYTHON}",
    dnf="python3-libs",
    of_python=True,
)
BINUTILS = Need("objdump, objcopy and strip", _on_path("objcopy"), apt="binutils", dnf="binutils")
VIRTUAL_DISPLAY = Need("a display without a screen (Xvfb)", _on_path("Xvfb"), apt="xvfb", dnf="xorg-x11-server-Xvfb")
FONTS = Need(
    "a font for the window",
    lambda: any(Path("/usr/share/fonts").rglob("*.[to]t[fc]")),
    apt="fonts-dejavu-core",
    dnf="dejavu-sans-fonts",
)

_ON_LINUX = sys.platform == "linux"
TO_RUN = (TK,)
TO_TEST = (TK, VENV, VIRTUAL_DISPLAY, FONTS) if _ON_LINUX else (TK, VENV)
TO_BUILD = (*TO_TEST, SHARED_LIBRARY, BINUTILS) if _ON_LINUX else TO_TEST


def ensure(needs: Iterable[Need]) -> None:
    """Install what is missing if this can be done without asking; otherwise say what to type, and end."""
    missing = [need for need in needs if not need.is_there()]
    if not missing:
        return
    print("Missing on this machine: " + "; ".join(need.what for need in missing) + ".")
    if not is_distribution_python() and any(need.of_python for need in missing):
        _end(_other_python())
    if platform.system() == "Linux" and shutil.which("apt-get"):
        _install_with_apt(missing)
    else:
        _end(_line_to_type(missing))
    still_missing = [need.what for need in missing if not need.is_there()]
    if still_missing:
        _end("The packages are installed, but this is still missing: " + "; ".join(still_missing) + ".")


def is_distribution_python() -> bool:
    """Whether this interpreter came from the system's own packages, which can then complete it."""
    if sys.platform == "linux":
        return sys.base_prefix == "/usr"
    return not any(name in sys.base_prefix for name in (".pyenv", "conda", "/uv/"))


def _install_with_apt(missing: Sequence[Need]) -> None:
    packages = [need.apt for need in missing]
    prefix = _root_prefix()
    if prefix is None:
        _end(_line_to_type(missing))
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    keep = ["env", "DEBIAN_FRONTEND=noninteractive"] if prefix else []
    commands.check([*prefix, "apt-get", "update"])
    commands.check([*prefix, *keep, "apt-get", "install", "-y", "--no-install-recommends", *packages], quiet)


def _root_prefix() -> list[str] | None:
    """What to put before a command to run it as root; None if a password would be asked for."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if commands.succeeds(["sudo", "-n", "true"]) else None


def _line_to_type(missing: Sequence[Need]) -> str:
    """The one line that installs what is missing, for the package manager that is here."""
    if shutil.which("apt-get"):
        return "Type this, then try again:\n  sudo apt-get install " + " ".join(need.apt for need in missing)
    if shutil.which("dnf"):
        return "Type this, then try again:\n  sudo dnf install " + " ".join(need.dnf for need in missing)
    if shutil.which("brew"):
        return "Type this, then try again:\n  brew install " + " ".join(need.brew for need in missing)
    if sys.platform == "win32":
        return "Run the installer of python.org again, choose Modify, and tick 'tcl/tk and IDLE' and 'pip'."
    return "Install it with this system's package manager, then try again."


def _other_python() -> str:
    return (
        f"{sys.executable} is not this system's own Python, so no package can complete it.\n"
        f"Either install it again with Tcl/Tk and as a shared library"
        f" (with pyenv: PYTHON_CONFIGURE_OPTS=--enable-shared, after installing tk-dev),\n"
        f"or use the system's own: /usr/bin/python3 {sys.argv[0]}"
    )


def _end(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise SystemExit(CANNOT_GO_ON)
