r"""Where the rows of an export come from, and what every kind of file needs of a row."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Protocol, TypeAlias

from core.compose.encoding import Decoder, Encoding, decode_as
from core.events import SessionId
from core.journal.display_row import DisplayRow
from core.journal.reading.lens import Lens
from core.journal.reading.lens_view import LensView, RowCounter
from core.journal.reading.parties import Parties
from core.journal.reading.reader import JournalReader
from core.text_safety import TextSafety, ending_mark, split_ending

PIECE = 64 * 1024  # bytes handled at a time: larger ones would hold up the other threads
_AT_ONCE = 200  # rows read at a time, each with up to PIECE bytes

Pieces: TypeAlias = Callable[[], Iterator[bytes]]
r"""All the bytes of a message, at most ``PIECE`` at a time, from the beginning whenever it is called."""


class Frame(Protocol):
    """A message as it went through the socket, what frames it included."""

    @property
    def size(self) -> int:
        """In bytes."""
        ...

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes from offset ``start`` up to before ``stop``."""
        ...


class Source(Protocol):
    """Rows to export, as ``LensView`` has them. Raises ``JournalError`` for what cannot be read."""

    @property
    def total(self) -> int:
        """How many rows there are."""
        ...

    def read(self, first: int, count: int, preview: int) -> list[DisplayRow]:
        """The rows from place ``first`` on, at most ``count``, each with at most ``preview`` bytes."""
        ...

    def whole(self, display_row: DisplayRow) -> Iterator[bytes]:
        """All the bytes of a message in pieces, without what frames it."""
        ...

    def parties(self) -> Parties:
        """Who talked with whom."""
        ...

    def recorded(self, message: DisplayRow) -> Frame:
        """The message with what frames it."""
        ...


OpenSource: TypeAlias = Callable[[threading.Event], AbstractContextManager[Source]]
r"""Opens a source on the thread that will read it, and gives up where it can once the event is set."""


def opens_reading(path: Path, session: SessionId, lens: Lens, entries: int | None = None) -> OpenSource:
    """What a lens shows of the first ``entries`` entries of a session (all, if None), with a reader of its own."""
    return partial(_open_reading, path, session, lens, entries)


@contextlib.contextmanager
def _open_reading(
    path: Path, session: SessionId, lens: Lens, entries: int | None, cancelled: threading.Event
) -> Iterator[Source]:
    with contextlib.closing(JournalReader(path, cancelled.is_set)) as reader:
        stop = reader.count(session) if entries is None else entries
        reading = LensView(reader, session, lens)
        reading.reach(stop)
        if not lens.is_plain:
            counter = RowCounter(reader, session, lens)
            while reading.entries < stop and not cancelled.is_set():
                reading.take(counter.advance(stop))
        yield reading


def rows(source: Source, first: int, stop: int) -> Iterator[tuple[DisplayRow, Pieces]]:
    """The rows from place ``first`` up to before ``stop``, each with its bytes."""
    for place in range(first, stop, _AT_ONCE):
        for display_row in source.read(place, min(_AT_ONCE, stop - place), PIECE):
            yield display_row, partial(pieces_of, source, display_row)


def frames(source: Source, first: int, stop: int) -> Iterator[tuple[DisplayRow, Pieces]]:
    """The same rows, each with the bytes that went through the socket for it: none for a note."""
    for display_row, pieces in rows(source, first, stop):
        is_bare = not display_row.is_message or _is_bare(display_row)
        yield display_row, pieces if is_bare else partial(_recorded, source, display_row)


def readable(pieces: Iterable[bytes], safety: TextSafety, encoding: Encoding = Encoding.UTF_8) -> Iterator[str]:
    r"""A message as the window shows it: what cannot be seen as a mark, its line ending at the end too.

    A backslash is ``\\``: no colour tells a mark from the same characters that a peer has sent.
    """
    held = ""  # what may be the line ending, or the half of it, or a NUL in front of a digit
    decoder = Decoder(encoding)
    for piece in pieces:
        held += decoder.feed(piece)
        tail = held[-2:]
        shown = len(held) - (len(tail) - len(tail.rstrip("\r\n\0")))
        yield safety.exact(held[:shown])
        held = held[shown:]
    text, ending = split_ending(held + decoder.finish())
    yield safety.exact(text) + ending_mark(ending)


def readable_whole(data: bytes, safety: TextSafety, encoding: Encoding = Encoding.UTF_8) -> str:
    """The same of a message that is at hand as a whole."""
    text, ending = split_ending(decode_as(data, encoding))
    return safety.exact(text) + ending_mark(ending)


def _is_bare(display_row: DisplayRow) -> bool:
    """Whether nothing frames this message."""
    span = display_row.span
    return span is not None and span.first == span.last and span.stop - span.start == display_row.size


def at_hand(display_row: DisplayRow) -> bytes | None:
    """All the bytes of a message, if its row came with them: so it is with most, and they need no pieces."""
    data = display_row.data or b""
    return data if len(data) >= display_row.size else None


def pieces_of(source: Source, display_row: DisplayRow) -> Iterator[bytes]:
    """All the bytes of a message, see ``Pieces``."""
    data = at_hand(display_row)
    if data is None:
        return _sliced(source.whole(display_row))
    return iter((data,) if data else ())


def _recorded(source: Source, display_row: DisplayRow) -> Iterator[bytes]:
    frame = source.recorded(display_row)
    return _sliced(frame.pieces(0, frame.size))


def _sliced(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), PIECE):
            yield piece[start : start + PIECE]
