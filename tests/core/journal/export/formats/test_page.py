"""A page: what a browser would read of it, whatever was received."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.journal.display_row import DisplayRow
from core.journal.export.formats.page import Page
from core.journal.reading.parties import Ends, Parties

PARTIES = Parties("server", "127.0.0.1:5555", {1: Ends("127.0.0.1:5555", "127.0.0.1:40000", "fin")})
KNOWN = {"html", "head", "meta", "title", "style", "body", "h1", "p", "ol", "li", "time", "span", "svg", "line", "path"}
KNOWN_TAGS = KNOWN | {"pre"}


class Reader(HTMLParser):
    """Keeps tags, attributes and what the messages say."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "line", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "pre":
            self.text.append(data)


def read(*rows: DisplayRow, parties: Parties = PARTIES) -> Reader:
    form = Page(parties=parties)
    reader = Reader()
    reader.feed(form.head())
    for row in rows:
        reader.feed("".join(form.row(row, lambda row=row: iter([row.data or b""]))))  # type: ignore[misc]
    reader.feed(form.tail())
    reader.close()
    assert not reader.open
    return reader


def row(data: bytes | None, kind: str = "received", note: str = "", misfit: str = "") -> DisplayRow:
    return DisplayRow(
        0, 1, 0, None, 1, kind, 10**18, 0, data, len(data or b""), note, misfit=misfit  # type: ignore[arg-type]
    )  # fmt: skip


HOSTILE = [
    b"<script>alert(1)</script>",
    b"</pre></li></ol></body><script src=//evil></script>",
    b"<img src=x onerror=alert(1)>",
    b"javascript:alert(1)",
    b"</style><style>*{background:url(//evil)}</style>",
    b"<!--",
    b"]]>",
    b"&lt;b&gt;&#x3c;",
    b"\"' onmouseover='alert(1)",
    b"\x00\x1b]0;title\x07\xff",
    "\u202e\ufeff<b>".encode(),
]


@pytest.mark.case("C-84")
@pytest.mark.parametrize("data", HOSTILE)
def test_what_was_received_is_text_and_nothing_else(data: bytes) -> None:
    plain = read(row(b"plain"), row(None, "closed", "plain"), row(b"plain", misfit="plain"))
    for rows in ([row(data)], [row(None, "closed", data.decode(errors="replace"))], [row(b"plain", misfit=repr(data))]):
        reader = read(*rows)
        assert set(reader.tags) <= KNOWN_TAGS
        assert "script" not in reader.tags
        assert {name for name, _value in reader.attributes} <= {name for name, _value in plain.attributes}
    assert read(row(data)).tags == read(row(b"plain")).tags


@pytest.mark.case("C-84")
@given(data=st.text(max_size=200).map(lambda text: text.encode(errors="replace")) | st.binary(max_size=200))
def test_no_bytes_make_a_tag(data: bytes) -> None:
    assert read(row(data)).tags == read(row(b"plain")).tags


@pytest.mark.case("C-84")
def test_a_session_s_own_words_are_text_too() -> None:
    reader = read(row(b"x"), parties=Parties("<b>", "</title><script>", {}))

    assert "script" not in reader.tags
    assert "b" not in reader.tags


def test_the_page_loads_and_runs_nothing() -> None:
    head = Page(parties=PARTIES).head()

    assert "default-src 'none'" in head
    assert "http://" not in head
    assert "https://" not in head
    assert "prefers-color-scheme: dark" in head
    assert "@media print" in head


def test_messages_say_what_they_say_and_which_way_they_went() -> None:
    reader = read(row(b"a <b> & c\r\n"), row(b"d", "sent"))

    assert "".join(reader.text).startswith("a <b> & c")
    labels = [value for name, value in reader.attributes if name == "aria-label"]
    assert labels == ["received, 11 bytes", "sent, 1 bytes"]


def test_of_a_very_long_message_the_page_says_how_long_it_is() -> None:
    reader = read(row(b"x" * 300_000))

    assert len("".join(reader.text)) < 110_000
