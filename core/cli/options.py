"""What serve, connect and tap were asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.address import Address
from core.compose.encoding import Encoding
from core.errors import TincanError, quoted
from core.net.socket_options import AS_USUAL, USUAL_DATAGRAM, SocketOptions
from core.proxy import Proxy
from core.replies import Reply
from core.roles import Role
from core.settings import DEFAULTS, Limits
from core.tls.settings import Tls
from core.wire.faults import SOUND, BothWays

if TYPE_CHECKING:
    from core.compose.profiles import Profile
    from core.replies.opening import Opening
    from core.steps.step import ReadySteps

_AT_REST = 900.0  # seconds; a pipe may rest as long as its ends do, which the system allows for about so long, too
_A_DAY = 86_400.0


class Options(NamedTuple):
    """What was asked for on the command line; times in seconds."""

    role: Role
    target: Address
    framing: str = "raw"
    reply: str | Reply = "letter"  # of a server; of a client what it says on every connect, if that is one
    once: bool = False
    journal: Path | None = None
    http: bool = False  # whether a server that answers by itself answers HTTP requests, too
    answers: int | None = DEFAULTS.answers  # of the rule in a row, after which a connection is paused
    exact: bool = False  # whether bytes go from input to peer and from peer to output as they are
    crlf: bool = False  # whether lines are sent with CR LF at their end
    wait: float | None = None  # from the end of the input to the end of a client, whoever still talks
    shutdown: bool = True  # whether the peer is told of the end of the input
    retry: bool = False  # whether a client comes back
    encoding: Encoding | None = None  # of text on the wire; None: lines go as they came, and what comes is UTF-8
    tls: Tls | None = None
    mode: int | None = None  # of a socket file; None: as is usual
    proxy: Proxy | None = None  # through which a client or a tap dials
    onward: Address | None = None  # what a tap dials for each caller
    socket_options: SocketOptions = AS_USUAL
    datagram: int = USUAL_DATAGRAM  # bytes of each, where bytes go as they are
    onward_tls: Tls | None = None  # and the TLS that it speaks there
    faults: BothWays = SOUND
    profile: Profile | None = None  # how lines become messages; what comes is cut by ``framing``
    steps: ReadySteps | None = None  # what is played instead of the input


def find_profile(name: str, path: Path | None) -> Profile:
    """A profile of a file, or of those that are always there. Raises ``TincanError``."""
    from core.compose.profiles import STARTERS, find, import_profiles

    profiles = STARTERS if path is None else (*import_profiles(path), *STARTERS)
    profile = find(profiles, name)
    if profile is None:
        names = ", ".join(dict.fromkeys(each.name for each in profiles))
        raise TincanError(f"there is no profile {quoted(name)}, only {names}")
    return profile


def opening(
    text: str, messages: Path | None, profile: Profile | None, framing: str, encoding: Encoding | None
) -> Opening:
    """What is said on connect: a text with escapes, or the saved message of that name in a file.

    Raises ``TincanError``.
    """
    from core.compose import Draft, Format
    from core.compose.saved import import_messages
    from core.replies.opening import Opening

    if messages is not None:
        known = import_messages(messages)
        found = next((each for each in known if each.name == text), None)
        if found is None:
            names = ", ".join(quoted(each.name) for each in known)
            raise TincanError(f"there is no saved message {quoted(text)}, only {names}")
        return Opening(found.draft(profile.frame if profile is not None else framing), found.name)
    if profile is not None:
        return Opening(Draft(text, profile.format, profile.encoding, profile.ending, profile.frame))
    return Opening(Draft(text, Format.ESCAPES, encoding or Encoding.UTF_8, framing=framing))


def limits_of(options: Options) -> Limits:
    """The limits that the program needs for it."""
    limits = DEFAULTS
    limits = replace(limits, answers=options.answers)
    if options.http:
        limits = replace(limits, request_line=None)
    if options.mode is not None:
        limits = replace(limits, socket_mode=options.mode)
    if options.wait is not None:  # the wait is the drain
        limits = replace(limits, drain=max(0.05, limits.drain - options.wait))
    if options.exact:
        connections = limits.connections if options.role.datagrams else 1
        limits = replace(limits, connections=connections, stalled=_AT_REST, unacknowledged=_AT_REST, half_closed=_A_DAY)
    return limits
