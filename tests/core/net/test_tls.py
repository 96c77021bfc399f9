"""TLS on real connections, in both roles: what holds, what does not, and that both are told in words."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.address import Address
from core.errors import ConnectError, ListenError, SendError, TincanError
from core.events import (
    Closed,
    Ending,
    Event,
    Injected,
    NotSent,
    Opened,
    PeerFinished,
    Received,
    Retrying,
    Sent,
    SessionClosed,
    TlsBegun,
    TlsHandshake,
    TlsRefused,
    TurnedAway,
    WeFinished,
)
from core.net.client import Client
from core.net.server import Server
from core.settings import DEFAULTS, KIB, Limits
from core.tls.contexts import make_context
from core.tls.facts import Handshake, Trust
from core.tls.failures import no_key_log
from core.tls.settings import ClientCertificates, LowestVersion, Tls
from core.wire.tls_records import INTERNAL_ERROR, plain_alert
from tests.support.certificates import DAY, Made, make, make_authority
from tests.support.law import check_law
from tests.support.peers import HalfClosesThenReads, Host, Peer, Resets, SaysNothing
from tests.support.sink import PATIENCE, SOON, Sink, until
from tests.support.stage import calling, held_up, serving
from tests.support.systems import ON_WINDOWS, needs_rst, only_linux
from tests.support.tls_peers import TlsPeer, client_context, hello_of, server_context

SHORT = Limits(handshake=0.2)


@pytest.fixture(scope="module")
def authority() -> Made:
    return make_authority()


@pytest.fixture(scope="module")
def own(authority: Made) -> Made:
    return make(by=authority)


@pytest.fixture
def serves(own: Made, tmp_path: Path) -> Tls:
    """What a server of ours has."""
    certificate, key = own.write(tmp_path)
    return Tls(certificate=certificate, key=key, authority=tmp_path / "made")


@pytest.fixture
def trusts(authority: Made, tmp_path: Path) -> Tls:
    """What a client of ours has."""
    return Tls(ca=authority.write(tmp_path, "authority")[0], authority=tmp_path / "made", server_name="localhost")


def replaced(tls: Tls, **changes: object) -> Tls:
    return replace(tls, **changes)  # type: ignore[arg-type]


def handshake(sink: Sink) -> Handshake:
    return sink.wait_for(TlsHandshake)[0].handshake


def closed(sink: Sink, count: int = 1) -> Closed:
    return sink.wait_for(Closed, count)[count - 1]


def refusal(target: Address | str, tls: Tls, limits: Limits = DEFAULTS) -> tuple[str, Sink]:
    """Why our client does not come to talk, and its events."""
    sink = Sink()
    with pytest.raises(ConnectError) as caught, Client(target, tls=tls, limits=limits, events=sink):
        pass
    check_law(sink.events)
    return str(caught.value), sink


@contextlib.contextmanager
def python_server(own: Made, folder: Path, change: Callable[[ssl.SSLContext], None] | None = None) -> Iterator[Host]:
    """A server of CPython's ``ssl`` that shakes one hand, or fails to, and waits for the end."""
    context = server_context(own, folder)
    if change is not None:
        change(context)

    def welcome(host: Host) -> None:
        with contextlib.suppress(OSError), TlsPeer.welcomes(host, context) as peer:
            peer.hear_all()

    with Host() as host:
        thread = threading.Thread(target=welcome, args=(host,))
        thread.start()
        yield host
        thread.join(PATIENCE)


# What holds.


def test_both_ends_talk_and_tell_the_same_handshake(serves: Tls, trusts: Tls) -> None:
    with serving("echo", tls=serves) as (server, heard):
        with calling(server.addresses[0], tls=trusts) as (client, sink):
            client.send(b"hello")
            assert client.receive(PATIENCE) == b"hello"
        assert closed(heard).ending is Ending.PEER_FINISHED
    ours, theirs = handshake(sink), handshake(heard)
    assert ours.client_hello == theirs.client_hello
    assert (ours.version, ours.suite) == (theirs.version, theirs.suite) == ("TLS 1.3", "TLS_AES_256_GCM_SHA384")
    assert ours.client_hello is not None
    assert ours.client_hello.versions == ("TLS 1.3", "TLS 1.2")
    assert ours.client_hello.server_name == "localhost"
    assert ours.suite in ours.client_hello.suites
    assert (ours.trust, ours.proved_by) == (Trust.AUTHORITY, "“A test's authority”")
    assert theirs.trust is Trust.ANONYMOUS
    assert [certificate.name for certificate in ours.chain] == ["localhost"]
    assert ours.chain[0].names == ("localhost", "127.0.0.1")
    assert ours.chain[0].key == "EC P-256"
    assert [flight.is_ours for flight in ours.flights] == [True, False, True]
    assert [flight.size for flight in ours.flights][:2] == [flight.size for flight in theirs.flights][:2]
    assert ours.flights[0].messages == ("client hello",)
    assert ours.flights[1].messages[0] == "server hello"
    assert 0 <= ours.flights[0].after <= ours.flights[1].after <= ours.took
    assert [event.data for event in sink.of(Sent)] == [b"hello"]
    assert [event.data for event in heard.of(Received)] == [b"hello"]


