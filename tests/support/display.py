"""Something to open a window on, started when the first test asks for it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from build_scripts.xvfb import VirtualDisplay


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The value of DISPLAY: that of an Xvfb for this process; without one the person's own, or empty.

    Several processes that run tests would take the focus from each other on one display, and from the person.
    """
    if shutil.which("Xvfb") is None:
        yield os.environ.get("DISPLAY", "")
        return
    with VirtualDisplay() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", name)
        yield name
