"""Where things lie in this project, and what its ``pyproject.toml`` and version say."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_OUTPUT = ROOT / os.environ.get(
    "TINCAN_OUTPUT", ""
)  # a folder in the checkout, for the second system that builds there
BUILD = _OUTPUT / "build"
DIST = _OUTPUT / "dist"
RELEASE = DIST / "release"  # what people download
ICONS = ROOT / "gui" / "icons"
LESSONS = ROOT / "gui" / "lessons"
APP_ID = "io.github.tincan_tcp.Tincan"  # what desktops and macOS know the program by
USER_README = "README.txt"  # in a download: for who uses the program, where README.md is for who builds it
LICENCES = "LICENSES.txt"


def version() -> str:
    """The version that ``core`` states, read without importing it."""
    text = (ROOT / "core" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(\d+\.\d+\.\d+)"$', text, re.MULTILINE)
    if found is None:
        raise ValueError("core/__init__.py states no __version__ of the form 1.2.3")
    return found.group(1)


def maintainer() -> str:
    """Whom users of a package write to, as ``NAME <EMAIL>``."""
    first = _settings()["project"]["maintainers"][0]
    return f"{first['name']} <{first['email']}>"


def homepage() -> str:
    """The address of the project's page; empty while it has none."""
    return str(_settings()["project"].get("urls", {}).get("Homepage", ""))


def user_readme() -> str:
    """The page for who uses the program, which every archive and package has."""
    text = (ROOT / "build_scripts" / "user_readme.txt").read_text(encoding="utf-8")
    return text.replace("@VERSION@", version())


def development_pins(group: str = "dev") -> list[str]:
    """The exact versions of the development tools of a dependency group, as pip takes them."""
    return sorted(str(pin) for pin in _settings()["dependency-groups"][group])


def requirements() -> list[str]:
    """What the program itself needs beside the standard library, as pip takes it."""
    return sorted(str(one) for one in _settings()["project"]["dependencies"])


def _settings() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)
