"""The one question to an X server that Tk does not ask. No tkinter.

Elsewhere, and where there is no Xlib, the answer is that it cannot be told. The calls are those of Xlib - C Language X
Interface (X11R7).
"""

from __future__ import annotations

from contextlib import suppress
from ctypes import CDLL, CFUNCTYPE, byref, c_int, c_uint, c_ulong, c_void_p

_LIBRARY = "libX11.so.6"
_MOST_FRAMES = 8  # windows around one another


def corner_of_frame(window: int) -> tuple[int, int] | None:
    """Where on the screen the outermost window around a window begins, in pixels; None if that cannot be told.

    That is the frame of the window manager's; where there is none, what Tk puts around window and menu bar.
    """
    with suppress(OSError, AttributeError):
        xlib = CDLL(_LIBRARY)
        xlib.XOpenDisplay.restype = xlib.XSetErrorHandler.restype = c_void_p
        display = xlib.XOpenDisplay(None)
        if display:
            # By itself Xlib ends the program for a window that has gone meanwhile.
            ignore = CFUNCTYPE(c_int, c_void_p, c_void_p)(lambda _display, _error: 0)
            before = xlib.XSetErrorHandler(ignore)
            try:
                return _corner(xlib, c_void_p(display), window)
            finally:
                xlib.XSetErrorHandler(c_void_p(before))
                xlib.XCloseDisplay(c_void_p(display))
    return None


def _corner(xlib: CDLL, display: c_void_p, window: int) -> tuple[int, int] | None:
    outermost = _outermost(xlib, display, window)
    root, x, y = c_ulong(), c_int(), c_int()
    sizes = [c_uint() for _ in range(4)]  # width, height, border, depth
    frame = c_ulong(outermost)
    if not outermost or not xlib.XGetGeometry(display, frame, byref(root), byref(x), byref(y), *map(byref, sizes)):
        return None
    return x.value, y.value  # in the root window, with the border


def _outermost(xlib: CDLL, display: c_void_p, window: int) -> int:
    """The window that stands in the root window, around this one; 0 if that cannot be told."""
    root, parent, children, count = c_ulong(), c_ulong(), c_void_p(), c_uint()
    for _ in range(_MOST_FRAMES):
        answers = map(byref, (root, parent, children, count))
        if not xlib.XQueryTree(display, c_ulong(window), *answers):
            return 0
        if children.value:
            xlib.XFree(children)
        if parent.value == root.value:
            return window
        window = parent.value
    return 0
