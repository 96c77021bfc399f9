"""What happened on a socket, as values: all that passes between the network and the journal.

Every event names its session (a server or a client) and carries ``at``, a reading of
``core.clock.monotonic_ns()``; the recorder adds the time of day. Ids, never live objects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, NewType, Protocol, TypeAlias, runtime_checkable

from core.address import Address
from core.errors import Explanation
from core.origin import SCRIPT, Origin
from core.roles import Role
from core.tls.facts import Handshake

SessionId = NewType("SessionId", int)
ConnectionId = NewType("ConnectionId", int)


class Ending(Enum):
    """Why a connection ended. The value is what the journal keeps."""

    PEER_FINISHED = "fin"  # the peer closed its side and we closed ours
    PEER_RESET = "reset"
    LOST = "lost"  # no answer to keepalive or to data: the peer vanished
    UNREACHABLE = "unreachable"
    STALLED = "stalled"  # the peer took nothing for longer than Limits.stalled
    IDLE = "idle"
    LIMIT = "limit"
    OURS = "ours"
    OURS_RESET = "ours-reset"
    HTTP = "http"  # the peer spoke HTTP to a server that answers by itself, as web pages can
    REPLY = "reply"  # the reply rule said goodbye, as the tutorial does on "stop"
    RULE = "rule"  # a rule that a person wrote ended it
    RULE_RESET = "rule-reset"
    PROGRAM = "program"  # the program that answered has ended
    HANDLER = "handler"  # the Python file that answered ended it
    SERVER_STOPPED = "server-stopped"  # of a tap, too
    NO_TARGET = "no-target"  # of a tap: its target could not be reached, so the caller was reset
    PASSED_ON = "passed-on"  # of a tap: the other leg was closed, and so was this one
    PASSED_RESET = "passed-reset"  # of a tap: the other leg was reset or lost, so this one was reset
    FAULT_CUT = "fault-cut"  # a fault that was asked for; of a tap, of both legs
    FAULT_RESET = "fault-reset"
    HANDSHAKE = "tls-handshake"  # TLS was asked for, and its handshake failed or took too long
    ALERT = "tls-alert"  # TLS stood, and an alert ended it
    TRUNCATED = "tls-cut"  # the peer's end came without close_notify
    FORGOTTEN = "forgotten"  # of a peer of a UDP server: silent for so long, or for longest where others want its place
    FAILED = "failed"  # an error of another kind, explained in the event


RESETS_OF_OURS = frozenset(
    {Ending.OURS_RESET, Ending.RULE_RESET, Ending.STALLED, Ending.NO_TARGET, Ending.PASSED_RESET, Ending.FAULT_RESET}
)
"""The endings that come with an RST from here."""


# The two that come by the hundred thousand are named tuples: a frozen dataclass takes four times
# as long to make, which at full speed is a tenth of a core.


class Received(NamedTuple):
    """One ``recv``: the bytes exactly as the socket gave them, empty of an empty datagram alone."""

    session: SessionId
    connection: ConnectionId
    at: int
    data: bytes


# What ``Sent`` has under these names. The recorder asks for them of every event: as attributes of the class they take a
# third of the time that it takes to find out which of both an event is.
Received.cuts, Received.origin = (), None  # type: ignore[attr-defined]


class Sent(NamedTuple):
    """One message of which the kernel has taken the last byte.

    ``cuts`` are the sizes that it took at a time, if it took more than one bite; ``origin`` says who spoke,
    None where that is not known.
    """

    session: SessionId
    connection: ConnectionId
    at: int
    data: bytes
    cuts: tuple[int, ...] = ()
    origin: Origin | None = SCRIPT


new_event = tuple.__new__
"""Makes one of these two of a tuple with all its fields: ``new_event(Received, (…))`` takes half as long as
``Received(…)``, which is a tenth of all that Python does for a message and its answer."""


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """A server or client was asked for. The first event of its session."""

    session: SessionId
    at: int
    role: Role
    target: Address
    framing: str
    reply: str | None = None
    tls: bool = False  # whether it was asked for; see ``core.tls.settings``
    proxy: str = ""  # through which it dials, without user and password
    faults: tuple[str, str] = ("", "")  # of what is sent and received, as ``core.wire.faults`` writes them


@dataclass(frozen=True, slots=True)
class Listening:
    """The server listens. ``addresses`` are the real ones, with the port that was found for 0.

    ``backlog`` is what each ``listen`` was given.
    """

    session: SessionId
    at: int
    addresses: tuple[Address, ...]
    backlog: int | None = None
    has_replaced: bool = False  # a socket file at which nobody listened any more


@dataclass(frozen=True, slots=True)
class Onward:
    """A tap dials ``target`` for each caller."""

    session: SessionId
    at: int
    target: Address
    tls: bool = False  # whether it speaks TLS there
    proxy: str = ""  # through which it does, without user and password


@dataclass(frozen=True, slots=True)
class Resolving:
    """A name is being looked up."""

    session: SessionId
    at: int
    host: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the name stands for, in the order in which the addresses will be tried."""

    session: SessionId
    at: int
    addresses: tuple[Address, ...]
    took: float


