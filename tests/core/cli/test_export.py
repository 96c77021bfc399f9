"""``python -m core export``: what was recorded, on standard output or in a file, and one line for what is wrong."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
from base64 import b64decode
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core.__main__ import parse
from core.cli.export import ExportOptions, run_export
from core.cli.reading import TerminalJournal
from core.compose.encoding import encode, find_encoding
from core.journal.export.formats import find_format
from core.journal.export.formats.csv import Csv
from core.journal.export.formats.raw import Raw
from core.journal.recording.store import JournalWriter
from tests.support import program
from tests.support.captures import Caller, Frame, pcap
from tests.support.exports import Talk
from tests.support.journals import write_journal
from tests.support.program import Done
from tests.support.story import Story
from tests.support.systems import only_linux, only_posix


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Two connections that said a little."""
    with contextlib.closing(Talk(tmp_path / "talk.tincan")) as talk:
        talk.opens(1)
        talk.opens(2)
        talk.sends(b"type the message\n", 1)
        talk.receives(b"hel", 1)
        talk.receives(b"other\n", 2)
        talk.receives(b"lo\x1b[31m\n", 1)
        talk.closes(1)
    return talk.path


def run(*arguments: str | Path | int) -> Done:
    return program.run("export", *arguments)


def refused(*arguments: str | Path | int) -> str:
    """What it says of bad input, in one line."""
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    line = done.err
    assert line.count("\n") == 1
    assert line.rstrip("\n").isprintable()
    return line


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ("export a.tincan", ExportOptions(Path("a.tincan"))),
        ("export a.tincan --list", ExportOptions(Path("a.tincan"), lists=True)),
        (
            "export a.tincan --as csv --session 2 --connection 7 --received --frame line --output b.csv",
            ExportOptions(Path("a.tincan"), Csv, 2, 7, received=True, framing="line", output=Path("b.csv")),
        ),
        (
            "export a.tincan --as raw --sent --notes",
            ExportOptions(Path("a.tincan"), Raw, sent=True, notes=True),
        ),
    ],
)
def test_what_is_asked_for_is_understood(arguments: str, options: ExportOptions) -> None:
    assert parse(arguments.split()) == options


@pytest.mark.parametrize(
    ("name", "said"), [("koi8-r", "Привет, ж"), ("EUC-KR", "한글"), ("utf-16-le", "жδ"), ("cp037", "HELLO")]
)
def test_every_form_of_text_follows_the_encoding(name: str, said: str, tmp_path: Path) -> None:
    encoding = find_encoding(name)
    assert encoding is not None
    wire = encode(f"{said}\n", encoding)
    with contextlib.closing(Talk(tmp_path / "talk.tincan")) as talk:
        talk.opens(1)
        talk.receives(wire, 1)
        talk.receives(wire[:1] if encoding.unit > 1 else b"", 1)

    read = {
        form: run(talk.path, "--as", form, "--received", "--encoding", name).out for form in ("text", "csv", "jsonl")
    }

    assert f"# messages are read as {encoding.words}; this file is UTF-8\n" in read["text"]
    assert f"#1 >  {said}\\n\n" in read["text"]
    row = next(csv.DictReader(io.StringIO(read["csv"].removeprefix("\ufeff"))))
    assert (row["text"], row["hex"]) == (f"{said}\\n", f"0x{wire.hex()}")
    first, *_others, last = map(json.loads, read["jsonl"].splitlines())
    assert (first["text"], b64decode(first["base64"])) == (f"{said}\n", wire)
    if encoding.unit > 1:
        assert (last["text"], b64decode(last["base64"])) == (None, wire[:1])


