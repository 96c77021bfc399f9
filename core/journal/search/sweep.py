"""Goes through what a session recorded and finds a pattern in it, also where TCP cut a match in two.

The bytes of one direction of one connection are one stream, whatever came between them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import lru_cache, partial
from itertools import accumulate
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TypeAlias

from core.events import ConnectionId, SessionId
from core.journal.display_row import RECEIVED, Filter
from core.journal.reading.joining import DataRow, Stretch, data_rows, extent, joined, sizes
from core.journal.reading.reader import JournalReader
from core.journal.schema import damaged
from core.journal.search.hits import Hit, Hits
from core.journal.search.pattern import Pattern

LOOK_BACK = 4_096  # entries before the first that are looked at for the beginning of a match, at most
_LOOK_BACK_BYTES = 1 << 20  # of them: a search goes on often while much is coming in
_MOST_ENTRIES = 4_096  # looked at in one go
_MOST_BYTES = 128 * 1024  # of them: meanwhile no other thread runs, and nobody can cancel

_Sizes: TypeAlias = Callable[[Stretch], dict[int, tuple[list[int], list[int]]]]  # see ``sizes``


def find(
    reader: JournalReader, session: SessionId, pattern: Pattern, only: Filter, entries: range
) -> Generator[tuple[int, Hits], None, None]:
    """The matches that end in these entries, stretch by stretch, each time with how far the search is.

    A match may begin before them, in the last ``LOOK_BACK`` entries or in as many as have 1 MiB. One that
    more bytes could have made longer or undone comes when those are known, so that it may come after later
    ones. Raises ``JournalError``.
    """
    sweep = _Sweep(reader, session, pattern, only)
    for ordinal, hits in sweep.run(beginning(reader, session, only, entries.start), entries.stop):
        yield max(ordinal, entries.start), Hits(hit for hit in hits if hit.ordinal >= entries.start)


def beginning(reader: JournalReader, session: SessionId, only: Filter, first: int) -> int:
    """The entry from which to look, so that matches are found which end in ``first`` or later."""
    back = min(first, LOOK_BACK)
    while back > 1 and extent(reader, Stretch(session, first - back, first, only)).size > _LOOK_BACK_BYTES:
        back //= 2
    return first - back


class _Sweep:
    """One way through the entries of a session."""

    def __init__(self, reader: JournalReader, session: SessionId, pattern: Pattern, only: Filter) -> None:
        self._reader = reader
        self._session = session
        self._pattern = pattern
        self._only = only
        self._streams: dict[tuple[ConnectionId, str], _Stream] = {}
        self._fed: set[_Stream] = set()  # since bytes were passed over last
        self._has_datagrams = reader.has_datagrams(session)
        # Each stream with a hit in a stretch asks, and for one before it where a hit may go on from there.
        self._sizes = lru_cache(maxsize=2)(partial(sizes, reader))

    def run(self, first: int, stop: int) -> Iterator[tuple[int, list[Hit]]]:
        count, begin = _MOST_ENTRIES, self._reader.start_of(self._session, first)
        while first < stop:
            end, run_there = self._end(first, first + count, stop)
            stretch = Stretch(self._session, first, end, self._only, begin)
            found = extent(self._reader, stretch)
            is_single = stretch.stop - first == 1
            if found.size > _MOST_BYTES and not is_single:
                count = max(1, (stretch.stop - first) // 2)
                continue
            first, begin = end, run_there
            if found.size > _MOST_BYTES:
                yield from self._look_at_large(stretch)
            else:
                count = min(count * 2, _MOST_ENTRIES) if found.size <= _MOST_BYTES // 2 else count
                yield first, self._look_at(stretch) + self._look_at_notes(stretch, found.notes)
        yield stop, [hit for stream in self._streams.values() for hit in stream.finish()]

    def _end(self, first: int, wanted: int, stop: int) -> tuple[int, int]:
        """Where a stretch may end, and where the run begins that goes on there.

        That is in front of a run rather than in one, which would be taken apart twice.
        """
        if wanted >= stop:
            return stop, stop
        begin = self._reader.start_of(self._session, wanted)
        return (begin if begin > first else wanted), begin

    def _look_at(self, stretch: Stretch) -> list[Hit]:
        if self._has_datagrams:
            return self._look_at_datagrams(stretch)
        rows = list(data_rows(self._reader, stretch))
        if self._can_pass_over(rows):
            fed, self._fed = self._fed, set()
            return [hit for stream in fed for hit in stream.finish()]
        hits: list[Hit] = []
        for connection, kind, data in joined(self._reader, stretch, rows):
            stream = self._stream(connection, kind)
            stream.expect(stretch, len(data))
            hits += stream.feed(data)
        return hits

    def _can_pass_over(self, rows: Sequence[DataRow]) -> bool:
        """Whether no hit lies in these rows, not even in part: taking the streams apart takes most of the time.

        What ends in another entry than it begins in has the last byte of an entry in it.
        """
        if any(stream.is_open for stream in self._fed):
            return False
        lasts = b"".join(map(_last_bytes, rows))
        is_within_entries = lasts == lasts.translate(None, bytes(self._pattern.alphabet))
        return is_within_entries and not any(self._pattern.may_be_in(row.data) for row in rows)

    def _look_at_datagrams(self, stretch: Stretch) -> list[Hit]:
        """The same of entries that belong to no stream: a match lies within one of them."""
        hits: list[Hit] = []
        for ordinal, _connection, _kind, _size, data, _at in self._reader.scan(
            self._session, stretch.first, stretch.stop, self._only, with_data=True
        ):
            if data:
                matcher = Matcher(self._pattern)
                hits += [Hit(ordinal, *span) for span in (*matcher.feed(data), *matcher.finish())]
        return hits

    def _look_at_large(self, stretch: Stretch) -> Iterator[tuple[int, list[Hit]]]:
        """One entry with very many bytes, in pieces."""
        rows = self._reader.scan(self._session, stretch.first, stretch.stop, self._only, with_data=False)
        for ordinal, connection, kind, size, _data, _at in rows:
            if connection is None:
                raise damaged(self._reader.path)
            stream = self._stream(connection, kind)
            stream.expect(stretch, size)
            for piece in self._reader.pieces(self._session, ordinal, _MOST_BYTES):
                yield stretch.first, stream.feed(piece)
        yield stretch.stop, []

    def _look_at_notes(self, stretch: Stretch, count: int) -> list[Hit]:
        if not count or not self._pattern.finds_notes or not self._only.notes:
            return []
        notes = self._reader.notes(self._session, stretch.first, stretch.stop, self._only)
        look = self._pattern.in_notes.finditer
        found = ((ordinal, match) for ordinal, note in notes for match in look(note.encode()))
        return [Hit(ordinal, *match.span()) for ordinal, match in found if match.group()]

    def _stream(self, connection: ConnectionId, kind: str) -> _Stream:
        key = (connection, kind)
        if key not in self._streams:
            self._streams[key] = _Stream(self._reader.path, self._sizes, Matcher(self._pattern), connection, kind)
        self._fed.add(self._streams[key])
        return self._streams[key]


def _last_bytes(row: DataRow) -> bytes:
    """The last byte of each entry, and of the last one once more; of one without bytes any."""
    return bytes(itemgetter(*row.ends, row.ends[-1])(b"\0" + row.data))


class _Part(NamedTuple):
    """Where the bytes of a stretch lie in a stream."""

    stretch: Stretch
    start: int
    stop: int


class _Stream:
    """One direction of one connection: its matches, and the entries in which they lie."""

    def __init__(self, path: Path, sizes_of: _Sizes, matcher: Matcher, connection: ConnectionId, kind: str) -> None:
        self._path = path
        self._sizes_of = sizes_of
        self._matcher = matcher
        self._direction = connection if kind == RECEIVED else -connection
        self._size = 0
        self._parts: list[_Part] = []  # those in which a match may still end

    @property
    def is_open(self) -> bool:
        """Whether a match may have begun that the next bytes end."""
        return self._matcher.is_open

    def expect(self, stretch: Stretch, size: int) -> None:
        """The next so many bytes are those of a stretch."""
        self._parts.append(_Part(stretch, self._size, self._size + size))
        self._size += size

    def feed(self, data: bytes) -> list[Hit]:
        hits = self._placed(self._matcher.feed(data))
        decided = self._matcher.decided
        while self._parts and self._parts[0].stop <= decided:
            del self._parts[0]
        return hits

    def finish(self) -> list[Hit]:
        return self._placed(self._matcher.finish())

    def _placed(self, spans: list[tuple[int, int]]) -> list[Hit]:
        hits: list[Hit] = []
        position = 0
        for part in self._parts if spans else ():
            begin = position
            while position < len(spans) and spans[position][1] <= part.stop:
                position += 1
            if position > begin:
                hits += self._placed_within(part, spans[begin:position])
        return hits

    def _placed_within(self, part: _Part, spans: list[tuple[int, int]]) -> list[Hit]:
        """The hits that end in one stretch; only now its entries are asked for, since in most nothing is found."""
        ordinals, lengths = self._sizes_of(part.stretch).get(self._direction, ([], []))
        begins = list(accumulate(lengths, initial=part.start))
        if begins[-1] != part.stop:
            raise damaged(self._path)
        hits: list[Hit] = []
        place = 0
        for start, stop in spans:
            place = bisect_left(begins, stop, place + 1) - 1
            hits.append(Hit(ordinals[place], start - begins[place], stop - begins[place]))
        return hits


_SLICE = 8 * 1024  # bytes given to a regular expression at a time: many take a time that grows with the square


class Matcher:
    """The matches in one stream, as offsets from its beginning. Pure; one thread at a time.

    It keeps no more of the stream than a match that has begun there may need. No match lies within
    another, and one without bytes is none. While it looks at a piece no other thread runs, so that
    pieces should be short.
    """

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern
        self._known = b""  # the end of what came so far
        self._offset = 0  # of it in the stream
        self._next = 0  # offset in the stream from which a match may begin

    @property
    def decided(self) -> int:
        """No match that is still to come ends at this offset or before it."""
        return self._next

    @property
    def is_open(self) -> bool:
        """Whether a match that is still to come may begin in what came so far."""
        return bool(self._known) and self._known[-1] in self._pattern.alphabet

    def feed(self, piece: bytes) -> list[tuple[int, int]]:
        """Take in the next bytes; the matches (start, stop) that no later byte can change."""
        step = _SLICE if self._pattern.is_dangerous else max(1, len(piece))
        found: list[tuple[int, int]] = []
        for begin in range(0, len(piece), step):
            self._known += piece[begin : begin + step]
            found += self._look(len(self._known) - self._pattern.longest + 1)
            unneeded = max(0, self._next - self._offset - self._pattern.behind)
            self._known = self._known[unneeded:]
            self._offset += unneeded
        return found

    def finish(self) -> list[tuple[int, int]]:
        """The stream ends here, or nobody looks further: the matches that waited for more."""
        return self._look(len(self._known))

    def _look(self, limit: int) -> list[tuple[int, int]]:
        """The matches that begin before ``limit``, an offset in what is known."""
        offset, begin = self._offset, self._next - self._offset
        found: list[tuple[int, int]] = []
        if limit <= begin:
            return found
        core = self._pattern.core
        may_be_there = not core or self._known.lower().find(core, begin) >= 0
        for match in self._pattern.regex.finditer(self._known, begin) if may_be_there else ():
            start, stop = match.span()
            if start >= limit:
                break
            if stop > start:
                found.append((offset + start, offset + stop))
        self._next = max(self._next, offset + limit, found[-1][1] if found else 0)
        return found
