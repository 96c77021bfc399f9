"""Ctrl-C in a terminal, once and once more: the first asks for the end, the second insists, and neither is a fault."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

import pytest

from core.address import parse_address
from core.cli.common import INTERRUPTED, asked_to_end
from tests.support import program
from tests.support.peers import Host, Peer
from tests.support.sink import PATIENCE
from tests.support.systems import only_posix

STEPS = {"version": 1, "name": "slow", "steps": [{"send": "x", "expect": "any", "within": 60_000}]}


def started(code: str, *arguments: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """The program with some lines before it, killed if the test does not see it end."""
    return program.running("-c", f"{code}\nfrom core.__main__ import main\nsys.exit(main())", *arguments)


def read_until(stream: IO[str], words: str) -> str:
    """The line that has these words."""
    said = ""
    while words not in said:
        said = stream.readline()
        assert said, f"it ended without {words!r}"
    return said


# The end takes for ever and says when it has begun.
HELD = """
import sys, time
from core.{module} import {name}
def hold(*_arguments):
    print("ending", file=sys.stderr, flush=True)
    time.sleep(3600)
{name}.{method} = hold
"""
SLOW_CLOSE = HELD.format(module="workbench", name="Workbench", method="close")
SLOW_STOP = HELD.format(module="sending.load", name="Load", method="stop")
# Of this one it is told when the program waits for the steps: an interrupt while the client begins ends it at once.
SLOW_LEAVE = (
    HELD.format(module="net.session", name="Session", method="join")
    + """
from core.sending import steps
wait = steps.StepsRun.join
def told(*arguments):
    print("waiting", file=sys.stderr, flush=True)
    return wait(*arguments)
steps.StepsRun.join = told
"""
)


@only_posix("Windows has no SIGINT for one process")
@pytest.mark.parametrize(
    ("held", "arguments"),
    [
        (SLOW_CLOSE, ("serve", "0")),
        (SLOW_CLOSE, ("connect", "HOST")),
        (SLOW_CLOSE, ("tap", "0", "HOST")),
        (SLOW_STOP, ("load", "STEPS", "HOST", "--seconds", "60")),
        (SLOW_LEAVE, ("test", "STEPS", "HOST")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_the_second_ctrl_c_ends_it_at_once_and_without_a_traceback(
    held: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    steps = tmp_path / "steps.json"
    steps.write_text(json.dumps(STEPS), "utf-8")
    with Host() as host:
        places = {"HOST": str(host.address), "STEPS": str(steps)}
        with started(held, *(places.get(each, each) for each in arguments)) as running, contextlib.ExitStack() as stack:
            assert running.stderr is not None
            if arguments[0] in ("serve", "tap"):
                read_until(running.stderr, "listening on")
            else:
                peer = stack.enter_context(host.accept(Peer))
                if "STEPS" in arguments:  # it is played from then on, and not on its way there
                    assert peer.hear(1) == b"x"
                if held is SLOW_LEAVE:
                    read_until(running.stderr, "waiting")
            running.send_signal(signal.SIGINT)
            read_until(running.stderr, "ending")
            running.send_signal(signal.SIGINT)
            assert running.wait(PATIENCE) == -signal.SIGINT
            assert running.stderr.read() == ""


# It is interrupted in the middle of its first message, and goes on once another has come.
INTERRUPTED_MESSAGE = """
import os, signal, sys
from core.cli import terminal
terminal._LAST_WORDS = 0.0
write = terminal._Program._print
def written(program, line):
    write(program, line)
    if "first" in line:
        os.kill(os.getpid(), signal.SIGINT)
        while not program._subscription._batches:
            pass
terminal._Program._print = written
"""


@only_posix("Windows has no SIGINT for one process")
@pytest.mark.parametrize("arguments", [("serve", "0", "--reply", "none"), ("tap", "0", "HOST")], ids=["serve", "tap"])
def test_ctrl_c_does_not_wait_until_all_is_written_that_has_come(arguments: tuple[str, ...]) -> None:
    with Host() as host:
        placed = (str(host.address) if each == "HOST" else each for each in arguments)
        with started(INTERRUPTED_MESSAGE, *placed, "--frame", "line") as running:
            assert running.stdout is not None
            assert running.stderr is not None
            address = read_until(running.stderr, "listening on").split()[-1]
            with Peer.calls(parse_address(address, for_server=False)) as caller:
                caller.say(b"first\n")
                read_until(running.stdout, "first")
                caller.say(b"second\n")
                out, err = running.communicate(timeout=PATIENCE)
    assert "second" not in out
    assert "7 bytes that had come before the end went unshown" in err
    assert running.returncode == 0


@only_posix("Windows has no SIGINT for one process")
def test_a_ctrl_c_while_python_waits_for_a_thread_at_the_very_end_is_no_fault() -> None:
    straggler = """
import sys, threading, time
def straggle():
    threading.main_thread().join()
    print("ending", file=sys.stderr, flush=True)
    time.sleep(3600)
threading.Thread(target=straggle).start()
"""
    with started(straggler, "connect", "127.0.0.1:1") as running:
        assert running.stderr is not None
        read_until(running.stderr, "ending")
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) == -signal.SIGINT
        assert running.stderr.read() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_asked_to_end_is_asked_once(number: signal.Signals) -> None:
    asked: list[bool] = []
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    with asked_to_end(lambda: asked.append(True)):
        signal.raise_signal(number)
        assert signal.getsignal(signal.SIGINT) is signal.getsignal(signal.SIGTERM) is signal.SIG_DFL

    assert asked == [True]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.parametrize("part", ["options", "run"])
def test_a_ctrl_c_before_or_behind_a_program_is_no_fault(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_options: object) -> int:
        raise KeyboardInterrupt

    chosen = argparse.Namespace(**{"options": lambda _chosen: None, "run": lambda _options: 0, part: interrupted})
    monkeypatch.setattr("core.__main__._chosen", lambda _arguments: chosen)

    assert program.run("serve", "0") == (INTERRUPTED, "", "")
