"""Something to open a window on, started when the first test asks for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from build_scripts.xvfb import VirtualDisplay


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The value of DISPLAY: the person's own, or that of an Xvfb for this run; empty where there is no X."""
    own = os.environ.get("DISPLAY", "")
    if own or sys.platform != "linux":
        yield own
        return
    with VirtualDisplay() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", name)
        yield name
