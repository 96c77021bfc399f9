"""The bytes of thousands of entries, joined by SQLite for each direction of each connection.

SQLite gives the interpreter lock away and takes it back for every row: beside a busy thread, a row for
each entry takes many times as long as one row for thousands of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from core.events import ConnectionId, SessionId
from core.journal.display_row import DATA_KINDS, Filter
from core.journal.reading.reader import JournalReader
from core.journal.schema import damaged

_FEW = 4  # connections; of more, one sort costs less than two columns for each
_BYTES_OR_NONE = (bytes, type(None))
_RANGE = "entry.session = ? AND ordinal >= ? AND ordinal < ?"
# group_concat() takes what a subquery gives in the order in which that gives it, and any bytes; but an
# older SQLite ends the whole at the first NUL.
_JOINED = "CAST(group_concat({0}, '') AS BLOB)"


class Stretch(NamedTuple):
    """Entries of one session from ordinal ``first`` up to before ``stop``, as far as ``only`` admits them."""

    session: SessionId
    first: int
    stop: int
    only: Filter

    def where(self) -> tuple[str, tuple[object, ...]]:
        """It as an SQL condition over ``entry``, with its values."""
        condition, values = self.only.condition()
        return f"{_RANGE} AND {condition}", (self.session, self.first, self.stop, *values)


class Extent(NamedTuple):
    """How much there is in a stretch."""

    size: int  # bytes of all data together
    notes: int
    connections: tuple[ConnectionId, ...]  # of them, in no order


class Joined(NamedTuple):
    """All that one direction of one connection carried in a stretch."""

    connection: ConnectionId
    kind: str
    data: bytes


def extent(reader: JournalReader, stretch: Stretch) -> Extent:
    """How much there is. Raises ``JournalError``."""
    where, values = stretch.where()
    sql = f"""SELECT coalesce(sum(length(data)), 0), count(note),
                     coalesce(group_concat(DISTINCT entry.connection), '')
              FROM entry WHERE {where}"""  # noqa: S608 - nothing is from outside
    ((size, notes, connections),) = reader.ask(sql, values, (int, int, str))
    return Extent(size, notes, tuple(map(ConnectionId, _numbers(reader, connections))))


def joined(reader: JournalReader, stretch: Stretch, found: Extent) -> list[Joined]:
    """Everything that is not empty, in memory at once. ``found`` is its extent. Raises ``JournalError``."""
    join = _joined_and_sorted if len(found.connections) > _FEW else _joined_apart
    for way in (join, _joined_by_rows):
        streams = way(reader, stretch, found.connections)
        if sum(len(stream.data) for stream in streams) == found.size:
            return streams
    raise damaged(reader.path)


def _joined_apart(reader: JournalReader, stretch: Stretch, connections: Sequence[ConnectionId]) -> list[Joined]:
    """A column for each stream."""
    streams = [(connection, kind) for connection in connections for kind in DATA_KINDS]
    if not streams:
        return []
    where, values = stretch.where()
    picks = [f"CASE WHEN connection = {number} AND kind = '{kind}' THEN data END" for number, kind in streams]
    sql = f"""SELECT {", ".join(map(_JOINED.format, picks))} FROM (
                SELECT connection, kind, data FROM entry
                WHERE {where} ORDER BY ordinal)"""  # noqa: S608 - numbers, and words of ours
    (row,) = reader.ask(sql, values, (_BYTES_OR_NONE,) * len(picks))
    return [Joined(*stream, data) for stream, data in zip(streams, row, strict=True) if data]


def _joined_and_sorted(reader: JournalReader, stretch: Stretch, _many: Sequence[ConnectionId]) -> list[Joined]:
    """All in one, parted by their sizes."""
    where, values = stretch.where()
    where += f" AND kind IN {DATA_KINDS}"
    sizes = f"""SELECT connection, kind, sum(length(data)) FROM entry
                WHERE {where} GROUP BY connection, kind ORDER BY connection, kind"""  # noqa: S608 - all ours
    whole = f"""SELECT {_JOINED.format("data")} FROM (
                  SELECT data FROM entry WHERE {where} ORDER BY connection, kind, ordinal)"""  # noqa: S608 - all ours
    streams = reader.ask(sizes, values, (int, str, int))
    ((data,),) = reader.ask(whole, values, (_BYTES_OR_NONE,))
    data = data or b""
    begins = accumulate((size for *_stream, size in streams), initial=0)
    return [
        Joined(connection, kind, data[begin : begin + size])
        for (connection, kind, size), begin in zip(streams, begins, strict=False)
    ]


def _joined_by_rows(reader: JournalReader, stretch: Stretch, _any: Sequence[ConnectionId]) -> list[Joined]:
    """Entry by entry, where SQLite cannot join them."""
    pieces: dict[tuple[ConnectionId, str], list[bytes]] = {}
    rows = reader.scan(stretch.session, stretch.first, stretch.stop, stretch.only, with_data=True)
    for _ordinal, connection, kind, _size, data, _at in rows:
        if data and connection is not None and kind in DATA_KINDS:
            pieces.setdefault((connection, kind), []).append(data)
    return [Joined(*stream, b"".join(found)) for stream, found in pieces.items()]


def sizes(reader: JournalReader, stretch: Stretch, connection: ConnectionId, kind: str) -> tuple[list[int], list[int]]:
    """The ordinals of one direction's entries, and how many bytes each has. Raises ``JournalError``."""
    where, values = stretch.where()
    sql = f"""SELECT coalesce(group_concat(ordinal), ''), coalesce(group_concat(size), '') FROM (
                SELECT ordinal, coalesce(length(data), 0) AS size FROM entry
                WHERE {where} AND connection = ? AND kind = ? ORDER BY ordinal)"""  # noqa: S608 - all ours
    ((ordinals, lengths),) = reader.ask(sql, (*values, connection, kind), (str, str))
    return _numbers(reader, ordinals), _numbers(reader, lengths)


def _numbers(reader: JournalReader, joined_numbers: str) -> list[int]:
    """What group_concat() made of numbers; a damaged file may hold anything in their place."""
    try:
        return list(map(int, joined_numbers.split(","))) if joined_numbers else []
    except ValueError:
        raise damaged(reader.path) from None
