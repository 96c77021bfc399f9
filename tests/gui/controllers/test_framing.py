"""The lens in the whole program: chosen in the head or the menu, and applied at once to what is recorded."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

import pytest

from core.address import Address
from core.events import SessionId, SessionOpened
from core.journal.reading.lens_view import Growth, RowCounter
from core.journal.recording.store import JournalWriter
from core.roles import Role
from gui.app import App
from gui.controllers import lens
from gui.views.conversation.lens_bar import LensBar
from gui.views.menus import FRAMINGS
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, press_character, serve, shown
from tests.gui.test_talking import Heartbeat
from tests.support.journals import write_journal

NUMBERS = b"".join(struct.pack(">H", size) + b"n" * size for size in (3, 5, 8))


def look_at(make_app: MakeApp, path: Path, entries: int, **how: object) -> App:
    """A window on a journal of so many entries."""
    write_journal(path, entries, **how)  # type: ignore[arg-type]
    app = make_app(journal=path)
    pump_until(lambda: app.window.conversation.transcript.total > entries, app.root)
    return app


def choose(app: App, words: str) -> None:
    """Choose in the head of the conversation, as a person does in the list."""
    lens = app.window.conversation.lens
    lens.current([str(each) for each in lens["values"]].index(words))
    lens.event_generate("<<ComboboxSelected>>")
    app.root.update()


def lens_bar(app: App) -> LensBar:
    """The strip for details, which can be seen."""
    (bar,) = (each for each in app.window.conversation.strips.pack_slaves() if isinstance(each, LensBar))
    return bar


def is_asking(app: App) -> bool:
    return any(isinstance(each, LensBar) for each in app.window.conversation.strips.pack_slaves())


def write(app: App, text: str) -> LensBar:
    """Write this into the strip instead of what is there, and press Enter."""
    bar = lens_bar(app)
    bar.field.focus_force()
    bar.field.delete(0, "end")
    for letter in text:
        press_character(app.root, str(bar.field), letter)
    bar.field.event_generate("<Return>")
    app.root.update()
    return bar


def settle(app: App) -> None:
    pump_until(lambda: not _is_counting(app), app.root)


def _is_counting(app: App) -> bool:
    conversation = app.main_controller.viewing.conversation
    return conversation is None or conversation.is_counting


def test_what_is_recorded_is_cut_anew_on_the_spot(make_app: MakeApp, tmp_path: Path) -> None:
    app = look_at(make_app, tmp_path / "a.tincan", 3, instead={0: NUMBERS[:6], 1: NUMBERS[6:13], 2: NUMBERS[13:]})

    choose(app, "Length in front…")
    settle(app)

    assert [line for line in shown(app).split("\n") if set(line) == {"n"}] == ["nnn", "nnnnn", "nnnnnnnn"]
    assert lens_bar(app).words == "2-byte big-endian length"
    assert app.window.conversation.lens.get() == "2-byte big-endian length"
    assert app.root.focus_lastfor() is lens_bar(app).field

    choose(app, "As received")
    assert not is_asking(app)
    assert "\\0\\x03nnn" in shown(app)


def test_details_apply_when_they_are_good_and_are_refused_at_their_place(make_app: MakeApp, tmp_path: Path) -> None:
    app = look_at(make_app, tmp_path / "a.tincan", 1, instead={0: b"abcdefghij"})
    choose(app, "Fixed length…")

    bar = write(app, "4")
    settle(app)
    assert [line for line in shown(app).split("\n") if line in ("abcd", "efgh")] == ["abcd", "efgh"]
    assert "⚠ not ended yet: 2 of 4 bytes" in shown(app)

    write(app, "4x")
    assert "a number" in bar.complaint
    assert bar.field.marked == 0
    assert "abcd" in shown(app)

    bar.field.event_generate("<Escape>")
    app.root.update()
    assert not is_asking(app)
    assert app.window.conversation.lens.get() == "4 bytes each"


def test_the_menu_and_the_head_say_the_same(make_app: MakeApp) -> None:
    app = make_app()
    serve(app)
    offered = [str(each) for each in app.window.conversation.lens["values"]]
    assert offered == [words for _key, words in FRAMINGS]

    choose(app, "Lines")
    assert app.main_controller.chosen_framing == "line"

    app.main_controller.choose_framing_kind("length:2be")  # as the menu does
    app.root.update()
    assert app.window.conversation.lens.get() == "2-byte big-endian length"
    assert is_asking(app)
    assert app.root.focus_lastfor() is lens_bar(app).field


def test_a_length_says_what_can_be_written_and_takes_it_as_people_write_it(make_app: MakeApp, tmp_path: Path) -> None:
    app = look_at(make_app, tmp_path / "a.tincan", 1, instead={0: b"head" + NUMBERS[:5]})
    choose(app, "Length in front…")
    bar = lens_bar(app)
    assert all(word in bar.help for word in ("varint", ",offset=3", ",itself", ",whole"))

    write(app, "2be, offset 4")
    assert bar.complaint == ""
    assert app.main_controller.viewing.lens.framing == "length:2be,offset=4"

    choose(app, "Fixed length…")
    assert lens_bar(app).help == ""


def test_a_checksum_is_verified_beside_each_message_in_words(make_app: MakeApp, tmp_path: Path) -> None:
    app = look_at(make_app, tmp_path / "a.tincan", 1, instead={0: b"hello020\nhello021\n"})
    choose(app, "Lines")
    choose(app, "With a checksum…")
    settle(app)
    assert lens_bar(app).field.text == "line+crc16-modbus"
    assert "CRC-16/MODBUS wrong: expected" in shown(app)

    write(app, "line+sum,decimal")
    settle(app)

    assert app.main_controller.viewing.lens.framing == "line+sum,decimal"
    assert "hello\n✓ sum right" in shown(app)
    assert "hello\n⚠ sum wrong: expected 020, found 021" in shown(app)


def test_the_list_offers_every_kind_by_its_name_while_the_box_says_what_holds(make_app: MakeApp) -> None:
    app = make_app()
    serve(app)
    choose(app, "Length in front…")
    lens = app.window.conversation.lens
    assert lens.get() == "2-byte big-endian length"
    popdown = str(app.root.tk.call("ttk::combobox::PopdownWindow", lens))

    app.root.tk.call("ttk::combobox::Post", lens)
    app.root.update()
    listed = app.root.tk.call(f"{popdown}.f.l", "get", "0", "end")
    assert tuple(map(str, listed)) == tuple(words for _key, words in FRAMINGS)
    assert app.root.tk.call(f"{popdown}.f.l", "curselection") == (listed.index("Length in front…"),)

    app.root.tk.call("ttk::combobox::Unpost", lens)
    pump_until(lambda: lens.get() == "2-byte big-endian length", app.root)
    assert lens.key == "length:2be"


def test_every_session_keeps_its_own_lens(make_app: MakeApp, tmp_path: Path) -> None:
    app = look_at(make_app, tmp_path / "a.tincan", 5)
    first = app.main_controller.selected
    choose(app, "Ended by…")
    write(app, "2e")
    serve(app)
    choose(app, "As received")
    assert not is_asking(app)

    assert first is not None
    app.main_controller.select(first)
    app.root.update()

    assert app.window.conversation.lens.get() == "Delimiter 2e"
    assert app.main_controller.chosen_framing == "delimiter:03"


def test_another_conversation_begins_as_received_and_one_begun_again_as_it_was_cut(make_app: MakeApp) -> None:
    app = make_app()
    lens = app.window.conversation.lens
    port = serve(app)
    choose(app, "Lines")

    connect(app, port)
    app.root.update()
    assert lens.get() == "As received"

    choose(app, "Ended by NUL")
    app.main_controller.commands["toggle_client"]()
    pump_until(lambda: "Connect" in str(app.window.address.client_button.cget("text")), app.root)
    connect(app, port)
    pump_until(lambda: len(app.main_controller.sessions) == 3, app.root)
    assert lens.get() == "Ended by NUL"


def test_a_framing_is_chosen_for_a_conversation_and_not_for_none(make_app: MakeApp) -> None:
    app = make_app()

    app.main_controller.choose_framing_kind("line")  # as the menu does
    assert "Nothing is open" in app.window.banner.sentence
    assert app.main_controller.chosen_framing == "raw"

    serve(app)
    app.root.update()
    assert app.window.conversation.lens.get() == "As received"


@pytest.mark.parametrize(("framing", "seen"), [("line", "Lines"), ("prophecy", "As received")])
def test_a_session_that_framed_by_itself_is_seen_as_it_did(
    make_app: MakeApp, tmp_path: Path, framing: str, seen: str
) -> None:
    writer = JournalWriter(tmp_path / "a.tincan")
    writer.append([SessionOpened(SessionId(1), 0, Role.CLIENT, Address("127.0.0.1", 25), framing)], 0)
    writer.close()

    app = make_app(journal=tmp_path / "a.tincan")

    pump_until(lambda: app.window.conversation.lens.get() == seen, app.root)


def test_no_lens_is_offered_before_there_is_something_to_see(make_app: MakeApp) -> None:
    app = make_app()

    app.root.update()
    assert not app.window.conversation.lens.winfo_ismapped()

    serve(app)
    app.root.update()
    assert app.window.conversation.lens.winfo_ismapped()


def test_a_long_conversation_is_cut_with_progress_and_the_window_stays_fluid(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lens, "_PATIENCE", 0)
    app = look_at(make_app, tmp_path / "long.tincan", 60_000)
    pane = app.window.conversation
    has_shown, advance = threading.Event(), RowCounter.advance

    def advance_once_shown(counter: RowCounter, entries: int) -> Growth:
        """However fast the machine is, or slow."""
        assert has_shown.wait(60)
        return advance(counter, entries)

    monkeypatch.setattr(RowCounter, "advance", advance_once_shown)
    heart = Heartbeat(app.root)

    choose(app, "Lines")
    pump_until(lambda: pane.is_showing_progress, app.root)
    has_shown.set()
    pump_until(lambda: not _is_counting(app) and not pane.is_showing_progress, app.root)

    assert pane.transcript.total == 60_002
    assert sorted(heart.spent)[int(len(heart.spent) * 0.9)] < 0.1


def test_an_ending_that_came_in_pieces_far_apart_is_no_part_of_the_message(make_app: MakeApp, tmp_path: Path) -> None:
    pieces = {0: b"hel" * 2_000, 40: b"lo\r", 80: b"\n"}  # of one of 40 connections
    app = look_at(make_app, tmp_path / "a.tincan", 81, connections=40, instead=pieces)

    choose(app, "Ended by CR LF")
    settle(app)

    conversation = app.main_controller.viewing.conversation
    assert conversation is not None
    (message,) = (row for row in conversation.read(0, 200, 10_000) if (row.data or b"").startswith(b"hel"))
    assert message.data == b"hel" * 2_000 + b"lo"
    assert message.misfit == ""


def test_traffic_goes_on_under_a_lens(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    choose(app, "Ended by NUL")
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.sendall(b"one\0tw")
        pump_until(lambda: "⚠ not ended yet" in shown(app), app.root)
        peer.sendall(b"o\0three\0")
        pump_until(lambda: "three" in shown(app) and "not ended" not in shown(app), app.root)

        assert [line for line in shown(app).split("\n") if line in ("one", "two", "three")] == ["one", "two", "three"]
    pump_until(lambda: "#1 has finished sending" in shown(app), app.root)


def top_line(app: App) -> str:
    text = app.window.conversation.transcript.text
    line = next(
        n for n in range(int(text.index("@0,0").partition(".")[0]), 10_000) if "row " in text.get(f"{n}.0", f"{n}.end")
    )
    return text.get(f"{line}.0", f"{line}.end").replace("\u2003", "")


def test_the_bytes_on_top_stay_there_whatever_they_are_cut_into(make_app: MakeApp, tmp_path: Path) -> None:
    entry = "".join(f"row {{}} {line:02}\n" for line in range(60))
    app = look_at(
        make_app,
        tmp_path / "a.tincan",
        300,
        instead={place: entry.replace("{}", f"{place:03}").encode() for place in range(300)},
    )
    transcript = app.window.conversation.transcript
    transcript.drag("moveto", "0.5")
    app.root.update()
    transcript.page(2)
    app.root.update()
    before = top_line(app)
    assert before.startswith("row ")

    choose(app, "Lines")
    settle(app)
    app.root.update()
    as_lines = top_line(app)
    choose(app, "As received")
    app.root.update()

    for line in (as_lines, top_line(app)):
        assert line[:7] == before[:7]
        assert abs(int(line[8:10]) - int(before[8:10])) <= 3
    assert not transcript.is_following


def test_clearing_the_view_leaves_nothing_to_stay_at(make_app: MakeApp, tmp_path: Path) -> None:
    app = look_at(make_app, tmp_path / "a.tincan", 300)
    transcript = app.window.conversation.transcript
    transcript.drag("moveto", "0.5")
    app.root.update()

    app.main_controller.clear_view()
    app.root.update()
    assert transcript.is_empty
    assert transcript.is_following

    app.main_controller.show_everything()
    app.root.update()
    assert transcript.total > 300


def test_rows_that_were_counted_are_shown_without_another_look_at_the_sessions(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = look_at(make_app, tmp_path / "a.tincan", 10)
    conversation, done = app.main_controller.viewing.conversation, list[str]()
    assert conversation is not None
    for owner, name in ((app.window, "show"), (app.window.conversation, "show_rows")):
        monkeypatch.setattr(owner, name, lambda _view, name=name: done.append(name))

    conversation._show_growth()

    assert done == ["show_rows"]
