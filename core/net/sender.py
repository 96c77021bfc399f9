"""The sending half of one connection: the kernel first, what it does not take waits in the outbox."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from core.clock import monotonic, monotonic_ns
from core.errors import DatagramError, DatagramRefused, Explanation, NoRoom, SendError
from core.events import ConnectionId, EventSink, NotSent, Sent, SessionId, new_event
from core.explanations import Doing, explain
from core.net.endings import does_not_read, peer_name
from core.net.outbox import Outbox, Outgoing
from core.net.socket_options import AS_USUAL
from core.origin import SCRIPT, Origin
from core.wire.faults import Faults
from core.wire.faulty_line import End, FaultyLine, InjectedFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.address import Address
    from core.net.loop import GuardedLoop, Timer
    from core.net.socket_options import SocketOptions
    from core.net.transport import Transport
    from core.settings import Limits


_SENDS_PER_TURN = 64  # byte by byte: then the other connections get their turn
_WHOLE = 256 * 1024  # bytes of a message that is sent whole, but with pauses


class Sender:
    """Sends whole messages in the order in which they are handed in.

    ``send``, ``hold`` and ``forbid`` are for any thread; the rest is for the loop's. The lock guards all of
    the sending side, and is held for a send that never waits, so nobody waits for it long.
    ``broken`` and ``stalled`` are called on the loop's thread when the transport can take no more, ``rested``
    when a pause between two sends is over. With faults, all of the outbox is in a ``FaultyLine`` as well, and goes
    out as it comes out of that: ``line_ended`` hears how the line ends.
    """

    __slots__ = (
        "_broken",
        "_datagrams",
        "_failure",
        "_holds",
        "_identity",
        "_injected",
        "_limits",
        "_line",
        "_line_due",
        "_line_ended",
        "_line_timer",
        "_lock",
        "_loop",
        "_may_send",
        "_most",
        "_outbox",
        "_peer",
        "_pieces",
        "_progress",
        "_refusal",
        "_released",
        "_rest",
        "_rested",
        "_session",
        "_sink",
        "_stall_timer",
        "_stalled",
        "_throttle",
        "_transport",
        "_unconfirmed",
        "lost",
    )

    def __init__(
        self,
        transport: Transport,
        peer: Address,
        outbox: Outbox,
        *,
        session: SessionId,
        identity: ConnectionId,
        loop: GuardedLoop,
        limits: Limits,
        sink: EventSink | None,
        broken: Callable[[OSError], None],
        stalled: Callable[[Explanation], None],
        rested: Callable[[], None],
        line_ended: Callable[[End], None],
    ) -> None:
        self._transport = transport
        self._datagrams = transport.datagrams
        self._peer = peer
        self._session = session
        self._identity = identity
        self._loop = loop
        self._limits = limits
        self._sink = sink
        self._broken = broken
        self._stalled = stalled
        self._rested = rested
        self._injected: Callable[[str], None] | None = None
        self._line_ended = line_ended
        self._lock = threading.Lock()
        self._most = limits.outbox
        self._outbox = outbox
        self._throttle: SocketOptions | None = None  # set while everything goes through the outbox, to leave it slowly
        self._holds = 0  # changes to how it sends that are still to be made
        self._rest: Timer | None = None  # the pause after a send
        self._line: FaultyLine | None = None  # with faults in it
        self._line_timer: Timer | None = None  # for what comes out of it next
        self._line_due = 0.0  # when that is, on the line's clock
        self._pieces: deque[int] = deque()  # sizes of what has come out of it and waits: each is a send
        self._released = 0  # bytes of them
        self._may_send = True
        self._refusal = ""
        self._failure: OSError | None = None
        self._progress = 0.0
        self._unconfirmed: int | None = None  # of what the kernel has, when it was last looked at
        self._stall_timer: Timer | None = None
        self.lost = 0  # bytes that still waited at the end

    # Any thread.

    @property
    def failure(self) -> OSError | None:
        """The error that a send met. The kernel tells it only once: a ``recv`` after it finds a plain end."""
        with self._lock:
            return self._failure

    def send(self, data: bytes, origin: Origin = SCRIPT) -> bool:
        """Send a message; say whether it has to wait where nothing waited before, so that somebody must ``flush``.

        Raises ``SendError`` if it was refused as a whole; then none of it goes out.
        """
        if not data and not self._datagrams:
            raise SendError("an empty message has no bytes to send")
        with self._lock:
            waiting = self._outbox.size
            if not self._may_send:
                raise SendError(self._refusal)
            if waiting >= self._most:
                raise NoRoom(self._why_no_room())
            if waiting or self._holds or self._throttle is not None or self._line is not None:
                self._outbox.add(data, 0, origin)
                if self._line is not None:
                    self._line.put(data)
                return not waiting
            at = monotonic_ns() if self._sink is not None else 0
            try:
                taken = self._transport.send(data)
            except (BlockingIOError, InterruptedError):
                taken = -1
            except DatagramError as error:
                raise DatagramRefused(str(error.explanation)) from error
            except OSError as error:
                raise self._fail_to_send(error) from error
            if taken < len(data):
                taken = max(0, taken)
                self._outbox.add(data, taken, origin)
                return True
            if self._sink is not None:  # under the lock, so that the events are in the order of the bytes
                self._sink.put(new_event(Sent, (self._session, self._identity, at, data, (), origin)))
            return False

    def hold(self) -> None:
        """Have what comes from now on wait for ``release``: how it goes out is about to be changed."""
        with self._lock:
            self._holds += 1

    def forbid(self, why: str) -> None:
        """Refuse what comes from now on. The first reason is the one that counts."""
        with self._lock:
            self._refuse(why)

    def _refuse(self, why: str) -> None:
        """Under the lock: the same."""
        if self._may_send:
            self._may_send = False
            self._refusal = why

    def wait_for_sends(self) -> None:
        """Wait for a thread that is sending to have put that on record: what comes of it is to stand behind, and a peer
        may answer sooner. Not for who is sending.
        """
        if self._lock.locked():
            with self._lock:
                return

    def _why_no_room(self) -> str:
        """Under the lock: why nothing more can be taken in for now."""
        if self._line is not None and not self._released:
            return f"the faults of this line hold {self._outbox.size:,} bytes back already, and that is the limit"
        size = f"{self._outbox.size:,} bytes"
        return f"{peer_name(self._peer)} does not read: {size} wait for it already, and that is the limit"

    def _fail_to_send(self, error: OSError) -> SendError:
        """Under the lock: the first send that met a broken socket."""
        self._may_send = False
        self._refusal = explain(error, Doing.TALKING, peer_name(self._peer)).what
        self._fail(error)
        return SendError(self._refusal)

    def _fail(self, error: OSError) -> None:
        """Under the lock: the socket is broken; the connection is told when the loop comes to it."""
        self._failure = error
        self._loop.call_soon(lambda: self._broken(error))

    # The loop's thread.

    def go_over(self, make: Callable[[], Transport]) -> Transport:
        """Send through another transport from now on, which ``make`` makes while nobody else sends.

        Raises ``SendError`` while something waits: it would go out in another way than it was meant to.
        """
        with self._lock:
            if self._outbox:
                raise SendError(f"{self._outbox.size:,} bytes still wait to go out as before: try again then")
            self._transport = make()
            return self._transport

    @property
    def wants_room(self) -> bool:
        """Whether something waits for the transport, and for nothing else."""
        if self._rest is not None or self._holds:
            return False
        return (self._outbox.size if self._line is None else self._released) > 0

    def release(self) -> None:
        """The change for which ``hold`` was called is made."""
        with self._lock:
            self._holds -= 1

    def set_throttle(self, socket_options: SocketOptions) -> None:
        """Send a byte at a time or with pauses from now on, or no longer. A pause that lasts is over."""
        with self._lock:
            self._throttle = socket_options if socket_options.slows_down else None
        self._end_rest()

    def set_faults(self, faults: Faults | None, name: str, injected: Callable[[str], None]) -> None:
        """Have what waits, and what comes, go through a line with these faults; None takes it as it is, at once.

        ``injected`` hears of each that happens, in words.
        """
        self._injected = injected
        self._cancel_line_timer()
        with self._lock:
            self._pieces.clear()
            self._released = 0
            self._line = line = FaultyLine(faults, monotonic, name) if faults is not None else None
            if line is not None:
                for rest in self._outbox.rests:
                    line.put(rest)
        self.let_out()

    @property
    def is_held(self) -> bool:
        """Whether there is a line with faults that has not come to its end."""
        return self._line is not None and not self._line.is_over

    def end_line(self, end: End) -> bool:
        """End in this way behind what is in the line; False if there is none to tell when that is through."""
        line = self._line
        if line is None or line.is_over:
            return False
        with self._lock:
            line.end(end)
        self.let_out()
        return True

    def let_out(self) -> None:
        """Have what the faults let go on by now go on, and come again when there is more."""
        line = self._line
        if line is None:
            return
        happened: list[str | End] = []
        with self._lock:
            passed = line.take(_SENDS_PER_TURN) if len(self._pieces) < _SENDS_PER_TURN else []
            if passed and not self._pieces:
                self._progress = self._loop.time()  # what the line held is not for the peer to answer for
            for each in passed:
                if isinstance(each, bytes):
                    self._release(each, is_other=line.faults.flip > 0)
                else:
                    happened.append(each.words if isinstance(each, InjectedFault) else each)
            due = line.due if len(self._pieces) < _SENDS_PER_TURN else None
        if due is not None and not any(isinstance(each, End) for each in happened):
            self._wait_for_line(due)
        for event in happened:
            if isinstance(event, End):
                self._end_at_line(event)
            elif self._injected is not None:
                self._injected(event)

    def _release(self, piece: bytes, *, is_other: bool) -> None:
        """Under the lock: the next bytes may go out, in one send."""
        if is_other:
            self._outbox.replace(self._released, piece)
        self._pieces.append(len(piece))
        self._released += len(piece)

    def _end_at_line(self, end: End) -> None:
        """What did not come out of the line goes nowhere; what did goes out before the end."""
        why = "the fault that was asked for ended the line"
        with self._lock:
            done, lost = self._outbox.keep(self._released)
            self._refuse(why)  # what came now would wait for ever
        for outgoing in done:
            self._tell_sent(outgoing, monotonic_ns())
        if lost and self._sink is not None:
            self._sink.put(NotSent(self._session, self._identity, monotonic_ns(), lost, why))
        self._line_ended(end)

    def _wait_for_line(self, due: float) -> None:
        if self._line_timer is not None and self._line_due == due:
            return  # a new one for each send would pile thousands up in the loop
        self._cancel_line_timer()
        self._line_due = due
        self._line_timer = self._loop.call_later(max(0.0, due - monotonic()), self._line_is_due)

    def _line_is_due(self) -> None:
        self._line_timer = None
        self.let_out()
        self._rested()

    def _cancel_line_timer(self) -> None:
        if self._line_timer is not None:
            self._line_timer.cancel()
            self._line_timer = None

    def start_waiting(self) -> None:
        """Something waits: from now on the peer has ``Limits.stalled`` seconds to take some of it."""
        self._progress = self._loop.time() if self._rest is None else self._rest.when
        self._unconfirmed = self._transport.unconfirmed
        if self._stall_timer is None:
            self._stall_timer = self._loop.call_later(self._limits.stalled, self._check_stalled)

    def flush(self) -> None:
        """The transport can take more: give it what waits."""
        with self._lock:
            if not self._outbox or self._holds:
                return
            if self._throttle is None and self._line is None and not self._datagrams:
                self._offer(self._outbox.bite())
            else:
                self._offer_pieces(self._throttle or AS_USUAL)
        if self._line is not None:
            self.let_out()

    def end(self, why: str) -> list[Outgoing]:
        """Send nothing from now on; return what still waited. The transport may be closed afterwards."""
        if self._stall_timer is not None:
            self._stall_timer.cancel()
        self._end_rest()
        self._cancel_line_timer()
        self.forbid(why)
        with self._lock:
            self.lost += self._outbox.size  # before it is empty, for who looks at what waits and then at this
            return self._outbox.drop()

    def account_for(self, outgoing: Outgoing, why: str) -> None:
        """Put a message on record that did not get out, or not whole: which bytes did, how many did not."""
        if self._sink is None:
            return
        at = monotonic_ns()
        if outgoing.taken:
            taken = outgoing.data[: outgoing.taken]
            self._sink.put(Sent(self._session, self._identity, at, taken, _cuts(outgoing), outgoing.origin))
        missing = len(outgoing.data) - outgoing.taken
        self._sink.put(NotSent(self._session, self._identity, at, missing, why))

    def _offer_pieces(self, throttle: SocketOptions) -> None:
        """Under the lock: one send and a pause, or a few without one."""
        most = 1 if throttle.byte_by_byte and not self._datagrams else _WHOLE
        for _ in range(1 if throttle.pause else _SENDS_PER_TURN):
            size = min(most, self._pieces[0] if self._pieces else 0) if self._line is not None else most
            if not self._outbox or not size or not self._offer(self._outbox.head(size)):
                return
        if throttle.pause:
            self._rest = self._loop.call_later(throttle.pause, self._go_on)
            self._progress = self._rest.when

    def _go_on(self) -> None:
        self._rest = None
        self._progress = self._loop.time()  # that the pause was longer than it was to be is not the peer's doing
        self._rested()

    def _end_rest(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _offer(self, piece: bytes | memoryview) -> bool:
        """Under the lock: offer the kernel the next bytes; whether it took some."""
        at = monotonic_ns()
        try:
            taken = self._transport.send(piece)
        except (BlockingIOError, InterruptedError):
            return False
        except DatagramError as error:
            self.account_for(self._outbox.take_first(), str(error.explanation))
            return True
        except OSError as error:
            self._fail(error)
            return False
        self._progress = self._loop.time()
        if self._pieces:
            self._released -= taken
            self._pieces[0] -= taken
            if not self._pieces[0]:
                self._pieces.popleft()
        for outgoing in (self._outbox.take_first(),) if self._datagrams else self._outbox.took(taken):
            self._tell_sent(outgoing, at)
        return True

    def _tell_sent(self, outgoing: Outgoing, at: int) -> None:
        if self._sink is not None:
            sent = Sent(self._session, self._identity, at, outgoing.data, _cuts(outgoing), outgoing.origin)
            self._sink.put(sent)

    def _check_stalled(self) -> None:
        """The one timer of this connection: a new one for each wait would pile thousands up in the loop."""
        self._stall_timer = None
        if not self._outbox:
            return
        before, self._unconfirmed = self._unconfirmed, self._transport.unconfirmed
        if before is not None and self._unconfirmed is not None and self._unconfirmed < before:
            self._progress = self._loop.time()  # it reads, though not enough yet for the kernel to want more
        if self._line is not None and not self._released:
            self._progress = self._loop.time()  # it waits for the line
        left = self._progress + self._limits.stalled - self._loop.time()
        if left > 0:
            self._stall_timer = self._loop.call_later(left, self._check_stalled)
            return
        waiting = f"{self._outbox.size:,} bytes that waited for it"
        self._stalled(does_not_read(self._peer, waiting, self._limits.stalled))


def unchanging(message: bytes) -> bytes:
    """The message as it is now, for it may wait, and is put on record: a ``bytearray`` or ``memoryview`` is copied.

    Raises ``TypeError`` for anything else.
    """
    if isinstance(message, bytes):
        return message
    if isinstance(message, bytearray | memoryview):
        return bytes(message)
    raise TypeError(f"a message is bytes, and this is {type(message).__name__}")


def _cuts(outgoing: Outgoing) -> tuple[int, ...]:
    return tuple(outgoing.cuts) if len(outgoing.cuts) > 1 else ()
