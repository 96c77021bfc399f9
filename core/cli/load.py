"""``python -m core load``: a list of steps, played by many clients at a rate, and a table of how that went."""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.address import Address, Destination, parse_destination
from core.cli.arguments import (
    add_faults,
    add_proxy,
    argument,
    faults_of,
    named_file,
    proxy_to,
    seconds,
)
from core.cli.common import INTERRUPTED, interruptible, tell, write_escapes_where_needed, write_file, writing_output
from core.cli.tls import add_tls, tls_to
from core.clock import monotonic
from core.errors import Fault, TincanError, quoted
from core.proxy import Proxy
from core.text_safety import TextSafety
from core.tls.settings import Tls
from core.wire.faults import SOUND, BothWays
from core.words import decimal, duration

if TYPE_CHECKING:  # else when a load is played
    from core.sending.load import Line, Pace
    from core.steps.step import ReadySteps, StepList

OK, ERRORS, BROKEN_FILE = 0, 1, 2
MOST_CLIENTS = 1_000
_MOST_RATE = 100_000.0  # lists a second
_LOOK = 0.02  # seconds between two looks at which connections are to be replaced


class LoadOptions(NamedTuple):
    """What was asked for; ``rate`` is lists a second, of all clients together. ``locust`` is written instead."""

    steps: ReadySteps
    target: Destination
    clients: int = 10
    rate: float = 10.0
    seconds: float = 10.0
    tls: Tls | None = None
    locust: Path | None = None
    proxy: Proxy | None = None
    faults: BothWays = SOUND


class _LoadError(TincanError, ValueError):
    fault = Fault.PERSON


