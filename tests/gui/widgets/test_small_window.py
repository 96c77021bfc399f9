"""How large dialogs are: each takes one size while it opens, and keeps it until a person gives it another."""

from __future__ import annotations

import tkinter as tk
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tkinter import ttk

import pytest

from core.compose import SavedMessage
from core.events import ConnectionId
from gui.app import App
from gui.preferences import PreferencesFile
from gui.viewmodels.exports import ExportFormat
from gui.viewmodels.preferences import Preferences
from gui.viewmodels.repeating import RepeatView
from gui.views.dialogs.export_dialog import ExportDialog
from gui.views.dialogs.network_page import NetworkPage
from gui.views.dialogs.profiles_dialog import ProfilesDialog, SaveProfileDialog
from gui.views.dialogs.repeat_dialog import LIST, RepeatDialog
from gui.views.dialogs.replay_dialog import ReplayDialog, StepsDialog
from gui.views.dialogs.reply_dialog import HandlerDialog, ReplyDialog
from gui.views.dialogs.send_file_dialog import KeepDialog, SendFileDialog
from gui.views.dialogs.settings_dialog import SettingsDialog
from gui.views.dialogs.steps_table import StepsTable
from gui.views.dialogs.tap_dialog import TapDialog, TapRefusal
from gui.views.help import AboutPage, KeysPage, ReportPage
from gui.widgets.screens import Area
from gui.widgets.small_window import SmallPage, SmallWindow, TaskDialog
from tests.gui.driving import connect, serve
from tests.support.systems import some

LONG = "a sentence that takes several lines in any dialog, whatever the font: " * 2
LONG_NAME = f"{'server-of-the-test-network' * 3}.pem"
ROUNDS = 30  # of the window's events, after which nothing is to change any more
TWICE = 10  # points more, with which all is twice as large, as at 192 dots an inch


def nothing(*_arguments: object, **_options: object) -> None:
    pass


def refused(*_arguments: object, **_options: object) -> str:
    return LONG


class Profiles:
    """Renames nothing, and says so."""

    rename = staticmethod(refused)
    remove = undo = bring_in = give_out = staticmethod(nothing)


def opened(dialog: TaskDialog, first: Callable[[], tk.Widget]) -> SmallWindow:
    dialog.open(first())
    return dialog


def password(app: App) -> SmallWindow:
    made = ReplyDialog(app.root, app.theme, title="Password", heading=LONG_NAME, about=LONG, on_use=refused)
    return opened(made, lambda: made.field)


def handler(app: App) -> SmallWindow:
    made = HandlerDialog(
        app.root, app.theme, title="Reply", heading="File", about=LONG, on_use=refused, on_new=refused
    )  # fmt: skip
    return opened(made, lambda: made.field)


def save_profile(app: App) -> SmallWindow:
    made = SaveProfileDialog(app.root, app.theme, LONG, name="one", on_save=refused)
    return opened(made, lambda: made.field)


def profiles(app: App) -> SmallWindow:
    made = ProfilesDialog(app.root, app.theme, Profiles())
    made.show([("one", LONG), ("two", "text")], can_undo=True)
    made.say(LONG, is_wrong=False)
    return opened(made, lambda: made.tree)


def tap(app: App) -> SmallWindow:
    made = TapDialog(
        app.root, app.theme, listen="1", target="2", on_start=lambda _request: TapRefusal(LONG, LONG)
    )  # fmt: skip
    return opened(made, lambda: made.listen)


def send_file(app: App) -> SmallWindow:
    made = SendFileDialog(app.root, app.theme, on_send=refused, path="/a")
    made.show(LONG, "", datagrams=True)
    return opened(made, lambda: made.file.field)


def keep(app: App) -> SmallWindow:
    one = ConnectionId(1)
    made = KeepDialog(
        app.root, app.theme, connections=[(one, LONG)], chosen=one, path="/a", on_keep=refused, is_there=lambda _: False
    )  # fmt: skip
    return opened(made, lambda: made.file.field)


def replay(app: App) -> SmallWindow:
    made = ReplayDialog(
        app.root, app.theme, what=LONG, places=("1", "2"), connections=[(1, LONG), (2, LONG)],
        framings=[("none", LONG)], framing="none", on_start=lambda _request: made.refuse(LONG),
    )  # fmt: skip
    return opened(made, lambda: made.address)


def steps(app: App) -> SmallWindow:
    made = StepsDialog(
        app.root, app.theme, what=LONG, about=LONG, on_view="", address="1",
        on_start=lambda _is_on_view, _address: made.refuse(LONG),
    )  # fmt: skip
    return opened(made, lambda: made.address)


def repeat(app: App) -> SmallWindow:
    made = RepeatDialog(app.root, app.theme, on_start=refused)
    made.show(RepeatView("hello", "Text", LONG))
    return opened(made, lambda: made.every.field)


def export(app: App) -> SmallWindow:
    formats = [ExportFormat(str(key), f"Format {key}", LONG, ".txt") for key in range(8)]
    return ExportDialog(
        app.root, app.theme, formats=formats, path="", on_export=nothing, on_cancel=nothing, on_open_folder=nothing
    )


