"""Host, port, TLS or none, and the two buttons that everything begins with."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from gui.theme.theme import Theme
from gui.viewmodels.window_view import AddressBarView, Button
from gui.widgets.bindings import focus_now, has_focus, when_resized
from gui.widgets.controls import Toggle
from gui.widgets.fitting import wrap_within

_LOW = 400  # pixels at 96 dots an inch; below, the buttons do not stand below the fields
_NO_PORT = "no port"  # of a local socket
_TLS_ON, _TLS_OFF = "TLS on", "TLS off"
_HOST, _BUTTON = 12, 12  # characters: of a usual host, and of each button where there is room
_SHORT_HOST = 8  # of a host where there is little room
_WIDE, _TIGHT = 170, 130  # pixels at 96 dots an inch that are not text, in one line with words and without
_SIDE, _ABOVE, _BELOW, _LOW_EDGE = 16, 12, 10, 5  # the same: at the edges


class AddressBar(ttk.Frame):
    """What a person types here stays as typed; whether it is an address is for others to say."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_server: Callable[[], None],
        on_client: Callable[[], None],
        on_tls: Callable[[], None],
        on_edit: Callable[[], None],
        on_enter: Callable[[], None],
        on_leave: Callable[[], None],
    ) -> None:
        super().__init__(
            parent,
            style="Window.TFrame",
            padding=(theme.px(_SIDE), theme.px(_ABOVE), theme.px(_SIDE), theme.px(_BELOW)),
        )
        self._theme = theme
        self._on_edit = on_edit
        self._on_enter = on_enter
        self._on_leave = on_leave
        gap = theme.px(8)
        labels = [ttk.Label(self, text=words, style="Window.TLabel") for words in ("Host", "Port")]
        self._host_label, self._port_label = labels
        self._host_label.grid(row=0, column=0, padx=(0, gap))
        self.host = self._field(ttk.Combobox(self, width=22), column=1)
        self._port_label.grid(row=0, column=2, padx=gap)
        self.port = self._field(ttk.Combobox(self, width=7), column=3)
        self.tls = Toggle(self, theme, _TLS_OFF, lambda _is_on: on_tls())
        self.tls.configure(width=-len(_TLS_OFF))
        self.tls.grid(row=0, column=4, padx=(gap, 0), sticky="ns")
        self.server_button = ttk.Button(self, text="Start server", command=on_server, width=_BUTTON)
        self.client_button = ttk.Button(self, text="Connect", command=on_client, width=_BUTTON)
        self.columnconfigure(1, weight=1)
        self._why = ttk.Label(self, style="Window.Error.TLabel", anchor="w", justify="left")
        self._has_port = True
        self._port_kept: str | None = None  # what the field had when a local socket took its place
        self._under = self.host
        self._refused = "", ""  # what was in the fields then
        wrap_within(self._why, self, self._beside)
        self._shape = ""
        self._arrange("wide")
        when_resized(self, self._fit)

    def show(self, view: AddressBarView) -> None:
        """Give the buttons their words."""
        self._dress(self.server_button, view.server)
        self._dress(self.client_button, view.client)
        self.tls.put(view.tls)
        self.tls.configure(text=_TLS_ON if view.tls else _TLS_OFF)
        self._has_port = view.has_port
        if not has_focus(self.port):  # else it is being typed there
            self._use_port()

    def offer(self, hosts: Sequence[str], ports: Sequence[str]) -> None:
        """What was used before, newest first, to choose from."""
        self.host.configure(values=list(hosts))
        self.port.configure(values=list(ports))

    def fill(self, host: str, port: str) -> None:
        """Put an address into the fields; without a port, the one that is there stays."""
        if self.host.get() != host:
            self.host.set(host)
        if port and self._port_kept is not None:
            self._port_kept = port
        elif port and self.port.get() != port:
            self.port.set(port)
        self.accept()

    @property
    def written(self) -> tuple[str, str]:
        """What stands in the fields for host and port, the latter also while a local socket has none."""
        return self.host.get(), self.port.get() if self._port_kept is None else self._port_kept

    def _use_port(self) -> None:
        """Have the field say that a local socket has no port, or give it back."""
        if self._has_port and self._port_kept is not None:
            self.port.configure(state="normal")
            self.port.set(self._port_kept)
            self._port_kept = None
        elif not self._has_port and self._port_kept is None:
            self._port_kept = self.port.get()
            self.port.set(_NO_PORT)
            self.port.configure(state="disabled")

    def refuse(self, why: str, *, host: bool = False, port: bool = False) -> None:
        """Mark what is wrong and say why, right under it."""
        self._refused = self.host.get(), self.port.get()
        self.host.state(["invalid" if host else "!invalid"])
        self.port.state(["invalid" if port else "!invalid"])
        self._why.configure(text=why)
        self._under = self.port if port and not host else self.host
        column = self._under.grid_info()["column"]
        self._why.grid(row=1, column=column, columnspan=7 - column, sticky="w", pady=(self._theme.px(6), 0))
        self._why.configure(wraplength=max(1, self.winfo_width() - self._beside()))
        if host or port:
            focus_now(self.host if host else self.port)

    def accept(self) -> None:
        """Nothing is wrong any more."""
        self.host.state(["!invalid"])
        self.port.state(["!invalid"])
        self._why.grid_remove()

    @property
    def complaint(self) -> str:
        """What stands under the fields; empty if nothing is wrong."""
        return str(self._why.cget("text")) if self._why.winfo_manager() else ""

    def focus_host(self) -> None:
        """Go to the host, ready to be typed over."""
        focus_now(self.host)
        self.host.selection_range(0, "end")

    def _beside(self) -> int:
        """Pixels of the width that the sentence under a field has not: it ends where the buttons do."""
        return self._under.winfo_x() + self._theme.px(_SIDE)

    def _fit(self) -> None:
        """Where it is narrow, the buttons stand below the fields, or, if that is too high, closer together."""
        if self.winfo_width() <= 1:  # not laid out yet
            return
        px = self._theme.px
        is_low = self.winfo_toplevel().winfo_height() < px(_LOW)
        above, below = (px(_LOW_EDGE), px(_LOW_EDGE)) if is_low else (px(_ABOVE), px(_BELOW))
        self.configure(padding=(px(_SIDE), above, px(_SIDE), below))
        wide, tight = self._needed()
        width = self.winfo_width()
        self._arrange("wide" if width >= wide else "tight" if is_low and width >= tight else "high")

    def _needed(self) -> tuple[int, int]:
        """Pixels that everything in one line needs, and that it needs at the least, with most of a usual host."""
        px, measure = self._theme.px, self._theme.base.measure
        labels = self._host_label.winfo_reqwidth() + self._port_label.winfo_reqwidth()
        fields = self.port.winfo_reqwidth() + self.tls.winfo_reqwidth() + px(8)
        wide = labels + fields + measure("0" * (_HOST + 2 * _BUTTON)) + px(_WIDE)
        return wide, fields + measure("0" * _SHORT_HOST) + self._words_room() + px(_TIGHT)

    def _words_room(self) -> int:
        measure = self._theme.base.measure
        return sum(measure(str(button.cget("text"))) for button in (self.server_button, self.client_button))

    def _arrange(self, shape: str) -> None:
        """``wide``, ``high`` or ``tight``."""
        if shape == self._shape:
            return
        self._shape = shape
        px = self._theme.px
        gap, is_tight, row = px(4 if shape == "tight" else 8), shape == "tight", 2 if shape == "high" else 0
        for label in (self._host_label, self._port_label):
            (label.grid_remove if is_tight else label.grid)()
        self.tls.configure(padding=(px(5), px(5)) if is_tight else "")
        self.tls.grid_configure(padx=(gap, 0))
        self.port.grid_configure(padx=(gap if is_tight else 0, 0))
        for button, column in ((self.server_button, 5), (self.client_button, 6)):
            button.configure(width=0 if is_tight else _BUTTON, padding=(px(6), px(5)) if is_tight else "")
            button.grid(row=row, column=column, columnspan=1, padx=(gap, 0), pady=0, sticky="ns")
        if shape == "high":
            self.server_button.grid_configure(column=0, columnspan=2, padx=0, pady=(gap, 0), sticky="ew")
            self.client_button.grid_configure(column=2, columnspan=3, padx=(gap, 0), pady=(gap, 0), sticky="ew")

    def _field(self, field: ttk.Combobox, column: int) -> ttk.Combobox:
        field.grid(row=0, column=column, sticky="nsew")
        field.bind("<KeyRelease>", self._edited)
        field.bind("<<ComboboxSelected>>", self._edited)
        field.bind("<FocusOut>", self._left, add=True)
        field.bind("<Return>", lambda _event: self._on_enter())
        field.bind("<KP_Enter>", lambda _event: self._on_enter())
        return field

    def _left(self, _event: object) -> None:
        self._on_leave()
        self._use_port()

    def _edited(self, _event: object) -> None:
        if (self.host.get(), self.port.get()) != self._refused:  # a Shift that is let go of has changed nothing
            self.accept()
        self._on_edit()

    def _dress(self, button: ttk.Button, view: Button) -> None:
        style = "Accent.TButton" if view.is_next else "TButton"
        button.configure(text=view.text, style=style, state="normal" if view.enabled else "disabled")
