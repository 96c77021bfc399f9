"""How the window looks: ttk's clam with our own palettes, fonts in points, round corners.

Everything that Tk draws takes its colours, fonts and distances from the one ``Theme``; a pane that
holds something ttk does not style (a Text, a Menu, a Canvas) subscribes to be told of changes.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import font as tkfont

from gui.platform.desktop import system_palette
from gui.platform.differences import HERE, WINDOWS
from gui.platform.windows import darken_title, dots_per_inch
from gui.theme import shapes
from gui.theme.distances import Distances
from gui.theme.painting import SOFT, Fonts, Painter
from gui.theme.palettes import PALETTES

SYSTEM = "system"
CHOICES = (SYSTEM, *PALETTES)
SMALLEST_STEP, LARGEST_STEP = -4, 14  # points added to the text size

_CAP = 8
_USUAL_POINTS = 10  # of the text for which all distances are given, at 96 dots an inch
_EM_SPACE, _PROBE = "\u2003", 72  # as wide as its font is large, in points
_POINTS_AN_INCH = 72
_FONTS_OF_TK = ("TkDefaultFont", "TkTextFont", "TkMenuFont", "TkHeadingFont", "TkTooltipFont", "TkFixedFont")


class Theme:
    """The look of one root window. ``palette`` and ``fonts`` are what to draw with just now."""

    def __init__(self, root: tk.Tk, choice: str = SYSTEM, step: int = 0) -> None:
        self._root = root
        self._listeners: list[Callable[[], None]] = []
        self._caps: dict[tuple[str, int, bool], tk.PhotoImage] = {}
        self.base = tkfont.nametofont("TkDefaultFont", root=root)
        fixed = tkfont.nametofont("TkFixedFont", root=root)
        # Not shown; the colours are those that Tk asks the display for with each picture unless they are in use.
        self._held = tk.Canvas(root, background="white", insertbackground="black")
        menu = tk.Menu(root)  # whose own font is TkMenuFont on X11, and the system's, without a name, on Windows
        self._hold(self.base, fixed, "TkTextFont", "TkMenuFont", str(menu["font"]))
        menu.destroy()
        self._usual_families = family, fixed_family = self.base.actual("family"), fixed.actual("family")
        self.text = tkfont.Font(root, family=family, name="TincanText")
        self.small = tkfont.Font(root, family=family, name="TincanSmall")
        self.strong = tkfont.Font(root, family=family, weight="bold", name="TincanStrong")
        self.title = tkfont.Font(root, family=family, weight="bold", name="TincanTitle")
        self.tiny = tkfont.Font(root, family=family, size=1, name="TincanTiny")
        self.mono = tkfont.Font(root, family=fixed_family, name="TincanMono")
        self.painter = Painter(root, Fonts(self.base, self.small, self.strong))
        self.choice, self.step = choice, 0
        self.palette = PALETTES["light"]
        self._dots_per_inch = _dots_per_inch(root, self.base)
        self._distances = Distances(root)
        self._resize_fonts(step)
        self._hold(self.text, self.small, self.strong, self.title, self.tiny, self.mono)
        self.choose(choice)

    def px(self, distance: float) -> int:
        """A distance given for text of the usual size at 96 dots an inch, in pixels beside the text there is."""
        return self.painter.px(distance)

    @property
    def scale(self) -> float:
        """How large the text is, and all distances with it: 1 for ``_USUAL_POINTS`` at 96 dots an inch."""
        return self.painter.scale

    def choose(self, choice: str) -> None:
        """Take a palette by its name, or the one that the system asks for."""
        self._take_palette(choice)
        self._tell()

    def zoom(self, step: int) -> int:
        """Make the text ``step`` points larger than usual; give back what it came to."""
        self._resize_fonts(step)
        self._tell()
        return self.step

    def choose_fonts(self, text_family: str = "", mono_family: str = "") -> None:
        """Take families for conversations and for hex; the system's own where one is empty or not there."""
        self.dress(self.choice, self.step, text_family, mono_family)

    def dress(self, choice: str, step: int, text_family: str, mono_family: str) -> None:
        """Take palette, text size and families together; what stays the same costs nothing."""
        before = self._worn()
        if choice != self.choice:
            self._take_palette(choice)
        if step != self.step:
            self._resize_fonts(step)
        self._take_families(text_family, mono_family)
        if self._worn() != before:
            self._tell()

    def follow_monitor(self) -> None:
        """Draw at the resolution of the monitor that the window has come to, where each has its own (Windows)."""
        dots = dots_per_inch(_frame(self._root)) if HERE.name == WINDOWS else 0
        if dots and dots != self._dots_per_inch:
            self._dots_per_inch = dots
            self._root.tk.call("tk", "scaling", dots / _POINTS_AN_INCH)
            self._resize_fonts(self.step, anew=True)
            self._tell()

    def colour_title(self, window: tk.Tk | tk.Toplevel) -> None:
        """Have the title bar as dark as the palette, where the system draws it as it is told (Windows)."""
        if HERE.name == WINDOWS and window.winfo_ismapped():
            darken_title(_frame(window), is_dark=self.palette.is_dark)

    @property
    def usual_points(self) -> int:
        """How large the text is when it is not made larger or smaller."""
        return HERE.points

    def subscribe(self, listener: Callable[[], None], owner: tk.Misc | None = None) -> None:
        """Call ``listener`` now and after every change of palette or text size, until ``owner`` is destroyed."""
        if owner is not None:
            owner.bind("<Destroy>", lambda event: self.forget(listener) if event.widget is owner else None, add=True)
        self._listeners.append(listener)
        listener()

    def forget(self, listener: Callable[[], None]) -> None:
        """Stop calling ``listener``, which may be done already: Tk 9 destroys each menu of a menu bar twice."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def cap(self, kind: str, width: int, *, top: bool) -> tk.PhotoImage:
        """The rounded end of an ``incoming`` or ``outgoing`` bubble of that width in pixels."""
        known = self._caps.get((kind, width, top))
        if known is None:
            fill, ground = str(getattr(self.palette, kind)), self.palette.pane
            png = shapes.bubble_cap(width, self.cap_height, fill, ground, top=top)
            known = self._caps[kind, width, top] = tk.PhotoImage(master=self._root, data=png, format="png")
        return known

    @property
    def cap_height(self) -> int:
        """How high the rounded end of a bubble is, in pixels."""
        return self.px(_CAP)

    def dot(self, color: str, state: str = "live") -> tk.PhotoImage:
        """A small mark for a state: ``live``, ``waiting``, ``failed``, or anything else, which is over."""
        png = shapes.dot(self.px(9), color, state)
        return self.painter.image(f"dot {color} {state}", png, "" if state == "failed" else SOFT)

    def colour_menu(self, menu: tk.Menu) -> None:
        """Menus are not ttk: give one, and those below it, the palette's colours."""
        p = self.palette
        menu.configure(
            background=p.field, foreground=p.text, activebackground=p.accent, activeforeground=p.accent_text,
            disabledforeground=p.muted, selectcolor=p.text, relief="groove", borderwidth=self.px(2),
            activeborderwidth=0, font=self.base,
        )  # fmt: skip
        room = self.painter.image("menu", shapes.rounded_box(self.px(6), self.px(24), 0, None, None, 0))
        for place in range((menu.index("end") or -1) + 1):
            if not isinstance(menu.master, tk.Wm) and menu.type(place) != "separator":  # the bar itself stays low
                menu.entryconfigure(place, image=room, compound="left")
        for child in menu.winfo_children():
            if isinstance(child, tk.Menu):
                self.colour_menu(child)

    def _hold(self, *fonts: tkfont.Font | str) -> None:
        """Keep fonts in use: one that is not, or no longer, Tk loads anew for each question about it."""
        for font in fonts:
            self._held.create_text(0, 0, font=font)

    def _worn(self) -> tuple[object, ...]:
        return self.choice, self.palette, self.step, self.text.cget("family"), self.mono.cget("family")

    def _tell(self) -> None:
        """Paint everything anew, and let the others do so."""
        before, now = self.scale, self._dots_per_inch / 96 * (HERE.points + self.step) / _USUAL_POINTS
        if before != now:
            self._caps.clear()
            measured = self._distances.measure()
            self.painter.scale = now
            self._distances.convert(measured, before, now)
        self._restyle()
        for listener in list(self._listeners):
            listener()
        if before != self.scale:
            self._root.after_idle(self._distances.tell)  # when each knows how large it wants to be

    def _take_palette(self, choice: str) -> None:
        self.choice = choice if choice in CHOICES else SYSTEM
        self.palette = PALETTES[system_palette() if self.choice == SYSTEM else self.choice]
        self._caps.clear()

    def _take_families(self, text_family: str, mono_family: str) -> None:
        installed = {family.lower() for family in tkfont.families(self._root)} if text_family or mono_family else set()
        for font, wanted, usual in (
            (self.text, text_family, self._usual_families[0]),
            (self.mono, mono_family, self._usual_families[1]),
        ):
            family = wanted if wanted.lower() in installed else usual
            if font.cget("family") != family:
                font.configure(family=family)

    def _resize_fonts(self, step: int, *, anew: bool = False) -> None:
        """Give the fonts their size in points; ``anew`` where a point has another number of dots than before."""
        self.step = max(SMALLEST_STEP, min(LARGEST_STEP, step))
        points = HERE.points + self.step
        sizes = [(tkfont.nametofont(name, root=self._root), points) for name in _FONTS_OF_TK]
        sizes += [(self.mono, points), (self.strong, points), (self.small, max(6, points - 1))]
        for font, size in (*sizes, (self.text, points + 1), (self.title, points + 4)):
            if anew or font.cget("size") != size:  # configured, Tk loads it anew in any case
                font.configure(size=size)

    def _restyle(self) -> None:
        self.painter.paint(self.palette)
        self._root.configure(background=self.palette.window)


def _frame(window: tk.Tk | tk.Toplevel) -> int:
    return int(window.wm_frame(), 16)


def _dots_per_inch(root: tk.Tk, base: tkfont.Font) -> int:
    """By how many pixels an inch of text is drawn.

    Text follows the desktop's ``Xft.dpi``, which ``tk scaling`` does not know on X11: so it is measured. Where the
    family is of one width for all characters, it is what Tk says.
    """
    if base.metrics("fixed"):
        return round(float(root.tk.call("tk", "scaling")) * 72)
    points = tkfont.Font(root, family=base.actual("family"), size=_PROBE)
    return round(points.measure(_EM_SPACE) * 72 / _PROBE)
