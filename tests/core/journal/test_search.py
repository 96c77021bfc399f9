"""What was said is found wherever TCP cut it, and a search can be ended."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.events import ConnectionId
from core.journal.passage import EVERYTHING, Filter
from core.journal.reader import JournalReader
from core.journal.search import LONGEST_QUERY, Hit, Mode, Progress, Query, QueryError, Search, compile_query, find
from tests.core.journal.test_reading import Talk
from tests.support.journals import SESSION, write_journal


def hits(talk: Talk, query: Query, only: Filter = EVERYTHING) -> list[Hit]:
    reader = JournalReader(talk.path)
    try:
        return [
            hit for _, found in find(reader, SESSION, compile_query(query), only, range(talk.entries)) for hit in found
        ]
    finally:
        reader.close()


@pytest.fixture
def talk(tmp_path: Path) -> Talk:
    talk = Talk(tmp_path / "talk.tincan")
    talk.opens(1)
    talk.opens(2)
    return talk


def test_text_is_found_in_either_case_and_across_the_cuts_of_tcp(talk: Talk) -> None:
    talk.receives(b"say HEL")
    talk.receives(b"between", 2)
    talk.receives(b"lo, hello")
    assert hits(talk, Query("hello")) == [Hit(5, -3, 2), Hit(5, 4, 9)]
    assert hits(talk, Query("hello", match_case=True)) == [Hit(5, 4, 9)]
    talk.close()


def test_the_streams_of_two_connections_and_directions_are_never_joined(talk: Talk) -> None:
    talk.receives(b"ab", 1)
    talk.receives(b"cd", 2)
    talk.sends(b"cd", 1)
    assert hits(talk, Query("abcd")) == []
    talk.close()


def test_letters_beyond_ascii_have_two_cases_too(talk: Talk) -> None:
    talk.receives("GRÜẞE straße İ".encode())
    assert len(hits(talk, Query("grü"))) == 1
    assert len(hits(talk, Query("Straße"))) == 1
    assert len(hits(talk, Query("i̇"))) == 0
    talk.close()


def test_bytes_are_found_by_their_hex(talk: Talk) -> None:
    talk.receives(b"a\0\xff\x0d\nb")
    for text in ("00 ff", "00FF", "0x00, 0xff", r"\x00\xff", "00 ?? 0d", "00\nff"):
        assert hits(talk, Query(text, Mode.HEX))[0].start == 1
    talk.close()


@pytest.mark.parametrize(
    ("text", "place", "why"), [("0", 0, "two digits"), ("00 zz", 3, "not a hex"), ("0g", 0, "two")]
)
def test_hex_that_makes_no_sense_is_refused_at_its_place(text: str, place: int, why: str) -> None:
    with pytest.raises(QueryError, match=why) as caught:
        compile_query(Query(text, Mode.HEX))
    assert caught.value.place == place


def test_a_query_without_end_is_refused() -> None:
    with pytest.raises(QueryError, match="longer"):
        compile_query(Query("x" * (LONGEST_QUERY + 1)))


@pytest.mark.case("C-53")
def test_half_a_character_is_refused() -> None:
    with pytest.raises(QueryError, match="half a character"):
        compile_query(Query("a\ud800"))


def test_notes_are_searched_and_a_filter_is_kept(talk: Talk) -> None:
    talk.receives(b"connected", 1)
    talk.receives(b"connected", 2)
    assert [hit.ordinal for hit in hits(talk, Query("connected"))] == [1, 2, 3, 4]
    only = Filter(frozenset({ConnectionId(2)}), notes=False)
    assert [hit.ordinal for hit in hits(talk, Query("connected"), only)] == [4]
    talk.close()


def test_nothing_typed_finds_nothing(talk: Talk) -> None:
    talk.receives(b"abc")
    assert hits(talk, Query("")) == []
    assert hits(talk, Query(" ", Mode.HEX)) == []
    talk.close()


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.text("ab", min_size=1, max_size=4), max_size=40), st.text("ab", min_size=1, max_size=3))
def test_every_match_of_the_stream_is_found_however_it_was_cut(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, pieces: list[str], wanted: str
) -> None:
    monkeypatch.setattr("core.journal.search._BATCH", 3)
    talk = Talk(tmp_path_factory.mktemp("talk") / "talk.tincan")
    starts, position = {}, 0
    for piece in pieces:
        starts[talk.entries] = position
        position += len(piece)
        talk.receives(piece.encode())
    found = [starts[hit.ordinal] + hit.stop for hit in hits(talk, Query(wanted), Filter(notes=False))]
    assert found == [match.end() for match in re.finditer(wanted, "".join(pieces))]
    talk.close()


def test_a_search_tells_what_it_finds_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "many.tincan"
    first = write_journal(path, 20_000)
    told: list[Progress] = []
    done = threading.Event()

    def tell(progress: Progress) -> None:
        told.append(progress)
        if progress.is_done:
            done.set()

    search = Search(path, SESSION, compile_query(Query("1999")), EVERYTHING, range(first + 20_000), tell)
    assert done.wait(20)
    assert search.join(5)
    ordinals = [hit.ordinal - first for progress in told for hit in progress.hits]
    assert ordinals == [number for number in range(20_000) if "1999" in f"{number:012d}"]
    assert (told[-1].searched, told[-1].failure) == (first + 20_000, "")


def test_a_cancelled_search_says_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "many.tincan"
    first = write_journal(path, 50_000)
    told: list[Progress] = []
    search = Search(path, SESSION, compile_query(Query("line")), EVERYTHING, range(first + 50_000), told.append)
    search.cancel()
    assert search.join(5)
    assert not any(progress.is_done for progress in told)


def test_a_journal_that_is_not_there_is_said(tmp_path: Path) -> None:
    told: list[Progress] = []
    search = Search(tmp_path / "gone", SESSION, compile_query(Query("a")), EVERYTHING, range(5), told.append)
    assert search.join(5)
    assert "is not there" in told[-1].failure
