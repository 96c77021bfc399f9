"""Says where messages end in a stream of bytes, and keeps none of them.

A framer collects a message; a splitter only points at its end, so that what is recorded already can
be cut into messages again and again without being copied. A message's *frame* is everything from the
end of the one before: delimiters and length fields included.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import itemgetter, methodcaller
from typing import NamedTuple, Protocol

_last = itemgetter(-1)  # byte of a piece
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Envelope(NamedTuple):
    """What of a frame is not its message: bytes ``start`` to before ``stop``, and ``back`` bytes at its end."""

    start: int
    stop: int
    back: int


NOTHING = Envelope(0, 0, 0)


class Verdict(NamedTuple):
    """Whether a message's checksum is right, and that in words."""

    is_right: bool
    words: str


class Splitter(Protocol):
    """One direction of one connection. How the stream is split into calls never changes the frames.

    ``state`` is all that it remembers, small and hashable; None at the beginning. A splitter with the
    same state goes on in the same way.
    """

    state: object

    @property
    def reach(self) -> int:
        """How many bytes at either end of a frame ``envelope`` wants to see: as many as frame a message, at least 1."""
        ...

    @property
    def is_timed(self) -> bool:
        """Whether it depends on the times of pieces where a frame ends."""
        ...

    @property
    def usual(self) -> Envelope | None:
        """What ``envelope`` says of every frame that has ended; None if it depends on the frame."""
        ...

    def ends(self, data: bytes, at: int = 0) -> list[int]:
        """The offsets in ``data`` just behind the last byte of each frame that ends in it, ascending.

        0 is the end of a frame of which the piece before had the last byte. ``at`` is when the piece
        was received or sent (monotonic, ns).
        """
        ...

    def tally(self, data: bytes, at: int = 0) -> tuple[int, int]:
        """How many frames end in ``data`` and the offset of the last end (0 if there is none)."""
        ...

    def tally_all(self, pieces: Sequence[bytes], times: Iterable[int]) -> tuple[int, int]:
        """The same for pieces that follow one another, each with its time; offsets are those of the pieces joined."""
        ...

    def tally_whole(self, pieces: Sequence[bytes]) -> int | None:
        """How many frames end in pieces of any streams, in none of which a frame has begun; no piece is empty.

        None if a piece has no end of a frame at its own end, or where that cannot be told at a glance.
        """
        ...

    def envelope(self, head: bytes, tail: bytes) -> Envelope:
        """What of a frame is not its message.

        ``head`` and ``tail`` are the frame's first and last bytes, at least ``reach`` if it has as
        many; no ``tail`` if the frame has not ended.
        """
        ...

    def flaw(self, head: bytes, tail: bytes) -> str:
        """Why a frame that has ended is no message, in words; empty if it is one.

        Without ``tail``, what its beginning tells alone. ``head`` and ``tail`` as for ``envelope``.
        """
        ...

    @property
    def is_checked(self) -> bool:
        """Whether messages have checksums."""
        ...

    def verdict(self, frame: bytes | bytearray) -> Verdict | None:
        """What there is to say of the checksum of a frame without a flaw; None if there is no checksum."""
        ...

    @property
    def could_end(self) -> bool:
        """Whether the bytes so far would be a whole frame if no more came."""
        ...

    @property
    def rest_is_message(self) -> bool:
        """Whether what the end of a stream leaves, though not ended as it should be, is a message all the same."""
        ...

    @property
    def expected(self) -> int | None:
        """How many bytes more of its message the frame that has begun announced; None if it announced nothing yet.

        None of them are missing where the message is whole, and fewer than none once what stands behind it has begun.
        """
        ...

    @property
    def broken(self) -> str:
        """Why the frame that has begun can be no message, and perhaps never ends; empty while all is well."""
        ...

    def why_not(self, head: bytes, size: int, limit: int) -> str:
        """Why a frame of ``size`` bytes so far is no message, or none within the limit, in words.

        Empty if there is nothing more to say than that it has not ended. ``head`` as for ``envelope``.
        """
        ...


class _Trusting:
    """What splitters have in common that take each frame for a message, and look at no checksum."""

    is_checked = False

    def flaw(self, head: bytes, tail: bytes) -> str:  # noqa: ARG002 - as the protocol has it
        return ""

    def verdict(self, frame: bytes | bytearray) -> Verdict | None:  # noqa: ARG002 - as the protocol has it
        return None

    def tally_whole(self, pieces: Sequence[bytes]) -> int | None:  # noqa: ARG002 - as the protocol has it
        return None


