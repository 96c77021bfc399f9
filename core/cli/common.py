"""What the terminal programs have in common: standard input and output, words beside it, signals."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from core.command import is_windows_console, raw_file
from core.errors import TincanError, reason
from core.text_safety import TextSafety
from core.words import sentence

if TYPE_CHECKING:  # else by whoever records
    from core.journal.recording.ledger import Recording

_SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
STANDARD_OUTPUT = Path("-")
INTERRUPTED = 130  # exit code: what a shell expects of a program that Ctrl-C ended

_LONGEST_LINE = 2_000  # characters told at once; a path may be long


class OutputError(TincanError):
    """Standard output could not be written."""


def tell(line: str) -> None:
    """Say something to the person beside what goes to standard output."""
    tell_as_is(TextSafety().field(line, _LONGEST_LINE))


def tell_as_is(line: str) -> None:
    """Say something that is safe to show. That nobody reads standard error, or its disk is full, ends nothing."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr)


@contextlib.contextmanager
def writing_output() -> Iterator[None]:
    """Write to standard output, up to its last byte. Whoever has gone away before the end has seen enough.

    Raises ``OutputError`` if it could not be written for another reason.
    """
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        drop_output()
        if not has_gone(error):
            raise OutputError(sentence(f"Standard output could not be written: {error.strerror}")) from error


def tell_of_recording(before: Recording, now: Recording) -> None:
    """Say how recording goes on, if anything has changed; that it has stopped, the recorder logs."""
    if now.path != before.path:
        lost = f"; {now.lost:,} entries are lost" if now.lost else ""
        what = "is full" if now.was_full else "was deleted or replaced"
        tell(f"the journal {what}: recording goes on in {now.path}{lost}")
    elif now.failure is None and before.failure is not None:
        tell(f"recording goes on; {now.lost:,} entries are missing")


def is_standard_output(path: Path) -> bool:
    """Whether standard output is meant: by ``-``, or by a name of what it leads to, as ``/dev/stdout`` is."""
    if path == STANDARD_OUTPUT:
        return True
    try:  # Windows gives a pipe no number to know it by
        return sys.platform != "win32" and os.path.samestat(path.stat(), os.fstat(sys.stdout.fileno()))
    except (OSError, ValueError, AttributeError):  # neither there nor open
        return False


def write_file(path: Path, text: str) -> bool:
    """Write a file that was asked for; whether that was possible, else the person is told why not."""
    try:
        if is_standard_output(path):
            with writing_output():
                sys.stdout.buffer.write(text.encode())
            return True
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        tell(f"{path} cannot be written: {reason(error)}")
        return False
    return True


def write_escapes_where_needed(stream: TextIO, *, line_buffering: bool | None = None) -> None:
    """Have a character that the terminal's encoding lacks written as an escape instead of an error."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace", line_buffering=line_buffering)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sits at the other end.

    On Windows ``isatty`` is true of the null device as well (bpo-28654).
    """
    if stream is None or not stream.isatty():
        return False
    return sys.platform != "win32" or is_windows_console(stream)


def ask_password(whose: str) -> str:
    """Ask the person at the terminal for a password, which is not shown. Raises ``TincanError`` if none comes."""
    import getpass

    try:
        return getpass.getpass(f"Password for {whose}: ")
    except EOFError:
        raise TincanError(f"no password for {whose} was typed") from None
    except UnicodeDecodeError:
        raise TincanError(f"the password for {whose} is no text in the encoding of this terminal") from None


def console_input() -> io.RawIOBase | None:
    """What reads the console of Windows as UTF-8 (PEP 528), where the descriptor would give its code page."""
    is_console = sys.platform == "win32" and is_windows_console(sys.stdin)
    return raw_file(sys.stdin) if is_console else None


def has_gone(error: OSError) -> bool:
    """Whether an error of standard output says that its reader has gone: of Windows, EINVAL does (bpo-19612)."""
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)


def drop_output() -> None:
    """Write to nobody from now on: whoever read standard output has gone away, and Python would complain at its end."""
    _lead_nowhere(sys.stdout)


def _lead_nowhere(stream: TextIO) -> None:
    nobody = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nobody, stream.fileno())
    os.close(nobody)


def leave_errors() -> None:
    """Let go of what could not be told: Python would try once more at its end, and leave with code 120."""
    try:
        sys.stderr.flush()
    except OSError:
        _lead_nowhere(sys.stderr)


def leave_output() -> None:
    """Write what is left for standard output if it is read at once; Python would wait for its reader at the end.

    It has up to 128 KiB left since 3.14, more than a pipe takes. Windows has only pipes that wait.
    """
    if sys.platform == "win32":
        return
    try:
        output = sys.stdout.fileno()
    except io.UnsupportedOperation:  # nobody waits for what is no file
        return
    os.set_blocking(output, False)
    try:
        sys.stdout.flush()
        is_read = True
    except OSError:
        is_read = False
    finally:
        os.set_blocking(output, True)
    if not is_read:
        drop_output()


@contextlib.contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Have SIGTERM end what is done as Ctrl-C does, and both also in the middle of a long question to SQLite.

    There an exception is lost, so that the event is set, too: readers are to give up once it is.
    """
    interrupted = threading.Event()

    def end() -> None:
        interrupted.set()
        raise KeyboardInterrupt

    with asked_to_end(end):
        yield interrupted


@contextlib.contextmanager
def asked_to_end(end: Callable[[], None]) -> Iterator[None]:
    """Have Ctrl-C, SIGTERM and the end of the terminal call ``end``; the next of them insists: it ends the program at
    once, without a word. What nohup ignores stays ignored.
    """
    heeded = [number for number in _SIGNALS if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN]

    def first(_number: int, _frame: object) -> None:
        for number in heeded:
            signal.signal(number, signal.SIG_DFL)
        end()

    before = {number: signal.signal(number, first) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
