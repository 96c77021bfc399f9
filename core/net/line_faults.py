"""What is wrong on purpose with the two ways of one connection (``core.wire.faults``), and what becomes of what comes.

Of a stream, what goes out has its line in the sender; how that ends is the connection's own affair. Of datagrams each
direction has one, in the transport of the peer (``core.net.datagrams``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.clock import monotonic
from core.events import Ending
from core.net.loop import GuardedLoop, Timer
from core.net.owner import Pause
from core.wire.faults import SOUND, BothWays, Faults
from core.wire.faulty_line import DatagramLine, End, FaultyLine, InjectedFault, Passed
from core.words import counted

if TYPE_CHECKING:
    from core.net.connection import Connection
    from core.net.sender import Sender


class LineFaults:
    """The faults of a connection, from the first on that it has. The loop's thread only.

    ``hear`` gets what was received once it has come through, and no bytes behind that at its end; ``broken`` gets the
    error with which the peer's end came. ``watch`` is called when something else is to be waited for, and ``end_again``
    when the way out is another line, which knows of no end yet. More than ``room`` bytes are not held.
    """

    __slots__ = (
        "_broken",
        "_connection",
        "_end_again",
        "_faults",
        "_hear",
        "_is_full",
        "_places",
        "_room",
        "_sender",
        "_watch",
        "error",
        "has_ended",
        "incoming",
    )

    def __init__(
        self,
        connection: Connection,
        sender: Sender,
        room: int,
        *,
        hear: Callable[[bytes], None],
        broken: Callable[[OSError], None],
        watch: Callable[[], None],
        end_again: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._sender = sender
        self._room = room
        self._hear, self._broken = hear, broken
        self._watch, self._end_again = watch, end_again
        self._faults = SOUND
        self._places = "", ""  # how the ways out and in are called
        self._is_full = False
        self.incoming: IncomingLine | None = None  # through which goes what comes, while that has faults
        self.has_ended = False  # whether the end of the peer's sending is on its way through that, or has come through
        self.error: OSError | None = None  # with which the peer ended, until that is through

    @property
    def size(self) -> int:
        """Bytes that came and are on their way through."""
        return self.incoming.size if self.incoming is not None else 0

    def use(self, faults: BothWays, places: tuple[str, str]) -> None:
        """Have these faults from now on; ``places`` are what the two ways are called, as in "what is sent"."""
        before, self._faults, self._places = self._faults, faults, places
        self._connection.tell_faults(before, faults, places)
        if before.out != faults.out:
            self._sender.set_faults(faults.out, str(self._connection.number), lambda words: self._tell(0, words))
            self._end_again()
        if before.into != faults.into:
            self._use_incoming(faults.into)

    def take_in(self, what: bytes | memoryview | End) -> None:
        """What came, or how it ended, goes through the line if there is one."""
        line = self.incoming
        if line is None:
            if isinstance(what, End):
                self._line_ended(what)
            else:
                self._hear(bytes(what))
        elif isinstance(what, End):
            line.end(what)
        else:
            line.put(what)
            if line.size > self._room // 2:
                self._is_full = True
                self._connection.pause(Pause.FAULT)

    def end(self, end: End) -> None:
        """The peer's sending has ended: that goes through the line behind what came before it."""
        self.has_ended = True
        self._watch()
        self.take_in(end)

    def holds(self, error: OSError) -> bool:
        """Whether an error of the transport, with which the peer ended, goes through the line first."""
        if self.incoming is None or self.incoming.is_over:
            return False
        if self.error is None:
            self.error = error
            self.end(End.RESET)
        return True

    def stop(self) -> None:
        """Let nothing through any more: the connection is over."""
        if self.incoming is not None:
            self.incoming.stop()

    def tell_lost(self, size: int) -> None:
        """Put on record how many bytes were on their way at the end."""
        if size:
            self._tell(1, f"{counted(size, 'byte')} had not come through at the end")

    def _tell(self, way: int, words: str) -> None:
        self._connection.tell_fault(self._places[way], words)

    def _use_incoming(self, faults: Faults | None) -> None:
        if self.incoming is not None and self.incoming.is_over:
            return  # what the line has ended stays so
        left = self.incoming.stop() if self.incoming is not None else []
        self.incoming = None if faults is None else self._incoming_line(faults)
        for what in left:
            self.take_in(what)
        self._go_on()

    def _incoming_line(self, faults: Faults) -> IncomingLine:
        return IncomingLine(
            faults, str(self._connection.number), self._connection.loop,
            hear=self._come_through, ended=self._line_ended, injected=lambda words: self._tell(1, words),
        )  # fmt: skip

    def _come_through(self, data: bytes) -> None:
        if self._is_full and self.size <= self._room // 4:
            self._go_on()
        self._hear(data)

    def _go_on(self) -> None:
        self._is_full = False
        self._connection.resume(Pause.FAULT)

    def _line_ended(self, end: End) -> None:
        """The end of the line, whether the peer ended so or a fault did."""
        error, self.error = self.error, None
        if error is not None:
            self._broken(error)
        elif end is End.FINISHED:
            self._come_through(b"")
        elif end is End.CUT:
            self._connection.close(Ending.FAULT_CUT)
        else:
            self._connection.abort(Ending.FAULT_RESET)


