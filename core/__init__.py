"""Tincan's library: blocking TCP and UDP servers and clients, and the journal of what they said.

Nothing in here imports ``gui`` or ``tkinter``: a script or a bot can use it as it stands.

    from core import Client, Server

    with Client("127.0.0.1:5555") as client:
        print(client.receive())
        client.send(b"hello")
        print(client.receive())

The names are loaded when first asked for, so that ``import core`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.address import Address
    from core.net.client import Client
    from core.net.server import Server
    from core.net.tap import Tap
    from core.net.udp import UdpClient, UdpServer
    from core.net.udp_tap import UdpTap
    from core.proxy import Proxy
    from core.settings import Limits
    from core.tls.settings import Tls
    from core.wire.faults import parse_faults
    from core.workbench import Workbench

__version__ = "0.1.0"

__all__ = [
    "Address", "Client", "Limits", "Proxy", "Server", "Tap", "Tls", "UdpClient", "UdpServer", "UdpTap",
    "Workbench", "__version__", "parse_faults",
]  # fmt: skip

_HOMES = {
    "Address": ".address",
    "Client": ".net.client",
    "Limits": ".settings",
    "Proxy": ".proxy",
    "Server": ".net.server",
    "Tap": ".net.tap",
    "Tls": ".tls.settings",
    "UdpClient": ".net.udp",
    "UdpServer": ".net.udp",
    "UdpTap": ".net.udp_tap",
    "Workbench": ".workbench",
    "parse_faults": ".wire.faults",
}


def __getattr__(name: str) -> object:
    """Import the public name from the module that defines it."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home, __name__), name)
