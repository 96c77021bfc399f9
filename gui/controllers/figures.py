"""The figures of the conversation on view. Lives on the window's thread; the pane is made when asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import reason
from core.words import sentence
from gui.controllers.opening import OpeningController
from gui.platform.background import in_background

if TYPE_CHECKING:
    from core.journal.reading.figures import Figures
    from core.journal.reading.measuring import Measurer
    from gui.journals.viewing import Viewing
    from gui.views.figures import FiguresPane
    from gui.window import Window


class FiguresController(OpeningController["FiguresPane"]):
    """Has the figures of the conversation on view worked out while the pane is open, and saves them.

    ``post`` has a call made on the window's thread, from any other.
    """

    def __init__(
        self,
        window: Window,
        viewing: Viewing,
        *,
        post: Callable[[Callable[[], None]], None],
        complain: Callable[[str], None],
    ) -> None:
        super().__init__(window, window.open_side, window.close_side)
        self._viewing, self._post, self._complain = viewing, post, complain
        self._measurer: Measurer | None = None
        self._key: object = None  # of the conversation that is measured
        self.figures: Figures | None = None

    def show(self) -> None:
        """Have what is new of the conversation on view, or another one, measured."""
        if not self.is_open:
            if self._measurer is not None:  # another pane has taken its place
                self._leave()
            return
        conversation = self._viewing.conversation
        key = conversation.key if conversation is not None else None
        if key != self._key:
            self._leave()
            self._key = key
            self.view.show(None, is_all=conversation is None)
            if conversation is not None:
                from core.journal.reading.measuring import Measurer

                self._measurer = Measurer(
                    conversation.journal.path, conversation.session, conversation.lens, dials=conversation.role.dials,
                    tell=lambda figures: self._post(partial(self._show, key, figures)),
                    fail=lambda why: self._post(partial(self._fail, key, why)),
                )  # fmt: skip
        if conversation is not None and self._measurer is not None:
            self._measurer.reach(conversation.entries)

    def close(self) -> None:
        """Measure no more."""
        self._leave()

    def save(self) -> None:
        """Ask for a file and write the numbers into it."""
        from tkinter import filedialog

        chosen = filedialog.asksaveasfilename(
            parent=self._window.root, title="Save the figures", defaultextension=".csv",
            initialfile=f"tincan_figures_{time.strftime('%Y-%m-%d_%H-%M-%S')}.csv",
            filetypes=(("CSV", "*.csv"), ("All files", "*")),
        )  # fmt: skip
        if chosen:
            self.save_to(Path(chosen))

    def save_to(self, target: Path) -> None:
        """Write the numbers that are shown into a file, on a thread of its own; trouble is told."""
        figures = self.figures
        if figures is None:
            return

        def write() -> None:
            from core.journal.export.files import Drafts, in_words, place_for
            from gui.viewmodels.figures import as_csv

            with in_words(target), Drafts(place_for(target)) as draft:
                draft.write(as_csv(figures).encode())
                draft.finish()
                draft.keep()

        in_background("save figures", write, lambda _none: None, self._not_saved, self._post)

    def _not_saved(self, error: BaseException) -> None:
        self._complain(sentence(f"The figures could not be saved: {reason(error)}"))

    def _show(self, key: object, figures: Figures) -> None:
        """Show what is known by now, unless it is of another conversation than the one on view."""
        conversation = self._viewing.conversation
        if key == self._key and self.is_open and conversation is not None:
            self.figures = figures
            self.view.show(figures, is_all=figures.entries >= conversation.entries)

    def _fail(self, key: object, why: str) -> None:
        if key == self._key and self.is_open:
            self._key = None  # asked for again, it is tried again
            self.view.show(self.figures, is_all=True)
            self._complain(sentence(f"The figures cannot be worked out: {why}"))

    def _leave(self) -> None:
        if self._measurer is not None:
            self._measurer.close()
        self._measurer = self._key = self.figures = None

    def _make(self) -> FiguresPane:
        from gui.views.figures import FiguresPane

        return FiguresPane(self._window.side_pane, self._window.theme, on_save=self.save, on_close=self.toggle)

    def _opened(self) -> None:
        self.show()
        self.view.focus_first()

    def _closed(self) -> None:
        self._leave()
