"""A file on its way: whole or by line, to one or to many, never in memory, and never wrong in silence."""

from __future__ import annotations

import itertools
import os
import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import monotonic
from core.errors import SendError
from core.events import Opened, Sent, SessionId
from core.net.audience import Audience
from core.sending import file as sending
from core.sending.file import WINDOW, FileSending
from core.sending.plan import End, FileSent, PlanError
from core.settings import KIB, MIB, Limits
from core.workbench import Workbench
from tests.core.test_workbench import connected, received, sent, serving, wait_to_receive, with_connections, working
from tests.support.peers import NeverReads, Peer
from tests.support.sink import until
from tests.support.stage import calling, resident_memory
from tests.support.stage import serving as serving_net
from tests.support.story import PATIENCE, View
from tests.support.systems import examples, only_posix

Talk = tuple[Workbench, View, SessionId, SessionId]
TIME_TO_CHANGE_IT = 1.0  # seconds between two lines, which a busy machine needs to see the first and change the file


class Teller:
    """Is told how a file goes, and waits for its end."""

    def __init__(self) -> None:
        self.told: list[FileSent] = []
        self._ended = threading.Event()

    def __call__(self, progress: FileSent) -> None:
        self.told.append(progress)
        if not progress.is_running:
            self._ended.set()

    def wait_for_end(self) -> FileSent:
        assert self._ended.wait(PATIENCE), "the file never ended"
        return self.told[-1]


@pytest.fixture
def talk() -> Iterator[Talk]:
    """A workbench, its view, a server that does not answer, and a client of it."""
    with working() as (workbench, view):
        server, address = serving(workbench, view, reply="none")
        client = connected(workbench, view, address)
        with_connections(view, server, 1)
        yield workbench, view, server, client


def a_file(folder: Path, content: bytes) -> Path:
    path = folder / "file.bin"
    path.write_bytes(content)
    return path