def test_the_handshake_stands_between_opened_and_the_first_byte(serves: Tls, trusts: Tls) -> None:
    with serving("letter", tls=serves) as (server, heard):  # greets as soon as somebody comes
        with calling(server.addresses[0], tls=trusts) as (client, sink):
            assert client.receive(PATIENCE)
        closed(heard)
        for events in (heard, sink):
            story = [type(event) for event in events.events if getattr(event, "connection", None)]
            assert story[:2] == [Opened, TlsHandshake]
            assert events.of(Opened)[0].tls


def test_the_address_may_ask_for_tls(
    own: Made, authority: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.write(tmp_path, "authority")[0]))  # the system's trust store
    monkeypatch.setattr("core.tls.contexts.settings_folder", lambda: tmp_path)
    certificate, key = own.write(tmp_path)
    with serving("echo", tls=Tls(certificate=certificate, key=key)) as (server, _):
        with calling(f"tls://127.0.0.1:{server.addresses[0].port}") as (client, sink):
            client.send(b"x")
            assert client.receive(PATIENCE) == b"x"
        assert handshake(sink).name == "127.0.0.1"


def test_a_server_without_a_certificate_has_one_of_tincans_own_authority(tmp_path: Path) -> None:
    tls = Tls(authority=tmp_path / "made")
    with serving("echo", tls=tls) as (server, _):
        for host in ("127.0.0.1", "localhost"):
            with calling(f"{host}:{server.addresses[0].port}", tls=tls) as (_client, sink):
                pass
            facts = handshake(sink)
            assert (facts.name, facts.proved_by) == (host, "Tincan's own authority")
            assert f'"{host}" proved by Tincan\'s own authority' in facts.summary
        with Peer.calls(server.addresses[0]) as peer:
            peer.leave()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_python_talks_to_our_server(version: ssl.TLSVersion, serves: Tls, authority: Made) -> None:
    context = client_context(authority)
    context.minimum_version = context.maximum_version = version
    with serving("echo", tls=serves) as (server, heard):
        with TlsPeer.greets(server.addresses[0], context) as peer:
            peer.say(b"hello")
            assert peer.hear(5) == b"hello"
            peer.part().close()
        assert closed(heard).ending is Ending.PEER_FINISHED
        assert handshake(heard).version == ("TLS 1.2" if version is ssl.TLSVersion.TLSv1_2 else "TLS 1.3")


def test_a_large_message_goes_there_and_back_past_full_buffers(serves: Tls, trusts: Tls) -> None:
    message = bytes(range(256)) * (2048 * KIB // 256)
    small, large = Limits(outbox=64 * KIB, receive=4 * KIB, message=4096 * KIB), Limits(message=4096 * KIB)
    with (
        serving("echo", framing="length:4be", limits=small, tls=serves) as (server, _heard),
        calling(server.addresses[0], framing="length:4be", limits=large, tls=trusts) as (client, sink),
    ):
        sender = threading.Thread(target=client.send, args=(message,))
        sender.start()
        assert client.receive(PATIENCE) == message
        sender.join(PATIENCE)
        assert b"".join(event.data for event in sink.of(Sent))[4:] == message


def test_what_came_with_the_handshake_waits_while_reading_pauses(serves: Tls, authority: Made) -> None:
    with serving("echo", tls=serves) as (server, heard):
        heard.congest()
        with TlsPeer.greets(server.addresses[0], client_context(authority)) as peer:
            peer.say(b"hello")
            heard.wait_for_pause()
            assert heard.of(Received) == []
            heard.relieve()
            assert peer.hear(5) == b"hello"


def test_bytes_and_their_boundaries_are_those_of_the_records(serves: Tls, authority: Made) -> None:
    with serving("none", tls=serves) as (server, heard):
        with TlsPeer.greets(server.addresses[0], client_context(authority)) as peer:
            peer.say(b"a" * 10)
            peer.say(b"b" * 40_000)
            heard.wait_until(lambda: sum(len(event.data) for event in heard.of(Received)) == 40_010)
        assert [len(event.data) for event in heard.of(Received)] == [10, 16_384, 16_384, 40_000 - 2 * 16_384]


# Who does not speak TLS.


@pytest.mark.case("C-71")
@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"hello\n", "the client speaks plain text and no TLS: it began with “hello\\u000a”"),
        (b"hi\n", "the client speaks plain text and no TLS: it began with “hi\\u000a”"),
        (
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "the client speaks plain HTTP and no TLS: it began with “GET / HTTP/1.1",
        ),
        (b"\x16\x09", "the client speaks plain text and no TLS"),
        (b"\x17\x03\x03\0\x01x", "the client broke the rules of TLS"),
    ],
)
def test_a_plain_client_is_told_of_and_ends_at_once(serves: Tls, said: bytes, words: str) -> None:
    with serving("echo", tls=serves) as (server, heard), Peer.calls(server.addresses[0]) as peer:
        peer.say(said)
        peer.hear_all()
        ended = closed(heard)
        assert ended.ending is Ending.HANDSHAKE
        assert ended.why is not None
        assert ended.why.what.startswith(words)
        assert handshake(heard).failure == ended.why.what
        assert not heard.of(Received)
        assert not heard.of(Sent)


