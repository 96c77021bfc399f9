"""Lessons as data: a TOML file each, whose steps are over when what they ask for has really happened. No tkinter.

What is asked for is written as conditions over the entries of the journal since the step began, and over how things
stand now; docs/lessons.md has all words for a teacher. What is no lesson is a ``ValueError`` that says why.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gui.keys import menu_words, shown

_LONGEST_TEXT = 4_000  # characters of one text
_MOST_STEPS = 50
_MOST_TRIES = 12  # of a step that are watched beside each other
_AT_ONCE_NS = 500_000_000  # within which the same message to several connections is one to all of them

# Of entries: WHO and KIND, as in "server received"; with "bytes" behind it their bytes.
_WHO = ("server", "client")
_KINDS = (
    "session opened", "listening", "resolving", "resolved", "tried", "opened", "received", "sent", "peer finished",
    "we finished", "not sent", "closed", "session closed", "turned away", "reply changed", "framing changed",
)  # fmt: skip
_ENTRIES = frozenset(f"{who} {kind}" for who in _WHO for kind in _KINDS)
_BYTES = frozenset(
    f"{who} {kind} {what}" for who in _WHO for kind in ("received", "sent") for what in ("bytes", "lines")
)
_FAILED = frozenset(f"{name} failed" for name in _ENTRIES)
_NUMBERS_NOW = frozenset({"servers", "clients", "connections"})
_WORDS_NOW = frozenset({"lens", "encoding", "on view", "reply"})

_COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
    "==": lambda left, right: left == right,
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
}
_COMPARED = re.compile(r"([a-z ]+?) *(>=|<=|==|>|<) *([0-9]{1,9}|[a-z ]+)")
_BOUNDS = ("<=", "==", "<", "never says", "ends")  # what holds only until more happens
_TOLD = re.compile(r"([a-z ]+?) (is|says|never says|ends|before) (.+)", re.DOTALL)
_COMMAND = re.compile(r"\{([a-z_0-9]*)\}")


class Happened(NamedTuple):
    """An entry of the journal as a lesson sees it: ``name`` is who and what, as "server received"."""

    name: str
    text: str  # the note, or the bytes as text
    size: int = 0  # bytes
    is_failure: bool = False
    connection: int | None = None
    mono_ns: int = 0

    @property
    def is_sent(self) -> bool:
        """Whether it is a message that was sent."""
        return self.size > 0 and self.name.endswith(" sent")


@dataclass(frozen=True, slots=True)
class Condition:
    """``left`` is compared with a number or another name, ``is`` a word, ``says`` a text, or comes ``before``."""

    left: str
    how: str
    right: str

    @property
    def is_counted(self) -> bool:
        """Whether it depends on from where entries are counted."""
        return self.how in _COMPARISONS and not {self.left, self.right} & _NUMBERS_NOW

    @property
    def is_bounded(self) -> bool:
        """Whether it may hold in the middle of something, and no longer once all of that has happened."""
        return self.how in _BOUNDS and not {self.left, self.right} & _NUMBERS_NOW

    def is_met_by(self, happened: Happened, facts: Facts) -> bool:
        """Whether an entry has the text, or is the one that comes later, that it asks for."""
        if self.how == "before":
            return happened.name == self.right and facts.counts[self.left] > 0
        is_told = self.how in ("says", "never says") and happened.name == self.left
        return is_told and self.right.lower() in happened.text.lower()


@dataclass(slots=True)
class Facts:
    """What has happened since a step began, and how things stand now."""

    counts: Counter[str] = field(default_factory=Counter)
    said: set[Condition] = field(default_factory=set)  # those that an entry met
    last: dict[str, str] = field(default_factory=dict)  # the text of the last entry of each name
    now: Mapping[str, int | str] = field(default_factory=dict)
    tries: deque[Mapping[str, int]] = field(default_factory=lambda: deque(maxlen=_MOST_TRIES))  # counts before messages

    sent: Happened | None = None  # the last message that was sent
    receivers: set[int | None] = field(default_factory=set)  # of that message, which may have gone to several
    sent_before: int = 0  # messages of that name before it

    def goes_on(self, happened: Happened) -> bool:
        """Whether it is the message before to one more of several connections."""
        sent = self.sent
        if sent is None or happened.connection in self.receivers or happened.mono_ns - sent.mono_ns > _AT_ONCE_NS:
            return False
        return (happened.name, happened.text, happened.size) == (sent.name, sent.text, sent.size)

    def take(self, happened: Happened) -> None:
        """One more entry. With each message another try begins, so that an earlier one spoils nothing."""
        if self.goes_on(happened):
            while self.tries and self.tries[-1][happened.name] > self.sent_before:
                self.tries.pop()  # it began in the middle of that message, at the first receipt of it
        elif happened.size:
            self.tries.append(self.counts.copy())
            if happened.is_sent:
                self.receivers, self.sent_before = set(), self.counts[happened.name]
        if happened.is_sent:
            self.sent = happened
            self.receivers.add(happened.connection)
        self.last[happened.name] = happened.text
        if happened.size:
            self.counts[f"{happened.name} lines"] += happened.text.count("\n")
        self.counts[happened.name] += 1
        self.counts[f"{happened.name} bytes"] += happened.size
        self.counts[f"{happened.name} failed"] += happened.is_failure

    def holds(self, condition: Condition, before: Mapping[str, int]) -> bool:
        """Whether it does just now, with numbers that are counted since they were those of ``before``."""
        if condition.how == "is":
            return str(self.now.get(condition.left, "")).lower() == condition.right.lower()
        if condition.how in ("says", "before"):
            return condition in self.said
        if condition.how == "never says":
            return condition not in self.said
        if condition.how == "ends":
            return self.last.get(condition.left, "").endswith(condition.right)
        compare = _COMPARISONS[condition.how]
        return compare(self._number(condition.left, before), self._number(condition.right, before))

    def _number(self, name: str, before: Mapping[str, int]) -> int:
        """A number, or the one that this name has."""
        return int(name) if name.isdigit() else int(self.now.get(name, self.counts[name] - before.get(name, 0)))


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, why, and what is to be seen once it is done; ``lines`` of the lesson's code speak of it.

    Where it has ``since``, only what has happened since the last entry of that name counts, and there must be one.
    """

    do: str
    why: str = ""
    then: str = ""
    lines: tuple[int, ...] = ()
    when: tuple[Condition, ...] = ()
    since: str = ""

    def listen(self, happened: Happened, facts: Facts) -> None:
        """Note which of the things that it asks for an entry has."""
        facts.said.update(condition for condition in self.when if condition.is_met_by(happened, facts))

    def is_done(self, facts: Facts, *, is_settled: bool) -> bool:
        """Whether all that it asks for is so, since it began or since any of the last messages.

        What has a bound is judged when all has happened (``is_settled``): the first of three sends is not one send.
        """
        if self.since and not facts.counts[self.since]:
            return False
        if not is_settled and any(condition.is_bounded for condition in self.when):
            return False
        counted = [condition for condition in self.when if condition.is_counted]
        if not all(facts.holds(condition, {}) for condition in self.when if not condition.is_counted):
            return False
        starts: tuple[Mapping[str, int], ...] = ({}, *facts.tries)
        return any(all(facts.holds(condition, before) for condition in counted) for before in starts)