def table(app: App) -> SmallWindow:
    made = StepsTable(app.root, app.theme, "Replay", LONG, ("time", "a", "b", "c", "d"), "difference")
    made.show((), LONG)
    made.open()
    return made


def of_command(name: str, kind: type[SmallWindow]) -> Callable[[App], SmallWindow]:
    def make(app: App) -> SmallWindow:
        app.main_controller.commands[name]()
        (made,) = (each for each in app.root.winfo_children() if isinstance(each, kind))
        return made

    return make


MAKERS: dict[type[SmallWindow], Callable[[App], SmallWindow]] = {
    ReplyDialog: password,
    HandlerDialog: handler,
    SaveProfileDialog: save_profile,
    ProfilesDialog: profiles,
    TapDialog: tap,
    SendFileDialog: send_file,
    KeepDialog: keep,
    ReplayDialog: replay,
    StepsDialog: steps,
    RepeatDialog: repeat,
    ExportDialog: export,
    StepsTable: table,
    SettingsDialog: of_command("show_settings", SettingsDialog),
    KeysPage: of_command("show_keys", KeysPage),
    AboutPage: of_command("show_about", AboutPage),
    ReportPage: of_command("report_problem", ReportPage),
    NetworkPage: lambda app: NetworkPage(app.root, app.theme, LONG),
}


def kinds(of: type[SmallWindow] = SmallWindow) -> Iterator[type[SmallWindow]]:
    """Every kind of small window that is not only a base of others."""
    for kind in of.__subclasses__():
        if kind not in (TaskDialog, SmallPage) and not kind.__name__.startswith("_"):
            yield kind
        yield from kinds(kind)


@dataclass(frozen=True)
class Sizes:
    """The sizes that each small window took, one after the other."""

    app: App
    taken: dict[tk.Misc, list[tuple[int, int]]]
    makers: Sequence[tuple[type[SmallWindow], Callable[[App], SmallWindow]]]

    def of(self, window: SmallWindow) -> list[tuple[int, int]]:
        """Those since it was asked last, once nothing changes any more."""
        for _ in range(ROUNDS):
            self.app.root.update()
        return self.taken.pop(window, [])


def watched(app: App) -> Sizes:
    """All small windows at the usual size of text, a fourth of them where it is another."""
    taken: dict[tk.Misc, list[tuple[int, int]]] = defaultdict(list)

    def note(event: tk.Event[tk.Misc]) -> None:
        size, sizes = (event.width, event.height), taken[event.widget]
        if sizes[-1:] != [size]:
            sizes.append(size)

    app.root.bind_class("Toplevel", "<Configure>", note)
    makers = list(MAKERS.items())
    return Sizes(app, taken, some(makers) if app.main_controller.preferences.text_size else makers)


@pytest.fixture(params=[0, TWICE], ids=["96 dpi", "192 dpi"])
def sizes(request: pytest.FixtureRequest, make_app: Callable[..., App], tmp_path: Path) -> Sizes:
    PreferencesFile(tmp_path / "settings.json").save(Preferences(text_size=request.param))
    app = make_app(folder=tmp_path)
    connect(app, serve(app, "echo"))
    return watched(app)


def test_every_kind_of_small_window_is_looked_at() -> None:
    assert set(kinds()) == set(MAKERS)


def test_a_small_window_takes_one_size_while_it_opens_and_keeps_it(sizes: Sizes) -> None:
    for kind, make in sizes.makers:
        window = make(sizes.app)
        assert len(sizes.of(window)) == 1, kind
        sizes.app.theme._distances.tell()  # as when something around has changed
        assert sizes.of(window) == [], kind
        window.destroy()


def test_a_complaint_makes_a_dialog_higher_and_no_wider(sizes: Sizes) -> None:
    looked_at = 0
    for kind, make in sizes.makers:
        dialog = make(sizes.app)
        if isinstance(dialog, TaskDialog):
            (opened,) = sizes.of(dialog)
            dialog.begin_button.invoke()
            taken = sizes.of(dialog)
            assert len(taken) == 1, kind
            assert taken[0][0] == opened[0], kind
            assert taken[0][1] > opened[1], kind
            looked_at += 1
        dialog.destroy()
    assert looked_at == len([kind for kind, _make in sizes.makers if issubclass(kind, TaskDialog)]) > 0


def test_a_small_window_stays_as_large_as_a_person_made_it(sizes: Sizes) -> None:
    for kind, make in sizes.makers:
        window = make(sizes.app)
        ((wide, high),) = sizes.of(window)
        for more in (7, 90):
            if wide + more > window.winfo_screenwidth():  # which Windows lets no window be
                continue
            window.geometry(f"{wide + more}x{high + more}")
            assert sizes.of(window) == [(wide + more, high + more)], kind
        window.destroy()


SMALL = Area(0, 0, 640, 480)  # pixels; at 192 dots an inch as 320x240 at 96


