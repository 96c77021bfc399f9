"""Says where messages end in a stream of bytes, and keeps none of them.

A framer collects a message; a splitter only points at its end, so that what is recorded already can
be cut into messages again and again without being copied. A message's *frame* is everything from the
end of the one before: delimiters and length fields included.
"""

from __future__ import annotations

import re
from typing import Protocol

from core.errors import TincanError

_LINE_END = re.compile(rb"\r\n|\n|\r")


class Splitter(Protocol):
    """One direction of one connection. How the stream is split into calls never changes the frames.

    ``state`` is all that it remembers, small and hashable; None at the beginning. A splitter with the
    same state goes on in the same way.
    """

    state: object

    def ends(self, data: bytes) -> list[int]:
        """The offsets in ``data`` just behind the last byte of each frame that ends in it, ascending.

        0 is the end of a frame of which the piece before had the last byte.
        """
        ...

    def tally(self, data: bytes) -> tuple[int, int]:
        """How many frames end in ``data`` and the offset of the last end (0 if there is none)."""
        ...

    def trim(self, head: bytes, tail: bytes) -> tuple[int, int]:
        """How many bytes at the front and at the back of a frame are not its message.

        ``head`` and ``tail`` are the frame's first and last bytes, at least 16 if it has as many.
        """
        ...

    @property
    def could_end(self) -> bool:
        """Whether the bytes so far would be a whole frame if no more came."""
        ...


class LineSplitter:
    """Frames end with LF, CR LF or a lone CR, as ``framing.Line`` has it.

    Whether a CR at the end of a piece is all of its line ending is known with the next byte.
    """

    def __init__(self) -> None:
        self.state: object = None  # True after a CR

    def ends(self, data: bytes) -> list[int]:
        if not data:
            return []
        found = [match.end() for match in _LINE_END.finditer(data)]
        after_cr, self.state = self.state, None
        if after_cr and not data.startswith(b"\n"):
            found.insert(0, 0)
        if data.endswith(b"\r"):
            found.pop()
            self.state = True
        return found

    def tally(self, data: bytes) -> tuple[int, int]:
        if self.state is None and b"\r" not in data:
            return data.count(b"\n"), data.rfind(b"\n") + 1
        found = self.ends(data)
        return len(found), found[-1] if found else 0

    def trim(self, head: bytes, tail: bytes) -> tuple[int, int]:  # noqa: ARG002 - as the protocol has it
        if tail.endswith(b"\r\n"):
            return 0, 2
        return 0, 1 if tail.endswith((b"\n", b"\r")) else 0

    @property
    def could_end(self) -> bool:
        return self.state is True


def make_splitter(framing: str) -> Splitter:
    """Make the splitter of that framing; ``raw`` has none, there every entry is a message.

    Raises ``TincanError`` for a name that is not known.
    """
    if framing == "line":
        return LineSplitter()
    raise TincanError(f"there is no framing called {framing!r} that cuts a stream")
