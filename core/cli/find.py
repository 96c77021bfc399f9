"""``python -m core find``: where a journal has what is looked for, a line for each place."""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import os
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import chain, takewhile
from pathlib import Path
from typing import NamedTuple

from core.cli.arguments import add_directions, add_encoding, named_file, number_of, seconds
from core.cli.common import INTERRUPTED, interruptible, tell, write_escapes_where_needed, writing_output
from core.cli.reading import DAMAGED, BadRequest, TerminalJournal, chosen, no_session, numbered
from core.compose import Encoding, decode_as
from core.errors import JournalError, TincanError
from core.events import ConnectionId, SessionId
from core.journal.display_row import Filter
from core.journal.reading.reader import Entry, JournalReader
from core.journal.search.hits import Hit, Hits
from core.journal.search.pattern import Mode, Pattern, Query, compile_query
from core.journal.search.search import SearchProcess, failed, finished, written
from core.journal.search.sweep import LOOK_BACK, find
from core.local_time import local_time
from core.origin import Origin
from core.settings import DEFAULTS
from core.text_safety import TextSafety, unfinished_tail
from core.words import connection_name

_AROUND = 32  # bytes shown before and after what was found
_LONGEST_SHOWN = 256  # bytes of what was found
_LARGE = 1024 * 1024  # bytes of an entry that are read at once, and no match is longer
_NOTHING_FOUND, _BAD_INPUT = 1, 2


class FindOptions(NamedTuple):
    """What was asked for on the command line."""

    journal: Path
    query: Query
    session: int | None = None
    connection: int | None = None  # its number
    received: bool = False
    sent: bool = False
    by: tuple[Origin, ...] = ()
    notes: bool = False
    counts: bool = False
    encoding: Encoding = Encoding.UTF_8
    # What another process of Tincan asks for, that reads the answer:
    for_program: bool = False
    ids: tuple[int, ...] | None = None  # of connections
    entries: tuple[int, int] | None = None
    patience: float = 0.0  # seconds without progress after which to give up; 0 is never, or as usual for a person


def add_find(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "journal", type=named_file, metavar="JOURNAL", help="the file that was recorded, or a pcap or pcapng"
    )
    parser.add_argument("text", metavar="TEXT", help="what to look for, in upper or lower case")
    ways = parser.add_mutually_exclusive_group()
    for mode, words in (
        (Mode.TEXT, "TEXT is text (the default)"),
        (Mode.HEX, "TEXT is bytes in hex, ?? for any byte"),
        (Mode.REGEX, "TEXT is a regular expression over bytes; ^ and $ are the ends of a line"),
    ):
        ways.add_argument(f"--{mode.value}", dest="mode", action="store_const", const=mode, help=words)
    parser.add_argument("--match-case", action="store_true", help="take upper and lower case for different")
    add_encoding(parser, "TEXT has these bytes, and what is found is read as such")
    parser.add_argument("--session", type=number_of("session"), metavar="N", help="only this session (default: all)")
    parser.add_argument("--connection", type=number_of("connection"), metavar="N", help="only connection #N")
    add_directions(parser)
    parser.add_argument("--count", dest="counts", action="store_true", help="print only how many places there are")
    _add_what_programs_ask(parser)
    parser.set_defaults(options=_options)


def _add_what_programs_ask(parser: argparse.ArgumentParser) -> None:
    """See ``SearchProcess`` (``core.journal.search.search``)."""
    hidden = argparse.SUPPRESS
    parser.add_argument("--json-lines", dest="for_program", action="store_true", help=hidden)
    parser.add_argument("--ids", type=_numbers, help=hidden)
    parser.add_argument("--entries", type=_span, help=hidden)
    parser.add_argument("--patience", type=seconds, default=0.0, help=hidden)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(","))) if text else ()


def _span(text: str) -> tuple[int, int]:
    first, stop = map(int, text.split(":"))
    return first, stop


def _options(found: argparse.Namespace) -> FindOptions:
    query = Query(found.text, found.mode or Mode.TEXT, found.match_case, found.encoding)
    return FindOptions(
        found.journal, query, found.session, found.connection, found.received, found.sent, tuple(found.by),
        found.notes,
        found.counts, found.encoding, found.for_program, found.ids, found.entries, found.patience,
    )  # fmt: skip


