"""A person at a window: has a keyboard, and knows nothing but what can be read on the screen."""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.address import Address
from gui.app import App
from gui.preferences import PreferencesFile
from gui.viewmodels.preferences import Preferences
from tests.gui.conftest import pump, pump_until
from tests.gui.driving import press_character
from tests.support.peers import Peer

_WHEN = re.compile(r"\d\d:\d\d:\d\d\.\d{3}$")  # at the end of lines that say who, and of notes
_STOPS = 80  # controls that Tab passes before it must have come round
_WITH_WORDS = frozenset({"Label", "TLabel", "TButton", "TCheckbutton", "TRadiobutton", "TMenubutton"})
_FIELDS = frozenset({"TEntry", "TCombobox", "TSpinbox"})
_PRESSED = frozenset({"TButton", "TCheckbutton", "TRadiobutton", "TMenubutton"})


class Person:
    """Every method that ends in a wait fails if what it waits for does not come."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._tk = app.root.tk
        app.root.update()
        self._come_back()

    # What a person does.

    def press(self, *keys: str) -> None:
        """Press keys, each as Tk names it, wherever the focus is."""
        for key in keys:
            self._tk.call("event", "generate", self._focus(), key)
            self._update()

    def type(self, text: str) -> None:
        """Type a text, key by key."""
        for character in text:
            press_character(self.app.root, self._focus(), character)
            self._update()

    def write(self, text: str) -> None:
        """Type in the place of what stands in the field."""
        self.press("<Control-a>")
        self.press("<BackSpace>")
        self.type(text)

    def paste(self, text: str) -> None:
        """Paste a text that was copied somewhere else."""
        self.copy_elsewhere(text)
        self.press("<<Paste>>")

    def copy_elsewhere(self, text: str) -> None:
        """Have another program's text on the clipboard."""
        self.app.root.clipboard_clear()
        self.app.root.clipboard_append(text)

    def say(self, text: str) -> None:
        """Write a message and send it."""
        self.press("<Control-m>")
        self.type(text)
        self.press("<Return>")

    def tab_to(self, words: str, *, back: bool = False, exactly: bool = False) -> None:
        """Press Tab until the focus is on what bears these words or holds them, and nothing else if ``exactly``."""
        self._tab_until(lambda: self.focused == words if exactly else words in self.focused, words, back=back)

    def push(self, words: str) -> None:
        """Go to a button by Tab and press it: not to a text that has its words."""
        self._tab_until(lambda: self._kind(self._focus()) in _PRESSED and words in self.focused, words)
        self.press("<space>")

    def choose(self, words: str) -> None:
        """In a choice that has the focus: open its list and take what has these words."""
        box = self._focus()
        self.press("<Down>")
        popdown = str(self._tk.call("ttk::combobox::PopdownWindow", box))
        listed = f"{popdown}.f.l"
        self.until(lambda: bool(self._tk.call("winfo", "ismapped", listed)) and self._focus() == listed)
        at = self._tk.splitlist(self._tk.call(listed, "get", 0, "end")).index(words)
        self.press("<Control-Home>", *["<Down>"] * at, "<Return>")

    def start_server(self) -> int:
        """Have a server on a free port; the answer is the port."""
        self.press("<Control-l>", "<Tab>")
        self.write("0")
        self.press("<F5>")
        self.sees("listening on")
        return int(self.app.window.address.port.get())

    def connect(self, port: int) -> None:
        """Connect to a port of this machine."""
        self.press("<Control-l>", "<Tab>")
        self.write(str(port))
        self.press("<F6>")
        self.sees(f"connected to 127.0.0.1:{port}")

    # What a person sees.

    def sees(self, *words: str) -> None:
        """Wait until each of these can be read somewhere in the window."""
        for each in words:
            self.until(lambda each=each: any(each in text for text in self.texts()), each)  # type: ignore[misc]

    def no_longer_sees(self, words: str) -> None:
        """Wait until these can be read nowhere."""
        self.until(lambda: not any(words in text for text in self.texts()), f"the end of {words}")

    def reads(self, words: str) -> bool:
        """Whether these can be read somewhere just now."""
        return any(words in text for text in self.texts())

    def until(self, condition: Callable[[], bool], what: str = "") -> None:
        """Let the window live until the condition holds."""
        try:
            pump_until(condition, self.app.root)
        except AssertionError:
            raise AssertionError(f"waited in vain for {what or condition}; there is: {list(self.texts())}") from None

    def texts(self) -> Iterator[str]:
        """All that can be read in the window and in those beside it."""
        yield self.app.root.title()
        yield from self._texts_in(self.app.root)

    @property
    def conversation(self) -> str:
        """What can be read of the conversation, from top to bottom."""
        return self._visible(str(self.app.window.conversation.transcript.text))

    @property
    def said(self) -> list[str]:
        """What can be read of the conversation, without who and when and what happened."""
        return said_in(self.conversation)

    @property
    def folder(self) -> Path:
        """Where this run keeps settings and journals."""
        return self.app.own_journal.folder.parent

    @property
    def message(self) -> str:
        """What stands in the message field."""
        return self.app.window.composer.text

    @property
    def focused(self) -> str:
        """What can be read on or in that which has the focus."""
        return self._text_of(self._focus())

    @property
    def clipboard(self) -> str:
        """What was copied last."""
        return self.app.root.clipboard_get()

    def _focus(self) -> str:
        """The window that keys go to, as Tk names it: one of Tk's own has no other name."""
        found = str(self._tk.call("focus"))
        if not found:
            self._come_back()
            found = str(self._tk.call("focus"))
        return found

    def _come_back(self) -> None:
        """Have the keyboard at this window, where it was last: there is no window manager to see to it."""
        self._tk.call("focus", "-force", self._tk.call("focus", "-lastfor", "."))
        self._update()

    def _tab_until(self, is_there: Callable[[], bool], words: str, *, back: bool = False) -> None:
        for _ in range(_STOPS):
            if is_there():
                return
            self.press("<<PrevWindow>>" if back else "<Tab>")
        raise AssertionError(f"Tab does not come to “{words}”; it is at “{self.focused}”")

    def _update(self) -> None:
        pump(self.app.root)

    def _texts_in(self, widget: tk.Misc) -> Iterator[str]:
        for part in widget.winfo_children():
            if isinstance(part, tk.Menu) or not part.winfo_ismapped():
                continue
            text = self._text_of(str(part))
            if text:
                yield text
            yield from self._texts_in(part)

    def _text_of(self, path: str) -> str:
        call, kind = self._tk.call, self._kind(path)
        if kind in _WITH_WORDS:
            return str(call(path, "cget", "-text"))
        if kind in _FIELDS:
            return str(call(path, "get"))
        if kind == "Text":
            return self._visible(path)
        if kind == "Treeview":
            return "\n".join(self._rows(path, ""))
        return ""

    def _kind(self, path: str) -> str:
        return str(self._tk.call("winfo", "class", path))

    def _visible(self, path: str) -> str:
        """What a Text shows, without what is scrolled out of sight."""
        width, height = (int(self._tk.call("winfo", side, path)) for side in ("width", "height"))
        end = f"@{width},{height} lineend"
        return str(self._tk.call(path, "get", "@0,0 linestart", end)).replace("\u2003", "")

    def _rows(self, path: str, parent: str) -> Iterator[str]:
        for row in self._tk.splitlist(self._tk.call(path, "children", parent)):
            values = self._tk.splitlist(self._tk.call(path, "item", row, "-values"))
            yield " ".join((str(self._tk.call(path, "item", row, "-text")).strip(), *map(str, values)))
            if self._tk.getboolean(self._tk.call(path, "item", row, "-open")):
                yield from self._rows(path, row)


def said_in(text: str) -> list[str]:
    """The lines of a conversation without who and when and what happened."""
    return [line for line in text.split("\n") if line and not _WHEN.search(line)]


def caller(port: int) -> Peer:
    """A program that connects to that port of this machine."""
    return Peer.calls(Address("127.0.0.1", port))


def settings(folder: Path, **changed: Any) -> Path:  # noqa: ANN401 - whatever can be set
    """A folder with what an earlier run has left in its settings."""
    PreferencesFile(folder / "settings.json").save(Preferences(**changed))
    return folder


def journal_of(folder: Path) -> Path:
    """The one journal that a run with this folder has written."""
    (path,) = (folder / "journals").glob("*.tincan")
    return path
