"""What the find bar says of a search, and the searches it remembers."""

from __future__ import annotations

import pytest

from core.text_safety import TextSafety
from gui.viewmodels.finding import MOST_REMEMBERED, FindMode, FindRequest, FindView, SearchHistory, count_words

HELLO = FindRequest("hello")


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (FindView(3, 1204), "3 of 1,204"),
        (FindView(None, 1204), "1,204 found"),
        (FindView(None, 1, is_running=True), "1 so far…"),
        (FindView(3, 1204, is_more=True, is_running=True), "3 of 1,204+ so far…"),
        (FindView(None, 1_000_000, is_more=True), "1,000,000+ found"),
        (FindView(), "nothing found"),
        (FindView(is_running=True), "searching…"),
        (FindView(complaint="odd number of hex digits"), ""),
    ],
)
def test_the_count_in_words(view: FindView, words: str) -> None:
    assert count_words(view, HELLO) == words


def test_nothing_is_said_of_nothing() -> None:
    assert count_words(FindView(), FindRequest("")) == ""


def history(*texts: str) -> SearchHistory:
    made = SearchHistory(TextSafety())
    made.load([FindRequest(text) for text in texts])
    return made


def test_going_back_and_forth_loses_nothing_that_was_being_typed() -> None:
    searches = history("third", "second")
    shown = [FindRequest("half")]

    for find in (searches.earlier, searches.earlier, searches.later, searches.later):
        shown.append(find(shown[-1]) or shown[-1])

    assert [request.text for request in shown] == ["half", "third", "second", "third", "half"]
    assert searches.later(shown[-1]) is None


def test_at_the_oldest_there_is_nothing_earlier() -> None:
    searches = history("only")

    assert searches.earlier(FindRequest("")) == FindRequest("only")
    assert searches.earlier(FindRequest("only")) is None


def test_a_search_made_again_moves_to_the_front() -> None:
    searches = history("b", "a")

    searches.add(FindRequest("a"))
    searches.add(FindRequest("a", FindMode.HEX))

    assert [(one.text, one.mode.value) for one in searches.entries] == [("a", "hex"), ("a", "text"), ("b", "text")]


def test_the_history_has_an_end() -> None:
    searches = history()

    for number in range(MOST_REMEMBERED + 5):
        searches.add(FindRequest(str(number)))

    assert len(searches.entries) == MOST_REMEMBERED
    assert searches.entries[0].text == str(MOST_REMEMBERED + 4)


@pytest.mark.case("C-53")
def test_a_text_that_tk_cannot_take_is_not_offered() -> None:
    assert history("\ud800", "nul\0", "fine", "").entries == (FindRequest("fine"),)
