"""A command that was copied is run by a shell, and the very program it names says the same bytes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.address import Address
from core.compose.notations import SHELL_COMMANDS, Place, write_command, write_printf
from core.errors import DraftError
from tests.support.peers import free_port
from tests.support.systems import needs_ipv6, only_linux, path_of, some

HOSTILE = {
    "every byte": bytes(range(256)),
    "quotes": b"it's \"so\" `id` $(id) $HOME ${x} !! \\' \\",
    "percent": b"%s %d %% %n 100%",
    "backslashes": b"\\n \\\\ \\x41 \\101 \\c and no end \\",
    "newlines": b"\n\r\n\nlast\n\n",
    "dash": b"-n --help -e",
    "digits after an octal": b"\0" + b"7\x01" + b"23\xff" + b"9",
    "nothing but NUL": b"\0\0\0",
    "text": "grüße 漢字 😀".encode(),
}
SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)] or ["sh"]
PATIENCE = 20  # seconds


def run(command: str, shell: str = "sh") -> subprocess.CompletedProcess[bytes]:
    path_of(shell)
    words = [shell, "sh"] if shell == "busybox" else [shell]
    return subprocess.run(
        [*words, "-c", command],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip


class Listener:
    """Takes one caller, keeps all that it says and answers once that has ``size`` bytes.

    ``host`` is of IPv4 or IPv6, or the path or abstract name of a local socket.
    """

    def __init__(self, family: int, host: str, size: int, answer: bytes) -> None:
        self.socket = socket.socket(family)
        self.socket.bind((host, 0) if family in (socket.AF_INET, socket.AF_INET6) else host)
        self.socket.listen()
        self.socket.settimeout(PATIENCE)
        self.heard = bytearray()
        self._size, self._answer = size, answer
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> Address:
        host, port = self.socket.getsockname()[:2]
        return Address(host, port)

    def join(self) -> bytes:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        self.socket.close()
        return bytes(self.heard)

    def _serve(self) -> None:
        peer, _ = self.socket.accept()
        with peer:
            peer.settimeout(PATIENCE)
            while len(self.heard) < self._size and (data := peer.recv(65536)):
                self.heard += data
            peer.sendall(self._answer)


@pytest.fixture(
    params=[
        pytest.param((socket.AF_INET, "127.0.0.1"), id="IPv4"),
        pytest.param((socket.AF_INET6, "::1"), id="IPv6", marks=needs_ipv6),
    ]
)
def place(request: pytest.FixtureRequest) -> tuple[int, str]:
    family, host = request.param
    return family, host


@pytest.mark.case("C-93")
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_shell_writes_the_very_bytes(data: bytes, shell: str) -> None:
    done = run(write_printf(data), shell)

    assert (done.stdout, done.stderr, done.returncode) == (data, b"", 0)


@pytest.mark.case("C-93")
@pytest.mark.parametrize("program", ["ncat", "socat", "nc"])
@pytest.mark.parametrize("name", some(list(HOSTILE), least=3))
def test_a_program_says_the_very_bytes_and_shows_the_answer(name: str, program: str, place: tuple[int, str]) -> None:
    path_of(program)
    data = HOSTILE[name]
    listener = Listener(*place, len(data), b"heard")

    done = run(write_command(program, data, Place(listener.address)))

    assert listener.join() == data
    assert done.stdout == b"heard", done.stderr


@pytest.mark.parametrize("program", ["ncat", "socat", "nc"])
def test_what_a_server_said_is_said_by_a_program_that_listens(program: str, place: tuple[int, str]) -> None:
    path_of(program)
    address = Address(place[1], free_port(place[1]))
    command = write_command(program, HOSTILE["every byte"], Place(address, listens=True))

    assert said_to_a_caller(command, lambda: dialled(address)) == HOSTILE["every byte"]


@pytest.fixture(params=["socket", "a b'c,d:e!f\"g(h[i{j\\k$(l)"], ids=["plain", "hostile"])
def path(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Where a local socket can be."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder) / request.param


@pytest.mark.case("C-93")
@pytest.mark.parametrize("program", ["ncat", "socat", "nc"])
def test_a_local_socket_is_called_by_its_path(program: str, path: Path) -> None:
    path_of(program)
    listener = Listener(socket.AF_UNIX, str(path), 256, b"heard")

    done = run(write_command(program, HOSTILE["every byte"], Place(Address(f"unix:{path}", 0))))

    assert listener.join() == HOSTILE["every byte"], done.stderr
    assert done.stdout == b"heard", done.stderr


@pytest.mark.parametrize("program", ["ncat", "socat", "nc"])
def test_what_a_server_said_at_a_path_is_said_by_a_program_that_listens_there(program: str, path: Path) -> None:
    path_of(program)
    command = write_command(program, HOSTILE["every byte"], Place(Address(f"unix:{path}", 0), listens=True))

    assert said_to_a_caller(command, lambda: called(path)) == HOSTILE["every byte"]


def said_to_a_caller(command: str, call: Callable[[], socket.socket]) -> bytes:
    """What a program that listens says to the first who gets through to it, and whose thanks it shows."""
    with subprocess.Popen(["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as listening:
        try:
            with once_there(call, listening) as peer:
                heard = b""
                while len(heard) < 256 and (data := peer.recv(1000)):
                    heard += data
                peer.sendall(b"thanks")
            assert listening.communicate(timeout=PATIENCE)[0] == b"thanks"
        finally:
            listening.kill()
    return heard


def once_there(call: Callable[[], socket.socket], listening: subprocess.Popen[bytes]) -> socket.socket:
    """A connection to a program that has just been started: it is tried until somebody listens."""
    while True:
        try:
            return call()
        except (ConnectionRefusedError, FileNotFoundError):
            assert listening.poll() is None


def dialled(address: Address) -> socket.socket:
    return socket.create_connection((address.host, address.port), PATIENCE)


def called(path: Path) -> socket.socket:
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(PATIENCE)
    try:
        peer.connect(str(path))
    except BaseException:
        peer.close()
        raise
    return peer


@only_linux("no other system has names without a file")
def test_an_abstract_name_is_called_by_those_that_can() -> None:
    path_of("socat")
    name = f"tincan test, {os.getpid()}"
    listener = Listener(socket.AF_UNIX, f"\0{name}", 5, b"heard")
    there = Place(Address(f"unix:@{name}", 0))

    done = run(write_command("socat", b"hello", there))

    assert (listener.join(), done.stdout) == (b"hello", b"heard"), done.stderr
    for program in ("ncat", "nc"):
        with pytest.raises(DraftError, match=r"no local sockets without a file. Copy it for socat\."):
            write_command(program, b"hello", there)
    assert f"--abstract-unix-socket 'tincan test, {os.getpid()}'" in write_command(
        "curl", b"GET / HTTP/1.1\r\n\r\n", there
    )


@pytest.mark.parametrize("program", ["ncat", "socat", "nc"])
def test_a_datagram_is_said_as_one(program: str, place: tuple[int, str]) -> None:
    path_of(program)
    with socket.socket(place[0], socket.SOCK_DGRAM) as server:
        server.bind((place[1], 0))
        server.settimeout(PATIENCE)
        there = Place(Address(*server.getsockname()[:2]), datagrams=True)
        command = write_command(program, HOSTILE["every byte"], there)
        with subprocess.Popen(
            ["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
        ) as said:
            assert said.stdout is not None
            try:
                heard, peer = server.recvfrom(65_536)
                server.sendto(b"thanks", peer)
                answer = said.stdout.read(6)
            finally:
                os.killpg(said.pid, signal.SIGKILL)  # without an end of the other side it would wait for ever
    assert heard == HOSTILE["every byte"]
    assert answer == b"thanks" or program != "socat", "the others may end once they have sent everything"


@pytest.mark.parametrize(
    ("program", "there", "why"),
    [
        ("nc", Place(Address("a.example", 1), tls=True), "does not speak TLS"),
        ("socat", Place(Address("::1", 1), listens=True, tls=True), "needs a certificate"),
        ("ncat", Place(Address("unix:/tmp/x", 0), tls=True), "TLS over TCP alone"),
        ("socat", Place(Address("unix:/tmp/x", 0), tls=True), "TLS over TCP alone"),
        ("curl", Place(Address("a.example", 80), listens=True), "only calls"),
        ("curl", Place(Address("a.example", 80), datagrams=True), "over TCP"),
    ],
)
def test_what_a_program_cannot_do_is_a_sentence(program: str, there: Place, why: str) -> None:
    with pytest.raises(DraftError, match=why):
        write_command(program, b"GET / HTTP/1.1\r\n\r\n", there)


def test_tls_is_asked_for_by_each_program_in_its_own_way() -> None:
    there = Place(Address("a.example", 443), tls=True)

    assert write_command("ncat", b"x", there) == "printf 'x' | ncat --ssl a.example 443"
    assert write_command("socat", b"x", there) == "printf 'x' | socat -t5 - OPENSSL:a.example:443"
    assert write_command("curl", b"GET / HTTP/1.1\r\n\r\n", there).endswith("https://a.example:443/")


REQUESTS = {
    "plain": b"GET /a?b=c HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "no host": b"GET / HTTP/1.0\r\n\r\n",
    "quotes": b"GET /it's?%22=$(id)&`id`&[1-3]{a,b} HTTP/1.1\r\nHost: x\r\nX-Q: it's \"so\" \\ $HOME % %s\r\n\r\n",
    "dots": b"GET /a/../b/./c HTTP/1.1\r\nHost: x\r\n\r\n",
    "any target": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "absolute": b"GET http://b.example/x HTTP/1.1\r\nHost: b.example\r\n\r\n",
    "own method": b"BREW -o HTTP/1.1\r\nHost: x\r\n\r\n",
    "head": b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
    "its own header fields": b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: me\r\nAccept: a/b\r\nX-Empty:\r\n\r\n",
    "twice": b"GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n",
    "high bytes": b"GET /\xff\xc3\xa9 HTTP/1.1\r\nHost: x\r\nX: \xe9\xff\t\x01-\r\n\r\n",
    "body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 256\r\n\r\n" + bytes(range(256)),
    "empty body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    "form": b"PUT /-d HTTP/1.1\r\nHost: x\r\nContent-Type: text/x\r\nContent-Length: 9\r\n\r\n@-n %s\\\n'",
    "chunks": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\na\0b\r\nA\r\n0123456789\r\n0\r\n\r\n",
}


def parsed(request: bytes) -> tuple[bytes, list[bytes], bytes]:
    """The first line, the header fields in alphabetical order, and the body out of its chunks."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    if any(field.lower() == b"transfer-encoding: chunked" for field in fields):
        body = b"".join(re.findall(rb"[0-9a-fA-F]+\r\n(.*?)\r\n", body, re.DOTALL))
    return first, sorted(fields), body


