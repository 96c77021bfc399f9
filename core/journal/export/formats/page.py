"""A conversation as one page of HTML: nothing in it is loaded, run or obeyed, whatever was received.

Each message has an arrow between two lanes, so that the page is a diagram of the sequence as well.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from core.journal.display_row import RECEIVED, DisplayRow
from core.journal.export.formats import Format
from core.journal.export.source import Pieces, readable
from core.local_time import time_and_zone

_MOST_SHOWN = 100_000  # characters of one message; more would stop a browser
_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fff; --muted: #5f6368; --in: #0b57d0; --out: #146c2e;
  --bad: #b3261e; --line: #d0d4da }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --paper: #16181c; --muted: #a0a6ad; --in: #8ab4f8;
  --out: #81c995; --bad: #f2b8b5; --line: #3a3f46 } }
* { box-sizing: border-box }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif }
h1 { font-size: 1.3rem }
ol { list-style: none; margin: 0; padding: 0 }
li { display: grid; grid-template-columns: 8.5rem 3rem 9rem 1fr; gap: .6rem; align-items: start; padding: .15rem 0;
  break-inside: avoid }
time, .who { color: var(--muted); font-variant-numeric: tabular-nums; white-space: nowrap }
svg { display: block; width: 9rem; height: 0; min-height: 100%; overflow: visible }
.lane { stroke: var(--line) } .in { stroke: var(--in); fill: var(--in) } .out { stroke: var(--out); fill: var(--out) }
pre { margin: 0; font: 14px/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
.note { grid-column: 4; color: var(--muted); font-style: italic } .bad { color: var(--bad); font-style: normal }
.more { color: var(--muted) }
@media print { body { margin: 0; max-width: none } }
"""
_LANES = '<line class="lane" x1="4" y1="-8" x2="4" y2="100%"/><line class="lane" x1="140" y1="-8" x2="140" y2="100%"/>'
_ARROWS = {
    True: '<line class="in" x1="6" y1="11" x2="130" y2="11"/><path class="in" d="M138 11l-9 -4v8z"/>',
    False: '<line class="out" x1="14" y1="11" x2="138" y2="11"/><path class="out" d="M6 11l9 -4v8z"/>',
}


class Page(Format):
    """HTML 5, UTF-8, without scripts; a policy in it forbids everything but its own style (CSP level 3)."""

    name = "html"
    title = "Web page"
    sentence = "One page for a browser or a printer, light or dark as its reader likes it, with an arrow per message."
    ending = ".html"
    order = 5

    _zone = ""

    def head(self) -> str:
        """Everything up to the first row."""
        what = html.escape(f"{self.parties.role} {self.parties.target}".strip() or "conversation")
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{what}: Tincan</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{what}</h1>\n"
            "<p>Blue arrows show what was received, green ones what was sent. Text is "
            f"{html.escape(self.encoding.words)}; what cannot be seen is shown as an escape.</p>\n<ol>\n"
        )

    def tail(self) -> str:
        """The end of the page."""
        return "</ol>\n</body>\n</html>\n"

    def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[str]:
        """A row of the list."""
        time, zone = time_and_zone(display_row.wall_ns)
        if zone != self._zone:
            self._zone = zone
            yield f'<li><span class="note">times are UTC{html.escape(zone)}</span></li>\n'
        who = f"#{display_row.number}" if display_row.number is not None else ""
        yield f'<li><time>{html.escape(time.partition(" ")[2] or time)}</time><span class="who">{who}</span>'
        if not display_row.is_message:
            kind = "note bad" if display_row.is_failure else "note"
            yield f'<svg aria-hidden="true">{_LANES}</svg>'
            yield f'<span class="{kind}">{_safe(self.safety.text(display_row.note))}</span></li>\n'
            return
        is_received = display_row.kind == RECEIVED
        label = f"{'received' if is_received else 'sent'}, {display_row.size:,} bytes"
        yield f'<svg role="img" aria-label="{label}">{_LANES}{_ARROWS[is_received]}</svg><pre>'
        left = _MOST_SHOWN
        for text in readable(pieces(), self.safety, self.encoding):
            yield _safe(text[:left])
            left -= len(text)
            if left < 0:
                yield f'</pre><span class="note more">{display_row.size:,} bytes, not all of them are shown</span><pre>'
                break
        yield "</pre>"
        if display_row.spoke:
            yield f'<span class="note">{_safe(self.safety.field(display_row.spoke))}</span>'
        remark = display_row.misfit or display_row.checksum
        if remark:
            yield f'<span class="note{" bad" if display_row.misfit else ""}">{_safe(remark)}</span>'
        yield "</li>\n"


def _safe(text: str) -> str:
    return html.escape(text, quote=True)
