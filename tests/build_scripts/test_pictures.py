"""The README's pictures are of the real program, and there is none that the README does not show."""

from __future__ import annotations

import re
import struct
import sys
import zlib
from pathlib import Path

import pytest

from build_scripts.icons.files import picture
from build_scripts.pictures import FOLDER, HEIGHT, SCENES, WIDTH, take
from build_scripts.project import ROOT


def unpacked(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and the pixels of a PNG as ``picture`` writes it: three bytes a pixel."""
    width, height = struct.unpack_from(">II", png, 16)
    at, data = 8, b""
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += size + 12
    rows, pixels, above = zlib.decompress(data), b"", bytes(3 * width)
    for start in range(0, len(rows), 3 * width + 1):
        row = rows[start + 1 : start + 1 + 3 * width]
        above = bytes((one + two) & 255 for one, two in zip(row, above, strict=True)) if rows[start] == 2 else row
        pixels += above
    return width, height, pixels


def test_a_picture_has_the_pixels_that_were_seen() -> None:
    pixels = bytes(range(5 * 3 * 3)) * 2

    assert unpacked(picture(5, 6, pixels)) == (5, 6, pixels)


@pytest.mark.skipif(sys.platform != "linux", reason="there are X displays on Linux only")
def test_a_scene_is_played_by_the_real_program(tmp_path: Path) -> None:
    scene = next(scene for scene in SCENES if scene.name == "first-window")

    width, height, pixels = unpacked(take(scene, tmp_path).read_bytes())

    assert (width, height) == (WIDTH, HEIGHT)
    assert len(set(struct.iter_unpack("3s", pixels))) > 50


def test_the_pages_show_every_picture_and_every_picture_is_there() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "README.md", ROOT / "docs" / "guide.md"))
    shown = set(re.findall(r"build_scripts/screenshots/([\w-]+)\.png", pages))

    assert shown == {scene.name for scene in SCENES} == {path.stem for path in FOLDER.glob("*.png")}
