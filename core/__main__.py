"""``python -m core serve``, ``connect``, ``tap``, ``export``, ``find``, ``test``, ``replay``, ``load``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from core import __version__
from core.cli.common import INTERRUPTED, leave_errors, leave_output, tell_as_is, writing_output
from core.command import look_for_garbage_seldom, open_closed_streams, program_name, use_utf_8_in_pipes
from core.errors import TincanError

if TYPE_CHECKING:
    from core.cli.export import ExportOptions
    from core.cli.find import FindOptions
    from core.cli.load import LoadOptions
    from core.cli.options import Options
    from core.cli.replay import ReplayOptions
    from core.cli.test import PlayOptions

    AnyOptions: TypeAlias = Options | ExportOptions | FindOptions | PlayOptions | ReplayOptions | LoadOptions

_COMMANDS = {
    "serve": "listen, show what clients say, and answer",
    "connect": "connect, send the lines of standard input, show the answers",
    "tap": "stand between two programs, show what each says to the other",
    "export": "write what was recorded: text, CSV, JSON Lines, bytes, a page, a capture, programs, steps, a drawing",
    "find": "show where a journal has a text, bytes or a pattern",
    "test": "play lists of steps against a server, and say whether it answers as wished",
    "replay": "have one side of a recorded conversation again",
    "load": "play steps by many clients at a rate, and measure the answers",
}


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line and leaves with exit code 2."""

    def error(self, message: str) -> NoReturn:
        tell_as_is(f"{self.prog}: {message}")
        sys.exit(2)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Leave once the help or the version is written. Raises ``OutputError`` if it cannot be."""
        with writing_output():
            pass  # it has been printed
        super().exit(status, message)


def parse(arguments: Sequence[str]) -> AnyOptions:
    """Read the command line. Raises ``SystemExit`` with code 2 after one line on standard error."""
    chosen = _chosen(arguments)
    options: AnyOptions = chosen.options(chosen)
    return options


def _chosen(arguments: Sequence[str]) -> argparse.Namespace:
    """What the command line says: ``options`` makes the command's options of it, with which ``run`` runs it."""
    parser = _Parser(prog=program_name(), description="Talk TCP and UDP in a terminal, from either end.")
    parser.add_argument("--version", action="version", version=f"Tincan {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    for name, words in _COMMANDS.items():
        command = commands.add_parser(name, help=words)
        if name in arguments:
            add, run = _imported(name)
            add(command)
            command.set_defaults(run=run)
    chosen = parser.parse_args(arguments)
    from core.cli.arguments import refuse_to_overwrite  # which the command has imported

    refuse_to_overwrite(commands.choices[chosen.command], chosen)
    return chosen


def _imported(name: str) -> tuple[Callable[[argparse.ArgumentParser], None], Callable[[Any], int]]:
    """What says what a command takes, and what runs it. To import those of all commands would double a start."""
    match name:
        case "export":
            from core.cli.export import add_export, run_export

            return add_export, run_export
        case "find":
            from core.cli.find import add_find, run_find

            return add_find, run_find
        case "test":
            from core.cli.test import add_test, run_test

            return add_test, run_test
        case "replay":
            from core.cli.replay import add_replay, run_replay

            return add_replay, run_replay
        case "load":
            from core.cli.load import add_load, run_load

            return add_load, run_load
        case _:
            from core.cli.options import add_connect, add_serve, add_tap
            from core.cli.terminal import run

            return {"serve": add_serve, "connect": add_connect}.get(name, add_tap), run


def main() -> int:
    """Run the program that the command line asks for; the exit code: 0, 1 (it failed), 2 (bad input) or its own.

    Once it is done, Ctrl-C ends the process without a traceback, whatever Python still waits for.
    """
    open_closed_streams()
    use_utf_8_in_pipes()
    look_for_garbage_seldom()
    try:
        chosen = _chosen(sys.argv[1:])
        code: int = chosen.run(chosen.options(chosen))
        if code == INTERRUPTED:
            leave_output()
        return code
    except TincanError as error:
        tell_as_is(str(error))
        return 1
    except KeyboardInterrupt:  # before the program had begun, or when it was over
        return INTERRUPTED
    finally:
        leave_errors()
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
