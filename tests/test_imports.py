"""Who may import whom, as the design has it, read from the source of every module."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Set

import pytest

from build_scripts.project import ROOT

GROUND = {
    "core.address",
    "core.clock",
    "core.events",
    *("core.errors", "core.explanations"),
    "core.latency",
    "core.origin",
    "core.local_address",
    "core.proxy",
    "core.roles",
    "core.settings",
    *("core.supervision", "core.tcp", "core.words"),
    *("core.tls.facts", "core.tls.settings"),
}
LIBRARY = GROUND | {"core"}
# What a command of the terminal takes, and how it reads and writes.
ARGUMENTS = LIBRARY | {"core.cli.arguments", "core.cli.common", "core.cli.tls"}
ALL_OF_CORE = {"core.*"}
# What views and view models may know of core: values and pure functions; no thread, no socket, no file.
VALUES = (LIBRARY - {"core.supervision"}) | {
    "core.compose",
    "core.journal.display_row",
    "core.journal.reading.figures",
    "core.journal.reading.recorded",
    "core.journal.reading.sequence",
    "core.journal.reading.socket_calls",
    "core.journal.recording.ledger",
    "core.journal.recording.notes",
    "core.local_time",
    "core.replies",
    "core.sending.plan",
    "core.steps",
    "core.text_safety",
    "core.wire",
}
# What everything in the window may know: how systems differ, and which keys there are.
FLOOR = {"gui.platform.differences", "gui.keys"}

# Each room, and what it may import of ours beside itself. The first that fits a module counts.
MAY_IMPORT: list[tuple[str, set[str]]] = [
    ("core.address", {"core.errors", "core.local_address"}),
    ("core.local_address", {"core.errors"}),
    ("core.proxy", {"core.address", "core.errors", "core.local_address"}),
    ("core.clock", set()),
    ("core.roles", set()),
    ("core.events", {"core.address", "core.errors", "core.origin", "core.roles", "core.tls.facts"}),
    ("core.origin", set()),
    ("core.tls.facts", {"core.words"}),
    ("core.tls", LIBRARY | {"core.files"}),
    ("core.words", set()),
    ("core.errors", {"core.words"}),
    ("core.explanations", {"core.errors"}),
    ("core.latency", set()),
    ("core.supervision", {"core.clock", "core.errors"}),
    ("core.settings", set()),
    ("core.tcp", set()),
    ("core.command", set()),
    ("core.files", set()),
    ("core.local_time", set()),
    ("core.text_safety", set()),
    ("core.wire", LIBRARY | {"core.tls"}),
    ("core.child_process", {"core.errors", "core.supervision"}),
    ("core.replies.rules", LIBRARY | {"core.replies", "core.compose", "core.wire", "core.files"}),
    ("core.replies.on_connect", LIBRARY | {"core.replies", "core.compose"}),
    ("core.replies.program", LIBRARY | {"core.replies", "core.child_process", "core.command"}),
    ("core.replies.handler", LIBRARY | {"core.replies", "core.child_process", "core.command"}),
    ("core.replies", LIBRARY),
    ("core.compose", LIBRARY | {"core.wire", "core.files"}),
    ("core.net", LIBRARY | {"core.tls", "core.wire", "core.replies"}),
    (
        "core.journal",
        LIBRARY
        | {
            "core.wire",
            "core.replies",
            "core.text_safety",
            "core.command",
            "core.files",
            "core.local_time",
            "core.compose.encoding",
            "core.compose.escapes",
            "core.compose.hexadecimal",
        },
    ),
    ("core.steps", LIBRARY | {"core.compose", "core.replies", "core.wire", "core.text_safety", "core.files"}),
    ("core.sending", LIBRARY | {"core.net", "core.journal", "core.steps", "core.wire.faults"}),
    (
        "core.workbench",
        LIBRARY | {"core.wire", "core.replies", "core.net", "core.journal", "core.sending", "core.steps"},
    ),
    (
        "core.cli.standard_streams",
        LIBRARY | {"core.cli.common", "core.compose.encoding", "core.text_safety", "core.wire"},
    ),
    ("core.cli.common", LIBRARY | {"core.command", "core.journal.recording.ledger", "core.text_safety"}),
    (
        "core.cli.arguments",
        LIBRARY
        | {"core.cli.common", "core.compose.encoding", "core.journal.recording.files"}
        | {"core.net.socket_options", "core.wire"},
    ),
    ("core.cli.tls", LIBRARY | {"core.cli.arguments", "core.cli.common", "core.tls"}),
    ("core.cli.reading", LIBRARY | {"core.journal"}),
    (
        "core.cli.options",
        LIBRARY
        | {"core.cli.arguments", "core.cli.tls", "core.compose", "core.net.socket_options", "core.replies"}
        | {"core.steps", "core.wire"},
    ),
    (
        "core.cli.terminal",
        LIBRARY
        | {
            "core.cli.common",
            "core.cli.options",
            "core.cli.standard_streams",
            "core.compose",
            "core.wire",
            "core.replies",
            "core.journal",
            "core.text_safety",
            "core.sending",
            "core.steps",
            "core.workbench",
        },
    ),
    ("core.cli.load", ARGUMENTS | {"core.sending", "core.steps", "core.text_safety", "core.wire.faults"}),
    (
        "core.cli.test",
        ARGUMENTS
        | {"core.journal.recording.ledger", "core.net", "core.sending", "core.steps", "core.text_safety"}
        | {"core.files", "core.wire.faults", "core.workbench"},
    ),
    (
        "core.cli.replay",
        ARGUMENTS
        | {"core.cli.reading", "core.cli.test", "core.compose.encoding", "core.journal", "core.net"}
        | {"core.sending", "core.steps", "core.text_safety", "core.wire.faults"},
    ),
    (
        "core.cli.export",
        ARGUMENTS | {"core.cli.reading", "core.compose.encoding", "core.journal", "core.text_safety"},
    ),
    (
        "core.cli.find",
        ARGUMENTS | {"core.local_time", "core.cli.reading", "core.compose", "core.journal", "core.text_safety"},
    ),
    ("core.__main__", LIBRARY | {"core.cli", "core.command"}),
    ("core", {"core"}),
    ("gui.platform.differences", set()),
    ("gui.keys", {"gui.platform.differences"}),
    ("gui.platform", ALL_OF_CORE),
    ("gui.theme", {"gui.platform.differences", "gui.platform.desktop", "gui.platform.windows"}),
    (
        "gui.widgets",
        {"core.clock", "core.text_safety", "gui.platform.differences", "gui.platform.windows", "gui.theme"},
    ),
    ("gui.viewmodels", VALUES | FLOOR),
    ("gui.preferences", VALUES | {"core.files", "gui.viewmodels"}),
    ("gui.views", VALUES | FLOOR | {"gui.theme", "gui.widgets", "gui.viewmodels"}),
    ("gui.window", VALUES | FLOOR | {"gui.theme", "gui.widgets", "gui.viewmodels", "gui.views"}),
    ("gui.journals", ALL_OF_CORE | {"gui.viewmodels"}),
    (
        "gui.controllers",
        ALL_OF_CORE
        | FLOOR
        | {"gui.journals", "gui.platform", "gui.preferences", "gui.theme"}
        | {"gui.viewmodels", "gui.views", "gui.widgets", "gui.window"},
    ),
    ("gui.app", ALL_OF_CORE | {"gui"}),
    ("gui.self_test", ALL_OF_CORE | {"gui.app"}),
    ("gui.__main__", ALL_OF_CORE | {"gui.app", "gui.self_test"}),
    ("gui", {"core"}),
    ("build_scripts", set()),
]

# What a socket is reached through, and who may: the rest of core has bytes from a transport, or none.
SOCKETS = {"socket", "_socket", "select", "selectors", "socketserver", "ssl", "core.net.sockets"}
MAY_TOUCH_SOCKETS = {
    "core.child_process",  # waits for pipes
    "core.explanations",  # explains what they raise
    "core.net.client",
    "core.net.datagrams",
    "core.net.dialer",
    "core.net.listening",
    "core.net.local_sockets",
    "core.net.loop",
    "core.net.reachable",
    "core.net.resolver",
    "core.net.session",
    "core.net.socket_options",
    "core.net.sockets",
    "core.net.tap",
    "core.net.transport",
    "core.net.udp",
    "core.net.udp_tap",
    "core.tls.contexts",  # OpenSSL as Python has it; no socket
    "core.wire.tls",  # the same
    "core.workbench",  # raises the limit of descriptors
}

# Rooms of the window that can be tried without one, and the module there that is made of Tk's own.
WITHOUT_TKINTER = {"gui.journals", "gui.keys", "gui.platform", "gui.preferences", "gui.viewmodels"}
WITH_TKINTER = {"gui.platform.event_loop"}

# What is packed and installed: the window and the library, by definition.
PROGRAM_ENTRIES = {"build_scripts.tincan", "build_scripts.tincan.__main__"}


@functools.cache
def modules(package: str) -> dict[str, str]:
    """The source of every module, by its name."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    assert found
    return found


