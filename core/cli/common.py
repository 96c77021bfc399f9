"""What the terminal programs have in common: how a journal is opened, which part of it is meant, how messages end."""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Generic, TextIO, TypeVar

from core.clock import monotonic
from core.command import is_windows_console, raw_file
from core.compose.encoding import Encoding, find_encoding
from core.errors import TincanError, quoted
from core.events import ConnectionId, SessionId
from core.journal.capture.files import is_capture
from core.journal.display_row import Filter
from core.journal.reading.reader import JournalReader
from core.journal.recovery.integrity import find_damage
from core.journal.recovery.recovery import Opened, open_journal, open_recovered
from core.origin import KINDS, Origin, read_origin
from core.text_safety import TextSafety
from core.wire.faults import PRESETS, BothWays, check_faults, parse_faults
from core.wire.framing import parse_framing
from core.words import connection_name

INTERRUPTED = 130  # exit code: what a shell expects of a program that Ctrl-C ended
DAMAGED = 3  # exit code: the journal is damaged and was read as far as it could be

_LONGEST_WAIT = 86_400.0  # seconds
_LONGEST_LINE = 2_000  # characters told at once; a path may be long
_LOOK = 0.05  # seconds between two looks at whether a thread has ended: a signal is heeded in between
_PATIENCE = 1.0  # seconds for a thread that has been told to end
_SOON, _TELL_EACH = 1.0, 0.1  # seconds of reading before there is a word about it, and how much there is between two
_Found = TypeVar("_Found")


class BadRequest(TincanError):
    """What was asked for cannot be had from this journal."""


def numbered(reader: JournalReader, session: SessionId, number: int) -> ConnectionId:
    """The connection that has this number in a session of a journal. Raises ``BadRequest`` if there is none."""
    known = reader.connections(session)
    if number not in known:
        raise BadRequest(f"session {session} has no connection {connection_name(number)}; it has {len(known):,}")
    return known[number]


def chosen(
    connections: frozenset[ConnectionId] | None,
    *,
    received: bool,
    sent: bool,
    notes: bool,
    by: Collection[Origin] = (),
) -> Filter:
    """These kinds of entries of these connections (None: all of them); every kind if none was chosen.

    Of what was sent, what is ``by`` one of those, which alone chooses what was sent.
    """
    if not (received or sent or notes or by):
        return Filter(connections)
    return Filter(connections, received, sent or bool(by), notes, frozenset(by) or None)


def add_directions(parser: argparse.ArgumentParser) -> None:
    """Say how to choose which kinds of entries are wanted."""
    parser.add_argument("--received", action="store_true", help="only what was received (may be combined)")
    parser.add_argument("--sent", action="store_true", help="only what was sent (may be combined)")
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        type=_origin,
        metavar="WHO",
        help=f'only what was sent by WHO (may be combined): {", ".join(KINDS)}; or one of its kind: "rule NAME"',
    )
    parser.add_argument("--notes", action="store_true", help="only what else happened (may be combined)")


def _origin(text: str) -> Origin:
    origin = read_origin(text)
    if origin.kind not in KINDS:
        raise argparse.ArgumentTypeError(f"nobody is called {quoted(origin.kind)}; there are {', '.join(KINDS)}")
    return origin


def tell(line: str) -> None:
    """Say something to the person beside what goes to standard output."""
    print(TextSafety().field(line, _LONGEST_LINE), file=sys.stderr)


def write_escapes_where_needed(stream: TextIO, *, line_buffering: bool | None = None) -> None:
    """Have a character that the terminal's encoding lacks written as an escape instead of an error."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace", line_buffering=line_buffering)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sits at the other end.

    On Windows ``isatty`` is true of the null device as well (bpo-28654).
    """
    if stream is None or not stream.isatty():
        return False
    return sys.platform != "win32" or is_windows_console(stream)


def console_input() -> io.RawIOBase | None:
    """What reads the console of Windows as UTF-8 (PEP 528), where the descriptor would give its code page."""
    is_console = sys.platform == "win32" and sys.stdin is not None and is_windows_console(sys.stdin)
    return raw_file(sys.stdin) if is_console else None