class HttpListener(Listener):
    """Answers once a request has all the bytes that it says it has."""

    def _serve(self) -> None:
        peer, _ = self.socket.accept()
        with peer:
            peer.settimeout(PATIENCE)
            while not self._is_whole() and (data := peer.recv(65536)):
                self.heard += data
            peer.sendall(self._answer)

    def _is_whole(self) -> bool:
        head, end, body = bytes(self.heard).partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: ([0-9]+)", head)
        if b"chunked" in head:
            return body.endswith(b"0\r\n\r\n")
        return bool(end) and len(body) >= int(length[1] if length else 0)


@pytest.mark.case("C-93")
@pytest.mark.parametrize("request_bytes", REQUESTS.values(), ids=REQUESTS)
def test_curl_makes_the_same_request(request_bytes: bytes) -> None:
    path_of("curl")
    listener = HttpListener(socket.AF_INET, "127.0.0.1", 0, b"HTTP/1.1 204 none\r\nConnection: close\r\n\r\n")

    done = run(write_command("curl", request_bytes, Place(listener.address)))

    assert parsed(listener.join()) == parsed(request_bytes), done.stderr
    assert done.stdout.startswith(b"HTTP/1.1 204 none")


def test_curl_makes_the_same_request_over_a_local_socket(path: Path) -> None:
    path_of("curl")
    answer = b"HTTP/1.1 204 none\r\nConnection: close\r\n\r\n"
    listener = HttpListener(socket.AF_UNIX, str(path), 0, answer)

    done = run(write_command("curl", REQUESTS["plain"], Place(Address(f"unix:{path}", 0))))

    assert parsed(listener.join()) == parsed(REQUESTS["plain"]), done.stderr
    assert done.stdout.startswith(b"HTTP/1.1 204 none")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"hello\n", "no whole HTTP/1 request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", "no whole HTTP/1 request"),
        (b"GET / HTTP/1.1\r\n@/etc/passwd: x\r\n\r\n", "no whole HTTP/1 request"),
        (b"GET / HTTP/1.1\r\nX: a\0b\r\n\r\n", "no whole HTTP/1 request"),
        (b"GET / HTTP/1.1\r\nX: a\r\n folded\r\n\r\n", "no whole HTTP/1 request"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "no whole HTTP/1 request"),
        (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc", "says that its body has 5 bytes; it has 3"),
        (b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", "it has 18"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "how this body is encoded"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", "not whole"),
        (b"HEAD / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", "no body with HEAD"),
    ],
)
def test_what_is_no_request_that_curl_can_make_is_a_sentence(data: bytes, why: str) -> None:
    with pytest.raises(DraftError, match=re.escape(why)):
        write_command("curl", data, Place(Address("127.0.0.1", 80)))


def test_a_command_is_a_row_with_a_name_of_its_own() -> None:
    assert [command.name for command in SHELL_COMMANDS] == ["ncat", "socat", "nc", "curl"]


def test_a_file_that_lies_about_is_not_read_by_a_header_field(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("X-Secret: yes", encoding="ascii")
    name = str(secret).replace("/", "|")

    with pytest.raises(DraftError):
        write_command("curl", f"GET / HTTP/1.1\r\n@{name}: x\r\n\r\n".encode(), Place(Address("127.0.0.1", 80)))
