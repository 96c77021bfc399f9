"""The head of the conversation: whose it is, how it is cut into messages and read, and what a server replies."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import NamedTuple

from gui.theme.theme import Theme
from gui.viewmodels.drafting import ENCODINGS
from gui.viewmodels.window_view import reply_choices
from gui.widgets.bindings import bind_own
from gui.widgets.controls import Choice
from gui.widgets.fitting import elided_inside
from gui.widgets.tip import Tip

_LONGEST = 26  # characters of a choice's words that its box shows
_LONG, _LONGER = "Long.Pane.TCombobox", 150  # a style, and how much wider its list is in pixels at 96 dots an inch
_LEAST_TITLE, _ANY_TITLE = 120, 60  # the same: of whose talk it is, where there are words; where there must not be
_LEFT, _RIGHT, _TOP, _BOTTOM = 20, 16, 10, 8  # the same: margins
_NEAR, _APART, _LINES = 8, 16, 6  # the same: from words to their choice, between choices, between lines


class _Part(NamedTuple):
    """A choice and what it is."""

    words: ttk.Label
    choice: Choice[str]


class _Line(NamedTuple):
    """What stands in one line, with its words or without, and how many pixels of it the title has."""

    parts: list[_Part]
    has_words: bool
    title: int = 0
    has_detail: bool = False


class ConversationHead(ttk.Frame):
    """One line where there is room; otherwise the choices stand below, and where that is low without their words."""

    def __init__(self, parent: tk.Misc, theme: Theme) -> None:
        super().__init__(parent, style="Pane.TFrame")
        self._theme = theme
        self.title = ttk.Label(self, style="Pane.Strong.TLabel", takefocus=False)  # the tip listens for Escape
        self.detail = ttk.Label(self, style="Pane.Muted.TLabel")
        self._title_words, self._whole = "", Tip(self.title, theme)
        self._parts: list[_Part] = []
        self._wanted: set[Choice[str]] = set()
        self._is_due = self._is_low = False
        self.on_change: Callable[[], None] = lambda: None  # called when it has been laid out anew
        self.lens = self._choice("Messages", lambda usual: self.on_lens(usual))
        self.back = self._choice("Back", lambda usual: self.on_back(usual))
        self.encoding = self._choice("Text", lambda encoding: self.on_encoding(encoding))
        self.reply = self._choice("Reply with", lambda reply: self.on_reply(reply))
        self.each = self._choice("to each", lambda framing: self.on_reply_framing(framing))
        self.on_connect = self._choice("On connect", lambda written: self.on_choose_on_connect(written))
        nothing: Callable[[str], None] = lambda _key: None  # noqa: E731 - until somebody sets them
        self.on_lens = self.on_back = self.on_encoding = self.on_reply = nothing
        self.on_reply_framing = self.on_choose_on_connect = nothing
        self.offer(self.encoding, ENCODINGS, ENCODINGS[0][0], is_wanted=False)
        self.offer(self.reply, reply_choices(), "letter", is_wanted=False)
        bind_own(self, "<Configure>", self._arrange)
        theme.subscribe(self._restyle)

    def show(self, title: str, detail: str) -> None:
        """Whose conversation it is."""
        self._title_words = title
        self.detail.configure(text=detail)
        self._plan()

    def offer(
        self, choice: Choice[str], options: Sequence[tuple[str, str]], chosen: str, *, is_wanted: bool, own: str = ""
    ) -> None:
        """Offer these options with that one chosen, or nothing if it means nothing for what is on view.

        ``own`` are the words for what is chosen, if they say more than those by which it is offered.
        """
        is_new = bool(options) and choice.offer(options, chosen, own)
        if is_new:
            self._fit_choice(choice)
        if is_new or is_wanted is not (choice in self._wanted):  # it is offered again with all that comes
            (self._wanted.add if is_wanted else self._wanted.discard)(choice)
            self._plan()

    def be_past(self, choice: Choice[str], words: str, *, is_past: bool) -> None:
        """Name a choice; what is past is only told."""
        label = next(part.words for part in self._parts if part.choice is choice)
        label.configure(text=words)
        choice.state(["disabled" if is_past else "!disabled"])

    def be_low(self, *, is_low: bool) -> None:
        """Take as few lines as there can be, without the words of the choices, or all that it takes to tell them."""
        if is_low is not self._is_low:
            self._is_low = is_low
            self._plan()

    def height(self, *, is_low: bool) -> int:
        """The pixels that it needs at the present width."""
        return self._height(len(self._lines(self._inner, is_low=is_low)))

    @property
    def shown(self) -> list[tk.Widget]:
        """What can be seen of it, in the order of the eye."""
        seen = [part for part in self._all if part.winfo_manager()]
        return sorted(seen, key=lambda part: (part.winfo_y() + part.winfo_height() // 2, part.winfo_x()))

    @property
    def _all(self) -> list[tk.Widget]:
        return [self.title, self.detail, *(widget for part in self._parts for widget in part)]

    def _choice(self, words: str, on_choose: Callable[[str], None]) -> Choice[str]:
        part = _Part(ttk.Label(self, text=words, style="Pane.Muted.TLabel"), Choice(self, on_choose, width=8))
        self._parts.append(part)
        return part.choice

    def _fit_choice(self, choice: Choice[str]) -> None:
        """A box is as wide as the longest of its words, so that none are cut and it never changes its width."""
        font = self._theme.base
        longest = max(-(-font.measure(words) // font.measure("0")) for words in (*choice.words, choice.own))
        choice.configure(width=min(_LONGEST, longest), style=_LONG if longest > _LONGEST else "Pane.TCombobox")

    def _restyle(self) -> None:
        """Let lists of long words be wider than their box, to the left of it."""
        more = self._theme.px(_LONGER)
        ttk.Style(self).configure(_LONG, postoffset=(-more, 0, more, 0))
        for part in self._parts:
            if part.choice.words:
                self._fit_choice(part.choice)
        self._plan()

    # Layout.

    def _plan(self) -> None:
        """Lay everything out, once for all that is shown anew until the window rests."""
        if not self._is_due:
            self._is_due = True
            self.after_idle(self._arrange)

    def _arrange(self) -> None:
        self._is_due = False
        px, high = self._theme.px, self._line_height
        top, lines = px(_TOP), self._lines(self._inner, is_low=self._is_low)
        for widget in set(self._all).difference(*(_shown(line, self.title, self.detail) for line in lines)):
            widget.place_forget()
        for line in lines:
            self._place(line, top, high)
            top += high + px(_LINES)
        wanted = self._height(len(lines))
        if self.winfo_reqheight() != wanted:
            self.configure(height=wanted)
        self.on_change()

    @property
    def _line_height(self) -> int:
        return self.lens.winfo_reqheight()  # whether or not it is shown; the others are as high

    def _height(self, lines: int) -> int:
        px = self._theme.px
        return px(_TOP) + lines * (self._line_height + px(_LINES)) - px(_LINES) + px(_BOTTOM)

    @property
    def _inner(self) -> int:
        """The pixels that a line has; the pane has them, too, while this has given way. Any, if not laid out yet."""
        width = self.master.winfo_width()
        return (width if width > 1 else self.winfo_screenwidth()) - self._theme.px(_LEFT + _RIGHT)

    def _lines(self, room: int, *, is_low: bool) -> list[_Line]:
        """The fewest lines in which everything is told that there is room for."""
        px, parts = self._theme.px, [part for part in self._parts if part.choice in self._wanted]
        title = self._theme.strong.measure(self._title_words) + px(2)
        detail = self.detail.winfo_reqwidth() + px(_APART)
        left = room - self._width(parts, has_words=True)
        if title + detail <= left:
            return [_Line(parts, True, title, has_detail=True)]
        if self._leaves(min(title, room // 2), parts, room):
            return [_Line(parts, True, min(title, left))]
        left = room - self._width(parts, has_words=False)
        if is_low and left >= px(_ANY_TITLE):
            return [_Line(parts, False, min(title, left))]
        if is_low:
            return self._wrapped(parts, room, has_words=False)
        plans = [self._sharing(parts, room, title, least) for least in (room // 2, px(_LEAST_TITLE))]
        return min(plans, key=lambda lines: max(2, len(lines)))  # rather less of the title than a third line

    def _sharing(self, parts: list[_Part], room: int, title: int, least: int) -> list[_Line]:
        """Lines, in the first of which there stand as many parts as leave ``least`` pixels of it to the title."""
        least = min(title, least)
        beside = next(n for n in range(len(parts), -1, -1) if not n or self._leaves(least, parts[:n], room))
        left = room - self._width(parts[:beside], has_words=True)
        has_detail = title + self.detail.winfo_reqwidth() + self._theme.px(_APART) <= left
        first = _Line(parts[:beside], True, min(title, left), has_detail)
        return [first, *self._wrapped(parts[beside:], room, has_words=True)]

    def _leaves(self, title: int, parts: Sequence[_Part], room: int) -> bool:
        """Whether there is room for so many pixels of the title beside these parts."""
        return title <= room - self._width(parts, has_words=True)

    def _wrapped(self, parts: Sequence[_Part], room: int, *, has_words: bool) -> list[_Line]:
        """Lines of parts alone."""
        lines: list[_Line] = []
        for part in parts:
            if not lines or self._width([*lines[-1].parts, part], has_words=has_words) - self._theme.px(_APART) > room:
                lines.append(_Line([], has_words))
            lines[-1].parts.append(part)
        return lines

    def _width(self, parts: Sequence[_Part], *, has_words: bool) -> int:
        """The pixels that parts take, with the room before each."""
        px = self._theme.px
        words = sum(part.words.winfo_reqwidth() + px(_NEAR) for part in parts) if has_words else 0
        return words + sum(part.choice.winfo_reqwidth() + px(_APART) for part in parts)

    def _place(self, line: _Line, top: int, high: int) -> None:
        """The title at the left, the choices at the right."""
        px, left = self._theme.px, self._theme.px(_LEFT)
        if line.title:
            title = elided_inside(self._title_words, self._theme.strong, line.title)
            self.title.configure(text=title)
            self._whole.put(self._title_words if title != self._title_words else "")
            self.title.place(x=left, y=top, height=high)
            if line.has_detail:
                self.detail.place(x=left + line.title + px(_APART), y=top, height=high)
        wide = self._width(line.parts, has_words=line.has_words) - px(_APART)
        left = max(px(_APART), self.winfo_width() - px(_RIGHT) - wide)
        for words, choice in line.parts:
            if line.has_words:
                words.place(x=left, y=top, height=high)
                left += words.winfo_reqwidth() + px(_NEAR)
            wide = min(choice.winfo_reqwidth(), self.winfo_width() - left - px(_RIGHT))
            choice.place(x=left, y=top, width=wide, height=high)
            left += choice.winfo_reqwidth() + px(_APART)


def _shown(line: _Line, title: tk.Widget, detail: tk.Widget) -> set[tk.Widget]:
    """What can be seen of a line."""
    words = {part.words for part in line.parts if line.has_words}
    return {
        *([title] if line.title else []),
        *([detail] if line.has_detail else []),
        *words,
        *(part.choice for part in line.parts),
    }
