"""What a client says by itself on every connect to an address: a saved message, or what a table of rules says.

Lives on the window's thread. It is kept by address, so that what one server is told goes to no other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from core.errors import TincanError, quoted
from core.words import with_full_stop

if TYPE_CHECKING:
    from core.address import Address
    from core.replies import Reply
    from gui.controllers.main import MainController
    from gui.window import Window

_NOTHING = ("", "nothing")
_MESSAGE, _RULES = "message", "rules"


class OnConnectController:
    """Offers the saved messages and the tables of rules for the client on view, and makes replies of them.

    Both lists are read when the choice is first looked at, or an address needs them.
    """

    def __init__(self, window: Window, main_controller: MainController) -> None:
        self._main_controller = main_controller
        self._choice = window.conversation.head.on_connect
        window.conversation.head.on_choose_on_connect = self.choose
        for event in ("<Enter>", "<FocusIn>"):
            self._choice.bind(event, lambda _event: self._load(self.show), add=True)

    def show(self) -> None:
        """Offer what the client on view can say."""
        main, state = self._main_controller, self._main_controller.state
        is_client = state is not None and state.role.dials and main.archives.get(state.session) is None
        chosen = self._of(state.target) if state is not None and is_client else ""
        options = [_NOTHING]
        options += [(f"{_MESSAGE}:{each.name}", f"send {each.name}") for each in main.saved.messages if each.name]
        options += [(f"{_RULES}:{name}", f"answer by {name}") for name in main.rules.names]
        if chosen not in dict(options):
            options.append((chosen, _words(chosen)))
        main.window.conversation.head.offer(self._choice, options, chosen, is_wanted=is_client)

    def choose(self, written: str) -> None:
        """Have that said on every connect to the address of the client on view, from the next one on."""
        main, state = self._main_controller, self._main_controller.state
        if state is None:
            return
        try:
            reply = self._make(written)
        except TincanError as error:
            main.complain(with_full_stop(str(error)))
            self.show()
            return
        main.preferences = main.preferences.with_on_connect(str(state.target), written)
        main.workbench.set_on_connect(state.session, reply)
        main.complain(f"{_words(written).capitalize()}: from the next connect to {state.target} on.")
        self.show()

    def prepare(self, address: Address, then: Callable[[Reply | None], None]) -> None:
        """Call ``then`` with what a client says there, once that is read."""
        written = self._of(address)
        if written:
            self._load(partial(self._prepared, written, then))
        else:
            then(None)

    def _prepared(self, written: str, then: Callable[[Reply | None], None]) -> None:
        reply = None
        try:
            reply = self._make(written)
        except TincanError as error:
            self._main_controller.complain(f"{with_full_stop(str(error))} Nothing is said on connect.")
        then(reply)

    def _of(self, address: Address) -> str:
        return self._main_controller.preferences.on_connect.get(str(address), "")

    def _load(self, then: Callable[[], None]) -> None:
        main = self._main_controller
        main.saved.when_loaded(lambda: main.rules.when_loaded(then))

    def _make(self, written: str) -> Reply | None:
        """Raises ``TincanError`` for what is not there, or makes no sense."""
        kind, _, name = written.partition(":")
        main = self._main_controller
        if kind == _MESSAGE:
            from core.replies.opening import Opening

            message = next((each for each in main.saved.messages if each.name == name), None)
            if message is None:
                raise TincanError(f"There is no saved message {quoted(name)}.")
            return Opening(message.draft(main.sending.new_format.framing), name)
        if kind == _RULES:
            own = main.rules.rules_called(name)
            if own is None:
                raise TincanError(f"There is no table of rules {quoted(name)}.")
            return own
        return None


def _words(written: str) -> str:
    kind, _, name = written.partition(":")
    return _NOTHING[1] if not written else f"send {name}" if kind == _MESSAGE else f"answer by {name}"
