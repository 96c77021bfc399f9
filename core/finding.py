"""``python -m core find``: where a journal has what is looked for, a line for each place."""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import io
import os
import sys
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple, TextIO

from core.choosing import BadRequest, chosen, numbered
from core.compose import Encoding, decode_as
from core.errors import TincanError
from core.events import ConnectionId, SessionId
from core.journal.export.moments import local_time
from core.journal.hits import Hit, Hits
from core.journal.passage import Filter
from core.journal.pattern import Mode, Pattern, Query, compile_query
from core.journal.reader import Entry, JournalReader
from core.journal.search_process import SearchProcess, failed, finished, written
from core.journal.sweep import LOOK_BACK, find
from core.settings import DEFAULTS
from core.text_safety import TextSafety, unfinished_tail

_AROUND = 32  # bytes shown before and after what was found
_LONGEST_SHOWN = 256  # bytes of what was found
_WHOLE = 1 << 30  # bytes: more than one entry has
_LONGEST_LINE = 2_000  # characters told at once; a path may be long
_NOTHING_FOUND, _BAD_INPUT = 1, 2
_INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended


class FindOptions(NamedTuple):
    """What was asked for on the command line."""

    journal: Path
    query: Query
    session: int | None = None
    connection: int | None = None  # its number
    received: bool = False
    sent: bool = False
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
    parser.add_argument("journal", type=Path, metavar="JOURNAL", help="the file that was recorded")
    parser.add_argument("text", metavar="TEXT", help="what to look for, in upper or lower case")
    ways = parser.add_mutually_exclusive_group()
    for mode, words in (
        (Mode.TEXT, "TEXT is text (the default)"),
        (Mode.HEX, "TEXT is bytes in hex, ?? for any byte"),
        (Mode.REGEX, "TEXT is a regular expression over bytes; ^ and $ are the ends of a line"),
    ):
        ways.add_argument(f"--{mode.value}", dest="mode", action="store_const", const=mode, help=words)
    parser.add_argument("--match-case", action="store_true", help="take upper and lower case for different")
    parser.add_argument(
        "--encoding", type=_encoding, default=Encoding.UTF_8, metavar="NAME",
        help=f"TEXT has these bytes: {', '.join(one.value for one in Encoding)} (default: utf-8)",
    )  # fmt: skip
    parser.add_argument("--session", type=int, metavar="N", help="only this session (default: all)")
    parser.add_argument("--connection", type=int, metavar="N", help="only connection #N")
    parser.add_argument("--received", action="store_true", help="only what was received (may be combined)")
    parser.add_argument("--sent", action="store_true", help="only what was sent (may be combined)")
    parser.add_argument("--notes", action="store_true", help="only what else happened (may be combined)")
    parser.add_argument("--count", dest="counts", action="store_true", help="print only how many places there are")
    _add_what_programs_ask(parser)
    parser.set_defaults(options=_options)


def _add_what_programs_ask(parser: argparse.ArgumentParser) -> None:
    """See ``core.journal.search_process``."""
    hidden = argparse.SUPPRESS
    parser.add_argument("--json-lines", dest="for_program", action="store_true", help=hidden)
    parser.add_argument("--ids", type=_numbers, help=hidden)
    parser.add_argument("--entries", type=_span, help=hidden)
    parser.add_argument("--patience", type=float, default=0.0, help=hidden)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(","))) if text else ()


def _span(text: str) -> tuple[int, int]:
    first, stop = map(int, text.split(":"))
    return first, stop


def _encoding(name: str) -> Encoding:
    """By its own name or by Python's."""
    for one in Encoding:
        if name.lower() in (one.value, one.codec):
            return one
    raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(one.value for one in Encoding)}")


def _options(found: argparse.Namespace) -> FindOptions:
    query = Query(found.text, found.mode or Mode.TEXT, found.match_case, found.encoding.codec)
    return FindOptions(
        found.journal, query, found.session, found.connection, found.received, found.sent, found.notes,
        found.counts, found.encoding, found.for_program, found.ids, found.entries, found.patience,
    )  # fmt: skip


def run_find(options: FindOptions) -> int:
    """Find; the exit code as grep has it: 0 (found), 1 (nothing found) or 2 (it cannot be looked for)."""
    try:
        with contextlib.closing(JournalReader(options.journal)) as reader:
            _write_escapes_where_needed(sys.stdout)
            count = _run(options, reader)
            sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # whoever read us has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except TincanError as error:
        if options.for_program:
            print(failed(str(error)), flush=True)
            return _BAD_INPUT
        print(TextSafety().field(str(error), _LONGEST_LINE), file=sys.stderr)
        return _BAD_INPUT
    return 0 if count else _NOTHING_FOUND


