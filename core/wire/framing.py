r"""How messages are told apart in a stream of bytes: one value and one written form for it everywhere.

    raw                       each recv and each send is a message
    line                      LF, CR LF or a lone CR ends a message; LF is added when sending
    delimiter:0d0a            these bytes end it, 1 to 64 of them in hex (no spaces, either case)
    between:0b,1c0d           bytes in front of it and behind it, 1 to 64 each in hex; these are MLLP's
    flag:7e                   the same byte in front and behind: 7e in HDLC, c0 in SLIP
    length:2be                2 bytes of length in front, big endian; 1, 2be, 2le, 3be, 3le, 4be, 4le, 8be, 8le,
                              varint; 4digits for 4 ASCII digits (1 to 9)
    length:4le,offset=3       the length stands behind the first 3 bytes of the frame (0 to 1,024)
    length:2be,itself         it counts its own bytes too; without this, only what comes behind it
    length:2be,offset=4,whole it counts all of the frame, what stands before it included
    length:3le,add=1          one byte more follows than it counts (-65,536 to 65,536)
    length:4digits,then=2c    these bytes stand behind the message, and are not counted
    netstring                 12:hello world!,
    content-length            a header block with Content-Length, a blank line, so many bytes
    fixed:16                  16 bytes each, up to 16,777,216; of another size nothing can be sent
    fixed:16,pad=20           the same, and what is shorter is filled up with this byte when sending
    gap:50                    50 ms (1 to 3,600,000) without a byte end it

Behind any of them may stand ``+`` and a checksum, see ``core.wire.checksums``: ``length:2be+crc16-modbus``.

The message is the frame without its delimiter or its length field. What stands before a length field is the
beginning of the message: ``0102|0003|abcdef`` under ``length:2be,offset=2`` is the message ``0102abcdef``.
A header block of ``content-length`` that says something else too, as in HTTP, is the beginning of the message.
Under ``flag`` there are no empty messages, and nothing takes the place of a flag inside one: what HDLC and SLIP
write for it (``7d 5e``, ``db dc``) is shown, and has to be sent, as it stands on the wire.
``str()`` of a framing is its written form, and ``parse_framing`` reads it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from core.errors import Fault, SendError, TincanError, quoted
from core.wire.enclosing import BetweenSplitter, FlagSplitter
from core.wire.length_prefix import (
    ContentLengthSplitter,
    Counts,
    LengthField,
    NetstringSplitter,
    Order,
    PrefixSplitter,
)
from core.wire.messages import Collector, Framer, LineFramer, Message, RawFramer
from core.wire.splitting import DelimiterSplitter, FixedSplitter, GapSplitter, LineSplitter, Splitter
from core.words import counted

LONGEST_DELIMITER = 64  # bytes
LARGEST_OFFSET = 1024  # bytes
LARGEST_ADD = 65_536  # bytes, either way
LARGEST_FIXED = 1 << 24  # bytes; the largest limit of a message that there is
LONGEST_GAP = 3_600_000  # ms
FRAMINGS = ("raw", "line", "netstring", "content-length")  # those that need no number


class FramingError(TincanError, ValueError):
    """What was written is no framing; the message says why, and ``place`` which character of it is meant."""

    fault = Fault.PERSON

    def __init__(self, why: str, place: int = 0) -> None:
        super().__init__(why)
        self.place = place


class Framing(ABC):
    """How messages are told apart. A value: frozen, comparable, for any thread."""

    __slots__ = ()

    @abstractmethod
    def __str__(self) -> str:
        """Its written form."""

    @property
    @abstractmethod
    def words(self) -> str:
        """The same for people, in lower case: ``2-byte big-endian length``."""

    @abstractmethod
    def enclose(self, message: bytes) -> bytes:
        """The message as it goes on the wire. Raises ``SendError`` if it does not fit, with the reason."""

    def framer(self, limit: int) -> Framer:
        """A framer for one direction of one connection and messages of up to ``limit`` bytes."""
        return Collector(self.splitter(), limit)

    @abstractmethod
    def splitter(self) -> Splitter:
        """A splitter for one direction of one connection. Raises ``TincanError`` under ``raw``, which needs none."""


@dataclass(frozen=True, slots=True)
class RawFraming(Framing):
    """Each ``recv`` and each ``send`` is a message."""

    def __str__(self) -> str:
        return "raw"

    @property
    def words(self) -> str:
        return "as received"

    def enclose(self, message: bytes) -> bytes:
        return message

    def framer(self, limit: int) -> Framer:  # noqa: ARG002 - what one recv gave is never too long
        return RawFramer()

    def splitter(self) -> Splitter:
        raise TincanError("the framing raw cuts no stream: there every entry is a message")


@dataclass(frozen=True, slots=True)
class LineFraming(Framing):
    """LF, CR LF or a lone CR ends a message."""

    def __str__(self) -> str:
        return "line"

    @property
    def words(self) -> str:
        return "lines"

    def enclose(self, message: bytes) -> bytes:
        return message + b"\n"

    def framer(self, limit: int) -> Framer:
        return LineFramer(limit)

    def splitter(self) -> Splitter:
        return LineSplitter()


@dataclass(frozen=True, slots=True)
class Delimiter(Framing):
    """The same bytes end every message. A message that has them in it will be read as two."""

    delimiter: bytes

    def __str__(self) -> str:
        return f"delimiter:{self.delimiter.hex()}"

    @property
    def words(self) -> str:
        return f"delimiter {_named(self.delimiter)}"

    def enclose(self, message: bytes) -> bytes:
        return message + self.delimiter

    def splitter(self) -> Splitter:
        return DelimiterSplitter(self.delimiter)


@dataclass(frozen=True, slots=True)
class Between(Framing):
    """Some bytes begin every message and others end it. A message that has the end in it will be read as shorter."""

    start: bytes
    end: bytes

    def __str__(self) -> str:
        return f"between:{self.start.hex()},{self.end.hex()}"

    @property
    def words(self) -> str:
        return f"between {_named(self.start)} and {_named(self.end)}"

    def enclose(self, message: bytes) -> bytes:
        return self.start + message + self.end

    def splitter(self) -> Splitter:
        return BetweenSplitter(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Flag(Framing):
    """The same byte stands in front of every message and behind it, and none is empty."""

    flag: bytes

    def __str__(self) -> str:
        return f"flag:{self.flag.hex()}"

    @property
    def words(self) -> str:
        return f"between flags {self.flag.hex()}"

    def enclose(self, message: bytes) -> bytes:
        if not message:
            raise SendError("nothing between two flags is no message")
        if self.flag in message:
            instead = _INSTEAD.get(self.flag)
            advice = f"; what stands for it inside a message is {instead}" if instead else ""
            raise SendError(f"the message has the flag {self.flag.hex()} in it, which would end it there{advice}")
        return self.flag + message + self.flag

    def splitter(self) -> Splitter:
        return FlagSplitter(self.flag)


@dataclass(frozen=True, slots=True)
class Netstring(Framing):
    """The length in digits and a colon in front, a comma behind."""

    def __str__(self) -> str:
        return "netstring"

    @property
    def words(self) -> str:
        return "netstrings"

    def enclose(self, message: bytes) -> bytes:
        return b"%d:%b," % (len(message), message)

    def splitter(self) -> Splitter:
        return NetstringSplitter()


@dataclass(frozen=True, slots=True)
class ContentLength(Framing):
    """A header block that says how many bytes follow it, as in HTTP and LSP."""

    def __str__(self) -> str:
        return "content-length"

    @property
    def words(self) -> str:
        return "Content-Length header"

    def enclose(self, message: bytes) -> bytes:
        return b"Content-Length: %d\r\n\r\n%b" % (len(message), message)

    def splitter(self) -> Splitter:
        return ContentLengthSplitter()


@dataclass(frozen=True, slots=True)
class LengthPrefix(Framing):
    """Each frame says how long it is; ``closing`` stands behind each and is not counted."""

    field: LengthField
    closing: bytes = b""

    def __str__(self) -> str:
        field = self.field
        width = f"{field.width or ''}{_ENDS[field.order] if field.width > 1 or field.order == 'digits' else ''}"
        options = [f"offset={field.offset}" if field.offset else "", f"add={field.add}" if field.add else ""]
        options += [f"then={self.closing.hex()}" if self.closing else "", field.counts.value]
        return ",".join([f"length:{width or 'varint'}", *filter(None, options)])

    @property
    def words(self) -> str:
        field = self.field
        offset = f" after {counted(field.offset, 'byte')}" if field.offset else ""
        add = (
            f", {counted(abs(field.add), 'byte')} {'more' if field.add > 0 else 'fewer'} than it says"
            if field.add
            else ""
        )
        closing = f", {_named(self.closing)} behind it" if self.closing else ""
        return self._kind + offset + _COUNTED[field.counts] + add + closing

    @property
    def _kind(self) -> str:
        field = self.field
        if field.order == "digits":
            return f"{field.width}-digit length"
        order = f" {field.order}-endian" if field.width > 1 else ""
        return f"{field.width}-byte{order} length" if field.width else "varint length"

    def enclose(self, message: bytes) -> bytes:
        offset = self.field.offset
        if len(message) < offset:
            raise SendError(
                f"the message has {counted(len(message), 'byte')}, and the length stands behind the first {offset:,}"
            )
        written = self.field.written(len(message) - offset)
        if written is None:
            many = "few" if len(message) < self.field.add else "many"
            raise SendError(f"the message has {counted(len(message), 'byte')}: too {many} for the {self.words}")
        return message[:offset] + written + message[offset:] + self.closing

    def splitter(self) -> Splitter:
        return PrefixSplitter(self.field, self.closing)


@dataclass(frozen=True, slots=True)
class FixedLength(Framing):
    """Every message has the same size."""

    size: int  # bytes
    pad: int | None = None  # the byte that fills up what is shorter

    def __str__(self) -> str:
        return f"fixed:{self.size}" + (f",pad={self.pad:02x}" if self.pad is not None else "")

    @property
    def words(self) -> str:
        filled = f", filled up with {self.pad:02x}" if self.pad is not None else ""
        return f"{counted(self.size, 'byte')} each{filled}"

    def enclose(self, message: bytes) -> bytes:
        missing = self.size - len(message)
        if missing == 0:
            return message
        if missing < 0 or self.pad is None:
            advice = f"; {self},pad=00 would fill it up" if missing > 0 else ""
            has = counted(len(message), "byte")
            raise SendError(f"the message has {has}, and each is to have {self.size:,}{advice}")
        return message + bytes((self.pad,)) * missing

    def splitter(self) -> Splitter:
        return FixedSplitter(self.size)


@dataclass(frozen=True, slots=True)
class Gap(Framing):
    """Silence ends a message: what comes between is one, however many calls it took."""

    milliseconds: int

    def __str__(self) -> str:
        return f"gap:{self.milliseconds}"

    @property
    def words(self) -> str:
        return f"silence of {self.milliseconds:,} ms"

    def enclose(self, message: bytes) -> bytes:
        return message

    def framer(self, limit: int) -> Framer:
        return Collector(self.splitter(), limit, silence=self.milliseconds / 1000)

    def splitter(self) -> Splitter:
        return GapSplitter(self.milliseconds * 1_000_000)


RAW = RawFraming()
LINE = LineFraming()


@lru_cache(maxsize=64)
def parse_framing(text: str) -> Framing:
    """Read a written form; see the head of this module. Raises ``FramingError``."""
    text, plus, check = text.partition("+")
    if plus:
        from core.wire.checksums import parse_checked

        return parse_checked(parse_framing(text), check, len(text) + 1)
    name, colon, rest = text.partition(":")
    if name in _PLAIN:
        if colon:
            raise FramingError(f"{name} takes nothing behind it", len(name))
        return _PLAIN[name]
    if not name:
        raise FramingError(f"the name of the framing is missing; there are {', '.join((*_PLAIN, *_PARSERS))}")
    if name not in _PARSERS:
        raise FramingError(f"there is no framing called {quoted(name)}; there are {', '.join((*_PLAIN, *_PARSERS))}")
    if not rest:
        raise FramingError(f"{name} needs more, for example {_EXAMPLES[name]}", len(text))
    return _PARSERS[name](Written(rest, len(name) + 1))


def make_framer(framing: str, limit: int) -> Framer:
    """Make a framer by a framing's written form. Raises ``FramingError``."""
    return parse_framing(framing).framer(limit)


