"""Every lesson is done once by somebody who does what it says, with a keyboard."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gui.controllers.lessons import OWN, read_lesson
from gui.viewmodels.lessons import Lesson
from tests.gui.driving import labels_of
from tests.gui.stories.conftest import Sit
from tests.gui.stories.person import Person, settings
from tests.support.systems import TRIES_ALL, needs_rst

LESSONS = sorted(OWN.glob("*.toml"))


class Learner:
    """Somebody with a lesson open beside the conversation."""

    def __init__(self, person: Person, name: str) -> None:
        self.person = person
        path = next(path for path in LESSONS if path.stem == name)
        self.lesson: Lesson = read_lesson(path)
        person.app.main_controller.commands["toggle_lessons"]()
        person.press("<Control-Home>", *["<Down>"] * LESSONS.index(path), "<Return>")
        person.sees(self.lesson.title)
        self.is_at(0)

    @property
    def place(self) -> int:
        course = self.person.app.main_controller.lessons._course
        assert course is not None
        return course.place

    def is_at(self, step: int) -> None:
        """Wait until the lesson has come to that step, and says what to do."""
        self.person.until(lambda: self.place >= step, f"step {step} of {self.lesson.title}")
        assert self.place == step
        text = self.person.app.main_controller.lessons.made.text.get("1.0", "end")  # type: ignore[union-attr]
        assert (self.lesson.steps[step].do if step < len(self.lesson.steps) else "You have done this lesson.") in text

    def is_still_asked(self, heard: str = "") -> None:
        """Wait until the lesson has seen all that has happened, that text received too: it was no answer."""
        lessons = self.person.app.main_controller.lessons
        course = lessons._course
        assert course is not None
        self.person.until(
            lambda: (
                not lessons._settles.is_due
                and heard in ("", course._facts.last.get("server received"), course._facts.last.get("client received"))
                and all(lessons._read.get(name) == state.entries for name, state in lessons._own_sessions().items())
            ),
            "all has been looked at",
        )
        assert self.place == len(self.lesson.steps) - 1

    def is_done(self) -> None:
        self.is_at(len(self.lesson.steps))
        assert self.person.app.main_controller.preferences.lessons[self.lesson.name] == len(self.lesson.steps)

    def connects(self) -> None:
        """Press the key and wait for the new client, not for what is still there of one before it."""
        main, before = self.person.app.main_controller, self.person.app.main_controller.state
        self.person.press("<F6>")
        self.person.until(
            lambda: (
                main.state is not None
                and (before is None or main.state.session != before.session)
                and bool(main.state.connections)
            ),
            "a new connection",
        )

    def look_at(self, role: str) -> None:
        """Go to a conversation of that role with the keyboard."""
        main = self.person.app.main_controller
        for _ in range(9):
            if main.state is not None and main.state.role.name == role:
                return
            self.person.press("<Control-Tab>")
        raise AssertionError(role)

    def in_menu(self, title: str, *words: str) -> None:
        """Choose an entry of a menu, or of one of its submenus."""
        menu = next(each for each in self.person.app.window.menus.menus if title in entry_words(self.person, each))
        for each in words[:-1]:
            menu.fill()
            menu = menu.submenu(labels_of(menu).index(each))
        menu.fill()
        menu.invoke(labels_of(menu).index(words[-1]))
        self.person.app.root.update()

    def writes_host(self, host: str) -> None:
        self.person.press("<Control-l>")
        self.person.write(host)

    def sets(self, before: str, value: str) -> None:
        """In the socket options, write a value into the field that has this one."""
        self.person.press("<Control-u>")
        self.person.tab_to(before, exactly=True)
        self.person.write(value)
        self.person.press("<Return>", "<Escape>")


def entry_words(person: Person, menu: object) -> str:
    bar = person.app.window.menus
    return str(bar.entrycget(bar.menus.index(menu), "label"))  # type: ignore[arg-type]


@pytest.fixture
def free(sit: Sit, tmp_path: Path) -> Person:
    """Somebody whose servers answer nothing, at a port that is found."""
    return at_a_port_that_is_found(sit(settings(tmp_path / "quiet", reply="none")))


@pytest.fixture(params=["letter", "none"] if TRIES_ALL else ["letter"])
def anybody(sit: Sit, tmp_path: Path, request: pytest.FixtureRequest) -> Person:
    """Somebody whose servers answer as they usually do, and somebody whose servers do not."""
    return at_a_port_that_is_found(sit(settings(tmp_path / "quiet", reply=request.param)))


def at_a_port_that_is_found(person: Person) -> Person:
    person.press("<Control-l>", "<Tab>")
    person.write("0")
    return person


def both(learner: Learner) -> None:
    """A server and a client of it; the client is on view."""
    learner.person.press("<F5>")
    learner.person.sees("listening on")
    learner.person.press("<F6>")
    learner.person.sees("connected to")


def test_1_the_tutorial_s_server_and_client(sit: Sit, tmp_path: Path) -> None:
    person = sit(settings(tmp_path / "letter", reply="letter"))
    person.press("<Control-l>", "<Tab>")
    person.write("0")
    learner = Learner(person, "01-server-and-client")

    person.press("<F5>")
    learner.is_at(1)
    person.press("<F6>")
    learner.is_at(2)
    person.say("hello")
    learner.is_at(3)
    learner.look_at("server")
    learner.is_at(4)
    person.press("<F6>")
    learner.is_at(5)
    learner.connects()
    learner.look_at("client")
    person.press("<F6>")
    person.sees("you closed it")
    learner.is_still_asked()
    learner.connects()
    person.say("stop")
    learner.is_done()


def test_2_a_stream_has_no_messages(sit: Sit, tmp_path: Path) -> None:
    free = sit(settings(tmp_path / "quiet", reply="none", ending="lf"))
    free.press("<Control-l>", "<Tab>")
    free.write("0")
    learner = Learner(free, "02-no-messages")
    both(learner)
    learner.is_at(1)
    for _ in range(50):  # until two lines have come to the server together
        free.press("<Control-m>")
        free.paste("\n".join(map(str, range(40))))
        free.press("<Return>")
        assert free.focused == "One message"
        free.push("One per line")
        free.until(lambda: not free.message)
        if learner.place == 2:
            break
    learner.is_at(2)
    learner.look_at("server")
    learner.sets("65536", "4")
    learner.look_at("client")
    free.say("something longer")
    learner.is_at(3)
    for wrong in ("7 bytes", "twelve bytes"):  # and a line feed: two and four pieces
        free.say(wrong)
        learner.is_still_asked()
    free.say("ten bytes!")
    learner.is_done()


def test_3_framing(anybody: Person) -> None:
    learner = Learner(anybody, "03-framing")
    both(learner)
    learner.is_at(1)
    anybody.press("<Control-m>")
    anybody.type("one")
    anybody.press("<Shift-Return>")
    anybody.type("two")
    anybody.press("<Return>")
    learner.is_at(2)
    learner.in_menu("View", "Messages", "Lines")
    learner.is_at(3)
    anybody.press("<Control-e>")
    anybody.tab_to("no end", exactly=True)
    anybody.choose("LF")
    for line in ("one line", "and another"):
        anybody.say(line)
    learner.is_still_asked()
    anybody.tab_to("LF", exactly=True)
    anybody.choose("nothing")
    anybody.say("hal")
    anybody.tab_to("no end", exactly=True)
    anybody.choose("LF")
    anybody.say("ves")
    learner.is_done()


def test_4_half_close(free: Person) -> None:
    learner = Learner(free, "04-half-close")
    both(learner)
    learner.is_at(1)
    learner.in_menu("Session", "Finish sending (FIN)")
    learner.is_at(2)
    learner.look_at("server")
    free.say("still here")
    learner.is_at(3)
    learner.in_menu("Session", "Finish sending (FIN)")
    learner.is_at(4)
    learner.connects()
    free.say("asked")
    learner.look_at("server")
    free.sees("asked")
    free.say("too early")
    learner.look_at("client")
    free.sees("too early")
    learner.in_menu("Session", "Finish sending (FIN)")
    learner.look_at("server")
    learner.in_menu("Session", "Finish sending (FIN)")
    learner.look_at("client")
    free.sees("the server said goodbye")
    learner.is_still_asked()
    learner.connects()
    free.say("question")
    learner.in_menu("Session", "Finish sending (FIN)")
    learner.look_at("server")
    free.sees("question")
    free.say("answer")
    learner.in_menu("Session", "Finish sending (FIN)")
    learner.is_done()


@needs_rst
def test_5_a_reset_and_what_it_loses(anybody: Person) -> None:
    learner = Learner(anybody, "05-reset")
    both(learner)
    learner.is_at(1)
    anybody.press("<Control-u>")
    anybody.push("One byte per send")
    anybody.press("<Tab>")
    anybody.write("1000")
    anybody.press("<Return>")
    anybody.say("a long goodbye")
    learner.is_at(2)
    learner.in_menu("Session", "Abort the connection (RST)")
    learner.is_at(3)
    learner.connects()
    anybody.say("bye")
    anybody.press("<F6>")
    learner.is_done()


def test_6_a_peer_that_does_not_read(free: Person, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(30_000_000))
    learner = Learner(free, "06-not-reading")
    free.press("<F5>")
    learner.is_at(1)
    free.push("Copy the code")
    with subprocess.Popen([sys.executable, "-c", free.clipboard]) as deaf:
        try:
            learner.is_at(2)
            free.press("<Control-O>")
            free.tab_to("Choose")
            free.press("<<PrevWindow>>")
            free.write(str(large))
            free.press("<Return>")
            learner.is_at(3)
        finally:
            deaf.kill()
    learner.is_done()


def test_7_ports_in_use_and_time_wait(anybody: Person) -> None:
    learner = Learner(anybody, "07-ports-in-use")
    anybody.press("<F5>")
    learner.is_at(1)
    learner.writes_host("localhost")
    anybody.press("<F5>")
    learner.is_at(2)
    learner.writes_host("127.0.0.1")
    learner.connects()
    anybody.press("<F5>")
    learner.is_at(3)
    anybody.press("<F5>")
    learner.is_at(4)
    anybody.sees("Stop server", "server is listening on")
    learner.connects()
    anybody.press("<F5>")
    anybody.sees("the server said goodbye")
    learner.is_still_asked()
    anybody.press("<F5>")
    anybody.sees("Stop server", "server is listening on")
    learner.connects()
    anybody.press("<F6>")
    learner.is_done()


def test_8_localhost_is_two_addresses(anybody: Person) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"no IPv6 loopback here: {error}")
    learner = Learner(anybody, "08-localhost")
    learner.writes_host("localhost")
    anybody.press("<F5>")
    learner.is_at(1)
    for host in ("127.0.0.1", "::1"):
        learner.writes_host(host)
        learner.connects()
    learner.is_at(2)
    learner.look_at("server")
    anybody.press("<F5>")
    anybody.sees("server stopped")
    learner.writes_host("127.0.0.1")
    anybody.press("<F5>")
    anybody.sees("server is listening on 127.0.0.1")
    learner.writes_host("::1")
    anybody.press("<F6>")
    learner.is_at(3)
    for host in ("localhost", "::1"):  # the first of them is at both addresses
        learner.is_still_asked()
        learner.writes_host(host)
        anybody.press("<Tab>")
        anybody.write("0")
        anybody.press("<F5>")
        anybody.sees(f"server is listening on {'127.0.0.1' if host == 'localhost' else '[::1]'}")
        learner.writes_host("::1")
        learner.connects()
    learner.is_done()


def test_9_many_clients(free: Person) -> None:
    learner = Learner(free, "09-many-clients")
    both(learner)
    learner.is_at(1)
    free.press("<Shift-F6>", "<Shift-F6>")
    learner.is_at(2)
    learner.look_at("server")
    free.say("all of you")
    learner.is_at(3)
    learner.look_at("client")
    free.press("<F6>")
    learner.is_at(4)
    learner.look_at("server")
    free.say("both of you")
    learner.is_still_asked("both of you")
    free.tab_to("Server 127.0.0.1", back=True)
    free.press("<Down>", "<Down>")
    free.say("only you")
    learner.is_done()
    free.sees("server → #2  by hand")


def test_10_text_is_bytes(free: Person) -> None:
    learner = Learner(free, "10-text-is-bytes")
    both(learner)
    learner.is_at(1)
    free.paste("é")
    free.press("<Return>")
    learner.is_at(2)
    learner.look_at("server")
    learner.sets("65536", "1")
    learner.look_at("client")
    free.press("<Control-m>")
    free.paste("é")
    free.press("<Return>")
    learner.is_at(3)
    learner.in_menu("View", "Encoding", "Europe", "Latin-1 (ISO-8859-1, Western Europe)")
    learner.is_at(4)
    free.press("<Control-m>")
    free.paste("ÿ")
    free.press("<Return>")
    learner.is_still_asked("ÿ")
    free.press("<Control-m>")
    free.paste("é")
    free.press("<Return>")
    learner.is_done()
