"""Who a connection works for, and what makes it pause."""

from __future__ import annotations

from enum import Flag, auto
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from core.net.connection import Connection


class Owner(Protocol):
    """Who a connection works for. Called on the loop's thread."""

    def received(self, connection: Connection, messages: list[bytes]) -> None:
        """Messages came; none of them is one that was too long."""
        ...

    def refuses_http(self, connection: Connection) -> bool:
        """Whether this peer, which speaks HTTP, is not to be heard. Asked for every piece that it sends."""
        ...

    def peer_finished(self, connection: Connection) -> None:
        """The peer sends no more. Close, or keep the connection for what is still to be said."""
        ...

    def closed(self, connection: Connection) -> None:
        """It is over."""
        ...


class Pause(Flag):
    """Why nothing is read at the moment."""

    NONE = 0
    SINK = auto()  # the journal is behind
    OUTBOX = auto()  # the peer does not read our answers
    OWNER = auto()  # the program does not fetch what came
