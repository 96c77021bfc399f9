"""The message field with real widgets: what a person types and presses, and which bytes come of it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator

import pytest

from core.events import ConnectionId, SessionId
from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.viewmodels.drafting import ComposeError, ConversationId, MessageFormat, SendResult, SentMessage
from gui.viewmodels.profiles import NONE, ProfileChoice
from gui.viewmodels.window_view import ComposerView
from gui.views.composer import message_field
from gui.views.composer.composer import Composer
from gui.widgets.controls import Choice
from tests.gui.conftest import WaitUntil
from tests.gui.fake_controller import FakeController, recipients
from tests.support.systems import only_posix

TWO = recipients(ConnectionId(7), ConnectionId(8))


class Writer:
    """A person at a composer whose controller is paper."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.controller = FakeController()
        self.root = root
        self.composer = Composer(root, theme, self.controller, on_page=lambda _pages: None)
        self.composer.pack(fill="x")
        self.composer.show(ComposerView("Type a message", True))
        root.update()
        self.composer.field.focus_force()
        root.update()

    def press(self, key: str) -> None:
        self.composer.field.event_generate(key)
        self.composer.update()

    def type(self, text: str) -> None:
        self.composer.field.insert("insert", text)
        self.composer.update()

    def paste(self, text: str) -> None:
        self.root.clipboard_clear()
        self.root.clipboard_append(text)
        self.press("<<Paste>>")

    def choose(self, choice: Choice[str], key: str) -> None:
        keys = [offered for offered, _words in choice._offered]
        choice.current(keys.index(key))
        choice.event_generate("<<ComboboxSelected>>")
        self.root.update()

    @property
    def bytes(self) -> str:
        return self.composer.bytes_line.words


def entries(menu: tk.Menu) -> Iterator[str]:
    """What a menu and those below it offer."""
    for at in range(int(menu.index("end") or 0) + 1):
        if menu.type(at) == "cascade":
            yield from entries(menu.nametowidget(menu.entrycget(at, "menu")))
        else:
            yield menu.entrycget(at, "label")


@pytest.fixture
def writer(root: tk.Tk, theme: Theme) -> Writer:
    return Writer(root, theme)


def test_enter_sends_just_what_was_typed_and_empties_the_field(writer: Writer) -> None:
    writer.type("  hello ")

    writer.press("<Return>")

    assert writer.controller.sent == ["  hello "]
    assert writer.composer.text == ""


def test_control_enter_sends_and_keeps_the_message(writer: Writer) -> None:
    writer.type("ping")

    writer.press("<Control-Return>")
    writer.press("<Control-Return>")

    assert writer.controller.wire == [b"ping", b"ping"]
    assert writer.composer.text == "ping"


def test_shift_enter_begins_a_line_and_the_field_grows(writer: Writer) -> None:
    writer.type("one")
    writer.press("<Shift-Return>")
    writer.type("two")
    assert int(writer.composer.field.cget("height")) == 2

    writer.press("<Return>")

    assert writer.controller.sent == ["one\ntwo"]


def test_the_field_grows_up_to_a_limit_and_shrinks_again(writer: Writer) -> None:
    writer.type("\n".join("abcdefghij"))
    assert int(writer.composer.field.cget("height")) == 6

    writer.press("<Return>")

    assert int(writer.composer.field.cget("height")) == 1


def test_a_message_that_did_not_go_out_stays_with_the_reason(writer: Writer) -> None:
    writer.controller.result = SendResult(False, "Not sent: nobody is connected.")
    writer.type("hello")

    writer.press("<Return>")

    assert writer.composer.text == "hello"
    assert writer.composer.complaint == "Not sent: nobody is connected."

    writer.controller.result = SendResult(True)
    writer.press("<Return>")

    assert writer.composer.complaint == ""


