"""``python -m core`` run: in this process, which takes a hundredth of the time, or in one of its own."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from build_scripts.project import ROOT
from core.__main__ import main
from tests.support.sink import PATIENCE


class Done(NamedTuple):
    """How the program ended and what it has written."""

    code: int
    out: str
    err: str


@contextmanager
def handlers_kept() -> Iterator[None]:
    """Have Ctrl-C do afterwards what it did before, though a program was over in between."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run(*arguments: str | Path | int) -> Done:
    """The program here, with standard streams of its own."""
    out, err = io.BytesIO(), io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["core", *map(str, arguments)])
        patch.setattr(sys, "stdout", io.TextIOWrapper(out, "utf-8", newline="\n", write_through=True))
        patch.setattr(sys, "stderr", io.TextIOWrapper(err, "utf-8", newline="\n", write_through=True))
        try:
            with handlers_kept():
                code = main()
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        return Done(code, out.getvalue().decode(), err.getvalue().decode())


def start(*arguments: str | Path | int) -> Done:
    """The program as a person starts it."""
    done = subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Done(done.returncode, *(data.decode().replace(os.linesep, "\n") for data in (done.stdout, done.stderr)))


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A program of its own, with pipes for everything; killed if the test does not see it end."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as program:
        watchdog = threading.Timer(PATIENCE, program.kill)
        watchdog.start()
        try:
            yield program
        finally:
            program.kill()
            watchdog.cancel()
            watchdog.join()
