"""The panes with real widgets: what a person types and presses, and what comes of it."""

from __future__ import annotations

import tkinter as tk

import pytest

from gui.theme.theme import Theme
from gui.viewmodels.window_view import AddressBarView, Button, SessionRow, StatusView
from gui.views.address_bar import AddressBar
from gui.views.banner import Banner, Notice
from gui.views.session_list import SessionList
from gui.views.status_bar import StatusBar
from tests.gui.conftest import WaitUntil


@pytest.fixture
def bar(root: tk.Tk, theme: Theme) -> tuple[AddressBar, list[str]]:
    happened: list[str] = []
    made = AddressBar(
        root,
        theme,
        on_server=lambda: happened.append("server"),
        on_client=lambda: happened.append("client"),
        on_tls=lambda: happened.append("tls"),
        on_edit=lambda: happened.append("edit"),
        on_enter=lambda: happened.append("enter"),
        on_leave=lambda: happened.append("leave"),
    )
    made.pack(fill="x")
    root.update()
    return made, happened


def test_the_buttons_are_pressed_and_renamed(bar: tuple[AddressBar, list[str]]) -> None:
    made, happened = bar
    made.show(AddressBarView(Button("Stop server"), Button("Cancel", is_next=True)))

    made.server_button.invoke()
    made.client_button.invoke()

    assert happened == ["server", "client"]
    assert made.server_button.cget("text") == "Stop server"
    assert made.client_button.cget("style") == "Accent.TButton"


def test_a_refused_field_is_marked_and_says_why_until_it_is_edited(
    bar: tuple[AddressBar, list[str]], wait_until: WaitUntil
) -> None:
    made, happened = bar
    made.fill("localhost", "80x")

    made.refuse("'80x' is not a port.", port=True)
    made.update()

    assert made.complaint == "'80x' is not a port."
    assert made.port.instate(["invalid"])
    assert made.host.instate(["!invalid"])

    made.port.focus_force()
    made.update()
    made.port.event_generate("<KeyRelease-Shift_L>")  # of Shift+F6, say
    wait_until(lambda: "edit" in happened)
    assert made.complaint == "'80x' is not a port."

    made.port.delete(2)
    made.port.event_generate("<KeyRelease-BackSpace>")
    wait_until(lambda: happened.count("edit") == 2)

    assert made.complaint == ""
    assert made.port.instate(["!invalid"])


def test_what_is_wrong_stands_under_the_field_it_is_about(bar: tuple[AddressBar, list[str]]) -> None:
    made, _happened = bar
    made.refuse("Not a port: a number from 1 to 65535, and not so many letters that it wants two lines.", port=True)
    made.update()
    (label,) = (child for child in made.grid_slaves(row=1))
    assert label.winfo_x() == made.port.winfo_x()
    assert label.winfo_x() + label.winfo_width() <= made.winfo_width()

    made.refuse("No host.", host=True)
    made.update()
    assert label.winfo_x() == made.host.winfo_x()


@pytest.mark.parametrize("size", ["460x320", "460x600", "530x340", "640x480", "920x660"])
def test_there_is_room_for_host_port_and_buttons_in_every_window(
    root: tk.Tk, bar: tuple[AddressBar, list[str]], wait_until: WaitUntil, size: str
) -> None:
    made = bar[0]
    made.show(AddressBarView(Button("Start server"), Button("Disconnect", is_next=True)))
    root.geometry("700x500")
    wait_until(lambda: root.winfo_width() == 700)
    root.geometry(size)
    wait_until(lambda: f"{root.winfo_width()}x{root.winfo_height()}" == size)
    root.update()

    for part in (made.host, made.port, made.server_button, made.client_button):
        assert part.winfo_x() + part.winfo_width() <= made.winfo_width()
    for part in (made.port, made.server_button, made.client_button):
        assert part.winfo_width() >= part.winfo_reqwidth()
    assert made.host.winfo_width() >= 100


def test_enter_in_a_field_is_reported(bar: tuple[AddressBar, list[str]], wait_until: WaitUntil) -> None:
    made, happened = bar
    made.host.focus_force()
    made.update()

    made.host.event_generate("<Return>")

    wait_until(lambda: "enter" in happened)


def rows(*texts: str) -> tuple[SessionRow, ...]:
    return tuple(SessionRow(f"s{number}", "", text, "live") for number, text in enumerate(texts, 1))


