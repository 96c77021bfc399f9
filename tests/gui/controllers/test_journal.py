"""Journals of earlier runs in the window: opened, recovered, offered after a crash, listed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gui.app import App
from gui.journals.locks import lock_journal
from gui.viewmodels.presenter import present
from gui.viewmodels.session_rows import session_rows
from gui.viewmodels.typeset_row import FOUND
from tests.gui.conftest import PATIENCE, pump_until
from tests.gui.controllers.test_find import find
from tests.gui.driving import MakeApp, serve, shown
from tests.support.captures import RST, Caller, Frame, pcap, pcapng
from tests.support.damage import PAGE, small_journal
from tests.support.journals import write_journal

_YESTERDAY = "2026-01-02_03-04-05_{process}.tincan"


def open_journal(app: App, path: Path) -> None:
    app.main_controller.journal_controller.open(path)
    pump_until(lambda: app.main_controller.journal_controller._opening is None, app.root)


def rows(app: App) -> list[str]:
    """The names of the sessions in the list, however little room they have there."""
    return [
        row.text for row in session_rows(app.main_controller.window_state()) if row.number is None and not row.is_note
    ]


def killed_run(folder: Path) -> Path:
    """A journal as a run leaves it that was killed while it held its lock."""
    path = folder / "journals" / _YESTERDAY.format(process=999_999)
    path.parent.mkdir(parents=True)
    write_journal(path, 5)
    held = f"from pathlib import Path; from gui.journals import locks; locks.lock_journal(Path({str(path)!r})); print()"
    holder = f"import sys; {held}; sys.stdout.flush(); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    return path


def test_an_old_journal_stands_beside_the_sessions_of_this_run(make_app: MakeApp, tmp_path: Path) -> None:
    old = tmp_path / _YESTERDAY.format(process=1)
    write_journal(old, 300, connections=2)
    app = make_app()
    serve(app)

    open_journal(app, old)

    assert "02 Jan 2026 03:04:05" in app.root.title()
    assert "line 000000000299" in shown(app)
    assert any("Jan 2026" in row for row in rows(app))
    assert any("Jan 2026" not in row for row in rows(app))
    pump_until(lambda: "in 19.2 kB" in present(app.main_controller.window_state()).status.figures, app.root)


def test_a_capture_of_another_program_is_a_conversation_like_any_other(make_app: MakeApp, tmp_path: Path) -> None:
    talk = Caller().open()
    for data in (b"one\ntwo\nthr", b"ee\n"):
        talk.say(data)
    talk.say(b"an answer", back=True)
    (tmp_path / "talk.pcapng").write_bytes(pcapng([Frame(b"\x10 neither"), *talk.close().frames]))
    app = make_app()

    open_journal(app, tmp_path / "talk.pcapng")
    assert "Capture 10.0.0.1:80" in app.root.title()
    assert "1 packet is in no conversation" in app.window.banner.sentence
    assert "the client said goodbye (FIN)" in shown(app)

    app.main_controller.conversation.framing.use("line")
    pump_until(lambda: "three" in shown(app), app.root)
    find(app, "ANSWER")
    pump_until(lambda: bool(app.window.conversation.transcript.text.tag_ranges(FOUND)), app.root)


def test_a_capture_that_is_damaged_says_so_and_shows_what_is_before(make_app: MakeApp, tmp_path: Path) -> None:
    talk = Caller().open()
    talk.say(b"hello")
    talk.say(b"gone")
    (tmp_path / "talk.pcap").write_bytes(pcap(talk.frames)[:-1])
    app = make_app()

    open_journal(app, tmp_path / "talk.pcap")

    assert (
        "talk.pcap is damaged: it ends at byte 312, in the middle of a packet. 4 packets could be read."
        in app.window.banner.sentence
    )
    assert "hello" in shown(app)
    assert "gone" not in shown(app)


def test_a_capture_without_a_conversation_is_said_to_have_none(make_app: MakeApp, tmp_path: Path) -> None:
    reset = Caller()
    reset.say(flags=RST)  # of a connection that was over before the capture began
    (tmp_path / "none.pcap").write_bytes(pcap(reset.frames))
    app = make_app()

    app.main_controller.journal_controller.open(tmp_path / "none.pcap")

    pump_until(lambda: bool(app.window.banner.sentence), app.root)
    assert app.window.banner.sentence == "none.pcap has no conversation over TCP or UDP."


def test_connections_of_an_old_journal_are_not_asked_about_when_quitting(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / _YESTERDAY.format(process=1)
    write_journal(old, 300, connections=2)
    app = make_app()
    open_journal(app, old)
    left: list[bool] = []
    with monkeypatch.context() as patch:
        patch.setattr(app, "leave", lambda: left.append(True))

        app.main_controller.quit()

    assert left
    assert "Quit all the same?" not in app.window.banner.sentence


def test_a_journal_is_read_on_after_an_opening_that_took_so_long_that_it_was_told(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line that tells goes then, which cancels the opening; questions of every length are answered after it."""
    monkeypatch.setattr("gui.controllers.journal._TELL_AFTER", -1.0)
    monkeypatch.setattr("core.journal.reading.reader._BETWEEN_LOOKS", 1)
    old = tmp_path / "long.tincan"
    write_journal(old, 3_000)
    app = make_app()

    open_journal(app, old)

    pump_until(lambda: "line 000000002999" in shown(app), app.root)