def has_gone(error: OSError) -> bool:
    """Whether an error of standard output says that its reader has gone: of Windows, EINVAL does (bpo-19612)."""
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)


def drop_output() -> None:
    """Write to nobody from now on: whoever read standard output has gone away, and Python would complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class TerminalJournal:
    """A journal as a terminal program reads it: looked through for damage, and recovered if there is any.

    A small one is looked through first. A large one would take long, so that goes on beside the reading, and
    ``find_damage`` waits for what it found. Everything ends soon once ``interrupted`` is set. ``tell`` gets
    sentences for the person. One thread; raises ``JournalError``.
    """

    def __init__(self, path: Path, interrupted: threading.Event, tell: Callable[[str], None]) -> None:
        self._given = path
        self._interrupted = interrupted
        self._tell = tell
        self._check: _Work[str] | None = None
        self._read, self._began = 0.0, monotonic()  # how much of a capture was said to be read
        self._use(partial(open_journal, path, self._tell_recovery, interrupted, self._tell_reading))

    @property
    def exit_code(self) -> int:
        """0, or ``DAMAGED``."""
        return DAMAGED if self._opened.notice or self._opened.remark else 0

    @property
    def path(self) -> Path:
        """The file that is read: of a damaged journal the one with what was recovered."""
        return self._opened.path

    @property
    def reader(self) -> JournalReader:
        """The journal's reader."""
        return self._opened.reader

    @property
    def is_checked(self) -> bool:
        """Whether the file was looked through when it was opened."""
        return self._opened.is_checked

    def begin_check(self) -> None:
        """Look through what was too large for that, beside what is done meanwhile."""
        if not self._opened.is_checked:
            self._check = _Work(partial(find_damage, self.path, cancelled=self._interrupted))

    def find_damage(self, error: Exception | None = None) -> str:
        """What is wrong with a journal that was not known to be damaged when it was opened; nothing if it is sound.

        ``error`` is what its reading came to, which is raised again where nothing is wrong with the journal.
        """
        found = self._check.result(self._interrupted) if self._check is not None else ""
        if error is not None and not found:
            raise error
        return found

    def recover(self, damage: str) -> None:
        """Read what can be recovered of it from now on."""
        self._opened.close()
        self._check = None
        self._use(partial(open_recovered, self._given, damage, self._tell_recovery, self._interrupted))

    def tell_damage(self, damage: str) -> None:
        """Say that it was read in spite of damage."""
        self._tell(f"{self._given.name} is damaged ({damage}). It was read as far as it could be.")

    def close(self) -> None:
        """Let go of the file."""
        self._opened.close()

    def _use(self, open_one: Callable[[], Opened]) -> None:
        self._is_told = False
        self._opened = _Work(open_one).result(self._interrupted)
        for sentence in filter(None, (self._opened.notice, self._opened.remark, self._opened.left_out)):
            self._tell(sentence)

    def _tell_recovery(self, _fraction: float) -> None:
        """On another thread, a moment after the recovery has begun."""
        if not self._is_told:
            self._is_told = True
            self._tell(f"{self._given.name} is damaged: reading what can be read.")

    def _tell_reading(self, fraction: float) -> None:
        """On another thread: how much of it was read so far, if that takes long."""
        is_due = fraction - self._read >= _TELL_EACH and monotonic() - self._began > _SOON
        if is_due and is_capture(self._given):  # a journal is looked through in two seconds at most
            self._read = fraction
            self._tell(f"{self._given.name} is being read, {fraction:.0%} so far.")


