"""The head of the conversation: what there is room for stands whole, whatever the width of the window."""

from __future__ import annotations

import tkinter as tk
from itertools import groupby, pairwise, product
from tkinter import ttk

import pytest

from gui.app import App
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, serve

WIDTHS = (460, 560, 640, 760, 920, 640, 460)  # there and back


@pytest.fixture
def server(make_app: MakeApp) -> App:
    """A window that shows a server: its head has all there is."""
    app = make_app()
    serve(app)
    pump_until(lambda: bool(app.window.conversation.lens.winfo_ismapped()), app.root)
    return app


def widen(app: App, width: int, height: int = 500) -> list[tk.Widget]:
    """The window at that size; the answer is what its head shows, in the order of the eye."""
    app.root.geometry(f"{width}x{height}")
    head = app.window.conversation.head
    size = (width, height)
    pump_until(lambda: (app.root.winfo_width(), app.root.winfo_height()) == size, app.root)
    pump_until(lambda: head.winfo_width() == width, app.root)
    app.root.update()
    return head.shown


def lines(parts: list[tk.Widget]) -> list[list[tk.Widget]]:
    return [list(line) for _middle, line in groupby(parts, key=lambda part: part.winfo_y() + part.winfo_height() // 2)]


def test_nothing_in_the_head_is_cut_or_covered_at_any_width(server: App) -> None:
    for width, height in product(WIDTHS, (320, 500)):
        shown = lines(widen(server, width, height))

        for parts in shown:
            assert all(before.winfo_x() + before.winfo_width() < after.winfo_x() for before, after in pairwise(parts))
            assert parts[0].winfo_x() >= 0
            assert parts[-1].winfo_x() + parts[-1].winfo_width() <= width
            assert all(part.winfo_width() >= part.winfo_reqwidth() for part in parts)
        last = shown[-1][-1]
        assert last.winfo_y() + last.winfo_height() <= server.window.conversation.head.winfo_height()


def test_what_can_be_chosen_is_there_at_any_size(server: App) -> None:
    head = server.window.conversation
    for width, height in product(WIDTHS, (320, 500)):
        assert {head.lens, head.reply} <= set(widen(server, width, height))


def test_each_choice_says_what_it_is_unless_the_window_is_low(server: App) -> None:
    names = {"Messages", "Reply with"}
    for width in WIDTHS:
        shown = widen(server, width)
        assert names <= {str(part.cget("text")) for part in shown if isinstance(part, ttk.Label)}
        assert server.window.conversation.head.title in shown

    assert len(lines(widen(server, 460))) == 2
    assert len(lines(widen(server, 920))) == 1
    for reply in ("echo", "none", "letter"):  # each is a row of the conversation
        server.main_controller.choose_reply(reply)
    pump_until(lambda: server.window.conversation.transcript.total > 3, server.root)
    shown = widen(server, 460)
    assert len(lines(shown)) == 1
    assert not any(str(part.cget("text")) in names for part in shown if isinstance(part, ttk.Label))


def test_no_words_of_a_choice_are_cut_whatever_is_chosen(server: App) -> None:
    head, font = server.window.conversation.head, server.theme.base
    for choice in (head.lens, head.reply):
        widths = set()
        for words in choice.words:
            choice.current(choice.words.index(words))
            choice.event_generate("<<ComboboxSelected>>")
            server.root.update()
            widths.add(choice.winfo_width())
            room = int(choice.bbox("end")[0]) if words else 0
            assert room < choice.winfo_width() - font.measure("0"), choice.get()
        assert len(widths) == 1 or choice is head.lens


@pytest.mark.parametrize(
    "title",
    [
        f"Client {'long.' * 30}example:5555",
        f"Server unix:/run/{'deep/' * 30}tincan.sock",
        f"Tap [2001:db8:{'0:' * 40}1]:5556 → example:5555",
    ],
)
def test_both_ends_of_a_name_that_is_too_long_can_be_read_and_a_tip_has_all_of_it(server: App, title: str) -> None:
    head = server.window.conversation.head
    tips = [each for each in server.root.winfo_children() if each.winfo_class() == "Tip"]

    def told() -> list[str]:
        head.title.event_generate("<Enter>")
        pump_until(lambda: not head._whole._rest.is_due, server.root)
        words = [str(tip.winfo_children()[0].cget("text")) for tip in tips if tip.winfo_manager()]
        head.title.event_generate("<Leave>")
        return words

    head.show(title, "from port 1234")
    widen(server, 640)
    before, _, behind = str(head.title.cget("text")).partition("…")
    assert (title.startswith(before), title.endswith(behind)) == (True, True)
    assert len(before) > 9
    assert len(behind) > 9
    assert head.detail not in head.shown
    assert told() == [title]

    head.show("Client 127.0.0.1:5555", "from port 1234")
    server.root.update()
    assert told() == []


def test_the_choices_give_way_to_a_name_that_has_room_in_half_a_line(server: App) -> None:
    head, font = server.window.conversation.head, server.theme.strong
    for width in range(600, 1000, 20):
        widen(server, width)
        words = "Tap "
        while font.measure(f"{words}:5555") <= (width - 2 * server.theme.px(20)) // 2 - server.theme.px(4):
            words += "1"
        head.show(words, "")
        server.root.update()

        assert str(head.title.cget("text")) == words


def test_the_head_is_laid_out_again_only_for_what_is_new(server: App) -> None:
    controller, head = server.main_controller, server.window.conversation.head
    server.root.update()
    laid_out: list[str] = []
    head.on_change = lambda: laid_out.append("again")

    for _ in range(3):
        controller.refresh()  # as with every batch of a flood
        server.root.update()
    assert laid_out == []

    controller.conversation.framing.use("length:2be")
    server.root.update()
    assert laid_out == ["again"]

    controller.choose_encoding("latin-1")
    server.root.update()
    assert laid_out == ["again", "again"]
    assert head.encoding in head.shown
