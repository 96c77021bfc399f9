"""The smoke run tells a program that does what it should from one that does not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from build_scripts import build, running, smoke
from build_scripts.running import SmokeError

PROGRAM = """
import signal, socket, sys
from pathlib import Path

greeting, answer, exit_code, report = {greeting!r}, {answer!r}, {exit_code!r}, {report!r}
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
if "--self-test" in options:
    Path(options["--self-test"]).write_text(report)
    sys.exit(exit_code)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(exit_code))
host, port = options["--serve"].split(":")
with socket.create_server((host, int(port))) as server:
    while True:
        client, _ = server.accept()
        with client:
            client.sendall(greeting)
            while client.recv(100) not in (b"", b"stop"):
                client.sendall(answer)
"""


def program(
    folder: Path,
    greeting: bytes = b"type the message",
    answer: bytes = b"k",
    exit_code: int = 0,
    report: str = '{"passed": true}',
) -> list[str]:
    """A program that behaves like a built Tincan, but for what is asked."""
    file = folder / "program.py"
    file.write_text(PROGRAM.format(greeting=greeting, answer=answer, exit_code=exit_code, report=report))
    return [sys.executable, str(file)]


def test_a_program_that_does_what_it_should_passes(tmp_path: Path) -> None:
    command = program(tmp_path)

    running.self_test(command)
    smoke.converse(command)


def test_a_wrong_greeting_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(SmokeError, match="instead of b'type the message'"):
        smoke.converse(program(tmp_path, greeting=b"type your message"))


@pytest.mark.parametrize("answer", [b"kk", b"7", b"\xe9"])
def test_an_answer_that_is_not_one_letter_is_a_failure(tmp_path: Path, answer: bytes) -> None:
    with pytest.raises(SmokeError, match="instead of one letter"):
        smoke.converse(program(tmp_path, answer=answer))


def test_a_bad_end_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(SmokeError, match="exited with 3 after SIGTERM"):
        smoke.converse(program(tmp_path, exit_code=3))


def test_a_program_that_ends_at_once_is_a_failure() -> None:
    with pytest.raises(SmokeError, match="exited with 4 instead of serving"):
        smoke.converse([sys.executable, "-c", "raise SystemExit(4)"])


@pytest.mark.parametrize(
    ("exit_code", "report"), [(1, '{"passed": true}'), (0, '{"passed": false}'), (0, "passed"), (0, "[]")]
)
def test_a_self_test_counts_only_with_code_and_report(tmp_path: Path, exit_code: int, report: str) -> None:
    with pytest.raises(SmokeError, match="self-test"):
        running.self_test(program(tmp_path, exit_code=exit_code, report=report))


def test_the_table_compares_with_the_start_from_source(tmp_path: Path) -> None:
    (tmp_path / "tincan").write_bytes(bytes(2_500_000))

    times = {smoke.FROM_SOURCE: [0.1, 0.3, 0.2], "one file": [0.5, 0.4, 0.9]}
    lines = smoke.table(times, {"one file": tmp_path / "tincan"}).splitlines()

    assert lines[1].split() == ["python", "-m", "gui", "200", "ms", "100", "ms", "1.00x"]
    assert lines[2].split() == ["one", "file", "500", "ms", "400", "ms", "2.50x", "2.5", "MB"]


def test_an_application_weighs_what_its_whole_bundle_does(tmp_path: Path) -> None:
    program = tmp_path / "Tincan.app" / "Contents" / "MacOS" / "tincan"
    program.parent.mkdir(parents=True)
    program.write_bytes(bytes(1_000_000))
    (tmp_path / "Tincan.app" / "Contents" / "libtk.dylib").write_bytes(bytes(3_000_000))

    times = {smoke.FROM_SOURCE: [0.1], "application": [0.1]}

    assert smoke.table(times, {"application": program}).endswith("4.0 MB")


def test_a_folder_weighs_what_its_files_do(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "one").write_bytes(b"x" * 10)
    (tmp_path / "sub" / "two").write_bytes(b"x" * 5)
    (tmp_path / "link").symlink_to(tmp_path / "one")

    assert build.size(tmp_path) == 15
    assert build.size(tmp_path / "one") == 10


def test_a_build_is_reproducible_by_its_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert build.reproducible()["PYTHONHASHSEED"] == "1"
    assert build.reproducible()["SOURCE_DATE_EPOCH"].isdigit()

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "12345")
    assert build.reproducible()["SOURCE_DATE_EPOCH"] == "12345"

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    monkeypatch.setattr(build, "ROOT", tmp_path)  # outside of a checkout
    assert build.reproducible()["SOURCE_DATE_EPOCH"].isdigit()
