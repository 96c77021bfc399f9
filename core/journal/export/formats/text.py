r"""A conversation as text that one reads.

    2026-11-23 10:41:02.113  -- #1 connected from 127.0.0.1:40000
    2026-11-23 10:41:02.113  #1 <  type the message
    2026-11-23 10:41:02.113  #1 <@ as the greeting of the reply letter
    2026-11-23 10:41:05.020  #1 >  hello
    2026-11-23 10:41:05.020  #1 >+ in two lines\n

Each line begins with what nobody can forge by sending it: the time, the connection, and a mark.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.compose.encoding import Encoding
from core.journal.display_row import RECEIVED, DisplayRow
from core.journal.export.formats import Format
from core.journal.export.source import Pieces, at_hand, readable, readable_whole
from core.local_time import time_and_zone
from core.words import connection_name


class Text(Format):
    """UTF-8 without a BOM, lines ended by LF. What cannot be seen stands there as in the window."""

    name = "text"
    title = "Text"
    sentence = "As one reads it, a line at a time: when, who and what. Nothing in it is obeyed by a terminal."
    ending = ".txt"
    order = 1

    _zone = ""

    def head(self) -> str:
        """What the marks mean, and how messages are read if not as UTF-8."""
        marks = (
            "# > received, < sent, + the same message goes on, @ who sent it; -- what happened, !! what went wrong\n"
        )
        is_usual = self.encoding is Encoding.UTF_8
        return marks if is_usual else f"{marks}# messages are read as {self.encoding.words}; this file is UTF-8\n"

    def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[str]:
        """The lines of a row."""
        time, zone = time_and_zone(display_row.wall_ns)
        if zone != self._zone:
            yield self._zone_line(zone)
        if not display_row.is_message:
            mark = "!!" if display_row.is_failure else "--"
            note = self.safety.text(display_row.note).replace("\n", f"\n{time}  {mark}+ ")
            yield f"{time}  {mark} {note}\n"
            return
        mark = ">" if display_row.kind == RECEIVED else "<"
        caller = (
            f"{time}  {connection_name(display_row.number)} {mark}"
            if display_row.number is not None
            else f"{time}  # {mark}"
        )
        again, end = f"\n{caller}+ ", "\n"
        if display_row.misfit:
            end = f"\n{caller}! {display_row.misfit}\n"
        elif display_row.checksum:
            end = f"\n{caller}= {display_row.checksum}\n"
        if display_row.spoke:
            end = f"\n{caller}@ {self.safety.field(display_row.spoke)}{end}"
        data = at_hand(display_row)
        if data is not None:
            text = readable_whole(data, self.safety, self.encoding).replace("\n", again)
            yield f"{caller}  {text}{end}"
            return
        yield f"{caller}  "
        for text in readable(pieces(), self.safety, self.encoding):
            yield text.replace("\n", again)
        yield end

    def _zone_line(self, zone: str) -> str:
        """Whose clock it is, where that begins and where it changes, as it does in spring and autumn."""
        self._zone = zone
        return f"# times are UTC{zone}\n"
