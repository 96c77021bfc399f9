"""Errands of somebody who wants a conversation again, and of somebody with a file of steps, by the keyboard alone."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from pathlib import Path

import pytest

from core.address import Address
from core.events import SessionId
from core.journal.export.formats import find_format
from core.journal.export.source import opens_reading
from core.journal.export.writer import export
from core.journal.reading.lens import Lens
from core.net.udp import UdpClient
from core.roles import Role
from tests.core.journal.export.formats.test_steps import exported
from tests.gui.stories.conftest import Sit
from tests.gui.stories.person import Person, caller, journal_of, settings
from tests.support.peers import Host, Peer, free_port


@pytest.fixture
def echoing(sit: Sit, tmp_path: Path) -> Person:
    """Somebody whose servers answer with what was said."""
    return sit(settings(tmp_path / "echoing", reply="echo"))


def talks(person: Person) -> int:
    """A server and a client, and a word and its echo; the port."""
    port = person.start_server()
    person.connect(port)
    person.say("hello")
    person.until(lambda: person.conversation.count("hello") == 2, "the echo")
    return port


def replays(person: Person, address: str = "") -> None:
    """Ask for a replay of what is on view, at that address if there is one."""
    person.press("<Control-Shift-P>")
    person.sees("Says to a server what the client said.")
    if address:
        person.tab_to("127.0.0.1:")
        person.write(address)
    person.press("<Return>")


def test_the_client_of_what_is_on_view_has_it_again_with_the_same_server(echoing: Person) -> None:
    talks(echoing)
    replays(echoing)
    echoing.sees("everything was as recorded", "Done: everything was as recorded")
    echoing.press("<Escape>")  # the table; the strip has it still
    echoing.until(lambda: len(echoing.app.main_controller.sessions) == 3, "a session of its own")
    echoing.until(lambda: echoing.conversation.count("hello") == 2, "the words and the echo in it")


def test_another_answer_is_shown_beside_the_recorded_one_and_found_at_once(echoing: Person) -> None:
    talks(echoing)
    with Host() as host:
        replays(echoing, str(host.address))
        echoing.until(lambda: len(echoing.app.main_controller.sessions) == 3, "the client that has it again")
        with host.accept(Peer) as peer:
            assert peer.hear(5) == b"hello"
            peer.say(b"heLlo")
            echoing.sees("≠ 1", "NO, from byte 2 on", "1 of 1 step, 1 of them different")
            echoing.sees("recorded: hello", "came: heLlo", "The first difference is in step 1.")
            echoing.press("<Control-a>", "<Control-c>")
            assert echoing.clipboard.splitlines() == [
                "step\tsent\trecorded\tcame\tsame",
                "≠ 1\thello\thello\theLlo\tNO, from byte 2 on",
            ]


def test_the_server_of_what_is_on_view_answers_whoever_connects(echoing: Person) -> None:
    talks(echoing)
    port = free_port()
    echoing.press("<Control-Shift-P>", "<Down>")
    echoing.sees("A mock: answers whoever connects as the server did.")
    echoing.tab_to("127.0.0.1:")
    echoing.write(f"127.0.0.1:{port}")
    echoing.press("<Return>")
    echoing.sees("nobody has connected yet")
    echoing.sees(f"server is listening on 127.0.0.1:{port}")
    assert not echoing.reads("Reply with"), "it replies by none of those that can be chosen"
    with caller(port) as one, caller(port) as other:
        one.say(b"hello")
        assert one.hear(5) == b"hello"
        other.say(b"hallo")
        assert other.hear(5) == b"hello"
    echoing.sees("2 connections over, 1 as recorded", "≠ #2  1", "NO, from byte 1 on")
    echoing.press("<Escape>", "<F5>")
    echoing.sees("Stopped: 2 connections over, 1 as recorded", "1 connection had something different.")


def test_of_what_was_never_there_no_replay_is_offered(person: Person) -> None:
    person.press("<Control-Shift-P>")
    person.sees("There is no conversation on view to replay.")


def test_what_is_wrong_is_said_in_the_dialog_and_what_fails_in_the_strip(echoing: Person) -> None:
    talks(echoing)
    replays(echoing, "nonsense host")
    echoing.sees("“nonsense host” is not a host")
    echoing.write(f"127.0.0.1:{free_port()}")
    echoing.press("<Return>")
    echoing.sees("Not played", "Nothing answers at")
    assert not echoing.reads("different"), "nothing came, so nothing was different"


def test_a_session_in_which_nothing_was_said_says_so(quiet: Person) -> None:
    quiet.connect(quiet.start_server())
    replays(quiet)
    quiet.sees("Nothing was said there.")


def test_a_conversation_under_tls_is_had_again_under_tls(echoing: Person) -> None:
    echoing.press("<Control-Shift-L>")
    echoing.sees("TLS on")
    talks(echoing)
    replays(echoing)
    echoing.sees("Done: everything was as recorded", "to 127.0.0.1:")
    newest = max(echoing.app.main_controller.sessions)
    assert echoing.app.main_controller.sessions[newest].tls


def test_a_replay_waits_for_an_answer_and_is_stopped(echoing: Person) -> None:
    talks(echoing)
    with Host() as host:
        replays(echoing, str(host.address))
        echoing.until(lambda: len(echoing.app.main_controller.sessions) == 3, "the client that has it again")
        with host.accept(Peer) as peer:
            assert peer.hear(5) == b"hello"
            echoing.sees("0 of 1 step, none of them different")
            echoing.press("<Escape>", "<Control-period>")
            echoing.sees("Stopped: 1 of 1 step, 1 of them different")


def speaks_datagrams(person: Person) -> None:
    """A UDP server and a UDP client, two datagrams and their echoes."""
    person.press("<Control-l>")
    person.write("udp://127.0.0.1")
    person.press("<Tab>")
    person.write("0")
    person.press("<F5>")
    person.sees("hears datagrams on")
    person.press("<F6>")
    person.sees("sends to 127.0.0.1:")  # before which nothing can be said
    for word in ("hello", "again"):
        person.say(word)
        person.until(lambda word=word: person.conversation.count(word) == 2, "the echo")  # type: ignore[misc]


def test_datagrams_are_had_again_over_udp(echoing: Person) -> None:
    speaks_datagrams(echoing)
    replays(echoing)
    echoing.sees("Done: everything was as recorded")
    newest = max(echoing.app.main_controller.sessions)
    assert echoing.app.main_controller.sessions[newest].role is Role.UDP_CLIENT


def test_a_mock_of_datagrams_answers_each_with_its_own(echoing: Person) -> None:
    speaks_datagrams(echoing)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        port = peer.getsockname()[1]
    echoing.press("<Control-Shift-P>", "<Down>")
    echoing.tab_to("udp://127.0.0.1:")
    echoing.write(f"udp://127.0.0.1:{port}")
    echoing.press("<Return>")
    echoing.sees(f"hears datagrams on 127.0.0.1:{port}")
    with UdpClient(Address("127.0.0.1", port)) as client:
        for said, heard in ((b"hello", b"hello"), (b"other", b"again")):
            client.send(said)
            assert client.receive(timeout=20) == heard
    echoing.sees("≠ #1  2", "NO, from byte 0 on")


def test_a_stream_is_not_had_again_over_udp(echoing: Person) -> None:
    talks(echoing)
    replays(echoing, "udp://127.0.0.1:9")
    echoing.sees("A stream of bytes was recorded, and UDP has none: leave udp:// out.")


@pytest.mark.parametrize("form", ["journal", "pcapng"])
def test_what_another_run_or_program_recorded_is_had_again(echoing: Person, tmp_path: Path, form: str) -> None:
    port = talks(echoing)
    path = journal_of(echoing.folder)
    if form == "pcapng":
        path = tmp_path / "talk.pcapng"
        with opens_reading(journal_of(echoing.folder), SessionId(1), Lens("raw"))(threading.Event()) as source:
            export(source, path, find_format("pcapng"))
    else:
        path = Path(shutil.copy(path, tmp_path / "copy.tincan"))
        for part in ("-wal", "-shm"):
            shutil.copy(f"{journal_of(echoing.folder)}{part}", f"{path}{part}")
    opens(echoing, path)
    echoing.until(lambda: len(echoing.app.main_controller.sessions) > 2, "the sessions of the file")
    echoing.sees(path.name)
    replays(echoing, f"127.0.0.1:{port}")
    echoing.sees("Done: everything was as recorded")


# Files of steps.


def opens(person: Person, path: Path) -> None:
    """Have the program open a file, as its dialog for files does with the one that was chosen."""
    person.app.main_controller.journal_controller.open(path)


def steps(folder: Path, address: Address | None, *rows: dict[str, object]) -> Path:
    path = folder / "steps.json"
    target = {"target": str(address)} if address is not None else {}
    path.write_text(json.dumps({"version": 1, "name": "greeting", **target, "steps": rows}))
    return path


def test_a_file_of_steps_is_played_to_its_target_step_by_step(person: Person, tmp_path: Path) -> None:
    with Host() as host:
        opens(person, steps(
            tmp_path, host.address, {"name": "ask", "send": "a", "expect": "equals", "pattern": "1"},
            {"name": "wait", "send": "b", "expect": "equals", "pattern": "2", "otherwise": "go on", "within": 60_000},
            {"name": "end", "end": "finish", "expect": "end"},
        ))  # fmt: skip
        person.sees("greeting: 3 steps, from steps.json", str(host.address))
        person.press("<Return>")
        with host.accept(Peer) as peer:
            assert peer.hear(1) == b"a"
            peer.say(b"1")
            assert peer.hear(1) == b"b"
            person.sees("1 ask", "yes", "2 wait", "waiting…", "3 end")
            peer.say(b"other")
            peer.finish()
            person.sees("≠ 2 wait", "other", "NO: the other end finished first")
        person.sees("[finishes sending]", "[finished]", "Done: 2 as wished, 1 not")


def test_a_file_of_steps_is_played_over_the_connection_on_view(echoing: Person, tmp_path: Path) -> None:
    talks(echoing)
    opens(echoing, steps(tmp_path, None, {"send": "again", "expect": "equals", "pattern": "again"}))
    echoing.sees("The connection on view")
    echoing.press("<Down>", "<Return>")
    echoing.sees("Done: 1 as wished, 0 not")
    echoing.until(lambda: echoing.conversation.count("again") >= 2, "both in the conversation on view")
    assert len(echoing.app.main_controller.sessions) == 2


def test_messages_are_counted_on_behind_a_file_of_steps(echoing: Person, tmp_path: Path) -> None:
    talks(echoing)
    opens(echoing, steps(
        tmp_path, None, {"send": r"\{counter}", "expect": "equals", "pattern": "1"},
        {"send": r"\{counter}", "expect": "equals", "pattern": "2"},
    ))  # fmt: skip
    echoing.sees("The connection on view")
    echoing.press("<Down>", "<Return>")
    echoing.sees("Done: 2 as wished, 0 not")
    echoing.until(lambda: echoing.app.main_controller.sending.count == 2, "both counted")


def test_what_was_exported_as_steps_is_opened_and_played_again(echoing: Person, tmp_path: Path) -> None:
    talks(echoing)
    opens(echoing, exported(journal_of(echoing.folder), tmp_path))
    echoing.sees("recorded: 1 step, from recorded.json")
    echoing.press("<Return>")
    echoing.sees("Done: 1 as wished, 0 not")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"version": 1,\n "steps": [{"send": "a", "expect": "ending"}]}', "line 2: step 1: there is no “ending”"),
        ("no JSON", "line 1: it is no JSON"),
        ('{"version": 1, "messages": []}', "it is no object with a list called “steps”"),
    ],
)
def test_a_broken_file_of_steps_is_a_sentence_with_its_line(
    person: Person, tmp_path: Path, text: str, says: str
) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    opens(person, path)
    person.sees("broken.json", says)


def test_nobody_at_the_target_is_told_and_nothing_runs_on(person: Person, tmp_path: Path) -> None:
    opens(person, steps(tmp_path, Address("127.0.0.1", free_port()), {"send": "a", "expect": "any"}))
    person.sees("greeting: 1 step")
    person.press("<Return>")
    person.sees("Not played", "Nothing answers at")


def test_a_file_of_steps_is_played_over_udp(echoing: Person, tmp_path: Path) -> None:
    speaks_datagrams(echoing)
    path = exported(journal_of(echoing.folder), tmp_path)
    assert json.loads(path.read_text())["target"].startswith("udp://")
    opens(echoing, path)
    echoing.sees("recorded: 2 steps, from recorded.json")
    echoing.press("<Return>")
    echoing.sees("Done: 2 as wished, 0 not")
