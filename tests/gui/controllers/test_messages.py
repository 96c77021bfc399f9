"""A message of the conversation, from the screen back to the wire: copied, sent again, edited, saved, gone to."""

from __future__ import annotations

import socket
import subprocess
import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.local_time import local_time
from gui.app import App
from gui.viewmodels.typeset_row import FOUND
from gui.viewmodels.typesetting import RowStyle
from gui.views.conversation.go_bar import GoBar
from gui.views.inspector.decoded_text import DecodedText
from gui.widgets.clipboard import bytes_there
from tests.gui.conftest import pump_until
from tests.gui.controllers.test_find import find, press
from tests.gui.controllers.test_inspector import app_notices, inspector
from tests.gui.driving import MakeApp, hear, serve, shown
from tests.support.systems import path_of

EVERY = bytes(range(256))
ODD = (
    EVERY,
    b"GET /\r\n\r\n",
    b"\0" + b"1\0g\x1b[0m\x1e\t.",
    b"C:\\new\\r",
    b"two\nlines\n",
    "a\u00a0b\u3000c\u202ed".encode(),
    "é漢😀".encode(),
)


class Talk:
    """A server in the window and one peer."""

    def __init__(self, app: App, peer: socket.socket) -> None:
        self.app, self.peer = app, peer
        self.transcript = app.window.conversation.transcript
        self.composer = app.window.composer

    def hears(self, *messages: bytes) -> None:
        """Each is a row of its own before the next is sent."""
        for message in messages:
            before = self.transcript.total
            self.peer.sendall(message)
            pump_until(lambda before=before: self.transcript.total > before, self.app.root)  # type: ignore[misc]

    @property
    def messages(self) -> list[int]:
        rows = self.transcript.row_window.read(0, self.transcript.total)
        return [row.place for row in rows if row.is_message]

    def select(self, first: str, last: str) -> None:
        self.transcript.text.tag_remove("sel", "1.0", "end")
        self.transcript.text.tag_add("sel", first, last)

    def comes_back(self, data: bytes, form: str) -> None:
        """What was copied is pasted into a message of that format and sent, and is the same bytes."""
        self.composer.field.put("")
        self.app.main_controller.sending.choose_message_format(replace(self.composer.message_format, format=form))
        self.composer.show_message_format()
        self.composer.field.focus_force()
        self.composer.field.event_generate("<<Paste>>")
        self.app.root.update()
        self.app.window.composer._draft.question.is_needed = lambda *_args, **_how: False  # type: ignore[method-assign]
        self.composer.submit()
        hear(self.app, self.peer, data)
        pump_until(lambda: not self.composer.text, self.app.root)


@pytest.fixture
def talk(make_app: MakeApp) -> Iterator[Talk]:
    app = make_app()
    with socket.create_connection(("127.0.0.1", serve(app))) as peer:
        pump_until(lambda: "connected from" in shown(app), app.root)
        yield Talk(app, peer)


STYLES = {"text": RowStyle(), "hex": RowStyle(as_hex=True), "compact": RowStyle(is_compact=True)}


@pytest.mark.case("C-93")
@pytest.mark.parametrize("style", STYLES)
def test_what_is_copied_pasted_and_sent_is_the_same_bytes(talk: Talk, style: str) -> None:
    talk.hears(*ODD)
    talk.transcript.show_style(STYLES[style])
    places, text, line_of = talk.messages[: len(ODD)], talk.transcript.text, talk.transcript.row_window.line_of

    for form in ("text", "escapes", "hex"):
        for place, data in zip(places, ODD, strict=True):
            talk.transcript.reveal(place)
            talk.select(f"{line_of(place)}.0", f"{line_of(place + 1)}.0")
            text.event_generate("<<Copy>>")
            talk.comes_back(data, form)
        talk.transcript.reveal(places[0])
        talk.select(f"{line_of(places[0])}.0", f"{line_of(places[-1] + 1)}.0")
        text.event_generate("<<Copy>>")
        talk.comes_back(b"".join(ODD), form)


