"""Every command of the keys and the menus, by its name: one table, so that each is spelt once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from gui.keys import SAVED_WITH_KEYS

if TYPE_CHECKING:
    from gui.controllers.main import MainController


_EDITING = {"cut": "<<Cut>>", "copy": "<<Copy>>", "paste": "<<Paste>>", "select_all": "<<SelectAll>>"}


def commands(main_controller: MainController) -> Mapping[str, Callable[[], None]]:
    """The callback of every command. The window and its controllers need not be made before one is called."""
    return {
        "toggle_server": main_controller.endpoints.toggle_server,
        "toggle_client": main_controller.endpoints.toggle_client,
        "connect_again": main_controller.endpoints.connect,
        "focus_host": lambda: main_controller.window.address.focus_host(),
        "focus_message": lambda: main_controller.window.composer.focus_message(),
        "message_options": lambda: main_controller.window.composer.toggle_options(),
        "macros": lambda: main_controller.window.composer.open_macros(),
        "show_settings": lambda: main_controller.settings.open(),
        "show_network": lambda: main_controller.settings.show_network(main_controller.sessions.values()),
        "toggle_saved": lambda: main_controller.saved.toggle(),
        "save_message": lambda: main_controller.saved.save_field(),
        **{f"send_saved_{place + 1}": partial(_send_saved, main_controller, place) for place in range(SAVED_WITH_KEYS)},
        "repeat": lambda: main_controller.tasks.open_repeat(),
        "send_file": lambda: main_controller.tasks.open_send_file(),
        "keep_received": lambda: main_controller.tasks.open_keep(),
        "stop_task": lambda: main_controller.tasks.stop_newest(),
        "toggle_socket_options": lambda: main_controller.socket_options.toggle(),
        "show_times": lambda: main_controller.window.status.show_times(),
        "find": lambda: main_controller.conversation.finding.open(),
        "find_next": lambda: main_controller.conversation.finding.step(1),
        "find_previous": lambda: main_controller.conversation.finding.step(-1),
        "filter": lambda: main_controller.conversation.filtering.open(),
        "toggle_inspector": lambda: main_controller.conversation.inspector.toggle(),
        "export": lambda: main_controller.export_controller.open(),
        "toggle_hex": lambda: main_controller.conversation.toggle_hex(),
        "close_row": lambda: main_controller.rows.close(),
        "abort_row": lambda: main_controller.rows.abort(),
        "finish_row": lambda: main_controller.rows.finish_sending(),
        "rename_row": lambda: main_controller.rows.rename(),
        "remove_over": lambda: main_controller.rows.remove_over(),
        "remove_row": lambda: main_controller.rows.remove(),
        "copy_address": lambda: main_controller.rows.copy_address(),
        "next_session": lambda: main_controller.step(1),
        "previous_session": lambda: main_controller.step(-1),
        "clear_view": main_controller.clear_view,
        "show_everything": main_controller.show_everything,
        "larger": lambda: main_controller.settings.zoom(main_controller.theme.step + 1),
        "smaller": lambda: main_controller.settings.zoom(main_controller.theme.step - 1),
        "usual_size": lambda: main_controller.settings.zoom(0),
        "show_keys": lambda: main_controller.help.show_keys(),
        "show_about": lambda: main_controller.help.show_about(),
        "begin_tour": lambda: main_controller.help.begin_tour(),
        "report_problem": lambda: main_controller.help.report_problem(),
        "open_journals": lambda: main_controller.journal_controller.open_folder(),
        "open_journal": lambda: main_controller.journal_controller.ask(),
        "open_log": lambda: main_controller.help.open_log(),
        **{name: partial(_edit, main_controller, event) for name, event in _EDITING.items()},
        "quit": main_controller.quit,
    }


def _send_saved(main_controller: MainController, place: int) -> None:
    main_controller.saved.send_at(place)


def _edit(main_controller: MainController, event: str) -> None:
    """Have the widget with the focus cut, copy, paste or select."""
    widget = main_controller.window.root.focus_get()
    if widget is not None:
        widget.event_generate(event)
