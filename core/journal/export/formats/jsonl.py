"""A conversation as JSON Lines: an object on each line, from which every byte can be had back."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator

from core.journal.display_row import DisplayRow
from core.journal.export.formats import Format
from core.journal.export.source import Pieces, at_hand, decoded
from core.local_time import iso_time

_TRIPLE = 3  # bytes that base64 writes as four characters


class JsonLines(Format):
    """ASCII alone: whatever is not ASCII is escaped, so that a line is one line to every program.

    A message has ``base64``, its exact bytes, and ``text``, which is null where they are not UTF-8. A
    note has ``note`` and ``failure``.
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
            yield f'{{{facts}, "text": {_text(data)}, "base64": "{b64encode(data).decode("ascii")}"}}\n'
            return
        yield f'{{{facts}, "text": '
        if _is_text(pieces()):
            yield '"'
            for text in decoded(pieces(), "strict"):
                yield json.dumps(text)[1:-1]
            yield '"'
        else:
            yield "null"
        yield ', "base64": "'
        yield from _base64(pieces())
        yield '"}\n'


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
    return (
        f'"place": {display_row.place}, "session": {display_row.session}, "entry": {display_row.ordinal}, '
        f'"connection": {"null" if number is None else number}, '
        f'"connection_id": {"null" if connection is None else connection}, "kind": "{display_row.kind}", '
        f'"time": "{iso_time(display_row.wall_ns)}", "wall_ns": {display_row.wall_ns}, "mono_ns": '
        f"{display_row.mono_ns}, "
        f'"size": {display_row.size}, "span": {"null" if span is None else list(span)}, '
        f'"misfit": {json.dumps(display_row.misfit)}{checksum}'
    )


def _text(data: bytes) -> str:
    """A message as a JSON string, or ``null`` where it is not UTF-8."""
    try:
        return json.dumps(data.decode("utf-8"))
    except UnicodeDecodeError:
        return "null"


def _is_text(pieces: Iterable[bytes]) -> bool:
    try:
        for _text in decoded(pieces, "strict"):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _base64(pieces: Iterable[bytes]) -> Iterator[str]:
    held = b""
    for piece in pieces:
        held += piece
        whole = len(held) - len(held) % _TRIPLE
        yield b64encode(held[:whole]).decode("ascii")
        held = held[whole:]
    yield b64encode(held).decode("ascii")
