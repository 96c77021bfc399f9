"""What Python 3.11.0 does not have, or does wrong, is used nowhere: it is the oldest that Tincan runs on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from build_scripts.project import ROOT

_POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{[\d,]*\})\+")


_MENTION = re.compile(r"""[*+?}](?:['"\s]|\b[rbfu]+\b)*\+""")  # also where a string ends and the next goes on


def texts(source: str) -> Iterator[str]:
    """Every string of a program that may have one, its parts joined, with a 1 for each value that is put in."""
    for node in ast.walk(ast.parse(source)) if _MENTION.search(source) else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values)


@pytest.mark.parametrize("source", ['r"(?:a|ab)*+b"', '"(a|ab)++"', 'rf"(?:{A})" rf"{{1,{MOST}}}+"', '"(a)?+"'])
def test_a_possessive_group_is_recognised(source: str) -> None:
    assert any(map(_POSSESSIVE_GROUP.search, texts(source)))


@pytest.mark.parametrize("source", ['"(?>(?:a|ab)*)b"', '"[a)]++"', 'len(a) + 1 + int("(a)+b")', r'r"a\)++"'])
def test_nothing_else_is_taken_for_one(source: str) -> None:
    assert not any(map(_POSSESSIVE_GROUP.search, texts(source)))


def test_no_expression_repeats_a_group_possessively() -> None:
    """CPython gh-106052: up to 3.11.4 such a group takes part of a match along that it had given back."""
    sources = [path for folder in ("core", "gui", "build_scripts") for path in (ROOT / folder).rglob("*.py")]

    found = [
        f"{path.relative_to(ROOT)}: {text}"
        for path in sources
        for text in texts(path.read_text(encoding="utf-8"))
        if _POSSESSIVE_GROUP.search(text)
    ]

    assert sources
    assert found == []
