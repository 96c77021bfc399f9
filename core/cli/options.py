"""What serve, connect and tap take on the command line, and what they were asked for."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.address import (
    NO_LOCAL_DATAGRAMS,
    NO_PORT,
    Address,
    Destination,
    Target,
    both_udp,
    parse_destination,
    parse_target,
    with_udp,
    without_udp,
)
from core.cli.arguments import (
    add_encoding,
    add_faults,
    add_frame,
    add_journal,
    add_mode,
    add_proxy,
    add_udp,
    faults_of,
    named_file,
    proxy_to,
    refuse_mode,
    seconds,
    socket_options_of,
)
from core.cli.tls import add_tap_tls, add_tls, tap_tls_of, tls_of
from core.compose.encoding import Encoding, misread_ending
from core.errors import AddressError, TincanError, quoted
from core.local_address import read_local
from core.net.socket_options import AS_USUAL, USUAL_DATAGRAM, SocketOptions
from core.proxy import Proxy
from core.replies import Reply, all_replies, make_reply
from core.roles import Role
from core.settings import DEFAULTS, Limits
from core.tls.settings import Tls
from core.wire.faults import SOUND, BothWays

if TYPE_CHECKING:
    from core.compose.profiles import Profile
    from core.replies.on_connect import OnConnect
    from core.steps.step import ReadySteps

_AT_REST = 900.0  # seconds; a pipe may rest as long as its ends do, which the system allows for about so long, too
_A_DAY = 86_400.0


class Options(NamedTuple):
    """What was asked for on the command line; times in seconds."""

    role: Role
    target: Address
    framing: str = "raw"
    reply: str | Reply = "letter"  # of a server; of a client what it says on every connect, if that is one
    once: bool = False
    journal: Path | None = None
    http: bool = False  # whether a server that answers by itself answers HTTP requests, too
    answers: int | None = DEFAULTS.answers  # of the rule in a row, after which a connection is paused
    exact: bool = False  # whether bytes go from input to peer and from peer to output as they are
    crlf: bool = False  # whether lines are sent with CR LF at their end
    wait: float | None = None  # from the end of the input to the end of a client, whoever still talks
    shutdown: bool = True  # whether the peer is told of the end of the input
    retry: bool = False  # whether a client comes back
    encoding: Encoding | None = None  # of text on the wire; None: lines go as they came, and what comes is UTF-8
    tls: Tls | None = None
    mode: int | None = None  # of a socket file; None: as is usual
    proxy: Proxy | None = None  # through which a client or a tap dials
    onward: Address | None = None  # what a tap dials for each caller
    socket_options: SocketOptions = AS_USUAL
    datagram: int = USUAL_DATAGRAM  # bytes of each, where bytes go as they are
    onward_tls: Tls | None = None  # and the TLS that it speaks there
    faults: BothWays = SOUND
    profile: Profile | None = None  # how lines become messages; what comes is cut by ``framing``
    steps: ReadySteps | None = None  # what is played instead of the input


def add_serve(parser: argparse.ArgumentParser) -> None:
    """Say what ``serve`` takes."""
    _add_target(parser, "[HOST:]PORT")
    add_mode(parser)
    names = [reply.name for reply in all_replies()]
    answer = parser.add_mutually_exclusive_group()
    answer.add_argument("--reply", choices=names, help="what to answer (default: letter; with --exact: none)")
    answer.add_argument(
        "--rules",
        metavar="FILE",
        help="answer by a table of rules: a file, or SCPI instrument, thermometer, SMTP, "
        "Redis, Modbus/TCP, HTTP, slow echo or letter; sets the framing that they are made for",
    )
    answer.add_argument(
        "--exec", metavar="COMMAND", help="each connection talks to a process of its own: its input and output"
    )
    answer.add_argument(
        "--handler",
        metavar="FILE",
        help="answer by a Python file: on_open(peer), on_message(peer, message), on_close(peer)",
    )
    parser.add_argument("--http", action="store_true", help="answer HTTP requests too, which web pages can send here")
    parser.add_argument("--once", action="store_true", help="end when the first connection is over")
    _add_common(parser, "bytes as they are, both ways, with one client, whose end is the end")
    add_tls(parser, is_server=True)
    add_udp(parser)
    parser.set_defaults(options=partial(_options, parser, Role.SERVER, Role.UDP_SERVER))


def add_connect(parser: argparse.ArgumentParser) -> None:
    """Say what ``connect`` takes."""
    _add_target(parser, "HOST:PORT")
    _add_common(parser, "bytes as they are, both ways: standard output has what the server sends and nothing else")
    add_tls(parser, is_server=False)
    add_udp(parser)
    add_proxy(parser)
    parser.add_argument(
        "--retry",
        action="store_true",
        help="try again when it cannot connect, and connect again when the connection ends before the input does: "
        "after 0.5 s, doubling to 30 s",
    )
    first = parser.add_mutually_exclusive_group()
    first.add_argument(
        "--on-connect",
        metavar="TEXT",
        help="send this on every connect, also with --retry: text with escapes and macros, in the --profile if there "
        "is one; with --messages the name of a saved message",
    )
    first.add_argument("--rules", metavar="FILE", help="answer by a table of rules on every connect, as serve does")
    first.add_argument(
        "--steps",
        metavar="FILE",
        help="play this list of steps once it is connected, instead of the input; then show its table, and end",
    )
    parser.add_argument(
        "--messages", type=named_file, metavar="FILE", help="saved messages that the window has exported"
    )
    parser.set_defaults(options=partial(_options, parser, Role.CLIENT, Role.UDP_CLIENT))
    parser.epilog = (
        "Exit codes: 0 all went well, 1 never connected, or no TLS handshake succeeded, 2 the command line makes no "
        "sense, 3 the connection broke or not everything could be sent or written, 4 --wait passed and the server had "
        "not finished, 5 not all --steps were as wished, 130 Ctrl-C with --exact"
    )


def add_tap(parser: argparse.ArgumentParser) -> None:
    """Say what ``tap`` takes."""
    parser.add_argument("listen", metavar="LISTEN", help="where callers come: [HOST:]PORT or unix:PATH")
    parser.add_argument("onward", metavar="TARGET", help="what each of them gets to: HOST:PORT or unix:PATH")
    add_frame(parser)
    add_encoding(parser, "text on the wire: what passes is shown as this", Encoding.UTF_8)
    _add_profile(parser, "cut what passes into messages as {profiles} has it, and show it in its encoding")
    parser.add_argument("--once", action="store_true", help="end when the first caller and its target are gone")
    add_journal(parser)
    add_faults(parser, "the way to the target alone", "the way back alone")
    add_tap_tls(parser)
    add_udp(parser, sends_input=False)
    add_mode(parser)
    add_proxy(parser)
    parser.set_defaults(options=partial(_tap_options, parser))


def _add_target(parser: argparse.ArgumentParser, form: str) -> None:
    parser.add_argument(
        "target",
        metavar=form,
        help="where; host and port may be two words, or stand in a URL; unix:PATH is a local socket",
    )
    parser.add_argument("port", metavar="PORT", nargs="?", default="", help=argparse.SUPPRESS)


def _add_profile(parser: argparse.ArgumentParser, words: str) -> None:
    parser.add_argument(
        "--profile",
        metavar="NAME",
        help=words.format(profiles="SCPI, Modbus/TCP, HL7 MLLP, Redis, NMEA or HTTP, or a profile of --profiles,"),
    )
    parser.add_argument("--profiles", type=named_file, metavar="FILE", help="profiles that the window has exported")


def _add_common(parser: argparse.ArgumentParser, exactly: str) -> None:
    add_frame(parser)
    add_encoding(parser, "text on the wire: lines of the terminal are sent as this, and what comes is read as it", None)
    _add_profile(parser, "write each line as {profiles} has it, and cut what comes into messages in the same way")
    parser.add_argument(
        "--answers",
        type=_answers,
        default=DEFAULTS.answers,
        metavar="N",
        help=f"pause a connection after so many quick answers in a row without a line of yours between, since two "
        f"programs may be answering each other (default: {DEFAULTS.answers:,}; 0: never)",
    )
    add_journal(parser)
    add_faults(parser, "what is sent alone", "what is received alone")
    parser.add_argument("--exact", action="store_true", help=exactly)
    parser.add_argument("--crlf", action="store_true", help="send lines with CR LF at their end")
    parser.add_argument(
        "--wait",
        type=seconds,
        metavar="SECONDS",
        help="end so long after the end of the input, even if the other end has not finished (default: after 2 s of "
        "silence; with --exact: when the other end finishes)",
    )
    parser.add_argument(
        "--no-shutdown", action="store_true", help="do not tell the other end (by FIN) that the input is over"
    )


def _answers(text: str) -> int | None:
    if not re.fullmatch("[0-9]{1,9}", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no number of answers: use 0 to 999,999,999")
    return int(text) or None


def _options(parser: argparse.ArgumentParser, stream: Role, datagrams: Role, chosen: argparse.Namespace) -> Options:
    is_server = stream.listens
    where, has_udp_scheme = without_udp(f"{chosen.target} {chosen.port}".rstrip())
    role = datagrams if chosen.udp or has_udp_scheme else stream
    try:
        target, has_scheme = _target(chosen, where, role)
    except TincanError as error:
        parser.error(f"argument {'[HOST:]PORT' if is_server else 'HOST:PORT'}: {error}")
    if is_server:
        refuse_mode(parser, chosen, target)
    _refuse_contradictions(parser, chosen, is_server=is_server)
    steps = None if is_server else _steps(parser, chosen, is_udp=role.datagrams)
    profile = _profile(parser, chosen)
    text = partial(said_on_connect, profile=profile, framing=chosen.framing, encoding=chosen.encoding)
    reply = _reply(parser, chosen) if is_server else _on_connect(parser, chosen, text)
    suggested = steps.list.framing if steps is not None else reply.framing if isinstance(reply, Reply) else None
    framing = suggested if suggested is not None and chosen.framing == "raw" and profile is None else chosen.framing
    try:
        tls = tls_of(chosen, has_scheme=has_scheme or (profile is not None and profile.tls and not role.datagrams))
        socket_options = socket_options_of(chosen, is_udp=role.datagrams, has_tls=tls is not None)
        faults = faults_of(chosen, datagrams=role.datagrams)
        proxy = None if is_server else proxy_to(chosen, Destination(target, False, role.datagrams))
    except TincanError as error:
        parser.error(str(error))
    return Options(
        role,
        target,
        framing if profile is None else profile.lens,
        reply=reply or "letter",
        once=is_server and (chosen.once or (chosen.exact and not role.datagrams)),
        journal=chosen.journal,
        http=is_server and chosen.http,
        answers=chosen.answers,
        exact=chosen.exact,
        crlf=chosen.crlf,
        wait=chosen.wait,
        shutdown=not chosen.no_shutdown,
        retry=not is_server and chosen.retry,
        encoding=chosen.encoding,
        profile=profile,
        tls=tls,
        socket_options=socket_options,
        faults=faults,
        datagram=chosen.datagram or Options._field_defaults["datagram"],
        steps=steps,
        mode=chosen.mode if is_server else None,
        proxy=proxy,
    )


def _target(chosen: argparse.Namespace, where: str, role: Role) -> Target:
    """What was written without ``udp://``. Raises ``AddressError``."""
    if read_local(without_udp(chosen.target)[0]) is not None:
        if role.datagrams:
            raise AddressError(NO_LOCAL_DATAGRAMS)
        if chosen.port:
            raise AddressError(NO_PORT)
    return parse_target(where, for_server=role.listens)


