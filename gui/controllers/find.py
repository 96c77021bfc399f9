"""Finds text or bytes in the conversation on view: searches, keeps the hits, goes from one to the next.

Lives on the window's thread; the find bar is made when it is first asked for.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from core.errors import JournalError
from core.words import sentence
from gui.controllers.view_controller import ViewController
from gui.viewmodels.finding import FindRequest, FindView
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from core.compose import Encoding
    from core.journal.display_row import DisplayRow
    from core.journal.search.hits import Hit, Hits
    from core.journal.search.pattern import Pattern
    from core.journal.search.search import Progress, Search
    from gui.journals.conversations import OpenConversation
    from gui.journals.viewing import Viewing
    from gui.views.conversation.find_bar import FindBar
    from gui.window import Window

MOST_MARKS = 2_000  # in one message
_AGAIN = 250  # milliseconds between two looks at what has come meanwhile
_AGAIN_APART = 1_000  # the same where a look needs a process of its own


class FindController(ViewController["FindBar"]):
    """Searches the conversation on view for what the find bar asks for.

    ``post`` has a call made on the window's thread, from any other.
    """

    def __init__(self, window: Window, viewing: Viewing, post: Callable[[Callable[[], None]], None]) -> None:
        self.is_looked_at: Callable[[], bool] = lambda: False  # whether somebody looks closely at what is gone to
        self.on_shown: Callable[[], None] = lambda: None  # called when another hit, or none, is gone to
        super().__init__(window, window.conversation.open_strip, window.conversation.close_strip)
        self._viewing, self._post = viewing, post
        self._search: Search | None = None
        self._round = 0  # of searches: what an earlier one still tells is not heard
        self._told: SimpleQueue[tuple[int, Progress]] = SimpleQueue()  # from its thread, in which round
        self._request = FindRequest("")
        self._pattern: Pattern | None = None
        self._searched: object = None  # the key of the conversation that was searched, and how its bytes were read
        self._searched_to = 0  # entries of it
        self._hits: Hits | None = None
        self._shown: Hit | None = None  # the one that was gone to
        self._row: int | None = None  # that it is in
        self._view = FindView()
        self._again = Debounce(window.root, self._search_rest)

    def find(self, request: FindRequest) -> None:
        """Search the conversation on view from its beginning."""
        from core.journal.search.hits import Hits

        self.stop()
        conversation = self._viewing.conversation
        self._request, self._hits, self._view = request, Hits(), FindView()
        self._show_hit(None)
        self._searched = self._on_view
        self._searched_to = conversation.lens.since if conversation is not None else 0
        self._view = FindView(since_cleared=self._searched_to > 0)
        self._pattern = self._compiled(request) if request.text else None
        self._show_view()
        self._search_rest()

    def step(self, step: int) -> None:
        """Go to the next hit (1) or the one before (-1); beyond the last comes the first, which the find bar says."""
        if not self.is_open:
            self.open()
        if not self._hits:
            return
        if self._shown is None:
            self._reveal(self._nearest())
            return
        place = bisect_left(self._hits, self._shown) + step
        wrapped = step if not 0 <= place < len(self._hits) else 0
        self._reveal(place % len(self._hits), wrapped)

    def search_on(self) -> None:
        """Search the part that was not searched yet of the conversation on view, which has changed or grown."""
        if self._request.text and self.is_open and self._searched != self._on_view:
            self.find(self._request)
        elif not self._again.is_due:
            self._search_rest()

    def stop(self) -> None:
        """Stop searching."""
        self._again.cancel()
        self._round += 1
        if self._search is not None:
            self._search.cancel()
            self._search = None

    def marks(self, display_row: DisplayRow) -> list[tuple[int, int]]:
        """Where the hits lie in a message: first byte and one past the last, counted from the message's own first.

        A hit that began in an earlier message is cut to the part within this one; of more than ``MOST_MARKS``, those
        around the shown hit are given. Raises ``JournalError``.
        """
        return self._marks(display_row) if self.is_open else []

    # Private.

    def _marks(self, display_row: DisplayRow) -> list[tuple[int, int]]:
        """The same while the find bar is open, which takes a call into Tk to know."""
        conversation = self._viewing.conversation
        if not self._hits or display_row.span is None or conversation is None or self._searched != self._on_view:
            return []
        places = self._hits.overlapping(display_row.span)
        if not places:
            return []
        around = bisect_left(self._hits, self._shown) if self._shown is not None else places.start
        first = max(places.start, min(around - MOST_MARKS // 2, places.stop - MOST_MARKS))
        return conversation.within(display_row, self._hits[first : min(places.stop, first + MOST_MARKS)])

    @property
    def _on_view(self) -> object:
        """The key of the conversation on view and the encoding in which its bytes are read; None without one."""
        conversation = self._viewing.conversation
        return (conversation.key, self._encoding) if conversation is not None else None

    @property
    def _encoding(self) -> Encoding:
        return self._window.conversation.transcript.decoding.encoding

    def _compiled(self, request: FindRequest) -> Pattern | None:
        """The pattern of a request; None if it cannot be understood, which the find bar says."""
        from core.journal.search.pattern import Mode, Query, QueryError, compile_query

        try:
            return compile_query(Query(request.text, Mode(request.mode.value), request.match_case, self._encoding))
        except QueryError as error:
            self._view = replace(self._view, complaint=sentence(error), error_place=error.place)
            return None

    def _search_rest(self) -> None:
        conversation = self._viewing.conversation
        if not self._pattern or self._search is not None or conversation is None or not self.is_open:
            return
        if self._searched == self._on_view and self._searched_to < conversation.entries:
            self._begin(conversation, self._pattern)

    def _begin(self, conversation: OpenConversation, pattern: Pattern) -> None:
        from core.journal.search.search import Search

        self._round += 1
        heard = self._round
        self._search = Search(
            conversation.journal.path,
            conversation.session,
            pattern,
            conversation.lens.only,
            range(self._searched_to, conversation.entries),
            partial(self._tell, heard),
        )
        self._view = replace(self._view, is_running=True)
        self._show_view()

    def _tell(self, heard: int, progress: Progress) -> None:
        """Post that a search has gone on. Called on its thread."""
        self._told.put((heard, progress))
        self._post(self._take)

    def _take(self) -> None:
        """Take in all that a search has told meanwhile, so that it is shown at once."""
        found: list[Hits] = []
        with contextlib.suppress(Empty):
            while True:
                heard, progress = self._told.get_nowait()
                if heard == self._round and self._take_in(progress):
                    found.append(progress.hits)
        if not found:
            return
        if self._shown is None and self._hits:
            self._reveal(self._nearest())
        else:
            self._number()
        self._light(found)
        self._show_view()

    def _take_in(self, progress: Progress) -> bool:
        """Take in how far a search is; whether it is one that somebody still waits for."""
        from core.journal.search.search import MOST_HITS

        if self._hits is None or self._pattern is None:
            return False
        self._hits.extend(progress.hits)
        is_full = progress.is_full or len(self._hits) >= MOST_HITS  # a journal that grows is searched again and again
        self._searched_to = progress.searched
        self._view = replace(
            self._view,
            count=len(self._hits),
            is_more=self._view.is_more or is_full,
            fraction=progress.searched / progress.total if progress.total else None,
            is_running=not progress.is_done,
            complaint=progress.failure,
        )
        if progress.is_done:
            self._search = None
            if progress.failure or is_full:
                self._pattern = None  # it would fail in the same way, or find more than is kept
            else:
                self._again.ask(_AGAIN_APART if self._pattern.is_dangerous else _AGAIN)
        return True

    def _nearest(self) -> int:
        """The first hit at or below the top of the view, or the first of all."""
        assert self._hits is not None
        conversation = self._viewing.conversation
        top = self._window.conversation.transcript.top_place
        found = conversation.read(top, 1, 0) if conversation is not None else []
        ordinal = found[0].ordinal if found else 0
        place = bisect_left(self._hits.ordinals, ordinal)
        return place if place < len(self._hits) else 0

    def _reveal(self, place: int, wrapped: int = 0) -> None:
        conversation = self._viewing.conversation
        if not self._hits or conversation is None or self._searched != self._on_view:
            return
        hit = self._hits[place]
        self._view = replace(self._view, wrapped=wrapped)
        try:
            row = conversation.place_of(hit.ordinal, hit.stop)
            self._show_hit(hit, row)
        except JournalError as error:
            self._view = replace(self._view, complaint=sentence(error))
        self._number()
        self._show_view()

    def _show_hit(self, hit: Hit | None, row: int = 0) -> None:
        """Go to a hit and highlight it in its row."""
        self._shown, self._row = hit, row if hit is not None else None
        self.on_shown()
        transcript, conversation = self._window.conversation.transcript, self._viewing.conversation
        if hit is None:
            transcript.light(None)
            transcript.show_hit_marks((), None)
        found = conversation.read(row, 1, 0) if hit is not None and conversation is not None else []
        if hit is None or conversation is None or not found:
            return
        within = conversation.within(found[0], [hit])
        if within:
            transcript.reveal_bytes(row, *within[0])
        else:
            transcript.reveal(row)
        self._light()

    def _light(self, new: Sequence[Hits] | None = None) -> None:
        """Set off every hit in sight, and mark where in the conversation there are any; ``new`` are all that is new."""
        transcript, conversation = self._window.conversation.transcript, self._viewing.conversation
        if not self._hits or conversation is None or not self.is_open or self._searched != self._on_view:
            return
        first, last = transcript.lit
        if new is None or last < first or any(hits.between(first, last + 1) for hits in new):
            transcript.light(self._marks_or_none)
        first, ordinals = conversation.lens.since, self._hits.ordinals
        steps = transcript.hit_marks.steps
        edges = [
            bisect_left(ordinals, first + (conversation.entries - first) * step // steps) for step in range(steps + 1)
        ]
        total = max(1, conversation.total)
        marks = [conversation.row_about(ordinals[one]) / total for one, other in pairwise(edges) if one < other]
        transcript.show_hit_marks(marks, self._row / total if self._row is not None else None)

    def _marks_or_none(self, display_row: DisplayRow) -> list[tuple[int, int]]:
        try:
            return self._marks(display_row)
        except JournalError:  # reading the rows says so
            return []

    def _number(self) -> None:
        """Number the shown hit anew: there may be more hits in front of it now."""
        if self._hits is not None and self._shown is not None:
            self._view = replace(self._view, position=bisect_left(self._hits, self._shown) + 1)

    def _show_view(self) -> None:
        if self.made is not None:
            self.made.show(self._view)

    def _stop_and_say(self) -> None:
        """Stop the search as a person asked for; its hits stay."""
        self.stop()
        self._pattern = None
        self._view = replace(self._view, is_more=True, is_running=False, fraction=None)
        self._show_view()

    def _make(self) -> FindBar:
        from gui.views.conversation.find_bar import FindBar

        return FindBar(
            self._window.conversation.strips, self._window.theme,
            on_search=self.find, on_step=self.step, on_stop=self._stop_and_say, on_close=self.toggle,
        )  # fmt: skip

    def _opened(self) -> None:
        self.view.focus_field()
        self.search_on()
        self._light()

    def _closed(self) -> None:
        self.stop()
        self._window.conversation.transcript.light(None)
        self._window.conversation.transcript.show_hit_marks((), None)
        self.on_shown()  # and what looks closely sets nothing off any more
        if self._row == self._window.conversation.transcript.selection.chosen and not self.is_looked_at():
            self._window.conversation.transcript.unchoose()
        self._window.conversation.transcript.scrolled_by_hand()  # where the end is in view, it is followed again
