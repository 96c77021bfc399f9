"""A conversation as CSV that is safe to open in a spreadsheet.

A spreadsheet takes a cell that begins with one of a few characters for a formula, and a peer may send
one. Such a beginning gets a ``'`` in front (the list is OWASP's, "CSV Injection", with the look-alikes
that Unicode folds onto it): of the cell, of each line within it, and behind each separator that another
country's spreadsheet would cut at. The ``hex`` column has the bytes as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.journal.display_row import DisplayRow
from core.journal.export.formats import Format
from core.journal.export.source import Pieces, at_hand, readable, readable_whole
from core.local_time import iso_time

COLUMNS = ("time", "seconds", "session", "connection", "kind", "size", "text", "hex", "note", "failure", "origin")
LONGEST_CELL = 32_767  # UTF-16 units; Excel breaks what is longer over rows, each of which could be a formula

_FORMULA = "-=+@＝＋－＠﹦﹢﹣﹫−"
# White space but the separators, and quotes: some programs trim them before they look.
_BLANK = r"""[\r\v\f\x1c-\x1f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"']*"""
_BEGINS_TEMPTING = re.compile(rf"\n|{_BLANK}[{_FORMULA}\t\r]")
# Each is a separator and looks ahead: two beginnings are searched for twice as fast as one that looks behind, too.
_GOES_ON_TEMPTING = re.compile(rf"[\n;](?={_BLANK}[{_FORMULA}\t\r])|\t(?={_BLANK}[{_FORMULA}])")


class Csv(Format):
    """RFC 4180: lines ended by CR LF, every cell quoted. UTF-8 with a BOM, by which Excel knows it.

    ``time`` is local with its distance from UTC, ``seconds`` is a clock that only goes forward, for
    durations. ``text`` is as the window shows it, but for a backslash, which is doubled, and ends with ``…`` if
    it is too long for a cell; ``hex`` is all the bytes behind a ``0x``, without which a spreadsheet takes some
    of them for numbers.
    (Python's own ``csv`` reads a long one only after ``csv.field_size_limit`` was raised.)
    """

    name = "csv"
    title = "CSV for spreadsheets"
    sentence = (
        "A row for each message, with its text and its bytes in hex. Nothing in it is a formula; UTF-8 with a BOM, so "
        "that Excel reads it."
    )
    ending = ".csv"
    order = 2

    def head(self) -> str:
        """The names of the columns."""
        return "\ufeff" + ",".join(map(_cell, COLUMNS)) + "\r\n"

    def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[str]:
        """One row, in pieces."""
        number = "" if display_row.number is None else display_row.number
        moment = f'"{iso_time(display_row.wall_ns)}","{display_row.mono_ns / 1e9:.6f}"'
        begin = f'{moment},"{display_row.session}","{number}"'
        if not display_row.is_message:
            kind, note = self.safety.field(display_row.kind), self.safety.text(display_row.note)
            yield f'{begin},{_cell(kind)},"","","",{_cell(note)},"{"yes" if display_row.is_failure else ""}",""\r\n'
            return
        begin += f',"{display_row.kind}","{display_row.size}"'
        end = f'{_cell(display_row.misfit or display_row.checksum)},"",{self._origin(display_row)}\r\n'
        data = at_hand(display_row)
        if data is not None:
            yield f'{begin},{_cell(readable_whole(data, self.safety, self.encoding))},"0x{data.hex()}",{end}'
            return
        yield f'{begin},{_cell(self._text(pieces))},"0x'
        for piece in pieces():
            yield piece.hex()
        yield f'",{end}'

    def _origin(self, display_row: DisplayRow) -> str:
        return _cell(self.safety.field(display_row.origin)) if display_row.origin is not None else '""'

    def _text(self, pieces: Pieces) -> str:
        """As much of the message as one cell can hold."""
        text = ""
        for part in readable(pieces(), self.safety, self.encoding):
            text += part
            if len(text) > LONGEST_CELL:
                break
        return text


def harmless(cell: str) -> str:
    """The cell with a ``'`` in front of all that a spreadsheet could take for a formula."""
    begin = "'" if _BEGINS_TEMPTING.match(cell) else ""
    if ";" in cell or "\n" in cell or "\t" in cell:  # asked a hundred times as fast as the search for what follows
        cell = _GOES_ON_TEMPTING.sub(r"\g<0>'", cell)
    cell = begin + cell
    if 2 * len(cell) <= LONGEST_CELL or len(units := cell.encode("utf-16-le")) <= 2 * LONGEST_CELL:
        return cell
    return units[: 2 * (LONGEST_CELL - 1)].decode("utf-16-le", "ignore") + "…"


def _cell(text: str) -> str:
    if not text:
        return '""'
    return '"' + harmless(text).replace('"', '""') + '"'
