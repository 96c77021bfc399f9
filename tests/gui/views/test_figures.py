"""The figures with real widgets: bars as high as they should be, told of by keys, in every palette and width."""

from __future__ import annotations

import tkinter as tk

import pytest

from core.journal.reading.figures import Figures, Tally
from gui.theme.theme import Theme
from gui.viewmodels.figures import TableRow, charts
from gui.views.figures import READING, ChartView, FiguresPane
from tests.gui.canvas import CountingTk, items_on, option, words_on

MS = 1_000_000


def figures(count: int = 10) -> Figures:
    tally = Tally(dials=False)
    for place in range(count):
        at = place * 100 * MS
        for _ in range(place + 1):
            tally.add(3, is_sent=False, sizes=(100,), mono_ns=at)
        tally.add(3, is_sent=True, sizes=(10,), mono_ns=at + (place + 1) * MS)
    return tally.figures(count)


@pytest.fixture
def pane(root: tk.Tk, theme: Theme) -> FiguresPane:
    made = FiguresPane(root, theme, on_save=lambda: None, on_close=lambda: None)
    made.pack(fill="both", expand=True)
    root.update()
    return made


def bars(view: ChartView, color: str) -> list[tuple[float, float]]:
    """Each bar's left edge and height: the corners of one shape, four for each."""
    canvas = view.canvas
    (shape,) = [item for item in items_on(canvas, "polygon") if option(canvas, item, "fill") == color]
    points = canvas.coords(shape)
    return [(points[at], abs(points[at + 3] - points[at + 1])) for at in range(0, len(points) - 7, 8)]


def test_bars_are_as_high_as_their_numbers(pane: FiguresPane, root: tk.Tk, theme: Theme) -> None:
    pane.show(figures(), is_all=True)
    root.update()

    received = bars(pane.charts[0], theme.palette.accent)
    sent = bars(pane.charts[0], theme.palette.good)
    heights = [high for _x, high in received]
    assert len(received) == len(sent) == 10
    assert heights == sorted(heights)
    assert heights[-1] == pytest.approx(10 * heights[0], abs=10)
    assert len({high for _x, high in sent}) == 1


def test_keys_go_from_bar_to_bar_and_tell_of_each(pane: FiguresPane, root: tk.Tk) -> None:
    pane.show(figures(), is_all=True)
    view = pane.charts[0]
    view.canvas.focus_force()
    root.update()

    for key in ("<Right>", "<Right>"):
        view.canvas.event_generate(key)
    assert str(view.words.cget("text")).startswith("after 100 ms, for 100 ms: 20 received")

    view.canvas.event_generate("<End>")
    assert view.pointed == 9
    view.canvas.event_generate("<Left>")
    assert view.pointed == 8
    pane.table.text.focus_force()
    root.update()
    assert str(view.words.cget("text")) == "55 received, 10 sent; at most 100 a second within 100 ms"


def test_the_mouse_tells_of_the_bar_under_it(pane: FiguresPane, root: tk.Tk) -> None:
    pane.show(figures(), is_all=True)
    root.update()
    view = pane.charts[0]

    view.canvas.event_generate("<Motion>", x=view.canvas.winfo_width() - 12, y=10)

    assert view.pointed == 9


def test_until_all_is_read_that_is_said(pane: FiguresPane, root: tk.Tk) -> None:
    state = pane._state
    pane.show(figures(), is_all=False)
    root.update()
    assert (state.cget("text"), bool(state.winfo_manager())) == (READING, True)

    pane.show(figures(), is_all=True)
    root.update()
    assert not state.winfo_manager()


@pytest.mark.parametrize("wide", [200, 300, 900])
@pytest.mark.parametrize("palette", ["light", "dark", "high contrast"])
def test_no_words_leave_a_chart(pane: FiguresPane, root: tk.Tk, theme: Theme, palette: str, wide: int) -> None:
    theme.choose(palette)
    root.geometry(f"{wide}x600")
    root.update()
    pane.show(figures(), is_all=True)
    root.update()

    for view in pane.charts:
        canvas = view.canvas
        assert str(canvas.cget("background")) == theme.palette.pane
        for item in items_on(canvas, "text"):
            left, top, right, bottom = canvas.bbox(item)
            assert 0 <= left <= right <= canvas.winfo_width()
            assert 0 <= top <= bottom <= canvas.winfo_height()
            assert option(canvas, item, "fill") in (theme.palette.muted, theme.palette.text)


def test_percentiles_are_marked_and_the_connections_have_a_table(pane: FiguresPane, root: tk.Tk) -> None:
    pane.show(figures(), is_all=True)
    root.update()

    assert {"p50", "p95", "p99"} <= set(words_on(pane.charts[3].canvas))
    assert pane.table.text.get("1.0", "end-1c").startswith("#3\t55  5.5 kB\t10  100 B\tp50")


def test_more_bars_and_connections_take_no_more_calls_into_tk(
    pane: FiguresPane, root: tk.Tk, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, took = pane.charts[0], list[int]()
    counting = CountingTk(root.tk)
    pane.show(figures(60), is_all=True)
    root.update()
    for widget in (view, view.canvas, pane.table, pane.table.text, theme.small):
        monkeypatch.setattr(widget, "_tk" if widget is theme.small else "tk", counting)

    for bars, connections in ((2, 1), (50, 60)):
        before = counting.calls
        view.show(charts(figures(bars))[0])
        pane.table.show([TableRow(f"#{number}", "1", "2", "3") for number in range(connections)])
        took.append(counting.calls - before)

    assert took[0] == took[1] < 20
