"""A program that answers: one process for each connection, its bytes both ways, its words, its end."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from core.errors import TincanError
from core.events import Closed, Ending, Received, Remark, Sent
from core.replies import make_reply
from core.replies.program import MOST_PROGRAMS, Program
from tests.support.peers import Peer
from tests.support.sink import until
from tests.support.stage import serving
from tests.support.systems import command_line, only_posix

MIB = 1 << 20


def python(code: str) -> Program:
    """A program of these statements."""
    return Program(command_line(sys.executable, "-u", "-c", code))


ECHO = "import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer, 1)"


def test_what_is_said_goes_to_its_input_and_its_output_comes_back_whatever_the_framing() -> None:
    with serving(python(ECHO), framing="line") as (server, sink):
        with Peer.calls(server.addresses[0]) as peer:
            peer.say(b"no line\0\r\n, as it is")
            assert peer.hear(20) == b"no line\0\r\n, as it is"
            peer.sock.shutdown(1)
            assert peer.hear_all() == b""
        closed = sink.wait_for(Closed)[0]
    assert closed.ending is Ending.PROGRAM
    assert sink.of(Remark)[-1].text == "the program has ended"


@pytest.mark.case("C-70")
def test_a_web_page_does_not_reach_it() -> None:
    with serving(python(ECHO)) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.say(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nremove all")
        assert peer.hear_all() == b""
        assert sink.wait_for(Closed)[0].ending is Ending.HTTP


def test_each_connection_has_a_process_of_its_own_which_knows_its_peer() -> None:
    code = 'import os; print(os.environ["TINCAN_PEER_NUMBER"], os.environ["TINCAN_PEER_PORT"], os.getpid())'
    with serving(python(code)) as (server, _sink):
        said = []
        for _ in range(2):
            with Peer.calls(server.addresses[0]) as peer:
                said.append([int(part) for part in peer.hear_all().split()])
                assert said[-1][1] == peer.port
    assert [number for number, _port, _process in said] == [1, 2]
    assert said[0][2] != said[1][2]


def test_its_standard_error_and_its_exit_code_are_notes() -> None:
    code = 'import sys; sys.stderr.write("one\\ntwo" + "x" * 3000); sys.exit(4)'
    with serving(python(code)) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.hear_all()
        sink.wait_for(Closed)
    one, two, end = (event.text for event in sink.of(Remark))
    assert one == "the program says: one"
    assert two == "the program says: two" + "x" * 997 + " …"
    assert end == "the program has ended with exit code 4"


@only_posix("a signal ends a program")
def test_a_program_that_was_killed_says_by_what() -> None:
    with serving(python("import os; os.kill(os.getpid(), 15)")) as (server, sink):
        with Peer.calls(server.addresses[0]) as peer:
            peer.hear_all()
        sink.wait_for(Closed)
    assert sink.of(Remark)[-1].text == "the program was ended by SIGTERM"


def test_the_end_of_the_connection_ends_the_process_and_what_it_started() -> None:
    program = python("import time, os; print(os.getpid(), flush=True); time.sleep(60)")
    with serving(program) as (server, sink):
        with Peer.calls(server.addresses[0]) as peer:
            process = int(peer.sock.makefile().readline())
            server.connections[0].abort()
            sink.wait_for(Closed)
        if sys.platform == "linux":
            until(lambda: not running(process), "the end of the process")
    assert program.running == 0


def running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_megabytes_pass_through_both_ways_and_memory_stays_bounded() -> None:
    data = bytes(range(256)) * 4096 * 4
    with serving(python("import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)")) as (
        server,
        sink,
    ):
        with Peer.calls(server.addresses[0]) as peer:

            def speak() -> None:
                peer.say(data)
                peer.sock.shutdown(1)

            sender = threading.Thread(target=speak, name="sender")
            sender.start()
            assert peer.hear_all() == data
            sender.join()
        sink.wait_for(Closed)
    assert b"".join(event.data for event in sink.of(Received)) == data
    assert b"".join(event.data for event in sink.of(Sent)) == data


def test_a_program_that_reads_nothing_slows_the_peer_down() -> None:
    with serving(python("import time; time.sleep(60)")) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        peer.sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            peer.say(b"x" * 64 * MIB)
        assert sum(len(event.data) for event in sink.of(Received)) < 8 * MIB


def test_no_more_programs_run_than_may() -> None:
    program = python(ECHO)
    program.running = MOST_PROGRAMS
    with serving(program) as (server, sink), Peer.calls(server.addresses[0]) as peer:
        assert peer.hear_all() == b""
        assert sink.wait_for(Closed)[0].ending is Ending.LIMIT
    assert "as many as may" in sink.of(Remark)[0].text


def test_a_program_that_is_gone_by_then_is_told_and_the_server_lives() -> None:
    program = python(ECHO)
    program.command = ["/nonexistent/program"]
    with serving(program) as (server, sink):
        for _ in range(2):
            with Peer.calls(server.addresses[0]) as peer:
                assert peer.hear_all() == b""
        assert sink.wait_for(Closed, 2)[0].ending is Ending.PROGRAM
    assert sink.of(Remark)[0].text.startswith("the program could not be started: ")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("", "name the program"),
        ("nosuchprogram x", "there is no program “nosuchprogram”"),
        ('"a', "is no command line"),
    ],
)
def test_what_cannot_be_run_is_refused_where_it_is_chosen(command: str, says: str) -> None:
    with pytest.raises(TincanError, match=says):
        make_reply(f"program:{command}")
