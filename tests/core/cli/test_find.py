"""``find`` in a terminal: a line for each place, safe to look at, and exit codes as grep has them."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core.__main__ import parse
from core.cli.find import FindOptions
from core.compose import Encoding
from core.events import SessionId
from core.journal.display_row import Filter
from core.journal.recording.store import JournalWriter
from core.journal.search.pattern import Mode, Query
from core.journal.search.search import arguments as asked_of
from core.roles import Role
from tests.core.journal.reading.test_lens_view import Talk
from tests.support import program
from tests.support.journals import write_journal
from tests.support.program import Done
from tests.support.story import Story
from tests.support.systems import ON_WINDOWS, only_posix


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A server with two connections: entries 1 and 2 opened them, 3 to 7 are bytes."""
    path = tmp_path / "talk.tincan"
    with contextlib.closing(Talk(path)) as talk:
        talk.opens(1)
        talk.opens(2)
        talk.receives(b"say hel", 1)
        talk.receives(b"Hello, I am the other", 2)
        talk.receives(b"lo to me\nand goodbye", 1)
        talk.sends(b"\x1b[2J hello \xff\0\xe2\x80\xae", 1)
        talk.sends(b"." * 100 + b"needle" + b"." * 100, 2)
    return path


def run(*arguments: str | Path) -> Done:
    return program.run("find", *arguments)


def found(*arguments: str | Path) -> list[str]:
    """The lines without their times, which must be there."""
    done = run(*arguments)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert all(re.match(r"(session \d+  )?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  ", line) for line in lines)
    return [re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  ", "", line) for line in lines]


def test_a_process_of_its_own_says_the_same(journal: Path) -> None:
    assert program.start("find", journal, "hello") == run(journal, "hello")


def test_each_place_is_a_line_with_what_stands_around_it(journal: Path) -> None:
    assert found(journal, "hello") == [
        "#2  received  4  Hello, I am the other",
        "#1  received  5  say hello to me\\nand goodbye",
        "#1  sent  6  \\e[2J hello \\xff\\0\\u{202e}",
    ]
    assert found(journal, "needle") == [f"#2  sent  7  …{'.' * 32}needle{'.' * 32}…"]


def test_bytes_patterns_and_notes_are_found(journal: Path) -> None:
    assert found(journal, "--hex", "ff 00") == ["#1  sent  6  \\e[2J hello \\xff\\0\\u{202e}"]
    assert found(journal, "--regex", "^and .*bye$") == ["#1  received  5  lo to me\\nand goodbye"]
    assert found(journal, "--match-case", "Hello") == ["#2  received  4  Hello, I am the other"]
    assert found(journal, "connected") == [
        "#1  opened  1  #1 connected from 127.0.0.1:5555",
        "#2  opened  2  #2 connected from 127.0.0.1:5555",
    ]


@pytest.mark.parametrize(
    ("arguments", "ordinals"),
    [
        (["--received"], [4, 5]),
        (["--sent"], [6]),
        (["--received", "--sent"], [4, 5, 6]),
        (["--connection", "1"], [5, 6]),
        (["--connection", "2", "--session", "1"], [4]),
    ],
    ids=str,
)
def test_only_what_was_asked_for_is_looked_at(journal: Path, arguments: list[str], ordinals: list[int]) -> None:
    lines = found(journal, *arguments, "hello")

    assert [int(line.split("  ")[2]) for line in lines] == ordinals


def test_nothing_found_is_exit_code_1_and_no_line(journal: Path) -> None:
    for arguments in (["no such text"], ["--notes", "hello"]):
        done = run(journal, *arguments)
        assert (done.code, done.out, done.err) == (1, "", "")


def test_the_places_are_counted(journal: Path) -> None:
    assert run(journal, "--count", "hello").out == "3\n"
    done = run(journal, "--count", "no such text")
    assert (done.code, done.out) == (1, "0\n")


def test_every_session_is_looked_through_and_named(tmp_path: Path) -> None:
    path = tmp_path / "two.tincan"
    one, two = Story(1), Story(2, Role.CLIENT)
    with contextlib.closing(JournalWriter(path)) as writer:
        writer.append([one.begins(), one.opens(), one.hears(b"abc"), two.begins(), two.opens(), two.hears(b"ABC")], 0)

    assert found(path, "abc") == ["session 1  #1  received  2  abc", "session 2  #1  received  2  ABC"]
    assert found(path, "abc", "--session", "2") == ["#1  received  2  ABC"]
    done = run(path, "abc", "--connection", "1")
    assert (done.code, done.err) == (2, "there are 2 sessions, each with its own #1: choose with --session\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--hex", "0g"], "half a byte"),
        (["--regex", "(a"], "no regular expression"),
        ([""], "type what to look for"),
        (["--session", "9", "a"], "the journal has no session 9"),
        (["--connection", "9", "a"], "session 1 has no connection #9; it has 2"),
        (["--session", "x", "a"], "“x” is no number of a session"),
        (["--hex", "--regex", "a"], "not allowed with"),
        ([], "required: TEXT"),
    ],
    ids=str,
)
def test_what_cannot_be_looked_for_is_said_in_one_line(journal: Path, arguments: list[str], says: str) -> None:
    done = run(journal, *arguments)

    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("content", [None, b"", b"hello"], ids=["gone", "empty", "foreign"])
