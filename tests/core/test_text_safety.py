"""What a stranger sends is shown, all of it, and nothing of it does anything."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core import text_safety
from core.compose import Composed, Context, Draft, Format, compose
from core.text_safety import LONGEST_COMBINING_RUN, Span, TextSafety, decode

SAFE = TextSafety()
OLD_TK = TextSafety(astral=False)

FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
any_text = st.text(st.characters(), max_size=200) | st.text("\0\x1b\r\n\t\u202e\u0301\udc80\U0001f600ab", max_size=60)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text\twith a tab\nand a line", "plain text\twith a tab\nand a line"),
        ("naïve žluťoučký 漢字 עברית", "naïve žluťoučký 漢字 עברית"),
        pytest.param("a\0b", "a\\x00b", marks=pytest.mark.case("C-47")),
        pytest.param("\x1b[31mred\x1b[0m", "\\e[31mred\\e[0m", marks=pytest.mark.case("C-48")),
        pytest.param("\x1b]0;title\x07", "\\e]0;title\\x07", marks=pytest.mark.case("C-48")),
        pytest.param("pass\rfail", "pass\\rfail", marks=pytest.mark.case("C-48")),
        pytest.param("ab\x08c\x7f", "ab\\x08c\\x7f", marks=pytest.mark.case("C-48")),
        pytest.param("\x9b31m\x85", "\\u{9b}31m\\u{85}", marks=pytest.mark.case("C-48")),
        pytest.param("user: \u202egnp.exe", "user: \\u{202e}gnp.exe", marks=pytest.mark.case("C-49")),
        pytest.param(
            "\u202a\u202d\u2066\u2069\u200e\u200f\u061c",
            "\\u{202a}\\u{202d}\\u{2066}\\u{2069}\\u{200e}\\u{200f}\\u{61c}",
            marks=pytest.mark.case("C-49"),
        ),
        pytest.param("ad\u200bmin\ufeff", "ad\\u{200b}min\\u{feff}", marks=pytest.mark.case("C-50")),
        pytest.param("a\u00adb\u2028c\u2029", "a\\u{ad}b\\u{2028}c\\u{2029}", marks=pytest.mark.case("C-50")),
        pytest.param("hi\U000e0041", "hi\\u{e0041}", marks=pytest.mark.case("C-50")),
        pytest.param("👍🏽 👩‍👩‍👧 🇨🇿", "👍🏽 👩‍👩‍👧 🇨🇿", marks=pytest.mark.case("C-52")),
        pytest.param("\ud800\udfff", "\\u{d800}\\u{dfff}", marks=pytest.mark.case("C-53")),
    ],
    ids=ascii,
)
def test_what_would_act_or_hide_stands_there_as_a_mark(text: str, shown: str) -> None:
    assert SAFE.text(text) == shown


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("C:\\new\\0", "C:\\\\new\\\\0"),
        ("\\0\0", "\\\\0\\0"),
        ("\\" * 3, "\\" * 6),
        ("a" + "\u0301" * 10, "a" + "\u0301" * 8 + "\\u{301}\\u{301}"),
        ("<+2 combining>", "<+2 combining>"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("plain", "plain"),
    ],
    ids=ascii,
)
def test_where_no_colour_tells_marks_apart_a_backslash_is_doubled(text: str, exact: str) -> None:
    assert SAFE.exact(text) == exact


@given(st.binary(max_size=200) | any_text.map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(bytes(range(256)))
@example(b"\\0\0" + b"\\x00\\n\n\\" + "\u0301".encode() * 20)
def test_what_is_written_exactly_is_read_by_the_composer_as_the_same_bytes(data: bytes) -> None:
    composed = compose(Draft(SAFE.exact(decode(data)), Format.ESCAPES), Context())

    assert isinstance(composed, Composed)
    assert composed.body == data


MANY_MARKS = st.text("\0\x1b\n\u202e\udc80\U0001f600\U000e0001", max_size=60).map(lambda marks: "a" * 60 + marks * 3)


@given(any_text | MANY_MARKS | st.lists(st.sampled_from(["a", "\u0301" * 9, "\x1b", "é"])).map("".join))
@settings(deadline=None)
@example("\0" * 40 + "\u0301" * 40)
@pytest.mark.case("C-46", "C-48")
def test_a_text_is_its_stretches_one_after_the_other(text: str) -> None:
    for safety in (SAFE, OLD_TK):
        assert safety.text(text).replace("\t", "\\t") == in_stretches(safety, text)


@pytest.mark.case("C-48", "C-49", "C-50")
def test_every_character_is_shown_alike_in_a_text_and_in_a_stretch() -> None:
    for first in [*range(0, 0x10000, 0x1000), 0x1F000, 0xE0000]:
        text = "".join(map(chr, range(first, first + 0x1000)))
        for safety in (SAFE, OLD_TK):
            is_alike = safety.text(text).replace("\t", "\\t") == in_stretches(safety, text)
            assert is_alike, f"from U+{first:04X} on"  # a thousand lines of difference would help nobody


def in_stretches(safety: TextSafety, text: str) -> str:
    return "".join(span.text for span in safety.spans(text))


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"\xc0\x80", "\\xc0\\x80"),
        (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),
        (b"cut \xe2\x82", "cut \\xe2\\x82"),
        (b"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"),
        (b"caf\xe9", "caf\\xe9"),
        ("€ 😀".encode(), "€ 😀"),
    ],
    ids=repr,
)
@pytest.mark.case("C-46", "C-53")
def test_bytes_that_are_no_text_are_shown_as_bytes(data: bytes, shown: str) -> None:
    assert SAFE.text(decode(data)) == shown


@given(data=st.binary(max_size=100))
@pytest.mark.case("C-46")
def test_no_byte_is_lost_on_its_way_to_the_eye(data: bytes) -> None:
    assert decode(data).encode("utf-8", "surrogateescape") == data


@given(text=any_text)
@example(text="\U0010ffff\U000e007f")
@pytest.mark.case("C-47", "C-48", "C-49", "C-53")
def test_nothing_that_acts_comes_through_whatever_came_in(text: str) -> None:
    for safety in (SAFE, OLD_TK):
        shown = safety.text(text)

        assert not FORBIDDEN.search(shown)
        assert all(c in "\n\t" or unicodedata.category(c) != "Cc" for c in shown)
        assert safety.text(shown) == shown
        shown.encode("utf-8")


@given(text=any_text)
def test_what_is_no_mark_is_the_text_itself_in_its_order(text: str) -> None:
    position = 0
    for span in SAFE.spans(text):
        assert span.text
        if not span.is_mark:
            position = text.index(span.text, position) + len(span.text)


@pytest.mark.case("C-55")
def test_a_mark_is_known_as_one_so_that_nobody_can_type_it() -> None:
    assert list(SAFE.spans("a\x07b")) == [Span("a"), Span("\\x07", is_mark=True), Span("b")]
    assert list(SAFE.spans("a\\x07b")) == [Span("a\\x07b")]


@pytest.mark.case("C-51")
def test_a_tower_of_accents_is_cut_down_and_counted() -> None:
    tower = "e" + "\u0301" * 2000 + "nd"

    assert SAFE.text(tower) == "e" + "\u0301" * LONGEST_COMBINING_RUN + "<+1992 combining>nd"


@pytest.mark.case("C-51")
def test_as_many_accents_as_a_language_uses_are_left_alone() -> None:
    word = "e" + "\u0301" * LONGEST_COMBINING_RUN

    assert SAFE.text(word) == word


@pytest.mark.parametrize(
    ("patchlevel", "shown"),
    [
        ("8.6.10", "a\ufffd"),
        ("8.5.19", "a\ufffd"),
        ("8.6.11", "a😀"),
        ("8.6.13", "a😀"),
        ("9.0.1", "a😀"),
        ("9.0b1", "a😀"),
    ],
)
@pytest.mark.case("C-52")
def test_an_emoji_never_reaches_a_tk_that_it_would_kill(patchlevel: str, shown: str) -> None:
    assert TextSafety.for_tk(patchlevel).text("a😀") == shown


def test_an_old_tk_still_sees_which_invisible_character_it_was() -> None:
    assert OLD_TK.text("\U000e0041") == "\\u{e0041}"


@pytest.mark.parametrize(
    ("text", "longest", "shown"),
    [
        ("short", 10, "short"),
        ("two\nlines\tand a tab", 40, "two\\nlines\\tand a tab"),
        ("0123456789", 10, "0123456789"),
        ("0123456789x", 10, "012345678…"),
        ("a\r\nb", 10, "a\\r\\nb"),
        ("a\x9bb", 10, "a\\u{9b}b"),
        ("a\x9bbcd", 8, "a\\u{9b}…"),
        ("a" + "\u0301" * 50, 26, "a" + "\u0301" * 8 + "<+18 combining>…"),
    ],
)
@pytest.mark.case("C-56")
def test_a_field_is_one_line(text: str, longest: int, shown: str) -> None:
    assert SAFE.field(text, longest) == shown


@given(text=any_text, longest=st.integers(1, 60))
@example(text="\u202e" * 100, longest=20)
@pytest.mark.case("C-55", "C-56")
def test_a_field_is_never_longer_than_asked_nor_more_than_a_line(text: str, longest: int) -> None:
    shown = SAFE.field(text, longest)

    assert len(shown) <= longest
    assert not re.search(r"[\n\t]", shown)
    assert not FORBIDDEN.search(shown)


@given(text=st.text(max_size=30), cut=st.integers(0, 120))
@pytest.mark.case("C-45")
def test_a_character_split_across_two_pieces_waits_for_its_rest(text: str, cut: int) -> None:
    data = text.encode()
    first, second = data[:cut], data[cut:]

    kept = len(first) - text_safety.unfinished_tail(first)

    assert decode(first[:kept]) + decode(first[kept:] + second) == text
    assert decode(first[:kept]).isascii() or not re.search("[\udc80-\udcff]", decode(first[:kept]))


@pytest.mark.parametrize(
    ("data", "waiting"),
    [
        (b"", 0),
        (b"a", 0),
        (b"\xe2", 1),
        (b"a\xe2\x82", 2),
        ("€".encode(), 0),
        (b"\xf0\x9f\x98", 3),
        ("😀".encode(), 0),
        (b"\xc3", 1),
        (b"\xc3\xa9", 0),
        (b"\xff", 0),
        (b"\xc0", 0),
        (b"\x80\x80\x80\x80", 0),
        (b"a\x80", 0),
        (b"\xf5", 0),
    ],
    ids=repr,
)
@pytest.mark.case("C-45", "C-46")
def test_only_the_beginning_of_a_character_is_waited_for(data: bytes, waiting: int) -> None:
    assert text_safety.unfinished_tail(data) == waiting


@pytest.mark.parametrize(
    ("text", "parts", "mark"),
    [
        ("line\n", ("line", "\n"), "\\n"),
        ("line\r\n", ("line", "\r\n"), "\\r\\n"),
        ("line\r", ("line\r", ""), ""),
        ("line", ("line", ""), ""),
        ("\n", ("", "\n"), "\\n"),
        ("a\nb\n\n", ("a\nb\n", "\n"), "\\n"),
    ],
    ids=repr,
)
@pytest.mark.case("C-57")
def test_the_line_ending_of_a_message_is_told_apart_from_it(text: str, parts: tuple[str, str], mark: str) -> None:
    assert text_safety.split_ending(text) == parts
    assert text_safety.ending_mark(parts[1]) == mark


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello\0", r"hello\0"),
        ("\x1b[31mred\x1b[0m", r"\e[31mred\e[0m"),
        ("\0\x01\0\0\x06", r"\0\x01\0\0\x06"),
        ("\x7fA\udcff\x00", r"\x7fA\xff\0"),
        ("a\r\n\tb\x1e", "a\\r\n\tb\\x1e"),
        ("a\0" + "1\0d\0g", r"a\x001\x00d\0g"),
        ("10\u00a0000\u202f€", r"10\u{a0}000\u{202f}€"),
        ("a\u3164b\u2800c\uffa0\u115fd\u034f", r"a\u{3164}b\u{2800}c\u{ffa0}\u{115f}d\u{34f}"),
        ("\u3000日本\u2003", r"\u{3000}日本\u{2003}"),
        (r"C:\new", r"C:\new"),
    ],
    ids=repr,
)
@pytest.mark.case("C-54", "C-93")
def test_what_nobody_can_tell_apart_is_shown_as_the_composer_takes_it(text: str, shown: str) -> None:
    assert SAFE.text(text) == shown


@pytest.mark.case("C-93")
def test_every_space_but_the_usual_one_and_every_control_is_a_mark_that_composes_to_it() -> None:
    odd = [
        chr(code)
        for code in range(0x10000)
        if unicodedata.category(chr(code)) in ("Cc", "Zs") and chr(code) not in " \n"
    ]
    shown = ["".join(span.text for span in SAFE.spans(one)) for one in odd]

    assert len(set(shown)) == len(odd) == 80
    assert all(span.is_mark for one in odd for span in SAFE.spans(one))
    composed = (compose(Draft(mark, Format.ESCAPES), Context()) for mark in shown)
    assert [message.wire.decode() for message in composed if isinstance(message, Composed)] == odd
