"""What is composed: the typed text with its choices, the bytes that come of it, or why there are none.

Values only. Places in typed text count characters (Python's, so an emoji is one), places in bytes count bytes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from core.compose.encoding import Encoding, LineEnding


class Format(Enum):
    r"""How typed text is meant.

    TEXT is as typed. ESCAPES is text in which a backslash begins what cannot be typed (``\r``, ``\x00``)
    and what is worked out when it goes out (``\{counter}``). HEX is bytes, two digits each,
    with macros among them, or a dump or an array.
    """

    TEXT = "text"
    ESCAPES = "escapes"
    HEX = "hex"


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed and how it is meant.

    ``framing`` is the written form of a framing (``core.wire.framing``), whose frame is put around the
    message; ``raw`` has none.
    """

    text: str
    format: Format = Format.TEXT
    encoding: Encoding = Encoding.UTF_8
    ending: LineEnding = LineEnding.NOTHING
    framing: str = "raw"


class _EveryVariable(dict[str, str]):
    """Each variable that there could be, all of them empty."""

    def __missing__(self, name: str) -> str:
        return ""


EVERY_VARIABLE: Mapping[str, str] = _EveryVariable()  # for who only asks whether something is a message


@dataclass(frozen=True, slots=True)
class Context:
    """All that a macro's value depends on beside the draft: the same context gives the same bytes.

    So a preview is what goes out, and consumes nothing. ``count`` is how many messages of this composer
    went out before, ``wall_ns`` the time in nanoseconds since 1970 (UTC), ``utc_offset`` the local time's
    seconds ahead of UTC. ``seed`` makes the random bytes: for tests of programs, not for keys. ``variables``
    are those that earlier messages have set, ``captures`` what an answer takes over from the message it answers.
    """

    count: int = 0
    wall_ns: int = 0
    utc_offset: int = 0
    seed: bytes = field(default=b"", repr=False)
    variables: Mapping[str, str] = field(default_factory=dict)
    captures: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def now(cls, count: int = 0, seed: bytes | None = None, variables: Mapping[str, str] | None = None) -> Context:
        """The moment, with fresh random bytes unless the ``seed`` of a preview is to be kept."""
        wall_ns = time.time_ns()
        offset = time.localtime(wall_ns // 1_000_000_000).tm_gmtoff
        return cls(count, wall_ns, offset, os.urandom(16) if seed is None else seed, variables or {})


class MacroSpan(NamedTuple):
    """A macro in a composed message: the characters it was typed as, and the bytes of the body it became."""

    name: str
    start: int
    stop: int
    first: int
    last: int  # the byte behind its last


@dataclass(frozen=True, slots=True)
class Composed:
    """What goes out: ``wire`` is ``body`` (the message, its line ending included) within its frame.

    Both may be empty, and then there is nothing to send. ``macros`` are in the order of the text. ``left_out`` says
    in words what of pasted hex is no byte of it, as in ``offsets and text left out``. ``variables`` are those that it
    sets for the messages after it.
    """

    body: bytes
    wire: bytes
    macros: tuple[MacroSpan, ...] = ()
    left_out: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Whether there is a counter in it, so that the next message has to count on."""
        return any(span.name == "counter" for span in self.macros)


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why nothing goes out: a sentence, and the characters from ``start`` to before ``stop`` that are wrong."""

    sentence: str
    start: int
    stop: int
