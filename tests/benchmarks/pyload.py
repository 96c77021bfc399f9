"""The load generator for machines without a C compiler: the same modes and numbers as ``c/load.c``, slower."""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
import zlib
from collections.abc import Callable

_CHUNK = 65536
_PATIENCE = 2.0  # seconds without news
_FILL = 6 << 20  # bytes that go out without a pause before those with one, to fill every buffer on the way


class _Peer:
    """One connection and what it waits for."""

    def __init__(self, port: int, receive_buffer: int = 0, wait: bool = True) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setblocking(wait)
        self.sent_at = time.perf_counter()
        self.socket.connect_ex(("127.0.0.1", port))
        self.got = 0
        self.answers = 0
        self.is_connected = wait

    def speak(self, size: int) -> None:
        self.sent_at = time.perf_counter()
        self.socket.sendall(b"x" * size)

    def receive(self) -> int:
        data = self.socket.recv(_CHUNK)
        if not data:
            raise ConnectionError("the server closed the connection")
        return len(data)


class _Crowd:
    """Peers, a selector over them, and the latencies in seconds."""

    def __init__(self) -> None:
        self.peers: list[_Peer] = []
        self.latencies: list[float] = []
        self.selector = selectors.DefaultSelector()

    def add(self, peer: _Peer, events: int = selectors.EVENT_READ) -> None:
        self.peers.append(peer)
        self.selector.register(peer.socket, events, peer)

    def news(self, timeout: float = _PATIENCE) -> list[_Peer]:
        return [key.data for key, _ in self.selector.select(timeout)]

    def quantile(self, q: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))] * 1e6 if ordered else 0.0

    def summary(self, took: float, cpu: float, **more: float) -> dict[str, float]:
        return {
            "rate": len(self.latencies) / took,
            "p50": self.quantile(0.5),
            "p99": self.quantile(0.99),
            "longest": self.quantile(1.0),
            "cpu": (time.process_time() - cpu) / took,
            **more,
        }


def echo(port: int, connections: int, seconds: float, size: int) -> dict[str, float]:
    """Every connection sends, waits for the whole answer, and sends again."""
    crowd = _Crowd()
    for _ in range(connections):
        crowd.add(_Peer(port))
    for peer in crowd.peers:
        peer.speak(size)
    _echo_until(crowd, time.perf_counter() + min(0.25, seconds / 4), size)
    crowd.latencies.clear()
    for peer in crowd.peers:
        peer.answers = 0
    began, cpu = time.perf_counter(), time.process_time()
    _echo_until(crowd, began + seconds, size)
    took = time.perf_counter() - began
    return crowd.summary(took, cpu, served=sum(peer.answers > 0 for peer in crowd.peers))


def _echo_until(crowd: _Crowd, end: float, size: int) -> None:
    while time.perf_counter() < end:
        for peer in crowd.news():
            peer.got += peer.receive()
            if peer.got >= size:
                peer.got = 0
                peer.answers += 1
                crowd.latencies.append(time.perf_counter() - peer.sent_at)
                peer.speak(size)


