"""The faults of a line: as a bar, and what they do to a real conversation."""

from __future__ import annotations

import socket

import pytest

from core.wire.faults import SOUND, BothWays, Faults, parse_faults
from gui.app import App
from gui.views.conversation.faults_bar import FaultsBar
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, say, serve, shown
from tests.gui.test_udp import begin
from tests.support.peers import stranger


def opened(app: App) -> FaultsBar:
    app.main_controller.commands["toggle_faults"]()
    app.root.update()
    bar = app.main_controller.faults.made
    assert bar is not None
    return bar


def faults(app: App, number: int | None = None) -> BothWays:
    state = app.main_controller.state
    assert state is not None
    return app.main_controller.workbench.faults(state.session, number)


def write(bar: FaultsBar, out: str = "", into: str = "") -> None:
    bar.out.put(out)
    bar.into.put(into)
    bar.out.focus_force()
    bar.update()
    bar.out.event_generate("<Return>")
    bar.update()


@pytest.fixture
def app(make_app: MakeApp) -> App:
    app = make_app()
    app.root.geometry("1000x800")
    serve(app, "echo")
    return app


def test_a_preset_is_on_at_once_both_ways_and_off_again(app: App) -> None:
    bar = opened(app)

    bar.preset.current(3)
    bar.preset.event_generate("<<ComboboxSelected>>")
    app.root.update()

    preset = parse_faults("dying-router")
    assert faults(app) == BothWays(preset, preset)
    assert (bar.out.text, bar.into.text, bar.switch.is_on) == ("dying-router", "dying-router", True)
    assert "On for Server 127.0.0.1:" in bar.words
    assert "faults are on" in app.main_controller.window.conversation.head.detail.cget("text")
    bar.switch.invoke()
    app.root.update()
    assert faults(app) == SOUND
    assert bar.switch.cget("text") == "Off"
    assert bar.out.text == "dying-router", "what was written stays for the next time"
    assert "faults are on" not in app.main_controller.window.conversation.head.detail.cget("text")


def test_each_way_has_its_own_and_the_conversation_notes_what_happens(app: App) -> None:
    with socket.create_connection(("127.0.0.1", int(app.window.address.port.get()))) as peer:
        pump_until(lambda: "#1 connected" in shown(app), app.root)
        write(opened(app), into="cut=3")
        assert faults(app) == BothWays(None, parse_faults("cut=3"))
        peer.sendall(b"hello")
        pump_until(lambda: "cut after 3 bytes; 2 bytes are lost" in shown(app), app.root)

        assert "#1: fault on what is received: cut after 3 bytes" in shown(app)
        pump_until(lambda: "hel" in shown(app), app.root)


def test_what_is_no_fault_is_said_and_changes_nothing(app: App) -> None:
    bar = opened(app)
    write(bar, "slice=5")
    write(bar, "slice=5", "gremlins")

    assert "“gremlins” is no fault" in bar.complaint
    assert bar.into.instate(["invalid"])
    assert not bar.out.instate(["invalid"])
    assert faults(app) == BothWays(Faults(slice=5))


def test_a_fault_that_is_added_stands_in_the_field_one_was_in_last_to_be_changed(app: App) -> None:
    bar = opened(app)
    write(bar, "slice=5")
    bar.into.focus_force()
    app.root.update()
    bar.kinds.current(1)
    bar.kinds.event_generate("<<ComboboxSelected>>")
    app.root.update()

    assert bar.into.text == "latency=100ms~20"
    assert bar.into.text[bar.into.index("sel.first") : bar.into.index("sel.last")] == "100ms~20"
    assert bar.kinds.key == ""


def test_a_connection_that_is_shown_alone_has_faults_of_its_own(app: App) -> None:
    place = ("127.0.0.1", int(app.window.address.port.get()))
    with socket.create_connection(place) as one, socket.create_connection(place) as two:
        pump_until(lambda: "#2 connected" in shown(app), app.root)
        bar = opened(app)
        state = app.main_controller.state
        assert state is not None
        app.main_controller.select(state.session, state.connections[1].connection)
        app.root.update()
        assert "for #2 of Server" in bar.words
        write(bar, "stall=0")
        assert (faults(app), faults(app, 2)) == (SOUND, BothWays(parse_faults("stall=0")))
        one.sendall(b"hello")
        assert one.recv(5) == b"hello"

        app.main_controller.select(state.session)
        app.root.update()
        assert not bar.switch.is_on
        write(bar, "", "")
        assert faults(app, 2) == SOUND, "what is set for all is for all"
        two.sendall(b"hello")
        assert two.recv(5) == b"hello"


def test_a_client_s_line_is_its_own(app: App) -> None:
    port = int(app.window.address.port.get())
    connect(app, port)
    write(opened(app), "slice=1")
    say(app, "abc")
    pump_until(lambda: "fault on what is sent: 1 byte at a time" in shown(app), app.root)

    assert faults(app) == BothWays(Faults(slice=1))


def test_of_nobody_there_is_nothing_to_set(make_app: MakeApp) -> None:
    bar = opened(make_app())

    assert all(control.instate(["disabled"]) for control in bar.controls)
    assert "start a server" in bar.words


def test_of_a_udp_session_the_faults_are_those_of_datagrams_and_change_while_it_talks(make_app: MakeApp) -> None:
    app = make_app()
    app.root.geometry("1000x800")
    with stranger() as peer:
        begin(app, f"udp://127.0.0.1:{peer.getsockname()[1]}", "client_button")
        bar = opened(app)
        assert bar.preset.words == ("My own", "Slow phone", "Satellite", "Lossy Wi-Fi")
        assert "One byte at a time" not in bar.preset.words
        assert {"Lost datagrams", "Doubled datagrams", "Reordered datagrams"} <= set(bar.kinds.words)
        assert "Cut after so many bytes" not in bar.kinds.words
        write(bar, "loss=1")
        say(app, "lost")
        pump_until(lambda: "fault on the way to the peer: a datagram of 4 bytes was lost" in shown(app), app.root)
        write(bar, "byte-by-byte")
        assert bar.complaint == "Byte-by-byte is made of slice, which happens to streams of bytes alone: leave it out."
        assert faults(app) == BothWays(Faults(loss=1.0))
        bar.preset.current(3)
        bar.preset.event_generate("<<ComboboxSelected>>")
        app.root.update()
        assert faults(app) == BothWays(*[parse_faults("lossy-wifi")] * 2)
        assert "faults are on" in app.main_controller.window.conversation.head.detail.cget("text")
        bar.switch.invoke()
        app.root.update()
        say(app, "arrives")
        assert peer.recv(100) == b"arrives"


def test_the_bar_offers_what_can_happen_to_what_is_on_view(app: App) -> None:
    bar = opened(app)
    assert "Dying router" in bar.preset.words
    begin(app, "udp://127.0.0.1:0", "server_button")
    assert "Dying router" not in str(bar.preset.words)
    app.main_controller.select(min(app.main_controller.sessions))
    app.root.update()
    assert "Dying router" in bar.preset.words
    assert "Lossy Wi-Fi" not in bar.preset.words
