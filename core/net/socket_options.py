"""How a connection uses its socket, for whoever wants to see what that does to the boundaries.

Of UDP, also how each system takes it: multicast groups and their interface, hops, broadcast.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import struct
import sys
from dataclasses import dataclass, replace

from core.errors import Fault, TincanError, quoted, reason

LARGEST_RECEIVE = 256 * 1024  # bytes
LONGEST_PAUSE = 60.0  # seconds
HIGHEST_TTL = 255  # hops
USUAL_DATAGRAM = 1400  # bytes that files are cut to: they pass almost any network in one packet
LARGEST_DATAGRAM = 65_507  # bytes that UDP carries at most over IPv4
MOST_GROUPS = 20  # what Linux lets a socket join (net.ipv4.igmp_max_memberships)

_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER, _PMTUDISC_WANT, _PMTUDISC_DO = 10, 23, 1, 2  # linux/in.h, linux/in6.h


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
        object.__setattr__(self, "groups", tuple(dict.fromkeys(map(check_group, self.groups))))
        if self.receive is not None and not 1 <= self.receive <= LARGEST_RECEIVE:
            raise SocketOptionError(f"a recv asks for 1 to {LARGEST_RECEIVE:,} bytes")
        if not 0 <= self.pause <= LONGEST_PAUSE:  # which refuses NaN too
            raise SocketOptionError(f"the pause between two sends is 0 to {LONGEST_PAUSE * 1000:,.0f} ms")

    @property
    def slows_down(self) -> bool:
        """Whether sending is to be anything else than as fast as it can be."""
        return self.byte_by_byte or self.pause > 0


def check_group(text: str) -> str:
    """A multicast group as it is usually written. Raises ``SocketOptionError`` for what is none."""
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(text)
        if address.is_multicast:
            return str(address)
    raise SocketOptionError(
        f"{quoted(text)} is no multicast group: these are 224.0.0.0 to 239.255.255.255, and ff00:: and above"
    )


AS_USUAL = SocketOptions()


def use_options(sock: socket.socket, wanted: SocketOptions, before: SocketOptions) -> None:
    """Set of a UDP socket what ``wanted`` has otherwise than ``before``; groups are left and joined.

    Raises ``SocketOptionError`` for what the system refuses, in words. Some of it may be set then; see ``put_back``.
    """
    try:
        _use(sock, wanted, before)
    except OSError as error:
        raise SocketOptionError(f"the socket options cannot be used: {reason(error)}") from error


def put_back(sock: socket.socket, options: SocketOptions, refused: SocketOptions) -> None:
    """Have a UDP socket use ``options`` again once others were refused, as far as the system still lets it."""
    with contextlib.suppress(SocketOptionError):
        use_options(sock, replace(options, groups=()), refused)
    for group in options.groups:
        with contextlib.suppress(SocketOptionError):  # most are joined still
            if (":" in group) is (sock.family == socket.AF_INET6):
                _member(sock, group, options.interface, joins=True)


def _use(sock: socket.socket, wanted: SocketOptions, before: SocketOptions) -> None:
    is_six = sock.family == socket.AF_INET6
    level = socket.IPPROTO_IPV6 if is_six else socket.IPPROTO_IP
    if wanted.broadcast != before.broadcast:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, int(wanted.broadcast))
    if wanted.ttl != before.ttl:
        usual = (64, 1) if wanted.ttl is None else (wanted.ttl, wanted.ttl)
        sock.setsockopt(level, socket.IPV6_UNICAST_HOPS if is_six else socket.IP_TTL, max(1, usual[0]))
        sock.setsockopt(level, socket.IPV6_MULTICAST_HOPS if is_six else socket.IP_MULTICAST_TTL, usual[1])
    if wanted.hears_itself != before.hears_itself:
        loop = socket.IPV6_MULTICAST_LOOP if is_six else socket.IP_MULTICAST_LOOP
        sock.setsockopt(level, loop, int(wanted.hears_itself))
    if wanted.fragments != before.fragments and sys.platform == "linux":
        option = _IPV6_MTU_DISCOVER if is_six else _IP_MTU_DISCOVER
        sock.setsockopt(level, option, _PMTUDISC_WANT if wanted.fragments else _PMTUDISC_DO)
    if wanted.interface != before.interface:
        _send_by(sock, wanted.interface, is_six=is_six)
    same = wanted.interface == before.interface
    for group in before.groups:
        if not (same and group in wanted.groups) and (":" in group) is is_six:
            with contextlib.suppress(SocketOptionError):  # an interface that has gone took its groups with it
                _member(sock, group, before.interface, joins=False)
    for group in wanted.groups:
        if not (same and group in before.groups) and (":" in group) is is_six:
            _member(sock, group, wanted.interface, joins=True)


def _send_by(sock: socket.socket, interface: str, *, is_six: bool) -> None:
    """Send to groups by an interface. Raises ``SocketOptionError``."""
    index, address = _interface_of(interface, is_six=is_six)
    try:
        if is_six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            return
        chosen = _membership("0.0.0.0", index, address)  # noqa: S104
        if sys.platform == "win32":
            chosen = chosen[4:]
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, chosen)
    except OSError as error:
        is_missing = error.errno in _MISSING or error.errno == errno.EINVAL  # which Wine has for it
        raise _no_interface(interface) if is_missing else error from None


def _member(sock: socket.socket, group: str, interface: str, *, joins: bool) -> None:
    try:
        _set_member(sock, group, interface, joins=joins)
    except OSError as error:
        names_one = bool(interface) or "%" in group
        where = f" on the interface {interface}" if interface and "%" not in group else ""
        why = reason(error) if names_one or error.errno not in _MISSING else _NO_WAY
        raise SocketOptionError(f"the group {group} cannot be joined{where}: {why}") from error


def _set_member(sock: socket.socket, group: str, interface: str, *, joins: bool) -> None:
    """The interface that a group of IPv6 names itself (``%eth0``) goes before that of the session."""
    is_six = sock.family == socket.AF_INET6
    place, _, its_own = group.partition("%")
    index, address = _interface_of(its_own or interface, is_six=is_six)
    if is_six:
        six = socket.inet_pton(socket.AF_INET6, place) + struct.pack("@I", index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP if joins else socket.IPV6_LEAVE_GROUP, six)
    else:
        option = socket.IP_ADD_MEMBERSHIP if joins else socket.IP_DROP_MEMBERSHIP
        sock.setsockopt(socket.IPPROTO_IP, option, _membership(group, index, address))


def _membership(group: str, index: int, address: bytes) -> bytes:
    """A group and an interface as IPv4 takes them: ``ip_mreqn``, or, of Windows, ``ip_mreq``, which takes an index."""
    if sys.platform == "win32":
        return socket.inet_aton(group) + (struct.pack("!I", index) if index else address)
    return socket.inet_aton(group) + address + struct.pack("@i", index)


def _interface_of(text: str, *, is_six: bool) -> tuple[int, bytes]:
    """The number of an interface, or, of IPv4, its address. Raises ``SocketOptionError`` if there is none like it."""
    nowhere = b"\0" * 4
    if not text:
        return 0, nowhere
    if text.isdecimal() and len(text) <= 9:
        return int(text), nowhere
    if not is_six:
        with contextlib.suppress(OSError):
            return 0, socket.inet_pton(socket.AF_INET, text)
    try:
        return socket.if_nametoindex(text), nowhere
    except OSError:
        raise _no_interface(text) from None


def _no_interface(text: str) -> SocketOptionError:
    return SocketOptionError(f"this machine has no network interface {quoted(text)}")


_MISSING = frozenset({errno.ENODEV, errno.ENXIO, errno.EADDRNOTAVAIL})  # what systems say of an interface
_NO_WAY = "no network of this machine leads to it; choose an interface (--interface, or Socket options)"
