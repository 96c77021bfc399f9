"""The bytes of thousands of entries, joined for each direction of each connection.

SQLite gives the interpreter lock away and takes it back for every row: beside a busy thread, a row for
each entry takes many times as long as one row for thousands of them. So SQLite joins what the rows have, and whatever
stands in runs is parted again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from operator import sub
from typing import NamedTuple

from core.events import ConnectionId, SessionId
from core.journal.display_row import RECEIVED, SENT, Filter
from core.journal.reading.reader import BYTES_OR_NONE, RANGE, JournalReader
from core.journal.reading.runs import direction, ranges, streams
from core.journal.schema import MIXED, damaged

_LISTED = "coalesce(group_concat({0}, ';'), '')"
# group_concat() takes what a subquery gives in the order in which that gives it, and any bytes; but an
# older SQLite ends the whole at the first NUL.
_JOINED = "CAST(group_concat(data, '') AS BLOB)"


class Stretch(NamedTuple):
    """Entries of one session from ordinal ``first`` up to before ``stop``, as far as ``only`` admits them."""

    session: SessionId
    first: int
    stop: int
    only: Filter
    begin: int | None = None  # of the run in which it begins, where that is known: the ordinal of its first entry

    def where(self, reader: JournalReader) -> tuple[str, tuple[object, ...]]:
        """The rows that have entries of it as an SQL condition over ``chunk``, with its values."""
        condition, values = self.only.condition()
        begin = self.begin if self.begin is not None else reader.start_of(self.session, self.first)
        return f"{RANGE} AND (connections IS NOT NULL OR {condition})", (self.session, begin, self.stop, *values)


class Extent(NamedTuple):
    """How much there is in a stretch, and in the other entries of runs that it cuts."""

    size: int  # bytes of all data together, once where two entries share them
    notes: int


class Joined(NamedTuple):
    """All that one direction of one connection carried in a stretch."""

    connection: ConnectionId
    kind: str
    data: bytes


class DataRow(NamedTuple):
    """What a row of ``chunk`` has in a stretch: entries that carry bytes, the first of them with this ordinal."""

    ordinal: int
    begins: list[int]  # where the bytes of each begin
    ends: list[int]  # and where they end
    stream: int  # the connection, negative of what was sent; of a run with several, see ``streams``
    data: bytes  # of the whole run, also of entries that are not in the stretch
    connections: str = ""  # of the whole run, as it is written
    before: int = 0  # entries of the run that lie in front of the stretch
    in_run: int = 1  # entries of the whole run

    def streams(self) -> list[int]:
        """The connection of each, negative of what was sent. Raises ``ValueError`` for what no Tincan writes."""
        found = streams(self.connections or None, self.in_run)
        within = len(self.begins)
        return [self.stream] * within if found is None else found[self.before : self.before + within]


def extent(reader: JournalReader, stretch: Stretch) -> Extent:
    """How much there is. Raises ``JournalError``."""
    where, values = stretch.where(reader)
    sql = f"SELECT coalesce(sum(length(data)), 0), count(note) FROM chunk WHERE {where}"  # noqa: S608 - all ours
    return Extent(*reader.ask(sql, values, (int, int))[0])


def joined(reader: JournalReader, stretch: Stretch, rows: Iterable[DataRow] | None = None) -> list[Joined]:
    """Everything that is not empty, in memory at once; ``rows`` are those of the stretch. Raises ``JournalError``."""
    parts: defaultdict[int, list[bytes]] = defaultdict(list)
    for row in data_rows(reader, stretch) if rows is None else rows:
        data = row.data
        if not row.connections and row.begins[1:] == row.ends[:-1]:
            parts[row.stream].append(data[row.begins[0] : row.ends[-1]])
            continue
        for stream, begin, end in zip(_streams(reader, row), row.begins, row.ends, strict=True):
            parts[stream].append(data[begin:end])
    found = ((*direction(stream), b"".join(pieces)) for stream, pieces in parts.items())
    only = replace(stretch.only, origins=None)  # by which ``data_rows`` has chosen already
    return [Joined(*each) for each in found if each[2] and only.admits(each[1], each[0])]


def sizes(reader: JournalReader, stretch: Stretch) -> dict[int, tuple[list[int], list[int]]]:
    """The ordinals of each direction's entries, and how many bytes each has. Raises ``JournalError``.

    A direction is its connection, negative of what was sent.
    """
    found: defaultdict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for row in data_rows(reader, stretch, with_data=False):
        lengths = map(sub, row.ends, row.begins)
        for ordinal, (stream, length) in enumerate(zip(_streams(reader, row), lengths, strict=True), row.ordinal):
            of_stream = found[stream]
            of_stream[0].append(ordinal)
            of_stream[1].append(length)
    return found


def _streams(reader: JournalReader, row: DataRow) -> list[int]:
    try:
        return row.streams()
    except ValueError:
        raise damaged(reader.path) from None


def data_rows(reader: JournalReader, stretch: Stretch, *, with_data: bool = True) -> Iterator[DataRow]:
    """The rows that carry bytes, cut to the stretch. Raises ``JournalError``."""
    if stretch.only.origins is not None:
        yield from _one_by_one(reader, stretch)
        return
    where, values = stretch.where(reader)
    columns = ("ordinal", "coalesce(connection, 0)", "kind", "length(data)", "coalesce(offsets, '')",
               "coalesce(ends, '')", "coalesce(connections, '')")  # fmt: skip
    listed = ", ".join(map(_LISTED.format, columns))
    sql = f"""SELECT {listed}, {_JOINED if with_data else "NULL"} FROM (
                SELECT ordinal, connection, kind, data, offsets, ends, connections FROM chunk
                WHERE {where} AND data IS NOT NULL ORDER BY ordinal)"""  # noqa: S608 - all ours
    (answer,) = reader.ask(sql, values, (str,) * len(columns) + (BYTES_OR_NONE,))
    *lists, data = answer
    position = 0
    try:
        rows = list(zip(*(each.split(";") for each in lists), strict=True)) if lists[0] else []
        if with_data and len(data or b"") != sum(int(row[3]) for row in rows):
            yield from _one_by_one(reader, stretch)
            return
        for row in rows:
            size = int(row[3])
            part = data[position : position + size] if with_data else b""
            position += size
            found = _cut(stretch, int(row[0]), int(row[1]), row[2], size, part, *row[4:])
            if found.begins:  # in a stranger's file the run in front of the stretch may end before it
                yield found
    except ValueError:
        raise damaged(reader.path) from None


def _cut(
    stretch: Stretch,
    ordinal: int,
    connection: int,
    kind: str,
    size: int,
    data: bytes,
    offsets: str,
    ends: str,
    connections: str,
) -> DataRow:
    """A row without the entries of its run that are not in the stretch. Raises ``ValueError``."""
    stream = connection if kind == RECEIVED else -connection
    if kind not in (RECEIVED, SENT, MIXED):
        raise ValueError
    if not offsets:
        return DataRow(ordinal, [0], [size], stream, data)
    begins, stops = ranges(offsets, ends or None, size)
    count = len(begins)
    first, stop = max(0, stretch.first - ordinal), min(count, stretch.stop - ordinal)
    return DataRow(ordinal + first, begins[first:stop], stops[first:stop], stream, data, connections, first, count)


def _one_by_one(reader: JournalReader, stretch: Stretch) -> Iterator[DataRow]:
    """Entry by entry, where SQLite cannot join them."""
    rows = reader.scan(stretch.session, stretch.first, stretch.stop, stretch.only, with_data=True)
    for ordinal, connection, kind, size, data, _at in rows:
        if data and connection is not None and kind in (RECEIVED, SENT):
            yield DataRow(ordinal, [0], [size], connection if kind == RECEIVED else -connection, data)