class TestWhole:
    def test_it_arrives_byte_for_byte_and_how_it_goes_is_told(self, talk: Talk, tmp_path: Path) -> None:
        workbench, view, server, client = talk
        content = random.Random(1).randbytes(3 * MIB + 17)
        teller = Teller()

        workbench.send_file(client, a_file(tmp_path, content), tell=teller)

        end = teller.wait_for_end()
        assert (end.end, end.sent, end.total, end.why) == (End.DONE, len(content), len(content), "")
        assert end.rate > 0
        assert [(share.number, share.sent, share.why) for share in end.shares] == [(1, len(content), "")]
        view.wait_for_state(server, lambda state: state.bytes_in == len(content))
        assert received(view, server) == content

    def test_it_goes_out_as_it_is_whatever_the_framing(self, tmp_path: Path) -> None:
        with working() as (workbench, view):
            server, address = serving(workbench, view, reply="none", framing="line")
            client = connected(workbench, view, address, framing="line")
            workbench.send_file(client, a_file(tmp_path, b"no line ends here"))
            wait_to_receive(view, server, b"no line ends here")

    def test_an_empty_file_is_soon_done(self, talk: Talk, tmp_path: Path) -> None:
        workbench, _view, _server, client = talk
        teller = Teller()

        workbench.send_file(client, a_file(tmp_path, b""), tell=teller)

        assert (teller.wait_for_end().end, teller.told[-1].sent) == (End.DONE, 0)

    @pytest.mark.case("C-43")
    def test_who_does_not_read_holds_up_nobody_else_and_is_told(self, tmp_path: Path) -> None:
        content = random.Random(2).randbytes(8 * MIB)
        with working(limits=Limits(stalled=0.3)) as (workbench, view):
            server, address = serving(workbench, view, reply="none")
            with NeverReads.calls(address):
                with_connections(view, server, 1)
                client = connected(workbench, view, address)
                with_connections(view, server, 2)
                teller = Teller()
                workbench.send_file(server, a_file(tmp_path, content), tell=teller)

                view.wait_for_state(client, lambda state: state.bytes_in == len(content))
                end = teller.wait_for_end()
        dead, alive = end.shares
        assert (alive.sent, alive.why) == (len(content), "")
        assert dead.sent < len(content)
        assert dead.why == "the connection ended first"
        assert end.end is End.GONE
        assert "#1 did not get all of it" in end.why
        assert end.sent == dead.sent + alive.sent
        assert end.total == 2 * len(content)

    def test_what_waits_is_bounded_and_a_cancel_ends_it_at_once(self, tmp_path: Path) -> None:
        path = tmp_path / "huge"
        with path.open("wb") as file:
            file.truncate(1 << 30)  # of zeroes, without a block on the disk
        with working() as (workbench, view):
            server, address = serving(workbench, view, reply="none")
            with NeverReads.calls(address) as peer:
                (state,) = with_connections(view, server, 1)
                before = resident_memory()
                run = workbench.send_file(server, path, to=state.connection)
                until(lambda: run.progress.sent > 0, "the first bytes")
                found = workbench._sessions[server].connection(state.connection)
                assert found is not None
                until(lambda: found.waiting >= WINDOW, "a full window")
                run.stop()
                assert run.join(PATIENCE)
                assert found.waiting < WINDOW + sending.PIECE
                assert resident_memory() - before < 64 * MIB
                peer.leave()
        assert run.progress.end is End.STOPPED
        assert run.progress.sent < run.progress.total == 1 << 30

    def test_two_files_to_one_connection_would_mix_so_the_second_is_refused(self, talk: Talk, tmp_path: Path) -> None:
        workbench, view, server, client = talk
        path = a_file(tmp_path, b"one\ntwo\n")
        run = workbench.send_file(client, path, line_pause=3600)
        wait_to_receive(view, server, b"one\n")

        with pytest.raises(SendError, match="a file is on its way to #1 already"):
            workbench.send_file(client, path)

        run.stop()
        assert run.join(PATIENCE)
        workbench.send_file(client, path)
        wait_to_receive(view, server, b"one\none\ntwo\n")

    def test_of_two_that_set_out_at_the_same_moment_one_is_refused(
        self, talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        workbench, view, server, client = talk
        path = a_file(tmp_path, b"one\ntwo\n")

        def named_while_another_sets_out(name: Path) -> str:
            monkeypatch.undo()
            workbench.send_file(client, path, line_pause=3600)
            return str(name)

        monkeypatch.setattr(sending, "shown", named_while_another_sets_out)
        with pytest.raises(SendError, match="a file is on its way to #1 already"):
            workbench.send_file(client, path, line_pause=3600)

        wait_to_receive(view, server, b"one\n")

    def test_with_nobody_there_it_does_not_begin(self, tmp_path: Path) -> None:
        with working() as (workbench, view):
            server, _address = serving(workbench, view)
            with pytest.raises(SendError, match="nobody is connected"):
                workbench.send_file(server, a_file(tmp_path, b"x"))

    def test_while_the_journal_is_behind_nothing_is_sent(self, tmp_path: Path) -> None:
        with serving_net("echo") as (server, _sink), calling(server.addresses[0]) as (client, sink):
            sink.congest()
            path = a_file(tmp_path, b"x" * 100 * KIB)
            run = FileSending(Audience(client), path, lambda _: None, line_pause=None, sink=sink)
            run.start()
            sink.wait_for_pause()
            assert sink.of(Sent) == []

            sink.relieve()

            assert run.join(PATIENCE)
            assert run.progress.end is End.DONE


class TestByLine:
    def test_each_line_is_a_send_of_its_own_with_its_own_ending(self, talk: Talk, tmp_path: Path) -> None:
        workbench, view, server, client = talk
        lines = [b"unix\n", b"dos\r\n", b"\r\n", b"mac\r", b"\n", b"last"]  # "mac\r" "\n" is one ending: CR LF
        expected = [b"unix\n", b"dos\r\n", b"\r\n", b"mac\r\n", b"last"]
        teller = Teller()

        workbench.send_file(client, a_file(tmp_path, b"".join(lines)), line_pause=0.001, tell=teller)

        assert teller.wait_for_end().end is End.DONE
        wait_to_receive(view, server, b"".join(lines))
        assert [event.data for event in sent(view, client, len(expected))] == expected

    def test_at_least_the_pause_passes_from_one_to_the_next(self, talk: Talk, tmp_path: Path) -> None:
        workbench, view, server, client = talk
        teller = Teller()

        workbench.send_file(client, a_file(tmp_path, b"a\nb\nc\nd\n"), line_pause=0.02, tell=teller)
        teller.wait_for_end()
        wait_to_receive(view, server, b"a\nb\nc\nd\n")

        at = [event.at for event in sent(view, client, 4)]
        assert all(after - before >= 19_900_000 for before, after in itertools.pairwise(at))

    def test_a_line_that_is_longer_than_a_piece_is_not_broken_by_a_pause(self, talk: Talk, tmp_path: Path) -> None:
        workbench, view, server, client = talk
        long = b"x" * (sending.PIECE * 2 - 1) + b"\r\n"
        teller = Teller()
        began = monotonic()

        workbench.send_file(client, a_file(tmp_path, long + b"end"), line_pause=0.05, tell=teller)
        assert teller.wait_for_end().end is End.DONE

        view.wait_for_state(server, lambda state: state.bytes_in == len(long) + 3)
        assert received(view, server) == long + b"end"
        assert monotonic() - began >= 0.05

    @pytest.mark.parametrize("ending", [b"\r\n", b"\r", b"\n"])
    @pytest.mark.parametrize("size", range(sending.PIECE - 2, sending.PIECE + 2))
    def test_an_ending_at_the_edge_of_a_piece_is_not_broken_and_ends_one_line(
        self, size: int, ending: bytes, tmp_path: Path
    ) -> None:
        line = b"x" * size + ending
        with a_file(tmp_path, line + b"next").open("rb") as file:
            source = sending._Source(file, tmp_path, by_line=True)
            offset, pieces = 0, []
            while offset < source.size:
                pieces.append(source.piece(offset))
                offset += len(pieces[-1][0])

        assert b"".join(piece for piece, _ends_line in pieces) == line + b"next"
        assert [piece[-len(ending) :] for piece, ends_line in pieces if ends_line] == [ending]
        assert pieces[-1] == (b"next", False)

    def test_a_pause_that_nobody_can_mean_is_refused(self, talk: Talk, tmp_path: Path) -> None:
        workbench, _view, _server, client = talk
        with pytest.raises(PlanError, match="a pause is"):
            workbench.send_file(client, a_file(tmp_path, b"x"), line_pause=-1)

    @settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(parts=st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"bc" * 40])), glance=st.integers(1, 9))
    def test_lines_are_the_same_wherever_the_reading_was_cut(
        self, parts: list[bytes], glance: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sending, "_GLANCE", glance)
        content = b"".join(parts)
        with a_file(tmp_path, content).open("rb") as file:
            source = sending._Source(file, tmp_path, by_line=True)
            offset, lines = 0, []
            while offset < source.size:
                piece, _ends = source.piece(offset)
                lines.append(piece)
                offset += len(piece)

        assert lines == content.splitlines(keepends=True)


