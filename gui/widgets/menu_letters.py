"""The letter that chooses each entry of a menu, whatever the language. No tkinter."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

_SPARE = "1234567890abcdefghijklmnopqrstuvwxyz"  # for an entry that has no letter left


def with_letters(labels: Sequence[str]) -> list[tuple[str, int]]:
    """The words of each entry and the place of its letter in them; no two entries of a menu have the same one.

    "&" stands before the letter that an entry had best have, and "&&" for the sign itself. Without one, or if another
    entry has it already, the first letter of a word is taken, then any other. Words that have none left, and those of a
    script that is not typed letter by letter, get one in brackets behind them. The place is -1 once all are taken.
    """
    words = [_unmarked(label) for label in labels]
    choices = [list(dict.fromkeys(_letters(*each))) for each in words]
    owner: dict[str, int] = {}

    def claim(entry: int, tried: set[str]) -> bool:
        """Take a free letter, or that of an entry which can have another one."""
        for letter in choices[entry]:
            if letter not in owner:
                owner[letter] = entry
                return True
        for letter in choices[entry]:
            if letter not in tried:
                tried.add(letter)
                if claim(owner[letter], tried):
                    owner[letter] = entry
                    return True
        return False

    for entry in sorted(range(len(words)), key=lambda entry: words[entry][1] < 0):  # those first that ask for a letter
        claim(entry, set())
    letter_of = {entry: letter for letter, entry in owner.items()}
    spare = (letter for letter in _SPARE if letter not in owner)
    return [_placed(text, wanted, letter_of.get(entry), spare) for entry, (text, wanted) in enumerate(words)]


def literally(words: str) -> str:
    """The label of an entry whose words are somebody else's, such as a file's name."""
    return words.replace("&", "&&")


def plain(label: str) -> str:
    """The words of a label, without its mark."""
    return _unmarked(label)[0]


def _unmarked(label: str) -> tuple[str, int]:
    """The words of a label and the place of the letter that is marked in it, -1 if none is."""
    text, wanted, rest = "", -1, iter(label)
    for character in rest:
        if character == "&":
            character = next(rest, "")
            if character != "&" and wanted < 0:
                wanted = len(text)
        text += character
    return text, wanted if wanted < len(text) else -1


def _letters(text: str, wanted: int) -> Iterator[str]:
    """The letters by which words can be chosen, the best ones first."""
    places = [place for place, character in enumerate(text) if _is_typed(character)]
    if wanted in places:
        yield text[wanted].lower()
    for place in places:
        if place == 0 or not text[place - 1].isalnum():
            yield text[place].lower()
    for place in places:
        yield text[place].lower()


def _is_typed(character: str) -> bool:
    """Whether a key writes it: not so the signs of Chinese, Japanese and Korean, which an input method makes."""
    is_simple = character <= "\uffff" and len(character.lower()) == 1  # of others Tk 8.6 counts the places otherwise
    return is_simple and character.isalnum() and unicodedata.east_asian_width(character) not in "WF"


def _placed(text: str, wanted: int, letter: str | None, spare: Iterator[str]) -> tuple[str, int]:
    if letter is None:
        letter = next(spare, None)
        return (f"{text} ({letter.upper()})", len(text) + 2) if letter is not None else (text, -1)
    if wanted >= 0 and text[wanted].lower() == letter:
        return text, wanted
    places = [place for place, character in enumerate(text) if character.lower() == letter and _is_typed(character)]
    first_of_word = [place for place in places if place == 0 or not text[place - 1].isalnum()]
    return text, (first_of_word or places)[0]
