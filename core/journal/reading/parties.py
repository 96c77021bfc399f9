"""Who talked with whom in a session: its set-up, and the two ends of its connections and how each ended."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import NamedTuple

from core.events import RESETS_OF_OURS, Ending
from core.local_address import is_local
from core.roles import ROLES

_FINISHES = frozenset({"we-finished", "peer-finished"})
_WHOLE_ENDS = {
    Ending.PEER_RESET.value: [(False, "reset")],
    **{ending.value: [(True, "reset")] for ending in RESETS_OF_OURS},
    **{
        ending.value: [(True, "close")]
        for ending in (
            Ending.OURS, Ending.REPLY, Ending.RULE, Ending.PROGRAM, Ending.HANDLER, Ending.SERVER_STOPPED, Ending.HTTP,
            Ending.IDLE, Ending.LIMIT, Ending.PASSED_ON, Ending.FAULT_CUT,
        )
    },
}  # fmt: skip


class Ends(NamedTuple):
    """The two ends of a connection, as addresses are written, and how it ended; empty while it stood."""

    local: str
    peer: str
    ending: str


class SetUp(NamedTuple):
    """How a session was set up, as its notes tell, each as it is written; empty where it has no such thing.

    ``place`` is where it listened, or what it dialled; ``onward`` what a tap dialled. ``reply`` and ``framing`` are
    those that it had at last, ``faults`` those that what it sent and received had at first.
    """

    place: str = ""
    framing: str = ""
    reply: str = ""
    onward: str = ""
    onward_tls: bool = False
    proxy: str = ""
    faults: tuple[str, str] = ("", "")


class Parties(NamedTuple):
    """Who talked with whom: the role and target of a session, and its connections by number.

    ``tls`` says whether connections began with TLS; of a tap, those of its callers.
    """

    role: str
    target: str
    ends: Mapping[int, Ends]
    tls: bool = False
    set_up: SetUp = SetUp()  # empty where it was not asked for, see ``JournalReader.set_up``

    @property
    def listens(self) -> bool:
        """Whether peers called."""
        return self.accepted(1)

    def endings(self, kind: str, number: int, finished: Set[str] = frozenset()) -> list[tuple[bool, str]]:
        """What a note of that kind says was ended: whether by us, and how, ``finish``, ``close`` or ``reset``.

        ``finished`` are the kinds of notes that came before it on its connection. Nothing where there is no such end:
        over UDP, or of what was lost on its way.
        """
        ends = self.ends.get(number, Ends("", "", ""))
        ending = ends.ending
        if self.has_datagrams:
            return []
        if is_local(ends.local) or is_local(ends.peer):  # which know no RST
            ending = {Ending.PEER_RESET.value: Ending.PEER_FINISHED.value}.get(ending, ending)
            ending = Ending.OURS.value if _WHOLE_ENDS.get(ending) == [(True, "reset")] else ending
        if kind in _FINISHES:
            return [(kind == "we-finished", "finish")]
        if kind != "closed":
            return []
        if ending == Ending.PEER_FINISHED.value:
            return [*([] if "peer-finished" in finished else [(False, "finish")]), (True, "close")]
        return _WHOLE_ENDS.get(ending, [])

    def accepted(self, number: int) -> bool:
        """Whether the peer of that connection called, rather than being dialled.

        Of a role that only another version knows, none did; of a tap, the legs to targets (-1, -2 …) were dialled.
        """
        return number >= 0 and self.role in ROLES and ROLES[self.role].listens

    @property
    def has_datagrams(self) -> bool:
        """Whether they spoke UDP."""
        return self.role in ROLES and ROLES[self.role].datagrams
