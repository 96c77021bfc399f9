"""Every limit and every timeout of Tincan in one table, each with its unit and its reason.

All are on from the first start. A limit that is off is None.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, fields
from typing import Any

KIB = 1024
MIB = 1024 * KIB
GB = 1_000_000_000
MOST_SECONDS = 2_000_000  # 23 days; the system keeps some as milliseconds, in a C int
MOST_BYTES = 1 << 50  # 1 PiB
MOST_OF_A_CALL = 1 << 30  # bytes: Python takes so much memory for each recv
MOST_COUNT = (1 << 31) - 1  # what a C int holds
LEAST_JOURNAL = 1_000_000  # bytes; an empty one has a sixth of that, with its log


def _limit(default: float | None, unit: str, why: str, most: int = 0) -> Any:  # noqa: ANN401 - as dataclasses.field
    usual = {"s": MOST_SECONDS, "bytes": MOST_BYTES}.get(unit, MOST_COUNT)
    return field(default=default, metadata={"unit": unit, "why": why, "most": most or usual})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of servers, clients and the journal.

    Times are seconds and sizes are bytes; ``dataclasses.fields(Limits)`` gives each field's unit,
    reason and largest value in its ``metadata``. Raises ``ValueError``.
    """

    connections: int = _limit(
        256 if sys.platform == "win32" else 500,
        "connections",
        "of one server at a time; select() on Windows takes no more than 512 sockets",
    )
    connections_per_source: int = _limit(
        128 if sys.platform == "win32" else 250,
        "connections",
        "from one address that is not loopback, so that one machine cannot take every place",
    )
    backlog: int = _limit(1024, "connections", "128 makes a burst of 200 clients wait a second for a retransmit")
    socket_mode: int = _limit(
        0o600,
        "mode",
        "of a local server's socket file: who may write to it may connect, and like a server on 127.0.0.1 it is for"
        " whoever runs it until told otherwise",
    )
    connect: float = _limit(10.0, "s", "all phases of a connect together: name, every address, handshake")
    handshake: float = _limit(10.0, "s", "of TLS: a peer that is silent or stops halfway holds its place no longer")
    resolvers: int = _limit(4, "threads", "name look-ups that hang cannot be cancelled, only left behind")
    flush: float = _limit(2.0, "s", "to hand over what waits to be sent when a connection is closed")
    drain: float = _limit(1.0, "s", "to take in what the peer still sends before a close, so that it sees no reset")
    drain_bytes: int = _limit(64 * KIB, "bytes", "the most that is taken in while draining")
    stop_drain: float = _limit(0.05, "s", "the same when a whole server stops: nobody wants to wait for all")
    half_closed: float = _limit(30.0, "s", "how long a person may still answer a peer that has finished sending")
    idle: float | None = _limit(None, "s", "without a byte received; off, because this is a workbench")
    silent_peer: float = _limit(300.0, "s", "until a peer of a UDP server that says nothing is forgotten")
    keepalive_idle: int = _limit(10, "s", "a vanished peer is noticed within 30 s: 10 + 3 * 5")
    keepalive_interval: int = _limit(5, "s", "between two probes")
    keepalive_probes: int = _limit(3, "probes", "unanswered before the connection counts as lost")
    unacknowledged: float = _limit(25.0, "s", "TCP_USER_TIMEOUT: data without an acknowledgement")
    message: int = _limit(MIB, "bytes", "under a framing; what is longer is cut, counted and resynchronised")
    outbox: int = _limit(MIB, "bytes", "waiting to be sent on one connection before more is refused")
    stalled: float = _limit(15.0, "s", "without the peer taking a byte of what waits; then the connection ends")
    request_line: float | None = _limit(
        0.5,
        "s",
        "to see whether a peer begins with an HTTP request, which a web page can send to any port; a server that"
        " answers by itself closes that connection, and with off it answers web pages, too",
    )
    receive: int = _limit(64 * KIB, "bytes", "asked of one recv", most=MOST_OF_A_CALL)
    answers: int | None = _limit(
        20_000,
        "answers",
        "in a row of a program on one connection, more than 100 a second and no person between: then two programs may"
        " be answering each other, and nothing more is read there until a person goes on",
    )
    inbox: int = _limit(MIB, "bytes", "received but not yet fetched by Client.receive(); above it reading pauses")
    events_high: int = _limit(
        8 * MIB, "bytes", "waiting for the journal; above it nobody reads and TCP slows the peers"
    )
    events_low: int = _limit(4 * MIB, "bytes", "waiting for the journal; below it reading goes on")
    journal: int = _limit(
        20 * GB,
        "bytes",
        "of the journal that is being written: a fast peer fills any disk in the end, and a file of more is unwieldy",
    )
    journal_goes_on: bool = _limit(
        True,
        "yes or no",
        "recording goes on in another file once a journal has reached its limit; otherwise it stops and says so",
    )
    disk: int = _limit(
        GB, "bytes", "left free on the journal's disk, or a twentieth of it if that is less: other programs need them"
    )
    gap: float = _limit(5.0, "s", "slept by this process itself (suspended, stopped); its own timers start anew")
    search: float = _limit(30.0, "s", "without progress of a regular expression; some would take for ever")

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            is_off = value is None and str(each.type).endswith("None")
            is_whole = str(each.type).startswith("int")
            most = each.metadata["most"]
            if not (is_off or (isinstance(value, int if is_whole else int | float) and 0 <= value <= most)):
                kind = "whole number" if is_whole else "number"
                raise ValueError(f"{each.name} must be a {kind} from 0 to {most:,}, and is {value!r}")
        if self.events_low > self.events_high:
            raise ValueError("events_low must not be above events_high")
        if self.connections < 1 or self.outbox < 1 or self.message < 1 or self.receive < 1:
            raise ValueError("connections, outbox, message and receive must be at least 1")
        if self.journal < LEAST_JOURNAL:
            raise ValueError(f"journal must be at least {LEAST_JOURNAL:,} bytes")


DEFAULTS = Limits()
