"""What a build packs is known by name, version and checksum, and told in CycloneDX's notation."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from build_scripts import materials, notices
from build_scripts.bill import bill
from build_scripts.materials import Material, Packed
from build_scripts.target import System, Target

TARGET = Target(System.LINUX, "x86_64")
DATE = 1_767_225_600
SOME = [
    Material("CPython", platform.python_version(), False, (Packed("python311.dll", "0" * 64),)),
    Material("libx11-6", "2:1.8.4-2", True, (Packed("libX11.so.6", "1" * 64), Packed("libX11.so.7", "2" * 64))),
]


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A place for the list of a build."""
    monkeypatch.setattr(materials, "_LIST", tmp_path / "materials.json")
    return tmp_path


def test_files_from_nowhere_known_stand_for_themselves(listed: Path) -> None:
    strange = listed / "libstrange.so"
    strange.write_bytes(b"strange")

    materials.keep([("strange/libstrange.so", str(strange), "BINARY"), ("alias", "libstrange.so", "SYMLINK")])

    (found,) = materials.materials()
    sha256 = hashlib.sha256(b"strange").hexdigest()
    assert found == Material("libstrange.so", "unknown", False, (Packed("strange/libstrange.so", sha256),))


def test_every_file_is_listed_once_whoever_it_is_from(listed: Path) -> None:
    folder = Path(sysconfig.get_path("stdlib"))
    files = sorted(folder.glob("lib-dynload/*"))[:5] or sorted(folder.glob("*.py"))[:5]
    materials.keep([(file.name, str(file), "EXTENSION") for file in files])

    found = materials.materials()

    assert sorted(packed.name for material in found for packed in material.files) == sorted(file.name for file in files)
    assert all(material.version != "unknown" for material in found)


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="no system of Debian's kind")
def test_a_file_of_a_package_is_that_packages() -> None:
    shell = Path(shutil.which("dpkg-query") or "").resolve()

    package, version = materials.debian_owners([shell, Path(sys.prefix) / "nothing of the kind"])[shell]

    assert package == "dpkg"
    assert version[0].isdigit()


def test_the_bill_names_every_part_and_file_once() -> None:
    told = json.loads(bill(TARGET, SOME, DATE))

    parts = {part["name"]: part for part in told["components"]}
    assert told["bomFormat"] == "CycloneDX"
    assert told["metadata"]["component"]["name"] == "Tincan"
    assert sorted(parts) == ["CPython", "PyInstaller bootloader", "libx11-6"]
    assert parts["libx11-6"]["purl"].startswith("pkg:deb/")
    assert [file["name"] for file in parts["CPython"]["components"]] == ["python311.dll"]
    assert [file["hashes"][0]["content"][0] for file in parts["libx11-6"]["components"]] == ["1", "2"]
    (whole,) = [entry for entry in told["dependencies"] if entry["ref"] == "tincan"]
    assert len(whole["dependsOn"]) == 3


def test_the_same_build_has_the_same_bill() -> None:
    assert bill(TARGET, SOME, DATE) == bill(TARGET, SOME[::-1], DATE)
    assert bill(TARGET, SOME, DATE) != bill(TARGET, SOME, DATE + 1)


def test_the_licences_of_all_parts_are_handed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "libx11-6").mkdir()
    (tmp_path / "libx11-6" / "copyright").write_text("The X Consortium", encoding="utf-8")
    monkeypatch.setattr(notices, "_DEBIAN_DOCUMENTS", tmp_path)

    text = notices.notices(SOME)

    assert "MIT License" in text
    assert "libx11-6 2:1.8.4-2" in text
    assert text.rstrip().endswith("The X Consortium")


def test_what_came_from_pip_is_named_with_its_version_and_its_licences() -> None:
    package = materials.python_package("cryptography")
    assert package is not None
    (compiled,) = [file for file in package.files or () if file.name.startswith("_rust")]

    assert materials._made_by(Path(str(package.locate_file(compiled))).resolve()) == ("cryptography", package.version)
    text = notices.notices([Material("cryptography", package.version, False, ())])
    assert "Apache License" in text
    assert f"cryptography {package.version}: LICENSE" in text
    told = json.loads(bill(TARGET, [Material("cryptography", package.version, False, ())], DATE))
    assert f"pkg:pypi/cryptography@{package.version}" in {part.get("purl") for part in told["components"]}


def test_a_package_that_nobody_has_installed_has_none() -> None:
    assert materials.python_package("no-such-package-anywhere") is None
