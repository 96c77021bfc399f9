"""Every key, once: the menus, the page of keys and the bindings are made from this table. No tkinter."""

from __future__ import annotations

from typing import NamedTuple

from gui.platform.differences import HERE


class Key(NamedTuple):
    """A key, what it does and how it reads. ``sequences`` are Tk's names for it."""

    command: str
    sequences: tuple[str, ...]
    shown: str
    does: str


_MOD, _CTRL, _SHIFT = HERE.modifier, HERE.modifier_words, HERE.shift_words

SAVED_WITH_KEYS = 9  # saved messages that have a key each


def _digit(number: int) -> tuple[str, ...]:
    return f"<{_MOD}-Key-{number}>", f"<{_MOD}-KP_{number}>"  # without "Key" Tk means a button of the mouse


KEYS = (
    Key("toggle_server", ("<F5>",), "F5", "start or stop the server"),
    Key("toggle_client", ("<F6>",), "F6", "connect, cancel or disconnect"),
    Key("connect_again", ("<Shift-F6>",), "Shift+F6", "connect once more to the same place"),
    Key("focus_host", (f"<{_MOD}-l>", f"<{_MOD}-L>"), f"{_CTRL}L", "go to the host"),
    Key("focus_message", (f"<{_MOD}-m>", f"<{_MOD}-M>"), f"{_CTRL}M", "go to the message"),
    Key("message_options", (f"<{_MOD}-e>", f"<{_MOD}-E>"), f"{_CTRL}E", "how the message is written and what is added"),
    Key("macros", (f"<{_MOD}-Shift-m>", f"<{_MOD}-Shift-M>"), f"{_CTRL}{_SHIFT}M", "macros for the message"),
    Key("save_message", (f"<{_MOD}-d>", f"<{_MOD}-D>"), f"{_CTRL}D", "save the message in the field"),
    Key("toggle_saved", (f"<{_MOD}-b>", f"<{_MOD}-B>"), f"{_CTRL}B", "saved messages"),
    Key("send_saved_1", _digit(1), f"{_CTRL}1 … {_CTRL}9", "send one of the first nine saved messages"),
    Key("repeat", (f"<{_MOD}-r>", f"<{_MOD}-R>"), f"{_CTRL}R", "send again and again, by the clock"),
    Key("send_file", (f"<{_MOD}-Shift-o>", f"<{_MOD}-Shift-O>"), f"{_CTRL}{_SHIFT}O", "send a file"),
    Key("keep_received", (f"<{_MOD}-Shift-s>", f"<{_MOD}-Shift-S>"), f"{_CTRL}{_SHIFT}S", "save what was received"),
    Key("stop_task", (f"<{_MOD}-period>",), f"{_CTRL}.", "stop what is repeated, sent or saved"),
    Key(
        "toggle_socket_options",
        (f"<{_MOD}-u>", f"<{_MOD}-U>"),
        f"{_CTRL}U",
        "knobs of the sockets: Nagle, recv size, pauses",
    ),
    Key("show_times", (f"<{_MOD}-t>", f"<{_MOD}-T>"), f"{_CTRL}T", "how long answers take"),
    Key("find", (f"<{_MOD}-f>", f"<{_MOD}-F>"), f"{_CTRL}F", "find in the conversation"),
    Key("find_next", ("<F3>",), "F3", "next place found"),
    Key("find_previous", ("<Shift-F3>",), "Shift+F3", "place found before"),
    Key("filter", (f"<{_MOD}-Shift-f>", f"<{_MOD}-Shift-F>"), f"{_CTRL}{_SHIFT}F", "show only some of it"),
    Key("toggle_hex", (f"<{_MOD}-h>", f"<{_MOD}-H>"), f"{_CTRL}H", "show as hex or as text"),
    Key("toggle_inspector", (f"<{_MOD}-i>", f"<{_MOD}-I>"), f"{_CTRL}I", "inspector: the bytes of one message"),
    Key("export", (f"<{_MOD}-s>", f"<{_MOD}-S>"), f"{_CTRL}S", "export the conversation"),
    Key("open_journal", (f"<{_MOD}-o>", f"<{_MOD}-O>"), f"{_CTRL}O", "open a journal"),
    Key("next_session", ("<Control-Tab>",), "Ctrl+Tab", "next conversation"),
    Key(
        "previous_session",
        ("<Control-Shift-Tab>", "<Control-ISO_Left_Tab>"),
        "Ctrl+Shift+Tab",
        "previous conversation",
    ),
    Key("clear_view", (f"<{_MOD}-k>", f"<{_MOD}-K>"), f"{_CTRL}K", "clear the view; the journal keeps everything"),
    Key(
        "larger",
        (f"<{_MOD}-plus>", f"<{_MOD}-equal>", f"<{_MOD}-KP_Add>"),
        f"{_CTRL}Plus",
        "larger text",
    ),
    Key("smaller", (f"<{_MOD}-minus>", f"<{_MOD}-KP_Subtract>"), f"{_CTRL}Minus", "smaller text"),
    Key("usual_size", (f"<{_MOD}-0>", f"<{_MOD}-KP_0>"), f"{_CTRL}0", "usual text size"),
    Key("show_settings", (f"<{_MOD}-comma>",), f"{_CTRL},", "settings"),
    Key("show_keys", ("<F1>",), "F1", "this page"),
    Key("quit", (f"<{_MOD}-q>", f"<{_MOD}-Q>"), f"{_CTRL}Q", "quit"),
)

