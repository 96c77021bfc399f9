"""How a connection uses its socket, for whoever wants to see what that does to the boundaries."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import Fault, TincanError

LARGEST_RECEIVE = 256 * 1024  # bytes
LONGEST_PAUSE = 60.0  # seconds


class SocketOptionError(TincanError, ValueError):
    """An option was given a value that it cannot have; the message says which it can."""

    fault = Fault.PERSON


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """What can be changed while a connection stands. Raises ``SocketOptionError``.

    ``nagle`` has the system wait with small segments for what was sent before (TCP_NODELAY off). ``receive``
    is what one recv asks for, in bytes; None is ``Limits.receive``. With ``byte_by_byte`` each byte is a send
    of its own. ``pause`` is the time from one send to the next, in seconds.
    """

    nagle: bool = False
    receive: int | None = None
    byte_by_byte: bool = False
    pause: float = 0.0

    def __post_init__(self) -> None:
        if self.receive is not None and not 1 <= self.receive <= LARGEST_RECEIVE:
            raise SocketOptionError(f"a recv asks for 1 to {LARGEST_RECEIVE:,} bytes")
        if not 0 <= self.pause <= LONGEST_PAUSE:  # which refuses NaN too
            raise SocketOptionError(f"the pause between two sends is 0 to {LONGEST_PAUSE * 1000:,.0f} ms")

    @property
    def slows_down(self) -> bool:
        """Whether sending is to be anything else than as fast as it can be."""
        return self.byte_by_byte or self.pause > 0


AS_USUAL = SocketOptions()
