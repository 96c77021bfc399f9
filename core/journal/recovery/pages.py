"""The rows of a journal read straight from the pages of its file, for when SQLite cannot read them any more.

The layout is that of https://www.sqlite.org/fileformat2.html. Nothing but the page itself is trusted: no
tree, no schema, no free list. A row is taken if every value of it is what a journal holds in that place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeAlias

from core.journal.display_row import DATA_KINDS, RECEIVED, SENT
from core.journal.reading.runs import origins
from core.journal.recovery.write_ahead_log import WriteAheadLog
from core.journal.schema import (
    LONGEST_DATA,
    LONGEST_LIST,
    LONGEST_NOTE,
    LONGEST_RUN,
    LONGEST_TEXT,
    MOST_OF_RUN,
    MOST_SHARED,
    PAGE_SIZES,
)
from core.roles import ROLES

_HEAD = 8  # bytes at the beginning of a leaf of a table
_NO_LEAF = {0, 2, 10}  # how an overflow or empty page begins, and the two kinds of pages of an index
_LONGEST_HEADER = 127  # bytes; ours stay below 100, whatever they hold
_LARGEST = 1 << 31  # bytes; SQLite holds no larger row
_MOST_READ = LONGEST_DATA + 1024 * 1024  # bytes of a row
_SIZES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # bytes of a number, by its serial type
_ZERO, _FIRST_BYTES = 8, 12  # serial types: the number 0, before the number 1; from the other on texts and blobs
_NOT_OURS = (7, 10, 11)  # serial types that no journal has, a float among them
# The place of ``data`` among the columns of ``entry``, of formats 1 and 2, and of ``chunk``, of format 3 and since.
_DATA = {11: 7, 16: 12, 18: 14, 19: 15}
_ORIGIN = 11  # the place of ``origin`` among the columns of ``chunk``; ``origins`` and ``ends`` follow
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_APART = re.compile(r"\s*,\s*")
_KIND = re.compile(r"[a-z][a-z-]{0,31}")
_LOOKED_AT = 4096  # pages among which entries are looked for; the bytes of a long run lie between two of them
_SAMPLE = 1024 * 1024  # bytes that are tried to find out how the file is laid out


class EntryFound(NamedTuple):
    """An entry: a row of ``entry``, or what a row of ``chunk`` tells of one."""

    session: int
    ordinal: int
    connection: int | None
    kind: str
    wall_ns: int
    mono_ns: int
    data: bytes | None
    note: str | None
    failure: int
    detail: str | None
    missing: int = 0  # bytes at the end of ``data`` that could not be found
    origin: str | None = None


class ChunkFound(NamedTuple):
    """A row of ``entry`` or ``chunk``: an entry, or those of a run that could be found."""

    key: int  # of the first: its number in the order of recording
    session: int
    ordinal: int  # of the first
    stop: int  # the ordinal behind the last, as far as its head tells
    connection: int | None  # of the first that could be found
    entries: tuple[EntryFound, ...]

    @property
    def others(self) -> int:
        """How many entries of other sessions were recorded before: in a session that never becomes less."""
        return self.key - self.ordinal


class ConnectionFound(NamedTuple):
    """A row of ``connection``."""

    connection: int
    session: int
    number: int
    local: str
    peer: str
    ending: str | None


class SessionFound(NamedTuple):
    """A row of ``session``."""

    session: int
    role: str
    target: str
    framing: str
    reply: str | None


class JournalFound(NamedTuple):
    """The row of ``journal``."""

    program: str
    system: str
    began_ns: int


Row: TypeAlias = ChunkFound | ConnectionFound | SessionFound | JournalFound
_Value: TypeAlias = int | bytes | None  # texts as their bytes: what is one and what is not, the column knows


class Place(NamedTuple):
    """Where the entries of a page belong among all: what the middle one of its rows tells."""

    key: int
    ordinal: int
    session: int  # that most of them belong to
    page: int  # its number

    @property
    def others(self) -> int:
        """See ``ChunkFound.others``."""
        return self.key - self.ordinal


class PageFile:
    """The pages of a journal, with what its write-ahead log has for them. One thread at a time.

    The file is only ever read. Raises ``OSError`` if it cannot be opened; a page that the disk does not
    give up later counts as empty. Not for a journal that this process is writing: on POSIX, closing a
    second handle of a file takes away the locks that SQLite holds on it.
    """

    def __init__(self, path: Path) -> None:
        self.size = path.stat().st_size  # bytes, without the write-ahead log
        self._file = path.open("rb", buffering=0)
        self._log = WriteAheadLog(path.with_name(path.name + "-wal"), self.size)
        try:
            head = self._file.read(100)
        except OSError:
            head = b""
        self._too_long = 0  # records whose last page points to one more, as where the layout is another
        self._page_size, self._usable = self._lay_out(head)

    @property
    def count(self) -> int:
        """How many pages there are. The first has number 1; the last may be incomplete."""
        return max(-(-self.size // self._page_size), self._log.pages)

    @property
    def most(self) -> int:
        """How many bytes rows can have all together."""
        return self.count * self._page_size

    @property
    def shows_entries(self) -> bool:
        """Whether there are entries among the first pages."""
        numbers = islice(range(2, self.count + 1), _LOOKED_AT)
        return any(isinstance(row, ChunkFound) for number in numbers for row in self.rows(number))

    def place(self, number: int) -> Place | None:
        """Where the entries on a page belong; None if it holds none. One number that is wrong among three is no matter.

        Of its rows only the beginnings are read.
        """
        heads = [head for payload in self._payloads(self._page(number)) if (head := _head(*payload)) is not None]
        if not heads:
            return None
        ((session, _count),) = Counter(head[1] for head in heads).most_common(1)
        rows = [(key, key - ordinal) for key, of, ordinal in heads if of == session]
        key, others = (sorted(column)[(len(rows) - 1) // 2] for column in zip(*rows, strict=True))
        return Place(key, key - others, session, number)

    def rows(self, number: int) -> list[Row]:
        """The rows on a page, in their order."""
        return [row for payload in self._payloads(self._page(number)) for row in self._rows(*payload)]

    def close(self) -> None:
        """Let go of the file."""
        self._log.close()
        self._file.close()

    def _lay_out(self, head: bytes) -> tuple[int, int]:
        """The size of a page and how much of it is used: what the head says, or what is usual if that fits better."""
        choices = [(size, size) for size in PAGE_SIZES]
        if len(head) == 100:
            told = int.from_bytes(head[16:18], "big")
            size = 65536 if told == 1 else told
            if 512 <= size <= 65536 and size & (size - 1) == 0:
                choices = [(size, size - (head[20] if head[20] <= 32 else 0)), (size, size), *choices]
        return max(dict.fromkeys(choices), key=self._fit)

    def _fit(self, choice: tuple[int, int]) -> tuple[int, int]:
        """How many rows can be read as a whole if the file is laid out like this; then, below 0, how many are too long.

        Each of the first counts once: noise may point to one many times.
        """
        self._page_size, self._usable = choice
        self._too_long = 0
        numbers = islice(range(2, self.count + 1), _SAMPLE // self._page_size)
        whole = len({row for number in numbers for row in self.rows(number) if _is_whole(row)})
        return whole, -self._too_long

    def _page(self, number: int) -> bytes:
        page = self._log.page(number, self._page_size)
        if page is not None:
            return page
        try:
            self._file.seek((number - 1) * self._page_size)
            return self._file.read(self._page_size)
        except OSError:
            return b""

    def _payloads(self, page: bytes) -> Iterator[tuple[int, int, bytes]]:
        """What lies in a leaf of a table: (key, size, as much of the record as is on this page and the pointer on)."""
        if len(page) < _HEAD or page[0] in _NO_LEAF:
            return
        for cell in range(min(int.from_bytes(page[3:5], "big"), (len(page) - _HEAD) // 2)):
            pointer = _HEAD + 2 * cell
            begin = int.from_bytes(page[pointer : pointer + 2], "big")
            try:
                size, after = _varint(page, begin)
                key, after = _varint(page, after)
            except IndexError:
                continue
            if begin >= _HEAD and 0 < size < _LARGEST:
                here = self._on_page(size)
                yield key, size, page[after : after + here + (4 if here < size else 0)]

    def _on_page(self, size: int) -> int:
        """How many bytes of a record are on the leaf itself (section 1.6 of the file format)."""
        usable = self._usable
        if size <= usable - 35:
            return size
        least = (usable - 12) * 32 // 255 - 23
        here = least + (size - least) % (usable - 4)
        return here if here <= usable - 35 else least

    def _rows(self, key: int, size: int, body: bytes) -> Sequence[Row]:
        """What one record holds: a row, or as many entries as a run has; nothing if it is none of ours."""
        try:
            plan = _plan(body[: body[0]])
            make = _SHAPES.get(len(plan.fields))
            if make is None or plan.size != size:
                return ()
            here = self._on_page(size)
            payload = body if here == size else self._with_overflow(body, here, min(size, _MOST_READ))
            missing = 0
            values = _values(payload, plan)
            if len(payload) < size:
                place = _DATA.get(len(plan.fields), 0)
                data = values[place]
                missing = plan.fields[place][1] - (len(data) if isinstance(data, bytes) else 0)
            return make(key, values, len(payload) < size, missing)
        except (ValueError, IndexError, TypeError):
            return ()

    def _with_overflow(self, body: bytes, here: int, size: int) -> bytes:
        """The first ``size`` bytes of a record that goes on beyond its leaf, as far as the chain of pages leads."""
        parts = [body[:here]]
        number, left = int.from_bytes(body[here:], "big"), size - here
        while left > 0 and 1 < number <= self.count and len(parts) <= self.count:
            page = self._page(number)[: self._usable]
            parts.append(page[4 : 4 + left])
            if len(page) < min(self._usable, left + 4):
                break
            left -= len(parts[-1])
            number = int.from_bytes(page[:4], "big")
        self._too_long += left == 0 and number != 0 and size < _MOST_READ
        return b"".join(parts)


def _head(key: int, size: int, body: bytes) -> tuple[int, int, int] | None:
    """Key, session and ordinal of a row that can be one of entries; None if it can not."""
    try:
        plan = _plan(body[: body[0]])
        _none, session, ordinal, *_rest = _values(body, plan)
        if len(plan.fields) in _DATA and plan.size == size:
            return key, _positive(session), _natural(ordinal)
    except (ValueError, IndexError, TypeError):
        pass
    return None


def _is_whole(row: Row) -> bool:
    """Whether nothing of a row is missing."""
    return not (isinstance(row, ChunkFound) and any(entry.missing for entry in row.entries))


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes and the place behind it. Raises ``IndexError`` at the end of the data."""
    value = 0
    for place in range(at, at + 8):
        byte = data[place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + 1
    return value << 8 | data[at + 8], at + 9


class _Plan(NamedTuple):
    """What a record's header says of it."""

    fields: tuple[tuple[int, int], ...]  # for each value its serial type and how many bytes it takes
    begin: int  # where the first value begins
    size: int  # of the whole record


@lru_cache(maxsize=1024)
def _plan(head: bytes) -> _Plan:
    """Read a header; few differ. Raises ``ValueError`` or ``IndexError`` if it cannot be one of ours."""
    if not 1 < len(head) <= _LONGEST_HEADER or len(head) != head[0]:
        raise ValueError
    fields: list[tuple[int, int]] = []
    at = 1
    while at < len(head):
        serial, at = _varint(head, at)
        if serial in _NOT_OURS:
            raise ValueError
        fields.append((serial, (serial - _FIRST_BYTES) // 2 if serial >= _FIRST_BYTES else _SIZES.get(serial, 0)))
    return _Plan(tuple(fields), at, at + sum(size for _serial, size in fields))


def _values(payload: bytes, plan: _Plan) -> list[_Value]:
    values: list[_Value] = []
    at = plan.begin
    for serial, length in plan.fields:
        if serial >= _FIRST_BYTES:
            values.append(payload[at : at + length])
        elif not length:
            values.append(serial - _ZERO if serial else None)
        elif at + length > len(payload):
            values.append(None)
        else:
            values.append(int.from_bytes(payload[at : at + length], "big", signed=True))
        at += length
    return values


def _entry(key: int, values: list[_Value], is_short: bool, missing: int, origin: _Value = None) -> list[Row]:
    _none, session, ordinal, connection, kind, wall_ns, mono_ns, data, note, failure, detail = values
    bytes_or_none = None if data is None else _bytes(data)
    if is_short:  # of what comes behind the data nothing is left
        note, failure, detail = None, 0, None
        _whole(is_short and bytes_or_none is None)
    found = EntryFound(
        _positive(session),
        _natural(ordinal),
        None if connection is None else _positive(connection),
        _kind(_text(kind), bytes_or_none),
        _int(wall_ns),
        _int(mono_ns),
        bytes_or_none,
        None if not note else _text(note),
        int(_int(failure) != 0) if data is None else 0,
        None if not detail else _text(detail, LONGEST_TEXT),
        missing if data is not None else 0,
        None if origin is None or kind != SENT.encode() else _text(origin),
    )
    return [ChunkFound(key, found.session, found.ordinal, found.ordinal + 1, found.connection, (found,))]


def _chunk(key: int, values: list[_Value], is_short: bool, missing: int) -> list[Row]:
    """The entries of a run, or the one that the row is."""
    _none, session, ordinal, connection, kind, wall_ns, mono_ns, offsets, connections, times, *_rest = values
    place_of_data = _DATA[len(values)]
    data = values[place_of_data]
    origin, spoken, ends, *_none_yet = [*values[_ORIGIN : place_of_data - 1], None, None, None]
    if offsets is None:
        return _entry(key, values[:7] + values[place_of_data:], is_short, missing, origin)
    whole = _bytes(data)
    begins = _numbers(offsets)
    count, size = len(begins), len(whole) + missing
    streams = _numbers(connections) if connections is not None else [_stream(connection, kind)] * count
    since = _numbers(times)
    head = key, _positive(session), _natural(ordinal), _natural(ordinal) + count
    stops = _numbers(ends) if ends is not None else begins
    if not len(streams) == len(stops) == count:
        return [ChunkFound(*head, None if connection is None else _positive(connection), ())] if is_short else []
    spans = _spans(begins, size) if ends is None else _shared_spans(begins, stops, min(size, MOST_OF_RUN))
    spoke = _origins(origin, spoken, count)
    is_in_time = max(abs(_int(wall_ns)), abs(_int(mono_ns))) < 1 << 62
    found: list[EntryFound] = []
    for place, (stream, span) in enumerate(zip(streams, spans, strict=True)):
        if not stream or span is None:
            continue
        start, end = span
        if start < len(whole) or start == end:
            time = (since[place] if len(since) == count and is_in_time else None) or 0
            found.append(
                EntryFound(
                    _positive(session), _natural(ordinal) + place, _positive(abs(stream)),
                    DATA_KINDS[stream < 0], _int(wall_ns) + time, _int(mono_ns) + time, whole[start:end],
                    None, 0, None, max(0, end - max(start, len(whole))), spoke[place] if stream < 0 else None,
                )
            )  # fmt: skip
    return [ChunkFound(*head, found[0].connection if found else None, tuple(found))]


def _spans(begins: Sequence[int | None], size: int) -> Iterator[tuple[int, int] | None]:
    """From where to where in its data the entries of a run go, whose bytes lie one behind the other."""
    start = 0
    for place in range(1, len(begins) + 1):
        end = next((begin for begin in begins[place:] if begin is not None and start <= begin <= size), size)
        yield start, end
        start = end


def _shared_spans(
    begins: Sequence[int | None], ends: Sequence[int | None], size: int
) -> Iterator[tuple[int, int] | None]:
    """The same of a run with ``ends``; None where that cannot be read any more, or cannot be right.

    All together they have no more bytes than those of a sound run.
    """
    left = MOST_SHARED * size
    for begin, end in zip(begins, ends, strict=True):
        if begin is None or end is None or not 0 <= begin <= end <= min(size, begin + left):
            yield None
        else:
            left -= end - begin
            yield begin, end


def _numbers(text: _Value) -> list[int | None]:
    """The numbers of a list; None for what is none any more, so that damage takes no more than it must."""
    parts = _APART.split(_text(text, LONGEST_LIST).strip("[] "))
    if len(parts) > LONGEST_RUN:
        raise ValueError
    return [int(part) if _NUMBER.fullmatch(part) else None for part in parts]


def _origins(origin: _Value, spoken: _Value, count: int) -> list[str | None]:
    """Who spoke each of a run; nobody where damage has taken that."""
    if spoken is None:
        return [_text(origin) if origin is not None else None] * count
    try:
        found = origins(_text(origin, LONGEST_TEXT), _text(spoken, LONGEST_LIST), count)
    except (ValueError, TypeError):
        found = None
    return found or [None] * count


def _stream(connection: _Value, kind: _Value) -> int:
    """The connection of the only stream of a run, negative if it was sent."""
    return _positive(connection) * (1 if _kind(_text(kind), b"") == RECEIVED else -1)


def _kind(kind: str, data: bytes | None) -> str:
    """The kind of an entry, mended if it carries bytes: then it can only be one of two, of different lengths."""
    if data is not None and kind not in DATA_KINDS:
        kind = min(DATA_KINDS, key=lambda known: abs(len(known) - len(kind)))
    if not _KIND.fullmatch(kind) or (data is None and kind in DATA_KINDS):
        raise ValueError
    return kind


def _connection(key: int, values: list[_Value], is_short: bool, _missing: int) -> list[Row]:
    _none, session, number, local, peer, ending = values
    _whole(is_short)
    ended = None if ending is None else _text(ending)
    local_name, peer_name = map(_text, (local, peer))
    of_session = _int(number)  # below 0 for those of a tap that lead to its targets
    _positive(abs(of_session))
    return [ConnectionFound(_positive(key), _positive(session), of_session, local_name, peer_name, ended)]


def _session(key: int, values: list[_Value], is_short: bool, _missing: int) -> list[Row]:
    _none, role, target, framing, reply = values
    _whole(is_short)
    known = _text(role)
    if known not in ROLES:
        raise ValueError
    target_name, framing_name = map(_text, (target, framing))
    reply_name = None if reply is None else _text(reply)
    return [SessionFound(_positive(key), known, target_name, framing_name, reply_name)]


def _journal(_key: int, values: list[_Value], is_short: bool, _missing: int) -> list[Row]:
    program, system, began_ns = values
    _whole(is_short)
    return [JournalFound(_text(program), _text(system), _int(began_ns))]


_SHAPES: dict[int, Callable[[int, list[_Value], bool, int], list[Row]]] = {
    19: _chunk, 18: _chunk, 16: _chunk, 11: _entry, 6: _connection, 5: _session, 3: _journal,
}  # fmt: skip


def _int(value: _Value) -> int:
    if not isinstance(value, int):
        raise TypeError
    return value


def _natural(value: _Value) -> int:
    number = _int(value)
    if number < 0:
        raise ValueError
    return number


def _positive(value: _Value) -> int:
    number = _int(value)
    if not 0 < number < 1 << 62:
        raise ValueError
    return number


def _bytes(value: _Value) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError
    return value


def _text(value: _Value, most: int = LONGEST_NOTE) -> str:
    """A text, with marks for what is not UTF-8 in it; no more than ``most`` characters."""
    return _bytes(value)[: 4 * most].decode("utf-8", "replace").replace("\0", "�")[:most]


def _whole(is_short: bool) -> None:
    if is_short:
        raise ValueError
