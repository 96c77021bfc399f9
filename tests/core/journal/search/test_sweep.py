"""What was said is found in a session wherever TCP cut it, with the entries in which it ends."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import JournalError
from core.events import ConnectionId
from core.journal.display_row import EVERYTHING, Filter
from core.journal.reading import joining
from core.journal.reading.reader import JournalReader
from core.journal.schema import FORMAT
from core.journal.search import sweep
from core.journal.search.hits import Hit
from core.journal.search.pattern import Mode, Query, compile_query
from core.journal.search.sweep import find
from tests.core.journal.reading.test_lens_view import Talk
from tests.support.earlier import in_format
from tests.support.journals import SESSION, write_journal
from tests.support.systems import examples


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with contextlib.closing(Talk(tmp_path / "talk.tincan")) as talk:
        talk.opens(1)
        talk.opens(2)
        yield talk


def found(path: Path, query: Query, entries: range, only: Filter = EVERYTHING) -> list[Hit]:
    with contextlib.closing(JournalReader(path)) as reader:
        told = list(find(reader, SESSION, compile_query(query), only, entries))
    assert [searched for searched, _hits in told] == sorted(searched for searched, _hits in told)
    assert told[-1][0] == max(entries.start, entries.stop)
    return sorted(hit for _searched, hits in told for hit in hits)


def hits(talk: Talk, query: Query | str, only: Filter = EVERYTHING) -> list[Hit]:
    query = Query(query) if isinstance(query, str) else query
    return found(talk.path, query, range(talk.entries), only)


def test_text_is_found_in_either_case_and_across_the_cuts_of_tcp(talk: Talk) -> None:
    talk.receives(b"say HEL")
    talk.receives(b"between", 2)
    talk.receives(b"lo, hello")

    assert hits(talk, "hello") == [Hit(5, -3, 2), Hit(5, 4, 9)]
    assert hits(talk, Query("hello", match_case=True)) == [Hit(5, 4, 9)]


def test_the_streams_of_two_connections_and_directions_are_never_joined(talk: Talk) -> None:
    talk.receives(b"ab", 1)
    talk.receives(b"cd", 2)
    talk.sends(b"cd", 1)

    assert hits(talk, "abcd") == []


@pytest.mark.case("C-37")
def test_what_came_byte_by_byte_is_found_as_if_it_had_come_at_once(talk: Talk) -> None:
    for letter in b"one needle, two needles":
        talk.receives(bytes([letter]))

    assert hits(talk, "needle") == [Hit(12, -5, 1), Hit(24, -5, 1)]
    assert hits(talk, Query("needles?", Mode.REGEX)) == [Hit(12, -5, 1), Hit(25, -6, 1)]


@pytest.mark.case("C-47")
def test_bytes_that_are_no_text_are_found(talk: Talk) -> None:
    talk.receives(b"a\0\xff")
    talk.sends(b"\xff\0" * 2)
    talk.receives(b"\0")

    assert hits(talk, Query("ff 00", Mode.HEX)) == [Hit(4, 0, 2), Hit(4, 2, 4), Hit(5, -1, 1)]
    assert hits(talk, Query("00 ?? 00", Mode.HEX)) == [Hit(4, 1, 4), Hit(5, -2, 1)]
    assert hits(talk, "a\0") == [Hit(3, 0, 2)]


def test_notes_are_searched_but_not_for_bytes(talk: Talk) -> None:
    talk.receives(b"connected", 1)

    assert hits(talk, "Connected") == [Hit(1, 3, 12), Hit(2, 3, 12), Hit(3, 0, 9)]
    assert hits(talk, Query("^#[12] connected", Mode.REGEX)) == [Hit(1, 0, 12), Hit(2, 0, 12)]
    assert hits(talk, Query(b"connected".hex(), Mode.HEX)) == [Hit(3, 0, 9)]


@pytest.mark.parametrize(
    ("only", "ordinals"),
    [
        (EVERYTHING, [1, 2, 3, 4, 5]),
        (Filter(frozenset({ConnectionId(2)})), [2, 4]),
        (Filter(frozenset({ConnectionId(1)}), notes=False), [3, 5]),
        (Filter(sent=False, notes=False), [3, 4]),
        (Filter(received=False), [1, 2, 5]),
        (Filter(received=False, sent=False), [1, 2]),
        (Filter(received=False, sent=False, notes=False), []),
        (Filter(frozenset()), []),
    ],
)
def test_only_what_a_filter_admits_is_looked_at(talk: Talk, only: Filter, ordinals: list[int]) -> None:
    talk.receives(b"connected", 1)
    talk.receives(b"connected", 2)
    talk.sends(b"connected", 1)

    assert [hit.ordinal for hit in hits(talk, "connected", only)] == ordinals


class Piece(NamedTuple):
    """One recv or send."""

    connection: int
    is_sent: bool
    data: bytes


PIECES = st.lists(
    st.builds(
        Piece,
        st.integers(1, 6),
        st.booleans(),
        st.sampled_from([b"a", b"b", b"ab", b"ba", b"aab", b"\0a", b"a\0", b"b\n", b"aba\n", b"\n\n"]),
    ),
    max_size=60,
)


@settings(max_examples=examples(60), deadline=None)
@given(PIECES, st.sampled_from([Query("aba"), Query("AA"), Query("61??", Mode.HEX), Query("a+b", Mode.REGEX)]))
def test_every_match_of_every_stream_is_found_however_tcp_cut_it(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[Piece], query: Query
) -> None:
    path = tmp_path_factory.mktemp("talk") / "talk.tincan"
    ends: dict[int, int] = {}  # by entry: how far its stream is when it ends
    streams: dict[tuple[int, bool], bytes] = {}
    owners: dict[int, tuple[int, bool]] = {}
    with contextlib.closing(Talk(path)) as talk, pytest.MonkeyPatch.context() as patch:
        for number in range(1, 7):
            talk.opens(number)
        for piece in pieces:
            key = (piece.connection, piece.is_sent)
            streams[key] = streams.get(key, b"") + piece.data
            ends[talk.entries], owners[talk.entries] = len(streams[key]), key
            (talk.sends if piece.is_sent else talk.receives)(piece.data, piece.connection)
        patch.setattr(sweep, "_MOST_ENTRIES", 5)
        told = hits(talk, query, Filter(notes=False))

    sizes = {first: len(pieces[place].data) for place, first in enumerate(ends)}
    regex = compile_query(query).regex
    for key, stream in streams.items():
        begins = {ordinal: ends[ordinal] - sizes[ordinal] for ordinal in ends if owners[ordinal] == key}
        spans = [
            (hit.start + begins[hit.ordinal], hit.stop + begins[hit.ordinal]) for hit in told if hit.ordinal in begins
        ]
        assert sorted(spans) == [match.span() for match in regex.finditer(stream)]
    assert all(0 < hit.stop <= sizes[hit.ordinal] for hit in told)


def test_streams_are_taken_apart_only_where_something_may_be_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "long.tincan"
    split = {5_000: b"NEE", 5_004: b"dle\n"}  # of the same stream
    first = write_journal(path, 10_000, connections=2, both_ways=True, instead=split)
    apart: list[joining.Stretch] = []

    def watched(reader: JournalReader, stretch: joining.Stretch, rows: list[joining.DataRow]) -> list[joining.Joined]:
        apart.append(stretch)
        return joining.joined(reader, stretch, rows)

    monkeypatch.setattr(sweep, "joined", watched)

    assert found(path, Query("needle"), range(first + 10_000)) == [Hit(first + 5_004, -3, 3)]
    assert [stretch.first <= first + 5_000 < stretch.stop for stretch in apart] == [True]


def test_what_is_found_in_front_of_bytes_that_are_passed_over_is_told_before_them(talk: Talk) -> None:
    talk.receives(b"kiss\n")  # of which more could be a hit: long s has two bytes, and so the longest has seven
    for _ in range(sweep._MOST_ENTRIES * 2):
        talk.receives(b"\n")

    with contextlib.closing(JournalReader(talk.path)) as reader:
        told = list(find(reader, SESSION, compile_query(Query("kiss")), EVERYTHING, range(talk.entries)))
    places = [place for place, (_searched, found) in enumerate(told) if list(found)]
    assert places != [len(told) - 1]


@pytest.mark.parametrize("connections", [1, 2, 5, 40])
def test_it_is_the_same_for_few_connections_and_for_many(tmp_path: Path, connections: int) -> None:
    path = tmp_path / "many.tincan"
    first = write_journal(
        path, 3_000, connections=connections, both_ways=True, instead={7: b"\xffneedle\0", 2_999: b"NEEDLE"}
    )

    assert found(path, Query("needle"), range(first + 3_000)) == [Hit(first + 7, 1, 7), Hit(first + 2_999, 0, 6)]
    assert len(found(path, Query("line 0"), range(first + 3_000))) == 2_998


def test_an_entry_of_any_size_is_looked_at_piece_by_piece(talk: Talk) -> None:
    large = sweep._MOST_BYTES * 5
    talk.receives(b"nee")
    talk.receives(b"dle" + b"." * large + b"needle" + b"." * large + b"nee")
    talk.receives(b"dle")
    told = [Hit(4, -3, 3), Hit(4, large + 3, large + 9), Hit(5, -3, 3)]

    assert hits(talk, "needle") == told
    assert hits(talk, "needle", Filter(frozenset({ConnectionId(1)}))) == told


def test_a_search_goes_on_where_another_ended_and_finds_what_lies_across(talk: Talk) -> None:
    talk.receives(b"needle nee")
    middle = talk.entries
    talk.receives(b"dle needle")

    first = found(talk.path, Query("needle"), range(middle))
    second = found(talk.path, Query("needle"), range(middle, talk.entries))
    assert first + second == hits(talk, "needle") == [Hit(3, 0, 6), Hit(4, -3, 3), Hit(4, 4, 10)]


def test_a_search_that_goes_on_looks_back_a_little_however_large_the_entries_are(talk: Talk, tmp_path: Path) -> None:
    write_journal(tmp_path / "many.tincan", 10_000)
    with contextlib.closing(JournalReader(tmp_path / "many.tincan")) as reader:
        assert sweep.beginning(reader, SESSION, EVERYTHING, 10_000) == 10_000 - sweep.LOOK_BACK
        assert sweep.beginning(reader, SESSION, EVERYTHING, 5) == 0
    for _ in range(40):
        talk.receives(b"." * 65536)
    talk.receives(b"." * sweep._LOOK_BACK_BYTES + b"nee")
    talk.receives(b"dle")
    with contextlib.closing(JournalReader(talk.path)) as reader:
        assert sweep.beginning(reader, SESSION, EVERYTHING, talk.entries - 2) >= talk.entries - 2 - 16
    assert found(talk.path, Query("needle"), range(talk.entries - 1, talk.entries)) == [Hit(talk.entries - 1, -3, 3)]


@pytest.mark.case("C-47")
@pytest.mark.parametrize("connections", [1, 5])
def test_a_sqlite_that_gives_not_all_of_a_text_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connections: int
) -> None:
    path = tmp_path / "binary.tincan"
    first = write_journal(path, 20, connections=connections, instead={3: b"\0needle", 4: b"a\0b", 19: b"needle"})
    monkeypatch.setattr(joining, "_JOINED", "CAST(substr(group_concat(data, ''), 1, 100) AS BLOB)")

    assert found(path, Query("needle"), range(first + 20)) == [Hit(first + 3, 1, 7), Hit(first + 19, 0, 6)]


def test_there_is_nothing_in_no_entries(talk: Talk) -> None:
    assert found(talk.path, Query("a"), range(0)) == []
    assert found(talk.path, Query("a"), range(5, 5)) == []


def test_a_pattern_that_matches_nothing_at_all_finds_nothing(talk: Talk) -> None:
    talk.receives(b"aaa")

    assert hits(talk, Query("x*", Mode.REGEX)) == []


@pytest.mark.case("C-62")
class TestADamagedJournal:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "damaged.tincan"
        write_journal(path, 2_000, connections=6, both_ways=True)
        return path

    def test_gives_hits_or_a_journal_error_whatever_was_changed(self, path: Path) -> None:
        whole, chance = path.read_bytes(), random.Random(62)
        for place in chance.sample(range(100, len(whole)), examples(60)):
            path.write_bytes(whole[:place] + chance.randbytes(200) + whole[place + 200 :])
            with contextlib.suppress(JournalError):
                found(path, Query("line"), range(2_007))

    @pytest.mark.parametrize("connections", [2, 6])
    @pytest.mark.parametrize(("number", "table"), [(2, "entry"), (3, "chunk"), (4, "chunk"), (FORMAT, "chunk")])
    @pytest.mark.parametrize(
        "spoil",
        [
            "UPDATE {table} SET data = 'tëxt'",
            "UPDATE {table} SET data = 12345",
            "UPDATE {table} SET connection = 'the first'",
            "UPDATE {table} SET connection = 0.5",
            "UPDATE {table} SET connection = x'ff'",
            "UPDATE {table} SET kind = x'00'",
            "UPDATE {table} SET ordinal = 100.5",
            "UPDATE {table} SET note = x'ff'",
            "UPDATE {table} SET note = CAST(x'ff' AS TEXT)",
        ],
    )
    def test_with_a_value_of_another_kind_gives_hits_or_a_journal_error(
        self, tmp_path: Path, spoil: str, connections: int, number: int, table: str
    ) -> None:
        path = tmp_path / "spoiled.tincan"
        first = write_journal(path, 200, connections=connections)
        if number != FORMAT:
            in_format(path, number)
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            (ordinal,) = database.execute(f"SELECT max(ordinal) FROM {table} WHERE ordinal < 100").fetchone()
            assert database.execute(f"{spoil.format(table=table)} WHERE ordinal = {ordinal}").rowcount

        with contextlib.suppress(JournalError):
            assert len(found(path, Query("line"), range(first + 200))) >= 190

    @pytest.mark.parametrize("connections", [1, 2])
    def test_with_a_gap_between_two_runs_gives_what_lies_behind_it(self, tmp_path: Path, connections: int) -> None:
        path = tmp_path / "spoiled.tincan"
        first = write_journal(path, 2_000, connections=connections)
        gap = 3 * sweep.LOOK_BACK
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            (last,) = database.execute("SELECT max(ordinal) FROM chunk").fetchone()
            database.execute("UPDATE chunk SET ordinal = ordinal + ? WHERE ordinal = ?", (gap, last))

        behind = range(last + 2 * sweep.LOOK_BACK, first + 2_000 + gap)
        assert len(found(path, Query("line"), behind)) == first + 2_000 - last
