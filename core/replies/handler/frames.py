"""What a server and the process of its handler say to each other through pipes."""

from __future__ import annotations

import struct
from typing import NamedTuple, Protocol

_HEAD = struct.Struct(">cII")  # kind, connection, bytes that follow

# To the handler's process; KNOWN is a connection that opened before the process was there.
OPEN, KNOWN, MESSAGE, CLOSED = b"o", b"k", b"m", b"c"
# From it; DONE follows each of those when its call is over, and has its kind.
SEND, CLOSE, NOTE, DONE = b"s", b"x", b"n", b"d"

EVERYBODY = 0  # in place of a connection: a note for all of them


class Frame(NamedTuple):
    """``data`` is a message, a note in UTF-8, or, with OPEN and KNOWN, a peer's number and address in two lines."""

    kind: bytes
    connection: int
    data: bytes = b""

    def written(self) -> bytes:
        """As it goes through the pipe."""
        return _HEAD.pack(self.kind, self.connection, len(self.data)) + self.data


class Source(Protocol):
    """Where bytes come from."""

    def read(self, size: int, /) -> bytes:
        """Exactly so many bytes, fewer at the end."""
        ...


def read_frame(source: Source) -> Frame | None:
    """The next frame; None at the end."""
    head = source.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, connection, size = _HEAD.unpack(head)
    data = source.read(size)
    return Frame(kind, connection, data) if len(data) == size else None


class FrameReader:
    """Frames out of pieces."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Those that this piece completes."""
        self._kept += data
        frames = []
        place = 0
        while len(self._kept) - place >= _HEAD.size:
            kind, connection, size = _HEAD.unpack_from(self._kept, place)
            if len(self._kept) - place - _HEAD.size < size:
                break
            start = place + _HEAD.size
            place = start + size
            frames.append(Frame(kind, connection, bytes(self._kept[start:place])))
        del self._kept[:place]
        return frames
