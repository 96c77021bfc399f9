"""A person's eyes and hands on an X display: finds a program's window, and presses real keys by XTEST.

Speaks the X protocol itself (X Window System Protocol, X11R7, and the XTEST extension), so that driving a
built program needs nothing but the standard library.
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Iterable
from types import TracebackType

_SHIFT, _CONTROL = 0xFFE1, 0xFFE3
_ALT = 0xFFE9
KEYS = {
    "Return": 0xFF0D,
    "Tab": 0xFF09,
    "Escape": 0xFF1B,
    "Home": 0xFF50,
    "Left": 0xFF51,
    "Up": 0xFF52,
    "Right": 0xFF53,
    "Down": 0xFF54,
    "End": 0xFF57,
    **{f"F{n}": 0xFFBD + n for n in range(1, 13)},
}
# Requests
_GET_WINDOW_ATTRIBUTES, _QUERY_TREE, _INTERN_ATOM, _GET_PROPERTY = 3, 15, 16, 20
_CHANGE_PROPERTY = 18
_SET_INPUT_FOCUS, _GET_INPUT_FOCUS = 42, 43
_GET_IMAGE, _QUERY_EXTENSION, _GET_KEYBOARD_MAPPING = 73, 98, 101
_Z_PIXMAP, _ALL_PLANES = 2, 0xFFFFFFFF
_FAKE_INPUT = 2  # of XTEST
_KEY_PRESS, _KEY_RELEASE = 2, 3
_WM_CLASS, _STRING, _RESOURCE_MANAGER = 67, 31, 23  # atoms that every server has
_VIEWABLE = 2
_NORMAL_STATE = 1  # of the Inter-Client Communication Conventions Manual, 4.1.3.1
_ERROR, _REPLY = 0, 1
_TIMEOUT = 10.0  # seconds for an answer of the server
_BETWEEN_KEYS = 0.02  # seconds; the fastest typists need three times as long


class DisplayError(Exception):
    """The display cannot be used; the message says why."""


class Display:
    """One connection to a local display (``:0``), for one thread."""

    def __init__(self, name: str) -> None:
        """Raises ``DisplayError`` if there is no such display, or none that lets us in."""
        number = name.partition(":")[2].partition(".")[0]
        self._server = _local_socket()
        self._server.settimeout(_TIMEOUT)
        try:
            self._server.connect(f"/tmp/.X11-unix/X{number}")  # noqa: S108 - where X servers are
            self._open()
        except (OSError, DisplayError) as error:
            self._server.close()
            raise DisplayError(f"no display {name}: {error}") from error

    def __enter__(self) -> Display:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.close()

    def window(self, name: str) -> int | None:
        """The window of the class ``name`` if it is on the screen; without a window manager, which would put a frame
        around it.
        """
        return next(iter(self.windows(name)), None)

    def windows(self, name: str) -> list[int]:
        """All windows of the class ``name`` that are on the screen."""
        return [each for each in self._windows() if name in self._class(each) and self._is_viewable(each)]

    def focus(self, window: int) -> None:
        """Have keys go to a window, as a window manager does for the one that was clicked; to none that is hidden.

        It is also told that it is shown: without that, Wine waits two seconds before it hides a window.
        """
        state = self._atom(b"WM_STATE")
        self._send(_CHANGE_PROPERTY, 0, struct.pack("<IIIBxxxIII", window, state, state, 32, 2, _NORMAL_STATE, 0))
        self._send(_SET_INPUT_FOCUS, 1, struct.pack("<II", window, 0))

    def take_focus(self) -> None:
        """Have keys go nowhere."""
        self._send(_SET_INPUT_FOCUS, 1, struct.pack("<II", 0, 0))

    def has_focus(self, window: int) -> bool:
        """Whether keys go to a window."""
        return bool(struct.unpack_from("<I", self._ask(_GET_INPUT_FOCUS, 0, b""), 8)[0] == window)

    def press(self, key: str, *, control: bool = False, alt: bool = False, shift: bool = False) -> None:
        """Press and release a key, at the pace of a person: a character, or a name in ``KEYS``."""
        symbol = KEYS.get(key) or ord(key)
        code, shifted = self._codes[symbol]
        wanted = ((_CONTROL, control), (_ALT, alt), (_SHIFT, shifted or shift))
        held = [self._codes[modifier][0] for modifier, is_held in wanted if is_held]
        self._strike(_KEY_PRESS, [*held, code])
        self._strike(_KEY_RELEASE, [code, *reversed(held)])
        self._ask(_GET_INPUT_FOCUS, 0, b"")  # answered when the key has arrived: a server may forget who goes before
        time.sleep(_BETWEEN_KEYS)

    def type(self, text: str) -> None:
        """Press the keys for a text, one after the other."""
        for character in text:
            self.press(character)

    def put_resources(self, resources: str) -> None:
        """Give programs that are started from now on these X resources, as ``xrdb -load`` does."""
        text = resources.encode("latin-1")
        head = struct.pack("<IIIBxxxI", self._root, _RESOURCE_MANAGER, _STRING, 8, len(text))
        self._send(_CHANGE_PROPERTY, 0, head + _padded(text))
        self._ask(_QUERY_TREE, 0, struct.pack("<I", self._root))  # which is answered when it is done

    def picture(self, width: int, height: int) -> bytes:
        """The upper left part of the screen as it is now: three bytes a pixel (red, green, blue), row by row.

        Raises ``DisplayError`` for a screen that is smaller, or that has other than 24 bits a pixel.
        """
        area = struct.pack("<IhhHHI", self._root, 0, 0, width, height, _ALL_PLANES)
        reply = self._ask(_GET_IMAGE, _Z_PIXMAP, area)
        if reply[1] != 24:
            raise DisplayError(f"the screen has {reply[1]} bits a pixel instead of 24")
        pixels = bytearray(3 * width * height)
        for channel in range(3):  # blue comes first, and a byte of nothing last
            pixels[2 - channel :: 3] = reply[32 + channel :: 4][: width * height]
        return bytes(pixels)

    def _strike(self, kind: int, codes: Iterable[int]) -> None:
        for code in codes:
            event = struct.pack("<BBxxIIxxxxxxxxhhxxxxxxxB", kind, code, 0, 0, 0, 0, 0)
            self._send(self._xtest, _FAKE_INPUT, event)

    def _open(self) -> None:
        self._server.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
        accepted, words = struct.unpack("<BxxxxxH", self._take(8))
        setup = self._take(words * 4)
        if accepted != 1:
            raise DisplayError(setup.rstrip(b"\0").decode("latin-1"))
        vendor, formats = struct.unpack_from("<H", setup, 16)[0], setup[21]
        self._root = struct.unpack_from("<I", setup, 32 + (vendor + 3) // 4 * 4 + formats * 8)[0]
        self._codes = self._keyboard(first=setup[26], last=setup[27])
        name = b"XTEST"
        reply = self._ask(_QUERY_EXTENSION, 0, struct.pack("<Hxx", len(name)) + _padded(name))
        if not reply[8]:
            raise DisplayError("the server has no XTEST")
        self._xtest = reply[9]

    def _keyboard(self, first: int, last: int) -> dict[int, tuple[int, bool]]:
        """The key for each symbol, and whether it needs Shift."""
        reply = self._ask(_GET_KEYBOARD_MAPPING, 0, struct.pack("<BBxx", first, last - first + 1))
        columns = reply[1]
        symbols = struct.unpack_from(f"<{columns * (last - first + 1)}I", reply, 32)
        codes: dict[int, tuple[int, bool]] = {}
        for shifted in (False, True):
            for code in range(first, last + 1):
                codes.setdefault(symbols[(code - first) * columns + shifted], (code, shifted))
        return codes

    def _atom(self, name: bytes) -> int:
        request = struct.pack("<Hxx", len(name)) + _padded(name)
        return int(struct.unpack_from("<I", self._ask(_INTERN_ATOM, 0, request), 8)[0])

    def _windows(self) -> tuple[int, ...]:
        reply = self._ask(_QUERY_TREE, 0, struct.pack("<I", self._root))
        count = struct.unpack_from("<H", reply, 16)[0]
        return struct.unpack_from(f"<{count}I", reply, 32)

    def _class(self, window: int) -> list[str]:
        """The two names of a window's class; nothing if it has none or is gone."""
        try:
            reply = self._ask(_GET_PROPERTY, 0, struct.pack("<IIIII", window, _WM_CLASS, _STRING, 0, 256))
        except DisplayError:
            return []
        length = struct.unpack_from("<I", reply, 16)[0]
        return [name.decode("latin-1") for name in reply[32 : 32 + length].split(b"\0") if name]

    def _is_viewable(self, window: int) -> bool:
        try:
            return self._ask(_GET_WINDOW_ATTRIBUTES, 0, struct.pack("<I", window))[26] == _VIEWABLE
        except DisplayError:
            return False

    def _ask(self, request: int, detail: int, content: bytes) -> bytes:
        """Send a request that has a reply, and return it."""
        self._send(request, detail, content)
        while True:
            head = self._take(32)
            if head[0] == _ERROR and head[10] == request:  # others are of requests without a reply, for what is gone
                raise DisplayError(f"the server refused request {head[10]} with error {head[1]}")
            if head[0] == _REPLY:
                return head + self._take(struct.unpack_from("<I", head, 4)[0] * 4)

    def _send(self, request: int, detail: int, content: bytes) -> None:
        self._server.sendall(struct.pack("<BBH", request, detail, 1 + len(content) // 4) + content)

    def _take(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            more = self._server.recv(size - len(data))
            if not more:
                raise DisplayError("the server has gone")
            data += more
        return bytes(data)


def _local_socket() -> socket.socket:
    if sys.platform == "win32":
        raise DisplayError("there are no X displays on Windows")
    return socket.socket(socket.AF_UNIX)


def _padded(text: bytes) -> bytes:
    return text + bytes(-len(text) % 4)
