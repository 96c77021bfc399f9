"""The ruler with a real widget: stepping, choosing, zooming, by keys and by mouse."""

from __future__ import annotations

import tkinter as tk
from array import array

import pytest

from gui.theme.palettes import PALETTES, contrast
from gui.theme.theme import Theme
from gui.viewmodels.ruler import MESSAGE, RECV, SEND, ChosenPiece, Lane, Ruled
from gui.views.inspector.ruler import Ruler
from tests.gui.conftest import WaitUntil

MS = 1_000_000


def lane(kind: str, *edges: int, who: str = "", at: tuple[int, ...] = ()) -> Lane:
    return Lane(kind, who, array("q", edges[:-1]), edges[-1], tuple(ms * MS for ms in at))


CUT = Ruled(
    0,
    1_500,
    (
        lane(SEND, 0, 1_500, 1_600, who="client", at=(1, 9)),
        lane(RECV, 0, 512, 1_024, 1_600, who="server", at=(1, 2, 10)),
        lane(MESSAGE, 0, 1_500, 1_600),
    ),
)
MILLION = Ruled(
    0,
    100_000_000,
    (
        Lane(SEND, "client", array("q", range(0, 100_000_000, 400)), 100_000_000),
        Lane(RECV, "server", array("q", range(0, 100_000_000, 100)), 100_000_000),
        lane(MESSAGE, 0, 100_000_000),
    ),
)


