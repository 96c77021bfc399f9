"""The starter tables against the programs that people use for their protocols. Each is skipped where there is none.

Debian has them as redis-tools, swaks and curl; pymodbus comes from PyPI.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator

import pytest

from core.replies.rules import Rules, find_rule_set
from tests.support.sink import until
from tests.support.stage import serving
from tests.support.systems import needs, not_installed

_PATIENCE = 30  # seconds for a program


@contextlib.contextmanager
def playing(name: str) -> Iterator[tuple[Rules, str]]:
    """A server that answers by the table of that name; the port too."""
    table = Rules(find_rule_set(name))
    with serving(table, framing=table.framing) as (server, _sink):
        yield table, str(server.addresses[0].port)


def run(*command: str, said: str = "") -> str:
    """What a program prints. It must end well."""
    done = subprocess.run(command, input=said, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs("redis-cli")
@pytest.mark.parametrize(
    ("asked", "answered"),
    [(["PING"], "PONG\n"), (["SET", "colour", "blue"], "OK\n"), (["GET", "colour"], "value of colour\n")],
)
def test_redis_cli_is_answered(asked: list[str], answered: str) -> None:
    with playing("Redis") as (table, port):
        assert run("redis-cli", "-h", "127.0.0.1", "-p", port, *asked) == answered
        assert table.unknown.times == 0


@needs("redis-cli")
def test_redis_cli_asks_one_thing_after_the_other_on_one_connection() -> None:
    with playing("Redis") as (_table, port):
        said = run("redis-cli", "-h", "127.0.0.1", "-p", port, said="PING\nSET a b\nGET a\n")

    assert said.split("\n")[:3] == ["PONG", "OK", "value of a"]


@needs("swaks")
def test_swaks_hands_in_a_mail() -> None:
    with playing("SMTP") as (table, port):
        said = run(
            "swaks", "--server", "127.0.0.1", "--port", port, "--helo", "me.example",
            "--from", "a@tincan.example", "--to", "b@tincan.example", "--body", "a few\n.lines",
        )  # fmt: skip
        until(lambda: "goodbye" in table.fired)

    assert " ** " not in said, "swaks marks what went wrong with asterisks"
    assert table.fired["mail is complete"].times == 1
    assert table.unknown.times == 0


@needs("curl")
@pytest.mark.parametrize("options", [[], ["--http1.1"], ["--header", "X-More: 1"]])
def test_curl_gets_a_page(options: list[str]) -> None:
    with playing("HTTP") as (_table, port):
        said = run("curl", "--silent", "--show-error", "--include", *options, f"http://127.0.0.1:{port}/a/b?c")

    assert said.startswith("HTTP/1.1 200 OK")
    assert said.endswith("GET /a/b?c\n")


def test_pymodbus_reads_and_writes_registers() -> None:
    client_of = pytest.importorskip("pymodbus.client", reason=not_installed("pymodbus")).ModbusTcpClient
    with playing("Modbus/TCP") as (_table, port):
        client = client_of("127.0.0.1", port=int(port), timeout=_PATIENCE)
        assert client.connect()
        try:
            assert client.read_holding_registers(3, count=2).registers == [42, 43]
            assert client.write_register(1, 99).registers == [99]
            assert not client.write_registers(16, [1, 2]).isError()
            assert client.read_input_registers(0, count=2).exception_code == 1
        finally:
            client.close()
