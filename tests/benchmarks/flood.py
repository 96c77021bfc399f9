"""Scenarios with the real window: a flood of lines while a person reads, scrolls and types, and hostile messages."""

from __future__ import annotations

import contextlib
import itertools
import socket
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks import machine, report, window
from tests.benchmarks.bench import Bench
from tests.benchmarks.load import CannotServe
from tests.benchmarks.report import Outcome, Verdict
from tests.benchmarks.turns import BUSY, Sample, Series, ratio, take_turns
from tests.benchmarks.window_x11 import Onlooker

SIZE = 64  # bytes of a line
_PING_EVERY = 0.025  # seconds
_KEY_EVERY = 4  # pings
_CATCHES_UP = 60.0  # seconds within which everything that was sent must be recorded
_MIB_MORE = 60.0  # that the program may grow by
_KEY_WITHIN = 100.0  # milliseconds until a typed key must be on the screen
_HOSTILE_WITHIN = 150.0  # milliseconds that nothing may hold the window up for
_LOOKS = 0.5  # seconds at the end, then as long with the scrollbar on the move, after each hostile message


class _View(NamedTuple):
    """How a person looks at the flood."""

    name: str
    framing: str
    place: str


_VIEWS = (
    _View("lines, following the end", "line", "end"),
    _View("lines, standing in the middle", "line", "middle"),
    _View("lines, scrollbar on the move", "line", "drag"),
    _View("as received, following the end", "raw", "end"),
)


PANES = {
    "socket calls": "socket_calls",
    "sequence": "sequence",
    "figures": "figures",
    "state of the socket": "socket_state",
    "inspector": "inspector",
}
_PANE_SECONDS = 2.0  # of the flood with a pane open, and as long before it with none
_PANE_SETTLES = 0.4  # seconds after a pane was opened or closed: what that takes `panes` measures
_MORE_WITH_PANE = 1.2  # times as much as without
_PANE_FIGURES = {"p99": "late p99", "key p90": "a key, p90", "work": "work", "work p99": "work p99"}


class _Flood(NamedTuple):
    """Lines a second (0: as many as can be), for how long, and milliseconds that the window may be late."""

    title: str
    rate: int
    seconds: float
    p99: float
    longest: float


def flood_100k(bench: Bench) -> Outcome:
    """A hundred thousand lines a second for a minute."""
    return _flood(bench, _Flood("100,000 lines a second", 100_000, 60 * bench.scale.seconds, 16, 100))


def flood_1m(bench: Bench) -> Outcome:
    """A million lines a second."""
    return _flood(bench, _Flood("1,000,000 lines a second", 1_000_000, 10 * bench.scale.seconds, 33, 150))


def flood_flat(bench: Bench) -> Outcome:
    """As many lines as the sender can make."""
    return _flood(bench, _Flood("lines as fast as they can be sent", 0, 10 * bench.scale.seconds, 33, 150))


def flood_panes(bench: Bench) -> Outcome:
    """A hundred thousand lines a second: without a pane and with one, in turn, within one flood."""
    seconds, settles = _PANE_SECONDS * bench.scale.seconds, _PANE_SETTLES * bench.scale.seconds
    stretch = seconds + 2 * settles
    flood = _Flood("100,000 lines a second", 100_000, (2 * len(PANES) + 1) * stretch, 16, 100)
    series = {name: {way: Series() for way in ("without", "with")} for name in PANES}
    for _ in range(bench.scale.runs):
        neighbours = machine.Neighbours()
        told = _measure_panes(bench, flood, seconds, settles)
        is_disturbed = neighbours.used() > BUSY
        for name, ways in told.items():
            for way, sample in ways.items():
                series[name][way].samples.append(sample)
                series[name][way].disturbed += is_disturbed
    outcome = Outcome(
        f"The window under {flood.title}, {SIZE} bytes each: {seconds:g} s without a pane, {seconds:g} s with it",
        ["Pane", "late p99: without, with", "a key p50", "a key p90", "work, % of a core", "work p99"],
    )
    for name, shown in series.items():
        cells = [
            ", ".join(report.rate(each, what) for each in shown.values())
            for what in ("p99", "key p50", "key p90", "work", "work p99")
        ]
        outcome.rows.append([name, *cells])
        for what, words in _PANE_FIGURES.items():
            more = ratio(shown, "with", "without", what)
            outcome.verdicts.append(
                Verdict(f"{name}, against no pane: {words}", more, _MORE_WITH_PANE, "x", at_most=True)
            )
        outcome.keep(f"flood with {name}", shown)
    outcome.remarks.append(
        "Milliseconds. Work: time of a processor that the window's thread took, and how much of it between two beats "
        "of the timer of 5 ms; other programs spoil it least."
    )
    return outcome


