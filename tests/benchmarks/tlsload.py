"""The load generator for TLS where ``c/tls.c`` cannot be compiled: the same modes and numbers, slower."""

from __future__ import annotations

import json
import selectors
import socket
import ssl
import sys
import time

_CHUNK = 65536


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _shake(context: ssl.SSLContext, port: int) -> ssl.SSLSocket:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(sock)


def shake(port: int, seconds: float) -> float:
    """Handshakes, each with a byte there and back."""
    context, done, end = _context(), 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        with _shake(context, port) as peer:
            peer.sendall(b"x")
            peer.recv(1)
            done += 1
    return done


def echo(port: int, connections: int, seconds: float, size: int) -> float:
    """Round trips, with every connection having one under way."""
    context, done, got = _context(), 0, dict[int, int]()
    with selectors.DefaultSelector() as selector:
        peers = [_shake(context, port) for _ in range(connections)]
        for peer in peers:
            selector.register(peer, selectors.EVENT_READ, peer)
            peer.sendall(b"x" * size)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for key, _ in selector.select(1):
                peer = key.data
                got[key.fd] = got.get(key.fd, 0) + len(peer.recv(_CHUNK))
                if got[key.fd] >= size:
                    done, got[key.fd] = done + 1, 0
                    peer.sendall(b"x" * size)
        for peer in peers:
            peer.close()
    return done


def sink(port: int, seconds: float) -> float:
    """Bytes that one connection sends."""
    done, end = 0, time.perf_counter() + seconds
    with _shake(_context(), port) as peer:
        while time.perf_counter() < end:
            peer.sendall(b"x" * _CHUNK)
            done += _CHUNK
    return done


def main(mode: str, *numbers: str) -> int:
    """Print one line of JSON."""
    began, spent = time.perf_counter(), time.process_time()
    port, *rest = numbers
    match mode:
        case "shake":
            done = shake(int(port), float(rest[0]))
        case "sink":
            done = sink(int(port), float(rest[0]))
        case _:
            done = echo(int(port), int(rest[0]), float(rest[1]), int(rest[2]))
    took = time.perf_counter() - began
    print(json.dumps({"rate": done / took, "cpu": (time.process_time() - spent) / took}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
