"""What can be wrong with a line on purpose, and how that is written.

``core.wire.faulty_line`` has the lines that do it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

from core.errors import Fault, TincanError, check_type, quoted
from core.words import counted, decimal, human_bytes

REMARK = "fault on"  # with which a remark begins that tells of one

_NEVER = math.inf

_SIZE = re.compile(r"(\d+(?:\.\d+)?)(B|k|kB|M|MB|KiB|MiB)?")
_UNITS = {None: 1, "B": 1, "k": 1000, "kB": 1000, "M": 1_000_000, "MB": 1_000_000, "KiB": 1024, "MiB": 1024 * 1024}
_TIME = re.compile(r"(\d+(?:\.\d+)?)(ms|s)?")


class FaultError(TincanError, ValueError):
    """What was written is no fault; the message says what would be."""

    fault = Fault.PERSON


class At(NamedTuple):
    """When something happens: after so many bytes, or so many seconds after the line began."""

    size: int | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        return counted(self.size, "byte") if self.size is not None else span(self.seconds or 0.0)

    @property
    def written(self) -> str:
        """As ``parse_faults`` reads it."""
        return str(self.size) if self.size is not None else _milliseconds(self.seconds or 0.0)


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with one direction of a line. Times in seconds, sizes in bytes.

    ``latency`` is give or take ``jitter``; ``bandwidth`` is bytes a second. With ``slice`` no more bytes than that go
    on at once, and ``pause`` is the time to the next. ``stall`` holds everything for ``stalled_for`` seconds. ``cut``
    closes both ends, ``finish`` is a half-close, ``reset`` resets both. ``flip`` is the share of bits that are
    flipped. The same ``seed`` makes the same choices.

    Of datagrams, ``loss``, ``duplicate`` and ``reorder`` are the shares that get lost, arrive twice, and are held back
    for ``held_back`` seconds, so that others overtake them.
    """

    latency: float = 0.0
    jitter: float = 0.0
    bandwidth: int | None = None
    slice: int | None = None
    pause: float = 0.0
    stall: At | None = None
    stalled_for: float = _NEVER
    cut: At | None = None
    finish: At | None = None
    reset: At | None = None
    flip: float = 0.0
    seed: int = 1
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    held_back: float = 0.02

    def __str__(self) -> str:
        """In words, as a note has them."""
        parts = (
            self.latency and f"latency {span(self.latency)}{f' ± {span(self.jitter)}' if self.jitter else ''}",
            self.bandwidth and f"{human_bytes(self.bandwidth)} a second",
            self.slice
            and f"{counted(self.slice, 'byte')} at a time{f', {span(self.pause)} apart' if self.pause else ''}",
            self.stall and f"stalls after {self.stall}{self.lasting}",
            self.cut and f"cuts after {self.cut}",
            self.finish and f"half-closes after {self.finish}",
            self.reset and f"resets after {self.reset}",
            self.loss and f"{_percent(self.loss)} of the datagrams lost",
            self.duplicate and f"{_percent(self.duplicate)} of the datagrams twice",
            self.reorder and f"{_percent(self.reorder)} of the datagrams held back for {span(self.held_back)}",
            self.flip and f"{_percent(self.flip)} of the bits flipped (seed {self.seed})",
        )
        return ", ".join(part for part in parts if part)

    @property
    def written(self) -> str:
        """As ``parse_faults`` reads it."""
        parts = (
            (self.latency or self.jitter) and f"latency={_milliseconds(self.latency)}~{_milliseconds(self.jitter)}",
            self.bandwidth and f"bandwidth={self.bandwidth}",
            self.slice and f"slice={self.slice}/{_milliseconds(self.pause)}",
            self.stall
            and f"stall={self.stall.written}"
            + (f"/{_milliseconds(self.stalled_for)}" if self.stalled_for != _NEVER else ""),
            self.cut and f"cut={self.cut.written}",
            self.finish and f"finish={self.finish.written}",
            self.reset and f"reset={self.reset.written}",
            self.loss and f"loss={self.loss!r}",
            self.duplicate and f"duplicate={self.duplicate!r}",
            self.reorder and f"reorder={self.reorder!r}/{_milliseconds(self.held_back)}",
            self.flip and f"flip={self.flip!r}",
            self.seed != 1 and f"seed={self.seed}",
        )
        return ",".join(part for part in parts if part)

    @property
    def changes(self) -> dict[str, Any]:
        """What is otherwise than on a sound line, by its name."""
        values = {each.name: (getattr(self, each.name), each.default) for each in fields(self)}
        return {name: value for name, (value, usual) in values.items() if value != usual}

    @property
    def lasting(self) -> str:
        """How long a stall lasts, as the end of a sentence about it; nothing where it has no end."""
        return "" if self.stalled_for == _NEVER else f" for {span(self.stalled_for)}"


class BothWays(NamedTuple):
    """What is wrong with each direction of a connection; of one between two others, to the target and from it."""

    out: Faults | None = None
    into: Faults | None = None

    @property
    def written(self) -> tuple[str, str]:
        """Each as ``parse_faults`` reads it; empty where there are none."""
        out, into = (faults.written if faults is not None else "" for faults in self)
        return out, into


SOUND = BothWays()


