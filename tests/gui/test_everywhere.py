"""What holds for every widget, every menu and every field of the whole program."""

from __future__ import annotations

import itertools
import socket
import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

import pytest

from gui.app import App
from gui.platform.differences import LINUX, MACOS, WINDOWS, platform_of
from gui.theme.theme import Theme
from gui.views import menus
from gui.views.menus import MENUS, FieldMenu, menus_for
from gui.widgets.menu import Menu
from gui.widgets.scrolling import ScrollingPage
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, labels_of, marked, serve, shown
from tests.gui.every_window import DIALOGS, all_below, close_everything, open_everything
from tests.support.systems import not_on_wine


def value_of(widget: tk.Misc) -> object:
    """What a person has entered or chosen there."""
    kind = widget.winfo_class()
    if kind in ("TEntry", "TCombobox", "TSpinbox", "Entry", "Spinbox", "TScale", "Scale"):
        return widget.tk.call(widget, "get")
    if kind == "TNotebook":
        return widget.tk.call(widget, "select")
    if kind == "Text":
        return widget.tk.call(widget, "get", "1.0", "end") if str(widget.cget("state")) == "normal" else None
    return widget.tk.call(widget, "selection") if kind == "Treeview" else None


WHEELS = ("<Button-4>", "<Button-5>", "<MouseWheel>", "<Shift-Button-4>", "<Shift-Button-5>")


def turn(widget: tk.Misc) -> None:
    for sequence in WHEELS + (("<TouchpadScroll>",) if tk.TkVersion >= 9 else ()):
        for delta in (120, -120):
            widget.event_generate(sequence, **({} if "Button" in sequence else {"delta": delta}))  # type: ignore[arg-type]


@pytest.mark.case("C-99")
def test_the_wheel_over_any_control_of_any_window_changes_nothing(make_app: MakeApp) -> None:
    app = make_app()
    open_everything(app)
    widgets = [widget for widget in all_below(app.root) if not isinstance(widget, tk.Menu)]
    kinds = {widget.winfo_class() for widget in widgets}
    assert {"TEntry", "TCombobox", "TSpinbox", "TNotebook", "Text", "Treeview"} <= kinds
    before = [value_of(widget) for widget in widgets]
    settings, sessions = app.main_controller.preferences, app.main_controller.sessions

    for widget in widgets:
        turn(widget)
    app.root.update()

    changed = [str(one) for one, known in zip(widgets, before, strict=True) if value_of(one) != known]
    assert changed == []
    assert app.main_controller.preferences == settings
    assert app.main_controller.sessions == sessions


@pytest.mark.case("C-99")
def test_no_kind_of_control_that_tk_has_changes_by_the_wheel(make_app: MakeApp) -> None:
    app = make_app()
    frame = ttk.Frame(app.root)
    frame.grid()
    values = ["one", "two", "three"]
    combobox, spinbox = ttk.Combobox(frame, values=values), ttk.Spinbox(frame, from_=0, to=9)
    old, scales = tk.Spinbox(frame, from_=0, to=9), [ttk.Scale(frame, to=9), tk.Scale(frame, to=9)]
    tabs = ttk.Notebook(frame)
    for words in values:
        tabs.add(ttk.Frame(tabs), text=words)
    combobox.current(1)
    spinbox.set(5)
    tabs.tk.call(tabs, "select", 1)
    controls: list[tk.Widget] = [combobox, spinbox, old, *scales, tabs]
    for control in controls:
        control.grid()
    app.root.update()
    before = [value_of(control) for control in controls]

    for control in controls:
        control.focus_force()
        turn(control)
        app.root.update()

    assert [value_of(control) for control in controls] == before


@pytest.mark.case("C-99")
def test_the_wheel_over_a_field_added_later_scrolls_the_page(make_app: MakeApp) -> None:
    app = make_app()
    app.main_controller.commands["show_keys"]()
    app.root.update()
    page = next(each for each in all_below(app.root) if isinstance(each, ScrollingPage))
    dialog = page.winfo_toplevel()
    dialog.geometry("400x260")
    late = ttk.Spinbox(page.body, from_=0, to=9)
    late.place(x=0, y=0)
    dialog.update()
    before = page.body.winfo_rooty()

    late.event_generate("<Button-5>")
    dialog.update()

    assert page.body.winfo_rooty() < before
    assert late.get() == ""


