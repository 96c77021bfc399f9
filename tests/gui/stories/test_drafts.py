"""Errands of somebody who writes in several conversations at once: what is half typed stays where it belongs."""

from __future__ import annotations

import pytest

from gui.viewmodels.drafting import MessageFormat
from tests.gui.stories.conftest import Sit
from tests.gui.stories.person import Person, caller, settings
from tests.support.peers import Host, Peer


def test_what_is_half_typed_for_one_peer_never_goes_to_another(person: Person) -> None:
    with Host() as first_host, Host() as second_host:
        person.connect(first_host.address.port)
        with first_host.accept(Peer) as first:
            person.press("<Control-m>")
            person.type("OUTP OFF")
            person.press("<BackSpace>", "<Left>", "<Left>", "<Left>")
            person.connect(second_host.address.port)
            with second_host.accept(Peer) as second:
                assert person.message == ""
                person.press("<Control-m>", "<Return>")
                person.say("mine")
                assert second.hear(4) == b"mine"
                person.type("half")

                person.press("<Control-Shift-Tab>")
                assert person.message == "OUTP OF"
                person.type("x")
                assert person.message == "OUTPx OF"
                person.press("<BackSpace>", "<Control-z>")
                assert person.message == "OUTPx OF"
                person.press("<Control-z>", "<Control-z>")
                assert person.message == "OUTP OFF"
                person.write("to the first")
                person.press("<Return>")
                assert first.hear(12) == b"to the first"

                person.press("<Control-Tab>")
                assert person.message == "half"
                person.press("<Return>")
                assert second.hear(4) == b"half"
                person.app.leave()
                assert first.hear_all() == second.hear_all() == b""


def test_what_is_half_typed_for_one_client_of_a_server_never_goes_to_another(quiet: Person) -> None:
    with caller(quiet.start_server()) as alice, caller(int(quiet.app.window.address.port.get())) as bob:
        quiet.sees("everyone (2)")
        tree = quiet.app.window.sessions.tree
        quiet.press("<Control-m>")
        quiet.type("to all")
        tree.focus_force()
        quiet.press("<Down>")
        quiet.sees("#1  ▾")
        assert quiet.message == ""
        quiet.press("<Control-m>")
        quiet.type("only for alice")
        tree.focus_force()
        quiet.press("<Down>")
        quiet.sees("#2  ▾")
        quiet.press("<Control-m>", "<Return>")
        quiet.say("for bob")
        assert bob.hear(7) == b"for bob"

        tree.focus_force()
        quiet.press("<Up>")
        quiet.press("<Control-m>", "<Return>")
        assert alice.hear(14) == b"only for alice"
        tree.focus_force()
        quiet.press("<Up>")
        assert quiet.message == "to all"
        quiet.press("<Control-m>", "<Return>")
        assert alice.hear(6) == bob.hear(6) == b"to all"

        tree.focus_force()
        quiet.press("<Down>")
        quiet.press("<Control-m>")
        quiet.type("for alice again")
        quiet.app.main_controller.show_everything()
        quiet.sees("everyone (2)")
        assert quiet.message == ""


def test_each_conversation_writes_in_its_own_format_and_a_new_one_in_that_chosen_last(quiet: Person) -> None:
    with Host() as first_host, Host() as second_host, Host() as third_host:
        quiet.connect(first_host.address.port)
        with first_host.accept(Peer) as first:
            quiet.connect(second_host.address.port)
            with second_host.accept(Peer) as second:
                quiet.press("<Control-e>")
                quiet.choose("hex")
                quiet.say("0d0a")
                assert second.hear(2) == b"\r\n"

                quiet.press("<Control-Shift-Tab>")
                assert quiet.app.window.composer.message_format == MessageFormat()
                quiet.say("0d0a")
                assert first.hear(4) == b"0d0a"

                quiet.connect(third_host.address.port)
                with third_host.accept(Peer) as third:
                    quiet.say("0d0a")
                    assert third.hear(2) == b"\r\n"


def test_the_draft_of_a_conversation_that_is_over_can_be_read_and_copied(person: Person) -> None:
    with Host() as host, Host() as other:
        person.connect(host.address.port)
        with host.accept(Peer):
            person.press("<Control-m>")
            person.type("still of use")
        person.sees("the server said goodbye (FIN)")
        person.connect(other.address.port)
        with other.accept(Peer):
            assert person.message == ""
            person.press("<Control-Shift-Tab>", "<Control-m>")
            assert person.message == "still of use"
            person.press("<Shift-Home>", "<<Copy>>")
            assert person.clipboard == "still of use"


def test_a_long_line_that_is_folded_in_the_field_comes_back_whole(person: Person) -> None:
    long = "0123456789" * 1_000
    with Host() as first_host, Host() as second_host:
        person.connect(first_host.address.port)
        with first_host.accept(Peer) as first:
            person.press("<Control-m>")
            person.paste(long)
            person.connect(second_host.address.port)
            person.press("<Control-Shift-Tab>")
            assert person.message == long
            person.press("<Control-m>", "<Return>")
            assert first.hear(10_000) == long.encode()


def test_one_of_several_is_still_chosen_when_the_server_is_come_back_to(
    sit: Sit, tmp_path_factory: pytest.TempPathFactory
) -> None:
    person = sit(settings(tmp_path_factory.mktemp("quiet"), reply="none"))
    with (
        Host() as host,
        caller(person.start_server()) as alice,
        caller(int(person.app.window.address.port.get())) as bob,
    ):
        person.sees("everyone (2)")
        person.press("<Control-m>")
        person.tab_to("everyone (2)", back=True)
        person.press("<Return>", "<Down>", "<Down>", "<space>", "<Escape>")
        person.sees("#2  ▾")
        person.connect(host.address.port)
        with host.accept(Peer):
            person.press("<Control-Shift-Tab>")
            person.sees("#2  ▾")
            person.say("psst")
            assert bob.hear(4) == b"psst"
            person.app.leave()
            assert alice.hear_all() == b""


def test_the_place_among_earlier_messages_is_that_of_each_conversation(person: Person) -> None:
    with Host() as first_host, Host() as second_host:
        person.connect(first_host.address.port)
        with first_host.accept(Peer):
            person.say("one")
            person.sees("you")
            person.say("two")
            person.press("<Up>", "<Up>")
            assert person.message == "one"
            person.connect(second_host.address.port)
            person.press("<Control-m>", "<Up>")
            assert person.message == "two"
            person.press("<Control-Shift-Tab>", "<Control-m>", "<Down>")
            assert person.message == "two"


def test_each_conversation_is_read_in_its_own_encoding(quiet: Person) -> None:
    with Host() as first_host, Host() as second_host, Host() as third_host:
        quiet.connect(first_host.address.port)
        with first_host.accept(Peer) as first:
            first.say("né".encode())
            quiet.sees("né")
            quiet.connect(second_host.address.port)
            with second_host.accept(Peer) as second:
                second.say("où".encode("latin-1"))
                quiet.sees("o\\xf9")
                quiet.app.main_controller.choose_encoding("latin-1")
                quiet.sees("où", "Latin-1")

                quiet.press("<Control-Shift-Tab>")
                assert quiet.said == ["né"]
                assert not quiet.reads("Latin-1")
                quiet.press("<Control-Tab>")
                assert quiet.said == ["où"]

                quiet.connect(third_host.address.port)
                with third_host.accept(Peer) as third:
                    third.say("ça".encode("latin-1"))
                    quiet.sees("ça")
