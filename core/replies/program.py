"""A program answers: what a connection says is its standard input, and its standard output goes to the connection."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import NoThread, TincanError, quoted, reason
from core.events import Ending
from core.origin import Origin
from core.replies import Peer, Reply, Responder
from core.words import connection_name

if TYPE_CHECKING:
    from core.child_process import ChildProcess

MOST_PROGRAMS = 64  # of one server at a time
_FULL = 256 * 1024  # bytes that a program may leave unread before nothing more is read for it
_MOST_NOTES = 200  # lines of its standard error that are shown


class Program(Reply):
    """A process of the same command for each connection, without a shell; ``sh -c '…'`` is one, where it is wanted.

    The environment names the peer: ``TINCAN_PEER_HOST``, ``TINCAN_PEER_PORT`` and ``TINCAN_PEER_NUMBER``. Raises
    ``TincanError`` for a command that cannot be run.
    """

    name = "program"
    title = "by a program…"
    note = "the program"
    order = 6
    has_responders = True
    takes = "a command line"
    is_stream = True

    def __init__(self, command: str) -> None:
        import shutil

        from core.command import words_of

        self.argument = command
        try:
            self.command = words_of(command)
        except ValueError as error:
            raise TincanError(f"{quoted(command)} is no command line: {error}") from None
        if not self.command:
            raise TincanError("name the program that answers, and what it gets to begin with")
        if shutil.which(self.command[0]) is None:
            raise TincanError(f"there is no program {quoted(self.command[0])} that could be run")
        self.running = 0
        self.origin = Origin("program", Path(self.command[0]).name)

    @classmethod
    def made(cls, argument: str) -> Reply:
        return cls(argument)

    def responder(self, peer: Peer) -> Responder:
        return _ProgramResponder(self, peer)


class _ProgramResponder(Responder):
    """One process. Its threads hand over to the server's thread, on which everything here happens."""

    def __init__(self, program: Program, peer: Peer) -> None:
        self._program = program
        self._peer = peer
        self._process: ChildProcess | None = None
        self._is_over = self._is_held = False
        self._room = threading.Event()  # for more of what the program says
        self._notes = 0
        if program.running >= MOST_PROGRAMS:
            peer.note(f"{MOST_PROGRAMS} programs run for this server, as many as may: none answers here")
            peer.call_soon(lambda: peer.close(Ending.LIMIT))
            return
        self._begin()

    def _begin(self) -> None:
        from core.child_process import ChildProcess

        peer = self._peer
        named = {"HOST": peer.address.host, "PORT": str(peer.address.port), "NUMBER": str(peer.number)}
        try:
            self._process = ChildProcess(
                self._program.command,
                name=f"program of {connection_name(peer.number)}",
                environment={**os.environ, **{f"TINCAN_PEER_{name}": value for name, value in named.items()}},
                heard=self._heard,
                told=lambda line: peer.call_soon(lambda: self._told(line)),
                ended=lambda code: peer.call_soon(lambda: self._ended(code)),
            )
        except (OSError, NoThread) as error:
            why = reason(error) if isinstance(error, OSError) else str(error)
            peer.note(f"the program could not be started: {why}")
            peer.call_soon(lambda: peer.close(Ending.PROGRAM))
        else:
            self._program.running += 1

    def opened(self) -> None:
        """The program speaks first, or waits."""

    def received(self, message: bytes) -> None:
        if self._process is None:
            return
        self._process.write(message)
        if self._process.waiting > _FULL and not self._is_held:
            self._is_held = True
            self._peer.hold_back()
            self._look_again()

    def _look_again(self) -> None:
        """Read the peer again once the program has taken what waits for it."""
        if self._is_over or self._process is None:
            return
        if self._process.waiting <= _FULL // 4:
            self._is_held = False
            self._peer.go_on()
        else:
            self._peer.call_later(0.01, self._look_again)

    def peer_finished(self, then: Callable[[], None]) -> None:
        if self._process is not None:
            self._process.end_input()  # the end of the program ends the connection
        else:
            then()

    def closed(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._room.set()
        if self._process is not None:
            self._program.running -= 1
            self._process.kill()

    # What the program does.

    def _heard(self, data: bytes) -> None:
        """On the thread of its output: no more is read of it before there is room."""
        self._room.clear()
        if self._is_over:
            return
        self._peer.call_soon(lambda: self._say(data))
        self._room.wait()

    def _say(self, data: bytes) -> None:
        if not self._is_over:
            self._peer.send_exactly(data)
            self._peer.when_room(self._room.set)

    def _told(self, line: str) -> None:
        if line and self._notes < _MOST_NOTES and not self._is_over:
            self._notes += 1
            self._peer.note(f"the program says: {line}" if self._notes < _MOST_NOTES else "the program says more")

    def _ended(self, code: int) -> None:
        from core.child_process import words_of_exit

        if self._is_over:
            return
        self._peer.note(f"the program {words_of_exit(code)}")
        self._peer.close(Ending.PROGRAM)
