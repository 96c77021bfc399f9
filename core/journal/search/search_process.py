"""A search in a process of its own, which can be ended at any moment.

A regular expression may take for ever, and as long as it takes, no thread of its process can run: only
from outside can it be ended. The process is Tincan's own ``find``, which prints what it finds as lines
of JSON: ``[searched, [ordinal, ...], [start, ...], [stop, ...]]`` again and again, at last ``["done"]`` or
``["failed", why]``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.clock import monotonic
from core.command import command_line, environment
from core.compose.encoding import Encoding
from core.errors import JournalError, TincanError
from core.events import SessionId
from core.journal.display_row import Filter
from core.journal.search.hits import Hit, Hits
from core.journal.search.pattern import Query

if sys.platform == "win32":
    _FLAGS = subprocess.CREATE_NO_WINDOW
else:
    _FLAGS = 0


class SearchError(TincanError):
    """The search ended before it was through. The message says why."""


class SearchProcess:
    """Finds a regular expression in entries of a session.

    Iterate over it, on one thread, to run it; ``end`` may be called on any. Without progress it ends by itself
    after ``patience`` seconds, even if this process has gone.
    """

    def __init__(
        self, path: Path, session: SessionId, query: Query, only: Filter, entries: range, patience: float
    ) -> None:
        """Start it. Raises ``SearchError``."""
        self._patience = patience
        try:
            self._process = subprocess.Popen(
                [*command_line(), *arguments(path, session, query, only, entries, patience)],
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=_FLAGS,
            )
        except OSError as error:
            raise SearchError(f"the search could not be started: {error.strerror or error}") from error

    def __iter__(self) -> Iterator[tuple[int, Hits]]:
        """What it finds, each time with how far it is. Raises ``SearchError`` or ``JournalError``."""
        heard = monotonic()
        assert self._process.stdout is not None
        for line in self._process.stdout:
            heard = monotonic()
            said = _read(line)
            if said == ["done"]:
                return
            yield _found(said)
        if monotonic() - heard > 0.9 * self._patience:
            raise SearchError(
                f"looking for this takes too long: nothing moved for {self._patience:g} s. "
                "A repeat within a repeat, as in (a+)+, can take for ever; write it without"
            )
        raise SearchError("the search was ended from outside")

    def end(self) -> None:
        """End it at once. Harmless if it has ended."""
        self._process.kill()

    def close(self) -> None:
        """End it, and leave nothing of it behind."""
        self._process.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()


def arguments(path: Path, session: SessionId, query: Query, only: Filter, entries: range, patience: float) -> list[str]:
    """The command of a search whose answer is for a program."""
    wanted = {"--received": only.received, "--sent": only.sent, "--notes": only.notes}
    options = [option for option, is_wanted in wanted.items() if is_wanted]
    if only.sent and only.origins is not None:
        options += [f"--by={origin}" for origin in sorted(only.origins)]
    if only.connections is not None:
        options.append(f"--ids={','.join(map(str, sorted(only.connections)))}")
    if query.match_case:
        options.append("--match-case")
    if query.encoding is not Encoding.UTF_8:
        options.append(f"--encoding={query.encoding.value}")
    span = f"--entries={entries.start}:{entries.stop}"
    command = ["find", f"--{query.mode.value}", *options, f"--session={session}", span, f"--patience={patience:g}"]
    return [*command, "--json-lines", "--", str(path.resolve()), query.text]


def written(searched: int, hits: Hits) -> str:
    """A line that tells what was found."""
    return json.dumps([searched, *(list(column) for column in zip(*hits, strict=True))], separators=(",", ":"))


def finished() -> str:
    """The last line, if nothing went wrong."""
    return json.dumps(["done"])


def failed(why: str) -> str:
    """The last line, if something did."""
    return json.dumps(["failed", why])


def _read(line: bytes) -> list[Any]:
    try:
        said = json.loads(line)
    except ValueError:
        raise SearchError("the search gave an answer that makes no sense") from None
    if isinstance(said, list) and len(said) == 2 and said[0] == "failed":
        raise JournalError(str(said[1]))
    return said if isinstance(said, list) else []


def _found(said: list[Any]) -> tuple[int, Hits]:
    try:
        searched, *columns = said
        return int(searched), Hits(map(Hit._make, zip(*columns, strict=True)))
    except (ValueError, TypeError):
        raise SearchError("the search gave an answer that makes no sense") from None
