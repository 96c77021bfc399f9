r"""A list of steps as a file: JSON, as every other list that Tincan keeps, so that each language can write it, too.

A step needs ``send``, ``expect`` or ``end``, the rest has a usual value::

    {"version": 1, "name": "thermometer", "framing": "line",
     "steps": [
      {"name": "who", "send": "*IDN?", "expect": "begins", "pattern": "ACME", "within": 500},
      {"send": "T?", "expect": "regex", "pattern": "^(?P<degrees>\\S+) C$", "otherwise": "stop"},
      {"send": "SET \\{degrees}", "format": "escapes", "encoding": "utf-8", "ending": "nothing", "pause": 20},
      {"end": "finish", "expect": "end"}]}

TOML would need fewer backslashes, but Python reads it and does not write it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TypeVar

from core.address import parse_destination
from core.compose import Draft, Format, LineEnding
from core.compose.encoding import Encoding
from core.compose.saved import (
    ENCODINGS,
    ENDINGS,
    FORMATS,
    LARGEST_FILE,
    VERSION,
    SavedError,
    choice_in,
    export_list,
    parse_rows,
)
from core.errors import Fault, TincanError, quoted, reason
from core.files import read_kept
from core.steps.step import (
    MOST_STEPS,
    USUAL_WAIT,
    Expectation,
    Otherwise,
    OwnEnd,
    ReadySteps,
    Step,
    StepError,
    StepList,
)

_OTHERWISE = {one.value: one for one in Otherwise}
_ENDS = {one.value: one for one in OwnEnd}
_KEYS = (
    "name", "send", "format", "encoding", "ending", "end", "expect", "pattern", "within", "otherwise", "pause",
)  # fmt: skip
_HEAD = ("version", "name", "about", "framing", "frame", "target", "steps")
_HEAD_TEXTS = (("framing", "raw"), ("about", ""), ("target", ""), ("frame", ""))  # and their usual values
_USUAL = {
    "name": "", "format": "escapes", "encoding": "utf-8", "ending": "nothing", "pattern": "", "within": USUAL_WAIT,
    "otherwise": "stop", "pause": 0,
}  # fmt: skip
_Choice = TypeVar("_Choice", bound=Enum)


class StepFileError(TincanError, ValueError):
    """The file cannot be played; the message names it, the line and what is wrong there."""

    fault = Fault.PERSON


def read_step_file(path: Path, target: str = "") -> ReadySteps:
    """The list of a file, checked; if there is a ``target``, that is its own. Raises ``StepFileError``."""
    try:
        if path.exists() and not path.is_file():
            raise StepFileError(f"{path} is no file")
        text = read_kept(path, LARGEST_FILE)
    except StepFileError:
        raise
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise StepFileError(f"{path} cannot be read: {why}") from error
    return parse_steps(text, str(path), target)


def export_step_file(path: Path, steps: StepList) -> None:
    """Write the list to a file of its own. Raises ``SavedError``."""
    export_list(path, "steps", write_steps(steps))


def parse_steps(text: str, name: str = "the list", target: str = "") -> ReadySteps:
    """The list that a text holds, checked; see ``read_step_file``. ``name`` is how errors call it."""
    try:
        rows = parse_rows("steps", text, MOST_STEPS)
    except SavedError as error:
        raise StepFileError(f"{name}{_line_of_json(text)}: {error}") from None
    head = json.loads(text)
    place: tuple[object, ...] = ()
    try:
        _check_head(head)
        steps = []
        for number, row in enumerate(rows):
            place = ("steps", number)
            steps.append(_parsed(row))
        place = ()
        texts = (head.get(key, usual) for key, usual in _HEAD_TEXTS)
        found = StepList(head.get("name") or Path(name).stem, tuple(steps), *texts)
        return ReadySteps(replace(found, target=target or found.target))
    except StepError as error:
        place = ("steps", error.step) if error.step is not None else place
        step = f"step {int(str(place[1])) + 1}: " if place else ""
        line = _line(text, (*place, error.field) if error.field else place)
        raise StepFileError(f"{name}, line {line}: {step}{error}") from None


def write_steps(steps: StepList) -> str:
    """The list as JSON in ASCII, a step on a line; what has its usual value is left out."""
    rows = ",\n  ".join(json.dumps(_written(step)) for step in steps.steps)
    head = {"version": VERSION, "name": steps.name, "about": steps.about, "framing": steps.framing}
    head |= {"target": steps.target} if steps.target else {}
    head |= {"frame": steps.frame} if steps.frame else {}
    return f'{json.dumps(head)[:-1]},\n "steps": [\n  {rows}]}}\n'


def _written(step: Step) -> dict[str, object]:
    row: dict[str, object] = {"name": step.name}
    if step.message is not None:
        message = step.message
        row |= {"send": message.text, "format": message.format.value, "encoding": message.encoding.value}
        row["ending"] = message.ending.name.lower()
    if step.end is not None:
        row["end"] = step.end.value
    if step.expected is not None:
        expected = step.expected
        row |= {"expect": expected.when, "pattern": expected.pattern, "within": expected.within}
        row |= {"otherwise": expected.otherwise.value}
        row.setdefault("encoding", expected.encoding.value)  # both have the same
    row["pause"] = int(step.pause) if float(step.pause).is_integer() else step.pause
    return {key: value for key, value in row.items() if value != _USUAL.get(key)}


def _check_head(head: dict[str, object]) -> None:
    _refuse_unknown(head, _HEAD)
    _require_text(head, ("name", "about", "framing", "frame", "target"))
    target = head.get("target")
    try:
        if target:
            parse_destination(str(target), for_server=False)
    except TincanError as error:
        raise StepError(str(error), field="target") from None


def _parsed(row: object) -> Step:
    if not isinstance(row, dict):
        raise StepError("it is no object")
    _refuse_unknown(row, _KEYS)
    _require_text(row, ("name", "send", "expect", "pattern"))
    encoding = _choice(row, "encoding", Encoding.UTF_8, ENCODINGS)
    message = expected = None
    if "send" in row:
        message = Draft(
            row["send"],
            _choice(row, "format", Format.ESCAPES, FORMATS),
            encoding,
            _choice(row, "ending", LineEnding.NOTHING, ENDINGS),
        )
    if "expect" in row:
        within = row.get("within", USUAL_WAIT)
        if type(within) is not int:
            raise StepError(f"the {quoted('within')} is no whole number of milliseconds", field="within")
        otherwise = _choice(row, "otherwise", Otherwise.STOP, _OTHERWISE)
        expected = Expectation(row["expect"], row.get("pattern", ""), within, otherwise, encoding)
    for key in () if "expect" in row else ("pattern", "within", "otherwise"):
        if key in row:
            raise StepError(f"the {quoted(key)} belongs to an {quoted('expect')}, which is missing", field=key)
    pause = row.get("pause", 0)
    if type(pause) not in {int, float}:
        raise StepError(f"the {quoted('pause')} is no number of milliseconds", field="pause")
    end = _choice(row, "end", OwnEnd.FINISH, _ENDS) if "end" in row else None
    return Step(row.get("name", ""), message, expected, float(pause), end)


def _choice(row: dict[str, object], key: str, usual: _Choice, choices: Mapping[str, _Choice]) -> _Choice:
    try:
        return choice_in(row, "it", key, usual, choices)
    except SavedError as error:
        raise StepError(str(error), field=key) from None


def _require_text(row: dict[str, object], keys: tuple[str, ...]) -> None:
    for key in keys:
        if not isinstance(row.get(key, ""), str):
            raise StepError(f"the {quoted(key)} is no text", field=key)


def _refuse_unknown(row: dict[str, object], known: tuple[str, ...]) -> None:
    """A misspelt key would be a test that tests nothing."""
    for key in row:
        if key not in known:
            raise StepError(f"there is no {quoted(key)}, only {', '.join(known)}", field=key)


# Lines.


def _line_of_json(text: str) -> str:
    """``, line 3``, where the text is no JSON from there on."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f", line {error.lineno}"
    except (ValueError, RecursionError):
        return ""
    return ", line 1"


def _line(text: str, path: tuple[object, ...]) -> int:
    """The line, from 1, on which what a path of keys and numbers leads to begins, or the last of it that is there."""
    at = _skip(text, 0)
    for key in path:
        found = next((place for name, place in _members(text, at) if name == key), None)
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1


_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found is not None else at


def _members(text: str, at: int) -> Iterator[tuple[object, int]]:
    """The keys or numbers of an object or a list that begins at ``at``, and where their values begin; of valid JSON."""
    kind, number = text[at], 0
    if kind not in "{[":
        return
    at = _skip(text, at + 1)
    while text[at] not in "}]":
        name: object = number
        if kind == "{":
            name, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        yield name, at
        number += 1
        _value, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
