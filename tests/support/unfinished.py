"""Keeps a file with the names of the tests that are running, for whoever has to end a run that hangs.

``build_scripts/dev.py`` names the file in the environment and reads it when the run's time is up. Where several
processes run the tests, the one that sums up hears of every start and end.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from build_scripts.checks import RUNNING_TESTS


class RunningTests:
    """Writes the file anew at each start and end of a test."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names: dict[str, None] = {}

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._names[nodeid] = None
        self._write()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._names.pop(nodeid, None)
        self._write()

    def _write(self) -> None:
        self._path.write_text("\n".join(self._names), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Keep the file if the environment names one; not in a worker process, which has a part of the tests only."""
    path = os.environ.get(RUNNING_TESTS)
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(RunningTests(Path(path)), "running-tests")
