"""What a power cut leaves of a journal: all that was committed up to some moment, in its order, and nothing made up.

The files are taken behind every transaction of a real writer, and made as they may be on the disk if the power goes
between two of them. SQLite waits for the disk around each folding of the log into the file, and for nothing else: until
then any end of the log may be gone or torn, and while the log is folded, any part of the file may be old or new.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from core.address import Address
from core.errors import JournalError
from core.events import ConnectionId, Event, Opened, Received, SessionId, SessionOpened
from core.journal.recording import store
from core.journal.recording.store import JournalWriter
from core.journal.recovery.recovery import open_journal
from core.journal.schema import PAGE_SIZES
from core.roles import Role
from tests.support.journals import line
from tests.support.systems import examples

pytestmark = pytest.mark.case("C-60")

HERE = Address("127.0.0.1", 5555)
SESSION, CONNECTION = SessionId(1), ConnectionId(1)
HEAD, FRAME = 32, 24 + PAGE_SIZES[0]  # bytes of the log, and of each page in it
SECTOR = 512  # bytes that a disk writes as a whole
SIZES = (1, 7, 300, 2, 1_500, 40)  # entries of the transactions, again and again; one has several runs
TRANSACTIONS = examples(60, least=24)


class Taken(NamedTuple):
    """The files behind a transaction. ``used`` is how much of the log is of its present round, bytes."""

    file: bytes
    log: bytes
    entries: int
    used: int
    is_folded: bool  # into the file, by this transaction
    round_began: int  # which of those taken was the last of the round before; -1 if there was none


def used(log: bytes) -> int:
    """How far the frames go that have the salt of the log's head."""
    end = HEAD
    while log[end + 8 : end + 16] == log[16:24] and end + FRAME <= len(log):
        end += FRAME
    return end if log else 0


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> list[Taken]:
    path = tmp_path_factory.mktemp("power") / "journal.tincan"
    log, found, count = path.with_name(f"{path.name}-wal"), list[Taken](), 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_LONGEST_LOG", 20 * PAGE_SIZES[0])
        writer = JournalWriter(path)
    with contextlib.closing(writer):
        for number in range(TRANSACTIONS):
            size = SIZES[number % len(SIZES)]
            events: list[Event] = [Received(SESSION, CONNECTION, at, line(at)) for at in range(count, count + size)]
            if not number:
                peer = Address("127.0.0.1", 40_001)
                events = [
                    SessionOpened(SESSION, 0, Role.SERVER, HERE, "raw", "echo"),
                    Opened(SESSION, CONNECTION, 0, 1, HERE, peer),
                    *events,
                ]
            writer.append(events, 0)
            count += size
            before = found[-1] if found else None
            now = path.read_bytes(), log.read_bytes()  # which drops SQLite's locks, and nobody else is here
            is_new = before is not None and now[1][16:24] != before.log[16:24]
            began = len(found) - 1 if is_new or before is None else before.round_began
            is_folded = before is not None and now[0] != before.file
            found.append(Taken(*now, count, used(now[1]), is_folded, began))
    return found


def read(path: Path, file: bytes, log: bytes) -> tuple[list[bytes], str]:
    """What the journal has of what was said, in its order, and what is told of damage; a file may be none yet."""
    path.write_bytes(file)
    path.with_name(f"{path.name}-wal").write_bytes(log)
    try:
        opened = open_journal(path)
    except JournalError as error:
        return [], str(error)
    with contextlib.closing(opened):
        entries = opened.reader.read(SESSION, 0, 1 << 40)
    assert [entry.ordinal for entry in entries] == list(range(len(entries)))
    return [entry.data for entry in entries if entry.data is not None], opened.notice


def lines(count: int) -> list[bytes]:
    return [line(number) for number in range(count)]


