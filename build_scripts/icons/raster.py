"""Fills polygons, smoothly, on a canvas of pixels."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence

Point = tuple[float, float]
Polygon = Sequence[Point]
Colour = tuple[float, float, float, float]  # red, green, blue, opacity; each from 0 to 1
Paint = Callable[[float, float], Colour]

_SUBLINES = 8  # a row of pixels is cut into so many lines; along a line coverage is exact


class Canvas:
    """Pixels with premultiplied colours, transparent at first."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._pixels = array("d", bytes(8 * 4 * width * height))

    def fill(self, polygons: Sequence[Polygon], paint: Paint) -> None:
        """Paint the union of the polygons (nonzero winding)."""
        edges = list(_edges(polygons))
        if not edges:
            return
        first = max(0, int(min(edge[1] for edge in edges)))
        last = min(self.height - 1, int(max(edge[3] for edge in edges)))
        for row in range(first, last + 1):
            near = [edge for edge in edges if edge[1] < row + 1 and edge[3] > row]
            coverage = self._coverage(row, near)
            for column, share in enumerate(coverage):
                if share > 0:
                    self._blend(row, column, share, paint(column + 0.5, row + 0.5))

    def _coverage(self, row: int, edges: Sequence[_Edge]) -> list[float]:
        coverage = [0.0] * self.width
        for line in range(_SUBLINES):
            for begin, end in _spans(edges, row + (line + 0.5) / _SUBLINES):
                _cover(coverage, max(0.0, begin), min(float(self.width), end))
        return coverage

    def _blend(self, row: int, column: int, share: float, colour: Colour) -> None:
        at = 4 * (row * self.width + column)
        opacity = colour[3] * min(1.0, share)
        for channel in range(3):
            self._pixels[at + channel] = colour[channel] * opacity + self._pixels[at + channel] * (1 - opacity)
        self._pixels[at + 3] = opacity + self._pixels[at + 3] * (1 - opacity)

    def rgba(self) -> bytes:
        """The pixels row by row, four bytes each, not premultiplied."""
        result = bytearray(4 * self.width * self.height)
        for at in range(0, len(result), 4):
            opacity = self._pixels[at + 3]
            if opacity > 0:
                for channel in range(3):
                    result[at + channel] = round(255 * min(1.0, self._pixels[at + channel] / opacity))
                result[at + 3] = round(255 * opacity)
        return bytes(result)


_Edge = tuple[float, float, float, float, int]  # from the upper end (x, y) to the lower one, and its direction


def _edges(polygons: Sequence[Polygon]) -> Iterable[_Edge]:
    for polygon in polygons:
        for (x0, y0), (x1, y1) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
            if y0 < y1:
                yield x0, y0, x1, y1, 1
            elif y1 < y0:
                yield x1, y1, x0, y0, -1


def _spans(edges: Sequence[_Edge], y: float) -> Iterable[tuple[float, float]]:
    """The stretches of the line at ``y`` that are inside."""
    crossings = sorted(
        (x0 + (y - y0) / (y1 - y0) * (x1 - x0), direction) for x0, y0, x1, y1, direction in edges if y0 <= y < y1
    )
    winding, begin = 0, 0.0
    for x, direction in crossings:
        if winding == 0:
            begin = x
        winding += direction
        if winding == 0:
            yield begin, x


def _cover(coverage: list[float], begin: float, end: float) -> None:
    """Add the stretch from ``begin`` to ``end`` of one line to a row of pixels."""
    if end <= begin:
        return
    first, last = int(begin), min(int(end), len(coverage) - 1)
    if first == last:
        coverage[first] += (end - begin) / _SUBLINES
        return
    coverage[first] += (first + 1 - begin) / _SUBLINES
    for column in range(first + 1, last):
        coverage[column] += 1 / _SUBLINES
    coverage[last] += (end - last) / _SUBLINES
