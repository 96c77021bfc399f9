"""A conversation as a sequence diagram: a picture that grows downwards by the same height for each row."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from core.journal.display_row import RECEIVED, DisplayRow
from core.journal.export.formats import Format
from core.journal.export.source import Pieces, readable
from core.journal.reading.sequence import FOLDED_NS, SHOWN_NS, Step, fold, lane_names, step_of, strokes, tag_of
from core.local_time import time_and_zone
from core.roles import ROLES
from core.words import connection_name, duration, human_bytes

_MOST_SHOWN = 44  # characters of a message
_LETTER = 8  # pixels of one, at most
_ROW, _TOP, _TEXT, _ARROW = 36, 64, 13, 24  # pixels: of a row, above the first, and within a row
_FIRST, _LANE, _MARGIN = 150, 420, 60  # of the first lane, between two, and behind the last
_TIMES = 96  # of the times
_HEAD = 9  # of an arrow
# What XML 1.0, 2.2 leaves out. Naming what it allows would take ten times as long to compile.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_STYLE = """
svg { color-scheme: light dark; --ink: #1b1f27; --paper: #fff; --muted: #5c6573; --in: #0b57d0; --out: #146c2e;
  --bad: #b3261e; --fault: #7a4d00; --line: #9aa2af }
@media (prefers-color-scheme: dark) { svg { --ink: #e7eaf0; --paper: #1e2229; --muted: #a9b3c1; --in: #8ab4f8;
  --out: #81c995; --bad: #f2b8b5; --fault: #ffd479; --line: #6b7482 } }
text { font: 13px ui-monospace, monospace; fill: var(--ink); white-space: pre }
.paper { fill: var(--paper) } .time { font-size: 11px; fill: var(--muted) } .lane { stroke: var(--line); fill: none }
.fold { stroke: var(--paper); stroke-width: 3; fill: none } g { stroke-width: 1.5; fill: none } text { stroke: none }
.in { stroke: var(--in) } .in .f { fill: var(--in) } .out { stroke: var(--out) } .out .f { fill: var(--out) }
.note { stroke: var(--muted) } .note text { fill: var(--muted); font-style: italic }
.bad { stroke: var(--bad) } .bad text { fill: var(--bad) }
.fault { stroke: var(--fault) } .fault .f { fill: var(--fault) } .fault text { fill: var(--fault) }
.d { stroke-dasharray: 5 4 } .mid { text-anchor: middle }
"""


class Svg(Format):
    """SVG 1.1 without scripts: lanes, an arrow for each row, times at the left."""

    name = "svg"
    title = "Sequence diagram"
    sentence = "A picture (SVG): an arrow per message with its first bytes, times, ends and faults; for a document."
    ending = ".svg"
    order = 10

    _before: DisplayRow | None = None
    _rows = 0

    @property
    def _lanes(self) -> list[int]:
        return [_FIRST + place * _LANE for place in range(len(lane_names(ROLES.get(self.parties.role))))]

    def head(self) -> str:
        """Everything up to the first row; the height is that of ``total`` rows."""
        lanes, names = self._lanes, lane_names(ROLES.get(self.parties.role))
        width, height = lanes[-1] + _MARGIN, _TOP + self.total * _ROW + _ROW // 2
        what = _text(self.safety.field(f"{self.parties.role} {self.parties.target}".strip() or "conversation"))
        tops = "".join(
            f'<text class="mid" x="{x}" y="46">{_text(name)}</text><path class="lane" d="M{x} 54V{height}"/>'
            for x, name in zip(lanes, names, strict=True)
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}">\n<title>{what}</title>\n<style>{_STYLE}</style>\n'
            f'<rect class="paper" width="{width}" height="{height}"/>\n'
            f'<text x="8" y="20">{what}</text>\n{tops}\n'
        )

    def tail(self) -> str:
        """The end of the picture."""
        return "</svg>\n"

    def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[str]:
        """One row: its time, its arrow, its words."""
        lanes, role = self._lanes, ROLES.get(self.parties.role)
        ends = self.parties.ends.get(display_row.number or 0)
        step = step_of(display_row, role, ends.ending if ends is not None else "")
        top = _TOP + self._rows * _ROW
        gap = display_row.mono_ns - self._before.mono_ns if self._before is not None else 0
        time, zone = time_and_zone(display_row.wall_ns)
        first = f'<text class="time" x="8" y="{top + _ARROW + 4}">{_text(time.partition(" ")[2] or time)}'
        yield f"{first}{_text(zone) if self._before is None else ''}</text>"
        if gap >= SHOWN_NS:
            yield f'<text class="time" x="8" y="{top + _TEXT - 2}">+{_text(duration(gap))}</text>'
        if gap >= FOLDED_NS:
            for x in lanes:
                yield f'<path class="fold" d="M{x} {top}V{top + _ROW // 2}"/>'
                yield f'<path class="lane" d="{_path(fold(x, top, top + _ROW // 2, 8))}"/>'
        drawn = "".join(
            f'<path class="{"f" if stroke.is_filled else "d" if stroke.is_dashed else "l"}" '
            f'd="{_path(stroke.points)}{"Z" if stroke.is_filled else ""}"/>'
            for stroke in strokes(step, lanes, top + _ARROW, _HEAD)
        )
        start, stop = lanes[min(step.start, len(lanes) - 1)], lanes[min(step.stop, len(lanes) - 1)]
        middle = (start + stop) // 2 if start != stop else (lanes[0] + lanes[-1]) // 2
        room = 2 * min(middle - _TIMES, lanes[-1] + _MARGIN - middle) // _LETTER
        y = top + (_TEXT + 2 if drawn else _ARROW + 4)
        words = self._words(display_row, step, pieces, room)
        yield f'<g class="{_kind(display_row, step.is_fault)}">{drawn}<text class="mid" x="{middle}" y="{y}">'
        yield f"{words}</text></g>\n"
        self._before = display_row
        self._rows += 1

    def _words(self, display_row: DisplayRow, step: Step, pieces: Pieces, room: int) -> str:
        """What stands at the arrow, in so many characters at most."""
        if not display_row.is_message:
            return _text(self.safety.field(f"{tag_of(step)}  {display_row.note}".lstrip(), room))
        shown = ""
        for text in readable(pieces(), self.safety, self.encoding):
            shown += text
            if len(shown) > _MOST_SHOWN:
                break
        shown = shown.replace("\n", "\\n").replace("\t", "\\t")
        if len(shown) > _MOST_SHOWN:
            shown = f"{shown[:_MOST_SHOWN]}… {human_bytes(display_row.size)}"
        who = f"{connection_name(display_row.number)} " if display_row.number not in (None, 1) else ""
        return _text(f"{who}{shown}{' (' + display_row.misfit + ')' if display_row.misfit else ''}")


def _kind(display_row: DisplayRow, is_fault: bool) -> str:
    if display_row.is_message:
        return "in" if display_row.kind == RECEIVED else "out"
    return "fault" if is_fault else "bad" if display_row.is_failure else "note"


def _path(points: tuple[float, ...]) -> str:
    pairs = zip(points[::2], points[1::2], strict=True)
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in pairs)


def _text(words: str) -> str:
    """Words as XML may have them."""
    return html.escape(_FORBIDDEN.sub("\ufffd", words), quote=True)
