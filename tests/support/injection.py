"""Every place at which the program begins something by itself, found by reading its source, and how to break each.

A worker is a thread's work, a step is one of ``do_all`` or a call under ``attempt``, a loop call is what a session's
loop is asked to call.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

from build_scripts.project import ROOT
from core import supervision
from core.net.loop import GuardedLoop, Loop
from core.supervision import Told, Worker

KINDS = (MemoryError, lambda: OSError(5, "Input/output error"), lambda: RuntimeError("broken"), lambda: Fault("broken"))
_BEGINNERS = {"Worker": 1, "in_background": 0, "_begin": 0}  # the argument that names the thread
_ASKED = ("call_soon", "call_later", "watch")  # of a loop


class Fault(Exception):
    """What nobody foresaw."""


class Entry(NamedTuple):
    """One entry point: where it stands, and its name, in which ``*`` stands for what is filled in."""

    module: str
    where: str
    name: str


def sources(*words: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module of the program but the guard itself; with ``words`` those in which one of them stands."""
    for module, path in _paths():
        text = path.read_text(encoding="utf-8")
        if not words or any(word in text for word in words):
            yield module, ast.parse(text)


def _paths() -> Iterator[tuple[str, Path]]:
    for package in ("core", "gui"):
        for path in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if module != "core.supervision":
                yield module, path


def workers() -> set[Entry]:
    """Every start of a thread, by the thread's name where it stands there."""
    return {
        Entry(module, where, _template(call.args[_BEGINNERS[_name(call.func)]]))
        for module, tree in sources(*_BEGINNERS)
        for where, call in _calls(tree)
        if _name(call.func) in _BEGINNERS and (_name(call.func) != "_begin" or module == "gui.controllers.journal")
    }


@cache
def steps() -> set[Entry]:
    """Every named step and guarded call."""
    return {
        Entry(module, where, name)
        for module, tree in sources("attempt", "do_all", "list[Step]")
        for where, node in _nodes(tree)
        for name in _named_at(node)
    }


def _named_at(node: ast.AST) -> Iterator[str]:
    """The names of the steps and of the guarded call that begin at a node."""
    if isinstance(node, ast.AnnAssign):
        if node.value and ast.unparse(node.annotation) == "list[Step]":
            yield from _names_of_steps(node.value)
    elif isinstance(node, ast.Call) and node.args:
        called, first = _name(node.func), node.args[0]
        if called == "attempt":
            yield _template(first)
        elif called == "partial" and _name(first) == "attempt":
            yield _template(node.args[1])
        elif called == "do_all":
            yield from _names_of_steps(first)


def loop_calls() -> set[Entry]:
    """Every place in ``core.net`` that asks a loop to call something, with what it asks."""
    return {
        Entry(module, where, call.func.attr)
        for module, tree in sources(*_ASKED)
        if module.startswith("core.net.") and module != "core.net.loop"
        for where, call in _calls(tree)
        if isinstance(call.func, ast.Attribute) and call.func.attr in _ASKED
        if call.func.attr != "watch" or _watches(call)
    }


def _watches(call: ast.Call) -> bool:
    """Whether it is a loop that watches, not an audience, which takes one argument, and for more than nothing."""
    return len(call.args) > 1 and ast.unparse(call.args[1]) != "0"


class Patch(Protocol):
    """What replaces attributes: ``pytest.MonkeyPatch``, or its like in a program that does without pytest."""

    def setattr(self, target: object, name: str, value: object) -> None: ...


