"""One version everywhere, and exact pins."""

from __future__ import annotations

import re
import tomllib

import core
from build_scripts import project, version_info
from build_scripts.project import ROOT
from build_scripts.tincan.__main__ import TERMINAL_PROGRAMS


def test_the_version_is_the_one_that_core_states() -> None:
    assert project.version() == core.__version__


def test_the_package_takes_its_version_from_core() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert settings["project"]["dynamic"] == ["version"]
    assert settings["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "core.__version__"}


def test_the_changelog_begins_with_this_version() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert headings[0] == core.__version__


def test_windows_shows_the_version_in_numbers_and_words() -> None:
    text = version_info.version_info("1.20.3")

    assert "filevers=(1, 20, 3, 0)" in text
    assert "'ProductVersion', '1.20.3'" in text


def test_every_tool_is_pinned_exactly() -> None:
    pins = [pin for group in ("dev", "mutants", "pictures") for pin in project.development_pins(group)]

    assert len(pins) > 1
    assert all(re.fullmatch(r"[a-z-]+==[\d.]+", pin) for pin in pins)


def test_the_program_depends_on_little_and_the_tools_bring_that_too() -> None:
    needed = [re.split("[<>=]", each)[0] for each in project.requirements()]

    assert needed == ["cryptography", "regex"]
    assert {pin.split("==")[0] for pin in project.development_pins()} >= set(needed)


def test_the_page_in_the_downloads_is_for_who_uses_the_program() -> None:
    page = project.user_readme()

    assert page.startswith(f"Tincan {core.__version__}\n=")
    assert not re.search(r"@\w+@|python|build|dev\.py|checkout", page)
    assert all(f"tincan {name} " in page for name in TERMINAL_PROGRAMS)
    assert all(len(line) <= 80 for line in page.splitlines())
