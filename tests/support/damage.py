"""What may become of a journal's files: cut off, a byte changed, a page of noise; and what the doors make of it."""

from __future__ import annotations

import contextlib
import io
import os
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from core.cli.export import ExportOptions, run_export
from core.cli.find import FindOptions, run_find
from core.errors import JournalError
from core.events import Event
from core.journal.export.formats.jsonl import JsonLines
from core.journal.recording.store import JournalWriter
from core.journal.recovery.archive import archived_sessions
from core.journal.recovery.recovery import open_journal
from core.journal.schema import PAGE_SIZES
from core.journal.search.pattern import Query
from core.roles import Role
from tests.support.earlier import in_format
from tests.support.journals import write_journal
from tests.support.story import Story
from tests.support.systems import TRIES_ALL
from tests.support.tapped import TapStory

DENSITY = int(os.environ.get("TINCAN_TEST_DAMAGE", "1"))  # 1 to 100: how many of the places are tried
PAGE = PAGE_SIZES[0]  # bytes
_STEP = 1 if TRIES_ALL else 4  # of so many places, one is tried


def small_journal(path: Path) -> bytes:
    """A journal of a few pages with a server's and a client's session; also what is in its file."""
    story, client = Story(), Story(2, Role.CLIENT)
    events: list[Event] = [*story.whole(), client.begins(), client.opens()]
    events += [client.hears(b"line %d\n" % i * 40) for i in range(20)]
    return _written(path, [*events, client.ends()])


def _written(path: Path, events: Sequence[Event]) -> bytes:
    writer = JournalWriter(path)
    try:
        writer.append(events, 1_000_000)
    finally:
        writer.close()
    return path.read_bytes()


