"""Errands of somebody whose client says something by itself whenever it connects."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.compose.saved import SavedMessage, SavedMessagesFile
from core.net import client
from tests.gui.stories.conftest import Sit
from tests.gui.stories.person import Person, settings
from tests.support.peers import Host, Peer, stranger


def choose(person: Person, words: str) -> None:
    """Go to the choice by Tab and take one, once the lists are read."""
    box = person.app.window.conversation.head.on_connect
    person.press("<Control-m>")
    person._tab_until(lambda: person._focus() == str(box), "the choice", back=True)
    person.until(lambda: words in box.words, words)
    person.choose(words)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    SavedMessagesFile(tmp_path / "saved.json").save([SavedMessage("login", "USER me")])
    return settings(tmp_path, reply="none")


def test_a_saved_message_goes_out_on_every_connect_and_in_the_next_run(
    sit: Sit, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "SHORTEST", 0.01)
    person = sit(folder)
    with Host() as host:
        person.connect(host.address.port)
        with host.accept(Peer):
            choose(person, "send login")
            person.sees(f"Send login: from the next connect to {host.address} on.")
        person.press("<Shift-F6>")
        with host.accept(Peer) as peer:
            assert peer.hear(7) == b"USER me"
            person.sees("on connect login")

        assert person.app.main_controller.preferences.on_connect == {str(host.address): "message:login"}


def test_a_saved_message_goes_to_the_address_of_datagrams_for_which_it_was_chosen(sit: Sit, folder: Path) -> None:
    person = sit(folder)
    bar = person.app.window.address
    with stranger() as peer:
        port = peer.getsockname()[1]
        bar.host.set("udp://127.0.0.1")
        bar.port.set(str(port))
        person.press("<F6>")
        person.sees(f"sends to 127.0.0.1:{port}")
        choose(person, "send login")
        person.sees(f"Send login: from the next connect to 127.0.0.1:{port} on.")
        person.press("<Shift-F6>")
        assert peer.recv(100) == b"USER me"
        person.sees("on connect login")

        assert person.app.main_controller.preferences.on_connect == {f"udp://127.0.0.1:{port}": "message:login"}


def test_rules_answer_for_a_client_that_comes_back(sit: Sit, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SHORTEST", 0.01)
    person = sit(folder)
    person.app.main_controller.endpoints.toggle_reconnect()
    with Host() as host:
        person.connect(host.address.port)
        with host.accept(Peer):
            choose(person, "answer by thermometer")
        for _ in range(2):
            with host.accept(Peer) as peer:
                peer.say(b"T?\n")
                assert peer.hear(2).isdigit()
        assert person.app.main_controller.preferences.on_connect == {str(host.address): "rules:thermometer"}
        person.app.main_controller.workbench.stop(person.app.main_controller.selected or 0)  # type: ignore[arg-type]


def test_a_message_that_is_gone_is_told_and_the_client_connects_all_the_same(sit: Sit, tmp_path: Path) -> None:
    with Host() as host:
        person = sit(settings(tmp_path, on_connect={str(host.address): "message:gone"}))
        person.connect(host.address.port)
        with host.accept(Peer) as peer:
            person.sees("There is no saved message “gone”. Nothing is said on connect.")
            person.say("hello")
            assert peer.hear(5) == b"hello"
