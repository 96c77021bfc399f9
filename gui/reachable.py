"""Which of this machine's addresses others on its networks can use. No tkinter.

The kernel is asked which address it would send from; nothing is sent and nothing is looked up.
"""

from __future__ import annotations

import socket

_ELSEWHERE = (  # documentation addresses, RFC 5737 and RFC 3849: routed by default, never reached
    (socket.AF_INET, ("192.0.2.1", 9)),
    (socket.AF_INET6, ("2001:db8::1", 9)),
)


def own_addresses() -> tuple[str, ...]:
    """The addresses used on the way to other machines, one of each family; empty when offline."""
    return tuple(filter(None, (_source_address(family, far) for family, far in _ELSEWHERE)))


def _source_address(family: socket.AddressFamily, far: tuple[str, int]) -> str:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(far)
            return str(probe.getsockname()[0])
    except OSError:
        return ""
