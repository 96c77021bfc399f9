"""What was played, as a table for people: step, sent, answer, time, as wished or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.compose.encoding import Encoding, decode_as
from core.steps.playing import PeerEnd, Row, Verdict
from core.steps.recorded import Compared
from core.steps.step import OwnEnd
from core.text_safety import TextSafety
from core.words import duration, human_bytes

COLUMNS = ("step", "sent", "answer", "time", "as wished")
_LONGEST = 200  # characters of a message
_SAFETY = TextSafety()
_VERDICTS = {Verdict.WISHED: "yes", Verdict.MISSED: "NO", Verdict.SENT: "-", Verdict.NOT_PLAYED: "not played"}


def cells(
    row: Row, encoding: Encoding = Encoding.UTF_8, *, longest: int = _LONGEST, safety: TextSafety = _SAFETY
) -> tuple[str, ...]:
    """A row's cells, in the order of ``COLUMNS``; nothing in them is obeyed by a terminal or breaks a line."""
    number = f"{row.round}.{row.number}" if row.round > 1 else str(row.number)
    verdict = _VERDICTS[row.verdict] + (f": {safety.field(row.why, longest)}" if row.why else "")
    return (
        f"{number} {safety.field(row.name, longest)}".rstrip(),
        with_end(message_words(row.sent, row.sent_size, encoding, longest, safety), row.end),
        with_end(message_words(row.answer, row.answer_size, encoding, longest, safety), row.peer_end),
        duration(row.took) if row.took is not None else "",
        verdict,
    )


def message_words(
    data: bytes | None, size: int, encoding: Encoding, longest: int = _LONGEST, safety: TextSafety = _SAFETY
) -> str:
    """A message on one line, its beginning if it is long."""
    if data is None:
        return ""
    words = safety.field(decode_as(data, encoding), longest)
    return f"{words} ({human_bytes(size)})" if size > len(data) else words


COMPARED = ("step", "sent", "recorded", "came", "same")


def compared_cells(one: Compared, *, longest: int = _LONGEST, safety: TextSafety = _SAFETY) -> tuple[str, ...]:
    """What came beside what was recorded, in the order of ``COMPARED``; of long ones the place of their difference."""
    start = (
        max(0, (one.place or 0) - longest // 4)
        if max(map(len, (one.recorded or b"", one.came or b""))) > longest
        else 0
    )

    def words(data: bytes | None, end: OwnEnd | PeerEnd | None, start: int = 0) -> str:
        part = data[start : start + 4 * longest] if data is not None else None
        told = message_words(part, len(data or b""), Encoding.UTF_8, longest, safety)
        return with_end(f"…{told}" if start and part is not None else told, end)

    if one.is_same:
        verdict = "yes" if one.expects else "-"
    elif one.recorded_end is not None or one.recorded is None:
        verdict = "NO"
    else:
        verdict = f"NO, from byte {one.place:,} on"
    verdict += f": {safety.field(one.why, _LONGEST)}" if one.why else ""
    sent, recorded = words(one.sent, one.end), words(one.recorded, one.recorded_end, start)
    return str(one.number), sent, recorded, words(one.came, one.came_end, start), verdict


def with_end(words: str, end: OwnEnd | PeerEnd | None) -> str:
    """What a message is in words, and what was ended behind it."""
    if end is None:
        return words
    return f"{words} [{end.words if isinstance(end, OwnEnd) else end.value}]".lstrip()


def as_text(rows: Iterable[Row], encoding: Encoding = Encoding.UTF_8, *, longest: int = 32) -> str:
    """The table in columns, for a terminal. Messages are cut to so many characters."""
    return in_columns([COLUMNS, *(cells(row, encoding, longest=longest) for row in rows)])


def in_columns(lines: Sequence[tuple[str, ...]]) -> str:
    """Lines of cells, each column as wide as it has to be."""
    *widths, _last = (max(map(len, column)) for column in zip(*lines, strict=True))
    padded = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]) for line in lines
    )
    return "".join(f"{line.rstrip()}\n" for line in padded)