PRESETS = {
    "slow-phone": Faults(latency=0.15, jitter=0.05, bandwidth=48_000),
    "satellite": Faults(latency=0.3, jitter=0.01, bandwidth=1_000_000),
    "dying-router": Faults(latency=0.02, jitter=0.02, slice=536, stall=At(64_000), stalled_for=3.0, reset=At(256_000)),
    "byte-by-byte": Faults(slice=1, pause=0.001),
    "lossy-wifi": Faults(latency=0.005, jitter=0.005, loss=0.05, duplicate=0.01, reorder=0.05),
}
_FORMS = (
    "latency=100ms~20, bandwidth=64kB, slice=1/5ms, stall=4kB/3s, cut=1000, finish=1000 or 2s, reset=1000 or 2s, "
    f"flip=0.001, seed=7, of datagrams loss=0.1, duplicate=0.1, reorder=0.1/20ms, {', '.join(PRESETS)}"
)


def parse_faults(text: str) -> Faults:
    """Read faults as they are written: ``latency=100ms~20,slice=1``, or a preset's name. Raises ``FaultError``."""
    check_type("text", text, str)
    faults = Faults()
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, value = part.partition("=")
        if not value and name in PRESETS:
            faults = replace(faults, **PRESETS[name].changes)
        elif name in _READERS and value:
            faults = replace(faults, **_READERS[name](value, part))
        else:
            raise FaultError(f"{quoted(part)} is no fault; there are {_FORMS}")
    return faults


_OF_STREAMS = ("slice", "stall", "cut", "finish", "reset")
_OF_DATAGRAMS = ("loss", "duplicate", "reorder")


def check_faults(faults: Faults | None, *, datagrams: bool) -> None:
    """Raises ``FaultError`` for what can only happen to a stream, or only to datagrams, where the other is meant."""
    what = "streams of bytes" if datagrams else "datagrams (UDP)"
    changes = faults.changes if faults is not None else {}
    for name in _OF_STREAMS if datagrams else _OF_DATAGRAMS:
        if name in changes:
            of = {preset: made.changes for preset, made in PRESETS.items()}
            preset = next((one for one, its in of.items() if name in its and its.items() <= changes.items()), None)
            words = name if preset is None else f"{preset} is made of {name}, which"
            raise FaultError(f"{words} happens to {what} alone: leave it out")


def fits(written: str, *, datagrams: bool) -> bool:
    """Whether faults, as they are written, can happen to datagrams or to a stream. ``FaultError`` if they are none."""
    faults = parse_faults(written)
    try:
        check_faults(faults, datagrams=datagrams)
    except FaultError:
        return False
    return True


def _read_latency(value: str, part: str) -> dict[str, Any]:
    latency, _, jitter = value.partition("~")
    return {"latency": _seconds(latency, part), "jitter": _seconds(jitter, part) if jitter else 0.0}


def _read_slice(value: str, part: str) -> dict[str, Any]:
    size, _, pause = value.partition("/")
    return {"slice": _size(size, part, least=1), "pause": _seconds(pause, part) if pause else 0.0}


def _read_stall(value: str, part: str) -> dict[str, Any]:
    when, _, lasting = value.partition("/")
    return {"stall": _at(when, part), "stalled_for": _seconds(lasting, part) if lasting else _NEVER}


def _read_reorder(value: str, part: str) -> dict[str, Any]:
    share, _, held_back = value.partition("/")
    return {"reorder": _share(share, part), **({"held_back": _seconds(held_back, part)} if held_back else {})}


def _share(text: str, part: str, what: str = "the datagrams") -> float:
    rate = decimal(text)
    if not 0 < rate <= 1:
        name = part.partition("=")[0]
        raise FaultError(f"{quoted(part)}: write the share of {what}, above 0 and up to 1, such as {name}=0.001")
    return rate


def _read_seed(value: str, part: str) -> dict[str, Any]:
    if not (value.isascii() and value.isdecimal() and len(value) <= 18):
        raise FaultError(f"{quoted(part)}: a seed is a whole number")
    return {"seed": int(value)}


_READERS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "latency": _read_latency,
    "bandwidth": lambda value, part: {"bandwidth": _size(value, part, least=1)},
    "slice": _read_slice,
    "stall": _read_stall,
    "cut": lambda value, part: {"cut": _at(value, part)},
    "finish": lambda value, part: {"finish": _at(value, part)},
    "reset": lambda value, part: {"reset": _at(value, part)},
    "flip": lambda value, part: {"flip": _share(value, part, "the bits")},
    "loss": lambda value, part: {"loss": _share(value, part)},
    "duplicate": lambda value, part: {"duplicate": _share(value, part)},
    "reorder": _read_reorder,
    "seed": _read_seed,
}


def _at(text: str, part: str) -> At:
    is_time = text.endswith("s")
    return At(seconds=_seconds(text, part)) if is_time else At(_size(text, part))


def _percent(share: float) -> str:
    """A share as people read it: of "1 of the bits" nobody knows whether it is one or all."""
    return f"{100 * share:g} %"


def _size(text: str, part: str, least: int = 0) -> int:
    found = _SIZE.fullmatch(text)
    size = float(found[1]) * _UNITS[found[2]] if found is not None and len(text) <= 18 else -1.0
    if size < least or abs(size - round(size)) > 1e-6:  # a part of a byte
        raise FaultError(f"{quoted(part)}: write a number of bytes, such as 1000, 64kB or 1MiB")
    return round(size)


def _seconds(text: str, part: str) -> float:
    found = _TIME.fullmatch(text)
    seconds = float(found[1]) / (1 if found[2] == "s" else 1000) if found is not None and len(text) <= 18 else -1.0
    if not 0 <= seconds <= 3600:
        raise FaultError(f"{quoted(part)}: write a time up to an hour, such as 100ms or 2s; without a unit it is ms")
    return seconds


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.6f}".rstrip("0").rstrip(".") + "ms"


def span(seconds: float) -> str:
    """So many seconds, as people read them."""
    return f"{seconds * 1000:g} ms" if seconds < 1 else f"{seconds:g} s"
