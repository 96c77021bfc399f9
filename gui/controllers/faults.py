"""Shows and sets the faults of the line on view. Lives on the window's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from core.journal.recording.ledger import Phase
from core.wire.faults import SOUND
from core.words import connection_name
from gui.controllers.opening import OpeningController
from gui.viewmodels.faults import TO_AND_FRO, FaultsForm, Ways, Wrong, read
from gui.viewmodels.session_rows import session_words

if TYPE_CHECKING:
    from core.events import SessionId
    from core.journal.recording.ledger import SessionState
    from gui.controllers.main import MainController
    from gui.views.conversation.faults_bar import FaultsBar
    from gui.window import Window

_Line: TypeAlias = "tuple[SessionId, int | None]"  # of all connections of a session, or of the one with that number


class FaultsController(OpeningController["FaultsBar"]):
    """Has the workbench make lines bad as a person sets it in the bar over the message field.

    Where a connection is shown alone, its line is meant; else those of the whole session, now and later. What is on
    stays on while the bar is closed.
    """

    def __init__(self, window: Window, main_controller: MainController) -> None:
        super().__init__(window, window.open_task, window.close_task)
        self._main_controller = main_controller
        self._forms: dict[_Line, FaultsForm] = {}

    @property
    def faulty(self) -> frozenset[SessionId]:
        """The sessions that have faults on some line."""
        return frozenset(session for (session, _number), form in self._forms.items() if form.is_on)

    def show(self) -> None:
        """Show the faults of what is on view."""
        if not self.is_open:
            return
        state = self._main_controller.state
        if state is None or state.phase is Phase.ENDED or self._main_controller.archives.get(state.session) is not None:
            self.view.show(FaultsForm(), Ways(), "")
            return
        line, whose = self._line(state), session_words(self._main_controller.window_state(), state)
        alone = f"{connection_name(line[1])} of " if line[1] is not None else ""
        of_all = self._forms.get((state.session, None), FaultsForm(datagrams=state.role.datagrams))
        ways = TO_AND_FRO if state.role.passes_on else Ways()
        self.view.show(self._forms.get(line, of_all), ways, f"{alone}{whose}")

    def _line(self, state: SessionState) -> _Line:
        alone = self._main_controller.window_state().connection if state.role.many_connections else None
        return state.session, abs(alone.number) if alone is not None else None

    def _set(self, form: FaultsForm) -> None:
        state, faults = self._main_controller.state, read(form)
        if state is None or isinstance(faults, Wrong):
            return
        line = self._line(state)
        if line[1] is None:  # which is of all, whatever single ones had
            self._forms = {known: one for known, one in self._forms.items() if known[0] != state.session}
        self._forms[line] = form
        self._main_controller.workbench.set_faults(state.session, faults if form.is_on else SOUND, line[1])
        self._main_controller.refresh()

    def _make(self) -> FaultsBar:
        from gui.views.conversation.faults_bar import FaultsBar

        return FaultsBar(
            self._window.tasks, self._window.theme,
            on_change=self._set, on_wrong=self._main_controller.complain, on_close=self.toggle,
        )  # fmt: skip

    def _opened(self) -> None:
        self.show()
        self.view.focus_first()
