"""Every command of the keys and the menus, by its name: one table, so that each is spelt once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from core.roles import ROLES
from gui.keys import EDITING, SAVED_WITH_KEYS, menu_words
from gui.theme.theme import LARGEST_STEP, SMALLEST_STEP
from gui.viewmodels import presenter
from gui.viewmodels.session_rows import next_session
from gui.viewmodels.window_view import MenuState
from gui.views.menus import COPY_ENTRIES, MESSAGE_ENTRIES, ROW_ENTRIES, can_edit, edit

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from gui.controllers.main import MainController

# What the buttons beside host and port say, as the menu has it.
_WORDS = {
    "Start server": menu_words("toggle_server"),
    "Connect": menu_words("toggle_client"),
    "Cancel": "&Cancel connecting",
    "Disconnect": "Dis&connect",
    **{role.stop: f"&{role.stop.replace(' ', ' the ', 1)}" for role in ROLES.values() if role.listens},
}
# Of ``core.compose``, which a first window does without.
_NOTATIONS = ("escapes", "hex", "dump", "python", "c", "base64")
_PROGRAMS = ("ncat", "socat", "nc", "curl")


def commands(main_controller: MainController) -> Mapping[str, Callable[[], None]]:
    """The callback of every command. The window and its controllers need not be made before one is called."""
    return {
        **_of_the_line(main_controller),
        **_of_messages(main_controller),
        **_of_the_conversation(main_controller),
        **_of_the_list(main_controller),
        **_of_the_window(main_controller),
        **{key.command: partial(_edit, main_controller, key.command) for key in EDITING},
    }


def _of_the_line(main: MainController) -> dict[str, Callable[[], None]]:
    """Commands for the address, the sockets and what goes on over time."""
    return {
        "toggle_server": main.endpoints.toggle_server,
        "toggle_client": main.endpoints.toggle_client,
        "connect_again": main.endpoints.connect,
        "open_tap": lambda: main.tap.open(),
        "toggle_tls": main.tls.toggle,
        "show_handshake": main.show_handshake,
        "log_keys": main.tls.toggle_key_log,
        "start_tls_client": partial(main.rows.start_tls, as_server=False),
        "start_tls_server": partial(main.rows.start_tls, as_server=True),
        "copy_authority": main.tls.copy_authority,
        "save_authority": main.tls.save_authority,
        "focus_host": lambda: main.window.focus_host(),
        "toggle_socket_options": lambda: main.socket_options.toggle(),
        "toggle_faults": lambda: main.faults.toggle(),
        "toggle_hold": lambda: main.hold.toggle(),
        "show_network": lambda: main.settings.show_network(main.sessions.values()),
        "show_times": main.show_times,
        "repeat": lambda: main.tasks.open_repeat(),
        "send_file": lambda: main.tasks.open_send_file(),
        "keep_received": lambda: main.tasks.open_keep(),
        "stop_task": lambda: main.tasks.cancel_all(),
    }


def _of_messages(main: MainController) -> dict[str, Callable[[], None]]:
    """Commands for the message in the field, for saved ones and for the one chosen in the conversation."""
    return {
        "focus_message": lambda: main.window.composer.focus_message(),
        "message_options": lambda: main.window.composer.toggle_options(),
        "macros": lambda: main.window.composer.open_macros(),
        "save_profile": lambda: main.profiles.open_save(),
        "edit_profiles": lambda: main.profiles.open(),
        "toggle_saved": lambda: main.saved.toggle(),
        "toggle_rules": lambda: main.rules.toggle(),
        "save_message": lambda: main.saved.save_field(),
        **{f"send_saved_{place + 1}": partial(_send_saved, main, place) for place in range(SAVED_WITH_KEYS)},
        "send_again": lambda: main.messages.send_again(),
        "edit_message": lambda: main.messages.edit(),
        "save_bytes": lambda: main.messages.save(),
        "copy_shown": lambda: main.messages.copy_as(""),
        **{f"copy_{name}": partial(_copy_as, main, name) for name in _NOTATIONS},
        **{f"copy_{name}": partial(_copy_command, main, name) for name in _PROGRAMS},
    }


def _of_the_conversation(main: MainController) -> dict[str, Callable[[], None]]:
    """Commands for what is shown of the conversation on view, and for journals."""
    return {
        "find": lambda: main.conversation.finding.open(),
        "find_next": lambda: main.conversation.finding.step(1),
        "find_previous": lambda: main.conversation.finding.step(-1),
        "filter": lambda: main.conversation.filtering.open(),
        "go_to": lambda: _go_to(main),
        "toggle_inspector": lambda: main.conversation.inspector.toggle(),
        "toggle_sequence": lambda: main.conversation.sequence.toggle(),
        "toggle_socket_calls": lambda: main.conversation.socket_calls.toggle(),
        "toggle_socket_state": lambda: main.socket_state.toggle(),
        "toggle_figures": lambda: main.conversation.figures.toggle(),
        "toggle_hex": lambda: main.conversation.toggle_hex(),
        "clear_view": main.clear_view,
        "show_everything": main.show_everything,
        "export": lambda: main.export_controller.open(),
        "replay": lambda: main.replay.open(),
        "open_journals": lambda: main.journal_controller.open_folder(),
        "open_journal": lambda: main.journal_controller.ask(),
    }


def _of_the_list(main: MainController) -> dict[str, Callable[[], None]]:
    """Commands for the rows of the list of sessions."""
    return {
        "close_row": lambda: main.rows.close(),
        "abort_row": lambda: main.rows.abort(),
        "finish_row": lambda: main.rows.finish_sending(),
        "rename_row": lambda: main.rows.rename(),
        "remove_over": lambda: main.rows.remove_over(),
        "remove_row": lambda: main.rows.remove(),
        "copy_address": lambda: main.rows.copy_address(),
        "toggle_reconnect": lambda: main.endpoints.toggle_reconnect(),
        "go_on": main.go_on,
        "restart_handler": lambda: main.reply.restart_handler(),
        "next_session": lambda: main.step(1),
        "previous_session": lambda: main.step(-1),
    }


def _of_the_window(main: MainController) -> dict[str, Callable[[], None]]:
    """Commands for the window as a whole: its parts, its text, its settings, help, and its end."""
    return {
        "close_beside": lambda: main.window.close_beside(),
        "full_screen": lambda: _toggle_full_screen(main),
        "next_region": lambda: main.window.go_to_region(1),
        "previous_region": lambda: main.window.go_to_region(-1),
        "larger": lambda: main.settings.zoom(main.theme.step + 1),
        "smaller": lambda: main.settings.zoom(main.theme.step - 1),
        "usual_size": lambda: main.settings.zoom(0),
        "show_settings": lambda: main.settings.open(),
        "show_keys": lambda: main.help.show_keys(),
        "show_about": lambda: main.help.show_about(),
        "begin_tour": lambda: main.help.begin_tour(),
        "toggle_lessons": lambda: main.lessons.toggle(),
        "report_problem": lambda: main.help.report_problem(),
        "open_log": lambda: main.help.open_log(),
        "quit": main.quit,
    }


def _send_saved(main_controller: MainController, place: int) -> None:
    main_controller.saved.send_at(place)


def _copy_as(main_controller: MainController, notation: str) -> None:
    """Copy in a notation: the bytes in the inspector where that has the focus, else messages of the conversation."""
    if not main_controller.conversation.inspector.copy_as(notation):
        main_controller.messages.copy_as(notation)


def _copy_command(main_controller: MainController, program: str) -> None:
    """Copy the command with which a program says the bytes in the inspector, where that has the focus, or messages."""
    main_controller.messages.copy_command(
        program, main_controller.state, main_controller.conversation.inspector.focused_bytes
    )


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
    why_no_tls = main_controller.rows.why_no_tls
    can = {
        **{key.command: key.command in can_edit_now for key in EDITING},
        "copy": "copy" in can_edit_now or (has_some and window.focused is transcript.text),
        **dict.fromkeys(MESSAGE_ENTRIES, has_message),
        **dict.fromkeys(COPY_ENTRIES, has_some or has_bytes),
        "copy_shown": has_some,
        "copy_curl": has_some and _may_be_http(transcript.chosen_message),
        "go_to": transcript.total > 0 or has_bytes,
        **{command: command in main_controller.rows.can for command in ROW_ENTRIES},
        "toggle_reconnect": main_controller.endpoints.can_reconnect,
        **dict.fromkeys(_STARTS, not why_no_tls),
        "show_handshake": state is not None and main_controller.tls.has_handshake(state),
        **{command: next_session(window_state, 1) not in (None, main_controller.selected) for command in _STEPS},
        "toggle_server": buttons.server.enabled,
        "toggle_client": buttons.client.enabled,
        "export": viewing.conversation is not None,
        "replay": not main_controller.replay.why_not,
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
    return MenuState(
        {
            "toggle_server": _WORDS[buttons.server.text],
            "toggle_client": _WORDS[buttons.client.text],
            "close_row": main_controller.rows.close_words,
            **{name: f"{menu_words(name)} ({why_no_tls})" for name in _STARTS if why_no_tls},
        },
        frozenset(command for command, holds in can.items() if not holds),
        frozenset(command for command, holds in _switches(main_controller).items() if holds),
    )


def _switches(main_controller: MainController) -> dict[str, bool]:
    """Whether what is opened and closed, or turned on and off, is so just now."""
    window, conversation = main_controller.window, main_controller.conversation
    return {
        "message_options": window.composer.shows_options,
        "filter": conversation.filtering.is_open,
        "toggle_hex": conversation.as_hex,
        "toggle_inspector": conversation.inspector.is_open,
        "toggle_sequence": conversation.sequence.is_open,
        "toggle_figures": conversation.figures.is_open,
        "toggle_socket_state": main_controller.socket_state.is_open,
        "toggle_socket_calls": conversation.socket_calls.is_open,
        "toggle_saved": main_controller.saved.is_open,
        "toggle_rules": main_controller.rules.is_open,
        "toggle_socket_options": main_controller.socket_options.is_open,
        "toggle_faults": main_controller.faults.is_open,
        "toggle_hold": main_controller.hold.is_open,
        "toggle_lessons": main_controller.lessons.is_open,
        "full_screen": window.is_full_screen,
        "toggle_reconnect": main_controller.endpoints.reconnects,
        "toggle_tls": main_controller.preferences.tls,
        "log_keys": main_controller.tls.key_log is not None,
    }


def _may_be_http(display_row: DisplayRow | None) -> bool:
    """Whether a message begins like an HTTP request; of several that are selected nobody knows yet."""
    return display_row is None or b" HTTP/1." in (display_row.data or b"").partition(b"\n")[0]


_STARTS = ("start_tls_client", "start_tls_server")
_STEPS = ("next_session", "previous_session")
