"""What the terminal commands take: an option that one of them has, those have that do the same."""

from __future__ import annotations

import argparse
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.__main__ import parse
from core.cli.load import LoadOptions, add_load
from core.cli.options import Options, add_connect, add_serve, add_tap
from core.cli.replay import ReplayOptions, add_replay
from core.cli.test import PlayOptions, add_test
from core.net.server import Server
from core.proxy import parse_proxy
from core.settings import DEFAULTS
from core.tls.settings import LowestVersion, Tls
from core.wire.faults import BothWays, parse_faults
from tests.support import program
from tests.support.peers import Host, Peer
from tests.support.sink import PATIENCE
from tests.support.systems import only_posix

STEPS = {
    "version": 1,
    "name": "hello",
    "framing": "line",
    "steps": [{"send": "hello", "expect": "equals", "pattern": "hello"}],
}
DIALS = {"connect": add_connect, "test": add_test, "load": add_load, "replay": add_replay}
TALKS = {"serve": add_serve, "tap": add_tap, **DIALS}


def options_of(add: Callable[[argparse.ArgumentParser], None]) -> set[str]:
    parser = argparse.ArgumentParser()
    add(parser)
    return {option for action in parser._actions for option in action.option_strings}


@pytest.mark.parametrize("command", TALKS)
def test_who_talks_takes_faults_and_what_belongs_to_tls(command: str) -> None:
    taken = options_of(TALKS[command])
    assert {"--fault", "--fault-out", "--fault-in"} <= taken
    assert {"--cert", "--key", "--password-file", "--ca", "--alpn", "--tls-min", "--key-log"} <= taken


@pytest.mark.parametrize("command", ["tap", *DIALS])
def test_who_dials_takes_a_proxy_and_says_whom_to_believe(command: str) -> None:
    assert {"--proxy", "--pin", "--no-verify"} <= options_of(TALKS[command])


@pytest.mark.parametrize("command", ["serve", "connect", "tap"])
def test_who_shows_messages_takes_what_they_are(command: str) -> None:
    assert {"--frame", "--encoding", "--profile", "--profiles", "--journal"} <= options_of(TALKS[command])


