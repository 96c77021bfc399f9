"""What a session of a journal is to the window: rows that are there at once, and news of more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from core.journal.reading.lens import Lens
from core.journal.reading.reader import JournalReader
from core.roles import Role
from gui.journals.conversations import OpenConversation, OpenJournal
from gui.viewmodels.rows import Callbacks
from tests.support.journals import SESSION, write_journal

SECONDS = 10.0


class Window:
    """Makes posted calls when the test says so, and counts how often it had to show something anew."""

    def __init__(self) -> None:
        self.posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.shown = 0

    def changed(self) -> None:
        self.shown += 1

    def fail(self, why: str) -> None:
        raise AssertionError(why)


@pytest.fixture
def window() -> Window:
    return Window()


@pytest.fixture
def lines(tmp_path: Path, window: Window) -> Iterator[OpenConversation]:
    """A talk of 200 lines as the line lens shows it."""
    path = tmp_path / "talk.tincan"
    write_journal(path, 200)
    reader = JournalReader(path)
    callbacks = Callbacks(window.posted.put, window.changed, window.fail)
    conversation = OpenConversation(OpenJournal(path, reader), SESSION, Role.SERVER, Lens("line"), callbacks)
    yield conversation
    conversation.close()
    reader.close()


def test_news_that_has_gathered_is_shown_once(lines: OpenConversation, window: Window) -> None:
    waiting = []
    for entries in (50, 100, 202):
        lines.reach(entries)
        waiting.append(window.posted.get(timeout=SECONDS))

    for call in waiting:
        call()

    assert lines.total == 202
    assert window.shown == 1
    assert not lines.is_counting


def test_news_for_a_conversation_that_was_closed_is_not_shown(lines: OpenConversation, window: Window) -> None:
    lines.reach(202)
    call = window.posted.get(timeout=SECONDS)

    lines.close()
    call()

    assert window.shown == 0
