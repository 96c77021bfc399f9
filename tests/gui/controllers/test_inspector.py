"""Looking closely in the whole program: over real sockets and real journals, from the chosen row to the bytes."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from gui.app import App
from gui.journals.conversations import OpenConversation
from gui.viewmodels.inspection import READING, Inspected
from gui.views.inspector.call_list import CallSection
from gui.views.inspector.decoded_text import DecodedText
from gui.views.inspector.inspector import Inspector
from gui.views.inspector.ruler import Ruler
from tests.gui.conftest import pump_until
from tests.gui.controllers.test_find import find
from tests.gui.driving import MakeApp, connect, say, serve, shown
from tests.support.journals import write_journal
from tests.support.systems import only_posix

LookAt = Callable[..., App]


@pytest.fixture
def look_at(make_app: MakeApp, tmp_path: Path) -> LookAt:
    """``look_at([b"...", ...])`` opens a journal whose entries are these, with the inspector beside it."""

    def look(pieces: list[bytes], framing: str = "raw") -> App:
        path = tmp_path / "talk.tincan"
        write_journal(path, len(pieces), instead=dict(enumerate(pieces)))
        app = make_app(journal=path)
        pump_until(lambda: app.window.conversation.transcript.total > len(pieces), app.root)
        if framing != "raw":
            app.main_controller.conversation.framing.use(framing)
        pump_until(lambda: not conversation_of(app).is_counting, app.root)
        app.main_controller.commands["toggle_inspector"]()
        return app

    return look


def conversation_of(app: App) -> OpenConversation:
    conversation = app.main_controller.viewing.conversation
    assert conversation is not None
    return conversation


def inspector(app: App) -> Inspector:
    pane = app.main_controller.conversation.inspector._inspector
    assert pane is not None
    return pane


def inspect(app: App, text: bytes) -> Inspected:
    """Choose the first message that has this in it, and wait until it is taken apart."""
    conversation = conversation_of(app)
    pump_until(lambda: any(text in (row.data or b"") for row in conversation.read(0, 100, 4096)), app.root)
    row = next(row for row in conversation.read(0, 100, 4096) if text in (row.data or b""))
    app.window.conversation.transcript.choose(row.place)
    pump_until(lambda: is_shown(app, row.place), app.root)
    found = inspector(app).inspected
    assert found is not None
    return found


def is_shown(app: App, place: int) -> bool:
    inspected = inspector(app).inspected
    return inspected is not None and inspected.source is not None and inspected.display_row.place == place


def test_both_ends_of_a_talk_with_oneself_line_up(make_app: MakeApp) -> None:
    app = make_app()
    connect(app, serve(app))
    app.main_controller.commands["toggle_inspector"]()
    say(app, "hello")

    found = inspect(app, b"hello")

    pump_until(lambda: inspector(app).section(Ruler).said == "One send, one recv: it arrived as it was sent.", app.root)
    assert found.ruled is not None
    assert [(lane.who, lane.kind) for lane in found.ruled.lanes][:2] == [("client", "send"), ("server", "recv")]


def test_an_end_outside_is_said_to_be_unknown(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    app.main_controller.commands["toggle_inspector"]()
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.sendall(b"from afar")
        inspect(app, b"from afar")

    assert inspector(app).section(Ruler).said == (
        "Came in one recv call. How it was sent is not known: the other end is not in this journal."
    )


def test_a_line_that_came_in_pieces_shows_its_calls_and_what_frames_it(look_at: LookAt) -> None:
    app = look_at([b"first\r\nhel", b"lo ", b"world\r\nnext"], framing="line")

    found = inspect(app, b"hello")

    assert [(call.start, call.stop) for call in found.calls] == [(0, 3), (3, 6), (6, 13)]
    assert (found.stream_offset, list(found.envelope), found.framing) == (7, [(11, 13)], "lines")
    assert inspector(app).section(Ruler).said.startswith("Came in 3 recv calls.")
    assert found.ruled is not None
    assert list(found.ruled.lanes[2].starts) == [0, 7, 20]


def test_what_was_found_is_marked_among_the_bytes_behind_what_frames_them(look_at: LookAt) -> None:
    app = look_at([b"\x00\x0ca needle in ", b"\x00\x03abc"], framing="length:2be")
    find(app, "needle")

    inspect(app, b"needle")

    app.root.update()
    text = inspector(app).hex.text
    marks = [str(index) for index in text.tag_ranges("mark")]
    marked = [text.get(*marks[at : at + 2]) for at in range(0, len(marks), 2)]
    assert "".join(part for part in marked if " " not in part) == "needle"
    framing = [str(index) for index in text.tag_ranges("framing")]
    assert text.get(*framing[:2]) == "00 0c"


def test_what_takes_long_says_so_and_then_comes(look_at: LookAt) -> None:
    app = look_at([b"slow"])
    app.window.conversation.transcript.choose(2)

    app.main_controller.conversation.inspector._waiting.now()

    inspected = inspector(app).inspected
    assert inspected is not None
    assert inspected.is_being_read
    assert inspected.source is None
    assert READING in words_in(app)
    pump_until(lambda: is_shown(app, 2), app.root)
    app.root.update()
    assert READING not in words_in(app)


@only_posix("Windows keeps a file that is open")
def test_a_journal_that_cannot_be_read_is_told_and_what_is_known_stays(look_at: LookAt) -> None:
    app = look_at([b"gone", b"more"])
    app.main_controller.conversation.inspector._leave_journal()
    conversation_of(app).journal.path.unlink()

    app.window.conversation.transcript.choose(2)

    pump_until(lambda: any("cannot be looked at closely" in words for words in app_notices(app)), app.root)
    inspected = inspector(app).inspected
    assert inspected is not None
    assert not inspected.is_being_read
    assert "4 bytes" in words_in(app)


def words_in(app: App) -> str:
    facts = inspector(app)._facts._rows
    return "\n".join(str(value.cget("text")) for _name, value in facts if value.winfo_manager())


def test_only_the_row_that_was_chosen_last_is_shown(look_at: LookAt) -> None:
    app = look_at([b"%d" % number for number in range(50)])
    for place in range(2, 52):
        app.window.conversation.transcript.choose(place)

    pump_until(lambda: is_shown(app, 51), app.root)

    app.root.update()
    assert is_shown(app, 51)


def test_a_message_that_has_not_ended_grows_before_the_eyes(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    app.main_controller.conversation.framing.use("line")
    app.main_controller.commands["toggle_inspector"]()
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.sendall(b"half")
        assert inspect(app, b"half").display_row.misfit == "not ended yet"

        peer.sendall(b" and half\n")

        pump_until(lambda: _whole(app) == b"half and half\n", app.root)
        assert len(inspector(app).section(CallSection).list._calls) == 2


def _whole(app: App) -> bytes:
    inspected = inspector(app).inspected
    source = inspected.source if inspected is not None else None
    return source.read(0, source.size) if source is not None else b""


def test_another_conversation_empties_the_inspector(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    connect(app, port)
    app.main_controller.commands["toggle_inspector"]()
    say(app, "hello")
    inspect(app, b"hello")

    app.main_controller.commands["next_session"]()

    pump_until(lambda: inspector(app).inspected is None, app.root)


def test_a_note_tells_what_happened(make_app: MakeApp) -> None:
    app = make_app()
    serve(app)
    app.main_controller.commands["toggle_inspector"]()

    app.window.conversation.transcript.choose(0)

    inspected = inspector(app).inspected
    assert inspected is not None
    assert inspected.display_row.note in shown(app)


def test_bytes_are_saved_as_they_went_through_the_socket(look_at: LookAt, tmp_path: Path) -> None:
    app = look_at([b"\x00\xff one ", b"two\n"], framing="line")
    found = inspect(app, b"two")

    app.main_controller.conversation.inspector.save(found, (1, 10), tmp_path / "saved.bin")

    pump_until(lambda: (tmp_path / "saved.bin").exists(), app.root)
    assert (tmp_path / "saved.bin").read_bytes() == b"\x00\xff one two\n"[1:10]


def test_why_bytes_could_not_be_saved_is_told(look_at: LookAt, tmp_path: Path) -> None:
    app = look_at([b"hello"])
    found = inspect(app, b"hello")

    app.main_controller.conversation.inspector.save(found, (0, 5), tmp_path / "no such folder" / "saved.bin")

    pump_until(lambda: any("could not be written" in words for words in app_notices(app)), app.root)


def app_notices(app: App) -> list[str]:
    """All words of labels above the conversation."""
    found, waiting = list[str](), [app.root]
    while waiting:
        widget = waiting.pop()
        waiting += widget.winfo_children()  # type: ignore[arg-type]
        if widget.winfo_class() == "TLabel":
            found.append(str(widget.cget("text")))
    return found


def test_the_inspector_is_put_away_and_comes_back_with_what_is_chosen(look_at: LookAt) -> None:
    app = look_at([b"hello"])
    inspect(app, b"hello")

    app.main_controller.commands["toggle_inspector"]()
    assert not app.main_controller.conversation.inspector.is_open

    app.main_controller.commands["toggle_inspector"]()
    pump_until(lambda: app.main_controller.conversation.inspector.is_open and is_shown(app, 2), app.root)


def test_what_is_looked_for_while_a_message_is_shown_is_marked_in_it_at_once(look_at: LookAt) -> None:
    app = look_at([b"two needles and needle three"])
    inspect(app, b"needle")
    assert not inspector(app).hex.text.tag_ranges("mark")

    find(app, "needle")

    pump_until(lambda: len(inspector(app).hex._marks) == 2, app.root)


def test_bytes_are_read_in_the_encoding_that_was_chosen(look_at: LookAt) -> None:
    app = look_at([b"one", b"hej \xc5sa"])
    inspect(app, b"hej")
    app.root.update()
    pane = inspector(app)
    assert "hej .sa" in pane.hex.text.get("1.0", "end")

    app.main_controller.choose_encoding("latin-1")
    app.root.update()

    assert "hej Åsa" in pane.hex.text.get("1.0", "end")
    assert "hej Åsa" in pane.section(DecodedText).text.get("1.0", "end")
    pane.hex.copy("text")
    assert "Åsa" in app.root.clipboard_get()
