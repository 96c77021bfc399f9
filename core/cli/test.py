"""``python -m core test``: plays lists of steps against a server, and says whether all answers were as wished."""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from core.address import Destination, parse_destination
from core.cli.arguments import (
    add_faults,
    add_journal,
    add_proxy,
    add_wait,
    faults_of,
    named_file,
    proxy_to,
)
from core.cli.common import (
    INTERRUPTED,
    interruptible,
    is_standard_output,
    tell,
    tell_as_is,
    tell_of_recording,
    write_escapes_where_needed,
    write_file,
    writing_output,
)
from core.cli.tls import add_tls, tls_to
from core.clock import monotonic
from core.errors import ConnectError, JournalError, TincanError, quoted
from core.events import Event, EventSink
from core.files import is_there
from core.proxy import Proxy
from core.settings import DEFAULTS, Limits
from core.text_safety import TextSafety
from core.tls.settings import Tls
from core.wire.faults import SOUND, BothWays

if TYPE_CHECKING:  # else when lists are played: no other program needs them
    from core.net.client import Client
    from core.sending.plan import Played
    from core.sending.steps import StepsRun
    from core.steps.playing import Row
    from core.steps.report import Suite
    from core.steps.step import ReadySteps

Recorded: TypeAlias = Callable[[], "Mapping[str, Any]"]  # what a session has of who records it
MakeClient: TypeAlias = "Callable[..., Client]"  # of what hears of its connection, and ``recorded``

OK, NOT_AS_WISHED, BROKEN_FILE = 0, 1, 2
_AGAIN = 0.2  # seconds from one try to connect to the next
_CLOSE = 10.0  # seconds for what waits to be recorded
_LOOK = 0.05  # seconds between two looks at whether a list is over: a signal is heeded in between


class PlayOptions(NamedTuple):
    """What was asked for: the lists, where each of them is played, TLS for those (None: in the clear)."""

    lists: tuple[tuple[Path, ReadySteps], ...]
    targets: tuple[Destination, ...]
    tls: Sequence[Tls | None]
    junit: Path | None = None
    wait: float = 0.0  # seconds in which a server that is not there yet is asked again
    proxy: Proxy | None = None
    faults: BothWays = SOUND
    journal: Path | None = None  # to be written


def add_test(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "words", nargs="+", metavar="FILE", help="lists of steps (JSON); the last may be the TARGET, HOST:PORT"
    )
    parser.add_argument(
        "--junit",
        type=named_file,
        metavar="FILE",
        help="write a report as JUnit's XML (- is standard output; the tables go to standard error then)",
    )
    add_wait(parser)
    add_tls(parser, is_server=False)
    add_proxy(parser)
    add_faults(parser, "what is sent alone", "what is received alone")
    add_journal(parser)
    parser.set_defaults(options=partial(_options, parser))
    parser.epilog = (
        "Exit codes: 0 all answers were as wished, 1 not all were, or it could not connect, 2 a file is broken, the "
        "journal cannot be made, or the command line makes no sense, 130 Ctrl-C"
    )


def _options(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> PlayOptions:
    from core.steps.step_file import StepFileError, read_step_file

    *others, last = chosen.words
    target: Destination | None = None
    if others and not is_there(last):
        try:
            target = parse_destination(last, for_server=False)
        except TincanError as error:
            parser.error(f"{quoted(last)} is neither a file nor an address: {error}")
    paths = [Path(word) for word in (others if target is not None else chosen.words)]
    try:
        lists = tuple((path, read_step_file(path, last if target is not None else "")) for path in paths)
    except StepFileError as error:
        parser.error(str(error))
    targets = []
    for path, ready in lists:
        if target is None and not ready.list.target:
            parser.error(f"{path} names no target: type HOST:PORT behind the files")
        targets.append(target or parse_destination(ready.list.target, for_server=False))
    try:
        tls = [tls_to(chosen, one) for one in targets]
        proxy = proxy_to(chosen, *targets)
        (faults,) = {faults_of(chosen, datagrams=one.datagrams) for one in targets}
    except TincanError as error:
        parser.error(str(error))
    return PlayOptions(lists, tuple(targets), tls, chosen.junit, chosen.wait, proxy, faults, chosen.journal)


def run_test(options: PlayOptions) -> int:
    """Play each list over a connection of its own, one after the other; the exit code, see above."""
    write_escapes_where_needed(sys.stdout, line_buffering=True)
    suites: list[Suite] = []
    with interruptible():
        try:
            with recording(options.journal) as recorded:
                for (_path, ready), target, tls in zip(options.lists, options.targets, options.tls, strict=True):
                    suites.append(_play(ready, target, tls, options, recorded))
                    if options.junit is not None and is_standard_output(options.junit):
                        tell_as_is(suite_words(suites[-1]))
                        continue
                    with writing_output():
                        print(suite_words(suites[-1]))
        except KeyboardInterrupt:
            return INTERRUPTED
        except JournalError as error:
            tell(str(error))
            return BROKEN_FILE
        finally:
            is_written = options.junit is None or _write(options.junit, suites)
    all_wished = not any(suite.error or suite.failures or suite.skipped for suite in suites)
    return OK if all_wished and is_written else NOT_AS_WISHED


def suite_words(suite: Suite) -> str:
    """A list that was played: its name, its table, and what is wrong, if anything is."""
    from core.steps.report import as_text

    head = TextSafety().field(f"{suite.name} at {suite.target}")
    if suite.error:
        return f"{head}\nNOT PLAYED: {TextSafety().field(suite.error, 600)}\n"
    missed, skipped = suite.failures, suite.skipped
    what = "all as wished" if not missed and not skipped else f"{missed:,} not as wished, {skipped:,} not played"
    return f"{head}\n{as_text(suite.rows)}{what}, {suite.seconds:.3f} s\n"


def _play(ready: ReadySteps, target: Destination, tls: Tls | None, options: PlayOptions, recorded: Recorded) -> Suite:
    from core.sending.steps import StepsRun, client_for
    from core.steps.report import Suite

    began, start = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()), monotonic()
    run = StepsRun(ready.list.name, ready, _nobody)
    error = ""
    run.start()
    try:
        connect = partial(client_for, target, tls=tls, proxy=options.proxy, faults=options.faults)
        play(run, connect, recorded, start + options.wait)
    except TincanError as failure:
        error = str(failure)
    scheme = "udp://" if target.datagrams else "tls://" if tls is not None else ""
    return Suite(ready.list.name, f"{scheme}{target.address}", _rows(run, ready), monotonic() - start, began, error)


