"""What a tap holds, in words, and how that is asked for in the bar. Pure; no tkinter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from core.words import connection_name, counted, duration

if TYPE_CHECKING:
    from core.roles import Role

_SECOND, _MINUTE = 1_000_000_000, 60_000_000_000  # ns


class Waiting(NamedTuple):
    """A held message: the number of the leg on which it came, its bytes, and since when, in ``monotonic_ns``."""

    number: int
    size: int
    since: int


@dataclass(frozen=True, slots=True)
class HoldForm:
    """What stands in the bar: which directions are held, and what has to be in a message for that."""

    out: bool = False
    into: bool = False
    expression: str = ""

    @property
    def is_on(self) -> bool:
        """Whether anything is held."""
        return self.out or self.into


@dataclass(frozen=True, slots=True)
class HoldView:
    """What the bar shows: whether it can be used, how many wait, and what there is to say."""

    form: HoldForm = HoldForm()
    is_free: bool = False
    count: int = 0
    is_editing: bool = False
    words: str = ""


def waiting_words(held: Sequence[Waiting], role: Role, form: HoldForm, now: int) -> str:
    """How many wait and for how long, and what the first is. ``now`` is a reading of ``monotonic_ns``."""
    if not held:
        return "Nothing waits." if form.is_on else "Nothing is held: choose a direction."
    first = held[0]
    caller = connection_name(abs(first.number))
    way = f"{caller} → {role.onward}" if first.number > 0 else f"{role.onward} → {caller}"
    waited = max(0, now - first.since)
    since = duration(waited) if waited >= _MINUTE else f"{waited // _SECOND} s"
    which = f"1 waits for {since}" if len(held) == 1 else f"{len(held):,} wait, the first for {since}"
    return f"{which}: {way}, {counted(first.size, 'byte')}."