def _refuse_contradictions(parser: argparse.ArgumentParser, chosen: argparse.Namespace, *, is_server: bool) -> None:
    """Refuse a command line whose options make no sense together."""
    if chosen.exact and chosen.framing != "raw":
        parser.error("with --exact there are no messages, so --frame has no meaning: leave one of them out")
    if chosen.exact and chosen.encoding is not None:
        parser.error("with --exact bytes go as they are, so --encoding has no meaning: leave one of them out")
    if chosen.encoding is not None and (why := misread_ending(chosen.framing, chosen.encoding)):
        parser.error(f"argument --frame: {why}")
    if is_server and not chosen.exact and (chosen.wait is not None or chosen.no_shutdown):
        parser.error("--wait and --no-shutdown are for one connection: add --exact")
    if chosen.profile is not None and (chosen.exact or chosen.crlf or chosen.encoding or chosen.framing != "raw"):
        parser.error("--profile says all of --exact, --crlf, --encoding and --frame: leave those out")


def _reply(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> str | Reply:
    """What a server answers by. Refuses the command line for what cannot be made."""
    given = {"rules": chosen.rules, "program": chosen.exec, "python": chosen.handler}
    for name, argument in given.items():
        if argument is not None:
            if chosen.exact:
                parser.error("with --exact nothing is answered by itself: leave --rules, --exec or --handler out")
            try:
                return make_reply(f"{name}:{argument}")
            except TincanError as error:
                option = {"program": "exec", "python": "handler"}.get(name, name)
                parser.error(f"argument --{option}: {error}")
    return chosen.reply or ("none" if chosen.exact else "letter")


def _on_connect(
    parser: argparse.ArgumentParser, chosen: argparse.Namespace, text: Callable[[str, Path | None], Reply]
) -> Reply | None:
    """What a client says on every connect."""
    if chosen.messages is not None and chosen.on_connect is None:
        parser.error("--messages has messages of which --on-connect names one")
    try:
        if chosen.rules is not None:
            return make_reply(f"rules:{chosen.rules}")
        if chosen.on_connect is None:
            return None
        return text(chosen.on_connect, chosen.messages)
    except TincanError as error:
        parser.error(f"argument {'--rules' if chosen.rules is not None else '--on-connect'}: {error}")


def _steps(parser: argparse.ArgumentParser, chosen: argparse.Namespace, *, is_udp: bool) -> ReadySteps | None:
    """What a client plays instead of its input. Refuses the command line for a broken file."""
    if chosen.steps is None:
        return None
    if chosen.exact or chosen.retry or chosen.profile is not None:
        parser.error("--steps plays one list over one connection: leave --exact, --retry or --profile out")
    from core.steps.step_file import StepFileError, read_step_file

    try:
        return read_step_file(Path(chosen.steps), with_udp(chosen.target) if is_udp else chosen.target)
    except StepFileError as error:
        parser.error(f"argument --steps: {error}")


def _tap_options(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> Options:
    callers, target = both_udp(with_udp(chosen.listen) if chosen.udp else chosen.listen, chosen.onward)
    try:
        listen = parse_destination(callers, for_server=True)
    except TincanError as error:
        parser.error(f"argument LISTEN: {error}")
    refuse_mode(parser, chosen, listen.address)
    try:
        onward = parse_destination(target, for_server=False)
        proxy = proxy_to(chosen, onward)
    except TincanError as error:
        parser.error(f"argument TARGET: {error}")
    if why := misread_ending(chosen.framing, chosen.encoding):
        parser.error(f"argument --frame: {why}")
    if chosen.profile is not None and (chosen.framing != "raw" or chosen.encoding is not Encoding.UTF_8):
        parser.error("--profile says all of --frame and --encoding: leave those out")
    profile = _profile(parser, chosen)
    try:
        faults = faults_of(chosen, datagrams=listen.datagrams)
    except TincanError as error:
        parser.error(f"argument --fault: {error}")
    try:
        tls, onward_tls = tap_tls_of(chosen, at_listen=listen.tls, at_target=onward.tls)
        has_tls = tls is not None or onward_tls is not None
        socket_options = socket_options_of(chosen, is_udp=listen.datagrams, has_tls=has_tls)
    except TincanError as error:
        parser.error(str(error))
    return Options(
        Role.UDP_TAP if listen.datagrams else Role.TAP,
        listen.address,
        chosen.framing if profile is None else profile.lens,
        once=chosen.once,
        profile=profile,
        journal=chosen.journal,
        encoding=chosen.encoding,
        mode=chosen.mode,
        proxy=proxy,
        onward=onward.address,
        faults=faults,
        tls=tls,
        onward_tls=onward_tls,
        socket_options=socket_options,
    )


def _profile(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> Profile | None:
    """The profile that was named. Refuses the command line if there is none of that name."""
    if chosen.profile is None and chosen.profiles is not None:
        parser.error("--profiles has profiles of which --profile names one")
    try:
        return find_profile(chosen.profile, chosen.profiles) if chosen.profile is not None else None
    except TincanError as error:
        parser.error(f"argument --profile: {error}")


def find_profile(name: str, path: Path | None) -> Profile:
    """A profile of a file, or of those that are always there. Raises ``TincanError``."""
    from core.compose.profiles import STARTERS, find, import_profiles

    profiles = STARTERS if path is None else (*import_profiles(path), *STARTERS)
    profile = find(profiles, name)
    if profile is None:
        names = ", ".join(dict.fromkeys(each.name for each in profiles))
        raise TincanError(f"there is no profile {quoted(name)}, only {names}")
    return profile


def said_on_connect(
    text: str, messages: Path | None, profile: Profile | None, framing: str, encoding: Encoding | None
) -> OnConnect:
    """What is said on connect: a text with escapes, or the saved message of that name in a file.

    Raises ``TincanError``.
    """
    from core.compose import Draft, Format
    from core.compose.saved import import_messages
    from core.replies.on_connect import OnConnect

    if messages is not None:
        known = import_messages(messages)
        found = next((each for each in known if each.name == text), None)
        if found is None:
            names = ", ".join(quoted(each.name) for each in known)
            raise TincanError(f"there is no saved message {quoted(text)}, only {names}")
        return OnConnect(found.draft(profile.frame if profile is not None else framing), found.name)
    if profile is not None:
        return OnConnect(Draft(text, profile.format, profile.encoding, profile.ending, profile.frame))
    return OnConnect(Draft(text, Format.ESCAPES, encoding or Encoding.UTF_8, framing=framing))


def limits_of(options: Options) -> Limits:
    """The limits that the program needs for it."""
    limits = DEFAULTS
    limits = replace(limits, answers=options.answers)
    if options.http:
        limits = replace(limits, request_line=None)
    if options.mode is not None:
        limits = replace(limits, socket_mode=options.mode)
    if options.wait is not None:  # the wait is the drain
        limits = replace(limits, drain=max(0.05, limits.drain - options.wait))
    if options.exact:
        connections = limits.connections if options.role.datagrams else 1
        limits = replace(limits, connections=connections, stalled=_AT_REST, unacknowledged=_AT_REST, half_closed=_A_DAY)
    return limits
