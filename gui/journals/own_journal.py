"""The workbench of this run and the journal that it writes: opened, followed to another file, closed. No tkinter.

Lives on the window's thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import JournalError, NoThread, reason
from core.supervision import note
from core.words import sentence
from gui.journals import journal_files

if TYPE_CHECKING:
    from core.settings import Limits
    from core.workbench import Workbench
    from gui.journals.conversations import OpenJournal
    from gui.journals.locks import JournalLock

_KEPT_FOR_NOW = (
    "This conversation is kept in a temporary folder, and only until Tincan is started again: export what is to stay."
)


class OwnJournal:
    """The one owner of the workbench, of the journal as it is read, and of the lock on its file.

    The journal is in ``folder`` or, failing that, in a temporary one. ``limits`` gives the limits that the workbench
    opens with, ``on_open`` gets the workbench once it is open, ``complain`` a sentence about a journal.
    """

    def __init__(
        self,
        folder: Path,
        *,
        limits: Callable[[], Limits],
        on_open: Callable[[Workbench], None],
        complain: Callable[[str], None],
    ) -> None:
        self.folder = folder
        self._limits, self._on_open, self._complain = limits, on_open, complain
        self._workbench: Workbench | None = None
        self._reading: OpenJournal | None = None
        self._lock: JournalLock | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a workbench by now."""
        return self._workbench is not None

    @property
    def workbench(self) -> Workbench:
        """The workbench, opened when it is first asked for. Raises ``NoThread``: then the next command tries again."""
        self.open()
        assert self._workbench is not None
        return self._workbench

    @property
    def reading(self) -> OpenJournal | None:
        """The journal with its reader; None if nothing is recorded."""
        return self._reading

    @property
    def path(self) -> Path | None:
        """The file that the workbench writes; None if nothing is recorded."""
        return self._workbench.journal if self._workbench is not None else None

    def open(self) -> None:
        """Open the workbench, unless a command has. Raises ``NoThread``: then it can be tried again."""
        if self._workbench is not None:
            return
        from core.workbench import Workbench

        trouble = ""
        for folder in self._folders():
            try:
                self._workbench, self._reading = self._open_in(folder)
                break
            except NoThread:
                self.release_lock()
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, there is another place
                note(f"opening a journal in {folder}", error)
                self.release_lock()
                trouble = trouble or f"{sentence(reason(error))} {_KEPT_FOR_NOW}"
        if self._workbench is None:
            self._workbench = Workbench()
            trouble = "Nothing can be recorded, not even in a temporary folder, so no conversation can be shown."
        self._on_open(self._workbench)
        if trouble:
            self._complain(trouble)

    def use(self, limits: Limits) -> None:
        """Start sessions with these limits from now on."""
        if self._workbench is not None:
            self._workbench.use(limits)

    def follow(self, recorded: Path | None) -> None:
        """Read on in the file that is ``recorded`` to, if that is another, as after the one before was deleted."""
        path, reading = self.path, self._reading
        if path is None or reading is None or recorded in (None, reading.path):
            return
        from gui.journals.conversations import OpenJournal
        from gui.journals.locks import lock_journal

        try:
            reading.reader.follow(path)
        except JournalError as error:
            self._complain(sentence(f"The conversation cannot be shown: {error}"))
            return
        self.release_lock()
        self._lock = lock_journal(path)
        self._reading = OpenJournal(path, reading.reader)

    def close_reader(self) -> None:
        """Stop reading, before the writer stops: it then can fold the write-ahead log into the file."""
        if self._reading is not None:
            self._reading.reader.close()

    def close_workbench(self, patience: float) -> list[str]:
        """End every session within ``patience`` seconds; the answer names the threads that still run then."""
        return self._workbench.close(patience) if self._workbench is not None else []

    def release_lock(self) -> None:
        """Release the lock on the file, which is not written any more."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _open_in(self, folder: Path) -> tuple[Workbench, OpenJournal]:
        """Begin a journal; where its reader cannot be opened, the writer is closed again. Raises ``TincanError``."""
        from core.workbench import Workbench
        from gui.journals.conversations import OpenJournal
        from gui.journals.locks import lock_journal

        path = journal_files.journal_path(folder)
        self._lock = lock_journal(path)
        workbench = Workbench(path, limits=self._limits())
        try:
            return workbench, OpenJournal(path, workbench.open_reader())
        except BaseException:
            workbench.close()
            raise

    def _folders(self) -> Iterator[Path]:
        """The usual folder and, if that cannot be used, one that is made for this run in the temporary folder."""
        import tempfile

        yield self.folder
        with contextlib.suppress(OSError):  # there is none, or no room in it
            temporary = Path(tempfile.mkdtemp(prefix=journal_files.TEMPORARY))
            yield temporary
            temporary.rmdir()
