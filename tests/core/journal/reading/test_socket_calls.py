"""Socket calls as a Python programmer writes them: of each kind of entry, and nothing that is not known."""

from __future__ import annotations

from typing import get_args

import pytest

from core.events import ConnectionId, Ending, Event, SessionId
from core.journal.display_row import DisplayRow
from core.journal.reading.socket_calls import KINDS_WITH_DETAIL, CallContext, Earlier, SocketCall, calls_of
from core.journal.recording.store import kind_of

SERVER = CallContext("127.0.0.1:5555", listens=True, system="Linux 6.1, Python 3.11.7")
CLIENT = CallContext("example.org:80", listens=False, system="Linux 6.1, Python 3.11.7")
WINDOWS = CallContext("127.0.0.1:5555", listens=True, system="Windows 11, Python 3.11.7")
SOCKET = "socket(AF_INET, SOCK_STREAM)"
TUNED = ["setblocking(False)", "setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)", "setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)"]


def made(
    kind: str,
    detail: dict[str, object] | None = None,
    context: CallContext = SERVER,
    earlier: Earlier = Earlier(),  # noqa: B008 - a value
    size: int = 5,
    number: int = 1,
) -> list[SocketCall]:
    row = DisplayRow(0, SessionId(1), 0, ConnectionId(1), number, kind, 0, 0, None, size)
    return calls_of(row, detail or {}, context, earlier)


def texts(kind: str, detail: dict[str, object] | None = None, **more: object) -> list[str]:
    return [call.text for call in made(kind, detail, **more)]  # type: ignore[arg-type]


def test_a_server_s_beginning_is_the_tutorial_s() -> None:
    assert texts("listening", {"addresses": ["127.0.0.1:5555"], "backlog": 1024}) == [
        SOCKET, "setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)", "setblocking(False)", "bind(('127.0.0.1', 5555))",
        "listen(1024)",
    ]  # fmt: skip


def test_what_an_older_journal_does_not_say_is_not_made_up() -> None:
    assert texts("listening", {"addresses": ["127.0.0.1:5555"]})[-1] == "listen(…)"
    assert texts("received") == ["recv(…) -> 5 bytes"]
    assert (
        texts("closed", {"ending": "reset", "why": {"what": "it was reset"}})[0] == "recv(…) or send(…) -> it was reset"
    )
    assert made("closed", {}) == [SocketCall("close()", is_derived=True)]


def test_each_address_has_a_listener_of_its_own_in_its_family() -> None:
    found = texts("listening", {"addresses": ["127.0.0.1:80", "[::1]:80"], "backlog": 5})

    assert found.count("listen(5)") == 2
    assert found[5:7] == ["socket(AF_INET6, SOCK_STREAM)", "setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)"]
    assert "bind(('::1', 80))" in found


def test_on_windows_a_port_is_claimed_and_reset_otherwise() -> None:
    assert "setsockopt(SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1)" in texts(
        "listening", {"addresses": ["127.0.0.1:80"]}, context=WINDOWS
    )
    assert "struct.pack('hh', 1, 0)" in texts("closed", {"ending": "ours-reset"}, context=WINDOWS)[0]


def test_a_peer_that_came_was_accepted_and_one_that_was_called_connected_to() -> None:
    assert texts("opened", {"peer": "127.0.0.1:40000", "took": None}) == [
        "accept() -> (sock, ('127.0.0.1', 40000))", *TUNED,
    ]  # fmt: skip
    assert texts("opened", {"peer": "127.0.0.1:80", "took": 0.0012}, context=CLIENT) == [
        SOCKET, "connect(('127.0.0.1', 80)), took 1.2 ms", *TUNED,
    ]  # fmt: skip
    assert "select()" in made("opened", {"peer": "127.0.0.1:80", "took": 0.1})[1].aside


def test_what_was_received_says_what_was_asked_for_and_how_long_it_took_to_come() -> None:
    assert texts("received", earlier=Earlier(1_204_000_000, 65_536)) == ["recv(65536) -> 5 bytes, waited 1.204 s"]
    assert texts("received", earlier=Earlier(300_000_000, 1), size=1) == ["recv(1) -> 1 byte, waited 300 ms"]
    assert texts("received", earlier=Earlier(10, 65_536)) == ["recv(65536) -> 5 bytes"]


