"""Going back through the messages that were sent before. No tkinter."""

from __future__ import annotations

from collections.abc import Sequence

from gui.viewmodels.drafting import SentMessage


class Recall:
    """Where a person is among earlier messages: at one of them as long as it stands unchanged, or at a new one."""

    def __init__(self) -> None:
        self.messages: Sequence[SentMessage] = ()  # newest first
        self._place = -1  # -1 is the new message

    def begin_anew(self) -> None:
        """What is written now is none of them."""
        self._place = -1

    def go(self, step: int, text: str, new: SentMessage) -> SentMessage | None:
        """The message so many further back, ``new`` behind the newest; None if there is none or ``text`` is another."""
        known = self.messages[self._place].text if 0 <= self._place < len(self.messages) else ""
        place = self._place + step
        if text != known or not -1 <= place < len(self.messages):
            return None
        self._place = place
        return self.messages[place] if place >= 0 else new
