"""What must hold however long it goes on, tried for as long as one likes: ``dev.py bench soak --seconds 60``.

Nothing here is about speed: each part counts what was done, and what was wrong with it, which has to be nothing.
"""

from __future__ import annotations

import contextlib
import heapq
import random
import selectors
import socket
import sqlite3
import statistics
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from core.events import SessionId
from core.journal.reading.reader import JournalReader
from tests.benchmarks import machine, peers
from tests.benchmarks.bench import Bench
from tests.benchmarks.peers import Server
from tests.benchmarks.report import Outcome, Verdict
from tests.support.kills import kill_recorders

_HOST = "127.0.0.1"
_PATIENCE = 30.0  # seconds without news after which a peer counts as hung
_DEAD_READERS = 5
_READERS = 20
_RECV = 1 << 18


def soak(bench: Bench) -> Outcome:
    """All parts, one after the other, for as long as the scale says each."""
    outcome = Outcome("What must hold", ["What", "How much", "Wrong"])
    for part in (_crowd, _room, _conversations, _leavers, _killed):
        part(bench, outcome)
    return outcome


def _held(outcome: Outcome, what: str, how_much: str, wrong: float) -> None:
    outcome.rows.append([what, how_much, f"{wrong:g}"])
    outcome.verdicts.append(Verdict(f"{what}: wrong", wrong, 0, at_most=True))
    outcome.raw[what] = {"how much": how_much, "wrong": wrong}


# A crowd that says and hears, all of it recorded.


class _Talker:
    """One connection of a crowd: says random bytes, and hears them again."""

    def __init__(self, port: int, number: int) -> None:
        self.sock = socket.create_connection((_HOST, port), timeout=_PATIENCE)
        self.sock.setblocking(False)
        self.port = self.sock.getsockname()[1]
        self._chance = random.Random(number)
        self._unsent = memoryview(b"")
        self._expected = b""
        self.sent = self.messages = self.wrong = self.checksum = 0
        self.began = 0.0

    @property
    def is_waiting(self) -> bool:
        return bool(self._expected)

    def say(self) -> None:
        data = self._chance.randbytes(self._chance.choice((1, 64, 1_000, 5_000, 30_000)))
        self._expected += data
        self._unsent = memoryview(data)
        self.sent += len(data)
        self.checksum = zlib.crc32(data, self.checksum)
        self.began = time.monotonic()

    def push(self) -> bool:
        """Hand over what the kernel takes; whether there is more."""
        with contextlib.suppress(BlockingIOError):
            self._unsent = self._unsent[self.sock.send(self._unsent) :]
        return bool(self._unsent)

    def hear(self) -> float | None:
        """Take in what came; the seconds of a round trip if that was the end of it."""
        try:
            data = self.sock.recv(_RECV)
        except BlockingIOError:
            return None
        if not data or not self._expected.startswith(data):
            self.wrong += 1
            self._expected = b""
            return None
        self._expected = self._expected[len(data) :]
        if self._expected:
            return None
        self.messages += 1
        return time.monotonic() - self.began


def _crowd(bench: Bench, outcome: Outcome) -> None:
    """Connections that each say something now and then, for so long; the journal is compared afterwards."""
    folder = bench.folder / "crowd"
    folder.mkdir()
    with peers.ours(peers.ON, "echo", journal=True).running(folder) as server:
        before = machine.memory(server.pid)
        talkers = [_Talker(server.port, number) for number in range(bench.scale.idle)]
        trips, connects = _talk(talkers, server, bench.scale.soak)
        for talker in talkers:
            talker.sock.close()
        hung = sum(talker.is_waiting for talker in talkers)
        left = _settled(lambda: machine.memory(server.pid))
    wrong = sum(talker.wrong for talker in talkers) + hung
    sizes = sum(talker.sent for talker in talkers)
    messages = sum(talker.messages for talker in talkers)
    what = f"{len(talkers):,} connections"
    _held(outcome, what, f"{messages:,} messages, {sizes / 1e6:,.0f} MB each way", wrong)
    (journal,) = folder.glob("*.tincan")
    _held(outcome, f"{what}, recorded", f"{sizes / 1e6:,.0f} MB", _differing(journal, talkers))
    p99 = statistics.quantiles(trips, n=100)[98] if len(trips) > 1 else float("nan")
    outcome.remarks.append(
        f"{what}: a round trip took {p99 * 1000:.1f} ms at p99; the slowest of {len(connects):,} connects beside them"
        f" {max(connects) * 1000:.0f} ms. Memory of the server: {before:.0f} MiB before, {left:.0f} MiB after the last"
        " of them had gone."
    )


