"""The calls of a socket that an entry of the journal stands for, as a Python programmer writes them.

Pure. What is recorded one by one are ``recv``, ``send`` and what came of them; the others follow from what was
recorded, because Tincan makes them there: they are marked as derived. An argument that is not known is ``…``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core.address import is_localhost
from core.events import RESETS_OF_OURS, Ending
from core.journal.display_row import RECEIVED, SENT, DisplayRow
from core.local_address import is_local, system_name
from core.words import counted, duration

UNKNOWN = "…"

_RECORDS = "TLS: the socket itself carried records"
_ANYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - read, not bound
_WAITED_NS = 1_000  # from which on a wait is told
_RESETS = {ending.value for ending in RESETS_OF_OURS}
_BROKEN = {ending.value for ending in (Ending.PEER_RESET, Ending.LOST, Ending.UNREACHABLE, Ending.FAILED)}
_NO_GOODBYE = {ending.value for ending in (Ending.HANDSHAKE, Ending.ALERT, Ending.TRUNCATED)}


class SocketCall(NamedTuple):
    """One line. ``aside`` says what is otherwise here than it looks; a failure has an errno, or an error's words."""

    text: str
    aside: str = ""
    is_derived: bool = False
    is_failure: bool = False


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a session's calls have in common. ``system`` is that of the machine that recorded them, in its own words."""

    target: str
    listens: bool
    system: str = ""
    datagrams: bool = False  # UDP

    @property
    def is_windows(self) -> bool:
        """Whether the calls were made on Windows."""
        return self.system.startswith("Windows")


class Earlier(NamedTuple):
    """What is known of a connection up to an entry, as far as was looked back."""

    waited_ns: int | None = None  # since its entry before
    receive: int | None = None  # bytes that a recv asks for
    is_joined: bool = False  # whether its entry before went out with the same send
    peer_finished: bool = False
    we_finished: bool = False
    is_tls: bool = False


NOTHING_EARLIER = Earlier()


def calls_of(
    row: DisplayRow, detail: Mapping[str, object], context: CallContext, earlier: Earlier = NOTHING_EARLIER
) -> list[SocketCall]:
    """The calls of an entry, in their order; none of one that no call stands behind."""
    make = (_MAKERS_OF_DATAGRAMS if context.datagrams else _MAKERS).get(row.kind)
    return make(row, detail, context, earlier) if make is not None else []


def _received(
    row: DisplayRow, _detail: Mapping[str, object], _context: CallContext, earlier: Earlier
) -> list[SocketCall]:
    aside = _RECORDS if earlier.is_tls else ""
    return [SocketCall(f"{_recv(earlier)} -> {counted(row.size, 'byte')}{_waited(earlier)}", aside)]


def _sent(row: DisplayRow, detail: Mapping[str, object], _context: CallContext, earlier: Earlier) -> list[SocketCall]:
    aside = _RECORDS if earlier.is_tls else ""
    if earlier.is_joined:
        return [SocketCall(f"{counted(row.size, 'byte')} of the send above", aside)]
    cuts = detail.get("cuts")
    if isinstance(cuts, list) and len(cuts) > 1 and all(isinstance(cut, int) for cut in cuts):
        why = "as much as the system took: the rest waited for select()"
        return [SocketCall(f"send({UNKNOWN}) -> {cut}", why if not place else "") for place, cut in enumerate(cuts)]
    return [SocketCall(f"send({counted(row.size, 'byte')}) -> {row.size}", aside)]


