"""What is asked of Windows: by injection on every system, and of Windows itself where there is one."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tkinter as tk
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from gui.app import App
from gui.journals import journal_files
from gui.platform import windows
from gui.platform.differences import WINDOWS, platform_of
from gui.theme import theme as theme_module
from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.views.menus import can_edit
from tests.gui.conftest import WaitUntil, pump_until
from tests.gui.driving import connect, serve
from tests.support.systems import only_posix, only_windows

FAILED = -0x7FFBFFFF  # E_... as an HRESULT


class FakeWindows:
    """Libraries with the functions that a Windows of some age has; each call is kept by its name."""

    def __init__(self, **answers: dict[str, Callable[..., int]]) -> None:
        self.calls: list[tuple[object, ...]] = []
        self._libraries = {
            library: SimpleNamespace(**{name: self._kept(name, answer) for name, answer in functions.items()})
            for library, functions in answers.items()
        }

    def library(self, name: str) -> SimpleNamespace:
        if name not in self._libraries:
            raise OSError(f"there is no {name}")
        return self._libraries[name]

    def _kept(self, name: str, answer: Callable[..., int]) -> Callable[..., int]:
        def call(*arguments: object) -> int:
            self.calls.append((name, *(_plain(each) for each in arguments)))
            return answer(*arguments)

        return call


def _plain(argument: object) -> object:
    argument = getattr(argument, "_obj", argument)
    return getattr(argument, "value", argument)


Install = Callable[[FakeWindows], FakeWindows]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    def put(fake: FakeWindows) -> FakeWindows:
        monkeypatch.setattr(windows, "_library", fake.library)
        return fake

    return put


def yes(*_arguments: object) -> int:
    return 1


def ok(*_arguments: object) -> int:
    return 0


def failed(*_arguments: object) -> int:
    return FAILED


OWN_BUTTON = ("SetCurrentProcessExplicitAppUserModelID", "Tincan.Tincan")
SHELL = {"SetCurrentProcessExplicitAppUserModelID": ok}
PER_MONITOR_V2 = ctypes.c_void_p(-4).value


@pytest.mark.parametrize(
    ("libraries", "calls"),
    [
        (
            {"user32": {"SetProcessDpiAwarenessContext": yes}, "shcore": {"SetProcessDpiAwareness": ok}},
            [("SetProcessDpiAwarenessContext", PER_MONITOR_V2)],
        ),
        (
            {"user32": {"SetProcessDPIAware": yes}, "shcore": {"SetProcessDpiAwareness": ok}},
            [("SetProcessDpiAwareness", 2)],
        ),
        ({"user32": {"SetProcessDPIAware": yes}}, [("SetProcessDPIAware",)]),
        (
            {
                "user32": {"SetProcessDpiAwarenessContext": lambda _context: 0, "SetProcessDPIAware": yes},
                "shcore": {"SetProcessDpiAwareness": failed},
            },
            [
                ("SetProcessDpiAwarenessContext", PER_MONITOR_V2), ("SetProcessDpiAwareness", 2),
                ("SetProcessDpiAwareness", 1), ("SetProcessDPIAware",),
            ],
        ),
    ],
    ids=["Windows 10", "Windows 8.1", "Windows 7", "a manifest has decided"],
)  # fmt: skip
def test_each_windows_is_asked_for_the_finest_resolution_that_it_knows(
    libraries: dict[str, dict[str, Callable[..., int]]], calls: list[tuple[object, ...]], install: Install
) -> None:
    fake = install(FakeWindows(shell32=SHELL, **libraries))

    windows.prepare()

    assert fake.calls == [*calls, OWN_BUTTON]


@pytest.mark.parametrize(("palette", "is_dark"), [("light", False), ("dark", True)])
def test_the_title_bar_is_as_dark_as_the_palette(palette: str, is_dark: bool, install: Install) -> None:
    fake = install(FakeWindows(dwmapi={"DwmSetWindowAttribute": ok}, user32={"SetWindowPos": yes}))

    assert windows.darken_title(0x40, is_dark=PALETTES[palette].is_dark)

    assert fake.calls == [
        ("DwmSetWindowAttribute", 0x40, 20, int(is_dark), 4),
        ("SetWindowPos", 0x40, None, 0, 0, 0, 0, 0x37),  # without moving, resizing, raising or activating it
    ]


def test_an_older_windows_10_knows_the_dark_title_by_another_number(install: Install) -> None:
    fake = install(
        FakeWindows(
            dwmapi={"DwmSetWindowAttribute": lambda _window, attribute, *_value: 0 if attribute == 19 else FAILED},
            user32={"SetWindowPos": yes},
        )
    )

    assert windows.darken_title(0x40, is_dark=True)
    assert [call[:3] for call in fake.calls] == [
        ("DwmSetWindowAttribute", 0x40, 20), ("DwmSetWindowAttribute", 0x40, 19), ("SetWindowPos", 0x40, None),
    ]  # fmt: skip


def _second_monitor(_monitor: object, information: SimpleNamespace) -> int:
    information._obj.work = (-1280, 200, 0, 1184)
    return 1


def test_the_work_area_is_that_of_the_monitor_that_is_nearest(install: Install) -> None:
    fake = install(FakeWindows(user32={"MonitorFromPoint": lambda *_at: 7, "GetMonitorInfoW": _second_monitor}))

    assert windows.work_area(-900, 300) == (-1280, 200, 1280, 984)
    assert fake.calls[0][2] == 2


def test_a_windows_without_these_functions_is_asked_for_nothing(install: Install) -> None:
    fake = install(FakeWindows())

    windows.prepare()

    assert windows.work_area(0, 0) is None
    assert windows.dots_per_inch(7) == 0
    assert not windows.darken_title(7, is_dark=True)
    assert fake.calls == []


def test_the_window_is_drawn_at_the_resolution_of_the_monitor_that_it_comes_to(
    root: tk.Tk, theme: Theme, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(theme_module, "HERE", platform_of(WINDOWS))
    dots = [96]
    install(FakeWindows(user32={"GetDpiForWindow": lambda _window: dots[0]}))
    theme.follow_monitor()
    small, line = theme.scale, theme.base.metrics("linespace")
    told: list[float] = []
    theme.subscribe(lambda: told.append(theme.scale))

    dots[0] = 192
    theme.follow_monitor()
    theme.follow_monitor()

    assert theme.scale == 2 * small
    assert theme.base.metrics("linespace") > 1.7 * line
    assert told == [small, 2 * small]
    dots[0] = 96
    theme.follow_monitor()
    assert theme.scale == small


def test_each_window_has_a_title_bar_of_the_palette_also_once_it_changes(
    root: tk.Tk, theme: Theme, install: Install, monkeypatch: pytest.MonkeyPatch, wait_until: WaitUntil
) -> None:
    from gui.widgets.small_window import SmallPage

    monkeypatch.setattr(theme_module, "HERE", platform_of(WINDOWS))
    fake = install(FakeWindows(dwmapi={"DwmSetWindowAttribute": ok}, user32={"SetWindowPos": yes}))
    root.update()
    page = SmallPage(root, theme, "A page", size=(300, 200))
    page.open()
    wait_until(lambda: bool(page.winfo_ismapped() and fake.calls))
    frame = int(page.wm_frame(), 16)

    theme.choose("dark")

    asked = [call[3] for call in fake.calls if call[:2] == ("DwmSetWindowAttribute", frame)]
    assert (asked[0], asked[-1]) == (0, 1)


def test_logging_off_is_an_orderly_end(make_app: Callable[..., App], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gui.app.HERE", platform_of(WINDOWS))
    monkeypatch.setattr("gui.app.windows.prepare", lambda: None)
    app = make_app()
    connect(app, serve(app))

    app.root.tk.call(app.root.protocol("WM_SAVE_YOURSELF"))

    assert app._leaving
    assert app.late == []
    assert journal_files.crashed(app.own_journal.folder) is None


@only_posix("there it means that the session ends")
def test_a_session_manager_of_x11_that_asks_for_the_state_ends_nothing(make_app: Callable[..., App]) -> None:
    assert not make_app().root.protocol("WM_SAVE_YOURSELF")


@only_windows
def test_windows_is_asked_for_what_it_knows(root: tk.Tk, wait_until: WaitUntil) -> None:
    wait_until(lambda: bool(root.winfo_ismapped()))
    area = windows.work_area(0, 0)
    assert area is not None
    assert 0 < area.width <= root.winfo_vrootwidth()
    assert 0 < area.height <= root.winfo_vrootheight()
    assert windows.work_area(-(10**6), -(10**6)) is not None
    assert windows.dots_per_inch(int(root.wm_frame(), 16)) == 96
    windows.darken_title(int(root.wm_frame(), 16), is_dark=True)


@pytest.mark.parametrize(("answer", "is_text"), [(yes, True), (ok, False)])
def test_what_is_copied_is_asked_of_windows(install: Install, answer: Callable[..., int], *, is_text: bool) -> None:
    fake = install(FakeWindows(user32={"IsClipboardFormatAvailable": answer}))

    assert windows.is_text_copied() is is_text
    assert fake.calls == [("IsClipboardFormatAvailable", 13)]  # CF_UNICODETEXT


def test_where_there_is_no_windows_it_does_not_tell_what_is_copied(install: Install) -> None:
    install(FakeWindows())

    assert windows.is_text_copied() is None


@only_windows
def test_no_menu_waits_for_the_program_that_copied_something(root: tk.Tk) -> None:
    hangs = """
