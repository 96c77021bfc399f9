"""Marks for tests that cannot hold on every system, or without a program of somebody else's.

The reason of each that is about a system begins with the system's name.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import TypeVar

import pytest

from build_scripts.checks import EXAMPLES

T = TypeVar("T")

ON_WINDOWS = sys.platform == "win32"


def _is_wine() -> bool:
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(
        ctypes.WinDLL("ntdll"), "wine_get_version"
    )  # https://gitlab.winehq.org/wine/wine/-/wikis/Developer-FAQ


ON_WINE = _is_wine()

only_windows = pytest.mark.skipif(not ON_WINDOWS, reason="Windows: there is none to be asked")


def only_posix(reason: str) -> pytest.MarkDecorator:
    """The test is of something that Windows has not, or has otherwise."""
    return pytest.mark.skipif(ON_WINDOWS, reason=f"POSIX: {reason}")


def only_linux(reason: str) -> pytest.MarkDecorator:
    """The test is of something that Linux, or X11, has and no other system."""
    return pytest.mark.skipif(sys.platform != "linux", reason=f"POSIX, as Linux has it: {reason}")


def not_on_wine(reason: str) -> pytest.MarkDecorator:
    """Wine lacks what the test is of, or does it otherwise than Windows."""
    return pytest.mark.skipif(ON_WINE, reason=f"Wine: {reason}")


needs_rst = not_on_wine("a received RST reads as FIN")
needs_icmp = not_on_wine("who receives is not told that a datagram came back")
needs_links = not_on_wine("a symbolic link is none that it reads back")


def not_installed(what: str) -> str:
    """The reason to skip a test for a program or a package that is lacking here. Under Wine, none of Linux is there."""
    return f"{'Wine: ' if ON_WINE else ''}{what} is not installed"


def needs(program: str) -> pytest.MarkDecorator:
    """The test is of what a program does that need not be installed."""
    return pytest.mark.skipif(shutil.which(program) is None, reason=not_installed(program))


def _has_ipv6() -> bool:
    """Whether this machine has IPv6; in most containers it is compiled in and switched off."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")


def needs_descriptors(number: int) -> pytest.MarkDecorator:
    """The test has so many files and sockets open at once."""
    most = number
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        most = hard if hard != resource.RLIM_INFINITY else number
    return pytest.mark.skipif(most < number, reason=f"{most} open files are all that is allowed here")


# One of so many examples is tried. .ci/run asks for all, dev.py coverage for few. On Windows, where files take far
# longer, and Wine is slow, all are not to be had.
_ONE_OF = {"all": 4 if ON_WINDOWS else 1, "few": 16}.get(os.environ.get(EXAMPLES, ""), 4)
TRIES_ALL = _ONE_OF == 1


def examples(number: int, least: int = 5) -> int:
    """How many examples of a law are tried: a fourth, though no fewer than ``least``; all where that is asked for."""
    return number if TRIES_ALL else max(least, number // _ONE_OF)


def some(cases: Sequence[T], least: int = 5) -> Sequence[T]:
    """The cases of a law that are tried where each takes long: each fourth, and all where that is asked for."""
    return cases[:: len(cases) // examples(len(cases), min(least, len(cases)))]


def command_line(*words: str) -> str:
    """The words as a person types them here to have a program started."""
    return subprocess.list2cmdline(words) if ON_WINDOWS else shlex.join(words)


def path_of(program: str) -> str:
    """Where that program is. Skips the test that asks for one that is not installed."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(not_installed(program))
    return found
