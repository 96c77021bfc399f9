"""Every command of the keys and the menus, by its name: one table, so that each is spelt once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from gui.keys import EDITING, SAVED_WITH_KEYS, menu_words
from gui.theme.theme import LARGEST_STEP, SMALLEST_STEP
from gui.viewmodels import presenter
from gui.viewmodels.session_rows import next_session
from gui.viewmodels.window_view import MenuState
from gui.views.field_menu import can_edit, edit
from gui.views.menus import COPY_ENTRIES, MESSAGE_ENTRIES, ROW_ENTRIES

if TYPE_CHECKING:
    from gui.controllers.main import MainController

# What the buttons beside host and port say, as the menu has it.
_WORDS = {
    "Start server": menu_words("toggle_server"),
    "Stop server": "&Stop the server",
    "Connect": menu_words("toggle_client"),
    "Cancel": "&Cancel connecting",
    "Disconnect": "Dis&connect",
}
_NOTATIONS = ("escapes", "hex", "python", "c", "base64")  # of ``core.compose``, which a first window does without


def commands(main_controller: MainController) -> Mapping[str, Callable[[], None]]:
    """The callback of every command. The window and its controllers need not be made before one is called."""
    return {
        "toggle_server": main_controller.endpoints.toggle_server,
        "toggle_client": main_controller.endpoints.toggle_client,
        "connect_again": main_controller.endpoints.connect,
        "focus_host": lambda: main_controller.window.focus_host(),
        "focus_message": lambda: main_controller.window.composer.focus_message(),
        "message_options": lambda: main_controller.window.composer.toggle_options(),
        "save_profile": lambda: main_controller.profiles.open_save(),
        "edit_profiles": lambda: main_controller.profiles.open(),
        "macros": lambda: main_controller.window.composer.open_macros(),
        "show_settings": lambda: main_controller.settings.open(),
        "show_network": lambda: main_controller.settings.show_network(main_controller.sessions.values()),
        "toggle_saved": lambda: main_controller.saved.toggle(),
        "save_message": lambda: main_controller.saved.save_field(),
        **{f"send_saved_{place + 1}": partial(_send_saved, main_controller, place) for place in range(SAVED_WITH_KEYS)},
        "repeat": lambda: main_controller.tasks.open_repeat(),
        "send_file": lambda: main_controller.tasks.open_send_file(),
        "keep_received": lambda: main_controller.tasks.open_keep(),
        "stop_task": lambda: main_controller.tasks.cancel_all(),
        "toggle_socket_options": lambda: main_controller.socket_options.toggle(),
        "show_times": lambda: main_controller.show_times(),
        "find": lambda: main_controller.conversation.finding.open(),
        "find_next": lambda: main_controller.conversation.finding.step(1),
        "find_previous": lambda: main_controller.conversation.finding.step(-1),
        "filter": lambda: main_controller.conversation.filtering.open(),
        "go_to": lambda: _go_to(main_controller),
        "send_again": lambda: main_controller.messages.send_again(),
        "edit_message": lambda: main_controller.messages.edit(),
        "save_bytes": lambda: main_controller.messages.save(),
        "copy_shown": lambda: main_controller.messages.copy_as(""),
        **{f"copy_{name}": partial(_copy_as, main_controller, name) for name in _NOTATIONS},
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
        **{key.command: partial(_edit, main_controller, key.command) for key in EDITING},
        "close_beside": lambda: main_controller.window.close_beside(),
        "full_screen": lambda: _toggle_full_screen(main_controller),
        "next_region": lambda: main_controller.window.go_to_region(1),
        "previous_region": lambda: main_controller.window.go_to_region(-1),
        "quit": main_controller.quit,
    }


def _send_saved(main_controller: MainController, place: int) -> None:
    main_controller.saved.send_at(place)


def _copy_as(main_controller: MainController, notation: str) -> None:
    """Copy in a notation: the bytes in the inspector where that has the focus, else messages of the conversation."""
    if not main_controller.conversation.inspector.copy_as(notation):
        main_controller.messages.copy_as(notation)


def _go_to(main_controller: MainController) -> None:
    """Go to a byte in the inspector where that has the focus, else to a message of the conversation."""
    if not main_controller.conversation.inspector.ask_offset():
        main_controller.messages.open_go()


def _toggle_full_screen(main_controller: MainController) -> None:
    main_controller.window.fill_screen(is_full=not main_controller.window.is_full_screen)


def _edit(main_controller: MainController, command: str) -> None:
    """Have the widget with the focus cut, copy, paste or select."""
    edit(main_controller.window.focused, command)


def menu_state(main_controller: MainController) -> MenuState:
    """How things stand for the commands of the menus."""
    window, state, viewing = main_controller.window, main_controller.state, main_controller.viewing
    conversation, step = main_controller.conversation, main_controller.theme.step
    window_state = main_controller.window_state()
    buttons = presenter.present(window_state).address
    can_edit_now, lens = can_edit(window.focused), viewing.lens
    transcript, has_bytes = window.conversation.transcript, conversation.inspector.has_focus
    has_message, has_some = transcript.chosen_message is not None, transcript.selection.picked is not None
    can = {
        **{key.command: key.command in can_edit_now for key in EDITING},
        "copy": "copy" in can_edit_now or (has_some and window.focused is transcript.text),
        **dict.fromkeys(MESSAGE_ENTRIES, has_message),
        **dict.fromkeys(COPY_ENTRIES, has_some or has_bytes),
        "copy_shown": has_some,
        "go_to": transcript.total > 0 or has_bytes,
        **{command: command in main_controller.rows.can for command in ROW_ENTRIES},
        **{command: next_session(window_state, 1) not in (None, main_controller.selected) for command in _STEPS},
        "toggle_server": buttons.server.enabled,
        "toggle_client": buttons.client.enabled,
        "export": viewing.conversation is not None,
        "keep_received": bool(conversation.filtering.connections)
        and state is not None
        and main_controller.archives.get(state.session) is None,
        "save_message": not window.composer.field.is_empty,
        "stop_task": main_controller.tasks.strips.is_busy,
        "show_times": window.status.has_times,
        "clear_view": viewing.conversation is not None,
        "show_everything": state is not None and (lens.since > 0 or not lens.only.admits_all),
        "larger": step < LARGEST_STEP,
        "smaller": step > SMALLEST_STEP,
        "usual_size": step != 0,
        "close_beside": window.beside is not None,
    }
    on = {
        "message_options": window.composer.shows_options,
        "filter": conversation.filtering.is_open,
        "toggle_hex": conversation.as_hex,
        "toggle_inspector": conversation.inspector.is_open,
        "toggle_saved": main_controller.saved.is_open,
        "toggle_socket_options": main_controller.socket_options.is_open,
        "full_screen": window.is_full_screen,
    }
    return MenuState(
        {
            "toggle_server": _WORDS[buttons.server.text],
            "toggle_client": _WORDS[buttons.client.text],
            "close_row": main_controller.rows.close_words,
        },
        frozenset(command for command, holds in can.items() if not holds),
        frozenset(command for command, holds in on.items() if holds),
    )


_STEPS = ("next_session", "previous_session")
