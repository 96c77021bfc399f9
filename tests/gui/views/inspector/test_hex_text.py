"""The hex view with a real widget: any place in any number of bytes, selected, marked, copied."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from functools import partial

import pytest

from core.errors import JournalError
from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.viewmodels.hexdump import MOST_COPIED, Side
from gui.views.inspector.hex_text import HexText
from tests.gui.conftest import WaitUntil

HUGE = 100_000_000
BEYOND = 10_000_000_000  # more than 32 bits


@dataclass
class Numbered:
    """Bytes that tell where they are: each eight are their own offset, big-endian."""

    size: int
    largest_read: int = 0
    broken: str = ""
    missing: int = 0

    def read(self, start: int, stop: int) -> bytes:
        if self.broken:
            raise JournalError(self.broken)
        self.largest_read = max(self.largest_read, stop - start)
        first = start // 8 * 8
        data = b"".join(offset.to_bytes(8, "big") for offset in range(first, stop, 8))
        return data[start - first : stop - first - self.missing]


class Scene:
    """A hex view on the screen that has the keyboard."""

    def __init__(self, root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> None:
        self.root = root
        self.moves = 0
        self.hex = HexText(root, theme, on_move=self._note_move)
        self.hex.pack(fill="both", expand=True)
        wait_until(lambda: bool(root.winfo_viewable()))
        self.hex.text.focus_force()
        wait_until(lambda: self.hex.has_focus)

    def _note_move(self) -> None:
        self.moves += 1

    def show(self, data: bytes) -> None:
        self.hex.show(Memory(data))
        self.root.update()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.hex.text.event_generate(key)
        self.root.update()

    def click(self, offset: int, side: Side, event: str = "<Button-1>", state: int = 0) -> None:
        """Use the mouse on a byte that is in sight."""
        layout = self.hex.layout
        row, index = divmod(offset, layout.per_row)
        column = layout.stretch(side, index, index + 1)[0]
        x, y, width, height = self.hex.text.bbox(f"{row - self.hex.top + 1}.{column}") or (0, 0, 0, 0)
        assert width, "it is not in sight"
        self.hex.text.event_generate(event, x=x + width // 2, y=y + height // 2, state=state)
        self.root.update()

    @property
    def lines(self) -> list[str]:
        self.root.update()
        return self.hex.text.get("1.0", "end-1c").split("\n")

    @property
    def first_offset(self) -> int:
        return int(self.lines[0].split(" ")[0], 16)

    @property
    def words(self) -> str:
        return str(self.hex.footer.words.cget("text"))

    def tagged(self, tag: str) -> list[str]:
        self.root.update()
        ranges = [str(index) for index in self.hex.text.tag_ranges(tag)]
        return [self.hex.text.get(*pair) for pair in zip(ranges[::2], ranges[1::2], strict=True)]

    def copied(self) -> str:
        return str(self.root.clipboard_get())


@dataclass
class Memory:
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, start: int, stop: int) -> bytes:
        return self.data[start:stop]


@pytest.fixture
def scene(root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> Scene:
    return Scene(root, theme, wait_until)


def is_as_wide(window: tk.Tk, width: int) -> bool:
    return window.winfo_width() == width


# What is seen.


def test_a_few_bytes_are_all_there(scene: Scene) -> None:
    scene.show(b"hello")

    assert scene.lines == ["00000000  68 65 6c 6c 6f                                    |hello|"]


@pytest.mark.parametrize("size", [HUGE, BEYOND])
@pytest.mark.parametrize("fraction", [0.0, 0.123456, 0.5, 0.999, 1.0])
def test_any_place_is_shown_as_it_is_and_nothing_more_is_read(scene: Scene, size: int, fraction: float) -> None:
    source = Numbered(size)
    scene.hex.show(source)

    scene.hex.scrollbar.drag("moveto", str(fraction))

    lines, layout = scene.lines, scene.hex.layout
    assert len(lines) <= scene.hex.page + 1
    assert source.largest_read <= 64 * 1024
    for line in lines:
        offset = int(line[: layout.digits], 16)
        said = bytes.fromhex(line[layout.hex_start : layout.hex_stop])
        assert said == source.read(offset, min(size, offset + layout.per_row))
    assert abs(scene.first_offset - fraction * size) <= layout.per_row * (scene.hex.page + 1)


def test_the_scrollbar_stands_for_all_of_it(scene: Scene) -> None:
    scene.hex.show(Numbered(HUGE))
    scene.hex.scrollbar.drag("moveto", "0.25")
    scene.root.update()

    upper, lower = scene.hex.scrollbar.get()[:2]

    assert upper == pytest.approx(0.25, abs=1e-5)
    assert 0 < lower - upper < 0.001


def test_the_wheel_goes_both_ways_and_stops_at_both_ends(scene: Scene) -> None:
    scene.hex.show(Numbered(4000))
    for button, times in (("<Button-5>", 1), ("<Button-5>", 500), ("<Button-4>", 500)):
        before = scene.first_offset
        scene.press(*([button] * times))
        assert scene.first_offset != before

    assert scene.first_offset == 0
    scene.press(*["<Button-5>"] * 500)
    assert scene.lines[-1].startswith(f"{3999 - 3999 % scene.hex.layout.per_row:08x}")


def test_a_step_is_drawn_once_however_many_are_asked_for(scene: Scene) -> None:
    source = Numbered(HUGE)
    scene.hex.show(source)
    scene.root.update()
    painted: list[int] = []
    paint = scene.hex.paint
    scene.hex.paint = lambda first, count: painted.append(first) or paint(first, count)  # type: ignore[method-assign, func-returns-value]

    for _step in range(100):
        scene.hex.scroll(3)
    scene.root.update()

    assert painted == [300]


def test_a_wider_window_shows_more_in_a_row_and_keeps_the_place(scene: Scene, wait_until: WaitUntil) -> None:
    scene.hex.show(Numbered(HUGE))
    scene.hex.scrollbar.drag("moveto", "0.5")
    place, per_row = scene.first_offset, []
    for width in (330, 500, 800, 1250):
        scene.root.geometry(f"{width}x600")
        wait_until(partial(is_as_wide, scene.root, width))
        per_row.append(scene.hex.layout.per_row)
        assert abs(scene.first_offset - place) < 32

    assert per_row == sorted(set(per_row))
    assert per_row[-1] == 32


def test_larger_text_keeps_the_cursor_in_view(scene: Scene, theme: Theme) -> None:
    scene.hex.show(Numbered(HUGE))
    scene.hex.go(50_000_000)
    scene.root.update()

    theme.zoom(8)

    assert scene.tagged("cursor") == [f"{scene.hex.cursor.offset.to_bytes(8, 'big')[0]:02x}"]
    row = scene.hex.cursor.row - scene.hex.top
    assert 0 <= row < scene.hex.page


@pytest.mark.parametrize("palette", PALETTES)
def test_it_takes_the_colours_of_the_palette(scene: Scene, theme: Theme, palette: str) -> None:
    theme.choose(palette)

    p = PALETTES[palette]
    text = scene.hex.text
    assert (str(text.cget("background")), str(text.cget("highlightcolor"))) == (p.pane, p.focus)
    assert str(text.tag_cget("selection", "background")) == p.selection
    assert str(text.tag_cget("mark", "background")) == p.chosen


def test_a_view_that_is_gone_hears_of_no_theme(scene: Scene, theme: Theme) -> None:
    scene.hex.destroy()

    theme.choose("dark")
    scene.root.update()


# Moving and selecting.


def test_keys_move_the_cursor_and_the_view_goes_along(scene: Scene) -> None:
    scene.hex.show(Numbered(HUGE))

    scene.press("<Next>", "<Next>", "<Right>")
    assert scene.hex.cursor.offset == 2 * scene.hex.page * scene.hex.layout.per_row + 1
    scene.press("<Control-End>")
    assert scene.lines[-1].startswith(f"{HUGE - 1 - (HUGE - 1) % scene.hex.layout.per_row:08x}")
    scene.press("<Control-Home>")
    assert scene.first_offset == 0


def test_a_selection_is_seen_in_both_columns(scene: Scene) -> None:
    scene.show(b"0123456789abcdefghij")

    scene.press("<Right>", "<Shift-Right>", "<Shift-Right>")

    assert scene.tagged("selection") == ["31 32 33", "123"]
    assert scene.words.startswith("3 bytes")


def test_dragging_selects_and_shift_click_extends(scene: Scene) -> None:
    scene.show(bytes(range(64)) * 4)

    scene.click(2, Side.HEX)
    scene.click(20, Side.HEX, "<B1-Motion>", state=0x100)
    scene.click(20, Side.HEX, "<ButtonRelease-1>")
    assert scene.hex.cursor.selection == (2, 21)

    scene.click(40, Side.TEXT, "<Button-1>", state=0x1)
    assert scene.hex.cursor.selection == (2, 41)
    assert scene.hex.cursor.side is Side.HEX


def test_a_click_that_trembles_selects_nothing(scene: Scene) -> None:
    scene.show(b"hello")

    scene.click(2, Side.TEXT)
    scene.click(2, Side.TEXT, "<B1-Motion>", state=0x100)

    assert scene.hex.cursor.selection is None
    assert scene.hex.cursor.side is Side.TEXT


def test_dragging_below_the_view_scrolls_and_selects_on(
    scene: Scene, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.widgets.row_view._DRAG_MS", 200)  # an update ends only where a step takes less
    scene.hex.show(Numbered(HUGE))
    scene.root.update()
    scene.click(0, Side.HEX)
    below = scene.hex.text.winfo_height() + 30

    scene.hex.text.event_generate("<B1-Motion>", x=100, y=below, state=0x100)
    wait_until(lambda: scene.hex.top > 10)
    scene.hex.text.event_generate("<ButtonRelease-1>", x=100, y=below)
    scene.root.update()
    stopped = scene.hex.top
    scene.root.after(400, lambda: setattr(scene, "moves", -1))
    wait_until(lambda: scene.moves == -1)

    assert scene.hex.top == stopped
    start, stop = scene.hex.cursor.selection or (0, 0)
    assert start == 0
    assert stop > 10 * scene.hex.layout.per_row


def test_escape_gives_up_the_selection_and_then_belongs_to_others(scene: Scene) -> None:
    heard: list[str] = []
    scene.root.bind("<Escape>", lambda _event: heard.append("escape"))
    scene.show(b"hello")
    scene.press("<Control-a>")

    scene.press("<Escape>")
    assert (scene.hex.cursor.selection, heard) == (None, [])
    scene.press("<Escape>")
    assert heard == ["escape"]


def test_tab_leaves_the_view(scene: Scene, wait_until: WaitUntil) -> None:
    entry = tk.Entry(scene.root)
    entry.pack()
    scene.show(b"hello")

    scene.press("<Tab>")

    wait_until(lambda: scene.root.focus_get() is entry)


def test_nothing_can_be_typed_or_pasted(scene: Scene) -> None:
    scene.show(b"hello")
    before = scene.lines
    scene.root.clipboard_clear()
    scene.root.clipboard_append("foreign")

    scene.press("<Key-x>", "<BackSpace>", "<Control-v>", "<Button-2>")

    assert scene.lines == before


def test_where_one_is_stands_below_in_both_ways_of_counting(scene: Scene) -> None:
    scene.show(b"A" * 40)

    scene.press("<Down>")
    assert scene.words == "offset 0x10  (16)  ·  0x41 = 65 = “A”"
    scene.press("<Shift-Right>")
    assert scene.words == "2 bytes  ·  0x10–0x11  (16–17)"
    scene.show(b"")
    assert scene.words == "no bytes"


def test_a_message_that_grew_keeps_place_and_selection(scene: Scene) -> None:
    source = Numbered(10_000)
    scene.hex.show(source)
    scene.hex.go(5_000, stop=5_010)
    place = scene.first_offset

    source.size = 20_000
    scene.hex.show(source, keep=True)

    assert scene.hex.cursor.selection == (5_000, 5_010)
    assert scene.first_offset == place
    assert scene.hex.total * scene.hex.layout.per_row >= 20_000


# Marks.


def test_what_was_found_is_marked_in_both_columns(scene: Scene) -> None:
    scene.show(b"the tea and the pot")

    scene.hex.show_marks([(0, 3), (12, 15)])

    assert scene.tagged("mark") == ["74 68 65", "74 68 65", "the", "the"]


def test_of_a_million_marks_only_those_in_sight_are_drawn(scene: Scene) -> None:
    scene.hex.show(Numbered(HUGE))
    scene.hex.show_marks([(offset, offset + 8) for offset in range(0, HUGE, 100)])

    scene.hex.go(50_000_000)

    marked = scene.tagged("mark")
    assert f"{50_000_000:016x}" in "".join(marked).replace(" ", "")
    assert len(marked) < 200


def test_crowded_marks_stay_true_in_the_hex_column(scene: Scene) -> None:
    scene.show(bytes(range(256)) * 2)

    scene.hex.show_marks([(offset, offset + 1) for offset in range(0, 512, 2)])

    seen = len(scene.lines) * scene.hex.layout.per_row
    assert seen > 400
    assert scene.tagged("mark") == [f"{offset % 256:02x}" for offset in range(0, min(seen, 512), 2)]


def test_the_bytes_of_a_call_are_marked_and_brought_into_view(scene: Scene) -> None:
    scene.hex.show(Numbered(HUGE))

    scene.hex.show_call(70_000_000, 70_000_008)

    assert scene.tagged("call")[0].replace(" ", "") == f"{70_000_000:016x}"
    scene.hex.show_call(0, 0)
    assert scene.tagged("call") == []


def test_what_frames_a_message_is_told_from_the_message(scene: Scene) -> None:
    scene.hex.show(Memory(b"\x05hello\r\n"), envelope=[(0, 1), (6, 8)])

    assert scene.tagged("framing") == ["05", "0d 0a", ".", ".."]


# Copying.


def test_copy_is_as_the_column_shows(scene: Scene) -> None:
    scene.show("grün".encode())
    scene.press("<Control-a>", "<Control-c>")
    assert scene.copied() == "67 72 c3 bc 6e"

    scene.press("<space>", "<Control-c>")
    assert scene.copied() == "grün"


def test_a_selection_beyond_the_view_is_copied_whole(scene: Scene) -> None:
    source = Numbered(HUGE)
    scene.hex.show(source)
    scene.hex.go(1_000_000, stop=1_000_000 + MOST_COPIED)

    scene.hex.copy("hex")

    assert bytes.fromhex(scene.copied()) == source.read(1_000_000, 1_000_000 + MOST_COPIED)


def test_with_nothing_selected_everything_is_copied(scene: Scene) -> None:
    scene.show(b"hi\x00")

    scene.hex.copy("python")
    assert scene.copied() == "b'hi\\x00'"


def test_too_much_to_copy_is_refused_in_words(scene: Scene) -> None:
    scene.root.clipboard_clear()
    scene.root.clipboard_append("as before")
    scene.hex.show(Numbered(HUGE))
    scene.root.update()

    scene.press("<Control-a>", "<Control-c>")

    assert "100,000,000 bytes are too many to copy (at most 65,536)" in scene.hex.footer.complaint
    assert scene.copied() == "as before"
    scene.press("<Left>")
    assert scene.hex.footer.complaint == ""


@pytest.mark.case("C-47", "C-85")
def test_hostile_bytes_are_only_text_in_the_view_and_on_the_clipboard(scene: Scene) -> None:
    scene.show(b'a\0b [exit] $x {"} %s ; destroy .')

    assert "[exit] $x" in "".join(line[scene.hex.layout.text_start : -1] for line in scene.lines)
    scene.hex.copy("text")
    assert scene.copied() == 'a\\x00b [exit] $x {"} %s ; destroy .'


# Going somewhere.


@pytest.mark.parametrize("typed", ["0x2faf080", "50000000", "50,000,000"])
def test_an_offset_that_is_typed_is_gone_to(scene: Scene, typed: str, wait_until: WaitUntil) -> None:
    scene.hex.show(Numbered(HUGE))
    scene.root.update()
    scene.press("<Control-g>")
    wait_until(lambda: scene.root.focus_get() is scene.hex.footer.entry)

    scene.hex.footer.entry.insert(0, typed)
    scene.hex.footer.entry.event_generate("<Return>")
    scene.root.update()

    assert scene.hex.cursor.offset == 50_000_000
    assert scene.first_offset <= 50_000_000 <= scene.first_offset + scene.hex.page * scene.hex.layout.per_row
    assert not scene.hex.footer.is_asking
    assert scene.hex.has_focus


def test_a_refused_offset_says_why_and_can_be_mended(scene: Scene) -> None:
    scene.show(b"hello")
    scene.press("<Control-g>")
    scene.hex.footer.entry.insert(0, "0x10")
    scene.hex.footer.entry.event_generate("<Return>")

    assert scene.hex.footer.complaint == "The last byte is at 0x4 (4)."
    assert scene.hex.footer.is_asking
    scene.hex.footer.entry.event_generate("<Escape>")
    assert not scene.hex.footer.is_asking
    assert scene.hex.footer.complaint == ""


# What cannot be read.


def test_bytes_that_cannot_be_read_are_a_sentence_and_come_back(scene: Scene) -> None:
    source = Numbered(HUGE, broken="could not read the journal: the disk \u202e is gone.")
    scene.hex.show(source)
    assert scene.lines == ["could not read the journal: the disk \\u{202e} is gone."]
    scene.hex.go(10, stop=20)
    scene.hex.copy()
    assert "is gone" in scene.hex.footer.complaint

    source.broken = ""
    scene.hex.scroll(0)

    assert scene.lines[0].startswith("00000000  00 00 00 00")


def test_bytes_that_are_missing_are_not_made_up(scene: Scene) -> None:
    scene.hex.show(Numbered(100, missing=3))

    assert scene.lines == ["Some of these bytes are missing in the journal."]