def _run(options: FindOptions, reader: JournalReader) -> int:
    """How many places there are."""
    pattern = compile_query(options.query)
    sessions = _sessions(options, reader)
    if options.for_program:
        return _answer_program(options, reader, pattern, sessions[0])
    count = 0
    for session in sessions:
        printer = _Printer(reader, session if len(sessions) > 1 else None, options.encoding)
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


def _write_escapes_where_needed(stream: TextIO) -> None:
    """Have a character that the terminal's encoding lacks written as an escape instead of an error."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _sessions(options: FindOptions, reader: JournalReader) -> list[SessionId]:
    known = [row.session for row in reader.sessions()]
    if options.session is not None:
        if options.session not in known:
            raise BadRequest(f"the journal has no session {options.session}")
        return [SessionId(options.session)]
    if len(known) > 1 and options.connection is not None:
        raise BadRequest(f"there are {len(known):,} sessions, each with its own #1: choose with --session")
    return known


def _filter(options: FindOptions, reader: JournalReader, session: SessionId) -> Filter:
    connections: frozenset[ConnectionId] | None = None
    if options.ids is not None:
        connections = frozenset(map(ConnectionId, options.ids))
    elif options.connection is not None:
        connections = frozenset({numbered(reader, session, options.connection)})
    return chosen(connections, received=options.received, sent=options.sent, notes=options.notes)


def _answer_program(options: FindOptions, reader: JournalReader, pattern: Pattern, session: SessionId) -> int:
    entries = range(*(options.entries or (0, reader.count(session))))
    count = 0
    with _giving_up(options.patience) as go_on:
        for searched, hits in find(reader, session, pattern, _filter(options, reader, session), entries):
            count += len(hits)
            print(written(searched, hits), flush=True)
            go_on()
    print(finished(), flush=True)
    return count


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
            (self._known,) = self._reader.read(session, hit.ordinal, 1, preview=_WHOLE)
        entry = self._known
        number = f"#{entry.number}" if entry.number is not None else "-"
        kind = self._safety.field(entry.kind)
        text = self._safety.text(self._around(entry, hit)).replace("\n", "␊").replace("\t", " ")
        print(f"{self._front}{local_time(entry.wall_ns)}  {number}  {kind}  {entry.ordinal}  {text}")

    def _around(self, entry: Entry, hit: Hit) -> str:
        """What was found, with a little of what stands before and after it in its entry."""
        earlier = self._earlier(entry, -hit.start)
        data = earlier + (entry.data if entry.data is not None else entry.note.encode())
        encoding = self._encoding if entry.data is not None else Encoding.UTF_8
        is_utf_8 = encoding is Encoding.UTF_8
        start, stop = max(0, hit.start + len(earlier)), hit.stop + len(earlier)
        before, after = data[max(0, start - _AROUND) : start], data[stop : stop + _AROUND]
        found = decode_as(data[start : min(stop, start + _LONGEST_SHOWN)], encoding)
        if stop - start > _LONGEST_SHOWN:
            found += "…"
        if start > _AROUND:
            found = f"…{decode_as(_without_broken_head(before) if is_utf_8 else before, encoding)}{found}"
        else:
            found = decode_as(before, encoding) + found
        if len(data) > stop + _AROUND:
            whole = after[: len(after) - unfinished_tail(after)] if is_utf_8 else after
            return f"{found}{decode_as(whole, encoding)}…"
        return found + decode_as(after, encoding)

    def _earlier(self, entry: Entry, size: int) -> bytes:
        """The last bytes that this direction carried before an entry, at least ``size`` of them."""
        data = b""
        first = entry.ordinal
        while len(data) < size and first > max(0, entry.ordinal - LOOK_BACK) and entry.connection is not None:
            first -= 1
            (one,) = self._reader.read(entry.session, first, 1, preview=_WHOLE)
            if (one.connection, one.kind) == (entry.connection, entry.kind):
                data = (one.data or b"") + data
        return data


def _without_broken_head(data: bytes) -> bytes:
    """Without the end of a character whose beginning was cut off."""
    return data[sum(1 for _ in takewhile(lambda byte: 0x80 <= byte < 0xC0, data[:3])) :]
