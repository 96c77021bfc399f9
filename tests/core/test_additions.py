"""A new kind of reply or of export is one file, and nothing else is told of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core.cli.export import ExportOptions, run_export
from core.journal.display_row import DisplayRow
from core.journal.export import formats
from core.journal.export.source import Pieces
from tests.support.journals import write_journal

SHOUT = """
from core.replies import Answer, Reply

class Shout(Reply):
    name, title, note, order = "shout", "the same, louder", "the same, louder", 9

    def answer(self, message):
        return Answer(message.upper())
"""

SIZES = """
from core.journal.export.formats import Format

class Sizes(Format):
    name, title, sentence, ending, order = "sizes", "Sizes", "How long each message is.", ".sizes", 9

    def row(self, display_row, pieces):
        if display_row.is_message:
            yield f"{sum(map(len, pieces()))}\\n"
"""

# Imports a package as if the folder that is named in front of the statements were a part of it.
WITH_ONE_MORE_FOLDER = """
import importlib.util, sys
package, folder, then = sys.argv[1:]
spec = importlib.util.find_spec(package)
spec.submodule_search_locations.append(folder)
sys.modules[package] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
exec(then)
"""


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """A journal with two messages."""
    write_journal(tmp_path / "a.tincan", 2, instead={0: b"hello", 1: b"you"})
    return tmp_path / "a.tincan"


def told(package: str, folder: Path, then: str) -> str:
    """What the statements print where the package has the files of that folder, too."""
    command = [sys.executable, "-c", WITH_ONE_MORE_FOLDER, package, str(folder), then]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


@pytest.mark.parametrize(
    ("then", "answer"),
    [
        ("from core.__main__ import parse; print(parse(['serve', '5555', '--reply', 'shout']).reply)", "shout"),
        ("from core.replies import make_reply; print(make_reply('shout').answer(b'ho').to_sender)", "b'HO'"),
        ("from gui.preferences import _checked; print(_checked('reply', 'letter', 'shout'))", "shout"),
        (
            "from core.journal.recording.notes import _about_replies; from core.events import ReplyChanged; "
            "print(_about_replies(ReplyChanged(1, 0, 'shout')))",
            "replies with the same, louder from now on",
        ),
    ],
)
def test_a_reply_is_one_file(tmp_path: Path, then: str, answer: str) -> None:
    (tmp_path / "shout.py").write_text(SHOUT, encoding="utf-8")

    assert told("core.replies", tmp_path, then) == answer


def test_an_export_format_is_one_file(talk: Path, tmp_path: Path) -> None:
    (tmp_path / "sizes.py").write_text(SIZES, encoding="utf-8")
    command = ["export", str(talk), "--as", "sizes", "--output", str(tmp_path / "a.sizes")]

    told(
        "core.journal.export.formats", tmp_path, f"import core.__main__; sys.argv[1:] = {command}; core.__main__.main()"
    )

    assert (tmp_path / "a.sizes").read_text(encoding="utf-8") == "5\n3\n"


def test_a_binary_format_may_be_one_file_and_is_kept_from_a_terminal(
    talk: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(formats, "_formats", dict(formats._formats))

    class Framed(formats.Format):
        name, title, sentence, ending, order = "framed", "Framed", "Each message behind its length.", ".framed", 9
        is_binary = True

        def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[bytes]:
            if display_row.is_message:
                yield bytes([display_row.size])
                yield from pieces()

    options = ExportOptions(talk, Framed)
    assert run_export(options._replace(output=talk.with_name("out"))) == 0
    assert talk.with_name("out").read_bytes() == b"\x05hello\x03you"
    monkeypatch.setattr("core.cli.export.is_terminal", lambda _stream: True)
    assert run_export(options) == 2
    assert "a terminal would obey raw bytes" in capfd.readouterr().err
