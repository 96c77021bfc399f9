"""Whatever has the focus shows it, in every palette: a ring of pixels that can be told from all around it."""

from __future__ import annotations

import tkinter as tk
from collections import Counter
from collections.abc import Callable
from tkinter import ttk

import pytest

from gui.theme.palettes import PALETTES, contrast
from gui.theme.theme import Theme
from gui.viewmodels.drafting import Preview, PreviewPart
from gui.viewmodels.tasks import TaskView
from gui.viewmodels.window_view import ComposerView, SessionRow, StatusView, Times
from gui.views.composer.below_field import BytesLine
from gui.views.composer.composer import Composer
from gui.views.conversation.transcript import Transcript
from gui.views.dialogs.repeat_dialog import StepList
from gui.views.session_list import SessionList
from gui.views.status_bar import StatusBar
from gui.views.task_strip import TaskStrip
from gui.widgets.controls import Choice, Option, Options, Tick, Toggle
from gui.widgets.fields import CheckedRow, whole_number
from tests.gui.fake_controller import FakeController
from tests.support.pixels import Box, Picture, look
from tests.support.systems import TRIES_ALL

VISIBLE = 3.0  # WCAG 2.1, non-text contrast
_AROUND = 4  # pixels around a control that are looked at too

# Builds a control and gives back what to look at and what gets the focus.
Make = Callable[[ttk.Frame, Theme], tuple[tk.Widget, tk.Widget]]


def button(style: str) -> Make:
    def make(place: ttk.Frame, _theme: Theme) -> tuple[tk.Widget, tk.Widget]:
        made = ttk.Button(place, text="Start server", style=style)
        return made, made

    return make


