"""Collects messages out of a stream of bytes, as it comes.

A framer sees one direction of one connection. How the stream was split into ``feed`` calls never
changes which messages come out, except under ``raw``, where the split is the message, and under
``gap``, where the times of the calls are.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeAlias

from core.wire.splitting import Splitter


class TooLong(NamedTuple):
    """Stands for a message that was longer than the limit; ``skipped`` counts its bytes.

    Where a length is announced it comes at once, before the bytes do.
    """

    skipped: int


class Unfit(NamedTuple):
    """Stands for bytes that are no message under this framing, and says why in words."""

    why: str


Message: TypeAlias = bytes | TooLong | Unfit


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


class Raw:
    """One message per ``recv``: what TCP happened to deliver at once, as the tutorial does it."""

    silence: float | None = None

    def feed(self, data: bytes, at: int = 0) -> list[Message]:  # noqa: ARG002 - as the protocol has it
        return [data] if data else []

    def finish(self) -> list[Message]:
        return []


class Line:
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
        self._kept = bytearray()  # of the unfinished frame: all of it, or its last bytes
        self._length = 0  # of the unfinished frame
        self._is_told = False  # what is wrong with the unfinished frame

    def feed(self, data: bytes, at: int = 0) -> list[Message]:
        if not data:
            return []
        messages: list[Message] = []
        begin = 0
        for end in self._splitter.ends(data, at):
            messages += self._complete(data[begin:end])
            begin = end
        self._extend(data[begin:] if begin else data)
        if self._length and not self._is_told:
            messages += self._refuse()
        return messages

    def finish(self) -> list[Message]:
        whole, unfit = (
            self._splitter.rest_is_message,
            self._splitter.why_not(bytes(self._kept), self._length, self._limit),
        )
        self._splitter.state = None
        if whole or not self._length:
            return self._complete(b"") if self._length else []
        told, self._length, self._is_told = self._is_told, 0, False
        self._kept.clear()
        return [] if told else [Unfit(f"the stream ended too early: {unfit}")]

    def _extend(self, part: bytes) -> None:
        self._length += len(part)
        reach = self._splitter.reach
        if self._length <= self._limit + reach and not self._is_told:
            self._kept += part
        else:
            self._kept = (self._kept + part[-reach:])[-reach:]

    def _complete(self, part: bytes) -> list[Message]:
        """The frame ends with ``part``."""
        told, length, frame = self._is_told, self._length + len(part), self._kept + part
        self._length, self._is_told, self._kept = 0, False, bytearray()
        if told:
            return []
        reach = self._splitter.reach
        begin, stop, back = self._splitter.envelope(bytes(frame[:reach]), bytes(frame[-reach:]))
        size = length - (stop - begin) - back
        if size > self._limit:
            return [TooLong(size)]
        return [bytes(frame[:begin] + frame[stop : length - back])]

    def _refuse(self) -> list[Message]:
        """Say what is wrong with a frame that has begun, as soon as it is known."""
        broken = self._splitter.broken
        if broken:
            self._is_told = True
            return [Unfit(broken)]
        expected = self._splitter.expected
        if self._length + expected <= self._limit or not expected:
            return []
        begin, stop, back = self._splitter.envelope(bytes(self._kept[: self._splitter.reach]), b"")
        size = self._length + expected - (stop - begin) - back
        if size <= self._limit:
            return []
        self._is_told = True
        self._kept.clear()
        return [TooLong(size)]
