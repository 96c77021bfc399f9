r"""Bytes out of a program's source: arrays and strings as C, C++, C#, Java, Kotlin, Python, Go, Rust and JavaScript
declare them, with names, sizes, casts, suffixes and comments, and hex in quotes that a call reads.

In an array a number without a prefix is decimal, as in all of these languages. What they read differently (``010``),
what is more than a byte, and a size that is not the number of elements are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from core.errors import DraftError

_LONGEST_HEAD = 1_000  # characters in front of the first element

_SCANNED = re.compile(r"""(?P<comment>//[^\n]*|\#[^\n]*|/\*)|[^/\#"']{1,65536}|(?P<quote>["'])|.""", re.VERBOSE)
_IN_QUOTES = {quote: re.compile(rf"[^{quote}\\\n]{{1,65536}}|\\.?", re.DOTALL) for quote in "\"'"}
_LEFT = re.compile(r"(?!0[xX])\s*[A-Za-z_$][\w\s:<>,*&;.$\[\]]*")
_WORDS = re.compile(
    r"""\s*+(?P<words>(?>(?:
        [A-Za-z_$][\w$:.!]*+ (?=[\s({\[<"'*&>]) [\s*&]*+
        | <[\w:,*\s]*+> \s*+
        | \[[\w.\s]*+\] (?=\s*[A-Za-z_{(\[]) \s*+
        ){0,12}))
    (?P<open>(?>[(&\s]*+[\[{]|\(?)\s*+)""",
    re.VERBOSE,
)
_HEXES = re.compile(r"(?>(?:\s*+(?:\(byte\)\s?)?0[xX][0-9a-fA-F]{1,2}\s*+,){1,2000})")
_DECIMALS = re.compile(r"(?>(?:\s*+(?:\(byte\)\s?)?-?(?:0|[1-9][0-9]{0,2})\s*+,){1,2000})")
_ELEMENT = re.compile(
    r"""\s*+(?:\(\s*+(?:unsigned\s++|signed\s++)?[A-Za-z_][\w:.]*+\s*+\)\s*+
        | (?P<call>[A-Za-z_][\w:.]*+\s*+[({]\s*+))?
    (?:(?P<number>-?(?:0[xX][0-9a-fA-F_]++|0[bB][01_]++|0[oO][0-7_]++|[0-9][0-9_]*+))
        (?:_?[ui]8|[uUlLyY]{1,3})?(?:\.toU?Byte\(\))?(?![\w.])
        | b?'(?P<letter>[ -&(-\[\]-~]|\\x[0-9a-fA-F]{2}|\\[0-7]{1,3}|\\[abefnrtv0\\'"])')
    \s*+(?(call)[)}]\s*+)(?P<comma>,|(?=[\])}]))""",
    re.VERBOSE,
)
_QUOTED = re.compile(
    r"""(?P<plain>[ -!\#-&(-\[\]-~]{1,65536})
    | (?P<bytes>(?:\\x[0-9a-fA-F]{2}){1,4096})
    | \\(?P<octal>[0-3][0-7]{2}|0(?![0-9]))
    | \\(?P<named>[abefnrtv\\'"?])
    | \\\r?\n
    | (?P<quote>["'])""",
    re.VERBOSE,
)
_NEXT_STRING = re.compile(r"(?>(?:[\s+]|\\\r?\n)*)(?P<prefix>b|B|)(?P<quote>[\"'])")
_NAMED = {"a": 7, "b": 8, "e": 27, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_TAIL = re.compile(
    r"[\s)\]};,]*+(?:(?:const\s+|static\s+)*(?:unsigned\s+int|size_t)\s+\w*len\w*\s*=\s*(?P<size>[0-9]+)\s*;?\s*)?"
)
_HEX_TAIL = re.compile(r"\s*,\s*[\"']hex[\"']\s*")
_SIZE = re.compile(r"\[\s*(?:\w+\s*;\s*)?(0[xX][0-9a-fA-F]{1,8}|0|[1-9][0-9]{0,8})\s*\]|,\s*(0|[1-9][0-9]{0,8})\s*>")
_WIDE = re.compile(
    r"\b(?:u?int(?:16|32|64)(?:_t)?|u?short|u?int|u?long|float|double|[uif](?:16|32|64)|usize|wchar_t|char(?:16|32)_t|rune"
    r"|D?WORD|(?:Big)?U?[iI]nt(?:16|32|64)Array|Float(?:32|64)Array|unsigned(?!\s+char))\b"
)


class Literal(NamedTuple):
    """The bytes, and what they were read as, in words."""

    data: bytes
    left_out: str


def read_literal(text: str, limit: int, read_pairs: Callable[[str, int], bytes]) -> Literal | None:
    """The bytes of an array or a string; None if it is none. ``read_pairs`` reads hex at its place.

    Raises ``DraftError``.
    """
    if not re.search(r"[\"'{\[(]", text):
        return None
    return _Reader(_without_comments(text), limit, read_pairs).read()


def _without_comments(text: str) -> str:
    """The same with blanks in place of comments, so that all else keeps its place."""
    if not ("//" in text or "/*" in text or "#" in text):
        return text
    return "".join(_uncommented(text))


def _uncommented(text: str) -> Iterator[str]:
    place = 0
    while place < len(text):
        found = _SCANNED.match(text, place)
        assert found is not None  # any character fits
        place = found.end()
        if found["quote"] is not None:
            inside = _IN_QUOTES[found["quote"]]
            while (more := inside.match(text, place)) is not None:
                place = more.end()
            place = min(place + 1, len(text))
        if found["comment"] is None:
            yield text[found.start() : place]
            continue
        if found["comment"] == "/*":
            place = text.find("*/", place) + 2
            if place < 2:
                raise DraftError("This comment has no end.", found.start(), found.end())
        comment = text[found.start() : place]
        yield re.sub(r"[^\n]", " ", comment) if "\n" in comment else " " * len(comment)


def _in_a_row(elements: str, base: int) -> bytes:
    """Elements that all have a comma behind them. Raises ``ValueError`` if one is more than a byte."""
    numbers = [int(number, base) for number in elements.replace("(byte)", "")[:-1].split(",")]
    if min(numbers) < -128:
        raise ValueError
    return bytes(numbers if min(numbers) >= 0 else [number & 0xFF if number < 0 else number for number in numbers])


class _Reader:
    """Reads one literal; places count from the text's beginning."""

    def __init__(self, text: str, limit: int, read_pairs: Callable[[str, int], bytes]) -> None:
        self._text = text
        self._limit = limit
        self._read_pairs = read_pairs
        self._data = bytearray()

    def read(self) -> Literal | None:
        text = self._text
        equals = text.find("=", 0, _LONGEST_HEAD)
        left = text[:equals] if equals >= 0 and _LEFT.fullmatch(text[:equals].rstrip(":")) else ""
        found = _WORDS.match(text, len(left) + 1 if left else 0)
        assert found is not None  # it may be empty
        words, place = found["words"], found.end()
        string = _NEXT_STRING.match(text, found.start("words")) or _NEXT_STRING.match(text, place)
        if string is None and (prefixed := re.search(r"\b[bB]\s*$", words)) and text[place : place + 1] in "\"'":
            string = _NEXT_STRING.match(text, found.start("words") + prefixed.start())
        prefix = string["prefix"] if string is not None else ""
        if string is not None and re.fullmatch(r"[0-9a-fA-F\s]+", words.rstrip().removesuffix(prefix)):
            return None
        is_array = bool(found["open"].strip())
        if string is not None and not (is_array and self._is_element(place)):
            return self._string(string, left, words)
        if not is_array:
            return None
        if not left and not re.search(r"[g-zG-Z\[]", words) and not self._is_list(place):
            return None
        head = left + words
        wide = _WIDE.search(head)
        if wide is not None:
            sentence = f"The elements of {wide.group()} are more than a byte each. Paste bytes."
            raise self._error(sentence, wide.start(), wide.end())
        return self._checked(self._elements(place), head)

    def _error(self, sentence: str, start: int, stop: int) -> DraftError:
        return DraftError(sentence, start, min(max(stop, start + 1), len(self._text)))

    # Arrays.

    def _is_element(self, place: int) -> bool:
        return _ELEMENT.match(self._text, place) is not None

    def _is_list(self, place: int) -> bool:
        """Whether brackets without a word before them hold an array's numbers; else it is hex in brackets."""
        end = re.compile(r"[\])}]").search(self._text, place)
        inside = self._text[place : end.start() if end else len(self._text)]
        if re.search("0[xXoO]|0[bB][01_]{3}|[\"'(uU]", inside):
            return "," in inside
        if "," in inside and re.search(r"(?<![0-9])0[0-9]{2}", inside) and not re.search("[a-fA-F]", inside):
            return True  # of octal numbers in C, or of words
        if re.search(r"[a-fA-F]|(?<![0-9])0[0-9]", inside) or not re.search("[0-9]", inside):
            return False
        if "," in inside and re.search(r"(?<![0-9])(?:[0-9]|[0-9]{3,})(?![0-9])", inside):
            return True
        first = re.search("[0-9]+", inside)
        assert first is not None
        if len(first.group()) > 2 and "," not in inside:
            return False
        start = place + first.start()
        number = first.group()
        sentence = f"{number} could be decimal or hex here. Write 0x{number} for hex, or hex without brackets."
        raise self._error(sentence, start, start + len(number))

    def _elements(self, place: int) -> int:
        """Read up to the closing bracket; where that is."""
        text = self._text
        while True:
            found = _HEXES.match(text, place) or _DECIMALS.match(text, place)
            try:
                if found is not None:
                    base = 16 if "x" in found.group().lower() else 10
                    self._data += _in_a_row(found.group(), base)
            except ValueError:  # one of them is more than a byte
                found = None
            if found is None:
                found = _ELEMENT.match(text, place)
                if found is None:
                    return self._closing(place)
                self._data.append(self._value(found))
            place = found.end()
            if len(self._data) > self._limit:
                raise DraftError.too_long(len(self._data), self._limit, place - 1, place)

    def _value(self, found: re.Match[str]) -> int:
        if found["letter"] is not None:
            return self._letter(found)
        typed = found["number"]
        digits = typed.replace("_", "").lstrip("-")
        start, stop = found.span("number")
        if len(digits) > 20:
            raise self._error("This is more than a byte.", start, stop)
        if re.fullmatch(r"0[0-9]+", digits):
            sentence = f"{typed} is octal in C and decimal elsewhere. Write it in hex, as in 0x0a."
            raise self._error(sentence, start, stop)
        prefix = digits[:2].lower()
        base = {"0x": 16, "0b": 2, "0o": 8}.get(prefix, 10)
        try:
            value = int(digits[2:] if base != 10 else digits, base)
        except ValueError:
            raise self._error(f"{typed} is no number.", start, stop) from None
        if value > (0x80 if typed.startswith("-") else 0xFF):
            raise self._error(f"{typed} is more than a byte.", start, stop)
        return -value & 0xFF if typed.startswith("-") else value

    def _letter(self, found: re.Match[str]) -> int:
        letter = found["letter"]
        if not letter.startswith("\\") or letter == "\\":
            return ord(letter)
        if letter[1] == "x":
            return int(letter[2:], 16)
        if letter[1].isdigit():
            if int(letter[1:], 8) > 0xFF:
                raise self._error(f"{letter} is more than a byte.", *found.span("letter"))
            return int(letter[1:], 8)
        return _NAMED.get(letter[1], ord(letter[1]))

    def _closing(self, place: int) -> int:
        rest = re.compile(r"\s*+([\])}]?)").match(self._text, place)
        assert rest is not None
        if rest[1]:
            return rest.end()
        if re.compile(r"[\])}]").search(self._text, place) is None:
            raise self._error("This array has no end: its closing bracket is missing.", place, len(self._text))
        wrong = re.compile(r"[^,\s]{1,40}").search(self._text, rest.end())
        start, stop = wrong.span() if wrong is not None else (rest.end(), rest.end() + 1)
        sentence = f"{self._text[start:stop]} is no element of bytes: write numbers as in 0x41 or 65."
        raise self._error(sentence, start, stop)

    def _checked(self, place: int, head: str) -> Literal:
        """What was read, after the sizes that stand around it."""
        tail = _TAIL.match(self._text, place)
        assert tail is not None
        if tail.end() < len(self._text):
            sentence = "What follows the bytes here is not read. Paste one array or string at a time."
            raise self._error(sentence, tail.end(), len(self._text.rstrip()))
        sizes = [(int(found[1] or found[2], 0), found.span()) for found in _SIZE.finditer(head)]
        if tail["size"] is not None:
            sizes.append((int(tail["size"][:12]), tail.span("size")))
        for size, (start, stop) in sizes:
            if size != len(self._data):
                sentence = f"The size says {size:,}, and the number of bytes is {len(self._data):,}."
                raise self._error(sentence, start, stop)
        return Literal(bytes(self._data), "read as an array")

    # Strings.

    def _string(self, string: re.Match[str], left: str, words: str) -> Literal | None:
        if re.search(r"hex", words, re.IGNORECASE):
            return self._hex_string(string)
        if re.search(r"\b[rR][bB]?\s*$|\b[bB][rR]\s*$", words):
            raise self._error("A raw string is not read here.", string.start(), string.end())
        if "[" in left or re.search(r"\bchar\b", left):
            sentence = "C puts a NUL behind this string, or not. Paste the string alone."
            raise self._error(sentence, string.start(), string.end())
        start, place = string.start("quote"), string.start()
        has_backslash, is_bytes = False, bool(string["prefix"]) or re.search(r"byte", words, re.IGNORECASE) is not None
        following: re.Match[str] | None = string
        while following is not None:
            begin, place = following.end(), self._quoted(following)
            has_backslash = has_backslash or "\\" in self._text[begin:place]
            if _HEX_TAIL.match(self._text, place):
                return self._hex_string(string)
            following = _NEXT_STRING.match(self._text, place)
        if not is_bytes and not has_backslash:
            raise self._error("This could be text or hex. Take the quotation marks away, or choose text.", start, place)
        return self._checked(place, "")._replace(left_out="read as a string")

    def _hex_string(self, string: re.Match[str]) -> Literal:
        self._data.clear()
        begin = string.end()
        stop = self._text.find(string["quote"], begin)
        if stop < 0:
            raise self._error("This string has no end.", string.start("quote"), string.end())
        self._data += self._read_pairs(self._text[begin:stop], begin)
        tail = _HEX_TAIL.match(self._text, stop + 1)
        return self._checked(tail.end() if tail else stop + 1, "")._replace(left_out="read as a string of hex")

    def _quoted(self, string: re.Match[str]) -> int:
        """Read a string; the place behind it."""
        text, place, quote = self._text, string.end(), string["quote"]
        while (found := _QUOTED.match(text, place)) is not None:
            place = found.end()
            kind = found.lastgroup
            if kind == "quote" and found["quote"] == quote:
                return place
            if kind == "bytes":
                self._data += bytes.fromhex(found["bytes"].replace("\\x", ""))
                if not string["prefix"] and re.match(r"[0-9a-fA-F]", text[place : place + 1]):
                    sentence = "C takes this digit along, other languages do not. Write it as \\x too."
                    raise self._error(sentence, place, place + 1)
            elif kind == "octal":
                self._data.append(int(found["octal"], 8))
            elif kind == "named":
                if found["named"] == "e" and string["prefix"]:
                    raise self._error("\\e is no byte in Python or Rust: write \\x1b.", found.start(), place)
                self._data.append(_NAMED.get(found["named"], ord(found["named"])))
            else:
                self._data += found.group().encode("ascii") if kind else b""
            if len(self._data) > self._limit:
                raise DraftError.too_long(len(self._data), self._limit, found.start(), place)
        if place >= len(text) or text[place] == "\n":
            raise self._error("This string has no end.", string.start("quote"), string.end())
        sentence = "This is no single byte in every language: write it as \\x and two hex digits."
        raise self._error(sentence, place, place + 1 + (text[place] == "\\"))