def menus_of(app: App) -> Iterator[tk.Menu]:
    for widget in all_below(app.root):
        if isinstance(widget, tk.Menu) and ".#" not in str(widget):
            if isinstance(widget, Menu):
                widget.fill()
            yield widget


def letters_of(menu: tk.Menu) -> dict[str, str]:
    """The letter of each entry by its words; empty for one that has none."""
    last = menu.index("end")
    found = {}
    for place in range(0 if last is None else last + 1):
        if menu.type(place) == "separator":
            continue
        words, letter = str(menu.entrycget(place, "label")), int(menu.entrycget(place, "underline"))
        found[words] = words[letter].lower() if letter >= 0 else ""
    return found


def entry(menu: tk.Menu, words: str, option: str) -> str:
    return str(menu.entrycget(labels_of(menu).index(words), option))


def test_nothing_fails_while_keys_go_to_what_tk_has_made_itself(make_app: MakeApp) -> None:
    app = make_app()
    open_everything(app)
    app.main_controller.notices.say("This is taken away later.", "later")
    app.root.update()
    (bar,) = (name for name in app.root.tk.splitlist(app.root.tk.call("winfo", "children", ".")) if "#" in str(name))
    app.root.tk.call("focus", "-force", bar)
    app.root.update()
    if app.root.tk.call("tk", "windowingsystem") == "x11":  # elsewhere the menu bar is the system's
        assert str(app.root.tk.call("focus")) == bar  # which tkinter knows nothing of

    for widget in all_below(app.root):
        for sequence in ("<Enter>", "<Leave>", "<FocusIn>", "<FocusOut>", "<Configure>", "<Expose>"):
            widget.event_generate(sequence)
    app.main_controller.notices.take_back("later")
    app.theme.choose("dark")
    app.root.update()


def test_each_entry_of_each_menu_has_a_letter_of_its_own(make_app: MakeApp) -> None:
    app = make_app()
    open_everything(app)
    app.main_controller.commands["macros"]()
    app.main_controller.commands["toggle_inspector"]()
    app.root.update()
    app.window.composer.field.event_generate("<Shift-F10>")

    seen = list(menus_of(app))
    assert len(seen) > 12
    for menu in seen:
        letters = letters_of(menu)
        assert "" not in letters.values(), letters
        assert len(set(letters.values())) == len(letters), letters


def test_each_menu_has_room_on_a_small_screen_below_the_bar(make_app: MakeApp) -> None:
    """Of 480 pixels the window manager's title and the bar take about 50; an entry has 20 in text of 10 points."""
    app = make_app()
    connect(app, serve(app))
    app.window.menus.fill()

    assert max(len(labels_of(menu)) for menu in menus_of(app)) <= 21


@pytest.mark.parametrize("name", [LINUX, WINDOWS, MACOS])
def test_the_menus_of_every_platform_have_letters_of_their_own(name: str) -> None:
    from gui.keys import menu_words
    from gui.views.menus import COPY_ENTRIES, LIST_ENTRIES, MESSAGE_ENTRIES, SUBMENUS, TEXT_SIZE_ENTRIES
    from gui.widgets.menu import with_letters

    submenus = [("", commands) for commands in (MESSAGE_ENTRIES, COPY_ENTRIES, LIST_ENTRIES, TEXT_SIZE_ENTRIES)]
    for _title, commands in (*submenus, *menus_for(platform_of(name))):
        marked = [SUBMENUS.get(command) or menu_words(command) for command in commands if command]
        found = [words[place].lower() for words, place in with_letters(marked)]
        assert len(set(found)) == len(marked)
        assert all(f"&{letter}" in words.lower() for letter, words in zip(found, marked, strict=True)), "each is marked"


def test_a_letter_stays_whatever_the_entry_would_do_now(make_app: MakeApp) -> None:
    app = make_app()
    *_others, session, _help = app.window.menus.menus

    session.fill()
    before = letters_of(session)
    assert (before["Start the server"], before["Connect"]) == ("s", "c")
    connect(app, serve(app))
    session.fill()
    after = letters_of(session)

    assert (after["Stop the server"], after["Disconnect"]) == ("s", "c")
    assert list(before.values()) == list(after.values())