def _flood(bench: Bench, flood: _Flood) -> Outcome:
    """Each way to look at it, in turn; every byte that was sent is looked for in the journal afterwards."""
    views = [(view.name, view) for view in _VIEWS[: bench.scale.ways]]
    series = take_turns(views, lambda view: _measure(bench, flood, view), bench.scale.runs)
    outcome = Outcome(
        f"The window under a flood: {flood.title}, {SIZE} bytes each, for {flood.seconds:g} s",
        ["The person reads", "lines/s", "late p50 / p99 / longest", "a key p99 / longest", "an answer p99", "MiB more",
         "bytes lost"],
    )  # fmt: skip
    for name, shown in series.items():
        outcome.rows.append(_row(name, shown))
    outcome.verdicts += _verdicts(flood, series)
    outcome.keep(flood.title, series)
    outcome.remarks += [
        "Milliseconds. Late: a timer of 5 ms on the window's event loop. A key: from a key press sent by X until "
        "the letter is drawn. An answer: to the ping of a window manager. The longest is that of all runs.",
        "Every journal is read afterwards and compared with what was sent: its length and its CRC-32.",
    ]
    return outcome


def _row(name: str, shown: Series) -> list[str]:
    def worst(what: str) -> str:
        return report.number(shown.worst(what))

    late = f"{report.rate(shown, 'p50')} / {report.rate(shown, 'p99')} / {worst('longest')}"
    key = f"{report.rate(shown, 'key p99')} / {worst('key longest')}"
    return [
        name, report.rate(shown), late, key, report.rate(shown, "ping p99"), worst("MiB more"), worst("lost"),
    ]  # fmt: skip


def _verdicts(flood: _Flood, series: dict[str, Series]) -> list[Verdict]:
    """Of all the ways to look at it, the worst."""

    def worst(what: str) -> float:
        return max(shown.worst(what) for shown in series.values())

    p99 = max(shown.median("p99") for shown in series.values())
    bounds = (
        ("late p99", p99, flood.p99, " ms"),
        ("late at most", worst("longest"), flood.longest, " ms"),
        ("a typed key", worst("key longest"), _KEY_WITHIN, " ms"),
        ("memory", worst("MiB more"), _MIB_MORE, " MiB more"),
        ("bytes lost", worst("lost"), 0, ""),
        ("journals with other bytes than were sent", worst("changed"), 0, ""),
    )
    title = flood.title
    found = [Verdict(f"{title}: {which}", measured, most, unit, at_most=True) for which, measured, most, unit in bounds]
    if flood.rate:
        slowest = min(shown.median("rate") for shown in series.values())
        found.append(Verdict(f"{title}: lines a second reached", slowest, 0.99 * flood.rate))
    return found


def _measure(bench: Bench, flood: _Flood, view: _View) -> Sample:
    with own_folder(bench) as folder:
        with window.running(folder, framing=view.framing) as program, Onlooker(program.display) as onlooker:
            sample, sent = _watch(bench, flood, view, program, onlooker)
        return {**sample, **compare(folder, sent)}


