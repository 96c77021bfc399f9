"""A program that records until it is killed: ``python -m tests.support.victim``.

For every path on standard input a child is born that records into that file as fast as it can, and
says on standard output how many entries it has been told are kept. The parent says when it has died.
It has no threads, so that it may fork.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import NoReturn

from core.journal.recording import checkpoints, recorder
from core.settings import KIB, Limits
from tests.support.story import Story

SESSION = 1


def content(ordinal: int) -> bytes:
    """What the entry of that number holds."""
    return b"%d " % ordinal * (1 + ordinal * 37 % 200)


def say(line: bytes) -> None:
    """Tell the parent, and end where it is gone: nobody else would end this."""
    try:
        os.write(1, line)
    except BrokenPipeError:
        os._exit(1)


def record_for_ever(path: Path) -> NoReturn:
    """Record, and acknowledge what a view is told."""
    recorder._TICK = 0.0005
    checkpoints._LEAST, checkpoints._MOST_BEHIND = 16 * KIB, 256 * KIB
    recording = recorder.Recorder(path, Limits(events_high=64 * KIB, events_low=16 * KIB))
    assert recording._writer is not None
    recording._writer._database.execute("PRAGMA wal_autocheckpoint = 16")  # many chances to be killed in the middle

    def acknowledge() -> None:
        for batch in view.drain():
            for state in batch.sessions:
                say(b"kept %d\n" % state.entries)

    view = recording.subscribe(acknowledge)
    story = Story(SESSION)
    recording.put(story.begins())
    recording.put(story.opens())
    ordinal = 2
    while True:
        recording.put(story.hears(content(ordinal)))
        ordinal += 1
        if recording.congested:
            room = threading.Event()
            recording.when_relieved(room.set)
            room.wait()


def main() -> None:
    """Have one child after the other killed."""
    if sys.platform == "win32":
        sys.exit("Windows cannot fork")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            say(b"born %d\n" % os.getpid())  # here, so that it comes before all else
            record_for_ever(Path(line.rstrip("\n")))
        os.waitpid(child, 0)
        say(b"dead\n")


if __name__ == "__main__":
    main()
