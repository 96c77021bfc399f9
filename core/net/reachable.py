"""Which of this machine's addresses others on its networks can use.

The kernel is asked; nothing is sent to anybody. Importing this costs little but ``socket``.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import sys
from collections.abc import Callable, Iterator

from core.address import LocalAddress
from core.supervision import Worker

_ELSEWHERE = (  # documentation addresses, RFC 5737 and RFC 3849: routed by default, never reached
    (socket.AF_INET, ("192.0.2.1", 9)),
    (socket.AF_INET6, ("2001:db8::1", 9)),
)


def own_addresses() -> tuple[str, ...]:
    """The addresses used on the way to other machines, one of each family; empty when offline. Never blocks."""
    return tuple(filter(None, (_source_address(family, far) for family, far in _ELSEWHERE)))


def local_addresses() -> tuple[LocalAddress, ...]:
    """Every address of every interface that is up, but for loopback; those that lead furthest first.

    May block, for as long as a look-up of the machine's own name takes: not for a window's thread.
    On Linux the kernel answers at once.
    """
    routed = own_addresses()
    found: list[LocalAddress] = []
    with contextlib.suppress(OSError):
        found += _by_netlink() if sys.platform == "linux" else _by_name()
    found += map(LocalAddress, routed)
    unique: dict[str, LocalAddress] = {}
    for address in filter(_is_for_others, found):
        unique.setdefault(address.host, address)
    return tuple(sorted(unique.values(), key=lambda one: (one.is_link_local, one.host not in routed, ":" in one.host)))


def look_up(deliver: Callable[[tuple[LocalAddress, ...]], None]) -> Worker:
    """Find this machine's addresses in a thread of its own, and ``deliver`` them there; none if that fails.

    A look-up that hangs cannot be cancelled: the thread does not keep the program from ending.
    """
    return Worker(lambda: deliver(local_addresses()), "own addresses", lambda _error: deliver(()), daemon=True).begin()


def _source_address(family: socket.AddressFamily, far: tuple[str, int]) -> str:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(far)
            return str(probe.getsockname()[0])
    except OSError:
        return ""


def _is_for_others(address: LocalAddress) -> bool:
    try:
        ip = ipaddress.ip_address(address.host)
    except ValueError:  # a zone that only this system understands
        return False
    return not (ip.is_loopback or ip.is_unspecified or ip.is_multicast)


def _by_name() -> Iterator[LocalAddress]:
    """What the machine's own name stands for, which on Windows and macOS is every interface."""
    for _family, _kind, _protocol, _name, place in socket.getaddrinfo(socket.gethostname(), None):
        host, zone = str(place[0]), place[3] if len(place) == 4 else 0
        yield LocalAddress(f"{host}%{zone}" if zone and "%" not in host else host)


# rtnetlink(7): a request to dump all addresses, and what comes back.

_DUMP_ADDRESSES = 22  # RTM_GETADDR
_ADDRESS = 20  # RTM_NEWADDR
_DONE, _ERROR = 3, 2  # NLMSG_DONE, NLMSG_ERROR
_REQUEST_DUMP = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_OF_THE_PEER, _OF_OURSELVES = 1, 2  # IFA_ADDRESS, IFA_LOCAL: they differ on a point-to-point link
_NOT_USABLE = 0x08 | 0x40  # IFA_F_DADFAILED, IFA_F_TENTATIVE
_GET_FLAGS = 0x8913  # SIOCGIFFLAGS
_RUNNING = 0x01 | 0x40  # IFF_UP, IFF_RUNNING
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, process
_ABOUT = struct.Struct("=BBBBI")  # ifaddrmsg: family, prefix, flags, scope, interface
_ATTRIBUTE = struct.Struct("=HH")  # rtattr: length, type
_ANSWER = 1 << 16  # bytes of one datagram from the kernel, at the most
_PATIENCE = 1.0  # seconds; the kernel has its answer ready


def _by_netlink() -> Iterator[LocalAddress]:
    """All addresses with their interfaces, from the kernel. Raises ``OSError``."""
    if sys.platform != "linux":
        return
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(_PATIENCE)
        asked = _HEADER.size + _ABOUT.size
        kernel.sendto(_HEADER.pack(asked, _DUMP_ADDRESSES, _REQUEST_DUMP, 1, 0) + bytes(_ABOUT.size), (0, 0))
        while True:
            for kind, body in _messages(kernel.recv(_ANSWER)):
                if kind in (_DONE, _ERROR):
                    return
                if kind == _ADDRESS:
                    yield from _address(kernel, body)


def _messages(answer: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages of one datagram: their type and what follows the header."""
    place = 0
    while place + _HEADER.size <= len(answer):
        length, kind, _flags, _sequence, _process = _HEADER.unpack_from(answer, place)
        if length < _HEADER.size:
            return
        yield kind, answer[place + _HEADER.size : place + length]
        place += _aligned(length)


def _address(kernel: socket.socket, body: bytes) -> Iterator[LocalAddress]:
    """The address that a message is about; nothing if it cannot be used just now."""
    family, _prefix, flags, _scope, index = _ABOUT.unpack_from(body)
    parts = dict(_attributes(body[_ABOUT.size :]))
    raw = parts.get(_OF_OURSELVES) or parts.get(_OF_THE_PEER)
    if raw is None or len(raw) not in (4, 16) or flags & _NOT_USABLE:
        return
    interface = _interface(index)
    if not interface or not _is_running(kernel, interface):
        return
    host = socket.inet_ntop(family, raw)
    needs_zone = family == socket.AF_INET6 and ipaddress.ip_address(host).is_link_local
    yield LocalAddress(f"{host}%{interface}" if needs_zone else host, interface)


def _attributes(rest: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + _ATTRIBUTE.size <= len(rest):
        length, kind = _ATTRIBUTE.unpack_from(rest, place)
        if length < _ATTRIBUTE.size:
            return
        yield kind, rest[place + _ATTRIBUTE.size : place + length]
        place += _aligned(length)


def _aligned(length: int) -> int:
    """Netlink puts everything at multiples of four bytes."""
    return (length + 3) & ~3


def _interface(index: int) -> str:
    try:
        return socket.if_indextoname(index)
    except OSError:  # it went away meanwhile
        return ""


def _is_running(kernel: socket.socket, interface: str) -> bool:
    """Whether the interface is up and, as far as it can tell, connected to something; see netdevice(7)."""
    if sys.platform != "linux":
        return True
    import fcntl

    request = struct.pack("16s24x", interface.encode())
    try:
        flags = int(struct.unpack_from("=16xH", fcntl.ioctl(kernel.fileno(), _GET_FLAGS, request))[0])
    except OSError:
        return False
    return flags & _RUNNING == _RUNNING
