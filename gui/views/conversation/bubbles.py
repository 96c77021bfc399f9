"""A Text that shows rows as bubbles: tags for their colours and margins, small pictures for their ends.

A tag can colour the margin on one side of its lines, so incoming bubbles keep Tk's own line
breaking and outgoing ones are broken by ``gui.viewmodels.wrapping``. Few calls into Tk however many rows:
each gives the interpreter away.
"""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from core.text_safety import TextSafety
from gui.theme.theme import Theme
from gui.viewmodels.typeset_row import DECOR, FOUND, INCOMING, MARKED, OUTGOING, Cap, Place, Row
from gui.viewmodels.wrapping import Metrics
from gui.widgets.text_selection import colour_selection

_WIDEST = 0.76  # of the pane
_WIDEST_POINTS = 620  # at 96 dots an inch: longer lines are hard to read
_STEP = 4
_HEAD_ABOVE, _HEAD_BELOW = 12, 3  # the same: around who and when
_WAY = "out #00 "  # the widest usual way of a compact row
_TAGGED = 2_000  # indices in one command of Tk
_CHOSEN = (INCOMING, OUTGOING, "note", "compact", "mark")  # what can be set off


class BubbleText(tk.Text):
    """Rows in, bubbles out. Read-only; selecting and copying are ordinary."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, *, on_reshape: Callable[[], None], on_more: Callable[[int], None]
    ) -> None:
        super().__init__(
            parent, wrap="word", state="disabled", borderwidth=0, highlightthickness=0, padx=0, pady=0, width=20,
            height=4, insertwidth=0, cursor="arrow", undo=False,
            takefocus=True,  # Tab passes over what is disabled, and this one has keys of its own
        )  # fmt: skip
        self.safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self.lines = 0
        self._theme = theme
        self._on_reshape = on_reshape
        self._on_more = on_more
        self._shapes: set[str] = set()
        self._caps: dict[str, tuple[int, bool]] = {}  # the width of each picture of a bubble's end, and which end
        self._set_off: list[tuple[str, str]] = []  # the pictures that have another colour, and what they showed before
        self._has_set_off = False
        self._inner = 0
        self._measure_font()
        self.astral = self._measure_astral()
        self.metrics = self._measure()
        self.tag_bind("more", "<Button-1>", self._more_clicked)
        self.tag_bind("more", "<Enter>", lambda _event: self.configure(cursor="hand2"))
        self.tag_bind("more", "<Leave>", lambda _event: self.configure(cursor="arrow"))
        self.bind("<Configure>", self._resized)
        self.bind("<Button-1>", lambda _event: self.focus_set(), add=True)
        theme.subscribe(self._restyle)
        colour_selection(self, theme, DECOR)

    def replace(self, rows: Sequence[Row]) -> None:  # type: ignore[override]
        """Show these rows and nothing else."""
        self.lines = 0
        self._edit(("delete", "1.0", "end"), *self._written(rows))

    def append(self, rows: Sequence[Row]) -> None:
        """Add rows at the end."""
        self._edit(*self._written(rows))

    def cut_head(self, lines: int) -> None:
        """Take so many lines away at the top."""
        self._edit(("delete", "1.0", f"{lines + 1}.0"))
        self.lines -= lines

    def _edit(self, *commands: tuple[object, ...]) -> None:
        """Do what Tk does to a Text that is not disabled, which it is again whatever comes of that."""
        script = self._script(("configure", "-state", "normal"), *commands)
        self.tk.call("try", script, "finally", f"{self} configure -state disabled")

    def _do(self, *commands: tuple[object, ...]) -> None:
        """Have Tk do these with the Text, all of them in one call."""
        self.tk.call(*self._script(*commands))

    def _script(self, *commands: tuple[object, ...]) -> tuple[object, ...]:
        return "foreach", "command", commands, f"{self} {{*}}$command"

    def top(self) -> tuple[int, int]:
        """The line at the top of the view, and how many of its pixels are above the view."""
        line = int(self.index("@0,0").partition(".")[0])
        rows_above = int(self.tk.call(str(self), "count", "-ypixels", f"{line}.0", "@0,0") or 0)
        shown = self.dlineinfo("@0,0")
        return line, rows_above - (shown[1] if shown else 0)

    def top_before_growing(self) -> tuple[int, int]:
        """The same of a view that has just become higher: where nothing more is below, Tk moves it up to fill it."""
        self.configure(state="normal")
        self.insert("end", "\n" * (self.winfo_height() // self._linespace + 1))
        found = self.top()
        self.delete(f"{self.lines + 1}.0", "end-1c")
        self.configure(state="disabled")
        return found

    def bubble_height(self, lines: int) -> int:
        """The pixels of a message of so many lines, without a header."""
        return lines * self._linespace + 2 * self._theme.cap_height

    @property
    def most_in_line(self) -> int:
        """Narrow characters that fit into a line of the widest bubble."""
        return max(1, self.metrics.widest // self._narrow)

    @property
    def _header_height(self) -> int:
        theme = self._theme
        return int(theme.px(_HEAD_ABOVE) + theme.small.metrics("linespace") + theme.px(_HEAD_BELOW))

    def show_line(self, line: int, pixels: int) -> None:
        """Bring a line to the top of the view, ``pixels`` of it above."""
        self.yview(f"{line}.0")
        if pixels:
            self.yview_scroll(pixels, "pixels")

    def mark(self, tag: str, stretches: Iterable[tuple[Place, Place]]) -> None:
        """Have these characters, and no others, set off as found; each from the first up to before the second."""
        places = [f"{place.line}.{place.column}" for stretch in stretches for place in stretch]
        parts = [places[start : start + _TAGGED] for start in range(0, len(places), _TAGGED)]
        self._do(("tag", "remove", tag, "1.0", "end"), *(("tag", "add", tag, *part) for part in parts))

    def set_off(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Give the bubbles on these lines, each up to before the second, another colour, and no others."""
        lines = list(ranges)
        if not lines and not self._has_set_off:  # mostly; each call into Tk gives the interpreter away
            return
        self._has_set_off = bool(lines)
        for kind in _CHOSEN:
            self.tag_remove(f"chosen-{kind}", "1.0", "end")
        for name, picture in self._set_off:
            with contextlib.suppress(tk.TclError):  # it is no longer in the Text
                self.image_configure(name, image=picture)
        self._set_off.clear()
        for first, last in lines:
            for kind in _CHOSEN:
                for start, stop in self._stretches(kind, f"{first}.0", f"{last}.0"):
                    self.tag_add(f"chosen-{kind}", start, stop)
            for _key, name, _index in self.dump(f"{first}.0", f"{last}.0", image=True):
                self._set_off.append((name, str(self.image_cget(name, "image"))))
                self.image_configure(name, image=self._chosen_picture(name))

    def _stretches(self, tag: str, first: str, last: str) -> Iterator[tuple[str, str]]:
        """Where a tag is between two places; notes, and rows of one line each, share a range with their neighbours."""
        begun = self.tag_prevrange(tag, f"{first}+1c")
        found = self.tag_nextrange(tag, first, last)
        if begun and self.compare(begun[1], ">", first):
            found = first, begun[1]
        while found:
            start, stop = found
            yield start, stop if self.compare(stop, "<", last) else last
            found = self.tag_nextrange(tag, stop, last)

    def _chosen_picture(self, name: str) -> tk.PhotoImage:
        width, top = self._caps[str(self.image_cget(name, "image"))]
        return self._theme.cap("chosen", width, top=top)

    def _written(self, rows: Sequence[Row]) -> list[tuple[object, ...]]:
        """The commands that write rows below the others."""
        runs = [run for row in rows for run in row.runs]
        if not runs:
            return []
        self._shape({tag for run in runs for tag in run.tags[1:2]})
        caps = self._caps_placed(rows)
        self.lines += sum(row.lines for row in rows)
        return [("insert", "end", *chain.from_iterable(runs)), *caps]

    def _caps_placed(self, rows: Iterable[Row]) -> list[tuple[object, ...]]:
        """The commands that put the pictures of their ends on those rows, which begin below the others."""
        commands: list[tuple[object, ...]] = []
        ends: dict[str, list[str]] = {INCOMING: [], OUTGOING: []}
        line = self.lines + 1
        for row in rows:
            for cap in row.caps:
                index = f"{line + cap.line}.0"
                commands.append(("image", "create", index, "-image", str(self._picture(cap))))
                ends[cap.kind].append(index)
            line += row.lines
        for kind, indices in ends.items():
            if indices:
                capped = tuple(chain(*((index, f"{index}+1c") for index in indices)))
                commands += [("tag", "add", tag, *capped) for tag in (f"{kind}-cap", DECOR)]
        return commands

    def _picture(self, cap: Cap) -> tk.PhotoImage:
        picture = self._theme.cap(cap.kind, cap.width, top=cap.top)
        self._caps[str(picture)] = (cap.width, cap.top)
        return picture

    def _shape(self, tags: Iterable[str]) -> None:
        """Set the margins of bubbles of widths that are new."""
        for tag in tags:
            kind, _, width = tag.partition("-")
            if tag not in self._shapes and kind in (INCOMING, OUTGOING) and width.isdecimal():
                self._shapes.add(tag)
                self._set_margins(tag)

    def _set_margins(self, tag: str) -> None:
        kind, _, width = tag.partition("-")
        rest = max(0, self._inner - int(width))
        if kind == INCOMING:
            self.tag_configure(tag, rmargin=rest)
        else:
            self.tag_configure(tag, lmargin1=rest, lmargin2=rest)

    def _measure_font(self) -> None:
        self._linespace, self._narrow = self._theme.text.metrics("linespace"), max(1, self._theme.text.measure("i"))

    def _measure(self) -> Metrics:
        theme = self._theme
        widest = int(min(max(self._inner, theme.px(120)) * _WIDEST, theme.px(_WIDEST_POINTS)))
        return Metrics(
            theme.text.measure, widest=widest, step=theme.px(_STEP), mono=theme.mono.measure("0"), room=self._inner,
            lead=self._stops()[-1], way=theme.text.measure(_WAY),
        )  # fmt: skip

    def _stops(self) -> tuple[int, int, int]:
        """Where in a compact row the number ends, and the way and the text begin, in pixels."""
        small, gap = self._theme.small, self._theme.px(10)
        number = small.measure("00:00:00.000") + gap + small.measure("00,000")
        return number, number + gap, number + 2 * gap + self._theme.text.measure(_WAY)

    def _indent_wrapped(self) -> None:
        """Where the second line of a note in a compact row begins: below the first, unless that leaves little room."""
        self.tag_configure("wrapped", lmargin2=min(self._stops()[-1], self._inner // 4))

    def _measure_astral(self) -> int:
        """How many columns Tk takes an emoji for: 1, or 2 where it goes by UTF-16."""
        self.configure(state="normal")
        self.insert("1.0", "\U0001f600")
        columns = int(self.index("1.end").partition(".")[2])
        self.delete("1.0", "end")
        self.configure(state="disabled")
        return columns

    def height_of(self, messages: int, *, is_compact: bool) -> int:
        """The pixels of so many short messages, with their headers where they have some, and of the end behind them."""
        theme, line = self._theme, self._linespace
        row = line + theme.px(1) if is_compact else self._header_height + line + 2 * theme.cap_height
        return messages * row + line

    def height_of_lines(self, lines: int) -> int:
        """The pixels of so many lines of text."""
        return lines * self._linespace

    @property
    def content_height(self) -> int:
        """The pixels of all that is in it, which takes long to find out of much."""
        return int(self.tk.call(self, "count", "-update", "-ypixels", "1.0", "end"))

    def height_between(self, first: int, last: int) -> int:
        """The pixels of the lines from the first up to before the last."""
        return int(self.tk.call(self, "count", "-update", "-ypixels", f"{first}.0", f"{last}.0") or 0)

    def _resized(self, _event: object) -> None:
        inner = self.winfo_width()
        if inner == self._inner:
            return
        self._inner = inner
        self._indent_wrapped()
        for tag in self._shapes:
            self._set_margins(tag)
        metrics = self._measure()
        if metrics.widest != self.metrics.widest:
            self.metrics = metrics
        self._on_reshape()

    def _restyle(self) -> None:
        self._caps.clear()
        self._set_off.clear()
        self._measure_font()
        theme, p = self._theme, self._theme.palette
        px, pad = theme.px, theme.text.measure("\u2003")
        self.configure(background=p.pane, foreground=p.text, font=theme.text)
        self.tag_configure(
            "head", font=theme.small, foreground=p.muted, spacing1=px(_HEAD_ABOVE), spacing3=px(_HEAD_BELOW)
        )
        self.tag_configure("right", justify="right")
        self.tag_configure("who", foreground=p.text)
        self.tag_configure("gap", font=theme.tiny, spacing1=px(2))
        for tag in ("note", "day"):
            self.tag_configure(
                tag, lmargin1=px(24), lmargin2=px(24), rmargin=px(24), justify="center", font=theme.small
            )
        self.tag_configure("note", foreground=p.muted, spacing1=px(10), spacing3=px(2))
        self.tag_configure("day", foreground=p.text, spacing1=px(18), spacing3=px(6))
        self.tag_configure("when", foreground=p.muted)
        number, way, text_at = self._stops()
        tabs = (number, "right", way, text_at)
        self.tag_configure("compact", wrap="none", font=theme.text, tabs=tabs, spacing1=px(1))
        self.tag_configure("wrapped", wrap="word", rmargin=px(10))
        self._indent_wrapped()
        self.tag_configure("lead", font=theme.small, foreground=p.muted)
        self.tag_configure("sent", foreground=p.outgoing_text)
        self.tag_configure("note-text", foreground=p.muted)
        self.tag_configure("failure", foreground=p.error)
        for kind, text in ((INCOMING, p.incoming_text), (OUTGOING, p.outgoing_text)):
            fill = str(getattr(p, kind))
            self.tag_configure(kind, background=fill, foreground=text)
            self.tag_configure(f"{kind}-cap", font=theme.tiny, justify="left" if kind == INCOMING else "right")
        self.tag_configure(INCOMING, lmargin1=pad, lmargin2=pad, lmargincolor=p.incoming, rmargincolor=p.pane)
        self.tag_configure(OUTGOING, rmargin=pad, rmargincolor=p.outgoing, lmargincolor=p.pane)
        self.tag_configure("mark", foreground=p.muted)
        self.tag_configure("more", underline=True)
        self.tag_configure("hex", font=theme.mono)
        for number, color in enumerate(p.connections):
            self.tag_configure(f"connection-{number}", foreground=color, font=theme.small)
        self._restyle_marks()
        self.metrics = self._measure()
        if self._inner:
            self._on_reshape()

    def _restyle_marks(self) -> None:
        """What is chosen, and what was found, over everything else."""
        p = self._theme.palette
        for kind in _CHOSEN:
            self.tag_configure(f"chosen-{kind}", background=p.chosen, foreground=p.chosen_text)
        self.tag_configure("chosen-mark", foreground=p.chosen_mark)
        self.tag_configure(f"chosen-{INCOMING}", lmargincolor=p.chosen)
        self.tag_configure(f"chosen-{OUTGOING}", rmargincolor=p.chosen)
        self.tag_configure(FOUND, background=p.hit, foreground=p.hit_text)
        self.tag_configure(MARKED, background=p.found, foreground=p.accent_text)
        for tag in (FOUND, MARKED):
            self.tag_raise(tag)

    def _more_clicked(self, _event: object) -> str:
        for tag in self.tag_names("current"):
            if tag.startswith("more-"):
                self._on_more(int(tag.removeprefix("more-")))
        return "break"
