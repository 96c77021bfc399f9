"""Every difference between Linux, macOS and Windows that has to do with sockets."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import socket
import struct
import sys
from collections.abc import Sequence
from typing import Any, TypeAlias

from core.address import HIGHEST_PORT, Address, check_host
from core.errors import AddressError
from core.net import local_sockets
from core.settings import Limits
from core.tcp import TcpInfo

_log = logging.getLogger(__name__)

_NEXT_PORTS = 20  # that are tried above one that is taken
_DESCRIPTORS = 8_192  # that are asked of the system

# What the operating system calls an address: (host, port), (host, port, flow, scope) or the name of a local socket.
SocketAddress: TypeAlias = tuple[Any, ...] | str | bytes


class Endpoint:
    """One address as the system wants it: the family and what goes into bind or connect."""

    __slots__ = ("address", "family", "sockaddr")

    def __init__(self, family: int, sockaddr: SocketAddress) -> None:
        self.family = family
        self.sockaddr = sockaddr
        self.address = readable(sockaddr)

    def with_port(self, port: int) -> Endpoint:
        """The same place at another port; a local socket has none."""
        if not isinstance(self.sockaddr, tuple):
            return self
        return Endpoint(self.family, (self.sockaddr[0], port, *self.sockaddr[2:]))


def readable(sockaddr: SocketAddress) -> Address:
    """An address as people write it: an IPv4 peer of a dual-stack server looks like IPv4."""
    if not isinstance(sockaddr, tuple):
        return local_sockets.readable(sockaddr)
    host = str(sockaddr[0])
    if host.startswith("::ffff:") and "." in host:
        host = host.removeprefix("::ffff:")
    if len(sockaddr) == 4 and sockaddr[3] and "%" not in host:
        host = f"{host}%{_interface(sockaddr[3])}"
    return Address(host, int(sockaddr[1]))


def _interface(index: int) -> str:
    """What can be typed behind the %: the name of a network interface, or its number.

    It is the number where the name does not fit an address, and on Windows, which does not take its own names back.
    """
    if sys.platform == "win32":
        return str(index)
    try:
        name = socket.if_indextoname(index)
        check_host(f"fe80::1%{name}")
    except (OSError, AddressError):
        return str(index)
    return name


def resolve(target: Address, *, for_server: bool) -> list[Endpoint]:
    """Ask the system what ``target`` stands for, in the order in which to try. Blocks for names.

    ``localhost`` of a server is both loopback addresses, because a client may try either first. So it is of a client
    whose system does not know it, as few know the names below it (RFC 6761, 6.3).
    Raises ``OSError`` (``socket.gaierror`` for a name).
    """
    if target.is_local:
        name = local_sockets.sockaddr_of(target)
        return [Endpoint(local_sockets.FAMILY or 0, name)]
    if not target.is_localhost:
        return _look_up(target)
    both = (socket.AF_INET, ("127.0.0.1", target.port)), (socket.AF_INET6, ("::1", target.port, 0, 0))
    loopbacks = [Endpoint(family, sockaddr) for family, sockaddr in both]
    if for_server:
        return loopbacks
    try:
        return _look_up(target)
    except socket.gaierror:
        return loopbacks


def _look_up(target: Address) -> list[Endpoint]:
    """Ask the system. Raises ``socket.gaierror``."""
    flags = socket.AI_NUMERICHOST if target.is_literal else 0
    try:
        found = socket.getaddrinfo(
            target.ascii_host, target.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=flags
        )
    except UnicodeError as error:  # the codec's own limits on a label
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
    unique: dict[SocketAddress, Endpoint] = {}
    for family, _kind, _proto, _name, sockaddr in found:
        unique.setdefault(sockaddr, Endpoint(family, sockaddr))
    return list(unique.values())


def listen(
    endpoints: Sequence[Endpoint], target: Address, backlog: int | None, *, shares_port: bool = False
) -> list[socket.socket]:
    """Listen on all the endpoints at one port; with port 0, on one that is free on each.

    Without a ``backlog``, for datagrams; ``shares_port`` has other programs hear them there, too. ``localhost`` may be
    missing one of its two addresses on a machine without IPv6; other targets need all of theirs. The sockets do not
    block. Raises ``OSError``.
    """
    for _attempt in range(8):
        try:
            return _listen_once(endpoints, backlog, may_miss_some=target.is_localhost, shares_port=shares_port)
        except OSError as error:
            if target.port != 0 or error.errno != errno.EADDRINUSE:
                raise
    return _listen_once(endpoints[:1], backlog, may_miss_some=False, shares_port=shares_port)


def next_free_port(endpoints: Sequence[Endpoint], *, backlog: int | None) -> int | None:
    """A port above the one that is taken, free on every endpoint just now; None if none of the next 20 is."""
    taken = int(endpoints[0].sockaddr[1]) if endpoints else 0
    for port in range(taken + 1, min(taken + _NEXT_PORTS, HIGHEST_PORT) + 1):
        try:
            free = [endpoint.with_port(port) for endpoint in endpoints]
            _close_all(_listen_once(free, backlog, may_miss_some=True))
        except OSError:
            continue
        return port
    return None


def _listen_once(
    endpoints: Sequence[Endpoint], backlog: int | None, *, may_miss_some: bool, shares_port: bool = False
) -> list[socket.socket]:
    listeners: list[socket.socket] = []
    failure: OSError | None = None
    for endpoint in endpoints:
        if listeners and endpoint.sockaddr[1] == 0:
            endpoint = endpoint.with_port(listeners[0].getsockname()[1])
        try:
            listeners.append(
                _hearer(endpoint, shares_port=shares_port) if backlog is None else _listener(endpoint, backlog)
            )
        except OSError as error:
            failure = error
            if not (may_miss_some and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)):
                _close_all(listeners)
                raise
    if not listeners:
        raise failure or OSError(errno.EADDRNOTAVAIL, "no address to listen on")
    return listeners


def _listener(endpoint: Endpoint, backlog: int) -> socket.socket:
    sock = socket.socket(endpoint.family, socket.SOCK_STREAM)
    try:
        _claim_port(sock)
        _bind(sock, endpoint)
        sock.listen(backlog)
    except BaseException:
        sock.close()
        raise
    return sock


def _hearer(endpoint: Endpoint, *, shares_port: bool) -> socket.socket:
    if sys.platform == "win32" and endpoint.address.is_group:  # which Windows takes for no address of this machine
        anywhere = "::" if endpoint.family == socket.AF_INET6 else "0.0.0.0"  # noqa: S104 - who joins is heard
        endpoint = Endpoint(endpoint.family, (anywhere, endpoint.sockaddr[1]))
    sock = socket.socket(endpoint.family, socket.SOCK_DGRAM)
    try:
        if shares_port:
            _share_port(sock)
        elif sys.platform == "win32":  # of UDP, SO_REUSEADDR of POSIX would share the port
            _claim_port(sock)
        _bind(sock, endpoint)
    except BaseException:
        sock.close()
        raise
    return sock


def _bind(sock: socket.socket, endpoint: Endpoint) -> None:
    """Have the address for a socket that does not block."""
    if endpoint.family == socket.AF_INET6:
        dual = endpoint.address.is_every_interface or ":" not in endpoint.address.host  # ::ffff:127.0.0.1
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if dual else 1)
    sock.setblocking(False)
    sock.bind(endpoint.sockaddr)


def _claim_port(sock: socket.socket) -> None:
    """Take the port for us alone, but not wait for a TIME_WAIT of our own to pass.

    On Windows SO_REUSEADDR would let another process take the port from us; the exclusive option
    is what POSIX does anyway.
    """
    if sys.platform == "win32":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _share_port(sock: socket.socket) -> None:
    """Have several programs hear the datagrams of multicast groups at one port; BSD and macOS ask for both options."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sys.platform not in ("linux", "win32"):
        _set(sock, socket.SOL_SOCKET, "SO_REUSEPORT", 1)


