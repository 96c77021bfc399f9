"""Composes what was written into bytes and sends them. Lives on the window's thread.

A message that takes long, a mebibyte of hex for example, is composed on a thread of its own, one at a time.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from core.clock import monotonic
from core.command import module_name
from core.errors import SendError, reason
from core.words import connection_name, sentence
from gui.platform.bridge import in_background
from gui.viewmodels.drafting import (
    NOBODYS,
    USUAL,
    ComposeError,
    ConversationId,
    MacroRow,
    MessageFormat,
    Preview,
    SendResult,
    SentMessage,
    Writing,
    compose_error_of,
    convert,
    known,
    preview_of,
)

if TYPE_CHECKING:
    from core.compose import Composed, Context
    from core.events import ConnectionId, SessionId
    from gui.controllers.main import MainController
    from gui.window import Window

_QUICK = 4_000  # characters that are worked out at once: 2 ms where each is an escape
_QUICK_TEXT = 200_000  # the same of plain text
_QUICK_MACROS = 4
_MOST_AROUND = 500  # characters of a message in which macros are previewed at their place
_MUCH_NOISE = re.compile(r"\\\{random:[0-9]{5}")
_MOST_LINES = 10_000  # messages that one text can be sent as
_WHEN_PAINTED, _BETWEEN = 500, 20  # milliseconds until the first letter is prepared for, and between two steps
_LONGEST_TURN = 0.005  # seconds of sending before the window gets its turn

Answer = TypeVar("Answer")


@dataclass(slots=True)
class _Batch:
    """Messages on their way to the workbench."""

    conversation: ConversationId
    session: SessionId
    messages: list[Composed]
    message_format: MessageFormat
    written: SentMessage
    to: frozenset[ConnectionId] | None
    tell: Callable[[SendResult], None]
    instead: Callable[[SessionId, bytes], bool] | None
    done: int = 0
    refused: dict[str, None] = field(default_factory=dict)


class SendingController:
    """Sends messages. Implements ``gui.views.composer.composer.ComposerController``.

    The one owner of how a person writes in each conversation: the draft's format and recipients, and the format of
    the messages after it. ``post`` has a call made on the window's thread, from any other.
    """

    def __init__(self, main_controller: MainController, post: Callable[[Callable[[], None]], None]) -> None:
        self.conversation = NOBODYS  # on view
        self._writings = {NOBODYS: Writing()}
        self._new_formats: dict[SessionId | None, MessageFormat] = {None: USUAL}
        self._usual = USUAL  # of the sessions to come
        self._main_controller = main_controller
        self._post = post
        self.count = 0  # messages with a counter in them that went out
        self.send_instead: Callable[[SessionId, bytes], bool] | None = None  # takes one message in the place of a send
        self._seed = os.urandom(16)  # of the random bytes in the next message
        self._jobs: deque[Callable[[], None]] = deque()  # that wait, in their order
        self._preview: Callable[[], None] | None = None  # the newest that was asked for, done when no job waits
        self._is_busy = False  # with a job or a preview

    def open(self, window: Window) -> None:
        """Show in a window's message field how messages were written last."""
        self._window = window
        preferences = self._main_controller.preferences
        window.composer.remember(preferences.messages)
        self._usual = self._new_formats[None] = known(preferences.message_format)
        self._writings[NOBODYS] = Writing(self._usual)
        window.composer.show_message_format()
        window.root.after(_WHEN_PAINTED, self._prepare, self._preparations())

    # Whom to and how.

    def turn_to(
        self, session: SessionId | None, connection: ConnectionId | None = None, *, takes_draft: bool = False
    ) -> None:
        """Write in another conversation: what was being written there comes back, and what is written here stays here.

        ``takes_draft`` gives it what was written while there was no conversation.
        """
        before, self.conversation = self.conversation, ConversationId(session, connection)
        self._new_formats[None] = self._usual
        new_format = self._new_formats.setdefault(session, self._usual)
        takes_draft = takes_draft and before == NOBODYS
        if takes_draft:
            self._writings[self.conversation] = self._writings[NOBODYS]
        elif self.conversation not in self._writings:
            recipients = None if connection is None else frozenset((connection,))
            self._writings[self.conversation] = Writing(new_format, recipients)
        self._window.composer.open_draft(self.conversation, takes_draft=takes_draft)
        if not self._window.composer.text:
            self.use_message_format(new_format)
        self._window.composer.show_message_format()

    @property
    def message_format(self) -> MessageFormat:
        """The format of the text in the message field."""
        return self._writings[self.conversation].message_format

    @property
    def new_format(self) -> MessageFormat:
        """The format of the messages after it in the same session."""
        return self._new_formats[self.conversation.session]

    def use_message_format(self, message_format: MessageFormat) -> None:
        """Give the text in the message field another format; the messages after it keep theirs."""
        self._writings[self.conversation] = replace(self._writings[self.conversation], message_format=message_format)

    def choose_message_format(self, message_format: MessageFormat, *, only_here: bool = False) -> None:
        """Give the text in the message field and the messages after it another format.

        Unless ``only_here``, sessions to come have it too, and it is remembered for the next run.
        """
        self.use_message_format(message_format)
        self._new_formats[self.conversation.session] = message_format
        if not only_here:
            self._usual = message_format
            self._main_controller.preferences = self._main_controller.preferences.with_message_format(message_format)
        self._main_controller.profiles.show()

    def follow_encoding(self, before: str, encoding: str) -> None:
        """Write in the encoding that is read now, unless somebody chose to write in another than the one ``before``."""
        written = self.message_format
        if self.new_format.encoding == before:
            self.choose_message_format(replace(self.new_format, encoding=encoding))
        is_same = written.encoding == before
        self.use_message_format(replace(written, encoding=encoding) if is_same else written)
        self._window.composer.show_message_format()

    @property
    def recipients(self) -> frozenset[ConnectionId] | None:
        """The connections that were chosen to be written to; None is everyone.

        Between two others nobody is written to until somebody is chosen.
        """
        chosen, state = self._writings[self.conversation].recipients, self._main_controller.state
        return frozenset() if chosen is None and state is not None and state.role.passes_on else chosen

    @property
    def offered_recipients(self) -> frozenset[ConnectionId] | None:
        """The recipients of a message that is sent now: everyone (None) also where nobody can be chosen."""
        state = self._main_controller.state
        is_choice = state is not None and state.role.many_connections and state.senders > 0
        return self.recipients if is_choice else None

    def choose_recipients(self, recipients: frozenset[ConnectionId] | None) -> None:
        """Write to the connections that a person has chosen, or to everyone (None), and show it."""
        state = self._main_controller.state
        if recipients is None and state is not None and state.role.passes_on:
            recipients = frozenset(one.connection for one in state.connections if one.can_send)
        self._writings[self.conversation] = replace(self._writings[self.conversation], recipients=recipients)
        self._main_controller.refresh()

    # Bytes before they go out.

    def work_out(
        self, text: str, message_format: MessageFormat, tell: Callable[[Preview | ComposeError], None]
    ) -> None:
        """Tell the bytes that would go out, at once where that is quick. Of several that wait, the newest is told."""
        context = self._context()

        def answer() -> Preview | ComposeError:
            composed = _compose(text, message_format, context)
            return composed if isinstance(composed, ComposeError) else preview_of(composed, message_format.draft(text))

        if is_quick(text, message_format):
            _answer(answer, tell)
        else:
            self._preview = lambda: self._work_aside(answer, tell)
            self._begin()

    def convert(
        self, text: str, before: MessageFormat, after: MessageFormat, tell: Callable[[str | ComposeError], None]
    ) -> None:
        """Tell the text converted to another format; see ``gui.viewmodels.drafting.convert``."""

        def answer() -> str | ComposeError:
            return convert(text, before, after)

        if is_quick(text, before):
            _answer(answer, tell)
        else:
            self._jobs.append(lambda: self._work_aside(answer, tell))
            self._begin()

    # Messages that go out.

    def send(
        self,
        texts: Sequence[str],
        message_format: MessageFormat,
        tell: Callable[[SendResult], None],
        *,
        may_replace: bool = False,
    ) -> None:
        """Send messages to the recipients, or if one of them is wrong, none; tell what became of them.

        A message that is asked for meanwhile is composed after these, so that it goes out behind them and counts on.
        One that ``may_replace`` what is being edited goes on in its place.
        """
        instead = self.send_instead if may_replace else None  # now: what is edited may have gone once it is composed
        why = self._main_controller.why_nobody() if instead is None else ""
        state = self._main_controller.state
        if state is None or why:
            tell(SendResult(False, why, is_unheard=True))
            return
        if len(texts) > _MOST_LINES:
            words = f"These are {len(texts):,} messages, and no more than {_MOST_LINES:,} go out at once."
            tell(SendResult(False, words))
            return
        session, to, conversation = state.session, self.offered_recipients, self.conversation

        def ended(result: SendResult) -> None:
            self._end()
            tell(result)

        self._jobs.append(
            lambda: self._compose_and_send(conversation, session, texts, message_format, to, ended, instead)
        )
        self._begin()

    def _compose_and_send(
        self,
        conversation: ConversationId,
        session: SessionId,
        texts: Sequence[str],
        message_format: MessageFormat,
        to: frozenset[ConnectionId] | None,
        tell: Callable[[SendResult], None],
        instead: Callable[[SessionId, bytes], bool] | None,
    ) -> None:
        seeds = [self._seed, *(os.urandom(16) for _ in texts[1:])]
        first = self._context()

        def answer() -> list[Composed] | ComposeError:
            return _compose_all(texts, message_format, first, seeds)

        def composed(found: list[Composed] | ComposeError) -> None:
            if isinstance(found, ComposeError):
                is_typed_wrong = found.stop > found.start
                tell(SendResult(False, found.sentence, found if is_typed_wrong else None))
            elif not any(message.wire for message in found) and not self._may_be_empty(session):
                tell(SendResult(False, "There is no byte in this message."))
            else:
                written = SentMessage("\n".join(texts), message_format.format, message_format.encoding)
                self._send(_Batch(conversation, session, found, message_format, written, to, tell, instead))

        are_few = (
            len(texts) <= 10 and sum(map(len, texts)) <= _QUICK and all(is_quick(one, message_format) for one in texts)
        )
        are_quick = are_few or (len(texts) == 1 and is_quick(texts[0], message_format))
        if are_quick:
            _answer(answer, composed)
        else:
            self._compose_aside(answer, composed)

    def _may_be_empty(self, session: SessionId) -> bool:
        return self._main_controller.workbench.role(session).datagrams

    def count_on(self, count: int, variables: Mapping[str, str]) -> None:
        """Go on behind the messages that a repeat has sent: ``count`` with a counter in all, and what they set."""
        self.count = max(self.count, count)
        self._set(variables)
        self._window.composer.work_out_soon()

    def macros(self, text: str, message_format: MessageFormat, place: int) -> list[MacroRow]:
        """Every macro, with the bytes that it would become at that place."""
        from core.compose import CATALOGUE, Misfit, preview

        draft = message_format.draft(text) if len(text) <= _MOST_AROUND else None
        context = self._context()
        rows = []
        for entry in CATALOGUE:
            becomes = preview(entry.syntax, context, draft, place)
            shown = "" if isinstance(becomes, Misfit) else _shown(becomes)
            rows.append(MacroRow(entry.name, entry.syntax, entry.words, shown))
            if entry.name == "variable":
                rows += _variable_rows(context.variables)
        return rows

    def _send(self, batch: _Batch) -> None:
        """Send the rest of a batch, and go on a moment later if that takes long."""
        begun = monotonic()
        while batch.done < len(batch.messages):
            message = batch.messages[batch.done]
            try:
                instead, batch.instead = batch.instead, None
                if instead is not None and instead(batch.session, message.wire):
                    batch.done += 1
                    continue
                delivery = self._main_controller.workbench.send(batch.session, message.wire, to=batch.to, exact=True)
            except SendError as error:
                batch.tell(SendResult(False, f"{sentence(f'Not sent: {error}')}{_so_far(batch)}"))
                return
            except Exception as error:
                batch.tell(SendResult(False, f"{_broken(error).sentence}{_so_far(batch)}"))
                raise
            batch.done += 1
            self.count += message.counts
            self._set(message.variables)
            batch.refused.update((f"{connection_name(number)}: {why}", None) for number, why in delivery.refused)
            if delivery.gone:
                batch.refused[_gone_words(len(delivery.gone))] = None
            if monotonic() - begun > _LONGEST_TURN and batch.done < len(batch.messages):
                self._post(lambda: self._send(batch))
                return
        self._sent(batch)

    def _set(self, variables: Mapping[str, str]) -> None:
        """Keep what a message has set, for the messages after it and the next run."""
        if variables:
            self._main_controller.preferences = self._main_controller.preferences.with_variables(variables)

    def _sent(self, batch: _Batch) -> None:
        self._seed = os.urandom(16)
        self._window.composer.work_out_soon()
        if batch.written.text:
            self._main_controller.preferences = self._main_controller.preferences.with_message(batch.written)
            self._window.composer.remember(self._main_controller.preferences.messages)
        state = self._main_controller.state
        if state is not None and state.session == batch.session:
            self._window.conversation.transcript.to_end()
        self._main_controller.silence.sent(batch.conversation, batch.messages[-1].wire, batch.message_format)
        batch.tell(SendResult(True, f"Not sent to {'; '.join(batch.refused)}" if batch.refused else ""))

    def _prepare(self, steps: Iterator[Callable[[], object]]) -> None:
        """Load and make what the first letter needs, long after the first paint and before a person waits for it.

        Not all at once: a key that is pressed meanwhile waits for one step.
        """
        step = next(steps, None)
        if step is not None:
            self._window.root.after(_BETWEEN, self._prepare, steps)  # first: the others are needed though one fails
            step()

    def _preparations(self) -> Iterator[Callable[[], object]]:
        yield self._context
        for name in ("byte_literal", "hex_dump", "composing"):  # with many regular expressions
            yield partial(import_module, module_name(f"core.compose.{name}"))
        yield self._window.composer.prepare
        yield self._main_controller.profiles.load

    def _context(self) -> Context:
        from core.compose import Context

        return Context.now(self.count, self._seed, self._main_controller.preferences.variables)

    # One thing after the other.

    def _begin(self) -> None:
        """Begin the next job or, when none waits, the newest preview, unless something is being done."""
        if self._is_busy:
            return
        preview = self._preview
        if self._jobs:
            job = self._jobs.popleft()
        elif preview is not None:
            job, self._preview = preview, None
        else:
            return
        self._is_busy = True
        job()

    def _end(self) -> None:
        """End the present job; the next begins in a moment, so that the window gets its turn."""
        self._is_busy = False
        if self._jobs or self._preview is not None:
            self._post(self._begin)

    def _work_aside(
        self, work: Callable[[], Answer | ComposeError], tell: Callable[[Answer | ComposeError], None]
    ) -> None:
        """Do a job that is nothing but work on a thread of its own, and tell its result."""

        def done(found: Answer | ComposeError) -> None:
            self._end()
            tell(found)

        self._compose_aside(work, done)

    def _compose_aside(
        self, work: Callable[[], Answer | ComposeError], done: Callable[[Answer | ComposeError], None]
    ) -> None:
        in_background("compose a message", work, done, lambda error: done(_broken(error)), self._post)


