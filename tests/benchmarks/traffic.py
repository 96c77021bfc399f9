"""Scenarios with traffic: round trips, fan-out, one way, everybody at once, one who never reads."""

from __future__ import annotations

from core.compose import Draft, Format
from core.replies.rules.rule import Rule
from core.replies.rules.rule_set import RuleSet, export_rule_set
from tests.benchmarks import peers, report
from tests.benchmarks.bench import Bench
from tests.benchmarks.load import CannotServe
from tests.benchmarks.peers import Contender, Server
from tests.benchmarks.report import Outcome, Verdict
from tests.benchmarks.turns import Sample, Series, ratio

_SIZE = 64  # bytes of a message
_LONG = 4096  # bytes of one that fills the buffers of who does not read
_PAUSE = 5  # milliseconds between two of these
_JUDGED = (peers.OFF, peers.ON, peers.C, peers.NCAT)  # echo servers that a verdict is about


def round_trips(bench: Bench) -> Outcome:
    """A closed loop of 64-byte messages over 1 to 1,000 connections."""
    contenders = peers.echoes(bench.load)
    if bench.scale.is_brief:
        contenders = [each for each in contenders if each.name in _JUDGED]
    columns: dict[str, dict[str, Series]] = {}
    outcome = Outcome("Round trips a second, 64 bytes, closed loop", [])
    for connections in bench.scale.connections:
        for core in (False, True) if connections == 1 and not bench.scale.is_brief else (False,):
            name = f"{connections:,}" + (", one core" if core else "")
            columns[name] = _echo(bench, contenders, connections, core)
            outcome.keep(f"at {name}", columns[name])
    outcome.head = ["Echo server", *columns, *(f"p50 / p99 at {name}" for name in columns)]
    for contender in contenders:
        shown = [series.get(contender.name) for series in columns.values()]
        outcome.rows.append([contender.name, *map(report.rate, shown), *map(_latency, shown)])
    outcome.remarks += [_generator(columns), _starved(columns)]
    outcome.verdicts += _round_trip_verdicts(columns)
    return outcome


def _echo(bench: Bench, contenders: list[Contender], connections: int, core: bool) -> dict[str, Series]:
    def measure(server: Server) -> Sample:
        return bench.load.echo(server.port, connections, bench.scale.seconds, _SIZE)

    return bench.compare(contenders, measure, connections=connections, core=core)


def _latency(shown: Series | None) -> str:
    if shown is None or not shown.samples:
        return "-"
    return f"{report.rate(shown, 'p50', 1e-3)} / {report.rate(shown, 'p99', 1e-3)} ms"


def _generator(columns: dict[str, dict[str, Series]]) -> str:
    shares = [f"{name}: {report.rate(series.get(peers.OFF), 'cpu')}" for name, series in columns.items()]
    return f"Share of a core that the load generator took while it drove {peers.OFF}: {'; '.join(shares)}."


def _starved(columns: dict[str, dict[str, Series]]) -> str:
    """Who left connections without a single answer, and how many."""
    found = []
    for name, series in columns.items():
        connections = int(name.partition(", one core")[0].replace(",", ""))
        for contender, shown in series.items():
            hungry = connections - min((sample["served"] for sample in shown.samples), default=connections)
            if hungry:
                found.append(f"{contender} left {hungry:g} of {name}")
    return f"Without a single answer in the worst run: {'; '.join(found) if found else 'nobody'}."


def _round_trip_verdicts(columns: dict[str, dict[str, Series]]) -> list[Verdict]:
    found = []
    for name, ours, beside, least in (
        ("1", peers.OFF, peers.C, 0.9),
        ("1, one core", peers.OFF, peers.C, 0.9),
        ("100", peers.OFF, peers.C, 0.85),
        ("1", peers.ON, peers.NCAT, 1.1),
        ("1, one core", peers.ON, peers.NCAT, 1.0),
        ("100", peers.ON, peers.NCAT, 1.2),
        ("1,000", peers.ON, peers.C, 0.7),
    ):
        if name in columns:
            against = ratio(columns[name], ours, beside)
            found.append(Verdict(f"round trips at {name}, {ours}, against {beside}", against, least, "x"))
    for name in ("1", "1, one core"):
        if name in columns:
            p99 = columns[name][peers.ON].median("p99") / 1e3
            found.append(Verdict(f"p99 at {name}, {peers.ON}", p99, 1.0, " ms", at_most=True))
    return found


def rules(bench: Bench) -> Outcome:
    """The same closed loop over 100 connections that 20 rules answer, the last of them, beside the echo rule."""
    connections = min(100, max(bench.scale.connections))
    path = bench.folder / "rules.json"
    export_rule_set(path, RuleSet("20 rules", _twenty_rules()))
    off, on, *tables = contenders = peers.rules(path)

    def measure(server: Server) -> Sample:
        return bench.load.echo(server.port, connections, bench.scale.seconds, _SIZE)

    series = bench.compare(contenders, measure, connections=connections)
    outcome = Outcome(
        f"Round trips a second over {connections:,} connections by rules", ["Server", "rate", "p50 / p99"]
    )
    outcome.keep(f"at {connections:,}", series)
    for contender in contenders:
        shown = series.get(contender.name)
        outcome.rows.append([contender.name, report.rate(shown), _latency(shown)])
    outcome.remarks.append("19 rules that fit no message are asked before the one that answers it.")
    for echo, table in zip((off, on), tables, strict=True):
        against = ratio(series, table.name, echo.name)
        outcome.verdicts.append(Verdict(f"{table.name}, against the echo rule in the same run", against, 0.5, "x"))
    return outcome


