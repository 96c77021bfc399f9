"""A lesson goes on when what it asks for has happened, and a file that is none says why."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from gui.controllers.lessons import OWN, read_lesson
from gui.viewmodels.lessons import Course, Happened, Lesson, parse_lesson

WHOLE = """
title = "A title"
about = '''
Two lines
of one paragraph.

Press {toggle_server}; menu Session, {abort_row}.
'''
code = '''
one
two
'''

[[steps]]
do = "First"
lines = [2]
when = ["servers >= 1"]

[[steps]]
do = "Second"
when = ["client sent == 1", "server received > client sent", "server received bytes == client sent bytes"]

[question]
do = "Asked"
when = ["server closed says RST", "lens is line"]
"""


def course(*, at: int = 0) -> Course:
    return Course(parse_lesson("a", WHOLE), at)


def entry(name: str, text: str = "", size: int = 0) -> Happened:
    return Happened(name, text, size)


def now(**changed: int | str) -> Mapping[str, int | str]:
    return {"servers": 0, "clients": 0, "connections": 0, "lens": "raw", "encoding": "utf-8", "on view": "", **changed}


def test_a_lesson_is_read_with_its_keys_and_its_paragraphs() -> None:
    lesson = parse_lesson("name", WHOLE)

    assert (lesson.name, lesson.title, lesson.code) == ("name", "A title", "one\ntwo")
    assert lesson.about == "Two lines of one paragraph.\n\nPress F5; menu Session, Abort the connection (RST)."
    assert [step.do for step in lesson.steps] == ["First", "Second", "Asked"]
    assert lesson.steps[0].lines == (2,)


def test_a_step_is_over_when_how_things_stand_says_so() -> None:
    walk = course()

    assert not walk.watch((), now())
    assert walk.watch((), now(servers=1))
    assert walk.place == 1


def test_what_was_sent_before_by_mistake_spoils_nothing() -> None:
    walk = course(at=1)

    walk.watch([entry("client sent", "no", 2), entry("server received", "no", 2)], now())
    assert walk.place == 1
    walk.watch(
        [entry("server received", "he", 2), entry("client sent", "hello", 5), entry("server received", "llo", 3)], now()
    )
    walk.settle()

    assert walk.place == 2


def test_what_ends_a_step_does_not_end_the_next() -> None:
    walk = Course(parse_lesson("a", WHOLE.replace('["servers >= 1"]', '["client sent >= 1"]')))

    walk.watch([entry("client sent", "x", 1), entry("server received", "", 1), entry("server received", "", 0)], now())

    assert walk.place == 1


def test_a_text_and_a_word_are_looked_for_in_either_case() -> None:
    walk = course(at=2)

    walk.watch([entry("server closed", "#1 closed: reset (rst)")], now())
    assert walk.place == 2
    walk.watch((), now(lens="LINE"))

    assert walk.step is None


def asked(when: str, *, since: str = "") -> Course:
    """At a question with these conditions."""
    written = WHOLE.replace('["server closed says RST", "lens is line"]', f'{when}\nsince = "{since}"')
    return Course(parse_lesson("a", written), 2)


def happens(walk: Course, *entries: Happened) -> bool:
    """Whether that is the answer, each entry told by itself, as they may be."""
    for each in entries:
        walk.watch([each], now())
    walk.settle()
    return walk.step is None


def to(connection: int, name: str, text: str, at: int = 0) -> Happened:
    return Happened(name, text, len(text), connection=connection, mono_ns=at)


ONE = '["server sent == 1", "client received == 1"]'


def test_one_message_to_several_is_not_one_send_in_whatever_order_it_comes() -> None:
    walk = asked(ONE)
    each = [
        (to(number, "server sent", "hi", number), to(number, "client received", "hi", number)) for number in (1, 2, 3)
    ]

    assert not happens(walk, *(entry for pair in each for entry in pair))
    assert not happens(walk, *each[0], each[1][0])  # and the second receipt comes late
    assert not happens(walk, *(pair[0] for pair in each), *(pair[1] for pair in each))
    assert happens(walk, to(2, "server sent", "you", 10**9), to(2, "client received", "you", 10**9))


@pytest.mark.parametrize(("connection", "text", "at"), [(1, "hi", 1), (2, "ho", 1), (2, "hi", 10**9)])
def test_what_is_said_next_is_another_try(connection: int, text: str, at: int) -> None:
    walk = asked(ONE)

    walk.watch(
        [to(1, "server sent", "hi"), to(1, "client received", "hi"), to(connection, "server sent", text, at)], now()
    )

    assert walk.step is None


def test_an_order_is_asked_for() -> None:
    walk = asked('["client we finished before client received"]')

    assert not happens(walk, entry("client received", "x", 1), entry("client we finished"))
    assert happens(walk, entry("client received", "x", 1))


def test_lines_are_counted_and_a_last_one_must_end() -> None:
    when = '["client sent >= 2", "client sent lines == 1", "client sent ends \\n"]'

    assert not happens(asked(when), entry("client sent", "a\n", 2), entry("client sent", "b\n", 2))
    assert not happens(asked(when), entry("client sent", "a\n", 2), entry("client sent", "b", 1))
    assert happens(
        asked(when), entry("client sent", "x\n", 2), entry("client sent", "a", 1), entry("client sent", "b\n", 2)
    )


def test_only_what_has_happened_since_counts() -> None:
    when = '["server listening says ::1", "server listening never says 127.0.0.1"]'
    walk = asked(when, since="server listening")

    assert not happens(asked('["lens is raw"]', since="server listening"))
    assert not happens(walk, entry("server listening", "on 127.0.0.1 and ::1"))
    assert happens(walk, entry("server listening", "on ::1"))


@pytest.mark.parametrize(
    ("ending", "is_answer"),
    [("server stopped", False), ("you reset it (RST)", False), ("the client said goodbye (FIN)", False),
     ("127.0.0.1:1 reset the connection (RST). Likely causes: it closed", True)],
)  # fmt: skip
def test_a_peer_that_does_not_read_is_ended_at_its_own_end(ending: str, is_answer: bool) -> None:
    lesson = read_lesson(OWN / "06-not-reading.toml")

    assert happens(Course(lesson, len(lesson.steps) - 1), entry("server closed", f"#1 closed: {ending}")) is is_answer


FIN, RST = "connection closed: you closed it (FIN)", "connection closed: you reset it (RST)"
TOLD_OF_FIN, TOLD_OF_RST = (
    "#1 closed: the peer said goodbye (FIN)",
    "#1 closed: 127.0.0.1:1 reset the connection (RST).",
)


@pytest.mark.parametrize(
    ("received", "here", "there", "is_answer"),
    [
        ("bye", FIN, TOLD_OF_FIN, True), ("bye", FIN, "", True),  # a server that answers nothing stays open
        ("bye", RST, TOLD_OF_RST, False), ("by", FIN, TOLD_OF_FIN, False), ("bye", FIN, TOLD_OF_RST, False),
    ],
)  # fmt: skip
def test_nothing_is_lost_only_where_all_of_it_came_before_a_fin(
    received: str, here: str, there: str, is_answer: bool
) -> None:
    lesson = read_lesson(OWN / "05-reset.toml")
    ends = [entry("server closed", there)] if there else [entry("server peer finished")]
    said = to(1, "client sent", "bye"), to(1, "server received", received), *ends, entry("client closed", here)

    assert not happens(Course(lesson, len(lesson.steps) - 1), *said)  # it asks to connect again
    assert happens(Course(lesson, len(lesson.steps) - 1), entry("client opened"), *said) is is_answer


def test_a_step_can_be_skipped_and_a_lesson_begun_again() -> None:
    walk = course()

    walk.skip()
    assert walk.place == 1
    walk.begin()
    assert walk.place == 0


def test_of_a_flood_only_so_much_is_kept() -> None:
    walk = course(at=1)

    walk.watch([entry("client sent", "x" * 200, 200)] * 5_000, now())

    assert walk._facts.counts["client sent bytes"] == 1_000_000
    assert len(walk._facts.tries) == 12


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        ('title = "A title"', "", "the lesson needs 'title', a text"),
        ('title = "A title"', "title = 5", "the lesson needs 'title', a text"),
        ('title = "A title"', 'title = "A"\ntitel = "B"', "the lesson has 'titel', which nobody knows"),
        ('do = "First"', "", "step 1 needs 'do', a text"),
        ('do = "Asked"', "", "the question needs 'do', a text"),
        ('when = ["servers >= 1"]', "", "step 1 needs 'when', a list of conditions"),
        ('when = ["servers >= 1"]', "when = [1]", "step 1 needs 'when', a list of conditions"),
        ('"servers >= 1"', '"srevers >= 1"', "step 1 asks for 'srevers', and there is no such number"),
        ('"servers >= 1"', '"servers => 1"', "'servers => 1' in step 1 is no condition"),
        ('"lens is line"', '"lense is line"', "the question asks what 'lense' is, and there is no such text"),
        ('"server closed says RST"', '"servers says RST"', "asks what 'servers' says, and there is no such text"),
        ('"lens is line"', '"lens before line"', "the question asks what 'lens' before, and there is no such text"),
        (
            '"lens is line"',
            '"client sent before x"',
            "the question asks what is before 'x', and there is no such entry",
        ),
        ('do = "First"', 'do = "First"\nsince = "x"', "'since' of step 1 is no entry that there is"),
        ('do = "First"', 'do = "First"\nsince = [1]', "'since' of step 1 is no entry that there is"),
        ("lines = [2]", "lines = [3]", "'lines' of step 1 are numbers of lines of the code, from 1 to 2"),
        ("{toggle_server}", "{toggle_sevrer}", "the lesson names 'toggle_sevrer', and there is no such command"),
        ("[question]", "[[steps]]", "it needs a [question] at its end"),
        ('do = "First"', f'do = "{"x" * 5000}"', "'do' of step 1 has 5,000 characters, and 4,000 are allowed"),
        ('title = "A title"', "title = ", "Invalid value"),
    ],
)
def test_what_is_no_lesson_is_a_sentence(was: str, becomes: str, why: str) -> None:
    assert was in WHOLE

    with pytest.raises(ValueError, match=re.escape(why)):
        parse_lesson("a", WHOLE.replace(was, becomes))


def test_without_steps_there_is_no_lesson() -> None:
    with pytest.raises(ValueError, match=r"it needs 1 to 50 steps, each under \[\[steps\]\]"):
        parse_lesson("a", 'title = "a"\nabout = "b"\n[question]\ndo = "c"\nwhen = ["servers >= 1"]\n')


def test_progress_of_an_earlier_version_stays_within_the_lesson() -> None:
    assert Course(_lesson(), 99).step is None
    assert Course(_lesson(), -3).place == 0


def _lesson() -> Lesson:
    return parse_lesson("a", WHOLE)