def test_menus_tell_how_things_stand(make_app: MakeApp) -> None:
    app = make_app()
    file, edit, view, session, _help = app.window.menus.menus
    commands = app.main_controller.commands

    def state(menu: Menu, words: str) -> str:
        menu.fill()
        return entry(menu, words, "state")

    def is_ticked(menu: Menu, words: str) -> bool:
        menu.fill()
        return str(app.root.getvar(entry(menu, words, "variable"))) == "1"

    app.window.menus.fill()
    listed = labels_of(session).index("List of sessions")
    text_size = view.submenu(labels_of(view).index("Text size"))
    assert (
        state(file, "Export…")
        == state(session, "Close the session or connection")
        == state(session.submenu(listed), "Next conversation")
        == "disabled"
    )
    assert state(view, "Close what is beside") == state(view, "Show everything") == "disabled"
    assert state(edit, "Undo") == state(edit, "Copy") == state(edit, "Save the message") == "disabled"
    assert state(text_size, "Usual size") == "disabled"

    connect(app, serve(app))
    assert (
        state(file, "Export…")
        == state(session, "Close the connection")
        == state(session.submenu(listed), "Next conversation")
        == "normal"
    )
    commands["clear_view"]()
    assert state(view, "Show everything") == "normal"
    ticked = {"toggle_hex": "As hex", "toggle_inspector": "Inspector", "toggle_saved": "Saved messages"}
    for command, words in ticked.items():
        assert not is_ticked(view, words)
        commands[command]()
        app.root.update()
        assert is_ticked(view, words)
    assert state(view, "Close what is beside") == "normal"
    commands["larger"]()
    assert state(text_size, "Usual size") == "normal"

    app.window.composer.field.focus_force()
    app.window.composer.field.insert("end", "hello")
    app.window.composer.field.tag_add("sel", "1.0", "end-1c")
    app.root.update()
    for words in ("Undo", "Cut", "Copy", "Delete", "Select all"):
        assert state(edit, words) == "normal", words
    assert state(edit, "Redo") == "disabled"
    assert state(edit, "Save the message") == "normal"


def test_menus_name_the_key_of_everything_that_has_one(make_app: MakeApp) -> None:
    from gui.keys import shown as key_of

    app = make_app()
    app.window.menus.fill()

    for menu, (_title, commands) in zip(app.window.menus.menus, MENUS, strict=True):
        for place, command in enumerate(commands):
            if command and menu.type(place) != "cascade":
                assert menu.entrycget(place, "accelerator") == key_of(command)
    edit = app.window.menus.menus[1]
    assert entry(edit, "Paste", "accelerator").endswith("V")
    assert entry(edit, "Redo", "accelerator").endswith("Y")


def test_the_one_of_several_that_holds_is_marked(make_app: MakeApp) -> None:
    app = make_app()
    serve(app)

    app.main_controller.conversation.framing.use("line")
    app.main_controller.choose_encoding("shift-jis")
    app.main_controller.choose_colours("dark")

    found = [marked(app, words) for words in ("Messages", "Encoding", "Colours")]
    assert found == ["Lines", "Shift-JIS (Japanese, Windows)", "Dark"]
    app.main_controller.choose_encoding("cp437")  # in another submenu of the same menu
    assert marked(app, "Encoding").startswith("CP437")


FIELDS = ("TEntry", "TCombobox", "TSpinbox", "Text")


def test_every_field_of_every_window_has_a_menu(make_app: MakeApp, opened: list[tk.Menu]) -> None:
    app = make_app()
    open_everything(app)
    fields = [each for each in all_below(app.root) if each.winfo_class() in FIELDS and each.winfo_ismapped()]
    own = {app.window.composer.field, app.window.address.host, app.window.address.port}
    assert own <= set(fields)
    assert len(fields) > 20

    for field in fields:
        for sequence in ("<Button-3>", "<Shift-F10>"):
            opened.clear()
            field.focus_force()
            app.root.update()
            field.event_generate(sequence, x=2, y=2)
            app.root.update()
            assert len(opened) == 1, (field, sequence)
            assert labels_of(opened[0])
            assert str(app.root.tk.call("focus")) == str(field)