def test_what_was_sent_says_how_the_system_took_it() -> None:
    assert texts("sent") == ["send(5 bytes) -> 5"]
    assert texts("sent", {"cuts": [3, 2]}) == ["send(…) -> 3", "send(…) -> 2"]
    assert texts("sent", earlier=Earlier(0, is_joined=True)) == ["5 bytes of the send above"]


def test_under_tls_it_is_said_that_the_socket_carried_something_else() -> None:
    assert made("received", earlier=Earlier(is_tls=True))[0].aside == "TLS: the socket itself carried records"
    assert made("received")[0].aside == ""


@pytest.mark.parametrize(
    ("kind", "detail", "context", "wanted"),
    [
        ("resolving", {"host": "example.org"}, CLIENT,
         ["getaddrinfo('example.org', 80, type=SOCK_STREAM, proto=IPPROTO_TCP)"]),
        ("resolving", {"host": "localhost"}, SERVER, []),
        ("resolving", {"host": "tincan.LocalHost."}, SERVER, []),
        ("resolved", {"addresses": ["1.2.3.4:80", "[::2]:80"], "took": 0.25}, CLIENT,
         ["getaddrinfo -> [('1.2.3.4', 80), ('::2', 80)], took 250 ms"]),
        ("tried", {"address": "1.2.3.4:80", "took": 0.5, "why": {"what": "refused", "errno": "ECONNREFUSED"}}, CLIENT,
         [SOCKET, "connect(('1.2.3.4', 80)) -> ECONNREFUSED, took 500 ms", "close()"]),
        ("socket-tuned", {"receive": 3, "nagle": True}, SERVER, ["setsockopt(IPPROTO_TCP, TCP_NODELAY, 0)"]),
        ("we-finished", {"how": "FIN"}, SERVER, ["shutdown(SHUT_WR)"]),
        ("turned-away", {"peer": "1.2.3.4:9", "count": 3}, SERVER,
         ["accept() -> (sock, ('1.2.3.4', 9))", "close()"]),
        ("session-closed", {"failure": None}, SERVER, ["close()"]),
        ("session-closed", {"failure": None}, CLIENT, []),
        ("session-closed", {"failure": {"what": "taken", "errno": "EADDRINUSE"}}, SERVER,
         ["bind(('127.0.0.1', 5555)) or listen(…) -> EADDRINUSE"]),
        ("session-closed", {"failure": {"what": "refused", "errno": "ECONNREFUSED"}}, CLIENT,
         ["socket(…, SOCK_STREAM)", "connect(('example.org', 80)) -> ECONNREFUSED", "close()"]),
        ("session-closed", {"failure": {"what": "no such machine"}}, CLIENT, []),
        ("remark", {"text": "x"}, SERVER, []),
        ("session-opened", {}, SERVER, []),
    ],
)  # fmt: skip
def test_every_other_kind_has_its_calls(
    kind: str, detail: dict[str, object], context: CallContext, wanted: list[str]
) -> None:
    assert texts(kind, detail, context=context) == wanted


@pytest.mark.parametrize(
    ("ending", "earlier", "wanted"),
    [
        ("fin", Earlier(receive=9), ["recv(9) -> b''", "shutdown(SHUT_WR)", "close()"]),
        ("fin", Earlier(peer_finished=True), ["shutdown(SHUT_WR)", "close()"]),
        ("fin", Earlier(receive=9, we_finished=True), ["recv(9) -> b''", "close()"]),
        ("ours", Earlier(), ["shutdown(SHUT_WR)", "close()"]),
        ("ours", Earlier(we_finished=True), ["close()"]),
        ("fault-reset", Earlier(), ["setsockopt(SOL_SOCKET, SO_LINGER, struct.pack('ii', 1, 0))", "close()"]),
        ("tls-alert", Earlier(), ["close()"]),
    ],
)
def test_an_end_is_the_calls_that_made_it(ending: str, earlier: Earlier, wanted: list[str]) -> None:
    assert texts("closed", {"ending": ending}, earlier=earlier) == wanted


@pytest.mark.parametrize("ending", Ending)
def test_every_end_closes_last(ending: Ending) -> None:
    assert texts("closed", {"ending": ending.value, "why": {"errno": "ECONNRESET"}})[-1] == "close()"


