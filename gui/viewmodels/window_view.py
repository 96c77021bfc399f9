"""What each pane can be told to show, as values. No tkinter.

A pane that gets the same value twice has nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.latency import NO_LATENCY
from core.replies import all_replies, find_reply, replies_with_argument
from core.words import connection_name, duration
from gui.viewmodels.filtering import NO_RECIPIENTS, RecipientRows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.events import ConnectionId
    from core.journal.recording.ledger import SessionState
    from core.latency import Latency

_ENOUGH = 20  # times from which it means something that hardly any took longer


def reply_choices() -> list[tuple[str, str]]:
    """Each kind of reply and its words, in their order."""
    kinds = sorted((*all_replies(), *replies_with_argument()), key=lambda reply: reply.order)
    return [(reply.name, reply.title) for reply in kinds]


def reply_words(written: str) -> str:
    """The words for a reply that has an argument, ``rules: thermometer``; empty for one that has none."""
    kind, argument = find_reply(written), written.partition(":")[2]
    return f"{kind.name}: {kind.in_short(argument)}" if kind is not None and argument else ""


MOST_UNREAD = 99  # messages that are counted out in a row


@dataclass(frozen=True, slots=True)
class Button:
    """A button's words, whether it can be pressed, and whether it is the one thing that is next."""

    text: str
    enabled: bool = True
    is_next: bool = False


@dataclass(frozen=True, slots=True)
class AddressBarView:
    """The two buttons beside host and port, whether what they begin speaks TLS, or in datagrams, and has a port."""

    server: Button
    client: Button
    tls: bool = False
    datagrams: bool = False
    has_port: bool = True


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A row of the session list. ``key`` and ``parent`` are made by ``row_key``."""

    key: str
    parent: str
    text: str
    state: str  # "live", "waiting", "over" or "failed"; "note" where it stands for no conversation
    number: int | None = None  # of a connection, for its colour
    word: str = ""  # how it stands or ended, if that is not plain
    unread: int = 0  # messages that came while it was not on view
    address: str = ""  # of what has a name that a person gave

    @property
    def is_note(self) -> bool:
        """Whether it stands for no conversation."""
        return self.state == "note"

    @property
    def name(self) -> str:
        """What it is called, without its number."""
        return self.text.removeprefix(connection_name(self.number)).strip()

    @property
    def behind(self) -> str:
        """What is said behind the name, with room before it."""
        new = f"({self.unread})" if self.unread <= MOST_UNREAD else f"({MOST_UNREAD}+)"
        return (f"  {self.word}" if self.word else "") + (f"  {new}" if self.unread else "")

    @property
    def shortly_behind(self) -> str:
        """The same with a mark for what is new, where there is no room for how much that is."""
        return (f"  {self.word}" if self.word else "") + (" •" if self.unread else "")

    @property
    def whole(self) -> str:
        """Everything there is to say in one line."""
        address, new = self.address and f"·  {self.address}", f"{self.unread:,} new" if self.unread else ""
        return "  ".join(words for words in (self.text, address, self.word, new) if words)


@dataclass(frozen=True, slots=True)
class Empty:
    """What an empty conversation says: a line, a sentence, and keys with what they do."""

    title: str
    sentence: str
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationView:
    """The head of the conversation. ``reply`` is None where no server answers; past where it has answered for good."""

    title: str
    detail: str
    reply: str | None
    empty: Empty
    reply_words: str = ""  # for the reply, where it has an argument
    only: str = ""  # which connection is shown alone, if one is
    is_reply_past: bool = False


@dataclass(frozen=True, slots=True)
class ComposerView:
    """The message field. ``recipients`` is empty unless there is a choice."""

    hint: str
    is_next: bool
    recipients: RecipientRows = NO_RECIPIENTS
    chosen: frozenset[ConnectionId] | None = None  # None is everyone
    may_be_empty: bool = False  # whether an empty message can go out


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


def times_of(state: SessionState, *, by_program: bool = True) -> Times | None:
    """The times of a session; None while there are none. A person's answers, not ``by_program``, are not timed."""
    answers, between = state.answers if by_program else NO_LATENCY, state.between
    if not answers.count and not between.count:
        return None
    shown, name = (answers, "answer") if answers.count else (between, "every")
    figure = f"{name} {duration(shown.p50_ns)}"
    if shown.count >= _ENOUGH:
        figure += f", p99 {duration(shown.p99_ns)}"
    return Times(
        figure,
        "\n\n".join(
            (
                *([_told(f"Answers: from {state.role.request} to {state.role.answer}", answers)] if by_program else []),
                _told("Between messages: from one that came in to the next, on the same connection", between),
                "The times are those at the sockets. p50: half took no longer. p99: of a hundred, one took longer.",
            )
        ),
    )


def _told(what: str, latency: Latency) -> str:
    if not latency.count:
        return f"{what}.\nNone yet."
    p50, p99, most = map(duration, (latency.p50_ns, latency.p99_ns, latency.max_ns))
    count, last = latency.count, len(latency.last)
    of = f"of the last {last:,} of {count:,}" if count > last else f"of {count:,}" if count > 1 else "of one"
    return f"{what}.\np50 {p50}, p99 {p99}, at most {most} ({of})"


@dataclass(frozen=True, slots=True)
class MenuState:
    """How things stand for the commands of the menus, by their names.

    ``words`` are what a command would do now where that changes, ``cannot`` those that would do nothing now, and ``on``
    those whose entries are ticked.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    cannot: frozenset[str] = frozenset()
    on: frozenset[str] = frozenset()


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
