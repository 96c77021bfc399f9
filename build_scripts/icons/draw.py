"""Draws the icon at every size: ``dev.py icons``, after a change to one of the SVG files.

A small icon is not a large one made smaller: there are three drawings, with less in them the
smaller they are. resvg draws them and Pillow writes the files: the dependency group ``pictures``,
which neither tests nor builds need, because the files are in the repository.
"""

from __future__ import annotations

import io

import resvg_py
from PIL import Image

from build_scripts.icons import FOR_THE_WINDOW, HERE, SIZES, SUMS, drawing_for, sums
from build_scripts.project import ICONS

# From 16 to 512 points, on displays with one pixel a point and with two. The kinds of file that would hold 16 and 32
# pixels for the former take no PNG in an application, which is why Pillow writes none; macOS scales the next one.
_FOR_MACOS = (32, 64, 128, 256, 512, 1024)


def draw(size: int) -> Image.Image:
    """The icon, so many pixels wide and high."""
    png = resvg_py.svg_to_bytes(svg_path=str(drawing_for(size)), width=size, height=size, skip_system_fonts=True)
    return Image.open(io.BytesIO(png))


def main() -> None:
    """Write every file, and by what to tell later that none of them is older than its drawing."""
    icons = {size: draw(size) for size in {*SIZES, *_FOR_MACOS}}
    for size in SIZES:
        icons[size].save(HERE / f"tincan-{size}.png")
    for size in FOR_THE_WINDOW:
        icons[size].save(ICONS / f"{size}.png")
    windows, macos = ([icons[size] for size in sizes] for sizes in (SIZES, _FOR_MACOS))
    windows[-1].save(HERE / "tincan.ico", append_images=windows, sizes=[icon.size for icon in windows])
    macos[-1].save(HERE / "tincan.icns", append_images=macos)
    SUMS.write_text(sums(), encoding="ascii", newline="\n")


if __name__ == "__main__":
    main()
