"""``python -m core serve``, ``connect``, ``tap``, ``export``, ``find``, ``test``, ``replay``, ``load``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn, TypeAlias

from core import __version__
from core.cli.common import INTERRUPTED
from core.cli.export import ExportOptions, add_export, run_export
from core.cli.find import FindOptions, add_find, run_find
from core.cli.load import LoadOptions, add_load, run_load
from core.cli.options import Options, add_connect, add_serve, add_tap
from core.cli.replay import ReplayOptions, add_replay, run_replay
from core.cli.terminal import run
from core.cli.test import PlayOptions, add_test, run_test
from core.command import program_name, use_utf_8_in_pipes
from core.errors import TincanError

AnyOptions: TypeAlias = Options | ExportOptions | FindOptions | PlayOptions | ReplayOptions | LoadOptions


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line and leaves with exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def parse(arguments: Sequence[str]) -> AnyOptions:
    """Read the command line. Raises ``SystemExit`` with code 2 after one line on standard error."""
    parser = _Parser(prog=program_name(), description="Talk TCP and UDP in a terminal, from either end.")
    parser.add_argument("--version", action="version", version=f"Tincan {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    add_serve(commands.add_parser("serve", help="listen, show what clients say, and answer"))
    add_connect(commands.add_parser("connect", help="connect, send the lines of standard input, show the answers"))
    add_tap(commands.add_parser("tap", help="stand between two programs, show what each says to the other"))
    add_export(commands.add_parser("export", help="write what was recorded as text, CSV, JSON Lines or raw bytes"))
    add_find(commands.add_parser("find", help="show where a journal has a text, bytes or a pattern"))
    add_test(
        commands.add_parser("test", help="play lists of steps against a server, and say whether it answers as wished")
    )
    add_replay(commands.add_parser("replay", help="have one side of a recorded conversation again"))
    add_load(commands.add_parser("load", help="play steps by many clients at a rate, and measure the answers"))
    chosen = parser.parse_args(arguments)
    options: AnyOptions = chosen.options(chosen)
    return options


def main() -> int:
    """Run the program that the command line asks for; the exit code: 0, 1 (it failed), 2 (bad input) or its own.

    Once it is done, Ctrl-C ends the process without a traceback, whatever Python still waits for.
    """
    use_utf_8_in_pipes()
    try:
        return _run(parse(sys.argv[1:]))
    except TincanError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before the program had begun, or when it was over
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _run(options: AnyOptions) -> int:
    if isinstance(options, FindOptions):
        return run_find(options)
    if isinstance(options, PlayOptions):
        return run_test(options)
    if isinstance(options, ReplayOptions):
        return run_replay(options)
    if isinstance(options, LoadOptions):
        return run_load(options)
    return run_export(options) if isinstance(options, ExportOptions) else run(options)


if __name__ == "__main__":
    sys.exit(main())
