"""Entries become rows that say who said what and when, and nothing that was not so."""

from __future__ import annotations

import time

import pytest

from core.journal.display_row import DisplayRow, Span
from core.origin import PASSED_ON, PERSON, Origin
from core.roles import Role
from core.text_safety import TextSafety
from core.words import duration
from gui.viewmodels.typeset_row import DECOR, Row
from gui.viewmodels.typesetting import RowStyle, Typesetter, clock, stretch_around, weight
from gui.viewmodels.wrapping import PAD, Metrics
from tests.gui.fake_journal import note, received, sent

AS_USUAL = RowStyle()


def typesetter(role: Role = Role.CLIENT, style: RowStyle = AS_USUAL) -> Typesetter:
    return Typesetter(role, TextSafety(), Metrics(lambda text: 7 * len(text), widest=400, step=8), style=style)


def text_of(row: Row) -> str:
    """All of a row, from its first visible character on."""
    return "".join(run.text for run in row.runs).removeprefix(PAD)


def copied(rows: list[Row]) -> str:
    """What is left when decoration is."""
    return "".join(run.text for row in rows for run in row.runs if DECOR not in run.tags)


def tags_of(row: Row, text: str) -> tuple[str, ...]:
    return next(run.tags for run in row.runs if text in run.text)


def test_a_client_calls_the_ends_server_and_you() -> None:
    answer, question = typesetter().set([received(0, b"type the message"), sent(1, b"hello")])

    assert text_of(answer).startswith("server ")
    assert "incoming" in tags_of(answer, "type the message")
    assert text_of(question).startswith("you ")
    assert "right" in tags_of(question, "you")
    assert "outgoing" in tags_of(question, "hello")


def test_a_server_gives_every_connection_its_number_and_colour() -> None:
    first, second, answer = typesetter(Role.SERVER).set(
        [received(0, b"a", number=1), received(1, b"b", number=2), sent(2, b"k", number=2)]
    )

    assert text_of(first).startswith("#1 ")
    assert "connection-0" in tags_of(first, "#1")
    assert "connection-1" in tags_of(second, "#2")
    assert text_of(answer).startswith("server → #2 ")


def test_the_time_is_told_to_the_millisecond() -> None:
    entry = received(0, b"a", at=1.2345)

    (row,) = typesetter().set([entry])

    assert clock(entry).endswith(".234")
    assert clock(entry) in text_of(row)


def test_messages_of_one_sender_within_a_second_share_a_header() -> None:
    entries = [received(0, b"a", at=0), received(1, b"b", at=0.5), received(2, b"c", at=5), sent(3, b"d", at=5.1)]

    headed = ["server" in text_of(row) or "you" in text_of(row) for row in typesetter().set(entries)]

    assert headed == [True, False, True, True]


def test_a_header_says_who_spoke_and_is_shared_by_one_speaker_alone() -> None:
    by_hand, by_rule = PERSON, Origin("rule", "Temperature\x1b")
    entries = [
        sent(0, b"a", at=0)._replace(origin=by_hand),
        sent(1, b"b", at=0.1)._replace(origin=by_hand),
        sent(2, b"c", at=0.2)._replace(origin=by_rule),
        sent(3, b"d", at=0.3)._replace(origin=PASSED_ON),
        received(4, b"e", at=0.4),
    ]

    texts = [text_of(row) for row in typesetter().set(entries)]

    assert "by hand" in texts[0]
    assert "by hand" not in texts[1]
    assert "by the rule Temperature\\e" in texts[2]
    assert all(words not in text for text in texts[3:] for words in ("by ", "passed on"))


