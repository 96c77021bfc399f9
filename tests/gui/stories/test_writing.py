"""Errands of somebody who says something: as text, as bytes, again, by the clock, from a file, to one of many."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.gui.stories.conftest import Sit
from tests.gui.stories.person import Person, caller, journal_of, settings
from tests.support.peers import Host, Peer


def test_wrong_hex_is_refused_at_its_place_put_right_and_sent(quiet: Person) -> None:
    with caller(quiet.start_server()) as peer:
        quiet.sees("#1 connected")
        quiet.press("<Control-e>")
        quiet.choose("hex")
        quiet.press("<Control-m>")
        quiet.type("fe ed fa cg")
        quiet.press("<Return>")
        quiet.sees("“c” is half a byte: a byte is two hex digits, as in 0c.")
        assert quiet.message == "fe ed fa cg"
        quiet.press("<BackSpace>")
        quiet.type("e")
        quiet.sees("4 bytes")
        quiet.press("<Return>")

        assert peer.hear(4) == b"\xfe\xed\xfa\xce"
        quiet.sees("\\xfe\\xed\\xfa\\xce", "out 4 B")
        assert quiet.message == ""


def test_a_message_that_was_saved_goes_out_by_its_key_in_the_next_run(sit: Sit, tmp_path: Path) -> None:
    first = sit(settings(tmp_path, reply="none"))
    first.type("PING 42")
    first.press("<Control-d>")
    first.sees("Ctrl+7", "“PING 42” was saved.")
    first.app.leave()

    again = sit(tmp_path)
    with caller(again.start_server()) as peer:
        again.sees("#1 connected")
        again.press("<Control-Key-7>")
        again.sees("server → #1", "PING 42", "out 7 B")
        assert peer.hear(7) == b"PING 42"


def test_a_message_is_repeated_until_it_is_stopped_and_the_journal_has_as_many(quiet: Person) -> None:
    with caller(quiet.start_server()) as peer:
        quiet.sees("#1 connected")
        quiet.type("tick.")
        quiet.press("<Control-r>")
        quiet.sees("Every")
        quiet.write("1")
        quiet.press("<Return>")
        assert peer.hear(50) == b"tick." * 10
        quiet.press("<Control-period>")
        quiet.sees("Stopped: ")
        (words,) = (text for text in quiet.texts() if text.startswith("Stopped: "))
        sent = int(words.removeprefix("Stopped: ").partition(" sent")[0].replace(",", ""))
        assert quiet.message == "tick."
        quiet.app.leave()
        assert peer.hear_all() == b"tick." * (sent - 10)
    with closing(sqlite3.connect(journal_of(quiet.folder))) as journal:
        assert journal.execute("SELECT count(*) FROM entry WHERE data = ?", (b"tick.",)).fetchone() == (sent,)


def test_a_file_goes_out_line_by_line(quiet: Person, tmp_path: Path) -> None:
    (tmp_path / "mail.txt").write_bytes(b"HELO me\r\nNOOP\r\nQUIT")
    with caller(quiet.start_server()) as peer:
        quiet.sees("#1 connected")
        quiet.press("<Control-O>")
        quiet.sees("Line by line")
        quiet.type(str(tmp_path / "mail.txt"))
        quiet.tab_to("Whole")
        quiet.press("<Down>")
        quiet.tab_to("100")
        quiet.write("1")
        quiet.press("<Return>")
        assert peer.hear(19) == b"HELO me\r\nNOOP\r\nQUIT"
        quiet.sees("Done: 19 B of 19 B", "HELO me\\r\\n", "NOOP\\r\\n")


def test_a_draft_outlives_the_server_it_was_meant_for(person: Person) -> None:
    with Host() as host:
        person.connect(host.address.port)
        with host.accept(Peer) as peer:
            person.press("<Control-m>")
            person.type("not yet s")
            peer.leave()
            person.sees("the server said goodbye (FIN)")
            person.type("ent")
            person.press("<Return>")
            person.sees("The server ended this (FIN): F6 connects again.")
            assert person.message == "not yet sent"
        person.sees("Connect")
        person.press("<F6>")
        with host.accept(Peer) as peer:
            person.sees("Disconnect")
            person.press("<Return>")
            assert peer.hear(12) == b"not yet sent"
            person.sees("out 12 B")


def test_in_a_room_one_of_two_is_spoken_to(sit: Sit, tmp_path: Path) -> None:
    person = sit(settings(tmp_path, reply="room"))
    port = person.start_server()
    with caller(port) as alice, caller(port) as bob:
        person.sees("#2 connected", "everyone (2)")
        alice.say(b"hi all\n")
        assert bob.hear(7) == b"hi all\n"
        person.tab_to("everyone (2)", back=True)
        person.press("<Return>", "<Down>", "<Down>", "<space>", "<Escape>")
        person.sees("#2  ▾")
        person.say("psst")
        assert bob.hear(4) == b"psst"
        person.sees("server → #2")
        alice.finish()
        assert alice.hear_all() == b""


def test_pasted_lines_go_out_as_messages_of_their_own(quiet: Person) -> None:
    with caller(quiet.start_server()) as peer:
        quiet.sees("#1 connected")
        quiet.press("<Control-e>", "<Tab>", "<Tab>")
        quiet.choose("LF")
        quiet.press("<Control-m>")
        quiet.paste("one\ntwo\nthree")
        quiet.press("<Return>")
        quiet.sees("3 lines were pasted: are they one message, or is each line one?")
        quiet.push("One per line")

        assert peer.hear(14) == b"one\ntwo\nthree\n"
        quiet.until(lambda: quiet.said == ["one\\n", "two\\n", "three\\n"])


def test_an_earlier_message_is_called_back_changed_and_kept(quiet: Person) -> None:
    with caller(quiet.start_server()) as peer:
        quiet.sees("#1 connected")
        quiet.say("GET 1")
        quiet.say("GET 2")
        quiet.press("<Up>", "<Up>")
        assert quiet.message == "GET 1"
        quiet.press("<BackSpace>")
        quiet.type("7")
        quiet.press("<Control-Return>")
        assert peer.hear(15) == b"GET 1GET 2GET 7"
        assert quiet.message == "GET 7"
        quiet.sees("out 15 B")


def test_a_counter_counts_on_from_the_field_to_the_clock_and_back(quiet: Person) -> None:
    with caller(quiet.start_server()) as peer:
        quiet.sees("#1 connected")
        quiet.press("<Control-e>")
        quiet.choose("escapes")
        quiet.press("<Control-m>")
        quiet.type("\\{counter},")
        quiet.press("<Control-Return>", "<Control-Return>")
        assert peer.hear(4) == b"1,2,"

        quiet.press("<Control-r>")
        quiet.sees("How often")
        quiet.write("1")
        quiet.tab_to("Until it is stopped")
        quiet.press("<Down>", "<Tab>")
        quiet.write("3")
        quiet.press("<Return>")
        assert peer.hear(6) == b"3,4,5,"
        quiet.sees("Done: 3 of 3 sent", "36 2c   6,")
        quiet.press("<Control-m>", "<Return>")
        assert peer.hear(2) == b"6,"


def test_a_server_is_stopped_over_a_draft_and_started_again_for_it(quiet: Person) -> None:
    port = quiet.start_server()
    with caller(port) as one, caller(port) as other:
        quiet.sees("#2 connected")
        quiet.type("are you back?")
        quiet.press("<F5>")
        assert (one.hear_all(), other.hear_all()) == (b"", b"")
        quiet.sees("Start server", "#1 closed: the server was stopped", "#2 closed: the server was stopped")
        quiet.press("<Return>")
        quiet.sees("This is over: F5 starts it again.")

    quiet.press("<F5>")
    quiet.sees(f"listening on 127.0.0.1:{port}", "Stop server")
    with caller(port) as back:
        quiet.sees("#1 connected")
        quiet.press("<Return>")
        assert back.hear(13) == b"are you back?"
        assert quiet.message == ""
