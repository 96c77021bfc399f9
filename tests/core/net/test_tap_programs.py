"""A tap between other people's programs: a browser, psql and redis-cli notice nothing of it but its faults."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.address import Address
from core.events import ConnectionId, Opened, Received, Remark, Sent
from core.wire.faults import parse_faults
from tests.support.sink import PATIENCE, Sink
from tests.support.stage import tapping
from tests.support.systems import needs, path_of
from tests.support.theirs import port_of_ours, running

FIRST_START = 6 * PATIENCE  # seconds that a browser may take on a busy machine

PAGE = b"""<!doctype html><title>a page</title><link rel="icon" href="data:,"><p id="said">nothing yet</p>
<script>fetch("/answer").then(found => found.text()).then(text => { said.textContent = text.length + text.slice(-7) })
</script>"""
ANSWER = b"x" * 300_000 + b"the end"


class Web(BaseHTTPRequestHandler):
    """A page whose script asks for another one."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = ANSWER if self.path == "/answer" else PAGE
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Nobody reads that."""


@contextlib.contextmanager
def web() -> Iterator[Address]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        thread = threading.Thread(target=server.serve_forever, name="web server")
        thread.start()
        try:
            yield Address("127.0.0.1", server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def passed(sink: Sink, kind: type[Received | Sent], connection: ConnectionId) -> bytes:
    return b"".join(event.data for event in sink.of(kind, connection))


def check_passed_on(sink: Sink) -> None:
    """Whatever came on a leg went out on the other, as it was."""
    legs = {opened.number: opened.connection for opened in sink.of(Opened)}
    for number, identity in legs.items():
        if -number in legs:
            assert passed(sink, Received, identity) == passed(sink, Sent, legs[-number])


@needs("chromium")
def test_a_browser_shows_a_page_and_what_its_script_has_fetched(tmp_path: Path) -> None:
    with web() as server, tapping(server) as (tap, sink):
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
             "--virtual-time-budget=20000", "--dump-dom", f"http://{tap.addresses[0]}/"],
            capture_output=True, text=True, timeout=FIRST_START, check=False,
        )  # fmt: skip

    assert f'<p id="said">{len(ANSWER)}the end</p>' in done.stdout
    assert b"GET /answer HTTP/1.1" in b"".join(event.data for event in sink.of(Received))
    check_passed_on(sink)


def of_postgres(program: str) -> str:
    """Where a program of its server is: Debian has it beside the others."""
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))
    return shutil.which(program) or (str(beside[-1]) if beside else path_of(program))


@contextlib.contextmanager
def postgres() -> Iterator[Address]:
    """A server that trusts everybody; it does not run as root, so that it runs as the user it has brought then."""
    initdb, server = of_postgres("initdb"), of_postgres("postgres")
    user = None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if sys.platform != "win32" and os.geteuid() == 0:
            import pwd

            user = "postgres"
            try:
                os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
            except KeyError:
                pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        data, port = Path(folder) / "data", port_of_ours()
        subprocess.run(
            [initdb, "-D", data, "-A", "trust", "-U", "alice", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder,
        )  # fmt: skip
        command = [server, "-D", data, "-p", port, "-k", folder, "-c", "fsync=off"]
        with running(command, port, Path(folder), user) as address:
            yield address


@needs("psql")
def test_psql_asks_and_is_answered_by_postgres() -> None:
    with postgres() as server, tapping(server) as (tap, sink):
        target = f"host=127.0.0.1 port={tap.addresses[0].port} user=alice dbname=postgres"
        asked = subprocess.run(
            ["psql", target, "-AtX", "-c", "select 6 * 7", "-c", "select repeat('ab', 500000)", "-c", "select 1 / 0"],
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

    assert asked.stdout == f"42\n{'ab' * 500_000}\n"
    assert "division by zero" in asked.stderr
    assert asked.returncode == 1
    assert b"select 6 * 7" in b"".join(event.data for event in sink.of(Received))
    check_passed_on(sink)


@needs("redis-server")
@needs("redis-cli")
def test_redis_cli_is_served_through_a_slow_line(tmp_path: Path) -> None:
    port = port_of_ours()
    late = parse_faults("latency=60ms~10")
    with (
        running(["redis-server", "--port", port, "--save", ""], port, tmp_path) as server,
        tapping(server, fault_out=late, fault_in=late) as (tap, sink),
    ):
        asked = subprocess.run(
            ["redis-cli", "-h", "127.0.0.1", "-p", str(tap.addresses[0].port)],
            input="SET name Tincan\nGET name\nINCR count\n",
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

    assert asked.stdout.split() == ["OK", "Tincan", "1"]
    assert "fault on the way to the target: latency 60 ms ± 10 ms" in [event.text for event in sink.of(Remark)]
    near, far = sink.of(Opened)
    came, went = sink.of(Received, near.connection), sink.of(Sent, far.connection)
    assert min(sent.at - received.at for received, sent in zip(came, went, strict=True)) >= 50_000_000
    check_passed_on(sink)
