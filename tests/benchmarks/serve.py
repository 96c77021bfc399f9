"""One of our servers in a process of its own, as Tincan's programs hold it: prints its port, then serves.

Without a journal it is ``core.Server``, with one it is ``core.Workbench``; ``threading`` is the
standard library's server, for comparison. It ends with its standard input.
"""

from __future__ import annotations

import argparse
import contextlib
import socketserver
import ssl
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from core import Limits, Server, Tap, Workbench
from core.address import Address
from core.command import look_for_garbage_seldom
from core.net import sockets
from core.tls.settings import Tls

_HOST = "127.0.0.1"
# Beyond the default, to measure at 1,000; and a load of round trips is what two programs that answer each other make.
_LIMITS = Limits(connections=4000, answers=None)


def main() -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.serve")
    parser.add_argument("reply", help="echo, room, none, letter; or threading, for the standard library's echo or sink")
    parser.add_argument("--framing", default="raw")
    parser.add_argument("--journal", type=Path)
    parser.add_argument("--udp", action="store_true", help="hear datagrams; with --journal")
    parser.add_argument("--onward", type=int, help="be a tap before that port, whatever the reply")
    parser.add_argument("--cert", type=Path)
    parser.add_argument("--key", type=Path)
    chosen = parser.parse_args()
    look_for_garbage_seldom()
    tls = Tls(certificate=chosen.cert, key=chosen.key) if chosen.cert is not None else None
    if chosen.reply.startswith("threading"):
        _serve_threading(tls, _Sink if chosen.reply == "threading-sink" else _Echo)
    elif chosen.onward is not None and chosen.journal is None:
        with Tap(f"{_HOST}:0", Address(_HOST, chosen.onward), limits=_LIMITS) as tap:
            _stand(tap.addresses[0].port)
    elif chosen.journal is None:
        sockets.raise_descriptor_limit()
        with Server(f"{_HOST}:0", reply=chosen.reply, framing=chosen.framing, limits=_LIMITS, tls=tls) as server:
            _stand(server.addresses[0].port)
    else:
        onward = Address(_HOST, chosen.onward) if chosen.onward is not None else None
        _serve_recorded(chosen.reply, chosen.framing, chosen.journal, tls, is_udp=chosen.udp, onward=onward)
    return 0


def _serve_recorded(
    reply: str, framing: str, journal: Path, tls: Tls | None, *, is_udp: bool, onward: Address | None
) -> None:
    workbench = Workbench(journal, limits=_LIMITS)
    news: SimpleQueue[None] = SimpleQueue()
    view = workbench.subscribe(lambda: news.put(None))
    if is_udp:
        workbench.serve_datagrams(Address(_HOST, 0), reply=reply, framing=framing)
    elif onward is not None:
        workbench.tap(Address(_HOST, 0), onward, framing=framing)
    else:
        workbench.serve(Address(_HOST, 0), reply=reply, framing=framing, tls=tls)
    while not (found := [state.addresses for batch in view.drain() for state in batch.sessions if state.addresses]):
        news.get(timeout=10)
    _stand(found[0][0].port)
    workbench.close()


class _Echo(socketserver.BaseRequestHandler):
    """What the documentation of ``socketserver`` shows."""

    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


class _Sink(socketserver.BaseRequestHandler):
    """The same, and it says nothing."""

    def handle(self) -> None:
        while self.request.recv(65536):
            pass


class _ThreadingServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024
    context: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        with contextlib.suppress(OSError):
            if self.context is not None:
                request = self.context.wrap_socket(request, server_side=True)
            super().finish_request(request, client_address)


def _serve_threading(tls: Tls | None, handler: type[socketserver.BaseRequestHandler]) -> None:
    sockets.raise_descriptor_limit()
    with _ThreadingServer((_HOST, 0), handler) as server:
        if tls is not None and tls.certificate is not None:
            server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.context.load_cert_chain(tls.certificate, tls.key)
        threading.Thread(target=server.serve_forever, name="ThreadingTCPServer", daemon=True).start()
        _stand(server.server_address[1])
        server.shutdown()


def _stand(port: int) -> None:
    """Tell the port, and wait for the end of standard input."""
    print(port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    sys.exit(main())