def _listening(
    _row: DisplayRow, detail: Mapping[str, object], context: CallContext, _earlier: Earlier
) -> list[SocketCall]:
    calls: list[SocketCall] = []
    addresses, backlog = detail.get("addresses"), detail.get("backlog")
    for address in addresses if isinstance(addresses, list) else []:
        family, where = _family(str(address)), _where(str(address))
        is_local_one = is_local(str(address))
        own = "SO_EXCLUSIVEADDRUSE" if context.is_windows else "SO_REUSEADDR"
        calls += [
            SocketCall(f"socket({family}, SOCK_STREAM)", is_derived=True),
            *([] if is_local_one else [SocketCall(f"setsockopt(SOL_SOCKET, {own}, 1)", is_derived=True)]),
            *(
                [SocketCall(f"setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, {UNKNOWN})", is_derived=True)]
                if family == "AF_INET6"
                else []
            ),
            SocketCall("setblocking(False)", "a tutorial's socket would wait in accept()", is_derived=True),
            SocketCall(f"bind({where})", is_derived=True),
            SocketCall(f"listen({backlog if isinstance(backlog, int) else UNKNOWN})", is_derived=True),
        ]
    return calls


def _opened(
    _row: DisplayRow, detail: Mapping[str, object], _context: CallContext, _earlier: Earlier
) -> list[SocketCall]:
    peer = str(detail.get("peer", ""))
    if detail.get("took") is None:
        first = [SocketCall(f"accept() -> (sock, {_where(peer)})", "select() had said that somebody is there")]
    else:
        first = [
            SocketCall(f"socket({_family(peer)}, SOCK_STREAM)", is_derived=True),
            SocketCall(f"connect({_where(peer)}){_took(detail)}", "connect_ex(), and select() until it stands"),
        ]
    if is_local(peer) or is_local(str(detail.get("local", ""))):
        return [*first, SocketCall("setblocking(False)", is_derived=True)]
    return [
        *first,
        SocketCall("setblocking(False)", is_derived=True),
        SocketCall("setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)", is_derived=True),
        SocketCall("setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)", is_derived=True),
    ]


def _tuned(
    _row: DisplayRow, detail: Mapping[str, object], _context: CallContext, _earlier: Earlier
) -> list[SocketCall]:
    nagle, receive = bool(detail.get("nagle")), detail.get("receive", UNKNOWN)
    aside = f"and from now on recv({receive})"
    return [SocketCall(f"setsockopt(IPPROTO_TCP, TCP_NODELAY, {int(not nagle)})", aside)]


def _resolving(
    _row: DisplayRow, detail: Mapping[str, object], context: CallContext, _earlier: Earlier
) -> list[SocketCall]:
    host, port = str(detail.get("host", "")), context.target.rpartition(":")[2]
    if context.listens and is_localhost(host):
        return []  # both loopback addresses, without asking
    kind = "type=SOCK_DGRAM, proto=IPPROTO_UDP" if context.datagrams else "type=SOCK_STREAM, proto=IPPROTO_TCP"
    asked = f"getaddrinfo({host!r}, {port or UNKNOWN}, {kind})"
    return [SocketCall(asked, "on a thread of its own: it cannot be waited for in select()")]


def _resolved(
    _row: DisplayRow, detail: Mapping[str, object], _context: CallContext, _earlier: Earlier
) -> list[SocketCall]:
    addresses = detail.get("addresses")
    found = ", ".join(_where(str(each)) for each in addresses) if isinstance(addresses, list) else UNKNOWN
    return [SocketCall(f"getaddrinfo -> [{found}]{_took(detail)}")]


def _tried(_row: DisplayRow, detail: Mapping[str, object], context: CallContext, _earlier: Earlier) -> list[SocketCall]:
    address = str(detail.get("address", ""))
    return [
        SocketCall(
            f"socket({_family(address)}, {'SOCK_DGRAM' if context.datagrams else 'SOCK_STREAM'})", is_derived=True
        ),
        SocketCall(f"connect({_where(address)}) -> {_error(detail.get('why'))}{_took(detail)}", is_failure=True),
        SocketCall("close()", is_derived=True),
    ]


def _peer_finished(
    _row: DisplayRow, detail: Mapping[str, object], _context: CallContext, earlier: Earlier
) -> list[SocketCall]:
    how = detail.get("how", "FIN")
    return [SocketCall(f"{_recv(earlier)} -> b''{_waited(earlier)}", f"the peer's end ({how})")]


