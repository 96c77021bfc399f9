"""The pane of socket calls with real widgets: any of a million entries, the end followed, whose calls are whose."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import pytest

from core.journal.display_row import DisplayRow
from core.journal.reading.socket_calls import SocketCall
from core.roles import ROLES
from gui.theme.theme import Theme
from gui.viewmodels.socket_calls import EMPTY, Chosen
from gui.views.socket_calls import SocketCallsPane
from tests.gui.fake_journal import received

MANY = 1_000_000


class FakeCalls:
    """``make`` gives the calls of an entry; ``reads`` counts the entries that were asked for."""

    def __init__(self, entries: int, make: Callable[[int], list[SocketCall]] | None = None) -> None:
        self.key: object = "session"
        self.role = ROLES["server"]
        self.entries = entries
        self.reads = 0
        self._make = make or (lambda place: [SocketCall(f"recv(9) -> {place}")])

    def read(self, first: int, count: int) -> Sequence[tuple[DisplayRow, list[SocketCall]]]:
        stop = min(self.entries, first + count)
        self.reads += stop - first
        return [(received(place, b"x"), self._make(place)) for place in range(first, stop)]


@pytest.fixture
def chosen() -> list[int]:
    return []


@pytest.fixture
def pane(root: tk.Tk, theme: Theme, chosen: list[int]) -> SocketCallsPane:
    made = SocketCallsPane(root, theme, on_choose=chosen.append, on_close=lambda: None)
    made.pack(fill="both", expand=True)
    root.update()
    return made


def shown(pane: SocketCallsPane) -> list[str]:
    return [line.rpartition("-> ")[2] for line in pane.text.get("1.0", "end-1c").split("\n")]


def test_of_a_million_entries_only_those_in_sight_are_read(pane: SocketCallsPane, root: tk.Tk) -> None:
    calls = FakeCalls(MANY)
    pane.show(calls)
    root.update()
    assert shown(pane)[-1] == str(MANY - 1)

    for top in (0, 123_456, 999_000):
        pane.scroll_to(top)
        root.update()
        assert shown(pane)[0] == str(top)
    assert calls.reads < 1_000


def test_the_end_is_followed_while_it_is_in_sight(pane: SocketCallsPane, root: tk.Tk) -> None:
    calls = FakeCalls(500)
    pane.show(calls)
    root.update()
    pane._drawn_at = 0.0
    calls.entries = 520
    pane.show(calls)
    root.update()
    assert shown(pane)[-1] == "519"

    pane.scroll_to(5)
    root.update()
    calls.entries = 600
    pane.show(calls)
    root.update()
    assert shown(pane)[0] == "5"


def test_scrolled_down_to_the_end_it_is_followed_again(pane: SocketCallsPane, root: tk.Tk) -> None:
    calls = FakeCalls(100, lambda place: [SocketCall(f"a -> {place}"), SocketCall(f"b -> {place}")])
    pane.show(calls)
    pane.scroll_to(0)
    root.update()
    assert not pane.is_following

    for _ in range(40):
        pane._page(1)
        root.update()

    assert pane.is_following
    assert shown(pane)[-1] == "99"


def test_what_has_no_call_is_passed_by(pane: SocketCallsPane, root: tk.Tk) -> None:
    pane.show(FakeCalls(1_000, lambda place: [SocketCall(f"x -> {place}")] if place % 50 == 0 else []))
    pane.scroll_to(0)
    root.update()

    assert shown(pane)[:3] == ["0", "50", "100"]


def test_the_calls_of_a_message_stand_out(pane: SocketCallsPane, root: tk.Tk) -> None:
    pane.show(FakeCalls(40))
    pane.scroll_to(0)
    root.update()

    row = received(2, b"x")
    pane.choose_message(Chosen(2, 4, row.connection, "received"))
    root.update()

    ranges = [str(index) for index in pane.text.tag_ranges("chosen")]
    assert (ranges[0].partition(".")[0], pane.text.get(ranges[-1] + " -2c", ranges[-1]).strip()) == ("3", "4")


def test_without_a_session_it_says_what_will_come(pane: SocketCallsPane, root: tk.Tk) -> None:
    pane.show(None)
    root.update()

    assert pane.text.get("1.0", "end-1c") == EMPTY


def test_derived_calls_and_failures_look_like_it(pane: SocketCallsPane, root: tk.Tk, theme: Theme) -> None:
    pane.show(FakeCalls(1, lambda _place: [
        SocketCall("close()", is_derived=True), SocketCall("connect() -> ECONNREFUSED", "why", is_failure=True),
    ]))  # fmt: skip
    root.update()

    for palette in ("light", "dark", "high contrast"):
        theme.choose(palette)
        assert str(pane.text.tag_cget("derived", "foreground")) == theme.palette.muted
        assert str(pane.text.tag_cget("failure", "foreground")) == theme.palette.error
        assert pane._italic.actual("slant") == "italic"
    assert pane.text.get(*pane.text.tag_ranges("derived")[:2]) == "close()"
    assert pane.text.get(*pane.text.tag_ranges("failure")[:2]) == "connect() -> ECONNREFUSED"
    assert "# why" in pane.text.get("1.0", "end")


@pytest.mark.parametrize("wide", [220, 700])
def test_in_a_narrow_pane_calls_go_on_under_their_time(pane: SocketCallsPane, root: tk.Tk, wide: int) -> None:
    root.geometry(f"{wide}x500")
    root.update()
    pane.show(FakeCalls(3))
    root.update()

    first = pane.text.get("1.0", "1.end")
    assert ("\t" in first) is (wide == 700)
    assert first.endswith("recv(9) -> 0")
