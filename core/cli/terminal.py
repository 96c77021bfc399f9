"""The terminal programs: the tutorial's server and client, made right.

What comes in is printed a line a message, with nothing in it that a terminal would obey; lines of
standard input are sent. Or, exactly: bytes in, bytes out, and nothing else on standard output. What else
happens is told on standard error.
"""

from __future__ import annotations

import contextlib
import math
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from core.cli.common import (
    asked_to_end,
    drop_output,
    has_gone,
    is_terminal,
    tell,
    tell_of_recording,
    write_escapes_where_needed,
)
from core.cli.options import Options, limits_of
from core.cli.standard_streams import MessagePrinter, StandardInput
from core.clock import monotonic
from core.compose.encoding import Encoding, decode_as
from core.errors import Explanation, SendError, reason
from core.events import (
    Closed,
    ConnectionId,
    Ending,
    Event,
    HttpRequest,
    Injected,
    Listening,
    MessageTooLong,
    Misframed,
    NotSent,
    Onward,
    Opened,
    Paused,
    PeerFinished,
    Received,
    Remark,
    Retrying,
    SessionClosed,
    SessionId,
    SessionRemark,
    TlsBegun,
    TlsHandshake,
    TlsRefused,
    Tried,
    TurnedAway,
    WentOn,
)
from core.journal.recording.ledger import Recording
from core.journal.recording.notes import GOOD_ENDINGS, sentence
from core.origin import FROM_INPUT, PERSON
from core.replies import Reply
from core.wire.framing import Delimiter, LineFraming, parse_framing
from core.words import connection_name, counted
from core.workbench import Workbench

if TYPE_CHECKING:
    from core.sending.plan import Played
    from core.sending.steps import StepsRun

# What a tap calls options otherwise, or has not, of either side.
_OF_CALLERS = {"--ca": "--client-ca"}
_OF_TARGETS = {"--cert": "--target-cert", "--starttls": ""}

_TOLD = (
    Listening, Onward, Tried, TurnedAway, Paused, WentOn, MessageTooLong,
    Misframed, HttpRequest, Remark, Closed, PeerFinished,
    TlsBegun, TlsRefused, Injected, SessionRemark,
)  # fmt: skip
_LONGEST_WAIT = 0.2  # seconds; a signal that comes just before a wait does not end it, on Windows none does
_PATIENCE = 2.0  # seconds of silence that a client which has said all it had waits for the last answers
_LAST_WORDS = 0.5  # seconds for which what has come is still written when somebody wants us to end
_REMEMBERED = 100  # connections that are over, and are still called by their numbers
_WINDOW = 256 * 1024  # bytes that may wait to be sent before more of standard input is read

# Exit codes; 2 is for a command line that makes no sense.
OK, NEVER_STOOD, BROKEN, GAVE_UP, NOT_AS_WISHED, INTERRUPTED = 0, 1, 3, 4, 5, 130


class _InputEnded(NamedTuple):
    """All of standard input is out."""


class _Signal(NamedTuple):
    """Somebody wants us to end, or the steps are over."""


def run(options: Options) -> int:
    """Serve or connect until it is over; the exit code, see above.

    Raises ``TincanError`` for a journal that cannot be made.
    """
    write_escapes_where_needed(sys.stdout, line_buffering=True)
    write_escapes_where_needed(sys.stderr, line_buffering=True)
    workbench = Workbench(options.journal, limits=limits_of(options))
    program = _Program(workbench, options)
    with asked_to_end(program.ask_to_end):
        try:
            return program.run()
        finally:
            late = workbench.close()
            if late:
                tell(f"still busy: {', '.join(late)}")


