"""Calls to Windows itself, which Python and Tk do not make. No tkinter.

Elsewhere, and where a Windows lacks a function, each does nothing and says so by what it returns.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Final

_WM_CLOSE: Final = 0x0010  # winuser.h


def post_close(window: int) -> bool:
    """Put ``WM_CLOSE`` in the queue of the window of that handle; False if it cannot be. Any thread; never blocks."""
    return _post_message()(window, _WM_CLOSE, 0, 0)


@cache
def _post_message() -> Callable[[int, int, int, int], bool]:
    if sys.platform != "win32":
        return lambda _window, _message, _first, _second: False
    import ctypes
    from ctypes import wintypes

    post = ctypes.WinDLL("user32").PostMessageW
    post.argtypes = wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM
    post.restype = wintypes.BOOL
    return post