@pytest.mark.case("C-71", "C-72")
@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01\x00"])
def test_a_silent_or_unfinished_handshake_holds_its_place_no_longer_than_it_may(said: bytes, serves: Tls) -> None:
    limits = Limits(handshake=0.3, connections=1)
    with serving("echo", tls=serves, limits=limits) as (server, heard):
        with SaysNothing.calls(server.addresses[0]) as peer:
            if said:
                peer.say(said)
            assert peer.hear_all() == b""
        ended = closed(heard)
        assert ended.ending is Ending.HANDSHAKE
        assert ended.why is not None
        assert "0.3 s" in ended.why.what
        with TlsPeer.greets(server.addresses[0], client_context()) as peer:
            peer.say(b"now me")
            assert peer.hear(6) == b"now me"


def test_the_handshake_has_ten_seconds() -> None:
    assert DEFAULTS.handshake == 10.0


def test_a_silent_handshake_holds_nobody_up(serves: Tls) -> None:
    with serving("echo", tls=serves) as (server, heard), Peer.calls(server.addresses[0]):
        heard.wait_for(Opened)
        with TlsPeer.greets(server.addresses[0], client_context()) as peer:
            peer.say(b"hello")
            assert peer.hear(5) == b"hello"


@pytest.mark.case("C-72")
def test_a_server_that_greets_in_plain_text_does_not_speak_tls(trusts: Tls) -> None:
    with serving("letter") as (server, _):
        why, sink = refusal(server.addresses[0], trusts)
    assert "The server does not speak TLS here: it answered in plain text, “" in why
    assert closed(sink).ending is Ending.HANDSHAKE
    assert sink.of(Received) == []


@pytest.mark.case("C-72")
def test_a_server_that_waits_for_us_to_speak_ends_at_the_deadline_and_never_in_the_clear(trusts: Tls) -> None:
    with Host() as host:
        why, sink = refusal(host.address, trusts, SHORT)
        with host.accept(Peer) as peer:
            assert peer.hear(3)[:2] == b"\x16\x03"
    assert "The server said nothing for 0.2 s, so there was no TLS handshake" in why
    assert closed(sink).ending is Ending.HANDSHAKE


def test_a_peer_that_goes_away_in_the_handshake_is_told_of(serves: Tls) -> None:
    with serving("echo", tls=serves) as (server, heard):
        with Peer.calls(server.addresses[0]) as peer:
            heard.wait_for(Opened)
            peer.finish()
            assert peer.hear_all() == b""
        assert "closed without a word of TLS" in handshake(heard).failure


@needs_rst
def test_a_peer_that_resets_the_handshake_is_told_of(serves: Tls) -> None:
    with serving("echo", tls=serves) as (server, heard):
        with Peer.calls(server.addresses[0]) as peer:
            heard.wait_for(Opened)
            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        ended = closed(heard)
        assert ended.ending is Ending.HANDSHAKE
        assert "broke off in the middle of the TLS handshake" in str(ended.why)


def test_an_end_that_came_with_what_waited_is_told_once(serves: Tls) -> None:
    class FullAfterOne(Sink):
        """A journal that is behind once it has one message."""

        def put(self, event: Event) -> None:
            super().put(event)
            if isinstance(event, Received) and len(self.of(Received)) == 1:
                self.congest()

    sink = FullAfterOne()
    with Server("127.0.0.1:0", reply="none", tls=serves, events=sink) as server:
        client, incoming, outgoing = hello_of(client_context())
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(outgoing.read())
            incoming.write(peer.sock.recv(64 * KIB))
            client.do_handshake()
            peer.say(outgoing.read())
            sink.wait_for(TlsHandshake)
            client.write(b"one")
            client.write(b"two")
            with contextlib.suppress(ssl.SSLWantReadError):
                client.unwrap()
            peer.say(outgoing.read())
            sink.wait_for_pause()
            peer.finish()
            sink.relieve()
            sink.wait_for(PeerFinished)
            server.connections[0].close()
            peer.hear_all()
    assert [event.data for event in sink.of(Received)] == [b"one", b"two"]
    check_law(sink.events)


@only_linux("elsewhere a reset takes what came before it along")
def test_a_reset_right_behind_the_handshake_is_told_as_one(serves: Tls) -> None:
    client, incoming, outgoing = hello_of(client_context())
    with serving("none", tls=serves) as (server, sink), Resets.calls(server.addresses[0]) as peer:
        peer.say(outgoing.read())
        incoming.write(peer.sock.recv(64 * KIB))
        client.do_handshake()
        go_on = held_up(server)
        peer.say(outgoing.read())
        peer.leave()  # what a server says behind the handshake, its tickets, meets the reset
        go_on.set()
        (closed,) = sink.wait_for(Closed)
        assert closed.ending is Ending.PEER_RESET


