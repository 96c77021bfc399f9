"""What a system tells of a TCP socket, as values: its state, its figures, and what waits to be sent on it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class TcpState(Enum):
    """The states of RFC 9293, 3.3.2; the value is the name that people know."""

    CLOSED = "CLOSED"
    LISTEN = "LISTEN"
    SYN_SENT = "SYN-SENT"
    SYN_RECEIVED = "SYN-RECEIVED"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT_1 = "FIN-WAIT-1"
    FIN_WAIT_2 = "FIN-WAIT-2"
    CLOSE_WAIT = "CLOSE-WAIT"
    CLOSING = "CLOSING"
    LAST_ACK = "LAST-ACK"
    TIME_WAIT = "TIME-WAIT"


class TcpInfo(NamedTuple):
    """What Linux knows of a connection (TCP_INFO, linux/tcp.h). Times in microseconds; a segment has ``mss`` bytes."""

    rtt: int  # round trip, smoothed
    rtt_deviation: int
    retransmits: int  # segments sent again, in all
    unacknowledged: int  # segments
    congestion_window: int  # segments that may be on their way
    mss: int
    peer_window: int | None = None  # bytes that the peer has room for; None of a Linux before 5.4


class SocketFacts(NamedTuple):
    """Bytes that the kernel has not taken, bytes it has that the peer has not acknowledged, and its own figures.

    None where the system does not tell.
    """

    waiting: int
    unconfirmed: int | None = None
    info: TcpInfo | None = None
