"""A letter is taken for itself in every case, in all of Unicode."""

from __future__ import annotations

import re
import sys

import pytest

from core.journal.search.pattern import same_letters, spelled_out


@pytest.fixture(scope="module")
def with_case() -> list[str]:
    """Every letter that has a case."""
    every_character = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    return [c for c in every_character if {c.lower(), c.upper(), c.title(), c.casefold()} != {c}]


def test_whatever_case_does_to_a_letter_it_is_found_by_what_it_was(with_case: list[str]) -> None:
    for letter in with_case:
        for other in {letter.lower(), letter.upper(), letter.title()}:
            if len(other) == 1:
                assert letter in same_letters(other)
                assert same_letters(letter) == same_letters(other)
            else:
                assert other.casefold() in spelled_out(letter)


def test_letters_that_python_s_regular_expressions_take_for_the_same_are_the_same(with_case: list[str]) -> None:
    everything = "".join(with_case)
    for letter in with_case:
        found = re.findall(re.escape(letter), everything, re.IGNORECASE)
        assert set(found) <= set(same_letters(letter)), letter


@pytest.mark.parametrize("character", [*"1 .\n\0", "\u4e2d", "\U0001f600"])
def test_what_has_no_case_is_only_itself(character: str) -> None:
    assert same_letters(character) == (character,)
    assert spelled_out(character) == ()


def test_letters_that_become_two_are_spelled_out() -> None:
    assert spelled_out("ß") == ("ss",)
    assert spelled_out("\ufb03") == ("ffi",)
    assert "ß" in same_letters("\u1e9e")
