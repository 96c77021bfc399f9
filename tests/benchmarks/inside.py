"""What is measured inside one fresh interpreter: ``python -m tests.benchmarks.inside NAME NUMBER...``.

Prints one line of JSON.
"""

from __future__ import annotations

import itertools
import json
import selectors
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from core import Server
from core.address import Address
from core.clock import monotonic_ns
from core.command import look_for_garbage_seldom
from core.events import ConnectionId, Event, Opened, Received, Sent, SessionId, SessionOpened, new_event
from core.journal.recording.recorder import Recorder
from core.journal.recording.store import JournalWriter
from core.origin import SCRIPT
from core.roles import Role
from tests.benchmarks import machine

_HOST = "127.0.0.1"
_CONNECTIONS = 100
_SAID = b"x" * 64
_GATHERED = 1000  # events in one commit, as under load
_SESSION = SessionId(1)
# What an echo server with many connections records: each receives and answers in its turn.
_TURNS = [(kind, ConnectionId(number)) for number in range(1, _CONNECTIONS + 1) for kind in (Received, Sent)]


def stops(times: int, clients: int, polite: int) -> dict[str, list[float]]:
    """Milliseconds from ``stop()`` to the end of ``join()``; ``polite`` clients close when we do."""
    return {"ms": [_stop_once(clients, bool(polite)) for _ in range(times)]}


def _stop_once(clients: int, polite: bool) -> float:
    with Server(f"{_HOST}:0", reply="echo") as server:
        port = server.addresses[0].port
        crowd = [socket.create_connection((_HOST, port)) for _ in range(clients)]
        while len(server.connections) < clients:
            time.sleep(0.001)
        leaving = threading.Thread(target=_leave_when_told, args=(crowd,), name="clients")
        if polite:
            leaving.start()
        began = time.perf_counter()
        server.stop()
        server.join()
        took = time.perf_counter() - began
    if polite:
        leaving.join()
    for client in crowd:
        client.close()
    return took * 1000


def _leave_when_told(crowd: list[socket.socket]) -> None:
    """Every client closes as soon as it sees the end."""
    with selectors.DefaultSelector() as selector:
        for client in crowd:
            selector.register(client, selectors.EVENT_READ)
        for _ in itertools.takewhile(lambda _: selector.get_map(), itertools.count()):
            for key, _events in selector.select(5.0):
                selector.unregister(key.fileobj)
                assert isinstance(key.fileobj, socket.socket)
                key.fileobj.close()


def cycles(times: int) -> dict[str, float]:
    """Start and stop a server on one port, over and over; what is left of it afterwards."""
    with Server(f"{_HOST}:0") as first:  # loads what is loaded late
        port = first.addresses[0].port
    memory, descriptors, threads = machine.memory(), machine.descriptors(), threading.active_count()
    began = time.perf_counter()
    for _ in range(times):
        with Server(f"{_HOST}:{port}"):
            pass
    return {
        "ms": (time.perf_counter() - began) / times * 1000,
        "threads": threading.active_count() - threads,
        "descriptors": machine.descriptors() - descriptors,
        "MiB": machine.memory() - memory,
    }


def journal(entries: int) -> dict[str, float]:
    """Entries a second: the file alone, and through the recorder from the first put to the last commit.

    Also the CPU that the latter takes for each, in microseconds of all threads: to make the event as the network does,
    put and record it.
    """
    with tempfile.TemporaryDirectory() as folder:
        return {
            "file": _through_writer(Path(folder, "file.tincan"), entries),
            **_through_recorder(Path(folder, "recorder.tincan"), entries),
        }


def _through_writer(path: Path, entries: int) -> float:
    writer = JournalWriter(path)
    writer.append(_beginning(), 0)
    turns = itertools.islice(itertools.cycle(_TURNS), _GATHERED)
    batch = [kind(_SESSION, connection, monotonic_ns(), _SAID) for kind, connection in turns]
    began = time.perf_counter()
    for _ in range(entries // _GATHERED):
        writer.append(batch, 0)
    took = time.perf_counter() - began
    writer.close()
    return entries / took


def _through_recorder(path: Path, entries: int) -> dict[str, float]:
    recorder = Recorder(path)
    for event in _beginning():
        recorder.put(event)
    relieved = threading.Event()
    began, waited, cpu = time.perf_counter(), 0.0, time.process_time()
    for kind, connection in itertools.islice(itertools.cycle(_TURNS), entries):
        fields = (_SESSION, connection, monotonic_ns(), _SAID)
        recorder.put(new_event(Received, fields) if kind is Received else new_event(Sent, (*fields, (), SCRIPT)))
        if recorder.congested:
            paused = time.perf_counter()
            relieved.clear()
            recorder.when_relieved(relieved.set)
            relieved.wait()
            waited += time.perf_counter() - paused
    put = time.perf_counter() - began - waited
    recorder.close(timeout=60)
    cpu = time.process_time() - cpu
    took = time.perf_counter() - began
    return {"recorder": entries / took, "us a put": put / entries * 1e6, "us of CPU": cpu / entries * 1e6}


def _beginning() -> list[Event]:
    here = Address(_HOST, 1)
    return [
        SessionOpened(_SESSION, monotonic_ns(), Role.SERVER, here, "raw", "echo"),
        *(
            Opened(_SESSION, ConnectionId(number), monotonic_ns(), number, here, here)
            for number in range(1, _CONNECTIONS + 1)
        ),
    ]


_MEASURES: dict[str, Callable[..., object]] = {"stops": stops, "cycles": cycles, "journal": journal}

if __name__ == "__main__":
    look_for_garbage_seldom()
    print(json.dumps(_MEASURES[sys.argv[1]](*map(int, sys.argv[2:]))))
