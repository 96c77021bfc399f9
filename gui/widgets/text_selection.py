"""What is selected in a Text: its characters alone, not the empty rest of their lines nor Tk's line feed at the end."""

from __future__ import annotations

import tkinter as tk

from gui.theme.theme import Theme

SELECTED = "selected"


def colour_selection(text: tk.Text, theme: Theme, decoration: str = "") -> None:
    """Colour what is selected, without the characters that carry the tag ``decoration``, if one is given.

    Tk's own tag colours each line feed too, and with it all that is right of it. That tag has no colour any more:
    one of our own follows it. The line feed that Tk has behind every text is never selected: copied along, it would be
    a byte that nobody typed.
    """

    def restyle() -> None:
        p = theme.palette
        text.configure(inactiveselectbackground="")
        text.tag_configure("sel", background="", foreground="")
        text.tag_configure(SELECTED, background=p.selection, foreground=p.selection_text)
        text.tag_raise(SELECTED)

    def follow(_event: object = None) -> None:
        if "sel" in text.tag_names("end-1c"):
            text.tag_remove("sel", "end-1c", "end")
        text.tag_remove(SELECTED, "1.0", "end")
        if ranges := text.tag_ranges("sel"):
            first, last = str(ranges[0]), str(ranges[-1])
            for start, stop in _stretches(text, first, last, decoration):
                text.tag_add(SELECTED, start, stop)

    text.bind("<<Selection>>", follow, add=True)
    theme.subscribe(restyle, text)


def _stretches(text: tk.Text, first: str, last: str, decoration: str) -> list[tuple[str, str]]:
    """The characters between two places, line by line."""
    top, bottom = int(first.partition(".")[0]), int(last.partition(".")[0])
    kept = []
    for line in range(top, bottom + 1):
        start, stop = first if line == top else f"{line}.0", last if line == bottom else f"{line}.end"
        if (
            decoration
            and (before := text.tag_prevrange(decoration, f"{start}+1c"))
            and text.compare(before[1], ">", start)
        ):
            start = before[1]  # which is within a range that begins on a line before
        while decoration and (found := text.tag_nextrange(decoration, start, stop)):
            kept.append((start, found[0]))
            start = found[1]
        kept.append((start, stop))
    return [(start, stop) for start, stop in kept if text.compare(start, "<", stop)]