@pytest.mark.parametrize("command", ["serve", "connect"])
def test_whose_answers_may_go_round_in_a_circle_has_a_limit(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in ("-1", "nan", "1e3", "1_0", "9" * 20):
        with pytest.raises(SystemExit):
            parse((command, "127.0.0.1:5555", f"--answers={wrong}"))
        assert f"argument --answers: “{wrong}” is no number of answers: use 0 to" in capsys.readouterr().err
    options = parse((command, "127.0.0.1:5555", "--answers", "7"))
    assert isinstance(options, Options)
    assert options.answers == 7


def test_a_tap_speaks_tls_on_both_sides_as_it_is_told() -> None:
    options = parse(("tap", "tls://0", "tls://h:1", "--alpn", "h2,http/1.1", "--tls-min", "1.3", "--key-log", "keys"))
    assert isinstance(options, Options)
    asked = Tls(alpn=("h2", "http/1.1"), lowest=LowestVersion.TLS_1_3, key_log=Path("keys"))
    assert (options.tls, options.onward_tls) == (asked, asked)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("tap 0 h:1 --alpn h2", "are for TLS: write tls:// before LISTEN or TARGET"),
        ("tap 0 h:1 --tls-min 1.2", "are for TLS"),
        ("tap 0 h:1 --profile Redis --frame line", "leave those out"),
        ("tap 0 h:1 --profile Radish", "there is no profile “Radish”"),
        ("replay J --serve 0 --proxy socks5://h", "are for who connects"),
        ("replay J --serve 0 --mode 600", "has none: leave it out"),
        ("replay J h:1 --mode 600", "--mode is for --serve"),
        ("replay J udp://h:1 --proxy socks5://h", "datagrams go through no proxy"),
        ("replay J udp://h:1 --fault slice=1", "leave it out"),
        ("test STEPS udp://h:1 --proxy socks5://h", "datagrams go through no proxy"),
        ("test STEPS unix:/tmp/x --proxy socks5://h", "where no proxy leads"),
        ("load STEPS h:1 --proxy http://h", "the port is missing"),
        ("load STEPS h:1 --proxy http://h:1 --locust L", "leave --proxy and --fault out"),
        ("load STEPS h:1 --fault slice=1 --locust L", "leave --proxy and --fault out"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    arguments: str, says: str, steps: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        parse([str(steps) if each == "STEPS" else each for each in arguments.split()])
    assert leaving.value.code == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    path = tmp_path / "steps.json"
    path.write_text(json.dumps(STEPS))
    return path


@pytest.fixture
def proxy() -> Iterator[Host]:
    """One that speaks SOCKS5 and answers hello itself, whatever the target is."""
    with Host() as host:
        caller = threading.Thread(target=_let_in, args=(host,))
        caller.start()
        yield host
        caller.join(PATIENCE)


def _let_in(host: Host) -> None:
    with host.accept(Peer) as peer:
        assert peer.hear(3) == b"\x05\x01\x00"
        peer.say(b"\x05\x00")
        assert peer.hear(19) == b"\x05\x01\x00\x03\x0ctarget.wrong\x00\x07"
        peer.say(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        while line := peer.sock.recv(1000):
            peer.say(line)


@pytest.mark.parametrize("command", ["test", "load"])
def test_a_list_is_played_through_a_proxy(command: str, steps: Path, proxy: Host) -> None:
    few = ("--clients", "1", "--seconds", "0.5") if command == "load" else ()
    done = program.run(command, steps, "target.wrong:7", "--proxy", f"socks5://{proxy.address}", *few)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("command", ["test", "load"])
def test_a_list_is_played_over_a_bad_line(command: str, steps: Path) -> None:
    few = ("--clients", "1", "--seconds", "0.5") if command == "load" else ()
    with Server("127.0.0.1:0", reply="echo", framing="line") as server:
        done = program.run(command, steps, str(server.addresses[0]), "--fault-in", "cut=2", *few)
    assert done.code == 1
    assert "the other end finished first" in done.out


def test_what_was_asked_for_is_what_is_done(steps: Path) -> None:
    faults, proxy = parse_faults("latency=10ms"), parse_proxy("http://anna:secret@proxy:1")
    words = ("--proxy", "http://anna:secret@proxy:1", "--fault-out", "latency=10ms")
    for options in (
        parse(("test", str(steps), "h:1", *words)),
        parse(("load", str(steps), "h:1", *words)),
        parse(("replay", "J", "h:1", *words)),
    ):
        assert isinstance(options, PlayOptions | LoadOptions | ReplayOptions)
        assert (options.proxy, options.faults) == (proxy, BothWays(out=faults))


@only_posix("Python has no local sockets on Windows")
def test_a_recorded_server_at_a_path_lets_in_whom_it_is_told_to() -> None:
    options = parse(("replay", "J", "--serve", "unix:/tmp/x", "--mode", "660"))
    assert isinstance(options, ReplayOptions)
    assert options.limits.socket_mode == 0o660
    unsaid = parse(("replay", "J", "--serve", "unix:/tmp/x"))
    assert isinstance(unsaid, ReplayOptions)
    assert unsaid.limits == DEFAULTS


def test_a_tap_for_one_caller_ends_with_it_and_cuts_as_a_profile_does() -> None:
    with (
        Host() as host,
        program.running("-m", "core", "tap", "0", str(host.address), "--once", "--profile", "Redis") as running,
    ):
        assert running.stderr is not None
        said = ""
        while "listening on" not in said:
            said = running.stderr.readline()
        port = int(said.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as caller, host.accept(Peer) as target:
            caller.sendall(b"PING\r\nGET a\r\n")
            assert target.hear(13) == b"PING\r\nGET a\r\n"
        out, _err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0
    assert out.count("CLIENT #1 MESSAGE: ") == 2
