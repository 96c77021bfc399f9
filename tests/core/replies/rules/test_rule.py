"""A rule as a table: what it takes, what it fires at, what it captures, and what it refuses and where."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compose import Composed, Context, Draft, Encoding, Format, Misfit
from core.replies.rules import rule as module
from core.replies.rules.rule import (
    ACTIONS,
    CONDITIONS,
    REGEX_SECONDS,
    Every,
    Heard,
    Opens,
    ReadyRule,
    Rule,
    RuleError,
    Said,
    Silence,
    TooSlow,
)
from core.replies.rules.starters import STARTERS

ENDLESS = "(a|aa)+$"
TO_LOSE_TIME = b"a" * 60 + b"b"


def heard(when: str, pattern: str, encoding: Encoding = Encoding.UTF_8) -> Heard:
    trigger = ReadyRule(Rule("r", when, pattern, Draft("", encoding=encoding))).trigger
    assert isinstance(trigger, Heard)
    return trigger


@pytest.mark.parametrize(
    ("when", "pattern", "fits", "fits_not"),
    [
        ("equals", "*IDN?", [b"*IDN?"], [b"*IDN? ", b"", b"*IDN"]),
        ("equals", r"a\x00\r", [b"a\0\r"], [b"a"]),
        ("begins", "MEAS", [b"MEAS", b"MEAS:VOLT?"], [b" MEAS", b"mEAS"]),
        ("contains", "ü", ["grün".encode()], [b"gr\xfcn", b""]),
        ("regex", r"^VOLT (\d+)$", [b"VOLT 12"], [b"VOLT", b"VOLT 12 "]),
        ("regex", "(?i)stop", [b"please STOP"], [b"sto"]),
        ("regex", r"^.\x00.$", [b"\x01\x00\x02"], [b"\x01\x01\x02"]),
        ("regex", "^a.b$", [b"a\nb", "aäb".encode()], [b"ab"]),
        ("hex", "01 ?? 03", [b"\x01\x02\x03", b"\x01\n\x03"], [b"\x01\x03", b"\x01\x02\x03\x04"]),
        ("hex-begins", "01??", [b"\x01\x02", b"\x01\x02\x03"], [b"\x01"]),
        ("any", "", [b"", b"\0"], []),
    ],
)
def test_a_condition_fires_at_what_it_says(when: str, pattern: str, fits: list[bytes], fits_not: list[bytes]) -> None:
    condition = heard(when, pattern)

    assert [message for message in [*fits, *fits_not] if condition.match(Said(message)) is not None] == fits


def test_text_is_compared_in_the_rule_s_encoding() -> None:
    assert heard("equals", "ж", Encoding.KOI8_R).match(Said(b"\xd6")) == {"0": b"\xd6"}
    assert heard("regex", "^ж(.)$", Encoding.KOI8_R).match(Said(b"\xd6\xc1")) == {"0": b"\xd6\xc1", "1": b"\xc1"}


@pytest.mark.parametrize(
    ("when", "pattern", "trigger"),
    [("opens", "", Opens()), ("silence", "1500", Silence(1.5)), ("every", " 10 ", Every(0.01))],
)
def test_what_is_no_message_fires_by_itself(when: str, pattern: str, trigger: object) -> None:
    assert ReadyRule(Rule("r", when, pattern)).trigger == trigger


def test_what_an_expression_captures_is_the_very_bytes() -> None:
    captured = heard("regex", r"(?P<key>\w+)=(.*?)(;.*)?$").match(Said(b"name=\xff\xfe"))

    assert captured == {"0": b"name=\xff\xfe", "1": b"name", "key": b"name", "2": b"\xff\xfe", "3": b""}


@given(data=st.binary(max_size=200))
def test_bytes_that_are_no_text_come_back_as_they_were(data: bytes) -> None:
    captured = heard("regex", "^(?s:(.*))$").match(Said(data))

    assert captured is not None
    assert captured["1"] == data


def test_an_answer_has_what_was_captured_as_bytes() -> None:
    rule = ReadyRule(Rule("r", "regex", "(?P<a>.)(.)", Draft(r"\{a} 2c \{2} \{0}", Format.HEX)))
    assert isinstance(rule.trigger, Heard)

    answer = rule.answer(Context(captures=rule.trigger.match(Said(b"\xff\x00")) or {}))

    assert isinstance(answer, Composed)
    assert answer.body == b"\xff\x2c\x00\xff\x00"


def test_an_answer_without_macros_is_made_once() -> None:
    assert ReadyRule(Rule("r", "any", answer=Draft("fixed"))).fixed == Composed(b"fixed", b"fixed")
    assert ReadyRule(Rule("r", "any", answer=Draft(r"\{0}", Format.ESCAPES))).fixed is None


def test_a_variable_that_was_never_set_makes_no_answer() -> None:
    rule = ReadyRule(Rule("r", "any", answer=Draft(r"\{unit}", Format.ESCAPES)))

    assert isinstance(rule.answer(Context()), Misfit)


@pytest.mark.parametrize(
    ("rule", "field", "place", "says"),
    [
        (Rule("r", "sometimes"), "when", None, "no condition “sometimes”"),
        (Rule("r", "any", then="explode"), "then", None, "no action “explode”"),
        (Rule("r", "equals", ""), "pattern", 0, "Type what it is compared with: text"),
        (Rule("r", "equals", r"a\q"), "pattern", 1, r"\q"),
        (Rule("r", "equals", r"\{counter}"), "pattern", 0, "always the same"),
        (Rule("r", "regex", "a(b"), "pattern", 1, "no regular expression"),
        (Rule("r", "hex", "0d ?"), "pattern", 3, "half a byte"),
        (Rule("r", "hex", "zz"), "pattern", 0, "no hex digit"),
        (Rule("r", "silence", "soon"), "pattern", 0, "milliseconds from 1 to"),
        (Rule("r", "every", "9"), "pattern", 0, "milliseconds from 10 to"),
        (Rule("r", "every", "99999999999"), "pattern", 0, "milliseconds from 10 to"),
        (Rule("r", "equals", "a" * 1001), "pattern", 1000, "more than 1,000"),
        (Rule("r", "any", answer=Draft(r"x\{crc16:zz}", Format.ESCAPES)), "answer", 9, "'zz' means nothing to crc16"),
        (Rule("r", "any", answer=Draft(r"\{1}", Format.ESCAPES)), "answer", 2, "'1'"),
        (Rule("r", "regex", "(a)", Draft(r"\{2}", Format.ESCAPES)), "answer", 2, "'2'"),
        (Rule("r", "any", after=(20, 10)), "after", None, "the shortest first"),
        (Rule("r", "any", after=(-1, 10)), "after", None, "from 0 to"),
    ],
)
def test_what_cannot_be_is_refused_in_its_field_and_place(rule: Rule, field: str, place: int | None, says: str) -> None:
    with pytest.raises(RuleError) as refused:
        ReadyRule(rule)

    assert (refused.value.field, refused.value.place) == (field, place)
    assert says in str(refused.value)


@pytest.mark.case("C-86")
@pytest.mark.parametrize("pattern", [ENDLESS, r"^(a|a)*$", r"(.*?a){11}P"])
def test_an_expression_that_finds_no_end_is_ended(pattern: str) -> None:
    condition = heard("regex", pattern)

    with pytest.raises(TooSlow):
        condition.match(Said(b"aa" * 30 + b"b"))
    with pytest.raises(TooSlow):
        condition.match(Said(b"aa" * 30 + b"b"), REGEX_SECONDS)


@pytest.mark.parametrize(
    ("pattern", "is_harmless"),
    [
        (r"^MEAS:VOLT\?$", True),
        (r"(\d+)", True),
        (r"^[*+{?]+x$", True),
        (r"\*\+\{", True),
        (r"a?b?c?d?", True),
        (r"(a+)+", False),
        (r"(a|b)*", False),
        (r"a*a*", False),
        (r"(a){2}", False),
        (r"(?ix)(a|.) *b", False),
        (r"(a|.)(?#all)*b", False),
        (r"a?a?a?a?a?a?a?a?a?aaaaaaaaa", False),
        (r"^a*b*", True),
        (r"(?i)^MEAS(URE)?:VOLT(AGE)?\?", True),
        (r"^a*b*c*", False),
        (r"^a*|b*", False),
        (r"a?b?c?d?e?", True),
        (r"a?b?c?d?e?f?g?h?i?", False),
        (r"a?b?c?d?e?.*", False),
        (r"^(GET|PUT|POST|HEAD|DELETE|OPTIONS) /$", True),
        (r"(a|.)" * 8, True),
        (r"(a|.)" * 9, False),
        (r"(a|.)" * 4 + "b*c", True),
        (r"(a|.)" * 5 + "b*c", False),
    ],
)
def test_only_what_repeats_one_thing_is_left_to_python_s_own(pattern: str, is_harmless: bool) -> None:
    assert module._is_harmless(pattern) is is_harmless


def test_an_expression_that_python_warns_of_is_one() -> None:
    assert heard("regex", "[[a]x").match(Said(b"[x")) is not None


def test_without_the_library_only_what_cannot_take_long_is_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "regex", None)

    assert heard("regex", r"^VOLT (\d+)$").match(Said(b"VOLT 12" + b"0" * 2000)) is not None
    for starter in STARTERS:
        assert starter.ready()
    with pytest.raises(RuleError, match="needs the library “regex”") as refused:
        heard("regex", ENDLESS)
    assert refused.value.field == "pattern"


def test_names_and_words_are_all_different() -> None:
    for table in (CONDITIONS, ACTIONS):
        assert len({row.name for row in table}) == len({row.words for row in table}) == len(table)
