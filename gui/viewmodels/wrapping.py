"""How wide text is, and where it breaks, worked out without asking Tk for every line.

Tk breaks lines by itself, but leaves no room inside a coloured bubble that hangs on the right; so
what goes out is broken here. A font is asked once for each character it is met with. No tkinter.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, pairwise

from gui.viewmodels.hexdump import Layout, fitting

PAD = "\u2003"  # the room between a bubble's edge and its text
_TAB_STOPS = 8  # characters
_LONGEST = 4_000  # characters of a line, also of such as have no width; Tk takes its time over longer ones
_LONGEST_COMPACT = 1_000  # characters of a compact row
_SOME = 256  # characters that are measured at a time
_MOST_KNOWN = 20_000  # characters remembered, for a stream that goes through all of Unicode


class Metrics:
    """Measures text in one font and chooses the width of bubbles, all in pixels.

    ``advance`` says how wide a string is; ``widest`` is the widest bubble and ``step`` what their
    widths are multiples of, so that a conversation needs few kinds. ``mono`` is how wide a character of
    the font of hex is, ``room`` the whole width that there is, and ``lead`` what stands in front of
    the text of compact rows takes, of which ``way`` is for the way.
    """

    def __init__(
        self,
        advance: Callable[[str], int],
        *,
        widest: int,
        step: int,
        mono: int = 8,
        room: int | None = None,
        lead: int = 0,
        way: int = 0,
    ) -> None:
        self._lead, self._way = lead, way
        self._mono = mono
        self._room = room if room is not None else widest
        self._advances = Advances(advance)
        self.step = step
        self.widest = max(step * 4, widest // step * step)
        self.pad = advance(PAD)
        self._pieces: dict[str, list[str]] = {}  # of the lines of the bubble that was measured last

    def bubble(self, lines: list[str]) -> int:
        """How wide a bubble these lines want, with room on both sides."""
        limit = self.widest
        self._pieces = {}
        longest = max((self._longest(line) for line in lines if line), default=0)
        wanted = -(-(longest + 2 * self.pad) // self.step) * self.step
        return min(wanted, limit)

    def hex_layout(self, size: int) -> Layout:
        """How so many bytes are set as hex in the room that there is."""
        return fitting((self._room * 15 // 16 - 2 * self.pad) // max(1, self._mono), size)

    def hex_bubble(self, columns: int, notes: list[str]) -> int:
        """How wide a bubble must be for lines of hex with so many characters, with notes below in the same font."""
        longest = max(columns, *map(len, notes)) * self._mono
        return -(-(longest + 2 * self.pad) // self.step) * self.step

    def _longest(self, line: str) -> int:
        """How wide the line is, or the widest of the pieces it is broken into."""
        line = line[:_LONGEST]
        stops = self._stops(line)
        if stops[-1] <= self.widest - 2 * self.pad:
            self._pieces[line] = [line]
            return stops[-1]
        longest = start = 0
        self._pieces[line] = found = list[str]()
        for end in self._ends(line, stops):
            found.append(line[start:end])
            longest = max(longest, stops[start + len(found[-1].rstrip(" "))] - stops[start])
            start = end
        return longest

    def _stops(self, line: str) -> list[int]:
        """How wide so many of its first characters are, from none on."""
        return [0, *accumulate(map(self._advances.__getitem__, line))]

    def compact_room(self, way: str, more: str, remark: str) -> int:
        """How wide the text of a compact row can be between its way and what stands behind it.

        Where that is little, ``remark`` has less than it wants, and ``more``, which says that text is cut, has all.
        """
        beyond = max(0, self.width(way, self._room) - self._way)
        room = self._room - self._lead - beyond - self.width(more, self._room)
        return max(0, min(self.widest // 4, room), room - self.width(remark, self._room) - self.pad)

    def more_than_fit(self, room: int) -> int:
        """So many characters do not all fit into ``room`` pixels, unless most are narrower than an i."""
        return room // max(1, self._advances["i"]) + 1

    def fitting(self, line: str, room: int) -> int:
        """How many of its first characters are no wider than ``room`` pixels."""
        line = line[: min(len(line), _LONGEST_COMPACT)]
        return bisect_right(list(accumulate(map(self._advances.__getitem__, line))), room)

    def width(self, line: str, limit: int) -> int:
        """How wide the line is; counting stops soon after ``limit``."""
        total = 0
        for start in range(0, len(line), _SOME):
            total += sum(map(self._advances.__getitem__, line[start : start + _SOME]))
            if total > limit:
                break
        return total

    def broken(self, line: str) -> Iterable[str]:
        """The line in pieces that fit into the widest bubble, broken after a space where possible."""
        return self._pieces.get(line) or [line[one:other] for one, other in pairwise((0, *self._ends(line)))]

    def _ends(self, line: str, stops: list[int] | None = None) -> Iterator[int]:
        """Behind which of its characters the line is broken, and its end."""
        stops = stops or self._stops(line)
        room, start = self.widest - 2 * self.pad, 0
        while (end := self._fitting(stops, start, stops[start] + room)) < len(line):
            space = line.rfind(" ", start, end + 1)
            start = space + 1 if space - start > (end - start) // 2 else end
            yield start
        if start < len(line) or not line:
            yield len(line)

    def _fitting(self, stops: list[int], start: int, room: int) -> int:
        """The place up to before which a line fits from ``start`` on; at least one character does."""
        return min(max(start + 1, bisect_right(stops, room) - 1), start + _LONGEST)


class Advances(dict[str, int]):
    """How wide characters are; each is measured when it is first met."""

    def __init__(self, advance: Callable[[str], int]) -> None:
        super().__init__({"\t": _TAB_STOPS * advance(" ")})
        self._advance = advance

    def __missing__(self, character: str) -> int:
        width = self._advance(character)
        if len(self) < _MOST_KNOWN:
            self[character] = width
        return width

    def width(self, words: str) -> int:
        """How wide words are, in pixels."""
        return sum(map(self.__getitem__, words))

    def elided(self, words: str, room: int) -> str:
        """As much of the words as fits into so many pixels, with ``…`` behind it where that is not all."""
        stops = list(accumulate(map(self.__getitem__, words)))
        if not stops or stops[-1] <= room:
            return words
        return words[: bisect_right(stops, room - self["…"])].rstrip() + "…"
