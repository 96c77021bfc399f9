"""Who spoke, in every kind of file that says more than the bytes."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path

import pytest

from core.journal.export.formats import Format
from core.journal.export.formats.csv import Csv
from core.journal.export.formats.jsonl import JsonLines
from core.journal.export.formats.page import Page
from core.journal.export.formats.pcapng import Pcapng
from core.journal.export.formats.text import Text
from core.origin import PASSED_ON, PERSON, Origin
from tests.support import program
from tests.support.exports import Talk, exported

HOSTILE = Origin("rule", '=1+1 <script>\x1b[31m"')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "talk"
    with contextlib.closing(Talk(path)) as talk:
        talk.opens()
        talk.receives(b"hello\n")
        talk.sends(b"by a person\n", origin=PERSON)
        talk.sends(b"by a rule\n", origin=HOSTILE)
        talk.sends(b"by another end\n", origin=PASSED_ON)
    return path


def written(path: Path, form: type[Format]) -> bytes:
    exported(path, path.with_name("out"), form)
    return path.with_name("out").read_bytes()


def test_text_says_it_on_a_line_of_its_own_that_nobody_can_forge(path: Path) -> None:
    lines = [line[25:] for line in written(path, Text).decode().splitlines()]

    assert lines[lines.index("#1 >  hello\\n") :] == [
        "#1 >  hello\\n",
        "#1 <  by a person\\n",
        "#1 <@ by hand",
        "#1 <  by a rule\\n",
        '#1 <@ by the rule =1+1 <script>\\e[31m"',
        "#1 <  by another end\\n",
    ]


def test_a_spreadsheet_has_a_column_of_it_without_formulas(path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(written(path, Csv).decode("utf-8-sig"))))

    assert [row["origin"] for row in rows if row["kind"] in ("received", "sent")] == [
        "", "person", 'rule =1+1 <script>\\e[31m"', "tap",
    ]  # fmt: skip


def test_a_program_gets_it_as_it_is_recorded(path: Path) -> None:
    rows = [json.loads(line) for line in written(path, JsonLines).splitlines()]

    assert [row.get("origin") for row in rows if "base64" in row] == [None, "person", HOSTILE, "tap"]


def test_a_page_shows_it_and_obeys_nothing_of_it(path: Path) -> None:
    page = written(path, Page).decode()

    assert '<span class="note">by hand</span>' in page
    assert '<span class="note">by the rule =1+1 &lt;script&gt;\\e[31m&quot;</span>' in page
    assert "<script" not in page
    assert "passed on" not in page


def test_a_capture_has_it_as_the_comment_of_the_packet(path: Path) -> None:
    capture = written(path, Pcapng)

    assert b"sent by hand" in capture
    assert capture.index(b"by a person\n") < capture.index(b"sent by hand") < capture.index(b"by a rule\n")
    assert capture.index(b"by a rule\n") < capture.index(b"sent by the rule =1+1") < capture.index(b"by another end\n")


def test_a_terminal_chooses_by_it(path: Path) -> None:
    def said(command: str, *arguments: str) -> list[str]:
        done = program.run(command, path, *arguments)
        assert done.err == ""
        return [line[25:] for line in done.out.splitlines() if not line.startswith("#")]

    assert said("export", "--by", "person") == ["#1 <  by a person\\n", "#1 <@ by hand"]
    assert said("export", "--by", HOSTILE)[0] == "#1 <  by a rule\\n"
    assert said("export", "--by", "person", "--by", "tap", "--received") == [
        "#1 >  hello\\n",
        "#1 <  by a person\\n",
        "#1 <@ by hand",
        "#1 <  by another end\\n",
    ]
    assert said("find", "by", "--by", "person") == ["#1  sent  3  by a person\\n"]
    assert said("find", "--regex", "^by", "--by", "rule") == ["#1  sent  4  by a rule\\n"]


def test_who_is_nobody_is_refused_with_those_that_there_are(path: Path) -> None:
    done = program.run("export", path, "--by", "robot")

    assert done.code == 2
    assert "nobody is called “robot”; there are person, reply, greeting, rule," in done.err
