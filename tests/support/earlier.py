"""Journals as earlier versions of Tincan wrote them, made out of present ones."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

from core.journal.schema import APPLICATION_ID, COLUMNS, RUNS_SINCE, SCHEMAS, Checksum, with_checksum

_TOGETHER = 50  # entries that have a checksum together
_COPIED = ("journal", "session", "connection")
_ENTRY = "entry, session, ordinal, connection, kind, wall_ns, mono_ns, data, note, failure, detail"
_OF_RUNS = ("offsets", "connections", "times", "numbers", "origins")
_NOT_YET = {3: ("origin", "origins", "ends"), 4: ("ends",)}


def in_format(path: Path, number: int) -> Path:
    """Write the journal at ``path`` anew in an earlier format, 1 to 4; the same path."""
    part = path.with_name(path.name + ".part")
    with contextlib.closing(sqlite3.connect(part, isolation_level=None)) as database:
        database.executescript("BEGIN;" + SCHEMAS[number])
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {number}")
        with contextlib.closing(sqlite3.connect(path)) as present:
            for table in _COPIED:
                _fill(database, table, present.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall())
            if number < RUNS_SINCE:
                _fill(database, "entry", present.execute(f"SELECT {_ENTRY} FROM entry ORDER BY 1").fetchall())
            else:
                _fill(database, "chunk", _chunks(present, number))
        if number == 2:
            _add_checksums(database)
        database.execute("COMMIT")
    part.replace(path)
    return path


def _chunks(present: sqlite3.Connection, number: int) -> list[tuple[Any, ...]]:
    """The rows of ``chunk`` as that format has them: of a run whose entries share bytes, a row for each entry."""
    columns = [name for name in COLUMNS if name not in _NOT_YET[number]]
    place = columns.index("adler32")
    alone = ["NULL" if name in _OF_RUNS else name for name in columns if name != "adler32"]
    sql = f"""SELECT {", ".join(columns[:place] + columns[place + 1 :])} FROM chunk WHERE ends IS NULL
              UNION ALL SELECT {", ".join(alone)} FROM entry WHERE EXISTS (
                SELECT 1 FROM chunk WHERE ends IS NOT NULL AND chunk.session = entry.session
                AND entry.ordinal - chunk.ordinal BETWEEN 0 AND json_array_length(offsets) - 1)
              ORDER BY entry"""
    return [with_checksum(row[:place], row[place], row[place + 1 :]) for row in present.execute(sql)]


def _fill(database: sqlite3.Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)


def _add_checksums(database: sqlite3.Connection) -> None:
    columns = "entry, connection, kind, wall_ns - mono_ns, data, note, detail, failure"
    rows = database.execute(f"SELECT {columns} FROM entry ORDER BY entry").fetchall()
    while rows:
        clock = rows[0][3]
        same = next((place for place, row in enumerate(rows) if row[3] != clock), len(rows))
        some, rows = rows[: min(same, _TOGETHER)], rows[min(same, _TOGETHER) :]
        checksum = Checksum()
        for _entry, connection, kind, _clock, data, note, detail, failure in some:
            texts = [detail] if data is not None and detail else []
            if data is None:
                texts = [kind, note or "", detail or "", str(failure)]
            checksum.add([data or b""], [connection or 0], kind == "sent", texts)
        database.execute("INSERT INTO checksum VALUES (?, ?, ?)", (some[-1][0], checksum.value, clock))