@functools.cache  # three tests ask for each module
def imports(source: str, *, everywhere: bool = True) -> frozenset[str]:
    """What a module imports by name; with ``everywhere``, also within functions and for types alone."""
    found: set[str] = set()
    tree = ast.parse(source)
    for node in _statements(tree) if everywhere else _at_import_time(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide who imports whom"
            found.update({node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)})
    return frozenset(found)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every statement within a node, without the expressions, which are nine tenths of a tree and import nothing."""
    for field in ("body", "orelse", "finalbody", "handlers", "cases"):
        for part in getattr(node, field, ()):
            yield part
            yield from _statements(part)


def _at_import_time(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that runs when the module is imported."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        is_later = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if not is_later and not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
            waiting.extend(ast.iter_child_nodes(node))


def within(name: str, rooms: set[str]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def forbidden(module: str, imported: Set[str]) -> list[str]:
    """Which of the imports the design does not allow to this module."""
    room, allowed = next((room, allowed) for room, allowed in MAY_IMPORT if within(module, {room}))
    ours = {name for name in imported if within(name, {"core", "gui", "build_scripts", "tests"})}
    # "from core import address" counts as the room, "from core import __version__" as core itself.
    named = {name for name in ours if not _is_attribute(name, ours)}
    return sorted(name for name in named if not _allowed(name, room, allowed))


def _is_attribute(name: str, ours: set[str]) -> bool:
    """Whether this is a name out of a module that is imported too, rather than a module."""
    path = ROOT.joinpath(*name.split("."))
    return name.rpartition(".")[0] in ours and not path.is_dir() and not path.with_suffix(".py").is_file()


def _allowed(name: str, room: str, allowed: set[str]) -> bool:
    if within(name, {room}) or (allowed >= ALL_OF_CORE and within(name, {"core"})):
        return True
    return name in allowed & {"core"} or within(name, allowed - {"core"})


@pytest.mark.parametrize("package", ["core", "gui", "build_scripts"])
def test_a_module_imports_only_what_stands_below_it(package: str) -> None:
    everywhere = package != "build_scripts"  # a script may run what it builds
    # ``core`` itself names its public parts for type checkers, and loads them when they are asked for.
    free = PROGRAM_ENTRIES | {"core"}

    found = [
        f"{module} may not import {name}"
        for module, source in modules(package).items()
        if module not in free
        for name in forbidden(module, imports(source, everywhere=everywhere))
    ]

    assert not found


def test_what_is_tried_without_a_window_knows_no_tkinter() -> None:
    found = [
        f"{module} may not import {name}"
        for module, source in modules("gui").items()
        if within(module, WITHOUT_TKINTER) and not within(module, WITH_TKINTER)
        for name in imports(source)
        if within(name, {"tkinter", "_tkinter"})
    ]

    assert not found


def test_core_knows_no_window() -> None:
    found = [
        f"{module} may not import {name}"
        for module, source in modules("core").items()
        for name in imports(source)
        if within(name, {"gui", "tkinter", "_tkinter"})
    ]

    assert not found


def touching_sockets(source: str) -> list[str]:
    """The lines that import something of sockets, each with its number."""
    if not any(name.rpartition(".")[2] in source for name in SOCKETS):
        return []
    lines = source.splitlines()
    return [
        f"{node.lineno}: {lines[node.lineno - 1].strip()}"
        for node in _statements(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        if any(within(name, SOCKETS) for name in imports(ast.unparse(node)))
    ]


def test_the_bytes_of_a_connection_pass_through_its_transport_alone() -> None:
    found = {module: lines for module, source in modules("core").items() if (lines := touching_sockets(source))}

    assert not {module: lines for module, lines in found.items() if module not in MAY_TOUCH_SOCKETS}
    assert found.keys() >= MAY_TOUCH_SOCKETS, "who touches none is taken out of MAY_TOUCH_SOCKETS"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("import time\nimport socket", "2: import socket"),
        ("from core.net import sockets", "1: from core.net import sockets"),
        ("from core.net.sockets import reset", "1: from core.net.sockets import reset"),
        ("if TYPE_CHECKING:\n    from socket import (\n        socket,\n    )", "2: from socket import ("),
        ("def late():\n    import ssl as tls", "2: import ssl as tls"),
    ],
)
def test_a_line_that_reaches_for_sockets_is_named(source: str, line: str) -> None:
    assert touching_sockets(source) == [line]


def test_words_like_socket_are_no_reach_for_one() -> None:
    assert touching_sockets("from core.net.socket_options import SocketOptions\nimport sockets_of_ours") == []


def test_what_is_seen_takes_nothing_that_talks_from_core_itself() -> None:
    found = [
        f"{module} may not import {name}"
        for module, source in modules("gui").items()
        if within(module, {"gui.views", "gui.viewmodels", "gui.widgets", "gui.window"})
        for name in imports(source) & {"core.Workbench", "core.Server", "core.Client"}
    ]

    assert not found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("core.net.server", "from core.journal.reading.reader import JournalReader"),
        ("core.journal.recording.store", "import core.net.sockets"),
        ("core.journal.recording.store", "from core import net"),
        ("core.wire.framing", "from core.net import sockets"),
        ("core.errors", "from core.address import Address"),
        ("core.events", "from core.settings import Limits"),
        ("core.net.server", "def late():\n    from gui import app"),
        ("core.workbench", "from core.cli.terminal import run"),
        ("core.__main__", "from core.net.server import Server"),
        ("gui.app", "from build_scripts import project"),
        ("gui.theme.theme", "from gui.widgets import fitting"),
        ("gui.widgets.fitting", "from gui.viewmodels import rows"),
        ("gui.widgets.fitting", "from core.events import Role"),
        ("gui.viewmodels.rows", "from gui.views.banner import Banner"),
        ("gui.viewmodels.rows", "from gui.widgets import fitting"),
        ("gui.viewmodels.rows", "from core.journal.reading.reader import JournalReader"),
        ("gui.views.banner", "from core.workbench import Workbench"),
        ("gui.views.banner", "from core.net import sockets"),
        ("gui.views.banner", "def late():\n    from gui.controllers import notices"),
        ("gui.window", "from gui.controllers.main import MainController"),
        ("gui.journals.viewing", "from gui.controllers.main import MainController"),
        ("gui.controllers.main", "from gui.app import App"),
        ("build_scripts.dev", "import core"),
        ("build_scripts.dev", "class A:\n    from gui import app"),
        ("build_scripts.dev", "try:\n    import core.address\nexcept ImportError:\n    pass"),
    ],
)
def test_the_law_finds_who_breaks_it(module: str, source: str) -> None:
    assert forbidden(module, imports(source, everywhere=module != "build_scripts.dev"))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("core.net.server", "from core.net import sockets\nfrom core.replies import make_reply"),
        ("core.journal.recording.store", "def late():\n    from core import __version__"),
        ("core.journal.recording.recorder", "import sqlite3\nfrom core.journal.recording.ledger import Ledger"),
        ("gui.app", "from core.workbench import Workbench\nfrom gui.views import banner"),
        ("gui.app", "from gui.controllers.main import MainController"),
        ("gui.controllers.notices", "from gui.views.banner import Banner\nfrom core.workbench import Workbench"),
        ("gui.views.banner", "from gui.widgets import fitting\nfrom gui.viewmodels import rows"),
        ("gui.viewmodels.rows", "from core import __version__\nfrom core.journal.display_row import DisplayRow"),
        ("gui.widgets.fitting", "from gui.theme.theme import Theme\nfrom core.text_safety import TextSafety"),
        ("build_scripts.dev", "def run():\n    import gui"),
    ],
)
def test_the_law_leaves_the_others_alone(module: str, source: str) -> None:
    assert forbidden(module, imports(source, everywhere=module != "build_scripts.dev")) == []


def test_a_relative_import_is_not_overlooked() -> None:
    with pytest.raises(AssertionError, match="relative imports"):
        imports("from . import sockets")
