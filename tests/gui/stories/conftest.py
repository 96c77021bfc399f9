"""People at windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.gui.driving import MakeApp
from tests.gui.stories.person import Person, settings

Sit = Callable[..., Person]


@pytest.fixture
def sit(make_app: MakeApp) -> Sit:
    """``sit(folder, **options)`` starts the program and has somebody sit down at its window."""

    def sit_down(folder: Path | None = None, **options: object) -> Person:
        return Person(make_app(folder, **options))

    return sit_down


@pytest.fixture
def person(sit: Sit) -> Person:
    """Somebody at a window that was just opened."""
    return sit()


@pytest.fixture
def quiet(sit: Sit, tmp_path: Path) -> Person:
    """Somebody whose servers answer nothing by themselves, as was chosen in an earlier run."""
    return sit(settings(tmp_path / "quiet", reply="none"))
