"""The tables of rules: as they are changed, as the pane shows them, and what a message would be answered.

Values only; no tkinter, no file, no socket.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from core.compose import Context, Draft, Format, Misfit, compose
from core.compose.encoding import Encoding, decode_as
from core.compose.hexadecimal import write_hex
from core.errors import TincanError, reason
from core.replies.rules.rule import (
    ACTIONS,
    CONDITIONS,
    LONGEST_NAME,
    REGEX_SECONDS,
    ReadyRule,
    Rule,
    RuleError,
    Said,
    TooSlow,
)
from core.replies.rules.rule_set import MOST_RULES, MOST_SETS, RuleSet
from core.replies.rules.starters import STARTERS
from core.wire.framing import parse_framing
from core.words import sentence
from gui.viewmodels.drafting import MessageFormat

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.replies.rules import Rules
    from core.replies.rules.rule import Captures

WHEN = tuple((condition.name, condition.words) for condition in CONDITIONS)
THEN = tuple((action.name, action.words) for action in ACTIONS)
MOST_STEPS = 100  # that can be undone
MOST_SHOWN = 1_024  # bytes of an answer that is tried
_TAKES = {condition.name: condition.takes for condition in CONDITIONS}
_WHEN, _THEN = dict(WHEN), dict(THEN)
_FIRST = Rule("a greeting", "equals", "hello", Draft("hello to you, too", Format.ESCAPES))


def takes(when: str) -> str:
    """What the pattern of a condition is, in words; empty if it has none."""
    return _TAKES.get(when, "")


# One rule.


@dataclass(frozen=True, slots=True)
class RuleFields:
    """A rule as the fields of the editor have it."""

    name: str = ""
    when: str = "equals"
    pattern: str = ""
    answer: str = ""
    format: str = "escapes"
    encoding: str = "utf-8"
    ending: str = "nothing"
    least: str = "0"
    most: str = "0"
    then: str = "nothing"
    is_on: bool = True


class Mistake(NamedTuple):
    """What is wrong in a field of the editor, and at which character, counted from 0, if that is known."""

    field: str
    sentence: str
    place: int | None = None


def fields_of(rule: Rule) -> RuleFields:
    """The rule, to be edited."""
    answer, (least, most) = rule.answer, rule.after
    return RuleFields(
        rule.name, rule.when, rule.pattern, answer.text, answer.format.value, answer.encoding.value,
        answer.ending.name.lower(), str(least), str(most), rule.then, rule.is_on,
    )  # fmt: skip


def rule_of(fields: RuleFields, others: Iterable[str]) -> Rule | Mistake:
    """The rule that the fields make, or what is wrong in one of them. ``others`` are the names of the other rules."""
    name = fields.name.strip()
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        return Mistake("name", f"A name has from 1 to {LONGEST_NAME} letters, digits or signs.")
    if name in others:
        return Mistake("name", "Another rule of this table has that name.")
    after = []
    for field in ("least", "most"):
        typed = getattr(fields, field).strip().replace(",", "") or "0"
        if not (typed.isascii() and typed.isdecimal() and len(typed) < 9):
            return Mistake(field, "Type whole milliseconds.", 0)
        after.append(int(typed))
    pattern = fields.pattern if takes(fields.when) else ""
    answer = MessageFormat(fields.format, fields.encoding, fields.ending).draft(fields.answer)
    rule = Rule(name, fields.when, pattern, answer, (after[0], max(after)), fields.then, fields.is_on)
    try:
        ReadyRule(rule)
    except RuleError as error:
        return Mistake("most" if error.field == "after" else error.field, str(error), error.place)
    return rule


class RuleRow(NamedTuple):
    """A rule as the list has it. ``mistake`` is why what is in the editor of it does not count yet."""

    name: str
    when: str
    times: str  # that it has fired; empty for none
    last: str  # when, HH:MM:SS
    is_on: bool
    mistake: str = ""

    @property
    def words(self) -> str:
        """All there is to say of it."""
        off = "" if self.is_on else "; it is off"
        fired = f"; fired {self.times}, last at {self.last}" if self.times else ""
        return f"“{self.name}”: {self.when}{off}{fired}"


def when_words(rule: Rule) -> str:
    """When it fires, in a few words: ``equals T?``."""
    words = _WHEN[rule.when].removeprefix("a message ")
    unit = " ms" if takes(rule.when) == "milliseconds" else ""
    return f"{words} {rule.pattern}{unit}" if takes(rule.when) else words


def fired_words(times: int, last: int) -> tuple[str, str]:
    """How often a rule fired, and when last, of nanoseconds since 1970: ``3 ×`` and ``12:04:05``; empty for never."""
    if not times:
        return "", ""
    return f"{times:,} ×", time.strftime("%H:%M:%S", time.localtime(last // 1_000_000_000))


# The tables.


class _Step(NamedTuple):
    words: str
    own: tuple[RuleSet, ...]
    name: str
    place: int
    replaced: tuple[RuleSet, RuleSet] | None  # a table, and the one that took its place


class RuleTables:
    """The starters and a person's own tables, one of them chosen, and in it one rule.

    A starter that is changed becomes an own table under another name. What is changed says what it did (``last``)
    and can be undone. ``on_replace`` is told the table that was and the one that took its place.
    """

    def __init__(self) -> None:
        self.own: tuple[RuleSet, ...] = ()
        self.place = 0  # of the chosen rule
        self.on_replace: Callable[[RuleSet, RuleSet], None] = lambda _before, _now: None
        self._name = STARTERS[0].name
        self._steps: list[_Step] = []
        self._pending: dict[tuple[str, str], tuple[RuleFields, Mistake]] = {}  # by table and rule

    @property
    def names(self) -> tuple[str, ...]:
        """Of all tables: a person's own first."""
        return tuple(rules.name for rules in (*self.own, *STARTERS))

    @property
    def chosen(self) -> RuleSet:
        """The table on view."""
        return self.find(self._name) or STARTERS[0]

    @property
    def is_own(self) -> bool:
        """Whether the table on view is a person's own."""
        return self.chosen in self.own

    @property
    def rule(self) -> Rule | None:
        """The chosen rule; None in a table that has none."""
        rules = self.chosen.rules
        return rules[min(self.place, len(rules) - 1)] if rules else None

    @property
    def last(self) -> str:
        """What was done last, as a sentence; empty if nothing can be undone."""
        return self._steps[-1].words if self._steps else ""

    def find(self, name: str) -> RuleSet | None:
        """The table of that name, in whatever case."""
        wanted = name.casefold()
        return next((rules for rules in (*self.own, *STARTERS) if rules.name.casefold() == wanted), None)

    def choose(self, name: str) -> None:
        """Have another table on view."""
        if self.find(name) is not None and name.casefold() != self._name.casefold():
            self._name, self.place = name, 0

    def choose_rule(self, place: int) -> None:
        """Have another rule of it in the editor."""
        self.place = max(0, min(place, len(self.chosen.rules) - 1))

    def take_in(self, own: Iterable[RuleSet]) -> None:
        """Take in the tables of the file."""
        names = {rules.name.casefold() for rules in (*self.own, *STARTERS)}
        self.own += tuple(rules for rules in own if rules.name.casefold() not in names)

    # The table.

    def new(self) -> None:
        """Begin a table with one rule to change."""
        if self._has_room():
            made = RuleSet(self._free("rules"), (_FIRST,))
            self._do(f"“{made.name}” was begun.", (*self.own, made), made.name, 0)

    def copy_table(self) -> None:
        """Have a copy of the table on view."""
        if self._has_room():
            made = replace(self.chosen, name=self._free(self.chosen.name))
            self._do(f"“{made.name}” is a copy of “{self._name}”.", (*self.own, made), made.name, self.place)

    def delete_table(self) -> None:
        """Delete the table on view, if it is an own one."""
        gone = self.chosen
        if self.is_own:
            left = tuple(rules for rules in self.own if rules is not gone)
            self._do(f"“{gone.name}” was deleted.", left, (left or STARTERS)[0].name, 0)

    def rename(self, name: str) -> str:
        """Give the table on view another name; the answer says why it cannot have that, or nothing."""
        name, before = name.strip(), self.chosen
        if name == before.name:
            return ""
        known = self.find(name)
        if known is not None and known is not before:
            return "Another table has that name."
        try:
            made = replace(before, name=name)
        except TincanError as error:
            return sentence(str(error))
        self._replace(before, made, f"“{before.name}” is called “{name}” now.", self.place)
        return ""

    def choose_framing(self, framing: str) -> None:
        """Have the table made for messages that are told apart in another way."""
        before = self.chosen
        if framing != before.framing:
            self._replace(before, replace(before, framing=framing), "The messages are told apart anew.", self.place)

    def bring_in(self, rules: RuleSet) -> None:
        """Add a table that was imported, under a name that is free."""
        if self._has_room():
            made = rules if self.find(rules.name) is None else replace(rules, name=self._free(rules.name))
            self._do(f"“{made.name}” was imported, with {len(made.rules):,} rules.", (*self.own, made), made.name, 0)

    # Its rules.

    def add(self) -> None:
        """Put a rule to change behind the chosen one."""
        made = replace(_FIRST, name=self._free_rule("rule"))
        self._insert(made, f"“{made.name}” was added.")

    def copy(self) -> None:
        """Put a copy of the chosen rule behind it."""
        if self.rule is not None:
            made = replace(self.rule, name=self._free_rule(self.rule.name))
            self._insert(made, f"“{made.name}” is a copy of “{self.rule.name}”.")

    def delete(self) -> None:
        """Take the chosen rule out."""
        gone, rules = self.rule, self.chosen.rules
        if gone is not None:
            left = (*rules[: self.place], *rules[self.place + 1 :])
            self._change(left, f"“{gone.name}” was deleted.", min(self.place, max(0, len(left) - 1)))

    def move(self, step: int) -> None:
        """Put the chosen rule so many places further down."""
        rules, to = [*self.chosen.rules], self.place + step
        if self.rule is not None and 0 <= to < len(rules):
            moved = rules.pop(self.place)
            rules.insert(to, moved)
            self._change(tuple(rules), f"“{moved.name}” is asked as number {to + 1}.", to)

    def switch(self) -> None:
        """Switch the chosen rule on or off."""
        rule = self.rule
        if rule is not None:
            words = f"“{rule.name}” is {'off' if rule.is_on else 'on'} now."
            self._put(replace(rule, is_on=not rule.is_on), words)

    def read(self, fields: RuleFields) -> Rule | Mistake:
        """The rule that the fields make in the place of the chosen one, or what is wrong in one of them."""
        rule = self.rule
        return rule_of(fields, {other.name for other in self.chosen.rules if other is not rule})

    def edit(self, fields: RuleFields) -> Mistake | None:
        """Have the chosen rule be what the fields say; the answer is what is wrong, and then it stays as it is."""
        rule, key = self.rule, self._key
        if rule is None:
            return None
        made = self.read(fields)
        if isinstance(made, Mistake):
            self._pending[key] = fields, made
            return made
        self._pending.pop(key, None)
        if made != rule:
            self._put(made, f"“{made.name}” was changed.")
        return None

    @property
    def fields(self) -> tuple[RuleFields, Mistake | None]:
        """What the editor shows of the chosen rule, and what is wrong with it if it does not count yet."""
        pending = self._pending.get(self._key)
        if pending is not None:
            return pending
        return (fields_of(self.rule), None) if self.rule is not None else (RuleFields(), None)

    def undo(self) -> None:
        """Take back what was done last."""
        if self._steps:
            step = self._steps.pop()
            self.own, self._name, self.place = step.own, step.name, step.place
            if step.replaced is not None:
                self.on_replace(step.replaced[1], step.replaced[0])

    def rows(self, running: Rules | None) -> tuple[RuleRow, ...]:
        """The rules of the table on view, with the counts of a server that answers by them."""
        table, fired = self.chosen, running.fired if running is not None else {}
        rows = []
        for rule in table.rules:
            counts = fired.get(rule.name)
            pending = self._pending.get((table.name, rule.name))
            rows.append(
                RuleRow(
                    rule.name,
                    when_words(rule),
                    *(fired_words(*counts) if counts is not None else ("", "")),
                    rule.is_on,
                    pending[1].sentence if pending is not None else "",
                )
            )
        return tuple(rows)

    # Private.

    @property
    def _key(self) -> tuple[str, str]:
        return self._name, self.rule.name if self.rule is not None else ""

    def _has_room(self) -> bool:
        return len(self.own) < MOST_SETS

    def _free(self, name: str) -> str:
        return _free_name(name, lambda wanted: self.find(wanted) is None)

    def _free_rule(self, name: str) -> str:
        known = {rule.name for rule in self.chosen.rules}
        return _free_name(name, lambda wanted: wanted not in known)

    def _insert(self, rule: Rule, words: str) -> None:
        rules = self.chosen.rules
        if len(rules) < MOST_RULES:
            at = min(self.place + 1, len(rules))
            self._change((*rules[:at], rule, *rules[at:]), words, at)

    def _put(self, rule: Rule, words: str) -> None:
        rules = self.chosen.rules
        self._change((*rules[: self.place], rule, *rules[self.place + 1 :]), words, self.place)

    def _change(self, rules: tuple[Rule, ...], words: str, place: int) -> None:
        before = self.chosen
        self._replace(before, replace(before, rules=rules), words, place)

    def _replace(self, before: RuleSet, now: RuleSet, words: str, place: int) -> None:
        """Have another table in the place of the one on view, or, of a starter, beside it."""
        if before in self.own:
            own = tuple(now if rules is before else rules for rules in self.own)
        elif self._has_room():
            now = replace(now, name=self._free(now.name) if now.name == before.name else now.name)
            words = f"{words} It is in “{now.name}”: “{before.name}” stays as it is."
            own = (*self.own, now)
        else:
            return
        self._do(words, own, now.name, place, (before, now))
        self.on_replace(before, now)

    def _do(
        self,
        words: str,
        own: tuple[RuleSet, ...],
        name: str,
        place: int,
        replaced: tuple[RuleSet, RuleSet] | None = None,
    ) -> None:
        step = _Step(words, self.own, self._name, self.place, replaced)
        self._steps = [*self._steps[-MOST_STEPS + 1 :], step]
        self.own, self._name, self.place = own, name, place


