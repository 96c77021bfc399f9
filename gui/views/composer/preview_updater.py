"""Works out the bytes of the text while a person types, or what is wrong with it and where."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gui.viewmodels.drafting import ComposeError, Preview
from gui.views.composer.message_field import MessageField
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from gui.views.composer.composer import ComposerController

_SOON, _WHEN_QUIET = 30, 300  # milliseconds after a key: a short text is worked out, a long one
_STILL_TYPING = 700  # milliseconds after a key in which what is wrong may yet be put right
_TICK = 1_000  # milliseconds after which a message with the time in it is another one


class PreviewUpdater:
    """``show`` gets the bytes that would go out, ``complain`` what is wrong, or nothing once it is right again.

    While ``is_held``, nothing is worked out.
    """

    def __init__(
        self,
        field: MessageField,
        controller: ComposerController,
        *,
        show: Callable[[Preview | None], None],
        complain: Callable[[str], None],
    ) -> None:
        self.is_held = False
        self._field, self._controller = field, controller
        self._show, self._complain = show, complain
        self._asked = 0  # how often something was to be worked out
        self._is_wrong = False
        self._found = ComposeError("", 0, 0)  # what is wrong, and not said yet
        self._soon = Debounce(field, self.work_out)
        self._patience = Debounce(field, self._lose_patience)

    def ask(self) -> None:
        """The text has changed: work it out soon."""
        self._soon.ask(_SOON if self._field.is_short else _WHEN_QUIET)

    def work_out(self) -> None:
        """Work it out now."""
        self._soon.cancel()
        self._asked += 1
        asked, text = self._asked, self._field.content
        if self.is_held:
            return
        message_format = self._controller.message_format
        if text or message_format.adds_something:
            self._controller.work_out(text, message_format, lambda found: self._worked_out(asked, found))
        else:
            self._show(None)
            self.put_right()

    def mark(self, wrong: ComposeError) -> None:
        """Say what is wrong, at its place."""
        self._patience.cancel()
        self._is_wrong = True
        self._field.mark_wrong(wrong.start, wrong.stop)
        self._complain(wrong.sentence)

    def put_right(self) -> None:
        """Nothing is wrong any more."""
        self._patience.cancel()
        self._field.unmark()
        if self._is_wrong:
            self._is_wrong = False
            self._complain("")

    def _worked_out(self, asked: int, found: Preview | ComposeError) -> None:
        if asked != self._asked or not self._field.winfo_exists():
            return
        if isinstance(found, ComposeError):
            self._show(None)
            self._found = found
            self._patience.ask(0 if self._is_wrong else _STILL_TYPING)
            return
        self._show(found)
        self.put_right()
        if found.tells_time:
            self._soon.ask(_TICK)

    def _lose_patience(self) -> None:
        """The person has stopped typing, and it is still wrong."""
        self.mark(self._found)