def test_the_menu_of_a_field_does_what_it_says(make_app: MakeApp, opened: list[tk.Menu]) -> None:
    app = make_app()
    host = app.window.address.host
    app.root.clipboard_clear()
    app.root.clipboard_append("copied")

    def choose(words: str) -> None:
        host.focus_force()
        host.event_generate("<Button-3>", x=5, y=5)
        menu = opened.pop()
        assert isinstance(menu, FieldMenu)
        assert entry(menu, words, "state") == "normal"
        menu.invoke(labels_of(menu).index(words))
        app.root.update()

    host.set("localhost")
    host.selection_clear()
    host.focus_force()
    host.event_generate("<Button-3>", x=5, y=5)
    states = {words: entry(opened[-1], words, "state") for words in labels_of(opened[-1]) if words}
    assert states == {
        "Undo": "disabled", "Redo": "disabled", "Cut": "disabled", "Copy": "disabled", "Paste": "normal",
        "Delete": "disabled", "Select all": "normal",
    }  # fmt: skip

    choose("Select all")
    choose("Cut")
    assert (host.get(), app.root.clipboard_get()) == ("", "localhost")
    choose("Paste")
    assert host.get() == "localhost"
    choose("Select all")
    choose("Delete")
    assert host.get() == ""
    choose("Undo")
    assert host.get() == "localhost"
    choose("Redo")
    assert host.get() == ""


def test_every_field_of_every_window_takes_back_what_was_typed(make_app: MakeApp) -> None:
    app = make_app()
    open_everything(app)
    fields = [each for each in all_below(app.root) if each.winfo_class() in FIELDS and each.winfo_ismapped()]
    fields = [each for each in fields if str(each.cget("state")) == "normal" and not is_off(each)]
    assert {each.winfo_class() for each in fields} == set(FIELDS)
    edit_menu = app.window.menus.menus[1]

    for field in fields:
        field.focus_force()
        app.root.update()
        before = value_of(field)
        field.event_generate("<Key-7>")
        assert value_of(field) != before, field
        edit_menu.fill()
        assert entry(edit_menu, "Undo", "state") == "normal", field
        field.event_generate("<Control-z>")
        assert value_of(field) == before, field
        edit_menu.fill()
        assert entry(edit_menu, "Redo", "state") == "normal", field
        field.event_generate("<Control-y>")
        assert value_of(field) != before, field
        field.event_generate("<Control-z>")
        app.root.update()


def is_off(widget: tk.Misc) -> bool:
    return isinstance(widget, ttk.Widget) and bool(widget.instate(["disabled"]))


def test_what_is_pasted_by_a_menu_counts_as_typed(make_app: MakeApp, opened: list[tk.Menu]) -> None:
    app = make_app()
    serve(app)
    host, button = app.window.address.host, app.window.address.server_button
    assert button.cget("text") == "Stop server"
    app.root.clipboard_clear()
    app.root.clipboard_append("localhost")
    host.focus_force()
    host.selection_range(0, "end")

    host.event_generate("<Button-3>", x=5, y=5)
    opened[0].invoke(labels_of(opened[0]).index("Paste"))
    app.root.update()

    assert host.get() == "localhost"
    assert button.cget("text") == "Start server"


