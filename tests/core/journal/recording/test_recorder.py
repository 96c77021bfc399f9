"""The recorder: every event kept in its order, every view told, peers slowed down, disks full, processes killed."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core.clock import monotonic_ns
from core.errors import JournalError, NoThread
from core.events import Event, Received, SessionId, SessionOpened
from core.journal.reading.reader import JournalReader
from core.journal.recording import ledger as ledger_module
from core.journal.recording import recorder as recorder_module
from core.journal.recording.ledger import Phase, SessionState
from core.journal.recording.recorder import Recorder
from core.settings import Limits
from tests.support.injection import KINDS, Breaker
from tests.support.kills import kill_recorders
from tests.support.namespaces import apart
from tests.support.sink import until
from tests.support.story import PATIENCE, Story, View
from tests.support.systems import examples, only_posix

KILLS = int(os.environ.get("TINCAN_TEST_KILLS", examples(100)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@contextlib.contextmanager
def recording(path: Path | None, limits: Limits | None = None) -> Iterator[Recorder]:
    recorder = Recorder(path, limits or Limits())
    try:
        yield recorder
    finally:
        assert recorder.close(PATIENCE) == []


def entries_of(path: Path, session: int = 1) -> list[tuple[str, bytes | None]]:
    with contextlib.closing(JournalReader(path)) as reader:
        identity = SessionId(session)
        return [(entry.kind, entry.data) for entry in reader.read(identity, 0, reader.count(identity))]


class Brake:
    """A view that holds the recorder's own thread until it is let go."""

    def __init__(self, recorder: Recorder) -> None:
        self._held = threading.Event()
        self._let_go = threading.Event()
        recorder.subscribe(self._hold)

    def wait_until_it_holds(self) -> None:
        assert self._held.wait(PATIENCE)

    def release(self) -> None:
        self._let_go.set()

    def _hold(self) -> None:
        self._held.set()
        self._let_go.wait(PATIENCE)


def wait_for_entries(view: View, count: int) -> SessionState:
    return view.wait_for_state(1, lambda state: state.entries >= count)


def wait_for_news_of(view: View, event: Event) -> None:
    view.wait_until(lambda: event in view.events)


def wait_for_events(view: View, count: int) -> None:
    view.wait_until(lambda: len(view.events) == count)


