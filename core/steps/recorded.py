"""A recorded conversation as steps that have it again from one of its sides, and what is different the second time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from core.clock import monotonic_ns
from core.compose import Draft, Format
from core.replies import Peer, Reply, Responder, Timed
from core.replies.rules.rule import Heard
from core.steps.playing import Playing, Row, Verdict
from core.steps.step import LONGEST_PAUSE, LONGEST_WAIT, USUAL_WAIT, Expectation, Otherwise, ReadySteps, Step, StepList

MOST = 100_000  # steps
LIMIT = 64 * 1024 * 1024  # bytes of a recorded conversation, and of what may come for it
_PIECE = 64 * 1024  # bytes of a step
_MILLISECOND = 1_000_000  # ns


class Recorded(NamedTuple):
    """A message of the recording: ``wire`` is what went through the socket, ``message`` without what frames it."""

    is_ours: bool
    wire: bytes
    message: bytes
    at: int  # ns


@dataclass(frozen=True, slots=True)
class Recording:
    """What is to be played, and the answer that was recorded for each of its steps, None where none was."""

    ready: ReadySteps
    answers: tuple[bytes | None, ...]


class Compared(NamedTuple):
    """An answer beside what was recorded. ``place`` is the first byte that is another one, None if all are the same."""

    number: int
    sent: bytes | None
    recorded: bytes | None
    came: bytes | None
    place: int | None
    why: str = ""


def recording_of(messages: Iterable[Recorded], framing: str, *, in_pace: bool, waits: bool = False) -> Recording:
    """The steps of our side.

    Under a framing, each message of the other side is an answer of its own, whatever is in it; under ``raw`` answers
    are as many bytes as were recorded. With ``in_pace`` our side takes as long to say something as it took. With
    ``waits`` an answer is waited for as long as that is possible, otherwise for twice the time that it took, at least
    ``USUAL_WAIT`` ms. Raises ``StepError``.
    """
    steps: list[Step] = []
    answers: list[bytes | None] = []
    before: int | None = None  # when something was said last
    for ours, theirs, began, ended in _turns(messages, is_raw=framing == "raw"):
        if steps and in_pace and before is not None and ours is not None:
            steps[-1] = _with_pause(steps[-1], (began - before) / _MILLISECOND)
        took = 2 * (ended - began) // _MILLISECOND
        within = LONGEST_WAIT if waits else min(LONGEST_WAIT, max(USUAL_WAIT, took))
        expected = Expectation("any", within=within, otherwise=Otherwise.GO_ON) if theirs is not None else None
        message = Draft(ours.hex(" "), Format.HEX) if ours is not None else None
        steps.append(Step("", message, expected))
        answers.append(theirs)
        before = ended
    ready = ReadySteps(StepList("recorded", tuple(steps), framing, frame="raw"), MOST)
    if framing == "raw":
        for one, answer in zip(ready.steps, answers, strict=True):
            if answer is not None:
                one.size = len(answer)
                one.heard = Heard(partial(_is_as_long, len(answer)))
    return Recording(ready, tuple(answers))


class Mock(Reply, has_name=False):
    """Answers whoever connects as the recording has it. ``over`` gets each connection's number, rows and rest.

    It is called on the server's thread, once for each connection, when that is over or everything was played.
    """

    name = "recording"
    title = note = "what was recorded"
    order = 9
    has_responders = is_stream = True

    def __init__(self, recording: Recording, over: Callable[[int, Sequence[Row], int], None]) -> None:
        self.recording = recording
        self.over = over

    def responder(self, peer: Peer) -> Responder:
        return _MockResponder(self, peer)


class _MockResponder(Responder):
    def __init__(self, mock: Mock, peer: Peer) -> None:
        self._mock, self._peer = mock, peer
        self._playing = Playing(mock.recording.ready, peer.send_exactly, limit=LIMIT, keeps_all=True)
        self._timer: Timed | None = None
        self._then: Callable[[], None] | None = None
        self._is_told = False

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
        if self._timer is not None:
            self._timer.cancel()
        self._tell()

    def _go_on(self) -> None:
        now = monotonic_ns()
        while self._playing.turn(now):
            pass
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._playing.is_over:
            if (due := self._playing.due) is not None:
                self._timer = self._peer.call_later(max(0, due - now) / 1e9, self._go_on)
            return
        if self._then is not None:
            self._tell()
            then, self._then = self._then, None
            then()

    def _tell(self) -> None:
        if not self._is_told:
            self._is_told = True
            self._mock.over(self._peer.number, list(self._playing.rows), self._playing.left)


def compare(recording: Recording, rows: Sequence[Row]) -> Iterator[Compared]:
    """What came beside what was recorded, a row for each step; of those that were not played, nothing came."""
    for number, recorded in enumerate(recording.answers, 1):
        row = rows[number - 1] if number <= len(rows) else Row(1, number, "")
        came = row.answer
        place = None if (came or b"") == (recorded or b"") else _first_difference(recorded or b"", came or b"")
        why = row.why if row.verdict is Verdict.MISSED else "not played" if row.verdict is Verdict.NOT_PLAYED else ""
        yield Compared(number, row.sent, recorded, came, 0 if why and place is None else place, why)


def _turns(messages: Iterable[Recorded], *, is_raw: bool) -> Iterator[tuple[bytes | None, bytes | None, int, int]]:
    """What we said, the answer to it, and when the two were; either of them may be missing."""
    said: tuple[bytes, int] | None = None
    for message in _joined(messages) if is_raw else messages:
        if message.is_ours:
            if said is not None:
                yield said[0], None, said[1], said[1]
            *pieces, last = _pieces(message.wire)
            for piece in pieces:
                yield piece, None, message.at, message.at
            said = last, message.at
            continue
        for answer in _pieces(message.message) if is_raw else [message.message]:
            began = said[1] if said is not None else message.at
            yield (said[0] if said is not None else None), answer, began, message.at
            said = None
    if said is not None:
        yield said[0], None, said[1], said[1]


def _joined(messages: Iterable[Recorded]) -> Iterator[Recorded]:
    """What the other side said in a row as one: how TCP cut it is no difference."""
    parts: list[bytes] = []
    at = 0
    for message in messages:
        if not message.is_ours:
            parts.append(message.wire)
            at = message.at
            continue
        if parts:
            yield Recorded(False, b"".join(parts), b"".join(parts), at)
            parts = []
        yield message
    if parts:
        yield Recorded(False, b"".join(parts), b"".join(parts), at)


def _pieces(data: bytes) -> list[bytes]:
    return [data[start : start + _PIECE] for start in range(0, len(data), _PIECE)] or [b""]


def _with_pause(step: Step, pause: float) -> Step:
    return Step(step.name, step.message, step.expected, min(max(0.0, pause), LONGEST_PAUSE))


def _is_as_long(size: int, message: bytes) -> bool:
    return len(message) >= size


def _first_difference(one: bytes, other: bytes) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