class TestWhatIsWrongWithAFile:
    def told(self, talk: Talk, path: Path) -> FileSent:
        workbench, _view, _server, client = talk
        teller = Teller()
        workbench.send_file(client, path, tell=teller)
        end = teller.wait_for_end()
        assert end.end is End.FAILED
        return end

    def test_it_is_not_there(self, talk: Talk, tmp_path: Path) -> None:
        assert "is not there" in self.told(talk, tmp_path / "gone.txt").why

    def test_it_is_a_folder(self, talk: Talk, tmp_path: Path) -> None:
        assert "is a folder" in self.told(talk, tmp_path).why

    @only_posix("this system has no named pipes")
    def test_it_is_a_pipe_that_nobody_writes_to(self, talk: Talk, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        assert "a device or a pipe" in self.told(talk, tmp_path / "pipe").why

    def test_its_name_is_none(self, talk: Talk) -> None:
        assert "could not be opened" in self.told(talk, Path("a\0b")).why

    def test_it_becomes_shorter(self, talk: Talk, tmp_path: Path) -> None:
        workbench, view, server, client = talk
        path = a_file(tmp_path, b"first\nsecond\n")
        teller = Teller()
        run = workbench.send_file(client, path, line_pause=TIME_TO_CHANGE_IT, tell=teller)
        wait_to_receive(view, server, b"first\n")

        os.truncate(path, 6)

        end = teller.wait_for_end()
        assert end.end is End.FAILED
        assert "became shorter" in end.why
        assert end.sent == 6
        assert run.is_over or run.join(PATIENCE)

    def test_it_is_written_to_meanwhile(self, talk: Talk, tmp_path: Path) -> None:
        workbench, view, server, client = talk
        path = a_file(tmp_path, b"first\nsecond\n")
        teller = Teller()
        workbench.send_file(client, path, line_pause=TIME_TO_CHANGE_IT, tell=teller)
        wait_to_receive(view, server, b"first\n")

        with path.open("ab") as file:
            file.write(b"third\n")

        end = teller.wait_for_end()
        wait_to_receive(view, server, b"first\nsecond\n")
        assert end.end is End.CHANGED
        assert "was written to" in end.why

    @only_posix("Windows does not let go of an open file")
    def test_it_vanishes_from_its_folder_and_arrives_whole_all_the_same(self, talk: Talk, tmp_path: Path) -> None:
        workbench, view, server, client = talk
        path = a_file(tmp_path, b"first\nsecond\n")
        teller = Teller()
        workbench.send_file(client, path, line_pause=0.02, tell=teller)
        view.wait_until(lambda: received(view, server).startswith(b"first\n"))  # and the second line, if we were slow

        path.unlink()

        assert teller.wait_for_end().end is End.DONE
        wait_to_receive(view, server, b"first\nsecond\n")


def test_a_peer_that_leaves_in_the_middle_ends_it(tmp_path: Path) -> None:
    with working() as (workbench, view):
        server, address = serving(workbench, view, reply="none")
        teller = Teller()
        with Peer.calls(address) as peer:
            with_connections(view, server, 1)
            path = a_file(tmp_path, b"x" * 32 * MIB)
            workbench.send_file(server, path, tell=teller)
            peer.hear(1000)
        end = teller.wait_for_end()
    assert end.end is End.GONE
    assert end.sent < end.total == 32 * MIB


def test_a_file_that_waited_as_a_whole_when_the_connection_broke_was_not_sent(tmp_path: Path) -> None:
    """All of it was handed over, and the kernel took none of it: that is no reason to call it sent."""
    with serving_net("none") as (server, sink), NeverReads.calls(server.addresses[0]) as peer:
        sink.wait_for(Opened)
        (connection,) = server.connections
        while not connection.waiting:
            connection.send_exactly(bytes(64 * KIB))
        before = connection.waiting
        assert before < WINDOW
        content = bytes(10 * KIB)
        run = FileSending(Audience(server), a_file(tmp_path, content), lambda _: None, line_pause=None, sink=None)
        run.start()
        until(lambda: connection.waiting == before + len(content), "the file behind what waits already")

        peer.leave()

        assert run.join(PATIENCE)
    (share,) = run.progress.shares
    assert (run.progress.end, share.sent, share.why) == (End.GONE, 0, "the connection ended first")


def test_a_connection_on_which_little_may_wait_gets_all_of_it_too(tmp_path: Path) -> None:
    content = random.Random(2).randbytes(16 * MIB)
    with serving_net("none", limits=Limits(outbox=8 * KIB)) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        sink.wait_for(Opened)
        run = FileSending(Audience(server), a_file(tmp_path, content), lambda _: None, line_pause=None, sink=None)
        run.start()
        until(lambda: server.connections[0].waiting > 8 * KIB, "more to wait than may")

        assert peer.hear(len(content)) == content

        assert run.join(PATIENCE)
        assert (run.progress.end, run.progress.why) == (End.DONE, "")


def test_who_got_all_of_it_has_all_of_it_whatever_waits_there_later(tmp_path: Path) -> None:
    content = bytes(8 * MIB)
    with (
        serving_net("none") as (server, sink),
        Peer.calls(server.addresses[0]) as reader,
        NeverReads.calls(server.addresses[0]),
    ):
        sink.wait_for(Opened, 2)
        run = FileSending(Audience(server), a_file(tmp_path, content), lambda _: None, line_pause=None, sink=None)
        run.start()
        reader.hear(len(content))
        until(lambda: any(share.sent == len(content) for share in run.progress.shares), "one to have it")
        first = server.connections[0]
        while not first.waiting:
            first.send_exactly(bytes(64 * KIB))

        run.stop()

        assert run.join(PATIENCE)
        assert run.progress.shares[0].sent == len(content)
        first.abort()
