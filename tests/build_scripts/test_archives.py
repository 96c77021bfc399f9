"""Archives are the same bytes for the same content, and keep links and what may be executed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from build_scripts import archives

DATE = 1_767_225_600
Pack = Callable[[Path, Path, str, int], None]


def program(folder: Path) -> Path:
    """A small folder build."""
    (folder / "_internal").mkdir(parents=True)
    (folder / "tincan").write_bytes(b"#!/bin/sh\necho talking\n")
    (folder / "tincan").chmod(0o700)
    (folder / "_internal" / "libtk.so").write_bytes(b"\x7fELF" * 100)
    (folder / "libtk.so").symlink_to("_internal/libtk.so")
    return folder


@pytest.mark.parametrize("pack", [archives.tar_gz, archives.zip_folder])
def test_neither_place_nor_time_nor_umask_shows_in_an_archive(pack: Pack, tmp_path: Path) -> None:
    one, other = program(tmp_path / "one"), program(tmp_path / "another place")
    (other / "_internal" / "libtk.so").chmod(0o600)
    os.utime(other / "tincan", (1, 1))

    pack(tmp_path / "first", one, "tincan-1", DATE)
    pack(tmp_path / "second", other, "tincan-1", DATE)

    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_a_tar_archive_gives_back_a_program_that_runs(tmp_path: Path) -> None:
    archives.tar_gz(tmp_path / "a.tar.gz", program(tmp_path / "here"), "tincan-1", DATE)

    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        if hasattr(tarfile, "data_filter"):  # from Python 3.11.4 on; later ones insist on a choice
            tar.extraction_filter = tarfile.data_filter
        tar.extractall(tmp_path / "there")

    there = tmp_path / "there" / "tincan-1"
    assert subprocess.run([there / "tincan"], capture_output=True, check=True).stdout == b"talking\n"
    assert (there / "libtk.so").readlink() == Path("_internal/libtk.so")


def test_a_zip_archive_has_links_and_permissions_for_macos(tmp_path: Path) -> None:
    archives.zip_folder(tmp_path / "a.zip", program(tmp_path / "Tincan.app"), "Tincan.app", DATE)

    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        modes = {entry.filename: entry.external_attr >> 16 for entry in packed.infolist()}
        link = packed.read("Tincan.app/libtk.so")

    assert modes == {
        "Tincan.app/_internal/libtk.so": 0o100644,
        "Tincan.app/libtk.so": 0o120777,
        "Tincan.app/tincan": 0o100755,
    }
    assert link == b"_internal/libtk.so"


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum here")
def test_checksums_are_such_as_sha256sum_checks(tmp_path: Path) -> None:
    files = [tmp_path / "b", tmp_path / "a with spaces"]
    for file in files:
        file.write_text(file.name)
    (tmp_path / "SHA256SUMS").write_text(archives.checksums(files))
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]

    good = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    (tmp_path / "b").write_text("something else")
    bad = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert good.stdout == "a with spaces: OK\nb: OK\n"
    assert bad.returncode == 1
