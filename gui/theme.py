"""How the window looks: ttk's clam with our own palettes, fonts in points, round corners.

Everything that Tk draws takes its colours, fonts and distances from the one ``Theme``; a pane that
holds something ttk does not style (a Text, a Menu, a Canvas) subscribes to be told of changes.
"""

from __future__ import annotations

import sys
import tkinter as tk
from collections.abc import Callable
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any

from gui import rounded
from gui.palettes import PALETTES
from gui.system_look import system_palette

SYSTEM = "system"
CHOICES = (SYSTEM, *PALETTES)
SMALLEST_STEP, LARGEST_STEP = -4, 14  # points added to the text size

_POINTS = 10 if sys.platform != "darwin" else 13
_RADIUS = 6
_CAP = 8
_TILE = 120  # pixels at 96 dots an inch of a picture's middle, which Tk repeats

_STATES = {
    "Button": ("button", "button_hover", "strong_border"),
    "Accent.Button": ("accent", "accent_hover", "accent"),
    "Quiet.Button": (None, "button_hover", None),
}


class Theme:
    """The look of one root window. ``palette`` and ``fonts`` are what to draw with just now."""

    def __init__(self, root: tk.Tk, choice: str = SYSTEM, step: int = 0) -> None:
        self._root = root
        self._style = ttk.Style(root)
        self._listeners: list[Callable[[], None]] = []
        self._images: dict[str, tk.PhotoImage] = {}
        self._caps: dict[tuple[str, int, bool], tk.PhotoImage] = {}
        self.scale = float(root.tk.call("tk", "scaling")) / (96 / 72)
        self.base = tkfont.nametofont("TkDefaultFont", root=root)
        family = self.base.actual("family")
        self.text = tkfont.Font(root, family=family, name="TincanText")
        self.small = tkfont.Font(root, family=family, name="TincanSmall")
        self.strong = tkfont.Font(root, family=family, weight="bold", name="TincanStrong")
        self.title = tkfont.Font(root, family=family, weight="bold", name="TincanTitle")
        self.tiny = tkfont.Font(root, family=family, size=1, name="TincanTiny")
        fixed = tkfont.nametofont("TkFixedFont", root=root).actual("family")
        self.mono = tkfont.Font(root, family=fixed, name="TincanMono")
        self._usual_families = family, fixed
        self.choice, self.step = choice, 0
        self.palette = PALETTES["light"]
        self._resize_fonts(step)
        self.choose(choice)

    def px(self, distance: float) -> int:
        """A distance given for 96 dots an inch, in pixels of this screen."""
        return max(1, round(distance * self.scale)) if distance > 0 else 0

    def choose(self, choice: str) -> None:
        """Take a palette by its name, or the one that the system asks for."""
        self.choice = choice if choice in CHOICES else SYSTEM
        self.palette = PALETTES[system_palette() if self.choice == SYSTEM else self.choice]
        self._caps.clear()
        self._restyle()
        for listener in list(self._listeners):
            listener()

    def zoom(self, step: int) -> int:
        """Make the text ``step`` points larger than usual; give back what it came to."""
        self._resize_fonts(step)
        self._restyle()
        for listener in list(self._listeners):
            listener()
        return self.step

    def choose_fonts(self, text_family: str = "", mono_family: str = "") -> None:
        """Take families for conversations and for hex; the system's own where one is empty or not there."""
        installed = {family.lower() for family in tkfont.families(self._root)}
        for font, wanted, usual in (
            (self.text, text_family, self._usual_families[0]),
            (self.mono, mono_family, self._usual_families[1]),
        ):
            font.configure(family=wanted if wanted.lower() in installed else usual)
        for listener in list(self._listeners):
            listener()

    def subscribe(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` now and after every change of palette or text size."""
        self._listeners.append(listener)
        listener()

    def forget(self, listener: Callable[[], None]) -> None:
        """Stop calling ``listener``."""
        self._listeners.remove(listener)

    def cap(self, kind: str, width: int, *, top: bool) -> tk.PhotoImage:
        """The rounded end of an ``incoming`` or ``outgoing`` bubble of that width in pixels."""
        known = self._caps.get((kind, width, top))
        if known is None:
            fill, ground = str(getattr(self.palette, kind)), self.palette.pane
            png = rounded.bubble_cap(width, self.cap_height, fill, ground, top=top)
            known = self._caps[kind, width, top] = tk.PhotoImage(master=self._root, data=png, format="png")
        return known

    @property
    def cap_height(self) -> int:
        """How high the rounded end of a bubble is, in pixels."""
        return self.px(_CAP)

    def dot(self, color: str) -> tk.PhotoImage:
        """A small filled circle."""
        return self._image(f"dot {color}", rounded.dot(self.px(9), color))

    def colour_menu(self, menu: tk.Menu) -> None:
        """Menus are not ttk: give one, and those below it, the palette's colours."""
        p = self.palette
        menu.configure(
            background=p.field, foreground=p.text, activebackground=p.accent, activeforeground=p.accent_text,
            disabledforeground=p.muted, selectcolor=p.text, relief="flat", borderwidth=self.px(1),
            activeborderwidth=self.px(3), font=self.base,
        )  # fmt: skip
        for child in menu.winfo_children():
            if isinstance(child, tk.Menu):
                self.colour_menu(child)

    def _resize_fonts(self, step: int) -> None:
        self.step = max(SMALLEST_STEP, min(LARGEST_STEP, step))
        points = _POINTS + self.step
        for name in ("TkDefaultFont", "TkTextFont", "TkMenuFont", "TkHeadingFont", "TkTooltipFont"):
            tkfont.nametofont(name, root=self._root).configure(size=points)
        tkfont.nametofont("TkFixedFont", root=self._root).configure(size=points)
        self.text.configure(size=points + 1)
        self.mono.configure(size=points)
        self.small.configure(size=max(6, points - 1))
        self.strong.configure(size=points)
        self.title.configure(size=points + 4)

    def _restyle(self) -> None:
        self._use_clam()
        self._paint_fields()
        self._paint_buttons()
        self._paint_scrollbar()
        self._paint_list()
        self._paint_labels()
        self._root.configure(background=self.palette.window)
        self._colour_popdown_lists()

    def _use_clam(self) -> None:
        p, style = self.palette, self._style
        style.theme_use("clam")
        style.configure(
            ".", background=p.window, foreground=p.text, bordercolor=p.border, lightcolor=p.window,
            darkcolor=p.window, troughcolor=p.window, fieldbackground=p.field, insertcolor=p.text,
            selectbackground=p.selection, selectforeground=p.selection_text, focuscolor=p.focus, font=self.base,
        )  # fmt: skip
        style.map(".", foreground=[("disabled", p.muted)])

    def _image(self, name: str, png: bytes) -> tk.PhotoImage:
        """The picture of that name, made or painted over; ttk keeps showing the same object."""
        image = self._images.get(name)
        if image is None:
            image = self._images[name] = tk.PhotoImage(master=self._root, data=png, format="png")
        else:
            image.configure(data=png, format="png")
        return image

    def _box(self, name: str, fill: str | None, border: str | None, width: float = 1) -> tk.PhotoImage:
        radius = self.px(_RADIUS)
        size = self.px(_TILE) + 2 * radius
        return self._image(name, rounded.rounded_box(size, size // 2, radius, fill, border, self.px(width)))

    def _element(self, name: str, normal: tk.PhotoImage, *states: Any, padding: int = 0) -> None:  # noqa: ANN401
        """Make a ttk element of pictures, once; its pictures change in place afterwards."""
        if name not in self._style.element_names():
            border = self.px(_RADIUS) + 1
            least = 2 * border  # whatever the picture's own size
            self._style.element_create(
                name, "image", normal, *states, border=border, sticky="nsew", padding=padding, width=least, height=least
            )

    def _paint_fields(self) -> None:
        p, style = self.palette, self._style
        self._element(
            "Round.field",
            self._box("field", p.field, p.strong_border),
            ("disabled", self._box("field off", p.window, p.border)),
            ("invalid", "focus", self._box("field wrong focus", p.field, p.error, 2)),
            ("invalid", self._box("field wrong", p.field, p.error)),
            ("focus", self._box("field focus", p.field, p.focus, 2)),
            padding=self.px(3),
        )
        arrow = rounded.chevron(self.px(16), p.muted, self.px(1) * 1.6)
        if "Round.arrow" not in style.element_names():
            style.element_create("Round.arrow", "image", self._image("arrow", arrow), sticky="e")
        else:
            self._image("arrow", arrow)
        arrow_part = ("Round.arrow", {"side": "right", "sticky": "ns"})
        style.layout("TEntry", [_part("Round.field", _part("Entry.padding", _part("Entry.textarea")))])
        chosen = _part("Combobox.padding", _part("Combobox.textarea"))
        style.layout("TCombobox", [_part("Round.field", arrow_part, chosen)])
        style.layout("Field.TFrame", [_part("Round.field")])
        for name in ("TEntry", "TCombobox"):
            style.configure(name, padding=(self.px(5), self.px(4)), foreground=p.text, fieldbackground=p.field)
            style.map(
                name, fieldbackground=[("readonly", p.field)], foreground=[("disabled", p.muted)],
                selectbackground=[("readonly", p.field)], selectforeground=[("readonly", p.text)],
            )  # fmt: skip

    def _paint_buttons(self) -> None:
        p, style = self.palette, self._style
        for name, (fill, hover, border) in _STATES.items():
            rest, over, edge = (getattr(p, part) if part else None for part in (fill, hover, border))
            ring = p.text if name == "Accent.Button" else p.focus
            self._element(
                f"{name}.body",
                self._box(name, rest, edge),
                ("disabled", self._box(f"{name} off", p.window if rest else None, p.border if rest else None)),
                ("pressed", self._box(f"{name} down", over, edge)),
                ("focus", "active", self._box(f"{name} focus over", over, ring, 2)),
                ("focus", self._box(f"{name} focus", rest, ring, 2)),
                ("active", self._box(f"{name} over", over, edge)),
            )
            kind = name.replace("Button", "TButton")
            style.layout(kind, [_part(f"{name}.body", _part("Button.padding", _part("Button.label")))])
            style.configure(kind, padding=(self.px(14), self.px(5)), anchor="center", foreground=p.text)
            style.map(kind, foreground=[("disabled", p.muted)])
        style.configure("Accent.TButton", foreground=p.accent_text)
        style.configure("Quiet.TButton", padding=(self.px(8), self.px(3)))

    def _paint_scrollbar(self) -> None:
        p, style = self.palette, self._style
        size = self.px(8)
        pictures = {
            name: self._image(f"thumb {name}", rounded.rounded_box(size, self.px(_TILE), size / 2, color, None, 0))
            for name, color in (("rest", p.thumb), ("over", p.thumb_hover))
        }
        if "Slim.thumb" not in style.element_names():
            style.element_create(
                "Slim.thumb", "image", pictures["rest"], ("pressed", pictures["over"]), ("active", pictures["over"]),
                border=size // 2 - 1, sticky="nsew", width=size, height=2 * size,
            )  # fmt: skip
        trough = "Vertical.Scrollbar.trough"
        style.layout("Vertical.TScrollbar", [_part(trough, _part("Slim.thumb"))])
        style.layout("Idle.Vertical.TScrollbar", [_part(trough)])
        for name, ground in (("", p.pane), ("Sidebar.", p.sidebar)):
            style.configure(
                f"{name}Vertical.TScrollbar", troughcolor=ground, bordercolor=ground, lightcolor=ground,
                darkcolor=ground, background=ground, relief="flat", borderwidth=0, arrowsize=size + 2,
            )  # fmt: skip

    def _paint_list(self) -> None:
        p, style = self.palette, self._style
        height = self.base.metrics("linespace") + self.px(10)
        style.layout("Treeview", [_part("Treeview.treearea")])
        style.configure(
            "Treeview", background=p.sidebar, fieldbackground=p.sidebar, foreground=p.text, borderwidth=0,
            rowheight=height, indent=self.px(14), font=self.base,
        )  # fmt: skip
        style.configure("Treeview.Item", indicatorsize=self.px(11), indicatormargins=(self.px(4), 0, self.px(4), 0))
        style.map("Treeview", background=[("selected", p.selection)], foreground=[("selected", p.selection_text)])

    def _paint_labels(self) -> None:
        p, style = self.palette, self._style
        for name, ground in (("Window", p.window), ("Pane", p.pane), ("Sidebar", p.sidebar)):
            style.configure(f"{name}.TFrame", background=ground)
            style.configure(f"{name}.TLabel", background=ground, foreground=p.text)
            style.configure(f"{name}.Muted.TLabel", background=ground, foreground=p.muted, font=self.small)
            style.configure(f"{name}.Strong.TLabel", background=ground, foreground=p.text, font=self.strong)
            style.configure(f"{name}.Error.TLabel", background=ground, foreground=p.error, font=self.small)
        style.configure("Warning.TLabel", background=p.window, foreground=p.warning, font=self.small)
        style.configure("Line.TFrame", background=p.border)
        self._element("Key.body", self._box("key", p.field, p.strong_border))
        style.layout("Key.TLabel", [_part("Key.body", _part("Label.padding", _part("Label.label")))])
        style.configure("Key.TLabel", padding=(self.px(8), self.px(2)), font=self.small, foreground=p.text)
        for name, fill in (("Notice", p.warning_fill), ("Failure", p.error_fill)):
            style.configure(f"{name}.TFrame", background=fill)
            style.configure(f"{name}.TLabel", background=fill, foreground=p.text)
            style.configure(f"{name}.Quiet.TButton", background=fill)

    def _colour_popdown_lists(self) -> None:
        """The list that a combobox opens is a plain Listbox, made when it is first opened."""
        p, root = self.palette, self._root
        for option, value in (
            ("background", p.field),
            ("foreground", p.text),
            ("selectBackground", p.accent),
            ("selectForeground", p.accent_text),
            ("font", self.base),
            ("relief", "flat"),
            ("borderWidth", self.px(4)),
            ("highlightThickness", 0),
        ):
            root.option_add(f"*TCombobox*Listbox.{option}", value)


def _part(element: str, *inside: Any) -> Any:  # noqa: ANN401 - as deep as the layout
    """A part of a ttk layout that fills its room, with other parts inside."""
    return (element, {"sticky": "nswe", "expand": True, **({"children": list(inside)} if inside else {})})
