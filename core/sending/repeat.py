"""Messages by the clock: each at its moment, whatever became of the one before."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

from core.clock import monotonic_ns
from core.errors import NobodyThere
from core.events import EventSink
from core.latency import Samples
from core.net.audience import Audience, Delivery
from core.origin import REPEAT
from core.sending.plan import End, Plan, PlannedMessage, Repeated
from core.sending.run import NOBODY_LEFT, TELL_EVERY_NS, Run, Stopped


class Repeat(Run):
    """Sends what a plan says, on a thread of its own.

    Each moment is counted from the one before it, not from when that message got out, so nothing drifts.
    After a delay (a slow ``make``, a journal that is behind, a machine that slept) there is no burst: see
    ``Repeated.missed``. ``tell`` is called on the run's thread, at most after every message or every
    ``TELL_EVERY`` seconds, and the last time with an ``end``; it must not block.
    """

    def __init__(
        self, audience: Audience, plan: Plan, tell: Callable[[Repeated], None], *, exact: bool, sink: EventSink | None
    ) -> None:
        super().__init__(f"repeat to {audience.name}", sink)
        self._audience = audience
        self._plan = plan
        self._tell = tell
        self._exact = exact
        self._lateness = Samples()
        self._latest = Repeated(total=plan.total)
        self._told_at = 0

    @property
    def progress(self) -> Repeated:
        """How it goes. Any thread."""
        return self._latest

    # The run's thread.

    def _work(self) -> None:
        plan = self._plan
        due = monotonic_ns()
        rounds = itertools.count() if plan.rounds is None else range(plan.rounds)
        for count in rounds:
            for message in plan.messages:
                self._wait_for(due)
                due = self._send(message, count, due)

    def _wait_for(self, due: int) -> None:
        """Wait for the moment, as long as there is somebody to send to."""
        self._check_that_somebody_is_there()
        self._tell_now_and_then(due)
        self._check()
        self._wait_for_journal()
        while monotonic_ns() < due:
            self._pause(due)
            self._check_that_somebody_is_there()

    def _check_that_somebody_is_there(self) -> None:
        if not self._audience.watch(self.wake):
            raise Stopped(End.GONE, NOBODY_LEFT)

    def _send(self, message: PlannedMessage, count: int, due: int) -> int:
        """Send it now and return the moment of the next."""
        pause = round(message.pause * 1e9)
        data = message.make(count)
        now = monotonic_ns()
        late, missed = now - due, self._latest.missed
        if 0 < pause <= late:
            passed = late // pause
            is_alone = len(self._plan.messages) == 1
            due += passed * pause if is_alone else late
            late = now - due
            missed += passed if is_alone else 1
        self._lateness.add(late)
        self._note(self._offer(data), missed)
        return due + pause

    def _offer(self, message: bytes) -> Delivery:
        try:
            return self._audience.offer(message, exact=self._exact, origin=REPEAT)
        except NobodyThere as error:
            raise Stopped(End.GONE, NOBODY_LEFT) from error

    def _note(self, delivery: Delivery, missed: int) -> None:
        before, refused = self._latest, delivery.refused
        self._latest = replace(
            before,
            sent=before.sent + bool(delivery.accepted),
            refused=before.refused + len(refused),
            refusal=refused[-1][1] if refused else before.refusal,
            missed=missed,
        )

    def _tell_now_and_then(self, due: int) -> None:
        """Tell before a long wait, or when it is time to."""
        now = monotonic_ns()
        if due - now >= TELL_EVERY_NS or now - self._told_at >= TELL_EVERY_NS:
            self._told_at = now
            self._latest = replace(self._latest, lateness=self._lateness.freeze())
            self._tell(self._latest)

    def _leave(self, end: End, why: str) -> None:
        self._audience.unwatch(self.wake)
        self._latest = replace(self._latest, lateness=self._lateness.freeze(), end=end, why=why)
        self._tell(self._latest)
