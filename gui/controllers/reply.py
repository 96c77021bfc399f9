"""What sessions say by themselves: the replies of servers with their framing, and what a client says on every connect.

Lives on the window's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from core.errors import TincanError, quoted, reason
from core.events import SessionId
from core.journal.reading.lens import RAW
from core.journal.recording.ledger import Phase
from core.replies import Reply, find_reply, make_reply
from core.words import sentence, with_capital, with_full_stop
from gui.platform.desktop import edit_file
from gui.preferences import typed_path
from gui.viewmodels.framings import one_of

if TYPE_CHECKING:
    from core.address import Address
    from core.journal.recording.ledger import SessionState
    from core.replies.handler import Handler
    from core.replies.rules.rule_set import RuleSet
    from gui.controllers.main import MainController
    from gui.views.dialogs.reply_dialog import ReplyDialog
    from gui.window import Window

_Offered: TypeAlias = tuple[tuple[str, ...], str]  # framings, and which of them holds
_NOTHING: _Offered = ((), RAW)
_ABOUT_PROGRAM = (
    "A process for each connection: what the peer says is its standard input, and its standard output goes back. "
    "It runs without a shell; sh -c '…' is one."
)
_ABOUT_HANDLER = (
    "Its on_open, on_message and on_close answer, in a process of their own. It is read again whenever it is saved."
)
_NO_HANDLER = "No Python file answers here: choose one under Reply with."
_NOTHING_SAID = ("", "nothing")
_MESSAGE, _RULES = "message", "rules"


class ReplyController:
    """Keeps the reply and its framing of every server, and has servers take what a person chooses.

    A reply is the one that was asked for: the server's own state tells it a moment later. The chooser of the
    framing is offered once the conversation is framed in another way than its reply. A reply with an argument is
    for this run, one without is remembered for the next one, too; of the others the argument is, to be used again.
    """

    def __init__(self, window: Window, main_controller: MainController) -> None:
        self._pane = window.conversation
        self._main_controller = main_controller
        self._window = window
        self._replies: dict[SessionId, Reply] = {}
        self._usual = ""  # as it is written, of the servers to come, where it has an argument
        self.dialog: ReplyDialog | None = None
        self._framings: dict[Address, str] = {}  # chosen for a server there, and for those begun there again
        self._asked: dict[SessionId, str] = {}  # framings that a server was told and has not confirmed yet
        self._offered: _Offered = _NOTHING
        self._pane.on_reply_framing = self.choose_framing

    @property
    def usual(self) -> str:
        """The reply of the servers to come, as it is written."""
        return self._usual or self._main_controller.preferences.reply

    def written_of(self, session: SessionId | None) -> str:
        """The reply of that server, or of the next one, as it is written."""
        reply = self.reply_of(session)
        return reply.written if reply is not None else self.usual

    def reply_of(self, session: SessionId | None) -> Reply | None:
        """The reply of that server; None for one that was not started here."""
        return self._replies.get(session) if session is not None else None

    def begin(self, address: Address, serve: Callable[[Reply, str], SessionId]) -> SessionId:
        """Start a server with the usual reply, in its framing if none was chosen. Raises ``TincanError``."""
        reply = self._make(self.usual)
        session = serve(reply, self._framings.get(address, reply.framing or RAW))
        self._replies[session] = reply
        return session

    def choose(self, kind: str) -> None:
        """Have the selected server, and those to come, reply like that; ask for the argument where there is one."""
        if kind in _ASKED:
            _ASKED[kind](self)
        else:
            self.take(make_reply(kind))
        self._pane.restore_reply()

    def use(self, written: str) -> str:
        """Have them reply like that; the answer says why they cannot, and then nothing has changed."""
        try:
            self.take(self._make(written))
        except TincanError as error:
            return sentence(error)
        return ""

    def take(self, reply: Reply) -> None:
        """Have the selected server, and those to come, reply by it."""
        main, state = self._main_controller, self._main_controller.state
        kind, _, argument = reply.written.partition(":")
        self._usual = reply.written if argument else ""
        if argument:
            used = {**main.preferences.reply_arguments, kind: argument}
            main.preferences = replace(main.preferences, reply_arguments=used)
        else:
            main.preferences = replace(main.preferences, reply=kind)
        if state is not None and state.role.replies and state.phase is not Phase.ENDED:
            self.give(state.session, reply)
            if reply.framing is not None and reply.framing != self._asked.get(state.session, state.framing):
                self._asked[state.session] = self._framings[state.target] = reply.framing
                main.workbench.set_framing(state.session, reply.framing)
                main.viewing.choose_framing(reply.framing)
        main.refresh()

    def give(self, session: SessionId, reply: Reply) -> None:
        """Have one server reply by it."""
        self._replies[session] = reply
        self._main_controller.workbench.set_reply(session, reply)

    def learn(self, session: SessionId, reply: Reply) -> None:
        """Take in what a server replies by that was started with a reply of its own."""
        self._replies[session] = reply

    def replace_rules(self, before: RuleSet, now: RuleSet) -> None:
        """Have each server that answers by the one table answer by the other, and count on."""
        from core.replies.rules import Rules

        if self._usual == f"rules:{before.name}":
            self._usual = f"rules:{now.name}"
        for session, reply in self._replies.items():
            if isinstance(reply, Rules) and reply.rules == before:
                made = Rules(now)
                made.count_on(reply)
                self.give(session, made)
        self._main_controller.refresh()

    @property
    def handler(self) -> Handler | None:
        """The Python file that answers for the server on view, if one does."""
        from core.replies.handler import Handler

        state = self._main_controller.state
        found = self.reply_of(state.session) if state is not None and state.phase is not Phase.ENDED else None
        return found if isinstance(found, Handler) else None

    def restart_handler(self) -> None:
        """End what hangs in the Python file, and all that waits behind it."""
        handler = self.handler
        if handler is None:
            self._main_controller.complain(_NO_HANDLER)
        else:
            handler.restart()

    # What has an argument.

    def _make(self, written: str) -> Reply:
        kind, _, argument = written.partition(":")
        own = self._main_controller.rules.rules_called(argument) if kind == "rules" else None
        return own or make_reply(written)

    def _ask_rules(self) -> None:
        self._main_controller.rules.open()

    def _ask_program(self) -> None:
        from gui.views.dialogs.reply_dialog import ReplyDialog

        self._open(
            ReplyDialog(
                self._window.root, self._window.theme, title="Reply by a program", heading="Command",
                about=_ABOUT_PROGRAM, on_use=lambda command: self.use(f"program:{command}"),
            ),
            "program",
        )  # fmt: skip

    def _ask_handler(self) -> None:
        from gui.views.dialogs.reply_dialog import HandlerDialog

        self._open(
            HandlerDialog(
                self._window.root, self._window.theme, title="Reply by a Python file", heading="File",
                about=_ABOUT_HANDLER, on_use=self._use_handler, on_new=self._make_handler,
            ),
            "python",
        )  # fmt: skip

    def _open(self, dialog: ReplyDialog, kind: str) -> None:
        self.dialog = dialog
        dialog.field.put(self._main_controller.preferences.reply_arguments.get(kind, ""))
        dialog.open(dialog.field)

    def _use_handler(self, typed: str) -> str:
        return self.use(f"python:{typed_path(typed)}" if typed else "python:")

    def _make_handler(self, path: str) -> str:
        """Write a Python file to begin with and open it in an editor; the answer says what of it could not be done."""
        from core.replies.handler import EXAMPLE

        place = Path(path)
        try:
            place.write_text(EXAMPLE, encoding="utf-8")
        except OSError as error:
            return sentence(f"{place.name} could not be written: {reason(error)}")
        return "" if edit_file(place) else f"{place.name} was written. There is no program here to edit it with."

    # The framing.

    def choose_framing(self, framing: str) -> None:
        """Have the server on view, and those begun there again, reply to each message of that framing."""
        state = self._main_controller.state
        if state is not None and _replies(state):
            self._asked[state.session] = self._framings[state.target] = framing
            self._main_controller.workbench.set_framing(state.session, framing)
            self.show()

    def show(self) -> None:
        """Offer the framings that the reply of the session on view can have."""
        state = self._main_controller.state
        offered = self._offered_by(state) if state is not None and _replies(state) else _NOTHING
        if offered != self._offered:
            self._offered = offered
            framings, chosen = offered
            self._pane.offer_reply_framings([(framing, one_of(framing)) for framing in framings], chosen)

    def _offered_by(self, state: SessionState) -> _Offered:
        """The framings to choose from, if there is more than one, and the one that holds."""
        asked = self._asked.get(state.session, state.framing)
        if asked == state.framing:
            self._asked.pop(state.session, None)
        known = tuple(dict.fromkeys((RAW, asked, self._main_controller.viewing.lens.framing)))
        return (known, asked) if len(known) > 1 else _NOTHING


_ASKED: dict[str, Callable[[ReplyController], None]] = {
    "rules": ReplyController._ask_rules,
    "program": ReplyController._ask_program,
    "python": ReplyController._ask_handler,
}
"""What is done where a reply is chosen that has an argument."""


def _replies(state: SessionState) -> bool:
    reply = find_reply(state.reply or "")
    is_over = state.phase is Phase.ENDED
    return state.role.replies and not is_over and reply is not None and not reply.waits_for_a_person


class OnConnectController:
    """Offers the saved messages and the tables of rules for the client on view, and makes replies of them.

    The choice is kept by address, so that what one server is told goes to no other. Both lists are read when the choice
    is first looked at, or an address needs them.
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
        chosen = self._of(_key(state.target, state.role.datagrams)) if state is not None and is_client else ""
        options = [_NOTHING_SAID]
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
        main.preferences = main.preferences.with_on_connect(_key(state.target, state.role.datagrams), written)
        main.workbench.set_on_connect(state.session, reply)
        main.complain(f"{with_capital(_words(written))}: from the next connect to {state.target} on.")
        self.show()

    def prepare(self, address: Address, then: Callable[[Reply | None], None], *, is_udp: bool = False) -> None:
        """Call ``then`` with what a client says there, once that is read."""
        written = self._of(_key(address, is_udp))
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

    def _of(self, key: str) -> str:
        return self._main_controller.preferences.on_connect.get(key, "")

    def _load(self, then: Callable[[], None]) -> None:
        main = self._main_controller
        main.saved.when_loaded(lambda: main.rules.when_loaded(then))

    def _make(self, written: str) -> Reply | None:
        """Raises ``TincanError`` for what is not there, or makes no sense."""
        kind, _, name = written.partition(":")
        main = self._main_controller
        if kind == _MESSAGE:
            from core.replies.on_connect import OnConnect

            message = next((each for each in main.saved.messages if each.name == name), None)
            if message is None:
                raise TincanError(f"There is no saved message {quoted(name)}.")
            return OnConnect(message.draft(main.sending.new_format.framing), name)
        if kind == _RULES:
            own = main.rules.rules_called(name)
            if own is None:
                raise TincanError(f"There is no table of rules {quoted(name)}.")
            return own
        return None


def _key(address: Address, is_udp: bool) -> str:
    """As the preferences know what is said there: another server may have the port for datagrams."""
    return f"udp://{address}" if is_udp else str(address)


def _words(written: str) -> str:
    kind, _, name = written.partition(":")
    return _NOTHING_SAID[1] if not written else f"send {name}" if kind == _MESSAGE else f"answer by {name}"
