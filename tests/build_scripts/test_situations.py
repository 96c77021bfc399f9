"""A program is held to working wherever people start it, and to saying why where it cannot."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from build_scripts import situations
from build_scripts.project import ROOT
from build_scripts.running import SmokeError
from build_scripts.terminal_talk import says_version, talk_in_terminals

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts stand in for built programs")

PROGRAM = [sys.executable, str(ROOT / "build_scripts" / "tincan" / "__main__.py")]
REPORTS = """
while [ $# -gt 0 ]; do
  if [ "$1" = --self-test ]; then echo '{"passed": true}' > "$2"; exit 0; fi
  shift
done
"""
NO_DISPLAY = 'if [ -z "$DISPLAY" ] || [ "$DISPLAY" = :9999 ]; then echo "no display" >&2; exit 2; fi\n'


def script(folder: Path, body: str) -> Path:
    """A program of one file."""
    program = folder / "tincan"
    program.write_text(f"#!/bin/sh\n{body}", encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.fixture
def plain_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who has a display, and can neither mount anything nor become another user."""
    monkeypatch.setenv("DISPLAY", ":1")
    monkeypatch.setattr(situations, "is_root_on_linux", lambda: False)


@pytest.mark.usefixtures("plain_user")
def test_a_program_that_works_everywhere_is_proved(tmp_path: Path) -> None:
    proved = situations.prove(script(tmp_path, NO_DISPLAY + REPORTS), "one file")

    assert "from the root folder" in proved
    assert f"read-only in {situations.ODD_NAME!r}" in proved


@pytest.mark.usefixtures("plain_user")
@pytest.mark.parametrize(
    "weakness",
    [
        '[ "$PWD" = / ] && exit 1\n',
        "[ -e /proc/self/fd/0 ] || exit 1\n",
        '[ "$LC_ALL" = xx_XX.nothing ] && exit 1\n',
        'case "$0" in *größer*) exit 1;; esac\n',
    ],
)
def test_a_program_that_fails_in_one_situation_is_found_out(tmp_path: Path, weakness: str) -> None:
    with pytest.raises(SmokeError, match="self-test"):
        situations.prove(script(tmp_path, NO_DISPLAY + weakness + REPORTS), "one file")


@pytest.mark.root
def test_other_users_start_a_copy_where_the_checkout_is_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started_by_somebody(program: Path) -> None:
        subprocess.run([*situations.AS_NOBODY, str(program), "--self-test", "/dev/null"], check=True)

    if not situations.is_root_on_linux():
        pytest.skip("needs to be root with the right to mount")
    tmp_path.chmod(0o700)
    monkeypatch.setenv("DISPLAY", ":1")
    monkeypatch.setattr(situations, "_serves_without_home", started_by_somebody)
    monkeypatch.setattr(situations, "_where_nothing_runs", lambda _program, _title: "it works")

    proved = situations.prove(script(tmp_path, NO_DISPLAY + REPORTS), "one file")

    assert {"as a user who owns nothing", "without a home or any environment"} <= set(proved)


@pytest.mark.parametrize("body", ["exit 0", "exit 2", "echo a >&2; echo b >&2; exit 2", "echo a >&2; exit 1"])
def test_without_a_display_one_line_is_due(tmp_path: Path, body: str) -> None:
    with pytest.raises(SmokeError, match="without a display"):
        situations.complains_without_display(script(tmp_path, body))


def test_without_a_display_the_program_itself_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    situations.complains_without_display(script(tmp_path, f'exec {shlex.join(PROGRAM)} "$@"'))


def test_the_terminal_programs_talk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    talk_in_terminals(PROGRAM)


def test_terminal_programs_that_end_at_once_are_found_out(tmp_path: Path) -> None:
    told = 'case "$1" in --version) echo "Tincan 1.2.3"; exit;; --help) echo "usage: tincan "; exit;; esac\n'

    with pytest.raises(SmokeError, match="ended before it told"):
        talk_in_terminals([str(script(tmp_path, told + 'echo "what is this?" >&2; exit 2'))])


def test_a_program_that_hides_its_version_is_found_out(tmp_path: Path) -> None:
    with pytest.raises(SmokeError, match="--version exited with 0"):
        says_version([str(script(tmp_path, "exit 0"))])
