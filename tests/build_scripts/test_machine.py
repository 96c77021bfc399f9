"""What is missing on a machine is installed, or named in one line; nothing else is touched."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from build_scripts import commands, machine
from build_scripts.machine import Need


@dataclass
class FakeMachine:
    """A machine with a package manager that installs what it is told, and keeps the commands."""

    programs: set[str]
    passwordless: bool = True
    packages: set[str] = field(default_factory=set)
    typed: list[str] = field(default_factory=list)

    def which(self, program: str) -> str | None:
        return f"/usr/bin/{program}" if program in self.programs else None

    def check(self, command: Sequence[object], environment: Mapping[str, str] | None = None) -> None:
        self.typed.append(" ".join(map(str, command)))
        if "install" in command:
            self.packages.update(map(str, command))

    def need(self, package: str, *, of_python: bool = False) -> Need:
        return Need(
            f"what {package} brings",
            lambda: package in self.packages,
            apt=package,
            dnf=f"{package}-dnf",
            brew=f"{package}-brew",
            of_python=of_python,
        )


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    fake = FakeMachine({"apt-get"})
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(shutil, "which", fake.which)
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(machine, "is_distribution_python", lambda: True)
    monkeypatch.setattr(commands, "check", fake.check)
    monkeypatch.setattr(commands, "succeeds", lambda _command: fake.passwordless)
    return fake


def test_nothing_is_run_where_nothing_is_missing(debian: FakeMachine) -> None:
    debian.packages.add("xvfb")

    machine.ensure([debian.need("xvfb")])

    assert debian.typed == []


def test_root_on_debian_gets_only_what_is_missing(debian: FakeMachine) -> None:
    debian.packages.add("xvfb")

    machine.ensure([debian.need("xvfb"), debian.need("python3-tk"), debian.need("binutils")])

    assert debian.typed == [
        "apt-get update",
        "apt-get install -y --no-install-recommends python3-tk binutils",
    ]


def test_who_is_not_root_gets_it_by_sudo_without_a_password(
    debian: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)

    machine.ensure([debian.need("xvfb")])

    assert debian.typed[0] == "sudo -n apt-get update"
    assert debian.typed[1].startswith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install -y")


def test_who_would_be_asked_for_a_password_reads_what_to_type(
    debian: FakeMachine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    debian.passwordless = False

    with pytest.raises(SystemExit) as ending:
        machine.ensure([debian.need("python3-tk"), debian.need("xvfb")])

    assert ending.value.code == 2
    assert "  sudo apt-get install python3-tk xvfb\n" in capsys.readouterr().err
    assert debian.typed == []


@pytest.mark.parametrize(
    ("programs", "line"),
    [
        ({"dnf"}, "  sudo dnf install python3-tk-dnf"),
        ({"brew"}, "  brew install python3-tk-brew"),
        (set(), "package manager"),
    ],
)
def test_other_systems_are_told_what_to_type(
    debian: FakeMachine, capsys: pytest.CaptureFixture[str], programs: set[str], line: str
) -> None:
    debian.programs = programs

    with pytest.raises(SystemExit) as ending:
        machine.ensure([debian.need("python3-tk")])

    assert ending.value.code == 2
    assert line in capsys.readouterr().err


def test_a_python_that_packages_cannot_complete_is_named(
    debian: FakeMachine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "is_distribution_python", lambda: False)

    with pytest.raises(SystemExit) as ending:
        machine.ensure([debian.need("python3-tk", of_python=True)])

    assert ending.value.code == 2
    assert "is not this system's own Python" in capsys.readouterr().err
    assert debian.typed == []


def test_a_package_that_did_not_bring_what_it_should_is_named(
    debian: FakeMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    need = Need("Tk", lambda: False, apt="python3-tk")

    with pytest.raises(SystemExit):
        machine.ensure([need])

    assert "still missing: Tk" in capsys.readouterr().err


def test_every_need_names_a_package_for_debian_and_fedora() -> None:
    assert all(need.apt and need.dnf for need in machine.TO_BUILD)


def test_a_need_that_this_very_test_run_has_is_there() -> None:
    assert machine.TK.is_there()
    assert machine.VENV.is_there()
