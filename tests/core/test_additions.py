"""A new kind of reply is one file, and nothing else is told of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from build_scripts.project import ROOT

SHOUT = """
from core.replies import Answer, Reply

class Shout(Reply):
    name, title, note, order = "shout", "the same, louder", "the same, louder", 9

    def answer(self, message):
        return Answer(message.upper())
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
