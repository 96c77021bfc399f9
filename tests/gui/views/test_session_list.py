"""The list of sessions: what is folded, what is chosen, what is in sight, and what is told beside it."""

from __future__ import annotations

import tkinter as tk
from dataclasses import replace

import pytest

from gui.theme.theme import Theme
from gui.viewmodels.window_view import SessionRow
from gui.views.session_list import SessionList
from tests.gui.conftest import WaitUntil

LIVE = SessionRow("s1", "", "Server a:1", "live")
FOLD = SessionRow("over", "", "2 that are over", "note")
OVER = SessionRow("s2", "over", "Client b:2", "over", word="over"), SessionRow("s3", "over", "Client c:3", "over")
ROWS = (LIVE, FOLD, *OVER)
LONG = "Client no.such.host.invalid:16379"


class Stage:
    """The list in a window, a label beside it, and what was chosen and done."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.root, self.chosen, self.done = root, list[str](), list[str]()
        self.settled: list[int] = []
        names = ("remove_row", "remove_over", "rename_row")
        self.list = SessionList(
            root, theme, on_choose=self.chosen.append,
            commands={name: lambda name=name: self.done.append(name) for name in names},  # type: ignore[misc]
            on_usual_width=lambda: self.settled.append(self.list.usual_width),
        )  # fmt: skip
        self.tree = self.list.tree
        self.list.pack(side="left", fill="y")
        self.list.pack_propagate(False)
        self.list.configure(width=theme.px(190))
        root.update()

    def show(self, rows: tuple[SessionRow, ...], selected: str) -> None:
        self.list.show(rows, selected)
        self.root.update()

    def press(self, *keys: str) -> None:
        self.tree.focus_force()
        self.root.update()
        for key in keys:
            self.tree.event_generate(key)
            self.root.update()

    def click(self, key: str, button: str = "1") -> None:
        box = self.tree.bbox(key)
        x, y = int(box[0]) + 60, int(box[1]) + int(box[3]) // 2
        for kind in ("ButtonPress", "ButtonRelease"):
            self.tree.event_generate(f"<{kind}-{button}>", x=x, y=y)
        self.root.update()

    def point_at(self, key: str) -> None:
        box = self.tree.bbox(key)
        self.tree.event_generate("<Motion>", x=60, y=int(box[1]) + 3)

    def is_in_sight(self, key: str) -> bool:
        return bool(self.tree.bbox(key))

    @property
    def selected(self) -> tuple[str, ...]:
        return self.tree.selection()


@pytest.fixture
def stage(root: tk.Tk, theme: Theme) -> Stage:
    return Stage(root, theme)


def many(count: int) -> tuple[SessionRow, ...]:
    return tuple(SessionRow(f"s{number}", "", f"Server a:{number}", "live") for number in range(1, count + 1))


def test_what_is_over_is_folded_until_a_click_or_a_key_unfolds_it(stage: Stage) -> None:
    stage.show(ROWS, "s1")
    assert not stage.is_in_sight("s2")

    stage.click("over")
    assert stage.is_in_sight("s2")
    stage.click("over")
    assert not stage.is_in_sight("s2")

    stage.press("<Right>")
    assert stage.is_in_sight("s2")
    stage.show((replace(LIVE, unread=1), *ROWS[1:]), "s1")
    assert stage.selected == ("over",)  # it stays where the person has gone
    stage.press("<Left>")
    assert not stage.is_in_sight("s2")
    assert stage.chosen == []


def test_what_is_on_view_is_unfolded_when_it_comes_there_and_folded_behind_it(stage: Stage) -> None:
    stage.show(ROWS, "s3")
    assert stage.is_in_sight("s3")
    assert stage.selected == ("s3",)

    stage.show(ROWS, "s1")
    assert not stage.is_in_sight("s3")

    stage.show((LIVE, FOLD, *OVER, SessionRow("s4", "", "Client d:4", "live")), "s4")
    stage.show((LIVE, FOLD, *OVER, SessionRow("s4", "over", "Client d:4", "over")), "s4")
    assert stage.is_in_sight("s4")


def test_where_a_person_folds_away_what_is_on_view_the_fold_stands_for_it(stage: Stage) -> None:
    stage.show(ROWS, "s2")
    stage.press("<Left>", "<Left>")
    stage.show((replace(LIVE, unread=1), *ROWS[1:]), "s2")

    assert not stage.is_in_sight("s2")
    assert stage.selected == ("over",)

    below = (SessionRow("s5", "", "Server", "live"), SessionRow("s5c1", "s5", "#1", "live", 1))
    stage.show(below, "s5c1")
    stage.press("<Left>", "<Left>")
    assert (stage.selected, stage.chosen) == (("s5",), ["s5"])


def test_keys_remove(stage: Stage) -> None:
    stage.show(ROWS, "s1")
    stage.press("<Delete>", "<Shift-Delete>")
    assert stage.done == ["remove_row", "remove_over"]

    stage.press("<Down>", "<Delete>")
    assert stage.done[2:] == ["remove_over"]


def test_the_menu_of_the_fold_offers_only_what_is_for_all_of_them(stage: Stage) -> None:
    stage.show(ROWS, "s1")

    stage.click("over", "3")

    menu = stage.list.menu
    states = {str(menu.entrycget(place, "label")): str(menu.entrycget(place, "state")) for place in range(3)}
    assert states == {
        "Rename…": "disabled", "Remove from the list": "disabled", "Remove all that are over": "normal",
    }  # fmt: skip


def test_the_chosen_row_stays_in_sight_when_the_list_or_its_room_changes(stage: Stage) -> None:
    rows = many(60)
    stage.show(rows, "s60")
    assert stage.is_in_sight("s60")

    stage.tree.yview_moveto(0)
    stage.root.update()
    stage.show((*rows, SessionRow("s61", "", "Server", "live")), "s60")
    assert stage.is_in_sight("s60")

    stage.show((SessionRow("s70", "", "Server", "live"), *rows), "s1")
    assert stage.is_in_sight("s1")
    stage.show((SessionRow("s70", "", "Server", "live"), *rows), "s30")
    stage.root.geometry("800x200")
    stage.root.update()
    assert stage.is_in_sight("s30")

    stage.press(*["<Down>"] * 20)
    assert stage.is_in_sight(stage.selected[0])


def test_a_parent_that_goes_takes_none_along_that_stays(stage: Stage) -> None:
    closed = SessionRow("s1c1", "s1over", "#1", "over", 1)
    stage.show((LIVE, SessionRow("s1over", "s1", "1 that is over", "note"), closed), "s1")

    stage.show((FOLD, replace(LIVE, parent="over"), replace(closed, parent="s1"), OVER[0]), "s1c1")

    assert stage.tree.get_children("") == ("over",)
    assert stage.tree.get_children("over") == ("s1", "s2")
    assert stage.tree.get_children("s1") == ("s1c1",)


def test_no_name_is_cut_at_the_usual_width(stage: Stage) -> None:
    rows = (SessionRow("s1", "", LONG, "waiting", word="connecting…"), *many(3)[1:])
    stage.show(rows, "s2")
    assert stage.list.words_of("s1") != rows[0].whole
    assert stage.settled

    stage.list.configure(width=stage.list.usual_width)
    stage.root.update()
    words = stage.list.words_of("s1")
    assert words == rows[0].whole or (words.startswith(LONG) and words.endswith("…"))
    wide = stage.list.usual_width
    stage.show((replace(rows[0], state="live", word="", unread=1_000), *rows[1:]), "s2")
    assert stage.list.usual_width == wide  # the conversation beside it does not move when messages come
    assert stage.list.words_of("s1").startswith(LONG)
    stage.show(rows, "s2")

    stage.list._theme.zoom(6)
    assert stage.list.usual_width > wide
    stage.list.configure(width=stage.list.usual_width)
    stage.root.update()
    assert stage.list.words_of("s1").startswith(LONG)

    stage.show(rows[1:], "s2")
    narrow = stage.list.usual_width
    assert narrow < wide

    stage.show((*rows[1:], FOLD, replace(OVER[0], key="s9", text=LONG, word="reset (RST)")), "s2")
    assert stage.list.usual_width == narrow
    stage.click("over")
    assert stage.list.usual_width > narrow
    stage.click("over")
    assert stage.list.usual_width == narrow


def test_how_many_messages_are_new_is_told_where_there_is_room_and_no_name_is_cut_for_it(stage: Stage) -> None:
    row = SessionRow("s1", "", LONG, "live")
    stage.show((row, *many(3)[1:]), "s2")
    wide = stage.list.usual_width
    stage.list.configure(width=wide)
    stage.root.update()

    stage.show((replace(row, unread=1_000), *many(3)[1:]), "s2")
    assert stage.list.words_of("s1") == f"{LONG} •"
    assert stage.list.usual_width == wide
    stage.list.configure(width=wide + 200)
    stage.root.update()
    assert stage.list.words_of("s1") == f"{LONG}  (99+)"

    stage.show((replace(row, word="nobody", unread=1_000), *many(3)[1:]), "s2")
    assert stage.list.usual_width == wide  # a word that goes again is no reason to be wider
    stage.list.configure(width=wide)
    stage.root.update()
    words = stage.list.words_of("s1")
    assert words.startswith(LONG[:-2])
    assert words.endswith("… •")


def test_the_tip_of_a_row_stands_beside_the_list_and_leaves_with_it(stage: Stage, wait_until: WaitUntil) -> None:
    others = many(60)
    rows = (*others[:30], SessionRow("s90", "", LONG, "live"), *others[30:])  # no row at an end, where rows stay put
    stage.show(rows, "s34")
    tip = stage.list.tip

    def open_tip() -> None:
        stage.list._forget_row()
        stage.list.show(rows, "s34")
        stage.tree.see("s90")
        stage.root.update()
        stage.point_at("s90")
        wait_until(lambda: tip.words == LONG)

    open_tip()
    stage.root.update()
    assert tip._box.winfo_rootx() >= stage.list.winfo_rootx() + stage.list.winfo_width()
    stage.show((replace(LIVE, unread=2), *rows[1:]), "s34")
    assert tip.is_open  # what is said of another row is no reason to go

    stage.show(rows[5:], "s34")  # its row has gone up
    assert not tip.is_open
    open_tip()
    stage.show(others, "s34")
    assert not tip.is_open
    open_tip()
    stage.tree.yview_scroll(-3, "units")
    stage.root.update()
    assert not tip.is_open
    open_tip()
    stage.press("<Key-x>")
    assert not tip.is_open
    open_tip()
    stage.tree.event_generate("<Leave>")
    assert not tip.is_open


def test_the_field_for_a_name_goes_with_its_row(stage: Stage) -> None:
    names: list[tuple[str, str]] = []

    def rename(key: str, name: str) -> bool:
        names.append((key, name))
        return True

    stage.list.on_rename = rename
    rows = many(3)
    stage.show(rows, "s2")
    stage.list.begin_naming()
    stage.root.update()
    before = stage.list.namer.winfo_y()

    stage.show(rows[1:], "s2")
    assert stage.list.namer.winfo_y() < before

    stage.list.namer.insert("end", "!")
    stage.show(rows[2:], "s3")
    assert not stage.list.namer.winfo_ismapped()
    assert names == [("s2", "Server a:2!")]