def run_find(options: FindOptions) -> int:
    """Find; the exit code as grep has it.

    0 (found), 1 (nothing found), 2 (it cannot be looked for) or 3 (the journal is damaged, and was read as far as it
    could be).
    """
    code = 0
    with interruptible() as interrupted:
        try:
            write_escapes_where_needed(sys.stdout)
            with writing_output():
                code = _answer_program(options) if options.for_program else _run(options, interrupted)
        except KeyboardInterrupt:
            return INTERRUPTED
        except TincanError as error:
            if interrupted.is_set():
                return INTERRUPTED
            if options.for_program:
                print(failed(str(error)), flush=True)
            else:
                tell(str(error))
            return _BAD_INPUT
    return code


def _run(options: FindOptions, interrupted: threading.Event) -> int:
    pattern = compile_query(options.query)
    with contextlib.closing(TerminalJournal(options.journal, interrupted, tell)) as journal:
        journal.begin_check()
        count = 0
        try:
            count = _print_hits(options, journal, pattern)
            damage = journal.find_damage()
        except JournalError as error:
            if interrupted.is_set():
                raise
            damage = journal.find_damage(error)
        if damage:
            journal.tell_damage(damage)
            return DAMAGED
        return journal.exit_code or (0 if count else _NOTHING_FOUND)


def _print_hits(options: FindOptions, journal: TerminalJournal, pattern: Pattern) -> int:
    """How many places there are, each printed if that is wanted."""
    count, reader = 0, journal.reader
    is_one = options.session is not None or reader.session_count() == 1
    for session in _sessions(options, reader, journal.what):
        printer = _Printer(reader, None if is_one else session, options.encoding)
        with _hits(options, reader, session, pattern) as found:
            for hits in found:
                count += len(hits)
                for hit in () if options.counts else hits:
                    printer.show(session, hit)
    if options.counts:
        print(count)
    return count


@contextlib.contextmanager
def _hits(
    options: FindOptions, reader: JournalReader, session: SessionId, pattern: Pattern
) -> Iterator[Iterator[Hits]]:
    """Where a session has the pattern. What could take for ever is looked for in another process, as a window does.

    Iterating raises ``SearchError`` once nothing has moved for too long.
    """
    only, entries = _filter(options, reader, session), range(reader.count(session))
    if not pattern.is_dangerous:
        yield (hits for _searched, hits in find(reader, session, pattern, only, entries))
        return
    patience = options.patience or DEFAULTS.search
    with contextlib.closing(SearchProcess(reader.path, session, options.query, only, entries, patience)) as process:
        yield (hits for _searched, hits in process)


def _sessions(options: FindOptions, reader: JournalReader, what: str = "journal") -> Iterator[SessionId]:
    count = reader.session_count()
    if options.session is None and count > 1 and options.connection is not None:
        raise BadRequest(f"there are {count:,} sessions, each with its own #1: choose with --session")
    wanted = SessionId(options.session) if options.session is not None else None
    found = (row.session for row in reader.each_session(wanted))
    first = next(found, None)
    if first is None and wanted is not None:
        raise no_session(what, wanted)
    return chain(() if first is None else (first,), found)


def _filter(options: FindOptions, reader: JournalReader, session: SessionId) -> Filter:
    connections: frozenset[ConnectionId] | None = None
    if options.ids is not None:
        connections = frozenset(map(ConnectionId, options.ids))
    elif options.connection is not None:
        connections = frozenset({numbered(reader, session, options.connection)})
    return chosen(connections, received=options.received, sent=options.sent, notes=options.notes, by=options.by)


def _answer_program(options: FindOptions) -> int:
    """Answer another process of Tincan, which has looked the journal through itself."""
    pattern = compile_query(options.query)
    count = 0
    with contextlib.closing(JournalReader(options.journal)) as reader:
        session = next(_sessions(options, reader))
        entries = range(*(options.entries or (0, reader.count(session))))
        with _giving_up(options.patience) as go_on:
            for searched, hits in find(reader, session, pattern, _filter(options, reader, session), entries):
                count += len(hits)
                print(written(searched, hits), flush=True)
                go_on()
    print(finished(), flush=True)
    return 0 if count else _NOTHING_FOUND


