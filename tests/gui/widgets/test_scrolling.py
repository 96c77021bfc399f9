"""Bars in less room than they need, and marks beside a scrollbar."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

import pytest

from gui.theme.theme import Theme
from gui.widgets.scrolling import Bars, HitMarks
from tests.gui.conftest import WaitUntil


def test_bars_are_as_wide_where_they_scroll_as_where_they_do_not(root: tk.Tk, theme: Theme) -> None:
    bars = Bars(root, theme)
    bars.pack(fill="x")
    ttk.Label(bars.body, text="one\ntwo\nthree\nfour").pack(fill="x")
    root.geometry("300x300")
    root.update()

    for room, scrolls in ((bars.needed, False), (bars.needed - 1, True)):
        bars.give(room)
        root.update()
        assert bool(bars._bar.winfo_ismapped()) is scrolls
        assert bars.body.winfo_width() == bars.winfo_width() == 300


def test_marks_stand_where_they_are_drawn_in_one_call_however_many(
    root: tk.Tk, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = HitMarks(root, theme, on_go=lambda _fraction: None)
    marks.pack(fill="both", expand=True)
    root.geometry("300x300")
    root.update()
    calls = list[object]()
    monkeypatch.setattr(marks, "create_rectangle", lambda *place, **_how: calls.append(place))

    marks.show([number / 200 for number in range(201)], None)

    assert calls == []
    tops = [marks.coords(item)[1] for item in marks.find_all()]
    high = theme.px(2)
    assert len(tops) == 201
    assert (tops[0], tops[-1]) == (0, marks.winfo_height() - high)
    assert marks.coords(marks.find_all()[7])[3] == tops[7] + high


def test_marks_at_the_same_pixels_are_not_drawn_anew(root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> None:
    marks = HitMarks(root, theme, on_go=lambda _fraction: None)
    marks.place(x=0, y=0, width=10, height=200)
    wait_until(lambda: marks.winfo_height() == 200)
    room = 200 - theme.px(2)

    marks.show([50 / room, 90.2 / room], 50 / room)
    drawn = marks.find_all()
    marks.show([50.2 / room, 89.8 / room], 49.8 / room)
    assert marks.find_all() == drawn

    marks.show([50 / room, 91 / room], 50 / room)
    assert marks.find_all() != drawn
