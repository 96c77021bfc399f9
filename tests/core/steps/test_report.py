"""The report in JUnit's XML: well-formed whatever was received, and counted right."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from core.steps.playing import Row, Verdict
from core.steps.report import Suite, write_junit

EVERY_BYTE = bytes(range(256))
HOSTILE = "]]>&<\"'\x00\x1b\ufffe\uffff\ud800\udfff\U0001ffff"


def suite(*rows: Row, error: str = "") -> Suite:
    return Suite("suite", "127.0.0.1:5", rows, 1.5, "2026-01-31T09:30:00", error)


def test_each_step_is_a_case() -> None:
    rows = (
        Row(1, 1, "ask", "equals “x”", b"a\n", b"x", 12_000_000, Verdict.WISHED, "", 2, 1),
        Row(1, 2, "", "any", None, b"y", 1, Verdict.MISSED, "no such answer within 5 ms", 0, 1),
        Row(1, 3, "later", "any"),
    )
    root = ElementTree.fromstring(write_junit([suite(*rows), suite(rows[0])]))
    assert root.tag == "testsuites"
    assert [root.get(key) for key in ("tests", "failures", "errors", "skipped", "time")] == [
        "4",
        "1",
        "0",
        "1",
        "3.000",
    ]
    first = root.findall("testsuite")[0]
    assert [first.get(key) for key in ("name", "tests", "failures", "errors", "skipped")] == [
        "suite",
        "3",
        "1",
        "0",
        "1",
    ]
    assert [(case.get("name"), case.get("time")) for case in first.iter("testcase")] == [
        ("1 ask", "0.012000"),
        ("2 any", "0.000000"),
        ("3 later", "0.000000"),
    ]
    failure = first.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "no such answer within 5 ms"
    assert failure.text == "expected: any\ncame: y\nin hex: 79"
    assert first.find("testcase/skipped") is not None


def test_a_list_that_could_not_be_played_is_an_error_and_the_rest_skipped() -> None:
    text = write_junit([suite(Row(1, 1, "a"), Row(1, 2, "b"), error="Nothing answers.")])
    root = ElementTree.fromstring(text)
    assert [root.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["2", "0", "1", "1"]
    error = root.find("testsuite/testcase/error")
    assert error is not None
    assert error.get("message") == "Nothing answers."


def test_it_is_well_formed_whatever_was_received() -> None:
    rows = [
        Row(1, 1, HOSTILE, HOSTILE, data, data, 1, verdict, HOSTILE, len(data), len(data))
        for data in (EVERY_BYTE, HOSTILE.encode("utf-8", "surrogatepass"), b"]]>", b"\xff\xfe<a/>" * 2_000)
        for verdict in (Verdict.WISHED, Verdict.MISSED)
    ]
    text = write_junit([suite(*rows), Suite(HOSTILE, HOSTILE, rows, 0, HOSTILE, HOSTILE)])
    ElementTree.fromstring(text.encode())
    assert re.fullmatch("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*", text)
    assert EVERY_BYTE.hex(" ") in text  # what the text cannot show