def entry(place: ttk.Frame, _theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made = ttk.Entry(place)
    made.insert(0, "hello")
    return made, made


def refused_entry(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made, _focus = entry(place, theme)
    assert isinstance(made, ttk.Entry)
    made.state(["invalid"])
    return made, made


def combobox(place: ttk.Frame, _theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made = ttk.Combobox(place)
    made.set("127.0.0.1")
    return made, made


def choice(place: ttk.Frame, _theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made: Choice[str] = Choice(place, lambda _key: None)
    made.offer([("letter", "a random letter")], "letter")
    return made, made


def spinbox(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    row = CheckedRow(place, theme, whole_number("Keep", "journals", 20, (1, 100, 1)), lambda _value: None)
    row.pack()
    return row.field, row.field


def tabs(place: ttk.Frame, _theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made = ttk.Notebook(place, width=200, height=40)
    for words in ("Look", "Journals"):
        made.add(ttk.Frame(made, style="Window.TFrame"), text=words)
    return made, made


def message(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made = Composer(place, theme, FakeController(), on_page=lambda _pages: None)
    made.show(ComposerView("Type a message", False))
    made.pack(fill="x")
    return made.field.nametowidget(made.field.winfo_parent()), made.field


def message_format(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made = Composer(place, theme, FakeController(), on_page=lambda _pages: None)
    made.pack(fill="x")
    return made.message_format_button, made.message_format_button


def all_bytes(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made = BytesLine(place, theme)
    made.grid(row=0, column=0, sticky="ew")
    place.columnconfigure(0, weight=1)
    made.show(Preview(900, (PreviewPart("", b"x" * 900, 900),)))
    made.all_button.invoke()
    return made.box, made.box


def session_list(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made = SessionList(place, theme, on_choose=lambda _key: None)
    made.show(tuple(SessionRow(f"s{number}", "", f"Server {number}", "live") for number in (1, 2)), "s1")
    made.tree.configure(height=4)
    made.pack()
    return made.tree, made.tree


def conversation(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made = Transcript(place, theme, on_new=lambda _new: None)
    made.pack()
    return made, made.text


def toggle(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made = Toggle(place, theme, "Hex", lambda _is_on: None)
    return made, made


def tick(*, is_on: bool) -> Make:
    def make(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
        made = Tick(place, theme, "Whole words", lambda _is_on: None)
        made.put(is_on)
        return made, made

    return make


def option(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made: Options[str] = Options(place, theme, lambda _key: None)
    made.offer([Option("a", "As text"), Option("b", "As bytes")], "a")
    made.pack()
    return made, made.buttons[0]


def warning(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made = StatusBar(place, theme)
    made.show(StatusView("live", "listening", (), "open to the network: 10.0.0.1:5555"))
    made.pack()
    return made.warning, made.warning


def times(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made = StatusBar(place, theme)
    made.show(StatusView("live", "connected", times=Times("answer 200 µs", "From request to answer.")))
    made.pack()
    return made.times, made.times


def end_of_task(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made = TaskStrip(place, theme, ends=(("Stop", place.lift),), on_close=place.lift)
    made.show(TaskView("Every 5 ms", "4 of 10 sent"))
    made.pack(fill="x")
    return made.ends[0], made.ends[0]


def list_of_steps(place: ttk.Frame, theme: Theme) -> tuple[tk.Widget, tk.Widget]:
    made = StepList(place, theme, on_change=place.lift, on_wrong=lambda _why: None)
    made.pack()
    return made.tree, made.tree


CONTROLS: dict[str, Make] = {
    "button": button("TButton"),
    "accent button": button("Accent.TButton"),
    "quiet button": button("Quiet.TButton"),
    "warning": warning,
    "entry": entry,
    "refused entry": refused_entry,
    "combobox": combobox,
    "choice": choice,
    "spinbox": spinbox,
    "tabs": tabs,
    "message field": message,
    "how a message is written": message_format,
    "box of all bytes": all_bytes,
    "list of sessions": session_list,
    "conversation": conversation,
    "toggle": toggle,
    "tick": tick(is_on=False),
    "tick that is on": tick(is_on=True),
    "option": option,
    "times": times,
    "end of a task": end_of_task,
    "list of steps": list_of_steps,
}


def box_of(widget: tk.Widget) -> Box:
    return Box(widget.winfo_rootx(), widget.winfo_rooty(), widget.winfo_width(), widget.winfo_height())


def seen_without_and_with_focus(root: tk.Tk, shown: tk.Widget, focused: tk.Widget) -> tuple[Picture, Picture]:
    elsewhere = tk.Frame(root, width=1, height=1, takefocus=True)
    elsewhere.place(x=0, y=0)
    pictures: list[Picture] = []
    with look() as screen:
        for widget in (elsewhere, focused):
            widget.focus_force()
            root.update()
            root.update_idletasks()
            assert root.focus_get() is widget
            pictures.append(screen.picture(box_of(shown).grown(_AROUND)))
    return pictures[0], pictures[1]


def goes_round(places: set[tuple[int, int]]) -> bool:
    """Whether the places make a closed figure: from its middle, they are met in all four directions."""
    columns, rows = sorted({x for x, _y in places}), sorted({y for _x, y in places})
    middle_x, middle_y = (columns[0] + columns[-1]) // 2, (rows[0] + rows[-1]) // 2
    across = sorted(x for x, y in places if y == middle_y)
    down = sorted(y for x, y in places if x == middle_x)
    return bool(across and down) and across[0] < middle_x < across[-1] and down[0] < middle_y < down[-1]


def in_palettes() -> list[tuple[str, str]]:
    """Each control in every palette, or in one of them, another than the control before, where not all is tried."""
    return [
        (name, palette)
        for row, name in enumerate(CONTROLS)
        for column, palette in enumerate(PALETTES)
        if TRIES_ALL or row % len(PALETTES) == column
    ]


@pytest.mark.parametrize(("name", "palette"), in_palettes())
def test_the_focus_can_be_seen(root: tk.Tk, theme: Theme, name: str, palette: str) -> None:
    theme.choose(palette)
    place = ttk.Frame(root, style="Window.TFrame", padding=20)
    place.pack(fill="both", expand=True)
    shown, focused = CONTROLS[name](place, theme)
    if not shown.winfo_manager():
        shown.pack(anchor="w")
    root.update()

    without, with_focus = seen_without_and_with_focus(root, shown, focused)

    changed = with_focus.changed_from(without)
    assert changed, "nothing shows the focus"
    (ring, count), *_rest = Counter(changed.values()).most_common()
    places = {at for at, color in changed.items() if color == ring}
    assert contrast(ring, with_focus[0, 0]) >= VISIBLE, f"{ring} cannot be told from {with_focus[0, 0]} around it"
    assert goes_round(places), "it does not go round"
    pairs = Counter((color, without[at]) for at, color in changed.items())
    clear = sum(often for (color, before), often in pairs.items() if contrast(color, before) >= VISIBLE)
    assert clear >= count / 2, "what changes is hardly another colour than before"


def test_a_control_that_shows_nothing_is_found_out(root: tk.Tk, theme: Theme) -> None:
    silent = tk.Frame(root, width=80, height=30, background=theme.palette.button, takefocus=True)
    silent.pack(padx=20, pady=20)
    root.update()

    without, with_focus = seen_without_and_with_focus(root, silent, silent)

    assert not with_focus.changed_from(without)
