"""What several of the terminal commands take: how messages end, text on the wire, faults, UDP, a proxy."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from core.address import Address, Destination
from core.cli.common import ask_password, is_terminal
from core.compose.encoding import Encoding, find_encoding
from core.errors import AddressError, TincanError, quoted
from core.journal.recording.files import BESIDE
from core.local_address import has_file
from core.net.socket_options import (
    AS_USUAL,
    HIGHEST_TTL,
    LARGEST_DATAGRAM,
    USUAL_DATAGRAM,
    SocketOptionError,
    SocketOptions,
    check_group,
)
from core.origin import KINDS, Origin, read_origin
from core.proxy import Proxy, make_proxy, parse_proxy
from core.wire.faults import PRESETS, BothWays, check_faults, parse_faults
from core.wire.framing import parse_framing
from core.words import decimal

PASSWORD = "TINCAN_PROXY_PASSWORD"  # noqa: S105 - the variable's name; on the command line others could read it

_NUMBER = re.compile("-?[0-9]{1,9}", re.ASCII)  # SQLite would refuse one of 20 digits
_LONGEST_WAIT = 86_400.0  # seconds
_Found = TypeVar("_Found")
_WRITTEN = {"output": "--output", "junit": "--junit", "locust": "--locust", "key_log": "--key-log"}  # and the journal


def argument(parse: Callable[[str], _Found]) -> Callable[[str], _Found]:
    """``parse`` for argparse, which shows what is wrong with an argument if the error is one of its own."""

    def parsed(text: str) -> _Found:
        try:
            return parse(text)
        except TincanError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed


def seconds(text: str) -> float:
    """A time to wait, for argparse."""
    found = decimal(text)
    if not 0 <= found <= _LONGEST_WAIT:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no time to wait: use seconds from 0 to 86400 (a day)")
    return found


def number_of(what: str) -> Callable[[str], int]:
    """A reader of the number of a session or connection, for argparse."""

    def parsed(text: str) -> int:
        if not _NUMBER.fullmatch(text):
            raise argparse.ArgumentTypeError(f"{quoted(text)} is no number of a {what}")
        return int(text)

    return parsed


def add_frame(parser: argparse.ArgumentParser) -> None:
    """Take ``--frame``: a framing's written form, ``raw`` if there is none."""
    parser.add_argument(
        "--frame",
        dest="framing",
        type=argument(lambda text: str(parse_framing(text))),
        default="raw",
        metavar="FRAMING",
        help="what is one message: raw (default), line, delimiter:0d0a (hex), between:0b,1c0d, flag:7e, length:2be (1, "
        "2be, 2le, 3be, 3le, 4be, 4le, 8be, 8le, varint, 4digits; then ,offset=N ,itself ,whole ,add=N ,then=HEX), "
        "netstring, content-length, fixed:16 (then ,pad=20), gap:50 (ms of silence); a checksum may be behind any of "
        "them, such as +crc16-modbus",
    )


def add_encoding(parser: argparse.ArgumentParser, words: str, default: Encoding | None = Encoding.UTF_8) -> None:
    """Take ``--encoding``, by any name that the encoding has."""
    names = ", ".join(one.value for one in Encoding)
    usual = "utf-8" if default is not None else "lines go as they are typed, what comes is read as utf-8"
    parser.add_argument(
        "--encoding", type=_encoding, default=default, metavar="NAME", help=f"{words}: {names} (default: {usual})"
    )


def _encoding(name: str) -> Encoding:
    found = find_encoding(name)
    if found is None:
        raise argparse.ArgumentTypeError(f"{quoted(name)} is none of {', '.join(one.value for one in Encoding)}")
    return found


def add_directions(parser: argparse.ArgumentParser) -> None:
    """Say how to choose which kinds of entries are wanted."""
    parser.add_argument("--received", action="store_true", help="only what was received (may be combined)")
    parser.add_argument("--sent", action="store_true", help="only what was sent (may be combined)")
    parser.add_argument(
        "--by",
        action="append",
        default=[],
        type=_origin,
        metavar="WHO",
        help=f'only what was sent by WHO (may be combined): {", ".join(KINDS)}; or one of its kind: "rule NAME"',
    )
    parser.add_argument("--notes", action="store_true", help="only what else happened (may be combined)")


