"""The hint that a silent peer may wait for the end of the message: once, where it is true, by the journal's clock."""

from __future__ import annotations

import pytest

from gui.viewmodels.drafting import MessageFormat, ends_nothing
from tests.gui.stories.conftest import Sit
from tests.gui.stories.person import Person
from tests.support.peers import Host, Peer

HINT = "No answer for 2 s: the message went out without an ending."
TWO_SECONDS = 2_000_000_000


class Clock:
    """Stands so many nanoseconds behind the last message that went out in the conversation on view."""

    def __init__(self, person: Person) -> None:
        self.person, self.behind = person, 0
        person.app.main_controller.silence._clock = self

    def __call__(self) -> int:
        state = self.person.app.main_controller.state
        assert state is not None
        return state.sent_at + self.behind

    def pass_by(self, nanoseconds: int) -> None:
        self.behind = nanoseconds
        self.person.app.main_controller.refresh()
        self.person.app.root.update()


@pytest.mark.parametrize(
    ("data", "message_format", "expected"),
    [
        (b"*IDN?", MessageFormat(), True),
        (b"two\nlines", MessageFormat(), True),
        ("gr\u00fc\u00df".encode("utf-16-le"), MessageFormat(encoding="utf-16-le"), True),
        (b"*IDN?", MessageFormat("hex"), True),
        (b"*IDN?\n", MessageFormat(), False),
        (b"*IDN?\r", MessageFormat("escapes"), False),
        (b"*IDN?\0", MessageFormat("escapes"), False),
        (b"\x01\x03\x00\xff", MessageFormat("hex"), False),
        (b"*IDN?", MessageFormat(ending="crlf"), False),
        (b"\0\x02hi", MessageFormat(framing="length:2be"), False),
        (b"", MessageFormat(), False),
        (b"a" * 100_000, MessageFormat(), False),
    ],
)
def test_only_text_that_nothing_ends_may_be_waited_for(
    data: bytes, message_format: MessageFormat, expected: bool
) -> None:
    assert ends_nothing(data, message_format) is expected


def test_after_two_seconds_of_silence_the_lf_can_be_sent_that_was_missing(person: Person) -> None:
    clock = Clock(person)
    with Host() as host:
        person.connect(host.address.port)
        with host.accept(Peer) as peer:
            person.say("*IDN?")
            person.sees("out 5 B")
            clock.pass_by(TWO_SECONDS - 1_000_000)
            assert not person.reads(HINT)
            clock.pass_by(TWO_SECONDS)
            assert person.reads(HINT)
            person.type("next")
            person.push("End with LF")
            assert peer.hear(6) == b"*IDN?\n"
            person.until(lambda: not person.reads(HINT))
            assert person.message == "next"
            person.press("<Return>")
            assert peer.hear(5) == b"next\n"


def test_it_is_said_by_itself_while_nothing_else_happens(person: Person) -> None:
    person.app.main_controller.silence._clock = lambda: _sent_at(person) + TWO_SECONDS - 30_000_000
    with Host() as host:
        person.connect(host.address.port)
        with host.accept(Peer):
            person.say("*IDN?")
            person.sees("out 5 B")
            person.app.main_controller.silence._clock = lambda: _sent_at(person) + TWO_SECONDS
            person.sees(HINT)


def test_it_is_said_once_in_a_conversation_and_no_longer_than_the_silence(person: Person) -> None:
    clock = Clock(person)
    with Host() as host, Host() as other:
        person.connect(host.address.port)
        with host.accept(Peer) as peer:
            person.say("*IDN?")
            person.sees("out 5 B")
            clock.pass_by(TWO_SECONDS)
            assert person.reads(HINT)
            person.connect(other.address.port)
            with other.accept(Peer):
                assert not person.reads(HINT)
                person.press("<Control-Shift-Tab>")
                assert person.reads(HINT)
                peer.say(b"TINCAN")
                person.no_longer_sees(HINT)
                person.say("*RST")
                person.sees("out 9 B")
                clock.pass_by(TWO_SECONDS)
                assert not person.reads(HINT)


def test_a_second_message_with_an_ending_takes_it_away_for_good(person: Person) -> None:
    clock = Clock(person)
    with Host() as host:
        person.connect(host.address.port)
        with host.accept(Peer):
            person.say("one")
            person.sees("out 3 B")
            clock.pass_by(TWO_SECONDS)
            assert person.reads(HINT)
            person.press("<Control-m>", "<Control-e>", "<Tab>", "<Tab>")
            person.choose("LF")
            person.say("two")
            person.no_longer_sees(HINT)
            person.press("<Control-e>", "<Tab>", "<Tab>")
            person.choose("nothing")
            person.say("three")
            person.sees("out 12 B")
            clock.pass_by(TWO_SECONDS)
            assert not person.reads(HINT)


def test_whoever_wants_it_not_again_is_not_told_in_other_conversations(sit: Sit) -> None:
    person = sit()
    clock = Clock(person)
    with Host() as host:
        for number in range(2):
            person.connect(host.address.port)
            with host.accept(Peer):
                person.until(lambda: _hears(person))  # the words of the first are there until the second is on view
                person.say("hello")
                person.sees("out 5 B")
                clock.pass_by(TWO_SECONDS)
                assert person.reads(HINT) is (number == 0)
                if number == 0:
                    person.push("Not again")
                    assert not person.reads(HINT)
                    assert person.focused == ""
                person.press("<F6>")
                person.sees("closed:")
    assert not person.app.main_controller.preferences.tell_silence


def _sent_at(person: Person) -> int:
    state = person.app.main_controller.state
    assert state is not None
    return state.sent_at


def _hears(person: Person) -> bool:
    state = person.app.main_controller.state
    return state is not None and state.senders > 0
