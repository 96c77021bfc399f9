"""What the inspector says of a message: its title, the facts, its calls, its text; of a TLS handshake, all there is.

Pure; no tkinter.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from core.journal.display_row import RECEIVED, DisplayRow
from core.local_time import local_of
from core.text_safety import MOST_MARKS, Span, TextSafety
from core.tls.facts import Trust
from core.words import connection_name, counted, duration, with_capital
from gui.viewmodels.decoding import UTF_8, Decoding
from gui.viewmodels.hexdump import Bytes

if TYPE_CHECKING:
    from core.journal.reading.recorded import Call
    from core.roles import Role
    from core.tls.facts import Certificate, Flight, Handshake
    from gui.viewmodels.ruler import Ruled

Range = tuple[int, int]  # from, and up to before, in bytes

MOST_READ = 1_000  # bytes shown as text; marks may make four characters of each
READING = "Looking its bytes and calls up in the journal…"
EMPTY = "Choose a message with a click, or with Up and Down in the conversation"

_MICROSECOND, _MILLISECOND, _SECOND = 1_000, 1_000_000, 1_000_000_000  # in nanoseconds
_TRUST = {
    Trust.PIN: "its certificate has the fingerprint that is trusted at this address",
    Trust.UNVERIFIED: "nobody looked, as was asked for",
    Trust.ANONYMOUS: "it showed no certificate",
    Trust.REFUSED: "it is not believed, so the handshake failed",
    Trust.UNKNOWN: "the handshake did not come so far",
}


@dataclass(frozen=True, slots=True)
class Inspected:
    """A row of the conversation and what is known of it; ``source`` and ``calls`` stay with the view's thread."""

    display_row: DisplayRow
    role: Role  # of this end of the conversation
    source: Bytes | None = None  # the message as it went through the socket; None of a note
    calls: Sequence[Call] = ()  # that carried it
    envelope: Sequence[Range] = ()  # the bytes of ``source`` that frame the message, ascending
    ruled: Ruled | None = None  # the calls at both ends and the messages around it
    framing: str = ""  # how messages are told apart, in words
    stream_offset: int | None = None  # bytes that went the same way on this connection before it, if known
    since_previous_ns: int | None = None  # since the message before it on this connection
    since_other_ns: int | None = None  # since the latest before it that went the other way
    handshake: Handshake | None = None  # of TLS, where the note tells of one
    is_being_read: bool = False  # whether the rest will be known in a moment


class Fact(NamedTuple):
    """One line of what is known."""

    name: str
    value: str
    is_problem: bool = False


class Heading(NamedTuple):
    """The first lines: who said it to whom (of a note, what happened), how many bytes, which way and when."""

    title: str
    size: str
    when: str


def heading(inspected: Inspected) -> Heading:
    """What stands above everything else."""
    display_row = inspected.display_row
    day = time.strftime("%a %d %b %Y", local_of(display_row.wall_ns))
    when = f"{_clock(display_row.wall_ns)}  ·  {day}"
    if not display_row.is_message:
        return Heading(with_capital(display_row.kind.replace("-", " ")).replace("Tls", "TLS"), "", when)
    role = inspected.role
    return Heading(_way(display_row, role), counted(display_row.size, "byte"), f"{display_row.kind} {when}")


def _way(display_row: DisplayRow, role: Role) -> str:
    """Who speaks to whom."""
    number, is_received = display_row.number, display_row.kind == RECEIVED
    if role.passes_on and is_received and number:
        caller = connection_name(abs(number))
        return f"{caller} → {role.onward}" if number > 0 else f"{role.onward} → {caller}"
    there = connection_name(number) if role.many_connections and number else role.peer
    return f"{there} → {role.us}" if is_received else f"{role.us} → {there}"


def facts(inspected: Inspected) -> list[Fact]:
    """What is known of a message, in the order of reading; of a note, nothing but where it is recorded."""
    display_row = inspected.display_row
    found: list[Fact] = []
    if display_row.is_message:
        found += [Fact("Not whole", display_row.misfit, is_problem=True)] if display_row.misfit else []
        found += [Fact("Checksum", display_row.checksum)] if display_row.checksum else []
        found += [Fact("Sent", TextSafety().field(display_row.spoke))] if display_row.spoke else []
        found += _sizes(inspected)
        found += _waits(inspected)
        found += [Fact("Framing", inspected.framing)] if inspected.framing else []
        found += [Fact("", READING)] if inspected.is_being_read else []
    return [*found, Fact("In this view", f"#{display_row.place + 1:,}"), Fact("In the journal", _entries(display_row))]


