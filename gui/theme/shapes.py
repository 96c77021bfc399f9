"""Smooth shapes as PNG bytes, drawn at the screen's own resolution. No tkinter, no image files.

Tk's widgets have square corners and its Text has square tags; these small pictures round them.
Coverage is worked out per pixel from the distance to the shape's edge, which is what smooths it.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

from gui.theme.palettes import rgb

LEVELS = 86  # of each of red, green and blue in a picture that is painted on a ground: 0, 3, 6, up to 255
_CLEAR = b"\0\0\0\0"


@lru_cache(maxsize=256)
def rounded_box(
    width: int,
    height: int,
    radius: float,
    fill: str | None,
    border: str | None,
    line: float,
    inner: str | None = None,
    ground: str | None = None,
) -> bytes:
    """A box with round corners, filled, inside a border ``line`` pixels wide; see-through outside.

    ``inner`` is the colour of a second border within the first, half as wide.

    Tk lays the middle of such a picture out like tiles. Where any pixel is half transparent, it blends each tile with
    what is behind it, a round trip to the X server each time: so let it be large. With a ``ground`` the edge is
    blended with that colour beforehand, and each pixel is opaque or not there.
    """
    covers, pixels = _box(width, height, radius, line, inner is not None)
    colors = []
    for is_inner, outer, inside in covers:
        color = _blend(outer, inside, fill if is_inner else inner or fill, inner if is_inner else border)
        colors.append(_painted_on(ground, color) if ground else color)
    return _png(width, height, colors, pixels)


@lru_cache(maxsize=1024)
def bubble_cap(width: int, height: int, fill: str, ground: str, *, top: bool) -> bytes:
    """The rounded upper or lower end of a bubble on ``ground``: ``width`` by ``height`` pixels, radius ``height``.

    Opaque, because a conversation has many and X11 draws those faster.
    """
    middle = _blend(1.0, 1.0, fill, None) * max(0, width - 2 * height)
    rows = []
    for y in range(height):
        corner = [_corner_pixel(x + 0.5 - height, y + 0.5 - height, height, fill, ground) for x in range(height)]
        rows.append(b"".join(corner) + middle + b"".join(reversed(corner)))
    return _encode(width, height, rows if top else rows[::-1])


def dot(size: int, color: str, state: str = "live") -> bytes:
    """A mark for a state that is told from the others without its colour too.

    A filled circle is live, a square has failed, and a ring is either waiting or over: thick or thin.
    """
    if state == "failed":
        return rounded_box(size, size, 0, color, None, 0)
    if state == "live":
        return rounded_box(size, size, size / 2, color, None, 0)
    return rounded_box(size, size, size / 2, None, color, size / (3.5 if state == "waiting" else 8))


@lru_cache(maxsize=64)
def chevron(size: int, color: str, stroke: float, to: str = "down") -> bytes:
    """An arrow of two strokes, for the boxes that open a list and for what unfolds; ``down``, ``up`` or ``right``."""
    rows = _chevron(size, color, stroke)
    if to == "right":
        rows = [b"".join(row[4 * x : 4 * x + 4] for row in rows) for x in range(size)]
    return _encode(size, size, rows[::-1] if to == "up" else rows)


@lru_cache(maxsize=64)
def _chevron(size: int, color: str, stroke: float) -> list[bytes]:
    """The rows of one that points down."""
    reach, drop = size * 0.28, size * 0.14

    def pixel(x: float, y: float) -> bytes:
        across, down = abs(x - size / 2), y - size / 2
        if max(across - reach, abs(down) - drop) > stroke / 2 + 1:  # far from both strokes
            return _CLEAR
        along = max(0.0, min(1.0, (across * reach - (down - drop) * 2 * drop) / (reach**2 + (2 * drop) ** 2)))
        gap = ((across - along * reach) ** 2 + (down - drop + along * 2 * drop) ** 2) ** 0.5
        return _blend(_cover(gap - stroke / 2), 1.0, color, None)

    return [_mirrored([pixel(x + 0.5, y + 0.5) for x in range((size + 1) // 2)], size) for y in range(size)]


def _mirrored(left: list[bytes], width: int) -> bytes:
    """A whole row of pixels from its left half."""
    return b"".join(left) + b"".join(left[: width // 2][::-1])


@lru_cache(maxsize=64)
def _box(
    width: int, height: int, radius: float, line: float, has_inner: bool
) -> tuple[list[tuple[bool, float, float]], bytes]:
    """A box whatever its colours: how much of a pixel is covered, for each kind of pixel, and the kind of every pixel.

    A kind is whether it lies in the inner border or within, how much of it is in the shape, and how much within
    the border. The second part is compressed, as a PNG has it.
    """
    quarter = min(int(radius) + 3, (min(width, height) + 1) // 2)
    kinds: dict[tuple[bool, float, float], int] = {}

    def kind(x: int, y: int) -> int:
        distance = _distance(x + 0.5 - width / 2, y + 0.5 - height / 2, width / 2, height / 2, radius)
        is_inner = has_inner and distance <= -line
        inside = _cover(distance + line * (1.5 if is_inner else 1))
        return kinds.setdefault((is_inner, round(_cover(distance), 4), round(inside, 4)), len(kinds))

    corner: list[bytes] = []  # across it is as it is down
    for y in range(quarter):
        corner.append(bytes((*(row[y] for row in corner), *(kind(x, y) for x in range(y, quarter)))))
    upper = [b"\0" + row + row[-1:] * (width - 2 * quarter) + row[: width // 2][::-1] for row in corner]
    rows = upper + upper[-1:] * (height - 2 * quarter) + upper[: height // 2][::-1]
    return list(kinds), zlib.compress(b"".join(rows), 1)


def _corner_pixel(x: float, y: float, radius: int, fill: str, ground: str) -> bytes:
    return _blend(1.0, _cover((x**2 + y**2) ** 0.5 - radius), fill, ground)


def _distance(x: float, y: float, half_width: float, half_height: float, radius: float) -> float:
    """How far the point lies outside a rounded box around the origin; negative inside."""
    across, down = abs(x) - half_width + radius, abs(y) - half_height + radius
    outside: float = (max(across, 0.0) ** 2 + max(down, 0.0) ** 2) ** 0.5
    return outside + min(max(across, down), 0.0) - radius


def _cover(distance: float) -> float:
    """How much of a pixel lies inside an edge that is ``distance`` pixels from its middle."""
    return max(0.0, min(1.0, 0.5 - distance))


def _blend(outer: float, inner: float, fill: str | None, border: str | None) -> bytes:
    """One pixel: ``outer`` of it is covered by the shape, ``inner`` by what is within the border."""
    if border is None:
        return bytes((*rgb(fill), round(outer * 255))) if fill else _CLEAR
    if fill is None:
        return bytes((*rgb(border), round((outer - inner) * 255)))
    mixed = (round(f * inner + b * (1 - inner)) for f, b in zip(rgb(fill), rgb(border), strict=True))
    return bytes((*mixed, round(outer * 255)))


def _painted_on(ground: str, pixel: bytes) -> bytes:
    """A pixel as it is seen on that ground, in one of the ``LEVELS``; one that covers nothing is not there."""
    *color, alpha = pixel
    if not alpha:
        return _CLEAR
    step, share = 255 // (LEVELS - 1), alpha / 255
    seen = (round((c * share + g * (1 - share)) / step) * step for c, g in zip(color, rgb(ground), strict=True))
    return bytes((*seen, 255))


def _png(width: int, height: int, colors: list[bytes], pixels: bytes) -> bytes:
    """Compressed rows of places in a list of RGBA colours as a PNG (RFC 2083)."""
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette, alpha = b"".join(color[:3] for color in colors), bytes(color[3] for color in colors)
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"tRNS", alpha), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _encode(width: int, height: int, rows: list[bytes]) -> bytes:
    """Rows of RGBA pixels as a PNG (RFC 2083)."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 1)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
