"""The reply rules as tables: given a message, what is answered, and to whom."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import TincanError
from core.replies import Answer, all_replies, make_reply
from core.replies.letter import Letter

NAMES = [reply.name for reply in all_replies()]


def test_the_tutorial_s_server_greets() -> None:
    assert make_reply("letter").greeting == b"type the message"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "letter"])
def test_nobody_else_says_anything_first(name: str) -> None:
    assert make_reply(name).greeting is None


@given(message=st.binary(max_size=50).filter(lambda message: message != b"stop"))
def test_every_message_but_stop_gets_one_ascii_letter(message: bytes) -> None:
    answer = make_reply("letter").answer(message)

    assert isinstance(answer, Answer)
    assert answer.to_sender is not None
    assert len(answer.to_sender) == 1
    assert answer.to_sender.decode("ascii") in string.ascii_letters
    assert answer == Answer(to_sender=answer.to_sender)


@pytest.mark.parametrize(
    "message", [b"STOP", b" stop ", b"stop\r\n", b"stop\n", b"stopp", b"nonstop", b"", b"st", b"stop\0"]
)
@pytest.mark.case("C-39", "C-40")
def test_what_only_looks_like_stop_is_answered(message: bytes) -> None:
    assert Letter(lambda: "q").answer(message) == Answer(to_sender=b"q")


@pytest.mark.case("C-39")
def test_stop_says_goodbye_without_an_answer() -> None:
    assert make_reply("letter").answer(b"stop") == Answer(goodbye=True)


def test_the_letters_differ() -> None:
    letter = make_reply("letter")

    assert len({letter.answer(b"?") for _ in range(200)}) > 10  # all alike once in 10^200 runs


@pytest.mark.parametrize("message", [b"hello", b"stop", b"", b"\xff\0", b"{0.__class__}"])
@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("echo", lambda message: message),
        ("room", lambda message: Answer(to_others=message)),
        ("none", lambda _message: Answer()),
    ],
)
@pytest.mark.case("C-39", "C-40")
def test_the_other_rules_take_every_message_alike(name: str, answer: object, message: bytes) -> None:
    assert make_reply(name).answer(message) == answer(message)  # type: ignore[operator]


def test_only_where_nothing_answers_is_a_person_waited_for() -> None:
    assert [name for name in NAMES if make_reply(name).waits_for_a_person] == ["none"]


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_is_made_by_its_name(name: str) -> None:
    assert make_reply(name).name == name


def test_an_unknown_rule_is_refused_with_the_known_ones() -> None:
    with pytest.raises(TincanError, match="no reply called “shout”; there are letter, echo, room, none"):
        make_reply("shout")