def heading_of_calls(inspected: Inspected) -> str:
    """How many calls of the socket carried the message, and over what time."""
    calls = inspected.calls
    came = inspected.display_row.kind == RECEIVED
    words, call = ("Came in", "recv") if came else ("Went out in", "send")
    if len(calls) == 1:
        return f"{words} one {call} call"
    span = calls[-1].mono_ns - calls[0].mono_ns if calls else 0
    over = f" over {duration(span)}" if span >= _MICROSECOND else ""  # sends of one go have one time
    return f"{words} {len(calls):,} {call} calls{over}"


class CallRow(NamedTuple):
    """One call as it is shown."""

    at: str  # time of day
    since: str  # the call before
    size: str
    span: str  # which bytes of the message, counted from 0
    start: str  # the first of them, where there is no room for more


def call_row(calls: Sequence[Call], index: int) -> CallRow:
    """One call in words; offsets count from the beginning of the message."""
    call = calls[index]
    waited = call.mono_ns - calls[index - 1].mono_ns if index else 0
    since = f"+{duration(waited)}" if waited >= _MICROSECOND else ""
    size = call.stop - call.start
    span = f"{'byte' if size == 1 else 'bytes'} {_range(call.start, call.stop)}"
    return CallRow(_clock(call.wall_ns), since, f"{size:,} B", span, f"from byte {call.start:,}")


def beginning(inspected: Inspected) -> bytes:
    """The first ``MOST_READ`` bytes of the message without what frames it. Raises ``JournalError``."""
    source = inspected.source
    if source is None:
        return b""
    data, start = b"", 0
    for frame, after in (*inspected.envelope, (source.size, source.size)):
        data += source.read(start, min(frame, start + MOST_READ - len(data)))
        start = after
        if len(data) >= MOST_READ:
            break
    return data


def within_frame(marks: Iterable[Range], envelope: Sequence[Range]) -> list[Range]:
    """Ranges of a message's bytes as ranges of its frame."""
    found = []
    for start, stop in marks:
        last = stop - 1
        for frame, after in envelope:
            start += after - frame if frame <= start else 0
            last += after - frame if frame <= last else 0
        found.append((start, last + 1))
    return found


def reading(data: bytes, more: int, safety: TextSafety, decoding: Decoding = UTF_8) -> list[Span]:
    """At most ``MOST_READ`` bytes as text, of which ``more`` follow; a character that is cut there is left out."""
    tail = decoding.unfinished_tail(data) if more else 0
    text = decoding.decode(data[: len(data) - tail])
    spans = list(safety.spans(text))
    if sum(span.is_mark for span in spans) > MOST_MARKS:
        return [Span("".join(span.text for span in spans))]
    return spans


def _sizes(inspected: Inspected) -> list[Fact]:
    display_row = inspected.display_row
    frame = inspected.source.size - display_row.size if inspected.source else 0
    found = [Fact("Length", counted(display_row.size, "byte") + (f" and {frame:,} that frame it" if frame > 0 else ""))]
    if inspected.stream_offset is not None:
        way = "what came in" if display_row.kind == RECEIVED else "what went out"
        whole = inspected.source.size if inspected.source else display_row.size
        place = _range(inspected.stream_offset, inspected.stream_offset + whole)
        found.append(Fact("In the stream", f"{'byte' if whole == 1 else 'bytes'} {place} of {way}"))
    return found


def _waits(inspected: Inspected) -> list[Fact]:
    other = "sent" if inspected.display_row.kind == RECEIVED else "received"
    waits = (
        ("After the previous", inspected.since_previous_ns),
        (f"After the last {other}", inspected.since_other_ns),
    )
    return [Fact(name, duration(ns)) for name, ns in waits if ns is not None]


def _entries(display_row: DisplayRow) -> str:
    first = display_row.span.first if display_row.span else display_row.ordinal
    last = display_row.span.last if display_row.span else display_row.ordinal
    return f"entry {last:,}" if first == last else f"entries {first:,}–{last:,}"