@pytest.mark.case("C-93")
def test_a_part_of_two_messages_is_copied_to_the_byte_with_all_of_a_mark(talk: Talk) -> None:
    talk.hears(b"one\x1etwo", b"three\0four")
    text = talk.transcript.text
    first, last = text.search("x1etwo", "1.0"), text.search("0four", "1.0")

    talk.select(first, last)
    text.event_generate("<<Copy>>")

    assert text.clipboard_get() == r"\x1etwothree\0"
    talk.comes_back(b"\x1etwothree\0", "text")


def test_text_that_all_can_be_seen_of_is_copied_as_it_is_a_message_on_each_line(talk: Talk) -> None:
    talk.hears(b"C:\\new", b"two\n", b"three")
    talk.transcript.selection.select_all()

    talk.transcript.selection.copy()

    assert talk.app.root.clipboard_get() == "C:\\new\ntwo\nthree"


@pytest.mark.case("C-93")
def test_bytes_pasted_into_text_make_escapes_of_what_is_there(talk: Talk) -> None:
    talk.hears(b"\x1e")
    talk.transcript.choose(talk.messages[0])
    talk.transcript.selection.copy()
    talk.composer.field.put("a\\b")
    talk.composer.field.mark_set("insert", "1.2")

    talk.composer.field.event_generate("<<Paste>>")

    assert talk.composer.text == r"a\\\x1eb"
    assert talk.composer.message_format.format == "escapes"
    assert talk.composer.field.cursor_place == len(r"a\\\x1e")


NOTATIONS = {
    "copy_escapes": r"hi\0\n",
    "copy_hex": "68 69 00 0a",
    "copy_python": r"b'hi\x00\n'",
    "copy_c": "const unsigned char data[4] = {\n    0x68, 0x69, 0x00, 0x0a\n};",
    "copy_base64": "aGkACg==",
    "copy_dump": f"00000000: {'68 69 00 0a':48} hi..",
}


def test_a_chosen_message_is_copied_in_each_notation(talk: Talk) -> None:
    talk.hears(b"hi\0\n")
    talk.transcript.choose(talk.messages[0])
    copied = {}

    for command in NOTATIONS:
        talk.app.main_controller.commands[command]()
        copied[command] = talk.app.root.clipboard_get()

    assert copied == NOTATIONS


