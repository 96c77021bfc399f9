"""What a connection received, as a file: whole so far, or on as it comes; complete or not there at all."""

from __future__ import annotations

import contextlib
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import JournalError
from core.events import ConnectionId, SessionId
from core.journal.export.files import place_for
from core.journal.recording.ledger import SessionState
from core.sending.plan import End, Kept
from core.sending.received_file import Keeping
from core.settings import MIB
from core.workbench import Workbench
from tests.core.test_workbench import connected, serving, with_connections, working
from tests.support.journals import full_when_told
from tests.support.peers import Peer
from tests.support.sink import until
from tests.support.story import PATIENCE, View


class Teller:
    """Is told how the saving goes, and waits for its end."""

    def __init__(self) -> None:
        self.told: list[Kept] = []
        self._ended = threading.Event()

    def __call__(self, progress: Kept) -> None:
        self.told.append(progress)
        if not progress.is_running:
            self._ended.set()

    def wait_for_end(self) -> Kept:
        assert self._ended.wait(PATIENCE), "the saving never ended"
        return self.told[-1]


class Stage:
    """A server that is recorded, a peer that talks to it, and a folder to save in."""

    def __init__(self, workbench: Workbench, view: View, server: SessionId, peer: Peer, folder: Path) -> None:
        self.workbench = workbench
        self.view = view
        self.server = server
        self.peer = peer
        self.connection = with_connections(view, server, 1)[0].connection
        self.target = folder / "received.bin"
        self.teller = Teller()

    def hears(self, data: bytes) -> None:
        """The peer says it, and it is on record."""
        before = state.bytes_in if (state := self.view.state(self.server)) else 0
        self.peer.say(data)
        self.view.wait_for_state(self.server, lambda state: state.bytes_in >= before + len(data))

    def keep(self, *, follow: bool = False) -> Keeping:
        return self.workbench.keep_received(self.server, self.connection, self.target, follow=follow, tell=self.teller)

    def left_in_the_folder(self) -> list[str]:
        return sorted(path.name for path in self.target.parent.iterdir())


def state_of(stage: Stage) -> SessionState:
    state = stage.view.state(stage.server)
    assert state is not None
    return state


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    folder = tmp_path / "saved"
    folder.mkdir()
    with working(tmp_path / "journal.sqlite") as (workbench, view):
        server, address = serving(workbench, view, reply="letter")
        with Peer.calls(address) as peer:
            yield Stage(workbench, view, server, peer, folder)


def test_what_came_so_far_is_saved_byte_for_byte_and_nothing_else(stage: Stage) -> None:
    content = random.Random(3).randbytes(2 * MIB)
    other = connected(stage.workbench, stage.view, stage.view.wait_for_state(stage.server, bool).addresses[0])
    stage.workbench.send(other, b"of another connection")
    stage.view.wait_for_state(stage.server, lambda state: state.bytes_in == 21)
    stage.hears(content)

    stage.keep()

    end = stage.teller.wait_for_end()
    assert (end.end, end.size, end.is_kept, end.why) == (End.DONE, len(content), True, "")
    assert stage.target.read_bytes() == content
    assert stage.left_in_the_folder() == ["received.bin"]


def test_it_goes_on_as_it_comes_until_the_connection_is_over(stage: Stage) -> None:
    stage.hears(b"before, ")
    run = stage.keep(follow=True)
    stage.hears(b"while, ")
    until(lambda: run.progress.size == 15)
    assert not stage.target.exists()
    stage.hears(b"and last")

    stage.peer.finish()

    end = stage.teller.wait_for_end()
    assert (end.end, end.is_kept) == (End.DONE, True)
    assert stage.target.read_bytes() == b"before, while, and last"


