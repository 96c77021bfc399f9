"""A recorded conversation as steps that have it again from one of its sides, and what is different the second time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from core.address import without_udp
from core.clock import monotonic_ns
from core.compose import Draft, Format
from core.errors import SendError
from core.events import Ending
from core.replies import Peer, Reply, Responder, Timed
from core.replies.rules.rule import Heard
from core.steps.playing import PeerEnd, Playing, Row, Verdict
from core.steps.step import (
    END,
    LONGEST_PAUSE,
    LONGEST_WAIT,
    RESET,
    USUAL_WAIT,
    Expectation,
    Otherwise,
    OwnEnd,
    ReadySteps,
    Step,
    StepList,
)

MOST = 100_000  # steps
LIMIT = 64 * 1024 * 1024  # bytes of a recorded conversation, and of what may come for it
_PIECE = 64 * 1024  # bytes of a step
_MILLISECOND = 1_000_000  # ns
TELL_EVERY = 0.1  # seconds


class RecordedMessage(NamedTuple):
    """A message of the recording: ``wire`` is what went through the socket, ``message`` without what frames it.

    Or, where there is an ``end``, what the side ended then: of the other side's, FINISH and CLOSE look the same.
    """

    is_ours: bool
    wire: bytes
    message: bytes
    at: int  # ns
    end: OwnEnd | None = None


@dataclass(frozen=True, slots=True)
class RecordedConversation:
    """What is to be played, and the answer that was recorded for each of its steps, None where none was.

    A step that expects the other side's end has no answer either.
    """

    ready: ReadySteps
    answers: tuple[bytes | None, ...]

    @property
    def has_datagrams(self) -> bool:
        """Whether it was spoken over UDP, and so is had again over UDP."""
        return self.ready.has_datagrams

    def peer_end(self, place: int) -> PeerEnd | None:
        """How the other side ended at a step, counted from 0, where it did."""
        expected = self.ready.steps[place].step.expected
        return {END: PeerEnd.FINISHED, RESET: PeerEnd.RESET}.get(expected.when) if expected is not None else None


class Compared(NamedTuple):
    """An answer beside what was recorded. ``place`` is the first byte that is another one, None if all are the same.

    ``end`` is what this side ended with the step, ``recorded_end`` and ``came_end`` how the other side ended with it.
    """

    number: int
    sent: bytes | None
    recorded: bytes | None
    came: bytes | None
    place: int | None
    why: str = ""
    end: OwnEnd | None = None
    recorded_end: PeerEnd | None = None
    came_end: PeerEnd | None = None

    @property
    def is_same(self) -> bool:
        """Whether nothing is different."""
        return self.place is None

    @property
    def expects(self) -> bool:
        """Whether an answer was recorded, or an end in its place."""
        return self.recorded is not None or self.recorded_end is not None


def recording_of(
    messages: Iterable[RecordedMessage], framing: str, *, in_pace: bool, waits: bool = False, target: str = ""
) -> RecordedConversation:
    """The steps of our side.

    Under a framing, each message of the other side is an answer of its own, whatever is in it; under ``raw`` answers
    are as many bytes as were recorded, and datagrams if the ``target`` that was recorded has ``udp://`` before it.
    With ``in_pace`` our side takes as long to say something as it took. With ``waits`` an answer is waited for as long
    as that is possible, otherwise for twice the time that it took, at least ``USUAL_WAIT`` ms. Raises ``StepError``.
    """
    steps: list[Step] = []
    answers: list[bytes | None] = []
    before: int | None = None  # when something was said last
    is_stream = framing == "raw" and not without_udp(target)[1]  # of which nothing tells messages apart
    for ours, theirs in _turns(messages, is_stream=is_stream):
        first, last = ours or theirs, theirs or ours
        assert first is not None
        assert last is not None
        began, ended = first.at, last.at
        if steps and in_pace and before is not None and ours is not None:
            steps[-1] = _with_pause(steps[-1], (began - before) / _MILLISECOND)
        took = 2 * (ended - began) // _MILLISECOND
        within = LONGEST_WAIT if waits else min(LONGEST_WAIT, max(USUAL_WAIT, took))
        steps.append(_step(ours, theirs, within))
        answers.append(theirs.message if theirs is not None and theirs.end is None else None)
        before = ended
    ready = ReadySteps(StepList("recorded", tuple(steps), framing, frame="raw", target=target), MOST)
    if is_stream:
        for one, answer in zip(ready.steps, answers, strict=True):
            if answer is not None:
                one.size = len(answer)
                one.heard = Heard(partial(_is_as_long, len(answer)))
    return RecordedConversation(ready, tuple(answers))


class Mock(Reply, has_name=False):
    """Answers whoever connects as the recording has it.

    ``tell`` gets each connection's number, its rows so far, the bytes that no step has taken, and whether it is over or
    everything was played: that is told once. It is called on the server's thread, at most every ``TELL_EVERY`` seconds
    while the connection goes on.
    """

    name = "recording"
    title = note = "what was recorded"
    order = 9
    has_responders = is_stream = True
    hears_http = True  # a recorded HTTP server is played, too: nothing is said or done but what a person chose

    def __init__(self, recording: RecordedConversation, tell: Callable[[int, Sequence[Row], int, bool], None]) -> None:
        self.recording = recording
        self.tell = tell

    def responder(self, peer: Peer) -> Responder:
        return _MockResponder(self, peer)


class _MockResponder(Responder):
    def __init__(self, mock: Mock, peer: Peer) -> None:
        self._mock, self._peer = mock, peer
        self._playing = Playing(mock.recording.ready, self._send, self._end, limit=LIMIT, keeps_all=True)
        if mock.recording.has_datagrams:
            self._playing.take_datagrams()
        self._timer: Timed | None = None
        self._news: Timed | None = None  # when what is new is told
        self._then: Callable[[], None] | None = None
        self._is_told = self._is_closed = False

    def opened(self) -> None:
        self._go_on()

    def received(self, message: bytes) -> None:
        self._playing.heard(message, monotonic_ns())
        self._go_on()

    def peer_finished(self, then: Callable[[], None]) -> None:
        self._then = then
        self._playing.heard(b"", monotonic_ns())
        self._go_on()

    def closed(self) -> None:
        end = PeerEnd.of(self._peer.ending)
        self._playing.ended(end.why, monotonic_ns(), end)
        self._is_closed = True
        self._go_on()
        for timer in (self._timer, self._news):
            if timer is not None:
                timer.cancel()
        self._tell()

    def _send(self, data: bytes) -> None:
        self._check()
        self._peer.send_exactly(data)

    def _end(self, end: OwnEnd) -> None:
        self._check()
        if end is OwnEnd.FINISH and (why := self._peer.why_no_half_close):
            raise SendError(why)
        act = {OwnEnd.FINISH: self._peer.finish_sending, OwnEnd.RESET: self._peer.abort_behind}
        self._peer.call_soon(act.get(end, partial(self._peer.close, Ending.OURS)))  # it may be over at once

    def _check(self) -> None:
        if self._is_closed:
            raise SendError("the connection is over")

    def _go_on(self) -> None:
        now = monotonic_ns()
        while self._playing.turn(now):
            pass
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._playing.is_over and not self._is_closed:
            if (due := self._playing.due) is not None:
                self._timer = self._peer.call_later(max(0, due - now) / 1e9, self._go_on)
            if self._news is None:
                self._news = self._peer.call_later(TELL_EVERY, self._tell_news)
            return
        if self._mock.recording.has_datagrams:
            self._tell()  # for nobody ends a conversation over UDP
        if self._then is not None:
            self._tell()
            then, self._then = self._then, None
            if self._playing.own_end in {None, OwnEnd.FINISH}:  # else the connection is being ended in its own way
                then()

    def _tell_news(self) -> None:
        self._news = None
        if not self._is_told:
            self._mock.tell(self._peer.number, list(self._playing.rows), self._playing.left, False)

    def _tell(self) -> None:
        if not self._is_told:
            self._is_told = True
            self._mock.tell(self._peer.number, list(self._playing.rows), self._playing.left, True)


def compare(
    recording: RecordedConversation, rows: Sequence[Row], start: int = 0, stop: int | None = None
) -> Iterator[Compared]:
    """What came beside what was recorded, for the steps from place ``start`` up to before ``stop``, all if it is None.

    Of those that were not played, nothing came.
    """
    for number, recorded in enumerate(recording.answers[start:stop], start + 1):
        row = rows[number - 1] if number <= len(rows) else Row(1, number, "")
        came, end = row.answer, recording.peer_end(number - 1)
        place = None if (came or b"") == (recorded or b"") else _first_difference(recorded or b"", came or b"")
        why = row.why if row.verdict is Verdict.MISSED else "not played" if row.verdict is Verdict.NOT_PLAYED else ""
        place = 0 if why and place is None else place
        yield Compared(number, row.sent, recorded, came, place, why, row.end, end, row.peer_end)


def _step(ours: RecordedMessage | None, theirs: RecordedMessage | None, within: int) -> Step:
    """The step that says or ends what we did, and waits for what they did, so many ms at most."""
    expected = None
    if theirs is not None:
        when = "any" if theirs.end is None else RESET if theirs.end is OwnEnd.RESET else END
        expected = Expectation(when, within=within, otherwise=Otherwise.GO_ON)
    message = Draft(ours.wire.hex(" "), Format.HEX) if ours is not None and ours.end is None else None
    return Step("", message, expected, end=ours.end if ours is not None else None)


def _turns(
    messages: Iterable[RecordedMessage], *, is_stream: bool
) -> Iterator[tuple[RecordedMessage | None, RecordedMessage | None]]:
    """What we said or ended, and the answer to it; either of them may be missing."""
    said: RecordedMessage | None = None
    for message in _joined(messages) if is_stream else messages:
        if message.is_ours:
            if said is not None:
                yield said, None
            *pieces, said = _pieces(message)
            for piece in pieces:
                yield piece, None
            continue
        for answer in _pieces(message) if is_stream else [message]:
            yield said, answer
            said = None
    if said is not None:
        yield said, None


def _joined(messages: Iterable[RecordedMessage]) -> Iterator[RecordedMessage]:
    """What the other side said in a row as one: how TCP cut it is no difference."""
    parts: list[bytes] = []
    at = 0
    for message in messages:
        if not message.is_ours and message.end is None:
            parts.append(message.wire)
            at = message.at
            continue
        if parts:
            yield RecordedMessage(False, b"".join(parts), b"".join(parts), at)
            parts = []
        yield message
    if parts:
        yield RecordedMessage(False, b"".join(parts), b"".join(parts), at)


def _pieces(message: RecordedMessage) -> list[RecordedMessage]:
    """A long message in several, each short enough for a step."""
    if len(message.wire) <= _PIECE:
        return [message]
    pieces = [message.wire[start : start + _PIECE] for start in range(0, len(message.wire), _PIECE)]
    return [RecordedMessage(message.is_ours, piece, piece, message.at) for piece in pieces]


def _with_pause(step: Step, pause: float) -> Step:
    return replace(step, pause=min(max(0.0, pause), LONGEST_PAUSE))


def _is_as_long(size: int, message: bytes) -> bool:
    return len(message) >= size


def _first_difference(one: bytes, other: bytes) -> int:
    shorter = min(len(one), len(other))
    at = next((at for at in range(0, shorter, _PIECE) if one[at : at + _PIECE] != other[at : at + _PIECE]), 0)
    return next((place for place in range(at, shorter) if one[place] != other[place]), shorter)
