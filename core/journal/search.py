"""Looks for text or bytes in everything that a session recorded, also where TCP cut it in two.

A search runs on a thread of its own with a reader of its own and tells what it finds as it goes.
"""

from __future__ import annotations

import re
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from core.errors import Fault, JournalError, TincanError
from core.events import ConnectionId, SessionId
from core.journal.passage import DATA_KINDS, Filter
from core.journal.reader import JournalReader, ScanRow

LONGEST_QUERY = 1_000  # characters
MOST_HITS = 1_000_000  # that are kept of one search
_BATCH = 2_000  # entries looked at in one go
_BATCH_BYTES = 4 << 20  # of them
_TELL_EVERY = 0.05  # seconds


class Mode(Enum):
    """How what was typed is read."""

    TEXT = "text"
    HEX = "hex"


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for."""

    text: str
    mode: Mode = Mode.TEXT
    match_case: bool = False


class QueryError(TincanError):
    """What was typed cannot be looked for; ``place`` is the character at which it goes wrong."""

    fault = Fault.PERSON

    def __init__(self, sentence: str, place: int = 0) -> None:
        super().__init__(sentence)
        self.place = place


class Pattern(NamedTuple):
    """A query as bytes: what matches, and how many bytes a match can have."""

    matches: re.Pattern[bytes]
    longest: int
    in_notes: re.Pattern[str] | None


class Hit(NamedTuple):
    """Where a match ends: the entry, and the offsets in its data.

    ``start`` is negative if the match began in an earlier entry.
    """

    ordinal: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What more was found, in the order of the journal, and how far the search is."""

    hits: tuple[Hit, ...]
    searched: int  # entries
    total: int
    is_done: bool = False
    is_full: bool = False  # there are more hits than are kept
    failure: str = ""


def compile_query(query: Query) -> Pattern:
    """Make a query ready. Raises ``QueryError``."""
    if len(query.text) > LONGEST_QUERY:
        raise QueryError(f"longer than {LONGEST_QUERY:,} characters", LONGEST_QUERY)
    if query.mode is Mode.HEX:
        return _compile_hex(query.text)
    characters = [_variants(c) if not query.match_case else (c,) for c in query.text]
    try:
        encoded = [[variant.encode() for variant in variants] for variants in characters]
    except UnicodeEncodeError as error:
        raise QueryError("half a character cannot be looked for", error.start) from error
    expression = b"".join(
        re.escape(variants[0]) if len(variants) == 1 else b"(?:" + b"|".join(map(re.escape, variants)) + b")"
        for variants in encoded
    )
    in_notes = re.compile(re.escape(query.text), 0 if query.match_case else re.IGNORECASE)
    return Pattern(re.compile(expression, re.DOTALL), sum(max(map(len, v)) for v in encoded), in_notes)


def _variants(character: str) -> tuple[str, ...]:
    """A character in both cases; one whose other case is several characters has none."""
    other = {character, character.lower(), character.upper()}
    return tuple(sorted(variant for variant in other if len(variant) == 1))


_SEPARATOR = re.compile(r"[\s,;:]+|0x|\\x", re.IGNORECASE)
_BYTE = re.compile(r"[0-9a-f]{2}|\?\?", re.IGNORECASE)


def _compile_hex(text: str) -> Pattern:
    r"""Bytes as hex with or without spaces, commas, ``0x`` or ``\x``; ``??`` stands for any byte."""
    found: list[bytes] = []
    place = 0
    while place < len(text):
        separator = _SEPARATOR.match(text, place)
        if separator:
            place = separator.end()
            continue
        byte = _BYTE.match(text, place)
        if byte is None:
            is_half = re.fullmatch(r"[0-9a-f?]", text[place], re.IGNORECASE)
            raise QueryError("a byte has two digits" if is_half else f"{text[place]!r} is not a hex digit", place)
        found.append(b"." if byte.group() == "??" else re.escape(bytes.fromhex(byte.group())))
        place = byte.end()
    return Pattern(re.compile(b"".join(found), re.DOTALL), len(found), None)