def _watch(
    bench: Bench, flood: _Flood, view: _View, program: window.Program, onlooker: Onlooker
) -> tuple[Sample, dict[str, float]]:
    """Flood the window while somebody looks and types, until everything is recorded and shown."""
    before = machine.memory(program.pid)
    with ThreadPoolExecutor(1) as elsewhere:
        flooding = elsewhere.submit(bench.load.flood, program.port, flood.rate, flood.seconds, SIZE)
        time.sleep(flood.seconds / 20)  # so that there is a middle
        program.ask("view", view.place)
        program.ask("lap")
        seen = _look_on(flooding.done, program, onlooker)
    sent = flooding.result()
    wait_for(program, "bytes", int(sent["bytes"]))
    sample = _lap(program, seen)
    after = machine.memory(program.pid, "VmHWM")
    return {
        **sample, "rate": sent["rate"], "ping p50": quantile(seen.pings, 0.5), "ping p99": quantile(seen.pings, 0.99),
        "ping longest": seen.pings[-1], "MiB more": after - before, "sender cpu": sent["cpu"],
    }, sent  # fmt: skip


def _measure_panes(bench: Bench, flood: _Flood, seconds: float, settles: float) -> dict[str, dict[str, Sample]]:
    """Of each pane, how the window fares without it and with it, one after the other."""
    found: dict[str, dict[str, Sample]] = {}
    with (
        own_folder(bench) as folder,
        window.running(folder, framing="line") as program,
        Onlooker(program.display) as onlooker,
        ThreadPoolExecutor(1) as elsewhere,
    ):
        flooding = elsewhere.submit(bench.load.flood, program.port, flood.rate, flood.seconds, SIZE)
        time.sleep(2 * settles)
        for name, pane in PANES.items():
            found[name] = {}
            for way in ("without", "with"):
                program.ask("view", "end")  # to look at a message closely is to leave the end
                time.sleep(settles)
                found[name][way] = look_for(seconds, program, onlooker)
                program.ask("pane", pane)  # opened after the one, closed after the other
        flooding.result()
    return found


def look_for(seconds: float, program: window.Program, onlooker: Onlooker) -> Sample:
    """How the window fares for so long, while somebody types."""
    program.ask("lap")
    began = time.monotonic()
    seen = _look_on(lambda: time.monotonic() > began + seconds, program, onlooker)
    sample = _lap(program, seen)
    return {**sample, "work": sample["work"] / (time.monotonic() - began) / 10}


def _lap(program: window.Program, seen: _Seen) -> Sample:
    """What the window tells since the last lap, once every key that was typed since is drawn."""
    wait_for(program, "keys", len(seen.typed))
    lap = program.ask("lap")
    keys = sorted((at - typed) * 1000 for typed, at in zip(seen.typed, lap.pop("keys"), strict=True))
    return {
        **lap, "key p50": quantile(keys, 0.5), "key p90": quantile(keys, 0.9), "key p99": quantile(keys, 0.99),
        "key longest": keys[-1],
    }  # fmt: skip


class _Seen(NamedTuple):
    """What somebody in front of the display saw: milliseconds to each answer, sorted, and when keys were typed."""

    pings: list[float]
    typed: list[float]


def _look_on(is_over: Callable[[], bool], program: window.Program, onlooker: Onlooker) -> _Seen:
    """Ping the window, and type into it, until that is over."""
    seen = _Seen([], [])
    for number in itertools.count():
        seen.pings.append(onlooker.ping())
        if number % _KEY_EVERY == 0:
            seen.typed.append(onlooker.type_key())
        if is_over():
            break
        time.sleep(_PING_EVERY)
    seen.pings.append(onlooker.ping())  # after this answer the keys before it are through, too
    seen.pings.sort()
    return seen


def quantile(ordered: list[float], q: float) -> float:
    """Of numbers in their order."""
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def wait_for(program: window.Program, what: str, wanted: int) -> None:
    """Until the window says that so much has come."""
    deadline = time.monotonic() + _CATCHES_UP
    while (has := program.ask("state")[what]) < wanted:
        if time.monotonic() > deadline:
            raise CannotServe(f"{wanted - has:,} {what} are missing after {_CATCHES_UP:g} s")
        time.sleep(0.02)


