"""The bytes as they went through the sockets: a file for each direction of each connection.

If only one connection spoke, and in one direction, the target is that file. Otherwise the files stand
beside it and are named after it: for ``talk.bin`` they are ``talk-1-received.bin``, ``talk-1-sent.bin``,
``talk-2-received.bin`` ... Nobody was asked about those, so one that is there already is left alone and
the export is refused.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType

from core.journal.display_row import DisplayRow
from core.journal.export.draft import Draft, ExportError, shown
from core.journal.export.formats import Format

MOST_OPEN = 32  # descriptors; there may be many more streams

Stream = tuple[int | None, str]  # a connection's number, and the direction


class Streams:
    """A draft for each stream, found by the first byte. One thread; leaving it discards what was not kept."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._drafts: dict[Stream, Draft] = {}
        self._open: dict[Stream, None] = {}  # in the order of their last use

    def __enter__(self) -> Streams:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        for draft in self._drafts.values():
            draft.discard()

    def write(self, display_row: DisplayRow, data: bytes) -> None:
        """Add bytes to the stream of that message. Raises ``OSError``, ``ExportError``."""
        stream = (display_row.number, display_row.kind)
        draft = self._drafts.get(stream) or self._begin(stream)
        self._open.pop(stream, None)
        self._open[stream] = None
        if len(self._open) > MOST_OPEN:
            oldest = next(iter(self._open))
            del self._open[oldest]
            self._drafts[oldest].rest()
        draft.write(data)

    def keep(self) -> tuple[Path, ...]:
        """Give every file its name, or none. Raises ``OSError``, ``ExportError``."""
        if not self._drafts:  # nothing was said: a file without a byte says that
            self._drafts[None, ""] = Draft(self._target.parent)
        for draft in self._drafts.values():
            draft.finish()
        if len(self._drafts) == 1:
            next(iter(self._drafts.values())).keep(self._target)
            return (self._target,)
        return self._keep_all()

    def _keep_all(self) -> tuple[Path, ...]:
        named = {self._free_path(stream): draft for stream, draft in sorted(self._drafts.items(), key=_order)}
        with contextlib.ExitStack() as undo:
            for path, draft in named.items():
                draft.keep(path)
                undo.callback(path.unlink, missing_ok=True)
            undo.pop_all()
        return tuple(named)

    def _begin(self, stream: Stream) -> Draft:
        """A draft for a new stream. The second tells that names of their own are needed."""
        if self._drafts:
            for one in (stream, *self._drafts) if len(self._drafts) == 1 else (stream,):
                self._free_path(one)
        draft = self._drafts[stream] = Draft(self._target.parent)
        return draft

    def _free_path(self, stream: Stream) -> Path:
        path = path_of(self._target, stream)
        if path.exists() or path.is_symlink():
            raise ExportError(f"{shown(path)} is there already. Move it away or choose another name.")
        return path


def path_of(target: Path, stream: Stream) -> Path:
    """The file of one stream, if there are several."""
    number, direction = stream
    name = "unknown" if number is None else str(number)
    return target.with_name(f"{target.stem}-{name}-{direction}{Format.RAW.ending}")


def _order(item: tuple[Stream, Draft]) -> tuple[bool, int, str]:
    (number, direction), _draft = item
    return number is None, number or 0, direction
