"""A conversation as a list of steps, which ``test`` plays again: what the client said, and what has to come for it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from core.compose.encoding import Encoding, decode_as
from core.compose.escapes import write_escapes
from core.compose.hexadecimal import write_hex
from core.journal.display_row import DisplayRow
from core.journal.export.formats.script import Script
from core.journal.export.source import Pieces
from core.local_address import is_local

_LARGEST = 256 * 1024  # bytes of one step
_LARGEST_OF_ALL = 512 * 1024  # bytes of all steps: a file of steps has at most 4 MiB, and a byte up to six characters
_MOST = 1_000  # steps of a list
_EMPTY = r"\A\Z"  # an expression that fits an empty datagram and nothing else: the other patterns need something
_USUAL_WAIT, _LONGEST_WAIT = 2_000, 3_600_000  # milliseconds


class Steps(Script):
    """Exact bytes under no framing, so that it does not matter how they are cut: what came in a row is one answer."""

    name = "steps"
    title = "Expectation test"
    sentence = "Steps that say what the client said and expect what the server answered: to be edited, and run by test."
    ending = ".json"
    order = 10

    def __init__(self, *given: object, **named: object) -> None:
        super().__init__(*given, **named)
        self._send: bytes | None = None  # of the step that is being collected
        self._sent_at = self._came_at = 0
        self._own_end = self._peer_end = ""  # what the step that is being collected ends, and expects to be ended
        self._expected = bytearray()
        self._is_answered = False  # by what is expected, which may be an empty datagram
        self._count = self._size = 0
        self._why_cut = ""
        self._is_beginning = False  # whether more was answered than the last step expects

    def head(self) -> str:
        """Everything up to the first step."""
        host, port = self.place
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        target = self.server if is_local(self.server) else target
        target = f"udp://{target}" if self.parties.has_datagrams else f"tls://{target}" if self.parties.tls else target
        head = {"version": 1, "name": "recorded", "framing": "raw", "target": target}
        return f'{json.dumps(head)[:-1]},\n "steps": ['

    def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[str]:
        """The step before this message, if it is complete with it."""
        if not display_row.is_message:
            yield from self._ended(display_row)
            return
        if not self.has(display_row) or self._why_cut:
            return
        data = bytearray()
        for piece in pieces():
            data += piece
            if len(data) > _LARGEST:
                self._why_cut = f"A message of more than {_LARGEST:,} bytes follows, which no step has."
                return
        if self.says(display_row):
            yield self._step()
            if not self._why_cut:
                self._send, self._sent_at = bytes(data), display_row.mono_ns
        else:
            if self.parties.has_datagrams and self._is_answered:
                yield self._step()  # each datagram is an answer of its own
                if self._why_cut:
                    return
            self._is_answered = True
            self._expected += data
            self._came_at = display_row.mono_ns
            if len(self._expected) > _LARGEST:
                del self._expected[_LARGEST:]
                self._why_cut = f"Of the last answer only the first {_LARGEST:,} bytes are expected."
                self._is_beginning = True

    def _ended(self, note: DisplayRow) -> Iterator[str]:
        """The step before an end, and that end as one."""
        for is_ours, how in self.ends(note) if not self._why_cut else ():
            if is_ours or self._is_answered:
                yield self._step()
            if is_ours:
                self._own_end, self._sent_at = how, note.mono_ns
            else:
                self._peer_end, self._came_at = "reset" if how == "reset" else "end", note.mono_ns
                yield self._step()

    def tail(self) -> str:
        """The last step, and what is said of it all."""
        last = self._step()
        about = f"Recorded with {self.parties.target}. {self._why_cut}".rstrip()
        return f'{last}],\n "about": {json.dumps(about)}}}\n'

    def _step(self) -> str:
        """What has been collected as a step; empty if that is nothing, or more than a file takes."""
        send, expected, is_answered = self._send, bytes(self._expected), self._is_answered
        own_end, peer_end = self._own_end, self._peer_end
        self._send, self._own_end, self._peer_end, self._is_answered = None, "", "", False
        self._expected.clear()
        if send is None and not (is_answered or own_end or peer_end):
            return ""
        self._size += len(send or b"") + len(expected)
        if self._count == _MOST or self._size > _LARGEST_OF_ALL:
            self._why_cut = f"More follows: these are the first {self._count:,} steps."
            return ""
        self._count += 1
        row: dict[str, object] = {}
        if send is not None:
            row |= self._written(send, "send", "format", "hex")
        row |= {"end": own_end} if own_end else {}
        took = (self._came_at - self._sent_at) / 1e6 if send is not None or own_end else 0
        if expected:
            kinds = ("hex-begins", "begins") if self._is_beginning else ("hex", "equals")
            row |= self._written(expected, "pattern", "expect", *kinds)
        elif is_answered:
            row |= {"pattern": _EMPTY, "expect": "regex"}
        row |= {"expect": peer_end} if peer_end else {}
        if "expect" in row and took * 2 > _USUAL_WAIT:
            row["within"] = min(_LONGEST_WAIT, math.ceil(2 * took))
        if self.encoding is not Encoding.UTF_8:
            row["encoding"] = self.encoding.value
        return f"{',' if self._count > 1 else ''}\n  {json.dumps(row)}"

    def _written(self, data: bytes, key: str, kind: str, as_hex: str, as_text: str = "") -> dict[str, object]:
        """The bytes under ``key``: with escapes if they are mostly text, else in hex, which ``kind`` then says."""
        text = decode_as(data, self.encoding)
        if 2 * sum(map(str.isprintable, text)) < len(text):
            return {key: write_hex(data), kind: as_hex}
        written: dict[str, object] = {key: write_escapes(data, self.encoding)}
        return written | ({kind: as_text} if as_text else {})
