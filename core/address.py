"""Addresses as people type or find them: parted into host and port, validated and written back.

No name is looked up here. What a name stands for is found out when it is used
(``core.net.sockets``), and is shown then.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import NamedTuple

from core.errors import AddressError, check_type, quoted
from core.local_address import SCHEME, check_local, is_local, read_local

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 5555
HIGHEST_PORT = 65535

_LONGEST_HOST = 253  # RFC 1035, section 2.3.4, less the root's two octets
_LONGEST_LABEL = 63  # RFC 1035, section 2.3.4
_LONGEST_INPUT = 1024  # more than any address; keeps every check below cheap

_PORT = re.compile(r"[0-9]{1,20}", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", re.ASCII | re.IGNORECASE)
_ZONE_OF_URL = re.compile(r"(?<=[0-9a-f:])%25(?=[a-z0-9_.\-]+\])", re.ASCII | re.IGNORECASE)
_ZONE = re.compile(r"[A-Za-z0-9_.:\-]{1,64}", re.ASCII)

# How an address is written elsewhere: in a URL, in a chat, in the output of netstat, on the command line of telnet.
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3002: ".", 0x3000: " ", 0xA0: " "}
_AROUND = " \t\r\n\v\f\ufeff\u200b\u200e\u200f\u2060<>()\"'`“”‘’«»,;"
_TUPLE = re.compile(r"'([^']+)', ([0-9]+)(?:, [0-9]+, [0-9]+)?\)?", re.ASCII)  # as Python's getpeername has it
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):/{2,}", re.ASCII | re.IGNORECASE)
_TCP = re.compile(r"tcp[46]?:(?=[^/].*:)", re.ASCII | re.IGNORECASE)  # as socat has it
_UDP = re.compile(r"udp[46]?:(?:/{2,}|(?=[^/].*:))", re.ASCII | re.IGNORECASE)  # the second as socat has it
_FILE = re.compile(r"(?:\.{1,2}|~)?/(?!/)")  # a path, which no host begins like
_PATH = re.compile(r"[/?#].*", re.DOTALL)
_GROUP = re.compile(r"[0-9a-f]{1,4}", re.ASCII | re.IGNORECASE)  # of an IPv6 address
_PREFIX = re.compile(r"/[0-9]{1,3}", re.ASCII)
_WORDS = re.compile(
    r"(?:(?:telnet|nc|ncat|netcat)\s+)?(?P<host>[^\s,;]+?)(?P<between>\s*[:,;]\s*|\s+)(?:port\s*:?\s*)?(?P<port>[0-9]{1,20})[.,;]?",
    re.ASCII | re.IGNORECASE,
)
_NUMBERS = re.compile(r"[0-9]+(\.[0-9]+){3,}", re.ASCII)  # no name ends in digits alone (RFC 3696, section 2)
_DOTTED = re.compile(  # netstat on BSD and macOS
    r"((?:[0-9]{1,3}\.){3}[0-9]{1,3}|\*|[0-9a-f]*:[0-9a-f]*:[0-9a-f:]*(?:%[a-z0-9]+)?)\.([0-9]{1,5})?",
    re.ASCII | re.IGNORECASE,
)

NO_LOCAL_DATAGRAMS = "UDP goes to a host and a port, and a local socket has neither"
NO_PORT = "a local socket has no port: leave it out"

_PORTS = {
    "amqp": 5672, "coap+tcp": 5683, "dict": 2628, "ftp": 21, "git": 9418, "gopher": 70, "http": 80, "imap": 143,
    "irc": 6667, "ldap": 389, "memcached": 11211, "mqtt": 1883, "mongodb": 27017, "mysql": 3306, "nats": 4222,
    "pop3": 110, "postgres": 5432, "postgresql": 5432, "redis": 6379, "rtmp": 1935, "rtsp": 554, "sip": 5060,
    "smtp": 25, "ssh": 22, "telnet": 23, "vnc": 5900, "ws": 80, "xmpp": 5222,
}  # fmt: skip
_TLS_PORTS = {
    "https": 443, "wss": 443, "rediss": 6379, "mqtts": 8883, "amqps": 5671, "ftps": 990, "imaps": 993, "ircs": 6697,
    "ldaps": 636, "pop3s": 995, "sips": 5061, "smtps": 465, "tls": None, "ssl": None, "tcps": None,
}  # fmt: skip
_OTHER = {
    "file": "a file",
    "serial": "a serial port",
    "sctp": "SCTP",
    "quic": "QUIC",
    "dtls": "DTLS",
    "udplite": "UDP-Lite",
    "vsock": "a socket of virtual machines",
}
_UDP_PORTS = {"coap": 5683, "ntp": 123, "radius": 1812, "snmp": 161, "stun": 3478, "syslog": 514, "tftp": 69}


@dataclass(frozen=True, slots=True)
class Address:
    """One end of a TCP connection, or the place where a server listens.

    ``host`` is an IPv4 or IPv6 literal (without brackets, with its zone id if it has one) or a
    name; ``port`` is 0 to 65535, where 0 means "any free port" and suits a server only.
    Or ``host`` is a local socket, ``unix:/path`` (``core.local_address``), and the port 0.

    Raises ``AddressError`` for anything else, and ``TypeError`` for a host that is no text.
    """

    host: str
    port: int

    def __post_init__(self) -> None:
        check_type("host", self.host, str)
        check_host(self.host)
        if type(self.port) is not int or not 0 <= self.port <= HIGHEST_PORT:
            raise AddressError(f"the port must be a whole number from 0 to {HIGHEST_PORT}")
        if self.is_local and self.port:
            raise AddressError(NO_PORT)

    def __str__(self) -> str:
        if self.is_local:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether it is a local socket, which has no port."""
        return is_local(self.host)

    @property
    def port_text(self) -> str:
        """The port as it stands in a field of its own: nothing of a local socket."""
        return "" if self.is_local else str(self.port)

    @property
    def is_unnamed(self) -> bool:
        """Whether it is a local socket without a name, as that of a client is."""
        return self.host == SCHEME

    def with_process(self, process: str) -> str:
        """A peer as people read it, with the process at the other end of a local socket, where that is known."""
        if self.is_unnamed:
            return process or "a program of this machine"
        return f"{self}, {process}" if process else str(self)

    @property
    def is_literal(self) -> bool:
        """Whether the host is an IP address or a local socket as it stands, so that nothing needs looking up."""
        return self.is_local or _ip(self.host) is not None

    @property
    def is_localhost(self) -> bool:
        """See ``is_localhost``."""
        return is_localhost(self.host)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can be meant."""
        ip = _ip(self.host)
        return self.is_localhost or self.is_local if ip is None else _effective(ip).is_loopback

    @property
    def is_every_interface(self) -> bool:
        """Whether a server here can be reached through every network of this machine."""
        ip = _ip(self.host)
        return ip is not None and ip.is_unspecified

    @property
    def is_group(self) -> bool:
        """Whether it stands for a multicast group."""
        ip = _ip(self.host)
        return ip is not None and ip.is_multicast

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
        return self.host if self.host.isascii() or self.is_local else _to_idna(self.host)


@dataclass(frozen=True, slots=True)
class LocalAddress:
    """One address of this machine. ``interface`` is empty where the system does not say."""

    host: str  # as a server could be told to listen on it, with its zone if it needs one
    interface: str = ""

    @property
    def is_link_local(self) -> bool:
        """Whether it is good on one cable or Wi-Fi only; whoever connects adds a zone of their own."""
        return ipaddress.ip_address(self.host).is_link_local


class Target(NamedTuple):
    """An address, and whether its scheme asks for TLS there."""

    address: Address
    tls: bool


class Destination(NamedTuple):
    """An address, whether its scheme asks for TLS there, and whether it asks for UDP."""

    address: Address
    tls: bool
    datagrams: bool


class Parts(NamedTuple):
    """What an address is made of as it was written, none of it judged; None is what it does not have."""

    host: str | None
    port: str | None
    tls: bool  # whether its scheme asks for TLS


def is_localhost(host: str) -> bool:
    """Whether it is ``localhost`` or a name below it: this machine, at two addresses (RFC 6761, 6.3)."""
    return f".{host.lower().removesuffix('.')}".endswith(".localhost")


def parse_address(
    text: str, *, for_server: bool, default_host: str = DEFAULT_HOST, default_port: int | None = None
) -> Address:
    """Read an address as ``split_target`` does, ``HOST`` alone if there is a default port, or a bare port.

    Raises ``AddressError`` with a sentence that says what is wrong and what would be right; also for an address with
    TLS, which the caller would lose.
    """
    _refuse_tls(text)
    return parse_target(text, for_server=for_server, default_host=default_host, default_port=default_port).address


def without_udp(text: str) -> tuple[str, bool]:
    """The text without ``udp://`` before it, and whether that was there."""
    found = _UDP.match(_cleared(text))
    return (text, False) if found is None else (decode_zone(_cleared(text)[found.end() :]), True)


