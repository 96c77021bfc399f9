"""What is played, as lines of a table: what is marked, what is counted, and what is said in the end."""

from __future__ import annotations

import pytest

from core.sending.plan import End, Played
from core.steps.playing import PeerEnd, Row, Verdict, all_not_played
from core.steps.replay import RecordedConversation, RecordedMessage, recording_of
from core.steps.step import OwnEnd
from core.steps.step_file import parse_steps
from core.text_safety import TextSafety
from gui.viewmodels.replaying import Comparison, MockComparisons, mock_view, played_lines, replay_view, step_lines

SAFETY = TextSafety()


def recorded(*answers: bytes) -> RecordedConversation:
    said = [
        each
        for answer in answers
        for each in (RecordedMessage(True, b"?", b"?", 0), RecordedMessage(False, answer, answer, 0))
    ]
    return recording_of(said, "fixed:1", in_pace=False)


def row(number: int, answer: bytes | None, verdict: Verdict = Verdict.WISHED, why: str = "") -> Row:
    return Row(1, number, "", "any", b"?", answer, 1, verdict, why, 1, len(answer or b""))


def test_what_was_played_is_compared_bit_by_bit_and_counted_once() -> None:
    one = Comparison(recorded(b"a", b"b", b"c"), SAFETY)
    rows = [row(1, b"a")]
    one.take(rows, 0, is_over=False)
    one.take(rows, 0, is_over=False)
    assert (len(one.lines), one.words, one.trouble) == (1, "1 of 3 steps, none of them different", "")
    rows += [row(2, b"X"), row(3, None, Verdict.MISSED, "no such answer within 2,000 ms")]
    one.take(rows, 7, is_over=True)
    assert one.words == "3 of 3 steps, 2 of them different, and 7 bytes more came than were recorded"
    assert one.trouble == "The first difference is in step 2."
    assert [line.is_wrong for line in one.lines] == [False, True, True]
    assert [line.cells[0] for line in one.lines] == ["1", "≠ 2", "≠ 3"]
    assert "recorded: b" in one.lines[1].full()
    assert "no such answer" in one.lines[2].cells[4]


def test_steps_that_were_not_played_any_more_are_different_at_its_end_and_not_before() -> None:
    one = Comparison(recorded(b"a", b"b"), SAFETY, number=3)
    one.take([row(1, b"a")], 0, is_over=False)
    assert one.is_same
    one.take([row(1, b"a")], 0, is_over=True)
    assert (one.is_same, one.different, one.first) == (False, 1, 2)
    assert [line.cells[0] for line in one.lines] == ["#3  1", "≠ #3  2"]


def test_more_bytes_than_were_recorded_are_a_difference_of_their_own() -> None:
    one = Comparison(recorded(b"a"), SAFETY)
    one.take([row(1, b"a")], 1, is_over=True)
    assert one.trouble == "1 byte more came than were recorded."
    assert not one.is_same


def test_of_very_many_steps_the_table_has_the_first_and_what_is_different_behind_them() -> None:
    one = Comparison(recorded(*[b"a"] * 6_000), SAFETY)
    one.take([row(number, b"a" if number != 5_900 else b"b") for number in range(1, 6_001)], 0, is_over=True)
    assert len(one.lines) == 5_001
    assert one.lines[-1].cells[0] == "≠ 5900"
    assert one.words == "6,000 of 6,000 steps, 1 of them different"


def test_of_very_many_connections_those_go_that_were_as_recorded() -> None:
    comparisons = MockComparisons(recorded(*[b"a"] * 1_000), SAFETY)
    for number in range(1, 30):
        rows = [row(place, b"X" if number % 3 == 0 else b"a") for place in range(1, 1_001)]
        comparisons.take(number, rows, 0, is_over=number != 29)
    lines = comparisons.lines()
    assert [line.cells[0].split()[1] for line in lines if line.is_wrong][::1_000] == [
        f"#{number}" for number in range(3, 28, 3)
    ]
    assert {line.cells[0].split()[0] for line in lines if not line.is_wrong} == {"#29"}
    assert len(lines) == 10_000
    assert (comparisons.over, comparisons.same) == (28, 19)


