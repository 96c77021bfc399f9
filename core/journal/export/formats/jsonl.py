"""A conversation as JSON Lines: an object on each line, from which every byte can be had back."""

from __future__ import annotations

import codecs
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator

from core.compose.encoding import Encoding
from core.journal.display_row import DisplayRow
from core.journal.export.formats import Format
from core.journal.export.source import Pieces, at_hand
from core.local_time import iso_time

_TRIPLE = 3  # bytes that base64 writes as four characters


class JsonLines(Format):
    """ASCII alone: whatever is not ASCII is escaped, so that a line is one line to every program.

    A message has ``base64``, its exact bytes, and ``text``, which is null where they are not text in the
    conversation's encoding; one that was sent has ``origin`` where it is known who spoke. A note has ``note`` and
    ``failure``.
    """

    name = "jsonl"
    title = "JSON Lines for programs"
    sentence = "An object on each line with all that is known of a message; the exact bytes are in base64."
    ending = ".jsonl"
    order = 3

    def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[str]:
        """One line, in pieces."""
        if not display_row.is_message:
            yield (
                json.dumps({**_facts(display_row), "note": display_row.note, "failure": display_row.is_failure}) + "\n"
            )
            return
        facts, data = _facts_of_message(display_row), at_hand(display_row)
        if data is not None:
            yield f'{{{facts}, "text": {self._text(data)}, "base64": "{b64encode(data).decode("ascii")}"}}\n'
            return
        yield f'{{{facts}, "text": '
        if self._is_text(pieces()):
            yield '"'
            for text in _decoded(pieces(), self.encoding):
                yield json.dumps(text)[1:-1]
            yield '"'
        else:
            yield "null"
        yield ', "base64": "'
        yield from _base64(pieces())
        yield '"}\n'

    def _text(self, data: bytes) -> str:
        """A message as a JSON string, or ``null`` where it is not text."""
        try:
            return json.dumps(data.decode(self.encoding.codec))
        except UnicodeDecodeError:
            return "null"

    def _is_text(self, pieces: Iterable[bytes]) -> bool:
        try:
            for _text in _decoded(pieces, self.encoding):
                pass
        except UnicodeDecodeError:
            return False
        return True


def _facts(display_row: DisplayRow) -> dict[str, object]:
    return {
        "place": display_row.place,
        "session": display_row.session,
        "entry": display_row.ordinal,
        "connection": display_row.number,
        "connection_id": display_row.connection,
        "kind": display_row.kind,
        "time": iso_time(display_row.wall_ns),
        "wall_ns": display_row.wall_ns,
        "mono_ns": display_row.mono_ns,
    }


def _facts_of_message(display_row: DisplayRow) -> str:
    """The same and what only a message has, as JSON without its braces: ``json.dumps`` takes five times as long."""
    number, connection, span = display_row.number, display_row.connection, display_row.span
    checksum = f', "checksum": {json.dumps(display_row.checksum)}' if display_row.checksum else ""
    origin = f', "origin": {json.dumps(display_row.origin)}' if display_row.origin is not None else ""
    return (
        f'"place": {display_row.place}, "session": {display_row.session}, "entry": {display_row.ordinal}, '
        f'"connection": {"null" if number is None else number}, '
        f'"connection_id": {"null" if connection is None else connection}, "kind": "{display_row.kind}", '
        f'"time": "{iso_time(display_row.wall_ns)}", "wall_ns": {display_row.wall_ns}, "mono_ns": '
        f"{display_row.mono_ns}, "
        f'"size": {display_row.size}, "span": {"null" if span is None else list(span)}, '
        f'"misfit": {json.dumps(display_row.misfit)}{checksum}{origin}'
    )


def _decoded(pieces: Iterable[bytes], encoding: Encoding) -> Iterator[str]:
    """The bytes as text, whatever cuts the characters in two. Raises ``UnicodeDecodeError`` for what is none."""
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _base64(pieces: Iterable[bytes]) -> Iterator[str]:
    held = b""
    for piece in pieces:
        held += piece
        whole = len(held) - len(held) % _TRIPLE
        yield b64encode(held[:whole]).decode("ascii")
        held = held[whole:]
    yield b64encode(held).decode("ascii")
