"""A conversation as a list of steps: played again, it is as it was; against another server, it is told."""

from __future__ import annotations

import contextlib
import json
import threading
from pathlib import Path

import pytest

from core.compose.encoding import Encoding
from core.journal.export.formats import find_format
from core.journal.export.source import opens_reading
from core.journal.export.writer import export
from core.journal.reading.lens import Lens
from core.journal.reading.parties import Ends, Parties
from core.net.server import Server
from core.roles import Role
from core.steps.step import ReadySteps
from core.steps.step_file import parse_steps, read_step_file
from tests.core.journal.export.formats.test_script import SAID
from tests.core.journal.export.formats.test_script import journal as journal
from tests.core.journal.reading.test_lens_view import Talk
from tests.support import program


def exported(path: Path, folder: Path, framing: str = "raw", encoding: Encoding = Encoding.UTF_8) -> Path:
    target = folder / "recorded.json"
    with opens_reading(path, 1, Lens(framing))(threading.Event()) as source:  # type: ignore[arg-type]
        export(source, target, find_format("steps"), encoding=encoding)
    return target


@pytest.mark.parametrize("framing", ["raw", "line", "fixed:16"])
@pytest.mark.parametrize("encoding", [Encoding.UTF_8, Encoding.UTF_16_LE, Encoding.EBCDIC, Encoding.LATIN_1])
def test_it_is_played_again_and_is_as_it_was(
    journal: Path,
    tmp_path: Path,
    framing: str,
    encoding: Encoding,
) -> None:
    path = exported(journal, tmp_path, framing, encoding)
    with Server("127.0.0.1:0", reply="echo") as same:
        done = program.run("test", path, str(same.addresses[0]))
    assert (done.code, done.err) == (0, "")


def test_another_server_is_told(journal: Path, tmp_path: Path) -> None:
    path = exported(journal, tmp_path)
    with Server("127.0.0.1:0", reply=lambda _peer, message: message.swapcase()) as other:
        done = program.run("test", path, str(other.addresses[0]))
    assert done.code == 1
    assert "HELLO" in done.out


def test_it_says_exactly_what_was_said_and_where(journal: Path, tmp_path: Path) -> None:
    written = json.loads(exported(journal, tmp_path, "line").read_text())
    assert written["framing"] == "raw"
    assert written["target"].startswith("127.0.0.1:")
    first, second, *_ = written["steps"]
    assert first == {"send": "hello\\n", "pattern": "hello\\n", "expect": "equals"}
    assert second["send"] == second["pattern"] == "<'\"\\\\{}%s\\0\\xff\\n"
    assert sum(map(len, SAID)) > 5_000


def talk(path: Path, *said: tuple[str, bytes, int], role: Role = Role.SERVER) -> Path:
    with contextlib.closing(Talk(path, role)) as made:
        made.opens(1)
        made.opens(2)
        for kind, data, connection in said:
            (made.sends if kind == "sent" else made.receives)(data, connection)
    return path


def test_answers_in_a_row_are_one_and_other_connections_are_none(tmp_path: Path) -> None:
    """The session is a server: what it received, a client said."""
    path = talk(
        tmp_path / "talk.tincan",
        ("sent", b"hello ", 1), ("sent", b"there", 1), ("received", b"who", 2), ("received", b"a", 1),
        ("received", b"b", 1), ("sent", b"\x00\x01\x02\xff", 1), ("received", b"bye", 1),
    )  # fmt: skip
    ready = read_step_file(exported(path, tmp_path))
    assert _said(ready) == [
        (None, "equals", "hello there"),
        ("a", None, ""),
        ("b", "hex", "00 01 02 ff"),
        ("bye", None, ""),
    ]


def test_each_datagram_is_an_answer_of_its_own_an_empty_one_too(tmp_path: Path) -> None:
    path = talk(
        tmp_path / "talk.tincan",
        ("received", b"a", 1), ("sent", b"", 1), ("sent", b"b", 1), ("received", b"", 1), ("sent", b"", 1),
        role=Role.UDP_SERVER,
    )  # fmt: skip
    ready = read_step_file(exported(path, tmp_path))
    assert _said(ready) == [
        ("a", "regex", r"\A\Z"),
        (None, "equals", "b"),
        ("", "regex", r"\A\Z"),
    ]


def test_under_tls_the_target_says_so_by_the_name_that_was_verified() -> None:
    parties = Parties("client", "example.org:443", {1: Ends("127.0.0.1:40000", "192.0.2.1:443", "fin")}, tls=True)
    assert '"target": "tls://example.org:443"' in str(find_format("steps")(parties=parties).head())


def test_what_is_more_than_a_file_takes_is_cut_and_told(tmp_path: Path) -> None:
    path = talk(tmp_path / "many.tincan", *[("received", b"x", 1)] * 1_005)
    ready = read_step_file(exported(path, tmp_path))
    assert len(ready.steps) == 1_000
    assert "More follows: these are the first 1,000 steps." in ready.list.about
    path = talk(tmp_path / "large.tincan", ("received", b"x", 1), *[("sent", b"\xff" * 65_536, 1)] * 40)
    ready = read_step_file(exported(path, tmp_path))
    assert [expected for _send, expected, _pattern in _said(ready)] == ["hex-begins"]
    assert "Of the last answer only the first 262,144 bytes are expected." in ready.list.about


def test_a_conversation_without_words_has_no_steps_and_says_so() -> None:
    form = find_format("steps")()
    written = json.loads(str(form.head()) + str(form.tail()))
    assert written["steps"] == []
    with pytest.raises(ValueError, match="there is no step in the list"):
        parse_steps(json.dumps(written))


def _said(ready: ReadySteps) -> list[tuple[str | None, str | None, str]]:
    return [
        (
            one.step.message.text if one.step.message is not None else None,
            one.step.expected.when if one.step.expected is not None else None,
            one.step.expected.pattern if one.step.expected is not None else "",
        )
        for one in ready.steps
    ]
