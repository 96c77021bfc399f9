"""``HOST:PORT`` as people type it: parsed, validated and written back.

No name is looked up here. What a name stands for is found out when it is used
(``core.net.sockets``), and is shown then.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from core.errors import AddressError, quoted

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 5555
HIGHEST_PORT = 65535

_LONGEST_HOST = 253  # RFC 1035, section 2.3.4, less the root's two octets
_LONGEST_LABEL = 63  # RFC 1035, section 2.3.4
_LONGEST_INPUT = 1024  # more than any address; keeps every check below cheap

_PORT = re.compile(r"[0-9]{1,20}", re.ASCII)
_WITH_PORT = re.compile(r"(?:\[(?P<bracketed>[^\]]+)\]|(?P<host>[^:\[\]]+)):(?P<port>[0-9]{1,20})", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", re.ASCII | re.IGNORECASE)
_ZONE = re.compile(r"[A-Za-z0-9_.:\-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """One end of a TCP connection, or the place where a server listens.

    ``host`` is an IPv4 or IPv6 literal (without brackets, with its zone id if it has one) or a
    name; ``port`` is 0 to 65535, where 0 means "any free port" and suits a server only.

    Raises ``AddressError`` for anything else.
    """

    host: str
    port: int

    def __post_init__(self) -> None:
        check_host(self.host)
        if type(self.port) is not int or not 0 <= self.port <= HIGHEST_PORT:
            raise AddressError(f"the port must be a whole number from 0 to {HIGHEST_PORT}")

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_literal(self) -> bool:
        """Whether the host is an IP address as it stands, so that nothing needs looking up."""
        return _ip(self.host) is not None

    @property
    def is_localhost(self) -> bool:
        """Whether the host is the name ``localhost``, which stands for two addresses."""
        return self.host.lower() == "localhost"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can be meant."""
        ip = _ip(self.host)
        return self.is_localhost if ip is None else _effective(ip).is_loopback

    @property
    def is_every_interface(self) -> bool:
        """Whether a server here can be reached through every network of this machine."""
        ip = _ip(self.host)
        return ip is not None and ip.is_unspecified

    @property
    def dialled(self) -> Address:
        """Where a client on this machine finds a server that listens here: loopback for every interface.

        To dial 0.0.0.0 is defined nowhere: Linux takes it for loopback, Windows refuses it
        (https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2, WSAEADDRNOTAVAIL).
        """
        if not self.is_every_interface:
            return self
        return Address("::1" if ":" in self.host else "127.0.0.1", self.port)

    @property
    def ascii_host(self) -> str:
        """The host as the resolver is asked for it: a non-ASCII name in its IDNA form."""
        return self.host if self.host.isascii() else _to_idna(self.host)


@dataclass(frozen=True, slots=True)
class LocalAddress:
    """One address of this machine. ``interface`` is empty where the system does not say."""

    host: str  # as a server could be told to listen on it, with its zone if it needs one
    interface: str = ""

    @property
    def is_link_local(self) -> bool:
        """Whether it is good on one cable or Wi-Fi only; whoever connects adds a zone of their own."""
        return ipaddress.ip_address(self.host).is_link_local


def parse_address(
    text: str, *, for_server: bool, default_host: str = DEFAULT_HOST, default_port: int | None = None
) -> Address:
    """Read ``HOST:PORT``, ``[::1]:8000``, ``HOST`` (if there is a default port) or a bare port.

    Raises ``AddressError`` with a sentence that says what is wrong and what would be right.
    """
    text = text.strip(" \t\r\n")
    host, port = _split(text)
    if host is None and port is None:
        raise AddressError(f"type an address, for example {default_host}:{DEFAULT_PORT}")
    if host is None:
        host = default_host
    if port is None and default_port is not None:
        return Address(check_host(host), default_port)
    if port is None:
        raise AddressError(f"the port is missing: write {Address(host, DEFAULT_PORT)}, for example")
    return Address(check_host(host), parse_port(port, for_server=for_server))


def parse_port(text: str, *, for_server: bool) -> int:
    """Read a port: 1 to 65535, and 0 ("any free port") for a server only.

    Raises ``AddressError``.
    """
    text = text.strip(" \t\r\n")
    if not text:
        raise AddressError(f"type a port, a number from 1 to {HIGHEST_PORT}")
    if not _PORT.fullmatch(text):
        raise AddressError(f"{quoted(text)} is not a port: use a number from 1 to {HIGHEST_PORT}")
    port = int(text)
    if port > HIGHEST_PORT:
        raise AddressError(f"{quoted(text)} is too high: ports go up to {HIGHEST_PORT}")
    if port == 0 and not for_server:
        raise AddressError("port 0 means “any free port”, which only a server can use")
    return port


def parse_host(text: str) -> str:
    """Read a host alone, with or without the brackets of an IPv6 address.

    Raises ``AddressError``.
    """
    text = text.strip(" \t\r\n")
    if text.startswith("[") and text.endswith("]") and ":" in text:
        text = text[1:-1]
    return check_host(text)


def part(text: str) -> tuple[str, str] | None:
    """Host and port of ``HOST:PORT`` or ``[::1]:PORT``, as written; None if it is not of that form."""
    found = _WITH_PORT.fullmatch(text.strip(" \t\r\n"))
    return (found["bracketed"] or found["host"], found["port"]) if found else None


def check_host(host: str) -> str:
    """Give the host back if it can be one; raise ``AddressError`` if it cannot."""
    if not host:
        raise AddressError(f"type a host, for example {DEFAULT_HOST} or localhost")
    if len(host) > _LONGEST_INPUT:
        raise AddressError(f"this host is too long: names have at most {_LONGEST_HOST} characters")
    if ":" in host:
        return _check_ipv6(host)
    name = host if host.isascii() else _to_idna(host)
    name = name[:-1] if name.endswith(".") else name
    if len(name) > _LONGEST_HOST:
        raise AddressError(f"this host is too long: names have at most {_LONGEST_HOST} characters")
    for label in name.split("."):
        if len(label) > _LONGEST_LABEL:
            raise AddressError(
                f"a part of this host is too long: between two dots stand at most {_LONGEST_LABEL} characters"
            )
        if not _LABEL.fullmatch(label):
            raise AddressError(f"{quoted(host)} is not a host: a name has letters, digits, - and . only")
    return host


def _split(text: str) -> tuple[str | None, str | None]:
    """Part host from port without judging either; None is what was not given."""
    if not text:
        return None, None
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket:
            raise AddressError("the closing ] of the IPv6 address is missing")
        if rest and not rest.startswith(":"):
            raise AddressError("after the ] comes a colon and the port, as in [::1]:5555")
        return host, rest[1:] or None
    if text.count(":") > 1:
        if _ip(text) is None:
            raise AddressError("write an IPv6 address in brackets, as in [::1]:5555")
        return text, None
    host, colon, port = text.partition(":")
    if colon:
        return host or None, port or None
    return (None, text) if text.isdecimal() else (text, None)


def _check_ipv6(host: str) -> str:
    address, percent, zone = host.partition("%")
    if percent and not _ZONE.fullmatch(zone):
        raise AddressError("after the % comes the name of a network interface, as in fe80::1%eth0")
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        if host.count(":") == 1:
            raise AddressError(f"{quoted(host)} is not a host: the port is a number of its own") from None
        raise AddressError(f"{quoted(host)} is not an IPv6 address") from None
    return host


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _effective(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address inside a mapped IPv6 one (``::ffff:127.0.0.1``), else the address itself."""
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip


def _to_idna(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise AddressError(f"{quoted(host)} is not a host: it cannot be written in the form DNS uses") from None
