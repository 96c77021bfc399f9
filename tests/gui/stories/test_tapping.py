"""Errands of somebody who wants to see what two programs say to each other, by the keyboard alone."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from core.address import Address
from core.journal.recording.ledger import ConnectionState
from tests.gui.stories.person import Person
from tests.support.certificates import make
from tests.support.peers import Host, Peer, stranger
from tests.support.stage import held_up
from tests.support.systems import only_posix
from tests.support.tls_peers import TlsPeer, client_context, server_context


def asks_for_a_tap(person: Person, listen: str, target: str) -> None:
    person.press("<Control-t>")
    person.sees("Listen at", "Target")
    person.write(listen)
    person.press("<Tab>")
    person.write(target)
    person.press("<Return>")


def address_of_tap(person: Person) -> Address:
    person.sees("tap is listening on")
    person.until(lambda: person.app.window.address.port.get() != "0", "the port that was found")
    return Address("127.0.0.1", int(person.app.window.address.port.get()))


def edits_what_is_held(person: Person, caller: Peer) -> None:
    """Hold what the caller says, ``pay 10`` and a line feed, and begin to edit it."""
    person.press("<Shift-F7>", "<space>")
    person.sees("Nothing waits.")
    caller.say(b"pay 10\n")
    person.sees("1 waits for")
    person.push("Edit")
    person.sees("Change it in the message field")


def test_both_directions_of_somebody_else_s_talk_are_seen_and_it_ends_with_the_tap(person: Person) -> None:
    with Host() as host:
        asks_for_a_tap(person, "0", str(host.address))
        person.sees("tap is listening on", f"→ {host.address}", "Stop tap")
        with Peer.calls(address_of_tap(person)) as caller, host.accept(Peer) as target:
            caller.say(b"how are you?")
            assert target.hear(12) == b"how are you?"
            target.say(b"fine")
            assert caller.hear(4) == b"fine"
            person.sees("#1 → target", "how are you?", "target → #1", "fine", "answer")
            assert person.conversation.count("how are you?") == 1, "what went on as it came is shown once"
            assert person.app.main_controller.menu_state().words["toggle_server"] == "&Stop the tap"
            person.press("<F5>")
            person.sees("tap stopped", "Start server")
            assert target.hear_all() == b""


def test_what_is_said_to_both_goes_to_those_that_can_still_be_told_something(person: Person) -> None:
    with Host() as host:
        asks_for_a_tap(person, "0", str(host.address))
        with Peer.calls(address_of_tap(person)) as caller, host.accept(Peer) as target:
            person.sees("#1→ connected to")
            caller.finish()
            assert target.hear_all() == b""
            person.until(lambda: [leg.can_send for leg in legs_of(person)] == [True, False], "one way to be over")
            person.app.main_controller.sending.choose_recipients(None)
            person.say("for you")

            assert caller.hear(7) == b"for you"
            person.until(lambda: person.app.window.composer.text == "", "an empty field")
            assert person.app.window.composer.complaint == ""


def legs_of(person: Person) -> list[ConnectionState]:
    """The two connections of a tap, the caller's first."""
    state = person.app.main_controller.state
    assert state is not None
    return sorted(state.connections, key=lambda leg: -leg.number)


def test_what_is_wrong_is_said_under_its_field_and_can_be_mended_there(person: Person) -> None:
    with Host() as host:
        asks_for_a_tap(person, "127.0.0.1:99999", "nonsense host")
        person.sees("“99999” is too high: ports go up to 65535.", "“nonsense host” is not a host")
        person.write(str(host.address))  # where somebody listens already
        person.press("<Tab>")
        person.write("tls://")
        person.press("<Return>")
        person.sees("Type an address")
        person.write(str(host.address))
        person.press("<Return>")
        person.sees("is already in use")
        assert person.app.main_controller.tap.dialog is not None
        assert not person.app.main_controller.tap.dialog.is_gone
        person.write("0")
        person.press("<Return>")
        person.sees("tap is listening on")
        assert person.app.main_controller.tap.dialog.is_gone


