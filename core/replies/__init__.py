"""What a server answers by itself: rules without a socket, each testable as a table.

Each kind of reply is a file or a folder in this folder: a class derived from ``Reply``, which knows the words that
people read of it. Nothing else has to be told of a new one. A kind that answers each message for itself has
``answer``; one that remembers, waits or acts has a ``Responder`` for each connection.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Protocol

from core.address import Address
from core.errors import TincanError, quoted
from core.events import Ending
from core.origin import Origin

_rules: dict[str, type[Reply]] = {}


class Answer(NamedTuple):
    """What becomes of one message, where that is more than bytes for who said it.

    ``goodbye`` ends the connection that said it.
    """

    to_sender: bytes | None = None
    to_others: bytes | None = None
    goodbye: bool = False


class Timed(Protocol):
    """A call that is to come."""

    def cancel(self) -> None:
        """Never mind."""
        ...


class Peer(Protocol):
    """One connection, as its responder has it. On the thread of its server, but for ``call_soon``, which is for any.

    What a call raises ends this connection and no other.
    """

    @property
    def number(self) -> int:
        """Counts the connections of the server from 1."""
        ...

    @property
    def address(self) -> Address:
        """Where the peer is."""
        ...

    @property
    def ending(self) -> Ending | None:
        """How the connection ended, once it has."""
        ...

    @property
    def why_no_half_close(self) -> str:
        """Why this side cannot finish sending while the peer goes on; empty where it can."""
        ...

    def send(self, message: bytes, origin: Origin | None = None) -> None:
        """Send a message within the server's frame. A refusal is on record. The reply speaks if no ``origin`` does."""
        ...

    def send_exactly(self, data: bytes) -> None:
        """Send bytes as they are, without a frame."""
        ...

    def when_room(self, call: Callable[[], None]) -> None:
        """Have something done once little of what was sent waits for the peer to read it, or it is over."""
        ...

    def note(self, text: str) -> None:
        """Put a sentence into the conversation."""
        ...

    def finish_sending(self) -> None:
        """Half-close: what was sent goes out first. Where one side cannot end alone, both do, which is noted."""
        ...

    def close(self, ending: Ending = Ending.RULE) -> None:
        """End the connection: what was sent goes out first."""
        ...

    def abort(self) -> None:
        """End the connection with RST."""
        ...

    def abort_behind(self) -> None:
        """The same behind what was sent: once the peer's system has it, or after a moment."""
        ...

    def hold_back(self) -> None:
        """Read nothing more of it until ``go_on``: more waits than should."""
        ...

    def go_on(self) -> None:
        """Read it again."""
        ...

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timed:
        """Have something done after a while."""
        ...

    def call_soon(self, call: Callable[[], None]) -> None:
        """Have something done on the server's thread."""
        ...


class Responder(ABC):
    """Answers one connection. Called on the thread of its server, and never again after ``closed``."""

    @abstractmethod
    def opened(self) -> None:
        """The connection stands."""

    def joined(self) -> None:  # noqa: B027 - to most it makes no difference
        """In place of ``opened``: the connection stood before this reply was chosen."""

    @abstractmethod
    def received(self, message: bytes) -> None:
        """A whole message came."""

    @abstractmethod
    def peer_finished(self, then: Callable[[], None]) -> None:
        """The peer sends no more: call ``then``, which parts from it, once nothing is left to answer."""

    @abstractmethod
    def closed(self) -> None:
        """It is over, or another reply was chosen: give back what it took."""


class Backlog:
    """What a connection has said and nobody has answered yet: holds the peer back while that is too much.

    ``count`` is told how many messages there are, whenever that has changed.
    """

    MOST = 64  # then nothing more is read of the connection
    RESUMED_AT = 16

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._is_held = False
        self._then: Callable[[], None] | None = None

    def count(self, waiting: int) -> None:
        """So many messages wait."""
        if waiting > self.MOST and not self._is_held:
            self._is_held = True
            self._peer.hold_back()
        elif waiting <= self.RESUMED_AT and self._is_held:
            self._is_held = False
            self._peer.go_on()
        if not waiting and self._then is not None:
            then, self._then = self._then, None
            then()

    def finish(self, then: Callable[[], None], waiting: int) -> None:
        """The peer sends no more: call ``then`` when none waits any more."""
        self._then = then
        self.count(waiting)


