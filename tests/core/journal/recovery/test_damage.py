"""A sample of damaged journals by every door: nothing but the truth with exit code 0, and all doors say the same.

All 3,500 of them: ``python3 build_scripts/dev.py bench damage``.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from core.cli.export import ExportOptions, run_export
from core.journal.recovery.integrity import find_damage
from core.journal.schema import FORMAT, SCHEMAS
from tests.support.damage import DENSITY, Judge, damaged_journals, sound_journals
from tests.support.earlier import in_format
from tests.support.journals import line, write_journal
from tests.support.systems import examples

pytestmark = pytest.mark.case("C-62")

_SAMPLE = examples(24) * DENSITY


def test_a_sample_of_damaged_journals(tmp_path: Path) -> None:
    (tmp_path / "sound").mkdir()
    (tmp_path / "damaged").mkdir()
    sound = sound_journals(tmp_path / "sound")
    judge = Judge(tmp_path / "damaged", sound)

    wrong = {
        damaged.name: judgement.wrong
        for damaged in damaged_journals(sound, _SAMPLE, seed=62)
        if not (judgement := judge.judge(damaged)).is_true
    }

    assert wrong == {}


class TestAFlippedBitInsideAMessage:
    @pytest.mark.parametrize("number", [2, 3, 4, FORMAT])
    @pytest.mark.parametrize("bit", range(8))
    def test_is_told_since_format_2(self, tmp_path: Path, bit: int, number: int) -> None:
        path = tmp_path / "journal.tincan"
        write_journal(path, 300)
        if number != FORMAT:
            in_format(path, number)
        whole = path.read_bytes()
        place = whole.index(line(150)) + 20
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])

        assert "a checksum is wrong" in find_damage(path)
        assert run_export(ExportOptions(path, output=tmp_path / "out")) == 3

    def test_is_not_known_in_a_journal_of_format_1_which_is_read_for_ever(self, tmp_path: Path) -> None:
        path = tmp_path / "journal.tincan"
        write_journal(path, 300)
        in_format(path, 1)
        whole = path.read_bytes()
        path.write_bytes(whole.replace(line(150), line(151)))

        assert min(SCHEMAS) == 1
        assert find_damage(path) == ""
        assert run_export(ExportOptions(path, output=tmp_path / "out")) == 0


@pytest.mark.parametrize("column", ["wall_ns", "mono_ns", "connection", "session", "ordinal", "failure"])
@pytest.mark.parametrize(
    ("number", "table", "ordinal"),
    [(2, "entry", 20), (3, "chunk", 2), (4, "chunk", 2), (FORMAT, "chunk", 2), (FORMAT, "chunk", 4)],
)
def test_a_bit_of_any_number_in_an_entry_is_told(
    tmp_path: Path, column: str, number: int, table: str, ordinal: int
) -> None:
    path = tmp_path / "journal.tincan"
    write_journal(path, 50, connections=3)
    if number != FORMAT:
        in_format(path, number)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute(f"DROP INDEX {table}_of_session")  # as it would, had the bit been flipped beside SQLite
        database.execute(f"UPDATE {table} SET {column} = coalesce({column}, 0) + 1 WHERE ordinal = {ordinal}")
        if column not in ("session", "ordinal"):
            database.execute(f"CREATE UNIQUE INDEX {table}_of_session ON {table} (session, ordinal)")

    assert find_damage(path) != ""
