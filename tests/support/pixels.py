"""What is really on the screen: pixels read back from the X server."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

import pytest

_ALL_PLANES = 0xFFFFFFFF
_Z_PIXMAP = 2


class Box(NamedTuple):
    """A rectangle in pixels, on the screen or within a picture."""

    x: int
    y: int
    width: int
    height: int

    def grown(self, by: int) -> Box:
        """With so many pixels more on every side."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)


class Picture:
    """Rows of colours as ``#rrggbb``."""

    def __init__(self, width: int, height: int, pixels: list[str]) -> None:
        self.width = width
        self.height = height
        self._pixels = pixels

    def __getitem__(self, place: tuple[int, int]) -> str:
        x, y = place
        return self._pixels[y * self.width + x]

    def places(self) -> Iterator[tuple[int, int]]:
        """Every place, row by row."""
        return ((x, y) for y in range(self.height) for x in range(self.width))

    def changed_from(self, other: Picture) -> dict[tuple[int, int], str]:
        """The places that look different from ``other``, and the colour that they have here."""
        assert (self.width, self.height) == (other.width, other.height)
        both = zip(self.places(), self._pixels, other._pixels, strict=True)
        return {place: here for place, here, there in both if here != there}


class _Image(ctypes.Structure):
    """The beginning of Xlib's XImage."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("width", "height", "xoffset", "format")),
        ("data", ctypes.c_void_p),
        *((name, ctypes.c_int) for name in ("byte_order", "bitmap_unit", "bitmap_bit_order", "bitmap_pad", "depth")),
        *((name, ctypes.c_int) for name in ("bytes_per_line", "bits_per_pixel")),
    )


class Screen:
    """A connection of its own to the X server."""

    def __init__(self, x11: ctypes.CDLL, display: int) -> None:
        self._x11 = x11
        self._display = display
        self._root = x11.XDefaultRootWindow(display)

    def picture(self, box: Box) -> Picture:
        """What the rectangle shows. It must lie on the screen: the X server ends programs that look beyond."""
        screen = self._x11.XDefaultScreen(self._display)
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= self._x11.XDisplayWidth(self._display, screen)
        assert box.y + box.height <= self._x11.XDisplayHeight(self._display, screen)
        image = self._x11.XGetImage(self._display, self._root, *box, _ALL_PLANES, _Z_PIXMAP)
        assert image, "the X server gave no picture"
        try:
            found = image.contents
            assert (found.bits_per_pixel, found.bytes_per_line) == (32, 4 * box.width)
            assert found.byte_order == (sys.byteorder == "big")
            values = memoryview(ctypes.string_at(found.data, found.bytes_per_line * box.height)).cast("I")
            names = {value: f"#{value & 0xFFFFFF:06x}" for value in set(values)}
            return Picture(box.width, box.height, [names[value] for value in values])
        finally:
            self._x11.XDestroyImage(image)


@contextmanager
def look() -> Iterator[Screen]:
    """Look at the screen that DISPLAY names; skip the test where there is no X, or colours are not 24 bits deep."""
    if sys.platform != "linux" or not os.environ.get("DISPLAY"):
        pytest.skip("POSIX: only an X server lets its pixels be read")
    x11 = _libx11()
    display = x11.XOpenDisplay(None)
    if not display:
        pytest.skip("the X server cannot be reached")
    try:
        if x11.XDefaultDepth(display, x11.XDefaultScreen(display)) != 24:
            pytest.skip("the screen has another depth of colour")
        yield Screen(x11, display)
    finally:
        x11.XCloseDisplay(display)


@cache  # to find it, a program is started
def _libx11() -> ctypes.CDLL:
    name = ctypes.util.find_library("X11")
    if name is None:
        pytest.skip("there is no libX11 to be found")
    x11 = ctypes.CDLL(name)
    picture = ctypes.POINTER(_Image)
    pointer, whole, number = ctypes.c_void_p, ctypes.c_int, ctypes.c_ulong
    for function, answer, arguments in (
        ("XOpenDisplay", pointer, [ctypes.c_char_p]),
        ("XCloseDisplay", whole, [pointer]),
        ("XDefaultRootWindow", number, [pointer]),
        ("XDefaultScreen", whole, [pointer]),
        ("XDefaultDepth", whole, [pointer, whole]),
        ("XDisplayWidth", whole, [pointer, whole]),
        ("XDisplayHeight", whole, [pointer, whole]),
        ("XGetImage", picture, [pointer, number, whole, whole, whole, whole, number, whole]),
        ("XDestroyImage", whole, [picture]),
    ):
        entry = getattr(x11, function)
        entry.restype, entry.argtypes = answer, arguments
    return x11
