"""Journals of any length, made through the writer: a million entries in a few seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import count, islice
from pathlib import Path

import pytest

from core.address import Address
from core.events import ConnectionId, Event, Opened, Received, Sent, SessionId, SessionOpened
from core.journal.recording.store import JournalWriter
from core.roles import Role
from core.settings import DEFAULTS

SESSION = SessionId(1)
_GATHERED = 10_000  # entries in one transaction
_PAUSE_NS = 1_000_000  # between two entries
_HERE = Address("127.0.0.1", 5555)


def line(number: int, size: int = 64) -> bytes:
    """What line ``number`` of a journal says: its number, filler and a line feed, ``size`` bytes (at least 18)."""
    return b"line %012d" % number + b"." * (size - 18) + b"\n"


def written(path: Path, *events: Event) -> Path:
    """A journal of these events, recorded at once, and closed."""
    with closing(JournalWriter(path)) as writer:
        writer.append(events, 0)
    return path


def write_journal(
    path: Path,
    entries: int,
    *,
    connections: int = 1,
    both_ways: bool = False,
    lines: int = 1,
    size: int = 64,
    instead: Mapping[int, bytes] | None = None,
) -> int:
    """Write a server's session with so many entries of bytes, and return the ordinal of the first of them.

    Entry after entry carries the next ``lines`` lines of ``size`` bytes, on one of the ``connections`` (ids
    and numbers 1, 2 ...) in turn; with ``both_ways`` each connection's entries are received and sent in
    turn. ``instead`` gives the bytes of single entries, counted from 0. The session still stands at the end.
    """
    writer = JournalWriter(path)
    try:
        writer.append(_beginning(connections), 0)
        made = (
            _entry(number, connections, both_ways, (instead or {}).get(number) or _data(number, lines, size))
            for number in count()
        )
        for done in range(0, entries, _GATHERED):
            writer.append(list(islice(made, min(_GATHERED, entries - done))), 0)
    finally:
        writer.close()
    return connections + 1


def _beginning(connections: int) -> list[Event]:
    opened: list[Event] = [
        Opened(SESSION, ConnectionId(number), number, number, _HERE, Address("127.0.0.1", 40_000 + number))
        for number in range(1, connections + 1)
    ]
    return [SessionOpened(SESSION, 0, Role.SERVER, _HERE, "raw", "echo"), *opened]


def _entry(number: int, connections: int, both_ways: bool, data: bytes) -> Received | Sent:
    kind = Sent if both_ways and number // connections % 2 else Received
    return kind(SESSION, ConnectionId(number % connections + 1), (number + 1) * _PAUSE_NS, data)


def _data(number: int, lines: int, size: int) -> bytes:
    if lines == 1:
        return line(number, size)
    return b"".join(line(each, size) for each in range(number * lines, (number + 1) * lines))


def full_when_told(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """No journal is full, but for what next looks after each call of what this returns."""
    sizes: list[int] = []
    monkeypatch.setattr(JournalWriter, "size", property(lambda _writer: sizes.pop() if sizes else 0))
    return lambda: sizes.append(DEFAULTS.journal)
