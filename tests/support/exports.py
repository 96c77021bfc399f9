"""A session to export, told event by event, and what an export makes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from core.address import Address
from core.compose import Encoding
from core.events import Closed, ConnectionId, Ending, Event, NotSent, Opened, Received, Sent, SessionOpened
from core.journal.export.formats import Format
from core.journal.export.source import opens_reading
from core.journal.export.writer import Exported, Progress, export
from core.journal.reading.lens import Lens
from core.journal.recording.store import JournalWriter
from core.origin import PASSED_ON, Origin
from core.roles import Role
from tests.support.journals import SESSION

HERE = Address("127.0.0.1", 5555)
NOON_NS = 1_795_867_200_000_000_000  # 2026-11-28 12:00:00 UTC
STEP_NS = 1_000_000  # between two events


class Talk:
    """A server's session on disk, whose clock goes on by a millisecond an event, from noon."""

    def __init__(self, path: Path, *, began_ns: int = NOON_NS) -> None:
        self.path = path
        self._began_ns = began_ns
        self._at = 0
        self._writer = JournalWriter(path)
        self._add(SessionOpened(SESSION, 0, Role.SERVER, HERE, "raw", "none"))

    def opens(self, number: int = 1) -> None:
        peer = Address("127.0.0.1", 40_000 + number)
        self._add(Opened(SESSION, ConnectionId(number), self._now(), number, HERE, peer))

    def receives(self, data: bytes, number: int = 1) -> None:
        self._add(Received(SESSION, ConnectionId(number), self._now(), data))

    def sends(self, data: bytes, number: int = 1, origin: Origin = PASSED_ON) -> None:
        self._add(Sent(SESSION, ConnectionId(number), self._now(), data, (), origin))

    def cannot_send(self, why: str) -> None:
        self._add(NotSent(SESSION, ConnectionId(1), self._now(), 5, why))

    def closes(self, number: int = 1) -> None:
        self._add(Closed(SESSION, ConnectionId(number), self._now(), Ending.OURS))

    def receives_all(self, data: list[bytes]) -> None:
        self._writer.append([Received(SESSION, ConnectionId(1), self._now(), each) for each in data], self._began_ns)

    def close(self) -> None:
        self._writer.close()

    def _add(self, event: Event) -> None:
        self._writer.append([event], self._began_ns)

    def _now(self) -> int:
        self._at += STEP_NS
        return self._at


def exported(
    journal: Path,
    target: Path,
    form: type[Format],
    lens: Lens | None = None,
    *,
    encoding: Encoding = Encoding.UTF_8,
    first: int = 0,
    count: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    cancelled: threading.Event | None = None,
) -> Exported:
    """Export the session of that journal as it stands."""
    with opens_reading(journal, SESSION, lens or Lens())(threading.Event()) as source:
        return export(
            source, target, form,
            encoding=encoding, first=first, count=count, on_progress=on_progress, cancelled=cancelled,
        )  # fmt: skip
