"""The pane of lessons: the program's and a teacher's, broken ones in a sentence, and how far somebody is."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path

import pytest

from gui.app import App
from gui.controllers.lessons import OWN, LessonError, read_lesson, read_lessons
from gui.views.lessons import LessonsPane
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, connect, say, serve
from tests.gui.viewmodels.test_lessons import WHOLE

TEACHERS = """
title = "A teacher's own \\u202e lesson"
about = "About it."
[[steps]]
do = "Say two things."
then = "Seen."
when = ["client sent >= 2"]
[question]
do = "Say three more."
when = ["client sent >= 3"]
"""


def pane(app: App) -> LessonsPane:
    found = app.main_controller.lessons.made
    assert found is not None
    return found


def text(app: App) -> str:
    return pane(app).text.get("1.0", "end")


def titles(app: App) -> list[str]:
    tree = pane(app).tree
    return [str(tree.item(row, "text")) for row in tree.get_children()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of settings with lessons of a teacher."""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "11-own.toml").write_text(TEACHERS, encoding="utf-8")
    return tmp_path


def open_own(app: App) -> None:
    app.main_controller.commands["toggle_lessons"]()
    pane(app).tree.selection_set("10")
    pane(app).tree.focus_force()
    pane(app).tree.event_generate("<Return>")
    app.root.update()


def test_ten_lessons_come_with_the_program_and_each_can_be_read() -> None:
    lessons, broken = read_lessons((OWN,))

    assert (len(lessons), broken) == (10, [])
    assert [lesson.name[:2] for lesson in lessons] == [f"{number:02}" for number in range(1, 11)]


def test_a_teacher_s_lesson_stands_behind_those_of_the_program(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)

    app.main_controller.commands["toggle_lessons"]()

    assert len(titles(app)) == 11
    assert titles(app)[10].startswith("   11  A teacher's own ")
    assert "\u202e" not in titles(app)[10]


def test_a_broken_lesson_is_a_sentence_below_the_others(make_app: MakeApp, folder: Path) -> None:
    (folder / "lessons" / "12-broken.toml").write_text(WHOLE.replace("servers", "srevers"), encoding="utf-8")
    (folder / "lessons" / "13-binary.toml").write_bytes(b"\xff\xfe\0")
    (folder / "lessons" / "14-folder.toml").mkdir()
    (folder / "lessons" / "15-huge.toml").write_text("#" * 70_000, encoding="utf-8")
    app = make_app(folder)

    app.main_controller.commands["toggle_lessons"]()

    assert len(titles(app)) == 11
    assert "12-broken.toml is no lesson: Step 1 asks for 'srevers', and there is no such number." in text(app)
    assert "13-binary.toml is no lesson: " in text(app)
    assert "14-folder.toml " in text(app)
    assert "15-huge.toml is no lesson: Larger than 64 KiB." in text(app)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (WHOLE.replace('"', "", 1).encode(), "(at line "),
        (b'# one\ntitle = "\xe4"\n', "It is not UTF-8 (at line 2)."),
        (WHOLE.encode("utf-16"), "It is not UTF-8 (at line 1)."),
        (b"a = " + b"[" * 30_000, "It has lists within lists, too many of them."),
        (b"a = " + b"9" * 5_000, "It has a number that is too long."),
        (b"", "It needs 1 to 50 steps, each under [[steps]]."),
        (WHOLE.replace("[question]", "[[question]]").encode(), "The question is no table"),
    ],
)
def test_of_a_broken_lesson_the_sentence_names_the_place(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)

    with pytest.raises(LessonError) as refused:
        read_lesson(path)

    assert str(refused.value).startswith("mine.toml is no lesson: ")
    assert why in str(refused.value)


def test_a_lesson_nobody_may_read_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LessonError, match=r"gone\.toml cannot be read: \w"):
        read_lesson(tmp_path / "gone.toml")


def test_a_lesson_follows_what_really_happens_and_keeps_how_far_it_is(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    connect(app, serve(app))
    say(app, "before it began")
    pump_until(lambda: "before it began" in app.window.conversation.transcript.text.get("1.0", "end"), app.root)
    open_own(app)
    assert "1 of 1: Say two things." in text(app)

    for word in ("one", "two"):
        say(app, word)
        pump_until(lambda: not app.window.composer.text, app.root)
    pump_until(lambda: "✓ 1 of 1: Say two things.\nSeen." in text(app), app.root)
    assert "Question: Say three more." in text(app)
    assert app.main_controller.preferences.lessons == {"11-own": 1}

    app.main_controller.commands["toggle_lessons"]()
    assert not app.main_controller.lessons.is_open
    app.main_controller.commands["toggle_lessons"]()
    assert "Question: Say three more." in text(app)
    for word in ("three", "four", "five"):
        say(app, word)
        pump_until(lambda: not app.window.composer.text, app.root)
    pump_until(lambda: "You have done this lesson." in text(app), app.root)
    pane(app).all.invoke()
    assert titles(app)[10].startswith("✓ 11  ")
    assert app.main_controller.preferences.lessons == {"11-own": 2}


def test_a_step_is_skipped_but_not_the_question(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    open_own(app)

    pane(app).skip.invoke()
    app.root.update()
    assert "Question: Say three more." in text(app)
    assert app.main_controller.preferences.lessons == {"11-own": 1}
    pump_until(lambda: not pane(app).skip.winfo_ismapped(), app.root)

    pane(app).again.invoke()
    assert "1 of 1: Say two things." in text(app)


def test_the_code_is_copied_with_the_port_of_the_server(make_app: MakeApp) -> None:
    app = make_app()
    port = serve(app)
    app.main_controller.commands["toggle_lessons"]()
    app.main_controller.lessons.choose(0)
    app.root.update()

    pane(app).copy.invoke()

    assert f'server.bind(("127.0.0.1", {port}))' in app.root.clipboard_get()
    assert f'client.connect(("127.0.0.1", {port}))' in text(app)


def test_keys_alone_lead_through_the_pane(make_app: MakeApp, folder: Path) -> None:
    app = make_app(folder)
    app.root.focus_force()
    app.root.update()
    app.main_controller.commands["toggle_lessons"]()
    app.root.update()
    assert str(app.window.focused) == str(pane(app).tree)

    pane(app).tree.event_generate("<Down>")
    pane(app).tree.event_generate("<Return>")
    app.root.update()
    assert str(app.window.focused) == str(pane(app).text)
    seen: list[tk.Misc | None] = []
    for _ in range(4):
        focused = app.window.focused
        assert focused is not None
        focused.event_generate("<Tab>")
        app.root.update()
        seen.append(app.window.focused)
    assert pane(app).again in seen
    assert pane(app).all in seen
    pane(app).text.focus_force()
    pane(app).text.event_generate("<Escape>")
    app.root.update()
    assert not app.main_controller.lessons.is_open


def test_a_small_window_has_room_for_a_lesson(make_app: MakeApp) -> None:
    app = make_app()
    app.main_controller.commands["toggle_lessons"]()
    app.main_controller.lessons.choose(0)
    app.root.geometry("640x480")
    pump_until(lambda: app.root.winfo_width() == 640, app.root)
    app.root.update()

    assert pane(app).text.winfo_height() > 100
    assert pane(app).all.winfo_rooty() + pane(app).all.winfo_height() <= app.root.winfo_rooty() + 480