def test_why_a_message_is_unheard_is_said_as_it_is_by_now(writer: Writer) -> None:
    writer.controller.result = SendResult(False, "A moment…", is_unheard=True)
    writer.type("hello")
    writer.press("<Return>")

    writer.composer.show(ComposerView("Connecting", False))
    assert writer.composer.complaint == "Connecting."
    writer.composer.show(ComposerView("Type a message", True))
    assert writer.composer.complaint == ""
    writer.composer.show(ComposerView("Nobody is here", False))
    assert writer.composer.complaint == ""


def test_what_else_is_wrong_stays_when_somebody_comes(writer: Writer) -> None:
    writer.controller.result = SendResult(False, "A moment…", is_unheard=True)
    writer.type("hello")
    writer.press("<Return>")
    writer.composer.complain("Something else.")

    writer.composer.show(ComposerView("Nobody is here", False))
    writer.composer.show(ComposerView("Type a message", True))

    assert writer.composer.complaint == "Something else."


def test_nothing_typed_is_nothing_sent(writer: Writer) -> None:
    writer.press("<Return>")

    assert writer.controller.sent == []


def test_with_an_ending_enter_in_an_empty_field_sends_the_ending(writer: Writer, wait_until: WaitUntil) -> None:
    writer.composer.choose(MessageFormat(ending="crlf"))
    wait_until(lambda: "end 0d 0a" in writer.bytes)

    writer.press("<Return>")

    assert writer.controller.wire == [b"\r\n"]


def test_up_and_down_go_through_earlier_messages(writer: Writer) -> None:
    writer.composer.remember((SentMessage("third"), SentMessage("second"), SentMessage("first")))

    shown = []
    for key in ("<Up>", "<Up>", "<Up>", "<Up>", "<Down>", "<Down>", "<Down>", "<Down>"):
        writer.press(key)
        shown.append(writer.composer.text)

    assert shown == ["third", "second", "first", "first", "second", "third", "", ""]


def test_a_changed_message_is_not_replaced_by_an_earlier_one(writer: Writer) -> None:
    writer.composer.remember((SentMessage("third"), SentMessage("second")))
    writer.press("<Up>")
    writer.type("!")

    writer.press("<Up>")

    assert writer.composer.text == "third!"


def test_what_was_typed_as_hex_comes_back_as_hex_and_the_next_message_is_text_again(writer: Writer) -> None:
    writer.composer.remember((SentMessage("0d 0a", "hex"),))

    writer.press("<Up>")
    assert writer.composer.message_format.format == "hex"
    writer.press("<Return>")

    assert writer.controller.wire == [b"\r\n"]
    assert writer.composer.message_format == MessageFormat()
    assert writer.controller.message_formats == []


def test_receivers_can_be_chosen_once_there_are_two(writer: Writer) -> None:
    assert writer.composer._row is None

    writer.composer.show(ComposerView("Type a message", True, TWO, frozenset({ConnectionId(8)})))
    writer.composer.update()
    writer.type("hi")
    writer.press("<Return>")

    assert writer.composer.row.to.winfo_ismapped()
    assert "#2" in str(writer.composer.row.to.button.cget("text"))
    assert writer.controller.sent == ["hi"]


def test_several_receivers_are_ticked_with_keys(writer: Writer) -> None:
    show = writer.composer.show
    writer.controller.on_recipients = lambda chosen: show(ComposerView("Type a message", True, TWO, chosen))
    show(ComposerView("Type a message", True, TWO, None))
    writer.composer.update()
    to = writer.composer.row.to
    to.button.focus_force()
    to.button.event_generate("<Return>")
    writer.root.update()

    to.list.every.event_generate("<Down>")
    writer.root.update()
    to.list.ticks[0].event_generate("<space>")
    to.list.ticks[0].event_generate("<Down>")
    writer.root.update()
    to.list.ticks[1].event_generate("<space>")
    writer.root.update()

    assert writer.controller.recipients == [frozenset({ConnectionId(7)}), frozenset({ConnectionId(7), ConnectionId(8)})]
    assert "#1, #2" in str(to.button.cget("text"))


