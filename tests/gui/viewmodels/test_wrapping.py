"""Bubbles are as wide as their text, and break lines without losing a character."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gui.viewmodels.wrapping import PAD, Metrics


def monospaced(text: str) -> int:
    return 10 * len(text)


def metrics() -> Metrics:
    return Metrics(monospaced, widest=200, step=8)


def test_a_short_line_makes_a_narrow_bubble_in_whole_steps() -> None:
    width = metrics().bubble(["hi"])

    assert width >= 20 + 2 * monospaced(PAD)
    assert width % 8 == 0
    assert width < 60


def test_no_bubble_is_wider_than_the_widest() -> None:
    assert metrics().bubble(["x" * 1000, "y"]) == 200


def test_a_line_breaks_after_a_space_and_keeps_every_character() -> None:
    line = "the quick brown fox jumps over the lazy dog"

    pieces = list(metrics().broken(line))

    assert "".join(pieces) == line
    assert len(pieces) > 1
    assert all(piece.endswith(" ") for piece in pieces[:-1])
    assert all(monospaced(piece.rstrip()) <= 200 - 2 * monospaced(PAD) for piece in pieces)


def test_a_word_wider_than_the_bubble_is_cut() -> None:
    pieces = list(metrics().broken("x" * 100))

    assert "".join(pieces) == "x" * 100
    assert max(map(len, pieces)) == 18


def test_even_a_bubble_too_narrow_for_one_character_comes_to_an_end() -> None:
    narrow = Metrics(lambda text: 1000 * len(text), widest=10, step=2)

    assert list(narrow.broken("abc")) == ["a", "b", "c"]


def test_a_character_is_measured_once() -> None:
    asked: list[str] = []

    def advance(text: str) -> int:
        asked.append(text)
        return 10

    measuring = Metrics(advance, widest=400, step=8)
    measuring.bubble(["aaaa", "abab"])

    assert sorted(asked) == sorted(["a", "b", " ", PAD])


def test_characters_without_a_width_do_not_make_a_line_without_an_end() -> None:
    weightless = Metrics(lambda text: 0, widest=200, step=8)

    assert max(map(len, weightless.broken("\u0b3c" * 100_000))) <= 4_000


@given(words=st.lists(st.text(alphabet="ab c", max_size=40), max_size=20))
def test_no_character_of_a_broken_line_is_lost_and_all_of_it_fits(words: list[str]) -> None:
    line = " ".join(words)

    pieces = list(metrics().broken(line))

    assert "".join(pieces) == line
    assert all(pieces) or pieces == [""]
    assert all(monospaced(piece.rstrip(" ")) <= 200 - 2 * monospaced(PAD) for piece in pieces)


@given(st.integers(270, 2000), st.integers(0, 70_000))
def test_lines_of_hex_fit_the_room(room: int, size: int) -> None:
    some = Metrics(monospaced, widest=200, step=8, mono=10, room=room)

    layout = some.hex_layout(size)

    assert layout.width * 10 + 2 * some.pad <= room
