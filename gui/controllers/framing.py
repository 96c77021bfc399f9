"""The framing of the conversation on view: its chooser, the strip for its details, and the progress of counting.

Lives on the window's thread; the strip is made when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gui.viewmodels.framings import CHECKED, KINDS, kind_of, with_checksum, words_of
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from core.journal.recording.ledger import SessionState
    from gui.journals.conversations import OpenConversation
    from gui.journals.viewing import Viewing
    from gui.views.conversation.lens_bar import LensBar
    from gui.window import Window

_PATIENCE = 300  # milliseconds after which counting counts as long, and shows how far it is
_AS_THERE = "As on the way there"
_FEW = 2_000  # entries that are counted before anyone notices


class FramingController:
    """Shows and changes the framing of the lens on view. ``choose`` is called with another framing."""

    def __init__(
        self,
        window: Window,
        viewing: Viewing,
        choose: Callable[[str], None],
        choose_back: Callable[[str | None], None],
    ) -> None:
        self._window = window
        self._viewing = viewing
        self._choose = choose
        self._choose_back = choose_back
        self._asks_back = False  # whether the strip asks for details of the way back
        self._bar: LensBar | None = None
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

    def choose(self, usual: str) -> None:
        """Use that kind of framing, as it was last used, and ask for its details if it has any."""
        kind = next(kind for kind in KINDS if kind.usual == usual)
        framing = self._used.get(usual, usual)
        if kind is CHECKED:  # with the messages as they are cut now
            framing = with_checksum(self._viewing.lens.framing, framing)
        self._asks_back = False
        self._choose(framing)
        if kind.asks:
            self._ask(self._viewing.lens.framing).field.focus_all()
        else:
            self._window.composer.focus_message()

    def choose_back(self, usual: str) -> None:
        """The same for what comes back from targets; nothing is the framing of the way there."""
        if not usual:
            self._choose_back(None)
            self.put_away()
            return
        kind = next(kind for kind in KINDS if kind.usual == usual)
        framing = self._used.get(usual, usual)
        if kind is CHECKED:
            framing = with_checksum(self._viewing.lens.back or self._viewing.lens.framing, framing)
        self._asks_back = bool(kind.asks)
        self._choose_back(framing)
        if kind.asks:
            self._ask(framing).field.focus_all()

    def _show_back(self, back: str | None, *, is_offered: bool) -> None:
        kind = kind_of(back) if back is not None else None
        options = [("", _AS_THERE), *((each.usual, each.words) for each in KINDS)] if is_offered else []
        own = words_of(back) if back is not None and kind is not None and kind.asks else ""
        self._window.conversation.offer_back(options, kind.usual if kind is not None else "", own)

    def _detail(self, framing: str) -> None:
        """A person has written details of the framing that the strip asks for."""
        (self._choose_back if self._asks_back else self._choose)(framing)

    def _show_framing(self, framing: str, *, is_offered: bool, is_chosen: bool) -> None:
        kind = kind_of(framing)
        self._used[kind.usual] = framing
        options = [(each.usual, each.words) for each in KINDS]
        own = words_of(framing) if kind.asks else ""
        self._window.conversation.offer_lenses(options if is_offered else (), kind.usual, own)
        if self._asks_back:
            return
        if kind.asks and (is_chosen or self._is_open):
            self._ask(framing)
        elif self._is_open:
            self.put_away()

    def _ask(self, framing: str) -> LensBar:
        pane = self._window.conversation
        if self._bar is None:
            from gui.views.conversation.lens_bar import LensBar

            self._bar = LensBar(pane.strips, self._window.theme, on_framing=self._detail, on_close=self._close)
            self._window.adopt(self._bar)
        if not self._is_open:
            pane.open_strip(self._bar)
        self._bar.ask(kind_of(framing), framing)
        return self._bar

    @property
    def _is_open(self) -> bool:
        return self._bar is not None and bool(self._bar.winfo_manager())

    def put_away(self) -> None:
        """Ask for no details of the framing, which holds as it is."""
        self._asks_back = False
        if self._bar is not None:
            self._window.conversation.close_strip(self._bar)

    def _close(self) -> None:
        self.put_away()
        self._window.composer.focus_message()

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
