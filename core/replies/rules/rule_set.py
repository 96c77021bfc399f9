r"""A table of rules under a name, its file, and what Packet Sender keeps of the kind.

The file is JSON that people may write themselves; a rule needs ``name`` and ``when``, the rest has a usual value::

    {"version": 1, "name": "thermometer", "framing": "line",
     "rules": [{"name": "temperature", "when": "equals", "pattern": "T?", "format": "escapes", "answer": "21.5 C",
                "encoding": "utf-8", "ending": "lf", "after": [0, 200], "then": "nothing", "on": true}]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.compose import Draft, Format, LineEnding
from core.compose.encoding import Encoding
from core.compose.saved import (
    ENCODINGS,
    ENDINGS,
    FORMATS,
    VERSION,
    KeptFile,
    SavedError,
    choice_in,
    export_list,
    import_list,
    parse_rows,
    write_rows,
)
from core.errors import quoted
from core.replies.rules.rule import LONGEST_NAME, ReadyRule, Rule, RuleError
from core.wire.framing import FramingError, parse_framing

MOST_RULES = 500
MOST_SETS = 200


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules in the order in which they are asked. Raises ``SavedError`` for a name that it cannot have.

    ``framing`` is the one that the rules are made for, ``about`` says in a sentence what they play, ``hears_http``
    whether they answer a peer that speaks HTTP, as any web page can.
    """

    name: str
    rules: tuple[Rule, ...]
    framing: str = "raw"
    about: str = ""
    hears_http: bool = False

    def __post_init__(self) -> None:
        for name in (self.name, *(rule.name for rule in self.rules)):
            if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
                raise SavedError(f"A name has from 1 to {LONGEST_NAME} letters, digits or signs, unlike {quoted(name)}")
        try:
            parse_framing(self.framing)
        except FramingError as error:
            raise SavedError(f"its framing is none: {error}") from None

    def ready(self) -> tuple[ReadyRule, ...]:
        """The rules, checked. Raises ``SavedError`` that names the rule which cannot be."""
        found = []
        for number, rule in enumerate(self.rules, 1):
            try:
                found.append(ReadyRule(rule))
            except RuleError as error:
                what = f"rule {number}, {quoted(rule.name)}, has no usable {error.field}"
                raise SavedError(f"{what}: {str(error).removesuffix('.')}") from None
        return tuple(found)


def write_rule_set(rules: RuleSet) -> str:
    """The table as JSON in ASCII."""
    return json.dumps({"version": VERSION, **_written(rules)}, ensure_ascii=True, indent=1)


def _written(rules: RuleSet) -> dict[str, object]:
    rows = [
        {
            "name": rule.name,
            "when": rule.when,
            "pattern": rule.pattern,
            "format": rule.answer.format.value,
            "answer": rule.answer.text,
            "encoding": rule.answer.encoding.value,
            "ending": rule.answer.ending.name.lower(),
            "after": list(rule.after),
            "then": rule.then,
            "on": rule.is_on,
        }
        for rule in rules.rules
    ]
    head = {"name": rules.name, "about": rules.about, "framing": rules.framing, "http": rules.hears_http}
    return {**head, "rules": rows}


def parse_rule_set(text: str) -> RuleSet:
    """The table of a file. Raises ``SavedError`` that names the rule which is wrong."""
    rows = parse_rows("rules", text, MOST_RULES)
    head = json.loads(text)
    name, about, framing = head.get("name"), head.get("about", ""), head.get("framing", "raw")
    if not isinstance(name, str) or not isinstance(about, str) or not isinstance(framing, str):
        raise SavedError("its “name”, “about” or “framing” is missing or no text")
    made = RuleSet(
        name, tuple(_parsed(row, f"rule {number}") for number, row in enumerate(rows, 1)), framing, about,
        head.get("http") is True,
    )  # fmt: skip
    made.ready()
    return made


def _parsed(row: object, what: str) -> Rule:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str) or not isinstance(row.get("when"), str):
        raise SavedError(f"{what} has no “name” or no “when”")
    texts = {key: row.get(key, usual) for key, usual in (("pattern", ""), ("answer", ""), ("then", "nothing"))}
    if not all(isinstance(text, str) for text in texts.values()):
        raise SavedError(f"{what} has a “pattern”, an “answer” or a “then” that is no text")
    after = row.get("after", [0, 0])
    if type(after) is int:
        after = [after, after]
    if not (isinstance(after, list) and len(after) == 2 and all(type(one) is int for one in after)):
        raise SavedError(f"{what} has an “after” that is no pair of milliseconds")
    answer = Draft(
        texts["answer"],
        choice_in(row, what, "format", Format.ESCAPES, FORMATS),
        choice_in(row, what, "encoding", Encoding.UTF_8, ENCODINGS),
        choice_in(row, what, "ending", LineEnding.NOTHING, ENDINGS),
    )
    is_on = row.get("on", True)
    if not isinstance(is_on, bool):
        raise SavedError(f"{what} has an “on” that is neither true nor false")
    return Rule(row["name"], row["when"], texts["pattern"], answer, (after[0], after[1]), texts["then"], is_on)


