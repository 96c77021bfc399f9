"""``python -m core replay``: has one side of a recorded conversation again, and shows what is different this time."""

from __future__ import annotations

import argparse
import queue
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.address import Destination, parse_destination
from core.cli.arguments import (
    add_faults,
    add_frame,
    add_journal,
    add_mode,
    add_proxy,
    add_wait,
    faults_of,
    named_file,
    number_of,
    proxy_to,
    refuse_mode,
)
from core.cli.common import INTERRUPTED, interruptible, tell, write_escapes_where_needed, writing_output
from core.cli.reading import TerminalJournal, numbered
from core.cli.test import Recorded, play, recording
from core.cli.tls import add_tls, tls_to
from core.clock import monotonic
from core.errors import JournalError, TincanError
from core.journal.display_row import Filter
from core.proxy import Proxy
from core.settings import DEFAULTS, Limits
from core.tls.settings import Tls
from core.wire.faults import SOUND, BothWays
from core.words import connection_name

if TYPE_CHECKING:  # else when something is replayed
    from core.events import SessionId
    from core.journal.reading.reader import SessionRow
    from core.sending.plan import Played
    from core.steps.playing import Row
    from core.steps.replay import RecordedConversation

SAME, DIFFERENT, BAD_JOURNAL = 0, 1, 2
_LOOK = 0.05  # seconds between two looks at whether somebody was played to: a signal is heeded in between
_LONGEST = 40  # characters of a message


class ReplayOptions(NamedTuple):
    """What was asked for on the command line."""

    journal: Path
    target: Destination
    serves: bool = False
    session: int | None = None
    connection: int | None = None  # its number
    framing: str = "raw"
    in_pace: bool = False
    once: bool = False
    tls: Tls | None = None
    proxy: Proxy | None = None
    faults: BothWays = SOUND
    wait: float = 0.0  # seconds in which a server that is not there yet is asked again
    limits: Limits = DEFAULTS
    record: Path | None = None  # the journal to be written


