"""A kind of session is a row of the table, and nobody else knows the kinds by their names."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core.address import Address
from core.cli import terminal
from core.cli.options import Options
from core.events import (
    Closed,
    ConnectionId,
    Ending,
    Event,
    Listening,
    Opened,
    PeerFinished,
    Received,
    Sent,
    SessionClosed,
    SessionId,
    SessionOpened,
    WeFinished,
)
from core.journal.reading.reader import JournalReader
from core.journal.recording.ledger import Ledger
from core.journal.recording.notes import sentence
from core.journal.recording.store import JournalWriter
from core.journal.recovery.archive import archived_sessions
from core.roles import ROLES, Role, guess_role
from tests.support.roles import invented

S, C, HERE = SessionId(1), ConnectionId(1), Address("10.0.0.1", 7)
# Who may speak of one kind of session by its name: the table, and what makes such sessions.
MAKERS = {
    "core/roles.py",
    "core/net/server.py",
    "core/net/client.py",
    "core/net/tap.py",
    "core/journal/capture/conversations.py",
    "core/net/udp.py",
    "core/net/udp_tap.py",
    "core/cli/options.py",
}

_MENTION = re.compile("|".join(["Role", *(f"""['"]{role}['"]""" for role in ROLES)]))


def named(source: str) -> Iterator[str]:
    """Where a module speaks of a kind of session by its name, as it does in a comparison with one."""
    if not _MENTION.search(source):  # most: reading them costs a hundred times as much
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Role":
            yield f"line {node.lineno}: Role.{node.attr}"
        elif isinstance(node, ast.Compare | ast.MatchValue | ast.Subscript):
            parts = [part for part in ast.walk(node) if isinstance(part, ast.Constant) and part.value in ROLES]
            yield from (f"line {part.lineno}: {part.value!r}" for part in parts)


def test_only_the_table_and_who_makes_sessions_know_a_kind_by_its_name() -> None:
    found = {
        f"{name}, {place}"
        for package in ("core", "gui")
        for path in (ROOT / package).rglob("*.py")
        if (name := path.relative_to(ROOT).as_posix()) not in MAKERS
        for place in named(path.read_text(encoding="utf-8"))
    }

    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "state.role is Role.SERVER",
        "state.role == Role.CLIENT",
        "state.role in (Role.SERVER, other)",
        "words = {Role.SERVER: 'a server'}",
        "match role:\n    case Role.SERVER: pass",
        "role.name == 'server'",
        "row.role not in ('server', 'client')",
        "ROLES['client'] is role",
        "match role.name:\n    case 'client': pass",
    ],
)
def test_a_kind_that_is_named_is_found(source: str) -> None:
    assert list(named(source))


@pytest.mark.parametrize("source", ["role.listens", "role is other.role", "role: Role", "shown = {'server': button}"])
def test_asking_the_table_is_no_naming(source: str) -> None:
    assert not list(named(source))


def test_the_journal_keeps_the_names_that_it_always_had() -> None:
    assert list(ROLES) == ["server", "client", "tap", "UDP server", "UDP client", "UDP tap", "capture", "UDP capture"]
    titles = ["Server", "Client", "Tap", "UDP server", "UDP client", "UDP tap", "Capture", "UDP capture"]
    assert [role.title for role in ROLES.values()] == titles


@pytest.mark.parametrize("role", ROLES.values(), ids=ROLES)
def test_a_row_has_a_word_for_everything(role: Role) -> None:
    assert all(getattr(role, field.name) for field in fields(role) if field.type == "str")
    assert role.entries


def test_a_role_is_guessed_by_what_only_its_sessions_do_or_by_its_connections(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    relay = invented(entries=frozenset({"relayed"}))
    monkeypatch.setitem(ROLES, "relay", relay)

    assert [guess_role([kind]) for kind in ("listening", "tried", "relayed")] == [Role.SERVER, Role.CLIENT, relay]
    assert [guess_role(["opened"], several) for several in (0, 1, 2)] == [Role.CLIENT, Role.CLIENT, Role.SERVER]


STORY: list[Event] = [
    Opened(S, C, 2, 1, HERE, HERE),
    PeerFinished(S, C, 3),
    WeFinished(S, C, 4),
    Closed(S, C, 5, Ending.PEER_RESET),
    SessionClosed(S, 6),
]


def test_the_conversation_has_the_words_of_a_new_role() -> None:
    relay = invented()

    assert [sentence(event, 1, relay) for event in (SessionOpened(S, 1, relay, HERE, "raw"), *STORY)] == [
        "<begun> 10.0.0.1:7",
        "the <peer> connected from 10.0.0.1:7",
        "the <peer> has finished sending (FIN)",
        "<we_have> finished sending to the <peer> (FIN)",
        "connection closed: the <peer> reset it (RST)",
        "<ended>",
    ]


def test_a_new_role_with_many_connections_tells_them_apart_by_their_numbers() -> None:
    relay = invented(many_connections=True)

    assert [sentence(event, 1, relay) for event in STORY[:2]] == [
        "#1 connected from 10.0.0.1:7",
        "#1 has finished sending (FIN)",
    ]


@pytest.mark.parametrize("dials", [True, False])
def test_whether_what_a_new_role_sends_are_requests_is_for_the_table_to_say(dials: bool) -> None:
    asked: list[Event] = [Sent(S, C, 10, b"?"), Received(S, C, 12, b"!")]
    heard: list[Event] = [Received(S, C, 10, b"?"), Sent(S, C, 13, b"!")]
    begun: list[Event] = [SessionOpened(S, 1, invented(dials=dials), HERE, "raw"), STORY[0]]

    (state,) = Ledger().fold([*begun, *(asked if dials else heard)], {})

    assert (state.answers.count, state.answers.last[0]) == (1, 2 if dials else 3)


@pytest.mark.parametrize("listens", [True, False])
def test_only_what_listens_is_open_to_the_network(listens: bool) -> None:
    begun: list[Event] = [SessionOpened(S, 1, invented(listens=listens), HERE, "raw"), Listening(S, 2, (HERE,))]

    (state,) = Ledger().fold(begun, {})

    assert state.is_open_to_the_network is listens


def test_a_journal_of_a_new_role_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    relay = invented(many_connections=True)
    monkeypatch.setitem(ROLES, "relay", relay)
    writer = JournalWriter(tmp_path / "relay.tincan")
    writer.append([SessionOpened(S, 1, relay, HERE, "raw"), *STORY], 0)
    writer.close()

    with contextlib.closing(JournalReader(tmp_path / "relay.tincan")) as reader:
        (state,) = archived_sessions(reader)
        ((detail,),) = reader.ask("SELECT detail FROM chunk WHERE kind = 'session-opened'", (), (str,))

    assert state.role is relay
    assert '"role": "relay"' in detail


def test_the_terminal_calls_both_ends_of_a_new_role_by_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    options = Options(invented(listens=True, far_end="caller"), HERE)
    program = terminal._Program(_NoWorkbench(), options)  # type: ignore[arg-type]

    program._greet(STORY[0])  # type: ignore[arg-type]
    program._printer.feed(Received(S, C, 0, b"hello"))

    assert capsys.readouterr().out == "RELAY CONNECTED TO CALLER\nCALLER: hello\n"


class _NoWorkbench:
    """Nothing happens there."""

    def subscribe(self, *_arguments: object, **_options: object) -> None:
        return None