def _range(start: int, stop: int) -> str:
    """The bytes from ``start`` to the last before ``stop``, both counted in."""
    return f"{start:,}–{stop - 1:,}" if stop - start > 1 else f"{start:,}"


def _clock(wall_ns: int) -> str:
    return time.strftime("%H:%M:%S", local_of(wall_ns)) + f".{wall_ns // _MILLISECOND % 1000:03d}"


class Group(NamedTuple):
    """Facts under a heading."""

    heading: str
    facts: Sequence[Fact]


def handshake_groups(handshake: Handshake) -> list[Group]:
    """Everything that is known of a handshake, in the order of reading. What is not known is left out."""
    found = [
        Group("What came of it", list(_agreed(handshake))),
        *(Group(_title(handshake, place), list(_certificate(one))) for place, one in enumerate(handshake.chain)),
        Group("What the client offered", list(_offered(handshake))),
        Group("What the server chose", list(_chosen(handshake))),
        Group("Who spoke when", [_flight(handshake, one) for one in handshake.flights]),
    ]
    return [group for group in found if group.facts]


def _agreed(handshake: Handshake) -> Iterator[Fact]:
    if handshake.failure:
        yield Fact("Failed", handshake.failure, is_problem=True)
    for alert in handshake.alerts:
        who = "this end" if alert.is_ours else f"the {handshake.peer}"
        yield Fact("Alert", f"{alert.name}, sent by {who}", is_problem=alert.is_fatal)
    yield Fact("We were", "the server" if handshake.is_server else "the client")
    yield from _told(
        ("Version", handshake.version),
        ("Cipher suite", handshake.suite),
        ("ALPN", handshake.alpn or ("" if handshake.failure else "none")),
        ("Verified name" if handshake.trust is Trust.AUTHORITY else "Name asked for", handshake.name),
    )
    is_bad = handshake.trust in (Trust.UNVERIFIED, Trust.REFUSED)
    yield Fact(f"The {handshake.peer}", trust_words(handshake), is_problem=is_bad)
    yield from _told(("We showed", handshake.own), ("Key log", handshake.key_log))
    if not handshake.failure:
        yield Fact("Session", "resumed: no certificate was shown again" if handshake.is_resumed else "new, not resumed")
    yield Fact("Took", duration(round(handshake.took * _SECOND)))


def trust_words(handshake: Handshake) -> str:
    """Why the peer is believed to be who it says, or not."""
    if handshake.trust is Trust.AUTHORITY:
        return f"its certificate leads to {handshake.proved_by}, which is trusted"
    return _TRUST[handshake.trust]


def _offered(handshake: Handshake) -> Iterator[Fact]:
    hello = handshake.client_hello
    if hello is not None:
        yield from _told(
            ("Versions", ", ".join(hello.versions)),
            ("Server name (SNI)", hello.server_name or "none"),
            ("ALPN", ", ".join(hello.alpn) or "none"),
            ("Cipher suites", ", ".join(hello.suites)),
        )


def _chosen(handshake: Handshake) -> Iterator[Fact]:
    hello = handshake.server_hello
    if hello is not None:
        yield from _told(("Version", hello.version), ("Cipher suite", hello.suite))


def _title(handshake: Handshake, place: int) -> str:
    what = f"Certificate {place + 1} of {len(handshake.chain)}"
    return f"{what}, the {handshake.peer}'s own" if place == 0 else what


def _certificate(certificate: Certificate) -> Iterator[Fact]:
    if certificate.remark:
        yield Fact("Remark", certificate.remark, is_problem=True)
    yield from _told(
        ("For", ", ".join(certificate.names) or certificate.name),
        ("Subject", certificate.subject),
        ("Issuer", certificate.issuer),
        ("Valid", certificate.validity),
        ("Key", certificate.key),
        ("SHA-256", certificate.shown_fingerprint),
    )


def _flight(handshake: Handshake, flight: Flight) -> Fact:
    ours, theirs = ("server", "client") if handshake.is_server else ("client", "server")
    words = f"{ours if flight.is_ours else theirs}: {', '.join(flight.messages)} ({counted(flight.size, 'byte')})"
    return Fact(f"+{duration(round(flight.after * _SECOND))}", words)


def _told(*facts: tuple[str, str]) -> Iterator[Fact]:
    """Those that say anything."""
    return (Fact(name, value) for name, value in facts if value)
