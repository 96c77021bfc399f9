"""The files of the saved messages: the one that they are kept in, and those of import and export.

They are read and written away from the window's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import reason
from gui.platform.background import in_background
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    import tkinter as tk

    from core.compose import SavedError, SavedMessage, SavedMessagesFile
    from core.supervision import Worker

_LATE = 1_000  # milliseconds between a change and its way to the disk: there may be another
_PATIENCE = 1.0  # seconds for a disk that is busy when the program ends
_KINDS = (("Messages", "*.json"), ("All files", "*"))
_PROPOSED = "tincan_messages.json"

Messages = tuple["SavedMessage", ...]


class SavedKeeping:
    """Reads the file once, and writes it a moment after each change.

    Lives on the window's thread; its jobs have a thread of their own, one at a time.

    ``on_news`` gets what is to be added to the list: all there is the first time, then what another window
    has kept meanwhile; ``on_unread`` gets why there is nothing the first time, ``complain`` a sentence. ``post``
    has a call made on the window's thread.
    """

    def __init__(
        self,
        window: tk.Misc,
        path: Path,
        *,
        post: Callable[[Callable[[], None]], None],
        on_news: Callable[[Messages], None],
        on_unread: Callable[[BaseException], None],
        complain: Callable[[str], None],
    ) -> None:
        self.is_first_time = False
        self._path = path
        self._opened: SavedMessagesFile | None = None
        self._post = post
        self._on_news, self._on_unread, self._complain = on_news, on_unread, complain
        self._wanted: Messages | None = None  # what the file is to hold
        self._later = Debounce(window, self._write)
        self._worker: Worker | None = None

    def load(self) -> None:
        """Read the file."""

        def read() -> Messages:
            self.is_first_time = not self._path.exists()
            return self._file.load()

        self._start(read, self._on_unread)

    def look(self) -> None:
        """Read what another window has kept meanwhile."""
        if self._worker is None:
            self._start(lambda: self._file.news())

    def keep(self, messages: Messages) -> None:
        """Write these messages to the file soon."""
        self._wanted = messages
        self._later.ask(_LATE)

    def close(self, patience: float = _PATIENCE) -> None:
        """Write the last change now, as the program ends; waits for a busy disk, so many seconds at most."""
        self._later.cancel()
        if self._worker is not None and not self._worker.join(patience):
            return
        if self._wanted is not None:
            self._written(self._wanted)

    @property
    def _file(self) -> SavedMessagesFile:
        """The file, opened on the thread that reads it, so that loading the parser does not hold up the window."""
        if self._opened is None:
            from core.compose import SavedMessagesFile

            self._opened = SavedMessagesFile(self._path)
        return self._opened

    def _write(self) -> None:
        if self._worker is not None:
            self._later.ask(_LATE)
            return
        messages = self._wanted
        if messages is not None:
            self._start(lambda: self._written(messages))

    def _written(self, messages: Messages) -> Messages:
        """Write these messages and, behind them, those of another window, which are the answer."""
        from core.compose import SavedError

        news = tuple(message for message in self._file.news() if message not in messages)
        try:
            self._file.save((*messages, *news))
        except SavedError as error:
            self._file.notice = f"{error} They stay in this window."
        return news

    def _start(self, job: Callable[[], Messages], failed: Callable[[BaseException], None] | None = None) -> None:
        self._worker = in_background(
            "keep the saved messages", job, self._done, partial(self._failed, failed or self._unkept), self._post
        )

    def _failed(self, tell: Callable[[BaseException], None], error: BaseException) -> None:
        self._worker = None
        tell(error)

    def _unkept(self, error: BaseException) -> None:
        self._complain(f"The saved messages could not be kept just now: {reason(error)}. They stay in this window.")

    def _done(self, news: Messages) -> None:
        self._worker = None
        notice, self._file.notice = self._file.notice, ""
        if notice:
            self._complain(notice)
        self._on_news(news)


def ask_for_source(parent: tk.Misc) -> Path | None:
    """The file that a person wants to import; None if they cancel."""
    from tkinter import filedialog

    chosen = filedialog.askopenfilename(parent=parent, title="Import messages", filetypes=_KINDS)
    return Path(chosen) if chosen else None


def ask_for_target(parent: tk.Misc) -> Path | None:
    """The file that a person wants to export to; None if they cancel."""
    from tkinter import filedialog

    chosen = filedialog.asksaveasfilename(
        parent=parent, title="Export messages", filetypes=_KINDS, defaultextension=".json", initialfile=_PROPOSED
    )
    return Path(chosen) if chosen else None


def read(path: Path) -> tuple[SavedMessage, ...] | SavedError:
    """The messages of a file, or the error that says why it holds none."""
    from core.compose import SavedError, import_messages

    try:
        return import_messages(path)
    except SavedError as error:
        return error


def write(path: Path, messages: Sequence[SavedMessage]) -> SavedError | None:
    """Write the messages; the answer is the error if that failed."""
    from core.compose import SavedError, export_messages

    try:
        export_messages(path, messages)
    except SavedError as error:
        return error
    return None


def counted(messages: int) -> str:
    """``One message was``, ``3 messages were``."""
    return "One message was" if messages == 1 else f"{messages:,} messages were"