def test_who_a_message_goes_to_is_read_to_its_end_when_the_words_grow_longer(writer: Writer) -> None:
    for chosen in (frozenset({ConnectionId(7)}), frozenset({ConnectionId(9)}), None):
        writer.composer.show(ComposerView("Type a message", True, TWO, chosen))
        writer.root.update()

        button = writer.composer.row.to.button
        assert button.winfo_width() == button.winfo_reqwidth(), button.cget("text")


def test_the_list_of_receivers_opens_above_a_button_at_the_bottom(root: tk.Tk, theme: Theme) -> None:
    writer = Writer(root, theme)
    writer.composer.pack(side="bottom")
    writer.composer.show(ComposerView("Type a message", True, TWO, None))
    root.update()

    writer.composer.row.to.button.invoke()
    root.update()

    drop, button = writer.composer.row.to.list, writer.composer.row.to.button
    assert drop.winfo_rooty() + drop.winfo_height() <= button.winfo_rooty()
    assert drop.winfo_rooty() >= root.winfo_rooty()


def test_tab_leaves_the_message_field(writer: Writer) -> None:
    writer.press("<Tab>")

    assert writer.composer.focus_get() is writer.composer.send_button


def test_the_bytes_are_shown_while_one_types(writer: Writer, wait_until: WaitUntil) -> None:
    writer.type("hé")

    wait_until(lambda: writer.bytes.startswith("3 bytes"))

    assert "68 c3 a9" in writer.bytes


def test_the_frame_and_the_ending_are_told_apart_in_words(writer: Writer, wait_until: WaitUntil) -> None:
    writer.composer.choose(MessageFormat(ending="lf", framing="length:2be"))
    writer.type("hello")

    wait_until(lambda: "8 bytes   frame 00 06  68 65 6c 6c 6f  end 0a" in writer.bytes)
    writer.press("<Return>")

    assert writer.controller.wire == [b"\x00\x06hello\n"]


def test_a_frame_within_a_message_is_shown_where_it_is(writer: Writer, wait_until: WaitUntil) -> None:
    writer.composer.choose(MessageFormat("hex", framing="length:1,offset=2"))
    writer.type("aabb0102")

    wait_until(lambda: "aa bb  frame 02  01 02" in writer.bytes)


def test_a_frame_on_both_sides_is_shown_on_both(writer: Writer, wait_until: WaitUntil) -> None:
    writer.composer.choose(MessageFormat("hex", framing="between:0b,1c0d"))
    writer.type("aabb")

    wait_until(lambda: "frame 0b  aa bb  frame 1c 0d" in writer.bytes)


def test_all_bytes_open_in_a_box(writer: Writer, wait_until: WaitUntil) -> None:
    writer.type("x" * 200)
    wait_until(lambda: writer.bytes.startswith("200 bytes"))
    assert writer.composer.bytes_line.dump == ""

    writer.root.update()
    writer.composer.bytes_line.all_button.invoke()

    assert "message, 200 B" in writer.composer.bytes_line.dump
    assert writer.composer.bytes_line.dump.count(" 78") == 200


def test_what_is_wrong_is_marked_at_its_place_and_nothing_goes_out(writer: Writer) -> None:
    writer.composer.choose(MessageFormat("hex"))
    writer.type("0d 0g ff")

    writer.press("<Return>")

    assert writer.controller.sent == []
    assert writer.composer.field.marked in ("0", "g")
    assert "hex digit" in writer.composer.complaint or "half a byte" in writer.composer.complaint
    assert writer.composer.text == "0d 0g ff"


def test_a_mark_is_at_its_place_behind_an_emoji(writer: Writer) -> None:
    writer.composer.choose(MessageFormat("escapes"))
    writer.type("😀\\q!")

    writer.press("<Return>")

    assert writer.composer.field.marked == "\\q"


