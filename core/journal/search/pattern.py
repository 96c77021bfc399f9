r"""What a person looks for, made into something that finds it in bytes.

Three ways to type it: as text, as bytes in hex, as a regular expression. No journal here.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from itertools import chain, product

from core.compose.encoding import Encoding, character_words, encode
from core.errors import DraftError, Fault, TincanError

# Letters that are the same, and that no way of asking one for its lower or upper case leads to from the
# other. A test goes through all of Unicode for them.
_KIN = (
    "Ii\u0130\u0131", "Kk\u212a", "Ss\u017f", "\u00b5\u039c\u03bc", "\u00c5\u00e5\u212b", "\u00df\u1e9e",
    "\u0345\u0399\u03b9\u1fbe", "\u0390\u1fd3", "\u0392\u03b2\u03d0", "\u0395\u03b5\u03f5",
    "\u0398\u03b8\u03d1\u03f4", "\u039a\u03ba\u03f0", "\u03a0\u03c0\u03d6", "\u03a1\u03c1\u03f1",
    "\u03a3\u03c2\u03c3", "\u03a6\u03c6\u03d5", "\u03a9\u03c9\u2126", "\u03b0\u1fe3", "\u0412\u0432\u1c80",
    "\u0414\u0434\u1c81", "\u041e\u043e\u1c82", "\u0421\u0441\u1c83", "\u0422\u0442\u1c84\u1c85",
    "\u042a\u044a\u1c86", "\u0462\u0463\u1c87", "\u1c88\ua64a\ua64b", "\u1e60\u1e61\u1e9b", "\ufb05\ufb06",
)  # fmt: skip
_KIN_OF = {letter: kin for kin in _KIN for letter in kin}


@cache
def same_letters(character: str) -> tuple[str, ...]:
    """The character itself and every other that differs from it in case alone, in order."""
    if character in _KIN_OF:
        return tuple(sorted(_KIN_OF[character]))
    found, waiting = {character}, [character]
    while waiting:
        new = {form for form in _forms(waiting.pop()) if len(form) == 1} - found
        found |= new
        waiting += new
    return tuple(sorted(found))


@cache
def spelled_out(character: str) -> tuple[str, ...]:
    """The case variants that take several characters, folded, in order: ``ss`` for ``ß``."""
    return tuple(sorted({form.casefold() for form in _forms(character) if len(form) > 1}))


def _forms(character: str) -> set[str]:
    return {character.lower(), character.upper(), character.title(), character.casefold()}


LONGEST_QUERY = 1_000  # characters
LONGEST_REGEX_MATCH = 4_096  # bytes; of a longer match, what is found may depend on how the bytes came
_LOOK_BEHIND = 256  # bytes before a match that a regular expression can see


class Mode(Enum):
    """How the typed text is meant."""

    TEXT = "text"
    HEX = "hex"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, and how it is meant."""

    text: str
    mode: Mode = Mode.TEXT
    match_case: bool = False  # means nothing to HEX
    encoding: Encoding = Encoding.UTF_8  # that text has in the bytes; means nothing to HEX


class QueryError(TincanError):
    """What was typed cannot be looked for; ``place`` is the character that is wrong, counted from 0, if it is one."""

    fault = Fault.PERSON

    def __init__(self, message: str, place: int | None = None) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, slots=True)
class Pattern:
    """Finds a query in bytes.

    ``regex`` is what it looks for, ``in_notes`` the same in notes, which are UTF-8; a match of no bytes is no
    hit. ``longest`` is the most bytes that a hit
    has (for a regular expression ``LONGEST_REGEX_MATCH``: longer ones may come in pieces), ``behind`` the
    bytes before a hit that have a say in it.
    """

    query: Query
    regex: re.Pattern[bytes]
    longest: int
    behind: int = 0
    core: bytes = b""  # ASCII in lower case that each hit has, in whatever case; it is found far sooner than the hit
    alphabet: frozenset[int] = frozenset(range(256))  # the bytes that a hit may have
    notes: re.Pattern[bytes] | None = None  # where text is other bytes in notes

    @property
    def is_dangerous(self) -> bool:
        """Whether it may take for ever, with the interpreter locked: it must run in a process of its own."""
        return self.query.mode is Mode.REGEX

    def may_be_in(self, data: bytes) -> bool:
        """Whether there may be a hit in these bytes; never false if there is one."""
        return (not self.core or self.core in data.lower()) and self.regex.search(data) is not None

    @property
    def in_notes(self) -> re.Pattern[bytes]:
        """What it looks for in notes."""
        return self.notes or self.regex

    @property
    def finds_notes(self) -> bool:
        """Whether it looks at the notes, too: bytes typed in hex are not meant for sentences."""
        return self.query.mode is not Mode.HEX


def compile_query(query: Query) -> Pattern:
    """Raises ``QueryError`` for what cannot be looked for."""
    if not query.text:
        raise QueryError("type what to look for")
    if len(query.text) > LONGEST_QUERY:
        what = f"these are {len(query.text):,} characters, and no more than {LONGEST_QUERY:,} can be looked for"
        raise QueryError(what, LONGEST_QUERY)
    _refuse_half_characters(query.text)
    pattern = _COMPILERS[query.mode](query)
    if query.encoding is Encoding.UTF_8 or query.mode is Mode.HEX:
        return pattern
    return replace(pattern, notes=_COMPILERS[query.mode](replace(query, encoding=Encoding.UTF_8)).regex)


def _refuse_half_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryError("half a character has no bytes, so it cannot be looked for", error.start) from None


# Text.


