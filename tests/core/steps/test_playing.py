"""A list of steps as values: which answer counts for which step, when, and what is done without one."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from core.compose import Draft, Format
from core.errors import SendError
from core.steps.playing import AGAIN_AFTER, HANDED_OVER, MOST_AGAIN, PeerEnd, Playing, Row, Verdict
from core.steps.step import Expectation, Otherwise, OwnEnd, ReadySteps, Step, StepError, StepList

MS = 1_000_000  # ns
WISHED, MISSED, SENT = Verdict.WISHED, Verdict.MISSED, Verdict.SENT


def says(text: str) -> Draft:
    return Draft(text, Format.ESCAPES)


def step(
    text: str | None = None,
    when: str | None = None,
    pattern: str = "",
    *,
    within: int = 100,
    otherwise: Otherwise = Otherwise.STOP,
    pause: float = 0,
    end: OwnEnd | None = None,
) -> Step:
    expected = Expectation(when, pattern, within, otherwise) if when is not None else None
    return Step("", says(text) if text is not None else None, expected, pause, end)


class Stage:
    """A list that is played by hand; time is what the test says."""

    def __init__(self, *steps: Step, framing: str = "line", rounds: int | None = 1, datagrams: bool = False) -> None:
        self.sent: list[bytes] = []
        self.send: Callable[[bytes], None] = self.sent.append
        self.ends: list[OwnEnd] = []
        ready = ReadySteps(StepList("played", steps, framing))
        self.playing = Playing(ready, lambda data: self.send(data), self.ends.append, rounds=rounds)
        if datagrams:
            self.playing.take_datagrams()
        self.at(0)

    def at(self, ms: float) -> None:
        while self.playing.turn(round(ms * MS)):
            pass

    def comes(self, data: bytes, ms: float) -> None:
        self.playing.heard(data, round(ms * MS))
        self.at(ms)

    @property
    def rows(self) -> list[Row]:
        return list(self.playing.rows)

    @property
    def verdicts(self) -> list[Verdict]:
        return [row.verdict for row in self.rows]


def test_a_message_is_answered_and_its_captures_go_into_the_next() -> None:
    stage = Stage(step("T?", "regex", r"^(?P<degrees>\S+) (C)$"), step(r"SET \{degrees} \{2} \{0}", "equals", "OK"))
    assert stage.sent == [b"T?\n"]
    stage.comes(b"21.5 C\n", 12)
    assert stage.sent == [b"T?\n", b"SET 21.5 C 21.5 C\n"]
    stage.comes(b"OK\n", 20)
    assert stage.playing.is_over
    assert not stage.playing.why
    assert [(row.sent, row.answer, row.took, row.verdict) for row in stage.rows] == [
        (b"T?\n", b"21.5 C", 12 * MS, WISHED),
        (b"SET 21.5 C 21.5 C\n", b"OK", 8 * MS, WISHED),
    ]


def test_an_answer_that_came_before_the_wait_began_counts() -> None:
    stage = Stage(step("a", pause=50), step(None, "equals", "early"))
    stage.comes(b"early\n", 10)
    assert stage.verdicts == [SENT]
    stage.at(50)
    assert stage.verdicts == [SENT, WISHED]
    assert stage.rows[1].took == 0


@pytest.mark.parametrize("framing", ["line", "raw"])
def test_an_answer_in_pieces_is_one(framing: str) -> None:
    stage = Stage(step("a", "equals", "whole" if framing == "line" else "whole\\n"), framing=framing)
    for place, byte in enumerate(b"whole\n"):
        assert not stage.playing.is_over
        stage.comes(bytes([byte]), place)
    assert stage.verdicts == [WISHED]
    assert stage.rows[0].took == 5 * MS


def test_two_answers_in_one_segment_are_two_under_a_framing() -> None:
    stage = Stage(step("a", "equals", "one"), step("b", "equals", "two"))
    stage.comes(b"one\ntwo\n", 1)
    assert [row.answer for row in stage.rows] == [b"one", b"two"]
    assert stage.verdicts == [WISHED, WISHED]


def test_each_datagram_is_a_message() -> None:
    stage = Stage(step("a", "equals", "one"), step("b", "any"), step("c", "any"), framing="raw", datagrams=True)
    for datagram in (b"other", b"one", b"", b"two"):
        stage.comes(datagram, 1)
    assert [row.answer for row in stage.rows] == [b"one", b"", b"two"]
    assert stage.rows[0].why == "1 message passed over (5 B)"
    assert stage.verdicts == [WISHED, WISHED, WISHED]


def test_an_empty_datagram_is_no_end_and_completes_no_line() -> None:
    stage = Stage(step("a", "equals", "one"), datagrams=True)
    for datagram in (b"", b"on", b"", b"e\n"):
        stage.comes(datagram, 1)
    assert stage.verdicts == [WISHED]


def test_an_empty_datagram_is_not_nothing() -> None:
    stage = Stage(step("a", "nothing"), framing="raw", datagrams=True)
    stage.comes(b"", 1)
    assert stage.verdicts == [MISSED]


def test_two_answers_in_one_segment_are_one_without_a_framing() -> None:
    stage = Stage(step("a", "contains", "one"), step("b", "contains", "two"), framing="raw")
    stage.comes(b"onetwo", 1)
    stage.at(200)
    assert [(row.answer, row.verdict) for row in stage.rows] == [(b"onetwo", WISHED), (None, MISSED)]


def test_what_came_by_itself_before_an_answer_without_a_framing_is_passed_over() -> None:
    stage = Stage(step("a", "regex", r"^(\S+) C$"), framing="raw")
    for ms, data in enumerate((b"OK set", b"news: ", b"21", b".5 C"), 1):
        assert not stage.playing.is_over
        stage.comes(data, ms)
    (row,) = stage.rows
    assert (row.answer, row.verdict, row.why) == (b"21.5 C", WISHED, "2 messages passed over (12 B)")


def test_messages_that_do_not_fit_are_passed_over_and_told() -> None:
    stage = Stage(step("a", "begins", "OK"))
    stage.comes(b"hello\nnews\nOK fine\n", 3)
    (row,) = stage.rows
    assert (row.answer, row.verdict, row.why) == (b"OK fine", WISHED, "2 messages passed over (9 B)")


def test_an_answer_is_late_by_when_it_came_not_by_when_it_was_looked_at() -> None:
    stage = Stage(step("a", "equals", "x"), step("b", "equals", "x"))
    stage.playing.heard(b"x\n", 100 * MS)  # just in time
    stage.playing.heard(b"x\n", 101 * MS)
    stage.at(5_000)  # a machine that slept
    assert stage.verdicts == [WISHED, WISHED]
    late = Stage(step("a", "equals", "x"))
    late.comes(b"x\n", 100.001)
    assert late.verdicts == [MISSED]


def test_what_comes_while_a_step_waits_in_vain_is_shown_and_used_up() -> None:
    stage = Stage(step("a", "equals", "x", otherwise=Otherwise.GO_ON), step("b", "any"))
    stage.comes(b"y\n", 10)
    stage.at(99)
    assert not stage.rows
    stage.at(100 + HANDED_OVER / MS)
    assert [(row.answer, row.took, row.why) for row in stage.rows] == [(b"y", 10 * MS, "no such answer within 100 ms")]
    stage.comes(b"z\n", 110)
    assert stage.rows[1].answer == b"z"


def test_stop_ends_it_and_go_on_goes_on() -> None:
    stage = Stage(step("a", "any"), step("b"))
    stage.at(200)
    assert (stage.verdicts, stage.sent, stage.playing.why) == ([MISSED], [b"a\n"], "step 1 was not as wished")
    stage = Stage(step("a", "any", otherwise=Otherwise.GO_ON), step("b"))
    stage.at(200)
    assert (stage.verdicts, stage.sent, stage.playing.missed) == ([MISSED, SENT], [b"a\n", b"b\n"], 1)
    assert not stage.playing.why


def test_again_begins_the_list_anew_with_nothing_captured() -> None:
    stage = Stage(
        step("a", "regex", "(.)"),
        step(r"\{1}", "equals", "x", otherwise=Otherwise.AGAIN),
    )
    stage.comes(b"1\n", 1)
    stage.at(150)
    assert stage.verdicts == [WISHED, MISSED]
    assert stage.sent == [b"a\n", b"1\n"]
    stage.at(101 + AGAIN_AFTER / MS)
    assert stage.sent == [b"a\n", b"1\n", b"a\n"]
    stage.comes(b"2\nx\n", 210)
    assert (stage.playing.is_over, stage.playing.why, stage.playing.missed) == (True, "", 0)
    assert stage.playing.again == 0


def test_again_has_an_end_unless_the_list_has_none() -> None:
    stage = Stage(step("a", "any", within=1, otherwise=Otherwise.AGAIN))
    endless = Stage(step("a", "any", within=1, otherwise=Otherwise.AGAIN), rounds=None)
    for ms in range(0, 250 * (MOST_AGAIN + 2), 50):
        stage.at(ms)
        endless.at(ms)
    assert stage.playing.is_over
    assert len(stage.sent) == MOST_AGAIN + 1
    assert stage.playing.missed == 1
    assert not endless.playing.is_over


def test_rounds_are_counted() -> None:
    stage = Stage(step("a", "any"), rounds=3)
    for ms in (1, 2, 3):
        stage.comes(b"x\n", ms)
    assert [row.round for row in stage.rows] == [1, 2, 3]
    assert stage.playing.is_over


def test_the_end_of_the_other_side_can_be_wished() -> None:
    stage = Stage(step("QUIT", "end"))
    stage.comes(b"bye\n", 1)
    stage.comes(b"", 2)
    (row,) = stage.rows
    assert (row.verdict, row.took, row.why) == (WISHED, 2 * MS, "1 message passed over (3 B)")


@pytest.mark.parametrize("when", ["any", "equals"])
def test_the_end_of_the_other_side_ends_every_wait_at_once(when: str) -> None:
    stage = Stage(
        step("a", when, "x" * (when == "equals"), otherwise=Otherwise.GO_ON),
        step("b", "any", otherwise=Otherwise.AGAIN),
    )
    stage.comes(b"", 5)
    assert [(row.verdict, row.why) for row in stage.rows] == [(MISSED, "the other end finished first")] * 2
    assert (stage.playing.is_over, stage.playing.why) == (True, "the other end finished first")


def test_a_last_line_without_its_end_counts() -> None:
    stage = Stage(step("a", "equals", "last"))
    stage.comes(b"last", 1)
    stage.comes(b"", 2)
    assert stage.verdicts == [WISHED]


def test_that_nothing_comes_can_be_wished() -> None:
    stage = Stage(step("a", "nothing", within=50), step("b", "nothing", within=50))
    stage.at(49)
    assert stage.verdicts == []
    stage.at(60)
    stage.comes(b"x\n", 70)
    assert stage.verdicts == [WISHED, MISSED]
    assert (stage.rows[1].answer, stage.rows[1].why) == (b"x", "something came")


def test_silence_ends_a_message_where_that_is_the_framing() -> None:
    stage = Stage(step("a", "equals", "xy"), framing="gap:20")
    stage.comes(b"x", 1)
    stage.comes(b"y", 10)
    assert stage.playing.due == 30 * MS
    stage.at(31)
    assert (stage.verdicts, stage.rows[0].took) == ([WISHED], 10 * MS)


def test_what_is_sent_may_have_another_frame_than_answers() -> None:
    sent: list[bytes] = []
    steps = StepList("", (step("a", "equals", "b"),), "line", frame="length:1")
    playing = Playing(ReadySteps(steps), sent.append, lambda _end: None)
    playing.turn(0)
    playing.heard(b"b\n", 1)
    playing.turn(1)
    assert (sent, [row.verdict for row in playing.rows]) == ([b"\x01a"], [WISHED])


def test_what_is_no_message_is_told() -> None:
    stage = Stage(step("a", "any"), framing="length:2be")
    stage.comes(b"\xff\xff", 1)  # 65,535 bytes are announced: that may come
    stage.at(200)
    assert stage.rows[0].why == "no such answer within 100 ms"
    too_long = Playing(
        ReadySteps(StepList("", (step(None, "any"),), "length:2be")), lambda _data: None, lambda _end: None, limit=100
    )
    too_long.turn(0)
    too_long.heard(b"\xff\xff", 1)
    too_long.turn(200 * MS)
    assert "a message of more bytes than are taken came (65,535)" in too_long.rows[0].why


def test_a_message_that_is_refused_is_a_step_not_as_wished() -> None:
    stage = Stage(step("a", pause=10), step("b", "any"))

    def refuse(_data: bytes) -> None:
        raise SendError("the outbox is full")

    stage.send = refuse
    stage.at(10)
    assert [(row.verdict, row.why) for row in stage.rows][1:] == [(MISSED, "not sent: the outbox is full")]


def test_a_capture_that_was_never_made_is_a_step_not_as_wished() -> None:
    stage = Stage(step("a", "regex", "(?P<n>.)", otherwise=Otherwise.GO_ON), step(r"\{1}"))
    stage.at(200)
    assert stage.sent == [b"a\n"]
    assert stage.rows[1].verdict is MISSED
    assert stage.rows[1].why.startswith("not sent: ")


def test_an_expression_that_finds_no_end_is_named() -> None:
    pytest.importorskip("regex")
    stage = Stage(step("a", "regex", "(a|a|aa)+$"))
    stage.comes(b"a" * 5_000 + b"b\n", 1)
    assert [row.why for row in stage.rows] == ["the expression found no end within 200 ms"]


def test_a_flood_while_nobody_waits_is_passed_over_in_bounded_memory() -> None:
    stage = Stage(step("a", pause=1_000), step(None, "equals", "last"))
    for ms in range(200):
        stage.comes(b"x" * 65_535 + b"\n", ms)
    stage.comes(b"last\n", 300)
    assert sum(len(came.message or b"") for came in stage.playing._came) <= 1024 * 1024
    stage.at(1_000)
    assert stage.verdicts == [SENT, WISHED]
    assert "200 messages passed over" in stage.rows[1].why


def test_rows_keep_the_beginning_of_long_messages() -> None:
    stage = Stage(step("a", "any"))
    stage.comes(b"x" * 100_000 + b"\n", 1)
    assert (len(stage.rows[0].answer or b""), stage.rows[0].answer_size) == (4_096, 100_000)


def test_counters_and_variables_go_on_through_the_list() -> None:
    stage = Stage(step(r"\{unit=7}\{counter}", pause=1), step(r"\{unit}\{counter}"))
    stage.at(1)
    assert stage.sent == [b"71\n", b"72\n"]
    assert (stage.playing.count, stage.playing.set) == (2, {"unit": "7"})


@pytest.mark.parametrize(
    ("wrong", "place", "field", "says_why"),
    [
        (step(None), 0, "send", "neither sends nor expects"),
        (step(""), 0, "send", "no byte"),
        (step(r"\{"), 0, "send", ""),
        (step("a", "regex", "("), 0, "pattern", "no regular expression"),
        (step("a", "hex", "4g"), 0, "pattern", ""),
        (step("a", "equals"), 0, "pattern", "a pattern is missing: text"),
        (step("a", "opens"), 0, "expect", "there is no “opens” to expect"),
        (step("a", "any", within=0), 0, "within", "from 1 to 3,600,000"),
        (step("a", pause=-1), 0, "pause", "from 0 to 86,400,000"),
        (step("a", pause=float("nan")), 0, "pause", "from 0 to 86,400,000"),
        (step(r"\{1}"), 0, "send", "no macro called '1'"),
    ],
)
def test_a_step_that_cannot_be_is_named(wrong: Step, place: int, field: str, says_why: str) -> None:
    with pytest.raises(StepError) as error:
        ReadySteps(StepList("", (wrong,)))
    assert (error.value.step, error.value.field) == (place, field)
    assert says_why in str(error.value)


@pytest.mark.parametrize("seed", range(40))
def test_however_a_stream_is_cut_the_rows_are_the_same(seed: int) -> None:
    """Under a framing; and whatever comes under none, every list ends and nothing is raised."""
    chance = random.Random(seed)
    kinds = ("equals", "begins", "contains", "regex", "any", "end", "nothing")
    steps = [
        step(
            chance.choice(("a", r"\{0}", None)) if number else "a",
            when := chance.choice(kinds),
            chance.choice(("x", "y", "(.)y")) if when not in {"any", "end", "nothing"} else "",
            otherwise=Otherwise.GO_ON,
        )
        for number in range(6)
    ]
    stream = bytes(chance.choice(b"xyz\n") for _ in range(40))

    def played(framing: str, cuts: int) -> list[tuple[bytes | None, bytes | None, Verdict]]:
        stage = Stage(*steps, framing=framing)
        places = sorted(chance.randrange(41) for _ in range(cuts))
        for start, stop in itertools.pairwise([0, *places, 40]):
            if stream[start:stop]:
                stage.comes(stream[start:stop], 1)
        stage.comes(b"", 2)
        stage.at(10_000)
        assert stage.playing.is_over
        return [(row.sent, row.answer, row.verdict) for row in stage.rows]

    whole = played("line", 0)
    assert len(whole) == 6
    assert all(played("line", cuts) == whole for cuts in (1, 5, 40))
    assert [len(played("raw", cuts)) for cuts in (0, 3, 40)] == [6, 6, 6]


# Ends.


def test_this_side_ends_what_it_sends_behind_it_and_goes_on_hearing() -> None:
    stage = Stage(step("all", "equals", "yes", end=OwnEnd.FINISH), step(None, "end"))
    assert (stage.sent, stage.ends) == ([b"all\n"], [OwnEnd.FINISH])
    stage.comes(b"yes\n", 5)
    stage.comes(b"", 6)
    assert stage.verdicts == [WISHED, WISHED]
    assert [(row.end, row.peer_end) for row in stage.rows] == [(OwnEnd.FINISH, None), (None, PeerEnd.FINISHED)]


@pytest.mark.parametrize("end", list(OwnEnd))
def test_a_list_that_ends_the_connection_is_played_once(end: OwnEnd) -> None:
    stage = Stage(step("a"), step(end=end), rounds=3)
    assert (stage.sent, stage.ends) == ([b"a\n"], [end])
    assert stage.playing.is_over
    assert stage.playing.why == "this side has ended the connection, or what it sends"


def test_it_does_not_begin_again_once_it_has_finished_sending() -> None:
    stage = Stage(step("a", "equals", "b", end=OwnEnd.FINISH, otherwise=Otherwise.AGAIN))
    stage.at(200)
    assert (stage.playing.is_over, stage.playing.again) == (True, 0)


def test_an_end_that_cannot_be_is_told_as_what_could_not_be_sent() -> None:
    ready = ReadySteps(StepList("", (step(end=OwnEnd.FINISH),)))

    def refuses(_end: OwnEnd) -> None:
        raise SendError("under TLS 1.2 no side can finish alone")

    playing = Playing(ready, lambda _data: None, refuses)
    playing.turn(0)
    assert [(row.verdict, row.why, row.end) for row in playing.rows] == [
        (MISSED, "not sent: under TLS 1.2 no side can finish alone", None)
    ]


@pytest.mark.parametrize(
    ("when", "came", "verdict", "why"),
    [
        ("end", PeerEnd.FINISHED, WISHED, ""),
        ("end", PeerEnd.OVER, MISSED, "over"),
        ("end", PeerEnd.RESET, MISSED, "reset"),
        ("reset", PeerEnd.RESET, WISHED, ""),
        ("reset", PeerEnd.OVER, MISSED, "over"),
        ("nothing", PeerEnd.RESET, WISHED, ""),
        ("any", PeerEnd.RESET, MISSED, "reset"),
    ],
)
def test_a_reset_is_another_end_than_a_goodbye(when: str, came: PeerEnd, verdict: Verdict, why: str) -> None:
    stage = Stage(step("a", when))
    stage.playing.ended(came.value, 5 * MS, came)
    stage.at(5)
    assert [(row.verdict, row.why, row.peer_end) for row in stage.rows] == [(verdict, why, came)]


def test_a_reset_may_come_behind_a_goodbye_which_is_not_taken_for_one() -> None:
    stage = Stage(step(None, "end"), step(None, "reset"))
    stage.comes(b"", 5)
    assert stage.verdicts == [WISHED]
    stage.playing.ended("reset", 9 * MS, PeerEnd.RESET)
    stage.at(9)
    assert stage.verdicts == [WISHED, WISHED]
    vain = Stage(step(None, "reset"))
    vain.comes(b"", 5)
    vain.at(200)
    assert [row.why for row in vain.rows] == ["the other end did not reset the connection within 100 ms"]


@pytest.mark.parametrize(
    ("steps", "place", "says"),
    [
        ((step("a", end=OwnEnd.FINISH), step("b")), 1, "it sends after step 1, which finishes sending"),
        ((step(end=OwnEnd.FINISH), step(end=OwnEnd.FINISH)), 1, "it finishes sending after step 1"),
        ((step(end=OwnEnd.CLOSE), step(None, "end")), 1, "nothing can follow step 1, which closes the connection"),
        ((step("a"), step(end=OwnEnd.RESET), step("b")), 2, "nothing can follow step 2, which resets the connection"),
        ((step("a", "any", end=OwnEnd.CLOSE),), 0, "it expects an answer on a connection that it ends"),
    ],
)
def test_steps_that_cannot_be_after_an_end_are_refused(steps: tuple[Step, ...], place: int, says: str) -> None:
    with pytest.raises(StepError, match=says) as error:
        ReadySteps(StepList("", steps))
    assert error.value.step == place
