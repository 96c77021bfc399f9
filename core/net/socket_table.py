"""In which states the system's own table has TCP sockets: of this program, of others, and of those that are closed."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from core.address import Address
from core.tcp import TcpState

Ends: TypeAlias = tuple[Address, Address | None]
"""A socket by its local address and its peer's; a listener has no peer."""

_PROC = Path("/proc/net")
_LINUX = (  # include/net/tcp_states.h, from 1 on
    TcpState.ESTABLISHED, TcpState.SYN_SENT, TcpState.SYN_RECEIVED, TcpState.FIN_WAIT_1, TcpState.FIN_WAIT_2,
    TcpState.TIME_WAIT, TcpState.CLOSED, TcpState.CLOSE_WAIT, TcpState.LAST_ACK, TcpState.LISTEN, TcpState.CLOSING,
    TcpState.SYN_RECEIVED,
)  # fmt: skip
_MORE_ROWS = 4096  # bytes
_WINDOWS = (  # MIB_TCP_STATE of tcpmib.h, from 1 on
    TcpState.CLOSED, TcpState.LISTEN, TcpState.SYN_SENT, TcpState.SYN_RECEIVED, TcpState.ESTABLISHED,
    TcpState.FIN_WAIT_1, TcpState.FIN_WAIT_2, TcpState.CLOSE_WAIT, TcpState.CLOSING, TcpState.LAST_ACK,
    TcpState.TIME_WAIT, TcpState.CLOSED,
)  # fmt: skip


def tcp_states(sockets: Iterable[Ends]) -> dict[Ends, TcpState] | None:
    """The states of these sockets; those that the table does not have are closed. None if there is no table to read.

    Takes as long as the table is: to be called on a thread of its own.
    """
    wanted = list(sockets)
    if sys.platform == "linux":
        try:
            tables = [(_PROC / name).read_text("ascii") for name in ("tcp", "tcp6") if (_PROC / name).exists()]
        except OSError:
            return None
        return {ends: _state_of(ends, tables) for ends in wanted} if tables else None
    if sys.platform == "win32":
        known = _windows_tables()
        return {ends: known.get(_key(ends), TcpState.CLOSED) for ends in wanted} if known is not None else None
    return None


def _state_of(ends: Ends, tables: Iterable[str]) -> TcpState:
    """The state in tables as Linux writes them, see proc(5); CLOSED if they do not have the socket."""
    for pair in _pairs(ends):
        for table in tables:
            at = table.find(pair)
            if at >= 0:
                number = int(table[at + len(pair) :].partition(" ")[0], 16)
                return _LINUX[number - 1] if 0 < number <= len(_LINUX) else TcpState.CLOSED
    return TcpState.CLOSED


def _pairs(ends: Ends) -> list[str]:
    """How a table of Linux writes both addresses: of IPv4, also as a socket of IPv6 has them."""
    local, peer = ends
    found = []
    for as_ipv6 in (False, True):
        one = _linux_address(local, as_ipv6=as_ipv6)
        nowhere = "0" * (32 if len(one) > 8 else 8)
        other = _linux_address(peer, as_ipv6=as_ipv6) if peer is not None else nowhere
        if one and len(one) == len(other):
            port = peer.port if peer is not None else 0
            found.append(f" {one}:{local.port:04X} {other}:{port:04X} ")
    return found


def _linux_address(address: Address, *, as_ipv6: bool) -> str:
    """The bytes of an address as words of this machine, in hex; empty for a name."""
    ip = _ip(address)
    if ip is None:
        return ""
    packed = ip.packed
    if as_ipv6 and len(packed) == 4:
        packed = b"\0" * 10 + b"\xff\xff" + packed
    words = (packed[at : at + 4] for at in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words)


def _ip(address: Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address.host.partition("%")[0])
    except ValueError:
        return None


_Key: TypeAlias = tuple[bytes, int, bytes, int]


def _key(ends: Ends) -> _Key:
    """Both addresses as their bytes and ports; a listener's peer is all zeros."""
    local, peer = ends
    here, there = _ip(local), _ip(peer) if peer is not None else None
    packed = here.packed if here is not None else b""
    nowhere = b"\0" * len(packed)
    return packed, local.port, there.packed if there is not None else nowhere, peer.port if peer is not None else 0


def read_windows_table(data: bytes, *, is_ipv6: bool) -> dict[_Key, TcpState]:
    """A table of Windows: MIB_TCPTABLE, or MIB_TCP6TABLE (tcpmib.h)."""
    found: dict[_Key, TcpState] = {}
    size = 52 if is_ipv6 else 20
    for place in range(int.from_bytes(data[:4], "little")):
        row = data[4 + place * size : 4 + (place + 1) * size]
        if len(row) < size:
            break
        if is_ipv6:
            local, peer, ports = row[4:20], row[28:44], (row[24:26], row[48:50])
        else:
            local, peer, ports = row[4:8], row[12:16], (row[8:10], row[16:18])
        number = int.from_bytes(row[:4], "little")
        if number == 2:  # what a listener's peer is, nobody has to set
            peer, ports = b"\0" * len(peer), (ports[0], b"\0\0")
        key = local, int.from_bytes(ports[0], "big"), peer, int.from_bytes(ports[1], "big")
        found[key] = _WINDOWS[number - 1] if 0 < number <= len(_WINDOWS) else TcpState.CLOSED
    return found


def _windows_tables() -> dict[_Key, TcpState] | None:
    """Both tables of Windows, see https://learn.microsoft.com/windows/win32/api/iphlpapi/nf-iphlpapi-gettcptable.

    Not those of GetExtendedTcpTable, which name the owner of each socket: Wine looks for them in every process, which
    takes seconds.
    """
    if sys.platform != "win32":
        return None
    import ctypes

    too_small = 122  # ERROR_INSUFFICIENT_BUFFER
    try:
        library = ctypes.WinDLL("iphlpapi")
        tables = (library.GetTcpTable, False), (library.GetTcp6Table, True)
    except (OSError, AttributeError):
        return None
    found: dict[_Key, TcpState] = {}
    for ask, is_ipv6 in tables:
        size, status, buffer = ctypes.c_ulong(4), too_small, ctypes.create_string_buffer(4)
        for _ in range(4):
            status = ask(buffer, ctypes.byref(size), 0)
            if status != too_small:
                break
            size.value += size.value // 4 + _MORE_ROWS  # it goes on growing on a busy machine
            buffer = ctypes.create_string_buffer(size.value)
        if status:
            return None
        found |= read_windows_table(buffer.raw, is_ipv6=is_ipv6)
    return found