class RuleSetsFile(KeptFile[RuleSet]):
    """The file of the tables that a person has made; none at first, for the starters are always there."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rules", parse=parse_rule_sets, write=write_rule_sets, starters=lambda: ())

    def lacking(self, items: Sequence[RuleSet], news: Iterable[RuleSet]) -> tuple[RuleSet, ...]:
        """Those of a name that is not there yet."""
        names = {rules.name.casefold() for rules in items}
        return tuple(rules for rules in news if rules.name.casefold() not in names)


def write_rule_sets(tables: Sequence[RuleSet]) -> str:
    """Several tables as JSON in ASCII. Raises ``SavedError`` for more than could be read again."""
    return write_rows("tables", [_written(rules) for rules in tables], MOST_SETS)


def parse_rule_sets(text: str) -> tuple[RuleSet, ...]:
    """The tables of a file. Raises ``SavedError`` that names the table which is wrong."""
    found = []
    for number, row in enumerate(parse_rows("tables", text, MOST_SETS), 1):
        try:
            found.append(parse_rule_set(json.dumps({"version": VERSION, **row} if isinstance(row, dict) else row)))
        except SavedError as error:
            raise SavedError(f"table {number}: {error}") from None
    return tuple(found)


def import_rule_set(path: Path) -> RuleSet:
    """The table of a file: one of ours, or the responses of Packet Sender's settings. Raises ``SavedError``."""
    return import_list(path, "rules", _parse_any)


def export_rule_set(path: Path, rules: RuleSet) -> None:
    """Write the table to a file of its own. Raises ``SavedError``."""
    export_list(path, "rules", write_rule_set(rules))


def _parse_any(text: str) -> RuleSet:
    return parse_rule_set(text) if text.lstrip().startswith("{") else parse_responses(text)


# Packet Sender.

_ENTRY = re.compile(r"^(response\w+|sendReponse|smartResponseEnableCheck)=(.*)$", re.MULTILINE)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,4}|.)")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_MACROS = {
    "{{TIME}}": r"\{time:%I:%M:%S %p}",
    "{{DATE}}": r"\{time:%Y-%m-%d}",
    "{{UNIXTIME}}": r"\{time:unix}",
    "{{RANDOM}}": r"\{random:4}",
    "{{UNIQUE}}": r"\{uuid}",
}
_MIXED_BYTE = re.compile(r"\\([0-9a-fA-F]{2})")


def parse_responses(text: str) -> RuleSet:
    r"""The responses of Packet Sender's settings (``ps_settings.ini``). Raises ``SavedError`` if it holds none.

    Packet Sender keeps five of them: ``responseEnableCheck1``, ``responseEncodingBox1`` (``Ascii``, ``Hex``,
    ``Mixed``), ``responseIfEdit1``, ``responseReplyEdit1`` and so on, and a general answer in hex under
    ``responseHex``. It swaps ``{{TIME}}``, ``{{DATE}}``, ``{{UNIXTIME}}``, ``{{RANDOM}}`` and ``{{UNIQUE}}`` when it
    answers. In mixed text ``\0d`` is a byte. The file is one of Qt's: a value may stand in quotes, and a backslash
    begins an escape in it (``QSettings::IniFormat``, doc.qt.io/qt-6/qsettings.html).
    """
    found = {key: _qt_value(value) for key, value in _ENTRY.findall(text)}
    rules = [
        _response(found, number)
        for number in range(1, 6)
        if found.get(f"responseIfEdit{number}") and found.get(f"responseReplyEdit{number}")
    ]
    general = found.get("responseHex", "")
    if general:
        answer = Draft(general, Format.HEX)
        rules.append(Rule("any other", "any", answer=answer, is_on=found.get("sendReponse") == "true"))
    if not rules:
        raise SavedError("it is neither a table of rules nor a settings file of Packet Sender with a response")
    made = RuleSet("Packet Sender", tuple(rules), about="The responses of Packet Sender's settings.")
    made.ready()
    return made


def _response(found: dict[str, str], number: int) -> Rule:
    kind = found.get(f"responseEncodingBox{number}", "").lower()
    heard, said = found[f"responseIfEdit{number}"], found[f"responseReplyEdit{number}"]
    is_on = found.get(f"responseEnableCheck{number}") == "true"
    if kind == "hex":
        return Rule(f"response {number}", "hex", heard, Draft(said, Format.HEX), is_on=is_on)
    is_mixed = kind != "ascii"
    answer = Draft(_escaped(said, is_mixed=is_mixed), Format.ESCAPES)
    return Rule(
        f"response {number}", "equals", _escaped(heard, is_mixed=is_mixed, with_macros=False), answer, is_on=is_on
    )


def _escaped(typed: str, *, is_mixed: bool, with_macros: bool = True) -> str:
    """What Packet Sender means by it, with our escapes."""
    if is_mixed:
        plain = _MIXED_BYTE.sub(r"\\x\1", typed)
        plain = re.sub(r"\\(?![xnrt])", r"\\\\", plain)
    else:
        plain = typed.replace("\\", "\\\\")
    for theirs, ours in _MACROS.items() if with_macros else ():
        plain = plain.replace(theirs, ours)
    return plain


def _qt_value(written: str) -> str:
    """A value as Qt writes it."""
    value = written.strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return _ESCAPE.sub(_unescaped, value)


def _unescaped(found: re.Match[str]) -> str:
    escape = found[1]
    return chr(int(escape[1:], 16)) if escape[0] == "x" and len(escape) > 1 else _LETTERS.get(escape, escape)
