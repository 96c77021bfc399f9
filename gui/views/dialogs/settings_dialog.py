"""The settings, in a small window beside the other. What is changed counts at once."""

from __future__ import annotations

import re
import tkinter as tk
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from tkinter import font as tkfont
from tkinter import ttk
from typing import Any, TypeAlias, TypeVar

from core.errors import AddressError, TlsSettingsError
from core.proxy import parse_proxy
from core.text_safety import TextSafety
from core.tls.settings import parse_protocols
from core.words import sentence
from gui.theme.theme import LARGEST_STEP, SMALLEST_STEP, Theme
from gui.viewmodels.offered_limits import BY_NAME, OFFERED, LimitValue, OfferedLimit, with_limit
from gui.viewmodels.preferences import (
    MOST_JOURNALS,
    MOST_MEGABYTES,
    SOCKET_MODES,
    TLS_CLIENTS,
    TLS_VERSIONS,
    WHEN_FULL,
    Preferences,
)
from gui.views.menus import COLOURS
from gui.widgets.bindings import focus_now, has_focus, when_idle
from gui.widgets.controls import Choice
from gui.widgets.fields import Asked, CheckedRow, FileRow, LineField, put_words, whole_number
from gui.widgets.fitting import wrap_within
from gui.widgets.screens import is_narrow
from gui.widgets.scrolling import ScrollingPage
from gui.widgets.small_window import SmallWindow

# Changes the named preferences; what is given is all that changes.
Change = Callable[[dict[str, Any]], None]

Field = TypeVar("Field", bound=ttk.Widget)

_USUAL = Preferences()
_EVEN_WIDTH = re.compile(
    r"\b(mono|code|console|consolas|courier|fixed|hack|inconsolata|iosevka|menlo|monaco|terminal|terminus|typewriter)\b",
    re.IGNORECASE,
)
_NOT_FOR_TEXT = re.compile(r"^[.@]|emoji", re.IGNORECASE)  # hidden, turned by a quarter, pictures
_LONGEST_FAMILY = 60  # characters


class SettingsPage(ScrollingPage):
    """One page. ``show`` puts what is so into its fields."""

    def __init__(self, parent: tk.Misc, theme: Theme, change: Change) -> None:
        super().__init__(parent, theme)
        self.change = change
        self.theme = theme
        self.body.configure(padding=(theme.px(20), theme.px(8), theme.px(16), theme.px(16)))
        self.body.columnconfigure(0, weight=1)

    def show(self, preferences: Preferences) -> None:
        """Show these."""
        raise NotImplementedError

    def add(self, part: tk.Widget, *, gap: float = 14) -> None:
        """Put the next part below the others, across the page."""
        part.grid(column=0, sticky="ew", pady=(self.theme.px(gap), 0))

    def say(self, sentence: str, *, gap: float = 8) -> None:
        """Put a muted sentence below the others."""
        label = ttk.Label(self.body, text=sentence, style="Window.Muted.TLabel", justify="left")
        wrap_within(label, self.body, lambda: self.theme.px(40))
        self.add(label, gap=gap)

    def labelled(self, words: str, make: Callable[[ttk.Frame], Field], *, sticky: str = "ew") -> Field:
        """Put a row below the others that begins with these words; ``make`` makes its field."""
        row = ttk.Frame(self.body, style="Window.TFrame")
        row.columnconfigure(1, weight=1)
        below = put_words(row, ttk.Label(row, text=words, style="Window.TLabel"), self.theme.px)
        field = make(row)
        field.grid(row=below, column=1, sticky=sticky)
        self.add(row)
        return field

    def ask_password(self, words: str, on_password: Callable[[str], None]) -> LineField:
        """Put a field for a password below the others, which is kept nowhere."""
        field = self.labelled(words, lambda row: LineField(row, self.theme, on_password, width=16))
        field.configure(show="•")
        field.hint("Forgotten when Tincan ends")
        return field

    def choose(self, words: str, name: str) -> Choice[Any]:
        """Put a choice below the others; what is chosen changes the preference of that name."""
        return self.labelled(
            words, lambda row: Choice[Any](row, lambda key: self.change({name: key}), width=26), sticky="w"
        )


