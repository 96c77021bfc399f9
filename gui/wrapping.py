"""How wide text is, and where it breaks, worked out without asking Tk for every line.

Tk breaks lines by itself, but leaves no room inside a coloured bubble that hangs on the right; so
what goes out is broken here. A font is asked once for each character it is met with. No tkinter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gui.hexdump import Layout

PAD = "\u2003"  # the room between a bubble's edge and its text
_TAB_STOPS = 8  # characters
_MOST_KNOWN = 20_000  # characters remembered, for a stream that goes through all of Unicode


class Metrics:
    """Measures text in one font and chooses the width of bubbles, all in pixels.

    ``advance`` says how wide a string is; ``widest`` is the widest bubble and ``step`` what their
    widths are multiples of, so that a conversation needs few kinds. ``mono`` is how wide a character of
    the font of hex is, and ``room`` the whole width that there is.
    """

    def __init__(
        self, advance: Callable[[str], int], *, widest: int, step: int, mono: int = 8, room: int | None = None
    ) -> None:
        self._mono = mono
        self._room = room if room is not None else widest
        self._advance = advance
        self._known: dict[str, int] = {"\t": _TAB_STOPS * advance(" ")}
        self.step = step
        self.widest = max(step * 4, widest // step * step)
        self.pad = advance(PAD)

    def bubble(self, lines: list[str]) -> int:
        """How wide a bubble these lines want, with room on both sides."""
        limit = self.widest
        longest = max((self.width(line, limit) for line in lines), default=0)
        wanted = -(-(longest + 2 * self.pad) // self.step) * self.step
        return min(wanted, limit)

    @property
    def hex_columns(self) -> int:
        """How many bytes a line of hex has room for."""
        room = (self._room * 15 // 16 - 2 * self.pad) // max(1, self._mono)
        return next((count for count in (32, 16, 8) if Layout(count).width <= room), 4)

    def hex_bubble(self, line: str, notes: list[str]) -> int:
        """How wide a bubble must be for lines of hex like this one, with notes below."""
        longest = max([len(line) * self._mono, *(self.width(note, self.widest) for note in notes)])
        return -(-(longest + 2 * self.pad) // self.step) * self.step

    def width(self, line: str, limit: int) -> int:
        """How wide the line is; counting stops soon after ``limit``."""
        total = 0
        known = self._known
        for character in line:
            advance = known.get(character)
            total += self._learn(character) if advance is None else advance
            if total > limit:
                break
        return total

    def broken(self, line: str) -> Iterator[str]:
        """The line in pieces that fit into the widest bubble, broken after a space where possible."""
        room = self.widest - 2 * self.pad
        while len(line) > 1 and self.width(line, room) > room:
            end = self._fitting(line, room)
            space = line.rfind(" ", 0, end + 1)
            end = space + 1 if space > end // 2 else end
            yield line[:end]
            line = line[end:]
        yield line

    def _fitting(self, line: str, room: int) -> int:
        """How many characters of the line fit; at least one."""
        total = 0
        for position, character in enumerate(line):
            total += self._known[character]
            if total > room:
                return max(1, position)
        return len(line)

    def _learn(self, character: str) -> int:
        if len(self._known) < _MOST_KNOWN:
            return self._known.setdefault(character, self._advance(character))
        return self._advance(character)
