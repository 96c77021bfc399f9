"""Prove on a Debian that has nothing but its smallest base what the README promises to somebody with a fresh machine.

python -m build_scripts.bare_debian [--suite SUITE] [--package FILE] [PROOF ...]

The proofs, of which ``run`` and ``test`` are made unless others are named:

run      a user without rights is told the one line to type; then root types the README's first command, and the window
         must open
test     root types the README's second command, and every check must pass
package  the Debian package that was built (or FILE) installs, passes its self-test, and leaves nothing behind

What is tried is the commit that is checked out, with Debian's own Python, in a root folder made by debootstrap that
has this machine's network settings. Needs root on Debian or Ubuntu and their archive; where that is lacking the exit
code is 77. The base system is kept for a week in the user's folder for caches.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from build_scripts import commands, machine
from build_scripts.drive import WINDOW_CLASS, appeared
from build_scripts.project import APP_ID, RELEASE, ROOT
from build_scripts.running import SmokeError, end
from build_scripts.situations import AS_NOBODY, is_root_on_linux
from build_scripts.target import this_target
from build_scripts.x11 import Display, DisplayError
from build_scripts.xvfb import VirtualDisplay

SKIPPED = 77  # exit code where this cannot be tried, as automake has it
SUITES = ("bookworm", "trixie", "sid")
PROOFS = ("run", "test", "package")
NEEDS = (
    machine.Need("debootstrap", lambda: shutil.which("debootstrap") is not None, {"apt-get": "debootstrap"}),
    machine.VIRTUAL_DISPLAY,
)
_KEPT_FOR = 7 * 24 * 3600  # seconds
_RUNS_WITHIN = 600.0  # seconds from the first command to the window; most of it are downloads
_REACTION = 0.3  # seconds between what a person sees and the first key
_ENDS_WITHIN = 10.0  # seconds after Ctrl+Q
_CHECKOUT = "opt/tincan"  # below the root folder: everybody may read it, and only root write
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SOCKETS = "tmp/.X11-unix"
_RUN = ("python3", "build_scripts/dev.py", "run")
_TEST = ("python3", "build_scripts/dev.py", "test")
_TOLD = [
    "Missing on this machine: Tk for Python (tkinter); virtual environments for Python (venv, ensurepip).",
    "Type this as root, then try again:",
    "  apt-get update && apt-get install python3-tk python3-venv",
]

# Mounts belong to a namespace of the processes inside and end with them: whatever becomes of this script, none is left
# in a folder that is about to be removed.
_OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private")
_OWN_PROCESSES = ("--pid", "--fork", "--kill-child")
_MOUNT_SYSTEM = (  # first the root folder itself: what is no mount point cannot be given to an own mount namespace
    'mount --bind "$0" "$0" && mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc"'
    ' && mount -t sysfs -o ro sysfs "$0/sys"'
)
_MOUNT_DISPLAYS = f'mkdir -p -m 1777 "$0/{_SOCKETS}" && mount --bind "/{_SOCKETS}" "$0/{_SOCKETS}"'
_ENTER = 'exec chroot "$0" env -i "$@"'

# How this machine reaches the package archive and the package index. Files below ~ are root's inside.
_NETWORK_FILES = (
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/pip.conf",
    "/etc/ssl/certs/ca-certificates.crt",
    "~/.config/pip/pip.conf",
    "~/.pip/pip.conf",
)
_OWN_CERTIFICATES = Path(
    "/usr/local/share/ca-certificates"
)  # from which ca-certificates, once installed, makes its file
_NETWORK_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "ssl_cert_file", "requests_ca_bundle")
_NETWORK_OF_APT = ("Acquire::http", "Acquire::Check", "Acquire::Force", "Acquire::Retries")
_DESKTOP_FILES = (
    f"usr/share/applications/{APP_ID}.desktop",
    f"usr/share/metainfo/{APP_ID}.metainfo.xml",
    f"usr/share/mime/packages/{APP_ID}.xml",
    f"usr/share/icons/hicolor/48x48/apps/{APP_ID}.png",
    "usr/share/man/man1/tincan.1.gz",
)


class CannotBeTriedError(Exception):
    """This machine lacks what the proofs need; the message says what."""


class BareDebian:
    """A root folder with a base system, and the processes in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._variables = {"HOME": "/root", "PATH": _PATH, **network_variables(os.environ)}

    def command(self, command: Sequence[str], display: str = "") -> list[str]:
        """The command line for this machine that runs ``command`` inside, in the checkout if there is one."""
        folder = f"/{_CHECKOUT}" if (self.root / _CHECKOUT).is_dir() else "/"
        variables = {**self._variables, **({"DISPLAY": display} if display else {})}
        steps = [_MOUNT_SYSTEM, *([_MOUNT_DISPLAYS] if display else []), _ENTER]
        inside = [f"--chdir={folder}", *(f"{name}={value}" for name, value in variables.items()), *command]
        return [*_OWN_MOUNTS, *_OWN_PROCESSES, "sh", "-c", " && ".join(steps), str(self.root), *inside]

    def run(self, *command: str, display: str = "") -> int:
        """Run a command inside; its exit code."""
        _show(command)
        return subprocess.run(self.command(command, display), check=False).returncode

    def check(self, *command: str, display: str = "") -> None:
        """Run a command inside. Raises ``SmokeError`` if it fails."""
        if code := self.run(*command, display=display):
            raise SmokeError(f"{shlex.join(command)} exited with {code}")

    def install(self, package: str) -> int:
        """Install a package by hand; the exit code of ``apt-get``."""
        options = ("-y", "-qq", "-o", "Dpkg::Use-Pty=0", "--no-install-recommends")
        return self.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", *options, package)