def test_a_server_without_room_says_so_by_an_alert(serves: Tls) -> None:
    with serving("echo", tls=serves, limits=Limits(connections=1)) as (server, heard):
        with TlsPeer.greets(server.addresses[0], client_context()), Peer.calls(server.addresses[0]) as second:
            assert second.hear_all() == plain_alert(INTERNAL_ERROR)
        heard.wait_for(TurnedAway)


def test_stopping_does_not_wait_for_a_handshake(serves: Tls) -> None:
    with serving("echo", tls=serves) as (server, heard), Peer.calls(server.addresses[0]):
        heard.wait_for(Opened)
        server.stop()
        assert server.join(SOON)
        assert closed(heard).ending is Ending.SERVER_STOPPED


def test_a_client_can_give_up_while_it_shakes_hands(trusts: Tls) -> None:
    sink = Sink()
    with Host() as host:
        client = Client(host.address, tls=trusts, events=sink)
        client.start()
        with host.accept(Peer):
            sink.wait_for(Opened)
            client.stop()
            assert client.join(SOON)
    check_law(sink.events)
    assert sink.wait_for(SessionClosed)[0].cancelled


# Certificates.


@pytest.mark.case("C-73", "C-74")
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("expired", "the server's certificate has expired on "),
        ("early", "the server's certificate is not valid yet, not before "),
        ("itself", "the server's certificate is signed by itself, so nobody vouches for it"),
        ("stranger", "the server's certificate is from “A stranger”, which nothing here trusts"),
        ("host", "the server's certificate is for “other.example”, “192.0.2.1” and not for “localhost”"),
        (
            "common name",
            "the server's certificate says whom it is for only in its common name, “localhost”, which counts",
        ),
        ("no server", "the server's certificate may not be used for this"),
    ],
)
def test_a_certificate_that_does_not_hold_is_refused_with_all_that_a_person_needs(
    kind: str, words: str, authority: Made, trusts: Tls, tmp_path: Path
) -> None:
    kinds: dict[str, Callable[[], Made]] = {
        "expired": lambda: make(by=authority, begins=-10 * DAY, lasts=9 * DAY),
        "early": lambda: make(by=authority, begins=2 * DAY),
        "itself": make,
        "stranger": lambda: make(by=make_authority("A stranger")),
        "host": lambda: make("other.example", names=("other.example", "192.0.2.1"), by=authority),
        "common name": lambda: make(names=(), by=authority),
        "no server": lambda: make(by=authority, for_clients_alone=True),
    }
    bad = kinds[kind]()
    with python_server(bad, tmp_path) as host:
        why, sink = refusal(host.address, trusts)
    facts = handshake(sink)
    assert facts.failure.startswith(words), facts.failure
    certificate = facts.chain[0]
    assert certificate.fingerprint == bad.fingerprint
    for part in (certificate.issuer_name, certificate.validity, certificate.shown_fingerprint, *certificate.names):
        assert part in why
    assert facts.can_be_pinned
    assert facts.trust is Trust.REFUSED
    assert closed(sink).ending is Ending.HANDSHAKE
    by_pin = Tls(pin=certificate.fingerprint, authority=tmp_path / "made")
    # And a person may trust it all the same, by its fingerprint alone.
    with python_server(bad, tmp_path) as host, calling(host.address, tls=by_pin) as (_client, pinned):
        pass
    assert handshake(pinned).trust is Trust.PIN


@pytest.mark.case("C-73")
def test_a_pin_holds_for_one_certificate_and_no_other(own: Made, tmp_path: Path) -> None:
    other = make()
    with python_server(own, tmp_path) as host:
        why, sink = refusal(host.address, Tls(pin=other.fingerprint, authority=tmp_path / "made"))
    assert "The server's certificate is not the one that was trusted" in why
    assert handshake(sink).chain[0].fingerprint == own.fingerprint
    assert not sink.of(Sent)


def test_once_without_verifying_is_told_for_as_long_as_it_lasts(tmp_path: Path) -> None:
    once = Tls(verify=False, authority=tmp_path / "made")
    with python_server(make(), tmp_path) as host, calling(host.address, tls=once) as (_client, sink):
        pass
    assert handshake(sink).trust is Trust.UNVERIFIED
    assert "not verified that this is" in handshake(sink).summary


@pytest.mark.parametrize("wanted", [ClientCertificates.ASK, ClientCertificates.REQUIRE])
def test_a_client_shows_who_it_is(wanted: ClientCertificates, own: Made, authority: Made, tmp_path: Path) -> None:
    certificate, key = own.write(tmp_path)
    ca = authority.write(tmp_path, "ca")[0]
    alice_certificate, alice_key = make("alice", names=("alice",), by=authority).write(tmp_path, "alice")
    server_tls = Tls(certificate=certificate, key=key, ca=ca, client_certificates=wanted, authority=tmp_path / "made")
    client_tls = Tls(ca=ca, certificate=alice_certificate, key=alice_key, authority=tmp_path / "made")
    with serving("echo", tls=server_tls) as (server, heard):
        with calling(server.addresses[0], tls=client_tls) as (client, sink):
            client.send(b"x")
            assert client.receive(PATIENCE) == b"x"
        closed(heard)
    assert handshake(heard).chain[0].name == "alice"
    assert '"alice" proved by “A test\'s authority”' in handshake(heard).summary
    assert handshake(sink).own == "alice"


