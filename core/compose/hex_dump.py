"""Bytes out of a dump: what xxd, hexdump -C, od, Wireshark, tcpdump, gdb and our own hex view print.

A row is an offset, bytes in hex, and mostly what of them is text. It is a dump only if each offset is the first one
and the bytes before it, and if the text is that of the bytes. What could be a dump or plain hex, or a dump of words
whose byte order nobody tells, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from core.errors import DraftError

_LONGEST_ROW = 2_000  # characters; xxd -c 256 has 1,100
_OD_DIGITS = 7  # an odd number, so that they are no bytes
_OD_OFFSETS = (6, _OD_DIGITS)  # digits that they have in hex, and else
_SURE = 4  # bytes whose text does not stand behind them by chance
_FEWEST_DIGITS = 4  # of an offset without a colon

_ROW = re.compile(
    r"[ \t]*(?:[0-9a-fA-F]{4}:(?=[0-9a-fA-F]{4}[ \t]{2}))?"  # a segment
    r"(?P<offset>(?:0[xX])?[0-9a-fA-F]{1,16})(?P<colon>(?:[ \t]*<[^<>]*>)?:|)(?P<gap>[ \t]+|$)(?P<body>.*)"
)
_GROUP = re.compile(r"[ \t]*(0[xX])?([0-9a-fA-F]{2,})(?=[ \t]|-[0-9a-fA-F]|$)-?")
_DECIMAL = re.compile(r"[0-9]{2}(?:[ ]{2,}[0-9]{2})+(?![0-9a-fA-F])")  # of three columns each, as od -t u1 has them
_HEADING = re.compile(r"[ \t]*(?:[0-9]{4}-[0-9]{2}-[0-9]{2} )?[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]+ ")  # tcpdump's
_LATER = re.compile(r"\n[ \t]*(?:0[xX])?[0-9a-fA-F]{4,16}(?::[ \t]|[ \t]{2,}[0-9a-fA-F]{2}\s)")
_SHOWN = bytes(byte if 0x20 <= byte < 0x7F else ord(".") for byte in range(256))
_TOOLS = "with xxd, hexdump -C or od -t x1"
_BYTES_OR_TEXT = "What follows could be bytes, or the bytes before it as text."
_ANOTHER = "Another dump begins here. Paste one at a time."
_BARS = ("||", "><")
_BASES = {16: "0123456789abcdef", 10: "0123456789", 8: "01234567"}


class Dump(NamedTuple):
    """The bytes, and what stood beside them, in words; nothing if nothing did."""

    data: bytes
    left_out: str


class _Row(NamedTuple):
    """A line: its offset if it has one, and what stands behind that; a ``*`` has neither."""

    place: int
    offset: str | None
    is_colon: bool
    gap: int
    body: str
    body_place: int

    @property
    def is_star(self) -> bool:
        return self.body == "*"

    def value(self, base: int) -> int:
        return int(self.offset or "0", base)


class _Groups(NamedTuple):
    """Digits in groups of one length, of which the last may be shorter, and where each ends."""

    digits: list[str]
    ends: list[int]
    has_prefix: bool

    @property
    def width(self) -> int:
        return len(self.digits[0]) if self.digits else 0

    def data(self, count: int) -> bytes:
        return bytes.fromhex("".join(self.digits[:count]))


def may_be_dump(text: str) -> bool:
    """Whether plain pairs look as if some of them were offsets or text; quick."""
    start = len(text) - len(text.lstrip())
    line = text[start : start + _LONGEST_ROW].partition("\n")[0]
    row = _ROW.match(line)
    return (
        (row is not None and len(row["offset"]) >= _FEWEST_DIGITS and row["body"] != "")
        or re.search(r"\S[ \t]{2,}\S", line) is not None
        or _LATER.search(text) is not None
    )


def read_dump(text: str, limit: int) -> Dump | None:
    """The bytes of a dump; None if it is none. Raises ``DraftError``."""
    rows, heading = _rows(text)
    first = rows[0] if rows else None
    if first is not None and first.offset is not None and first.body and _could_be_offset(first):
        dump = _with_offsets(rows, limit)
        if dump is not None:
            return dump._replace(left_out=f"heading, {dump.left_out}") if heading else dump
    if first is not None and (dump := _without_offsets(text, limit)) is not None:
        return dump
    later = _LATER.search(text)
    if later is not None:
        start = later.start() + 1
        raise DraftError("A dump begins here, and what stands before it is none.", start, later.end())
    return None


def _rows(text: str) -> tuple[list[_Row], bool]:
    """The lines as far as they are rows, and whether a heading stood before them; none if the first is no row."""
    rows: list[_Row] = []
    place, has_heading = 0, False
    for line in text.split("\n"):
        begin, place = place, place + len(line) + 1
        line = line.rstrip("\r")
        if not line.strip():
            continue
        found = _ROW.match(line[: _LONGEST_ROW + 1])
        if found is not None and len(line) > _LONGEST_ROW:
            if not found["colon"]:
                return [], False
            raise DraftError("This row is too long for one of a dump.", begin, begin + len(line))
        if found is not None:
            body_place = begin + found.start("body")
            rows.append(_Row(begin + found.start("offset"), found["offset"], bool(found["colon"]), len(found["gap"]),
                             found["body"].rstrip("\t"), body_place))  # fmt: skip
        elif rows and line.strip() == "*" and not rows[-1].is_star:
            rows.append(_Row(begin + line.index("*"), None, False, 0, "*", begin))
        elif not rows and not has_heading and _HEADING.match(line):
            has_heading = True
        elif not rows:
            return [], False
        else:
            rows.append(_Row(begin, None, False, 0, line, begin))
            break  # where reading ends
    return rows, has_heading


def _could_be_offset(row: _Row) -> bool:
    digits = row.offset or ""
    return row.is_colon or (len(digits) >= _FEWEST_DIGITS and not digits.lower().startswith("0x"))


def _groups(body: str) -> _Groups:
    digits: list[str] = []
    ends: list[int] = []
    place, prefix = 0, None
    while (found := _GROUP.match(body, place)) is not None:
        group = found[2]
        if prefix is None:
            prefix = bool(found[1])
        elif bool(found[1]) is not prefix or len(group) > len(digits[0]) or len(group) % 2:
            break
        digits.append(group)
        ends.append(found.end(2))
        place = found.end()
        if len(group) < len(digits[0]):
            break
    return _Groups(digits, ends, bool(prefix))


# With offsets.


def _with_offsets(rows: list[_Row], limit: int) -> Dump | None:
    first = rows[0]
    groups = _groups(first.body)
    digits = first.offset or ""
    if not groups.digits:
        if len(digits) == _OD_DIGITS:
            raise DraftError(f"These are no bytes in hex. Make the dump {_TOOLS}.", *_span(first))
        return None
    is_odd = len(digits) % 2 == 1
    is_wider = len(digits) > groups.width
    is_plain = not ((first.is_colon and len(digits) >= _FEWEST_DIGITS) or is_odd)
    has_text = any(_texts(first.body, groups))
    if is_plain and not has_text and not is_wider and not first.is_colon and (first.gap == 1 or len(rows) == 1):
        return None
    if not has_text and not first.is_colon and groups.width > 2 and (is_odd or not int(digits, 16)):
        raise _unordered(first, groups)
    _refuse_numbers(first, groups)
    try:
        dump = _in_some_base(rows, limit)
    except DraftError:
        if not is_plain or has_text or (is_wider and (not int(digits, 16) or first.gap > 1)):
            raise
        return None
    count = sum(row.offset is not None for row in rows)
    if count == 1 and not has_text and groups.width == 8 and not "".join(groups.digits).strip("01"):
        raise DraftError(f"These could be bits, as xxd -b prints them, or hex. Make the dump {_TOOLS}.", *_span(first))
    if count == 1 and not has_text and not _is_surely_offset(first):
        if int(digits, 16) and first.gap == 1 and not first.is_colon:
            return None
        sentence = f"{digits} could be an offset or bytes. Take it away, or write it as the bytes behind it are."
        raise DraftError(sentence, first.place, first.place + len(digits))
    if groups.width > 2 and not first.is_colon:
        raise _unordered(first, groups)
    return dump


def _is_surely_offset(row: _Row) -> bool:
    """Whether a row without text, and without another to count with, has an offset: not bytes, nor bytes mistyped."""
    digits = row.offset or ""
    if digits.lower().startswith("0x") or (row.is_colon and len(digits) >= _OD_DIGITS):
        return True
    is_apart = row.gap > 1 or row.is_colon or len(digits) % 2 == 1
    return len(digits) >= _FEWEST_DIGITS and not int(digits, 16) and is_apart


def _refuse_numbers(row: _Row, groups: _Groups) -> None:
    """Refuse what are no bytes in hex, one behind the other."""
    is_half = groups.width > 2 and row.gap > 2  # which xxd -e has stand to the right
    if groups.width % 2 or is_half or (groups.has_prefix and groups.width > 2):
        raise _unordered(row, groups)
    if row.is_colon and (row.offset or "").startswith("0x") and "\t" in row.body and not groups.has_prefix:
        raise DraftError("These numbers are not hex. Have gdb print them with x/16xb.", *_span(row))
    is_lone = len(row.offset or "") in _OD_OFFSETS and row.body.strip().isdecimal()  # od has one space before hex
    if row.gap > 1 and not row.is_colon and (is_lone or _DECIMAL.match(row.body)):
        raise DraftError(f"These numbers could be decimal. Make the dump {_TOOLS}.", *_span(row))


def _unordered(row: _Row, groups: _Groups) -> DraftError:
    sentence = "These are words of several bytes, and nothing tells which byte comes first."
    if groups.width % 2:
        sentence = f"Groups of {groups.width} digits are no bytes in hex."
    return DraftError(f"{sentence} Make the dump {_TOOLS}.", *_span(row))


def _span(row: _Row) -> tuple[int, int]:
    return row.body_place, row.body_place + max(1, len(row.body.rstrip()))


def _in_some_base(rows: list[_Row], limit: int) -> Dump:
    """The dump, whatever base its offsets have: od's are octal, decimal on request."""
    offsets = "".join((row.offset or "").lower() for row in rows)  # an x is in hex alone
    found: Dump | None = None
    furthest: DraftError | None = None
    for base, digits in _BASES.items():
        if base != 16 and offsets.strip(digits):
            continue
        try:
            dump = _Reader(rows, base, limit).read()
        except DraftError as error:
            if furthest is None or error.start > furthest.start:
                furthest = error
            continue
        if len(rows[0].offset or "") != _OD_DIGITS:  # od alone has seven; where others count, they do it in hex
            return dump
        if found is not None and found.data != dump.data:
            sentence = "These offsets could be hex, decimal or octal, and the bytes would differ."
            raise DraftError(sentence, *_span(rows[0]))
        found = dump
    if found is not None:
        return found
    assert furthest is not None  # every offset is hex
    raise furthest


