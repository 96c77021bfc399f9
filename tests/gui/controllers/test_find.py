"""Finding in the whole program: over real journals and real traffic, from the keys to the highlighted bytes."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from gui.app import App
from gui.journals.conversations import OpenConversation
from gui.viewmodels.finding import FindRequest
from gui.viewmodels.typeset_row import MARKED
from gui.views.conversation.find_bar import FindBar
from tests.gui.conftest import pump_until
from tests.gui.driving import MakeApp, serve, shown
from tests.support.journals import write_journal
from tests.support.systems import only_posix

LookAt = Callable[..., App]


@pytest.fixture
def look_at(make_app: MakeApp, tmp_path: Path) -> LookAt:
    """``look_at(entries, instead={...})`` opens a journal of so many lines in a window."""

    def look(entries: int, **how: object) -> App:
        path = tmp_path / "long.tincan"
        write_journal(path, entries, **how)  # type: ignore[arg-type]
        app = make_app(journal=path)
        pump_until(lambda: app.window.conversation.transcript.total > entries, app.root)
        return app

    return look


def find_bar(app: App) -> FindBar:
    (bar,) = (strip for strip in app.window.conversation.strips.winfo_children() if isinstance(strip, FindBar))
    return bar


def find(app: App, text: str, mode: str = "") -> FindBar:
    """Open the bar, write into it, press Enter, and wait until the search has ended."""
    app.main_controller.commands["find"]()
    bar = find_bar(app)
    if mode:
        bar.mode.set(mode)
        bar.mode.event_generate("<<ComboboxSelected>>")
    bar.field.put(text)
    press(bar, "<Return>")
    pump_until(lambda: has_ended(bar), app.root)
    return bar


def has_ended(bar: FindBar) -> bool:
    return bool(bar.complaint) or not (bar.count == "" or "searching" in bar.count or "so far" in bar.count)


def press(bar: FindBar, key: str) -> None:
    bar.field.focus_force()
    bar.update()
    bar.field.event_generate(key)
    bar.update()


def marked(app: App) -> str:
    """What is set off in the conversation, and can be seen."""
    text = app.window.conversation.transcript.text
    app.root.update()
    ranges = text.tag_ranges(MARKED)
    assert all(text.bbox(start) for start in ranges[::2]), "it is out of sight"
    return "".join(text.get(*ranges[at : at + 2]) for at in range(0, len(ranges), 2))


def test_every_hit_of_thirty_thousand_entries_is_counted_and_gone_to(look_at: LookAt) -> None:
    app = look_at(30_000, instead={17_123: b"a needle in it\n", 29_000: b"needle again"})

    bar = find(app, "Needle")
    assert bar.count == "1 of 2"
    assert "a needle in it" in shown(app)
    assert marked(app) == "needle"

    press(bar, "<F3>")
    assert bar.count == "2 of 2"
    assert "needle again" in shown(app)
    press(bar, "<F3>")
    assert bar.count == "1 of 2, from the beginning again"
    press(bar, "<Shift-F3>")
    assert bar.count == "2 of 2, from the end again"

    assert find(app, "line 0000").count.endswith("of 29,998")


def test_what_a_search_has_told_by_the_time_that_the_window_hears_of_it_is_shown_at_once(
    look_at: LookAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = look_at(30_000)
    find(app, "nowhere")
    finding, shown_marks, posted = app.main_controller.conversation.finding, [], list[Callable[[], None]]()
    monkeypatch.setattr(finding, "_post", posted.append)
    monkeypatch.setattr(app.window.conversation.transcript, "show_hit_marks", lambda *marks: shown_marks.append(marks))
    finding.find(FindRequest("line"))
    assert finding._search is not None
    assert finding._search.join(20)
    assert len(posted) >= 2  # the first news, and the end
    shown_marks.clear()

    for call in posted:
        call()

    assert find_bar(app).count.endswith(" of 30,000")
    assert len(shown_marks) <= 2  # going to the first hit, and all there are


def test_what_is_found_is_set_off_exactly_also_in_what_cannot_be_shown_as_it_is(look_at: LookAt) -> None:
    odd = "größe\x00\x1b[31m ".encode() + b"\xff\xfe" + "\u202eend\r\n".encode()
    app = look_at(50, instead={20: odd})

    for text, mode, expected in (
        ("\x1b[31m", "Text", "\\e[31m"),
        ("ff ?? e2", "Hex bytes", "\\xff\\xfe\\u{202e}"),  # the whole character
        ("6e 64 0d 0a", "Hex bytes", "nd\\r\\n"),
    ):
        find(app, text, mode)
        assert marked(app) == expected
    assert find(app, "GRÖSSE", "Text").count == "nothing found"
    assert marked(app) == ""


def test_a_hit_far_inside_a_long_message_is_unfolded_and_in_sight(look_at: LookAt) -> None:
    app = look_at(30, instead={9: b"x" * 60_000 + b"\nburied\n" + b"y" * 60_000})

    find(app, "buried")

    assert marked(app) == "buried"


def test_a_hit_that_began_in_an_earlier_message_is_set_off_where_it_ends(look_at: LookAt) -> None:
    app = look_at(30, instead={9: b"one two th", 10: b"ree four"})

    find(app, "three")

    assert marked(app) == "ree"


def test_under_another_lens_the_hit_is_in_the_message_that_the_lens_cuts(look_at: LookAt) -> None:
    app = look_at(300, instead={100: b"begun in one call, ", 101: b"ended in ano", 102: b"ther\n"})
    app.main_controller.conversation.framing.use("line")
    pump_until(lambda: not _conversation(app).is_counting, app.root)

    bar = find(app, "in another")

    assert bar.count == "1 of 1"
    assert marked(app) == "in another"
    assert "begun in one call, ended in another" in shown(app)


def _conversation(app: App) -> OpenConversation:
    conversation = app.main_controller.viewing.conversation
    assert conversation is not None
    return conversation


def test_another_search_hears_nothing_of_the_one_before(look_at: LookAt) -> None:
    app = look_at(30_000, instead={5: b"only here"})
    app.main_controller.commands["find"]()
    bar = find_bar(app)

    for text in ("line", "e", "n", "only here"):
        bar.field.put(text)
        press(bar, "<Return>")
    pump_until(lambda: has_ended(bar), app.root)

    assert bar.count == "1 of 1"


@pytest.mark.case("C-86")
def test_a_pattern_that_makes_no_sense_is_told_at_its_place_and_the_next_is_searched(look_at: LookAt) -> None:
    app = look_at(2_000)

    bar = find(app, "line (", "Regular expression")
    assert bar.complaint
    assert bar.field.marked == 5

    bar.field.put(r"line 0+1999\.")
    press(bar, "<Return>")
    pump_until(lambda: bar.count == "1 of 1", app.root)
    assert bar.complaint == ""
    assert marked(app).startswith("line 0")


@only_posix("Windows keeps a file that is open")
def test_a_search_that_cannot_go_on_says_why(look_at: LookAt, tmp_path: Path) -> None:
    app = look_at(2_000)
    (tmp_path / "long.tincan").unlink()

    bar = find(app, "line")

    assert bar.complaint
    assert bar.count == ""


def test_a_journal_that_grows_is_searched_on_and_the_shown_hit_stays(make_app: MakeApp) -> None:
    app = make_app()
    with socket.create_connection(("127.0.0.1", serve(app))) as peer:
        peer.sendall(b"first needle\n")
        pump_until(lambda: "first needle" in shown(app), app.root)
        bar = find(app, "needle")
        assert bar.count == "1 of 1"

        for number in range(200):
            peer.sendall(b"straw %d\n" % number)
        peer.sendall(b"second needle\n")
        pump_until(lambda: bar.count == "1 of 2", app.root)
        assert marked(app) == "needle"

        press(bar, "<F3>")
        pump_until(lambda: bar.count == "2 of 2", app.root)
        assert "second needle" in shown(app)


def test_a_journal_that_grows_is_searched_on_until_there_are_as_many_hits_as_are_kept(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.journal.search.search.MOST_HITS", 10)
    app = make_app()
    with socket.create_connection(("127.0.0.1", serve(app))) as peer:
        peer.sendall(b"first needle\n")
        pump_until(lambda: "first needle" in shown(app), app.root)
        bar = find(app, "needle")
        for count in ("1 of 7", "1 of 13+"):
            peer.sendall(b"needle\n" * 6)
            pump_until(lambda expected=count: bar.count == expected, app.root)  # type: ignore[misc]

        peer.sendall(b"last needle\n")
        pump_until(lambda: "last needle" in shown(app), app.root)
        finding = app.main_controller.conversation.finding
        finding.search_on()  # as for each news of the conversation
        assert finding._search is None
        assert not finding._again.is_due
        press(bar, "<F3>")
        assert bar.count == "2 of 13+"


def test_what_was_cleared_from_view_is_not_found(make_app: MakeApp) -> None:
    app = make_app()
    with socket.create_connection(("127.0.0.1", serve(app))) as peer:
        peer.sendall(b"an old needle\n")
        pump_until(lambda: "an old needle" in shown(app), app.root)
        app.main_controller.commands["clear_view"]()
        peer.sendall(b"a new needle\n")
        pump_until(lambda: "a new needle" in shown(app), app.root)

        assert find(app, "needle").count.startswith("1 of 1")
        assert marked(app) == "needle"


def test_putting_the_bar_away_sets_nothing_off_and_f3_brings_it_back(look_at: LookAt) -> None:
    app = look_at(1_000, instead={7: b"needle", 700: b"needle"})
    bar = find(app, "needle")

    press(bar, "<Escape>")
    assert not bar.winfo_ismapped()
    assert marked(app) == ""

    app.main_controller.commands["find_next"]()
    app.root.update()
    assert bar.winfo_ismapped()
    assert bar.count == "2 of 2"
    assert marked(app) == "needle"


def test_the_hits_of_a_message_are_known_by_their_bytes(look_at: LookAt) -> None:
    app = look_at(100, instead={50: b"ab ab ab"})
    find(app, "ab")
    conversation = _conversation(app)
    display_row = next(row for row in conversation.read(0, 200, 100) if row.data == b"ab ab ab")

    assert app.main_controller.conversation.finding.marks(display_row) == [(0, 2), (3, 5), (6, 8)]


def test_every_line_is_set_off_that_one_call_brought_with_thousands_of_others(look_at: LookAt) -> None:
    app = look_at(10, instead={9: b"hit and hit\n" * 4_000})
    app.main_controller.conversation.framing.use("line")
    conversation = app.main_controller.viewing.conversation
    assert conversation is not None
    pump_until(lambda: not conversation.is_counting, app.root)
    find(app, "hit")

    marks = app.main_controller.conversation.finding.marks
    last = conversation.total - 1
    for place in (last, last - 1_999, last - 3_998):
        (row,) = conversation.read(place, 1, 100)
        assert marks(row) == [(0, 3), (8, 11)]


def test_text_is_looked_for_in_the_encoding_in_which_the_conversation_is_read(look_at: LookAt) -> None:
    app = look_at(20, instead={7: "hej Åsa".encode("latin-1"), 9: "hej Åsa".encode()})
    bar = find(app, "åsa")
    assert bar.count == "1 of 1"
    assert "hej" in shown(app)

    app.main_controller.choose_encoding("latin-1")
    pump_until(lambda: marked(app) == "Åsa" and bar.count == "1 of 1", app.root)
    app.main_controller.choose_encoding("utf-16-le")
    pump_until(lambda: bar.count == "nothing found", app.root)
    assert find(app, "a+", "Regular expression").complaint.startswith("A regular expression looks at bytes")

    app.main_controller.choose_encoding("utf-8")
    pump_until(lambda: not bar.complaint, app.root)


def test_what_is_found_is_set_off_in_hex_in_both_columns(look_at: LookAt) -> None:
    app = look_at(20, instead={7: b"0123456789abcdefneedle"})
    app.main_controller.conversation.toggle_hex()
    find(app, "efneed")

    assert marked(app) == "65 66ef6e 65 65 64need"


def test_when_the_find_bar_goes_nothing_stays_set_off(look_at: LookAt) -> None:
    app = look_at(20, instead={7: b"a needle"})
    transcript = app.window.conversation.transcript
    bar = find(app, "needle")
    assert marked(app) == "needle"
    assert transcript.selection.chosen is not None

    press(bar, "<Escape>")
    app.root.update()

    assert marked(app) == ""
    assert transcript.selection.chosen is None
    assert not transcript.text.tag_ranges("chosen-incoming")


def test_what_the_inspector_shows_stays_chosen_when_the_find_bar_goes(look_at: LookAt) -> None:
    app = look_at(20, instead={7: b"a needle"})
    app.main_controller.commands["toggle_inspector"]()
    bar = find(app, "needle")

    press(bar, "<Escape>")

    assert app.window.conversation.transcript.selection.chosen is not None


def test_when_the_find_bar_goes_the_end_is_followed_again_if_it_is_in_view(look_at: LookAt) -> None:
    app = look_at(20, instead={19: b"a needle"})
    bar = find(app, "needle")
    assert not app.window.conversation.transcript.is_following

    press(bar, "<Escape>")

    pump_until(lambda: app.window.conversation.transcript.is_following, app.root)