def test_a_client_that_shows_nothing_comes_in_where_it_is_only_asked(serves: Tls, trusts: Tls) -> None:
    asks = replaced(serves, ca=trusts.ca, client_certificates=ClientCertificates.ASK)
    with serving("echo", tls=asks) as (server, heard):
        with calling(server.addresses[0], tls=trusts) as (client, _sink):
            client.send(b"x")
            assert client.receive(PATIENCE) == b"x"
        assert handshake(heard).trust is Trust.ANONYMOUS


@pytest.mark.parametrize("lowest", LowestVersion)
@pytest.mark.parametrize("highest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_who_has_to_show_a_certificate_and_has_none_learns_so(
    lowest: LowestVersion, highest: ssl.TLSVersion, serves: Tls, trusts: Tls, authority: Made
) -> None:
    requires = replaced(serves, ca=trusts.ca, client_certificates=ClientCertificates.REQUIRE, lowest=lowest)
    if lowest is LowestVersion.TLS_1_3 and highest is ssl.TLSVersion.TLSv1_2:
        return
    context = client_context(authority)
    context.maximum_version = highest
    with serving("echo", tls=requires) as (server, heard):
        with pytest.raises(ssl.SSLError), TlsPeer.greets(server.addresses[0], context) as peer:
            peer.hear_all()
        assert "the client showed no certificate, and this server requires one" in handshake(heard).failure


def test_our_client_is_told_why_it_is_not_let_in(serves: Tls, trusts: Tls) -> None:
    """In TLS 1.3 the server's no comes when the handshake is over for the client."""
    requires = replaced(serves, ca=trusts.ca, client_certificates=ClientCertificates.REQUIRE)
    with serving("echo", tls=requires) as (server, _heard):
        sink = Sink()
        with contextlib.suppress(ConnectError), Client(server.addresses[0], tls=trusts, events=sink):
            sink.wait_for(Closed)
    ended = closed(sink)
    assert ended.ending is Ending.ALERT
    assert ended.why is not None
    assert "the server ended it with the alert certificate_required" in ended.why.what


# Versions, protocols, renegotiation.


@pytest.mark.case("C-75")
def test_tls_1_1_is_refused_and_the_client_told(serves: Tls) -> None:
    context = client_context()
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSVersion.TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving("echo", tls=serves) as (server, heard):
        with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
            TlsPeer.greets(server.addresses[0], context)
        assert handshake(heard).failure == "the client offers TLS 1.1, and this server takes TLS 1.2 or newer"
        assert [(alert.is_ours, alert.name) for alert in handshake(heard).alerts] == [(True, "protocol_version")]