import tkinter
root = tkinter.Tk()
root.clipboard_clear()
root.clipboard_append("copied")
root.update()
print("there", flush=True)
input()
"""
    field = tk.Entry(root)
    command, pipe = [sys.executable, "-c", hangs], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "there\n"

        assert "paste" in can_edit(field)

        program.kill()


@only_windows
def test_windows_leaves_the_resolution_of_each_monitor_to_the_program() -> None:
    code = """
import ctypes
from gui.platform import windows
windows.prepare()
user32 = ctypes.WinDLL("user32")
user32.GetThreadDpiAwarenessContext.restype = ctypes.c_void_p
print(user32.GetAwarenessFromDpiAwarenessContext(ctypes.c_void_p(user32.GetThreadDpiAwarenessContext())))
"""
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True, timeout=30)

    assert done.stdout.strip() == "2"  # DPI_AWARENESS_PER_MONITOR_AWARE, be it its first or second version


@only_windows
def test_the_icon_is_that_of_the_window_itself(make_app: Callable[..., App]) -> None:
    app = make_app()
    pump_until(lambda: bool(app.root.winfo_ismapped()), app.root)
    get_icon = 0x007F  # WM_GETICON
    frame = int(app.root.wm_frame(), 16)
    small, big = (windows._call("user32", "SendMessageW", frame, get_icon, of, 0) for of in (0, 1))

    assert small
    assert big


@only_windows
def test_windows_ends_the_session_and_the_window_is_gone(make_app: Callable[..., App]) -> None:
    app = make_app()
    connect(app, serve(app))
    query = 0x0011  # WM_QUERYENDSESSION

    windows._call("user32", "PostMessageW", int(app.root.wm_frame(), 16), query, 0, 0)
    pump_until(lambda: app._leaving, app.root)

    assert journal_files.crashed(app.own_journal.folder) is None