def main(arguments: Sequence[str]) -> int:
    """Make the proofs; the exit code."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _clean_up)
    try:
        _look_whether_it_can_be_tried()
        base = _base_system(options.suite)
        if "package" in options.proofs:
            with _unpacked(base) as debian, VirtualDisplay(open_to_all=True) as display:
                _prove_package(debian, options.package, display)
        if {"run", "test"} & set(options.proofs):
            with _unpacked(base) as debian:
                _install_python_and_project(debian)
                if "run" in options.proofs:
                    _prove_run(debian)
                if "test" in options.proofs:
                    _prove_test(debian)
    except CannotBeTriedError as reason:
        print(f"Skipped: {reason}")
        return SKIPPED
    except SmokeError as error:
        print(f"FAILED on a bare {options.suite}: {error}", file=sys.stderr)
        return 1
    print(f"Proved on a bare {options.suite}: {', '.join(options.proofs)}.")
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    description, _, explanation = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m build_scripts.bare_debian",
        description=description,
        epilog=explanation.partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--suite", choices=SUITES, default=SUITES[0], help="the Debian (default: %(default)s)")
    package = RELEASE / f"{this_target().name}.deb"
    parser.add_argument("--package", type=Path, default=package, metavar="FILE", help="the package to prove")
    parser.add_argument("proofs", nargs="*", metavar="PROOF", help=", ".join(PROOFS))
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.proofs) - set(PROOFS)):
        parser.error(f"there is no proof {unknown[0]!r}; there are {', '.join(PROOFS)}")
    options.proofs = options.proofs or ["run", "test"]
    if "package" in options.proofs and not options.package.is_file():
        parser.error(f"there is no package {options.package}; dev.py build makes one")
    return options


def _look_whether_it_can_be_tried() -> None:
    """Raise ``CannotBeTriedError`` if this machine cannot make a bare Debian."""
    if not is_root_on_linux() or shutil.which("apt-get") is None:
        raise CannotBeTriedError("this needs root on Debian or Ubuntu, and the right to mount.")
    if problem := machine.install(NEEDS):
        raise CannotBeTriedError(problem)


def _base_system(suite: str) -> Path:
    """An archive of the smallest Debian there is, from the cache or made anew. Raises ``CannotBeTriedError``."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tincan-build"
    archive = folder / f"debian-{suite}.tar"
    if archive.is_file() and time.time() - archive.stat().st_mtime < _KEPT_FOR:
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        root, unfinished = Path(place) / "root", Path(place) / "base.tar"
        if commands.run([*_OWN_MOUNTS, "debootstrap", "--variant=minbase", suite, root]) != 0:
            raise CannotBeTriedError(f"debootstrap cannot make a {suite} here.")
        commands.check(["tar", "--numeric-owner", "-C", root, "-cf", unfinished, "."])
        shutil.move(unfinished, archive)
    return archive


@contextmanager
def _unpacked(base: Path) -> Iterator[BareDebian]:
    """A bare Debian for as long as the ``with`` block lasts, with this machine's network settings."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "debian"
        root.mkdir()
        commands.check(["tar", "--numeric-owner", "-C", root, "-xpf", base])
        carry_network_settings(root)
        yield BareDebian(root)


def network_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables by which pip and apt-get find their way out of this machine."""
    return {
        name: value
        for name, value in environment.items()
        if name.lower() in _NETWORK_VARIABLES or name.startswith("PIP_")
    }


