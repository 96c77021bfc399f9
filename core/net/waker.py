"""Wakes a blocked select from another thread, the same way on Linux, macOS and Windows.

Closing a socket that somebody waits on wakes nobody on Linux; a byte through a socket pair does,
everywhere.
"""

from __future__ import annotations

import socket

from core.supervision import do_all


class Waker:
    """A pair of sockets: whoever waits watches ``reader``, anybody calls ``wake``."""

    def __init__(self) -> None:
        self.reader, self._writer = socket.socketpair()
        self.reader.setblocking(False)
        self._writer.setblocking(False)

    def wake(self) -> None:
        """Make ``reader`` readable. Any thread; never blocks; harmless after ``close``."""
        try:
            self._writer.send(b"\0")
        except OSError:  # full: the waker is ringing already; closed: nobody waits any more
            return

    def drain(self) -> None:
        """Make ``reader`` quiet again. The waiting thread only."""
        try:
            while len(self.reader.recv(4096)) == 4096:
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        """Give both descriptors back. The waiting thread only, when it waits no more."""
        do_all([("closing the waker's reader", self.reader.close), ("closing its writer", self._writer.close)])
