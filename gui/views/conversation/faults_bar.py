"""The faults of a conversation's line: what makes it late, slow, cut or damaged on purpose, each way by itself."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from gui.theme.theme import Theme
from gui.viewmodels.faults import KINDS, NOTHING, OWN, PRESETS, FaultsForm, Ways, Wrong, added, offered, read, summary
from gui.widgets.bindings import breaking, focus_now
from gui.widgets.controls import Choice, Toggle
from gui.widgets.fields import LineField
from gui.widgets.fitting import Flow, give_way, wrap_within

_ROOMY = 520  # pixels at 96 dots an inch of a window with room for what is so, in words
_LEAST = 240  # the same, of a field with its words


class FaultsBar(ttk.Frame):
    """``on_change`` gets the faults as a person has set them, as soon as they make sense; ``on_close`` puts it away.

    ``on_wrong`` gets the sentence why something is no fault where there is no room for it here.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        on_change: Callable[[FaultsForm], None],
        on_wrong: Callable[[str], None],
        on_close: Callable[[], None],
    ) -> None:
        super().__init__(parent, style="Window.TFrame")
        self._theme, self._on_change, self._on_wrong, self._on_close = theme, on_change, on_wrong, on_close
        self.bind("<<Close>>", breaking(on_close))
        self._form, self._ways, self._whose = FaultsForm(), Ways(), "nobody yet"
        ttk.Frame(self, style="Line.TFrame", height=theme.px(1)).grid(sticky="ew")
        self._flow = Flow(self, theme)
        self._title = ttk.Label(self._flow, text="Faults", style="Window.Strong.TLabel")
        self.switch = Toggle(self._flow, theme, "Off", lambda is_on: self._apply(is_on=is_on))
        self.preset: Choice[str] = Choice(self._flow, self._choose_preset, width=18)
        self.kinds: Choice[str] = Choice(self._flow, self._add, width=16)
        (out, self._out_words, self.out), (into, self._into_words, self.into) = (self._way() for _ in range(2))
        self.close_button = ttk.Button(self._flow, text="✕", style="Bar.Quiet.TButton", width=0, command=on_close)
        self._last = self.out  # the field that a person was in last
        self._words = ttk.Label(self, style="Window.Muted.TLabel", justify="left")
        self._why = ttk.Label(self, style="Window.Error.TLabel", justify="left")
        self._lay_out(out, into)
        self.show(FaultsForm(), Ways(), "")

    def show(self, form: FaultsForm, ways: Ways, whose: str) -> None:
        """Show how the faults of ``whose`` connections stand; none can be set of nobody's."""
        if whose != self._whose or form != self._form:
            self._form, self._whose, self._ways = form, whose, ways
            self._out_words.configure(text=ways.out)
            self._into_words.configure(text=ways.into)
            self._put(form)
            self._complain(None)
        for part in self.controls:
            part.state(["!disabled" if whose else "disabled"])
        self._flow.arrange()

    @property
    def controls(self) -> tuple[ttk.Widget, ...]:
        """What can be set, in the order of the eye."""
        return self.switch, self.preset, self.kinds, self.out, self.into

    @property
    def complaint(self) -> str:
        """What is wrong; empty if nothing is."""
        return str(self._why.cget("text"))

    @property
    def words(self) -> str:
        """What is so."""
        return str(self._words.cget("text"))

    def focus_first(self) -> None:
        """Go to the choice of presets."""
        focus_now(self.preset)

    def _put(self, form: FaultsForm) -> None:
        self.out.put(form.out)
        self.into.put(form.into)
        self._tell(form)

    def _tell(self, form: FaultsForm) -> None:
        """Say what is so, everywhere but in the fields."""
        self.switch.put(form.is_on)
        self.switch.configure(text="On" if form.is_on else "Off")
        self.preset.offer(offered(PRESETS, datagrams=form.datagrams), form.preset)
        self._offer_kinds()
        faults = read(form)
        if not isinstance(faults, Wrong):
            self._words.configure(text=summary(form, faults, self._ways, self._whose))

    def _choose_preset(self, name: str) -> None:
        if name != OWN:
            self.out.put(name)
            self.into.put(name)
            self._apply(is_on=True)

    def _add(self, kind: str) -> None:
        """Write one fault more into the field that a person was in last, to be changed there."""
        self._offer_kinds()
        if kind == NOTHING:
            return
        field = self._last
        field.put(added(field.text, kind))
        focus_now(field)
        field.selection_range(len(field.text) - len(kind) + kind.index("=") + 1, "end")

    def _offer_kinds(self) -> None:
        self.kinds.offer(offered(KINDS, datagrams=self._form.datagrams), NOTHING)

    def _apply(self, *, is_on: bool) -> None:
        """Use what is written, if it makes sense; else say what does not, and leave it as it was."""
        form = FaultsForm(self.out.text.strip(), self.into.text.strip(), is_on, self._form.datagrams)
        faults = read(form)
        if isinstance(faults, Wrong) and is_on:
            self.switch.put(self._form.is_on)
            self._complain(faults)
            return
        self._complain(None)
        if form != self._form:
            self._form = form
            self._tell(form)
            self._on_change(form)

    def _complain(self, wrong: Wrong | None) -> None:
        for field, is_out in ((self.out, True), (self.into, False)):
            (field.refuse if wrong is not None and wrong.is_out is is_out else field.accept)()
        self._why.configure(text=wrong.why if wrong is not None else "")
        (self._why.grid if wrong is not None else self._why.grid_remove)()
        if wrong is not None and not self._is_roomy:
            self._on_wrong(wrong.why)

    def _edited(self, _text: str) -> None:
        if self.complaint:
            self._complain(None)

    def _way(self) -> tuple[ttk.Frame, ttk.Label, LineField]:
        """A field with its words before it."""
        frame = ttk.Frame(self._flow, style="Window.TFrame")
        words = ttk.Label(frame, style="Window.TLabel")
        field = LineField(frame, self._theme, self._edited, width=18)
        field.hint("as it is")
        words.pack(side="left", padx=(0, self._theme.px(8)))
        field.pack(side="left", fill="both", expand=True)
        for key in ("<Return>", "<KP_Enter>"):
            field.bind(key, breaking(lambda: self._apply(is_on=True)))
        field.bind("<FocusIn>", lambda _event: self._came_to(field), add=True)
        return frame, words, field

    def _came_to(self, field: LineField) -> None:
        self._last = field

    @property
    def _is_roomy(self) -> bool:
        return self.winfo_toplevel().winfo_height() >= self._theme.px(_ROOMY)

    def _lay_out(self, out: ttk.Frame, into: ttk.Frame) -> None:
        px = self._theme.px
        for part in (self._title, self.switch, self.preset, self.kinds):
            self._flow.add(part)
        for way in (out, into):
            self._flow.add(way, stretch=1, least=px(_LEAST))
        self._flow.add_corner(self.close_button)
        self._flow.grid(row=1, sticky="ew", padx=(px(16), px(10)), pady=(px(5), px(3)))
        for row, label in enumerate((self._why, self._words), 2):
            label.grid(row=row, sticky="ew", padx=px(16), pady=(0, px(5)))
        self._why.grid_remove()
        self.columnconfigure(0, weight=1)
        give_way(self._words, self, lambda: self._is_roomy)
        for label in (self._words, self._why):
            wrap_within(label, self, lambda: px(40))
        for control in (*self.controls, self.close_button):
            control.bind("<Escape>", lambda _event: self._on_close())
        self.close_button.bind("<Return>", lambda _event: self.close_button.invoke())
