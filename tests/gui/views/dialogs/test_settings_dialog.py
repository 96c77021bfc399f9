"""The settings: what is changed counts at once, and what will not do says why and does not count."""

from __future__ import annotations

import tkinter as tk
from dataclasses import replace
from tkinter import filedialog, ttk

import pytest

from gui.theme.palettes import PALETTES
from gui.theme.theme import Theme
from gui.viewmodels.drafting import SentMessage
from gui.viewmodels.preferences import Preferences
from gui.views.dialogs.settings_dialog import JournalsPage, LimitsPage, LookPage, SettingsDialog, TlsPage
from tests.support.systems import ON_WINDOWS


class Stage:
    """A settings dialog over preferences that are just kept."""

    def __init__(self, root: tk.Tk, theme: Theme) -> None:
        self.preferences = Preferences()
        self.opened = 0
        self.passwords: list[str] = []
        self.proxy_passwords: list[str] = []
        self.theme = theme
        root.update()
        self.dialog = SettingsDialog(
            root,
            theme,
            current=lambda: self.preferences,
            on_change=self.change,
            on_open_folder=self.open_folder,
            on_password=self.passwords.append,
            on_proxy_password=self.proxy_passwords.append,
        )
        self.dialog.update()

    def change(self, preferences: Preferences) -> None:
        self.preferences = preferences
        self.theme.dress(preferences.theme, preferences.text_size, preferences.font, preferences.mono_font)

    def open_folder(self) -> None:
        self.opened += 1

    def turn_to(self, number: int) -> None:
        self.dialog.tk.call(str(self.dialog.tabs), "select", number)
        self.dialog.update()

    @property
    def look(self) -> LookPage:
        return self.dialog.page(LookPage)

    @property
    def journals(self) -> JournalsPage:
        self.turn_to(1)
        return self.dialog.page(JournalsPage)

    @property
    def limits(self) -> LimitsPage:
        self.turn_to(2)
        return self.dialog.page(LimitsPage)

    @property
    def tls(self) -> TlsPage:
        self.turn_to(3)
        return self.dialog.page(TlsPage)


@pytest.fixture
def stage(root: tk.Tk, theme: Theme) -> Stage:
    return Stage(root, theme)


_KEYSYMS = {".": "period", ":": "colon", "/": "slash", "@": "at"}


def type_into(field: ttk.Entry, text: str) -> None:
    """Type over what stands there, key by key."""
    field.focus_force()
    field.update()
    field.delete(0, "end")
    for character in text:
        field.insert("end", character)
        field.event_generate("<KeyRelease>", keysym=_KEYSYMS.get(character, character))
    field.update()


def press(widget: tk.Misc, key: str) -> None:
    widget.focus_force()
    widget.update()
    widget.event_generate(key)
    widget.tk.call("update")  # the widget itself may be gone


def choose(box: ttk.Combobox, words: str) -> None:
    box.set(words)
    box.event_generate("<<ComboboxSelected>>")
    box.update()


def test_another_palette_is_put_on_at_once(stage: Stage) -> None:
    choose(stage.look.colours, "Dark")

    assert stage.preferences.theme == "dark"
    assert str(stage.dialog.cget("background")) == PALETTES["dark"].window


def test_the_text_grows_with_the_arrow(stage: Stage) -> None:
    before = int(stage.theme.text.cget("size"))

    stage.look.text_size.field.event_generate("<<Increment>>")
    stage.dialog.update()

    assert stage.preferences.text_size == 1
    assert int(stage.theme.text.cget("size")) == before + 1


def test_fonts_of_this_machine_are_offered_and_those_of_even_width_for_hex(stage: Stage) -> None:
    offered = list(stage.look.font.cget("values"))
    even = list(stage.look.mono_font.cget("values"))

    choose(stage.look.mono_font, even[-1])

    assert offered[0] == even[0] == "As the system"
    assert len(offered) > len(even) > 1
    assert not [family for family in offered if "emoji" in family.lower()]
    assert stage.preferences.mono_font == even[-1]
    assert stage.theme.mono.cget("family") == even[-1]


