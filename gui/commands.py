"""Every command of the keys and the menus, by its name: one table, so that each is spelt once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from gui.keys import SAVED_WITH_KEYS

if TYPE_CHECKING:
    from gui.controllers.main import Switchboard


_EDITING = {"cut": "<<Cut>>", "copy": "<<Copy>>", "paste": "<<Paste>>", "select_all": "<<SelectAll>>"}


def commands(board: Switchboard) -> Mapping[str, Callable[[], None]]:
    """What each of them does. The window and the rooms need not be there before one is called."""
    return {
        "toggle_server": board.endpoints.toggle_server,
        "toggle_client": board.endpoints.toggle_client,
        "connect_again": board.endpoints.connect,
        "focus_host": lambda: board.window.address.focus_host(),
        "focus_message": lambda: board.window.composer.focus_message(),
        "message_options": lambda: board.window.composer.toggle_options(),
        "macros": lambda: board.window.composer.open_macros(),
        "show_settings": lambda: board.settings.open(),
        "show_network": lambda: board.settings.show_network(board.sessions.values()),
        "toggle_saved": lambda: board.saved.toggle(),
        "save_message": lambda: board.saved.save_field(),
        **{f"send_saved_{place + 1}": partial(_send_saved, board, place) for place in range(SAVED_WITH_KEYS)},
        "repeat": lambda: board.tasks.open_repeat(),
        "send_file": lambda: board.tasks.open_send_file(),
        "keep_received": lambda: board.tasks.open_keep(),
        "stop_task": lambda: board.tasks.stop_newest(),
        "toggle_knobs": lambda: board.knobs.toggle(),
        "show_times": lambda: board.window.status.show_times(),
        "find": lambda: board.conversation.open_find(),
        "find_next": lambda: board.conversation.step(1),
        "find_previous": lambda: board.conversation.step(-1),
        "filter": lambda: board.conversation.open_filter(),
        "toggle_inspector": lambda: board.conversation.toggle_inspector(),
        "export": lambda: board.export_controller.open(),
        "toggle_hex": lambda: board.conversation.toggle_hex(),
        "close_row": lambda: board.rows.close(),
        "abort_row": lambda: board.rows.abort(),
        "finish_row": lambda: board.rows.finish_sending(),
        "remove_row": lambda: board.rows.remove(),
        "copy_address": lambda: board.rows.copy_address(),
        "next_session": lambda: board.step(1),
        "previous_session": lambda: board.step(-1),
        "clear_view": board.clear_view,
        "show_everything": board.show_everything,
        "larger": lambda: board.settings.zoom(board.theme.step + 1),
        "smaller": lambda: board.settings.zoom(board.theme.step - 1),
        "usual_size": lambda: board.settings.zoom(0),
        "show_keys": lambda: board.help.show_keys(),
        "show_about": lambda: board.help.show_about(),
        "begin_tour": lambda: board.help.begin_tour(),
        "report_problem": lambda: board.help.report_problem(),
        "open_journals": lambda: board.journal_controller.open_folder(),
        "open_journal": lambda: board.journal_controller.ask(),
        "open_log": lambda: board.help.open_log(),
        **{name: partial(_edit, board, event) for name, event in _EDITING.items()},
        "quit": board.quit,
    }


def _send_saved(board: Switchboard, place: int) -> None:
    board.saved.send_at(place)


def _edit(board: Switchboard, event: str) -> None:
    """Have the widget with the focus do it."""
    widget = board.window.root.focus_get()
    if widget is not None:
        widget.event_generate(event)
