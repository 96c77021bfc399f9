"""Every command, once, with its key and words: menus, the page of keys and bindings come from here. No tkinter."""

from __future__ import annotations

from typing import NamedTuple

from gui.platform.differences import HERE


class Key(NamedTuple):
    """A key, what it does and how it reads. ``sequences`` are Tk's names for it.

    ``words`` are those of its entry in a menu, with "&" in front of the letter that chooses it there.
    """

    command: str
    sequences: tuple[str, ...]
    shown: str
    does: str
    words: str = ""


_MOD, _CTRL, _SHIFT = HERE.modifier, HERE.modifier_words, HERE.shift_words

SAVED_WITH_KEYS = 9  # saved messages that have a key each


def _digit(number: int) -> tuple[str, ...]:
    return f"<{_MOD}-Key-{number}>", f"<{_MOD}-KP_{number}>"  # without "Key" Tk means a button of the mouse


def _letter(command: str, letter: str, does: str, words: str = "") -> Key:
    return Key(command, (f"<{_MOD}-{letter}>", f"<{_MOD}-{letter.upper()}>"), f"{_CTRL}{letter.upper()}", does, words)


def _shift_letter(command: str, letter: str, does: str, words: str) -> Key:
    sequences = (f"<{_MOD}-Shift-{letter}>", f"<{_MOD}-Shift-{letter.upper()}>")
    return Key(command, sequences, f"{_CTRL}{_SHIFT}{letter.upper()}", does, words)


KEYS = (
    Key("toggle_server", ("<F5>",), "F5", "start or stop the server", "&Start the server"),
    Key("toggle_client", ("<F6>",), "F6", "connect, cancel or disconnect", "&Connect"),
    Key("connect_again", ("<Shift-F6>",), "Shift+F6", "connect once more to the same place", "Connect &once more"),
    _letter("open_tap", "t", "stand between two others: a tap", "Ta&p…"),
    _shift_letter(
        "toggle_tls", "l", "TLS, or none, for what is started or connected next", "&TLS for what begins next"
    ),
    _letter("focus_host", "l", "go to the host"),
    _letter("focus_message", "j" if "m" in HERE.taken_letters else "m", "go to the message"),
    _letter("message_options", "e", "how the message is written and what is added", "&How the message is written"),
    _shift_letter("macros", "m", "macros for the message", "&Macros for the message"),
    _letter("save_message", "d", "save the message in the field", "Save the messa&ge"),
    _letter("toggle_saved", "b", "saved messages", "Sa&ved messages"),
    (_shift_letter if "m" in HERE.taken_letters else _letter)(
        "toggle_rules", "j", "rules by which a server answers", "Rules for re&plies"
    ),
    Key("send_saved_1", _digit(1), f"{_CTRL}1 … {_CTRL}9", "send one of the first nine saved messages"),
    _letter("repeat", "r", "send again and again, by the clock", "&Repeat…"),
    _shift_letter("send_file", "o", "send a file", "Send a &file…"),
    _shift_letter("keep_received", "s", "save what was received", "Save &what was received…"),
    Key(
        "stop_task",
        (f"<{_MOD}-period>",),
        f"{_CTRL}.",
        "cancel all that is being repeated, sent or saved",
        "Cance&l all tasks",
    ),
    _letter("toggle_socket_options", "u", "options of the sockets: Nagle, recv size, pauses", "Soc&ket options"),
    Key("toggle_faults", ("<F7>",), "F7", "faults: make the line late, slow, cut or damaged", "Faults o&n the line"),
    Key("toggle_hold", ("<Shift-F7>",), "Shift+F7", "hold messages of a tap", "Hold &what goes through a tap"),
    _shift_letter("show_times", "a", "how long answers take", "Answer &times"),
    _letter("find", "f", "find in the conversation", "&Find…"),
    Key("find_next", ("<F3>",), "F3", "next place found", "Find &next"),
    Key("find_previous", ("<Shift-F3>",), "Shift+F3", "place found before", "Find &before"),
    _shift_letter("filter", "f", "show only some of it", "&Filter…"),
    _letter("go_to", "g", "go to a time or a number; to an offset in hex", "G&o to a time or a number…"),
    _shift_letter("send_again", "r", "send the chosen message again", "&Send again"),
    _shift_letter("edit_message", "e", "edit the chosen message", "&Edit and send"),
    _shift_letter("save_bytes", "b", "save a message's bytes", "Sa&ve as…"),
    _shift_letter("copy_hex", "c", "copy messages or bytes as hex", "As &hex"),
    (_shift_letter if "h" in HERE.taken_letters else _letter)("toggle_hex", "h", "show as hex or as text", "As &hex"),
    _letter("toggle_inspector", "i", "inspector: the bytes of one message", "&Inspector"),
    _shift_letter("toggle_sequence", "d", "the conversation as a sequence diagram", "Se&quence"),
    _shift_letter("toggle_figures", "g", "figures: rates, sizes, answer times", "Figures a&nd times"),
    _shift_letter("toggle_socket_calls", "k", "the socket calls of the session", "Soc&ket calls"),
    _shift_letter("toggle_socket_state", "t", "the state of the socket", "State &diagram of the socket"),
    _letter("export", "s", "export the conversation", "&Export…"),
    _shift_letter("replay", "p", "have one side of the conversation again", "Re&play…"),
    _letter("open_journal", "o", "open a journal, a capture or steps", "&Open a journal, capture or steps…"),
    Key("next_session", ("<Control-Tab>",), "Ctrl+Tab", "next conversation", "Ne&xt conversation"),
    Key(
        "previous_session",
        ("<Control-Shift-Tab>", "<Control-ISO_Left_Tab>"),
        "Ctrl+Shift+Tab",
        "previous conversation",
        "Previo&us conversation",
    ),
    _letter("clear_view", "k", "clear the view; the journal keeps everything", "&Clear the view"),
    _letter("close_beside", "w", "close what is open beside, the last one first", "Close what is &beside"),
    Key("next_region", ("<F8>",), "F8", "next part of the window"),
    Key("previous_region", ("<Shift-F8>",), "Shift+F8", "part of the window before"),
    Key(
        "larger",
        (f"<{_MOD}-plus>", f"<{_MOD}-equal>", f"<{_MOD}-KP_Add>"),
        f"{_CTRL}Plus",
        "larger text",
        "&Larger text",
    ),
    Key("smaller", (f"<{_MOD}-minus>", f"<{_MOD}-KP_Subtract>"), f"{_CTRL}Minus", "smaller text", "Sm&aller text"),
    Key("usual_size", (f"<{_MOD}-0>", f"<{_MOD}-KP_0>"), f"{_CTRL}0", "usual text size", "&Usual size"),
    Key("full_screen", ("<F11>",), "F11", "the window over the whole screen; Escape ends it", "Full sc&reen"),
    Key("show_settings", (f"<{_MOD}-comma>",), f"{_CTRL},", "settings", "&Settings…"),
    Key("show_keys", ("<F1>",), "F1", "this page", "&Keys"),
    _letter("quit", "q", "quit", "&Quit"),
)