def _origin(text: str) -> Origin:
    origin = read_origin(text)
    if origin.kind not in KINDS:
        raise argparse.ArgumentTypeError(f"nobody is called {quoted(origin.kind)}; there are {', '.join(KINDS)}")
    return origin


def add_journal(parser: argparse.ArgumentParser, kept_as: str = "journal") -> None:
    """Take ``--journal``; ``kept_as`` is for a command that reads another one."""
    words = "record everything in this new SQLite file"
    parser.add_argument("--journal", dest=kept_as, type=own_file, metavar="FILE", help=words)


def own_file(typed: str) -> Path:
    """A file that is not standard output, which cannot be read again or be added to."""
    if typed == "-":
        raise argparse.ArgumentTypeError("- is standard output, and this has to be a file: ./- is one of that name")
    return named_file(typed)


def named_file(typed: str) -> Path:
    """A file. ``Path`` takes no name at all for the working folder."""
    if not typed:
        raise argparse.ArgumentTypeError("the name of the file is missing")
    return Path(typed)


def refuse_to_overwrite(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> None:
    """Refuse a command line that names a file to be written, and the same one to be read or written as well."""
    named = {name: value for name, value in vars(chosen).items() if value and isinstance(value, str | Path | list)}
    for name, option in _WRITTEN.items():
        written = named.pop(name, None)
        if not isinstance(written, Path):
            continue
        others = [each for value in named.values() for each in (value if isinstance(value, list) else [value])]
        if any(_are_same(written, Path(f"{other}{suffix}")) for other in others for suffix in BESIDE):
            parser.error(f"argument {option}: {written} is named twice, and would be lost: choose another name")


def _are_same(path: Path, other: Path) -> bool:
    try:
        return path.resolve() == other.resolve() or path.samefile(other)
    except (OSError, RuntimeError, ValueError):  # one of them is not there, links in a circle, a NUL in a name
        return False


def add_mode(parser: argparse.ArgumentParser) -> None:
    """Take ``--mode``, in octal digits as chmod has it; None if it is not given."""
    parser.add_argument(
        "--mode", type=_mode, metavar="MODE", help="who may use a local socket, as for chmod (default: 600, only you)"
    )


def refuse_mode(parser: argparse.ArgumentParser, chosen: argparse.Namespace, target: Address) -> None:
    """Refuse a mode that would let in whom it seems to keep out."""
    if chosen.mode is not None and not has_file(target.host):
        parser.error(f"--mode is for the file of a local socket, and {target} has none: leave it out")


def _mode(text: str) -> int:
    if not re.fullmatch("0?[0-7]{3}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no mode: use three octal digits, such as 660 or 666")
    return int(text, 8)


def add_faults(parser: argparse.ArgumentParser, out: str, into: str) -> None:
    """Take ``--fault``, ``--fault-out`` and ``--fault-in``, the last two with these words."""
    form = f"such as latency=100ms~20,slice=1, or {', '.join(PRESETS)}"
    faults = argument(parse_faults)
    parser.add_argument("--fault", type=faults, metavar="FAULTS", help=f"make the line bad, both ways: {form}")
    parser.add_argument("--fault-out", type=faults, metavar="FAULTS", help=out)
    parser.add_argument("--fault-in", type=faults, metavar="FAULTS", help=into)


def faults_of(chosen: argparse.Namespace, *, datagrams: bool) -> BothWays:
    """The faults that were asked for. Raises ``FaultError`` for what cannot happen to ``datagrams``, or to a stream."""
    faults = BothWays(chosen.fault_out or chosen.fault, chosen.fault_in or chosen.fault)
    for one in faults:
        check_faults(one, datagrams=datagrams)
    return faults


def add_proxy(parser: argparse.ArgumentParser) -> None:
    """Take ``--proxy``."""
    parser.add_argument(
        "--proxy",
        type=argument(parse_proxy),
        metavar="URL",
        help="dial through socks5://[USER[:PASSWORD]@]HOST[:PORT] or http://[USER[:PASSWORD]@]HOST:PORT; without "
        f"PASSWORD, {PASSWORD} in the environment has it, or it is asked for",
    )


def add_wait(parser: argparse.ArgumentParser) -> None:
    """Take ``--wait`` of a command that dials before it plays."""
    parser.add_argument(
        "--wait",
        type=seconds,
        default=0.0,
        metavar="SECONDS",
        help="try so long to connect to a server that has to come up",
    )


def proxy_to(chosen: argparse.Namespace, *targets: Destination) -> Proxy | None:
    """The proxy for connections to each of ``targets``, with its password. Raises ``AddressError``."""
    proxy: Proxy | None = chosen.proxy
    for target in targets:
        if target.datagrams and proxy is not None:
            raise AddressError("datagrams go through no proxy: leave --proxy out")
        make_proxy(proxy, target.address)
    if proxy is None or not proxy.user or proxy.password:
        return proxy
    password = os.environ.get(PASSWORD, "")
    if not password and is_terminal(sys.stdin):
        password = ask_password(f"{proxy.user} at {proxy}")
    return replace(proxy, password=password)


def add_udp(parser: argparse.ArgumentParser, *, sends_input: bool = True) -> None:
    """Take ``--udp`` and what belongs to it; what is about lines of input, where they are sent."""
    group = parser.add_argument_group("UDP, which udp:// in front of the address asks for, too")
    empty_line = ", an empty line an empty one" if sends_input else ""
    group.add_argument("--udp", action="store_true", help=f"datagrams: each is a message{empty_line}")
    if sends_input:
        group.add_argument(
            "--datagram",
            type=argument(lambda text: _number(text, "a datagram", 1, LARGEST_DATAGRAM)),
            metavar="BYTES",
            help=f"with --exact: cut what is sent into datagrams of so many bytes (default: {USUAL_DATAGRAM})",
        )
    else:
        parser.set_defaults(datagram=None)
    group.add_argument(
        "--join",
        type=argument(check_group),
        action="append",
        metavar="GROUP",
        help="hear a multicast group, too; may be said several times",
    )
    group.add_argument("--interface", metavar="NAME", help="for groups: an interface, by name, number or address")
    group.add_argument(
        "--ttl",
        type=argument(lambda text: _number(text, "the time to live", 0, HIGHEST_TTL)),
        metavar="HOPS",
        help="routers that a datagram may pass (default: 64, and none for a group, which is 1)",
    )
    group.add_argument("--broadcast", action="store_true", help="allow broadcast addresses, and hear whoever answers")
    group.add_argument("--no-loop", action="store_true", help="what is sent to a group is not heard on this machine")
    group.add_argument(
        "--no-fragment", action="store_true", help="refuse what is larger than the way takes (Linux), do not part it"
    )


def socket_options_of(chosen: argparse.Namespace, *, is_udp: bool, has_tls: bool) -> SocketOptions:
    """The socket options that were asked for. Raises ``TincanError`` for what makes no sense together."""
    options = SocketOptions(
        groups=tuple(dict.fromkeys(chosen.join or ())),
        interface=chosen.interface or "",
        ttl=chosen.ttl,
        broadcast=chosen.broadcast,
        hears_itself=not chosen.no_loop,
        fragments=not chosen.no_fragment,
    )
    if not is_udp and (options != AS_USUAL or chosen.datagram):
        raise TincanError(
            "--join, --interface, --ttl, --broadcast, --no-loop, --no-fragment and --datagram are for UDP: add --udp"
        )
    if is_udp and has_tls:
        raise TincanError("TLS is for streams of bytes, and UDP has none: leave one of them out")
    if is_udp and getattr(chosen, "retry", False):
        raise TincanError("--retry is for connections, and UDP has none: leave one of them out")
    if chosen.datagram and not chosen.exact:
        raise TincanError("--datagram cuts bytes as they are: add --exact")
    return options


def _number(text: str, what: str, least: int, most: int) -> int:
    value = int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else -1
    if not least <= value <= most:
        raise SocketOptionError(f"{what} is a number from {least:,} to {most:,}")
    return value
