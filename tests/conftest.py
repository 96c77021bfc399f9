"""Loads what surrounds every test: the guards, the display, the markers."""

from __future__ import annotations

import contextlib
import gc
import importlib
import signal
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from core.net.sockets import raise_descriptor_limit
from tests.support.systems import examples

# A machine that is busy is no fault; pyproject.toml limits the time of each test.
settings.register_profile("tincan", deadline=None, max_examples=examples(100))
settings.load_profile("tincan")

pytest_plugins = [
    "pytester",
    "tests.support.guards",
    "tests.support.display",
    "tests.support.markers",
    "tests.support.unfinished",
]


def pytest_configure() -> None:
    """Take signals as from a terminal, as the programs do that tests start, and may have as many connections as they.

    Whoever runs the tests in the background has Ctrl-C ignored, nohup the end of the terminal, and every program
    inherits that.
    """
    raise_descriptor_limit()
    for name in ("SIGINT", "SIGHUP", "SIGTERM"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Collect the tests without looking for garbage, and do not look through them for it later: they all stay."""
    gc.disable()
    try:
        _compile_a_share(session.config)
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def _compile_a_share(config: pytest.Config) -> None:
    """Where several processes run all tests, import another part of them first in each.

    Each collects them all, in one order, and would compile at the same time what the others are compiling.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    number, count = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    for path in sorted(Path(__file__).parent.rglob("test_*.py"))[number::count]:
        name = ".".join(path.relative_to(config.rootpath).with_suffix("").parts)
        with contextlib.suppress(Exception, pytest.skip.Exception):  # its collection tells
            importlib.import_module(name)
