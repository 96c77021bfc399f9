"""How large a dialog is that follows its words."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import pytest

from gui.theme.theme import Theme
from gui.views.dialogs.profiles_dialog import SaveProfileDialog
from gui.views.dialogs.reply_dialog import ReplyDialog

LONG = "a sentence that takes several lines in any dialog, whatever the font: " * 2


def reply(root: tk.Tk, theme: Theme) -> ReplyDialog:
    return ReplyDialog(root, theme, title="Reply", heading="Program", about=LONG, on_use=lambda _: LONG)


def save(root: tk.Tk, theme: Theme) -> SaveProfileDialog:
    def refused(name: str, *, may_replace: bool) -> str:
        return f"{name}: {LONG}"

    return SaveProfileDialog(root, theme, LONG, name="one", on_save=refused)


@pytest.mark.parametrize("make", [reply, save])
def test_long_words_change_the_width_of_no_dialog(
    root: tk.Tk, theme: Theme, make: Callable[[tk.Tk, Theme], ReplyDialog | SaveProfileDialog]
) -> None:
    root.update()
    dialog = make(root, theme)
    widths = set[int]()
    dialog.bind("<Configure>", lambda event: widths.add(event.width) if event.widget is dialog else None)
    dialog.open(dialog.field)
    root.update()
    assert len(widths) == 1
    before = dialog.winfo_height()
    dialog.begin_button.invoke()
    root.update()
    assert len(widths) == 1
    assert dialog.winfo_height() > before, "the complaint is not to be seen"