def test_a_font_that_this_machine_does_not_have_is_shown_and_the_usual_one_used(stage: Stage) -> None:
    usual = stage.theme.text.cget("family")

    stage.change(replace(stage.preferences, font="Nobody Has This"))
    stage.dialog.show()

    assert stage.look.font.get() == "Nobody Has This"
    assert stage.theme.text.cget("family") == usual


def test_how_many_journals_are_kept_counts_while_it_is_typed(stage: Stage) -> None:
    type_into(stage.journals.keep.field, "5")

    assert stage.preferences.keep_journals == 5


def test_how_large_the_journal_that_is_written_may_be_and_what_then(stage: Stage) -> None:
    type_into(stage.journals.running.field, "300")
    choose(stage.journals.when_full, "Stop, and say so")

    limits = stage.preferences.limits()
    assert (limits.journal, limits.journal_goes_on) == (300_000_000, False)

    choose(stage.journals.when_full, "Go on in another file")

    assert stage.preferences.limits().journal_goes_on


def test_a_proxy_is_kept_without_its_password_wherever_that_was_typed(stage: Stage) -> None:
    page = stage.limits
    type_into(page.proxy.field, "http://anna@proxy:3128")
    page.proxy_password.insert("end", "hidden")

    assert stage.preferences.proxy == "http://anna@proxy:3128"
    assert stage.proxy_passwords[-1] == "hidden"
    assert str(page.proxy_password.cget("show")) == "•"

    type_into(page.proxy.field, "socks5://anna:secret@proxy")

    assert stage.preferences.proxy == "socks5://anna@proxy:1080"
    assert stage.proxy_passwords[-1] == page.proxy_password.text == "secret"
    assert "secret" not in str(stage.preferences)

    type_into(page.proxy.field, "")
    page.proxy.field.event_generate("<Return>")

    assert stage.preferences.proxy == ""


@pytest.mark.parametrize("wide", [640, 520])
def test_the_usual_value_is_offered_within_a_narrow_window(stage: Stage, wide: int) -> None:
    stage.dialog.geometry(f"{wide}x480")
    for row in (stage.limits.proxy, stage.tls.alpn):
        type_into(row.field, "socks5://anna@127.0.0.1:28889")
        stage.dialog.update()
        reset = row.reset
        assert reset.winfo_width() >= reset.winfo_reqwidth() or not reset.winfo_ismapped()
        assert reset.winfo_x() + reset.winfo_reqwidth() <= row.winfo_width()


def test_what_is_no_proxy_says_why_and_does_not_count(stage: Stage) -> None:
    row = stage.limits.proxy
    type_into(row.field, "proxy:1080")
    row.field.event_generate("<Return>")

    assert row.complaint == "A proxy is written socks5://HOST:PORT or http://HOST:PORT."
    assert stage.preferences.proxy == ""


def test_whom_local_sockets_are_for_is_chosen(stage: Stage) -> None:
    assert stage.preferences.limits().socket_mode == 0o600

    choose(stage.limits.socket_mode, "You and your group")

    assert stage.preferences.limits().socket_mode == 0o660


@pytest.mark.parametrize("typed", ["0", "-3", "many", "2.5", "99999", "", "٣"])
def test_a_number_of_journals_that_will_not_do_says_why_and_does_not_count(stage: Stage, typed: str) -> None:
    row = stage.journals.keep
    row.field.delete(0, "end")
    row.field.insert(0, typed)

    press(row.field, "<Return>")

    assert row.complaint == "This has to be a whole number from 1 to 10,000."
    assert row.field.get() == typed
    assert "invalid" in row.field.state()
    assert stage.preferences.keep_journals == 20


