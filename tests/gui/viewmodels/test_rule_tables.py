"""Tables of rules as a person changes them, and what is tried of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.compose import Draft, Format
from core.compose.encoding import Encoding
from core.replies.rules import Fired, Rules
from core.replies.rules.rule import Rule
from core.replies.rules.rule_set import RuleSet
from core.replies.rules.starters import MODBUS, SCPI, STARTERS, THERMOMETER
from gui.viewmodels.rule_tables import (
    Mistake,
    RuleFields,
    RuleTables,
    fields_of,
    fired_words,
    message_within,
    read_message,
    rule_of,
    try_rules,
)


def text(words: str) -> Draft:
    return Draft(words, Format.ESCAPES)


@pytest.fixture
def tables() -> RuleTables:
    """An own table of three rules is on view."""
    tables = RuleTables()
    tables.take_in([RuleSet("mine", tuple(Rule(name, "equals", name, text(name * 2)) for name in "abc"))])
    tables.choose("mine")
    return tables


def names(tables: RuleTables) -> str:
    return "".join(rule.name for rule in tables.chosen.rules)


@pytest.mark.parametrize("rule", [rule for table in STARTERS for rule in table.rules])
def test_the_fields_of_a_rule_make_that_rule_again(rule: Rule) -> None:
    assert rule_of(fields_of(rule), ()) == rule


@pytest.mark.parametrize(
    ("changed", "field", "place"),
    [
        ({"name": " "}, "name", None),
        ({"name": "b"}, "name", None),
        ({"when": "regex", "pattern": "a(b"}, "pattern", 1),
        ({"when": "hex", "pattern": "0a 0g"}, "pattern", 3),
        ({"pattern": ""}, "pattern", 0),
        ({"when": "silence", "pattern": "soon"}, "pattern", 0),
        ({"answer": r"ab\q"}, "answer", 2),
        ({"format": "hex", "answer": "0a 0"}, "answer", 3),
        ({"least": "soon"}, "least", 0),
        ({"most": "9999999"}, "most", None),
    ],
)
def test_a_mistake_has_its_field_and_its_place(changed: dict[str, str], field: str, place: int | None) -> None:
    fields = replace(fields_of(Rule("a", "equals", "T?", text("21 C"))), **changed)  # type: ignore[arg-type]

    found = rule_of(fields, {"b"})

    assert isinstance(found, Mistake)
    assert (found.field, found.place) == (field, place)
    assert found.sentence.endswith(".")


def test_rules_are_put_in_order_copied_and_taken_out_and_all_of_it_can_be_undone(tables: RuleTables) -> None:
    tables.move(1)
    assert (names(tables), tables.place) == ("bac", 1)
    tables.copy()
    assert [rule.name for rule in tables.chosen.rules] == ["b", "a", "a 2", "c"]
    tables.choose_rule(0)
    tables.delete()
    tables.add()
    assert [rule.name for rule in tables.chosen.rules] == ["a", "rule", "a 2", "c"]
    tables.switch()
    assert tables.rule is not None
    assert not tables.rule.is_on
    tables.move(-5)
    while tables.last:
        tables.undo()
    assert names(tables) == "abc"


def test_what_is_wrong_waits_in_the_editor_and_changes_nothing(tables: RuleTables) -> None:
    before, wrong = tables.chosen, replace(tables.fields[0], when="regex", pattern="(")

    mistake = tables.edit(wrong)

    assert mistake is not None
    assert tables.chosen is before
    tables.choose_rule(1)
    assert tables.fields[1] is None
    tables.choose_rule(0)
    assert tables.fields == (wrong, mistake)
    assert [row.mistake for row in tables.rows(None)] == [mistake.sentence, "", ""]
    assert tables.edit(replace(wrong, pattern="(x)")) is None
    assert tables.rows(None)[0].when == "matches the expression (x)"


def test_a_starter_stays_and_its_change_is_an_own_table_that_takes_its_place(tables: RuleTables) -> None:
    heard: list[tuple[RuleSet, RuleSet]] = []
    tables.on_replace = lambda before, now: heard.append((before, now))
    tables.choose("thermometer")
    tables.delete()
    assert tables.chosen.name == "thermometer 2"
    assert tables.find("thermometer") is THERMOMETER
    assert heard == [(THERMOMETER, tables.chosen)]

    tables.undo()
    assert tables.chosen is THERMOMETER
    assert heard[-1][1] is THERMOMETER
    assert tables.names[0] == "mine"


def test_tables_are_named_copied_imported_and_deleted(tables: RuleTables) -> None:
    assert tables.rename("Thermometer") == "Another table has that name."
    assert "from 1 to 60" in tables.rename("")
    assert tables.rename("yours") == ""
    tables.copy_table()
    assert tables.chosen.name == "yours 2"
    tables.bring_in(SCPI)
    assert tables.chosen.name == "SCPI instrument 2"
    tables.choose_framing("netstring")
    tables.new()
    assert [rules.name for rules in tables.own] == ["yours", "yours 2", "SCPI instrument 2", "rules"]
    assert tables.find("scpi INSTRUMENT 2") == replace(SCPI, name="SCPI instrument 2", framing="netstring")
    tables.delete_table()
    tables.choose("SMTP")
    tables.delete_table()
    assert [rules.name for rules in tables.own] == ["yours", "yours 2", "SCPI instrument 2"]


def test_rows_have_the_counts_of_a_server(tables: RuleTables) -> None:
    running = Rules(tables.chosen)
    running.count(running.ready[1])
    running.count(running.ready[1])

    rows = tables.rows(running)

    assert [row.times for row in rows] == ["", "2 ×", ""]
    assert rows[1].words == f"“b”: equals b; fired 2 ×, last at {rows[1].last}"
    assert fired_words(1200, 1)[0] == "1,200 ×"
    tables.delete()
    after = Rules(tables.chosen)
    after.count_on(running)
    assert list(after.fired) == ["b"]
    assert after.fired["b"].times == 2
    assert after.unknown == Fired()


def test_trying_shows_the_rule_and_the_bytes_with_their_frame() -> None:
    (found,) = try_rules(Rules(THERMOMETER), b"T=-4.5", "line")
    assert (found.rule, found.wire, found.hex) == ("target", b"OK -4.5 C\n", "4f 4b 20 2d 34 2e 35 20 43 0a")
    assert found.text(Encoding.UTF_8) == "OK -4.5 C\n"
    (warm,) = try_rules(Rules(THERMOMETER), b"T?", "raw")
    assert "after 20 to 200 ms" in warm.words
    asked = bytes.fromhex("000100000006010300000002")
    within = message_within(asked, MODBUS.framing)
    (registers,) = try_rules(Rules(MODBUS), within, MODBUS.framing)
    assert registers.wire == bytes.fromhex("000100000007010304002a002b")


@pytest.mark.parametrize(
    ("data", "framing", "message"),
    [
        (b"T?\r\n", "line", b"T?"),
        (b"T?", "line", b"T?"),
        (b"T?\r\n", "raw", b"T?\r\n"),
        (b"\x00\x09abc", "length:2be", b"\x00\x09abc"),
        (b"9x:", "netstring", b"9x:"),
    ],
)
def test_a_message_is_taken_out_of_its_frame(data: bytes, framing: str, message: bytes) -> None:
    assert message_within(data, framing) == message


def test_trying_goes_on_where_the_rule_does_and_says_what_has_no_answer() -> None:
    table = RuleSet(
        "t",
        (
            Rule("off", "any", "", text("x"), is_on=False),
            Rule("first", "any", "", text(r"\{peer} \{number}"), then="next"),
            Rule("quiet", "contains", "e", then="close"),
            Rule("never", "any", "", text("y")),
        ),
    )
    first, quiet = try_rules(Rules(table), b"hello", "raw", "10.0.0.1:7")
    assert (first.rule, first.wire) == ("first", b"10.0.0.1:7 1")
    assert (quiet.rule, quiet.wire) == ("quiet", b"")
    assert quiet.words == "Answers nothing, then: close the connection."
    assert len(try_rules(Rules(table), b"x", "raw")) == 2


def test_a_typed_message_has_escapes() -> None:
    assert read_message(r"T?\r\n") == b"T?\r\n"
    assert read_message(r"a\q") == Mistake("message", read_message(r"a\q").sentence, 1)  # type: ignore[union-attr]


def test_an_empty_table_has_nothing_to_edit(tables: RuleTables) -> None:
    for _ in range(4):
        tables.delete()
    tables.copy()
    tables.switch()
    assert (tables.rule, tables.fields, tables.rows(None)) == (None, (RuleFields(), None), ())
    tables.add()
    assert tables.rule is not None
