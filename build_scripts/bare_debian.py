"""Install the Debian package on a Debian that has nothing else, start it there, and remove it again.

python -m build_scripts.bare_debian [SUITE [PACKAGE]]

Needs root, and Debian's or Ubuntu's package archive; debootstrap is installed if it is missing. SUITE is ``bookworm``
unless told; PACKAGE is the latest that was built.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from build_scripts import commands, machine
from build_scripts.package import RELEASE
from build_scripts.situations import is_root_on_linux
from build_scripts.target import this_target
from build_scripts.xvfb import VirtualDisplay

SKIPPED = 77  # exit code where this cannot be tried, as automake has it
_DEBOOTSTRAP = machine.Need(
    "debootstrap", lambda: shutil.which("debootstrap") is not None, apt="debootstrap", dnf="debootstrap"
)
_SOCKETS = "tmp/.X11-unix"
_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
_DESKTOP_FILES = (
    "usr/share/applications/tincan.desktop",
    "usr/share/icons/hicolor/48x48/apps/tincan.png",
    "usr/share/man/man1/tincan.1.gz",
)


def main(arguments: Sequence[str]) -> int:
    """Prove the package; the exit code."""
    suite = arguments[0] if arguments else "bookworm"
    package = Path(arguments[1]) if arguments[1:] else RELEASE / f"{this_target().name}.deb"
    if not is_root_on_linux() or shutil.which("apt-get") is None:
        print("Skipped: this needs root on Debian or Ubuntu.")
        return SKIPPED
    machine.ensure([_DEBOOTSTRAP])
    with tempfile.TemporaryDirectory() as folder, VirtualDisplay(open_to_all=True) as display:
        root = Path(folder) / "debian"
        if commands.run(["debootstrap", "--variant=minbase", suite, str(root)]) != 0:
            print("Skipped: there is no bare Debian to be had here.")
            return SKIPPED
        shutil.copyfile(package, root / "tincan.deb")
        with _sockets_of_displays(root):
            return _prove(root, display)


def _prove(root: Path, display: str) -> int:
    inside = ["chroot", str(root)]
    commands.check([*inside, "apt-get", "install", "-y", "--no-install-recommends", "/tincan.deb"], _QUIET)
    lacking = [name for name in _DESKTOP_FILES if not (root / name).is_file()]
    if lacking:
        print(f"FAILED: the package did not bring {', '.join(lacking)}", file=sys.stderr)
        return 1
    commands.check([*inside, "tincan", "--version"])
    commands.check([*inside, "tincan", "--self-test"], {"DISPLAY": display, "HOME": "/root"})
    commands.check([*inside, "apt-get", "purge", "-y", "tincan"], _QUIET)
    left = [path for path in root.rglob("*tincan*") if path.name != "tincan.deb" and "proc" not in path.parts]
    if left:
        print(f"FAILED: the package left {', '.join(map(str, left))}", file=sys.stderr)
        return 1
    print("The package installs on a bare Debian, passes its self-test there, and leaves nothing behind.")
    return 0


@contextmanager
def _sockets_of_displays(root: Path) -> Iterator[None]:
    """Let programs in ``root`` reach the displays of this machine."""
    place = root / _SOCKETS
    place.mkdir(parents=True)
    subprocess.run(["mount", "--bind", f"/{_SOCKETS}", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main(sys.argv[1:]))
