"""Buttons and fields that stand in one line: of one height, whatever the font, its size and the screen."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations
from tkinter import ttk
from typing import Any

from core.compose import Draft, SavedMessage
from core.events import ConnectionId
from gui.controllers.sockets import read_groups, read_hops
from gui.theme.theme import Theme
from gui.viewmodels.drafting import MessageFormat
from gui.viewmodels.exports import ExportFormat
from gui.viewmodels.filtering import ConnectionRow, FilterView
from gui.viewmodels.framings import KINDS
from gui.viewmodels.window_view import ComposerView
from gui.views.address_bar import AddressBar
from gui.views.composer.composer import Composer
from gui.views.conversation.filter_bar import FilterBar
from gui.views.conversation.find_bar import FindBar
from gui.views.conversation.lens_bar import LensBar
from gui.views.conversation.socket_options_bar import Bounds, SocketOptionsBar, SocketOptionsForm
from gui.views.dialogs.export_dialog import ExportDialog
from gui.views.dialogs.repeat_dialog import StepList
from gui.widgets.controls import Toggle
from gui.widgets.fields import CheckedRow, FileRow, whole_number
from tests.gui.fake_controller import FakeController, recipients

TWO = tuple(ConnectionRow(ConnectionId(number), number, f"#{number}") for number in (1, 2))
FONTS = {"DejaVu Sans": (8, 11, 15, 20, 24), "Courier": (9, 14), "Helvetica": (10, 13)}  # points
CONTROLS = (ttk.Entry, ttk.Combobox, ttk.Spinbox, ttk.Button, Toggle)


def nothing(*_anything: object) -> Any:  # noqa: ANN401 - whatever a pane calls
    return ""


def composer(parent: tk.Misc, theme: Theme) -> tk.Widget:
    made = Composer(parent, theme, FakeController(), on_page=nothing)
    made.show(ComposerView("Type a message", True, recipients(ConnectionId(1), ConnectionId(2))))
    made.toggle_options()
    made.choose(MessageFormat(framing="length:4be,offset=2"))
    return made


def filter_bar(parent: tk.Misc, theme: Theme) -> tk.Widget:
    made = FilterBar(parent, theme, on_filter=nothing, on_close=nothing)
    made.show(FilterView(TWO, frozenset({TWO[0].connection}), shown=1, total=2))
    return made


def knobs_bar(parent: tk.Misc, theme: Theme) -> tk.Widget:
    made = SocketOptionsBar(
        parent,
        theme,
        bounds=Bounds(65_536, 262_144, 60_000.0, read_groups, read_hops),
        on_change=nothing,
        on_close=nothing,
    )
    made.show(SocketOptionsForm(1, nagle=False), "Client 127.0.0.1:5555", is_free=True)
    return made


def lens_bar(parent: tk.Misc, theme: Theme) -> tk.Widget:
    made = LensBar(parent, theme, on_framing=nothing, on_close=nothing)
    made.ask(next(kind for kind in KINDS if kind.usual == "fixed:16"), "fixed:16")
    return made


def checked_row(parent: tk.Misc, theme: Theme) -> tk.Widget:
    made = CheckedRow(parent, theme, whole_number("Text size", "points", 10, (6, 24, 1)), nothing)
    made.show(12)  # so that it offers the usual
    return made


def step_list(parent: tk.Misc, theme: Theme) -> tk.Widget:
    made = StepList(parent, theme, on_change=nothing, on_wrong=nothing)
    made.offer((SavedMessage.of("one", Draft("one")),))
    return made


def export_dialog(parent: tk.Misc, theme: Theme) -> tk.Toplevel:
    formats = (ExportFormat("text", "Text", "", ".txt"),)
    return ExportDialog(
        parent, theme, formats=formats, path="talk.txt", on_export=nothing, on_cancel=nothing, on_open_folder=nothing
    )


def panes(parent: tk.Misc, theme: Theme) -> Iterator[tk.Widget | tk.Toplevel]:
    yield AddressBar(
        parent,
        theme,
        on_server=nothing,
        on_client=nothing,
        on_tls=nothing,
        on_edit=nothing,
        on_enter=nothing,
        on_leave=nothing,
    )
    yield composer(parent, theme)
    yield FindBar(parent, theme, on_search=nothing, on_step=nothing, on_stop=nothing, on_close=nothing)
    yield filter_bar(parent, theme)
    yield knobs_bar(parent, theme)
    yield lens_bar(parent, theme)
    yield checked_row(parent, theme)
    yield step_list(parent, theme)
    yield FileRow(parent, theme, ask=nothing, title="Send a file", on_edit=nothing)
    yield export_dialog(parent, theme)


def controls(pane: tk.Misc) -> Iterator[tk.Misc]:
    """What can be pressed or written into, as far as it can be seen; the quiet button below the message is small."""
    for part in pane.winfo_children():
        if not part.winfo_ismapped():
            continue
        style = str(part.cget("style")) if isinstance(part, ttk.Widget) else ""
        if style == "Field.TFrame" or (isinstance(part, CONTROLS) and style != "Composer.Quiet.TButton"):
            yield part
        yield from controls(part)


def uneven(pane: tk.Misc) -> tuple[list[str], int]:
    """Which two controls side by side differ in top or height, and how many stand side by side."""
    wrong, pairs = [], 0
    for one, other in combinations(controls(pane), 2):
        first, second = ((part.winfo_rooty(), part.winfo_height()) for part in (one, other))
        if first[0] < sum(second) and second[0] < sum(first):
            pairs += 1
            if first != second:
                wrong.append(f"{one} {first} beside {other} {second}")
    return wrong, pairs


@contextmanager
def seen(pane: tk.Widget | tk.Toplevel) -> Iterator[None]:
    """Have a pane in its window, alone: together they are higher than a screen."""
    if isinstance(pane, tk.Toplevel):
        pane.update()
        yield
        return
    pane.pack(fill="x")
    pane.update()
    yield
    pane.pack_forget()


def wear(theme: Theme, family: str, points: int) -> None:
    for font in (theme.base, theme.text, theme.small, theme.strong):
        font.configure(family=family)
    theme.zoom(points - theme.usual_points)


def test_what_stands_in_one_line_has_one_height(root: tk.Tk) -> None:
    root.geometry("1600x1200")
    theme = Theme(root, "light")
    made = list(panes(root, theme))

    for family, sizes in FONTS.items():
        for points in sizes:
            wear(theme, family, points)
            for pane in made:
                with seen(pane):
                    wrong, pairs = uneven(pane)
                assert not wrong, (family, points)
                assert pairs, f"nothing stands side by side in {pane}"


def test_send_is_as_high_as_a_field_of_one_line(root: tk.Tk) -> None:
    """And stays so high, at the foot, beside a field of several lines."""
    theme = Theme(root, "light")
    made = Composer(root, theme, FakeController(), on_page=nothing)
    made.pack(fill="x")
    root.update()
    box, send = made.box, made.send_button

    for family, sizes in FONTS.items():
        for points in (*range(sizes[0], sizes[0] + 4), sizes[-1]):
            wear(theme, family, points)
            root.update()
            one_line = box.winfo_rooty(), box.winfo_height()
            assert one_line == (send.winfo_rooty(), send.winfo_height()), (family, points)

        height = send.winfo_height()
        assert height >= theme.text.metrics("linespace") + 2 * theme.px(8)
        made.field.insert("end", "\n\n")
        root.update()
        assert (send.winfo_height(), box.winfo_height()) == (height, height + 2 * theme.text.metrics("linespace"))
        assert send.winfo_rooty() + height == box.winfo_rooty() + box.winfo_height()
        made.field.delete("1.0", "end")
