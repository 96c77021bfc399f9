"""Finding, as the find bar sees it: what is asked for, what is shown of the answer, the earlier searches.
No tkinter and no search: values in, words out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from core.text_safety import TextSafety

MOST_REMEMBERED = 50  # earlier searches


class FindMode(Enum):
    """How the typed text is read. The value is what the settings keep."""

    TEXT = "text"
    HEX = "hex"
    REGEX = "regex"


MODE_WORDS = {FindMode.TEXT: "Text", FindMode.HEX: "Hex bytes", FindMode.REGEX: "Regular expression"}

_WRAPPED = {0: "", 1: ", from the beginning again", -1: ", from the end again"}

_HINTS = {
    FindMode.TEXT: "Find in this conversation",
    FindMode.HEX: "Bytes, for example 0d 0a or ff ?? 00",
    FindMode.REGEX: "Pattern, for example ^GET /\\w+",
}


@dataclass(frozen=True, slots=True)
class FindRequest:
    """What a person looks for, exactly as typed; an empty text looks for nothing."""

    text: str
    mode: FindMode = FindMode.TEXT
    match_case: bool = False


@dataclass(frozen=True, slots=True)
class FindView:
    """How far a search is and what it has found.

    ``fraction`` of the conversation has been searched, 0 to 1. ``error_place`` counts characters of the
    typed text.
    """

    position: int | None = None  # of the hit that is shown, from 1
    count: int = 0
    is_more: bool = False  # there are more hits than are counted
    fraction: float | None = None
    is_running: bool = False
    wrapped: int = 0  # 1 if the last step went on at the beginning, -1 at the end
    complaint: str = ""
    error_place: int | None = None
    since_cleared: bool = False  # whether only what came after the view was cleared is searched


NOTHING_ASKED = FindView()


def count_words(view: FindView, request: FindRequest) -> str:
    """What stands beside the field: ``3 of 1,204``, ``1,204+ so far…``, ``nothing found``.

    What was found before a search failed can still be gone to, so it is still counted.
    """
    if not request.text or (view.complaint and not view.count):
        return ""
    plus, since = "+" if view.is_more else "", " since the view was cleared" if view.since_cleared else ""
    if view.count == 0:
        return "searching…" if view.is_running else f"nothing found{since}"
    found = f"{view.count:,}{plus}"
    if view.position is not None:
        found = f"{view.position:,} of {found}"
    elif not view.is_running:
        return f"{found} found{since}"
    return f"{found} so far…" if view.is_running else f"{found}{since}{_WRAPPED[view.wrapped]}"


def hint(mode: FindMode) -> str:
    """What an empty field says."""
    return _HINTS[mode]


class SearchHistory:
    """Earlier searches, newest first; going through them and back loses nothing that was being typed.

    A text that Tk cannot take as it is (it may come from a settings file) is not offered.
    """

    def __init__(self, safety: TextSafety) -> None:
        self._safety = safety
        self._entries: list[FindRequest] = []
        self._place = -1  # -1 is what is being typed
        self._draft = FindRequest("")

    @property
    def entries(self) -> tuple[FindRequest, ...]:
        """Every remembered search, newest first."""
        return tuple(self._entries)

    def load(self, entries: Sequence[FindRequest]) -> None:
        """Remember these, newest first, and nothing else."""
        fit = (entry for entry in entries if entry.text and self._safety.text(entry.text) == entry.text)
        self._entries = list(dict.fromkeys(fit))[:MOST_REMEMBERED]
        self._place = -1

    def add(self, request: FindRequest) -> None:
        """Remember a search as the newest; one that was there already moves to the front."""
        if request.text:
            self.load([request, *self._entries])

    def earlier(self, shown: FindRequest) -> FindRequest | None:
        """The search before the one that is shown; None if there is none."""
        self._settle(shown)
        for place in range(self._place + 1, len(self._entries)):
            if self._entries[place] != shown:
                self._place = place
                return self._entries[place]
        return None

    def later(self, shown: FindRequest) -> FindRequest | None:
        """The search after the one that is shown, at the end what was being typed; None if there is none."""
        self._settle(shown)
        if self._place < 0:
            return None
        self._place -= 1
        return self._entries[self._place] if self._place >= 0 else self._draft

    def _settle(self, shown: FindRequest) -> None:
        """What was changed since it was recalled is a new draft."""
        if self._place < 0 or self._entries[self._place] != shown:
            self._place, self._draft = -1, shown
