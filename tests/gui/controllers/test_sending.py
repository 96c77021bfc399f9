"""Writing and sending through the whole program: what a peer gets is what was shown."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

import pytest

from core.address import Address
from core.settings import DEFAULTS, KIB
from gui.app import App
from gui.controllers.sending import SendingController
from gui.preferences import PreferencesFile
from gui.viewmodels.drafting import ComposeError, MessageFormat, Preview
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, say, serve, shown
from tests.gui.test_talking import Heartbeat
from tests.support.peers import NeverReads


@contextmanager
def peer_of(app: App) -> Iterator[socket.socket]:
    """A program that the window's server talks to."""
    with socket.create_connection(("127.0.0.1", serve(app))) as peer:
        peer.settimeout(5)
        pump_until(lambda: "#1 connected" in shown(app), app.root)
        yield peer
    pump_until(lambda: "#1 has finished sending" in shown(app), app.root)


def receive(peer: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += peer.recv(size - len(found))
    return found


def test_bytes_typed_as_hex_arrive_in_their_frame(make_app: MakeApp) -> None:
    app = make_app()
    with peer_of(app) as peer:
        app.window.composer.choose(MessageFormat("hex", ending="lf", framing="length:2be"))

        say(app, "DE AD, be:ef")

        assert receive(peer, 7) == b"\x00\x05\xde\xad\xbe\xef\n"
        assert app.window.composer.text == ""


def test_a_message_is_called_unheard_only_as_long_as_nobody_is_there(make_app: MakeApp) -> None:
    app = make_app()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app.window.address.fill("127.0.0.1", str(listener.getsockname()[1]))
        app.window.address.client_button.invoke()
        app.window.composer.field.insert("end", "early")
        app.window.composer.submit()
        assert app.window.composer.complaint == "A moment…"

        pump_until(lambda: "connected to" in shown(app), app.root)

        assert app.window.composer.complaint == ""
        assert app.window.composer.text == "early"


def test_why_a_message_did_not_go_out_is_not_said_of_another_that_is_put_there(make_app: MakeApp) -> None:
    app = make_app()
    say(app, "for nobody")
    assert app.window.composer.complaint

    app.window.composer.put("another", MessageFormat())

    assert app.window.composer.complaint == ""


def test_a_counter_counts_what_went_out_and_nothing_else(make_app: MakeApp) -> None:
    app = make_app()
    app.window.composer.choose(MessageFormat("escapes"))
    say(app, r"\{counter},")
    assert app.window.composer.complaint
    with peer_of(app) as peer:
        field = app.window.composer.field
        field.insert("end", "\\q")
        app.window.composer.submit()
        assert app.window.composer.field.marked == "\\q"
        field.delete("end-3c", "end-1c")
        pump_until(lambda: "31 2c" in app.window.composer.bytes_line.words, app.root)

        app.window.composer.submit(keep=True)
        app.window.composer.submit(keep=True)
        pump_until(lambda: "33 2c" in app.window.composer.bytes_line.words, app.root)

        assert receive(peer, 4) == b"1,2,"


def test_a_repeat_that_has_counted_less_than_a_person_meanwhile_sets_nothing_back(make_app: MakeApp) -> None:
    app = make_app()
    app.window.composer.choose(MessageFormat("escapes"))
    with peer_of(app) as peer:
        for number in (1, 2, 3):
            say(app, r"\{counter},")
            assert receive(peer, 2) == b"%d," % number
        app.main_controller.sending.count_on(1, {})
        say(app, r"\{counter},")
        assert receive(peer, 2) == b"4,"
        app.main_controller.sending.count_on(8, {})
        say(app, r"\{counter},")
        assert receive(peer, 2) == b"9,"


def test_a_draft_of_another_encoding_keeps_it_when_the_conversation_is_read_in_another(make_app: MakeApp) -> None:
    app = make_app()
    with peer_of(app) as peer:
        sending = app.main_controller.sending
        sending.use_message_format(MessageFormat("text", encoding="latin-1"))  # as a message that is taken up again has
        app.main_controller.choose_encoding("utf-16-le")
        say(app, "Å")
        assert receive(peer, 1) == b"\xc5"
        say(app, "Å")
        assert receive(peer, 2) == b"\xc5\x00"


def test_a_variable_is_kept_once_a_message_has_set_it(make_app: MakeApp) -> None:
    app = make_app()
    composer, sending = app.window.composer, app.main_controller.sending
    composer.choose(MessageFormat("escapes"))
    with peer_of(app) as peer:
        say(app, r"\{unit}")
        assert "sets a variable" in composer.complaint
        composer.field.delete("1.0", "end")
        say(app, r"\{unit=17}")
        assert receive(peer, 2) == b"17"
        say(app, r"\{unit}\{other=x}")
        assert receive(peer, 3) == b"17x"
        rows = sending.macros("", MessageFormat("escapes"), 0)
        assert [(row.syntax, row.becomes) for row in rows if row.name == "variable"][1:] == [
            (r"\{unit}", "“17”"),
            (r"\{other}", "“x”"),
        ]
        say(app, r"\{unit=}!")
        assert receive(peer, 1) == b"!"
    assert app.main_controller.preferences.variables == {"other": "x"}


def test_random_bytes_go_out_as_they_were_shown_and_are_others_next_time(make_app: MakeApp) -> None:
    app = make_app()
    with peer_of(app) as peer:
        app.root.geometry("1100x660")  # all of the bytes are to be read
        app.window.composer.choose(MessageFormat("escapes"))
        app.window.composer.field.insert("end", r"\{random:8}")
        line = app.window.composer.bytes_line
        pump_until(lambda: line.words.startswith("8 bytes"), app.root)
        promised = bytes.fromhex("".join(line.words.split("  ")[1].split()[:8]))

        app.window.composer.submit(keep=True)
        app.window.composer.submit()

        first, second = receive(peer, 8), receive(peer, 8)
        assert first == promised
        assert second != first


def test_the_bytes_that_are_shown_are_the_next_ones_though_a_saved_message_went_out_in_between(
    make_app: MakeApp,
) -> None:
    app = make_app()
    with peer_of(app) as peer:
        app.window.composer.choose(MessageFormat("escapes"))
        app.window.composer.field.insert("end", r"\{counter} \{random:4}")
        line = app.window.composer.bytes_line
        pump_until(lambda: "31 20" in line.words, app.root)
        sent: list[bool] = []

        app.main_controller.sending.send(
            [r"\{counter} \{random:4}"], MessageFormat("escapes"), lambda result: sent.append(result.is_accepted)
        )
        pump_until(lambda: sent == [True] and "32 20" in line.words, app.root)
        promised = bytes.fromhex("".join(line.words.split("  ")[1].split()[:6]))
        app.window.composer.submit()

        assert receive(peer, 6)[:2] == b"1 "
        assert receive(peer, 6) == promised


def test_lines_are_sent_as_messages_of_their_own_and_all_or_none(make_app: MakeApp) -> None:
    app = make_app()
    composer = app.window.composer
    with peer_of(app) as peer:
        composer.choose(MessageFormat("escapes", ending="crlf"))
        app.root.clipboard_clear()
        app.root.clipboard_append("EHLO me\nNOOP \\q\nQUIT\n")
        composer.field.focus_force()
        composer.field.event_generate("<<Paste>>")
        app.root.update()
        composer.submit()
        composer._draft.question.buttons[1].invoke()
        assert composer.field.marked == "\\q"

        composer.field.delete("2.4", "2.7")
        composer.submit()
        pump_until(lambda: composer.text == "", app.root)  # the window may get its turn between two of them

        assert receive(peer, 21) == b"EHLO me\r\nNOOP\r\nQUIT\r\n"
    assert app.main_controller.preferences.messages[0].format == "escapes"


def paste_as_lines(app: App, text: str) -> None:
    """Paste lines and send each as a message of its own, by keys."""
    composer = app.window.composer
    app.root.clipboard_clear()
    app.root.clipboard_append(text)
    composer.field.focus_force()
    app.root.update()
    for key in ("<Control-v>", "<Return>", "<Tab>", "<Return>"):  # the question comes up at its first button
        focused = app.root.focus_get()
        assert focused is not None
        focused.event_generate(key)
        app.root.update()


def fill(app: App, number: int, room: int) -> None:
    """Let so much wait for a peer that does not read that there is room for so many bytes."""
    state = app.main_controller.state
    assert state is not None
    one = next(one for one in state.connections if one.number == number)
    connection = app.main_controller.workbench._sessions[state.session].connection(one.connection)
    assert connection is not None
    while (left := DEFAULTS.outbox - connection.waiting - room) > 0:
        connection.send_exactly(bytes(min(left, 64 * KIB)))


def test_of_many_messages_it_is_said_how_many_went_out_before_the_receiver_was_full(make_app: MakeApp) -> None:
    app = make_app()
    app.window.composer.choose(MessageFormat(ending="lf"))
    with NeverReads.calls(Address("127.0.0.1", serve(app))) as peer:
        pump_until(lambda: "#1 connected" in shown(app), app.root)
        fill(app, 1, 1000)

        paste_as_lines(app, "one".ljust(1500) + "\ntwo\nthree\n")

        pump_until(lambda: bool(app.window.composer.complaint), app.root)
        complaint = app.window.composer.complaint
        assert complaint.startswith("Not sent: ")
        assert f"127.0.0.1:{peer.port} does not read" in complaint
        assert complaint.endswith(" 1 of the 3 messages went out.")
        assert app.window.composer.text.endswith("two\nthree\n")
    pump_until(lambda: "#1 closed" in shown(app) or "reset" in shown(app), app.root)


def test_who_did_not_get_a_message_is_named_and_the_others_have_it(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    with NeverReads.calls(Address("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)) as reads:
        reads.settimeout(5)
        pump_until(lambda: "#2 connected" in shown(app), app.root)
        fill(app, 1, 0)

        say(app, "hello")

        assert receive(reads, 5) == b"hello"
        assert app.window.composer.complaint.startswith("Not sent to #1: ")
        assert "does not read" in app.window.composer.complaint
        assert app.window.composer.text == ""
    pump_until(lambda: "#1 closed" in shown(app) or "reset" in shown(app), app.root)


def test_more_lines_than_go_out_at_once_are_counted_and_none_of_them_goes_out(make_app: MakeApp) -> None:
    app = make_app()
    app.window.composer.choose(MessageFormat(ending="lf"))
    with peer_of(app) as peer:
        paste_as_lines(app, "x\n" * 10_001)

        assert app.window.composer.complaint == "These are 10,001 messages, and no more than 10,000 go out at once."
        assert app.window.composer.text == "x\n" * 10_001
        app.window.composer.field.put("")
        say(app, "end")
        assert receive(peer, 4) == b"end\n"


def test_a_message_of_no_bytes_is_none(make_app: MakeApp) -> None:
    app = make_app()
    with peer_of(app):
        app.window.composer.choose(MessageFormat("hex"))

        say(app, "  ")

        assert app.window.composer.complaint == "There is no byte in this message."
        assert app.window.composer.text == "  "


def test_a_message_to_one_that_is_gone_goes_to_nobody_else(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    with socket.create_connection(("127.0.0.1", port)) as stays:
        stays.settimeout(0.2)
        with socket.create_connection(("127.0.0.1", port)):
            pump_until(lambda: "#2 connected" in shown(app), app.root)
            app.window.composer.row.to.button.invoke()
            app.window.composer.row.to.list.ticks[1].invoke()
        pump_until(lambda: "#2 has finished sending" in shown(app), app.root)
        state = app.main_controller.state
        assert state is not None
        gone = next(one for one in state.connections if one.number == 2)
        app.main_controller.workbench.disconnect(state.session, gone.connection)
        pump_until(lambda: "#2 closed" in shown(app), app.root)

        say(app, "for #2 only")

        assert app.window.composer.complaint == "Whoever this was for is gone: choose under To who gets it."
        assert app.window.composer.text == "for #2 only"
        with pytest.raises(TimeoutError):
            stays.recv(1)
    pump_until(lambda: "#1 has finished sending" in shown(app), app.root)


def test_how_messages_are_written_is_remembered(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    connect(app, port)
    message_format = MessageFormat("hex", "gb18030", "nul", "length:4le")
    app.window.composer.choose(message_format)
    say(app, "0a")
    folder = app._file.path.parent
    app.leave()

    again = make_app(folder)

    assert PreferencesFile(folder / "settings.json").load().message_format == message_format
    assert again.window.composer.message_format == message_format
    assert again.window.composer.row.options.frame.winfo_manager()
    again.window.composer.field.focus_force()
    again.window.composer.field.event_generate("<Up>")
    assert again.window.composer.text == "0a"


def test_a_megabyte_of_hex_is_worked_out_aside_and_sent_as_it_is(make_app: MakeApp) -> None:
    app = make_app()
    composer = app.window.composer
    data = bytes(range(256)) * 3_900
    with peer_of(app) as peer:
        composer.choose(MessageFormat("hex"))
        composer.field.insert_here(data.hex(" ", 1))
        heart = Heartbeat(app.root)
        pump_until(lambda: f"{len(data):,} bytes" in composer.bytes_line.words, app.root)

        composer.submit()
        pump_until(lambda: composer.text == "", app.root)

        assert receive(peer, len(data)) == data
        assert max(heart.spent) < 1.0


def test_another_format_for_a_long_message_comes_though_its_bytes_are_asked_for_meanwhile(make_app: MakeApp) -> None:
    app = make_app()
    posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
    controller = SendingController(app.main_controller, posted.put)
    text, hexes = "00 " * 10_000, MessageFormat("hex")
    previews: list[Preview | ComposeError] = []
    converted: list[str | ComposeError] = []
    controller.work_out(text, hexes, previews.append)
    controller.convert(text, hexes, MessageFormat("escapes"), converted.append)
    controller.work_out(text, hexes, previews.append)

    while len(previews) < 2:
        posted.get(timeout=10)()

    assert converted == ["\\0" * 10_000]


def test_of_the_previews_that_wait_only_the_newest_is_worked_out_and_after_what_else_waits(make_app: MakeApp) -> None:
    app = make_app()
    posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
    controller = SendingController(app.main_controller, posted.put)
    hexes, told = MessageFormat("hex"), list[int | str]()

    def tell(found: Preview | ComposeError) -> None:
        assert isinstance(found, Preview)
        told.append(found.size)

    for size in (10_000, 20_000, 30_000):
        controller.work_out("00 " * size, hexes, tell)
    controller.convert("00 " * 5_000, hexes, MessageFormat("escapes"), lambda _found: told.append("converted"))
    while len(told) < 3:
        posted.get(timeout=10)()

    assert told == [10_000, "converted", 30_000]


def test_a_message_that_goes_out_late_leaves_the_place_in_another_conversation_alone(make_app: MakeApp) -> None:
    app = make_app()
    posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
    controller, told = SendingController(app.main_controller, posted.put), list[bool]()
    transcript = app.window.conversation.transcript
    port = serve(app)
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.settimeout(5)
        pump_until(lambda: "#1 connected" in shown(app), app.root)
        controller.open(app.window)
        controller.send(["61 " * 10_000], MessageFormat("hex"), lambda result: told.append(result.is_accepted))
        connect(app, port)
        gone: list[bool] = []
        for line in range(100):
            app.main_controller.sending.send(
                [f"line {line}"], MessageFormat(), lambda outcome: gone.append(outcome.is_accepted)
            )
        pump_until(lambda: len(gone) == 100 and transcript.top_place > 0, app.root)  # each takes the view to the end
        transcript.to_start()
        pump_until(lambda: transcript.top_place == 0, app.root)

        while not told:
            posted.get(timeout=10)()
        app.root.update()

        assert told == [True]
        assert receive(peer, 1) == b"a"
        assert transcript.top_place == 0


def test_the_window_gets_its_turn_between_two_steps_that_prepare_for_the_first_letter(make_app: MakeApp) -> None:
    app, done = make_app(), list[str]()
    app.root.bind("<<Pressed>>", lambda _event: done.append("the window"))

    def first() -> None:
        done.append("first")
        app.root.event_generate("<<Pressed>>", when="tail")  # as a key that is pressed meanwhile

    app.main_controller.sending._prepare(iter([first, lambda: done.append("second")]))

    assert done == ["first"]
    pump_until(lambda: len(done) == 3, app.root)
    assert done == ["first", "the window", "second"]
