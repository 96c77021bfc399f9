"""The same bytes read as other text: nothing is lost, nothing fails, and back again it is as before."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.compose import Encoding, compose
from core.compose.draft import Composed, Context
from core.roles import Role
from core.text_safety import TextSafety
from gui.viewmodels.decoding import UTF_8, decoding
from gui.viewmodels.drafting import ENCODING_MENU, ENCODINGS, MessageFormat
from gui.viewmodels.typeset_row import DECOR
from gui.viewmodels.typesetting import Typesetter
from gui.viewmodels.wrapping import Metrics
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, hear, marked, say, serve, shown
from tests.gui.fake_journal import received

ANY = st.sampled_from([key for key, _words in ENCODINGS])


@pytest.mark.case("C-58")
@given(st.binary(max_size=80), ANY)
def test_any_bytes_can_be_read_as_any_encoding(data: bytes, encoding: str) -> None:
    text = decoding(encoding).decode(data)

    assert "\0" not in TextSafety().text(text)
    assert 0 <= decoding(encoding).unfinished_tail(data) <= min(3, len(data))


@example(b"\x8f\xa2\xb7~", "euc-jp")  # two spellings of one character
@given(st.binary(max_size=80), ANY)
def test_each_character_ends_behind_its_last_byte(data: bytes, encoding: str) -> None:
    reading = decoding(encoding)
    text, ends = reading.decode(data), list(reading.ends(data))

    assert len(ends) == len(text)
    starts = [0, *ends]
    assert starts[-1] == len(data)
    spelt = zip(text, starts, ends, strict=False)
    assert all(
        reading.decode(data[start:stop]) == character or character == chr(0xDC00 + data[start])
        for character, start, stop in spelt
    )


@given(st.text(max_size=30), ANY, st.integers(0, 200))
def test_a_character_that_was_cut_in_two_is_whole_with_the_next_piece(text: str, encoding: str, cut: int) -> None:
    composed = compose(MessageFormat(encoding=encoding).draft(text), Context())
    if not isinstance(composed, Composed):
        return
    data, reading = composed.body, decoding(encoding)
    head, rest = data[: cut % (len(data) + 1)], data[cut % (len(data) + 1) :]
    whole = head[: len(head) - reading.unfinished_tail(head)]

    assert reading.decode(whole) + reading.decode(data[len(whole) :]) == text
    assert whole + data[len(whole) :] == head + rest


def test_what_is_no_encoding_is_read_as_utf_8() -> None:
    assert decoding("runes") is UTF_8
    assert {key for key, _words in ENCODINGS} == {one.value for one in Encoding}


def test_pieces_of_a_stream_are_joined_in_its_encoding() -> None:
    data = "漢字".encode("gb18030")
    typesetter = Typesetter(
        Role.CLIENT, TextSafety(), Metrics(lambda text: 7 * len(text), widest=400, step=8), decoding=decoding("gb18030")
    )

    rows = typesetter.set([received(0, data[:3]), received(1, data[3:])])

    texts = ["".join(run.text for run in row.runs if DECOR not in run.tags) for row in rows]
    assert "漢" in texts[0]
    assert "字" in texts[1]
    assert "\\x" not in "".join(texts)


@pytest.mark.case("C-58")
def test_a_conversation_is_read_anew_when_another_encoding_is_chosen(make_app: MakeApp) -> None:
    app = make_app()
    with socket.create_connection(("127.0.0.1", serve(app))) as peer:
        peer.sendall("日本語".encode("cp932"))
        pump_until(lambda: "\\x93" in shown(app), app.root)
        before = shown(app)
        pane = app.window.conversation
        assert not pane.encoding.winfo_manager()

        app.main_controller.choose_encoding("shift-jis")
        pump_until(lambda: "日本語" in shown(app), app.root)
        assert pane.encoding.winfo_manager()
        assert app.main_controller.preferences.read_as == "shift-jis"
        app.window.conversation.transcript.selection.select_all()
        app.window.conversation.transcript.selection.copy()
        assert "日本語" in app.root.clipboard_get()

        for encoding, _words in ENCODINGS:
            app.main_controller.choose_encoding(encoding)
            app.root.update()

        pane.encoding.current([key for key, _words in ENCODINGS].index("utf-8"))
        pane.encoding.event_generate("<<ComboboxSelected>>")
        pump_until(lambda: shown(app) == before, app.root)
        assert not pane.encoding.winfo_manager()
    pump_until(lambda: "#1 has finished sending" in shown(app), app.root)


def test_the_choice_is_remembered(make_app: MakeApp) -> None:
    app = make_app()
    app.main_controller.choose_encoding("utf-16-be")
    folder = app._file.path.parent
    app.leave()

    again = make_app(folder)

    assert again.window.conversation.encoding.key == "utf-16-be"
    again.main_controller.choose_encoding("utf-8")


def test_what_is_written_follows_what_is_read_until_a_person_chooses_otherwise(make_app: MakeApp) -> None:
    app = make_app()
    composer = app.window.composer
    with socket.create_connection(("127.0.0.1", serve(app))) as peer:
        pump_until(lambda: "#1 connected" in shown(app), app.root)
        composer.choose(MessageFormat(ending="lf"))

        app.main_controller.choose_encoding("koi8-r")
        assert composer.message_format == MessageFormat(encoding="koi8-r", ending="lf")
        say(app, "ж")
        hear(app, peer, b"\xd6\n")
        pump_until(lambda: "ж" in shown(app), app.root)

        composer.choose(MessageFormat(encoding="cp866"))
        app.main_controller.choose_encoding("utf-16-le")
        assert composer.message_format == MessageFormat(encoding="cp866")
        say(app, "ж")
        hear(app, peer, b"\xa6")

        composer.choose(MessageFormat(encoding="utf-16-le"))
        app.main_controller.choose_encoding("ebcdic")
        say(app, "Hi")
        hear(app, peer, b"\xc8\x89")
        app.main_controller.choose_encoding("utf-8")
        assert composer.message_format.encoding == "utf-8"


def test_a_cut_in_the_middle_of_characters_is_told_whichever_was_chosen_first(make_app: MakeApp) -> None:
    app = make_app()
    banner = app.window.banner
    with socket.create_connection(("127.0.0.1", serve(app))):
        pump_until(lambda: "#1 connected" in shown(app), app.root)
        app.main_controller.conversation.framing.use("line")
        assert not banner.sentence

        app.main_controller.choose_encoding("utf-16-le")
        assert "LF is 0a 00, but messages end at 0a here: choose Ended by… and type 0a00." in banner.sentence
        banner.hush()
        app.main_controller.conversation.framing.use("delimiter:0a00")
        assert not banner.sentence

        app.main_controller.choose_encoding("ebcdic")
        app.main_controller.conversation.framing.use("line")
        assert "In EBCDIC, LF is 25" in banner.sentence
        banner.hush()
        app.main_controller.choose_encoding("utf-8")
        assert not banner.sentence


def test_the_menu_has_each_encoding_once_in_groups(make_app: MakeApp) -> None:
    keys = [key for key, _words in ENCODING_MENU]
    names = dict(ENCODING_MENU)

    assert [key for key in keys if key] == [one.value for one in Encoding]
    assert [words for key, words in ENCODING_MENU if not key] == ["Europe", "Cyrillic", "East Asia", "Mainframes"]
    assert (names["utf-8"], names["koi8-r"]) == ("UTF-8", "KOI8-R (Unix, Russian)")
    assert marked(make_app(), "Encoding") == "UTF-8"


def test_a_file_of_the_conversation_has_the_text_as_it_is_read(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    with socket.create_connection(("127.0.0.1", serve(app))) as peer:
        app.main_controller.choose_encoding("koi8-r")
        peer.sendall("жизнь".encode("koi8-r"))
        pump_until(lambda: "жизнь" in shown(app), app.root)
        app.main_controller.export_controller.open()
        dialog = app.main_controller.export_controller._dialog
        assert dialog is not None
        dialog.path.put(str(tmp_path / "talk.txt"))
        dialog.export_button.invoke()
        pump_until(lambda: bool(dialog.folder_button.winfo_manager()), app.root)
        dialog.close()

    text = (tmp_path / "talk.txt").read_text(encoding="utf-8")
    assert "# messages are read as KOI8-R; this file is UTF-8\n" in text
    assert "#1 >  жизнь\n" in text
