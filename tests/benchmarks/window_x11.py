"""A person in front of an X display: pings a window as a window manager does, and types into it.

A ping (``_NET_WM_PING``) is answered by the toolkit from its event loop, so the time to its answer is
how long a window leaves a person waiting, whoever wrote it. Through ctypes and libX11.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import select
import time
from types import TracebackType

from tests.benchmarks.load import CannotServe

_CLIENT_MESSAGE, _KEY_PRESS, _KEY_RELEASE = 33, 2, 3
_KEY_MASKS = {_KEY_PRESS: 1, _KEY_RELEASE: 2}
_ANSWERS = 1 << 19 | 1 << 17  # SubstructureNotify, to which Tk sends its answer, and StructureNotify, as Qt does
_VIEWABLE = 2
_GIVES_UP = 100.0  # seconds without an answer
_A = 0x61  # the key that is typed

_ulong = ctypes.c_ulong


class _ClientMessage(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("serial", _ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", _ulong),
        ("message_type", _ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
    ]


class _Key(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("serial", _ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        *((name, _ulong) for name in ("window", "root", "subwindow", "time")),
        *((name, ctypes.c_int) for name in ("x", "y", "x_root", "y_root")),
        ("state", ctypes.c_uint),
        ("keycode", ctypes.c_uint),
        ("same_screen", ctypes.c_int),
    ]


class _Event(ctypes.Union):
    _fields_ = [("type", ctypes.c_int), ("client", _ClientMessage), ("key", _Key), ("room", ctypes.c_long * 24)]


class _Attributes(ctypes.Structure):
    """The beginning of XWindowAttributes as far as ``map_state``, and room for the rest."""

    _fields_ = [
        *((name, ctypes.c_int) for name in ("x", "y", "width", "height", "border", "depth")),
        ("visual", ctypes.c_void_p),
        ("root", _ulong),
        *((name, ctypes.c_int) for name in ("klass", "bit_gravity", "win_gravity", "backing_store")),
        *((name, _ulong) for name in ("planes", "pixel")),
        ("save_under", ctypes.c_int),
        ("colormap", _ulong),
        *((name, ctypes.c_int) for name in ("installed", "map_state")),
        ("room", ctypes.c_long * 8),
    ]


class Onlooker:
    """One connection to a display, and the largest window on it."""

    def __init__(self, display: str) -> None:
        """Raises ``CannotServe`` where there is no libX11, no such display, or no window on it."""
        name = ctypes.util.find_library("X11")
        if name is None:
            raise CannotServe("there is no libX11")
        self._x = _declared(ctypes.CDLL(name))
        self._display = self._x.XOpenDisplay(display.encode())
        if not self._display:
            raise CannotServe(f"no display {display}")
        self._root = self._x.XDefaultRootWindow(self._display)
        self._ping = self._x.XInternAtom(self._display, b"_NET_WM_PING", 0)
        self._protocols = self._x.XInternAtom(self._display, b"WM_PROTOCOLS", 0)
        self._x.XSelectInput(self._display, self._root, _ANSWERS)
        self._number = 0
        self.window = self._largest_window()

    def __enter__(self) -> Onlooker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._x.XCloseDisplay(self._display)

    def ping(self) -> float:
        """Milliseconds until the window answers. Raises ``CannotServe`` if it does not."""
        self._number += 1
        event = _Event()
        event.client.type, event.client.window = _CLIENT_MESSAGE, self.window
        event.client.message_type, event.client.format = self._protocols, 32
        event.client.data[0], event.client.data[1], event.client.data[2] = self._ping, self._number, self.window
        began = time.monotonic()
        self._send(event, 0)
        while time.monotonic() - began < _GIVES_UP:
            if self._is_answered():
                return (time.monotonic() - began) * 1000
            select.select([self._x.XConnectionNumber(self._display)], [], [], 0.5)
        raise CannotServe(f"the window has not answered for {_GIVES_UP:g} s")

    def type_key(self) -> float:
        """Type a letter into the window; the answer is when (``time.monotonic()``)."""
        code = self._x.XKeysymToKeycode(self._display, _A)
        at = time.monotonic()
        for kind, mask in _KEY_MASKS.items():
            event = _Event()
            event.key.type, event.key.window, event.key.root = kind, self.window, self._root
            event.key.keycode, event.key.same_screen = code, 1
            self._send(event, mask)
        return at

    def _send(self, event: _Event, mask: int) -> None:
        self._x.XSendEvent(self._display, self.window, 0, mask, ctypes.byref(event))
        self._x.XFlush(self._display)

    def _is_answered(self) -> bool:
        """Whether the answer to the latest ping has come; earlier ones and other news are passed over."""
        event = _Event()
        while self._x.XPending(self._display):
            self._x.XNextEvent(self._display, ctypes.byref(event))
            if event.type == _CLIENT_MESSAGE and list(event.client.data[:2]) == [self._ping, self._number]:
                return True
        return False

    def _largest_window(self) -> int:
        found, count = ctypes.POINTER(_ulong)(), ctypes.c_uint()
        nobody = _ulong()
        self._x.XQueryTree(
            self._display, self._root, ctypes.byref(nobody), ctypes.byref(nobody), ctypes.byref(found),
            ctypes.byref(count),
        )  # fmt: skip
        windows = [(self._size(found[place]), found[place]) for place in range(count.value)]
        size, window = max(windows, default=(0, 0))
        if not size:
            raise CannotServe("there is no window")
        return window

    def _size(self, window: int) -> int:
        """Pixels that a window covers; 0 if it is not to be seen."""
        told = _Attributes()
        self._x.XGetWindowAttributes(self._display, window, ctypes.byref(told))
        return int(told.width * told.height) if told.map_state == _VIEWABLE else 0


def _declared(x: ctypes.CDLL) -> ctypes.CDLL:
    """The library with the types of what is wider than an int: pointers and identifiers."""
    x.XOpenDisplay.restype = ctypes.c_void_p
    x.XOpenDisplay.argtypes = [ctypes.c_char_p]
    x.XDefaultRootWindow.restype = x.XInternAtom.restype = _ulong
    x.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    x.XSelectInput.argtypes = [ctypes.c_void_p, _ulong, ctypes.c_long]
    x.XSendEvent.argtypes = [ctypes.c_void_p, _ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p]
    x.XQueryTree.argtypes = [ctypes.c_void_p, _ulong, *[ctypes.c_void_p] * 4]
    x.XGetWindowAttributes.argtypes = [ctypes.c_void_p, _ulong, ctypes.c_void_p]
    x.XNextEvent.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    x.XKeysymToKeycode.restype = ctypes.c_ubyte
    x.XKeysymToKeycode.argtypes = [ctypes.c_void_p, _ulong]
    for name in ("XCloseDisplay", "XDefaultRootWindow", "XFlush", "XPending", "XConnectionNumber"):
        getattr(x, name).argtypes = [ctypes.c_void_p]
    return x
