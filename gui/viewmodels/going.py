"""Going to a message by its number or its time: what was typed, and sentences for what is not there. No tkinter."""

from __future__ import annotations

import re
import time
from typing import NamedTuple

from core.local_time import local_of, local_time

HINT = "#123, 10:41 or 10:41:02.113"

_NUMBER = re.compile(r"#?\s*([0-9][0-9,_ ]{0,20})")
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.,]([0-9]{1,3}))?)?")
_MILLISECOND, _SECOND, _MINUTE = 1_000_000, 1_000_000_000, 60_000_000_000  # in nanoseconds


class Number(NamedTuple):
    """A message by its number in the view, from 1."""

    number: int


class Moment(NamedTuple):
    """A time of day, and how many nanoseconds it stands for: a minute, a second, or a part of one."""

    words: str
    hour: int
    minute: int
    since_minute_ns: int
    length_ns: int

    def on_day_of(self, wall_ns: int) -> int:
        """The moment on the local day of another, in nanoseconds since 1970."""
        day = local_of(wall_ns)
        at = (day.tm_year, day.tm_mon, day.tm_mday, self.hour, self.minute, 0, 0, 0, -1)
        try:
            return int(time.mktime(at)) * _SECOND + self.since_minute_ns
        except (OverflowError, ValueError):  # a damaged journal may name any day
            return wall_ns


def read_goal(typed: str) -> Number | Moment:
    """What somebody typed. Raises ``ValueError`` with a sentence."""
    plain = typed.strip()
    number = _NUMBER.fullmatch(plain)
    if number is not None:
        return Number(int(re.sub("[^0-9]", "", number[1])))
    found = _TIME.fullmatch(plain)
    if found is None:
        raise ValueError("Type a message's number, as #123, or a time of day, as 10:41 or 10:41:02.113.")
    hour, minute, second, parts = found.groups()
    since = int(second or 0) * _SECOND + int((parts or "").ljust(3, "0")) * _MILLISECOND
    length = _MILLISECOND * 10 ** (3 - len(parts)) if parts else _SECOND if second else _MINUTE
    return Moment(plain, int(hour), int(minute), since, length)


def no_such_number(number: int, total: int, *, is_part: bool) -> str:
    """Why there is no message of that number; ``is_part`` says that the view leaves something out."""
    if not total:
        return "There is nothing here yet."
    view = "in this view, which leaves something out, " if is_part else ""
    return f"There is no #{number:,}: {view}{'the only one is' if total == 1 else 'they go from #1 to'} #{total:,}."


def nothing_after(moment: Moment, last_ns: int) -> str:
    """Why no message is of that time or later."""
    return f"There is nothing at {moment.words} or later: the last is of {local_time(last_ns)}."


def not_exactly(moment: Moment, found_ns: int) -> str:
    """That what was gone to is not of that time."""
    return f"There is nothing at {moment.words}: this is the next, of {local_time(found_ns)}."