UNTOLD = tuple(Key(f"send_saved_{number}", _digit(number), "", "") for number in range(2, SAVED_WITH_KEYS + 1))
"""Keys that another one's row tells of."""

EDITING = (
    Key("undo", ("<<Undo>>",), f"{_CTRL}Z", "", "&Undo"),
    Key("redo", ("<<Redo>>",), f"{_CTRL}Y", "", "&Redo"),
    Key("cut", ("<<Cut>>",), f"{_CTRL}X", "", "Cu&t"),
    Key("copy", ("<<Copy>>",), f"{_CTRL}C", "", "&Copy"),
    Key("paste", ("<<Paste>>",), f"{_CTRL}V", "", "&Paste"),
    Key("delete", ("<<Clear>>",), "Delete", "", "&Delete"),
    Key("select_all", ("<<SelectAll>>",), f"{_CTRL}A", "", "Select &all"),
)
"""What whatever has the focus does by itself; ``sequences`` are Tk's names for being asked to."""

WITHOUT_KEY = (
    Key("open_journals", (), "", "", "Open the folder of &journals"),
    Key("show_everything", (), "", "", "&Show everything"),
    Key("copy_shown", (), "", "", "As &shown"),
    Key("copy_escapes", (), "", "", "As &escapes"),
    Key("copy_dump", (), "", "", "As a hex &dump"),
    Key("copy_python", (), "", "", "As &Python bytes"),
    Key("copy_c", (), "", "", "As a &C array"),
    Key("copy_base64", (), "", "", "As &base64"),
    Key("copy_ncat", (), "", "", "As &ncat command"),
    Key("copy_socat", (), "", "", "As s&ocat command"),
    Key("copy_nc", (), "", "", "As p&rintf | nc"),
    Key("copy_curl", (), "", "", "As c&url command"),
    Key("toggle_reconnect", (), "", "", "Reconnect &by itself"),
    Key("close_row", (), "", "", "Close t&he session or connection"),
    Key("abort_row", (), "", "", "&Abort the connection (RST)"),
    Key("finish_row", (), "", "", "F&inish sending (FIN)"),
    Key("start_tls_client", (), "", "", "Start TLS now as &client"),
    Key("start_tls_server", (), "", "", "Start TLS now as &server"),
    Key("show_handshake", (), "", "", "Sh&ow the handshake"),
    Key("log_keys", (), "", "", "Write the &keys of the next session to a file…"),
    Key("copy_authority", (), "", "", "Copy the &authority's certificate"),
    Key("save_authority", (), "", "", "Sa&ve the authority's certificate…"),
    Key("copy_address", (), "", "", "Cop&y the address"),
    Key("restart_handler", (), "", "", "Stop what han&gs in the Python file"),
    Key("save_profile", (), "", "", "Save as profi&le…"),
    Key("edit_profiles", (), "", "", "&Edit profiles…"),
    Key("rename_row", (), "F2", "", "Rena&me…"),
    Key("remove_row", (), "Delete", "", "Remo&ve from the list"),
    Key("remove_over", (), "Shift+Delete", "", "Remove all that ar&e over"),
    Key("begin_tour", (), "", "", "&Tour of the first conversation"),
    Key("toggle_lessons", (), "", "", "&Lessons"),
    Key("report_problem", (), "", "", "&Report a problem"),
    Key("show_about", (), "", "", "&About Tincan"),
)
"""Commands of the menus that no key of the whole window has."""

