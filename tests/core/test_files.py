"""Small files that are kept: whole or not at all, and none is lost for being bad."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath

import pytest

from core import files
from core.files import is_there, read_json, read_kept, require_possible, set_aside, why_no_file, write_kept
from tests.support.systems import only_posix


def _full_disk(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_kept(tmp_path / "a.json", "first")
    write_kept(tmp_path / "a.json", "second")

    assert read_kept(tmp_path / "a.json", 100) == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is no JSON: see line 1, character 1"),
        ('{\n "a": x}', "it is no JSON: see line 2, character 7"),
        ("[" * 100_000, "it is nested too deeply"),
        ("1" * 5_000, "it has a number in it that is too long"),
    ],
)
def test_what_is_no_json_is_told_in_words_of_tincan(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_json(text)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_kept(tmp_path / "a.json", "first")
    monkeypatch.setattr(os, "fsync", _full_disk)

    with pytest.raises(OSError, match="No space"):
        write_kept(tmp_path / "a.json", "second")

    assert read_kept(tmp_path / "a.json", 100) == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("below", ["a.json", "folder/a.json"])
def test_a_path_that_leads_through_a_file_is_not_one_that_is_only_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    stat = Path.stat

    def as_windows_has_it(path: Path, **rest: bool) -> os.stat_result:
        try:
            return stat(path, **rest)
        except NotADirectoryError as error:
            raise FileNotFoundError(2, "The system cannot find the path specified") from error

    monkeypatch.setattr(Path, "stat", as_windows_has_it)

    with pytest.raises(NotADirectoryError):
        read_kept(tmp_path / "file" / below, 100)
    with pytest.raises(FileNotFoundError):
        read_kept(tmp_path / "missing" / below, 100)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (r"C:\Users\a\talk.txt", ""),
        (r"..\talk.txt", ""),
        (r"C:\Users\a\.config", ""),
        (r"C:\Users\a\context.txt", ""),
        (r"C:\Users\a\COM10", ""),
        (r"\\server\share\talk.txt", ""),
        (r"\\?\C:\talk.txt", ""),
        (r"C:\Users\a\NUL", "NUL is a device of Windows, whatever stands behind it"),
        (r"C:\Users\a\con.txt", "con is a device of Windows, whatever stands behind it"),
        ("Com1 .tar.gz", "Com1 is a device of Windows, whatever stands behind it"),
        (r"C:\aux\talk.txt", "aux is a device of Windows, whatever stands behind it"),
        ("LPT²", "LPT² is a device of Windows, whatever stands behind it"),
        (r"C:\Users\a\talk:1", "Windows allows no : in a name"),
        ("is it?.txt", "Windows allows no ? in a name"),
        ("a\tb", "Windows allows no control character in a name"),
        (r"C:\Users\a\talk.", "Windows drops the full stop at the end of a name"),
        ("talk ", "Windows drops the space at the end of a name"),
        ("C:\\a\\" + "x" * 254, ""),
        ("C:\\" + "x" * 255, ""),
        ("C:\\" + "x" * 256, "its name has 256 characters, and Windows takes 255"),
        ("\N{PILE OF POO}" * 127 + "x", ""),
        ("\N{PILE OF POO}" * 128, "its name has 256 characters, and Windows takes 255"),
        ("C:\\a\\" + "x" * 255, "its path has 260 characters, and this Windows takes 259: choose a folder further up"),
        ("\\\\?\\C:\\a\\" + "x" * 255, ""),
    ],
)
def test_a_name_that_windows_does_not_keep_is_refused_with_its_reason(path: str, why: str) -> None:
    assert files._why_no_file(PureWindowsPath(path), takes_long=False) == why


def test_long_paths_are_taken_where_they_are_switched_on() -> None:
    assert files._why_no_file(PureWindowsPath("C:\\a\\" + "x" * 255), takes_long=True) == ""


def test_what_windows_does_not_keep_is_no_possible_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_possible(tmp_path / "missing")
    monkeypatch.setattr(files, "why_no_file", lambda path: f"{path.name} is a device")

    with pytest.raises(OSError, match="NUL is a device"):
        require_possible(tmp_path / "NUL")


@only_posix("POSIX allows any name")
def test_elsewhere_every_name_can_be_one(tmp_path: Path) -> None:
    assert why_no_file(tmp_path / "NUL: what?.") == ""


@pytest.mark.case("C-64")
def test_no_more_is_read_than_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"x" * 2049)

    assert len(read_kept(tmp_path / "a.json", 2049)) == 2049
    with pytest.raises(ValueError, match="larger than 2 KiB"):
        read_kept(tmp_path / "a.json", 2048)


@pytest.mark.case("C-64")
def test_a_byte_order_mark_is_passed_over_and_what_is_no_text_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbfhello")
    (tmp_path / "b.json").write_bytes(b"\xff")

    assert read_kept(tmp_path / "a.json", 100) == "hello"
    with pytest.raises(ValueError, match=r"it is not UTF-8 \(at line 1\)"):
        read_kept(tmp_path / "b.json", 100)


@pytest.mark.case("C-64")
def test_bad_files_are_kept_beside_each_other(tmp_path: Path) -> None:
    for content in ("one", "two", "three"):
        (tmp_path / "a.json").write_text(content)
        set_aside(tmp_path / "a.json")

    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert found == {"a.json.bad": "one", "a.json.2.bad": "two", "a.json.3.bad": "three"}


@pytest.mark.case("C-64")
def test_a_file_that_goes_bad_every_day_does_not_fill_the_folder(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / "a.json").write_text(str(number))
        set_aside(tmp_path / "a.json")

    kept = sorted(int(path.read_text()) for path in tmp_path.iterdir())
    assert kept == [*range(19), 29]


class InUse(OSError):
    """What Windows says of a file that a program has open; elsewhere an error has no ``winerror``."""

    def __init__(self, winerror: int) -> None:
        super().__init__(13, "Permission denied")
        self.winerror = winerror


@pytest.mark.parametrize("code", [5, 32, 33])
def test_a_file_that_a_virus_scanner_has_open_is_saved_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    refusals, replace, pauses = [code, code], Path.replace, list[float]()

    def refused_twice(path: Path, target: Path) -> Path:
        if refusals:
            raise InUse(refusals.pop())
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refused_twice)
    monkeypatch.setattr("core.files.time.sleep", pauses.append)

    write_kept(tmp_path / "kept", "new")

    assert (tmp_path / "kept").read_text() == "new"
    assert len(pauses) == 2


def test_a_file_that_stays_open_elsewhere_is_given_up_within_half_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept").write_text("old")
    pauses = list[float]()

    def refused(_path: Path, _target: Path) -> Path:
        raise InUse(32)

    monkeypatch.setattr(Path, "replace", refused)
    monkeypatch.setattr("core.files.time.sleep", pauses.append)

    with pytest.raises(OSError, match="Permission denied"):
        write_kept(tmp_path / "kept", "new")

    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept").read_text() == "old"
    assert 0.4 < sum(pauses) <= 0.5


def test_another_refusal_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_path: Path, _target: Path) -> Path:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "replace", refused)
    monkeypatch.setattr("core.files.time.sleep", pytest.fail)

    with pytest.raises(PermissionError):
        write_kept(tmp_path / "kept", "new")


@only_posix("Windows has limits of its own")
def test_a_name_that_no_file_can_have_is_there_in_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    longest, through = tmp_path / ("x" * 300), Path(__file__, "x")
    assert not is_there(longest)
    monkeypatch.setattr(Path, "exists", lambda path: os.path.exists(path))  # noqa: PTH110 - as Python 3.14 has it
    with pytest.raises(OSError, match="too long"):
        require_possible(longest)
    for path in (tmp_path, tmp_path / "new", through):
        require_possible(path)
