"""Windows are placed on the screen that they belong to, also where there are several."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gui.app import App
from gui.platform.differences import WINDOWS, platform_of
from gui.platform.windows import WorkArea
from gui.preferences import PreferencesFile, on_screen
from gui.theme.theme import Theme
from gui.viewmodels.preferences import Preferences
from gui.widgets import screens
from gui.widgets.screens import Area, area_at, area_of
from gui.widgets.small_window import SmallPage
from tests.gui.conftest import WaitUntil, pump_until

LEFT = WorkArea(-500, 100, 500, 700)  # of a monitor at the left of the first
FIRST = WorkArea(0, 0, 1600, 1160)  # with a taskbar of 40 pixels


@pytest.fixture
def two_monitors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "HERE", platform_of(WINDOWS))
    monkeypatch.setattr(screens, "work_area", lambda x, _y: LEFT if x < 0 else FIRST)


def _area_at(x: int, _y: int) -> tuple[int, int, int, int]:
    return LEFT if x < 0 else FIRST


@pytest.mark.parametrize(
    ("saved", "fitted"),
    [
        ("400x300+-450+150", "400x300+-450+150"),
        ("400x300+-450+20", "400x300"),  # its title above the monitor
        ("400x900+-450+150", "400x700+-450+150"),  # taller than the monitor
        ("400x300+10+20", "400x300+10+20"),
        ("400x300+-150+20", "400x300+-150+20"),  # its middle on the first
        ("2000x1200+0+0", "1600x1160+0+0"),  # not below the taskbar
        ("400x300+-900+150", "400x300"),
    ],
)
def test_a_window_is_put_back_on_the_monitor_that_it_was_on(saved: str, fitted: str) -> None:
    assert on_screen(saved, _area_at) == fitted


def test_the_window_comes_back_there(make_app: Callable[..., App], two_monitors: None, tmp_path: Path) -> None:
    PreferencesFile(tmp_path / "settings.json").save(replace(Preferences(), geometry="480x400+-490+150"))

    app = make_app(folder=tmp_path)

    assert app._asked_place == (-490, 150)


def test_the_window_is_no_larger_than_its_monitor_lets_it(make_app: Callable[..., App], two_monitors: None) -> None:
    app = make_app()
    app.root.geometry("480x400+-490+150")
    pump_until(lambda: app.root.winfo_x() < 0, app.root)

    app.window._bound_size()

    assert app.root.minsize()[0] <= LEFT.width


def test_a_dialog_opens_on_the_monitor_of_its_window(
    root: tk.Tk, theme: Theme, two_monitors: None, wait_until: WaitUntil
) -> None:
    root.geometry("300x200+-480+120")
    wait_until(lambda: root.winfo_rootx() < 0)
    page = SmallPage(root, theme, "A page", size=(480, 300))
    tk.Frame(page.body, height=280).pack()

    page.open()

    wait_until(lambda: bool(page.winfo_ismapped()))
    _size, x, y = page.geometry().split("+")
    assert int(x) + page.winfo_width() <= 0
    assert int(x) >= LEFT.left
    assert int(y) >= LEFT.top


@pytest.mark.parametrize(
    ("place", "inside"),
    [((-600, 0), (-500, 100)), ((-100, 300), (-200, 300)), ((-400, 790), (-400, 700)), ((-350, 200), (-350, 200))],
)
def test_the_nearest_place_inside_an_area(place: tuple[int, int], inside: tuple[int, int]) -> None:
    assert Area(*LEFT).inside(*place, 200, 100) == inside


def test_what_is_larger_than_the_area_begins_at_its_corner() -> None:
    assert Area(*LEFT).inside(0, 0, 2000, 2000) == (-500, 100)


def test_elsewhere_it_is_all_screens_together(root: tk.Tk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS, where ``winfo screenwidth`` speaks of the first screen only."""
    monkeypatch.setattr(screens, "work_area", lambda _x, _y: None)
    for name, value in (("vrootx", -1440), ("vrooty", -100), ("vrootwidth", 3040), ("vrootheight", 1300)):
        monkeypatch.setattr(root, f"winfo_{name}", lambda value=value: value)

    assert area_at(root, 5, 5) == (-1440, -100, 3040, 1300)


def test_a_window_that_is_not_shown_yet_is_where_its_owner_is(root: tk.Tk, two_monitors: None) -> None:
    root.geometry("300x200+-480+120")
    root.update()
    hidden = tk.Toplevel(root)
    hidden.withdraw()

    assert area_of(tk.Frame(hidden)) == Area(*LEFT)
