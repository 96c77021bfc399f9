"""The files of lists that a person keeps: the one that a list is kept in, and those of import and export.

They are read and written away from the window's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from core.errors import reason
from core.words import sentence, with_capital
from gui.platform.bridge import in_background
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    import tkinter as tk

    from core.compose import SavedError, SavedMessage
    from core.compose.saved import KeptFile
    from core.supervision import Worker

_LATE = 1_000  # milliseconds between a change and its way to the disk: there may be another
_PATIENCE = 1.0  # seconds for a disk that is busy when the program ends

Item = TypeVar("Item")
Found = TypeVar("Found")


class SavedKeeping(Generic[Item]):
    """Reads the file once, and writes it a moment after each change.

    Lives on the window's thread; its jobs have a thread of their own, one at a time.

    ``things`` is what the list is of; ``open_file`` is called on the thread that reads the file, so that loading its
    parser does not hold up the window. ``on_news`` gets what is to be added to the list: all there is the first time,
    then what another window has kept meanwhile; ``on_unread`` gets why there is nothing the first time, ``complain`` a
    sentence. ``post`` has a call made on the window's thread.
    """

    def __init__(
        self,
        window: tk.Misc,
        path: Path,
        things: str,
        open_file: Callable[[Path], KeptFile[Item]],
        *,
        post: Callable[[Callable[[], None]], None],
        on_news: Callable[[tuple[Item, ...]], None],
        on_unread: Callable[[BaseException], None],
        complain: Callable[[str], None],
    ) -> None:
        self.is_first_time = False
        self._path, self._things, self._open_file = path, things, open_file
        self._opened: KeptFile[Item] | None = None
        self._post = post
        self._on_news, self._on_unread, self._complain = on_news, on_unread, complain
        self._wanted: tuple[Item, ...] | None = None  # what the file is to hold
        self._later = Debounce(window, self._write)
        self._worker: Worker | None = None

    def load(self) -> None:
        """Read the file."""

        def read() -> tuple[Item, ...]:
            self.is_first_time = not self._path.exists()
            return self._file.load()

        self._start(read, self._on_unread)

    def look(self) -> None:
        """Read what another window has kept meanwhile."""
        if self._worker is None:
            self._start(lambda: self._file.news())

    def keep(self, items: tuple[Item, ...]) -> None:
        """Write these to the file soon."""
        self._wanted = items
        self._later.ask(_LATE)

    def close(self, patience: float = _PATIENCE) -> None:
        """Write the last change now, as the program ends; waits for a busy disk, so many seconds at most."""
        self._later.cancel()
        if self._worker is not None and not self._worker.join(patience):
            return
        if self._wanted is not None:
            self._written(self._wanted)

    @property
    def _file(self) -> KeptFile[Item]:
        if self._opened is None:
            self._opened = self._open_file(self._path)
        return self._opened

    def _write(self) -> None:
        if self._worker is not None:
            self._later.ask(_LATE)
            return
        items = self._wanted
        if items is not None:
            self._start(lambda: self._written(items))

    def _written(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Write these and, behind them, those of another window, which are the answer."""
        from core.compose import SavedError

        news = self._file.lacking(items, self._file.news())
        try:
            self._file.save((*items, *news))
        except SavedError as error:
            self._file.notice = f"{error} They stay in this window."
        return news

    def _start(
        self, job: Callable[[], tuple[Item, ...]], failed: Callable[[BaseException], None] | None = None
    ) -> None:
        self._worker = in_background(
            "keep a saved list", job, self._done, partial(self._failed, failed or self._unkept), self._post
        )

    def _failed(self, tell: Callable[[BaseException], None], error: BaseException) -> None:
        self._worker = None
        tell(error)

    def _unkept(self, error: BaseException) -> None:
        why = sentence(f"The saved {self._things} could not be kept just now: {reason(error)}")
        self._complain(f"{why} They stay in this window.")

    def _done(self, news: tuple[Item, ...]) -> None:
        self._worker = None
        notice, self._file.notice = self._file.notice, ""
        if notice:
            self._complain(notice)
        self._on_news(news)


def find_out(
    work: Callable[[], Found],
    then: Callable[[Found], None],
    failed: Callable[[BaseException], None],
    post: Callable[[Callable[[], None]], None],
) -> None:
    """Do ``work`` on a thread of its own and call ``then`` or ``failed`` on the window's with what came of it."""
    in_background("look after a saved list", work, then, failed, post)


def ask_for_source(parent: tk.Misc, things: str = "messages", *more: tuple[str, str]) -> Path | None:
    """The file that a person wants to import; None if they cancel. ``more`` are other kinds, with their endings."""
    from tkinter import filedialog

    chosen = filedialog.askopenfilename(parent=parent, title=f"Import {things}", filetypes=_kinds(things, *more))
    return Path(chosen) if chosen else None


def ask_for_target(parent: tk.Misc, things: str = "messages") -> Path | None:
    """The file that a person wants to export to; None if they cancel."""
    from tkinter import filedialog

    chosen = filedialog.asksaveasfilename(
        parent=parent,
        title=f"Export {things}",
        filetypes=_kinds(things),
        defaultextension=".json",
        initialfile=f"tincan_{things}.json",
    )
    return Path(chosen) if chosen else None


def _kinds(things: str, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (with_capital(things), "*.json"), *more, ("All files", "*")


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


def counted(count: int, thing: str = "message") -> str:
    """``One message was``, ``3 messages were``."""
    return f"One {thing} was" if count == 1 else f"{count:,} {thing}s were"