def test_what_is_wrong_is_said_once_a_person_stops_typing_and_taken_back_when_it_is_right(
    writer: Writer, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_field, "_STILL_TYPING", 3_000)  # a slow machine has not shown the key sooner
    writer.composer.choose(MessageFormat("escapes"))
    writer.type("\\x4")
    assert writer.composer.complaint == ""

    wait_until(lambda: "two hex digits" in writer.composer.complaint)
    writer.type("1")
    wait_until(lambda: writer.composer.complaint == "")

    assert writer.composer.field.marked == ""
    assert "41" in writer.bytes


@pytest.mark.parametrize(
    ("before", "typed", "after", "then"),
    [
        pytest.param("text", "hé\n", "hex", "68 c3 a9 0a", id="text to hex"),
        pytest.param("hex", "68 c3 a9 00", "escapes", "hé\\0", id="hex to escapes"),
        pytest.param("escapes", "h\\u{e9}\\\\", "text", "hé\\", id="escapes to text"),
        pytest.param("hex", "hello", "text", "hello", id="what is no message stays as it is"),
    ],
)
def test_another_format_says_the_same_bytes(writer: Writer, before: str, typed: str, after: str, then: str) -> None:
    writer.composer.choose(MessageFormat(before))
    writer.type(typed)

    writer.choose(writer.composer.row.options.format, after)

    assert writer.composer.text == then
    assert writer.composer.message_format.format == after


@pytest.mark.parametrize(
    ("before", "typed", "after", "why"),
    [
        pytest.param("hex", "ff fe", "text", "no text in UTF-8", id="bytes that are no text"),
        pytest.param("escapes", "\\{counter}", "hex", "this macro", id="a macro"),
        pytest.param("hex", "61 00 62", "text", "that can be typed", id="a NUL, which Tk cuts at"),
        pytest.param("escapes", "61\\r62", "text", "that can be typed", id="a CR, which nobody would see"),
    ],
)
def test_what_another_format_cannot_say_stays_and_says_why(
    writer: Writer, before: str, typed: str, after: str, why: str
) -> None:
    writer.composer.choose(MessageFormat(before))
    writer.type(typed)

    writer.choose(writer.composer.row.options.format, after)

    assert why in writer.composer.complaint
    assert writer.composer.text == typed
    assert writer.composer.row.options.format.key == before


@pytest.mark.parametrize(("before", "typed", "after"), [("text", "hé", "hex"), ("hex", "68 00", "escapes")])
def test_an_ending_that_would_have_other_bytes_is_told_of(writer: Writer, before: str, typed: str, after: str) -> None:
    writer.composer.choose(MessageFormat(before, "utf-16-le", "lf"))
    writer.type(typed)

    writer.choose(writer.composer.row.options.format, after)

    assert "LF at the end" in writer.composer.complaint
    assert writer.composer.text == typed
    assert writer.composer.row.options.format.key == before


@pytest.mark.case("C-95")
def test_below_a_dump_stand_its_bytes_and_what_was_left_out(writer: Writer, wait_until: WaitUntil) -> None:
    writer.composer.choose(MessageFormat("hex"))

    writer.type("00000000: 6865 6c6c 6f0a                           hello.")

    wait_until(lambda: writer.bytes.startswith("6 bytes, offsets and text left out"))
    assert "68 65 6c 6c" in writer.bytes


def test_hex_takes_macros_from_their_menu(writer: Writer, wait_until: WaitUntil) -> None:
    writer.composer.choose(MessageFormat("hex"))
    writer.type("01 02")
    writer.composer.field.mark_set("insert", "end-1c")
    menu = writer.composer.macros
    menu.menu.fill()

    menu.menu.nametowidget(menu.menu.entrycget(0, "menu")).invoke(0)

    assert writer.composer.message_format.format == "hex"
    assert writer.composer.text == "01 02\\{counter}"
    wait_until(lambda: writer.bytes.startswith("3 bytes"))


