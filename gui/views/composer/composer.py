"""Where a person writes: whom to and how, the message, its bytes, Send, and why a message did not go out."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from tkinter import ttk
from typing import TYPE_CHECKING

from core.text_safety import TextSafety
from core.words import sentence
from gui.theme.theme import Theme
from gui.viewmodels.drafting import (
    NOBODYS,
    USUAL,
    ComposeError,
    ComposerController,
    ConversationId,
    MessageFormat,
    Preview,
    Recall,
    SendResult,
    SentMessage,
    convert,
    pasted,
)
from gui.viewmodels.filtering import NO_RECIPIENTS
from gui.viewmodels.profiles import ProfileChoice
from gui.viewmodels.window_view import ComposerView
from gui.views.composer.below_field import BytesLine, Complaint, LinesQuestion, NoticeStrip
from gui.views.composer.message_field import MessageField, PreviewUpdater
from gui.widgets.bindings import breaking, focus_now, when_resized
from gui.widgets.clipboard import MOST

if TYPE_CHECKING:
    from gui.views.composer.writing_row import MacroMenu, WritingRow

_LOW = 400  # pixels at 96 dots an inch of a window that has no room for more than it must
_NARROW, _LOW_IF_NARROW = 460, 520  # the same where the choices above the field take several lines
_LONGEST_SENTENCE = 1_000  # characters
_EMPTY = "There is no message in the field yet."
_MARGIN = 8  # pixels at 96 dots an inch above and below the text in the field


@dataclass(slots=True)
class _Draft:
    """What is being written in one conversation, as a person left it: text, cursor, undoing, answers, and its place
    among earlier messages. ``sentence`` is what there is to say of it when it is next in sight.
    """

    field: MessageField
    updater: PreviewUpdater
    question: LinesQuestion
    recall: Recall
    sentence: str = ""


class Composer(ttk.Frame):
    """The strip below the conversation. Parts that a first message does not need are made when they are needed."""

    def __init__(
        self, parent: tk.Misc, theme: Theme, controller: ComposerController, *, on_page: Callable[[int], None]
    ) -> None:
        px = theme.px
        super().__init__(parent, style="Pane.TFrame", padding=(px(16), px(8), px(16), px(6)))
        self._theme, self._controller = theme, controller
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self.on_profile: Callable[[str], None] = lambda _key: None  # who keeps the profiles sets it
        self.on_end_with_lf: Callable[[], None] = lambda: None  # who says that nobody answers sets these
        self.on_not_again: Callable[[], None] = lambda: None
        self._profiles = ProfileChoice(())
        self._silence: NoticeStrip | None = None
        self._history: Sequence[SentMessage] = ()
        self._view: ComposerView | None = None
        self._is_open = self._is_low = self._is_narrow = False
        self._is_unheard = False  # whether it says that there was nobody to send to
        self._row: WritingRow | None = None
        self._macros: MacroMenu | None = None
        self._bytes_line: BytesLine | None = None
        self.box = ttk.Frame(self, style="Field.TFrame", padding=(px(10), px(_MARGIN)))
        self.send_button = ttk.Button(self, text="Send", command=self.submit, width=7)
        self._below = ttk.Frame(self, style="Pane.TFrame")
        self.message_format_button = ttk.Button(
            self._below, text=USUAL.words, command=self._press_message_format, style="Composer.Quiet.TButton", width=0
        )
        self._complaint = Complaint(
            self, theme, self._below, row=4,
            is_taken=lambda: self._bytes_line is not None and not self._bytes_line.is_empty,
        )  # fmt: skip
        self._on_page = on_page
        self._conversation = NOBODYS
        self._drafts = {NOBODYS: self._new_draft()}
        self.field.pack(fill="both", expand=True)
        self._lay_out()
        when_resized(self, self._fit)
        self.message_format_button.bind("<Return>", lambda _event: self.message_format_button.invoke())
        theme.subscribe(self._restyle)

    def show(self, view: ComposerView) -> None:
        """Offer whom to write to, and give Send its weight."""
        if view == self._view:
            return
        self._view = view
        self.field.show_hint(view.hint)
        self.send_button.configure(style="Accent.TButton" if view.is_next else "TButton")
        if self._is_unheard:
            self.complain("" if view.is_next else sentence(view.hint), is_unheard=not view.is_next)
        self._arrange()

    def remember(self, history: Sequence[SentMessage]) -> None:
        """The messages sent before, newest first."""
        self._history = history
        for draft in self._drafts.values():
            draft.recall.messages = history

    def open_draft(self, conversation: ConversationId, *, takes_draft: bool = False) -> None:
        """Have in the field what is being written in that conversation; what is written in this one is kept with it.

        With ``takes_draft`` what stands in the field belongs to that conversation from now on.
        """
        if conversation == self._conversation:
            return
        before = self._draft
        focused = self.tk.call("focus", "-lastfor", self.field)  # a menu, perhaps, that tkinter does not know
        is_focused = str(focused) == str(self.field)
        before.updater.pause()
        before.question.put_away()
        is_free = takes_draft or (before.field.is_blank and not before.updater.is_held)
        if is_free:
            del self._drafts[self._conversation]
        self._conversation = conversation
        if conversation not in self._drafts:
            self._drafts[conversation] = before if is_free else self._new_draft()
        if before is not self._draft:
            before.field.pack_forget()
            self.field.pack(fill="both", expand=True)
            if is_focused:
                focus_now(self.field)
            if is_free:
                before.field.destroy()
        self.field.show_hint(self._view.hint if self._view is not None else "")
        self.send_button.state(["disabled" if self._draft.updater.is_held else "!disabled"])
        self.complain(self._draft.sentence)
        self._draft.sentence = ""

    def show_silence(self, words: str) -> None:
        """Say that nobody answers, with what can be done about it; nothing if there are no ``words``."""
        if words and self._silence is None:
            answers = (("End with LF", lambda: self.on_end_with_lf()), ("Not again", lambda: self.on_not_again()))
            self._silence = NoticeStrip(self, self._theme, row=6, answers=answers, on_leave=self.focus_message)
            self._adopt(self._silence)
        if self._silence is not None and words:
            self._silence.say(words)
        elif self._silence is not None:
            self._silence.grid_remove()

    def show_profiles(self, choice: ProfileChoice) -> None:
        """Offer these profiles."""
        if choice != self._profiles:
            self._profiles = choice
            self._arrange()

    def show_message_format(self) -> None:
        """Show the present message format, and the bytes that it makes of the text in the field."""
        self._arrange()
        self._draft.updater.work_out()

    def put(self, text: str, message_format: MessageFormat) -> None:
        """Put a text into the field, to be changed and sent; the messages after it keep their format."""
        self.complain("")  # which was about another text
        self.field.put(text)
        self._draft.recall.begin_anew()
        self._use(message_format)

    @property
    def field(self) -> MessageField:
        """The message field of the conversation on view."""
        return self._draft.field

    @property
    def text(self) -> str:
        """What is in the field."""
        return self.field.content

    @property
    def message_format(self) -> MessageFormat:
        """The format of the text in the field."""
        return self._controller.message_format

    @property
    def complaint(self) -> str:
        """What is wrong, or why the last message did not go out; empty if nothing is."""
        return self._complaint.words

    @property
    def row(self) -> WritingRow:
        """The recipients and the options; made when there is something to choose."""
        if self._row is None:
            from gui.views.composer.writing_row import WritingRow

            self._row = WritingRow(
                self, self._theme, on_recipients=self._controller.choose_recipients, on_choose=self.choose,
                on_profile=self._choose_profile, on_wrong=self.complain, on_leave=self._leave_options,
            )  # fmt: skip
        return self._row

    @property
    def macros(self) -> MacroMenu:
        """The menu of macros; made for the first message with escapes."""
        if self._macros is None:
            from gui.views.composer.writing_row import MacroMenu

            self._macros = MacroMenu(
                self._below, self._theme,
                lambda: self._controller.macros(self.text, self.message_format, self.field.cursor_place), self.write,
            )  # fmt: skip
            self._adopt(self._macros)
        return self._macros

    @property
    def bytes_line(self) -> BytesLine:
        """What will go out; made when there is something."""
        if self._bytes_line is None:
            self._bytes_line = BytesLine(self._below, self._theme)
            self._adopt(self._bytes_line)
            self._bytes_line.grid(row=0, column=2, sticky="ew", padx=(self._theme.px(8), 0))
        return self._bytes_line

    def complain(self, why: str, *, is_unheard: bool = False) -> None:
        """Say under the field what went wrong; nothing if ``why`` is empty.

        Why a message was ``is_unheard`` is said as long as nobody hears, and as it is by then.
        """
        self._is_unheard = is_unheard
        self._complaint.say(self._safety.field(why, _LONGEST_SENTENCE))

    def submit(self, *, keep: bool = False) -> None:
        """Send what is in the field; it stays there if it could not go out, or with ``keep``."""
        text = self.text
        if self._draft.updater.is_held:
            return
        may_be_empty = self.message_format.adds_something or (self._view is not None and self._view.may_be_empty)
        if not text and not may_be_empty:
            self.complain(_EMPTY)
            focus_now(self.field)
            return
        if self._draft.question.is_needed(text, self.message_format, is_pasted=self.field.has_pasted_lines):
            self._draft.question.ask(text, lambda: self.submit(keep=keep))
            return
        draft = self._draft
        draft.updater.is_held = True
        self.send_button.state(["disabled"])
        self._controller.send(
            draft.question.messages(text),
            self.message_format,
            lambda result: self._told(draft, text, result, keep=keep),
            may_replace=True,
        )

    def choose(self, message_format: MessageFormat, *, only_here: bool = False) -> None:
        """Give the text in the field and new messages another format; the text is rewritten to make the same bytes.

        With ``only_here``, conversations to come are written as before.
        """
        draft, text, before = self._draft, self.text, self.message_format

        def converted(found: str | ComposeError) -> None:
            if self._draft is not draft:
                return  # it was chosen for what is written in another conversation, and that stays as it was
            if (self.text, self.message_format) != (text, before):
                self.choose(
                    message_format, only_here=only_here
                )  # it was written on meanwhile, and none of that may be lost
                return
            if isinstance(found, ComposeError):
                self.show_message_format()
                self.complain(found.sentence)
                return
            self.complain("")
            if found != text:
                self.field.put(found)
            self._controller.choose_message_format(message_format, only_here=only_here)
            self.show_message_format()

        self._controller.convert(text, before, message_format, converted)

    def toggle_options(self) -> None:
        """Open the row above the field with the focus in it, or close it."""
        if self._row is not None and self._row.has_options_focus:
            self._leave_options()
            return
        self._is_open = True
        self._arrange()
        self.row.options.focus_first()

    def open_macros(self) -> None:
        """Open the menu of macros, for which a message that is text becomes one with escapes."""
        if self.message_format.format == "text":
            self.choose(replace(self.message_format, format="escapes"))
        if self.message_format.format != "text":
            self.update_idletasks()
            self.macros.open()

    def work_out_soon(self) -> None:
        """Work out the bytes anew: another message has gone out, so a counter or random bytes are others now."""
        self._draft.updater.ask()

    def prepare(self) -> None:
        """Make what the first letter would have to wait for."""
        if self._bytes_line is None:  # else somebody was faster, and reads there what will go out
            self.bytes_line.show(None)

    def focus_message(self) -> None:
        """Go to the message field."""
        focus_now(self.field)

    def write(self, text: str) -> None:
        """Go to the message field and write this there, where its cursor is."""
        self.field.insert_here(text)
        focus_now(self.field)

    def paste(self, data: bytes) -> None:
        """Write these bytes where the cursor is; what is in the field becomes escapes where text cannot say them."""
        if len(data) > MOST // 4:  # each of them may take four characters
            self.complain(f"These are {len(data):,} bytes, and this field takes {MOST // 4:,}.")
            return
        before = self.message_format
        written, form = pasted(data, before)
        if form == before.format:
            self.field.has_pasted_lines |= "\n" in written.strip("\n")
            self.write(written)
            return
        after = replace(before, format=form)
        sides = [convert(side, before, after) for side in self.field.sides]
        front, back = (side if isinstance(side, str) else "" for side in sides)
        self.field.put(front + written + back)
        self.field.put_cursor(len(front + written))
        focus_now(self.field)
        self._use(after)

    # How it is written.

    @property
    def shows_options(self) -> bool:
        """Whether the row above the field shows how messages are written."""
        return self._is_open or not (self.message_format.is_usual or self._is_low)

    def _arrange(self) -> None:
        """Show the choices that there are, and the options that are not as usual."""
        recipients = self._view.recipients if self._view else NO_RECIPIENTS
        if self._row is not None or recipients:
            self.row.show_recipients(recipients, self._view.chosen if self._view else None)
        if self._row is not None or self.shows_options:
            has_words = not (self._is_low or self._is_narrow)
            self.row.show_options(self.message_format, self._profiles, is_shown=self.shows_options, has_words=has_words)
        if self.message_format.format != "text":
            self.macros.grid(row=0, column=1, sticky="nw")
        elif self._macros is not None:
            self._macros.grid_remove()
        self.message_format_button.configure(text=self._message_format_words())

    def _message_format_words(self) -> str:
        if self.message_format.is_usual or not self.shows_options:
            return f"{self.message_format.words}  {'▾' if self._is_open else '▸'}"
        return "Back to plain text"

    def _press_message_format(self) -> None:
        if not self.shows_options:
            self.toggle_options()
        elif self.message_format.is_usual:
            self._leave_options()
        else:
            self.choose(replace(USUAL, encoding=self.message_format.encoding))

    def _choose_profile(self, key: str) -> None:
        self.on_profile(key)
        self.row.options.offer_profiles(self._profiles)  # what was picked may be no profile, but something to do

    def close_options(self) -> None:
        """Put the row above the field away."""
        self._is_open = False
        self._arrange()

    def _leave_options(self) -> str:
        self.close_options()
        focus_now(self.field)
        return "break"

    def _fit(self) -> None:
        """In a low window the conversation comes first: what is not as usual is told in words.

        In a narrow one the choices stand without their labels, for else each would take a line.
        """
        px = self._theme.px
        is_narrow = self.winfo_width() < px(_NARROW)
        is_low = self.winfo_toplevel().winfo_height() < px(_LOW_IF_NARROW if is_narrow else _LOW)
        if (is_low, is_narrow) != (self._is_low, self._is_narrow):
            self._is_low, self._is_narrow = is_low, is_narrow
            self._arrange()

    def _come_to_field(self) -> None:
        self.box.state(["focus"])
        if self._is_low and self._is_open:
            self._is_open = False
            self._arrange()

    def _use(self, message_format: MessageFormat) -> None:
        self._controller.use_message_format(message_format)
        self.show_message_format()

    # What becomes of what is written.

    def _changed(self, draft: _Draft) -> None:
        if draft.field.is_empty:
            draft.question.forget()
        elif draft is self._draft and self.complaint == _EMPTY:
            self.complain("")
        if draft is self._draft:
            draft.updater.ask()

    def _show_bytes(self, preview: Preview | None) -> None:
        if preview is not None or self._bytes_line is not None:
            self.bytes_line.show(preview)
        self._complaint.arrange()

    def _told(self, draft: _Draft, text: str, result: SendResult, *, keep: bool) -> None:
        draft.updater.is_held = False
        if not self.winfo_exists():
            return
        if draft is not self._draft:
            draft.sentence = result.sentence
            if result.is_accepted and not keep and draft.field.content == text:
                draft.field.put("")
                draft.recall.begin_anew()
            return
        self.send_button.state(["!disabled"])
        if result.wrong is not None:
            self._draft.updater.mark(result.wrong)
            return
        self._draft.updater.put_right()
        self.complain(result.sentence, is_unheard=result.is_unheard)
        if result.is_accepted and not keep and self.text == text:
            self.field.put("")
            self._draft.recall.begin_anew()
            self._use(self._controller.new_format)
        else:
            self._draft.updater.ask()

    def _adopt(self, part: tk.Misc) -> None:
        from gui.views.composer.writing_row import adopt_keys

        adopt_keys(self, part)

    # Keys.

    def _lay_out(self) -> None:
        px = self._theme.px
        self.box.grid(row=1, rowspan=2, column=0, sticky="nsew")
        self.send_button.grid(row=2, column=1, sticky="nsew", padx=(px(8), 0))
        self.rowconfigure(1, weight=1)  # what the field has more than the one line of row 2, beside which Send stands
        self._below.grid(row=3, column=0, columnspan=2, sticky="ew", pady=(px(4), 0))
        self.message_format_button.grid(row=0, column=0, sticky="nw")
        self._below.columnconfigure(2, weight=1)
        self.columnconfigure(0, weight=1)

    @property
    def _draft(self) -> _Draft:
        return self._drafts[self._conversation]

    def _new_draft(self) -> _Draft:
        field = MessageField(self.box, self._theme, lambda: self._changed(draft), self.paste)
        updater = PreviewUpdater(field, self._controller, show=self._show_bytes, complain=self.complain)
        recall = Recall()
        recall.messages = self._history
        self._bind_keys(field)
        if self._view is not None:  # else the window gives all there is its keys
            self._adopt(field)
        draft = _Draft(field, updater, LinesQuestion(self, self._theme, self.focus_message), recall)
        return draft

    def _bind_keys(self, field: MessageField) -> None:
        bind = field.bind
        for key in ("Return", "KP_Enter"):
            bind(f"<{key}>", breaking(self.submit))
            bind(f"<Control-{key}>", breaking(lambda: self.submit(keep=True)))
            bind(f"<Shift-{key}>", breaking(lambda: field.insert_here("\n")))
        bind("<Up>", lambda _event: self._show_earlier(1))
        bind("<Down>", lambda _event: self._show_earlier(-1))
        bind("<Prior>", breaking(lambda: self._on_page(-1)))
        bind("<Next>", breaking(lambda: self._on_page(1)))
        bind("<Tab>", lambda event: self._leave(event.widget.tk_focusNext()))
        bind("<<PrevWindow>>", lambda event: self._leave(event.widget.tk_focusPrev()))
        bind("<FocusIn>", lambda _event: self._come_to_field())
        bind("<FocusOut>", lambda _event: self.box.state(["!focus"]))

    def _leave(self, widget: tk.Misc | None) -> str:
        if widget is not None:
            widget.focus_set()
        return "break"

    def _show_earlier(self, step: int) -> str | None:
        """Earlier and later messages, as long as the field holds one of them unchanged, or nothing."""
        new = self._controller.new_format
        found = self._draft.recall.go(step, self.text, SentMessage("", new.format, new.encoding))
        if found is None:
            return None
        self.field.put(found.text)
        self._use(replace(new, format=found.format, encoding=found.encoding))
        return "break"

    def _restyle(self) -> None:
        theme, p = self._theme, self._theme.palette
        self.rowconfigure(2, minsize=theme.text.metrics("linespace") + 2 * theme.px(_MARGIN))
        style = ttk.Style(self)
        style.configure(
            "Composer.Quiet.TButton", background=p.pane, foreground=p.muted, font=theme.small,
            padding=(theme.px(4), theme.px(1)),
        )  # fmt: skip
