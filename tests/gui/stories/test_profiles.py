"""Errands of somebody whose peers each want to be talked to in their own way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from core.compose import LineEnding
from core.compose.profiles import STARTERS, Profile, export_profiles, find, parse_profiles
from tests.gui.stories.conftest import Sit
from tests.gui.stories.person import Person, settings
from tests.support.peers import Host, Peer


def choose_profile(person: Person, words: str) -> None:
    person.press("<Control-m>", "<Control-e>")
    composer = person.app.window.composer
    person.until(lambda: len(composer.row.options.profile.words) > 3)
    for _ in range(8):
        if person._focus() == str(composer.row.options.profile):
            break
        person.press("<Tab>")
    person.choose(words)
    person.app.root.update()


def kept(person: Person) -> tuple[Profile, ...]:
    """The profiles that were kept when the person left."""
    return parse_profiles((person.folder / "profiles.json").read_text())


def profile_of(person: Person) -> str:
    """What the box of profiles says."""
    return str(person.app.window.composer.row.options.profile.get())


def test_a_profile_sets_all_at_once_for_one_peer_and_comes_back_with_its_address(sit: Sit, tmp_path: Path) -> None:
    person = sit(settings(tmp_path, reply="none"))
    with Host() as host, Host() as other:
        person.connect(host.address.port)
        with host.accept(Peer) as peer:
            choose_profile(person, "SCPI")
            person.say("*IDN?")
            assert peer.hear(6) == b"*IDN?\n"
            peer.say(b"TIN")
            peer.say(b"CAN\n0\n")
            person.until(lambda: person.said == ["*IDN?", "TINCAN", "0"])
            person.connect(other.address.port)
            with other.accept(Peer) as plain:
                person.say("hello")
                assert plain.hear(5) == b"hello"
        person.app.leave()

        again = sit(tmp_path)
        again.connect(host.address.port)
        with host.accept(Peer) as peer:
            again.sees("End with", "SCPI", "Lines")
            again.say("*RST")
            assert peer.hear(5) == b"*RST\n"
            again.connect(other.address.port)
            with other.accept(Peer) as plain:
                again.say("hello")
                assert plain.hear(5) == b"hello"


def test_a_profile_that_is_changed_by_hand_says_so_and_none_forgets_the_address(sit: Sit, tmp_path: Path) -> None:
    person = sit(settings(tmp_path, reply="none"))
    with Host() as host:
        person.connect(host.address.port)
        with host.accept(Peer) as peer:
            choose_profile(person, "Redis")
            assert profile_of(person) == "Redis"
            person.press("<Control-m>", "<Control-e>", "<Tab>", "<Tab>")
            person.choose("LF")
            assert profile_of(person) == "Redis, changed"
            person.say("PING")
            assert peer.hear(5) == b"PING\n"
            choose_profile(person, "Redis")
            assert profile_of(person) == "Redis"
            choose_profile(person, "none")
            person.say("PING")
            assert peer.hear(6) == b"PING\r\n"
        person.app.leave()
    assert all(not profile.places for profile in kept(person))


def test_a_setting_is_saved_as_a_profile_renamed_and_removed(quiet: Person) -> None:
    with Host() as host:
        quiet.connect(host.address.port)
        with host.accept(Peer):
            quiet.press("<Control-m>", "<Control-e>", "<Tab>", "<Tab>")
            quiet.choose("CR")
            choose_profile(quiet, "Save as profile…")
            quiet.sees("As text, UTF-8, CR at the end; messages: As received")
            quiet.write("SCPI")
            quiet.press("<Return>")
            quiet.sees("There is a profile called “SCPI”. Save again to replace it.")
            quiet.write("My meter")
            quiet.press("<Return>")
            quiet.until(lambda: profile_of(quiet) == "My meter")

            choose_profile(quiet, "Edit profiles…")
            quiet.sees("My meter As text, UTF-8, CR at the end")
            quiet.press(*["<Down>"] * len(STARTERS))
            dialog = quiet.app.main_controller.profiles.dialog
            assert dialog is not None
            assert dialog.chosen == "My meter"
            dialog.field.focus_set()
            quiet.write("Redis")
            quiet.press("<Return>")
            quiet.sees("There is a profile called “Redis” already.")
            quiet.write("Meter 2")
            quiet.press("<Return>")
            quiet.sees("“My meter” is called “Meter 2” now.")
            assert profile_of(quiet) == "Meter 2"
            dialog.tree.focus_set()
            quiet.press("<Delete>")
            quiet.sees("“Meter 2” was removed.")
            assert profile_of(quiet) == "none"
            quiet.push("Undo")
            quiet.sees("Taken back.")
            assert profile_of(quiet) == "Meter 2"
            quiet.press("<Escape>")
        quiet.app.leave()
    (mine,) = set(kept(quiet)) - {*STARTERS}
    assert mine == Profile("Meter 2", ending=LineEnding.CR, places=(f"client 127.0.0.1:{host.address.port}",))


def test_profiles_come_from_a_file_and_go_into_one_and_a_bad_one_is_refused(quiet: Person, tmp_path: Path) -> None:
    scpi = find(STARTERS, "SCPI")
    assert scpi is not None
    theirs = (replace(scpi, ending=LineEnding.CRLF), Profile("new"))
    export_profiles(tmp_path / "theirs.json", theirs)
    (tmp_path / "bad.json").write_text(json.dumps({"version": 1, "profiles": [{"name": "a", "ending": "etx"}]}))
    profiles = quiet.app.main_controller.profiles
    profiles.open()
    quiet.sees("SCPI As text, UTF-8")
    profiles.bring_in_from(tmp_path / "bad.json")
    quiet.sees("bad.json holds no profiles that could be imported: profile 1 has the ending “etx”")
    assert profiles.profiles == STARTERS
    profiles.bring_in_from(tmp_path / "theirs.json")
    quiet.sees("2 profiles were imported from theirs.json.", "SCPI 2")
    assert list(profiles.profiles) == [*STARTERS, replace(theirs[0], name="SCPI 2"), theirs[1]]
    profiles.bring_in_from(tmp_path / "theirs.json")
    quiet.sees("theirs.json holds nothing that is not here already.")
    profiles.give_out_to(tmp_path / "mine.json")
    quiet.sees("8 profiles were exported to mine.json.")
    assert parse_profiles((tmp_path / "mine.json").read_text()) == profiles.profiles


def test_a_server_is_remembered_by_its_own_port(sit: Sit, tmp_path: Path) -> None:
    person = sit(settings(tmp_path, reply="none"))
    with Host() as host:
        port = host.address.port  # free once the host has gone
    for _ in range(2):
        person.press("<Control-l>", "<Tab>")
        person.write(str(port))
        person.press("<F5>")
        person.sees(f"listening on 127.0.0.1:{port}")
        if profile_of(person) == "none":
            choose_profile(person, "Redis")
        person.press("<F5>")
        person.sees("stopped:")
    assert profile_of(person) == "Redis"