def messages_in(datagram: bytes, framing: Framing, limit: int, at: int = 0) -> list[Message]:
    """The messages of a datagram that came at ``at``: itself, or what ``framing`` cuts it into. Its end ends the last.

    An empty one is a message under any framing.
    """
    if framing is RAW or not datagram:
        return [datagram]
    framer = framing.framer(limit)
    return [*framer.feed(datagram, at), *framer.finish()]


def make_splitter(framing: str) -> Splitter:
    """Make a splitter by a framing's written form. Raises ``TincanError``, under ``raw`` too."""
    return parse_framing(framing).splitter()


class Written:
    """What stands behind the colon, piece by piece, each with its place."""

    def __init__(self, rest: str, place: int) -> None:
        self.first, *options = rest.split(",")
        self.place = place
        self._options: dict[str, tuple[str | None, int]] = {}
        place += len(self.first) + 1
        for option in options:
            name, equals, value = option.partition("=")
            if name in self._options:
                raise FramingError(f"{quoted(name)} is there twice", place)
            self._options[name] = (value if equals else None, place)
            place += len(option) + 1

    def value(self, name: str) -> tuple[str, int] | None:
        """What stands behind ``name=``, and where; None if the option is not there."""
        value, place = self._options.pop(name, ("", -1))
        if place < 0:
            return None
        if not value:
            raise FramingError(f"{name} needs a value: {name}=...", place)
        return value, place + len(name) + 1

    def flag(self, *names: str) -> str:
        """Which of these words is there; empty if none is."""
        for name in names:
            if name in self._options and self._options[name][0] is None:
                del self._options[name]
                return name
        return ""

    def second(self) -> tuple[str, int]:
        """What stands behind the first comma, and where."""
        for name, (value, place) in self._options.items():
            del self._options[name]
            return name if value is None else f"{name}={value}", place
        raise FramingError("the end is missing: write it behind a comma", self.place + len(self.first))

    def finish(self, known: str) -> None:
        """Nothing more may be there."""
        for name, (_value, place) in self._options.items():
            raise FramingError(f"{quoted(name)} means nothing here: there can be {known}", place)


