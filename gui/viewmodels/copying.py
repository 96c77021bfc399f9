"""Which messages a copied shell command says, and to whom. Pure functions of values; no tkinter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.address import Address
from core.compose import Place
from core.errors import DraftError
from core.journal.display_row import SENT, DisplayRow

if TYPE_CHECKING:
    from core.journal.recording.ledger import SessionState

MOST_WRITTEN = 256 * 1024  # bytes that one command says: what a shell takes at once


def said_to(state: SessionState, found: Sequence[tuple[DisplayRow, bytes]]) -> tuple[Place, bytes]:
    """Where another program says these messages, and their bytes joined.

    Of messages both ways these are what the end that called has said; if only the other end spoke, what that has said,
    by a program that listens. Raises ``DraftError`` if there are none, too many bytes, or no address.
    """
    if not found:
        raise DraftError("Only messages have bytes that another program could send, and this is none.", 0, 0)
    asked = [(row, data) for row, data in found if _is_of_caller(state, row)]
    said = asked or list(found)
    if state.role.datagrams and len(said) > 1:
        raise DraftError("Each datagram is a message of its own: choose one of them.", 0, 0)
    data = b"".join(data for _row, data in said)
    if len(data) > MOST_WRITTEN:
        raise DraftError(f"{len(data):,} bytes are too many for one command. Save them, and send the file.", 0, 0)
    address, tls = _called(state, said[0][0])
    if address is None or not address.port:
        raise DraftError("The journal does not say at which address this was said.", 0, 0)
    return Place(address, not asked, tls, state.role.datagrams), data


def _we_called(state: SessionState, row: DisplayRow) -> bool:
    """Whether this end called; a tap does for its legs to the target, whose numbers are negative."""
    return (row.number or 1) < 0 or (state.role.dials and not state.role.listens)


def _is_of_caller(state: SessionState, row: DisplayRow) -> bool:
    return (row.kind == SENT) == _we_called(state, row)


def _called(state: SessionState, row: DisplayRow) -> tuple[Address | None, bool]:
    """The address that was called on the connection of a message, and whether TLS was spoken there."""
    known = state.connection(row.connection) if row.connection is not None else None
    tls = known.tls is not None if known is not None else state.tls
    if _we_called(state, row):
        asked = state.onward if state.role.listens else state.target
        return asked or (known.peer if known is not None else None), tls
    if known is not None and known.local.port:
        return known.local, tls
    return (state.addresses or (state.target.dialled,))[0], tls
