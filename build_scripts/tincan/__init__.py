"""Tincan as pip installs it: blocking TCP servers and clients, and the journal of what they said.

    from tincan import Client

    with Client("127.0.0.1:5555") as client:
        print(client.receive())
        client.send(b"hello")

In the checkout, where this package lies in ``build_scripts``, the same names are those of ``core``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import __version__

if TYPE_CHECKING:
    from core import (
        Address,
        Client,
        Limits,
        Proxy,
        Server,
        Tap,
        Tls,
        UdpClient,
        UdpServer,
        UdpTap,
        Workbench,
        parse_faults,
    )
else:
    from core import __getattr__  # noqa: F401 - imports a public name when it is first asked for

__all__ = [
    "Address", "Client", "Limits", "Proxy", "Server", "Tap", "Tls", "UdpClient", "UdpServer", "UdpTap",
    "Workbench", "__version__", "parse_faults",
]  # fmt: skip