def cut_off(whole: bytes) -> Iterator[bytes]:
    """The beginnings of it, of many lengths."""
    step = max(1, _STEP * 401 // DENSITY)
    for size in [*range(0, 120, 7), *range(100, len(whole), step)]:
        yield whole[:size]


def with_a_byte_changed(whole: bytes, places: int = 400) -> Iterator[bytes]:
    """It with one byte changed: all of the first hundred, and ``places`` times ``DENSITY`` others that are used, or a
    fourth of them (``TRIES_ALL``).
    """
    chance = random.Random(62)
    used = [offset for offset, byte in enumerate(whole) if byte or offset < 200]
    for place in [*range(0, 100, _STEP), *chance.sample(used, min(len(used), places // _STEP * DENSITY))]:
        for changed in (whole[place] ^ (1 << chance.randrange(8)), 0xFF, 0x00):
            yield whole[:place] + bytes([changed]) + whole[place + 1 :]


def with_a_page_of_noise(whole: bytes) -> Iterator[bytes]:
    """It with each of its pages in turn overwritten."""
    chance, size = random.Random(4096), page_size(whole)
    for start in range(0, len(whole), size):
        yield whole[:start] + chance.randbytes(size) + whole[start + size :]


def page_size(whole: bytes) -> int:
    """Of a journal as its head has it, bytes."""
    return int.from_bytes(whole[16:18], "big")


class Cell(NamedTuple):
    """Where a row of ``entry`` or ``chunk`` with a key below 128 lies in a journal's file."""

    page: int  # where its page begins
    pointer: int  # where the two bytes are that say where on its page it begins
    key: int  # where the byte of its key is
    columns: tuple[int, ...]  # where the first values are, up to that of ``mono_ns``


def cell_with(whole: bytes, key: int) -> Cell:
    """The row with that key."""
    size = page_size(whole)
    for page in range(size, len(whole), size):
        if whole[page] != 13:
            continue
        for pointer in range(page + 8, page + 8 + 2 * int.from_bytes(whole[page + 3 : page + 5], "big"), 2):
            at = page + int.from_bytes(whole[pointer : pointer + 2], "big")
            while whole[at] & 0x80:  # of the number that says how large the row is
                at += 1
            record = at + 2
            serials = whole[record + 1 : record + whole[record]]
            is_entry = sum(byte < 0x80 for byte in serials) >= 11  # columns
            if is_entry and whole[at + 1] == key:
                sizes = [_SIZES_OF_NUMBERS.get(serial, (serial - 12) // 2 if serial > 11 else 0) for serial in serials]
                columns = tuple(record + whole[record] + sum(sizes[:column]) for column in range(7))
                return Cell(page, pointer, at + 1, columns)
    raise AssertionError(f"no row with the key {key}")


_SIZES_OF_NUMBERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # bytes, by the serial type


class Damaged(NamedTuple):
    """A journal's files after something has become of one of them; ``log`` is empty where there is none."""

    name: str  # what became of which journal, and where
    truth: str  # the journal that it was made of
    file: bytes
    log: bytes


class Sound(NamedTuple):
    """A journal's files as they were."""

    file: bytes
    log: bytes


def sound_journals(folder: Path) -> dict[str, Sound]:
    """Journals to be damaged, by their names: one at rest, a longer one, and what a killed run leaves."""
    found = {"small": Sound(small_journal(folder / "small.tincan"), b"")}
    write_journal(folder / "long.tincan", 600, connections=3, both_ways=True, size=200)
    found["long"] = Sound((folder / "long.tincan").read_bytes(), b"")
    found["long, format 2"] = Sound(in_format(folder / "long.tincan", 2).read_bytes(), b"")
    tap = TapStory()
    steps = [("same", 2_000), ("late", 700), ("cut", 900), ("edited", 300), ("alone", 400)] * 12
    found["tap"] = Sound(_written(folder / "tap.tincan", [*tap.opening, *tap.tells(steps)]), b"")
    story, path = Story(), folder / "killed.tincan"
    writer = JournalWriter(path)
    try:
        writer.append([story.begins(), story.opens()], 1_000_000)
        for number in range(80):
            said = [story.hears(b"%04d " % (number * 6 + each) * 16) for each in range(6)]
            writer.append(said, 1_000_000)
            if number == 39:
                writer._database.execute("PRAGMA wal_checkpoint")  # the other half stays in the log
        found["killed"] = Sound(path.read_bytes(), path.with_name(path.name + "-wal").read_bytes())
    finally:
        writer.close()
    return found


def damaged_journals(sound: dict[str, Sound], count: int, seed: int = 3_500) -> Iterator[Damaged]:
    """So many of them: bits flipped, bytes changed, pages swapped, zeroed, made noise, cut, in the file and the log."""
    chance = random.Random(seed)
    places = [(name, which) for name, files in sound.items() for which in (0, 1) if files[which]]
    for number in range(count):
        name, which = places[number % len(places)]
        files = list(sound[name])
        how = _WAYS[number // len(places) % len(_WAYS)]
        files[which], where = how(files[which], chance)
        place = f"{name}{'-wal' if which else ''} {how.__name__.strip('_')} {where}"
        yield Damaged(f"{number}: {place}", name, *files)


def _bit_flipped(whole: bytes, chance: random.Random) -> tuple[bytes, str]:
    place = chance.randrange(len(whole))
    return whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :], str(place)


def _used_bit_flipped(whole: bytes, chance: random.Random) -> tuple[bytes, str]:
    while True:
        place = chance.randrange(len(whole))
        if whole[place]:
            return whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :], str(place)


def _bytes_changed(whole: bytes, chance: random.Random) -> tuple[bytes, str]:
    place, size = chance.randrange(len(whole)), chance.choice([1, 2, 8, 100])
    return whole[:place] + chance.randbytes(size)[: len(whole) - place] + whole[place + size :], f"{place}+{size}"


def _pages_swapped(whole: bytes, chance: random.Random) -> tuple[bytes, str]:
    pages = [whole[place : place + PAGE] for place in range(0, len(whole), PAGE)]
    one, two = chance.sample(range(len(pages)), 2)
    pages[one], pages[two] = pages[two], pages[one]
    return b"".join(pages), f"{one} and {two}"


def _page_repeated(whole: bytes, chance: random.Random) -> tuple[bytes, str]:
    pages = [whole[place : place + PAGE] for place in range(0, len(whole), PAGE)]
    one, two = chance.sample(range(len(pages)), 2)
    pages[one] = pages[two]
    return b"".join(pages), f"{two} at {one}"


def _zeroed(whole: bytes, chance: random.Random) -> tuple[bytes, str]:
    size = chance.choice([16, 512, PAGE])
    place = chance.randrange(len(whole)) // size * size
    return whole[:place] + bytes(min(size, len(whole) - place)) + whole[place + size :], f"{place}+{size}"


def _cut(whole: bytes, chance: random.Random) -> tuple[bytes, str]:
    size = chance.randrange(len(whole))
    size -= size % chance.choice([1, 512, PAGE])
    return whole[:size], str(size)


def _made_noise(whole: bytes, chance: random.Random) -> tuple[bytes, str]:
    place = chance.randrange(len(whole)) // PAGE * PAGE
    return whole[:place] + chance.randbytes(PAGE)[: len(whole) - place] + whole[place + PAGE :], str(place)


_WAYS = (
    _bit_flipped, _used_bit_flipped, _bytes_changed, _pages_swapped, _page_repeated, _zeroed, _cut, _made_noise,
)  # fmt: skip


class Judgement(NamedTuple):
    """What the doors made of a damaged journal."""

    code: int  # of the export
    is_true: bool  # whether everything with exit code 0 is what was recorded
    seconds: float  # of the slowest
    wrong: str = ""  # words about what is not as it must be


class Judge:
    """Sends damaged journals through the doors of a terminal, and the window's way of opening them."""

    def __init__(self, folder: Path, sound: dict[str, Sound]) -> None:
        self._path = folder / "damaged.tincan"
        self._output = folder / "output.jsonl"
        self._truth = {name: self._answers(Damaged(name, name, *files)) for name, files in sound.items()}
        assert all(answer.codes == [0, 0, 0] for answer in self._truth.values()), self._truth

    def judge(self, damaged: Damaged) -> Judgement:
        """By every door."""
        answers, truth = self._answers(damaged), self._truth[damaged.truth]
        wrong = "; ".join(self._untrue(answers, truth))
        return Judgement(answers.codes[0], not wrong, max(answers.seconds), wrong)

    def _untrue(self, answers: _Answers, truth: _Answers) -> Iterator[str]:
        told = answers.window or "as sound"
        for code, content, expected in zip(answers.codes, answers.contents, truth.contents, strict=True):
            if code not in {0, 1, 2, 3} or (code == 0 and content != expected):
                yield f"exit code {code} with {len(content)} bytes instead of {len(expected)}, told {told}"
        if bool(answers.window) != (answers.codes[0] != 0):
            yield f"the window told {told}, the export's exit code was {answers.codes[0]}"

    def _answers(self, damaged: Damaged) -> _Answers:
        codes, contents, seconds = [], [], []
        for door in (self._exported, self._found, self._listed):
            self._lay(damaged)
            began = time.monotonic()
            code, content = door()
            seconds.append(time.monotonic() - began)
            codes.append(code)
            contents.append(content)
        self._lay(damaged)
        return _Answers(codes, contents, seconds, self._opened())

    def _lay(self, damaged: Damaged) -> None:
        for each in self._path.parent.glob("damaged.*"):
            each.unlink()
        self._path.write_bytes(damaged.file)
        if damaged.log:
            self._path.with_name(self._path.name + "-wal").write_bytes(damaged.log)

    def _exported(self) -> tuple[int, str]:
        self._output.unlink(missing_ok=True)
        with contextlib.redirect_stderr(io.StringIO()):
            code = run_export(ExportOptions(self._path, JsonLines, output=self._output))
        return code, self._output.read_text("ascii") if self._output.exists() else ""

    def _found(self) -> tuple[int, str]:
        with contextlib.redirect_stdout(io.StringIO()) as told, contextlib.redirect_stderr(io.StringIO()):
            code = run_find(FindOptions(self._path, Query("line"), counts=True))
        return (0, "0") if code == 1 else (code, told.getvalue())

    def _listed(self) -> tuple[int, str]:
        told = io.TextIOWrapper(io.BytesIO(), "utf-8")
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(io.StringIO()):
            code = run_export(ExportOptions(self._path, lists=True))
        told.seek(0)
        return code, told.read()

    def _opened(self) -> str:
        try:
            with contextlib.closing(open_journal(self._path)) as journal:
                archived_sessions(journal.reader)
                return journal.notice or journal.remark
        except JournalError as error:
            return str(error)


class _Answers(NamedTuple):
    """What every door gave: exit codes, what was written, and how long it took; what the window would say."""

    codes: list[int]
    contents: list[str]
    seconds: list[float]
    window: str