def test_a_journal_that_is_open_already_is_shown_again(make_app: MakeApp, tmp_path: Path) -> None:
    old = tmp_path / "mine.tincan"
    write_journal(old, 3)
    app = make_app()
    open_journal(app, old)
    serve(app)

    open_journal(app, old)

    assert "mine.tincan" in app.root.title()
    assert len([row for row in rows(app) if "mine.tincan" in row]) == 1


def test_the_journal_of_this_run_is_not_opened_twice(make_app: MakeApp) -> None:
    app = make_app()
    serve(app)
    path = app.own_journal.path
    assert path is not None

    app.main_controller.journal_controller.open(path)

    assert "all of it is in the list" in app.window.banner.sentence


@pytest.mark.case("C-62")
def test_of_a_damaged_journal_is_shown_what_can_be_read(make_app: MakeApp, tmp_path: Path) -> None:
    old = tmp_path / "hurt.tincan"
    whole = small_journal(old)
    old.write_bytes(whole[:PAGE] + os.urandom(PAGE) + whole[2 * PAGE :])
    damaged = old.read_bytes()
    app = make_app()

    open_journal(app, old)

    assert "is damaged" in app.window.banner.sentence
    assert "hurt.recovered.tincan" in app.window.banner.sentence
    assert any("hurt.tincan" in row for row in [app.root.title(), *rows(app)])
    assert old.read_bytes() == damaged


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"no journal at all" * 500, "is not a journal"), (None, "is not there")],
)
def test_what_is_no_journal_is_refused_with_a_sentence(
    make_app: MakeApp, tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "strange.tincan"
    if content is not None:
        path.write_bytes(content)
    app = make_app()

    open_journal(app, path)

    assert words in app.window.banner.sentence
    assert app.main_controller.sessions == {}


def test_after_a_crash_the_last_journal_is_offered_once(make_app: MakeApp, tmp_path: Path) -> None:
    path = killed_run(tmp_path)

    app = make_app(folder=tmp_path)
    pump_until(lambda: "ended without warning" in app.window.banner.sentence, app.root)
    assert "02 Jan 2026" in app.window.banner.sentence
    app.window.banner.buttons[0].invoke()
    pump_until(lambda: "line 000000000004" in shown(app), app.root)
    app.leave()

    again = make_app(folder=tmp_path)
    pump_until(lambda: all(worker.is_over for worker in again.main_controller.journal_controller._workers), again.root)
    again.root.update()
    assert again.window.banner.sentence == ""
    assert path.exists()


def test_recent_journals_say_what_is_in_them(make_app: MakeApp, tmp_path: Path) -> None:
    folder = tmp_path / "journals"
    folder.mkdir()
    write_journal(folder / _YESTERDAY.format(process=999_998), 12)
    app = make_app(folder=tmp_path)
    known: list[bool] = []

    (first,) = app.main_controller.recent_journals(lambda: known.append(True))
    pump_until(lambda: bool(known), app.root)
    (label, act) = app.main_controller.recent_journals(lambda: None)[0]

    assert first[0].startswith("02 Jan 2026 03:04:05  ·  …")
    assert "Server 127.0.0.1:5555, 1 connection, 14 entries" in label
    act()
    pump_until(lambda: "line 000000000011" in shown(app), app.root)


def test_a_journal_that_another_run_writes_can_be_read_meanwhile(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "theirs.tincan"
    write_journal(path, 4)
    app = make_app()
    with lock_journal(path):
        open_journal(app, path)

    assert "line 000000000003" in shown(app)


def test_the_window_closes_while_a_long_journal_is_counted(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "long.tincan"
    write_journal(path, 100_000)
    app = make_app()
    open_journal(app, path)
    began = time.monotonic()

    app.leave()

    assert time.monotonic() - began < PATIENCE
    assert all(worker.is_over for worker in app.main_controller.journal_controller._workers)


def test_a_journal_is_looked_for_where_the_journals_are(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    asked: list[dict[str, object]] = []

    def ask(**options: object) -> str:
        asked.append(options)
        return ""

    monkeypatch.setattr("tkinter.filedialog.askopenfilename", ask)
    app.main_controller.commands["open_journal"]()

    assert asked[0]["initialdir"] == str(app.own_journal.folder)
    assert app.own_journal.folder.is_dir()


def test_the_reply_of_an_old_server_is_told_and_not_to_be_chosen(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "old.tincan"
    write_journal(path, 3)
    app = make_app()
    app.main_controller.choose_reply("none")

    open_journal(app, path)

    chooser = app.window.conversation.reply
    state = app.main_controller.state
    assert state is not None
    assert chooser.key == state.reply != "none"
    assert chooser.instate(["disabled"])
    serve(app)
    pump_until(lambda: chooser.instate(["!disabled"]), app.root)
