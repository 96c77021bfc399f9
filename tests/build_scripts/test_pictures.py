"""The README's pictures are of the real program, and there is none that the README does not show."""

from __future__ import annotations

import re
import struct
import sys

import pytest

from build_scripts.pictures import FOLDER, HEIGHT, SCENES, WIDTH, take
from build_scripts.project import ROOT


@pytest.mark.skipif(sys.platform != "linux", reason="there are X displays on Linux only")
def test_a_scene_is_played_by_the_real_program() -> None:
    scene = next(scene for scene in SCENES if scene.name == "first-window")

    pixels = take(scene)

    assert len(pixels) == 3 * WIDTH * HEIGHT
    assert len(set(struct.iter_unpack("3s", pixels))) > 50


def test_the_pages_show_every_picture_and_every_picture_is_there() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "README.md", ROOT / "docs" / "guide.md"))
    shown = set(re.findall(r"build_scripts/screenshots/([\w-]+)\.png", pages))

    assert shown == {scene.name for scene in SCENES} == {path.stem for path in FOLDER.glob("*.png")}
