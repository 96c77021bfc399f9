"""Only the person answers."""

from __future__ import annotations

from core.replies import Answer, Reply


class Nothing(Reply):
    """Answers no message."""

    name = "none"
    title = note = "nothing"
    order = 4
    to_talk = "you answer"
    waits_for_a_person = hears_http = True

    def answer(self, message: bytes) -> Answer:  # noqa: ARG002 - the rule's signature
        return Answer()