def test_the_first_window_has_no_row_of_choices_and_one_press_opens_it(writer: Writer) -> None:
    assert writer.composer._row is None

    writer.composer.message_format_button.invoke()
    writer.root.update()

    assert writer.composer.row.options.format.winfo_ismapped()
    assert writer.composer.focus_get() is writer.composer.row.options.format

    writer.composer.row.options.format.event_generate("<Escape>")
    writer.root.update()

    assert not writer.composer.row.options.format.winfo_ismapped()
    assert writer.composer.focus_get() is writer.composer.field


def test_what_is_not_the_usual_stays_in_sight(writer: Writer) -> None:
    writer.composer.message_format_button.invoke()
    writer.choose(writer.composer.row.options.ending, "crlf")

    writer.composer.row.options.ending.event_generate("<Escape>")
    writer.root.update()
    assert writer.composer.row.options.ending.winfo_ismapped()
    assert writer.controller.message_formats == [MessageFormat(ending="crlf")]

    writer.composer.message_format_button.invoke()
    writer.root.update()
    assert writer.composer.message_format == MessageFormat()
    assert not writer.composer.row.options.ending.winfo_ismapped()


def test_in_a_low_window_what_is_not_the_usual_is_told_in_words(writer: Writer, wait_until: WaitUntil) -> None:
    writer.composer.choose(MessageFormat(ending="crlf"))
    writer.root.geometry("460x320")
    wait_until(lambda: "CR LF at the end" in str(writer.composer.message_format_button.cget("text")))
    writer.root.update()
    assert not writer.composer.row.options.ending.winfo_ismapped()

    writer.composer.message_format_button.invoke()
    writer.root.update()
    assert writer.composer.row.options.ending.winfo_ismapped()
    assert writer.composer.message_format == MessageFormat(ending="crlf")

    writer.composer.field.focus_force()
    writer.root.update()
    assert not writer.composer.row.options.ending.winfo_ismapped()


def test_a_written_frame_is_taken_as_soon_as_it_makes_sense(writer: Writer, wait_until: WaitUntil) -> None:
    writer.type("hello")
    writer.composer.message_format_button.invoke()
    writer.choose(writer.composer.row.options.frame, "other")

    writer.composer.row.options.written_frame.insert(0, "fixed:8,pad=20,")
    assert writer.composer.complaint
    writer.composer.row.options.written_frame.delete(14)

    wait_until(lambda: "frame 20 20 20" in writer.bytes)
    assert writer.composer.complaint == ""


def test_a_macro_is_put_where_the_cursor_is(writer: Writer) -> None:
    writer.composer.choose(MessageFormat("escapes"))
    writer.type("ab")
    writer.composer.field.mark_set("insert", "1.1")
    menu = writer.composer.macros
    menu.menu.fill()

    first = menu.menu.nametowidget(menu.menu.entrycget(0, "menu"))
    first.invoke(0)

    assert writer.composer.text == "a\\{counter}b"


def test_every_macro_is_in_the_menu_with_its_words(writer: Writer) -> None:
    writer.composer.choose(MessageFormat("escapes"))
    menu = writer.composer.macros
    menu.menu.fill()

    labels = list(entries(menu.menu))
    for entry in writer.controller.macros("", MessageFormat("escapes"), 0):
        assert f"{entry.syntax}    {entry.words}" in labels