@dataclass(frozen=True, slots=True)
class Lesson:
    """``name`` is its file's, by which progress is kept. The last of ``steps`` is the question."""

    name: str
    title: str
    about: str
    code: str
    steps: tuple[Step, ...]


class Course:
    """Where a learner is in a lesson. Goes on by what happens and does nothing itself."""

    def __init__(self, lesson: Lesson, place: int = 0) -> None:
        self.lesson = lesson
        self.place = min(max(0, place), len(lesson.steps))
        self._facts = Facts()

    @property
    def step(self) -> Step | None:
        """What is to be done; None once all is."""
        return self.lesson.steps[self.place] if self.place < len(self.lesson.steps) else None

    def watch(self, entries: Iterable[Happened], now: Mapping[str, int | str]) -> bool:
        """Take in what has happened, in order; whether a step is over by it. What ended one does not end the next."""
        before, self._facts.now = self.place, now
        self._go_on()
        for happened in entries:
            if happened.is_sent and not self._facts.goes_on(happened):
                self._go_on(is_settled=True)
            if self.step is not None and self.step.since == happened.name:
                self._facts = Facts(now=now)
            self._facts.take(happened)
            if self.step is not None:
                self.step.listen(happened, self._facts)
            self._go_on()
        return self.place != before

    def settle(self) -> bool:
        """Nothing more has happened for a moment; whether a step is over by that."""
        before = self.place
        self._go_on(is_settled=True)
        return self.place != before

    def skip(self) -> None:
        """Go on all the same."""
        self._enter(self.place + 1)

    def begin(self) -> None:
        """Begin from the first step."""
        self._enter(0)

    def _go_on(self, *, is_settled: bool = False) -> None:
        while self.step is not None and self.step.is_done(self._facts, is_settled=is_settled):
            self._enter(self.place + 1)

    def _enter(self, place: int) -> None:
        self.place = min(place, len(self.lesson.steps))
        self._facts = Facts(now=self._facts.now)