def test_nothing_is_said_against_a_value_while_it_is_being_typed(stage: Stage) -> None:
    row = stage.limits.rows["connect"]

    type_into(row.field, "0")
    assert row.complaint == ""
    type_into(row.field, "0.5")

    assert row.complaint == ""
    assert stage.preferences.limits_changed == {"connect": 0.5}


def test_leaving_a_field_with_a_bad_value_says_why_and_a_good_one_takes_it_back(stage: Stage) -> None:
    row = stage.limits.rows["connections"]
    type_into(row.field, "0")
    stage.limits.rows["connect"].field.focus_force()
    stage.dialog.update()
    most = 500 if ON_WINDOWS else 10_000
    assert row.complaint == f"This has to be between 1 and {most:,} connections."
    assert row.field.get() == "0"
    assert stage.preferences.limits_changed == {}

    type_into(row.field, "7")

    assert row.complaint == ""
    assert stage.preferences.limits().connections == 7


def test_a_refused_value_stays_as_typed_while_something_else_changes(stage: Stage) -> None:
    row = stage.limits.rows["connect"]
    type_into(row.field, "soon")
    press(row.field, "<Return>")

    choose(stage.look.colours, "Dark")

    assert row.field.get() == "soon"
    assert row.complaint


def test_a_changed_limit_can_be_made_as_usual_again(stage: Stage) -> None:
    row = stage.limits.rows["message"]
    assert not row.reset.winfo_ismapped()
    type_into(row.field, "64")
    assert stage.preferences.limits().message == 65_536
    assert str(row.reset.cget("text")) == "Usual: 1024"

    row.reset.invoke()
    stage.dialog.update()

    assert row.field.get() == "1024"
    assert stage.preferences.limits_changed == {}
    assert not row.reset.winfo_ismapped()
    assert stage.dialog.focus_get() is row.field


def test_a_limit_that_is_off_is_set_and_switched_off_again(stage: Stage) -> None:
    row = stage.limits.rows["idle"]
    assert row.field.get() == "off"

    type_into(row.field, "90")
    assert stage.preferences.limits().idle == 90.0
    row.field.delete(0, "end")
    press(row.field, "<Return>")

    assert stage.preferences.limits().idle is None
    assert row.field.get() == "off"


def test_what_changes_elsewhere_meanwhile_is_not_undone(stage: Stage) -> None:
    stage.preferences = stage.preferences.with_message(SentMessage("hello"))

    type_into(stage.journals.keep.field, "5")

    assert stage.preferences.messages == (SentMessage("hello"),)


def test_what_changes_elsewhere_is_shown(stage: Stage) -> None:
    stage.change(replace(stage.preferences, text_size=3))
    stage.dialog.show()

    assert stage.look.text_size.field.get() == str(stage.theme.usual_points + 3)


def test_the_folder_of_journals_can_be_opened(stage: Stage) -> None:
    stage.journals.folder.invoke()

    assert stage.opened == 1


@pytest.mark.parametrize("leave", ["<Escape>", "Close"])
def test_it_goes_with_escape_and_with_its_button_and_leaves_nothing_behind(stage: Stage, leave: str) -> None:
    stage.turn_to(2)
    stage.turn_to(0)

    if leave == "Close":
        stage.dialog.close_button.invoke()
    else:
        press(stage.look.colours, leave)
    stage.theme.choose("dark")

    assert not stage.dialog.winfo_exists()


def test_everything_is_reached_with_the_tab_key_and_scrolled_into_view(stage: Stage) -> None:
    stage.dialog.geometry("400x280")
    last = stage.limits.rows["outbox"].field
    stage.dialog.update()
    reached: list[tk.Misc] = []
    widget: tk.Misc | None = stage.dialog.tabs
    while widget is not None and widget not in reached:
        reached.append(widget)
        widget = widget.tk_focusNext()
    assert last in reached
    assert stage.dialog.close_button in reached

    last.focus_force()
    stage.dialog.update()

    page = stage.limits
    assert page.winfo_rooty() <= last.winfo_rooty()
    assert last.winfo_rooty() + last.winfo_height() <= page.winfo_rooty() + page.winfo_height()