def _twenty_rules() -> tuple[Rule, ...]:
    """Rules of every kind, each with an answer; the last gives the message back."""
    patterns = (
        ("equals", "READ {}?"),
        ("begins", "SET {} "),
        ("contains", "key{}="),
        ("hex", "0{} ff ?? 0d"),
        ("regex", "^T{}=(?P<value>-?[0-9]+)$"),
    )
    some = [
        Rule(f"{when} {number}", when, pattern.format(number), Draft(f"answer {number}"))
        for number in range(4)
        for when, pattern in patterns
    ]
    return (*some[:19], Rule("any other", "any", "", Draft(r"\{0}", Format.ESCAPES)))


def fan_out(bench: Bench) -> Outcome:
    """One says, 10 to 1,000 get; the next message when all have it."""
    contenders = peers.rooms()
    outcome = Outcome("Fan-out: deliveries a second, 64 bytes, one message at a time", [])
    columns: dict[str, dict[str, Series]] = {}
    for receivers in bench.scale.receivers:

        def measure(server: Server, receivers: int = receivers) -> Sample:
            return _all_delivered(bench.load.fan(server.port, receivers, bench.scale.seconds, _SIZE))

        columns[f"{receivers:,}"] = series = bench.compare(contenders, measure, connections=receivers)
        outcome.keep(f"to {receivers:,}", series)
    outcome.head = ["Room", *(f"{name} receivers" for name in columns), *(f"p50 / p99 at {name}" for name in columns)]
    for contender in contenders:
        shown = [series.get(contender.name) for series in columns.values()]
        outcome.rows.append([contender.name, *map(report.rate, shown), *map(_latency, shown)])
    if "100" in columns:
        against = ratio(columns["100"], peers.OFF, peers.BROKER)
        outcome.verdicts.append(Verdict("fan-out to 100, journal off, against ncat --broker", against, 0.9, "x"))
    if "1,000" in columns:
        works = float(not columns["1,000"][peers.OFF].failure)
        outcome.verdicts.append(Verdict("fan-out to 1,000 works (1 is yes)", works, 1))
    return outcome


def _all_delivered(sample: Sample) -> Sample:
    if sample["lost"]:
        raise CannotServe(f"stopped delivering: {sample['lost']:g} receivers still wait for a message")
    return sample


def one_way(bench: Bench) -> Outcome:
    """As many bytes as it takes, from one connection."""
    contenders = peers.sinks()[: 2 if bench.scale.is_brief else None]

    def measure(server: Server) -> Sample:
        return bench.load.sink(server.port, bench.scale.seconds)

    series = bench.compare(contenders, measure)
    outcome = Outcome("One way: MB a second from one connection", ["Sink", "MB/s", "against the first"])
    for name, shown in series.items():
        outcome.rows.append(
            [name, report.rate(shown, scale=1e-6), report.number(ratio(series, name, contenders[0].name))]
        )
    outcome.keep("one way", series)
    recorded = series[peers.ON].median("rate") / 1e6
    outcome.verdicts.append(Verdict("one way, everything recorded", recorded, 400, " MB/s"))
    return outcome


def burst(bench: Bench) -> Outcome:
    """Everybody connects at once, says something and waits for the answer."""
    count = bench.scale.burst

    def measure(server: Server) -> Sample:
        return bench.load.burst(server.port, count, _SIZE)

    series = bench.compare(peers.echoes(bench.load), measure, connections=count)
    outcome = Outcome(
        f"{count} connect at once", ["Echo server", "slowest connect", "slowest first answer", "unanswered"]
    )
    for name, shown in series.items():
        waits = (f"{report.rate(shown, what, 1e-3)} ms" for what in ("connect", "longest"))
        outcome.rows.append([name, *waits, report.rate(shown, "unanswered")])
    outcome.keep("burst", series)
    for name in (peers.OFF, peers.ON):
        slowest = series[name].worst("connect") / 1e3
        outcome.verdicts.append(
            Verdict(f"{count} connects, the slowest of all runs, {name}", slowest, 100, " ms", at_most=True)
        )
    return outcome


def silent_peer(bench: Bench) -> Outcome:
    """A room in which one never reads, beside the same room without it."""
    audience = bench.scale.audience - 1
    outcome = Outcome(
        f"One of {audience + 1} in a room never reads: what the others see, 4 KiB about every 5 ms",
        ["Room", "p99 without it", "p99 with it", "longest with it", "receivers that miss bytes at the end"],
    )
    without, with_it = (_silent(bench, audience, silent) for silent in (0, 1))
    for name in without:
        alone, beside = without[name], with_it[name]
        waits = (
            f"{report.number(value / 1e3)} ms"
            for value in (alone.median("p99"), beside.median("p99"), beside.worst("longest"))
        )
        outcome.rows.append([name, *waits, report.number(beside.worst("lost"))])
    outcome.keep("all read", without)
    outcome.keep("one never reads", with_it)
    for name in (peers.OFF, peers.ON):
        longer = (with_it[name].median("p99") - without[name].median("p99")) / 1e3
        outcome.verdicts.append(
            Verdict(f"a silent peer: how much longer the others wait, {name}", longer, 10, " ms", at_most=True)
        )
        outcome.verdicts.append(
            Verdict(f"a silent peer: others that miss bytes, {name}", with_it[name].worst("lost"), 0, at_most=True)
        )
    return outcome


def _silent(bench: Bench, audience: int, silent: int) -> dict[str, Series]:
    def measure(server: Server) -> Sample:
        seconds = 2 * bench.scale.seconds
        sample = bench.load.fan(server.port, audience, seconds, _LONG, silent=silent, pause=_PAUSE)
        return {"lost": sample["lost"]} if sample["lost"] else sample  # how long the others waited says nothing then

    return bench.compare(peers.rooms(), measure)