class Breaker:
    """Breaks entry points once each; ``broken`` are the names of those whose turn has come.

    ``asked`` are the loop calls that have been asked for, and break as soon as the loop makes them.
    """

    def __init__(self, monkeypatch: Patch) -> None:
        self._patch = monkeypatch
        self.asked: list[Entry] = []
        self.broken: list[str] = []

    def worker(self, name: str, error: Callable[[], BaseException]) -> None:
        """Have the first thread of such a name raise instead of working."""
        make, waiting = Worker.__init__, [name]

        def made(
            worker: Worker, work: Callable[[], object], name: str, failed: Told | None = None, *, daemon: bool = False
        ) -> None:
            if waiting and matches(name, waiting[0]):
                waiting.clear()
                work = self._raiser(name, error)
            make(worker, work, name, failed, daemon=daemon)

        self._patch.setattr(Worker, "__init__", made)

    def steps(self, names: Mapping[str, Callable[[], BaseException]], *, instead: bool = False) -> None:
        """Have the first step of each name raise when it is done, or ``instead`` of being done."""
        for module_name, path in _paths():  # else one would keep the replacement for good
            if "attempt" in path.read_text(encoding="utf-8"):
                importlib.import_module(module_name)
        real, waiting = supervision.attempt, dict(names)

        def attempt(name: str, call: Callable[[], object]) -> BaseException | None:
            pattern = next((each for each in waiting if matches(name, each)), None)
            if pattern is None:
                return real(name, call)
            fail = self._raiser(pattern, waiting.pop(pattern))
            return real(name, fail if instead else lambda: (call(), fail()))

        for module in list(sys.modules.values()):
            if getattr(module, "attempt", None) is real:
                self._patch.setattr(module, "attempt", attempt)

    def loop_call(self, entry: Entry, error: Callable[[], BaseException]) -> None:
        """Have the first call that is asked for at that place raise."""
        waiting = [entry]

        def asked(real: Callable[..., object], loop: object, *arguments: object) -> object:
            """The last argument is the call."""
            if waiting and _place() == entry[:2]:
                self.asked.append(waiting.pop())
                arguments = (*arguments[:-1], self._raiser(f"{entry.module}:{entry.where}", error))
            return real(loop, *arguments)

        for kind in (Loop, GuardedLoop):
            real = getattr(kind, entry.name)
            self._patch.setattr(kind, entry.name, lambda loop, *rest, real=real: asked(real, loop, *rest))

    def _raiser(self, name: str, error: Callable[[], BaseException]) -> Callable[..., None]:
        def fail(*_arguments: object) -> None:
            self.broken.append(name)
            raise error()

        return fail


def matches(name: str, template: str) -> bool:
    """Whether a name is made from that template."""
    return re.fullmatch(".*".join(map(re.escape, template.split("*"))), name, re.DOTALL) is not None


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for where, node in _nodes(tree):
        if isinstance(node, ast.Call):
            yield where, node


def _nodes(parent: ast.AST, where: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node within one, with the class and function that it stands in."""
    for node in ast.iter_child_nodes(parent):
        yield where, node
        within = f"{where}.{node.name}".lstrip(".") if isinstance(node, ast.FunctionDef | ast.ClassDef) else where
        yield from _nodes(node, within)


def _names_of_steps(node: ast.AST) -> Iterator[str]:
    """The names in a list of steps, also where a comprehension makes some."""
    if isinstance(node, ast.Tuple):
        yield _template(node.elts[0])
    elif isinstance(node, ast.List):
        for each in node.elts:
            yield from _names_of_steps(each)
    elif isinstance(node, ast.Starred):
        yield from _names_of_steps(node.value)
    elif isinstance(node, ast.GeneratorExp | ast.ListComp):
        yield from _names_of_steps(node.elt)


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _template(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    return "*"


def _place() -> tuple[str, str]:
    """The module and function outside ``core.net.loop`` that asks for a call."""
    frame = sys._getframe(1)
    while frame.f_globals["__name__"] in ("core.net.loop", "functools", __name__):
        assert frame.f_back is not None
        frame = frame.f_back
    names = [name for name in frame.f_code.co_qualname.split(".") if name not in ("<locals>", "<lambda>")]
    return frame.f_globals["__name__"], ".".join(names)
