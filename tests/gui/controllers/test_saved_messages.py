"""Saved messages in the whole program: over real sockets, with their real file."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.compose import Format, LineEnding, SavedMessage, SavedMessagesFile, export_messages, import_messages, starters
from core.compose.saved import MOST_MESSAGES
from gui.app import App
from gui.views.saved.saved_pane import SavedPane
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, serve, shown

HELLO = SavedMessage("hello", "hello", ending=LineEnding.CRLF)
COUNTED = SavedMessage("counted", r"\{counter}.", Format.ESCAPES)
BROKEN = SavedMessage("broken", "0g", Format.HEX)


def kept(folder: Path) -> tuple[SavedMessage, ...]:
    return import_messages(folder / "saved.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A settings folder whose list has three messages."""
    path = tmp_path / "settings"
    SavedMessagesFile(path / "saved.json").save((HELLO, COUNTED, BROKEN))
    return path


def press(app: App, key: str) -> None:
    """A key wherever the keyboard is."""
    app.root.update()
    (app.root.focus_get() or app.window.composer.field).event_generate(key)
    app.root.update()


def opened(app: App) -> SavedPane:
    """The pane, opened by its key, with the list in it."""
    app.window.composer.field.focus_force()
    press(app, "<Control-b>")
    pump_until(lambda: app.main_controller.saved._is_loaded, app.root)
    pane = app.main_controller.saved.made
    assert pane is not None
    app.root.update()
    return pane


def names(pane: SavedPane) -> list[str]:
    return [row.name for row in pane.rows.rows]


@contextmanager
def talking(app: App) -> Iterator[socket.socket]:
    """A server in the window, and the other end of its one connection."""
    with socket.create_connection(("127.0.0.1", serve(app))) as peer:
        peer.settimeout(10)
        pump_until(lambda: "#1 connected" in shown(app), app.root)
        yield peer


def received(app: App, peer: socket.socket, count: int) -> bytes:
    """So many bytes from the window, which lives meanwhile."""
    peer.setblocking(False)
    got = bytearray()

    def is_there() -> bool:
        try:
            got.extend(peer.recv(1 << 20))
        except BlockingIOError:
            pass
        return len(got) >= count

    pump_until(is_there, app.root)
    return bytes(got)


def test_the_first_opening_shows_examples_that_teach(make_app: MakeApp) -> None:
    app = make_app()

    pane = opened(app)

    assert names(pane) == [message.name for message in starters()]
    assert app.root.focus_get() is pane.rows.body
    assert pane.lesson.endswith(".")
    press(app, "<Control-b>")
    assert not app.main_controller.saved.is_open
    assert app.root.focus_get() is app.window.composer.field


def test_the_first_window_reads_no_messages(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)

    assert (app.main_controller.saved._keeping, app.main_controller.saved.made) == (None, None)


