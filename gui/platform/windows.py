"""Calls to Windows itself, which neither Python nor Tk makes. No tkinter.

Elsewhere, and on a Windows that lacks the function, each does nothing and says so by what it returns. The constants are
those of winuser.h, dwmapi.h and shellscalingapi.h. A window is named by the handle of its frame, ``wm_frame`` of Tk.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple

_WM_CLOSE: Final = 0x0010
_PER_MONITOR_V2: Final = -4  # DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2
_PER_MONITOR, _SYSTEM = 2, 1  # PROCESS_DPI_AWARENESS
_DARK_TITLE = (20, 19)  # DWMWA_USE_IMMERSIVE_DARK_MODE, and what Windows 10 called it before version 2004
_SAME_BUT_FRAME: Final = 0x0001 | 0x0002 | 0x0004 | 0x0010 | 0x0020  # SetWindowPos: the frame is to be drawn anew
_NEAREST: Final = 2  # MONITOR_DEFAULTTONEAREST
_TEXT: Final = 13  # CF_UNICODETEXT, which Windows makes of every kind of text
_ID_OF_PROGRAM = "Tincan.Tincan"


class WorkArea(NamedTuple):
    """The part of a monitor that windows may take, in pixels: all but the taskbar."""

    left: int
    top: int
    width: int
    height: int


def post_close(window: int) -> bool:
    """Put ``WM_CLOSE`` in the window's queue of messages; False if it cannot be. Any thread; never blocks."""
    return bool(_post_message()(window, _WM_CLOSE, 0, 0))


def prepare() -> None:
    """Draw at each monitor's own resolution, and have a button in the taskbar that is not Python's.

    To be called before the first window. What a manifest has decided already stays.
    """
    import ctypes

    _ = (
        _call("user32", "SetProcessDpiAwarenessContext", ctypes.c_void_p(_PER_MONITOR_V2))  # Windows 10, 1703
        or _call("shcore", "SetProcessDpiAwareness", _PER_MONITOR) == 0  # Windows 8.1
        or _call("shcore", "SetProcessDpiAwareness", _SYSTEM) == 0
        or _call("user32", "SetProcessDPIAware")
    )
    _call("shell32", "SetCurrentProcessExplicitAppUserModelID", ctypes.c_wchar_p(_ID_OF_PROGRAM))


def dots_per_inch(window: int) -> int:
    """The resolution of the monitor that has most of the window; 0 if it cannot be told."""
    import ctypes

    return _call("user32", "GetDpiForWindow", ctypes.c_void_p(window)) or 0


def darken_title(window: int, *, is_dark: bool) -> bool:
    """Have Windows draw the title bar dark, or light; False if it cannot. Its menu bar stays light."""
    import ctypes

    value, frame = ctypes.c_int(is_dark), ctypes.c_void_p(window)
    for attribute in _DARK_TITLE:
        if _call("dwmapi", "DwmSetWindowAttribute", frame, attribute, ctypes.byref(value), ctypes.sizeof(value)) == 0:
            # Windows 10 draws it only when the window is activated next.
            _call("user32", "SetWindowPos", frame, None, 0, 0, 0, 0, _SAME_BUT_FRAME)
            return True
    return False


def work_area(x: int, y: int) -> WorkArea | None:
    """That of the monitor with this place, or of the nearest one; None if it cannot be told."""
    import ctypes
    from ctypes import wintypes

    class Monitor(ctypes.Structure):
        """MONITORINFO."""

        _fields_ = (
            ("size", wintypes.DWORD), ("all", wintypes.RECT), ("work", wintypes.RECT), ("flags", wintypes.DWORD),
        )  # fmt: skip

    found = Monitor(size=ctypes.sizeof(Monitor))
    monitor = _call("user32", "MonitorFromPoint", wintypes.POINT(x, y), _NEAREST)
    if not monitor or not _call("user32", "GetMonitorInfoW", ctypes.c_void_p(monitor), ctypes.byref(found)):
        return None
    work = found.work
    return WorkArea(work.left, work.top, work.right - work.left, work.bottom - work.top)


def is_text_copied() -> bool | None:
    """Whether there is text on the clipboard; None if it cannot be told.

    For the text itself the program that it is from is waited for, though it hang.
    """
    answer = _call("user32", "IsClipboardFormatAvailable", _TEXT)
    return None if answer is None else bool(answer)


@cache
def _post_message() -> Callable[[int, int, int, int], int]:
    if sys.platform != "win32":
        return lambda _window, _message, _first, _second: False
    import ctypes
    from ctypes import wintypes

    post = ctypes.WinDLL("user32").PostMessageW
    post.argtypes = wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM
    return post


def _call(library: str, function: str, *arguments: object) -> int | None:
    """What a function of Windows answers; None where there is none."""
    try:
        called = getattr(_library(library), function)
    except (AttributeError, OSError):
        return None
    answer: int = called(*arguments)
    return answer


@cache
def _library(name: str) -> Any:  # noqa: ANN401 - its attributes are whatever functions it has
    """A library of Windows, with functions of its own to this program. Raises ``OSError``."""
    if sys.platform != "win32":
        raise OSError("only Windows has it")
    import ctypes

    return ctypes.WinDLL(name)
