"""Paints ttk's widgets with a palette: clam's bones, round corners, a visible ring on whatever has the focus."""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any, NamedTuple

from gui.platform.differences import HERE, LINUX
from gui.theme import shapes
from gui.theme.palettes import PALETTES, Palette

_RADIUS = 6
_TILE = 60  # pixels at 96 dots an inch of a picture's middle, which Tk repeats
_LINE = 24  # the same for the height of what holds a line of text
_RING = 2  # pixels at 96 dots an inch of the line around what has the focus
_TRUE_COLOUR = 15  # bits of a pixel from which Tk blends a picture's soft edges, and every pixel of it, by itself
SOFT = "2/2/2"  # the fewest colours that Tk takes: it draws such a picture without them
_PAINTED = f"{shapes.LEVELS}/{shapes.LEVELS}/{shapes.LEVELS}"

# Fill, fill under the pointer, and edge: names of a palette's colours.
_BUTTONS = {
    "Button": ("button", "button_hover", "strong_border"),
    "Accent.Button": ("accent", "accent_hover", "accent"),
    "Quiet.Button": (None, "button_hover", None),
    "Light.Button": (None, "button_hover", "strong_border"),
    "Warning.Button": (None, "button_hover", "border"),
}


class Fonts(NamedTuple):
    """The fonts of labels and buttons."""

    base: tkfont.Font
    small: tkfont.Font
    strong: tkfont.Font


