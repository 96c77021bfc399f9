"""The pane of saved messages with real widgets: keys, mouse, names typed in place, and very many rows."""

from __future__ import annotations

import tkinter as tk
from collections import Counter

import pytest

from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.viewmodels.saved_list import SavedRow
from gui.views.saved.saved_pane import EMPTY, SavedPane
from gui.views.saved.saved_row import RowLine
from tests.gui.conftest import WaitUntil
from tests.gui.widgets.test_focus_ring import goes_round, seen_without_and_with_focus
from tests.support.systems import ON_WINDOWS

KEYPAD_ENTER = "<Return>" if ON_WINDOWS else "<KP_Enter>"  # Windows has one name for both keys


def rows(count: int) -> list[SavedRow]:
    return [SavedRow(at + 1, f"name {at + 1}", "text", f"message {at + 1}") for at in range(count)]


class Stage:
    """Writes down what the pane asks for, and moves rows as it is told."""

    def __init__(self, root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.can_rename = True
        self.root, self.wait_until = root, wait_until
        self.pane = SavedPane(root, theme, self)
        self.pane.pack(fill="both", expand=True)
        self.rows: list[SavedRow] = []
        self.resize(360, 560)

    def resize(self, width: int, height: int) -> None:
        self.root.geometry(f"{width}x{height}")
        self.wait_until(lambda: (self.pane.winfo_width(), self.pane.winfo_height()) == (width, height))

    def show(self, shown: list[SavedRow]) -> None:
        self.rows = shown
        self.pane.show(shown)
        self.pane.rows.body.focus_force()
        self.root.update()

    def press(self, *keys: str) -> None:
        for key in keys:
            focus = self.root.focus_get()
            assert focus is not None
            focus.event_generate(key)
            self.root.update()

    @property
    def seen(self) -> list[RowLine]:
        return [line for line in self.pane.rows.lines if line.winfo_ismapped()]

    @property
    def names(self) -> list[str]:
        return [str(line.name.cget("text")) for line in self.seen]

    def line(self, at: int) -> RowLine:
        return self.pane.rows.lines[at - self.pane.rows.top]

    def drag(self, row: int, to_y: int, *, drop: bool = True) -> None:
        """Take a row by its name and pull it to a height in the list."""
        label, body = self.line(row).name, self.pane.rows.body
        start = label.winfo_rooty() + 5
        label.event_generate("<Button-1>", y=5, rooty=start)
        for y in (start + 20, body.winfo_rooty() + to_y):
            label.event_generate("<B1-Motion>", y=y - label.winfo_rooty(), rooty=y)
        if drop:
            label.event_generate("<ButtonRelease-1>", y=to_y, rooty=body.winfo_rooty() + to_y)
        self.root.update()

    # What the pane asks for.

    def send(self, number: int) -> None:
        self.asked.append(("send", number))

    def edit(self, number: int) -> None:
        self.asked.append(("edit", number))

    def rename(self, number: int, name: str) -> bool:
        self.asked.append(("rename", number, name))
        return self.can_rename

    def move(self, number: int, to: int) -> None:
        self.asked.append(("move", number, to))
        row = next(row for row in self.rows if row.number == number)
        self.rows.remove(row)
        self.rows.insert(to, row)
        self.pane.show(list(self.rows))

    def delete(self, number: int) -> None:
        self.asked.append(("delete", number))

    def update(self, number: int) -> None:
        self.asked.append(("update", number))

    def save_field(self) -> None:
        self.asked.append(("save",))

    def bring_in(self) -> None:
        self.asked.append(("import",))

    def give_out(self) -> None:
        self.asked.append(("export",))

    def undo(self) -> None:
        self.asked.append(("undo",))

    def toggle(self) -> None:
        self.asked.append(("close",))


@pytest.fixture
def stage(root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> Stage:
    return Stage(root, theme, wait_until)


def test_an_empty_list_says_how_to_fill_it(stage: Stage) -> None:
    stage.show([])

    assert stage.pane._empty.winfo_ismapped()
    assert str(stage.pane._empty.cget("text")).startswith(EMPTY[:24])
    assert stage.pane.delete.instate(["disabled"])
    stage.press("<Return>", "<Delete>", "<Down>", "<F2>", "<Alt-Down>", "<Shift-F2>")
    assert stage.asked == []


def test_a_row_has_its_key_name_tag_and_beginning(stage: Stage) -> None:
    stage.show([SavedRow(7, "Redis", "escapes · LF", "PING")])
    (line,) = stage.seen

    words = [str(part.cget("text")) for part in (line._key, line.name, line._tag, line.text, line.button)]

    assert words == [words[0], "Redis", "escapes · LF", "PING", "Send"]
    assert words[0].endswith("1")


def test_only_the_first_nine_have_a_key(stage: Stage) -> None:
    stage.resize(360, 900)
    stage.show(rows(11))

    keys = [str(line._key.cget("text")) for line in stage.seen]

    assert [key[-1:] for key in keys] == [*"123456789", "", ""]


def test_enter_sends_the_row_that_arrow_keys_chose(stage: Stage) -> None:
    stage.show(rows(3))

    stage.press("<Return>", "<Down>", "<Down>", "<Down>", "<Return>", "<Up>", KEYPAD_ENTER)

    assert stage.asked == [("send", 1), ("send", 3), ("send", 2)]


def test_the_button_of_a_row_sends_it_and_chooses_it(stage: Stage) -> None:
    stage.show(rows(3))

    stage.line(2).button.invoke()

    assert stage.asked == [("send", 3)]
    assert stage.pane.rows.at == 2


def test_keys_edit_and_delete_the_chosen_row(stage: Stage) -> None:
    stage.show(rows(3))

    stage.press("<End>", "<F2>", "<Home>", "<Delete>", "<BackSpace>", "<Control-z>", "<Escape>")

    assert stage.asked == [("edit", 3), ("delete", 1), ("delete", 1), ("undo",), ("close",)]


def test_two_clicks_on_a_row_edit_it_and_on_its_button_do_not(stage: Stage) -> None:
    stage.show(rows(3))
    for part, first in ((stage.line(1).text, 1_000), (stage.line(2).button, 9_000)):
        y = part.winfo_rooty() + 3
        for time in (first, first + 50):
            part.event_generate("<Button-1>", rooty=y, time=time)
            part.event_generate("<ButtonRelease-1>", rooty=y, time=time + 10)
    stage.root.update()

    assert [asked for asked in stage.asked if asked[0] == "edit"] == [("edit", 2)]


def test_alt_and_arrows_move_the_chosen_row_and_it_stays_chosen(stage: Stage) -> None:
    stage.show(rows(3))

    stage.press("<Alt-Up>", "<Alt-Down>", "<Alt-Down>", "<Alt-Down>")

    assert stage.asked == [("move", 1, 1), ("move", 1, 2)]
    assert stage.names == ["name 2", "name 3", "name 1"]
    assert stage.pane.rows.at == 2


@pytest.mark.parametrize(
    ("row", "gap", "expected"), [(0, 3, "2 3 1 4"), (3, 0, "4 1 2 3"), (1, 3, "1 3 2 4"), (2, 9, "1 2 4 3")]
)
def test_a_row_is_dragged_to_the_gap_under_the_mouse(stage: Stage, row: int, gap: int, expected: str) -> None:
    stage.show(rows(4))

    stage.drag(row, gap * stage.pane.rows.row_height + 2)

    assert [name.removeprefix("name ") for name in stage.names] == expected.split()


def test_a_line_shows_where_a_dragged_row_would_go_and_escape_leaves_it(stage: Stage) -> None:
    stage.show(rows(4))
    stage.drag(0, 2 * stage.pane.rows.row_height, drop=False)
    line = stage.pane.rows.drag._line
    assert abs(line.winfo_y() - 2 * stage.pane.rows.row_height) <= 3

    stage.press("<Escape>")
    stage.line(0).name.event_generate("<ButtonRelease-1>")

    assert not line.winfo_ismapped()
    assert stage.asked == []


def test_a_click_that_trembles_is_no_drag(stage: Stage) -> None:
    stage.show(rows(3))
    label = stage.line(0).name
    y = label.winfo_rooty() + 5
    for event, at in (("<Button-1>", y), ("<B1-Motion>", y + 3), ("<ButtonRelease-1>", y + 3)):
        label.event_generate(event, rooty=at)

    assert stage.asked == []


def test_a_row_held_below_the_list_scrolls_it(stage: Stage) -> None:
    stage.show(rows(100))

    stage.drag(0, stage.pane.rows.body.winfo_height() + 30, drop=False)
    stage.wait_until(lambda: stage.pane.rows.top >= 3)
    stage.press("<Escape>")

    assert stage.pane.rows.drag.lifted == -1


def test_a_name_is_typed_over_in_its_place(stage: Stage) -> None:
    stage.show(rows(3))
    stage.press("<Down>", "<Shift-F2>")
    namer = stage.pane.rows.namer
    assert stage.root.focus_get() is namer
    assert (namer.get(), namer.selection_present()) == ("name 2", True)
    assert abs(namer.winfo_rooty() - stage.line(1).winfo_rooty()) < 10

    namer.delete(0, "end")
    namer.insert(0, " deux ")
    stage.press("<Return>")

    assert stage.asked == [("rename", 2, "deux")]
    assert not namer.winfo_ismapped()
    assert stage.root.focus_get() is stage.pane.rows.body


def test_escape_leaves_the_name_and_an_empty_one_is_none(stage: Stage) -> None:
    stage.show(rows(3))
    stage.press("<Shift-F2>")
    stage.pane.rows.namer.insert(0, "never ")
    stage.press("<Escape>", "<Shift-F2>")
    stage.pane.rows.namer.delete(0, "end")
    stage.press("<Return>")

    assert stage.asked == []


def test_a_name_that_is_refused_stays_to_be_changed(stage: Stage) -> None:
    stage.show(rows(3))
    stage.can_rename = False
    stage.press("<Shift-F2>")
    namer = stage.pane.rows.namer
    namer.insert(0, "x")

    stage.press("<Return>")

    assert namer.instate(["invalid"])
    assert stage.root.focus_get() is namer


def test_a_name_that_is_being_typed_is_kept_when_something_else_is_clicked(stage: Stage) -> None:
    stage.show(rows(3))
    stage.press("<Shift-F2>")
    stage.pane.rows.namer.insert("end", "!")

    stage.line(2).name.event_generate("<Button-1>", rooty=stage.line(2).name.winfo_rooty() + 2)
    stage.root.update()

    assert stage.asked == [("rename", 1, "name 1!")]
    assert stage.pane.rows.at == 2


def test_a_thousand_rows_are_as_many_widgets_as_are_in_sight(stage: Stage) -> None:
    stage.show(rows(1_000))

    stage.press("<End>")
    assert stage.names[-1] == "name 1000"
    stage.press("<Prior>", "<Home>", "<Next>")

    assert len(stage.pane.rows.lines) <= stage.pane.rows.page + 1
    assert stage.pane.rows.at == stage.pane.rows.page


def test_the_wheel_scrolls_and_leaves_the_choice(stage: Stage) -> None:
    stage.show(rows(100))

    stage.line(1).text.event_generate("<Button-5>")
    stage.line(1).button.event_generate("<Button-5>")
    stage.root.update()

    assert stage.names[0] == "name 5"
    assert stage.pane.rows.at == 0
    stage.press("<Down>")
    assert stage.names[0] == "name 2"


def test_the_scrollbar_stands_for_all_rows(stage: Stage) -> None:
    stage.show(rows(100))
    bar = stage.pane.rows.bar

    bar.tk.call(*bar.tk.splitlist(str(bar.cget("command"))), "moveto", "0.5")
    assert stage.pane.rows.top == 50
    first, last = bar.get()[:2]
    assert (first, last) == pytest.approx((0.5, 0.5 + stage.pane.rows.page / 100))
    bar.tk.call(*bar.tk.splitlist(str(bar.cget("command"))), "scroll", "1", "pages")
    assert stage.pane.rows.top == 50 + stage.pane.rows.page - 1


def test_why_a_message_did_not_go_out_stands_in_its_row_and_below(stage: Stage) -> None:
    wrong = SavedRow(2, "broken", "hex", "0", problem="A byte has two digits, and this one has one.")
    stage.show([rows(1)[0], wrong])
    assert stage.pane.lesson == ""

    stage.press("<Down>")

    assert "A byte" in str(stage.line(1).text.cget("text"))
    assert stage.pane.lesson == wrong.problem
    assert str(stage.pane._lesson.cget("style")) == "Pane.Error.TLabel"


def test_what_an_example_teaches_is_said_while_it_is_chosen_and_there_is_room(stage: Stage) -> None:
    stage.show([SavedRow(1, "a", "text", "a", lesson="This shows something."), *rows(1)])
    assert (stage.pane.lesson, bool(stage.pane._foot.winfo_ismapped())) == ("This shows something.", True)

    stage.resize(360, 300)
    stage.root.update()
    assert not stage.pane._foot.winfo_ismapped()


def test_what_was_done_is_said_with_a_way_back(stage: Stage) -> None:
    stage.show(rows(2))
    stage.pane.say("“name 1” was deleted.", undo=stage.undo)
    stage.root.update()
    assert stage.pane.undo.winfo_ismapped()

    stage.pane.undo.invoke()
    stage.pane.say("")
    stage.root.update()

    assert stage.asked == [("undo",)]
    assert (stage.pane.sentence, bool(stage.pane.undo.winfo_ismapped())) == ("", False)


def test_the_buttons_do_what_they_say(stage: Stage) -> None:
    stage.show(rows(2))
    pane = stage.pane
    for button in (pane.save, pane.bring_in, pane.give_out, pane.edit, pane.update_button, pane.delete, pane.close):
        button.focus_force()
        stage.press("<Return>")

    assert stage.asked == [("save",), ("import",), ("export",), ("edit", 1), ("update", 1), ("delete", 1), ("close",)]
    pane.rename.invoke()
    stage.root.update()
    assert stage.root.focus_get() is pane.rows.namer


def test_the_menu_of_a_row_has_everything_that_can_be_done_with_it(stage: Stage, opened: list[tk.Menu]) -> None:
    stage.show(rows(3))
    stage.press("<Down>")
    stage.pane._open_menu(10, 10)
    (menu,) = opened
    labels = [str(menu.entrycget(at, "label")) for at in range(int(menu.index("end") or 0) + 1)]

    menu.invoke(labels.index("Send"))
    menu.invoke(labels.index("Move down"))
    menu.invoke(labels.index("Delete"))

    assert stage.asked == [("send", 2), ("move", 2, 2), ("delete", 2)]


@pytest.mark.parametrize("name", ["a\0b", "\u202egnp", "x\ud800", "a\nb", "w" * 200])
def test_no_name_from_a_file_harms_the_window(stage: Stage, name: str) -> None:
    stage.show([SavedRow(1, name, "text", name, problem=name), SavedRow(2, name, "text", name)])
    stage.pane.say(name)
    stage.press("<Down>", "<Shift-F2>", "<Return>")

    shown = [str(label.cget("text")) for line in stage.seen for label in (line.name, line.text)]

    assert stage.asked == []
    assert not any("\0" in words or "\u202e" in words or "\n" in words for words in shown)


def test_a_narrow_pane_names_keys_in_short_and_long_names_end_in_dots(stage: Stage) -> None:
    stage.resize(240, 560)
    stage.show([SavedRow(1, "a name that is far too long for this", "text", "y" * 200)])
    (line,) = stage.seen

    assert str(line._key.cget("text")) == "1"
    assert str(line.name.cget("text")).endswith("…")
    assert str(line.text.cget("text")).endswith("…")
    assert line.name.winfo_reqwidth() <= line.name.winfo_width()
    assert line.button.winfo_x() >= line.name.winfo_x() + line.name.winfo_width()


def test_another_size_of_text_and_another_palette_are_taken_at_once(stage: Stage, theme: Theme) -> None:
    stage.show(rows(3))
    before = stage.pane.rows.row_height

    theme.zoom(6)
    theme.choose("dark")
    stage.root.update()

    assert stage.pane.rows.row_height > before
    assert str(stage.line(1).cget("background")) == theme.palette.pane
    assert stage.line(0).winfo_height() == stage.pane.rows.row_height


@pytest.mark.parametrize("palette", PALETTES)
def test_the_focus_goes_round_the_list_in_every_palette(stage: Stage, theme: Theme, palette: str) -> None:
    theme.choose(palette)
    stage.root.geometry("+20+20")
    stage.show(rows(20))
    body, ring = stage.pane.rows.body, Counter[str]()

    without, with_focus = seen_without_and_with_focus(stage.root, stage.pane.rows, body)

    changed = with_focus.changed_from(without)
    ring.update(changed.values())
    (color, count), *_rest = ring.most_common()
    assert color == theme.palette.focus
    assert goes_round({at for at, drawn in changed.items() if drawn == color})
    assert count > 2 * (body.winfo_width() + body.winfo_height())


def test_a_pane_that_is_gone_is_told_of_no_theme(stage: Stage, theme: Theme) -> None:
    stage.show(rows(3))
    stage.pane.destroy()

    theme.choose("dark")
