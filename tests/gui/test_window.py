"""What stands beside and over what in the window."""

from __future__ import annotations

from tkinter import ttk

from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp


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
    assert window.tasks.winfo_manager() == ""
