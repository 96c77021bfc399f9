"""A program beside this one, fed and heard through pipes by threads, so that nobody waits for it."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import IO, Any

from core.errors import NoThread
from core.supervision import Worker, do_all

if sys.platform == "win32":
    _APART: dict[str, Any] = {"creationflags": subprocess.CREATE_NO_WINDOW}
    _TO_READ = _TO_WRITE = 0
else:
    _APART: dict[str, Any] = {"start_new_session": True}  # so that what it starts ends with it
    _TO_READ, _TO_WRITE = select.POLLIN, select.POLLOUT

LONGEST_LINE = 1_000  # bytes
_SECRET = re.compile("TINCAN_.*_PASSWORD")  # variables that are for Tincan alone
_PIECE = 65_536  # bytes
_MOST_IN_PIPE = 1 << 20  # bytes that Linux lets whoever is not root have a pipe hold


class ChildProcess:
    """Runs a command, to which no password of Tincan's is known. Its methods are for any thread and wait for nothing.

    ``heard`` gets what it writes to its standard output, ``told`` each line of its standard error (of a long one the
    first ``LONGEST_LINE`` bytes, as text), each on a
    thread of its own; while ``heard`` does not return, no more is read. ``ended`` gets the exit code (negative: the
    signal that ended it; of one killed on Windows, SIGTERM) once, when the process is over and all that it wrote was
    handed over. A program that it has started can hold the pipes for longer: only Windows waits for that one.

    Raises ``OSError`` and ``NoThread`` if it cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        name: str,
        environment: Mapping[str, str] = os.environ,
        heard: Callable[[bytes], None],
        told: Callable[[str], None],
        ended: Callable[[int], None],
    ) -> None:
        with contextlib.ExitStack() as stack:
            over, alive = os.pipe()  # closed as soon as the process is over
            self._over = stack.enter_context(os.fdopen(over, "rb"))
            self._alive = stack.enter_context(os.fdopen(alive, "wb"))
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env={name: value for name, value in environment.items() if not _SECRET.fullmatch(name)},
                **_APART,
            )
            stack.pop_all()
        self._ended = ended
        self._to_write: deque[bytes | None] = deque()  # None: the end of its input
        self._waiting = 0  # bytes of it
        self._changed = threading.Condition()
        self._is_dead = False  # it takes nothing more
        self._is_killed = self._was_alive = False
        input_, output, errors = self._process.stdin, self._process.stdout, self._process.stderr
        assert input_ is not None
        assert output is not None
        assert errors is not None
        self._pipes = (input_, output, errors)
        self._workers = (
            Worker(lambda: self._write(input_), f"input of {name}", self._died),
            Worker(lambda: _read_lines(partial(self._read, errors), told), f"errors of {name}", self._died),
            Worker(lambda: self._read(output, heard), f"output of {name}", self._died),
        )
        waiting = Worker(self._await_end, f"end of {name}", self._died_waiting)
        try:
            for worker in (*self._workers, waiting):
                worker.start()
        except NoThread:
            self.kill()
            self._end()
            raise

    @property
    def waiting(self) -> int:
        """Bytes that it has not taken yet."""
        return self._waiting

    def write(self, data: bytes) -> None:
        """Give it these bytes; those that a program no longer takes are dropped."""
        self._put(data, len(data))

    def end_input(self) -> None:
        """Nothing more comes after what was written."""
        self._put(None, 0)

    def _put(self, data: bytes | None, size: int) -> None:
        with self._changed:
            if not self._is_dead:
                self._to_write.append(data)
                self._waiting += size
                self._changed.notify()

    def kill(self) -> None:
        """End it, and where the system can, all that it has started. Harmless when it is over."""
        with self._changed:
            self._is_dead = self._is_killed = True
            self._to_write.clear()
            self._waiting = 0
            self._changed.notify()
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                self._was_alive |= self._process.poll() is None
                self._process.kill()
        else:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    # Threads.

    def _died(self, _error: BaseException) -> None:
        """A thread of it has broken: without it, the program would only look alive."""
        self.kill()

    def _died_waiting(self, _error: BaseException) -> None:
        self.kill()
        self._await_end()

    def _await_end(self) -> None:
        """Wait until it is over and what it wrote is handed over, and tell."""
        code = self._process.wait()
        if sys.platform == "win32" and self._was_alive:
            code = -signal.SIGTERM  # when it was killed: the exit code is 1, as if it had failed
        self._end()
        self._ended(code)

    def _end(self) -> None:
        """It is over: wait for the threads that serve it, and give back what it took."""
        self._alive.close()
        with self._changed:
            self._is_dead = True
            self._changed.notify()
        for worker in self._workers:
            worker.join()
        do_all([("closing a pipe", pipe.close) for pipe in (self._over, *self._pipes)])

    def _write(self, pipe: IO[bytes]) -> None:
        if sys.platform != "win32":
            os.set_blocking(pipe.fileno(), False)
        with contextlib.suppress(OSError), pipe:  # it need not hear to the end what is said to it
            while (data := self._next()) is not None:
                view = memoryview(data)
                while view and self._is_ready(pipe, _TO_WRITE):
                    view = view[pipe.write(view) or 0 :]
                with self._changed:
                    self._waiting = max(0, self._waiting - len(data))

    def _next(self) -> bytes | None:
        with self._changed:
            self._changed.wait_for(lambda: self._to_write or self._is_dead)
            return self._to_write.popleft() if self._to_write else None

    def _read(self, pipe: IO[bytes], take: Callable[[bytes], None]) -> None:
        is_last = False
        with pipe:
            while not is_last and self._is_ready(pipe, _TO_READ):
                is_last = sys.platform != "win32" and self._alive.closed  # what comes later is from another program
                data = pipe.read(_MOST_IN_PIPE if is_last else _PIECE)
                if not data:
                    break
                take(data)

    def _is_ready(self, pipe: IO[bytes], event: int) -> bool:
        """Wait for the pipe; False once nothing is to be had there and the process is over. Windows waits within it."""
        if sys.platform == "win32":
            return True
        poll = select.poll()
        poll.register(pipe, event)
        poll.register(self._over, event)
        return any(descriptor == pipe.fileno() for descriptor, _ in poll.poll()) and not self._is_killed


def _read_lines(read: Callable[[Callable[[bytes], None]], None], take: Callable[[str], None]) -> None:
    """Whole lines, without what is too much of them; what is left at the end is one, too."""
    line = b""

    def cut(data: bytes) -> None:
        nonlocal line
        *lines, line = (line + data).split(b"\n")
        for each in lines:
            take(_text(each))
        line = line[: LONGEST_LINE + 1]

    read(cut)
    if line:
        take(_text(line))


def _text(line: bytes) -> str:
    text = line[:LONGEST_LINE].decode(errors="replace").strip()
    return f"{text} …" if len(line) > LONGEST_LINE else text


def words_of_exit(code: int) -> str:
    """How it ended, in words."""
    if code >= 0:
        return "has ended" if code == 0 else f"has ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
