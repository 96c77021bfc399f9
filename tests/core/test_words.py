"""Numbers and errors in words."""

from __future__ import annotations

import pytest

from core.errors import SendError
from core.words import counted, duration, human_bytes, sentence


@pytest.mark.parametrize(
    ("count", "one", "several", "says"),
    [
        (0, "byte", "", "0 bytes"),
        (1, "byte", "", "1 byte"),
        (2, "byte", "", "2 bytes"),
        (1204, "entry is", "entries are", "1,204 entries are"),
        (1, "entry is", "entries are", "1 entry is"),
    ],
)
def test_one_is_one_and_others_are_several(count: int, one: str, several: str, says: str) -> None:
    assert counted(count, one, several) == says


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("no such host", "No such host."),
        (SendError("über 3"), "Über 3."),
        ("Is it there?", "Is it there?"),
        ("it is.", "It is."),
        ("", ""),
    ],
)
def test_a_sentence_begins_and_ends_as_one(words: object, says: str) -> None:
    assert sentence(words) == says


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"), (3 * 10**12, "3.0 TB")],
)
def test_sizes_are_said_as_people_say_them(size: int, words: str) -> None:
    assert human_bytes(size) == words


@pytest.mark.parametrize(
    ("ns", "says"),
    [
        (0, "0 µs"),
        (999_000, "999 µs"),
        (1_500_000, "1.5 ms"),
        (123_000_000, "123 ms"),
        (1_234_000_000, "1.23 s"),
        (59_900_000_000, "59.9 s"),
        (61_000_000_000, "1 min 1 s"),
        (3_660_000_000_000, "1 h 1 min"),
        (-1_500_000, "−1.5 ms"),
    ],
)
def test_a_time_is_as_exact_as_it_is_useful(ns: int, says: str) -> None:
    assert duration(ns) == says
