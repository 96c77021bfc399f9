r"""A rule of a server that answers by what was said: when it fires, what it answers, what is done then. Pure values.

A condition is a row of ``CONDITIONS``, what is done then a row of ``ACTIONS``; nothing else has to be told of a new
one. Text that a message is compared with is written with escapes (``core.compose.escapes``), in the rule's encoding.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from core.compose import Composed, Context, Draft, Encoding, Format, Misfit, compose
from core.compose.composing import Template, misfit
from core.compose.draft import EVERY_VARIABLE
from core.compose.encoding import decode_as
from core.compose.hexadecimal import read_hex_pattern
from core.errors import DraftError, Fault, TincanError, quoted
from core.origin import Origin
from core.replies import Peer
from core.words import sentence

if TYPE_CHECKING:
    import regex

LONGEST_NAME = 60  # characters
LONGEST_PATTERN = 1_000  # characters
LONGEST_PAUSE = 3_600_000  # milliseconds
REGEX_SECONDS = 0.2  # that an expression may look at one message, on a thread of its own
_AT_ONCE_SECONDS = 0.002  # that it may look while other connections wait
_MOST_WAYS, _MOST_REPEATED = 256, 16  # through the alternatives of an expression for Python's own library
_PLAIN_SIZE = 1_024  # bytes of a message in which an expression that repeats one thing can lose no time

Captures: TypeAlias = Mapping[str, bytes]


class RuleError(TincanError, ValueError):
    """A rule that cannot be; ``field`` is the one that is wrong, ``place`` the character in it, counted from 0."""

    fault = Fault.PERSON

    def __init__(self, sentence: str, field: str, place: int | None = None) -> None:
        super().__init__(sentence)
        self.field = field
        self.place = place


class TooSlow(Exception):
    """An expression has looked at a message for as long as it may."""


# When.


@dataclass(frozen=True, slots=True)
class Opens:
    """The connection has opened."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing has come for so many seconds, since it opened or since the last message."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Every:
    """So many seconds have gone by, again and again."""

    seconds: float


class Said:
    """A message that was said, and as text in the encoding in which it was last asked for."""

    __slots__ = ("_encoding", "_text", "message")

    def __init__(self, message: bytes) -> None:
        self.message = message
        self._encoding: Encoding | None = None
        self._text = ""

    def text(self, encoding: Encoding) -> str:
        """The message as text in an encoding; what is no text becomes lone surrogates."""
        if self._encoding is not encoding:
            self._text, self._encoding = decode_as(self.message, encoding), encoding
        return self._text


class Heard:
    """A message that fits has come. ``match`` gives what it captured, or None."""

    names: tuple[str, ...] = ("0",)  # of what it captures
    fits: Callable[[bytes], bool] | None = (
        None  # tells at once whether it does, where it captures nothing but the whole
    )

    def __init__(self, fits: Callable[[bytes], bool]) -> None:
        self.fits = fits

    def match(self, said: Said, seconds: float = _AT_ONCE_SECONDS) -> Captures | None:  # noqa: ARG002
        """What the message gives, if it fits. Raises ``TooSlow`` after about so many seconds."""
        return {"0": said.message} if self.fits is not None and self.fits(said.message) else None


class HeardRegex(Heard):
    """A message in which a regular expression finds something.

    The expression looks at text, and bytes that are none do not fit it. It is one of the library ``regex``, which ends
    a search in time; where nothing in it can take long, Python's own, which is ten times as fast.
    """

    def __init__(self, pattern: str, encoding: Encoding) -> None:
        self._encoding = encoding
        self._plain: re.Pattern[str] | None = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what a later Python may read otherwise
                if _is_harmless(pattern):
                    self._plain = re.compile(pattern, re.DOTALL)
                self._bounded = _bounded(pattern)
        except (RecursionError, OverflowError, MemoryError):
            raise RuleError("That regular expression is too deep or too large.", "pattern") from None
        except Exception as error:
            if not isinstance(error, re.error) and type(error).__module__.partition(".")[0] != "regex":
                raise
            place = getattr(error, "pos", None)
            raise RuleError(sentence(f"That is no regular expression: {error}"), "pattern", place) from None
        known = self._bounded or self._plain
        if known is None:
            raise RuleError("An expression that can take long needs the library “regex”.", "pattern", 0)
        self.names = ("0", *map(str, range(1, known.groups + 1)), *known.groupindex)

    def match(self, said: Said, seconds: float = _AT_ONCE_SECONDS) -> Captures | None:
        found: regex.Match[str] | re.Match[str] | None = None
        if self._plain is not None and (len(said.message) <= _PLAIN_SIZE or self._bounded is None):
            found = self._plain.search(said.text(self._encoding))
        elif self._bounded is not None:
            try:
                text = said.text(self._encoding)
                found = self._bounded.search(text, timeout=seconds, concurrent=seconds > _AT_ONCE_SECONDS)
            except TimeoutError:
                raise TooSlow from None
        if found is None:
            return None
        captured = {str(number): found.group(number) for number in range(1, len(found.groups()) + 1)}
        captured.update(found.groupdict())
        return {"0": said.message, **{name: self._encoded(text or "") for name, text in captured.items()}}

    def _encoded(self, text: str) -> bytes:
        try:
            return text.encode(self._encoding.codec, "surrogateescape")
        except UnicodeEncodeError:  # half a character of UTF-16
            return text.encode(self._encoding.codec, "replace")