class TestRecording:
    def test_what_is_put_in_is_kept_in_its_order(self, path: Path) -> None:
        story = Story()
        with recording(path) as recorder:
            for event in story.whole():
                recorder.put(event)

        assert [data for _kind, data in entries_of(path) if data] == [b"type the message", b"hello", b"q", b"stop"]

    def test_a_view_can_read_what_it_is_told_of(self, path: Path) -> None:
        story = Story()
        with recording(path) as recorder, contextlib.closing(JournalReader(path)) as reader:
            view = View(recorder)
            states = []
            for count, event in enumerate(story.whole(), 1):
                recorder.put(event)
                states.append(wait_for_entries(view, count))
                assert reader.count(story.session) == count

        assert [state.entries for state in states] == list(range(1, 10))
        assert states[-1].phase is Phase.ENDED

    def test_many_threads_lose_nothing_and_keep_their_own_order(self, path: Path) -> None:
        stories = [Story(session) for session in range(1, 9)]

        def tell(story: Story, recorder: Recorder) -> None:
            recorder.put(story.begins())
            recorder.put(story.opens())
            for number in range(300):
                recorder.put(story.hears(b"%d" % number))

        with recording(path) as recorder:
            threads = [threading.Thread(target=tell, args=(story, recorder)) for story in stories]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        for story in stories:
            assert [data for _kind, data in entries_of(path, story.session)[2:]] == [b"%d" % n for n in range(300)]

    def test_closing_records_what_is_waiting(self, path: Path) -> None:
        story = Story()
        with recording(path) as recorder:
            recorder.put(story.begins())
            recorder.put(story.opens())
            for number in range(5000):
                recorder.put(story.hears(b"%d" % number))

        assert len(entries_of(path)) == 5002

    def test_a_journal_that_was_closed_is_one_file(self, path: Path) -> None:
        with recording(path) as recorder:
            recorder.put(Story().begins())

        assert [file.name for file in path.parent.iterdir()] == [path.name]

    def test_with_no_path_nothing_is_kept_and_views_are_told_all_the_same(self, tmp_path: Path) -> None:
        story = Story()
        with recording(None) as recorder:
            view = View(recorder)
            recorder.put(story.begins())
            state = view.wait_for_state(story.session, lambda state: True)

        assert state.entries == 0
        assert view.recording.path is None
        assert view.recording.failure is None
        assert list(tmp_path.iterdir()) == []

    def test_a_journal_that_cannot_be_made_is_refused_at_once(self, path: Path) -> None:
        path.write_text("in the way")
        threads = threading.active_count()

        with pytest.raises(JournalError, match="exists already"):
            Recorder(path)
        assert threading.active_count() == threads

    @pytest.mark.case("C-20")
    def test_a_clock_that_is_set_back_moves_the_time_of_day_alone(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        story = Story(start_ns=monotonic_ns())
        clock = [10**18]
        monkeypatch.setattr(time, "time_ns", lambda: clock[0])
        with recording(path) as recorder:
            view = View(recorder)
            recorder.put(story.begins())
            view.wait_for_state(story.session, lambda state: state.entries == 1)
            clock[0] -= 86_400 * 10**9
            recorder.put(story.listens())
            view.wait_for_state(story.session, lambda state: state.entries == 2)

        with contextlib.closing(JournalReader(path)) as reader:
            before, after = reader.read(story.session, 0, 2)
        assert after.mono_ns > before.mono_ns
        assert after.wall_ns < before.wall_ns


class TestViews:
    def test_a_view_that_sleeps_finds_one_batch_with_the_latest_of_everything(self) -> None:
        one, two = Story(1), Story(2)
        with recording(None) as recorder:
            wakes = threading.Semaphore(0)
            watcher = View(recorder, with_events=True)
            sleeper = recorder.subscribe(wakes.release)
            for event in (one.begins(), two.begins(), one.listens(), two.listens(), one.ends()):
                recorder.put(event)
                wait_for_news_of(watcher, event)
        (batch,) = sleeper.drain()

        assert {state.session: state.phase for state in batch.sessions} == {1: Phase.ENDED, 2: Phase.OPEN}
        assert batch.events == ()
        assert wakes.acquire(timeout=PATIENCE)
        assert not wakes.acquire(blocking=False)
        assert sleeper.drain() == []

    def test_a_view_that_wants_events_gets_every_one_in_order(self, path: Path) -> None:
        story = Story()
        told: list[Event] = story.whole()
        with recording(path) as recorder:
            view = View(recorder, with_events=True)
            for event in told:
                recorder.put(event)
            view.wait_until(lambda: len(view.events) == len(told))

        assert view.events == told

    def test_a_view_that_wants_events_and_sleeps_holds_the_recorder_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recorder_module, "_MOST_AT_ONCE", 3)
        story = Story()
        with recording(None, Limits(events_high=100_000, events_low=1_000)) as recorder:
            watcher, sleeper = View(recorder, with_events=True), View(recorder, with_events=True)
            recorder.put(story.begins())
            recorder.put(story.opens())
            told = 2
            while len(sleeper.subscription._batches) < 3:
                recorder.put(story.hears(b"x"))
                told += 1
                wait_for_events(watcher, told)
            while not recorder.congested:
                recorder.put(story.hears(b"x" * 1000))
                told += 1
            assert len(sleeper.subscription._batches) == 3

            watcher.subscription.close()
            wait_for_events(sleeper, told)
            relieved = threading.Event()
            recorder.when_relieved(relieved.set)
            assert relieved.wait(PATIENCE)

    def test_few_large_batches_hold_it_up_as_many_small_ones_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recorder_module, "_MOST_BYTES", 2_500)
        story = Story()
        with recording(None) as recorder:
            watcher, sleeper = View(recorder, with_events=True), View(recorder, with_events=True)
            told: list[Event] = [story.begins(), story.opens(), *(story.hears(b"x" * 1000) for _ in range(3))]
            for event in told:
                recorder.put(event)
                wait_for_news_of(watcher, event)
            held_up = story.hears(b"x")
            recorder.put(held_up)
            assert recorder.close(0.05) == ["recorder of nothing"]
            assert sum(len(batch.events) for batch in sleeper.subscription._batches) == 5

            wait_for_events(sleeper, 6)
            wait_for_news_of(watcher, held_up)

    def test_a_view_that_leaves_holds_nobody_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recorder_module, "_MOST_AT_ONCE", 1)
        story = Story()
        with recording(None) as recorder:
            watcher = View(recorder, with_events=True)
            sleeper = recorder.subscribe(lambda: None, with_events=True)
            for event in (story.begins(), story.listens()):
                recorder.put(event)
                wait_for_news_of(watcher, event)
            assert recorder.close(0.01) == ["recorder of nothing"]

            sleeper.close()
            sleeper.close()

    def test_who_holds_the_recorder_up_is_reported_rather_than_waited_for(self) -> None:
        recorder = Recorder(None)
        brake = Brake(recorder)
        recorder.put(Story().begins())
        brake.wait_until_it_holds()

        assert recorder.close(0.01) == ["recorder of nothing"]

        brake.release()
        assert recorder.close(PATIENCE) == []

    def test_a_view_that_has_left_is_not_told(self) -> None:
        story = Story()
        with recording(None) as recorder:
            told: list[bool] = []
            recorder.subscribe(lambda: told.append(True)).close()
            watcher = View(recorder)
            recorder.put(story.begins())
            watcher.wait_for_state(story.session, lambda state: True)

        assert told == []

    @pytest.mark.case("C-67")
    def test_a_fault_of_a_view_ends_neither_the_recording_nor_the_other_views(
        self, path: Path, logged_errors: list[logging.LogRecord]
    ) -> None:
        def broken() -> None:
            raise RuntimeError("the view broke")

        story = Story()
        with recording(path) as recorder:
            recorder.subscribe(broken)
            sound = View(recorder)
            recorder.put(story.begins())
            sound.wait_for_state(story.session, lambda state: True)
        assert len(entries_of(path)) == 1
        assert [record.getMessage() for record in logged_errors] == ["fault in a view of the journal"]
        logged_errors.clear()


