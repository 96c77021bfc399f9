r"""A step: a message that is sent, an end of it, an answer that has to come, a pause. And a list of them, checked.

The message is typed as in the composer. In its macros ``\{0}`` is the last answer that was as wished, ``\{1}`` and
``\{name}`` are what the expressions of earlier steps captured. Answers are looked at by the conditions of rules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from core.address import without_udp
from core.compose import Composed, Context, Draft, Encoding, Misfit, compose
from core.compose.composing import Template
from core.errors import DraftError, Fault, TincanError, quoted
from core.replies.rules.rule import (
    CONDITIONS,
    LONGEST_PATTERN,
    REGEX_SECONDS,
    AllowedVariables,
    Captures,
    Heard,
    RuleError,
    Said,
)
from core.wire.framing import Framing, FramingError, parse_framing

LONGEST_WAIT = 3_600_000  # milliseconds that a step may wait for its answer
LONGEST_PAUSE = 86_400_000  # milliseconds from a step to the next
LONGEST_NAME = 60  # characters
MOST_STEPS = 1_000
USUAL_WAIT = 2_000  # milliseconds

END, RESET, NOTHING = "end", "reset", "nothing"


class Expected(NamedTuple):
    """A way to say which answer has to come. ``takes`` is what its pattern is, in words, empty if there is none."""

    name: str  # in a file
    words: str
    takes: str


EXPECTED = (
    *(
        Expected(condition.name, condition.words.removeprefix("a message "), condition.takes)
        for condition in CONDITIONS
        if condition.hears
    ),
    Expected(END, "the other end finishes", ""),
    Expected(RESET, "the other end resets the connection", ""),
    Expected(NOTHING, "nothing comes", ""),
)
_EXPECTED = {expected.name: expected for expected in EXPECTED}


class Otherwise(Enum):
    """What is done when the answer does not come."""

    STOP = "stop"
    GO_ON = "go on"
    AGAIN = "again"  # the list begins again


class OwnEnd(Enum):
    """What this side ends, behind what it sends."""

    FINISH = "finish"  # half-close: it sends no more, and goes on receiving
    CLOSE = "close"
    RESET = "reset"  # RST

    @property
    def words(self) -> str:
        """What it does, in a word or two."""
        return {"finish": "finishes sending", "close": "closes", "reset": "resets"}[self.value]


_WHOLE_ENDS = (OwnEnd.CLOSE, OwnEnd.RESET)


class StepError(TincanError, ValueError):
    """A list that cannot be. ``step`` counts from 0, None if no step is wrong; ``field`` is the one that is wrong."""

    fault = Fault.PERSON

    def __init__(self, sentence: str, step: int | None = None, field: str = "") -> None:
        super().__init__(sentence)
        self.step = step
        self.field = field


@dataclass(frozen=True, slots=True)
class Expectation:
    """The answer that has to come within so many milliseconds from when the wait begins.

    ``when`` names one of ``EXPECTED``, ``pattern`` is text with escapes, an expression or hex, as in a rule, in
    ``encoding``.
    """

    when: str = "any"
    pattern: str = ""
    within: int = USUAL_WAIT
    otherwise: Otherwise = Otherwise.STOP
    encoding: Encoding = Encoding.UTF_8

    @property
    def words(self) -> str:
        """``equals “OK”``."""
        known = _EXPECTED.get(self.when)
        words = known.words if known is not None else self.when
        return f"{words} {quoted(self.pattern)}" if known is not None and known.takes else words


@dataclass(frozen=True, slots=True)
class Step:
    """What is sent, if anything is, then what has to come, if anything has to, then a pause in milliseconds.

    ``end`` is what this side ends, once the message is sent and before the wait.
    """

    name: str = ""
    message: Draft | None = None
    expected: Expectation | None = None
    pause: float = 0.0
    end: OwnEnd | None = None


@dataclass(frozen=True, slots=True)
class StepList:
    """Steps in their order. ``framing`` says where an answer ends; what is sent has ``frame``, the same if it is empty.

    ``target`` is the address that they are meant for, empty if it is to be named.
    """

    name: str
    steps: tuple[Step, ...]
    framing: str = "raw"
    about: str = ""
    target: str = ""
    frame: str = ""


class ReadyStep:
    """A step that can be played. Raises ``StepError`` for one that cannot, given the ``captured`` names before it.

    Of ``datagrams``, one may be empty.
    """

    def __init__(self, step: Step, frame: str, captured: tuple[str, ...], *, datagrams: bool = False) -> None:
        if len(step.name) > LONGEST_NAME or not (step.name.isprintable() or not step.name):
            raise StepError(f"a name has at most {LONGEST_NAME} characters, all of which can be shown", field="name")
        if step.message is None and step.expected is None and step.end is None:
            raise StepError("it neither sends nor expects anything", field="send")
        if step.end in _WHOLE_ENDS and step.expected is not None:
            raise StepError("it expects an answer on a connection that it ends", field="expect")
        if not 0 <= step.pause <= LONGEST_PAUSE:  # which refuses NaN, too
            raise StepError(f"a pause has from 0 to {LONGEST_PAUSE:,} milliseconds", field="pause")
        self.step = step
        self.template = (
            _template(step.message, frame, captured, may_be_empty=datagrams) if step.message is not None else None
        )
        self.heard = _heard(step.expected) if step.expected is not None else None
        self.size: int | None = None  # bytes that it takes under raw, if it does not take all that there is
        self.captures: tuple[str, ...] = self.heard.names if self.heard is not None else ()

    def match(self, message: bytes) -> Captures | None:
        """What a message that fits gives, or None. Raises ``TooSlow``."""
        assert self.heard is not None
        return self.heard.match(Said(message), REGEX_SECONDS)


class ReadySteps:
    """A list, checked, of at most so many steps. Raises ``StepError`` that says which step is wrong."""

    def __init__(self, steps: StepList, most: int = MOST_STEPS) -> None:
        if not steps.steps:
            raise StepError("there is no step in the list", field="steps")
        if len(steps.steps) > most:
            raise StepError(f"there are more than {most:,} steps in the list", field="steps")
        self.framing = _framing(steps.framing, "framing")
        frame = str(_framing(steps.frame or steps.framing, "frame"))
        self.list = steps
        self.has_datagrams = without_udp(steps.target)[1]  # its target is one of UDP
        captured: tuple[str, ...] = ()
        ready = []
        ended: tuple[int, OwnEnd] | None = None  # the latest step that ends something, counted from 1
        for place, step in enumerate(steps.steps):
            try:
                _check_order(step, ended)
                ended = (place + 1, step.end) if step.end is not None else ended
                ready.append(ReadyStep(step, frame, captured, datagrams=self.has_datagrams))
            except StepError as error:
                raise StepError(str(error), place, error.field) from None
            captured = (*captured, *ready[-1].captures)
        self.steps = tuple(ready)

    @property
    def ends_the_connection(self) -> bool:
        """Whether this side ends it, wholly or its own half: then no further round can be played over it."""
        return any(one.step.end is not None for one in self.steps)


def _check_order(step: Step, ended: tuple[int, OwnEnd] | None) -> None:
    """Raises ``StepError`` for a step that cannot be after that end."""
    if ended is None:
        return
    number, end = ended
    if end in _WHOLE_ENDS:
        raise StepError(f"nothing can follow step {number}, which {end.words} the connection", field="send")
    if step.message is not None:
        raise StepError(f"it sends after step {number}, which {end.words}", field="send")
    if step.end is OwnEnd.FINISH:
        raise StepError(f"it finishes sending after step {number}, which does so already", field="end")


def _framing(written: str, field: str) -> Framing:
    try:
        return parse_framing(written)
    except FramingError as error:
        raise StepError(str(error), field=field) from None


def _template(message: Draft, frame: str, captured: tuple[str, ...], *, may_be_empty: bool) -> Template:
    draft = replace(message, framing=frame)
    checked = compose(replace(message, framing="raw"), Context(variables=AllowedVariables(captured)))
    if isinstance(checked, Composed) and not checked.macros:
        checked = compose(draft, Context())  # of what is not fixed, only the moment tells whether it fits the frame
    if isinstance(checked, Misfit):
        raise StepError(_clause(checked.sentence), field="send")
    if not (checked.wire or checked.macros or may_be_empty):
        raise StepError("there is no byte in what it sends", field="send")
    return Template(draft)


def _heard(expected: Expectation) -> Heard | None:
    """What looks at the answer; None where the answer is an end, or none at all."""
    if not 1 <= expected.within <= LONGEST_WAIT:
        raise StepError(f"a wait has from 1 to {LONGEST_WAIT:,} milliseconds", field="within")
    if expected.when not in _EXPECTED:
        known = ", ".join(_EXPECTED)
        raise StepError(f"there is no {quoted(expected.when)} to expect, only {known}", field="expect")
    if expected.when in {END, RESET, NOTHING}:
        return None
    condition = next(each for each in CONDITIONS if each.name == expected.when)
    if condition.takes and not expected.pattern:
        raise StepError(f"a pattern is missing: {condition.takes}", field="pattern")
    if expected.when == "regex" and len(expected.pattern) > LONGEST_PATTERN:
        raise StepError(f"an expression has at most {LONGEST_PATTERN:,} characters", field="pattern")
    try:
        trigger = condition.compile(expected.pattern, expected.encoding)
    except (DraftError, RuleError) as error:
        raise StepError(_clause(str(error)), field="pattern") from None
    assert isinstance(trigger, Heard)
    return trigger


def _clause(sentence: str) -> str:
    """A sentence as a part of a longer one."""
    return f"{sentence[:1].lower()}{sentence[1:]}".removesuffix(".")
