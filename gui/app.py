"""Puts the program together, starts it, and ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
import tkinter as tk
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from core.address import Address
from core.errors import JournalError
from core.kept_file import make_own_folder
from gui import journals
from gui.bridge import Bridge
from gui.collecting import Collector
from gui.fault_log import FaultLog
from gui.look.theme import Theme
from gui.panes.binding import unbind
from gui.preferences import Preferences, PreferencesFile, data_folder, on_screen, settings_folder
from gui.switchboard import Switchboard
from gui.window import USUAL_SIZE, Window

if TYPE_CHECKING:
    from core.workbench import Workbench
    from gui.claims import Claim
    from gui.conversations import OpenJournal

SWITCH_INTERVAL = 0.0005  # seconds; the usual 5 ms make every call into Tk wait behind busy threads
PATIENCE = 1.5  # seconds for connections to say goodbye when the program ends
_SAVE_AFTER = 2_000  # milliseconds between a change of what is remembered and its way to the disk
_FRAME = 70  # what the window manager and the menus may add to the height, at 96 dots an inch
_DRAWN = 20  # milliseconds from when the panes can be drawn until they are
_UNSEEN = 500  # milliseconds after which a window that is not shown, being iconified, begins its work all the same
_MOST_DECORATION = 160  # pixels at 96 dots an inch that title, borders and menu bar may have
_KEPT_FOR_NOW = (
    "This conversation is kept in a temporary folder, and only until Tincan is started again: export what is to stay."
)
_READABLE = 2  # tkinter.READABLE, which Windows does not have


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for. ``folder`` holds settings and journals if it is given."""

    serve: Address | None = None
    connect: Address | None = None
    folder: Path | None = None
    journal: Path | None = None  # to open