def test_a_tap_of_the_window_dials_through_the_proxy_of_the_settings(person: Person) -> None:
    main = person.app.main_controller
    with Host() as proxy:
        main.apply(replace(main.preferences, proxy=f"socks5://anna@{proxy.address}"))
        main.endpoints.use_proxy_password("secret")
        person.press("<Control-t>")
        person.sees(f"It dials through the proxy socks5://{proxy.address}, as the settings say.")
        person.press("<Escape>")
        asks_for_a_tap(person, "0", "[fe80::1%nowhere]:80")
        person.sees("names an interface of this machine, of which a proxy knows nothing")
        assert main.tap.dialog is not None
        main.tap.dialog.target.focus_all()
        person.write("example.invalid:80")
        person.press("<Return>")
        person.sees(f"what callers say to example.invalid:80 through the proxy socks5://{proxy.address}")
        with Peer.calls(address_of_tap(person)) as caller, proxy.accept(Peer) as target:
            assert target.hear(4) == b"\x05\x02\x00\x02"
            target.say(b"\x05\x02")
            assert target.hear(13) == b"\x01\x04anna\x06secret"
            target.say(b"\x01\x00")
            assert target.hear(22) == b"\x05\x01\x00\x03\x0fexample.invalid\x00\x50"
            target.say(b"\x05\x00\x00\x01" + bytes(6))
            caller.say(b"how are you?")
            assert target.hear(12) == b"how are you?"
            person.sees("#1 → target", "how are you?")
    assert not person.reads("secret")
    assert not person.reads("anna@")


@only_posix("Python has no local sockets there")
def test_no_proxy_stands_between_a_tap_and_a_local_socket(person: Person) -> None:
    main = person.app.main_controller
    main.apply(replace(main.preferences, proxy="socks5://127.0.0.1:1"))
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        asks_for_a_tap(person, "0", f"unix:{folder}/socket")
        person.sees("tap is listening on")
        assert not person.reads("through the proxy")


def test_a_row_of_the_list_shows_that_pair_alone(person: Person) -> None:
    with Host() as host:
        asks_for_a_tap(person, "0", str(host.address))
        person.sees("tap is listening on")
        address = address_of_tap(person)
        with (
            Peer.calls(address) as one, host.accept(Peer) as at_one,
            Peer.calls(address) as two, host.accept(Peer) as at_two,
        ):  # fmt: skip
            one.say(b"first")
            at_one.say(b"to the first")
            two.say(b"second")
            at_two.say(b"to the second")
            person.sees("to the first", "to the second", "second")
            state = person.app.main_controller.state
            assert state is not None
            chosen = next(each for each in state.connections if each.number == -2)
            person.app.main_controller.select(state.session, chosen.connection)
            person.sees("Only #2 and its target", "second", "to the second")
            assert "to the first" not in person.conversation


@pytest.mark.parametrize("place", [0, 1], ids=["where callers come", "the target"])
def test_datagrams_are_passed_on_where_udp_stands_before_an_address(person: Person, place: int) -> None:
    with stranger() as target:
        addresses = ["127.0.0.1:0", "{}:{}".format(*target.getsockname())]
        addresses[place] = f"udp://{addresses[place]}"
        asks_for_a_tap(person, *addresses)
        with stranger(address_of_tap(person)) as caller:
            caller.send(b"how are you?")
            _heard, source = target.recvfrom(100)
            target.sendto(b"", source)
            assert caller.recv(100) == b""
            person.sees("#1 → target", "how are you?", "target → #1", "(empty)", "answer", "Stop tap")
            person.press("<Shift-F7>", "<space>")
            person.sees("Nothing waits.")
            caller.send(b"pay 10")
            person.sees("1 waits for")
            person.push("Edit")
            person.sees("Change it in the message field")
            person.write("pay 99")
            person.press("<Return>")
            assert target.recv(100) == b"pay 99"
            person.press("<F5>")
            person.sees("UDP tap stopped")


