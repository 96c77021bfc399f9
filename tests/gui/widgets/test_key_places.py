"""Keys by their place: what X11, Windows and macOS tell of a key under some layouts, and which key it is."""

from __future__ import annotations

import tkinter as tk

import pytest

from gui.keys import KEYS, UNTOLD
from gui.platform.differences import HERE, LINUX, MACOS, WINDOWS, platform_of
from gui.widgets.bindings import share_keys
from gui.widgets.key_places import bind_by_place, latin_key

_SHIFT, _CONTROL = 0x1, 0x4
X11 = platform_of(LINUX)
A_PLACE = {character: code for code in range(256) if (character := X11.place(code))}
PLACE_HERE = {character: code for code in range(256) if (character := HERE.place(code))}


@pytest.mark.case("C-97")
@pytest.mark.parametrize(
    ("layout", "keysym", "place", "state", "key"),
    [
        ("Russian es", 0x6D3, "c", 0, "c"),
        ("Russian be", 0x6C2, ",", 0, "comma"),
        ("Russian yu", 0x6C0, ".", 0, "period"),
        ("Greek chi", 0x7F7, "x", 0, "x"),
        ("Greek semicolon", 0x3B, "q", 0, "q"),
        ("Hebrew slash", 0x2F, "q", 0, "q"),
        ("Hebrew apostrophe", 0x27, "w", 0, "w"),
        ("Hebrew taw", 0xCFA, ",", 0, "comma"),
        ("Arabic seen", 0x5D3, "s", 0, "s"),
        ("Arabic apostrophe", 0x27, "m", _SHIFT, "m"),
        ("Arabic digit one", 0x10006F1, "1", 0, "1"),
        ("Georgian, which Tk does not name", 0, "a", 0, "a"),
        ("French ampersand", 0x26, "1", 0, "1"),
        ("French agrave", 0xE0, "0", 0, "0"),
        ("Czech ecaron", 0x1EC, "2", 0, "2"),
        ("American c", 0x63, "c", 0, ""),
        ("American exclam", 0x21, "1", _SHIFT, ""),
        ("American plus", 0x2B, "=", _SHIFT, ""),
        ("French a", 0x61, "q", 0, ""),
        ("French 1", 0x31, "1", _SHIFT, ""),
        ("French parenright", 0x29, "-", 0, ""),
        ("German odiaeresis", 0xF6, ";", 0, ""),
        ("Dvorak apostrophe", 0x27, "q", 0, ""),
        ("Dvorak comma", 0x2C, "w", 0, ""),
        ("a dead accent", 0xFE51, ";", 0, ""),
    ],
)
def test_a_key_is_found_by_its_place_where_it_has_no_latin_letter(
    layout: str, keysym: int, place: str, state: int, key: str
) -> None:
    assert latin_key(keysym, A_PLACE[place], state | _CONTROL, X11) == key, layout


@pytest.mark.case("C-97")
@pytest.mark.parametrize(
    ("name", "keysym", "keycode", "key"),
    [
        (WINDOWS, 0xF1, ord("C"), "c"),  # es in the code page for Cyrillic, which Tk 8.6 takes for Latin
        (WINDOWS, 0x3F, ord("C"), "c"),  # in another code page
        (WINDOWS, 0x63, ord("C"), ""),
        (WINDOWS, 0x26, ord("1"), "1"),  # French
        (WINDOWS, 0xFFC2, 0x74, ""),  # F5
        (MACOS, 0x6D3, 8 << 24 | 0x441, "c"),
        (MACOS, 0x26, 18 << 24 | 0x26, "1"),
        (MACOS, 0x63, 8 << 24 | 0x63, ""),
    ],
)
def test_each_system_has_its_own_numbers_of_keys(name: str, keysym: int, keycode: int, key: str) -> None:
    assert latin_key(keysym, keycode, _CONTROL, platform_of(name)) == key


@pytest.mark.parametrize("name", [LINUX, WINDOWS, MACOS])
def test_every_letter_and_digit_has_one_place(name: str) -> None:
    numbers = range(256) if name != MACOS else range(0, 256 << 24, 1 << 24)
    places = [found for number in numbers if (found := platform_of(name).place(number))]

    assert set("abcdefghijklmnopqrstuvwxyz0123456789-=,./;") == set(places)
    assert len(places) == len(set(places))


def pressed(root: tk.Tk, tag: str, widget: tk.Misc, keysym: int, place: str, state: int = _CONTROL) -> object:
    """Have what is bound to a tag handle the press of a key, whatever layout this display has."""
    script = str(root.tk.call("bind", tag, "<Control-Key>"))
    command = script.split('"[')[1].split(" ")[0]
    values = {"%#": 1, "%k": PLACE_HERE[place], "%s": state, "%N": keysym, "%W": str(widget), "%T": 2}
    return root.tk.call(command, *(values.get(f"%{each}", "??") for each in "#bfhkstwxyAEKNWTXYD"))


@pytest.mark.case("C-97")
def test_every_key_of_the_page_of_keys_works_by_its_place(root: tk.Tk) -> None:
    names = {"plus": "=", "comma": ",", "period": ".", "minus": "-"}
    done: list[str] = []
    share_keys(root)
    acts = {each: (lambda name=one.command: done.append(name)) for one in (*KEYS, *UNTOLD) for each in one.sequences}
    bind_by_place(root, "First", acts)
    root.bindtags(("First", *root.bindtags()))
    for key in (*KEYS, *UNTOLD):
        sequence = key.sequences[0].strip("<>").split("-")
        if sequence[0] != "Control" or sequence[-1] == "Tab":
            continue
        done.clear()

        state = _CONTROL | (_SHIFT if "Shift" in sequence else 0)
        place = names.get(sequence[-1], sequence[-1])
        assert pressed(root, "First", root, 0x6D3, place, state) == "break", key

        assert done == [key.command]


@pytest.mark.case("C-97")
def test_what_tk_itself_does_by_a_key_is_found_by_its_place_too(root: tk.Tk) -> None:
    share_keys(root)
    bind_by_place(root, "First", {})
    heard: list[str] = []
    text = tk.Text(root)
    names = {"c": "<<Copy>>", "v": "<<Paste>>", "x": "<<Cut>>", "z": "<<Undo>>", "a": "<<SelectAll>>", "y": "<<Redo>>"}
    for name in names.values():
        text.bind(name, lambda _event, name=name: heard.append(name))  # type: ignore[misc]
    text.pack()
    root.update()

    for place, name in names.items():
        assert pressed(root, "all", text, 0x6D3, place) == "break"
        assert heard.pop() == name
    pressed(root, "all", text, 0x6D3, "z", _CONTROL | _SHIFT)
    assert heard == ["<<Redo>>"]


def test_ctrl_y_redoes_and_does_not_paste_as_in_emacs(root: tk.Tk) -> None:
    share_keys(root)

    def sequences(event: str) -> tuple[str, ...]:
        return tuple(map(str, root.event_info(event)))

    assert "<Control-Key-y>" in sequences("<<Redo>>")
    assert "<Control-Key-y>" not in sequences("<<Paste>>")
    assert "<Control-Key-w>" not in sequences("<<Cut>>")
