"""Loads what surrounds every test: the guards, the display, the markers."""

from __future__ import annotations

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
