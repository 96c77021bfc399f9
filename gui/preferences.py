"""The file in which the window's preferences are kept, and the folders of this program. No tkinter.

The file is small JSON that people may edit. One that cannot be understood is set aside with
``.bad`` behind its name and the defaults are used; one that cannot be written is said so once.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from core.errors import AddressError, TlsSettingsError
from core.files import read_json, read_kept, set_aside, write_kept
from core.proxy import parse_proxy
from core.replies import find_reply
from core.tls.settings import parse_pin
from core.words import sentence
from gui.viewmodels.drafting import ENCODINGS, FORMATS, SentMessage
from gui.viewmodels.preferences import (
    LONGEST_MESSAGE,
    LONGEST_VARIABLE,
    MOST_ADDRESSES,
    MOST_JOURNALS,
    MOST_MEGABYTES,
    MOST_MESSAGES,
    MOST_PINS,
    MOST_VARIABLES,
    ROWS,
    SOCKET_MODES,
    TIMES,
    TLS_CLIENTS,
    TLS_VERSIONS,
    WHEN_FULL,
    Preferences,
    is_text,
)

VERSION = 1
LARGEST_FILE = 2 * 1024 * 1024  # bytes; ours stays far below
LONGEST_NAME = 200  # characters of a font's or a palette's name
LONGEST_ADDRESS = 300  # characters of a host, a port or a journal's name
LARGEST_STEP = 100  # points that text may be larger or smaller than usual; a window offers less
WIDEST = 10_000  # characters of a pane
MOST_LIMITS = 100
LARGEST_NUMBER = 1e15  # what JSON calls NaN is no larger and no smaller, and refused with those that are

_GEOMETRY = re.compile(r"(\d{2,5})x(\d{2,5})\+(-?\d{1,5})\+(-?\d{1,5})")
_LEAST_SCALE, _LARGEST_SCALE = 0.1, 50.0
_VISIBLE = 80  # pixels of the window that must be on the screen for it to count as being there


class PreferencesFile:
    """The file. ``notice`` holds a sentence for the person after something went wrong, once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notice = ""
        self._complained = False
        self._saved: Preferences | None = None

    def load(self) -> Preferences:
        """What the file says, or the defaults."""
        try:
            preferences = parse(read_kept(self.path, LARGEST_FILE))
        except FileNotFoundError:
            return Preferences()
        except (OSError, ValueError) as error:
            self._set_aside(error)
            return Preferences()
        self._saved = preferences
        return preferences

    def save(self, preferences: Preferences) -> None:
        """Write the file so that it is either the old one or the new one, whenever the power fails."""
        if preferences == self._saved:
            return
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_kept(self.path, json.dumps({"version": VERSION, **asdict(preferences)}, ensure_ascii=True, indent=1))
            self._saved = preferences
        except OSError as error:
            why = sentence(f"Settings cannot be kept in {self.path.parent}: {error.strerror}")
            self._complain(f"{why} Tincan runs without.")

    def _complain(self, sentence: str) -> None:
        if not self._complained:
            self.notice = sentence
        self._complained = True

    def _set_aside(self, error: Exception) -> None:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        try:
            aside = set_aside(self.path)
        except OSError:
            self._complain(f"The settings in {self.path} could not be read ({reason}). Tincan runs without.")
            return
        self.notice = f"The settings could not be read ({reason}). They were set aside as {aside.name}."


def parse(text: str) -> Preferences:
    """Preferences from JSON. Raises ``ValueError`` for anything that this version cannot have written."""
    found = read_json(text)
    if not isinstance(found, dict) or "version" not in found:
        raise ValueError("there are no settings in it")
    version = found.pop("version")
    if type(version) is not int or not 0 < version <= VERSION:
        raise ValueError(f"it was written by another version, {str(version)[:20]}")
    defaults, values = Preferences(), dict[str, Any]()
    for name in (known.name for known in fields(Preferences)):
        if name in found:
            values[name] = _checked(name, getattr(defaults, name), found[name])
    if not _LEAST_SCALE <= values.get("geometry_scale", defaults.geometry_scale) <= _LARGEST_SCALE:
        values["geometry_scale"] = defaults.geometry_scale
    return Preferences(**values)


