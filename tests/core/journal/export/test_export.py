"""An export: every byte of what was asked for under its name at the end, or nothing changed at all."""

from __future__ import annotations

import base64
import contextlib
import csv
import errno
import io
import itertools
import json
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build_scripts.project import ROOT
from core.clock import monotonic
from core.events import ConnectionId
from core.journal.display_row import DisplayRow, Filter, Span
from core.journal.export.files import MOST_OPEN, ExportError, PartialFile, PartialFiles
from core.journal.export.formats import Format, all_formats
from core.journal.export.formats.csv import Csv
from core.journal.export.formats.jsonl import JsonLines
from core.journal.export.formats.library import Library
from core.journal.export.formats.pcapng import Pcapng
from core.journal.export.formats.raw import Raw
from core.journal.export.formats.steps import Steps
from core.journal.export.formats.svg import Svg
from core.journal.export.formats.text import Text
from core.journal.export.source import Frame, opens_reading, pieces_of
from core.journal.export.writer import TELL_EVERY, Progress, export_to
from core.journal.reading.lens import Lens
from core.journal.reading.parties import Parties
from tests.support.exports import Talk, exported
from tests.support.journals import SESSION, write_journal
from tests.support.namespaces import apart
from tests.support.systems import examples, needs_links, only_linux, only_posix

