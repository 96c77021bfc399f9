"""Errands of somebody who reads what was said: finds it, looks closely, leaves out the rest, takes it along."""

from __future__ import annotations

import csv
from pathlib import Path

from gui.viewmodels.typeset_row import MARKED
from tests.gui.stories.conftest import Sit
from tests.gui.stories.person import Person, caller, said_in, settings


def test_a_word_is_found_and_its_place_in_the_stream_read_off(quiet: Person) -> None:
    with caller(quiet.start_server()) as peer:
        for said, in_all in ((b"hello there\n", 12), (b"a needle in it\n", 27), (b"bye\n", 31)):
            peer.say(said)
            quiet.sees(f"in {in_all} B")

        quiet.press("<Control-f>")
        quiet.type("needle")
        quiet.press("<Return>")
        quiet.sees("1 of 1")
        quiet.press("<Control-i>")

        quiet.sees("#1 → server", "15 bytes", "bytes 12–26 of what came in", "Came in one recv call")
        quiet.tab_to("6e 65 65 64 6c 65")
        quiet.press("<Control-g>")
        quiet.type("2")
        quiet.press("<Return>")
        quiet.sees("offset 0x2  (2)  ·  0x6e = 110 = “n”")


def test_what_one_of_two_callers_said_becomes_a_table(quiet: Person, tmp_path: Path) -> None:
    port = quiet.start_server()
    with caller(port) as alice, caller(port) as bob:
        quiet.sees("#2 connected")
        alice.say(b"from alice")
        quiet.sees("from alice")
        bob.say(b"=from bob")
        quiet.sees("=from bob")

        quiet.press("<Control-F>")
        quiet.sees("All connections")
        quiet.press("<Return>", "<Down>", "<Down>", "<space>", "<Escape>")
        quiet.sees("2 of 6 shown")
        assert quiet.reads("#2")
        quiet.press("<Control-s>")
        quiet.sees("What the filter shows, 2 rows")
        quiet.tab_to("Text")
        quiet.press("<Down>")
        quiet.tab_to("tincan_")
        quiet.write(str(tmp_path / "bob.csv"))
        quiet.press("<Return>")
        quiet.sees("2 rows, ", "in bob.csv")

        with (tmp_path / "bob.csv").open(encoding="utf-8-sig", newline="") as file:
            came, said = csv.DictReader(file)
        assert (came["connection"], came["kind"]) == ("2", "opened")
        assert (said["connection"], said["kind"], said["size"]) == ("2", "received", "9")
        assert (said["text"], said["hex"]) == ("'=from bob", "0x" + b"=from bob".hex())


def test_bytes_are_copied_from_the_inspector_and_sent_back_as_hex(quiet: Person) -> None:
    with caller(quiet.start_server()) as peer:
        peer.say(b"\x00\x01\xfe\xff tail")
        quiet.sees("tail")

        quiet.press("<Control-i>", "<Alt-Up>")
        quiet.sees("In the stream")
        quiet.tab_to("00 01 fe ff")
        quiet.press("<Control-Home>", "<Shift-Right>", "<Shift-Right>", "<Shift-Right>", "<Control-c>")
        assert quiet.clipboard == "00 01 fe ff"
        quiet.press("<Control-m>", "<Control-e>")
        quiet.choose("hex")
        quiet.press("<Control-m>", "<<Paste>>")
        quiet.sees("4 bytes")
        quiet.press("<Return>")

        assert peer.hear(4) == b"\x00\x01\xfe\xff"
        quiet.until(lambda: quiet.message == "")


def test_lines_are_put_together_while_more_comes_and_an_old_selection_is_not_copied(quiet: Person) -> None:
    with caller(quiet.start_server()) as peer:
        peer.say(b"one\ntw")
        quiet.sees("one\\n\ntw")
        quiet.tab_to("connected from", back=True)
        quiet.press("<Control-a>", "<Control-c>")
        assert said_in(quiet.clipboard) == ["one", "tw"]

        quiet.tab_to("As received")
        peer.say(b"o\nthr")
        quiet.choose("Lines")
        peer.say(b"ee\n")
        quiet.until(lambda: quiet.said == ["one", "two", "three"])

        quiet.copy_elsewhere("mine")
        quiet.tab_to("connected from", back=True)
        quiet.press("<Control-c>")
        assert quiet.clipboard == "mine"
        quiet.press("<Control-a>", "<Control-c>")
        assert said_in(quiet.clipboard) == ["one", "two", "three"]


