"""What the terminal programs ask of standard input and output, on each system."""

from __future__ import annotations

import errno
import io
import os
import sys

import pytest

from core.cli.common import console_input, has_gone, is_terminal, leave_output
from tests.support.systems import only_posix


class _WindowsConsoleIO(io.RawIOBase):
    """Bears the name of what Python reads the console of Windows with, which is all that is asked."""

    def readable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        buffer[:2] = b"\xc3\xbc"
        return 2


class NullDevice(_WindowsConsoleIO):
    """Says on Windows that it is a terminal."""


def text(raw: io.RawIOBase) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedReader(raw), encoding="cp850")


@pytest.mark.parametrize(("system", "of_null"), [("win32", False), ("linux", True), ("darwin", True)])
def test_the_null_device_of_windows_is_no_person(monkeypatch: pytest.MonkeyPatch, system: str, of_null: bool) -> None:
    monkeypatch.setattr(sys, "platform", system)

    assert is_terminal(text(NullDevice())) is of_null
    assert is_terminal(text(_WindowsConsoleIO()))
    assert not is_terminal(io.StringIO("piped"))
    assert not is_terminal(None)


def test_a_console_of_windows_is_read_as_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "stdin", text(_WindowsConsoleIO()))

    console = console_input()

    assert console is not None
    assert console.read(9) == "ü".encode()


@pytest.mark.parametrize("stdin", [None, io.StringIO("piped"), text(NullDevice())])
def test_whatever_is_no_console_is_read_by_its_descriptor(
    monkeypatch: pytest.MonkeyPatch, stdin: io.TextIOBase | None
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "stdin", stdin)

    assert console_input() is None


def test_windows_says_in_another_way_that_a_reader_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    invalid = OSError(errno.EINVAL, "Invalid argument")

    assert has_gone(BrokenPipeError(errno.EPIPE, "Broken pipe"))
    assert not has_gone(OSError(errno.ENOSPC, "No space left on device"))
    monkeypatch.setattr(sys, "platform", "win32")
    assert has_gone(invalid)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not has_gone(invalid)


@only_posix("Windows has only pipes that wait")
@pytest.mark.parametrize("size", [0, 5, 1_000_000])
def test_of_what_is_left_at_the_end_goes_out_what_a_pipe_takes_at_once(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    reading, writing = os.pipe()
    same = os.dup(writing)
    with (
        os.fdopen(reading, "rb") as reader,
        os.fdopen(writing, "w", buffering=2 * size + 2, encoding="ascii") as output,
    ):
        monkeypatch.setattr(sys, "stdout", output)
        output.write("x" * size)

        leave_output()

        is_blocking = os.get_blocking(same)  # for others that have it
        os.close(same)
        output.close()  # with nobody who reads: at a full pipe it would wait for ever
        said = reader.read()
    assert is_blocking
    assert said == b"x" * (size if size < 4096 else len(said))
    assert bool(said) == bool(size)
