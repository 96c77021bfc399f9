"""The virtual environment is made once, and anew when its tools or its Python changed."""

from __future__ import annotations

import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from build_scripts import commands, environment


class FakePip:
    """An environment that is made in no time, whose interpreter works while ``works``."""

    def __init__(self) -> None:
        self.made = 0
        self.works = True
        self.fails = False

    def create(self, folder: Path, **_options: object) -> None:
        self.made += 1
        folder.mkdir(exist_ok=True)
        (folder / "tools.stamp").unlink(missing_ok=True)

    def check(self, command: Sequence[object]) -> None:
        if self.fails:
            raise SystemExit(1)


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> FakePip:
    fake = FakePip()
    monkeypatch.setattr(venv, "create", fake.create)
    monkeypatch.setattr(commands, "check", fake.check)
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


def test_an_installation_that_failed_starts_over(pip: FakePip, tmp_path: Path) -> None:
    pip.fails = True
    with pytest.raises(SystemExit):
        environment.ensure(tmp_path)
    pip.fails = False

    environment.ensure(tmp_path)

    assert pip.made == 2


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