def _we_finished(
    _row: DisplayRow, detail: Mapping[str, object], _context: CallContext, _earlier: Earlier
) -> list[SocketCall]:
    how = detail.get("how", "FIN")
    return [SocketCall("shutdown(SHUT_WR)", "" if how == "FIN" else f"as TLS says it: {how}")]


def _closed(row: DisplayRow, detail: Mapping[str, object], context: CallContext, earlier: Earlier) -> list[SocketCall]:
    ending, close = detail.get("ending"), SocketCall("close()", is_derived=True)
    if ending in _RESETS:
        packing = "hh" if context.is_windows else "ii"
        linger = f"setsockopt(SOL_SOCKET, SO_LINGER, struct.pack('{packing}', 1, 0))"
        return [SocketCall(linger, "so that close() sends RST", is_derived=True), close]
    if ending in _BROKEN:
        failed = SocketCall(
            f"recv({UNKNOWN}) or send({UNKNOWN}) -> {_error(detail.get('why'))}",
            "which of the two met it is not recorded", is_failure=True,
        )  # fmt: skip
        return [failed, close]
    if ending == Ending.PEER_FINISHED.value:
        is_news = not earlier.peer_finished
        heard = _peer_finished(row, detail, context, earlier) if is_news else []
        return [*heard, *_goodbye(earlier), close]
    if ending in _NO_GOODBYE or not ending:
        return [close]
    return [*_goodbye(earlier), close]


def _goodbye(earlier: Earlier) -> list[SocketCall]:
    return [] if earlier.we_finished else [SocketCall("shutdown(SHUT_WR)", is_derived=True)]


def _turned_away(
    _row: DisplayRow, detail: Mapping[str, object], _context: CallContext, _earlier: Earlier
) -> list[SocketCall]:
    peer, count = detail.get("peer"), detail.get("count", 1)
    more = f"and {count - 1:,} more" if isinstance(count, int) and count > 1 else ""
    return [
        SocketCall(f"accept() -> (sock, {_where(str(peer)) if peer else UNKNOWN})", more),
        SocketCall("close()", "a limit was reached", is_derived=True),
    ]


def _session_closed(
    _row: DisplayRow, detail: Mapping[str, object], context: CallContext, _earlier: Earlier
) -> list[SocketCall]:
    failure = detail.get("failure")
    if failure is None:
        return [SocketCall("close()", "of what listened", is_derived=True)] if context.listens else []
    if not (isinstance(failure, dict) and failure.get("errno")):
        return []  # no call of the system failed, or it is not known which
    where = _where(context.target)
    bound = f"bind({where})" if context.datagrams else f"bind({where}) or listen({UNKNOWN})"
    call = bound if context.listens else f"connect({where})"
    failed = SocketCall(f"{call} -> {_error(failure)}", is_failure=True)
    if context.listens or context.datagrams:
        return [failed]
    made = SocketCall(f"socket({_family(context.target)}, SOCK_STREAM)", is_derived=True)
    return [made, failed, SocketCall("close()", is_derived=True)]


_Maker = Callable[[DisplayRow, Mapping[str, object], CallContext, Earlier], list[SocketCall]]
_MAKERS: dict[str, _Maker] = {
    RECEIVED: _received,
    SENT: _sent,
    "listening": _listening,
    "opened": _opened,
    "socket-tuned": _tuned,
    "resolving": _resolving,
    "resolved": _resolved,
    "tried": _tried,
    "peer-finished": _peer_finished,
    "we-finished": _we_finished,
    "closed": _closed,
    "turned-away": _turned_away,
    "session-closed": _session_closed,
}


# UDP: a server has one socket for all its peers, and nothing is accepted, shut down or broken.


def _shares_socket(row: DisplayRow, context: CallContext) -> bool:
    """Whether the peer is one of many at a socket; a tap has one of its own for each leg to its target."""
    return context.listens and (row.number or 0) >= 0


def _datagram_received(
    row: DisplayRow, _detail: Mapping[str, object], _context: CallContext, earlier: Earlier
) -> list[SocketCall]:
    asked = UNKNOWN if earlier.receive is None else earlier.receive
    return [SocketCall(f"recvfrom({asked}) -> {counted(row.size, 'byte')}{_waited(earlier)}")]