@pytest.mark.case("C-61")
def test_it_goes_on_across_a_journal_that_is_full(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    be_full = full_when_told(monkeypatch)
    stage.hears(b"before, ")
    run = stage.keep(follow=True)
    until(lambda: run.progress.size == 8)
    for number in range(5):
        stage.hears(b"%d in the old, " % number)
        be_full()
        stage.hears(b"%d in the new, " % number)
        until(lambda: run.progress.size == state_of(stage).bytes_in)  # it looks before the next is full

    stage.peer.finish()

    assert stage.teller.wait_for_end().is_kept
    said = b"".join(b"%d in the old, %d in the new, " % (number, number) for number in range(5))
    assert stage.target.read_bytes() == b"before, " + said


@pytest.mark.case("C-61")
def test_it_ends_though_the_next_journal_has_everything_by_the_time_it_looks(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_opened, may_look = threading.Event(), threading.Event()

    def place_later(path: Path) -> Path:
        has_opened.set()
        assert may_look.wait(PATIENCE)
        return place_for(path)

    monkeypatch.setattr("core.sending.received_file.place_for", place_later)
    stage.hears(b"before, ")
    stage.keep(follow=True)
    assert has_opened.wait(PATIENCE)
    full_when_told(monkeypatch)()
    stage.hears(b"after")
    stage.peer.finish()
    stage.view.wait_for_state(stage.server, lambda state: not state.connections)

    may_look.set()

    assert stage.teller.wait_for_end().is_kept
    assert stage.target.read_bytes() == b"before, after"


def test_stopped_it_has_what_came_by_then(stage: Stage) -> None:
    run = stage.keep(follow=True)
    stage.hears(b"all of this")

    run.stop()

    assert stage.teller.wait_for_end().end is End.STOPPED
    assert stage.target.read_bytes() == b"all of this"


def test_discarded_it_leaves_nothing_and_what_was_there_stays(stage: Stage) -> None:
    stage.target.write_bytes(b"old")
    stage.hears(b"new")
    run = stage.keep(follow=True)
    until(lambda: run.progress.size == 3)

    run.discard()

    end = stage.teller.wait_for_end()
    assert (end.end, end.is_kept, end.why) == (End.STOPPED, False, "Cancelled. Nothing was kept.")
    assert stage.target.read_bytes() == b"old"
    assert stage.left_in_the_folder() == ["received.bin"]


def test_discarded_while_the_disk_is_slow_it_leaves_nothing_either(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.hears(b"new")
    run = stage.keep(follow=True)
    until(lambda: run.progress.size == 3)

    def person_changes_their_mind(_descriptor: int) -> None:
        run.discard()

    with monkeypatch.context() as slow:
        slow.setattr(os, "fsync", person_changes_their_mind)
        run.stop()
        end = stage.teller.wait_for_end()

    assert (end.end, end.is_kept, end.why) == (End.STOPPED, False, "Cancelled. Nothing was kept.")
    assert stage.left_in_the_folder() == []


def test_closing_the_workbench_keeps_all_that_was_received(stage: Stage) -> None:
    stage.keep(follow=True)
    stage.hears(b"to the end")

    stage.view.subscription.close()
    assert stage.workbench.close(PATIENCE) == []

    assert stage.teller.wait_for_end().is_kept
    assert stage.target.read_bytes() == b"to the end"


@pytest.mark.case("C-81")
def test_a_folder_in_its_place_is_not_touched(stage: Stage) -> None:
    stage.target.mkdir()

    stage.keep()

    end = stage.teller.wait_for_end()
    assert end.end is End.FAILED
    assert "is not a file" in end.why


def test_a_folder_that_is_not_there_is_named(stage: Stage, tmp_path: Path) -> None:
    stage.target = tmp_path / "nowhere" / "file"

    stage.keep(follow=True)

    end = stage.teller.wait_for_end()
    assert end.end is End.FAILED
    assert "nowhere" in end.why
    assert not end.is_kept


def test_without_a_journal_there_is_nothing_to_save(tmp_path: Path) -> None:
    with working() as (workbench, _view), pytest.raises(JournalError, match="nothing is being recorded"):
        workbench.keep_received(SessionId(1), ConnectionId(1), tmp_path / "file")


def test_what_was_lost_while_recording_stopped_is_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    run = stage.keep(follow=True)
    stage.hears(b"kept, ")
    until(lambda: run.progress.size == 6)
    with monkeypatch.context() as full:

        def no_room(*_arguments: object) -> None:
            raise JournalError("the disk is full")

        full.setattr(stage.workbench._recorder._writer, "append", no_room)
        with contextlib.suppress(AssertionError):
            stage.peer.say(b"lost, ")
            stage.view.wait_until(lambda: stage.view.recording.lost > 0)
    stage.hears(b"kept again")
    run.stop()

    end = stage.teller.wait_for_end()
    assert "recording stopped for a time" in end.why
    assert stage.target.read_bytes() == b"kept, kept again"

    stage.teller = Teller()
    stage.keep()
    end = stage.teller.wait_for_end()
    assert (end.end, stage.target.read_bytes()) == (End.DONE, b"kept, kept again")
    assert "recording stopped for a time" in end.why
