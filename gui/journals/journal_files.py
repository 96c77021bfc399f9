"""Names this run's journal; lists, describes and deletes earlier ones. No tkinter.

All but ``journal_path`` and ``when`` read the disk: not on the window's thread.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import JournalError
from core.files import is_own_folder
from core.words import counted, with_capital
from gui.journals.locks import LOCK, Hold, hold_on

KEEP = 20  # journals, the one being written included
MEGABYTES = 1000  # of all journals together

TEMPORARY = "tincan-journal-"  # what folders of journals in the temporary folder begin with

_NAME = re.compile(r"\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}_\d+(-\d+)?\.tincan", re.ASCII)
_MOMENT = "%Y-%m-%d_%H-%M-%S"
_MOMENT_LENGTH = 19  # characters at the beginning of a name
_BESIDE = ("-wal", "-shm", LOCK)  # what SQLite and a killed run may leave beside a journal
_MOST_NAMES = 1_000  # that are tried for a new journal
_DAY, _MINUTE = 86_400, 60  # seconds
_PATIENCE = 0.25  # seconds that the description of one journal may take
_TOLD = 3  # sessions that a description names
_SESSIONS = "SELECT session, substr(role, 1, 16), substr(target, 1, 256) FROM session ORDER BY session LIMIT ?"
_HOW_MANY = "SELECT count(*) FROM session"
_CONNECTIONS = "SELECT count(*) FROM connection WHERE session = ?"


@dataclass(frozen=True, slots=True)
class Recent:
    """A journal of an earlier run, or of another one that still goes on."""

    path: Path
    begun: float  # seconds since 1970, by its name
    size: int  # bytes, with what lies beside it
    hold: Hold
    words: str = ""  # what is in it, once it has been looked into; empty if nothing is

    @property
    def is_crashed(self) -> bool:
        """Whether its run was killed."""
        return self.hold is Hold.STALE


def journal_path(folder: Path, now: float | None = None) -> Path:
    """A name for a new journal: date, time and process, so that it sorts by age and two runs never share it.

    A name is passed over if a file has it, or has the name of one that SQLite or a run would make beside it: somebody
    who can write into the folder has put it there. Raises ``JournalError`` if there are very many of those.
    """
    begun = time.time() if now is None else now
    for later in range(_MOST_NAMES):
        moment = time.strftime(_MOMENT, time.localtime(begun + later))
        path = folder / f"{moment}_{os.getpid()}.tincan"
        if not any(os.path.lexists(each) for each in (path, *(path.with_name(path.name + end) for end in _BESIDE))):
            return path
    raise JournalError(f"every name for a new journal in {folder} is taken")


def when(path: Path) -> str:
    """When the journal of that name was begun, as people say it; the name itself if it does not tell."""
    try:
        begun = time.strptime(path.name[:_MOMENT_LENGTH], _MOMENT)
    except ValueError:
        return path.name
    return time.strftime("%d %b %Y %H:%M:%S", begun)


def recent(folder: Path, *, besides: Path | None = None, most: int = 10) -> list[Path]:
    """The newest journals in a folder, without the one that is being written."""
    return [path for path in reversed(_journals(folder)) if path != besides][:most]


def listed(folder: Path, *, besides: Path | None = None, most: int = 10) -> list[Recent]:
    """The newest journals with their sizes and how their runs ended. Opens none of them."""
    return [_stated(path) for path in recent(folder, besides=besides, most=most)]


def described(found: Recent) -> Recent:
    """The journal with words for its sessions. Takes at most a quarter of a second, however long it is."""
    try:
        return replace(found, words="; ".join(_sessions(found.path)))
    except JournalError:
        return replace(found, words="damaged, or too long to look into")


def crashed(folder: Path, offered: Container[str] = (), *, besides: Path | None = None) -> Recent | None:
    """The newest journal whose run was killed, with its words, unless its name is among those ``offered`` before.

    A journal in which nothing was recorded is passed over.
    """
    for path in recent(folder, besides=besides, most=KEEP):
        if path.name not in offered and hold_on(path) is Hold.STALE:
            found = described(_stated(path))
            if found.words:
                return found
    return None


def prune(folder: Path, keep: int = KEEP, megabytes: float = MEGABYTES) -> list[Path]:
    """Delete the oldest journals until ``keep`` are left that fill no more than so many MB; give back those deleted.

    Only files whose names say that a run of Tincan made them are touched, with what lies beside them.
    Journals that are being written stay and so does the newest of the others, whatever its size; one that
    cannot be deleted stays too.
    """
    journals = _journals(folder)
    sizes = {path: _size(path) for path in journals}
    count, total = len(journals), sum(sizes.values())
    at_rest = [path for path in journals if hold_on(path) is not Hold.IN_USE]
    deleted: list[Path] = []
    for path in at_rest[:-1] if keep > 0 else at_rest:
        if count <= keep and total <= megabytes * 1e6:
            break
        if _delete(path):
            deleted.append(path)
            count -= 1
            total -= sizes[path]
    return deleted


def prune_temporary() -> None:
    """Delete this user's journals in the temporary folder: those whose runs have ended, and after a day of killed ones.

    A folder that is empty then goes, too.
    """
    import tempfile

    with contextlib.suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
            if not is_own_folder(folder):
                continue
            age, found = time.time() - folder.stat().st_mtime, _journals(folder)
            for path in found:
                _prune_at_rest(path)
            if found or age > _MINUTE:  # else a run may have made it just now, and be about to begin its journal
                with contextlib.suppress(OSError):
                    folder.rmdir()


def _prune_at_rest(path: Path) -> None:
    hold = hold_on(path)
    if hold is Hold.RELEASED or (hold is Hold.STALE and time.time() - path.stat().st_mtime > _DAY):
        _delete(path)


def _journals(folder: Path) -> list[Path]:
    """The journals that runs of Tincan made in a folder, the oldest first."""
    try:
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_file())
    except OSError:
        return []


def _stated(path: Path) -> Recent:
    try:
        begun = time.mktime(time.strptime(path.name[:_MOMENT_LENGTH], _MOMENT))
    except (ValueError, OverflowError):  # digits enough, and no date
        begun = 0.0
    return Recent(path, begun, _size(path), hold_on(path))


def _sessions(path: Path) -> Iterator[str]:
    """The sessions of a journal: a few words for each of the first, and how many more there are."""
    from core.events import SessionId
    from core.journal.reading.reader import JournalReader
    from core.roles import ROLES

    reader = JournalReader(path)
    try:
        reader.give_up_after(_PATIENCE)
        rows = reader.ask(_SESSIONS, (_TOLD,), (int, str, str))
        for session, role, target in rows:
            ((connections,),) = reader.ask(_CONNECTIONS, (session,), (int,))
            entries = counted(reader.count(SessionId(session)), "entry", "entries")
            known = ROLES.get(role)
            if known is not None and known.many_connections:
                entries = f"{counted(connections, 'connection')}, {entries}"
            yield f"{with_capital(role)} {target}, {entries}"
        ((sessions,),) = reader.ask(_HOW_MANY, (), (int,))
        if sessions > len(rows):
            yield f"{sessions - len(rows):,} more"
    finally:
        reader.close()


def _beside(path: Path) -> list[Path]:
    """Everything that belongs to a journal, and last the journal itself."""
    recovered = path.with_name(f"{path.stem}.recovered.tincan")
    unfinished = recovered.with_name(recovered.name + ".part")
    return [recovered, unfinished, *(path.with_name(path.name + suffix) for suffix in _BESIDE), path]


def _size(path: Path) -> int:
    total = 0
    for each in _beside(path):
        try:
            total += each.stat().st_size
        except OSError:
            continue
    return total


def _delete(path: Path) -> bool:
    """Delete a journal and what lies beside it; the journal first, for if that stays all must stay."""
    try:
        for each in reversed(_beside(path)):
            each.unlink(missing_ok=True)
    except OSError:
        return False
    return True