# The file.


def parse_lesson(name: str, text: str) -> Lesson:
    """A lesson from TOML. Raises ``ValueError`` for what is none."""
    table = tomllib.loads(text)
    _only(table, ("title", "about", "code", "steps", "question"), "the lesson")
    steps, code = table.get("steps"), _text(table, "code", "the lesson", is_needed=False)
    if not isinstance(steps, list) or not 1 <= len(steps) <= _MOST_STEPS:
        raise ValueError(f"it needs 1 to {_MOST_STEPS} steps, each under [[steps]]")
    if "question" not in table:
        raise ValueError("it needs a [question] at its end")
    lines = len(code.splitlines())
    asked = [(f"step {number}", step) for number, step in enumerate(steps, 1)] + [("the question", table["question"])]
    return Lesson(
        name,
        _text(table, "title", "the lesson"),
        _text(table, "about", "the lesson"),
        code,
        tuple(_step(where, step, lines) for where, step in asked),
    )


def _step(where: str, table: object, lines: int) -> Step:
    if not isinstance(table, dict):
        raise ValueError(f"{where} is no table: it is written [[steps]], and the question [question]")
    _only(table, ("do", "why", "then", "lines", "since", "when"), where)
    when, told, since = table.get("when"), table.get("lines", []), table.get("since", "")
    if not isinstance(when, list) or not when or not all(isinstance(each, str) for each in when):
        raise ValueError(f"{where} needs 'when', a list of conditions")
    if not isinstance(told, list) or not all(type(line) is int and 1 <= line <= lines for line in told):
        raise ValueError(f"'lines' of {where} are numbers of lines of the code, from 1 to {lines}")
    if not isinstance(since, str) or since not in {"", *_ENTRIES}:
        raise ValueError(f"'since' of {where} is no entry that there is, such as 'client opened'")
    do, why, then = (_text(table, name, where, is_needed=name == "do") for name in ("do", "why", "then"))
    return Step(do, why, then, tuple(told), tuple(_condition(each, where) for each in when), since)


def _condition(written: str, where: str) -> Condition:
    written = written.strip(" ")
    if found := _COMPARED.fullmatch(written):
        for name in (found[1], found[3]):
            if not name.isdigit() and name not in _ENTRIES | _BYTES | _FAILED | _NUMBERS_NOW:
                raise ValueError(f"{where} asks for '{name}', and there is no such number")
        return Condition(*found.groups())
    if found := _TOLD.fullmatch(written):
        if found[1] not in (_WORDS_NOW if found[2] == "is" else _ENTRIES):
            raise ValueError(f"{where} asks what '{found[1]}' {found[2]}, and there is no such text")
        if found[2] == "before" and found[3] not in _ENTRIES:
            raise ValueError(f"{where} asks what is before '{found[3]}', and there is no such entry")
        return Condition(*found.groups())
    raise ValueError(f"'{written}' in {where} is no condition")


def _only(table: Mapping[str, object], names: Sequence[str], where: str) -> None:
    for name in table:
        if name not in names:
            raise ValueError(f"{where} has '{name}', which nobody knows; there are {', '.join(names)}")


def _text(table: Mapping[str, Any], name: str, where: str, *, is_needed: bool = True) -> str:
    value = table.get(name, "")
    if not isinstance(value, str) or (is_needed and not value.strip()):
        raise ValueError(f"{where} needs '{name}', a text")
    if len(value) > _LONGEST_TEXT:
        raise ValueError(f"'{name}' of {where} has {len(value):,} characters, and {_LONGEST_TEXT:,} are allowed")
    return value.strip("\n") if name == "code" else _COMMAND.sub(lambda found: _key(found, where), _joined(value))


def _joined(text: str) -> str:
    """Paragraphs, whose lines are for whoever writes them."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _key(found: re.Match[str], where: str) -> str:
    """The key of a command on this system, or its words in the menu where it has none."""
    try:
        return shown(found[1]) or menu_words(found[1]).replace("&", "")
    except KeyError:
        raise ValueError(f"{where} names '{found[1]}', and there is no such command") from None
