"""Figures of a journal: under any lens, while it grows, and without a thread left over."""

from __future__ import annotations

import contextlib
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue

import pytest

from core.address import Address
from core.events import ConnectionId, Opened, Received, Sent, SessionOpened
from core.journal.display_row import Filter
from core.journal.reading.figures import Figures, Slot
from core.journal.reading.lens import Lens
from core.journal.reading.measuring import FigureCounter, Measurer
from core.journal.reading.reader import JournalReader
from core.journal.recording.store import JournalWriter
from core.roles import ROLES
from tests.support.journals import SESSION, write_journal

ENTRIES = 5_000
HERE = Address("127.0.0.1", 5555)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four connections; each received one line of 64 bytes and sent one in turn, a millisecond apart."""
    path = tmp_path_factory.mktemp("talk") / "talk.tincan"
    write_journal(path, ENTRIES, connections=4, both_ways=True)
    return path


def counted(path: Path, lens: Lens) -> Figures:
    with contextlib.closing(JournalReader(path)) as reader:
        counter, total = FigureCounter(reader, SESSION, lens, dials=False), reader.count(SESSION)
        while counter.entries < total:
            counter.advance(total)
        return counter.figures()


@pytest.mark.parametrize("framing", ["raw", "line", "fixed:64"])
def test_what_a_session_said_is_counted_under_every_framing(journal: Path, framing: str) -> None:
    found = counted(journal, Lens(framing))

    assert found.said == Slot(2_500, 2_500, 160_000, 160_000)
    assert {one.number: one.said.received for one in found.connections} == dict.fromkeys(range(1, 5), 625)
    assert (found.answers.count, found.answers.longest_ns) == (2_500, 4_000_000)
    assert found.sizes_received == {7: 2_500}


def test_a_message_of_several_entries_counts_once_and_when_its_last_bytes_came(tmp_path: Path) -> None:
    path = tmp_path / "talk.tincan"
    with contextlib.closing(JournalWriter(path)) as writer:
        said = [
            Received(SESSION, ConnectionId(1), at, data) for at, data in ((10, b"ab"), (20, b"cd\nef"), (30, b"\n"))
        ]
        session = SessionOpened(SESSION, 0, ROLES["server"], HERE, "line")
        opened = session, Opened(SESSION, ConnectionId(1), 1, 7, HERE, HERE)
        writer.append([*opened, *said, Sent(SESSION, ConnectionId(1), 37, b"ok\n")], 0)

    found = counted(path, Lens("line"))

    assert found.said == Slot(2, 1, 8, 3)
    assert (found.first_ns, found.answers.longest_ns) == (20, 7)
    assert [one.number for one in found.connections] == [7]


def test_what_the_filter_leaves_out_does_not_count(journal: Path) -> None:
    one = counted(journal, Lens(only=Filter(frozenset({ConnectionId(2)}), sent=False, notes=False)))

    assert one.said == Slot(625, 0, 40_000, 0)
    later = counted(journal, Lens(since=ENTRIES // 2 + 5)).said
    assert later.received + later.sent == ENTRIES // 2


def test_one_look_at_long_entries_is_short(tmp_path: Path) -> None:
    path, each = tmp_path / "talk.tincan", 32 * 1024
    with contextlib.closing(JournalWriter(path)) as writer:
        lines = (b"x" * 63 + b"\n") * (each // 64)
        session = SessionOpened(SESSION, 0, ROLES["server"], HERE, "line")
        opened = session, Opened(SESSION, ConnectionId(1), 1, 1, HERE, HERE)
        writer.append([*opened, *(Received(SESSION, ConnectionId(1), at, lines) for at in range(20))], 0)

    with contextlib.closing(JournalReader(path)) as reader:
        counter, total, looked = FigureCounter(reader, SESSION, Lens("line"), dials=False), reader.count(SESSION), [0]
        while counter.entries < total:
            counter.advance(total)
            looked.append(counter.entries)
        assert counter.figures().said.received == 20 * each // 64

    assert max(stop - first for first, stop in pairwise(looked)) <= 5  # of them at most three with 32 KiB


@pytest.fixture
def told() -> SimpleQueue[Figures | str]:
    return SimpleQueue()


def measurer(path: Path, told: SimpleQueue[Figures | str]) -> Measurer:
    return Measurer(path, SESSION, Lens(), dials=False, tell=told.put, fail=told.put)


def test_it_follows_what_grows_and_ends_when_it_is_told_to(journal: Path, told: SimpleQueue[Figures | str]) -> None:
    working = measurer(journal, told)
    working.reach(100)
    first = told.get(timeout=10)
    working.reach(ENTRIES + 5)
    later = first
    while isinstance(later, Figures) and later.entries < ENTRIES + 5:
        later = told.get(timeout=10)
    working.close()

    assert isinstance(first, Figures)
    assert first.entries == 100
    assert isinstance(later, Figures)
    assert later.said == counted(journal, Lens()).said
    assert working.join(10)


def test_what_it_finds_first_is_told_before_it_rests(
    journal: Path, told: SimpleQueue[Figures | str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.journal.reading.measuring._AT_FIRST", 3600)
    working = measurer(journal, told)
    working.reach(ENTRIES)

    first = told.get(timeout=10)
    working.close()

    assert isinstance(first, Figures)
    assert 0 < first.entries < ENTRIES
    assert working.join(10)


def test_it_rests_long_after_each_look_while_there_is_more_and_more(
    journal: Path, told: SimpleQueue[Figures | str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, rest in {"_AT_FIRST": 0.0, "TELL_EVERY": 0.0, "_REST": 0.0, "_LIVE_REST": 1e9, "_LIVE": 3600.0}.items():
        monkeypatch.setattr(f"core.journal.reading.measuring.{name}", rest)
    rests = SimpleQueue[float]()
    monkeypatch.setattr(Measurer, "_rest", lambda _self, seconds: rests.put(seconds))

    working = measurer(journal, told)
    working.reach(1_000)
    assert [rests.get(timeout=10) for _ in range(2)] == [0.0, 0.0]  # 512 entries, and the rest
    working.reach(ENTRIES)
    assert min(rests.get(timeout=10) for _ in range(7)) > 1.0
    working.close()
    assert working.join(10)


def test_a_journal_that_cannot_be_read_is_told(tmp_path: Path, told: SimpleQueue[Figures | str]) -> None:
    working = measurer(tmp_path / "none.tincan", told)

    why = told.get(timeout=10)

    assert isinstance(why, str)
    assert "is not there" in why
    assert working.join(10)


@pytest.mark.parametrize(("out", "back", "messages"), [("line", "raw", 4), ("raw", "line", 3), ("line", "line", 5)])
def test_what_comes_back_from_a_target_is_counted_under_its_own_framing(
    tmp_path: Path, out: str, back: str, messages: int
) -> None:
    path, leg = tmp_path / "talk.tincan", ConnectionId(2)
    with contextlib.closing(JournalWriter(path)) as writer:
        opened = (
            SessionOpened(SESSION, 0, ROLES["tap"], HERE, "raw"), Opened(SESSION, ConnectionId(1), 1, 1, HERE, HERE),
            Opened(SESSION, leg, 1, -1, HERE, HERE),
        )  # fmt: skip
        out_and_back = Received(SESSION, ConnectionId(1), 2, b"a\nb\nc\n"), Received(SESSION, leg, 3, b"x\ny\n")
        writer.append([*opened, *out_and_back], 0)

    assert counted(path, Lens(out, back=back)).said == Slot(messages, 0, 10, 0)
