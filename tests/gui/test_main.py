"""The program from outside: its arguments, its exit codes, its end."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
import tkinter as tk
from collections.abc import Iterator
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core import __version__
from gui.__main__ import BAD_ARGUMENT, main
from gui.app import Options
from tests.support.systems import only_linux, only_posix

PATIENCE = 20.0  # seconds


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gui", *arguments],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        timeout=PATIENCE,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--serve", "99999"),
        ("--serve", "80x"),
        ("--serve", ""),
        ("--connect", "127.0.0.1"),
        ("--connect", "127.0.0.1:0"),
        ("--connect", "a b:80"),
        ("--config", __file__),
        ("--nonsense",),
        ("stray",),
        ("--config", "x" * 300),
        ("--open", "x" * 300),
        ("x" * 300,),
    ],
    ids=lambda arguments: " ".join(arguments)[:20],
)
def test_a_bad_value_is_one_line_and_exit_code_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("tincan: ")
    assert done.stderr.count("\n") == 1


def test_the_version_needs_no_display() -> None:
    done = run("--version", DISPLAY="")

    assert (done.returncode, done.stdout) == (0, f"Tincan {__version__}\n")


@only_linux("only X11 has a display that can be missing")
@pytest.mark.case("C-69")
@pytest.mark.parametrize("name", ["", ":987"])
def test_no_display_is_one_line_and_exit_code_2(name: str) -> None:
    done = run(DISPLAY=name)

    assert done.returncode == 2
    assert "display" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_program_tests_itself(screen: str, tmp_path: Path) -> None:
    done = run("--self-test", str(tmp_path / "report.json"))

    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["passed"], report
    assert done.returncode == 0
    assert done.stderr == ""


def test_a_program_without_standard_streams_tests_itself_too(screen: str, tmp_path: Path) -> None:
    code = "import sys; sys.stdout = sys.stderr = None\nfrom gui.__main__ import main\nsys.exit(main(sys.argv[1:]))"

    done = subprocess.run(
        [sys.executable, "-c", code, "--self-test", str(tmp_path / "report.json")],
        cwd=ROOT,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 0


@pytest.fixture
def running(screen: str, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The program with a server, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ["--serve", str(port), "--config", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-m", "gui", *arguments], stderr=subprocess.PIPE, encoding="utf-8", cwd=ROOT
    ) as program:
        try:
            _wait_for_port(port)
            yield program, port
        finally:
            program.kill()


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail("the server did not come up")


@only_posix("Windows has no such signals")
@pytest.mark.case("C-68", "C-66")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_the_window_without_asking(
    running: tuple[subprocess.Popen[str], int], number: signal.Signals
) -> None:
    program, port = running
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.settimeout(5)
        assert peer.recv(100) == b"type the message"

        program.send_signal(number)

        assert program.wait(PATIENCE) == 0, "a window that asks waits for ever"
        assert peer.recv(100) == b""
    assert program.stderr is not None
    assert program.stderr.read() == ""


LOADING = """
import sys
class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "tkinter":
            raise {error}
sys.meta_path.insert(0, Broken())
from gui.__main__ import BAD_ARGUMENT, main
sys.exit(main([]))
"""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            'ImportError("libX11.so.6: cannot open shared object file: No such file or directory")',
            "no window can be opened here: the system has no libX11.so.6; "
            "install it (on Debian and Ubuntu: apt install libx11-6)",
        ),
        (
            'ImportError("libtk8.6.so: cannot open shared object file: No such file or directory")',
            "no window can be opened here: the system has no libtk8.6.so; "
            "install it (on Debian and Ubuntu: apt install libtk8.6)",
        ),
        (
            'ImportError("DLL load failed while importing _tkinter: not found")',
            "the window's toolkit (tkinter, Tk) cannot be loaded: DLL load failed while importing _tkinter: not found",
        ),
        (
            "ModuleNotFoundError(\"No module named '_tkinter'\", name='_tkinter')",
            "this Python has no tkinter; install it (on Debian and Ubuntu: apt install python3-tk)",
        ),
    ],
)
def test_what_is_missing_is_named(error: str, told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADING.format(error=error)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"tincan: {told}\n")


@only_linux("elsewhere nothing names the libraries that a program wants")
def test_all_libraries_that_are_missing_are_named_at_once(tmp_path: Path) -> None:
    ldd = tmp_path / "ldd"
    lines = r"\tlibtk8.6.so => /lib/libtk8.6.so (0x1)\n\tlibXft.so.2 => not found\n\tlibX11.so.6 => not found\n"
    ldd.write_text(f"#!/bin/sh\nprintf '{lines}{lines}'\nexit 1\n", encoding="utf-8")
    ldd.chmod(0o755)
    error = 'ImportError("libX11.so.6: cannot open shared object file: No such file or directory")'

    done = subprocess.run(
        [sys.executable, "-c", LOADING.format(error=error)],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "PATH": f"{tmp_path}:/bin"},
    )  # fmt: skip

    what = "the system has no libXft.so.2, no libX11.so.6"
    how = "install them (on Debian and Ubuntu: apt install libxft2 libx11-6)"
    assert done.stderr == f"tincan: no window can be opened here: {what}; {how}\n"


@pytest.mark.parametrize("before", [["--open"], []], ids=["by option", "alone, as a double click does it"])
def test_a_journal_is_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: list[str]) -> None:
    journal = tmp_path / "talk of today.tincan"
    journal.touch()
    asked: list[Options] = []

    def run(options: Options) -> int:
        asked.append(options)
        return 0

    monkeypatch.setattr("gui.app.run", run)

    assert main([*before, str(journal)]) == 0
    assert asked == [Options(journal=journal)]


def test_no_garbage_is_looked_for_until_the_window_does_so_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_for: list[bool] = []

    def run(_options: Options) -> int:
        looked_for.append(gc.isenabled())
        raise tk.TclError("couldn't connect to display")

    monkeypatch.setattr("gui.app.run", run)

    assert main([]) == BAD_ARGUMENT
    assert looked_for == [False]
    assert gc.isenabled()


def test_two_journals_are_one_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--open", __file__, __file__])

    assert capsys.readouterr().err == "tincan: argument FILE: not allowed with argument --open\n"
