"""What the command line says about UDP."""

from __future__ import annotations

import argparse

from core.cli.common import argument
from core.errors import TincanError
from core.net.socket_options import (
    AS_USUAL,
    HIGHEST_TTL,
    LARGEST_DATAGRAM,
    USUAL_DATAGRAM,
    SocketOptionError,
    SocketOptions,
    check_group,
)


def add_udp(parser: argparse.ArgumentParser) -> None:
    """Take ``--udp`` and what belongs to it."""
    group = parser.add_argument_group("UDP, which udp:// in front of the address asks for, too")
    group.add_argument("--udp", action="store_true", help="datagrams: each is a message, an empty line an empty one")
    group.add_argument(
        "--datagram",
        type=argument(lambda text: _number(text, "a datagram", 1, LARGEST_DATAGRAM)),
        metavar="BYTES",
        help=f"with --exact: cut what is sent into datagrams of so many bytes (default: {USUAL_DATAGRAM})",
    )
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
