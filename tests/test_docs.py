"""What the documents for developers name is there."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from gui.keys import EDITING, KEYS, WITHOUT_KEY
from gui.views.menus import MENUS, SUBMENUS

UNNAMED = {"__main__.py", "icons"}
_ENTRY = re.compile(r"\*(File|Edit|View|Session|Help), ([^*]+)\*")
DOCUMENTS = ("CONTRIBUTING.md", "docs/design.md")
_PATH = re.compile(r"`((?:core|gui|tests|docs|build_scripts)/[\w./]+)`")
_METHOD = re.compile(r"`([A-Z]\w+)\.(\w+)`")


@cache
def methods() -> dict[str, set[str]]:
    """The methods of each class of the program, by its name."""
    found: dict[str, set[str]] = defaultdict(set)
    for folder in ("core", "gui"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    found[node.name] |= {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
    return found


@cache
def menus() -> dict[str, list[str]]:
    """What stands in each menu, as it is read there."""
    words = {key.command: key.words for key in (*KEYS, *EDITING, *WITHOUT_KEY)} | SUBMENUS
    return {
        title.replace("&", ""): [words[command].replace("&", "") for command in commands if command in words]
        for title, commands in MENUS
    }


@pytest.mark.parametrize(
    "page", sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]), ids=lambda page: page.name
)
def test_what_a_page_says_is_in_a_menu_is_there(page: Path) -> None:
    for title, words in _ENTRY.findall(" ".join(page.read_text("utf-8").split())):
        ways = [re.escape(entry) + "|" + re.escape(entry.rstrip("…")) + ", .*" for entry in menus()[title]]
        assert re.fullmatch("|".join(ways), words), f"{title}, {words}"


def test_the_folders_and_the_ground_floor_of_the_design_are_those_of_the_program() -> None:
    plan = (ROOT / "docs/design.md").read_text("utf-8").split("## The folders", 1)[1].split("```")[1]

    for place in [*(ROOT / "core").iterdir(), *(ROOT / "gui").iterdir()]:
        if place.suffix in {"", ".py"} and place.name not in {"__init__.py", "__pycache__"} | UNNAMED:
            assert re.search(rf"\b{place.stem}\b", plan), place


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_and_method_that_is_named_is_there(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")

    assert [path for path in _PATH.findall(text) if not (ROOT / path).exists()] == []
    assert [f"{name}.{method}" for name, method in _METHOD.findall(text) if method not in methods()[name]] == []
    assert len(_PATH.findall(text)) > 20
