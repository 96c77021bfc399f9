"""The pictures that widgets are drawn with."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

import pytest

from gui.theme import shapes
from gui.theme.palettes import rgb
from gui.theme.theme import LARGEST_STEP, Theme
from tests.support.pixels import Box, Picture, look
from tests.support.systems import only_linux

FILL, BORDER, INNER, RED = "#2060c4", "#13579b", "#fedcba", "#ff0000"


def picture_of(widget: tk.Misc) -> Picture:
    """What a widget shows on the screen."""
    with look() as screen:
        return screen.picture(
            Box(widget.winfo_rootx(), widget.winfo_rooty(), widget.winfo_width(), widget.winfo_height())
        )


def is_like(one: str, other: str) -> bool:
    """Whether nobody sees a difference: one of 255 in each of red, green and blue."""
    return all(abs(a - b) <= 1 for a, b in zip(rgb(one), rgb(other), strict=True))


@pytest.mark.parametrize("step", [0, LARGEST_STEP])
def test_a_box_has_its_colours_on_the_screen(root: tk.Tk, theme: Theme, step: int) -> None:
    theme.zoom(step)
    label = tk.Label(root, image=theme.painter.box("a box", FILL, BORDER, 2, INNER), borderwidth=0, padx=0, pady=0)
    label.place(x=0, y=0)
    root.update()

    picture = picture_of(label)

    line, middle = theme.px(2), picture.height // 2
    assert is_like(picture[0, middle], BORDER)
    assert is_like(picture[line - 1, middle], BORDER)
    assert is_like(picture[line, middle], INNER)
    assert is_like(picture[picture.width // 2, middle], FILL)


@only_linux("Tk asks the display what is behind each half transparent part of a picture")
def test_a_filled_box_is_not_blended_with_what_is_behind_it(root: tk.Tk, theme: Theme) -> None:
    label = tk.Label(root, image=theme.painter.box("a box", FILL, BORDER), background=RED, borderwidth=0)
    label.place(x=0, y=0)
    root.update()

    picture = picture_of(label)

    seen = {picture[place] for place in picture.places()}
    assert RED in seen
    assert all(red <= green for red, green, _blue in map(rgb, seen - {RED}))


def test_a_box_without_a_fill_is_blended_with_what_is_behind_it(root: tk.Tk, theme: Theme) -> None:
    label = tk.Label(root, image=theme.painter.box("a frame", None, BORDER), background=RED, borderwidth=0)
    label.place(x=0, y=0)
    root.update()

    picture = picture_of(label)

    seen = {picture[place] for place in picture.places()}
    assert any(red > green for red, green, _blue in map(rgb, seen - {RED}))


def test_a_box_on_a_ground_is_opaque_or_not_there() -> None:
    soft, painted = (shapes.rounded_box(40, 30, 6, FILL, BORDER, 1, ground=ground) for ground in (None, INNER))

    assert set(alphas(soft)) > {0, 255}
    assert set(alphas(painted)) == {0, 255}


def alphas(png: bytes) -> bytes:
    """How much of each of its colours covers what is behind it."""
    place = png.index(b"tRNS")
    return png[place + 4 :][: int.from_bytes(png[place - 4 : place], "big")]


@pytest.mark.parametrize("state", ["live", "waiting", "failed", "over"])
def test_a_mark_has_its_colour_on_the_screen(root: tk.Tk, theme: Theme, state: str) -> None:
    label = tk.Label(root, image=theme.dot(FILL, state), borderwidth=0, padx=0, pady=0, background="#ffffff")
    label.place(x=0, y=0)
    root.update()

    picture = picture_of(label)

    colors = {picture[place] for place in picture.places()}
    assert FILL in colors or state == "over"  # whose line is thinner than a pixel
    assert len(colors) > 1 or state == "failed"


def test_a_picture_that_is_as_it_was_is_not_painted_again(theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[object] = []
    first = theme.dot(FILL, "live")
    monkeypatch.setattr(tk.PhotoImage, "configure", lambda _self, **options: painted.append(options["data"]))

    assert theme.dot(FILL, "live") is first
    assert painted == []

    assert theme.painter.image(f"dot {FILL} live", shapes.dot(9, INNER)) is first
    assert painted == [shapes.dot(9, INNER)]


def test_boxes_of_a_size_share_their_pixels() -> None:
    one, other = (shapes.rounded_box(40, 30, 6, fill, BORDER, 1) for fill in (FILL, INNER))

    assert one != other
    assert one.partition(b"IDAT")[2] == other.partition(b"IDAT")[2]


def test_the_largest_box_has_no_more_kinds_of_pixels_than_a_picture_may_have_colours() -> None:
    picture = shapes.rounded_box(400, 200, 100, FILL, BORDER, 4, INNER)

    length = int.from_bytes(picture[picture.index(b"PLTE") - 4 :][:4], "big")
    assert length // 3 <= 256


@pytest.mark.parametrize("step", [0, LARGEST_STEP])
def test_a_scrollbar_is_dragged_by_its_thumb_and_pages_beside_it(root: tk.Tk, theme: Theme, step: int) -> None:
    theme.zoom(step)
    commands: list[tuple[str, ...]] = []
    bar = ttk.Scrollbar(root, command=lambda *command: commands.append(command))
    bar.place(x=0, y=0, height=400)
    bar.set(0.4, 0.6)
    root.update()

    bar.event_generate("<Button-1>", x=3, y=200)
    bar.event_generate("<B1-Motion>", x=3, y=300)
    bar.event_generate("<ButtonRelease-1>", x=3, y=300)
    bar.event_generate("<Button-1>", x=3, y=380)
    bar.event_generate("<ButtonRelease-1>", x=3, y=380)

    (dragged, share), paged = commands
    assert dragged == "moveto"
    assert 0.6 < float(share) < 0.7
    assert paged == ("scroll", "1", "pages")


@pytest.mark.parametrize("step", [0, LARGEST_STEP])
def test_an_arrow_counts_and_another_unfolds(root: tk.Tk, theme: Theme, step: int) -> None:
    theme.zoom(step)
    number, tree = ttk.Spinbox(root, from_=0, to=9), ttk.Treeview(root, show="tree")
    number.set(5)
    number.pack()
    tree.insert("", "end", "one")
    tree.insert("one", "end", "two")
    tree.pack()
    root.update()

    press_on(number, "uparrow")
    assert number.get() == "6"
    press_on(number, "downarrow")
    press_on(number, "downarrow")
    assert number.get() == "4"

    press_on(tree, "indicator")
    assert tree.item("one", "open")


def press_on(widget: ttk.Widget, element: str) -> None:
    """Press the mouse button where a widget has what ttk calls so, and let it go."""
    places = ((x, y) for y in range(widget.winfo_height()) for x in range(widget.winfo_width()))
    x, y = next((x, y) for x, y in places if str(widget.tk.call(widget, "identify", "element", x, y)).endswith(element))
    widget.event_generate("<Button-1>", x=x, y=y)
    widget.event_generate("<ButtonRelease-1>", x=x, y=y)
