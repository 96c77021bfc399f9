"""The socket options of a conversation: what turns one message into several pieces, or several into one."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk
from typing import NamedTuple

from gui.theme.theme import Theme
from gui.viewmodels.repeating import pause_words, read_pause
from gui.widgets.bindings import breaking, focus_now
from gui.widgets.controls import Toggle
from gui.widgets.fields import LineField, Measure
from gui.widgets.fitting import Flow, give_way, wrap_within

_OF_DATAGRAMS = (
    "Groups are the multicast addresses that are heard. The interface is the one for groups, by its name or address; "
    "hops is how many routers a datagram may pass. Broadcast lets it go to everybody. Enter takes what is typed."
)
_ROOMY = 560  # pixels at 96 dots an inch of a window with room to explain
_EXPLAINED = (
    "Nagle: small pieces wait until what went before has arrived, and then go together. "
    "The inspector's ruler shows what all of this does."
)


class Bounds(NamedTuple):
    """How many bytes a recv usually asks for, how many at most, and how long a pause can be, in milliseconds.

    ``read_groups`` and ``read_hops`` read what is typed, and raise ``ValueError`` with a sentence.
    """

    usual_receive: int
    most_receive: int
    most_pause_ms: float
    read_groups: Callable[[str], tuple[str, ...]]
    read_hops: Callable[[str], int | None]


@dataclass(frozen=True, slots=True)
class SocketOptionsForm:
    """How the socket options stand: ``receive`` is bytes for each recv, ``pause_ms`` milliseconds between two sends.

    The rest is of datagrams, whose ``hops`` are None where the system is to say.
    """

    receive: int
    nagle: bool = False
    byte_by_byte: bool = False
    pause_ms: float = 0.0
    broadcast: bool = False
    groups: tuple[str, ...] = ()
    interface: str = ""
    hops: int | None = None


class SocketOptionsBar(ttk.Frame):
    """``on_change`` gets the socket options as a person has turned them, as soon as they make sense.

    ``on_close`` puts the bar away.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        bounds: Bounds,
        on_change: Callable[[SocketOptionsForm], None],
        on_close: Callable[[], None],
    ) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme, self._bounds, self._on_change, self._on_close = theme, bounds, on_change, on_close
        self.bind("<<Close>>", breaking(on_close))
        self._usual = self._turned = SocketOptionsForm(bounds.usual_receive)
        self._shown: tuple[SocketOptionsForm, str, bool] | None = None
        self._has_datagrams = False
        ttk.Frame(self, style="Line.TFrame", height=theme.px(1)).grid(sticky="ew")
        self._flow = Flow(self, theme)
        self._title = ttk.Label(self._flow, text="Sockets", style="Window.Strong.TLabel")
        self.nagle = Toggle(self._flow, theme, "Nagle", lambda _is_on: self._take())
        self.byte_by_byte = Toggle(self._flow, theme, "One byte per send", lambda _is_on: self._take())
        self.pause = Measure(self._flow, theme, "ms between sends", self._take, before="Wait", width=6)
        self.receive = Measure(self._flow, theme, "bytes per recv", self._take, before="Ask for", width=7)
        self.broadcast = Toggle(self._flow, theme, "Broadcast", lambda _is_on: self._take())
        self.groups = Measure(self._flow, theme, "", self._look, before="Groups", width=24)
        self.interface = Measure(self._flow, theme, "", self._look, before="Interface", width=10)
        self.hops = Measure(self._flow, theme, "hops", self._look, before="At most", width=5)
        for each in (self.groups, self.interface):
            each.field.configure(justify="left")
        for each in (self.groups, self.interface, self.hops):
            each.field.bind("<Return>", lambda _event: self._take())
            each.field.bind("<FocusOut>", lambda _event: self._take(), add=True)
        self.reset = ttk.Button(self._flow, text="As usual", style="Bar.Quiet.TButton", width=0, command=self._be_usual)
        self.close_button = ttk.Button(self._flow, text="✕", style="Bar.Quiet.TButton", width=0, command=on_close)
        self._words = ttk.Label(self, style="Window.Muted.TLabel", justify="left")
        self._why = ttk.Label(self, style="Window.Error.TLabel", justify="left")
        self._lay_out()
        self.show(self._usual, "", is_free=False)

    def show(self, form: SocketOptionsForm, whose: str, *, is_free: bool, datagrams: bool = False) -> None:
        """Show how these socket options stand and whose they are; without ``is_free`` none can be turned.

        Those of ``datagrams`` are others than those of streams.
        """
        if self._shown == (form, whose, is_free):
            return
        self._has_datagrams = datagrams
        of_streams: tuple[tk.Widget, ...] = (self.nagle, self.byte_by_byte, self.receive)
        of_datagrams: tuple[tk.Widget, ...] = (self.broadcast, self.groups, self.interface, self.hops)
        for part, is_of_datagrams in ((part, part in of_datagrams) for part in (*of_streams, *of_datagrams)):
            self._flow.display(part, is_of_datagrams is datagrams)
        is_other = self._shown is None or self._shown[1] != whose
        self._shown = form, whose, is_free
        explained = _OF_DATAGRAMS if datagrams else _EXPLAINED
        self._words.configure(text=f"Of {whose}, at once and from now on. {explained}" if whose else explained)
        for part in self.controls:
            part.state(["!disabled" if is_free else "disabled"])
        if is_other or form != self._turned:
            self._complain("")
            self._put(form)
        self._flow.arrange()

    @property
    def controls(self) -> tuple[ttk.Widget, ...]:
        """What can be turned, in the order of the eye."""
        of_datagrams = (self.broadcast, self.groups.field, self.interface.field, self.hops.field)
        return self.nagle, self.byte_by_byte, self.pause.field, self.receive.field, *of_datagrams, self.reset

    @property
    def complaint(self) -> str:
        """What is wrong; empty if nothing is."""
        return str(self._why.cget("text"))

    @property
    def whose(self) -> str:
        """Whose socket options these are."""
        return self._shown[1] if self._shown is not None else ""

    def focus_first(self) -> None:
        """Go to the first control."""
        focus_now(self.pause.field if self._has_datagrams else self.nagle)

    def _put(self, form: SocketOptionsForm) -> None:
        self._turned = form
        self.nagle.put(form.nagle)
        self.byte_by_byte.put(form.byte_by_byte)
        self.pause.field.put(pause_words(form.pause_ms))
        self.receive.field.put(str(form.receive))
        self.broadcast.put(form.broadcast)
        self.groups.field.put(", ".join(form.groups))
        self.interface.field.put(form.interface)
        self.hops.field.put("" if form.hops is None else str(form.hops))
        self._offer_usual()

    def _take(self) -> None:
        """Take what makes sense; say what does not."""
        form = self._read()
        if form is not None and form != self._turned:
            self._turned = form
            self._offer_usual()
            self._on_change(form)

    def _look(self) -> None:
        """Say what makes no sense of what is taken only when it is complete: half a name is no interface."""
        self._read()

    def _read(self) -> SocketOptionsForm | None:
        field = self.pause.field
        try:
            pause = _read_pause(field.text, self._bounds)
            field = self.receive.field
            receive = _read_receive(field.text, self._bounds)
            field = self.groups.field
            groups = self._bounds.read_groups(field.text)
            field = self.hops.field
            hops = self._bounds.read_hops(field.text)
        except ValueError as error:
            self._complain(str(error), field)
            return None
        self._complain("")
        interface = self.interface.field.text.strip()
        of_datagrams = (self.broadcast.is_on, groups, interface, hops)
        return SocketOptionsForm(receive, self.nagle.is_on, self.byte_by_byte.is_on, pause, *of_datagrams)

    def _be_usual(self) -> None:
        self._complain("")
        self._put(self._usual)
        self._on_change(self._usual)
        self.focus_first()  # the button is about to go

    def _offer_usual(self) -> None:
        self._flow.display(self.reset, self._turned != self._usual)

    def _complain(self, why: str, field: LineField | None = None) -> None:
        for each in (self.pause.field, self.receive.field, self.groups.field, self.hops.field):
            (each.refuse if each is field else each.accept)()
        self._why.configure(text=why)
        (self._why.grid if why else self._why.grid_remove)()

    def _lay_out(self) -> None:
        px = self._theme.px
        for part in (self._title, self.nagle, self.byte_by_byte, self.pause):
            self._flow.add(part)
        self._flow.add(self.receive, stretch=1)
        for part in (self.broadcast, self.groups, self.interface):
            self._flow.add(part)
        self._flow.add(self.hops, stretch=1)
        self._flow.add(self.reset)
        self._flow.add_corner(self.close_button)
        self._flow.grid(row=1, sticky="ew", padx=(px(16), px(10)), pady=(px(5), px(3)))
        for row, label in enumerate((self._why, self._words), 2):
            label.grid(row=row, sticky="ew", padx=px(16), pady=(0, px(5)))
        self._why.grid_remove()
        self.columnconfigure(0, weight=1)
        give_way(self._words, self, lambda: self.winfo_toplevel().winfo_height() >= px(_ROOMY))
        for label in (self._words, self._why):
            wrap_within(label, self, lambda: px(40))
        for control in (*self.controls, self.close_button):
            control.bind("<Escape>", lambda _event: self._on_close())
        for button in (self.reset, self.close_button):
            button.bind("<Return>", lambda event: event.widget.invoke())


def _read_pause(text: str, bounds: Bounds) -> float:
    """Milliseconds; nothing is none. Raises ``ValueError`` with a sentence."""
    return read_pause(text.strip() or "0", 0, bounds.most_pause_ms)


def _read_receive(text: str, bounds: Bounds) -> int:
    """How much a recv asks for. Raises ``ValueError`` with a sentence."""
    typed = text.strip().replace(",", "")
    if not (typed.isascii() and typed.isdecimal() and 1 <= int(typed[:12]) <= bounds.most_receive):
        raise ValueError(f"A recv can ask for 1 to {bounds.most_receive:,} bytes.")
    return int(typed)