def carry_network_settings(root: Path) -> None:
    """Copy into ``root`` what this machine needs to reach the package archive and the package index."""
    named = [value for value in network_variables(os.environ).values() if value.startswith("/")]
    for name in (*_NETWORK_FILES, *named):
        source = Path(name).expanduser()
        if source.is_file():
            copy = root / name.replace("~", "root", 1).lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.unlink(missing_ok=True)  # what may be a link to somewhere outside
            shutil.copyfile(source, copy)
    if _OWN_CERTIFICATES.is_dir():
        shutil.copytree(_OWN_CERTIFICATES, root / _OWN_CERTIFICATES.relative_to("/"), dirs_exist_ok=True)
    told = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    lines = [line for line in told.splitlines(keepends=True) if line.startswith(_NETWORK_OF_APT)]
    (root / "etc/apt/apt.conf.d/99network-of-the-host").write_text("".join(lines), encoding="utf-8")


def _install_python_and_project(debian: BareDebian) -> None:
    """Bring about what a newcomer has: Python and the checkout. Raises ``CannotBeTriedError``."""
    if debian.run("apt-get", "update", "-qq") or debian.install("python3"):
        raise CannotBeTriedError("the bare Debian cannot reach the package archive.")
    archive = ["git", "archive", "--format=tar", "HEAD"]
    made = subprocess.run(archive, cwd=ROOT, capture_output=True, check=False)
    if made.returncode != 0:
        raise CannotBeTriedError("this is not a git checkout, whose commit could be tried.")
    place = debian.root / _CHECKOUT
    place.mkdir(parents=True)
    subprocess.run(["tar", "-C", place, "--no-same-owner", "-xf", "-"], input=made.stdout, check=True)


def _prove_run(debian: BareDebian) -> None:
    """Type the first command: without rights a person reads what to type, and root sees the window."""
    _show([*AS_NOBODY, *_RUN])
    done = subprocess.run(
        debian.command([*AS_NOBODY, *_RUN]), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    print(done.stdout, end="", flush=True)
    if done.returncode != commands.CANNOT_GO_ON or done.stdout.splitlines() != _TOLD:
        raise SmokeError(f"who has no rights should read {_TOLD[-1].strip()!r}, and the exit code is {done.returncode}")
    _show(_RUN)
    begin = time.monotonic()
    with VirtualDisplay(open_to_all=True) as display:
        program = subprocess.Popen(debian.command(_RUN, display))
        try:
            with Display(display) as keys:
                window = appeared(program, keys, WINDOW_CLASS, _RUNS_WITHIN)
                print(f"The window is open after {time.monotonic() - begin:.1f} s.", flush=True)
                keys.focus(window)
                time.sleep(_REACTION)
                keys.press("q", control=True)
            code = program.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            raise SmokeError(f"the window did not close within {_ENDS_WITHIN:.0f} s after Ctrl+Q") from None
        except DisplayError as error:
            raise SmokeError(f"the display failed: {error}") from error
        finally:
            end(program)
    if code != 0:
        raise SmokeError(f"{shlex.join(_RUN)} exited with {code}")


def _prove_test(debian: BareDebian) -> None:
    """Type the second command."""
    debian.check(*_TEST)


def _prove_package(debian: BareDebian, package: Path, display: str) -> None:
    shutil.copyfile(package, debian.root / "tincan.deb")
    if debian.run("apt-get", "update", "-qq"):
        raise CannotBeTriedError("the bare Debian cannot reach the package archive.")
    if code := debian.install("/tincan.deb"):
        raise SmokeError(f"the package cannot be installed: apt-get exited with {code}")
    lacking = [name for name in _DESKTOP_FILES if not (debian.root / name).is_file()]
    if lacking:
        raise SmokeError(f"the package did not bring {', '.join(lacking)}")
    debian.check("tincan", "--version")
    debian.check("tincan", "--self-test", display=display)
    debian.check("apt-get", "purge", "-y", "-qq", "tincan")
    left = [path for path in debian.root.rglob("*tincan*") if path.name != "tincan.deb"]
    if left:
        raise SmokeError(f"the package left {', '.join(map(str, left))}")


def _clean_up(number: int, _frame: FrameType | None) -> None:
    """Leave by way of every ``with`` block, which ends what runs and removes what was made."""
    sys.exit(128 + number)


def _show(command: Sequence[str]) -> None:
    print(f"# {shlex.join(command)}", flush=True)


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(sys.argv[1:]))
