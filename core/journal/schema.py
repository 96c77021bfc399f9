"""What a journal looks like on the disk: part of what Tincan promises, for people open it with their own tools."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from struct import Struct, pack
from zlib import adler32

from core.errors import JournalError
from core.explanations import Doing, explain

FORMAT = 5
APPLICATION_ID = 0x54494E43  # "TINC"

LONGEST_DATA = 48 * 1024 * 1024  # bytes of one entry: of a message sent that has more, several are made
LONGEST_NOTE = 64 * 1024  # characters
LONGEST_TEXT = 1024 * 1024  # characters of any other text

PAGE_SIZES = (16 * 1024, 4 * 1024)  # bytes: of the journals that are written, and of those that were before

RUNS_SINCE = 3  # the format
LONGEST_RUN = 1024  # entries that one row of ``chunk`` stands for
MOST_OF_RUN = 128 * 1024  # bytes of its ``data``
MOST_SHARED = 2  # times those bytes are what the entries have all together, at most
LONGEST_LIST = 24 * LONGEST_RUN  # characters of one number for each of them, and of what is between two
LEAST_ENTRY = 4  # bytes that an entry takes in a file at least: in a run, a digit and a comma for two numbers
MIXED = "data"  # the kind of a run that does not belong to one direction of one connection

_PEOPLE = """
CREATE TABLE journal (          -- one row: what wrote this file
  program TEXT NOT NULL, system TEXT NOT NULL,
  began_ns INTEGER NOT NULL     -- nanoseconds since 1970, UTC
);
CREATE TABLE session (          -- a server or a client
  session INTEGER PRIMARY KEY,
  role TEXT NOT NULL,           -- 'server' or 'client'
  target TEXT NOT NULL,         -- HOST:PORT as asked for
  framing TEXT NOT NULL, reply TEXT
);
CREATE TABLE connection (
  connection INTEGER PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES session,
  number INTEGER NOT NULL,      -- #1, #2 ... within its session
  local TEXT NOT NULL, peer TEXT NOT NULL,
  ending TEXT                   -- NULL while it stands
);
"""
_FIRST = (
    _PEOPLE
    + """CREATE TABLE entry (            -- a recv, a completed send, or something else that happened
  entry INTEGER PRIMARY KEY,    -- in the order of recording
  session INTEGER NOT NULL REFERENCES session,
  ordinal INTEGER NOT NULL,     -- 0, 1, 2 ... within its session
  connection INTEGER REFERENCES connection,
  kind TEXT NOT NULL,           -- 'received', 'sent', 'listening', 'opened', 'closed' ...
  wall_ns INTEGER NOT NULL,     -- time of day, nanoseconds since 1970, UTC
  mono_ns INTEGER NOT NULL,     -- monotonic clock, for durations within this file
  data BLOB,                    -- received, sent: the bytes as the socket gave or took them
  note TEXT,                    -- everything else: a sentence
  failure INTEGER NOT NULL,     -- 1 if the note tells of something that went wrong
  detail TEXT                   -- JSON, where there is more to say
);
CREATE UNIQUE INDEX entry_of_session ON entry (session, ordinal);
"""
)
_CHECKSUM = """
CREATE TABLE checksum (         -- since format 2: of the entries that one transaction added
  entry INTEGER PRIMARY KEY,    -- the last of them, the first follows the transaction before
  adler32 INTEGER NOT NULL,     -- see core/journal/checksum.py
  clock INTEGER NOT NULL        -- wall_ns less mono_ns of every one of them
);
"""
_RUNS = (
    _PEOPLE
    + """CREATE TABLE chunk (            -- since format 3: an entry, or a run of entries that carry bytes
  entry INTEGER PRIMARY KEY,    -- of the first: its number in the order of recording
  session INTEGER NOT NULL REFERENCES session,
  ordinal INTEGER NOT NULL,     -- of the first: 0, 1, 2 ... within its session, the others follow
  connection INTEGER REFERENCES connection,
  kind TEXT NOT NULL,           -- 'received', 'sent', 'listening' ... and 'data' of a run with connections
  wall_ns INTEGER NOT NULL,     -- of the first: time of day, nanoseconds since 1970, UTC
  mono_ns INTEGER NOT NULL,     -- of the first: monotonic clock, for durations within this file
  offsets TEXT,                 -- of a run, JSON: where the bytes of each entry begin in data
  connections TEXT,             -- JSON: the connection of each entry, negative if it was sent, NULL if all agree
  times TEXT,                   -- of a run, JSON: the nanoseconds from the first entry to each
  numbers TEXT,                 -- JSON: the numbers from the first entry to each, NULL if 0, 1, 2 ...
{columns}  adler32 INTEGER NOT NULL,     -- see checksum_of() in core/journal/schema.py
  data BLOB,                    -- received, sent: the bytes as the socket gave or took them, of a run joined
  note TEXT,                    -- everything else: a sentence
  failure INTEGER NOT NULL,     -- 1 if the note tells of something that went wrong
  detail TEXT                   -- JSON, where there is more to say
);
CREATE UNIQUE INDEX chunk_of_session ON chunk (session, ordinal);
CREATE VIEW entry AS            -- a recv, a completed send, or something else that happened
SELECT chunk.entry + coalesce(json_extract(numbers, '$[' || run.key || ']'), run.key, 0) AS entry,
  session,
  ordinal + coalesce(run.key, 0) AS ordinal,
  coalesce(abs(json_extract(connections, '$[' || run.key || ']')), connection) AS connection,
  CASE json_extract(connections, '$[' || run.key || ']') > 0 WHEN 1 THEN 'received' WHEN 0 THEN 'sent'
    ELSE kind END AS kind,
  wall_ns + coalesce(json_extract(times, '$[' || run.key || ']'), 0) AS wall_ns,
  mono_ns + coalesce(json_extract(times, '$[' || run.key || ']'), 0) AS mono_ns,
  CASE WHEN offsets IS NULL THEN data
    ELSE {part} END AS data,
  note, failure, detail{shown}
