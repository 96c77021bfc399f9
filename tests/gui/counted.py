"""Connections that count how often they are looked at, to show that a change of one costs the same among many."""

from __future__ import annotations

from typing import Any

from core.address import Address
from core.events import ConnectionId
from core.journal.recording.ledger import ConnectionState

HERE = Address("127.0.0.1", 5555)


class Counted(ConnectionState):
    """A connection that counts how often something of it is read."""

    reads = 0

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 - as it stands there
        if not name.startswith("__"):
            Counted.reads += 1
        return super().__getattribute__(name)


def counted(number: int) -> Counted:
    return Counted(ConnectionId(number), number, HERE, Address("127.0.0.1", 20000 + number))
