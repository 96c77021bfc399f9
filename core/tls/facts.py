"""What a TLS handshake was, as values: who offered what, what was chosen, who proved what to whom, and when."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, TypeVar

from core.words import in_seconds

_V = TypeVar("_V")


class Trust(Enum):
    """Why the peer is believed to be who it says; the value is what the journal keeps."""

    AUTHORITY = "authority"  # a chain of certificates leads to one that is trusted
    PIN = "pin"  # its certificate is the one that was named by its fingerprint
    UNVERIFIED = "unverified"  # nobody looked, as was asked for
    ANONYMOUS = "anonymous"  # it showed no certificate, as clients mostly do
    REFUSED = "refused"  # it is not believed, and the handshake failed for that
    UNKNOWN = "unknown"  # the handshake did not come so far


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client offered, read from its hello message; names as IANA has them, what has none as ``0x1234``."""

    versions: tuple[str, ...] = ()  # "TLS 1.3", the dearest first
    suites: tuple[str, ...] = ()
    server_name: str = ""  # SNI
    alpn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What a server chose of it, read from its hello message."""

    version: str = ""
    suite: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that a peer showed. Times are seconds since 1970."""

    subject: str  # "CN=localhost, O=Tincan"
    issuer: str
    name: str  # what a person calls it by: its common name, else the first of ``names``
    issuer_name: str
    names: tuple[str, ...]  # hosts and addresses that it is for (SAN)
    begins: int
    ends: int
    key: str  # "EC P-256"; empty where that cannot be read
    fingerprint: str  # SHA-256, 64 hexadecimal digits
    remark: str = ""  # what is wrong with it by itself: expired, signed by itself ...

    @property
    def shown_fingerprint(self) -> str:
        """The fingerprint as browsers show it."""
        digits = self.fingerprint.upper()
        return ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))

    @property
    def validity(self) -> str:
        """From when to when it is good, in UTC."""
        return f"{day(self.begins)} to {day(self.ends)}"


@dataclass(frozen=True, slots=True)
class Flight:
    """What one side said before the other had its turn."""

    is_ours: bool
    messages: tuple[str, ...]  # "client hello", "certificate" ...; what is encrypted is called so
    size: int  # bytes on the wire
    after: float  # seconds since the handshake began


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert and who sent it; the name is that of RFC 8446, section 6."""

    is_ours: bool
    name: str
    is_fatal: bool = True


@dataclass(frozen=True, slots=True)
class Handshake:
    """One handshake, whether it came to its end or failed. Of what it did not come to, the fields are empty."""

    is_server: bool  # which role we had
    took: float  # seconds
    client_hello: ClientHello | None = None
    server_hello: ServerHello | None = None
    version: str = ""  # "TLS 1.3"
    suite: str = ""  # as IANA has it
    alpn: str = ""
    is_resumed: bool = False
    name: str = ""  # whom we asked for and verified; empty in a server
    trust: Trust = Trust.UNKNOWN
    proved_by: str = ""  # whose certificate vouches for the peer's
    chain: tuple[Certificate, ...] = ()  # of the peer, its own certificate first
    own: str = ""  # the name in the certificate that we showed
    flights: tuple[Flight, ...] = ()
    alerts: tuple[Alert, ...] = ()
    failure: str = ""  # why it failed; empty if it did not
    can_be_pinned: bool = False  # whether it failed for the peer's certificate, which a person may choose to trust
    key_log: str = ""  # the file that has the session's secrets; empty: none has

    @property
    def peer(self) -> str:
        """What the other end is called."""
        return "client" if self.is_server else "server"

    @property
    def half_closes(self) -> bool:
        """Whether one side may finish while the other still sends; before TLS 1.3 the end of one is that of both."""
        return self.version == "TLS 1.3"

    @property
    def summary(self) -> str:
        """All that matters in one line."""
        if self.failure:
            return f"the TLS handshake failed after {in_seconds(self.took)}: {self.failure}"
        parts = [self.version, self.suite, f"ALPN {self.alpn}" if self.alpn else "", self._about_trust]
        parts += ["resumed" if self.is_resumed else "", in_seconds(self.took)]
        parts.append(f"its secrets are written to {self.key_log}" if self.key_log else "")
        return ", ".join(filter(None, parts))

    @property
    def _about_trust(self) -> str:
        who = self.name or (self.chain[0].name if self.chain else "")
        match self.trust:
            case Trust.AUTHORITY:
                return f'"{who}" proved by {self.proved_by}'
            case Trust.PIN:
                return f'"{who}" known by the fingerprint of its certificate'
            case Trust.UNVERIFIED:
                return f'not verified that this is "{who}"'
            case _:
                return ""


def day(moment: int) -> str:
    """A moment as a certificate gives it, to the day, in UTC; years beyond what is sensible as they come."""
    try:
        return time.strftime("%Y-%m-%d", time.gmtime(moment))
    except (OverflowError, ValueError, OSError):
        return f"{moment} s after 1970"


def handshake_of(detail: Mapping[str, object]) -> Handshake | None:
    """The handshake in the detail of a ``tls-handshake`` note of a journal, as JSON gives it; None if there is none."""
    found = detail.get("handshake")
    return _read(Handshake, found) if isinstance(found, dict) else None


def _read(kind: type[_V], found: Mapping[str, object]) -> _V:
    """A value from JSON. What is missing or of another type is left as it is by default."""
    values: dict[str, object] = {}
    for known in fields(kind):  # type: ignore[arg-type]  # every kind here is a dataclass
        value = found.get(known.name)
        nested = _NESTED.get(known.name)
        if nested is not None and isinstance(value, dict):
            values[known.name] = _read(nested, value)
        elif isinstance(value, list):
            values[known.name] = tuple(
                _read(nested, one) if nested is not None and isinstance(one, dict) else str(one) for one in value
            )
        elif known.name == "trust":
            values[known.name] = next((trust for trust in Trust if trust.value == value), Trust.UNKNOWN)
        elif isinstance(value, str | int | float) and nested is None:
            values[known.name] = value
    return kind(**{**_LEAST.get(kind, {}), **values})


_NESTED: dict[str, type[Any]] = {
    "client_hello": ClientHello,
    "server_hello": ServerHello,
    "chain": Certificate,
    "flights": Flight,
    "alerts": Alert,
}
_LEAST: dict[type[Any], dict[str, object]] = {  # what has no default
    Handshake: {"is_server": False, "took": 0.0},
    Certificate: {
        **dict.fromkeys(("subject", "issuer", "name", "issuer_name", "key", "fingerprint"), ""),
        "names": (),
        "begins": 0,
        "ends": 0,
    },
    Flight: {"is_ours": False, "messages": (), "size": 0, "after": 0.0},
    Alert: {"is_ours": False, "name": ""},
}
