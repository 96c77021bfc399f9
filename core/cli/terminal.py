"""The terminal programs: the tutorial's server and client, made right.

What comes in is printed a line a message, with nothing in it that a terminal would obey; lines of
standard input are sent. What else happens is told on standard error.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from core.address import Address
from core.cli.common import drop_output, write_escapes_where_needed
from core.errors import SendError, reason
from core.events import (
    Closed,
    ConnectionId,
    Ending,
    Event,
    HttpRequest,
    Listening,
    MessageTooLong,
    Misframed,
    NotSent,
    Opened,
    PeerFinished,
    Received,
    SessionClosed,
    SessionId,
    Tried,
    TurnedAway,
)
from core.journal.recording.ledger import Recording
from core.journal.recording.notes import sentence
from core.roles import Role
from core.settings import DEFAULTS
from core.supervision import Worker
from core.text_safety import TextSafety, decode
from core.wire.framers import Framer, Message, TooLong
from core.wire.framing import Gap, RawFraming, make_framer, parse_framing
from core.workbench import Workbench

_TOLD = (Listening, Tried, TurnedAway, NotSent, MessageTooLong, Misframed, HttpRequest, Closed, PeerFinished)
_LONGEST_INPUT = 16 << 20  # bytes of one line of standard input
_LONGEST_WAIT = 0.2  # seconds; a signal that comes just before a wait does not end it, on Windows none does
_LATE = 0.1  # seconds that news of what came may be on its way
_PATIENCE = 2.0  # seconds that a client which has said all it had waits for the last answers


class Options(NamedTuple):
    """What was asked for on the command line."""

    role: Role
    target: Address
    framing: str = "raw"
    reply: str = "letter"
    once: bool = False
    journal: Path | None = None
    http: bool = False  # whether a server that answers by itself answers HTTP requests, too


class _Line(NamedTuple):
    """A line of standard input; None is its end."""

    text: bytes | None


class _Signal(NamedTuple):
    """Somebody wants us to end."""


def run(options: Options) -> int:
    """Serve or connect until it is over; the exit code: 0, or 1 if it never stood.

    Raises ``TincanError`` for a journal that cannot be made.
    """
    write_escapes_where_needed(sys.stdout, line_buffering=True)
    write_escapes_where_needed(sys.stderr, line_buffering=True)
    limits = replace(DEFAULTS, request_line=None) if options.http else DEFAULTS
    workbench = Workbench(options.journal, limits=limits)
    try:
        return _Program(workbench, options).run()
    finally:
        late = workbench.close()
        if late:
            _tell(f"still busy: {', '.join(late)}")


class _Program:
    """One session in a terminal: news from its threads and from the keyboard go through one queue."""

    def __init__(self, workbench: Workbench, options: Options) -> None:
        self._workbench = workbench
        self._options = options
        self._framing = parse_framing(options.framing)
        self._news: queue.SimpleQueue[Event | _Line | _Signal | None] = queue.SimpleQueue()
        self._subscription = workbench.subscribe(lambda: self._news.put(None), with_events=True)
        self._recording = Recording(options.journal)
        self._framers: dict[ConnectionId, Framer] = {}
        self._ends: dict[ConnectionId, float] = {}  # when silence will have ended a message, on the monotonic clock
        self._numbers: dict[ConnectionId, int] = {}
        self._heard_anything = False
        self._parting = math.inf  # when a client has waited long enough for the last answers
        self._failed = False
        self._text = TextSafety()

    def run(self) -> int:
        with _signals(lambda: self._news.put(_Signal())):
            self._session = self._open()
            if self._options.role.listens:
                self._begin_reading()
            try:
                while self._take(self._next()):
                    pass
            finally:
                self._subscription.close()
        return 1 if self._failed else 0

    def _open(self) -> SessionId:
        options = self._options
        if options.role.listens:
            return self._workbench.serve(options.target, reply=options.reply, framing=options.framing)
        return self._workbench.connect(options.target, framing=options.framing)

    def _next(self) -> Event | _Line | _Signal | None:
        """Wait for the next piece of news."""
        while True:
            self._show_what_silence_ended()
            now = time.monotonic()
            if now >= self._parting:
                self._parting = math.inf
                return _Signal()
            due = min(self._parting, *self._ends.values()) - now if self._ends else self._parting - now
            with contextlib.suppress(queue.Empty):
                return self._news.get(timeout=min(max(0.0, due), _LONGEST_WAIT))

    def _begin_reading(self) -> None:
        """Take lines from now on. A client has nobody to send them to before it is connected."""
        Worker(self._read_input, "standard input", self._input_failed, daemon=True).begin()

    def _read_input(self) -> None:
        """Lines of standard input, without their line ending.

        On a daemon thread, because nothing ends a read of a terminal; and past ``sys.stdin``, whose
        lock such a thread would hold for ever.
        """
        framer = make_framer("line", _LONGEST_INPUT)
        with contextlib.suppress(OSError, ValueError, AttributeError):  # there is no standard input, or it is None
            descriptor = sys.stdin.fileno()
            while data := os.read(descriptor, 65536):
                self._queue_lines(framer.feed(data))
        self._queue_lines(framer.finish())
        self._news.put(_Line(None))

    def _input_failed(self, error: BaseException) -> None:
        """What cannot be read any more is at its end."""
        _tell(f"nothing more can be read from standard input: {reason(error)}")
        self._news.put(_Line(None))

    def _queue_lines(self, lines: list[Message]) -> None:
        for line in lines:
            if isinstance(line, TooLong):
                _tell(f"a line of {line.skipped:,} bytes is too long to be sent as one message")
            elif isinstance(line, bytes):
                self._news.put(_Line(line))

    def _take(self, news: Event | _Line | _Signal | None) -> bool:
        """Deal with one piece of news; False when the session is over."""
        if isinstance(news, _Signal):
            self._workbench.stop(self._session)
        elif isinstance(news, _Line):
            self._take_line(news.text)
        else:
            for batch in self._subscription.drain():
                self._watch_recording(batch.recording)
                for event in batch.events:
                    if not self._take_event(event):
                        return False
        return True

    def _watch_recording(self, recording: Recording) -> None:
        """Say how recording goes on; that it has stopped, the recorder logs."""
        before, self._recording = self._recording, recording
        if recording.path != before.path:
            lost = f"; {recording.lost:,} entries are lost" if recording.lost else ""
            _tell(f"the journal was deleted or replaced: recording goes on in {recording.path}{lost}")
        elif recording.failure is None and before.failure is not None:
            _tell(f"recording goes on; {recording.lost:,} entries are missing")

    def _take_line(self, text: bytes | None) -> None:
        if text is None:
            self._end_of_input()
            return
        self._heard_anything = True
        if not text and isinstance(self._framing, RawFraming | Gap):
            return  # an empty line has no bytes
        try:
            delivery = self._workbench.send(self._session, text)
        except SendError as error:
            _tell(f"not sent: {error}")
            return
        for number, why in delivery.refused:
            _tell(f"not sent to #{number}: {why}")

    def _end_of_input(self) -> None:
        """A client has said all and waits for the last answers. A server that never had input, as a
        service has none, goes on.
        """
        if self._options.role.listens:
            if self._heard_anything or (sys.stdin is not None and sys.stdin.isatty()):
                self._workbench.stop(self._session)
            return
        for connection in list(self._numbers):
            self._part(connection)

    def _part(self, connection: ConnectionId) -> None:
        self._workbench.finish_sending(self._session, connection)
        self._parting = min(self._parting, time.monotonic() + _PATIENCE)

    def _take_event(self, event: Event) -> bool:
        match event:
            case Received():
                self._show(event)
            case Opened():
                self._greet(event)
            case SessionClosed():
                self._failed = event.failure is not None
                if event.failure is not None:
                    _tell(str(event.failure))
                return False
            case _ if isinstance(event, _TOLD):
                connection = getattr(event, "connection", None)
                number = self._numbers.get(connection) if connection is not None else None
                _tell(sentence(event, number, self._options.role))
            case _:
                pass
        if isinstance(event, Closed):
            self._forget(event)
        return True

    def _greet(self, event: Opened) -> None:
        self._framers[event.connection] = self._framing.framer(DEFAULTS.message)
        self._numbers[event.connection] = event.number
        role = self._options.role
        _print(f"{role.name} connected to {role.far_end}".upper())
        if role.listens:
            _tell(sentence(event, event.number, role))
        else:
            self._begin_reading()

    def _show(self, event: Received) -> None:
        framer = self._framers.get(event.connection)
        if framer is None:
            return
        self._print_messages(event.connection, framer.feed(event.data, event.at))
        if framer.silence is not None:
            self._ends[event.connection] = event.at / 1e9 + framer.silence + _LATE

    def _show_what_silence_ended(self) -> None:
        now = time.monotonic()
        for connection in [connection for connection, end in self._ends.items() if end <= now]:
            del self._ends[connection]
            self._print_messages(connection, self._framers[connection].finish())

    def _print_messages(self, connection: ConnectionId, messages: list[Message]) -> None:
        """Show the messages; of what is none, the session itself tells."""
        for message in messages:
            if isinstance(message, bytes):
                self._print_message(connection, message)

    def _print_message(self, connection: ConnectionId, message: bytes) -> None:
        """One message, one line: a line feed within it is shown, so that nobody can forge a line."""
        shown = self._text.text(decode(message).replace("\n", "␊"))
        role = self._options.role
        if not role.many_connections:
            _print(f"{role.far_end.upper()}: {shown}")
        elif len(self._numbers) > 1:
            _print(f"{role.far_end.upper()} #{self._numbers[connection]} MESSAGE: {shown}")
        else:
            _print(f"{role.far_end.upper()} MESSAGE: {shown}")

    def _forget(self, event: Closed) -> None:
        framer = self._framers.pop(event.connection, None)
        self._ends.pop(event.connection, None)
        self._print_messages(event.connection, framer.finish() if framer is not None else [])
        self._numbers.pop(event.connection, None)
        if self._options.once and event.ending is not Ending.SERVER_STOPPED:
            self._workbench.stop(self._session)


@contextlib.contextmanager
def _signals(ask_to_end: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and SIGTERM ask to end; the second one insists."""

    def first(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        ask_to_end()

    before = {number: signal.signal(number, first) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print(line: str) -> None:
    try:
        print(line)
    except BrokenPipeError:  # whoever read us has gone: there is nobody to print for
        drop_output()


def _tell(line: str) -> None:
    print(line, file=sys.stderr)