def test_on_macos_control_click_opens_it(
    root: tk.Tk, theme: Theme, opened: list[tk.Menu], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(menus, "HERE", platform_of(MACOS))
    FieldMenu(root, theme)
    field = ttk.Entry(root)
    field.pack()
    root.update()

    for click in ("<Control-Button-1>", "<Button-2>", "<Button-3>"):
        field.event_generate(click, x=2, y=2)

    assert len(opened) == 3


def test_the_hint_of_an_empty_field_is_no_obstacle(make_app: MakeApp, opened: list[tk.Menu]) -> None:
    app = make_app()
    field = app.window.composer.field
    (hint,) = (each for each in field.winfo_children() if isinstance(each, tk.Label))

    app.window.address.host.focus_force()
    app.root.update()

    hint.event_generate("<Button-3>", x=2, y=2)
    app.root.update()

    assert len(opened) == 1
    assert app.root.focus_get() is field


def test_shift_f10_opens_no_menu_of_the_window(make_app: MakeApp, opened: list[tk.Menu]) -> None:
    app = make_app()
    connect(app, serve(app))
    for widget, owner in (
        (app.window.conversation.transcript.text, "transcript"), (app.window.sessions.tree, "sessionlist"),
        (app.window.composer.send_button, ""), (app.window.composer.field, ""),
    ):  # fmt: skip
        opened.clear()
        widget.focus_force()
        app.root.update()
        widget.event_generate("<Shift-F10>")
        app.root.update()
        assert str(app.root.tk.call("focus")) == str(widget)
        assert [owner in str(menu) for menu in opened] == ([] if widget is app.window.composer.send_button else [True])


def tab_order(app: App) -> list[tk.Misc]:
    """The controls through which Tab goes, from the first one on."""
    found: list[tk.Misc] = []
    widget: tk.Misc | None = app.window.address.host
    while widget is not None and widget not in found:
        found.append(widget)
        widget = widget.tk_focusNext()
    return found


def is_corner(widget: tk.Misc) -> bool:
    return isinstance(widget, ttk.Button) and widget.cget("text") == "✕"


STATES: dict[str, tuple[str, ...]] = {
    "nothing beside": (),
    "find": ("find",),
    "find and filter": ("find", "filter"),
    "options": ("message_options",),
    "socket options": ("toggle_socket_options",),
    "faults": ("toggle_faults",),
    "hold": ("toggle_hold",),
    "inspector": ("toggle_inspector",),
    "saved messages": ("toggle_saved",),
    "rules": ("toggle_rules",),
    "sequence": ("toggle_sequence",),
    "figures": ("toggle_figures",),
    "socket calls": ("toggle_socket_calls",),
    "state of the socket": ("toggle_socket_state",),
    "all": ("find", "filter", "message_options", "toggle_socket_options", "toggle_saved"),
}


SIDE = (
    "toggle_inspector", "toggle_saved", "toggle_rules", "toggle_sequence", "toggle_figures", "toggle_socket_calls",
    "toggle_socket_state",
)  # fmt: skip


@pytest.mark.parametrize("size", ["1200x900", "640x480"])
def test_tab_goes_in_the_order_in_which_the_eye_meets_things(make_app: MakeApp, size: str) -> None:
    app = make_app()
    with socket.create_connection(("127.0.0.1", serve(app))):
        connect(app, int(app.window.address.port.get()))
        app.root.geometry(size)
        app.root.update()
        for commands in STATES.values():
            for command in commands:
                app.main_controller.commands[command]()
                app.root.update()
            check_tab_order(app, commands)
            close_everything(app)


def check_tab_order(app: App, state: tuple[str, ...]) -> None:
    window = app.window
    side = [] if window._side is None else [window._side]
    assert bool(side) is any(command in SIDE for command in state), state
    regions = [
        window.address,
        window.sessions,
        window.list_sash,
        window.conversation,
        window._tasks,
        window.composer,
        window.side_sash,
        *side,
        window.status,
    ]
    order = tab_order(app)

    places = []
    for widget in order:
        (place,) = (at for at, each in enumerate(regions) if f"{widget}.".startswith(f"{each}."))
        places.append(place)
    assert places == sorted(places), (state, [str(each) for each in order])
    for widget in (window.conversation.transcript.text, window.composer.field):
        assert widget in order or not widget.winfo_viewable(), state
    for region in regions:  # within each, in lines from above; what closes a bar comes last, in its corner
        inside = [each for each in order if str(each).startswith(f"{region}.") and not is_corner(each)]
        for before, after in itertools.pairwise(inside):
            assert after.winfo_rooty() + after.winfo_height() > before.winfo_rooty(), (state, str(after))


def test_f8_goes_round_the_regions_and_shift_f8_back(make_app: MakeApp) -> None:
    app = make_app()
    window = app.window
    connect(app, serve(app))
    app.root.geometry("1200x900")
    app.main_controller.commands["toggle_saved"]()
    window.address.host.focus_force()
    app.root.update()

    def press(key: str) -> tk.Misc | None:
        widget = app.root.focus_get()
        assert widget is not None
        widget.event_generate(key)
        app.root.update()
        return app.root.focus_get()

    round_ = [press("<F8>") for _ in range(5)]
    assert round_[:3] == [window.sessions.tree, window.conversation.transcript.text, window.composer.field]
    assert str(round_[3]).startswith(str(window._side))
    assert round_[4] is window.address.host  # the status has nothing to press
    assert [press("<Shift-F8>") for _ in range(5)] == [*reversed(round_[:4]), window.address.host]


def test_ctrl_w_closes_what_was_opened_last(make_app: MakeApp) -> None:
    app = make_app()
    commands, controller = app.main_controller.commands, app.main_controller
    serve(app)
    for command in ("toggle_saved", "find", "toggle_socket_options"):
        commands[command]()
        pump_until(lambda: app.window.beside is not None, app.root)
        app.root.update()
    bars = [controller.saved, controller.conversation.finding, controller.socket_options]

    for still in (2, 1, 0):
        app.window.composer.field.focus_force()
        app.root.update()
        app.window.composer.field.event_generate("<Control-w>")
        app.root.update()
        assert [bar.is_open for bar in bars] == [True] * still + [False] * (3 - still)  # type: ignore[attr-defined]
    app.window.composer.field.event_generate("<Control-w>")
    assert "hello" not in shown(app)


def test_ctrl_w_closes_every_dialog(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app))
    for name in DIALOGS:
        app.main_controller.commands[name]()
        app.root.update()
        (dialog,) = (
            each for each in app.root.winfo_children() if isinstance(each, tk.Toplevel) and each.winfo_viewable()
        )
        dialog.focus_force()
        app.root.update()

        dialog.event_generate("<Control-w>")
        app.root.update()

        assert not dialog.winfo_exists(), name


