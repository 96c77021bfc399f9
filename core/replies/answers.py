"""What the code of a person answers: bytes or text as UTF-8, one or several, or nothing."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import TypeAlias

Said: TypeAlias = bytes | bytearray | memoryview | str
"""One message that is to be sent."""

_BYTES = (bytes, bytearray, memoryview)
_ONE = (*_BYTES, str)


def answers(returned: object) -> Iterator[Said]:
    """The messages in what a function returned: the one that it is, or those that it gives one by one.

    Raises ``TypeError`` for what is neither, nor None.
    """
    if isinstance(returned, _ONE):
        yield returned
    elif isinstance(returned, Generator):  # which can return something, too
        yield from answers((yield from returned))
    elif isinstance(returned, Iterable):
        yield from returned
    elif returned is not None:
        raise TypeError(f"an answer is bytes, text or nothing, and this is {type(returned).__name__}")


def as_bytes(message: Said) -> bytes:
    """The message as it is sent; lone surrogates are the bytes that they stand for. Raises ``TypeError``."""
    if isinstance(message, str):
        return message.encode(errors="surrogateescape")
    if isinstance(message, _BYTES):
        return bytes(message)
    raise TypeError(f"what is sent is bytes or text, and this is {type(message).__name__}")
