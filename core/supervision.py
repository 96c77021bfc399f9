"""The one guard for what runs on its own: threads, and the steps of an end or a beginning.

Nothing under it dies silently, and nothing takes anything else with it: what it raised is logged under its name,
and its owner is told. No other module starts threads. The calls of a session's loop have their guard in
``core.net.loop``, callbacks of the window in ``Tk.report_callback_exception``.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from typing import NamedTuple, Self, TypeAlias

from core.clock import monotonic
from core.errors import NoThread, TincanError, shortage

Told: TypeAlias = Callable[[BaseException], None]
Step: TypeAlias = tuple[str, Callable[[], object]]

FAULTS = (Exception, SystemExit, GeneratorExit)
"""What is a fault, whoever raises it: all but Ctrl-C, which is a person's, and ends what it reaches."""

on_fault: list[Callable[[str, BaseException], None]] = []  # who else gets each fault and its name, on any thread


class Failed(NamedTuple):
    """A step that could not be done, and what it raised."""

    step: str
    error: BaseException


def do_all(steps: Iterable[Step]) -> list[Failed]:
    """Do every step, in order, whatever the others raise; the answer is those that failed, which are logged.

    A ``KeyboardInterrupt`` is raised again after the last step.
    """
    failed: list[Failed] = []
    interrupt: KeyboardInterrupt | None = None
    for name, call in steps:
        try:
            error = attempt(name, call)
        except KeyboardInterrupt as asked:
            interrupt, error = asked, asked
        if error is not None:
            failed.append(Failed(name, error))
    if interrupt is not None:
        raise interrupt
    return failed


def attempt(name: str, call: Callable[[], object]) -> BaseException | None:
    """Make one call under the guard. What it raised is logged, and is the answer; None if all went well.

    ``SystemExit`` counts too: nobody here means it. ``KeyboardInterrupt`` is a person's, and passes.
    """
    try:
        call()
    except FAULTS as error:
        note(name, error)
        return error
    return None


def note(name: str, error: BaseException) -> None:
    """Log a fault, whatever comes of that: the guard itself never fails.

    What ``core`` raises on purpose is none: it has its words for whoever is told. Neither is a shortage of memory or
    descriptors, which comes to light anywhere: it is said without a traceback.
    """
    if isinstance(error, TincanError):
        return
    with contextlib.suppress(*FAULTS):  # there may be no memory to log with
        import logging  # only now: the first window does not need it

        traceback = None if shortage(error) else error.__traceback__
        logging.getLogger(__name__).error("fault in %s", name, exc_info=(type(error), error, traceback))
    for tell in tuple(on_fault):
        with contextlib.suppress(*FAULTS):
            tell(name, error)


class Worker:
    """A thread for one piece of work. Every method is for any thread, and none but ``join`` waits.

    What leaves ``work`` is logged, and then ``failed`` gets it, on the worker's thread, as the last that is done
    there. ``SystemExit`` and ``KeyboardInterrupt`` count too: they would end this thread alone, without a word.
    Without ``failed`` nobody waits for the work, and the log has to do. A ``daemon`` does not keep the process.
    Raises ``NoThread`` where the system has no memory for one.
    """

    def __init__(
        self, work: Callable[[], object], name: str, failed: Told | None = None, *, daemon: bool = False
    ) -> None:
        self._work = work
        self._failed = failed
        try:
            self._thread = threading.Thread(target=self._run, name=name, daemon=daemon)
        except (RuntimeError, MemoryError) as error:  # not even its locks are to be had
            raise NoThread from error

    @property
    def name(self) -> str:
        """What the thread is called, which says what it serves."""
        return self._thread.name

    @property
    def has_begun(self) -> bool:
        """Whether it was started."""
        return self._thread.ident is not None

    @property
    def is_here(self) -> bool:
        """Whether the calling thread is the worker's."""
        return self._thread is threading.current_thread()

    @property
    def is_over(self) -> bool:
        """Whether it does not run: not yet, or no longer."""
        return not self._thread.is_alive()

    def start(self) -> None:
        """Begin. Raises ``NoThread``."""
        try:
            self._thread.start()
        except (RuntimeError, MemoryError) as error:
            if self.has_begun:
                raise
            raise NoThread from error

    def begin(self) -> Self:
        """Begin; if no thread is to be had, ``failed`` is told that, on the calling thread."""
        try:
            self.start()
        except NoThread as error:
            self._fail(error)
        return self

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end, so many seconds at most; whether it has come. The worker itself never waits."""
        if self.has_begun and not self.is_here:
            self._thread.join(timeout)
        return self.is_over

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - this is the guard
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        note(self.name, error)
        if self._failed is not None:
            failed = self._failed
            attempt(f"the end of {self.name}", lambda: failed(error))


def stragglers(timeout: float) -> list[str]:
    """The names of the threads that would keep the process and have not ended ``timeout`` seconds from now."""
    deadline = monotonic() + timeout
    keeping = [each for each in threading.enumerate() if not each.daemon and each is not threading.current_thread()]
    for thread in keeping:
        thread.join(max(0.0, deadline - monotonic()))
    return [thread.name for thread in keeping if thread.is_alive()]
