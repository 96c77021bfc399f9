"""A controller whose messages are worked out for real and go nowhere but into a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.compose import CATALOGUE, Composed, Context, compose
from core.events import ConnectionId
from gui.viewmodels.drafting import MacroRow, Manner, Outcome, Preview, Wrong, convert, preview_of, wrong_of


class FakeController:
    """Implements ``gui.views.composer.composer.ComposerController``; everything is told at once."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, frozenset[ConnectionId] | None]] = []
        self.wire: list[bytes] = []
        self.manners: list[Manner] = []
        self.recipients: list[frozenset[ConnectionId] | None] = []
        self.outcome = Outcome(True)

    def work_out(self, text: str, manner: Manner, tell: Callable[[Preview | Wrong], None]) -> None:
        composed = self._compose(text, manner)
        tell(composed if isinstance(composed, Wrong) else preview_of(composed, manner.draft(text)))

    def convert(self, text: str, before: Manner, after: Manner, tell: Callable[[str | Wrong], None]) -> None:
        tell(convert(text, before, after))

    def macros(self, text: str, manner: Manner, place: int) -> Sequence[MacroRow]:
        assert manner.format == "escapes"
        assert place <= len(text)
        return [MacroRow(entry.name, entry.syntax, entry.words, "1") for entry in CATALOGUE]

    def choose_manner(self, manner: Manner) -> None:
        self.manners.append(manner)

    def choose_recipients(self, recipients: frozenset[ConnectionId] | None) -> None:
        self.recipients.append(recipients)

    def send(
        self,
        texts: Sequence[str],
        manner: Manner,
        to: frozenset[ConnectionId] | None,
        tell: Callable[[Outcome], None],
    ) -> None:
        for text in texts:
            composed = self._compose(text, manner)
            if isinstance(composed, Wrong):
                tell(Outcome(False, composed.sentence, composed))
                return
            if self.outcome.is_sent:
                self.wire.append(composed.wire)
                self.sent.append((text, to))
        tell(self.outcome)

    def _compose(self, text: str, manner: Manner) -> Composed | Wrong:
        composed = compose(manner.draft(text), Context())
        return composed if isinstance(composed, Composed) else wrong_of(composed)
