"""Finding in the conversation on view: asks for a search, keeps its hits, goes from one to the next.

Lives on the window's thread; the find bar is made when it is first asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from core.errors import JournalError
from gui.finding import FindRequest, FindView
from gui.sentences import sentence

if TYPE_CHECKING:
    from core.journal.search import Hit, Progress, Search
    from gui.panes.find_bar import FindBar
    from gui.viewing import Viewing
    from gui.window import Window


class Searching:
    """Between the find bar and the conversation on view.

    ``post`` has a call made on the window's thread, from any other.
    """

    def __init__(self, window: Window, viewing: Viewing, post: Callable[[Callable[[], None]], None]) -> None:
        self._window = window
        self._viewing = viewing
        self._post = post
        self._find_bar: FindBar | None = None
        self._search: Search | None = None
        self._request = FindRequest("")
        self._searched: object = None  # the key of the conversation that was searched
        self._searched_to = 0  # entries of it
        self._hits: list[Hit] = []
        self._place: int | None = None  # of the hit that is shown, in the list of them
        self._view = FindView()

    def open(self) -> None:
        """Offer to look for something."""
        pane = self._window.conversation
        if self._find_bar is None:
            from gui.panes.find_bar import FindBar

            self._find_bar = FindBar(
                pane.strips,
                self._window.theme,
                on_search=self.find,
                on_step=self.step,
                on_stop=self._stop_and_say,
                on_close=self._close_find,
            )
            self._window.adopt(self._find_bar)
        pane.open_strip(self._find_bar)
        self._find_bar.focus_field()

    def find(self, request: FindRequest) -> None:
        """Look for something in the conversation on view, from its beginning."""
        self.stop()
        self._request, self._hits, self._place, self._view = request, [], None, FindView()
        conversation = self._viewing.conversation
        self._searched = conversation.key if conversation is not None else None
        self._searched_to = conversation.lens.since if conversation is not None else 0
        self._show_view()
        self.search_on()

    def step(self, step: int) -> None:
        """Show the next place found (1) or the one before (-1), around the ends."""
        if not self._hits:
            return
        place = self._nearest() if self._place is None else self._place + step
        self._reveal(place % len(self._hits))

    def search_on(self) -> None:
        """The conversation on view has changed, or grown: look through what was not looked through yet."""
        conversation = self._viewing.conversation
        if not self._request.text or self._search is not None or conversation is None or self._view.complaint:
            return
        if conversation.key != self._searched:
            self.find(self._request)
            return
        if self._searched_to >= conversation.entries or not self._is_finding:
            return
        from core.journal.search import Mode, Query, QueryError, Search, compile_query

        mode = Mode(self._request.mode.value)
        try:
            pattern = compile_query(Query(self._request.text, mode, self._request.match_case))
        except QueryError as error:
            self._view = FindView(complaint=sentence(error), error_place=error.place)
            self._show_view()
            return
        entries = range(max(0, self._searched_to), conversation.entries)
        self._search = Search(
            conversation.journal.path, conversation.session, pattern, conversation.lens.only, entries,
            lambda progress: self._post(partial(self._found, progress, conversation.key)),
        )  # fmt: skip
        self._view = FindView(self._view.position, len(self._hits), is_running=True)
        self._show_view()

    def _found(self, progress: Progress, key: object) -> None:
        if key != self._searched or self._search is None:
            return
        had_none = not self._hits
        self._hits += progress.hits
        if progress.is_done:
            self._search, self._searched_to = None, progress.searched
        self._view = FindView(
            self._place + 1 if self._place is not None else None,
            len(self._hits),
            is_more=progress.is_full,
            fraction=progress.searched / progress.total if progress.total else None,
            is_running=not progress.is_done,
            complaint=progress.failure,
        )
        if had_none and self._hits:
            self._reveal(self._nearest())
        self._show_view()

    def _nearest(self) -> int:
        """The first hit at or below the top of the view, or the first of all."""
        conversation = self._viewing.conversation
        top = self._window.conversation.transcript.top_place
        found = conversation.read(top, 1, 0) if conversation is not None else []
        ordinal = found[0].ordinal if found else 0
        place = bisect_left(self._hits, ordinal, key=lambda hit: hit.ordinal)
        return place if place < len(self._hits) else 0

    def _reveal(self, place: int) -> None:
        conversation = self._viewing.conversation
        if conversation is None or conversation.key != self._searched:
            return
        self._place = place
        hit = self._hits[place]
        try:
            row = conversation.place_of(hit.ordinal, hit.stop)
        except JournalError as error:
            self._view = FindView(complaint=sentence(error))
        else:
            self._window.conversation.transcript.reveal(row)
            self._view = FindView(place + 1, len(self._hits), self._view.is_more, is_running=self._search is not None)
        self._show_view()

    @property
    def _is_finding(self) -> bool:
        return self._find_bar is not None and bool(self._find_bar.winfo_manager())

    def _show_view(self) -> None:
        if self._find_bar is not None:
            self._find_bar.show(self._view)

    def stop(self) -> None:
        """Look for nothing any more."""
        if self._search is not None:
            self._search.cancel()
            self._search = None

    def _stop_and_say(self) -> None:
        self.stop()
        self._searched = None
        self._view = FindView(self._view.position, len(self._hits), is_more=True)
        self._request = FindRequest("")
        self._show_view()

    def _close_find(self) -> None:
        self.stop()
        if self._find_bar is not None:
            self._window.conversation.close_strip(self._find_bar)
        self._window.composer.focus_message()
