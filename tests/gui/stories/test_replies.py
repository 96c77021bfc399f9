"""Errands of somebody who plays a device or a service: by rules, by a program, by a Python file."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from tkinter import filedialog

import pytest

from tests.gui.stories.person import Person, caller


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


ECHO = "import sys\nfor line in sys.stdin:\n    print('you said', line.strip(), flush=True)\n"


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
    person.write(shlex.join((sys.executable, str(tmp_path / "echo.py"))) if sys.platform != "win32" else "")
    person.press("<Return>")
    person.until(lambda: reply_of(person) != before)
    person.sees("replies with the program")
    with caller(port) as peer:
        peer.say(b"hello\n")
        assert peer.hear(15) == b"you said hello\n"
    assert reply_of(person).startswith("program: ")

    choose_reply(person, "by a program…")
    assert "echo.py" in person.focused, "the last command stands there"


def test_a_python_file_is_begun_broken_and_mended(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, opened = tmp_path / "mine.py", list[Path]()
    monkeypatch.setattr(filedialog, "asksaveasfilename", lambda **_asked: str(place))
    monkeypatch.setattr("gui.controllers.reply.edit_file", lambda path: opened.append(path) is None)
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
