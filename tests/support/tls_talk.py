"""Two ends of TLS in memory, and what one says to the other, recorded so that it can be said again or spoilt."""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from core.errors import TlsError
from core.tls.contexts import TlsContext, make_context
from core.tls.facts import Handshake
from core.tls.settings import Tls
from core.wire.tls import TlsEndpoint
from tests.support.certificates import make, make_authority

NOW = 0.0


def contexts(**changes: object) -> tuple[TlsContext, TlsContext]:
    """A server's and a client's, which trusts it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = make_authority()
        certificate, key = make(by=authority).write(folder)
        ca, _ = authority.write(folder, "ca")
        server = Tls(certificate=certificate, key=key, authority=folder / "made", **changes)  # type: ignore[arg-type]
        client = Tls(ca=ca, authority=folder / "made")
        return make_context(server, is_server=True), make_context(client, is_server=False)


def endpoint(context: TlsContext) -> TlsEndpoint:
    return TlsEndpoint(context, host="localhost", at=0.0, now=NOW)


def conclude(one: TlsEndpoint, other: TlsEndpoint) -> None:
    """Carry what both say until both are silent."""
    one.begin()
    other.begin()
    while carry(one, other) + carry(other, one):
        pass


def carry(one: TlsEndpoint, other: TlsEndpoint) -> int:
    data = one.take(0.0)
    if data:
        other.feed(data, 0.0)
    return len(data)


class Story:
    """What happened to an end: its plain bytes record by record, and how it ended."""

    def __init__(self, end: TlsEndpoint) -> None:
        self.end = end
        self.pieces: list[bytes] = []
        self.endings: list[str] = []

    def hear(self, data: bytes) -> None:
        """Take in what came; nothing is heard after an end."""
        if self.endings:
            return
        try:
            self.end.feed(data, 0.0)
            self._read()
        except TlsError as error:
            self.endings.append(f"{type(error).__name__}: {error.explanation.what}")

    def hear_end(self) -> None:
        if self.endings:
            return
        try:
            self.end.feed_end(0.0)
            self._read()
        except TlsError as error:
            self.endings.append(f"{type(error).__name__}: {error.explanation.what}")

    def _read(self) -> None:
        while self.end.stands and self.end.holds_bytes:
            try:
                piece = self.end.read(65_536)
            except BlockingIOError:
                return
            if not piece:
                self.endings.append("close_notify")
                return
            self.pieces.append(piece)

    @property
    def handshake(self) -> Handshake | None:
        return self.end.handshake


def spoilt(rng: random.Random, data: bytes) -> bytes:
    """The same with something wrong in it: bits, bytes, lengths, records lost, doubled, exchanged or cut."""
    spoiling = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        if not spoiling:
            break
        place = rng.randrange(len(spoiling))
        match rng.randrange(8):
            case 0:
                spoiling[place] ^= 1 << rng.randrange(8)
            case 1:
                spoiling[place] = rng.randrange(256)
            case 2:
                del spoiling[place : place + rng.randrange(1, 40)]
            case 3:
                spoiling[place:place] = rng.randbytes(rng.randrange(1, 40))
            case 4:
                spoiling[place:place] = spoiling[place : place + rng.randrange(1, 400)]
            case 5:
                del spoiling[place:]
            case 6:
                spoiling[place : place + 2] = rng.choice((b"\0\0", b"\xff\xff", b"\x40\x01", b"\x03\x04"))
            case _:
                records = list(split_records(bytes(spoiling)))
                rng.shuffle(records)
                spoiling = bytearray(b"".join(records))
    return bytes(spoiling)


def split_records(data: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(data):
        size = 5 + int.from_bytes(data[place + 3 : place + 5], "big")
        yield data[place : place + size]
        place += size


def cut(rng: random.Random, data: bytes) -> list[bytes]:
    """The same in pieces of any size."""
    places = sorted(rng.sample(range(len(data) + 1), min(rng.randrange(6), len(data))))
    return [data[a:b] for a, b in itertools.pairwise((0, *places, len(data))) if a < b]