def test_the_list_follows_and_reports_only_what_a_person_chose(
    root: tk.Tk, theme: Theme, wait_until: WaitUntil
) -> None:
    chosen: list[str] = []
    sessions = SessionList(root, theme, on_choose=chosen.append)
    sessions.pack()
    sessions.show(rows("Server", "Client"), "s2")
    root.update()
    assert sessions.tree.selection() == ("s2",)
    assert chosen == []

    sessions.tree.selection_set("s1")
    wait_until(lambda: chosen == ["s1"])
    sessions.show(rows("Server"), "s1")

    assert sessions.tree.get_children() == ("s1",)


def test_a_name_that_is_too_long_for_the_list_gives_way_to_how_it_stands(root: tk.Tk, theme: Theme) -> None:
    made = SessionList(root, theme, on_choose=lambda _key: None)
    made.pack(fill="y", expand=True, anchor="w")
    root.update()
    long = "Client no.such.host.invalid:16379"
    row = SessionRow("s1", "", long, "failed", word="failed")

    made.show([row, SessionRow("s2", "", "Client a:1", "live")], "s1")
    root.update()

    assert made.words_of("s1").startswith("Client no.such")
    assert made.words_of("s1").endswith("…  failed")
    assert made.words_of("s2") == "Client a:1"
    assert theme.base.measure(made.words_of("s1")) < made.tree.winfo_width()

    made.pack_configure(fill="both")
    root.update()
    assert made.words_of("s1") == f"{long}  failed"


def test_a_row_that_was_cut_is_told_whole_where_the_mouse_rests(
    root: tk.Tk, theme: Theme, wait_until: WaitUntil
) -> None:
    made = SessionList(root, theme, on_choose=lambda _key: None)
    made.pack(fill="y", expand=True, anchor="w")
    root.update()
    made.show([SessionRow("s1", "", "Client no.such.host.invalid:16379", "failed", word="failed")], "s1")
    root.update()
    box = made.tree.bbox("s1")

    made.tree.event_generate("<Motion>", x=40, y=int(box[1]) + 3)
    wait_until(lambda: made.tip.words == "Client no.such.host.invalid:16379  failed")

    made.tree.event_generate("<Motion>", x=40, y=made.tree.winfo_height() - 2)
    root.update()
    assert made.tip.words == ""


def test_the_status_line_warns_in_words(root: tk.Tk, theme: Theme) -> None:
    status = StatusBar(root, theme)

    status.show(StatusView("live", "listening on 0.0.0.0:5555", ("in 1 B",), "open to the network: 10.0.0.1:5555"))

    assert "open to the network" in status.words


def test_a_banner_says_its_line_and_goes(root: tk.Tk, theme: Theme) -> None:
    pressed: list[str] = []
    banner = Banner(root, theme)
    banner.grid()
    banner.say(Notice("One connection stands.", buttons=(("Quit", lambda: pressed.append("quit")),), close_word="Stay"))
    banner.on_hush = lambda: pressed.append("stay")
    root.update()

    for button in banner.buttons:
        button.invoke()

    assert pressed == ["quit", "stay"]
    assert banner.sentence == ""
    assert not banner.winfo_ismapped()


def test_notices_on_different_topics_stand_together_and_on_one_replace_each_other(root: tk.Tk, theme: Theme) -> None:
    banner = Banner(root, theme)
    banner.say(Notice("Settings were set aside."), "settings")

    banner.say(Notice("1 entry is missing.", is_failure=True), "recording")
    banner.say(Notice("2 entries are missing.", is_failure=True), "recording")

    assert banner.sentence == "Settings were set aside.\n2 entries are missing."


def test_text_size_keeps_within_its_limits(theme: Theme) -> None:
    assert theme.zoom(1000) == 14
    assert theme.zoom(-1000) == -4
    assert theme.zoom(0) == 0


def test_in_a_narrow_window_the_warning_is_whole_and_figures_give_way(
    root: tk.Tk, theme: Theme, wait_until: WaitUntil
) -> None:
    status = StatusBar(root, theme)
    status.pack(side="bottom", fill="x")
    figures = ("5 connections", "in 65 B", "out 85 B")
    status.show(StatusView("live", "listening on 0.0.0.0:5778", figures, "open to the network: 192.0.2.2:5778"))
    told = []
    for width in (1000, 560, 380):
        root.geometry(f"{width}x300")
        wait_until(lambda: status.winfo_width() == root.winfo_width())
        root.update()
        wait_until(lambda: status.winfo_ismapped() == 1)
        root.update()
        assert status.warning.winfo_width() >= status.warning.winfo_reqwidth()
        told.append([figure for figure in figures if figure in str(status._figures.cget("text"))])

    assert told[0] == list(figures)
    assert len(told[0]) > len(told[1]) >= len(told[2]) == 0
    assert str(status._words.cget("text")).endswith("…")
