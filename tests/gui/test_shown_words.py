"""Words are for people: what the program does next hangs on values, never on what a label says."""

from __future__ import annotations

import ast

import pytest

from build_scripts.project import ROOT

_OPTIONS = ("text", "label")  # of widgets, that are for people


def decisions_by_words(source: str) -> list[int]:
    """The lines that compare, ask for or keep the text of a label, rather than only handing it out."""
    judged: list[ast.AST] = []
    is_mentioned = any(f"{quote}{word}{quote}" in source for quote in "'\"" for word in _OPTIONS)
    for node in ast.walk(ast.parse(source)) if is_mentioned else ():
        if isinstance(node, ast.Compare):
            judged.append(node)
        elif isinstance(node, ast.If | ast.IfExp | ast.While):
            judged.append(node.test)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            judged.append(node.value)
    return sorted(
        {part.lineno for node in judged for part in ast.walk(node) if isinstance(part, ast.expr) and _reads_label(part)}
    )


def _reads_label(node: ast.AST) -> bool:
    """``label.cget("text")``, ``label["text"]`` or ``menu.entrycget(at, "label")``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        asked = node.args[-1] if node.func.attr in ("cget", "entrycget") else None
    else:
        asked = node.slice if isinstance(node, ast.Subscript) else None
    return isinstance(asked, ast.Constant) and asked.value in _OPTIONS


def test_nothing_is_decided_by_the_words_of_a_label() -> None:
    sources = sorted((ROOT / "gui").rglob("*.py"))
    found = {path.name: decisions_by_words(path.read_text(encoding="utf-8")) for path in sources}

    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        'is_over = button.cget("text") == "Stop"',
        'why = str(label.cget("text"))',
        'if menu.entrycget(0, "label"):\n    pass',
        'go(1 if label["text"] else 2)',
    ],
)
def test_a_decision_by_a_label_is_found(source: str) -> None:
    assert decisions_by_words(source) == [1]


def test_what_a_label_says_may_be_handed_out() -> None:
    assert decisions_by_words('def words(label):\n    return str(label.cget("text"))') == []