def test_pasted_lines_are_asked_about_once_it_matters(writer: Writer) -> None:
    writer.paste("one\ntwo\n")
    writer.press("<Return>")
    assert writer.controller.wire == [b"one\ntwo\n"]

    writer.composer.choose(MessageFormat(ending="crlf"))
    writer.paste("one\ntwo\n")
    writer.press("<Return>")
    question = writer.composer._draft.question
    assert question.is_asked
    assert len(writer.controller.wire) == 1
    assert writer.composer.focus_get() is question.buttons[0]

    question.buttons[0].event_generate("<Tab>")
    writer.root.update()
    question.buttons[1].event_generate("<Return>")
    writer.root.update()

    assert writer.controller.wire[1:] == [b"one\r\n", b"two\r\n"]
    assert not question.is_asked
    assert writer.composer.focus_get() is writer.composer.field


def test_the_answer_holds_for_this_text_only(writer: Writer) -> None:
    writer.composer.choose(MessageFormat(framing="length:1"))
    for _time in range(2):
        writer.paste("a\nb")
        writer.press("<Control-Return>")
        assert writer.composer._draft.question.is_asked
        writer.composer._draft.question.buttons[0].invoke()
        writer.press("<Return>")

    assert writer.controller.wire == [b"\x03a\nb"] * 4


def test_typed_lines_are_never_asked_about(writer: Writer) -> None:
    writer.composer.choose(MessageFormat(ending="lf"))
    writer.type("one\ntwo")

    writer.press("<Return>")

    assert writer.controller.wire == [b"one\ntwo\n"]


@pytest.mark.case("C-54")
def test_a_megabyte_in_one_line_is_pasted_copied_and_sent_as_it_is(writer: Writer, wait_until: WaitUntil) -> None:
    text = "".join(f"{number:07d} " for number in range(125_000))
    writer.paste(text)
    wait_until(lambda: writer.bytes.startswith("1,000,000 bytes"))
    assert writer.composer.text == text

    writer.composer.field.tag_add("sel", "1.0", "end-1c")
    writer.press("<<Copy>>")
    assert writer.root.clipboard_get() == text

    writer.press("<Return>")
    assert writer.controller.wire == [text.encode()]
    assert writer.composer.text == ""


@pytest.mark.parametrize("ask", ["<<SelectAll>>", "<Control-a>", "<Control-slash>"])
def test_what_is_selected_and_copied_has_no_line_feed_that_nobody_typed(writer: Writer, ask: str) -> None:
    writer.type("abc")
    writer.press(ask)

    writer.press("<<Copy>>")
    primary = writer.root.tk.call("selection", "get")

    assert (writer.root.clipboard_get(), primary) == ("abc", "abc")
    writer.press("<Control-End>")
    writer.press("<<Paste>>")
    assert writer.composer.text == "abcabc"


def test_what_is_wrong_is_said_whole_in_a_composer_that_becomes_narrow(writer: Writer) -> None:
    top = writer.root
    top.geometry("900x300")
    top.update()
    writer.composer.complain("There is nothing in the field that could be saved.")
    top.update()

    top.geometry("300x300")
    top.update()

    label = writer.composer._complaint
    assert label.winfo_width() >= label.winfo_reqwidth()
    assert label.winfo_rootx() + label.winfo_width() <= top.winfo_rootx() + 300


def test_what_is_cut_out_of_a_folded_line_is_gone_from_it_and_can_be_pasted(writer: Writer) -> None:
    text = "".join(f"{number:07d} " for number in range(1_000))  # folded three times
    writer.paste(text)
    writer.press("<Control-Home>")
    for _ in range(8):
        writer.press("<Right>")
    writer.press("<Control-Shift-End>")

    writer.press("<Control-x>")

    assert writer.composer.text == "0000000 "
    assert writer.root.clipboard_get() == text[8:]
    writer.press("<Control-v>")
    assert writer.composer.text == text


def test_a_mark_is_at_its_place_in_a_folded_line(writer: Writer) -> None:
    writer.composer.choose(MessageFormat("escapes"))
    writer.paste("x" * 5_000 + "\\q" + "y" * 5_000)

    writer.press("<Return>")

    assert writer.composer.field.marked == "\\q"


