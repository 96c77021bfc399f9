"""Display rows of the journal as rows of the conversation: what is written where, and with which tags.

Pure: a row is text with the names of tags. ``gui.views.conversation.transcript`` puts it into a Text widget.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from core import text_safety
from core.local_time import local_of
from core.origin import PASSED_ON
from core.text_safety import Span, TextSafety
from core.words import connection_name, duration
from gui.viewmodels.decoding import UTF_8, Decoding
from gui.viewmodels.hexdump import Layout, dump, hex_line
from gui.viewmodels.typeset_row import DECOR, INCOMING, OUTGOING, Body, Cap, Place, Row, Run, joined, pieces
from gui.viewmodels.wrapping import PAD, Metrics

if TYPE_CHECKING:
    from core.events import ConnectionId
    from core.journal.display_row import DisplayRow
    from core.roles import Role

RECEIVED, SENT = "received", "sent"
_SECOND_NS = 1_000_000_000
SHARED_HEADER_NS = _SECOND_NS  # messages of one sender within a second stand under one header
_USUAL_LINE = 60  # characters
_CONTROLS = bytes({*range(32), 127} - {9, 10, 13})
_HIGH = bytes(range(128, 256))
_MANY = 16  # one control character among so many bytes is many
_MOST_NAMED, _MOST_NAMED_COMPACT = 8, 2  # receivers of one message
_LEAD = ("compact", "lead")  # the tags of what stands in front of a compact row
MOST_PASSED = 64  # messages of one direction that may be on their way through at once
_LONGEST_SPOKE = 48  # characters that say who spoke
MORE = 128 * 1024  # bytes that one click adds to a message that is folded
HEX_MORE = 16 * 1024  # the same where bytes are shown as hex


_Bytes: TypeAlias = "tuple[int, bytes | None]"  # how many, and those that are shown


@dataclass(frozen=True, slots=True)
class RowStyle:
    """How a person wants rows: bytes as hex, one line for each, times counted from the message before."""

    as_hex: bool = False
    is_compact: bool = False
    counts_time: bool = False


class Typesetter:
    """Sets the display rows of one session, in order.

    It remembers the display row before, because a header is shared and a day is announced once. If the
    display rows are pieces as ``recv`` gave them, bytes of a character that was cut in two stand with the
    piece that completes it; ``ended_ragged`` says that some were shown as bytes because that piece was
    not there.
    """

    def __init__(
        self,
        role: Role,
        safety: TextSafety,
        metrics: Metrics,
        *,
        joins_pieces: bool = True,
        style: RowStyle = RowStyle(),
        decoding: Decoding = UTF_8,
    ) -> None:
        self.ended_ragged = False
        self._style = style
        self._decoding = decoding
        self._joins_pieces = joins_pieces
        self._role = role
        self._safety = safety
        self._metrics = metrics
        self._before: DisplayRow | None = None
        self._said: DisplayRow | None = None  # the message before
        self._cut: dict[ConnectionId | None, bytes] = {}
        self._also: dict[int, list[int]] = {}  # who else got the message in that place
        self._before_also: list[int] | None = None  # the same of the display row before, if it is known
        self._leader: DisplayRow | None = None  # the first of the messages to many that were set last
        self._told: set[int] = set()  # places that stand under another's header
        self._passed: defaultdict[int, deque[_Bytes]] = defaultdict(lambda: deque(maxlen=MOST_PASSED))

    def set(
        self,
        display_rows: Sequence[DisplayRow],
        after: DisplayRow | None = None,
        said: DisplayRow | None = None,
        earlier: Sequence[DisplayRow] = (),
    ) -> list[Row]:
        """Rows for display rows that follow those set before, or that follow ``after`` and the message ``said``.

        What was passed on is also looked for in those that are ``earlier`` than ``after``.
        """
        if after is not None:
            self._before, self._before_also = after, None
            self._said = said
        self._find_broadcasts(display_rows)
        if self._role.passes_on:
            self._find_passed_on(display_rows if after is None else [*earlier, after, *display_rows])
        last_piece = {
            display_row.connection: display_row.place for display_row in display_rows if display_row.kind == RECEIVED
        }
        return [
            self._row(display_row, goes_on=display_row.place < last_piece.get(display_row.connection, -1))
            for display_row in display_rows
        ]

    def _row(self, display_row: DisplayRow, *, goes_on: bool) -> Row:
        row = Row(display_row.place)
        if display_row.place in self._told:
            return row
        before, self._before = self._before, display_row
        shares_header = before is not None and self._has_header_of(before, display_row)
        self._before_also = self._also.get(display_row.place, [])
        if before is not None and _is_another_day(before, display_row):
            row.line(Run(PAD, ("day", DECOR)), Run(time.strftime("%A %d %B %Y", _local(display_row)), ("day",)))
        if display_row.kind in (RECEIVED, SENT):
            self._set_message(row, display_row, shares_header=shares_header, goes_on=goes_on)
            self._said = display_row
        else:
            self._set_note(row, display_row)
        return row

    def _when(self, display_row: DisplayRow) -> str:
        """The time of day, or how long after the message before it was."""
        if not self._style.counts_time or self._said is None:
            return clock(display_row)
        return f"+{duration(max(0, display_row.mono_ns - self._said.mono_ns))}"

    def _set_note(self, row: Row, display_row: DisplayRow) -> None:
        tags = ("note", "failure") if display_row.is_failure else ("note",)
        note = self._safety.text(display_row.note).replace("\n", " ")
        number = f"{connection_name(display_row.number)} "
        if self._style.is_compact:
            tags = ("compact", "wrapped", "note-text", *tags[1:])
            lead = [Run(text, (*others, "wrapped")) for text, others in self._lead(display_row)]
            row.line(*lead, Run(note, tags))
            return
        runs = [Run(note.removeprefix(number), tags), Run(f"   {self._when(display_row)}", ("note", "when"))]
        if self._role.many_connections and display_row.number is not None and note.startswith(number):
            runs.insert(0, Run(number, ("note", connection_tag(display_row.number))))
        row.line(Run(PAD, ("note", DECOR)), *runs)

    def _set_message(self, row: Row, display_row: DisplayRow, *, shares_header: bool, goes_on: bool) -> None:
        if self._style.is_compact:
            self._set_compact(row, display_row, goes_on=goes_on)
            return
        if shares_header and not self._style.counts_time:
            row.decoration("gap")
        else:
            row.line(*self._header(display_row))
        self._set_bubble(row, display_row, goes_on=goes_on)

    def _is_incoming(self, display_row: DisplayRow) -> bool:
        """Whether it stands on the left: what came to us; where we pass it on, what goes to the target."""
        is_received = display_row.kind == RECEIVED
        return is_received is ((display_row.number or 0) >= 0) if self._role.passes_on else is_received

    def _header(self, display_row: DisplayRow) -> list[Run]:
        is_incoming = self._is_incoming(display_row)
        side = ("head",) if is_incoming else ("head", "right")
        # Tk would draw the first run's ground from the left edge on
        lead = [] if is_incoming else [Run(PAD, (*side, DECOR))]
        return [*lead, *self._way(display_row, side, _MOST_NAMED), Run(f" {self._when(display_row)}", side)]

    def _way(self, display_row: DisplayRow, side: tuple[str, ...], most: int) -> list[Run]:
        """Who speaks, and to whom where that is not plain."""
        role, is_received = self._role, display_row.kind == RECEIVED
        spoke = [Run(f" {self._spoke(display_row)} ", side)] if display_row.spoke else []
        if not role.many_connections:
            return [Run(f"{role.peer if is_received else role.us} ", (*side, "who")), *spoke]
        if is_received and role.passes_on and display_row.number is not None:
            caller = Run(f"{connection_name(abs(display_row.number))} ", (*side, connection_tag(display_row.number)))
            return (
                [caller, Run(f"→ {role.onward} ", side)] if display_row.number > 0
                else [Run(role.onward, (*side, "who")), Run(" → ", side), caller]
            )  # fmt: skip
        who = self._numbers(display_row, side, most)
        return who if is_received else [Run(role.us, (*side, "who")), Run(" → ", side), *who, *spoke]

    def _spoke(self, display_row: DisplayRow) -> str:
        return self._safety.field(display_row.spoke, _LONGEST_SPOKE) if display_row.spoke else ""

    def _numbers(self, display_row: DisplayRow, tags: tuple[str, ...], most: int) -> list[Run]:
        """The connections that a message came from or went to."""
        numbers = [display_row.number, *self._also.get(display_row.place, ())]
        who = [Run(f"{connection_name(number)} ", (*tags, connection_tag(number))) for number in numbers[:most]]
        if len(numbers) > most:
            who.append(Run(f"and {len(numbers) - most:,} more ", tags))
        return who

    def _lead(self, display_row: DisplayRow, way: Sequence[Run] = (), tags: tuple[str, ...] = _LEAD) -> list[Run]:
        """What stands in front of the text of a compact row: its time, its number in the conversation, its way.

        The tab in front of the text has its ``tags``: Tk takes its time over each run.
        """
        words = f"{self._when(display_row)}\t{display_row.place + 1:,}\t"
        return [Run(words, _LEAD), *way, Run("\t", tags)]

    def _set_compact(self, row: Row, display_row: DisplayRow, *, goes_on: bool) -> None:
        """The message on one line: as much of it as there is room for."""
        tags = ("compact", "received" if self._is_incoming(display_row) else "sent")
        way = [Run("in " if display_row.kind == RECEIVED else "out ", tags)]
        if self._role.passes_on:
            way = self._way(display_row, ("compact",), _MOST_NAMED_COMPACT)
        elif self._role.many_connections:
            way += self._numbers(display_row, ("compact",), _MOST_NAMED_COMPACT)
        lead = self._lead(display_row, way, tags)
        body = self._body(display_row, goes_on=goes_on)
        is_hex = self._style.as_hex and display_row.size > 0
        layout = Layout(max(1, len(body.data)), digits=0, gap=0, has_bars=False) if is_hex else None
        start = Place(row.lines, sum(len(run.text) for run in lead))
        body.is_one_line, body.layout, body.start, body.stop_line = True, layout, start, row.lines + 1
        row.body = body
        more = f"… {display_row.size:,} bytes" if body.has_more else "…"
        remark = "".join(f"   {each}" for each in (self._spoke(display_row), _remark(display_row)) if each)
        room = self._metrics.compact_room("".join(run.text for run in way), more, remark)
        if not display_row.size:
            spans = [Span("(empty)", is_mark=True)]
        elif layout is not None:
            spans = [Span(hex_line(body.data))]
        else:
            spans = self._on_one_line(body, room)
        whole = "".join(span.text for span in spans)
        fits = self._metrics.fitting(whole, room)
        is_cut = body.has_more or fits < len(whole)
        (kept,) = pieces(spans, [fits])
        row.line(
            *lead,
            *(Run(text, (*tags, "mark") if is_mark else tags) for text, is_mark, _ in kept),
            Run((more if is_cut else "") + remark, ("compact", "mark", DECOR)),
            Run("", tags),
        )
        row.runs = joined(run for run in row.runs if run.text)

    def _on_one_line(self, body: Body, room: int) -> list[Span]:
        """All of a message's text, or more of it than fits into so many pixels."""
        enough = self._metrics.more_than_fit(room)
        (spans,) = _plain_if_many(body.lines(enough))
        whole = "".join(span.text for span in spans)
        if len(whole) >= enough and self._metrics.fitting(whole, room) == len(whole):
            (spans,) = _plain_if_many(body.lines())
        return spans

    def shown_with_others(self, display_rows: Sequence[DisplayRow]) -> frozenset[int]:
        """The places of those that are shown as one with another: one message to many, and what was passed on."""
        self._find_broadcasts(display_rows)
        if self._role.passes_on:
            self._find_passed_on(display_rows)
        return frozenset(self._told)

    def _find_broadcasts(self, display_rows: Sequence[DisplayRow]) -> None:
        """One message to many is a display row for each; together they are shown once."""
        self._also, self._told = {}, set()
        leader: DisplayRow | None = None
        for display_row in display_rows:
            if leader is not None and self._is_same_broadcast(leader, display_row):
                self._also.setdefault(leader.place, []).append(display_row.number or 0)
                self._told.add(display_row.place)
            else:
                leader = display_row if display_row.kind == SENT else None
        self._leader = leader

    def _find_passed_on(self, display_rows: Sequence[DisplayRow]) -> None:
        """What was passed on as it came is shown as it came, once; what went on otherwise is shown as well."""
        for display_row in display_rows:
            number = display_row.number or 0
            if display_row.kind == RECEIVED:
                self._passed[-number].append((display_row.size, display_row.data))
            elif display_row.kind == SENT and number in self._passed and self._went_on(display_row, number):
                self._told.add(display_row.place)

    def _went_on(self, display_row: DisplayRow, number: int) -> bool:
        """Whether it is what came on the other leg. Who spoke tells, but not of a message out of several sends, which
        is the last one's, nor in an old journal: then the bytes do.
        """
        origin, span, passed = display_row.origin, display_row.span, self._passed[number]
        if origin is not None and origin != PASSED_ON:
            return False
        what = display_row.size, display_row.data
        if what not in passed:
            return origin is not None and span is not None and span.first == span.last
        while passed.popleft() != what:
            continue
        return True

    def goes_on_with(self, display_row: DisplayRow) -> bool:
        """Whether that display row, which follows those set last, is one message to many together with the last of
        them.
        """
        return self._leader is not None and self._is_same_broadcast(self._leader, display_row)

    def _has_header_of(self, before: DisplayRow, display_row: DisplayRow) -> bool:
        """Whether it is of the same sender, to the same receivers, and soon after."""
        also = self._also.get(display_row.place, [])
        same_others = self._before_also is None or self._before_also == also
        return same_others and _share_header(before, display_row)

    def _is_same_broadcast(self, leader: DisplayRow, display_row: DisplayRow) -> bool:
        latest = self._also.get(leader.place, [leader.number or 0])[-1]
        said = (leader.kind, leader.size, leader.data, leader.origin)
        same = said == (display_row.kind, display_row.size, display_row.data, display_row.origin)
        return same and (display_row.number or 0) > latest and _are_close(leader, display_row)

    def _set_bubble(self, row: Row, display_row: DisplayRow, *, goes_on: bool) -> None:
        body = self._body(display_row, goes_on=goes_on)
        kind = INCOMING if self._is_incoming(display_row) else OUTGOING
        step = HEX_MORE if self._style.as_hex else MORE
        rest = _rest(display_row.size + body.carried - len(body.data), step) if body.has_more else ""
        remark = _remark(display_row)
        notes = [rest, remark]
        if self._style.as_hex and display_row.size:
            width, lines = self._hex_lines(body, notes)
        else:
            lines = _plain_if_many(body.lines()) if display_row.size else [[Span("(empty)", is_mark=True)]]
            width = self._metrics.bubble(["".join(span.text for span in line) for line in lines] + notes)
        shape = (kind, f"{kind}-{width}", *(("hex",) if body.layout is not None else ()))
        row.caps.append(Cap(row.lines, kind, width, top=True))
        row.decoration(f"{kind}-cap")
        start = row.lines
        for line in lines:
            self._set_line(row, line, shape)
        pad = len(PAD) if kind == OUTGOING else 0
        body.start, body.stop_line = Place(start, pad if body.layout else 0), row.lines
        row.body = body
        if rest:
            self._set_line(row, [Span(rest)], (*shape, "more", f"more-{display_row.place}", DECOR))
        if remark:
            self._set_line(row, [Span(remark, is_mark=True)], (*shape, DECOR))
        self._end_bubble(row, kind, width)

    def _hex_lines(self, body: Body, notes: list[str]) -> tuple[int, list[list[Span]]]:
        """How wide a dump is, and its lines."""
        body.layout = layout = self._metrics.hex_layout(len(body.data))
        columns = min(layout.width, layout.text_start + len(body.data) + layout.has_bars)
        lines = [[Span(line)] for line in dump(body.data, 0, layout).split("\n")]
        return self._metrics.hex_bubble(columns, notes), lines

    def _end_bubble(self, row: Row, kind: str, width: int) -> None:
        row.caps.append(Cap(row.lines, kind, width, top=False))
        row.decoration(f"{kind}-cap")
        row.runs = joined(row.runs)

    def _set_line(self, row: Row, line: list[Span], shape: tuple[str, ...]) -> None:
        """A line, broken where it is wider than the bubble, unless it is one of hex, which is as wide as it must."""
        whole = "".join(span.text for span in line)
        broken = [whole] if "hex" in shape else list(self._metrics.broken(whole))
        in_pieces = [line] if len(broken) == 1 else pieces(line, map(len, broken))  # a row of tabs is a span for each
        for number, piece in enumerate(in_pieces):
            if number:
                row.runs.append(Run("\n", (*shape, DECOR)))
            if shape[0] == OUTGOING:
                row.runs.append(Run(PAD, (*shape, DECOR)))
            row.runs += [Run(text, (*shape, "mark") if is_mark else shape) for text, is_mark, _ in piece]
        row.runs.append(Run("\n", shape))
        row.lines += len(broken)

    def _body(self, display_row: DisplayRow, *, goes_on: bool) -> Body:
        """The bytes that are shown of a message; under hex none are kept for the piece behind."""
        if self._style.as_hex:
            data = display_row.data or b""
            return Body(data, self._decoding, self._safety, has_more=display_row.size > len(data))
        before = self._cut.get(display_row.connection, b"") if display_row.kind == RECEIVED else b""
        data, more = self._whole_characters(display_row, goes_on=goes_on)
        return Body(data, self._decoding, self._safety, len(before), has_more=more > 0)

    def _whole_characters(self, display_row: DisplayRow, *, goes_on: bool) -> tuple[bytes, int]:
        """The display row's bytes, where a cut character stands with the later piece, and how many are not shown."""
        shown = display_row.data or b""
        data = self._cut.pop(display_row.connection, b"") + shown if display_row.kind == RECEIVED else shown
        more = display_row.size - len(shown)
        tail = self._decoding.unfinished_tail(data) if self._joins_pieces or more else 0
        if not tail:
            return data, more
        if more:
            return data[:-tail], more + tail
        if goes_on and tail < len(data):
            self._cut[display_row.connection] = data[-tail:]
            return data[:-tail], 0
        self.ended_ragged = display_row.kind == RECEIVED or self.ended_ragged
        return data, 0


