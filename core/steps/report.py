"""What was played, as a table for people (step, sent, answer, time, as wished or not) and as a report in JUnit's XML.

That has a suite for each list and a case for each step. Its format is the one that GitHub, GitLab, Jenkins and the rest
read, after the schema of Jenkins' xUnit plugin.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from core.compose.encoding import Encoding, decode_as
from core.steps.playing import PeerEnd, Row, Verdict
from core.steps.replay import Compared
from core.steps.step import OwnEnd
from core.text_safety import TextSafety
from core.words import duration, human_bytes

COLUMNS = ("step", "sent", "answer", "time", "as wished")
_LONGEST = 200  # characters of a message
_LONGEST_IN_JUNIT = 2_000  # the same
# In an attribute of XML these would become spaces: section 3.3.3.
_IN_ATTRIBUTE = str.maketrans({"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})
_SAFETY = TextSafety()
_VERDICTS = {Verdict.WISHED: "yes", Verdict.MISSED: "NO", Verdict.SENT: "-", Verdict.NOT_PLAYED: "not played"}


def cells(row: Row, *, longest: int, safety: TextSafety = _SAFETY) -> tuple[str, ...]:
    """A row's cells, in the order of ``COLUMNS``; nothing in them is obeyed by a terminal or breaks a line.

    Messages, as UTF-8, and names are cut to ``longest`` characters.
    """
    number = f"{row.round}.{row.number}" if row.round > 1 else str(row.number)
    verdict = _VERDICTS[row.verdict] + (f": {safety.field(row.why, longest)}" if row.why else "")
    return (
        f"{number} {safety.field(row.name, longest)}".rstrip(),
        _with_end(_message_words(row.sent, row.sent_size, longest, safety), row.end),
        _with_end(_message_words(row.answer, row.answer_size, longest, safety), row.peer_end),
        duration(row.took) if row.took is not None else "",
        verdict,
    )


def _message_words(data: bytes | None, size: int, longest: int, safety: TextSafety = _SAFETY) -> str:
    """A message as UTF-8 on one line, its beginning if it is long."""
    if data is None:
        return ""
    words = safety.field(decode_as(data, Encoding.UTF_8), longest)
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
        told = _message_words(part, len(data or b""), longest, safety)
        return _with_end(f"…{told}" if start and part is not None else told, end)

    if one.is_same:
        verdict = "yes" if one.expects else "-"
    elif one.recorded_end is not None or one.recorded is None:
        verdict = "NO"
    else:
        verdict = f"NO, from byte {one.place:,} on"
    verdict += f": {safety.field(one.why, _LONGEST)}" if one.why else ""
    sent, recorded = words(one.sent, one.end), words(one.recorded, one.recorded_end, start)
    return str(one.number), sent, recorded, words(one.came, one.came_end, start), verdict


def _with_end(words: str, end: OwnEnd | PeerEnd | None) -> str:
    """What a message is in words, and what was ended behind it."""
    if end is None:
        return words
    return f"{words} [{end.words if isinstance(end, OwnEnd) else end.value}]".lstrip()


def as_text(rows: Iterable[Row]) -> str:
    """The table in columns, for a terminal. Messages are cut to 32 characters."""
    return in_columns([COLUMNS, *(cells(row, longest=32) for row in rows)])


def in_columns(lines: Sequence[tuple[str, ...]]) -> str:
    """Lines of cells, each column as wide as it has to be."""
    *widths, _last = (max(map(len, column)) for column in zip(*lines, strict=True))
    padded = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]]) for line in lines
    )
    return "".join(f"{line.rstrip()}\n" for line in padded)


# JUnit.


@dataclass(frozen=True, slots=True)
class Suite:
    """A list that was played: a row for each of its steps. ``error`` says why it could not be, if it could not.

    ``seconds`` is how long it took, ``began`` when, as ISO 8601 has it.
    """

    name: str
    target: str
    rows: Sequence[Row]
    seconds: float
    began: str
    error: str = ""

    @property
    def failures(self) -> int:
        """How many steps were not as wished."""
        return sum(row.verdict is Verdict.MISSED for row in self.rows)

    @property
    def skipped(self) -> int:
        """How many were not played."""
        return sum(row.verdict is Verdict.NOT_PLAYED for row in self.rows)


def write_junit(suites: Sequence[Suite]) -> str:
    """The report in JUnit's XML. It is well-formed whatever was received."""
    counts = _counts(
        sum(len(suite.rows) for suite in suites),
        sum(suite.failures for suite in suites),
        sum(bool(suite.error) for suite in suites),
        sum(_skipped(suite) for suite in suites),
        sum(suite.seconds for suite in suites),
    )
    body = "".join("".join(_suite(suite)) for suite in suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="Tincan" {counts}>\n{body}</testsuites>\n'


def _suite(suite: Suite) -> Iterable[str]:
    counts = _counts(len(suite.rows), suite.failures, int(bool(suite.error)), _skipped(suite), suite.seconds)
    yield f"  <testsuite name={_attribute(suite.name)} {counts} timestamp={_attribute(suite.began)}>\n"
    yield f'    <properties><property name="target" value={_attribute(suite.target)}/></properties>\n'
    for place, row in enumerate(suite.rows):
        seconds = (row.took or 0) / 1e9
        name = f"{row.number} {row.name or row.wished or 'send'}"
        yield f"    <testcase classname={_attribute(suite.name)} name={_attribute(name)} "
        if suite.error and place == 0:
            yield f'time="0.000"><error message={_attribute(suite.error)} type="connection"/></testcase>\n'
        else:
            yield f'time="{seconds:.6f}">{_outcome(row)}</testcase>\n'
    yield "  </testsuite>\n"


def _outcome(row: Row) -> str:
    said = [
        f"{what}: {words}"
        for what, words in (
            ("sent", _with_end(_message_words(row.sent, row.sent_size, _LONGEST_IN_JUNIT), row.end)),
            ("expected", row.wished),
            (
                "came",
                _with_end(_message_words(row.answer, row.answer_size, _LONGEST_IN_JUNIT), row.peer_end),
            ),
            ("in hex", row.answer.hex(" ") if row.answer and row.verdict is Verdict.MISSED else ""),
        )
        if words
    ]
    text = _text("\n".join(said))
    if row.verdict is Verdict.MISSED:
        return f'<failure message={_attribute(row.why)} type="answer">{text}</failure>'
    if row.verdict is Verdict.NOT_PLAYED:
        return '<skipped message="not played"/>'
    return f"<system-out>{text}</system-out>"


def _skipped(suite: Suite) -> int:
    return suite.skipped - bool(suite.error and suite.skipped)


def _counts(tests: int, failures: int, errors: int, skipped: int, seconds: float) -> str:
    return f'tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}" time="{seconds:.3f}"'


def _text(text: str) -> str:
    """Words as XML 1.0 may have them: what section 2.2 leaves out is a mark by then."""
    return escape(_SAFETY.text(text), quote=False)


def _attribute(text: str) -> str:
    return f'"{escape(_SAFETY.text(text)).translate(_IN_ATTRIBUTE)}"'