class _Work(threading.Thread, Generic[_Found]):
    """Something that takes long, in a thread of its own, so that a signal ends the program meanwhile."""

    def __init__(self, work: Callable[[], _Found]) -> None:
        super().__init__(name="journal", daemon=True)
        self._work = work
        self._outcome: list[_Found] = []
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Do it."""
        try:
            self._outcome.append(self._work())
        except BaseException as error:  # noqa: BLE001 - whatever it is, who waits for the end must hear of it
            self._error = error

    def result(self, interrupted: threading.Event) -> _Found:
        """What came of it, once it is done. Raises what it raised."""
        try:
            while self.is_alive():
                self.join(_LOOK)
        except KeyboardInterrupt:
            interrupted.set()
            self.join(_PATIENCE)
            raise
        if self._error is not None:
            raise self._error
        return self._outcome[0]


@contextlib.contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Have SIGTERM end what is done as Ctrl-C does, and both also in the middle of a long question to SQLite.

    There an exception is lost, so that the event is set, too: readers are to give up once it is.
    """
    interrupted = threading.Event()

    def end(_number: int, _frame: object) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def add_frame(parser: argparse.ArgumentParser) -> None:
    """Take ``--frame``: a framing's written form, ``raw`` if there is none."""
    parser.add_argument(
        "--frame",
        dest="framing",
        type=argument(lambda text: str(parse_framing(text))),
        default="raw",
        metavar="FRAMING",
        help="what is one message: raw (default), line, delimiter:0d0a (hex), length:2be (1, 2be, 2le, 4be, 4le, 8be, "
        "8le, varint; then ,offset=N and ,itself or ,whole), fixed:16 (then ,pad=20), gap:50 (ms of silence)",
    )


def add_encoding(parser: argparse.ArgumentParser, words: str, default: Encoding | None = Encoding.UTF_8) -> None:
    """Take ``--encoding``, by any name that the encoding has."""
    names = ", ".join(one.value for one in Encoding)
    usual = "utf-8" if default is not None else "lines go as they are typed, what comes is read as utf-8"
    parser.add_argument(
        "--encoding", type=_encoding, default=default, metavar="NAME", help=f"{words}: {names} (default: {usual})"
    )


def _encoding(name: str) -> Encoding:
    found = find_encoding(name)
    if found is None:
        raise argparse.ArgumentTypeError(f"{quoted(name)} is none of {', '.join(one.value for one in Encoding)}")
    return found


def seconds(text: str) -> float:
    """A time to wait, for argparse."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= _LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no time to wait: use seconds from 0 to 86400 (a day)")
    return found


def argument(parse: Callable[[str], _Found]) -> Callable[[str], _Found]:
    """``parse`` for argparse, which shows what is wrong with an argument if the error is one of its own."""

    def parsed(text: str) -> _Found:
        try:
            return parse(text)
        except TincanError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed


def add_mode(parser: argparse.ArgumentParser) -> None:
    """Take ``--mode``, in octal digits as chmod has it; None if it is not given."""
    parser.add_argument(
        "--mode", type=_mode, metavar="MODE", help="who may use a local socket, as for chmod (default: 600, only you)"
    )


def _mode(text: str) -> int:
    if not re.fullmatch("0?[0-7]{3}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no mode: use three octal digits, such as 660 or 666")
    return int(text, 8)


def add_faults(parser: argparse.ArgumentParser, out: str, into: str) -> None:
    """Take ``--fault``, ``--fault-out`` and ``--fault-in``, the last two with these words."""
    form = f"such as latency=100ms~20,slice=1, or {', '.join(PRESETS)}"
    faults = argument(parse_faults)
    parser.add_argument("--fault", type=faults, metavar="FAULTS", help=f"make the line bad, both ways: {form}")
    parser.add_argument("--fault-out", type=faults, metavar="FAULTS", help=out)
    parser.add_argument("--fault-in", type=faults, metavar="FAULTS", help=into)


def faults_of(chosen: argparse.Namespace, *, datagrams: bool) -> BothWays:
    """The faults that were asked for. Raises ``FaultError`` for what cannot happen to ``datagrams``, or to a stream."""
    faults = BothWays(chosen.fault_out or chosen.fault, chosen.fault_in or chosen.fault)
    for one in faults:
        check_faults(one, datagrams=datagrams)
    return faults
