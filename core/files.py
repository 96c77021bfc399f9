"""Small files that are kept between two runs: read within a limit, replaced in one step, set aside when bad, and the
folders for them. And what Windows asks of any file: its name, and patience with whoever has it open.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
import time
from collections.abc import Mapping
from pathlib import Path, PurePath, PureWindowsPath

# https://learn.microsoft.com/windows/win32/debug/system-error-codes--0-499-
_IN_USE = (5, 32, 33)  # ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION
_PAUSES = (0.01, 0.02, 0.04, 0.08, 0.15, 0.2)  # seconds
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[1-9¹²³]) *(\.|$)", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_LONGEST_PATH = 259  # MAX_PATH without the NUL at its end
_LONGEST_NAME = 255  # UTF-16 code units between two backslashes
_MOST_ASIDE = 20  # bad files of one name; then the last of them is replaced


def read_kept(path: Path, largest: int) -> str:
    """The text of a UTF-8 file, with or without a byte order mark.

    Raises ``OSError`` (``NotADirectoryError`` if the path leads through a file), and ``ValueError`` for more than
    ``largest`` bytes, for what is not UTF-8 and for what is no file, as a pipe is: opening that could wait for ever.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        _require_folders(path)
        raise
    _require_file(found)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        _require_file(os.fstat(descriptor))  # it may have been exchanged meanwhile
        data = file.read(largest + 1)
    if len(data) > largest:
        raise ValueError(f"larger than {largest // 1024} KiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"it is not UTF-8 (at line {line})") from error


def read_json(text: str) -> object:
    """What a text holds as JSON. Raises ``ValueError`` with words for whoever wrote it, a clause."""
    import json

    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON: see line {error.lineno}, character {error.colno}") from None
    except ValueError:  # more digits than Python reads
        raise ValueError("it has a number in it that is too long") from None


def write_kept(path: Path, text: str) -> None:
    """Write ASCII text so that the file is either the old one or the new one, whenever the power fails.

    Raises ``OSError``, and then the old file is as it was.
    """
    import tempfile

    descriptor, name = tempfile.mkstemp(prefix=path.name, suffix=".new", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        replace_file(Path(name), path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def make_own_folder(folder: Path) -> None:
    """Make a folder for its owner alone, and close one of this user's that others can enter. Raises ``OSError``.

    A link is somebody's choice: where it leads stays as it is.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = folder.lstat().st_mode
    if sys.platform != "win32" and is_own_folder(folder) and mode & 0o077:  # a user's folders there are theirs alone
        folder.chmod(stat.S_IMODE(mode) & ~0o077)


def is_own_folder(path: Path) -> bool:
    """Whether this is a folder, and no link to one, that this user owns. Raises ``OSError``."""
    found = path.lstat()
    return stat.S_ISDIR(found.st_mode) and (sys.platform == "win32" or found.st_uid == os.geteuid())


def set_aside(path: Path) -> Path:
    """Rename a file that cannot be understood, beside those set aside before; its new path. Raises ``OSError``."""
    aside = path.with_name(f"{path.name}.bad")
    number = 2
    while aside.exists() and number <= _MOST_ASIDE:
        aside = path.with_name(f"{path.name}.{number}.bad")
        number += 1
    return replace_file(path, aside)


def is_there(path: Path | str) -> bool:
    """Whether something has that name; nothing has one that is too long, for which ``Path.exists`` may raise."""
    return os.path.exists(path)  # noqa: PTH110 - see above


def require_possible(path: Path) -> None:
    """Raise ``OSError`` for a name that no file can have, as ``Path.exists`` does until Python 3.13 but on Windows."""
    if why := why_no_file(path):
        raise OSError(0, why)
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        path.stat()


def why_no_file(path: PurePath) -> str:
    """Why there can be no file of that name on Windows, as a clause; nothing elsewhere, or if there can.

    Windows itself says it badly or not at all: what is written to ``talk:1`` goes into a hidden stream of ``talk``,
    what is written to ``NUL`` is gone, and a full stop at the end is dropped.
    """
    return _why_no_file(PureWindowsPath(path), _takes_long_paths()) if sys.platform == "win32" else ""


def _why_no_file(path: PureWindowsPath, takes_long: bool) -> str:
    for name in path.parts[1:] if path.anchor else path.parts:
        if name == "..":
            continue
        if device := _DEVICE.match(name):
            return f"{device[1]} is a device of Windows, whatever stands behind it"
        if sign := _FORBIDDEN.search(name):
            return f"Windows allows no {sign[0] if sign[0] > ' ' else 'control character'} in a name"
        if name.endswith((".", " ")):
            return f"Windows drops the {'full stop' if name.endswith('.') else 'space'} at the end of a name"
        length = len(name.encode("utf-16-le", "surrogatepass")) // 2
        if length > _LONGEST_NAME:
            return f"its name has {length} characters, and Windows takes {_LONGEST_NAME}"
    length = len(str(path))
    if length > _LONGEST_PATH and not takes_long and not path.anchor.startswith("\\\\?\\"):
        return f"its path has {length} characters, and this Windows takes {_LONGEST_PATH}: choose a folder further up"
    return ""


def _takes_long_paths() -> bool:
    """Whether Windows takes paths of more than ``_LONGEST_PATH`` characters, which somebody has to switch on."""
    if sys.platform != "win32":
        return True
    import ctypes

    ask = getattr(ctypes.windll.ntdll, "RtlAreLongPathsEnabled", None)  # Windows 10, version 1607
    return bool(ask()) if ask is not None else False


def settings_folder(environment: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """Where this platform keeps a program's settings."""
    environment = os.environ if environment is None else environment
    if platform == "win32":
        return Path(environment.get("APPDATA") or _home(environment) / "AppData" / "Roaming") / "Tincan"
    if platform == "darwin":
        return _home(environment) / "Library" / "Application Support" / "Tincan"
    return Path(_absolute(environment, "XDG_CONFIG_HOME") or _home(environment) / ".config") / "tincan"


def data_folder(environment: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """Where this platform keeps what a program has recorded."""
    environment = os.environ if environment is None else environment
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or _home(environment) / "AppData" / "Local") / "Tincan"
    if platform == "darwin":
        return _home(environment) / "Library" / "Application Support" / "Tincan"
    return Path(_absolute(environment, "XDG_DATA_HOME") or _home(environment) / ".local" / "share") / "tincan"


def home_folder() -> Path:
    """Where a person's own files are, even for a user whom the system does not know."""
    return _home(os.environ)


def replace_file(path: Path, target: Path) -> Path:
    """Rename a file over another one, the second being gone afterwards.

    On Windows that is refused while any program has either of them open, as a virus scanner has a new one for a
    moment: it is tried again for up to half a second.
    """
    for pause in _PAUSES:
        try:
            return path.replace(target)
        except OSError as error:
            if getattr(error, "winerror", None) not in _IN_USE:
                raise
            time.sleep(pause)
    return path.replace(target)


def _require_folders(path: Path) -> None:
    """Say of a path that leads through a file what POSIX says: to Windows it is one of many that are not there."""
    there = next((folder for folder in path.parents if folder.exists()), None)
    if there is not None and not there.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))


def _require_file(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("not a file")


def _home(environment: Mapping[str, str]) -> Path:
    """Where the user is at home; the root, where who has no home mostly can keep nothing, and nobody else either."""
    home = environment.get("HOME") or environment.get("USERPROFILE")
    if home:
        return Path(home)
    if sys.platform != "win32":
        import pwd

        with contextlib.suppress(KeyError):  # nobody that the system knows
            return Path(pwd.getpwuid(os.geteuid()).pw_dir or os.sep)
    return Path(os.sep).absolute()


def _absolute(environment: Mapping[str, str], name: str) -> str | None:
    """The variable if it holds an absolute path; the XDG specification says to ignore others."""
    value = environment.get(name, "")
    return value if Path(value).is_absolute() else None
