"""TLS: handshakes, bulk and round trips, beside ``ncat --ssl`` and an echo of CPython's ``ssl``."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks import peers, report
from tests.benchmarks.bench import Bench
from tests.benchmarks.peers import Contender, Server
from tests.benchmarks.report import Outcome, Verdict
from tests.benchmarks.turns import Sample, Series, ratio

NCAT = "ncat --ssl"
PYTHON = "CPython's ssl, a thread each"

_SIZE = 64  # bytes of a message
_CONNECTIONS = 100
_FILES = ("tls.pem", "tls.key")  # one certificate (EC P-256) for all contenders


def tls(bench: Bench) -> Outcome:
    """All of it, each contender with the same certificate and TLS 1.3."""
    _make_certificate(bench.folder)
    connections = min(_CONNECTIONS, max(bench.scale.connections))
    seconds = bench.scale.seconds
    columns: dict[str, tuple[dict[str, Series], float]] = {}

    def contenders(reply: str) -> list[Contender]:
        return [each for each in _contenders(reply) if each.name != PYTHON or not bench.scale.is_brief]

    def add(name: str, reply: str, measure: Callable[[Server], Sample], scale: float = 1.0) -> None:
        columns[name] = bench.compare(contenders(reply), measure), scale
        outcome.keep(name, columns[name][0])

    outcome = Outcome("TLS 1.3, one certificate (EC P-256) for all", [])
    if not bench.scale.is_brief:
        add("handshakes/s", "echo", lambda server: bench.load.tls("shake", server.port, seconds))
    one_way, there_and_back = "bulk MB/s, one way", f"round trips/s at {connections}, {_SIZE} bytes"
    add(one_way, "none", lambda server: bench.load.tls("sink", server.port, seconds), 1e-6)
    add(
        there_and_back,
        "echo",
        lambda server: bench.load.tls("echo", server.port, connections, seconds, _SIZE),
    )
    outcome.head = ["Server", *columns]
    for contender in contenders("echo"):
        shown = (report.rate(series.get(contender.name), scale=scale) for series, scale in columns.values())
        outcome.rows.append([contender.name, *shown])
    bulk, trips = columns[one_way][0], columns[there_and_back][0]
    for name, recorded in ((peers.OFF, "off"), (peers.ON, "on")):
        outcome.verdicts.append(
            Verdict(f"TLS bulk, journal {recorded}, against ncat --ssl", ratio(bulk, name, NCAT), 0.8, "x")
        )
        outcome.verdicts.append(
            Verdict(f"TLS round trips, journal {recorded}, against ncat --ssl", ratio(trips, name, NCAT), 1.0, "x")
        )
    return outcome


def _contenders(reply: str) -> list[Contender]:
    def ours(name: str, journal: bool) -> Contender:
        plain = peers.ours(name, reply, journal=journal)
        return Contender(name, lambda port, folder: [*plain.command(port, folder), *_ours(folder)], tells_port=True)

    found = [ours(peers.OFF, journal=False), ours(peers.ON, journal=True)]
    if shutil.which("ncat"):
        what = ["-e", "/bin/cat"] if reply == "echo" else ["--recv-only"]
        found.append(Contender(NCAT, lambda port, folder: _ncat(port, folder, what)))
    serve = [sys.executable, "-m", "tests.benchmarks.serve", "threading" if reply == "echo" else "threading-sink"]
    return [*found, Contender(PYTHON, lambda _port, folder: [*serve, *_ours(folder)], tells_port=True)]


def _ours(folder: Path) -> Sequence[str]:
    return ["--cert", str(folder / _FILES[0]), "--key", str(folder / _FILES[1])]


def _ncat(port: int, folder: Path, what: Sequence[str]) -> list[str]:
    certificate, key = (str(folder / name) for name in _FILES)
    ssl = ["--ssl", "--ssl-cert", certificate, "--ssl-key", key]
    return ["ncat", "-l", "-k", "-m", "4000", *ssl, *what, "127.0.0.1", str(port)]


def _make_certificate(folder: Path) -> None:
    from tests.support.certificates import make

    made = make()
    (folder / _FILES[0]).write_bytes(made.pem)
    (folder / _FILES[1]).write_bytes(made.key_pem())