@pytest.mark.case("C-62", "C-82")
def test_what_is_no_journal_is_said_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / ("a.tincan" if ON_WINDOWS else "a\n\x1b[2J.tincan")  # Windows allows no such name
    if content is not None:
        path.write_bytes(content)
    done = run(path, "a")

    assert (done.code, done.out) == (2, "")
    assert done.err.removesuffix("\n").isprintable()


@pytest.mark.case("C-48", "C-55", "C-82")
def test_nothing_that_was_said_can_forge_a_line_or_move_the_cursor(tmp_path: Path) -> None:
    path = tmp_path / "hostile.tincan"
    hostile = b"needle\r\n2026-01-01 10:00:00.000  #1  sent  7  forged\x1b[A\x9b2J\x07\t" + b"\xcd\xa1" * 40
    write_journal(path, 1, instead={0: hostile})
    (line,) = found(path, "needle")

    assert line.replace("\u0361", "").isprintable()


def test_a_hit_is_shown_whole_even_where_it_lies_across_many_entries(tmp_path: Path) -> None:
    path = tmp_path / "drip.tincan"
    with contextlib.closing(Talk(path)) as talk:
        talk.opens(1)
        talk.opens(2)
        for letter in b"a needle":
            talk.receives(bytes([letter]), 1)
            talk.receives(b"!", 2)

    assert found(path, "needle") == ["#1  received  17  needle"]


def test_a_character_is_not_cut_in_two_at_the_edges_and_one_that_came_in_two_is_not_dropped(tmp_path: Path) -> None:
    path = tmp_path / "wide.tincan"
    wide = ("é" * 40 + "needle" + "é" * 40).encode()
    write_journal(path, 2, instead={0: b"." + wide, 1: b"\xa9needle\xc3"})

    assert found(path, "needle") == [
        f"#1  received  2  …{'é' * 16}needle{'é' * 16}…",
        "#1  received  3  \\xa9needle\\xc3",
    ]


def test_a_very_long_hit_is_shown_in_part(tmp_path: Path) -> None:
    path = tmp_path / "long.tincan"
    write_journal(path, 1, instead={0: b"a" * 5000})
    (line,) = found(path, "--regex", "^a{4000}")

    assert line == f"#1  received  2  {'a' * 256}…{'a' * 32}…"


