"""One message for whoever the connection is with, as soon as it stands: what a client says on every connect."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.errors import TincanError
from core.origin import Origin
from core.replies import Peer, Reply, Responder

if TYPE_CHECKING:
    from core.compose import Composed, Draft


class OnConnect(Reply, has_name=False):
    """Composes a draft anew for each connection and sends it, and answers nothing.

    Its macros count the connections. Raises ``TincanError`` for a draft that has no bytes.
    """

    name = "opening"
    title = note = "one message on connect"
    order = 9
    has_responders = True

    def __init__(self, draft: Draft, name: str = "") -> None:
        self._draft = draft
        self._count = 0
        self.argument = name
        self.origin = Origin("connect", name)
        self._composed()

    def _composed(self) -> Composed:
        """Raises ``TincanError``."""
        from core.compose import Composed, Context, compose

        found = compose(self._draft, Context.now(self._count))
        if not isinstance(found, Composed):
            raise TincanError(found.sentence)
        if not found.wire:
            raise TincanError("A message to send on connect has to have bytes.")
        return found

    def responder(self, peer: Peer) -> Responder:
        return _OnConnectResponder(self, peer)

    def say(self, peer: Peer) -> None:
        """Send it. A connection's own thread."""
        try:
            found = self._composed()
        except TincanError as error:  # a macro that made sense before
            peer.note(f"what is said on connect has no bytes here: {str(error).removesuffix('.')}")
            return
        self._count += found.counts
        peer.send_exactly(found.wire)


class _OnConnectResponder(Responder):
    def __init__(self, on_connect: OnConnect, peer: Peer) -> None:
        self._on_connect = on_connect
        self._peer = peer

    def opened(self) -> None:
        self._on_connect.say(self._peer)

    def received(self, message: bytes) -> None:
        """Nothing is answered."""

    def peer_finished(self, then: Callable[[], None]) -> None:
        then()

    def closed(self) -> None:
        """Nothing was taken."""
