"""UDP in the window: asked for in the field for the host, and talked over as anything else is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.address import Address, Target
from core.events import ConnectionId, SessionId
from core.journal.recording.ledger import ConnectionState, Phase, SessionState
from core.roles import ROLES, Role
from gui.__main__ import _peer
from gui.app import App
from gui.viewmodels import presenter
from gui.viewmodels.presenter import present
from gui.viewmodels.repeating import RepeatRequest
from gui.viewmodels.window_state import WindowState
from gui.views.dialogs.send_file_dialog import FileRequest
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, say, shown
from tests.support.peers import stranger
from tests.support.systems import needs_icmp

UDP_SERVER, UDP_CLIENT = ROLES["UDP server"], ROLES["UDP client"]
TCP_SERVER = ROLES["server"]


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with stranger() as sock:
        yield sock


def write_address(app: App, text: str) -> None:
    bar = app.window.address
    bar.host.set(text)
    bar.port.set("")


def begin(app: App, address: str, button: str) -> SessionState:
    """Write an address and press a button, as a person does; the session that this begins, once it stands."""
    write_address(app, address)
    known = set(app.main_controller.sessions)
    getattr(app.window.address, button).invoke()

    def stands() -> bool:
        new = set(app.main_controller.sessions) - known
        return any(app.main_controller.sessions[each].phase is Phase.OPEN for each in new)

    pump_until(stands, app.root)
    return app.main_controller.sessions[max(set(app.main_controller.sessions) - known)]


def test_a_server_and_a_client_are_begun_by_the_scheme_and_talk(make_app: MakeApp) -> None:
    app = make_app()
    server = begin(app, "udp://127.0.0.1:0", "server_button")
    port = server.addresses[0].port
    bar = app.window.address
    assert (bar.host.get(), bar.port.get()) == ("udp://127.0.0.1", str(port))
    assert str(bar.tls.cget("text")) == "UDP"
    assert bar.tls.instate(["disabled"])
    app.main_controller.choose_reply("echo")

    client = begin(app, f"udp://127.0.0.1:{port}", "client_button")
    say(app, "hello")

    pump_until(lambda: shown(app).count("hello") == 2, app.root)
    assert (server.role, client.role) == (UDP_SERVER, UDP_CLIENT)
    assert f"sends to 127.0.0.1:{port}" in shown(app)
    app.main_controller.select(server.session)
    pump_until(lambda: "speaks from 127.0.0.1" in shown(app), app.root)
    assert str(bar.server_button.cget("text")) == "Stop server"


def test_the_command_line_may_ask_for_it(make_app: MakeApp, peer: socket.socket) -> None:
    where = Address("127.0.0.1", peer.getsockname()[1])
    app = make_app(serve=Address("127.0.0.1", 0), serve_udp=True, connect=where, connect_udp=True)

    pump_until(lambda: len(app.main_controller.sessions) == 2, app.root)
    assert {each.role for each in app.main_controller.sessions.values()} == {UDP_SERVER, UDP_CLIENT}


@pytest.mark.parametrize("text", ["udp://127.0.0.1:53", "127.0.0.1:53"])
def test_an_address_of_the_command_line_may_have_the_scheme(text: str) -> None:
    assert _peer(text) == (Target(Address("127.0.0.1", 53), tls=False), text.startswith("udp"))


def test_the_field_goes_back_to_tcp_with_the_scheme(make_app: MakeApp) -> None:
    app = make_app()
    server = begin(app, "udp://127.0.0.1:0", "server_button")
    port = server.addresses[0].port

    write_address(app, f"127.0.0.1:{port}")
    app.main_controller.form_left()
    app.root.update()

    bar = app.window.address
    assert (bar.host.get(), bar.port.get()) == ("127.0.0.1", str(port))
    assert str(bar.tls.cget("text")) == "TLS off"
    assert str(bar.server_button.cget("text")) == "Start server"
    app.main_controller.select(server.session)
    app.root.update()
    assert (bar.host.get(), str(bar.server_button.cget("text"))) == ("udp://127.0.0.1", "Stop server")


def test_an_empty_message_is_an_empty_datagram(make_app: MakeApp, peer: socket.socket) -> None:
    app = make_app()
    begin(app, f"udp://127.0.0.1:{peer.getsockname()[1]}", "client_button")
    say(app, "")
    data, where = peer.recvfrom(100)
    peer.sendto(b"", where)
    peer.sendto(b"after it", where)

    pump_until(lambda: "after it" in shown(app), app.root)
    state = app.main_controller.state
    assert state is not None
    assert data == b""
    assert (state.received, app.window.composer.complaint) == (2, "")


def test_a_repeat_goes_on_by_the_clock(make_app: MakeApp, peer: socket.socket) -> None:
    app = make_app()
    begin(app, f"udp://127.0.0.1:{peer.getsockname()[1]}", "client_button")
    app.window.composer.put("again", app.window.composer.message_format)

    assert app.main_controller.tasks.repeat(RepeatRequest(5.0, 3, ())) == ""

    pump_until(lambda: shown(app).count("again") == 3, app.root)
    assert [peer.recv(100) for _ in range(3)] == [b"again"] * 3


@needs_icmp
def test_who_is_not_there_and_what_is_too_large_is_said(make_app: MakeApp, peer: socket.socket) -> None:
    app = make_app()
    port = peer.getsockname()[1]
    peer.close()
    begin(app, f"udp://127.0.0.1:{port}", "client_button")

    say(app, "anybody?")
    pump_until(lambda: "ICMP port unreachable" in " ".join(shown(app).split()), app.root)
    say(app, "x" * 70_000)
    pump_until(lambda: "larger than the way" in app.window.composer.complaint, app.root)
    state = app.main_controller.state
    assert state is not None
    assert state.phase is Phase.OPEN


def test_nobody_is_told_that_a_datagram_went_out_without_an_ending(
    make_app: MakeApp, peer: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.controllers.silence._PATIENCE", 0)
    app = make_app()
    begin(app, f"udp://127.0.0.1:{peer.getsockname()[1]}", "client_button")
    say(app, "no answer comes to this")
    pump_until(lambda: (state := app.main_controller.state) is not None and state.sent_at > 0, app.root)
    app.main_controller.silence.show()

    assert app.main_controller.silence._told == {}


def test_a_file_is_cut_into_datagrams_of_the_size_that_was_asked_for(
    make_app: MakeApp, peer: socket.socket, tmp_path: Path
) -> None:
    app = make_app()
    path = tmp_path / "file"
    path.write_bytes(bytes(range(250)) * 10)
    begin(app, f"udp://127.0.0.1:{peer.getsockname()[1]}", "client_button")
    app.main_controller.commands["send_file"]()
    dialog = app.main_controller.tasks.file_dialog
    assert dialog is not None
    app.root.update()
    assert dialog.cut.winfo_manager()

    dialog.file.put(str(path))
    dialog.cut.field.put("0")
    dialog.begin()
    assert "1 to 65,507 bytes" in " ".join(_texts(dialog))
    dialog.cut.field.put("1000")
    dialog.begin()

    found: list[bytes] = []

    def is_there() -> bool:
        peer.settimeout(0.001)
        try:
            found.append(peer.recv(2000))
        except TimeoutError:
            return False
        return sum(map(len, found)) == 2500

    pump_until(is_there, app.root)
    assert [len(each) for each in found] == [1000, 1000, 500]
    assert b"".join(found) == path.read_bytes()


def _texts(widget: object) -> list[str]:
    found = []
    for child in widget.winfo_children():  # type: ignore[attr-defined]
        if "text" in child.keys():  # noqa: SIM118 - a widget is no dict
            found.append(str(child.cget("text")))
        found += _texts(child)
    return found


def test_a_stream_has_no_size_of_datagrams(make_app: MakeApp) -> None:
    app = make_app()
    app.main_controller.commands["send_file"]()
    dialog = app.main_controller.tasks.file_dialog
    assert dialog is not None
    app.root.update()

    assert not dialog.cut.winfo_manager()
    assert FileRequest("x", None).datagram == 0


def test_the_socket_options_are_those_of_datagrams(make_app: MakeApp, peer: socket.socket) -> None:
    app = make_app()
    client = begin(app, f"udp://127.0.0.1:{peer.getsockname()[1]}", "client_button")
    app.main_controller.commands["toggle_socket_options"]()
    app.root.update()
    bar = app.main_controller.socket_options.made
    assert bar is not None
    assert [each.winfo_ismapped() for each in (bar.nagle, bar.byte_by_byte, bar.receive)] == [0, 0, 0]
    assert [each.winfo_ismapped() for each in (bar.broadcast, bar.groups, bar.interface, bar.hops)] == [1, 1, 1, 1]

    bar.broadcast.invoke()
    for measure, text in ((bar.hops, "7"), (bar.groups, "10.0.0.1")):
        measure.field.put(text)
        measure.field.focus_force()
        app.root.update()
        measure.field.event_generate("<Return>")
        app.root.update()

    options = app.main_controller.workbench.socket_options(client.session)
    assert (options.broadcast, options.ttl, options.groups) == (True, 7, ())
    assert "no multicast group" in bar.complaint


def test_what_datagrams_do_not_know_is_not_offered(make_app: MakeApp, peer: socket.socket) -> None:
    app = make_app()
    begin(app, f"udp://127.0.0.1:{peer.getsockname()[1]}", "client_button")

    assert {"close_row", "abort_row", "finish_row"} & {*app.main_controller.rows.can} == {"close_row"}
    assert app.main_controller.rows.why_no_tls == "a UDP client speaks no TLS"
    assert not app.main_controller.endpoints.can_reconnect


def state(role: Role, session: int = 1) -> SessionState:
    here = Address("127.0.0.1", 5555)
    one = ConnectionState(ConnectionId(session), 1, here, here)
    return SessionState(SessionId(session), role, here, "raw", "echo", Phase.OPEN, (here,), (one,))


@pytest.mark.parametrize("datagrams", [False, True])
def test_the_buttons_speak_of_what_the_field_asks_for(datagrams: bool) -> None:
    here = Address("127.0.0.1", 5555)
    sessions = {SessionId(1): state(TCP_SERVER, 1), SessionId(2): state(UDP_SERVER, 2)}
    window_state = WindowState(sessions, form=here, datagrams=datagrams)

    found = presenter.server_here(window_state)

    assert found is not None
    assert found.role.datagrams is datagrams
    assert present(window_state).address.datagrams is datagrams


@pytest.mark.parametrize("datagrams", [False, True])
def test_the_hint_names_each_key_once(datagrams: bool) -> None:
    hint = presenter.why_nobody(WindowState(form=Address("127.0.0.1", 5555), datagrams=datagrams))

    assert (hint.count("F5"), hint.count("F6")) == (1, 1)
