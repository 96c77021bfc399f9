"""TLS in the window: the lock, a certificate that nobody trusts, Start TLS in the middle, and the own authority."""

from __future__ import annotations

import ssl
import tkinter as tk
from dataclasses import replace
from pathlib import Path
from tkinter import filedialog, ttk

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from core.events import SessionId
from core.journal.recording.ledger import Phase
from core.tls.facts import Trust
from gui.__main__ import _peer
from gui.app import App
from gui.controllers.tls import ONCE, TRUST
from gui.keys import menu_words
from gui.preferences import PreferencesFile
from gui.viewmodels.profiles import setting_of
from gui.views.inspector.handshake import HandshakeSection
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, labels_of, port_of, say, shown
from tests.support.certificates import make, make_authority
from tests.support.tls_peers import TlsPeer, client_context

BEGUN = "proved by Tincan's own authority"


def serve(app: App, *, tls: bool = True) -> str:
    """Start a server at a free port of localhost; its port."""
    app.main_controller.choose_reply("none")
    app.main_controller.tls.put(is_on=tls)
    app.window.address.fill("localhost", "0")
    app.main_controller.endpoints.serve()
    pump_until(lambda: port_of(app) != "0" and "listening" in shown(app), app.root)
    return port_of(app)


def dial(app: App, where: str, words: str) -> None:
    """Type an address into the field of the host, press Connect and wait until the conversation says something."""
    app.window.address.host.set(where)
    app.window.address.client_button.invoke()
    pump_until(lambda: words in shown(app), app.root)


def press(app: App, words: str) -> None:
    """Press a button of the banner."""
    next(button for button in app.window.banner.buttons if button.cget("text") == words).invoke()


def asked(patch: pytest.MonkeyPatch, path: Path) -> None:
    """Have the system's dialog for a file to write answer so."""
    patch.setattr(filedialog, "asksaveasfilename", lambda **_options: str(path))


def act(app: App, command: str) -> None:
    app.main_controller.commands[command]()
    app.root.update()


def handshake_of(app: App) -> str:
    """What the inspector says of the handshake."""
    inspector = app.main_controller.conversation.inspector._inspector
    assert inspector is not None
    section = inspector.section(HandshakeSection)
    pump_until(lambda: bool(section.winfo_viewable()), app.root)
    return section.text.get("1.0", "end-1c")


def row_menu(app: App) -> list[str]:
    menu = app.window.sessions.menu
    menu.fill()
    return labels_of(menu)


