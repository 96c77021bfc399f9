"""What a person wants to be sent again and again, and how each of its messages is made. No tkinter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from core.errors import Fault, TincanError
from core.words import counted

if TYPE_CHECKING:
    from core.compose import Draft, SavedMessage
    from core.sending.plan import Plan
    from core.steps.step import Expectation, ReadySteps

LONGEST_MS = 86_400_000  # a day
MOST_TIMES = 1_000_000_000
MOST_STEPS = 200  # of a list
_LONGEST_NUMBER = 14  # characters


class NotMade(TincanError):
    """A message cannot be made; the text is a sentence that says why."""

    fault = Fault.PERSON


class ListStep(NamedTuple):
    """A saved message of a list, the milliseconds until the next, and the answer that is waited for, if one is."""

    message: SavedMessage
    pause_ms: float
    expected: Expectation | None = None


@dataclass(frozen=True, slots=True)
class RepeatRequest:
    """What a person asked for: the message in the field every ``every_ms``, or a list if ``steps`` has any.

    ``times`` is how often; None is until it is stopped.
    """

    every_ms: float
    times: int | None
    steps: tuple[ListStep, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether a step of the list waits for an answer."""
        return any(step.expected is not None for step in self.steps)


@dataclass(frozen=True, slots=True)
class RepeatView:
    """What there is to choose from: the message in the field, how it is meant, who gets it, saved messages.

    ``wrong`` says why the message is none, ``nobody`` why it goes to nobody.
    """

    message: str = ""
    message_format: str = ""
    to: str = ""
    wrong: str = ""
    nobody: str = ""
    saved: tuple[SavedMessage, ...] = ()


class Maker:
    """Makes the messages of one run, on its thread: composed anew each time, so that macros count on.

    ``count`` is the number that the next message with a counter in it gets; ``set`` is what the messages have set.
    """

    def __init__(self, count: int, variables: Mapping[str, str] | None = None) -> None:
        self.count = count
        self.set: dict[str, str] = {}
        self._variables = variables or {}

    def of(self, draft: Draft) -> Callable[[int], bytes]:
        """What makes messages of that draft. It raises ``NotMade``."""
        fixed: bytes | None = None

        def make(_round: int) -> bytes:
            nonlocal fixed
            if fixed is not None:
                return fixed
            from core.compose import Composed, Context, compose

            composed = compose(draft, Context.now(self.count, variables={**self._variables, **self.set}))
            if not isinstance(composed, Composed):
                raise NotMade(composed.sentence)
            if not composed.wire:
                raise NotMade("There is no byte in this message.")
            if not composed.macros:
                fixed = composed.wire
            self.set |= composed.variables
            self.count += composed.counts
            return composed.wire

        return make


def plan_of(request: RepeatRequest, drafts: Sequence[Draft], maker: Maker) -> Plan:
    """The plan for these drafts: one for each step of the list, or the one message. Raises ``PlanError``."""
    from core.sending.plan import Plan, PlannedMessage

    pauses = [step.pause_ms for step in request.steps] or [request.every_ms]
    messages = (PlannedMessage(maker.of(draft), pause / 1000) for draft, pause in zip(drafts, pauses, strict=True))
    return Plan(tuple(messages), request.times)


def steps_of(request: RepeatRequest, framing: str, frame: str) -> ReadySteps:
    """The list, whose answers are told apart by ``framing``, checked. Raises ``StepError`` that names the step."""
    from core.steps.step import LONGEST_NAME, ReadySteps, Step, StepError, StepList

    steps = tuple(
        Step(_name(step.message.name, LONGEST_NAME), step.message.draft(), _in_encoding(step), step.pause_ms)
        for step in request.steps
    )
    try:
        return ReadySteps(StepList("repeat", steps, framing, frame=frame))
    except StepError as error:
        where = f"step {error.step + 1}: " if error.step is not None else ""
        raise StepError(f"{where}{error}", error.step, error.field) from None


def _in_encoding(step: ListStep) -> Expectation | None:
    """The answer that a message waits for, in the encoding in which that is written."""
    return replace(step.expected, encoding=step.message.encoding) if step.expected is not None else None


def _name(name: str, longest: int) -> str:
    return "".join(character for character in name if character.isprintable())[:longest]


def read_pause(text: str, least: float = 1, most: float = LONGEST_MS) -> float:
    """Milliseconds as a person writes them. Raises ``ValueError`` with a sentence."""
    typed = text.strip().replace(",", "").removesuffix("ms").strip()
    whole, _point, part = typed.partition(".")
    is_number = typed.isascii() and (whole + part).isdecimal() and len(typed) <= _LONGEST_NUMBER
    if not is_number or not least <= float(typed) <= most:
        day = " (a day)" if most == LONGEST_MS else ""
        raise ValueError(f"This has to be a number of milliseconds from {least:g} to {most:,.0f}{day}.")
    return float(typed)


def read_times(text: str) -> int:
    """How often, as a person writes it. Raises ``ValueError`` with a sentence."""
    typed = text.strip().replace(",", "")
    if not (typed.isascii() and typed.isdecimal() and 1 <= int(typed[:12]) <= MOST_TIMES):
        raise ValueError(f"This has to be a whole number from 1 to {MOST_TIMES:,}.")
    return int(typed)


def pause_words(milliseconds: float) -> str:
    """As ``read_pause`` reads it."""
    return f"{milliseconds:.3f}".rstrip("0").removesuffix(".")


def repeat_words(request: RepeatRequest) -> str:
    """``Every 100 ms``; of a list how many messages it has."""
    if request.steps:
        return f"A list of {counted(len(request.steps), 'message')}"
    whole, point, part = pause_words(request.every_ms).partition(".")
    return f"Every {int(whole):,}{point}{part} ms"
