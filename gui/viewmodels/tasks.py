"""What goes on over time, as its strip shows it: what it is, how far it is, what came of it. No tkinter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.words import connection_name, counted, duration, human_bytes, sentence

if TYPE_CHECKING:
    from core.latency import Latency
    from core.sending.plan import FileSent, Kept, Played, Repeated

_MOST_TOLD = 3  # connections of which it is said how much of a file they got


@dataclass(frozen=True, slots=True)
class TaskView:
    """A strip: what is done, how far it is, what there is to say beside, and what is wrong.

    ``fraction`` is how much of it is done, 0 to 1; None where nobody knows.
    """

    title: str
    words: str
    detail: str = ""
    trouble: str = ""
    fraction: float | None = None
    is_running: bool = True

    @property
    def is_failure(self) -> bool:
        """Whether it ended otherwise than it was meant to."""
        return bool(self.trouble) and not self.is_running


def repeat_view(title: str, repeated: Repeated) -> TaskView:
    """A message that is sent again and again."""
    total = repeated.total
    words = f"{repeated.sent:,} of {total:,} sent" if total is not None else f"{repeated.sent:,} sent"
    if not repeated.is_running:
        words = f"{end_words(repeated.end)}: {words}"
    if repeated.missed:
        words += f", {counted(repeated.missed, 'moment')} missed"
    refused = ""
    if repeated.refused:
        times = "once" if repeated.refused == 1 else f"{repeated.refused:,} times"
        refused = sentence(f"Refused {times}, last because {repeated.refusal}")
    trouble = " ".join(filter(None, (refused, sentence(repeated.why))))
    fraction = repeated.sent / total if total else None
    return TaskView(title, words, lateness_words(repeated.lateness), trouble, fraction, repeated.is_running)


def played_view(title: str, played: Played) -> TaskView:
    """A list of steps that waits for answers."""
    words = f"{played.wished:,} as wished, {played.missed:,} not"
    if not played.is_running:
        words = f"{end_words(played.end)}: {words}"
    if played.rounds != 1:
        words += f", round {played.round:,}"
    if played.again:
        words += f", begun again {counted(played.again, 'time')}"
    trouble = sentence(played.why)
    if not trouble and played.missed:
        trouble = f"{counted(played.missed, 'answer')} did not come as wished."
    return TaskView(title, words, "", trouble, None, played.is_running)


def lateness_words(lateness: Latency) -> str:
    """How exactly moments were kept: the middle, what one in a hundred exceeds, the worst."""
    if not lateness.count:
        return ""
    p50, p99, most = map(duration, (lateness.p50_ns, lateness.p99_ns, lateness.max_ns))
    return f"late by {p50} (p50), {p99} (p99), {most} (most)"


def file_view(title: str, sent: FileSent) -> TaskView:
    """A file that is being sent."""
    words = f"{human_bytes(sent.sent)} of {human_bytes(sent.total)}"
    if not sent.is_running:
        words = f"{end_words(sent.end)}: {words}"
    if sent.rate >= 1:
        words += f", {human_bytes(round(sent.rate))} a second"
    fraction = sent.sent / sent.total if sent.total else None
    return TaskView(title, words, _share_words(sent), sentence(sent.why), fraction, sent.is_running)


def kept_view(title: str, kept: Kept) -> TaskView:
    """What was received, on its way into a file."""
    words = f"{human_bytes(kept.size)} written"
    if not kept.is_running:
        words = f"{end_words(kept.end)}: {words}" if kept.is_kept else "No file was written"
    return TaskView(title, words, "", sentence(kept.why), None, kept.is_running)


def _share_words(sent: FileSent) -> str:
    """Who is how far, where there is more than one."""
    if len(sent.shares) < 2:
        return ""
    told = [f"{connection_name(share.number)} {human_bytes(share.sent)}" for share in sent.shares[:_MOST_TOLD]]
    rest = len(sent.shares) - _MOST_TOLD
    return ", ".join(told) + (f" and {rest:,} more" if rest > 0 else "")


def end_words(end: object) -> str:
    """How a task ended, in a word or two."""
    value = getattr(end, "value", "")
    return {"done": "Done", "stopped": "Stopped", "gone": "Ended early", "changed": "Done"}.get(value, "Failed")
