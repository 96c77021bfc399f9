"""A sequence diagram as a file: well-formed whatever was received, with the right arrows at the right heights."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.journal.display_row import DisplayRow
from core.journal.export.formats.svg import Svg
from core.journal.reading.parties import Ends, Parties

NAME = "{http://www.w3.org/2000/svg}"
SERVER = Parties("server", "127.0.0.1:5555", {1: Ends("127.0.0.1:5555", "127.0.0.1:40000", "reset")})


def row(place: int, kind: str, data: bytes | None = None, note: str = "", at: float = 0, number: int = 1) -> DisplayRow:
    return DisplayRow(
        place, 1, place, None, number, kind, 10**18, int(at * 1e9), data, len(data or b""), note,  # type: ignore[arg-type]
    )  # fmt: skip


def drawn(*rows: DisplayRow, parties: Parties = SERVER) -> ET.Element:
    form = Svg(parties=parties)
    form.total = len(rows)
    found = form.head()
    for one in rows:
        found += "".join(form.row(one, lambda one=one: iter([one.data or b""])))  # type: ignore[misc]
    return ET.fromstring(found + form.tail())


def words(picture: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in picture.iter(f"{NAME}text")]


HOSTILE = [
    b"<script>alert(1)</script>", b"</text></g></svg><script/>", b"<!--", b"]]>", b"&lt;&#x3c;", b"\"' onload='x",
    b"\x00\x1b]0;title\x07\xff", "\u202e\ufeff\uffff<b>".encode(),
]  # fmt: skip


@pytest.mark.case("C-84")
@pytest.mark.parametrize("data", HOSTILE)
def test_what_was_received_is_text_and_nothing_else(data: bytes) -> None:
    picture = drawn(row(0, "received", data), row(1, "remark", note=data.decode(errors="replace")))

    assert {one.tag.removeprefix(NAME) for one in picture.iter()} == {
        "svg",
        "title",
        "style",
        "rect",
        "text",
        "path",
        "g",
    }
    assert {name for one in picture.iter() for name in one.attrib} <= {
        "width", "height", "viewBox", "class", "x", "y", "d",
    }  # fmt: skip


@pytest.mark.case("C-84")
@given(data=st.binary(max_size=120), note=st.text(max_size=120))
def test_no_bytes_and_no_words_break_the_file(data: bytes, note: str) -> None:
    picture = drawn(row(0, "received", data), row(1, "remark", note=note), parties=Parties(note, note, {}))

    assert len(list(picture.iter(f"{NAME}g"))) == 2


def test_each_row_has_its_height_and_the_picture_room_for_all() -> None:
    picture = drawn(*(row(place, "received", b"x") for place in range(100)))
    heights = [float(group[-1].attrib["y"]) for group in picture.iter(f"{NAME}g")]

    assert {lower - upper for upper, lower in itertools.pairwise(heights)} == {36}
    assert heights[-1] < float(picture.attrib["height"]) < heights[-1] + 60


def test_arrows_say_what_was_said_when_and_how_it_ended() -> None:
    picture = drawn(
        row(0, "received", b"hello\n"), row(1, "sent", b"y" * 5000, at=0.25),
        row(2, "closed", note="#1 closed: the peer reset it (RST)", at=3.5),
    )  # fmt: skip
    shown = words(picture)

    assert [name for name in ("client", "server") if name in shown] == ["client", "server"]
    assert "hello\\n" in shown
    assert f"{'y' * 44}… 5.0 kB" in shown
    assert "+250 ms" in shown
    assert "+3.25 s" in shown
    assert "RST  #1 closed: the peer reset it (RST)" in shown
    assert len([path for path in picture.iter(f"{NAME}path") if path.get("class") == "fold"]) == 2
    assert [group.attrib["class"] for group in picture.iter(f"{NAME}g")] == ["in", "out", "note"]


@pytest.mark.parametrize("role", ["server", "client", "tap"])
@pytest.mark.parametrize("kind", ["opened", "closed", "remark", "we-finished", "received"])
def test_no_words_leave_the_picture_or_run_into_the_times(role: str, kind: str) -> None:
    note = "W" * 300
    data = b"W" * 300 if kind == "received" else None
    for number in (1, -1):
        picture = drawn(row(0, kind, data, note, number=number), parties=Parties(role, "x:1", {}))
        wide = float(picture.attrib["width"])
        (text,) = picture.iter(f"{NAME}g")
        x, half = float(text[-1].attrib["x"]), len("".join(text[-1].itertext())) * 7.9 / 2
        assert 90 <= x - half <= x + half <= wide


def test_a_tap_has_three_lanes() -> None:
    picture = drawn(row(0, "received", b"a"), row(1, "sent", b"a", number=-1), parties=Parties("tap", "x:1", {}))

    assert [one.get("class") for one in picture.iter(f"{NAME}path")].count("lane") == 3
    assert {"client", "tap", "target"} <= set(words(picture))


def test_it_loads_and_runs_nothing() -> None:
    head = Svg(parties=SERVER).head().replace('xmlns="http://www.w3.org/2000/svg"', "")

    assert "http" not in head
    assert "url(" not in head
    assert "prefers-color-scheme: dark" in head
