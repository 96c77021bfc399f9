"""Fields of one line, as they look."""

from __future__ import annotations

import tkinter as tk

import pytest

from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.widgets.fields import LineField
from tests.support.pixels import Box, look


@pytest.mark.parametrize("palette", PALETTES)
def test_what_an_empty_field_says_lies_on_the_field_whether_it_is_disabled_or_not(
    root: tk.Tk, theme: Theme, palette: str
) -> None:
    field = LineField(root, theme, lambda _text: None)
    field.hint("as it is")
    field.pack()
    theme.choose(palette)

    for state, ground, other in (
        ("disabled", theme.palette.window, theme.palette.field),
        ("!disabled", theme.palette.field, theme.palette.window),
    ):
        field.state([state])
        root.update()

        at = Box(field.winfo_rootx(), field.winfo_rooty(), field.winfo_width(), field.winfo_height())
        with look() as screen:
            picture = screen.picture(at.grown(-theme.px(4)))
        colours = {picture[place] for place in picture.places()}
        assert ground in colours
        assert other == ground or other not in colours
