"""The strips that show running tasks (repeats, files), one each. Lives on the window's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from gui.viewmodels.tasks import TaskView
    from gui.views.task_strip import TaskStrip
    from gui.window import Window


Buttons: TypeAlias = Sequence[tuple[str, Callable[[], None]]]
"""Words, and what is done when they are pressed."""

MOST_TASKS = 12  # at once: more strips would leave no room for the conversation


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
