"""The icon's files are whole, of the right size, and the ones that the drawings give."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from build_scripts.icons import draw, files, svg
from build_scripts.icons.raster import Canvas
from build_scripts.project import ICONS

HERE = Path(draw.__file__).parent
EVERY_PNG = [HERE / f"tincan-{size}.png" for size in draw.SIZES] + [
    ICONS / f"{size}.png" for size in draw.FOR_THE_WINDOW
]


def chunks(png: bytes) -> dict[bytes, bytes]:
    """The parts of a PNG by kind, each with its checksum checked."""
    assert png.startswith(files.PNG_SIGNATURE)
    found, at = {}, len(files.PNG_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length) == (zlib.crc32(kind + data),)
        found[kind] = data
        at += 12 + length
    return found


@pytest.mark.parametrize("file", EVERY_PNG, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_png_is_a_square_of_the_size_in_its_name(file: Path) -> None:
    parts = chunks(file.read_bytes())
    width, height = struct.unpack_from(">II", parts[b"IHDR"])

    assert width == height == int(file.stem.removeprefix("tincan-"))
    assert len(zlib.decompress(parts[b"IDAT"])) == height * (1 + 4 * width)


@pytest.mark.parametrize("size", [16, 24, 32])
def test_the_files_are_what_the_drawings_give(size: int) -> None:
    drawn = files.png(svg.draw(draw.drawing_for(size), size))

    assert (HERE / f"tincan-{size}.png").read_bytes() == drawn


def test_the_icon_for_windows_holds_every_size() -> None:
    icon = (HERE / "tincan.ico").read_bytes()

    reserved, kind, count = struct.unpack_from("<HHH", icon)
    assert (reserved, kind, count) == (0, 1, len(draw.SIZES))
    for number, size in enumerate(draw.SIZES):
        entry = struct.unpack_from("<BBBBHHII", icon, 6 + 16 * number)
        length, at = entry[-2:]
        assert entry[0] == size % 256
        assert icon[at : at + length] == (HERE / f"tincan-{size}.png").read_bytes()


def test_the_icon_for_macos_says_its_own_length() -> None:
    icon = (HERE / "tincan.icns").read_bytes()

    assert icon[:4] == b"icns"
    assert struct.unpack_from(">I", icon, 4) == (len(icon),)


def test_a_shape_that_ends_inside_a_pixel_covers_a_share_of_it() -> None:
    canvas = Canvas(2, 1)
    canvas.fill([[(0, 0), (1.5, 0), (1.5, 1), (0, 1)]], lambda _x, _y: (1.0, 0.0, 0.0, 1.0))

    assert canvas.rgba() == bytes([255, 0, 0, 255, 255, 0, 0, 128])


def test_what_the_renderer_cannot_draw_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "text.svg"
    file.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><text x="1" y="1">no</text></svg>')

    with pytest.raises(ValueError, match="text is not drawn"):
        svg.draw(file, 8)