def regex_in_utf_8(pattern: str) -> HeardRegex:
    """What finds a regular expression in text in UTF-8. Raises ``RuleError``."""
    return HeardRegex(pattern, Encoding.UTF_8)


def _bounded(pattern: str) -> regex.Pattern[str] | None:
    """The expression as one that can be ended; None where the library is not there."""
    try:
        import regex  # 20 ms that only who has such a rule pays for
    except ImportError:
        return None
    return regex.compile(pattern, regex.DOTALL)


def _is_harmless(pattern: str) -> bool:
    """Whether searching a short text takes no time: no group is repeated, and one thing, or two from the start on, and
    there are few ways through its alternatives.
    """
    skeleton = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", pattern, flags=re.DOTALL)
    is_anchored = re.match(r"(?:\(\?[a-z]+\))?\^", skeleton) is not None and "|" not in skeleton
    repeats = len(re.findall(r"[*+{]", skeleton))
    most = _MOST_REPEATED if repeats else _MOST_WAYS
    ways = math.prod(part.count("|") + 1 for part in re.split(r"[()]", skeleton)) << skeleton.count("?")
    is_one_thing = re.search(r"\)[*+{]|\(\?[a-z]*x|\(\?#", skeleton) is None  # or may be, behind spaces and comments
    return repeats <= 1 + is_anchored and ways <= most and is_one_thing


Trigger: TypeAlias = Opens | Silence | Every | Heard


class Condition(NamedTuple):
    """A way to say when. ``takes`` is what its pattern is, in words, empty if there is none.

    ``hears`` says whether it looks at a message, so that steps can expect it, too; it then compiles to ``Heard``.
    ``compile`` raises ``RuleError`` or ``DraftError`` for a pattern that is none.
    """

    name: str  # in a file
    words: str
    takes: str
    compile: Callable[[str, Encoding], Trigger]
    hears: bool = True


def _bytes_of(pattern: str, encoding: Encoding) -> bytes:
    composed = compose(Draft(pattern, Format.ESCAPES, encoding), Context(variables=EVERY_VARIABLE))
    if isinstance(composed, Misfit):
        raise DraftError(composed.sentence, composed.start, composed.stop)
    if composed.macros:
        raise DraftError("A message is compared with text that is always the same.", composed.macros[0].start, 0)
    return composed.body


def _equals(pattern: str, encoding: Encoding) -> Trigger:
    return Heard(_bytes_of(pattern, encoding).__eq__)


def _begins(pattern: str, encoding: Encoding) -> Trigger:
    beginning = _bytes_of(pattern, encoding)
    return Heard(lambda message: message.startswith(beginning))


def _contains(pattern: str, encoding: Encoding) -> Trigger:
    part = _bytes_of(pattern, encoding)
    return Heard(lambda message: part in message)


def _is_hex(pattern: str, _encoding: Encoding) -> Trigger:
    pieces = read_hex_pattern(pattern)
    fits = re.compile(b".".join(map(re.escape, pieces)), re.DOTALL).fullmatch
    return Heard(lambda message: fits(message) is not None)


def _begins_hex(pattern: str, _encoding: Encoding) -> Trigger:
    pieces = read_hex_pattern(pattern)
    fits = re.compile(b".".join(map(re.escape, pieces)), re.DOTALL).match
    return Heard(lambda message: fits(message) is not None)


def _milliseconds(pattern: str, least: int) -> float:
    typed = pattern.strip()
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 9 and least <= int(typed) <= LONGEST_PAUSE):
        raise RuleError(f"Type milliseconds from {least:,} to {LONGEST_PAUSE:,}.", "pattern", 0)
    return int(typed) / 1000