def test_a_long_line_can_be_edited_at_its_folds(writer: Writer) -> None:
    field = writer.composer.field
    writer.paste("x" * 4_500)

    field.delete("2.0", "2.2000")  # all between two folds
    field.insert("2.0", "y")

    assert writer.composer.text == "x" * 2_000 + "y" + "x" * 500


@pytest.mark.parametrize("name", PALETTES)
def test_every_palette_can_be_put_on_while_the_window_lives(writer: Writer, theme: Theme, name: str) -> None:
    writer.type("hello")
    writer.composer.row.options.focus_first()
    theme.choose(name)
    writer.composer.update()

    assert str(writer.composer.field.cget("background")) == PALETTES[name].field
    assert str(writer.composer.bytes_line.line.cget("background")) == PALETTES[name].pane


def test_nothing_moves_when_what_is_typed_does_not_make_sense_yet(writer: Writer, wait_until: WaitUntil) -> None:
    writer.root.geometry("900x600")
    writer.composer.choose(MessageFormat(format="escapes"))
    writer.type("hello")
    wait_until(lambda: "5 bytes" in writer.bytes)
    before = writer.composer.winfo_height()

    writer.type("\\x4")
    wait_until(lambda: bool(writer.composer.complaint))
    writer.root.update()
    assert writer.composer.winfo_height() == before
    assert writer.composer._complaint.winfo_viewable()

    writer.type("1")
    wait_until(lambda: not writer.composer.complaint and "6 bytes" in writer.bytes)
    assert writer.composer.winfo_height() == before


def test_what_could_not_be_sent_does_not_cover_its_bytes(writer: Writer, wait_until: WaitUntil) -> None:
    writer.type("hello")
    wait_until(lambda: "5 bytes" in writer.bytes)

    writer.composer.complain("Nobody is there.")
    writer.root.update()

    line, why = writer.composer.bytes_line, writer.composer._complaint
    assert why.winfo_viewable()
    assert why.winfo_rooty() >= line.winfo_rooty() + line.winfo_height()


def test_who_types_before_everything_is_prepared_goes_on_seeing_the_bytes(
    writer: Writer, wait_until: WaitUntil
) -> None:
    writer.type("hello")
    wait_until(lambda: "5 bytes" in writer.bytes)

    writer.composer.prepare()

    assert "5 bytes" in writer.bytes


def test_whom_to_write_to_is_not_asked_while_nobody_is_there(writer: Writer) -> None:
    writer.composer.toggle_options()
    writer.root.update()
    assert not writer.composer.row.to.winfo_viewable()

    writer.composer.show(ComposerView("Type a message", True, TWO))
    writer.root.update()
    assert writer.composer.row.to.winfo_viewable()


def test_a_hint_that_is_too_long_for_the_field_says_so(writer: Writer, wait_until: WaitUntil) -> None:
    words = "This conversation is over: F6 connects again, and what was received stays"
    writer.composer.show(ComposerView(words, False))
    writer.root.geometry("300x200")
    hint = writer.composer.field._hint
    wait_until(lambda: str(hint.cget("text")).endswith("…"))
    assert hint.winfo_reqwidth() <= writer.composer.field.winfo_width()

    writer.root.geometry("1200x300")
    wait_until(lambda: str(hint.cget("text")) == words)


