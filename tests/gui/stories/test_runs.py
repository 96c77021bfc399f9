"""Errands over several runs, and through trouble: journals, settings, a full disk."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.settings import DEFAULTS
from gui.theme.palettes import PALETTES
from tests.gui.journals.test_journal_files import killed
from tests.gui.stories.conftest import Sit
from tests.gui.stories.person import Person, caller, journal_of, settings
from tests.support.peers import Host, Peer


@pytest.mark.case("C-59")
def test_what_a_killed_run_has_recorded_is_read_while_a_server_runs(sit: Sit, tmp_path: Path) -> None:
    (settings(tmp_path, reply="echo") / "journals").mkdir()
    killed(tmp_path / "journals")
    person = sit(tmp_path)
    person.sees("ended without warning", "Server 127.0.0.1:5555, 1 connection, 4 entries")
    with caller(person.start_server()) as peer:
        peer.say(b"ping")
        assert peer.hear(4) == b"ping"
        person.sees("ping")
        person.push("Open it")
        person.until(lambda: "hello" in person.conversation)
        person.sees("from the journal of", "This is from an earlier run", "in 5 B     out 0 B")
        assert "ping" not in person.conversation

        peer.say(b"pong")
        assert peer.hear(4) == b"pong"
        person.press("<Control-Shift-Tab>")
        person.sees("pong", "listening on 127.0.0.1:", "in 8 B     out 8 B")
        assert "hello" not in person.conversation


@pytest.mark.case("C-61")
def test_a_full_disk_is_told_and_so_is_the_space_that_returns(sit: Sit, tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="POSIX: it limits the size of files")
    from tests.support.full_disk import by_limit

    fill, free = by_limit(tmp_path)
    person = sit(settings(tmp_path, reply="echo"))
    with caller(person.start_server()) as peer:
        person.sees("#1 connected")
        fill()
        try:
            for _ in range(40):
                peer.say(b"x" * 8000)
                assert peer.hear(8000) == b"x" * 8000
            person.sees("Not recorded since", "messages still come and go")
        finally:
            free()
        peer.say(b"space again")
        person.sees("Recording goes on.", "missing from this run's journal.", "space again")
        person.sees("in 320.0 kB     out 320.0 kB")
    person.app.leave()
    with closing(sqlite3.connect(journal_of(tmp_path))) as journal:
        received = [data for (data,) in journal.execute("SELECT data FROM entry WHERE kind = 'received' ORDER BY 1")]
    assert sum(map(len, received)) < 40 * 8000
    assert b"space again" in received


def test_the_look_is_changed_in_the_middle_of_a_talk(sit: Sit, tmp_path: Path) -> None:
    person = sit(settings(tmp_path, reply="none", theme="light"))
    with caller(person.start_server()) as peer:
        peer.say(b"before")
        person.sees("before")
        person.type("half a se")
        small = int(person.app.theme.text.cget("size"))
        person.press("<Control-plus>", "<Control-plus>")
        person.press("<Control-comma>")
        person.sees("Colours")
        person.tab_to("Light")
        person.choose("Dark")
        peer.say(b"during")
        person.sees("during")
        person.press("<Escape>")
        person.type("ntence")
        assert person.message == "half a sentence"
        assert int(person.app.theme.text.cget("size")) == small + 2
        text = person.app.window.conversation.transcript.text
        assert str(text.cget("background")) == PALETTES["dark"].pane
        person.press("<Return>")
        assert peer.hear(15) == b"half a sentence"
        person.app.leave()
    again = sit(tmp_path)
    assert again.app.theme.choice == "dark"
    assert int(again.app.theme.text.cget("size")) == small + 2


def test_a_limit_that_is_changed_counts_for_the_next_server(sit: Sit, tmp_path: Path) -> None:
    person = sit(settings(tmp_path, reply="echo"))
    port = person.start_server()
    person.press("<Control-comma>")
    person.sees("Colours")
    person.press("<Right>", "<Right>")
    person.sees("Connections of a server")
    person.tab_to(str(DEFAULTS.connections))
    person.write("1")
    person.press("<Return>", "<Escape>")

    with caller(port) as first, caller(port) as second:
        first.say(b"one")
        second.say(b"two")
        assert (first.hear(3), second.hear(3)) == (b"one", b"two")
    person.press("<F5>")
    person.sees("Start server")
    person.press("<F5>")
    person.until(lambda: "listening on" in person.conversation and "#1" not in person.conversation, "a new server")
    with caller(port) as first:
        person.sees("#1 connected")
        with caller(port) as second:
            assert second.hear_all() == b"this server has as many connections as it takes; try again later\n"
        first.say(b"one")
        assert first.hear(3) == b"one"
        person.sees("1 connection", "in 3 B     out 3 B")


def test_what_a_client_receives_is_kept_in_a_file_as_it_comes(person: Person, tmp_path: Path) -> None:
    with Host() as host:
        person.connect(host.address.port)
        with host.accept(Peer) as peer:
            peer.say(b"\x00first")
            person.sees("first")
            person.press("<Control-S>")
            person.sees("That, and what is to come")
            person.press("<Down>")
            person.tab_to("tincan_received")
            person.write(str(tmp_path / "kept.bin"))
            person.press("<Return>")
            person.sees("Save #1 to kept.bin")
            peer.say(b"\xffsecond")
            peer.finish()
            person.sees("Done")
            assert (tmp_path / "kept.bin").read_bytes() == b"\x00first\xffsecond"


def test_one_byte_per_send_is_seen_in_the_inspector(sit: Sit, tmp_path: Path) -> None:
    person = sit(settings(tmp_path, reply="none"))
    with caller(person.start_server()) as peer:
        person.sees("#1 connected")
        person.press("<Control-u>")
        person.sees("One byte per send")
        person.push("One byte per send")
        person.say("hello")
        assert peer.hear(5) == b"hello"
        person.press("<Control-i>", "<Alt-Up>")
        person.sees("Went out in 5 send calls", "Sent in 5 send calls.", "68 65 6c 6c 6f")
        person.press("<Control-m>", "<Control-u>")


def test_an_earlier_run_is_opened_searched_and_taken_along(sit: Sit, tmp_path: Path) -> None:
    first = sit(settings(tmp_path / "first", reply="echo"))
    with caller(first.start_server()) as peer:
        peer.say(b"open sesame\n")
        assert peer.hear(12) == b"open sesame\n"
        first.sees("server → #1")
    first.app.leave()

    again = sit(tmp_path / "second", journal=journal_of(tmp_path / "first"))
    again.sees("open sesame", "from the journal of")
    again.press("<Control-f>")
    again.type("sesame")
    again.press("<Return>")
    again.sees("1 of 2")
    again.press("<F3>")
    again.sees("2 of 2")
    again.say("anybody?")
    again.sees("This is from an earlier run")
    assert again.message == "anybody?"
    again.press("<Control-s>")
    again.tab_to("Text")
    again.press("<Down>", "<Down>", "<Down>")
    again.tab_to("tincan_")
    again.write(str(tmp_path / "talk.bin"))
    again.press("<Return>")
    again.sees("2 files")

    assert sorted(path.read_bytes() for path in tmp_path.glob("talk*")) == [b"open sesame\n"] * 2
