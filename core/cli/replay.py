"""``python -m core replay``: has one side of a recorded conversation again, and shows what is different this time."""

from __future__ import annotations

import argparse
import queue
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.address import Target, parse_target
from core.cli.arguments import add_frame
from core.cli.common import INTERRUPTED, interruptible, tell, write_escapes_where_needed
from core.cli.reading import BadRequest, TerminalJournal, numbered
from core.cli.test import play
from core.cli.tls import add_tls, tls_of
from core.errors import TincanError
from core.text_safety import TextSafety
from core.tls.settings import Tls
from core.words import connection_name

if TYPE_CHECKING:  # else when something is replayed
    from core.events import SessionId
    from core.journal.reading.reader import JournalReader
    from core.sending.plan import Played
    from core.steps.playing import Row
    from core.steps.recorded import Recorded, Recording

SAME, DIFFERENT, BAD_JOURNAL = 0, 1, 2
_LOOK = 0.05  # seconds between two looks at whether somebody was played to: a signal is heeded in between
_LONGEST = 40  # characters of a message


class ReplayOptions(NamedTuple):
    """What was asked for on the command line."""

    journal: Path
    target: Target
    serves: bool = False
    session: int | None = None
    connection: int | None = None  # its number
    framing: str = "raw"
    in_pace: bool = False
    once: bool = False
    tls: Tls | None = None


