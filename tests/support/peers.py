"""Hostile peers, and one that behaves. Each can call or be called: it is what it does with a socket."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self, TypeVar

from core.address import Address
from tests.support.sink import PATIENCE

SECOND = 0.01  # what "a second" of a slow peer lasts here


class Peer:
    """A well-behaved program at the other end of a connection: blocking, with a deadline on everything."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock

    @classmethod
    def calls(cls, address: Address, *, source: str | None = None) -> Self:
        """Connect to a server."""
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(PATIENCE)
            cls.prepare(sock)
            if source:
                sock.bind((source, 0))
            sock.connect((address.host, address.port))
        except BaseException:
            sock.close()
            raise
        return cls(sock)

    @classmethod
    def prepare(cls, sock: socket.socket) -> None:
        """What has to be set before connecting."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    @property
    def port(self) -> int:
        """The port at this end."""
        return int(self.sock.getsockname()[1])

    def say(self, data: bytes) -> None:
        self.sock.sendall(data)

    def hear(self, count: int) -> bytes:
        """Exactly ``count`` bytes, or fewer if the end comes first."""
        parts: list[bytes] = []
        while count > 0 and (part := self.sock.recv(min(count, 1 << 20))):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def hear_all(self) -> bytes:
        """Everything up to the end."""
        return self.hear(1 << 62)

    def hear_a_reset(self) -> bytes:
        """Everything up to a reset, which must come."""
        heard = b""
        try:
            while part := self.sock.recv(1 << 20):
                heard += part
        except ConnectionResetError:
            return heard
        raise AssertionError(f"the connection ended in peace, after {heard!r}")

    def finish(self) -> None:
        """FIN: nothing more comes from here."""
        self.sock.shutdown(socket.SHUT_WR)

    def leave(self) -> None:
        self.sock.close()


class SpeaksMllp(Peer):
    """A lab's program: HL7 messages between 0b and 1c 0d, read as they come."""

    def tell(self, message: bytes) -> None:
        self.say(b"\x0b" + message + b"\x1c\r")

    def told(self) -> bytes:
        """The next message. Raises ``AssertionError`` for what is none."""
        frame = self.hear(1)
        while not frame.endswith(b"\x1c\r") and (more := self.hear(1)):
            frame += more
        assert frame.startswith(b"\x0b"), frame
        return frame[1:-2]


class NeverReads(Peer):
    """Asks and asks and does not want to know: its window is small, and soon shut."""

    @classmethod
    def prepare(cls, sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)


class ReadsAByteASecond(NeverReads):
    """Just alive enough."""

    def read_some(self, count: int) -> bytes:
        heard, pause = b"", threading.Event()
        for _ in range(count):
            heard += self.hear(1)
            pause.wait(SECOND)
        return heard


class Resets(Peer):
    """Crashes: whatever is on its way is lost on both sides."""

    def leave(self) -> None:
        if self.sock.fileno() >= 0:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class HalfClosesThenReads(Peer):
    """``printf x | nc``: says its piece, FIN, and reads what comes."""

    def say_and_hear(self, data: bytes) -> bytes:
        self.say(data)
        self.finish()
        return self.hear_all()


class StopsListeningThenSends(Peer):
    """Shuts the side it reads with and goes on sending."""

    def say(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # macOS: shut already
            self.sock.shutdown(socket.SHUT_RD)
        super().say(data)


class LeavesUnread(Peer):
    """Goes while bytes for it wait unread, which makes the kernel answer them with RST."""

    def say_and_leave(self, data: bytes) -> None:
        self.say(data)
        assert self.sock.recv(1, socket.MSG_PEEK)
        self.leave()


class Dribbles(Peer):
    """One byte to a segment."""

    def say(self, data: bytes) -> None:
        for place in range(len(data)):
            self.sock.sendall(data[place : place + 1])


class NeverEndsItsLine(Peer):
    """Floods without a newline."""

    def flood(self, size: int) -> int:
        chunk, said = b"x" * 65536, 0
        while said < size:
            piece = chunk[: size - said]
            self.sock.sendall(piece)
            said += len(piece)
        return said


class SaysNothing(Peer):
    """Connects, and that is it."""


P = TypeVar("P", bound=Peer)


class Host:
    """Somebody to connect to: a listener that leaves everything else to the test."""

    def __init__(self, host: str = "127.0.0.1", *, port: int = 0, backlog: int = 16, window: int = 0) -> None:
        self._listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if window:
                self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
            self._listener.bind((host, port))
            self._listener.listen(backlog)
        except BaseException:
            self._listener.close()
            raise
        self._listener.settimeout(PATIENCE)
        self.address = Address(host, self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def accept(self, kind: type[P]) -> P:
        """The next caller, met by a peer of that kind."""
        return kind(self._listener.accept()[0])


@contextlib.contextmanager
def crowd(address: Address, count: int = 200) -> Iterator[list[Peer]]:
    """Two hundred at once."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Peer.calls(address)) for _ in range(count)]


@contextlib.contextmanager
def black_hole() -> Iterator[Address]:
    """An address that does not even refuse: a listener that accepts nobody, with every place in its queue taken."""
    with Host(backlog=0) as host, contextlib.ExitStack() as stack:
        for _ in range(4):
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex((host.address.host, host.address.port))
        yield host.address


@contextlib.contextmanager
def stranger(target: Address | None = None) -> Iterator[socket.socket]:
    """A program of somebody else's that speaks UDP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.bind(("127.0.0.1", 0))
        if target is not None:
            sock.connect((target.host, target.port))
        yield sock


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on, just now."""
    with Host(host) as found:
        return found.address.port


class AnswersBack(Peer):
    """Says back whatever it hears, as ``ncat -e cat`` does, until the other end has gone or it leaves."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self._worker = threading.Thread(target=self._answer, name="answers back")
        self._worker.start()

    def _answer(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.sock.recv(4096):
                self.sock.sendall(data)

    def wait_for_the_end(self) -> None:
        """Until the other end has gone."""
        self._worker.join(PATIENCE)
        assert not self._worker.is_alive()

    def leave(self) -> None:
        """Say nothing more."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self._worker.join(PATIENCE)
        super().leave()
