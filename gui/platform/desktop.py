"""The desktop: its programs are handed things, it says whether it wants a light or a dark look, and X11's own library
has a folder for what it reads. No tkinter.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from core.files import home_folder, make_own_folder
from core.supervision import Worker

_PATIENCE = 0.3  # seconds for a desktop's settings program; it is asked before the first paint
_COMPOSE_CACHE = "XCOMPOSECACHE"
_WINDOWS_THEME = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
_WINDOWS_CONTRAST = r"Control Panel\Accessibility\HighContrast"
_HIGH_CONTRAST_ON = 1  # HCF_HIGHCONTRASTON, winuser.h


@contextmanager
def compose_cache(folder: Path) -> Iterator[None]:
    """Have libX11 keep there what it makes of the file of dead keys, while a display is opened in the ``with`` block.

    Without a server for input methods it reads that file, half a megabyte, three times for each program: 17 ms. It sees
    by itself whether the file is newer, and does without a cache for root, in a folder that is not there, and in one
    that others can write to (Compose(5)). Into what a person's own file includes it does not look: then there is none.
    """
    has_own = os.access(home_folder() / ".XCompose", os.R_OK)  # False, too, for who may not look into that folder
    if _COMPOSE_CACHE in os.environ or "XCOMPOSEFILE" in os.environ or has_own:
        yield
        return
    with suppress(OSError):
        make_own_folder(folder)
    os.environ[_COMPOSE_CACHE] = str(folder)
    try:
        yield
    finally:
        del os.environ[_COMPOSE_CACHE]  # programs that are started from here need not know


def open_folder(folder: Path) -> bool:
    """Show a folder in the file program; False if there is none. Does not wait for it."""
    return _open(folder)


def open_file(path: Path) -> bool:
    """Show a text file in the program that the desktop has for it; False if there is none. Does not wait for it.

    Never for a file that somebody else sent: what the desktop opens, it may also run.
    """
    return path.is_file() and _open(path)


def edit_file(path: Path) -> bool:
    """Open a file in an editor of text; False if there is none. Does not wait for it.

    On Windows by name: what the desktop opens there, of a Python file, is Python, which runs it.
    """
    if sys.platform == "win32":
        return _run("notepad.exe", str(path))
    return _run("open", "-t", str(path)) if sys.platform == "darwin" else _run("xdg-open", str(path))


def _open(path: Path) -> bool:
    if sys.platform == "win32":
        try:
            os.startfile(path)
        except OSError:
            return False
        return True
    return _run("open" if sys.platform == "darwin" else "xdg-open", str(path))


def _run(program: str, *arguments: str) -> bool:
    import subprocess

    try:
        opener = subprocess.Popen(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return False
    Worker(opener.wait, f"waits for {program}", daemon=True).begin()
    return True


def system_palette() -> str:
    """The name of the palette that fits the desktop; light where it does not say."""
    try:
        if sys.platform == "win32":
            return _windows_palette()
        if sys.platform == "darwin":
            return "dark" if _answer("defaults", "read", "-g", "AppleInterfaceStyle") == "Dark" else "light"
        return linux_palette(os.environ, _answer)
    except (OSError, ValueError):
        return "light"


def linux_palette(environment: Mapping[str, str], ask: Callable[..., str] | None = None) -> str:
    """What a desktop on X11 or Wayland says, by its environment and its settings program."""
    theme = environment.get("GTK_THEME", "").lower() or _gtk_theme(environment)
    if "highcontrast" in theme.replace("-", "").replace(" ", ""):
        return "high contrast"
    if theme.endswith("dark") or ":dark" in theme:
        return "dark"
    if environment.get("XDG_CURRENT_DESKTOP") and ask is not None:
        return "dark" if "dark" in ask("gsettings", "get", "org.gnome.desktop.interface", "color-scheme") else "light"
    return "light"


def _gtk_theme(environment: Mapping[str, str]) -> str:
    """The theme named in GTK's settings file, in lower case."""
    home = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME", "/")) / ".config")
    try:
        text = (Path(home) / "gtk-3.0" / "settings.ini").read_text(encoding="utf-8")[:65536]
    except (OSError, UnicodeError):
        return ""
    wanted = [line.partition("=")[2].strip().lower() for line in text.splitlines() if "gtk-theme-name" in line]
    if any("prefer-dark-theme=1" in line.replace(" ", "").replace("true", "1") for line in text.splitlines()):
        return "dark"
    return wanted[-1] if wanted else ""


def _answer(*command: str) -> str:
    import subprocess

    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _windows_palette() -> str:
    if sys.platform != "win32":
        raise OSError("only Windows has a registry")
    import winreg

    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _WINDOWS_CONTRAST) as key:
        flags = int(winreg.QueryValueEx(key, "Flags")[0])
    if flags & _HIGH_CONTRAST_ON:
        return "high contrast"
    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _WINDOWS_THEME) as key:
        return "light" if winreg.QueryValueEx(key, "AppsUseLightTheme")[0] else "dark"