class Scene:
    """A ruler on the screen that has the keyboard."""

    def __init__(self, root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> None:
        self.root = root
        self.asked: list[tuple[int, int] | None] = []
        self.escaped = 0
        self.ruler = Ruler(root, theme, on_choose=self.asked.append)
        self.ruler.pack(fill="x")
        wait_until(lambda: bool(root.winfo_viewable()))
        self.ruler.canvas.focus_force()
        wait_until(lambda: root.focus_get() is self.ruler.canvas)

    def show(self, ruled: Ruled | None, *, keep: bool = False) -> None:
        self.ruler.show(ruled, keep=keep)
        self.root.update()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.ruler.canvas.event_generate(key)
        self.root.update()

    def place_of(self, words: str) -> tuple[int, int]:
        """Where these words stand."""
        canvas = self.ruler.canvas
        (item,) = (item for item in self.texts if self.option(item, "text") == words)
        x, y = canvas.coords(item)
        return round(x), round(y)

    def click(self, words: str) -> None:
        x, y = self.place_of(words)
        self.ruler.canvas.event_generate("<Button-1>", x=x, y=y)
        self.root.update()

    @property
    def words(self) -> list[str]:
        """All that is written on the ruler."""
        return [self.option(item, "text") for item in self.texts]

    @property
    def texts(self) -> list[int]:
        """The canvas's items that are words."""
        return [item for item in self.ruler.canvas.find_all() if self.kind(item) == "text"]

    def kind(self, item: int) -> str:
        return str(self.ruler.canvas.type(item))

    def option(self, item: int, name: str) -> str:
        canvas = self.ruler.canvas
        return str(canvas.tk.call(str(canvas), "itemcget", item, f"-{name}"))


@pytest.fixture
def scene(root: tk.Tk, theme: Theme, wait_until: WaitUntil) -> Scene:
    return Scene(root, theme, wait_until)


def test_the_lanes_are_named_and_the_verdict_is_said(scene: Scene) -> None:
    scene.show(CUT)

    assert {"client send", "server recv", "message"} <= set(scene.words)
    assert scene.ruler.said.startswith("One send arrived in 3 recv calls: TCP cut it.")
    assert any(words.endswith("512 bytes") for words in scene.words)


def test_a_lane_without_pieces_says_why(scene: Scene) -> None:
    scene.show(Ruled(0, 5, (Lane(SEND, absence="the other end is not in this journal"), *CUT.lanes[1:])))

    assert "the other end is not in this journal" in scene.words


def test_right_and_left_go_from_boundary_to_boundary_and_tell_each(scene: Scene) -> None:
    scene.show(CUT)

    scene.press("<Right>", "<Down>", "<Right>")

    assert scene.ruler.said.startswith("Recv 2 of 3: bytes 512–1,023, 1.0 ms after recv 1")
    assert scene.asked[-1] == (512, 1_024)

    scene.press("<Left>", "<Left>", "<Left>")

    assert scene.ruler.said.startswith("Recv 1 of 3")


def test_what_a_piece_has_of_other_messages_is_not_asked_for(scene: Scene) -> None:
    scene.show(CUT)

    scene.press("<Down>", "<End>")
    assert scene.asked[-1] == (1_024, 1_500)

    scene.press("<Up>", "<End>", "<Right>")
    assert scene.ruler.said.startswith("Send after this message: 100 bytes")
    assert scene.asked[-1] is None


def test_the_first_step_begins_where_the_cursor_is(scene: Scene) -> None:
    scene.show(CUT)
    scene.ruler.point(600)

    scene.press("<Down>")

    assert scene.ruler.chosen == ChosenPiece(1, 1)


def test_escape_gives_the_choice_up_and_only_then_is_somebody_elses(scene: Scene) -> None:
    scene.show(CUT)
    scene.root.bind("<Escape>", lambda _event: setattr(scene, "escaped", scene.escaped + 1))
    scene.press("<Right>")

    scene.press("<Escape>")
    assert (scene.ruler.chosen, scene.asked[-1], scene.escaped) == (None, None, 0)

    scene.press("<Escape>")
    assert scene.escaped == 1


def test_a_click_chooses_the_piece_under_it(scene: Scene) -> None:
    scene.show(CUT)

    scene.click("2 of 3  ·  512 bytes")

    assert scene.ruler.chosen == ChosenPiece(1, 1)


def test_plus_sees_fewer_bytes_and_0_the_whole_message_again(scene: Scene) -> None:
    scene.show(CUT)
    whole = scene.words

    scene.press("<plus>", "<plus>", "<plus>", "<plus>")
    assert scene.words != whole

    scene.press("<Key-0>")
    assert scene.words == whole


@pytest.mark.case("C-99")
def test_the_wheel_scrolls_and_with_control_it_zooms_where_the_mouse_is(scene: Scene) -> None:
    scene.show(CUT)
    x, y = scene.place_of("2 of 3  ·  512 bytes")
    whole = scene.words

    scene.ruler.canvas.event_generate("<Button-4>", x=x, y=y)
    scene.root.update()
    assert scene.words == whole

    for _ in range(6):
        scene.ruler.canvas.event_generate("<Control-Button-4>", x=x, y=y)
    scene.root.update()
    assert "2 of 3  ·  512 bytes" in scene.words
    assert "1 of 3  ·  512 bytes" not in scene.words

    for _ in range(40):
        scene.ruler.canvas.event_generate("<Button-4>", x=x, y=y)
    scene.root.update()
    assert "1 of 3  ·  512 bytes" in scene.words


def test_a_million_calls_are_a_few_things_to_draw_and_each_can_be_stepped_to(scene: Scene) -> None:
    scene.show(MILLION)
    assert "1,000,000 recv calls" in scene.words
    assert len(scene.ruler.canvas.find_all()) < 40

    scene.press("<Down>", "<End>")

    assert scene.ruler.said.startswith("Recv 1,000,000 of 1,000,000: bytes 99,999,900–99,999,999")
    assert "100" in " ".join(scene.words)
    assert len(scene.ruler.canvas.find_all()) < 150


def test_a_message_that_has_grown_keeps_the_place_and_the_choice(scene: Scene) -> None:
    scene.show(CUT)
    scene.press("<Down>", "<Right>", "<plus>")
    before = scene.ruler.chosen

    grown = Ruled(0, 1_600, CUT.lanes)
    scene.show(grown, keep=True)

    assert scene.ruler.chosen == before
    scene.show(CUT)
    assert scene.ruler.chosen is None


def test_nothing_is_drawn_of_nothing(scene: Scene) -> None:
    scene.show(CUT)
    scene.show(None)

    assert (scene.words, scene.ruler.said) == ([], "")


@pytest.mark.parametrize("name", list(PALETTES))
def test_the_words_can_be_read_in_every_look(scene: Scene, theme: Theme, name: str) -> None:
    theme.choose(name)
    scene.show(CUT)
    canvas = scene.ruler.canvas

    for item in scene.texts:
        x, y = canvas.coords(item)
        below = [each for each in canvas.find_overlapping(x, y, x, y) if scene.kind(each) == "rectangle"]
        fills = [fill for each in below if each < item and (fill := scene.option(each, "fill"))]
        ground = fills[-1] if fills else str(canvas.cget("background"))
        assert contrast(scene.option(item, "fill"), ground) >= 4.5


def test_the_ruler_has_a_ring_and_its_turn_with_tab(scene: Scene, theme: Theme) -> None:
    canvas = scene.ruler.canvas

    assert str(canvas.cget("takefocus")) == "1"
    assert (str(canvas.cget("highlightcolor")), int(str(canvas.cget("highlightthickness")))) == (theme.palette.focus, 2)