@pytest.mark.case("C-75")
def test_only_tls_1_3_can_be_asked_for(serves: Tls, authority: Made) -> None:
    context = client_context(authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with serving("echo", tls=replaced(serves, lowest=LowestVersion.TLS_1_3)) as (server, heard):
        with pytest.raises(ssl.SSLError):
            TlsPeer.greets(server.addresses[0], context)
        assert handshake(heard).failure == "the client offers TLS 1.2, and this server takes TLS 1.3 or newer"


@pytest.mark.case("C-75")
def test_an_old_server_is_refused_by_its_version(own: Made, trusts: Tls, tmp_path: Path) -> None:
    def old(context: ssl.SSLContext) -> None:
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSVersion.TLSv1_1"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

    with python_server(own, tmp_path, old) as host:
        why, sink = refusal(host.address, trusts)
    assert "the server ended it with the alert protocol_version" in why.replace("The", "the") or "TLS 1.1" in why
    assert [alert.is_ours for alert in handshake(sink).alerts] == [False]


@pytest.mark.case("C-79")
def test_no_protocol_in_common_ends_it_in_either_role(
    serves: Tls, trusts: Tls, own: Made, authority: Made, tmp_path: Path
) -> None:
    context = client_context(authority)
    context.set_alpn_protocols(["b"])
    with serving("echo", tls=replaced(serves, alpn=("a",))) as (server, heard):
        # What a Python has no name for is an unknown error to it.
        with pytest.raises(ssl.SSLError, match=r"(?i)no.application.protocol|unknown error"):
            TlsPeer.greets(server.addresses[0], context)
        assert handshake(heard).failure == "the client offers b (ALPN), and here is a: none is in both"
    with python_server(own, tmp_path, lambda context: context.set_alpn_protocols(["b"])) as host:
        why, _sink = refusal(host.address, replaced(trusts, alpn=("a", "c")))
    assert "The server agrees to none of the protocols a, c (ALPN)" in why


def test_the_protocol_that_both_have_is_told(serves: Tls, trusts: Tls) -> None:
    ours, theirs = replaced(serves, alpn=("h2", "http/1.1")), replaced(trusts, alpn=("x", "http/1.1"))
    with serving("echo", tls=ours) as (server, _), calling(server.addresses[0], tls=theirs) as (_client, sink):
        pass
    facts = handshake(sink)
    assert facts.alpn == "http/1.1"
    assert facts.client_hello is not None
    assert facts.client_hello.alpn == ("x", "http/1.1")


@pytest.mark.case("C-76")
def test_renegotiation_and_compression_are_off(serves: Tls, trusts: Tls) -> None:
    for context in (make_context(serves, is_server=True).ssl, make_context(trusts, is_server=False).ssl):
        assert context.options & ssl.OP_NO_RENEGOTIATION
        assert context.options & ssl.OP_NO_COMPRESSION
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2


# Endings.


@pytest.mark.case("C-77")
def test_an_end_without_close_notify_is_marked_and_what_came_before_is_kept(
    serves: Tls, trusts: Tls, own: Made, tmp_path: Path
) -> None:
    with serving("none", tls=serves) as (server, heard):
        with TlsPeer.greets(server.addresses[0], client_context()) as peer:
            peer.say(b"half of ")
            socket.socket.shutdown(peer.sock, socket.SHUT_WR)  # FIN, and nothing of TLS before it
            ended = closed(heard)
        assert [event.data for event in heard.of(Received)] == [b"half of "]
        assert ended.ending is Ending.TRUNCATED
        assert "what was received may be incomplete" in str(ended.why)
        assert heard.of(PeerFinished) == []


@pytest.mark.case("C-78")
def test_plain_text_before_the_handshake_is_never_taken_for_protected(serves: Tls, trusts: Tls) -> None:
    """CVE-2023-40217: said and closed before the server comes to the handshake."""
    requires = replaced(serves, ca=trusts.ca, client_certificates=ClientCertificates.REQUIRE)
    with serving("echo", tls=requires) as (server, heard):
        with HalfClosesThenReads.calls(server.addresses[0]) as peer:
            assert b"injected" not in peer.say_and_hear(b"injected")
        assert closed(heard).ending is Ending.HANDSHAKE
        assert heard.of(Received) == []


def test_close_notify_is_how_both_part(serves: Tls, authority: Made) -> None:
    with serving("none", tls=serves) as (server, heard):
        with TlsPeer.greets(server.addresses[0], client_context(authority)) as peer:
            until(lambda: bool(server.connections))
            heard.wait_for(TlsHandshake)
            server.connections[0].close()
            assert peer.hear_all() == b""  # close_notify: without it Python raises
            peer.part().close()
        assert closed(heard).ending is Ending.OURS
        assert closed(heard).how == "close_notify"


def test_one_side_finishes_while_the_other_goes_on_in_tls_1_3(serves: Tls, trusts: Tls) -> None:
    with (
        serving("none", tls=serves) as (server, heard),
        calling(server.addresses[0], tls=trusts, half_open=True) as (client, sink),
    ):
        client.send(b"a question")
        client.finish_sending()
        assert sink.wait_for(WeFinished)[0].how == "close_notify"
        heard.wait_for(PeerFinished)
        assert [event.data for event in heard.of(Received)] == [b"a question"]
        server.connections[0].send(b"an answer")
        assert client.receive(PATIENCE) == b"an answer"


def test_what_comes_while_we_part_is_not_lost(serves: Tls, authority: Made) -> None:
    """OpenSSL would throw away what it has not read when it is told to say close_notify."""
    with serving("none", tls=serves) as (server, heard):
        with TlsPeer.greets(server.addresses[0], client_context(authority)) as peer:
            heard.wait_for(TlsHandshake)
            heard.congest()
            peer.say(b"x" * 30_000)
            heard.wait_for_pause()
            until(lambda: bool(server.connections))
            server.connections[0].finish_sending()
            assert peer.hear_all() == b""
            heard.relieve()
            peer.say(b"y" * 30_000)
            heard.wait_until(lambda: sum(len(event.data) for event in heard.of(Received)) == 60_000)
            peer.part().close()
        assert closed(heard).ending is Ending.PEER_FINISHED


def test_in_tls_1_2_one_side_cannot_finish_alone_and_it_says_why(serves: Tls, authority: Made) -> None:
    context = client_context(authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with serving("none", tls=serves) as (server, heard), TlsPeer.greets(server.addresses[0], context) as peer:
        heard.wait_for(TlsHandshake)
        (connection,) = server.connections
        with pytest.raises(SendError, match=r"in TLS 1\.2 the end of one side is the end of both"):
            connection.finish_sending()
        connection.send(b"still here")
        assert peer.hear(10) == b"still here"


def test_an_alert_that_ends_a_standing_connection_is_told(serves: Tls, authority: Made) -> None:
    with serving("none", tls=serves) as (server, heard):
        with TlsPeer.greets(server.addresses[0], client_context(authority)) as peer:
            heard.wait_for(TlsHandshake)
            socket.socket.sendall(peer.sock, b"\x17\x03\x03\x00\x20" + bytes(32))  # no record of this connection's
            with pytest.raises(ssl.SSLError, match="BAD_RECORD_MAC"):
                peer.hear_all()
        ended = closed(heard)
        assert ended.ending is Ending.ALERT
        assert "broke the rules of TLS" in str(ended.why)


def test_who_leaves_while_something_waits_to_go_out_is_no_fault_of_ours(serves: Tls, authority: Made) -> None:
    """The greeting meets a reset where nobody has called to send it: when the socket is ready for more."""
    with serving("letter", tls=serves) as (server, heard):
        context = client_context(authority)
        for number in range(1, 31):
            TlsPeer.greets(server.addresses[0], context).sock.close()
            heard.wait_for(Closed, number)
        assert Ending.FAILED not in [event.ending for event in heard.of(Closed)]


# In the middle.


def test_tls_begins_in_the_middle_in_either_role_and_the_clear_stays_clear(serves: Tls, trusts: Tls) -> None:
    with serving("none") as (server, heard), calling(server.addresses[0], half_open=True) as (client, sink):
        client.send(b"in the clear")
        heard.wait_for(Received)
        server.start_tls(server.connections[0].id, serves, as_server=True)
        heard.wait_for(TlsBegun)
        client.start_tls(client.connections[0].id, trusts, as_server=False)
        assert not handshake(sink).failure
        client.send(b"not in the clear")
        heard.wait_for(Received, 2)
        server.connections[0].send(b"nor this")
        assert client.receive(PATIENCE) == b"nor this"
        assert [event.data for event in heard.of(Received)] == [b"in the clear", b"not in the clear"]
        assert [event.is_server for event in heard.of(TlsBegun)] == [True]


def test_the_caller_may_be_the_server_of_tls(serves: Tls, trusts: Tls) -> None:
    with serving("none") as (server, heard), calling(server.addresses[0], half_open=True) as (client, _sink):
        until(lambda: bool(server.connections))
        client.start_tls(client.connections[0].id, serves, as_server=True)
        _sink.wait_for(TlsBegun)
        server.start_tls(server.connections[0].id, trusts, as_server=False)
        assert not handshake(heard).failure
        client.send(b"x")
        heard.wait_for(Received)


@pytest.mark.parametrize("as_server", [True, False])
def test_bytes_that_come_too_early_are_refused_as_an_injection(
    as_server: bool, serves: Tls, trusts: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2011-0411: a second command in the segment of the first would be heard as if TLS had protected it."""
    with serving("none", framing="line") as (server, heard), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"STARTTLS\r\nEHLO inj")
        heard.wait_for(Received)
        server.start_tls(server.connections[0].id, serves if as_server else trusts, as_server=as_server)
        (event,) = heard.wait_for(Injected)
        assert (event.size, event.text) == (8, "EHLO inj")
        ended = closed(heard)
        assert ended.ending is Ending.HANDSHAKE
        assert "CVE-2011-0411" in str(ended.why)
        assert not heard.of(TlsBegun)
        assert not heard.of(TlsHandshake)


def test_unread_bytes_are_an_injection_too_but_for_a_clients_hello(serves: Tls, authority: Made) -> None:
    with serving("none") as (server, heard), Peer.calls(server.addresses[0]) as peer:
        heard.congest()  # so that nothing is read
        peer.say(b"first")
        heard.wait_for_pause()
        server.start_tls(server.connections[0].id, serves, as_server=True)
        assert heard.wait_for(Injected)[0].text == "first"
        assert [event.data for event in heard.of(Received)] == [b"first"]
        closed(heard)
        heard.relieve()
    hello, incoming, outgoing = hello_of(client_context(authority))
    with serving("echo") as (server, heard), Peer.calls(server.addresses[0]) as peer:
        heard.congest()
        peer.say(outgoing.read())
        heard.wait_for_pause()
        server.start_tls(server.connections[0].id, serves, as_server=True)
        heard.wait_for(TlsBegun)
        while not heard.of(TlsHandshake):
            incoming.write(peer.sock.recv(65536))
            with contextlib.suppress(ssl.SSLWantReadError):
                hello.do_handshake()
                peer.say(outgoing.read())
                break
        assert not handshake(heard).failure
        assert heard.of(Injected) == []
        heard.relieve()


def test_tls_is_not_begun_while_something_waits_to_go_out_in_the_clear(serves: Tls) -> None:
    with (
        serving("none", limits=Limits(outbox=64 * 1024 * KIB)) as (server, heard),
        Peer.calls(server.addresses[0]) as peer,
    ):
        until(lambda: bool(server.connections))
        connection = server.connections[0]
        while not connection.waiting:
            connection.send(b"x" * 1_000_000)
        server.start_tls(connection.id, serves, as_server=True)
        assert "still wait to go out" in heard.wait_for(TlsRefused)[0].why
        assert connection.is_open
        peer.hear(100)
        connection.abort()


def test_a_connection_with_tls_begins_none_within(serves: Tls) -> None:
    with serving("echo", tls=serves) as (server, heard), TlsPeer.greets(server.addresses[0], client_context()) as peer:
        heard.wait_for(TlsHandshake)
        server.start_tls(server.connections[0].id, serves, as_server=True)
        assert heard.wait_for(TlsRefused)[0].why == "this connection speaks TLS already"
        peer.say(b"and goes on")
        assert peer.hear(11) == b"and goes on"


# Files.


def test_a_certificate_that_cannot_be_read_ends_the_session_before_it_stands(tmp_path: Path) -> None:
    with pytest.raises(ListenError, match=r"nowhere\.pem cannot be read: No such file"):
        Server(
            "127.0.0.1:0", tls=Tls(certificate=tmp_path / "nowhere.pem", authority=tmp_path / "made")
        ).serve_forever()
    with pytest.raises(ConnectError, match=r"nowhere\.pem cannot be read"):
        Client("127.0.0.1:1", tls=Tls(ca=tmp_path / "nowhere.pem", authority=tmp_path / "made")).run()


def test_the_secrets_are_written_only_where_it_is_asked_for(serves: Tls, trusts: Tls, tmp_path: Path) -> None:
    log = tmp_path / "keys"
    with serving("echo", tls=serves) as (server, heard):
        with calling(server.addresses[0], tls=replaced(trusts, key_log=log)) as (_client, sink):
            pass
        closed(heard)
    assert b"CLIENT_TRAFFIC_SECRET_0" in log.read_bytes()
    assert ON_WINDOWS or log.stat().st_mode & 0o077 == 0
    assert handshake(sink).key_log == str(log)
    assert handshake(heard).key_log == ""


@only_linux("/dev/full is a file on which there is no room")
def test_secrets_that_cannot_be_written_are_not_laid_to_the_peer(serves: Tls, trusts: Tls) -> None:
    log, why = Path("/dev/full"), "the secrets of this handshake could not be written to /dev/full"
    with serving("echo", tls=serves) as (server, _heard):
        says, sink = refusal(server.addresses[0], replaced(trusts, key_log=log))
    assert says.startswith("T" + why[1:])
    assert handshake(sink).failure == why
    with serving("echo", tls=replaced(serves, key_log=log)) as (server, heard):
        with contextlib.suppress(TincanError):  # in TLS 1.3 it stands by then
            Client(server.addresses[0], tls=trusts).run()
        assert closed(heard).why == no_key_log(log)
    assert handshake(heard).failure == why


def test_nothing_is_sent_that_waits_when_the_handshake_fails(trusts: Tls, tmp_path: Path) -> None:
    with serving("letter", tls=Tls(authority=tmp_path / "other")) as (server, heard):
        refusal(server.addresses[0], trusts)
        closed(heard)
        assert heard.of(Sent) == []
        assert sum(event.size for event in heard.of(NotSent)) > 0


def test_a_client_that_comes_back_comes_back_with_tls_and_never_without(
    serves: Tls, trusts: Tls, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("core.net.client.SHORTEST", 0.01)
    sink = Sink()
    with serving("none", tls=serves) as (server, heard):
        client = Client(server.addresses[0], tls=trusts, reconnect=True, events=sink)
        client.start()
        for count in (1, 2):
            heard.wait_until(lambda: len(heard.of(TlsHandshake)) >= count)  # noqa: B023 - waited for at once
            server.connections[-1].abort()
            sink.wait_for(Closed, count)
        sink.wait_for(TlsHandshake, 3)
        client.stop()
        assert client.join(PATIENCE)
    assert [event.handshake.failure for event in sink.of(TlsHandshake)] == [""] * len(sink.of(TlsHandshake))
    with Host() as host, pytest.raises(ConnectError, match="cannot be read"):
        Client(host.address, tls=Tls(ca=tmp_path / "none", authority=tmp_path), reconnect=True).run()


def test_a_client_that_comes_back_asks_for_tls_each_time(trusts: Tls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.net.client.SHORTEST", 0.01)
    sink = Sink()
    with Host() as host:
        client = Client(host.address, tls=replaced(trusts, starttls="postgres"), reconnect=True, events=sink)
        client.start()
        for _ in range(2):
            with host.accept(Peer) as peer:
                assert peer.hear(8) == bytes.fromhex("0000000804d2162f")
                peer.say(b"N")
                peer.hear_all()
        until(lambda: len(sink.of(Retrying)) >= 2)
        client.stop()
        assert client.join(PATIENCE)
    assert "does not offer it" in str(closed(sink).why)
    first, second, *_ = sink.of(Retrying)
    assert second.pause > 0.01 >= first.pause, "who takes connections and never talks is left alone for longer, too"


def test_a_client_that_was_refused_is_entered_once_it_stands(
    own: Made, trusts: Tls, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("core.net.client.SHORTEST", 0.01)

    def serve(host: Host) -> None:
        with host.accept(Peer) as plain:
            plain.say(b"220 busy\r\n")
            plain.hear_all()
        with TlsPeer.welcomes(host, server_context(own, tmp_path)) as peer:
            peer.say(b"hello")
            peer.hear_all()

    with Host() as host:
        thread = threading.Thread(target=serve, args=(host,))
        thread.start()
        with Client(host.address, tls=trusts, reconnect=True) as client:
            assert client.receive(PATIENCE) == b"hello"
            client.check()
        thread.join(PATIENCE)