def test_lines_that_have_another_end_in_the_encoding_are_not_cut_in_the_middle(tmp_path: Path) -> None:
    with contextlib.closing(Talk(tmp_path / "talk.tincan")) as talk:
        talk.opens(1)
        talk.receives("one\ntwo\n".encode("utf-16-le"), 1)

    why = refused(talk.path, "--encoding", "utf-16-le", "--frame", "line")
    done = run(talk.path, "--encoding", "utf-16-le", "--frame", "delimiter:0a00", "--received")

    assert "in UTF-16 LE, LF is 0a 00, but messages end at 0a here: use delimiter:0a00" in why
    assert [line.rsplit("  ", 1)[1] for line in done.out.splitlines()[3:]] == ["one", "two"]
    assert "LF is 25, or lines end with NEL, 15, but messages end at 0a here: use delimiter:25" in refused(
        talk.path, "--encoding", "cp037", "--frame", "line"
    )
    assert run(talk.path, "--encoding", "koi8-r", "--frame", "line").code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("export", "the following arguments are required: JOURNAL"),
        ("export a --as pdf", "invalid choice: 'pdf'"),
        *(
            (f"{command} {option}={number}", f"argument {option}: “{number}” is no number of a {option[2:]}\n")
            for command in ("export a", "find a b", "replay a h:1")
            for option in ("--session", "--connection")
            for number in ("one", "1_0", "１", "9" * 20, "-" + "9" * 20)
        ),
    ],
)
def test_what_cannot_be_asked_for_is_said(arguments: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        parse(arguments.split())

    assert leaving.value.code == 2
    assert says in capsys.readouterr().err


def test_a_process_of_its_own_says_the_same(journal: Path) -> None:
    assert program.start("export", journal) == run(journal)
    assert program.start("export", journal, "--session", 7) == run(journal, "--session", 7)


def test_text_comes_out_as_one_reads_it(journal: Path) -> None:
    done = run(journal)

    lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert [line[25:] for line in lines[2:]] == [
        "-- starting a server on 127.0.0.1:5555",
        "-- #1 connected from 127.0.0.1:40001",
        "-- #2 connected from 127.0.0.1:40002",
        "#1 <  type the message\\n",
        "#1 >  hel",
        "#2 >  other\\n",
        "#1 >  lo\\e[31m\\n",
        "-- #1 closed: you closed it (FIN)",
    ]


def test_lines_of_one_side_can_be_had(journal: Path) -> None:
    done = run(journal, "--frame", "line", "--connection", 1, "--received")

    assert [line[25:] for line in done.out.splitlines()[2:]] == ["#1 >  hello\\e[31m"]


def test_what_only_happened_can_be_had(journal: Path) -> None:
    done = run(journal, "--notes", "--as", "jsonl")

    kinds = [json.loads(line)["kind"] for line in done.out.splitlines()]
    assert kinds == ["session-opened", "opened", "opened", "closed"]


def test_csv_is_for_excel(journal: Path) -> None:
    done = run(journal, "--as", "csv", "--sent")

    rows = list(csv.DictReader(io.StringIO(done.out.removeprefix("\ufeff"), newline="")))
    assert done.out.startswith("\ufeff")
    assert [(row["text"], row["hex"]) for row in rows] == [("type the message\\n", "0x" + b"type the message\n".hex())]


def test_raw_bytes_of_one_side_can_go_through_a_pipe(journal: Path) -> None:
    done = run(journal, "--as", "raw", "--connection", 1, "--received", "--frame", "line")

    assert (done.code, done.out) == (0, "hello\x1b[31m\n")


def test_raw_bytes_go_into_a_file_for_each_side(journal: Path, tmp_path: Path) -> None:
    done = run(journal, "--as", "raw", "--output", tmp_path / "out.bin")

    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("4 rows, 34 bytes, in ")
    assert (tmp_path / "out-1-received.bin").read_bytes() == b"hello\x1b[31m\n"
    assert (tmp_path / "out-1-sent.bin").read_bytes() == b"type the message\n"
    assert (tmp_path / "out-2-received.bin").read_bytes() == b"other\n"


def test_a_file_is_replaced(journal: Path, tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("old")

    done = run(journal, "--output", tmp_path / "out.txt")

    assert done.code == 0
    assert done.err.startswith("8 rows, ")
    assert (tmp_path / "out.txt").read_bytes() == run(journal).out.encode()


def test_what_is_read_is_not_replaced(journal: Path, tmp_path: Path) -> None:
    capture = tmp_path / "talk.pcap"
    capture.write_bytes(pcap([]))
    for path in (journal, capture):
        before = path.read_bytes()
        for output in (path, tmp_path / "." / path.name):
            says = refused(path, "--output", output)
            assert says.endswith(
                f"argument --output: {output} is named twice, and would be lost: choose another name\n"
            )
        assert path.read_bytes() == before


def test_a_dash_is_standard_output_and_no_file(journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert run(journal, "--output", "-") == run(journal)
    assert not (tmp_path / "-").exists()


@only_posix("Windows has no name for standard output")
def test_the_system_s_name_of_standard_output_is_that_too(journal: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    with log.open("a") as added:
        subprocess.run(
            [sys.executable, "-m", "core", "export", str(journal), "--output", "/dev/stdout"],
            cwd=ROOT, stdout=added, timeout=60, check=True,
        )  # fmt: skip

    assert log.read_text() == "before\n" + run(journal).out


@only_posix("Windows has no pipes in folders")
def test_an_export_goes_through_a_pipe_with_a_name(journal: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE) as reading:
        try:
            done = run(journal, "--output", tmp_path / "pipe")
            assert (done.code, done.out, done.err) == (0, "", "")
            assert reading.communicate(timeout=20)[0] == run(journal).out.encode()
        finally:
            reading.kill()


@only_posix("Windows has no file for its null device")
def test_bytes_of_both_sides_would_mix_in_a_device(journal: Path) -> None:
    said = refused(journal, "--as", "raw", "--output", os.devnull)

    assert "raw bytes in a pipe or device need --connection N" in said


def test_an_output_without_a_name_is_not_the_folder(journal: Path) -> None:
    assert "argument --output: the name of the file is missing" in refused(journal, "--output", "")


def test_of_several_sessions_the_first_is_taken_and_that_is_said(tmp_path: Path) -> None:
    stories = Story(1), Story(2)
    with contextlib.closing(JournalWriter(tmp_path / "two")) as writer:
        writer.append([event for story in stories for event in story.whole()], 0)

    listed = run(tmp_path / "two", "--list")
    first = run(tmp_path / "two")
    second = run(tmp_path / "two", "--session", 2)

    assert listed.out.splitlines() == [
        "session 1: server 127.0.0.1:5555, 9 entries",
        "session 2: server 127.0.0.1:5555, 9 entries",
    ]
    assert "exporting session 1: server 127.0.0.1:5555; there are 2 sessions" in first.err
    assert (second.code, second.err) == (0, "")
    assert second.out.count("\n") == first.out.count("\n") == 13  # of the two sent ones a line says by whom


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--session", 7], "the journal has no session 7; it has 1"),
        (["--connection", 9], "session 1 has no connection #9; it has 2"),
        (["--as", "raw"], "raw bytes on standard output need --connection N and --received or --sent"),
        (["--as", "raw", "--connection", 1], "raw bytes on standard output need"),
    ],
)
def test_what_the_journal_cannot_give_is_said_in_one_line(journal: Path, arguments: list[str | int], says: str) -> None:
    assert says in refused(journal, *arguments)


@pytest.mark.case("C-62")
def test_what_is_not_a_journal_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "foreign").write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 40)
    (tmp_path / "empty").touch()

    assert "a database of another program" in refused(tmp_path / "foreign")
    assert "not a journal" in refused(tmp_path / "empty", "--list")
    assert "is not there" in refused(tmp_path / "nothing\n\x1b[31m")


