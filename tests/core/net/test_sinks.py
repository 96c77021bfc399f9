"""What a sink raises, of a program that uses Tincan as a library, ends one connection; the others go on."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys

import pytest

from build_scripts.project import ROOT
from core import Client, Server, Tap, UdpServer
from core.address import parse_address
from core.errors import SendError
from core.events import Closed, Event, Opened, Received, Sent, SessionClosed
from tests.support.peers import Peer, stranger
from tests.support.sink import PATIENCE, Sink
from tests.support.systems import only_posix

FAULTS = [ValueError, SystemExit, GeneratorExit]


class Refuses(Sink):
    """Raises for the first event of a kind, or another one, once it has it."""

    def __init__(self, kind: type[Event], error: type[BaseException], which: int = 1) -> None:
        super().__init__()
        self._kind, self._error, self._which = kind, error, which

    def put(self, event: Event) -> None:
        super().put(event)
        if isinstance(event, self._kind) and len(self.of(self._kind)) == self._which:
            raise self._error("enough")


@pytest.mark.parametrize("error", FAULTS)
@pytest.mark.parametrize("kind", [Opened, Received, Sent, Closed])
def test_of_a_server_other_peers_are_served(
    kind: type[Event], error: type[BaseException], logged_errors: list[object]
) -> None:
    sink = Refuses(kind, error)
    with Server("127.0.0.1:0", reply="echo", events=sink) as server:
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(b"one")
            with contextlib.suppress(ConnectionError):  # what was not read is answered with RST
                if kind is Closed:
                    peer.finish()
                peer.hear_all()
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(b"two")
            assert peer.hear(3) == b"two"
    assert sink.wait_for(SessionClosed)[0].failure is None
    assert logged_errors
    logged_errors.clear()


@pytest.mark.parametrize("error", FAULTS)
@pytest.mark.parametrize("kind", [Opened, Received, Closed])
def test_a_client_ends(kind: type[Event], error: type[BaseException], logged_errors: list[object]) -> None:
    sink = Refuses(kind, error)
    with Server("127.0.0.1:0") as server, Client(server.addresses[0], events=sink) as client:
        with contextlib.suppress(SendError):
            client.send(b"stop")
        assert client.join(PATIENCE)
    assert sink.wait_for(SessionClosed)
    assert logged_errors
    logged_errors.clear()


@pytest.mark.parametrize("error", FAULTS)
@pytest.mark.parametrize("kind", [Opened, Received, Sent, Closed])
@pytest.mark.parametrize("which", [1, 2])
def test_of_a_tap_other_callers_are_passed_on(
    kind: type[Event], error: type[BaseException], which: int, logged_errors: list[object]
) -> None:
    sink = Refuses(kind, error, which)
    with Server("127.0.0.1:0", reply="echo") as server, Tap("127.0.0.1:0", server.addresses[0], events=sink) as tap:
        # A reset may come before the call to connect returns.
        with contextlib.suppress(ConnectionError), Peer.calls(tap.addresses[0]) as peer:
            peer.say(b"one")
            if kind is Closed:
                peer.finish()
            peer.hear_all()
        with Peer.calls(tap.addresses[0]) as peer:
            peer.say(b"two")
            assert peer.hear(3) == b"two"
    assert sink.wait_for(SessionClosed)[0].failure is None
    assert logged_errors
    logged_errors.clear()


@pytest.mark.parametrize("error", FAULTS)
@pytest.mark.parametrize("kind", [Opened, Received, Sent])
def test_of_datagrams_other_peers_are_served(
    kind: type[Event], error: type[BaseException], logged_errors: list[object]
) -> None:
    sink = Refuses(kind, error)
    with UdpServer("127.0.0.1:0", reply="echo", events=sink) as server:
        port = server.addresses[0].port
        with stranger() as first, stranger() as second:
            first.sendto(b"one", ("127.0.0.1", port))
            sink.wait_for(kind)
            second.sendto(b"two", ("127.0.0.1", port))
            assert second.recv(10) == b"two"
    assert sink.wait_for(SessionClosed)[0].failure is None
    assert logged_errors
    logged_errors.clear()


@only_posix("Windows has no SIGINT for one process")
@pytest.mark.parametrize("says", ["", "raise SystemExit"])
def test_ctrl_c_ends_a_server_on_the_main_thread_and_what_a_function_raises_does_not(says: str) -> None:
    program = (
        "from core import Server\n"
        "def answer(peer, message):\n"
        f"    {says or 'return message'}\n"
        "class Tells:\n"
        "    congested = False\n"
        "    def put(self, event):\n"
        "        print(type(event).__name__, getattr(event, 'addresses', [0])[0], flush=True)\n"
        "    def when_relieved(self, resume):\n"
        "        resume()\n"
        "Server('127.0.0.1:0', reply=answer, events=Tells()).serve_forever()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            listening = next(line for line in process.stdout if line.startswith("Listening"))
            with Peer.calls(parse_address(listening.split()[1], for_server=False)) as peer:
                peer.say(b"one")
                assert peer.hear(3) == (b"" if says else b"one")
            next(line for line in process.stdout if line.startswith("Closed"))
            process.send_signal(signal.SIGINT)
            _out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGINT
    assert err.rstrip().endswith("KeyboardInterrupt")