def test_enter_in_the_list_sends_as_the_field_would(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    with talking(app) as peer:
        opened(app)

        press(app, "<Return>")

        assert received(app, peer, 7) == b"hello\r\n"
        pump_until(lambda: "hello" in shown(app), app.root)


def test_a_key_sends_without_the_list_being_open_and_macros_count(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    with talking(app) as peer:
        app.window.composer.field.focus_force()
        for _ in range(3):
            press(app, "<Control-Key-2>")

        assert received(app, peer, 6) == b"1.2.3."
        assert not app.main_controller.saved.is_open


def test_a_message_goes_to_whom_the_field_writes(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    port = serve(app)
    with socket.create_connection(("127.0.0.1", port)) as one, socket.create_connection(("127.0.0.1", port)) as other:
        pump_until(lambda: bool(app.window.composer.row.to.winfo_ismapped()), app.root)
        second = app.main_controller.state.connections[1].connection  # type: ignore[union-attr]
        app.main_controller.sending.choose_recipients(frozenset((second,)))
        app.window.composer.field.focus_force()

        press(app, "<Control-Key-1>")

        ends = {end.getsockname()[1]: end for end in (one, other)}
        numbered = {each.number: each for each in app.main_controller.state.connections}  # type: ignore[union-attr]
        written, silent = ends[numbered[2].peer.port], ends[numbered[1].peer.port]
        assert received(app, written, 7) == b"hello\r\n"
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.recv(1)


def test_the_frame_of_the_conversation_is_put_around_it(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    with talking(app) as peer:
        message_format = app.main_controller.sending.message_format
        app.main_controller.sending.choose_message_format(type(message_format)(framing="length:2be"))
        app.window.composer.field.focus_force()

        press(app, "<Control-Key-1>")

        assert received(app, peer, 9) == b"\x00\x07hello\r\n"


def test_what_is_no_message_says_so_in_its_row(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    with talking(app):
        pane = opened(app)
        press(app, "<End>")
        press(app, "<Return>")

        assert "g" in pane.rows.rows[2].problem
        assert pane.lesson == pane.rows.rows[2].problem


def test_nobody_to_send_to_is_said_in_the_row_or_under_the_field(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    app.window.composer.field.focus_force()
    press(app, "<Control-Key-1>")
    pump_until(lambda: bool(app.window.composer.complaint), app.root)
    assert app.window.composer.complaint.startswith("“hello”: ")

    pane = opened(app)
    press(app, "<Down>")
    press(app, "<Return>")

    assert [bool(row.problem) for row in pane.rows.rows] == [True, True, False]

    with talking(app):
        assert [bool(row.problem) for row in pane.rows.rows] == [False, False, False]
        assert app.window.composer.complaint == ""


def test_a_key_without_a_message_says_so(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    app.window.composer.field.focus_force()

    press(app, "<Control-Key-9>")
    pump_until(lambda: bool(app.window.composer.complaint), app.root)

    assert app.window.composer.complaint == "There is no saved message 9."


def test_who_never_saw_the_list_sends_nothing_by_its_keys(make_app: MakeApp) -> None:
    app = make_app()
    with talking(app) as peer:
        app.window.composer.field.focus_force()
        press(app, "<Control-Key-1>")
        pump_until(lambda: app.main_controller.saved.is_open, app.root)

        assert "from now on" in opened_sentence(app)
        press(app, "<Control-Key-2>")
        assert received(app, peer, 14) == b"*1\r\n$4\r\nPING\r\n"


def opened_sentence(app: App) -> str:
    pane = app.main_controller.saved.made
    assert pane is not None
    return pane.sentence


def test_what_is_sent_while_a_long_message_is_worked_out_goes_out_behind_it(make_app: MakeApp, tmp_path: Path) -> None:
    long = SavedMessage("long", r"\{counter}" + "long" * 30_000, Format.ESCAPES)
    SavedMessagesFile(tmp_path / "saved.json").save((long, COUNTED))
    app = make_app(tmp_path)
    with talking(app) as peer:
        opened(app)
        for key in ("<Control-Key-1>", "<Control-Key-2>", "<Control-Key-1>", "<Control-Key-2>"):
            app.window.composer.field.event_generate(key)
            app.window.composer.field.insert("end", r"\x41" * 3_000)  # works something out meanwhile

        size = 120_001
        everything = received(app, peer, 2 * size + 4)

        assert everything[:5] + everything[size : size + 7] == b"1long" + b"2.3long"
        assert everything[-2:] == b"4."


def test_f2_puts_a_message_into_the_field_as_it_is_meant(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    pane = opened(app)
    press(app, "<Down>")
    press(app, "<F2>")

    composer = app.window.composer

    assert (composer.text, composer.message_format.format) == (r"\{counter}.", "escapes")
    assert app.root.focus_get() is composer.field
    assert pane.sentence == ""


def test_what_was_in_the_field_can_be_had_back(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    app.window.composer.field.insert("end", "half a thought")
    pane = opened(app)
    press(app, "<F2>")
    assert app.window.composer.text == "hello"

    pane.undo.invoke()

    assert (app.window.composer.text, app.window.composer.message_format.ending) == ("half a thought", "nothing")


def test_a_message_that_cannot_be_typed_is_edited_with_escapes(make_app: MakeApp, tmp_path: Path) -> None:
    half = SavedMessage("half", "\ud800")
    export_messages(tmp_path / "saved.json", (SavedMessage("nul", "a\0b\u202e"), half))
    app = make_app(tmp_path)
    pane = opened(app)
    press(app, "<F2>")
    assert app.window.composer.text.startswith(r"a\x00b")

    pane.rows.focus_rows()
    press(app, "<Down>")
    press(app, "<F2>")

    assert app.window.composer.text.startswith(r"a\x00b")
    assert "half a character" in pane.lesson


def test_what_is_in_the_field_is_saved_named_and_kept(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    composer = app.window.composer
    composer.field.focus_force()
    composer.put("0d0a", type(composer.message_format)(format="hex", ending="nul"))
    press(app, "<Control-d>")
    pump_until(lambda: app.main_controller.saved.is_open, app.root)
    pane = app.main_controller.saved.made
    assert pane is not None
    pane.rows.namer.delete(0, "end")
    pane.rows.namer.insert(0, "line end")

    press(app, "<Return>")

    saved = SavedMessage("line end", "0d0a", Format.HEX, ending=LineEnding.NUL)
    assert app.main_controller.saved.messages[-1] == saved
    assert app.root.focus_get() is composer.field
    assert composer.text == "0d0a"
    app.leave()
    assert kept(folder) == (HELLO, COUNTED, BROKEN, saved)


def test_saving_the_same_twice_says_so(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    app.window.composer.put("abc", app.window.composer.message_format)
    pane = opened(app)
    pane.save.invoke()
    pane.rows.focus_rows()

    pane.save.invoke()

    assert names(pane) == ["hello", "counted", "broken", "abc"]
    assert pane.sentence == "This is saved already."


def test_an_empty_field_is_not_saved(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    pane = opened(app)

    pane.save.invoke()
    pane.update_button.invoke()

    assert len(pane.rows.rows) == 3
    assert "nothing in the field" in app.window.composer.complaint


def test_a_changed_message_is_put_back_under_its_name(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    pane = opened(app)
    app.window.composer.put("good day", app.window.composer.message_format)

    pane.update_button.invoke()

    assert app.main_controller.saved.messages[0] == SavedMessage("hello", "good day")
    pane.undo.invoke()
    assert app.main_controller.saved.messages[0] == HELLO


def test_a_deleted_message_comes_back_and_order_is_kept(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    pane = opened(app)
    press(app, "<Alt-Down>")
    press(app, "<Delete>")
    assert names(pane) == ["counted", "broken"]

    press(app, "<Control-z>")
    assert pane.rows.at == 1
    app.leave()

    assert kept(folder) == (COUNTED, HELLO, BROKEN)


def test_changes_are_written_a_moment_later_and_not_by_the_windows_thread(
    make_app: MakeApp, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writers: list[str] = []
    save = SavedMessagesFile.save

    def noted(file: SavedMessagesFile, messages: tuple[SavedMessage, ...]) -> None:
        writers.append(threading.current_thread().name)
        save(file, messages)

    monkeypatch.setattr(SavedMessagesFile, "save", noted)
    app = make_app(folder)
    opened(app)
    press(app, "<Delete>")
    press(app, "<Delete>")
    assert len(kept(folder)) == 3

    pump_until(lambda: len(kept(folder)) == 1, app.root)

    assert writers == ["keep a saved list"]


def test_two_windows_keep_what_either_saves(make_app: MakeApp, folder: Path) -> None:
    one, other = make_app(folder), make_app(folder)
    for app, text in ((one, "from one"), (other, "from the other")):
        opened(app)
        app.window.composer.put(text, app.window.composer.message_format)
    for app, count in ((one, 4), (other, 5)):
        app.main_controller.saved.save_field()
        press(app, "<Escape>")
        pump_until(lambda count=count: len(kept(folder)) == count, one.root, other.root)  # type: ignore[misc]

    pump_until(lambda: len(other.main_controller.saved.messages) == 5, one.root, other.root)
    assert {"from one", "from the other"} <= {message.text for message in other.main_controller.saved.messages}
    one.main_controller.saved.toggle()
    one.main_controller.saved.toggle()
    pump_until(lambda: len(one.main_controller.saved.messages) == 5, one.root, other.root)


def test_a_broken_file_is_set_aside_with_a_notice(make_app: MakeApp, folder: Path) -> None:
    (folder / "saved.json").write_text("{", encoding="ascii")
    app = make_app(folder)

    pane = opened(app)
    pump_until(lambda: "set aside" in app.window.banner.sentence, app.root)

    assert len(pane.rows.rows) == len(starters())
    assert (folder / "saved.json.bad").read_text(encoding="ascii") == "{"


def test_a_list_that_cannot_be_written_stays_and_says_so(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    pane = opened(app)
    (folder / "saved.json").unlink()
    (folder / "saved.json").mkdir()
    (folder / "saved.json" / "in the way").touch()

    press(app, "<Delete>")
    pump_until(lambda: "cannot be kept" in app.window.banner.sentence, app.root)

    assert names(pane) == ["counted", "broken"]


def test_what_is_exported_is_imported_elsewhere_without_what_is_there(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    pane, window_state, file = opened(app), app.main_controller.saved, folder / "mine.json"
    window_state.give_out_to(file)
    pump_until(lambda: pane.sentence == "3 messages were exported to mine.json.", app.root)
    press(app, "<Delete>")

    window_state.bring_in_from(file)
    pump_until(lambda: "imported" in pane.sentence, app.root)

    assert pane.sentence == "One message was imported from mine.json. 2 were here already."
    assert names(pane) == ["counted", "broken", "hello"]
    window_state.bring_in_from(file)
    pump_until(lambda: pane.sentence == "mine.json holds nothing that is not here already.", app.root)
    pane.rows.focus_rows()
    press(app, "<Control-z>")
    assert names(pane) == ["counted", "broken"]


def test_a_bad_file_is_a_sentence_and_changes_nothing(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    pane = opened(app)
    bad_files = {
        "cut.json": "{",
        "list.json": "[]",
        "incomplete.json": '{"version": 1, "messages": [{"name": "a"}]}',
        "newer.json": '{"version": 9, "messages": []}',
    }
    for name, text in bad_files.items():
        (folder / name).write_text(text, encoding="ascii")

        app.main_controller.saved.bring_in_from(folder / name)
        pump_until(lambda name=name: name in pane.sentence, app.root)  # type: ignore[misc]

        assert pane.sentence.startswith(f"{name} holds no messages that could be imported")
        assert names(pane) == ["hello", "counted", "broken"], name


def test_there_are_not_more_messages_than_can_be_kept(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    pane, many = opened(app), folder / "many.json"
    rows = [{"name": str(at), "text": "x"} for at in range(MOST_MESSAGES)]
    many.write_text(json.dumps({"version": 1, "messages": rows}), encoding="ascii")
    app.main_controller.saved.bring_in_from(many)
    pump_until(lambda: "not imported" in pane.sentence, app.root)
    assert len(pane.rows.rows) == 3

    many.write_text(json.dumps({"version": 1, "messages": rows[3:]}), encoding="ascii")
    app.main_controller.saved.bring_in_from(many)
    pump_until(lambda: len(pane.rows.rows) == MOST_MESSAGES, app.root)
    app.window.composer.put("one more", app.window.composer.message_format)
    pane.save.invoke()

    assert "delete one first" in app.window.composer.complaint
    assert len(pane.rows.rows) == MOST_MESSAGES


def test_one_pane_at_a_time_stands_beside_the_conversation(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    opened(app)

    app.main_controller.commands["toggle_inspector"]()
    assert not app.main_controller.saved.is_open
    app.main_controller.commands["toggle_saved"]()

    assert app.main_controller.saved.is_open
    assert not app.main_controller.conversation.inspector.is_open


def test_in_a_narrow_window_editing_brings_the_field_back(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    app.root.geometry("470x400")
    pump_until(lambda: app.root.winfo_width() == 470, app.root)
    opened(app)
    assert not app.window.composer.winfo_viewable()

    press(app, "<F2>")
    pump_until(lambda: bool(app.window.composer.winfo_viewable()), app.root)

    assert app.window.composer.text == "hello"
