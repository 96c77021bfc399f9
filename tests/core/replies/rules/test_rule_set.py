"""The file of a table of rules, and what other files it takes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compose import Draft, Encoding, Format, LineEnding
from core.compose.saved import SavedError
from core.errors import TincanError
from core.replies import describe_reply, make_reply
from core.replies.rules import Rules, find_rule_set
from core.replies.rules.rule import ACTIONS, Rule
from core.replies.rules.rule_set import (
    RuleSet,
    export_rule_set,
    import_rule_set,
    parse_responses,
    parse_rule_set,
    write_rule_set,
)
from core.replies.rules.starters import STARTERS

NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=20)
RULES = st.builds(
    Rule,
    NAMES,
    st.just("equals"),
    st.sampled_from(["a", r"\x00", "新"]),
    st.builds(
        Draft, st.just("x"), st.sampled_from(Format), st.just(Encoding.UTF_8), st.sampled_from(LineEnding)
    ).filter(lambda draft: draft.format is not Format.HEX),
    st.tuples(st.integers(0, 5), st.integers(5, 9)),
    st.sampled_from([action.name for action in ACTIONS]),
    st.booleans(),
)


@given(rules=st.builds(RuleSet, NAMES, st.lists(RULES, max_size=4).map(tuple), st.sampled_from(["raw", "line"])))
def test_a_table_comes_back_as_it_was(rules: RuleSet) -> None:
    assert parse_rule_set(write_rule_set(rules)) == rules


@pytest.mark.parametrize("starter", STARTERS, ids=lambda starter: starter.name)
def test_a_starter_can_be_exported_and_imported(starter: RuleSet, tmp_path: Path) -> None:
    export_rule_set(tmp_path / "rules.json", starter)

    assert import_rule_set(tmp_path / "rules.json") == starter


def test_what_a_person_writes_has_usual_values() -> None:
    text = '{"version": 1, "name": "n", "rules": [{"name": "a", "when": "any", "answer": "x", "after": 5}]}'

    assert parse_rule_set(text).rules == (Rule("a", "any", "", Draft("x", Format.ESCAPES), (5, 5)),)


def test_a_name_finds_a_starter_and_a_path_a_file(tmp_path: Path) -> None:
    own = replace(STARTERS[0], name="mine")
    export_rule_set(tmp_path / "mine.json", own)

    assert find_rule_set("scpi INSTRUMENT").name == "SCPI instrument"
    assert find_rule_set(str(tmp_path / "mine.json")) == own
    made = make_reply(f"rules:{tmp_path / 'mine.json'}")
    assert isinstance(made, Rules)
    assert made.written == "rules:mine"
    assert describe_reply("rules:mine") == "what the rules say: mine"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "neither a table of rules nor a settings file of Packet Sender"),
        ("[General]\nresponseIfEdit1=\n", "neither a table of rules"),
        ("{", "no JSON"),
        ("[]", "neither a table of rules"),
        ('{"version": 2, "name": "n", "rules": []}', "another version"),
        ('{"version": 1, "rules": []}', "“name”"),
        ('{"version": 1, "name": "n", "framing": "line2", "rules": []}', "its framing is none"),
        ('{"version": 1, "name": "n", "rules": [1]}', "rule 1 has no “name”"),
        ('{"version": 1, "name": "n", "rules": [{"name": "a", "when": "any", "after": [1]}]}', "rule 1 has an “after”"),
        ('{"version": 1, "name": "n", "rules": [{"name": "a", "when": "any", "on": 1}]}', "neither true nor false"),
        ('{"version": 1, "name": "n", "rules": [{"name": "a", "when": "any", "format": "x"}]}', "has the format “x”"),
        (
            '{"version": 1, "name": "n", "rules": [{"name": "a", "when": "any"}, '
            '{"name": "b", "when": "regex", "pattern": "("}]}',
            "rule 2, “b”, has no usable pattern: That is no regular expression",
        ),
        (json.dumps({"version": 1, "name": "n", "rules": [{"name": "a", "when": "any"}] * 501}), "501 rules"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused_with_the_reason(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SavedError, match=r"rules\.json holds no rules that could be imported") as refused:
        import_rule_set(path)
    assert says in str(refused.value)


@pytest.mark.parametrize("nobody_s", ["nosuch", "a" * 300])
def test_rules_that_nobody_has_are_refused_with_the_names_of_those_that_are_there(nobody_s: str) -> None:
    with pytest.raises(TincanError, match=r"there are no rules “[^”]+”: name a file, or one of letter, SCPI"):
        make_reply(f"rules:{nobody_s}")


SETTINGS = r"""[General]
sendReponse=true
responseHex=41 42
smartResponseEnableCheck=true
responseEnableCheck1=true
responseEncodingBox1=Ascii
responseIfEdit1="hello, you"
responseReplyEdit1=at {{DATE}}
responseEnableCheck2=false
responseEncodingBox2=Hex
responseIfEdit2=01 02
responseReplyEdit2=03 04
responseEnableCheck3=true
responseEncodingBox3=Mixed
responseIfEdit3=ping\\r\\n
responseReplyEdit3=pong\\0d\\n
responseIfEdit4=no answer
responseReplyEdit4=
tcpPort=5000
"""


def test_responses_of_packet_sender_become_rules() -> None:
    first, second, third, last = parse_responses(SETTINGS).rules

    assert (first.when, first.pattern, first.is_on) == ("equals", "hello, you", True)
    assert first.answer == Draft(r"at \{time:%Y-%m-%d}", Format.ESCAPES)
    assert (second.when, second.pattern, second.answer.text, second.is_on) == ("hex", "01 02", "03 04", False)
    assert (third.pattern, third.answer.text) == (r"ping\r\n", r"pong\x0d\n")
    assert (last.when, last.answer, last.is_on) == ("any", Draft("41 42", Format.HEX), True)
