"""How to say to a person what went wrong.

``explain`` turns any error that a socket, a resolver or the disk can raise into a sentence, its
likely causes in order, and what to try.
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

from core.errors import (
    ConnectError,
    Explanation,
    Fault,
    ListenError,
    TincanError,
    TlsPasswordError,
    TransportError,
    system_text,
)


class Doing(Enum):
    """What was being done when the error came: the same number means different things."""

    LISTENING = "listen"
    CONNECTING = "connect"
    TALKING = "talk"
    SENDING = "send a datagram"
    RECORDING = "record"


def explain(error: BaseException, doing: Doing, where: object = "") -> Explanation:
    """Say what ``error`` means for someone who was ``doing`` something at the address ``where``."""
    if isinstance(error, ListenError | ConnectError | TransportError):
        return error.explanation
    if isinstance(error, TincanError):
        return Explanation(str(error), fault=error.fault, needs_password=isinstance(error, TlsPasswordError))
    if isinstance(error, socket.gaierror):
        return _explain_name(error, where)
    is_ours = isinstance(error, TimeoutError) and error.errno is None  # a time limit of our own
    if isinstance(error, OSError) and (is_ours or error.errno is not None):
        name = "ETIMEDOUT" if is_ours else error_name(error)
        known = _TABLE.get((doing, name)) or _ANYWHERE.get(name)
        if known is not None:
            return replace(_filled(known, where), errno="" if is_ours else name)
        what = f"{_ATTEMPT[doing].format(where=where)}: {system_text(error)}"
        return Explanation(what, fault=Fault.NETWORK, errno=name)
    if isinstance(error, MemoryError):
        return Explanation(f"{_ATTEMPT[doing].format(where=where)}: this machine is out of memory")
    return Explanation(f"{_ATTEMPT[doing].format(where=where)}: {type(error).__name__}: {error}")


def error_name(error: OSError) -> str:
    """The POSIX name of an error, such as ``ECONNRESET``, whatever its number is here; nothing for one without.

    Sockets of Windows have numbers of their own: https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2
    """
    return errno.errorcode.get(error.errno or 0, "").removeprefix("WSA")


def _row(what: str, causes: Sequence[str], advice: str, fault: Fault) -> Explanation:
    return Explanation(what, tuple(causes), advice, fault)


_ATTEMPT = {
    Doing.LISTENING: "could not listen on {where}",
    Doing.CONNECTING: "could not connect to {where}",
    Doing.TALKING: "the connection with {where} broke",
    Doing.SENDING: "a datagram for {where} did not go out",
    Doing.RECORDING: "could not write the journal {where}",
}

_INTERFACE, _LINK_LOCAL = (
    ("the number of an interface", "fe80::1%12")
    if sys.platform == "win32"
    else ("the name of an interface", "fe80::1%eth0")
)

_NO_INTERFACE = f"a link-local IPv6 address needs its interface, as in {_LINK_LOCAL}"
_FORBIDDEN = "a route on this machine forbids it"

_LOCAL_NETWORK = (  # from macOS 15 on, a program's first connection into it fails until the person allows it
    ("Tincan is not yet allowed to use the local network (System Settings, Privacy)",)
    if sys.platform == "darwin"
    else ()
)

_NO_IPV6 = "it is of IPv6, which is switched off on this machine"
_REJECTED = "a firewall rejects it"  # ICMP "administratively prohibited", which Linux tells as EHOSTUNREACH, too

_TABLE: dict[tuple[Doing, str], Explanation] = {
    (Doing.LISTENING, "EADDRINUSE"): _row(
        "{where} is already in use",
        ("another window of this program listens there", "another program does"),
        "Identify and stop that program, or start with a different port",
        Fault.PERSON,
    ),
    (Doing.LISTENING, "EACCES"): _row(
        "this system does not let you listen on {where}",
        (
            (
                "another program has it for itself",
                "it is in a range that Windows reserves (netsh interface ipv4 show excludedportrange tcp)",
            )
            if sys.platform == "win32"
            else ("ports below 1024 need administrator rights", "a firewall or a reserved port range forbids it")
        ),
        "Choose another port" if sys.platform == "win32" else "Choose a port above 1023",
        Fault.PERSON,
    ),
    (Doing.LISTENING, "EADDRNOTAVAIL"): _row(
        "{where} is not an address of this machine",
        ("a typing error", "the network it belongs to is not connected", _NO_IPV6),
        "Use 127.0.0.1 for this machine alone, or 0.0.0.0 for every network it is on",
        Fault.PERSON,
    ),
    (Doing.LISTENING, "EAFNOSUPPORT"): _row(
        "this machine has no support for the kind of address that {where} is",
        (_NO_IPV6,),
        "Use an IPv4 address",
        Fault.OURS,
    ),
    (Doing.LISTENING, "EINVAL"): _row(
        "{where} cannot be listened on",
        (_NO_INTERFACE, "it is the address of a multicast group, which only UDP has"),
        "Check the address",
        Fault.PERSON,
    ),
    (Doing.CONNECTING, "ECONNREFUSED"): _row(
        "nothing answers at {where}: the connection was refused",
        ("no server is running there", "it listens on another port or address", "a firewall rejects you"),
        "Start the server first, then check host and port",
        Fault.NETWORK,
    ),
    (Doing.CONNECTING, "ETIMEDOUT"): _row(
        "no answer from {where} in time",
        ("the machine is off or the address is wrong", "a firewall drops the packets", "the network is down"),
        "Check the address, and that both machines are on the same network",
        Fault.NETWORK,
    ),
    (Doing.CONNECTING, "EHOSTUNREACH"): _row(
        "{where} cannot be reached from here",
        (
            "the machine is off or not on this network",
            "the address is wrong",
            _REJECTED,
            *_LOCAL_NETWORK,
        ),
        "Check the address and the network cable or Wi-Fi",
        Fault.NETWORK,
    ),
    (Doing.CONNECTING, "ENETUNREACH"): _row(
        "no network leads from here to {where}",
        (
            "this machine is offline",
            "the address belongs to a kind of network (IPv6, a VPN) that it is not on",
            "a router on the way knows no way there (ICMP network unreachable)",
        ),
        "Check the network connection",
        Fault.NETWORK,
    ),
    (Doing.CONNECTING, "EACCES"): _row(
        "this system does not let you connect to {where}",
        ("a firewall on this machine forbids it", "it is a broadcast address"),
        "Ask whoever looks after this machine's firewall",
        Fault.OURS,
    ),
    (Doing.CONNECTING, "EADDRNOTAVAIL"): _row(
        "{where} cannot be connected to from here",
        (_NO_IPV6, "every local port is in use", "the address is not one that a machine can have"),
        "Check the address",
        Fault.PERSON,
    ),
    (Doing.CONNECTING, "EINVAL"): _row(
        "{where} cannot be connected to",
        (_NO_INTERFACE, _FORBIDDEN),
        "Check the address",
        Fault.PERSON,
    ),
    (Doing.CONNECTING, "ECONNRESET"): _row(
        "{where} broke the connection off while it was being made",
        ("the server is overloaded or has just stopped", "a firewall between you resets it"),
        "Try again in a moment",
        Fault.PEER,
    ),
    (Doing.TALKING, "ECONNRESET"): _row(
        "{where} reset the connection (RST)",
        ("it closed without reading everything", "it was made to cut the connection off", "a firewall did"),
        "What was received before is kept; to go on, a new connection is needed",
        Fault.PEER,
    ),
    (Doing.TALKING, "ECONNABORTED"): _row(  # 10053 of Windows: software of this machine, a time-out of the data
        "the connection with {where} was aborted by this machine",
        (
            "what was sent was not acknowledged in time: the other machine or the network between failed",
            "a firewall or virus scanner of this machine ended it",
            "this machine's network changed or was switched off",
        ),
        "What was sent last may not have arrived; to go on, a new connection is needed",
        Fault.NETWORK,
    ),
    (Doing.TALKING, "EPIPE"): _row(
        "{where} has closed the connection, so nothing more can be sent",
        ("its program ended",),
        "To go on, a new connection is needed",
        Fault.PEER,
    ),
    (Doing.TALKING, "ETIMEDOUT"): _row(
        "{where} no longer answers: the connection is lost",
        ("the machine was switched off or left the network", "a cable, Wi-Fi or a router in between failed"),
        "What was sent last may not have arrived. When the network is back, a new connection is needed",
        Fault.NETWORK,
    ),
    (Doing.TALKING, "EHOSTUNREACH"): _row(
        "{where} can no longer be reached",
        ("its machine left the network", "this machine did"),
        "Check the network; to go on, a new connection is needed",
        Fault.NETWORK,
    ),
    (Doing.SENDING, "ECONNREFUSED"): _row(
        "nothing listens at {where}: its machine sent the datagram back (ICMP port unreachable)",
        ("no program has opened that port", "it listens on another port or address"),
        "Start the program there; what is sent from now on may arrive",
        Fault.NETWORK,
    ),
    (Doing.SENDING, "EINVAL"): _row(
        "nothing can be sent to {where}",
        (_NO_INTERFACE, "it would leave this machine, and the socket is bound to 127.0.0.1 or ::1", _FORBIDDEN),
        "Check the address",
        Fault.PERSON,
    ),
    (Doing.SENDING, "EMSGSIZE"): _row(
        "the datagram is larger than the way to {where} takes",
        ("a UDP datagram has 65,507 bytes at most over IPv4 and 65,527 over IPv6", "it must not be fragmented"),
        "Send less at once: 1,400 bytes go almost anywhere",
        Fault.PERSON,
    ),
    (Doing.SENDING, "EHOSTUNREACH"): _row(
        "{where} cannot be reached from here",
        ("the machine is off or not on this network", "the address is wrong", _REJECTED, *_LOCAL_NETWORK),
        "Check the address and the network cable or Wi-Fi",
        Fault.NETWORK,
    ),
    (Doing.SENDING, "ENETUNREACH"): _row(
        "no network leads from here to {where}",
        (
            "this machine is offline",
            "no interface is set for a multicast group",
            "the address is of a kind that it is not on",
            "a router on the way knows no way there (ICMP network unreachable)",
        ),
        "Check the network connection, or choose an interface",
        Fault.NETWORK,
    ),
    (Doing.SENDING, "EACCES"): _row(
        "this system does not let you send to {where}",
        ("it is a broadcast address, and broadcast is not allowed", "a firewall on this machine forbids it"),
        "Allow broadcast (--broadcast, or Socket options)",
        Fault.PERSON,
    ),
    (Doing.SENDING, "EPERM"): _row(  # what Linux says where a firewall forbids it
        "a firewall on this machine kept back a datagram for {where}",
        ("one of its rules forbids it",),
        "Ask whoever looks after this machine's firewall",
        Fault.OURS,
    ),
    (Doing.SENDING, "ENETRESET"): _row(  # of datagrams, ICMP time exceeded (Windows: WSAENETRESET)
        "a datagram did not arrive at {where}: its time to live ran out on the way",
        ("its time to live is too short for the way", "routers send it round in a circle"),
        "Give it more time to live (--ttl, or Socket options)",
        Fault.NETWORK,
    ),
    (Doing.SENDING, "EADDRNOTAVAIL"): _row(
        "{where} cannot be reached from here",
        (_NO_IPV6, "the address is not one that a machine can have"),
        "Check the address",
        Fault.PERSON,
    ),
    (Doing.SENDING, "ENOBUFS"): _row(
        "a datagram for {where} was dropped by this machine",
        ("more is sent than the network takes",),
        "Send more slowly",
        Fault.OURS,
    ),
    (Doing.RECORDING, "ENOSPC"): _row(
        "the disk is full, so the conversation is not being recorded",
        ("other files fill it",),
        "Free some space: recording goes on by itself",
        Fault.OURS,
    ),
}
for _doing in (Doing.CONNECTING, Doing.SENDING):
    _TABLE[_doing, "EAFNOSUPPORT"] = _TABLE[Doing.LISTENING, "EAFNOSUPPORT"]
for _doing, _name, _same in (
    (Doing.CONNECTING, "ECONNABORTED", "ECONNRESET"),
    (Doing.CONNECTING, "EPERM", "EACCES"),  # what Linux may say where a firewall of this machine forbids it
    (Doing.CONNECTING, "EHOSTDOWN", "EHOSTUNREACH"),
    (Doing.CONNECTING, "ENETDOWN", "ENETUNREACH"),
    (Doing.TALKING, "ENOTCONN", "ECONNRESET"),
    (Doing.TALKING, "ESHUTDOWN", "EPIPE"),  # where POSIX says EPIPE, Windows does this
    (Doing.TALKING, "ENETRESET", "ETIMEDOUT"),  # what Windows says when its keepalive finds nobody
    (Doing.TALKING, "EHOSTDOWN", "EHOSTUNREACH"),
    (Doing.TALKING, "ENETDOWN", "EHOSTUNREACH"),
    (Doing.TALKING, "ENETUNREACH", "EHOSTUNREACH"),
    (Doing.SENDING, "ECONNRESET", "ECONNREFUSED"),  # what Windows says after an ICMP port unreachable (WSAECONNRESET)
    (Doing.SENDING, "EHOSTDOWN", "EHOSTUNREACH"),
    (Doing.SENDING, "ENETDOWN", "ENETUNREACH"),
):
    _TABLE[_doing, _name] = _TABLE[_doing, _same]

_MAY_RAISE = "" if sys.platform == "win32" else ", or raise the limit (ulimit -n)"

_ANYWHERE: dict[str, Explanation] = {
    "EMFILE": _row(
        "this program has as many connections and files open as the system allows",
        ("very many connections at once",),
        f"Close some connections{_MAY_RAISE}",
        Fault.OURS,
    ),
    "ENFILE": _row(
        "all programs together have as many files open as this machine allows",
        ("another program has very many open", "very many connections at once"),
        "Close some connections, or other programs",
        Fault.OURS,
    ),
}
_ANYWHERE["ENOBUFS"] = _ANYWHERE["ENOMEM"] = _row(
    "this machine is out of memory for connections", ("very many connections at once",), "Close some", Fault.OURS
)
_TABLE[Doing.RECORDING, "ENOMEM"] = _row(
    "this machine is out of memory, so the conversation is not being recorded",
    ("other programs take it",),
    "Close some of them",
    Fault.OURS,
)


def _explain_name(error: socket.gaierror, where: object) -> Explanation:
    host = getattr(where, "host", where)
    if error.errno in (socket.EAI_AGAIN, socket.EAI_FAIL):
        return Explanation(
            f"the name {host} could not be looked up just now",
            ("this machine is offline", "its name server does not answer"),
            "Check the network, or use the IP address",
            Fault.NETWORK,
        )
    if "%" in str(host):
        return Explanation(
            f"{host} names a network interface that this machine does not have",
            ("a typing error after the %",),
            f"Use {_INTERFACE} of this machine, as in {_LINK_LOCAL}",
            Fault.PERSON,
        )
    return Explanation(
        f"there is no machine called {host}",
        ("a typing error", "the name is only known in another network"),
        "Check the name, or use the IP address",
        Fault.PERSON,
    )


def _filled(known: Explanation, where: object) -> Explanation:
    return replace(known, what=known.what.replace("{where}", str(where)))
