"""However much comes, the window is visited rarely and briefly, and misses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise

import pytest

from core.address import Address
from core.events import SessionId
from core.journal.recording.ledger import Recording, SessionState
from core.journal.recording.recorder import Batch
from core.roles import Role
from gui.platform.bridge import BUDGET, FRAME, Bridge


class FakeWaker:
    """Has its callback called when the loop runs next."""

    descriptor = 7

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.is_due = False
        self.is_open = True

    def wake(self) -> None:
        self.is_due = True

    def close(self) -> None:
        self.is_open = False


class FakeLoop:
    """An event loop whose time the test makes."""

    def __init__(self) -> None:
        self.now = 100.0
        self.planned: dict[str, tuple[float, Callable[[], None]]] = {}
        self.wakers: list[FakeWaker] = []
        self.undrawn = 0  # what waits to be drawn
        self.drawn: list[float] = []
        self._tickets = iter(range(10**6))

    def after(self, milliseconds: int, callback: Callable[[], None]) -> str:
        ticket = str(next(self._tickets))
        self.planned[ticket] = (self.now + milliseconds / 1000, callback)
        return ticket

    def cancel(self, ticket: str) -> None:
        del self.planned[ticket]

    def waker(self, callback: Callable[[], None]) -> FakeWaker:
        self.wakers.append(FakeWaker(callback))
        return self.wakers[-1]

    def draw(self) -> bool:
        if not self.undrawn:
            return False
        self.undrawn -= 1
        self.drawn.append(self.now)
        return True

    def run(self, seconds: float) -> None:
        """Let time pass in steps of a millisecond."""
        end = self.now + seconds
        while self.now < end:
            for waker in self.wakers:
                if waker.is_due and waker.is_open:
                    waker.is_due = False
                    waker.callback()
            for ticket, (due, call) in list(self.planned.items()):
                if due <= self.now + 1e-9:
                    del self.planned[ticket]
                    call()
            self.now += 0.001


class FakeQueue:
    """What the recorder holds for the window."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def drain(self) -> list[Batch]:
        batches, self.batches = self.batches, []
        return batches


class Window:
    """Counts visits and keeps what they brought."""

    def __init__(self) -> None:
        self.visits: list[dict[SessionId, SessionState]] = []

    def deliver(self, states: dict[SessionId, SessionState], recording: Recording) -> None:
        self.visits.append(states)


def batch(entries: int, session: int = 1) -> Batch:
    state = SessionState(SessionId(session), Role.SERVER, Address("127.0.0.1", 1), "raw", None, entries=entries)
    return Batch((state,), Recording(None))


@pytest.fixture
def scene() -> Iterator[tuple[FakeLoop, FakeQueue, Window, Bridge]]:
    loop, queue, window = FakeLoop(), FakeQueue(), Window()
    bridge = Bridge(loop, window.deliver, clock=lambda: loop.now)
    bridge.start(queue)
    loop.run(0.1)
    yield loop, queue, window, bridge
    bridge.close()
    assert not loop.planned
    assert not any(waker.is_open for waker in loop.wakers)


Scene = tuple[FakeLoop, FakeQueue, Window, Bridge]


def test_what_comes_is_delivered_within_a_frame(scene: Scene) -> None:
    loop, queue, window, bridge = scene
    queue.batches.append(batch(1))

    bridge.wake()
    loop.run(FRAME + 0.002)

    assert [state.entries for visit in window.visits for state in visit.values()] == [1]


def test_a_thousand_wakes_are_few_visits_that_bring_the_latest(scene: Scene) -> None:
    loop, queue, window, bridge = scene
    for entries in range(1, 1001):
        queue.batches.append(batch(entries))
        bridge.wake()
        loop.run(0.0005)
    loop.run(0.1)

    assert len(window.visits) <= 1.2 / FRAME
    assert window.visits[-1][SessionId(1)].entries == 1000


def test_an_idle_window_is_left_alone(scene: Scene) -> None:
    loop, _queue, window, _bridge = scene
    loop.run(1.0)

    assert window.visits == []
    assert loop.planned == {}


def test_work_beyond_the_budget_waits_for_the_next_frame(scene: Scene) -> None:
    loop, queue, window, bridge = scene
    queue.batches.extend(batch(entries) for entries in range(100))
    bridge._clock = _each_look_takes(loop, 0.003)

    bridge.wake()
    loop.run(0.02)
    some = len(window.visits)
    loop.run(2.0)

    assert some >= 1
    assert len(window.visits) > some
    assert window.visits[-1][SessionId(1)].entries == 99


def _each_look_takes(loop: FakeLoop, seconds: float) -> Callable[[], float]:
    looks = iter(range(10**6))
    return lambda: loop.now + next(looks) * seconds


def test_calls_from_other_threads_are_made_on_the_windows(scene: Scene) -> None:
    loop, _queue, _window, bridge = scene
    made_on: list[int] = []
    thread = threading.Thread(target=bridge.post, args=(lambda: made_on.append(threading.get_ident()),))

    thread.start()
    thread.join()
    loop.run(0.05)

    assert made_on == [threading.get_ident()]


