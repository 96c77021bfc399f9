"""What is sent again and again: numbers as people write them, and messages composed anew each time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compose import Draft, Format, SavedMessage
from core.sending.plan import PlanError
from gui.viewmodels.repeating import (
    LONGEST_MS,
    ListStep,
    Maker,
    NotMade,
    RepeatRequest,
    pause_words,
    plan_of,
    read_pause,
    read_times,
    repeat_words,
)

COUNTING = Draft("\\{counter}", Format.ESCAPES)


@pytest.mark.parametrize(
    ("typed", "milliseconds"),
    [("1", 1), (" 1,000 ", 1000), ("2.5", 2.5), ("10 ms", 10), ("86400000", LONGEST_MS), (".5", 0.5)],
)
def test_a_pause_is_read_as_people_write_it(typed: str, milliseconds: float) -> None:
    assert read_pause(typed, 0) == milliseconds


@pytest.mark.parametrize(
    "typed", ["", "0", "0.9", "-5", "soon", "1e3", "nan", "inf", "1.2.3", "٤", ".", "86400001", "9" * 400, "1\0"]
)
def test_what_is_no_pause_is_refused_with_what_would_be(typed: str) -> None:
    with pytest.raises(ValueError, match=r"from 1 to 86,400,000 \(a day\)"):
        read_pause(typed)


@pytest.mark.parametrize("typed", ["", "0", "-1", "1.5", "many", "²", "1000000001"])
def test_what_is_no_number_of_times_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="whole number from 1 to"):
        read_times(typed)


@given(st.integers(min_value=1, max_value=LONGEST_MS * 1000))
def test_a_pause_that_is_shown_is_read_back(thousandths: int) -> None:
    assert read_pause(pause_words(thousandths / 1000), 0) == thousandths / 1000


def test_each_message_is_composed_anew() -> None:
    maker = Maker(4)
    make = maker.of(COUNTING)

    assert [make(0), make(1), make(2)] == [b"5", b"6", b"7"]
    assert maker.count == 7


def test_the_messages_of_a_list_share_one_counter() -> None:
    maker = Maker(0)
    steps = (ListStep(SavedMessage.of("a", COUNTING), 1), ListStep(SavedMessage.of("b", COUNTING), 2.5))
    plan = plan_of(RepeatRequest(1000, None, steps), [COUNTING, COUNTING], maker)

    assert [one.make(number) for number in range(2) for one in plan.messages] == [b"1", b"2", b"3", b"4"]
    assert [one.pause for one in plan.messages] == [0.001, 0.0025]


def test_a_message_without_macros_is_composed_once() -> None:
    make = Maker(0).of(Draft("plain"))

    assert make(0) is make(1)


@pytest.mark.parametrize("draft", [Draft("0", Format.HEX), Draft("\\q", Format.ESCAPES), Draft("")])
def test_what_is_no_message_says_why(draft: Draft) -> None:
    with pytest.raises(NotMade, match=r"\w"):
        Maker(0).of(draft)(0)


def test_a_list_without_pauses_cannot_go_round() -> None:
    step = ListStep(SavedMessage.of("a", COUNTING), 0)

    with pytest.raises(PlanError, match="1 ms"):
        plan_of(RepeatRequest(1000, None, (step,)), [COUNTING], Maker(0))


def test_it_is_named_by_what_it_does() -> None:
    one = ListStep(SavedMessage.of("a", COUNTING), 1)

    assert repeat_words(RepeatRequest(2.5, 3)) == "Every 2.5 ms"
    assert repeat_words(RepeatRequest(2_001_000.25, None)) == "Every 2,001,000.25 ms"
    assert repeat_words(RepeatRequest(1000, None, (one,))) == "A list of 1 message"
    assert repeat_words(RepeatRequest(1000, None, (one, one))) == "A list of 2 messages"


def test_what_a_message_of_a_run_sets_holds_for_those_after_it() -> None:
    maker = Maker(0, {"unit": "7"})
    first, second = (maker.of(Draft(text, Format.ESCAPES)) for text in (r"\{unit}\{unit=8}", r"\{unit}"))

    assert [first(0), second(0), first(1)] == [b"78", b"8", b"88"]
    assert maker.set == {"unit": "8"}
