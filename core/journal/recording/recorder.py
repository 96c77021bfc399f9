"""The one thread that writes the journal, and tells every view what became of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from core.clock import monotonic, monotonic_ns
from core.errors import Explanation, JournalError, NoThread, reason
from core.events import Event, Received, Sent
from core.journal.recording import files
from core.journal.recording.ledger import Ledger, Recording, SessionState
from core.journal.recording.store import JournalWriter
from core.settings import DEFAULTS, MIB, Limits
from core.supervision import Worker, attempt, do_all, note

_log = logging.getLogger(__name__)

_TICK = 0.010  # seconds: under load, entries gather for so long; waking a thread costs more than a message
_COST = 200  # bytes counted for an event beside its data
_CARRY_BYTES = (Received, Sent)
_MOST_AT_ONCE = 64  # batches with events that wait for a view that wants them
_MOST_BYTES = 4 * MIB  # of what was said in them: once more waits, nothing is added
_REST = 0.25  # seconds between a fault and the next attempt
_SETTLES = 2.0  # seconds that other limits are wanted before they count
_LOOK_EVERY = 1.0  # seconds between two looks at whether the file is still there, and the disk has what was written


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit changed.

    ``sessions`` are the new states of those that were touched, all of whose ``entries`` can be read.
    ``events`` is empty for a view that did not ask for them.
    """

    sessions: tuple[SessionState, ...]
    recording: Recording
    events: tuple[Event, ...] = ()


def _size_of(event: Event) -> int:
    """The bytes that an event counts for while it waits."""
    return _COST + len(event[3]) if isinstance(event, tuple) else _COST


class Subscription:
    """A view's end of the recorder. Any thread.

    ``wake`` is called on the recorder's thread when there is something to ``drain`` after there was
    nothing; it must not block. States that were not drained yet are replaced by newer ones, so a slow
    view costs nothing. A view that wants events gets every one, and holds the recorder up (and through
    it the peers) when it does not keep up.
    """

    def __init__(self, wake: Callable[[], None], *, with_events: bool, forget: Callable[[Subscription], None]) -> None:
        self._wake = wake
        self._with_events = with_events
        self._forget = forget
        self._batches: list[Batch] = []
        self._size = 0  # bytes of what was said in those
        self._open = True
        self._changed = threading.Condition()

    def drain(self) -> list[Batch]:
        """What came since the last call, the oldest first. Never blocks."""
        with self._changed:
            batches, self._batches, self._size = self._batches, [], 0
            self._changed.notify_all()
        return batches

    def close(self) -> None:
        """Want no more."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
        self._forget(self)

    @property
    def _has_room(self) -> bool:
        return len(self._batches) < _MOST_AT_ONCE and self._size <= _MOST_BYTES

    def post(self, batch: Batch) -> None:
        """Put a batch in. The recorder's thread only."""
        with self._changed:
            if self._with_events:
                self._changed.wait_for(lambda: self._has_room or not self._open)
            was_empty = not self._batches
            if self._with_events:
                self._batches.append(batch)
                self._size += sum(len(event.data) for event in batch.events if isinstance(event, _CARRY_BYTES))
            else:
                self._batches = [_merged([*self._batches, batch])]
        if was_empty:
            self._wake()


def _merged(batches: Sequence[Batch]) -> Batch:
    """One batch without events for several: the latest state of every session."""
    states = {state.session: state for batch in batches for state in batch.sessions}
    return Batch(tuple(states.values()), batches[-1].recording)


