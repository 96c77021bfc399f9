"""What was played, as a report in JUnit's XML: a suite for each list, a case for each step.

The format is the one that GitHub, GitLab, Jenkins and the rest read, after the schema of Jenkins' xUnit plugin.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from core.compose.encoding import Encoding
from core.steps.playing import Row, Verdict
from core.steps.table import message_words, with_end
from core.text_safety import TextSafety

_LONGEST = 2_000  # characters of a message
# In an attribute these would become spaces: section 3.3.3.
_IN_ATTRIBUTE = str.maketrans({"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})


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
    """The report. It is well-formed whatever was received."""
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
            ("sent", with_end(message_words(row.sent, row.sent_size, Encoding.UTF_8, _LONGEST), row.end)),
            ("expected", row.wished),
            ("came", with_end(message_words(row.answer, row.answer_size, Encoding.UTF_8, _LONGEST), row.peer_end)),
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
    return escape(TextSafety().text(text), quote=False)


def _attribute(text: str) -> str:
    return f'"{escape(TextSafety().text(text)).translate(_IN_ATTRIBUTE)}"'