def _wait_for_rows(program: window.Program) -> None:
    """Until every row is counted, so that any of them can be shown. Raises ``CannotServe``."""
    deadline = time.monotonic() + _CATCHES_UP
    while program.ask("state")["uncounted"]:
        if time.monotonic() > deadline:
            raise CannotServe(f"rows are uncounted after {_CATCHES_UP:g} s")
        time.sleep(0.02)


def compare(folder: Path, sent: dict[str, float]) -> Sample:
    """What the journal has of what was sent, byte for byte, read as anybody may read it."""
    size = crc = 0
    with contextlib.closing(sqlite3.connect(window.journals(folder)[-1])) as database:
        for (data,) in database.execute("SELECT data FROM entry WHERE kind = 'received' ORDER BY entry"):
            size, crc = size + len(data), zlib.crc32(data, crc)
    return {"lost": sent["bytes"] - size, "changed": float(crc != sent["crc"]), "recorded": size}


# Hostile messages.

_HOSTILE: dict[str, bytes] = {
    "a line of 1 MB": b"x" * 1_000_000 + b"\n",
    "100 MB without a line feed": b"y" * 100_000_000,
    "2,000 combining marks": b"e" + "\u0301".encode() * 2_000 + b"\n",
    "10,000 emoji": "\N{GRINNING FACE}".encode() * 10_000 + b"\n",
    "64 KiB of NUL": bytes(65536) + b"\n",
    "64 KiB of escape sequences": b"\x1b[31;1m\x1b]0;title\x07\x1b[2J\x9b5n" * 2_979 + b"\n",
    "64 KiB of right-to-left overrides": "\u202eexe.gnp\u2066".encode() * 5_041 + b"\n",
    "20,000 empty lines": b"\n" * 20_000,
    "bytes that are not text": bytes(range(128, 256)) * 512 + b"\n",
}


def hostile(bench: Bench) -> Outcome:
    """Messages made to hang a window: received, looked at, scrolled over."""
    largest = min(100, int(100 * bench.scale.seconds)) * 1_000_000
    outcome = Outcome("Hostile messages", ["Message", *(f"{framing}: longest, p99" for framing in ("line", "raw"))])
    by_framing = {framing: _hostile_series(bench, framing, largest) for framing in ("line", "raw")}
    for name in _HOSTILE:
        cells = [by_framing[framing][name] for framing in by_framing]
        outcome.rows.append(
            [name, *(f"{report.number(each.worst('longest'))} / {report.rate(each, 'p99')} ms" for each in cells)]
        )
    for framing, series in by_framing.items():
        outcome.keep(f"hostile, {framing}", series)
        for name, shown in series.items():
            worst = shown.worst("longest")
            outcome.verdicts.append(Verdict(f"{name}, {framing}: late", worst, _HOSTILE_WITHIN, " ms", at_most=True))
    outcome.remarks.append(
        "How late a timer of 5 ms was while each came in, stood on view and was scrolled over, one after the other."
    )
    return outcome


def _hostile_series(bench: Bench, framing: str, largest: int) -> dict[str, Series]:
    series = {name: Series() for name in _HOSTILE}
    looks = _LOOKS * min(1.0, bench.scale.seconds)
    for _ in range(bench.scale.runs):
        with own_folder(bench) as folder, window.running(folder, framing=framing) as program:
            for name, message in _HOSTILE.items():
                try:
                    series[name].samples.append(_receive(program, message[:largest], looks))
                except CannotServe as error:
                    series[name].failure = str(error)
    return series


def _receive(program: window.Program, message: bytes, looks: float) -> Sample:
    had = program.ask("state")["bytes"]
    program.ask("lap")
    with socket.create_connection(("127.0.0.1", program.port)) as sender:
        sender.sendall(message)
    wait_for(program, "bytes", had + len(message))
    _wait_for_rows(program)
    for place in ("end", "drag", "end"):
        program.ask("view", place)
        time.sleep(looks)
    lap = program.ask("lap")
    return {"p99": lap["p99"], "longest": lap["longest"], "beats": lap["beats"]}


@contextlib.contextmanager
def own_folder(bench: Bench) -> Iterator[Path]:
    """A folder for one run of the program: a flood leaves a journal of gigabytes."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        yield Path(folder)