def test_a_cleared_view_is_empty_until_all_of_it_is_asked_for(quiet: Person) -> None:
    with caller(quiet.start_server()) as peer:
        peer.say(b"the word is plugh\n")
        quiet.sees("plugh")

        quiet.press("<Control-k>")
        assert quiet.conversation == ""
        peer.say(b"the word is xyzzy\n")
        quiet.sees("xyzzy")
        quiet.press("<Control-f>")
        quiet.type("the word")
        quiet.press("<Return>")
        quiet.sees("1 of 1")
        assert "plugh" not in quiet.conversation

        quiet.app.main_controller.commands["show_everything"]()
        quiet.sees("of 2", "plugh")


def test_who_reads_further_up_is_left_in_peace_and_told_how_much_is_new(quiet: Person) -> None:
    with caller(quiet.start_server()) as peer:
        for number in range(40):
            peer.say(b"line %d\n" % number)
            quiet.sees(f"line {number}\\n")
        quiet.press("<Prior>", "<Prior>")
        before = quiet.conversation
        assert "line 39" not in before

        for number in range(40, 43):
            peer.say(b"line %d\n" % number)
            quiet.sees(f"{number - 39} new")

        assert quiet.conversation == before
        quiet.tab_to("3 new", back=True)
        quiet.press("<space>")
        quiet.sees("line 42\\n")
        quiet.no_longer_sees(" new  ↓")
        peer.say(b"and on\n")
        quiet.sees("and on\\n")


def test_who_looks_at_another_session_comes_back_to_where_it_was_read(quiet: Person) -> None:
    port = quiet.start_server()
    with caller(port) as peer:
        for number in range(40):
            peer.say(b"line %d\n" % number)
            quiet.sees(f"line {number}\\n")
        quiet.press("<Prior>", "<Prior>")
        before = quiet.said[:5]
        quiet.connect(port)
        assert "line" not in quiet.conversation

        peer.say(b"line 40\n")
        quiet.sees("(1)")
        quiet.app.main_controller.choose_row("s1")
        quiet.sees(" new  ↓")

        assert quiet.said[:5] == before
        quiet.app.main_controller.choose_row("s2")
        quiet.sees("connected to")
        quiet.no_longer_sees(" new  ↓")


def test_bytes_are_found_in_the_hex_view_once_the_pattern_is_put_right(quiet: Person) -> None:
    with caller(quiet.start_server()) as peer:
        peer.say(b"\x01\x02\xff\x00\xfe\x03")
        quiet.sees("in 6 B")
        quiet.press("<Control-h>")
        quiet.sees("01 02 ff 00 fe 03")
        quiet.press("<Control-f>")
        quiet.tab_to("Text")
        quiet.choose("Hex bytes")
        quiet.press("<Control-f>")
        quiet.type("ff ?? fg")
        quiet.press("<Return>")
        quiet.sees("is half a byte: a byte is two hex digits, or ?? for any byte.")
        quiet.press("<BackSpace>")
        quiet.type("e")
        quiet.press("<Return>")
        quiet.sees("1 of 1")
        text = quiet.app.window.conversation.transcript.text
        first, last = text.tag_ranges(MARKED)[:2]
        assert text.get(first, last) == "ff 00 fe"


def test_latin_1_is_read_found_and_written(sit: Sit, tmp_path: Path) -> None:
    person = sit(settings(tmp_path, reply="none", read_as="latin-1"))
    with caller(person.start_server()) as peer:
        peer.say(b"caf\xe9")
        person.sees("café")
        person.press("<Control-f>")
        person.paste("É")
        person.press("<Return>")
        person.sees("1 of 1")
        person.press("<Escape>", "<Control-e>", "<Tab>")
        person.choose("Latin-1")
        person.press("<Control-m>")
        person.paste("né")
        person.sees("2 bytes", "6e e9")
        person.press("<Return>")

        assert peer.hear(2) == b"n\xe9"
        person.sees("server → #1", "né")


def test_a_wrong_length_is_put_right_and_the_talk_falls_into_records(quiet: Person) -> None:
    with caller(quiet.start_server()) as peer:
        peer.say(b"abcde")
        quiet.sees("abcde")
        quiet.tab_to("As received")
        quiet.choose("Fixed length…")
        quiet.sees("Bytes in each")
        quiet.write("0")
        quiet.sees("The size must be from 1 to 16,777,216, not 0.", "not ended yet: 5 of 16 bytes")
        quiet.write("3")
        quiet.sees("not ended yet: 2 of 3 bytes", "3 bytes each")
        peer.say(b"f")
        quiet.until(lambda: quiet.said == ["abc", "def"])
