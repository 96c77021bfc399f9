"""The saved messages: kept, put in order, edited and sent. Lives on the window's thread.

The pane is made, and the file read, when they are first asked for: the first window needs neither.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from core.errors import reason
from core.words import sentence, with_full_stop
from gui.controllers.saved_files import SavedKeeping, ask_for_source, ask_for_target, counted, find_out, read, write
from gui.controllers.view_controller import ViewController
from gui.keys import shown
from gui.viewmodels.drafting import MessageFormat, SendResult
from gui.viewmodels.saved_list import SavedList, SavedRow, message_format_of, message_of, name_for, row_of, typeable

if TYPE_CHECKING:
    from core.compose import Misfit, SavedError, SavedMessage, SavedMessagesFile
    from gui.controllers.sending import SendingController
    from gui.viewmodels.drafting import ConversationId
    from gui.viewmodels.saved_list import Kept
    from gui.views.saved.saved_pane import SavedPane
    from gui.window import Window

_QUICK = 20_000  # characters that are made fit for the field at once

Found = TypeVar("Found")


class SavedMessagesController(ViewController["SavedPane"]):
    """Keeps the list of saved messages, its pane and its file in step.

    Implements ``gui.views.saved.saved_pane.SavedController``.
    ``post`` has a call made on the window's thread, from any other; ``say`` says something across the window.
    """

    def __init__(
        self,
        window: Window,
        sending: SendingController,
        path: Path,
        *,
        post: Callable[[Callable[[], None]], None],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(window, window.open_side, window.close_side)
        self._sending, self._path, self._post, self._say = sending, path, post, say
        self._list = SavedList()
        self._known: tuple[Kept, ...] = ()  # the list as it was last shown and kept
        self._rows: dict[int, tuple[SavedMessage, SavedRow]] = {}  # by number: made once for each message
        self._problems: dict[int, str] = {}  # why messages did not go out, by number
        self._unheard: set[int] = set()  # those of them that had nobody to go to
        self._keeping: SavedKeeping[SavedMessage] | None = None
        self._is_loaded = self._is_seen = False
        self._then: list[Callable[[], None]] = []  # what waits for the list

    # The list as a whole.

    @property
    def messages(self) -> tuple[SavedMessage, ...]:
        """The messages in order; none before the list was first asked for."""
        return self._list.messages

    def load(self) -> None:
        """Read the list, if nobody has asked for it yet."""
        self.when_loaded(lambda: None)

    def when_loaded(self, act: Callable[[], None]) -> None:
        """Call ``act`` once the list is read, at once if it is."""
        if self._is_loaded:
            act()
            return
        self._then.append(act)
        if self._keeping is None:
            self._keeping = SavedKeeping(
                self._window.root,
                self._path,
                "messages",
                _open_file,
                post=self._post,
                on_news=self._take_in,
                on_unread=self._unread,
                complain=self._say,
            )
            self._keeping.load()

    def close(self, patience: float = 1.0) -> None:
        """Write the last change to the file; waits so many seconds at most."""
        if self._keeping is not None:
            self._keeping.close(patience)

    def undo(self) -> None:
        """Undo the last change of the list."""
        words, before = self._list.last, {each.number for each in self._list.kept}
        if not words:
            return
        self._list.undo()
        self._changed(f"Taken back: {words}")
        back = next((each.number for each in self._list.kept if each.number not in before), None)
        if back is not None:
            self.view.rows.choose_number(back)

    def show(self, why_nobody: Callable[[], str]) -> None:
        """Say of no message any more that there is nobody to send it to, once there is somebody."""
        if self._unheard and not why_nobody():
            for number in self._unheard:
                self._problems.pop(number, None)
            self._unheard.clear()
            self._show()

    # One message.

    def send_at(self, place: int) -> None:
        """Send the message at that place, from 0; a person who has never seen the list is shown it instead."""
        self.when_loaded(partial(self._send_at, place))

    def send(self, number: int) -> None:
        """Send a message as the message field would: to the same recipients, composed at this moment."""
        message = self._list.find(number)
        if message is not None:
            message_format = message_format_of(message, self._sending.new_format.framing)
            self._sending.send([message.text], message_format, partial(self._told, number))

    def edit(self, number: int) -> None:
        """Put a message into the message field, to be changed and sent."""
        message = self._list.find(number)
        if message is not None:
            then = partial(self._put_in_field, number, message.name, self._sending.conversation)
            if len(message.text) <= _QUICK:
                then(typeable(message))
            else:
                self._find_out(lambda: typeable(message), then)

    def update(self, number: int) -> None:
        """Replace a message by the text of the message field; it keeps its name."""
        from core.compose import SavedError

        message, composer = self._list.find(number), self._window.composer
        if message is None or not self._has_text():
            return
        try:
            changed = message_of(message.name, composer.text, composer.message_format)
        except SavedError as error:
            self._complain(str(error))
            return
        self._problems.pop(number, None)
        self._list.replace(number, changed, f"“{message.name}” is now what is in the field.")
        self._changed()

    def rename(self, number: int, name: str) -> bool:
        """Give a message another name; False if it cannot have that name, and the pane says why."""
        from core.compose import SavedError

        try:
            self._list.rename(number, name)
        except SavedError as error:
            self._complain(str(error))
            return False
        self._changed()
        return True

    def move(self, number: int, to: int) -> None:
        """Put a message at another place."""
        self._list.move(number, to)
        self._changed()

    def delete(self, number: int) -> None:
        """Take a message out of the list; it can be undone."""
        self._list.delete(number)
        self._changed()

    # To the list and from it.

    def save_field(self) -> None:
        """Put what is in the message field at the end of the list, and ask for its name."""
        if self._has_text():
            self.when_loaded(self._save_field)

    def bring_in(self) -> None:
        """Import messages from a file that a person chooses."""
        path = ask_for_source(self._window.root)
        if path is not None:
            self.bring_in_from(path)

    def bring_in_from(self, path: Path) -> None:
        """Import those messages of a file that the list does not have."""
        self._find_out(lambda: read(path), partial(self._brought_in, path.name))

    def give_out(self) -> None:
        """Export the list into a file that a person chooses."""
        path = ask_for_target(self._window.root)
        if path is not None:
            self.give_out_to(path)

    def give_out_to(self, path: Path) -> None:
        """Export the list into a file."""
        messages = self._list.messages
        self._find_out(lambda: write(path, messages), partial(self._given_out, path.name, len(messages)))

    # Private.

    def _find_out(self, work: Callable[[], Found], then: Callable[[Found], None]) -> None:
        """Do ``work`` on a thread of its own and call ``then`` here with its result; the banner says a failure."""
        find_out(work, then, self._failed, self._post)

    def _failed(self, error: BaseException) -> None:
        self._say(sentence(f"That could not be done with the saved messages: {reason(error)}"))

    def _unread(self, error: BaseException) -> None:
        """Say that the list could not be read; it is read again when it is next asked for."""
        self._keeping = None
        self._then.clear()
        self._say(sentence(f"The saved messages could not be read: {reason(error)}"))

    def _make(self) -> SavedPane:
        from gui.views.saved.saved_pane import SavedPane

        return SavedPane(self._window.side_pane, self._window.theme, self)

    def _opened(self) -> None:
        self._show_new()
        self.view.rows.focus_rows()

    def _open(self) -> None:
        if not self.is_open:
            self._window.open_side(self.view)
            self._show_new()

    def _show_new(self) -> None:
        """Show the list in the pane, which has just been opened, and what another window has kept meanwhile."""
        self._is_seen = True
        if self._is_loaded and self._keeping is not None:
            self._keeping.look()
        self.when_loaded(self._show)

    def _take_in(self, news: tuple[SavedMessage, ...]) -> None:
        """Take in the messages of the file: all of them the first time, later those of another window."""
        self._list.take_in(news)
        if not self._is_loaded:
            self._is_loaded = True
            waiting, self._then = self._then, []
            for act in waiting:
                act()
        elif news:
            self._show()

    def _send_at(self, place: int) -> None:
        assert self._keeping is not None
        if self._keeping.is_first_time and not self._is_seen:
            self._open()
            self.view.say(f"{shown('send_saved_1')} send one of these each, from now on.")
        elif place < len(self._list.kept):
            self.send(self._list.kept[place].number)
        else:
            self._window.composer.complain(f"There is no saved message {place + 1}.")

    def _told(self, number: int, result: SendResult) -> None:
        """Show what became of a sent message: an error stands at its row, or below the field if the pane is closed."""
        self._problems.pop(number, None)
        message = self._list.find(number)
        if result.sentence and message is not None:
            self._problems[number] = result.sentence
            (self._unheard.add if result.is_unheard else self._unheard.discard)(number)
            if not self.is_open:
                words = f"“{message.name}”: {result.sentence}"
                self._window.composer.complain(words, is_unheard=result.is_unheard)
        elif not self.is_open:
            self._window.composer.complain("")
        self._show()

    def _put_in_field(self, number: int, name: str, into: ConversationId, found: SavedMessage | Misfit) -> None:
        """Put the message into the field of that conversation; the text that was there is offered back."""
        from core.compose import SavedMessage

        if not isinstance(found, SavedMessage):
            self._problems[number] = found.sentence
            self._unheard.discard(number)
            self._show()
            return
        if not self._is_on_view(into):
            return
        composer = self._window.composer
        before = into, composer.text, composer.message_format
        composer.put(found.text, message_format_of(found, self._sending.new_format.framing))
        if not composer.winfo_viewable():  # where the window is narrow, the pane stands in its place
            self._window.close_side(self.view)
        composer.focus_message()
        if before[1] and before[1] != found.text:
            words = f"“{name}” is in the field, in place of what was there."
            self.view.say(words, undo=lambda: self._put_back(*before))

    def _put_back(self, into: ConversationId, text: str, message_format: MessageFormat) -> None:
        if self._is_on_view(into):
            self._window.composer.put(text, message_format)
            self.view.say("")

    def _is_on_view(self, conversation: ConversationId) -> bool:
        """Whether the field is still that of the conversation that the text was asked for in; if not, that is said."""
        is_on_view = conversation == self._sending.conversation
        if not is_on_view:
            self._complain("Another conversation is on view now: nothing was put into its field.")
        return is_on_view

    def _save_field(self) -> None:
        from core.compose import SavedError
        from core.compose.saved import MOST_MESSAGES

        composer = self._window.composer
        if len(self._list.kept) >= MOST_MESSAGES:
            composer.complain(f"No more than {MOST_MESSAGES:,} messages can be saved: delete one first.")
            return
        name, before = name_for(composer.text), self._list.kept
        try:
            number = self._list.add(message_of(name, composer.text, composer.message_format), f"“{name}” was saved.")
        except SavedError as error:
            composer.complain(str(error))
            return
        composer.complain("")
        self._open()
        self._changed()
        if self._list.kept is before:
            self.view.say("This is saved already.")
            self.view.rows.choose_number(number)
            return
        rows = self.view.rows
        rows.choose_number(number)
        rows.begin_naming(composer.focus_message)

    def _has_text(self) -> bool:
        if self._window.composer.text:
            return True
        self._window.composer.complain("There is nothing in the field that could be saved.")
        return False

    def _brought_in(self, name: str, found: tuple[SavedMessage, ...] | SavedError) -> None:
        from core.compose.saved import MOST_MESSAGES

        if not isinstance(found, tuple):
            self._complain(str(found))
            return
        new = len(set(found) - set(self._list.messages))
        total = len(self._list.kept) + new
        if total > MOST_MESSAGES:
            why = f"there would be {total:,} messages, and there can be {MOST_MESSAGES:,}"
            self._complain(with_full_stop(f"{name} was not imported: {why}"))
        elif not new:
            self.view.say(f"{name} holds nothing that is not here already.")
        else:
            known = len(found) - new
            already = f" {'One was' if known == 1 else f'{known:,} were'} here already." if known else ""
            self._list.bring_in(found, f"{counted(new)} imported from {name}.{already}")
            self._changed()
            self.view.rows.choose(total - new)

    def _given_out(self, name: str, count: int, error: SavedError | None) -> None:
        if error is None:
            self.view.say(f"{counted(count)} exported to {name}.")
        else:
            self._complain(str(error))

    def _changed(self, sentence: str | None = None) -> None:
        """Show the list, say what was done, and write it to the file, if it has changed."""
        if self._list.kept is self._known:
            return
        self._known = self._list.kept
        if self._keeping is not None:
            self._keeping.keep(self._list.messages)
        self._show()
        words = self._list.last if sentence is None else sentence
        self.view.say(words, undo=self.undo if self._list.last else None)

    def _complain(self, why: str) -> None:
        self.view.say(why, is_wrong=True)

    def _show(self) -> None:
        if self.made is not None:
            self.made.show([self._row(kept.number, kept.message) for kept in self._list.kept])

    def _row(self, number: int, message: SavedMessage) -> SavedRow:
        known, problem = self._rows.get(number), self._problems.get(number, "")
        if known is None or known[0] is not message or known[1].problem != problem:
            from gui.viewmodels.saved_list import Kept

            known = self._rows[number] = message, row_of(Kept(number, message), problem)
        return known[1]


def _open_file(path: Path) -> SavedMessagesFile:
    from core.compose import SavedMessagesFile

    return SavedMessagesFile(path)
