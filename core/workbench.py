"""The interface of ``core`` to a window or a terminal program: commands go down, batches come up.

These hold a ``Workbench``, and no session, recorder or socket behind it.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias, TypeVar

from core.address import Address
from core.clock import monotonic, monotonic_ns
from core.errors import JournalError, NoThread, SendError, check_type
from core.events import ConnectionId, SessionClosed, SessionId
from core.explanations import Doing, explain
from core.journal.reading.reader import JournalReader
from core.journal.recording.recorder import Recorder, Subscription
from core.net import sockets
from core.net.audience import Audience, Delivery, To
from core.net.client import Client
from core.net.connection import Connection
from core.net.hold import HeldMessage, Hold
from core.net.resolver import Resolver
from core.net.server import Server
from core.net.session import SessionArguments
from core.net.socket_options import AS_USUAL, USUAL_DATAGRAM, SocketOptions
from core.net.tap import Tap
from core.origin import PERSON, Origin
from core.proxy import Proxy
from core.replies import Reply
from core.roles import Role
from core.settings import DEFAULTS, Limits
from core.supervision import do_all
from core.tcp import SocketFacts
from core.tls.settings import Tls
from core.wire.faults import SOUND, BothWays
from core.words import connection_name

if TYPE_CHECKING:  # else when they are asked for: nobody needs them to begin with
    from core.sending.file import FileSending
    from core.sending.plan import FileSent, Kept, Plan, Played, Repeated
    from core.sending.received_file import Keeping
    from core.sending.repeat import Repeat
    from core.sending.run import Run
    from core.sending.steps import StepsRun
    from core.steps.step import ReadySteps

__all__ = ["Delivery", "To", "Workbench"]

_R = TypeVar("_R", bound="Run")
_AnySession: TypeAlias = Server | Client | Tap


class Workbench:
    """Servers and clients in threads of their own, all recorded in one journal.

    Every method is for any thread and returns at once, except ``close`` and ``wait_for_room``. With no ``journal`` path
    nothing is kept, but views are told what happens all the same. Raises ``JournalError`` if the
    journal cannot be made, and ``NoThread``. As a context manager it closes itself; a program that ends without that
    waits for its sessions.
    """

    def __init__(self, journal: Path | str | None = None, *, limits: Limits = DEFAULTS) -> None:
        check_type("limits", limits, Limits)
        sockets.raise_descriptor_limit()
        self._limits = limits
        self._recorder = Recorder(Path(journal) if journal is not None else None, limits)
        self._resolver = Resolver(limits.resolvers)
        self._session_ids = itertools.count(1)
        self._connection_ids = itertools.count(1)
        self._sessions: dict[SessionId, _AnySession] = {}
        self._lock = threading.Lock()  # guards the two below
        self._closed = False
        self._runs: list[Run] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def journal(self) -> Path | None:
        """Where the conversations are kept; another file once the first was deleted or replaced."""
        return self._recorder.recording.path

    # Commands.

    def session_arguments(self) -> SessionArguments:
        """What a new session has that is recorded here, and its id: for one that somebody else starts and stops."""
        return {
            "limits": self._limits,
            "events": self._recorder,
            "session": SessionId(next(self._session_ids)),
            "identities": self._connection_ids,
            "resolver": self._resolver,
        }

    def serve(
        self,
        target: Address,
        *,
        reply: str | Reply = "letter",
        framing: str = "raw",
        tls: Tls | None = None,
        faults: BothWays = SOUND,
    ) -> SessionId:
        """Start a server; how that went comes with the batches. Raises ``TincanError`` for an unknown name."""
        server = Server(
            target, reply=reply, framing=framing, tls=tls, fault_out=faults.out, fault_in=faults.into,
            **self.session_arguments(),
        )  # fmt: skip
        return self._begin(server, Doing.LISTENING)

    def connect(
        self,
        target: Address,
        *,
        framing: str = "raw",
        half_open: bool = False,
        reconnect: bool = False,
        tls: Tls | None = None,
        faults: BothWays = SOUND,
        stands: Callable[[Connection], None] | None = None,
        reply: Reply | None = None,
        proxy: Proxy | None = None,
    ) -> SessionId:
        """Start a client; how that went comes with the batches. Raises ``TincanError`` for an unknown name.

        See ``Client`` for ``half_open``, ``reconnect``, ``stands``, ``reply`` and ``proxy``.
        """
        client = Client(
            target,
            framing=framing,
            half_open=half_open,
            reconnect=reconnect,
            tls=tls,
            fault_out=faults.out,
            fault_in=faults.into,
            stands=stands,
            reply=reply,
            proxy=proxy,
            **self.session_arguments(),
        )
        return self._begin(client, Doing.CONNECTING)

    def serve_datagrams(
        self,
        target: Address,
        *,
        reply: str | Reply = "letter",
        framing: str = "raw",
        socket_options: SocketOptions = AS_USUAL,
        faults: BothWays = SOUND,
    ) -> SessionId:
        """Start a UDP server; see ``serve`` and ``UdpServer``."""
        from core.net.udp import UdpServer

        server = UdpServer(
            target,
            reply=reply,
            framing=framing,
            socket_options=socket_options,
            fault_out=faults.out,
            fault_in=faults.into,
            **self.session_arguments(),
        )
        return self._begin(server, Doing.LISTENING)

    def send_datagrams(
        self,
        target: Address,
        *,
        framing: str = "raw",
        socket_options: SocketOptions = AS_USUAL,
        faults: BothWays = SOUND,
        stands: Callable[[Connection], None] | None = None,
        reply: Reply | None = None,
    ) -> SessionId:
        """Start a UDP client; see ``connect`` and ``UdpClient``."""
        from core.net.udp import UdpClient

        client = UdpClient(
            target,
            framing=framing,
            socket_options=socket_options,
            fault_out=faults.out,
            fault_in=faults.into,
            stands=stands,
            reply=reply,
            **self.session_arguments(),
        )
        return self._begin(client, Doing.SENDING)

    def tap(
        self,
        listen: Address,
        target: Address,
        *,
        framing: str = "raw",
        faults: BothWays = SOUND,
        tls: Tls | None = None,
        onward_tls: Tls | None = None,
        proxy: Proxy | None = None,
    ) -> SessionId:
        """Start a tap between those who call ``listen`` and ``target``; how that went comes with the batches.

        ``framing`` is how people read it: what passes through is as it was. Raises ``TincanError`` for an unknown one.
        Callers begin with TLS if there is ``tls``, and so does the tap at its target if there is ``onward_tls``.
        """
        tap = Tap(
            listen,
            target,
            framing=framing,
            fault_out=faults.out,
            fault_in=faults.into,
            tls=tls,
            onward_tls=onward_tls,
            proxy=proxy,
            **self.session_arguments(),
        )
        return self._begin(tap, Doing.LISTENING)

    def tap_datagrams(
        self,
        listen: Address,
        target: Address,
        *,
        framing: str = "raw",
        socket_options: SocketOptions = AS_USUAL,
        faults: BothWays = SOUND,
    ) -> SessionId:
        """Start a tap for datagrams; see ``tap`` and ``UdpTap``."""
        from core.net.udp_tap import UdpTap

        tap = UdpTap(
            listen,
            target,
            framing=framing,
            socket_options=socket_options,
            fault_out=faults.out,
            fault_in=faults.into,
            **self.session_arguments(),
        )
        return self._begin(tap, Doing.LISTENING)

    def send(
        self, session: SessionId, message: bytes, *, to: To = None, exact: bool = False, origin: Origin = PERSON
    ) -> Delivery:
        """Send a message to one connection of the session, to several, or to all of them.

        It is framed as the session frames, or, if ``exact``, goes out as it is; ``origin`` says who speaks.
        Raises ``SendError`` if not one of them could take it: then none of it went out.
        """
        return Audience(self._sessions.get(session), to).send(message, exact=exact, origin=origin)

    def wait_for_room(self, session: SessionId, waiting: int) -> None:
        """Wait until at most so many bytes wait to be sent on each connection, and the journal is not behind.

        For whoever sends more than fits into memory. It does not wait for those that are over.
        """
        caught_up = threading.Event()
        while self._recorder.congested:
            self._recorder.when_relieved(caught_up.set)
            caught_up.wait()
            caught_up.clear()
        Audience(self._sessions.get(session)).wait_for_room(waiting)

    def repeat(
        self,
        session: SessionId,
        plan: Plan,
        *,
        to: To = None,
        exact: bool = False,
        tell: Callable[[Repeated], None] = lambda _progress: None,
    ) -> Repeat:
        """Send what the plan says, by the clock; see ``Repeat``. It ends with the last of those it is meant for.

        Raises ``SendError`` if nobody is there.
        """
        from core.sending.repeat import Repeat

        audience = self._audience(session, to)
        return self._set_off(Repeat(audience, plan, tell, exact=exact, sink=self._recorder))

    def play(
        self,
        session: SessionId | None,
        steps: ReadySteps,
        *,
        to: To = None,
        rounds: int | None = 1,
        variables: Mapping[str, str] | None = None,
        count: int = 0,
        limit: int | None = None,
        keeps_all: bool = False,
        tell: Callable[[Played], None] = lambda _progress: None,
    ) -> StepsRun:
        """Play a list of steps over the one connection of the session that is meant; see ``StepsRun``.

        Without a session it waits for the connection that it is attached to, for ``connect`` with ``stands``.
        ``variables`` and ``count`` are those of the messages that went out before, ``limit`` and ``keeps_all`` those of
        ``Playing``. Raises ``SendError`` if nobody is there, or several are.
        """
        from core.sending.steps import StepsRun

        connections = self._audience(session, to).connections if session is not None else []
        if len(connections) > 1:
            raise SendError("steps that wait for answers go to one connection: choose one")
        run = StepsRun(
            steps.list.name,
            steps,
            tell,
            rounds=rounds,
            variables=variables,
            count=count,
            limit=limit if limit is not None else self._limits.message,
            keeps_all=keeps_all,
            sink=self._recorder,
        )
        for connection in connections:
            run.attach(connection)
        try:
            return self._set_off(run)
        except SendError:
            run.detach()
            raise

    def send_file(
        self,
        session: SessionId,
        path: Path,
        *,
        to: To = None,
        line_pause: float | None = None,
        datagram: int = USUAL_DATAGRAM,
        tell: Callable[[FileSent], None] = lambda _progress: None,
    ) -> FileSending:
        """Send a file as it is: whole, or a line at a time with ``line_pause`` seconds from one to the next.

        Over UDP it is cut into datagrams of at most ``datagram`` bytes.

        Raises ``SendError`` if nobody is there, or if another file is on its way to one of them; what is wrong
        with the file comes with the end that is told.
        """
        from core.sending.file import PIECE, FileSending

        audience = self._audience(session, to)
        most = datagram if self.role(session).datagrams else PIECE
        run = FileSending(audience, path, tell, line_pause=line_pause, sink=self._recorder, most=most)
        return self._set_off(run, alone_to=audience.connections)

    def keep_received(
        self,
        session: SessionId,
        connection: ConnectionId,
        path: Path,
        *,
        follow: bool = False,
        tell: Callable[[Kept], None] = lambda _progress: None,
    ) -> Keeping:
        """Save what a connection has received to a file; with ``follow``, on and on until it is over or stopped.

        Raises ``JournalError`` if nothing is being recorded; see ``Keeping``.
        """
        from core.sending.received_file import Keeping

        journal = self.journal
        if journal is None:
            raise JournalError("nothing is being recorded, so there is nothing to save")
        return self._set_off(Keeping(journal, session, connection, path, tell, self._recorder, follow=follow))

    def tune(self, session: SessionId, socket_options: SocketOptions) -> None:
        """Have all connections of a session, now and later, use their sockets in another way, at once."""
        found = self._sessions.get(session)
        if found is not None:
            found.tune(socket_options)

    def socket_options(self, session: SessionId) -> SocketOptions:
        """How a session's connections use their sockets."""
        found = self._sessions.get(session)
        return found.socket_options if found is not None else AS_USUAL

    def set_faults(self, session: SessionId, faults: BothWays, number: int | None = None) -> None:
        """Have these faults on all connections of a session, now and later, or on that of a number alone; at once.

        See ``Session.set_faults``. Each that is injected is a note of its connection. Raises ``FaultError``
        for those of streams over UDP.
        """
        found = self._sessions.get(session)
        if found is not None:
            found.set_faults(faults, number)

    def faults(self, session: SessionId, number: int | None = None) -> BothWays:
        """The faults on a session's connections, or on the one of that number."""
        found = self._sessions.get(session)
        return found.faults(number) if found is not None else SOUND

    def set_hold(self, session: SessionId, hold: Hold | None) -> None:
        """Have a tap hold such messages from now on, or, with None, nothing any more.

        Raises ``HoldError`` and ``FramingError``.
        """
        tap = self._sessions.get(session)
        if isinstance(tap, Tap):
            tap.set_hold(hold)

    def held(self, session: SessionId) -> tuple[HeldMessage, ...]:
        """The messages that a tap holds now, the oldest first."""
        tap = self._sessions.get(session)
        return tap.held if isinstance(tap, Tap) else ()

    def forward(self, session: SessionId, key: int, data: bytes | None = None) -> bool:
        """Let a held message go on, with other bytes if there are some; with none of them it is dropped.

        False if it is not held any more: then these bytes go nowhere.
        """
        tap = self._sessions.get(session)
        return isinstance(tap, Tap) and tap.forward(key, data)

    def let_go(self, session: SessionId) -> None:
        """Let everything go on that a tap holds."""
        tap = self._sessions.get(session)
        if isinstance(tap, Tap):
            tap.let_go()

    def socket_facts(self, session: SessionId, connection: ConnectionId) -> SocketFacts | None:
        """What the system tells of a standing connection's socket; None of one that is over."""
        found = self._sessions.get(session)
        target = found.connection(connection) if found is not None else None
        return target.facts if target is not None else None

    def set_reply(self, session: SessionId, reply: str | Reply) -> None:
        """Have a server answer by another rule from the next message on."""
        server = self._sessions.get(session)
        if isinstance(server, Server):
            server.set_reply(reply)

    def set_on_connect(self, session: SessionId, reply: Reply | None) -> None:
        """Have that speak for a client, or nothing, from its next connection on."""
        client = self._sessions.get(session)
        if isinstance(client, Client):
            client.set_reply(reply)

    def set_framing(self, session: SessionId, framing: str) -> None:
        """Have a server tell messages apart in another way from now on; see ``Server.set_framing``."""
        server = self._sessions.get(session)
        if isinstance(server, Server):
            server.set_framing(framing)

    def set_reconnect(self, session: SessionId, reconnect: bool) -> None:
        """Have a client come back by itself, or not any more."""
        client = self._sessions.get(session)
        if isinstance(client, Client):
            client.set_reconnect(reconnect)

    def stop(self, session: SessionId) -> None:
        """Stop a server, part from a server, or give up connecting. Harmless when it is over."""
        found = self._sessions.get(session)
        if found is not None:
            found.stop()

    def finish_sending(self, session: SessionId, connection: ConnectionId) -> None:
        """Half-close: the peer sees our end and may still send.

        Raises ``SendError`` where TLS does not allow it; see ``why_no_half_close``.
        """
        self._on(session, connection, Connection.finish_sending)

    def why_no_half_close(self, session: SessionId, connection: ConnectionId) -> str:
        """Why this side of a connection cannot finish while the other goes on; empty where it can."""
        found = self._sessions.get(session)
        target = found.connection(connection) if found is not None else None
        return target.why_no_half_close if target is not None else ""

    def start_tls(
        self,
        session: SessionId,
        connection: ConnectionId,
        tls: Tls | None = None,
        *,
        as_server: bool,
        first: bytes = b"",
    ) -> None:
        """Have a connection in the clear speak TLS from now on, ``first`` being the last bytes in the clear.

        How that went comes with the batches; see ``Session.start_tls``.
        """
        found = self._sessions.get(session)
        if found is not None:
            found.start_tls(connection, tls, as_server=as_server, first=first)

    def go_on(self, session: SessionId) -> None:
        """Let connections of a session go on that were paused because two programs seemed to answer each other."""
        found = self._sessions.get(session)
        for connection in found.connections if found is not None else ():
            connection.go_on()

    def disconnect(self, session: SessionId, connection: ConnectionId) -> None:
        """Close one connection: what waits goes out first."""
        self._on(session, connection, Connection.close)

    def abort(self, session: SessionId, connection: ConnectionId) -> None:
        """Close one connection with RST."""
        self._on(session, connection, Connection.abort)

    def use(self, limits: Limits) -> None:
        """Start servers and clients with these limits from now on, and keep the journal within them."""
        self._limits = limits
        self._recorder.use(limits)

    # Views.

    def subscribe(self, wake: Callable[[], None], *, with_events: bool = False) -> Subscription:
        """Be told what changes; see ``Subscription``."""
        return self._recorder.subscribe(wake, with_events=with_events)

    def open_reader(self) -> JournalReader:
        """A reader of this run's journal, for one thread. Raises ``JournalError`` if there is none."""
        journal = self.journal
        if journal is None:
            raise JournalError("nothing is being recorded")
        return JournalReader(journal)

    # The end.

    def close(self, timeout: float = 2.0) -> list[str]:
        """Stop everything and finish the journal, whatever goes wrong with a part of that.

        Returns the names of the threads that are still alive after ``timeout`` seconds.
        """
        with self._lock:
            self._closed = True
            runs = list(self._runs)
        deadline = monotonic() + timeout
        sessions = list(self._sessions.values())
        late: list[str] = []

        def left(least: float = 0.0) -> float:
            return max(least, deadline - monotonic())

        do_all(
            [
                *((f"stopping the run {run.name}", run.stop) for run in runs if not run.sees_the_end),
                *((f"stopping the session {session!r}", session.stop) for session in sessions),
                ("waiting for sessions", lambda: late.extend(repr(each) for each in sessions if not each.join(left()))),
                ("closing the recorder", lambda: late.extend(self._recorder.close(left(0.1)))),
                *((f"stopping the run {run.name}", run.stop) for run in runs),
                ("waiting for runs", lambda: late.extend(run.name for run in runs if not run.join(left(0.1)))),
            ]
        )
        return late

    def role(self, session: SessionId) -> Role:
        """What kind of session it is that was begun here."""
        return self._sessions[session].role

    def _begin(self, session: _AnySession, doing: Doing) -> SessionId:
        with self._lock:
            closed = self._closed
            self._sessions[session.id] = session
        try:
            if closed:
                raise RuntimeError("Tincan is closing")
            session.start()
        except RuntimeError as error:
            why = explain(error if closed else NoThread(), doing, session.target)
            self._recorder.put(SessionClosed(session.id, monotonic_ns(), why))
        return session.id

    def _audience(self, session: SessionId, to: To) -> Audience:
        """Those that something is meant for. Raises ``SendError`` if nobody of them is there."""
        audience = Audience(self._sessions.get(session), to)
        audience.check()
        return audience

    def _check_that_no_file_is_on_its_way(self, connections: Sequence[Connection]) -> None:
        """Under the lock: two at once would arrive as a mixture of both."""
        busy = {connection for run in self._runs for connection in run.takes}
        for connection in connections:
            if connection.id in busy:
                raise SendError(
                    f"a file is on its way to {connection_name(connection.number)} already: wait for it, or cancel it"
                )

    def _set_off(self, run: _R, *, alone_to: Sequence[Connection] = ()) -> _R:
        with self._lock:
            self._runs = [one for one in self._runs if not one.is_over]
            if self._closed:
                raise SendError("Tincan is closing")
            self._check_that_no_file_is_on_its_way(alone_to)
            try:
                run.start()
            except RuntimeError as error:
                raise SendError(str(NoThread())) from error
            self._runs.append(run)
        return run

    def _on(self, session: SessionId, connection: ConnectionId, act: Callable[[Connection], None]) -> None:
        found = self._sessions.get(session)
        target = found.connection(connection) if found is not None else None
        if target is not None:
            act(target)
