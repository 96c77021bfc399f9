"""Errands of somebody who connects: in vain at first, twice, through a crash of the other side, out of the door."""

from __future__ import annotations

import os
import socket
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace

import pytest

from core.address import DEFAULT_PORT, Address
from tests.gui.stories.person import Person, caller, journal_of
from tests.support.peers import Host, Peer, Resets
from tests.support.systems import needs_rst, only_posix


def test_a_refused_call_is_made_again_once_somebody_listens(person: Person) -> None:
    with socket.socket() as late:
        late.bind(("127.0.0.1", 0))
        port = late.getsockname()[1]
        person.press("<Control-l>", "<Tab>")
        person.write(str(port))
        person.press("<F6>")
        person.sees("refused", "Start the server first")

        late.listen()
        person.press("<F6>")
        with Peer(late.accept()[0]) as peer:
            person.sees("Disconnect", f"connected to 127.0.0.1:{port}")
            assert not person.reads("Start the server first")
            person.say("at last")
            assert peer.hear(7) == b"at last"


def test_a_port_that_is_taken_gives_way_to_another(person: Person) -> None:
    with Host() as taken:
        person.press("<Control-l>", "<Tab>")
        person.write(str(taken.address.port))
        person.press("<F5>")
        person.sees("is already in use", "could not listen")
        person.press("<Control-l>", "<Tab>")
        person.write("0")
        person.press("<F5>")
        person.sees("Stop server", "listening on 127.0.0.1:")
        assert not person.reads("in use")


def test_quitting_while_somebody_is_connected_asks_and_can_be_thought_better_of(quiet: Person) -> None:
    with caller(quiet.start_server()) as peer:
        quiet.sees("#1 connected")
        quiet.press("<Control-q>")
        quiet.sees("One connection is still open. Quit all the same?")
        quiet.press("<Escape>")
        quiet.no_longer_sees("Quit all the same?")
        quiet.say("still here")
        assert peer.hear(10) == b"still here"

        quiet.press("<Control-q>")
        quiet.sees("Quit all the same?")
        quiet.press("<Return>")

        assert peer.hear_all() == b""
    with closing(sqlite3.connect(journal_of(quiet.folder))) as journal:
        assert journal.execute("SELECT ending FROM connection").fetchall() == [("server-stopped",)]


@pytest.mark.parametrize("opens", ["<Control-comma>", "<F1>", "<Control-t>"])
def test_a_small_window_has_the_key_that_quits(quiet: Person, opens: str) -> None:
    with caller(quiet.start_server()) as peer:
        quiet.sees("#1 connected")
        quiet.press(opens)
        root = quiet.app.root
        quiet.until(lambda: (root.focus_get() or root).winfo_toplevel() is not root)

        quiet.press("<Control-q>")
        quiet.sees("One connection is still open. Quit all the same?")
        quiet.press("<Return>")

        assert peer.hear_all() == b""


def test_two_clients_of_one_server_each_have_their_conversation(person: Person) -> None:
    with Host() as host:
        person.connect(host.address.port)
        with host.accept(Peer) as first:
            person.say("I am the first")
            person.until(lambda: "I am the first" in person.conversation)  # else the next look may be at this one
            person.press("<Shift-F6>")
            with host.accept(Peer) as second:
                person.until(lambda: "connected to" in person.conversation and "first" not in person.conversation)
                person.say("I am the second")
                assert (first.hear(14), second.hear(15)) == (b"I am the first", b"I am the second")

                first.say(b"hello, first")
                person.press("<Control-Shift-Tab>")
                person.sees("hello, first", "I am the first")
                assert "second" not in person.conversation
                person.press("<F6>")
                assert first.hear_all() == b""
                person.press("<Control-Tab>")
                person.sees("I am the second", "Disconnect")


