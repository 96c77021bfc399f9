"""``python -m gui``: reads the command line and opens the window."""

from __future__ import annotations

import argparse
import gc
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

from core import __version__
from core.address import Target, parse_target, without_udp
from core.command import use_utf_8_in_pipes
from core.errors import AddressError, reason
from core.files import require_possible

BAD_ARGUMENT = 2  # exit code; also where there is no display
_LDD = 5.0  # seconds that it may take to name what is missing


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line instead of the whole usage."""
        _complain(message)
        sys.exit(BAD_ARGUMENT)


def main(arguments: Sequence[str] | None = None, *, epilog: str = "") -> int:
    """Run the program; the answer is its exit code. ``epilog`` is what its ``--help`` says at the end."""
    use_utf_8_in_pipes()
    found = _parser(epilog).parse_args(arguments)
    if found.version:
        _say(f"Tincan {__version__}")
        return 0
    try:
        import tkinter
    except ImportError as error:
        _complain(_why_no_tkinter(error))
        return BAD_ARGUMENT
    try:
        return _open(found)
    except tkinter.TclError as error:
        if "display" not in str(error):
            raise
        _complain(f"no window can be opened here: {error}")
        return BAD_ARGUMENT


def _open(found: argparse.Namespace) -> int:
    if found.self_test is not False:
        from gui.self_test import run as run_self_test

        return run_self_test(found.self_test)
    gc.disable()  # what is imported stays, and was looked through 80 times; the window collects by itself
    try:
        from gui.app import Options, run

        (serve, serve_udp), (connect, connect_udp) = found.serve or _NOTHING, found.connect or _NOTHING
        return run(Options(serve, connect, found.config, found.open or found.file, serve_udp, connect_udp))
    finally:
        gc.enable()


def _why_no_tkinter(error: ImportError) -> str:
    """Say whether Python has no tkinter, or has it and something that it is made with is missing."""
    if isinstance(error, ModuleNotFoundError):
        return "this Python has no tkinter; install it (on Debian and Ubuntu: apt install python3-tk)"
    library = re.match(r"(lib\S+): cannot open shared object file", str(error))
    if library is None:
        return f"the window's toolkit (tkinter, Tk) cannot be loaded: {error}"
    missing = _missing_libraries(library[1])
    packages = " ".join(dict.fromkeys(map(_package_of, missing)))
    how = f"install {'it' if len(missing) == 1 else 'them'} (on Debian and Ubuntu: apt install {packages})"
    return f"no window can be opened here: the system has no {', no '.join(missing)}; {how}"


def _missing_libraries(first: str) -> list[str]:
    """All that Tk is made with and that is missing, where there is an ldd to say so; else what the loader met first."""
    import subprocess
    from importlib.util import find_spec

    module = find_spec("_tkinter")
    try:
        asked = ["ldd", str(module.origin if module is not None else "")]
        told = subprocess.run(asked, capture_output=True, text=True, timeout=_LDD, check=False).stdout
    except (OSError, ValueError, subprocess.SubprocessError):
        told = ""
    found = dict.fromkeys(re.findall(r"^\s*(lib\S+) => not found", told, re.MULTILINE))
    return list(found) if first in found else [first]


def _package_of(library: str) -> str:
    """Debian's package is called after the library and its version: libX11.so.6 is in libx11-6."""
    name, _, version = library.lower().partition(".so")
    version = version.removeprefix(".")
    return f"{name}-{version}" if name[-1].isdigit() and version else f"{name}{version}"


def _parser(epilog: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="tincan",
        description="Talk TCP from either end, in a window.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--serve", type=_server, metavar="[HOST:]PORT", help="start a server; tls:// before it: with TLS"
    )
    parser.add_argument(
        "--connect", type=_peer, metavar="HOST:PORT", help="connect to a server; tls:// before it: with TLS"
    )
    journal = parser.add_mutually_exclusive_group()
    journal.add_argument("--open", type=_journal, metavar="FILE", help="show an old journal")
    journal.add_argument("file", nargs="?", type=_journal, metavar="FILE", help="the same, as a double click does it")
    parser.add_argument("--config", type=_folder, metavar="DIR", help="keep settings and journals in this folder")
    parser.add_argument("--version", action="store_true", help="say which version this is")
    parser.add_argument(
        "--self-test", nargs="?", type=Path, const=None, default=False, metavar="REPORT",
        help="talk to itself through the real window, write a report and exit with 0 or 1",
    )  # fmt: skip
    return parser


Asked: TypeAlias = tuple[Target | None, bool]
_NOTHING: Asked = (None, False)


def _server(text: str) -> Asked:
    return _address(text, for_server=True)


def _peer(text: str) -> Asked:
    return _address(text, for_server=False)


def _address(text: str, *, for_server: bool) -> Asked:
    """The address, and whether udp:// stands before it."""
    text, is_udp = without_udp(text)
    try:
        return parse_target(text, for_server=for_server), is_udp
    except AddressError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _folder(text: str) -> Path:
    folder = _path(text)
    if not text or "\0" in text or (folder.exists() and not folder.is_dir()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a folder")
    return folder


def _path(text: str) -> Path:
    try:
        path = Path(text).expanduser().absolute()
        if "\0" not in text:
            require_possible(path)
    except (RuntimeError, OSError) as error:  # nobody's home, or a working folder that is gone
        why = reason(error) if isinstance(error, OSError) else error
        raise argparse.ArgumentTypeError(f"{text!r} is not to be found: {why}") from None
    return path


def _journal(text: str) -> Path:
    path = _path(text)
    if not text or "\0" in text or not path.is_file():
        raise argparse.ArgumentTypeError(f"{text!r} is not a file")
    return path


def _say(line: str) -> None:
    if sys.stdout is not None:  # a windowed program on Windows has none
        print(line)


def _complain(line: str) -> None:
    if sys.stderr is not None:
        print(f"tincan: {' '.join(line.split())}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
