"""The account of the fault catalogue, and the marker for tests that need root."""

from __future__ import annotations

import pytest

from tests.support import markers
from tests.support.catalogue import FAULTS
from tests.support.test_guards import prepare

TESTS = """
import pytest

@pytest.mark.case("C-01")
def test_held(): pass

@pytest.mark.case("C-02", "C-03")
def test_not_held(): assert False

@pytest.mark.case("C-03")
def test_held_elsewhere(): pass

@pytest.mark.case("C-04")
def test_not_here(): pytest.skip("not on this system")
"""


def test_the_catalogue_numbers_its_rows_without_a_gap() -> None:
    assert list(FAULTS) == [f"C-{number:02}" for number in range(1, 100)]


def test_a_full_run_ends_with_the_rows_that_no_passing_test_holds(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(pytester, monkeypatch, TESTS)

    result = pytester.runpytest_inprocess("--override-ini=testpaths=.")

    result.stdout.fnmatch_lines(
        [
            "*fault catalogue*",
            "2 of 99 rows are held by a passing test.",
            f"C-02 {FAULTS['C-02']}: FAILED",
            f"C-04 {FAULTS['C-04']}: skipped",
            f"C-05 {FAULTS['C-05']}: no test",
        ]
    )


def test_the_account_is_the_same_where_two_processes_run_the_tests(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(pytester, monkeypatch, TESTS)

    result = pytester.runpytest_subprocess("--override-ini=testpaths=.", "-p", "xdist", "-n", "2")

    result.stdout.fnmatch_lines(["2 of 99 rows are held by a passing test.", f"C-02 {FAULTS['C-02']}: FAILED"])


def test_a_chosen_test_ends_without_the_account(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(pytester, monkeypatch, TESTS)

    result = pytester.runpytest_inprocess("-k", "elsewhere", ".")

    result.assert_outcomes(passed=1, deselected=3)

    result.stdout.no_fnmatch_line("*fault catalogue*")


def test_what_needs_root_is_skipped_for_others_and_says_so(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(pytester, monkeypatch, "import pytest\n\n@pytest.mark.root\ndef test_it(): pass\n")
    monkeypatch.setattr(markers, "IS_ROOT", False)

    result = pytester.runpytest_inprocess("-rs")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*needs to be root on Linux"])
