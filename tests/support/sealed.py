"""A transport with a protocol of its own under the connection's bytes, made as awkward as TLS can be."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
from collections import deque

from core.net.loop import READ, WRITE, GuardedLoop, Ready
from core.net.transport import Tcp
from core.tcp import TcpInfo

HELLO = b"HELLO\n"  # from each end, before anything else
BYE = b"\0\0"  # before the FIN
_LONGEST = 1000  # bytes in a record


def sealed(data: bytes) -> bytes:
    """A record: its length, and its bytes turned over."""
    return len(data).to_bytes(2, "big") + bytes(byte ^ 0xFF for byte in data)


class Sealed:
    """Greets before the first byte, seals what is sent in records, and parts with a word before the FIN.

    One receive of the socket may give several records, and each record of a message has to be out before the next; a
    FIN without the word is an error. The word goes out when the loop says that there is room, and never before. If it
    begins ``plain``, all this begins with ``seal``.
    """

    name = "sealed"
    goodbye = "BYE"
    datagrams = False
    why_no_half_close = ""

    def __init__(self, sock: socket.socket, *, plain: bool = False) -> None:
        self._tcp = Tcp(sock)
        self.local = self._tcp.local
        self.set_nagle = self._tcp.set_nagle
        self._lock = threading.Lock()  # any thread sends
        self._is_plain = plain
        self._in = bytearray()
        self._out = bytearray(HELLO)
        self._in_record = 0  # how many bytes of the connection's the last record of ``_out`` is made of
        self._pieces: deque[bytes | OSError] = deque()  # for the connection; b"" is the end
        self._has_met = self._says_bye = self._is_closed = False
        self._events = 0
        self._loop: GuardedLoop | None = None
        self._ready: Ready = lambda _events: None

    def seal(self) -> None:
        """Say nothing in the clear from now on. The loop's thread."""
        with self._lock:
            self._is_plain = False
        self._watch()

    @property
    def is_ready(self) -> bool:
        return self._is_plain or self._has_met

    @property
    def is_over(self) -> bool:
        return self._tcp.is_over

    @property
    def is_broken(self) -> bool:
        return self._tcp.is_broken

    @property
    def unconfirmed(self) -> int | None:
        return self._tcp.unconfirmed

    @property
    def undelivered(self) -> int | None:
        return self._tcp.undelivered

    @property
    def tcp_info(self) -> TcpInfo | None:
        return self._tcp.tcp_info

    @property
    def silence(self) -> float | None:
        return self._tcp.silence

    def receive(self, most: int, /) -> bytes:
        if self._is_plain:
            return self._tcp.receive(most)
        with self._lock:
            if not self._pieces:
                raise BlockingIOError
            piece = self._pieces.popleft()
            if isinstance(piece, OSError):
                raise piece
            if len(piece) > most:
                self._pieces.appendleft(piece[most:])
            return piece[:most]

    def send(self, data: bytes | memoryview, /) -> int:
        with self._lock:
            if self._is_plain:
                return self._tcp.send(data)
            if not self._has_met:
                raise BlockingIOError
            if not self._in_record:
                record = bytes(data[:_LONGEST])
                self._in_record = len(record)
                self._out += sealed(record)
            self._push()
            if self._out:
                raise BlockingIOError  # the same bytes come again
            count, self._in_record = self._in_record, 0
            return count

    def finish_sending(self) -> None:
        with self._lock:
            if not self._says_bye:
                self._says_bye = True
                self._out += BYE
        if self._out:
            self._watch()
            raise BlockingIOError
        self._tcp.finish_sending()

    def wait_for(self, loop: GuardedLoop, events: int, ready: Ready) -> None:
        self._loop, self._events, self._ready = loop, events, ready
        self._watch()
        if events & READ and self._pieces:
            loop.call_soon(self._hand_over)

    def abort(self) -> None:
        self._end()
        self._tcp.abort()

    def close(self) -> None:
        self._end()
        self._tcp.close()

    # What it does by itself.

    def _watch(self) -> None:
        assert self._loop is not None
        wish = self._events if self._has_met or self._is_plain else READ
        if self._out and not self._is_plain:
            wish |= WRITE
        self._tcp.wait_for(self._loop, wish, self._on_ready)

    def _end(self) -> None:
        self._is_closed = True
        assert self._loop is not None
        self._tcp.wait_for(self._loop, 0, self._on_ready)

    def _on_ready(self, events: int) -> None:
        if self._is_plain:
            self._ready(events)
            return
        with self._lock:
            owed = bool(self._out)
            self._push()
            if events & READ:
                self._pull()
        has_room = self._has_met and not self._out and (self._events & WRITE or (owed and self._says_bye))
        self._hand_over()
        if has_room:
            self._ready(WRITE)
        if not self._is_closed:
            self._watch()

    def _hand_over(self) -> None:
        while self._pieces and self._events & READ:
            self._ready(READ)

    def _push(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._out:
                del self._out[: self._tcp.send(bytes(self._out))]

    def _pull(self) -> None:
        try:
            data = self._tcp.receive(65536)
        except BlockingIOError:
            return
        if not data:
            self._pieces.append(OSError(errno.ECONNRESET, "cut off"))
        self._in += data
        if not self._has_met and self._in.startswith(HELLO):
            self._has_met = True
            del self._in[: len(HELLO)]
        while self._has_met and (record := self._next_record()) is not None:
            self._pieces.append(record)

    def _next_record(self) -> bytes | None:
        length = int.from_bytes(self._in[:2], "big")
        if len(self._in) < 2 + length or len(self._in) < 2:
            return None
        record = bytes(byte ^ 0xFF for byte in self._in[2 : 2 + length])
        del self._in[: 2 + length]
        return record