class Painter:
    """Makes and remakes the styles of one root window."""

    def __init__(self, root: tk.Tk, fonts: Fonts) -> None:
        self._root = root
        self._style = ttk.Style(root)
        self._images: dict[str, tuple[tk.PhotoImage, bytes]] = {}  # and what is painted on each
        self._blends_slowly = HERE.name == LINUX and root.winfo_depth() >= _TRUE_COLOUR
        self._palette = PALETTES["light"]
        self._fonts = fonts
        self.scale = 1.0  # as ``Theme.scale``

    def px(self, distance: float) -> int:
        """``Theme.px``."""
        return max(1, round(distance * self.scale)) if distance > 0 else 0

    def paint(self, palette: Palette) -> None:
        """Give every widget this look, with the fonts as large as they are now."""
        self._palette = palette
        self._use_clam()
        self._paint_fields()
        self._paint_buttons()
        self._paint_scrollbar()
        self._paint_list()
        self._paint_tabs()
        self._paint_labels()
        self._colour_popdown_lists()

    def image(self, name: str, png: bytes, colors: str = SOFT) -> tk.PhotoImage:
        """The picture of that name, made or painted over; ttk keeps showing the same object.

        Each scale has pictures of its own: what was not laid out anew yet is drawn by the borders of before, and
        in a picture smaller than these Tk draws without end.

        On X11 Tk asks the display for 256 colours, one by one, before its first picture, unless ``colors`` says how
        many reds, greens and blues it is drawn with. One that is soft, which has half transparent pixels or no others
        than transparent ones, is drawn without any.
        """
        name = self._of_this_scale(name)
        image, painted = self._images.get(name, (None, b""))
        if image is None:
            palette = colors if self._blends_slowly else ""
            image = tk.PhotoImage(master=self._root, data=png, format="png", palette=palette)
        elif png != painted:  # or whatever shows it would be drawn again
            image.configure(data=png, format="png")
        self._images[name] = image, png
        return image

    def _use_clam(self) -> None:
        p, style = self._palette, self._style
        style.theme_use("clam")
        style.configure(
            ".", background=p.window, foreground=p.text, bordercolor=p.border, lightcolor=p.window,
            darkcolor=p.window, troughcolor=p.window, fieldbackground=p.field, insertcolor=p.text,
            selectbackground=p.selection, selectforeground=p.selection_text, focuscolor=p.focus, font=self._fonts.base,
        )  # fmt: skip
        style.map(".", foreground=[("disabled", p.muted)])

    def box(
        self, name: str, fill: str | None, border: str | None, width: float = 1, inner: str | None = None
    ) -> tk.PhotoImage:
        """A box with round corners, whose middle Tk repeats where there is more room.

        On X11 its corners are those of a box on the window's ground, from which other grounds hardly differ. Blending
        them with what is behind was more than half of what the display was asked until the first picture was there. A
        box without a fill is seen through, and is blended.
        """
        wide, high, radius = self.px(_TILE), self.px(_LINE), self.px(_RADIUS)
        ground = self._palette.window if fill and self._blends_slowly else None
        size = (wide + 2 * radius, high + 2 * radius, radius)
        box = shapes.rounded_box(*size, fill, border, self.px(width), inner, ground)
        return self.image(name, box, _PAINTED if ground else SOFT)

    def element(
        self,
        name: str,
        normal: tk.PhotoImage,
        *states: Any,  # noqa: ANN401
        padding: int = 0,
        is_box: bool = True,
    ) -> str:
        """Make a ttk element of pictures, once for each scale; its pictures change in place afterwards.

        The answer is its name, for layouts.
        """
        name = self._of_this_scale(name)
        if name not in self._style.element_names():
            border = self.px(_RADIUS) + 1 if is_box else 0
            least = {"width": 2 * border, "height": 2 * border} if is_box else {}  # whatever the picture's own size
            self._style.element_create(
                name, "image", normal, *states, border=border, sticky="nsew", padding=padding, **least
            )
        return name

    def _of_this_scale(self, name: str) -> str:
        """The name of an element: ttk cannot change the borders and the padding of one that is there.

        It ends as it did, since ttk goes by that: what it calls a thumb can be dragged, and an uparrow can be pressed.
        """
        return f"{self.px(100)}%.{name}"

    def _paint_fields(self) -> None:
        p, style = self._palette, self._style
        field = self.element(
            "Round.field",
            self.box("field", p.field, p.strong_border),
            ("disabled", self.box("field off", p.window, p.border)),
            ("invalid", "focus", self.box("field wrong focus", p.field, p.error, _RING)),
            ("invalid", self.box("field wrong", p.field, p.error)),
            ("focus", self.box("field focus", p.field, p.focus, _RING)),
            padding=self.px(3),
        )
        arrow = self._mark("Round.arrow", shapes.chevron(self.px(16), p.muted, self.px(1) * 1.6), sticky="e")
        arrow_part = (arrow, {"side": "right", "sticky": "ns"})
        style.layout("TEntry", [layout_part(field, layout_part("Entry.padding", layout_part("Entry.textarea")))])
        chosen = layout_part("Combobox.padding", layout_part("Combobox.textarea"))
        style.layout("TCombobox", [layout_part(field, arrow_part, chosen)])
        style.layout("Field.TFrame", [layout_part(field)])
        for name in ("TEntry", "TCombobox"):
            style.configure(name, padding=(self.px(5), self.px(4)), foreground=p.text, fieldbackground=p.field)
            style.map(
                name, fieldbackground=[("readonly", p.field)], foreground=[("disabled", p.muted)],
                selectbackground=[("readonly", p.field)], selectforeground=[("readonly", p.text)],
                background=[],
            )  # fmt: skip
        style.configure("Pane.TCombobox", background=p.pane)
        self._paint_spinboxes(field)

    def _mark(self, name: str, png: bytes, sticky: str = "") -> str:
        """Make a ttk element of one picture, or paint it over; the answer is its name."""
        image, name = self.image(name, png), self._of_this_scale(name)
        if name not in self._style.element_names():
            self._style.element_create(name, "image", image, sticky=sticky)
        return name

    def _paint_spinboxes(self, field: str) -> None:
        p, style, size = self._palette, self._style, self.px(11)
        up, down = (
            self._mark(f"Round.{to}arrow", shapes.chevron(size, p.muted, self.px(1) * 1.4, to)) for to in ("up", "down")
        )
        arrows: Any = (
            "null",
            {
                "side": "right",
                "sticky": "",
                "children": [(up, {"side": "top"}), (down, {"side": "bottom"})],
            },
        )
        inside = layout_part("Spinbox.padding", layout_part("Spinbox.textarea"))
        style.layout("TSpinbox", [layout_part(field, arrows, inside)])
        style.configure("TSpinbox", padding=(self.px(5), self.px(4)), foreground=p.text, fieldbackground=p.field)
        style.map("TSpinbox", foreground=[("disabled", p.muted)])

    def _paint_buttons(self) -> None:
        p, style = self._palette, self._style
        for name, (fill, hover, border) in _BUTTONS.items():
            rest, over, edge = (getattr(p, part) if part else None for part in (fill, hover, border))
            # on a coloured ground one line is not enough: a light one and a dark one show on any
            ring, inner = (p.text, p.accent_text) if name == "Accent.Button" else (p.focus, None)
            body = self.element(
                f"{name}.body",
                self.box(name, rest, edge),
                ("disabled", self.box(f"{name} off", p.window if rest else None, p.border if border else None)),
                ("pressed", self.box(f"{name} down", over, edge)),
                ("focus", "active", self.box(f"{name} focus over", over, ring, _RING, inner)),
                ("focus", self.box(f"{name} focus", rest, ring, _RING, inner)),
                ("active", self.box(f"{name} over", over, edge)),
            )
            kind = name.replace("Button", "TButton")
            style.layout(kind, [layout_part(body, layout_part("Button.padding", layout_part("Button.label")))])
            style.configure(kind, padding=(self.px(14), self.px(5)), anchor="center", foreground=p.text)
            style.map(kind, foreground=[("disabled", p.muted)], background=[("disabled", p.window)])
        style.configure("Accent.TButton", foreground=p.accent_text)
        for name in ("Quiet.TButton", "Light.TButton"):
            style.configure(name, padding=(self.px(8), self.px(3)))
        style.configure(
            "Warning.TButton", padding=(self.px(6), self.px(1)), foreground=p.warning, font=self._fonts.small
        )

    def _paint_scrollbar(self) -> None:
        p, style = self._palette, self._style
        size = self.px(8)
        pictures = {
            name: self.image(f"thumb {name}", shapes.rounded_box(size, self.px(_TILE), size / 2, color, None, 0))
            for name, color in (("rest", p.thumb), ("over", p.thumb_hover))
        }
        thumb = self._of_this_scale("Slim.thumb")
        if thumb not in style.element_names():
            style.element_create(
                thumb, "image", pictures["rest"], ("pressed", pictures["over"]), ("active", pictures["over"]),
                border=size // 2 - 1, sticky="nsew", width=size, height=2 * size,
            )  # fmt: skip
        trough = "Vertical.Scrollbar.trough"
        style.layout("Vertical.TScrollbar", [layout_part(trough, layout_part(thumb))])
        style.layout("Idle.Vertical.TScrollbar", [layout_part(trough)])
        for name, ground in (("", p.pane), ("Sidebar.", p.sidebar), ("Window.", p.window), ("Window.Idle.", p.window)):
            style.configure(
                f"{name}Vertical.TScrollbar", troughcolor=ground, bordercolor=ground, lightcolor=ground,
                darkcolor=ground, background=ground, relief="flat", borderwidth=0, arrowsize=size + 2,
            )  # fmt: skip

    def _paint_list(self) -> None:
        p, style = self._palette, self._style
        height = self._fonts.base.metrics("linespace") + self.px(10)
        inside = layout_part("Treeview.padding", layout_part("Treeview.treearea"))
        style.layout("Treeview", [layout_part("Treeview.field", inside)])
        style.configure(
            "Treeview", background=p.sidebar, fieldbackground=p.sidebar, foreground=p.text, borderwidth=0,
            rowheight=height, indent=self.px(14), font=self._fonts.base, padding=self.px(_RING),
            bordercolor=p.sidebar, lightcolor=p.sidebar,
        )  # fmt: skip
        # clam's field has two lines around it: together they are the ring
        style.map("Treeview", bordercolor=[("focus", p.focus)], lightcolor=[("focus", p.focus)])
        style.configure(
            "Treeview.Heading", background=p.window, foreground=p.muted, font=self._fonts.base, relief="flat",
            borderwidth=0, padding=(self.px(4), self.px(3)), bordercolor=p.window, lightcolor=p.window,
        )  # fmt: skip
        style.map("Treeview.Heading", background=[("active", p.window)], foreground=[("active", p.muted)])
        self._paint_unfolding()
        style.map("Treeview", background=[("selected", p.selection)], foreground=[("selected", p.selection_text)])

    def _paint_unfolding(self) -> None:
        """The arrow in front of a row that has others below it."""
        size, picture = self.px(16), {}
        for to in ("right", "down"):
            arrow = shapes.chevron(size, self._palette.muted, self.px(1) * 1.6, to)
            picture[to] = self.image(f"unfolds {to}", arrow)
        none = self.image("unfolds not", shapes.rounded_box(size, size, 0, None, None, 0))
        # ttk calls a row without others "user2" and one that is open "user1"
        states = (("user2", none), ("user1", picture["down"]))
        arrow_part = self.element("Row.indicator", picture["right"], *states, is_box=False)
        left = [(part, {"side": "left", "sticky": ""}) for part in (arrow_part, "Treeitem.image")]
        self._style.layout("Item", [layout_part("Treeitem.padding", *left, layout_part("Treeitem.text"))])

    def _paint_tabs(self) -> None:
        p, style = self._palette, self._style
        body = self.element(
            "Tab.body",
            self.box("tab", None, None),
            ("selected", "focus", self.box("tab focus", p.selection, p.focus, _RING, p.selection_text)),
            ("selected", self.box("tab selected", p.selection, None)),
            ("active", self.box("tab over", p.button_hover, None)),
        )
        style.layout(
            "TNotebook.Tab", [layout_part(body, layout_part("Notebook.padding", layout_part("Notebook.label")))]
        )
        style.layout("TNotebook", [layout_part("Notebook.client")])
        style.configure(
            "TNotebook", background=p.window, borderwidth=0, tabmargins=(self.px(16), self.px(12), 0, self.px(6)),
            bordercolor=p.window, lightcolor=p.window, darkcolor=p.window,
        )  # fmt: skip
        pad = (self.px(14), self.px(5))
        style.configure("TNotebook.Tab", padding=pad, foreground=p.text)
        style.map(
            "TNotebook.Tab",
            foreground=[("selected", p.selection_text)],
            expand=[("selected", 0)],
            padding=[("selected", pad)],
        )

    def _paint_labels(self) -> None:
        p, style = self._palette, self._style
        for name, ground in (("Window", p.window), ("Pane", p.pane), ("Sidebar", p.sidebar)):
            style.configure(f"{name}.TFrame", background=ground)
            style.configure(f"{name}.TLabel", background=ground, foreground=p.text)
            style.configure(f"{name}.Muted.TLabel", background=ground, foreground=p.muted, font=self._fonts.small)
            style.configure(f"{name}.Strong.TLabel", background=ground, foreground=p.text, font=self._fonts.strong)
            style.configure(f"{name}.Error.TLabel", background=ground, foreground=p.error, font=self._fonts.small)
        style.configure("Field.TLabel", background=p.field, foreground=p.text)
        style.configure("Warning.TLabel", background=p.window, foreground=p.warning, font=self._fonts.small)
        style.configure("Line.TFrame", background=p.border)
        body = self.element("Key.body", self.box("key", p.field, p.strong_border))
        style.layout("Key.TLabel", [layout_part(body, layout_part("Label.padding", layout_part("Label.label")))])
        style.configure("Key.TLabel", padding=(self.px(8), self.px(2)), font=self._fonts.small, foreground=p.text)
        style.configure("Edge.TFrame", background=p.strong_border)
        style.configure("Pane.Light.TButton", background=p.pane)
        style.map("Pane.Light.TButton", background=[("disabled", p.pane)])
        for name, fill in (("Notice", p.warning_fill), ("Failure", p.error_fill)):
            style.configure(f"{name}.TFrame", background=fill)
            style.configure(f"{name}.TLabel", background=fill, foreground=p.text)
            style.configure(f"{name}.Light.TButton", background=fill)

    def _colour_popdown_lists(self) -> None:
        """The list that a combobox opens is a plain Listbox, made when it is first opened."""
        p, root = self._palette, self._root
        for option, value in (
            ("background", p.field),
            ("foreground", p.text),
            ("selectBackground", p.accent),
            ("selectForeground", p.accent_text),
            ("font", self._fonts.base),
            ("relief", "flat"),
            ("borderWidth", self.px(4)),
            ("highlightThickness", 0),
        ):
            root.option_add(f"*TCombobox*Listbox.{option}", value)


def layout_part(element: str, *inside: Any) -> Any:  # noqa: ANN401 - as deep as the layout
    """A part of a ttk layout that fills its room, with other parts inside."""
    return (element, {"sticky": "nswe", "expand": True, **({"children": list(inside)} if inside else {})})
