"""In which order the pages of a damaged journal were recorded, if a key or an ordinal on one of them is wrong.

A key is the number of an entry among all, its ordinal that within its session. What a key has more than the ordinal is
the number of entries of other sessions before it, so in a session both never become less. A page whose numbers say
otherwise is put where its entries fill a gap.
"""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Iterable
from operator import attrgetter

from core.journal.recovery.pages import ChunkFound, PageFile, Place

_OPEN = 1 << 63  # where the gap behind the last page ends, as no ordinal is as high


def in_order(places: Iterable[Place], pages: PageFile) -> list[Place]:
    """Sort the pages by their keys, and one whose key is wrong by its ordinals."""
    sessions: dict[int, list[Place]] = {}
    for place in places:
        sessions.setdefault(place.session, []).append(place)
    ordered: list[Place] = []
    for found in sessions.values():
        found.sort(key=attrgetter("ordinal", "others"))
        agreeing = _agreeing(found)
        ordered += agreeing
        if len(agreeing) < len(found):
            kept = {place.page for place in agreeing}
            ordered += [_placed(place, agreeing, pages) for place in found if place.page not in kept]
    ordered.sort()
    return ordered


def _agreeing(found: list[Place]) -> list[Place]:
    """As many of a session's pages, sorted by their ordinals, as can all be right: the longest non-decreasing run."""
    lowest: list[int] = []  # with how many entries of others the best run of each length ends
    ends: list[int] = []  # at which page it ends
    before: list[int] = []  # the page before each page in its run
    for index, place in enumerate(found):
        length = bisect(lowest, place.others)
        lowest[length : length + 1] = [place.others]
        ends[length : length + 1] = [index]
        before.append(ends[length - 1] if length else -1)
    run: list[Place] = []
    index = ends[-1]
    while index >= 0:
        run.append(found[index])
        index = before[index]
    return run[::-1]


def _placed(place: Place, agreeing: list[Place], pages: PageFile) -> Place:
    """The page with a key of where it belongs: another than its own if its ordinals go on where others end.

    Where its entries fill the gap that there is by its key, its ordinals are wrong.
    """
    rows = _rows(place, pages)
    size = sum(row.stop - row.ordinal for row in rows)
    by_key = bisect_left(agreeing, place.key, key=attrgetter("key"))
    by_ordinal = bisect_left(agreeing, place.ordinal, key=attrgetter("ordinal"))
    start, stop = _gap(agreeing, by_key, pages)
    spare = stop - start - size
    start, stop = _gap(agreeing, by_ordinal, pages)
    first, last = (rows[0].ordinal, rows[-1].stop) if rows else (0, 0)
    is_within = start <= first < last <= stop
    if is_within and (spare < 0 or (spare and (first == start or last == stop))):
        return place._replace(key=agreeing[max(0, by_ordinal - 1)].key)
    return place


def _gap(agreeing: list[Place], at: int, pages: PageFile) -> tuple[int, int]:
    """The ordinals between the page before that place and the one behind."""
    before = _rows(agreeing[at - 1], pages) if at else []
    behind = _rows(agreeing[at], pages) if at < len(agreeing) else []
    return before[-1].stop if before else 0, behind[0].ordinal if behind else _OPEN


def _rows(place: Place, pages: PageFile) -> list[ChunkFound]:
    """The rows on a page that belong to its session."""
    return [row for row in pages.rows(place.page) if isinstance(row, ChunkFound) and row.session == place.session]
