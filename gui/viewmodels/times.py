"""How long a conversation's answers take, in a figure and in words. No tkinter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.latency import NO_LATENCY
from core.words import duration
from gui.viewmodels.window_view import Times

if TYPE_CHECKING:
    from core.journal.recording.ledger import SessionState
    from core.latency import Latency


_ENOUGH = 20  # times from which it means something that hardly any took longer


def times_of(state: SessionState, *, by_program: bool = True) -> Times | None:
    """The times of a session; None while there are none. A person's answers, not ``by_program``, are not timed."""
    answers, between = state.answers if by_program else NO_LATENCY, state.between
    if not answers.count and not between.count:
        return None
    shown, name = (answers, "answer") if answers.count else (between, "every")
    figure = f"{name} {duration(shown.p50_ns)}"
    if shown.count >= _ENOUGH:
        figure += f", p99 {duration(shown.p99_ns)}"
    return Times(
        figure,
        "\n\n".join(
            (
                *([_told(f"Answers: from {state.role.request} to {state.role.answer}", answers)] if by_program else []),
                _told("Between messages: from one that came in to the next, on the same connection", between),
                "The times are those at the sockets. p50: half took no longer. p99: of a hundred, one took longer.",
            )
        ),
    )


def _told(what: str, latency: Latency) -> str:
    if not latency.count:
        return f"{what}.\nNone yet."
    p50, p99, most = map(duration, (latency.p50_ns, latency.p99_ns, latency.max_ns))
    count, last = latency.count, len(latency.last)
    of = f"of the last {last:,} of {count:,}" if count > last else f"of {count:,}" if count > 1 else "of one"
    return f"{what}.\np50 {p50}, p99 {p99}, at most {most} ({of})"