def with_udp(text: str) -> str:
    """The text with ``udp://`` before it."""
    return text if without_udp(text)[1] else f"udp://{_cleared(text)}"


def both_udp(one: str, other: str) -> tuple[str, str]:
    """Two addresses of one session: if one of them has ``udp://`` before it, both have."""
    is_udp = without_udp(one)[1] or without_udp(other)[1]
    return (with_udp(one), with_udp(other)) if is_udp else (one, other)


def decode_zone(rest: str) -> str:
    """What stands behind ``SCHEME://`` with the zone of an IPv6 address as elsewhere: a URL has ``%25`` before it (RFC
    6874, section 2).
    """
    return _ZONE_OF_URL.sub("%", rest)


def parse_udp(text: str, *, for_server: bool) -> Address:
    """Read an address of UDP as ``parse_address`` does, with or without ``udp://`` before it."""
    rest, is_udp = without_udp(text)
    if is_udp:
        _refuse_second_scheme(rest)
    address = parse_address(rest, for_server=for_server)
    if address.is_local:
        raise AddressError(NO_LOCAL_DATAGRAMS)
    return address


def parse_destination(text: str, *, for_server: bool) -> Destination:
    """Read an address of TCP as ``parse_target`` does, or one of UDP, which ``udp://`` asks for."""
    if without_udp(text)[1]:
        return Destination(parse_udp(text, for_server=for_server), False, True)
    return Destination(*parse_target(text, for_server=for_server), False)


