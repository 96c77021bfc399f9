"""What a search found, as values: very many of them in little memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, overload

if TYPE_CHECKING:
    from core.journal.display_row import Span


class Hit(NamedTuple):
    """A match: the entry in which it ends, and where it lies in that entry's bytes.

    ``start`` is negative if it began in an earlier entry of the same direction of the same connection. Of
    a note, both count bytes of its UTF-8.
    """

    ordinal: int
    start: int
    stop: int


class Hits(Sequence[Hit]):
    """Hits in the order of the journal, 24 bytes each. One thread at a time."""

    def __init__(self, hits: Iterable[Hit] = ()) -> None:
        self._columns: tuple[array[int], ...] = array("q"), array("q"), array("q")
        for column, values in zip(self._columns, zip(*sorted(hits), strict=True), strict=False):
            column.extend(values)

    @property
    def ordinals(self) -> Sequence[int]:
        """The entries in which they end, ascending."""
        return self._columns[0]

    def extend(self, more: Hits) -> None:
        """Take more in, each at its place. It costs next to nothing if they come after all others."""
        place = bisect_left(self, more[0]) if more else len(self)
        passed = self[place:]
        tail = Hits([*passed, *more]) if passed else more
        for mine, theirs in zip(self._columns, tail._columns, strict=True):
            del mine[place:]
            mine.extend(theirs)

    def between(self, first: int, stop: int) -> range:
        """The places of those that end in the entries from ``first`` up to before ``stop``."""
        return range(bisect_left(self.ordinals, first), bisect_left(self.ordinals, stop))

    def overlapping(self, span: Span) -> range:
        """The places of those that end in entries of a span and are not all before or all behind its bytes there."""
        begin, (_ordinals, _starts, stops) = self._place(span.first, span.start), self._columns
        while begin and self.ordinals[begin - 1] == span.first and stops[begin - 1] > span.start:
            begin -= 1  # it begins before the span
        return range(begin, max(begin, self._place(span.last, span.stop)))

    def _place(self, ordinal: int, byte: int) -> int:
        """The place of the first that begins at that byte of an entry or behind it; no hit is made to find it."""
        same = self.between(ordinal, ordinal + 1)
        return bisect_left(self._columns[1], byte, same.start, same.stop)

    def __len__(self) -> int:
        return len(self.ordinals)

    def __iter__(self) -> Iterator[Hit]:
        return map(Hit._make, zip(*self._columns, strict=True))

    @overload
    def __getitem__(self, place: int) -> Hit: ...

    @overload
    def __getitem__(self, place: slice) -> Hits: ...

    def __getitem__(self, place: int | slice) -> Hit | Hits:
        if isinstance(place, int):
            return Hit._make(column[place] for column in self._columns)
        part = Hits()
        part._columns = tuple(column[place] for column in self._columns)
        return part

    def __repr__(self) -> str:
        return f"Hits({list(self)!r})"