@pytest.fixture
def small_screen(make_app: Callable[..., App], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """A window whose text is twice as large as usual, on a small screen."""
    for module in ("screens", "small_window"):
        monkeypatch.setattr(f"gui.widgets.{module}.area_of", lambda _widget: SMALL)
    monkeypatch.setattr("gui.views.dialogs.repeat_dialog.area_of", lambda _widget: SMALL)
    PreferencesFile(tmp_path / "settings.json").save(Preferences(text_size=TWICE))
    app = make_app(folder=tmp_path)
    connect(app, serve(app, "echo"))
    return app


def list_of_messages(app: App) -> SmallWindow:
    made = repeat(app)
    assert isinstance(made, RepeatDialog)
    made.what.choose(LIST)
    made.list._add(SavedMessage("hello", "hello"))
    return made


def page_of_settings(number: int) -> Callable[[App], SmallWindow]:
    def make(app: App) -> SmallWindow:
        made = MAKERS[SettingsDialog](app)
        assert isinstance(made, SettingsDialog)
        made.tabs.tk.call(made.tabs, "select", number)
        return made

    return make


def settled(app: App) -> None:
    for _ in range(ROUNDS):
        app.root.update()


def by_tab(window: SmallWindow, settle: Callable[[], None]) -> Iterator[tk.Misc]:
    """Every control of a window that Tab goes to, once it is there."""
    first = widget = window.tk_focusNext()
    while widget is not None:
        widget.focus_force()
        settle()
        yield widget
        widget = widget.tk_focusNext()
        if widget is first:
            return


def in_sight(widget: tk.Misc) -> tuple[int, int]:
    """How many pixels of a widget's width and height are inside everything that it stands in."""
    left, top = widget.winfo_rootx(), widget.winfo_rooty()
    right, bottom = left + widget.winfo_width(), top + widget.winfo_height()
    around = widget
    while not isinstance(around, tk.Toplevel):
        assert around.master is not None
        around = around.master
        x, y = around.winfo_rootx(), around.winfo_rooty()
        left, top = max(left, x), max(top, y)
        right, bottom = min(right, x + around.winfo_width()), min(bottom, y + around.winfo_height())
    return right - left, bottom - top


def test_every_control_is_seen_whole_by_tab_alone_on_a_small_screen_at_192_dots_an_inch(small_screen: App) -> None:
    others = {f"settings {number}": page_of_settings(number) for number in (1, 2, 3)}
    makers = {kind.__name__: make for kind, make in MAKERS.items()} | {"list": list_of_messages} | others
    for name, make in makers.items():
        window = make(small_screen)
        settled(small_screen)
        assert window.winfo_width() <= SMALL.width, name
        assert window.winfo_height() <= SMALL.height, name
        for control in by_tab(window, lambda: settled(small_screen)):
            wide, high = control.winfo_width(), control.winfo_height()
            if isinstance(control, tk.Text | ttk.Treeview):  # which scroll by themselves
                assert in_sight(control)[0] == wide, (name, control)
            else:
                assert in_sight(control) == (wide, high), (name, control)
        window.destroy()


def test_what_is_wrong_is_scrolled_into_sight_on_a_small_screen(small_screen: App) -> None:
    for kind, make in MAKERS.items():
        dialog = make(small_screen)
        settled(small_screen)
        if isinstance(dialog, TaskDialog):
            dialog.begin_button.invoke()
            settled(small_screen)
            said = [one.why for one in dialog._sections._sections.values() if one.why.winfo_ismapped()]
            assert any(in_sight(label)[1] > 0 for label in said), kind
        dialog.destroy()


def test_a_dialog_has_its_size_again_once_larger_text_has_filled_a_small_screen(small_screen: App) -> None:
    theme = small_screen.theme
    theme.zoom(0)
    for kind, make in MAKERS.items():
        takes_what_there_is = kind is ProfilesDialog  # the columns of its table do
        if takes_what_there_is or not issubclass(kind, TaskDialog | ExportDialog):
            continue
        dialog = make(small_screen)
        settled(small_screen)
        before = dialog.winfo_width(), dialog.winfo_height()
        for step in (TWICE, 0):
            theme.zoom(step)
            settled(small_screen)
        assert (dialog.winfo_width(), dialog.winfo_height()) == before, kind
        dialog.destroy()


def test_a_dialog_that_a_person_scrolled_stays_where_it_is(small_screen: App) -> None:
    scrolled = 0
    for kind, make in MAKERS.items():
        dialog = make(small_screen)
        settled(small_screen)
        if isinstance(dialog, TaskDialog) and dialog._sections.overflows:
            first = dialog.tk_focusNext()
            assert first is not None
            first.focus_force()
            settled(small_screen)
            dialog._sections.scroll(1, "pages")
            at = dialog._sections._canvas.canvasy(0)
            settled(small_screen)
            assert dialog._sections._canvas.canvasy(0) == at > 0, kind
            scrolled += 1
        dialog.destroy()
    assert scrolled