class Search:
    """One search of entries ``first`` up to before ``stop`` of a session. ``tell`` is called on its thread."""

    def __init__(
        self,
        path: Path,
        session: SessionId,
        pattern: Pattern,
        only: Filter,
        entries: range,
        tell: Callable[[Progress], None],
    ) -> None:
        self._cancelled = threading.Event()
        self._tell = tell
        self._kept = 0
        self._thread = threading.Thread(
            target=self._run,
            args=(path, session, pattern, only, entries),
            name=f"search session {session}",
            daemon=True,
        )
        self._thread.start()

    def cancel(self) -> None:
        """Look no further and tell nothing more. Returns at once."""
        self._cancelled.set()

    def join(self, timeout: float) -> bool:
        """Wait for the thread's end; whether it has ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self, path: Path, session: SessionId, pattern: Pattern, only: Filter, entries: range) -> None:
        searched, failure = entries.start, ""
        try:
            reader = JournalReader(path)
            try:
                searched = self._search(find(reader, session, pattern, only, entries), entries)
            finally:
                reader.close()
        except JournalError as error:
            failure = str(error)
        if not self._cancelled.is_set():
            is_full = self._kept >= MOST_HITS
            self._tell(Progress((), searched, entries.stop, is_done=True, is_full=is_full, failure=failure))

    def _search(self, found: Iterable[tuple[int, list[Hit]]], entries: range) -> int:
        waiting: list[Hit] = []
        told, searched = time.monotonic(), entries.start
        for searched, hits in found:
            if self._cancelled.is_set() or self._kept >= MOST_HITS:
                break
            waiting += hits[: MOST_HITS - self._kept]
            self._kept += min(len(hits), MOST_HITS - self._kept)
            if time.monotonic() - told > _TELL_EVERY:
                self._tell(Progress(tuple(waiting), searched, entries.stop))
                waiting, told = [], time.monotonic()
        if waiting and not self._cancelled.is_set():
            self._tell(Progress(tuple(waiting), searched, entries.stop))
        return searched


def find(
    reader: JournalReader, session: SessionId, pattern: Pattern, only: Filter, entries: range
) -> Iterator[tuple[int, list[Hit]]]:
    """Hits batch by batch, each with how far the search is. An empty pattern finds nothing."""
    streams: dict[tuple[ConnectionId | None, str], _Stream] = {}
    rows = reader.scan(session, entries.start, entries.stop, only, with_data=True)
    first = entries.start
    while batch := _batch(rows):
        for ordinal, connection, kind, _size, data in batch:
            if data and kind in DATA_KINDS:
                stream = streams.get((connection, kind)) or streams.setdefault((connection, kind), _Stream())
                stream.pieces.append(data)
                stream.ordinals.append(ordinal)
        stop = batch[-1][0] + 1
        hits = [hit for stream in streams.values() for hit in stream.look(pattern)] if pattern.longest else []
        if only.notes and pattern.in_notes and pattern.longest:
            notes = reader.notes(session, first, stop, only)
            hits += [Hit(ordinal, 0, 0) for ordinal, note in notes if pattern.in_notes.search(note)]
        yield stop, sorted(hits)
        first = stop
    yield entries.stop, []


def _batch(rows: Iterator[ScanRow]) -> list[ScanRow]:
    batch: list[ScanRow] = []
    size = 0
    for row in islice(rows, _BATCH):
        batch.append(row)
        size += row[3]
        if size > _BATCH_BYTES:
            break
    return batch


class _Stream:
    """One direction of one connection: what of it waits to be looked at, behind the end of what was."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.ordinals: list[int] = []
        self._tail = b""

    def look(self, pattern: Pattern) -> list[Hit]:
        """The matches that end in what waits; then it waits no more."""
        if not self.pieces:
            return []
        known = len(self._tail)
        joined = b"".join((self._tail, *self.pieces))
        found = [match.span() for match in pattern.matches.finditer(joined) if match.end() > known]
        hits = self._placed(found, known) if found else []
        self._tail = joined[max(0, len(joined) - pattern.longest + 1) :]
        if found:
            self._tail = self._tail[max(0, found[-1][1] - (len(joined) - len(self._tail))) :]
        self.pieces.clear()
        self.ordinals.clear()
        return hits

    def _placed(self, found: list[tuple[int, int]], known: int) -> list[Hit]:
        starts, position = [], known
        for piece in self.pieces:
            starts.append(position)
            position += len(piece)
        hits = []
        for start, stop in found:
            place = bisect_right(starts, stop - 1) - 1
            hits.append(Hit(self.ordinals[place], start - starts[place], stop - starts[place]))
        return hits
