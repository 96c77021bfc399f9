"""How a connection uses its socket, for whoever wants to see what that does to the boundaries."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from core.errors import Fault, TincanError, quoted

LARGEST_RECEIVE = 256 * 1024  # bytes
LONGEST_PAUSE = 60.0  # seconds
HIGHEST_TTL = 255  # hops
USUAL_DATAGRAM = 1400  # bytes that files are cut to: they pass almost any network in one packet
LARGEST_DATAGRAM = 65_507  # bytes that UDP carries at most over IPv4
MOST_GROUPS = 20  # what Linux lets a socket join (net.ipv4.igmp_max_memberships)


class SocketOptionError(TincanError, ValueError):
    """An option was given a value that it cannot have; the message says which it can."""

    fault = Fault.PERSON


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """What can be changed while a connection stands. Raises ``SocketOptionError``.

    ``nagle`` has the system wait with small segments for what was sent before (TCP_NODELAY off). ``receive``
    is what one recv asks for, in bytes; None is ``Limits.receive``. With ``byte_by_byte`` each byte is a send
    of its own. ``pause`` is the time from one send to the next, in seconds.

    Of UDP alone: ``groups`` are the multicast groups whose datagrams are heard, as addresses. ``interface`` is the one
    for groups, by its name, its number or an address of it; empty leaves that to the system. ``ttl`` is how many
    routers a datagram may pass, and None what the system does (1 for multicast). ``broadcast`` lets datagrams go to
    broadcast addresses. With ``hears_itself`` off, programs on this machine do not hear what it sends to a group.
    ``fragments`` off refuses what is larger than the way takes instead of having it parted (Linux).
    """

    nagle: bool = False
    receive: int | None = None
    byte_by_byte: bool = False
    pause: float = 0.0
    groups: tuple[str, ...] = ()
    interface: str = ""
    ttl: int | None = None
    broadcast: bool = False
    hears_itself: bool = True
    fragments: bool = True

    def __post_init__(self) -> None:
        if self.ttl is not None and not 0 <= self.ttl <= HIGHEST_TTL:
            raise SocketOptionError(f"the time to live is 0 to {HIGHEST_TTL} hops")
        if len(self.groups) > MOST_GROUPS:
            raise SocketOptionError(f"{MOST_GROUPS} groups are the most that one session joins")
        for group in self.groups:
            check_group(group)
        if self.receive is not None and not 1 <= self.receive <= LARGEST_RECEIVE:
            raise SocketOptionError(f"a recv asks for 1 to {LARGEST_RECEIVE:,} bytes")
        if not 0 <= self.pause <= LONGEST_PAUSE:  # which refuses NaN too
            raise SocketOptionError(f"the pause between two sends is 0 to {LONGEST_PAUSE * 1000:,.0f} ms")

    @property
    def slows_down(self) -> bool:
        """Whether sending is to be anything else than as fast as it can be."""
        return self.byte_by_byte or self.pause > 0


def check_group(text: str) -> str:
    """Give a multicast group back if it is one. Raises ``SocketOptionError``."""
    try:
        is_group = ipaddress.ip_address(text).is_multicast
    except ValueError:
        is_group = False
    if not is_group:
        raise SocketOptionError(
            f"{quoted(text)} is no multicast group: these are 224.0.0.0 to 239.255.255.255, and ff00:: and above"
        )
    return text


AS_USUAL = SocketOptions()