def add_replay(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("journal", type=Path, metavar="JOURNAL", help="the file that was recorded")
    parser.add_argument("target", metavar="TARGET", nargs="?", help="play the client, to this server: HOST:PORT")
    parser.add_argument("--serve", metavar="LISTEN", help="play the server, for whoever connects there: [HOST:]PORT")
    parser.add_argument("--once", action="store_true", help="with --serve: end when the first connection is over")
    parser.add_argument("--session", type=int, metavar="N", help="which session (default: the first)")
    parser.add_argument("--connection", type=int, metavar="N", help="which connection, #N (default: the first)")
    parser.add_argument(
        "--pace", choices=["fast", "recorded"], default="fast",
        help="speak as soon as the answers are there (default), or take the time that it took then",
    )  # fmt: skip
    add_frame(parser)
    add_tls(parser, is_server=False)
    parser.set_defaults(options=partial(_options, parser))
    parser.epilog = (
        "Exit codes: 0 everything was the same, 1 something was different, or it could not connect or listen, 2 the "
        "journal or the command line makes no sense, 130 Ctrl-C"
    )


def _options(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> ReplayOptions:
    serves = chosen.serve is not None
    if serves == (chosen.target is not None):
        parser.error("name the server to play the client to, or --serve LISTEN to play the server")
    if chosen.once and not serves:
        parser.error("--once is for --serve")
    try:
        target = parse_target(chosen.serve if serves else chosen.target, for_server=serves)
        tls = tls_of(chosen, has_scheme=target.tls)
    except TincanError as error:
        parser.error(str(error))
    return ReplayOptions(
        chosen.journal, target, serves, chosen.session, chosen.connection, chosen.framing,
        chosen.pace == "recorded", chosen.once, tls,
    )  # fmt: skip


def run_replay(options: ReplayOptions) -> int:
    """Replay; the exit code, see above."""
    write_escapes_where_needed(sys.stdout, line_buffering=True)
    write_escapes_where_needed(sys.stderr, line_buffering=True)
    with interruptible() as interrupted:
        try:
            recording = _read(options, interrupted)
        except KeyboardInterrupt:
            return INTERRUPTED
        except TincanError as error:
            tell(str(error))
            return BAD_JOURNAL
        try:
            return (_serve if options.serves else _call)(options, recording)
        except KeyboardInterrupt:
            return INTERRUPTED
        except TincanError as error:
            tell(str(error))
            return DIFFERENT


# The recording.


def _read(options: ReplayOptions, interrupted: threading.Event) -> Recording:
    """Raises ``TincanError`` for a journal in which it is not."""
    from core.steps.recorded import LIMIT, recording_of

    journal = TerminalJournal(options.journal, interrupted, tell)
    try:
        messages: list[Recorded] = []
        size = 0
        for message in _messages(options, journal, interrupted):
            messages.append(message)
            size += len(message.wire)
            if size > LIMIT:
                raise BadRequest(f"more than {LIMIT:,} bytes were said: that is too much to replay")
    finally:
        journal.close()
    if not messages:
        raise BadRequest("nothing was said there")
    return recording_of(messages, options.framing, in_pace=options.in_pace, waits=options.serves)


def _messages(options: ReplayOptions, journal: TerminalJournal, interrupted: threading.Event) -> Iterator[Recorded]:
    """What was said on the one connection, by whom and when."""
    from core.journal.display_row import RECEIVED
    from core.journal.export.source import frames, opens_reading, rows
    from core.journal.reading.lens import Lens
    from core.steps.recorded import Recorded

    session = _session(journal.reader, options.session)
    listens = journal.reader.parties(session).listens
    wanted = options.connection
    if wanted is not None:
        numbered(journal.reader, session, wanted)
    with opens_reading(journal.path, session, Lens(options.framing))(interrupted) as source:
        both = zip(frames(source, 0, source.total), rows(source, 0, source.total), strict=True)
        for (row, wire), (_row, message) in both:
            if not row.is_message:
                continue
            wanted = row.number if wanted is None else wanted
            if row.number == wanted:
                by_client = (row.kind == RECEIVED) is listens
                yield Recorded(by_client is not options.serves, b"".join(wire()), b"".join(message()), row.mono_ns)


def _session(reader: JournalReader, wanted: int | None) -> SessionId:
    """The session that was asked for; if none was, the first, saying so if there are more."""
    sessions = reader.sessions()
    found = next((row for row in sessions if wanted in (None, row.session)), None)
    if found is None:
        raise BadRequest(f"the journal has no session {wanted}" if wanted is not None else "the journal has no session")
    if wanted is None and len(sessions) > 1:
        tell(f"session {found.session} of {len(sessions):,}: choose another with --session")
    return found.session


# Playing.


def _call(options: ReplayOptions, recording: Recording) -> int:
    """Play the client's side to the server."""
    from core.sending.steps import StepsRun
    from core.steps.recorded import LIMIT

    run = StepsRun("replay", recording.ready, _nobody, limit=LIMIT, keeps_all=True)
    run.start()
    play(run, options.target, options.tls)
    return _show(recording, list(run.playing.rows), run.playing.left)


def _serve(options: ReplayOptions, recording: Recording) -> int:
    """Play the server's side to whoever connects, until Ctrl-C or, if that is asked for, the first has gone."""
    from core.net.server import Server
    from core.steps.recorded import Mock

    news: queue.SimpleQueue[tuple[int, Sequence[Row], int]] = queue.SimpleQueue()
    mock = Mock(recording, lambda number, rows, left: news.put((number, rows, left)))
    code = SAME
    with Server(options.target.address, reply=mock, tls=options.tls) as server:
        tell(f"listening on {', '.join(map(str, server.addresses))}")
        while True:
            try:
                number, rows, left = news.get(timeout=_LOOK)
            except queue.Empty:
                continue
            print(f"{connection_name(number)}:")
            code = max(code, _show(recording, rows, left))
            if options.once:
                return code


def _show(recording: Recording, rows: Sequence[Row], left: int) -> int:
    """Print what came beside what was recorded; the exit code."""
    from core.compose.encoding import Encoding
    from core.steps.recorded import compare
    from core.steps.table import in_columns, message_words

    def words(data: bytes | None) -> str:
        return message_words(data, len(data or b""), Encoding.UTF_8, _LONGEST)

    lines = [("step", "sent", "recorded", "came", "same")]
    different = 0
    for one in compare(recording, rows):
        same = "yes" if one.place is None else f"NO, from byte {one.place:,} on"
        different += one.place is not None
        why = f": {TextSafety().field(one.why)}" if one.why else ""
        verdict = "-" if one.recorded is None and one.place is None else same + why
        lines.append((str(one.number), words(one.sent), words(one.recorded), words(one.came), verdict))
    print(in_columns(lines), end="")
    if left:
        print(f"{left:,} more bytes came than were recorded")
    print(f"{different:,} of {len(lines) - 1:,} steps are different" if different else "everything was as recorded")
    return DIFFERENT if different or left else SAME


def _nobody(_played: Played) -> None: ...
