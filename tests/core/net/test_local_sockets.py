"""Local sockets: servers, clients and taps over them, their files, and who is at the other end."""

from __future__ import annotations

import os
import re
import socket
import stat
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.address import Address
from core.errors import ConnectError, ListenError
from core.events import Closed, Ending, Listening, Onward, Opened, PeerFinished, Received
from core.journal.recording.notes import sentence
from core.net import local_sockets
from core.net.client import Client
from core.net.server import Server
from core.net.tap import Tap
from core.roles import Role
from core.settings import Limits
from core.tls.settings import Tls
from tests.support.law import check_law
from tests.support.sink import PATIENCE, Sink
from tests.support.stage import calling, serving
from tests.support.systems import only_linux, only_posix

pytestmark = only_posix("Python has no such sockets there")


@pytest.fixture
def place() -> Iterator[Path]:
    """A path for a socket, short enough wherever the tests run."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder) / "socket"


def call(place: Path | str) -> socket.socket:
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(PATIENCE)
    peer.connect(str(place))
    return peer


def leave_behind(place: Path) -> None:
    """A socket file at which nobody listens."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(place))
        sock.listen()


def me() -> str:
    return f"process {os.getpid()}"


def refusal(address: str) -> str:
    with pytest.raises(ListenError) as caught, Server(address):
        pass
    return str(caught.value)


def connect_refusal(address: str) -> str:
    with pytest.raises(ConnectError) as caught, Client(address):
        pass
    return str(caught.value)


def test_a_server_answers_and_says_which_process_called(place: Path) -> None:
    with serving(target=f"unix:{place}") as (server, sink):
        assert server.addresses == (Address(f"unix:{place}", 0),)
        with call(place) as peer:
            peer.sendall(b"hello")
            assert peer.recv(5) == b"hello"
            peer.shutdown(socket.SHUT_WR)
            assert peer.recv(1) == b""
        (opened,) = sink.wait_for(Opened)
        (closed,) = sink.wait_for(Closed)
    assert (opened.local, opened.peer) == (Address(f"unix:{place}", 0), Address("unix:", 0))
    assert opened.process.startswith(me())
    assert "of user " in opened.process
    assert sentence(opened, 1, Role.SERVER) == f"#1 connected from {opened.process}"
    assert (closed.ending, closed.how) == (Ending.PEER_FINISHED, "end of file")
    assert not place.exists()


@only_linux("macOS does not tell the program's name")
def test_the_process_and_its_user_are_those_of_the_system(place: Path) -> None:
    import pwd

    with serving(target=f"unix:{place}") as (_server, sink), call(place):
        (opened,) = sink.wait_for(Opened)
    name = Path("/proc/self/comm").read_text(encoding="utf-8").strip()
    assert opened.process == f"{me()} ({name}) of user {pwd.getpwuid(os.getuid()).pw_name}"


