"""Profiles: how a kind of peer is talked to comes back as it was, and what cannot be read costs nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.address import Address
from core.compose import Composed, Context, Draft, Encoding, Format, LineEnding, SavedError, compose
from core.compose.profiles import (
    LONGEST_NAME,
    MOST_PROFILES,
    STARTERS,
    Profile,
    ProfilesFile,
    export_profiles,
    find,
    import_profiles,
    parse_profiles,
    place_of,
    remembered,
    renamed,
    used_at,
    with_imported,
    with_profile,
    write_profiles,
)
from core.roles import Role
from core.wire.framing import parse_framing

SCPI = Profile("SCPI", ending=LineEnding.LF, lens="line")
METER = Profile(
    "Meßgerät", Format.HEX, Encoding.LATIN_1, LineEnding.NUL, "length:2be", "fixed:8", Encoding.CP1252, ("server 5025",)
)
ROW = {"name": "a"}

BAD = [
    pytest.param({}, "it is no object with a list called “profiles”", id="no profiles"),
    pytest.param({"profiles": [7]}, "profile 1 has no “name”", id="a profile of another shape"),
    pytest.param({"profiles": [{"name": 7}]}, "profile 1 has no “name”", id="a name that is no text"),
    pytest.param({"profiles": [{"name": " "}]}, "profile 1: a profile needs a name", id="a blank name"),
    pytest.param({"profiles": [{"name": "a\nb"}]}, "profile 1: a profile needs a name", id="a name of two lines"),
    pytest.param({"profiles": [{"name": "a" * 61}]}, "profile 1: the name has more than 60", id="a long name"),
    pytest.param({"profiles": [ROW, {"name": "b", "ending": "etx"}]}, "profile 2 has the ending “etx”", id="ending"),
    pytest.param({"profiles": [{**ROW, "read_as": "runes"}]}, "profile 1 has the read_as “runes”", id="an encoding"),
    pytest.param({"profiles": [{**ROW, "frame": "ribbon"}]}, "profile 1: “a” has a frame that is none:", id="a frame"),
    pytest.param({"profiles": [{**ROW, "lens": 7}]}, "profile 1 has a frame or a lens that is no text", id="a lens"),
    pytest.param({"profiles": [{**ROW, "places": "here"}]}, "profile 1 has places that are no list", id="places"),
    pytest.param({"profiles": [ROW, ROW]}, "two of its profiles are called “a”", id="two of one name"),
    pytest.param({"version": 2, "profiles": []}, "it was written by another version (2)", id="a later version"),
    pytest.param({"profiles": [ROW] * (MOST_PROFILES + 1)}, "it holds 201 profiles, and there can be 200", id="many"),
]  # fmt: skip


def text_of(content: dict[str, object]) -> str:
    return json.dumps({"version": 1, **content})


def wire(profile: Profile, text: str) -> bytes:
    composed = compose(Draft(text, profile.format, profile.encoding, profile.ending, profile.frame), Context())
    assert isinstance(composed, Composed)
    return composed.wire


def starter(name: str) -> Profile:
    found = find(STARTERS, name)
    assert found is not None
    return found


# What the first ones do.


@pytest.mark.parametrize(
    ("name", "text", "sent"),
    [
        ("SCPI", "*IDN?", b"*IDN?\n"),
        ("Modbus/TCP", "0001 0000 01 03 0000 000a", bytes.fromhex("0001 0000 0006 01 03 0000 000a")),
        ("HL7 MLLP", r"MSH|^~\&|A", b"\x0bMSH|^~\\&|A\r\x1c\r"),
        ("Redis", "PING", b"PING\r\n"),
        ("NMEA", "GPGLL,5300.97914,N,00259.98174,E,125926,A", b"$GPGLL,5300.97914,N,00259.98174,E,125926,A*28\r\n"),
        ("HTTP", r"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ],
)
def test_a_message_goes_out_as_its_peer_wants_it(name: str, text: str, sent: bytes) -> None:
    assert wire(starter(name), text) == sent


@pytest.mark.parametrize(
    ("name", "stream", "messages"),
    [
        ("SCPI", b"TINCAN,1\n0\n", [b"TINCAN,1", b"0"]),
        ("Modbus/TCP", bytes.fromhex("0001 0000 0005 01 03 02 002a"), [bytes.fromhex("0001 0000 01 03 02 002a")]),
        ("HL7 MLLP", b"\x0bMSH|1\r\x1c\r\x0bMSH|2\r\x1c\r", [b"MSH|1\r", b"MSH|2\r"]),
        ("Redis", b"+PONG\r\n:1\r\n", [b"+PONG", b":1"]),
        ("NMEA", b"$GPGLL,5300.97914,N,00259.98174,E,125926,A*28\r\n", [b"GPGLL,5300.97914,N,00259.98174,E,125926,A"]),
        (
            "HTTP",
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\n!",
            [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", b"HTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\n!"],
        ),
    ],
)
def test_what_its_peer_sends_falls_into_messages(name: str, stream: bytes, messages: list[bytes]) -> None:
    assert parse_framing(starter(name).lens).framer(1000).feed(stream) == messages


# The file.


def test_everything_comes_back_in_its_order(tmp_path: Path) -> None:
    file = ProfilesFile(tmp_path / "settings" / "profiles.json")
    assert file.load() == STARTERS
    file.save((METER, SCPI))

    assert ProfilesFile(file.path).load() == (METER, SCPI)


NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=LONGEST_NAME).filter(str.isprintable)


@given(st.lists(NAMES, unique=True, max_size=5))
def test_any_names_come_back(names: list[str]) -> None:
    profiles = tuple(replace(METER, name=name) for name in names)
    assert parse_profiles(write_profiles(profiles)) == profiles


@pytest.mark.parametrize(("content", "why"), BAD)
def test_a_bad_file_is_refused_with_a_sentence_and_kept(tmp_path: Path, content: dict[str, object], why: str) -> None:
    given = tmp_path / "theirs.json"
    given.write_text(text_of(content))
    with pytest.raises(SavedError, match=r"^theirs\.json holds no profiles that could be imported: ") as error:
        import_profiles(given)
    assert why in str(error.value)

    file = ProfilesFile(tmp_path / "profiles.json")
    file.path.write_text(text_of(content))
    assert file.load() == STARTERS
    assert why in file.notice
    assert "set aside as profiles.json.bad" in file.notice
    assert file.path.with_name("profiles.json.bad").read_text() == text_of(content)


def test_what_is_no_json_and_no_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff{")
    for path in (tmp_path / "a.json", tmp_path, tmp_path / "none.json"):
        with pytest.raises(SavedError, match=r"^.+ could not be imported: .+\.$|^.+ is no file\.:?|no profiles"):
            import_profiles(path)


def test_more_than_can_be_read_again_is_not_written() -> None:
    with pytest.raises(SavedError, match="No more than 200 profiles can be saved, and these are 201"):
        write_profiles([replace(SCPI, name=str(number)) for number in range(MOST_PROFILES + 1)])


def test_an_export_has_all_but_the_addresses_and_can_be_imported(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    export_profiles(path, (METER, SCPI))
    assert "server 5025" not in path.read_text()
    assert import_profiles(path) == (replace(METER, places=()), SCPI)


# The list.


def test_an_import_adds_what_is_not_there_and_changes_nothing_that_is() -> None:
    theirs = replace(SCPI, ending=LineEnding.CRLF)
    profiles = with_imported((SCPI, METER), (replace(METER, places=()), theirs, Profile("new")))
    assert profiles == (SCPI, METER, replace(theirs, name="SCPI 2"), Profile("new"))
    assert with_imported(profiles, (theirs, Profile("new"))) == profiles


def test_a_profile_saved_again_takes_the_place_of_its_name_and_keeps_its_addresses() -> None:
    assert with_profile((METER, SCPI), Profile(METER.name)) == (Profile(METER.name, places=METER.places), SCPI)
    assert with_profile((METER,), SCPI) == (METER, SCPI)


def test_a_name_is_changed_unless_another_has_it() -> None:
    assert renamed((SCPI, METER), "SCPI", "scope") == (replace(SCPI, name="scope"), METER)
    assert renamed((SCPI,), "SCPI", "SCPI") == (SCPI,)
    with pytest.raises(SavedError, match=r"There is a profile called “SCPI” already\."):
        renamed((SCPI, METER), METER.name, "SCPI")


def test_a_place_has_the_profile_that_was_used_there_last() -> None:
    profiles = remembered((SCPI, METER), "SCPI", "server 5025")
    assert used_at(profiles, "server 5025") == replace(SCPI, places=("server 5025",))
    assert find(profiles, METER.name) == replace(METER, places=())
    assert used_at(remembered(profiles, "", "server 5025"), "server 5025") is None


def test_a_client_is_known_by_whom_it_calls_and_a_server_by_its_port() -> None:
    assert place_of(Role.CLIENT, Address("::1", 5025)) == "client [::1]:5025"
    assert place_of(Role.SERVER, Address("0.0.0.0", 5025)) == "server 5025"
    assert place_of(Role.SERVER, Address("127.0.0.1", 0)) == ""
    assert place_of(Role.SERVER, Address("unix:/run/s", 0)) == "server unix:/run/s"


def test_a_profile_remembers_tls_and_nothing_secret_of_it() -> None:
    (again,) = parse_profiles(write_profiles([Profile("mine", tls=True)]))

    assert again.tls
    assert '"tls": true' in write_profiles([again])
    assert "tls" not in write_profiles([Profile("mine")])
    assert not Profile("mine").sets_as(again)
    with pytest.raises(SavedError, match="profile 1 has a tls that is neither true nor false"):
        parse_profiles('{"version": 1, "profiles": [{"name": "mine", "tls": "yes"}]}')
