r"""The responses of Packet Sender's settings (``ps_settings.ini``) as a table of rules.

Packet Sender keeps five of them: ``responseEnableCheck1``, ``responseEncodingBox1`` (``Ascii``, ``Hex``, ``Mixed``),
``responseIfEdit1``, ``responseReplyEdit1`` and so on, and a general answer in hex under ``responseHex``. It swaps
``{{TIME}}``, ``{{DATE}}``, ``{{UNIXTIME}}``, ``{{RANDOM}}`` and ``{{UNIQUE}}`` when it answers. In mixed text ``\0d``
is a byte. The file is one of Qt's: a value may stand in quotes, and a backslash begins an escape in it
(``QSettings::IniFormat``, doc.qt.io/qt-6/qsettings.html).
"""

from __future__ import annotations

import re

from core.compose import Draft, Format
from core.compose.saved import SavedError
from core.replies.rules.rule import Rule
from core.replies.rules.rule_set import RuleSet

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
    """The table of a settings file. Raises ``SavedError`` if it holds no response."""
    found = {key: _value(value) for key, value in _ENTRY.findall(text)}
    rules = [
        _rule(found, number)
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


def _rule(found: dict[str, str], number: int) -> Rule:
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


def _value(written: str) -> str:
    """A value as Qt writes it."""
    value = written.strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = value[1:-1]
    return _ESCAPE.sub(_unescaped, value)


def _unescaped(found: re.Match[str]) -> str:
    escape = found[1]
    return chr(int(escape[1:], 16)) if escape[0] == "x" and len(escape) > 1 else _LETTERS.get(escape, escape)