FROM chunk LEFT JOIN json_each(chunk.offsets) AS run;
"""
)
_ORIGINS = """\
  origin TEXT,                  -- since format 4: who spoke, of what was sent: 'person', 'rule NAME' ...
  origins TEXT,                 -- JSON: which of a list in origin spoke each entry, NULL if all that was sent agree
"""
_ENDS = """\
  ends TEXT,                    -- since format 5: of a run, JSON: where the bytes of each entry end in data,
                                -- NULL if those of each end where the next one's begin
"""
# Before, entries of a run without a byte had NULL for data, which is what SQLite takes out of an empty blob.
_FOLLOWING = """\
substr(data, 1 + run.value,
      coalesce(json_extract(offsets, '$[' || (run.key + 1) || ']'), length(data)) - run.value)"""
_PART = """\
coalesce(substr(data, 1 + run.value, CASE WHEN ends IS NOT NULL THEN json_extract(ends, '$[' || run.key || ']')
      ELSE coalesce(json_extract(offsets, '$[' || (run.key + 1) || ']'), length(data)) END - run.value), x'')"""
_SHOWN = """,
  CASE WHEN origins IS NOT NULL THEN json_extract(origin, '$[' || json_extract(origins, '$[' || run.key || ']') || ']')
    WHEN json_extract(connections, '$[' || run.key || ']') > 0 THEN NULL ELSE origin END AS origin"""
SCHEMA = _RUNS.format(columns=_ORIGINS + _ENDS, part=_PART, shown=_SHOWN)
SCHEMAS = {
    1: _FIRST,
    2: _FIRST + _CHECKSUM,
    3: _RUNS.format(columns="", part=_FOLLOWING, shown=""),
    4: _RUNS.format(columns=_ORIGINS, part=_FOLLOWING, shown=_SHOWN),
    5: SCHEMA,
}
"""Every format that there has been, by its number; all of them are read for ever."""


def statements(schema: str) -> tuple[str, ...]:
    """The statements of a schema as SQLite keeps them, one for each object."""
    return tuple(statement.strip() for statement in schema.split(";") if statement.strip())


def failed(error: Exception, path: Path) -> JournalError:
    """What went wrong with the journal at ``path``, for a person."""
    import sqlite3  # which the first picture of the window does without

    reasons = {
        sqlite3.SQLITE_FULL: "the disk is full",
        sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Likely causes: this program has as many files open as the "
        "system allows (ulimit -n); its folder is gone, or you may not use it",
        sqlite3.SQLITE_TOOBIG: f"a value in it has more than {LONGEST_DATA:,} bytes, too many to be handled at once",
        sqlite3.SQLITE_INTERRUPT: "it takes too long, or it was not wanted any more",
    }
    if isinstance(error, sqlite3.Error):
        reason = reasons.get(getattr(error, "sqlite_errorcode", 0)) or " ".join(str(error).split())
        return JournalError(f"the journal {path} cannot be used: {reason}")
    if isinstance(error, UnicodeDecodeError):
        return JournalError(f"the journal {path} cannot be used: it is damaged")
    return JournalError(str(explain(error, Doing.RECORDING, path)))


def damaged(path: Path) -> JournalError:
    """The journal holds a value that no Tincan can have written."""
    return JournalError(f"the journal {path} is damaged: a value in it is of the wrong kind")


COLUMNS = (
    "entry", "session", "ordinal", "connection", "kind", "wall_ns", "mono_ns", "offsets", "connections", "times",
    "numbers", "origin", "origins", "ends", "adler32", "data", "note", "failure", "detail",
)  # fmt: skip
"""Of ``chunk``, in their order."""
NO_RUN = (None, None, None, None)
"""The columns ``offsets`` to ``numbers`` of an entry by itself, which has no ``ends`` either."""
NO_ORIGIN = (None, None)
INSERT = f"INSERT INTO chunk VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 - question marks


def storable(text: str) -> str:
    r"""The text with escapes for what SQLite has not in one: lone surrogates, as a path may have, and NUL.

    It cannot be given the first, and its functions end a text at the other.
    """
    return text.replace("\0", r"\x00").encode("utf-8", "backslashreplace").decode("utf-8")


def with_checksum(before: tuple[object, ...], data: bytes | None, behind: tuple[object, ...]) -> tuple[object, ...]:
    """A whole row of ``chunk``: the columns before its checksum, that, its data, and the columns behind."""
    return (*before, checksum_of(before, data, behind), data, *behind)


def checksum_of(before: Sequence[object], data: bytes | None, behind: Sequence[object]) -> int:
    """The checksum of a row of ``chunk``: the Adler-32 of its data, and of the other columns as texts.

    In the order of the columns, each is written as SQLite writes it (NULL as nothing), in UTF-8, and a NUL follows it.
    Adler-32 finds every flipped bit as CRC-32 does, and takes a third of its time.
    """
    texts = "\0".join(["" if value is None else str(value) for value in (*before, *behind)])
    return adler32(f"{texts}\0".encode("utf-8", "surrogatepass"), adler32(data) if data else 1)


class Checksum:
    """The checksum of the entries that one transaction added to a journal of format 2.

    It is the Adler-32 of four numbers, four bytes each, little-endian. Three are an Adler-32 themselves, in the order
    of the entries: of ``data``, one behind the other; of ``connection``, eight bytes each, little-endian, 0 where there
    is none; and of texts in UTF-8, each followed by a NUL: the ``detail`` of an entry with data that has one, and
    ``kind``, ``note``, ``detail`` and ``failure`` (0 or 1) of an entry without. The fourth is how many entries are
    'sent'. How the entries are portioned makes no difference.

    Adler-32 finds every flipped bit as CRC-32 does, and takes a third of its time, which here is the time that
    recording has. Time stamps need none: what ``wall_ns`` has more than ``mono_ns`` is the same in all entries of a
    transaction.
    """

    def __init__(self) -> None:
        self._data = self._connections = self._texts = 1
        self._sent = 0

    def add(self, data: Iterable[bytes], connections: Sequence[int], sent: int, texts: Iterable[str] = ()) -> None:
        """Take in the next entries: the data and the texts that they have, a connection for each, how many are sent."""
        self._sent += sent
        self._data = adler32(b"".join(data), self._data)
        self._connections = adler32(_packed(len(connections))(*connections), self._connections)
        for text in texts:
            self._texts = adler32(f"{text}\0".encode("utf-8", "surrogatepass"), self._texts)

    @property
    def value(self) -> int:
        """Of all that was taken in."""
        return adler32(pack("<4I", self._data, self._connections, self._texts, self._sent))


@lru_cache(maxsize=256)
def _packed(count: int) -> Callable[..., bytes]:
    """What packs so many numbers."""
    return Struct(f"<{count}q").pack