def test_a_tap_is_suggested_in_front_of_the_datagrams_on_view(person: Person) -> None:
    person.app.window.address.fill("udp://127.0.0.1", "53")
    person.press("<Control-t>")
    dialog = person.app.main_controller.tap.dialog
    assert dialog is not None
    assert (dialog.listen.text, dialog.target.text) == ("udp://127.0.0.1:54", "udp://127.0.0.1:53")


def test_what_datagrams_cannot_do_is_said_under_its_field(person: Person) -> None:
    asks_for_a_tap(person, "udp://0", "tls://127.0.0.1:1")
    person.sees("tls:// stands behind another scheme")
    person.write("unix:/tmp/x")
    person.press("<Return>")
    person.sees("UDP goes to a host and a port")


def test_the_target_may_speak_tls(person: Person, tmp_path: Path) -> None:
    with Host() as host:
        asks_for_a_tap(person, "0", f"tls://127.0.0.1:{host.address.port}")
        person.sees(f"→ tls://127.0.0.1:{host.address.port}")
        with Peer.calls(address_of_tap(person)) as caller:
            caller.say(b"secret")
            person.sees("#1→ connected to")
            try:
                TlsPeer.welcomes(host, server_context(make("somebody.test"), tmp_path)).leave()
            except OSError:
                person.sees("is signed by itself, so nobody vouches for it", "as the other leg was")
            else:
                raise AssertionError("nobody trusts that certificate")


@pytest.mark.parametrize("is_open", [True, False])
def test_the_password_of_the_own_certificate_is_asked_for_and_the_tap_begins_with_it(
    person: Person, tmp_path: Path, *, is_open: bool
) -> None:
    own = make()
    (tmp_path / "own.p12").write_bytes(own.as_pkcs12("secret"))
    main = person.app.main_controller
    main.preferences = replace(main.preferences, tls_certificate=str(tmp_path / "own.p12"))
    with Host() as host:
        asks_for_a_tap(person, "tls://127.0.0.1:0", str(host.address))
        for password, why in (("wrong", "needs a password"), ("secret", "is wrong")):
            person.sees(f"{why}", "It is kept until Tincan ends, and nowhere.")
            dialog = main.tls.dialog
            assert dialog is not None
            if not is_open and main.tap.dialog is not None:
                main.tap.dialog.destroy()
            dialog.field.focus_force()  # as a window manager would have it
            person.write(password)
            person.press("<Return>")
        with TlsPeer.greets(address_of_tap(person), client_context(own)) as caller, host.accept(Peer) as target:
            caller.say(b"secret")
            assert target.hear(6) == b"secret"
        assert main.tap.dialog is not None
        assert main.tap.dialog.is_gone
        assert not main.preferences.tls, "the address of the window is none of the tap's"


def test_one_says_something_oneself_to_either_side_and_to_nobody_by_chance(person: Person) -> None:
    with Host() as host:
        asks_for_a_tap(person, "0", str(host.address))
        with Peer.calls(address_of_tap(person)) as caller, host.accept(Peer) as target:
            person.sees("Choose to whom: #1 is a caller, #1→ its target", "No connection")
            person.say("to whom?")
            assert person.message == "to whom?", "it went to nobody"
            person.sees(f"#1→  :{host.address.port}")
            person.tab_to("No connection", back=True)
            person.press("<Return>", "<Down>", "<Down>", "<space>", "<Escape>")
            person.sees("#1→  ▾")
            person.press("<Control-m>", "<Return>")
            assert target.hear(8) == b"to whom?"
            person.sees("tap → #1→", "to whom?")
            person.tab_to("#1→", back=True)
            person.press("<Return>", "<Down>", "<space>")
            person.sees("#1, #1→  ▾")
            person.press("<Down>", "<space>", "<Escape>")
            person.sees("#1  ▾")
            person.say("and you?")
            assert caller.hear(8) == b"and you?"
            person.sees("tap → #1 ")
            caller.say(b"to whom?")
            assert target.hear(8) == b"to whom?", "what they say to each other goes on as before"


