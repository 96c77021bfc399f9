"""Menus that tell how things stand when they open, and have a letter for each entry."""

from __future__ import annotations

import tkinter as tk
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from gui.theme.theme import Theme

_SPARE = "1234567890abcdefghijklmnopqrstuvwxyz"  # for an entry that has no letter left


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a menu. ``words`` may mark its letter, as ``with_letters`` takes them.

    ``mark`` is "tick" for what is on or off and "radio" for one of several; ``is_on`` whether it is marked now.
    ``entries`` are those of a submenu, asked for each time it opens.
    """

    words: str
    act: Callable[[], object] = lambda: None
    key: str = ""
    can: bool = True
    mark: Literal["", "tick", "radio"] = ""
    is_on: bool = False
    entries: Callable[[], Sequence[Entry]] | None = None

    @property
    def kind(self) -> str:
        """What Tk calls such an entry."""
        if not self.words:
            return "separator"
        if self.entries is not None:
            return "cascade"
        return {"tick": "checkbutton", "radio": "radiobutton"}.get(self.mark, "command")


SEPARATOR = Entry("")


class Menu(tk.Menu):
    """``entries`` are asked for each time it opens."""

    def __init__(self, parent: tk.Misc, theme: Theme, entries: Callable[[], Sequence[Entry]]) -> None:
        super().__init__(parent, tearoff=False, postcommand=self.fill)
        self._theme = theme
        self._ask = entries
        self._entries: Sequence[Entry] = ()
        self._submenus: list[Menu] = []
        theme.subscribe(self._restyle, self)

    def fill(self) -> None:
        """Take in the entries as they are now."""
        known, self._entries = self._entries, tuple(self._ask())
        if [each.kind for each in known] != [each.kind for each in self._entries]:
            self._make()
        on = [place for place, each in enumerate(self._entries) if each.mark == "radio" and each.is_on]
        self.setvar(f"{self}.radio", str(on[0]) if on else "")
        lettered = iter(with_letters([each.words for each in self._entries if each.words]))
        for place, each in enumerate(self._entries):
            if each.words:
                words, letter = next(lettered)
                self.entryconfigure(place, label=words, underline=letter, state="normal" if each.can else "disabled")
            if each.kind != "separator" and each.kind != "cascade":
                self.entryconfigure(place, accelerator=each.key)
            if each.mark == "tick":
                self.setvar(f"{self}.{place}", str(int(each.is_on)))
        self._fold()

    def _fold(self) -> None:
        """Go on in another column where one is as tall as the screen: on X11 Tk does not scroll a menu."""
        if len(self._entries) < 2:
            return
        rows = max(1, self.winfo_screenheight() // (self.yposition(1) - self.yposition(0)) - 1)
        row = 0
        for place, each in enumerate(self._entries):
            if each.words:  # a line begins no column
                is_first = row >= rows
                self.entryconfigure(place, columnbreak=is_first)
                row = 0 if is_first else row
            row += 1

    def open(self, x: int, y: int) -> None:
        """Open it at that place of the screen."""
        self.fill()
        self.tk_popup(x, y)

    def submenu(self, entry: int) -> Menu:
        """The submenu of an entry, by its place."""
        return next(menu for menu in self._submenus if str(menu) == self.entrycget(entry, "menu"))

    def _make(self) -> None:
        """Make the entries anew: others are of another kind now."""
        self.delete(0, "end")
        for menu in self._submenus:
            menu.destroy()
        self._submenus.clear()
        for place, each in enumerate(self._entries):
            if each.kind == "separator":
                self.add_separator()
            elif each.entries is not None:
                menu = Menu(self, self._theme, partial(self._entries_below, place))
                menu.fill()
                self._submenus.append(menu)
                self.add_cascade(menu=menu)
            else:
                self.insert(place, each.kind, {"command": partial(self._chosen, place)})  # type: ignore[no-untyped-call]
                if each.mark:  # by its name: a Variable in a cycle may be collected in another thread
                    self.entryconfigure(place, {"variable": f"{self}.{'radio' if each.mark == 'radio' else place}"})
                if each.mark == "radio":
                    self.entryconfigure(place, {"value": place})

    def _entries_below(self, place: int) -> Sequence[Entry]:
        entries = self._entries[place].entries
        return entries() if entries is not None else ()

    def _chosen(self, place: int) -> None:
        self._entries[place].act()

    def _restyle(self) -> None:
        self._theme.colour_menu(self)


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