LINE_FORMS: tuple[type[Format], ...] = (Text, Csv, JsonLines)


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    """A conversation of two lines each way."""
    talk = Talk(tmp_path / "talk.tincan")
    talk.opens()
    talk.sends(b"type the message\n")
    talk.receives(b"hello\nwor")
    talk.receives(b"ld\n")
    talk.sends(b"q\n")
    talk.closes()
    yield talk
    talk.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where exports go: a folder with nothing else in it."""
    folder = tmp_path / "exports"
    folder.mkdir()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def rows_of(form: type[Format], path: Path) -> int:
    data = path.read_bytes()
    if form is Csv:
        return len(list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))) - 1
    return len([line for line in data.splitlines() if not line.startswith(b"#")])


# Every byte.

SPOKEN = st.lists(
    st.tuples(
        st.sampled_from(["received", "sent"]),
        st.integers(1, 3),
        st.binary(min_size=1, max_size=40) | st.text("ab\r\n\t'\"=;é𝄞\u202e", min_size=1, max_size=12).map(str.encode),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=examples(60))
@given(spoken=SPOKEN, framing=st.sampled_from(["raw", "line"]))
def test_every_byte_comes_back_from_each_kind_of_file(spoken: list[tuple[str, int, bytes]], framing: str) -> None:
    with tempfile.TemporaryDirectory() as name, contextlib.closing(Talk(Path(name, "journal"))) as talk:
        said: dict[tuple[int, str], bytes] = defaultdict(bytes)
        for number in (1, 2, 3):
            talk.opens(number)
        for direction, number, data in spoken:
            (talk.receives if direction == "received" else talk.sends)(data, number)
            said[number, direction] += data

        from_json: dict[tuple[int, str], bytes] = defaultdict(bytes)
        from_csv: dict[tuple[int, str], bytes] = defaultdict(bytes)
        for record in records(talk, Path(name, "a.jsonl")):
            data = base64.b64decode(record["base64"])
            from_json[record["connection"], record["kind"]] += data
            assert len(data) == record["size"]
            assert record["text"] == text_or_none(data)
        for row in table(talk, Path(name, "a.csv")):
            data = bytes.fromhex(row["hex"].removeprefix("0x"))
            from_csv[int(row["connection"]), row["kind"]] += data
            assert len(data) == int(row["size"])
        done = exported(talk.path, Path(name, "out.bin"), Raw, Lens(framing))
        from_raw = [path.read_bytes() for path in done.paths]

    assert from_json == from_csv == said
    assert from_raw == ([said[stream] for stream in sorted(said)] or [b""])
    assert done.size == sum(map(len, said.values()))


def records(talk: Talk, path: Path) -> list[dict[str, Any]]:
    exported(talk.path, path, JsonLines, Lens(only=Filter(notes=False)))
    return [json.loads(line) for line in path.read_text("ascii").split("\n")[:-1]]


def table(talk: Talk, path: Path) -> list[dict[str, str]]:
    exported(talk.path, path, Csv, Lens(only=Filter(notes=False)))
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def text_or_none(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


@pytest.mark.parametrize("form", LINE_FORMS)
def test_a_message_of_many_pieces_is_written_like_a_short_one(talk: Talk, folder: Path, form: type[Format]) -> None:
    cut_characters = "€𝄞".encode() * 50_000 + b"\xff"
    talk.receives_all([cut_characters[start : start + 65_521] for start in range(0, len(cut_characters), 65_521)])
    talk.receives(b"\n")

    done = exported(talk.path, folder / "out", form, Lens("line", Filter(sent=False, notes=False)), first=2)

    text = (folder / "out").read_text("utf-8-sig")
    assert done.rows == 1
    if form is JsonLines:
        assert base64.b64decode(json.loads(text)["base64"]) == cut_characters
        assert json.loads(text)["text"] is None
    elif form is Csv:
        assert f'"0x{cut_characters.hex()}"' in text
    else:
        assert "#1 >  " + "€𝄞" * 50_000 + "\\xff\n" in text


# What was asked for.


@pytest.mark.parametrize("form", LINE_FORMS)
def test_a_stretch_of_rows_can_be_had(talk: Talk, folder: Path, form: type[Format]) -> None:
    done = exported(talk.path, folder / "out", form, first=2, count=3)

    assert done.rows == rows_of(form, folder / "out") - (form is Text) == 3  # one has two lines
    assert b"type the message" in (folder / "out").read_bytes()
    assert b"connected" not in (folder / "out").read_bytes()


@pytest.mark.parametrize("form", all_formats())
@pytest.mark.parametrize(("first", "count"), [(0, 0), (7, None), (900, None), (900, 5)])
def test_a_stretch_without_rows_is_a_file_without_rows(
    talk: Talk, folder: Path, form: type[Format], first: int, count: int | None
) -> None:
    done = exported(talk.path, folder / "out", form, first=first, count=count)

    assert done.rows == 0
    assert done.size == (folder / "out").stat().st_size
    if form in (*LINE_FORMS, Raw):
        assert rows_of(form, folder / "out") == 0


@pytest.mark.parametrize("form", LINE_FORMS)
def test_a_lens_and_a_filter_decide_what_the_rows_are(talk: Talk, folder: Path, form: type[Format]) -> None:
    only = Filter(frozenset({ConnectionId(1)}), sent=False, notes=False)

    done = exported(talk.path, folder / "out", form, Lens("line", only))

    assert done.rows == rows_of(form, folder / "out") == 2
    assert b"world" in (folder / "out").read_bytes()


# Its name.


@pytest.mark.parametrize("form", LINE_FORMS)
def test_a_file_that_is_there_is_replaced_and_only_its_owner_can_read_it(
    talk: Talk, folder: Path, form: type[Format]
) -> None:
    target = folder / "out"
    target.write_text("old")
    target.chmod(0o644)

    done = exported(talk.path, target, form)

    assert done.paths == (target.resolve(),)
    assert done.size == target.stat().st_size > 3
    assert names(folder) == ["out"]
    if sys.platform != "win32":
        assert stat.S_IMODE(target.stat().st_mode) == 0o600


@needs_links
def test_a_link_stays_and_what_it_leads_to_is_replaced(talk: Talk, folder: Path) -> None:
    (folder / "real").write_text("old")
    try:
        (folder / "link").symlink_to("real")
    except OSError:
        pytest.skip("no links can be made here")

    exported(talk.path, folder / "link", Text)

    assert (folder / "link").is_symlink()
    assert "hello" in (folder / "real").read_text("utf-8")


def test_a_name_that_windows_does_not_keep_is_refused(
    talk: Talk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.journal.export.files.why_no_file", lambda path: f"{path.name} is a device")

    with pytest.raises(ExportError, match=r"NUL cannot be a file: NUL is a device\.$"):
        exported(talk.path, folder / "NUL", Text)

    assert names(folder) == []


@pytest.mark.case("C-81")
@pytest.mark.parametrize("form", all_formats())
def test_a_folder_is_not_replaced(talk: Talk, folder: Path, form: type[Format]) -> None:
    with pytest.raises(ExportError, match="is there and is not a file"):
        exported(talk.path, folder, form)

    assert names(folder) == []


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
@pytest.mark.parametrize("is_written", [False, True])
def test_a_journal_is_not_replaced(talk: Talk, folder: Path, suffix: str, *, is_written: bool) -> None:
    target = folder / "other.tincan"
    with contextlib.closing(Talk(target)) as other:
        other.opens()
        if not is_written:
            other.close()
        before = target.read_bytes()
        with pytest.raises(ExportError, match=r"is a journal, or another database\. Choose another name\.$"):
            exported(talk.path, target.with_name(target.name + suffix), Text)
        assert target.read_bytes() == before
        assert is_written or names(folder) == [target.name]


@only_posix("Windows has no pipes in folders")
@pytest.mark.parametrize("form", all_formats())
def test_a_pipe_or_a_device_is_not_replaced(talk: Talk, folder: Path, form: type[Format]) -> None:
    os.mkfifo(folder / "pipe")  # type: ignore[attr-defined,unused-ignore]

    for target in (folder / "pipe", Path(os.devnull)):
        with pytest.raises(ExportError, match="is there and is not a file"):
            exported(talk.path, target, form)

    assert names(folder) == ["pipe"]


@pytest.mark.parametrize("name", ["missing/out", "\0", "x" * 300], ids=["no such folder", "NUL", "too long"])
@pytest.mark.parametrize("form", all_formats())
def test_a_name_that_cannot_be_is_refused_in_a_sentence(
    talk: Talk, folder: Path, form: type[Format], name: str
) -> None:
    with pytest.raises(ExportError, match=r"(could not be written|cannot be a file): .*\.$"):
        exported(talk.path, folder / name, form)

    assert names(folder) == []


class TestRawBytes:
    """A file for each direction of each connection."""

    def test_one_direction_of_one_connection_is_the_file_that_was_asked_for(self, talk: Talk, folder: Path) -> None:
        (folder / "talk.raw").write_text("old")

        done = exported(talk.path, folder / "talk.raw", Raw, Lens(only=Filter(sent=False)))

        assert names(folder) == ["talk.raw"]
        assert (done.rows, done.size) == (2, 12)
        assert (folder / "talk.raw").read_bytes() == b"hello\nworld\n"

    def test_several_stand_beside_it_and_are_named_after_it(self, talk: Talk, folder: Path) -> None:
        (folder / "talk.raw").write_text("stays")
        talk.opens(2)
        talk.receives(b"\x00\xff", 2)

        done = exported(talk.path, folder / "talk.raw", Raw)

        assert [path.name for path in done.paths] == ["talk-1-received.bin", "talk-1-sent.bin", "talk-2-received.bin"]
        assert names(folder) == sorted([*(path.name for path in done.paths), "talk.raw"])
        assert [path.read_bytes() for path in done.paths] == [
            b"hello\nworld\n", b"type the message\nq\n", b"\x00\xff",
        ]  # fmt: skip
        assert (folder / "talk.raw").read_text() == "stays"

    @pytest.mark.case("C-81")
    @pytest.mark.parametrize("taken", ["talk-1-received.bin", "talk-1-sent.bin"])
    def test_a_file_that_nobody_was_asked_about_is_left_alone(self, talk: Talk, folder: Path, taken: str) -> None:
        (folder / taken).write_text("mine")

        with pytest.raises(ExportError, match=f"{taken} is there already"):
            exported(talk.path, folder / "talk.raw", Raw)

        assert names(folder) == [taken]
        assert (folder / taken).read_text() == "mine"

    def test_if_one_cannot_take_its_name_none_does(
        self, talk: Talk, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keep = PartialFile.keep

        def keep_but_one(file: PartialFile, target: Path) -> None:
            if target.name == "talk-1-sent.bin":
                raise PermissionError(errno.EACCES, "Permission denied")
            keep(file, target)

        monkeypatch.setattr(PartialFile, "keep", keep_but_one)
        with pytest.raises(ExportError, match="Permission denied"):
            exported(talk.path, folder / "talk.raw", Raw)

        assert names(folder) == []

    def test_there_may_be_more_connections_than_descriptors(self, tmp_path: Path, folder: Path) -> None:
        connections = 2 * MOST_OPEN
        write_journal(tmp_path / "many", connections * 6, connections=connections, both_ways=True)

        done = exported(tmp_path / "many", folder / "out.bin", Raw)

        assert len(done.paths) == 2 * connections
        for path in done.paths:
            assert [len(line) for line in path.read_bytes().split(b"\n")] == [63, 63, 63, 0]

    @only_linux("counts descriptors in /proc")
    def test_of_many_files_few_are_open_at_once(self, folder: Path) -> None:
        before = len(list(Path("/proc/self/fd").iterdir()))
        with PartialFiles(folder / "out.bin", ".bin") as files:
            for number in range(3 * MOST_OPEN):
                files.write(b"x", (number, "sent"))
            assert len(list(Path("/proc/self/fd").iterdir())) - before <= MOST_OPEN

    def test_bytes_of_a_connection_without_a_beginning_are_not_lost(self, talk: Talk, folder: Path) -> None:
        talk.receives(b"from nowhere", 9)

        done = exported(talk.path, folder / "talk.bin", Raw)

        assert (folder / "talk-unknown-received.bin").read_bytes() == b"from nowhere"
        assert len(done.paths) == 3


# To its end, or not at all.


@pytest.mark.parametrize("form", all_formats())
def test_progress_is_told_no_more_than_20_times_a_second(tmp_path: Path, folder: Path, form: type[Format]) -> None:
    write_journal(tmp_path / "long", 10_000)
    told: list[tuple[float, Progress]] = []

    done = exported(
        tmp_path / "long",
        folder / "out",
        form,
        on_progress=lambda progress: told.append((monotonic(), progress)),
    )

    steps = [progress for _at, progress in told]
    assert steps
    assert {step.total for step in steps} == {10_002}
    assert [(step.rows, step.size) for step in steps] == sorted((step.rows, step.size) for step in steps)
    assert 0 < steps[-1].size <= done.size
    assert all(later - sooner >= TELL_EVERY for (sooner, _), (later, _) in itertools.pairwise(told))


@pytest.mark.parametrize("form", all_formats())
def test_cancelled_in_the_middle_it_leaves_nothing_behind(tmp_path: Path, folder: Path, form: type[Format]) -> None:
    write_journal(tmp_path / "long", 10_000, connections=2)
    (folder / "out").write_text("old")
    cancelled = threading.Event()
    seen: list[int] = []

    def cancel(progress: Progress) -> None:
        seen.append(len(names(folder)))
        cancelled.set()

    with pytest.raises(ExportError, match="Cancelled") as raised:
        exported(tmp_path / "long", folder / "out", form, on_progress=cancel, cancelled=cancelled)

    assert raised.value.cancelled
    assert len(seen) == 1
    assert seen[0] > 1  # it was being written
    assert names(folder) == ["out"]
    assert (folder / "out").read_text() == "old"


@pytest.mark.parametrize("form", all_formats())
def test_cancelled_before_it_begins_it_makes_no_file(talk: Talk, folder: Path, form: type[Format]) -> None:
    cancelled = threading.Event()
    cancelled.set()

    with pytest.raises(ExportError, match="Cancelled"):
        exported(talk.path, folder / "out", form, cancelled=cancelled)

    assert names(folder) == []


@pytest.mark.case("C-62")
@pytest.mark.parametrize("form", all_formats())
def test_a_journal_that_is_damaged_further_on_leaves_the_old_file(
    tmp_path: Path, folder: Path, form: type[Format]
) -> None:
    write_journal(tmp_path / "journal", 5_000)
    with contextlib.closing(sqlite3.connect(tmp_path / "journal")) as database:
        database.execute("UPDATE chunk SET kind = x'ff' WHERE ordinal > 4000")
        database.commit()
    (folder / "out").write_text("old")

    with pytest.raises(ExportError, match="damaged"):
        exported(tmp_path / "journal", folder / "out", form)

    assert names(folder) == ["out"]
    assert (folder / "out").read_text() == "old"


GROWING = [form for form in all_formats() if form is not Library]  # which has no more than what was said first


@pytest.mark.case("C-61")
class TestAFullDisk:
    """The old file stays, nothing half-written does, and a sentence says why."""

    @only_posix("Windows has no limit on the size of files")
    def test_by_a_limit_on_files(self, tmp_path: Path, folder: Path) -> None:
        write_journal(tmp_path / "journal", 5_000)
        self.check([], "limit", tmp_path / "journal", folder)

    @pytest.mark.root
    def test_on_a_small_disk(self, tmp_path: Path, folder: Path) -> None:
        script = 'mount -t tmpfs -o size=64k tincan "$0" && exec "$@"'
        mount = [*apart("--mount"), "sh", "-c", script, str(folder)]
        write_journal(tmp_path / "journal", 5_000)
        self.check(mount, "disk", tmp_path / "journal", folder)

    def check(self, before: list[str], way: str, journal: Path, folder: Path) -> None:
        forms = [form.name for form in GROWING]
        command = [sys.executable, "-m", "tests.support.full_export", way, str(journal), str(folder), *forms]
        done = subprocess.run([*before, *command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        assert list(seen) == forms
        for told in seen.values():
            assert "There is no room for" in told["sentence"], seen
            assert told["names"] == ["out"], seen
            assert told["content"] == "old", seen
            assert told["exported"] == 20, seen  # with less to write, there is room

    def test_noticed_only_when_everything_must_be_on_the_disk(
        self, talk: Talk, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "out").write_text("old")

        def full(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ExportError, match="There is no room for"):
            exported(talk.path, folder / "out", Text)

        assert names(folder) == ["out"]
        assert (folder / "out").read_text() == "old"


@pytest.mark.case("C-54")
@only_posix("Windows tells the most memory that was used in another way")
def test_a_very_long_message_takes_little_memory(tmp_path: Path) -> None:
    forms = {form.name: form for form in all_formats()}
    with contextlib.closing(Talk(tmp_path / "talk.tincan")) as talk:
        talk.opens()
        talk.receives_all([*[b"x" * 65_536] * 500, b"\n"])

    done = subprocess.run(
        [sys.executable, "-m", "tests.support.long_export", str(tmp_path / "talk.tincan"), *forms],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert list(seen) == list(forms)
    # a step says a message as a whole, and so does what a client says first; others cut what is too long
    least = dict.fromkeys((*LINE_FORMS, Raw, Pcapng), 32_000_000) | {Svg: 1_000, Steps: 100, Library: 100}
    assert {name: told["rows"] for name, told in seen.items()} == dict.fromkeys(forms, 1)
    assert not {name: told for name, told in seen.items() if told["size"] <= least.get(forms[name], 50_000)}
    assert not {name: told for name, told in seen.items() if told["grown"] >= 24 * 1024 * 1024}


class WholeLater:
    """A source that gives a message's bytes only when they are asked for, all at once."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.total = 1

    def read(self, first: int, count: int, preview: int) -> list[DisplayRow]:
        return []

    def whole(self, display_row: DisplayRow) -> Iterator[bytes]:
        yield self._data

    def recorded(self, message: DisplayRow) -> Frame:
        raise NotImplementedError

    def parties(self) -> Parties:
        raise NotImplementedError


