"""A connection as a reply's responder has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.address import Address
from core.clock import monotonic_ns
from core.errors import SendError
from core.events import Ending, Event, NotSent, Remark, SessionId
from core.net.loop import GuardedLoop, Loop, Timer
from core.net.owner import Pause

if TYPE_CHECKING:
    from core.net.connection import Connection


class AnsweredConnection:
    """A connection that a responder answers; see ``core.replies.Peer``. What its calls raise ends it and no other."""

    def __init__(
        self,
        connection: Connection,
        loop: Loop,
        session: SessionId,
        emit: Callable[[Event], None],
        *,
        room: int,
        is_known: bool,
    ) -> None:
        self._connection = connection
        self._loop = GuardedLoop(loop, connection.fail)
        self._session = session
        self._emit = emit
        self._room = room  # bytes
        self.is_known = is_known

    @property
    def number(self) -> int:
        return self._connection.number

    @property
    def address(self) -> Address:
        return self._connection.peer

    def send(self, message: bytes, origin: str) -> None:  # noqa: ARG002 - until the journal keeps origins
        self._send(self._connection.send, message)
        self._connection.wait_for_reader()

    def send_exactly(self, data: bytes, origin: str) -> None:  # noqa: ARG002 - until the journal keeps origins
        self._send(self._connection.send_exactly, data)

    def _send(self, send: Callable[[bytes], None], data: bytes) -> None:
        try:
            send(data)
        except SendError as error:
            self._emit(NotSent(self._session, self._connection.id, monotonic_ns(), len(data), str(error)))

    def when_room(self, call: Callable[[], None]) -> None:
        connection, most = self._connection, self._room
        if connection.waiting <= most or not connection.is_open:
            call()
            return

        def look() -> None:
            if connection.waiting <= most or not connection.is_open:
                connection.watchers.remove(look)
                call()

        connection.watchers.add(look)

    def note(self, text: str) -> None:
        self._emit(Remark(self._session, self._connection.id, monotonic_ns(), text))

    def finish_sending(self) -> None:
        self._connection.finish_sending()

    def close(self, ending: Ending = Ending.RULE) -> None:
        self._connection.close(ending)

    def abort(self) -> None:
        self._connection.abort()

    def hold_back(self) -> None:
        self._connection.pause(Pause.REPLY)

    def go_on(self) -> None:
        self._connection.resume(Pause.REPLY)

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        return self._loop.call_later(seconds, call)

    def call_soon(self, call: Callable[[], None]) -> None:
        self._loop.call_soon(call)
