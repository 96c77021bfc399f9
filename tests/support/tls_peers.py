"""Peers that speak TLS, or should: CPython's ``ssl`` over a blocking socket, and contexts as tests want them."""

from __future__ import annotations

import contextlib
import socket
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from core.address import Address
from core.tls.settings import Tls
from tests.support.certificates import Made, make
from tests.support.peers import Host, Peer


def server_context(own: Made, folder: Path) -> ssl.SSLContext:
    """A server of CPython's ``ssl`` with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*own.write(folder, "peer"))
    return context


def client_context(authority: Made | None = None) -> ssl.SSLContext:
    """A client of CPython's ``ssl`` that trusts that authority, or believes everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(cadata=authority.pem.decode())
    return context


class TlsPeer(Peer):
    """A well-behaved program that speaks TLS."""

    sock: ssl.SSLSocket

    @classmethod
    def greets(cls, address: Address, context: ssl.SSLContext) -> Self:
        """Connect to a server and shake hands."""
        plain = Peer.calls(address)
        return cls(context.wrap_socket(plain.sock, server_hostname="localhost", suppress_ragged_eofs=False))

    @classmethod
    def welcomes(cls, host: Host, context: ssl.SSLContext) -> Self:
        """Shake hands with the next caller."""
        plain = host.accept(Peer)
        return cls(context.wrap_socket(plain.sock, server_side=True, suppress_ragged_eofs=False))

    def part(self) -> socket.socket:
        """Say close_notify and hear it; the socket below, which still stands."""
        return self.sock.unwrap()


def hello_of(context: ssl.SSLContext) -> tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]:
    """A client that has its hello ready."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return client, incoming, outgoing


@contextlib.contextmanager
def served() -> Iterator[Tls]:
    """What a server of ours needs, in files that go with it."""
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make().write(Path(folder))
        yield Tls(certificate=certificate, key=key, authority=Path(folder) / "made")