def parse_target(
    text: str, *, for_server: bool, default_host: str = DEFAULT_HOST, default_port: int | None = None
) -> Target:
    """Read an address as ``parse_address`` does, also one whose scheme asks for TLS, as ``tls://`` does."""
    host, port, tls = split_target(text)
    return Target(_address(host, port, for_server, default_host, default_port), tls)


def _address(
    host: str | None, port: str | None, for_server: bool, default_host: str, default_port: int | None
) -> Address:
    if host is None and port is None:
        raise AddressError(f"type an address, for example {default_host}:{DEFAULT_PORT}")
    if host is None:
        host = default_host
    if is_local(host):
        return Address(host, 0)
    if port is None and default_port is not None:
        return Address(check_host(host), default_port)
    if port is None:
        raise AddressError(f"the port is missing: write {Address(host, DEFAULT_PORT)}, for example")
    return Address(check_host(host), parse_port(port, for_server=for_server))


def parse_port(text: str, *, for_server: bool) -> int:
    """Read a port: 1 to 65535, and 0 ("any free port") for a server only.

    Raises ``AddressError``.
    """
    text = text.translate(_WIDE).strip(_AROUND)
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
    local = read_local(text)
    if local is not None:
        return local
    text = text.strip(" \t\r\n")
    if text.startswith("[") and text.endswith("]") and ":" in text:
        text = text[1:-1]
    return check_host(text)


def split_target(text: str) -> Parts:
    """Host and port in what was typed or pasted, neither of them judged, and whether its scheme asks for TLS.

    Read are ``HOST:PORT``, ``HOST PORT``, ``[::1]:PORT`` and URLs (whose user and path are left out, and whose scheme
    gives a port that is missing); also full-width characters, and addresses as netstat, telnet and socat have them.
    A local socket is all host. Raises ``AddressError`` for an address of something that Tincan does not speak.
    """
    local = read_local(text)
    if local is not None:
        return Parts(local, None, False)
    if _FILE.match(text.strip(_AROUND)):
        raise AddressError(f"a local socket has unix: in front of its path: write {quoted(SCHEME + text.strip())}")
    text, usual_port, tls = _without_scheme(_cleared(text))
    if tls and (local := read_local(text)) is not None:
        return Parts(local, None, True)
    text = _without_path(text, is_url=bool(usual_port)).rpartition("@")[2]
    if len(text) > _LONGEST_INPUT:
        return Parts(text, None, tls)
    text = decode_zone(text) if usual_port else text
    found = _DOTTED.fullmatch(text)
    host, port = (found[1], found[2]) if found is not None else _split(text)
    host = "0.0.0.0" if host == "*" else host  # noqa: S104 - every interface is what netstat means by it
    return Parts(host, port or usual_port.strip("/") or None, tls)


def _cleared(text: str) -> str:
    """The text without what stands around an address where it was found."""
    text = text.translate(_WIDE).strip(" \t\r\n(")
    found = _TUPLE.fullmatch(text)
    return _TCP.sub("", text.strip(_AROUND), count=1) if found is None else f"[{found[1]}]:{found[2]}"


def _refuse_second_scheme(rest: str) -> None:
    """Raise ``AddressError`` if another scheme stands behind the first."""
    second = _SCHEME.match(rest)
    if second is not None:
        raise AddressError(f"{second[1].lower()}:// stands behind another scheme: leave one of the two out")


