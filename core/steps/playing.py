"""Plays a list of steps: takes in what comes and when, says what is to be sent, and keeps a row for each step.

How answers are told apart:

- Under a framing, messages count in the order in which they came. A step takes the first that fits; those before it
  are passed over. What is left is for the steps after it: two answers that came at once are two answers, and one that
  came in pieces is one.
- Under ``raw`` there are no messages: a step looks at all that has come and that no step before it has taken, and
  takes all of it when it fits. An answer in pieces fits when its last piece has come, two answers at once are one. If
  all of it does not fit, what came with one of the latest receives and after it may; what came before is passed over.
- Over UDP each datagram is a message under ``raw``, and told apart as under a framing.
- What has come before a step waits counts, too, since an answer may be faster than whoever waits for it; what came
  before the list began does not.
- An answer is in time if its last byte came in time, whenever somebody looks at it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from core.compose import Context
from core.errors import DraftError, SendError
from core.events import Ending
from core.replies.rules.rule import REGEX_SECONDS, TooSlow
from core.settings import DEFAULTS
from core.steps.step import END, NOTHING, RESET, Expectation, Otherwise, OwnEnd, ReadyStep, ReadySteps, Step
from core.wire.messages import FramingViolation, Message, TooLong
from core.words import counted, human_bytes

MOST_ROWS = 1_000  # that are kept: the last ones of a list that is played again and again
MOST_AGAIN = 100  # times that a list begins again because an answer did not come, unless it is played without an end
LONGEST_KEPT = 4_096  # bytes of a message that a row keeps
_MOST_WAITING = 10_000  # messages that no step has taken yet
_MOST_AT_ONCE = 100  # steps that are begun or decided before whoever plays them is asked whether to go on
_MOST_BEGINNINGS = 8  # pieces with which an answer may begin under raw
_MILLISECOND = 1_000_000  # ns
HANDED_OVER = 5 * _MILLISECOND  # ns within which what has come is handed over to whoever plays
_ENDED = "this side has ended the connection, or what it sends"
AGAIN_AFTER = 100 * _MILLISECOND  # ns, at least, from a step that was not as wished to the list's new beginning


class PeerEnd(Enum):
    """How the other side ended, and the connection with it or not."""

    FINISHED = "finished"  # it sends no more
    RESET = "reset"
    OVER = "over"  # the connection is over, and the other side has not ended it

    @classmethod
    def of(cls, ending: Ending | None) -> PeerEnd:
        """How the other side ended a connection that ended so."""
        return {Ending.PEER_FINISHED: cls.FINISHED, Ending.PEER_RESET: cls.RESET}.get(ending, cls.OVER)  # type: ignore[arg-type]

    @property
    def why(self) -> str:
        """Why nothing more comes, as a clause."""
        return {
            "finished": "the other end finished first",
            "reset": "the other end reset the connection",
            "over": "the connection is over",
        }[self.value]


class Verdict(Enum):
    """What became of a step."""

    WISHED = "as wished"
    MISSED = "not as wished"
    SENT = "sent"  # and nothing was expected
    NOT_PLAYED = "not played"


@dataclass(frozen=True, slots=True)
class Row:
    """A step that was played. ``sent`` and ``answer`` are the first ``LONGEST_KEPT`` bytes, None if there were none.

    ``took`` is the time in ns from the sending, or from the beginning of the wait, to the answer's last byte. ``why``
    says what was not as wished, or what was passed over. ``end`` is what this side ended with the step, ``peer_end``
    what the step came upon instead of an answer, or as one.
    """

    round: int  # from 1
    number: int  # of the step, from 1
    name: str
    wished: str = ""
    sent: bytes | None = None
    answer: bytes | None = None
    took: int | None = None
    verdict: Verdict = Verdict.NOT_PLAYED
    why: str = ""
    sent_size: int = 0
    answer_size: int = 0
    end: OwnEnd | None = None
    peer_end: PeerEnd | None = None


class _Came(NamedTuple):
    """A message, or None for the end of what the peer sends, which ``why`` names; or what is no message at all."""

    message: bytes | None
    at: int
    why: str = ""
    end: PeerEnd = PeerEnd.FINISHED  # of an end


class Playing:
    """One list over one connection. One thread; times are monotonic, in ns.

    ``send`` gets each message with its frame, ``end`` what is to be ended behind it; both may raise ``SendError``.
    ``rounds`` is how often the list is played, None for without an end. ``variables`` and ``count`` are those of
    messages that went out before. ``limit`` is of a message, and of all that no step has taken, in bytes. With
    ``keeps_all``, every row is kept, with all of its bytes.
    """

    def __init__(
        self,
        steps: ReadySteps,
        send: Callable[[bytes], None],
        end: Callable[[OwnEnd], None],
        *,
        rounds: int | None = 1,
        variables: Mapping[str, str] | None = None,
        count: int = 0,
        limit: int = DEFAULTS.message,
        keeps_all: bool = False,
    ) -> None:
        self._steps = steps
        self._send, self._end_ours = send, end
        self.own_end: OwnEnd | None = None  # that a step has brought about
        self._rounds = rounds
        self._limit = limit
        self._framer = steps.framing.framer(limit)
        self._is_raw = steps.list.framing == "raw"
        self._has_datagrams = False
        self._came: deque[_Came] = deque()
        self._waiting_size = 0  # bytes of the messages in it
        self._last_at: int | None = None  # when something came last, if silence may end it
        self._end: _Came | None = None  # once a step has come upon it
        self._place = 0
        self._row: Row | None = None  # of the step that is played
        self._began = 0  # when it was sent, or began to wait
        self._raw = bytearray()  # under raw, what the step has looked at and not taken
        self._starts: deque[int] = deque(maxlen=_MOST_BEGINNINGS)  # where the latest pieces of that begin
        self._passed = 0  # messages, and
        self._passed_size = 0  # bytes that the step has passed over
        self._last = _Came(b"", 0)  # the last of them
        self._captures: dict[str, bytes] = {}
        self._set: dict[str, str] = {}
        self._variables = dict(variables or {})
        self.count = count  # messages with a counter in them
        self.rows: deque[Row] = deque(maxlen=None if keeps_all else MOST_ROWS)
        self._kept = limit if keeps_all else LONGEST_KEPT
        self.round = 1
        self.again = 0  # times that the list began again since it was last played to its end
        self.wished = self.sent = 0
        self.missed = 0  # steps for which the list did not begin again
        self.is_over = False
        self.why = ""  # it ended before the last step of the last round
        self._due: int | None = 0  # when to look again; None: when something comes

    @property
    def set(self) -> Mapping[str, str]:
        """The variables that its messages have set."""
        return self._set

    @property
    def now(self) -> Row | None:
        """The step that waits for its answer, as far as it is; None between two steps."""
        return self._row

    @property
    def left(self) -> int:
        """Bytes that have come and that no step has taken."""
        return self._waiting_size

    @property
    def due(self) -> int | None:
        """When ``turn`` is to be called at the latest; None if only something that comes can change anything."""
        silence = self._framer.silence
        if silence is None or self._last_at is None:
            return self._due
        ends = self._last_at + round(silence * 1e9)
        return ends if self._due is None else min(ends, self._due)

    def take_datagrams(self) -> None:
        """From now on each piece that is heard is a datagram, which may be empty: under ``raw`` a message, whole."""
        self._has_datagrams = True
        self._is_raw = False

    def heard(self, data: bytes, at: int) -> None:
        """Take in bytes that came at that time; none at all are the end of a stream, or an empty datagram."""
        self._end_by_silence(at)
        if data:
            self._last_at = at
            self._take_in(self._framer.feed(data, at), at)
        elif not self._has_datagrams:
            self.ended(PeerEnd.FINISHED.why, at, PeerEnd.FINISHED)
        elif self._steps.list.framing == "raw":
            self._take_in([data], at)

    def ended(self, why: str, at: int, end: PeerEnd = PeerEnd.OVER) -> None:
        """Nothing more will come. Behind the end of what the other side sends may come that of the connection."""
        self._take_in(self._framer.finish(), at)
        self._came.append(_Came(None, at, why, end))

    def turn(self, now: int) -> bool:
        """Go on by so many steps as are possible by now; whether more may be."""
        self._end_by_silence(now)
        for _ in range(_MOST_AT_ONCE):
            if self.is_over:
                return False
            if self._row is None:
                if self._due is not None and now < self._due:
                    return False
                self._begin(now)
            elif not self._look(now):
                return False
        return True

    # What comes.

    def _end_by_silence(self, now: int) -> None:
        """Have silence complete a message, where that is what ends one."""
        silence = self._framer.silence
        if silence is not None and self._last_at is not None and now >= self._last_at + round(silence * 1e9):
            at, self._last_at = self._last_at, None
            self._take_in(self._framer.finish(), at)

    def _take_in(self, messages: list[Message], at: int) -> None:
        for message in messages:
            if isinstance(message, bytes):
                self._came.append(_Came(message, at))
                self._waiting_size += len(message)
            else:
                self._came.append(_Came(b"", at, _no_message(message)))
        while len(self._came) > _MOST_WAITING or (self._waiting_size > self._limit and len(self._came) > 1):
            self._pass_over(self._take())  # the oldest: nobody has waited for it

    def _take(self) -> _Came:
        came = self._came.popleft()
        self._waiting_size -= len(came.message or b"")
        return came

    def _pass_over(self, came: _Came) -> None:
        self._passed += 1
        self._passed_size += len(came.message or b"")
        self._last = came

    # Steps.

    def _begin(self, now: int) -> None:
        ready = self._steps.steps[self._place]
        step = ready.step
        self._row = _row(self.round, self._place + 1, step)
        self._began = now
        try:
            if ready.template is not None:
                self._say(ready)
            if step.end is not None:
                self._end_ours(step.end)
                self.own_end = step.end
                self._row = replace(self._row, end=step.end)
        except (DraftError, SendError) as error:
            self._decide(Verdict.MISSED, now, why=f"not sent: {str(error).removesuffix('.')}")
            return
        if step.expected is None:
            self._decide(Verdict.SENT, now)
        else:
            self._due = now + step.expected.within * _MILLISECOND + HANDED_OVER

    def _say(self, ready: ReadyStep) -> None:
        assert ready.template is not None
        assert self._row is not None
        context = Context.now(self.count, variables={**self._variables, **self._set})
        composed = ready.template.composed(replace(context, captures=self._captures))
        self._row = replace(self._row, sent=composed.wire[: self._kept], sent_size=len(composed.wire))
        self._set |= composed.variables
        self.count += composed.counts
        self._send(composed.wire)
        self.sent += 1

    def _look(self, now: int) -> bool:
        """Look at what came while the step waits; whether the step is decided."""
        ready = self._steps.steps[self._place]
        expected = ready.step.expected
        assert expected is not None
        deadline = self._began + expected.within * _MILLISECOND
        while self._came and self._came[0].at <= deadline and (self._end is None or expected.when == RESET):
            if self._came[0].message is None:
                self._end = self._take()
            elif self._fits(ready, expected, self._take()):
                return True
        if self._end is not None and not (expected.when == RESET and self._end.end is PeerEnd.FINISHED):
            self._decide_by_end(expected, self._end)
            return True
        if now >= deadline + HANDED_OVER or self._came:
            self._decide_by_time(expected, deadline)
            return True
        return False

    def _fits(self, ready: ReadyStep, expected: Expectation, came: _Came) -> bool:
        """Whether a message decides the step."""
        if expected.when == NOTHING:
            self._answered(Verdict.MISSED, came.message or b"", came.at, why=came.why or "something came")
            return True
        message = came.message or b""
        if self._is_raw:
            self._collect(message)
        captures = None
        try:
            for start in self._beginnings():
                message = bytes(self._raw[start:]) if self._is_raw else message
                captures = None if came.why or ready.heard is None else ready.match(message)
                if captures is not None:
                    break
        except TooSlow:
            why = f"the expression found no end within {REGEX_SECONDS * 1000:.0f} ms"
            self._answered(Verdict.MISSED, message, came.at, why=why)
            return True
        if captures is None:
            self._pass_over(came)
            return False
        if self._is_raw:
            self._passed_size = len(self._raw) - len(message)
            self._passed = max(0, self._passed - self._pieces_in(message) + 1) if self._passed_size else 0
            message = self._leave_rest(message, ready.size, came.at)
        self._captures |= captures
        self._answered(Verdict.WISHED, message, came.at)
        return True

    def _collect(self, piece: bytes) -> None:
        """Put what has come behind what the step has looked at."""
        self._starts.append(len(self._raw))
        self._raw += piece
        if (more := len(self._raw) - self._limit) > 0:
            del self._raw[:more]
            self._starts = deque((start - more for start in self._starts if start >= more), _MOST_BEGINNINGS)

    def _beginnings(self) -> list[int]:
        """Where an answer may begin: under raw, with all that has come, or with one of the latest pieces of it."""
        return [0, *(start for start in self._starts if start)] if self._is_raw else [0]

    def _pieces_in(self, data: bytes) -> int:
        return sum(start >= len(self._raw) - len(data) for start in self._starts)

    def _leave_rest(self, data: bytes, size: int | None, at: int) -> bytes:
        """As much of the bytes as the step takes; the rest is for those after it."""
        if size is None or size >= len(data):
            return data
        self._came.appendleft(_Came(data[size:], at))
        self._waiting_size += len(data) - size
        return data[:size]

    def _decide_by_end(self, expected: Expectation, end: _Came) -> None:
        assert self._row is not None
        self._row = replace(self._row, peer_end=end.end)
        is_wished = {END: end.end is PeerEnd.FINISHED, RESET: end.end is PeerEnd.RESET}
        if expected.when == NOTHING:
            self._decide(Verdict.WISHED, end.at)
        elif is_wished.get(expected.when):
            self._decide(Verdict.WISHED, end.at, took=max(0, end.at - self._began))
        else:
            self._decide_in_vain(end.why, end.at)

    def _decide_by_time(self, expected: Expectation, deadline: int) -> None:
        if expected.when == NOTHING:
            self._decide(Verdict.WISHED, deadline)
        elif expected.when in {END, RESET}:
            what = "finish" if expected.when == END else "reset the connection"
            self._decide_in_vain(f"the other end did not {what} within {expected.within:,} ms", deadline)
        else:
            self._decide_in_vain(f"no such answer within {expected.within:,} ms", deadline)

    def _decide_in_vain(self, why: str, at: int) -> None:
        """The answer did not come; what came instead is used up, and shown."""
        came = self._last
        if not self._passed:
            self._decide(Verdict.MISSED, at, why=why)
            return
        why += f"; {came.why}" if came.why else ""
        answer = bytes(self._raw) if self._is_raw else came.message or b""
        if self._is_raw:
            self._passed = self._passed_size = 0
        else:
            self._passed -= 1
            self._passed_size -= len(answer)
        self._answered(Verdict.MISSED, answer, came.at, why=why, ended=at)

    def _answered(self, verdict: Verdict, answer: bytes, at: int, *, why: str = "", ended: int = 0) -> None:
        assert self._row is not None
        self._row = replace(self._row, answer=answer[: self._kept], answer_size=len(answer))
        self._decide(verdict, max(at, ended), took=max(0, at - self._began), why=why)

    def _decide(self, verdict: Verdict, at: int, *, took: int | None = None, why: str = "") -> None:
        """The step is over: keep its row, and see what is next."""
        assert self._row is not None
        if self._passed:
            over = f"{counted(self._passed, 'message')} passed over ({human_bytes(self._passed_size)})"
            why = f"{why}; {over}" if why else over
        self.rows.append(replace(self._row, verdict=verdict, took=took, why=why))
        self.wished += verdict is Verdict.WISHED
        step = self._steps.steps[self._place].step
        self._row = None
        self._raw.clear()
        self._starts.clear()
        self._passed = self._passed_size = 0
        self._due = max(at, self._began) + round(step.pause * _MILLISECOND)
        if verdict is Verdict.MISSED:
            self._miss(step.expected.otherwise if step.expected is not None else Otherwise.STOP, at)
        else:
            self._next()

    def _miss(self, otherwise: Otherwise, at: int) -> None:
        self.missed += 1
        if otherwise is Otherwise.GO_ON:
            self._next()
        elif otherwise is Otherwise.STOP:
            self._finish(f"step {self._place + 1} was not as wished")
        elif self._end is not None:
            self._finish(self._end.why)
        elif self.own_end is not None:
            self._finish(_ENDED)
        elif self._rounds is not None and self.again >= MOST_AGAIN:
            self._finish(f"it began again {MOST_AGAIN} times, and step {self._place + 1} was not as wished")
        else:
            self.missed -= 1
            self.again += 1
            self._due = max(self._due or 0, at + AGAIN_AFTER)
            self._captures.clear()
            self._place = 0

    def _next(self) -> None:
        self._place += 1
        if self._place < len(self._steps.steps):
            return
        self._place = self.again = 0
        if self.round == self._rounds:
            self._finish()
        elif self._end is not None:
            self._finish(self._end.why)
        elif self.own_end is not None:
            self._finish(_ENDED)
        else:
            self.round += 1

    def _finish(self, why: str = "") -> None:
        self.is_over = True
        self.why = why
        self._due = None


def all_not_played(steps: ReadySteps) -> list[Row]:
    """A row for each step of the list, as before it is played."""
    return [_row(1, number, ready.step) for number, ready in enumerate(steps.steps, 1)]


def _row(played_round: int, number: int, step: Step) -> Row:
    return Row(played_round, number, step.name, step.expected.words if step.expected is not None else "")


def _no_message(message: TooLong | FramingViolation) -> str:
    if isinstance(message, TooLong):
        return f"a message of more bytes than are taken came ({message.skipped:,})"
    return message.why
