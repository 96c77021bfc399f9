"""Whatever the program begins by itself may raise: it is said and logged, the rest goes on, and it can be done again.

The places are found by reading the source, so that a new one without its case fails here.
"""

from __future__ import annotations

import ast
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import reason
from core.events import ConnectionId
from core.journal.recording.ledger import Phase, SessionState
from gui.app import App, Options
from gui.controllers import sockets
from gui.platform import desktop
from gui.viewmodels.drafting import MessageFormat
from gui.viewmodels.exports import ExportRequest, Scope
from gui.viewmodels.repeating import RepeatRequest
from gui.views.conversation.find_bar import FindBar
from tests.gui.conftest import pump_until
from tests.gui.driving import shown
from tests.support.injection import KINDS, Breaker, sources, steps, workers
from tests.support.journals import write_journal
from tests.support.systems import ON_WINDOWS, some

LONGEST_END = 2.0  # seconds
HEX = "6f" * 4_000  # that is composed on a thread of its own


class Stage:
    """A window with something to look at and to break."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.old = folder / "old.tincan"
        write_journal(self.old, 5)
        write_journal(folder / "journals" / "2026-01-02_03-04-05_1.tincan", 5)
        self.app = App(Options(folder=folder))
        self.app._faults.install()
        self.app.show()

    def wait(self, condition: Callable[[], bool]) -> None:
        try:
            pump_until(condition, self.app.root)
        except AssertionError as error:
            log, bridge = self.folder / "errors.log", self.app.bridge
            kept = log.read_text()[-2_000:] if log.exists() else ""
            state = f"{bridge._ticket=} {bridge._calls.qsize()=} {bridge._rest()=}"
            raise AssertionError(f"in vain; the banner says {self.banner!r}; {state}; the log ends: {kept}") from error

    def opens(self) -> None:
        self.wait(lambda: self.app.own_journal.is_open)

    def talks(self, text: str = "hello", reply: str = "echo") -> None:
        """A new server, a new client, a message there and, with an echo, back."""
        board, address = self.app.main_controller, self.app.window.address
        board.choose_reply(reply)
        server = self._begins(board.endpoints.serve, 0)
        client = self._begins(board.endpoints.connect, server.addresses[0].port)
        self.wait(lambda: bool(board.sessions[client.session].connections))
        assert address.complaint == ""
        self.app.window.composer.put(text, MessageFormat())
        self.app.window.composer.submit()
        self.wait(lambda: shown(self.app).count(text) >= (2 if reply == "echo" else 1))

    def _begins(self, begin: Callable[[], None], port: int) -> SessionState:
        """A session that was not there before, once it stands."""
        board = self.app.main_controller
        self.app.window.address.fill("127.0.0.1", str(port))
        begin()
        session = board.selected
        assert session is not None
        self.wait(lambda: session in board.sessions and board.sessions[session].phase is Phase.OPEN)
        return board.sessions[session]

    @property
    def banner(self) -> str:
        return self.app.window.banner.sentence

    def ends(self) -> None:
        began = time.monotonic()
        self.app.leave()
        assert time.monotonic() - began < LONGEST_END
        assert self.app.late == []


@pytest.fixture
def make_stage(screen: str, tmp_path: Path) -> Iterator[Callable[[], Stage]]:
    stages: list[Stage] = []

    def make() -> Stage:
        stages.append(Stage(tmp_path))
        return stages[-1]

    yield make
    for stage in stages:
        stage.app.leave()
        stage.app._faults.uninstall()


class Case:
    """A thread of the window's: how it comes to be wanted, what is said of it besides, and how it shows that it works.

    ``prepare`` comes before it breaks, unless it ``is_early``: begun with the window.
    """

    is_early = False

    def prepare(self, stage: Stage) -> None:
        stage.talks()

    def start(self, stage: Stage) -> None:
        """Do what needs the thread."""

    def is_told(self, stage: Stage) -> bool:
        return True

    def works(self, stage: Stage) -> bool:
        return True


class Opening(Case):
    def start(self, stage: Stage) -> None:
        stage.app.main_controller.journal_controller.open(stage.old)

    def is_told(self, stage: Stage) -> bool:
        return "old.tincan could not be opened" in stage.banner

    def works(self, stage: Stage) -> bool:
        return "line 000000000004" in shown(stage.app)


class CountingBytes(Opening):
    is_told = Case.is_told


class Recent(Case):
    def start(self, stage: Stage) -> None:
        self.known: list[bool] = []
        stage.app.main_controller.recent_journals(lambda: self.known.append(True))

    def works(self, stage: Stage) -> bool:
        labels = [label for label, _open in stage.app.main_controller.recent_journals(lambda: None)]
        return any("7 entries" in label for label in labels)


class AtTheStart(Case):
    is_early = True


class SavedList(Case):
    def start(self, stage: Stage) -> None:
        stage.app.main_controller.saved.load()

    def is_told(self, stage: Stage) -> bool:
        return "The saved messages could not be read" in stage.banner

    def works(self, stage: Stage) -> bool:
        return stage.app.main_controller.saved._is_loaded


class SavedExport(Case):
    def start(self, stage: Stage) -> None:
        stage.app.main_controller.saved.give_out_to(stage.folder / "given.json")

    def is_told(self, stage: Stage) -> bool:
        return "could not be done with the saved messages" in stage.banner

    def works(self, stage: Stage) -> bool:
        return (stage.folder / "given.json").exists()


class Composing(Case):
    def start(self, stage: Stage) -> None:
        composer = stage.app.window.composer
        composer.choose(MessageFormat("hex"))
        if not composer.text:
            composer.field.insert("end", HEX)
        composer.submit()

    def is_told(self, stage: Stage) -> bool:
        return "The message is still here" in stage.app.window.composer.complaint

    def works(self, stage: Stage) -> bool:
        return stage.app.window.composer.text == ""


class Inspected(Case):
    def start(self, stage: Stage) -> None:
        if not stage.app.main_controller.conversation.inspector.is_open:
            stage.app.main_controller.commands["toggle_inspector"]()  # opens on the last message
            return
        conversation = stage.app.main_controller.viewing.conversation
        assert conversation is not None
        rows = conversation.read(0, 100, 100)
        place = next(row.place for row in rows if b"hello" in (row.data or b""))
        stage.app.window.conversation.transcript.choose(place)

    def is_told(self, stage: Stage) -> bool:
        return "cannot be looked at closely" in stage.banner

    def works(self, stage: Stage) -> bool:
        return stage.app.main_controller.conversation.inspector._found is not None


class BytesSaved(Inspected):
    def prepare(self, stage: Stage) -> None:
        super().prepare(stage)
        super().start(stage)
        stage.wait(lambda: super(BytesSaved, self).works(stage))

    def start(self, stage: Stage) -> None:
        inspector = stage.app.main_controller.conversation.inspector
        assert inspector._inspector is not None
        inspected = inspector._inspector.inspected
        assert inspected is not None
        inspector.save(inspected, (0, 5), stage.folder / "bytes.bin")

    def is_told(self, stage: Stage) -> bool:
        return "The bytes could not be saved" in stage.banner

    def works(self, stage: Stage) -> bool:
        return (stage.folder / "bytes.bin").exists()


class MessageSaved(Case):
    def start(self, stage: Stage) -> None:
        transcript = stage.app.window.conversation.transcript
        transcript.choose(next(place for place in range(transcript.total) if is_message(stage, place)))
        stage.app.main_controller.messages.save_to(stage.folder / "message.bin")

    def is_told(self, stage: Stage) -> bool:
        return "could not be saved" in stage.banner

    def works(self, stage: Stage) -> bool:
        return (stage.folder / "message.bin").exists()


def is_message(stage: Stage, place: int) -> bool:
    conversation = stage.app.main_controller.viewing.conversation
    assert conversation is not None
    return bool(conversation.read(place, 1, 1)[0].is_message)


class Addresses(Case):
    def start(self, stage: Stage) -> None:
        stage.app.window.address.fill("0.0.0.0", "0")
        stage.app.main_controller.endpoints.serve()


class Indexing(Case):
    def start(self, stage: Stage) -> None:
        board = stage.app.main_controller
        board.conversation.framing.use("line")
        assert board.selected is not None
        board.select(board.selected)  # what went wrong is tried again

    def is_told(self, stage: Stage) -> bool:
        return "cannot be read" in stage.banner

    def works(self, stage: Stage) -> bool:
        conversation = stage.app.main_controller.viewing.conversation
        return conversation is not None and not conversation.is_broken and not conversation.is_counting


class Figuring(Case):
    def start(self, stage: Stage) -> None:
        figures = stage.app.main_controller.conversation.figures
        if figures.is_open:
            figures.toggle()
        figures.toggle()

    def is_told(self, stage: Stage) -> bool:
        return "The figures cannot be worked out" in stage.banner

    def works(self, stage: Stage) -> bool:
        figures = stage.app.main_controller.conversation.figures.figures
        return figures is not None and figures.said.received > 0


class FiguresSaved(Figuring):
    def prepare(self, stage: Stage) -> None:
        super().prepare(stage)
        super().start(stage)
        stage.wait(lambda: super(FiguresSaved, self).works(stage))

    def start(self, stage: Stage) -> None:
        stage.app.main_controller.conversation.figures.save_to(stage.folder / "figures.csv")

    def is_told(self, stage: Stage) -> bool:
        return "The figures could not be saved" in stage.banner

    def works(self, stage: Stage) -> bool:
        return (stage.folder / "figures.csv").exists()


class LookingAtASocket(Case):
    def start(self, stage: Stage) -> None:
        state = stage.app.main_controller.socket_state
        if state.is_open:
            state.toggle()
        state.toggle()

    def is_told(self, stage: Stage) -> bool:
        return str(stage.app.main_controller.socket_state.view.source.cget("text")).startswith("inferred")

    def works(self, stage: Stage) -> bool:
        is_told = str(stage.app.main_controller.socket_state.view.source.cget("text")).startswith("as the system")
        return is_told or sys.platform not in ("linux", "win32")


class Finding(Case):
    def start(self, stage: Stage) -> None:
        app = stage.app
        app.main_controller.commands["find"]()
        self._bar(app).field.put("hello")
        self._bar(app).field.event_generate("<Return>")
        app.main_controller.conversation.finding.find(self._bar(app).request)

    def is_told(self, stage: Stage) -> bool:
        return bool(self._bar(stage.app).complaint)

    def works(self, stage: Stage) -> bool:
        return stage.app.main_controller.conversation.finding._view.count >= 2

    def _bar(self, app: App) -> FindBar:
        bar = app.main_controller.conversation.finding.made
        assert bar is not None
        return bar


class Exporting(Case):
    def start(self, stage: Stage) -> None:
        window_state = stage.app.main_controller.export_controller
        window_state.open()
        window_state._export(ExportRequest(Scope.ALL, "text", str(stage.folder / "talk.txt")))

    def is_told(self, stage: Stage) -> bool:
        return "Nothing was kept." in stage.app.main_controller.export_controller._view.complaint

    def works(self, stage: Stage) -> bool:
        return (stage.folder / "talk.txt").exists()


class Repeating(Case):
    def start(self, stage: Stage) -> None:
        tasks, composer = stage.app.main_controller.tasks, stage.app.window.composer
        composer.put("again", composer.message_format)
        assert tasks.repeat(RepeatRequest(1.0, 2, ())) == ""

    def works(self, stage: Stage) -> bool:
        return shown(stage.app).count("again") >= 2


class SendingAFile(Case):
    def start(self, stage: Stage) -> None:
        (stage.folder / "file").write_bytes(b"from a file")
        board = stage.app.main_controller
        assert board.selected is not None
        self.ends: list[object] = []
        board.workbench.send_file(board.selected, stage.folder / "file", tell=lambda told: self.ends.append(told.end))

    def is_told(self, stage: Stage) -> bool:
        return str(self.ends[-1]) == "End.FAILED"

    def works(self, stage: Stage) -> bool:
        return "from a file" in shown(stage.app)


class Keeping(Case):
    def start(self, stage: Stage) -> None:
        board = stage.app.main_controller
        state = board.state
        assert state is not None
        self.ends: list[object] = []
        connection: ConnectionId = state.connections[0].connection
        board.workbench.keep_received(
            state.session, connection, stage.folder / "kept.bin", tell=lambda told: self.ends.append(told.end)
        )

    def is_told(self, stage: Stage) -> bool:
        return str(self.ends[-1]) == "End.FAILED"

    def works(self, stage: Stage) -> bool:
        return (stage.folder / "kept.bin").exists()


class MakingTheAuthority(Case):
    def start(self, stage: Stage) -> None:
        stage.app.main_controller.commands["copy_authority"]()

    def is_told(self, stage: Stage) -> bool:
        return "There is no certificate" in stage.banner

    def works(self, stage: Stage) -> bool:
        return "was copied" in stage.banner


class Connecting(Case):
    host = "127.0.0.1"

    def prepare(self, stage: Stage) -> None:
        stage.talks()
        states = stage.app.main_controller.sessions.values()
        self.port = next(state.addresses[0].port for state in states if state.addresses)

    def start(self, stage: Stage) -> None:
        stage.app.window.address.fill(self.host, str(self.port))
        stage.app.main_controller.endpoints.connect()

    def is_told(self, stage: Stage) -> bool:
        state = stage.app.main_controller.state
        return state is not None and state.failure is not None

    def works(self, stage: Stage) -> bool:
        return "connected to" in shown(stage.app) and "hello" not in shown(stage.app)


class Resolving(Connecting):
    host = "localhost"


class Recording(Case):
    """Without a recorder nothing is shown; a moment later there is another, and what happened meanwhile is there."""

    is_early = True

    def start(self, stage: Stage) -> None:
        stage.app.window.address.fill("127.0.0.1", "0")
        stage.app.main_controller.endpoints.serve()

    def works(self, stage: Stage) -> bool:
        return "listening" in shown(stage.app)


class OpeningAFolder(Case):
    def start(self, stage: Stage) -> None:
        if sys.platform != "linux":
            pytest.skip("POSIX: the program has another name here")
        program = stage.folder / "bin" / "xdg-open"
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        self.opened: list[subprocess.Popen[bytes]] = []

        def keep(*arguments: Any, **named: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - as its own
            self.opened.append(Popen(*arguments, **named))
            return self.opened[-1]

        Popen = subprocess.Popen  # noqa: N806 - a class
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(subprocess, "Popen", keep)
            patch.setenv("PATH", f"{program.parent}:/bin")
            assert desktop.open_folder(stage.folder)

    def is_told(self, stage: Stage) -> bool:
        return [each.wait() for each in self.opened] == [0]  # which nobody else does now


class ReadingARecording(Case):
    def start(self, stage: Stage) -> None:
        replay = stage.app.main_controller.replay
        replay.open()
        assert replay.dialog is not None
        replay.dialog.begin()

    def is_told(self, stage: Stage) -> bool:
        dialog = stage.app.main_controller.replay.dialog
        return dialog is not None and bool(dialog.complaint(dialog.address))

    def works(self, stage: Stage) -> bool:
        return shown(stage.app).count("hello") >= 2


class ReadingSteps(Case):
    def start(self, stage: Stage) -> None:
        path = stage.folder / "steps.json"
        path.write_text('{"version": 1, "steps": [{"send": "a"}]}')
        stage.app.main_controller.journal_controller.open(path)

    def is_told(self, stage: Stage) -> bool:
        return bool(stage.banner)

    def works(self, stage: Stage) -> bool:
        return stage.app.main_controller.replay.steps_dialog is not None


WORKERS: dict[tuple[str, str, str], type[Case]] = {
    ("core.journal.reading.dissecting", "Dissector._make_worker", "dissector of messages"): Inspected,
    ("core.journal.export.writer", "ExportJob.__init__", "export to *"): Exporting,
    ("core.journal.reading.indexing", "Indexer.__init__", "index of session *"): Indexing,
    ("core.journal.reading.measuring", "Measurer.__init__", "figures of session *"): Figuring,
    ("core.journal.recording.recorder", "Recorder.__init__", "recorder *"): Recording,
    ("core.journal.search.search", "Search.__init__", "search * session *"): Finding,
    ("core.net.resolver", "Resolver.resolve", "resolver *"): Resolving,
    ("core.net.session", "Session.start", "client *"): Connecting,
    ("core.sending.run", "Run.__init__", "repeat to *"): Repeating,
    ("core.sending.run", "Run.__init__", "file to *"): SendingAFile,
    ("core.sending.run", "Run.__init__", "save to kept.bin"): Keeping,
    ("gui.app", "App._painted", "prune journals"): AtTheStart,
    ("gui.controllers.conversation", "FiguresController.save_to", "save figures"): FiguresSaved,
    ("gui.controllers.inspector", "InspectorController.save", "save bytes to *"): BytesSaved,
    ("gui.controllers.journal", "JournalController._show", "count bytes"): CountingBytes,
    ("gui.controllers.journal", "JournalController.offer_crashed", "crashed journal"): AtTheStart,
    ("gui.controllers.journal", "JournalController._begin_opening", "open journal"): Opening,
    ("gui.controllers.journal", "JournalController.recent", "recent journals"): Recent,
    ("gui.controllers.messages", "MessageController.save_to", "save a message to *"): MessageSaved,
    ("gui.controllers.replay", "ReplayController.replay", "read a recording"): ReadingARecording,
    ("gui.controllers.replay", "ReplayController.open_steps", "read a file of steps"): ReadingSteps,
    ("gui.controllers.saved_files", "find_out", "look after a saved list"): SavedExport,
    ("gui.controllers.saved_files", "SavedKeeping._start", "keep a saved list"): SavedList,
    ("gui.controllers.sending", "SendingController._compose_aside", "compose a message"): Composing,
    ("gui.controllers.sockets", "SocketStateController._look", "state of a socket"): LookingAtASocket,
    ("gui.controllers.tls", "TlsController._make_authority", "make Tincan's own authority"): MakingTheAuthority,
    ("gui.platform.desktop", "_run", "waits for *"): OpeningAFolder,
    ("core.net.reachable", "look_up", "own addresses"): Addresses,
}
ELSEWHERE = {
    ("core.child_process", "ChildProcess.__init__"): "tests/core/test_child_process.py",
    ("core.replies.handler.host", "Host.run"): "a process of its own, in which it only names what hangs",
    ("core.replies.rules.responder", "RulesResponder._look_longer"): "tests/core/replies/rules/test_responder.py",
    ("core.journal.recording.checkpoints", "Checkpoints._begin"): "tests/core/journal/recording/test_checkpoints.py",
    ("core.journal.recording.recorder", "Recorder._begin_again"): "tests/core/journal/recording/test_recorder.py",
    ("core.cli.standard_streams", "StandardInput.begin"): "tests/core/cli/test_terminal.py",
    ("gui.app", "App.leave"): "tests/gui/test_leaving.py",
    ("gui.platform.bridge", "in_background"): "those who use it",
    ("gui.controllers.journal", "JournalController._begin"): "those who use it",
}


def test_every_start_of_a_thread_has_its_case() -> None:
    assert {entry[:2] for entry in workers()} == {place[:2] for place in WORKERS} | set(ELSEWHERE)


def test_nobody_else_starts_threads_or_calls_past_the_guards() -> None:
    """What would run outside every guard, and where it may be all the same: in there it is guarded."""
    allowed = {
        ("core.net.loop", "Timer"),  # its own
        ("gui.app", "createcommand"),  # macOS calls it; tkinter's own guard is around it
        ("gui.views.menus", "createcommand"),
        ("core.cli.find", "dump_traceback_later"),
    }
    never = {
        "Thread", "Timer", "ThreadPoolExecutor", "ProcessPoolExecutor", "start_new_thread", "createcommand",
        "createfilehandler", "dump_traceback_later", "run_in_executor", "register_at_fork",
    }  # fmt: skip
    never_imported = {"asyncio", "atexit", "multiprocessing", "concurrent.futures", "_thread", "sched"}
    trees = list(sources(*never, *(name.split(".")[0] for name in never_imported)))
    found = {
        (module, node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id)
        for module, tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
    }
    imported = {
        alias.name
        for _module, tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    assert {(module, name) for module, name in found if name in never} == allowed
    assert not imported & never_imported


@pytest.mark.case("C-67", "C-92")
@pytest.mark.parametrize("place", some(list(WORKERS)), ids=lambda place: place[2].strip(" *"))
def test_a_thread_that_dies_is_told_and_what_it_was_for_can_be_had_again(
    place: tuple[str, str, str],
    make_stage: Callable[[], Stage],
    monkeypatch: pytest.MonkeyPatch,
    logged_errors: list[logging.LogRecord],
) -> None:
    case, error = WORKERS[place](), KINDS[list(WORKERS).index(place) % len(KINDS)]
    breaker = Breaker(monkeypatch)
    if case.is_early:
        breaker.worker(place[2], error)
    stage = make_stage()
    stage.opens()
    if not case.is_early:
        case.prepare(stage)
        breaker.worker(place[2], error)
    monkeypatch.setattr(sockets, "LOOK_EVERY_MS", 60_000)  # or the next look takes back what the failed one has told

    case.start(stage)
    stage.wait(lambda: bool(breaker.broken))

    words = reason(error())
    stage.wait(lambda: words.lower() in stage.banner.lower())
    stage.wait(lambda: case.is_told(stage))
    case.start(stage)
    stage.wait(lambda: case.works(stage))
    assert words.partition(" (")[0].lower() in stage.banner.lower()
    check_log(stage, logged_errors, error, 1)
    stage.talks("and talks on")
    stage.ends()


def check_log(stage: Stage, logged: list[logging.LogRecord], error: Callable[[], BaseException], count: int) -> None:
    assert [type(record.exc_info[1]) for record in logged if record.exc_info] == [type(error())] * count
    logged.clear()
    assert type(error()).__name__ in (stage.folder / "errors.log").read_text()


STEPS_OF = {
    module: sorted({entry.name for entry in steps() if entry.module == module})
    for module in sorted({entry.module for entry in steps()})
}
NOT_HERE = {
    "closing a pipe": "tests/core/test_child_process.py",
    "closing a tap": "tests/core/net/test_tap.py",
    "closing a UDP client": "tests/core/net/test_udp.py",
    "closing a socket for datagrams": "tests/core/net/test_udp.py",
    "giving the spare descriptor back": "tests/core/net/test_udp.py",
    "parting from a peer": "tests/core/net/test_udp.py",
    "reading a socket no more": "tests/core/net/test_udp.py",
    "dialling no more": "tests/core/net/test_tap.py",
    "ending who answers a connection": "tests/core/net/test_server.py",
    "letting peers go on": "tests/core/journal/recording/test_recorder.py",
    "telling that recording has stopped": "tests/core/journal/recording/test_recorder.py",
    "whoever waits for the journal": "tests/core/journal/recording/test_recorder.py",
    "aborting a connection": "tests/core/net/test_entry_points.py",
    "ending who speaks on a connection": "tests/core/net/test_on_connect.py",
    "whoever hears what a connection receives": "tests/core/sending/test_steps.py",
    "telling what is late": "tests/gui/test_leaving.py",
    "telling what failed": "tests/gui/test_leaving.py",
    "telling why it ends": "tests/gui/test_coming_and_going.py",
    "the event loop": "below",
}
OF_THE_END = {entry.name for entry in steps() if entry[:2] in (("gui.app", "App.leave"), ("gui.app", "App.run"))}


@pytest.mark.case("C-67", "C-89")
@pytest.mark.parametrize("module", some(list(STEPS_OF)))
def test_steps_that_raise_leave_the_others_alone(
    module: str,
    make_stage: Callable[[], Stage],
    monkeypatch: pytest.MonkeyPatch,
    logged_errors: list[logging.LogRecord],
) -> None:
    if ON_WINDOWS and module == "gui.platform.event_loop":
        pytest.skip("POSIX: no descriptor wakes the loop there")
    wanted = [name for name in STEPS_OF[module] if name not in NOT_HERE and name not in OF_THE_END]
    kinds = {name: KINDS[number % len(KINDS)] for number, name in enumerate(wanted)}
    breaker = Breaker(monkeypatch)
    breaker.steps(kinds)

    stage = make_stage()
    everything_happens(stage)
    stage.talks("and talks on")
    stage.ends()

    assert sorted(breaker.broken) == wanted
    messages = {record.getMessage() for record in logged_errors}
    assert messages >= {f"fault in {name}" for name in wanted if "*" not in name}
    assert len(logged_errors) == len(wanted)
    logged_errors.clear()


def everything_happens(stage: Stage) -> None:
    """A window is opened, an old journal too, there is talk and a repeat, a rule changes, and both ends go."""
    app = stage.app
    app._options = Options(folder=stage.folder)
    stage.opens()
    stage.talks()
    app.main_controller.journal_controller.open(stage.old)
    stage.wait(lambda: "line 000000000004" in shown(app))
    board = app.main_controller
    server, client = (state for state in board.sessions.values() if state.session > 0)
    board.select(server.session)
    app.main_controller.choose_reply("none")
    board.select(client.session)
    composer = app.window.composer
    composer.put("again", composer.message_format)
    assert board.tasks.repeat(RepeatRequest(100.0, None, ())) == ""
    stage.wait(lambda: shown(app).count("again") >= 2)
    board.workbench.stop(client.session)
    stage.wait(lambda: not board.sessions[client.session].connections)
    board.workbench.stop(server.session)
    stage.wait(lambda: board.sessions[server.session].phase.value == "ended")
    stage.talks("once more", "none")
    composer.put("to the end", composer.message_format)
    assert board.tasks.repeat(RepeatRequest(100.0, None, ())) == ""
    stage.wait(lambda: "to the end" in shown(app))


@pytest.mark.case("C-67")
@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_while_notices_are_watched_loses_no_state(
    kind: Callable[[], BaseException],
    make_stage: Callable[[], Stage],
    monkeypatch: pytest.MonkeyPatch,
    logged_errors: list[logging.LogRecord],
) -> None:
    stage = make_stage()
    stage.opens()

    def watch(*_arguments: object) -> None:
        raise kind()

    monkeypatch.setattr(stage.app.main_controller.notices, "watch", watch)
    stage.talks()

    assert {type(record.exc_info[1]) for record in logged_errors if record.exc_info} == {type(kind())}
    logged_errors.clear()
    stage.ends()
