"""The program, packed or installed, begins with the window, or with whichever terminal program is named first."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import core
from build_scripts import tincan
from build_scripts.project import ROOT
from build_scripts.tincan import __main__ as program


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the project from its own folder."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_every_terminal_program_can_be_named() -> None:
    told = run("-m", "core", "--help").stdout

    offered = re.search(r"\{([\w,-]+)\}", told)
    assert offered is not None
    assert sorted(program.TERMINAL_PROGRAMS) == sorted(offered[1].split(","))


def test_a_handler_s_process_is_begun_and_no_window(tmp_path: Path) -> None:
    (tmp_path / "answers.py").write_text("def on_message(peer, message):\n    return message\n", encoding="utf-8")
    begin = (
        f"import sys; sys.argv = ['tincan', 'handler-host', {str(tmp_path / 'answers.py')!r}]; "
        "from build_scripts.tincan.__main__ import main; sys.exit(main())"
    )

    assert run("-c", begin).returncode == 0  # there is nothing on its standard input


def test_a_terminal_program_opens_no_window() -> None:
    begin = (
        "import sys; sys.argv = ['tincan', 'serve', 'nowhere']; from build_scripts.tincan.__main__ import main; main()"
    )

    done = run("-X", "importtime", "-c", begin)

    assert done.returncode == 2
    assert "core.__main__" in done.stderr
    assert "tkinter" not in done.stderr


def test_anything_else_is_the_windows(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["tincan", "--version"])

    assert program.main() == 0
    assert capsys.readouterr().out.startswith("Tincan ")


def test_its_help_names_every_terminal_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tincan", "--help"])

    with pytest.raises(SystemExit):
        program.main()

    told = capsys.readouterr().out
    assert told.startswith("usage: tincan ")
    assert re.findall(r"^  tincan (\w+) ", told, re.MULTILINE) == list(program.TERMINAL_PROGRAMS)


def test_it_offers_the_public_names_of_the_library() -> None:
    assert sorted(tincan.__all__) == sorted(core.__all__)
    assert [getattr(tincan, name) for name in tincan.__all__] == [getattr(core, name) for name in tincan.__all__]
