"""Every way in which the window shows a flood, one after the other: what each takes of the window's thread."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from gui.viewmodels.framings import KINDS
from tests.benchmarks import machine, report, tap, window
from tests.benchmarks.bench import Bench
from tests.benchmarks.flood import PANES, SIZE, look_for, own_folder, wait_for
from tests.benchmarks.load import CannotServe
from tests.benchmarks.report import Outcome, Verdict
from tests.benchmarks.turns import BUSY, Sample, Series
from tests.benchmarks.window_x11 import Onlooker

_SETTLES = 0.4  # seconds after a view was chosen, in which there comes a middle to stand in
_KEY_WITHIN = 50.0  # milliseconds until a typed key must be on the screen
_AUDIENCE = 20  # members of a room who hear what another says
_LONG = 10.0  # seconds of a view from which on it is told whether its work grows
_GROWS = 1.5  # times as much work of the thread in the second half of a view as in the first


class _View(NamedTuple):
    """How a person looks at the flood; ``shown`` is said to the window before (``tests.benchmarks.window``)."""

    name: str
    framing: str = "line"
    place: str = "end"
    shown: str = ""
    back: str = ""  # what is said to it afterwards


_PLACES = {"end": "following the end", "middle": "standing in the middle", "drag": "scrollbar on the move"}
_FROM_EVERYWHERE = ("raw", "line", "fixed:16")  # framings that are looked at from each of these places


def _views_of(name: str, shown: str = "", back: str = "", framings: tuple[str, ...] = ("raw", "line")) -> list[_View]:
    """Conversations that are cut in these ways, shown so, from each place."""
    return [
        _View(", ".join(filter(None, (framing, name, words))), framing, place, shown, back)
        for framing in framings
        for place, words in _PLACES.items()
        if place == "end" or framing in _FROM_EVERYWHERE
    ]


_VIEWS = (
    *_views_of("", framings=tuple(kind.usual for kind in KINDS)),
    *_views_of("hex", "pane hex", "pane hex"),
    *_views_of("one line each", "rows compact", "rows bubbles"),
    _View("line, times since the message before", shown="times since", back="times clock"),
    _View("line, as UTF-16", shown="encoding utf-16-le", back="encoding utf-8"),
    _View("line, dark", shown="colours dark", back="colours light"),
    _View("line, only what was received", shown="only received", back="only all"),
    _View("line, one connection alone", shown="only connection", back="only all"),
    _View("line, a search that finds each", shown="find 0000", back="find"),
    *(
        view
        for name, pane in PANES.items()
        for view in _views_of(name, f"pane {pane}", f"pane {pane}", framings=("line",))
    ),
)


class _Flood(NamedTuple):
    """So much a second, and milliseconds of the window's thread between two beats, which it may also be late."""

    title: str
    rate: int
    p99: float


def flood_views_100k(bench: Bench) -> Outcome:
    """A hundred thousand lines a second, in every view for ``--seconds``."""
    return _flood_views(bench, _Flood("100,000 lines a second", 100_000, 8))


def flood_views_1m(bench: Bench) -> Outcome:
    """A million lines a second, in every view for ``--seconds``."""
    return _flood_views(bench, _Flood("1,000,000 lines a second", 1_000_000, 16))


def _flood_views(bench: Bench, flood: _Flood) -> Outcome:
    views = [view for view in _VIEWS if bench.scale.view in view.name][: bench.scale.ways]
    return _outcome(bench, flood, partial(_measure_views, bench, flood, views))


def flood_kinds(bench: Bench) -> Outcome:
    """What floods a window besides one who sends to a server: datagrams, a tap, a room."""
    return _outcome(
        bench, _Flood("100,000 a second, or as many as a room takes", 100_000, 8), partial(_measure_kinds, bench)
    )


def _outcome(bench: Bench, flood: _Flood, measure: Callable[[], dict[str, Sample]]) -> Outcome:
    outcome = Outcome(
        f"The window under a flood: {flood.title}, {SIZE} bytes each, every view for {bench.scale.seconds:g} s",
        ["The person reads", "work between two beats p50 / p99 / longest", "% of a core", "second half / first",
         "late p50 / p99 / longest", "a key p99 / longest", "MiB more"],
    )  # fmt: skip
    series: dict[str, Series] = {}
    for _ in range(bench.scale.runs):
        neighbours = machine.Neighbours()
        told = measure()
        is_disturbed = neighbours.used() > BUSY
        for name, sample in told.items():
            series.setdefault(name, Series()).samples.append(sample)
            series[name].disturbed += is_disturbed
    outcome.rows += [_row(name, shown) for name, shown in series.items()]
    outcome.verdicts += _verdicts(flood, series, bench.scale.seconds)
    outcome.keep(flood.title, series)
    outcome.remarks.append(
        "Milliseconds. Work: time of a processor that the window's thread took between two beats of a timer of 5 ms; "
        "other programs spoil it least."
    )
    return outcome


