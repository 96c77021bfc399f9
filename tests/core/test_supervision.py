"""The guard: nothing under it dies silently, and nothing takes anything else with it."""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable

import pytest

from core import supervision
from core.errors import JournalError, NoThread, reason
from core.supervision import Failed, Worker, attempt, do_all, stragglers
from tests.support.injection import KINDS
from tests.support.sink import PATIENCE

EVERY_KIND = (*KINDS, SystemExit, KeyboardInterrupt, GeneratorExit)


def failing(kind: Callable[[], BaseException]) -> Callable[[], None]:
    def fail() -> None:
        raise kind()

    return fail


def no_more(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


@pytest.mark.case("C-67")
class TestSteps:
    @pytest.mark.parametrize("kind", [*KINDS, SystemExit])
    def test_each_is_done_whatever_the_others_raise(
        self, kind: Callable[[], BaseException], logged_errors: list[logging.LogRecord]
    ) -> None:
        done: list[str] = []

        failed = do_all(
            [
                ("the first", lambda: done.append("first")),
                ("the second", failing(kind)),
                ("the third", lambda: done.append("third")),
            ]
        )

        assert done == ["first", "third"]
        assert [(each.step, type(each.error)) for each in failed] == [("the second", type(kind()))]
        assert [record.getMessage() for record in logged_errors] == ["fault in the second"]
        logged_errors.clear()

    def test_a_person_who_interrupts_is_heard_when_all_is_done(self, logged_errors: list[logging.LogRecord]) -> None:
        done: list[str] = []

        with pytest.raises(KeyboardInterrupt):
            do_all([("the first", failing(KeyboardInterrupt)), ("the second", lambda: done.append("second"))])

        assert done == ["second"]

    def test_what_core_raises_on_purpose_is_an_answer_and_no_fault(self) -> None:
        error = JournalError("no journal")

        assert do_all([("reading", failing(lambda: error))]) == [Failed("reading", error)]
        assert attempt("reading", lambda: None) is None

    @pytest.mark.case("C-31", "C-36")
    @pytest.mark.parametrize("shortage", [MemoryError(), OSError(errno.EMFILE, "Too many open files")])
    def test_a_shortage_is_no_fault_of_the_place_where_it_came_to_light(
        self, shortage: BaseException, logged_errors: list[logging.LogRecord]
    ) -> None:
        attempt("reading", failing(lambda: shortage))

        (record,) = logged_errors
        shown = logging.Formatter().format(record)
        assert shown.startswith(f"fault in reading\n{type(shortage).__name__}")
        assert "Traceback" not in shown
        logged_errors.clear()

    @pytest.mark.case("C-36")
    @pytest.mark.parametrize("broken", ["the log", "whoever else is told"])
    def test_the_guard_does_not_fail_with_what_it_tells(
        self, broken: str, monkeypatch: pytest.MonkeyPatch, logged_errors: list[logging.LogRecord]
    ) -> None:
        done: list[str] = []
        told: list[str] = []

        def out_of_memory(*_arguments: object, **_named: object) -> None:
            raise MemoryError

        if broken == "the log":
            monkeypatch.setattr(logging.Logger, "error", out_of_memory)
            hearers = [lambda name, _error: told.append(name)]
        else:
            hearers = [out_of_memory, lambda name, _error: told.append(name)]
        monkeypatch.setattr(supervision, "on_fault", hearers)

        do_all([("the first", failing(MemoryError)), ("the second", lambda: done.append("second"))])

        assert (told, done) == (["the first"], ["second"])
        logged_errors.clear()


@pytest.mark.case("C-67")
class TestWorkers:
    @pytest.mark.parametrize("kind", EVERY_KIND)
    def test_one_that_dies_tells_its_owner_on_its_own_thread(
        self, kind: Callable[[], BaseException], logged_errors: list[logging.LogRecord]
    ) -> None:
        told: list[tuple[BaseException, str]] = []

        worker = Worker(
            failing(kind), "unlucky", lambda error: told.append((error, threading.current_thread().name))
        ).begin()

        assert worker.join(PATIENCE)
        assert [(type(error), name) for error, name in told] == [(type(kind()), "unlucky")]
        assert [record.getMessage() for record in logged_errors] == ["fault in unlucky"]
        logged_errors.clear()

    def test_an_owner_that_fails_in_turn_is_logged_too(self, logged_errors: list[logging.LogRecord]) -> None:
        worker = Worker(failing(KINDS[0]), "unlucky", lambda _error: [][0]).begin()

        assert worker.join(PATIENCE)
        messages = [record.getMessage() for record in logged_errors]
        assert messages == ["fault in unlucky", "fault in the end of unlucky"]
        logged_errors.clear()

    @pytest.mark.case("C-32")
    def test_no_thread_to_be_had_is_told_or_raised(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(threading.Thread, "start", no_more)
        told: list[BaseException] = []

        worker = Worker(lambda: None, "never", told.append).begin()

        assert [reason(error) for error in told] == [str(NoThread())]
        assert worker.join(0)
        with pytest.raises(NoThread):
            worker.start()

    @pytest.mark.case("C-32", "C-36")
    def test_no_memory_for_a_thread_is_told_as_no_thread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_locks() -> None:
            raise RuntimeError("can't allocate lock")

        monkeypatch.setattr(threading, "Event", no_locks)
        with pytest.raises(NoThread):
            Worker(lambda: None, "unlucky")

    def test_it_does_not_wait_for_itself(self) -> None:
        answers: list[bool] = []
        made = threading.Event()

        def work() -> None:
            assert made.wait(PATIENCE)
            answers.append(worker.join(PATIENCE))

        worker = Worker(work, "itself").begin()
        made.set()

        assert worker.join(PATIENCE)
        assert answers == [False]
        assert worker.is_over

    def test_those_that_would_keep_the_process_are_named(self) -> None:
        go_on = threading.Event()
        worker = Worker(go_on.wait, "one that stays").begin()
        daemon = Worker(go_on.wait, "one that does not matter", daemon=True).begin()

        late = stragglers(0.01)
        go_on.set()

        assert "one that stays" in late
        assert "one that does not matter" not in late
        assert worker.join(PATIENCE)
        assert daemon.join(PATIENCE)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (JournalError("x is not a journal"), "x is not a journal"),
        (MemoryError(), "this machine is out of memory"),
        (OSError(28, "No space left on device", "/tmp/x"), "No space left on device (ENOSPC): /tmp/x"),
        (KeyError("x"), "something went wrong inside Tincan (KeyError)"),
    ],
)
def test_why_something_ended_is_said_in_a_clause(error: BaseException, words: str) -> None:
    assert reason(error) == words