def _free_name(name: str, is_free: Callable[[str], bool]) -> str:
    """That name, or one like it with a number behind it, as no other has."""
    if is_free(name):
        return name
    stem = name.rstrip("0123456789").rstrip() or name
    number = 2
    while not is_free(wanted := f"{stem[: LONGEST_NAME - 5]} {number}"):
        number += 1
    return wanted


# Trying.


class Tried(NamedTuple):
    """What a rule would do with a message: the bytes that would go out, frame included, or why there are none."""

    rule: str
    wire: bytes
    words: str

    @property
    def hex(self) -> str:
        """The first of the bytes in hex."""
        return write_hex(self.wire[:MOST_SHOWN]) + (" …" if len(self.wire) > MOST_SHOWN else "")

    def text(self, encoding: Encoding) -> str:
        """The first of them as text."""
        return decode_as(self.wire[:MOST_SHOWN], encoding)


def read_message(typed: str) -> bytes | Mistake:
    """The message that was typed, with escapes, to be tried."""
    composed = compose(Draft(typed, Format.ESCAPES), Context.now())
    if isinstance(composed, Misfit):
        return Mistake("message", composed.sentence, composed.start)
    return composed.body


def message_within(data: bytes, framing: str) -> bytes:
    """The first message that these bytes hold in a framing; all of them where they hold none."""
    framer = parse_framing(framing).framer(max(1, len(data)))
    found = [*framer.feed(data), *framer.finish()]
    return found[0] if found and isinstance(found[0], bytes) else data