def _row(name: str, shown: Series) -> list[str]:
    def three(*names: str) -> str:
        return " / ".join(report.rate(shown, each) for each in names)

    return [
        name, three("work p50", "work p99", "work longest"), report.rate(shown, "work"), report.rate(shown, "grows"),
        three("p50", "p99", "longest"), three("key p99", "key longest"), report.number(shown.worst("MiB more")),
    ]  # fmt: skip


def _verdicts(flood: _Flood, series: dict[str, Series], seconds: float) -> list[Verdict]:
    """Of all the views the worst."""
    bounds = [
        ("work between two beats p99", "work p99", flood.p99, " ms"),
        ("late p99", "p99", flood.p99, " ms"),
        ("a typed key", "key longest", _KEY_WITHIN, " ms"),
        ("bytes lost", "lost", 0, ""),
    ]
    if seconds >= _LONG:
        bounds.append(("work of the second half against the first", "grows", _GROWS, "x"))
    found = []
    for words, what, most, unit in bounds:
        measured = [shown.median(what) for shown in series.values() if any(what in sample for sample in shown.samples)]
        if measured:
            name = f"{flood.title}, every view: {words}"
            found.append(Verdict(name, max(measured), most, unit, at_most=True))
    return found


def _measure_views(bench: Bench, flood: _Flood, views: list[_View]) -> dict[str, Sample]:
    """Each view in turn, under a flood of its own into one session; what came before is not shown in it."""
    found: dict[str, Sample] = {}
    sent = 0
    with (
        own_folder(bench) as folder,
        window.running(folder, framing="raw") as program,
        Onlooker(program.display) as onlooker,
        ThreadPoolExecutor(1) as elsewhere,
    ):
        for view in views:
            flooding = elsewhere.submit(bench.load.flood, program.port, flood.rate, _lasts(bench), SIZE)
            found[view.name] = _look_at(view, bench.scale.seconds, program, onlooker)
            print(f"  {view.name}", file=sys.stderr, flush=True)
            sent += int(flooding.result()["bytes"])
        with contextlib.suppress(CannotServe):
            wait_for(program, "bytes", sent)
        lost = sent - program.ask("state")["bytes"]
    return {name: {**sample, "lost": lost} for name, sample in found.items()}


def _lasts(bench: Bench) -> float:
    """Seconds of a flood in which one looks at a view."""
    return bench.scale.seconds + 3 * _SETTLES


def _look_at(view: _View, seconds: float, program: window.Program, onlooker: Onlooker) -> Sample:
    time.sleep(_SETTLES / 2)
    program.ask("clear")
    program.ask("lens", view.framing)
    if view.shown:
        program.ask(*view.shown.split())
    time.sleep(_SETTLES / 2)
    program.ask("view", view.place)
    program.ask("focus")
    time.sleep(_SETTLES / 2)
    before = machine.memory(program.pid)
    sample = look_for(seconds, program, onlooker)
    more = machine.memory(program.pid) - before
    program.ask("view", "end")
    if view.back:
        program.ask(*view.back.split())
    return {**sample, "grows": sample["work after"] / max(1e-9, sample["work before"]), "MiB more": more}


def _measure_kinds(bench: Bench) -> dict[str, Sample]:
    """Following the end, and dragging the scrollbar, of what is no server with a stream from one peer."""
    found: dict[str, Sample] = {}

    def flood(port: int, *, datagrams: bool = False) -> object:
        return bench.load.flood(port, 100_000, _lasts(bench), SIZE, datagrams=datagrams)

    def talk_in_a_room(port: int) -> object:
        return bench.load.fan(port, _AUDIENCE, _lasts(bench), SIZE)

    sink = tap.targets(bench)[1]
    with sink.running(bench.folder) as target:
        kinds = (
            ("UDP", window.UDP, "none", "raw", partial(flood, datagrams=True)),
            ("a tap", str(target.port), "none", "line", flood),
            (f"a room of {_AUDIENCE + 1}", window.TCP, "room", "raw", talk_in_a_room),
        )
        for name, kind, reply, framing, send in kinds[: bench.scale.ways]:
            views = [_View(f"{name}, {_PLACES[place]}", framing, place) for place in ("end", "drag")]
            views = [view for view in views if bench.scale.view in view.name]
            if not views:
                continue
            with (
                own_folder(bench) as folder,
                window.running(folder, framing=framing, kind=kind, reply=reply) as program,
                Onlooker(program.display) as onlooker,
                ThreadPoolExecutor(1) as elsewhere,
            ):
                for view in views:
                    sending = elsewhere.submit(send, program.port)
                    found[view.name] = _look_at(view, bench.scale.seconds, program, onlooker)
                    print(f"  {view.name}", file=sys.stderr, flush=True)
                    sending.result()
    return found
