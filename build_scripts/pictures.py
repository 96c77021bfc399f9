"""Takes the README's pictures of the running program, driven by real keys, so that they show what is so.

python -m build_scripts.pictures [FOLDER]
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from build_scripts.drive import WINDOW_CLASS, appeared
from build_scripts.project import ROOT
from build_scripts.running import SmokeError, end
from build_scripts.x11 import Display, DisplayError
from build_scripts.xvfb import VirtualDisplay

FOLDER = ROOT / "build_scripts" / "screenshots"
WIDTH, HEIGHT = 1000, 680
_REACTION = 0.35  # seconds until the window has done what a key asks for
_CHANGES_WITHIN = 5.0  # seconds
_PORT = 5555


class Stage:
    """The program on a screen of its own, and the hands in front of it."""

    def __init__(self, keys: Display, guests: ExitStack) -> None:
        self.keys = keys
        self._guests = guests

    def press(self, *keys: str) -> None:
        """Press keys one after the other; ``Ctrl+f``, ``Alt+Up`` and ``Shift+F3`` are held together."""
        for key in keys:
            *held, last = key.split("+") if key != "+" else ["+"]
            self.keys.press(last, control="Ctrl" in held, alt="Alt" in held, shift="Shift" in held)
            time.sleep(_REACTION)

    def say(self, *messages: str) -> None:
        """Type messages and send each of them."""
        for message in messages:
            self.keys.type(message)
            self.press("Return")

    def enter(self, *messages: bytes, port: int = _PORT) -> socket.socket:
        """Have somebody connect to the server and say that, one after the other; the answer is that connection."""
        guest = self._guests.enter_context(socket.create_connection(("127.0.0.1", port), timeout=_CHANGES_WITHIN))
        for message in messages:
            time.sleep(_REACTION)
            guest.sendall(message)
        time.sleep(_REACTION)
        return guest


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture: its name, what is done on the stage, and what the settings are when the curtain rises."""

    name: str
    act: Callable[[Stage], None]
    settings: Mapping[str, str] = field(default_factory=dict)


def _talk(stage: Stage) -> None:
    stage.press("F5", "F6")
    stage.say("hello", "is this TCP?", "both ends of it")


def _room(stage: Stage) -> None:
    stage.press("F5")
    stage.enter(b"good morning\n")
    stage.enter(b"morning! who else is here?\n")
    stage.enter(b"me: bytes \xff\x00 and all\n")
    stage.say("welcome, everybody")


def _inspect(stage: Stage) -> None:
    stage.press("F5", "F6")
    stage.say("a message", "and another one")
    stage.press("Ctrl+i", "Alt+Up", "Alt+Up")
    time.sleep(2 * _REACTION)


def _compose(stage: Stage) -> None:
    stage.press("F5", "F6", "Ctrl+e")
    stage.press("Escape")
    stage.keys.type(r"PING \{counter} \xff\x00 \{time:iso}")
    time.sleep(2 * _REACTION)


def _find(stage: Stage) -> None:
    _talk(stage)
    stage.press("Ctrl+f")
    stage.keys.type("tcp")
    time.sleep(2 * _REACTION)


def _saved(stage: Stage) -> None:
    stage.press("F5", "F6", "Ctrl+b")
    time.sleep(2 * _REACTION)


def _hex(stage: Stage) -> None:
    _talk(stage)
    stage.press("Ctrl+h")


def _handshake(stage: Stage) -> None:
    stage.press("Ctrl+Shift+l", "F5", "F6")
    time.sleep(2 * _REACTION)
    stage.press("Alt+s", "d", "o")
    time.sleep(4 * _REACTION)


def _sequence(stage: Stage) -> None:
    _talk(stage)
    stage.press("Ctrl+Shift+d")
    time.sleep(2 * _REACTION)


def _tap(stage: Stage) -> None:
    stage.press("F5", "Ctrl+t")
    time.sleep(2 * _REACTION)
    stage.press("Return")
    time.sleep(2 * _REACTION)
    guest = stage.enter(b"pay 10 to Alice\n", b"pay 20 to Bob\n", port=_PORT + 1)
    stage.press("Shift+F7", " ")
    guest.sendall(b"pay 9000 to Mallory\n")
    time.sleep(4 * _REACTION)


def _replay(stage: Stage) -> None:
    stage.press("F5", "F6")
    time.sleep(_REACTION)
    stage.say("hello", "is this TCP?")
    stage.press("Ctrl+Shift+p")
    time.sleep(2 * _REACTION)
    stage.press("Return")
    time.sleep(6 * _REACTION)


def _nothing(_stage: Stage) -> None:
    """What meets the eye first."""


SCENES = (
    Scene("conversation", _talk),
    Scene("first-window", _nothing),
    Scene("room", _room, {"reply": "room"}),
    Scene("inspector", _inspect, {"reply": "echo"}),
    Scene("composer", _compose, {"format": "escapes", "ending": "crlf", "reply": "echo"}),
    Scene("find", _find),
    Scene("saved", _saved),
    Scene("hex", _hex, {"theme": "dark"}),
    Scene("handshake", _handshake, {"reply": "echo"}),
    Scene("sequence", _sequence),
    Scene("tap", _tap, {"reply": "echo"}),
    Scene("replay", _replay),
)


def main(arguments: Sequence[str]) -> int:
    """Take every picture; the exit code."""
    folder = Path(arguments[0]) if arguments else FOLDER
    from PIL import Image  # of the dependency group pictures, which the tests do without

    try:
        for scene in SCENES:
            path = folder / f"{scene.name}.png"
            Image.frombytes("RGB", (WIDTH, HEIGHT), take(scene)).save(path, optimize=True)
            print(f"{path.name}: {path.stat().st_size:,} bytes")
    except (SmokeError, DisplayError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    return 0


def take(scene: Scene) -> bytes:
    """Play a scene on a display of its own. Return the pixels of the screen, each as red, green and blue, row by row.

    Raises ``SmokeError`` or ``DisplayError``.
    """
    with VirtualDisplay(f"{WIDTH}x{HEIGHT}x24") as display, tempfile.TemporaryDirectory() as config:
        _prepare(Path(config), scene)
        command = [sys.executable, "-m", "gui", "--config", config]
        program = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "DISPLAY": display})
        try:
            with Display(display) as keys, ExitStack() as guests:
                keys.focus(appeared(program, keys, WINDOW_CLASS))
                time.sleep(3 * _REACTION)
                scene.act(Stage(keys, guests))
                return _at_rest(keys)
        finally:
            end(program)


def _prepare(config: Path, scene: Scene) -> None:
    """Settings as if the program had been used before: the whole screen, these colours."""
    settings = {"version": 1, "geometry": f"{WIDTH}x{HEIGHT}+0+0", "theme": "light", **scene.settings}
    (config / "settings.json").write_text(json.dumps(settings), encoding="ascii")


def _at_rest(keys: Display) -> bytes:
    """The screen, once two looks at it are the same; the caret's blinking is given up on after a while."""
    deadline = time.monotonic() + _CHANGES_WITHIN
    before = keys.picture(WIDTH, HEIGHT)
    while time.monotonic() < deadline:
        time.sleep(_REACTION / 2)
        now = keys.picture(WIDTH, HEIGHT)
        if now == before:
            break
        before = now
    return before


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