def test_who_has_seen_enough_may_go_away(tmp_path: Path) -> None:
    path = tmp_path / "many.tincan"
    write_journal(path, 20_000)
    command = [sys.executable, "-m", "core", "find", str(path), "line"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"line 000000000000" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 0


@only_posix("Windows sends no SIGINT to one process")
@pytest.mark.case("C-68", "C-86")
def test_ctrl_c_ends_even_a_pattern_that_takes_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tincan"
    write_journal(path, 1, instead={0: b"needle " + b"a" * 60 + b"!"})
    pattern = r"(?:needle |(a+)+$)"
    command = [sys.executable, "-m", "core", "find", "--json-lines", "--regex", str(path), pattern]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert json.loads(process.stdout.readline())[0] == 3  # now only what may still change is left
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
            assert process.stderr.read() == b""
        finally:
            process.kill()  # it would go on for ever


def test_a_pattern_that_takes_for_ever_is_given_up_in_the_window_s_words(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tincan"
    write_journal(path, 1, instead={0: b"needle " + b"a" * 60 + b"!"})

    done = run("--regex", "--patience=2", str(path), r"(?:needle |(a+)+$)")

    assert done.code == 2
    assert done.err.splitlines() == [
        "looking for this takes too long: nothing moved for 2 s. "
        "A repeat within a repeat, as in (a+)+, can take for ever; write it without"
    ]


def test_a_program_is_answered_in_lines_of_json(journal: Path) -> None:
    done = run("--json-lines", "--session=1", "--ids=1", "--entries=5:7", "--", str(journal), "hello")
    lines = [json.loads(line) for line in done.out.splitlines()]

    assert lines[-1] == ["done"]
    assert [line for line in lines[:-1] if len(line) > 1] == [[7, [5, 6], [-3, 5], [2, 10]]]
    done = run("--json-lines", "--session=9", "--", str(journal), "hello")
    assert json.loads(done.out) == ["failed", "the journal has no session 9"]


def test_the_command_line_is_understood() -> None:
    arguments = "find a.tincan text --regex --match-case --session 2 --connection 3 --sent --notes --count"

    assert parse(arguments.split()) == FindOptions(
        Path("a.tincan"), Query("text", Mode.REGEX, match_case=True), 2, 3, sent=True, notes=True, counts=True
    )
    assert parse(["find", "a", "b"]) == FindOptions(Path("a"), Query("b"))


def test_text_is_found_and_shown_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "talk.tincan"
    with contextlib.closing(Talk(path)) as talk:
        talk.opens(1)
        talk.receives("hej Åsa, Åsa!".encode("latin-1"), 1)
        talk.receives("本語".encode("utf-16-le"), 1)

    assert found(path, "--encoding", "latin-1", "å") == ["#1  received  2  hej Åsa, Åsa!"] * 2
    assert found(path, "--encoding", "latin-1", "--regex", "å.a!") == ["#1  received  2  hej Åsa, Åsa!"]
    assert found(path, "--encoding", "utf-16-le", "本") == ["#1  received  3  本語"]
    assert run(path, "--encoding", "latin-1", "€").code == 2
    refused = run(path, "--encoding", "klingon", "x")
    assert refused.code == 2
    assert "“klingon” is none of utf-8, utf-16-le" in refused.err


def test_a_letter_is_found_in_either_case_by_any_name_of_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "talk.tincan"
    with contextlib.closing(Talk(path)) as talk:
        talk.opens(1)
        talk.receives("тоже, Жук".encode("koi8-r"), 1)
        talk.receives("HI".encode("cp037"), 1)

    for name in ("koi8-r", "KOI8-R", "koi8_r"):
        assert found(path, "--encoding", name, "ж") == ["#1  received  2  тоже, Жук"] * 2
    assert found(path, "--encoding", "KOI8-R", "--match-case", "ж") == ["#1  received  2  тоже, Жук"]
    assert found(path, "--encoding", "ebcdic", "hi") == ["#1  received  3  HI"]
    assert run(path, "ж").code == 1


def test_a_search_in_its_own_process_keeps_its_encoding(tmp_path: Path) -> None:
    query = Query("本.a", Mode.REGEX, encoding=Encoding.SHIFT_JIS)

    options = parse(asked_of(tmp_path / "a", SessionId(1), query, Filter(), range(5), 1.0))

    assert isinstance(options, FindOptions)
    assert options.query == query
