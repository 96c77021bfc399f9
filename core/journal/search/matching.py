"""Finds a pattern in a stream of bytes that comes piece by piece, as if it were one."""

from __future__ import annotations

from core.journal.search.pattern import Pattern

_SLICE = 8 * 1024  # bytes given to a regular expression at a time: many take a time that grows with the square


class Matcher:
    """The matches in one stream, as offsets from its beginning. Pure; one thread at a time.

    It keeps no more of the stream than a match that has begun there may need. No match lies within
    another, and one without bytes is none. While it looks at a piece no other thread runs, so that
    pieces should be short.
    """

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern
        self._known = b""  # the end of what came so far
        self._offset = 0  # of it in the stream
        self._next = 0  # offset in the stream from which a match may begin

    @property
    def decided(self) -> int:
        """No match that is still to come ends at this offset or before it."""
        return self._next

    def feed(self, piece: bytes) -> list[tuple[int, int]]:
        """Take in the next bytes; the matches (start, stop) that no later byte can change."""
        step = _SLICE if self._pattern.is_dangerous else max(1, len(piece))
        found: list[tuple[int, int]] = []
        for begin in range(0, len(piece), step):
            self._known += piece[begin : begin + step]
            found += self._look(len(self._known) - self._pattern.longest + 1)
            unneeded = max(0, self._next - self._offset - self._pattern.behind)
            self._known = self._known[unneeded:]
            self._offset += unneeded
        return found

    def finish(self) -> list[tuple[int, int]]:
        """The stream ends here, or nobody looks further: the matches that waited for more."""
        return self._look(len(self._known))

    def _look(self, limit: int) -> list[tuple[int, int]]:
        """The matches that begin before ``limit``, an offset in what is known."""
        offset, begin = self._offset, self._next - self._offset
        found: list[tuple[int, int]] = []
        if limit <= begin:
            return found
        for match in self._pattern.regex.finditer(self._known, begin):
            start, stop = match.span()
            if start >= limit:
                break
            if stop > start:
                found.append((offset + start, offset + stop))
        self._next = max(self._next, offset + limit, found[-1][1] if found else 0)
        return found
