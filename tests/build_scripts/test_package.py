"""Each system's downloads have their names, their checksums, and the licences that must be handed on."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from build_scripts import build, package, project
from build_scripts.materials import Material
from build_scripts.target import BUNDLE, System, Target

DATE = 1_767_225_600


@pytest.fixture(autouse=True)
def known_materials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "materials", lambda: [Material("CPython", "3.11.2", False, ())])


def programs(dist: Path, target: Target) -> Path:
    """What PyInstaller leaves for a target, small."""
    if target.system is System.MACOS:
        places = [dist / BUNDLE / "Contents" / "MacOS" / "tincan"]
    else:
        names = {f"{name}{target.suffix}" for name in ("tincan", target.console)}
        places = [dist / "tincan-folder" / name for name in names] + [dist / name for name in names]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(shutil.which("true") or sys.executable).resolve(), place)
    return dist


def packed(tmp_path: Path, system: System) -> tuple[str, list[str]]:
    """The base name of a target's downloads, and what comes behind it in each."""
    target = Target(system, "x86_64")
    made = package.package(target, programs(tmp_path / "dist", target), tmp_path / "release", DATE)
    return target.name, [path.name.removeprefix(target.name) for path in made]


@pytest.mark.skipif(
    None in map(shutil.which, ("objdump", "dpkg-deb")), reason="there are no binutils or no dpkg-deb here"
)
def test_linux_gets_a_file_an_archive_and_a_package(tmp_path: Path) -> None:
    name, made = packed(tmp_path, System.LINUX)

    assert made == ["", "-LICENSES.txt", ".cdx.json", ".deb", ".tar.gz", "SHA256SUMS"]
    with tarfile.open(tmp_path / "release" / f"{name}.tar.gz") as tar:
        assert set(tar.getnames()) == {name, *(f"{name}/{file}" for file in ("tincan", "LICENSES.txt", "README.txt"))}
        page = tar.extractfile(f"{name}/README.txt")
        assert page is not None
        assert page.read().decode() == project.user_readme()


def test_windows_gets_both_programs_each_way(tmp_path: Path) -> None:
    name, made = packed(tmp_path, System.WINDOWS)

    assert made == ["-LICENSES.txt", "-console.exe", ".cdx.json", ".exe", ".zip", "SHA256SUMS"]
    with zipfile.ZipFile(tmp_path / "release" / f"{name}.zip") as archive:
        assert {f"{name}/tincan.exe", f"{name}/tincan-console.exe"} <= set(archive.namelist())


def test_macos_gets_its_application_as_it_was_signed(tmp_path: Path) -> None:
    name, made = packed(tmp_path, System.MACOS)

    assert made == ["-LICENSES.txt", ".cdx.json", ".zip", "SHA256SUMS"]
    with zipfile.ZipFile(tmp_path / "release" / f"{name}.zip") as archive:
        assert archive.namelist() == ["Tincan.app/Contents/MacOS/tincan"]


def test_every_download_has_its_checksum_and_nothing_of_an_earlier_build_stays(tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "tincan-0.0.0-old").touch()

    packed(tmp_path, System.MACOS)

    sums = (tmp_path / "release" / "SHA256SUMS").read_text().splitlines()
    files = [path for path in sorted((tmp_path / "release").iterdir()) if path.name != "SHA256SUMS"]
    assert sums == [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}" for file in files]
    assert not any("old" in line for line in sums)


def test_without_a_build_nothing_is_packed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(package, "DIST", tmp_path)
    monkeypatch.setattr(package, "RELEASE", tmp_path / "release")

    assert package.main() == 1
    assert "Nothing was packaged: " in capsys.readouterr().err


@pytest.mark.parametrize(("ending", "warned"), [(".deb", True), ("", False), (".tar.gz", False)])
def test_a_download_that_has_grown_too_large_is_told(tmp_path: Path, ending: str, *, warned: bool) -> None:
    target = Target(System.LINUX, "x86_64")
    download = tmp_path / f"{target.name}{ending}"
    with download.open("wb") as file:
        file.truncate(14_500_000)

    assert bool(package.too_large(download, target)) is warned


@pytest.mark.parametrize("system", list(System))
def test_what_was_built_is_found_again(tmp_path: Path, system: System) -> None:
    target = Target(system, "x86_64")
    programs(tmp_path, target)

    found = [*build.executables(target, tmp_path).values(), *build.consoles(target, tmp_path).values()]

    assert {file for file in tmp_path.rglob("tincan*") if file.is_file()} == set(found)
    assert all(product.parent == tmp_path for product in build.products(target, tmp_path))
