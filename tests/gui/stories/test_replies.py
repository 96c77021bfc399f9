"""Errands of somebody who plays a device or a service: by rules, by a program, by a Python file."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from tkinter import filedialog

import pytest

from core.address import Address
from core.journal.recording.ledger import Phase
from core.replies.rules.rule_set import parse_rule_sets
from tests.gui.stories.conftest import Sit
from tests.gui.stories.person import Person, caller, settings
from tests.support.peers import AnswersBack, Host, Peer
from tests.support.systems import command_line


def choose_reply(person: Person, words: str) -> None:
    """Go to the choice of the reply by Tab and take one."""
    box = str(person.app.window.conversation.reply)
    person.press("<Control-m>")
    for _ in range(40):
        if person._focus() == box:
            break
        person.press("<<PrevWindow>>")
    person.choose(words)


def reply_of(person: Person) -> str:
    """What the choice of the reply says."""
    return str(person.app.window.conversation.reply.get())


ECHO = """
import sys
for line in sys.stdin.buffer:
    sys.stdout.buffer.write(b"you said " + line)
    sys.stdout.buffer.flush()
"""


def test_a_program_answers_and_one_that_does_not_exist_changes_nothing(person: Person, tmp_path: Path) -> None:
    (tmp_path / "echo.py").write_text(ECHO)
    port = person.start_server()
    choose_reply(person, "by a program…")
    person.sees("Command", "Use it")
    person.type("no-such-program-here")
    person.press("<Return>")
    person.sees("There is no program “no-such-program-here” that could be run")
    person.press("<Escape>")
    person.until(lambda: reply_of(person) == "letter and farewell" or ":" not in reply_of(person))
    before = reply_of(person)

    choose_reply(person, "by a program…")
    person.write(command_line(sys.executable, str(tmp_path / "echo.py")))
    person.press("<Return>")
    person.until(lambda: reply_of(person) != before)
    person.sees("replies with the program")
    with caller(port) as peer:
        peer.say(b"hello\n")
        assert peer.hear(15) == b"you said hello\n"
    assert reply_of(person).startswith("program: ")

    choose_reply(person, "by a program…")
    assert "echo.py" in person.focused, "the last command stands there"
    assert "echo.py" in person.app.main_controller.preferences.reply_arguments["program"]


def test_a_python_file_is_begun_broken_and_mended(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, opened = tmp_path / "mine.py", list[Path]()
    monkeypatch.setattr(filedialog, "asksaveasfilename", lambda **_asked: str(place))

    def edit(path: Path) -> bool:
        opened.append(path)
        return True

    monkeypatch.setattr("gui.controllers.reply.edit_file", edit)
    port = person.start_server()
    choose_reply(person, "by a Python file…")
    person.push("New handler…")
    assert opened == [place]
    place.write_text("def on_message(peer, message):\n    return (\n")
    person.tab_to(str(place))
    person.press("<Return>")
    person.sees("In mine.py, line 2: '(' was never closed")

    place.write_text("def on_message(peer, message):\n    return message.upper()\n")
    person.press("<Return>")
    person.until(lambda: reply_of(person) == "python: mine.py")
    with caller(port) as peer:
        peer.say(b"hello")
        assert peer.hear(5) == b"HELLO"
        place.write_text("def on_message(peer, message):\n    return 1 / 0\n# mended soon\n")
        peer.say(b"again")
        person.sees("mine.py, line 2", "ZeroDivisionError")
        place.write_text("def on_message(peer, message):\n    return b'mended ' + message\n# and well\n")
        peer.say(b"well")
        assert peer.hear(11) == b"mended well"


def test_a_python_file_that_hangs_is_stopped_from_the_menu(person: Person, tmp_path: Path) -> None:
    place = tmp_path / "slow.py"
    place.write_text(
        "def on_message(peer, message):\n    while message == b'hang':\n        pass\n    return message\n"
    )
    port = person.start_server()
    person.app.window.menus.fill()
    assert "restart_handler" in person.app.main_controller.menu_state().cannot
    choose_reply(person, "by a Python file…")
    person.paste(str(place))
    person.press("<Return>")
    person.until(lambda: reply_of(person) == "python: slow.py")
    assert "restart_handler" not in person.app.main_controller.menu_state().cannot
    with caller(port) as peer:
        peer.say(b"hang")
        person.sees("has been busy for 1 s")
        person.app.main_controller.commands["restart_handler"]()
        person.sees("it is started again with the next message")
        peer.say(b"hello")
        assert peer.hear(5) == b"hello"


def open_rules(person: Person, words: str) -> None:
    """Have the pane of rules on view with that table in it."""
    choose_reply(person, "by rules…")
    person.sees("Try it: what is answered to a message")
    pane = person.app.main_controller.rules.view
    person.app.main_controller.rules.view.table.focus_force()
    person.choose(words)
    person.until(lambda: str(pane.table.get()) == words)


def test_rules_are_chosen_used_edited_and_tried(person: Person) -> None:
    port = person.start_server()
    open_rules(person, "thermometer")
    person.push("Use for this server")
    person.sees("“thermometer” answers here from now on", "In use here")
    person.until(lambda: reply_of(person) == "rules: thermometer")
    pane = person.app.main_controller.rules.view
    with caller(port) as peer:
        peer.say(b"T=-4\nnonsense\n")
        assert peer.hear(23) == b"OK -4 C\nERROR nonsense\n"
        person.until(lambda: "1 ×" in person._text_of(str(pane.tree)))
        pane.tree.focus_force()
        person.press("<Home>", "<Down>", "<Return>")
        assert person.focused == "target"
        person.tab_to("OK")
        person.write("gut \\{target} C")
        person.press("<Return>")
        person.sees("It is in “thermometer 2”", "replies with what the rules say: thermometer 2 from now on")
        peer.say(b"T=5\n")
        assert peer.hear(8) == b"gut 5 C\n"
        person.until(lambda: "2 ×" in person._text_of(str(pane.tree)))

    person.write("gut \\q")
    person.press("<Return>")
    person.until(lambda: bool(pane.editor.complaint("answer")))
    assert pane.editor.line("answer").marked == 4
    pane.message.focus_force()
    person.type("T=8")
    person.press("<Return>")
    person.sees("“target”: Answers 8 bytes, then: wait for more.", "67 75 74 20 38 20 43 0a")
    assert person.said == [] or "T=8" not in person.said

    person.app.leave()
    (kept,) = parse_rule_sets((person.folder / "rules.json").read_text())
    assert (kept.name, kept.rules[1].answer.text) == ("thermometer 2", "gut \\{target} C")


def test_a_client_reconnects_by_itself_until_it_is_told_to_stop(person: Person) -> None:
    with Host() as gone:
        port = gone.address.port
    main = person.app.main_controller
    assert "toggle_reconnect" not in main.menu_state().on
    main.commands["toggle_reconnect"]()
    assert "toggle_reconnect" in main.menu_state().on
    person.press("<Control-l>", "<Tab>")
    person.write(str(port))
    person.press("<F6>")
    # The second try is announced for half a second only, which a busy machine may let pass unseen.
    person.until(lambda: any(re.search(r"\btry ([3-9]|\d\d) ", text) for text in person.texts()), "a third try")
    person.sees("Disconnect")
    with Host(port=port) as host, host.accept(Peer) as peer:
        person.sees(f"connected to 127.0.0.1:{port}")
        peer.say(b"here")
        person.sees("here")
    person.sees("try ", "the connection is over")
    person.press("<F6>")
    person.sees("Connect")
    person.no_longer_sees("try ")
    assert not any(state.phase is not Phase.ENDED for state in main.sessions.values())


def test_a_client_that_waits_gives_up_where_it_is_no_longer_wanted_to_come_back(person: Person) -> None:
    with Host() as host:
        person.connect(host.address.port)
        with host.accept(Peer):
            person.app.main_controller.commands["toggle_reconnect"]()
    person.sees("try ")
    person.app.main_controller.commands["toggle_reconnect"]()
    person.no_longer_sees("try ")
    person.sees("stays away")


@pytest.mark.case("C-86")
def test_two_programs_that_answer_each_other_are_paused_and_go_on_at_a_key(sit: Sit, tmp_path: Path) -> None:
    person = sit(settings(tmp_path, reply="echo", limits_changed={"answers": 100}))
    port = person.start_server()
    with AnswersBack.calls(Address("127.0.0.1", port)):
        person.until(lambda: person.app.main_controller.state is not None)
        person.sees("#1 connected")
        person.say("tag")
        person.sees("#1 is paused: 100 answers in a row", "two programs may be answering each other", "Go on")
        person.press("<F8>")
        for _ in range(12):
            if person.focused == "Go on":
                break
            person.press("<F8>")
        assert person.focused == "Go on"
        person.press("<Return>")
        person.no_longer_sees("two programs may be answering each other, so it was paused")
        person.until(lambda: (now := person.app.main_controller.state) is not None and now.received > 300)


@pytest.mark.parametrize(
    ("kind", "words", "typed"), [("program", "by a program…", "bc -q"), ("python", "by a Python file…", "/tmp/mine.py")]
)
def test_the_command_and_the_file_of_an_earlier_run_stand_where_they_are_asked_for(
    sit: Sit, tmp_path: Path, kind: str, words: str, typed: str
) -> None:
    person = sit(settings(tmp_path, reply_arguments={kind: typed}))
    person.start_server()
    choose_reply(person, words)
    person.sees("Use it")
    assert person.focused == typed
    person.press("<Escape>")
