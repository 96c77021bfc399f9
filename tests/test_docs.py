"""What the documents for developers name is there."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache

import pytest

from build_scripts.project import ROOT

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


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_and_method_that_is_named_is_there(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")

    assert [path for path in _PATH.findall(text) if not (ROOT / path).exists()] == []
    assert [f"{name}.{method}" for name, method in _METHOD.findall(text) if method not in methods()[name]] == []
    assert len(_PATH.findall(text)) > 20
