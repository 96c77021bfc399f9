r"""What is worked out when a message goes out, and how it is written in escapes.

``\{name}`` or ``\{name:option,option}``. A backslash has to be doubled under escapes anyhow, so that nothing that
people send by accident is a macro: ``{counter}`` is text, and so is ``\\{counter}`` (a backslash in front of it).

========================================  =========================================================
``counter:from=1,step=1,width=0,FORM``    counts the messages that went out
``random:SIZE`` ``random:SIZE,letters``   so many random bytes, or ASCII letters
``random:from=0,to=9,places=0``           a random number of that range, digits; with ``places``, so many of them
                                          stand behind a point: ``from=215,to=220,places=1`` is 21.5 to 22.0
``time:iso`` ``time:clock``               2026-01-31T09:30:00.250Z (UTC), 10:30:00.250 (local time)
``time:%Y%m%d`` ``time:utc,%H:%M:%S.%L``  the local time or UTC in these parts, see ``PARTS``; commas are part of it
``time:unix,FORM`` ``time:ms,FORM``       seconds or milliseconds since 1970
``NAME=TEXT`` ``NAME``                    sets a variable, and its text in this message and those after it
``uuid``                                  a random UUID (version 4); ``bytes`` for its 16 bytes
``length:FORM,add=0``                     bytes that follow, line ending included, frame not
``crc16`` ``crc32`` ``xor`` ``sum`` …     checksum of the bytes before it; options ``be``, ``le``, ``hex``, ``HEX``,
                                          ``decimal``, ``skip=N`` (without the first N), ``drop=N`` (without the
                                          last N), ``digits`` (those are hex digits: their bytes are summed)
========================================  =========================================================

FORM is ``decimal`` (if there is none), ``hex``, ``HEX``, or bytes: ``1``, ``2be``, ``2le``, ``4be``, ``4le``, ``8be``,
``8le``. Digits go out in the message's encoding, bytes as they are.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from string import ascii_letters
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from core.compose.draft import Context
from core.errors import DraftError
from core.wire.checksums import ALGORITHMS, Algorithm, hex_digits


@dataclass(frozen=True, slots=True)
class NumberForm:
    """``size`` bytes in an order, or digits where ``size`` is 0: decimal or either case of hex."""

    size: int = 0
    order: Literal["big", "little"] = "big"
    digits: Literal["d", "x", "X"] = "d"

    def write(self, value: int, width: int = 0) -> bytes | str:
        """The number; digits with zeros in front up to ``width``. ``OverflowError`` if its bytes are too few."""
        if self.size:
            return value.to_bytes(self.size, self.order)
        return format(value, f"0{width}{self.digits}")

    def wrapped(self, value: int) -> int:
        """What is left of a number in as many bytes: one that counts on begins anew at 0."""
        return value % (1 << 8 * self.size) if self.size else value

    @property
    def longest(self) -> int:
        """The most characters or bytes that a number of 64 bits takes."""
        return self.size or 20


DIGITS = {"decimal": NumberForm(), "hex": NumberForm(digits="x"), "HEX": NumberForm(digits="X")}
BINARY = {
    "1": NumberForm(1),
    "2be": NumberForm(2, "big"),
    "2le": NumberForm(2, "little"),
    "4be": NumberForm(4, "big"),
    "4le": NumberForm(4, "little"),
    "8be": NumberForm(8, "big"),
    "8le": NumberForm(8, "little"),
}
NUMBERS = {**DIGITS, **BINARY}


_Chosen = TypeVar("_Chosen")
_MOST = 2**63 - 1
_WIDEST = 20  # digits, as many as 64 bits can have
_LONGEST_SHOWN = 40  # characters of what is wrong, in a sentence
_VARIABLE = re.compile(r"([^\W\d]\w{0,39})(?:=(.{0,1000}))?")  # its name, and what it is set to
_CAPTURE = re.compile("[0-9]{1,2}")  # a part of the message that is answered
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local time is reckoned by the context's offset


@dataclass(frozen=True, slots=True)
class Counter:
    """Goes on with each message; as bytes it begins anew at 0 where they are used up."""

    start: int
    step: int
    width: int
    form: NumberForm

    def value(self, context: Context, _noise: random.Random) -> bytes | str:
        return self.form.write(self.form.wrapped(self.start + self.step * context.count), self.width)


@dataclass(frozen=True, slots=True)
class Noise:
    """Random bytes, or letters."""

    size: int
    letters: bool = False

    def value(self, _context: Context, noise: random.Random) -> bytes | str:
        return "".join(noise.choices(ascii_letters, k=self.size)) if self.letters else noise.randbytes(self.size)


@dataclass(frozen=True, slots=True)
class RandomNumber:
    """A number from ``first`` to ``last``, in digits, the last ``places`` of them behind a point."""

    first: int
    last: int
    places: int

    def value(self, _context: Context, noise: random.Random) -> str:
        number = noise.randint(self.first, self.last)
        sign, digits = "-" if number < 0 else "", f"{abs(number):0{self.places + 1}}"
        return f"{sign}{digits[: -self.places]}.{digits[-self.places :]}" if self.places else f"{sign}{digits}"


@dataclass(frozen=True, slots=True)
class Moment:
    """The time as text."""

    is_local: bool

    def value(self, context: Context, _noise: random.Random) -> str:
        seconds = context.utc_offset if self.is_local else 0
        moment = _EPOCH + timedelta(seconds=seconds, milliseconds=context.wall_ns // 1_000_000)
        return moment.isoformat(timespec="milliseconds").partition("T")[2] if self.is_local else _iso(moment)


@dataclass(frozen=True, slots=True)
class Formatted:
    """The time as text in a person's own order of its parts."""

    pattern: str
    is_local: bool

    def value(self, context: Context, _noise: random.Random) -> str:
        moment = _EPOCH + timedelta(
            seconds=context.utc_offset if self.is_local else 0, microseconds=context.wall_ns // 1000
        )
        return _PART.sub(lambda found: PARTS[found[1]](moment), self.pattern)