@contextlib.contextmanager
def _giving_up(patience: float) -> Iterator[Callable[[], None]]:
    """End this process if what is given is not called for so many seconds; a thread of Python could not."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:

        def go_on() -> None:
            if patience:
                faulthandler.dump_traceback_later(patience, exit=True, file=nowhere)

        go_on()
        try:
            yield go_on
        finally:
            faulthandler.cancel_dump_traceback_later()


class _Printer:
    """Prints a line for each hit. ``session`` is named in it, if there are several."""

    def __init__(self, reader: JournalReader, session: SessionId | None, encoding: Encoding) -> None:
        self._reader, self._encoding = reader, encoding
        self._front = f"session {session}  " if session is not None else ""
        self._safety = TextSafety()
        self._known: Entry | None = None  # the entry of the last hit: the next is often in it, too

    def show(self, session: SessionId, hit: Hit) -> None:
        if self._known is None or (self._known.session, self._known.ordinal) != (session, hit.ordinal):
            (self._known,) = self._reader.read(session, hit.ordinal, 1, preview=_LARGE)
        entry = self._known
        number = connection_name(entry.number) if entry.number is not None else "-"
        kind = self._safety.field(entry.kind)
        text = self._safety.exact(self._around(entry, hit)).replace("\n", "\\n").replace("\t", "\\t")
        print(f"{self._front}{local_time(entry.wall_ns)}  {number}  {kind}  {entry.ordinal}  {text}")

    def _around(self, entry: Entry, hit: Hit) -> str:
        """What was found, with a little of what stands before and after it in its entry."""
        data, start, stop, size = self._bytes_around(entry, hit)
        encoding = self._encoding if entry.data is not None else Encoding.UTF_8
        is_utf_8 = encoding is Encoding.UTF_8
        before, after = data[max(0, start - _AROUND) : start], data[stop : stop + _AROUND]
        found = decode_as(data[start : min(stop, start + _LONGEST_SHOWN)], encoding)
        if stop - start > _LONGEST_SHOWN:
            found += "…"
        if start > _AROUND:
            found = f"…{decode_as(_without_broken_head(before) if is_utf_8 else before, encoding)}{found}"
        else:
            found = decode_as(before, encoding) + found
        if size > stop + _AROUND:
            whole = after[: len(after) - unfinished_tail(after)] if is_utf_8 else after
            return f"{found}{decode_as(whole, encoding)}…"
        return found + decode_as(after, encoding)

    def _bytes_around(self, entry: Entry, hit: Hit) -> tuple[bytes, int, int, int]:
        """Bytes of the entry, where the hit begins and ends in them, and how many there are with those left out behind.

        Where the hit begins in an earlier entry, the end of what that direction carried stands before them.
        """
        if entry.data is None:
            note = entry.note.encode()
            return note, hit.start, hit.stop, len(note)
        earlier = self._earlier(entry, -hit.start)
        start, stop = max(0, hit.start + len(earlier)), hit.stop + len(earlier)
        if entry.size <= _LARGE:
            return earlier + entry.data, start, stop, len(earlier) + entry.size
        first, last = max(0, hit.start - _AROUND - 1), hit.stop + _AROUND
        part = b"".join(self._reader.pieces(entry.session, entry.ordinal, _LARGE, first, last))
        return earlier + part, start - first, stop - first, len(earlier) + entry.size - first

    def _earlier(self, entry: Entry, size: int) -> bytes:
        """The last bytes that this direction carried before an entry, at least ``size`` of them."""
        data = b""
        first = entry.ordinal
        while len(data) < size and first > max(0, entry.ordinal - LOOK_BACK) and entry.connection is not None:
            first -= 1
            for one in self._reader.read(entry.session, first, 1, preview=0):
                if (one.connection, one.kind) == (entry.connection, entry.kind):
                    begin = max(0, one.size - _LARGE)
                    data = b"".join(self._reader.pieces(one.session, one.ordinal, _LARGE, begin)) + data
        return data


def _without_broken_head(data: bytes) -> bytes:
    """Without the end of a character whose beginning was cut off."""
    return data[sum(1 for _ in takewhile(lambda byte: 0x80 <= byte < 0xC0, data[:3])) :]
