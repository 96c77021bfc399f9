"""What the inspector says of a message, in words. Pure; no tkinter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from core.journal.passage import RECEIVED
from gui.typesetting import clock

if TYPE_CHECKING:
    from core.journal.passage import Passage
    from core.journal.reading import Call

MOST_CALLS = 1_000  # that are listed of one message


class CallRow(NamedTuple):
    """One call of the socket: what it is called, and which bytes of the message it carried."""

    words: str
    start: int
    stop: int


def title(passage: Passage) -> str:
    """``#1 → us, 12 bytes``."""
    who = f"#{passage.number}" if passage.number is not None else "the peer"
    way = f"{who} → us" if passage.kind == RECEIVED else f"us → {who}"
    return f"{way}, {count_words(passage.size, 'byte')}"


def facts(passage: Passage, frame: int, calls: Sequence[Call]) -> tuple[str, ...]:
    """What there is to know besides: when, how framed, how TCP cut it, why it does not fit."""
    verb = "recv" if passage.kind == RECEIVED else "send"
    lines = [f"{clock(passage)}, entry {passage.ordinal:,}"]
    framing = frame - passage.size
    if framing > 0:
        lines.append(f"{count_words(framing, 'byte')} more frame it")
    if calls:
        took = (calls[-1].mono_ns - calls[0].mono_ns) / 1e6
        spread = f" over {took:,.1f} ms" if len(calls) > 1 else ""
        lines.append(f"{'came' if verb == 'recv' else 'went'} in {count_words(len(calls), verb)}{spread}")
    if passage.misfit:
        lines.append(f"⚠ {passage.misfit}")
    return tuple(lines)


def call_rows(calls: Iterable[Call]) -> list[CallRow]:
    """The calls, each with the time since the one before and the bytes it carried."""
    rows: list[CallRow] = []
    before = None
    for number, call in enumerate(calls, 1):
        if number > MOST_CALLS:
            break
        since = "" if before is None else f"  +{(call.mono_ns - before) / 1e6:,.3f} ms"
        size = count_words(call.stop - call.start, "byte")
        rows.append(CallRow(f"{number}.  {size} at {call.start:,}{since}", call.start, call.stop))
        before = call.mono_ns
    return rows


def count_words(number: int, noun: str) -> str:
    """``1 byte``, ``1,204 bytes``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