@needs_rst
def test_a_peer_that_crashes_is_named_and_its_conversation_taken_out_of_the_list(quiet: Person) -> None:
    port = quiet.start_server()
    with caller(port) as stays, Resets.calls(Address("127.0.0.1", port)) as crashes:
        quiet.sees("#2 connected")
        crashes.say(b"aargh")
        quiet.sees("aargh")
        crashes.leave()
        quiet.sees("(RST)")
        quiet.tab_to("Server 127.0.0.1", back=True)
        assert not quiet.reads("#2  :")
        quiet.press("<Down>", "<Down>", "<Right>", "<Down>")
        quiet.sees("aargh", "reset the connection (RST). Likely causes:", "No connection")
        assert not quiet.reads("#1 connected")
        quiet.press("<Delete>")
        quiet.no_longer_sees("reset (RST)")
        quiet.sees("#1")
        quiet.press("<Up>", "<Up>")
        quiet.say("still there?")
        assert stays.hear(12) == b"still there?"


def test_the_first_conversation_by_the_tour_and_the_keyboard(person: Person) -> None:
    person.press("<Control-l>", "<Tab>")
    person.write("0")
    person.app.main_controller.commands["begin_tour"]()
    person.sees("1 of 5", "F5")
    person.press("<F5>")
    person.sees("2 of 5", "Press Connect, or F6.", "listening on 127.0.0.1:")
    person.press("<F6>")
    person.sees("3 of 5", "Type a word and press Enter", "type the message")
    person.say("hello")
    person.sees("4 of 5", "Ctrl+Tab goes there too.", "you", "hello")
    person.press("<Control-Tab>")
    person.sees("5 of 5", "#1 connected", "server → #1")
    person.press("<Control-Shift-Tab>")
    person.say("stop")
    person.sees("That was a whole conversation", "the server said goodbye (FIN)", "out 9 B")
    person.push("Done")
    person.no_longer_sees("That was a whole conversation")


def test_tab_goes_round_in_the_order_of_the_eye(quiet: Person) -> None:
    port = quiet.start_server()
    with caller(port), caller(port):
        quiet.sees("#2 connected", "everyone (2)")
        quiet.press("<Control-l>")
        stops = []
        for _ in range(15):
            stops.append(quiet.focused.split("\n")[0])
            quiet.press("<Tab>")

    assert stops[:5] == ["127.0.0.1", str(port), "TLS off", "Stop server", "Connect"]
    assert stops[5].startswith("Server 127.0.0.1")
    assert stops[6:9] == ["", "As received", "nothing"]  # the first is the line that makes the list wider
    assert stops[9].startswith("starting a server")
    assert stops[10:] == ["everyone (2)  ▾", "", "Send", "As text, UTF-8  ▸", "127.0.0.1"]


AS_FOUND = {
    "http://user@localhost/path?x": ("localhost", "80"),
    "localhost 6379": ("localhost", "6379"),
    "[::1]:7000": ("::1", "7000"),
    "１２７．０．０．１：８０": ("127.0.0.1", "80"),
    ":7000": ("127.0.0.1", "7000"),
    "localhost": ("localhost", "5555"),
}


def test_an_address_as_it_was_found_is_put_into_both_fields(person: Person) -> None:
    fields = person.app.window.address
    put = {}
    for pasted in AS_FOUND:
        fields.port.set("5555")
        person.press("<Control-l>")
        fields.host.set(pasted)
        person.press("<Tab>")
        put[pasted] = fields.host.get(), fields.port.get()

    assert put == AS_FOUND


def test_an_address_in_the_field_for_the_port_is_put_into_both_fields(person: Person) -> None:
    fields = person.app.window.address
    person.press("<Control-l>", "<Tab>")
    fields.port.set("tcp://localhost:7000")
    person.press("<Tab>")

    assert (fields.host.get(), fields.port.get()) == ("localhost", "7000")


def test_what_is_wrong_with_an_address_is_said_when_it_is_used(person: Person) -> None:
    fields = person.app.window.address
    for typed, says in (
        ("localhost:http", "is not a port: use a number from 1 to 65535"),
        ("10.0.0.0/24", "is a network: type one address of it"),
        ("two words", "“two words” is not a host"),
    ):
        fields.accept()
        person.press("<Control-l>")
        fields.host.set(typed)
        person.press("<Tab>")
        assert not fields.complaint

        person.press("<F6>")

        assert says in fields.complaint