def test_the_lock_says_in_words_whether_it_is_on_and_is_remembered(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(tmp_path / "one")
    lock = app.window.address.tls
    assert (lock.cget("text"), lock.is_on) == ("TLS off", False)
    lock.invoke()
    app.root.update()
    assert (lock.cget("text"), lock.is_on) == ("TLS on", True)
    app.leave()

    again = make_app(tmp_path / "one")
    assert (again.window.address.tls.cget("text"), again.main_controller.preferences.tls) == ("TLS on", True)
    act(again, "toggle_tls")
    assert again.window.address.tls.cget("text") == "TLS off"


def test_a_server_and_a_client_of_one_window_talk_over_tls(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    app.main_controller.tls.put(is_on=False)
    dial(app, f"tls://localhost:{port}", BEGUN)
    assert (app.window.address.host.get(), port_of(app)) == ("localhost", port)
    assert app.window.address.tls.cget("text") == "TLS on"

    say(app, "over TLS")
    pump_until(lambda: any(state.received for state in app.main_controller.sessions.values()), app.root)
    server, client = app.main_controller.sessions.values()
    assert server.tls
    assert client.connections[0].tls is not None
    assert client.connections[0].tls.trust is Trust.AUTHORITY
    assert "TLS 1.3" in app.window._view.conversation.detail  # type: ignore[union-attr]
    rows = [app.window.sessions.words_of(f"s{state.session}") for state in (server, client)]
    assert "TLS 1.3" in rows[1]


def test_the_handshake_is_seen_in_the_inspector_also_of_an_old_journal(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(tmp_path / "one")
    act(app, "show_handshake")
    assert app.window.banner.sentence == "There is no TLS handshake in what is on view."
    port = serve(app)
    dial(app, f"localhost:{port}", BEGUN)
    act(app, "show_handshake")
    said = handshake_of(app)
    for words in (
        "We were  the client", "Version  TLS 1.3", "Verified name  localhost",
        "The server  its certificate leads to Tincan's own authority, which is trusted",
        "Certificate 1 of 2, the server's own", "Issuer  ", "Key  EC P-256", "Session  new, not resumed",
        "Server name (SNI)  localhost", "client: client hello (", "server: server hello",
    ):  # fmt: skip
        assert words in said, words
    state = app.main_controller.state
    assert state is not None
    facts = state.connections[0].tls
    assert facts is not None
    for certificate in facts.chain:
        assert f"SHA-256  {certificate.shown_fingerprint}" in said
    journal = app.own_journal.path
    assert journal is not None
    app.leave()

    again = make_app(tmp_path / "two", journal=journal)
    pump_until(lambda: "from the journal of" in again.window._view.status.words, again.root)  # type: ignore[union-attr]
    client = next(key for key, one in again.main_controller.sessions.items() if one.role.dials)
    again.main_controller.select(client)
    pump_until(lambda: BEGUN in shown(again), again.root)
    act(again, "show_handshake")
    assert handshake_of(again) == said


def test_the_lock_follows_the_session_on_view(make_app: MakeApp) -> None:
    app = make_app()
    serve(app)
    plain = serve(app, tls=False)
    assert app.window.address.tls.cget("text") == "TLS off"
    app.main_controller.choose_row("s1")
    app.root.update()
    assert app.window.address.tls.cget("text") == "TLS on"
    app.main_controller.choose_row("s2")
    app.root.update()
    assert (app.window.address.tls.cget("text"), port_of(app)) == ("TLS off", plain)


def test_a_certificate_that_is_not_trusted_can_be_pinned_and_the_pin_is_kept(make_app: MakeApp, tmp_path: Path) -> None:
    port = serve(make_app(tmp_path / "server"))
    app = make_app(tmp_path / "client")
    dial(app, f"tls://localhost:{port}", "which nothing here trusts")
    state = app.main_controller.state
    assert state is not None
    pump_until(lambda: f"Ask whoever runs localhost:{port}" in app.window.banner.sentence, app.root)
    assert state.over or state.phase is Phase.ENDED

    press(app, TRUST)
    pump_until(lambda: "known by the fingerprint of its certificate" in shown(app), app.root)
    assert "fingerprint:" not in app.window.banner.sentence
    (pin,) = app.main_controller.preferences.pins.items()
    assert pin[0] == f"localhost:{port}"
    app.leave()

    kept = PreferencesFile(tmp_path / "client" / "settings.json").load()
    assert dict(kept.pins) == dict([pin])
    again = make_app(tmp_path / "client")
    dial(again, f"localhost:{port}", "known by the fingerprint of its certificate")


def test_another_certificate_than_the_pinned_one_is_refused_and_said_so(make_app: MakeApp, tmp_path: Path) -> None:
    port = serve(make_app(tmp_path / "server"))
    app = make_app(tmp_path / "client")
    app.main_controller.preferences = app.main_controller.preferences.with_pin(f"localhost:{port}", "ab" * 32)
    dial(app, f"tls://localhost:{port}", "is not the one that was trusted")
    pump_until(lambda: "Another certificate was trusted there until now." in app.window.banner.sentence, app.root)


def test_once_without_verifying_is_said_in_the_head_and_is_once(make_app: MakeApp, tmp_path: Path) -> None:
    port = serve(make_app(tmp_path / "server"))
    app = make_app(tmp_path / "client")
    dial(app, f"tls://localhost:{port}", "which nothing here trusts")
    pump_until(lambda: "fingerprint" in app.window.banner.sentence, app.root)
    press(app, ONCE)
    pump_until(lambda: 'not verified that this is "localhost"' in shown(app), app.root)

    def title() -> str:
        view = app.window._view
        assert view is not None
        return view.conversation.title

    assert title() == f"Not verified: Client localhost:{port}"
    assert app.window._view is not None
    assert app.window._view.rows[0].word == "not verified, TLS 1.3"
    assert not app.main_controller.preferences.pins
    act(app, "toggle_client")
    pump_until(lambda: title() == f"Client localhost:{port}", app.root)
    act(app, "toggle_client")
    pump_until(lambda: "which nothing here trusts" in shown(app), app.root)


def test_tls_begins_in_the_middle_and_the_menu_says_why_not_twice(make_app: MakeApp) -> None:
    app = make_app()
    as_client, as_server = (menu_words(name).replace("&", "") for name in ("start_tls_client", "start_tls_server"))
    assert f"{as_client} (nothing is on view)" in row_menu(app)
    port = serve(app, tls=False)
    assert f"{as_client} (nobody is connected)" in row_menu(app)
    dial(app, f"localhost:{port}", "connected to")
    say(app, "in the clear")
    pump_until(lambda: any(state.received for state in app.main_controller.sessions.values()), app.root)
    client = app.main_controller.selected
    assert client is not None
    server = next(one for one in app.main_controller.sessions if one != client)
    assert {as_client, as_server} <= set(row_menu(app))

    app.main_controller.select(server)
    act(app, "start_tls_server")
    pump_until(lambda: "TLS begins here, and we are its server" in shown(app), app.root)  # the authority is there now
    app.main_controller.select(client)
    act(app, "start_tls_client")
    pump_until(lambda: BEGUN in shown(app), app.root)
    assert "in the clear" in shown(app)
    assert f"{as_client} (it speaks TLS 1.3 already)" in row_menu(app)
    act(app, "start_tls_client")
    assert app.window.banner.sentence == "TLS cannot begin here: it speaks TLS 1.3 already."


def test_a_start_tls_that_failed_offers_what_a_connect_does(make_app: MakeApp, tmp_path: Path) -> None:
    """The server is one of another person, whose authority nobody here knows."""

    def start_on_both_sides() -> None:
        there.main_controller.select(max(there.main_controller.sessions))
        pump_until(lambda: there.main_controller.rows.why_no_tls == "", there.root)
        act(there, "start_tls_server")
        pump_until(lambda: shown(there).endswith("we are its server") or "TLS begins here" in shown(there), there.root)
        act(app, "start_tls_client")

    there = make_app(tmp_path / "server")
    port = serve(there, tls=False)
    app = make_app(tmp_path / "client")
    dial(app, f"localhost:{port}", "connected to")
    start_on_both_sides()
    pump_until(lambda: "which nothing here trusts" in shown(app), app.root)
    pump_until(lambda: f"Ask whoever runs localhost:{port}" in app.window.banner.sentence, app.root)
    assert "--" not in app.window.banner.sentence + shown(app), "options of the terminal have no place in a window"
    assert [button.cget("text") for button in app.window.banner.buttons][:2] == [TRUST, ONCE]

    press(app, ONCE)
    pump_until(lambda: "connected to" in shown(app), app.root)
    start_on_both_sides()
    pump_until(lambda: 'not verified that this is "localhost"' in shown(app), app.root)
    assert not app.main_controller.preferences.pins


def test_an_address_of_the_command_line_may_ask_for_tls(make_app: MakeApp, tmp_path: Path) -> None:
    port = serve(make_app(tmp_path / "server"))
    app = make_app(tmp_path / "client")
    app._obey(_peer(f"tls://localhost:{port}")[0], app.main_controller.endpoints.connect)

    pump_until(lambda: "which nothing here trusts" in shown(app), app.root)
    assert app.window.address.tls.cget("text") == "TLS on"


def test_the_authoritys_certificate_is_copied_and_saved(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(tmp_path / "app")
    act(app, "copy_authority")
    pump_until(lambda: "was copied" in app.window.banner.sentence, app.root)
    copied = app.root.clipboard_get()
    assert copied.startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE" not in copied
    asked(monkeypatch, tmp_path / "ours.pem")
    act(app, "save_authority")
    pump_until(lambda: "is in ours.pem" in app.window.banner.sentence, app.root)
    assert (tmp_path / "ours.pem").read_text() == copied

    context = ssl.create_default_context(cafile=str(tmp_path / "ours.pem"))
    assert context.get_ca_certs()[0]["subject"]
    asked(monkeypatch, tmp_path / "nowhere" / "ours.pem")
    act(app, "save_authority")
    pump_until(lambda: "cannot be written" in app.window.banner.sentence, app.root)


def test_the_keys_of_one_session_are_written_if_that_is_asked_for(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    port = serve(app)
    asked(monkeypatch, tmp_path / "keys.log")
    act(app, "log_keys")
    assert "log_keys" in app.main_controller.menu_state().on
    assert "keys.log can read the next session" in app.window.banner.sentence
    dial(app, f"localhost:{port}", "its secrets are written to")
    assert "CLIENT_TRAFFIC_SECRET_0" in (tmp_path / "keys.log").read_text()

    assert "log_keys" not in app.main_controller.menu_state().on
    size = (tmp_path / "keys.log").stat().st_size
    act(app, "connect_again")
    pump_until(lambda: BEGUN in shown(app) and "secrets" not in shown(app), app.root)
    assert (tmp_path / "keys.log").stat().st_size == size


def test_the_buttons_of_a_notice_stand_below_its_words_where_it_is_narrow(make_app: MakeApp) -> None:
    app = make_app()
    app.window.root.geometry("640x480")
    nothing: tk.Misc = app.root
    app.main_controller.notices.offer("A certificate. " * 6, "one", {TRUST: nothing.update, ONCE: nothing.update})
    app.root.update()
    line = app.window.banner.buttons[0].master.master
    assert line is not None
    words = next(part for part in line.winfo_children() if part.winfo_class() == "TLabel")
    assert words.winfo_width() > line.winfo_width() * 0.9
    assert words.winfo_y() + words.winfo_height() <= app.window.banner.buttons[0].master.winfo_y()


def test_the_host_is_reached_by_its_key_where_the_address_has_given_way(make_app: MakeApp) -> None:
    app = make_app()
    app.window.root.geometry("640x400")
    app.root.update()
    app.window.composer.focus_message()
    app.window.composer.open_macros()
    app.window.address.refuse("Why. " * 200)
    app.main_controller.refresh()
    pump_until(lambda: not app.window.address.winfo_manager(), app.root)
    act(app, "focus_host")
    assert app.window.address.winfo_manager()
    assert str(app.root.tk.call("focus", "-lastfor", ".")) == str(app.window.address.host)


def answer_password(app: App, why: str, password: str) -> None:
    """Type a password into the dialog that says why it asks, and press Enter."""
    tls = app.main_controller.tls
    pump_until(lambda: tls.dialog is not None and bool(tls.dialog.winfo_exists()), app.root)
    dialog = tls.dialog
    assert dialog is not None
    assert any(why in words for words in texts_in(dialog)), texts_in(dialog)
    assert dialog.field.cget("show") == "•"
    dialog.field.put(password)
    dialog.use()
    app.root.update()
    assert not dialog.winfo_exists()


def texts_in(widget: tk.Misc) -> list[str]:
    own = [str(widget.cget("text"))] if isinstance(widget, ttk.Label) else []
    return [*own, *(text for child in widget.winfo_children() for text in texts_in(child))]


def test_a_client_asks_for_the_password_too_and_connects_with_it(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "own.p12").write_bytes(make("me").as_pkcs12("secret"))
    port = serve(make_app(tmp_path / "server"))
    app = make_app(tmp_path / "client")
    main = app.main_controller
    main.preferences = replace(main.preferences, tls_certificate=str(tmp_path / "own.p12"))
    dial(app, f"tls://localhost:{port}", "needs a password")
    answer_password(app, "needs a password", "secret")
    pump_until(lambda: "which nothing here trusts" in shown(app), app.root)
    assert main.tls.password == "secret"


def test_a_server_shows_the_own_certificate_once_its_password_is_given(make_app: MakeApp, tmp_path: Path) -> None:
    own = make()
    (tmp_path / "own.p12").write_bytes(own.as_pkcs12("secret"))
    app = make_app()
    main = app.main_controller
    main.preferences = replace(
        main.preferences, tls=True, tls_certificate=str(tmp_path / "own.p12"), tls_lowest="1.3", tls_alpn="one, two"
    )
    app.window.address.fill("localhost", "0")
    main.endpoints.serve()
    pump_until(lambda: "password" in app.window.address.complaint, app.root)
    answer_password(app, "needs a password", "wrong")
    answer_password(app, "is wrong", "secret")
    pump_until(lambda: "listening" in shown(app), app.root)
    state = main.state
    assert state is not None
    context = client_context(own)
    context.set_alpn_protocols(["two"])
    with TlsPeer.greets(state.addresses[0], context) as peer:
        assert peer.sock.getpeercert(binary_form=True) == own.certificate.public_bytes(Encoding.DER)
        assert (peer.sock.version(), peer.sock.selected_alpn_protocol()) == ("TLSv1.3", "two")


def test_a_client_shows_its_certificate_to_a_server_that_requires_one(make_app: MakeApp, tmp_path: Path) -> None:
    authority = make_authority()
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    certificate, key = make("me", by=authority).write(tmp_path)
    app = make_app()
    main = app.main_controller
    main.preferences = replace(
        main.preferences, tls_certificate=str(certificate), tls_key=str(key), tls_ca=str(tmp_path / "ca.pem"),
        tls_clients="require",
    )  # fmt: skip
    port = serve(app)
    dial(app, f"tls://localhost:{port}", "TLS 1.3")
    server = main.sessions[SessionId(1)]
    pump_until(lambda: bool(main.sessions[server.session].connections[0].tls), app.root)
    proved = main.sessions[server.session].connections[0].tls
    assert proved is not None
    assert (proved.trust, proved.chain[0].name) == (Trust.AUTHORITY, "me")

    main.preferences = replace(main.preferences, tls_certificate="", tls_key="")
    act(app, "connect_again")
    pump_until(lambda: "certificate_required" in shown(app), app.root)


def test_a_profile_remembers_that_its_peer_speaks_tls(make_app: MakeApp) -> None:
    app = make_app()
    main = app.main_controller
    port = serve(app)
    dial(app, f"tls://localhost:{port}", BEGUN)
    assert main.profiles.save("Meter", may_replace=False) == ""
    assert [profile.tls for profile in main.profiles.profiles if profile.name == "Meter"] == [True]
    assert "with TLS" in next(setting_of(one).words for one in main.profiles.profiles if one.name == "Meter")

    main.tls.put(is_on=False)
    main.profiles.choose("Meter")
    app.root.update()
    assert app.window.address.tls.cget("text") == "TLS on"
    assert main.profiles.choice.own == ""