CONDITIONS = (
    Condition("opens", "a connection opens", "", lambda _pattern, _encoding: Opens(), hears=False),
    Condition("equals", "a message equals", "text", _equals),
    Condition("begins", "a message begins with", "text", _begins),
    Condition("contains", "a message contains", "text", _contains),
    Condition("regex", "a message matches the expression", "regular expression", HeardRegex),
    Condition("hex", "a message is, in hex", "hex, ?? for any byte", _is_hex),
    Condition("hex-begins", "a message begins, in hex, with", "hex, ?? for any byte", _begins_hex),
    Condition("any", "any message comes", "", lambda _pattern, _encoding: Heard(lambda _message: True)),
    Condition(
        "silence", "nothing comes for", "milliseconds", lambda typed, _: Silence(_milliseconds(typed, 1)), hears=False
    ),
    Condition(
        "every", "again and again, every", "milliseconds", lambda typed, _: Every(_milliseconds(typed, 10)), hears=False
    ),
)


# What then.


class Action(NamedTuple):
    """What is done when the answer is out. ``goes_on`` lets the rules after this one answer, too."""

    name: str  # in a file
    words: str
    do: Callable[[Peer], None] | None = None
    goes_on: bool = False


ACTIONS = (
    Action("nothing", "wait for more"),
    Action("next", "try the next rules, too", goes_on=True),
    Action("finish", "finish sending", lambda peer: peer.finish_sending()),
    Action("close", "close the connection", lambda peer: peer.close()),
    Action("abort", "reset the connection (RST)", lambda peer: peer.abort()),
)

_CONDITIONS = {condition.name: condition for condition in CONDITIONS}
_ACTIONS = {action.name: action for action in ACTIONS}


_NO_ANSWER = Draft("")


@dataclass(frozen=True, slots=True)
class Rule:
    r"""One row of the table. ``after`` is the least and the most milliseconds before the answer.

    The answer is typed as in the composer, and goes out within the frame of the server. In its macros ``\{0}`` is the
    message, ``\{1}`` and ``\{name}`` what an expression captured, ``\{peer}`` and ``\{number}`` the peer's address and
    number. An empty answer is none.
    """

    name: str
    when: str = "equals"
    pattern: str = ""
    answer: Draft = _NO_ANSWER
    after: tuple[int, int] = (0, 0)
    then: str = "nothing"
    is_on: bool = True


class ReadyRule:
    """A rule that can be asked. Raises ``RuleError`` for one that cannot be."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.origin = Origin("rule", rule.name)
        self.trigger = _trigger(rule)
        if rule.then not in _ACTIONS:
            raise RuleError(f"There is no action {quoted(rule.then)}.", "then")
        self.action = _ACTIONS[rule.then]
        least, most = rule.after
        if not 0 <= least <= most <= LONGEST_PAUSE:
            raise RuleError(f"A pause has from 0 to {LONGEST_PAUSE:,} milliseconds, the shortest first.", "after")
        names = self.trigger.names if isinstance(self.trigger, Heard) else ()
        checked = compose(rule.answer, Context(variables=AllowedVariables(names)))
        if isinstance(checked, Misfit):
            raise RuleError(checked.sentence, "answer", checked.start)
        self.fixed = None if checked.macros else checked  # the answer that it always gives
        self._template = Template(rule.answer)
        self.is_timeless = self._template.is_timeless  # whether its answer depends on variables and captures alone

    def quoted(self, captures: Captures) -> bytes | None:
        """What it answers where that is always the same, or nothing but what was captured; None where it is more."""
        return self.fixed.body if self.fixed is not None else self._template.quoted(captures)

    def answer(self, context: Context) -> Composed | Misfit:
        """What it answers there; ``Misfit`` for what only these captures make impossible."""
        try:
            return self._template.composed(context)
        except DraftError as error:
            return misfit(error, self.rule.answer)


class AllowedVariables(dict[str, str]):
    """Each variable that an answer may name: any that has a name, and the captures that there are."""

    def __init__(self, captures: tuple[str, ...]) -> None:
        super().__init__({**dict.fromkeys(captures, ""), "0": ""})

    def __missing__(self, name: str) -> str:
        if name.isdigit():
            raise KeyError(name)
        return EVERY_VARIABLE[name]


def _trigger(rule: Rule) -> Trigger:
    condition = _CONDITIONS.get(rule.when)
    if condition is None:
        raise RuleError(f"There is no condition {quoted(rule.when)}.", "when")
    if len(rule.pattern) > LONGEST_PATTERN:
        raise RuleError(f"It has more than {LONGEST_PATTERN:,} characters.", "pattern", LONGEST_PATTERN)
    if condition.takes and not rule.pattern:
        raise RuleError(f"Type what it is compared with: {condition.takes}.", "pattern", 0)
    try:
        return condition.compile(rule.pattern, rule.answer.encoding)
    except DraftError as error:
        raise RuleError(str(error), "pattern", error.start) from None
