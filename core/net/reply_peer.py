"""A connection as a reply's responder has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.address import Address
from core.events import Ending
from core.net.loop import Timer
from core.net.owner import Pause
from core.origin import Origin

if TYPE_CHECKING:
    from core.net.connection import Connection


class ReplyPeer:
    """The ``core.replies.Peer`` of one connection. What its calls raise ends that connection and no other."""

    def __init__(self, connection: Connection, origin: Origin) -> None:
        self._connection = connection
        self._origin = origin  # of what does not say its own

    @property
    def number(self) -> int:
        return self._connection.number

    @property
    def address(self) -> Address:
        return self._connection.peer

    @property
    def ending(self) -> Ending | None:
        return self._connection.ending

    @property
    def why_no_half_close(self) -> str:
        return self._connection.why_no_half_close

    def send(self, message: bytes, origin: Origin | None = None) -> None:
        self._connection.answer(message, origin or self._origin)
        self._connection.wait_for_reader()

    def send_exactly(self, data: bytes) -> None:
        self._connection.answer(data, self._origin, exact=True)

    def when_room(self, call: Callable[[], None]) -> None:
        connection = self._connection

        def look() -> None:
            if connection.has_room:
                connection.watchers.remove(look)
                call()

        if connection.has_room:
            call()
        else:
            connection.watchers.add(look)

    def note(self, text: str) -> None:
        self._connection.remark(text)

    def finish_sending(self) -> None:
        why = self._connection.why_no_half_close
        if why:  # the nearest to it is the end of both sides
            self.note(why)
            self.close()
        else:
            self._connection.finish_sending()

    def close(self, ending: Ending = Ending.RULE) -> None:
        self._connection.close(ending)

    def abort(self) -> None:
        self._connection.abort(Ending.RULE_RESET)

    def abort_behind(self) -> None:
        self._connection.abort_behind(Ending.OURS_RESET)

    def hold_back(self) -> None:
        self._connection.pause(Pause.REPLY)

    def go_on(self) -> None:
        self._connection.resume(Pause.REPLY)

    def call_later(self, seconds: float, call: Callable[[], None]) -> Timer:
        return self._connection.loop.call_later(seconds, call)

    def call_soon(self, call: Callable[[], None]) -> None:
        self._connection.loop.call_soon(call)
