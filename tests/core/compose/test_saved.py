"""Saved messages: what is kept comes back, and what cannot be read costs nothing."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.compose import (
    Composed,
    Context,
    Draft,
    Encoding,
    Format,
    LineEnding,
    SavedError,
    SavedMessage,
    SavedMessagesFile,
    compose,
    export_messages,
    import_messages,
    lesson_of,
    moved,
    starters,
    with_imported,
)
from core.compose.saved import LARGEST_FILE, LONGEST_NAME, MOST_MESSAGES, parse_messages, write_messages
from tests.support.systems import only_posix

HELLO = SavedMessage("hello", "EHLO me", ending=LineEnding.CRLF)
BYTES = SavedMessage("bytes", "0d 0a", Format.HEX)
GREETING = SavedMessage("Gruß", "grüß\\n", Format.ESCAPES, Encoding.LATIN_1, LineEnding.NUL)
ALL = (HELLO, BYTES, GREETING)

BAD = [
    pytest.param(b"", id="empty"),
    pytest.param(b"{", id="cut off"),
    pytest.param(b"\xff\xfe\x00", id="not text"),
    pytest.param(b"[]", id="another shape"),
    pytest.param(b'{"version": 1}', id="no messages"),
    pytest.param(b'{"version": 1, "messages": {}}', id="messages of another shape"),
    pytest.param(b'{"version": 2, "messages": []}', id="a later version"),
    pytest.param(b'{"version": true, "messages": []}', id="a version that is no number"),
    pytest.param(b'{"messages": []}', id="no version"),
    pytest.param(b'{"version": 1, "messages": [7]}', id="a message of another shape"),
    pytest.param(b'{"version": 1, "messages": [{"name": "a"}]}', id="a message without text"),
    pytest.param(b'{"version": 1, "messages": [{"name": 1, "text": ""}]}', id="a name that is no text"),
    pytest.param(b"[" * 100_000, id="nested too deeply"),
    pytest.param(b" " * (LARGEST_FILE + 1), id="too large"),
]


@pytest.fixture
def file(tmp_path: Path) -> SavedMessagesFile:
    return SavedMessagesFile(tmp_path / "settings" / "messages.json")


def _full_disk(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


# The list that is kept.


def test_everything_comes_back_in_its_order(file: SavedMessagesFile) -> None:
    file.save(ALL)

    again = SavedMessagesFile(file.path)

    assert again.load() == ALL
    assert again.notice == ""
    assert [path.name for path in file.path.parent.iterdir()] == ["messages.json"]


def test_the_first_run_has_examples_and_an_emptied_list_stays_empty(file: SavedMessagesFile) -> None:
    assert file.load() == starters()
    assert file.notice == ""

    file.save(())

    assert SavedMessagesFile(file.path).load() == ()


@pytest.mark.case("C-64")
@pytest.mark.parametrize("content", BAD)
def test_a_bad_file_is_set_aside_with_a_notice_and_all_of_it_is_still_there(
    file: SavedMessagesFile, content: bytes
) -> None:
    file.path.parent.mkdir()
    file.path.write_bytes(content)

    assert file.load() == starters()
    assert "The saved messages could not be read" in file.notice
    assert "set aside as messages.json.bad" in file.notice
    assert file.path.with_name("messages.json.bad").read_bytes() == content

    file.save(ALL)
    assert SavedMessagesFile(file.path).load() == ALL


@pytest.mark.case("C-64")
def test_a_folder_in_place_of_the_file_is_set_aside_too(file: SavedMessagesFile) -> None:
    file.path.mkdir(parents=True)

    assert file.load() == starters()
    assert file.notice

    file.save(ALL)
    assert SavedMessagesFile(file.path).load() == ALL


@pytest.mark.case("C-61", "C-64")
def test_a_failed_write_is_a_sentence_and_leaves_the_old_file(
    file: SavedMessagesFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.save(ALL)
    monkeypatch.setattr(os, "fsync", _full_disk)

    with pytest.raises(SavedError, match=r"cannot be kept in .*messages\.json: No space left on device\."):
        file.save((HELLO,))

    assert SavedMessagesFile(file.path).load() == ALL
    monkeypatch.undo()
    file.save((HELLO,))
    assert SavedMessagesFile(file.path).load() == (HELLO,)


@pytest.mark.case("C-65")
def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "settings").write_text("in the way")

    with pytest.raises(SavedError, match="The messages cannot be kept in"):
        SavedMessagesFile(tmp_path / "settings" / "messages.json").save(ALL)


@only_posix("links and pipes of POSIX")
def test_an_export_goes_where_a_link_leads_and_replaces_nothing_but_files(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    export_messages(tmp_path / "link", ALL)
    assert (tmp_path / "link").is_symlink()
    assert import_messages(tmp_path / "real") == ALL

    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for name in ("pipe", "circle"):
        with pytest.raises(SavedError, match=f"{name} is there and is no file"):
            export_messages(tmp_path / name, ALL)


def test_more_than_could_be_read_again_is_not_kept(file: SavedMessagesFile) -> None:
    file.save(ALL)

    with pytest.raises(SavedError, match="No more than 1,000 messages"):
        file.save([HELLO] * (MOST_MESSAGES + 1))
    with pytest.raises(SavedError, match=f"no more than {LARGEST_FILE:,} are kept"):
        file.save([replace(HELLO, text="x" * LARGEST_FILE)])

    assert SavedMessagesFile(file.path).load() == ALL


def test_a_name_has_an_end() -> None:
    assert len(SavedMessage("x" * LONGEST_NAME, "").name) == LONGEST_NAME
    with pytest.raises(SavedError, match="more than 200 characters"):
        SavedMessage("x" * (LONGEST_NAME + 1), "")


@given(
    st.lists(
        st.builds(
            SavedMessage,
            st.text(max_size=20),
            st.text(),
            *(st.sampled_from(list(kind)) for kind in (Format, Encoding, LineEnding)),
        )
    )
)
def test_what_is_written_reads_as_the_same_messages(messages: list[SavedMessage]) -> None:
    text = write_messages(messages)

    assert text.isascii()
    assert parse_messages(text) == tuple(messages)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["version", "messages", "name", "text", "format"]), inner)
        ),
        max_leaves=12,
    )
)
def test_json_of_any_shape_is_messages_or_a_sentence(found: object) -> None:
    for shape in (found, {"version": 1, "messages": found}, {"version": 1, "messages": [{"name": "a", "text": found}]}):
        try:
            messages = parse_messages(json.dumps(shape))
        except SavedError:
            continue
        assert all(isinstance(message, SavedMessage) for message in messages)


# Import and export.


def test_messages_written_by_hand_need_a_name_and_a_text(tmp_path: Path) -> None:
    path = tmp_path / "by hand.json"
    path.write_bytes(
        b'\xef\xbb\xbf{"version": 1, "note": "mine", "messages": [{"name": "a", "text": "b", "colour": "red"}]}'
    )

    assert import_messages(path) == (SavedMessage("a", "b"),)


@pytest.mark.parametrize("content", BAD)
def test_a_bad_file_to_import_is_a_sentence_and_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)

    with pytest.raises(SavedError) as caught:
        import_messages(path)

    assert str(caught.value).startswith("bad.json ")
    assert str(caught.value).endswith(".")
    assert [one.name for one in tmp_path.iterdir()] == ["bad.json"]
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"format": "morse"}, "message 2 has the format “morse”, and there are only text, escapes, hex"),
        ({"encoding": "runes"}, "message 2 has the encoding “runes”, and there are only utf-8, "),
        ({"ending": "\r\n"}, "and there are only nothing, lf, cr, crlf, nul"),
        ({"ending": None}, "message 2 has the ending “None”"),
        ({"name": "x" * 201}, "the name of message 2 has more than 200 characters"),
        ({"text": ["a"]}, "message 2 has no “name” or no “text”"),
    ],
)
def test_an_import_names_the_message_that_is_wrong(tmp_path: Path, wrong: dict[str, object], why: str) -> None:
    rows = [{"name": "a", "text": "b"}, {"name": "c", "text": "d", **wrong}]
    (tmp_path / "in.json").write_text(json.dumps({"version": 1, "messages": rows}))

    with pytest.raises(SavedError) as caught:
        import_messages(tmp_path / "in.json")

    assert why in str(caught.value)


def test_no_list_is_exported_to_a_name_that_windows_does_not_keep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.compose.saved.why_no_file", lambda path: f"{path.name} is a device")

    with pytest.raises(SavedError, match=r"^NUL cannot be a file: NUL is a device\.$"):
        export_messages(tmp_path / "NUL", ALL)

    assert not list(tmp_path.iterdir())


def test_what_is_no_file_is_not_imported(tmp_path: Path) -> None:
    with pytest.raises(SavedError, match=r"nowhere\.json could not be imported: .*\w\.$"):
        import_messages(tmp_path / "nowhere.json")
    with pytest.raises(SavedError, match="is no file"):
        import_messages(tmp_path)


@only_posix("this system has no named pipes")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(SavedError, match="is no file"):
        import_messages(tmp_path / "pipe")


def test_an_export_that_fails_leaves_the_file_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.json"
    export_messages(path, ALL)
    monkeypatch.setattr(os, "fsync", _full_disk)

    with pytest.raises(SavedError, match="could not be exported"):
        export_messages(path, (HELLO,))

    assert import_messages(path) == ALL
    assert [one.name for one in tmp_path.iterdir()] == ["out.json"]


# The list itself.


def test_what_is_imported_stands_behind_and_nothing_stands_there_twice() -> None:
    renamed = replace(BYTES, name="other")

    assert with_imported((HELLO, BYTES), (BYTES, GREETING, renamed)) == (HELLO, BYTES, GREETING, renamed)


@pytest.mark.parametrize(
    ("place", "to", "order"),
    [(0, 2, (BYTES, GREETING, HELLO)), (2, 0, (GREETING, HELLO, BYTES)), (1, 1, ALL), (0, 1, (BYTES, HELLO, GREETING))],
)
def test_a_message_that_is_moved_stands_where_it_was_put(place: int, to: int, order: tuple[SavedMessage, ...]) -> None:
    assert moved(ALL, place, to) == order


# The examples.


def test_the_examples_are_messages_that_the_real_services_know() -> None:
    sent = {}
    for example in starters():
        message = compose(example.draft(), Context())
        assert isinstance(message, Composed)
        sent[example.name.partition(":")[0]] = message.wire

    assert sent == {
        "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        "Redis": b"*1\r\n$4\r\nPING\r\n",
        "SMTP": b"EHLO localhost\r\n",
        "SCPI": b"*IDN?\n",
        "Modbus/TCP": bytes.fromhex("0001 0000 0006 01 03 0000 000a"),
    }


def test_both_ways_to_write_the_modbus_request_are_the_same_bytes() -> None:
    ways = [example for example in starters() if example.name.startswith("Modbus")]

    assert len(ways) == 2
    assert len({str(compose(way.draft(), Context())).partition("macros")[0] for way in ways}) == 1


def test_a_draft_that_is_saved_is_the_draft_again_under_any_framing() -> None:
    draft = Draft("a", Format.ESCAPES, Encoding.BIG5, LineEnding.CR, "line")

    assert SavedMessage.of("name", draft).draft("line") == draft


def test_what_another_window_has_kept_is_news_once(file: SavedMessagesFile) -> None:
    file.save((HELLO,))
    assert file.news() == ()
    SavedMessagesFile(file.path).save((HELLO, BYTES, GREETING))

    assert file.news() == (BYTES, GREETING)

    file.save(ALL)
    assert file.news() == ()


def test_a_file_that_somebody_broke_or_took_away_holds_no_news(file: SavedMessagesFile) -> None:
    file.save((HELLO,))
    file.path.write_text("{", encoding="ascii")
    assert file.news() == ()

    file.path.unlink()
    assert file.news() == ()


def test_an_example_teaches_under_any_name_and_nothing_else_does() -> None:
    example = starters()[0]

    assert lesson_of(replace(example, name="mine")) == lesson_of(example) != ""
    assert lesson_of(replace(example, text="mine")) == ""
