"""A session's set-up as a program for Tincan's own library: begun, it is the same server, client or tap."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from build_scripts.project import ROOT
from core.address import Address
from core.events import SessionId
from core.journal.export.formats import find_format
from core.journal.export.source import opens_reading
from core.journal.export.writer import export
from core.journal.reading.lens import Lens
from core.journal.reading.parties import Parties, SetUp
from core.net.udp import UdpServer
from core.proxy import Proxy
from core.roles import Role
from core.wire.faults import BothWays, parse_faults
from core.workbench import Workbench
from tests.support.peers import Host, Peer, free_port
from tests.support.story import View


def exported(journal: Path, session: SessionId, folder: Path, framing: str = "raw") -> Path:
    path = folder / f"library{session}.py"
    with opens_reading(journal, session, Lens(framing))(threading.Event()) as source:
        export(source, path, find_format("library"))
    return path


@contextlib.contextmanager
def running(path: Path) -> Iterator[Iterator[str]]:
    """The program; what it prints, line by line."""
    with subprocess.Popen(
        [sys.executable, path], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.kill()


def where(lines: Iterator[str]) -> Address:
    found = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", next(lines))
    assert found is not None
    return Address("127.0.0.1", int(found[1]))


def test_a_server_and_a_tap_before_it_are_set_up_again(tmp_path: Path) -> None:
    workbench = Workbench(tmp_path / "talk.tincan")
    view = View(workbench)
    server = workbench.serve(Address("127.0.0.1", 0), reply="letter", framing="line")
    address = view.wait_for_state(server, lambda state: bool(state.addresses)).addresses[0]
    workbench.set_reply(server, "echo")
    tap = workbench.tap(Address("127.0.0.1", 0), address)
    view.wait_for_state(tap, lambda state: bool(state.addresses))
    view.wait_for_state(server, lambda state: state.reply == "echo")
    workbench.close()

    path = exported(tmp_path / "talk.tincan", server, tmp_path)
    between = exported(tmp_path / "talk.tincan", tap, tmp_path)

    assert f"with Server('{address}', reply='echo', framing='line') as server:" in path.read_text()
    with running(path) as said, running(between) as said_between:
        assert where(said) == address
        with Peer.calls(where(said_between)) as peer:
            peer.say(b"hello\n")
            assert peer.hear(6) == b"hello\n"


def test_a_tap_for_datagrams_is_set_up_again() -> None:
    faults = ("loss=0.1", "")
    tap = head(Role.UDP_TAP, SetUp("127.0.0.1:5354", "raw", onward="127.0.0.1:53", faults=faults))

    assert "from core import UdpTap, parse_faults" in tap
    assert "with UdpTap('127.0.0.1:5354', '127.0.0.1:53', fault_out=parse_faults('loss=0.1')) as tap:" in tap


def test_a_client_says_first_what_it_said_first(tmp_path: Path) -> None:
    workbench = Workbench(tmp_path / "talk.tincan")
    view = View(workbench)
    with Host() as host:
        client = workbench.connect(host.address)
        with host.accept(Peer) as peer:
            view.wait_for_state(client, lambda state: bool(state.connections))
            workbench.send(client, b"first\xff")
            assert peer.hear(6) == b"first\xff"
            workbench.send(client, b"second")
            assert peer.hear(6) == b"second"
        view.wait_for_state(client, lambda state: bool(state.over))
        workbench.close()

        with running(exported(tmp_path / "talk.tincan", client, tmp_path)) as said, host.accept(Peer) as peer:
            assert peer.hear(6) == b"first\xff"
            peer.say(b"welcome")
            assert next(said) == "b'welcome'\n"


@pytest.mark.parametrize("lens", ["raw", "length:2be"])
def test_it_says_the_same_bytes_in_whatever_frame(lens: str, tmp_path: Path) -> None:
    workbench = Workbench(tmp_path / "talk.tincan")
    view = View(workbench)
    with Host() as host:
        client = workbench.connect(host.address, framing="length:2be")
        with host.accept(Peer) as peer:
            view.wait_for_state(client, lambda state: bool(state.connections))
            workbench.send(client, b"first")
            assert peer.hear(7) == b"\0\x05first"
        view.wait_for_state(client, lambda state: bool(state.over))
        workbench.close()

        with running(exported(tmp_path / "talk.tincan", client, tmp_path, lens)), host.accept(Peer) as peer:
            assert peer.hear(7) == b"\0\x05first"
            peer.sock.shutdown(1)
            assert peer.hear_all() == b""


def test_datagrams_are_answered_again(tmp_path: Path) -> None:
    port = free_port()
    workbench = Workbench(tmp_path / "talk.tincan")
    view = View(workbench)
    server = workbench.serve_datagrams(Address("127.0.0.1", port), reply="echo")
    view.wait_for_state(server, lambda state: bool(state.addresses))
    client = workbench.send_datagrams(Address("127.0.0.1", port))
    view.wait_for_state(client, lambda state: bool(state.connections))
    workbench.send(client, b"hello")
    view.wait_for_state(client, lambda state: state.received == 1)
    workbench.close()

    with running(exported(tmp_path / "talk.tincan", server, tmp_path)) as said:
        assert where(said) == Address("127.0.0.1", port)
        with running(exported(tmp_path / "talk.tincan", client, tmp_path)) as heard:
            assert next(heard) == "b'hello'\n"
    with UdpServer(f"127.0.0.1:{port}", reply="echo"):
        pass  # nothing of it is left there


def test_a_bad_line_is_bad_again(tmp_path: Path) -> None:
    workbench = Workbench(tmp_path / "talk.tincan")
    view = View(workbench)
    faults = BothWays(parse_faults("slice=2/1ms,finish=6,flip=0.5"), parse_faults("cut=1000,seed=7"))
    server = workbench.serve(Address("127.0.0.1", 0), reply="echo", faults=faults)
    view.wait_for_state(server, lambda state: bool(state.addresses))
    workbench.close()

    path = exported(tmp_path / "talk.tincan", server, tmp_path)

    assert (
        "reply='echo', fault_out=parse_faults('slice=2/1ms,finish=6,flip=0.5'), "
        "fault_in=parse_faults('cut=1000,seed=7')) as server:" in path.read_text()
    )
    with running(path) as said, Peer.calls(where(said)) as peer:
        peer.say(b"hello, hello")
        assert len(peer.hear_all()) == 6


def head(role: Role, set_up: SetUp, *, tls: bool = False) -> str:
    return str(find_format("library")(parties=Parties(role.name, set_up.place, {}, tls, set_up)).head())


def test_tls_and_a_proxy_are_asked_for_again() -> None:
    proxy = str(Proxy("socks5", Address("proxy", 1080)))
    client = head(Role.CLIENT, SetUp("example.org:443", "raw", proxy=proxy), tls=True)
    tap = head(Role.TAP, SetUp("127.0.0.1:5556", "raw", onward="example.org:443", onward_tls=True))

    assert f"with Client('example.org:443', tls=True, proxy={proxy!r}) as client:" in client
    assert "with Tap('127.0.0.1:5556', 'example.org:443', onward_tls=True) as tap:" in tap


@pytest.mark.parametrize(
    "reply", ["program:rm -rf /", "python:/tmp/handler.py", "rules:mine", "tomorrow's", "x\n\"'\\"]
)
def test_what_a_stranger_may_have_written_is_named_and_not_begun(reply: str) -> None:
    written = head(Role.SERVER, SetUp("127.0.0.1:5555", "raw", reply))

    assert "with Server('127.0.0.1:5555', reply='none') as server:" in written
    assert [line for line in written.splitlines() if line.startswith("# It replied with ")] != []
    compile(f"{written}    pass\n", "library.py", "exec")


@pytest.mark.parametrize("place", ["x'); print('", 'y"""\nimport os', "\\"])
def test_what_stands_in_a_strangers_journal_is_a_text_in_the_program(place: str) -> None:
    written = head(Role.CLIENT, SetUp(place, place, place, place, proxy=place, faults=("", place)))

    compile(f"{written}    pass\n", "library.py", "exec")
    shown = f"{place!r}, framing={place!r}, proxy={place!r}, fault_in=parse_faults({place!r})"
    assert f"with Client({shown}) as client:" in written


def test_a_session_of_another_version_is_said_to_be_one() -> None:
    found = find_format("library")(parties=Parties("carrier pigeon", "x", {}))

    assert found.head() == "# Tincan's library has no carrier pigeon.\n"
    assert found.tail() == ""