def test_a_capture_of_another_program_is_taken_as_a_journal(tmp_path: Path) -> None:
    talk = Caller().open()
    talk.say(b"hello")
    whole = pcap([*talk.close().frames, Frame(b"\x10 neither")])
    (tmp_path / "talk.pcap").write_bytes(whole)
    (tmp_path / "cut.pcap").write_bytes(whole[:-3])

    listed, told, cut = run(tmp_path / "talk.pcap", "--list"), run(tmp_path / "talk.pcap"), run(tmp_path / "cut.pcap")

    assert listed.out == "session 1: capture 10.0.0.1:80, 7 entries\n"
    assert (told.code, told.err) == (0, "1 packet is in no conversation: 1 of other protocols than IP.\n")
    assert "#1 >  hello\n" in told.out
    assert cut.code == 3
    assert f"cut.pcap is damaged: it ends at byte {len(whole) - 3}, in the middle of a packet." in cut.err
    assert cut.out == told.out


@pytest.mark.parametrize("command", [["export"], ["replay", "--serve", "127.0.0.1:0"]])
def test_a_capture_without_a_conversation_is_called_by_what_it_is(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "none.pcap").write_bytes(pcap([Frame(b"\x10 neither")]))

    name, *options = command
    done = program.run(name, str(tmp_path / "none.pcap"), *options)

    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "1 packet is in no conversation: 1 of other protocols than IP.\n"
        "the capture has no conversation over TCP or UDP\n"
    )


