"""What is pure stays pure, and starting stays quick."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from build_scripts.project import ROOT

VIEWMODELS = sorted(f"viewmodels.{path.stem}" for path in (ROOT / "gui" / "viewmodels").glob("[!_]*.py"))
PURE = (
    *VIEWMODELS,
    "journals.archives",
    "platform.bridge",
    "platform.garbage_collection",
    "controllers.task_strips",
    "platform.desktop",
    "platform.fault_log",
    "journals.journal_files",
    "journals.own_journal",
    "keys",
    "theme.palettes",
    "theme.shapes",
    "preferences",
)
LATE = (
    *("cryptography", "core.tls.contexts", "core.tls.authority", "core.wire.tls"),
    *("sqlite3", "asyncio", "ssl", "logging", "core.workbench", "core.net.server"),
    *("tempfile", "subprocess", "tomllib", "core.wire.faults", "gui.viewmodels.lessons"),
    *(f"core.compose.{name}" for name in ("draft", "composing", "macros", "hexadecimal", "saved")),
)
_HUNG = 100  # seconds after which a fresh interpreter says where it is, and ends


def modules_after(statement: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after the statement."""
    hung = f"import faulthandler\nfaulthandler.dump_traceback_later({_HUNG}, exit=True)"
    code = f"{hung}\n{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=unmeasured)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_pure_modules_know_no_tkinter() -> None:
    """One interpreter imports them all, and says after which of them it knew tkinter."""
    looks = "\n".join(
        f"import gui.{name}\nassert not {{'tkinter', '_tkinter'}} & {{*sys.modules}}, '{name}'" for name in PURE
    )
    modules_after(f"import sys\n{looks}")


def test_the_command_line_is_read_before_tkinter_is_loaded() -> None:
    assert "tkinter" not in modules_after("import gui.__main__")


def test_the_first_paint_does_not_wait_for_the_engine_room() -> None:
    loaded = modules_after("import gui.app")

    assert not loaded & set(LATE)


def test_no_tls_is_loaded_until_it_is_spoken(tmp_path: Path, screen: str) -> None:
    """A window that serves and connects in the clear, with its menus filled and its settings open."""
    statement = f"""
from pathlib import Path
from gui.app import App, Options
from gui.views.dialogs.settings_dialog import TlsPage
app = App(Options(folder=Path({str(tmp_path)!r})))
app.show()
main = app.main_controller
def until(condition):
    while not condition():
        app.root.update()
until(lambda: app.own_journal.is_open)
app.window.address.fill("127.0.0.1", "0")
main.endpoints.serve()
until(lambda: main.state is not None and main.state.addresses)
main.endpoints.connect()
until(lambda: main.state is not None and main.state.connections)
app.window.menus.fill()
main.settings.open()
main.settings._dialog.page(TlsPage)
app.root.update()
app.leave()
"""
    loaded = modules_after(statement)
    assert "gui.controllers.tls" in loaded
    assert not loaded & {"ssl", "_ssl", "cryptography", "core.tls.contexts", "core.wire.tls"}
