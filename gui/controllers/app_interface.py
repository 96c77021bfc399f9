"""What the controllers need of the program around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gui.journals.own_journal import OwnJournal


class AppInterface(Protocol):
    """The program, as its controllers have it."""

    @property
    def own_journal(self) -> OwnJournal:
        """The workbench and the journal of this run."""
        ...

    def post(self, call: Callable[[], None]) -> None:
        """Have ``call`` made on the window's thread, soon. Any thread."""
        ...

    def leave(self) -> None:
        """End the program."""
        ...

    @property
    def log(self) -> Path:
        """The file that faults are written to."""
        ...

    @property
    def faults(self) -> Sequence[str]:
        """The last faults of this run, without their messages."""
        ...

    @property
    def saved_messages(self) -> Path:
        """The file in which the saved messages are kept."""
        ...

    @property
    def profiles(self) -> Path:
        """The file in which the profiles are kept."""
        ...

    @property
    def rules(self) -> Path:
        """The file in which a person's own tables of rules are kept."""
        ...

    @property
    def authority(self) -> Path:
        """The folder of Tincan's own authority."""
        ...