def test_f11_fills_the_screen_and_escape_ends_it(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    asked: list[bool] = []
    # without a window manager there is nobody to do it
    monkeypatch.setattr(app.window, "fill_screen", lambda *, is_full: asked.append(is_full))
    monkeypatch.setattr(type(app.window), "is_full_screen", property(lambda _self: bool(asked) and asked[-1]))
    field = app.window.composer.field
    field.focus_force()
    app.root.update()

    for key in ("<F11>", "<Escape>", "<Escape>", "<F11>", "<F11>"):
        field.event_generate(key)
        app.root.update()

    assert asked == [True, False, True, False]


OPENING = (
    "find", "filter", "go_to", "toggle_socket_options", "message_options", "toggle_saved", "toggle_rules",
    "toggle_inspector", "toggle_faults", "toggle_hold", "open_tap",
    "toggle_inspector", "toggle_sequence", "toggle_figures", "toggle_socket_calls", "toggle_socket_state",
    "repeat", "send_file", "export", "show_settings", "show_keys", "show_about", "show_network",
    "report_problem", "edit_profiles", "save_profile", "focus_host",
)  # fmt: skip


@not_on_wine("where no window manager is, a dialog as a whole gets the focus a moment after its field has it")
def test_what_is_typed_right_behind_the_call_that_opens_something_goes_there(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app))
    pump_until(lambda: app.main_controller.viewing.conversation is not None, app.root)
    field = app.window.composer.field
    for command in OPENING:
        field.focus_force()
        app.root.update()

        app.main_controller.commands[command]()

        focus = str(app.root.tk.call("focus"))  # without a turn of the loop, in which other keys would come first
        assert focus != str(field), command
        if command != "toggle_inspector":  # what is typed into the conversation is meant for the message
            app.root.event_generate("<x>")
            app.root.update()
            assert field.is_empty, command
        app.root.update()
        assert str(app.root.tk.call("focus")) == focus, command
        close_everything(app)


@pytest.mark.parametrize("is_over", [False, True])
def test_what_is_opened_where_nothing_can_be_set_has_the_focus_where_it_can_be_seen(
    make_app: MakeApp, *, is_over: bool
) -> None:
    app = make_app()
    if is_over:
        serve(app)
        app.window.address.server_button.invoke()
        pump_until(lambda: "server stopped" in shown(app), app.root)
    for command in OPENING:
        app.window.composer.field.focus_force()
        app.root.update()

        app.main_controller.commands[command]()
        app.root.update()

        focused = app.root.focus_get()
        assert focused is not None, command
        assert not (isinstance(focused, ttk.Widget) and focused.instate(["disabled"])), command
        close_everything(app)


def test_the_first_letters_behind_the_key_that_opens_find_stand_in_its_field(make_app: MakeApp) -> None:
    app = make_app()
    app.window.composer.field.focus_force()
    app.root.update()

    for key in ("<Control-f>", "<a>", "<b>", "<c>"):
        app.root.event_generate(key)
    app.root.update()

    (field,) = [one for one in all_below(app.window.conversation.strips) if one.winfo_class() == "TEntry"]
    assert (value_of(field), app.window.composer.text) == ("abc", "")