def whole_number(text: str, place: int, what: str, least: int, most: int) -> int:
    """Read a decimal number from ``least`` to ``most``. Raises ``FramingError``, which calls it ``what``."""
    if not re.fullmatch(r"-?[0-9]{1,12}" if least < 0 else r"[0-9]{1,12}", text):
        raise FramingError(f"{what} must be a number from {least:,} to {most:,}, not {quoted(text)}", place)
    value = int(text)
    if not least <= value <= most:
        raise FramingError(f"{what} must be from {least:,} to {most:,}, not {value:,}", place)
    return value


def hex_bytes(text: str, place: int, what: str, most: int) -> bytes:
    """Read 1 to ``most`` bytes, two hex digits each. Raises ``FramingError``, which calls them ``what``."""
    wrong = re.search(r"[^0-9a-fA-F]", text)
    if wrong is not None:
        raise FramingError(f"{what} must be hex digits, not {quoted(wrong.group())}", place + wrong.start())
    if len(text) % 2:
        raise FramingError(f"{what} must be two hex digits a byte; one is missing", place + len(text))
    if not 1 <= len(text) // 2 <= most:
        sizes = f"1 to {most} bytes" if most > 1 else "one byte"
        raise FramingError(f"{what} must have {sizes}; it has {len(text) // 2:,}", place)
    return bytes.fromhex(text)


