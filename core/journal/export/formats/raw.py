"""The bytes as they went through the sockets, of each direction of each connection."""

from __future__ import annotations

from collections.abc import Iterator

from core.journal.display_row import DisplayRow
from core.journal.export.formats import Format
from core.journal.export.source import Pieces


class Raw(Format):
    """Nothing but the bytes."""

    name = "raw"
    title = "Raw bytes"
    sentence = "What was received and what was sent, byte for byte: a file for each direction of each connection."
    ending = ".bin"
    order = 4
    is_binary = is_split = has_framing = True

    def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[bytes]:  # noqa: ARG002 - as other formats need it
        return pieces()
