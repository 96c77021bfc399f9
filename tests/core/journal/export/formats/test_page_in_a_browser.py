"""A real browser shows a page in light and in dark, prints it, and obeys nothing that was received."""

from __future__ import annotations

import re
import shutil
import socket
import struct
import subprocess
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from core.journal.display_row import DisplayRow
from core.journal.export.formats.page import Page
from tests.core.journal.export.formats.test_page import PARTIES, row
from tests.support.systems import not_installed

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
PATIENCE = 90  # seconds; a browser on a busy machine takes its time
DARK = "--blink-settings=preferredColorScheme=0"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=not_installed("Chromium"))


def page(path: Path, *rows: DisplayRow) -> Path:
    form = Page(parties=PARTIES)
    parts = [form.head()]
    for each in rows:
        parts += form.row(each, lambda each=each: iter([each.data or b""]))  # type: ignore[misc]
    path.write_text("".join((*parts, form.tail())), encoding="utf-8")
    return path


def browse(path: Path, *options: str) -> tuple[str, str]:
    """What the browser prints of a page, and what it complains of."""
    assert CHROMIUM is not None
    profile = path.with_name("profile")
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile}",
         "--enable-logging=stderr", "--window-size=900,700", *options, path.as_uri()],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    return done.stdout.decode(), done.stderr.decode(errors="replace")


def colours(png: bytes) -> set[str]:
    """Every colour in a picture of 8 bits a channel, whose rows are filtered as RFC 2083 has it."""
    wide, high, depth, kind = struct.unpack("!IIBB", png[16:26])
    assert (depth, kind) in ((8, 2), (8, 6))
    size = 3 if kind == 2 else 4
    packed, place = b"", 8
    while place < len(png):
        (length,) = struct.unpack("!I", png[place : place + 4])
        packed += png[place + 8 : place + 8 + length] if png[place + 4 : place + 8] == b"IDAT" else b""
        place += 12 + length
    lines, found = zlib.decompress(packed), set[str]()
    before = bytes(wide * size)
    for top in range(high):
        start = top * (wide * size + 1)
        line = bytearray(lines[start + 1 : start + 1 + wide * size])
        _unfilter(lines[start], line, before, size)
        before = bytes(line)
        found.update(before[at : at + 3].hex() for at in range(0, len(before), size))
    return found


def _unfilter(how: int, line: bytearray, before: bytes, size: int) -> None:
    for at in range(len(line)):
        left = line[at - size] if at >= size else 0
        above, corner = before[at], before[at - size] if at >= size else 0
        if how == 4:
            guess = left + above - corner
            nearest = min((left, above, corner), key=lambda one: abs(guess - one))
        else:
            nearest = (0, left, above, (left + above) // 2)[how]
        line[at] = (line[at] + nearest) & 0xFF


class Shown(HTMLParser):
    """The messages in what the browser made of a page."""

    def __init__(self, dom: str) -> None:
        super().__init__()
        self.messages: list[str] = []
        self.title = ""
        self._in = ""
        self.feed(dom)

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        self._in = tag
        if tag == "pre":
            self.messages.append("")

    def handle_endtag(self, _tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "pre":
            self.messages[-1] += data
        elif self._in == "title":
            self.title += data


@pytest.mark.parametrize(
    ("options", "paper", "arrows"),
    [((), "ffffff", {"0b57d0", "146c2e"}), ((DARK,), "16181c", {"8ab4f8", "81c995"})],
    ids=["light", "dark"],
)
def test_a_page_is_light_or_dark_as_its_reader_likes_it(
    tmp_path: Path, options: tuple[str, ...], paper: str, arrows: set[str]
) -> None:
    path = page(tmp_path / "page.html", row(b"hello"), row(b"hi", "sent"))

    browse(path, f"--screenshot={tmp_path / 'page.png'}", *options)

    found = colours((tmp_path / "page.png").read_bytes())
    assert found >= {paper, *arrows}
    assert ("ffffff" in found) is (paper == "ffffff")


def test_a_page_is_printed_dark_on_white_whatever_its_reader_likes(tmp_path: Path) -> None:
    path = page(tmp_path / "page.html", *(row(b"line %d\n" % number + b"x" * 300) for number in range(80)))

    browse(path, f"--print-to-pdf={tmp_path / 'page.pdf'}", DARK)

    pdf = (tmp_path / "page.pdf").read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 3
    inks = set(re.findall(rb"([0-9.]+) ([0-9.]+) ([0-9.]+) rg", b"".join(_streams(pdf))))
    assert (b".1059", b".1059", b".1059") in inks, "the ink of light"
    assert (b".902", b".902", b".902") not in inks, "the ink of dark"


def _streams(pdf: bytes) -> Iterator[bytes]:
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            yield zlib.decompress(found[1])
        except zlib.error:
            continue


@pytest.mark.case("C-84")
def test_nothing_that_was_received_is_obeyed_loaded_or_lost(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        where = f"http://127.0.0.1:{trap.getsockname()[1]}"
        hostile = [
            "<script>document.title = 'obeyed'</script>",
            "</pre></li></ol><script>document.title = 'obeyed'</script>",
            f"<img src={where}/a onerror=\"document.title='obeyed'\">",
            f"<iframe src='{where}/b'></iframe><link rel=stylesheet href={where}/c><base href={where}>",
            f"<style>@import url({where}/d); body {{ background: url({where}/e) }}</style>",
            f"<meta http-equiv=refresh content='0;url={where}/f'>",
            f"<svg onload=\"document.title='obeyed'\"><image href={where}/g></svg>",
            "<!-- &lt;b&gt; &amp; --> ]]> <b>bold</b> \" ' `",
            "javascript:document.title='obeyed'",
        ]
        rows = [
            *(row(text.encode()) for text in hostile),
            row(None, "closed", hostile[0]),
            row(b"x", misfit=hostile[1]),
        ]
        path = page(tmp_path / "page.html", *rows)

        dom, complaints = browse(path, "--dump-dom", "--virtual-time-budget=3000")

        shown = Shown(dom)
        assert shown.messages[: len(hostile)] == hostile
        assert shown.title == "server 127.0.0.1:5555: Tincan"
        assert "Content Security Policy" not in complaints, "there was nothing to refuse"
        trap.setblocking(False)
        with pytest.raises(BlockingIOError):
            trap.accept()
