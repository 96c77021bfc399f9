"""The icon's files are whole, of the right size, and the ones that the drawings give."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from build_scripts.icons import FOR_THE_WINDOW, HERE, SIZES, SUMS, sums
from build_scripts.project import ICONS

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
EVERY_PNG = [HERE / f"tincan-{size}.png" for size in SIZES] + [ICONS / f"{size}.png" for size in FOR_THE_WINDOW]
_NOTICEABLE = 2  # of 255, as the mean of what differs: another version of the library may round in another way


def chunks(png: bytes) -> dict[bytes, bytes]:
    """The parts of a PNG by kind, each with its checksum checked."""
    assert png.startswith(PNG_SIGNATURE)
    found, at = {}, len(PNG_SIGNATURE)
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


def test_no_file_is_older_than_its_drawing() -> None:
    assert sums() == SUMS.read_text(encoding="ascii"), "draw them anew: python3 build_scripts/dev.py icons"


@pytest.mark.parametrize("size", SIZES)
def test_the_files_show_what_the_drawings_show(size: int) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow and resvg are installed by dev.py icons")
    draw = pytest.importorskip("build_scripts.icons.draw").draw

    committed, drawn = image.open(HERE / f"tincan-{size}.png").tobytes(), draw(size).tobytes()

    assert sum(abs(one - two) for one, two in zip(committed, drawn, strict=True)) / len(drawn) < _NOTICEABLE


def test_the_icon_for_windows_holds_every_size() -> None:
    icon = (HERE / "tincan.ico").read_bytes()

    reserved, kind, count = struct.unpack_from("<HHH", icon)
    assert (reserved, kind, count) == (0, 1, len(SIZES))
    for number, size in enumerate(SIZES):
        entry = struct.unpack_from("<BBBBHHII", icon, 6 + 16 * number)
        length, at = entry[-2:]
        assert entry[0] == size % 256
        assert icon[at : at + length] == (HERE / f"tincan-{size}.png").read_bytes()


def test_the_icon_for_macos_says_its_own_length_and_holds_every_size() -> None:
    icon = (HERE / "tincan.icns").read_bytes()
    at = 8
    widths: set[int] = set()
    while at < len(icon):
        (length,) = struct.unpack_from(">I", icon, at + 4)
        if icon[at + 8 : at + 16] == PNG_SIGNATURE:
            widths.add(*struct.unpack_from(">I", chunks(icon[at + 8 : at + length])[b"IHDR"]))
        at += length

    assert icon[:4] == b"icns"
    assert struct.unpack_from(">I", icon, 4) == (len(icon),)
    assert widths == {32, 64, 128, 256, 512, 1024}
