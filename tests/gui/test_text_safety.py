"""Nothing from outside reaches Tk as it came, and nothing of it is lost."""

from __future__ import annotations

import pytest

from gui import text_safety
from gui.text_safety import TextSafety

SAFE = TextSafety()


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        pytest.param(b"a\0b", "a␀b", id="NUL", marks=pytest.mark.case("C-47")),
        pytest.param(b"\x1b[31mred\x07\x08", "␛[31mred␇␈", id="escape", marks=pytest.mark.case("C-48")),
        pytest.param(b"\xc2\x9b", "<U+009B>", id="C1 control"),
        pytest.param(b"over\rwritten", "over␍written", id="carriage return"),
        pytest.param(
            "user: \u202egnp.exe".encode(), "user: <U+202E>gnp.exe", id="bidi", marks=pytest.mark.case("C-49")
        ),
        pytest.param("a\u2066b\u2069\u200f\u061c".encode(), "a<U+2066>b<U+2069><U+200F><U+061C>", id="isolates"),
        pytest.param("a\u200bb\ufeff".encode(), "a<U+200B>b<U+FEFF>", id="invisible", marks=pytest.mark.case("C-50")),
        pytest.param("\U000e0041".encode(), "<U+E0041>", id="tag character"),
        pytest.param("\u2028".encode(), "<U+2028>", id="line separator"),
        pytest.param(b"\xff\xfe", r"\xff\xfe", id="not UTF-8", marks=pytest.mark.case("C-46")),
        pytest.param(b"\xc0\x80", r"\xc0\x80", id="overlong"),
        pytest.param(b"\xed\xa0\x80", r"\xed\xa0\x80", id="surrogate", marks=pytest.mark.case("C-53")),
        pytest.param(b"caf\xc3", r"caf\xc3", id="truncated"),
        pytest.param("Grüße 你好 مرحبا".encode(), "Grüße 你好 مرحبا", id="plain text"),
        pytest.param("👩‍👩‍👧 🇩🇪".encode(), "👩‍👩‍👧 🇩🇪", id="emoji", marks=pytest.mark.case("C-52")),
        pytest.param(b"tab\tline\n", "tab\tline\n", id="tab and line feed"),
    ],
)
def test_bytes_are_shown_without_loss(data: bytes, shown: str) -> None:
    assert SAFE.text(text_safety.decode(data)) == shown


def test_a_lone_surrogate_that_is_no_byte_is_named() -> None:
    assert SAFE.text("a\ud800b") == "a<U+D800>b"


@pytest.mark.case("C-51")
def test_piled_up_accents_are_cut_and_counted() -> None:
    shown = SAFE.text("e" + "\u0301" * 2000)

    assert shown == "e" + "\u0301" * 8 + "<+1992 combining>"


@pytest.mark.case("C-52")
@pytest.mark.parametrize(("tk", "shown"), [("8.6.10", "\ufffd"), ("8.6.11", "😀"), ("8.6.13", "😀"), ("9.0", "😀")])
def test_emoji_are_kept_from_a_tk_that_they_would_kill(tk: str, shown: str) -> None:
    assert TextSafety.for_tk(tk).text("😀") == shown


@pytest.mark.case("C-56")
def test_a_field_takes_one_short_line() -> None:
    shown = SAFE.field("evil\n\0name" + "x" * 10_000)

    assert shown.startswith("evil␊␀name")
    assert "\n" not in shown
    assert len(shown) <= text_safety.LONGEST_FIELD


@pytest.mark.case("C-45")
@pytest.mark.parametrize(
    ("data", "tail"),
    [
        (b"", 0),
        (b"a", 0),
        ("€".encode(), 0),
        ("€".encode()[:2], 2),
        (b"a\xe2", 1),
        ("😀".encode()[:3], 3),
        (b"\xff", 0),
    ],
)
def test_the_start_of_a_character_is_recognised(data: bytes, tail: int) -> None:
    assert text_safety.unfinished_tail(data) == tail


@pytest.mark.case("C-57")
@pytest.mark.parametrize(
    ("text", "body", "mark"),
    [
        ("a", "a", ""),
        ("a\n", "a", "↵"),
        ("a\r\n", "a", "␍↵"),
        ("a\r", "a\r", ""),
        ("\n", "", "↵"),
        ("a\n\n", "a\n", "↵"),
    ],
)
def test_a_trailing_line_ending_is_told_apart(text: str, body: str, mark: str) -> None:
    found, ending = text_safety.split_ending(text)

    assert (found, text_safety.ending_mark(ending)) == (body, mark)


@pytest.mark.case("C-54")
def test_a_long_line_is_folded_without_loss() -> None:
    line = "x" * 1_000_001

    pieces = text_safety.folded(line)

    assert max(map(len, pieces)) == text_safety.LONGEST_LINE
    assert "".join(pieces) == line
    assert text_safety.folded("") == [""]
