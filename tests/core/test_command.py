"""Tincan finds itself again, from source and frozen."""

from __future__ import annotations

import io
import os
import site
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import __version__, command
from core.command import command_line, environment, own_process, use_utf_8_in_pipes, words_of


def test_it_starts_itself_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = subprocess.run(
        [*command_line(), "--version"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.stdout == f"Tincan {__version__}\n"
    assert environment()["PYTHONPATH"].split(os.pathsep)[-1] == str(tmp_path)


def test_frozen_it_is_the_program_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.delenv("PYTHONPATH", raising=False)

    assert command_line() == [sys.executable]
    assert "PYTHONPATH" not in environment()


def test_what_nobody_types_loads_no_terminal_program(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys, runpy; runpy.run_module('core.replies.handler.host', run_name='not main'); print(*sys.modules)"
    unmeasured = {name: value for name, value in environment().items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=unmeasured, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()

    assert "core.replies.handler.frames" in loaded
    assert not [
        name for name in loaded if name.startswith(("argparse", "sqlite3", "core.cli", "core.journal", "core.net"))
    ]
    assert own_process("handler-host", "replies.handler.host")[1:] == ["-P", "-m", "core.replies.handler.host"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert own_process("handler-host", "replies.handler.host") == [sys.executable, "handler-host"]


def test_a_folder_of_the_same_name_does_not_stand_in_its_way(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise RuntimeError\n", encoding="utf-8")

    done = subprocess.run(
        [*command_line(), "--version"], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )

    assert done.stdout == f"Tincan {__version__}\n"


def test_a_folder_of_installed_packages_is_not_put_before_pythons_own_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(command, "_ROOT", Path(site.getsitepackages()[0]))

    assert "PYTHONPATH" not in environment()


class _WindowsConsoleIO(io.BytesIO):
    """Bears the name of what Python writes to the console of Windows with, which is all that is asked."""


def piped(monkeypatch: pytest.MonkeyPatch) -> io.TextIOWrapper:
    """A pipe of Windows as standard output, where another encoding was not asked for."""
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", errors="backslashreplace", newline="\n")
    monkeypatch.setattr(sys, "stdout", pipe)
    monkeypatch.setattr(sys, "stdin", None)  # as in a program with a window
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    return pipe


def written(stream: io.TextIOWrapper) -> bytes:
    print("“新”\ud800", file=stream, flush=True)
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue()


def test_what_goes_into_a_pipe_of_windows_is_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = piped(monkeypatch)
    use_utf_8_in_pipes()

    assert written(stdout) == "“新”\\ud800\n".encode()


def test_text_from_a_pipe_of_windows_is_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("ü\n".encode()), encoding="cp1252"))

    use_utf_8_in_pipes()

    assert sys.stdin.read() == "ü\n"


def test_another_encoding_that_was_asked_for_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = piped(monkeypatch)
    monkeypatch.setenv("PYTHONIOENCODING", "cp850")

    use_utf_8_in_pipes()

    assert written(stdout) == b"\x93\\u65b0\x94\\ud800\n"


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_elsewhere_the_locale_decides(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    stdout = piped(monkeypatch)
    monkeypatch.setattr(sys, "platform", system)

    use_utf_8_in_pipes()

    assert stdout.encoding == "cp1252"


def test_the_console_of_windows_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch)
    console = io.TextIOWrapper(io.BufferedWriter(_WindowsConsoleIO()), encoding="utf-16-le")
    monkeypatch.setattr(sys, "stdout", console)

    use_utf_8_in_pipes()

    assert console.encoding == "utf-16-le"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", []),
        ("  a\tb  ", ["a", "b"]),
        (r"C:\tools\echo.exe -n", [r"C:\tools\echo.exe", "-n"]),
        (r'"C:\Program Files\echo.exe" --name="a b"', [r"C:\Program Files\echo.exe", "--name=a b"]),
        (r'say "\"hello\" she said" ""', ["say", '"hello" she said', ""]),
        (r'"C:\folder\\" next', ["C:\\folder\\", "next"]),
        ("it's one's", ["it's", "one's"]),
    ],
)
def test_a_command_line_of_windows_has_the_words_that_a_program_there_gets(command: str, words: list[str]) -> None:
    assert words_of(command, "win32") == words


@given(st.lists(st.text(st.sampled_from("a \t\"\\'"))))
def test_words_written_for_windows_are_read_as_they_were(words: list[str]) -> None:
    assert words_of(subprocess.list2cmdline(words), "win32") == words


@pytest.mark.parametrize("platform", ["win32", "linux"])
def test_a_quotation_that_does_not_end_is_no_command_line(platform: str) -> None:
    with pytest.raises(ValueError, match="No closing quotation"):
        words_of('say "hello', platform)