@contextlib.contextmanager
def recording(journal: Path | None, limits: Limits = DEFAULTS) -> Iterator[Recorded]:
    """Gives what has a session recorded in this new file; nothing without one. Raises ``JournalError``.

    The person is told when recording goes on in another file.
    """
    if journal is None:
        yield dict
        return
    from core.journal.recording.ledger import Recording
    from core.workbench import Workbench

    known = Recording(journal)

    def hear() -> None:  # on the recorder's thread, with each commit
        nonlocal known
        for batch in subscription.drain():
            before, known = known, batch.recording
            tell_of_recording(before, known)

    workbench = Workbench(journal, limits=limits)
    subscription = workbench.subscribe(hear)
    try:
        yield workbench.session_arguments
    finally:
        if late := workbench.close(_CLOSE):
            tell(f"still busy: {', '.join(late)}")


def play(run: StepsRun, make_client: MakeClient, recorded: Recorded, until: float = 0.0) -> None:
    """Have a run that was started play over a client that is made for it, to its end.

    Raises ``ConnectError`` if no server is there until then on the monotonic clock, or at once.
    """
    try:
        with _connected(run, make_client, recorded, until):
            while not run.join(_LOOK):
                pass
    finally:
        run.stop()
        run.join(_LOOK)


@contextlib.contextmanager
def _connected(run: StepsRun, make_client: MakeClient, recorded: Recorded, until: float) -> Iterator[None]:
    """A client that plays the list, once a server is there. Raises ``ConnectError`` if none is until then.

    Of the tries, the one that comes through is recorded, or else the last.
    """
    session = recorded()
    with contextlib.ExitStack() as stack:
        while True:
            events = _HeldEvents(session["events"]) if session else None
            counts = True
            try:
                stack.enter_context(make_client(run.attach, recorded={**session, "events": events}))
                break
            except ConnectError:
                if monotonic() >= until or run.is_attached:
                    raise
                time.sleep(_AGAIN)
                counts = False
            finally:
                if counts and events is not None:
                    events.let_go()
        yield


class _HeldEvents:
    """What a session tells who records it, kept back until it is let go. Any thread."""

    def __init__(self, sink: EventSink) -> None:
        self._sink = sink
        self._lock = threading.Lock()  # so that what was kept back comes first
        self._held: list[Event] | None = []
        self.when_relieved = sink.when_relieved

    @property
    def congested(self) -> bool:
        return self._sink.congested

    def put(self, event: Event) -> None:
        with self._lock:
            if self._held is not None:
                self._held.append(event)
            else:
                self._sink.put(event)

    def let_go(self) -> None:
        with self._lock:
            for event in self._held or ():
                self._sink.put(event)
            self._held = None


def _rows(run: StepsRun, ready: ReadySteps) -> list[Row]:
    """A row for each step: of a list that began again, what became of the step at last."""
    from core.steps.playing import all_not_played

    last = {row.number: row for row in run.progress.rows}
    return [last.get(row.number, row) for row in all_not_played(ready)]


def _write(path: Path, suites: Sequence[Suite]) -> bool:
    from core.steps.report import write_junit

    return write_file(path, write_junit(suites))


def _nobody(_played: Played) -> None: ...
