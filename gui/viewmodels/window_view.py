"""What each pane can be told to show, as values. No tkinter.

A pane that gets the same value twice has nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.replies import all_replies
from gui.viewmodels.filtering import NO_RECIPIENTS, RecipientRows

if TYPE_CHECKING:
    from core.events import ConnectionId


def reply_choices() -> list[tuple[str, str]]:
    """Each kind of reply and its words."""
    return [(reply.name, reply.title) for reply in all_replies()]


@dataclass(frozen=True, slots=True)
class Button:
    """A button's words, whether it can be pressed, and whether it is the one thing that is next."""

    text: str
    enabled: bool = True
    is_next: bool = False


@dataclass(frozen=True, slots=True)
class AddressBarView:
    """The two buttons beside host and port."""

    server: Button
    client: Button


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A row of the session list. ``key`` and ``parent`` are made by ``row_key``."""

    key: str
    parent: str
    text: str
    state: str  # "live", "waiting", "over" or "failed"
    number: int | None = None  # of a connection, for its colour
    word: str = ""  # how it stands or ended, if that is not plain


@dataclass(frozen=True, slots=True)
class Empty:
    """What an empty conversation says: a line, a sentence, and keys with what they do."""

    title: str
    sentence: str
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationView:
    """The head of the conversation. ``reply`` is None where no server answers."""

    title: str
    detail: str
    reply: str | None
    empty: Empty


@dataclass(frozen=True, slots=True)
class ComposerView:
    """The message field. ``recipients`` is empty unless there is a choice."""

    hint: str
    is_next: bool
    recipients: RecipientRows = NO_RECIPIENTS
    chosen: frozenset[ConnectionId] | None = None  # None is everyone


@dataclass(frozen=True, slots=True)
class StatusView:
    """The line at the bottom. ``state`` is "off", "waiting", "live" or "failed"."""

    state: str
    words: str
    figures: tuple[str, ...] = ()
    warning: str = ""
    times: Times | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """How long answers take: ``figure`` for a glance, ``words`` for who wants to know what it is."""

    figure: str
    words: str


@dataclass(frozen=True, slots=True)
class WindowView:
    """Everything that is on view, but for the conversation's rows."""

    title: str
    address: AddressBarView
    rows: tuple[SessionRow, ...]  # empty until there are two things to tell apart
    selected: str
    conversation: ConversationView
    composer: ComposerView
    status: StatusView
