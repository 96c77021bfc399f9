"""The inspector with real widgets over a real journal."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tkinter import ttk

import pytest

import gui.views.inspector
from core.errors import JournalError
from core.journal.display_row import DisplayRow
from core.journal.reading.lens import Lens
from core.journal.reading.lens_view import LensView, RowCounter
from core.journal.reading.reader import JournalReader
from core.journal.reading.recorded import Call
from core.roles import Role
from gui.theme.theme import Theme
from gui.viewmodels.inspection import EMPTY, Inspected, Range
from gui.viewmodels.ruler import Lane, Ruled
from gui.views.inspector import Lines, Place, Section
from gui.views.inspector.call_list import CallList, CallSection
from gui.views.inspector.decoded_text import DecodedText
from gui.views.inspector.inspector import Inspector
from gui.views.inspector.ruler import Ruler
from tests.gui.conftest import WaitUntil
from tests.support.journals import SESSION, write_journal


class Scene:
    """An inspector on the screen, and what it asked for."""

    def __init__(self, root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> None:
        self.root = root
        self.wait_until = wait_until
        self.saved: list[tuple[Inspected, Range]] = []
        self.closed = 0
        self.pane = Inspector(root, theme, on_save=lambda *asked: self.saved.append(asked), on_close=self._note_close)
        self.pane.pack(fill="both", expand=True)
        self.resize(340, 700)

    def _note_close(self) -> None:
        self.closed += 1

    def resize(self, width: int, height: int) -> None:
        self.root.geometry(f"{width}x{height}")
        self.wait_until(lambda: (self.pane.winfo_width(), self.pane.winfo_height()) == (width, height))

    def show(self, inspected: Inspected | None) -> None:
        self.pane.show(inspected)
        self.root.update()

    @property
    def calls(self) -> CallList:
        return self.pane.section(CallSection).list

    @property
    def widgets(self) -> list[tk.Misc]:
        """Every widget in sight, in the order in which they were made, parents first."""
        found: list[tk.Misc] = []
        waiting: list[tk.Misc] = [self.pane]
        while waiting:
            widget = waiting.pop(0)
            found.append(widget)
            waiting = [child for child in widget.winfo_children() if child.winfo_viewable()] + waiting
        return found

    @property
    def said(self) -> str:
        """The words of all labels and buttons in sight."""
        self.root.update()
        return "\n".join(str(w.cget("text")) for w in self.widgets if isinstance(w, ttk.Label | ttk.Button))

    def button(self, words: str) -> ttk.Button:
        return next(w for w in self.widgets if isinstance(w, ttk.Button) and str(w.cget("text")) == words)

    def tagged(self, tag: str) -> str:
        self.root.update()
        text = self.pane.hex.text
        ranges = text.tag_ranges(tag)
        return text.get(str(ranges[0]), str(ranges[1])) if ranges else ""

    @property
    def reading(self) -> str:
        self.root.update()
        return self.pane.section(DecodedText).text.get("1.0", "end-1c")


@pytest.fixture
def scene(root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> Scene:
    return Scene(root, theme, wait_until)


class Shelf:
    """A journal whose lines came in pieces, read through the lens that puts them together."""

    def __init__(self, path: Path, pieces: list[bytes]) -> None:
        first = write_journal(path, len(pieces), instead=dict(enumerate(pieces)))
        self.reader = JournalReader(path)
        lens = Lens("line", limit=1 << 30)
        self.rows = LensView(self.reader, SESSION, lens)
        counter = RowCounter(self.reader, SESSION, lens)
        while self.rows.entries < first + len(pieces):
            self.rows.take(counter.advance(first + len(pieces)))

    def inspected(self, place: int) -> Inspected:
        display_row: DisplayRow = self.rows.read(place, 1)[0]
        recorded = self.rows.recorded(display_row)
        whole = b"".join(self.rows.whole(display_row))
        start = recorded.read(0, recorded.size).index(whole)
        return Inspected(
            display_row, role=Role.SERVER, source=recorded, calls=recorded.calls,
            envelope=[(0, start), (start + display_row.size, recorded.size)],
            framing="lines",
        )  # fmt: skip


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    pieces = [b"hel", b"lo wor", b"ld\r\nse", b"cond \xff\x00\xe2\x80\xae line\n", b"x" * 50_000, b"y" * 50_000 + b"\n"]
    shelf = Shelf(tmp_path / "talk.tincan", pieces)
    yield shelf
    shelf.reader.close()


HELLO, SECOND, LONG = 2, 3, 4  # the places of the messages, behind the notes


def test_the_shelf_is_as_the_tests_take_it(shelf: Shelf) -> None:
    assert [shelf.rows.read(place, 1)[0].data for place in (HELLO, SECOND)] == [
        b"hello world", b"second \xff\x00\xe2\x80\xae line",
    ]  # fmt: skip


def test_with_nothing_chosen_it_says_what_to_do(scene: Scene) -> None:
    scene.show(None)

    assert scene.said == EMPTY


def test_a_message_is_shown_with_all_there_is_to_know(scene: Scene, shelf: Shelf) -> None:
    scene.show(shelf.inspected(HELLO))

    for words in ("#1 → server", "11 bytes and 2 that frame it", "lines", "Came in 3 recv calls over 2.0 ms"):
        assert words in scene.said
    assert "68 65 6c 6c 6f" in scene.pane.hex.text.get("1.0", "end")
    assert scene.tagged("framing").split() == ["0d", "0a"]
    assert scene.reading == "hello world"


def test_choosing_a_call_marks_the_bytes_that_it_carried(scene: Scene, shelf: Shelf) -> None:
    scene.show(shelf.inspected(HELLO))
    scene.calls.text.focus_force()
    scene.root.update()

    scene.calls.text.event_generate("<Down>")
    scene.calls.text.event_generate("<Down>")

    assert bytes.fromhex(scene.tagged("call").strip()) == b"lo wo"
    assert scene.calls.chosen == shelf.inspected(HELLO).calls[1]
    scene.calls.text.event_generate("<Escape>")
    assert scene.tagged("call") == ""
    assert scene.closed == 0


def test_choosing_a_call_brings_its_bytes_into_view(scene: Scene, shelf: Shelf) -> None:
    scene.show(shelf.inspected(LONG))

    scene.calls.text.event_generate("<Button-1>", x=20, y=scene.calls.row_height * 3 // 2 + 5)

    assert "79 79 79" in scene.tagged("call")


def test_a_hundred_thousand_calls_are_listed_by_those_in_sight(scene: Scene, shelf: Shelf) -> None:
    calls = [Call(at, at, at * 1_000_000, at * 10, at * 10 + 10, 0) for at in range(100_000)]
    inspected = shelf.inspected(LONG)
    scene.show(Inspected(inspected.display_row, role=Role.SERVER, source=inspected.source, calls=calls))

    scene.calls.text.focus_force()
    scene.calls.text.event_generate("<End>")
    scene.root.update()

    listed = scene.calls.text.get("1.0", "end-1c").split("\n")
    assert len(listed) <= 8
    assert "999,99" in listed[-1]
    assert scene.calls.chosen == calls[-1]


def test_what_is_selected_is_read_as_text_and_can_be_saved(scene: Scene, shelf: Shelf) -> None:
    inspected = shelf.inspected(HELLO)
    scene.show(inspected)
    scene.button("Save bytes…").invoke()
    assert scene.saved == [(inspected, (0, 13))]

    scene.pane.hex.go(6, stop=11)
    scene.root.update()
    assert scene.reading == "world"
    scene.button("Save 5 selected…").invoke()
    assert scene.saved[-1][1] == (6, 11)


@pytest.mark.case("C-46", "C-47", "C-49", "C-53")
def test_hostile_bytes_are_shown_as_what_they_are(scene: Scene, shelf: Shelf) -> None:
    scene.show(shelf.inspected(SECOND))

    assert scene.reading == "second \\xff\\0\\u{202e} line"
    assert "second" in scene.pane.hex.text.get("1.0", "end").replace("\n", " ")


@pytest.mark.case("C-54")
def test_of_a_long_message_the_text_is_only_begun(scene: Scene, shelf: Shelf) -> None:
    scene.show(shelf.inspected(LONG))

    assert "As text (the first 1,000 bytes)" in scene.said
    assert scene.reading == "x" * 1000


def test_a_note_is_told_and_offers_no_bytes(scene: Scene, shelf: Shelf) -> None:
    note = shelf.rows.read(0, 1)[0]._replace(note="the peer broke it off\u202e", is_failure=True)

    scene.show(Inspected(note, role=Role.SERVER))

    assert "the peer broke it off\\u{202e}" in scene.said
    assert not scene.pane.hex.winfo_viewable()
    scene.button("Save bytes…").invoke()
    assert scene.saved == []


def test_another_message_begins_at_its_beginning_and_a_grown_one_stays(scene: Scene, shelf: Shelf) -> None:
    scene.show(shelf.inspected(LONG))
    scene.pane.hex.go(60_000, stop=60_010)

    scene.show(shelf.inspected(LONG))
    assert scene.pane.hex.cursor.selection == (60_000, 60_010)
    scene.show(shelf.inspected(HELLO))
    assert scene.pane.hex.cursor.selection is None
    assert scene.pane.hex.top == 0


def test_hits_are_coloured_and_the_first_is_in_view(scene: Scene, shelf: Shelf) -> None:
    scene.show(shelf.inspected(LONG))

    scene.pane.show_marks([(49_999, 50_001), (80_000, 80_004)])

    assert scene.tagged("mark") == "78"  # its other byte begins the next row
    row = 49_999 // scene.pane.hex.layout.per_row
    assert scene.pane.hex.top <= row < scene.pane.hex.top + scene.pane.hex.page


def test_a_broken_journal_is_a_sentence_in_place_of_the_bytes(scene: Scene, shelf: Shelf) -> None:
    class Broken:
        size = 10

        def read(self, start: int, stop: int) -> bytes:
            raise JournalError("the journal is damaged: a value in it is of the wrong kind")

    display_row = shelf.inspected(HELLO).display_row
    scene.show(Inspected(display_row, role=Role.SERVER, source=Broken()))

    assert scene.pane.hex.text.get("1.0", "end-1c") == "the journal is damaged: a value in it is of the wrong kind"
    assert scene.reading == ""


def test_where_there_is_room_the_bytes_stand_beside_the_facts(scene: Scene, shelf: Shelf) -> None:
    scene.show(shelf.inspected(LONG))
    assert scene.pane.hex.winfo_rooty() > scene.calls.winfo_rooty()

    scene.resize(640, 420)
    scene.root.update()

    assert scene.pane.hex.winfo_x() >= scene.pane._about.winfo_width()
    assert scene.pane.hex.layout.per_row >= 8
    assert scene.pane.hex.page >= 5


def test_whatever_the_room_some_rows_of_bytes_are_in_sight(scene: Scene, shelf: Shelf) -> None:
    for width, height in ((320, 450), (320, 700), (640, 300), (640, 420), (1200, 800)):
        for place in (HELLO, LONG):
            scene.resize(width, height)

            scene.show(shelf.inspected(place))

            assert scene.pane.hex.text.winfo_height() >= 4 * scene.pane.hex.row_height, (width, height)
            assert scene.pane.hex.winfo_y() + scene.pane.hex.winfo_height() <= height, (width, height)


@pytest.mark.parametrize(("width", "height"), [(340, 700), (640, 420)])
def test_tab_goes_through_everything_as_the_eye_does(scene: Scene, shelf: Shelf, width: int, height: int) -> None:
    scene.resize(width, height)
    scene.show(shelf.inspected(HELLO))
    pane = scene.pane
    pane._head.copy.focus_force()
    scene.root.update()
    visited = []
    for _stop in range(6):
        focus = scene.root.focus_get()
        assert focus is not None
        visited.append(focus)
        focus.event_generate("<Tab>")
        scene.root.update()

    assert visited == [
        pane._head.copy, pane._head._save, pane._head.close, scene.calls.text, pane.hex.text,
        pane.section(DecodedText).text,
    ]  # fmt: skip


def test_close_and_escape_close_it(scene: Scene, shelf: Shelf) -> None:
    scene.show(shelf.inspected(HELLO))
    scene.pane.focus_first()
    scene.root.update()

    scene.button("Close").invoke()
    scene.pane.hex.text.focus_force()
    scene.pane.hex.text.event_generate("<Escape>")

    assert scene.closed == 2


def test_it_lives_through_every_look(scene: Scene, theme: Theme, shelf: Shelf) -> None:
    scene.show(shelf.inspected(HELLO))

    for palette in ("dark", "high contrast", "light"):
        theme.choose(palette)
        theme.zoom(theme.step + 2)
        scene.root.update()

    assert "68 65 6c 6c" in scene.pane.hex.text.get("1.0", "end")
    scene.pane.destroy()
    theme.choose("dark")


def ruled() -> Ruled:
    """A message of 13 bytes, sent by one call and received by two."""
    return Ruled(
        0, 13, (Lane("send", "us", [0], 13), Lane("recv", "them", [0, 5], 13), Lane("message", starts=[0], stop=13))
    )


def test_the_ruler_stands_over_the_bytes_and_a_piece_of_it_stands_out_among_them(scene: Scene, shelf: Shelf) -> None:
    scene.resize(340, 800)
    scene.show(replace(shelf.inspected(HELLO), ruled=ruled()))
    assert "One send arrived in 2 recv calls: TCP cut it." in scene.said
    assert scene.pane.section(Ruler).winfo_rooty() < scene.pane.hex.winfo_rooty()

    scene.pane.section(Ruler).canvas.focus_force()
    scene.pane.section(Ruler).canvas.event_generate("<Down>")

    assert scene.tagged("call") == "68 65 6c 6c 6f"


def test_a_call_that_is_chosen_in_the_list_takes_the_place_of_a_piece_of_the_ruler(scene: Scene, shelf: Shelf) -> None:
    scene.resize(340, 800)
    scene.show(replace(shelf.inspected(HELLO), ruled=ruled()))
    scene.pane.section(Ruler).step(1)

    scene.calls.text.focus_force()
    scene.calls.text.event_generate("<Down>")
    scene.root.update()
    assert scene.pane.section(Ruler).chosen is None
    assert scene.calls.chosen == shelf.inspected(HELLO).calls[0]

    scene.pane.section(Ruler).step(1)
    assert scene.calls.chosen is None


def test_steps_can_be_taken_among_the_bytes(scene: Scene, shelf: Shelf) -> None:
    scene.resize(340, 800)
    scene.show(replace(shelf.inspected(HELLO), ruled=ruled()))
    scene.pane.hex.text.focus_force()

    scene.pane.hex.text.event_generate("<Control-Right>")

    assert scene.pane.section(Ruler).said.startswith("Send 1 of 1")


def test_where_there_is_no_room_for_the_ruler_its_verdict_is_a_fact(scene: Scene, shelf: Shelf) -> None:
    scene.show(replace(shelf.inspected(HELLO), ruled=ruled()))
    scene.resize(340, 330)

    assert "One send arrived in 2 recv calls: TCP cut it." in scene.said
    assert not scene.pane.section(Ruler).winfo_viewable()
    assert scene.pane.hex.winfo_viewable()


def test_sections_get_room_in_the_order_of_their_priority(scene: Scene, shelf: Shelf) -> None:
    scene.show(replace(shelf.inspected(HELLO), ruled=ruled()))
    expected: dict[tuple[int, int], set[type[Section]]] = {
        (340, 23): set(),
        (340, 24): {Ruler},
        (340, 28): {Ruler},
        (340, 29): {Ruler, CallSection},
        (340, 40): {Ruler, CallSection},
        (340, 41): {Ruler, CallSection, DecodedText},
        (700, 14): {CallSection},
        (700, 15): {Ruler, CallSection},
        (700, 23): {Ruler, CallSection},
        (700, 24): {Ruler, CallSection, DecodedText},
    }
    shown: dict[tuple[int, int], set[type[Section]]] = {}

    for width, lines in expected:
        scene.resize(width, lines * scene.pane.line_height)
        scene.root.update()
        shown[width, lines] = {type(section) for section in scene.pane.sections if section.winfo_manager()}

    assert shown == expected


@pytest.mark.parametrize(
    ("width", "lines", "has_text"), [(340, 32, False), (340, 33, True), (700, 15, False), (700, 16, True)]
)
def test_without_a_ruler_the_calls_always_stand_there(
    scene: Scene, shelf: Shelf, width: int, lines: int, has_text: bool
) -> None:
    scene.show(shelf.inspected(HELLO))

    scene.resize(width, lines * scene.pane.line_height)
    scene.root.update()

    assert scene.pane.section(CallSection).winfo_viewable()
    assert bool(scene.pane.section(DecodedText).winfo_viewable()) == has_text


def test_a_section_is_one_class(
    root: tk.Tk, theme: Theme, wait_until: WaitUntil, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gui.views.inspector, "_sections", gui.views.inspector._sections.copy())

    class Sum(Section):
        where = Place.BELOW_BYTES
        lines = Lines(1, 1)
        priority = 4

        def read(self, data: bytes, size: int, *, is_selection: bool) -> None:
            for child in self.winfo_children():
                child.destroy()
            ttk.Label(self, text=f"The sum of {size} bytes is {sum(data):,}").pack()

    scene = Scene(root, theme, wait_until)
    scene.resize(340, 900)
    scene.show(shelf.inspected(HELLO))
    assert f"The sum of 11 bytes is {sum(b'hello world'):,}" in scene.said
    text = scene.pane.section(DecodedText)
    assert scene.pane.section(Sum).winfo_rooty() >= text.winfo_rooty() + text.winfo_height()

    scene.resize(340, 300)
    scene.root.update()
    assert not scene.pane.section(Sum).winfo_viewable()