UNTOLD = tuple(Key(f"send_saved_{number}", _digit(number), "", "") for number in range(2, SAVED_WITH_KEYS + 1))
"""Keys that another one's row tells of."""

FIXED = (
    ("Enter", "send the message"),
    ("Ctrl+Enter", "send the message and keep it"),
    ("Shift+Enter", "new line in the message"),
    ("Up, Down", "earlier messages, in an empty or unchanged field"),
    ("Page Up, Page Down", "scroll the conversation"),
    ("Home, End", "oldest, newest, in the conversation"),
    ("Alt+Up, Alt+Down", "choose a message, in the conversation"),
    (f"{_CTRL}Left, {_CTRL}Right", "boundary before, next boundary, in the inspector"),
    ("Enter, Delete", "send, delete a saved message"),
    ("F2, Shift+F2", "edit, rename a saved message"),
    ("Alt+Up, Alt+Down", "move a saved message"),
    ("Menu or Shift+F10", "what can be done with a session, in the list"),
    ("Delete, Shift+Delete", "take one, or all that are over, out of the list"),
    ("F2", "rename a session or connection, in the list"),
    ("Left, Right, Enter", "move the line between two panes, or put it back"),
    ("Tab, Shift+Tab", "next, previous control"),
    ("Space, Enter", "press the button that has the focus"),
)
"""What the widgets themselves do with keys, for the page of keys."""


def shown(command: str) -> str:
    """How the key of a command reads; empty if it has none."""
    return next((key.shown for key in KEYS if key.command == command), "")


def saved_key(number: int) -> tuple[str, str] | None:
    """How the key of the ``number``-th saved message reads, in long and in short; only the first nine have one."""
    return (f"{_CTRL}{number}", str(number)) if 1 <= number <= SAVED_WITH_KEYS else None


_TOPICS = (
    ("The line", ("toggle_server", "toggle_client", "connect_again", "focus_host", "focus_message",
     "message_options", "macros")),
    ("Over time", ("repeat", "send_file", "keep_received", "stop_task", "toggle_socket_options", "show_times")),
    ("Saved messages", ("toggle_saved", "save_message", "send_saved_1")),
    (
        "The conversation",
        ("next_session", "previous_session", "find", "find_next", "find_previous", "filter", "toggle_hex",
         "toggle_inspector", "clear_view"),
    ),
    ("Journals", ("export", "open_journal")),
    ("The window", ("larger", "smaller", "usual_size", "show_settings", "show_keys", "quit")),
)  # fmt: skip


def topics() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Every key once with what it does, under headings."""
    by_command = {key.command: (key.shown, key.does) for key in KEYS}
    told = tuple((title, tuple(by_command.pop(command) for command in commands)) for title, commands in _TOPICS)
    more = (("More", tuple(by_command.values())),) if by_command else ()
    return (*told, *more, ("Everywhere", FIXED))
