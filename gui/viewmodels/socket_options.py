"""The socket options of a conversation, as their bar has them. Values only; no tkinter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gui.viewmodels.repeating import read_pause


class Bounds(NamedTuple):
    """How many bytes a recv usually asks for, how many at most, and how long a pause can be, in milliseconds."""

    usual_receive: int
    most_receive: int
    most_pause_ms: float


@dataclass(frozen=True, slots=True)
class SocketOptionsForm:
    """How the socket options stand: ``receive`` is bytes for each recv, ``pause_ms`` milliseconds between two sends."""

    receive: int
    nagle: bool = False
    byte_by_byte: bool = False
    pause_ms: float = 0.0


def read_send_pause(text: str, bounds: Bounds) -> float:
    """Milliseconds; nothing is none. Raises ``ValueError`` with a sentence."""
    return read_pause(text.strip() or "0", 0, bounds.most_pause_ms)


def read_receive(text: str, bounds: Bounds) -> int:
    """How much a recv asks for. Raises ``ValueError`` with a sentence."""
    typed = text.strip().replace(",", "")
    if not (typed.isascii() and typed.isdecimal() and 1 <= int(typed[:12]) <= bounds.most_receive):
        raise ValueError(f"A recv can ask for 1 to {bounds.most_receive:,} bytes.")
    return int(typed)
