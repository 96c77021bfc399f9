"""Things that go on over time, through the whole program over real sockets: repeats, files out, files in."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.compose import Draft, Encoding, Format, SavedMessage
from core.steps.step import Expectation
from core.steps.step_file import read_step_file
from gui.app import App
from gui.controllers.task_strips import MOST_TASKS
from gui.viewmodels.repeating import ListStep, RepeatRequest
from gui.views.dialogs.repeat_dialog import LIST, RepeatDialog
from gui.views.dialogs.send_file_dialog import KeepDialog, SendFileDialog
from gui.views.dialogs.steps_table import StepsTable
from gui.views.task_strip import TaskStrip
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, serve, shown

Talk = tuple[App, socket.socket]


@pytest.fixture
def talk(make_app: MakeApp) -> Iterator[Talk]:
    """A client in the window, and the socket that it talks to."""
    app = make_app()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connect(app, listener.getsockname()[1])
        peer, _address = listener.accept()
    with peer:
        peer.settimeout(5)
        yield app, peer


def strips(app: App) -> list[TaskStrip]:
    return [part for part in app.window.tasks.pack_slaves() if isinstance(part, TaskStrip)]


def strip(app: App) -> TaskStrip:
    """The one strip."""
    (only,) = strips(app)
    return only


def until(app: App, condition: Callable[[], bool]) -> None:
    pump_until(condition, app.root)


def said(app: App, words: str) -> None:
    """Wait until a strip says that."""
    until(app, lambda: any(words in one.words for one in strips(app)))


def write(app: App, text: str) -> None:
    app.window.composer.field.insert("end", text)


def repeat(app: App, *, every: str = "5", times: str = "") -> RepeatDialog:
    """Fill in what the window asks for; nothing is started yet."""
    app.main_controller.commands["repeat"]()
    dialog = app.main_controller.tasks.repeat_dialog
    assert dialog is not None
    dialog.every.field.put(every)
    if times:
        dialog.often.buttons[1].invoke()
        dialog.times.field.put(times)
    return dialog


def received(peer: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += peer.recv(size - len(data)) or pytest.fail(f"the end after {data!r}")
    return data


def test_the_message_in_the_field_goes_out_again_and_again(talk: Talk) -> None:
    app, peer = talk
    write(app, "ping")

    repeat(app, times="3").begin_button.invoke()

    said(app, "Done: 3 of 3 sent")
    assert received(peer, 12) == b"pingpingping"
    assert "Every 5 ms to 127.0.0.1" in strip(app).words
    assert "p99" in strip(app).words
    assert app.window.composer.text == "ping"


def test_macros_count_on_and_the_field_goes_on_where_they_ended(talk: Talk) -> None:
    app, peer = talk
    app.main_controller.sending.count = 7
    app.window.composer.choose(app.window.composer.message_format.__class__("escapes"))
    write(app, "\\{counter} ")

    repeat(app, times="3").begin_button.invoke()
    said(app, "Done")
    app.window.composer.send_button.invoke()

    assert received(peer, 9) == b"8 9 10 11"[:9]
    assert app.main_controller.sending.count == 11


def test_a_repeat_runs_until_it_is_stopped_whatever_is_on_view(talk: Talk) -> None:
    app, peer = talk
    write(app, "x")
    repeat(app).begin_button.invoke()
    said(app, " sent")

    serve(app)
    before = received(peer, 3)
    running = strip(app)
    running.ends[0].invoke()

    said(app, "Stopped")
    assert before == b"xxx"
    running.close_button.invoke()
    assert strips(app) == []


def test_the_key_cancels_all_tasks(talk: Talk) -> None:
    app, _peer = talk
    write(app, "x")
    repeat(app).begin_button.invoke()
    repeat(app, every="7").begin_button.invoke()
    until(app, lambda: [one.is_running for one in strips(app)] == [True, True])

    app.main_controller.commands["stop_task"]()
    until(app, lambda: not any(one.is_running for one in strips(app)))

    app.main_controller.commands["stop_task"]()
    assert "Nothing is being" in app.window.banner.sentence


def test_saved_messages_go_out_in_order(talk: Talk) -> None:
    app, peer = talk
    dialog = repeat(app, times="2")
    dialog.what.buttons[1].invoke()
    assert dialog.what.key == LIST
    until(app, lambda: bool(app.main_controller.saved.messages))
    messages = [SavedMessage.of(name, Draft(name, Format.TEXT)) for name in ("one,", "two;")]
    dialog.list.offer(messages)
    for place in (1, 2):
        dialog.list.add.current(place)
        dialog.list.add.event_generate("<<ComboboxSelected>>")
    dialog.list.pause.field.put("1")

    dialog.begin_button.invoke()

    said(app, "Done: 4 of 4 sent")
    assert received(peer, 16) == b"one,two;one,two;"


def test_what_cannot_be_is_said_at_its_place_and_nothing_is_lost(talk: Talk) -> None:
    app, _peer = talk
    dialog = repeat(app, every="soon", times="0")

    dialog.begin_button.invoke()

    assert "Write a message first" in dialog.complaint(dialog.what)
    assert "a number of milliseconds from 1" in dialog.complaint(dialog.every)
    assert "a whole number from 1" in dialog.complaint(dialog.often)
    assert dialog.every.field.text == "soon"
    assert strips(app) == []
    dialog.destroy()


def test_a_message_that_is_none_is_refused_before_anything_goes_out(talk: Talk) -> None:
    app, _peer = talk
    app.window.composer.choose(app.window.composer.message_format.__class__("hex"))
    write(app, "0")
    dialog = repeat(app)

    dialog.begin_button.invoke()

    assert dialog.complaint(dialog.what)
    assert strips(app) == []
    dialog.destroy()


def test_nobody_to_repeat_to_is_said(make_app: MakeApp) -> None:
    app = make_app()
    write(app, "x")
    dialog = repeat(app)

    dialog.begin_button.invoke()

    assert "F5" in dialog.complaint(dialog.to)
    dialog.destroy()


def test_a_repeat_ends_with_those_it_was_meant_for(talk: Talk) -> None:
    app, peer = talk
    write(app, "x")
    repeat(app).begin_button.invoke()
    received(peer, 1)

    app.window.address.client_button.invoke()

    said(app, "Ended early")
    assert "Nobody is left to send to." in strip(app).words


def send_file(app: App, path: Path) -> SendFileDialog:
    app.main_controller.commands["send_file"]()
    dialog = app.main_controller.tasks.file_dialog
    assert dialog is not None
    dialog.file.put(str(path))
    return dialog


def test_a_file_goes_out_whole(talk: Talk, tmp_path: Path) -> None:
    app, peer = talk
    data = bytes(range(256)) * 800
    (tmp_path / "picture.bin").write_bytes(data)

    dialog = send_file(app, tmp_path / "picture.bin")
    dialog.begin_button.invoke()

    assert received(peer, len(data)) == data
    said(app, "Done: 204.8 kB of 204.8 kB")
    assert "picture.bin" in strip(app).words
    assert dialog.is_gone


def test_a_file_goes_out_line_by_line_and_can_be_cancelled(talk: Talk, tmp_path: Path) -> None:
    app, peer = talk
    (tmp_path / "lines.txt").write_bytes(b"one\ntwo\n")
    dialog = send_file(app, tmp_path / "lines.txt")
    dialog.how.buttons[1].invoke()
    dialog.pause.field.put("60000")

    dialog.begin_button.invoke()

    assert received(peer, 4) == b"one\n"
    said(app, "4 B of 8 B")
    strip(app).ends[0].invoke()
    said(app, "Stopped: 4 B of 8 B")


@pytest.mark.parametrize(("name", "words"), [("", "is a folder"), ("none.bin", "is not there")])
def test_what_is_no_file_is_said_where_it_was_asked_for(talk: Talk, tmp_path: Path, name: str, words: str) -> None:
    app, _peer = talk
    dialog = send_file(app, tmp_path / name)

    dialog.begin_button.invoke()

    until(app, lambda: words in dialog.complaint(dialog.file))
    assert strips(app) == []
    assert not dialog.begin_button.instate(["disabled"])
    dialog.destroy()


def test_no_file_and_no_pause_are_said(talk: Talk, tmp_path: Path) -> None:
    app, _peer = talk
    dialog = send_file(app, tmp_path)
    dialog.file.put("")
    dialog.begin_button.invoke()
    assert "choose one" in dialog.complaint(dialog.file)

    dialog.file.put(str(tmp_path))
    dialog.how.buttons[1].invoke()
    dialog.pause.field.put("-1")
    dialog.begin_button.invoke()
    assert "milliseconds from 0" in dialog.complaint(dialog.pause)
    dialog.destroy()


def keep(app: App, path: Path) -> KeepDialog:
    app.main_controller.commands["keep_received"]()
    dialog = app.main_controller.tasks.keep_dialog
    assert dialog is not None
    dialog.file.put(str(path))
    return dialog


def test_what_was_received_is_saved_as_it_came(talk: Talk, tmp_path: Path) -> None:
    app, peer = talk
    peer.sendall(b"\x00abc\xff")
    until(app, lambda: "abc" in shown(app))

    keep(app, tmp_path / "got.bin").begin_button.invoke()

    said(app, "Done: 5 B written")
    assert (tmp_path / "got.bin").read_bytes() == b"\x00abc\xff"


def test_what_is_to_come_is_saved_until_it_is_stopped(talk: Talk, tmp_path: Path) -> None:
    app, peer = talk
    dialog = keep(app, tmp_path / "got.bin")
    dialog.what.buttons[1].invoke()
    dialog.begin_button.invoke()

    peer.sendall(b"later")
    said(app, "5 B written")
    strip(app).ends[0].invoke()

    said(app, "Stopped: 5 B written")
    assert (tmp_path / "got.bin").read_bytes() == b"later"


def test_what_is_discarded_leaves_no_file(talk: Talk, tmp_path: Path) -> None:
    app, _peer = talk
    dialog = keep(app, tmp_path / "got.bin")
    dialog.what.buttons[1].invoke()
    dialog.begin_button.invoke()

    strip(app).ends[1].invoke()

    said(app, "No file was written")
    assert not (tmp_path / "got.bin").exists()


def test_a_file_that_is_there_is_replaced_only_knowingly(talk: Talk, tmp_path: Path) -> None:
    app, _peer = talk
    (tmp_path / "got.bin").write_bytes(b"precious")
    dialog = keep(app, tmp_path / "got.bin")

    dialog.begin_button.invoke()
    assert "such a file already" in dialog.complaint(dialog.file)
    assert (tmp_path / "got.bin").read_bytes() == b"precious"
    assert dialog.begin_button.cget("text") == "Replace"

    dialog.begin_button.invoke()
    said(app, "Done: 0 B written")
    assert (tmp_path / "got.bin").read_bytes() == b""


def test_a_name_that_no_file_can_have_is_told(talk: Talk, tmp_path: Path) -> None:
    app, _peer = talk
    dialog = keep(app, tmp_path / ("x" * 300))

    dialog.begin_button.invoke()

    said(app, f"x cannot be a file: {'its name has 300' if sys.platform == 'win32' else 'File name too long'}")


def test_there_is_nothing_to_save_before_the_first_connection(make_app: MakeApp) -> None:
    app = make_app()

    app.main_controller.commands["keep_received"]()

    assert "Nothing was received yet" in app.window.banner.sentence
    assert app.main_controller.tasks.keep_dialog is None


def test_what_an_earlier_run_received_is_exported_instead(talk: Talk, make_app: MakeApp) -> None:
    app, _peer = talk
    journal = app.main_controller.workbench.journal
    assert journal is not None
    app.leave()
    later = make_app()
    later.main_controller.journal_controller.open(journal)
    until(later, lambda: later.main_controller.state is not None)

    later.main_controller.commands["keep_received"]()

    assert "Ctrl+S exports it" in later.window.banner.sentence
    assert later.main_controller.tasks.keep_dialog is None


def test_more_than_there_is_room_for_is_refused(talk: Talk) -> None:
    app, _peer = talk
    write(app, "x")
    whys = [app.main_controller.tasks.repeat(RepeatRequest(60_000, None)) for _ in range(MOST_TASKS + 1)]

    assert whys == [""] * MOST_TASKS + [f"{MOST_TASKS} tasks are running already: cancel one of them first."]
    assert bool(app.window.composer.field.winfo_ismapped())


@pytest.mark.case("C-66")
def test_the_program_ends_at_once_with_all_of_it_running(talk: Talk, tmp_path: Path) -> None:
    app, peer = talk
    (tmp_path / "lines.txt").write_text("one\ntwo\n")
    write(app, "x")
    repeat(app, every="1").begin_button.invoke()
    dialog = send_file(app, tmp_path / "lines.txt")
    dialog.how.buttons[1].invoke()
    dialog.begin_button.invoke()
    saving = keep(app, tmp_path / "got.bin")
    saving.what.buttons[1].invoke()
    saving.begin_button.invoke()
    peer.sendall(b"kept")
    said(app, "4 B written")

    app.leave()

    assert app.late == []
    assert (tmp_path / "got.bin").read_bytes() == b"kept"


def wait_list(*steps: ListStep, times: int | None = 1) -> RepeatRequest:
    return RepeatRequest(1000, times, steps)


def says(text: str, *, when: str = "", pattern: str = "", within: int = 5_000) -> ListStep:
    expected = Expectation(when, pattern, within) if when else None
    return ListStep(SavedMessage.of(text, Draft(text, Format.ESCAPES)), 0, expected)


def test_a_list_that_waits_uses_what_was_answered_and_shows_its_table(talk: Talk) -> None:
    app, peer = talk
    why = app.main_controller.tasks.repeat(
        wait_list(says("T?", when="regex", pattern=r"^(?P<t>\S+) C$"), says(r"SET \{t}", when="equals", pattern="OK"))
    )
    assert why == ""
    assert received(peer, 2) == b"T?"
    peer.sendall(b"21.")
    peer.sendall(b"5 C")
    assert received(peer, 8) == b"SET 21.5"
    peer.sendall(b"OK")
    said(app, "Done: 2 as wished, 0 not")
    strip(app).looks[0].invoke()
    app.root.update()
    tables = [window for window in app.root.winfo_children() if isinstance(window, StepsTable)]
    (table,) = tables
    assert [str(table.tree.item(row, "values")[4]) for row in table.tree.get_children()] == ["yes", "yes"]
    table.destroy()


def test_an_answer_is_read_in_the_encoding_of_its_message(talk: Talk) -> None:
    app, peer = talk
    message = SavedMessage.of("ж", Draft("ж", Format.TEXT, Encoding.KOI8_R))
    step = ListStep(message, 0, Expectation("equals", "ж", 5_000))
    assert app.main_controller.tasks.repeat(wait_list(step)) == ""
    assert received(peer, 1) == "ж".encode("koi8-r")
    peer.sendall("ж".encode("koi8-r"))
    said(app, "Done: 1 as wished, 0 not")


def test_an_answer_that_does_not_come_ends_it_in_so_many_words(talk: Talk) -> None:
    app, peer = talk
    assert app.main_controller.tasks.repeat(wait_list(says("a", when="any", within=20), says("b"))) == ""
    said(app, "Ended early: 0 as wished, 1 not")
    assert "Step 1 was not as wished." in strip(app).words
    assert received(peer, 1) == b"a"


def test_why_a_list_cannot_wait_is_said_at_its_place(talk: Talk) -> None:
    app, _peer = talk
    tasks = app.main_controller.tasks
    assert tasks.repeat(wait_list(says("a", when="regex", pattern="("))).startswith("Step 1: that is no regular")
    assert tasks.repeat(wait_list(says("a", when="any"), says(r"\{7}"))).startswith("Step 2: there is no macro")
    assert strips(app) == []


def test_a_list_that_waits_can_be_stopped(talk: Talk) -> None:
    app, peer = talk
    assert app.main_controller.tasks.repeat(wait_list(says("a", when="equals", pattern="x"), times=None)) == ""
    assert received(peer, 1) == b"a"
    strip(app).ends[0].invoke()
    said(app, "Stopped")


def test_a_list_is_saved_as_a_file_that_can_be_played(talk: Talk, tmp_path: Path) -> None:
    app, _peer = talk
    app.main_controller.conversation.framing.use("line")
    tasks, path = app.main_controller.tasks, tmp_path / "asked.json"
    request = wait_list(says("T?", when="regex", pattern="^(.) C"), says(r"\{1}"))
    assert tasks.save_steps(request, path) == ""
    saved = read_step_file(path).list
    assert (saved.name, saved.framing, saved.frame) == ("asked", "line", "raw")
    assert saved.target == str(app.main_controller.state and app.main_controller.state.target)
    assert [step.expected for step in saved.steps] == [Expectation("regex", "^(.) C", 5_000), None]
    assert "no_such_folder" in tasks.save_steps(request, tmp_path / "no_such_folder" / "x.json")
    assert tasks.save_steps(wait_list(says("a", when="regex", pattern="(")), path).startswith("Step 1:")
    assert read_step_file(path).list == saved
