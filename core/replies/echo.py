"""Every message goes back to who sent it."""

from __future__ import annotations

from core.replies import Reply


class Echo(Reply):
    """Answers with the message itself."""

    name = "echo"
    title = "the same (echo)"
    note = "the same"
    order = 2

    def answer(self, message: bytes) -> bytes:
        return message