def test_messages_are_held_edited_in_the_field_forwarded_and_dropped(person: Person) -> None:
    with Host() as host:
        asks_for_a_tap(person, "0", str(host.address))
        with Peer.calls(address_of_tap(person)) as caller, host.accept(Peer) as target:
            person.press("<Shift-F7>")
            person.sees("Nothing is held: choose a direction.")
            person.press("<space>")
            person.sees("Nothing waits.")
            caller.say(b"pay 10\n")
            person.sees("1 waits for 0 s: #1 → target, 7 bytes.")
            caller.say(b"pay 20\n")
            person.sees("2 wait, the first for")
            caller.say(b"pay 30\n")
            person.sees("3 wait, the first for")

            person.push("Forward")
            assert target.hear(7) == b"pay 10\n"
            person.sees("2 wait, the first for")
            person.push("Edit")
            person.sees("Change it in the message field")
            assert "pay 20" in person.message
            person.press("<Control-Home>", "<Delete>")
            person.type("P")
            person.press("<Return>")
            assert target.hear(7) == b"Pay 20\n"
            person.sees("a held message of 7 bytes goes on changed, with 7", "1 waits for")
            assert person.message == ""
            person.press("<Control-w>", "<Shift-F7>")
            person.push("Drop")
            person.sees("a held message of 7 bytes was dropped", "Nothing waits.")
            caller.say(b"pay 40\n")
            person.sees("1 waits for")
            person.push("Let everything go")
            assert target.hear(7) == b"pay 40\n"
            person.press("<F5>")
            person.sees("tap stopped", "Messages are held in a tap: start one first")
            person.until(lambda: not person.app.main_controller.hold._again.is_due, "the end of looking")


def test_only_what_stands_in_the_field_goes_on_in_the_place_of_what_is_edited(person: Person) -> None:
    with Host() as host:
        asks_for_a_tap(person, "0", str(host.address))
        with Peer.calls(address_of_tap(person)) as caller, host.accept(Peer) as target:
            person.write("saved")
            person.press("<Control-d>")
            person.sees("“saved” was saved.")
            edits_what_is_held(person, caller)
            person.press("<Control-Key-7>")
            person.sees("Choose to whom: #1 is a caller, #1→ its target.")
            person.press("<Control-m>", "<Control-Home>", "<Delete>")
            person.type("P")
            person.press("<Return>")
            assert target.hear(7) == b"Pay 10\n"


def test_what_is_edited_is_not_lost_when_the_message_has_gone_meanwhile(person: Person) -> None:
    with Host() as host:
        asks_for_a_tap(person, "0", str(host.address))
        with Peer.calls(address_of_tap(person)) as caller, host.accept(Peer) as target:
            edits_what_is_held(person, caller)
            controller = person.app.main_controller
            assert controller.state is not None
            controller.workbench.let_go(controller.state.session)
            assert target.hear(7) == b"pay 10\n"
            person.app.window.composer.submit()  # before the window has looked again
            person.sees("Not sent: the message that was being edited has gone already")
            assert "pay 10" in person.message


def test_what_is_edited_goes_while_the_tap_is_about_to_let_everything_go(person: Person) -> None:
    with Host() as host:
        asks_for_a_tap(person, "0", str(host.address))
        with Peer.calls(address_of_tap(person)) as caller, host.accept(Peer) as target:
            edits_what_is_held(person, caller)
            person.press("<Control-Home>", "<Delete>")
            person.type("P")
            controller = person.app.main_controller
            assert controller.state is not None
            go_on = held_up(controller.workbench._sessions[controller.state.session])
            controller.hold.let_go()
            person.app.window.composer.submit()
            go_on.set()
            assert target.hear(7) == b"Pay 10\n"
            person.sees("a held message of 7 bytes goes on changed, with 7")
            assert person.message == ""


