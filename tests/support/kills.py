"""Recorders killed at any moment, and what is found in their journals afterwards."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from build_scripts.project import ROOT
from core.errors import JournalError
from core.events import SessionId
from core.journal.reading.reader import JournalReader
from tests.support import victim

_PATIENCE = 20.0  # seconds


def kill_recorders(folder: Path, times: Iterable[object]) -> tuple[int, int]:
    """Kill one recorder for each of ``times``; how many, and how many journals were not as they must be."""
    chance, moment = random.Random(), threading.Event()
    kills = wrong = 0
    with _breeding() as (orders, reports):
        for _ in times:
            path = folder / f"killed-{kills}.sqlite"
            orders.write(f"{path}\n")
            orders.flush()
            child = int(reports.readline().removeprefix("born "))
            acknowledged = 0
            for _ in range(chance.choice((0, 1, 2, 5, 20))):
                acknowledged = int(reports.readline().removeprefix("kept "))
            moment.wait(chance.uniform(0, 0.01))  # the moment is the point
            os.kill(child, signal.SIGKILL)
            while (report := reports.readline()) != "dead\n":
                acknowledged = int(report.removeprefix("kept "))
            kills += 1
            if path.exists() or acknowledged:
                wrong += not _is_whole(path, acknowledged)
            for file in path.parent.glob(f"{path.name}*"):
                file.unlink()
    return kills, wrong


@contextlib.contextmanager
def _breeding() -> Iterator[tuple[IO[str], IO[str]]]:
    """The program whose children are killed: where it takes orders, and where it reports."""
    command = [sys.executable, "-m", "tests.support.victim"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        try:
            yield program.stdin, program.stdout
            program.stdin.close()
            assert program.wait(_PATIENCE) == 0
        finally:
            program.kill()


def _is_whole(path: Path, acknowledged: int) -> bool:
    """Whether every acknowledged entry is there, as it was, and no more than whole transactions."""
    try:
        reader = JournalReader(path)
    except JournalError:
        return acknowledged == 0  # killed while the file was being made
    with contextlib.closing(reader):
        session = SessionId(victim.SESSION)
        entries = reader.read(session, 0, 1 << 40, preview=1 << 20)
        counted = [row.entries for row in reader.sessions()]
    with contextlib.closing(sqlite3.connect(path)) as database:
        is_sound = database.execute("PRAGMA quick_check").fetchone() == ("ok",)
    return (
        counted == ([len(entries)] if entries else [])
        and len(entries) >= acknowledged
        and [entry.ordinal for entry in entries] == list(range(len(entries)))
        and all(entry.data == victim.content(entry.ordinal) for entry in entries[2:])
        and is_sound
    )
