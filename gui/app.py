"""Puts the program together, starts it, and ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import NoReturn

from core.address import Address, Target
from core.clock import monotonic
from core.command import module_name
from core.errors import TincanError, reason
from core.files import data_folder, make_own_folder, settings_folder
from core.supervision import Failed, Step, Worker, attempt, do_all, stragglers
from core.words import sentence
from gui.controllers.main import MainController
from gui.journals import journal_files
from gui.journals.own_journal import OwnJournal
from gui.platform import windows
from gui.platform.bridge import Bridge
from gui.platform.desktop import compose_cache
from gui.platform.differences import HERE, LINUX, WINDOWS
from gui.platform.event_loop import TkLoop
from gui.platform.fault_log import FaultLog
from gui.platform.garbage_collection import Collector
from gui.preferences import PreferencesFile, on_screen
from gui.theme.theme import Theme
from gui.viewmodels.preferences import Preferences
from gui.widgets.bindings import unbind
from gui.widgets.screens import area_at
from gui.window import USUAL_SIZE, Window

SWITCH_INTERVAL = 0.0005  # seconds; the usual 5 ms make every call into Tk wait behind busy threads
PATIENCE = 1.5  # seconds for what goes on, and for connections to say goodbye, when the program ends
LONGEST_END = 1.9  # seconds after which the process ends even if a step of its end hangs
_MOST_FAULTS = 100  # that end Tk's event loop, after each of which it goes on
_SAVE_AFTER = 2_000  # milliseconds between a change of what is remembered and its way to the disk
_FRAME = 70  # what the window manager and the menus may add to the height, at 96 dots an inch
_DRAWN = 20  # milliseconds from when the panes can be drawn until they are
_UNSEEN = 500  # milliseconds after which a window that is not shown, being iconified, begins its work all the same
_MOST_DECORATION = 160  # pixels at 96 dots an inch that title, borders and menu bar may have
_WINDOW_EVENTS, _IDLE_EVENTS = 2 | 4, 2 | 32  # Tcl's, with DONT_WAIT; of the second it does all that waits by now
_LEVELS = 20  # of widgets in one another, and some more
# What the workbench is made of and the first picture is not. All of it at once takes 100 ms.
_PARTS = tuple(map(module_name, (
    "core.net.sender", "core.net.line_faults", "core.net.http_guard", "core.net.connection", "core.net.dialer",
    "core.net.client", "core.net.listening", "core.net.server", "core.net.tap", "core.journal.reading.reader",
    "core.journal.recording.store", "core.journal.recording.recorder", "core.workbench", "gui.journals.conversations",
    "gui.journals.locks",
)))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line. ``folder`` holds settings and journals if it is given.

    A ``Target`` may ask for TLS, as ``tls://`` does.
    """

    serve: Address | Target | None = None
    connect: Address | Target | None = None
    folder: Path | None = None
    journal: Path | None = None  # to open
    serve_udp: bool = False  # whether the server hears datagrams
    connect_udp: bool = False  # whether the client sends them


