"""Standard streams that are closed, full, or that nobody reads any more: of every command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core.__main__ import _COMMANDS
from core.address import Address
from core.net.server import Server
from tests.core.journal.export.formats.test_script import journal as journal
from tests.support.peers import Peer, free_port
from tests.support.sink import PATIENCE
from tests.support.stage import serving
from tests.support.systems import only_linux, only_posix

CODES = {  # if standard output cannot be written
    "connect": 3, "export": 1, "find": 2, "list": 1, "load": 1, "replay": 1, "steps": 3, "test": 1,
}  # fmt: skip
THAT_LISTEN = {"serve", "tap"}


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as (server, _sink):
        yield server


@pytest.fixture
def arguments(server: Server, journal: Path, tmp_path: Path) -> Callable[[str], list[str]]:
    """The command line of a command that prints something and ends by itself."""
    steps = tmp_path / "steps.json"
    steps.write_text(json.dumps({"version": 1, "name": "s", "steps": [{"send": "x", "expect": "any"}]}))
    target = str(server.addresses[0])
    lines: dict[str, list[str | Path]] = {
        "connect": ["connect", target],
        "export": ["export", journal],
        "find": ["find", journal, "e"],
        "list": ["export", journal, "--list"],
        "load": ["load", steps, target, "--seconds", "0.2", "--clients", "1"],
        "replay": ["replay", journal, target],
        "steps": ["connect", target, "--steps", steps],
        "test": ["test", steps, target],
    }
    return lambda name: list(map(str, lines[name]))


def program(arguments: list[str], redirection: str = "") -> list[str]:
    """How the program is begun by a shell, which closes and fills streams as people have them."""
    return ["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", sys.executable, "-m", "core", *arguments]


def run(arguments: list[str], redirection: str = "") -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        program(arguments, redirection), cwd=ROOT, input=b"hello\n", capture_output=True, timeout=60, check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_every_command_is_tried() -> None:
    assert set(CODES) - {"list", "steps"} | THAT_LISTEN == set(_COMMANDS)


@pytest.mark.case("C-61")
@only_linux("only Linux has a device that is always full")
@pytest.mark.parametrize("name", CODES)
def test_a_full_disk_behind_standard_output_is_told(arguments: Callable[[str], list[str]], name: str) -> None:
    code, _out, said = run(arguments(name), ">/dev/full")

    assert code == CODES[name]
    assert said.lower().count(b"no space left on device") == 1
    assert b"Traceback" not in said


@only_linux("only Linux has a device that is always full")
@pytest.mark.parametrize("arguments", ["--help", "--version", "connect --help"])
def test_a_full_disk_behind_the_help_is_told(arguments: str) -> None:
    code, _out, said = run(arguments.split(), ">/dev/full")

    assert (code, said) == (1, b"Standard output could not be written: No space left on device.\n")
    assert run(arguments.split(), ">&-")[0] == 0


@only_posix("no shell that closes a stream")
@pytest.mark.parametrize("name", CODES)
def test_a_standard_output_that_is_closed_is_one_that_nobody_reads(
    arguments: Callable[[str], list[str]], name: str
) -> None:
    as_usual, out, _said = run(arguments(name))
    code, _out, said = run(arguments(name), ">&-")

    assert out
    assert code == as_usual
    assert b"Traceback" not in said


@only_posix("no shell that closes a stream")
@pytest.mark.parametrize("redirection", ["2>&-", "<&- 2>&-"])
def test_what_is_told_never_comes_among_what_is_passed_on(server: Server, redirection: str) -> None:
    target = str(server.addresses[0])
    code, out, _said = run(["connect", "--exact", target], redirection)

    assert code == 0
    assert out == (b"hello\n" if redirection == "2>&-" else b"")


@only_linux("only Linux has a device that is always full")
def test_what_cannot_be_told_changes_no_exit_code(tmp_path: Path) -> None:
    assert run(["find", str(tmp_path / "missing"), "x"], "2>/dev/full")[0] == 2  # 1 is that there is nothing
    assert run(["find"], "2>/dev/full")[0] == 2


@only_posix("Windows tells a program nothing of a pipe that nobody reads")
@pytest.mark.parametrize("name", sorted(THAT_LISTEN))
def test_that_nobody_reads_standard_error_any_more_ends_no_server(server: Server, name: str) -> None:
    port = str(free_port())
    line = {"serve": ["serve", port, "--reply", "echo"], "tap": ["tap", port, str(server.addresses[0])]}[name]
    reading, writing = os.pipe()
    with subprocess.Popen(program(line), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=writing) as running:
        os.close(writing)
        try:
            with open(reading, "rb") as told:  # noqa: PTH123 - a descriptor
                assert any(b"listening on" in line for line in told)  # it reads no further
            for _ in range(2):
                with Peer.calls(_address(port)) as peer:
                    peer.say(b"hello")
                    assert peer.hear(5) == b"hello"
            assert running.poll() is None
        finally:
            running.terminate()
            running.wait(PATIENCE)


def _address(port: str) -> Address:
    return Address("127.0.0.1", int(port))
