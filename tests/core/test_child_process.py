"""A program beside this one: what it hears and says, and that it never only looks alive."""

from __future__ import annotations

import errno
import itertools
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from core.child_process import LONGEST_LINE, ChildProcess, words_of_exit
from core.errors import NoThread
from core.supervision import Worker
from tests.support.injection import KINDS, Breaker
from tests.support.sink import PATIENCE, until
from tests.support.systems import only_posix

ECHO = "import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)"
# Python 3.11.2, which Debian 12 has, leaves open the pipes that it has made where it cannot make the next.
_CLOSES_PIPES = hasattr(subprocess.Popen, "_on_error_fd_closer")


class Heard:
    """What a child says, and how it ended."""

    def __init__(self) -> None:
        self.data = b""
        self.lines: list[str] = []
        self.codes: list[int] = []
        self._over = threading.Event()

    def take(self, data: bytes) -> None:
        self.data += data

    def end(self, code: int) -> None:
        self.codes.append(code)
        self._over.set()

    def wait(self) -> int:
        assert self._over.wait(PATIENCE)
        return self.codes[0]


def child(code: str, heard: Heard) -> ChildProcess:
    command = [sys.executable, "-u", "-c", code]
    return ChildProcess(command, name="test", heard=heard.take, told=heard.lines.append, ended=heard.end)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that were started."""
    found: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def keep(*arguments: object, **named: object) -> subprocess.Popen[bytes]:
        found.append(popen(*arguments, **named))  # type: ignore[call-overload]
        return found[-1]

    monkeypatch.setattr(subprocess, "Popen", keep)
    yield found
    for process in found:
        process.kill()
        process.wait()


def test_it_is_fed_and_heard_and_its_end_is_told_once() -> None:
    heard = Heard()
    process = child(ECHO, heard)
    process.write(b"one ")
    process.write(b"two")
    process.end_input()

    assert heard.wait() == 0
    assert heard.data == b"one two"
    assert process.waiting == 0
    process.write(b"too late")
    process.kill()
    assert heard.codes == [0]


@pytest.mark.case("C-87")
def test_it_is_told_no_password_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard()
    for name in ("TINCAN_KEY_PASSWORD", "TINCAN_PROXY_PASSWORD", "OTHER"):
        monkeypatch.setenv(name, "sesame")
    child("import os; print([name for name, value in os.environ.items() if value == 'sesame'])", heard)

    heard.wait()
    assert heard.data.split() == [b"['OTHER']"]


def test_lines_of_standard_error_come_whole_and_cut() -> None:
    heard = Heard()
    child(f"import sys; sys.stderr.write('a\\nb' + 'x' * {2 * LONGEST_LINE} + '\\n\\nend')", heard)

    heard.wait()
    assert heard.lines[0] == "a"
    assert heard.lines[1] == "b" + "x" * (LONGEST_LINE - 1) + " …"
    assert heard.lines[2:] == ["", "end"]


def test_it_can_be_killed_at_any_time() -> None:
    heard = Heard()
    process = child("import time; time.sleep(600)", heard)
    process.write(b"x" * (1 << 22))  # more than a pipe holds
    process.kill()

    assert heard.wait() != 0


HEIR = """
import os, subprocess, sys
heir = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
os.write(1, str(heir.pid).encode())
"""


@only_posix("a pipe can be waited for together with the end of a process")
@pytest.mark.parametrize("is_killed", [False, True])
def test_it_is_over_although_what_it_has_started_holds_its_pipes(*, is_killed: bool) -> None:
    heard = Heard()
    process = child(HEIR + ("os.read(0, 1)\nimport time; time.sleep(600)" if is_killed else "sys.exit(5)"), heard)
    process.write(b"x" * (1 << 22))  # which nobody takes
    try:
        until(lambda: heard.data != b"" and (not is_killed or process.waiting > 0))
        if is_killed:
            process.kill()

        assert heard.wait() == (-signal.SIGKILL if is_killed else 5)
    finally:
        os.kill(int(heard.data), signal.SIGKILL)


TALKATIVE_HEIR = """
import os
if os.fork() == 0:
    while True:
        os.write(1, b"x" * 65_536)
os.write(1, b"y" * 200_000)
"""


@only_posix("a pipe can be waited for together with the end of a process")
def test_it_is_over_although_what_it_has_started_writes_faster_than_it_is_heard() -> None:
    class Slow(Heard):
        def take(self, _data: bytes) -> None:
            begun.wait(PATIENCE)
            select.select([process._pipes[1]], [], [], PATIENCE)  # so that there is always more

    heard, begun = Slow(), threading.Event()
    process = child(TALKATIVE_HEIR, heard)
    begun.set()
    try:
        assert heard.wait() == 0
    finally:
        process.kill()


@pytest.mark.case("C-67")
@pytest.mark.parametrize(
    ("name", "kind"), [*zip(("input of *", "errors of *", "output of *", "end of *"), KINDS, strict=False)]
)
def test_a_thread_of_it_that_dies_ends_it_and_that_is_told(
    name: str, kind: Callable[[], BaseException], monkeypatch: pytest.MonkeyPatch, logged_errors: list[object]
) -> None:
    heard = Heard()
    Breaker(monkeypatch).worker(name, kind)

    child("import time; time.sleep(600)", heard)

    assert heard.wait() != 0
    assert len(logged_errors) == 1
    logged_errors.clear()


def test_what_raises_while_it_is_heard_ends_it(logged_errors: list[object]) -> None:
    heard = Heard()

    def take(_data: bytes) -> None:
        raise RuntimeError("broken")

    command = [sys.executable, "-u", "-c", "print(1, flush=True); import time; time.sleep(600)"]
    ChildProcess(command, name="test", heard=take, told=heard.lines.append, ended=heard.end)

    assert heard.wait() != 0
    logged_errors.clear()


def test_without_a_thread_nothing_of_it_is_left(
    started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_worker: Worker) -> None:
        raise NoThread

    monkeypatch.setattr(Worker, "start", start)

    with pytest.raises(NoThread):
        child("import time; time.sleep(600)", Heard())

    assert started[0].wait(PATIENCE) != 0
    assert all(pipe is not None and pipe.closed for pipe in (started[0].stdin, started[0].stdout, started[0].stderr))


@pytest.mark.parametrize("pipes", range(5) if _CLOSES_PIPES else (0, 1, 4))
def test_no_process_is_left_where_there_are_too_few_descriptors(
    pipes: int, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe, made = os.pipe, itertools.count()

    def scarce() -> tuple[int, int]:
        if next(made) == pipes:
            raise OSError(errno.EMFILE, "Too many open files")
        return pipe()

    monkeypatch.setattr(os, "pipe", scarce)

    with pytest.raises(OSError, match="Too many"):
        child("import time; time.sleep(600)", Heard())

    assert not started


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "has ended"),
        (3, "has ended with exit code 3"),
        pytest.param(-15, "was ended by SIGTERM", marks=only_posix("a signal ends a program")),
        (-250, "was ended by signal 250"),
    ],
)
def test_an_exit_code_in_words(code: int, words: str) -> None:
    assert words_of_exit(code) == words