@dataclass(frozen=True, slots=True)
class Tried:
    """One address was tried and did not answer as hoped."""

    session: SessionId
    at: int
    address: Address
    took: float
    why: Explanation


@dataclass(frozen=True, slots=True)
class Retrying:
    """A client that comes back by itself has failed, or lost its connection, and waits ``pause`` seconds.

    ``tries`` counts those in vain since it last stood, this one included; ``why`` is a sentence without a full stop.
    """

    session: SessionId
    at: int
    tries: int
    pause: float
    why: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection stands. ``number`` counts the connections of its session from 1.

    Of a tap, the leg to the target of #n is -n; see ``core.words.connection_name``.
    """

    session: SessionId
    connection: ConnectionId
    at: int
    number: int
    local: Address
    peer: Address
    took: float | None = None  # seconds; None where the peer came to us
    tls: bool = False  # whether TLS begins at once, so that it can be talked over once ``TlsHandshake`` has come
    receive: int | None = None  # bytes that each ``recv`` asks for
    process: str = ""  # at the other end of a local socket, in words, where the system tells


@dataclass(frozen=True, slots=True)
class ReplyChanged:
    """From now on the server answers by another rule."""

    session: SessionId
    at: int
    reply: str


@dataclass(frozen=True, slots=True)
class FramingChanged:
    """From now on the server tells messages apart in another way; ``framing`` is the written form."""

    session: SessionId
    at: int
    framing: str


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """Peers came and were sent off because a limit was reached; several in a short time make one event.

    ``peer`` is the first of them, None if not even that is known.
    """

    session: SessionId
    at: int
    peer: Address | None
    why: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class SocketTuned:
    """From now on each ``recv`` asks for ``receive`` bytes, and small sends wait for what is on its way, or not."""

    session: SessionId
    connection: ConnectionId
    at: int
    receive: int
    nagle: bool


@dataclass(frozen=True, slots=True)
class TlsBegun:
    """From here on a connection that was in the clear speaks TLS; ``is_server`` is the role that we have in it."""

    session: SessionId
    connection: ConnectionId
    at: int
    is_server: bool


@dataclass(frozen=True, slots=True)
class TlsHandshake:
    """A TLS handshake is over, and what it was. If it failed, ``handshake.failure`` says why and ``Closed`` follows."""

    session: SessionId
    connection: ConnectionId
    at: int
    handshake: Handshake


@dataclass(frozen=True, slots=True)
class TlsRefused:
    """TLS was to begin on a connection in the clear and does not, and why. The connection goes on as it was."""

    session: SessionId
    connection: ConnectionId
    at: int
    why: str


@dataclass(frozen=True, slots=True)
class Injected:
    """Bytes came in the clear where TLS was to begin, ``size`` of them. They reach nobody; ``Closed`` follows."""

    session: SessionId
    connection: ConnectionId
    at: int
    size: int
    text: str  # the first of them


@dataclass(frozen=True, slots=True)
class PeerFinished:
    """The peer has finished sending, by ``how``. It may still read."""

    session: SessionId
    connection: ConnectionId
    at: int
    how: str = "FIN"


@dataclass(frozen=True, slots=True)
class WeFinished:
    """We have finished sending, by ``how``. The peer may still send."""

    session: SessionId
    connection: ConnectionId
    at: int
    how: str = "FIN"


@dataclass(frozen=True, slots=True)
class MessageTooLong:
    """A message was longer than the framing's limit; ``skipped`` bytes got no reply. All are in the journal."""

    session: SessionId
    connection: ConnectionId
    at: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Misframed:
    """What came is no message under the framing, and why. It got no reply; all of it is in the journal."""

    session: SessionId
    connection: ConnectionId
    at: int
    why: str


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """The first bytes of the peer are those of an HTTP request, which begins with ``line``."""

    session: SessionId
    connection: ConnectionId
    at: int
    line: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What there is to say of this connection, as a server's reply does, in a sentence without a full stop."""

    session: SessionId
    connection: ConnectionId
    at: int
    text: str
    is_failure: bool = False


