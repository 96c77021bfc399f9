"""A controller whose messages are worked out for real and go nowhere but into a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.address import Address
from core.compose import CATALOGUE, Composed, Context, compose
from core.events import ConnectionId
from core.journal.recording.ledger import ConnectionState
from gui.viewmodels.drafting import (
    ComposeError,
    MacroRow,
    MessageFormat,
    Preview,
    SendResult,
    compose_error_of,
    convert,
    preview_of,
)
from gui.viewmodels.filtering import RecipientRows


class FakeController:
    """Implements ``gui.views.composer.composer.ComposerController``; everything is told at once."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.wire: list[bytes] = []
        self.message_format = self.new_format = MessageFormat()
        self.message_formats: list[MessageFormat] = []
        self.recipients: list[frozenset[ConnectionId] | None] = []
        self.on_recipients: Callable[[frozenset[ConnectionId] | None], None] = lambda _recipients: None
        self.result = SendResult(True)
        self._told: list[Callable[[SendResult], None]] | None = None

    def keep_back(self) -> Callable[[SendResult], None]:
        """Tell nothing of the next message before this is called."""
        told: list[Callable[[SendResult], None]] = []
        self._told = told
        return lambda result: told.pop()(result)

    def use_message_format(self, message_format: MessageFormat) -> None:
        self.message_format = message_format

    def work_out(
        self, text: str, message_format: MessageFormat, tell: Callable[[Preview | ComposeError], None]
    ) -> None:
        composed = self._compose(text, message_format)
        tell(composed if isinstance(composed, ComposeError) else preview_of(composed, message_format.draft(text)))

    def convert(
        self, text: str, before: MessageFormat, after: MessageFormat, tell: Callable[[str | ComposeError], None]
    ) -> None:
        tell(convert(text, before, after))

    def macros(self, text: str, message_format: MessageFormat, place: int) -> Sequence[MacroRow]:
        assert message_format.format != "text"
        assert place <= len(text)
        return [MacroRow(entry.name, entry.syntax, entry.words, "1") for entry in CATALOGUE]

    def choose_message_format(self, message_format: MessageFormat, *, only_here: bool = False) -> None:
        self.message_format = self.new_format = message_format
        self.message_formats.append(message_format)

    def choose_recipients(self, recipients: frozenset[ConnectionId] | None) -> None:
        self.recipients.append(recipients)
        self.on_recipients(recipients)

    def send(
        self,
        texts: Sequence[str],
        message_format: MessageFormat,
        tell: Callable[[SendResult], None],
        *,
        may_replace: bool = False,
    ) -> None:
        if self._told is not None:
            self._told.append(tell)
            return
        for text in texts:
            composed = self._compose(text, message_format)
            if isinstance(composed, ComposeError):
                tell(SendResult(False, composed.sentence, composed))
                return
            if self.result.is_accepted:
                self.wire.append(composed.wire)
                self.sent.append(text)
        tell(self.result)

    def _compose(self, text: str, message_format: MessageFormat) -> Composed | ComposeError:
        composed = compose(message_format.draft(text), Context())
        return composed if isinstance(composed, Composed) else compose_error_of(composed)


def recipients(*connections: ConnectionId) -> RecipientRows:
    """Those connections, which are numbered from 1 on."""
    here = Address("127.0.0.1", 5555)
    standing = tuple(ConnectionState(each, number, here, here) for number, each in enumerate(connections, 1))
    return RecipientRows(standing, len(standing))
