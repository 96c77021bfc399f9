"""``python -m core serve``, ``connect``, ``export``, ``find``: Tincan in a terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from core import __version__
from core.address import Address, parse_address
from core.cli.common import add_frame
from core.cli.export import ExportOptions, add_export, run_export
from core.cli.find import FindOptions, add_find, run_find
from core.cli.terminal import Options, run
from core.command import program_name
from core.errors import TincanError
from core.replies import all_replies
from core.roles import Role


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line and leaves with exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def parse(arguments: Sequence[str]) -> Options | ExportOptions | FindOptions:
    """Read the command line. Raises ``SystemExit`` with code 2 after one line on standard error."""
    parser = _Parser(prog=program_name(), description="Talk TCP in a terminal, from either end.")
    parser.add_argument("--version", action="version", version=f"Tincan {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    _add_serve(commands.add_parser("serve", help="listen, show what clients say, and answer"))
    _add_connect(commands.add_parser("connect", help="connect, send the lines of standard input, show the answers"))
    add_export(commands.add_parser("export", help="write what was recorded as text, CSV, JSON Lines or raw bytes"))
    add_find(commands.add_parser("find", help="show where a journal has a text, bytes or a pattern"))
    chosen = parser.parse_args(arguments)
    options: Options | ExportOptions | FindOptions = chosen.options(chosen)
    return options


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="[HOST:]PORT", type=_server_address)
    names = [reply.name for reply in all_replies()]
    parser.add_argument("--reply", choices=names, default="letter", help="what to answer (default: letter)")
    parser.add_argument("--http", action="store_true", help="answer HTTP requests too, which web pages can send here")
    parser.add_argument("--once", action="store_true", help="end when the first connection is over")
    _add_common(parser)
    parser.set_defaults(
        options=lambda c: Options(Role.SERVER, c.target, c.framing, c.reply, c.once, c.journal, c.http),
    )


def _add_connect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="HOST:PORT", type=_client_address)
    _add_common(parser)
    parser.set_defaults(options=lambda c: Options(Role.CLIENT, c.target, c.framing, journal=c.journal))


def _add_common(parser: argparse.ArgumentParser) -> None:
    add_frame(parser)
    parser.add_argument("--journal", type=Path, metavar="FILE", help="record everything in this new SQLite file")


def _server_address(text: str) -> Address:
    return _address(text, for_server=True)


def _client_address(text: str) -> Address:
    return _address(text, for_server=False)


def _address(text: str, *, for_server: bool) -> Address:
    try:
        return parse_address(text, for_server=for_server)
    except TincanError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main() -> int:
    """Run the program that the command line asks for; the exit code: 0, 1 (it failed) or 2 (bad input)."""
    try:
        options = parse(sys.argv[1:])
        if isinstance(options, FindOptions):
            return run_find(options)
        return run_export(options) if isinstance(options, ExportOptions) else run(options)
    except TincanError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
