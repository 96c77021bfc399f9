"""What is missing on a machine is installed, or named in one line; nothing else is touched."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from build_scripts import bare_debian, commands, machine
from build_scripts.machine import Need
from build_scripts.project import ROOT
from build_scripts.windows import wine

MANAGERS = ("apt-get", "dnf", "zypper", "pacman", "apk", "brew")


@dataclass
class FakeMachine:
    """A machine with a package manager that installs what it is told, and keeps the commands."""

    programs: set[str]
    passwordless: bool = True
    failing: str = "nothing"  # a word of the commands that fail
    packages: set[str] = field(default_factory=set)
    typed: list[str] = field(default_factory=list)

    def which(self, program: str) -> str | None:
        return f"/usr/bin/{program}" if program in self.programs else None

    def run(self, command: Sequence[object], environment: Mapping[str, str] | None = None) -> int:
        self.typed.append(" ".join(map(str, command)))
        if self.failing in command:
            return 100
        if "install" in command:
            self.packages.update(map(str, command))
        return 0

    def need(self, package: str, *, of_python: bool = False) -> Need:
        return Need(
            f"what {package} brings",
            lambda: package in self.packages,
            {manager: package if manager == "apt-get" else f"{package}-{manager}" for manager in MANAGERS},
            of_python=of_python,
        )


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    fake = FakeMachine({"apt-get"})
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(shutil, "which", fake.which)
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(machine, "is_distribution_python", lambda: True)
    monkeypatch.setattr(commands, "run", fake.run)
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
        "apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 python3-tk binutils",
    ]


def test_a_source_of_packages_that_is_gone_stops_nothing(debian: FakeMachine) -> None:
    debian.failing = "update"

    machine.ensure([debian.need("python3-tk")])

    assert "python3-tk" in debian.packages


def test_who_has_no_network_yet_reads_why_and_what_to_type(
    debian: FakeMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    debian.failing = "apt-get"

    with pytest.raises(SystemExit) as ending:
        machine.ensure([debian.need("python3-tk")])

    assert ending.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("apt-get could not install that; the reason stands above. It needs a network")
    assert told.endswith("Type this, then try again:\n  apt-get update && apt-get install python3-tk\n")


def test_who_is_not_root_gets_it_by_sudo_without_a_password(
    debian: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)

    machine.ensure([debian.need("xvfb")])

    assert debian.typed[0] == "sudo -n apt-get update"
    assert debian.typed[1].startswith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install -y")


@pytest.mark.parametrize(
    ("has_sudo", "told"),
    [
        (True, "Type this, then try again:\n  sudo apt-get update && sudo apt-get install python3-tk xvfb\n"),
        (False, "Type this as root, then try again:\n  apt-get update && apt-get install python3-tk xvfb\n"),
    ],
)
def test_who_would_be_asked_for_a_password_reads_what_to_type(
    debian: FakeMachine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], has_sudo: bool, told: str
) -> None:
    debian.programs |= {"sudo"} if has_sudo else set()
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    debian.passwordless = False

    with pytest.raises(SystemExit) as ending:
        machine.ensure([debian.need("python3-tk"), debian.need("xvfb")])

    assert ending.value.code == 2
    assert capsys.readouterr().err == told
    assert debian.typed == []


@pytest.mark.parametrize(
    ("programs", "line"),
    [
        ({"dnf", "sudo"}, "  sudo dnf install tk-dnf\n"),
        ({"zypper", "sudo"}, "  sudo zypper install tk-zypper\n"),
        ({"pacman", "sudo"}, "  sudo pacman -Syu --needed tk-pacman\n"),
        ({"apk"}, "Type this as root, then try again:\n  apk add --update-cache tk-apk\n"),
        ({"brew", "sudo"}, "  brew install tk-brew\n"),
        ({"sudo"}, "package manager"),
    ],
)
def test_other_systems_are_told_what_to_type(
    debian: FakeMachine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    programs: set[str],
    line: str,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    debian.passwordless = False
    debian.programs = programs

    with pytest.raises(SystemExit) as ending:
        machine.ensure([debian.need("tk")])

    assert ending.value.code == 2
    assert line in capsys.readouterr().err
    assert debian.typed == []


def test_root_is_not_told_to_type_sudo(debian: FakeMachine, capsys: pytest.CaptureFixture[str]) -> None:
    debian.programs = {"pacman", "sudo"}

    with pytest.raises(SystemExit):
        machine.ensure([debian.need("tk")])

    assert "Type this, then try again:\n  pacman -Syu --needed tk-pacman\n" in capsys.readouterr().err


def test_a_package_that_two_needs_share_is_named_once(debian: FakeMachine, capsys: pytest.CaptureFixture[str]) -> None:
    debian.programs = {"apk"}

    with pytest.raises(SystemExit):
        machine.ensure([Need("one", lambda: False, {"apk": "python3"}), Need("two", lambda: False, {"apk": "python3"})])

    assert "--update-cache python3\n" in capsys.readouterr().err


def test_a_package_manager_that_has_not_everything_is_not_named(
    debian: FakeMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    debian.programs = {"brew"}

    with pytest.raises(SystemExit):
        machine.ensure([debian.need("tk"), Need("Xvfb", lambda: False, {"apt-get": "xvfb"})])

    assert "with this system's package manager" in capsys.readouterr().err


def test_a_python_that_packages_cannot_complete_is_named(
    debian: FakeMachine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "is_distribution_python", lambda: False)

    with pytest.raises(SystemExit) as ending:
        machine.ensure([debian.need("python3-tk", of_python=True)])

    assert ending.value.code == 2
    assert "is not this system's own Python" in capsys.readouterr().err
    assert debian.typed == []


def test_what_else_is_missing_is_named_with_a_python_that_packages_cannot_complete(
    debian: FakeMachine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "is_distribution_python", lambda: False)

    with pytest.raises(SystemExit):
        machine.ensure([debian.need("python3-tk", of_python=True), debian.need("xvfb"), debian.need("sqlite3")])

    assert capsys.readouterr().err.endswith("then try again:\n  apt-get update && apt-get install xvfb sqlite3\n")


def test_what_is_wanted_later_comes_with_what_is_missing_and_is_no_reason_to_end(
    debian: FakeMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    later = [debian.need("python3-venv")]
    machine.ensure([], later)
    assert debian.typed == []

    debian.failing = "install"
    with pytest.raises(SystemExit):
        machine.ensure([debian.need("python3-tk")], later)
    assert capsys.readouterr().err.endswith("apt-get install python3-tk python3-venv\n")


def test_a_package_that_did_not_bring_what_it_should_is_named(
    debian: FakeMachine, capsys: pytest.CaptureFixture[str]
) -> None:
    need = Need("Tk", lambda: False, {"apt-get": "python3-tk"})

    with pytest.raises(SystemExit):
        machine.ensure([need])

    assert "still missing: Tk" in capsys.readouterr().err


def test_every_need_names_a_package_for_every_system_that_may_lack_it() -> None:
    linux = (
        machine.TK,
        machine.VENV,
        machine.VIRTUAL_DISPLAY,
        machine.FONTS,
        machine.SQLITE_TOOL,
        machine.SHARED_LIBRARY,
        machine.BINUTILS,
    )

    assert all(set(MANAGERS) - {"brew"} <= set(need.packages) for need in linux)
    assert "brew" in machine.TK.packages
    assert "brew" in machine.VENV.packages


@pytest.mark.parametrize("need", [*machine.TO_BUILD, *wine.NEEDS, *bare_debian.NEEDS], ids=lambda need: need.what)
def test_each_thing_that_is_needed_comes_with_one_package(need: machine.Need) -> None:
    """Each is an argument of its own to the package manager."""
    assert [name for name in need.packages.values() if len(name.split()) != 1] == []


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts stand in for package managers")
@pytest.mark.parametrize(
    ("manager", "line"),
    [
        ("apt-get", "apt-get update && apt-get install "),
        ("dnf", "dnf install "),
        ("zypper", "zypper install "),
        ("pacman", "pacman -Syu --needed "),
        ("apk", "apk add --update-cache "),
    ],
)
def test_the_line_that_was_printed_does_it_and_comes_last(tmp_path: Path, manager: str, line: str) -> None:
    """The line is typed into a shell; the packages are then asked for by name from a package manager that is fake."""
    asked, told = tmp_path / "asked", tmp_path / "told"
    fake = tmp_path / manager
    fake.write_text(f'#!/bin/sh\necho "$(basename "$0") $*" >> {shlex.quote(str(asked))}\n', encoding="utf-8")
    fake.chmod(0o755)
    lacking = (
        "import dataclasses, os; from build_scripts import machine; os.geteuid = lambda: 1000\n"
        "machine.is_distribution_python = lambda: True\n"
        "machine.ensure([dataclasses.replace(machine.TK, is_there=lambda: False)])"
    )
    alone = {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with told.open("wb") as pipe:
        done = subprocess.run([sys.executable, "-c", lacking], env=alone, stdout=pipe, stderr=pipe, check=False)
    lines = told.read_text(encoding="utf-8").splitlines()
    package = machine.TK.packages[manager]

    assert done.returncode == 2
    assert lines == [
        "Missing on this machine: Tk for Python (tkinter).",
        "Type this as root, then try again:",
        f"  {line}{package}",
    ]

    subprocess.run(["/bin/sh", "-c", lines[-1]], env={"PATH": f"{tmp_path}{os.pathsep}{os.defpath}"}, check=True)

    assert [f"{words}\n" for words in f"{line}{package}".split(" && ")] == asked.read_text(encoding="utf-8").splitlines(
        True
    )


def test_a_need_that_this_very_test_run_has_is_there() -> None:
    assert machine.TK.is_there()
    assert machine.VENV.is_there()
