"""The windows that ask how something is played: one side of a recorded conversation, and a list of steps."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from gui.theme.theme import Theme
from gui.viewmodels.replaying import ReplayRequest
from gui.widgets.controls import Choice, Option, Options
from gui.widgets.fields import LineField
from gui.widgets.small_window import TaskDialog

_WIDTH = 34  # characters
_SIDES = (
    Option(False, "The client", "Says to a server what the client said."),
    Option(True, "The server", "A mock: answers whoever connects as the server did."),
)
_PACES = (
    Option(False, "As fast as answers come", ""),
    Option(True, "In the recorded pace", "Takes as long to say something as it took then."),
)


class _PlayDialog(TaskDialog):
    """What both have in common: an address, and what may be wrong with it."""

    def __init__(self, parent: tk.Misc, theme: Theme, *, title: str) -> None:
        super().__init__(parent, theme, title=title, words="Start", on_begin=self.begin)
        self.address = LineField(self.body, theme, self._edited, width=_WIDTH)

    def begin(self) -> None:
        """Start, if nothing is wrong; else say what is."""
        raise NotImplementedError

    def refuse(self, why: str) -> None:
        """Say why it cannot be, and let it be tried again."""
        self.complain(self.address, why)
        self.begin_button.state(["!disabled"])
        self.address.refuse()
        self.address.focus_all()

    def _edited(self, _text: str) -> None:
        self.complain(self.address, "")
        self.address.accept()
        self.begin_button.state(["!disabled"])


class ReplayDialog(_PlayDialog):
    """``on_start`` gets what a person asked for; the window stays until it is closed by whoever gets that.

    ``places`` are the addresses that are suggested for the client's side and for the server's. ``connections`` are
    numbers with their words, nothing where there is only one.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        what: str,
        places: tuple[str, str],
        connections: Sequence[tuple[int, str]],
        framings: Sequence[tuple[str, str]],
        framing: str,
        on_start: Callable[[ReplayRequest], None],
    ) -> None:
        super().__init__(parent, theme, title="Replay")
        self._places, self._on_start = places, on_start
        body = self.body
        about = ttk.Label(body, text=self.safety.field(what), style="Window.TLabel")
        self.side: Options[bool] = Options(body, theme, self._side_chosen)
        self.connection: Choice[int] = Choice(body, lambda _number: None, width=_WIDTH - 4)
        self.framing: Choice[str] = Choice(body, lambda _framing: None, width=_WIDTH - 4)
        self.pace: Options[bool] = Options(body, theme, lambda _pace: None)
        for heading, part in (
            ("Replay", about), ("Play", self.side), ("Address", self.address), ("Connection", self.connection),
            ("Answers", self.framing), ("Pace", self.pace),
        ):  # fmt: skip
            self.section(heading, part)
        self.side.offer(_SIDES, False)
        self.pace.offer(_PACES, False)
        self.framing.offer(list(framings), framing)
        self.connection.offer([(number, self.safety.field(words)) for number, words in connections], 0)
        self.display(self.connection, len(connections) > 1)
        self.address.hint("HOST:PORT")
        self.address.put(places[0])

    def begin(self) -> None:
        """Have the controller read the recording and start."""
        self.begin_button.state(["disabled"])
        chosen = self.connection.key if self.connection.words else None
        self._on_start(ReplayRequest(self.side.key, self.address.text.strip(), chosen, self.framing.key, self.pace.key))

    def _side_chosen(self, serves: bool) -> None:
        if self.address.text in self._places:
            self.address.put(self._places[serves])
        self._edited("")


class StepsDialog(_PlayDialog):
    """``on_start`` gets whether the steps go over the connection on view, and else the address as it was typed.

    ``on_view`` is what that connection is called, empty if there is none.
    """

    def __init__(
        self,
        parent: tk.Misc,
        theme: Theme,
        *,
        what: str,
        about: str,
        on_view: str,
        address: str,
        on_start: Callable[[bool, str], None],
    ) -> None:
        super().__init__(parent, theme, title="Play steps")
        self._on_start = on_start
        body = self.body
        steps = ttk.Label(body, text=self.safety.field(what), style="Window.TLabel")
        note = ttk.Label(body, text=self.safety.field(about, 300), style="Window.Muted.TLabel")
        self.over: Options[bool] = Options(body, theme, self._over_chosen)
        for heading, part in (("Steps", steps), ("", note), ("Over", self.over), ("Address", self.address)):
            self.section(heading, part)
        self.display(note, bool(about))
        self.over.offer(
            (
                Option(False, "A connection of its own", "Connects, plays the steps, and stays connected."),
                Option(True, "The connection on view", self.safety.field(on_view or "None is on view."), bool(on_view)),
            ),
            bool(on_view) and not address,
        )
        self.address.hint("HOST:PORT")
        self.address.put(address)
        self._over_chosen(self.over.key)

    def begin(self) -> None:
        """Have the controller start."""
        self.begin_button.state(["disabled"])
        self._on_start(self.over.key, self.address.text.strip())

    def _over_chosen(self, is_on_view: bool) -> None:
        self.display(self.address, not is_on_view)
        self._edited("")