# Python's own ``strftime`` has English names only where nobody chose others, and other parts on Windows.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
PARTS: dict[str, Callable[[datetime], str]] = {
    **{part: (lambda moment, part=part: format(moment, f"%{part}")) for part in "YymdHIMSfj"},  # type: ignore[misc]
    "L": lambda moment: f"{moment.microsecond // 1000:03}",
    "a": lambda moment: _DAYS[moment.weekday()],
    "b": lambda moment: _MONTHS[moment.month - 1],
    "p": lambda moment: "AM" if moment.hour < 12 else "PM",
    "%": lambda _moment: "%",
}
_PART = re.compile("%(.?)")


@dataclass(frozen=True, slots=True)
class Identifier:
    """A random UUID of version 4 (RFC 9562)."""

    is_bytes: bool

    def value(self, _context: Context, noise: random.Random) -> bytes | str:
        import uuid

        made = uuid.UUID(bytes=noise.randbytes(16), version=4)
        return made.bytes if self.is_bytes else str(made)


@dataclass(frozen=True, slots=True)
class Elapsed:
    """The time as a number since 1970, in units of so many nanoseconds."""

    unit_ns: int
    form: NumberForm

    def value(self, context: Context, _noise: random.Random) -> bytes | str:
        return self.form.write(context.wall_ns // self.unit_ns)


@dataclass(frozen=True, slots=True)
class Length:
    """How many bytes follow."""

    form: NumberForm
    add: int

    def value(self, following: int) -> bytes | str:
        if following + self.add < 0:
            raise OverflowError
        return self.form.write(following + self.add)


@dataclass(frozen=True, slots=True)
class Checksum:
    """A checksum of what precedes, its first ``skip`` and last ``drop`` bytes left out."""

    algorithm: Algorithm
    form: NumberForm
    skip: int
    drop: int
    is_of_digits: bool = False  # what it covers are hex digits, and it is of the bytes that they stand for

    def value(self, preceding: bytes) -> bytes | str:
        """The checksum. Raises ``NotHex``."""
        covered = preceding[self.skip : max(self.skip, len(preceding) - self.drop)]
        value = self.algorithm.work_out(hex_digits(covered) if self.is_of_digits else covered)
        return self.form.write(value, self.algorithm.width(self.form.digits))

    @property
    def blank(self) -> bytes | str:
        """As many characters or bytes as it takes."""
        return self.form.write(0, self.algorithm.width(self.form.digits))


@dataclass(frozen=True, slots=True)
class Variable:
    """Text by a name that a person chose; with a ``value`` it is set to that, from here on."""

    name: str
    value: str | None = None


Immediate: TypeAlias = Counter | Noise | RandomNumber | Moment | Formatted | Identifier | Elapsed
Macro: TypeAlias = Immediate | Length | Checksum | Variable


class MacroEntry(NamedTuple):
    """A row of the menu of macros: ``syntax`` is what it puts into the field."""

    name: str
    syntax: str
    words: str


CATALOGUE = (
    MacroEntry("counter", r"\{counter}", "Counts the messages sent from here: 1, 2, 3."),
    MacroEntry("counter", r"\{counter:from=0,step=5,width=4}", "Counts from 0 in fives, with four digits."),
    MacroEntry("counter", r"\{counter:2be}", "Counts in two bytes, the high one first; after 65535 comes 0."),
    MacroEntry("random", r"\{random:4}", "Four random bytes, other ones in each message."),
    MacroEntry("random", r"\{random:from=215,to=220,places=1}", "A random number from 21.5 to 22.0."),
    MacroEntry("random", r"\{random:1,letters}", "A random ASCII letter."),
    MacroEntry("time", r"\{time:iso}", "Date and time in UTC, as ISO 8601 writes them."),
    MacroEntry("time", r"\{time:clock}", "This machine's time of day, to the millisecond."),
    MacroEntry("time", r"\{time:%Y%m%d%H%M%S}", "This machine's date and time in parts, as HL7 writes it."),
    MacroEntry("time", r"\{time:utc,%Y%m%d-%H:%M:%S.%L}", "The same in UTC with milliseconds, as FIX writes it."),
    MacroEntry("time", r"\{time:unix}", "Seconds since 1970, in digits."),
    MacroEntry("time", r"\{time:ms}", "Milliseconds since 1970, in digits."),
    MacroEntry("time", r"\{time:unix,4be}", "Seconds since 1970 in four bytes, the high one first."),
    MacroEntry("time", r"\{time:ms,8le}", "Milliseconds since 1970 in eight bytes, the low one first."),
    MacroEntry("uuid", r"\{uuid}", "A random UUID, another one in each message; uuid:bytes is its 16 bytes."),
    MacroEntry("variable", r"\{unit=7}", r"Goes out as 7, and \{unit} does from now on; \{unit=} forgets it."),
    MacroEntry("length", r"\{length}", "How many bytes follow, in digits."),
    MacroEntry("length", r"\{length:1}", "How many bytes follow, in one byte."),
    MacroEntry("length", r"\{length:2be}", "How many bytes follow, in two bytes, the high one first."),
    MacroEntry("length", r"\{length:4le,add=4}", "A length that counts its own four bytes too, the low one first."),
    MacroEntry("crc16", r"\{crc16}", "CRC-16/Modbus of the bytes before it, low byte first as Modbus RTU has it."),
    MacroEntry("crc16-ccitt", r"\{crc16-ccitt}", "CRC-16/CCITT-FALSE; and crc16-xmodem, -x25, -kermit, -arc."),
    MacroEntry("crc8", r"\{crc8}", "CRC-8 as SMBus has it; and crc8-maxim, -itu, -sae, -autosar, -rohc."),
    MacroEntry("crc32", r"\{crc32}", "CRC-32, high byte first; crc32:le turns it round; and crc32c, -mpeg2, crc24q."),
    MacroEntry("xor", r"\{xor}", "All bytes before it combined by exclusive or, in one byte: BCC."),
    MacroEntry("xor", r"\{xor:HEX,skip=1,drop=1}", "The same in hex, without the first and last byte: NMEA 0183."),
    MacroEntry("sum", r"\{sum}", "The sum of all bytes before it, its last 8 bits; sum16 has 16."),
    MacroEntry("sum", r"\{sum:decimal,drop=3}", "The same in three digits, without the last 3 bytes: FIX, behind 10=."),
    MacroEntry("lrc", r"\{lrc}", "Two's complement of the sum; and fletcher16, adler32."),
    MacroEntry("lrc", r"\{lrc:HEX,skip=1,digits}", "The same of bytes typed as hex digits: Intel HEX, Modbus ASCII."),
)


def read_macro(typed: str, start: int) -> Macro:
    """The macro of what stands between its braces; ``start`` is where that begins. Raises ``DraftError``."""
    if _CAPTURE.fullmatch(typed):
        return Variable(typed)
    variable = _VARIABLE.fullmatch(typed)
    if variable is not None and variable[1] not in _READERS:
        return Variable(variable[1], variable[2])
    if variable is not None and variable[2] is not None:
        sentence = f"{variable[1]} is a macro, and no variable can have its name. Its options stand behind a colon."
        raise DraftError(sentence, start, start + len(variable[1]))
    name, colon, rest = typed.partition(":")
    if not name:
        raise DraftError("Name a macro between the braces, as in \\{counter}.", start - 2, start + len(typed) + 1)
    if name not in _READERS:
        raise unknown_macro(name, start)
    options = _Options(name, rest.split(",") if colon else [], start + len(name) + 1)
    macro = _READERS[name](options)
    options.refuse_rest()
    return macro


def unknown_macro(name: str, start: int) -> DraftError:
    """What is said of a name that is neither a macro nor a variable that was set."""
    is_name = _VARIABLE.fullmatch(name) is not None
    variable = f" \\{{{name}=…}} sets a variable;" if is_name and len(name) <= _LONGEST_SHOWN else ""
    sentence = f"There is no macro called {_shown(name)};{variable} there are {', '.join(_READERS)}."
    return DraftError(sentence, start, start + len(name))


class _Options:
    """What stands behind a macro's colon; each reading takes an option away."""

    def __init__(self, name: str, typed: list[str], place: int) -> None:
        self._name = name
        self._place = place
        self._left: list[tuple[str, int]] = []
        for option in typed:
            self._left.append((option, place))
            place += len(option) + 1

    def word(self, choices: Mapping[str, _Chosen], default: _Chosen) -> _Chosen:
        for item in self._left:
            if item[0] in choices:
                self._left.remove(item)
                return choices[item[0]]
        return default

    def number(self, key: str, default: int, least: int, most: int) -> int:
        for item in self._left:
            if item[0].startswith(f"{key}="):
                self._left.remove(item)
                return _number(item[0].removeprefix(f"{key}="), item[1] + len(key) + 1, least, most)
        return default

    def has(self, key: str) -> bool:
        return any(typed.startswith(f"{key}=") for typed, _place in self._left)

    def size(self, most: int) -> int:
        """The first option, which must be a number of bytes."""
        if not self._left:
            raise DraftError(
                "Say how many bytes, as in \\{random:4}.", self._place - len(self._name) - 1, self._place - 1
            )
        typed, place = self._left.pop(0)
        return _number(typed, place, 1, most)

    def pattern(self) -> tuple[str, int]:
        """All from the first option with a percent sign on, commas included, and where it begins; empty if none has."""
        for index, (typed, place) in enumerate(self._left):
            if "%" in typed:
                rest, self._left = self._left[index:], self._left[:index]
                return ",".join([typed, *(option for option, _place in rest[1:])]), place
        return "", 0

    def refuse_rest(self) -> None:
        for typed, place in self._left:
            known = "; ".join(entry.syntax for entry in CATALOGUE if entry.name == self._name)
            known = known or rf"\{{{self._name}}}, with be, le, hex, HEX, decimal, digits, skip=1 or drop=1"
            sentence = f"{_shown(typed)} means nothing to {self._name}. It is written {known}."
            raise DraftError(sentence, place, place + max(1, len(typed)))


def _number(typed: str, place: int, least: int, most: int) -> int:
    digits = typed.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _WIDEST and least <= int(typed) <= most):
        sentence = f"{_shown(typed)} should be a number from {least:,} to {most:,}."
        raise DraftError(sentence, place, place + max(1, len(typed)))
    return int(typed)