@pytest.mark.parametrize("command", [["export"], ["replay", "--serve", "127.0.0.1:0"], ["find", "hello"]])
def test_a_capture_without_the_session_that_is_wanted_is_called_by_what_it_is(
    tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "talk.pcap").write_bytes(pcap(Caller().open().close().frames))

    name, *options = command
    done = program.run(name, str(tmp_path / "talk.pcap"), *options, "--session", "9")

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("the capture has no session 9")


def test_how_far_a_large_capture_is_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.cli.reading._SOON", -1.0)
    monkeypatch.setattr("core.journal.capture.conversion._TELL_EVERY", -1.0)
    talk = Caller().open()
    for _ in range(2_000):
        talk.say(b"x")
    (tmp_path / "long.pcap").write_bytes(pcap(talk.frames))
    told: list[str] = []

    journal = TerminalJournal(tmp_path / "long.pcap", threading.Event(), told.append)
    journal.close()

    assert told[0] == "long.pcap is being read, 13% so far."
    assert len(told) == 7
    assert journal.exit_code == 0


@pytest.mark.case("C-62")
def test_a_damaged_journal_is_read_as_far_as_it_can_be_and_that_is_told(tmp_path: Path) -> None:
    write_journal(tmp_path / "damaged", 2_000)
    damaged = bytearray((tmp_path / "damaged").read_bytes())
    middle = damaged.index(b"line 000000000500")
    damaged[middle : middle + 10_000] = bytes(10_000)
    (tmp_path / "damaged").write_bytes(damaged)

    done = [run(tmp_path / "damaged", *more) for more in (["--list"], [], ["--output", tmp_path / "out"])]

    assert [each.code for each in done] == [3, 3, 3]
    assert all("damaged is damaged (" in each.err for each in done)
    assert "could be read and at least" in done[0].err
    assert 1_000 < done[1].out.count("\n") < 2_000  # a run is lost from the damage on
    assert (tmp_path / "out").read_bytes() == done[1].out.encode()


@pytest.mark.case("C-62")
@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_damage_that_shows_in_a_large_journal_only_while_it_is_read_is_told(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("core.journal.recovery.recovery.CHECKED", 0)
    path = tmp_path / "large.tincan"
    write_journal(path, 2_000)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"line 000000001234", b"line 0000\x000001234"))

    codes = [run_export(ExportOptions(path, find_format(form), output=output)) for output in (None, tmp_path / "out")]
    told = capfd.readouterr()

    assert codes == [3, 3]
    assert "a checksum is wrong" in told.err
    assert told.out.count("\n") >= 2_000
    assert (tmp_path / "out").exists()


def test_a_file_that_cannot_be_written_is_a_failure(journal: Path, tmp_path: Path) -> None:
    done = run(journal, "--output", tmp_path / "missing" / "out")

    assert done.code == 1
    assert "could not be written" in done.err


@pytest.mark.case("C-61")
@only_linux("only Linux has a device that is always full")
def test_a_full_disk_behind_standard_output_is_a_failure(journal: Path) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [sys.executable, "-m", "core", "export", str(journal)],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert done.returncode == 1
    assert done.stderr == "Standard output could not be written: No space left on device.\n"


def test_who_has_seen_enough_may_go(tmp_path: Path) -> None:
    write_journal(tmp_path / "long", 20_000)
    with subprocess.Popen(
        [sys.executable, "-m", "core", "export", str(tmp_path / "long")],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as program:  # fmt: skip
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline().startswith(b"# > received")
        program.stdout.close()

        assert program.wait(20) == 0
        assert program.stderr.read() == b""


@only_posix("Windows ends a program without asking it")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_nothing_left_behind(tmp_path: Path, number: signal.Signals) -> None:
    """The program is held in the middle by a standard output that nobody reads, and then let go."""
    write_journal(tmp_path / "long", 20_000)
    folder = tmp_path / "exports"
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", HELD, str(tmp_path / "long"), str(folder / "out")],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline() == "writing\n"
        assert len(list(folder.iterdir())) == 1
        os.kill(program.pid, number)

        assert program.wait(20) == 130
        assert program.stderr.read() == "Cancelled. No file has changed.\n"
    assert list(folder.iterdir()) == []


HELD = """
import sys, threading
from pathlib import Path
from core.cli.export import ExportOptions, run_export
from core.journal.export.files import PartialFile

def hold(draft, data, write=PartialFile.write):
    write(draft, data)
    print("writing", flush=True)
    threading.Event().wait(20)

PartialFile.write = hold
sys.exit(run_export(ExportOptions(Path(sys.argv[1]), output=Path(sys.argv[2]))))
"""
