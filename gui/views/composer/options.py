"""How a message is meant and what is put around it: format, encoding, ending, frame."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import replace
from tkinter import ttk

from core.text_safety import TextSafety
from core.wire.framing import FramingError, parse_framing
from gui.theme.theme import Theme
from gui.viewmodels.drafting import ENCODINGS, ENDINGS, FORMATS, FRAMES, MessageFormat, frame_words
from gui.widgets.choice import Choice
from gui.widgets.flow import Flow
from gui.widgets.line_field import LineField

_OTHER = "other"  # in the list of frames: what is written out
_EXAMPLE = "length:4be,offset=2"


class Options:
    """The parts of a flow; ``on_choose`` gets the message format that a person chose."""

    def __init__(
        self,
        flow: Flow,
        theme: Theme,
        *,
        on_choose: Callable[[MessageFormat], None],
        on_wrong: Callable[[str], None],
    ) -> None:
        self._flow, self._theme = flow, theme
        self._on_choose, self._on_wrong = on_choose, on_wrong
        self._message_format = MessageFormat()
        self._is_shown = True
        self._writes_frame = False
        self._safety = TextSafety.for_tk(str(flow.tk.call("info", "patchlevel")))
        self._parts: list[ttk.Frame] = []
        self.format = self._choice("As", FORMATS, lambda key: self._choose(format=key), 8)
        self.encoding = self._choice("Encoding", ENCODINGS, lambda key: self._choose(encoding=key), 10)
        self.ending = self._choice("End with", ENDINGS, lambda key: self._choose(ending=key), 7)
        self.frame = self._choice("Frame", FRAMES, self._choose_frame, 16)
        self.written_frame = LineField(self._part(""), theme, self._write_frame, width=22)
        self.written_frame.hint(_EXAMPLE)
        self.written_frame.pack(side="left", fill="y")
        self._frame_part = self._parts[-1]
        self.show(self._message_format, is_shown=True)

    def show(self, message_format: MessageFormat, *, is_shown: bool) -> None:
        """Show that message format, or nothing."""
        self._message_format, self._is_shown = message_format, is_shown
        self.format.offer(FORMATS, message_format.format)
        self.encoding.offer(ENCODINGS, message_format.encoding)
        self.ending.offer(ENDINGS, message_format.ending)
        self._offer_frames()
        for part in self._parts:
            self._flow.display(part, is_shown)
        self._flow.display(self._encoding_part, is_shown and message_format.format != "hex")
        self._flow.display(self._frame_part, is_shown and self._writes_frame)

    def focus_first(self) -> None:
        """Go to the first of them."""
        self.format.focus_set()

    @property
    def controls(self) -> tuple[tk.Widget, ...]:
        """All of them, in the order of the eye."""
        return (self.format, self.encoding, self.ending, self.frame, self.written_frame)

    @property
    def _encoding_part(self) -> ttk.Frame:
        return self._parts[1]

    def _part(self, words: str) -> ttk.Frame:
        part = ttk.Frame(self._flow, style="Pane.TFrame")
        if words:
            label = ttk.Label(part, text=words, style="Pane.Muted.TLabel")
            label.pack(side="left", padx=(self._theme.px(2), self._theme.px(6)))
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
        self.frame.offer([*frames, (_OTHER, "other…")], _OTHER if self._writes_frame else framing)

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
            self._on_wrong(f"{self._safety.text(str(error))[:1].upper()}{self._safety.text(str(error))[1:]}.")
            return
        self._on_wrong("")
        self._choose(framing=text.strip())