_BY_COMMAND = {key.command: key for key in (*KEYS, *EDITING, *WITHOUT_KEY)}

FIXED = (
    ("Enter", "send the message"),
    ("Ctrl+Enter", "send the message and keep it"),
    ("Shift+Enter", "new line in the message"),
    ("Up, Down", "earlier messages, in an empty or unchanged field"),
    ("Page Up, Page Down", "scroll the conversation"),
    ("Home, End", "oldest, newest, in the conversation"),
    ("Up, Down", "choose a message, in the conversation"),
    (f"{_CTRL}Z, {_CTRL}Y", "undo, redo"),
    (f"{_CTRL}X, {_CTRL}C, {_CTRL}V", "cut, copy, paste"),
    (f"{_CTRL}A", "select all"),
    (f"{_CTRL}Left, {_CTRL}Right", "boundary before, next boundary, in the inspector"),
    ("Enter, Delete", "send, delete a saved message"),
    ("F2, Shift+F2", "edit, rename a saved message"),
    ("Alt+Up, Alt+Down", "move a saved message, or a rule"),
    ("Insert, Space", "add a rule, switch one on or off"),
    ("Menu or Shift+F10", "what can be done with what has the focus"),
    ("Delete, Shift+Delete", "take one, or all that are over, out of the list"),
    ("F2", "rename the session or connection on view"),
    ("Left, Right, Enter", "move the line between two panes, or put it back"),
    ("Tab, Shift+Tab", "next, previous control"),
    ("Space, Enter", "press the button that has the focus"),
)
"""What the widgets themselves do with keys, for the page of keys."""


def shown(command: str) -> str:
    """How the key of a command reads; empty if it has none."""
    return _BY_COMMAND[command].shown if command in _BY_COMMAND else ""


def menu_words(command: str) -> str:
    """The words of a command in a menu, with its letter marked."""
    return _BY_COMMAND[command].words


def saved_key(number: int) -> tuple[str, str] | None:
    """How the key of the ``number``-th saved message reads, in long and in short; only the first nine have one."""
    return (f"{_CTRL}{number}", str(number)) if 1 <= number <= SAVED_WITH_KEYS else None


_TOPICS = (
    ("The line", ("toggle_server", "toggle_client", "connect_again", "open_tap", "toggle_tls", "focus_host",
     "focus_message", "message_options", "macros")),
    ("Over time", ("repeat", "send_file", "keep_received", "stop_task", "toggle_socket_options", "toggle_faults",
     "toggle_hold", "show_times")),
    ("Saved messages and rules", ("toggle_saved", "save_message", "send_saved_1", "toggle_rules")),
    (
        "The conversation",
        ("next_session", "previous_session", "find", "find_next", "find_previous", "go_to", "filter", "toggle_hex",
         "toggle_inspector", "toggle_sequence", "toggle_figures", "toggle_socket_calls", "toggle_socket_state",
         "clear_view"),
    ),
    (
        "A message",
        ("send_again", "edit_message", "save_bytes", "copy_hex"),
    ),
    ("Journals", ("export", "replay", "open_journal")),
    (
        "The window",
        ("next_region", "previous_region", "close_beside", "full_screen", "larger", "smaller", "usual_size",
         "show_settings", "show_keys", "quit"),
    ),
)  # fmt: skip


def topics() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Every key once with what it does, under headings."""
    by_command = {key.command: (key.shown, key.does) for key in KEYS}
    told = tuple((title, tuple(by_command.pop(command) for command in commands)) for title, commands in _TOPICS)
    more = (("More", tuple(by_command.values())),) if by_command else ()
    return (*told, *more, ("Everywhere", FIXED))
