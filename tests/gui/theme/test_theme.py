"""What the theme keeps for its windows."""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont

from gui.theme.theme import Theme


def test_every_font_of_the_theme_stays_in_use(root: tk.Tk, theme: Theme) -> None:
    (holder,) = (child for child in root.winfo_children() if isinstance(child, tk.Canvas))

    held = {str(root.tk.call(holder, "itemcget", item, "-font")) for item in holder.find_all()}

    assert held >= {name for name in tkfont.names(root) if name.startswith("Tincan")}
    assert held >= {str(tk.Label(root)["font"]), str(tk.Menu(root)["font"]), str(tk.Text(root)["font"])}
    assert not holder.winfo_manager()


def test_back_at_the_usual_size_every_font_is_as_before(root: tk.Tk, theme: Theme) -> None:
    sizes = {name: tkfont.nametofont(name, root=root).cget("size") for name in tkfont.names(root)}

    theme.zoom(2)
    theme.zoom(0)

    assert {name: tkfont.nametofont(name, root=root).cget("size") for name in tkfont.names(root)} == sizes
