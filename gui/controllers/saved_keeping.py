"""Keeps the saved messages in their file, away from the window's thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from core.errors import reason
from gui.platform.background import in_background
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    import tkinter as tk
    from pathlib import Path

    from core.compose import SavedMessage, SavedMessagesFile
    from core.supervision import Worker

_LATE = 1_000  # milliseconds between a change and its way to the disk: there may be another
_PATIENCE = 1.0  # seconds for a disk that is busy when the program ends

Messages = tuple["SavedMessage", ...]


class SavedKeeping:
    """Reads once, and writes a moment after each change. Lives on the window's thread; one job at a time has another.

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
        """See whether another window has kept something."""
        if self._worker is None:
            self._start(lambda: self._file.news())

    def keep(self, messages: Messages) -> None:
        """Have these in the file soon."""
        self._wanted = messages
        self._later.ask(_LATE)

    def close(self, patience: float = _PATIENCE) -> None:
        """Write what is not written yet: the program ends. Waits for a busy disk, so many seconds at most."""
        self._later.cancel()
        if self._worker is not None and not self._worker.join(patience):
            return
        if self._wanted is not None:
            self._written(self._wanted)

    @property
    def _file(self) -> SavedMessagesFile:
        """The file, opened on the thread that reads it: what it takes to understand it need not hold up the window."""
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
        """Write these and, behind them, what another window has written; that is told."""
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
