"""Which of ``core.settings.Limits`` a person may change, within what bounds, and how they read. No tkinter.

What is kept is a mapping from a limit's name to its value, and only what differs from the default.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

from core.settings import DEFAULTS, KIB, Limits
from core.words import sentence
from gui.platform.differences import HERE, WINDOWS

LimitValue: TypeAlias = float | None  # None is off
LimitValues: TypeAlias = Mapping[str, LimitValue]

OFF = "off"
_NUMBER = re.compile(r"[0-9]{1,12}([.,][0-9]{1,3})?", re.ASCII)
_FIELDS = {field.name: field for field in fields(Limits)}


@dataclass(frozen=True, slots=True)
class OfferedLimit:
    """One limit as a person sees it. The bounds are in the unit that is shown."""

    name: str  # of the field of Limits
    words: str
    smallest: float
    largest: float
    may_be_off: bool = False
    factor: int = 1  # how many of the field's unit make one of the unit that is shown
    shown_unit: str = ""  # the field's own if empty

    @property
    def unit(self) -> str:
        """What a number in the field means."""
        return self.shown_unit or str(_FIELDS[self.name].metadata["unit"])

    @property
    def why(self) -> str:
        """The reason that the limit is there for, as a sentence."""
        return sentence(_FIELDS[self.name].metadata["why"])

    @property
    def usual(self) -> LimitValue:
        """The default."""
        value: LimitValue = getattr(DEFAULTS, self.name)
        return value

    @property
    def is_whole(self) -> bool:
        """Whether half of one makes no sense."""
        return isinstance(self.usual, int)

    def shown(self, value: LimitValue) -> str:
        """A value as it stands in the field."""
        return OFF if value is None else f"{value / self.factor:.3f}".rstrip("0").rstrip(".")

    def read(self, text: str) -> LimitValue:
        """What was typed. Raises ``ValueError`` with a sentence that says what would do."""
        typed = text.strip().removesuffix(self.unit).strip()
        if self.may_be_off and typed.lower() in ("", OFF):
            return None
        if not _NUMBER.fullmatch(typed):
            raise ValueError(f"This has to be a number{' or the word off' if self.may_be_off else ''}.")
        return self.checked(float(typed.replace(",", ".")) * self.factor)

    def checked(self, value: LimitValue) -> LimitValue:
        """The value, if it may be one. Raises ``ValueError`` with a sentence that says what would do."""
        if value is None:
            if self.may_be_off:
                return None
            raise ValueError("This cannot be switched off.")
        if not math.isfinite(value) or not self.smallest <= value / self.factor <= self.largest:
            raise ValueError(f"This has to be between {self.smallest:,g} and {self.largest:,g} {self.unit}.")
        if self.is_whole and value != int(value):
            raise ValueError("This has to be a whole number.")
        return int(value) if self.is_whole else value


_DAY = 86_400  # seconds
_MOST = 500 if HERE.name == WINDOWS else 10_000  # connections; select() on Windows takes 512 sockets

OFFERED = (
    OfferedLimit("connections", "Connections of a server", 1, _MOST),
    OfferedLimit("connections_per_source", "From one other machine", 1, _MOST),
    OfferedLimit("connect", "Time to connect", 0.1, 600),
    OfferedLimit("idle", "Close after a silence of", 1, _DAY, may_be_off=True),
    OfferedLimit("half_closed", "Stay for a peer that has finished", 0, _DAY),
    OfferedLimit("keepalive_idle", "Ask a silent peer after", 1, 7_200),
    OfferedLimit("keepalive_interval", "Ask again every", 1, 600),
    OfferedLimit("keepalive_probes", "Give up after", 1, 100),
    OfferedLimit("unacknowledged", "Wait for an acknowledgement", 1, 3_600),
    OfferedLimit("stalled", "Wait for a peer that does not read", 1, 3_600),
    OfferedLimit("flush", "Hand over the rest at the end", 0, 60),
    OfferedLimit("request_line", "Refuse HTTP, waiting for its first line", 0, 60, may_be_off=True),
    OfferedLimit("answers", "Pause two programs after", 100, 100_000_000, may_be_off=True),
    OfferedLimit("message", "Longest message", 1, 16 * KIB, factor=KIB, shown_unit="KiB"),
    OfferedLimit("outbox", "Waiting to be sent to one peer", 1, 256 * KIB, factor=KIB, shown_unit="KiB"),
)
BY_NAME = {limit.name: limit for limit in OFFERED}


def with_limit(values: LimitValues, name: str, value: LimitValue) -> dict[str, LimitValue]:
    """The values with another one for ``name``; nothing is kept of one that is the usual.

    Raises ``ValueError`` with a sentence if it may not be.
    """
    limit = BY_NAME[name]
    rest = {known: other for known, other in values.items() if known != name}
    checked = limit.checked(value)
    replace(build_limits(rest), **_named(name, checked))
    return rest if checked == limit.usual else {**rest, name: checked}


def build_limits(values: LimitValues) -> Limits:
    """``Limits`` with these values, but for those that make no sense: there the usual ones hold."""
    limits = DEFAULTS
    for name, value in values.items():
        limit = BY_NAME.get(name)
        if limit is not None:
            with contextlib.suppress(ValueError):
                limits = replace(limits, **_named(name, limit.checked(value)))
    return limits


def _named(name: str, value: LimitValue) -> dict[str, Any]:
    return {name: value}