def test_the_disk_is_waited_for_around_each_folding(taken: list[Taken], tmp_path: Path) -> None:
    with contextlib.closing(JournalWriter(tmp_path / "other.tincan")) as writer:
        assert writer._database.execute("PRAGMA synchronous").fetchone() == (1,)  # NORMAL
        assert writer._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert sum(one.is_folded for one in taken) > 3
    assert max(one.round_began for one in taken) > 0


def ends(now: Taken, before: bytes, chance: random.Random) -> Iterator[tuple[int, bytes]]:
    """The log of a transaction with an end of it lost, and how much of it is as it was written, bytes.

    Behind that is nothing, or what stood there before, or nothing was written yet, or half of a sector was.
    """
    frames, sectors = (now.used - HEAD) // FRAME, now.used // SECTOR
    places = HEAD + chance.randint(0, frames) * FRAME, chance.randint(0, sectors) * SECTOR, chance.randint(0, now.used)
    for place in places:
        behind = chance.choice((b"", before[place:], bytes(now.used - place), chance.randbytes(SECTOR)))
        yield place, now.log[:place] + behind


@pytest.mark.parametrize("seed", range(examples(40)))
def test_whatever_end_of_the_log_is_gone_what_is_before_is_there(taken: list[Taken], tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    at = chance.choice([at for at, one in enumerate(taken) if not one.is_folded])
    now, began = taken[at], taken[at].round_began
    before = taken[began].log if began >= 0 else b""
    for place, log in ends(now, before, chance):
        whole = [one.entries for one in taken[began + 1 : at + 1] if one.used <= place]
        kept = whole[-1] if whole else taken[began].entries if began >= 0 else 0

        found, told = read(tmp_path / "journal.tincan", now.file, log)

        assert (found, told if kept else "") == (lines(kept), ""), (at, place)


@pytest.mark.parametrize("seed", range(examples(40)))
def test_whatever_of_the_file_is_old_while_the_log_is_folded_into_it_nothing_is_lost(
    taken: list[Taken], tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    at = chance.choice([at for at, one in enumerate(taken) if one.is_folded])
    old, new = taken[at - 1].file, taken[at].file
    old = old.ljust(chance.choice((len(old), len(new))), b"\0")
    for share in (0.0, 0.05, 0.5, 0.95):
        sectors = range(0, len(new), SECTOR)
        file = b"".join((new if chance.random() < share else old)[start : start + SECTOR] for start in sectors)

        found = read(tmp_path / "journal.tincan", file, taken[at].log)

        assert found == (lines(taken[at].entries), ""), (at, share)


@pytest.mark.parametrize("seed", range(examples(20)))
def test_whatever_of_the_log_was_not_written_in_turn_no_entry_is_made_up(
    taken: list[Taken], tmp_path: Path, seed: int
) -> None:
    """A disk writes in any order: what comes behind a hole is had again, and that there is one is said."""
    chance = random.Random(seed)
    at = chance.choice([at for at, one in enumerate(taken) if not one.is_folded])
    now, began = taken[at], taken[at].round_began
    before = taken[began].log if began >= 0 else b""
    frames = (now.used - HEAD) // FRAME
    holes = sorted(chance.sample(range(frames), min(frames, chance.choice((1, 2, 5)))))
    log = bytearray(now.log)
    for hole in holes:
        start = HEAD + hole * FRAME
        log[start : start + FRAME] = before[start : start + FRAME].ljust(FRAME, b"\0")
    whole = [one.entries for one in taken[began + 1 : at + 1] if one.used <= HEAD + holes[0] * FRAME]
    kept = whole[-1] if whole else taken[began].entries if began >= 0 else 0

    found, told = read(tmp_path / "journal.tincan", now.file, bytes(log))

    said = lines(now.entries)
    whole_lines = [each for each in found if len(each) == len(said[0])]  # of others an end is told to be missing
    assert set(whole_lines) <= set(said)
    assert whole_lines == sorted(whole_lines)
    assert all(said[0][:9].startswith(each[:9]) for each in found)
    assert found[:kept] == said[:kept]
    assert len(found) == kept or " is damaged (" in told
