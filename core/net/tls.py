"""TLS as the transport of a connection, over another transport: what ``core.wire.tls`` takes and gives, carried."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from core.clock import monotonic
from core.errors import Explanation, HandshakeError, TlsError
from core.explanations import Doing, explain
from core.net.loop import READ, WRITE, GuardedLoop, Ready, Timer
from core.net.transport import Transport
from core.tcp import TcpInfo
from core.tls.contexts import TlsContext
from core.tls.facts import Handshake
from core.tls.failures import injected
from core.wire.tls import TlsEndpoint
from core.wire.tls_records import HANDSHAKE

_PIECE = 64 * 1024  # plain bytes that are encrypted before the kernel is asked again
_MOST_OWED = 256 * 1024  # bytes that answer what came of TLS itself; who does not take them is not read either
_RECEIVE = 128 * 1024  # encrypted bytes asked of one receive


class TlsTransport:
    """See ``Transport``, for which threads call what. The lock guards all that is here but for the watching.

    ``tell`` is called once, under the lock, when the handshake is over, with the reason if it failed. ``early`` is what
    came before this began: a client's hello belongs to TLS, anything else does not. Raises ``HandshakeError`` for that.
    """

    name = "TLS"
    goodbye = "close_notify"
    datagrams = False

    def __init__(
        self,
        inner: Transport,
        context: TlsContext,
        *,
        host: str,
        seconds: float,
        tell: Callable[[Handshake, Explanation | None], None],
        early: bytes = b"",
    ) -> None:
        if early and not (context.is_server and early[0] == HANDSHAKE):
            raise HandshakeError(injected(len(early), early))
        self.local = inner.local
        self.set_nagle = inner.set_nagle
        self._inner = inner
        self._seconds = seconds
        self._tell = tell
        self._early = early
        self._lock = threading.Lock()
        self._endpoint = TlsEndpoint(context, host=host, at=monotonic(), now=time.time())
        self._out = memoryview(b"")  # encrypted, and not with the kernel
        self._in_flight = 0  # plain bytes of which ``_out`` is what is left
        self._failure: OSError | None = None  # that a send below has met: a receive after it finds a plain end
        self._stands = self._is_told = self._is_closed = self._says_goodbye = False
        self._loop: GuardedLoop | None = None
        self._timer: Timer | None = None
        self._ready: Ready = lambda _events: None
        self._events = self._watched = 0

    @property
    def is_ready(self) -> bool:
        return self._stands

    @property
    def why_no_half_close(self) -> str:
        facts = self._endpoint.handshake
        if facts is None or not self._stands or facts.half_closes:
            return ""
        return f"in {facts.version} the end of one side is the end of both: one side alone can finish from TLS 1.3 on"

    @property
    def is_over(self) -> bool:
        return self._inner.is_over

    @property
    def is_broken(self) -> bool:
        return self._inner.is_broken

    @property
    def is_reset_after_end(self) -> bool:
        return self._inner.is_reset_after_end

    @property
    def unconfirmed(self) -> int | None:
        return self._inner.unconfirmed

    @property
    def undelivered(self) -> int | None:
        return self._inner.undelivered

    @property
    def silence(self) -> float | None:
        return self._inner.silence

    @property
    def tcp_info(self) -> TcpInfo | None:
        return self._inner.tcp_info

    def receive(self, most: int, /) -> bytes:
        with self._lock:
            if not self._stands:
                raise BlockingIOError
            try:
                return self._read(most)
            finally:
                if self._out or self._endpoint.owed:
                    with contextlib.suppress(OSError):  # a broken end is found out by what comes from it
                        self._push()

    def send(self, data: bytes | memoryview, /) -> int:
        with self._lock:
            if not self._stands:
                raise BlockingIOError
            plain, taken = memoryview(data), 0
            while True:
                if not self._in_flight:
                    piece = plain[taken : taken + _PIECE]
                    self._endpoint.write(piece)
                    self._in_flight = len(piece)
                self._push()
                if self._out:
                    break
                taken, self._in_flight = taken + self._in_flight, 0
                if taken >= len(plain):
                    return taken
            if not taken:
                raise BlockingIOError  # the same bytes come again
            return taken

    def finish_sending(self) -> None:
        with self._lock:
            if self._stands and not self._says_goodbye:
                self._endpoint.close()
            self._says_goodbye = True
            self._push()
            must_wait = bool(self._out) or not self._stands
        if must_wait:
            self._watch()
            raise BlockingIOError
        self._inner.finish_sending()

    def wait_for(self, loop: GuardedLoop, events: int, ready: Ready) -> None:
        self._events, self._ready = events, ready
        if self._loop is None:
            self._loop = loop
            self._begin(loop)
        if self._is_closed:
            return
        self._watch()
        if events & READ and self._stands and self._holds_bytes():
            loop.call_soon(self._hand_over)

    def abort(self) -> None:
        self._end()
        self._inner.abort()

    def close(self) -> None:
        self._end()
        self._inner.close()

    # The loop's thread.

    def _begin(self, loop: GuardedLoop) -> None:
        with self._lock:
            self._endpoint.begin()
            self._push()
        self._timer = loop.call_later(self._seconds, self._time_out)
        if self._early:
            loop.call_soon(self._take_early)

    def _take_early(self) -> None:
        data, self._early = self._early, b""
        self._shake_hands(lambda: self._endpoint.feed(data, monotonic()))

    def _time_out(self) -> None:
        self._shake_hands(lambda: self._endpoint.time_out(monotonic(), self._seconds))

    def _on_ready(self, events: int) -> None:
        """What the transport below is ready for."""
        if not self._stands:
            if events & READ:
                self._shake_hands(self._pull)
            else:
                with self._lock:
                    self._push_on()
            self._watch()
            return
        if events & WRITE:
            self._make_room()
        if events & READ & self._events:  # it may have been asked for no more in this turn, as by ``_hand_over``
            self._ready(READ)
            if self._holds_bytes():
                self._hand_over()
        self._watch()

    def _shake_hands(self, step: Callable[[], None]) -> None:
        """Take a step of the handshake, which may be the last. Raises ``TlsError``, once the peer is told."""
        if self._stands or self._is_closed:
            return
        with self._lock:
            try:
                step()
            except BlockingIOError:
                return
            except TlsError:
                self._part()
                raise
            except OSError as error:
                self._fail(error)
            self._push_on()
            facts = self._endpoint.handshake
            if facts is None:
                return
            self._stop_timer()
            self._tell_once(facts)
            self._stands = True
        if self._events & WRITE or self._says_goodbye:
            self._ready(WRITE)
        self._hand_over()

    def _fail(self, error: OSError) -> None:
        """Under the lock: the connection broke in the middle of the handshake."""
        try:
            self._endpoint.break_off(monotonic(), explain(error, Doing.TALKING, "it"))
        finally:
            self._part()

    def _part(self) -> None:
        """Under the lock: the handshake has failed, and the peer is to learn why: its alert must not be reset away."""
        if self._endpoint.handshake is not None:
            self._tell_once(self._endpoint.handshake)
        with contextlib.suppress(OSError):
            self._push()
            self._inner.finish_sending()
            self._inner.receive(_RECEIVE)

    def _tell_once(self, facts: Handshake) -> None:
        if not self._is_told:
            self._is_told = True
            self._tell(facts, self._endpoint.why)

    def _make_room(self) -> None:
        """There is room below: for what waits here first, then for the connection."""
        with self._lock:
            owed = bool(self._out)
            self._push_on()
            is_full = bool(self._out)
        if not is_full and (self._events & WRITE or (owed and self._says_goodbye)):
            self._ready(WRITE)

    def _hand_over(self) -> None:
        """Have everything received that is here already, of which the system knows nothing."""
        while self._stands and not self._is_closed and self._events & READ and self._holds_bytes():
            self._ready(READ)
        self._watch()

    def _holds_bytes(self) -> bool:
        """Whether there is something to receive, of which the system knows nothing; another thread may be sending."""
        with self._lock:
            return self._endpoint.holds_bytes

    def _read(self, most: int) -> bytes:
        """Under the lock: the next plain bytes, of what is here or comes now."""
        if self._endpoint.holds_bytes:
            try:
                return self._endpoint.read(most)
            except BlockingIOError:
                pass
        self._pull()
        return self._endpoint.read(most)

    def _pull(self) -> None:
        """Under the lock: take in what the peer sent, or its end."""
        data = self._inner.receive(_RECEIVE)
        if not data and self._failure is not None:
            raise self._failure
        if data:
            self._endpoint.feed(data, monotonic())
        else:
            self._endpoint.feed_end(monotonic())

    def _push_on(self) -> None:
        """Under the lock: give the kernel what is encrypted, where nobody has called who would be told that it broke.

        Once the handshake is over, whoever receives or sends next is told.
        """
        try:
            self._push()
        except OSError as error:
            self._out = memoryview(b"")
            if self._endpoint.handshake is None:
                self._fail(error)

    def _push(self) -> None:
        """Under the lock: give the kernel what is encrypted, as far as it takes it."""
        if not self._out:
            self._out = memoryview(self._endpoint.take(monotonic()))
        try:
            while self._out:
                self._out = self._out[self._inner.send(self._out) :]
                self._out = self._out or memoryview(self._endpoint.take(monotonic()))
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._failure = error
            raise

    def _watch(self) -> None:
        if self._is_closed or self._loop is None:
            return
        events = self._events if self._stands else READ
        if self._endpoint.owed > _MOST_OWED:
            events = 0
        if self._out:
            events |= WRITE
        if events != self._watched:
            self._watched = events
            self._inner.wait_for(self._loop, events, self._on_ready)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        self._is_closed = True
        self._stop_timer()
        if self._loop is not None:
            self._inner.wait_for(self._loop, 0, self._on_ready)