def _plain_if_many(lines: list[list[Span]]) -> list[list[Span]]:
    """The same lines; very many marks look like the rest. Those of lines' ends cost nothing: one run a line."""
    if sum(span.is_mark for line in lines for span in line[:-2]) <= text_safety.MOST_MARKS:
        return lines
    return [[Span("".join(span.text for span in line))] for line in lines]


def _rest(more: int, step: int = MORE) -> str:
    """The words that lead to what is not shown of a message."""
    if more <= 0:
        return ""
    return f"… {more:,} more bytes — show {'them' if more <= step else f'{step // 1024} KiB more'}"


def _remark(display_row: DisplayRow) -> str:
    """What stands below a message: that it is none, or that its checksum is right."""
    if display_row.misfit:
        return f"⚠ {display_row.misfit}"
    return f"✓ {display_row.checksum}" if display_row.checksum else ""


def connection_tag(number: int | None) -> str:
    """The tag that gives a connection's number its colour, with the leg to its target; the palette has eight."""
    return f"connection-{(abs(number or 1) - 1) % 8}"


def clock(display_row: DisplayRow) -> str:
    """The local time of day, to the millisecond."""
    return time.strftime("%H:%M:%S", _local(display_row)) + f".{display_row.wall_ns // 1_000_000 % 1000:03d}"