def _datagram_sent(
    row: DisplayRow, _detail: Mapping[str, object], context: CallContext, _earlier: Earlier
) -> list[SocketCall]:
    size = counted(row.size, "byte")
    send = f"sendto({size}, {UNKNOWN})" if _shares_socket(row, context) else f"send({size})"
    return [SocketCall(f"{send} -> {row.size}")]


def _datagrams_heard(
    _row: DisplayRow, detail: Mapping[str, object], _context: CallContext, _earlier: Earlier
) -> list[SocketCall]:
    addresses = detail.get("addresses")
    return [
        SocketCall(text, is_derived=True)
        for address in map(str, addresses if isinstance(addresses, list) else [])
        for text in (f"socket({_family(address)}, SOCK_DGRAM)", "setblocking(False)", f"bind({_where(address)})")
    ]


def _datagrams_opened(
    row: DisplayRow, detail: Mapping[str, object], context: CallContext, _earlier: Earlier
) -> list[SocketCall]:
    if _shares_socket(row, context):
        return []  # the peer is known by its first datagram
    peer, host = str(detail.get("peer", "")), str(detail.get("local", "")).rpartition(":")[0].strip("[]")
    if host in _ANYWHERE:  # of a group or by broadcast, where anybody may answer
        named = SocketCall(f"bind(({host!r}, 0))", "not connected: whoever answers is heard", is_derived=True)
    else:
        named = SocketCall(f"connect({_where(peer)})", "names the peer: no packet goes out", is_derived=True)
    first = (f"socket({_family(peer)}, SOCK_DGRAM)", "setblocking(False)")
    return [*(SocketCall(text, is_derived=True) for text in first), named]


def _datagrams_closed(
    row: DisplayRow, _detail: Mapping[str, object], context: CallContext, _earlier: Earlier
) -> list[SocketCall]:
    return [] if _shares_socket(row, context) else [SocketCall("close()", is_derived=True)]


def _no_call(
    _row: DisplayRow, _detail: Mapping[str, object], _context: CallContext, _earlier: Earlier
) -> list[SocketCall]:
    return []


_MAKERS_OF_DATAGRAMS: dict[str, _Maker] = _MAKERS | {
    RECEIVED: _datagram_received,
    SENT: _datagram_sent,
    "listening": _datagrams_heard,
    "opened": _datagrams_opened,
    "closed": _datagrams_closed,
    **dict.fromkeys(("socket-tuned", "turned-away"), _no_call),
}
KINDS_WITH_DETAIL = frozenset(_MAKERS) - {RECEIVED}


def _recv(earlier: Earlier) -> str:
    return f"recv({UNKNOWN if earlier.receive is None else earlier.receive})"


def _waited(earlier: Earlier) -> str:
    ns = earlier.waited_ns
    if ns is None or ns < _WAITED_NS:
        return ""
    return f", waited {ns / 1e9:.3f} s" if ns >= 1_000_000_000 else f", waited {duration(ns)}"


def _took(detail: Mapping[str, object]) -> str:
    took = detail.get("took")
    return f", took {duration(round(took * 1e9))}" if isinstance(took, int | float) else ""


def _family(address: str) -> str:
    if is_local(address):
        return "AF_UNIX"
    host = address.rpartition(":")[0]
    if host.startswith("["):
        return "AF_INET6"
    return "AF_INET" if host.replace(".", "").isdigit() and host.count(".") == 3 else UNKNOWN


def _where(address: str) -> str:
    """An address as Python has it."""
    if is_local(address):
        return repr(system_name(address))
    host, _, port = address.rpartition(":")
    return f"({host.strip('[]')!r}, {port})" if host and port.isdigit() else UNKNOWN


def _error(why: object) -> str:
    """The errno of a failure by its name, or its words where the system has no number for it."""
    if not isinstance(why, dict):
        return UNKNOWN
    return str(why.get("errno") or why.get("what") or UNKNOWN)
