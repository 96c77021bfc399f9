"""A list of steps as a file for Locust (locust.io), which plays it by many users, on as many machines as there are."""

from __future__ import annotations

from core.address import Address
from core.steps.step import StepList
from core.steps.step_file import write_steps

_FILE = '''\
"""Plays a list of Tincan's steps by many users, each over a connection of its own.

    locust -f THIS_FILE --headless --users {clients} --run-time {seconds:g}s --host {target}

The steps are played by Tincan's own code, which has to be there: pip install tincan-tcp, or a checkout on PYTHONPATH.
"""

import socket
import struct
import sys
import time

from locust import User, constant_throughput, events, task

try:
    from core.steps.playing import PeerEnd, Playing, Verdict
    from core.steps.step import OwnEnd
    from core.steps.step_file import parse_steps
except ImportError:
    from tincan.core.steps.playing import PeerEnd, Playing, Verdict
    from tincan.core.steps.step import OwnEnd
    from tincan.core.steps.step_file import parse_steps

STEPS = parse_steps({steps!r})
LISTS_A_SECOND = {rate!r}  # of each user
TIMEOUT = 10  # seconds to connect


class NotAsWished(Exception):
    """An answer did not come as wished."""


class TcpUser(User):
    """Plays the list again and again; a connection over which something was not as wished is replaced."""

    host = {target!r}
    wait_time = constant_throughput(LISTS_A_SECOND)
    connection = None

    @task
    def play(self):
        if self.connection is None and not self.connect():
            return
        playing = Playing(STEPS, self.send, self.end)
        while not playing.is_over:
            if not playing.turn(time.monotonic_ns()) and not playing.is_over:
                self.hear(playing)
        for row in playing.rows:
            if row.took is not None or row.verdict is Verdict.MISSED:
                failure = NotAsWished(row.why) if row.verdict is Verdict.MISSED else None
                name = f"{{row.number}} {{row.name or row.wished or 'send'}}"
                self.tell(name, row.took or 0, row.answer_size, failure)
        if playing.missed or playing.own_end is not None:
            self.leave()

    def connect(self):
        host, _, port = self.host.rpartition(":")
        start = time.monotonic_ns()
        try:
            self.connection = socket.create_connection((host.strip("[]"), int(port)), TIMEOUT)
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            self.tell("connect", time.monotonic_ns() - start, 0, error)
            return False
        self.tell("connect", time.monotonic_ns() - start, 0, None)
        return True

    def send(self, data):
        try:
            self.connection.settimeout(TIMEOUT)
            self.connection.sendall(data)
        except OSError:
            pass  # the next answer tells

    def end(self, what):
        try:
            if what is OwnEnd.FINISH:
                self.connection.shutdown(socket.SHUT_WR)
            elif what is OwnEnd.RESET:
                linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        except OSError:
            pass  # the next answer tells, and what is left is closed after the list

    def hear(self, playing):
        """Wait for what comes, as long as the list does."""
        left = TIMEOUT if playing.due is None else (playing.due - time.monotonic_ns()) / 1e9
        self.connection.settimeout(max(0.001, left))
        try:
            playing.heard(self.connection.recv(65536), time.monotonic_ns())
        except TimeoutError:
            pass
        except ConnectionResetError:
            playing.ended("the other end reset the connection", time.monotonic_ns(), PeerEnd.RESET)
        except OSError as error:
            playing.ended(str(error), time.monotonic_ns())

    def leave(self):
        self.connection.close()
        self.connection = None

    def on_stop(self):
        if self.connection is not None:
            self.leave()

    def tell(self, name, took, size, failure):
        events.request.fire(
            request_type="TCP",
            name=name,
            response_time=took / 1e6,
            response_length=size,
            exception=failure,
            context={{}},
        )
'''


def write_locust_file(steps: StepList, target: Address, *, clients: int, rate: float, seconds: float) -> str:
    """The file, for as many users as clients that play so many lists a second together."""
    return _FILE.format(
        steps=write_steps(steps), target=str(target), rate=rate / clients, clients=clients, seconds=seconds
    )
