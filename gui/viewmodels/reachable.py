"""Where others can reach a server of ours: one line for each address, in a person's words. No tkinter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from core.address import Address, LocalAddress
from core.errors import AddressError
from core.replies import Reply, all_replies

_ZONED = "On the same cable or Wi-Fi only; the other side puts its own interface behind the %"


class ReachableAddress(NamedTuple):
    """``HOST:PORT`` as others type it, the interface that it is on, and what there is to know of it."""

    text: str
    interface: str = ""
    note: str = ""


def places(listening: Iterable[Address], found: Sequence[LocalAddress]) -> tuple[ReachableAddress, ...]:
    """Where others can reach servers that listen there, if this machine has the addresses that were ``found``."""
    known = {one.host: one for one in found}
    unique: dict[str, ReachableAddress] = {}
    for address in listening:
        if address.is_loopback:
            continue
        here = [known.get(address.host, LocalAddress(address.host))]
        for one in _answering(address, found) if address.is_every_interface else here:
            place = _place(one, address.port)
            unique.setdefault(place.text, place)
    return tuple(unique.values())


def how_to_talk(replies: Iterable[type[Reply] | None]) -> str:
    """How people talk with each other, if some of these servers answer by themselves alone; else nothing."""
    if all(reply is None or reply.to_talk for reply in replies):
        return ""
    for_people = sorted(
        (reply for reply in all_replies() if reply.to_talk), key=lambda reply: not reply.waits_for_a_person
    )
    choices = ", or ".join(f"{reply.title}, and {reply.to_talk}" for reply in for_people)
    return f"Whoever connects is answered by the program. To talk with people, choose another Reply with: {choices}."


def _answering(address: Address, found: Sequence[LocalAddress]) -> list[LocalAddress]:
    """``0.0.0.0`` answers on IPv4; ``::`` answers on both, as ``core.net.sockets`` listens there."""
    return [one for one in found if ":" in address.host or ":" not in one.host]


def _place(one: LocalAddress, port: int) -> ReachableAddress:
    try:
        text = str(Address(one.host, port))
    except AddressError:  # an interface whose name does not fit an address
        text = f"[{one.host.partition('%')[0]}]:{port}"
    return ReachableAddress(text, one.interface, _ZONED if "%" in one.host else "")