def _delimiter(written: Written) -> Framing:
    delimiter = hex_bytes(written.first, written.place, "the delimiter", LONGEST_DELIMITER)
    written.finish("nothing but the bytes")
    return Delimiter(delimiter)


def _between(written: Written) -> Framing:
    start = hex_bytes(written.first, written.place, "the start", LONGEST_DELIMITER)
    end, place = written.second()
    written.finish("nothing but the start and the end")
    if start[:1] in start[1:] and start.strip(start[:1]):
        raise FramingError("the start must not have its first byte in it again", written.place)
    return Between(start, hex_bytes(end, place, "the end", LONGEST_DELIMITER))


def _flag(written: Written) -> Framing:
    flag = hex_bytes(written.first, written.place, "the flag", 1)
    written.finish("nothing but the byte")
    return Flag(flag)


def _length(written: Written) -> Framing:
    width = written.first.lower()
    digits = re.fullmatch("([1-9])digits", width)
    known = (int(digits[1]), _DIGITS) if digits is not None else _WIDTHS.get(width)
    if known is None:
        choice = f"{', '.join(_WIDTHS)}, 1digits to 9digits"
        raise FramingError(f"a length is one of {choice}; {quoted(written.first)} is none of them", written.place)
    offset, add, closing = (written.value(name) for name in ("offset", "add", "then"))
    field = LengthField(
        *known,
        offset=whole_number(*offset, "the offset", 0, LARGEST_OFFSET) if offset is not None else 0,
        counts=Counts(written.flag("itself", "whole")),
        add=whole_number(*add, "what is added", -LARGEST_ADD, LARGEST_ADD) if add is not None else 0,
    )
    written.finish("offset=N, add=N, then=HH, and itself or whole")
    return LengthPrefix(field, hex_bytes(*closing, "what stands behind", LONGEST_DELIMITER) if closing else b"")


