"""Draw the icon at every size: ``python -m build_scripts.icons.draw``, after a change to one of the SVG files.

A small icon is not a large one made smaller: there are three drawings, with less in them the
smaller they are.
"""

from __future__ import annotations

from pathlib import Path

from build_scripts.icons import files, svg
from build_scripts.project import ICONS

HERE = Path(__file__).parent
SIZES = (16, 24, 32, 48, 64, 128, 256)
FOR_THE_WINDOW = (16, 32, 48, 64, 128)  # what gui/icons holds
_DRAWINGS = ((16, "tincan-small.svg"), (48, "tincan-medium.svg"))


def drawing_for(size: int) -> Path:
    """The drawing that is right for a size in pixels."""
    for largest, name in _DRAWINGS:
        if size <= largest:
            return HERE / name
    return HERE / "tincan.svg"


def main() -> None:
    """Write every file."""
    pictures = {size: files.png(svg.draw(drawing_for(size), size)) for size in SIZES}
    ICONS.mkdir(parents=True, exist_ok=True)
    for size, picture in pictures.items():
        (HERE / f"tincan-{size}.png").write_bytes(picture)
        if size in FOR_THE_WINDOW:
            (ICONS / f"{size}.png").write_bytes(picture)
    (HERE / "tincan.ico").write_bytes(files.ico(pictures))
    (HERE / "tincan.icns").write_bytes(files.icns(pictures))


if __name__ == "__main__":
    main()
