"""Keeps a server that answers by itself from answering web pages: a framer that looks at the first line of a peer.

A web page can have a browser send a request to any port of this machine; what follows the first line,
``METHOD target HTTP/1.1`` (RFC 9112, section 3), is the page's choice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import TypeAlias

from core.net.loop import GuardedLoop, Timer
from core.net.timeouts import HearMessages
from core.wire.messages import Framer, Message, RawFramer

Tell: TypeAlias = Callable[[str], None]


LONGEST_LINE = 8 * 1024  # bytes; RFC 9112 asks a server to take 8,000, and no chat begins like a request and goes on so

_REQUEST = re.compile(rb"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP/[0-9](?:\.[0-9])?)[ \t]*\r?\n")
_METHOD = rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|PATCH|CONNECT|PRI)"
_TARGET_BEGUN = re.compile(rb"\s*(?:" + _METHOD + rb" (?:[/*]|https?:)|CONNECT \S)[^\n]*\Z")
_NO_TARGET_YET = re.compile(rb"\s*(?:[A-Z]{0,7}|" + _METHOD + rb" (?:h|ht|htt|https?)?)\Z")


class FirstBytes(Enum):
    """What the first bytes of a peer are."""

    REQUEST = auto()
    LIKELY = auto()  # a method and the beginning of a target, whose line has not ended yet
    TOO_SHORT = auto()  # a word in capitals, or less: what people say, and what a request begins with
    OTHER = auto()


def classify(data: bytes) -> tuple[FirstBytes, str]:
    """What these first bytes are, and the line if they are a request: as much of it as there is."""
    found = _REQUEST.match(data)
    if found is not None:
        return FirstBytes.REQUEST, found.group(1).decode("ascii", "backslashreplace")
    if _NO_TARGET_YET.match(data):
        return FirstBytes.TOO_SHORT, ""
    if not _TARGET_BEGUN.match(data):
        return FirstBytes.OTHER, ""
    if len(data) > LONGEST_LINE:
        return FirstBytes.REQUEST, data[:LONGEST_LINE].strip().decode("ascii", "backslashreplace")
    return FirstBytes.LIKELY, ""


class HttpGuard:
    """Hands bytes to another framer, once it is clear whether they are an HTTP request. The loop's thread only.

    Bytes that are likely to become one are held back until their line has ended, or until ``patience`` seconds have
    gone by. ``tell`` is called once with the first line of a request; from then on no message is made of what comes
    while ``refuses`` says so. ``hear`` gets what is held back no longer.
    """

    def __init__(
        self,
        loop: GuardedLoop,
        *,
        patience: float,
        tell: Tell,
        refuses: Callable[[], bool],
        hear: HearMessages,
    ) -> None:
        self.silence: float | None = None
        self._framer: Framer = RawFramer()
        self._loop = loop
        self._patience = patience
        self._tell = tell
        self._refuses = refuses
        self._hear = hear
        self._first: bytes | None = b""  # what came so far; None once it is clear what it is
        self._held = 0  # how many of the last of these the other framer has not got
        self._is_http = False
        self._timer: Timer | None = None

    def before(self, framer: Framer) -> HttpGuard:
        """Itself, with another framer that gets what comes from now on, and what is held back."""
        self._framer.finish()  # else silence would still end it
        self._framer = framer
        return self

    def feed(self, data: bytes, at: int = 0) -> list[Message]:
        if self._first is None:
            return [] if self._is_http and self._refuses() else self._framer.feed(data, at)
        self._first += data
        self._held += len(data)
        kind, line = classify(self._first)
        if kind is FirstBytes.TOO_SHORT:
            self._held = 0
            return self._framer.feed(data, at)
        if kind is FirstBytes.LIKELY:
            if self._timer is None:
                self._timer = self._loop.call_later(self._patience, self._wait_no_longer)
            return []
        if kind is FirstBytes.REQUEST:
            self._is_http = True
            self._tell(line)
        return self._let_go(at)

    def finish(self) -> list[Message]:
        return [*self._let_go(), *self._framer.finish()]

    def _let_go(self, at: int = 0) -> list[Message]:
        first, self._first = self._first, None
        if self._timer is not None:
            self._timer.cancel()
        return self.feed(first[-self._held :], at) if first and self._held else []

    def _wait_no_longer(self) -> None:
        self._hear(self._let_go())
