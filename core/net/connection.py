"""One connection: its bytes in both directions, its state, and its one ending.

Everything that changes the state of a connection is in this file, but for what waits to be sent,
which is in ``sender``, and what is wrong with its line on purpose, which is in ``line_faults``. The loop's thread
reads, flushes and closes; any thread may send.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Sequence
from functools import partial

from core.address import Address
from core.clock import monotonic_ns
from core.errors import DatagramRefused, Explanation, SendError, TransportError
from core.events import (
    RESETS_OF_OURS,
    Closed,
    ConnectionId,
    Ending,
    Event,
    EventSink,
    HttpRequest,
    Injected,
    MessageTooLong,
    Misframed,
    NotSent,
    Opened,
    Paused,
    PeerFinished,
    Received,
    Remark,
    SessionId,
    SocketTuned,
    WeFinished,
    WentOn,
    new_event,
)
from core.explanations import Doing, explain
from core.net.endings import ending_of, peer_name, why_not_send
from core.net.http_guard import HttpGuard
from core.net.line_faults import LineFaults
from core.net.loop import READ, WRITE, GuardedLoop, Loop, Timer
from core.net.outbox import Outbox, Outgoing
from core.net.owner import Hear, Owner, Pause, Watchers
from core.net.sender import Sender, unchanging
from core.net.socket_options import SocketOptions
from core.net.timeouts import InactivityTimer, with_gap_timeout
from core.net.transport import Transport
from core.origin import SCRIPT, Origin
from core.settings import Limits
from core.supervision import attempt, do_all, note
from core.tcp import SocketFacts
from core.wire.faults import REMARK, BothWays
from core.wire.faulty_line import End
from core.wire.framing import RAW, Framing, messages_in
from core.wire.messages import Framer, FramingViolation, Message, TooLong
from core.words import connection_name, counted

_now = monotonic_ns

_LAST_BYTES = 0.05  # seconds for what came before a reset to get to the other end, which the reset would undo
_LEAST_RATE = 100  # answers a second: who polls a device, however long, is slower
_LOOK = 0.002  # seconds between two looks at whether what was sent has arrived

_WITHOUT_RST = {Ending.OURS_RESET: Ending.OURS, Ending.RULE_RESET: Ending.RULE}
_UNHEARD = {  # what became of datagrams that came while too much waited, and what becomes of them: of a tap or not
    False: ("got no answer", "more comes than is answered: what comes until that is done gets no answer"),
    True: ("went no further", "more comes than goes on: what comes until there is room goes no further"),
}
_HELLO = b"\x16\x03"  # how a TLS handshake begins: its record's type and version
_LONGEST_HELLO = 16 * 1024  # bytes


class Connection:
    """A transport to one peer and what is said over it.

    Made and run on the loop's thread. ``send``, ``finish_sending``, ``close`` and ``abort`` are for
    any thread and return at once. The methods are in groups, whose headings say which thread may call them.
    """

    __slots__ = (
        "_closing",
        "_closing_timer",
        "_datagrams",
        "_drain_time",
        "_drained",
        "_enclosing",
        "_faults",
        "_framer",
        "_framing",
        "_has_heard",
        "_hearers",
        "_hello",
        "_http_guard",
        "_idle",
        "_limits",
        "_loop",
        "_nagle",
        "_outbox",
        "_owner",
        "_pause",
        "_peer_sends",
        "_receive",
        "_reset_behind",
        "_sender",
        "_session",
        "_sink",
        "_transport",
        "_turns",
        "_turns_since",
        "_unheard",
        "_wants_fin",
        "_we_finished",
        "ending",
        "has_received",
        "id",
        "is_open",
        "number",
        "peer",
        "watchers",
    )

    def __init__(
        self,
        transport: Transport,
        peer: Address,
        *,
        loop: Loop,
        owner: Owner,
        session: SessionId,
        identity: ConnectionId,
        number: int,
        framing: Framing,
        limits: Limits,
        sink: EventSink | None,
        request_line: float | None = None,
    ) -> None:
        self.id = identity
        self.number = number
        self.peer = peer
        self._transport = transport
        self._datagrams = transport.datagrams
        self._unheard = 0  # datagrams that came while others waited to be answered
        self.is_open = True  # also while it is closing; for any thread to read
        self.ending: Ending | None = None  # how it ended, once it has
        self.has_received = False
        self._loop = GuardedLoop(loop, self.fail)
        self._owner = owner
        self._session = session
        self._limits = limits
        self._http_guard = self._guard_against_http(request_line) if request_line is not None else None
        self._tell_apart(framing)
        self._receive, self._nagle = limits.receive, False
        self._hello = b""  # what came last, if that looks like the hello of a client that has begun TLS
        self._sink = sink
        self._outbox = Outbox(limits.outbox)  # the sender's; its size is for any thread to read
        self._sender = Sender(
            transport, peer, self._outbox,
            session=session, identity=identity, loop=self._loop, limits=limits, sink=sink,
            broken=self._read_rest_and_break, stalled=lambda why: self._end(Ending.STALLED, why),
            rested=self._watch, line_ended=self._outgoing_line_ended,
        )  # fmt: skip
        self._faults: LineFaults | None = None  # that are there on purpose; from the first on
        self._reset_behind: Ending | None = None  # how it is reset once what is sent has come out of a line
        self._pause = Pause.NONE
        self._peer_sends = True
        self._wants_fin = self._we_finished = False
        self._closing: Ending | None = None
        self._closing_timer: Timer | None = None
        self._drain_time = 0.0  # seconds that what is on its way is taken in for once nothing more goes out
        self._idle: InactivityTimer | None = None
        self._drained = 0
        self._has_heard = False  # whether the peer has said something since the last answer
        self._turns, self._turns_since = 0, 0  # answers of a program in a row, and since when (ns)
        self.watchers = Watchers()
        self._hearers: list[Hear] = []
        self._watch()  # what the system refuses to watch has not opened

    def announce(self, took: float | None, process: str) -> None:
        """Say that it stands: once, first of all, and once it can be found by whoever hears that and sends at once.

        ``took`` is how long connecting took, in seconds, of one that was dialled; ``process`` the peer's, where that is
        known.
        """
        transport = self._transport
        local, begins_later = transport.local, not transport.is_ready
        at, asks = _now(), self._receive
        self._emit(Opened(self._session, self.id, at, self.number, local, self.peer, took, begins_later, asks, process))
        if self._limits.idle is not None:
            self._idle = InactivityTimer(self._loop, self._limits.idle, lambda: self.close(Ending.IDLE))
            self._idle.restart()

    def __repr__(self) -> str:
        state = "closed" if not self.is_open else f"closing ({self._closing.value})" if self._closing else "open"
        ends = f"{self._transport.name} {self._transport.local} - {self.peer}"
        return f"<Connection {connection_name(self.number)} {ends} {state}, {self._outbox.size} bytes wait>"

    # How it stands. Any thread.

    @property
    def loop(self) -> GuardedLoop:
        """The loop for what is to be done for this connection."""
        return self._loop

    @property
    def facts(self) -> SocketFacts:
        """What the system tells of the socket just now, and what waits for it. Any thread."""
        return SocketFacts(self.waiting, self._transport.unconfirmed, self._transport.tcp_info)

    @property
    def waiting(self) -> int:
        """Bytes that the kernel has not taken: not yet, or, once it is over, never."""
        return self._outbox.size or self._sender.lost

    @property
    def has_room(self) -> bool:
        """Whether little waits to be sent, or it is over; ``watchers`` hear of either. Any thread."""
        return self.waiting <= self._limits.outbox // 4 or not self.is_open

    @property
    def has_datagrams(self) -> bool:
        """Whether what is sent and what comes are datagrams, each a message by itself."""
        return self._datagrams

    @property
    def takes_datagrams(self) -> bool:
        """Whether what comes is still for somebody."""
        return self.is_open and self._closing is None

    @property
    def peer_has_finished(self) -> bool:
        """Whether the peer has said that nothing more comes."""
        return not self._peer_sends

    @property
    def is_finishing(self) -> bool:
        """Whether this side says that nothing more comes as soon as what waits has gone out, or has said so."""
        return self._wants_fin

    @property
    def why_no_half_close(self) -> str:
        """Why this side cannot finish while the other goes on; empty where it can."""
        return self._transport.why_no_half_close

    @property
    def drained(self) -> int:
        """Bytes that came while it was closing, which nobody was given."""
        return self._drained

    # Sending. Any thread; private methods are the loop's, here and below.

    def send(self, message: bytes, origin: Origin = SCRIPT) -> None:
        """Frame a message and send it: the kernel is tried first, what it does not take waits.

        ``origin`` says who speaks. Raises ``SendError`` if it was refused as a whole; then none of it goes out; and
        ``TypeError`` for what is not bytes. A datagram that the system refuses is put on record, too.
        """
        self.send_exactly(self._enclosing.enclose(unchanging(message)), origin)

    def send_exactly(self, data: bytes, origin: Origin = SCRIPT, *, is_told: bool = True) -> None:
        """Send these bytes as they are, without a frame. Raises what ``send`` does.

        ``is_told`` says whether whoever calls this tells people of what the system refuses.
        """
        try:
            if self._sender.send(unchanging(data), origin):
                self._soon(self._start_flushing)
        except DatagramRefused as error:
            self.note_refusal(len(data), error, is_told=is_told)
            raise

    def send_at_once(self, data: bytes, origin: Origin = SCRIPT) -> bool:
        """Send these bytes as they are if nothing waits before them; False if that is not to be, and none goes out."""
        if self._outbox.size:
            return False
        try:
            if self._sender.send(data, origin):
                self._soon(self._start_flushing)
        except SendError:
            return False
        return True

    def enclose_in(self, framing: Framing) -> None:
        """Send in this way from the next message on, whether or not what comes is told apart in it yet."""
        self._enclosing = framing

    def hold_sends(self) -> None:
        """Have what is sent from now on wait for ``release_sends``: how it goes out is about to be changed."""
        self._sender.hold()

    def release_sends(self) -> None:
        """The change for which ``hold_sends`` was called is made: what waited for it goes out in that way."""
        self._sender.release()
        self._start_flushing()

    def wait_for_sends(self) -> None:
        """What the kernel has taken by now is on record when this returns: for who records what came."""
        self._sender.wait_for_sends()

    def _start_flushing(self) -> None:
        if self.is_open and self._outbox.size:
            self._sender.start_waiting()
            self._sender.let_out()
            self._watch()

    def _flush(self) -> None:
        self._sender.flush()
        waiting = self._outbox.size
        if not self._sender.wants_room:
            self._watch()
        self._tell_of_room()
        if not waiting and self._wants_fin and not self._sender.is_held:
            self._say_fin()

    def _tell_of_room(self) -> None:
        """Less waits than before: have whoever waited for that go on, if it is little."""
        if Pause.OUTBOX in self._pause and self._outbox.size <= self._limits.outbox // 4:
            self.resume(Pause.OUTBOX)
        if self.watchers and self.has_room:
            self.watchers.tell()

    # Answers that a program makes. The loop's thread; ``person_spoke`` and ``go_on`` are for any.

    def answer(self, message: bytes, origin: Origin, *, exact: bool = False) -> None:
        """Send what a program answers by itself, as ``send`` does or, if ``exact``, as ``send_exactly`` does.

        What is refused is put on record. Too many in a row, and what the peer says is left unread until ``go_on``. The
        loop's thread.
        """
        try:
            if self._sender.send(message if exact else self._enclosing.enclose(message), origin):
                self._soon(self._start_flushing)
        except SendError as error:
            self.note_refusal(len(message), error)
            return
        if self._has_heard:
            self._has_heard = False
            self._turns += 1
            if self._turns == 1:
                self._turns_since = _now()
            elif self._turns == self._limits.answers:
                self._judge_turns()

    def wait_for_reader(self) -> None:
        """Read nothing more while much of what was answered waits for the peer to read it.

        For whoever answers by itself only: two ends that both stopped reading for that would wait for
        each other for ever.
        """
        if self._outbox.size > self._limits.outbox // 2:
            self.pause(Pause.OUTBOX)

    def _judge_turns(self) -> None:
        """As many answers as may be in a row have gone out: pause if that was fast."""
        took = (_now() - self._turns_since) / 1e9
        if self._turns < took * _LEAST_RATE:
            self._turns = 0
            return
        if self._sink is None:
            return  # nobody is told, so nobody could have it go on
        self._emit(Paused(self._session, self.id, _now(), self._turns, took))
        self.pause(Pause.LOOP)

    def person_spoke(self) -> None:
        """A person takes part: what was said before is no talk of two programs, and goes on if it was paused."""
        self._turns = 0
        self.go_on()

    def go_on(self) -> None:
        """Read again if that was paused for too many answers; they are not counted any more."""
        if Pause.LOOP in self._pause:
            self._soon(self._go_on)

    def _go_on(self) -> None:
        if Pause.LOOP in self._pause:
            self._emit(WentOn(self._session, self.id, _now()))
            self.resume(Pause.LOOP)

    # Sentences for the conversation. Any thread.

    def note_refusal(self, size: int, error: SendError, *, is_told: bool = False) -> None:
        """Put on record that so many bytes were refused as a whole; see ``NotSent``. Any thread."""
        self._emit(NotSent(self._session, self.id, _now(), size, str(error), is_told))

    def remark(self, text: str, *, is_failure: bool = False) -> None:
        """Put a sentence into the conversation. Any thread."""
        self._emit(Remark(self._session, self.id, _now(), text, is_failure))

    def remark_on_what_was_sent(self, text: str) -> None:
        """The same of something that failed after it was sent. Not for who is sending."""
        self._sender.wait_for_sends()
        self.remark(text, is_failure=True)

    def tell_faults(self, before: BothWays, now: BothWays, places: tuple[str, str]) -> None:
        """Put into the conversation which faults have changed. Any thread."""
        for old, new, place in zip(before, now, places, strict=True):
            if old != new:
                self.tell_fault(place, str(new) if new is not None else "none any more")

    def tell_fault(self, place: str, words: str) -> None:
        """Put into the conversation which faults one way has, or which of them has happened just now. Any thread."""
        self.remark(f"{REMARK} {place}: {words}")

    # Receiving. The loop's thread; ``add_hearer`` and ``remove_hearer`` are for any.

    def add_hearer(self, hear: Hear) -> None:
        """Have all that comes from now on handed to ``hear`` as well, as it comes.

        No bytes are the end of what the peer sends, or over UDP an empty datagram.
        """
        self._hearers.append(hear)

    def remove_hearer(self, hear: Hear) -> None:
        """Hand it nothing more."""
        with contextlib.suppress(ValueError):
            self._hearers.remove(hear)

    def pause(self, why: Pause) -> None:
        """Read nothing until ``resume``; TCP slows the peer down."""
        self._pause |= why
        self._watch()

    def resume(self, why: Pause) -> None:
        """That reason to read nothing is gone."""
        self._pause &= ~why
        if self._unheard and not self._pause:
            self.remark(f"{counted(self._unheard, 'datagram')} {_UNHEARD[why is Pause.TAP][0]}")
            self._unheard = 0
        self._watch()

    def _watch(self) -> None:
        """Have the loop watch for what matters now."""
        if not self.is_open:
            return
        faults = self._faults
        reads = self._peer_sends and not self._pause and (faults is None or not faults.has_ended)
        writes = self._sender.wants_room and (faults is None or faults.error is None)
        events = (READ if reads else 0) | (WRITE if writes else 0)
        self._transport.wait_for(self._loop, events, self._ready)

    def _ready(self, events: int) -> None:
        """What the transport is ready for."""
        if events & READ and self.is_open:
            self._read()
        if events & WRITE and self.is_open:
            self._flush()

    def _read(self) -> None:
        sink = self._sink
        if sink is not None and sink.congested:
            self.pause(Pause.SINK)
            sink.when_relieved(lambda: self._loop.call_soon(lambda: self.resume(Pause.SINK)))
            return
        try:
            data = self._transport.receive(self._receive)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._break(error)
            return
        faults = self._faults
        if faults is None or faults.incoming is None or (faults.incoming.is_over and not data):
            self._hear(data)
        elif faults.incoming.is_over:
            self._drain(len(data))
        elif data:
            faults.take_in(data)
        else:
            faults.end(End.FINISHED)

    def _hear(self, data: bytes) -> None:
        """The next bytes of the peer, or none at the end of its sending."""
        if not self.is_open:
            return
        sink = self._sink
        if not data:
            failure = self._sender.failure
            if failure is None:
                self._see_fin()
            else:
                self._break(failure)
            return
        at = _now()
        if sink is not None:
            self._sender.wait_for_sends()
            sink.put(new_event(Received, (self._session, self.id, at, data)))
        if self._hearers:
            self._let_hear(data, at)
        if self._idle is not None:
            self._idle.restart()
        if self._closing is not None:
            self._drain(len(data))
            return
        self._has_heard = self.has_received = True
        if self._hello or data[:2] == _HELLO:
            self._hello = self._hello + data if len(self._hello) < _LONGEST_HELLO else b""
        messages = self._framer.feed(data, at)
        if messages:
            self._hand_over(messages)

    def _let_hear(self, data: bytes, at: int) -> None:
        for hear in tuple(self._hearers):
            attempt("whoever hears what a connection receives", partial(hear, data, at))

    # Telling messages apart. The loop's thread.

    def use_framing(self, framing: Framing) -> None:
        """Tell messages apart in this way from the next byte on; one that has begun is none. The loop's thread."""
        if self._http_guard is None:
            self._framer.finish()  # else silence would still end it
        self._tell_apart(framing)

    def _tell_apart(self, framing: Framing) -> None:
        self._framing = self._enclosing = framing
        framer = with_gap_timeout(framing.framer(self._limits.message), self._loop, self._hand_over)
        self._framer: Framer = framer if self._http_guard is None else self._http_guard.before(framer)

    def _guard_against_http(self, patience: float) -> HttpGuard:
        """What asks the owner before it hears a peer that speaks HTTP."""
        return HttpGuard(
            self._loop,
            patience=patience,
            tell=lambda line: self._emit(HttpRequest(self._session, self.id, _now(), line)),
            refuses=lambda: self._owner.refuses_http(self),
            hear=self._hand_over,
        )

    def _hand_over(self, messages: list[Message]) -> None:
        if self._closing is not None or not self.is_open:
            return  # nobody answers any more
        whole: list[bytes] = messages  # type: ignore[assignment]  # as good as always, and then not copied
        for message in messages:
            if not isinstance(message, bytes):
                whole = self._whole(messages)
                break
        if whole:
            self._owner.received(self, whole)

    def _whole(self, messages: list[Message]) -> list[bytes]:
        """Those that are whole; what the framer could make no message of is put on record."""
        for message in messages:
            if not isinstance(message, bytes):
                self._emit(self._violation(message))
        return [message for message in messages if isinstance(message, bytes)]

    def _violation(self, violation: TooLong | FramingViolation) -> Event:
        """What the framer could not make a message of, as the event that tells of it."""
        if isinstance(violation, TooLong):
            return MessageTooLong(self._session, self.id, _now(), violation.skipped)
        return Misframed(self._session, self.id, _now(), violation.why)

    # Datagrams. The loop's thread.

    def take(self, data: bytes, at: int) -> None:
        """Take in a datagram, which may be empty and is a message by itself. For who reads the socket for all peers."""
        if self.takes_datagrams:
            event = new_event(Received, (self._session, self.id, at, data))
            self._sender.wait_for_sends()
            self._emit(event)
            self.hear_datagrams((event,))

    def hear_datagrams(self, events: Sequence[Received]) -> None:
        """Hand over datagrams that are on record."""
        if self._idle is not None:
            self._idle.restart()
        self._has_heard = self.has_received = True
        if not self._hearers and not self._pause and self._framing is RAW:
            self._owner.received(self, [event.data for event in events])
            return
        for _session, _connection, at, data in events:
            self._let_hear(data, at)
            if self._pause:
                self._leave_unheard()
            else:
                self._hand_over(messages_in(data, self._framing, self._limits.message, at))

    def _leave_unheard(self) -> None:
        """A datagram came while too much waits already: nobody can hold its sender back, so it gets no answer."""
        self._unheard += 1
        if self._unheard == 1:
            self.remark(_UNHEARD[Pause.TAP in self._pause][1])

    # Socket options, faults, and another protocol over the same transport. The loop's thread.

    def tune(self, socket_options: SocketOptions) -> None:
        """Use the socket in another way from now on; what waits goes out in that way."""
        if not self.is_open:
            return
        self._transport.set_nagle(socket_options.nagle)
        receive = socket_options.receive or self._limits.receive
        if (receive, socket_options.nagle) != (self._receive, self._nagle):
            self._receive, self._nagle = receive, socket_options.nagle
            self._emit(SocketTuned(self._session, self.id, _now(), receive, socket_options.nagle))
        self._sender.set_throttle(socket_options)
        self._watch()

    def use_faults(self, faults: BothWays, places: tuple[str, str]) -> None:
        """Have what is sent and what is received go through lines with these faults from now on, at once.

        ``places`` are what the two ways are called, as in "what is sent".
        """
        if not self.is_open:
            return
        if self._faults is None:
            self._faults = LineFaults(
                self, self._sender, self._limits.outbox,
                hear=self._hear, broken=partial(self._break, is_through=True),
                watch=self._watch, end_again=self._end_again,
            )  # fmt: skip
        self._faults.use(faults, places)
        self._watch()

    def go_over(self, make: Callable[[Transport, bytes], Transport]) -> bool:
        """Speak another protocol from now on, over the transport that there is; whether it came to that.

        ``make`` gets this transport, and what has come over it and was part of no message yet, or was the hello of a
        client that had not to wait for us. If it raises a ``TransportError`` for that, the connection ends. Raises
        ``SendError`` while something waits to be sent.
        """
        if self._datagrams:
            raise SendError("TLS is for streams of bytes, and UDP has none")
        if not self.is_open or self._closing is not None or self._wants_fin or not self._peer_sends:
            raise SendError("the connection is closing")
        if self._outbox.size:
            raise SendError(f"{self._outbox.size:,} bytes still wait to go out as before: try again then")
        if self._faults is not None and self._faults.size:
            raise SendError(f"{self._faults.size:,} bytes are still held by a fault: try again then")
        held = b"".join(part for part in self._framer.finish() if isinstance(part, bytes))
        early, self._hello = self._hello or held, b""
        unread = b""
        try:
            unread = self._recv_early()
            self._transport = self._sender.go_over(lambda: make(self._transport, early + unread))
        except TransportError as error:
            if unread:
                self._emit(Received(self._session, self.id, _now(), unread))
            self.refuse_early(early + unread)
            self._break(error)
            return False
        except OSError as error:
            self._break(error)
            return False
        self._tell_apart(self._framing)
        return True

    def _recv_early(self) -> bytes:
        """What has come and was not read."""
        try:
            data = self._transport.receive(self._receive)
        except (BlockingIOError, InterruptedError):
            return b""
        return data

    def refuse_early(self, data: bytes) -> None:
        """Tell of bytes that came in the clear where another protocol was to begin."""
        self._emit(Injected(self._session, self.id, _now(), len(data), data[:64].decode("ascii", "backslashreplace")))

    def start_over(self) -> None:
        """Begin to talk over the transport that it has gone over to."""
        self._watch()

    # Finishing one side: our FIN and the peer's. ``finish_sending`` is for any thread.

    def finish_sending(self) -> None:
        """Send what waits, then say that this is all: the peer sees the end and may still answer.

        Raises ``SendError`` where the transport cannot end one side alone; see ``why_no_half_close``.
        """
        if self.why_no_half_close:
            raise SendError(self.why_no_half_close)
        self._sender.forbid("you have finished sending on this connection")
        self._soon(self._finish)

    def _finish(self) -> None:
        if self.is_open and not self._wants_fin:
            self._wants_fin = True
            self._send_fin()

    def _send_fin(self) -> None:
        """Say FIN behind what waits, through the line with faults if there is one."""
        if not self._sender.end_line(End.FINISHED) and not self._outbox.size:
            self._say_fin()

    def _say_fin(self) -> None:
        """Tell the peer that nothing more comes: everything before is with the kernel."""
        if self._we_finished or not self.is_open or self._reset_behind is not None:  # RST comes, and no FIN before it
            return
        try:
            self._transport.finish_sending()
        except BlockingIOError:
            return  # the transport says when to ask again, and then nothing waits either
        except OSError as error:
            if error.errno == errno.ENOTCONN and not self._peer_sends:  # macOS: both sides are shut already
                self._end(self._closing or Ending.PEER_FINISHED)
            else:
                self._break(self._sender.failure or error)
            return
        if self._datagrams:  # nothing tells the peer, and nothing of it is waited for
            self._end(self._closing or Ending.OURS)
            return
        self._we_finished = True
        if self._closing is None:
            self._emit(WeFinished(self._session, self.id, _now(), self._transport.goodbye))
        else:
            self._end_within(self._drain_time)
        if not self._peer_sends:
            self._end(self._closing or Ending.PEER_FINISHED)

    def _see_fin(self) -> None:
        """The end of the peer's sending. It is news of its own only if it is not the end of it all."""
        self._peer_sends = False
        at = _now()
        self._let_hear(b"", at)
        self._watch()
        self._hand_over(self._framer.finish())
        if self._we_finished:
            self._end(self._closing or Ending.PEER_FINISHED)
        elif self._closing is None:
            self._owner.peer_finished(self)
        if self._closing is None and self.is_open:
            self._emit(PeerFinished(self._session, self.id, at, self._transport.goodbye))

    # Closing with a goodbye. ``close`` is for any thread.

    def close(self, ending: Ending = Ending.OURS, *, drain: float | None = None) -> None:
        """Send what waits, say goodbye, take in what is on its way for ``drain`` seconds, and close."""
        self._sender.forbid(why_not_send(ending))
        self._soon(lambda: self._begin_closing(ending, self._limits.drain if drain is None else drain))

    def _begin_closing(self, ending: Ending, drain: float) -> None:
        if not self.is_open:
            return
        if not self._transport.is_ready:
            self._end(ending)  # there is nobody yet to say goodbye to
            return
        is_held = self._sender.is_held and not self._we_finished
        patience = drain + (self._limits.flush if self._outbox.size or is_held else 0.0)
        if ending is Ending.PASSED_ON and is_held:  # nobody is there who waits for it
            patience = self._limits.stalled
        if self._closing is not None:  # somebody is there now, who may have less patience
            self._drain_time = min(self._drain_time, drain)
            self._end_within(patience)
            return
        self._closing, self._drain_time = ending, drain
        self._owner.closing(self, ending)
        self._pause = Pause.NONE
        self._end_within(patience)
        self._watch()
        self._wants_fin = True
        self._send_fin()

    def _end_within(self, seconds: float) -> None:
        """Have it end in so many seconds, since it is closing, if it was not to end before that already."""
        timer = self._closing_timer
        if timer is not None and timer.when <= self._loop.time() + seconds:
            return
        if timer is not None:
            timer.cancel()
        self._closing_timer = self._loop.call_later(seconds, lambda: self._end(self._closing or Ending.OURS))

    def _drain(self, count: int) -> None:
        self._drained += count
        if self._drained > self._limits.drain_bytes and self._we_finished and self._closing is not None:
            self._end(self._closing)

    # Closing with RST. ``abort`` is for any thread, ``abort_behind`` for the loop's.

    def abort(self, ending: Ending = Ending.OURS_RESET, why: Explanation | None = None) -> None:
        """Close with RST, now; what waits is lost, and the journal says so. Datagrams know no RST."""
        ending = _WITHOUT_RST.get(ending, ending) if self._datagrams else ending
        self._sender.forbid(why_not_send(ending))
        self._soon(lambda: self._end(ending, why))

    def abort_behind(self, ending: Ending) -> None:
        """Close with RST behind what was sent: once the peer's system has it, or after a moment."""
        if not self.is_open:
            return
        self._reset_behind = ending
        self._sender.forbid(why_not_send(ending))
        if not self._sender.end_line(End.RESET):
            self._abort_when_delivered(ending)

    def _outgoing_line_ended(self, end: End) -> None:
        if end is End.RESET or self._reset_behind is not None:  # which the line has lost, if it ended otherwise
            self._reset_behind = self._reset_behind or Ending.FAULT_RESET
            self._abort_when_delivered(self._reset_behind)
            return
        if end is End.CUT:
            self.close(Ending.FAULT_CUT)
        self._wants_fin = True
        self._send_fin()
        self._tell_of_room()

    def _end_again(self) -> None:
        """What goes out has another line, behind which its end is to come."""
        if self._reset_behind is not None:
            self.abort_behind(self._reset_behind)
        elif self._wants_fin and not self._we_finished:
            self._send_fin()

    def _abort_when_delivered(self, ending: Ending) -> None:
        """Close with RST once the peer's system has all that was sent, as far as ours tells, or after a moment."""
        self._abort_if_delivered(ending, self._loop.time() + _LAST_BYTES)

    def _abort_if_delivered(self, ending: Ending, until: float) -> None:
        if not self.is_open:
            return
        if self._loop.time() < until and (self._outbox.size or self._transport.undelivered):
            self._loop.call_later(_LOOK, lambda: self._abort_if_delivered(ending, until))
        else:
            self.abort(ending)

    # Ends that nobody here asked for. The loop's thread.

    @property
    def is_over_unread(self) -> bool:
        """Whether it has ended while nothing is read from it. The loop's thread."""
        return bool(self._pause) and self.is_open and self._transport.is_over

    @property
    def is_broken_unread(self) -> bool:
        """Whether a reset has come while nothing is read from it, so that nobody was told. The loop's thread."""
        return bool(self._pause) and self.is_open and self._transport.is_broken

    def look_for_reset_after_end(self) -> None:
        """End if its peer has finished and was reset or lost since: no selector tells of that. The loop's thread."""
        if self.is_open and not self._peer_sends and self._transport.is_reset_after_end:
            self._break(ConnectionResetError(errno.ECONNRESET, ""))

    def guard(self, call: Callable[[], object]) -> None:
        """Do something for this connection; what it raises ends this connection and no other."""
        self._loop.guard(call)

    def fail(self, error: BaseException) -> None:
        """A fault of our own ends this connection and no other; so does what its transport came to by itself."""
        if isinstance(error, TransportError):
            self._break(error)
            return
        note(f"serving {self.peer}", error)
        self._end(Ending.FAILED, explain(error, Doing.TALKING, peer_name(self.peer)))

    def _read_rest_and_break(self, error: OSError) -> None:
        """Sending failed: what came before that is still ours to have."""
        faults = self._faults
        for _ in range(64):
            if not self.is_open or not self._peer_sends or (faults is not None and faults.has_ended):
                break
            try:
                data = self._transport.receive(self._receive)
            except (BlockingIOError, InterruptedError):
                break
            except OSError as found:  # which says more
                error = found
                break
            if not data:
                break
            if faults is not None and faults.incoming is not None:
                faults.take_in(data)
                continue
            at = _now()
            self._emit(Received(self._session, self.id, at, data))
            self._let_hear(data, at)
            if self._closing is not None:
                self._drain(len(data))
                continue
            self._hand_over(self._framer.feed(data, at))
        self._break(error)

    def _break(self, error: OSError, *, is_through: bool = False) -> None:
        """The transport is broken, which its peer's end is: it goes through a line with faults as that would."""
        if self._faults is not None and not is_through and self.is_open and self._faults.holds(error):
            return
        if self._closing is not None and self._we_finished:
            self._end(self._closing)  # the peer did not wait for our goodbye to be read
            return
        if self.is_open:
            self._end(*ending_of(error, self.peer, self._transport, self._limits))

    # The end itself. The loop's thread.

    def _end(self, ending: Ending, why: Explanation | None = None) -> None:
        """The one place where a connection closes: the transport, the events, the owner."""
        if not self.is_open:
            return
        self.is_open = False
        left: list[Outgoing] = []
        transport = self._transport
        self.ending = ending
        faults = self._faults
        lost = faults.size if faults is not None else 0
        close = transport.abort if ending in RESETS_OF_OURS else transport.close
        do_all(
            [
                ("cancelling the timers of a connection", self._cancel_timers),
                ("ending what is to be sent", lambda: left.extend(self._sender.end("the connection is closed"))),
                ("watching a connection no more", lambda: transport.wait_for(self._loop, 0, self._ready)),
                ("closing a connection", close),
                ("recording what did not go out", lambda: self._account_for(left)),
                ("recording what a fault still held", lambda: faults.tell_lost(lost) if faults is not None else None),
                ("recording the end of a connection", lambda: self._emit_closed(ending, why)),
                ("telling the owner of a connection", lambda: self._owner.closed(self)),
                ("telling who watched a connection", self.watchers.end),
            ]
        )

    def _cancel_timers(self) -> None:
        if self._faults is not None:
            self._faults.stop()
        self._loop.cancel_timers()

    def _account_for(self, left: list[Outgoing]) -> None:
        for outgoing in left:
            self._sender.account_for(outgoing, "the connection ended first")

    def _emit_closed(self, ending: Ending, why: Explanation | None) -> None:
        self._emit(Closed(self._session, self.id, _now(), ending, why, self._transport.goodbye))

    # Events and calls for the loop. Any thread.

    def _emit(self, event: Event) -> None:
        if self._sink is not None:
            self._sink.put(event)

    def _soon(self, call: Callable[[], None]) -> None:
        """Have it done by the loop's thread: at once if that is us."""
        if self._loop.is_here:
            self.guard(call)
        else:
            self._loop.call_soon(call)
