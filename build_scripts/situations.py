"""The situations in which people start programs: by double-click, from odd places, on machines that lack something.

Each is a command put before the program's own, after which the program must pass its self-test, or say in
one line why it cannot.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from build_scripts.commands import succeeds
from build_scripts.running import SmokeError, connected, end, free_port, self_test
from build_scripts.target import FOLDER

ODD_NAME = "Meine Programme, größer & 新"
CANNOT_START = 2  # exit code where there is no display
_NOBODY = "65534"  # a user whose home does not exist and who may write nowhere but in temporary folders
_WITHIN = 30.0  # seconds
AS_NOBODY = ("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups")
_NO_EXEC = 'mount -t tmpfs -o noexec,mode=1777 tmpfs "$0" && TMPDIR="$0" exec "$@"'
_IN_OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private", "sh", "-c", _NO_EXEC)


@dataclass(frozen=True, slots=True)
class Situation:
    """A way in which a program is started; ``before`` is the beginning of the command line."""

    name: str
    before: tuple[str, ...]


def situations() -> list[Situation]:
    """Those in which the program must work, as far as this user can bring them about."""
    if sys.platform == "win32":
        return []
    return [
        Situation("from the root folder", ("sh", "-c", 'cd / && exec "$@"', "sh")),
        Situation("without a terminal", ("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")),
        Situation("in an unknown language", ("env", "LC_ALL=xx_XX.nothing")),
    ]


def is_root_on_linux() -> bool:
    """Whether we may become other users and mount file systems."""
    return sys.platform == "linux" and os.geteuid() == 0 and succeeds(["unshare", "--mount", "true"])


def prove(program: Path, title: str) -> list[str]:
    """Start a program in every situation; the names of those it was proved in. Raises ``SmokeError``.

    Other users start a copy: the checkout may lie in a home that only its owner may enter.
    """
    proved = []
    for situation in situations():
        self_test([*situation.before, str(program)])
        proved.append(situation.name)
    with tempfile.TemporaryDirectory() as folder:
        moved = _moved(program, Path(folder) / ODD_NAME)
        Path(folder).chmod(0o755)
        for path in (moved.parent, moved):
            path.chmod(0o555)
        self_test([*(AS_NOBODY if is_root_on_linux() else ()), str(moved)])
        proved.append(f"read-only in {ODD_NAME!r}")
        if is_root_on_linux():
            _serves_without_home(moved)
            proved += ["as a user who owns nothing", "without a home or any environment"]
        moved.parent.chmod(0o755)
    if sys.platform == "linux":
        complains_without_display(program)
        proved.append("without a display, of which it complains")
    if is_root_on_linux():
        proved.append(f"with a temporary folder that runs no programs: {_where_nothing_runs(program, title)}")
    return proved


def complains_without_display(program: Path) -> None:
    """Without a display, one line on standard error and exit code 2. Raises ``SmokeError``."""
    for display in ("", ":9999"):
        done = _run([str(program)], {"DISPLAY": display, "WAYLAND_DISPLAY": ""})
        if done.returncode != CANNOT_START or done.stderr.count("\n") != 1 or done.stdout:
            raise SmokeError(f"{program} exited without a display with {done.returncode}: {done.stdout}{done.stderr}")


def _serves_without_home(program: Path) -> None:
    """As somebody who has no home, and with nothing in the environment but the display, it opens and serves."""
    port = free_port()
    bare = ("env", "-i", f"DISPLAY={os.environ['DISPLAY']}")
    process = subprocess.Popen([*bare, *AS_NOBODY, str(program), "--serve", f"127.0.0.1:{port}"], cwd="/")
    try:
        with connected(process, port):
            pass
    finally:
        code = end(process)
    if code != 0:
        raise SmokeError(f"{program} exited with {code} after SIGTERM where there is no home")


def _where_nothing_runs(program: Path, title: str) -> str:
    """The folder build works there; the file build, which unpacks itself there, must say why it cannot."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*_IN_OWN_MOUNTS, folder, str(program)]
        if title != "one file":
            self_test(command)
            return "it works"
        done = _run([*command, "--version"], {})
        if done.returncode == 0 or folder not in done.stderr:
            raise SmokeError(f"{program} did not say why it cannot run: exit code {done.returncode}, {done.stderr!r}")
        return f"it says {done.stderr.strip().splitlines()[-1]!r}"


def _moved(program: Path, place: Path) -> Path:
    """A copy of a program, with its folder if it lives in one."""
    if program.parent.name == FOLDER:
        shutil.copytree(program.parent, place, symlinks=True)
    elif sys.platform == "darwin":
        bundle = program.parents[2]
        shutil.copytree(bundle, place / bundle.name, symlinks=True)
        return place / bundle.name / program.relative_to(bundle)
    else:
        place.mkdir()
        shutil.copy2(program, place)
    return place / program.name


def _run(command: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, **environment}
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN, check=False, env=known)
    except subprocess.TimeoutExpired:
        raise SmokeError(f"{command[-1]} is still running after {_WITHIN:.0f} s") from None
