"""The colours, as data: light, dark and high contrast. No tkinter.

Text and what it stands on differ by at least 4.5 to 1 in each of them; a test computes it from
``TEXT_ON``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Every colour of the window, as ``#rrggbb``."""

    name: str
    window: str
    pane: str  # the conversation and the message field's surroundings
    sidebar: str
    field: str
    button: str
    button_hover: str
    border: str
    strong_border: str  # of fields and buttons: at least 3 to 1 where a palette promises it
    text: str
    muted: str
    accent: str
    accent_hover: str
    accent_text: str
    focus: str
    selection: str
    selection_text: str
    chosen: str  # the message that is looked at closely, or was found
    chosen_text: str
    chosen_mark: str  # of what stands there for something that cannot be shown
    hit: str  # every place that was found but the current one, which is ``found``
    hit_text: str
    incoming: str
    incoming_text: str
    outgoing: str
    outgoing_text: str
    error: str
    error_fill: str
    warning: str
    warning_fill: str
    good: str
    thumb: str
    thumb_hover: str
    connections: tuple[str, ...]  # one for each connection of a server, in turn

    @property
    def is_dark(self) -> bool:
        """Whether the window's ground is nearer to black than to white."""
        return sum(bytes.fromhex(self.window[1:])) < 3 * 128

    @property
    def found(self) -> str:
        """The ground of what was found, also within what is chosen."""
        return self.accent if self.accent != self.chosen else self.focus


LIGHT = Palette(
    name="light",
    window="#f3f4f7",
    pane="#ffffff",
    sidebar="#f3f4f7",
    field="#ffffff",
    button="#ffffff",
    button_hover="#e9ecf2",
    border="#dfe2e8",
    strong_border="#c3c9d4",
    text="#1b1f27",
    muted="#5c6573",
    accent="#1463d6",
    accent_hover="#0f54ba",
    accent_text="#ffffff",
    focus="#1463d6",
    selection="#b9d6ff",
    selection_text="#10151d",
    chosen="#ffe8a3",
    chosen_text="#1b1f27",
    chosen_mark="#6b5300",
    hit="#ffb74d",
    hit_text="#1b1f27",
    incoming="#eef0f5",
    incoming_text="#1b1f27",
    outgoing="#d4e5ff",
    outgoing_text="#0f2038",
    error="#b3261e",
    error_fill="#fdecea",
    warning="#7a4d00",
    warning_fill="#fff3d6",
    good="#1b7f3b",
    thumb="#c5cad3",
    thumb_hover="#9aa2af",
    connections=("#1463d6", "#a3390e", "#1b7a3a", "#8a2fb0", "#a8256a", "#00727a", "#6b5b00", "#4b4fc4"),
)

DARK = Palette(
    name="dark",
    window="#181b21",
    pane="#1e2229",
    sidebar="#181b21",
    field="#262b34",
    button="#2a303a",
    button_hover="#363d49",
    border="#2d333e",
    strong_border="#454d5b",
    text="#e7eaf0",
    muted="#a9b3c1",
    accent="#5aa2ff",
    accent_hover="#7db6ff",
    accent_text="#07152a",
    focus="#8cc0ff",
    selection="#2f568c",
    selection_text="#ffffff",
    chosen="#6b5a1e",
    chosen_text="#ffffff",
    chosen_mark="#ded5a8",
    hit="#8a4b00",
    hit_text="#ffffff",
    incoming="#2c323d",
    incoming_text="#e7eaf0",
    outgoing="#1a4070",
    outgoing_text="#eef5ff",
    error="#ff8f86",
    error_fill="#43211f",
    warning="#f3c063",
    warning_fill="#40330f",
    good="#5fd08a",
    thumb="#434b58",
    thumb_hover="#606a7a",
    connections=("#7fb6ff", "#ff9e6b", "#67d391", "#d29bff", "#ff8fc0", "#4fd3d9", "#e2cb5c", "#a9adff"),
)

HIGH_CONTRAST = Palette(
    name="high contrast",
    window="#000000",
    pane="#000000",
    sidebar="#000000",
    field="#000000",
    button="#000000",
    button_hover="#262626",
    border="#ffffff",
    strong_border="#ffffff",
    text="#ffffff",
    muted="#e0e0e0",
    accent="#ffe100",
    accent_hover="#fff27a",
    accent_text="#000000",
    focus="#00e5ff",
    selection="#ffe100",
    selection_text="#000000",
    chosen="#ffe100",
    chosen_text="#000000",
    chosen_mark="#5c4a00",
    hit="#d9a6ff",
    hit_text="#000000",
    incoming="#2b2b2b",
    incoming_text="#ffffff",
    outgoing="#00408a",
    outgoing_text="#ffffff",
    error="#ff9a92",
    error_fill="#3d0000",
    warning="#ffe100",
    warning_fill="#332d00",
    good="#5dff8f",
    thumb="#ffffff",
    thumb_hover="#ffe100",
    connections=("#8fc7ff", "#ffb38a", "#7dffab", "#e0b8ff", "#ffa8d2", "#5ff5fc", "#ffe96b", "#c4c7ff"),
)

PALETTES = {palette.name: palette for palette in (LIGHT, DARK, HIGH_CONTRAST)}

TEXT_ON = (
    ("text", "window"),
    ("text", "pane"),
    ("text", "sidebar"),
    ("text", "field"),
    ("text", "button"),
    ("text", "button_hover"),
    ("muted", "window"),
    ("muted", "pane"),
    ("muted", "sidebar"),
    ("muted", "field"),
    ("muted", "incoming"),
    ("muted", "outgoing"),
    ("accent_text", "accent"),
    ("accent_text", "accent_hover"),
    ("selection_text", "selection"),
    ("chosen_text", "chosen"),
    ("chosen_mark", "chosen"),
    ("hit_text", "hit"),
    ("incoming_text", "incoming"),
    ("outgoing_text", "outgoing"),
    ("error", "window"),
    ("error", "pane"),
    ("error", "error_fill"),
    ("text", "error_fill"),
    ("warning", "window"),
    ("warning", "warning_fill"),
    ("text", "warning_fill"),
    ("good", "window"),
)
"""Which colour is written on which."""


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart, 1 to 21 (WCAG 2.1, contrast ratio)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def rgb(color: str) -> tuple[int, int, int]:
    """``#rrggbb`` as three numbers from 0 to 255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    """Relative luminance as WCAG 2.1 defines it."""
    red, green, blue = (_linear(part / 255) for part in rgb(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
