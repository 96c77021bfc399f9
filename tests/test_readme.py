"""What README.md and the pages of docs tell people to type works as it stands there, in a clean checkout."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from build_scripts.project import ROOT
from build_scripts.windows.__main__ import COMMANDS as WINDOWS_COMMANDS
from core.settings import DEFAULTS, MIB
from gui.viewmodels.drafting import ENCODINGS
from gui.viewmodels.preferences import Preferences
from tests.support.journals import write_journal
from tests.support.peers import free_port

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
MOST_WORDS = 900
PATIENCE = 60.0  # seconds
_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


class Command(NamedTuple):
    """A line of a block, as it is typed."""

    page: str
    line: str


def blocks(language: str) -> list[Command]:
    return [
        Command(page.name, block)
        for page in PAGES
        for kind, block in _BLOCK.findall(page.read_text(encoding="utf-8"))
        if kind == language
    ]


def commands() -> Iterator[Command]:
    for page, block in blocks("sh"):
        for line in block.splitlines():
            typed = line.partition("  #")[0].partition(" # ")[0].strip()
            if typed:
                yield Command(page, typed)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a person has who has just cloned the repository: the files that git knows, and no others."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    folder = tmp_path_factory.mktemp("clean") / "tincan"
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, names.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def python3(command: str, *more: str) -> list[str]:
    """The words of a command, with the interpreter that runs the tests in place of the one on the PATH."""
    first, *rest = shlex.split(command)
    assert first == "python3", f"who types {command} on Debian finds no such program"
    return [sys.executable, *rest, *more]


@contextmanager
def running(words: Sequence[str], folder: Path, until: bytes) -> Iterator[subprocess.Popen[bytes]]:
    """A program that has said ``until``; it is asked to end at the end."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": ""}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        words, cwd=folder, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT
    ) as program:
        try:
            assert program.stdout is not None
            said = b""
            while until not in said:
                line = program.stdout.readline()
                assert line, f"it ended before it said {until!r}: {said!r}"
                said += line
            yield program
        finally:
            program.send_signal(signal.SIGTERM)
            program.wait(PATIENCE)


def done(words: Sequence[str], folder: Path) -> str:
    program = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert program.returncode == 0, program.stderr
    return program.stdout


def try_run(command: str, folder: Path, _port: int) -> None:
    done(python3(command, "--self-test"), folder)


def try_test(command: str, folder: Path, _port: int) -> None:
    """The whole of it would run itself again; see ``build_scripts.bare_debian``, which does."""
    assert command == "python3 build_scripts/dev.py test" or Path(ROOT, command.split()[-1]).is_file()


def try_coverage(command: str, folder: Path, _port: int) -> None:
    """The tests of ``core`` once more; ``.ci/run`` does it each time."""
    assert command == "python3 build_scripts/dev.py coverage"


def try_build(command: str, folder: Path, _port: int) -> None:
    """``.ci/run`` does it each time."""
    assert command == "python3 build_scripts/dev.py build"


def try_windows(command: str, folder: Path, _port: int) -> None:
    """``.ci/run`` builds each time, where there can be a Wine."""
    assert command.split()[-1] in WINDOWS_COMMANDS


def try_serve(command: str, folder: Path, port: int) -> None:
    with running(python3(command.replace("5555", str(port))), folder, b"server is listening on 127.0.0.1"):
        pass


def try_tap(command: str, folder: Path, port: int) -> None:
    typed = command.replace("127.0.0.1:5555", "127.0.0.1:1").replace("5556", str(port))
    with running(python3(typed), folder, b"listening on 127.0.0.1"):
        pass


def try_connect(command: str, folder: Path, port: int) -> None:
    server = [sys.executable, "-m", "core", "serve", str(port)]
    with (
        running(server, folder, b"listening"),
        running(python3(command.replace("5555", str(port))), folder, b"SERVER: type the message"),
    ):
        pass


def try_find(command: str, folder: Path, _port: int) -> None:
    write_journal(folder / "talk.tincan", 3)
    program = subprocess.run(
        python3(command), cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert program.returncode in (0, 1), program.stderr  # 1: it is not there


def try_export(command: str, folder: Path, _port: int) -> None:
    write_journal(folder / "talk.tincan", 3)
    done(python3(command), folder)
    assert (folder / "talk.csv").read_text(encoding="utf-8").count("\n") > 3


TRIALS = {
    "python3 build_scripts/dev.py run": try_run,
    "python3 build_scripts/dev.py test": try_test,
    "python3 build_scripts/dev.py coverage": try_coverage,
    "python3 build_scripts/dev.py build": try_build,
    "python3 build_scripts/dev.py windows": try_windows,
    "python3 -m core serve": try_serve,
    "python3 -m core connect": try_connect,
    "python3 -m core tap": try_tap,
    "python3 -m core find": try_find,
    "python3 -m core export": try_export,
}


@pytest.mark.parametrize("command", list(commands()), ids=lambda command: f"{command.page}: {command.line}")
def test_every_command_works_as_it_is_typed(command: Command, checkout: Path, display: str) -> None:
    trials = [trial for beginning, trial in TRIALS.items() if command.line.startswith(beginning)]
    assert trials, "nobody has said here how this command is tried"
    for path in checkout.glob("talk.*"):
        path.unlink()
    trials[0](command.line, checkout, free_port())


@pytest.mark.parametrize("example", blocks("python"), ids=lambda example: example.page)
def test_every_example_in_python_runs(example: Command, checkout: Path) -> None:
    done([sys.executable, "-c", example.line], checkout)


@pytest.mark.parametrize("query", blocks("sql"), ids=lambda query: query.page)
def test_every_query_reads_a_journal(query: Command, tmp_path: Path) -> None:
    write_journal(tmp_path / "journal", 3)
    database = sqlite3.connect(tmp_path / "journal")
    try:
        assert len(database.execute(query.line).fetchall()) > 3
    finally:
        database.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (page.parent / link).exists(), link


def test_the_numbers_of_the_front_door_are_those_that_count() -> None:
    told = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    windows = sys.platform == "win32"

    assert "A server takes 500 connections (256 on Windows), and half as many from any other machine." in told
    assert (DEFAULTS.connections, 2 * DEFAULTS.connections_per_source) == ((256, 256) if windows else (500, 500))
    assert "A typed message has at most 1 MiB;" in told
    assert DEFAULTS.message == MIB
    assert f"text in {len(ENCODINGS)} encodings" in told
    kept = Preferences()
    assert f"The window keeps {kept.keep_journals} journals and {kept.journal_megabytes // 1000} GB of them;" in told


def test_the_front_door_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= MOST_WORDS
