"""The virtual environment is made once, and anew when its tools or its Python changed."""

from __future__ import annotations

import errno
import importlib.metadata
import os
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from build_scripts import commands, environment, machine, project


class FakePip:
    """An environment that is made in no time, whose interpreter works while ``works``."""

    def __init__(self) -> None:
        self.made = 0
        self.works = True
        self.fails = False
        self.may_not = False

    def create(self, folder: Path, **_options: object) -> None:
        if self.may_not:
            raise PermissionError(errno.EROFS, os.strerror(errno.EROFS), str(folder))
        self.made += 1
        folder.mkdir(exist_ok=True)
        (folder / "tools.stamp").unlink(missing_ok=True)

    def run(self, command: Sequence[object]) -> int:
        return int(self.fails)


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> FakePip:
    fake = FakePip()
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH"):  # so that they are as they were afterwards
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(venv, "create", fake.create)
    monkeypatch.setattr(commands, "run", fake.run)
    monkeypatch.setattr(commands, "succeeds", lambda _command: fake.works)
    return fake


def test_it_is_made_once(pip: FakePip, tmp_path: Path) -> None:
    folder = tmp_path / "venv"

    first, second = environment.ensure(folder), environment.ensure(folder)

    assert first == second == environment.python(folder)
    assert pip.made == 1


def test_a_broken_interpreter_is_replaced(pip: FakePip, tmp_path: Path) -> None:
    environment.ensure(tmp_path)
    pip.works = False

    environment.ensure(tmp_path)

    assert pip.made == 2


def test_other_pins_make_it_anew(pip: FakePip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment.ensure(tmp_path)
    monkeypatch.setattr(environment, "development_pins", lambda: ["ruff==99"])

    environment.ensure(tmp_path)

    assert pip.made == 2


def test_an_installation_that_failed_starts_over(
    pip: FakePip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pip.fails = True
    with pytest.raises(SystemExit) as ending:
        environment.ensure(tmp_path)
    pip.fails = False

    environment.ensure(tmp_path)

    assert ending.value.code == 2
    assert "With a network, type the same again." in capsys.readouterr().err
    assert pip.made == 2


def test_a_link_to_another_checkout_s_tools_is_not_emptied(
    pip: FakePip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs, link = tmp_path / "theirs", tmp_path / "venv"
    environment.ensure(theirs)
    link.symlink_to(theirs, target_is_directory=True)
    assert environment.ensure(link) == environment.python(link)
    (theirs / "tools.stamp").write_text("others", encoding="utf-8")

    with pytest.raises(SystemExit):
        environment.ensure(link)
    assert "is a link" in capsys.readouterr().err
    assert pip.made == 1


def test_in_a_checkout_that_is_read_only_a_sentence_says_so(
    pip: FakePip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pip.may_not = True

    with pytest.raises(SystemExit) as ending:
        environment.ensure(tmp_path / "venv")

    assert ending.value.code == 2
    assert "Read-only file system" in capsys.readouterr().err


def test_what_runs_in_it_imports_nothing_of_the_persons(
    pip: FakePip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSAFEPATH", "1")

    environment.ensure(tmp_path)

    assert "PYTHONPATH" not in os.environ
    assert "PYTHONSAFEPATH" not in os.environ


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: patch.setattr(sys, "version", "3.99"),
        lambda patch: patch.setattr(sys, "base_prefix", "/elsewhere"),
    ],
    ids=["version", "installation"],
)
def test_another_python_is_another_environment(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    before = environment.fingerprint(["a==1"])
    with monkeypatch.context() as patch:
        change(patch)
        after = environment.fingerprint(["a==1"])

    assert before != after


def test_the_program_runs_with_this_python_if_that_has_all_it_needs(pip: FakePip, tmp_path: Path) -> None:
    assert environment.to_run(tmp_path / "run") == Path(sys.executable)
    assert pip.made == 0


@pytest.fixture
def lacking(pip: FakePip, monkeypatch: pytest.MonkeyPatch) -> FakePip:
    """This Python lacks one of the packages that the program needs, and has another in a version that is too old."""
    monkeypatch.setattr(importlib.metadata, "metadata", older_than_needed)
    return pip


def older_than_needed(name: str) -> dict[str, str]:
    if name != "regex":
        raise importlib.metadata.PackageNotFoundError(name)
    return {"Version": "2023.9.30"}


@pytest.mark.parametrize("lacks", project.requirements())
def test_each_package_that_the_program_needs_is_looked_for(
    lacks: str, pip: FakePip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_is_installed", lambda one: one != lacks)

    assert environment.to_run(tmp_path / "run") == environment.python(tmp_path / "run")
    assert pip.made == 1


def test_a_package_of_which_an_interrupted_installation_left_a_folder_is_missing(
    pip: FakePip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cryptography-99.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    assert environment.to_run(tmp_path / "run") == environment.python(tmp_path / "run")


def test_else_it_has_an_environment_of_its_own_that_is_made_once(lacking: FakePip, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    environment.python(folder).parent.mkdir(parents=True)
    environment.python(folder).touch()

    first, second = environment.to_run(folder), environment.to_run(folder)

    assert first == second == environment.python(folder)
    assert lacking.made == 1


@pytest.mark.parametrize(
    ("what", "remedy"),
    [
        ("fails", "with a network, type the same again"),
        ("may_not", "for that it wants a checkout that you may write to"),
    ],
)
def test_without_a_network_or_a_place_it_starts_all_the_same_and_that_is_said(
    what: str, remedy: str, lacking: FakePip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    setattr(lacking, what, True)

    assert environment.to_run(tmp_path / "run") == Path(sys.executable)
    cryptography, regex = project.requirements()
    lacks = f"{cryptography}, which TLS needs, and {regex}, which expressions that repeat several things need"
    assert f"Tincan starts without {lacks}; {remedy}.\n" in capsys.readouterr().out
    assert not (tmp_path / "run" / "tools.stamp").exists()


def test_what_an_environment_is_made_with_is_asked_for_where_one_is_to_be_made(pip: FakePip, tmp_path: Path) -> None:
    assert environment.needs_to_run(tmp_path / "run") == ()


def test_it_is_asked_for_once(lacking: FakePip, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert environment.needs_to_run(folder) == (machine.VENV,)

    environment.python(folder).parent.mkdir(parents=True)
    environment.python(folder).touch()
    environment.to_run(folder)
    assert environment.needs_to_run(folder) == ()
