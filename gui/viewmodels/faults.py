"""Faults of a line as a person writes and reads them in the bar. Pure; no tkinter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from core.errors import TincanError
from core.wire.faults import BothWays, Faults, check_faults, fits, parse_faults
from core.words import sentence

OWN = ""  # the key of what is none of the presets
PRESETS = (
    (OWN, "My own"),
    ("slow-phone", "Slow phone"),
    ("satellite", "Satellite"),
    ("dying-router", "Dying router"),
    ("byte-by-byte", "One byte at a time"),
    ("lossy-wifi", "Lossy Wi-Fi"),
)
"""By the names by which ``parse_faults`` knows them."""

NOTHING = ""  # the key of what only says that something can be added
KINDS = (
    (NOTHING, "Add a fault…"),
    ("latency=100ms~20", "Late, give or take"),
    ("bandwidth=64kB", "So many bytes a second"),
    ("slice=10/5ms", "In slices, with a pause"),
    ("stall=4kB/3s", "A stall"),
    ("cut=1000", "Cut after so many bytes"),
    ("reset=2s", "RST after bytes or a time"),
    ("finish=1000", "Half-close after bytes or a time"),
    ("loss=0.1", "Lost datagrams"),
    ("duplicate=0.1", "Doubled datagrams"),
    ("reorder=0.1/20ms", "Reordered datagrams"),
    ("flip=0.001,seed=7", "Flipped bits"),
)
"""What there is, each as it is written."""


def offered(options: tuple[tuple[str, str], ...], *, datagrams: bool) -> tuple[tuple[str, str], ...]:
    """Those of ``PRESETS`` or ``KINDS`` that can happen to datagrams, or to a stream."""
    return tuple((written, words) for written, words in options if fits(written, datagrams=datagrams))


@dataclass(frozen=True, slots=True)
class FaultsForm:
    """What stands in the bar: the faults of each way as they are written, whether they are on, and what they are of."""

    out: str = ""
    into: str = ""
    is_on: bool = False
    datagrams: bool = False

    @property
    def preset(self) -> str:
        """The preset that both ways have; ``OWN`` if that is none."""
        return self.out if self.out == self.into and self.out in dict(PRESETS) else OWN


class Ways(NamedTuple):
    """How the two ways are called."""

    out: str = "Sent"
    into: str = "Received"


TO_AND_FRO = Ways("To the target", "From the target")


class Wrong(NamedTuple):
    """The sentence why something is no fault, and whether it stands in the field of the way out."""

    why: str
    is_out: bool


def read(form: FaultsForm) -> BothWays | Wrong:
    """What is written; nothing where nothing is."""
    found: list[Faults | None] = []
    for text, is_out in ((form.out, True), (form.into, False)):
        try:
            faults = parse_faults(text)
            check_faults(faults, datagrams=form.datagrams)
        except TincanError as error:
            return Wrong(sentence(error), is_out)
        found.append(faults if faults != Faults() else None)
    return BothWays(*found)


def summary(form: FaultsForm, faults: BothWays, ways: Ways, whose: str) -> str:
    """What is so, in sentences."""
    if not whose:
        return "Faults are of one session or connection: start a server, a client or a tap first."
    told = [f"{way}: {one or 'as it is'}." for way, one in zip(ways, faults, strict=True)]
    state = "On" if form.is_on else "Off, and would be"
    return f"{state} for {whose}. {' '.join(told)} Enter applies; each that happens is noted in the conversation."


def added(text: str, kind: str) -> str:
    """A way's text with one fault more."""
    return f"{text.rstrip(', ')},{kind}" if text.strip(", ") else kind
