"""The export that one reads: what nobody can forge, and nothing that a terminal obeys."""

from __future__ import annotations

import contextlib
import itertools
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core import local_time
from core.compose import Composed, Context, Draft, Encoding, Format, compose
from core.journal.display_row import Filter
from core.journal.export.formats.text import Text
from core.journal.export.source import readable, readable_whole
from core.journal.reading.lens import Lens
from core.text_safety import TextSafety
from tests.support.exports import STEP_NS, Talk, exported
from tests.support.systems import examples

PREFIX = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  (?:#1 [<>][ +!]|(?:--|!!)\+?) ")
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
HEAD = "# > received, < sent, + the same message goes on, @ who sent it; -- what happened, !! what went wrong\n"
ANYTHING = st.binary(min_size=1, max_size=30) | st.text(min_size=1, max_size=12).map(
    lambda text: text.encode("utf-8", "surrogatepass")
)


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock on the wall of a place that has a summer time."""
    if sys.platform == "win32":
        pytest.skip("POSIX: Windows cannot be moved to another place")
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        local_time._words.cache_clear()
        yield
    time.tzset()
    local_time._words.cache_clear()


def text_of(talk: Talk, lens: Lens | None = None) -> str:
    target = talk.path.with_name("out.txt")
    exported(talk.path, target, Text, lens)
    return target.read_bytes().decode("utf-8")


def test_a_conversation_reads_like_one(tmp_path: Path, in_berlin: None) -> None:
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        talk.sends(b"type the message")
        talk.receives("grüße\r\nund mehr\n".encode())
        talk.cannot_send("it has finished")
        talk.closes()

        text = text_of(talk)

    assert text == HEAD + (
        "# times are UTC+01:00\n"
        "2026-11-28 13:00:00.000  -- starting a server on 127.0.0.1:5555\n"
        "2026-11-28 13:00:00.001  -- #1 connected from 127.0.0.1:40001\n"
        "2026-11-28 13:00:00.002  #1 <  type the message\n"
        "2026-11-28 13:00:00.003  #1 >  grüße\\r\n"
        "2026-11-28 13:00:00.003  #1 >+ und mehr\\n\n"
        "2026-11-28 13:00:00.004  !! 5 bytes for #1 were not sent: it has finished\n"
        "2026-11-28 13:00:00.005  -- #1 closed: you closed it (FIN)\n"
    )


@pytest.mark.case("C-20")
def test_the_hour_that_comes_twice_a_year_is_told_apart(tmp_path: Path, in_berlin: None) -> None:
    change_ns = int(datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp()) * 10**9  # when the summer time ends
    with contextlib.closing(Talk(tmp_path / "talk", began_ns=change_ns - STEP_NS)) as talk:
        talk.opens()

        lines = text_of(talk).splitlines()

    assert lines[1:] == [
        "# times are UTC+02:00",
        "2026-10-25 02:59:59.999  -- starting a server on 127.0.0.1:5555",
        "# times are UTC+01:00",
        "2026-10-25 02:00:00.000  -- #1 connected from 127.0.0.1:40001",
    ]


@pytest.mark.case("C-55", "C-82")
@pytest.mark.parametrize(
    "forged",
    [
        b"hi\n2026-11-28 13:00:00.004  -- server stopped",
        b"hi\r\n2026-11-28 13:00:00.004  #1 <  my password is 1234",
        b"hi\r2026-11-28 13:00:00.004  !! 5 bytes for #1 were not sent",
        b"hi\n# times are UTC+09:00\n",
        b"\n\n\n",
        "hi\u20282026-11-28 13:00:00.004  -- server stopped".encode(),
        "hi\x85\x0b\x0c\x1c\x1d\x1e2026-11-28 13:00:00.004  -- server stopped".encode(),
    ],
)
def test_no_peer_can_forge_a_line(tmp_path: Path, forged: bytes) -> None:
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        talk.receives(forged)

        lines = text_of(talk, Lens(only=Filter(notes=False))).removeprefix(HEAD).splitlines()

    assert lines[0].startswith("# times are")
    assert {line[23:29] for line in lines[1:]} <= {"  #1 >"}
    assert [line[29] for line in lines[1:]] == [" ", *"+" * (len(lines) - 2)]


@pytest.mark.case("C-55", "C-82")
def test_not_even_through_a_note(tmp_path: Path) -> None:
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        talk.cannot_send("no\n2026-11-28 13:00:00.004  -- \x1b[31mserver stopped")

        note, rest = text_of(talk).splitlines()[-2:]

    assert note[23:] == "  !! 5 bytes for #1 were not sent: no"
    assert rest[23:] == "  !!+ 2026-11-28 13:00:00.004  -- \\e[31mserver stopped"


@settings(deadline=None, max_examples=examples(80))
@given(st.lists(ANYTHING, max_size=8))
def test_every_line_says_whose_it_is_and_holds_nothing_that_is_obeyed(spoken: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name, contextlib.closing(Talk(Path(name, "talk"))) as talk:
        talk.opens()
        for data in spoken:
            talk.receives(data)

        text = text_of(talk)

    assert text.startswith(HEAD + "# times are UTC")
    lines = text.split("\n")
    assert lines.pop() == ""
    assert all(PREFIX.match(line) for line in lines[2:])
    assert not OBEYED.search(text)


@pytest.mark.case("C-57")
def test_a_line_ending_that_was_cut_in_two_is_still_one() -> None:
    safety = TextSafety()

    assert "".join(readable([b"a\r", b"\nb\r", b"\n"], safety)) == "a\\r\nb\\r\\n"
    assert "".join(readable([b"a\n", b"\n"], safety)) == "a\n\\n"
    assert "".join(readable([b"a\r"], safety)) == "a\\r"
    assert "".join(readable([b"\xf0\x9d", b"\x84", b"\x9e\xf0"], safety)) == "𝄞\\xf0"
    assert "".join(readable([], safety)) == ""


def test_a_nul_in_front_of_a_digit_is_the_same_wherever_the_pieces_end() -> None:
    safety = TextSafety()

    whole = "".join(readable([b"a\0007"], safety))
    assert whole == "a\\x007"
    assert "".join(readable([b"a\0", b"07"], safety)) == "".join(readable([b"a\0" + b"07"], safety))
    assert "".join(readable([b"a\0", b"b"], safety)) == "".join(readable([b"a\0b"], safety))


@given(st.binary(max_size=40), st.sampled_from(list(Encoding)), st.lists(st.integers(0, 7), max_size=9))
def test_a_message_reads_the_same_in_every_encoding_however_its_bytes_come(
    data: bytes, encoding: Encoding, cuts: list[int]
) -> None:
    safety, pieces, begin = TextSafety(), [], 0
    for size in cuts:
        pieces.append(data[begin : begin + size])
        begin += size

    assert "".join(readable([*pieces, data[begin:]], safety, encoding)) == readable_whole(data, safety, encoding)


@settings(deadline=None)
@given(
    ANYTHING
    | st.lists(st.sampled_from(["a", "\r", "\n", "\0", "1", "\u0301" * 9, "\x1b"])).map(lambda of: "".join(of).encode())
)
def test_a_message_at_hand_reads_like_one_that_comes_in_pieces(data: bytes) -> None:
    safety = TextSafety()

    assert readable_whole(data, safety) == "".join(readable([data], safety))


def test_what_is_not_a_whole_message_says_so(tmp_path: Path) -> None:
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        talk.receives(b"half a li")
        talk.closes()

        lines = text_of(talk, Lens("line", Filter(notes=False))).splitlines()

    assert [line[25:] for line in lines[2:]] == ["#1 >  half a li", "#1 >! never ended"]


def test_a_checksum_has_its_verdict_below_the_message(tmp_path: Path) -> None:
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        talk.receives(b"hello020\nhello021\n")

        lines = [line.partition("  ")[2] for line in text_of(talk, Lens("line+sum,decimal")).splitlines()]

    assert lines[-4:] == ["#1 >  hello", "#1 >= sum right", "#1 >  hello", "#1 >! sum wrong: expected 020, found 021"]


@given(st.binary(max_size=60), st.lists(st.integers(0, 7), max_size=9))
@example(bytes(range(256)), [])
@example(b"\\0\0\\n\n\\", [1, 1, 1])
def test_what_an_export_shows_of_a_message_is_its_bytes_when_pasted_as_escapes(data: bytes, cuts: list[int]) -> None:
    stops = [*itertools.accumulate(cuts), len(data)]
    pieces = [data[first:stop] for first, stop in itertools.pairwise([0, *stops])]

    for text in (readable_whole(data, TextSafety()), "".join(readable(pieces, TextSafety()))):
        composed = compose(Draft(text, Format.ESCAPES), Context())
        assert isinstance(composed, Composed)
        assert composed.body == data
