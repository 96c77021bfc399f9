"""The head of the conversation: what there is room for stands whole, whatever the width of the window."""

from __future__ import annotations

import tkinter as tk
from itertools import pairwise

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


def widen(app: App, width: int) -> list[tk.Widget]:
    """The window at that width; the answer is what its head shows, from the left."""
    app.root.geometry(f"{width}x500")
    pump_until(lambda: app.window.conversation._head.winfo_width() == app.root.winfo_width() == width, app.root)
    app.root.update()
    return sorted(
        (part for part in app.window.conversation._parts if part.winfo_ismapped()), key=lambda part: part.winfo_x()
    )


def test_nothing_in_the_head_is_cut_or_covered_at_any_width(server: App) -> None:
    for width in WIDTHS:
        parts = widen(server, width)

        assert all(before.winfo_x() + before.winfo_width() < after.winfo_x() for before, after in pairwise(parts))
        assert parts[0].winfo_x() >= 0
        assert parts[-1].winfo_x() + parts[-1].winfo_width() <= width
        assert all(part.winfo_width() >= part.winfo_reqwidth() for part in parts)


def test_what_can_be_chosen_is_there_at_any_width(server: App) -> None:
    head = server.window.conversation
    for width in WIDTHS:
        assert {head.lens, head.reply, head._title} <= set(widen(server, width))


def test_a_wide_window_says_more_than_a_narrow_one(server: App) -> None:
    head = server.window.conversation

    narrow, wide = widen(server, 460), widen(server, 920)

    assert set(narrow) < set(wide)
    assert {head._detail, head._reply_label, head._lens_label} & set(narrow) == set()
    assert {head._detail, head._reply_label, head._lens_label} <= set(wide)