@pytest.mark.parametrize("kind", sorted(KINDS_WITH_DETAIL | {"received"}))
@pytest.mark.parametrize(
    "detail",
    [{}, {"addresses": 5, "peer": [], "took": "x", "why": 3, "cuts": ["a", None], "count": "many", "failure": [1]}],
)
def test_a_stranger_s_detail_harms_nobody(kind: str, detail: dict[str, object]) -> None:
    assert all(isinstance(call.text, str) for call in made(kind, detail))


def test_the_kinds_are_those_of_events() -> None:
    kinds = set()
    for event in get_args(Event):
        try:
            kinds.add(kind_of(event.__new__(event)))
        except TypeError:  # a named tuple wants its fields
            kinds.add(event.__name__.lower())
    assert kinds >= KINDS_WITH_DETAIL | {"received"}


UDP_SERVER = CallContext("127.0.0.1:53", listens=True, datagrams=True)
UDP_CLIENT = CallContext("127.0.0.1:53", listens=False, datagrams=True)


def test_over_udp_nothing_is_accepted_listened_for_or_shut_down() -> None:
    datagrams = ["socket(AF_INET, SOCK_DGRAM)", "setblocking(False)"]
    ends: dict[str, object] = {"local": "127.0.0.1:40000", "peer": "127.0.0.1:53", "took": None}
    assert texts("listening", {"addresses": ["127.0.0.1:53"]}, context=UDP_SERVER) == [
        *datagrams, "bind(('127.0.0.1', 53))",
    ]  # fmt: skip
    assert texts("opened", ends, context=UDP_CLIENT) == [*datagrams, "connect(('127.0.0.1', 53))"]
    assert texts("opened", ends, context=UDP_SERVER) == []
    assert texts("received", context=UDP_SERVER, size=0) == ["recvfrom(…) -> 0 bytes"]
    assert texts("sent", context=UDP_SERVER) == ["sendto(5 bytes, …) -> 5"]
    assert texts("sent", context=UDP_CLIENT) == ["send(5 bytes) -> 5"]
    assert texts("closed", {"ending": "ours"}, context=UDP_CLIENT) == ["close()"]
    assert texts("closed", {"ending": "ours"}, context=UDP_SERVER) == []
    assert "SOCK_DGRAM" in texts("resolving", {"host": "a"}, context=UDP_CLIENT)[0]
    assert "SOCK_DGRAM" in texts("tried", {"address": "127.0.0.1:53"}, context=UDP_CLIENT)[0]


def test_the_leg_of_a_tap_to_its_target_has_a_socket_of_its_own() -> None:
    ends: dict[str, object] = {"local": "127.0.0.1:40000", "peer": "127.0.0.1:53", "took": None}
    assert texts("opened", ends, context=UDP_SERVER, number=-1) == [
        "socket(AF_INET, SOCK_DGRAM)", "setblocking(False)", "connect(('127.0.0.1', 53))",
    ]  # fmt: skip
    assert texts("sent", context=UDP_SERVER, number=-1) == ["send(5 bytes) -> 5"]
    assert texts("closed", {"ending": "passed-on"}, context=UDP_SERVER, number=-1) == ["close()"]


def test_a_client_of_a_group_is_not_connected() -> None:
    found = texts("opened", {"local": "0.0.0.0:40000", "peer": "224.0.0.251:5353"}, context=UDP_CLIENT)
    assert found[-1] == "bind(('0.0.0.0', 0))"


def test_a_local_socket_has_a_path_and_no_options_of_tcp() -> None:
    assert texts("listening", {"addresses": ["unix:/tmp/a"], "backlog": 5}) == [
        "socket(AF_UNIX, SOCK_STREAM)", "setblocking(False)", "bind('/tmp/a')", "listen(5)",
    ]  # fmt: skip
    assert texts("opened", {"local": "unix:", "peer": "unix:@a", "took": 0.1}, context=CLIENT)[:2] == [
        "socket(AF_UNIX, SOCK_STREAM)", "connect('\\x00a'), took 100 ms",
    ]  # fmt: skip
    assert "TCP_NODELAY" not in str(made("opened", {"local": "unix:/tmp/a", "peer": "unix:"}))
