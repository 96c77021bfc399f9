"""Filters the conversation on view.

Lives on the window's thread; the filter bar is made when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from core.words import connection_name
from gui.viewmodels.filtering import ConnectionRow, FilterView

if TYPE_CHECKING:
    from core.events import ConnectionId, SessionId
    from core.journal.display_row import Filter
    from core.journal.recording.ledger import SessionState
    from gui.journals.viewing import Viewing
    from gui.views.conversation.filter_bar import FilterBar
    from gui.window import Window

_MOST_CONNECTIONS = 2_000  # of one session that can be chosen from


class FilterController:
    """Has the conversation on view show what the filter bar admits."""

    def __init__(self, window: Window, viewing: Viewing, refresh: Callable[[], None]) -> None:
        self._window = window
        self._viewing = viewing
        self._refresh = refresh
        self._state: SessionState | None = None
        self._known: dict[SessionId, dict[ConnectionId, ConnectionRow]] = {}
        self._filter_bar: FilterBar | None = None

    def show(self, state: SessionState | None) -> None:
        """Show the filter of the conversation on view, which has changed or grown."""
        self._state = state
        if state is not None:
            self._learn(state)
        if not self.is_open and self._leaves_something_out:
            self._put_up()
        elif self.is_open and self._filter_bar is not None:
            self._filter_bar.show(self._filter_view())

    def open(self) -> None:
        """Open the filter bar."""
        self._put_up().focus_first()

    @property
    def connections(self) -> tuple[ConnectionRow, ...]:
        """The connections of the conversation on view, also those that are over."""
        return tuple(self._known[self._state.session].values()) if self._state is not None else ()

    def choose(self, only: Filter) -> None:
        """Show only the entries that the filter admits."""
        self._viewing.choose_filter(only)
        self._refresh()

    def _put_up(self) -> FilterBar:
        pane = self._window.conversation
        if self._filter_bar is None:
            from gui.views.conversation.filter_bar import FilterBar

            self._filter_bar = FilterBar(
                pane.strips, self._window.theme, on_filter=self.choose, on_close=self._close_filter
            )
            self._window.adopt(self._filter_bar)
        pane.open_strip(self._filter_bar)
        self._filter_bar.show(self._filter_view())
        return self._filter_bar

    def _close_filter(self) -> None:
        if self._filter_bar is not None:
            self._window.conversation.close_strip(self._filter_bar)
        self._window.composer.focus_message()

    @property
    def is_open(self) -> bool:
        """Whether the filter bar is in sight."""
        return self._filter_bar is not None and bool(self._filter_bar.winfo_manager())

    @property
    def _leaves_something_out(self) -> bool:
        """Whether there is a filter that only the bar tells of: a single connection or pair is told in the head."""
        only, state = self._viewing.lens.only, self._state
        several = only.connections if only.connections is not None and len(only.connections) > 1 else None
        is_pair = several is not None and state is not None and several == state.pair(next(iter(several)))
        return not replace(only, connections=None).admits_all or (several is not None and not is_pair)

    def _learn(self, state: SessionState) -> None:
        """Remember the connections of the session: those that are over can still be chosen."""
        known = self._known.setdefault(state.session, {})
        if len(known) < _MOST_CONNECTIONS:  # the new ones stand behind those that are known already
            new = list(takewhile(lambda one: one.connection not in known, reversed(state.connections)))
            for one in reversed(new[len(known) - _MOST_CONNECTIONS :]):
                known[one.connection] = ConnectionRow(
                    one.connection, one.number, f"{connection_name(one.number)}  {one.peer_name}"
                )

    def _filter_view(self) -> FilterView:
        only, conversation = self._viewing.lens.only, self._viewing.conversation
        return FilterView(
            self.connections,
            only.connections,
            only.received,
            only.sent,
            only.notes,
            only.origins,
            shown=conversation.total if conversation is not None else 0,
            total=conversation.unfiltered if conversation is not None else 0,
            is_counting=conversation.is_counting if conversation is not None else False,
        )
