"""Where a message is typed: any text, however long its lines, and a mark under what is wrong with it.

What is typed is worked out as one types: its bytes, or what is wrong with it and where.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator

from gui.theme.theme import Theme
from gui.viewmodels.drafting import ComposeError, ComposerController, Preview
from gui.widgets.bindings import breaking
from gui.widgets.clipboard import bytes_there, copied, give
from gui.widgets.debounce import Debounce
from gui.widgets.fitting import elided
from gui.widgets.text_selection import colour_selection

_MOST_LINES = 6  # the field grows up to here, then scrolls
_LONGEST_LINE = 2_000  # characters; Tk takes seconds to scroll in one line of a megabyte
_SHORT = 20_000  # characters
_FOLD, _WRONG = "fold", "wrong"


class MessageField(tk.Text):
    """``content`` is what was typed. ``on_change`` is called after each change.

    ``on_bytes`` gets what is pasted if it was copied from a conversation: bytes, which the format of the message
    decides how to write. Long lines that are pasted or put here are folded by line feeds that are no part of the
    content; as Tk would forget which ones those are, nothing can be undone while there are any.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        on_change: Callable[[], None],
        on_bytes: Callable[[bytes], None] = lambda _data: None,
    ) -> None:
        super().__init__(
            parent, height=1, width=10, wrap="word", borderwidth=0, highlightthickness=0, padx=0, pady=0, undo=True,
            maxundo=200,
        )  # fmt: skip
        self.has_pasted_lines = False
        self._theme = theme
        self._on_change = on_change
        self._on_bytes = on_bytes
        self._astral = self._measure_astral()
        self._hint_words = ""
        self._hint = tk.Label(self, anchor="w", borderwidth=0, padx=0, pady=0, cursor="xterm")
        self._hint.bind("<Button-1>", lambda _event: self.focus_set())
        self.bind("<<Modified>>", self._changed)
        self.bind("<<Paste>>", breaking(lambda: self._paste("CLIPBOARD")))
        self.bind("<Insert>", breaking(lambda: self._paste("PRIMARY")))
        for widget in (self, self._hint):
            widget.bind("<<PasteSelection>>", self._paste_at)
        self.bind("<<Copy>>", self._copy)
        self.bind("<<Cut>>", self._cut)
        self.bind("<Control-a>", self._select_all)
        self.bind("<Configure>", lambda _event: self._resized())
        theme.subscribe(self._restyle)
        colour_selection(self, theme)

    @property
    def content(self) -> str:
        """What was typed."""
        return "".join(text for text, is_fold in self._pieces("1.0", "end-1c") if not is_fold)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return bool(self.compare("end-1c", "==", "1.0"))

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing in it, nor anything that undoing would bring back."""
        return self.is_empty and not self.tk.getboolean(self.tk.call(str(self), "edit", "canundo"))

    @property
    def is_short(self) -> bool:
        """Whether there are so few characters in it that it is no work to look at them after each."""
        return bool(self.compare(f"1.0 + {_SHORT} chars", ">=", "end-1c"))

    @property
    def cursor_place(self) -> int:
        """How many characters of the content are in front of the cursor."""
        return sum(len(text) for text, is_fold in self._pieces("1.0", "insert") if not is_fold)

    @property
    def sides(self) -> tuple[str, str]:
        """The content in front of what is selected and behind it; of the cursor if nothing is."""
        first, last = ("sel.first", "sel.last") if self.tag_ranges("sel") else ("insert", "insert")
        front, back = self._pieces("1.0", first), self._pieces(last, "end-1c")
        return tuple("".join(text for text, is_fold in side if not is_fold) for side in (front, back))  # type: ignore[return-value]

    @property
    def marked(self) -> str:
        """What is underlined as wrong."""
        ranges = self.tag_ranges(_WRONG)
        return self.get(str(ranges[0]), str(ranges[1])) if ranges else ""

    def put(self, text: str) -> None:
        """Have this text in it and nothing to undo; the cursor is behind it."""
        self.delete("1.0", "end")
        self._insert("1.0", text)
        self.has_pasted_lines = False
        self.edit_reset()
        self.mark_set("insert", "end-1c")
        self.see("insert")

    def put_cursor(self, place: int) -> None:
        """Have the cursor in front of that character of the content."""
        self.mark_set("insert", self._index_of(place))
        self.see("insert")

    def insert_here(self, text: str) -> None:
        """Put this in the place of what is selected, or where the cursor is."""
        if self.tag_ranges("sel"):
            self.delete("sel.first", "sel.last")
        self._insert("insert", text)
        self.see("insert")

    def show_hint(self, words: str) -> None:
        """What it says while it is empty."""
        self._hint_words = words
        self._fit_hint()

    def mark_wrong(self, start: int, stop: int) -> None:
        """Underline these characters of the content, and have the first one seen."""
        self.unmark()
        first = self._index_of(start)
        self.tag_add(_WRONG, first, self._index_of(stop))
        self.see(first)

    def unmark(self) -> None:
        """Underline nothing."""
        self.tag_remove(_WRONG, "1.0", "end")

    # Places.

    def _measure_astral(self) -> int:
        """How many steps of a character Tk takes over an emoji: 1, or 2 where it goes by UTF-16."""
        self.insert("1.0", "\U0001f600")
        steps = 1 if self.compare("1.0 + 1 chars", "==", "end-1c") else 2
        self.delete("1.0", "end")
        self.edit_reset()
        self.edit_modified(False)
        return steps

    def _insert(self, index: str, text: str) -> None:
        if all(len(line) <= _LONGEST_LINE for line in text.split("\n")):
            self.insert(index, text)
            return
        self.configure(undo=False)
        parts: list[str | tuple[str, ...]] = []
        for piece, is_fold in _folded(text):
            parts += (piece, (_FOLD,) if is_fold else ())
        self.tk.call(str(self), "insert", index, *parts)

    def _fold_line(self) -> None:
        """Fold the line with the cursor where it has grown too long, letter by letter or paste by paste."""
        line, length = _at(self.index("insert lineend"))
        if length <= _LONGEST_LINE:
            return
        self.configure(undo=False)
        half = _LONGEST_LINE // 2
        for column in range((length - 1) // half * half, 0, -half):
            self.tk.call(str(self), "insert", f"{line}.{column}", "\n", _FOLD)
        self.edit_modified(False)

    def _pieces(self, first: str, last: str) -> Iterator[tuple[str, bool]]:
        """The text between two places, and whether it is only there to fold a line."""
        begin, end = self.index(first), self.index(last)
        ranges = [str(place) for place in self.tag_ranges(_FOLD)]
        for start, stop in zip(ranges[::2], ranges[1::2], strict=True):
            if _at(stop) <= _at(begin) or _at(start) >= _at(end):
                continue
            yield self.get(begin, start), False
            for character in self.get(start, stop):  # typed between two folds, a letter takes their tag
                yield character, character == "\n"
            begin = stop
        if _at(begin) < _at(end):
            yield self.get(begin, end), False

    def _index_of(self, place: int) -> str:
        """Where Tk has a character of the content."""
        units, left = 0, place
        for text, is_fold in self._pieces("1.0", "end-1c"):
            if left <= 0:
                break
            taken = text if is_fold else text[:left]
            units += self._units(taken)
            left -= 0 if is_fold else len(taken)
        return self.index(f"1.0 + {units} chars")

    def _units(self, text: str) -> int:
        """How many characters Tk takes them for."""
        return len(text) if self._astral == 1 else len(text.encode("utf-16-le", "surrogatepass")) // 2

    # What happens to it.

    def _changed(self, _event: object) -> None:
        if not self.edit_modified():
            return
        self.edit_modified(False)
        self._fold_line()
        self._show_or_hide_hint()
        if not self.tag_nextrange(_FOLD, "1.0"):
            self.configure(undo=True)
        if self.is_empty:
            self.has_pasted_lines = False
        self._grow()
        self._on_change()

    def _show_or_hide_hint(self) -> None:
        if self.is_empty:
            self._hint.place(x=self._theme.px(2), y=0, relwidth=1)
        else:
            self._hint.place_forget()

    def _resized(self) -> None:
        self._grow()
        self._fit_hint()

    def _fit_hint(self) -> None:
        room = self.winfo_width() - self._theme.px(4)
        words = self._hint_words if not self.winfo_ismapped() else elided(self._hint_words, self._theme.text, room)
        self._hint.configure(text=words)

    def _paste(self, selection: str) -> None:
        """Put what was copied, or is selected somewhere, in the place of what is selected here."""
        data = bytes_there(self, selection)
        self._put_pasted(data, copied(self, selection) if data is None else "")

    def _put_pasted(self, data: bytes | None, text: str) -> None:
        if "\n" in text.strip("\n"):
            self.has_pasted_lines = True
        if data is not None:
            self._on_bytes(data)
        elif text:
            self.insert_here(text)

    def _paste_at(self, event: tk.Event[tk.Misc]) -> str:
        """Put what is selected, here or elsewhere, where the middle button was pressed, unless that has scrolled."""
        if self.tk.getboolean(self.tk.eval("expr {[info exists ::tk::Priv(mouseMoved)] && $::tk::Priv(mouseMoved)}")):
            return "break"
        place = self.tk.call("::tk::TextClosestGap", self, event.x, event.y)
        data = bytes_there(self, "PRIMARY")
        text = copied(self, "PRIMARY") if data is None else ""
        self.tag_remove("sel", "1.0", "end")
        self.mark_set("insert", place)
        self._put_pasted(data, text)
        self.focus_set()
        return "break"

    def _select_all(self, _event: object) -> str:
        self.event_generate("<<SelectAll>>")
        return "break"

    def _copy(self, _event: object) -> str | None:
        """What is selected, without the folds in it."""
        if not self.tag_ranges("sel") or not self.tag_nextrange(_FOLD, "sel.first", "sel.last"):
            return None
        give(self, "".join(text for text, is_fold in self._pieces("sel.first", "sel.last") if not is_fold))
        return "break"

    def _cut(self, event: object) -> str | None:
        if self._copy(event) is None:
            return None
        self.delete("sel.first", "sel.last")
        return "break"

    def _grow(self) -> None:
        height = self._lines_wanted()
        if int(self.cget("height")) != height:
            self.configure(height=height)

    def _lines_wanted(self) -> int:
        """How many lines it needs, without having Tk lay out more than a few thousand characters."""
        if int(self.index("end-1c").partition(".")[0]) >= _MOST_LINES:
            return _MOST_LINES
        if self.compare(f"1.0 + {_MOST_LINES * _LONGEST_LINE} chars", "<", "end-1c"):
            return _MOST_LINES
        lines = int(self.tk.call(str(self), "count", "-displaylines", "1.0", "end") or 1)
        return max(1, min(_MOST_LINES, lines))

    def _restyle(self) -> None:
        theme, p = self._theme, self._theme.palette
        self.configure(
            background=p.field, foreground=p.text, insertbackground=p.text, font=theme.text, insertwidth=theme.px(2),
        )  # fmt: skip
        self.tag_configure(_WRONG, underline=True, underlinefg=p.error, background=p.error_fill)
        self._hint.configure(background=p.field, foreground=p.muted, font=theme.text)
        self._fit_hint()
        self._show_or_hide_hint()


def _folded(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces without long lines, and the folds between them."""
    for number, line in enumerate(text.split("\n")):
        if number:
            yield "\n", False
        for start in range(0, max(1, len(line)), _LONGEST_LINE):
            if start:
                yield "\n", True
            yield line[start : start + _LONGEST_LINE], False