class SlowController(FakeController):
    """Takes its time over another format."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Callable[[], None]] = []

    def convert(
        self, text: str, before: MessageFormat, after: MessageFormat, tell: Callable[[str | ComposeError], None]
    ) -> None:
        self.waiting.append(lambda: super(SlowController, self).convert(text, before, after, tell))


def test_what_is_typed_while_the_text_gets_another_format_is_in_the_message_too(root: tk.Tk, theme: Theme) -> None:
    controller = SlowController()
    composer = Composer(root, theme, controller, on_page=lambda _pages: None)
    composer.put("long", MessageFormat())
    composer.choose(MessageFormat("hex"))
    composer.field.insert("end", "er")

    while controller.waiting:
        controller.waiting.pop(0)()

    assert composer.text.lower() == "6c 6f 6e 67 65 72"
    assert composer.message_format == MessageFormat("hex")


HERE, THERE = ConversationId(SessionId(1)), ConversationId(SessionId(2))


def test_a_message_that_has_gone_out_meanwhile_takes_nothing_from_another_conversation(writer: Writer) -> None:
    told = writer.controller.keep_back()
    writer.composer.open_draft(HERE)
    writer.type("yes")
    writer.press("<Return>")
    writer.composer.open_draft(THERE)
    writer.type("yes")
    told(SendResult(True))
    assert writer.composer.text == "yes"
    writer.composer.open_draft(HERE)
    assert writer.composer.text == ""


def test_why_a_message_did_not_go_out_is_said_where_it_was_written(writer: Writer) -> None:
    told = writer.controller.keep_back()
    writer.composer.open_draft(HERE)
    writer.type("yes")
    writer.press("<Return>")
    writer.composer.open_draft(THERE)
    told(SendResult(False, "Not sent: the peer has gone."))
    assert writer.composer.complaint == ""
    writer.composer.open_draft(HERE)
    assert (writer.composer.complaint, writer.composer.text) == ("Not sent: the peer has gone.", "yes")


def test_fields_of_conversations_in_which_nothing_is_written_do_not_pile_up(writer: Writer) -> None:
    for number in range(50):
        writer.composer.open_draft(ConversationId(SessionId(number)))
        writer.type("x" if number == 20 else "")
    assert len(writer.composer.box.winfo_children()) == 2


def test_the_field_of_another_conversation_takes_the_keyboard_and_has_the_hint(writer: Writer) -> None:
    writer.composer.open_draft(HERE)
    writer.type("here")
    writer.composer.open_draft(THERE)
    writer.root.update()
    assert writer.root.focus_get() is writer.composer.field
    assert writer.composer.field._hint.cget("text") == "Type a message"
    writer.composer.show(ComposerView("Nobody is here", False))
    writer.composer.open_draft(HERE)
    assert writer.composer.field._hint_words == "Nobody is here"


@pytest.mark.parametrize("width", [280, 340, 420])
def test_in_a_narrow_window_the_choices_share_lines_and_say_what_they_are(writer: Writer, width: int) -> None:
    composer = writer.composer
    composer.show_profiles(ProfileChoice(((NONE, "none"), ("scpi", "SCPI")), NONE))
    composer.toggle_options()
    writer.root.geometry(f"{width}x700")
    writer.root.update()
    writer.root.update()

    parts = [part for part in composer.row.options._parts if part.winfo_ismapped()]
    lines = {part.winfo_y() for part in parts}
    assert len(parts) == 5
    assert len(lines) <= 3
    said = [str(choice.get()) for choice in (composer.row.options.ending, composer.row.options.frame)]
    assert said == ["no end", "no frame"]
    assert composer.row.options.profile.get() == "no profile"

    writer.root.geometry("900x700")
    writer.root.update()
    writer.root.update()
    assert [str(choice.get()) for choice in (composer.row.options.ending, composer.row.options.frame)] == [
        "nothing", "none",
    ]  # fmt: skip


@only_posix("Windows' menu bar is the system's own, and no window of Tk has its focus")
def test_another_conversation_may_come_while_the_menu_bar_has_the_focus(writer: Writer) -> None:
    root = writer.root
    bar = tk.Menu(root)
    bar.add_command(label="File")
    root.configure(menu=bar)
    root.update()
    (shown,) = [path for path in root.tk.splitlist(root.tk.call("winfo", "children", root)) if "#" in path]
    root.tk.call("focus", "-force", shown)

    writer.composer.open_draft(HERE)

    assert str(root.tk.call("focus")) == shown
    root.tk.call(root, "configure", "-menu", "")
