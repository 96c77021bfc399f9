"""A journal from a stranger is data, not a program: each of the crafted ones by every door that is no window."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli.export import ExportOptions, run_export
from core.cli.find import FindOptions, run_find
from core.errors import JournalError
from core.journal.export.formats import all_formats
from core.journal.export.formats.jsonl import JsonLines
from core.journal.reading.reader import JournalReader
from core.journal.recovery.archive import archived_sessions
from core.journal.recovery.recovery import open_journal
from core.journal.search.pattern import Query
from tests.support.crafted import CRAFTED, Fate, craft
from tests.support.systems import some

pytestmark = pytest.mark.case("C-62")

_SOON = 0.25  # seconds of the processor in which what is no journal is refused
_LONG = 2.0  # the same for everything else

REFUSED = [name for name, crafted in CRAFTED.items() if crafted.fate is Fate.REFUSED]
CODES = {Fate.REFUSED: 2, Fate.RECOVERED: 3, Fate.READ: 0}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "crafted.tincan"


@contextlib.contextmanager
def taking(seconds: float) -> Iterator[None]:
    """The block takes no more of the processor than that."""
    began = time.process_time()
    yield
    assert time.process_time() - began < seconds


@pytest.mark.parametrize("name", CRAFTED)
def test_opened(path: Path, name: str) -> None:
    crafted = craft(name, path)
    before = path.read_bytes()

    if crafted.fate is Fate.REFUSED:
        with taking(_SOON), pytest.raises(JournalError, match=crafted.says) as refusal:
            open_journal(path)
        assert "\n" not in str(refusal.value)
        assert [each.name for each in path.parent.iterdir()] == [path.name]
        return
    with taking(_LONG), contextlib.closing(open_journal(path)) as journal:
        archived_sessions(journal.reader)
        assert crafted.says in journal.notice
        assert (journal.recovered is None) == (crafted.fate is Fate.READ)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", REFUSED)
def test_none_of_its_tables_is_touched_by_any_reader(path: Path, name: str) -> None:
    crafted = craft(name, path)

    with pytest.raises(JournalError, match=crafted.says):
        JournalReader(path)


@pytest.mark.parametrize("name", some(list(CRAFTED)))
def test_in_a_terminal(path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    crafted = craft(name, path)
    output = path.with_name("output")
    ways = [ExportOptions(path, lists=True), ExportOptions(path, framing="line")]
    forms = some(all_formats(), least=3)
    ways += [ExportOptions(path, form, output=output.with_suffix(f".{form.name}")) for form in forms]

    for options in ways:
        with taking(_LONG):
            code = run_export(options)
        told = capfd.readouterr().err
        if code != CODES[crafted.fate]:  # of some there is no session left
            assert (code, told.count("no session")) == (2, 1), (options, told)
        assert "Traceback" not in told
        assert "\x1b" not in told
        assert crafted.says in told

    with taking(_LONG):
        code = run_find(FindOptions(path, Query("hello")))
    told = capfd.readouterr().err
    assert code in ({CODES[crafted.fate]} if crafted.fate is not Fate.READ else {0, 1})
    assert crafted.says in told


def test_a_time_that_no_clock_shows_is_exported_as_it_is(path: Path) -> None:
    craft("times behind all times, format 1", path)
    output = path.with_name("output.jsonl")

    assert run_export(ExportOptions(path, JsonLines, output=output)) == 0

    facts = [json.loads(line) for line in output.read_text("ascii").splitlines()]
    assert facts[0]["wall_ns"] == 2**63 - 1
    assert facts[0]["mono_ns"] == -(2**63)
