"""Small JSON files as a disk, an editor or an enemy may leave them: some hundreds of kinds, the same in each run."""

from __future__ import annotations

import json
import os
import random
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

Corruption: TypeAlias = Callable[[Path], None]  # puts something where the file should be

_SEED = 20_261_129
_WRONG: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 10**15, -(10**300), 1e308, 1.5, float("nan"), float("inf"), float("-inf"),
    "", "\ud800", "\udfff\ud800", "a\0b", "\x1b]0;x\a", "\u202e", "x" * 100_000, "🏳️‍🌈" * 300,
    "[exit]", "%s {", "../../x",
    [], ["\ud800"], [["\ud800", "hex"]], [None], [[[]]], ["x"] * 5_000, [{}], {}, {"\ud800": 1}, {"a": {"b": []}},
)  # fmt: skip


def corruptions(sound: dict[str, Any]) -> Iterator[tuple[str, Corruption]]:
    """Every way in which a file that should hold ``sound`` is made bad, with a name for it."""
    text = json.dumps(sound, indent=1)
    yield from _wrong_values(sound)
    yield from _changed_bytes(text.encode())
    yield from _other_contents(text)
    yield from _no_files(text)


def _wrong_values(sound: dict[str, Any]) -> Iterator[tuple[str, Corruption]]:
    """Each wrong value in each place of the first two levels, the version's included."""
    for value in _WRONG:
        shown = ascii(value)[:24]
        for key in sound:
            yield f"{key} is {shown}", _holding(json.dumps({**sound, key: value}))
        for key, inner in sound.items():
            if isinstance(inner, list) and inner and isinstance(inner[0], dict):
                for within in inner[0]:
                    rows = [{**inner[0], within: value}, *inner[1:]]
                    yield f"{within} of {key} is {shown}", _holding(json.dumps({**sound, key: rows}))


def _changed_bytes(data: bytes) -> Iterator[tuple[str, Corruption]]:
    chance = random.Random(_SEED)
    for number in range(120):
        changed = bytearray(data)
        for _ in range(1 + number % 4):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        yield f"flipped bits {number}", _holding(bytes(changed))
    for number in range(60):
        yield f"cut {number}", _holding(data[: chance.randrange(len(data))])
    for number in range(40):
        place = chance.randrange(len(data))
        yield f"noise {number}", _holding(data[:place] + chance.randbytes(40) + data[place + 40 :])


def _other_contents(text: str) -> Iterator[tuple[str, Corruption]]:
    contents: dict[str, bytes | str] = {
        "empty": "", "one NUL": "\0", "a null": "null", "a number": "7", "no number": "NaN", "a text": '"x"',
        "a list": "[]", "nested lists": "[" * 200_000, "nested objects": '{"a":' * 100_000,
        "a long number": "1" * 100_000,
        "a mark in front": b"\xef\xbb\xbf" + text.encode(), "UTF-16": text.encode("utf-16"),
        "twice": text + text, "a future version": '{"version": 1000}', "every key twice": text[:-1] + "," + text[1:],
        "encoded surrogates": b'{"version": 1, "hosts": ["\xed\xa0\x80"]}',
    }  # fmt: skip
    for name, content in contents.items():
        yield name, _holding(content)
    yield "100 MB of nothing", lambda path: _long(path, b"")
    yield "100 MB behind it", lambda path: _long(path, text.encode())


def _no_files(text: str) -> Iterator[tuple[str, Corruption]]:
    yield "a folder", lambda path: path.mkdir()
    yield "a full folder", lambda path: path.joinpath("deep", "er").mkdir(parents=True)
    if sys.platform == "win32":
        return
    yield "unreadable", lambda path: _unreadable(path, text)
    yield "a pipe", os.mkfifo
    if sys.platform == "linux":
        yield "a socket", lambda path: os.mknod(path, stat.S_IFSOCK | 0o600)
    for target in ("/dev/zero", "/dev/null", "/dev/tty", "/dev/full", "/nowhere/at/all"):
        yield f"a link to {target}", lambda path, target=target: path.symlink_to(target)  # type: ignore[misc]
    yield "a link to itself", lambda path: path.symlink_to(path)
    yield "a link to a pipe", _link_to_pipe


def _holding(content: str | bytes) -> Corruption:
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")

    def make(path: Path) -> None:
        path.write_bytes(data)

    return make


def _long(path: Path, head: bytes) -> None:
    path.write_bytes(head)
    os.truncate(path, 100_000_000)


def _unreadable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0)


def _link_to_pipe(path: Path) -> None:
    pipe = path.with_name("pipe")
    os.mkfifo(pipe)
    path.symlink_to(pipe)
