"""A tap: stands between two programs, and passes on what each says to the other, and how each of them ends."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from core.address import Address, parse_target
from core.clock import monotonic_ns
from core.errors import DatagramRefused, Explanation, NoRoom, SendError
from core.events import ConnectionId, Ending, EventSink, Onward, SessionId
from core.explanations import Doing, explain
from core.net import sockets
from core.net.connection import Connection
from core.net.dialer import Dialer
from core.net.hold import HeldMessage, HeldMessages, HeldQueue, Hold, Matcher
from core.net.listening import ListeningSession
from core.net.loop import Timer
from core.net.owner import Pause
from core.net.resolver import Resolver, SharedLookUp
from core.net.sender import unchanging
from core.net.session import certified_host, check_types
from core.origin import EDITED, PASSED_ON, Origin
from core.proxy import Proxy, make_proxy
from core.roles import Role
from core.settings import DEFAULTS, Limits
from core.supervision import FAULTS, do_all, note
from core.tls.settings import Tls
from core.wire.faults import BothWays, Faults
from core.wire.framing import parse_framing
from core.words import connection_name, counted

if TYPE_CHECKING:  # else when TLS is spoken
    from core.tls.contexts import TlsContext

_LOOK_EVERY = 0.02  # seconds between two looks at whether those that are not read were reset
_LOOK_BEHIND_ENDS = 0.05  # the same where nobody waits but those whose peer has finished, of which there may be many
_AT_REST = 900.0  # seconds; neither program knows of the tap, so it waits as long as their own systems would

# How a leg ends that the other one's ending was not a FIN of: with a goodbye. After any other ending it is reset.
_GOODBYES = frozenset(
    {Ending.PEER_FINISHED, Ending.OURS, Ending.IDLE, Ending.PASSED_ON, Ending.SERVER_STOPPED, Ending.FAULT_CUT}
)


class Tap(ListeningSession):
    """Listens at ``listen`` (an ``Address`` or ``[HOST:]PORT``), and for each caller dials ``target``.

        with Tap("5556", "127.0.0.1:5555") as tap:
            ...

    What one leg receives goes out on the other exactly. Its half-close, its reset and every other ending are passed
    on, and a reader that stops slows the writer down. A caller whose target cannot be reached is reset.
    The leg to the target of #n is numbered -n and called #n→ (``core.words.connection_name``).
    ``fault_out`` is what is wrong with the way to the target, ``fault_in`` with the way back (``core.wire.faults``).
    Either leg may speak TLS: with ``tls``, or ``tls://`` before ``listen``, callers begin with a handshake; with
    ``onward_tls``, or ``tls://`` before ``target``, the tap does so there. True stands for what is usual, see ``Tls``.
    With ``proxy`` it is that which connects to the target (``core.proxy``).
    Each leg counts as a connection for ``limits``. Raises ``AddressError`` for a bad address.
    """

    role = Role.TAP
    _sockets_of_pair = 2

    def __init__(
        self,
        listen: Address | str,
        target: Address | str,
        *,
        framing: str = "raw",
        fault_out: Faults | None = None,
        fault_in: Faults | None = None,
        limits: Limits = DEFAULTS,
        events: EventSink | None = None,
        session: SessionId = SessionId(1),  # noqa: B008 - a NewType is the number itself
        identities: Iterator[int] | None = None,
        resolver: Resolver | None = None,
        tls: Tls | bool | None = None,
        onward_tls: Tls | bool | None = None,
        proxy: Proxy | str | None = None,
    ) -> None:
        check_types(listen=listen, target=target, limits=limits, onward_tls=onward_tls)
        if isinstance(listen, str):
            listen, has_scheme = parse_target(listen, for_server=True)
            tls = tls if tls is not None else has_scheme
        if isinstance(target, str):
            target, has_scheme = parse_target(target, for_server=False)
            onward_tls = onward_tls if onward_tls is not None else has_scheme
        self.onward = target
        self.onward_tls = Tls() if onward_tls is True else onward_tls or None
        self._onward_context: TlsContext | None = None  # from the beginning on, if there is TLS
        self._legs: dict[ConnectionId, Leg] = {}
        self._callers: dict[int, Leg] = {}  # those of the legs that have called, by number
        self._targets: dict[ConnectionId, Connection] = {}
        self._hold, self._matcher = Hold(out=False, into=False), Matcher("")
        self._holding: set[Leg] = set()  # legs with messages that are held
        self._held_messages = HeldMessages()
        self._room = limits.outbox // 2  # bytes on their way to a leg above which the other one is not read
        self._look: Timer | None = None  # for resets of those that are not read
        super().__init__(
            listen,
            framing=framing,
            reply=None,
            limits=replace(
                limits,
                connections=max(1, limits.connections // self._sockets_of_pair),
                connections_per_source=max(1, limits.connections_per_source // self._sockets_of_pair),
                stalled=max(limits.stalled, _AT_REST),
                unacknowledged=max(limits.unacknowledged, _AT_REST),
            ),
            events=events,
            session=session,
            identities=identities,
            resolver=resolver,
            tls=tls,
            faults=BothWays(fault_out, fault_in),
            proxy=make_proxy(proxy, self.onward),
        )
        self._framing = parse_framing("raw")  # what goes on is what came, whatever people read it as
        self._look_up = SharedLookUp(self._resolver)

    # Any thread.

    @property
    def connections(self) -> list[Connection]:
        """The legs that stand: the callers by number, then those to their targets."""
        return [*self._connections.values(), *self._targets.values()]

    def connection(self, identity: ConnectionId) -> Connection | None:
        """The standing leg of that id."""
        return self._connections.get(identity) or self._targets.get(identity)

    @property
    def held(self) -> tuple[HeldMessage, ...]:
        """The messages that are held now, the oldest first."""
        return self._held_messages.listed

    def set_hold(self, hold: Hold | None) -> None:
        """Hold such messages from now on. What is held goes on where its direction is not held any more, or another
        framing is used, and with None everything; an expression counts for what comes.

        Raises ``HoldError`` and ``FramingError``.
        """
        hold = hold or Hold(out=False, into=False)
        matcher = Matcher(hold.expression)
        parse_framing(hold.framing)
        parse_framing(hold.back or hold.framing)
        self._soon(partial(self._use_hold, hold, matcher))

    def forward(self, key: int, data: bytes | None = None) -> bool:
        """Let a held message go on, with other bytes if there are some; with none of them it is dropped.

        False if it is not held any more: then these bytes go nowhere.
        """
        is_held = self._held_messages.decide(key, data if data is None else unchanging(data))
        if is_held:
            self._soon(partial(self._forward, key))
        return is_held

    def let_go(self) -> None:
        """Let everything go on that is held."""
        self._soon(self._let_go)

    # The tap's thread.

    def _use_hold(self, hold: Hold, matcher: Matcher) -> None:
        same = (hold.framing, hold.back) == (self._hold.framing, self._hold.back)
        self._let_go(keeps=hold if same else None)
        self._hold, self._matcher = hold, matcher
        for leg in self._holding:
            if leg.queue is not None:
                leg.queue.use(matcher)

    def _is_held(self, leg: Leg, hold: Hold) -> bool:
        """Whether messages that come on that leg may be held."""
        return hold.out if leg.connection.number > 0 else hold.into

    def _let_go(self, keeps: Hold | None = None) -> None:
        for leg in list(self._holding):
            if leg.queue is not None and not (keeps is not None and self._is_held(leg, keeps)):
                leg.queue.let_go()
                leg.connection.guard(partial(self._released, leg))

    def _forward(self, key: int) -> None:
        for leg in list(self._holding):
            if leg.queue is not None and leg.queue.release(key):
                leg.connection.guard(partial(self._released, leg))

    def _released(self, leg: Leg) -> None:
        self._take_from_queue(leg)
        if leg.is_waiting and leg.connection.is_open:
            self._go_on(leg)

    def _take_turn(self, leg: Leg) -> None:
        leg.is_due = False
        self._released(leg)
        if leg.ending is not None and not leg.is_due:
            self._pass_ending_on(leg, leg.ending)

    def _take_from_queue(self, leg: Leg) -> None:
        """Have what goes on now go on; a queue that is not needed any more goes."""
        if leg.queue is not None:
            self._take(leg, leg.queue)
            if leg.queue.has_more and not leg.is_due:
                leg.is_due = True
                self._soon(partial(leg.connection.guard, partial(self._take_turn, leg)))
            if leg.queue.is_empty:
                self._holding.discard(leg)
                leg.queue = None
        self._pass_on(leg)

    def _take(self, leg: Leg, queue: HeldQueue) -> None:
        for message in queue.take():
            if message.origin == EDITED and leg.other is not None:
                size = counted(message.size, "byte")
                told = f"goes on changed, with {len(message.data):,}" if message.data else "was dropped"
                leg.other.connection.remark(f"a held message of {size} {told}")
            if not message.is_dropped:
                leg.held.append((message.data, message.origin))

    def _drop_held(self, leg: Leg, told: Connection, gone: Connection) -> None:
        """What is held of a leg has nobody to go to, or nobody to come from."""
        queue, leg.queue = leg.queue, None
        self._holding.discard(leg)
        if queue is not None:
            queue.forget()
            leg.has_finished &= not queue.size  # its end is behind what is lost, and not passed on either
            size = counted(queue.size, "held byte was", "held bytes were")
            told.remark(f"{size} not passed on: {connection_name(gone.number)} is over")

    def _make_contexts(self) -> None:
        super()._make_contexts()
        if self.onward_tls is not None:
            self._onward_context = self._make_context(self.onward_tls, is_server=False)

    def _tls_of(self, number: int) -> tuple[TlsContext | None, str]:
        if number > 0:
            return self._tls_context, certified_host(self.target)
        return self._onward_context, certified_host(self.onward)

    def _faults_of(self, number: int) -> BothWays:
        faults = self.faults(number)
        return BothWays(out=faults.into if number > 0 else faults.out)

    def _fault_places(self, number: int) -> tuple[str, str]:
        return ("the way from the target", "") if number > 0 else ("the way to the target", "")

    def _set_out(self) -> None:
        proxy = str(self.proxy) if self.proxy is not None else ""
        self._emit(Onward(self.id, monotonic_ns(), self.onward, self.onward_tls is not None, proxy))
        super()._set_out()

    def _greet(self, connection: Connection) -> None:
        """Dial for a caller, which is not read until its target is there; not for one that a fault closes already."""
        leg = self._legs[connection.id]
        if leg.is_closing:
            return
        connection.pause(Pause.TAP)
        leg.dialer = Dialer(
            self.onward,
            loop=self._loop,
            session=self.id,
            deadline=self._limits.connect,
            emit=self._emit,
            connected=partial(self._connected, leg),
            failed=partial(self._give_up, leg),
            proxy=self.proxy,
        )
        leg.dialer.dial(self._look_up)
        self._look_for_resets()

    def _give_up(self, caller: Leg, why: Explanation) -> None:
        caller.dialer = None
        caller.connection.guard(partial(caller.connection.abort, Ending.NO_TARGET, why))

    def _connected(self, caller: Leg, sock: socket.socket, peer: Address, took: float) -> None:
        caller.dialer = None
        sockets.tune(sock, self._limits)
        try:
            self._connection(sock, peer, took, -caller.connection.number)
        except FAULTS as error:  # mostly an ``OSError``: reset before we got to it
            self._drop(sock)
            if not isinstance(error, OSError):
                note(f"connecting to {peer}", error)
            self._give_up(caller, explain(error, Doing.CONNECTING, peer))
            return
        self._pair(caller)
        caller.connection.guard(partial(caller.connection.resume, Pause.TAP))

    def _pair(self, caller: Leg) -> None:
        """Both legs stand: have each go on when the other has room again."""
        assert caller.other is not None  # since that is registered
        for leg in (caller, caller.other):
            leg.connection.watchers.add(partial(self._soon_go_on, leg))

    def _register(self, connection: Connection) -> None:
        leg = Leg(connection)
        if connection.number < 0:  # paired here and now: a fault may end it before anybody else has it
            self._targets[connection.id] = connection
            caller = self._callers[-connection.number]
            caller.other, leg.other = leg, caller
        else:
            super()._register(connection)
            self._callers[connection.number] = leg
        self._legs[connection.id] = leg

    def received(self, connection: Connection, messages: list[bytes]) -> None:
        """Pass on what came."""
        leg = self._legs[connection.id]
        onward = leg.other.connection if leg.other is not None else None
        if onward is not None and not onward.is_open:
            leg.lost += sum(map(len, messages))
            return
        hold = self._hold
        if (hold.out or hold.into) and leg.queue is None and self._is_held(leg, hold):
            back = hold.back if leg.connection.number < 0 else None
            framing, number = back or hold.framing, leg.connection.number
            leg.queue = HeldQueue(
                framing, self._matcher, number, self._held_messages,
                longest=self._room, is_of_datagrams=self.role.datagrams,
            )  # fmt: skip
            self._holding.add(leg)
        if leg.queue is None:
            for message in messages:
                if onward is None or leg.held or not onward.send_at_once(message, PASSED_ON):
                    leg.held.append((message, PASSED_ON))
            if leg.held:
                self._pass_on(leg)
            return
        for message in messages:
            leg.queue.put(message, monotonic_ns())
        self._take_from_queue(leg)

    def peer_finished(self, connection: Connection) -> None:
        """Pass on that no more will come, once that is on record: what follows from it is told behind it."""
        if connection.number < 0:
            self._tell_of_proxy(connection)
        self._soon(partial(connection.guard, partial(self._pass_end_on, self._legs[connection.id])))

    def _pass_end_on(self, leg: Leg) -> None:
        if leg.connection.is_open and not leg.is_closing:  # else its ending is passed on
            self._finish_after_what_came(leg)

    def _finish_after_what_came(self, leg: Leg) -> None:
        leg.has_finished = True
        self._look_for_resets(_LOOK_BEHIND_ENDS)
        if leg.queue is not None:
            leg.queue.finish(monotonic_ns())
            self._take_from_queue(leg)
        self._pass_on(leg)

    def _pass_on(self, leg: Leg) -> None:
        """Have the other leg send what this one has received; read no more while it cannot."""
        other = leg.other
        if other is None or not other.connection.is_open:
            return
        onward = other.connection
        while leg.held:
            message, origin = leg.held.popleft()  # before it is sent: a fault may end both legs with it
            try:
                onward.send_exactly(message, origin, is_told=False)
            except NoRoom:
                leg.held.appendleft((message, origin))
                break
            except DatagramRefused:  # which is on record; the next may go
                continue
            except SendError as error:
                # It is closing, or broken, which its ending passes on.
                onward.note_refusal(len(message) + leg.take_held(), error)
                return
        in_queue, is_full = (leg.queue.size, leg.queue.is_full) if leg.queue is not None else (0, False)
        if (leg.held or is_full or onward.waiting + in_queue > self._room) and not leg.is_broken:
            leg.is_waiting = True
            leg.connection.pause(Pause.TAP)
            self._look_for_resets()
        if leg.has_finished and not leg.held and not in_queue:
            self._finish(onward)

    def _finish(self, connection: Connection) -> None:
        if connection.why_no_half_close:
            connection.close(Ending.PASSED_ON)
        else:
            connection.finish_sending()

    def _soon_go_on(self, other: Leg) -> None:
        """There is room on a leg again. Any thread."""
        leg = other.other
        if leg is not None and leg.is_waiting:
            self._soon(partial(leg.connection.guard, partial(self._go_on, leg)))

    def _go_on(self, leg: Leg) -> None:
        if leg.is_waiting:
            leg.is_waiting = False
            leg.connection.resume(Pause.TAP)
            self._pass_on(leg)

    def _look_for_resets(self, soon: float = _LOOK_EVERY) -> None:
        """Look again and again while a leg is not read: no selector tells of a reset to who does not ask for bytes."""
        if self._look is None:
            assert self._commands is not None  # as long as the loop runs
            self._look = self._commands.call_later(soon, self._look_at_unread)

    def _look_at_unread(self) -> None:
        self._look = None
        for leg in list(self._legs.values()):
            if leg.connection.is_broken_unread:
                leg.is_broken = True
                leg.connection.guard(partial(leg.connection.resume, Pause.TAP))  # to read what came before, and then it
            elif leg.has_finished:
                leg.connection.guard(leg.connection.look_for_reset_after_end)
        if any(leg.is_waiting or leg.dialer is not None for leg in self._legs.values()):
            self._look_for_resets()
        elif any(leg.has_finished for leg in self._legs.values()):
            self._look_for_resets(_LOOK_BEHIND_ENDS)

    def closing(self, connection: Connection, ending: Ending) -> None:
        """Have the other leg end as well, and not only once this one has said goodbye."""
        leg = self._legs.get(connection.id)
        if leg is None or ending is Ending.SERVER_STOPPED:  # which both are told
            return
        leg.is_closing = True
        if leg.dialer is not None:
            leg.dialer.cancel()
            leg.dialer = None
        self._pass_ending_on(leg, ending)

    def closed(self, connection: Connection) -> None:
        """Have the other leg end in the same way."""
        leg = self._legs.pop(connection.id, None)
        if self._targets.pop(connection.id, None) is not None:
            self._tell_of_proxy(connection)
            self._end_if_alone()
        else:
            self._callers.pop(connection.number, None)
            super().closed(connection)
        if leg is None:
            return
        if leg.dialer is not None:
            leg.dialer.cancel()
        if connection.ending is not None:
            self._pass_ending_on(leg, connection.ending)
        leg.lost += connection.drained
        for each in (leg, leg.other):
            if each is not None and each.connection.id not in self._legs and not each.has_more_for_other:
                self._tell_lost(each)

    def _pass_ending_on(self, leg: Leg, ending: Ending) -> None:
        other = leg.other
        if other is None:
            return
        self._drop_held(other, other.connection, leg.connection)
        if other.connection.is_open:
            other.connection.guard(partial(self._end_other, leg, other, ending))

    def _tell_lost(self, leg: Leg) -> None:
        """A leg is over: say how much of what came on it the other one never got."""
        lost, leg.lost = leg.lost + leg.take_held(), 0
        if lost:
            size = counted(lost, "byte that came was", "bytes that came were")
            leg.connection.remark(f"{size} not passed on: {connection_name(leg.connection.number)} is over")

    def _end_other(self, leg: Leg, other: Leg, ending: Ending) -> None:
        """A leg ends: pass on what it had received, and end the other leg as it does, which may take several turns."""
        if ending not in {Ending.PEER_FINISHED, Ending.FAULT_RESET}:
            self._take_from_queue(leg)
            if leg.queue is not None and leg.queue.has_more:
                leg.ending = ending
                return
        if ending is not Ending.PEER_FINISHED:
            self._drop_held(leg, other.connection, leg.connection)
        if ending is Ending.PEER_FINISHED:
            self._finish_after_what_came(leg)
        elif ending in _GOODBYES:
            self._pass_on(leg)
            other.connection.close(Ending.PASSED_ON if ending is not Ending.FAULT_CUT else ending)
        elif ending is Ending.FAULT_RESET:
            other.connection.abort(ending)
        else:
            self._pass_on(leg)
            other.connection.abort_behind(Ending.PASSED_RESET)

    def _stop(self) -> None:
        self._cancel_dialling()
        super()._stop()

    def _release(self) -> None:
        do_all(
            [
                ("dialling no more", self._cancel_dialling),
                ("closing a tap", super()._release),
            ]
        )

    def _cancel_dialling(self) -> None:
        for leg in list(self._legs.values()):
            if leg.dialer is not None:
                leg.dialer.cancel()
                leg.dialer = None


class Leg:
    """One of the two connections of a pair, and what it has received that the other has not sent yet."""

    __slots__ = (
        "connection",
        "dialer",
        "ending",
        "has_finished",
        "held",
        "is_broken",
        "is_closing",
        "is_due",
        "is_waiting",
        "lost",
        "other",
        "queue",
    )

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.other: Leg | None = None  # None while it is being dialled
        self.dialer: Dialer | None = None
        self.held: deque[tuple[bytes, Origin]] = deque()
        self.queue: HeldQueue | None = None  # in front of that, where messages are held
        self.is_due = False  # whether more of its queue is told apart in the next turn
        self.ending: Ending | None = None  # to be passed on behind that
        self.is_waiting = False  # for room on the other leg, and not read meanwhile
        self.has_finished = False  # whether its peer has finished sending
        self.is_broken = False  # whether it was reset: then it is read to its end, whatever waits
        self.is_closing = False
        self.lost = 0  # bytes that came when the other leg was over

    @property
    def has_more_for_other(self) -> bool:
        """Whether something that came still goes on to the other leg, or that is told in due time."""
        return self.queue is not None or (bool(self.held) and self.other is not None and self.other.connection.is_open)

    def take_held(self) -> int:
        """Forget what has not been passed on; how many bytes that is."""
        size = sum(len(message) for message, _origin in self.held)
        self.held.clear()
        return size
