"""The strips of what goes on, one each, in the window. Lives on the window's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gui.viewmodels.tasks import TaskView
    from gui.views.task_strip import TaskStrip
    from gui.window import Window


MOST_TASKS = 12  # at once: more strips would leave no room for the conversation


class Task:
    """What goes on, as its strip shows it."""

    def __init__(self, window: Window, ends: Sequence[tuple[str, Callable[[], None]]]) -> None:
        from gui.views.task_strip import TaskStrip

        self._window = window
        self._ends = ends
        self._strip: TaskStrip | None = TaskStrip(window.tasks, window.theme, ends=ends, on_close=self.close)
        window.adopt(self._strip)
        window.open_task(self._strip)

    def show(self, view: TaskView) -> None:
        """Show how it goes; nothing more once the strip was put away."""
        if self._strip is not None:
            self._strip.show(view)

    def end(self) -> None:
        """End it as its first button would."""
        self._ends[0][1]()

    def close(self) -> None:
        """Put the strip away."""
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
        """Whether it goes on."""
        return self._strip is not None and self._strip.is_running

    @property
    def is_over(self) -> bool:
        """Whether it has ended and still says what came of it."""
        return self._strip is not None and not self._strip.is_running


class TaskStrips:
    """The strips, oldest first. What has ended makes room for what begins."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._tasks: list[Task] = []

    def begin(self, view: TaskView, ends: Sequence[tuple[str, Callable[[], None]]]) -> Task:
        """Show something that goes on, and with which buttons a person ends it."""
        for task in self._tasks:
            if task.is_over:
                task.close()
        task = Task(self._window, ends)
        task.show(view)
        self._tasks = [*(one for one in self._tasks if one.is_running), task]
        return task

    @property
    def why_full(self) -> str:
        """Why nothing more can begin; nothing if it can."""
        running = sum(task.is_running for task in self._tasks)
        return f"{running} things go on already: stop one of them first." if running >= MOST_TASKS else ""

    def end_newest(self) -> bool:
        """End what was begun last; whether anything goes on at all."""
        running = [task for task in self._tasks if task.is_running]
        if running:
            running[-1].end()
        return bool(running)