def try_rules(rules: Rules, message: bytes, framing: str, peer: str = "127.0.0.1:50000") -> tuple[Tried, ...]:
    """What the rules would do with a message from ``peer``, the first of its server. Nothing is sent.

    An expression may take a while: ``REGEX_SECONDS`` for each.
    """
    found: list[Tried] = []
    said = Said(message)
    for rule, match, _fits in rules.heard:
        try:
            captures = match(said, REGEX_SECONDS)
        except TooSlow:
            found.append(Tried(rule.rule.name, b"", "Its expression finds no end: it is left out."))
            continue
        if captures is not None:
            found.append(_tried(rule, captures, framing, peer))
            if not rule.action.goes_on:
                break
    return tuple(found)


def _tried(rule: ReadyRule, captures: Captures, framing: str, peer: str) -> Tried:
    context = replace(Context.now(0, variables={"peer": peer, "number": "1"}), captures=captures)
    composed = rule.fixed or rule.answer(context)
    name, then = rule.rule.name, _THEN[rule.rule.then]
    if isinstance(composed, Misfit):
        return Tried(name, b"", composed.sentence)
    if not composed.body:
        return Tried(name, b"", sentence(f"answers nothing, then: {then}"))
    try:
        wire = parse_framing(framing).enclose(composed.body)
    except TincanError as error:
        return Tried(name, b"", sentence(reason(error)))
    least, most = rule.rule.after
    pause = "" if not most else f" after {most:,} ms" if least == most else f" after {least:,} to {most:,} ms"
    return Tried(name, wire, sentence(f"answers {len(wire):,} bytes{pause}, then: {then}"))
