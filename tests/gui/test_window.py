"""What stands beside and over what in the window."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path
from tkinter import ttk

from gui.app import App
from gui.widgets.sash import Sash
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, port_of, serve


def test_one_pane_at_a_time_stands_at_the_side(make_app: MakeApp) -> None:
    window = make_app().window
    first, second = (ttk.Frame(window.side_pane) for _ in range(2))

    window.open_side(first)
    window.open_side(second)

    assert (first.winfo_manager(), second.winfo_manager()) == ("", "grid")
    window.close_side(second)
    assert second.winfo_manager() == ""


def test_the_pane_at_the_side_follows_the_width_of_the_window(make_app: MakeApp) -> None:
    app = make_app()
    window = app.window
    pane = ttk.Frame(window.side_pane, height=100)
    app.root.geometry("1200x600")
    pump_until(lambda: app.root.winfo_width() == 1200, app.root)
    window.open_side(pane)
    pump_until(lambda: abs(pane.winfo_width() - 480) <= 2, app.root)

    app.root.geometry("700x600")
    pump_until(lambda: abs(pane.winfo_width() - 280) <= 2, app.root)

    app.root.geometry("470x600")
    pump_until(lambda: abs(pane.winfo_width() - 470) <= 2, app.root)
    assert not window.conversation.winfo_ismapped()

    app.root.geometry("1000x600")
    pump_until(lambda: bool(window.conversation.winfo_ismapped()), app.root)


def test_what_is_being_done_stands_over_the_composer_while_it_lasts(make_app: MakeApp) -> None:
    app = make_app()
    window = app.window
    strips = [ttk.Label(window.tasks, text=words) for words in ("first", "second")]
    for strip in strips:
        window.open_task(strip)  # type: ignore[arg-type]
    pump_until(lambda: bool(strips[1].winfo_ismapped()), app.root)
    assert window.conversation.winfo_rooty() < strips[0].winfo_rooty() < strips[1].winfo_rooty()
    assert strips[1].winfo_rooty() < window.composer.winfo_rooty()

    for strip in strips:
        window.close_task(strip)  # type: ignore[arg-type]
    app.root.update()
    assert not window.tasks.winfo_ismapped()


def list_there(app: App) -> None:
    """A server with two peers, so that the list of sessions is there."""
    serve(app)
    connect(app, int(port_of(app)))
    pump_until(lambda: bool(app.window.sessions.winfo_ismapped()), app.root)
    app.root.update()


def drag(sash: Sash, by: int) -> None:
    """Drag a sash by so many pixels; its line takes the mouse like the rest of it."""
    held = sash.winfo_children()[0]
    for kind, x in (("ButtonPress-1", 0), ("B1-Motion", by // 2), ("B1-Motion", by), ("ButtonRelease-1", by)):
        held.event_generate(f"<{kind}>", x=0, y=50, rootx=500 + x, rooty=300)
    sash.winfo_toplevel().update()


def press(app: App, widget: tk.Misc, *keys: str) -> None:
    widget.focus_force()
    app.root.update()
    for key in keys:
        widget.event_generate(key)
        app.root.update()


def test_the_list_is_made_wider_by_mouse_and_by_keys_and_has_its_usual_width_again(make_app: MakeApp) -> None:
    app = make_app()
    window, sash = app.window, app.window.list_sash
    list_there(app)
    usual, digit = window.sessions.winfo_width(), app.theme.base.measure("0")
    assert usual == window.sessions.usual_width

    drag(sash, 60)
    assert window.sessions.winfo_width() == usual + 60
    press(app, sash, "<Right>", "<Right>", "<Shift-Left>")
    assert abs(window.sessions.winfo_width() - (usual + 60 - 3 * digit)) <= 1
    for kind in ("ButtonPress-1", "ButtonRelease-1") * 2:
        sash.event_generate(f"<{kind}>", x=2, y=50, time=1_000)
    app.root.update()
    assert window.sessions.winfo_width() == usual
    assert app.main_controller.preferences.list_width == 0

    press(app, sash, "<Home>")
    assert window.sessions.winfo_width() == app.theme.px(140)
    press(app, sash, "<End>")
    assert window.conversation.winfo_width() == app.theme.px(280)
    press(app, sash, "<Return>")
    assert window.sessions.winfo_width() == usual


def test_the_pane_at_the_side_has_a_sash_and_the_conversation_keeps_its_least_width(make_app: MakeApp) -> None:
    app = make_app()
    window = app.window
    list_there(app)
    pane = ttk.Frame(window.side_pane, height=100)
    window.open_side(pane)
    app.root.update()
    usual = pane.winfo_width()

    drag(window.side_sash, 30)
    assert pane.winfo_width() == usual - 30
    press(app, window.side_sash, "<Home>")
    assert window.conversation.winfo_width() == app.theme.px(280)
    press(app, window.list_sash, "<End>")
    assert window.conversation.winfo_width() == app.theme.px(280)
    press(app, window.side_sash, "<End>")
    assert pane.winfo_width() == app.theme.px(264)

    window.close_side(pane)
    app.root.update()
    assert not window.side_sash.winfo_ismapped()
    assert window.conversation.winfo_rootx() + window.conversation.winfo_width() == app.root.winfo_rootx() + (
        app.root.winfo_width()
    )


def test_whatever_was_chosen_the_conversation_keeps_its_least_width(make_app: MakeApp) -> None:
    app = make_app()
    window = app.window
    list_there(app)
    press(app, window.list_sash, "<End>")
    for size in ("640x480", "460x320", "1400x700"):
        app.root.geometry(size)
        pump_until(lambda size=size: f"{app.root.winfo_width()}x{app.root.winfo_height()}" == size, app.root)  # type: ignore[misc]
        app.root.update()

        least = min(app.theme.px(280), app.root.winfo_width() - app.theme.px(140) - window.list_sash.winfo_width())
        assert window.conversation.winfo_width() >= least, size
        assert window.sessions.winfo_width() >= app.theme.px(140), size


def test_widths_are_remembered_in_units_of_text(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(tmp_path / "kept")
    list_there(app)
    press(app, app.window.list_sash, "<Shift-Right>")
    chosen, digit = app.window.sessions.winfo_width(), app.theme.base.measure("0")
    app.leave()

    again = make_app(tmp_path / "kept")
    list_there(again)
    assert again.window.sessions.winfo_width() == chosen
    again.main_controller.settings.zoom(3)
    again.root.update()
    assert abs(again.window.sessions.winfo_width() - chosen / digit * again.theme.base.measure("0")) <= 1


def test_a_sash_shows_the_mouse_and_the_focus(make_app: MakeApp) -> None:
    app = make_app()
    sash, palette = app.window.list_sash, app.theme.palette
    list_there(app)
    (line,) = sash.winfo_children()
    at_rest = line.winfo_width()

    sash.event_generate("<Enter>")
    app.root.update()
    assert (line.winfo_width() > at_rest, str(line.cget("background"))) == (True, palette.accent)
    sash.event_generate("<Leave>")
    app.root.update()
    assert str(line.cget("background")) == palette.border

    press(app, sash)
    assert str(sash.cget("background")) == palette.focus


def test_the_tip_of_a_row_leaves_with_any_key_of_the_window(make_app: MakeApp) -> None:
    app = make_app()
    sessions, field = app.window.sessions, app.window.composer.field
    list_there(app)
    app.main_controller.rows.give_name("s1", "Boiler")
    for key in ("<Key-x>", "<F3>"):
        box = sessions.tree.bbox("s1")
        sessions.tree.event_generate("<Leave>")
        sessions.tree.event_generate("<Motion>", x=60, y=int(box[1]) + 3)
        pump_until(lambda: sessions.tip.words.startswith("Boiler  ·  Server"), app.root)
        field.focus_force()
        app.root.update()
        field.event_generate(key)
        app.root.update()
        assert not sessions.tip.is_open


def test_the_sashes_stand_in_the_tab_order_where_the_eye_meets_them(make_app: MakeApp) -> None:
    app = make_app()
    window = app.window
    list_there(app)
    pane = ttk.Frame(window.side_pane, height=100)
    inside = ttk.Button(pane)
    inside.pack()
    window.open_side(pane)
    app.root.geometry("1100x600")
    pump_until(lambda: bool(inside.winfo_ismapped()) and bool(window.list_sash.winfo_ismapped()), app.root)

    order: list[tk.Misc] = [window.sessions.tree]
    while len(order) < 60 and (order[-1] is not window.sessions.tree or len(order) == 1):
        after = order[-1].tk_focusNext()
        assert after is not None
        order.append(after)

    places = [order.index(part) for part in (window.list_sash, window.composer.field, window.side_sash, inside)]
    assert places[0] == 1
    assert places == sorted(places)
