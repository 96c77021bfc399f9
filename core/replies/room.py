"""What one says, all others get."""

from __future__ import annotations

from core.replies import Answer, Reply


class Room(Reply):
    """Passes the message on to all connections but its own."""

    name = "room"
    title = "chat room"
    note = "what one says to all others"
    order = 3
    to_talk = "everyone hears everyone"

    def answer(self, message: bytes) -> Answer:
        return Answer(to_others=message)
