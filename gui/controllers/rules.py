"""The tables of rules: kept, edited, tried, and given to servers. Lives on the window's thread.

The pane is made, and the file read, when they are first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.compose.encoding import Encoding
from core.errors import TincanError, reason
from core.journal.recording.ledger import Phase
from core.words import sentence, with_full_stop
from gui.controllers.saved_files import SavedKeeping, ask_for_source, ask_for_target, find_out
from gui.controllers.view_controller import ViewController
from gui.widgets.debounce import Debounce

if TYPE_CHECKING:
    from core.replies.rules import Rules
    from core.replies.rules.rule_set import RuleSet, RuleSetsFile
    from gui.controllers.main import MainController
    from gui.viewmodels.rule_tables import Mistake, RuleFields, RuleTables, Tried
    from gui.views.rules.rules_pane import RulesPane, RulesView
    from gui.window import Window

_EVERY = 500  # milliseconds between two looks at how often rules have fired
_MOST_TRIED = 64 * 1024  # bytes of a message


class RulesController(ViewController["RulesPane"]):
    """Keeps the tables, their pane and their file in step. Implements ``RulesPaneController``.

    ``post`` has a call made on the window's thread, from any other.
    """

    def __init__(
        self, window: Window, main_controller: MainController, path: Path, post: Callable[[Callable[[], None]], None]
    ) -> None:
        super().__init__(window, window.open_side, window.close_side)
        self._main_controller, self._path, self._post = main_controller, path, post
        self._tables_or_none: RuleTables | None = None
        self._keeping: SavedKeeping[RuleSet] | None = None
        self._kept: tuple[RuleSet, ...] = ()
        self._is_loaded = False
        self._then: list[Callable[[], None]] = []  # what waits for the tables
        self._again = Debounce(window.root, self._look)
        self._trial = 0  # counts what is tried: an answer that is late is of no use

    # The pane.

    def toggle(self) -> None:
        """Open the pane beside the conversation with the focus in it, or close it."""
        if self.is_open:
            self.view.editor.commit()
        super().toggle()

    def open(self) -> None:
        """Open the pane on the table by which the server on view answers, if it does by one."""
        running = self._running
        self._load()
        if running is not None:
            self._tables.take_in([running.rules])
            self._tables.choose(running.rules.name)
        if not self.is_open:
            self._window.open_side(self.view)
            self._look()
        self.show()
        self.view.focus_first()

    @property
    def names(self) -> tuple[str, ...]:
        """Of all tables; none before they were first asked for."""
        return self._tables_or_none.names if self._tables_or_none is not None else ()

    def when_loaded(self, act: Callable[[], None]) -> None:
        """Call ``act`` once the tables are read, at once if they are; those that are always there if they cannot be."""
        if self._is_loaded:
            act()
        else:
            self._then.append(act)
            self._load()

    def show(self) -> None:
        """Show the table on view as it is by now."""
        if self.is_open:
            self.view.show(self._view)

    def close(self, patience: float = 1.0) -> None:
        """Write the last change to the file; waits so many seconds at most."""
        self._again.cancel()
        if self._keeping is not None:
            self._keeping.close(patience)

    def rules_called(self, name: str) -> Rules | None:
        """A person's own table of that name, to answer by."""
        from core.replies.rules import Rules

        found = self._tables.find(name) if self._tables_or_none is not None else None
        return Rules(found) if found is not None else None

    # The table.

    def choose(self, key: str) -> None:
        """Have another table on view, begin one, copy it or delete it."""
        from gui.views.rules.rules_pane import COPY, DELETE, NEW

        tables = self._tables
        self.view.editor.commit()
        acts = {NEW: tables.new, COPY: tables.copy_table, DELETE: tables.delete_table}
        if key in acts:
            self._do(acts[key])
        else:
            tables.choose(key)
            self.view.say("")
        self.show()

    def rename(self, name: str) -> str:
        """Give the table another name; the answer says why it cannot have that, or nothing."""
        why = self._tables.rename(name)
        if not why:
            self._changed()
        return why

    def choose_framing(self, framing: str) -> None:
        """Have the table made for messages that are told apart in another way."""
        self._do(partial(self._tables.choose_framing, framing))

    def use(self) -> None:
        """Have the server on view, or the next one, answer by the table on view."""
        from core.replies.rules import Rules

        self.view.editor.commit()
        rules = self._tables.chosen
        try:
            self._main_controller.reply.take(Rules(rules))
        except TincanError as error:
            self.view.say(sentence(error), is_wrong=True)
            return
        is_server = self._is_server
        self.view.say(f"“{rules.name}” answers {'here' if is_server else 'on the next server'} from now on.")
        self.show()

    def bring_in(self) -> None:
        """Import a table from a file that a person chooses: one of ours, or Packet Sender's settings."""
        path = ask_for_source(self._window.root, "rules", ("Packet Sender’s settings", "*.ini"))
        if path is not None:
            self.bring_in_from(path)

    def bring_in_from(self, path: Path) -> None:
        """Import the table of a file."""
        from core.replies.rules.rule_set import import_rule_set

        def take(rules: RuleSet) -> None:
            self._do(partial(self._tables.bring_in, rules))

        find_out(lambda: import_rule_set(path), take, self._failed, self._post)

    def give_out(self) -> None:
        """Export the table on view into a file that a person chooses."""
        path = ask_for_target(self._window.root, "rules")
        if path is not None:
            self.give_out_to(path)

    def give_out_to(self, path: Path) -> None:
        """Export the table on view into a file."""
        from core.replies.rules.rule_set import export_rule_set

        rules = self._tables.chosen
        words = f"“{rules.name}” was exported to {path.name}."
        find_out(lambda: export_rule_set(path, rules), lambda _: self.view.say(words), self._failed, self._post)

    # Its rules.

    def choose_rule(self, place: int) -> None:
        """Have another rule in the editor."""
        self.view.editor.commit()
        self._tables.choose_rule(place)
        self.show()

    def add(self) -> None:
        """Put a new rule behind the chosen one, and go to its name."""
        self._do(self._tables.add)
        self.view.editor.focus_name()

    def copy(self) -> None:
        """Put a copy of the chosen rule behind it."""
        self._do(self._tables.copy)

    def delete(self) -> None:
        """Take the chosen rule out; it can be undone."""
        self._do(self._tables.delete)

    def move(self, step: int) -> None:
        """Put the chosen rule so many places further down."""
        self._do(partial(self._tables.move, step))

    def switch(self) -> None:
        """Switch the chosen rule on or off."""
        self._do(self._tables.switch)

    def undo(self) -> None:
        """Take back the last change of the tables."""
        words = self._tables.last
        if words:
            self._tables.undo()
            self._changed(f"Taken back: {words}")

    def edit(self, fields: RuleFields) -> Mistake | None:
        """Have the chosen rule be what the fields say; the answer is what is wrong with them."""
        mistake = self._tables.edit(fields)
        if mistake is None:
            self._changed()
        else:
            self.show()
        return mistake

    def check(self, fields: RuleFields) -> Mistake | None:
        """What is wrong with the fields, while a person types."""
        from gui.viewmodels.rule_tables import Mistake

        found = self._tables.read(fields)
        return found if isinstance(found, Mistake) else None

    # Trying.

    def try_it(self, typed: str) -> None:
        """Show what the table on view would answer to a message; nothing is sent."""
        from core.replies.rules import Rules
        from gui.viewmodels.rule_tables import Mistake, read_message, try_rules

        self.view.editor.commit()
        message, rules, framing = read_message(typed), self._tables.chosen, self._framing
        self._trial += 1
        number = self._trial
        if isinstance(message, Mistake):
            self.view.show_tried(None, self._encoding, message)
            return

        def then(found: tuple[Tried, ...]) -> None:
            if number == self._trial and self.is_open:
                self.view.show_tried(found, self._encoding)
                self.view.see_tried()

        find_out(lambda: try_rules(Rules(rules), message, framing), then, self._failed, self._post)

    def take_message(self) -> None:
        """Try the message that is chosen in the conversation."""
        from core.compose import Format, describe
        from gui.viewmodels.rule_tables import message_within

        data = self._main_controller.messages.chosen_bytes(_MOST_TRIED, f"to be tried: {_MOST_TRIED:,} are not.")
        if data is not None:
            typed = describe(message_within(data, self._framing), Format.ESCAPES)
            self.view.message.put(typed or "")
            self.try_it(self.view.message.text)

    # Private.

    @property
    def _tables(self) -> RuleTables:
        if self._tables_or_none is None:
            from gui.viewmodels.rule_tables import RuleTables

            self._tables_or_none = RuleTables()
            self._tables_or_none.on_replace = self._main_controller.reply.replace_rules
        return self._tables_or_none

    def _make(self) -> RulesPane:
        from gui.views.rules.rules_pane import RulesPane

        return RulesPane(self._window.side_pane, self._window.theme, self)

    @property
    def _running(self) -> Rules | None:
        """The rules by which the server on view answers, if it does by rules."""
        from core.replies.rules import Rules

        reply = self._main_controller.reply.reply_of(self._main_controller.selected) if self._is_server else None
        return reply if isinstance(reply, Rules) else None

    @property
    def _in_use(self) -> Rules | None:
        """The same if they are those of the table on view."""
        running = self._running
        return running if running is not None and running.rules == self._tables.chosen else None

    @property
    def _is_server(self) -> bool:
        state = self._main_controller.state
        return state is not None and state.role.replies and state.phase is not Phase.ENDED

    @property
    def _framing(self) -> str:
        """How messages are told apart where the table on view is in use, or would be."""
        state = self._main_controller.state
        return state.framing if state is not None and self._in_use is not None else self._tables.chosen.framing

    @property
    def _encoding(self) -> Encoding:
        return Encoding(self._main_controller.viewing.encoding)

    @property
    def _view(self) -> RulesView:
        from gui.viewmodels.rule_tables import fired_words
        from gui.views.rules.rules_pane import RulesView

        tables, running = self._tables, self._in_use
        fields, mistake = tables.fields
        unknown = running.unknown if running is not None else None
        times, last = fired_words(*unknown) if unknown is not None else ("", "")
        return RulesView(
            tables.names, tables.chosen.name, tables.is_own, tables.chosen.about, tables.chosen.framing,
            tables.rows(running), tables.place, fields, mistake,
            "In use here" if running is not None
            else "Use for this server" if self._is_server else "Use for the next server",
            running is not None, f"Messages that no rule answers: {times}, last at {last}" if times else "",
        )  # fmt: skip

    def _do(self, act: Callable[[], None]) -> None:
        """Change the tables, after what was typed until now."""
        self.view.editor.commit()
        before = self._tables.own
        act()
        if self._tables.own is not before:
            self._changed()

    def _changed(self, words: str | None = None) -> None:
        """Keep the tables, show them, and say what was done."""
        tables = self._tables
        if tables.own != self._kept and self._keeping is not None:
            self._kept = tables.own
            self._keeping.keep(tables.own)
        self.view.say(tables.last if words is None else words, can_undo=bool(tables.last))
        self.show()
        if self.view.tried and self.view.message.text:
            self.try_it(self.view.message.text)

    def _look(self) -> None:
        """Show how often rules have fired, now and as long as the pane is open."""
        if self.is_open:
            self.show()
            self._again.ask(_EVERY)

    def _load(self) -> None:
        if self._keeping is None:
            self._keeping = SavedKeeping(
                self._window.root, self._path, "rules", _open_file,
                post=self._post, on_news=self._take_in, on_unread=self._unread, complain=self._main_controller.say,
            )  # fmt: skip
            self._keeping.load()

    def _take_in(self, news: tuple[RuleSet, ...]) -> None:
        self._tables.take_in(news)
        self._kept = self._tables.own
        self.show()
        self._loaded()

    def _loaded(self) -> None:
        assert self._tables is not None
        self._is_loaded = True
        waiting, self._then = self._then, []
        for act in waiting:
            act()

    def _unread(self, error: BaseException) -> None:
        self._failed(error)
        self._loaded()

    def _failed(self, error: BaseException) -> None:
        words = with_full_stop(reason(error))  # which may begin with the name of a file
        if self.is_open:
            self.view.say(words, is_wrong=True)
        else:
            self._main_controller.say(words)


def _open_file(path: Path) -> RuleSetsFile:
    from core.replies.rules.rule_set import RuleSetsFile

    return RuleSetsFile(path)
