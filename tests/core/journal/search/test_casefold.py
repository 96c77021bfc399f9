"""A letter is taken for itself in every case, in all of Unicode."""

from __future__ import annotations

import re
import sys

import pytest

from core.journal.search.pattern import same_letters, spelled_out

EVERY_CHARACTER = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
WITH_CASE = [c for c in EVERY_CHARACTER if {c.lower(), c.upper(), c.title(), c.casefold()} != {c}]


def test_whatever_case_does_to_a_letter_it_is_found_by_what_it_was() -> None:
    for letter in WITH_CASE:
        for other in {letter.lower(), letter.upper(), letter.title()}:
            if len(other) == 1:
                assert letter in same_letters(other)
                assert same_letters(letter) == same_letters(other)
            else:
                assert other.casefold() in spelled_out(letter)


def test_letters_that_python_s_regular_expressions_take_for_the_same_are_the_same() -> None:
    everything = "".join(WITH_CASE)
    for letter in WITH_CASE:
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
