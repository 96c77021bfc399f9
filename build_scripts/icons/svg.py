"""Draws the part of SVG in which the icon is written.

Groups with ``translate``, ``rotate`` and ``scale``; paths of M, L, C and Z with absolute
coordinates; rectangles, circles and ellipses; fills and round strokes in one colour or a linear
gradient in user space. Whatever else is in the file is an error, not left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

from build_scripts.icons.raster import Canvas, Colour, Paint, Point, Polygon

_NAMESPACE = "{http://www.w3.org/2000/svg}"
_CURVE_STEPS = 24
_CIRCLE_STEPS = 96
_ROUND = 0.5523  # how far a Bezier's handles reach for a quarter of a circle


@dataclass(frozen=True, slots=True)
class Transform:
    """An affine map: x' = a*x + c*y + e, y' = b*x + d*y + f."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def __call__(self, point: Point) -> Point:
        x, y = point
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def after(self, first: Transform) -> Transform:
        """Do ``first``, then this."""
        origin, along, down = (self(first(point)) for point in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0)))
        return Transform(along[0] - origin[0], along[1] - origin[1], down[0] - origin[0], down[1] - origin[1], *origin)

    def inverse(self) -> Transform:
        """The way back."""
        size = self.a * self.d - self.b * self.c
        a, b, c, d = self.d / size, -self.b / size, -self.c / size, self.a / size
        return Transform(a, b, c, d, -(a * self.e + c * self.f), -(b * self.e + d * self.f))

    @property
    def scale(self) -> float:
        """How much longer a line becomes."""
        return math.sqrt(abs(self.a * self.d - self.b * self.c))


@dataclass(frozen=True, slots=True)
class Gradient:
    """Colours along a line in the coordinates of what is painted."""

    begin: Point
    end: Point
    stops: tuple[tuple[float, Colour], ...]

    def paint(self, transform: Transform, opacity: float) -> Paint:
        """The paint for pixels of a canvas that ``transform`` leads to."""
        back = transform.inverse()
        dx, dy = self.end[0] - self.begin[0], self.end[1] - self.begin[1]
        length = dx * dx + dy * dy

        def paint(x: float, y: float) -> Colour:
            user_x, user_y = back((x, y))
            red, green, blue, alpha = self._at(((user_x - self.begin[0]) * dx + (user_y - self.begin[1]) * dy) / length)
            return red, green, blue, alpha * opacity

        return paint

    def _at(self, share: float) -> Colour:
        if share <= self.stops[0][0]:
            return self.stops[0][1]
        for (low, before), (high, after) in pairwise(self.stops):
            if share <= high:
                part = (share - low) / (high - low)
                mixed = [one + (two - one) * part for one, two in zip(before, after, strict=True)]
                return mixed[0], mixed[1], mixed[2], mixed[3]
        return self.stops[-1][1]


def draw(file: Path, size: int) -> Canvas:
    """Draw a square picture at ``size`` by ``size`` pixels."""
    root = ElementTree.parse(file).getroot()  # noqa: S314 - the project's own drawings
    left, top, width, height = (float(number) for number in root.attrib["viewBox"].split())
    if width != height:
        raise ValueError(f"{file.name} is not square")
    fit = size / width
    drawing = _Drawing(Canvas(size, size))
    drawing.children(root, Transform(fit, 0, 0, fit, -left * fit, -top * fit))
    return drawing.canvas