class Reply(ABC):
    """A rule: given a message, what to answer. Deriving a class from it makes the rule known.

    It is written as its name, and where it takes one, an argument: ``rules:thermometer``.
    """

    name: ClassVar[str]  # in a program, on the command line and in a journal
    title: ClassVar[str]  # behind "Reply with"
    note: ClassVar[str]  # in a note of the journal: "replies with … from now on"
    order: ClassVar[int]  # of the choices, ascending
    to_talk: ClassVar[str] = ""  # how people can talk with each other under it; empty where they get only its answers
    greeting: ClassVar[bytes | None] = None  # goes to whoever connects
    # Whether nothing is answered by itself, so that a peer that has finished sending is worth keeping for a while.
    waits_for_a_person: ClassVar[bool] = False

    takes: ClassVar[str] = ""  # what its argument is, in words, where it needs one
    argument: str = ""  # behind its name, as it is written
    framing: str | None = None  # the framing that it is made for, if there is one
    has_responders: ClassVar[bool] = False  # whether it answers each connection by a responder, not by ``answer``
    is_stream: ClassVar[bool] = False  # whether it answers bytes as they come, whatever the server's framing is
    hears_http = False  # whether a peer that speaks HTTP, as any web page can, is heard

    def __init_subclass__(cls, *, has_name: bool = True) -> None:
        super().__init_subclass__()
        if has_name:
            _rules[cls.name] = cls

    @classmethod
    def made(cls, argument: str) -> Reply:
        """Make the rule of this argument, which is empty where none was written. Raises ``TincanError``."""
        if argument:
            raise TincanError(f"the reply {cls.name} takes nothing behind its name, and there is {quoted(argument)}")
        return cls()

    @classmethod
    def in_short(cls, argument: str) -> str:
        """Its argument where there is little room."""
        return argument

    @property
    def written(self) -> str:
        """As it is written in a journal and on the command line."""
        return f"{self.name}:{self.argument}" if self.argument else self.name

    @cached_property
    def origin(self) -> Origin:
        """Who speaks where the reply does."""
        return Origin("reply", self.name)

    def answer(self, message: bytes) -> Answer | bytes:  # noqa: ARG002 - for those that answer
        """Say what to answer to a whole message, where there is no responder. Bytes go to who said it, and no further.

        Bytes cost nothing, an ``Answer`` an eighth of a round trip's work in Python.
        """
        return Answer()

    def responder(self, peer: Peer) -> Responder:
        """Who answers this connection from now on, where there is a responder for each."""
        raise NotImplementedError

    def end(self) -> None:  # noqa: B027 - few have anything
        """Give back what it took: the server has ended, or answers by another rule. After all its responders."""


def all_replies() -> list[type[Reply]]:
    """Every kind of reply that needs nothing but its name, in the order in which they are offered."""
    return sorted((rule for rule in _rules.values() if not rule.takes), key=lambda rule: rule.order)


def replies_with_argument() -> list[type[Reply]]:
    """The other kinds, in that order; ``takes`` says what they need."""
    return sorted((rule for rule in _rules.values() if rule.takes), key=lambda rule: rule.order)


def find_reply(written: str) -> type[Reply] | None:
    """The kind of reply that is written so; None for one that only another version knows."""
    return _rules.get(written.partition(":")[0])


def describe_reply(written: str) -> str:
    """What comes behind "replies with", in words; as it is written for one that only another version knows."""
    rule, argument = find_reply(written), written.partition(":")[2]
    if rule is None:
        return written
    return f"{rule.note} {argument}" if argument else rule.note


def make_reply(reply: str | Reply | Callable[..., Any]) -> Reply:
    """The rule itself, the one that is written so, or one that calls a function (see ``core.replies.function``).

    Raises ``TincanError`` for one that nobody knows, or that cannot be made.
    """
    if isinstance(reply, Reply):
        return reply
    if callable(reply):
        from core.replies.function import FunctionReply

        return FunctionReply(reply)
    if not isinstance(reply, str):
        raise TypeError(f"reply has to be Reply, str or a function, and this is {type(reply).__name__}")
    rule = find_reply(reply)
    if rule is None:
        names = ", ".join(known.name for known in (*all_replies(), *replies_with_argument()))
        wrong = f"there is no reply called {quoted(reply)}" if reply else "the name of the reply is missing"
        raise TincanError(f"{wrong}; there are {names}")
    return rule.made(reply.partition(":")[2])


for _file in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_file.name}")
