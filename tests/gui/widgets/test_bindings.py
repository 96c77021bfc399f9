"""Bindings that Tk lacks: one of several is taken back, a window's own events, keys in fields and lists."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

import pytest

from gui.widgets.bindings import bind_for_now, bind_own, breaking, is_writing, share_keys, unbind, when_idle
from tests.gui.conftest import WaitUntil
from tests.gui.driving import MakeApp, serve


def test_an_event_that_is_kept_reaches_no_later_binding(root: tk.Tk) -> None:
    heard: list[str] = []
    frame = tk.Frame(root)
    frame.pack()
    root.update()
    frame.bindtags(("first", "second"))
    frame.bind_class("first", "<<Said>>", breaking(lambda: heard.append("first")))
    frame.bind_class("second", "<<Said>>", lambda _event: heard.append("second"))

    frame.event_generate("<<Said>>")

    assert heard == ["first"]


def test_the_other_bindings_stay(root: tk.Tk) -> None:
    root.update()
    heard: list[str] = []
    first, second, third = (
        root.bind("<<Said>>", lambda _event, name=name: heard.append(name), add=True)  # type: ignore[misc]
        for name in ("first", "second", "third")
    )

    unbind(root, "<<Said>>", second)
    root.event_generate("<<Said>>")
    assert heard == ["first", "third"]

    unbind(root, "<<Said>>", first)
    unbind(root, "<<Said>>", third)
    root.event_generate("<<Said>>")
    assert heard == ["first", "third"]
    assert not root.bind("<<Said>>")


def test_a_window_hears_of_itself_and_not_of_what_is_in_it(root: tk.Tk, wait_until: WaitUntil) -> None:
    all_of_them: list[str] = []
    own: list[str] = []
    frame = tk.Frame(root, width=10, height=10)
    frame.pack()
    root.update()
    root.bind("<Configure>", lambda event: all_of_them.append(str(event.widget)), add=True)
    bind_own(root, "<Configure>", lambda: own.append("one"))
    bind_own(root, "<Configure>", lambda: own.append("two"))

    frame.configure(width=50)
    wait_until(lambda: str(frame) in all_of_them)
    assert own == []

    root.geometry("500x400")
    wait_until(lambda: "." in all_of_them)
    assert own[:2] == ["one", "two"]


def test_what_is_gone_by_then_is_not_called(root: tk.Tk) -> None:
    heard: list[str] = []
    frame = tk.Frame(root)
    frame.pack()
    frame.bindtags((str(frame), "."))
    root.update()
    later = bind_for_now(root, "<<Said>>", lambda: heard.append("taken back"))

    def leave(_event: object) -> None:
        unbind(root, "<<Said>>", later)
        frame.destroy()

    frame.bind("<<Said>>", leave)
    bind_own(frame, "<<Said>>", lambda: heard.append("gone with its widget"))
    when_idle(frame, lambda: heard.append("gone by then"))

    frame.event_generate("<<Said>>")
    root.update()

    assert heard == []
    assert not root.bind("<<Said>>")


def test_an_error_is_told_as_that_of_any_callback(root: tk.Tk, callback_errors: list[BaseException]) -> None:
    frame = tk.Frame(root)
    bind_own(frame, "<Destroy>", lambda: 1 / 0)

    frame.destroy()

    assert isinstance(callback_errors.pop(), ZeroDivisionError)


_SHIFT, _CAPS_LOCK, _CONTROL, _ALT, _NUM_LOCK, _WINDOWS_ALT = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20000


@pytest.mark.parametrize("make", [ttk.Entry, ttk.Combobox, ttk.Spinbox])
def test_control_a_selects_all_of_a_field_so_that_it_is_typed_over(
    root: tk.Tk, wait_until: WaitUntil, make: type[ttk.Entry]
) -> None:
    share_keys(root)
    field = make(root)
    field.insert(0, "5555")
    field.pack()
    field.focus_force()
    root.update()

    field.event_generate("<Control-a>")
    field.event_generate("<Key>", keysym="9")

    wait_until(lambda: field.get() == "9")


def test_home_and_end_go_through_a_list_that_drops_from_a_box(root: tk.Tk, wait_until: WaitUntil) -> None:
    share_keys(root)
    box = ttk.Combobox(root, values=["one", "two", "three"], state="readonly")
    box.pack()
    box.current(1)
    root.update()
    root.tk.call("ttk::combobox::Post", box)
    listed = f"{root.tk.call('ttk::combobox::PopdownWindow', box)}.f.l"
    root.update()

    def press(key: str) -> object:
        root.tk.call("focus", "-force", listed)
        root.update()
        root.tk.call("event", "generate", listed, key)
        root.update()
        return root.tk.call(listed, "curselection")

    assert press("<End>") == (2,)
    assert press("<Home>") == (0,)
    root.tk.call("event", "generate", listed, "<Return>")
    wait_until(lambda: box.get() == "one")


def test_what_is_typed_in_the_conversation_goes_to_the_message(make_app: MakeApp) -> None:
    app = make_app()
    serve(app)
    field, text = app.window.composer.field, app.window.conversation.transcript.text
    field.insert("end", "so ")

    for letter in "a9":
        text.focus_force()
        app.root.update()
        text.event_generate("<Key>", keysym=letter)
        app.root.update()
        assert app.root.focus_get() is field
    assert app.window.composer.text == "so a9"

    text.focus_force()
    app.root.update()
    text.event_generate("<Escape>")
    app.root.update()
    assert app.root.focus_get() is field


def test_what_is_pasted_in_the_conversation_goes_to_the_message(make_app: MakeApp) -> None:
    app = make_app()
    serve(app)
    app.root.clipboard_clear()
    app.root.clipboard_append("GET / HTTP/1.1")
    text = app.window.conversation.transcript.text
    text.focus_force()
    app.root.update()

    text.event_generate("<<Paste>>")
    app.root.update()

    assert app.window.composer.text == "GET / HTTP/1.1"


@pytest.mark.parametrize(
    ("char", "state", "platform", "writes"),
    [
        ("a", 0, "linux", True),
        ("Ä", _SHIFT | _CAPS_LOCK | _NUM_LOCK, "linux", True),
        ("1", _CONTROL, "linux", False),
        ("x", _ALT, "linux", False),
        ("c", _ALT, "darwin", False),  # Command
        ("\u20ac", 0x10, "darwin", True),  # Option
        ("@", _CONTROL | _WINDOWS_ALT, "win32", True),  # AltGr
        ("f", _WINDOWS_ALT, "win32", False),
        ("a", _ALT, "win32", True),  # Num Lock
        ("\r", 0, "linux", False),
        ("\x7f", 0, "linux", False),
        ("", 0, "linux", False),
    ],
)
def test_a_key_writes_or_commands(char: str, state: int, platform: str, writes: bool) -> None:
    assert is_writing(char, state, platform) is writes
