"""What the markers ``case`` and ``root`` do: the account of the fault catalogue, and the skip for who is not root."""

from __future__ import annotations

import os
import sys

import pytest

from tests.support.catalogue import FAULTS

_CASE = "case"  # the name of the property of a report that names a row

IS_ROOT = sys.platform == "linux" and os.geteuid() == 0


class FaultAccount:
    """Which rows of the catalogue had a test, and which of those passed.

    The rows of a test travel with its reports: where several processes run the tests, only reports reach the one
    that sums up.
    """

    def __init__(self) -> None:
        self._tests: dict[str, set[str]] = {}
        self._outcomes: dict[str, str] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            item.user_properties += [(_CASE, number) for number in cases_of(item)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, number in report.user_properties:
            if name == _CASE:
                self._tests.setdefault(str(number), set()).add(report.nodeid)
        if report.when == "call" or report.outcome != "passed":
            self._outcomes[report.nodeid] = report.outcome

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        if config.args_source is not pytest.Config.ArgsSource.TESTPATHS or not self._tests:
            return
        terminalreporter.section("fault catalogue")
        for line in self.lines():
            terminalreporter.line(line)

    def lines(self) -> list[str]:
        """The account: a count, then each row without a passing test and what became of its tests."""
        held = [number for number in FAULTS if self._has(number, "passed")]
        open_rows = [number for number in FAULTS if number not in held]
        head = f"{len(held)} of {len(FAULTS)} rows are held by a passing test."
        return [head, *(f"{number} {FAULTS[number]}: {self._state(number)}" for number in open_rows)]

    def _state(self, number: str) -> str:
        if self._has(number, "failed"):
            return "FAILED"
        return "skipped" if self._has(number, "skipped") else "no test"

    def _has(self, number: str, outcome: str) -> bool:
        return any(self._outcomes.get(test) == outcome for test in self._tests.get(number, ()))


def cases_of(item: pytest.Item) -> list[str]:
    """The rows of the catalogue that a test names."""
    numbers = [str(number) for mark in item.iter_markers("case") for number in mark.args]
    for number in numbers:
        if number not in FAULTS:
            raise pytest.UsageError(f"{item.nodeid} names {number}, which is not in the fault catalogue")
    return numbers


def pytest_configure(config: pytest.Config) -> None:
    """Open the account of this run."""
    config.pluginmanager.register(FaultAccount(), "fault-account")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs root, with the reason, for who is not."""
    if item.get_closest_marker("root") and not IS_ROOT:
        pytest.skip(f"{'' if sys.platform == 'linux' else 'POSIX: '}needs to be root on Linux")