def _compile_text(query: Query) -> Pattern:
    plain = b"".join(_encoded(character, query.encoding, place) for place, character in enumerate(query.text))
    if query.match_case:
        return Pattern(query, re.compile(re.escape(plain)), len(plain), alphabet=frozenset(plain))
    letters = [_any_case(character, query.encoding) for character in query.text]
    longest = sum(max(map(len, forms)) for forms in letters)
    regex, alphabet = re.compile(b"".join(map(_one_of, letters))), frozenset(chain(*chain(*letters)))
    return Pattern(query, regex, longest, core=_core(letters), alphabet=alphabet)


def _core(letters: list[list[bytes]]) -> bytes:
    """The longest stretch of letters that are one ASCII letter in any case, in lower case."""
    stretches = [b""]
    for forms in letters:
        lower = {form.lower() for form in forms}
        is_plain = len(lower) == 1 and all(len(form) == 1 and form.isascii() for form in forms)
        stretches = [*stretches[:-1], stretches[-1] + lower.pop()] if is_plain else [*stretches, b""]
    return max(stretches, key=len)


def _any_case(character: str, encoding: Encoding) -> list[bytes]:
    """Everything that the character may be when its case does not count, as bytes, the longest first."""
    forms = list(same_letters(character))
    for spelling in spelled_out(character):
        forms += map("".join, product(*map(same_letters, spelling)))
    return sorted((data for form in forms if (data := _try_to_encode(form, encoding))), key=len, reverse=True)


def _encoded(character: str, encoding: Encoding, place: int) -> bytes:
    data = _try_to_encode(character, encoding)
    if not data:
        shown = character_words(character)
        raise QueryError(f"text is looked for as {encoding.words} here, which has no character {shown}", place)
    return data


def _try_to_encode(text: str, encoding: Encoding) -> bytes:
    """The text's bytes; none if the encoding lacks a character of it."""
    try:
        return encode(text, encoding)
    except DraftError:
        return b""


def _one_of(forms: list[bytes]) -> bytes:
    """A pattern for one of these: of single bytes a set; otherwise plain alternatives, which ``re`` skips to."""
    if len(forms) == 1:
        return re.escape(forms[0])
    if all(len(form) == 1 for form in forms):
        return b"[" + re.escape(b"".join(forms)) + b"]"
    return b"(?:" + b"|".join(map(re.escape, forms)) + b")"


# Hex.


def _compile_hex(query: Query) -> Pattern:
    """Bytes as a message has them in hex, a dump or an array; or with ``??`` for any byte, as bytes alone."""
    from core.compose.hexadecimal import read_hex_pattern  # nothing else that is looked for needs it

    try:
        found = read_hex_pattern(query.text)
    except DraftError as error:
        sentence = str(error)
        raise QueryError(f"{sentence[0].lower()}{sentence[1:].removesuffix('.')}", error.start) from None
    longest = sum(map(len, found)) + len(found) - 1
    if not longest:
        raise QueryError("type bytes in hex, for example 0d 0a")
    regex = re.compile(b".".join(map(re.escape, found)), re.DOTALL)
    if len(found) > 1:
        return Pattern(query, regex, longest)
    return Pattern(query, regex, longest, alphabet=frozenset(found[0]))


# Regular expressions.


def _compile_regex(query: Query) -> Pattern:
    if "\0" in query.text:  # which no command line can carry
        raise QueryError("type \\x00 for a NUL byte", query.text.index("\0"))
    if not query.encoding.keeps_ascii:
        why = f"a regular expression looks at bytes, and in {query.encoding.words} letters have others than in ASCII"
        raise QueryError(f"{why}: look for text instead")
    parts = list(_regex_parts(query))
    flags = re.MULTILINE if query.match_case else re.MULTILINE | re.IGNORECASE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a later Python may read otherwise
            regex = re.compile(b"".join(parts), flags)
    except re.error as error:
        place = None if error.pos is None else _place(parts, error.pos)
        raise QueryError(f"that is no regular expression: {error.msg}", place) from None
    except (RecursionError, OverflowError, MemoryError):
        raise QueryError("that regular expression is too deep or too large") from None
    return Pattern(query, regex, LONGEST_REGEX_MATCH, _LOOK_BEHIND)


def _regex_parts(query: Query) -> Iterator[bytes]:
    """The pattern over bytes, a part for each character: one that takes several bytes stays one thing to repeat."""
    text, encoding = query.text, query.encoding
    is_escaped = is_in_set = False
    content = 0  # where a set's own characters begin: a ] stands for itself there
    for position, character in enumerate(text):
        if character > "\x7f":
            if is_in_set:
                raise QueryError(f"a set of bytes cannot hold {character}: write (?:{character}|…)", position)
            plain = _encoded(character, encoding, position)
            # Another byte is another letter there, even if it is an ASCII letter in the other case.
            yield b"(?-i:" + (re.escape(plain) if query.match_case else _one_of(_any_case(character, encoding))) + b")"
        else:
            yield character.encode()
        if is_escaped or character == "\\":
            is_escaped = not is_escaped
        elif is_in_set:
            is_in_set = character != "]" or position == content
        elif character == "[":
            is_in_set = True
            content = position + (2 if text[position + 1 : position + 2] == "^" else 1)


def _place(parts: list[bytes], offset: int) -> int:
    """Which character of the typed pattern stands at an offset of the compiled one."""
    passed = 0
    for position, part in enumerate(parts):
        passed += len(part)
        if passed > offset:
            return position
    return len(parts)


_COMPILERS = {Mode.TEXT: _compile_text, Mode.HEX: _compile_hex, Mode.REGEX: _compile_regex}
