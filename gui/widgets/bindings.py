"""Bindings that Tk lacks: one taken back of several, the wheel as rows, keys that fields have everywhere."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from tkinter import ttk

from gui.platform.differences import HERE, LINUX, WINDOWS

MENU_KEYS = ("<Menu>", "<App>", "<Shift-F10>")


def breaking(act: Callable[[], object]) -> Callable[[object], str]:
    """A handler that calls ``act`` and keeps the event from the bindings that come after it (Tk's ``break``)."""

    def handle(_event: object) -> str:
        act()
        return "break"

    return handle


def focus_now(widget: tk.Misc) -> None:
    """Give the focus to a widget that may not have been laid out yet.

    Tk would wait until it is on the screen, and what is typed by then would go where the focus was before. In the place
    of one that is disabled the next one gets it, or nobody would see where the focus is.
    """
    if not widget.winfo_viewable() and widget.winfo_toplevel().wm_state() != "withdrawn":  # else nothing helps yet
        widget.update_idletasks()
    is_disabled = isinstance(widget, ttk.Widget) and widget.instate(["disabled"])
    ((widget.tk_focusNext() if is_disabled else None) or widget).focus_set()


def bind_known(
    widget: tk.Misc, sequences: Iterable[str], act: Callable[[tk.Event[tk.Misc]], object], *, add: bool = False
) -> None:
    """Bind those of the sequences that Tk knows here: not every system has each key, nor every Tk each event."""
    for sequence in sequences:
        with suppress(tk.TclError):
            widget.bind(sequence, act, add=add)


def unbind(widget: tk.Misc, sequence: str, binding: str) -> None:
    """Take back what ``bind(sequence, ..., add=True)`` or ``bind_for_now`` gave, and nothing else.

    Before Python 3.13 ``Misc.unbind`` takes every binding of the sequence away, whatever it is given
    (https://github.com/python/cpython/issues/75666).
    """
    own = f'if {{"[{binding} ', _guarded(binding)
    lines = str(widget.tk.call("bind", str(widget), sequence)).split("\n")
    kept = "\n".join(line for line in lines if line and not line.startswith(own))
    widget.tk.call("bind", str(widget), sequence, kept)
    widget.deletecommand(binding)


def bind_own(widget: tk.Misc, sequence: str, act: Callable[[], object]) -> None:
    """Call ``act`` too, without the event, when ``widget`` itself has it.

    The bindings of a window also hear the events of each widget in it: hundreds when the window closes or gets another
    size. Tcl sorts them out here, because a call of Python with an event takes it a tenth of a millisecond.
    """
    command = _guarded(widget.register(act))
    widget.tk.call("bind", str(widget), sequence, f"+if {{{{%W}} eq {{{widget}}}}} {{{command}}}")


def bind_for_now(widget: tk.Misc, sequence: str, act: Callable[[], object]) -> str:
    """Call ``act`` too, without the event, until ``unbind`` takes that back, which an earlier binding may cause."""
    command = widget.register(act)
    widget.tk.call("bind", str(widget), sequence, f"+{_guarded(command)}")
    return command


def _guarded(command: str) -> str:
    """A call of a command, unless it is gone: what came before it in the same event may have destroyed its widget.

    Tk gathers what an event calls before it calls any of it, and complains of what is not there by then.
    """
    return f"if {{[info commands {command}] ne {{}}}} {command}"


def when_idle(widget: tk.Misc, act: Callable[[], object]) -> None:
    """Call ``act`` before the window rests, unless the widget is gone by then: Tk would call its own all the same."""
    widget.nametowidget(".").after_idle(lambda: act() if widget.winfo_exists() else None)


def when_resized(widget: tk.Misc, fit: Callable[[], None]) -> None:
    """Call ``fit`` when the widget or its window has another size, as long as it lives."""
    window = widget.winfo_toplevel()

    def heard() -> None:
        if widget.winfo_exists():
            fit()

    bind_own(widget, "<Configure>", heard)
    bind_own(window, "<Configure>", heard)


_TRACKPAD = 16  # pixels of a row, about


def bind_wheel(
    widget: tk.Misc, scroll: Callable[[int], object], rows: int = 3, row_height: Callable[[], int] = lambda: _TRACKPAD
) -> None:
    """Call ``scroll`` with how many rows to go down: ``rows`` for a notch, one for ``row_height`` pixels of a trackpad.

    What is less than a row is kept for the next time. The wheel over what is in the widget, and does not scroll
    itself, comes here too.
    """
    let_wheel_scroll(widget)
    left_over = 0.0

    def turn(turned: float) -> str:
        nonlocal left_over
        left_over += turned
        whole = int(left_over)
        left_over -= whole
        if whole:
            scroll(whole)
        return "break"

    notch = HERE.notch(tk.TkVersion)
    widget.bind("<MouseWheel>", lambda event: turn(-event.delta / notch * rows))
    widget.bind("<Button-4>", lambda _event: turn(-rows))
    widget.bind("<Button-5>", lambda _event: turn(rows))
    if tk.TkVersion >= 9:  # the lower half of its number is how far, in pixels
        widget.bind("<TouchpadScroll>", lambda event: turn(-_signed(event.delta) / row_height()))


_WHEELS = ("<MouseWheel>", "<Button-4>", "<Button-5>", *(("<TouchpadScroll>",) if tk.TkVersion >= 9 else ()))
# Classes of Tk in which the wheel changes a value, or turns a page, without the focus.
_TURNED = ("TCombobox", "TSpinbox", "Spinbox", "TScale", "Scale", "TNotebook", "TEntry", "Entry")


def let_wheel_scroll(widget: tk.Misc) -> None:
    """Let the wheel scroll and do nothing else, in the whole program: no field changes by it, what it is in scrolls."""
    if widget.bind_class("all", _WHEELS[0]):
        return
    for name in _TURNED:
        for sequence in widget.bind_class(name):
            if any(wheel.strip("<>") in sequence for wheel in _WHEELS):
                widget.unbind_class(name, sequence)
    for sequence in _WHEELS:
        widget.bind_class("all", sequence, partial(_pass_up, sequence))


def _pass_up(sequence: str, event: tk.Event[tk.Misc]) -> None:
    """Give a turn of the wheel to the nearest widget around that scrolls, unless this one does so itself."""
    widget: tk.Misc | None = event.widget
    if not isinstance(widget, tk.Misc) or widget.bind_class(widget.winfo_class(), sequence):
        return
    while widget is not None and not isinstance(widget, tk.Wm):
        widget = widget.master
        if widget is not None and widget.bind(sequence):
            turned = () if sequence.startswith("<Button") else ("-delta", event.delta)
            widget.tk.call("event", "generate", widget, sequence, "-state", event.state, *turned)
            return


def _signed(packed: int) -> int:
    low = packed & 0xFFFF
    return low - 0x10000 if low & 0x8000 else low


_LINE_START, _SELECT_ALL, _REDO, _CLOSE = "<<LineStart>>", "<<SelectAll>>", "<<Redo>>", "<<Close>>"
_CONTROL_A = ("<Control-a>", "<Control-Lock-A>")  # on X11 Tk goes to the start of the line there, as Emacs does
_TO_AN_END = """
%W activate {0}
%W see active
%W selection clear 0 end
%W selection set active
break
"""

_CONTROL, _ALT, _WINDOWS_ALT = 0x4, 0x8, 0x20000  # bits of an event's state; on macOS the second is Command
_ALT_GR = _CONTROL | _WINDOWS_ALT  # as Windows has it


def share_keys(root: tk.Tk) -> None:
    """Have the keys of fields, of lists that drop from a box, and of small windows that Tk lacks here.

    Ctrl+A selects all of a field, Ctrl+Y redoes as Ctrl+Shift+Z does, Ctrl+W is ``<<Close>>``, and the wheel scrolls.
    """
    if HERE.name == LINUX:
        root.event_delete(_LINE_START, *_CONTROL_A)
        root.event_add(_SELECT_ALL, *_CONTROL_A)
        for event, letters in (("<<Paste>>", "yY"), ("<<Cut>>", "wW")):  # as Emacs has them
            root.event_delete(event, f"<Control-{letters[0]}>", f"<Control-Lock-{letters[1]}>")
    let_wheel_scroll(root)
    for letters, event in (("yY", _REDO), ("wW", _CLOSE)):
        root.event_add(event, *(f"<{HERE.modifier}-{letter}>" for letter in letters))
    root.event_add(_REDO, f"<{HERE.modifier}-Shift-z>", f"<{HERE.modifier}-Shift-Z>")
    for key, end in (("<Home>", "0"), ("<End>", "end")):
        root.tk.call("bind", "ComboboxListbox", key, _TO_AN_END.format(end))


def has_focus(widget: tk.Misc) -> bool:
    """Whether keys come to this widget; tkinter's ``focus_get`` fails on a menu or list that Tk itself has made."""
    return str(widget.tk.call("focus")) == str(widget)


def type_on(widget: tk.Misc, write: Callable[[str], None], back: Callable[[], None]) -> None:
    """Have what is typed or pasted into a widget that takes no text written elsewhere; Escape goes there."""

    def typed(event: tk.Event[tk.Misc]) -> str | None:
        if not is_writing(event.char, int(event.state)):
            return None
        write(event.char)
        return "break"

    def pasted(_event: object) -> str:
        back()
        focused = str(widget.tk.call("focus"))
        if focused and focused != str(widget):
            widget.tk.call("event", "generate", focused, "<<Paste>>")
        return "break"

    widget.bind("<Key>", typed, add=True)
    widget.bind("<<Paste>>", pasted, add=True)
    widget.bind("<Escape>", lambda _event: back(), add=True)


def is_writing(char: str, state: int, platform: str = HERE.name) -> bool:
    """Whether a key writes something, rather than being a command; ``state`` are the modifiers, as Tk has them."""
    if not char or not char.isprintable():
        return False
    if platform == WINDOWS and state & _ALT_GR == _ALT_GR:
        return True
    return not state & (_CONTROL | (_WINDOWS_ALT if platform == WINDOWS else _ALT))
