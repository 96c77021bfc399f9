"""Loads what surrounds every test: the guards, the display, the markers."""

from __future__ import annotations

import signal

from hypothesis import settings

# A machine that is busy is no fault; pyproject.toml limits the time of each test.
settings.register_profile("tincan", deadline=None)
settings.load_profile("tincan")

pytest_plugins = [
    "pytester",
    "tests.support.guards",
    "tests.support.display",
    "tests.support.markers",
    "tests.support.unfinished",
]


def pytest_configure() -> None:
    """Take Ctrl-C as from a terminal, as the programs do that tests start.

    Whoever runs the tests in the background has it ignored, and every program inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
