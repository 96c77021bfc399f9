"""Garbage is collected on the window's thread, and nowhere else. No tkinter.

Pictures, fonts and variables of Tk must be let go on the thread that made them, but Python collects
cycles on whichever thread happens to allocate. A collector switches that off and looks by itself,
in short steps between the window's other work.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from core.clock import monotonic

if TYPE_CHECKING:
    from gui.platform.bridge import Timers

YOUNG = 700  # new objects above which they are looked through, as Python has it
_PASSES = 10  # over the young before the middle-aged have their turn, and over those before the old have theirs
_OVERDUE = 200  # passes over the middle-aged after which the old have their turn even if it is not quiet
_SOON, _LATER = 20, 100  # milliseconds to the next look, after there was much to do and when it is quiet
_QUIET = 5  # looks in a row at which next to nothing was new: then nobody waits for the window


class Collector:
    """Collects from ``install`` to ``uninstall``; all on the thread of the window.

    What is alive when it is installed and at the first quiet moment is taken to stay (``gc.freeze``), so that a look
    at all the rest takes well under a millisecond, and that first moment's a few. ``longest`` is the longest look so
    far, in seconds.
    """

    def __init__(self, loop: Timers) -> None:
        self._loop = loop
        self._ticket: str | None = None
        self._was_enabled = False
        self._quiet = 0  # looks
        self._is_settled = False
        self.longest = 0.0

    def install(self) -> None:
        """Collect here from now on."""
        self._was_enabled = gc.isenabled()
        gc.disable()
        gc.freeze()
        self._plan(_LATER)

    def uninstall(self) -> None:
        """Leave it to Python again, with nothing left over that must be let go here.

        To be called after the window is destroyed: then its pictures, which are in cycles, go with it.
        """
        if self._ticket is not None:
            self._loop.cancel(self._ticket)
            self._ticket = None
        gc.unfreeze()
        self._is_settled = False
        gc.collect()
        if self._was_enabled:
            gc.enable()

    def _plan(self, milliseconds: int) -> None:
        self._ticket = self._loop.after(milliseconds, self._look)

    def _look(self) -> None:
        self._ticket = None
        try:
            self._collect()
        finally:  # a fault is no reason to collect never again
            self._plan(_LATER if self._quiet else _SOON)

    def _collect(self) -> None:
        generation = self._due()
        if generation is not None:
            began = monotonic()
            gc.collect(generation)
            self.longest = max(self.longest, monotonic() - began)
        if generation == 2 and not self._is_settled:
            self._is_settled = True
            gc.freeze()

    def _due(self) -> int | None:
        """The oldest generation that it is time for; each includes the younger ones."""
        young, middle, old = gc.get_count()
        self._quiet = self._quiet + 1 if young <= YOUNG else 0
        if old > _OVERDUE or (self._quiet >= _QUIET and (old > _PASSES or not self._is_settled)):
            return 2
        if young <= YOUNG:
            return None
        return 1 if middle > _PASSES else 0
