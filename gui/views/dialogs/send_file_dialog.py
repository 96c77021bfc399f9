"""The windows that ask which file is to be sent and how, and into which file goes what was received."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import filedialog, ttk
from typing import TYPE_CHECKING, NamedTuple

from gui.theme.theme import Theme
from gui.viewmodels.repeating import pause_words, read_pause
from gui.widgets.controls import Choice, Option, Options
from gui.widgets.fields import FileRow, Measure
from gui.widgets.small_window import TaskDialog

if TYPE_CHECKING:
    from core.events import ConnectionId


_LINE_PAUSE = 100.0  # milliseconds
_USUAL_CUT = 1400  # bytes


class FileRequest(NamedTuple):
    """A file to be sent: whole, or a line at a time with a pause in milliseconds behind each.

    ``datagram`` are the bytes that each datagram has at most, where there are any.
    """

    path: str
    line_pause_ms: float | None
    datagram: int = 0


class KeepRequest(NamedTuple):
    """Into which file goes what a connection received: so far, or with ``follow`` on and on."""

    connection: ConnectionId
    path: str
    follow: bool
    may_replace: bool


class SendFileDialog(TaskDialog):
    """``on_send`` gets what a person asked for and gives back why it cannot be, or nothing.

    The window stays until the file is on its way, so that what is wrong with it is said here.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_send: Callable[[FileRequest], str],
        read_size: Callable[[str], int] = int,
        path: str = "",
        ask_path: Callable[..., str] = filedialog.askopenfilename,
    ) -> None:
        super().__init__(parent, theme, title="Send a file", words="Send", on_begin=self.begin)
        self._on_send, self._read_size = on_send, read_size
        self._nobody = ""
        self._has_datagrams = False
        body = self.body
        self.file = FileRow(body, theme, ask=ask_path, title="Send a file", on_edit=self._edited)
        self.how: Options[bool] = Options(body, theme, lambda _by_line: self._how_chosen())
        self.pause = Measure(body, theme, "milliseconds after each line", self._pause_edited, before="Wait")
        self.cut = Measure(body, theme, "bytes a datagram, at most", self._pause_edited, before="Cut into")
        self.to = ttk.Label(body, style="Window.TLabel")
        parts = ("File", self.file), ("How", self.how), ("", self.pause), ("", self.cut), ("To", self.to)
        for heading, part in parts:
            self.section(heading, part)
        self.how.offer(
            (
                Option(False, "Whole", "As fast as the other side takes it."),
                Option(True, "Line by line", "Each line ends as it does in the file: LF, CR LF or CR."),
            ),
            False,
        )
        self.file.put(path)
        self.pause.field.put(pause_words(_LINE_PAUSE))
        self.cut.field.put(str(_USUAL_CUT))
        self.display(self.pause, False)
        self.display(self.cut, False)

    def show(self, to: str, nobody: str, *, datagrams: bool = False) -> None:
        """Show who gets it, or why nobody does, and whether it goes in datagrams."""
        self._nobody = nobody
        self._has_datagrams = datagrams
        self.display(self.cut, datagrams)
        self.to.configure(text=self.safety.field(to) or "Nobody")
        self.show_begin(is_next=not nobody)
        self.complain(self.to, nobody)

    def begin(self) -> None:
        """Send, if nothing is wrong; else say what is."""
        if not self.file.path:
            self.refuse("Say which: write a file's name, or choose one.")
        elif self._check():
            (self.pause if self.pause.field.instate(["invalid"]) else self.cut).field.focus_set()
        elif self._nobody:
            self.complain(self.to, self._nobody)
        else:
            pause = read_pause(self.pause.field.text, 0) if self.how.key else None
            self.begin_button.state(["disabled"])
            size = self._read_size(self.cut.field.text) if self._has_datagrams else 0
            self.refuse(self._on_send(FileRequest(self.file.path, pause, size)))

    def refuse(self, why: str) -> None:
        """Say why the file does not go out, and let it be tried again; nothing if ``why`` is empty."""
        self.complain(self.file, why)
        if why:
            self.begin_button.state(["!disabled"])
            self.file.field.refuse()
            self.file.field.focus_set()

    def _edited(self) -> None:
        self.complain(self.file, "")
        self.begin_button.state(["!disabled"])

    def _pause_edited(self) -> None:
        self._check()

    def _check(self) -> str:
        why = self.pause.read(lambda text: read_pause(text, 0)) if self.how.key else ""
        self.complain(self.pause, why)
        why_not_cut = self.cut.read(self._read_size) if self._has_datagrams else ""
        self.complain(self.cut, why_not_cut)
        return why or why_not_cut

    def _how_chosen(self) -> None:
        self.display(self.pause, self.how.key)
        self._check()


class KeepDialog(TaskDialog):
    """``on_keep`` gets what a person asked for and gives back why it cannot be, or nothing.

    ``is_there`` says whether there is such a file, which then has to be replaced knowingly.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        connections: Sequence[tuple[ConnectionId, str]],
        chosen: ConnectionId,
        path: str,
        on_keep: Callable[[KeepRequest], str],
        is_there: Callable[[str], bool],
        ask_path: Callable[..., str] = filedialog.asksaveasfilename,
    ) -> None:
        super().__init__(parent, theme, title="Save what was received", words="Save", on_begin=self.begin)
        self._on_keep, self._is_there = on_keep, is_there
        self._agreed = ""  # the path whose file may be replaced
        body = self.body
        self.whose: Choice[ConnectionId] = Choice(body, lambda _connection: None, width=30)
        self.whose.offer([(key, self.safety.field(words)) for key, words in connections], chosen)
        self.what: Options[bool] = Options(body, theme, lambda _follow: None)
        self.what.offer(
            (
                Option(False, "What came so far", "The bytes exactly as they came, without times and marks."),
                Option(True, "That, and what is to come", "Until the connection is over, or until it is stopped."),
            ),
            False,
        )
        self.file = FileRow(body, theme, ask=ask_path, title="Save what was received", on_edit=self._edited)
        for heading, part in (("From", self.whose), ("What", self.what), ("To", self.file)):
            self.section(heading, part)
        self.file.put(path)

    def begin(self) -> None:
        """Begin, if nothing is wrong; else say what is. What is there already is replaced when asked twice."""
        path = self.file.path
        may_replace = self.file.is_chosen or path == self._agreed
        if not path:
            self._refuse("Say where to: write a file's name, or choose one.")
        elif not may_replace and self._is_there(path):
            self._agreed = path
            self.complain(self.file, "There is such a file already. Press Replace to have this in its place.")
            self.begin_button.configure(text="Replace")
        else:
            why = self._on_keep(KeepRequest(self.whose.key, path, self.what.key, may_replace))
            self._refuse(why) if why else self.destroy()

    def _refuse(self, why: str) -> None:
        self.complain(self.file, why)
        self.file.field.refuse()
        self.file.field.focus_set()

    def _edited(self) -> None:
        self._agreed = ""
        self.complain(self.file, "")
        self.begin_button.configure(text="Save")