def typed_path(text: str) -> Path:
    """The path that somebody typed or pasted; ``~`` stands for a home, unless it is nobody's.

    Quotation marks around it are those of Windows' *Copy as path*, and ``file://`` is what other file managers copy.
    """
    text = text.strip("\r\n")
    if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    if text.startswith("file:///"):
        from urllib.request import url2pathname  # it takes long to import, and is seldom wanted

        text = url2pathname(text.removeprefix("file://"))
    with contextlib.suppress(RuntimeError):
        return Path(text).expanduser()
    return Path(text)


def on_screen(geometry: str, area_at: Callable[[int, int], tuple[int, int, int, int]], factor: float = 1.0) -> str:
    """The geometry, made to fit the screen on which its middle lies; empty if it makes no sense.

    ``area_at`` gives the left and upper edge, the width and the height in pixels of the screen that has a place.

    The window's size is multiplied by ``factor``: by how much larger the text is than when it was measured.

    A window that would be out of sight keeps its size and loses its place.
    """
    found = _GEOMETRY.fullmatch(geometry)
    if not found:
        return ""
    wide, high = (round(int(side) * factor) for side in found.groups()[:2])
    x, y = int(found[3]), int(found[4])
    left, top, width, height = area_at(x + wide // 2, y + high // 2)
    wide, high = min(wide, width), min(high, height)
    across, down = x - left, y - top
    if not (-wide + _VISIBLE <= across <= width - _VISIBLE and 0 <= down <= height - _VISIBLE):
        return f"{wide}x{high}"
    return f"{wide}x{high}+{x}+{y}"


def _checked(name: str, default: object, value: object) -> object:
    if name in _READERS:
        return _READERS[name](value)
    if isinstance(default, tuple):
        return _texts(name, value)
    if isinstance(default, dict):
        return _numbers(name, value)
    if name in _WIDTHS:
        return _width(name, value)
    if type(value) is not type(default):
        raise ValueError(f"{name} is not what it should be")
    if isinstance(value, str) and not value.isprintable():
        return default
    if name in _CHOICES and value not in dict(_CHOICES[name]):
        return default  # a later version has more of them, and is no reason to forget everything else
    if name == "reply":
        return _reply(str(value), default)
    if name in _BOUNDS and value not in _BOUNDS[name]:
        raise ValueError(f"{name} is out of bounds")
    if name in _NAMES and len(str(value)) > LONGEST_NAME:
        raise ValueError(f"{name} is longer than a name")
    return value


def _reply(name: str, default: object) -> object:
    """A reply that needs no argument; those that do are for one run."""
    kind = find_reply(name)
    if kind is None:
        raise ValueError(f"there is no reply called {name[:20]!r}")
    return default if kind.takes else name


_CHOICES = {
    "read_as": ENCODINGS,
    "rows": ROWS,
    "times": TIMES,
    "when_full": WHEN_FULL,
    "socket_mode": SOCKET_MODES,
    "tls_lowest": TLS_VERSIONS,
    "tls_clients": TLS_CLIENTS,
}
_BOUNDS = {
    "keep_journals": range(1, MOST_JOURNALS + 1),
    "journal_megabytes": range(1, MOST_MEGABYTES + 1),
    "running_megabytes": range(1, MOST_MEGABYTES + 1),
    "text_size": range(-LARGEST_STEP, LARGEST_STEP + 1),
}
_WIDTHS = ("list_width", "side_width")
_NAMES = ("theme", "font", "mono_font", "format", "encoding", "ending", "frame")


def _width(name: str, value: object) -> float:
    """Characters; JSON and people write whole ones without a point."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= WIDEST:
        raise ValueError(f"{name} is out of bounds")
    return float(value)


def _texts(name: str, value: object) -> tuple[str, ...]:
    """Hosts, ports or names of files, without those that can be none: they are shown on one line."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} is not a list of texts")
    return tuple(item for item in value if item.isprintable() and len(item) <= LONGEST_ADDRESS)[:MOST_ADDRESSES]


