"""Every palette can be read."""

from __future__ import annotations

import re
import tkinter as tk
from dataclasses import fields

import pytest

from gui.theme.palettes import PALETTES, TEXT_ON, Palette, contrast
from gui.theme.theme import Theme

READABLE = 4.5  # WCAG 2.1, level AA, for text
VISIBLE = 3.0  # the same, for what is not text
EVERY = pytest.mark.parametrize("palette", PALETTES.values(), ids=list(PALETTES))


@EVERY
@pytest.mark.parametrize(("text", "ground"), TEXT_ON, ids="-on-".join)
def test_text_can_be_read(palette: Palette, text: str, ground: str) -> None:
    assert contrast(getattr(palette, text), getattr(palette, ground)) >= READABLE


@EVERY
def test_the_number_of_every_connection_can_be_read(palette: Palette) -> None:
    for color in palette.connections:
        assert contrast(color, palette.pane) >= READABLE


@EVERY
def test_the_focus_ring_can_be_seen(palette: Palette) -> None:
    for ground in (palette.window, palette.pane):
        assert contrast(palette.focus, ground) >= VISIBLE
    assert contrast(palette.text, palette.window) >= VISIBLE  # around the accent button
    assert contrast(palette.text, palette.accent) >= VISIBLE or contrast(palette.text, palette.pane) >= VISIBLE


@EVERY
def test_every_colour_is_written_in_full(palette: Palette) -> None:
    for field in fields(palette):
        value = getattr(palette, field.name)
        colors = value if isinstance(value, tuple) else (value,)
        assert field.name == "name" or all(re.fullmatch("#[0-9a-f]{6}", color) for color in colors)


def test_contrast_is_what_the_standard_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
def test_what_was_found_stands_out_from_what_is_chosen_and_can_be_read(palette: Palette) -> None:
    assert palette.found != palette.chosen
    assert contrast(palette.found, palette.accent_text) >= 4.5


def test_who_was_forgotten_before_it_is_destroyed_hurts_nobody(root: tk.Tk, theme: Theme) -> None:
    told: list[str] = []

    def tell() -> None:
        told.append("menu")

    menu = tk.Menu(root)
    theme.subscribe(tell, menu)
    theme.subscribe(lambda: told.append("other"))
    told.clear()

    theme.forget(tell)
    menu.destroy()  # which Tk 9 says twice of the menus of a menu bar
    theme.zoom(1)

    assert told == ["other"]
