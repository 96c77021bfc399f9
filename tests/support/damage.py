"""What may become of a file: cut off, a byte changed, a page of noise."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

from core.events import Event, Role
from core.journal.store import JournalWriter
from tests.support.story import Story

DENSITY = int(os.environ.get("TINCAN_TEST_DAMAGE", "1"))  # 1 to 100: how many of the places are tried
PAGE = 4096  # bytes


def small_journal(path: Path) -> bytes:
    """A journal of a few pages with a server's and a client's session; also what is in its file."""
    story, client = Story(), Story(2, Role.CLIENT)
    events: list[Event] = [*story.whole(), client.begins(), client.opens()]
    events += [client.hears(b"line %d\n" % i * 40) for i in range(20)]
    writer = JournalWriter(path)
    try:
        writer.append([*events, client.ends()], 1_000_000)
    finally:
        writer.close()
    return path.read_bytes()


def cut_off(whole: bytes) -> Iterator[bytes]:
    """The beginnings of it, of many lengths."""
    step = max(1, 101 // DENSITY)
    for size in [*range(0, 120, 7), *range(100, len(whole), step)]:
        yield whole[:size]


def with_a_byte_changed(whole: bytes, places: int = 400) -> Iterator[bytes]:
    """It with one byte changed: all of the first hundred, and ``places`` times ``DENSITY`` others that are used."""
    chance = random.Random(62)
    used = [offset for offset, byte in enumerate(whole) if byte or offset < 200]
    for place in [*range(100), *chance.sample(used, min(len(used), places * DENSITY))]:
        for changed in (whole[place] ^ (1 << chance.randrange(8)), 0xFF, 0x00):
            yield whole[:place] + bytes([changed]) + whole[place + 1 :]


def with_a_page_of_noise(whole: bytes) -> Iterator[bytes]:
    """It with each of its pages in turn overwritten."""
    chance = random.Random(4096)
    for start in range(0, len(whole), PAGE):
        yield whole[:start] + chance.randbytes(PAGE) + whole[start + PAGE :]