@pytest.mark.case("C-42")
class TestCongestion:
    LIMITS = Limits(events_high=10_000, events_low=2_000)

    def test_above_the_high_mark_readers_are_told_and_below_the_low_mark_relieved(self) -> None:
        story = Story()
        relieved = threading.Event()
        with recording(None, self.LIMITS) as recorder:
            brake = Brake(recorder)
            recorder.put(story.begins())
            brake.wait_until_it_holds()  # what comes now waits
            assert not recorder.congested
            while not recorder.congested:
                recorder.put(story.hears(b"x" * 1000))
            told = recorder._size
            recorder.when_relieved(relieved.set)
            assert not relieved.is_set()
            brake.release()
            assert relieved.wait(PATIENCE)
            assert not recorder.congested

        assert self.LIMITS.events_high < told <= self.LIMITS.events_high + 2_000

    def test_peers_read_again_while_the_rest_is_recorded_and_nothing_pauses(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(recorder_module, "_TICK", 3600.0)  # seconds, which a pause would be noticed by
        story = Story()
        batches_before: list[int] = []
        relieved = threading.Event()
        with recording(None, self.LIMITS) as recorder:
            brake = Brake(recorder)
            view = View(recorder, with_events=True)
            recorder.put(story.begins())
            brake.wait_until_it_holds()
            told = 1
            while not recorder.congested:
                recorder.put(story.hears(b"x" * 500))
                told += 1

            def resume() -> None:
                view.batches += view.subscription.drain()
                batches_before.append(len(view.batches))
                relieved.set()

            recorder.when_relieved(resume)
            brake.release()
            assert relieved.wait(PATIENCE)
        view.batches += view.subscription.drain()

        assert len(view.events) == told
        assert len(view.batches) - batches_before[0] == 2  # what was being recorded then, and what waited still

    def test_a_pause_ends_once_as_much_waits_as_one_commit_takes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recorder_module, "_TICK", 3600.0)
        story = Story()
        with recording(None, self.LIMITS) as recorder:
            view = View(recorder)
            recorder.put(story.begins())
            view.wait_for_state(story.session, lambda state: True)
            recorder.put(story.opens())
            recorder.put(story.hears(b"x" * (self.LIMITS.events_low // 2)))  # in the pause after the first commit
            view.wait_for_state(story.session, lambda state: state.bytes_in > 0)
            assert not recorder.congested

    def test_who_asks_while_there_is_room_is_answered_at_once(self) -> None:
        answered: list[str] = []
        with recording(None, self.LIMITS) as recorder:
            recorder.when_relieved(lambda: answered.append(threading.current_thread().name))

        assert answered == [threading.current_thread().name]

    def test_small_events_count_too(self) -> None:
        story = Story()
        with recording(None, self.LIMITS) as recorder:
            brake = Brake(recorder)
            recorder.put(story.begins())
            brake.wait_until_it_holds()
            for _ in range(51):
                recorder.put(story.peer_finishes())
            assert recorder.congested
            brake.release()

    def test_what_is_being_recorded_counts_until_it_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        story = Story()
        writes, goes_on, relieved = threading.Event(), threading.Event(), threading.Event()
        write = Recorder._write

        def held(recorder: Recorder, events: Sequence[Event]) -> Exception | None:
            writes.set()
            assert goes_on.wait(PATIENCE)
            return write(recorder, events)

        monkeypatch.setattr(Recorder, "_write", held)
        with recording(None, self.LIMITS) as recorder:
            recorder.put(story.begins())
            assert writes.wait(PATIENCE)
            recorder.put(story.hears(b"x" * (self.LIMITS.events_high - recorder_module._COST)))  # all that may wait
            assert recorder.congested
            recorder.when_relieved(relieved.set)
            goes_on.set()
            assert relieved.wait(PATIENCE)
            assert not recorder.congested

    def test_nothing_is_dropped_however_far_behind_the_recorder_is(self, path: Path) -> None:
        story = Story()
        with recording(path, Limits(events_high=1, events_low=0)) as recorder:
            recorder.put(story.begins())
            recorder.put(story.opens())
            for number in range(1000):
                recorder.put(story.hears(b"%d" % number))

        assert len(entries_of(path)) == 1002


@pytest.mark.case("C-61")
class TestAFullDisk:
    """Traffic goes on, the views know since when nothing is kept and how much, and recording resumes."""

    def test_by_a_limit_on_files(self, tmp_path: Path) -> None:
        if sys.platform == "win32":
            pytest.skip("POSIX: Windows has no limit on the size of files")
        self.check([sys.executable, "-m", "tests.support.full_disk", "limit", str(tmp_path)])

    @pytest.mark.root
    def test_on_a_small_disk(self, tmp_path: Path) -> None:
        mount = 'mount -t tmpfs -o size=1024k tincan "$0" && exec "$@"'
        program = [sys.executable, "-m", "tests.support.full_disk", "filler", str(tmp_path)]
        self.check([*apart("--mount"), "sh", "-c", mount, str(tmp_path), *program])

    def check(self, command: list[str]) -> None:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        assert "cannot be used" in seen["failure"] or "almost full" in seen["failure"]  # as SQLite finds out, or we do
        assert 0 <= seen["seconds_since"] < 60
        assert seen["same_since"]
        assert seen["mended_since"] is None
        assert seen["lost"] > 0
        assert seen["entries"] == seen["told"] == seen["happened"] - seen["lost"]
        assert seen["left"] == []

    def test_a_failure_of_another_kind_stops_recording_and_nothing_else(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
    ) -> None:
        story = Story()
        with recording(path) as recorder:
            view = View(recorder)
            writer = recorder._writer
            assert writer is not None
            with monkeypatch.context() as patch:
                patch.setattr(writer, "append", lambda *_: 1 / 0)
                recorder.put(story.begins())
                view.wait_until(lambda: bool(view.batches))
                stopped = view.recording
            recorder.put(story.listens())
            view.wait_until(lambda: view.recording.failure is None)

        assert str(stopped.failure) == "Division by zero."
        assert (stopped.lost, view.recording.lost) == (1, 1)
        assert view.recording.since is None
        assert [record.getMessage() for record in logged_errors] == ["fault in recording"]
        logged_errors.clear()
        assert [kind for kind, _data in entries_of(path)] == ["listening"]


@pytest.mark.case("C-59")
@only_posix("Windows has no kill -9")
def test_killed_at_any_moment_no_journal_loses_what_was_acknowledged(tmp_path: Path) -> None:
    assert kill_recorders(tmp_path, range(KILLS)) == (KILLS, 0)


@pytest.mark.case("C-60")
def test_the_disk_is_given_what_was_written_though_nothing_follows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert recorder_module._LOOK_EVERY <= 1.0  # seconds: a power cut takes no more
    monkeypatch.setattr(recorder_module, "_LOOK_EVERY", 0.02)
    story = Story()
    with recording(path) as recorder:
        for event in (story.begins(), story.opens(), story.hears(b"the first words"), story.hears(b"the last words")):
            recorder.put(event)
        until(lambda: b"the last words" in path.read_bytes(), "the words in the file itself, without its log")


def test_an_idle_recorder_is_woken_for_the_first_event_of_each_pause() -> None:
    story = Story()
    with recording(None) as recorder:
        view = View(recorder, with_events=True)
        recorder.put(story.begins())
        recorder.put(story.opens())
        for number in range(30):
            recorder.put(story.hears(b"%d" % number))
            wait_for_events(view, number + 3)

    assert [event.data for event in view.events if isinstance(event, Received)] == [b"%d" % n for n in range(30)]


@pytest.mark.case("C-90")
class TestAFault:
    """Recording stops and says so, peers go on, and a moment later it is tried again."""

    LIMITS = Limits(events_high=10_000, events_low=2_000)

    @pytest.fixture(autouse=True)
    def at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recorder_module, "_REST", 0.01)

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("place", ["_take", "_write", "_fold", "_relieve", "_post", "_record", "_turn"])
    def test_anywhere_in_its_thread_holds_nobody_up_and_is_over_when_it_is_over(
        self,
        path: Path,
        place: str,
        kind: Callable[[], BaseException],
        monkeypatch: pytest.MonkeyPatch,
        logged_errors: list[logging.LogRecord],
    ) -> None:
        story = Story()
        relieved = threading.Event()

        def broken(*_arguments: object) -> None:
            raise kind()

        with recording(path, self.LIMITS) as recorder:
            view = View(recorder)
            recorder.put(story.begins())
            recorder.put(story.opens())
            wait_for_entries(view, 2)
            with monkeypatch.context() as patch:
                patch.setattr(Recorder, place, broken)
                while not recorder.congested:
                    recorder.put(story.hears(b"x" * 1_000))
                recorder.when_relieved(relieved.set)
                assert relieved.wait(PATIENCE)
                assert not recorder.congested
                until(lambda: recorder.recording.failure is not None)
                stopped = recorder.recording
            recorder.put(story.hears(b"the last"))
            view.wait_until(lambda: view.recording.failure is None)
            state = view.wait_for_state(1, lambda state: state.connections != ())
            recorder.put(story.closes())
            view.wait_for_state(1, lambda state: state.entries > 0 and not state.connections)

        assert stopped.since is not None
        assert state.phase is Phase.OPEN
        kept = entries_of(path)
        assert kept[-2][1] == b"the last"
        assert kept[-1][0] == "closed"
        assert logged_errors
        logged_errors.clear()

    def test_in_the_ledger_counts_what_nobody_was_told_of_until_somebody_is(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
    ) -> None:
        story = Story()
        with recording(path) as recorder:
            view = View(recorder)
            with monkeypatch.context() as patch:
                patch.setattr(recorder._ledger, "fold", lambda *_arguments: 1 / 0)
                recorder.put(story.begins())
                view.wait_until(lambda: bool(view.batches) and view.recording.failure is not None)
                assert view.recording.lost == 1
            view.wait_until(lambda: view.recording.failure is None)
            state = view.wait_for_state(1, lambda state: True)

        assert (state.entries, view.recording.lost) == (1, 0)
        assert [kind for kind, _data in entries_of(path)] == ["session-opened"]
        logged_errors.clear()

    def test_at_one_event_leaves_the_others_alone(
        self, path: Path, monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
    ) -> None:
        one, two = Story(1), Story(2)
        real = ledger_module._apply

        def apply(session: object, event: Event) -> None:
            if event.session == 1 and not isinstance(event, SessionOpened):
                raise KeyError("lost")
            real(session, event)  # type: ignore[arg-type]

        monkeypatch.setattr(ledger_module, "_apply", apply)
        with recording(path) as recorder:
            view = View(recorder)
            for event in (one.begins(), two.begins(), one.listens(), two.listens()):
                recorder.put(event)
            view.wait_for_state(2, lambda state: state.phase is Phase.OPEN)

        assert {record.getMessage() for record in logged_errors} == {"fault in the account of the sessions"}
        logged_errors.clear()

    @pytest.mark.case("C-32", "C-36")
    @pytest.mark.parametrize("lacking", ["start", "__init__"])  # a thread, or the memory for its locks
    def test_without_another_thread_to_be_had_the_next_event_tries_again(
        self, lacking: str, path: Path, monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
    ) -> None:
        story = Story()

        def no_more(_thread: threading.Thread, **_arguments: object) -> None:
            raise RuntimeError("can't start new thread")

        with recording(path) as recorder:
            view = View(recorder)
            with monkeypatch.context() as patch:
                patch.setattr(Recorder, "_turn", lambda _recorder: 1 / 0)
                patch.setattr(threading.Thread, lacking, no_more)
                recorder.put(story.begins())
                until(lambda: recorder._is_dead)
            recorder.put(story.listens())
            view.wait_for_state(1, lambda state: state.phase is Phase.OPEN)
        assert [kind for kind, _data in entries_of(path)] == ["session-opened", "listening"]
        logged_errors.clear()

    @pytest.mark.case("C-32")
    def test_without_a_thread_at_all_there_is_none_and_the_file_is_closed(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_more(_thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", no_more)
        with pytest.raises(NoThread):
            Recorder(path)
        assert [file.name for file in path.parent.iterdir()] == [path.name]

    @pytest.mark.parametrize(
        "step", ["letting peers go on", "telling that recording has stopped", "whoever waits for the journal"]
    )
    def test_while_it_gives_up_is_no_end_either(
        self, step: str, path: Path, monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
    ) -> None:
        story, breaker = Story(), Breaker(monkeypatch)
        breaker.steps({step: KINDS[0]})
        with recording(path, self.LIMITS) as recorder:
            view, brake = View(recorder), Brake(recorder)
            recorder.put(story.begins())
            brake.wait_until_it_holds()
            while not recorder.congested:
                recorder.put(story.hears(b"x" * 1_000))
            recorder.when_relieved(lambda: None)
            with monkeypatch.context() as patch:
                if step != "whoever waits for the journal":
                    patch.setattr(Recorder, "_take", lambda _recorder: 1 / 0)
                brake.release()
                until(lambda: bool(breaker.broken))
            recorder.put(story.listens())
            view.wait_for_state(1, lambda state: state.phase is Phase.OPEN)
        assert any(record.getMessage() == f"fault in {step}" for record in logged_errors)
        logged_errors.clear()