class LookPage(SettingsPage):
    """Colours, text size and fonts, with a sample."""

    def __init__(self, parent: tk.Misc, theme: Theme, change: Change) -> None:
        super().__init__(parent, theme, change)
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        usual = theme.usual_points
        points = (usual + SMALLEST_STEP, usual + LARGEST_STEP, 1)
        asked = whole_number("Text size", "points", usual, points)
        self.colours: Choice[str] = self.choose("Colours", "theme")
        self.text_size = CheckedRow(self.body, theme, asked, lambda value: self.change({"text_size": value - usual}))
        self.add(self.text_size)
        self.font: Choice[str] = self.choose("Font of conversations", "font")
        self.mono_font: Choice[str] = self.choose("Font of hex and bytes", "mono_font")
        self.silence: Choice[bool] = self.choose("Hint when nobody answers", "tell_silence")
        self._add_sample()
        self.settle()

    def show(self, preferences: Preferences) -> None:
        self.colours.offer(COLOURS, preferences.theme)
        self.silence.offer(((True, "Shown"), (False, "Not shown")), preferences.tell_silence)
        self.text_size.show(preferences.text_size + self.theme.usual_points)
        families = _families(self)
        self.font.offer(self._words(families, preferences.font), preferences.font)
        even = [family for family in families if _EVEN_WIDTH.search(family)]
        self.mono_font.offer(self._words(even, preferences.mono_font), preferences.mono_font)

    def _words(self, families: Iterable[str], chosen: str) -> list[tuple[str, str]]:
        names = list(families)
        if chosen and chosen not in names:
            names.append(chosen)  # it was on another machine, or it was written by hand
        named = ((name, self._safety.field(name, _LONGEST_FAMILY)) for name in sorted(names, key=str.casefold))
        return [("", "As the system"), *named]

    def _add_sample(self) -> None:
        px = self.theme.px
        box = ttk.Frame(self.body, style="Field.TFrame", padding=(px(12), px(10)))
        for text, font in (
            ("Hello there — grüß Gott, 你好, 0O 1lI", self.theme.text),
            ("68 65 6c 6c 6f 0d 0a   hello..   0O 1lI", self.theme.mono),
        ):
            ttk.Label(box, text=text, style="Field.TLabel", font=font).pack(anchor="w")
        self.add(box, gap=18)


class JournalsPage(SettingsPage):
    """How many journals are kept, how much room they take, and where they are."""

    def __init__(self, parent: tk.Misc, theme: Theme, change: Change, on_open_folder: Callable[[], None]) -> None:
        super().__init__(parent, theme, change)
        self.say("Every run of Tincan keeps its conversations in a journal, a file of its own.", gap=12)
        self.keep = self._row(
            "keep_journals",
            whole_number("Keep the newest", "journals", _USUAL.keep_journals, (1, MOST_JOURNALS, 1)),
        )
        self.megabytes = self._row(
            "journal_megabytes",
            whole_number("All together at most", "MB", _USUAL.journal_megabytes, (1, MOST_MEGABYTES, 100)),
        )
        self.say("When Tincan starts, the oldest are deleted until both hold. The one being written always stays.")
        self.running = self._row(
            "running_megabytes",
            whole_number("The one being written at most", "MB", _USUAL.running_megabytes, (1, MOST_MEGABYTES, 1_000)),
        )
        self.when_full: Choice[str] = self.choose("Then", "when_full")
        self.say("Recording also stops, and says so, before it takes the last 1 GB of the disk.")
        self.folder = ttk.Button(self.body, text="Open the folder", command=on_open_folder)
        self.folder.bind("<Return>", lambda _event: self.folder.invoke())
        self.folder.grid(column=0, sticky="w", pady=(theme.px(16), 0))
        self.settle()

    def show(self, preferences: Preferences) -> None:
        self.keep.show(preferences.keep_journals)
        self.megabytes.show(preferences.journal_megabytes)
        self.running.show(preferences.running_megabytes)
        self.when_full.offer(WHEN_FULL, preferences.when_full)

    def _row(self, name: str, asked: Asked[int]) -> CheckedRow[int]:
        row = CheckedRow(self.body, self.theme, asked, lambda value: self.change({name: value}))
        self.add(row)
        return row