def test_what_is_edited_goes_to_nobody_when_the_message_goes_while_it_is_composed(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Host() as host:
        asks_for_a_tap(person, "0", str(host.address))
        with Peer.calls(address_of_tap(person)) as caller, host.accept(Peer) as target:
            person.sees(f"#1→  :{host.address.port}")
            person.tab_to("No connection", back=True)
            person.press("<Return>", "<Down>", "<Down>", "<space>", "<Escape>")
            person.sees("#1→  ▾")
            edits_what_is_held(person, caller)
            controller = person.app.main_controller
            assert controller.state is not None
            monkeypatch.setattr("gui.controllers.sending.is_quick", lambda *_: False)
            person.app.window.composer.submit()
            controller.workbench.let_go(controller.state.session)
            assert target.hear(7) == b"pay 10\n"
            controller.hold.show()  # as it looks now and then
            person.sees("Not sent: the message that was being edited has gone already")
            assert "pay 10" in person.message
            person.push("Stop tap")
            assert target.hear_all() == b""


@pytest.mark.parametrize("size", ["640x480", "1000x700"])
def test_how_many_wait_is_read_at_every_control_of_the_bar(person: Person, size: str) -> None:
    root, window = person.app.root, person.app.window
    root.geometry(size)
    with Host() as host:
        asks_for_a_tap(person, "0", str(host.address))
        with Peer.calls(address_of_tap(person)) as caller, host.accept(Peer):
            person.press("<Shift-F7>")
            person.press("<space>")
            caller.say(b"pay 10\n")
            person.sees("1 waits for")
            bar, bars = person.app.main_controller.hold.view, window._tasks
            line = bar.line.label
            for control in (bar.out, bar.into, bar.expression, bar.forward, bar.edit, bar.drop, bar.let_go):
                control.focus_force()
                person.until(lambda: root.focus_get() is control, "the focus")  # noqa: B023 - called at once
                root.update()
                assert bars.winfo_rooty() <= line.winfo_rooty()
                assert line.winfo_rooty() + line.winfo_height() <= control.winfo_rooty(), "nothing lies on it"
                assert control.winfo_rooty() + control.winfo_height() <= bars.winfo_rooty() + bars.winfo_height()
            person.press("<Shift-F7>")


def test_only_what_an_expression_fits_is_held_and_a_wrong_one_is_told(person: Person) -> None:
    with Host() as host:
        asks_for_a_tap(person, "0", str(host.address))
        with Peer.calls(address_of_tap(person)) as caller, host.accept(Peer) as target:
            person.press("<Shift-F7>", "<Tab>", "<Tab>")
            person.type("(")
            person.tab_to("To the target", back=True)
            person.press("<space>")
            person.sees("That is no regular expression")
            person.press("<Tab>", "<Tab>")
            person.write("secret")
            person.tab_to("To the target", back=True)
            person.press("<space>")
            person.sees("Nothing waits.")
            caller.say(b"open")
            assert target.hear(4) == b"open"
            caller.say(b"a secret")
            person.sees("1 waits for")
            person.tab_to("Edit")
            person.press("<space>")
            person.sees("Leave it")
            person.tab_to("Leave it", back=True)
            person.press("<space>")
            person.sees("Edit")
            assert person.message == ""
            person.push("To the target")
            assert target.hear(8) == b"a secret", "what is not to be held any more goes on"


def test_each_way_is_cut_into_messages_of_its_own(person: Person) -> None:
    with Host() as host:
        asks_for_a_tap(person, "0", str(host.address))
        with Peer.calls(address_of_tap(person)) as caller, host.accept(Peer) as target:
            caller.say(b"one\ntwo\n")
            target.say(b"a;b\n;c")
            person.sees("two\\n", "a;b\\n")
            person.press("<Control-l>")
            person.tab_to("As received")
            person.choose("Lines")
            person.until(lambda: "two" in person.said and "a;b" in person.said, "lines both ways")
            person.press("<Control-l>")
            person.tab_to("As on the way there")
            person.choose("As received")
            person.until(lambda: "two" in person.said and "a;b\\n" in person.said, "the way back as it was received")
            person.press("<Control-l>")
            person.tab_to("Lines")
            person.press("<Tab>")
            person.choose("Fixed length…")
            person.write("2")
            person.until(lambda: "two" in person.said and "a;" in person.said, "the way back in twos")
