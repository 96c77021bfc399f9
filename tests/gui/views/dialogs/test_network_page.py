"""Who can reach this server: listed, copied, put away."""

from __future__ import annotations

import tkinter as tk

import pytest

from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.viewmodels.reachable import ReachableAddress
from gui.viewmodels.window_view import StatusView
from gui.views.dialogs.network_page import NetworkPage
from gui.views.status_bar import StatusBar

PLACES = (
    ReachableAddress("192.168.1.7:5555", "wlan0"),
    ReachableAddress("[fe80::7%eth0]:5555", "eth0", "On the same cable only"),
)
OPEN = StatusView("live", "listening", ("in 1 B",), "open to the network: 10.0.0.1:5555")


@pytest.fixture
def page(root: tk.Tk, theme: Theme) -> NetworkPage:
    root.update()
    page = NetworkPage(root, theme)
    page.update()
    return page


def words_in(widget: tk.Misc) -> list[str]:
    own = [str(widget.cget("text"))] if "text" in (widget.keys() or ()) else []
    return own + [words for child in widget.winfo_children() for words in words_in(child)]


def test_until_the_addresses_are_known_it_says_that_it_is_looking(page: NetworkPage) -> None:
    assert page.sentence.startswith("Looking")
    assert page.addresses == ()


def test_every_address_has_a_line_with_its_interface_and_what_there_is_to_know(page: NetworkPage) -> None:
    page.show(PLACES)
    page.update()

    words = words_in(page)
    assert page.addresses == ("192.168.1.7:5555", "[fe80::7%eth0]:5555")
    assert {"192.168.1.7:5555", "wlan0", "[fe80::7%eth0]:5555", "eth0", "On the same cable only."} <= set(words)
    assert any("firewall" in sentence for sentence in words)


def test_the_button_copies_the_address_and_says_so(page: NetworkPage) -> None:
    page.show(PLACES)
    page.update()

    page.copy_buttons[1].invoke()

    assert page.clipboard_get() == "[fe80::7%eth0]:5555"
    assert str(page.copy_buttons[1].cget("text")) == "Copied"
    assert str(page.copy_buttons[0].cget("text")) == "Copy"


def test_a_machine_without_a_network_is_told_so(page: NetworkPage) -> None:
    page.show(())

    assert "on no network" in page.sentence
    assert page.copy_buttons == []


def test_the_focus_is_not_lost_when_the_addresses_change(page: NetworkPage) -> None:
    page.show(PLACES)
    page.update()
    page.copy_buttons[0].focus_force()
    page.update()

    page.show(PLACES[:1])
    page.update()

    assert page.focus_get() is page.close_button


def test_a_page_that_says_the_same_is_left_alone(page: NetworkPage) -> None:
    page.show(PLACES)
    buttons = page.copy_buttons

    page.show(list(PLACES))

    assert page.copy_buttons is buttons


def test_it_goes_with_escape_and_leaves_nothing_behind(page: NetworkPage, theme: Theme) -> None:
    page.show(PLACES)
    page.close_button.focus_force()
    page.update()

    page.close_button.event_generate("<Escape>")
    page.tk.call("update")
    theme.choose("dark")

    assert not page.winfo_exists()


@pytest.mark.parametrize("name", PALETTES)
def test_it_takes_every_palette_while_it_is_open(page: NetworkPage, theme: Theme, name: str) -> None:
    theme.choose(name)

    assert str(page.cget("background")) == PALETTES[name].window


def test_the_warning_in_the_status_line_is_a_button_for_mouse_and_keys(root: tk.Tk, theme: Theme) -> None:
    pressed: list[str] = []
    status = StatusBar(root, theme, on_warning=lambda: pressed.append("warning"))
    status.pack()
    status.show(OPEN)
    root.update()
    status.warning.focus_force()
    root.update()

    status.warning.event_generate("<Return>")
    status.warning.event_generate("<space>")
    status.warning.invoke()

    assert pressed == ["warning"] * 3


def test_where_there_is_nothing_to_warn_of_there_is_no_button(root: tk.Tk, theme: Theme) -> None:
    status = StatusBar(root, theme)
    status.pack(fill="x")
    status.show(StatusView("live", "listening"))
    root.update()
    height = status.winfo_height()
    assert not status.warning.winfo_ismapped()

    status.show(OPEN)
    root.update()
    assert status.warning.winfo_ismapped()
    assert status.winfo_height() == height

    status.show(StatusView("live", "listening"))
    root.update()
    assert not status.warning.winfo_ismapped()