@settings(deadline=None, max_examples=examples(60))
@given(
    data=st.binary(max_size=40) | st.text("ab\r\n\t'\"=;é𝄞\u202e\u0301", max_size=30).map(str.encode),
    number=st.none() | st.integers(1, 10**6),
    misfit=st.sampled_from(["", "never ended", 'é"=\n']),
    span=st.none() | st.just(Span(1, 2, 3, 4)),
)
@pytest.mark.parametrize("form", LINE_FORMS)
def test_a_row_whose_bytes_are_at_hand_looks_like_one_whose_bytes_are_read_later(
    form: type[Format], data: bytes, number: int | None, misfit: str, span: Span | None
) -> None:
    at_hand = DisplayRow(
        7, SESSION, 8, None, number, "sent", 10**18, 5, data, len(data), span=span, misfit=misfit
    )  # fmt: skip
    later = at_hand._replace(data=b"")

    rows = [[*form().row(row, partial(pieces_of, WholeLater(data), row))] for row in (at_hand, later)]

    assert "".join(map(str, rows[0])) == "".join(map(str, rows[1]))


def test_an_open_stream_gets_the_same_as_a_file(talk: Talk, folder: Path) -> None:
    for form in LINE_FORMS:
        stream = io.BytesIO()
        with opens_reading(talk.path, SESSION, Lens())(threading.Event()) as source:
            poured = export_to(stream, source, form)
        done = exported(talk.path, folder / "out", form)

        assert stream.getvalue() == (folder / "out").read_bytes()
        assert (poured.rows, poured.size, poured.paths) == (done.rows, done.size, ())


def test_what_is_recorded_meanwhile_is_not_exported(talk: Talk) -> None:
    with opens_reading(talk.path, SESSION, Lens("line"), entries=4)(threading.Event()) as source:
        poured = io.BytesIO()
        talk.receives(b"too late\n")
        export_to(poured, source, Text)

    assert b"hello" in poured.getvalue()
    assert b"wor\n" in poured.getvalue()  # as it stood
    assert b"not ended yet" in poured.getvalue()
    assert b"late" not in poured.getvalue()


def test_every_kind_of_file_can_be_offered_to_people() -> None:
    assert [(form.name, form.ending) for form in all_formats()] == [
        ("text", ".txt"),
        ("csv", ".csv"),
        ("jsonl", ".jsonl"),
        ("raw", ".bin"),
        ("html", ".html"),
        ("pcapng", ".pcapng"),
        ("python-client", ".py"),
        ("python-server", ".py"),
        ("pytest", ".py"),
        ("steps", ".json"),
        ("svg", ".svg"),
        ("library", ".py"),
    ]
    assert all(form.title and form.sentence.endswith(".") for form in all_formats())
    assert [form for form in all_formats() if form.is_binary] == [Raw, Pcapng]
