"""One connection of a journal as a recording that one of its sides can have again (``core.steps.replay``)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from core.address import Destination
from core.errors import Fault, TincanError
from core.events import SessionId
from core.journal.display_row import RECEIVED
from core.journal.export.source import Source, frames, opens_reading, rows
from core.journal.reading.lens import Lens
from core.journal.reading.parties import Parties
from core.steps.replay import LIMIT, RecordedConversation, RecordedMessage, recording_of
from core.steps.step import OwnEnd


class NotReplayed(TincanError):
    """That conversation cannot be had again; the message says why."""

    fault = Fault.PERSON


class ReplayPlan(NamedTuple):
    """Which side is played, how the other side's messages are told apart, and in which pace.

    ``connection`` is the number of the one to be played; None is the first of which something was said.
    """

    serves: bool = False
    framing: str = "raw"
    in_pace: bool = False
    connection: int | None = None


def read_recording(
    path: Path, session: SessionId, plan: ReplayPlan, cancelled: threading.Event
) -> RecordedConversation:
    """Read the conversation. Raises ``NotReplayed``, ``JournalError`` and ``StepError``."""
    said: list[RecordedMessage] = []
    size = 0
    with opens_reading(path, session, Lens(plan.framing))(cancelled) as source:
        parties = source.parties()
        target = f"udp://{parties.target}" if parties.has_datagrams else ""
        for each in _said(source, parties, plan):
            said.append(each)
            size += len(each.wire)
            if size > LIMIT:
                raise NotReplayed(f"more than {LIMIT:,} bytes were said: that is too much to replay")
    if not any(each.end is None for each in said):
        raise NotReplayed("nothing was said there")
    return recording_of(said, plan.framing, in_pace=plan.in_pace, waits=plan.serves, target=target)


def destination_for(recording: RecordedConversation, asked: Destination) -> Destination:
    """Where it is played: datagrams over UDP, whether that was asked for or not.

    Raises ``NotReplayed`` where it cannot be played so: a stream over UDP, datagrams with TLS.
    """
    if asked.datagrams and not recording.has_datagrams:
        raise NotReplayed("a stream of bytes was recorded, and UDP has none: leave udp:// out")
    if asked.tls and recording.has_datagrams:
        raise NotReplayed("datagrams were recorded, and TLS is for streams of bytes: leave it out")
    return asked._replace(datagrams=recording.has_datagrams)


def _said(source: Source, parties: Parties, plan: ReplayPlan) -> Iterator[RecordedMessage]:
    """What was said and ended on the one connection, by whom and when.

    An answer that had no end when the other side finished is no message before that, so it comes there.
    """
    wanted, finished = plan.connection, set[str]()
    unfinished: list[RecordedMessage] = []
    both = zip(frames(source, 0, source.total), rows(source, 0, source.total), strict=True)
    for (row, wire), (_row, message) in both:
        if row.number is None or wanted not in {None, row.number} or not (row.is_message or wanted):
            continue
        wanted = row.number
        accepted = parties.accepted(row.number)
        if row.is_message:
            by_client = (row.kind == RECEIVED) is accepted
            said = RecordedMessage(by_client is not plan.serves, b"".join(wire()), b"".join(message()), row.mono_ns)
            if said.is_ours or row.has_ended:
                yield said
            elif not row.misfit:  # else not even its end makes it a message
                unfinished.append(said)
            continue
        for by_us, how in parties.endings(row.kind, row.number, finished):
            end = RecordedMessage((by_us is not accepted) is not plan.serves, b"", b"", row.mono_ns, OwnEnd(how))
            if not end.is_ours:
                yield from (each._replace(at=row.mono_ns) for each in unfinished)
                unfinished.clear()
            yield end
        finished.add(row.kind)
    yield from unfinished
