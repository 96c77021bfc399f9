"""TLS tried against other people's programs, in both roles. What is not installed is skipped, and said so."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from core.address import Address
from core.errors import ConnectError
from core.events import Closed, Opened, Received, TlsBegun, TlsHandshake
from core.net.client import Client
from core.net.server import Server
from core.tls.authority import Authority
from core.tls.facts import Handshake, Trust
from core.tls.settings import ClientCertificates, Tls
from tests.support.certificates import DAY, Made, make, make_authority
from tests.support.sink import PATIENCE, Sink
from tests.support.stage import calling, serving
from tests.support.systems import needs, not_installed
from tests.support.theirs import killed, port_of_ours, running

QUIET = ("-quiet", "-no_ign_eof")  # s_client: prints the peer's words alone, and ends when its input does


class Files:
    """An authority, a server's certificate and a client's, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = make_authority()
        self.ca, _ = self.authority.write(folder, "ca")
        self.own, self.key = make(by=self.authority).write(folder, "own")
        self.alice, self.alice_key = make("alice", names=("alice",), by=self.authority).write(folder, "alice")

    @property
    def serves(self) -> Tls:
        return Tls(certificate=self.own, key=self.key, authority=self.folder / "made")

    @property
    def trusts(self) -> Tls:
        return Tls(ca=self.ca, server_name="localhost", authority=self.folder / "made")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def handshake(sink: Sink) -> Handshake:
    return sink.wait_for(TlsHandshake)[0].handshake


