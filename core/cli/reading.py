"""How the terminal programs read a journal, and which part of it is meant."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from core.clock import monotonic
from core.errors import TincanError
from core.events import ConnectionId, SessionId
from core.journal.capture.packets import is_capture
from core.journal.display_row import Filter
from core.journal.reading.reader import JournalReader
from core.journal.recovery.integrity import find_damage
from core.journal.recovery.recovery import Opened, open_journal, open_recovered
from core.origin import Origin
from core.words import connection_name

DAMAGED = 3  # exit code: the journal is damaged and was read as far as it could be

_LOOK = 0.05  # seconds between two looks at whether a thread has ended: a signal is heeded in between
_PATIENCE = 1.0  # seconds for a thread that has been told to end
_SOON, _TELL_EACH = 1.0, 0.1  # seconds of reading before there is a word about it, and how much there is between two
_NO_CONVERSATION = "the capture has no conversation over TCP or UDP"
_Found = TypeVar("_Found")


class BadRequest(TincanError):
    """What was asked for cannot be had from this journal."""


def no_session(what: str, wanted: int) -> BadRequest:
    """Why there is no session of that number; ``what`` is a journal or a capture."""
    return BadRequest(f"the {what} has no session {wanted}")


def numbered(reader: JournalReader, session: SessionId, number: int) -> ConnectionId:
    """The connection that has this number in a session of a journal. Raises ``BadRequest`` if there is none."""
    known = reader.connections(session)
    if number not in known:
        raise BadRequest(f"session {session} has no connection {connection_name(number)}; it has {len(known):,}")
    return known[number]


def chosen(
    connections: frozenset[ConnectionId] | None,
    *,
    received: bool,
    sent: bool,
    notes: bool,
    by: Collection[Origin] = (),
) -> Filter:
    """These kinds of entries of these connections (None: all of them); every kind if none was chosen.

    Of what was sent, what is ``by`` one of those, which alone chooses what was sent.
    """
    if not (received or sent or notes or by):
        return Filter(connections)
    return Filter(connections, received, sent or bool(by), notes, frozenset(by) or None)


class TerminalJournal:
    """A journal as a terminal program reads it: looked through for damage, and recovered if there is any.

    A small one is looked through first. A large one would take long, so that goes on beside the reading, and
    ``find_damage`` waits for what it found. Everything ends soon once ``interrupted`` is set. ``tell`` gets
    sentences for the person. One thread; raises ``JournalError``.
    """

    def __init__(self, path: Path, interrupted: threading.Event, tell: Callable[[str], None]) -> None:
        self._given = path
        self._interrupted = interrupted
        self._tell = tell
        self._check: _Work[str] | None = None
        self._read, self._began = 0.0, monotonic()  # how much of a capture was said to be read
        self._use(partial(open_journal, path, self._tell_recovery, interrupted, self._tell_reading))

    @property
    def exit_code(self) -> int:
        """0, or ``DAMAGED``."""
        return DAMAGED if self._opened.notice or self._opened.remark else 0

    @property
    def path(self) -> Path:
        """The file that is read: of a damaged journal the one with what was recovered."""
        return self._opened.path

    @property
    def reader(self) -> JournalReader:
        """The journal's reader."""
        return self._opened.reader

    @property
    def what(self) -> str:
        """What a person has given: a "journal", or a "capture" of another program."""
        return "capture" if self._opened.is_capture else "journal"

    def no_session(self, wanted: int | None) -> BadRequest:
        """Why there is no session of that number, or, if it is None, none at all."""
        if wanted is not None:
            return no_session(self.what, wanted)
        return BadRequest(_NO_CONVERSATION if self._opened.is_capture else "the journal has no session")

    @property
    def is_checked(self) -> bool:
        """Whether the file was looked through when it was opened."""
        return self._opened.is_checked

    def begin_check(self) -> None:
        """Look through what was too large for that, beside what is done meanwhile."""
        if not self._opened.is_checked:
            self._check = _Work(partial(find_damage, self.path, cancelled=self._interrupted))

    def find_damage(self, error: Exception | None = None) -> str:
        """What is wrong with a journal that was not known to be damaged when it was opened; nothing if it is sound.

        ``error`` is what its reading came to, which is raised again where nothing is wrong with the journal.
        """
        found = self._check.result(self._interrupted) if self._check is not None else ""
        if error is not None and not found:
            raise error
        return found

    def recover(self, damage: str) -> None:
        """Read what can be recovered of it from now on."""
        self._opened.close()
        self._check = None
        self._use(partial(open_recovered, self._given, damage, self._tell_recovery, self._interrupted))

    def tell_damage(self, damage: str) -> None:
        """Say that it was read in spite of damage."""
        self._tell(f"{self._given.name} is damaged ({damage}). It was read as far as it could be.")

    def close(self) -> None:
        """Let go of the file."""
        self._opened.close()

    def _use(self, open_one: Callable[[], Opened]) -> None:
        self._is_told = False
        self._opened = _Work(open_one).result(self._interrupted)
        for sentence in filter(None, (self._opened.notice, self._opened.remark, self._opened.left_out)):
            self._tell(sentence)

    def _tell_recovery(self, _fraction: float) -> None:
        """On another thread, a moment after the recovery has begun."""
        if not self._is_told:
            self._is_told = True
            self._tell(f"{self._given.name} is damaged: reading what can be read.")

    def _tell_reading(self, fraction: float) -> None:
        """On another thread: how much of it was read so far, if that takes long."""
        is_due = fraction - self._read >= _TELL_EACH and monotonic() - self._began > _SOON
        if is_due and is_capture(self._given):  # a journal is looked through in two seconds at most
            self._read = fraction
            self._tell(f"{self._given.name} is being read, {fraction:.0%} so far.")


class _Work(threading.Thread, Generic[_Found]):
    """Something that takes long, in a thread of its own, so that a signal ends the program meanwhile."""

    def __init__(self, work: Callable[[], _Found]) -> None:
        super().__init__(name="journal", daemon=True)
        self._work = work
        self._outcome: list[_Found] = []
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Do it."""
        try:
            self._outcome.append(self._work())
        except BaseException as error:  # noqa: BLE001 - whatever it is, who waits for the end must hear of it
            self._error = error

    def result(self, interrupted: threading.Event) -> _Found:
        """What came of it, once it is done. Raises what it raised."""
        try:
            while self.is_alive():
                self.join(_LOOK)
        except KeyboardInterrupt:
            interrupted.set()
            self.join(_PATIENCE)
            raise
        if self._error is not None:
            raise self._error
        return self._outcome[0]