class LimitsPage(SettingsPage):
    """The proxy of clients and taps, and the limits of servers, clients and messages, each with its reason.

    ``on_proxy_password`` gets the password of the proxy, which is kept nowhere.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, change: Change, on_proxy_password: Callable[[str], None]) -> None:
        super().__init__(parent, theme, change)
        self._on_proxy_password = on_proxy_password
        self._changed: dict[str, LimitValue] = {}
        self.say("These count for servers, clients and taps that are started from now on.", gap=12)
        asked = Asked("Connect through a proxy", "", "", _read_proxy, _shown_proxy, _WHY_PROXY, has_secrets=True)
        self.proxy = CheckedRow(self.body, theme, asked, self._use_proxy)
        self.proxy.field.configure(width=24, justify="left")
        self.add(self.proxy)
        self.proxy_password = self.ask_password("Password of the proxy", on_proxy_password)
        self.socket_mode: Choice[str] = self.choose("Local sockets (unix:) are for", "socket_mode")
        self.rows = {limit.name: self._row(limit) for limit in OFFERED}
        self.settle()

    def show(self, preferences: Preferences) -> None:
        self.proxy.show(preferences.proxy)
        self.socket_mode.offer(SOCKET_MODES, preferences.socket_mode)
        self._changed = dict(preferences.limits_changed)
        limits = preferences.limits()
        for name, row in self.rows.items():
            row.show(getattr(limits, name))

    def _use_proxy(self, proxy: str) -> None:
        """Keep it; a password that stands in what was typed goes where passwords are."""
        self.change({"proxy": proxy})
        typed = self.proxy.field.get()
        if proxy and (password := parse_proxy(typed).password):
            self.proxy_password.put(password)
            self._on_proxy_password(password)

    def _row(self, limit: OfferedLimit) -> CheckedRow[LimitValue]:
        asked = Asked(limit.words, limit.unit, limit.usual, limit.read, limit.shown, limit.why)
        row = CheckedRow(self.body, self.theme, asked, partial(self._set, limit.name))
        self.add(row, gap=16)
        return row

    def _set(self, name: str, value: LimitValue) -> None:
        self.change({"limits_changed": with_limit(self._changed, BY_NAME[name].name, value)})


class TlsPage(SettingsPage):
    """Certificates that are trusted at one address, and how TLS is spoken.

    ``on_password`` gets the password of the own certificate, which is kept nowhere.
    """

    def __init__(self, parent: tk.Misc, theme: Theme, change: Change, on_password: Callable[[str], None]) -> None:
        super().__init__(parent, theme, change)
        self._safety = TextSafety.for_tk(str(self.tk.call("info", "patchlevel")))
        self._shown: Mapping[str, str] | None = None
        self.revoke_buttons: list[ttk.Button] = []
        self._pins = ttk.Frame(self.body, style="Window.TFrame")
        self._pins.columnconfigure(0, weight=1)
        self.add(self._pins, gap=12)
        self.say("What follows counts for servers and clients with TLS that begin from now on.", gap=16)
        self.lowest: Choice[str] = self.choose("Lowest version", "tls_lowest")
        self.clients: Choice[str] = self.choose("Certificates of clients", "tls_clients")
        self.files = {name: self._file(name, words) for name, words in _TLS_FILES}
        self.password = self.ask_password("Password of the certificate or key", on_password)
        asked = Asked("Protocols (ALPN)", "", "", _read_alpn, _shown_alpn, _WHY_ALPN)
        self.alpn = CheckedRow(self.body, theme, asked, lambda value: self.change({"tls_alpn": value}))
        self.alpn.field.configure(width=24, justify="left")
        self.add(self.alpn)
        self.settle()

    def show(self, preferences: Preferences) -> None:
        self.lowest.offer(TLS_VERSIONS, preferences.tls_lowest)
        self.clients.offer(TLS_CLIENTS, preferences.tls_clients)
        for name, row in self.files.items():
            if row.path != getattr(preferences, name):
                row.put(getattr(preferences, name))
        self.alpn.show(preferences.tls_alpn)
        if preferences.pins != self._shown:
            self._shown = preferences.pins
            self._list_pins(preferences.pins)

    @property
    def pins(self) -> list[str]:
        """What is said of trusted certificates: a sentence, and each with its address."""
        labels = (part for part in self._pins.winfo_children() if isinstance(part, ttk.Label))
        return [str(label.cget("text")) for label in labels]

    def _list_pins(self, pins: Mapping[str, str]) -> None:
        had_focus = any(has_focus(button) for button in self.revoke_buttons)
        for part in self._pins.winfo_children():
            part.destroy()
        heading = ttk.Label(self._pins, text=_PINS if pins else _NO_PINS, style="Window.TLabel", justify="left")
        heading.grid(row=0, column=0, columnspan=2, sticky="w")
        wrap_within(heading, self._pins, lambda: self.theme.px(4))
        self.revoke_buttons = [self._add_pin(row, *pin, pins) for row, pin in enumerate(pins.items(), 1)]
        if had_focus:
            focus_now(self.revoke_buttons[0] if self.revoke_buttons else self.lowest)

    def _add_pin(self, row: int, address: str, pin: str, pins: Mapping[str, str]) -> ttk.Button:
        px, lines = self.theme.px, (pin[place : place + _PIN_LINE].upper() for place in range(0, len(pin), _PIN_LINE))
        shown = "\n".join((self._safety.field(address, _LONGEST_PLACE), *lines))
        label = ttk.Label(self._pins, text=shown, style="Window.TLabel", font=self.theme.small, justify="left")
        label.grid(row=row, column=0, sticky="w", pady=(px(6), 0))
        left = {known: other for known, other in pins.items() if known != address}
        button = ttk.Button(self._pins, text="Revoke", command=lambda: self.change({"pins": left}))
        button.bind("<Return>", lambda _event: button.invoke())
        button.grid(row=row, column=1, sticky="e", pady=(px(6), 0))
        return button

    def _file(self, name: str, words: str) -> FileRow:
        def ask(**options: Any) -> str:  # noqa: ANN401 - those of the system's dialog
            from tkinter import filedialog

            return str(filedialog.askopenfilename(**options) or "")

        file = self.labelled(
            words, lambda row: FileRow(row, self.theme, ask=ask, title=words, on_edit=lambda: self._edited(name))
        )
        file.field.hint("None")
        return file

    def _edited(self, name: str) -> None:
        """Take what a field says once it says it: it tells of a change just before."""
        when_idle(self, lambda: self.change({name: self.files[name].path}))


_LONGEST_PLACE, _PIN_LINE = 60, 24  # characters: of an address, and of a fingerprint in one line
_PINS = "Certificates that you trust at one address, by their SHA-256:"
_NO_PINS = (
    "You trust no certificate by its fingerprint. Where a server's certificate fails, Tincan offers to trust it for "
    "that host and port."
)
_TLS_FILES = (
    ("tls_certificate", "Own certificate (PEM, PKCS#12)"),
    ("tls_key", "Its key, if in another file (PEM)"),
    ("tls_ca", "Authorities to trust alone (PEM, DER)"),
)
_WHY_ALPN = "Names in the order of preference, as h2, http/1.1. Once there are any, one has to be common to both sides."


_WHY_PROXY = (
    "socks5://HOST:PORT or http://HOST:PORT, with USER@ in front of the host if it wants one. It looks the names of "
    "targets up. Local sockets and UDP go without it."
)


def _read_proxy(text: str) -> str:
    """A proxy as it is kept, without its password. Raises ``ValueError`` for what is none."""
    if text.strip() in ("", _shown_proxy("")):
        return ""
    try:
        return parse_proxy(text).with_user
    except AddressError as error:
        raise ValueError(sentence(error)) from error


def _shown_proxy(proxy: str) -> str:
    return proxy or "none"


def _read_alpn(text: str) -> str:
    """Protocols as they are kept. Raises ``ValueError`` for what is none."""
    if text.strip() in ("", _shown_alpn("")):
        return ""
    try:
        return ", ".join(parse_protocols(text))
    except TlsSettingsError as error:
        raise ValueError(sentence(error)) from error


def _shown_alpn(protocols: str) -> str:
    return protocols or "none"


def _families(widget: tk.Misc) -> list[str]:
    """The fonts of this machine that one can write with."""
    return sorted({family for family in tkfont.families(widget) if not _NOT_FOR_TEXT.search(family)})


Page = TypeVar("Page", bound=SettingsPage)
_Maker: TypeAlias = tuple[str, type[SettingsPage], Callable[[tk.Misc], SettingsPage]]

_SIZE = (620, 470)  # at 96 dots an inch
_SMALLEST = (380, 260)


class SettingsDialog(SmallWindow):
    """``current`` says what is so; ``on_change`` gets what is wanted, whole. Escape closes.

    ``on_password`` gets the password of the certificate for TLS, ``on_proxy_password`` that of the proxy: they are no
    preferences.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        current: Callable[[], Preferences],
        on_change: Callable[[Preferences], None],
        on_open_folder: Callable[[], None],
        on_password: Callable[[str], None],
        on_proxy_password: Callable[[str], None],
    ) -> None:
        super().__init__(parent, theme, "Settings")
        self._current = current
        self._on_change = on_change
        self._makers: tuple[_Maker, ...] = (
            ("Look", LookPage, lambda place: LookPage(place, theme, self._change)),
            ("Journals", JournalsPage, lambda place: JournalsPage(place, theme, self._change, on_open_folder)),
            ("Connections", LimitsPage, lambda place: LimitsPage(place, theme, self._change, on_proxy_password)),
            ("TLS", TlsPage, lambda place: TlsPage(place, theme, self._change, on_password)),
        )
        self._pages: dict[type[SettingsPage], SettingsPage] = {}
        self.tabs = ttk.Notebook(self)
        self._places = [ttk.Frame(self.tabs, style="Window.TFrame") for _ in self._makers]
        for place, (words, _kind, _make) in zip(self._places, self._makers, strict=True):
            self.tabs.add(place, text=words)
        self.tabs.bind("<<NotebookTabChanged>>", self._turned)
        self._lay_out()
        self.page(LookPage)
        self.deiconify()
        focus_now(self.tabs)

    def show(self) -> None:
        """Show what is so, after something else has changed it."""
        preferences = self._current()
        for page in self._pages.values():
            page.show(preferences)

    def page(self, kind: type[Page]) -> Page:
        """The page of that kind, made when it is first wanted: all at once would take too long."""
        page = self._pages.get(kind)
        if page is None:
            number = next(number for number, (_, other, _) in enumerate(self._makers) if other is kind)
            page = self._pages[kind] = self._makers[number][2](self._places[number])
            page.pack(fill="both", expand=True)
            page.show(self._current())
        assert isinstance(page, kind)
        return page

    def _turned(self, _event: object) -> None:
        number = int(self.tk.call(str(self.tabs), "index", "current"))
        self.page(self._makers[number][1])

    def _change(self, changes: dict[str, Any]) -> None:
        self._on_change(replace(self._current(), **changes))
        self.show()

    def _lay_out(self) -> None:
        self.add_foot()
        says = ttk.Label(self.foot, text="Every change counts at once.", style="Window.Muted.TLabel", justify="left")
        says.configure(wraplength=self.theme.px(130) if is_narrow(self, self.theme.px) else 0)
        says.pack(side="left")
        self.tabs.pack(fill="both", expand=True)
        self.tabs.enable_traversal()
        self.put_beside(_SIZE, _SMALLEST)
