"""The settings: what is changed counts at once, and what will not do says why and does not count."""

from __future__ import annotations

import tkinter as tk
from dataclasses import replace
from tkinter import ttk

import pytest

from gui.preferences import Preferences
from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.viewmodels.drafting import Written
from gui.views.dialogs.settings_dialog import SettingsDialog
from gui.views.dialogs.settings_pages import JournalsPage, LimitsPage, LookPage


class Desk:
    """A settings dialog over preferences that are just kept."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.preferences = Preferences()
        self.opened = 0
        self.theme = theme
        root.update()
        self.dialog = SettingsDialog(
            root, theme, current=lambda: self.preferences, on_change=self.change, on_open_folder=self.open_folder
        )
        self.dialog.update()

    def change(self, preferences: Preferences) -> None:
        self.preferences = preferences
        self.theme.dress(preferences.theme, preferences.text_size, preferences.font, preferences.mono_font)

    def open_folder(self) -> None:
        self.opened += 1

    def turn_to(self, number: int) -> None:
        self.dialog.tk.call(str(self.dialog.tabs), "select", number)
        self.dialog.update()

    @property
    def look(self) -> LookPage:
        return self.dialog.page(LookPage)

    @property
    def journals(self) -> JournalsPage:
        self.turn_to(1)
        return self.dialog.page(JournalsPage)

    @property
    def limits(self) -> LimitsPage:
        self.turn_to(2)
        return self.dialog.page(LimitsPage)


@pytest.fixture
def desk(root: tk.Tk, theme: Theme) -> Desk:
    return Desk(root, theme)


def type_into(field: ttk.Entry, text: str) -> None:
    """Type over what stands there, key by key."""
    field.focus_force()
    field.update()
    field.delete(0, "end")
    for character in text:
        field.insert("end", character)
        field.event_generate("<KeyRelease>", keysym="period" if character == "." else character)
    field.update()


def press(widget: tk.Misc, key: str) -> None:
    widget.focus_force()
    widget.update()
    widget.event_generate(key)
    widget.tk.call("update")  # the widget itself may be gone


def choose(box: ttk.Combobox, words: str) -> None:
    box.set(words)
    box.event_generate("<<ComboboxSelected>>")
    box.update()


def test_another_palette_is_put_on_at_once(desk: Desk) -> None:
    choose(desk.look.colours, "Dark")

    assert desk.preferences.theme == "dark"
    assert str(desk.dialog.cget("background")) == PALETTES["dark"].window


def test_the_text_grows_with_the_arrow(desk: Desk) -> None:
    before = int(desk.theme.text.cget("size"))

    desk.look.text_size.field.event_generate("<<Increment>>")
    desk.dialog.update()

    assert desk.preferences.text_size == 1
    assert int(desk.theme.text.cget("size")) == before + 1


def test_fonts_of_this_machine_are_offered_and_those_of_even_width_for_hex(desk: Desk) -> None:
    offered = list(desk.look.font.cget("values"))
    even = list(desk.look.mono_font.cget("values"))

    choose(desk.look.mono_font, even[-1])

    assert offered[0] == even[0] == "As the system"
    assert len(offered) > len(even) > 1
    assert not [family for family in offered if "emoji" in family.lower()]
    assert desk.preferences.mono_font == even[-1]
    assert desk.theme.mono.cget("family") == even[-1]


def test_a_font_that_this_machine_does_not_have_is_shown_and_the_usual_one_used(desk: Desk) -> None:
    usual = desk.theme.text.cget("family")

    desk.change(replace(desk.preferences, font="Nobody Has This"))
    desk.dialog.show()

    assert desk.look.font.get() == "Nobody Has This"
    assert desk.theme.text.cget("family") == usual


def test_how_many_journals_are_kept_counts_while_it_is_typed(desk: Desk) -> None:
    type_into(desk.journals.keep.field, "5")

    assert desk.preferences.keep_journals == 5


@pytest.mark.parametrize("typed", ["0", "-3", "many", "2.5", "99999", "", "٣"])
def test_a_number_of_journals_that_will_not_do_says_why_and_does_not_count(desk: Desk, typed: str) -> None:
    row = desk.journals.keep
    row.field.delete(0, "end")
    row.field.insert(0, typed)

    press(row.field, "<Return>")

    assert row.complaint == "This has to be a whole number from 1 to 10,000."
    assert row.field.get() == typed
    assert "invalid" in row.field.state()
    assert desk.preferences.keep_journals == 20


def test_nothing_is_said_against_a_value_while_it_is_being_typed(desk: Desk) -> None:
    row = desk.limits.rows["connect"]

    type_into(row.field, "0")
    assert row.complaint == ""
    type_into(row.field, "0.5")

    assert row.complaint == ""
    assert desk.preferences.limits_changed == {"connect": 0.5}


def test_leaving_a_field_with_a_bad_value_says_why_and_a_good_one_takes_it_back(desk: Desk) -> None:
    row = desk.limits.rows["connections"]
    type_into(row.field, "0")
    desk.limits.rows["connect"].field.focus_force()
    desk.dialog.update()
    assert row.complaint == "This has to be between 1 and 10,000 connections."
    assert row.field.get() == "0"
    assert desk.preferences.limits_changed == {}

    type_into(row.field, "7")

    assert row.complaint == ""
    assert desk.preferences.limits().connections == 7


def test_a_refused_value_stays_as_typed_while_something_else_changes(desk: Desk) -> None:
    row = desk.limits.rows["connect"]
    type_into(row.field, "soon")
    press(row.field, "<Return>")

    choose(desk.look.colours, "Dark")

    assert row.field.get() == "soon"
    assert row.complaint


def test_a_changed_limit_can_be_made_as_usual_again(desk: Desk) -> None:
    row = desk.limits.rows["message"]
    assert not row.reset.winfo_ismapped()
    type_into(row.field, "64")
    assert desk.preferences.limits().message == 65_536
    assert str(row.reset.cget("text")) == "Usual: 1024"

    row.reset.invoke()
    desk.dialog.update()

    assert row.field.get() == "1024"
    assert desk.preferences.limits_changed == {}
    assert not row.reset.winfo_ismapped()
    assert desk.dialog.focus_get() is row.field


def test_a_limit_that_is_off_is_set_and_switched_off_again(desk: Desk) -> None:
    row = desk.limits.rows["idle"]
    assert row.field.get() == "off"

    type_into(row.field, "90")
    assert desk.preferences.limits().idle == 90.0
    row.field.delete(0, "end")
    press(row.field, "<Return>")

    assert desk.preferences.limits().idle is None
    assert row.field.get() == "off"


def test_what_changes_elsewhere_meanwhile_is_not_undone(desk: Desk) -> None:
    desk.preferences = desk.preferences.with_message(Written("hello"))

    type_into(desk.journals.keep.field, "5")

    assert desk.preferences.messages == (Written("hello"),)


def test_what_changes_elsewhere_is_shown(desk: Desk) -> None:
    desk.change(replace(desk.preferences, text_size=3))
    desk.dialog.show()

    assert desk.look.text_size.field.get() == str(desk.theme.usual_points + 3)


def test_the_folder_of_journals_can_be_opened(desk: Desk) -> None:
    desk.journals.folder.invoke()

    assert desk.opened == 1


@pytest.mark.parametrize("leave", ["<Escape>", "Close"])
def test_it_goes_with_escape_and_with_its_button_and_leaves_nothing_behind(desk: Desk, leave: str) -> None:
    desk.turn_to(2)
    desk.turn_to(0)

    if leave == "Close":
        desk.dialog.close.invoke()
    else:
        press(desk.look.colours, leave)
    desk.theme.choose("dark")

    assert not desk.dialog.winfo_exists()


def test_everything_is_reached_with_the_tab_key_and_scrolled_into_view(desk: Desk) -> None:
    desk.dialog.geometry("400x280")
    last = desk.limits.rows["outbox"].field
    desk.dialog.update()
    reached: list[tk.Misc] = []
    widget: tk.Misc | None = desk.dialog.tabs
    while widget is not None and widget not in reached:
        reached.append(widget)
        widget = widget.tk_focusNext()
    assert last in reached
    assert desk.dialog.close in reached

    last.focus_force()
    desk.dialog.update()

    page = desk.limits
    assert page.winfo_rooty() <= last.winfo_rooty()
    assert last.winfo_rooty() + last.winfo_height() <= page.winfo_rooty() + page.winfo_height()


def test_the_wheel_scrolls_the_page_and_changes_no_value(desk: Desk) -> None:
    desk.dialog.geometry("400x280")
    row = desk.limits.rows["connections"]
    desk.dialog.update()
    before = row.field.winfo_rooty()

    for button in (5, 5):
        row.field.event_generate(f"<Button-{button}>")
    desk.dialog.update()
    desk.look.colours.event_generate("<Button-5>")

    assert row.field.winfo_rooty() < before
    assert desk.preferences == Preferences()


def test_it_fits_a_small_screen(desk: Desk) -> None:
    assert desk.dialog.winfo_width() <= 640
    assert desk.dialog.winfo_height() + 70 <= 550

    desk.dialog.geometry("420x300")
    desk.turn_to(0)

    assert desk.look.overflows
    assert desk.dialog.close.winfo_ismapped()
    close = desk.dialog.close
    assert close.winfo_rooty() + close.winfo_height() <= desk.dialog.winfo_rooty() + 300