class _Reader:
    """Reads rows whose offsets have one base."""

    def __init__(self, rows: list[_Row], base: int, limit: int) -> None:
        self._rows = rows
        self._base = base
        self._limit = limit
        self._data = bytearray()
        self._last = b""  # the row before
        self._stops: dict[int, int] = {}  # where so many bytes end in a row
        self._column: int | None = None  # where text begins
        self._has_text = False

    def read(self) -> Dump:
        origin = self._rows[0].value(self._base)
        is_star = False
        for number, row in enumerate(self._rows):
            if row.is_star:
                is_star = True
                continue
            if row.offset is None:
                is_heading = _HEADING.match(row.body) is not None
                raise DraftError(_ANOTHER if is_heading else "This is no row of the dump above.", *_span(row))
            at = row.value(self._base) - origin
            if is_star:
                self._repeat(row, at)
                is_star = False
            if at != len(self._data):
                raise self._misplaced(row, at)
            if not row.body.strip():
                if number != len(self._rows) - 1:
                    raise self._misplaced(self._rows[number + 1], -1)
                break
            self._last = self._row(row, self._size(number, at + origin))
            self._data += self._last
            if len(self._data) > self._limit:
                raise DraftError.too_long(len(self._data), self._limit, row.place, row.place + 1)
        if is_star:
            star = self._rows[-1]
            sentence = "The * stands for rows like the one above, and no offset behind it says how many."
            raise DraftError(sentence, star.place, star.place + 1)
        return Dump(bytes(self._data), "offsets and text left out" if self._has_text else "offsets left out")

    def _repeat(self, row: _Row, at: int) -> None:
        missing = at - len(self._data)
        if at > self._limit:
            raise DraftError.too_long(at, self._limit, row.place, row.place + 1)
        if not self._last or missing <= 0 or missing % len(self._last):
            raise self._misplaced(row, at)
        self._data += self._last * (missing // len(self._last))

    def _size(self, number: int, at: int) -> int | None:
        """How many bytes the next offset says that the row has; None where there is none."""
        following = self._rows[number + 1] if number + 1 < len(self._rows) else None
        return None if following is None or following.offset is None else following.value(self._base) - at

    def _misplaced(self, row: _Row, at: int) -> DraftError:
        if at <= 0 < len(self._data):
            sentence = _ANOTHER
        else:
            sentence = f"{row.offset} is not the next offset: {len(self._data):,} bytes stand before it."
        return DraftError(sentence, row.place, row.place + len(row.offset or "*"))

    def _row(self, row: _Row, size: int | None) -> bytes:
        body = row.body
        stop = self._stops.get(size or 0)
        if size and stop is not None and body[stop : stop + 1] in ("", " "):
            try:
                data = bytes.fromhex(body[:stop].replace("0x", ""))
            except ValueError:
                data = b""
            if len(data) == size and self._is_text(body[stop:], data):
                return data
        groups = _groups(body)
        if not groups.digits or groups.width % 2:
            raise DraftError("These are no bytes in hex.", *_span(row))
        if size is None:
            return self._of_any_size(row, groups)
        count = -(-2 * size // groups.width)
        data = groups.data(count) if 0 < count <= len(groups.digits) else b""
        if not data or len(data) != size:
            following = self._rows[self._rows.index(row) + 1]
            self._data += groups.data(len(groups.digits))
            raise self._misplaced(following, following.value(self._base) - self._rows[0].value(self._base))
        stop = groups.ends[count - 1]
        self._check_gaps(row, groups, stop)
        if not self._is_text(body[stop:], data):
            raise self._other_text(row, stop)
        self._stops[size] = stop
        self._has_text = self._has_text or bool(body[stop:].strip())
        if self._column is None and body[stop:].strip():
            self._column = len(body) - size
        return data

    def _is_text(self, tail: str, data: bytes) -> bool:
        return not tail.strip() or _is_text_of(tail, data)

    def _of_any_size(self, row: _Row, groups: _Groups) -> bytes:
        """A last row, or one that a ``*`` repeats: its text tells where its bytes end."""
        texts = list(_texts(row.body, groups)) if self._has_text or not self._data else []
        whole = not row.body[groups.ends[-1] :].strip()
        if self._column is not None:
            texts = [count for count in texts if not row.body[groups.ends[count - 1] : self._column - 2].strip()]
            whole = whole and groups.ends[-1] <= self._column
        if not texts and not whole:
            raise self._other_text(row, groups.ends[-1])
        if whole and texts and not self._has_text and not _is_far(row.body, groups, texts[0]):
            place = row.body_place + groups.ends[texts[0] - 1]
            raise DraftError(_BYTES_OR_TEXT, place, row.body_place + len(row.body))
        self._has_text = self._has_text or bool(texts)
        count = texts[0] if texts else len(groups.digits)
        self._check_gaps(row, groups, groups.ends[count - 1])
        return groups.data(count)

    def _check_gaps(self, row: _Row, groups: _Groups, stop: int) -> None:
        """A word cut short stands to the right: then words are written high byte first, and meant otherwise."""
        if groups.width > 2 and (row.gap > 2 or re.search(r"\w[ \t]{2,}\w", row.body[:stop])):
            raise _unordered(row, groups)

    def _other_text(self, row: _Row, stop: int) -> DraftError:
        start, end = _span(row)
        sentence = "This is not the text of the bytes before it: they may be words, low byte first, or changed."
        return DraftError(sentence, min(start + stop, end - 1), end)


def _is_far(body: str, groups: _Groups, count: int) -> bool:
    """Whether text stands off by more than what is between groups, or there is too much of it to be chance."""
    stop = groups.ends[count - 1]
    return len(groups.data(count)) >= _SURE or len(body) - stop - len(body[stop:].lstrip()) > 2


def _texts(body: str, groups: _Groups) -> Iterator[int]:
    """How many groups may be the bytes, so that the rest is their text."""
    for count in range(len(groups.digits), 0, -1):
        tail = body[groups.ends[count - 1] :]
        if groups.width % 2 == 0 and tail.strip() and _is_text_of(tail, groups.data(count)):
            yield count


def _is_text_of(tail: str, data: bytes) -> bool:
    """Whether it shows these bytes, behind a space at least; blanks at its end may be lost."""
    size = len(data)
    tail = tail.expandtabs(1)
    shown = tail.strip(" ")
    if len(shown) == size + 2 and shown[0] + shown[-1] in _BARS:
        return _shows(shown[1:-1], data) or _shows(shown[1:-1], data.decode("cp037").encode("latin-1"))  # or EBCDIC
    lead = len(tail) - len(tail.lstrip(" "))
    for gap in range(max(1, len(tail) - size - 1), lead + 1):
        text = tail[gap:]
        if len(text) > 8 and len(text) == size + 1 and text[8] == " ":  # Wireshark parts eight from eight
            text = text[:8] + text[9:]
        if len(text) <= size and not data[len(text) :].strip(b" ") and _shows(text, data[: len(text)]):
            return True
    return False


def _shows(text: str, data: bytes) -> bool:
    return text == data.translate(_SHOWN).decode("ascii") or all(map(_may_show, text, data))


def _may_show(character: str, byte: int) -> bool:
    if 0x20 < byte < 0x7F:
        return ord(character) == byte
    return character in ".?" or character > "\x7f" or character == chr(byte)


# Without offsets: text alone tells it.


def _without_offsets(text: str, limit: int) -> Dump | None:
    data = bytearray()
    place = stop = 0
    for line in text.split("\n"):
        begin, place = place, place + len(line) + 1
        line = line.rstrip()
        if not line:
            continue
        if stop and (row := _like_the_last(line, stop)):
            data += row
            continue
        groups = _groups(line) if len(line) <= _LONGEST_ROW else _Groups([], [], False)
        texts = list(_texts(line, groups)) if groups.digits else []
        if texts and line[groups.ends[texts[0] - 1] :][:2].strip():  # too near
            texts = []
        if not texts:
            if not data:
                return None
            sentence = "This row has not the text of its bytes behind it, as the one above has."
            raise DraftError(sentence, begin, begin + len(line))
        if not data and not line[groups.ends[-1] :].strip() and not _is_far(line, groups, texts[0]):
            raise DraftError(_BYTES_OR_TEXT, begin + groups.ends[texts[0] - 1], begin + len(line))
        data += groups.data(texts[0])
        stop = groups.ends[texts[0] - 1]
        if len(data) > limit:
            raise DraftError.too_long(len(data), limit, begin, begin + 1)
    return Dump(bytes(data), "text left out") if data else None


def _like_the_last(line: str, stop: int) -> bytes:
    """The bytes up to the column where those of the last row end, if their text follows; else none."""
    tail = line[stop:]
    try:
        data = bytes.fromhex(line[:stop])
    except ValueError:
        return b""
    return data if tail.startswith("  ") and tail.strip() and _is_text_of(tail, data) else b""
