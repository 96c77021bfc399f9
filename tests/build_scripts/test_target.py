"""Every download says what it is for, and each system gets the programs that it needs."""

from __future__ import annotations

import pytest

from build_scripts.project import version
from build_scripts.target import System, Target, this_target


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("linux", "x86_64", "linux-x86_64"),
        ("linux", "aarch64", "linux-arm64"),
        ("win32", "AMD64", "windows-x86_64"),
        ("win32", "ARM64", "windows-arm64"),
        ("darwin", "arm64", "macos-arm64"),
        ("linux", "riscv64", "linux-riscv64"),
    ],
)
def test_one_processor_has_one_name_whatever_the_system_calls_it(system: str, machine: str, name: str) -> None:
    assert this_target(system, machine).name == f"tincan-{version()}-{name}"


def test_a_system_that_tincan_is_not_built_for_is_named() -> None:
    with pytest.raises(ValueError, match="'sunos5'"):
        this_target("sunos5", "sparc")


def test_only_windows_has_suffixes_and_a_companion_that_prints() -> None:
    windows, linux = Target(System.WINDOWS, "x86_64"), Target(System.LINUX, "x86_64")

    assert (windows.suffix, windows.console) == (".exe", "tincan-console")
    assert (linux.suffix, linux.console) == ("", "tincan")


def test_only_on_macos_one_file_is_no_application() -> None:
    assert [system for system in System if not Target(system, "arm64").has_one_file] == [System.MACOS]


def test_debian_has_names_of_its_own_for_processors() -> None:
    assert Target(System.LINUX, "x86_64").debian_architecture == "amd64"
    assert Target(System.LINUX, "riscv64").debian_architecture == "riscv64"