def test_an_error_in_the_window_does_not_stop_the_visits(scene: Scene) -> None:
    loop, queue, window, bridge = scene

    def fail(_states: object, _recording: object) -> None:
        raise ValueError("in the window")

    good, bridge._deliver = bridge._deliver, fail
    queue.batches.append(batch(1))
    bridge.wake()
    with pytest.raises(ValueError, match="in the window"):
        loop.run(0.05)
    bridge._deliver = good
    queue.batches.append(batch(2))
    bridge.wake()
    loop.run(0.05)

    assert window.visits[-1][SessionId(1)].entries == 2


def test_a_call_that_raises_keeps_none_behind_it_from_being_made(scene: Scene) -> None:
    loop, queue, window, bridge = scene
    made: list[str] = []

    def fail() -> None:
        raise ValueError("in a call")

    for call in (lambda: made.append("before"), fail, lambda: made.append("behind")):
        bridge.post(call)
    queue.batches.append(batch(1))

    with pytest.raises(ValueError, match="in a call"):
        loop.run(0.1)
    loop.run(0.1)  # nobody wakes it again

    assert made == ["before", "behind"]
    assert window.visits[-1][SessionId(1)].entries == 1


def test_a_call_that_posts_itself_again_leaves_the_loop_its_turn(scene: Scene) -> None:
    loop, _queue, _window, bridge = scene
    turns: list[float] = []

    def take_a_turn() -> None:
        turns.append(loop.now)
        loop.now += 0.005
        if len(turns) < 100:
            bridge.post(take_a_turn)

    bridge.post(take_a_turn)
    loop.run(2.0)

    assert len(turns) == 100
    visits = len(set(map(_place_in_frames, turns)))
    assert visits >= 100 * 0.005 / (2 * FRAME)


def _place_in_frames(moment: float) -> int:
    return int(moment / FRAME)


def test_what_closes_the_bridge_is_the_last_call(scene: Scene) -> None:
    loop, _queue, _window, _bridge = scene
    made: list[str] = []
    ending = Bridge(loop, Window().deliver, clock=lambda: loop.now)
    ending.start(FakeQueue())

    ending.post(ending.close)
    ending.post(lambda: made.append("too late"))
    loop.run(0.1)

    assert made == []


def test_after_a_long_visit_the_loop_has_as_long_for_the_person() -> None:
    loop, queue = FakeLoop(), FakeQueue()
    visits: list[tuple[float, float]] = []

    def draw_slowly(_states: dict[SessionId, SessionState], _recording: Recording) -> None:
        began, loop.now = loop.now, loop.now + 0.040
        visits.append((began, loop.now))

    bridge = Bridge(loop, draw_slowly, clock=lambda: loop.now)
    bridge.start(queue)
    for _ in range(100):
        queue.batches.append(batch(1))
        bridge.wake()
        loop.run(0.005)
    bridge.close()

    free = [following[0] - before[1] for before, following in pairwise(visits)]
    assert len(visits) > 3
    assert min(free) > 0.039


def test_what_waits_to_be_drawn_is_drawn_before_a_visit_and_puts_it_off_once(scene: Scene) -> None:
    loop, queue, window, bridge = scene
    undrawn: list[tuple[int, int]] = []

    def deliver(states: dict[SessionId, SessionState], recording: Recording) -> None:
        undrawn.append((loop.undrawn, len(loop.drawn)))
        window.deliver(states, recording)

    bridge._deliver = deliver
    loop.undrawn = 1
    queue.batches.append(batch(1))
    bridge.wake()
    loop.run(0.05)
    assert undrawn == [(0, 1)]

    loop.undrawn = 1000  # there is always something
    for entries in range(2, 5):
        queue.batches.append(batch(entries))
        bridge.wake()
        loop.run(0.05)
    assert undrawn[1:] == [(999, 2), (998, 3), (997, 4)]
    assert window.visits[-1][SessionId(1)].entries == 4


def test_what_cannot_be_drawn_keeps_no_visit_from_being_made(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, queue, window, bridge = scene

    def fail() -> bool:
        raise ValueError("while it was drawn")

    monkeypatch.setattr(loop, "draw", fail)
    queue.batches.append(batch(1))
    bridge.wake()
    with pytest.raises(ValueError, match="while it was drawn"):
        loop.run(0.05)
    loop.run(0.05)

    assert window.visits[-1][SessionId(1)].entries == 1


def test_drawing_may_close_the_bridge(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, queue, window, bridge = scene

    def close() -> bool:
        bridge.close()
        return True

    monkeypatch.setattr(loop, "draw", close)
    queue.batches.append(batch(1))
    bridge.wake()
    loop.run(0.05)

    assert window.visits == []


def test_what_calls_leave_no_time_for_is_delivered_with_the_next_visit_and_no_later(scene: Scene) -> None:
    loop, queue, window, bridge = scene
    did: list[str] = []

    def take_long() -> None:
        did.append("a call")
        loop.now += BUDGET * 3 / 4
        if len(did) < 20:
            bridge.post(take_long)

    def deliver(states: dict[SessionId, SessionState], recording: Recording) -> None:
        did.append("delivered")
        queue.batches.append(batch(1))
        window.deliver(states, recording)

    bridge._deliver = deliver
    bridge.post(take_long)
    queue.batches.append(batch(1))
    loop.run(0.2)

    calls = [len(list(group)) for what, group in groupby(did) if what == "a call"]
    assert len(calls) > 3
    assert set(calls[:-1]) == {4}  # two visits with two calls each: the budget is the calls' own