def add_load(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file", type=named_file, metavar="FILE", help="a list of steps (JSON), as test takes it")
    parser.add_argument(
        "target",
        metavar="TARGET",
        nargs="?",
        default="",
        help="HOST:PORT or udp://HOST:PORT, unless the list names one",
    )
    parser.add_argument("--clients", type=argument(_clients), default=10, metavar="N", help="default: 10")
    parser.add_argument(
        "--rate", type=argument(_rate), default=10.0, metavar="R",
        help="how often a second the list is played, by all clients together (default: 10)",
    )  # fmt: skip
    parser.add_argument("--seconds", type=seconds, default=10.0, metavar="S", help="default: 10")
    parser.add_argument(
        "--locust",
        type=named_file,
        metavar="LOCUSTFILE",
        help="write a file for Locust that does the same, and play nothing (- is standard output)",
    )
    add_tls(parser, is_server=False)
    add_proxy(parser)
    add_faults(parser, "what is sent alone", "what is received alone")
    parser.set_defaults(options=partial(_options, parser))
    parser.epilog = (
        "Exit codes: 0 all answers were as wished, 1 some were not, or none came, 2 the file is broken or the command "
        "line makes no sense, 130 Ctrl-C"
    )


def _clients(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MOST_CLIENTS):
        raise _LoadError(f"{quoted(text)} is no number of clients: use 1 to {MOST_CLIENTS:,}")
    return int(text)


def _rate(text: str) -> float:
    rate = decimal(text)
    if not 0.001 <= rate <= _MOST_RATE:
        raise _LoadError(f"{quoted(text)} is no rate: use 0.001 to {_MOST_RATE:,.0f} lists a second")
    return rate


def _options(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> LoadOptions:
    from core.steps.step_file import StepFileError, read_step_file

    try:
        steps = read_step_file(chosen.file, chosen.target or "")
    except StepFileError as error:
        parser.error(str(error))
    if not any(one.step.expected is not None for one in steps.steps):
        parser.error(f"{chosen.file} expects no answer, so there is nothing to measure")
    try:
        target = parse_destination(steps.list.target, for_server=False)
        tls = tls_to(chosen, target)
        proxy = proxy_to(chosen, target)
        faults = faults_of(chosen, datagrams=target.datagrams)
    except TincanError as error:
        parser.error(f"argument TARGET: {error}")
    if chosen.locust is not None and tls is not None:
        parser.error(
            "the file for Locust speaks no TLS: name a target without tls://, and leave the options of TLS out"
        )
    if chosen.locust is not None and target.datagrams:
        parser.error("the file for Locust speaks TCP: leave udp:// out")
    if chosen.locust is not None and (proxy is not None or faults != SOUND):
        parser.error("the file for Locust has neither a proxy nor faults: leave --proxy and --fault out")
    return LoadOptions(steps, target, chosen.clients, chosen.rate, chosen.seconds, tls, chosen.locust, proxy, faults)


def run_load(options: LoadOptions) -> int:
    """Play, or write the file; the exit code, see above."""
    write_escapes_where_needed(sys.stdout, line_buffering=True)
    write_escapes_where_needed(sys.stderr, line_buffering=True)
    if options.locust is not None:
        return _write(options, options.locust)
    from core.sending.load import Load

    load = Load(
        options.steps,
        options.target,
        clients=options.clients,
        rate=options.rate,
        tls=options.tls,
        proxy=options.proxy,
        faults=options.faults,
    )
    code = OK
    with interruptible():
        try:
            load.start()
            until = monotonic() + options.seconds
            while monotonic() < until:
                time.sleep(_LOOK)
                load.keep_up()
        except KeyboardInterrupt:
            code = INTERRUPTED
        finally:
            load.stop()
    table = load.table()
    with writing_output():
        print(load_words(table) + pace_words(load.pace()), end="")
    is_good = not any(line.failures for line in table) and table[-1].answers
    return code or (OK if is_good else ERRORS)


def load_words(table: list[Line]) -> str:
    """The table, and below it why answers were not as wished."""
    from core.steps.report import in_columns

    safety = TextSafety()
    lines: list[tuple[str, ...]] = [("step", "answers", "errors", "a second", "p50", "p95", "p99", "p99.9", "most")]
    for line in table:
        times = [duration(ns) if line.answers else "" for ns in (*line.percentiles, line.most)]
        counts = (f"{line.answers:,}", f"{line.failures:,}", f"{line.rate:,.1f}")
        lines.append((safety.field(line.name, 48), *counts, *times))
    reasons = [
        f"{count:,} times: {safety.field(line.name, 48)}: {safety.field(why, 200)}\n"
        for line in table[:-1]
        for why, count in line.reasons
    ]
    return in_columns(lines) + "".join(reasons)


def pace_words(pace: Pace) -> str:
    """Whether the rate was kept, and whose doing it is if it was not."""
    p50, _p95, p99, _p999, most = map(duration, pace.late)
    told = f"{pace.asked:,g} lists a second were asked for, {pace.begun:,.1f} begun"
    told += f", {pace.behind:,} of all late because their client was still busy" if pace.behind else ""
    told += (
        f"\nthe others began late by {p50} (p50), {p99} (p99), {most} (most); the load took {pace.cpu:.0%} of a core\n"
    )
    if pace.is_own_limit:
        told += "THE LOAD GENERATOR WAS AT ITS LIMIT: rates and times above are its own as well as the server's\n"
    return told


def _write(options: LoadOptions, path: Path) -> int:
    written = write_locust_file(
        options.steps.list, options.target.address, clients=options.clients, rate=options.rate, seconds=options.seconds
    )
    if not write_file(path, written):
        return ERRORS
    tell(f"{path} plays {quoted(options.steps.list.name)}: locust -f {path} --headless --users {options.clients}")
    return OK


# Locust (locust.io) plays a list of steps by many users, too, on as many machines as there are.

_LOCUST_FILE = '''\
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
    """The file for Locust, for as many users as clients that play so many lists a second together."""
    from core.steps.step_file import write_steps

    return _LOCUST_FILE.format(
        steps=write_steps(steps), target=str(target), rate=rate / clients, clients=clients, seconds=seconds
    )