def _answer(work: Callable[[], Answer | ComposeError], tell: Callable[[Answer | ComposeError], None]) -> None:
    """Do quick work and tell its result at once; an unforeseen error is told too, and raised for the fault log."""
    try:
        found = work()
    except Exception as error:
        tell(_broken(error))
        raise
    tell(found)


def _broken(error: BaseException) -> ComposeError:
    """The sentence for an unforeseen error; the fault log says where it happened."""
    what = f"{sentence(reason(error))} This did not go out."
    return ComposeError(f"{what} The message is still here: try again, or write it differently.", 0, 0)


def _compose(text: str, message_format: MessageFormat, context: Context) -> Composed | ComposeError:
    from core.compose import Composed, compose

    composed = compose(message_format.draft(text), context)
    return composed if isinstance(composed, Composed) else compose_error_of(composed)


def _compose_all(
    texts: Sequence[str], message_format: MessageFormat, context: Context, seeds: Sequence[bytes]
) -> list[Composed] | ComposeError:
    """All messages, or the error in the first wrong one, at its place in the whole text."""
    messages: list[Composed] = []
    place, count, variables = 0, context.count, context.variables
    for text, seed in zip(texts, seeds, strict=True):
        composed = _compose(text, message_format, replace(context, count=count, seed=seed, variables=variables))
        if isinstance(composed, ComposeError):
            return ComposeError(composed.sentence, composed.start + place, composed.stop + place)
        messages.append(composed)
        count += composed.counts
        variables = {**variables, **composed.variables}
        place += len(text) + 1
    return messages


def _variable_rows(variables: Mapping[str, str]) -> list[MacroRow]:
    """The variables that were set, to be put into a message."""
    return [
        MacroRow("variable", f"\\{{{name}}}", "Set by a message of yours.", _shown(value.encode()))
        for name, value in variables.items()
    ]


def _so_far(batch: _Batch) -> str:
    return f" {batch.done:,} of the {len(batch.messages):,} messages went out." if batch.done else ""


def _gone_words(count: int) -> str:
    return "one that is over" if count == 1 else f"{count:,} that are over"


def is_quick(text: str, message_format: MessageFormat) -> bool:
    """Whether a text is composed within about 2 ms."""
    if message_format.format == "text":
        return len(text) <= _QUICK_TEXT
    return len(text) <= _QUICK and text.count("\\{") <= _QUICK_MACROS and not _MUCH_NOISE.search(text)


def _shown(data: bytes) -> str:
    """A macro's bytes in a menu: as text if they are, else in hex."""
    few = data[:24]
    if few and all(0x20 <= byte < 0x7F for byte in few):
        return f"“{few.decode('ascii')}”" + ("…" if len(data) > len(few) else "")
    return few[:12].hex(" ") + ("…" if len(data) > 12 else "")