def _at(index: str) -> tuple[int, int]:
    line, _, column = index.partition(".")
    return int(line), int(column)


_SOON, _WHEN_QUIET = 30, 300  # milliseconds after a key: a short text is worked out, a long one
_STILL_TYPING = 700  # milliseconds after a key in which what is wrong may yet be put right
_TICK = 1_000  # milliseconds after which a message with the time in it is another one


class PreviewUpdater:
    """``show`` gets the bytes that would go out, ``complain`` what is wrong, or nothing once it is right again.

    While ``is_held``, nothing is worked out.
    """

    def __init__(
        self,
        field: MessageField,
        controller: ComposerController,
        *,
        show: Callable[[Preview | None], None],
        complain: Callable[[str], None],
    ) -> None:
        self.is_held = False
        self._field, self._controller = field, controller
        self._show, self._complain = show, complain
        self._asked = 0  # how often something was to be worked out
        self._is_wrong = False
        self._found = ComposeError("", 0, 0)  # what is wrong, and not said yet
        self._soon = Debounce(field, self.work_out)
        self._patience = Debounce(field, self._lose_patience)

    def ask(self) -> None:
        """The text has changed: work it out soon."""
        self._soon.ask(_SOON if self._field.is_short else _WHEN_QUIET)

    def work_out(self) -> None:
        """Work it out now."""
        self._soon.cancel()
        self._asked += 1
        asked, text = self._asked, self._field.content
        if self.is_held:
            return
        message_format = self._controller.message_format
        if text or message_format.adds_something:
            self._controller.work_out(text, message_format, lambda found: self._worked_out(asked, found))
        else:
            self._show(None)
            self.put_right()

    def pause(self) -> None:
        """Show and say nothing until something is asked for again: the field is out of sight."""
        self._soon.cancel()
        self._patience.cancel()
        self._asked += 1

    def mark(self, wrong: ComposeError) -> None:
        """Say what is wrong, at its place."""
        self._patience.cancel()
        self._is_wrong = True
        self._field.mark_wrong(wrong.start, wrong.stop)
        self._complain(wrong.sentence)

    def put_right(self) -> None:
        """Nothing is wrong any more."""
        self._patience.cancel()
        self._field.unmark()
        if self._is_wrong:
            self._is_wrong = False
            self._complain("")

    def _worked_out(self, asked: int, found: Preview | ComposeError) -> None:
        if asked != self._asked or not self._field.winfo_exists():
            return
        if isinstance(found, ComposeError):
            self._show(None)
            self._found = found
            self._patience.ask(0 if self._is_wrong else _STILL_TYPING)
            return
        self._show(found)
        self.put_right()
        if found.tells_time:
            self._soon.ask(_TICK)

    def _lose_patience(self) -> None:
        """The person has stopped typing, and it is still wrong."""
        self.mark(self._found)