def _fixed(written: Written) -> Framing:
    size = whole_number(written.first, written.place, "the size", 1, LARGEST_FIXED)
    pad = written.value("pad")
    written.finish("pad=HH, a byte in hex")
    return FixedLength(size, hex_bytes(*pad, "the byte that fills up", 1)[0] if pad is not None else None)


def _gap(written: Written) -> Framing:
    milliseconds = whole_number(written.first, written.place, "the silence", 1, LONGEST_GAP)
    written.finish("nothing but the milliseconds")
    return Gap(milliseconds)


def _named(data: bytes) -> str:
    return _NAMES.get(data) or data.hex(" ")


_PLAIN: dict[str, Framing] = {
    "raw": RAW,
    "line": LINE,
    "netstring": Netstring(),
    "content-length": ContentLength(),
}
_PARSERS: dict[str, Callable[[Written], Framing]] = {
    "delimiter": _delimiter,
    "between": _between,
    "flag": _flag,
    "length": _length,
    "fixed": _fixed,
    "gap": _gap,
}
_EXAMPLES = {
    "delimiter": "delimiter:0d0a",
    "between": "between:0b,1c0d",
    "flag": "flag:7e",
    "length": "length:2be",
    "fixed": "fixed:16",
    "gap": "gap:50",
}
_DIGITS: Order = "digits"
_WIDTHS: dict[str, tuple[int, Order]] = {
    "1": (1, "big"),
    "2be": (2, "big"),
    "2le": (2, "little"),
    "3be": (3, "big"),
    "3le": (3, "little"),
    "4be": (4, "big"),
    "4le": (4, "little"),
    "8be": (8, "big"),
    "8le": (8, "little"),
    "varint": (0, "big"),
}
_ENDS = {"big": "be", "little": "le", "digits": "digits"}
_COUNTED = {
    Counts.WHAT_FOLLOWS: "",
    Counts.ITSELF: ", counting itself",
    Counts.WHOLE: ", counting the whole frame",
}
_INSTEAD = {b"\x7e": "7d 5e in HDLC", b"\xc0": "db dc in SLIP"}
_NAMES = {
    b"\x02": "STX",
    b"\n": "LF",
    b"\r": "CR",
    b"\r\n": "CR LF",
    b"\0": "NUL",
    b"\x03": "ETX",
    b"\x04": "EOT",
    b"\x1e": "RS",
}