@dataclass(frozen=True, slots=True)
class SessionRemark:
    """What there is to say of a session, such as what the system has dropped, in a sentence without a full stop."""

    session: SessionId
    at: int
    text: str
    is_failure: bool = False


@dataclass(frozen=True, slots=True)
class Paused:
    """Nothing more is read: there were so many ``answers`` of a program in a row within ``took`` seconds, and no person
    between.
    """

    session: SessionId
    connection: ConnectionId
    at: int
    answers: int
    took: float


@dataclass(frozen=True, slots=True)
class WentOn:
    """A person lets a connection that was paused go on. It is not paused again."""

    session: SessionId
    connection: ConnectionId
    at: int


@dataclass(frozen=True, slots=True)
class NotSent:
    """``size`` bytes that were meant for this connection did not go out, and why.

    ``is_told`` says whether whoever sent them was told at once, by an error, so that nobody needs to be told again.
    """

    session: SessionId
    connection: ConnectionId
    at: int
    size: int
    why: str
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is over. Exactly one for every ``Opened``."""

    session: SessionId
    connection: ConnectionId
    at: int
    ending: Ending
    why: Explanation | None = None
    how: str = "FIN"  # what says goodbye on it


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """The server or client is over: the last event of its session.

    ``failure`` says what went wrong if it never listened or never connected, or if it broke.
    """

    session: SessionId
    at: int
    failure: Explanation | None = None
    cancelled: bool = False


ConnectionEvent: TypeAlias = (
    Received
    | Sent
    | Opened
    | SocketTuned
    | TlsBegun
    | TlsHandshake
    | TlsRefused
    | Injected
    | PeerFinished
    | WeFinished
    | MessageTooLong
    | Misframed
    | HttpRequest
    | Remark
    | Paused
    | WentOn
    | NotSent
    | Closed
)
SessionEvent: TypeAlias = (
    SessionOpened
    | Listening
    | Onward
    | Resolving
    | Resolved
    | Tried
    | Retrying
    | ReplyChanged
    | FramingChanged
    | TurnedAway
    | SessionRemark
    | SessionClosed
)
Event: TypeAlias = ConnectionEvent | SessionEvent


@runtime_checkable
class EventSink(Protocol):
    """Where the network puts what happens. ``put`` is for any thread and never blocks.

    While ``congested`` is true connections leave what they could read with the kernel, so that TCP
    slows the peers down; ``when_relieved`` calls back once, from any thread, when that is over.
    """

    congested: bool

    def put(self, event: Event) -> None:
        """Take in what happened."""
        ...

    def when_relieved(self, resume: Callable[[], None]) -> None:
        """Call ``resume`` once when ``congested`` has become false again."""
        ...
