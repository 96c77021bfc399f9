"""Looking closely at the conversation on view: filter, hex, inspector, find. Lives on the window's thread.

The panes for it are made when they are first asked for: the first window does not need them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import JournalError
from gui.filtering import ConnectionRow, FilterView
from gui.finding import FindRequest, FindView

if TYPE_CHECKING:
    from core.events import ConnectionId, SessionId
    from core.journal.ledger import SessionState
    from core.journal.passage import Filter, Passage
    from core.journal.search import Hit, Progress, Search
    from gui.inspection import Inspected
    from gui.panes.filter_bar import FilterBar
    from gui.panes.find_bar import FindBar
    from gui.panes.inspector import Inspector
    from gui.viewing import Viewing
    from gui.window import Window

_MOST_SAVED = 16 << 20  # bytes of one message that are saved from the inspector
_MOST_CONNECTIONS = 2_000  # of one session that can be chosen from


class ReadingRoom:
    """Between the panes that show a conversation closely and what is on view.

    ``post`` has a call made on the window's thread, from any other.
    """

    def __init__(
        self,
        window: Window,
        viewing: Viewing,
        *,
        refresh: Callable[[], None],
        post: Callable[[Callable[[], None]], None],
        complain: Callable[[str], None],
    ) -> None:
        self._window = window
        self._complain = complain
        self._viewing = viewing
        self._refresh = refresh
        self._post = post
        self._as_hex = False
        self._state: SessionState | None = None
        self._known: dict[SessionId, dict[ConnectionId, ConnectionRow]] = {}
        self._filter_bar: FilterBar | None = None
        self._find_bar: FindBar | None = None
        self._inspector: Inspector | None = None
        self._search: Search | None = None
        self._request = FindRequest("")
        self._searched: object = None  # the key of the conversation that was searched
        self._searched_to = 0  # entries of it
        self._hits: list[Hit] = []
        self._place: int | None = None  # of the hit that is shown, in the list of them
        self._view = FindView()

    def show(self, state: SessionState | None) -> None:
        """The conversation on view has changed, or grown."""
        self._state = state
        if state is not None:
            self._learn(state)
        if self._filter_bar is not None and self._filter_bar.winfo_manager():
            self._filter_bar.show(self._filter_view())
        self._search_on()

    def close(self) -> None:
        """Look for nothing any more."""
        self._stop()

    # Hex.

    def toggle_hex(self) -> None:
        """Show messages as hex and text side by side, or as text again."""
        self._as_hex = not self._as_hex
        self._window.conversation.transcript.show_hex(as_hex=self._as_hex)

    # Inspector.

    def toggle_inspector(self) -> None:
        """Show the bytes of the chosen message beside the conversation, or put them away."""
        if self._inspector is None:
            from gui.panes.inspector import Inspector

            pane = self._window.side_pane
            self._inspector = Inspector(pane, self._window.theme, on_save=self._save, on_close=self.toggle_inspector)
            self._window.adopt(self._inspector)
        if self._inspector.winfo_manager():
            self._window.close_side(self._inspector)
            self._window.composer.focus_message()
            return
        self._window.open_side(self._inspector)
        transcript = self._window.conversation.transcript
        transcript.text.focus_set()
        if transcript.picking.chosen is not None:
            transcript.choose(transcript.picking.chosen)

    def choose(self, passage: Passage) -> None:
        """A person has chosen a row: show what it consists of, if the inspector is open."""
        conversation = self._viewing.conversation
        if self._inspector is None or not self._inspector.winfo_manager() or conversation is None:
            return
        from gui.inspection import Inspected

        is_server = conversation.role.value == "server"
        if not passage.is_message:
            self._inspector.show(Inspected(passage, is_server))
            return
        try:
            recorded = conversation.recorded(passage)
        except JournalError as error:
            self._complain(_sentence(error))
            return
        framing = "" if conversation.joins_pieces else conversation.lens.framing
        self._inspector.show(Inspected(passage, is_server, recorded, recorded.calls, framing=framing))

    def _save(self, inspected: Inspected, span: tuple[int, int]) -> None:
        """Write bytes of a message into a file."""
        if inspected.source is None:
            return
        if span[1] - span[0] > _MOST_SAVED:
            self._complain("That is too much to save from here. File, Export writes raw bytes.")
            return
        from tkinter import filedialog

        chosen = filedialog.asksaveasfilename(parent=self._window.root, title="Save bytes", defaultextension=".bin")
        if not chosen:
            return
        try:
            Path(chosen).write_bytes(inspected.source.read(*span))
        except (OSError, JournalError) as error:
            self._complain(f"The bytes were not saved: {error}.")

    # Filter.

    def open_filter(self) -> None:
        """Offer to show only a part of the conversation."""
        pane = self._window.conversation
        if self._filter_bar is None:
            from gui.panes.filter_bar import FilterBar

            self._filter_bar = FilterBar(
                pane.strips, self._window.theme, on_filter=self.choose_filter, on_close=self._close_filter
            )
            self._window.adopt(self._filter_bar)
        pane.open_strip(self._filter_bar)
        self._filter_bar.show(self._filter_view())
        self._filter_bar.focus_first()

    def choose_filter(self, only: Filter) -> None:
        """Show only that."""
        self._viewing.choose_filter(only)
        self._refresh()

    def _close_filter(self) -> None:
        if self._filter_bar is not None:
            self._window.conversation.close_strip(self._filter_bar)
        self._window.composer.focus_message()

    def _learn(self, state: SessionState) -> None:
        """Connections that are over can still be looked at, so they are remembered."""
        known = self._known.setdefault(state.session, {})
        for one in state.connections:
            if one.connection not in known and len(known) < _MOST_CONNECTIONS:
                known[one.connection] = ConnectionRow(one.connection, one.number, f"#{one.number}  {one.peer}")

    def _filter_view(self) -> FilterView:
        only, conversation = self._viewing.lens.only, self._viewing.conversation
        rows = tuple(self._known[self._state.session].values()) if self._state is not None else ()
        return FilterView(
            rows,
            only.connections,
            only.received,
            only.sent,
            only.notes,
            shown=conversation.total if conversation is not None else 0,
            total=conversation.entries if conversation is not None else 0,
            is_counting=conversation.is_counting if conversation is not None else False,
        )

    # Find.

    def open_find(self) -> None:
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
        self._stop()
        self._request, self._hits, self._place, self._view = request, [], None, FindView()
        conversation = self._viewing.conversation
        self._searched = conversation.key if conversation is not None else None
        self._searched_to = conversation.lens.since if conversation is not None else 0
        self._show_view()
        self._search_on()

    def step(self, step: int) -> None:
        """Show the next place found (1) or the one before (-1), around the ends."""
        if not self._hits:
            return
        place = self._nearest() if self._place is None else self._place + step
        self._reveal(place % len(self._hits))

    def _search_on(self) -> None:
        """Look through what was not looked through yet."""
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
            self._view = FindView(complaint=_sentence(error), error_place=error.place)
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
            self._view = FindView(complaint=_sentence(error))
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

    def _stop(self) -> None:
        if self._search is not None:
            self._search.cancel()
            self._search = None

    def _stop_and_say(self) -> None:
        self._stop()
        self._searched = None
        self._view = FindView(self._view.position, len(self._hits), is_more=True)
        self._request = FindRequest("")
        self._show_view()

    def _close_find(self) -> None:
        self._stop()
        if self._find_bar is not None:
            self._window.conversation.close_strip(self._find_bar)
        self._window.composer.focus_message()


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + "."
