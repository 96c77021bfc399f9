"""Distances, pictures and windows follow the size of text: the desktop's, and what a person makes of it."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tkinter as tk
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tkinter import ttk

import pytest

from build_scripts.x11 import Display
from build_scripts.xvfb import VirtualDisplay
from gui.app import App
from gui.preferences import PreferencesFile, on_screen
from gui.theme import distances as distances_module
from gui.theme.distances import Distances
from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.viewmodels.preferences import Preferences
from gui.views.inspector.hex_text import HexText
from gui.widgets.small_window import SmallWindow
from gui.window import USUAL_SIZE
from tests.gui.conftest import pump_until
from tests.gui.driving import connect, say, serve, shown
from tests.gui.every_window import all_below, close_everything
from tests.gui.layout import cut, places

MakeApp = Callable[..., App]
STEPS = (0, 5, 10)  # points more than usual, at which everything is 1, 1.5 and 2 times as large


def sized(app: App, size: str) -> App:
    app.root.minsize(1, 1)  # as on a screen that is no larger than that
    app.root.geometry(size)
    wide, high = map(int, size.split("+")[0].split("x"))
    pump_until(lambda: (app.root.winfo_width(), app.root.winfo_height()) == (wide, high), app.root)
    app.root.update()
    return app


def talking(app: App) -> None:
    """A server and a client of it that have said something, with options and the find bar open."""
    connect(app, serve(app, "echo"))
    say(app, "hello")
    app.main_controller.commands["find"]()
    app.window.composer.toggle_options()
    app.root.update()


def run_at(dots_per_inch: int, folder: Path) -> dict[str, object]:
    with VirtualDisplay("2400x1800x24") as name, Display(name) as display:
        display.put_resources(f"Xft.dpi:\t{dots_per_inch}\n")
        command = [sys.executable, "-m", "tests.gui.layout", str(folder)]
        environment = {**os.environ, "DISPLAY": name}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.case("C-98")
@pytest.mark.parametrize("dots_per_inch", [96, 144, 192])
def test_distances_follow_the_desktops_dots_an_inch(dots_per_inch: int, tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("POSIX: only X has Xft.dpi")
    found = run_at(dots_per_inch, tmp_path)

    scale = dots_per_inch / 96
    assert found["scale"] == scale
    assert found["size"] == [round(side * scale) for side in USUAL_SIZE]
    assert found["cut"] == []


def opened(app: App) -> App:
    """A window of one size, with much of what there is open."""
    app.window.address.fill("255.255.255.255", "65535")
    app.window.address.refuse("This is wrong for a reason that is told here.", host=True)
    app.main_controller.commands["toggle_saved"]()
    app.window.composer.toggle_options()
    sized(app, "1400x1100+0+0")
    pump_until(
        lambda: any(name.endswith("bytesline") for name in places(app.root)), app.root
    )  # it comes a little later
    return app


@pytest.mark.parametrize("step", [-3, *STEPS[1:]])
def test_another_size_of_text_lays_all_out_as_if_it_had_begun_with_it(
    make_app: MakeApp, tmp_path: Path, step: int
) -> None:
    changed = opened(make_app())
    changed.main_controller.settings.zoom(step)
    PreferencesFile(tmp_path / "settings.json").save(Preferences(text_size=step))
    begun = opened(make_app(folder=tmp_path))

    pump_until(lambda: places(changed.root) == places(begun.root), changed.root, begun.root)

    assert changed.theme.scale == begun.theme.scale != 1.0


def test_text_that_was_larger_for_a_while_leaves_no_trace(make_app: MakeApp) -> None:
    app = opened(make_app())
    before = places(app.root)

    for step in (14, 3, 10, 0):
        app.main_controller.settings.zoom(step)
        app.root.update()

    def differs() -> int:
        """By how many pixels anything stands elsewhere, or is of another size: one is a matter of rounding."""
        now = places(app.root)
        if now.keys() != before.keys():
            return sys.maxsize
        return max(abs(a - b) for name in before for a, b in zip(before[name], now[name], strict=True))

    app.root.update()
    pump_until(lambda: differs() <= 1, app.root)


def test_what_is_hidden_follows_too(make_app: MakeApp) -> None:
    app = opened(make_app())
    address = app.window.address
    address.accept()
    app.main_controller.settings.zoom(10)
    app.root.update()

    address._why.grid()

    assert address._why.grid_info()["pady"] == (12, 0)


def test_no_words_are_cut(make_app: MakeApp) -> None:
    app = sized(make_app(), "1500x1100+0+0")
    talking(app)
    for step in STEPS:
        app.main_controller.settings.zoom(step)
        app.root.update()

        assert cut(app.root, app.theme.scale) == [], step


SIDE_PANES = (
    "toggle_inspector",
    "toggle_saved",
    "toggle_sequence",
    "toggle_figures",
    "toggle_socket_calls",
    "toggle_socket_state",
)
SIDE_WIDGETS = ("!inspector", "!savedpane", "!sequencepane", "!figurespane", "!socketcallspane", "!socketstatepane")


@pytest.mark.parametrize("step", [0, 2])
def test_what_stands_beside_the_conversation_is_not_cut_where_the_window_becomes_smaller(
    make_app: MakeApp, step: int
) -> None:
    app = make_app()
    talking(app)
    app.main_controller.settings.zoom(step)
    for pane in SIDE_PANES:
        sized(app, "1200x800+0+0")
        app.main_controller.commands[pane]()
        app.root.update()

        sized(app, "920x640+0+0")

        in_pane = [words for words in cut(app.root, app.theme.scale) if any(part in words for part in SIDE_WIDGETS)]
        scrolling = ("!savedrows", "!scrollingpage")
        assert [words for words in in_pane if not any(part in words for part in scrolling)] == [], pane
        if pane == "toggle_inspector":
            bytes_shown = next(each for each in all_below(app.root) if isinstance(each, HexText)).text
            for height in range(560, 800, 20):
                sized(app, f"920x{height}+0+0")
                assert bytes_shown.winfo_height() >= 2 * app.theme.mono.metrics("linespace"), height
        app.main_controller.commands[pane]()


@pytest.mark.parametrize("opening", ["", "find", "filter", "message_options"])
def test_little_room_and_large_text_leave_four_rows_of_the_conversation(make_app: MakeApp, opening: str) -> None:
    app = make_app()
    serve(app)
    app.main_controller.settings.zoom(6)
    sized(app, "640x450+0+0")
    if opening:
        app.main_controller.commands[opening]()
    text = app.window.conversation.transcript.text
    pump_until(lambda: text.winfo_height() >= 4 * app.theme.text.metrics("linespace"), app.root)

    assert cut(app.root, app.theme.scale) == []
    assert app.window.composer.send_button.winfo_height() >= app.theme.text.metrics("linespace")


BARS = ("find", "filter", "go_to", "toggle_socket_options", "toggle_faults", "toggle_hold", "message_options")


def messages_in_sight(app: App) -> int:
    """How many whole messages a person sees: the header, the words, and the bubble around them."""
    text = app.window.conversation.transcript.text
    row_window = app.window.conversation.transcript.row_window
    top, bottom = row_window.span
    ends = [*(row_window.line_of(place) for place in range(top, bottom)), int(text.index("end-1c").split(".")[0])]
    return sum(is_whole(text, first) and is_whole(text, stop - 1) for first, stop in itertools.pairwise(ends))


def is_whole(text: tk.Text, line: int) -> bool:
    box = text.dlineinfo(f"{line}.0")
    return box is not None and box[1] >= 0 and box[1] + box[3] <= text.winfo_height()


@pytest.mark.parametrize("step", STEPS)
def test_four_messages_are_in_sight_in_a_small_window_whatever_is_open(make_app: MakeApp, step: int) -> None:
    app = make_app()
    connect(app, serve(app, "none"))
    app.main_controller.settings.zoom(step)
    sized(app, f"{app.theme.px(640)}x{app.theme.px(480)}+0+0")
    for number in range(8):
        say(app, f"message {number}")
        pump_until(lambda number=number: f"message {number}" in shown(app), app.root)  # type: ignore[misc]
    for opened in ((), ("find",), ("find", "filter"), BARS[:-1], ("message_options",)):
        for command in opened:
            app.main_controller.commands[command]()
            app.root.update()

        app.window.conversation.transcript.to_end()
        pump_until(lambda: messages_in_sight(app) >= 4, app.root)
        close_everything(app)


def test_the_address_comes_back_when_it_is_asked_for(make_app: MakeApp) -> None:
    app = make_app()
    app.main_controller.settings.zoom(6)
    sized(app, "640x410+0+0")
    app.main_controller.commands["message_options"]()
    pump_until(lambda: not app.window.address.winfo_ismapped(), app.root)

    app.main_controller.commands["focus_host"]()

    pump_until(lambda: bool(app.window.address.winfo_ismapped()), app.root)


def test_pictures_grow_with_the_text(theme: Theme) -> None:
    def widths() -> dict[str, int]:
        of_this_scale = f"{theme.px(100)}%."
        pictures = theme.painter._images
        return {
            name.removeprefix(of_this_scale): pictures[name][0].width()
            for name in pictures
            if name.startswith(of_this_scale)
        }

    theme.dot("#123456")
    before = widths()
    theme.zoom(10)
    theme.dot("#123456")

    assert before["Round.arrow"] == 16
    assert {name: width / before[name] for name, width in widths().items()} == pytest.approx(
        dict.fromkeys(before, 2), rel=0.1
    )


def test_a_dialog_grows_with_the_text(make_app: MakeApp) -> None:
    app = make_app()
    app.main_controller.commands["show_settings"]()
    app.root.update()
    (dialog,) = (child for child in app.root.winfo_children() if isinstance(child, SmallWindow))
    before = dialog.winfo_width()

    app.main_controller.settings.zoom(4)
    pump_until(lambda: dialog.winfo_width() == round(1.4 * before), app.root)

    assert cut(dialog, app.theme.scale) == []


def test_a_windows_size_is_kept_with_the_size_of_its_text(make_app: MakeApp, tmp_path: Path) -> None:
    kept = Preferences(geometry="400x330+40+30", geometry_scale=0.5)
    PreferencesFile(tmp_path / "settings.json").save(kept)
    app = make_app(folder=tmp_path)
    pump_until(lambda: (app.root.winfo_width(), app.root.winfo_height()) == (800, 660), app.root)

    app._remember()

    assert app.main_controller.preferences.geometry == "800x660+40+30"
    assert app.main_controller.preferences.geometry_scale == app.theme.scale


def test_a_window_that_grows_with_its_text_stays_on_the_screen() -> None:
    assert on_screen("700x500+40+30", lambda _x, _y: (0, 0, 1600, 1200), 1.5) == "1050x750+40+30"
    assert on_screen("700x500+40+30", lambda _x, _y: (0, 0, 800, 600), 2.0) == "800x600+40+30"


def test_a_scale_that_makes_no_sense_is_the_usual(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    for nonsense in (0.0, -1.0, float("nan"), 1e9):
        PreferencesFile(path).save(replace(Preferences(), geometry_scale=nonsense, text_size=1))
        assert PreferencesFile(path).load() == Preferences(text_size=1)


def test_states_differ_in_shape(theme: Theme) -> None:
    states = ("live", "waiting", "failed", "over")

    shapes = {tuple(map(tuple, _shape(theme.dot("#123456", state)))) for state in states}

    assert len(shapes) == len(states)


def _shape(picture: tk.PhotoImage) -> list[list[bool]]:
    wide, high = range(picture.width()), range(picture.height())
    return [[not picture.transparency_get(x, y) for x in wide] for y in high]


def test_menus_have_a_border_and_a_flat_active_entry(make_app: MakeApp) -> None:
    app = make_app()
    for palette in PALETTES:
        app.theme.choose(palette)
        menus = [child for child in app.window.menus.winfo_children() if isinstance(child, tk.Menu)]

        assert menus
        for menu in menus:
            assert str(menu.cget("relief")) == "groove", palette
            assert int(str(menu.cget("borderwidth"))) >= 2, palette
            assert int(str(menu.cget("activeborderwidth"))) == 0, palette


def test_what_is_selected_is_coloured_on_its_characters_alone(make_app: MakeApp) -> None:
    app = make_app()
    talking(app)
    text = app.window.conversation.transcript.text
    text.tag_add("sel", "1.0", "end")
    app.root.update()

    ranges = [str(place) for place in text.tag_ranges("selected")]
    coloured = [text.get(*pair) for pair in zip(ranges[::2], ranges[1::2], strict=True)]

    assert "hello" in coloured
    assert not any("\n" in piece for piece in coloured)
    assert "\u2003hello" not in coloured
    assert str(text.tag_cget("sel", "background")) == ""

    text.tag_remove("sel", "1.0", "end")
    app.root.update()
    assert not text.tag_ranges("selected")


class TclObject:
    """What tkinter makes of a value whose type it does not know, as Tk on Windows has the distances of a frame."""

    def __init__(self, words: str) -> None:
        self._words = words

    def __str__(self) -> str:
        return self._words


def test_distances_are_converted_in_whatever_form_tk_has_them(root: tk.Tk, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = ttk.Frame(root, padding=(10, 8))
    distances = Distances(root)
    forms = iter([(TclObject("10"), TclObject("8")), (TclObject("10"), 8)])  # one has been asked for its number since
    found = distances_module._distances

    def asked(widget: tk.Misc) -> Iterator[tuple[str, object, tuple[str, ...]]]:
        for name, value, change in found(widget):
            yield name, next(forms) if widget is frame and name == "padding" else value, change

    monkeypatch.setattr(distances_module, "_distances", asked)
    measured = distances.measure()

    distances.convert(measured, 1.0, 0.8)

    assert [str(each) for each in frame.cget("padding")] == ["8", "6"]
