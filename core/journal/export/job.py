"""An export on a thread of its own, for a window that goes on meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from core.errors import JournalError, TincanError, reason
from core.journal.export.files import ExportError
from core.journal.export.formats import Format
from core.journal.export.source import OpenSource
from core.journal.export.writer import Exported, Progress, export
from core.supervision import Worker


@dataclass(frozen=True, slots=True)
class NotExported:
    """Why there is no file, as a sentence; ``cancelled`` if somebody wanted that."""

    why: str
    cancelled: bool = False


Outcome: TypeAlias = Exported | NotExported


class ExportJob:
    """Writes a file, see ``export``. Every method is for any thread and none but ``join`` waits.

    ``on_progress`` is called on the job's thread, at most 20 times a second, and ``on_end`` there exactly
    once, last of all; neither may block.
    """

    def __init__(
        self,
        open_source: OpenSource,
        target: Path,
        form: type[Format],
        *,
        first: int = 0,
        count: int | None = None,
        on_progress: Callable[[Progress], None],
        on_end: Callable[[Outcome], None],
    ) -> None:
        self._cancelled = threading.Event()

        def write() -> Exported:
            try:
                with open_source(self._cancelled) as source:
                    return export(
                        source, target, form,
                        first=first, count=count, on_progress=on_progress, cancelled=self._cancelled,
                    )  # fmt: skip
            except (ExportError, JournalError) as error:
                if self._cancelled.is_set():  # it may have ended a question to the journal
                    raise ExportError("Cancelled. Nothing was kept.", cancelled=True) from error
                raise

        self._worker = Worker(
            lambda: on_end(write()), f"export to {target.name}", lambda error: on_end(_not_exported(error))
        ).begin()

    def cancel(self) -> None:
        """Give up soon; no file changes."""
        self._cancelled.set()

    def join(self, timeout: float) -> bool:
        """Wait for the thread's end, so many seconds at most; whether it has ended."""
        return self._worker.join(timeout)


def _not_exported(error: BaseException) -> NotExported:
    if isinstance(error, ExportError):
        return NotExported(str(error), error.cancelled)
    why = reason(error)
    return NotExported(why if isinstance(error, TincanError) else f"{why[0].upper()}{why[1:]}. Nothing was kept.")
