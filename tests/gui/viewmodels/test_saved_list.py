"""The list of saved messages as values: what changes it, what is said of that, and the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compose import (
    Composed,
    Context,
    Encoding,
    Format,
    LineEnding,
    Misfit,
    SavedError,
    SavedMessage,
    compose,
    is_typeable,
    starters,
)
from gui.viewmodels.saved_list import (
    MOST_STEPS,
    Kept,
    SavedList,
    message_format_of,
    message_of,
    name_for,
    row_of,
    typeable,
)

ONE, TWO, THREE = (SavedMessage(name, name.upper()) for name in ("one", "two", "three"))


@pytest.fixture
def saved() -> SavedList:
    made = SavedList()
    made.take_in((ONE, TWO, THREE))
    return made


def names(saved: SavedList) -> list[str]:
    return [message.name for message in saved.messages]


def number(saved: SavedList, name: str) -> int:
    return saved.kept[names(saved).index(name)].number


def test_what_was_kept_before_cannot_be_undone(saved: SavedList) -> None:
    saved.undo()

    assert names(saved) == ["one", "two", "three"]
    assert saved.last == ""


def test_what_is_taken_in_twice_is_there_once(saved: SavedList) -> None:
    saved.take_in((TWO, SavedMessage("four", "4")))

    assert names(saved) == ["one", "two", "three", "four"]


def test_a_deleted_message_comes_back_to_its_place(saved: SavedList) -> None:
    two = number(saved, "two")
    saved.delete(two)
    assert (names(saved), saved.last) == (["one", "three"], "“two” was deleted.")

    saved.undo()

    assert saved.find(two) is TWO
    assert saved.place(two) == 1


@pytest.mark.parametrize(("to", "expected"), [(0, "three one two"), (1, "one three two"), (2, "one two three")])
def test_a_message_is_moved_to_a_place(saved: SavedList, to: int, expected: str) -> None:
    saved.move(number(saved, "three"), to)

    assert names(saved) == expected.split()


def test_a_message_is_moved_no_further_than_the_list_goes(saved: SavedList) -> None:
    saved.move(number(saved, "one"), 99)
    saved.move(number(saved, "three"), -7)

    assert names(saved) == ["three", "two", "one"]


def test_a_move_to_where_it_is_needs_no_undoing(saved: SavedList) -> None:
    saved.move(number(saved, "two"), 1)

    assert saved.last == ""


def test_a_renamed_message_stays_itself(saved: SavedList) -> None:
    two = number(saved, "two")

    saved.rename(two, "deux")

    assert saved.find(two) == replace(TWO, name="deux")
    assert saved.last == "“two” is called “deux” now."


def test_a_name_that_is_too_long_changes_nothing(saved: SavedList) -> None:
    with pytest.raises(SavedError, match="more than 200 characters"):
        saved.rename(number(saved, "two"), "x" * 201)

    assert names(saved) == ["one", "two", "three"]


def test_what_is_saved_already_is_not_saved_twice(saved: SavedList) -> None:
    assert saved.add(replace(TWO, name="deux"), "“deux” was saved.") == number(saved, "two")
    assert (len(saved.messages), saved.last) == (3, "")


def test_an_import_brings_what_is_lacking_and_goes_in_one_step(saved: SavedList) -> None:
    four, five = SavedMessage("four", "4"), SavedMessage("five", "5")
    saved.bring_in((four, TWO, five, four), "Two messages were imported.")
    assert names(saved) == ["one", "two", "three", "four", "five"]

    saved.undo()

    assert names(saved) == ["one", "two", "three"]


def test_a_message_that_is_gone_is_nowhere(saved: SavedList) -> None:
    gone = number(saved, "two")
    saved.delete(gone)
    before = saved.kept

    saved.delete(gone)
    saved.move(gone, 0)
    saved.rename(gone, "deux")
    saved.replace(gone, ONE, "")

    assert saved.kept is before
    assert (saved.find(gone), saved.place(gone)) == (None, -1)


DEEDS = st.lists(
    st.tuples(st.sampled_from(("delete", "move", "rename", "add")), st.integers(0, 6)), max_size=MOST_STEPS
)


@given(DEEDS)
def test_everything_can_be_undone_step_by_step(deeds: list[tuple[str, int]]) -> None:
    saved = SavedList()
    saved.take_in((ONE, TWO, THREE))
    beginning, snapshots = saved.kept, []
    for count, (deed, which) in enumerate(deeds):
        before = saved.kept
        chosen = saved.kept[which % len(saved.kept)].number if saved.kept else 0
        if deed == "delete":
            saved.delete(chosen)
        elif deed == "move":
            saved.move(chosen, which)
        elif deed == "rename":
            saved.rename(chosen, f"name {count}")
        else:
            saved.add(SavedMessage(f"new {which}", ""), "saved")
        if saved.kept is not before:
            snapshots.append(before)
        assert len({each.number for each in saved.kept}) == len(saved.kept)

    for before in reversed(snapshots):
        saved.undo()
        assert saved.kept == before

    assert saved.kept == beginning
    assert saved.last == ""


def test_a_row_says_how_the_message_is_meant_and_begins() -> None:
    plain = row_of(Kept(1, SavedMessage("a", "hello")))
    greek = row_of(Kept(2, SavedMessage("b", "x", Format.ESCAPES, Encoding.UTF_16_LE, LineEnding.CRLF)))
    digits = row_of(Kept(3, SavedMessage("c", "00 ff", Format.HEX, Encoding.LATIN_1)), "Nobody is here.")

    assert (plain.tag, plain.text, plain.problem) == ("text", "hello", "")
    assert greek.tag == "escapes · UTF-16 LE · CR LF"
    assert (digits.tag, digits.problem) == ("hex", "Nobody is here.")


def test_a_row_joins_the_lines_that_are_only_broken_for_the_eye() -> None:
    assert row_of(Kept(1, starters()[0])).text.startswith(r"GET / HTTP/1.1\r\nHost: localhost\r\n")


def test_each_example_teaches_something_until_it_is_changed() -> None:
    lessons = [row_of(Kept(at, message)).lesson for at, message in enumerate(starters())]

    assert len(set(lessons)) == len(lessons)
    assert all(lesson.endswith(".") for lesson in lessons)
    assert row_of(Kept(1, replace(starters()[0], name="mine"))).lesson == lessons[0]
    assert row_of(Kept(1, replace(starters()[0], text="mine"))).lesson == ""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hello", "hello"),
        ("\n\n  GET /\nHost:", "GET /"),
        (" \n ", "message"),
        ("", "message"),
        ("x" * 99, f"{'x' * 39}…"),
    ],
)
def test_a_message_nobody_named_is_called_as_it_begins(text: str, name: str) -> None:
    assert name_for(text) == name


@given(st.sampled_from(Format), st.sampled_from(Encoding), st.sampled_from(LineEnding))
def test_what_is_in_the_field_is_saved_and_edited_as_it_was(
    form: Format, encoding: Encoding, ending: LineEnding
) -> None:
    message = SavedMessage("a", "00", form, encoding, ending)

    message_format = message_format_of(message, "length:2be")

    assert message_format.framing == "length:2be"
    assert message_of("a", "00", message_format) == message


@given(st.text(), st.sampled_from((Format.TEXT, Format.ESCAPES)), st.sampled_from(Encoding))
def test_what_a_field_cannot_hold_is_written_with_escapes_and_stays_the_same(
    text: str, form: Format, encoding: Encoding
) -> None:
    message = SavedMessage("a", text, form, encoding)
    before = compose(message.draft(), Context())

    found = typeable(message)

    if isinstance(found, Misfit):
        assert isinstance(before, Misfit)
    else:
        assert is_typeable(found.text)
        after = compose(found.draft(), Context())
        assert isinstance(after, Misfit) if isinstance(before, Misfit) else after.body == before.body  # type: ignore[union-attr]
        assert isinstance(after, type(before))


def test_half_a_character_is_no_message_for_the_field() -> None:
    found = typeable(SavedMessage("a", "x\ud800"))

    assert isinstance(found, Misfit)
    assert "half a character" in found.sentence


def test_a_message_that_is_composed_keeps_its_bytes_in_the_field() -> None:
    found = typeable(SavedMessage("a", "a\0\r\n", Format.TEXT, ending=LineEnding.LF))

    assert isinstance(found, SavedMessage)
    assert (found.text, found.format, found.ending) == (r"a\0\r\n", Format.ESCAPES, LineEnding.LF)
    composed = compose(found.draft(), Context())
    assert isinstance(composed, Composed)
    assert composed.wire == b"a\0\r\n\n"