def add_replay(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("journal", type=named_file, metavar="JOURNAL", help="the file that was recorded")
    parser.add_argument(
        "target", metavar="TARGET", nargs="?", help="play the client, to this server: [udp://]HOST:PORT"
    )
    parser.add_argument(
        "--serve", metavar="LISTEN", help="play the server, for whoever connects there: [udp://][HOST:]PORT"
    )
    parser.add_argument("--once", action="store_true", help="with --serve: end when the first connection is over")
    parser.add_argument(
        "--session",
        type=number_of("session"),
        metavar="N",
        help="which session (default: the first that said something)",
    )
    parser.add_argument(
        "--connection", type=number_of("connection"), metavar="N", help="which connection, #N (default: the first)"
    )
    parser.add_argument(
        "--pace", choices=["fast", "recorded"], default="fast",
        help="speak as soon as the answers are there (default), or take the time that it took then",
    )  # fmt: skip
    add_frame(parser)
    add_wait(parser)
    add_tls(parser, is_server=False)
    add_proxy(parser)
    add_faults(parser, "what is sent alone", "what is received alone")
    add_mode(parser)
    add_journal(parser, kept_as="record")
    parser.set_defaults(options=partial(_options, parser))
    parser.epilog = (
        "Exit codes: 0 everything was the same, 1 something was different, or it could not connect or listen, 2 the "
        "journal or the command line makes no sense, or the new journal cannot be made, 130 Ctrl-C"
    )


def _options(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> ReplayOptions:
    serves = chosen.serve is not None
    if serves == (chosen.target is not None):
        parser.error("name the server to play the client to, or --serve LISTEN to play the server")
    if chosen.once and not serves:
        parser.error("--once is for --serve")
    if serves and (chosen.proxy is not None or chosen.wait):
        parser.error("--proxy and --wait are for who connects: leave them out with --serve")
    try:
        target = parse_destination(chosen.serve if serves else chosen.target, for_server=serves)
        tls = tls_to(chosen, target)
        proxy = proxy_to(chosen, target)
        faults = faults_of(chosen, datagrams=target.datagrams)
    except TincanError as error:
        parser.error(str(error))
    if not serves and chosen.mode is not None:
        parser.error("--mode is for --serve")
    refuse_mode(parser, chosen, target.address)
    limits = DEFAULTS if chosen.mode is None else replace(DEFAULTS, socket_mode=chosen.mode)
    return ReplayOptions(
        chosen.journal, target, serves, chosen.session, chosen.connection, chosen.framing,
        chosen.pace == "recorded", chosen.once, tls, proxy, faults, chosen.wait, limits, chosen.record,
    )  # fmt: skip


def run_replay(options: ReplayOptions) -> int:
    """Replay; the exit code, see above."""
    write_escapes_where_needed(sys.stdout, line_buffering=True)
    write_escapes_where_needed(sys.stderr, line_buffering=True)
    with interruptible() as interrupted:
        from core.sending.replay import destination_for

        try:
            conversation = _read(options, interrupted)
        except KeyboardInterrupt:
            return INTERRUPTED
        except TincanError as error:
            tell(str(error))
            return BAD_JOURNAL
        try:
            asked = options.target._replace(tls=options.tls is not None)
            target = destination_for(conversation, asked)
            with recording(options.record, options.limits) as recorded:
                return (_serve if options.serves else _call)(options, target, conversation, recorded)
        except JournalError as error:
            tell(str(error))
            return BAD_JOURNAL
        except KeyboardInterrupt:
            return INTERRUPTED
        except TincanError as error:
            tell(str(error))
            return DIFFERENT


# The recording.


def _read(options: ReplayOptions, interrupted: threading.Event) -> RecordedConversation:
    """Raises ``TincanError`` for a journal in which it is not."""
    from core.sending.replay import ReplayPlan, read_recording

    journal = TerminalJournal(options.journal, interrupted, tell)
    try:
        session = _session(journal, options.session)
        if options.connection is not None:
            numbered(journal.reader, session, options.connection)
        plan = ReplayPlan(options.serves, options.framing, options.in_pace, options.connection)
        return read_recording(journal.path, session, plan, interrupted)
    finally:
        journal.close()


def _session(journal: TerminalJournal, wanted: int | None) -> SessionId:
    """The session that was asked for; if none was, the first in which something was said. Of several it is told."""
    sessions = journal.reader.sessions()
    if wanted is None:
        found = next((row for row in sessions if _has_messages(journal, row)), next(iter(sessions), None))
    else:
        found = next((row for row in sessions if row.session == wanted), None)
    if found is None:
        raise journal.no_session(wanted)
    if wanted is None and len(sessions) > 1:
        tell(f"session {found.session} of {len(sessions):,}: choose another with --session")
    return found.session


def _has_messages(journal: TerminalJournal, row: SessionRow) -> bool:
    messages = journal.reader.scan(row.session, 0, row.entries, Filter(notes=False), with_data=False)
    return next(messages, None) is not None


# Playing.


def _call(options: ReplayOptions, target: Destination, conversation: RecordedConversation, recorded: Recorded) -> int:
    """Play the client's side to the server."""
    from core.sending.steps import StepsRun, client_for
    from core.steps.replay import LIMIT

    run = StepsRun("replay", conversation.ready, _nobody, limit=LIMIT, keeps_all=True)
    run.start()
    connect = partial(client_for, target, tls=options.tls, proxy=options.proxy, faults=options.faults)
    play(run, connect, recorded, monotonic() + options.wait)
    return _show(conversation, list(run.playing.rows), run.playing.left)


def _serve(options: ReplayOptions, target: Destination, conversation: RecordedConversation, recorded: Recorded) -> int:
    """Play the server's side to whoever connects, until Ctrl-C or, if that is asked for, the first has gone."""
    from core.net.server import Server
    from core.net.udp import UdpServer
    from core.steps.replay import Mock

    news: queue.SimpleQueue[tuple[int, Sequence[Row], int]] = queue.SimpleQueue()

    def hear(number: int, rows: Sequence[Row], left: int, is_over: bool) -> None:
        if is_over:
            news.put((number, rows, left))

    mock = Mock(conversation, hear)
    code = SAME
    make = UdpServer if target.datagrams else partial(Server, tls=options.tls, limits=options.limits)
    out, into = options.faults
    with make(target.address, reply=mock, fault_out=out, fault_in=into, **recorded()) as server:
        tell(f"listening on {', '.join(map(str, server.addresses))}")
        while True:
            try:
                number, rows, left = news.get(timeout=_LOOK)
            except queue.Empty:
                continue
            code = max(code, _show(conversation, rows, left, f"{connection_name(number)}:\n"))
            if options.once:
                return code


def _show(conversation: RecordedConversation, rows: Sequence[Row], left: int, head: str = "") -> int:
    """Print what came beside what was recorded; the exit code."""
    from core.steps.replay import compare
    from core.steps.report import COMPARED, compared_cells, in_columns

    compared = list(compare(conversation, rows))
    different = sum(not one.is_same for one in compared)
    with writing_output():
        print(head + in_columns([COMPARED, *(compared_cells(one, longest=_LONGEST) for one in compared)]), end="")
        if left:
            print(f"{left:,} more bytes came than were recorded")
        print(f"{different:,} of {len(compared):,} steps are different" if different else "everything was as recorded")
    return DIFFERENT if different or left else SAME


def _nobody(_played: Played) -> None: ...
