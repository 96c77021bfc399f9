"""The lens of the conversation on view: its framing, with the progress of counting, and its filter.

Lives on the window's thread; the strips over the conversation are made when they are first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from core.compose.encoding import misread_ending
from core.words import connection_name, sentence
from gui.controllers.view_controller import ViewController
from gui.viewmodels.filtering import ConnectionRow, FilterView
from gui.viewmodels.framings import CHECKED, KINDS, kind_of, with_checksum, words_of
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from core.events import ConnectionId, SessionId
    from core.journal.display_row import Filter
    from core.journal.recording.ledger import SessionState
    from gui.journals.conversations import OpenConversation
    from gui.journals.viewing import Viewing
    from gui.views.conversation.filter_bar import FilterBar
    from gui.views.conversation.lens_bar import LensBar
    from gui.window import Window

_PATIENCE = 300  # milliseconds after which counting counts as long, and shows how far it is
_AS_THERE = "As on the way there"
_FEW = 2_000  # entries that are counted before anyone notices
_NOTHING_TO_CUT = (
    "Nothing is open to be told apart yet: start a server, connect, or open a journal. Each conversation begins as "
    "received."
)
_MOST_CONNECTIONS = 2_000  # of one session that can be chosen from


class FramingController(ViewController["LensBar"]):
    """Shows and changes the framing of the lens on view."""

    def __init__(
        self, window: Window, viewing: Viewing, *, refresh: Callable[[], None], complain: Callable[[str], None]
    ) -> None:
        super().__init__(window, window.conversation.open_strip, window.conversation.close_strip)
        self._viewing, self._refresh, self._complain = viewing, refresh, complain
        self._asks_back = False  # whether the strip asks for details of the way back
        self._shown: tuple[object, str, str | None] | None = None  # the session on view and its framings
        self._used: dict[str, str] = {}  # by kind, the written form that was used last
        self._long = Debounce(window.root, self._show_progress)
        window.conversation.on_lens = self.choose
        window.conversation.on_back = self.choose_back

    def show(self, state: SessionState | None) -> None:
        """Show the framing of the conversation on view, which has changed or grown."""
        framing, back = self._viewing.lens.framing, self._viewing.lens.back
        session = state.session if state is not None else None
        before, self._shown = self._shown, (session, framing, back)
        if before != self._shown:
            self._show_back(back, is_offered=state is not None and state.role.passes_on)
            is_other_session = before is None or before[0] != session
            self._show_framing(framing, is_offered=state is not None, is_chosen=not is_other_session)
        self._watch()

    def choose_kind(self, usual: str) -> None:
        """The same as ``choose`` where there may be no conversation, which is said."""
        if self._shown is None or self._shown[0] is None:
            self._complain(_NOTHING_TO_CUT)
            self.use(usual)
        else:
            self.choose(usual)

    def choose(self, usual: str) -> None:
        """Use that kind of framing, as it was last used, and ask for its details if it has any."""
        kind = next(kind for kind in KINDS if kind.usual == usual)
        framing = self._used.get(usual, usual)
        if kind is CHECKED:  # with the messages as they are cut now
            framing = with_checksum(self._viewing.lens.framing, framing)
        self._asks_back = False
        self.use(framing)
        if kind.asks:
            self._ask(self._viewing.lens.framing).field.focus_all()
        else:
            self._window.composer.focus_message()

    def choose_back(self, usual: str) -> None:
        """The same for what comes back from targets; nothing is the framing of the way there."""
        if not usual:
            self._use_back(None)
            self.put_away()
            return
        kind = next(kind for kind in KINDS if kind.usual == usual)
        framing = self._used.get(usual, usual)
        if kind is CHECKED:
            framing = with_checksum(self._viewing.lens.back or self._viewing.lens.framing, framing)
        self._asks_back = bool(kind.asks)
        self._use_back(framing)
        if kind.asks:
            self._ask(framing).field.focus_all()

    def use(self, framing: str) -> None:
        """Cut the conversation on view into messages by another framing."""
        self._viewing.choose_framing(framing)
        self._refresh()
        self.tell_misread_ending()

    def tell_misread_ending(self) -> None:
        """Say so where messages are cut apart in the middle of characters."""
        conversation, encoding = self._viewing.conversation, self._window.conversation.transcript.decoding.encoding
        if conversation is not None:
            why = misread_ending(conversation.lens.framing, encoding, "choose Ended by… and type {}")
            if why:
                self._complain(sentence(why))

    def _use_back(self, framing: str | None) -> None:
        """Cut what comes back from targets by another framing, or, with None, as what goes there."""
        self._viewing.choose_back(framing)
        self._refresh()

    def _show_back(self, back: str | None, *, is_offered: bool) -> None:
        kind = kind_of(back) if back is not None else None
        options = [("", _AS_THERE), *((each.usual, each.words) for each in KINDS)] if is_offered else []
        own = words_of(back) if back is not None and kind is not None and kind.asks else ""
        self._window.conversation.offer_back(options, kind.usual if kind is not None else "", own)

    def _detail(self, framing: str) -> None:
        """A person has written details of the framing that the strip asks for."""
        (self._use_back if self._asks_back else self.use)(framing)

    def _show_framing(self, framing: str, *, is_offered: bool, is_chosen: bool) -> None:
        kind = kind_of(framing)
        self._used[kind.usual] = framing
        options = [(each.usual, each.words) for each in KINDS]
        own = words_of(framing) if kind.asks else ""
        self._window.conversation.offer_lenses(options if is_offered else (), kind.usual, own)
        if self._asks_back:
            return
        if kind.asks and (is_chosen or self.is_open):
            self._ask(framing)
        elif self.is_open:
            self.put_away()

    def _ask(self, framing: str) -> LensBar:
        if not self.is_open:
            self._put(self.view)
        self.view.ask(kind_of(framing), framing)
        return self.view

    def _make(self) -> LensBar:
        from gui.views.conversation.lens_bar import LensBar

        strips, theme = self._window.conversation.strips, self._window.theme
        return LensBar(strips, theme, on_framing=self._detail, on_close=self.toggle)

    def put_away(self) -> None:
        """Ask for no details of the framing, which holds as it is."""
        if self.made is not None:
            self._take_away(self.made)
        self._closed()

    def _closed(self) -> None:
        self._asks_back = False

    # Progress.

    def _watch(self) -> None:
        """Show how far counting is, if it takes long."""
        conversation = self._viewing.conversation
        if conversation is None or not _is_long(conversation):
            self._long.cancel()
            self._window.conversation.show_progress(None)
        elif not self._long.is_due:
            if self._window.conversation.is_showing_progress:
                self._show_progress()
            else:
                self._long.ask(_PATIENCE)

    def _show_progress(self) -> None:
        conversation = self._viewing.conversation
        if conversation is not None:
            self._window.conversation.show_progress(conversation.counted if _is_long(conversation) else None)


def _is_long(conversation: OpenConversation) -> bool:
    return conversation.is_counting and conversation.uncounted > _FEW


class FilterController(ViewController["FilterBar"]):
    """Has the conversation on view show what the filter bar admits."""

    def __init__(self, window: Window, viewing: Viewing, refresh: Callable[[], None]) -> None:
        super().__init__(window, window.conversation.open_strip, window.conversation.close_strip)
        self._viewing, self._refresh = viewing, refresh
        self._state: SessionState | None = None
        self._known: dict[SessionId, dict[ConnectionId, ConnectionRow]] = {}

    def show(self, state: SessionState | None) -> None:
        """Show the filter of the conversation on view, which has changed or grown."""
        self._state = state
        if state is not None:
            self._learn(state)
        if not self.is_open and self._leaves_something_out:
            self._put(self.view)
        if self.is_open:
            self.view.show(self._filter_view())

    @property
    def connections(self) -> tuple[ConnectionRow, ...]:
        """The connections of the conversation on view, also those that are over."""
        return tuple(self._known[self._state.session].values()) if self._state is not None else ()

    def choose(self, only: Filter) -> None:
        """Show only the entries that the filter admits."""
        self._viewing.choose_filter(only)
        self._refresh()

    def _make(self) -> FilterBar:
        from gui.views.conversation.filter_bar import FilterBar

        strips, theme = self._window.conversation.strips, self._window.theme
        return FilterBar(strips, theme, on_filter=self.choose, on_close=self.toggle)

    def _opened(self) -> None:
        self.view.show(self._filter_view())
        self.view.focus_first()

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
