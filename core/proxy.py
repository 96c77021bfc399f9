"""A proxy, through which a client or a tap dials: its kind, its place, and how people write it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from core.address import HIGHEST_PORT, Address, decode_zone, parse_address, split_target
from core.errors import AddressError, check_type
from core.local_address import is_local, read_local

SOCKS5, HTTP = "socks5", "http"

_URL = re.compile(r"(socks5|socks5h|http)://(?:(.*)@)?([^@/?#]+)([/?#][^@]*)?", re.ASCII | re.IGNORECASE | re.DOTALL)
_DEFAULT_PORTS = {SOCKS5: 1080, HTTP: None}  # RFC 1928, section 3; of HTTP proxies there is no usual one
_EXAMPLE_PORT = 3128  # squid's
_LONGEST = 255  # bytes of a user and of a password: RFC 1929, section 2


@dataclass(frozen=True, slots=True)
class Proxy:
    """``kind`` is SOCKS5 or HTTP (its CONNECT). Written out it has neither user nor password.

    Raises ``AddressError`` for what no proxy can be told.
    """

    kind: str
    address: Address
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        check_type("address", self.address, Address)
        for name in ("kind", "user", "password"):
            check_type(name, getattr(self, name), str)
        if self.kind not in _DEFAULT_PORTS:
            raise AddressError("a proxy is socks5 or http")
        if self.address.is_local:
            raise AddressError("a proxy has a host and a port, and is no local socket")
        if self.password and not self.user:
            raise AddressError("the user of the proxy is missing in front of the password")
        if self.kind == HTTP and ":" in self.user:
            raise AddressError("the user of an HTTP proxy has no colon in its name")
        try:
            longest = max(len(self.user.encode()), len(self.password.encode()))
        except UnicodeEncodeError:
            raise AddressError("the user or the password of the proxy is no text") from None
        if longest > _LONGEST:
            raise AddressError(f"the user or the password of the proxy has more than {_LONGEST} bytes")

    def __str__(self) -> str:
        return f"{self.kind}://{self.address}"

    @property
    def with_user(self) -> str:
        """As it can be read again, but for the password."""
        return f"{self.kind}://{quote(self.user, safe='')}@{self.address}" if self.user else str(self)


def parse_proxy(text: str) -> Proxy:
    """Read ``socks5://[USER[:PASSWORD]@]HOST[:1080]`` or ``http://[USER[:PASSWORD]@]HOST:PORT``, percent-encoded.

    Names of targets are always looked up by the proxy, so ``socks5h`` is the same. Raises ``AddressError``, which
    repeats nothing of what stood in front of the host.
    """
    found = _URL.fullmatch(text.strip())
    if found is None:
        raise AddressError("a proxy is written socks5://HOST:PORT or http://HOST:PORT")
    place, path = decode_zone(found[3] + (found[4] or "")), found[4]
    if path not in (None, "/") and read_local(place) is None:
        raise AddressError("a proxy has a host and a port alone: leave out what follows them")
    kind = found[1].lower().removesuffix("h")
    user, _, password = (found[2] or "").partition(":")
    host, port, _tls = split_target(place)
    if kind == HTTP and host and port is None and not is_local(host):
        raise AddressError(f"the port is missing: write {kind}://{Address(host, _EXAMPLE_PORT)}, for example")
    if port is not None and not (port.isdecimal() and int(port[:20]) <= HIGHEST_PORT):  # it may be a password
        raise AddressError(f"the port of the proxy is no number up to {HIGHEST_PORT}; a user stands before an @")
    address = parse_address(place, for_server=False, default_port=_DEFAULT_PORTS[kind])
    try:
        return Proxy(kind, address, unquote(user, errors="strict"), unquote(password, errors="strict"))
    except UnicodeDecodeError:
        raise AddressError("the user or the password of the proxy is no text: %XX stands for bytes of UTF-8") from None


def make_proxy(proxy: Proxy | str | None, target: Address) -> Proxy | None:
    """The proxy for connections to ``target``. Raises ``AddressError`` for none, or if it cannot lead there."""
    made = parse_proxy(proxy) if isinstance(proxy, str) else proxy
    if made is not None:
        check_target(target)
    return made


def check_target(target: Address) -> None:
    """Raise ``AddressError`` for a target that no proxy can reach."""
    if target.is_local:
        raise AddressError(f"{target} is on this machine, where no proxy leads: leave the proxy out")
    if "%" in target.host:
        raise AddressError(f"{target.host} names an interface of this machine, of which a proxy knows nothing")