def fan(port: int, receivers: int, seconds: float, size: int, silent: int, pause: int) -> dict[str, float]:
    """One sends, waits until all receivers have it, and sends again; ``silent`` more never read."""
    lost = 0
    crowd = _Crowd()
    for _ in range(receivers + 1):
        crowd.add(_Peer(port))
    mutes = [_Peer(port, 4096) for _ in range(silent)]
    _wait_until_joined(crowd, receivers)
    for _ in range(_FILL // size if pause else 0):
        lost = lost or _round(crowd, receivers, size)
    crowd.latencies.clear()
    began, cpu = time.perf_counter(), time.process_time()
    while not lost and time.perf_counter() < began + seconds:
        lost = _round(crowd, receivers, size)
        time.sleep(pause / 1000)
    return crowd.summary(time.perf_counter() - began, cpu, lost=lost, silent=len(mutes))


def _wait_until_joined(crowd: _Crowd, receivers: int) -> None:
    for _ in range(50):
        crowd.peers[0].speak(64)
        until = time.perf_counter() + 0.1
        while (left := until - time.perf_counter()) > 0:
            for peer in crowd.news(left):
                peer.answers += peer.receive()
        if sum(peer.answers > 0 for peer in crowd.peers[1:]) == receivers:
            return
    raise ConnectionError(f"not all of {receivers} receivers ever heard anything")


def _round(crowd: _Crowd, receivers: int, size: int) -> int:
    """One message to everybody; how many still miss bytes of it when nothing comes any more."""
    sender, missing = crowd.peers[0], receivers
    sender.speak(size)
    while missing and (news := crowd.news()):
        for peer in news:
            peer.got += peer.receive()
            if peer is not sender and peer.got >= size:
                peer.got -= size
                missing -= 1
                crowd.latencies.append(time.perf_counter() - sender.sent_at)
    return missing


def sink(port: int, seconds: float, limit: int) -> dict[str, float]:
    """One connection sends as fast as it can."""
    peer, chunk, gone, before = _Peer(port), b"x" * _CHUNK, 0, 0
    began, cpu = time.perf_counter(), time.process_time()
    warm = began if limit else began + seconds / 4
    end = warm + seconds
    while (at := time.perf_counter()) < end and not (limit and gone >= limit):
        if not before and not limit and at >= warm:  # by now every buffer on the way is full
            began, cpu, before = at, time.process_time(), gone
        gone += peer.socket.send(chunk)
    took = time.perf_counter() - began
    return {"rate": (gone - before) / took, "bytes": gone, "cpu": (time.process_time() - cpu) / took}


def burst(port: int, connections: int, size: int) -> dict[str, float]:
    """All connect at once, send, and wait for the answer."""
    crowd, slowest, left = _Crowd(), 0.0, connections
    began = time.perf_counter()
    for _ in range(connections):
        crowd.add(_Peer(port, wait=False), selectors.EVENT_WRITE)
    while left and (news := crowd.news(10.0)):
        for peer in news:
            if not peer.is_connected:
                peer.is_connected = True
                slowest = max(slowest, time.perf_counter() - peer.sent_at)
                peer.socket.send(b"x" * size)
                crowd.selector.modify(peer.socket, selectors.EVENT_READ, peer)
                continue
            peer.got += peer.receive()
            if peer.got >= size:
                crowd.latencies.append(time.perf_counter() - peer.sent_at)
                crowd.selector.unregister(peer.socket)
                left -= 1
    return crowd.summary(time.perf_counter() - began, 0.0, connect=slowest * 1e6, unanswered=left)


def flood(port: int, rate: int, seconds: float, size: int, datagrams: int = 0) -> dict[str, float]:
    """One peer sends ``rate`` numbered lines a second, as many as it can if that is 0, perhaps each in a datagram."""
    sent, crc, most = 0, 0, _CHUNK // size
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM) if datagrams else _Peer(port).socket
    if datagrams:
        sock.connect(("127.0.0.1", port))
    began, cpu = time.perf_counter(), time.process_time()
    while (passed := time.perf_counter() - began) < seconds:
        due = min(most, int(rate * passed) - sent if rate else most)
        if due <= 0:
            time.sleep(0.001)
            continue
        numbered = [_line(number, size) for number in range(sent, sent + due)]
        lines = b"".join(numbered)
        for part in numbered if datagrams else (lines,):
            sock.sendall(part)
        crc = zlib.crc32(lines, crc)
        sent += due
    took, worked = time.perf_counter() - began, time.process_time() - cpu
    sock.close()
    return {"rate": sent / took, "bytes": sent * size, "crc": crc, "took": took, "cpu": worked / took}


def _line(number: int, size: int) -> bytes:
    return b"%012d %s\n" % (number, b"x" * (size - 14))


_MODES: dict[str, Callable[..., dict[str, float]]] = {
    "echo": echo, "fan": fan, "sink": sink, "burst": burst, "flood": flood,
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Run one mode; print one line of JSON."""
    mode, *numbers = arguments
    values = [float(number) if "." in number else int(number) for number in numbers]
    try:
        print(json.dumps(_MODES[mode](*values)))
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
