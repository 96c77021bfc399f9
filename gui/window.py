"""The window: the views in their places, the menus and the keys. It decides nothing."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tkinter import ttk
from typing import TYPE_CHECKING, Protocol

from gui.keys import KEYS, UNTOLD
from gui.theme.theme import Theme
from gui.viewmodels.drafting import ENCODING_MENU, ComposerController
from gui.viewmodels.preferences import ROWS, TIMES
from gui.viewmodels.tips import tip_of
from gui.viewmodels.window_view import MenuState, WindowView
from gui.views.address_bar import AddressBar
from gui.views.banner import Banner
from gui.views.composer.composer import Composer
from gui.views.conversation.conversation import ConversationPane, MessageMenu
from gui.views.menus import COLOURS, FRAMINGS, Alternatives, FieldMenu, MenuBar
from gui.views.session_list import SessionList
from gui.views.status_bar import StatusBar
from gui.widgets.bindings import bind_own, focus_now, share_keys, type_on
from gui.widgets.clipboard import share_pasting
from gui.widgets.key_places import bind_by_place
from gui.widgets.line_undo import share_undo
from gui.widgets.sash import Sash
from gui.widgets.screens import area_of
from gui.widgets.scrolling import Bars, KeptLine
from gui.widgets.tip import say_at, share_tips

if TYPE_CHECKING:
    from core.journal.display_row import DisplayRow
    from gui.viewmodels.preferences import Preferences

ICONS = Path(__file__).parent / "icons"
USUAL_SIZE = (920, 660)  # at 96 dots an inch
_CROWDED = 760  # at 96 dots an inch; below, the list of sessions gives way to what stands beside the conversation
_NARROW = 560  # at 96 dots an inch; below, the inspector stands in the conversation's place
_LEAST_LIST, _LEAST_TALK, _LEAST_SIDE = 140, 280, 264  # at 96 dots an inch; the talk's comes before the others'
SMALLEST_SIZE = (460, 320)  # at 96 dots an inch
_FRAME = 70  # pixels that the window manager and the menus may add to the height

_FIRST_TAG = "TincanKeys"  # in front of every widget's own bindings: Ctrl+K must not cut a line in a field


class Actions(Protocol):
    """The calls for what a person asks for in the views; keys and menus go by the names in ``commands``."""

    @property
    def commands(self) -> Mapping[str, Callable[[], None]]: ...
    @property
    def preferences(self) -> Preferences: ...
    @property
    def sending(self) -> ComposerController: ...
    def form_edited(self) -> None: ...
    def form_left(self) -> None: ...
    def do_next(self) -> None: ...
    def choose_row(self, key: str) -> None: ...
    def choose_reply(self, reply: str) -> None: ...
    def choose_colours(self, name: str) -> None: ...
    @property
    def chosen_framing(self) -> str: ...
    @property
    def chosen_encoding(self) -> str: ...
    def choose_framing_kind(self, usual: str) -> None: ...
    def choose_encoding(self, encoding: str) -> None: ...
    def choose_rows(self, rows: str) -> None: ...
    def choose_times(self, times: str) -> None: ...
    def choose_display_row(self, display_row: DisplayRow) -> None: ...
    def complain(self, why: str) -> None: ...
    def menu_state(self) -> MenuState: ...
    def profile_choices(self) -> Alternatives: ...
    def refuse_paste(self, field: tk.Misc, why: str) -> None: ...
    def recent_journals(self, on_more: Callable[[], None]) -> Sequence[tuple[str, Callable[[], None]]]: ...
    def keep_widths(self, list_width: float, side_width: float) -> None: ...


class Window:
    """All views in one root window."""

    def __init__(self, root: tk.Tk, theme: Theme, actions: Actions) -> None:
        self.root = root
        self.theme = theme
        self._view: WindowView | None = None
        self._encoding = ""  # in which the conversation on view is read
        self._side: ttk.Frame | None = None  # what stands beside the conversation
        self._is_going_to_address = False
        self._beside: list[tk.Misc] = []  # what can be opened and closed, the last opened last
        commands = actions.commands
        root.title("Tincan")
        self.menus = _menus(root, theme, actions)
        self.address = _address_bar(root, theme, actions)
        self.banner = Banner(root, theme)
        self._middle = ttk.Frame(root, style="Pane.TFrame")
        bind_own(self._middle, "<Configure>", self._share_width)
        self.sessions = SessionList(
            self._middle, theme, on_choose=actions.choose_row, commands=commands,
            state=actions.menu_state, on_usual_width=self._share_width,
        )  # fmt: skip
        # Of the list and the pane at the side, as a person wants them, in digits of the text; 0 is the usual width.
        self._list_width, self._side_width = actions.preferences.list_width, actions.preferences.side_width
        self._keep_widths = actions.keep_widths
        self.list_sash = Sash(self._middle, theme, line="right", what="the list", on_move=self._move_list_sash)
        self._talk = ttk.Frame(self._middle, style="Pane.TFrame")
        self.side_sash = Sash(self._middle, theme, line="left", what="the pane", on_move=self._move_side_sash)
        self.conversation = ConversationPane(
            self._talk, theme, on_reply=actions.choose_reply, on_choose=actions.choose_display_row,
            on_encoding=actions.choose_encoding, on_refuse=actions.complain,
        )  # fmt: skip
        self.message_menu = MessageMenu(self.conversation.transcript, theme, commands, actions.menu_state)
        self._tasks = Bars(self._talk, theme)
        self.composer = Composer(self._talk, theme, actions.sending, on_page=self.conversation.transcript.page)
        self.status = StatusBar(root, theme, on_warning=commands["show_network"])
        self._lay_out()
        self._share_bindings(actions)
        self._bind_keys(commands)
        theme.subscribe(partial(theme.colour_title, root))
        bind_own(root, "<Map>", partial(theme.colour_title, root))
        bind_own(root, "<Configure>", theme.follow_monitor)

    def show(self, view: WindowView) -> None:
        """Show everything but the conversation's rows."""
        known, self._view = self._view, view
        if view == known:
            return
        if known is None or known.title != view.title:
            self.root.title(view.title)
        if known is None or known.address != view.address:
            self.address.show(view.address)
        self._show_sessions(view)
        self.conversation.show(view.conversation)
        self.composer.show(view.composer)
        self.status.show(view.status)

    def show_encoding(self, encoding: str) -> None:
        """Read the conversation on view as text of that encoding."""
        if encoding == self._encoding:
            return
        self._encoding = encoding
        self.conversation.show_encoding(encoding)

    def show_rows(self, rows: str, times: str) -> None:
        """Show messages and their times as chosen in the View menu."""
        transcript = self.conversation.transcript
        style = replace(transcript.row_window.style, is_compact=rows == "compact", counts_time=times == "since")
        transcript.show_style(style)
        self._share_height()

    def say_at(self, field: tk.Misc, words: str) -> None:
        """Say something at a field of any window that a person has just tried to use."""
        say_at(field, self.theme, words)

    def adopt(self, widget: tk.Misc) -> None:
        """Let the window's keys come before those of a widget, and of all within it, that was made later.

        If it has a binding for ``<<Close>>``, Ctrl+W closes it.
        """
        _put_tag_first(widget)
        if widget.bind("<<Close>>"):
            self._beside.append(widget)
            bind_own(widget, "<Map>", partial(self._opened, widget))

    @property
    def beside(self) -> tk.Misc | None:
        """What was opened last beside the conversation, or above or below it, and still is."""
        return next(
            (widget for widget in reversed(self._beside) if widget.winfo_exists() and widget.winfo_manager()), None
        )

    def close_beside(self) -> None:
        """Close that."""
        if self.beside is not None:
            self.beside.event_generate("<<Close>>")

    @property
    def focused(self) -> tk.Misc | None:
        """The widget that has the focus, or had it when a menu took it; None if it is Tk's own or in no window here."""
        name = str(self.root.tk.call("focus"))
        with suppress(KeyError, tk.TclError):  # Tk has not kept which one it was, or it is gone
            if name and self.root.tk.call("winfo", "class", name) == "Menu":
                name = str(self.root.getvar("::tk::Priv(focus)"))
            return self.root.nametowidget(name) if name else None
        return None

    @property
    def is_full_screen(self) -> bool:
        """Whether the window has all of the screen, without a frame."""
        return bool(self.root.attributes("-fullscreen"))

    def fill_screen(self, *, is_full: bool) -> None:
        """Take all of the screen, or be a window again."""
        self.root.attributes("-fullscreen", is_full)

    def go_to_region(self, step: int) -> None:
        """Go to the part of the window that is ``step`` further, around its end, and has something to go to."""
        regions: list[tuple[tk.Misc, tk.Misc | None]] = [
            (self.address, self.address.host),
            (self.banner, None),
            (self.sessions, self.sessions.tree),
            (self.conversation, self.conversation.transcript.text),
            (self._tasks, None),
            (self.composer, self.composer.field),
            *([(self._side, None)] if self._side is not None else []),
            (self.status, None),
        ]
        focus = str(self.root.tk.call("focus"))
        nowhere = -1 if step > 0 else 0
        here = next(
            (at for at, (region, _usual) in enumerate(regions) if f"{focus}.".startswith(f"{region}.")), nowhere
        )
        for further in range(1, len(regions) + 1):
            region, usual = regions[(here + step * further) % len(regions)]
            control = usual if usual is not None and usual.winfo_viewable() else _first_control(region)
            if control is not None:
                focus_now(control)
                return

    @property
    def side_pane(self) -> ttk.Frame:
        """The parent of a view that stands beside the conversation."""
        return self._middle

    def open_side(self, pane: ttk.Frame) -> None:
        """Show a pane at the right, in the place of another; it takes all the room where that is narrow."""
        if self._side is not None and self._side is not pane:
            self.close_side(self._side)
        self._side = pane
        self._share_width()
        pane.grid(row=0, column=4, sticky="nsew")
        pane.grid_propagate(False)
        pane.pack_propagate(False)

    def close_side(self, pane: ttk.Frame) -> None:
        """Take it away."""
        if self._side is pane:
            self._side = None
        pane.grid_remove()
        self._share_width()

    def _share_width(self) -> None:
        """Give list, conversation and the pane at the side their parts of the present width."""
        px, width, digit = self.theme.px, self._middle.winfo_width(), self.theme.base.measure("0")
        has_side = self._side is not None
        is_narrow = has_side and width < px(_NARROW)
        has_list = self._view is not None and bool(self._view.rows) and not (has_side and width < px(_CROWDED))
        room = width - px(_LEAST_TALK) - (has_list + has_side) * self.list_sash.winfo_reqwidth()
        list_width = side_width = 0
        if has_list:
            wanted = round(self._list_width * digit) or self.sessions.usual_width
            list_width = max(px(_LEAST_LIST), min(wanted, room - has_side * px(_LEAST_SIDE)))
        if has_side:
            wanted = round(self._side_width * digit) or width * 4 // 10
            side_width = width if is_narrow else max(px(_LEAST_SIDE), min(wanted, room - list_width))
        self._middle.columnconfigure(0, minsize=list_width)
        self._middle.columnconfigure(4, minsize=side_width)
        _put(self.sessions, 0, is_wanted=has_list)
        _put(self.list_sash, 1, is_wanted=has_list)
        _put(self._talk, 2, is_wanted=not is_narrow)
        _put(self.side_sash, 3, is_wanted=has_side and not is_narrow)

    def _move_list_sash(self, to: int | None) -> None:
        self._list_width = self._in_digits(to)
        self._share_width()
        if to is not None:
            self._list_width = self._in_digits(self._column_width(0))
        self._keep_widths(self._list_width, self._side_width)

    def _move_side_sash(self, to: int | None) -> None:
        beside = self._middle.winfo_width() - self.side_sash.winfo_width()
        self._side_width = self._in_digits(beside - to if to is not None else None)
        self._share_width()
        if to is not None:
            self._side_width = self._in_digits(self._column_width(4))
        self._keep_widths(self._list_width, self._side_width)

    def _in_digits(self, pixels: int | None) -> float:
        """Pixels in widths of a digit of the present text; 0 is the usual width."""
        return max(0.1, round(pixels / self.theme.base.measure("0"), 2)) if pixels is not None else 0.0

    def _column_width(self, column: int) -> int:
        """How wide it really is, for there may have been less room than was asked for."""
        return int(self._middle.columnconfigure(column)["minsize"])

    @property
    def tasks(self) -> ttk.Frame:
        """The parent of the strips between conversation and composer, one for each running task."""
        return self._tasks.body

    def open_task(self, strip: ttk.Frame) -> None:
        """Show a strip below the others."""
        self._tasks.pack(side="bottom", fill="x", before=self.conversation)
        strip.pack(fill="x")

    def keep_in_sight(self, line: KeptLine) -> None:
        """Keep a line of a strip in sight while that scrolls."""
        self._tasks.keep(line)

    def close_task(self, strip: ttk.Frame) -> None:
        """Take it away."""
        strip.pack_forget()
        if not self.tasks.pack_slaves():
            self._tasks.pack_forget()

    def set_icon(self) -> None:
        """Take the program's icon, if it is there."""
        try:
            pictures = [tk.PhotoImage(master=self.root, file=path) for path in sorted(ICONS.glob("*.png"))]
            pictures.sort(key=lambda picture: -picture.width())
            for is_for_later_ones in (True, False) if pictures else ():  # on Windows, only for those: not for this one
                self.root.iconphoto(is_for_later_ones, *pictures)
        except tk.TclError:  # a picture is missing or broken: the window does without
            return

    def _show_sessions(self, view: WindowView) -> None:
        self.sessions.show(view.rows, view.selected)
        if bool(view.rows) is not bool(self.sessions.winfo_manager()):
            self._share_width()

    def _lay_out(self) -> None:
        root, px = self.root, self.theme.px
        lines = [ttk.Frame(root, style="Line.TFrame", height=px(1)) for _ in range(2)]
        rows = (self.address, self.banner, lines[0], self._middle, lines[1], self.status)
        for row, part in enumerate(rows):
            part.grid(row=row, column=0, sticky="nsew")
        self.banner.grid_remove()
        root.columnconfigure(0, weight=1)
        root.rowconfigure(3, weight=1)
        self._middle.columnconfigure(2, weight=1)
        self._middle.rowconfigure(0, weight=1, minsize=2)  # Tk leaves a grid as it was that wants one pixel
        self._talk.grid(row=0, column=2, sticky="nsew")
        self.sessions.pack_propagate(False)
        self.theme.subscribe(self._share_width)
        self.composer.pack(side="bottom", fill="x")
        self._line = ttk.Frame(self._talk, style="Line.TFrame", height=px(1))
        self._line.pack(side="bottom", fill="x")
        self.conversation.pack(side="top", fill="both", expand=True)
        for parts in (
            (self.address, self.banner, self._middle, self.status),
            (self.conversation, self._tasks, self.composer),
        ):
            for part in parts:  # Tab goes in this order
                part.lift()
        for part in (self.composer, self.conversation.only, self._talk):
            bind_own(part, "<Configure>", self._share_height)
        for changing in (self.conversation, self.conversation.bars, self._tasks, self.conversation.head):
            changing.on_change = self._share_height
        self.root.bind("<FocusIn>", self._focus_came, add=True)
        self.theme.subscribe(self._bound_size)

    def focus_host(self) -> None:
        """Go to the address; where it has given way, the message's options give way to it."""
        if not self.address.winfo_manager():
            self.composer.close_options()
            self.address.grid()
        self._is_going_to_address = True  # or it would give way once more while it is laid out
        self.address.focus_host()
        self._is_going_to_address = False

    def _focus_came(self, event: tk.Event[tk.Misc]) -> None:
        self.root.after_idle(self._share_height)
        for bars in (self.conversation.bars, self._tasks):
            if str(event.widget).startswith(f"{bars.body}."):
                self.root.after_idle(bars.see, event.widget)

    def _share_height(self) -> None:
        """Leave the conversation room for a few messages: what stands around them gives way.

        In this order: the head takes one line, and then goes; the address goes, unless it has the focus; the bars below
        the messages scroll, and then those above.
        """
        if self._talk.winfo_width() <= 1 or self._talk.winfo_height() <= 1:  # not laid out yet
            return
        is_shown, high = bool(self.address.winfo_manager()), self.address.winfo_reqheight()
        above, below = self.conversation.bars, self._tasks
        fixed = self.composer.winfo_reqheight() + self._line.winfo_reqheight() + self.conversation.least_height
        room = self._talk.winfo_height() + is_shown * high - fixed
        spare = room - above.needed - below.needed
        if spare >= high and not is_shown:
            self.address.grid()
        elif spare < high and is_shown and not self._is_at_address:
            self.address.grid_remove()
        if self.address.winfo_manager():
            room, spare = room - high, spare - high
        self.conversation.give_head(spare)
        for_below = min(below.needed, max(below.least, room - above.needed))
        below.give(for_below)
        above.give(room - for_below)

    @property
    def _is_at_address(self) -> bool:
        """Whether the address has the focus or is about to get it."""
        return self._is_going_to_address or str(self.root.tk.call("focus")).startswith(str(self.address))

    def _bound_size(self) -> None:
        """Let nobody make the window smaller than it can be used, nor have it larger than the screen."""
        wide, high = (self.theme.px(size) for size in SMALLEST_SIZE)
        area = area_of(self.root)
        self.root.minsize(min(wide, area.width), min(high, area.height - _FRAME))

    def _share_bindings(self, actions: Actions) -> None:
        """What all fields, or all buttons, of the window do in one way."""
        share_keys(self.root)
        share_pasting(self.root, actions.refuse_paste)
        share_undo(self.root)
        FieldMenu(self.root, self.theme)
        share_tips(self.root, self.theme, words_of_tip)
        for part in (self.conversation.transcript.text, self.sessions.tree):
            type_on(part, self.composer.write, self.composer.focus_message)

    def _bind_keys(self, commands: Mapping[str, Callable[[], None]]) -> None:
        """Bind each key to its command, in front of whatever the widgets themselves make of it."""
        acts: dict[str, Callable[[], None]] = {}
        for key in (*KEYS, *UNTOLD):
            act = partial(self._obey, commands[key.command])
            command = self.root.register(act)  # one for all its keys; tkinter would also pass all of the event
            for sequence in key.sequences:
                acts[sequence] = act
                with suppress(tk.TclError):  # a key that this system has no name for
                    self.root.tk.call("bind", _FIRST_TAG, sequence, f"{command}\nbreak")
                    if key.command == "quit":
                        self.root.event_add("<<Quit>>", sequence)
        self.root.bind_all("<<Quit>>", lambda _event: commands["quit"]())  # from small windows, too
        self.root.bind("<F2>", lambda _event: commands["rename_row"]())  # behind the widgets that name something else
        self.root.bind_class(_FIRST_TAG, "<Escape>", self._leave_full_screen)
        self.root.bind_class(_FIRST_TAG, "<Key>", lambda _event: self.sessions.tip.close())
        bind_by_place(self.root, _FIRST_TAG, acts)
        self.adopt(self.root)

    def _obey(self, command: Callable[[], None]) -> None:
        self.sessions.tip.close()
        command()

    def _opened(self, widget: tk.Misc) -> None:
        self._beside.remove(widget)
        self._beside.append(widget)

    def _leave_full_screen(self, _event: object) -> str | None:
        if not self.is_full_screen:
            return None
        self.fill_screen(is_full=False)
        return "break"


