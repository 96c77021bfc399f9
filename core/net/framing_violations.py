"""What a framer could not make a message of, as the events that tell of it."""

from __future__ import annotations

import time

from core.events import ConnectionId, MessageTooLong, Misframed, SessionId
from core.wire.framers import FramingViolation, TooLong


def event_of(
    violation: TooLong | FramingViolation, session: SessionId, connection: ConnectionId
) -> MessageTooLong | Misframed:
    """It happened now, on that connection."""
    if isinstance(violation, TooLong):
        return MessageTooLong(session, connection, time.monotonic_ns(), violation.skipped)
    return Misframed(session, connection, time.monotonic_ns(), violation.why)
