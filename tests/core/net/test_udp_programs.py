"""UDP tried against other people's programs, in both roles. What is not installed is skipped, and said so."""

from __future__ import annotations

import contextlib
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

from core.address import Address
from core.events import Received
from core.net.udp import UdpClient, UdpServer
from tests.support.law import check_law
from tests.support.peers import stranger
from tests.support.sink import PATIENCE, Sink, until
from tests.support.systems import path_of

NAME = b"\x04host\x04test\x00"
QUESTION = struct.pack("!6H", 0x1234, 0x0100, 1, 0, 0, 0) + NAME + struct.pack("!2H", 1, 1)  # A, IN; see RFC 1035
THERE = bytes((10, 1, 2, 3))
NAME_OF_SYSTEM = (  # a request for sysName.0 with the community "public"; see RFC 3416
    bytes.fromhex("30290201010406")
    + b"public"
    + bytes.fromhex("a01c020400000001020100020100300e300c06082b060102010105000500")
)


@contextlib.contextmanager
def program(*command: str | Path, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """A program of theirs, which is over at the end."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        **options,  # type: ignore[call-overload]
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def output(*command: str) -> bytes:
    return subprocess.run(command, capture_output=True, check=True, timeout=PATIENCE).stdout


@contextlib.contextmanager
def hearing(reply: object) -> Iterator[tuple[Address, Sink]]:
    sink = Sink()
    with UdpServer("127.0.0.1:0", reply=reply, events=sink) as server:  # type: ignore[arg-type]
        yield server.addresses[0], sink
    check_law(sink.events)


def free_port() -> int:
    with stranger() as sock:
        return int(sock.getsockname()[1])


def ask(port: int, question: bytes) -> bytes:
    """What a server of theirs answers to our client, which asks again until it is there."""
    answers: list[bytes] = []

    def is_answered() -> bool:
        with UdpClient(f"127.0.0.1:{port}") as client, contextlib.suppress(TimeoutError):
            client.send(question)
            answers.append(client.receive(0.2))
        return bool(answers)

    until(is_answered, "an answer")
    return answers[0]


def of_dns(_peer: Address, question: bytes) -> bytes:
    """The answer of a name server that has one address for every name; see RFC 1035."""
    end = question.index(b"\0", 12) + 5
    head = question[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0)
    return head + question[12:end] + struct.pack("!3HLH", 0xC00C, 1, 1, 60, 4) + THERE


def of_snmp(_peer: Address, question: bytes) -> bytes:
    """The answer "ok" to a request for one value: a response (A2) with a string (04) for nothing (05 00)."""
    answer = bytearray(question[:-2] + b"\x04\x02ok")
    place = 0
    for _ in range(4):  # the message, its PDU, the list of variables, the variable: each is two bytes longer
        answer[place + 1] += 2
        place += 2
        while answer[place] not in (0x30, 0xA0, 0x06):
            place += 2 + answer[place + 1]
        if answer[place] == 0xA0:
            answer[place] = 0xA2
    return bytes(answer)


def test_dig_asks_our_server() -> None:
    dig = path_of("dig")
    with hearing(of_dns) as (where, sink):
        options = ("+short", "+tries=1", f"+time={int(PATIENCE)}")
        said = output(dig, f"@{where.host}", "-p", str(where.port), *options, "host.test", "A")
    assert said == b"10.1.2.3\n"
    assert NAME in sink.of(Received)[0].data


def test_our_client_asks_dnsmasq(tmp_path: Path) -> None:
    port = free_port()
    options = ("--no-resolv", "--no-hosts", "--bind-interfaces", "--listen-address=127.0.0.1", "--conf-file=/dev/null")
    with program(
        path_of("dnsmasq"), "--keep-in-foreground", f"--port={port}", "--address=/host.test/10.1.2.3", *options,
        f"--pid-file={tmp_path / 'pid'}", "--user=",
    ):  # fmt: skip
        answer = ask(port, QUESTION)
    assert answer[:2] == QUESTION[:2]
    assert answer.endswith(THERE)


def test_snmpget_asks_our_server() -> None:
    snmpget = path_of("snmpget")
    with hearing(of_snmp) as (where, _sink):
        options = ("-v2c", "-c", "public", "-On", "-r0", f"-t{int(PATIENCE)}")
        said = output(snmpget, *options, str(where), "1.3.6.1.2.1.1.5.0")
    assert said == b'.1.3.6.1.2.1.1.5.0 = STRING: "ok"\n'


def test_our_client_asks_snmpd(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "snmpd.conf").write_text("rocommunity public 127.0.0.1\nsysName tried-for-real\n", encoding="ascii")
    with program(path_of("snmpd"), "-f", "-C", "-c", tmp_path / "snmpd.conf", "-Lo", f"udp:127.0.0.1:{port}"):
        answer = ask(port, NAME_OF_SYSTEM)
    assert b"tried-for-real" in answer


def test_socat_talks_to_our_server() -> None:
    with hearing("echo") as (where, sink), program(path_of("socat"), "-", f"UDP:{where}") as socat:
        assert socat.stdin is not None
        assert socat.stdout is not None
        socat.stdin.write(b"hello\n")
        socat.stdin.flush()
        assert socat.stdout.readline() == b"hello\n"
    assert [event.data for event in sink.of(Received)] == [b"hello\n"]


def test_our_client_talks_to_socat() -> None:
    port = free_port()
    with program(path_of("socat"), f"UDP-LISTEN:{port},bind=127.0.0.1", "EXEC:cat"):
        assert ask(port, b"hello") == b"hello"


def test_ncat_talks_to_our_server() -> None:
    with hearing("echo") as (where, sink), program(path_of("ncat"), "-u", where.host, str(where.port)) as ncat:
        assert ncat.stdin is not None
        assert ncat.stdout is not None
        ncat.stdin.write(b"hello\n")
        ncat.stdin.flush()
        assert ncat.stdout.readline() == b"hello\n"
    assert [event.data for event in sink.of(Received)] == [b"hello\n"]


def test_our_client_talks_to_ncat() -> None:
    port = free_port()
    with program(path_of("ncat"), "-u", "-l", "127.0.0.1", str(port), "-e", "/bin/cat"):
        assert ask(port, b"hello") == b"hello"
