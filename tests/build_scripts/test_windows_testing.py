"""The account of the tests that ran under Wine, from what pytest writes, and how they are shared out."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from build_scripts.windows.proof import FORMATS
from build_scripts.windows.testing import Outcome, run_all, shares
from build_scripts.windows.wine import Wine
from core.journal.export.formats import all_formats

SOME = """
import pytest

def test_passes(): pass

@pytest.mark.skipif(True, reason="Wine: it cannot")
@pytest.mark.parametrize("number", [1, 2])
def test_of_wine(number): pass

@pytest.mark.skip(reason="POSIX, as Linux has it: a signal")
def test_of_posix(): pass

@pytest.mark.skip(reason="nothing that names a system")
def test_of_neither(): pass

class TestIt:
    class TestWithin:
        @pytest.mark.parametrize("text", ["a.b", "c"])
        def test_fails(self, text): assert text == "c"

@pytest.fixture
def broken(): raise OSError

def test_cannot_begin(broken): pass
"""


def test_the_outcome_tells_why_tests_were_skipped_and_names_those_that_failed(pytester: pytest.Pytester) -> None:
    folder = pytester.mkpydir("some")
    (folder / "test_some.py").write_text(SOME, encoding="utf-8")
    (folder / "test_broken.py").write_text("import nothing_of_that_name", encoding="utf-8")
    pytester.runpytest_inprocess(
        "--junitxml=report.xml", "-p", "no:randomly", "--continue-on-collection-errors", "-p", "no:cacheprovider"
    )
    outcome = Outcome()
    outcome.add(pytester.path / "report.xml")

    assert outcome.failed == [
        "some/test_broken.py",
        "some/test_some.py::TestIt::TestWithin::test_fails[a.b]",
        "some/test_some.py::test_cannot_begin",
    ]
    assert outcome.skipped["Wine: it cannot"] == 2
    assert outcome.summary() == (
        "2 passed, 2 skipped for Wine, 1 skipped for POSIX, 1 skipped for other reasons, 3 failed"
    )


def test_a_run_that_wrote_nothing_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"report\.xml"):
        Outcome().add(tmp_path / "report.xml")


class TooSlow(Wine):
    """A Windows in which the first of the runs is done, and no other in time."""

    def __init__(self, prefix: Path) -> None:
        super().__init__(prefix, "")
        self._runs = count()

    def another(self, name: str, display: str) -> Wine:
        return self

    def set_up(self) -> None: ...

    def place_windows_itself(self, *, is_so: bool) -> None: ...

    def end(self) -> None: ...

    def run(
        self,
        command: Sequence[str | Path],
        seconds: float | None = None,
        environment: Mapping[str, str] | None = None,
        show: Callable[[str], None] | None = None,
    ) -> int:
        if next(self._runs):
            raise subprocess.TimeoutExpired(["wine"], seconds or 0.0)
        (report,) = (str(word) for word in command if str(word).startswith("--junitxml="))
        Path(report.removeprefix("--junitxml=")).write_text('<testsuite><testcase name="test_it"/></testsuite>')
        return 0


def test_tests_that_are_not_done_in_time_have_failed_and_the_others_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_all(TooSlow(tmp_path), Path("python.exe"), 0.0, {}) == 1

    printed = capsys.readouterr().out
    late = len(list(shares(["tests/gui", "tests/core"]))) - 1
    assert f"\n1 passed, 0 skipped for Wine, 0 skipped for POSIX, 0 skipped for other reasons, {late} failed" in printed
    assert printed.count(": not done in time\n") == late
    assert "once more" not in printed


def test_every_format_of_an_export_is_proved() -> None:
    assert {each.name: each.ending for each in all_formats()} == FORMATS


def test_every_file_is_in_one_share_and_none_is_much_larger_than_another() -> None:
    found = list(shares(["tests/core", "tests/gui"]))
    files = [file for share in found for file in share]
    sizes = [sum((ROOT / file).stat().st_size for file in share) for share in found]

    assert sorted(files) == sorted(
        path.relative_to(ROOT).as_posix()
        for folder in ("core", "gui")
        for path in (ROOT / "tests" / folder).rglob("test_*.py")
    )
    assert max(sizes) < 2 * sizes[0]
