"""What comes over one connection, on its way through a line with faults (``core.wire.faults``)."""

from __future__ import annotations

from collections.abc import Callable

from core.clock import monotonic
from core.net.loop import GuardedLoop, Timer
from core.wire.faults import End, Faults, Injected, Line


class IncomingLine:
    """Gives what was received to ``hear`` when it has come through, and its end to ``ended``.

    ``injected`` hears of each fault that happens, in words. The loop's thread only.
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
        self._line = Line(faults, monotonic, name)
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
            elif isinstance(passed, Injected):
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
