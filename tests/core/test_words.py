"""Numbers and errors in words."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build_scripts.project import ROOT
from core.errors import Explanation, SendError
from core.words import counted, decimal, duration, human_bytes, sentence, with_capital, with_full_stop


@pytest.mark.parametrize(
    ("count", "one", "several", "says"),
    [
        (0, "byte", "", "0 bytes"),
        (1, "byte", "", "1 byte"),
        (2, "byte", "", "2 bytes"),
        (1204, "entry is", "entries are", "1,204 entries are"),
        (1, "entry is", "entries are", "1 entry is"),
    ],
)
def test_one_is_one_and_others_are_several(count: int, one: str, several: str, says: str) -> None:
    assert counted(count, one, several) == says


@pytest.mark.parametrize(("text", "number"), [("2", 2.0), ("0.5", 0.5), (".5", 0.5), ("2.", 2.0), ("1e-3", 0.001)])
def test_a_number_is_read(text: str, number: float) -> None:
    assert decimal(text) == number


@pytest.mark.parametrize("text", ["", ".", "1_0", "１", "٣", " 1", "1\n", "-1", "+1", "nan", "inf", "0x1", "e1"])
def test_what_is_no_number_for_a_person_is_none(text: str) -> None:
    assert math.isnan(decimal(text))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("no such host", "No such host."),
        (SendError("über 3"), "Über 3."),
        ("Is it there?", "Is it there?"),
        ("it is.", "It is."),
        ("half-closed it stays", "Half-closed it stays."),
        ("isn’t there", "Isn’t there."),
        ("proxies, too", "Proxies, too."),
        ("stopped", "Stopped."),
        ("", ""),
        ("localhost:5555 is already in use", "localhost:5555 is already in use."),
        ("unix:/tmp/a b.sock is not there", "unix:/tmp/a b.sock is not there."),
        ("fe80::1%eth0 names an interface", "fe80::1%eth0 names an interface."),
        ("db.example cannot be reached", "db.example cannot be reached."),
        ("talk.json is no file", "talk.json is no file."),
        ("on_message is missing", "on_message is missing."),
        ("db-1:5432 reset the connection", "db-1:5432 reset the connection."),
        ("latency=1s is too long", "latency=1s is too long."),
        ("tls:// needs TLS", "tls:// needs TLS."),
    ],
)
def test_a_sentence_begins_and_ends_as_one(words: object, says: str) -> None:
    assert sentence(words) == says


@given(st.text("aé (.!?…)“”", max_size=12))
def test_a_sentence_has_one_end_however_its_reason_ends(reason: str) -> None:
    found = sentence(f"It failed: {reason}")

    assert found in (f"It failed: {reason}", f"It failed: {reason}.")
    assert found[-1] in ".!?…"
    assert found.endswith("..") <= reason.endswith("..")
    assert sentence(found) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("UDP server", "UDP server"),
        ("send HELLO World", "Send HELLO World"),
        ("#1 has", "#1 has"),
        ("2-byte", "2-byte"),
    ],
)
def test_a_capital_changes_nothing_else(text: str, says: str) -> None:
    assert with_capital(text) == says


@given(st.text("aé (.!?…)“”", max_size=12))
def test_a_name_at_the_beginning_keeps_its_letters(reason: str) -> None:
    assert with_full_stop(f"talk.txt: {reason}") == sentence(f"talk.txt: {reason}").replace("Talk", "talk")


@pytest.mark.parametrize("package", ["core", "gui"])
def test_no_other_letter_than_the_first_is_changed(package: str) -> None:
    """As ``str.capitalize`` does, which makes “Udp” of UDP and “scpi” of a name; ``with_capital`` does not."""
    found = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / package).rglob("*.py"))
        if ".capitalize(" in path.read_text(encoding="utf-8")
    ]
    assert not found


@given(st.sampled_from(["a typing error", "a typing error."]), st.sampled_from(["Wait", "Wait."]))
def test_an_explanation_has_one_end_to_each_sentence(what: str, advice: str) -> None:
    assert str(Explanation(what, (), advice)) == "A typing error. Wait."


# What is told by others: the system's own words (of Windows some end with a full stop) and errors of ours, of which
# some are whole sentences.
REASONS = re.compile(r"\b(error|why|reason|_reason|strerror|failure|refusal|trouble|exception|remark)\b")


_MENTION = re.compile(r"""\}\.[\s\\'"{]""")  # reading a module costs a hundred times as much


def doubled_ends(source: str) -> Iterator[str]:
    """Each place where a full stop is put behind somebody's reason, which may have one; ``sentence`` puts it there."""
    for node in ast.walk(ast.parse(source)) if _MENTION.search(source) else ():
        if not isinstance(node, ast.JoinedStr):
            continue
        for told, behind in zip(node.values, node.values[1:], strict=False):
            is_end = isinstance(behind, ast.Constant) and re.match(r"\.(\s|$)", str(behind.value))
            if isinstance(told, ast.FormattedValue) and is_end and REASONS.search(ast.unparse(told.value)):
                yield f"line {node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("package", ["core", "gui"])
def test_no_full_stop_is_put_behind_a_reason_that_may_have_one(package: str) -> None:
    found = {
        f"{path.relative_to(ROOT).as_posix()}, {place}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for place in doubled_ends(path.read_text(encoding="utf-8"))
    }

    assert not found


@pytest.mark.parametrize(
    "source",
    [
        'f"It failed: {error}."',
        'f"It failed: {reason(error)}. Nothing was kept."',
        'f"{why[0].upper()}{why[1:]}."',
        'f"{error.strerror or error}.{rest}"',
        'f"It failed: {x.why}.\\nWait."',
    ],
)
def test_a_full_stop_behind_a_reason_is_found(source: str) -> None:
    assert list(doubled_ends(source))


@pytest.mark.parametrize("source", ['f"{error}"', 'f"{name}.{why}"', 'f"{count}. {error}: x"', "sentence(f'a: {why}')"])
def test_a_full_stop_elsewhere_is_none_of_them(source: str) -> None:
    assert not list(doubled_ends(source))


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"), (3 * 10**12, "3.0 TB")],
)
def test_sizes_are_said_as_people_say_them(size: int, words: str) -> None:
    assert human_bytes(size) == words


@pytest.mark.parametrize(
    ("ns", "says"),
    [
        (0, "0 µs"),
        (999_000, "999 µs"),
        (1_500_000, "1.5 ms"),
        (123_000_000, "123 ms"),
        (1_234_000_000, "1.23 s"),
        (59_900_000_000, "59.9 s"),
        (61_000_000_000, "1 min 1 s"),
        (3_660_000_000_000, "1 h 1 min"),
        (-1_500_000, "−1.5 ms"),
    ],
)
def test_a_time_is_as_exact_as_it_is_useful(ns: int, says: str) -> None:
    assert duration(ns) == says
