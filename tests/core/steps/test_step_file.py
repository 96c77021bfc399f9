"""Lists of steps in files: what is read is what was written, and a broken file is a sentence that names the line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from core.compose import Draft, Format, LineEnding
from core.compose.encoding import Encoding
from core.steps.step import Expectation, Otherwise, OwnEnd, Step, StepList
from core.steps.step_file import StepFileError, export_step_file, parse_steps, read_step_file, write_steps

THERMOMETER = """\
{"version": 1, "name": "thermometer", "framing": "line",
 "steps": [
  {"name": "who", "send": "*IDN?", "expect": "begins", "pattern": "ACME", "within": 500},
  {"send": "T?", "expect": "regex",
   "pattern": "^(?P<degrees>\\\\S+) C$"},
  {"send": "SET \\\\{degrees}", "pause": 20}]}
"""


def test_what_is_left_out_has_its_usual_value() -> None:
    found = parse_steps(THERMOMETER).list
    assert found == StepList(
        "thermometer",
        (
            Step("who", Draft("*IDN?", Format.ESCAPES), Expectation("begins", "ACME", 500)),
            Step("", Draft("T?", Format.ESCAPES), Expectation("regex", r"^(?P<degrees>\S+) C$", 2_000)),
            Step("", Draft(r"SET \{degrees}", Format.ESCAPES), None, 20.0),
        ),
        "line",
    )


def test_a_list_that_is_written_is_read_as_it_was(tmp_path: Path) -> None:
    steps = StepList(
        "everything “else”",
        (
            Step("é", Draft("é\\", Format.TEXT, Encoding.LATIN_1, LineEnding.CRLF), None, 0.5),
            Step("", Draft("ж", Format.TEXT, Encoding.KOI8_R), Expectation("equals", "ж", encoding=Encoding.KOI8_R)),
            Step("", Draft("00 ff", Format.HEX), Expectation("hex", "?? 0d", 1, Otherwise.AGAIN)),
            Step("", None, Expectation("end", "", 3_600_000, Otherwise.GO_ON)),
        ),
        "length:2be",
        'about\n"it"',
        "tls://[::1]:443",
        "raw",
    )
    path = tmp_path / "steps.json"
    export_step_file(path, steps)
    assert read_step_file(path).list == steps
    assert parse_steps(write_steps(parse_steps(THERMOMETER).list)).list == parse_steps(THERMOMETER).list
    assert path.read_bytes().isascii()
    assert len(path.read_text().splitlines()) == 6  # a step on a line


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (r"\\S+", "(", "line 5: step 2: that is no regular expression: "),
        ('"line"', '"lne"', "line 1: there is no framing called “lne”"),
        (r"SET \\{degrees}", r"\\{9}", "line 6: step 3: there is no macro called '9'"),
        ('"T?",', '"T?"', "line 4: it is no JSON"),
        ('"pattern": "^', '"patern": "^', "line 5: step 2: there is no “patern”, only name, send"),
        ("500", "0", "line 3: step 1: a wait has from 1 to 3,600,000 milliseconds"),
        ("500", '"soon"', "line 3: step 1: the “within” is no whole number"),
        ("500", "true", "line 3: step 1: the “within” is no whole number"),
        ("20", "null", "line 6: step 3: the “pause” is no number"),
        ("20", "NaN", "line 6: step 3: a pause has from 0"),
        ('"*IDN?"', "7", "line 3: step 1: the “send” is no text"),
        ('"regex"', '"regx"', "line 4: step 2: there is no “regx” to expect"),
        ('"pause": 20', '"within": 20', "line 6: step 3: the “within” belongs to an “expect”"),
        ('"pause": 20', '"encoding": "utf-9"', "line 6: step 3: it has the encoding “utf-9”"),
        ('"version": 1', '"version": 2', "line 1: it was written by another version (2)"),
        ('"version": 1, ', "", "line 1: its “version” is missing"),
        ('"name": "thermometer"', '"target": "nowhere"', "line 1: the port is missing"),
        ('"name": "thermometer"', '"frame": "x"', "line 1: there is no framing called “x”"),
        ('"name": "thermometer"', '"title": "x"', "line 1: there is no “title”"),
        ('{"send": "SET \\\\{degrees}", "pause": 20}', "7", "line 6: step 3: it is no object"),
        ('{"send": "SET \\\\{degrees}", "pause": 20}', "{}", "line 6: step 3: it neither sends nor expects"),
        (THERMOMETER, "[]", "line 1: it is no object with a list called “steps”"),
        (THERMOMETER, "", "line 1: it is no JSON"),
        (THERMOMETER, '{"version": 1, "steps": []}', "line 1: there is no step in the list"),
        (THERMOMETER, "[" * 100_000, "it is nested too deeply"),
        (THERMOMETER, '{"version": 1,\n "steps": [{"send": "' + "x" * 2_000_000 + '"}]}', "line 2: step 1: "),
    ],
)
def test_a_broken_file_is_a_sentence_that_names_the_line(before: str, after: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text(THERMOMETER.replace(before, after))
    with pytest.raises(StepFileError) as error:
        read_step_file(path)
    assert str(error.value).startswith(f"{path}")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_no_file_is_a_sentence_too(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "large").write_bytes(b" " * (4 * 1024 * 1024 + 1))
    for name, says in (
        ("none", "cannot be read"),
        ("", "is no file"),
        ("bytes", "cannot be read: it is not UTF-8 (at line 1)"),
        ("large", "larger"),
    ):
        with pytest.raises(StepFileError, match=re.escape(says)):
            read_step_file(tmp_path / name)


def test_too_many_steps_are_refused() -> None:
    with pytest.raises(StepFileError, match="it holds 1,001 steps, and there can be 1,000"):
        parse_steps(json.dumps({"version": 1, "steps": [{"send": "x"}] * 1_001}))


def test_ends_are_written_and_read() -> None:
    text = json.dumps(
        {
            "version": 1,
            "steps": [{"send": "a", "end": "finish", "expect": "any"}, {"expect": "reset"}, {"end": "close"}],
        }
    )
    ready = parse_steps(text)
    assert [one.step.end for one in ready.steps] == [OwnEnd.FINISH, None, OwnEnd.CLOSE]
    assert parse_steps(write_steps(ready.list)).list.steps == ready.list.steps


@pytest.mark.parametrize(
    ("last", "says"),
    [
        ('{"end": "leave"}', "line 3: step 2: it has the end “leave”"),
        ('{"send": "b"}', "line 3: step 2: it sends after step 1, which finishes sending"),
        ('{"end": "finish"}', "line 3: step 2: it finishes sending after step 1"),
    ],
)
def test_an_end_that_cannot_be_there_names_its_line(last: str, says: str) -> None:
    with pytest.raises(StepFileError) as error:
        parse_steps('{"version": 1, "steps": [\n{"send": "a", "end": "finish"},\n' + last + "]}")
    assert says in str(error.value)
