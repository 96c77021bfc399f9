"""The kinds of session there are: what each is called, what it can do, and its words.

A new kind is a row here and a file in ``core/net``. Everything else asks a session's role for a capability or a
word and compares it with none by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """A row of the table. ``name`` is what the journal keeps, so it never changes."""

    SERVER: ClassVar[Role]
    CLIENT: ClassVar[Role]
    TAP: ClassVar[Role]
    UDP_SERVER: ClassVar[Role]
    UDP_CLIENT: ClassVar[Role]
    UDP_TAP: ClassVar[Role]
    CAPTURE: ClassVar[Role]
    UDP_CAPTURE: ClassVar[Role]

    name: str
    command: str | None  # of the window: what starts such a session at the address on view, or stops it

    # What it can do.
    listens: bool  # waits at its target for peers; has real addresses, and may be open to the network
    dials: bool  # calls its target; what it sends are requests, and what comes back their answers
    many_connections: bool  # they are numbered, messages have recipients; else the session ends with its only one
    replies: bool  # answers by a rule of ``core.replies``
    half_closes: bool  # can finish sending while the peer may still send
    passes_on: bool  # dials for each peer that comes, and what one of the two says goes on to the other
    entries: frozenset[str]  # kinds of journal entries by which it is known where its own row is lost

    # Who is who.
    us: str
    we_have: str
    peer: str  # with "the", or as "peer" alone, where it has no number
    far_end: str  # what the program at the other end is, to the terminal and to the ruler
    request: str
    answer: str

    # How it stands: with the address behind it, or, of what comes and goes, alone.
    begun: str  # in the conversation
    starting: str
    waiting: str
    standing: str
    stopped: str
    failed: str
    ended: str  # in the conversation

    # What a person can do: of the button while it starts and while it stands; what its key does.
    cancel: str
    stop: str
    cancels: str
    starts: str
    again: str  # in the message field, of one that is over

    onward: str = "target"  # what the other of the two is, of one that passes on
    # What it talks over.
    datagrams: bool = False  # UDP: each message is a datagram, which nothing joins to another; nothing tells of an end
    speaks_tls: bool = True
    is_captured: bool = False  # what other programs said: no socket and no call of it is ours

    def __repr__(self) -> str:
        return f"<role {self.name}>"

    @property
    def title(self) -> str:
        """The name as it begins a line."""
        return self.name[:1].upper() + self.name[1:]


Role.SERVER = Role(
    name="server",
    command="toggle_server",
    listens=True,
    dials=False,
    many_connections=True,
    replies=True,
    half_closes=True,
    passes_on=False,
    entries=frozenset({"listening", "turned-away", "reply-changed", "framing-changed"}),
    us="server",
    we_have="the server has",
    peer="peer",
    far_end="client",
    request="what a client sends",
    answer="our answer",
    begun="starting a server on",
    starting="starting on",
    waiting="starting…",
    standing="listening on",
    stopped="stopped:",
    failed="could not listen on",
    ended="server stopped",
    cancel="Stop server",
    stop="Stop server",
    cancels="stops it",
    starts="starts a server",
    again="starts it again",
)
Role.CLIENT = Role(
    name="client",
    command="toggle_client",
    listens=False,
    dials=True,
    many_connections=False,
    replies=False,
    half_closes=True,
    passes_on=False,
    entries=frozenset({"resolving", "resolved", "tried"}),
    us="you",
    we_have="you have",
    peer="server",
    far_end="server",
    request="what we send",
    answer="what comes back",
    begun="connecting to",
    starting="connecting to",
    waiting="connecting…",
    standing="connected to",
    stopped="closed:",
    failed="could not connect to",
    ended="disconnected",
    cancel="Cancel",
    stop="Disconnect",
    cancels="cancels it",
    starts="connects",
    again="connects again",
)

Role.TAP = Role(
    name="tap",
    command=None,
    listens=True,
    dials=False,
    many_connections=True,
    replies=False,
    half_closes=True,
    passes_on=True,
    entries=frozenset({"listening", "turned-away", "onward", "resolving", "resolved", "tried"}),
    us="tap",
    we_have="the tap has",
    peer="program",
    far_end="client",
    request="what goes on to the target",
    answer="what comes back",
    begun="starting a tap on",
    starting="starting on",
    waiting="starting…",
    standing="tapping on",
    stopped="stopped:",
    failed="could not listen on",
    ended="tap stopped",
    cancel="Stop tap",
    stop="Stop tap",
    cancels="stops it",
    starts="starts a tap",
    again="starts it again",
)

Role.UDP_SERVER = replace(
    Role.SERVER,
    name="UDP server",
    half_closes=False,
    begun="starting a UDP server on",
    standing="hears datagrams on",
    failed="could not hear datagrams on",
    ended="UDP server stopped",
    datagrams=True,
    speaks_tls=False,
)
Role.UDP_CLIENT = replace(
    Role.CLIENT,
    name="UDP client",
    half_closes=False,
    peer="peer",
    begun="sending datagrams to",
    starting="about to send to",
    waiting="looking it up…",
    standing="sending to",
    failed="could not send to",
    ended="closed",
    again="sends again",
    datagrams=True,
    speaks_tls=False,
)
Role.UDP_TAP = replace(
    Role.TAP,
    name="UDP tap",
    half_closes=False,
    begun="starting a UDP tap on",
    standing="tapping datagrams on",
    failed="could not hear datagrams on",
    ended="UDP tap stopped",
    datagrams=True,
    speaks_tls=False,
)

# What a capture of another program has of one address that was called: "we" are that end.
Role.CAPTURE = Role(
    name="capture",
    command=None,
    listens=True,
    dials=False,
    many_connections=True,
    replies=False,
    half_closes=True,
    passes_on=False,
    entries=frozenset({"remark"}),
    us="server",
    we_have="the server has",
    peer="client",
    far_end="client",
    request="what a client sends",
    answer="the server's answer",
    begun="captured conversations with",
    starting="captured:",
    waiting="captured",
    standing="captured:",
    stopped="captured:",
    failed="captured:",
    ended="the capture ends here",
    cancel="Captured",
    stop="Captured",
    cancels="was captured",
    starts="was captured",
    again="was captured",
    is_captured=True,
)
Role.UDP_CAPTURE = replace(Role.CAPTURE, name="UDP capture", begun="captured datagrams with", datagrams=True)

ROLES = {
    role.name: role
    for role in (
        Role.SERVER, Role.CLIENT, Role.TAP, Role.UDP_SERVER, Role.UDP_CLIENT, Role.UDP_TAP, Role.CAPTURE,
        Role.UDP_CAPTURE,
    )
}  # fmt: skip


def guess_role(kinds: Iterable[str], connections: int = 1) -> Role:
    """The role of a session whose own row is lost, by the kinds of its entries, else by its connections."""
    found = set(kinds)
    several = connections > 1
    known = [role for role in ROLES.values() if role.entries & found]
    if known:
        return max(known, key=lambda role: len(role.entries & found))
    return next(role for role in ROLES.values() if role.many_connections is several)
