"""How setuptools fills the wheel: with the packages inside ``tincan``, and with imports that find them there.

In the checkout the packages are ``core`` and ``gui``. Installed under such names they would clash with anybody's, so
``pyproject.toml`` maps them to ``tincan.core`` and ``tincan.gui``, and the imports are renamed in the copies.
Setuptools loads this file by itself, so it imports nothing of ours.
"""

from __future__ import annotations

import ast
from pathlib import Path

from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel
from setuptools.errors import SetupError

HOME = "tincan"
_MOVED = ("core", "gui")


class BuildPy(build_py):
    """Copies the modules and renames their imports."""

    def build_module(self, module: str, module_file: str, package: str) -> tuple[str, bool]:
        """Copy one module."""
        copied: tuple[str, bool] = super().build_module(module, module_file, package)
        path = Path(copied[0])
        path.write_bytes(renamed(path.read_bytes()))
        return copied


class NoEditableWheel(editable_wheel):
    """Refuses ``pip install --editable``, which would leave the modules as they are: they would not find each other."""

    def run(self) -> None:
        """Say what to do instead."""
        raise SetupError("Tincan cannot be installed as editable; in its folder, 'python3 -m gui' runs it as it stands")


def renamed(source: bytes) -> bytes:
    """A module's source in which ``from core.address import ...`` is ``from tincan.core.address import ...``.

    Lines keep their numbers. Raises ``ValueError`` for an import whose renaming would change which name it binds.
    """
    lines = source.split(b"\n")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import) and any(_is_moved(alias.name) for alias in node.names):
            raise ValueError(f"line {node.lineno}: write 'from PACKAGE import NAME', which can be renamed")
        if isinstance(node, ast.ImportFrom) and node.module and _is_moved(node.module):
            line = lines[node.lineno - 1]
            name = node.col_offset + len(b"from ")
            if not line.startswith(node.module.encode(), name):
                raise ValueError(f"line {node.lineno}: {node.module} must stand right behind 'from '")
            lines[node.lineno - 1] = line[:name] + f"{HOME}.".encode() + line[name:]
    return b"\n".join(lines)


def _is_moved(module: str) -> bool:
    return module.partition(".")[0] in _MOVED