@pytest.mark.case("C-93")
@pytest.mark.parametrize("program", ["ncat", "socat", "nc"])
def test_a_copied_command_says_the_same_to_the_same_server(talk: Talk, program: str) -> None:
    path_of(program)
    talk.hears(EVERY + b"it's 100% \\")
    talk.transcript.choose(talk.messages[0])
    talk.app.main_controller.commands[f"copy_{program}"]()
    command = talk.app.root.clipboard_get()

    with subprocess.Popen(["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as said:
        try:
            pump_until(lambda: len(talk.messages) >= 2, talk.app.root)
        finally:
            said.kill()

    again = talk.transcript.row_window.read(talk.messages[1], talk.messages[1] + 1)[0]
    assert (again.data, again.number) == (EVERY + b"it's 100% \\", 2)


def test_a_selection_in_the_inspector_is_said_by_a_copied_command(talk: Talk) -> None:
    talk.hears(b"one two three")
    talk.transcript.choose(talk.messages[0])
    talk.app.main_controller.commands["toggle_inspector"]()
    hexes = inspector(talk.app).hex
    pump_until(lambda: hexes.cursor.size == 13, talk.app.root)
    hexes.text.focus_force()
    talk.app.root.update()
    hexes.go(4, stop=7)

    talk.app.main_controller.commands["copy_nc"]()

    assert talk.app.root.clipboard_get().startswith("printf 'two' | nc 127.0.0.1 ")


def test_curl_is_offered_where_a_message_begins_like_a_request(talk: Talk) -> None:
    talk.hears(b"hello HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    states = []
    for place in talk.messages:
        talk.transcript.choose(place)
        states.append("copy_curl" not in talk.app.main_controller.menu_state().cannot)

    assert states == [False, True]
    talk.app.main_controller.commands["copy_curl"]()
    assert talk.app.root.clipboard_get().startswith("curl -i --http1.1 ")


def test_what_a_program_cannot_say_is_told(talk: Talk) -> None:
    talk.hears(b"hello")
    talk.transcript.choose(talk.messages[0])

    talk.app.main_controller.commands["copy_curl"]()
    talk.app.root.update()

    assert any("no whole HTTP/1 request" in words for words in app_notices(talk.app))


def test_a_message_is_copied_as_it_is_shown_with_who_and_when(talk: Talk) -> None:
    talk.hears(b"hi\0\n")
    talk.transcript.choose(talk.messages[0])

    talk.app.main_controller.commands["copy_shown"]()

    copied = talk.app.root.clipboard_get()
    assert copied.startswith("#1")
    assert copied.rstrip("\n").endswith(r"hi\0\n")


def test_a_message_is_sent_again_edited_and_saved_with_its_bytes(talk: Talk, tmp_path: Path) -> None:
    talk.hears(*ODD)
    for number, (place, data) in enumerate(zip(talk.messages, ODD, strict=True)):
        talk.transcript.choose(place)
        talk.app.main_controller.commands["send_again"]()
        hear(talk.app, talk.peer, data)

        talk.transcript.choose(place)
        talk.app.main_controller.commands["edit_message"]()
        assert talk.composer.text
        talk.composer.submit()
        hear(talk.app, talk.peer, data)

        talk.transcript.choose(place)
        saved = tmp_path / f"{number}.bin"
        talk.app.main_controller.messages.save_to(saved)
        pump_until(saved.exists, talk.app.root)
        pump_until(lambda saved=saved, data=data: saved.read_bytes() == data, talk.app.root)  # type: ignore[misc]


def test_without_a_chosen_message_it_is_said_how_to_choose_one(talk: Talk) -> None:
    talk.app.main_controller.commands["send_again"]()
    talk.app.root.update()

    assert any("Choose a message first" in words for words in app_notices(talk.app))


def test_a_message_is_chosen_with_the_arrows_and_its_menu_opened_by_key(talk: Talk, opened: list[tk.Menu]) -> None:
    talk.hears(b"one", b"two")
    text = talk.transcript.text
    text.focus_force()
    for key, place in (("<Up>", 1), ("<Up>", 0), ("<Down>", 1)):
        text.event_generate(key)
        talk.app.root.update()
        assert talk.transcript.selection.chosen == talk.messages[place]

    text.event_generate("<Shift-F10>")

    menu = talk.app.window.message_menu.menu
    assert opened == [menu]
    assert menu.entrycget(0, "label") == "Send again"
    assert menu.entrycget(0, "state") == "normal"


def test_the_arrows_begin_at_the_edge_of_the_view_once_what_was_chosen_is_out_of_sight(talk: Talk) -> None:
    talk.hears(*(b"m%d" % number for number in range(60)))
    talk.transcript.choose(talk.messages[-1])
    talk.transcript.text.focus_force()

    for key in ("<Home>", "<Down>"):
        talk.transcript.text.event_generate(key)
        talk.app.root.update()

    assert talk.transcript.selection.chosen == talk.messages[0]


def test_the_menu_with_nothing_chosen_is_of_the_last_message_in_sight(talk: Talk) -> None:
    talk.hears(b"one", b"two")
    talk.transcript.text.focus_force()

    talk.transcript.text.event_generate("<Shift-F10>")

    assert talk.transcript.selection.chosen == talk.messages[-1]


@pytest.mark.case("C-93")
def test_what_is_selected_pastes_by_the_middle_button_as_what_would_be_copied(talk: Talk) -> None:
    talk.hears(b"one\x1e" + b"x" * 5_000, b"two")
    line_of = talk.transcript.row_window.line_of
    talk.transcript.show_style(RowStyle(is_compact=True))
    talk.select(f"{line_of(talk.messages[0])}.0", f"{line_of(talk.messages[1])}.0")

    assert str(talk.app.root.tk.call("selection", "get")) == r"one\x1e" + "x" * 5_000
    assert bytes_there(talk.app.root, "PRIMARY") == b"one\x1e" + b"x" * 5_000


@pytest.mark.case("C-93")
def test_what_the_inspector_shows_as_text_and_as_hex_is_copied_to_the_byte(talk: Talk) -> None:
    talk.hears(EVERY)
    talk.transcript.choose(talk.messages[0])
    talk.app.main_controller.conversation.inspector.toggle()
    pump_until(lambda: inspector(talk.app).inspected is not None, talk.app.root)
    pump_until(lambda: inspector(talk.app).hex.cursor.size == len(EVERY), talk.app.root)
    text = inspector(talk.app).section(DecodedText).text

    text.tag_add("sel", "1.0", "end")
    text.event_generate("<<Copy>>")
    talk.comes_back(EVERY, "text")
    for notation in ("", "text", "hex", "escapes"):
        inspector(talk.app).hex.copy(notation)
        talk.comes_back(EVERY, "hex")


# Going somewhere.


def go(app: App, typed: str) -> str:
    app.main_controller.commands["go_to"]()
    (bar,) = (strip for strip in app.window.conversation.strips.winfo_children() if isinstance(strip, GoBar))
    bar.field.put(typed)
    bar.go_button.invoke()
    app.root.update()
    return bar.said


def test_one_goes_to_a_message_by_its_number(talk: Talk) -> None:
    talk.hears(*(b"m%d" % number for number in range(8)))
    total = talk.transcript.total

    assert go(talk.app, "#5") == ""
    assert talk.transcript.selection.chosen == 4
    assert go(talk.app, f"{total}") == ""
    assert talk.transcript.selection.chosen == total - 1
    assert go(talk.app, "#1000") == f"There is no #1,000: they go from #1 to #{total}."
    assert talk.transcript.selection.chosen == total - 1
    assert "a message's number, as #123" in go(talk.app, "soon")


def test_one_goes_to_a_message_by_its_time(talk: Talk) -> None:
    talk.hears(b"one", b"two")
    rows = talk.transcript.row_window.read(0, talk.transcript.total)
    times = [local_time(row.wall_ns)[11:] for row in rows]

    assert go(talk.app, times[-1]) == ""
    assert talk.transcript.selection.chosen == times.index(times[-1])
    assert go(talk.app, times[0][:8]) == ""
    assert talk.transcript.selection.chosen == 0


# Finding.


def test_every_hit_in_sight_is_lit_and_none_once_the_bar_is_closed(talk: Talk) -> None:
    talk.hears(b"a needle\r\n", b"\0needle needle", b"none")
    bar = find(talk.app, "needle")
    talk.app.root.update()
    text = talk.transcript.text

    ranges = [str(index) for index in text.tag_ranges(FOUND)]
    lit = [text.get(*ranges[at : at + 2]) for at in range(0, len(ranges), 2)]
    assert lit == ["needle"] * 3
    assert talk.transcript.hit_marks.winfo_manager()

    press(bar, "<Escape>")
    assert not text.tag_ranges(FOUND)
    assert not text.tag_ranges("marked")
    assert not talk.transcript.hit_marks.winfo_manager()

    talk.app.main_controller.clear_view()
    talk.hears(b"needle")
    bar = find(talk.app, "needle")
    assert bar.count.startswith("1 of 1 since the view was cleared")


# The inspector.


def test_the_inspector_opens_on_the_last_message_and_keeps_a_chosen_one_in_sight(talk: Talk) -> None:
    talk.hears(*(b"a rather long line of words, number %d, " % number * 4 for number in range(30)))
    controller, chosen = talk.app.main_controller.conversation.inspector, talk.transcript.selection
    controller.toggle()
    talk.app.root.update()
    assert chosen.chosen == talk.messages[-1]
    controller.toggle()

    talk.transcript.reveal(talk.messages[14])
    talk.app.root.update()
    controller.toggle()
    pump_until(lambda: controller.is_open, talk.app.root)
    talk.app.root.update()

    line = talk.transcript.row_window.line_of(talk.messages[14])
    assert talk.transcript.text.bbox(f"{line + 1}.0") is not None
