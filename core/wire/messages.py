"""Collects messages out of a stream of bytes, as it comes.

A framer sees one direction of one connection. How the stream was split into ``feed`` calls never
changes which messages come out, except under ``raw``, where the split is the message, and under
``gap``, where the times of the calls are.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple, Protocol, TypeAlias

from core.wire.splitting import Splitter


class TooLong(NamedTuple):
    """Stands for a message that was longer than the limit; ``skipped`` counts its bytes.

    Where a length is announced it comes at once, before the bytes do.
    """

    skipped: int


class FramingViolation(NamedTuple):
    """Stands for bytes that are no message under this framing, and says why in words."""

    why: str


Message: TypeAlias = bytes | TooLong | FramingViolation


class Framer(Protocol):
    """Bytes in, messages out. One thread at a time."""

    @property
    def silence(self) -> float | None:
        """Seconds without a byte after which ``finish`` is to be called; None if silence means nothing."""
        ...

    def feed(self, data: bytes, at: int = 0) -> list[Message]:
        """Take in what came at ``at`` (monotonic, ns) and return the messages that it completes."""
        ...

    def finish(self) -> list[Message]:
        """Return what the end of the stream completes: an unfinished last message, if there is one."""
        ...


class RawFramer:
    """One message per ``recv``: what TCP happened to deliver at once, as the tutorial does it."""

    silence: float | None = None

    def feed(self, data: bytes, at: int = 0) -> list[Message]:  # noqa: ARG002 - as the protocol has it
        return [data] if data else []

    def finish(self) -> list[Message]:
        return []


class LineFramer:
    """One message per line: ended by LF, CR LF or a lone CR, which are not part of it.

    The bytes of a line may be in any encoding that keeps ASCII's CR and LF to themselves. A line of
    more than ``limit`` bytes is not kept: a ``TooLong`` takes its place, and the next line counts
    again. Memory stays below ``limit`` plus one ``feed``, and every byte is looked at once.
    """

    silence: float | None = None

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError("limit must be at least 1 byte")
        self._limit = limit
        self._kept = bytearray()  # of the unfinished line; a list of pieces would weigh more than a drip of them
        self._length = 0  # of the unfinished line, the bytes no longer kept included
        self._after_cr = False

    def feed(self, data: bytes, at: int = 0) -> list[Message]:  # noqa: ARG002 - as the protocol has it
        if not data:
            return []
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
            self._after_cr = False
            if not data:
                return []
        self._after_cr = data.endswith(b"\r")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        first, *rest = data.split(b"\n")
        self._extend(first)
        if not rest:
            return []
        messages = [self._complete()]
        last = rest.pop()
        messages += [line if len(line) <= self._limit else TooLong(len(line)) for line in rest]
        self._extend(last)
        return messages

    def finish(self) -> list[Message]:
        return [self._complete()] if self._length else []

    def _extend(self, part: bytes) -> None:
        if not part:
            return
        self._length += len(part)
        if self._length <= self._limit:
            self._kept += part
        else:
            self._kept.clear()

    def _complete(self) -> Message:
        line: Message = bytes(self._kept) if self._length <= self._limit else TooLong(self._length)
        self._kept.clear()
        self._length = 0
        return line


class Collector:
    """Collects the messages whose ends a splitter points at.

    A message of more than ``limit`` bytes is not kept, and where its length is announced, none of it
    ever is: a ``TooLong`` takes its place, and the next message counts again. Memory stays below
    ``limit`` plus what frames a message plus one ``feed``.
    """

    def __init__(self, splitter: Splitter, limit: int, silence: float | None = None) -> None:
        if limit < 1:
            raise ValueError("limit must be at least 1 byte")
        self.silence = silence
        self._splitter = splitter
        self._limit = limit
        self._head = b""  # of the unfinished frame: as many bytes as the splitter wants to see
        self._kept = bytearray()  # of the unfinished frame: all of it, or its last bytes
        self._length = 0  # of the unfinished frame
        self._is_told = False  # what is wrong with the unfinished frame

    def feed(self, data: bytes, at: int = 0) -> list[Message]:
        if not data:
            return []
        messages: list[Message] = []
        ends = self._splitter.ends(data, at)
        if ends:
            messages += self._complete(data[: ends[0]])
            messages += self._between(data, ends)
        self._extend(data[ends[-1] :] if ends else data)
        if self._length and not self._is_told:
            messages += self._refuse()
        return messages

    def finish(self) -> list[Message]:
        self._splitter.state = None
        if self._splitter.rest_is_message:
            return self._complete(b"") if self._length else []
        is_news = self._length and not self._is_told
        why = self._splitter.why_not(self._head, self._length, self._limit)
        self._begin()
        return [FramingViolation(f"what came ended too early: {why}")] if is_news else []

    def _between(self, data: bytes, ends: list[int]) -> list[Message]:
        """The messages of which all the bytes are in ``data``: from end to end."""
        usual, limit = self._splitter.usual, self._limit
        if usual is None or usual.start:
            return [message for begin, end in pairwise(ends) for message in self._complete(data[begin:end])]
        front, back = usual.stop, usual.back
        framing = front + back
        return [
            data[begin + front : end - back] if end - begin - framing <= limit else TooLong(end - begin - framing)
            for begin, end in pairwise(ends)
        ]

    def _extend(self, part: bytes) -> None:
        self._length += len(part)
        reach = self._splitter.reach
        if len(self._head) < reach:
            self._head += part[: reach - len(self._head)]
        if self._length <= self._limit + reach and not self._is_told:
            self._kept += part
        else:
            self._kept = (self._kept + part[-reach:])[-reach:]

    def _begin(self) -> None:
        """A new frame begins."""
        self._head, self._kept, self._length, self._is_told = b"", bytearray(), 0, False

    def _complete(self, part: bytes) -> list[Message]:
        """The frame ends with ``part``."""
        told, length, frame, reach = self._is_told, self._length + len(part), self._kept + part, self._splitter.reach
        head, tail = (self._head + part[:reach])[:reach], bytes(frame[-reach:])
        begin, stop, back = self._splitter.envelope(head, tail)
        self._begin()
        if told:
            return []
        size = length - (stop - begin) - back
        why = self._splitter.flaw(head, b"")  # what its beginning tells was told first if it came by itself
        if not why and size > self._limit:
            return [TooLong(size)]
        why = why or self._splitter.flaw(head, tail)
        verdict = None if why else self._splitter.verdict(frame)
        if verdict is not None and not verdict.is_right:
            why = verdict.words
        return [FramingViolation(why) if why else bytes(frame[:begin] + frame[stop : length - back])]

    def _refuse(self) -> list[Message]:
        """Say what is wrong with a frame that has begun, as soon as it is known."""
        broken = self._splitter.broken
        if broken:
            self._is_told = True
            return [FramingViolation(broken)]
        expected = self._splitter.expected
        if expected is None or self._length + expected <= self._limit:
            return []
        begin, stop, back = self._splitter.envelope(self._head, b"")
        size = self._length + expected - (stop - begin) - back
        if size <= self._limit:
            return []
        self._is_told = True
        self._kept.clear()
        return [TooLong(size)]
