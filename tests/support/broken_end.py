"""The program, talking to itself and then asked to end, with steps of its end that fail or hang.

``python -m tests.support.broken_end FOLDER KIND STEP...``: ``KIND`` is a place in ``KINDS``, or ``hang``. Says
``leaving`` on standard output the moment that it is asked to end.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

from gui.app import App, Options, run
from tests.support.injection import KINDS, Breaker


def hang() -> BaseException:
    threading.Event().wait()
    return AssertionError("it goes on")


class ForGood:
    """Replaces attributes for the rest of the program. Importing pytest would take longer than the test does."""

    def setattr(self, target: object, name: str, value: object) -> None:
        setattr(target, name, value)


def main(folder: str, kind: str, *steps: str) -> int:
    error: Callable[[], BaseException] = hang if kind == "hang" else KINDS[int(kind)]
    patch = ForGood()
    breaker = Breaker(patch)
    if steps == ("watch over the end",):
        breaker.worker(*steps, error)
    else:
        breaker.steps(dict.fromkeys(steps, error), instead=True)
    painted = App._painted

    def painted_and_talking(app: App) -> None:
        painted(app)
        app.window.address.fill("127.0.0.1", "0")
        app.main_controller.endpoints.serve()
        talk(app)

    patch.setattr(App, "_painted", painted_and_talking)
    code = run(Options(folder=Path(folder)))
    assert breaker.broken == [*steps]
    return code


def talk(app: App, has_called: bool = False) -> None:
    """Connect once the server listens, and leave once both ends are connected."""
    states = app.main_controller.sessions.values()
    if [len(state.connections) for state in states] == [1, 1]:
        print("leaving", flush=True)
        app.leave()
        return
    listening = [state for state in states if state.addresses]
    if listening and not has_called:
        app.window.address.fill("127.0.0.1", str(listening[0].addresses[0].port))
        app.main_controller.endpoints.connect()
    app.root.after(20, talk, app, bool(listening))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
