"""The letters of menus: one for each entry, in whatever language. And room for each entry on the screen."""

from __future__ import annotations

import tkinter as tk

import pytest

from gui.keys import EDITING
from gui.theme.theme import Theme
from gui.widgets.menu import SEPARATOR, Entry, Menu, literally, plain, with_letters


def letters(*labels: str) -> str:
    found = with_letters(labels)
    return "".join(words[place].lower() for words, place in found)


def test_a_marked_letter_is_taken_wherever_it_stands() -> None:
    assert with_letters(["Cut", "Cu&t", "&Copy"]) == [("Cut", 1), ("Cut", 2), ("Copy", 0)]


def test_without_a_mark_it_is_the_first_of_a_word_then_any_other() -> None:
    assert letters("Send", "Send file", "Sends") == "sfe"


def test_an_entry_moves_to_another_letter_if_one_has_no_other() -> None:
    assert letters("abd", "b", "a") == "dba"


@pytest.mark.parametrize(
    "labels",
    [
        ("Начать", "Настройки", "Найти", "Назад"),  # Russian
        ("Αντιγραφή", "Αποκοπή", "Αποστολή"),  # Greek
        ("העתק", "הדבק", "הסר"),  # Hebrew
        ("复制", "复制", "粘贴"),  # Chinese, which no key types
        ("切り取り", "コピー", "貼り付け"),  # Japanese
        ("복사", "붙여넣기"),  # Korean
        ("…", "—", "\U0001f600 smile", ""),
        ("aa", "a", "aaa", "AA"),
        ("ß", "İstanbul", "ı"),
        ("S",) * 36,
    ],
)
def test_each_entry_has_a_letter_of_its_own_in_every_language(labels: tuple[str, ...]) -> None:
    found = with_letters(labels)
    chosen = [words[place].lower() for words, place in found]

    assert len(set(chosen)) == len(labels)
    assert all(words.startswith(label) for (words, _place), label in zip(found, labels, strict=True))
    assert all(letter.isalnum() for letter in chosen)


def test_signs_that_no_key_types_get_a_letter_behind_them() -> None:
    assert with_letters(["复制", "Open"]) == [("复制 (1)", 4), ("Open", 0)]


def test_once_all_are_taken_an_entry_has_none() -> None:
    assert with_letters(["1"] * 40)[-1] == ("1", -1)


def test_a_file_may_be_called_anything() -> None:
    assert with_letters([literally("R&D & co")]) == [("R&D & co", 0)]
    assert plain("Cu&t && so") == "Cut & so"
    assert with_letters(["&"]) == [(" (1)", 2)]


def test_the_usual_letters_of_the_entries_that_every_program_has() -> None:
    assert letters(*(key.words for key in EDITING)) == "urtcpda"


def test_a_menu_that_is_longer_than_the_screen_is_high_has_columns(root: tk.Tk, theme: Theme) -> None:
    entries = [Entry("first"), SEPARATOR, *(Entry(f"profile {number}") for number in range(100))]
    menu = Menu(root, theme, lambda: entries)

    menu.fill()
    root.update_idletasks()

    assert menu.winfo_reqheight() <= root.winfo_screenheight()
    del entries[3:]
    menu.fill()
    assert menu.yposition(0) < menu.yposition(1) < menu.yposition(2)
