"""The state of a socket with real widgets: the state lit, the way thick, words that fit."""

from __future__ import annotations

import tkinter as tk

import pytest

from core.address import Address
from core.events import ConnectionId
from core.tcp import TcpState
from gui.theme.theme import Theme
from gui.viewmodels.socket_state import PLACES, SHORT, SocketView, Watched
from gui.views.socket_state import INFERRED, TOLD, SocketStatePane
from tests.gui.canvas import items_on, option, words_on

WAY = (TcpState.CLOSED, TcpState.SYN_SENT, TcpState.ESTABLISHED)
ONE = Watched(ConnectionId(1), Address("127.0.0.1", 1), Address("127.0.0.1", 2))
TWO = Watched(None, Address("127.0.0.1", 1))
VIEW = SocketView(((ONE, "#1"), (TWO, "listens")), ONE, WAY, False, (("Round trip", "1 ms"),), "", 0.0)


@pytest.fixture
def chosen() -> list[Watched]:
    return []


@pytest.fixture
def pane(root: tk.Tk, theme: Theme, chosen: list[Watched]) -> SocketStatePane:
    made = SocketStatePane(root, theme, on_choose=chosen.append, on_close=lambda: None)
    made.pack(fill="both", expand=True)
    root.update()
    return made


@pytest.mark.parametrize("palette", ["light", "dark", "high contrast"])
def test_the_present_state_is_lit_and_the_way_stands_out(
    pane: SocketStatePane, root: tk.Tk, theme: Theme, palette: str
) -> None:
    theme.choose(palette)
    pane.show(VIEW)
    root.update()

    canvas, p = pane.canvas, theme.palette
    lit = [item for item in items_on(canvas, "rectangle") if option(canvas, item, "fill") == p.accent]
    assert len(lit) == 1
    names = [item for item in items_on(canvas, "text") if option(canvas, item, "fill") == p.accent_text]
    assert [option(canvas, item, "text") for item in names] == ["ESTABLISHED"]
    lines = [item for item in items_on(canvas, "line") if option(canvas, item, "fill") == p.accent]
    assert len(lines) == len(WAY) - 1
    assert str(pane.way.cget("text")) == "CLOSED → SYN-SENT → ESTABLISHED"


def test_it_is_said_who_says_so(pane: SocketStatePane) -> None:
    pane.show(VIEW)
    assert (pane.words.cget("text"), pane.source.cget("text")) == ("ESTABLISHED", TOLD)

    pane.show(SocketView(VIEW.options, ONE, WAY, True))
    assert pane.source.cget("text") == INFERRED


def test_a_peer_that_does_not_read_is_told_of(pane: SocketStatePane, root: tk.Tk) -> None:
    pane.show(SocketView(VIEW.options, ONE, WAY, False, (), "The peer is not reading: 812 kB wait, for 2.1 s.", 0.8))
    root.update()

    assert "812 kB wait" in str(pane.gauge.cget("text"))
    assert pane._fill.winfo_manager()
    pane.show(VIEW)
    assert str(pane.gauge.cget("text")) == ""
    assert not pane._fill.winfo_manager()


def test_another_socket_is_chosen_in_the_list(pane: SocketStatePane, chosen: list[Watched]) -> None:
    pane.show(VIEW)

    pane.choice.current(1)
    pane.choice.event_generate("<<ComboboxSelected>>")

    assert chosen == [TWO]


def test_without_a_session_nothing_is_lit(pane: SocketStatePane, root: tk.Tk, theme: Theme) -> None:
    pane.show(VIEW)
    pane.show(SocketView())
    root.update()

    canvas = pane.canvas
    assert theme.palette.accent not in {option(canvas, item, "fill") for item in items_on(canvas, "rectangle")}
    assert pane.words.cget("text") == "No TCP socket of Tincan's is on view."


@pytest.mark.parametrize("wide", [230, 264, 380, 900])
def test_every_state_can_be_told_from_the_others_in_any_width(pane: SocketStatePane, root: tk.Tk, wide: int) -> None:
    root.geometry(f"{wide}x500")
    root.update()
    pane.show(VIEW)
    root.update()

    words = words_on(pane.canvas)
    assert len(set(words)) == len(PLACES)
    assert set(words) <= {state.value for state in TcpState} | set(SHORT.values())
