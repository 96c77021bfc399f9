"""The strips that show running tasks (repeats, files), one each, and how progress gets there from the thread of a task.

Lives on the window's thread but for ``ThrottledProgress.tell``. No tkinter before a strip is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar

from core.clock import monotonic

if TYPE_CHECKING:
    from gui.viewmodels.tasks import TaskView
    from gui.views.task_strip import TaskStrip
    from gui.window import Window

Buttons: TypeAlias = Sequence[tuple[str, Callable[[], None]]]
"""Words, and what is done when they are pressed."""

MOST_TASKS = 12  # at once: more strips would leave no room for the conversation
_EVERY = 0.2  # seconds between two showings: what changes faster cannot be read


class Task:
    """A task and the strip that shows it."""

    def __init__(self, window: Window, ends: Buttons, looks: Buttons = ()) -> None:
        from gui.views.task_strip import TaskStrip

        self._window = window
        self._ends = ends
        self._strip: TaskStrip | None = TaskStrip(
            window.tasks, window.theme, ends=ends, on_close=self.close, looks=looks
        )
        window.adopt(self._strip)
        window.open_task(self._strip)

    def show(self, view: TaskView) -> None:
        """Show how the task goes; nothing once the strip was closed."""
        if self._strip is not None:
            self._strip.show(view)

    def end(self) -> None:
        """End the task as its first button would."""
        self._ends[0][1]()

    def close(self) -> None:
        """Close the strip."""
        strip, self._strip = self._strip, None
        if strip is None:
            return
        had_focus = str(strip.tk.call("focus")).startswith(f"{strip}.")
        self._window.close_task(strip)
        strip.destroy()
        if had_focus:
            self._window.composer.focus_message()

    @property
    def is_running(self) -> bool:
        """Whether the task is running."""
        return self._strip is not None and self._strip.is_running

    @property
    def is_over(self) -> bool:
        """Whether the task has ended and its strip still shows the result."""
        return self._strip is not None and not self._strip.is_running


class TaskStrips:
    """The strips of all tasks, oldest first. A task that has ended makes room for one that begins."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._tasks: list[Task] = []

    def begin(self, view: TaskView, ends: Buttons, looks: Buttons = ()) -> Task:
        """Show a task that has begun, with buttons that end it, and some that show more of it."""
        for task in self._tasks:
            if task.is_over:
                task.close()
        task = Task(self._window, ends, looks)
        task.show(view)
        self._tasks = [*(one for one in self._tasks if one.is_running), task]
        return task

    @property
    def why_full(self) -> str:
        """The sentence why no further task can begin; empty if one can."""
        running = sum(task.is_running for task in self._tasks)
        return f"{running} tasks are running already: cancel one of them first." if running >= MOST_TASKS else ""

    @property
    def is_busy(self) -> bool:
        """Whether a task is running."""
        return any(task.is_running for task in self._tasks)

    def end_all(self) -> bool:
        """End every task that is running; False if none is."""
        running = [task for task in self._tasks if task.is_running]
        for task in running:
            task.end()
        return bool(running)


class Progress(Protocol):
    """The progress of a task."""

    @property
    def is_running(self) -> bool: ...


Told = TypeVar("Told", bound=Progress)


class ThrottledProgress(Generic[Told]):
    """Has ``show`` called on the window's thread for the first progress, for the latest now and then, and for the last.

    ``tell`` may be called on any one thread.

    ``post`` has a call made on the window's thread, ``later`` there after so many milliseconds.
    """

    def __init__(
        self,
        show: Callable[[Told], None],
        *,
        post: Callable[[Callable[[], None]], None],
        later: Callable[[int, Callable[[], None]], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._show = show
        self._post, self._later, self._clock = post, later, clock
        self._latest: Told | None = None
        self._is_on_its_way = False
        self._not_before = 0.0

    def tell(self, told: Told) -> None:
        """Pass on the latest progress. Never waits."""
        self._latest = told  # before the look: whoever takes it after that takes this
        if not self._is_on_its_way:
            self._is_on_its_way = True
            self._post(self._arrived)

    def _arrived(self) -> None:
        early = self._not_before - self._clock()
        if early > 0 and self._latest is not None and self._latest.is_running:
            self._later(int(early * 1000) + 1, self._take)
        else:
            self._take()

    def _take(self) -> None:
        self._is_on_its_way = False  # before the look, for the same reason
        latest = self._latest
        self._not_before = self._clock() + _EVERY
        if latest is not None:
            self._show(latest)