def _close_all(socks: list[socket.socket]) -> None:
    for sock in socks:
        sock.close()


def tune(sock: socket.socket, limits: Limits) -> None:
    """Make a connected socket answer at once and notice a peer that vanished, where the system can.

    It does not block from here on. A system that lacks an option works without it.
    """
    sock.setblocking(False)
    if sock.family == local_sockets.FAMILY:
        return
    _set(sock, socket.IPPROTO_TCP, "TCP_NODELAY", 1)
    _set(sock, socket.SOL_SOCKET, "SO_KEEPALIVE", 1)
    # TCP_KEEPALIVE is what macOS calls the idle time.
    _set(
        sock,
        socket.IPPROTO_TCP,
        "TCP_KEEPIDLE" if hasattr(socket, "TCP_KEEPIDLE") else "TCP_KEEPALIVE",
        limits.keepalive_idle,
    )
    _set(sock, socket.IPPROTO_TCP, "TCP_KEEPINTVL", limits.keepalive_interval)
    _set(sock, socket.IPPROTO_TCP, "TCP_KEEPCNT", limits.keepalive_probes)
    _set(sock, socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", int(limits.unacknowledged * 1000))  # ms, Linux only


def set_nagle(sock: socket.socket, wanted: bool) -> None:
    """Have the system hold small segments back while one is not acknowledged, or not (TCP_NODELAY)."""
    _set(sock, socket.IPPROTO_TCP, "TCP_NODELAY", int(not wanted))


def _set(sock: socket.socket, level: int, option: str, value: int) -> None:
    number = getattr(socket, option, None)
    if number is None:
        return
    try:
        sock.setsockopt(level, number, value)
    except OSError as error:  # the peer may be gone already, or the system knows the name only
        _log.debug("%s: %s", option, error)


def start_connect(endpoint: Endpoint) -> tuple[socket.socket, int]:
    """Begin to connect without waiting. Returns the socket and 0 or the error number so far. Raises ``OSError``."""
    if endpoint.address.is_local:
        return local_sockets.connect(endpoint.address), 0
    sock = socket.socket(endpoint.family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        status = sock.connect_ex(endpoint.sockaddr)
    except BaseException:
        sock.close()
        raise
    return sock, 0 if status in _IN_PROGRESS else status


_IN_PROGRESS = {0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, getattr(errno, "WSAEWOULDBLOCK", 0)}


def connect_status(sock: socket.socket) -> int:
    """0 if a connect that was begun has succeeded, else its error number."""
    status = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if status:
        return status
    try:
        to_oneself = sock.getsockname()[:2] == sock.getpeername()[:2]
    except OSError:  # there is no peer any more; macOS calls that EINVAL
        return errno.ECONNRESET
    # TCP simultaneous open: the port that we were given is the one we asked for.
    return errno.ECONNREFUSED if to_oneself else 0


def error_of(status: int) -> OSError:
    """The error that a socket's status is, with the system's words for it.

    ``os.strerror`` of Windows does not know the numbers of its sockets.
    """
    if sys.platform != "win32":
        return OSError(status, os.strerror(status))
    import ctypes

    return OSError(0, ctypes.FormatError(status).strip().rstrip("."), None, status)


def reset(sock: socket.socket) -> None:
    """Close with RST: throw away what is on its way in both directions."""
    with contextlib.suppress(OSError):
        packing = "hh" if sys.platform == "win32" else "ii"
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(packing, 1, 0))
    sock.close()


def is_over(sock: socket.socket, *, with_fin: bool = True) -> bool:
    """Whether nothing more will come: a RST has, or, if asked for and where the system tells (Linux), a FIN. What came
    before it may still wait to be read.
    """
    if sys.platform == "win32":  # which has no poll, and forgets the bytes that came before a RST
        try:
            sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return False
    poll = select.poll()
    poll.register(sock, getattr(select, "POLLRDHUP", 0) if with_fin else 0)  # POLLHUP and POLLERR are told unasked
    found = poll.poll(0)
    if sys.platform == "linux" and not with_fin:  # POLLHUP is also what two FIN are
        return any(events & select.POLLERR for _descriptor, events in found)
    return bool(found)


def has_failed(sock: socket.socket) -> bool:
    """Whether the system has an error of a socket that no call has told yet, as of a RST; it is told only once."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0


def unconfirmed(sock: socket.socket, *, with_fin: bool = False) -> int | None:
    """Bytes that we sent and the peer's system has not acknowledged; None where nobody can tell.

    Linux: SIOCOUTQ, see tcp(7). It counts a FIN that went out behind them as one more.
    """
    count = _queued(sock)
    return count - 1 if count and with_fin else count


def undelivered(sock: socket.socket, *, with_fin: bool = False) -> int | None:
    """Bytes that we sent and that a RST would take from the peer, as far as our system knows; None where nobody can
    tell.

    What has gone out to this machine itself is there, however late it is acknowledged (40 ms, mostly). Linux:
    SIOCOUTQNSD, see linux/sockios.h.
    """
    try:
        peer = sock.getpeername()
        is_near = readable(peer).is_loopback or peer[0] == sock.getsockname()[0]
    except OSError:  # it is over
        return 0
    return _queued(sock, unsent=True) if is_near else unconfirmed(sock, with_fin=with_fin)


def _queued(sock: socket.socket, *, unsent: bool = False) -> int | None:
    if sys.platform != "linux":
        return None
    import fcntl
    import termios

    request = _SIOCOUTQNSD if unsent else termios.TIOCOUTQ
    try:
        return int(struct.unpack("i", fcntl.ioctl(sock.fileno(), request, b"\0" * 4))[0])
    except (OSError, ValueError):  # of one that was closed meanwhile
        return None


def silence(sock: socket.socket) -> float | None:
    """Seconds since the peer's system last acknowledged anything; None where nobody can tell.

    Linux: tcpi_last_ack_recv in struct tcp_info, in milliseconds (linux/tcp.h).
    """
    if sys.platform != "linux":
        return None
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_ACK_RECV + 4)
        return float(struct.unpack_from("I", info, _LAST_ACK_RECV)[0]) / 1000
    except (OSError, struct.error):
        return None


def tcp_info(sock: socket.socket) -> TcpInfo | None:
    """What the system knows of a connection; None where nobody can tell (Linux: TCP_INFO, linux/tcp.h)."""
    if sys.platform != "linux":
        return None
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SEND_WINDOW + 4)
        words = struct.unpack_from("24I", info, 8)
    except (OSError, struct.error):
        return None
    window = struct.unpack_from("I", info, _SEND_WINDOW)[0] if len(info) >= _SEND_WINDOW + 4 else None
    return TcpInfo(
        rtt=words[15], rtt_deviation=words[16], retransmits=words[23], unacknowledged=words[4],
        congestion_window=words[18], mss=words[2], peer_window=window,
    )  # fmt: skip


_SIOCOUTQNSD = 0x894B
_LAST_ACK_RECV = 8 + 12 * 4  # its place in tcp_info
_SEND_WINDOW = 228  # the same, of tcpi_snd_wnd


# Of UDP.

_IP_RECVERR, _IPV6_RECVERR, _IP_MTU, _IPV6_MTU = 11, 25, 14, 24  # linux/in.h, linux/in6.h
_SO_MEMINFO, _DROPS = 55, 8  # asm-generic/socket.h; SK_MEMINFO_DROPS of linux/sock_diag.h


def keep_received(sock: socket.socket, size: int) -> None:
    """Have the system keep up to so many bytes that came and were not read; it may keep less."""
    _set(sock, socket.SOL_SOCKET, "SO_RCVBUF", size)


def dropped(sock: socket.socket) -> int | None:
    """Datagrams that the system has dropped because nobody read them, modulo 2^32; None where nobody can tell.

    Linux: SO_MEMINFO, the count that SO_RXQ_OVFL and /proc/net/udp have.
    """
    if sys.platform != "linux":
        return None
    try:
        info = sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4 * (_DROPS + 1))
        return int(struct.unpack_from("I", info, 4 * _DROPS)[0])
    except (OSError, struct.error):
        return None


def tell_returned(sock: socket.socket) -> bool:
    """Have the system keep what ICMP says of datagrams to any peer, for ``returned``; whether it does.

    Linux: IP_RECVERR, see ip(7). A connected socket is told of a port without it, and only with it of a host.
    """
    if sys.platform != "linux":
        return False
    try:
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
    except OSError:
        return False
    return True


def returned(sock: socket.socket) -> list[tuple[OSError, SocketAddress]]:
    """What ICMP says of datagrams that were sent, with the address that each was for; each is told once.

    A time to live that ran out is ENETRESET, as on Windows, and a firewall on the way that rejects it EHOSTUNREACH, as
    with IPv4: Linux has EACCES for it with IPv6, as if this machine had refused to send it.
    """
    found: list[tuple[OSError, SocketAddress]] = []
    if sys.platform != "linux":
        return found
    while len(found) < _MOST_RETURNED:
        try:
            _data, ancillary, _flags, sockaddr = sock.recvmsg(0, 512, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
        except OSError:
            break
        for _level, kind, data in ancillary:
            if kind in (_IP_RECVERR, _IPV6_RECVERR) and len(data) >= 7:
                number, origin, what, code = struct.unpack_from("IBBB", data)  # struct sock_extended_err: ee_errno, …
                if origin == _LOCAL:  # the call that was to send it has told
                    continue
                if (origin, what, code) in _TIME_EXCEEDED:
                    number = errno.ENETRESET
                elif origin == _ICMP6 and number == errno.EACCES:
                    number = errno.EHOSTUNREACH
                found.append((OSError(number, os.strerror(number)), sockaddr))
    return found


_LOCAL, _ICMP, _ICMP6 = 1, 2, 3  # SO_EE_ORIGIN_ of linux/errqueue.h
_TIME_EXCEEDED = {(_ICMP, 11, 0), (_ICMP6, 3, 0)}  # RFC 792, RFC 4443; Linux has EHOSTUNREACH for it
_MOST_RETURNED = 256  # at once


def path_limit(sock: socket.socket) -> int | None:
    """Bytes of the largest packet on the way to who a socket is connected to; None where nobody can tell. Linux."""
    if sys.platform != "linux":
        return None
    is_six = sock.family == socket.AF_INET6
    try:
        return sock.getsockopt(socket.IPPROTO_IPV6 if is_six else socket.IPPROTO_IP, _IPV6_MTU if is_six else _IP_MTU)
    except OSError:
        return None


def source_for(sock: socket.socket, local: Address, sockaddr: SocketAddress) -> Address:
    """Our address towards a peer of a UDP socket at ``local``, which may be all of them or a group. Nothing is sent."""
    if not (local.is_every_interface or local.is_group):
        return local
    with contextlib.suppress(OSError), socket.socket(sock.family, socket.SOCK_DGRAM) as probe:
        if sock.family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        probe.connect(sockaddr)
        return Address(readable(probe.getsockname()).host, local.port)
    return local


def raise_descriptor_limit() -> None:
    """Allow 8,192 descriptors, or as many as the system lets us have: macOS begins with 256."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ceiling = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < ceiling:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (ceiling, hard))