def _menus(root: tk.Tk, theme: Theme, actions: Actions) -> MenuBar:
    return MenuBar(
        root,
        theme,
        actions.commands,
        state=actions.menu_state,
        colours=Alternatives(COLOURS, lambda: theme.choice, actions.choose_colours),
        framings=Alternatives(FRAMINGS, lambda: actions.chosen_framing, actions.choose_framing_kind),
        encodings=Alternatives(ENCODING_MENU, lambda: actions.chosen_encoding, actions.choose_encoding),
        rows=Alternatives(ROWS, lambda: actions.preferences.rows, actions.choose_rows),
        times=Alternatives(TIMES, lambda: actions.preferences.times, actions.choose_times),
        recent=actions.recent_journals,
        profiles=actions.profile_choices,
    )


def _address_bar(root: tk.Tk, theme: Theme, actions: Actions) -> AddressBar:
    return AddressBar(
        root,
        theme,
        on_server=actions.commands["toggle_server"],
        on_client=actions.commands["toggle_client"],
        on_tls=actions.commands["toggle_tls"],
        on_edit=actions.form_edited,
        on_enter=actions.do_next,
        on_leave=actions.form_left,
    )


def _put(part: tk.Widget, column: int, *, is_wanted: bool) -> None:
    """Have a part of the middle there or not, whichever it is by now."""
    if is_wanted and not part.winfo_manager():
        part.grid(row=0, column=column, sticky="nsew")
    elif not is_wanted and part.winfo_manager():
        part.grid_remove()


def _first_control(region: tk.Misc) -> tk.Misc | None:
    """The first of a part of the window that Tab goes to."""
    for widget in region.tk.splitlist(region.tk.call("winfo", "children", region)):
        part = region.nametowidget(widget)
        found = part if region.tk.call("tk::FocusOK", widget) else _first_control(part)
        if found is not None:
            return found
    return None


def _put_tag_first(widget: tk.Misc) -> None:
    widget.bindtags((_FIRST_TAG, *widget.bindtags()))
    for child in tuple(widget.children.values()):
        if not isinstance(child, tk.Menu):
            _put_tag_first(child)


def words_of_tip(button: ttk.Button) -> str:
    """What is said of a button while the mouse rests on it."""
    parts: list[str] = []
    part: tk.Misc | None = button
    while part is not None:
        parts.append(type(part).__name__)
        part = part.master
    return tip_of(str(button.cget("text")), parts)