class App:
    """One run of the program. Made and run on the main thread."""

    def __init__(self, options: Options) -> None:
        self._options = options
        folder = options.folder
        self._file = PreferencesFile((folder or settings_folder()) / "settings.json")
        self.own_journal = OwnJournal(
            (folder or data_folder()) / "journals",
            limits=lambda: self.main_controller.preferences.limits(),
            on_open=lambda workbench: self.bridge.start(workbench.subscribe(self.bridge.wake)),
            complain=lambda why: self.main_controller.say(why, "journal", is_failure=True),
        )
        self._leaving = False
        self._has_ended = threading.Event()
        self.is_ended_by_force = False  # whether the process ends if a step of its end hangs
        self._decoration = (0, 0)  # pixels from the window's place to where its content begins
        self.late: list[str] = []  # what was still running when the program ended
        self._make_folders()
        preferences = self._file.load()
        self.root = _make_root(self.own_journal.folder.parent / "compose")
        self.root.withdraw()
        self.theme = Theme(self.root, preferences.theme, preferences.text_size)
        self.theme.choose_fonts(preferences.font, preferences.mono_font)
        self.main_controller = MainController(self.theme, preferences, self)
        self.bridge = Bridge(TkLoop(self.root), self.main_controller.deliver)
        self._faults = FaultLog(self._file.path.parent / "errors.log", self._tell_from_anywhere)
        self.root.report_callback_exception = self._in_callback
        self.window = Window(self.root, self.theme, self.main_controller)
        self._place(preferences)
        self.main_controller.open(self.window)
        self._saved = preferences

    def run(self) -> None:
        """Show the window until it is closed."""
        before = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._faults.install()
        collector = Collector(TkLoop(self.root))
        collector.install()
        try:
            with self._signals():
                self.show()
                if not self._leaving:  # it may have been closed by then
                    self._loop()
        finally:
            do_all(
                [
                    ("leaving", self.leave),
                    ("giving back the collection of garbage", collector.uninstall),
                    ("closing the fault log", self._faults.uninstall),
                ]
            )
            sys.setswitchinterval(before)
            self._has_ended.set()

    def _loop(self) -> None:
        """Tk's event loop. It goes on after what leaves a callback in spite of tkinter's guard, as ``SystemExit``."""
        for _ in range(_MOST_FAULTS):
            failed = attempt("the event loop", self.root.mainloop)
            if self._leaving:
                return
            if failed is None:
                attempt("telling why it ends", lambda: _complain("another program has taken the window away"))
                return

    def show(self) -> None:
        """Bring the window to the screen; what takes time begins after the first paint."""
        field = self.window.composer.field  # deep within the window: of the last to be on the screen
        self._exposure = field.bind("<Expose>", self._exposed, add=True)
        self._unseen = self.root.after(_UNSEEN, self._exposed)
        self.root.deiconify()
        if HERE.name == LINUX:
            self._draw_once()

    def _draw_once(self) -> None:
        """Lay out what is in the window, and draw it, level by level.

        Tk draws a widget as soon as it has its place, and once more when X11 says that it is on the screen, which takes
        that a moment. Each part of a picture with soft edges is a question to the display: so let it say so first.
        """
        for _ in range(_LEVELS):
            self.root.winfo_pointerxy()  # answered after everything before it
            while not self._leaving and self.root.tk.dooneevent(_WINDOW_EVENTS):
                continue
            if self._leaving or not self.root.tk.dooneevent(_IDLE_EVENTS):
                return

    def _exposed(self, _event: object = None) -> None:
        """Begin what takes time behind the drawing of the views, the last of which comes in a moment."""
        unbind(self.window.composer.field, "<Expose>", self._exposure)
        self.root.after_cancel(self._unseen)
        self.root.after_idle(lambda: self.root.after(_DRAWN, self._load, _PARTS))

    def _load(self, parts: Sequence[str]) -> None:
        """Import the parts of the workbench, one in each turn of the event loop: the window answers in between."""
        if self._leaving:
            return
        if not parts or self.own_journal.is_open or attempt(f"loading {parts[0]}", partial(import_module, parts[0])):
            self._painted()  # which opens the workbench, and says it if that cannot be loaded
        else:
            self.root.after(1, self._load, parts[1:])

    # What the main controller needs: gui.controllers.app_interface.AppInterface.

    def post(self, call: Callable[[], None]) -> None:
        """Have ``call`` made on the window's thread, soon. Any thread."""
        self.bridge.post(call)

    @property
    def log(self) -> Path:
        """The file that faults are written to."""
        return self._faults.path

    @property
    def faults(self) -> Sequence[str]:
        """The last faults of this run, without their messages."""
        return tuple(self._faults.last)

    @property
    def saved_messages(self) -> Path:
        """The file in which the saved messages are kept."""
        return self._file.path.with_name("saved.json")

    @property
    def profiles(self) -> Path:
        """The file in which the profiles are kept."""
        return self._file.path.with_name("profiles.json")

    @property
    def rules(self) -> Path:
        """The file in which a person's own tables of rules are kept."""
        return self._file.path.with_name("rules.json")

    @property
    def authority(self) -> Path:
        """The folder of Tincan's own authority."""
        return self._file.path.with_name("authority")

    def leave(self) -> None:
        """End the program: the window goes at once, connections get a moment to say goodbye.

        Each step is done whatever became of those before it; what failed is in the log and on standard error, and
        the exit code is 0 all the same: whoever wanted the end has it.
        """
        if self._leaving:
            return
        self._leaving = True
        if self.is_ended_by_force:
            Worker(self._see_the_end, "watch over the end", daemon=True).begin()
        deadline = monotonic() + PATIENCE

        def left() -> float:
            return max(0.1, deadline - monotonic())

        def close_workbench() -> None:
            self.late = self.own_journal.close_workbench(left())

        main_controller = self.main_controller
        failed = do_all(
            [
                ("remembering the window's place", self._remember),
                ("saving the settings", lambda: self._file.save(main_controller.preferences)),
                ("hiding the window", self._hide),
                ("ending the tour", lambda: main_controller.help.end_tour()),
                ("closing what reads the conversation", lambda: main_controller.conversation.close()),
                ("stopping to save messages", lambda: main_controller.messages.close()),
                ("keeping the saved messages", lambda: main_controller.saved.close(left())),
                ("keeping the profiles", lambda: main_controller.profiles.close(left())),
                ("keeping the rules", lambda: main_controller.rules.close(left())),
                ("giving up an export", lambda: main_controller.export_controller.cancel()),
                ("giving up a replay", lambda: main_controller.replay.close()),
                ("closing the conversation", main_controller.viewing.close),
                ("closing what reads journals", lambda: main_controller.journal_controller.close(left())),
                ("closing old journals", main_controller.archives.close),
                ("closing the journal's reader", self.own_journal.close_reader),
                ("closing the workbench", close_workbench),
                ("releasing the journal", self.own_journal.release_lock),
                ("closing the bridge", self.bridge.close),
                ("cancelling what was to come", self._cancel_all),
                ("destroying the window", self._destroy),
                ("ending the event loop", self.root.quit),
            ]
        )
        if failed:
            _tell_what_failed(failed)

    # Private.

    def _painted(self) -> None:
        """Do what takes time and what the command line asked for, now that the window is on the screen."""
        options = self._options
        prune = Worker(self._prune, "prune journals", daemon=True)
        steps: list[Step] = [
            ("measuring the window", self._measure_decoration),
            ("opening the workbench", self.own_journal.open),
            ("setting the icon", self.window.set_icon),
            ("asking for input methods", self._use_input_methods),
            ("telling of the settings", self._tell_settings),
            ("offering an old journal", self._offer_journal),
            (
                "starting the server that was asked for",
                lambda: self._obey(options.serve, self.main_controller.endpoints.serve, is_udp=options.serve_udp),
            ),
            (
                "connecting as was asked for",
                lambda: self._obey(options.connect, self.main_controller.endpoints.connect, is_udp=options.connect_udp),
            ),
            ("pruning journals", prune.start),
            ("saving the settings now and then", self._save_now_and_then),
        ]
        for step, error in do_all(steps):
            if isinstance(error, TincanError):  # of others the fault log tells
                self.main_controller.say(sentence(reason(error)), step, is_failure=True)

    def _use_input_methods(self) -> None:
        """Have Tk ask for the input method of each widget that an event comes to, from now on.

        While a window is built and drawn they all get events: two questions to the display for each were half of all.
        """
        self.root.tk.call("tk", "useinputmethods", True)
        if (focused := self.window.focused) is not None:
            focused.event_generate("<FocusIn>")  # which has Tk tell its input method that it has the focus

    def _hide(self) -> None:
        if not self._is_gone():
            self.root.withdraw()
            self.root.update_idletasks()

    def _destroy(self) -> None:
        if not self._is_gone():
            self.root.destroy()

    def _cancel_all(self) -> None:
        for ticket in self.root.tk.splitlist(self.root.tk.call("after", "info")):
            self.root.tk.call("after", "cancel", ticket)  # after_cancel would want to delete others' commands too

    def _see_the_end(self) -> None:
        """End the process if its end hangs. Runs on a thread of its own."""
        if not self._has_ended.wait(LONGEST_END):
            _leave_behind(["a step of the end"])

    def _offer_journal(self) -> None:
        if self._options.journal is not None:
            self.main_controller.journal_controller.open(self._options.journal)
        else:
            self._offer_crashed()

    def _open_documents(self, *paths: str) -> None:
        for path in paths:
            self.main_controller.journal_controller.open(Path(path))

    def _obey(self, asked: Address | Target | None, begin: Callable[[], None], *, is_udp: bool = False) -> None:
        """Begin what the command line asked for, if it did."""
        if asked is None:
            return
        target = asked if isinstance(asked, Target) else Target(asked, False)
        if target.tls:
            self.main_controller.tls.put(is_on=True)
        self.main_controller.endpoints.put(target.address, is_udp=is_udp)
        begin()

    def _make_folders(self) -> None:
        """Make the folders of this program, closed to other people; a folder that was chosen stays as it is."""
        chosen = self._options.folder
        ours = (
            [self.own_journal.folder]
            if chosen is not None
            else [settings_folder(), data_folder(), self.own_journal.folder]
        )
        for folder in ours:
            with contextlib.suppress(OSError):  # who writes there says so
                make_own_folder(folder)

    def _prune(self) -> None:
        """Delete journals beyond the limits. Runs on a thread of its own."""
        journal_files.prune(self.own_journal.folder, self._saved.keep_journals, self._saved.journal_megabytes)
        journal_files.prune_temporary()

    def _offer_crashed(self) -> None:
        """Offer the journal that a killed run may have left, once."""

        def remember(name: str) -> None:
            main_controller = self.main_controller
            main_controller.preferences = main_controller.preferences.with_offered(name)

        self.main_controller.journal_controller.offer_crashed(self._saved.offered, remember)

    def _place(self, preferences: Preferences) -> None:
        root, px = self.root, self.theme.px
        area = area_at(root, 0, 0)
        wide, high = area.width, area.height
        usual = f"{min(px(USUAL_SIZE[0]), wide)}x{min(px(USUAL_SIZE[1]), high - px(_FRAME))}"
        factor = self.theme.scale / preferences.geometry_scale
        geometry = on_screen(preferences.geometry, partial(area_at, root), factor) or usual
        root.geometry(geometry)
        _size, *place = geometry.split("+")
        self._asked_place = (int(place[0]), int(place[1])) if place else None
        root.protocol("WM_DELETE_WINDOW", self.main_controller.quit)
        if HERE.name == WINDOWS:  # the person logs off; on X11 it asks for no end
            root.protocol("WM_SAVE_YOURSELF", self.leave)
        if HERE.has_application_menu:  # macOS tells a program that runs which files were double-clicked
            root.createcommand("::tk::mac::OpenDocument", tk.CallWrapper(self._open_documents, None, root))

    def _measure_decoration(self) -> None:
        """Measure the frame: a window is placed by its frame's corner, and tells the corner of its content.

        Where it was put somewhere, that shows what the window manager makes of a place; else X11 tells of the frame.
        """
        if not self._measure_from(self._asked_place) and HERE.name == LINUX:
            from gui.platform.x11 import corner_of_frame

            self._measure_from(corner_of_frame(self.root.winfo_id()))

    def _measure_from(self, corner: tuple[int, int] | None) -> bool:
        """Take this for the frame's corner, unless the window manager had its own idea of the place."""
        if corner is None:
            return False
        across, down = self.root.winfo_x() - corner[0], self.root.winfo_y() - corner[1]
        most = self.theme.px(_MOST_DECORATION)
        is_frame = 0 <= across <= most and 0 <= down <= most
        if is_frame:
            self._decoration = across, down
        return is_frame

    def _remember(self) -> None:
        root = self.root
        if self._is_gone() or root.state() != "normal" or self.window.is_full_screen:
            return
        x, y = root.winfo_x() - self._decoration[0], root.winfo_y() - self._decoration[1]
        geometry = f"{root.winfo_width()}x{root.winfo_height()}+{x}+{y}"
        self.main_controller.preferences = replace(
            self.main_controller.preferences, geometry=geometry, geometry_scale=self.theme.scale
        )

    def _save_now_and_then(self) -> None:
        """Save the preferences every ``_SAVE_AFTER`` milliseconds, so that little is lost if the program is killed."""
        if self._leaving:
            return
        self.root.after(_SAVE_AFTER, self._save_now_and_then)  # first: a fault is no reason to save never again
        preferences = self.main_controller.preferences
        if preferences != self._saved:
            self._saved = preferences
            self._file.save(preferences)
            self._tell_settings()

    def _tell_settings(self) -> None:
        notice, self._file.notice = self._file.notice, ""
        if notice:
            self.main_controller.say(notice, "settings")

    def _in_callback(self, kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        """Log an error in a callback, unless the window is gone: a callback may have waited in a dialog meanwhile."""
        if isinstance(error, tk.TclError) and self._is_gone():
            return
        self._faults.in_callback(kind, error, at)

    def _is_gone(self) -> bool:
        """Whether there is no window any more: another program may take it away, too."""
        try:
            return not self.root.winfo_exists()
        except tk.TclError:
            return True

    def _tell_from_anywhere(self, sentence: str) -> None:
        self.bridge.post(lambda: self.main_controller.notices.fault(sentence))

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """The first SIGINT or SIGTERM closes the window without asking; the second ends the process."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        wakeup = signal.set_wakeup_fd(self.bridge.wakeup_descriptor, warn_on_full_buffer=False)
        try:
            yield
        finally:
            with contextlib.suppress(ValueError, OSError):
                signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: object) -> None:
        if self._leaving or self._signalled:
            os._exit(128 + number)
        self._signalled = True
        self.bridge.post(self.leave)

    _signalled = False


def run(options: Options) -> int:
    """Run the program; the answer is its exit code."""
    app = App(options)
    app.is_ended_by_force = True
    app.run()
    late = app.late or stragglers(0.2)
    if late:
        _leave_behind(late)
    return 0


def _leave_behind(late: list[str]) -> NoReturn:
    """Threads that would not end must not keep the process: say so and go."""
    attempt("telling what is late", lambda: _complain(f"still running at the end: {', '.join(late)}"))
    os._exit(0)


def _tell_what_failed(failed: list[Failed]) -> None:
    steps = "; ".join(f"{step} ({type(error).__name__}: {error})" for step, error in failed)
    attempt("telling what failed", lambda: _complain(f"not done at the end: {steps}"))


def _complain(words: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"tincan: {words}\n")
        sys.stderr.flush()


def _make_root(cache: Path) -> tk.Tk:
    """The one root window; ``cache`` is a folder for X11's own library."""
    if HERE.name == WINDOWS:
        windows.prepare()
    with compose_cache(cache) if HERE.name == LINUX else contextlib.nullcontext():
        root = tk.Tk(className="Tincan")
    root.tk.call("tk", "useinputmethods", False)  # until it is painted
    root.title("Tincan")
    return root