class Recorder:
    """Takes events from any thread, writes them in the order in which they came, and posts batches.

    With no ``path`` nothing is written, and the views are told all the same. See ``EventSink`` for
    ``put``, ``congested`` and ``when_relieved``. Raises ``JournalError`` if the file cannot be made, and
    ``NoThread``.

    A fault stops the recording and nothing else, as a full disk does: ``recording`` says since when and how much is
    missing, peers are not held up, and a moment later, on another thread if need be, recording is tried again.
    """

    def __init__(self, path: Path | None, limits: Limits = DEFAULTS) -> None:
        self.congested = False
        self._limits = limits
        self._room = limits  # of which those of the journal count, as do the next, from that reading of the clock on
        self._wanted = 0.0, limits
        self._writer = JournalWriter(path) if path is not None else None
        self._ledger = Ledger()
        self._recording = Recording(path)
        self._look_at = monotonic() + _LOOK_EVERY
        self._is_adrift = False  # what is written goes into a file that nobody can find
        self._unfolded: list[Event] = []  # what opened and closed, and the ledger could not take in
        self._untold = 0  # of the entries that count as lost, those that were recorded
        # What happens goes through no lock: one that several threads want costs more than all the rest of ``put``.
        self._high = limits.events_high
        self._portion_size = limits.events_low // 2  # bytes of a commit where more wait
        self._much = self._high  # bytes that wait, above which that is told
        self._waiting: list[Event] = []  # grows at its end, is taken from its beginning
        self._size = 0  # bytes not recorded yet; two threads at once may miscount it until the next are taken
        self._in_hand = 0  # of them those of what was taken
        self._idle = False
        self._lock = threading.Lock()  # guards the three below, whether peers are held up, and the way out of idleness
        self._is_dead = False  # no thread was to be had: ``put`` tries again
        self._resumptions: list[Callable[[], None]] = []
        self._subscriptions: list[Subscription] = []
        self._news = threading.Semaphore(0)
        self._closing = threading.Event()
        self._hurry = threading.Event()  # ends a rest
        self._name = f"recorder {path.name if path else 'of nothing'}"
        self._worker = Worker(self._run, self._name, self._died)
        try:
            self._worker.start()
        except NoThread:
            self._close_writer()
            raise

    # Any thread.

    def put(self, event: Event) -> None:
        """Have an event recorded. Never blocks; nothing is dropped."""
        size = _COST + len(event[3]) if isinstance(event, tuple) else _COST  # ``_size_of``, without a call
        self._size += size
        if self._size > self._much:
            self._tell_much_waits()  # before the event is there to be taken: whoever takes it lets peers go on
        self._waiting.append(event)
        if self._idle:
            self._wake()

    def _tell_much_waits(self) -> None:
        if self._size > self._high:
            self.congested = True
        self._hurry.set()

    def _wake(self) -> None:
        with self._lock:
            if not self._idle:
                return
            self._idle = False
            is_dead, self._is_dead = self._is_dead, False
        self._news.release()
        if is_dead:
            self._begin_again()

    def when_relieved(self, resume: Callable[[], None]) -> None:
        """Call ``resume`` once when ``congested`` is false: now, or later from the recorder's thread."""
        with self._lock:
            if self.congested:
                self._resumptions.append(resume)
                return
        resume()

    @property
    def recording(self) -> Recording:
        """Whether the conversation is being kept, as of the last commit."""
        return self._recording

    def use(self, limits: Limits) -> None:
        """Keep the journal within these limits, once they have been wanted for a moment: who types passes by others.

        How much may wait for it stays as it was.
        """
        self._wanted = monotonic() + _SETTLES, limits

    def subscribe(self, wake: Callable[[], None], *, with_events: bool = False) -> Subscription:
        """Tell a view what happens from now on."""
        subscription = Subscription(wake, with_events=with_events, forget=self._unsubscribe)
        with self._lock:
            self._subscriptions.append(subscription)
        return subscription

    def close(self, timeout: float) -> list[str]:
        """Record what is waiting and end; the names of threads that are still at it after ``timeout`` seconds."""
        deadline = monotonic() + timeout
        self._closing.set()
        self._hurry.set()
        self._news.release()
        with self._lock:
            is_dead, self._is_dead = self._is_dead, False
        if is_dead:
            self._begin_again()
        worker: Worker | None = None
        while worker is not self._worker:  # one that has died may have begun another
            worker = self._worker
            if not worker.join(max(0.0, deadline - monotonic())):
                return [self._name]
        return []

    def _unsubscribe(self, subscription: Subscription) -> None:
        with self._lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)

    def _begin_again(self) -> None:
        """Go on with another thread; if none is to be had, the next event tries once more."""
        try:
            self._worker = Worker(self._run_again, self._name, self._died)
            self._worker.start()
        except NoThread:
            with self._lock:
                self._is_dead = self._idle = True
            if self._closing.is_set():
                self._close_writer()

    # The recorder's thread.

    def _run(self) -> None:
        while self._turn():
            if self._unfolded:
                self._closing.wait(_REST)
            else:
                self._rest()
        if self._writer is not None:
            attempt("keeping the journal in its place", partial(self._keep_in_place, self._writer))
        self._close_writer()

    def _rest(self) -> None:
        """Let more come for a moment, or until it is worth a commit."""
        self._much = self._portion_size
        self._hurry.clear()
        if self._size < self._portion_size and not self._closing.is_set():
            self._hurry.wait(_TICK)
        self._much = self._high

    def _run_again(self) -> None:
        self._closing.wait(_REST)
        self._run()

    def _died(self, error: BaseException) -> None:
        """What no step of a turn expected has ended the thread."""
        do_all(
            [
                ("letting peers go on", partial(self._give_up, error)),
                ("telling that recording has stopped", self._tell_recording),
            ]
        )
        if self._closing.is_set():
            self._close_writer()
        else:
            self._begin_again()

    def _give_up(self, error: BaseException) -> None:
        """Let peers go on. If too much waits for that, bytes are dropped; what opens and closes never is."""
        lost = 0
        if self._size > self._limits.events_low:
            waiting = self._waiting[:]
            kept = [event for event in waiting if not isinstance(event, _CARRY_BYTES)]
            self._waiting[: len(waiting)] = kept
            lost = len(waiting) - len(kept)
        self._size = self._in_hand = 0
        self._note_loss(lost, error)
        self._let_go()

    def _turn(self) -> bool:
        """Record what waits, if something does; whether there is more to come."""
        events = self._take()
        self._look_after_file()
        if events or (self._unfolded and not self._closing.is_set()):
            self._record(events)
            return True
        return not self._closing.is_set()

    def _take(self) -> list[Event]:
        """What waits; if nothing does, wait for the first to come, or until the file is to be looked after."""
        self._idle = True  # first: whatever comes from now on wakes this thread
        if not (self._waiting or self._unfolded or self._closing.is_set()):
            self._size = self._in_hand = 0
            self._relieve()  # should it have been miscounted
            self._news.acquire(timeout=_LOOK_EVERY if self._writer is not None else None)
        self._idle = False
        if self._size <= self._limits.events_low:
            self._in_hand, events = self._size, self._waiting[:]
        else:
            events, self._in_hand = self._portion()
        del self._waiting[: len(events)]
        return events

    def _portion(self) -> tuple[list[Event], int]:
        """Of the many that wait the first, and their bytes: peers read again while the rest is recorded."""
        size = 0
        for count, event in enumerate(self._waiting, 1):
            size += _size_of(event)
            if size >= self._portion_size:
                return self._waiting[:count], size
        return self._waiting[:], self._size

    def _record(self, events: list[Event]) -> None:
        failure = self._write(events)
        states, fault = self._fold(events)
        if failure is not None:
            self._note_loss(len(events), failure)
        elif fault is not None:
            self._untold += len(events)
            self._note_loss(len(events), fault)
        elif self._recording.failure is not None and not self._is_adrift:
            lost, self._untold = self._recording.lost - self._untold, 0
            self._recording = replace(self._recording, failure=None, since=None, lost=lost)
        try:
            self._relieve()
        finally:
            self._post(Batch(states, self._recording, tuple(events)))

    def _write(self, events: Sequence[Event]) -> Exception | None:
        """Write them; the answer is what kept them from being written."""
        if self._writer is None or not events:
            return None
        try:
            self._append(self._writer, events)
        except Exception as error:  # noqa: BLE001 - whatever it is, traffic goes on and the views say what is missing
            note("recording", error)
            return error
        return None

    def _append(self, writer: JournalWriter, events: Sequence[Event]) -> None:
        self._keep_to_limits(writer, events)
        wall_minus_mono = time.time_ns() - monotonic_ns()
        try:
            writer.append(events, wall_minus_mono)
        except JournalError:
            if writer.is_in_place() or not self._keep_in_place(writer):
                raise
            writer.append(events, wall_minus_mono)

    def _keep_to_limits(self, writer: JournalWriter, events: Sequence[Event]) -> None:
        """Go on in another file, or raise ``JournalError``, where this one must not grow."""
        wanted_at, limits = self._wanted
        if monotonic() >= wanted_at:
            self._room = limits
        limits, why = self._room, ""
        last = files.last_bytes(writer.path, limits)
        if last is not None:
            why = f"the disk of {writer.path} is almost full, and recording leaves its last {files.in_words(last)}"
        elif writer.size >= limits.journal:
            if limits.journal_goes_on:
                self._go_on(writer)
            else:
                what = f"the journal {writer.path} has reached its limit of {files.in_words(limits.journal)}"
                why = f"{what}: the settings allow it more, or another file"
        if why:
            writer.pass_over(events)
            raise JournalError(why)

    def _go_on(self, writer: JournalWriter) -> None:
        """Record in another file from now on: this one is full."""
        before = writer.path
        writer.go_on()
        self._recording = Recording(writer.path, lost=self._recording.lost, moved_from=before, was_full=True)
        self._post_states(writer)

    def _post_states(self, writer: JournalWriter) -> None:
        counts = writer.counts
        states = (replace(state, entries=counts.get(state.session, 0)) for state in self._ledger.states)
        self._post(Batch(tuple(states), self._recording))

    def _look_after_file(self) -> None:
        """Now and then see that the file is still where readers look for it, and that the disk has it."""
        now = monotonic()
        if self._writer is not None and now >= self._look_at:
            self._look_at = now + _LOOK_EVERY
            self._writer.mend_shared_memory()
            self._keep_in_place(self._writer)
            self._writer.sync()

    def _keep_in_place(self, writer: JournalWriter) -> bool:
        """Go on in a new file if this one was deleted or replaced, and tell; False if that cannot be."""
        if writer.is_in_place():
            return True
        before, known = writer.path, sum(writer.counts.values())
        try:
            writer.move()
        except Exception as error:  # noqa: BLE001 - as in _write
            note("recording", error)
            self._is_adrift = True
            self._note_loss(0, error)
        else:
            self._is_adrift = False
            lost = self._recording.lost + known - sum(writer.counts.values())
            self._recording = Recording(writer.path, lost=lost, moved_from=before)
        self._post_states(writer)
        return not self._is_adrift

    def _fold(self, events: list[Event]) -> tuple[tuple[SessionState, ...], Exception | None]:
        """The states that the events led to, and what kept some from being taken in: the ledger gets those again."""
        counts = self._writer.counts if self._writer is not None else {}
        faults: list[Exception] = []
        try:
            states = self._ledger.fold([*self._unfolded, *events] if self._unfolded else events, counts, faults.append)
            self._unfolded.clear()
        except Exception as error:  # noqa: BLE001 - whatever it is, what was written is written
            self._unfolded += [event for event in events if not isinstance(event, _CARRY_BYTES)]
            states, faults = (), [error]
        for fault in faults:
            note("the account of the sessions", fault)
        return states, faults[0] if faults else None

    def _note_loss(self, count: int, error: BaseException) -> None:
        lost = self._recording.lost + count
        if self._recording.failure is None:
            why = Explanation(str(error) or reason(error))
            _log.warning("recording stopped: %s", why.what)
            self._recording = replace(self._recording, failure=why, since=time.time(), lost=lost)
        else:
            self._recording = replace(self._recording, lost=lost)

    def _relieve(self) -> None:
        """What was in hand is recorded: let readers go on if that was enough."""
        self._size -= self._in_hand
        self._in_hand = 0
        if self.congested and self._size <= self._limits.events_low:
            self._let_go()

    def _let_go(self) -> None:
        with self._lock:
            self.congested = False
            resumptions, self._resumptions = self._resumptions, []
        for resume in resumptions:
            attempt("whoever waits for the journal", resume)

    def _tell_recording(self) -> None:
        self._post(Batch((), self._recording))

    def _post(self, batch: Batch) -> None:
        with self._lock:
            subscriptions = list(self._subscriptions)
        for subscription in subscriptions:
            attempt("a view of the journal", partial(subscription.post, batch))

    def _close_writer(self) -> None:
        if self._writer is not None:
            attempt("closing the journal", self._writer.close)