class Untimed(_Trusting):
    """What splitters have in common that care for bytes alone, and not for when they came."""

    is_timed = False

    def ends(self, data: bytes, at: int = 0) -> list[int]:
        raise NotImplementedError

    def tally(self, data: bytes, at: int = 0) -> tuple[int, int]:
        found = self.ends(data, at)
        return len(found), found[-1] if found else 0

    def tally_all(self, pieces: Sequence[bytes], times: Iterable[int]) -> tuple[int, int]:  # noqa: ARG002 - see Splitter
        return self.tally(b"".join(pieces))


class _Unannounced(_Trusting):
    """What splitters have in common that look for an end, and know nothing of it before it is there."""

    rest_is_message = True
    expected: int | None = None
    usual: Envelope | None = None
    broken = ""

    def why_not(self, head: bytes, size: int, limit: int) -> str:  # noqa: ARG002 - as the protocol has it
        return ""


class LineSplitter(_Unannounced, Untimed):
    """Frames end with LF, CR LF or a lone CR, as ``messages.LineFramer`` has it.

    Whether a CR at the end of a piece is all of its line ending is known with the next byte.
    """

    reach = 2

    def __init__(self) -> None:
        self.state: object = None  # True after a CR

    def ends(self, data: bytes, at: int = 0) -> list[int]:  # noqa: ARG002 - as the protocol has it
        if not data:
            return []
        if self.state is None and b"\r" not in data:
            return _ends(data, b"\n")
        found = [match.end() for match in _LINE_END.finditer(data)]
        after_cr, self.state = self.state, None
        if after_cr and not data.startswith(b"\n"):
            found.insert(0, 0)
        if data.endswith(b"\r"):
            found.pop()
            self.state = True
        return found

    def tally(self, data: bytes, at: int = 0) -> tuple[int, int]:  # noqa: ARG002 - as the protocol has it
        if self.state is None and b"\r" not in data:
            return data.count(b"\n"), data.rfind(b"\n") + 1
        found = self.ends(data)
        return len(found), found[-1] if found else 0

    def tally_whole(self, pieces: Sequence[bytes]) -> int | None:
        if not _all_end_with(b"\n", pieces):
            return None
        joined = b"".join(pieces)
        others = joined.count(b"\r") - joined.count(b"\r\n") if b"\r" in joined else 0
        return joined.count(b"\n") + others

    def envelope(self, head: bytes, tail: bytes) -> Envelope:  # noqa: ARG002 - as the protocol has it
        if tail.endswith(b"\r\n"):
            return Envelope(0, 0, 2)
        return Envelope(0, 0, 1 if tail.endswith((b"\n", b"\r")) else 0)

    @property
    def could_end(self) -> bool:
        return self.state is True


class DelimiterSplitter(_Unannounced, Untimed):
    """Frames end with the same bytes, which are not part of the message: the first that are found count."""

    could_end = False

    def __init__(self, delimiter: bytes) -> None:
        self.state: object = None  # the end of the frame so far, if the delimiter may begin there
        self.reach = len(delimiter)
        self.usual = Envelope(0, 0, self.reach)
        self._delimiter = delimiter
        self._overlaps = any(delimiter.endswith(delimiter[:size]) for size in range(1, len(delimiter)))

    def ends(self, data: bytes, at: int = 0) -> list[int]:  # noqa: ARG002 - as the protocol has it
        carried = self.state if isinstance(self.state, bytes) else b""
        joined = carried + data
        found = _ends(joined, self._delimiter)
        self._remember(joined, found[-1] if found else 0)
        return [end - len(carried) for end in found] if carried else found

    def tally(self, data: bytes, at: int = 0) -> tuple[int, int]:  # noqa: ARG002 - as the protocol has it
        if self._overlaps:
            found = self.ends(data)
            return len(found), found[-1] if found else 0
        carried = self.state if isinstance(self.state, bytes) else b""
        joined = carried + data
        count = joined.count(self._delimiter)
        last = joined.rfind(self._delimiter) + self.reach if count else 0
        if self.reach > 1:
            self._remember(joined, last)
        return count, last - len(carried) if count else 0

    def tally_whole(self, pieces: Sequence[bytes]) -> int | None:
        if self._overlaps or not _all_end_with(self._delimiter, pieces):
            return None
        return b"".join(pieces).count(self._delimiter)

    def envelope(self, head: bytes, tail: bytes) -> Envelope:  # noqa: ARG002 - as the protocol has it
        return Envelope(0, 0, self.reach if tail.endswith(self._delimiter) else 0)

    def _remember(self, joined: bytes, last: int) -> None:
        """Keep what may be the beginning of a delimiter, of the bytes behind the last end."""
        self.state = None
        for start in range(max(last, len(joined) - self.reach + 1), len(joined)):
            if self._delimiter.startswith(joined[start:]):
                self.state = joined[start:]
                return