class _Drawing:
    """A canvas and the gradients met so far."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self._gradients: dict[str, Gradient] = {}

    def children(self, parent: ElementTree.Element, transform: Transform) -> None:
        for element in parent:
            self._element(element, element.tag.removeprefix(_NAMESPACE), transform)

    def _element(self, element: ElementTree.Element, tag: str, transform: Transform) -> None:
        if tag in ("title", "desc"):
            return
        if tag in ("g", "defs"):
            self.children(element, transform.after(_transform(element.get("transform", ""))))
        elif tag == "linearGradient":
            self._gradients[element.attrib["id"]] = _gradient(element)
        else:
            self._shape(element, _lines(tag, element), transform)

    def _shape(self, element: ElementTree.Element, lines: Sequence[Polygon], transform: Transform) -> None:
        outlines = [[transform(point) for point in line] for line in lines]
        opacity = float(element.get("opacity", "1"))
        fill = element.get("fill", "#000000")
        if fill != "none":
            self.canvas.fill(outlines, self._paint(fill, transform, opacity))
        stroke = element.get("stroke", "none")
        if stroke != "none":
            width = float(element.get("stroke-width", "1")) * transform.scale
            self.canvas.fill(list(_stroke(outlines, width)), self._paint(stroke, transform, opacity))

    def _paint(self, value: str, transform: Transform, opacity: float) -> Paint:
        if value.startswith("url(#"):
            return self._gradients[value[5:-1]].paint(transform, opacity)
        red, green, blue, _ = _colour(value)
        return lambda _x, _y: (red, green, blue, opacity)


def _colour(value: str, opacity: float = 1.0) -> Colour:
    if not re.fullmatch(r"#[0-9a-f]{6}", value):
        raise ValueError(f"{value} is not a colour of the form #rrggbb")
    return int(value[1:3], 16) / 255, int(value[3:5], 16) / 255, int(value[5:7], 16) / 255, opacity


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.?\d*|-?\.\d+", text)]


def _transform(text: str) -> Transform:
    result = Transform()
    for name, values in re.findall(r"(\w+)\(([^)]*)\)", text):
        result = result.after(_one_transform(name, _numbers(values)))
    return result


def _one_transform(name: str, values: list[float]) -> Transform:
    if name == "translate":
        return Transform(e=values[0], f=values[1])
    if name == "scale":
        return Transform(a=values[0], d=values[-1])
    if name == "rotate" and len(values) == 1:
        turn = math.radians(values[0])
        return Transform(math.cos(turn), math.sin(turn), -math.sin(turn), math.cos(turn))
    raise ValueError(f"the transform {name} is not drawn here")


def _gradient(element: ElementTree.Element) -> Gradient:
    if element.get("gradientUnits") != "userSpaceOnUse":
        raise ValueError("gradients are drawn in user space only")
    x1, y1, x2, y2 = (float(element.attrib[name]) for name in ("x1", "y1", "x2", "y2"))
    stops = tuple(
        (float(stop.attrib["offset"]), _colour(stop.attrib["stop-color"], float(stop.get("stop-opacity", "1"))))
        for stop in element
    )
    return Gradient((x1, y1), (x2, y2), stops)


def _lines(tag: str, element: ElementTree.Element) -> list[list[Point]]:
    """The outline of a shape as straight lines."""
    if tag == "path":
        return _path(element.attrib["d"])
    value = {name: float(text) for name, text in element.attrib.items() if name in _GEOMETRY}
    if tag == "rect":
        return _path(_rounded(value["x"], value["y"], value["width"], value["height"], value.get("rx", 0.0)))
    if tag == "circle":
        return [_ellipse(value["cx"], value["cy"], value["r"], value["r"])]
    if tag == "ellipse":
        return [_ellipse(value["cx"], value["cy"], value["rx"], value["ry"])]
    raise ValueError(f"the element {tag} is not drawn here")


_GEOMETRY = {"x", "y", "width", "height", "rx", "ry", "cx", "cy", "r"}


def _ellipse(cx: float, cy: float, rx: float, ry: float) -> list[Point]:
    turns = (2 * math.pi * step / _CIRCLE_STEPS for step in range(_CIRCLE_STEPS))
    return [(cx + rx * math.cos(turn), cy + ry * math.sin(turn)) for turn in turns]


def _rounded(x: float, y: float, width: float, height: float, radius: float) -> str:
    """A rectangle with round corners as a path."""
    right, bottom, reach = x + width, y + height, radius * (1 - _ROUND)
    return (
        f"M {x + radius} {y} L {right - radius} {y} C {right - reach} {y} {right} {y + reach} {right} {y + radius}"
        f" L {right} {bottom - radius} C {right} {bottom - reach} {right - reach} {bottom} {right - radius} {bottom}"
        f" L {x + radius} {bottom} C {x + reach} {bottom} {x} {bottom - reach} {x} {bottom - radius}"
        f" L {x} {y + radius} C {x} {y + reach} {x + reach} {y} {x + radius} {y} Z"
    )


def _path(text: str) -> list[list[Point]]:
    lines: list[list[Point]] = []
    for command, values in re.findall(r"([A-Za-z])([^A-Za-z]*)", text):
        numbers = _numbers(values)
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if command == "M":
            lines.append(points)
        elif command == "L":
            lines[-1].extend(points)
        elif command == "C":
            for at in range(0, len(points), 3):
                lines[-1].extend(_curve(lines[-1][-1], *points[at : at + 3]))
        elif command == "Z":
            lines[-1].append(lines[-1][0])
        else:
            raise ValueError(f"the path command {command} is not drawn here")
    return lines


def _curve(begin: Point, one: Point, two: Point, end: Point) -> Iterable[Point]:
    for step in range(1, _CURVE_STEPS + 1):
        t = step / _CURVE_STEPS
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        corners = list(zip(weights, (begin, one, two, end), strict=True))
        yield sum(w * p[0] for w, p in corners), sum(w * p[1] for w, p in corners)


def _stroke(lines: Sequence[Polygon], width: float) -> Iterable[Polygon]:
    """The area of a pen with a round tip: a disc at every corner, a beam along every piece."""
    radius = width / 2
    for line in lines:
        for x, y in line:
            yield _ellipse(x, y, radius, radius)
        for (x0, y0), (x1, y1) in pairwise(line):
            length = math.hypot(x1 - x0, y1 - y0)
            if length > 0:
                dx, dy = (y1 - y0) / length * radius, -(x1 - x0) / length * radius
                yield [(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)]