def stretch_around(
    heights: Sequence[int], keep: int, above: int, below: int, *, beside: bool = True
) -> tuple[int, int]:
    """The rows that are so many pixels high above place ``keep`` and from it on: first, and one past the last.

    Its neighbours are there, if those ``beside`` it are wanted, however high it is: past a very long row one must be
    able to scroll. What has no height is shown as one with what is above it, and goes with that.
    """
    first, high = keep, 0
    while first > 0 and (high < above or (beside and first == keep)):
        first -= 1
        high += heights[first]
    last, high = keep, 0
    while last < len(heights) and (high < below or not heights[last] or (beside and last <= keep + 1)):
        high += heights[last]
        last += 1
    return first, last


def weight(display_row: DisplayRow) -> int:
    """About how much work the display row is: its characters, where a short line costs as much as a usual one.

    Where there are many control characters it is not text, and each byte that is none takes four characters.
    """
    data = display_row.data or b""
    marks = len(data) - len(data.translate(None, _CONTROLS))
    if marks * _MANY > len(data):
        marks += len(data) - len(data.translate(None, _HIGH))
    return max(len(data) + 3 * marks, _USUAL_LINE * (data.count(b"\n") + 1)) + len(display_row.note)


def _share_header(before: DisplayRow, display_row: DisplayRow) -> bool:
    sender, its = (before.kind, before.connection, before.spoke), (display_row.kind, display_row.connection)
    return sender == (*its, display_row.spoke) and _are_close(before, display_row)


def _are_close(before: DisplayRow, display_row: DisplayRow) -> bool:
    """Whether they share a time of day: it may have been set back between them."""
    return abs(display_row.wall_ns - before.wall_ns) < SHARED_HEADER_NS


def _local(display_row: DisplayRow) -> time.struct_time:
    return local_of(display_row.wall_ns)


def _is_another_day(before: DisplayRow, display_row: DisplayRow) -> bool:
    if before.wall_ns // _SECOND_NS == display_row.wall_ns // _SECOND_NS:  # mostly: it takes a while to ask for a day
        return False
    one, other = _local(before), _local(display_row)
    return (one.tm_year, one.tm_yday) != (other.tm_year, other.tm_yday)
