"""The Debian package is one that dpkg takes, with what a desktop needs, and it depends on what it lacks."""

from __future__ import annotations

import _tkinter
import configparser
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from build_scripts import debian
from build_scripts.drive import WINDOW_CLASS
from build_scripts.project import version
from build_scripts.target import System, Target

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("objdump") is None, reason="needs a compiled Linux program and binutils"
)

DATE = 1_767_225_600
TARGET = Target(System.LINUX, "x86_64")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder build with a real compiled program in it."""
    place = tmp_path / "tincan-folder"
    (place / "_internal").mkdir(parents=True)
    shutil.copy(Path(shutil.which("true") or "").resolve(), place / "tincan")
    (place / "_internal" / "data").write_bytes(b"data")
    (place / "_internal" / "link").symlink_to("data")
    return place


def members(package: Path) -> dict[str, bytes]:
    """The members of an ar archive."""
    content, found, at = package.read_bytes(), {}, 8
    assert content.startswith(b"!<arch>\n")
    while at < len(content):
        name, size = content[at : at + 16].decode().strip(), int(content[at + 48 : at + 58])
        assert content[at + 58 : at + 60] == b"`\n"
        found[name] = content[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    return found


def test_the_package_has_the_program_and_what_a_desktop_needs(folder: Path, tmp_path: Path) -> None:
    debian.write(tmp_path / "t.deb", folder, TARGET, DATE)

    parts = members(tmp_path / "t.deb")
    assert list(parts) == ["debian-binary", "control.tar.xz", "data.tar.xz"]
    with tarfile.open(fileobj=io.BytesIO(parts["data.tar.xz"])) as data:
        entries = {entry.name: entry for entry in data}
        desktop = configparser.ConfigParser(interpolation=None)
        desktop.read_string(
            (data.extractfile("./usr/share/applications/tincan.desktop") or io.BytesIO()).read().decode()
        )
    assert entries["./usr/bin/tincan"].linkname == "../lib/tincan/tincan"
    assert entries["./usr/lib/tincan/tincan"].mode == 0o755
    assert entries["./usr/lib/tincan/_internal/link"].issym()
    assert {entry.uid for entry in entries.values()} == {0}
    entry = desktop["Desktop Entry"]
    assert entry["StartupWMClass"] == WINDOW_CLASS
    assert f"./usr/share/icons/hicolor/48x48/apps/{entry['Icon']}.png" in entries
    assert f"./usr/bin/{entry['Exec'].split()[0]}" in entries


def test_the_package_says_what_it_is_and_vouches_for_its_files(folder: Path, tmp_path: Path) -> None:
    debian.write(tmp_path / "t.deb", folder, TARGET, DATE)

    with tarfile.open(fileobj=io.BytesIO(members(tmp_path / "t.deb")["control.tar.xz"])) as about:
        control = (about.extractfile("./control") or io.BytesIO()).read().decode()
        sums = (about.extractfile("./md5sums") or io.BytesIO()).read().decode()
    assert f"Version: {version()}\nArchitecture: amd64\n" in control
    expected = hashlib.md5((folder / "tincan").read_bytes(), usedforsecurity=False).hexdigest()
    assert f"{expected}  usr/lib/tincan/tincan\n" in sums


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="there is no dpkg-deb here")
def test_dpkg_takes_the_package(folder: Path, tmp_path: Path) -> None:
    debian.write(tmp_path / "t.deb", folder, TARGET, DATE)

    subprocess.run(["dpkg-deb", "--extract", tmp_path / "t.deb", tmp_path / "root"], check=True)
    done = subprocess.run(["dpkg-deb", "--field", tmp_path / "t.deb", "Package"], capture_output=True, check=True)

    assert done.stdout == b"tincan\n"
    assert subprocess.run([tmp_path / "root/usr/bin/tincan"], check=False).returncode == 0


def test_the_same_folder_gives_the_same_package(folder: Path, tmp_path: Path) -> None:
    for name in ("one.deb", "two.deb"):
        debian.write(tmp_path / name, folder, TARGET, DATE)

    assert (tmp_path / "one.deb").read_bytes() == (tmp_path / "two.deb").read_bytes()


def test_the_c_library_it_was_built_with_is_the_oldest_it_asks_for(folder: Path) -> None:
    (found,) = [name for name in debian.dependencies(folder) if name.startswith("libc6 ")]

    newest = debian.newest_libc((folder / "tincan").read_bytes())
    assert newest > 0
    assert found == f"libc6 (>= 2.{newest})"


def test_versions_of_the_c_library_are_told_from_other_words() -> None:
    assert debian.newest_libc(b"\0GLIBC_2.2.5\0GLIBC_2.17\0GLIBC_PRIVATE\0MYGLIBC_2.99\0GLIBC_2.4\0") == 17
    assert debian.newest_libc(b"no program at all") == 0


def test_a_library_that_nobody_brings_is_named(folder: Path) -> None:
    shutil.copy(_tkinter.__file__, folder / "_internal")

    with pytest.raises(ValueError, match=r"the folder lacks .*libtk"):
        debian.dependencies(folder)