def _variables(value: object) -> dict[str, str]:
    """Texts by their names."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ValueError("variables is not a table of texts")
    fit = {name: text for name, text in value.items() if name.isidentifier() and is_text(text)}
    short = {name: text for name, text in fit.items() if max(len(name), len(text)) <= LONGEST_VARIABLE}
    return dict(list(short.items())[-MOST_VARIABLES:])


def _on_connect(value: object) -> dict[str, str]:
    """What clients say on connect, by address."""
    if not isinstance(value, dict) or len(value) > MOST_PINS or not all(isinstance(one, str) for one in value.values()):
        raise ValueError("on_connect is not a table of texts")
    fit = {address: written for address, written in value.items() if len(address) <= LONGEST_ADDRESS >= len(written)}
    return {address: written for address, written in fit.items() if (address + written).isprintable()}


def _reply_arguments(value: object) -> dict[str, str]:
    """What replies were given last, by kind, also of a kind that only a later version knows."""
    if (
        not isinstance(value, dict)
        or len(value) > MOST_LIMITS
        or not all(isinstance(one, str) for one in value.values())
    ):
        raise ValueError("reply_arguments is not a table of texts")
    return {kind: text for kind, text in value.items() if text.isprintable() and len(text) <= LONGEST_VARIABLE}


def _pins(value: object) -> dict[str, str]:
    """Fingerprints of certificates by the addresses where they are trusted."""
    if not isinstance(value, dict) or len(value) > MOST_PINS:
        raise ValueError("pins is not a table of fingerprints")
    try:
        pins = {address: parse_pin(str(pin)) for address, pin in value.items()}
    except TlsSettingsError as error:
        raise ValueError(f"pins: {error}") from error
    return {address: pin for address, pin in pins.items() if address.isprintable() and len(address) <= LONGEST_ADDRESS}


def _proxy(value: object) -> str:
    """A proxy without a password; none if it is of a kind that this version does not know."""
    if not isinstance(value, str):
        raise ValueError("proxy is no text")
    try:
        return parse_proxy(value).with_user if value else ""
    except AddressError:
        return ""


def _messages(value: object) -> tuple[SentMessage, ...]:
    """Messages, each a text or a list of a text, its format and its encoding; without those that are no text."""
    if not isinstance(value, list):
        raise ValueError("messages is not a list")
    messages = (_message(item) for item in value[:MOST_MESSAGES])
    return tuple(message for message in messages if is_text(message.text))


def _message(item: object) -> SentMessage:
    parts = [item] if isinstance(item, str) else item
    if not isinstance(parts, list) or not 1 <= len(parts) <= len(SentMessage._fields):
        raise ValueError("a message is not a text with its format and encoding")
    if not all(isinstance(part, str) for part in parts):
        raise ValueError("a message has parts that are not texts")
    message = SentMessage(*parts)
    known = message.format in dict(FORMATS) and message.encoding in dict(ENCODINGS)
    return (
        message._replace(text=message.text[:LONGEST_MESSAGE]) if known else SentMessage(message.text[:LONGEST_MESSAGE])
    )


def _numbers(name: str, value: object) -> dict[str, float | None]:
    """Numbers by their names, those that only a later version knows included; None is off."""
    if not isinstance(value, dict) or len(value) > MOST_LIMITS:
        raise ValueError(f"{name} is not a table of numbers")
    if not all(number is None or _is_number(number) for number in value.values()):
        raise ValueError(f"{name} holds something that is not a number")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER


_READERS: dict[str, Callable[[object], object]] = {
    "messages": _messages,
    "variables": _variables,
    "on_connect": _on_connect,
    "reply_arguments": _reply_arguments,
    "pins": _pins,
    "proxy": _proxy,
}
