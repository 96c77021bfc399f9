"""A session's set-up as a program for Tincan's own library: the server, client or tap as it was."""

from __future__ import annotations

from collections.abc import Iterator

from core.journal.display_row import RECEIVED, DisplayRow
from core.journal.export.formats import Format
from core.journal.export.source import Pieces
from core.replies import find_reply
from core.roles import ROLES, Role

_LARGEST = 64 * 1024  # bytes of a message that is written out
_HEAD = '''\
"""{what}, set up with Tincan's own library.

Run it in a checkout of Tincan, or where that is installed: pip install tincan-tcp
"""

try:
    from core import {names}
except ImportError:
    from tincan import {names}

{remarks}with {name}({arguments}) as {role}:
'''
_LISTENS = """\
    print("listening on", *{role}.addresses, flush=True)
    try:
        while not {role}.join(0.5):
            pass
    except KeyboardInterrupt:
        pass
"""
_DIALS = """\
    try:
        for message in {role}:
            print(message, flush=True)
    except KeyboardInterrupt:
        pass
"""


class Library(Format):
    """What was asked for when the session began, faults too, and the reply and framing that it had at last.

    A client says first what it said first. A program or a handler is named and not begun: the journal may be a
    stranger's.
    """

    name = "library"
    title = "Tincan's library"
    sentence = "The session's set-up as a Python program with Tincan's own library, to go on from."
    ending = ".py"
    order = 11
    has_framing = True

    _has_said = False

    def head(self) -> str:
        """All up to what a client says first."""
        role, parties, set_up = self._role, self.parties, self.parties.set_up
        if role is None:
            return f"# Tincan's library has no {self.safety.field(parties.role)}.\n"
        is_tap = role.passes_on
        kind = "Tap" if is_tap else "Server" if role.listens else "Client"
        name = f"Udp{kind}" if role.datagrams else kind
        reply = find_reply(set_up.reply) if role.replies else None
        is_known = reply is not None and ":" not in set_up.reply and not reply.has_responders
        options = {
            "reply": (set_up.reply if is_known else "none") if role.replies else "",
            "framing": set_up.framing if set_up.framing != "raw" else "",
            "tls": parties.tls,
            "onward_tls": set_up.onward_tls,
            "proxy": set_up.proxy,
        }
        faults = {key: value for key, value in zip(("fault_out", "fault_in"), set_up.faults, strict=True) if value}
        places = [set_up.place or parties.target, *([set_up.onward] if is_tap else [])]
        arguments = [
            *map(repr, places),
            *(f"{key}={value!r}" for key, value in options.items() if value),
            *(f"{key}=parse_faults({value!r})" for key, value in faults.items()),
        ]
        names = f"{name}, parse_faults" if faults else name
        remarks = f"# It replied with {self.safety.field(set_up.reply)}.\n" if role.replies and not is_known else ""
        what = f"The {self.safety.field(parties.role)} of a recorded conversation"
        return _HEAD.format(
            what=what, name=name, names=names, arguments=", ".join(arguments), remarks=remarks, role=self._variable
        )

    @property
    def _role(self) -> Role | None:
        return ROLES.get(self.parties.role)

    @property
    def _variable(self) -> str:
        assert self._role is not None
        return "tap" if self._role.passes_on else "server" if self._role.listens else "client"

    def row(self, display_row: DisplayRow, pieces: Pieces) -> Iterator[str]:
        """What a client says first."""
        if self._role is None or self._role.listens or self._has_said or not display_row.is_message:
            return
        if display_row.kind != RECEIVED and display_row.size <= _LARGEST:
            self._has_said = True
            framing = self.parties.set_up.framing
            exact = ", exact=True" if framing not in ("", "raw") else ""  # else the frame would be around it twice
            yield f"    client.send({b''.join(pieces())!r}{exact})\n"

    def tail(self) -> str:
        """What keeps it going."""
        if self._role is None:
            return ""
        return (_LISTENS if self._role.listens else _DIALS).format(role=self._variable)