def _shown(typed: str) -> str:
    return repr(typed if len(typed) <= _LONGEST_SHOWN else typed[: _LONGEST_SHOWN - 1] + "…")


def _counter(options: _Options) -> Macro:
    return Counter(
        options.number("from", 1, -_MOST, _MOST),
        options.number("step", 1, -_MOST, _MOST),
        options.number("width", 0, 0, _WIDEST),
        options.word(NUMBERS, DIGITS["decimal"]),
    )


def _random(options: _Options) -> Macro:
    if options.has("to"):
        first = options.number("from", 0, -_MOST, _MOST)
        return RandomNumber(first, options.number("to", 0, first, _MOST), options.number("places", 0, 0, 18))
    return Noise(options.size(_MOST), options.word({"letters": True}, default=False))


def _time(options: _Options) -> Macro:
    is_utc = options.word({"utc": True}, default=False)
    pattern, place = options.pattern()
    if pattern:
        wrong = next((found for found in _PART.finditer(pattern) if found[1] not in PARTS), None)
        if wrong is not None:
            sentence = f"There is no part of a time called {_shown(wrong[0])}; there are %{' %'.join(PARTS)}."
            raise DraftError(sentence, place + wrong.start(), place + wrong.end())
        return Formatted(pattern, is_local=not is_utc)
    if is_utc:
        return Moment(is_local=False)
    kind = options.word({"iso": "iso", "clock": "clock", "unix": "unix", "ms": "ms"}, "iso")
    if kind in ("iso", "clock"):
        return Moment(is_local=kind == "clock")
    return Elapsed(1_000_000_000 if kind == "unix" else 1_000_000, options.word(NUMBERS, DIGITS["decimal"]))


def _length(options: _Options) -> Macro:
    return Length(options.word(NUMBERS, DIGITS["decimal"]), options.number("add", 0, -_MOST, _MOST))


def _checksum(algorithm: Algorithm) -> Callable[[_Options], Macro]:
    orders = {"be": NumberForm(algorithm.size, "big"), "le": NumberForm(algorithm.size, "little")}
    forms = {**orders, **DIGITS}
    usual = NumberForm(algorithm.size, algorithm.order)
    return lambda options: Checksum(
        algorithm,
        options.word(forms, usual),
        options.number("skip", 0, 0, _MOST),
        options.number("drop", 0, 0, _MOST),
        options.word({"digits": True}, default=False),
    )


_READERS: dict[str, Callable[[_Options], Macro]] = {
    "counter": _counter,
    "random": _random,
    "time": _time,
    "uuid": lambda options: Identifier(options.word({"bytes": True}, default=False)),
    "length": _length,
    **{name: _checksum(algorithm) for name, algorithm in ALGORITHMS.items()},
}


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds") + "Z"
