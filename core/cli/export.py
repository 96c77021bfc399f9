"""``python -m core export``: what a journal has recorded, as a file or on standard output."""

from __future__ import annotations

import argparse
import contextlib
import stat
import sys
import threading
from pathlib import Path
from typing import NamedTuple

from core.cli.arguments import add_directions, add_encoding, add_frame, named_file, number_of
from core.cli.common import (
    INTERRUPTED,
    OutputError,
    interruptible,
    is_standard_output,
    is_terminal,
    tell,
    writing_output,
)
from core.cli.reading import DAMAGED, BadRequest, TerminalJournal, chosen, numbered
from core.compose.encoding import Encoding, misread_ending
from core.errors import JournalError, TincanError
from core.events import SessionId
from core.journal.display_row import Filter
from core.journal.export.files import ExportError, export_errors
from core.journal.export.formats import Format, all_formats, find_format
from core.journal.export.formats.text import Text
from core.journal.export.source import opens_reading
from core.journal.export.writer import Exported, export, export_to
from core.journal.reading.lens import RAW, Lens
from core.journal.reading.reader import JournalReader, SessionRow
from core.origin import Origin
from core.text_safety import TextSafety

_NAMED = 3  # files and sessions named in one line


class ExportOptions(NamedTuple):
    """What was asked for on the command line."""

    journal: Path
    form: type[Format] = Text
    session: int | None = None
    connection: int | None = None  # its number
    received: bool = False
    sent: bool = False
    by: tuple[Origin, ...] = ()
    notes: bool = False
    framing: str = RAW
    encoding: Encoding = Encoding.UTF_8
    output: Path | None = None
    lists: bool = False

    @property
    def is_one_stream(self) -> bool:
        """Whether only one direction of one connection is wanted."""
        return self.connection is not None and self.received != (self.sent or bool(self.by))

    @property
    def has_file(self) -> bool:
        """Whether a file gets its name when it is complete; else what is written has gone, through a pipe or so."""
        return self.output is not None and not _is_stream(self.output)


def add_export(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "journal", type=named_file, metavar="JOURNAL", help="the file that was recorded, or a pcap or pcapng"
    )
    parser.add_argument(
        "--as", dest="form", choices=[form.name for form in all_formats()], default="text", help="default: text"
    )
    parser.add_argument("--list", dest="lists", action="store_true", help="show the sessions in the journal")
    parser.add_argument("--session", type=number_of("session"), metavar="N", help="which of them (default: the first)")
    parser.add_argument("--connection", type=number_of("connection"), metavar="N", help="only connection #N")
    add_directions(parser)
    add_frame(parser)
    add_encoding(parser, "read messages as this text; the file is UTF-8 in any case")
    parser.add_argument(
        "--output",
        type=_output,
        metavar="FILE",
        help="replace this file, or write to this pipe or device (- is standard output, the default); raw bytes: "
        "FILE-1-received.bin ... beside it",
    )
    parser.set_defaults(options=_options)


def run_export(options: ExportOptions) -> int:
    """Export; the exit code.

    0, 1 (it could not be written), 2 (it cannot be had from this journal) or 3 (the journal is damaged, and was read
    as far as it could be).
    """
    with interruptible() as interrupted:
        try:
            return _run(options, interrupted)
        except KeyboardInterrupt:
            interrupted.set()
        except TincanError as error:
            if not interrupted.is_set():
                tell(str(error))
                is_unwritten = isinstance(error, ExportError | OutputError)
                is_unreadable = not is_unwritten or isinstance(error.__cause__, JournalError)
                return 2 if is_unreadable else 1
        tell("Cancelled. No file has changed.")
        return INTERRUPTED


def _output(typed: str) -> Path | None:
    path = named_file(typed)
    return None if is_standard_output(path) else path