class TkLoop:
    """Tk's event loop, as the bridge wants it."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root

    def after(self, milliseconds: int, callback: Callable[[], None]) -> str:
        """Call back once, later."""
        return self._root.after(milliseconds, callback)

    def cancel(self, ticket: str) -> None:
        """Do not call back. Without effect once the window is gone, and its tickets with it."""
        with contextlib.suppress(tk.TclError):
            self._root.after_cancel(ticket)

    def watch(self, descriptor: int, callback: Callable[[], None]) -> bool:
        """Call back when there is something to read, where Tk can do that (not on Windows)."""
        create = getattr(self._root.tk, "createfilehandler", None)
        if create is None:
            return False
        create(descriptor, _READABLE, lambda _file, _mask: callback())
        return True

    def unwatch(self, descriptor: int) -> None:
        """Stop watching."""
        delete = getattr(self._root.tk, "deletefilehandler", None)
        if delete is not None:
            delete(descriptor)


class App:
    """One run of the program. Made and run on the main thread."""

    def __init__(self, options: Options) -> None:
        self._options = options
        folder = options.folder
        self._file = PreferencesFile((folder or settings_folder()) / "settings.json")
        self._journals = (folder or data_folder()) / "journals"
        self._workbench: Workbench | None = None
        self._journal: OpenJournal | None = None
        self._claim: Claim | None = None
        self._leaving = False
        self._decoration = (0, 0)  # pixels from the window's place to where its content begins
        self.late: list[str] = []  # what was still running when the program ended
        self._make_folders()
        preferences = self._file.load()
        self.root = _make_root()
        self.root.withdraw()
        self.theme = Theme(self.root, preferences.theme, preferences.text_size)
        self.theme.choose_fonts(preferences.font, preferences.mono_font)
        self.switchboard = Switchboard(self.theme, preferences, self)
        self.bridge = Bridge(TkLoop(self.root), self.switchboard.deliver)
        self._faults = FaultLog(self._file.path.parent / "errors.log", self._tell_from_anywhere)
        self.root.report_callback_exception = self._in_callback
        self.window = Window(self.root, self.theme, self.switchboard)
        self._place(preferences)
        self.switchboard.open(self.window)
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
                self.root.mainloop()
        finally:
            collector.uninstall()
            self._faults.uninstall()
            sys.setswitchinterval(before)

    def show(self) -> None:
        """Bring the window to the screen; what takes time begins after the first paint."""
        field = self.window.composer.field  # deep within the window: of the last to be on the screen
        self._exposure = field.bind("<Expose>", self._exposed, add=True)
        self._unseen = self.root.after(_UNSEEN, self._exposed)
        self.root.deiconify()

    def _exposed(self, _event: object = None) -> None:
        """The panes are to be drawn, the last of them in a moment: what takes time comes behind that."""
        unbind(self.window.composer.field, "<Expose>", self._exposure)
        self.root.after_cancel(self._unseen)
        self.root.after_idle(lambda: self.root.after(_DRAWN, self._painted))

    # What the switchboard needs: gui.switchboard.Surroundings.

    def open_workbench(self) -> tuple[Workbench, OpenJournal | None]:
        """Start the engine room with a journal in the usual place or, failing that, in a temporary one."""
        from core.workbench import Workbench
        from gui.claims import claim
        from gui.conversations import OpenJournal

        trouble = ""
        for folder in self._journal_folders():
            try:
                path = journals.journal_path(folder)
                self._claim = claim(path)
                self._workbench = Workbench(path, limits=self.switchboard.preferences.limits())
                self._journal = OpenJournal(path, self._workbench.open_reader())
                break
            except JournalError as error:
                self._release_claim()
                trouble = trouble or f"{str(error).rstrip('.')}. {_KEPT_FOR_NOW}"
        if self._workbench is None:
            self._workbench = Workbench()
            trouble = "Nothing can be recorded, not even in a temporary folder, so no conversation can be shown."
        if trouble:
            self.switchboard.say(trouble, "journal", is_failure=True)
        self.bridge.start(self._workbench.subscribe(self.bridge.wake))
        return self._workbench, self._journal

    def follow_journal(self) -> OpenJournal | None:
        """Read the file in which recording goes on, after the one before was deleted or replaced."""
        path = self.journal
        if path is None or self._journal is None:
            return self._journal
        from gui.claims import claim
        from gui.conversations import OpenJournal

        try:
            self._journal.reader.follow(path)
        except JournalError as error:
            self.switchboard.say(f"The conversation cannot be shown: {error}.", "journal", is_failure=True)
            return self._journal
        self._release_claim()
        self._claim = claim(path)
        self._journal = OpenJournal(path, self._journal.reader)
        return self._journal

    def post(self, call: Callable[[], None]) -> None:
        """Have ``call`` made on the window's thread, soon. Any thread."""
        self.bridge.post(call)

    @property
    def journal_folder(self) -> Path:
        """Where journals are."""
        return self._journals

    @property
    def journal(self) -> Path | None:
        """The one of this run."""
        return self._workbench.journal if self._workbench is not None else None

    @property
    def log(self) -> Path:
        """Where faults are written down."""
        return self._faults.path

    @property
    def saved_messages(self) -> Path:
        """The file in which they are kept."""
        return self._file.path.with_name("saved.json")

    def leave(self) -> None:
        """End the program: the window goes at once, connections get a moment to say goodbye."""
        if self._leaving:
            return
        self._leaving = True
        self._remember()
        self._file.save(self.switchboard.preferences)
        self.root.withdraw()
        self.root.update_idletasks()
        self.switchboard.help.end_tour()
        self.switchboard.room.close()
        self.switchboard.saved.close()
        self.switchboard.export_desk.cancel()
        self.switchboard.viewing.close()
        self.switchboard.journal_desk.close()
        self.switchboard.archives.close()
        if self._journal is not None:
            self._journal.reader.close()  # before the writer, who then can fold the write-ahead log into the file
        if self._workbench is not None:
            self.late = self._workbench.close(PATIENCE)
        self._release_claim()
        self.bridge.close()
        for ticket in self.root.tk.splitlist(self.root.tk.call("after", "info")):
            self.root.tk.call("after", "cancel", ticket)  # after_cancel would want to delete others' commands too
        self.root.destroy()

    # Behind the scenes.

    def _painted(self) -> None:
        """The window is on the screen: now what costs time, and what the command line asked for."""
        self._measure_decoration()
        self.switchboard.start()
        self.window.set_icon()
        if self._file.notice:
            self._tell_settings()
        if self._options.journal is not None:
            self.switchboard.journal_desk.open(self._options.journal)
        else:
            self._offer_crashed()
        if self._options.serve is not None:
            self._fill(self._options.serve)
            self.switchboard.line.serve()
        if self._options.connect is not None:
            self._fill(self._options.connect)
            self.switchboard.line.connect()
        threading.Thread(target=self._prune, name="prune journals", daemon=True).start()
        self._save_now_and_then()

    def _journal_folders(self) -> Iterator[Path]:
        """The usual one and, if that cannot be used, one that is made for this run in the temporary folder."""
        yield self._journals
        with contextlib.suppress(OSError):  # there is none, or no room in it
            temporary = Path(tempfile.mkdtemp(prefix=journals.TEMPORARY))
            yield temporary
            temporary.rmdir()

    def _make_folders(self) -> None:
        """Have the folders of this program closed to other people; one that was chosen stays as it is."""
        chosen = self._options.folder
        ours = [self._journals] if chosen is not None else [settings_folder(), data_folder(), self._journals]
        for folder in ours:
            with contextlib.suppress(OSError):  # who writes there says so
                make_own_folder(folder)

    def _release_claim(self) -> None:
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    def _prune(self) -> None:
        """On a thread of its own."""
        journals.prune(self._journals, self._saved.keep_journals, self._saved.journal_megabytes)
        journals.prune_temporary()

    def _offer_crashed(self) -> None:
        """A run that was killed may have left something to look at; it is offered once."""

        def remember(name: str) -> None:
            switchboard = self.switchboard
            switchboard.preferences = switchboard.preferences.with_offered(name)

        self.switchboard.journal_desk.offer_crashed(self._saved.offered, remember)

    def _fill(self, address: Address) -> None:
        self.window.address.fill(address.host, str(address.port))

    def _place(self, preferences: Preferences) -> None:
        root, px = self.root, self.theme.px
        wide, high = root.winfo_screenwidth(), root.winfo_screenheight()
        usual = f"{min(px(USUAL_SIZE[0]), wide)}x{min(px(USUAL_SIZE[1]), high - px(_FRAME))}"
        geometry = on_screen(preferences.geometry, wide, high) or usual
        root.geometry(geometry)
        _size, *place = geometry.split("+")
        self._asked_place = (int(place[0]), int(place[1])) if place else None
        root.protocol("WM_DELETE_WINDOW", self.switchboard.quit)

    def _measure_decoration(self) -> None:
        """Where a window is put is the corner of its frame, where it says it is, the corner of its content."""
        asked = self._asked_place
        if asked is None:
            return
        across, down = self.root.winfo_x() - asked[0], self.root.winfo_y() - asked[1]
        most = self.theme.px(_MOST_DECORATION)
        if 0 <= across <= most and 0 <= down <= most:  # else the window manager had its own idea of the place
            self._decoration = across, down

    def _remember(self) -> None:
        root = self.root
        if root.state() != "normal":
            return
        x, y = root.winfo_x() - self._decoration[0], root.winfo_y() - self._decoration[1]
        geometry = f"{root.winfo_width()}x{root.winfo_height()}+{x}+{y}"
        self.switchboard.preferences = replace(self.switchboard.preferences, geometry=geometry)

    def _save_now_and_then(self) -> None:
        """So that little is forgotten if the program is killed."""
        if self._leaving:
            return
        preferences = self.switchboard.preferences
        if preferences != self._saved:
            self._saved = preferences
            self._file.save(preferences)
            self._tell_settings()
        self.root.after(_SAVE_AFTER, self._save_now_and_then)

    def _tell_settings(self) -> None:
        notice, self._file.notice = self._file.notice, ""
        if notice:
            self.switchboard.say(notice, "settings")

    def _in_callback(self, kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        """A callback raised. One that waited in a dialog while the window was closed finds no window any more."""
        if isinstance(error, tk.TclError) and self._is_gone():
            return
        self._faults.in_callback(kind, error, at)

    def _is_gone(self) -> bool:
        try:
            return not self.root.winfo_exists()
        except tk.TclError:
            return True

    def _tell_from_anywhere(self, sentence: str) -> None:
        self.bridge.post(lambda: self.switchboard.notices.fault(sentence))

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
    app.run()
    if app.late:
        _leave_behind(app.late)
    return 0


def _leave_behind(late: list[str]) -> None:
    """Threads that would not end must not keep the process: say so and go."""
    if sys.stderr is not None:
        sys.stderr.write(f"tincan: still running at the end: {', '.join(late)}\n")
        sys.stderr.flush()
    os._exit(0)


def _make_root() -> tk.Tk:
    """The one root window, at the screen's real resolution on Windows too."""
    if sys.platform == "win32":
        import ctypes

        with contextlib.suppress(AttributeError, OSError):
            ctypes.windll.shcore.SetProcessDpiAwareness(1)
    root = tk.Tk(className="Tincan")
    root.title("Tincan")
    return root