def test_the_wheel_scrolls_the_page_and_changes_no_value(stage: Stage) -> None:
    stage.dialog.geometry("400x280")
    row = stage.limits.rows["connections"]
    stage.dialog.update()
    before = row.field.winfo_rooty()

    for button in (5, 5):
        row.field.event_generate(f"<Button-{button}>")
    stage.dialog.update()
    stage.look.colours.event_generate("<Button-5>")

    assert row.field.winfo_rooty() < before
    assert stage.preferences == Preferences()


def test_it_fits_a_small_screen(stage: Stage) -> None:
    assert stage.dialog.winfo_width() <= 640
    assert stage.dialog.winfo_height() + 70 <= 550

    stage.dialog.geometry("420x300")
    stage.turn_to(0)

    assert stage.look.overflows
    assert stage.dialog.close_button.winfo_ismapped()
    close = stage.dialog.close_button
    assert close.winfo_rooty() + close.winfo_height() <= stage.dialog.winfo_rooty() + 300


def test_a_trusted_certificate_is_listed_and_revoked(stage: Stage) -> None:
    stage.preferences = replace(stage.preferences, pins={"one.test:443": "ab" * 32, "[::1]:5555": "0f" * 32})
    page = stage.tls
    assert [words.split() for words in page.pins[1:]] == [
        ["one.test:443", "AB" * 12, "AB" * 12, "AB" * 8],
        ["[::1]:5555", "0F" * 12, "0F" * 12, "0F" * 8],
    ]
    page.revoke_buttons[0].focus_force()
    page.update()
    page.revoke_buttons[0].event_generate("<Return>")
    page.update()
    assert stage.preferences.pins == {"[::1]:5555": "0f" * 32}
    page.revoke_buttons[0].invoke()
    page.update()
    assert stage.preferences.pins == {}
    assert page.revoke_buttons == []
    assert page.pins[0].startswith("You trust no certificate by its fingerprint.")


def test_how_tls_is_spoken_is_chosen_and_the_password_is_no_preference(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = stage.tls
    for choice, words in ((page.lowest, "TLS 1.3"), (page.clients, "Required")):
        choice.current([str(each) for each in choice["values"]].index(words))
        choice.event_generate("<<ComboboxSelected>>")
    page.files["tls_certificate"].field.insert("end", "own.p12")
    page.password.insert("end", "secret")
    page.update()
    assert (stage.preferences.tls_lowest, stage.preferences.tls_clients) == ("1.3", "require")
    assert (stage.preferences.tls_certificate, stage.preferences.tls_key) == ("own.p12", "")
    assert stage.passwords[-1] == "secret"
    assert "secret" not in repr(stage.preferences)
    assert str(page.password.cget("show")) == "•"

    monkeypatch.setattr(filedialog, "askopenfilename", lambda **_options: "/certificates/ca.pem")
    page.files["tls_ca"].button.invoke()
    page.update()
    assert stage.preferences.tls_ca == "/certificates/ca.pem"


def test_protocols_for_alpn_are_checked(stage: Stage) -> None:
    field = stage.tls.alpn.field
    assert field.get() == "none"
    for text, kept, complaint in (
        ("h2,http/1.1", "h2, http/1.1", ""),
        ("h2,,x", "h2, http/1.1", "is not the name of a protocol"),
        ("", "", ""),
    ):
        field.delete(0, "end")
        field.insert(0, text)
        field.event_generate("<FocusOut>")
        stage.dialog.update()
        assert stage.preferences.tls_alpn == kept
        assert complaint in stage.tls.alpn.complaint
        assert bool(complaint) == bool(stage.tls.alpn.complaint)