def _is_stream(path: Path) -> bool:
    """Whether it is a pipe or a device, such as ``/dev/null`` or a shell's ``>(gzip)``, which nothing can replace."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # a NUL in the name
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _options(found: argparse.Namespace) -> ExportOptions:
    values = {name: getattr(found, name) for name in ExportOptions._fields}
    return ExportOptions(**{**values, "form": find_format(found.form), "by": tuple(found.by)})


def _run(options: ExportOptions, interrupted: threading.Event) -> int:
    with contextlib.closing(TerminalJournal(options.journal, interrupted, tell)) as journal:
        if options.lists:
            with writing_output():
                _list(journal)
            return journal.exit_code
        journal.begin_check()
        try:
            _export(options, journal, interrupted)
            damage = journal.find_damage()
        except (JournalError, ExportError) as error:
            if interrupted.is_set():
                raise
            damage = journal.find_damage(error)
        if damage and not options.has_file:
            journal.tell_damage(damage)
            return DAMAGED
        if damage:
            journal.recover(damage)
            _export(options, journal, interrupted)
        return journal.exit_code


def _export(options: ExportOptions, journal: TerminalJournal, interrupted: threading.Event) -> None:
    reader = journal.reader
    session = _chosen(journal, options.session)
    framing = RAW if options.form.has_framing else options.framing
    lens = Lens(framing, _filter(options, reader, session), datagrams=reader.has_datagrams(session))
    if why := misread_ending(lens.framing, options.encoding):
        raise BadRequest(why)
    if not options.has_file:
        _check_stream(options)
    with opens_reading(journal.path, session, lens)(interrupted) as source:
        if options.output is None:
            with writing_output():
                export_to(sys.stdout.buffer, source, options.form, encoding=options.encoding)
        elif options.has_file:
            tell(_told(export(source, options.output, options.form, encoding=options.encoding)))
        else:
            with export_errors(options.output), options.output.open("wb") as stream:
                export_to(stream, source, options.form, encoding=options.encoding)


def _chosen(journal: TerminalJournal, wanted: int | None) -> SessionId:
    """The session that was asked for; if none was, the first, saying so if there are more."""
    reader = journal.reader
    first = reader.sessions(most=_NAMED + 1)
    if not first:
        raise journal.no_session(None)
    if wanted is None:
        if len(first) > 1:
            others = f"there are {reader.session_count():,} sessions; choose with --session, see --list"
            tell(f"exporting {_named(first[0])}; {others}")
        return first[0].session
    for row in reader.each_session(SessionId(wanted)):
        return row.session
    more = ", ..." if len(first) > _NAMED else ""
    numbers = ", ".join(str(row.session) for row in first[:_NAMED])
    raise BadRequest(f"{journal.no_session(wanted)}; it has {numbers}{more}")


def _filter(options: ExportOptions, reader: JournalReader, session: SessionId) -> Filter:
    connections = None
    if options.connection is not None:
        connections = frozenset({numbered(reader, session, options.connection)})
    return chosen(connections, received=options.received, sent=options.sent, notes=options.notes, by=options.by)


def _check_stream(options: ExportOptions) -> None:
    if options.form.is_split and not options.is_one_stream:
        where = "on standard output" if options.output is None else "in a pipe or device"
        raise BadRequest(f"raw bytes {where} need --connection N and --received or --sent; or use --output with a file")
    if options.form.is_binary and options.output is None and is_terminal(sys.stdout):
        raise BadRequest("a terminal would obey raw bytes; send them to a pipe, or use --output")


def _list(journal: TerminalJournal) -> None:
    for row in journal.reader.each_session():
        sys.stdout.buffer.write(f"{_named(row)}, {row.entries:,} entries\n".encode())
    if not journal.is_checked:
        tell(f"{journal.path.name} is large: it was not looked through for damage, as export and find do")


def _named(row: SessionRow) -> str:
    safety = TextSafety()
    return f"session {row.session}: {safety.field(row.role)} {safety.field(row.target)}"


def _told(done: Exported) -> str:
    names = ", ".join(str(path) for path in done.paths[:_NAMED])
    more = f" and {len(done.paths) - _NAMED:,} more" if len(done.paths) > _NAMED else ""
    return f"{done.rows:,} rows, {done.size:,} bytes, in {names}{more}"
