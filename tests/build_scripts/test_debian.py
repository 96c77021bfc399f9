"""The Debian package is one that dpkg takes, with what a desktop needs, and it depends on what it lacks."""

from __future__ import annotations

import _socket
import _tkinter
import configparser
import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import pytest

from build_scripts import debian, elf, notices, project
from build_scripts.drive import WINDOW_CLASS
from build_scripts.materials import Material
from build_scripts.project import APP_ID, LICENCES, USER_README, maintainer, version
from build_scripts.target import System, Target
from tests.support.journals import write_journal

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or None in map(shutil.which, ("objdump", "dpkg-deb")),
    reason="needs a compiled Linux program, binutils and dpkg-deb",
)

DATE = 1_767_225_600
TARGET = Target(System.LINUX, "x86_64")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder build with a real compiled program in it."""
    place = tmp_path_factory.mktemp("built") / "tincan-folder"
    (place / "_internal").mkdir(parents=True)
    shutil.copy(Path(shutil.which("true") or "").resolve(), place / "tincan")
    (place / "_internal" / "data").write_bytes(b"data")
    (place / "_internal" / "link").symlink_to("data")
    library = place / "_internal" / Path(_socket.__file__).name
    library.write_bytes(elf.without_search_path(Path(_socket.__file__).read_bytes()))
    library.chmod(0o755)
    subprocess.run(["strip", library], check=True)
    (place / USER_README).write_text("For who uses it.\n", encoding="utf-8")
    licences = notices.notices([Material("cryptography", metadata.version("cryptography"), False, ())])
    (place / LICENCES).write_text(f"Copyright (c) 2026 by us.\n{licences}", encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def package(folder: Path) -> Path:
    debian.write(folder.with_name("t.deb"), folder, TARGET, DATE)
    return folder.with_name("t.deb")


@pytest.fixture(scope="module")
def unpacked(package: Path) -> Path:
    """The package as dpkg unpacks it."""
    subprocess.run(["dpkg-deb", "--extract", package, package.with_name("root")], check=True)
    return package.with_name("root")


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


def test_the_package_has_the_program_and_what_a_desktop_needs(package: Path) -> None:
    parts = members(package)
    assert list(parts) == ["debian-binary", "control.tar.xz", "data.tar.xz"]
    with tarfile.open(fileobj=io.BytesIO(parts["data.tar.xz"])) as data:
        entries = {entry.name: entry for entry in data}
        desktop = configparser.ConfigParser(interpolation=None)
        menu = data.extractfile(f"./usr/share/applications/{APP_ID}.desktop")
        assert menu is not None
        desktop.read_string(menu.read().decode())
    assert entries["./usr/bin/tincan"].linkname == "../lib/tincan/tincan"
    assert entries["./usr/lib/tincan/tincan"].mode == 0o755
    assert entries["./usr/lib/tincan/_internal/link"].issym()
    assert {(entry.uid, entry.mtime) for entry in entries.values()} == {(0, DATE)}
    entry = desktop["Desktop Entry"]
    assert entry["StartupWMClass"] == WINDOW_CLASS
    assert f"./usr/share/icons/hicolor/48x48/apps/{entry['Icon']}.png" in entries
    assert f"./usr/bin/{entry['Exec'].split()[0]}" in entries


def test_a_library_is_executed_by_nobody(unpacked: Path) -> None:
    inside = unpacked / "usr/lib/tincan"

    assert (inside / "_internal" / Path(_socket.__file__).name).stat().st_mode & 0o777 == 0o644
    assert (inside / "tincan").stat().st_mode & 0o777 == 0o755


def test_documents_are_where_debian_keeps_them_and_for_who_uses_it(unpacked: Path) -> None:
    documents = unpacked / "usr/share/doc/tincan"

    assert (documents / "README").read_text(encoding="utf-8") == "For who uses it.\n"
    assert (documents / "copyright").read_text(encoding="utf-8").startswith("Copyright (c) 2026 by us.\n")
    assert not list((unpacked / "usr/lib").rglob("*.txt"))


def test_the_changelog_is_one_that_debian_reads(unpacked: Path) -> None:
    packed = (unpacked / "usr/share/doc/tincan/changelog.gz").read_bytes()

    text = gzip.decompress(packed).decode()
    assert packed[4:8] == bytes(4)  # a date there is one more that differs between two builds
    assert text.startswith(f"tincan ({version()}) unstable; urgency=medium\n\n  * ")
    assert text.endswith("  Thu, 01 Jan 2026 00:00:00 +0000\n")
    assert all(len(line) < 80 for line in text.splitlines() if not line.startswith(" -- "))


def test_a_journal_is_known_by_its_name_and_by_what_is_in_it(unpacked: Path, tmp_path: Path) -> None:
    write_journal(tmp_path / "talk.tincan", 1)
    kind = ElementTree.parse(unpacked / f"usr/share/mime/packages/{APP_ID}.xml").find("{*}mime-type")
    assert kind is not None
    menu = (unpacked / f"usr/share/applications/{APP_ID}.desktop").read_text(encoding="utf-8")

    content = (tmp_path / "talk.tincan").read_bytes()
    matches = [(int(match.attrib["offset"]), match.attrib["value"]) for match in kind.iterfind(".//{*}match")]
    assert len(matches) == 2
    assert all(content[offset:].startswith(value.encode()) for offset, value in matches)
    assert [glob.attrib["pattern"] for glob in kind.iterfind("{*}glob")] == ["*.tincan"]
    assert f"\nMimeType={kind.attrib['type']};\n" in menu
    assert "\nExec=tincan %f\n" in menu


@pytest.mark.parametrize(
    ("tool", "file"),
    [
        (("appstreamcli", "validate", "--no-net"), f"metainfo/{APP_ID}.metainfo.xml"),
        (("desktop-file-validate",), f"applications/{APP_ID}.desktop"),
        (("update-mime-database",), "mime"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_a_desktop_reads_is_valid(unpacked: Path, tool: tuple[str, ...], file: str) -> None:
    if shutil.which(tool[0]) is None:
        pytest.skip(f"there is no {tool[0]} here")

    known = {**os.environ, "XDG_DATA_DIRS": str(unpacked / "usr/share")}
    done = subprocess.run(
        [*tool, unpacked / "usr/share" / file], env=known, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.build
@pytest.mark.skipif(shutil.which("lintian") is None, reason="there is no lintian here")
def test_lintian_finds_no_error(folder: Path, tmp_path: Path) -> None:
    name = f"tincan_{version()}_amd64.deb"
    debian.write(tmp_path / name, folder, TARGET, DATE)

    done = subprocess.run(
        ["lintian", "--fail-on", "error", tmp_path / name], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout


def test_a_licence_that_every_debian_has_is_pointed_at_and_the_others_are_there(folder: Path) -> None:
    assert "TERMS AND CONDITIONS FOR USE" in (folder / LICENCES).read_text(encoding="utf-8")

    told = debian.contents(folder, DATE)["usr/share/doc/tincan/copyright"].content.decode()

    assert "Apache License, Version 2.0: /usr/share/common-licenses/Apache-2.0\n" in told
    assert "TERMS AND CONDITIONS FOR USE" not in told
    assert told.startswith("Copyright (c) 2026 by us.\n")
    assert "LICENSE.BSD" in told.partition("/usr/share/common-licenses/")[2]


def test_the_package_says_what_it_is_and_vouches_for_its_files(folder: Path, package: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(members(package)["control.tar.xz"])) as about:
        control = (about.extractfile("./control") or io.BytesIO()).read().decode()
        sums = (about.extractfile("./md5sums") or io.BytesIO()).read().decode()
    assert f"Version: {version()}\nArchitecture: amd64\nMaintainer: {maintainer()}\n" in control
    assert "Homepage" not in control  # there is none yet
    expected = hashlib.md5((folder / "tincan").read_bytes(), usedforsecurity=False).hexdigest()
    assert f"{expected}  usr/lib/tincan/tincan\n" in sums


def test_whoever_packs_it_says_in_one_place_who_they_are(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"maintainers": [{"name": "Ann", "email": "ann@example.org"}], "urls": {"Homepage": "https://example.org"}}
    monkeypatch.setattr(project, "_settings", lambda: {"project": told})
    debian.write(tmp_path / "t.deb", folder, TARGET, DATE)

    with tarfile.open(fileobj=io.BytesIO(members(tmp_path / "t.deb")["control.tar.xz"])) as about:
        control = (about.extractfile("./control") or io.BytesIO()).read().decode()
    assert "Maintainer: Ann <ann@example.org>\n" in control
    assert "\nPriority: optional\nHomepage: https://example.org\nDescription: " in control
    assert debian.changelog(DATE).rpartition(" -- ")[2].startswith("Ann <ann@example.org>  ")


def test_dpkg_takes_the_package(package: Path, unpacked: Path) -> None:
    done = subprocess.run(["dpkg-deb", "--field", package, "Package"], capture_output=True, check=True)

    assert done.stdout == b"tincan\n"
    assert subprocess.run([unpacked / "usr/bin/tincan"], check=False).returncode == 0


def test_the_same_folder_gives_the_same_package(folder: Path, tmp_path: Path) -> None:
    for name, umask in (("one.deb", 0o022), ("two.deb", 0o077)):
        before = os.umask(umask)
        try:
            debian.write(tmp_path / name, folder, TARGET, DATE)
        finally:
            os.umask(before)

    assert (tmp_path / "one.deb").read_bytes() == (tmp_path / "two.deb").read_bytes()


def test_the_c_library_it_was_built_with_is_the_oldest_it_asks_for(folder: Path) -> None:
    (found,) = [name for name in debian.dependencies(folder) if name.startswith("libc6 ")]

    newest = debian.newest_libc((folder / "tincan").read_bytes())
    assert newest > 0
    assert found == f"libc6 (>= 2.{newest})"


def test_versions_of_the_c_library_are_told_from_other_words() -> None:
    assert debian.newest_libc(b"\0GLIBC_2.2.5\0GLIBC_2.17\0GLIBC_PRIVATE\0MYGLIBC_2.99\0GLIBC_2.4\0") == 17
    assert debian.newest_libc(b"no program at all") == 0


def test_a_library_that_nobody_brings_is_named(folder: Path, tmp_path: Path) -> None:
    lacking = shutil.copytree(folder, tmp_path / "lacking", symlinks=True)
    shutil.copy(_tkinter.__file__, lacking / "_internal")

    with pytest.raises(ValueError, match=r"the folder lacks .*libtk"):
        debian.dependencies(lacking)
