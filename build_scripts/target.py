"""The system that a build is for, and how everything that comes of the build is named."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from enum import StrEnum

from build_scripts.project import version

PROGRAM = "tincan"
FOLDER = "tincan-folder"
BUNDLE = "Tincan.app"


class System(StrEnum):
    """The systems that Tincan is built for."""

    LINUX = "linux"
    WINDOWS = "windows"
    MACOS = "macos"


_SYSTEMS = {"linux": System.LINUX, "win32": System.WINDOWS, "darwin": System.MACOS}
_ARCHITECTURES = {"amd64": "x86_64", "x64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
_DEBIAN_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True)
class Target:
    """A system on a kind of processor."""

    system: System
    architecture: str  # x86_64, arm64, or what the system calls another one

    @property
    def name(self) -> str:
        """What every download for this target begins with: ``tincan-VERSION-SYSTEM-ARCH``."""
        return f"{PROGRAM}-{version()}-{self.system}-{self.architecture}"

    @property
    def suffix(self) -> str:
        """What the name of a program ends with."""
        return ".exe" if self.system is System.WINDOWS else ""

    @property
    def debian_architecture(self) -> str:
        """What Debian calls the processor."""
        return _DEBIAN_ARCHITECTURES.get(self.architecture, self.architecture)

    @property
    def has_one_file(self) -> bool:
        """Whether one file can be the program: on macOS an application is a folder."""
        return self.system is not System.MACOS

    @property
    def has_console_companion(self) -> bool:
        """Whether what prints needs a program of its own: on Windows, one that opens a window has no output."""
        return self.system is System.WINDOWS

    @property
    def console(self) -> str:
        """The name, without suffix, of the program for terminals."""
        return f"{PROGRAM}-console" if self.has_console_companion else PROGRAM


def this_target(system: str = sys.platform, machine: str | None = None) -> Target:
    """The target that this Python builds for. Raises ``ValueError`` for a system that Tincan is not built for."""
    if system not in _SYSTEMS:
        raise ValueError(f"Tincan is built on {', '.join(System)}, and this is {system!r}.")
    processor = (machine or platform.machine()).lower()
    return Target(_SYSTEMS[system], _ARCHITECTURES.get(processor, processor))
