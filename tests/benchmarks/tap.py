"""A tap between a load generator and a lean target, beside those who pass bytes on as well."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import peers, report
from tests.benchmarks.bench import Bench
from tests.benchmarks.peers import Contender, Server
from tests.benchmarks.report import Outcome, Verdict
from tests.benchmarks.turns import Sample, Series, ratio

SOCAT = "socat fork TCP"
C = "C, two threads each"
TOXIPROXY = "toxiproxy"

_HOST = "127.0.0.1"
_SIZE = 64  # bytes of a message
_CONNECTIONS = 100


def tap(bench: Bench) -> Outcome:
    """Round trips to an echo in C, and bulk one way to who reads it and says nothing; all in turn, for each column."""
    echo, sink = targets(bench)
    most = min(_CONNECTIONS, max(bench.scale.connections))
    seconds = bench.scale.seconds
    outcome = Outcome("A tap on its way: round trips and bulk through who passes bytes on", [])
    columns: dict[str, tuple[dict[str, Series], float]] = {}

    def add(name: str, target: Contender, measure: Callable[[Server], Sample], connections: int, scale: float) -> None:
        with target.running(bench.folder) as standing:
            found = bench.compare(_contenders(bench, standing.port), measure, connections=connections)
        columns[name] = found, scale
        outcome.keep(name, found)

    for count in sorted({1, most}):
        name = f"round trips/s at {count}"
        add(name, echo, lambda server, n=count: bench.load.echo(server.port, n, seconds, _SIZE), count, 1.0)  # type: ignore[misc]
    add("bulk MB/s, one way", sink, lambda server: bench.load.sink(server.port, seconds), 1, 1e-6)
    outcome.head = ["Between", *columns]
    for contender in _contenders(bench, 0):
        shown = (report.rate(series.get(contender.name), scale=scale) for series, scale in columns.values())
        outcome.rows.append([contender.name, *shown])
    busy, bulk = columns[f"round trips/s at {most}"][0], columns["bulk MB/s, one way"][0]
    for name, recorded in ((peers.OFF, "off"), (peers.ON, "on")):
        outcome.verdicts += [
            Verdict(
                f"tap, round trips at {most}, journal {recorded}, against socat", ratio(busy, name, SOCAT), 1.0, "x"
            ),
            Verdict(f"tap, bulk, journal {recorded}, against socat", ratio(bulk, name, SOCAT), 0.5, "x"),
        ]
    return outcome


def targets(bench: Bench) -> tuple[Contender, Contender]:
    """Who echoes, and who takes and says nothing: as lean as can be had here."""
    echo, relay = bench.load.echo_server, bench.load.relay
    if echo is None or relay is None:
        return peers.ours(peers.OFF, "echo"), peers.ours(peers.OFF, "none")
    return (
        Contender(C, lambda port, _folder: [str(echo), str(port)]),
        Contender(C, lambda port, _folder: [str(relay), str(port), "0"]),
    )


def _contenders(bench: Bench, target: int) -> list[Contender]:
    def ours(name: str, *, journal: bool) -> Contender:
        plain = peers.ours(name, "none", journal=journal)
        onward = ["--onward", str(target)]
        return Contender(name, lambda port, folder: [*plain.command(port, folder), *onward], tells_port=True)

    found = [ours(peers.OFF, journal=False), ours(peers.ON, journal=True)]
    relay = bench.load.relay
    if relay is not None:
        found.append(Contender(C, lambda port, _folder: [str(relay), str(port), str(target)]))
    if shutil.which("socat"):
        found.append(Contender(SOCAT, lambda port, _folder: _socat(port, target)))
    if shutil.which("toxiproxy-server"):
        found.append(Contender(TOXIPROXY, lambda port, folder: _toxiproxy(port, folder, target)))
    return found


def _socat(port: int, target: int) -> list[str]:
    listen = f"TCP-LISTEN:{port},bind={_HOST},reuseaddr,fork,backlog=1024,nodelay"
    return ["socat", listen, f"TCP:{_HOST}:{target},nodelay"]


def _toxiproxy(port: int, folder: Path, target: int) -> list[str]:
    """Its own door for commands is on another port; see https://github.com/Shopify/toxiproxy."""
    proxies = folder / "toxiproxy.json"
    one = f'{{"name": "tap", "listen": "{_HOST}:{port}", "upstream": "{_HOST}:{target}", "enabled": true}}'
    proxies.write_text(f"[{one}]", "utf-8")
    return ["toxiproxy-server", "-host", _HOST, "-port", str(peers.free_port()), "-config", str(proxies)]
