"""From other threads to Tk's: the recorder's queue, in few, short, well-spaced visits, and results of work. No tkinter.

The recorder's thread wakes the event loop (``gui.platform.event_loop`` knows how), and nothing is done while nobody
does. The window is drawn at most once in ``FRAME`` seconds, and no visit folds batches for longer than ``BUDGET``.
After a visit the loop has as long for the person: what is typed, and what is drawn when it is idle. What is not drawn
by the next one is drawn before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from core.clock import monotonic
from core.supervision import Worker, do_all

if TYPE_CHECKING:
    from core.events import SessionId
    from core.journal.recording.ledger import Recording, SessionState
    from core.journal.recording.recorder import Batch

FRAME = 0.016  # seconds between two visits
BUDGET = 0.008  # seconds of work in one visit; what is left over waits for the next
LONGEST_REST = 0.25  # seconds after a visit that took long, perhaps since this process was stopped meanwhile
BREATH = 16  # milliseconds at least between a visit and one for what it left over

Post: TypeAlias = Callable[[Callable[[], None]], None]
Result = TypeVar("Result")


class Timers(Protocol):
    """The toolkit's timers. The window's thread; ``gui.platform.event_loop.TkLoop`` has them."""

    def after(self, milliseconds: int, callback: Callable[[], None]) -> str:
        """Call back once, later; the answer is good for ``cancel``."""
        ...

    def cancel(self, ticket: str) -> None:
        """Do not call back."""
        ...


class Waker(Protocol):
    """Has a callback called on the window's thread, once or more often for each time it was asked to."""

    def wake(self) -> None:
        """Have it called soon. Any thread; never blocks. Without effect once it is closed."""
        ...

    @property
    def descriptor(self) -> int:
        """Where a signal may write a byte to wake the loop (``signal.set_wakeup_fd``); -1 if there is no such thing."""
        ...

    def close(self) -> None:
        """Call no more. The window's thread."""
        ...


class EventLoop(Timers, Protocol):
    """What the bridge needs of the toolkit. All on the window's thread."""

    def waker(self, callback: Callable[[], None]) -> Waker:
        """A waker that has ``callback`` called."""
        ...

    def draw(self) -> bool:
        """Do what waits until the loop is idle, drawing for the most part; whether there was anything."""
        ...


class Queue(Protocol):
    """The view's end of the recorder: ``core.journal.recording.recorder.Subscription``."""

    def drain(self) -> list[Batch]:
        """What came since the last call; never blocks."""
        ...


class Bridge:
    """Carries batches to ``deliver``: the latest state of each session, and of the recording.

    ``wake`` is for any thread; everything else is for the window's.
    """

    def __init__(
        self,
        loop: EventLoop,
        deliver: Callable[[dict[SessionId, SessionState], Recording], None],
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._loop = loop
        self._deliver = deliver
        self._clock = clock
        self._queue: Queue | None = None
        self._waiting: deque[Batch] = deque()
        self._calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._ticket: str | None = None
        self._not_before = 0.0  # the next visit
        self._has_drawn = False  # since the last one
        self._has_put_off = False  # whether nothing was delivered at the last one, since calls took half of its budget
        self._is_open = True
        self._waker = loop.waker(self._woken)

    def wake(self) -> None:
        """Say that there is something in the queue. Any thread; never blocks."""
        self._waker.wake()

    def post(self, call: Callable[[], None]) -> None:
        """Have ``call`` made on the window's thread, soon, after what was posted before. Any thread.

        What it raises is the loop's to report; what was posted after it is made all the same.
        """
        self._calls.put(call)
        self.wake()

    @property
    def wakeup_descriptor(self) -> int:
        """Where a signal may write a byte to wake the window (``signal.set_wakeup_fd``); -1 where it cannot."""
        return self._waker.descriptor

    def start(self, queue: Queue) -> None:
        """Begin to look into ``queue``."""
        self._queue = queue
        self._plan(0)

    def close(self) -> None:
        """Stop visiting, even from within a visit: no call is made any more. ``wake`` must not be called any more."""
        self._is_open = False
        self._queue = None
        do_all(
            [
                ("cancelling the next visit", self._cancel_visit),
                ("closing what wakes it", self._waker.close),
            ]
        )

    def _cancel_visit(self) -> None:
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            self._loop.cancel(ticket)

    def _woken(self) -> None:
        """The loop may call this outside its own error handling, so it only plans."""
        if self._queue is not None or not self._calls.empty():
            self._plan(self._rest())

    def _plan(self, milliseconds: int) -> None:
        if self._ticket is None:
            self._ticket = self._loop.after(milliseconds, self._visit)

    def _visit(self) -> None:
        self._ticket = None
        if self._draws_first():
            return
        began = self._clock()
        is_through = False
        try:
            self._make_calls(began + BUDGET)
            if self._queue is not None:
                self._waiting.extend(self._queue.drain())
                self._has_put_off = not self._has_put_off and self._clock() > began + BUDGET / 2
                if not self._has_put_off:
                    self._carry()
            is_through = True
        finally:  # where something raised, there may be more behind it
            took = self._clock() - began
            self._not_before = began + max(FRAME, took + min(took, LONGEST_REST))
            if self._is_open and (self._waiting or not is_through or not self._calls.empty()):
                self._plan(max(BREATH, self._rest()))

    def _draws_first(self) -> bool:
        """Whether something waited to be drawn, a letter perhaps that was typed before this was due.

        It is drawn by now, and the visit is put off by a turn of the loop. The loop itself draws only when nothing else
        is due: the letter would wait for the visit, and on a busy machine for several.
        """
        if self._has_drawn:
            self._has_drawn = False
            return False
        self._has_drawn = True  # where something raises, something waited
        try:
            self._has_drawn = self._loop.draw()
        finally:
            if self._has_drawn and self._is_open:
                self._plan(0)
        return self._has_drawn

    def _rest(self) -> int:
        """Milliseconds until the next visit may be."""
        return max(0, round((self._not_before - self._clock()) * 1000))

    def _make_calls(self, deadline: float) -> None:
        """Make what was posted, for as long as the budget lasts."""
        while self._is_open:
            try:
                call = self._calls.get_nowait()
            except Empty:
                return
            call()
            if self._clock() > deadline:
                return

    def _carry(self) -> None:
        """Fold what waits into one delivery, for as long as the budget lasts."""
        if not self._waiting:
            return
        deadline = self._clock() + BUDGET
        states: dict[SessionId, SessionState] = {}
        recording = self._waiting[0].recording
        while self._waiting:
            batch = self._waiting.popleft()
            states.update((state.session, state) for state in batch.sessions)
            recording = batch.recording
            if self._clock() > deadline:
                break
        self._deliver(states, recording)


def in_background(
    name: str,
    work: Callable[[], Result],
    then: Callable[[Result], None],
    failed: Callable[[BaseException], None],
    post: Post,
) -> Worker:
    """Do ``work`` on a thread of its own; ``then`` gets its result, or ``failed`` the error it raised.

    Either is posted to the window's thread, also if no thread could be started. The program may end meanwhile.
    """
    return Worker(
        lambda: post(partial(then, work())), name, lambda error: post(partial(failed, error)), daemon=True
    ).begin()
