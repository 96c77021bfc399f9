r"""Checksums of bytes, each by the name that a macro or a framing calls it, and framings whose messages carry one.

A framing with a checksum is written ``FRAMING+CHECKSUM``:

    gap:20+crc16-modbus                   Modbus RTU: behind each message, low byte first
    fixed:133+crc16-xmodem,skip=3         XMODEM: the first 3 bytes are not covered
    between:24,0d0a+xor,HEX,after=2a      NMEA 0183: between $ and *, in hex
    between:3a,0d0a+lrc,HEX,digits        Intel HEX, Modbus ASCII: hex digits, and their bytes are covered
    between:02,03+xor,behind              behind ETX, which it covers (BCC)
    length:2be+crc16-ccitt,header         what frames the message in front is covered too
    raw+sum,decimal,after=31303d,then=01  FIX: 10=ddd and SOH behind all that is covered

The names are those of ``ALGORITHMS``. ``be``, ``le``, ``hex``, ``HEX`` and ``decimal`` say how it is written,
``after=`` and ``then=`` which bytes (in hex) stand in front of it and behind, neither covered. A message is shown, and
given to replies, without its checksum; when sending it is put there. One whose checksum is wrong gets no reply.

CRCs are worked out from the parameters of the catalogue of parametrised CRC algorithms (reveng), with its check
values. Of the packages that have the catalogue, crccheck (pure Python) takes 1.7 s for a MiB where one here takes
50 ms at most, and anycrc and fastcrc bring compiled code of 0.5 and 1 MB for every platform: too much for a table.
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import accumulate
from typing import Literal, NamedTuple, TypeAlias

from core.errors import SendError, quoted
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

Digits: TypeAlias = Literal["d", "x", "X"]
"""The digits of a number, as ``format`` names them."""

_FEW = 512  # bytes that are gone through one by one: fewer than it takes to fold them
_LONGEST_SIGN = 16  # bytes in front of a checksum or behind it
_FORMS = ("be", "le", "hex", "HEX", "decimal")
_DIGITS: dict[str, Digits] = {"hex": "x", "HEX": "X", "decimal": "d"}
_USUAL = {"big": "be", "little": "le"}
_FLAGS = ("digits", "header", "behind")


class Crc(NamedTuple):
    """A CRC's parameters; ``is_reflected`` is for bytes and result alike. ``check`` is its value of ``123456789``."""

    width: int  # bits; whole bytes
    polynomial: int
    start: int
    is_reflected: bool
    final: int  # combined with the result by exclusive or
    check: int

    def work_out(self, data: bytes) -> int:
        """The CRC of the data; some milliseconds for a MiB."""
        if len(data) > _FEW:
            return self._folded(data)
        crc, table = self.start, _table(self.width, self.polynomial, is_reflected=self.is_reflected)
        if self.is_reflected:  # ``start`` is the same either way round in all that are here
            for byte in data:
                crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
            return crc ^ self.final
        top, mask = self.width - 8, (1 << self.width) - 1
        for byte in data:
            crc = ((crc << 8) & mask) ^ table[(crc >> top) ^ byte]
        return crc ^ self.final

    def _folded(self, data: bytes) -> int:
        """The same of many bytes.

        A CRC is linear: that of two stretches is that of the first, passed on by as many zero bytes as the second has,
        combined with that of the second. So the first bytes go onto the last ones, all at once, until one is left. What
        each has become stands in ``planes``: its lowest byte in the first of them.
        """
        start = self.start.to_bytes(self.width // 8, "little" if self.is_reflected else "big")
        data = bytes(one ^ other for one, other in zip(data, start, strict=False)) + data[len(start) :]
        planes = [data.translate(table) for table in _single(self)]
        while (left := len(planes[0])) > 1:
            step = (left - 1).bit_length() - 1
            over = left - (1 << step)
            ahead = [
                [plane[:over].translate(each) for each in tables]
                for plane, tables in zip(planes, _zeros(self, step), strict=True)
            ]
            planes = [_combined(plane[over:], *onto) for plane, *onto in zip(planes, *ahead, strict=True)]
        return int.from_bytes(b"".join(planes), "little") ^ self.final

    def pass_on(self, value: int) -> int:
        """What a value becomes by one zero byte."""
        table = _table(self.width, self.polynomial, is_reflected=self.is_reflected)
        if self.is_reflected:
            return (value >> 8) ^ table[value & 0xFF]
        return ((value << 8) & (1 << self.width) - 1) ^ table[value >> self.width - 8]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A checksum of ``size`` bytes, and the order in which those usually go out."""

    words: str
    size: int
    order: Literal["big", "little"]
    work_out: Callable[[bytes], int]

    def width(self, digits: Digits) -> int:
        """How many digits it has, with zeros in front."""
        return len(format((1 << 8 * self.size) - 1, digits))


class NotHex(ValueError):
    """What a checksum covers should be hex digits, and is not."""


def hex_digits(covered: bytes) -> bytes:
    """The bytes that hex digits stand for. Raises ``NotHex``."""
    try:
        return binascii.unhexlify(covered)
    except binascii.Error:
        raise NotHex("what the checksum covers are not pairs of hex digits") from None


def xor(data: bytes) -> int:
    """All bytes combined by exclusive or, also called BCC; NMEA 0183 has it."""
    folded, size = int.from_bytes(data, "little"), len(data)
    while size > 1:  # halves on top of each other, which leaves most of the work to big integers
        half = (size + 1) // 2
        folded = (folded >> 8 * half) ^ (folded & (1 << 8 * half) - 1)
        size = half
    return folded


def total(data: bytes, size: int) -> int:
    """The last ``size`` bytes of the sum of all bytes."""
    return sum(data) & (1 << 8 * size) - 1


def twos_complement(data: bytes) -> int:
    """What makes the sum of all bytes 0: the LRC of Modbus ASCII, and the checksum of Intel HEX."""
    return -sum(data) & 0xFF


def fletcher16(data: bytes) -> int:
    """Two sums modulo 255, the second of the first's values (RFC 1146, the 8-bit one); 40 ms for a MiB."""
    return sum(accumulate(data)) % 255 << 8 | sum(data) % 255


@lru_cache(maxsize=8)
def _table(width: int, polynomial: int, *, is_reflected: bool) -> tuple[int, ...]:
    """What each byte does to a CRC."""
    if is_reflected:
        polynomial = int(f"{polynomial:0{width}b}"[::-1], 2)
        return tuple(_shifted_down(byte, polynomial) for byte in range(256))
    return tuple(_shifted_up(byte << width - 8, polynomial, 1 << width - 1) for byte in range(256))


def _by_plane(values: Sequence[int], width: int) -> list[bytes]:
    """The lowest bytes of values, the next ones, and so on."""
    return [bytes(value >> shift & 0xFF for value in values) for shift in range(0, width, 8)]


@lru_cache(maxsize=8)
def _single(crc: Crc) -> list[bytes]:
    """What a single byte makes of 0, in planes."""
    return _by_plane(_table(crc.width, crc.polynomial, is_reflected=crc.is_reflected), crc.width)


@lru_cache(maxsize=128)
def _zeros(crc: Crc, step: int) -> list[list[bytes]]:
    """For the lowest byte of a value and those above: what it becomes by 2 ** ``step`` zero bytes, in planes."""
    found = []
    for shift in range(0, crc.width, 8):
        values = [byte << shift for byte in range(256)]
        if step:
            before = _zeros(crc, step - 1)
            values = [_mapped(_mapped(value, before), before) for value in values]
        else:
            values = [crc.pass_on(value) for value in values]
        found.append(_by_plane(values, crc.width))
    return found


def _mapped(value: int, tables: list[list[bytes]]) -> int:
    found = 0
    for shift, row in enumerate(tables):
        byte = value >> 8 * shift & 0xFF
        for place, table in enumerate(row):
            found ^= table[byte] << 8 * place
    return found


def _combined(*stretches: bytes) -> bytes:
    """Exclusive or of stretches that end together, the first of which is the longest."""
    folded = 0
    for stretch in stretches:
        folded ^= int.from_bytes(stretch, "big")
    return folded.to_bytes(len(stretches[0]), "big")


def _shifted_down(value: int, polynomial: int) -> int:
    for _bit in range(8):
        value = (value >> 1) ^ (polynomial if value & 1 else 0)
    return value


def _shifted_up(value: int, polynomial: int, top: int) -> int:
    for _bit in range(8):
        value = ((value << 1) & (2 * top - 1)) ^ (polynomial if value & top else 0)
    return value


# By name: what people call it, and its parameters.
CRCS = {
    "crc8": ("CRC-8/SMBUS", Crc(8, 0x07, 0, False, 0, 0xF4)),
    "crc8-itu": ("CRC-8/I-432-1", Crc(8, 0x07, 0, False, 0x55, 0xA1)),
    "crc8-maxim": ("CRC-8/MAXIM-DOW", Crc(8, 0x31, 0, True, 0, 0xA1)),
    "crc8-sae": ("CRC-8/SAE-J1850", Crc(8, 0x1D, 0xFF, False, 0xFF, 0x4B)),
    "crc8-autosar": ("CRC-8/AUTOSAR", Crc(8, 0x2F, 0xFF, False, 0xFF, 0xDF)),
    "crc8-rohc": ("CRC-8/ROHC", Crc(8, 0x07, 0xFF, True, 0, 0xD0)),
    "crc16-arc": ("CRC-16/ARC", Crc(16, 0x8005, 0, True, 0, 0xBB3D)),
    "crc16-ccitt": ("CRC-16/CCITT-FALSE", Crc(16, 0x1021, 0xFFFF, False, 0, 0x29B1)),
    "crc16-kermit": ("CRC-16/KERMIT", Crc(16, 0x1021, 0, True, 0, 0x2189)),
    "crc16-modbus": ("CRC-16/MODBUS", Crc(16, 0x8005, 0xFFFF, True, 0, 0x4B37)),
    "crc16-x25": ("CRC-16/X-25", Crc(16, 0x1021, 0xFFFF, True, 0xFFFF, 0x906E)),
    "crc16-xmodem": ("CRC-16/XMODEM", Crc(16, 0x1021, 0, False, 0, 0x31C3)),
    "crc24q": ("CRC-24Q", Crc(24, 0x864CFB, 0, False, 0, 0xCDE703)),
    "crc32": ("CRC-32", Crc(32, 0x04C11DB7, 0xFFFFFFFF, True, 0xFFFFFFFF, 0xCBF43926)),
    "crc32-mpeg2": ("CRC-32/MPEG-2", Crc(32, 0x04C11DB7, 0xFFFFFFFF, False, 0, 0x0376E6E7)),
    "crc32c": ("CRC-32C", Crc(32, 0x1EDC6F41, 0xFFFFFFFF, True, 0xFFFFFFFF, 0xE3069283)),
}

# Where the standard library has a quick one.
_QUICK: dict[str, Callable[[bytes], int]] = {
    "crc16-ccitt": lambda data: binascii.crc_hqx(data, 0xFFFF),
    "crc16-xmodem": lambda data: binascii.crc_hqx(data, 0),
    "crc32": zlib.crc32,
}
_LOW_BYTE_FIRST = {"crc16-arc", "crc16-kermit", "crc16-modbus", "crc16-x25"}  # as their protocols send them

ALGORITHMS = {
    **{
        name: Algorithm(
            words, crc.width // 8, "little" if name in _LOW_BYTE_FIRST else "big", _QUICK.get(name, crc.work_out)
        )
        for name, (words, crc) in CRCS.items()
    },
    "xor": Algorithm("XOR", 1, "big", xor),
    "sum": Algorithm("sum", 1, "big", partial(total, size=1)),
    "sum16": Algorithm("16-bit sum", 2, "big", partial(total, size=2)),
    "lrc": Algorithm("two’s complement", 1, "big", twos_complement),
    "fletcher16": Algorithm("Fletcher-16", 2, "big", fletcher16),
    "adler32": Algorithm("Adler-32", 4, "big", zlib.adler32),
}
ALGORITHMS["crc16"] = ALGORITHMS["crc16-modbus"]  # as it was called when there was one


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
        algorithm, digits = ALGORITHMS[self.name], _DIGITS.get(self.form)
        return algorithm.width(digits) if digits else algorithm.size


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
        self.is_timed = inner.is_timed

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

    def tally_all(self, pieces: Sequence[bytes], times: Iterable[int]) -> tuple[int, int]:
        return self._inner.tally_all(pieces, times)

    def tally_whole(self, pieces: Sequence[bytes]) -> int | None:
        return self._inner.tally_whole(pieces)

    def envelope(self, head: bytes, tail: bytes) -> Envelope:
        start, stop, back = self._inner.envelope(head, tail)
        has_room = len(tail) - stop - back >= self._added
        return Envelope(start, stop, back + (self._added if tail and has_room else 0))

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
    def expected(self) -> int | None:
        expected = self._inner.expected
        return None if expected is None else expected - self._added

    @property
    def broken(self) -> str:
        return self._inner.broken

    def why_not(self, head: bytes, size: int, limit: int) -> str:
        return self._inner.why_not(head, size, limit)


def parse_checked(inner: Framing, text: str, place: int) -> Framing:
    """A framing with the checksum that is written in ``text``, at ``place`` of it all. Raises ``FramingError``."""
    written = Written(text, place)
    name = written.first
    if not name:
        raise FramingError(f"the name of the checksum is missing; there are {', '.join(ALGORITHMS)}", place)
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
