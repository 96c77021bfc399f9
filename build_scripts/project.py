"""Where things lie in this project, and what its ``pyproject.toml`` and version say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
DIST = ROOT / "dist"
RELEASE = DIST / "release"  # what people download
ICONS = ROOT / "gui" / "icons"


def version() -> str:
    """The version that ``core`` states, read without importing it."""
    text = (ROOT / "core" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(\d+\.\d+\.\d+)"$', text, re.MULTILINE)
    if found is None:
        raise ValueError("core/__init__.py states no __version__ of the form 1.2.3")
    return found.group(1)


def development_pins() -> list[str]:
    """The exact versions of the development tools, as pip takes them."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        pins = tomllib.load(file)["dependency-groups"]["dev"]
    return sorted(str(pin) for pin in pins)