def _talk(talkers: list[_Talker], server: Server, seconds: float) -> tuple[list[float], list[float]]:
    """Have each say something about once a second; the times of round trips, and of connects beside them."""
    selector = selectors.DefaultSelector()
    chance, began = random.Random(0), time.monotonic()
    due = [(began + chance.random(), number) for number in range(len(talkers))]
    heapq.heapify(due)
    trips: list[float] = []
    connects: list[float] = []
    for number, talker in enumerate(talkers):
        selector.register(talker.sock, selectors.EVENT_READ, number)
    heard_at, last_connect = began, 0.0
    while (now := time.monotonic()) < began + seconds or any(talker.is_waiting for talker in talkers):
        if now > heard_at + _PATIENCE:
            break
        while now < began + seconds and due and due[0][0] <= now:
            number = heapq.heappop(due)[1]
            if not talkers[number].is_waiting:
                talkers[number].say()
                if talkers[number].push():
                    selector.modify(talkers[number].sock, selectors.EVENT_READ | selectors.EVENT_WRITE, number)
            heapq.heappush(due, (now + 0.5 + chance.random(), number))
        if now > last_connect + 0.05 and now < began + seconds:
            last_connect = now
            connects.append(_connect_once(server.port))
        for key, events in selector.select(0.01):
            talker = talkers[key.data]
            if events & selectors.EVENT_WRITE and not talker.push():
                selector.modify(talker.sock, selectors.EVENT_READ, key.data)
            if events & selectors.EVENT_READ and (took := talker.hear()) is not None:
                trips.append(took)
                heard_at = now
    selector.close()
    return trips, connects or [float("nan")]


def _connect_once(port: int) -> float:
    began = time.monotonic()
    with socket.create_connection((_HOST, port), timeout=_PATIENCE):
        return time.monotonic() - began


def _differing(journal: Path, talkers: list[_Talker]) -> int:
    """In how many directions connections have other bytes in the journal than they said or heard."""
    said: dict[tuple[str, int], int] = {}
    with contextlib.closing(sqlite3.connect(journal)) as database:
        ports = {
            identity: int(peer.rpartition(":")[2])
            for identity, peer in database.execute("SELECT connection, peer FROM connection")
        }
    with contextlib.closing(JournalReader(journal)) as reader:
        session = SessionId(1)
        for first in range(0, reader.count(session), 1_000):
            for entry in reader.read(session, first, 1_000, preview=1 << 24):
                if entry.connection is not None and entry.data:
                    place = entry.kind, ports[entry.connection]
                    said[place] = zlib.crc32(entry.data, said.get(place, 0))
    return sum(
        said.get((kind, talker.port), 0) != talker.checksum for talker in talkers for kind in ("received", "sent")
    )


# A room with readers that do not read.


def _room(bench: Bench, outcome: Outcome) -> None:
    """What one says, each of the others hears, in order; beside them stand some that never read."""
    length, missed, deliveries = 64, 0, 0
    with peers.ours(peers.ON, "room", journal=True).running(bench.folder) as server, contextlib.ExitStack() as stack:
        socks = [
            stack.enter_context(socket.create_connection((_HOST, server.port), timeout=_PATIENCE))
            for _ in range(_DEAD_READERS + 1 + _READERS)
        ]
        speaker, readers = socks[_DEAD_READERS], socks[_DEAD_READERS + 1 :]
        time.sleep(0.2)  # until all are taken in
        number, until = 0, time.monotonic() + bench.scale.soak
        while time.monotonic() < until:
            words = b"".join(b"%063d\n" % (number + place) for place in range(100))
            speaker.sendall(words)
            for reader in readers:
                missed += _exactly(reader, len(words)) != words
            number += 100
            deliveries += 100 * len(readers)
    what = f"a room with {_DEAD_READERS} that do not read"
    _held(outcome, what, f"{deliveries:,} deliveries of {length} bytes", missed)


