"""Messages that a tap holds: what waits, in which order it goes on, and what becomes of it when somebody leaves."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TincanError
from core.events import Closed, Ending, Opened, Received, Remark, Sent
from core.net.hold import HeldMessage, HeldMessages, HeldQueue, Hold, HoldError, Matcher
from core.net.owner import Pause
from core.net.tap import Tap
from core.origin import EDITED, PASSED_ON
from core.settings import KIB, Limits
from tests.support.peers import Host, Peer, Resets
from tests.support.sink import Sink, until
from tests.support.stage import held_up, tapping
from tests.support.systems import needs_rst


def lines(held: HeldMessages, expression: str = "") -> HeldQueue:
    return HeldQueue("line", Matcher(expression), 1, held, longest=64 * KIB)


def taken(queue: HeldQueue) -> list[bytes]:
    """What goes on now, as it came."""
    passed = queue.take()
    assert {message.origin for message in passed} <= {PASSED_ON}
    return [message.data for message in passed]


def let_go(held: HeldMessages, queue: HeldQueue, key: int, data: bytes | None = None) -> bool:
    """Decide what becomes of a message, and release it; whether it was there."""
    return held.decide(key, data) and queue.release(key)


@given(st.lists(st.binary(min_size=1, max_size=20)), st.sampled_from(["raw", "line", "fixed:3"]))
def test_what_is_let_go_is_what_came(chunks: list[bytes], framing: str) -> None:
    held = HeldMessages()
    queue = HeldQueue(framing, Matcher(""), 1, held, longest=64 * KIB)
    for chunk in chunks:
        queue.put(chunk, 0)
    assert queue.take() == []
    assert queue.size == sum(map(len, chunks))
    queue.let_go()

    assert b"".join(taken(queue)) == b"".join(chunks)
    assert (queue.size, held.listed) == (0, ())


def test_messages_are_those_of_the_framing_and_wait_in_their_order() -> None:
    held = HeldMessages()
    queue = lines(held, "b")
    for piece in (b"a1\nb", b"2\na3\nb4\nrest"):
        queue.put(piece, 7)

    assert taken(queue) == [b"a1\n"]
    assert held.listed == (HeldMessage(1, 1, b"b2\n", 7), HeldMessage(2, 1, b"b4\n", 7))
    assert let_go(held, queue, 2, b"second\n")
    assert queue.take() == [], "it waits behind the first"
    assert let_go(held, queue, 1)
    passed = [(message.data, message.origin, message.size) for message in queue.take()]
    assert passed == [(b"b2\n", PASSED_ON, 3), (b"a3\n", PASSED_ON, 3), (b"second\n", EDITED, 3)]
    assert queue.size == len(b"rest")
    queue.finish(0)
    assert taken(queue) == [b"rest"]


def test_a_message_that_is_dropped_goes_nowhere_and_one_is_changed_once() -> None:
    held = HeldMessages()
    queue = lines(held)
    queue.put(b"one\ntwo\n", 0)

    assert let_go(held, queue, 1, b"")
    assert not let_go(held, queue, 1, b"again")
    assert not let_go(held, queue, 9)
    assert [(message.data, message.size) for message in queue.take()] == [(b"", 4)]
    assert [one.data for one in held.listed] == [b"two\n"]


def test_an_expression_that_is_none_is_refused() -> None:
    with pytest.raises(HoldError, match="no regular expression"):
        Matcher("(")


@pytest.mark.parametrize(
    ("expression", "message", "fits"),
    [("", b"anything", True), ("GET", b"xGETx", True), ("GET", b"POST", False), ("é", "é".encode(), True),
     ("a", b"\xffa", True), (r"^(a|a)*$", b"a" * 60 + b"b", True)],
)  # fmt: skip
def test_an_expression_says_what_is_held(expression: str, message: bytes, fits: bool) -> None:
    assert Matcher(expression).fits(message) is fits


class Pair:
    def __init__(self, tap: Tap, sink: Sink, caller: Peer, target: Peer) -> None:
        self.tap, self.sink, self.caller, self.target = tap, sink, caller, target

    def waits_for(self, *held: bytes) -> None:
        until(lambda: tuple(one.data for one in self.tap.held) == held, f"{held} to be held")

    def notes(self) -> list[str]:
        return [event.text for event in self.sink.of(Remark)]


@contextmanager
def holding(hold: Hold, kind: type[Peer] = Peer, limits: Limits | None = None) -> Iterator[Pair]:
    with Host() as host, tapping(host.address, limits=limits or Limits()) as (tap, sink):
        tap.set_hold(hold)
        with kind.calls(tap.addresses[0]) as caller, host.accept(kind) as target:
            sink.wait_for(Opened, 2)
            yield Pair(tap, sink, caller, target)


def test_a_message_is_held_forwarded_changed_and_dropped() -> None:
    with holding(Hold(out=True, into=False, framing="line")) as pair:
        pair.caller.say(b"one\ntwo\nthree\nfour\n")
        pair.waits_for(b"one\n", b"two\n", b"three\n", b"four\n")
        one, two, three, _four = pair.tap.held
        assert {held.number for held in pair.tap.held} == {1}
        pair.target.say(b"not held")
        assert pair.caller.hear(8) == b"not held"

        pair.tap.forward(one.key)
        assert pair.target.hear(4) == b"one\n"
        pair.tap.forward(two.key, b"TWO!\n")
        assert pair.target.hear(5) == b"TWO!\n"
        pair.tap.forward(three.key, b"")
        pair.waits_for(b"four\n")
        pair.tap.let_go()
        assert pair.target.hear(5) == b"four\n"

        assert pair.tap.held == ()
        sent = pair.sink.wait_for(Sent, 3, connection=pair.tap.connections[1].id)
        said = [(event.data, event.origin) for event in sent]
        assert said == [(b"one\n", PASSED_ON), (b"TWO!\n", EDITED), (b"four\n", PASSED_ON)]
        assert pair.notes() == [
            "a held message of 4 bytes goes on changed, with 5",
            "a held message of 6 bytes was dropped",
        ]


@pytest.mark.parametrize("data", [b"pay 99\n", b"", None])
@pytest.mark.parametrize("hold", [None, Hold(into=False, framing="fixed:3"), Hold(out=False, framing="line")])
def test_what_is_decided_of_a_message_counts_while_the_thread_is_about_to_let_everything_go(
    data: bytes | None, hold: Hold | None
) -> None:
    with holding(Hold(into=False, framing="line")) as pair:
        pair.caller.say(b"pay 10\nand begun")
        pair.waits_for(b"pay 10\n")
        (held,) = pair.tap.held
        go_on = held_up(pair.tap)
        pair.tap.let_go()
        pair.tap.set_hold(hold)
        assert pair.tap.forward(held.key, data)
        assert pair.tap.held == ()
        assert not pair.tap.forward(held.key, b"again")
        go_on.set()

        gone = b"pay 10\n" if data is None else data
        assert pair.target.hear(len(gone) + 9) == gone + b"and begun"
        assert not pair.tap.forward(held.key, b"too late")
        told = {b"pay 99\n": ["goes on changed, with 7"], b"": ["was dropped"], None: []}[data]
        assert pair.notes() == [f"a held message of 7 bytes {what}" for what in told]


def test_each_is_forwarded_once_however_late_the_thread_of_the_tap_does_it() -> None:
    with holding(Hold(into=False, framing="line")) as pair:
        pair.caller.say(b"one\ntwo\nthree\n")
        pair.waits_for(b"one\n", b"two\n", b"three\n")
        go_on = held_up(pair.tap)
        for _ in range(2):
            assert pair.tap.forward(pair.tap.held[0].key)
        pair.waits_for(b"three\n")
        go_on.set()

        assert pair.target.hear(8) == b"one\ntwo\n"
        assert pair.notes() == []


@needs_rst
def test_what_was_decided_of_a_message_that_is_lost_is_not_told_as_done() -> None:
    with holding(Hold(into=False, framing="line"), Resets) as pair:
        pair.caller.say(b"one\ntwo\n")
        pair.waits_for(b"one\n", b"two\n")
        assert pair.tap.forward(pair.tap.held[1].key, b"TWO\n")
        pair.caller.leave()
        pair.sink.wait_for(Closed, 2)

        assert pair.notes() == ["8 held bytes were not passed on: #1 is over"]


def test_only_what_fits_is_held_and_what_comes_behind_it_waits() -> None:
    with holding(Hold(out=False, into=True, expression="secret", framing="line")) as pair:
        pair.target.say(b"open\nsecret\nalso open\n")
        assert pair.caller.hear(5) == b"open\n"
        pair.waits_for(b"secret\n")
        assert pair.tap.held[0].number == -1
        pair.tap.forward(pair.tap.held[0].key, b"public\n")

        assert pair.caller.hear(17) == b"public\nalso open\n"


def test_what_comes_behind_a_held_message_is_held_by_the_expression_that_counts_by_then() -> None:
    with holding(Hold(out=True, into=False, framing="line")) as pair:
        pair.caller.say(b"any\n")
        pair.waits_for(b"any\n")
        pair.tap.set_hold(Hold(out=True, into=False, expression="secret", framing="line"))
        pair.caller.say(b"open\nsecret\n")
        pair.waits_for(b"any\n", b"secret\n")
        pair.tap.forward(pair.tap.held[0].key)

        assert pair.target.hear(9) == b"any\nopen\n"


def test_a_message_that_goes_on_with_the_bytes_that_it_had_was_not_changed() -> None:
    with holding(Hold(out=True, into=False, framing="line")) as pair:
        pair.caller.say(b"same\n")
        pair.waits_for(b"same\n")
        pair.tap.forward(pair.tap.held[0].key, b"same\n")

        assert pair.target.hear(5) == b"same\n"
        (sent,) = pair.sink.wait_for(Sent, connection=pair.tap.connections[1].id)
        assert sent.origin == PASSED_ON
        assert pair.notes() == []


def test_everything_goes_on_when_nothing_is_to_be_held_any_more() -> None:
    with holding(Hold(framing="line")) as pair:
        pair.caller.say(b"whole\nand begun")
        pair.waits_for(b"whole\n")
        pair.target.say(b"back\n")
        pair.waits_for(b"whole\n", b"back\n")
        pair.tap.set_hold(Hold(out=True, into=False, framing="line"))
        assert pair.caller.hear(5) == b"back\n"
        pair.waits_for(b"whole\n")
        pair.tap.set_hold(None)

        assert pair.target.hear(15) == b"whole\nand begun"
        pair.caller.say(b"free")
        assert pair.target.hear(4) == b"free"


def test_a_goodbye_waits_behind_what_is_held() -> None:
    with holding(Hold(out=True, into=False)) as pair:
        pair.caller.say(b"last words")
        pair.caller.finish()
        pair.waits_for(b"last words")
        pair.target.say(b"still there")
        assert pair.caller.hear(11) == b"still there"
        pair.tap.let_go()

        assert pair.target.hear_all() == b"last words"


@needs_rst
def test_what_is_held_of_somebody_who_was_reset_is_told_to_be_lost() -> None:
    with holding(Hold(), Resets) as pair:
        pair.caller.say(b"never mind")
        pair.waits_for(b"never mind")
        pair.caller.leave()

        assert pair.target.hear_a_reset() == b""
        assert {event.ending for event in pair.sink.wait_for(Closed, 2)} == {Ending.PEER_RESET, Ending.PASSED_RESET}
        assert "10 held bytes were not passed on: #1 is over" in pair.notes()
        assert pair.tap.held == ()


def test_what_is_held_for_somebody_who_left_is_told_to_be_lost() -> None:
    with holding(Hold(out=True, into=False)) as pair:
        pair.caller.say(b"x")
        pair.waits_for(b"x")
        pair.tap.connections[1].close()
        assert pair.target.hear_all() == b""
        pair.target.leave()
        pair.caller.leave()
        pair.sink.wait_for(Closed, 2)

        assert "1 held byte was not passed on: #1→ is over" in pair.notes()


def test_what_is_held_is_bounded_and_slows_the_writer_down() -> None:
    with holding(Hold(out=True, into=False), limits=Limits(outbox=64 * KIB, receive=4 * KIB)) as pair:
        pair.caller.sock.setblocking(False)
        sent = 0
        try:
            while True:
                sent += pair.caller.sock.send(bytes(64 * KIB))
        except BlockingIOError:
            pass
        near = pair.tap.connections[0]
        until(lambda: Pause.TAP in near._pause, "it to be read no more")
        held = sum(len(one.data) for one in pair.tap.held)
        assert held <= 64 * KIB
        pair.tap.set_hold(None)

        assert pair.target.hear(sent) == bytes(sent)
        assert sum(len(one.data) for one in pair.sink.of(Received)) == sent


@pytest.mark.parametrize("hold", [Hold(expression="("), Hold(framing="gremlins")])
def test_what_makes_no_sense_is_refused_at_once(hold: Hold) -> None:
    with pytest.raises(TincanError):
        Tap("0", "127.0.0.1:1").set_hold(hold)


def test_each_that_is_held_is_listed_once_however_many_are_held_already(monkeypatch: pytest.MonkeyPatch) -> None:
    made = itertools.count()
    monkeypatch.setattr("core.net.hold.HeldMessage", lambda *values: (next(made), HeldMessage(*values))[1])
    held = HeldMessages()
    queue = lines(held)
    for number in range(900):
        queue.put(b"%d\n" % number, number)
        assert queue.take() == []

    assert next(made) == 900
    assert [one.since for one in held.listed] == list(range(900))
    for one in reversed(held.listed[1:]):
        assert let_go(held, queue, one.key)
    assert [one.since for one in held.listed] == [0]


def test_so_many_messages_are_told_apart_and_no_more() -> None:
    held, sent = HeldMessages(), [b"%d\n" % number for number in range(2_500)]
    queue = lines(held)
    queue.put(b"".join(sent[:1_500]), 1)
    queue.put(b"".join(sent[1_500:]) + b"rest", 2)
    queue.finish(3)

    assert queue.is_full
    assert queue.take() == []
    passed = []
    for _ in range(2_000):
        assert len(held.listed) <= 1_000
        assert let_go(held, queue, held.listed[0].key)
        passed += taken(queue)
    assert passed == sent[:2_000]
    assert not queue.is_full
    assert [(one.data, one.since) for one in held.listed[-2:]] == [(b"2499\n", 2), (b"rest", 3)]
    queue.let_go()
    assert (taken(queue), queue.size) == ([*sent[2_000:], b"rest"], 0)


@pytest.mark.parametrize("framing", ["line", "fixed:3", "gap:1000"])
def test_what_is_not_told_apart_is_let_go_with_the_rest_and_the_next_is_told_apart(framing: str) -> None:
    held = HeldMessages()
    queue = HeldQueue(framing, Matcher(""), 1, held, longest=64 * KIB)
    queue.put(b"ab\n" * 3_000 + b"a", 0)
    queue.put(b"b\n", 1)
    queue.let_go()
    assert b"".join(taken(queue)) == b"ab\n" * 3_001
    queue.put(b"cd\nef\n", 2_000_000_002)
    queue.finish(2_000_000_003)
    assert [one.data for one in held.listed][-1].endswith(b"ef\n")
    assert b"".join(one.data for one in held.listed) == b"cd\nef\n"


def test_messages_that_do_not_fit_are_passed_on_however_many_come_at_once() -> None:
    held, sent = HeldMessages(), [b"%d\n" % number for number in range(5_000)]
    queue = lines(held, "no such")
    queue.put(b"".join(sent), 0)
    passed = taken(queue)
    while queue.has_more:
        passed += taken(queue)
    assert passed == sent
    assert (queue.size, held.listed) == (0, ())


def test_so_many_messages_are_looked_at_before_others_have_their_turn() -> None:
    queue = lines(HeldMessages(), "no such")
    for number in range(50):
        queue.put(b"%d\n" % number, 0)
    turns = [taken(queue)]
    while queue.has_more:
        turns.append(taken(queue))
    assert [len(turn) for turn in turns] == [20, 20, 10]


def test_a_pair_with_many_messages_to_look_at_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[bytes] = []
    others: list[Peer] = []

    def fits(_matcher: Matcher, message: bytes) -> bool:
        if not looked:
            others[0].say(b"other\n")
        looked.append(message)
        return False

    monkeypatch.setattr(Matcher, "fits", fits)
    hold = Hold(into=False, expression="x", framing="line")
    with holding(hold) as pair, Peer.calls(pair.tap.addresses[0]) as other:
        until(lambda: len(pair.tap.connections) == 4, "both pairs to stand")
        others.append(other)
        pair.caller.say(b"m\n" * 400)
        assert pair.target.hear(800) == b"m\n" * 400
        until(lambda: b"other\n" in looked, "the other pair's message to be looked at")

    assert looked.index(b"other\n") < 100


def when_looked_at(monkeypatch: pytest.MonkeyPatch, calls: dict[int, Callable[[], None]]) -> list[bytes]:
    """Do something before the expression looks at the message with that number; all that it looks at, it fits none."""
    looked: list[bytes] = []

    def fits(_matcher: Matcher, message: bytes) -> bool:
        calls.get(len(looked), lambda: None)()
        looked.append(message)
        return False

    monkeypatch.setattr(Matcher, "fits", fits)
    return looked


@needs_rst
def test_a_reset_behind_many_messages_to_look_at_is_passed_on_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: dict[int, Callable[[], None]] = {}
    looked = when_looked_at(monkeypatch, calls)
    hold = Hold(into=False, expression="x", framing="line")
    with holding(hold, Resets) as pair, Peer.calls(pair.tap.addresses[0]) as other:
        until(lambda: len(pair.tap.connections) == 4, "both pairs to stand")
        calls[0] = pair.caller.leave
        calls[45] = partial(other.say, b"other\n")
        pair.caller.say(b"m\n" * 400)
        assert pair.target.hear_a_reset() in (b"m\n" * 400, b"")  # not every system lets a reader have it
        until(lambda: b"other\n" in looked, "the other pair's message to be looked at")

        assert looked.index(b"other\n") < 150
        assert sum(len(event.data) for event in pair.sink.of(Sent)) >= 800
        assert {event.ending for event in pair.sink.wait_for(Closed, 2)} == {Ending.PEER_RESET, Ending.PASSED_RESET}


@needs_rst
def test_what_is_not_looked_at_when_the_other_one_ends_as_well_is_told_to_be_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: dict[int, Callable[[], None]] = {}
    when_looked_at(monkeypatch, calls)
    with holding(Hold(into=False, expression="x", framing="line"), Resets) as pair:
        far = next(each for each in pair.tap.connections if each.number < 0)
        calls[0] = pair.caller.leave
        calls[45] = lambda: pair.tap._soon(far.abort)
        pair.caller.say(b"m\n" * 400)
        pair.sink.wait_for(Closed, 2)

        sent = sum(len(event.data) for event in pair.sink.of(Sent))
        assert pair.notes() == [f"{800 - sent} held bytes were not passed on: #1→ is over"]


@needs_rst
def test_what_came_before_a_reset_is_looked_at_to_its_end() -> None:
    with holding(Hold(into=False, expression="no such", framing="line"), Resets) as pair:
        pair.caller.say(b"m\n" * 400)
        pair.caller.leave()
        pair.sink.wait_for(Closed, 2)

        assert sum(len(event.data) for event in pair.sink.of(Sent)) == 800


@pytest.mark.parametrize("expression", ["", "no such"])
def test_a_message_that_is_longer_than_there_is_room_is_not_waited_for(expression: str) -> None:
    sent = 500 * KIB
    limits = Limits(outbox=128 * KIB)
    hold = Hold(into=False, expression=expression, framing="line")
    with ThreadPoolExecutor(1) as pool, holding(hold, limits=limits) as pair:
        pool.submit(pair.caller.say, bytes(sent) + b"\n")
        if not expression:
            until(lambda: len(pair.tap.held) == 1, "the first of it to be held")
            pair.tap.set_hold(None)
        assert pair.target.hear(sent + 1) == bytes(sent) + b"\n"


def test_empty_lines_are_read_no_faster_than_they_are_let_go() -> None:
    sent = b"\n" * 100 * KIB
    with ThreadPoolExecutor(1) as pool, holding(Hold(into=False, framing="line")) as pair:
        pool.submit(pair.caller.say, sent)
        near = next(each for each in pair.tap.connections if each.number > 0)
        until(lambda: Pause.TAP in near._pause, "it to be read no more")
        assert len(pair.tap.held) == 1_000
        pair.tap.let_go()
        until(lambda: len(pair.tap.held) == 1_000, "more to be held")
        pair.tap.set_hold(None)
        assert pair.target.hear(len(sent)) == sent
