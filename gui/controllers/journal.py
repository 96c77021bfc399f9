"""Journals of earlier runs: lists them, opens one, offers the one that a crash has left.

Lives on the window's thread; what reads the disk for long has a thread of its own.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from core.clock import monotonic
from core.errors import JournalError, TincanError, reason
from core.events import SessionId
from core.supervision import Worker
from core.words import sentence
from gui.journals import journal_files
from gui.journals.journal_files import Recent
from gui.platform.bridge import in_background
from gui.platform.desktop import open_folder

if TYPE_CHECKING:
    from core.journal.recording.ledger import SessionState
    from core.journal.recovery.recovery import Opened
    from gui.controllers.app_interface import AppInterface
    from gui.controllers.notices import Notices
    from gui.journals.archives import Archives
    from gui.window import Window

_COUNTED_EACH = 0.2  # seconds between two tellings of how many bytes the sessions have
_TELL_AFTER = 0.3  # seconds of opening before there is a word about it
_TELL_EACH = 0.02  # of a journal that is looked through
_PATIENCE = 1.0  # seconds for what is being read when the program ends
_TOPIC = "opening"
_STEPS = ".json"  # what a file of steps ends with

Result = TypeVar("Result")


class JournalController:
    """Opens journals into ``archives``.

    ``on_open`` gets the sessions of each that was opened, ``on_change`` those of which more is known; ``on_own`` is
    called instead for the journal of this run, and ``on_steps`` for a file of steps.
    """

    def __init__(
        self,
        archives: Archives,
        notices: Notices,
        app: AppInterface,
        *,
        window: Window,
        on_open: Callable[[list[SessionState]], None],
        on_change: Callable[[list[SessionState]], None],
        on_own: Callable[[], None],
        on_steps: Callable[[Path], None],
    ) -> None:
        self._archives = archives
        self._notices = notices
        self._app = app
        self._window = window
        self._safety = window.conversation.transcript.text.safety
        self._on_open = on_open
        self._on_change, self._on_own, self._on_steps = on_change, on_own, on_steps
        self._words: dict[Path, str] = {}  # what is in journals that were looked into
        self._looking = False
        self._opening: _Opening | None = None
        self._workers: list[Worker] = []
        self._closed = threading.Event()

    def open(self, path: Path) -> None:
        """Show the sessions of a journal beside those of this run; a damaged one is recovered first."""
        if path.suffix.lower() == _STEPS:
            self._on_steps(path)
            return
        if path == self._app.own_journal.path:
            self._on_own()
            self._notices.say("That is the journal of this run: all of it is in the list of sessions.", _TOPIC)
            return
        known = self._archives.sessions_of(path)
        if known:
            self._on_open(known)
            return
        if self._opening is not None:
            self._notices.say(f"{self._opening.path.name} is still being opened.", "opening twice")
            return
        self._begin_opening("open journal", _Opening(path))

    def ask(self) -> None:
        """Ask which journal, capture or file of steps to open."""
        from tkinter import filedialog

        kinds = [
            ("Journals, captures, steps", "*.tincan *.pcap *.pcapng *.cap *.json"),
            ("Steps", "*.json"),
            ("All files", "*"),
        ]
        chosen = filedialog.askopenfilename(
            parent=self._window.root,
            title="Open a journal, capture or steps",
            initialdir=str(self._folder),
            filetypes=kinds,
        )
        if chosen:
            self.open(Path(chosen))

    def open_folder(self) -> None:
        """Show the folder of journals in the desktop's own file program, or say where it is."""
        if not open_folder(self._folder):
            self._notices.say(f"No program here shows folders. The journals are in {self._folder}", "folder")

    @property
    def _folder(self) -> Path:
        """Where the journals are."""
        own = self._app.own_journal.path
        return own.parent if own is not None else self._app.own_journal.folder

    def recent(self, on_more: Callable[[], None]) -> list[tuple[str, Callable[[], None]]]:
        """The newest journals in words, each with what opens it.

        What is in them is looked up meanwhile; ``on_more`` is called once more of it is known.
        """
        found = journal_files.listed(self._app.own_journal.folder, besides=self._app.own_journal.path)
        unknown = [one for one in found if one.path not in self._words]
        if unknown and not self._looking:
            self._looking = True
            learn = partial(self._learn, on_more)
            self._begin("recent journals", partial(_look_into, unknown), learn, lambda _error: learn({}))
        return [(self._label(one), partial(self.open, one.path)) for one in found]

    def offer_crashed(self, offered: Collection[str], on_offer: Callable[[str], None]) -> None:
        """Offer the journal of a run that was killed, unless it was ``offered`` before.

        ``on_offer`` gets its name.
        """
        look = partial(journal_files.crashed, self._app.own_journal.folder, offered, besides=self._app.own_journal.path)
        self._begin("crashed journal", look, partial(self._offer, on_offer))

    def close(self, patience: float = _PATIENCE) -> None:
        """Cancel the journal that is being opened; waits for the threads that read, so many seconds at most."""
        self._closed.set()
        if self._opening is not None:
            self._opening.cancelled.set()
        deadline = monotonic() + patience
        for worker in self._workers:
            worker.join(max(0.0, deadline - monotonic()))

    def _begin(
        self,
        name: str,
        work: Callable[[], Result],
        then: Callable[[Result], None],
        failed: Callable[[BaseException], None] = lambda _error: None,
    ) -> None:
        self._workers = [worker for worker in self._workers if not worker.is_over]
        self._workers.append(in_background(name, work, then, failed, self._app.post))

    def _offer(self, on_offer: Callable[[str], None], found: Recent | None) -> None:
        if found is None or self._closed.is_set():
            return
        on_offer(found.path.name)
        sentence = (
            f"The run that began on {journal_files.when(found.path)} ended without warning. "
            f"What was recorded is kept: {found.words}."
        )
        self._notices.offer(
            sentence, "crashed", {"Open it": partial(self._open_crashed, found.path)}, close_word="Not now"
        )

    def _open_crashed(self, path: Path) -> None:
        self._notices.take_back("crashed")
        self.open(path)

    def _begin_opening(self, name: str, opening: _Opening) -> None:
        self._opening = opening
        self._begin(
            name, partial(self._opened_by, opening), partial(self._show, opening), partial(self._failed, opening)
        )

    def _opened_by(self, opening: _Opening) -> tuple[Opened, list[SessionState]]:
        """Open the journal and read its sessions, in a thread of its own. Raises ``JournalError`` and ``OSError``."""
        from core.journal.recovery.archive import archived_sessions
        from core.journal.recovery.recovery import open_journal, open_recovered

        began = monotonic()

        def tell(what: str, fraction: float) -> None:
            if monotonic() - began > _TELL_AFTER:
                self._app.post(partial(self._progress, opening, what, fraction))

        def check(fraction: float) -> None:
            if fraction - opening.told > _TELL_EACH:
                opening.told = fraction
                tell("is being looked through", fraction)

        recovering = partial(tell, "is damaged: reading what can be read")
        if opening.damage:
            opened = open_recovered(opening.path, opening.damage, recovering, opening.cancelled)
        else:
            opened = open_journal(opening.path, recovering, opening.cancelled, check)
        try:
            states = archived_sessions(opened.reader)
            opening.unlisted = opened.reader.session_count() - len(states)
        except BaseException:
            opened.close()
            raise
        opened.reader.give_up_when(None)  # it is open now: nothing that ends the opening is about it any more
        return opened, states

    def _progress(self, opening: _Opening, what: str, fraction: float) -> None:
        if opening is self._opening and not opening.cancelled.is_set():
            sentence = f"{opening.path.name} {what}, {fraction:.0%} so far."
            self._notices.offer(sentence, _TOPIC, {}, close_word="Cancel", on_close=opening.cancelled.set)

    def _failed(self, opening: _Opening, error: BaseException) -> None:
        self._opening = None
        if opening.cancelled.is_set():
            self._notices.take_back(_TOPIC)
            return
        why = reason(error)
        if not isinstance(error, TincanError):
            why = f"{opening.path.name} could not be opened: {why}"
        self._notices.say(sentence(why), _TOPIC, is_failure=True)

    def _show(self, opening: _Opening, found: tuple[Opened, list[SessionState]]) -> None:
        opened, states = found
        self._opening = None
        if self._closed.is_set() or opening.cancelled.is_set():
            opened.close()
            return
        self._notices.take_back(_TOPIC)
        try:
            shown = self._archives.take(opened.path if opening.damage else opening.path, opened, states)
        except BaseException:
            opened.close()
            raise
        told = [opened.notice or opened.remark, opened.left_out]
        if not shown and not any(told):
            nothing = "has no conversation over TCP or UDP" if opened.is_capture else "holds nothing"
            told.append(f"{opening.path.name} {nothing}.")
        if opening.unlisted > 0 and not told[0]:
            told.append(f"{opening.path.name} has more sessions than can be listed: {opening.unlisted:,} are left out.")
        if any(told):
            self._notices.say(" ".join(filter(None, told)), _TOPIC)
        if not opened.is_checked:
            look, offer = partial(self._damage_of, opened.path), partial(self._offer_recovery, opened.path)
            self._begin("look for damage", look, offer)
        if shown:
            self._on_open(shown)
            inner = [state.session for state in states]
            count = partial(self._count_bytes, opened.path, list(zip(inner, shown, strict=True)))
            self._workers.append(Worker(count, "count bytes", daemon=True).begin())

    def _damage_of(self, path: Path) -> str:
        """The damage of the journal, looked for in a thread of its own: a large journal is shown before."""
        from core.journal.recovery.integrity import find_damage

        return find_damage(path, cancelled=self._closed)

    def _offer_recovery(self, path: Path, damage: str) -> None:
        if not damage or self._closed.is_set():
            return
        sentence = f"{path.name} is damaged ({damage}). What is shown of it may be wrong or incomplete."
        recover = partial(self._recover, path, damage)
        self._notices.offer(sentence, _TOPIC, {"Read what can be read": recover}, close_word="Not now")

    def _recover(self, path: Path, damage: str) -> None:
        """Recover a journal that is on view, and open what was recovered beside it."""
        if self._opening is not None:
            self._notices.say(f"{self._opening.path.name} is still being opened.", "opening twice")
            return
        self._notices.take_back(_TOPIC)
        self._begin_opening("recover journal", _Opening(path, damage))

    def _count_bytes(self, path: Path, states: list[tuple[SessionId, SessionState]]) -> None:
        """Count the bytes of the sessions, in a thread of its own: two million entries take a second.

        What is known is told together: each telling looks through all sessions, of which there may be thousands.
        """
        from core.journal.recovery.archive import Archive

        known: list[SessionState] = []
        told = monotonic()
        with contextlib.suppress(JournalError), contextlib.closing(Archive(path, self._closed.is_set)) as archive:
            for session, state in states:
                counted = archive.count_bytes(session, self._closed)
                if counted.is_whole:
                    known.append(replace(state, bytes_in=counted.received, bytes_out=counted.sent))
                if known and monotonic() - told > _COUNTED_EACH:
                    self._app.post(partial(self._on_change, known))
                    known, told = [], monotonic()
        if known:
            self._app.post(partial(self._on_change, known))

    def _learn(self, on_more: Callable[[], None], words: dict[Path, str]) -> None:
        self._looking = False
        self._words.update(words)
        if not self._closed.is_set():
            on_more()

    def _label(self, one: Recent) -> str:
        size = f"{one.size / 1e6:,.1f} MB" if one.size >= 100_000 else f"{max(1, one.size // 1000):,} kB"
        words = self._words.get(one.path)
        inside = "…" if words is None else words or "nothing in it"
        crash = "  ·  ended without warning" if one.is_crashed else ""
        return self._safety.field(f"{journal_files.when(one.path)}  ·  {inside}  ·  {size}{crash}", 160)


class _Opening:
    """One journal that is being opened."""

    def __init__(self, path: Path, damage: str = "") -> None:
        self.path = path
        self.damage = damage  # that is known already
        self.cancelled = threading.Event()
        self.told = 0.0  # how much was said to be looked through
        self.unlisted = 0  # sessions


def _look_into(unknown: list[Recent]) -> dict[Path, str]:
    return {one.path: journal_files.described(one).words for one in unknown}


def first(states: list[SessionState]) -> SessionId:
    """The session to look at first: the one in which most was said."""
    return max(states, key=lambda state: (state.entries, -abs(state.session))).session
