"""A Python for 64-bit Windows, put together on another system from what the package registries have.

The DLLs come from the wheel of panda3d, which carries a genuine CPython with ``_tkinter``, Tcl/Tk, SQLite and OpenSSL
for its own packed games; nothing else of it is used. The standard library is that of the running interpreter, and the
scripts of Tcl and Tk are those of Debian: all of the same minor version as the DLLs. The tools of a developer are
wheels for Windows.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

from build_scripts import commands
from build_scripts.project import development_pins
from build_scripts.windows.launcher import exported, forwarding_library, launcher

_MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
_DLLS = {"3.11": "panda3d==1.10.16", "3.13": "panda3d==1.10.16"}  # minor versions that it was built for
_OF_OTHER_SYSTEMS = ("lib-dynload", "site-packages", "dist-packages", "test", "idlelib", "__pycache__", "config-*")
_TCL_SCRIPTS = Path("/usr/share/tcltk")
# pip asks this machine, not the target, which of these a package needs.
_ONLY_ON_WINDOWS = ("altgraph", "colorama", "pefile", "pywin32-ctypes")
# Windows 10 has it, Wine 8 has not. What is compiled by Rust takes random numbers from there.
_RANDOM = ("bcryptprimitives.dll", {"ProcessPrng": "ADVAPI32.SystemFunction036"})
_STAMP = "assembled.txt"
_FETCHED_WITHIN = 300.0  # seconds


class AssemblyError(Exception):
    """Why there can be no Windows Python on this machine, as a sentence."""


def assemble(folder: Path) -> Path:
    """The ``python.exe`` in ``folder``, made now if it is not there yet. Raises ``AssemblyError``."""
    program = folder / "python.exe"
    recipe = "\n".join((sys.version.split()[0], _DLLS.get(_MINOR, ""), _RANDOM[0], *development_pins()))
    stamp = folder / _STAMP
    if stamp.exists() and stamp.read_text() == recipe:
        return program
    if _MINOR not in _DLLS:
        raise AssemblyError(f"There is no Python {_MINOR} for Windows to be had; there is {' and '.join(_DLLS)}.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _unpack_libraries(folder)
    _copy_standard_library(folder / "Lib")
    _copy_tcl(folder)
    library = f"python{_MINOR.replace('.', '')}"
    program.write_bytes(launcher(f"{library}.dll"))
    _add_stable_interface(folder, library)
    (folder / _RANDOM[0]).write_bytes(forwarding_library(*_RANDOM))
    _install_tools(folder / "Lib" / "site-packages")
    stamp.write_text(recipe)
    return program


def _unpack_libraries(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as wheels:
        _pip("download", "--no-deps", "--dest", wheels, _DLLS[_MINOR])
        (wheel,) = Path(wheels).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.startswith("deploy_libs/"):
                    (folder / Path(name).name).write_bytes(archive.read(name))


def _add_stable_interface(folder: Path, library: str) -> None:
    """The DLL by which modules that fit every Python 3 find this one; panda3d needs none."""
    names = exported((folder / f"{library}.dll").read_bytes())
    (folder / "python3.dll").write_bytes(
        forwarding_library("python3.dll", {name: f"{library}.{name}" for name in names})
    )


def _copy_standard_library(target: Path) -> None:
    shutil.copytree(sysconfig.get_path("stdlib"), target, ignore=shutil.ignore_patterns(*_OF_OTHER_SYSTEMS))
    # A patch release of the DLL calls this on the class, where an older file has an ordinary method.
    metadata = target / "importlib" / "metadata" / "__init__.py"
    text = metadata.read_text("utf-8")
    method, marked = "\n    def invalidate_caches(cls)", "\n    @classmethod"
    if marked + method not in text:
        metadata.write_text(text.replace(method, marked + method), "utf-8")


def _copy_tcl(folder: Path) -> None:
    """Tcl's and Tk's scripts, told the patch level of the DLLs, without which these refuse them."""
    for name, dll, file in (("tcl8.6", "tcl86t.dll", "init.tcl"), ("tk8.6", "tk86t.dll", "tk.tcl")):
        if not (_TCL_SCRIPTS / name).is_dir():
            raise AssemblyError(f"{_TCL_SCRIPTS / name} is missing: Debian's python3-tk brings it.")
        shutil.copytree(_TCL_SCRIPTS / name, folder / "tcl" / name)
        found = re.search(rb"8\.6\.\d+(?=\0)", (folder / dll).read_bytes())
        if found is None:
            raise AssemblyError(f"{dll} does not say which version it is.")
        script = folder / "tcl" / name / file
        text = script.read_text("utf-8")
        exact = rf"\g<1>{found.group().decode()}"
        script.write_text(re.sub(r"(package require -exact (?:Tcl|Tk)\s+)8\.6\.\d+", exact, text), "utf-8")


def _install_tools(target: Path) -> None:
    tools = [pin for pin in development_pins() if not pin.startswith(("mypy", "ruff", "cyclonedx"))]
    _pip("install", "--target", str(target), *tools, *_ONLY_ON_WINDOWS)


def _pip(*arguments: str) -> None:
    target = ("--only-binary=:all:", "--platform", "win_amd64", "--python-version", _MINOR, "--implementation", "cp")
    command = [sys.executable, "-m", "pip", arguments[0], "--quiet", "--disable-pip-version-check", *target]
    commands.show([*command, *arguments[1:]])
    try:
        done = subprocess.run(
            [*command, *arguments[1:]], stderr=subprocess.PIPE, text=True, check=False, timeout=_FETCHED_WITHIN
        )
    except subprocess.TimeoutExpired:
        raise AssemblyError(f"pip did not get what is needed within {_FETCHED_WITHIN:.0f} s.") from None
    if done.returncode:
        raise AssemblyError(f"pip could not get what is needed: {done.stderr.strip().splitlines()[-1:]}")
