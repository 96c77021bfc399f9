"""The export for programs: an object a line, whatever is in the messages."""

from __future__ import annotations

import base64
import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.journal.export.formats.jsonl import JsonLines
from core.journal.reading.lens import Lens
from tests.support.exports import NOON_NS, STEP_NS, Talk, exported
from tests.support.systems import examples


def lines_of(talk: Talk, lens: Lens | None = None) -> list[str]:
    target = talk.path.with_name("out.jsonl")
    exported(talk.path, target, JsonLines, lens)
    lines = target.read_bytes().decode("ascii").split("\n")
    assert lines.pop() == ""
    return lines


def records(talk: Talk, lens: Lens | None = None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines_of(talk, lens)]


@settings(deadline=None, max_examples=examples(30))  # each with a journal of its own
@given(said=st.lists(st.binary(min_size=1, max_size=20) | st.text(min_size=1, max_size=9).map(str.encode), max_size=5))
def test_each_line_is_as_the_standard_library_writes_it(said: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name, contextlib.closing(Talk(Path(name, "journal"))) as talk:
        talk.opens()
        for data in said:
            talk.receives(data)
        talk.receives(b"from nowhere", 9)

        for framing in ("raw", "line"):
            for line in lines_of(talk, Lens(framing)):
                assert line == json.dumps(json.loads(line))


def test_a_record_tells_all_that_is_known(tmp_path: Path) -> None:
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        talk.receives("grüße\n".encode())
        talk.receives(b"\xff")
        talk.cannot_send("it has finished")

        _beginning, opened, text, binary, failed = records(talk)

    assert text.pop("time").startswith("2026-11-2")
    assert text == {
        "place": 2,
        "session": 1,
        "entry": 2,
        "connection": 1,
        "connection_id": 1,
        "kind": "received",
        "wall_ns": NOON_NS + 2 * STEP_NS,
        "mono_ns": 2 * STEP_NS,
        "size": 8,
        "span": [2, 0, 2, 8],
        "misfit": "",
        "text": "grüße\n",
        "base64": base64.b64encode("grüße\n".encode()).decode(),
    }
    assert (binary["text"], binary["base64"]) == (None, "/w==")
    assert (opened["note"], opened["failure"]) == ("#1 connected from 127.0.0.1:40001", False)
    assert (failed["note"], failed["failure"]) == ("5 bytes for #1 were not sent: it has finished", True)
    assert "text" not in opened


def test_under_a_lens_it_leads_back_to_the_recorded_bytes(tmp_path: Path) -> None:
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        talk.receives(b"a\nb")
        talk.receives(b"c\n\nd")

        found = [(row["text"], row["span"], row["misfit"]) for row in records(talk, Lens("line"))[2:]]

    assert found == [
        ("a", [2, 0, 2, 2], ""),
        ("bc", [2, 2, 3, 2], ""),
        ("", [3, 2, 3, 3], ""),
        ("d", [3, 3, 3, 4], "not ended yet"),
    ]


@pytest.mark.case("C-82")
@settings(deadline=None, max_examples=examples(80))
@given(st.lists(st.binary(min_size=1, max_size=20) | st.text(min_size=1, max_size=8).map(str.encode), max_size=6))
def test_one_record_is_one_line_of_ascii(spoken: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name, contextlib.closing(Talk(Path(name, "talk"))) as talk:
        talk.opens()
        for data in spoken:
            talk.receives(data)
        talk.cannot_send("\n{}\u2028\x1b")

        lines = lines_of(talk)

    assert len(lines) == len(spoken) + 3
    assert [base64.b64decode(json.loads(line)["base64"]) for line in lines[2:-1]] == spoken
    assert all(line.replace("\x7f", " ").isprintable() for line in lines)


def test_a_checksum_has_its_verdict(tmp_path: Path) -> None:
    with contextlib.closing(Talk(tmp_path / "talk")) as talk:
        talk.opens()
        talk.receives(b"hello020\nhello021\n")

        right, wrong = records(talk, Lens("line+sum,decimal"))[2:]

    assert (right["text"], right["checksum"], right["misfit"]) == ("hello", "sum right", "")
    assert ("checksum" in wrong, wrong["misfit"]) == (False, "sum wrong: expected 020, found 021")