def _exactly(sock: socket.socket, count: int) -> bytes:
    parts = []
    while count > 0:
        try:
            part = sock.recv(count)
        except TimeoutError:
            break
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


# Framings through real sockets, against their simplest definition.


def _framed(message: bytes, framing: str) -> bytes:
    """What the message is on the wire, by definition."""
    if framing == "line":
        return message + b"\n"
    if framing == "delimiter:0d0a":
        return message + b"\r\n"
    if framing == "length:2be":
        return struct.pack(">H", len(message)) + message
    assert framing == "length:4le"
    return struct.pack("<I", len(message)) + message


def _conversations(bench: Bench, outcome: Outcome) -> None:
    """Random messages under random framings, cut at random: an echo of messages gives back the same stream."""
    chance, wrong, count, cuts = random.Random(), 0, 0, 0
    for framing in ("line", "delimiter:0d0a", "length:2be", "length:4le"):
        until = time.monotonic() + bench.scale.soak / 4
        with peers.ours(peers.OFF, "echo", framing=framing).running(bench.folder) as server:
            while time.monotonic() < until:
                letters = b"abc xyz" if framing in ("line", "delimiter:0d0a") else bytes(range(256))
                sizes = chance.choices((0, 1, 7, 300), k=chance.randint(1, 30))
                messages = [bytes(chance.choices(letters, k=size)) for size in sizes]
                stream = b"".join(_framed(message, framing) for message in messages)
                with socket.create_connection((_HOST, server.port), timeout=_PATIENCE) as sock:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    for piece in _pieces(stream, chance):
                        sock.sendall(piece)
                        cuts += 1
                    wrong += _exactly(sock, len(stream)) != stream
                count += 1
    _held(outcome, "conversations through sockets", f"{count:,}, sent in {cuts:,} pieces", wrong)


def _pieces(stream: bytes, chance: random.Random) -> Iterator[bytes]:
    place = 0
    while place < len(stream):
        size = chance.choice((1, 2, 3, 50, 1_000))
        yield stream[place : place + size]
        place += size


# Those who leave, by the door and through the window.


def _leavers(bench: Bench, outcome: Outcome) -> None:
    """Connects that end in every way, and many at once; nothing of them is left in the server."""
    resets = ends = refused = 0
    with peers.ours(peers.ON, "echo", journal=True).running(bench.folder) as server:
        _connect_once(server.port)
        before = _descriptors(server)
        until = time.monotonic() + bench.scale.soak
        while time.monotonic() < until:
            crowd = [socket.create_connection((_HOST, server.port), timeout=_PATIENCE) for _ in range(100)]
            for number, sock in enumerate(crowd):
                if number % 2:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    sock.send(b"x")
                    resets += 1
                else:
                    ends += 1
                sock.close()
        left = _settled(lambda: _descriptors(server)) - before
        with socket.create_connection((_HOST, server.port), timeout=_PATIENCE) as sock:
            sock.sendall(b"hello")
            refused += _exactly(sock, 5) != b"hello"
    _held(outcome, "resets and ends", f"{resets:,} and {ends:,}", max(0, left) + refused)


def _descriptors(server: Server) -> int:
    """Descriptors and threads of the server."""
    process = Path(f"/proc/{server.pid}")
    return sum(1 for _ in (process / "fd").iterdir()) + sum(1 for _ in (process / "task").iterdir())


def _settled(measure: Callable[[], float]) -> float:
    """What is measured once it stands still for half a second."""
    latest = measure()
    for _ in range(60):
        time.sleep(0.5)
        latest, before = measure(), latest
        if latest == before:
            break
    return latest


def _killed(bench: Bench, outcome: Outcome) -> None:
    """Recorders that are killed at any moment; what they had acknowledged is in their journals."""
    until = time.monotonic() + bench.scale.soak
    counted = islice(iter(lambda: time.monotonic() < until, False), 100_000)
    kills, wrong = kill_recorders(bench.folder, counted)
    _held(outcome, "recorders killed", f"{kills:,}", wrong)