def _refuse_tls(text: str) -> None:
    found = _SCHEME.match(_cleared(text))
    if found is not None and found[1].lower() in _TLS_PORTS:
        raise AddressError(f"{found[1].lower()}:// needs TLS: switch it on, and type the host and a port")


def check_host(host: str) -> str:
    """Give the host back if it can be one; raise ``AddressError`` if it cannot."""
    if is_local(host):
        return check_local(host)
    if not host:
        raise AddressError(f"type a host, for example {DEFAULT_HOST} or localhost")
    if len(host) > _LONGEST_INPUT:
        raise AddressError(f"this host is too long: names have at most {_LONGEST_HOST} characters")
    if ":" in host:
        return _check_ipv6(host)
    if _NUMBERS.fullmatch(host) and _ip(host) is None:
        raise AddressError(f"{quoted(host)} is not an IP address: four numbers from 0 to 255, without zeros in front")
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


def _without_scheme(text: str) -> tuple[str, str, bool]:
    """The text behind ``SCHEME://``, the port that this stands for, "/" if it is not known, "" without a scheme, and
    whether it is one with TLS.
    """
    if _UDP.match(text):
        raise AddressError("udp:// is for datagrams, and here streams of bytes are meant: type a host and a port")
    found = _SCHEME.match(text)
    if found is None:
        return text, "", False
    scheme, rest = found[1].lower(), text[found.end() :]
    _refuse_second_scheme(rest)
    if scheme in _OTHER:
        raise AddressError(f"Tincan speaks TCP and UDP, and {scheme}:// is {_OTHER[scheme]}: type a host and a port")
    if scheme in _UDP_PORTS:
        raise AddressError(f"{scheme}:// goes over UDP: write udp://HOST:{_UDP_PORTS[scheme]}")
    if scheme in _TLS_PORTS:
        return rest, str(_TLS_PORTS[scheme] or "/"), True
    return rest, str(_PORTS.get(scheme, "/")), False


def _without_path(text: str, *, is_url: bool) -> str:
    """The text without what a URL has behind host and port. Raises ``AddressError`` for a network."""
    text = text[2:] if text.startswith("//") else text
    found = _PATH.search(text)
    if found is None:
        return text
    host, path = text[: found.start()], found.group()
    if not is_url and path.startswith("//"):
        why = "type the URL alone" if host.endswith(":") else "a : is missing before the //"
        raise AddressError(f"{quoted(text)} is not a host: {why}")
    if not is_url and _PREFIX.fullmatch(path) and _ip(host) is not None:
        raise AddressError(f"{quoted(text)} is a network: type one address of it, for example {host}")
    return host


def _split(text: str) -> tuple[str | None, str | None]:
    """Part host from port without judging either; None is what was not given."""
    found = _WORDS.fullmatch(text) if _ip(text) is None else None
    host = found["host"] if found is not None else ""
    is_bracketed = host.startswith("[") and host.endswith("]")
    if found is not None and (":" not in host or is_bracketed):
        if host.isdecimal() and int(host) <= HIGHEST_PORT and ":" not in found["between"]:
            raise AddressError(f"{quoted(text)} has two ports and no host: write {DEFAULT_HOST}:{host}, for example")
        return host[1:-1] if is_bracketed else host, found["port"]
    if text.startswith("["):
        return _split_brackets(text)
    if text.count(":") > 1:
        return _split_colons(text)
    host, colon, port = text.partition(":")
    if colon:
        return host or None, port or None
    return (None, text) if text.isdecimal() else (text or None, None)


def _split_brackets(text: str) -> tuple[str, str | None]:
    """The same for an IPv6 address in brackets."""
    host, bracket, rest = text[1:].partition("]")
    if not bracket:
        raise AddressError("the closing ] of the IPv6 address is missing")
    if rest and not rest.startswith(":"):
        raise AddressError("after the ] comes a colon and the port, as in [::1]:5555")
    return host, rest[1:] or None


def _split_colons(text: str) -> tuple[str, str | None]:
    """The same where there are more colons than one: an IPv6 address, with or without a port behind a space."""
    if text.startswith(":::") and _PORT.fullmatch(text[3:]):
        return "::", text[3:]  # as netstat has it
    host, *rest = text.split() or [text]
    if _ip(host) is not None and ":" not in host.partition("%")[2] and len(rest) < 2:
        return host, rest[0] if rest else None
    if rest:
        raise AddressError(f"{quoted(text)} is more than one address: type one")
    name, *ports = text.split(":")
    if name and not _GROUP.fullmatch(name):
        port = next(filter(None, ports), DEFAULT_PORT)
        raise AddressError(f"{quoted(text)} has more than one port: write {quoted(f'{name}:{port}')}")
    raise AddressError("write an IPv6 address in brackets, as in [::1]:5555")


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
