"""The licences of what a build packs, which must be handed on with it."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from build_scripts.materials import Material, python_package
from build_scripts.project import ROOT

_DEBIAN_DOCUMENTS = Path("/usr/share/doc")
_LINE = "=" * 100


def notices(materials: list[Material]) -> str:
    """One text: Tincan's licence, Python's, and that of every package that gave a file."""
    parts = [("Tincan", (ROOT / "LICENSE").read_text(encoding="utf-8")), *_pythons()]
    for material in materials:
        document = _DEBIAN_DOCUMENTS / material.name / "copyright"
        if material.debian and document.is_file():
            parts.append((f"{material.name} {material.version}", document.read_text(encoding="utf-8")))
        parts += _from_pip(material)
    return "\n".join(f"{_LINE}\n{name}\n{_LINE}\n\n{text.strip()}\n" for name, text in parts)


def _from_pip(material: Material) -> Iterator[tuple[str, str]]:
    """The licences that a package from pip has with it."""
    package = None if material.debian else python_package(material.name)
    for file in (package.files or ()) if package is not None else ():
        if file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE")) and ".dist-info" in str(file):
            yield f"{material.name} {material.version}: {file.name}", file.read_text()


def _pythons() -> Iterator[tuple[str, str]]:
    """Python's own licence, which on Windows and macOS also has those of the libraries that came with it."""
    places = [Path(sys.base_prefix) / "LICENSE.txt", Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"]
    for place in places:
        if place.is_file():
            yield "Python", place.read_text(encoding="utf-8")
            return