class IncomingLine:
    """What comes over one connection, on its way through a line with faults.

    Gives what was received to ``hear`` when it has come through, and its end to ``ended``. ``injected`` hears of each
    fault that happens, in words. The loop's thread only.
    """

    def __init__(
        self,
        faults: Faults,
        name: str,
        loop: GuardedLoop,
        *,
        hear: Callable[[bytes], None],
        ended: Callable[[End], None],
        injected: Callable[[str], None],
    ) -> None:
        self._line = FaultyLine(faults, monotonic, name)
        self._loop = loop
        self._hear, self._ended, self._injected = hear, ended, injected
        self._timer: Timer | None = None
        self._has_stopped = False
        self._let_through()  # some happen by the clock

    @property
    def size(self) -> int:
        """Bytes on their way."""
        return self._line.size

    @property
    def is_over(self) -> bool:
        """Whether its end has been told: nothing comes through any more."""
        return self._line.is_over

    def put(self, data: bytes | memoryview) -> None:
        """Take in what was received."""
        self._line.put(data)
        self._let_through()

    def end(self, end: End) -> None:
        """The peer ends like that, behind what was put in before."""
        self._line.end(end)
        self._let_through()

    def stop(self) -> list[bytes | memoryview | End]:
        """Let nothing through any more; return what is on its way."""
        self._has_stopped = True
        self._cancel()
        return self._line.empty()

    def _let_through(self) -> None:
        self._cancel()
        for passed in self._line.take():
            if self._has_stopped:  # by what came through before it
                return
            if isinstance(passed, bytes):
                self._hear(passed)
            elif isinstance(passed, InjectedFault):
                self._injected(passed.words)
            else:
                self._ended(passed)
        due = self._line.due
        if due is not None and not self._has_stopped:
            self._timer = self._loop.call_later(max(0.0, due - monotonic()), self._let_through)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class FaultyDirection:
    """One direction to or from a peer of UDP that has, or had, faults in it; each is told in the conversation.

    ``passed`` gets what comes out, ``emptied`` hears when nothing is left in it. ``put`` is for any thread, the rest is
    for the loop's. The lock is held while something is passed on, so that nothing overtakes it.
    """

    def __init__(
        self,
        connection: Connection,
        name: str,
        place: str,
        passed: Callable[[bytes], None],
        emptied: Callable[[], None] | None = None,
    ) -> None:
        self._connection, self._name, self._place = connection, name, place
        self._passed, self._emptied = passed, emptied
        self._lock = threading.RLock()
        self._line: DatagramLine | None = None
        self._timer: Timer | None = None

    @property
    def count(self) -> int:
        """Datagrams on their way."""
        return self._line.count if self._line is not None else 0

    def put(self, data: bytes) -> None:
        """Take in a datagram."""
        with self._lock:
            if self._line is None:
                self._passed(data)
                return
            self._line.put(data)
        loop = self._connection.loop
        if loop.is_here:
            self._let_through()
        else:
            loop.call_soon(self._go_on)

    def use(self, faults: Faults | None) -> None:
        """Have other faults, or none, from now on; what is on its way comes out at once."""
        with self._lock:
            left = self._line.empty() if self._line is not None else []
            self._line = DatagramLine(faults, monotonic, self._name) if faults is not None else None
            self._pass_on(left)
        self._go_on()

    def end(self) -> None:
        """Let nothing through any more, and tell of what was on its way."""
        with self._lock:
            if self.count:
                self._tell(f"{counted(self.count, 'datagram')} had not come through at the end")
            self._line = None
        self._cancel()

    def _go_on(self) -> None:
        self._let_through()
        # Not from ``put``, whose caller may be in the midst of sending.
        if self._emptied is not None and not self.count:
            self._emptied()

    def _let_through(self) -> None:
        """Pass on what comes out of the line by now, and come again when more does."""
        self._cancel()
        with self._lock:
            self._pass_on(self._line.take() if self._line is not None else [])
            due = self._line.due if self._line is not None else None
        if due is not None:
            self._timer = self._connection.loop.call_later(max(0.0, due - monotonic()), self._go_on)

    def _pass_on(self, what: list[Passed]) -> None:
        for each in what:
            if isinstance(each, bytes):
                self._passed(each)
            elif isinstance(each, InjectedFault):
                self._tell(each.words)

    def _tell(self, words: str) -> None:
        self._connection.tell_fault(self._place, words)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
