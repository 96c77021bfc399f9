"""The files that systems take icons from: PNG, the ICO of Windows, the ICNS of macOS."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from build_scripts.icons.raster import Canvas

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB, _RGBA = 2, 6  # colour types of PNG
_ICNS_KINDS = {16: b"icp4", 32: b"icp5", 64: b"icp6", 128: b"ic07", 256: b"ic08", 512: b"ic09"}


def png(canvas: Canvas) -> bytes:
    """A PNG with eight bits a channel and opacity."""
    return _png(canvas.width, canvas.height, canvas.rgba(), _RGBA)


def picture(width: int, height: int, pixels: bytes) -> bytes:
    """A PNG of three bytes a pixel: red, green, blue, row by row."""
    return _png(width, height, pixels, _RGB)


def _png(width: int, height: int, pixels: bytes, kind: int) -> bytes:
    row = len(pixels) // height
    rows = b"".join(_best_filter(pixels, at, row) for at in range(0, len(pixels), row))
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return PNG_SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _best_filter(pixels: bytes, at: int, row: int) -> bytes:
    """A row of pixels, as it is or as the difference from the row above, whichever has less in it."""
    plain = pixels[at : at + row]
    above = pixels[at - row : at] if at else bytes(row)
    up = bytes((one - two) & 255 for one, two in zip(plain, above, strict=True))
    return min((b"\x00" + plain, b"\x02" + up), key=lambda coded: sum(min(byte, 256 - byte) for byte in coded[1:]))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def ico(pictures: Mapping[int, bytes]) -> bytes:
    """PNGs by size, the largest 256, as one file for Windows."""
    entries, at = [], 6 + 16 * len(pictures)
    for size, picture in sorted(pictures.items()):
        entries.append(struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(picture), at))
        at += len(picture)
    ordered = [picture for _, picture in sorted(pictures.items())]
    return struct.pack("<HHH", 0, 1, len(pictures)) + b"".join(entries) + b"".join(ordered)


def icns(pictures: Mapping[int, bytes]) -> bytes:
    """PNGs by size as one file for macOS; sizes that it has no place for are left out."""
    parts = [
        _ICNS_KINDS[size] + struct.pack(">I", len(picture) + 8) + picture
        for size, picture in sorted(pictures.items())
        if size in _ICNS_KINDS
    ]
    body = b"".join(parts)
    return b"icns" + struct.pack(">I", len(body) + 8) + body
