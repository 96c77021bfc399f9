"""Drives the whole program in a test as a person would: starts it, fills in fields, presses buttons, reads the pane."""

from __future__ import annotations

import socket
import tkinter as tk
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from gui.app import App
from gui.widgets.controls import Choice
from gui.widgets.menu import Menu
from tests.gui.conftest import pump_until

MakeApp = Callable[..., App]

_KEYSYMS = {
    " ": "space", ".": "period", ",": "comma", ":": "colon", "/": "slash", "\\": "backslash", "-": "minus",
    "_": "underscore", "?": "question", "!": "exclam", "'": "apostrophe", "#": "numbersign", "(": "parenleft",
    ")": "parenright", "{": "braceleft", "}": "braceright", "[": "bracketleft", "]": "bracketright", "+": "plus",
    "*": "asterisk", "~": "asciitilde", "@": "at", "=": "equal", "%": "percent", "$": "dollar",
}  # fmt: skip
_ONLY_SHIFT = "Shift_L"


def press_character(window: tk.Misc, widget: str, character: str) -> None:
    """Press the key of a character in a widget, by its path, and let it go.

    Wine has no keys for signs on a display without a keyboard: there the widget takes the character as from one.
    """
    generate = partial(window.tk.call, "event", "generate", widget)
    keysym = _KEYSYMS.get(character, character)
    try:
        generate("<Key>", "-keysym", keysym)
    except tk.TclError as error:
        if "no keycode" not in str(error):
            raise
        keysym = _ONLY_SHIFT
        is_text = window.tk.call("winfo", "class", widget) == "Text"
        window.tk.call("tk::TextInsert" if is_text else "ttk::entry::Insert", widget, character)
        generate("<Key>", "-keysym", keysym)
    generate("<KeyRelease>", "-keysym", keysym)


def shown(app: App) -> str:
    return app.window.conversation.transcript.text.get("1.0", "end-1c").replace("\u2003", "")


def port_of(app: App) -> str:
    return app.window.address.port.get()


def serve(app: App, reply: str = "none") -> int:
    """Start a server on a free port through the widgets."""
    app.main_controller.choose_reply(reply)
    app.window.address.port.set("0")
    app.window.address.server_button.invoke()
    pump_until(lambda: port_of(app) != "0" and "listening" in shown(app), app.root)
    return int(port_of(app))


def connect(app: App, port: int) -> None:
    app.window.address.fill("127.0.0.1", str(port))
    app.window.address.client_button.invoke()
    pump_until(lambda: "connected to" in shown(app), app.root)


def say(app: App, text: str) -> None:
    app.window.composer.field.insert("end", text)
    app.window.composer.send_button.invoke()


def say_and_hear(app: App, text: str) -> None:
    """Say something to a server that echoes, and wait for all of that: or it may answer two messages at once."""
    state = app.main_controller.state
    assert state is not None
    wanted, session = state.bytes_in + len(text), state.session
    say(app, text)
    pump_until(lambda: app.main_controller.sessions[session].bytes_in >= wanted, app.root)


def pick(app: App, choice: Choice[Any], words: str) -> None:
    """Choose in a list, as a person does."""
    choice.current([str(each) for each in choice["values"]].index(words))
    choice.event_generate("<<ComboboxSelected>>")
    app.root.update()


def labels_of(menu: tk.Menu) -> list[str]:
    """What the entries of a menu say, empty for a line between them."""
    last = menu.index("end")
    places = range(0 if last is None else last + 1)
    return ["" if menu.type(place) == "separator" else str(menu.entrycget(place, "label")) for place in places]


def marked(app: App, words: str) -> str:
    """The entry that holds of a submenu of View."""
    view = app.window.menus.menus[2]
    view.fill()
    return next(_marked_in(view.submenu(labels_of(view).index(words))), "")


def _marked_in(menu: Menu) -> Iterator[str]:
    menu.fill()
    for place, words in enumerate(labels_of(menu)):
        kind = menu.type(place)
        if kind == "cascade":
            yield from _marked_in(menu.submenu(place))
        elif kind == "radiobutton" and menu.getvar(str(menu.entrycget(place, "variable"))) == str(place):
            yield words


def hear(app: App, peer: socket.socket, wanted: bytes) -> None:
    """The peer hears exactly this."""
    peer.setblocking(False)
    heard = bytearray()

    def is_there() -> bool:
        try:
            heard.extend(peer.recv(1000))
        except BlockingIOError:
            pass
        return len(heard) >= len(wanted)

    pump_until(is_there, app.root)
    assert bytes(heard) == wanted
