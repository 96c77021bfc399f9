"""The row above the message field: whom to and how. It is there when there is something to choose or to know."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from tkinter import ttk
from typing import TYPE_CHECKING

from core.text_safety import TextSafety
from core.wire.framing import FramingError, parse_framing
from core.words import sentence
from gui.theme.theme import Theme
from gui.viewmodels.drafting import ENCODINGS, ENDINGS, FORMATS, FRAMES, USUAL, MacroRow, MessageFormat, frame_words
from gui.viewmodels.filtering import FilterView, RecipientRows
from gui.viewmodels.profiles import NONE, ProfileChoice
from gui.views.connection_choice import ConnectionChoice, DropList
from gui.widgets.bindings import focus_now
from gui.widgets.controls import Choice
from gui.widgets.fields import LineField
from gui.widgets.fitting import Flow
from gui.widgets.menu import Entry, Menu, literally
from gui.widgets.screens import area_of
from gui.widgets.tip import Tip

if TYPE_CHECKING:
    from core.events import ConnectionId

_SEVERAL = {
    "counter": "The number of the message, in several forms.",
    "time": "The time when the message goes out.",
    "length": "How many bytes follow.",
    "variable": "Text by a name of your own.",
    "sum": "The sum of all bytes before it.",
    "lrc": "What makes the sum of all bytes 0.",
    "xor": "All bytes before it combined by exclusive or.",
}


class MacroMenu(ttk.Button):
    """``macros`` gives its rows each time it opens; ``on_choose`` gets what is to be put into the field."""

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        macros: Callable[[], Sequence[MacroRow]],
        on_choose: Callable[[str], None],
    ) -> None:
        super().__init__(parent, text="Macros  ▾", command=self.open, width=0, style="Composer.Quiet.TButton")
        self._theme = theme
        self._macros, self._on_choose = macros, on_choose
        self.menu = Menu(self, theme, self._entries)
        self.bind("<Down>", lambda _event: self.open())
        self.bind("<Return>", lambda _event: self.open())

    def open(self) -> None:
        """Open the menu above or below the button, wherever there is room."""
        self.menu.fill()
        below = self.winfo_rooty() + self.winfo_height()
        height = self.menu.winfo_reqheight()
        above = self.winfo_rooty() - height
        area = area_of(self)
        has_room = below + height <= area.top + area.height
        self.menu.open(self.winfo_rootx(), below if has_room else max(area.top, above))

    def _entries(self) -> Sequence[Entry]:
        """The macros and what they would become just now; several of one name have a menu of their own."""
        found: list[Entry] = []
        for name, rows in groupby(self._macros(), key=lambda row: row.name):
            entries = [
                Entry(literally(f"{row.syntax}    {row.words}"), partial(self._on_choose, row.syntax), row.becomes)
                for row in rows
            ]
            words = f"{name}    {_SEVERAL.get(name, '')}"
            found += [Entry(words, entries=partial(list, entries))] if len(entries) > 1 else entries
        return found


_PROFILE_TIP = "Sets all of these and how the conversation is read, and is used again at this address."
_OTHER = "other"  # in the list of frames: what is written out
_EXAMPLE = "length:4be,offset=2"


class FormatOptions:
    """The parts of a flow; ``on_choose`` gets the message format that a person chose, ``on_profile`` a profile."""

    def __init__(
        self,
        flow: Flow,
        theme: Theme,
        *,
        on_choose: Callable[[MessageFormat], None],
        on_profile: Callable[[str], None],
        on_wrong: Callable[[str], None],
    ) -> None:
        self._flow, self._theme = flow, theme
        self._on_choose, self._on_wrong = on_choose, on_wrong
        self._message_format = MessageFormat()
        self._is_shown = self._has_words = True
        self._writes_frame = False
        self._safety = TextSafety.for_tk(str(flow.tk.call("info", "patchlevel")))
        self._parts: list[ttk.Frame] = []
        self._labels: list[ttk.Label] = []
        self.format = self._choice("As", FORMATS, lambda key: self._choose(format=key), 8)
        self.encoding = self._choice("Encoding", ENCODINGS, lambda key: self._choose(encoding=key), 10)
        self.ending = self._choice("End with", ENDINGS, lambda key: self._choose(ending=key), 7)
        self.frame = self._choice("Frame", FRAMES, self._choose_frame, 15)
        self.written_frame = LineField(self._part(""), theme, self._write_frame, width=22)
        self.written_frame.hint(_EXAMPLE)
        self.written_frame.pack(side="left", fill="y")
        self._frame_part = self._parts[-1]
        self.profile = self._choice("Profile", ((NONE, "none"),), on_profile, 14)
        Tip(self.profile, theme).put(_PROFILE_TIP)
        self.show(self._message_format, is_shown=True)

    def offer_profiles(self, choice: ProfileChoice) -> None:
        """Offer these profiles."""
        self.profile.offer(
            [(key, self._safety.field(words)) for key, words in choice.options],
            choice.chosen,
            self._safety.field(choice.own) or self._alone(choice.chosen == NONE, "no profile"),
        )

    def show(self, message_format: MessageFormat, *, is_shown: bool) -> None:
        """Show that message format, or nothing."""
        self._message_format, self._is_shown = message_format, is_shown
        self.format.offer(FORMATS, message_format.format)
        self.encoding.offer(ENCODINGS, message_format.encoding)
        self.ending.offer(ENDINGS, message_format.ending, self._alone(message_format.ending == USUAL.ending, "no end"))
        self._offer_frames()
        for part in self._parts:
            self._flow.display(part, is_shown)
        self._flow.display(self._encoding_part, is_shown and message_format.format != "hex")
        self._flow.display(self._frame_part, is_shown and self._writes_frame)

    def show_words(self, is_shown: bool) -> None:
        """Say what each is for, where there is room for that; else those that are set to nothing say it themselves."""
        self._has_words = is_shown
        for label in self._labels:
            if is_shown and not label.winfo_manager():
                gaps = self._theme.px(2), self._theme.px(6)
                label.pack(side="left", padx=gaps, before=label.master.winfo_children()[-1])
            elif not is_shown:
                label.pack_forget()
        self._flow.arrange()

    def focus_first(self) -> None:
        """Go to the first of them."""
        focus_now(self.format)

    @property
    def controls(self) -> tuple[tk.Widget, ...]:
        """All of them, in the order of the eye."""
        return (self.format, self.encoding, self.ending, self.frame, self.written_frame, self.profile)

    @property
    def _encoding_part(self) -> ttk.Frame:
        return self._parts[1]

    def _part(self, words: str) -> ttk.Frame:
        part = ttk.Frame(self._flow, style="Pane.TFrame")
        if words:
            label = ttk.Label(part, text=words, style="Pane.Muted.TLabel")
            label.pack(side="left", padx=(self._theme.px(2), self._theme.px(6)))
            self._labels.append(label)
        self._parts.append(part)
        self._flow.add(part)
        return part

    def _choice(
        self, words: str, options: Sequence[tuple[str, str]], on_choose: Callable[[str], None], width: int
    ) -> Choice[str]:
        choice: Choice[str] = Choice(self._part(words), on_choose, width=width)
        choice.offer(options, options[0][0])
        choice.pack(side="left", fill="y")
        return choice

    def _offer_frames(self) -> None:
        framing = self._message_format.framing
        frames = list(FRAMES)
        if framing not in dict(FRAMES):
            frames.append((framing, self._safety.field(frame_words(framing))))
        own = self._alone(framing == USUAL.framing and not self._writes_frame, "no frame")
        self.frame.offer([*frames, (_OTHER, "other…")], _OTHER if self._writes_frame else framing, own)

    def _alone(self, is_nothing: bool, words: str) -> str:
        """The words of a choice without a label beside it that is set to nothing."""
        return words if is_nothing and not self._has_words else ""

    def _choose(self, **changes: str) -> None:
        self._on_choose(replace(self._message_format, **changes))

    def _choose_frame(self, framing: str) -> None:
        self._writes_frame = framing == _OTHER
        if not self._writes_frame:
            self._on_wrong("")
            self._choose(framing=framing)
            return
        self.written_frame.put(self._message_format.framing if self._message_format.framing != "raw" else "")
        self.show(self._message_format, is_shown=self._is_shown)
        self.written_frame.focus_all()

    def _write_frame(self, text: str) -> None:
        """Take a frame that is being written as soon as it makes sense."""
        try:
            parse_framing(text.strip())
        except FramingError as error:
            self.written_frame.refuse(min(len(text), error.place))
            self._on_wrong(sentence(self._safety.text(str(error))))
            return
        self._on_wrong("")
        self._choose(framing=text.strip())


class WritingRow:
    """``on_leave`` is called when Escape is pressed in one of the options, which are made when first shown."""

    def __init__(
        self,
        composer: ttk.Frame,
        theme: Theme,
        *,
        on_recipients: Callable[[frozenset[ConnectionId] | None], None],
        on_choose: Callable[[MessageFormat], None],
        on_profile: Callable[[str], None],
        on_wrong: Callable[[str], None],
        on_leave: Callable[[], object],
    ) -> None:
        self._composer, self._theme = composer, theme
        self._on_profile = on_profile
        self._on_choose, self._on_wrong, self._on_leave = on_choose, on_wrong, on_leave
        self._flow = Flow(composer, theme, style="Pane.TFrame")
        self._flow.lower()  # first in the order of Tab, as to the eye
        self.to = Recipients(self._flow, theme, on_recipients)
        self._flow.add(self.to)
        self._flow.display(self.to, False)  # until there is somebody to choose
        self._options: FormatOptions | None = None
        adopt_keys(composer, self._flow)

    @property
    def options(self) -> FormatOptions:
        """Format, encoding, ending, frame and profile."""
        if self._options is None:
            self._options = FormatOptions(
                self._flow, self._theme, on_choose=self._on_choose, on_profile=self._on_profile, on_wrong=self._on_wrong
            )  # fmt: skip
            for control in self._options.controls:
                control.bind("<Escape>", lambda _event: self._on_leave())
            adopt_keys(self._composer, self._flow)
        return self._options

    @property
    def has_options_focus(self) -> bool:
        """Whether one of the options has the focus."""
        focus = str(self._flow.tk.call("focus"))
        return self._options is not None and any(focus == str(control) for control in self._options.controls)

    def show_recipients(self, connections: RecipientRows, chosen: frozenset[ConnectionId] | None) -> None:
        """Offer these, with those chosen; nobody is no choice."""
        if connections and self.to.show(connections, chosen):
            self._flow.arrange()
        self._flow.display(self.to, bool(connections))
        self._arrange(has_recipients=bool(connections))

    def show_options(
        self, message_format: MessageFormat, profiles: ProfileChoice, *, is_shown: bool, has_words: bool = True
    ) -> None:
        """Show how messages are written, or show nothing of it."""
        if is_shown or self._options is not None:
            self.options.show_words(has_words)
            self.options.offer_profiles(profiles)
            self.options.show(message_format, is_shown=is_shown)
        self._arrange(has_options=is_shown)

    _has_recipients = _has_options = False

    def _arrange(self, *, has_recipients: bool | None = None, has_options: bool | None = None) -> None:
        self._has_recipients = self._has_recipients if has_recipients is None else has_recipients
        self._has_options = self._has_options if has_options is None else has_options
        if self._has_recipients or self._has_options:
            self._flow.grid(row=0, column=0, columnspan=2, sticky="ew", pady=(0, self._theme.px(8)))
        else:
            self._flow.grid_remove()


class Recipients(ttk.Frame):
    """``on_choose`` gets the connections that a person chose, None for everyone; ``show`` shows them as chosen."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, on_choose: Callable[[frozenset[ConnectionId] | None], None]
    ) -> None:
        super().__init__(parent, style="Pane.TFrame")
        ttk.Label(self, text="To", style="Pane.Muted.TLabel").pack(side="left", padx=(theme.px(2), theme.px(6)))
        self.button = ConnectionChoice(self, theme, all_words="Everyone", on_choose=on_choose)
        self.button.pack(side="left", fill="y")

    def show(self, connections: RecipientRows, chosen: frozenset[ConnectionId] | None) -> bool:
        """Offer these, with those chosen; whether that is said in other words than before."""
        return self.button.show(FilterView(connections, chosen), connections.words(chosen))

    @property
    def list(self) -> DropList:
        """What opens under the button."""
        return self.button.list


def adopt_keys(composer: tk.Misc, part: tk.Misc) -> None:
    """The window's own keys, if it puts them first in the composer, work in what was made later as well."""
    first = composer.bindtags()[0]
    if first == str(composer):
        return
    if first not in part.bindtags():
        part.bindtags((first, *part.bindtags()))
    for child in part.winfo_children():
        if not isinstance(child, tk.Menu):
            adopt_keys(composer, child)