class FixedSplitter(Untimed):
    """Every frame has the same size, in bytes."""

    could_end = rest_is_message = False
    broken = ""
    reach = 1
    usual: Envelope | None = NOTHING

    def __init__(self, size: int) -> None:
        self.state: object = None  # how many bytes of the frame are still to come, if it has begun
        self._size = size

    def ends(self, data: bytes, at: int = 0) -> list[int]:  # noqa: ARG002 - as the protocol has it
        first = self.expected or self._size
        self.tally(data)
        return list(range(first, len(data) + 1, self._size))

    def tally(self, data: bytes, at: int = 0) -> tuple[int, int]:  # noqa: ARG002 - as the protocol has it
        first = self.expected or self._size
        count = max(0, (len(data) - first) // self._size + 1)
        last = first + (count - 1) * self._size if count else 0
        missing = first + count * self._size - len(data)
        self.state = missing if missing < self._size else None
        return count, last

    def envelope(self, head: bytes, tail: bytes) -> Envelope:  # noqa: ARG002 - as the protocol has it
        return NOTHING

    @property
    def expected(self) -> int | None:
        return self.state if isinstance(self.state, int) else None

    def why_not(self, head: bytes, size: int, limit: int) -> str:  # noqa: ARG002 - as the protocol has it
        return f"{size:,} of {self._size:,} bytes"


class GapSplitter(_Unannounced):
    """A frame ends where nothing came, or went, for ``gap`` nanoseconds: between two calls of the socket."""

    could_end = is_timed = True
    reach = 1
    usual: Envelope | None = NOTHING

    def __init__(self, gap: int) -> None:
        self.state: object = None  # when the latest byte came
        self._gap = gap

    def ends(self, data: bytes, at: int = 0) -> list[int]:
        return [0] if self.tally(data, at)[0] else []

    def tally(self, data: bytes, at: int = 0) -> tuple[int, int]:
        if not data:
            return 0, 0
        before, self.state = self.state, at
        return int(isinstance(before, int) and at - before >= self._gap), 0

    def tally_all(self, pieces: Sequence[bytes], times: Iterable[int]) -> tuple[int, int]:
        before, gap = self.state if isinstance(self.state, int) else None, self._gap
        count = last = offset = 0
        for piece, at in zip(pieces, times, strict=True):
            if not piece:
                continue
            if before is not None and at - before >= gap:
                count, last = count + 1, offset
            before, offset = at, offset + len(piece)
        self.state = before
        return count, last

    def envelope(self, head: bytes, tail: bytes) -> Envelope:  # noqa: ARG002 - as the protocol has it
        return NOTHING


class EachSplitter(_Unannounced):
    """A frame is what one call of the socket carried."""

    could_end = is_timed = False
    reach = 1
    usual: Envelope | None = NOTHING

    def __init__(self) -> None:
        self.state: object = None

    def ends(self, data: bytes, at: int = 0) -> list[int]:  # noqa: ARG002 - as the protocol has it
        return [len(data)] if data else []

    def tally(self, data: bytes, at: int = 0) -> tuple[int, int]:  # noqa: ARG002 - as the protocol has it
        return int(bool(data)), len(data)

    def tally_all(self, pieces: Sequence[bytes], times: Iterable[int]) -> tuple[int, int]:  # noqa: ARG002 - see Splitter
        return sum(map(bool, pieces)), sum(map(len, pieces))

    def envelope(self, head: bytes, tail: bytes) -> Envelope:  # noqa: ARG002 - as the protocol has it
        return NOTHING


def _all_end_with(end: bytes, pieces: Sequence[bytes]) -> bool:
    """Whether each of them does, none of which is empty."""
    is_likely = set(map(_last, pieces)) == {end[-1]}  # in half of the time of the other question
    return is_likely and (len(end) == 1 or all(map(methodcaller("endswith", end), pieces)))


def _ends(data: bytes, delimiter: bytes) -> list[int]:
    """Where each piece of the data ends that a delimiter ends, the delimiter included."""
    pieces = data.split(delimiter)
    pieces.pop()
    return list(accumulate(map(len(delimiter).__add__, map(len, pieces))))