@pytest.mark.parametrize("style", [RowStyle(is_compact=True), RowStyle(is_compact=True, as_hex=True)])
def test_a_row_of_one_line_says_who_spoke(style: RowStyle) -> None:
    (row,) = typesetter(style=style).set([sent(0, b"a")._replace(origin=Origin("rule", "Temperature"))])

    assert text_of(row).rstrip("\n").endswith("by the rule Temperature")


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon on this machine, wherever it stands, so that a few hours before are the same day."""
    noon = time.mktime((2026, 11, 2, 12, 0, 0, 0, 0, -1))
    monkeypatch.setattr("tests.gui.fake_journal.NOON_NS", int(noon) * 1_000_000_000)


@pytest.mark.case("C-20")
@pytest.mark.usefixtures("at_noon")
def test_after_the_clock_was_set_back_a_message_has_a_header_of_its_own() -> None:
    entries = [received(0, b"a", at=0), received(1, b"b", at=-7200), received(2, b"c", at=-7199.5)]

    rows = typesetter().set(entries)

    assert ["server" in text_of(row) for row in rows] == [True, True, False]
    assert [clock(entry) in text_of(row) for row, entry in zip(rows, entries, strict=True)] == [True, True, False]


@pytest.mark.case("C-20")
@pytest.mark.usefixtures("at_noon")
def test_the_same_words_to_another_after_the_clock_was_set_back_are_a_message_of_their_own() -> None:
    entries = [sent(0, b"hi", number=1, at=0), sent(1, b"hi", number=2, at=0), sent(2, b"hi", number=3, at=-7200)]

    together, _second, later = typesetter(Role.SERVER).set(entries)

    assert text_of(together).startswith("server → #1 #2 ")
    assert text_of(later).startswith("server → #3 ")


def test_a_new_day_is_announced_once() -> None:
    entries = [received(0, b"a", at=0), received(1, b"b", at=86_400), received(2, b"c", at=86_401)]

    days = [any("day" in run.tags for run in row.runs) for row in typesetter().set(entries)]

    assert days == [False, True, False]


def test_one_message_to_many_is_shown_once_with_all_who_got_it() -> None:
    entries = [sent(n, b"hi all", number=n + 1, at=0) for n in range(3)] + [sent(3, b"other", number=1, at=0)]

    first, second, third, other = typesetter(Role.SERVER).set(entries)

    assert text_of(first).startswith("server → #1 #2 #3 ")
    assert (second.lines, third.lines) == (0, 0)
    assert "other" in text_of(other)


def test_a_message_to_others_has_a_header_of_its_own() -> None:
    """However soon it follows one that went to some of them."""
    entries = [sent(0, b"news", number=1, at=0), sent(1, b"news", number=2, at=0), sent(2, b"for you", number=1, at=0)]

    first, _second, other = typesetter(Role.SERVER).set(entries)

    assert text_of(first).startswith("server → #1 #2 ")
    assert text_of(other).startswith("server → #1 ")


def test_a_message_to_many_is_known_to_go_on_in_the_rows_that_come_next() -> None:
    setter = typesetter(Role.SERVER)
    setter.set([sent(0, b"hi all", number=1, at=0), sent(1, b"hi all", number=2, at=0)])

    assert setter.goes_on_with(sent(2, b"hi all", number=3, at=0))
    assert not setter.goes_on_with(sent(2, b"hi all", number=2, at=0))
    assert not setter.goes_on_with(sent(2, b"other", number=3, at=0))

    setter.set([note(2, "a pause", at=0)])
    assert not setter.goes_on_with(sent(3, b"hi all", number=3, at=0))


def test_the_same_word_twice_to_one_connection_stays_two_messages() -> None:
    rows = typesetter(Role.SERVER).set([sent(0, b"hi", at=0), sent(1, b"hi", at=0.1)])

    assert [copied([row]).count("hi") for row in rows] == [1, 1]


def test_a_failure_is_a_note_in_the_colour_of_errors() -> None:
    (row,) = typesetter().set([note(0, "the connection was refused", failed=True)])

    assert "failure" in tags_of(row, "refused")


def test_a_client_needs_no_number_and_a_server_colours_it() -> None:
    closed = note(0, "#1 closed: the peer said goodbye (FIN)", number=1)

    (for_client,) = typesetter().set([closed])
    (for_server,) = typesetter(Role.SERVER).set([closed])

    assert text_of(for_client).startswith("closed: ")
    assert "connection-0" in tags_of(for_server, "#1")


@pytest.mark.case("C-45")
def test_a_character_cut_in_two_stands_with_the_piece_that_completes_it() -> None:
    euro = "€".encode()
    setter = typesetter()

    rows = setter.set([received(0, b"5 " + euro[:1], at=0), received(1, euro[1:] + b"!", at=0)])

    assert "\\x" not in copied(rows)
    assert "€!" in copied(rows)
    assert not setter.ended_ragged


@pytest.mark.case("C-45")
def test_a_character_that_nobody_completes_is_shown_as_bytes() -> None:
    setter = typesetter()

    rows = setter.set([received(0, b"5 \xe2\x82")])

    assert "5 \\xe2\\x82" in copied(rows)
    assert setter.ended_ragged


@pytest.mark.case("C-55")
def test_a_forged_line_stays_inside_its_bubble() -> None:
    (row,) = typesetter(Role.SERVER).set([received(0, b"hi\n#2 closed: the peer said goodbye (FIN)")])

    assert "incoming" in tags_of(row, "closed")


@pytest.mark.case("C-40")
def test_an_empty_message_says_so() -> None:
    (row,) = typesetter().set([sent(0, b"")])

    assert "(empty)" in text_of(row)


@pytest.mark.case("C-54", "C-57")
@pytest.mark.parametrize("data", [b"hello", b"two\nlines\n", b"\n", b"word " * 500, "Grüße 你好".encode(), b"a\tb"])
@pytest.mark.parametrize("make", [received, sent])
def test_what_is_shown_is_what_was_said(make: object, data: bytes) -> None:
    (row,) = typesetter().set([received(0, data) if make is received else sent(0, data)])

    body = copied([row]).partition("\n")[2]

    shown = data.decode().replace("\t", "\\t").replace("\n", "\\n\n")
    assert body.rstrip("\n") == shown.rstrip("\n")


def test_each_line_feed_within_a_message_is_told_from_a_line_that_is_only_wrapped() -> None:
    (row,) = typesetter().set([received(0, b"GET / HTTP/1.1\r\nHost: a\n\r\n")])

    assert [text for text, tags in row.runs if "mark" in tags] == ["\\r\\n", "\\n", "\\r\\n"]
    assert row.body is not None
    assert row.body.ranges()[14:20] == [(14, 15), (14, 15), (15, 16), (15, 16), (15, 16), (16, 17)]


def test_the_ends_of_many_lines_stay_marks() -> None:
    (row,) = typesetter().set([received(0, b"line\r\n" * 1000)])

    assert sum("mark" in tags for _text, tags in row.runs) == 1000


@pytest.mark.parametrize("data", [b"hello", b"x" * 5000, b"a\nb\nc", b"\xff" * 1000])
def test_a_row_counts_its_lines(data: bytes) -> None:
    for row in typesetter().set([received(0, data), sent(1, data), note(2, "over")]):
        assert text_of(row).count("\n") == row.lines
        assert text_of(row).endswith("\n")
        assert len(row.caps) in (0, 2)


@pytest.mark.case("C-54")
def test_a_million_marks_are_neither_one_line_nor_a_million_tags() -> None:
    (row,) = typesetter().set([received(0, b"\0" * 100_000)])

    lines = text_of(row).split("\n")
    assert max(map(len, lines)) <= 4000
    assert len(row.runs) < 3 * len(lines)


def test_what_is_left_out_is_counted_and_offered() -> None:
    (row,) = typesetter().set([received(7, b"x" * 100, size=1100)])

    assert "1,000 more bytes" in text_of(row)
    assert "more-7" in tags_of(row, "more bytes")


def test_an_outgoing_line_has_room_on_its_left() -> None:
    (row,) = typesetter().set([sent(0, b"hello")])

    place = next(i for i, run in enumerate(row.runs) if run.text.startswith("hello"))

    assert row.runs[place - 1].text == PAD
    assert DECOR in row.runs[place - 1].tags


@pytest.mark.parametrize(
    ("heights", "keep", "above", "below", "stretch"),
    [
        ([1] * 10, 5, 100, 100, (0, 10)),
        ([1] * 10, 5, 2, 3, (3, 8)),
        ([1] * 10, 10, 3, 0, (7, 10)),  # in front of the place behind the last
        ([1] * 10, 0, 3, 3, (0, 3)),
        ([9, 1, 0, 0, 0, 1, 9], 3, 2, 2, (0, 7)),  # what has no height fills nothing
        ([1, 5, 100, 5, 1], 2, 0, 0, (1, 4)),  # past the highest row one can scroll
        ([1], 0, 0, 0, (0, 1)),
    ],
)
def test_a_stretch_is_as_high_as_is_wanted_on_both_sides(
    heights: list[int], keep: int, above: int, below: int, stretch: tuple[int, int]
) -> None:
    assert stretch_around(heights, keep, above, below) == stretch


@pytest.mark.parametrize(
    ("heights", "keep", "above", "below", "stretch"),
    [
        ([1, 5, 100, 5, 1], 2, 0, 50, (2, 3)),
        ([1, 5, 100, 5, 1], 2, 0, 101, (2, 4)),
        ([5, 0, 0, 5, 0, 0, 5], 2, 1, 3, (0, 6)),  # with those that are shown together with it
        ([1] * 10, 10, 3, 0, (7, 10)),
    ],
)
def test_a_stretch_without_the_neighbours_is_what_fills_it(
    heights: list[int], keep: int, above: int, below: int, stretch: tuple[int, int]
) -> None:
    assert stretch_around(heights, keep, above, below, beside=False) == stretch


def test_nothing_is_said_about_an_entry_in_front_of_the_first() -> None:
    before: DisplayRow = received(0, b"a", at=0)

    (row,) = typesetter().set([received(1, b"b", at=0.1)], before)

    assert "server" not in text_of(row)


@pytest.mark.parametrize("make", [received, sent])
def test_a_long_word_leaves_room_at_both_edges_of_its_bubble_and_is_copied_as_one(make: object) -> None:
    word = "x" * 1000
    (row,) = typesetter().set([make(0, f"see {word} there".encode())])  # type: ignore[operator]

    lines = [line.strip(PAD) for line in text_of(row).split("\n") if "x" in line]
    assert len(lines) > 1
    assert all(7 * (len(line) + 2) <= 400 for line in lines)
    assert f"see {word} there" in copied([row])


def test_bytes_that_are_no_text_weigh_what_is_written_for_them() -> None:
    for data in (b"\0" * 1_000, bytes(range(256)) * 4):
        (row,) = typesetter().set([received(0, data)])
        assert weight(received(0, data)) > 0.8 * len(copied([row]))
    assert weight(received(0, b"word " * 200)) == 1_000
    assert weight(received(0, "日本語".encode() * 100)) == 900


@pytest.mark.parametrize("style", [AS_USUAL, RowStyle(as_hex=True), RowStyle(is_compact=True)], ids=repr)
def test_that_a_checksum_is_right_stands_beside_the_message_in_words(style: RowStyle) -> None:
    (row,) = typesetter(style=style).set([received(0, b"abc")._replace(checksum="CRC-32 right")])

    assert "mark" in tags_of(row, "✓ CRC-32 right")


def test_what_is_wrong_with_a_message_stands_below_its_hex_in_the_same_font() -> None:
    (row,) = typesetter(style=RowStyle(as_hex=True)).set([received(0, b"abc", misfit="not ended yet")])

    assert "hex" in tags_of(row, "not ended yet")


def test_a_compact_row_is_one_line_with_its_time_number_way_and_text() -> None:
    rows = typesetter(Role.SERVER, RowStyle(is_compact=True)).set(
        [received(0, b"two\r\nlines\n", number=2), sent(1, b"k", number=2), note(2, "over"), received(3, b"x" * 999)]
    )

    lines = [text_of(row) for row in rows]
    assert all(line.count("\n") == 1 == row.lines and not row.caps for line, row in zip(lines, rows, strict=True))
    assert lines[0] == f"{clock(received(0, b''))}\t1\tin #2 \ttwo\\r\\nlines\\n\n"
    assert lines[1].endswith("\t2\tout #2 \tk\n")
    assert lines[2].endswith("\t3\t\tover\n")
    assert all("wrapped" in run.tags for run in rows[2].runs)  # a note is read nowhere else: none of it is cut
    assert lines[3].rstrip("\n").endswith("x…")
    assert "mark" in tags_of(rows[0], "\\r")


def test_a_compact_row_is_as_few_runs_as_it_has_looks() -> None:
    (row,) = typesetter(style=RowStyle(is_compact=True)).set([received(0, b"hello")])

    assert [run.tags for run in row.runs] == [("compact", "lead"), ("compact", "received")]


@pytest.mark.parametrize(
    ("said", "shows"),
    [
        (b"." * 300 + b"end", b"." * 300 + b"end\n"),  # narrower than an i: all of it fits
        (b"." * 357 + b"xxxxxxxxxxxx", b"." * 357 + b"x\xe2\x80\xa6\n"),
        (b"x" * 62 + b"\r\n" * 3, b"x" * 52 + b"\xe2\x80\xa6\n"),
    ],
)
def test_a_compact_row_shows_as_much_as_there_is_room_for_however_narrow_it_is(said: bytes, shows: bytes) -> None:
    metrics = Metrics(lambda text: sum(1 if each == "." else 7 for each in text), widest=400, step=8)
    setter = Typesetter(Role.CLIENT, TextSafety(), metrics, style=RowStyle(is_compact=True))

    (row,) = setter.set([received(0, said)])

    assert text_of(row).partition("in \t")[2] == shows.decode()


@pytest.mark.parametrize(
    ("room", "wrong", "shows"),
    [
        (300, "", "x" * 18 + "…"),
        (170, "", "xxxxx…"),
        (170, "not ended yet", "xxx…   ⚠ not ended yet"),  # the edge of the view cuts that
        (130, "", "xx…"),
        (110, "", "…"),
        (90, "", "…"),
    ],
)
def test_a_compact_row_that_is_cut_says_so_however_little_room_there_is(room: int, wrong: str, shows: str) -> None:
    metrics = Metrics(lambda text: 10 * len(text), widest=room * 72 // 100, step=4, room=room, lead=100, way=80)
    setter = Typesetter(Role.CLIENT, TextSafety(), metrics, style=RowStyle(is_compact=True))

    (row,) = setter.set([received(0, b"x" * 100, misfit=wrong)])

    assert text_of(row).partition("in \t")[2] == f"{shows}\n"


def test_times_can_count_from_the_message_before() -> None:
    setter = typesetter(style=RowStyle(counts_time=True))
    rows = setter.set([received(0, b"a", at=1), note(1, "over"), received(2, b"b", at=1.25), sent(3, b"c", at=3)])
    later = setter.set([received(4, b"d", at=3.002)])

    assert clock(received(0, b"a", at=1)) in text_of(rows[0])
    assert "+250 ms" in text_of(rows[2])
    assert f"+{duration(1_750_000_000)}" in text_of(rows[3])
    assert f"+{duration(2_000_000)}" in text_of(later[0])


def test_a_tap_says_what_goes_to_the_target_on_the_left_and_what_comes_back_on_the_right() -> None:
    there, on, back, home = typesetter(Role.TAP).set(
        [
            received(0, b"question", number=1),
            sent(1, b"question", number=-1),
            received(2, b"answer", number=-1),
            sent(3, b"answer", number=1),
        ]
    )

    assert text_of(there).startswith("#1 → target ")
    assert text_of(back).startswith("target → #1 ")
    assert "incoming" in tags_of(there, "question")
    assert "outgoing" in tags_of(back, "answer")
    assert tags_of(there, "#1")[-1] == tags_of(back, "#1")[-1] == "connection-0"
    assert (text_of(on), text_of(home)) == ("", ""), "what went on as it came is shown once"


def test_a_tap_shows_what_went_on_otherwise_than_it_came_and_what_it_said_itself() -> None:
    _came, changed, own, to_caller = typesetter(Role.TAP).set(
        [
            received(0, b"question", number=1),
            sent(1, b"Question", number=-1),
            sent(2, b"of my own", number=-1),
            sent(3, b"to you", number=1),
        ]
    )

    assert text_of(changed).startswith("tap → #1→ ")
    assert "incoming" in tags_of(changed, "Question"), "it goes the same way"
    assert "of my own" in text_of(own)
    assert text_of(to_caller).startswith("tap → #1 ")
    assert "outgoing" in tags_of(to_caller, "to you")


def test_who_spoke_tells_what_a_tap_passed_on_where_that_is_recorded() -> None:
    def said(place: int, data: bytes, origin: Origin) -> DisplayRow:
        return sent(place, data, number=-1)._replace(origin=origin)

    _came, by_hand, _more, *cut, several = typesetter(Role.TAP).set(
        [
            received(0, b"hello"),
            said(1, b"hello", PERSON),
            received(2, b"one, two"),
            said(3, b"one, ", PASSED_ON),
            said(4, b"two", PASSED_ON),
            said(5, b"one, (a word of mine) two", PASSED_ON)._replace(span=Span(5, 0, 7, 3)),
        ]
    )

    assert "hello" in text_of(by_hand), "the same bytes by hand are not what came"
    assert [text_of(row) for row in cut] == ["", ""], "what came goes on in other pieces"
    assert "a word of mine" in text_of(several)


def test_what_went_on_is_shown_where_what_came_is_not() -> None:
    (row,) = typesetter(Role.TAP).set([sent(1, b"question", number=-1)._replace(origin=PASSED_ON)])

    assert "question" in text_of(row)


def test_what_went_on_first_of_a_window_is_known_by_the_row_before_it() -> None:
    (row,) = typesetter(Role.TAP).set([sent(1, b"question", number=-1)], received(0, b"question", number=1))

    assert text_of(row) == ""


def test_a_tap_in_compact_rows_names_the_ways() -> None:
    there, _on, back = typesetter(Role.TAP, RowStyle(is_compact=True)).set(
        [received(0, b"question"), sent(1, b"question", number=-1), received(2, b"answer", number=-1)]
    )

    assert "#1 → target" in text_of(there)
    assert "target → #1" in text_of(back)
