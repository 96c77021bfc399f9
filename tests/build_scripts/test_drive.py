"""A person's hands on a display: real keys reach the window they are meant for, and the three steps are held."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from build_scripts import drive as driving
from build_scripts.drive import appeared, drive
from build_scripts.project import ROOT
from build_scripts.running import SmokeError
from build_scripts.x11 import Display, DisplayError
from build_scripts.xvfb import VirtualDisplay

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there are X displays on Linux only")

FIELD = """
import tkinter
root = tkinter.Tk(className="Typed")
field = tkinter.Entry(root)
field.pack()
keys = []
field.bind("<FocusIn>", lambda _event: print("ready", flush=True))
field.bind("<Key>", lambda event: keys.append(event.keysym))
def end(_event):
    print(field.get(), keys[-1], sep="|")
    root.destroy()
root.bind("<Control-q>", end)
field.focus_set()
root.mainloop()
"""
DEAF = """
import tkinter
root = tkinter.Tk(className="Tincan")
root.mainloop()
"""


@pytest.fixture(scope="module")
def own_display() -> Iterator[str]:
    """A display with no window but the program's."""
    with VirtualDisplay() as name:
        yield name


@pytest.fixture
def on_own_display(own_display: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Programs that are started here open their windows there."""
    monkeypatch.setenv("DISPLAY", own_display)
    return own_display


def test_what_is_typed_arrives_as_typed(own_display: str) -> None:
    environment = {**os.environ, "DISPLAY": own_display}
    program = subprocess.Popen([sys.executable, "-c", FIELD], env=environment, stdout=subprocess.PIPE, text=True)

    with Display(own_display) as keys:
        keys.focus(appeared(program, keys, "Typed"))
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        keys.type("Hello, Can 42!")
        keys.press("F5")
        keys.press("q", control=True)
    printed, _ = program.communicate(timeout=20)

    assert printed == "Hello, Can 42!|q\n"


@pytest.mark.parametrize(
    ("source", "told"), [("raise SystemExit(3)", "exited with 3"), ("input()", "no window of the class Nobody")]
)
def test_a_window_that_does_not_come_is_told(own_display: str, source: str, told: str) -> None:
    program = subprocess.Popen([sys.executable, "-c", source], stdin=subprocess.PIPE)

    with Display(own_display) as keys, pytest.raises(SmokeError, match=told):
        appeared(program, keys, "Nobody", 20.0 if "exited" in told else 0.2)
    program.communicate(b"end\n", timeout=20)


def test_a_display_that_is_not_there_is_told() -> None:
    with pytest.raises(DisplayError, match="no display :9999"):
        Display(":9999")


def test_the_program_from_source_takes_the_three_steps(on_own_display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    drive([sys.executable, "-m", "gui"], on_own_display)


def test_a_window_that_does_nothing_fails_at_the_first_step_and_leaves_a_picture(
    on_own_display: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(driving, "_HAPPENS_WITHIN", 0.1)
    monkeypatch.setattr(driving, "FAILED", tmp_path / "failed.ppm")

    with pytest.raises(SmokeError, match="no sign of a journal") as failed:
        drive([sys.executable, "-c", DEAF], on_own_display)

    picture = (tmp_path / "failed.ppm").read_bytes()
    assert picture.startswith(b"P6 1600 1200 255\n")
    assert len(picture) == len(b"P6 1600 1200 255\n") + 3 * 1600 * 1200
    assert "failed.ppm shows the screen" in failed.value.__notes__[0]


def test_where_nothing_was_recorded_nothing_is_read(tmp_path: Path) -> None:
    (tmp_path / "journals").mkdir()
    (tmp_path / "journals" / "new.tincan").touch()

    assert driving.recorded(tmp_path) == []
