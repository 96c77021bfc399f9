"""Prove the programs that were built for Windows: under Wine, on a display of their own, from the Linux side.

python -m build_scripts.windows.proof

Wine's variables and DISPLAY are in the environment, and standard input, output and error are pipes, which the programs
inherit. Each step prints what was seen. One that fails is named, with a picture of the screen, and is the last.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from build_scripts.drive import appeared, drive, give_focus, pictured, quit_by_key, wait_for, wait_until_recorded
from build_scripts.project import DIST, ROOT, version
from build_scripts.recipe import HERE
from build_scripts.running import SmokeError, end, free_port, self_test
from build_scripts.target import FOLDER, PROGRAM, System, Target
from build_scripts.terminal_talk import talk_in_terminals
from build_scripts.x11 import Display, DisplayError

TARGET = Target(System.WINDOWS, "x86_64")
_WINDOW = f"{PROGRAM}{TARGET.suffix}"  # Wine's class of a window is the name of its program
_WITHIN = 30.0  # seconds for a program that prints, and until a window or a file is there
_REACTION = 1.5  # seconds before the first key: Wine loses some of those that come sooner on a busy machine
_TYPED = "Grüße 新 😀"
# A Python there dies at its start if its standard error is a file, which the proof for every system makes it.
_PIPED = ("bash", "-c", 'exec wine "$0" "$@" 2> >(cat >&2)')
_LINUX = (sys.executable, "-m", "core")
FORMATS = {
    "text": ".txt", "csv": ".csv", "jsonl": ".jsonl", "raw": ".bin", "html": ".html", "pcapng": ".pcapng",
    "python-client": ".py", "python-server": ".py", "pytest": ".py", "steps": ".json", "svg": ".svg",
    "library": ".py",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Built:
    """The programs as command lines, the display, and a folder for what they leave."""

    one_file: Sequence[str]
    in_folder: Sequence[str]
    console: Sequence[str]
    display: str
    folder: Path


def main() -> int:
    """Take every step; the exit code."""
    os.environ.update({"TZ": "UTC", "LC_ALL": "C.UTF-8"})  # Windows reads TZ otherwise; Wine takes words as UTF-8
    with ExitStack() as stack:
        built = Built(
            ["wine", str(DIST / _WINDOW)],
            ["wine", str(DIST / FOLDER / _WINDOW)],
            [*_PIPED, str(DIST / FOLDER / f"{TARGET.console}{TARGET.suffix}")],
            os.environ["DISPLAY"],
            Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))),
        )
        # With nothing running, each program would start a Windows anew.
        stack.enter_context(_running(["wine", "cmd"], stdout=subprocess.DEVNULL))
        return _take_steps(built)


def _take_steps(built: Built) -> int:
    for name, prove in STEPS.items():
        begin = time.monotonic()
        try:
            seen = prove(built)
        except (SmokeError, DisplayError, OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
            print(f"FAILED at {name!r}: {error}", *getattr(error, "__notes__", ()), sep="\n", flush=True)
            return 1
        print(f"  ok  {name}: {seen} ({time.monotonic() - begin:.1f} s)", flush=True)
    print("Proved under Wine, which is not Windows itself.")
    return 0


def _says_who_it_is(_built: Built) -> str:
    """The resources of each program: version, icon, manifest."""
    first_icon = (HERE / "icons" / "tincan.ico").read_bytes()
    place, size = int.from_bytes(first_icon[18:22], "little"), int.from_bytes(first_icon[14:18], "little")
    expected = {
        "the product's name": "ProductName\0\0Tincan\0".encode("utf-16-le"),
        "the version": f"ProductVersion\0{version()}\0".encode("utf-16-le"),
        "the description": "Tincan: both ends of a TCP conversation".encode("utf-16-le"),
        "the icon": first_icon[place : place + size],
        "the manifest": (HERE / "windows" / "tincan.manifest").read_bytes().strip(),
    }
    programs = sorted(DIST.rglob("*.exe"))
    for program in programs:
        content = program.read_bytes()
        if lacking := [what for what, part in expected.items() if part not in content]:
            raise SmokeError(f"{program} lacks {', '.join(lacking)}")
    return f"{', '.join(str(program.relative_to(DIST)) for program in programs)} have {', '.join(expected)}"


def _test_themselves(built: Built) -> str:
    for program in (built.one_file, built.in_folder):
        self_test(program)
    return "the one file and the folder passed"


def _are_driven(built: Built) -> str:
    for program in (built.one_file, built.in_folder):
        drive(program, built.display, _WINDOW, _REACTION)
    return "started, connected and talked by real keys; the journals hold what was typed"


def _talk_in_terminals(built: Built) -> str:
    talk_in_terminals(built.console)
    return "serve and connect printed what the tutorial shows"


def _talk_with_linux(built: Built) -> str:
    """A server of this system and a client of that one, each with its journal."""
    ours, theirs = _journals(built)
    target = f"127.0.0.1:{free_port()}"
    with _running([*_LINUX, "serve", target, "--once", "--reply", "echo", "--journal", str(ours)]) as server:
        _wait_for_file(ours)
        printed = _printed([*built.console, "connect", target, "--journal", str(theirs)], f"{_TYPED}\n")
        server.wait(_WITHIN)
    if f"SERVER: {_TYPED}\n" not in printed.replace("\r\n", "\n"):
        raise SmokeError(f"the Windows client printed {printed!r}")
    return f"{_TYPED!r} came back from a server of Linux, as UTF-8"


def _find_the_same(built: Built) -> str:
    for journal in _journals(built):
        found = [_printed([*program, "find", str(journal), _TYPED]) for program in (_LINUX, built.console)]
        if _TYPED not in found[0] or found[0] != found[1].replace("\r\n", "\n"):
            raise SmokeError(f"in {journal.name}, Linux and Windows found {found}")
    return f"{_TYPED!r} in each journal by either program"


def _export_the_same(built: Built) -> str:
    """Either journal in every format there is by either program: the same bytes; only what is printed has own ends."""
    for journal in _journals(built):
        for form, ending in FORMATS.items():
            made = []
            for system, program in (("linux", _LINUX), ("windows", built.console)):
                target = built.folder / f"{journal.stem}-{form}-{system}" / f"export{ending}"
                target.parent.mkdir()
                _printed([*program, "export", str(journal), "--as", form, "--output", str(target)])
                made.append({file.name: file.read_bytes() for file in sorted(target.parent.iterdir())})
            if not made[0] or made[0] != made[1]:
                raise SmokeError(f"{form} of {journal.name} by Linux and Windows: {made}")
    return f"{', '.join(FORMATS)}: one journal of Linux, one of Windows, by either program the same bytes"


def _two_at_once(built: Built) -> str:
    """Two programs on one folder; one is killed, the other goes on; the next start has what was killed, and exports it
    by the system's own dialog for files.
    """
    config = built.folder / "config"
    config.mkdir()
    target = f"127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        keys = stack.enter_context(Display(built.display))
        first = stack.enter_context(_window([*built.one_file, "--serve", target], config))
        own = appeared(first, keys, _WINDOW)
        second = stack.enter_context(_window([*built.in_folder, "--connect", target], config))
        stack.enter_context(pictured(keys))
        _type_into(keys, _another(keys, {own}), "from the second")
        wait_until_recorded(
            "what the second typed", config, lambda rows: ("server", "received", b"from the second") in rows
        )
        _type_into(keys, own, "from the first")
        wait_until_recorded(
            "what the first typed", config, lambda rows: ("client", "received", b"from the first") in rows
        )
        second.kill()
        second.wait(_WITHIN)
        wait_until_recorded("the end of the killed one", config, lambda rows: ("server", "closed", b"") in rows)
        give_focus(keys, own, _REACTION)
        if code := quit_by_key(keys, first):
            raise SmokeError(f"the first exited with {code}")
    left = [
        path for path in sorted((config / "journals").glob("*.tincan")) if path.with_name(f"{path.name}-lock").exists()
    ]
    if len(left) != 1:
        raise SmokeError(f"one killed run should have left its lock, and there are {left}")
    return "two windows on one folder talked with each other, one was killed, and the other went on and ended"


def _recover(built: Built) -> str:
    config, target = built.folder / "config", built.folder / "recovered.txt"
    (killed,) = (
        path for path in (config / "journals").glob("*.tincan") if path.with_name(f"{path.name}-lock").exists()
    )
    with _window(built.in_folder, config) as program, Display(built.display) as keys, pictured(keys):
        own = appeared(program, keys, _WINDOW)
        dialog = _opened_and_exported(keys, own)
        for key in ("Tab", "Tab", "Tab", "Return"):  # past what to export and as what, and the file, to Choose…
            keys.press(key)
        choosing = _another(keys, {own, dialog})
        give_focus(keys, choosing, _REACTION)
        keys.press("Home")
        keys.press("End", shift=True)
        keys.type("Z:" + str(target).replace("/", "\\"))
        keys.press("Return")
        wait_for("the system's dialog to be gone", lambda: choosing not in keys.windows(_WINDOW))
        give_focus(keys, dialog, _REACTION)
        keys.press("Return")
        _wait_for_file(target)
        time.sleep(_REACTION)  # while it goes on, the key would cancel it
        keys.press("Escape")
        wait_for("the export's dialog to be gone", lambda: dialog not in keys.windows(_WINDOW))
        give_focus(keys, own, _REACTION)
        if code := quit_by_key(keys, program):
            raise SmokeError(f"it exited with {code}")
    exported, expected = target.read_bytes(), _printed([*_LINUX, "export", str(killed)]).encode()
    if b"from the first" not in exported or exported != expected:
        raise SmokeError(f"the window exported {exported!r}, and Linux {expected!r}")
    return "the next start opened what the killed run recorded, and exported it by the system's dialog as Linux does"


def _opened_and_exported(keys: Display, own: int) -> int:
    """The dialog for the export of the conversation that is offered at the start; it may not be offered at once."""
    deadline = time.monotonic() + _WITHIN
    while time.monotonic() < deadline:
        give_focus(keys, own, _REACTION)
        keys.press("l", control=True)
        keys.press("F8")  # to what is offered above the conversation
        keys.press("Return")
        time.sleep(_REACTION)
        keys.press("s", control=True)
        time.sleep(_REACTION)
        if others := set(keys.windows(_WINDOW)) - {own}:
            give_focus(keys, min(others), _REACTION)
            return min(others)
    raise SmokeError("what the killed run recorded was not offered, or could not be exported")


STEPS: dict[str, Callable[[Built], str]] = {
    "resources": _says_who_it_is,
    "self-test": _test_themselves,
    "keys": _are_driven,
    "pipes": _talk_in_terminals,
    "both systems": _talk_with_linux,
    "find": _find_the_same,
    "export": _export_the_same,
    "two at once": _two_at_once,
    "recovery and the file dialog": _recover,
}


def _journals(built: Built) -> tuple[Path, Path]:
    """The one that Linux writes, and the one that Windows writes."""
    return built.folder / "linux.tincan", built.folder / "windows.tincan"


@contextmanager
def _window(command: Sequence[str], config: Path) -> Iterator[subprocess.Popen[bytes]]:
    with _running([*command, "--config", str(config)]) as program:
        yield program


@contextmanager
def _running(command: Sequence[str], stdout: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A program whose input stays open and empty; ended at the end."""
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=stdout, cwd=ROOT)
    try:
        yield program
    finally:
        end(program)


def _printed(command: Sequence[str], typed: str = "") -> str:
    done = subprocess.run(command, input=typed.encode(), capture_output=True, timeout=_WITHIN, check=False, cwd=ROOT)
    if done.returncode:
        raise SmokeError(f"{command} exited with {done.returncode}: {done.stderr!r}")
    return done.stdout.decode("utf-8")


def _type_into(keys: Display, window: int, text: str) -> None:
    give_focus(keys, window, _REACTION)
    keys.type(text)
    keys.press("Return")


def _another(keys: Display, known: set[int]) -> int:
    wait_for("one more window", lambda: bool(set(keys.windows(_WINDOW)) - known))
    return min(set(keys.windows(_WINDOW)) - known)


def _wait_for_file(file: Path) -> None:
    wait_for(str(file), lambda: file.exists() and file.stat().st_size > 0)


if __name__ == "__main__":
    sys.exit(main())
