r"""A framing whose messages carry a checksum: ``FRAMING+CHECKSUM``.

    gap:20+crc16-modbus                   Modbus RTU: behind each message, low byte first
    fixed:133+crc16-xmodem,skip=3         XMODEM: the first 3 bytes are not covered
    between:24,0d0a+xor,HEX,after=2a      NMEA 0183: between $ and *, in hex
    between:3a,0d0a+lrc,HEX,digits        Intel HEX, Modbus ASCII: hex digits, and their bytes are covered
    between:02,03+xor,behind              behind ETX, which it covers (BCC)
    length:2be+crc16-ccitt,header         what frames the message in front is covered too
    raw+sum,decimal,after=31303d,then=01  FIX: 10=ddd and SOH behind all that is covered

The names are those of ``core.wire.checksums``. ``be``, ``le``, ``hex``, ``HEX`` and ``decimal`` say how it is written,
``after=`` and ``then=`` which bytes (in hex) stand in front of it and behind, neither covered. A message is shown, and
given to replies, without its checksum; when sending it is put there. One whose checksum is wrong gets no reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import SendError, quoted
from core.wire.checksums import ALGORITHMS, NotHex, hex_digits
from core.wire.enclosing import BetweenSplitter
from core.wire.framing import (
    LARGEST_OFFSET,
    RAW,
    Between,
    FixedLength,
    Framing,
    FramingError,
    LengthPrefix,
    LineFraming,
    Written,
    hex_bytes,
    whole_number,
)
from core.wire.messages import Collector, Framer
from core.wire.splitting import EachSplitter, Envelope, Splitter, Verdict

_LONGEST_SIGN = 16  # bytes in front of a checksum or behind it
_FORMS = ("be", "le", "hex", "HEX", "decimal")
_DIGITS = {"hex": "x", "HEX": "X", "decimal": "d"}
_USUAL = {"big": "be", "little": "le"}
_FLAGS = ("digits", "header", "behind")


@dataclass(frozen=True, slots=True)
class Check:
    """Which checksum, how it is written, and what it covers."""

    name: str
    form: str  # one of _FORMS
    skip: int = 0  # bytes at the beginning that it does not cover
    after: bytes = b""  # what stands in front of it, not covered
    then: bytes = b""  # what stands behind it
    is_of_digits: bool = False  # it covers hex digits, and is of the bytes that they stand for
    has_header: bool = False  # it covers what stands in front of the message, too
    is_behind: bool = False  # it stands behind the end of a frame, and covers that end

    def __str__(self) -> str:
        options = [self.name, "" if self.form == _USUAL[ALGORITHMS[self.name].order] else self.form]
        options += [f"skip={self.skip}" if self.skip else "", f"after={self.after.hex()}" if self.after else ""]
        options.append(f"then={self.then.hex()}" if self.then else "")
        flags = zip(_FLAGS, (self.is_of_digits, self.has_header, self.is_behind), strict=True)
        return ",".join(filter(None, [*options, *(name for name, is_set in flags if is_set)]))

    @property
    def words(self) -> str:
        """Its name for people."""
        return ALGORITHMS[self.name].words

    @property
    def size(self) -> int:
        """How many bytes it takes, those in front and behind included."""
        return len(self.after) + self._width + len(self.then)

    def written(self, covered: bytes) -> bytes:
        """The checksum of these bytes as it goes on the wire. Raises ``NotHex``."""
        covered = covered[self.skip :]
        algorithm = ALGORITHMS[self.name]
        value = algorithm.work_out(hex_digits(covered) if self.is_of_digits else covered)
        if self.form in _DIGITS:
            return self.after + format(value, f"0{self._width}{_DIGITS[self.form]}").encode() + self.then
        return self.after + value.to_bytes(algorithm.size, "big" if self.form == "be" else "little") + self.then

    def verdict(self, covered: bytes, found: bytes) -> Verdict:
        """Whether what was found is the checksum of these bytes; digits may be of either case."""
        try:
            expected = self.written(covered)
        except NotHex as error:
            return Verdict(is_right=False, words=str(error))
        if found == expected or (self.form in _DIGITS and found.upper() == expected.upper()):
            return Verdict(is_right=True, words=f"{self.words} right")
        shown = [
            repr(each.decode("latin-1"))[1:-1] if self.form in _DIGITS else each.hex(" ") for each in (expected, found)
        ]
        return Verdict(is_right=False, words=f"{self.words} wrong: expected {shown[0]}, found {shown[1]}")

    @property
    def _width(self) -> int:
        algorithm = ALGORITHMS[self.name]
        digits = _DIGITS.get(self.form)
        return len(format((1 << 8 * algorithm.size) - 1, digits)) if digits else algorithm.size


@dataclass(frozen=True, slots=True)
class Checked(Framing):
    """Messages under another framing, each with a checksum."""

    inner: Framing
    check: Check

    def __str__(self) -> str:
        return f"{self.inner}+{self.check}"

    @property
    def words(self) -> str:
        return f"{self.inner.words}, {self.check.words}"

    def enclose(self, message: bytes) -> bytes:
        inner, check = self.inner, self.check
        if isinstance(inner, FixedLength) and inner.pad is not None:
            message = message.ljust(inner.size - check.size, bytes((inner.pad,)))
        if isinstance(inner, LengthPrefix) and len(message) < inner.field.offset:
            return inner.enclose(message)  # which says why not
        if isinstance(inner, LineFraming) and check.then.endswith(b"\r"):
            raise SendError("the CR behind the checksum would be taken for a part of the line's end")
        try:
            if isinstance(inner, Between) and check.is_behind:
                start = inner.start if check.has_header else b""
                return inner.enclose(message) + check.written(start + message + inner.end)
            covered = message
            if check.has_header:  # the frame as it will be, but for the checksum's value
                frame = inner.enclose(message + bytes(check.size))
                splitter = self.splitter()
                back = splitter.envelope(frame[: splitter.reach], frame[-splitter.reach :]).back
                covered = frame[: len(frame) - back]
            return inner.enclose(message + check.written(covered))
        except NotHex as error:
            raise SendError(str(error)) from None

    def framer(self, limit: int) -> Framer:
        return Collector(self.splitter(), limit, self.inner.framer(limit).silence)

    def splitter(self) -> Splitter:
        if isinstance(self.inner, Between) and self.check.is_behind:
            return CheckedSplitter(BetweenSplitter(self.inner.start, self.inner.end, self.check.size), self.check)
        return CheckedSplitter(EachSplitter() if self.inner == RAW else self.inner.splitter(), self.check)


class CheckedSplitter:
    """The frames of another splitter; the checksum is part of what frames a message."""

    is_checked = True
    usual: Envelope | None = None

    def __init__(self, inner: Splitter, check: Check) -> None:
        self._inner, self._check = inner, check
        self._added = 0 if check.is_behind else check.size  # to what stands behind a message
        self.reach = inner.reach + self._added
        self.rest_is_message = inner.rest_is_message

    @property
    def state(self) -> object:
        return self._inner.state

    @state.setter
    def state(self, state: object) -> None:
        self._inner.state = state

    def ends(self, data: bytes, at: int = 0) -> list[int]:
        return self._inner.ends(data, at)

    def tally(self, data: bytes, at: int = 0) -> tuple[int, int]:
        return self._inner.tally(data, at)

    def tally_all(self, pieces: Sequence[bytes], times: Sequence[int]) -> tuple[int, int]:
        return self._inner.tally_all(pieces, times)

    def envelope(self, head: bytes, tail: bytes) -> Envelope:
        start, stop, back = self._inner.envelope(head, tail)
        return Envelope(start, stop, back + (0 if not tail or self.flaw(head, tail) else self._added))

    def flaw(self, head: bytes, tail: bytes) -> str:
        flaw = self._inner.flaw(head, tail)
        if flaw or not tail:
            return flaw
        _start, stop, back = self._inner.envelope(head, tail)
        return f"too short for its {self._check.words}" if len(tail) - stop - back < self._added else ""

    def verdict(self, frame: bytes | bytearray) -> Verdict:
        start, stop, back = self.envelope(bytes(frame[: self.reach]), bytes(frame[-self.reach :]))
        place = len(frame) - (self._check.size if self._check.is_behind else back)
        front = frame[:stop] if self._check.has_header else frame[:start]
        return self._check.verdict(bytes(front + frame[stop:place]), bytes(frame[place : place + self._check.size]))

    @property
    def could_end(self) -> bool:
        return self._inner.could_end

    @property
    def expected(self) -> int:
        return max(0, self._inner.expected - self._added)

    @property
    def broken(self) -> str:
        return self._inner.broken

    def why_not(self, head: bytes, size: int, limit: int) -> str:
        return self._inner.why_not(head, size, limit)


def parse_checked(inner: Framing, text: str, place: int) -> Framing:
    """A framing with the checksum that is written in ``text``, at ``place`` of it all. Raises ``FramingError``."""
    written = Written(text, place)
    name = written.first
    if name not in ALGORITHMS:
        raise FramingError(f"there is no checksum called {quoted(name)}; there are {', '.join(ALGORITHMS)}", place)
    form = written.flag(*_FORMS)
    skip, after, then = (written.value(each) for each in ("skip", "after", "then"))
    flags = [bool(written.flag(flag)) for flag in _FLAGS]
    written.finish(f"{', '.join(_FORMS)}, skip=N, after=HH, then=HH, {', '.join(_FLAGS)}")
    if flags[2] and not isinstance(inner, Between):
        raise FramingError("only a frame with a start and an end can have a checksum behind it", place)
    return Checked(
        inner,
        Check(
            name,
            form or _USUAL[ALGORITHMS[name].order],
            whole_number(*skip, "what is skipped", 0, LARGEST_OFFSET) if skip else 0,
            hex_bytes(*after, "what stands in front", _LONGEST_SIGN) if after else b"",
            hex_bytes(*then, "what stands behind", _LONGEST_SIGN) if then else b"",
            *flags,
        ),
    )
