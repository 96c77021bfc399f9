"""What is remembered survives, and what cannot be read hurts nobody."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from core.files import data_folder, settings_folder
from core.settings import DEFAULTS, Limits
from gui import preferences
from gui.preferences import PreferencesFile, on_screen, parse
from gui.viewmodels.drafting import SentMessage
from gui.viewmodels.preferences import LONGEST_MESSAGE, Preferences

FULL = Preferences(
    geometry="800x600+10+20",
    hosts=("127.0.0.1", "::1"),
    ports=("5555", "80"),
    messages=(
        SentMessage("hello"),
        SentMessage("Grüße\nzwei", "escapes"),
        SentMessage("a\0b"),
        SentMessage("0d 0a", "hex", "big5"),
    ),
    format="escapes",
    encoding="utf-16-le",
    ending="crlf",
    frame="length:2be",
    theme="dark",
    text_size=3,
    reply="echo",
    read_as="shift-jis",
    font="DejaVu Serif",
    mono_font="DejaVu Sans Mono",
    keep_journals=7,
    journal_megabytes=500,
    running_megabytes=7,
    when_full="stop",
    proxy="socks5://anna@proxy:1080",
    socket_mode="660",
    variables={"unit": "17", "gerät": "ü"},
    reply_arguments={"program": "bc -q", "python": "/tmp/größe.py"},
    on_connect={"127.0.0.1:5555": "message:log in", "host.example:23": "rules:thermometer"},
    limits_changed={"idle": 60.0, "connections": 7, "of a later version": None},
)


def test_everything_comes_back(tmp_path: Path) -> None:
    PreferencesFile(tmp_path / "deep" / "settings.json").save(FULL)

    file = PreferencesFile(tmp_path / "deep" / "settings.json")

    assert file.load() == FULL
    assert file.notice == ""
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["settings.json"]


def test_the_first_run_has_the_defaults_and_nothing_to_complain_of(tmp_path: Path) -> None:
    file = PreferencesFile(tmp_path / "settings.json")

    assert file.load() == Preferences()
    assert file.notice == ""


@pytest.mark.case("C-64")
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b'{"version": 1, "list_width": -1}', id="narrower than nothing"),
        pytest.param(b'{"version": 1, "side_width": 1e9}', id="wider than any screen"),
        pytest.param(b'{"version": 1, "list_width": NaN}', id="a width that is no number"),
        pytest.param(b'{"version": 1, "list_width": true}', id="a truth for a width"),
        pytest.param(b"\xff\xfe\x00", id="not text"),
        pytest.param(b"[]", id="another shape"),
        pytest.param(b"[" * 100_000, id="deeply nested"),
        pytest.param(b"{}", id="no version"),
        pytest.param(b'{"version": 99}', id="from the future"),
        pytest.param(b'{"version": "1"}', id="version of a wrong type"),
        pytest.param(b'{"version": true}', id="a truth for a version"),
        pytest.param(b'{"version": 1, "text_size": 1' + b"0" * 300 + b"}", id="larger than any text"),
        pytest.param(b'{"version": 1, "text_size": "big"}', id="wrong type"),
        pytest.param(b'{"version": 1, "text_size": true}', id="a truth for a number"),
        pytest.param(b'{"version": 1, "hosts": "127.0.0.1"}', id="text for a list"),
        pytest.param(b'{"version": 1, "hosts": [1]}', id="list of wrong types"),
        pytest.param(b'{"version": 1, "reply": "format c:"}', id="unknown reply"),
        pytest.param(b'{"version": 1, "keep_journals": 0}', id="no journal at all"),
        pytest.param(b'{"version": 1, "keep_journals": 1e9}', id="a fraction of journals"),
        pytest.param(b'{"version": 1, "journal_megabytes": -5}', id="less than nothing"),
        pytest.param(b'{"version": 1, "running_megabytes": 0}', id="a journal of nothing"),
        pytest.param(b'{"version": 1, "messages": [["text", 1]]}', id="a number for a format"),
        pytest.param(b'{"version": 1, "messages": [[]]}', id="a message without a text"),
        pytest.param(b'{"version": 1, "format": 7}', id="a number for how to write"),
        pytest.param(b'{"version": 1, "theme": 1}', id="a number for a name"),
        pytest.param(b'{"version": 1, "font": "' + b"x" * 201 + b'"}', id="a font with a very long name"),
        pytest.param(b'{"version": 1, "limits_changed": []}', id="a list for a table"),
        pytest.param(b'{"version": 1, "variables": []}', id="a list for variables"),
        pytest.param(b'{"version": 1, "reply_arguments": ["bc"]}', id="a list for what replies were given"),
        pytest.param(b'{"version": 1, "on_connect": []}', id="a list for what is said on connect"),
        pytest.param(b'{"version": 1, "on_connect": {"x:1": 7}}', id="a number for what is said on connect"),
        pytest.param(b'{"version": 1, "variables": {"unit": 7}}', id="a number for a variable"),
        pytest.param(b'{"version": 1, "limits_changed": {"idle": "60"}}', id="text for a limit"),
        pytest.param(b'{"version": 1, "limits_changed": {"idle": true}}', id="a truth for a limit"),
        pytest.param(b'{"version": 1, "limits_changed": {"idle": NaN}}', id="no number at all"),
        pytest.param(b'{"version": 1, "limits_changed": {"idle": 1' + b"0" * 400 + b"}}", id="beyond all numbers"),
        pytest.param(b" " * (preferences.LARGEST_FILE + 1), id="oversized"),
    ],
)
def test_a_broken_file_is_set_aside_with_a_notice(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    file = PreferencesFile(path)

    assert file.load() == Preferences()
    assert "set aside" in file.notice
    assert not path.exists()
    assert path.with_name("settings.json.bad").read_bytes() == content


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "it is no JSON: see line 1, character 2"),
        ("{}", "there are no settings in it"),
        ('{"version": 99}', "it was written by another version, 99"),
    ],
)
def test_the_notice_says_what_is_wrong(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content)
    file = PreferencesFile(path)
    file.load()

    assert file.notice == f"The settings could not be read ({why}). They were set aside as settings.json.bad."


@pytest.mark.case("C-64")
def test_a_byte_order_mark_and_unknown_keys_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b'\xef\xbb\xbf{"version": 1, "theme": "dark", "later": 1}')

    assert PreferencesFile(path).load().theme == "dark"


def test_however_much_was_written_the_file_can_be_read_again(tmp_path: Path) -> None:
    found = Preferences()
    for number in range(250):
        found = found.with_message(SentMessage(f"{number:04d}" + "\U0001f600" * (LONGEST_MESSAGE - 4)))

    PreferencesFile(tmp_path / "settings.json").save(found)
    again = PreferencesFile(tmp_path / "settings.json").load()

    assert again == found
    assert [one.text[:4] for one in again.messages] == [str(number).zfill(4) for number in range(249, 239, -1)]


def test_messages_of_an_earlier_version_are_text_as_is_what_only_a_later_one_knows(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(
        '{"version": 1, "messages": ["old", ["0d", "hex"], ["x", "morse", "utf-8"], ["y", "text", "utf-64"]]}'
    )

    assert PreferencesFile(path).load().messages == (
        SentMessage("old"), SentMessage("0d", "hex"), SentMessage("x"), SentMessage("y"),
    )  # fmt: skip


@pytest.mark.case("C-64")
def test_a_choice_of_another_version_is_no_reason_to_forget_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"version": 1, "lens": "prophecy", "read_as": "runes", "socket_mode": "4777", "theme": "dark"}')

    assert PreferencesFile(path).load() == Preferences(theme="dark")
    assert path.exists()


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("http://anna:secret@proxy:3128", "http://anna@proxy:3128"),
        ("socks6://proxy", ""),
        ("", ""),
    ],
)
def test_of_a_proxy_that_somebody_wrote_there_the_password_does_not_stay(
    tmp_path: Path, written: str, kept: str
) -> None:
    path = tmp_path / "settings.json"
    path.write_text(f'{{"version": 1, "proxy": "{written}", "theme": "dark"}}')

    assert PreferencesFile(path).load() == Preferences(theme="dark", proxy=kept)


@pytest.mark.case("C-53", "C-64")
def test_a_text_that_cannot_be_shown_costs_itself_and_nothing_else(tmp_path: Path) -> None:
    """JSON can hold half a character, which Tk cannot, and a host of several lines."""
    halves = dict.fromkeys(("geometry", "theme", "format", "encoding", "ending", "frame", "read_as"), "\ud800")
    fonts = {"font": "a\nb", "mono_font": "\udfff"}
    lists = {name: ["\ud800", "good", "a\0b", "x" * 301, "\u202e"] for name in ("hosts", "ports", "offered")}
    messages = {"messages": ["\udc00", "good", ["\ud800", "hex"]]}
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"version": 1, "text_size": 2, **halves, **fonts, **lists, **messages}))
    file = PreferencesFile(path)

    good = ("good",)
    assert file.load() == Preferences(
        text_size=2, hosts=good, ports=good, offered=good, messages=(SentMessage("good"),)
    )
    assert file.notice == ""
    assert Preferences().with_message(SentMessage("\ud800")) == Preferences()


def test_limits_that_were_changed_hold_and_the_others_are_as_usual() -> None:
    limits = replace(Preferences(), limits_changed={"idle": 60.0, "message": 2048}).limits()

    assert (limits.idle, limits.message) == (60.0, 2048)
    assert limits.connect == DEFAULTS.connect


@pytest.mark.case("C-64")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("connect", -5.0),
        ("connections", 0),
        ("connections", 2.5),
        ("message", 10**14),
        ("connect", None),
        ("of a later version", 1.0),
        ("events_low", 10**9),
    ],
)
def test_a_limit_that_makes_no_sense_is_as_usual_and_spoils_no_other(name: str, value: float | None) -> None:
    assert replace(Preferences(), limits_changed={name: value, "idle": 60.0}).limits() == Limits(idle=60.0)


@pytest.mark.case("C-64")
def test_a_folder_in_the_place_of_the_file_is_set_aside_too(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    file = PreferencesFile(tmp_path / "settings.json")

    assert file.load() == Preferences()
    assert file.notice


@pytest.mark.case("C-65")
def test_a_folder_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    file = PreferencesFile(tmp_path / "file" / "settings.json")

    file.save(FULL)
    first, file.notice = file.notice, ""
    file.save(Preferences())

    assert "runs without" in first
    assert file.notice == ""


@pytest.mark.case("C-65")
def test_a_folder_under_a_file_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    file = PreferencesFile(tmp_path / "file" / "Tincan" / "settings.json")

    assert file.load() == Preferences()
    assert file.notice.endswith("Tincan runs without.")


def test_a_reason_of_the_system_that_ends_with_a_full_stop_gets_no_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(13, "Access is denied.")

    monkeypatch.setattr("gui.preferences.write_kept", refuse)
    file = PreferencesFile(tmp_path / "settings.json")

    file.save(FULL)

    assert file.notice == f"Settings cannot be kept in {tmp_path}: Access is denied. Tincan runs without."


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.json"
    PreferencesFile(path).save(FULL)
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", _full_disk)

    PreferencesFile(path).save(replace(FULL, theme="light"))

    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["settings.json"]


def _full_disk(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_of_more_variables_than_are_kept_those_that_were_set_last_are() -> None:
    written = json.dumps({"version": 1, "variables": {f"v{number}": "x" for number in range(60)}})

    assert [*parse(written).variables] == [f"v{number}" for number in range(10, 60)]


def test_histories_are_bounded_and_hold_each_thing_once() -> None:
    found = Preferences()
    for number in range(30):
        found = found.with_address(f"10.0.0.{number}", "80").with_message(SentMessage(str(number)))

    assert len(found.hosts) == 10
    assert found.hosts[0] == "10.0.0.29"
    assert found.ports == ("80",)
    assert found.messages[:2] == (SentMessage("29"), SentMessage("28"))
    assert found.with_message(SentMessage("5")).messages[0] == SentMessage("5")
    assert found.with_message(SentMessage("x" * 100_000)) == found

    for number in range(60):
        found = found.with_variables({f"v{number}": "x"})
    assert [*found.variables] == [f"v{number}" for number in range(10, 60)]
    assert [*found.with_variables({"v59": "", "v10": "y"}).variables][-2:] == ["v58", "v10"]


@pytest.mark.parametrize(
    ("saved", "fitted"),
    [
        ("900x600+10+20", "900x600+10+20"),
        ("900x600+-20+5", "900x600+-20+5"),
        ("900x600+5000+20", "900x600"),
        ("900x600+-890+20", "900x600"),
        ("900x600+10+-5", "900x600"),
        ("9000x9000+0+0", "1920x1080+0+0"),
        ("", ""),
        ("900x600", ""),
        ("; exit", ""),
        ("0x0+0+0", ""),
    ],
)
def test_a_window_is_put_back_where_it_can_be_seen(saved: str, fitted: str) -> None:
    assert on_screen(saved, lambda _x, _y: (0, 0, 1920, 1080)) == fitted


ROOT = Path.cwd().anchor  # "/", or the drive


@pytest.mark.case("C-65")
@pytest.mark.parametrize(
    ("environment", "platform", "settings", "data"),
    [
        ({"HOME": "~"}, "linux", "~/.config/tincan", "~/.local/share/tincan"),
        ({"HOME": "~", "XDG_CONFIG_HOME": f"{ROOT}c", "XDG_DATA_HOME": f"{ROOT}d"}, "linux", "/c/tincan", "/d/tincan"),
        (
            {"HOME": "~", "XDG_CONFIG_HOME": "c", "XDG_DATA_HOME": "d"},
            "linux",
            "~/.config/tincan",
            "~/.local/share/tincan",
        ),
        ({"HOME": "~"}, "darwin", "~/Library/Application Support/Tincan", "~/Library/Application Support/Tincan"),
        ({"APPDATA": "/roaming", "LOCALAPPDATA": "/local"}, "win32", "/roaming/Tincan", "/local/Tincan"),
        ({"USERPROFILE": "~"}, "win32", "~/AppData/Roaming/Tincan", "~/AppData/Local/Tincan"),
    ],
)
def test_settings_and_journals_live_where_the_platform_wants_them(
    environment: dict[str, str], platform: str, settings: str, data: str
) -> None:
    def there(path: str) -> Path:
        return Path(ROOT, path) if path.startswith("/") and platform != "win32" else Path(path)

    assert settings_folder(environment, platform) == there(settings)
    assert data_folder(environment, platform) == there(data)


@pytest.mark.case("C-65")
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_there_is_a_folder_even_without_a_home(platform: str) -> None:
    assert settings_folder({}, platform).is_absolute()
    assert data_folder({}, platform).is_absolute()


@pytest.mark.case("C-63")
def test_of_two_windows_the_last_one_wins_and_the_file_stays_whole(tmp_path: Path) -> None:
    one, other = PreferencesFile(tmp_path / "settings.json"), PreferencesFile(tmp_path / "settings.json")

    one.save(FULL)
    other.save(replace(FULL, theme="light"))

    assert PreferencesFile(tmp_path / "settings.json").load().theme == "light"


def test_the_file_is_plain_json(tmp_path: Path) -> None:
    PreferencesFile(tmp_path / "settings.json").save(FULL)

    assert json.loads((tmp_path / "settings.json").read_text())["theme"] == "dark"
    assert parse('{"version": 1}') == Preferences()


def test_a_width_that_a_person_wrote_without_a_point_is_one() -> None:
    assert parse('{"version": 1, "list_width": 24}').list_width == 24.0