@only_posix("Python has no local sockets there")
def test_both_ends_of_a_local_socket_are_had_by_the_keyboard(person: Person) -> None:
    bar = person.app.window.address
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = f"unix:{folder}/socket"
        person.press("<Control-l>")
        person.write(path)
        person.sees("no port")
        assert bar.port.instate(["disabled"])
        person.press("<F5>")
        person.sees("Stop server", f"listening on {path}")
        person.press("<Control-l>", "<F6>")
        person.sees(f"connected to {path}, process {os.getpid()}", "Disconnect")
        person.say("hello")
        person.sees("hello")
        person.until(lambda: any(f"process {os.getpid()}" in row for row in rows_of(person)), "the caller's process")

        person.press("<Control-l>")
        person.write("127.0.0.1")
        person.sees("Start server")
        assert bar.port.instate(["!disabled"])
        assert bar.port.get() == bar.written[1] == str(DEFAULT_PORT)
        assert person.app.main_controller.preferences.hosts[0] == path
        assert "" not in person.app.main_controller.preferences.ports


@only_posix("Python has no local sockets there")
def test_a_local_socket_in_the_field_for_the_port_is_put_into_the_other(person: Person) -> None:
    person.press("<Control-l>", "<Tab>")
    person.write("unix:/tmp/somewhere")
    person.press("<Tab>")
    person.sees("no port")
    assert person.app.window.address.written == ("unix:/tmp/somewhere", str(DEFAULT_PORT))


def rows_of(person: Person) -> list[str]:
    tree = person.app.window.sessions
    return [tree.words_of(key) for top in tree.tree.get_children("") for key in (top, *tree.tree.get_children(top))]


def test_a_client_of_the_window_goes_through_the_proxy_of_the_settings(person: Person) -> None:
    main = person.app.main_controller
    with Host() as proxy:
        main.apply(replace(main.preferences, proxy=f"socks5://anna@{proxy.address}"))
        main.endpoints.use_proxy_password("secret")
        person.press("<Control-l>")
        person.write("example.invalid:80")
        person.press("<F6>")
        with proxy.accept(Peer) as peer:
            assert peer.hear(4) == b"\x05\x02\x00\x02"
            peer.say(b"\x05\x02")
            assert peer.hear(13) == b"\x01\x04anna\x06secret"
            peer.say(b"\x01\x00")
            assert peer.hear(22) == b"\x05\x01\x00\x03\x0fexample.invalid\x00\x50"
            peer.say(b"\x05\x05\x00\x01" + bytes(6))
            person.sees(
                f"through the proxy socks5://{proxy.address}",
                f"The proxy socks5://{proxy.address} could not reach example.invalid:80: the connection was refused",
            )
    assert not person.reads("secret")
    assert not person.reads("anna@")


def test_a_password_typed_into_the_field_of_the_proxy_is_not_to_be_had_back(person: Person) -> None:
    person.press("<Control-comma>", "<Right>", "<Right>")
    person.tab_to("none", exactly=True)
    person.write("socks5://anna:secret@proxy")
    person.press("<Return>")
    person.sees("socks5://anna@proxy:1080")
    person.press("<Control-z>")
    assert person.focused == "socks5://anna@proxy:1080"
    person.write("http://anna@proxy:3128")
    person.press("<Control-z>")
    assert "secret" not in person.focused


@only_posix("Python has no local sockets there")
def test_no_proxy_stands_before_a_local_socket(person: Person) -> None:
    main = person.app.main_controller
    main.apply(replace(main.preferences, proxy="socks5://127.0.0.1:1"))
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        person.press("<Control-l>")
        person.write(f"unix:{folder}/socket")
        person.press("<F5>")
        person.sees("listening on")
        person.press("<Control-l>", "<F6>")
        person.sees(f"connected to unix:{folder}/socket, process {os.getpid()}")
