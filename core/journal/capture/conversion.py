"""A capture as a journal: converted once into a file of its own, which everything else then reads like any other."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from core.clock import monotonic
from core.errors import JournalError
from core.events import Event
from core.journal.capture.conversations import Conversations
from core.journal.capture.packets import CaptureDamaged, read_packets
from core.journal.recording.store import JournalWriter
from core.words import counted

_AT_ONCE = 2_000  # events of a transaction
_MOST_AT_ONCE = 4 * 1024 * 1024  # bytes of them
_LONGEST_JUMP = 1 << 60  # ns between two events of a transaction, which counts from its first
_LOOK_EACH = 256  # packets between two looks at whether anybody still wants it
_TELL_EVERY = 0.05  # seconds


class Converted(NamedTuple):
    """What became of a capture: ``damage`` is a clause, ``left_out`` a sentence about packets of no session."""

    packets: int
    damage: str
    left_out: str


def convert(
    capture: Path, journal: Path, on_progress: Callable[[float], None], cancelled: threading.Event
) -> Converted:
    """Make a journal of a capture for which ``is_capture`` holds; what is behind damage is not read.

    Raises ``JournalError`` if a file cannot be read or written, or if it was ``cancelled``.
    """
    with contextlib.closing(JournalWriter(journal)) as writer:
        try:
            with capture.open("rb") as file:
                return _Conversion(writer, on_progress, cancelled, capture.stat().st_size).run(file)
        except OSError as error:
            raise JournalError(f"{capture} cannot be read: {error.strerror or error}") from error


class _Conversion:
    def __init__(
        self, writer: JournalWriter, tell: Callable[[float], None], cancelled: threading.Event, size: int
    ) -> None:
        self._writer = writer
        self._tell, self._cancelled, self._size = tell, cancelled, max(1, size)
        self._told = 0.0
        self._events: list[Event] = []
        self._bytes = 0
        self._conversations = Conversations()

    def run(self, file: BinaryIO) -> Converted:
        packets, damage = 0, ""
        try:
            for packets, packet in enumerate(read_packets(file), 1):
                for event in self._conversations.take(packet):
                    self._put(event)
                if packets % _LOOK_EACH == 0:
                    self._look(packet.place / self._size)
        except CaptureDamaged as error:
            damage = str(error)
        for event in self._conversations.finish():
            self._put(event)
        self._write()
        return Converted(packets, damage, self._left_out())

    def _put(self, event: Event) -> None:
        if self._events and event.at - self._events[0].at > _LONGEST_JUMP:
            self._write()
        self._events.append(event)
        self._bytes += len(getattr(event, "data", b""))
        if len(self._events) >= _AT_ONCE or self._bytes >= _MOST_AT_ONCE:
            self._write()

    def _write(self) -> None:
        if self._cancelled.is_set():
            raise JournalError("the reading of the capture was cancelled")
        if self._events:
            self._writer.append(self._events, 0)  # the time of each is a time of day already
        self._events, self._bytes = [], 0

    def _look(self, fraction: float) -> None:
        if self._cancelled.is_set():
            raise JournalError("the reading of the capture was cancelled")
        now = monotonic()
        if now - self._told > _TELL_EVERY:
            self._told = now
            self._tell(min(1.0, fraction))

    def _left_out(self) -> str:
        unread = self._conversations.unread
        if not unread:
            return ""
        kinds = ", ".join(f"{count:,} {words}" for words, count in unread.most_common(3))
        more = ", and others" if len(unread) > 3 else ""
        return f"{counted(unread.total(), 'packet is', 'packets are')} in no conversation: {kinds}{more}."