def test_a_client_talks_and_hears_the_end(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()
        with calling(f"unix:{place}", half_open=True) as (client, sink):
            server, _address = listener.accept()
            with server:
                client.send(b"hello")
                assert server.recv(5) == b"hello"
                server.sendall(b"bye")
                server.shutdown(socket.SHUT_WR)
                assert client.receive(PATIENCE) == b"bye"
                (finished,) = sink.wait_for(PeerFinished)
                client.send(b"still here")
                assert server.recv(10) == b"still here"
        (opened,) = sink.of(Opened)
    assert finished.how == "end of file"
    assert opened.peer == Address(f"unix:{place}", 0)
    assert sentence(opened, 1, Role.CLIENT).startswith(f"connected to unix:{place}, {me()}")


@only_linux("there are no names without a file elsewhere")
def test_a_client_has_a_name_by_which_both_ends_are_known(place: Path) -> None:
    with (
        serving(target=f"unix:{place}") as (_server, called),
        calling(f"unix:{place}") as (_one, first),
        calling(f"unix:{place}") as (_other, second),
    ):
        peers = [event.peer for event in called.wait_for(Opened, 2)]
        names = [sink.wait_for(Opened)[0].local for sink in (first, second)]
    assert names == peers
    assert len(set(names)) == 2
    assert all(str(name).startswith("unix:@") for name in names)


@only_linux("there are no names without a file elsewhere")
def test_a_name_without_a_file_is_served_and_called() -> None:
    name = f"unix:@tincan-{os.getpid()}"
    with serving(target=name) as (server, _sink), calling(name) as (client, _events):
        client.send(b"hello")
        assert client.receive(PATIENCE) == b"hello"
        assert [str(address) for address in server.addresses] == [name]
        assert refusal(name) == f"Another program listens at {name} already. Choose another name."
    assert connect_refusal(name).startswith(f"Nobody listens at {name}. Likely causes: no server is running there;")


def test_a_tap_passes_bytes_and_ends_between_a_local_socket_and_tcp(place: Path) -> None:
    sink = Sink()
    with (
        serving() as (server, _events),
        Tap(f"unix:{place}", str(server.addresses[0]), events=sink),
    ):
        with call(place) as peer:
            peer.sendall(b"hello")
            assert peer.recv(5) == b"hello"
            peer.shutdown(socket.SHUT_WR)
            assert peer.recv(1) == b""
        sink.wait_for(Closed, 2)
    check_law(sink.events)
    assert not place.exists()


def test_a_tap_dials_a_local_socket_for_each_caller(place: Path) -> None:
    sink = Sink()
    with serving(target=f"unix:{place}"), Tap("127.0.0.1:0", f"unix:{place}", events=sink) as tap:
        with socket.create_connection(("127.0.0.1", tap.addresses[0].port), PATIENCE) as peer:
            peer.sendall(b"hello")
            assert peer.recv(5) == b"hello"
        sink.wait_for(Closed, 2)
    assert [str(event.target) for event in sink.of(Onward)] == [f"unix:{place}"]
    assert {event.number: event.process[: len(me())] for event in sink.of(Opened)} == {1: "", -1: me()}


def test_tls_is_spoken_over_a_local_socket(place: Path) -> None:
    with (
        serving(target=f"unix:{place}", tls=True),
        calling(f"unix:{place}", tls=Tls(verify=False)) as (client, sink),
    ):
        client.send(b"secret")
        assert client.receive(PATIENCE) == b"secret"
    assert b"".join(event.data for event in sink.of(Received)) == b"secret"


# Files.


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
def test_the_mode_of_the_file_is_what_was_asked_for_whatever_the_umask(place: Path, mode: int) -> None:
    before = os.umask(0o077)
    try:
        with serving(target=f"unix:{place}", limits=Limits(socket_mode=mode)):
            assert stat.S_IMODE(place.stat().st_mode) == mode
    finally:
        os.umask(before)


def test_only_its_owner_may_connect_unless_told_otherwise(place: Path) -> None:
    before = os.umask(0)
    try:
        with serving(target=f"unix:{place}"):
            assert stat.S_IMODE(place.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_a_file_that_was_left_behind_is_replaced_and_that_is_said(place: Path) -> None:
    leave_behind(place)
    with serving(target=f"unix:{place}") as (_server, sink), call(place) as peer:
        peer.sendall(b"hello")
        assert peer.recv(5) == b"hello"
    (listening,) = sink.of(Listening)
    assert listening.has_replaced
    said = f"server is listening on unix:{place}, where a program that has ended had left its socket file"
    assert sentence(listening, None, Role.SERVER) == said
    assert not place.exists()


def test_a_file_at_which_somebody_listens_is_in_use_and_stays(place: Path) -> None:
    with serving(target=f"unix:{place}"):
        before = place.stat().st_ino
        assert refusal(f"unix:{place}") == (
            f"Another program listens at unix:{place} already. Stop it, or choose another path."
        )
        assert place.stat().st_ino == before
        with call(place) as peer:
            peer.sendall(b"hello")
            assert peer.recv(5) == b"hello"


@only_linux("no other system lists who listens")
def test_who_listens_there_is_not_called_to_find_that_out(place: Path) -> None:
    with serving(target=f"unix:{place}") as (_server, sink):
        refusal(f"unix:{place}")
        with call(place) as peer:
            peer.sendall(b"hello")
            assert peer.recv(5) == b"hello"
    assert len(sink.of(Opened)) == 1


@pytest.mark.parametrize("listed", [b"", b"Num RefCount\nnothing of use\n", None])
def test_who_listens_there_is_found_where_the_system_does_not_list_it(
    place: Path, listed: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = place.with_name("listed")
    if listed is not None:
        table.write_bytes(listed)
    monkeypatch.setattr(local_sockets, "_SOCKETS", table)
    with serving(target=f"unix:{place}"):
        assert "Another program listens at" in refusal(f"unix:{place}")


def test_who_listens_there_under_another_name_is_found(place: Path) -> None:
    link = place.with_name("folder")
    link.symlink_to(place.parent)
    with serving(target=f"unix:{place}"):
        assert "Another program listens at" in refusal(f"unix:{link / place.name}")


@only_linux("no other system lists who listens")
def test_a_socket_that_is_bound_and_does_not_listen_is_left_behind(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(place))
        with serving(target=f"unix:{place}") as (_server, sink):
            assert sink.of(Listening)[0].has_replaced


def test_a_socket_of_datagrams_is_in_use_too(place: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(place))
        assert f"Another program listens at unix:{place} already for datagrams or packets." in refusal(f"unix:{place}")
        assert "is of another kind: it has datagrams" in connect_refusal(f"unix:{place}")
    assert place.exists()


@pytest.mark.parametrize("kind", ["file", "folder", "link", "pipe"])
def test_what_is_no_socket_is_never_removed(place: Path, kind: str) -> None:
    if kind == "file":
        place.write_bytes(b"precious")
    elif kind == "link":
        leave_behind(place.with_name("other"))
        place.symlink_to(place.with_name("other"))
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    before = place.lstat()
    assert refusal(f"unix:{place}") == (
        f"{place} is there already and is no socket, so it is left as it is. Choose another path."
    )
    assert (place.lstat().st_ino, place.lstat().st_mode) == (before.st_ino, before.st_mode)


def test_a_file_of_another_user_is_not_replaced(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_behind(place)
    owner = place.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    said = refusal(f"unix:{place}")
    assert said.startswith(f"{place} was left behind by a program of user ")
    assert said.endswith(", so it is left as it is. Remove it by hand, or choose another path.")
    assert place.exists()


def test_a_file_whose_use_cannot_be_known_is_not_replaced(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_behind(place)
    monkeypatch.setattr(socket.socket, "connect_ex", lambda *_: 13)
    assert "whether a program uses it cannot be known: Permission denied" in refusal(f"unix:{place}")
    assert place.exists()


@only_posix("there are no such locks")
def test_a_file_is_not_replaced_while_another_does_the_same(place: Path) -> None:
    import fcntl

    leave_behind(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        assert "its folder is being changed just now. Try again." in refusal(f"unix:{place}")
        assert place.exists()
        with serving(target=f"unix:{place}2"):  # a free place needs no lock
            pass
    finally:
        os.close(folder)
    with serving(target=f"unix:{place}"):
        pass


def test_at_the_end_a_file_that_is_another_s_by_now_stays(place: Path) -> None:
    with serving(target=f"unix:{place}"):
        place.unlink()
        leave_behind(place)
    assert place.exists()


def test_at_the_end_a_file_that_is_gone_is_no_fault(place: Path) -> None:
    with serving(target=f"unix:{place}"):
        place.unlink()


def test_what_cannot_be_made_is_explained(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place.parent / "none"
    assert refusal(f"unix:{folder}/x") == (
        f"The folder {folder} of unix:{folder}/x does not exist. Likely cause: a typing error. "
        "Make it first, or choose another path."
    )
    place.write_text("a file")
    assert refusal(f"unix:{place}/x").startswith(f"{place} is no folder, so unix:{place}/x cannot be made there.")
    place.unlink()
    monkeypatch.setattr(socket.socket, "bind", _raises(PermissionError(13, "Permission denied")))
    assert refusal(f"unix:{place}").startswith(
        f"This system does not let you make unix:{place}. Likely causes: you may not write to {place.parent};"
    )


def test_a_mode_that_cannot_be_set_leaves_no_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "chmod", _raises(PermissionError(1, "Operation not permitted")))
    assert "This system does not let you make" in refusal(f"unix:{place}")
    assert not place.exists()
    monkeypatch.undo()


def test_why_nobody_answers_is_explained(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"unix:{place}"
    assert connect_refusal(address).startswith(f"There is no socket {address}. Likely causes: no server is running")
    place.write_bytes(b"")
    assert connect_refusal(address).startswith(f"Nobody listens at {address}. Likely cause: {place} is no socket.")
    place.unlink()
    leave_behind(place)
    assert connect_refusal(address).startswith(
        f"Nobody listens at {address}. Likely cause: a program that has ended left the file behind."
    )
    monkeypatch.setattr(socket.socket, "connect", _raises(PermissionError(13, "Permission denied")))
    assert connect_refusal(address).startswith(f"This system does not let you connect to {address}.")


@only_linux("there are no names without a file elsewhere")
def test_a_name_without_a_file_is_no_path(place: Path) -> None:
    assert connect_refusal(f"unix:@{place}").endswith("Start the server first, then check the name.")
    assert connect_refusal(f"unix:{place}").endswith("Start the server first, then check the path.")


@only_linux("elsewhere a connect waits for the queue")
def test_a_full_queue_is_told_at_once(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen(0)
        with call(place):
            assert connect_refusal(f"unix:{place}").startswith(
                f"The server at unix:{place} takes no more connections just now: its queue is full."
            )


def test_a_peer_that_closes_without_reading_has_sent_no_rst(place: Path) -> None:
    with serving("none", target=f"unix:{place}") as (server, sink):
        peer = call(place)
        (opened,) = sink.wait_for(Opened)
        connection = server.connection(opened.connection)
        assert connection is not None
        connection.send(b"unread")
        peer.close()
        (closed,) = sink.wait_for(Closed)
    if sys.platform == "linux":  # which tells
        assert closed.ending is Ending.PEER_RESET
        assert closed.why is not None
        assert closed.why.what == "the other program closed the connection"


def test_web_pages_cannot_reach_a_local_socket_so_http_is_answered(place: Path) -> None:
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with serving(target=f"unix:{place}"), call(place) as peer:
        peer.sendall(request)
        assert peer.recv(len(request)) == request


def test_where_python_has_no_local_sockets_that_is_one_sentence(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_sockets, "FAMILY", None)
    said = (
        f"There are no local sockets on this system for unix:{place} to be one: Python does not offer them. "
        "Use 127.0.0.1 and a port instead."
    )
    assert refusal(f"unix:{place}") == said
    assert connect_refusal(f"unix:{place}") == said


def test_names_without_a_file_are_for_linux_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert refusal("unix:@x").startswith("The local socket unix:@x has no file, which Linux alone knows.")


class MacSocket:
    """Answers as macOS does: struct xucred of sys/ucred.h, and the process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def getsockopt(self, level: int, option: int, size: int = 0) -> bytes | int:
        assert level == 0
        return self.pid if option == 2 else struct.pack("=IIhxx16I", 0, os.getuid(), 1, *[0] * 16)[:size]


def test_macos_tells_the_process_and_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert re.fullmatch(r"process 77 of user \S+", local_sockets.peer_process(MacSocket(77)))  # type: ignore[arg-type]
    assert re.fullmatch(r"a process of user \S+", local_sockets.peer_process(MacSocket(0)))  # type: ignore[arg-type]


@only_linux("a user has another kind of number elsewhere")
def test_a_user_without_a_name_is_a_number() -> None:
    assert local_sockets._process_words(7, 4_000_000_000, "") == "process 7 of user 4000000000"
    assert local_sockets._process_words(7, 4_000_000_001, "x") == "process 7 (x) of user 4000000001"


@only_linux("there are user namespaces nowhere else")
def test_a_number_that_all_users_outside_a_container_share_is_nobody_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = tmp_path / "uid_map"
    users.write_text("         0       1000          1\n       100     100000        100\n")
    monkeypatch.setattr(local_sockets, "_KNOWN_USERS", users)
    local_sockets._user.cache_clear()
    told = {uid: local_sockets._process_words(0, uid, "") for uid in (0, 199, 200, 65_534)}
    local_sockets._user.cache_clear()
    assert all(told[uid].startswith("a process of user ") for uid in (0, 199))
    assert told[200] == told[65_534] == "a process of a user from outside this container"


@only_linux("a user has another kind of number elsewhere")
def test_a_large_number_of_a_user_is_not_negative() -> None:
    class Caller(socket.socket):
        def getsockopt(self, *_arguments: object) -> bytes:  # type: ignore[override]
            return struct.pack("i2I", 0, 4_000_000_000, 0)

    with Caller() as caller:
        assert local_sockets.peer_process(caller) == "a process of user 4000000000"


def test_where_the_system_does_not_tell_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = socket.socketpair()
    with one, other:
        monkeypatch.setattr(sys, "platform", "freebsd")
        assert local_sockets.peer_process(one) == ""


@pytest.mark.parametrize(
    ("sockaddr", "shown"),
    [
        ("", "unix:"),
        (b"", "unix:"),
        ("/tmp/x", "unix:/tmp/x"),
        (b"\0name", "unix:@name"),
        (b"\0\x1b[31m", "unix:@\\u001b[31m"),
        (b"\0\xff", "unix:@\\xff"),
        ("/tmp/\udcff", "unix:/tmp/\\udcff"),
    ],
)
def test_whatever_a_socket_is_called_can_be_shown(sockaddr: str | bytes, shown: str) -> None:
    assert str(local_sockets.readable(sockaddr)) == shown


def _raises(error: Exception):  # type: ignore[no-untyped-def]  # noqa: ANN202 - in place of any method
    def raising(*_arguments: object) -> None:
        raise error

    return raising
