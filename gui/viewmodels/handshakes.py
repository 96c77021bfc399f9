"""What the inspector says of a TLS handshake: what was agreed on, offered and proved, and when. Pure; no tkinter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from core.tls.facts import Trust
from core.words import counted, duration
from gui.viewmodels.inspection import Fact

if TYPE_CHECKING:
    from core.tls.facts import Certificate, Flight, Handshake

_NANOSECONDS = 1_000_000_000
_TRUST = {
    Trust.PIN: "its certificate has the fingerprint that is trusted at this address",
    Trust.UNVERIFIED: "nobody looked, as was asked for",
    Trust.ANONYMOUS: "it showed no certificate",
    Trust.REFUSED: "it is not believed, so the handshake failed",
    Trust.UNKNOWN: "the handshake did not come so far",
}


class Group(NamedTuple):
    """Facts under a heading."""

    heading: str
    facts: Sequence[Fact]


def handshake_groups(handshake: Handshake) -> list[Group]:
    """Everything that is known of a handshake, in the order of reading. What is not known is left out."""
    found = [
        Group("What came of it", list(_agreed(handshake))),
        *(Group(_title(handshake, place), list(_certificate(one))) for place, one in enumerate(handshake.chain)),
        Group("What the client offered", list(_offered(handshake))),
        Group("What the server chose", list(_chosen(handshake))),
        Group("Who spoke when", [_flight(handshake, one) for one in handshake.flights]),
    ]
    return [group for group in found if group.facts]


def _agreed(handshake: Handshake) -> Iterator[Fact]:
    if handshake.failure:
        yield Fact("Failed", handshake.failure, is_problem=True)
    for alert in handshake.alerts:
        who = "this end" if alert.is_ours else f"the {handshake.peer}"
        yield Fact("Alert", f"{alert.name}, sent by {who}", is_problem=alert.is_fatal)
    yield Fact("We were", "the server" if handshake.is_server else "the client")
    yield from _told(
        ("Version", handshake.version),
        ("Cipher suite", handshake.suite),
        ("ALPN", handshake.alpn or ("" if handshake.failure else "none")),
        ("Verified name" if handshake.trust is Trust.AUTHORITY else "Name asked for", handshake.name),
    )
    is_bad = handshake.trust in (Trust.UNVERIFIED, Trust.REFUSED)
    yield Fact(f"The {handshake.peer}", trust_words(handshake), is_problem=is_bad)
    yield from _told(("We showed", handshake.own), ("Key log", handshake.key_log))
    if not handshake.failure:
        yield Fact("Session", "resumed: no certificate was shown again" if handshake.is_resumed else "new, not resumed")
    yield Fact("Took", duration(round(handshake.took * _NANOSECONDS)))


def trust_words(handshake: Handshake) -> str:
    """Why the peer is believed to be who it says, or not."""
    if handshake.trust is Trust.AUTHORITY:
        return f"its certificate leads to {handshake.proved_by}, which is trusted"
    return _TRUST[handshake.trust]


def _offered(handshake: Handshake) -> Iterator[Fact]:
    hello = handshake.client_hello
    if hello is not None:
        yield from _told(
            ("Versions", ", ".join(hello.versions)),
            ("Server name (SNI)", hello.server_name or "none"),
            ("ALPN", ", ".join(hello.alpn) or "none"),
            ("Cipher suites", ", ".join(hello.suites)),
        )


def _chosen(handshake: Handshake) -> Iterator[Fact]:
    hello = handshake.server_hello
    if hello is not None:
        yield from _told(("Version", hello.version), ("Cipher suite", hello.suite))


def _title(handshake: Handshake, place: int) -> str:
    what = f"Certificate {place + 1} of {len(handshake.chain)}"
    return f"{what}, the {handshake.peer}'s own" if place == 0 else what


def _certificate(certificate: Certificate) -> Iterator[Fact]:
    if certificate.remark:
        yield Fact("Remark", certificate.remark, is_problem=True)
    yield from _told(
        ("For", ", ".join(certificate.names) or certificate.name),
        ("Subject", certificate.subject),
        ("Issuer", certificate.issuer),
        ("Valid", certificate.validity),
        ("Key", certificate.key),
        ("SHA-256", certificate.shown_fingerprint),
    )


def _flight(handshake: Handshake, flight: Flight) -> Fact:
    ours, theirs = ("server", "client") if handshake.is_server else ("client", "server")
    words = f"{ours if flight.is_ours else theirs}: {', '.join(flight.messages)} ({counted(flight.size, 'byte')})"
    return Fact(f"+{duration(round(flight.after * _NANOSECONDS))}", words)


def _told(*facts: tuple[str, str]) -> Iterator[Fact]:
    """Those that say anything."""
    return (Fact(name, value) for name, value in facts if value)