class _Program:
    """Sessions in a terminal, one after the other: news from their threads and of the input go through one queue."""

    def __init__(self, workbench: Workbench, options: Options) -> None:
        self._workbench = workbench
        self._options = options
        self._framing = parse_framing(options.framing)
        self._news: queue.SimpleQueue[Event | _InputEnded | _Signal | None] = queue.SimpleQueue()
        self._subscription = workbench.subscribe(lambda: self._news.put(None), with_events=True)
        self._recording = Recording(options.journal)
        profile = options.profile
        read_as = profile.read_as if profile is not None else options.encoding or Encoding.UTF_8
        is_tap = options.onward is not None
        self._printer = MessagePrinter(self._framing, read_as, options.role, self._print, names_all=is_tap)
        self._numbers: dict[ConnectionId, int] = {}
        self._opened: dict[ConnectionId | None, Opened] = {}
        self._gone: deque[ConnectionId] = deque()  # those of them that are over
        self._input = StandardInput(
            self._take_input,
            exact=options.exact,
            crlf=options.crlf,
            encoding=Encoding.UTF_8 if options.profile is not None else options.encoding,
            tell_unsent=self._tell_unsent,
            ended=self._finish_input,
            most=options.datagram if options.role.datagrams else None,
        )
        self._is_reading = self._input_ended = self._heard_anything = self._asked_to_end = False
        self._peer_finished = False
        self._in_hand = threading.Lock()  # held while what was read of the input is being sent
        self._is_over = False  # what is read from now on goes nowhere, as what nobody reads any more
        self._is_incomplete = False  # of the input, something could not be sent
        self._shown_until = math.inf  # on the monotonic clock
        self._unshown = 0  # bytes that came and were not written, because that was over
        self._is_read = True  # whether somebody reads standard output
        self._parting = math.inf  # when the peer has been waited for long enough
        self._tries = 0  # in vain, since the last connection
        self._composed_count = 0  # messages with a counter in them
        self._back = threading.Event()  # a connection stands, or none will any more: for who waits to send
        self._code = NEVER_STOOD
        self._steps: StepsRun | None = None

    def ask_to_end(self) -> None:
        """End soon, however much waits to be written. For a signal's handler."""
        self._shown_until = monotonic() + _LAST_WORDS
        self._news.put(_Signal())

    def run(self) -> int:
        self._session = self._open()
        if self._options.role.listens and not self._options.exact and self._options.onward is None:
            self._begin_reading()
        try:
            while self._take(self._next()):
                pass
        finally:
            self._asked_to_end = True
            self._back.set()
            self._subscription.close()
        if self._steps is not None:
            self._tell_steps(self._steps)
        if self._unshown:
            tell(f"{counted(self._unshown, 'byte')} that had come before the end went unshown")
        with self._in_hand:
            self._is_over = True
            is_cut = self._code == OK and self._is_incomplete and self._counts_endings
        return BROKEN if is_cut else self._code

    def _open(self) -> SessionId:
        options = self._options
        if options.steps is not None:
            self._steps = self._workbench.play(None, options.steps, tell=self._watch_steps)
        if options.role.datagrams:
            return self._open_datagrams()
        if options.onward is not None:
            return self._workbench.tap(
                options.target, options.onward, framing=options.framing, faults=options.faults,
                tls=options.tls, onward_tls=options.onward_tls, proxy=options.proxy,
            )  # fmt: skip
        if options.role.listens:
            return self._workbench.serve(
                options.target, reply=options.reply, framing=options.framing, tls=options.tls, faults=options.faults
            )
        return self._workbench.connect(
            options.target,
            framing=options.framing,
            half_open=options.exact,
            reconnect=options.retry,
            tls=options.tls,
            faults=options.faults,
            stands=self._steps.attach if self._steps is not None else None,
            reply=options.reply if isinstance(options.reply, Reply) else None,
            proxy=options.proxy,
        )

    def _open_datagrams(self) -> SessionId:
        options = self._options
        if options.onward is not None:
            return self._workbench.tap_datagrams(
                options.target, options.onward, framing=options.framing, socket_options=options.socket_options,
                faults=options.faults,
            )  # fmt: skip
        if options.role.listens:
            return self._workbench.serve_datagrams(
                options.target,
                reply=options.reply,
                framing=options.framing,
                socket_options=options.socket_options,
                faults=options.faults,
            )
        return self._workbench.send_datagrams(
            options.target,
            framing=options.framing,
            socket_options=options.socket_options,
            faults=options.faults,
            stands=self._steps.attach if self._steps is not None else None,
            reply=options.reply if isinstance(options.reply, Reply) else None,
        )

    def _watch_steps(self, played: Played) -> None:
        if not played.is_running:
            self._news.put(_Signal())

    def _tell_steps(self, run: StepsRun) -> None:
        """Print what was played, once it is over."""
        from core.steps.report import as_text

        if run.is_attached:
            run.join(_PATIENCE)  # its connection is over, which it may have yet to see
        run.stop()
        run.join(_PATIENCE)
        if run.progress.rows:
            self._print(as_text(run.progress.rows).rstrip("\n"))
        if self._code == OK and not run.progress.is_as_wished:
            self._code = NOT_AS_WISHED

    def _next(self) -> Event | _InputEnded | _Signal | None:
        """Wait for the next piece of news."""
        while True:
            self._printer.end_by_silence()
            if monotonic() >= self._parting:
                self._parting = math.inf
                self._give_up_waiting()
            due = min(self._parting, self._printer.due) - monotonic()
            with contextlib.suppress(queue.Empty):
                return self._news.get(timeout=min(max(0.0, due), _LONGEST_WAIT))

    def _give_up_waiting(self) -> None:
        """Part from a peer that has not finished. Whoever named the time learns that it has passed."""
        wait = self._options.wait
        if self._options.role.datagrams:
            pass  # nothing tells of an end, so that this is one
        elif wait is None:
            tell(f"gave up after {_PATIENCE:g} s of silence: the server has not finished (--wait SECONDS waits longer)")
        else:
            tell(f"gave up {wait:g} s after the end of the input: the peer has not finished")
            self._code = GAVE_UP
        self._workbench.stop(self._session)

    def _begin_reading(self) -> None:
        """Take input from now on. A client, or a pipe, has nobody to send it to before it is connected."""
        if not self._is_reading and self._steps is None:
            self._is_reading = True
            self._origin = PERSON if is_terminal(sys.stdin) else FROM_INPUT
            self._input.begin()

    # The input's thread.

    def _take_input(self, messages: Iterator[bytes]) -> bool:
        """Send what one read gave, when there is room for it; False if nothing more can be sent."""
        with self._in_hand:
            return not self._is_over and all(map(self._send, messages))

    def _send(self, data: bytes) -> bool:
        """Send a line, or what is there; False if nothing more can be sent."""
        self._heard_anything = True
        options = self._options
        ends_by_itself = options.crlf and isinstance(self._framing, LineFraming | Delimiter)
        if not (options.exact or ends_by_itself):
            try:
                data = self._framing.enclose(data) if options.profile is None else self._composed(data)
            except SendError as error:
                return self._refuse(data, error)
        if not data and not options.role.datagrams:
            self._workbench.go_on(self._session)
            return True  # an empty line has no bytes
        while not self._asked_to_end:
            self._workbench.wait_for_room(self._session, _WINDOW)
            self._back.clear()  # before the attempt, so that a connection that comes after it is heard of
            try:
                delivery = self._workbench.send(self._session, data, exact=True, origin=self._origin)
            except SendError as error:
                if not options.retry:
                    return self._refuse(data, error)
                if not self._asked_to_end:  # else ``_back`` may have been set before it was cleared
                    self._back.wait()
                continue
            for number, why in delivery.refused:
                tell(f"not sent to {connection_name(number)}: {why}")
            return True
        return self._refuse(data, SendError("it is over"))

    def _composed(self, line: bytes) -> bytes:
        """The message that a profile makes of a line. Raises ``SendError`` if that is none."""
        from core.compose import Composed, Context, Draft, compose

        profile = self._options.profile
        assert profile is not None
        text = decode_as(line, Encoding.UTF_8)
        draft = Draft(text, profile.format, profile.encoding, profile.ending, profile.frame)
        composed = compose(draft, Context.now(self._composed_count))
        if not isinstance(composed, Composed):
            raise SendError(composed.sentence.rstrip("."))
        self._composed_count += composed.counts
        return composed.wire

    def _refuse(self, data: bytes, error: SendError) -> bool:
        if not self._options.exact:
            self._tell_unsent(f"not sent: {error}")
            return not self._asked_to_end
        tell(f"{len(data):,} bytes of the input were not sent, nor what comes after them: {error}")
        self._is_incomplete = True
        return False

    def _tell_unsent(self, sentence: str) -> None:
        """Say why something of the input is not sent. To a client, which has one peer, that is a failure."""
        tell(sentence)
        self._is_incomplete = self._is_incomplete or not self._options.role.listens

    def _finish_input(self) -> None:
        """Everything is read: when it is out as well, say so."""
        self._workbench.wait_for_room(self._session, 0)
        self._news.put(_InputEnded())

    # The main thread.

    def _take(self, news: Event | _InputEnded | _Signal | None) -> bool:
        """Deal with one piece of news; False when it is over."""
        if isinstance(news, _Signal):
            return self._interrupted()
        if isinstance(news, _InputEnded):
            return self._end_of_input()
        for batch in self._subscription.drain():
            self._watch_recording(batch.recording)
            for event in batch.events:
                if not self._take_event(event):
                    return False
        return True

    def _interrupted(self) -> bool:
        self._asked_to_end = True
        self._back.set()
        if self._steps is not None:
            self._steps.stop()
        if self._options.exact:
            self._code = INTERRUPTED
        self._workbench.stop(self._session)
        return True

    def _watch_recording(self, recording: Recording) -> None:
        before, self._recording = self._recording, recording
        tell_of_recording(before, recording)

    def _end_of_input(self) -> bool:
        """A client has said all and waits for the last answers. A server that never had input, as a
        service has none, goes on.
        """
        self._input_ended = True
        self._workbench.set_reconnect(self._session, False)  # there is nothing to come back for
        if self._options.role.listens and not self._options.exact:
            if self._heard_anything or is_terminal(sys.stdin):
                self._workbench.stop(self._session)
            return True
        for connection in list(self._numbers):
            if self._options.shutdown and self._options.role.half_closes:
                self._finish_sending(connection)
            self._part_if_all_is_said(connection)
        self._wait_for_the_last_answers()
        return True

    def _finish_sending(self, connection: ConnectionId) -> None:
        try:
            self._workbench.finish_sending(self._session, connection)
        except SendError as error:
            if self._options.exact:
                tell(f"the peer is not told of the end of the input: {error}")

    def _wait_for_the_last_answers(self) -> None:
        """For as long as was asked for; else until it falls silent, or, if bytes are passed on, until its end."""
        if self._options.wait is not None:
            self._parting = min(self._parting, monotonic() + self._options.wait)
        elif not self._options.exact or self._options.role.datagrams:
            self._parting = monotonic() + _PATIENCE

    def _take_event(self, event: Event) -> bool:
        match event:
            case Received():
                self._show(event)
            case Opened():
                self._opened[event.connection] = event
                starttls = self._options.tls is not None and self._options.tls.starttls
                if not event.tls and not starttls:
                    self._greet(event)
            case TlsHandshake():
                self._take_handshake(event)
            case Retrying():
                self._tries = event.tries
                tell(f"{event.why}; try {event.tries + 1:,} in {event.pause:.1f} s")
            case SessionClosed():
                self._tell_end(event)
                return False
            case _ if isinstance(event, _TOLD):
                self._tell_event(event)
            case _:
                pass
        match event:
            case Listening():
                self._code = OK
            case NotSent(is_told=False):  # else whoever sent it has told
                self._tell_event(event)
                self._is_incomplete = True
            case PeerFinished() if self._options.exact:
                self._peer_finished = True
                self._part_if_all_is_said(event.connection)
            case Closed():
                self._forget(event)
            case _:
                pass
        return True

    def _tell_event(self, event: Event) -> None:
        if isinstance(event, PeerFinished | Closed):
            self._printer.finish(event.connection)  # first what came, then how it ended
        opened = self._opened.get(getattr(event, "connection", None))
        tell(sentence(event, opened.number if opened is not None else None, self._options.role))
        if isinstance(event, Closed) and event.why is not None:
            self._tell_options(event.why, is_onward=opened is not None and opened.number < 0)
        if isinstance(event, Paused):
            tell("an empty line goes on, as does whatever you send; with --answers 0 nothing is paused")

    def _tell_options(self, why: Explanation, *, is_onward: bool = False) -> None:
        """Name the options that do what an explanation advises; see there."""
        options = why.options
        if self._options.role.passes_on:
            names = _OF_TARGETS if is_onward else _OF_CALLERS
            options = tuple(filter(None, (names.get(option, option) for option in options)))
        if options:
            tell(f"options for that: {', '.join(options)}")

    def _take_handshake(self, event: TlsHandshake) -> None:
        """From a handshake on a connection can be talked over. Of one that failed, the end that follows tells."""
        opened = self._opened[event.connection]
        if not event.handshake.failure:
            self._greet(opened)
            tell(sentence(event, opened.number, self._options.role))

    def _part_if_all_is_said(self, connection: ConnectionId) -> None:
        """The input of a pipe goes on to a peer that has finished. A person would not know to end it, and who
        comes back is told like this that the server has gone.
        """
        is_typed = is_terminal(sys.stdin)
        if self._peer_finished and (self._input_ended or is_typed or self._options.retry):
            self._workbench.disconnect(self._session, connection)

    def _tell_end(self, event: SessionClosed) -> None:
        if event.failure is not None:
            self._code = NEVER_STOOD
            tell(str(event.failure))
            self._tell_options(event.failure)
        if self._tries:
            tell(f"gave up after {counted(self._tries, 'try', 'tries')}")

    @property
    def _counts_endings(self) -> bool:
        """Whether all there is to do is one conversation, so that its end is the program's."""
        return self._is_read and (not self._options.role.many_connections or self._options.exact)

    def _greet(self, event: Opened) -> None:
        self._numbers[event.connection] = event.number
        self._code, self._tries, self._peer_finished = OK, 0, False
        self._back.set()
        if self._options.exact:
            tell(sentence(event, event.number, self._options.role))
            self._begin_reading()
            return
        role = self._options.role
        self._printer.begin(event.connection, event.number)
        if role.listens:
            tell(sentence(event, event.number, role))
        else:
            self._begin_reading()

    def _show(self, event: Received) -> None:
        if self._options.wait is None and self._parting < math.inf:
            self._wait_for_the_last_answers()
        if monotonic() > self._shown_until:
            self._unshown += len(event.data)
            return
        if event.connection not in self._numbers:
            for line in decode_as(event.data, Encoding.UTF_8).rstrip().split("\n"):
                tell(f"in the clear: {line.removesuffix(chr(13))}")
            return
        if self._options.exact:
            self._write(lambda: _pass_on(event.data))
            return
        self._printer.feed(event)

    def _print(self, line: str) -> None:
        self._write(lambda: print(line))

    def _write(self, write: Callable[[], None]) -> None:
        """Write to standard output, if it is read. Who only passes on what one peer says ends when it is not."""
        if not self._is_read:
            return
        try:
            write()
        except OSError as error:
            if not has_gone(error):
                tell(f"standard output cannot be written: {reason(error)}")
                self._code = BROKEN
            if self._counts_endings:
                self._asked_to_end = True
                self._workbench.stop(self._session)
            self._is_read = False
            drop_output()  # else Python complains at the end

    def _forget(self, event: Closed) -> None:
        number = self._numbers.pop(event.connection, None)
        has_stood = number is not None
        if event.ending not in GOOD_ENDINGS and self._counts_endings and has_stood:
            self._code = BROKEN
        self._printer.end(event.connection)
        self._gone.append(event.connection)  # known a while longer: a remark may come behind its end
        if len(self._gone) > _REMEMBERED:
            self._opened.pop(self._gone.popleft(), None)
        is_alone = number is not None and -number not in self._numbers.values()  # of a tap, both of a pair are to go
        if self._options.once and is_alone and event.ending is not Ending.SERVER_STOPPED:
            self._workbench.stop(self._session)


def _pass_on(data: bytes) -> None:
    """Write bytes to standard output, at once and as they are."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
