"""The conversation is a window on the journal: bounded in memory, unbounded in reach."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from core.journal.display_row import DisplayRow, Span
from core.origin import PASSED_ON, Origin
from core.roles import Role
from gui.theme.theme import Theme
from gui.viewmodels.decoding import decoding
from gui.viewmodels.rows import Spot
from gui.viewmodels.typeset_row import FOUND, MARKED
from gui.viewmodels.typesetting import RowStyle
from gui.views.conversation import row_window as module
from gui.views.conversation import transcript as transcript_module
from gui.views.conversation.transcript import MOST_COUNTED, Transcript
from tests.gui.conftest import WaitUntil
from tests.gui.fake_journal import FakeConversation, note, received, sent

MILLION = 1_000_000


class Scene:
    """A transcript over a fake journal, on the screen."""

    def __init__(self, root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> None:
        self.root = root
        self.wait_until = wait_until
        self.new = 0
        self.chosen: list[DisplayRow] = []
        self.refused: list[str] = []
        self.journal = FakeConversation(lambda ordinal: received(ordinal, f"message {ordinal}".encode()))
        self.transcript = Transcript(
            root, theme, on_new=self._note_new, on_choose=self.chosen.append, on_refuse=self.refused.append
        )
        self.transcript.pack(fill="both", expand=True)
        wait_until(lambda: bool(root.winfo_viewable()))

    def rows(self, views: float) -> float:
        """Short messages without headers that fill the view so many times."""
        return views * self.transcript.text.winfo_height() / self.transcript.text.bubble_height(1)

    def _note_new(self, new: str) -> None:
        self.new_words, self.new = new, int(new.rstrip("+").replace(",", "") or 0)

    def grow(self, total: int) -> None:
        self.journal.total = total
        self.journal.version += 1
        self.transcript.show(self.journal)
        self.root.update()

    @property
    def text(self) -> str:
        return self.transcript.text.get("1.0", "end-1c")

    @property
    def is_filled(self) -> bool:
        """Whether rows stand all the way down the view."""
        text = self.transcript.text
        last = text.bbox("end-1c")  # None where it is below the view
        return text.content_height >= text.winfo_height() and (
            last is None or last[1] + 2 * last[3] > text.winfo_height()
        )

    @property
    def marked(self) -> str:
        """What is set off as found."""
        ranges = [str(place) for place in self.transcript.text.tag_ranges(MARKED)]
        return "".join(self.transcript.text.get(*pair) for pair in zip(ranges[::2], ranges[1::2], strict=True))

    @property
    def visible(self) -> str:
        """The lines in view."""
        pane = self.transcript.text
        return pane.get("@0,0 linestart", f"@0,{pane.winfo_height()} lineend")

    def rest(self) -> None:
        """What comes once the view has rested."""
        assert self.transcript._surround.is_due
        self.transcript._surround.now()
        self.root.update()

    def is_wide(self, width: int) -> bool:
        return self.transcript.winfo_width() == width

    def sees(self, words: str) -> bool:
        self.root.update()
        return words in self.visible.split("\n")


@pytest.fixture
def scene(root: tk.Tk, theme: Theme, wait_until: WaitUntil, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr("gui.views.conversation.transcript._RESTS", 3_600_000)  # see ``Scene.rest``
    return Scene(root, theme, wait_until)


def test_nobody_can_write_into_the_conversation_whatever_tk_makes_of_an_edit(scene: Scene) -> None:
    scene.grow(3)
    before = scene.text

    with pytest.raises(tk.TclError, match="bad text index"):
        scene.transcript.text._edit(("insert", "nowhere", "x"), ("insert", "end", "y"))

    assert str(scene.transcript.text["state"]) == "disabled"
    assert scene.text == before


def test_new_messages_come_into_view(scene: Scene) -> None:
    for total in range(1, 60):
        scene.grow(total)

    assert scene.sees("message 58")
    assert scene.transcript.is_following


def test_the_widget_holds_a_slice_however_long_the_conversation(scene: Scene) -> None:
    for total in range(0, 2001, 100):
        scene.grow(total)

    assert scene.text.count("message ") <= scene.rows(sum(module.ENOUGH) + 1) + 100
    assert scene.sees("message 1999")


@pytest.mark.case("C-42")
def test_a_flood_is_shown_as_its_end(scene: Scene) -> None:
    scene.grow(10)
    scene.journal.reads = 0

    scene.grow(MILLION)

    assert scene.sees(f"message {MILLION - 1}")
    assert scene.journal.reads <= scene.rows(4) + 2 * module.FEW


@pytest.mark.case("C-42")
def test_in_a_flood_and_while_dragging_only_what_the_view_needs_is_read(scene: Scene) -> None:
    scene.grow(10)
    scene.grow(MILLION // 2)  # from here on it is known how high rows are
    for total in (MILLION, 2 * MILLION):
        scene.journal.reads = 0
        scene.grow(total)
        assert scene.sees(f"message {total - 1}")
        assert scene.journal.reads <= scene.rows(1.25) + 4
        scene.transcript.light(
            lambda _row: [(0, 3)]
        )  # from here on something is set off, too, in the rows that are there

    for tenths in (2, 4, 6, 8, 1, 3, 5, 7, 9, 10, 0):
        scene.journal.reads = 0
        scene.transcript.drag("moveto", str(tenths / 10))
        scene.root.update()
        assert scene.is_filled
        assert scene.journal.reads <= scene.rows(1.25) + 8 or tenths in (10, 0)
        assert abs(scene.transcript.top_place - tenths / 10 * scene.transcript.total) <= scene.rows(1)


@pytest.mark.parametrize("is_compact", [False, True])
def test_in_a_flood_the_rows_fill_the_view_and_when_it_rests_as_much_again(scene: Scene, *, is_compact: bool) -> None:
    scene.transcript.show_style(RowStyle(is_compact=is_compact))
    scene.grow(MILLION)

    scene.grow(2 * MILLION)

    in_view, in_text = scene.visible.count("message "), scene.text.count("message ")
    assert scene.is_filled
    assert f"message {2 * MILLION - 1}" in scene.visible
    assert in_text <= 2.5 * in_view  # each has a header here, for which nothing is reckoned
    before = scene.visible
    scene.rest()
    assert scene.text.count("message ") > 1.5 * in_text
    assert scene.visible == before


def test_a_drag_that_goes_on_nearby_reads_a_few_views_at_a_time(scene: Scene) -> None:
    scene.grow(MILLION)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    questions = scene.journal.questions

    for row in range(60):
        scene.transcript.drag("moveto", str(0.5 + row / MILLION))
        scene.root.update()
        assert abs(scene.transcript.top_place - MILLION // 2 - row) <= 8
    assert scene.journal.questions - questions <= 60 / scene.rows(0.5) + 1


def test_a_drag_by_whole_views_reads_one_at_a_time(scene: Scene) -> None:
    scene.grow(MILLION)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()

    for view in range(1, 20):
        scene.journal.reads = 0
        scene.transcript.drag("moveto", str(0.5 + view * scene.rows(1) / MILLION))
        scene.root.update()
        assert scene.journal.reads <= scene.rows(1.25) + 8


def test_a_drag_that_rests_has_rows_on_both_sides_and_moves_nothing(scene: Scene) -> None:
    scene.grow(MILLION)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    before = scene.visible
    assert scene.transcript.row_window.first == MILLION // 2

    scene.rest()

    assert scene.visible == before
    above, below = (abs(place - MILLION // 2) for place in scene.transcript.row_window.span)
    assert above >= scene.rows(1)
    assert below >= scene.rows(2)


def test_among_short_and_long_messages_a_drag_goes_to_its_row_and_fills_the_view(scene: Scene) -> None:
    def uneven(place: int) -> DisplayRow:
        lines = (1, 1, 1, 1, 25, 1, 3, 1, 1, 60, 1)[place % 11]
        return received(place, b"\n".join(b"message %d, %d" % (place, line) for line in range(lines)))

    scene.journal.make = uneven
    scene.grow(1000)
    text = scene.transcript.text

    for place in (place * 137 % 900 for place in range(1, 34)):
        scene.transcript.drag("moveto", str((place + 0.5) / 1000))
        scene.root.update()
        assert text.dlineinfo("end-1c") is None  # the line behind the last row
        assert scene.is_filled
        assert scene.transcript.top_place == place


def test_among_short_and_long_messages_a_drag_within_what_is_set_goes_to_its_row(scene: Scene) -> None:
    scene.journal.make = lambda place: received(place, b"\n".join([b"message"] * (12 if place < 500 else 1)))
    scene.grow(1_000)
    transcript = scene.transcript
    transcript.reveal(500)
    scene.root.update()
    scene.journal.reads = 0

    for place in (508, 505, 506, 510):
        transcript.drag("moveto", str((place + 0.5) / 1000))
        assert transcript.top_place == place

    assert scene.journal.reads == 0


def test_a_drag_that_rests_moves_nothing_where_the_chosen_row_is_partly_in_sight(scene: Scene) -> None:
    scene.journal.make = lambda place: received(place, b"\n".join(b"line %d" % line for line in range(40)))
    scene.grow(MILLION)
    transcript, chosen = scene.transcript, MILLION // 2
    transcript.reveal(chosen)
    transcript.drag("moveto", "0.1")
    transcript.drag("moveto", str((chosen + 0.01) / MILLION))
    scene.root.update()
    before, span = (scene.visible, transcript.text.top()), transcript.row_window.span

    scene.rest()

    assert transcript.row_window.span != span
    assert (scene.visible, transcript.text.top()[1]) == (before[0], before[1][1])


@pytest.mark.parametrize("units", [3, -3])
def test_what_is_selected_by_mouse_begins_at_the_click_however_far_the_view_goes(scene: Scene, units: int) -> None:
    scene.grow(MILLION)
    transcript, text = scene.transcript, scene.transcript.text
    transcript.reveal(MILLION // 2)
    scene.root.update()
    middle = text.winfo_height() // 2
    text.event_generate("<Button-1>", x=60, y=middle)
    pressed = transcript.row_window.place_at(int(text.index(f"@60,{middle}").partition(".")[0]))[0]
    spans = {transcript.row_window.span}

    while len(spans) < 4:
        text.event_generate("<B1-Motion>", x=70, y=middle + len(spans))
        text.yview_scroll(units, "units")
        transcript.scrolled_by_hand()
        scene.root.update()
        spans.add(transcript.row_window.span)
    text.event_generate("<B1-Motion>", x=80, y=middle)
    scene.root.update()

    places = transcript.selection.places
    assert places is not None
    assert pressed == (places[0] if units > 0 else places[1] - 1)
    assert places[1] - places[0] > scene.rows(1)


@pytest.mark.parametrize("origin", [None, PASSED_ON])
@pytest.mark.parametrize("is_compact", [False, True])
def test_what_a_tap_passed_on_is_shown_once_wherever_a_drag_goes(
    scene: Scene, origin: Origin | None, *, is_compact: bool
) -> None:
    def talk(place: int) -> DisplayRow:  # many come before the first of them goes on
        messages, message = divmod(place, 80)
        data = b"message %d" % (messages * 40 + message % 40)
        if message < 40:
            return received(place, data, at=place / 1000)
        return sent(place, data, number=-1, at=place / 1000)._replace(origin=origin)

    scene.transcript.show_style(RowStyle(is_compact=is_compact))
    scene.journal.make, scene.journal.role = talk, Role.TAP
    scene.grow(80_000)

    for place in range(0, 80, 3):
        scene.transcript.drag("moveto", "0.1")
        scene.transcript.drag("moveto", str((40_000 + place + 0.5) / 80_000))
        scene.root.update()

        assert "message" in scene.visible
        assert Role.TAP.us not in scene.visible


@pytest.mark.parametrize("role", [Role.TAP, Role.SERVER])
def test_it_is_told_how_many_lines_are_new_and_not_how_many_rows(scene: Scene, role: Role) -> None:
    def to_three(place: int) -> DisplayRow:
        return sent(place, b"%d" % (place // 3), number=1 + place % 3, at=place // 3)

    def passed_on(place: int) -> DisplayRow:
        said = b"message %d" % (place // 2)
        return received(place, said) if not place % 2 else sent(place, said, number=-1)._replace(origin=PASSED_ON)

    scene.journal.role, (scene.journal.make, rows) = role, (passed_on, 2) if role is Role.TAP else (to_three, 3)
    scene.grow(50 * rows)
    scene.transcript.page(-2)
    scene.root.update()
    for lines in (1, 2, 10, 60):
        scene.grow((50 + lines) * rows)
        assert scene.new_words == str(lines)
    scene.grow(200 * rows)
    assert scene.new_words == f"{MOST_COUNTED // rows + (rows == 3)}+"
    scene.transcript.to_end()
    assert scene.new_words == ""


def test_each_conversation_and_each_lens_has_a_number_of_new_lines_of_its_own(scene: Scene) -> None:
    def to_each(addressees: int) -> Callable[[int], DisplayRow]:
        return lambda place: sent(
            place, b"%d" % (place // addressees), number=1 + place % addressees, at=place // addressees
        )

    def is_shown(conversation: FakeConversation) -> str:
        scene.transcript.show(conversation)
        scene.root.update()
        return scene.new_words

    talks = [FakeConversation(to_each(each), role=Role.SERVER, key=key) for key, each in (("a", 1), ("b", 3), ("c", 2))]
    talks[2].source = "b"  # the second one under another lens
    for talk in talks:
        talk.total = 300
        assert is_shown(talk) == ""
        scene.transcript.page(-2)
        scene.root.update()
    for talk, lines in zip(talks, ("60", "20", "30"), strict=True):
        is_shown(talk)
        talk.total, talk.version = 360, 1

        assert is_shown(talk) == lines


@pytest.mark.parametrize("place", ["0.5", "1.0"])
@pytest.mark.parametrize("way", ["page", "scrollbar", "wheel", "step"])
def test_who_scrolls_in_a_flood_or_out_of_a_drag_goes_as_far_as_ever(scene: Scene, place: str, way: str) -> None:
    scene.grow(10)
    scene.grow(MILLION)
    scene.transcript.drag("moveto", place)
    scene.root.update()
    scene.grow(2 * MILLION)
    top, text = scene.transcript.top_place, scene.transcript.text
    windowing = str(scene.root.tk.call("tk", "windowingsystem"))

    if way == "page":
        scene.transcript.page(-1)
    elif way == "scrollbar":
        scene.transcript.drag("scroll", "-1", "pages")
    elif way == "wheel":
        for _notch in range(3):
            text.event_generate("<Button-4>") if windowing == "x11" else text.event_generate("<MouseWheel>", delta=120)
    else:
        for _message in range(3):
            scene.transcript.step(-1)
    scene.root.update()

    assert scene.is_filled
    chosen = scene.transcript.selection.chosen
    if way == "step":
        assert chosen is not None
        assert scene.sees(f"message {chosen}")
    else:
        assert scene.transcript.top_place < top


def test_in_a_flood_of_messages_of_several_lines_fewer_rows_are_set(scene: Scene) -> None:
    scene.journal = FakeConversation(lambda ordinal: received(ordinal, b"message %d\nand\nthree\nmore" % ordinal))
    window, text = scene.transcript.row_window, scene.transcript.text
    scene.grow(MILLION)
    scene.grow(2 * MILLION)

    in_view, in_text = scene.visible.count("message "), scene.text.count("message ")
    assert scene.sees("more")
    assert in_view <= in_text <= 1.5 * in_view
    assert in_text < scene.rows(1)

    scene.journal = FakeConversation(lambda ordinal: received(ordinal, b"message %d" % ordinal))
    scene.grow(3 * MILLION)
    assert text.content_height >= text.winfo_height()  # though they were reckoned with as high as before
    assert window.last == scene.transcript.total


def test_rows_are_weighed_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.grow(10)
    scene.grow(MILLION)
    weighed, weigh = list[int](), scene.transcript.row_window.least_heights

    def spy(display_rows: Sequence[DisplayRow]) -> list[int]:
        weighed.extend(row.place for row in display_rows)
        return weigh(display_rows)

    monkeypatch.setattr(scene.transcript.row_window, "least_heights", spy)
    for total in (MILLION + 3, 2 * MILLION):  # continued, and replaced
        weighed.clear()
        scene.grow(total)
        assert weighed
        assert len(weighed) == len(set(weighed))


@pytest.mark.parametrize("style", [RowStyle(), RowStyle(is_compact=True), RowStyle(as_hex=True)])
def test_in_a_flood_of_long_messages_the_view_is_filled_and_not_much_more(scene: Scene, style: RowStyle) -> None:
    long = b"".join(b"iiiiiiii %03d\n" % line for line in range(80))
    scene.journal = FakeConversation(lambda ordinal: received(ordinal, b"%d " % ordinal + long))
    scene.transcript.show_style(style)
    scene.grow(10)

    scene.grow(MILLION)

    text, (first, last) = scene.transcript.text, scene.transcript.row_window.span
    assert text.content_height > 1.5 * text.winfo_height()
    without_last = text.height_of_lines(1) * scene.transcript.row_window.line_of(last - 1)
    assert first + 1 == last or without_last < 4 * text.winfo_height()


def test_where_nothing_is_chosen_nothing_is_taken_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    removed, remove = list[str](), scene.transcript.text.tag_remove
    scene.grow(MILLION)

    def tag_remove(tag: str, start: str, stop: str) -> None:
        removed.append(tag)
        remove(tag, start, stop)

    monkeypatch.setattr(scene.transcript.text, "tag_remove", tag_remove)
    scene.grow(MILLION + 1)
    scene.grow(2 * MILLION)
    assert [tag for tag in removed if tag.startswith("chosen")] == []

    scene.transcript.choose(2 * MILLION - 1)
    assert scene.transcript.text.tag_ranges("chosen-incoming")
    scene.transcript.unchoose()
    assert not scene.transcript.text.tag_ranges("chosen-incoming")


@pytest.mark.parametrize("is_compact", [False, True])
def test_of_notes_that_follow_each_other_only_the_chosen_one_is_set_off(scene: Scene, *, is_compact: bool) -> None:
    scene.transcript.show_style(RowStyle(is_compact=is_compact))
    scene.journal.make = lambda place: note(place, f"note {place}")
    scene.grow(9)
    text, tag = scene.transcript.text, "chosen-compact" if is_compact else "chosen-note"

    for place in (0, 4, 8):
        scene.transcript.choose(place)

        (start, stop) = (str(index) for index in text.tag_ranges(tag))
        assert f"note {place}" in text.get(start, stop)
        assert text.get(start, stop).count("note") == 1


def test_another_width_takes_as_few_rows_as_a_flood_where_the_end_is_followed(scene: Scene) -> None:
    scene.grow(10)
    scene.grow(MILLION)
    scene.journal.reads = 0

    scene.transcript.pack_configure(padx=40)
    scene.root.update()

    assert 0 < scene.journal.reads <= scene.rows(1.25 * 2) + 4
    assert scene.sees(f"message {MILLION - 1}")
    scene.transcript.page(-1)
    scene.transcript.page(-1)
    scene.transcript.page(-1)
    scene.root.update()
    assert not scene.sees(f"message {MILLION - 1}")
    scene.transcript.to_end()
    assert scene.sees(f"message {MILLION - 1}")


def test_an_edge_that_the_view_only_passed_fetches_nothing(scene: Scene) -> None:
    scene.grow(MILLION)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    scene.journal.reads = 0

    scene.transcript._view_moved("0.0", "0.1")  # as the Text tells while its rows are being replaced
    scene.root.update()

    assert scene.journal.reads == 0


def test_any_place_among_a_million_is_reached_at_once(scene: Scene) -> None:
    scene.grow(MILLION)
    for fraction in (0.5, 0.123, 0.999, 0.0):
        began = time.thread_time()
        scene.transcript.drag("moveto", str(fraction))
        scene.root.update()

        shown = [int(line.split()[1]) for line in scene.visible.split("\n") if line.startswith("message ")]
        assert abs(shown[0] - fraction * MILLION) <= 40
        assert time.thread_time() - began < 0.5


def test_paging_up_reaches_the_beginning_without_a_gap(scene: Scene) -> None:
    scene.grow(700)
    seen: set[int] = set()
    for _page in range(400):
        seen |= {int(line.split()[1]) for line in scene.visible.split("\n") if line.startswith("message ")}
        if 0 in seen:
            break
        scene.transcript.page(-1)
        scene.root.update()

    assert seen == set(range(700))


def test_past_an_unfolded_message_of_many_screens_one_can_scroll(scene: Scene) -> None:
    long = b"\n".join(b"line %d" % number for number in range(12_000))
    scene.journal.make = lambda place: received(place, long if place == 5 else b"message %d" % place)
    scene.grow(50)

    scene.transcript.reveal_bytes(5, len(long) // 2, len(long) // 2 + 4)
    scene.root.update()
    assert scene.visible.count("line ") > 5

    for _page in range(2_000):
        scene.transcript.page(1)
        scene.root.update()
        if "message 6" in scene.visible:
            break
    assert "line 11999" in scene.visible
    assert scene.transcript.top_place >= 5


def test_the_scrollbar_stands_for_the_whole_conversation(scene: Scene) -> None:
    scene.grow(MILLION)
    scene.transcript.drag("moveto", "0.25")
    scene.root.update()

    upper, lower = scene.transcript._scrollbar.get()[:2]

    assert upper == pytest.approx(0.25, abs=0.001)
    assert 0 < lower - upper < 0.001


def test_whoever_reads_above_is_left_alone_and_told(scene: Scene) -> None:
    scene.grow(300)
    scene.transcript.page(-2)
    scene.root.update()
    before = scene.visible

    scene.grow(342)

    assert scene.visible == before
    assert scene.new == 42
    assert not scene.transcript.is_following

    scene.transcript.to_end()

    assert scene.sees("message 341")
    assert scene.new == 0


def test_coming_back_to_the_end_by_hand_follows_again(scene: Scene) -> None:
    scene.grow(300)
    scene.transcript.page(-2)
    scene.root.update()
    for _page in range(6):
        scene.transcript.page(1)
        scene.root.update()

    scene.grow(301)

    assert scene.sees("message 300")


def test_a_narrower_window_keeps_the_end_in_view(scene: Scene) -> None:
    scene.grow(100)

    scene.root.geometry("400x300")
    scene.wait_until(lambda: scene.root.winfo_width() == 400)

    assert scene.sees("message 99")


def test_another_conversation_takes_the_place_of_the_first(scene: Scene) -> None:
    scene.grow(50)
    other = FakeConversation(lambda place: received(place, f"other {place}".encode()), key="another")

    scene.transcript.show(other)
    assert scene.text == ""
    assert scene.transcript.is_empty

    other.total, other.version = 1, 1
    scene.transcript.show(other)

    assert "other 0" in scene.text
    assert "message" not in scene.text


def test_a_row_that_still_grows_is_shown_as_it_stands(scene: Scene) -> None:
    words = ["h", "he", "hello"]
    for version, word in enumerate(words):
        misfit = "not ended yet" if version < 2 else ""
        scene.journal.make = partial(received, data=word.encode(), misfit=misfit)
        scene.journal.pending = int(version < 2)
        scene.grow(1)
        assert scene.sees(word)
        assert ("not ended yet" in scene.text) == (version < 2)


def test_larger_text_keeps_the_place(scene: Scene, theme: Theme) -> None:
    scene.grow(2000)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    top = next(line for line in scene.visible.split("\n") if line.startswith("message "))

    theme.zoom(6)
    scene.root.update()

    assert scene.sees(top)


@pytest.mark.case("C-54")
def test_a_line_of_a_megabyte_does_not_hold_the_window_up(scene: Scene) -> None:
    whole = b"x" * 1_000_000
    scene.journal.make = lambda ordinal: received(ordinal, whole)
    began = time.thread_time()

    scene.grow(1)

    assert "995,904 more bytes — show 128 KiB more" in scene.text
    scene.transcript._expand(0)
    scene.root.update()
    assert scene.text.count("x") >= 128 * 1024
    assert time.thread_time() - began < 5


def test_each_time_that_more_is_asked_for_more_is_shown(scene: Scene) -> None:
    scene.journal.make = lambda ordinal: received(ordinal, b"x" * 1_000_000)
    scene.grow(1)

    scene.transcript._expand(0)
    scene.root.update()
    assert "864,832 more bytes" in scene.text
    scene.transcript._expand(0)
    scene.root.update()
    assert "733,760 more bytes" in scene.text


@pytest.mark.parametrize(("row", "column", "places"), [(1, 0, (0, 1)), (1, 1, (0, 2)), (2, 0, (0, 2))])
def test_a_row_of_which_no_character_is_selected_is_not_picked(
    scene: Scene, row: int, column: int, places: tuple[int, int]
) -> None:
    scene.grow(4)
    line = scene.transcript.row_window.line_of(row)
    scene.transcript.text.tag_add("sel", f"{scene.transcript.row_window.line_of(0)}.0", f"{line}.{column}")

    assert scene.transcript.selection.places == places


@pytest.mark.case("C-47", "C-48", "C-49", "C-53", "C-85")
def test_hostile_bytes_are_only_text(scene: Scene) -> None:
    hostile = b'a\0b [exit] $x {"} %s \\ \xed\xa0\x80 \xe2\x80\xae ; destroy .'
    scene.journal.make = lambda ordinal: received(ordinal, hostile) if ordinal else sent(ordinal, hostile)

    scene.grow(2)

    assert scene.text.count('\\x00b [exit] $x {"} %s \\ \\xed\\xa0\\x80 \\u{202e} ; destroy .') == 2


def test_copying_leaves_out_what_is_there_for_the_eye(scene: Scene) -> None:
    words = "a rather long line that has to be broken " * 6 + "\n"
    scene.journal.make = lambda ordinal: sent(ordinal, words.encode())
    scene.grow(1)

    scene.transcript.text.event_generate("<<SelectAll>>")
    scene.transcript.text.event_generate("<<Copy>>")

    assert words in scene.root.clipboard_get()
    assert "\\n" in scene.text
    assert "\\n" not in scene.root.clipboard_get()


def test_the_pane_can_be_read_but_not_written(scene: Scene) -> None:
    scene.grow(1)
    before = scene.text
    scene.transcript.text.focus_force()

    scene.transcript.text.event_generate("<Key-a>")
    scene.root.update()

    assert scene.text == before


def test_pieces_of_a_character_meet_on_the_screen(scene: Scene) -> None:
    pieces = [b"5 \xe2", b"\x82\xac!"]
    scene.journal.make = lambda ordinal: received(ordinal, pieces[ordinal])

    scene.grow(1)
    assert "5 \\xe2" in scene.text
    scene.grow(2)

    assert "\\x" not in scene.text
    assert "€!" in scene.text


def test_a_server_shows_all_its_connections_in_one(scene: Scene) -> None:
    entries: list[DisplayRow] = [
        note(0, "server is listening on 127.0.0.1:5555"),
        note(1, "#1 connected from 127.0.0.1:50001", number=1),
        received(2, b"hello", number=1),
        received(3, b"hi", number=2),
    ]
    scene.journal.make = lambda ordinal: entries[ordinal]
    scene.journal.role, scene.journal.key = Role.SERVER, "server"
    scene.grow(4)

    lines = [line.strip() for line in scene.text.split("\n")]
    assert [line[:2] for line in lines if line.startswith("#")] == ["#1", "#1", "#2"]


def test_alt_up_and_alt_down_choose_message_after_message_and_pass_over_what_happened_between(scene: Scene) -> None:
    scene.journal.make = lambda place: note(place, f"note {place}") if place % 3 else received(place, b"%d" % place)
    scene.grow(200)  # the messages are 0, 3 and so on up to 198
    scene.transcript.text.focus_force()
    scene.root.update()

    def press(key: str) -> int:
        scene.chosen.clear()
        scene.transcript.text.event_generate(key)
        scene.root.update()
        (display_row,) = scene.chosen
        return display_row.place

    assert [press("<Alt-Up>") for _ in range(3)] == [198, 195, 192]
    assert press("<Alt-Down>") == 195
    assert press("<Alt-Down>") == 198
    scene.transcript.text.event_generate("<Alt-Down>")  # there is none after it
    assert scene.transcript.selection.chosen == 198
    assert [press("<Alt-Up>") for _ in range(66)][-1] == 0
    assert scene.sees("0")
    scene.transcript.text.event_generate("<Alt-Up>")
    assert scene.transcript.selection.chosen == 0


@pytest.mark.parametrize("key", ["<Left>", "<Right>", "<Control-Left>", "<Control-Right>"])
def test_keys_for_a_cursor_that_nobody_sees_move_nothing(scene: Scene, key: str) -> None:
    scene.grow(1_000)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    top, seen = scene.transcript.top_place, scene.visible

    scene.transcript.text.focus_force()
    scene.transcript.text.event_generate(key)
    scene.root.update()

    assert (scene.transcript.top_place, scene.visible) == (top, seen)


def test_the_first_alt_down_chooses_the_message_at_the_top_of_the_view(scene: Scene) -> None:
    scene.grow(1_000)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    top = scene.transcript.top_place

    scene.transcript.text.focus_force()
    scene.transcript.text.event_generate("<Alt-Down>")
    scene.root.update()

    assert [display_row.place for display_row in scene.chosen] == [top]


@pytest.mark.parametrize("place", [0, 3, 499_999, MILLION - 1])
def test_a_row_that_is_gone_to_is_in_sight_chosen_and_stays_there_while_more_comes(scene: Scene, place: int) -> None:
    scene.grow(MILLION)

    scene.transcript.reveal(place)

    assert scene.sees(f"message {place}")
    assert [display_row.place for display_row in scene.chosen] == [place]
    scene.grow(MILLION + 50)
    is_at_end = place == MILLION - 1
    assert scene.sees(f"message {MILLION + 49}") is is_at_end
    assert scene.sees(f"message {place}") is not is_at_end
    assert scene.new == (0 if is_at_end else 50)


def test_bytes_that_were_found_at_the_end_stay_in_sight_while_more_comes(scene: Scene) -> None:
    scene.grow(500)

    scene.transcript.reveal_bytes(499, 0, 7)
    scene.root.update()
    assert scene.marked == "message"
    scene.grow(600)

    assert scene.sees("message 499")
    assert scene.new == 100
    scene.transcript.light(None)
    assert scene.marked == ""
    assert scene.sees("message 499")


def test_the_scrollbar_goes_by_lines_and_by_pages(scene: Scene) -> None:
    scene.grow(500)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    begin = scene.transcript.top_place

    scene.transcript.drag("scroll", "4", "units")
    scene.root.update()
    by_lines = scene.transcript.top_place - begin
    scene.transcript.drag("scroll", "1", "pages")
    scene.root.update()
    by_page = scene.transcript.top_place - begin - by_lines

    assert 0 < by_lines < 5
    assert by_page > 5


def pieces(place: int) -> DisplayRow:
    """Entries of ten bytes."""
    return received(place, f"piece {place:,}".ljust(10).encode())


def recut(scene: Scene, ratio: int) -> FakeConversation:
    """The same conversation under a lens that makes one row of so many entries."""
    anew = FakeConversation(lambda place: received(place, f"message {place}".encode()), key=f"by {ratio}")
    anew.source = scene.journal.source
    anew.place_near = lambda spot: spot.ordinal // ratio if spot.ordinal // ratio < anew.total else None  # type: ignore[method-assign]
    return anew


def test_what_is_on_top_stays_there_when_the_conversation_is_cut_anew(scene: Scene) -> None:
    scene.journal.make = pieces
    scene.grow(10_000)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    before = scene.transcript.top_place

    anew = recut(scene, 4)
    anew.total = 2_500
    scene.transcript.show(anew)
    scene.root.update()

    assert scene.transcript.top_place == before // 4
    assert not scene.transcript.is_following
    assert scene.new == 0


def test_what_was_on_top_is_waited_for_while_rows_are_being_counted_and_none_of_them_is_new(scene: Scene) -> None:
    scene.journal.make = pieces
    scene.grow(10_000)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    before = scene.transcript.top_place

    scene.journal = recut(scene, 4)
    scene.journal.is_counting = True
    scene.grow(1_000)
    assert scene.sees("message 999")
    scene.grow(1_500)
    scene.journal.is_counting = False
    scene.grow(2_500)

    assert scene.transcript.top_place == before // 4
    assert scene.new == 0
    scene.grow(2_507)
    assert scene.new == 7


def test_who_scrolls_while_rows_are_being_counted_stays_there(scene: Scene) -> None:
    scene.grow(10_000)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    scene.journal = recut(scene, 4)
    scene.journal.is_counting = True
    scene.grow(1_000)

    scene.transcript.to_start()
    scene.root.update()
    scene.grow(2_500)

    assert scene.sees("message 0")


def test_who_was_at_the_end_is_at_the_end_when_the_conversation_is_cut_anew(scene: Scene) -> None:
    scene.grow(10_000)

    scene.journal = recut(scene, 4)
    scene.grow(2_500)

    assert scene.sees("message 2499")
    assert scene.transcript.is_following


def test_the_end_stays_in_view_when_the_room_gets_lower_and_any_other_place_too(scene: Scene) -> None:
    scene.grow(500)
    strip = tk.Frame(scene.root, height=120)

    strip.pack(side="bottom", fill="x", before=scene.transcript)
    scene.root.update()
    assert scene.sees("message 499")
    assert scene.transcript.text.yview()[1] == 1.0

    strip.pack_forget()
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    before = scene.transcript.top_place
    strip.pack(side="bottom", fill="x", before=scene.transcript)
    scene.root.update()
    assert scene.transcript.top_place == before


def test_below_a_row_of_many_lines_the_view_is_full(scene: Scene) -> None:
    long = b"hello\n" * 5_000
    scene.journal.make = lambda place: received(place, long if place < 99 else b"the end")
    scene.grow(100)

    assert scene.sees("the end")
    assert scene.visible.count("hello") > 10


def test_a_message_to_many_is_one_bubble_however_its_rows_come(scene: Scene) -> None:
    scene.journal = FakeConversation(
        lambda place: sent(place, b"welcome", number=place + 1, at=0), role=Role.SERVER, key="a room"
    )

    for total in (1, 2, 3):
        scene.grow(total)

    assert scene.text.count("welcome") == 1
    assert "server → #1 #2 #3 " in scene.text


@pytest.mark.parametrize("is_compact", [False, True])
def test_in_a_flood_of_messages_to_many_the_view_is_filled(scene: Scene, *, is_compact: bool) -> None:
    scene.journal = FakeConversation(
        lambda place: sent(place, b"tick %d" % (place // 5), number=place % 5 + 1, at=place // 5),
        role=Role.SERVER,
        key="a room",
    )
    text = scene.transcript.text
    scene.transcript.show_style(RowStyle(is_compact=is_compact))
    scene.grow(10)

    scene.grow(MILLION)
    assert "tick 199999" in scene.visible
    assert text.content_height > text.winfo_height()

    scene.transcript.show_style(RowStyle(is_compact=is_compact, counts_time=True))  # so that all rows are set anew
    assert "tick 199999" in scene.visible
    assert text.content_height > text.winfo_height()


class TestARoomOfAHundred:
    """A message to 99 others is 99 rows of the journal, and one bubble."""

    TOLD = "#2 #3 #4 #5 #6 #7 #8 #9 and 91 more"

    @pytest.fixture
    def room(self, scene: Scene) -> Scene:
        def make(place: int) -> DisplayRow:
            number, member = place // 100, place % 100
            said = b"say %d." % number
            return received(place, said) if not member else sent(place, said, number=member + 1, at=60 * 100 * number)

        scene.journal = FakeConversation(make, role=Role.SERVER, key="a room")
        scene.root.geometry("640x600")
        scene.root.update()
        return scene

    def said(self, scene: Scene) -> list[int]:
        """Which messages are in view."""
        return [int(word[:-1]) for word in scene.visible.split() if word[:-1].isdecimal() and word[-1] == "."]

    @pytest.mark.parametrize("is_compact", [False, True])
    def test_fills_the_view_while_one_message_comes_after_the_other(self, room: Scene, *, is_compact: bool) -> None:
        room.transcript.show_style(RowStyle(is_compact=is_compact))
        for number in range(1, 80):
            room.grow(100 * number)
            assert f"say {number - 1}." in room.visible

        text = room.transcript.text
        assert text.content_height > 1.5 * text.winfo_height()
        assert len(set(self.said(room))) > 3

    def test_is_paged_through_without_a_gap_and_each_message_went_to_all(self, room: Scene) -> None:
        room.grow(100 * 60)
        seen: set[int] = set()
        for _page in range(60):
            seen.update(self.said(room))
            heads = [line for line in room.visible.split("\n") if "server → " in line]
            assert heads
            assert all(self.TOLD in line for line in heads)
            if 0 in seen:
                break
            room.transcript.page(-1)
            room.root.update()

        assert seen == set(range(60))
        room.transcript.to_end()
        room.root.update()
        assert self.said(room)[-1] == 59
        room.transcript.to_start()
        room.root.update()
        assert self.said(room)[:2] == [0, 0]

    def test_shows_the_message_that_any_of_its_rows_is_gone_to(self, room: Scene) -> None:
        room.grow(100 * 60)
        for place in (3_057, 3_099, 57, 5_999):
            room.transcript.reveal(place)
            room.root.update()

            text = room.transcript.text
            assert place // 100 in self.said(room)
            (start, stop) = (str(index) for index in text.tag_ranges("chosen-outgoing")[:2])
            assert text.get(start, stop).split() == ["say", f"{place // 100}."]
            assert text.dlineinfo(start) is not None

    def test_shows_what_was_found_in_any_of_its_rows(self, room: Scene) -> None:
        room.grow(100 * 60)
        room.transcript.light(lambda _row: [(0, 3)])
        room.transcript.reveal_bytes(3_057, 4, 6)
        room.root.update()

        assert room.marked == "30"
        assert 30 in self.said(room)
        lit = [str(index) for index in room.transcript.text.tag_ranges(FOUND)]
        assert {room.transcript.text.get(*pair) for pair in zip(lit[::2], lit[1::2], strict=True)} == {"say"}

    def test_names_all_who_got_it_where_a_drag_ends_within_one_message(self, room: Scene) -> None:
        room.grow(100 * 600)
        for place in (10_050, 40_001, 20_099, 30_000, 59_950):
            questions = room.journal.questions
            room.transcript.drag("moveto", str(place / 60_000))
            room.root.update()

            heads = [line for line in room.text.split("\n") if "server → " in line]
            assert heads
            assert all(self.TOLD in line for line in heads)
            assert room.is_filled
            assert room.journal.questions - questions <= 2

    def test_is_read_once_however_many_rows_it_takes_to_fill_the_view(
        self, room: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        room.grow(100 * 600)
        asked, read = list[int](), room.journal.read

        def spy(first: int, count: int, preview: int) -> list[DisplayRow]:
            asked.extend(range(first, first + count))
            return read(first, count, preview)

        monkeypatch.setattr(room.journal, "read", spy)
        room.transcript.row_window._usual = 1_000.0  # as where a few large messages were set last
        for place in (10_050, 40_001, 59_950):
            asked.clear()
            room.transcript._load(place)
            assert room.is_filled
            assert len(asked) == len(set(asked)) > 200
            room.transcript.row_window._usual = 1_000.0

    def test_is_left_alone_by_who_reads_above(self, room: Scene) -> None:
        room.grow(100 * 60)
        room.transcript.drag("moveto", "0.5")
        room.root.update()
        before = self.said(room)

        for number in range(61, 70):
            room.grow(100 * number)

        assert self.said(room) == before
        assert len(set(before)) > 3


@pytest.mark.parametrize("style", [RowStyle(), RowStyle(is_compact=True), RowStyle(as_hex=True)])
def test_the_view_stands_still_wherever_it_was_put_among_long_messages(scene: Scene, style: RowStyle) -> None:
    long = b"".join(b"iiiiiiii %03d\n" % line for line in range(80))
    scene.journal.make = lambda place: received(place, b"%d " % place + long)
    scene.transcript.show_style(style)
    scene.root.geometry("900x1000")
    scene.grow(2_000)

    for tenths in range(1, 10):
        scene.transcript.drag("moveto", str(tenths / 10))
        scene.root.update_idletasks()
        for _turn in range(3):
            scene.root.update()  # ends only when nothing is fetched any more
        before, scene.journal.reads = scene.transcript.top_place, 0
        assert abs(before - 200 * tenths) <= 3
        scene.root.update()
        assert scene.transcript.top_place == before
        assert scene.journal.reads == 0


def test_a_higher_window_is_filled(scene: Scene) -> None:
    scene.root.geometry("640x200")
    scene.root.update()
    scene.grow(MILLION)

    scene.root.geometry("640x1000")
    scene.root.update()

    text = scene.transcript.text
    assert scene.sees(f"message {MILLION - 1}")
    assert text.content_height > text.winfo_height() > 800


class TestTheNextMessage:
    """Alt+Up and Alt+Down pass over notes, however many, in a few questions to the journal."""

    def between_notes(self, scene: Scene, first: int, last: int) -> None:
        """Have notes between a message at one place and the next at another."""
        scene.journal.make = lambda place: note(place, "x") if first < place < last else received(place, b"said")
        scene.grow(last + 1)
        scene.journal.reads = scene.journal.questions = 0

    @pytest.mark.parametrize(("notes", "questions"), [(0, 1), (1, 2), (1_000, 5), (10_000, 6)])
    def test_is_found_on_both_sides(self, scene: Scene, notes: int, questions: int) -> None:
        self.between_notes(scene, 3, notes + 4)
        scene.transcript.choose(3)
        scene.journal.reads = scene.journal.questions = 0

        found = scene.transcript.row_window.next_message(3, 1, 16_384)

        assert found == notes + 4
        assert scene.journal.questions <= questions
        assert scene.journal.reads <= 8 * notes + 1
        assert scene.transcript.row_window.next_message(notes + 4, -1, 16_384) == 3

    def test_is_the_one_chosen(self, scene: Scene) -> None:
        self.between_notes(scene, 0, 9_000)
        scene.transcript.choose(0)

        scene.transcript.step(1)
        assert scene.transcript.selection.chosen == 9_000
        scene.transcript.step(-1)
        assert scene.transcript.selection.chosen == 0

    def test_is_looked_for_no_farther_than_so_many_rows_and_from_there_on_with_the_next_key(self, scene: Scene) -> None:
        self.between_notes(scene, 0, 40_000)
        scene.transcript.choose(0)
        scene.journal.reads = 0

        scene.transcript.step(1)

        assert scene.transcript.selection.chosen == 16_384
        assert scene.journal.reads < 17_000
        scene.transcript.step(1)
        scene.transcript.step(1)
        assert scene.transcript.selection.chosen == 40_000

    def test_is_none_where_there_are_no_more(self, scene: Scene) -> None:
        self.between_notes(scene, 3, 10)
        scene.transcript.choose(10)

        scene.transcript.step(1)

        assert scene.transcript.selection.chosen == 10
        assert scene.transcript.row_window.next_message(0, -1, 16_384) is None


@pytest.mark.parametrize("wider", [0, 150])
def test_a_view_that_grows_keeps_what_is_at_its_top_however_little_is_set_below(scene: Scene, wider: int) -> None:
    scene.root.geometry("600x200")
    scene.wait_until(lambda: scene.transcript.winfo_height() == 200)
    scene.grow(10_000)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    scene.rest()
    top, bottom = scene.transcript.text.yview()
    scene.transcript.text.yview_moveto(0.98 - transcript_module._NEAR_THE_EDGE - (bottom - top))
    scene.root.update()
    before, span = scene.transcript._anchor(), scene.transcript.row_window.span

    scene.root.geometry(f"{600 + wider}x900")
    scene.wait_until(lambda: scene.transcript.winfo_height() == 900)

    assert scene.transcript.row_window.span != span
    assert scene.transcript._anchor() == before
    assert scene.is_filled


def test_as_hex_and_back_the_same_bytes_of_a_long_message_are_at_the_top(scene: Scene) -> None:
    scene.journal.make = lambda place: received(place, b"".join(b"%07d\n" % number for number in range(100)))
    scene.grow(1_000)
    scene.transcript.reveal(500)
    scene.transcript.text.yview(f"{scene.transcript.row_window.line_of(500) + 40}.0")
    scene.transcript.scrolled_by_hand()
    scene.root.update()
    number = int(scene.visible[:7])

    scene.transcript.show_style(RowStyle(as_hex=True))
    scene.root.update()
    assert int(scene.visible[:8], 16) == number // 2 * 16
    scene.transcript.show_style(RowStyle())
    scene.root.update()
    assert int(scene.visible[:7]) == number // 2 * 2
    assert scene.transcript.top_place == 500


def test_messages_cut_anew_and_back_show_the_same_byte_at_the_top(scene: Scene) -> None:
    lines = [b"line %d\n" % number + b"x" * (number % 7 * 20) + b"\n" for number in range(8_000)]

    def cut(ratio: int) -> FakeConversation:
        """Entries of eight lines in messages of so many."""

        def make(place: int) -> DisplayRow:
            first = place * ratio
            start = sum(map(len, lines[first // 8 * 8 : first]))
            data = b"".join(lines[first : first + ratio])
            row = received(place, data)
            return row._replace(ordinal=first // 8, span=Span(first // 8, start, first // 8, start + len(data)))

        def place_near(spot: Spot) -> int:
            first, byte = spot.ordinal * 8, spot.byte
            while byte >= len(lines[first]):
                byte -= len(lines[first])
                first += 1
            return first // ratio

        anew = FakeConversation(make, key=f"by {ratio}")
        anew.source, anew.total = "talk", len(lines) // ratio
        anew.place_near = place_near  # type: ignore[method-assign]
        return anew

    scene.transcript.show(cut(1))
    scene.transcript.reveal(4_003)
    scene.transcript.text.yview(f"{scene.transcript.row_window.line_of(4_003)}.0")
    scene.root.update()

    scene.transcript.show(cut(8))
    scene.root.update()
    assert "line 4003" in scene.visible.split("\n")[0]
    scene.transcript.show(cut(1))
    scene.root.update()
    assert scene.transcript.top_place == 4_003


def test_what_comes_moves_nothing_under_the_mouse_until_its_button_is_up(scene: Scene) -> None:
    scene.grow(1_000)
    transcript, text = scene.transcript, scene.transcript.text
    before, middle = transcript._anchor(), text.winfo_height() // 2
    text.event_generate("<Button-1>", x=60, y=middle)
    pressed = transcript.row_window.place_at(int(text.index(f"@60,{middle}").partition(".")[0]))[0]

    for total in (1_001, 1_500, 50_000):
        scene.grow(total)
        assert transcript._anchor() == before
        assert scene.new == 0
    text.event_generate("<ButtonRelease-1>", x=60, y=middle)
    scene.root.update()

    assert [row.place for row in scene.chosen] == [pressed]
    assert scene.sees("message 49999")
    assert transcript.is_following


def test_what_is_selected_from_the_end_upwards_goes_as_far_as_the_mouse_is_held(scene: Scene) -> None:
    scene.grow(10_000)
    transcript, text = scene.transcript, scene.transcript.text
    text.event_generate("<Button-1>", x=60, y=30)
    pressed = transcript.row_window.place_at(int(text.index("@60,30").partition(".")[0]))[0]
    first = transcript.row_window.first

    for total in range(10_000, 10_200):
        text.event_generate("<B1-Motion>", x=70, y=2)
        text.yview_scroll(-3, "units")  # as Tk does it while the mouse is above
        scene.grow(total)
    text.event_generate("<ButtonRelease-1>", x=70, y=2)
    scene.root.update()

    places = transcript.selection.places
    assert places is not None
    assert places[0] < first
    assert places[1] - 1 == pressed
    assert not transcript.is_following


@pytest.mark.parametrize("to", ["0.2", "0.8"])
def test_a_click_with_shift_selects_from_the_click_before_however_far_that_is(scene: Scene, to: str) -> None:
    scene.grow(1_000)
    transcript, text = scene.transcript, scene.transcript.text
    transcript.reveal(500)
    scene.root.update()
    text.event_generate("<Button-1>", x=60, y=30)
    text.event_generate("<ButtonRelease-1>", x=60, y=30)
    begun = transcript.selection.chosen
    transcript.drag("moveto", to)
    scene.root.update()
    scene.rest()

    text.event_generate("<Shift-Button-1>", x=90, y=60)
    text.event_generate("<Shift-ButtonRelease-1>", x=90, y=60)
    scene.root.update()

    ended = transcript.row_window.place_at(int(text.index("@90,60").partition(".")[0]))[0]
    assert begun is not None
    assert transcript.selection.places == (min(begun, ended), max(begun, ended) + 1)


def test_end_leaves_the_chosen_row_behind(scene: Scene) -> None:
    scene.grow(1_000)
    scene.transcript.reveal(100)
    scene.root.update()

    scene.transcript.to_end()
    scene.transcript.step(-1)
    scene.root.update()

    assert scene.transcript.selection.chosen == 999


def test_a_chosen_row_that_the_end_left_behind_does_not_draw_the_view_back(scene: Scene) -> None:
    scene.grow(1_000)
    scene.transcript.choose(999)
    for total in range(1_001, 1_001 + int(scene.rows(1.5))):
        scene.grow(total)
    assert 999 in scene.transcript.row_window

    scene.root.geometry(f"{scene.root.winfo_width() - 40}x{scene.root.winfo_height() - 40}")
    scene.root.update()

    assert scene.sees(f"message {total - 1}")


def test_however_often_the_width_changes_the_same_text_of_a_long_message_is_at_the_top(scene: Scene) -> None:
    words = " ".join(str(number) for number in range(1_000, 1_700)).encode()
    scene.journal.make = lambda place: sent(place, words)  # what goes out is broken into lines here
    scene.root.geometry("700x400")
    scene.wait_until(partial(scene.is_wide, 700))
    scene.grow(100)
    scene.transcript.reveal(50)
    scene.transcript.text.yview(f"{scene.transcript.row_window.line_of(50) + 12}.0")
    scene.transcript.scrolled_by_hand()
    scene.root.update()
    top = scene.visible.split("\n")[0]

    for width in (*range(690, 480, -15), *range(480, 710, 10)):
        scene.root.geometry(f"{width}x400")
        scene.wait_until(partial(scene.is_wide, width))
        assert top.split()[0] in scene.visible.split("\n")[0]

    assert scene.visible.split("\n")[0] == top


@pytest.mark.parametrize("clicks", [2, 3])
def test_however_often_the_gap_below_a_message_is_clicked_the_message_is_chosen_and_copied(
    scene: Scene, clicks: int
) -> None:
    scene.grow(1_000)
    transcript, text = scene.transcript, scene.transcript.text
    transcript.reveal(500)
    scene.root.update()
    box = text.bbox(f"{transcript.row_window.shown_at(500)[1] - 1}.0")  # the line that closes its bubble
    assert box is not None
    x, y = box[0] + box[2] + 100, box[1] + box[3] - 1

    for _click in range(clicks):
        text.event_generate("<Button-1>", x=x, y=y)
        text.event_generate("<ButtonRelease-1>", x=x, y=y)
    scene.root.update()
    text.event_generate("<<Copy>>")

    assert not text.tag_ranges("sel")
    assert transcript.selection.chosen == 500
    assert text.clipboard_get() == "message 500"


def test_that_nothing_is_copied_is_said_where_only_what_separates_rows_is_selected(scene: Scene) -> None:
    scene.grow(1_000)
    text, line = scene.transcript.text, scene.transcript.row_window.shown_at(999)[1] - 1
    text.tag_add("sel", f"{line}.0", f"{line + 1}.0")

    text.event_generate("<<Copy>>")

    assert len(scene.refused) == 1


@pytest.mark.parametrize("line", [0, 7])
def test_a_message_that_a_tap_passed_on_stays_at_the_top_whichever_half_of_it_is_shown(scene: Scene, line: int) -> None:
    def half(place: int) -> DisplayRow:  # of a message: as it came, then as it went on
        data = b"".join(b"line %d of %d\n" % (number, place // 2) for number in range(20))
        row = received(place, data, at=place) if place % 2 == 0 else sent(place, data, number=-1, at=place)
        return row._replace(origin=PASSED_ON if place % 2 else None)

    def tap(key: str, ratio: int) -> FakeConversation:
        conversation = FakeConversation(
            lambda place: half(place * ratio + ratio - 1)._replace(place=place), role=Role.TAP, key=key
        )
        conversation.source, conversation.total = "tap", 800 // ratio
        conversation.place_near = lambda spot: spot.ordinal // ratio  # type: ignore[method-assign]
        return conversation

    scene.transcript.show(tap("what went on", 2))
    scene.transcript.reveal(200)
    scene.transcript.text.yview(f"{scene.transcript.row_window.shown_at(200)[0] + line}.0")
    scene.transcript.scrolled_by_hand()
    scene.root.update()
    top = scene.visible.split("\n")[:9]
    assert "of 200" in "".join(top)

    scene.transcript.show(tap("both", 1))
    scene.root.update()

    assert scene.transcript.top_place == 400
    assert scene.visible.split("\n")[3:9] == top[3:9]


def talk(name: str, total: int) -> FakeConversation:
    """Another conversation, whose messages name it."""
    conversation = FakeConversation(lambda place: received(place, f"{name} {place}".encode()), key=name)
    conversation.total = total
    return conversation


def test_a_conversation_that_is_come_back_to_is_where_it_was_left_and_says_what_is_new(scene: Scene) -> None:
    one, other = talk("one", 1_000), talk("other", 500)
    scene.transcript.show(one)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    scene.transcript.text.yview_scroll(5, "pixels")
    scene.transcript.scrolled_by_hand()
    scene.root.update()
    before = scene.transcript._anchor()

    scene.transcript.show(other)
    scene.root.update()
    assert scene.sees("other 499")
    assert scene.transcript.is_following
    one.total, one.version = 1_020, 1
    scene.transcript.show(one)
    scene.root.update()

    assert scene.transcript._anchor() == before
    assert not scene.transcript.is_following
    assert scene.new == 20
    other.total, other.version = 600, 1
    scene.transcript.show(other)
    assert scene.sees("other 599")
    assert scene.transcript.is_following
    assert scene.new == 0


def test_where_a_conversation_was_left_is_waited_for_while_its_rows_are_counted_again(scene: Scene) -> None:
    one = talk("one", 1_000)
    scene.transcript.show(one)
    scene.transcript.drag("moveto", "0.5")
    scene.root.update()
    before = scene.transcript._anchor()
    anew = talk("one", 100)
    anew.is_counting = True
    for name in ("other", "third"):  # it is not yet counted far enough, and left once more
        scene.transcript.show(talk(name, 500))
        scene.transcript.show(anew)
        scene.root.update()

    anew.total, anew.version = 700, 1
    scene.transcript.show(anew)
    anew.total, anew.version, anew.is_counting = 1_003, 2, False
    scene.transcript.show(anew)
    scene.root.update()

    assert scene.transcript._anchor() == before
    assert scene.new == 3


def test_who_holds_the_mouse_down_at_the_end_comes_back_to_the_end(scene: Scene) -> None:
    one = talk("one", 1_000)
    scene.transcript.show(one)
    scene.root.update()
    scene.transcript.text.event_generate("<Button-1>", x=60, y=30)
    assert scene.transcript.is_following

    scene.transcript.show(talk("other", 500))
    scene.transcript.text.event_generate("<ButtonRelease-1>", x=60, y=30)
    scene.root.update()
    one.total, one.version = 1_020, 1
    scene.transcript.show(one)

    assert scene.sees("one 1019")


@pytest.mark.parametrize(
    ("data", "style", "encoding"),
    [
        (b"a line with its end\r\n", RowStyle(), "utf-8"),
        (b"line\n" * 3, RowStyle(), "utf-8"),
        ("a line with its end\n".encode("utf-16-le"), RowStyle(), "utf-16-le"),
        (b"", RowStyle(), "utf-8"),
        (bytes(range(32)), RowStyle(as_hex=True), "utf-8"),
        (b"", RowStyle(as_hex=True), "utf-8"),
    ],
)
def test_a_flood_fills_the_view_whatever_its_messages_end_with(
    scene: Scene, data: bytes, style: RowStyle, encoding: str
) -> None:
    scene.root.geometry("1500x600")
    scene.wait_until(lambda: scene.transcript.winfo_height() == 600)
    scene.journal.make = lambda place: received(place, data, at=0)  # with one header above all of them
    scene.transcript.show_style(style)
    scene.transcript.show_as(decoding(encoding))

    for total in (10, 1_000, MILLION):
        scene.grow(total)

    assert scene.is_filled


TALL = [f"line {number}" for number in range(400)]  # of one message: more bytes than are shown in a long drag


def tall(scene: Scene) -> None:
    """A conversation of messages that are far higher than the view."""
    scene.journal.make = lambda place: received(place, "\n".join(TALL).encode(), at=0)
    scene.grow(1_000)


def test_of_a_message_that_is_higher_than_the_view_a_long_drag_sets_some_lines_and_a_rest_all(scene: Scene) -> None:
    tall(scene)
    for place in (100, 300, 500):
        scene.transcript.drag("moveto", str(place / 1_000))
        scene.root.update()
        assert scene.is_filled
        assert scene.transcript.top_place == place
        assert TALL[0] in scene.text
        assert TALL[-1] not in scene.text
    seen = scene.visible

    scene.rest()

    assert TALL[-1] in scene.text
    assert scene.visible == seen


def test_in_a_long_drag_through_high_messages_the_line_at_the_top_is_kept_when_it_rests(scene: Scene) -> None:
    tall(scene)
    scene.transcript.drag("moveto", "0.1")
    scene.transcript.drag("moveto", "0.5003")
    scene.root.update()
    top = scene.visible.split("\n")[0]
    assert top.startswith("line ")

    scene.rest()

    assert scene.visible.split("\n")[0] == top


def test_bytes_that_a_long_drag_does_not_show_are_revealed_right_behind_it(scene: Scene) -> None:
    tall(scene)
    scene.transcript.drag("moveto", "0.1")
    scene.transcript.drag("moveto", "0.5")
    behind = "\n".join(TALL[:300])

    scene.transcript.reveal_bytes(500, len(behind) + 1, len(behind) + 1 + len(TALL[300]))
    scene.root.update()

    assert scene.marked == TALL[300]
    assert scene.sees(f"{TALL[300]}\\n")


class CountedTk:
    """The interpreter of a widget, and how often something is called in it: each time other threads take their turn."""

    def __init__(self, tk: object) -> None:
        self.calls = 0
        self._tk = tk

    def __getattr__(self, name: str) -> object:
        return getattr(self._tk, name)

    def call(self, *words: object) -> object:
        self.calls += 1
        return self._tk.call(*words)  # type: ignore[attr-defined]


def test_a_frame_of_a_flood_is_few_calls_into_tk_however_many_rows_it_has(scene: Scene) -> None:
    scene.grow(10)
    scene.grow(MILLION)
    text = scene.transcript.text
    text.tk = counted = CountedTk(text.tk)  # type: ignore[assignment]

    scene.journal.total = 2 * MILLION
    scene.journal.version += 1
    scene.transcript.show(scene.journal)
    of_the_flood, counted.calls = counted.calls, 0
    scene.transcript.drag("moveto", "0.5")

    assert scene.sees(f"message {MILLION}")
    assert of_the_flood < 10
    assert counted.calls < 12
