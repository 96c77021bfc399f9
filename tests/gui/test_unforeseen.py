"""An error in sending that nobody foresaw is told once, loses nothing, and the next message goes out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

import gui.controllers.sending
from gui.app import App
from gui.viewmodels.drafting import MessageFormat
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, say, serve, shown

LONG = "6f" * 4_000  # hex that is composed on a thread of its own


@pytest.fixture
def talking(make_app: MakeApp) -> Iterator[App]:
    app = make_app()
    connect(app, serve(app))
    app._faults.install()
    yield app
    app._faults.uninstall()


def stumbles_once(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[str]:
    """Have a function raise the first time; the answer is the names of the threads it was called on."""
    real, threads = getattr(owner, name), []

    def stumble(*arguments: object, **named: object) -> object:
        threads.append(threading.current_thread().name)
        if len(threads) == 1:
            raise ZeroDivisionError("nobody foresaw it")
        return real(*arguments, **named)

    monkeypatch.setattr(owner, name, stumble)
    return threads


@pytest.mark.case("C-67")
@pytest.mark.parametrize("text", ["6f 6f", LONG], ids=["at once", "on a thread"])
def test_a_message_that_could_not_be_composed_stays_and_can_be_sent_again(
    talking: App,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    callback_errors: list[BaseException],
    logged_errors: list[logging.LogRecord],
) -> None:
    composer = talking.window.composer
    composer.choose(MessageFormat("hex"))
    threads = stumbles_once(monkeypatch, gui.controllers.sending, "_compose_all")

    say(talking, text)
    pump_until(lambda: "ZeroDivisionError" in composer.complaint, talking.root)

    assert composer.text == text
    assert composer.send_button.instate(["!disabled"])
    assert (threads[0] == "MainThread") == (text != LONG)
    pump_until(lambda: "ZeroDivisionError" in talking.window.banner.sentence, talking.root)
    callback_errors.clear()
    logged_errors.clear()

    composer.submit()
    pump_until(lambda: composer.text == "", talking.root)
    pump_until(lambda: "oo" in shown(talking), talking.root)


@pytest.mark.case("C-67")
def test_a_message_that_stumbled_on_its_way_stays_too(
    talking: App, monkeypatch: pytest.MonkeyPatch, callback_errors: list[BaseException]
) -> None:
    stumbles_once(monkeypatch, talking.main_controller.workbench, "send")

    say(talking, "hello")
    composer = talking.window.composer

    assert "ZeroDivisionError" in composer.complaint
    assert composer.text == "hello"
    callback_errors.clear()

    composer.submit()
    pump_until(lambda: composer.text == "" and "hello" in shown(talking), talking.root)
