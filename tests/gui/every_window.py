"""Every window, dialog, bar and pane of the program at once, for what holds for all widgets."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

from gui.app import App
from gui.widgets.small_window import SmallWindow
from tests.gui.conftest import pump_until
from tests.gui.driving import connect, say, serve

DIALOGS = (
    "show_settings",
    "show_keys",
    "show_about",
    "repeat",
    "send_file",
    "keep_received",
    "open_tap",
    "export",
    "replay",
)


def open_everything(app: App) -> None:
    """A server, a client that says something, and all that can be opened beside their conversation."""
    commands = app.main_controller.commands
    connect(app, serve(app, "echo"))
    say(app, "hello")
    pump_until(lambda: app.main_controller.viewing.conversation is not None, app.root)
    app.main_controller.conversation.framing.use("length:2be")
    app.root.geometry("1400x1100")
    for name in (
        "find",
        "filter",
        "toggle_socket_options",
        "toggle_faults",
        "toggle_hold",
        "message_options",
        "toggle_inspector",
        "toggle_saved",
    ):
        commands[name]()
        app.root.update()
    for name in DIALOGS:
        commands[name]()
        app.root.update()


def close_everything(app: App) -> None:
    """Close what stands beside the conversation, above and below it, and all dialogs."""
    for dialog in app.root.winfo_children():
        if isinstance(dialog, SmallWindow):
            dialog.destroy()
    while app.window.beside is not None:
        app.window.close_beside()
        app.root.update()
    app.window.composer.close_options()
    app.root.update()


def all_below(widget: tk.Misc) -> Iterator[tk.Misc]:
    """A widget and all within it, also the windows that belong to it."""
    yield widget
    for child in widget.winfo_children():
        yield from all_below(child)
