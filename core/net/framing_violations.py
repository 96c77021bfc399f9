"""What a framer could not make a message of, as the events that tell of it."""

from __future__ import annotations

import time

from core.events import ConnectionId, MessageTooLong, Misframed, SessionId
from core.wire.framers import TooLong, Unfit


def event_of(misfit: TooLong | Unfit, session: SessionId, connection: ConnectionId) -> MessageTooLong | Misframed:
    """It happened now, on that connection."""
    if isinstance(misfit, TooLong):
        return MessageTooLong(session, connection, time.monotonic_ns(), misfit.skipped)
    return Misframed(session, connection, time.monotonic_ns(), misfit.why)
