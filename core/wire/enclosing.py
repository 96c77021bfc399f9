"""Where frames end that have bytes of their own in front and behind: start and end bytes, and flags."""

from __future__ import annotations

from core.wire.splitting import NOTHING, Envelope, Untimed

MOST_FLAGS = 256  # in a row that belong to the message behind them


class BetweenSplitter(Untimed):
    """Frames begin with some bytes and end with others; the first end that is found counts.

    Bytes outside such frames are frames of their own, and have a flaw: from a frame's end, or from the
    first byte of a start that does not go on as one, up to the next first byte of a start. ``behind``
    bytes follow the end and belong to it.
    """

    could_end = rest_is_message = False
    expected: int | None = None
    usual: Envelope | None = None

    def __init__(self, start: bytes, end: bytes, behind: int = 0) -> None:
        # Of the frame that has begun: "outside" if it is none; how many bytes of the start have come (negative), or
        # are missing behind the end; the last bytes inside, among which the end may begin.
        self.state: object = None
        self.reach = len(start) + len(end) + behind
        self._start, self._end, self._behind = start, end, behind
        self._why = f"it does not begin with {start.hex(' ')}"

    def ends(self, data: bytes, at: int = 0) -> list[int]:  # noqa: ARG002 - as the protocol has it
        found: list[int] = []
        place, size = 0, len(data)
        while place < size:
            place = self._pass(data, place, found)
        return found

    def _pass(self, data: bytes, place: int, found: list[int]) -> int:
        """Go on as far as one state holds; the place behind it."""
        state = self.state
        if isinstance(state, bytes):
            return self._inside(data, place, state, found)
        if state == "outside":
            begin = data.find(self._start[:1], place)
            if begin < 0:
                return len(data)
            self.state = None
            found.append(begin)
            return begin
        if isinstance(state, int) and state > 0:
            stop = place + state
            self.state = None if stop <= len(data) else stop - len(data)
            if self.state is None:
                found.append(stop)
            return stop
        came = -state if isinstance(state, int) else 0
        if data[place] != self._start[came]:
            self.state = "outside"
            return place  # it may be the first byte of a start
        self.state = b"" if came + 1 == len(self._start) else -came - 1
        return place + 1

    def _inside(self, data: bytes, place: int, carried: bytes, found: list[int]) -> int:
        keep = len(self._end) - 1
        joined = carried + data[place : place + keep]
        at = joined.find(self._end)
        if at < 0:
            at = data.find(self._end, place)
            if at < 0:
                self.state = (carried + data[max(place, len(data) - keep) :])[-keep:] if keep else b""
                return len(data)
            stop = at + len(self._end)
        else:
            stop = place + at + len(self._end) - len(carried)
        self.state = self._behind or None
        if not self._behind:
            found.append(stop)
        return stop

    def envelope(self, head: bytes, tail: bytes) -> Envelope:
        if not head.startswith(self._start):
            return NOTHING
        return Envelope(0, len(self._start), len(self._end) + self._behind if tail else 0)

    def flaw(self, head: bytes, tail: bytes) -> str:  # noqa: ARG002 - as the protocol has it
        return "" if head.startswith(self._start) else self._why

    @property
    def broken(self) -> str:
        return self._why if self.state == "outside" else ""

    def why_not(self, head: bytes, size: int, limit: int) -> str:  # noqa: ARG002 - as the protocol has it
        if head.startswith(self._start):
            return f"{self._end.hex(' ')} has not come"
        return "its start is not all there" if self._start.startswith(head) else self._why


class FlagSplitter(Untimed):
    """Frames stand between flags of one byte, as HDLC and SLIP have them; one flag may end a frame and begin the next.

    Flags in front of a message belong to its frame, so that there are no empty messages; of very many in
    a row, each ``MOST_FLAGS`` are a frame with a flaw. What stands between flags is as it came: the bytes
    that HDLC and SLIP put in place of a flag are not changed back.
    """

    could_end = rest_is_message = False
    expected: int | None = None
    broken = ""
    usual: Envelope | None = None
    reach = MOST_FLAGS

    def __init__(self, flag: bytes) -> None:
        self.state: object = None  # how many flags have come of the frame that has begun; -1 once more has come
        self._flag = flag

    def ends(self, data: bytes, at: int = 0) -> list[int]:  # noqa: ARG002 - as the protocol has it
        found: list[int] = []
        place, size = 0, len(data)
        flags = self.state if isinstance(self.state, int) else 0
        while place < size:
            if flags < 0:
                place = data.find(self._flag, place) + 1
                if not place:
                    break
                flags = 0
                found.append(place)
            elif data[place] == self._flag[0]:
                place, flags = place + 1, flags + 1
                if flags == MOST_FLAGS:
                    found.append(place)
                    flags = 0
            else:
                flags = -1
        self.state = flags or None
        return found

    def envelope(self, head: bytes, tail: bytes) -> Envelope:
        flags = len(head) - len(head.lstrip(self._flag))
        if flags == len(head):
            return NOTHING
        return Envelope(0, flags, 1 if tail else 0)

    def flaw(self, head: bytes, tail: bytes) -> str:  # noqa: ARG002 - as the protocol has it
        return "" if head.strip(self._flag) else f"{len(head):,} times {self._flag.hex()} and nothing between"

    def why_not(self, head: bytes, size: int, limit: int) -> str:  # noqa: ARG002 - as the protocol has it
        if head.strip(self._flag):
            return f"{self._flag.hex()} has not come behind it"
        return f"nothing has come behind {self._flag.hex()}"