@pytest.mark.parametrize("answer", [b"a", b"X"], ids=["as recorded", "different"])
def test_of_connections_without_end_the_latest_are_kept_and_all_are_counted(answer: bytes) -> None:
    comparisons, lines = MockComparisons(recorded(b"a"), SAFETY), []
    comparisons.take(1, [], 0, is_over=False)
    for number in range(2, 20_002):
        comparisons.take(number, [row(1, answer)], 0, is_over=True)
        if number % 1_000 == 1:
            lines = comparisons.lines()
    kept = [*comparisons._going_on, *comparisons._over]
    most, same = (5_000, 20_000) if answer == b"a" else (10_000, 0)
    assert kept == [1, *range(20_002 - most, 20_002)]
    assert len(lines) == most
    assert mock_view("", comparisons, is_running=True).words == f"20,000 connections over, {same:,} as recorded"


def test_another_end_is_marked_and_said() -> None:
    recording = recording_of([RecordedMessage(False, b"", b"", 0, OwnEnd.FINISH)], "raw", in_pace=False)
    one = Comparison(recording, SAFETY)
    reset = Row(1, 1, "", verdict=Verdict.MISSED, why="the other end reset the connection", peer_end=PeerEnd.RESET)
    one.take([reset], 0, is_over=True)
    assert one.lines[0].cells == ("≠ 1", "", "[finished]", "[reset]", "NO: the other end reset the connection")


def test_each_step_of_a_list_is_done_or_waits_or_is_to_come() -> None:
    steps = parse_steps(
        '{"version": 1, "steps": [{"send": "a", "expect": "any"}, {"send": "b", "expect": "any"}, {"send": "c"}]}'
    )
    running = Played((row(1, b"x"),), now=Row(1, 2, "", "any", b"b", sent_size=1))
    assert [(line.cells[1], line.cells[4]) for line in step_lines(steps, running, SAFETY)] == [
        ("?", "yes"), ("b", "waiting…"), ("", ""),
    ]  # fmt: skip
    over = Played((row(1, b"x"), row(2, b"y", Verdict.MISSED, "why")), end=End.GONE)
    assert [line.cells[4] for line in step_lines(steps, over, SAFETY)] == ["yes", "NO: why", "not played"]
    assert [line.is_wrong for line in step_lines(steps, over, SAFETY)] == [False, True, False]
    assert len(played_lines(all_not_played(steps), SAFETY)) == 3


@pytest.mark.parametrize(
    ("played", "failure", "words", "trouble"),
    [
        (Played(), "", "1 of 1 step, 1 of them different", ""),
        (Played(end=End.DONE), "", "Done: 1 of 1 step, 1 of them different", "The first difference is in step 1."),
        (Played(end=End.STOPPED), "Nobody.", "Not played", "Nobody."),
    ],
)
def test_the_strip_of_a_replay(played: Played, failure: str, words: str, trouble: str) -> None:
    one = Comparison(recorded(b"a"), SAFETY)
    one.take([row(1, b"b")], 0, is_over=True)
    view = replay_view("Replay", one, played, failure)
    assert (view.words, view.trouble) == (words, trouble)
    assert view.is_running is (played.end is None)


def test_the_strip_of_a_mock() -> None:
    comparisons = MockComparisons(recorded(b"a"), SAFETY)
    assert mock_view("", comparisons, is_running=True).words == "nobody has connected yet"
    comparisons.take(1, [], 0, is_over=False)
    assert mock_view("", comparisons, is_running=True).words == "0 connections over, 0 as recorded"
    comparisons.take(1, [row(1, b"a")], 0, is_over=True)
    comparisons.take(2, [row(1, b"b")], 0, is_over=True)
    view = mock_view("", comparisons, is_running=False)
    assert (view.words, view.trouble) == (
        "Stopped: 2 connections over, 1 as recorded", "1 connection had something different.",
    )  # fmt: skip
    assert mock_view("", comparisons, is_running=False, failure="In use.").trouble == "In use."
