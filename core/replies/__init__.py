"""What a server answers by itself: rules without a socket, each testable as a table."""

from core.replies.rules import REPLIES, Answer, Reply, make_reply

__all__ = ["REPLIES", "Answer", "Reply", "make_reply"]