def said(command: Sequence[object], words: bytes, *, hold: float = 5.0) -> bytes:
    """What a program prints that is given words, and whose input ends when it has answered, or after a while."""
    program = subprocess.Popen(
        list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    with program, killed(program):
        assert program.stdin is not None
        assert program.stdout is not None
        heard = bytearray()
        with contextlib.suppress(OSError):
            program.stdin.write(words)
            program.stdin.flush()
        os.set_blocking(program.stdout.fileno(), False)
        deadline = time.monotonic() + hold
        while time.monotonic() < deadline and program.poll() is None and not (words and heard.endswith(words)):
            heard += program.stdout.read() or b""
            time.sleep(0.005)
        with contextlib.suppress(OSError):
            program.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(hold)
        heard += program.stdout.read() or b""
        return bytes(heard)


def s_client(server: Server, *more: object) -> list[object]:
    """OpenSSL's client, as it is told to call a server of ours."""
    return ["openssl", "s_client", "-connect", server.addresses[0], *more]


def s_server(port: int, own: Path, key: Path, *more: object) -> list[object]:
    """OpenSSL's server, as it is told to serve."""
    return ["openssl", "s_server", "-accept", port, "-cert", own, "-key", key, *more]


def tls_option(version: str) -> str:
    return f"-tls{version.replace('.', '_')}"


@contextlib.contextmanager
def psql(server: Server) -> Iterator[None]:
    """PostgreSQL's client, which calls a server of ours and wants TLS; when this is left, it must be about to end."""
    target = f"host=localhost hostaddr=127.0.0.1 port={server.addresses[0].port} user=alice dbname=x sslmode=require"
    with (
        subprocess.Popen(["psql", target], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program,
        killed(program),
    ):
        yield
        program.wait(PATIENCE)


def asked(address: Address, tls: Tls, question: bytes, answer: bytes) -> Handshake:
    """Have our client ask and be answered; its handshake."""
    with calling(address, tls=tls, framing="line") as (client, sink):
        client.send(question)
        assert client.receive(PATIENCE) == answer
    return handshake(sink)


# openssl


@needs("openssl")
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_s_client_talks_to_our_server(version: str, files: Files) -> None:
    with serving("echo", tls=files.serves) as (server, heard):
        more = ["-CAfile", files.ca, *QUIET, "-verify_return_error", "-servername", "localhost"]
        assert b"hello\n" in said(s_client(server, *more, tls_option(version)), b"hello\n")
        heard.wait_for(Closed)
        assert handshake(heard).version == f"TLS {version}"


@needs("openssl")
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("shows", [True, False])
def test_s_client_shows_its_certificate_or_is_not_let_in(version: str, shows: bool, files: Files) -> None:
    tls = replace(files.serves, ca=files.ca, client_certificates=ClientCertificates.REQUIRE)
    with serving("echo", tls=tls) as (server, heard):
        more = ["-cert", files.alice, "-key", files.alice_key] if shows else []
        answer = said(s_client(server, "-CAfile", files.ca, *QUIET, *more, tls_option(version)), b"hello\n")
        facts = handshake(heard)
        heard.wait_for(Closed)
    if shows:
        assert b"\nhello\n" in answer
        assert '"alice" proved by “A test\'s authority”' in facts.summary
    else:
        assert "requires one" in facts.failure


@needs("openssl")
@pytest.mark.case("C-76")
@pytest.mark.parametrize("lowest", ["1.2", "1.3"])
def test_s_client_is_refused_another_handshake(lowest: str, files: Files) -> None:
    with serving("echo", tls=files.serves) as (server, heard):
        answer = said(s_client(server, tls_option(lowest)), b"R\n", hold=1.0)
        heard.wait_for(Closed)
        assert len(heard.of(TlsHandshake)) == 1
        assert heard.of(Received) == []
    _, asked, came_of_it = answer.partition(b"RENEGOTIATING")
    assert asked
    # TLS 1.3 has no such thing, so that s_client itself ends there, from OpenSSL 3.6 on without a reason.
    assert (b"no renegotiation" if lowest == "1.2" else b"error") in came_of_it.lower()


@needs("openssl")
@pytest.mark.case("C-75")
def test_s_client_is_refused_tls_1_1(files: Files) -> None:
    with serving("echo", tls=files.serves) as (server, heard):
        answer = said(s_client(server, "-cipher", "DEFAULT@SECLEVEL=0", tls_option("1.1")), b"")
        heard.wait_for(Closed)
        if b"alert protocol version" not in answer:
            pytest.skip("this openssl speaks no TLS 1.1")
        assert handshake(heard).failure == "the client offers TLS 1.1, and this server takes TLS 1.2 or newer"


@needs("openssl")
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_our_client_talks_to_s_server(version: str, files: Files) -> None:
    port = port_of_ours()
    command = s_server(port, files.own, files.key, "-quiet", "-rev", tls_option(version))
    with running(command, port, files.folder) as address:
        assert asked(address, files.trusts, b"hello", b"olleh").version == f"TLS {version}"


@needs("openssl")
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_our_client_shows_its_certificate_to_s_server(version: str, files: Files) -> None:
    port = port_of_ours()
    command = s_server(port, files.own, files.key, "-quiet", "-rev", tls_option(version))
    command += ["-Verify", "2", "-verify_return_error", "-CAfile", files.ca]
    alice = replace(files.trusts, certificate=files.alice, key=files.alice_key)
    with running(command, port, files.folder) as address:
        assert asked(address, alice, b"hello", b"olleh").own == "alice"
        sink = Sink()
        with contextlib.suppress(ConnectError), Client(address, tls=files.trusts, events=sink):
            sink.wait_for(Closed)
        assert "alert" in str(sink.wait_for(Closed)[0].why)


@needs("openssl")
@pytest.mark.case("C-73", "C-74")
@pytest.mark.parametrize(
    ("kind", "alert", "words"),
    [
        ("expired", "certificate_expired", "has expired on"),
        ("early", "bad_certificate", "is not valid yet"),
        ("itself", "unknown_ca", "is signed by itself"),
        ("stranger", "unknown_ca", "which nothing here trusts"),
        ("host", "bad_certificate", "and not for “localhost”"),
        ("common name", "bad_certificate", "only in its common name"),
    ],
)
def test_s_server_hears_the_alert_that_we_say_we_sent(kind: str, alert: str, words: str, files: Files) -> None:
    by = files.authority
    made: dict[str, Made] = {
        "expired": make(by=by, begins=-10 * DAY, lasts=9 * DAY),
        "early": make(by=by, begins=2 * DAY),
        "itself": make(),
        "stranger": make(by=make_authority("A stranger")),
        "host": make("other.example", names=("other.example",), by=by),
        "common name": make(names=(), by=by),
    }
    certificate, key = made[kind].write(files.folder, "bad")
    port = port_of_ours()
    log = files.folder / "log"
    with running(s_server(port, certificate, key, "-msg", "-msgfile", log), port, files.folder) as address:
        sink = Sink()
        with pytest.raises(ConnectError, match=words), Client(address, tls=files.trusts, events=sink):
            pass
        facts = handshake(sink)
        assert [(one.is_ours, one.name) for one in facts.alerts] == [(True, alert)]
        deadline = time.monotonic() + PATIENCE
        while f"fatal {alert}" not in log.read_text("utf-8", "replace") and time.monotonic() < deadline:
            time.sleep(0.01)
        assert f"fatal {alert}" in log.read_text("utf-8", "replace")


@needs("openssl")
def test_a_resumed_session_is_told_of(files: Files) -> None:
    with serving("echo", tls=files.serves) as (server, heard):
        kept = files.folder / "session"
        command = s_client(server, *QUIET, tls_option("1.3"))
        said([*command, "-sess_out", kept], b"hello\n")
        said([*command, "-sess_in", kept], b"hello\n")
        heard.wait_for(TlsHandshake, 2)
        assert [event.handshake.is_resumed for event in heard.of(TlsHandshake)] == [False, True]
        heard.wait_for(Closed, 2)


# ncat, curl, redis


@needs("ncat")
def test_ncat_talks_to_our_server(files: Files) -> None:
    with serving("echo", tls=files.serves) as (server, heard):
        command = ["ncat", "--ssl-verify", "--ssl-trustfile", files.ca, "localhost", str(server.addresses[0].port)]
        assert said(command, b"hello\n").endswith(b"hello\n")
        heard.wait_for(Closed)


@needs("ncat")
def test_our_client_talks_to_ncat(files: Files) -> None:
    port = port_of_ours()
    command = ["ncat", "--ssl", "--ssl-cert", files.own, "--ssl-key", files.key, "-k", "-l", "127.0.0.1", str(port)]
    with running([*command, "--exec", "/bin/cat"], port, files.folder) as address:
        assert asked(address, files.trusts, b"hello\n", b"hello").trust is Trust.AUTHORITY


@needs("curl")
def test_curl_believes_tincans_own_authority(tmp_path: Path) -> None:
    tls = Tls(authority=tmp_path / "made")
    with serving("none", tls=tls) as (server, heard):
        ca = tmp_path / "ca.pem"
        ca.write_bytes(Authority(tmp_path / "made").make())
        command = ["curl", "-4", "-sS", "--cacert", ca, f"https://localhost:{server.addresses[0].port}/"]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE) as program, killed(program):
            heard.wait_for(Received)
            (connection,) = server.connections
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
            assert program.communicate(timeout=PATIENCE)[0] == b"hello"
            assert program.returncode == 0


@needs("redis-server")
def test_our_client_talks_to_redis(files: Files) -> None:
    port = port_of_ours()
    command = ["redis-server", "--port", "0", "--tls-port", str(port), "--tls-cert-file", files.own]
    command += ["--tls-key-file", files.key, "--tls-ca-cert-file", files.ca, "--tls-auth-clients", "yes", "--save", ""]
    alice = replace(files.trusts, certificate=files.alice, key=files.alice_key)
    with running(command, port, files.folder) as address:
        assert asked(address, alice, b"PING\r\n", b"+PONG").version == "TLS 1.3"


# STARTTLS


@needs("psql")
def test_psql_with_sslmode_require_begins_tls_with_our_server(files: Files) -> None:
    with serving("none") as (server, heard), psql(server):
        (request,) = heard.wait_for(Received)
        assert request.data == bytes.fromhex("00000008 04d2162f")
        (connection,) = server.connections
        server.start_tls(connection.id, files.serves, as_server=True, first=b"S")
        heard.wait_for(TlsBegun)
        assert not handshake(heard).failure
        assert b"user\0alice" in heard.wait_for(Received, 2)[1].data
        connection.close()


@needs("psql")
def test_a_hello_that_was_heard_in_the_clear_still_begins_tls(files: Files) -> None:
    """A person answers first, and starts TLS afterwards."""
    with serving("none") as (server, heard), psql(server):
        heard.wait_for(Received)
        (connection,) = server.connections
        connection.send(b"S")
        assert heard.wait_for(Received, 2)[1].data.startswith(b"\x16\x03")
        server.start_tls(connection.id, files.serves, as_server=True)
        assert not handshake(heard).failure
        assert b"user\0alice" in heard.wait_for(Received, 3)[2].data
        connection.close()


@needs("openssl")
def test_s_client_with_starttls_begins_tls_with_our_server(files: Files) -> None:
    with serving("none", framing="line") as (server, heard):
        command = list(map(str, s_client(server, "-starttls", "smtp", *QUIET)))
        with (
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as it,
            killed(it),
        ):
            heard.wait_for(Opened)
            (connection,) = server.connections
            connection.send(b"220 here\r")
            heard.wait_for(Received)
            connection.send_exactly(b"250-here\r\n250 STARTTLS\r\n")
            heard.wait_for(Received, 2)
            server.start_tls(connection.id, files.serves, as_server=True, first=b"220 go ahead\r\n")
            assert not handshake(heard).failure
            it.communicate(timeout=PATIENCE)


@pytest.mark.skipif(importlib.util.find_spec("aiosmtpd") is None, reason=not_installed("aiosmtpd"))
def test_our_client_begins_tls_with_aiosmtpd(files: Files) -> None:
    import ssl

    from aiosmtpd.smtp import SMTP  # type: ignore[import-not-found,unused-ignore]

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.own, files.key)
    loop = asyncio.new_event_loop()
    started: list[asyncio.Server] = []

    async def start() -> None:
        started.append(await loop.create_server(lambda: SMTP(None, tls_context=context, loop=loop), "127.0.0.1", 0))

    async def part() -> None:
        started[0].close()
        for _ in range(10):  # transports that are closing are closed by a later turn of the loop
            await asyncio.sleep(0)

    loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        port = started[0].sockets[0].getsockname()[1]
        tls = replace(files.trusts, starttls="smtp")
        with calling(f"127.0.0.1:{port}", tls=tls, framing="line") as (client, sink):
            client.send(b"NOOP\r")
            assert client.receive(PATIENCE).startswith(b"250")
        assert handshake(sink).proved_by == "“A test's authority”"
        assert b"STARTTLS" in b"".join(event.data for event in sink.of(Received))
    finally:
        asyncio.run_coroutine_threadsafe(part(), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()


@needs("postgres")
@needs("initdb")
def test_our_client_begins_tls_with_postgres(files: Files) -> None:
    if os.geteuid() == 0:
        pytest.skip("PostgreSQL does not run as root")
    data, port = files.folder / "data", port_of_ours()
    subprocess.run(["initdb", "-D", data, "-A", "trust"], check=True, stdout=subprocess.DEVNULL)
    command = ["postgres", "-D", data, "-p", str(port), "-k", files.folder, "-c", "ssl=on"]
    command += ["-c", f"ssl_cert_file={files.own}", "-c", f"ssl_key_file={files.key}"]
    with running(command, port, files.folder) as address:
        with calling(address, tls=replace(files.trusts, starttls="postgres")) as (_client, sink):
            pass
        assert handshake(sink).proved_by == "“A test's authority”"
