"""The icon: its drawings, and every file that a system wants, which ``draw.py`` makes from them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from build_scripts.project import ICONS

HERE = Path(__file__).parent
SIZES = (16, 24, 32, 48, 64, 128, 256)  # pixels
FOR_THE_WINDOW = (16, 32, 48, 64, 128)  # what gui/icons holds
SUMS = HERE / "sums.txt"
_DRAWINGS = {16: HERE / "tincan-small.svg", 48: HERE / "tincan-medium.svg", 1024: HERE / "tincan.svg"}
_FOR_SYSTEMS = (*(HERE / f"tincan-{size}.png" for size in SIZES), HERE / "tincan.ico", HERE / "tincan.icns")


def drawing_for(size: int) -> Path:
    """The drawing that is right for a size of at most 1,024 pixels."""
    return next(drawing for largest, drawing in _DRAWINGS.items() if size <= largest)


def sums() -> str:
    """The SHA-256 of each drawing and of each file that was made from them; a checkout may change line ends."""
    files = (*_DRAWINGS.values(), *_FOR_SYSTEMS, *(ICONS / f"{size}.png" for size in FOR_THE_WINDOW))
    contents = {file: file.read_bytes().replace(b"\r\n", b"\n") for file in files}
    return "".join(f"{hashlib.sha256(content).hexdigest()}  {file.name}\n" for file, content in contents.items())
