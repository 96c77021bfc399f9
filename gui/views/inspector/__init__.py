"""The inspector: one message looked at closely.

What stands in it beside the facts and the bytes are its sections. Each is a class derived from ``Section``, in a file
of this folder, which knows how much room it needs; nothing else has to be told of a new one.
"""

from __future__ import annotations

import importlib
import pkgutil
import tkinter as tk
from collections.abc import Callable
from enum import Enum, auto
from tkinter import ttk
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from gui.theme.theme import Theme
    from gui.viewmodels.decoding import Decoding
    from gui.viewmodels.inspection import Fact, Inspected, Range

_sections: list[type[Section]] = []


class Place(Enum):
    """Where a section stands."""

    WITH_FACTS = auto()  # under them, which are above the bytes, or beside them in a wide inspector
    ABOVE_BYTES = auto()
    BELOW_BYTES = auto()


class Lines(NamedTuple):
    """Heights in lines of text. Sections beside the bytes take nothing of their height."""

    narrow: int  # where the facts, the bytes and all sections stand in one column
    wide: int  # where the bytes stand beside the facts


class Section(ttk.Frame):
    """A part of the inspector; ``on_choose`` gets the bytes that it wants to stand out, or None for none.

    Deriving a class from it makes it a part of every inspector.
    """

    where: ClassVar[Place]
    lines: ClassVar[Lines]  # that must be free for it
    priority: ClassVar[int]  # ascending: where one has no room, none behind it is shown
    fills: ClassVar[bool] = False  # whether it takes all the height that is left, beside a note

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _sections.append(cls)

    def __init__(self, parent: tk.Misc, theme: Theme, *, on_choose: Callable[[Range | None], None]) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme = theme
        self._on_choose = on_choose

    @property
    def inputs(self) -> tuple[tk.Widget, ...]:
        """The widgets that can have the keyboard."""
        return ()

    def wants(self, inspected: Inspected) -> bool:
        """Whether there is anything to show of this message, or of this note, which has no bytes."""
        return inspected.source is not None

    def is_needed(self, inspected: Inspected) -> bool:
        """Whether it stands there even without the room for it."""
        del inspected
        return False

    def instead(self, inspected: Inspected) -> list[Fact]:
        """The facts that stand for it where it has no room."""
        del inspected
        return []

    def fit(self, *, is_roomy: bool) -> None:
        """Be as high as there is room: for all sections, or only for some."""

    def inspect(self, inspected: Inspected | None, *, keep: bool) -> None:
        """Show this message; with ``keep`` it has only grown, and what is chosen stays so."""

    def read(self, data: bytes, size: int, *, is_selection: bool) -> None:
        """Show ``data``, the first of ``size`` bytes that are selected among those shown, or are the whole message."""

    def read_as(self, decoding: Decoding) -> None:
        """Read bytes as other text."""

    def point(self, offset: int) -> None:
        """The cursor is at this byte now."""

    def step(self, by: int) -> None:
        """Choose the next piece (1) or the one before (-1)."""

    def forget_choice(self) -> None:
        """Nothing is chosen here any more."""


def all_sections() -> list[type[Section]]:
    """Every section, in the order in which they get room."""
    return sorted(_sections, key=lambda section: section.priority)


for _file in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_file.name}")
