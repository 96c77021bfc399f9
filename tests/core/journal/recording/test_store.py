"""The journal's file: what goes in comes out, whole transactions only, whatever becomes of the file."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.address import Address
from core.errors import Explanation, JournalError
from core.events import Ending, Event, Received, Remark, Retrying, SessionId
from core.journal.reading.reader import JournalReader
from core.journal.recording.store import JournalWriter, kind_of
from core.journal.recovery.integrity import find_damage
from core.journal.schema import FORMAT
from core.origin import Origin
from core.roles import Role
from tests.support.damage import cut_off, small_journal, with_a_byte_changed, with_a_page_of_noise
from tests.support.earlier import in_format
from tests.support.story import Story
from tests.support.systems import examples, only_posix, only_windows

WALL_MINUS_MONO = 1_000_000


@contextlib.contextmanager
def writing(path: Path) -> Iterator[JournalWriter]:
    writer = JournalWriter(path)
    try:
        yield writer
    finally:
        writer.close()


@contextlib.contextmanager
def reading(path: Path) -> Iterator[JournalReader]:
    reader = JournalReader(path)
    try:
        yield reader
    finally:
        reader.close()


def written(path: Path, *events: Event) -> Path:
    """A finished journal of those events."""
    with writing(path) as writer:
        writer.append(events, WALL_MINUS_MONO)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def test_the_end_of_a_client_is_told_once(path: Path) -> None:
    story = Story(role=Role.CLIENT)
    written(path, story.begins(), story.opens(), story.says(b"bye"), story.closes(), story.ends())

    with reading(path) as reader:
        entries = reader.read(story.session, 0, 10)

    assert [entry.kind for entry in entries] == ["session-opened", "opened", "sent", "closed"]
    assert entries[-1].note == "connection closed: the server said goodbye (FIN)"


def test_why_a_client_failed_is_told_also_after_its_connection_is_over(path: Path) -> None:
    story = Story(role=Role.CLIENT)
    written(path, story.begins(), story.opens(), story.closes(), story.ends(Explanation("the disk melted", ())))

    with reading(path) as reader:
        last = reader.read(story.session, 0, 10)[-1]

    assert (last.kind, last.is_failure, last.note) == ("session-closed", True, "The disk melted.")


def test_that_somebody_called_a_client_off_is_told_also_after_its_connection_is_over(path: Path) -> None:
    story = Story(role=Role.CLIENT)
    written(path, story.begins(), story.opens(), story.closes(), story.ends(cancelled=True))

    with reading(path) as reader:
        assert reader.read(story.session, 0, 10)[-1].kind == "session-closed"


def test_why_a_client_comes_back_is_told_once_but_anew_when_it_is_another_reason_or_it_stood_between(
    path: Path,
) -> None:
    story = Story(role=Role.CLIENT)

    def fails(tries: int, why: str) -> Retrying:
        return Retrying(story.session, story.now(), tries, 0.1, why)

    tries = [fails(1, "nobody listens"), fails(2, "nobody listens"), fails(3, "no route"), fails(4, "no route")]
    written(path, story.begins(), *tries, story.opens(), story.closes(), fails(1, "no route"))

    with reading(path) as reader:
        kinds = [entry.kind for entry in reader.read(story.session, 0, 20)]
        assert kinds == ["session-opened", "retrying", "retrying", "opened", "closed", "retrying"]
        whys = [reader.detail(story.session, place)["why"] for place in (1, 2, 5)]
    assert whys == ["nobody listens", "no route", "no route"]


@only_posix("Windows has other rights")
def test_a_folder_that_is_made_for_a_journal_is_its_owner_s_alone(tmp_path: Path) -> None:
    written(tmp_path / "new" / "journal.sqlite", *Story().whole())

    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_a_client_whose_connection_was_not_entered_is_over_all_the_same(path: Path) -> None:
    """What could not be written is no reason to tell less of what comes after it."""
    vain, broken = Story(1, Role.CLIENT), Story(2, Role.CLIENT)
    with writing(path) as writer:
        writer.append([vain.begins(), vain.ends(cancelled=True), broken.begins(), broken.opens()], 0)
        with failing_disk(writer), pytest.raises(JournalError):
            writer.append([broken.closes()], 0)
        writer.append([broken.ends()], 0)

    with reading(path) as reader:
        assert [entry.kind for entry in reader.read(vain.session, 0, 10)][1:] == ["session-closed"]
        assert [entry.kind for entry in reader.read(broken.session, 0, 10)][2:] == ["session-closed"]


def test_a_conversation_comes_back_as_it_was(path: Path) -> None:
    story = Story()
    written(path, *story.whole())

    with reading(path) as reader:
        entries = reader.read(story.session, 0, 100)

    assert [entry.ordinal for entry in entries] == list(range(9))
    assert [(entry.kind, entry.data or entry.note) for entry in entries] == [
        ("session-opened", "starting a server on 127.0.0.1:5555"),
        ("listening", "server is listening on 127.0.0.1:5555"),
        ("opened", "#1 connected from 127.0.0.1:40000"),
        ("sent", b"type the message"),
        ("received", b"hello"),
        ("sent", b"q"),
        ("received", b"stop"),
        ("closed", "#1 closed: the peer said stop"),
        ("session-closed", "server stopped"),
    ]
    assert [entry.number for entry in entries] == [None, None, 1, 1, 1, 1, 1, 1, None]
    assert not any(entry.is_failure for entry in entries)


@pytest.mark.case("C-20")
def test_an_entry_knows_the_time_of_day_and_the_time_that_only_goes_forward(path: Path) -> None:
    story = Story(start_ns=500)
    with writing(path) as writer:
        writer.append([story.begins()], 10**18)
        writer.append([story.listens()], 10**18 - 3_600 * 10**9)  # somebody set the clock back by an hour

    with reading(path) as reader:
        before, after = reader.read(story.session, 0, 2)

    assert (before.mono_ns, before.wall_ns) == (500, 10**18 + 500)
    assert after.mono_ns - before.mono_ns == 1
    assert after.wall_ns == 10**18 - 3_600 * 10**9 + 501


@settings(max_examples=examples(25), deadline=None)
@given(data=st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=20), sizes=st.integers(1, 7))
@pytest.mark.case("C-46", "C-47")
def test_every_byte_that_a_socket_gave_is_kept(
    tmp_path_factory: pytest.TempPathFactory, data: list[bytes], sizes: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.sqlite"
    story = Story()
    with writing(path) as writer:
        writer.append([story.begins(), story.opens()], 0)
        for begin in range(0, len(data), sizes):
            writer.append([story.hears(piece) for piece in data[begin : begin + sizes]], 0)

    with reading(path) as reader:
        entries = reader.read(story.session, 2, len(data))
        whole = [reader.data(story.session, 2 + i) for i in range(len(data))]

    assert [entry.data for entry in entries] == data == whole
    assert [entry.size for entry in entries] == [len(piece) for piece in data]


@pytest.mark.case("C-53")
@pytest.mark.parametrize(("odd", "escaped"), [("caf\udce9!", r"caf\udce9!"), ("a\0b", r"a\x00b")])
def test_what_a_text_of_sqlite_cannot_hold_is_an_escape_and_stops_no_recording(
    path: Path, odd: str, escaped: str
) -> None:
    """The path of a program that answers may have the one, what a Python file notes the other."""
    story = Story()
    begins, opens = replace(story.begins(), reply=f"handler {odd}"), story.opens()
    remark = Remark(story.session, story.connection, story.now(), odd)
    run: list[Event] = [
        story.says(b"by one", origin=Origin("handler", odd)),
        story.hears(b"heard"),
        story.says(b"by two"),
    ]
    alone = story.says(b"alone", origin=Origin("handler", odd))
    with writing(path) as writer:
        writer.append([begins, opens, remark, *run], 0)
        writer.append([alone], 0)

    with reading(path) as reader:
        noted, *said = reader.read(story.session, 2, 10)
        detail = reader.detail(story.session, 2)
    with contextlib.closing(sqlite3.connect(path)) as database:
        reply = database.execute("SELECT reply FROM session").fetchone()[0]

    named = f"handler {escaped}"
    assert (reply, noted.note, detail["text"]) == (named, f"#1: {escaped}", escaped)
    assert [entry.data for entry in said] == [b"by one", b"heard", b"by two", b"alone"]
    assert [entry.origin for entry in said] == [named, None, "script", named]
    assert find_damage(path) == ""


def test_a_preview_is_cut_and_the_whole_is_there_when_asked_for(path: Path) -> None:
    story = Story()
    written(path, story.begins(), story.opens(), story.hears(b"0123456789"))

    with reading(path) as reader:
        (entry,) = reader.read(story.session, 2, 1, preview=4)

        assert (entry.data, entry.size) == (b"0123", 10)
        assert reader.data(story.session, 2) == b"0123456789"


def test_a_view_reads_the_rows_it_can_show_and_no_others(path: Path) -> None:
    story = Story()
    written(path, story.begins(), story.opens(), *(story.hears(b"%d" % i) for i in range(50)))

    with reading(path) as reader:
        assert [e.data for e in reader.read(story.session, 30, 3)] == [b"28", b"29", b"30"]
        assert [e.ordinal for e in reader.read(story.session, 50, 10)] == [50, 51]
        assert reader.read(story.session, 52, 10) == []
        assert reader.count(story.session) == 52


def test_what_has_no_bytes_has_no_bytes(path: Path) -> None:
    story = Story()
    written(path, story.begins())

    with reading(path) as reader:
        assert reader.read(story.session, 0, 1)[0].data is None
        assert reader.data(story.session, 0) == b""
        assert reader.data(story.session, 99) == b""
        assert reader.count(SessionId(99)) == 0


def test_sessions_are_listed_and_counted_each_for_itself(path: Path) -> None:
    one, two = Story(1), Story(2, Role.CLIENT)
    written(path, one.begins(Address("localhost", 0)), two.begins(), one.listens(), two.opens(), two.hears(b"x"))

    with reading(path) as reader:
        rows = [(row.session, row.role, row.target, row.entries) for row in reader.sessions()]
        entries = reader.read(two.session, 0, 10)

    assert rows == [(1, "server", "localhost:0", 2), (2, "client", "127.0.0.1:5555", 3)]
    assert [entry.ordinal for entry in entries] == [0, 1, 2]
    assert entries[1].note == "connected to 127.0.0.1:40000 from 127.0.0.1:5555: the handshake took 0.4 ms"


def test_a_reader_sees_what_is_committed_while_it_is_being_written(path: Path) -> None:
    story = Story()
    with writing(path) as writer:
        writer.append([story.begins()], 0)
        with reading(path) as reader:
            assert reader.count(story.session) == 1
            writer.append([story.opens(), story.hears(b"x")], 0)
            assert reader.count(story.session) == 3
        assert writer.counts == {story.session: 3}


def test_what_went_wrong_is_marked_and_its_details_kept(path: Path) -> None:
    story = Story()
    why = Explanation("it broke", ("rain",))
    written(path, story.begins(), story.opens(), story.closes(Ending.FAILED, why), story.ends())

    with reading(path) as reader:
        assert [entry.is_failure for entry in reader.read(story.session, 0, 10)] == [False, False, True, False]
    with contextlib.closing(sqlite3.connect(path)) as database:
        (detail,) = database.execute("SELECT detail FROM entry WHERE kind = 'closed'").fetchone()
    assert json.loads(detail) == {
        "ending": "failed",
        "why": {
            "what": "it broke",
            "causes": ["rain"],
            "advice": "",
            "fault": "ours",
            "options": [],
            "needs_password": False,
            "errno": "",
        },
        "how": "FIN",
    }


def test_the_schema_is_what_other_tools_can_rely_on(path: Path) -> None:
    story = Story()
    written(path, *story.whole()[:6], story.says(b"abc", 1, 2), story.closes(Ending.PEER_RESET))

    with contextlib.closing(sqlite3.connect(path)) as database:
        ask = database.execute
        assert ask("PRAGMA integrity_check").fetchone() == ("ok",)
        assert ask("PRAGMA foreign_key_check").fetchall() == []
        assert ask("PRAGMA user_version").fetchone() == (FORMAT,)
        assert ask("SELECT role, target, framing, reply FROM session").fetchall() == [
            ("server", "127.0.0.1:5555", "raw", "letter")
        ]
        assert ask("SELECT number, local, peer, ending FROM connection").fetchall() == [
            (1, "127.0.0.1:5555", "127.0.0.1:40000", "reset")
        ]
        assert ask("SELECT detail FROM entry WHERE data = x'616263'").fetchone() == ('{"cuts": [1, 2]}',)
        assert ask("SELECT DISTINCT detail FROM entry WHERE data <> x'616263'").fetchall() == [(None,)]
        assert ask(
            "SELECT count(*) FROM entry WHERE kind = 'received' AND data = CAST('hello' AS BLOB)"
        ).fetchone() == (1,)
        ((program, began),) = ask("SELECT program, began_ns FROM journal").fetchall()
    assert program.startswith("Tincan ")
    assert abs(began - time.time_ns()) < 60 * 10**9


def test_every_kind_has_a_name_of_its_own() -> None:
    story = Story()

    assert [kind_of(event) for event in (story.begins(), story.opens(), story.peer_finishes())] == [
        "session-opened",
        "opened",
        "peer-finished",
    ]


@pytest.mark.case("C-55", "C-82")
def test_one_entry_stays_one_row_whatever_a_peer_says(path: Path) -> None:
    story = Story()
    forged = b"hi\n2026-01-01 INFO login ok\r\x1b[2J\0'); DROP TABLE entry; --"
    written(path, story.begins(), story.opens(), story.hears(forged), story.ends())

    with reading(path) as reader:
        entries = reader.read(story.session, 0, 100)

    assert [(entry.kind, entry.data) for entry in entries[2:]] == [("received", forged), ("session-closed", None)]
    assert all(entry.note.isprintable() for entry in entries)


@only_posix("Windows has no mode bits")
def test_a_journal_is_its_owner_s_alone_and_its_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "not" / "yet" / "there.sqlite"

    written(path, Story().begins())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_journal_gets_a_name_that_windows_does_not_keep(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.journal.recording.store.why_no_file", lambda path: f"{path.name} is a device")

    with pytest.raises(JournalError, match=f"cannot be a file: {path.name} is a device"):
        JournalWriter(path)

    assert not path.exists()


@only_windows
@pytest.mark.parametrize("prefix", ["\\\\?\\", "\\\\.\\"])
def test_a_journal_is_written_and_read_where_a_path_of_windows_own_form_leads(prefix: str, tmp_path: Path) -> None:
    path = Path(f"{prefix}{tmp_path}") / "talk.tincan"  # of the same form as \\server\share

    written(path, *Story().whole())

    with reading(path) as journal:
        assert [session.role for session in journal.sessions()] == ["server"]


def test_no_journal_is_written_over_another(path: Path) -> None:
    path.write_bytes(b"precious")

    with pytest.raises(JournalError, match="exists already"):
        JournalWriter(path)

    assert path.read_bytes() == b"precious"


@pytest.mark.case("C-65")
def test_where_no_journal_can_be_made_the_reason_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(JournalError, match="Could not write the journal"):
        JournalWriter(tmp_path / "file" / "journal.sqlite")


def test_a_journal_that_cannot_be_begun_leaves_no_file_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.journal.recording.store.SCHEMA", "CREATE NONSENSE")

    with pytest.raises(JournalError, match="cannot be used"):
        JournalWriter(path)


class TestATransactionThatFails:
    """What could not be written was not written at all, and what comes after it is."""

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(lambda story: story.begins(), id="by SQLite"),  # the same session a second time
            pytest.param(lambda story: Received(story.session, story.connection, 2**80, b"x"), id="by its number"),
        ],
    )
    def test_it_leaves_no_trace_and_no_gap(self, path: Path, spoil: Callable[[Story], Event]) -> None:
        story = Story()
        with writing(path) as writer:
            writer.append([story.begins(), story.opens()], 0)

            with pytest.raises(Exception, match=r"."):
                writer.append([story.hears(b"lost"), spoil(story), story.hears(b"lost too")], 0)
            assert writer.counts == {story.session: 2}
            writer.append([story.hears(b"kept")], 0)

        with reading(path) as reader:
            entries = reader.read(story.session, 0, 10)
        assert [(entry.ordinal, entry.data) for entry in entries[1:]] == [(1, None), (2, b"kept")]

    @pytest.mark.case("C-61")
    def test_who_came_meanwhile_is_introduced_later(self, path: Path) -> None:
        story = Story()
        client = Story(2, Role.CLIENT)
        with writing(path) as writer:
            with failing_disk(writer), pytest.raises(JournalError):
                writer.append([story.begins(), story.opens(), client.begins(), story.hears(b"lost")], 0)
            with failing_disk(writer), pytest.raises(JournalError):
                writer.append([client.opens()], 0)
            writer.append([story.hears(b"kept"), client.hears(b"kept too"), client.closes(), client.ends()], 0)

        with reading(path) as reader:
            assert [(row.session, row.role, row.entries) for row in reader.sessions()] == [
                (1, "server", 1),
                (2, "client", 2),
            ]
            assert [e.number for e in reader.read(story.session, 0, 9)] == [1]
            assert [e.note for e in reader.read(client.session, 0, 9)][
                1
            ] == "connection closed: the server said goodbye (FIN)"
        with contextlib.closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []
            assert database.execute("SELECT ending FROM connection ORDER BY connection").fetchall() == [
                (None,),
                ("fin",),
            ]

    @pytest.mark.case("C-61")
    def test_how_a_connection_ended_meanwhile_is_entered_later(self, path: Path) -> None:
        story = Story()
        with writing(path) as writer:
            writer.append([story.begins(), story.opens()], 0)
            with failing_disk(writer), pytest.raises(JournalError):
                writer.append([story.closes(Ending.PEER_RESET)], 0)
            with failing_disk(writer), pytest.raises(JournalError):
                writer.append([story.opens(), story.closes(Ending.IDLE)], 0)
            writer.append([story.opens(), story.hears(b"kept")], 0)

        with contextlib.closing(sqlite3.connect(path)) as database:
            endings = database.execute("SELECT number, ending FROM connection ORDER BY number").fetchall()
        assert endings == [(1, "reset"), (2, "idle"), (3, None)]


def test_pages_are_large_so_that_a_long_run_is_few_of_them(path: Path) -> None:
    with contextlib.closing(JournalWriter(path)) as writer:
        story = Story()
        writer.append([story.begins(), story.opens(), story.hears(bytes(100_000))], 0)

    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA page_size").fetchone() == (16_384,)
        assert database.execute("PRAGMA page_count").fetchone() < (15,)


@contextlib.contextmanager
def failing_disk(writer: JournalWriter) -> Iterator[None]:
    """The file may not grow any more, as on a disk that is full."""
    database = writer._database
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    (free,) = database.execute("PRAGMA freelist_count").fetchone()
    assert not free
    database.execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        database.execute("PRAGMA query_only = OFF")
    assert database.execute("PRAGMA page_count").fetchone() == (pages,)


class TestAFileThatIsNoJournal:
    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "is not a journal"),
            (b"hello", "cannot be used"),
            (b"SQLite format 3\0" + b"\0" * 84, "cannot be used|is not a journal"),
            (b"\xff" * 8192, "cannot be used"),
        ],
        ids=["empty", "text", "a head only", "noise"],
    )
    @pytest.mark.case("C-62")
    def test_is_refused(self, path: Path, content: bytes, says: str) -> None:
        path.write_bytes(content)

        with pytest.raises(JournalError, match=says):
            JournalReader(path)
        assert path.read_bytes() == content

    def test_is_refused_if_it_is_another_program_s_database(self, path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE journal (x)")

        with pytest.raises(JournalError, match="is not a journal that this version of Tincan can read"):
            JournalReader(path)

    def test_is_refused_if_a_later_tincan_wrote_it(self, path: Path) -> None:
        written(path, Story().begins())
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute(f"PRAGMA user_version = {FORMAT + 1}")

        with pytest.raises(JournalError, match="is not a journal that this version of Tincan can read"):
            JournalReader(path)

    @pytest.mark.parametrize(
        ("make", "why"),
        [(lambda path: None, "is not there"), (lambda path: path.mkdir(), "is no file")],
        ids=["nothing", "a folder"],
    )
    def test_is_refused_if_it_is_no_file(self, path: Path, make: Callable[[Path], None], why: str) -> None:
        make(path)

        with pytest.raises(JournalError, match=why):
            JournalReader(path)


def read_everything(path: Path) -> None:
    """All that a view may ask of a journal; whatever it gives must be of the promised types."""
    with reading(path) as reader:
        for row in reader.sessions()[:50]:
            assert type(row.session) is int
            assert type(row.role) is str
            assert type(row.target) is str
            assert type(row.entries) is int
            for entry in reader.read(row.session, 0, 50):
                assert type(entry.ordinal) is int
                assert type(entry.wall_ns) is type(entry.mono_ns) is type(entry.size) is int
                assert type(entry.kind) is type(entry.note) is str
                assert entry.data is None or type(entry.data) is bytes
                assert entry.number is None or type(entry.number) is int
                assert entry.connection is None or type(entry.connection) is int
                assert type(reader.data(row.session, entry.ordinal)) is bytes


@pytest.mark.case("C-62")
class TestADamagedJournal:
    """Entries or a ``JournalError``: no other exception, no endless search, and the file left as it is."""

    @pytest.fixture
    def whole(self, path: Path) -> bytes:
        content = small_journal(path)
        read_everything(path)
        return content

    def test_cut_off_anywhere(self, path: Path, whole: bytes) -> None:
        for content in cut_off(whole):
            self.try_to_read(path, content)

    def test_with_any_byte_changed(self, path: Path, whole: bytes) -> None:
        for content in with_a_byte_changed(whole):
            self.try_to_read(path, content)

    def test_with_a_page_of_noise(self, path: Path, whole: bytes) -> None:
        for content in with_a_page_of_noise(whole):
            self.try_to_read(path, content)

    def try_to_read(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        with contextlib.suppress(JournalError):
            read_everything(path)
        assert path.read_bytes() == content
        for leftover in path.parent.glob(f"{path.name}-*"):
            leftover.unlink()

    @pytest.mark.parametrize(
        "spoil",
        [
            "UPDATE {table} SET data = 7 WHERE ordinal = 3",
            "UPDATE {table} SET data = 9223372036854775807 WHERE ordinal = 3",
            "UPDATE {table} SET data = 'text' WHERE ordinal = 3",
            "UPDATE {table} SET kind = x'00' WHERE ordinal = 3",
            "UPDATE {table} SET note = x'ff' WHERE ordinal = 3",
            "UPDATE {table} SET note = CAST(x'ff' AS TEXT) WHERE ordinal = 3",
            "UPDATE {table} SET wall_ns = 'noon' WHERE ordinal = 3",
            "UPDATE {table} SET mono_ns = 0.5 WHERE ordinal = 3",
            "UPDATE {table} SET connection = 'the first' WHERE ordinal = 3",
            "UPDATE {table} SET ordinal = x'00' WHERE ordinal = 3",
            "UPDATE {table} SET ordinal = 1e300 WHERE ordinal = 3",
            "UPDATE {table} SET ordinal = 9e999 WHERE ordinal = 3",
            "UPDATE connection SET number = 'one'",
            "UPDATE session SET role = x'00'",
            "UPDATE session SET target = 5",
        ],
    )
    @pytest.mark.parametrize(("number", "table"), [(2, "entry"), (3, "chunk"), (4, "chunk"), (FORMAT, "chunk")])
    def test_with_a_value_of_another_kind(self, path: Path, spoil: str, number: int, table: str) -> None:
        written(path, *Story().whole())
        if number != FORMAT:
            in_format(path, number)
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            assert database.execute(spoil.format(table=table)).rowcount

        with contextlib.suppress(JournalError):
            read_everything(path)


@pytest.mark.parametrize("step", ["core.journal.recording.store.Checkpoints", "sqlite3.connect"])
def test_a_journal_that_could_not_be_begun_is_not_in_the_way_of_the_next_try(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise sqlite3.OperationalError("unable to open database file")  # too many files are open

    with monkeypatch.context() as patch:
        patch.setattr(step, fail)
        with pytest.raises(JournalError, match="cannot be used"):
            JournalWriter(path)

    assert list(path.parent.iterdir()) == []
    JournalWriter(path).close()


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_a_folder_is_no_name_for_a_journal(name: str) -> None:
    with pytest.raises(JournalError, match="is a folder: choose a file in it"):
        JournalWriter(Path(name))
