"""Loads what surrounds every test: the guards, the display, the markers."""

from __future__ import annotations

pytest_plugins = [
    "pytester",
    "tests.support.guards",
    "tests.support.display",
    "tests.support.markers",
    "tests.support.unfinished",
]
